/* sim: the simulated world behind real doors, for aws, kubectl, terraform and this program itself. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/commands.h"
#include "codec/document.h"
#include "sim/sim.h"

static const struct cli_flag flags[] = {
	{"cluster", 0, "NAME|SNAPSHOT", false,
	 "small, medium (default), large, a saved snapshot (FILE or FOLDER/); another word names a medium one", NULL},
	{"listen", 0, "ADDRESS:PORT", false, "where the doors are (default 127.0.0.1:0, any port)", NULL},
	{"kubeconfig-out", 0, "FILE", false, "write a kubeconfig with a context for each cluster", NULL},
	{"speed", 0, "N", false, "virtual seconds per second (default 1; 0: time moves by POST /sim/clock)", NULL},
	{"state", 0, "FILE", false, "keep the world here, and go on from it", NULL},
	{"seed", 0, "N", false, "what chance decides follows from it (default 42)", NULL},
	{"fault", 0, "SPEC", true, "e.g. 'green:5xx=8% after traffic=50%', 'eks:lost-reply=30%'", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

static const char *member(const json_t *document, const char *key)
{
	return document_text_or(document, key, "");
}

static void ready(void *context, const char *addresses)
{
	struct cli *cli = context;
	if (cli_format_is(cli, "json")) {
		buf_printf(cli->out, "%s\n", addresses);
		cli_flush(cli);
		return;
	}
	json_t *document DOCUMENT_CLEANUP = json_loads(addresses, 0, NULL);
	const char *url = member(document, "endpoint_url"), *file = member(document, "kubeconfig"), *name,
		   *first = NULL;
	json_t *server;
	buf_printf(cli->out, "The simulated world is open (Ctrl-C ends it).\n\n  AWS        %s\n", url);
	json_object_foreach (json_object_get(document, "clusters"), name, server) {
		buf_printf(cli->out, "  cluster    %s: %s\n", name, json_string_value(server));
		first = first ? first : name;
	}
	buf_printf(cli->out, "  Argo CD    %s\n  users      %s\n  clock      %s\n\n", member(document, "argocd"),
		   member(document, "users"), member(document, "clock"));
	buf_printf(cli->out,
		   "Try:  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n"
		   "      aws --endpoint-url %s --region us-east-1 eks describe-cluster --name %s\n",
		   url, first);
	if (*file)
		buf_printf(cli->out, "      kubectl --kubeconfig %s get nodes,pods -A -o wide\n", file);
	cli_flush(cli);
}

static struct error *read_speed(const struct cli *cli, double *ret)
{
	const char *text = cli_flag_text(cli, "speed");
	char *end = NULL;
	*ret = text ? strtod(text, &end) : 1;
	if (text && (end == text || *end || !(*ret >= 0 && *ret <= 1e6)))
		return cli_usage_error("sim serve: --speed \"%s\" is not a number from 0 to 1000000", text);
	return NULL;
}

static bool is_size(const char *word)
{
	return !strcmp(word, "small") || !strcmp(word, "medium") || !strcmp(word, "large");
}

/* A word is the cluster's name, also where a folder of that name happens to stand: a folder is written with its "/". */
static bool is_bare_folder(const char *word)
{
	struct stat found;
	return word && !strpbrk(word, "./") && stat(word, &found) == 0 && S_ISDIR(found.st_mode);
}

static struct error *run(struct cli *cli, int *ret_exit)
{
	if (strcmp(cli->arguments[0], "serve") != 0)
		return cli_usage_error("sim: unknown word \"%s\": serve", cli->arguments[0]);
	int64_t seed;
	TRY(cli_flag_int(cli, "seed", 42, 0, INT64_MAX, &seed));
	const char *cluster = cli_flag_text(cli, "cluster");
	const struct cluster_state *snapshot = NULL;
	if (!is_bare_folder(cluster))
		TRY(cli_read_snapshot(cli, cluster, &snapshot));
	bool named = cluster && !is_size(cluster) && !snapshot;
	if (named && strpbrk(cluster, "/. "))
		return cli_usage_error("sim serve: --cluster \"%s\" is no readable snapshot and no name for a cluster",
				       cluster);
	size_t n_faults;
	const char **faults = cli_flag_all(cli, "fault", &n_faults);
	struct sim_serve_options options = {
		.world = {.cluster = !cluster || named ? "medium" : cluster,
			  .name = named ? cluster : NULL,
			  .snapshot = snapshot,
			  .seed = (uint64_t)seed,
			  .faults = faults,
			  .n_faults = n_faults},
		.listen = cli_flag_text(cli, "listen"),
		.kubeconfig_out = cli_flag_text(cli, "kubeconfig-out"),
		.state_file = cli_flag_text(cli, "state"),
		.interrupted = cli->interrupted,
		.ready = ready,
		.context = cli,
	};
	TRY(read_speed(cli, &options.speed));
	*ret_exit = EXIT_DONE;
	return sim_serve(&options);
}

const struct cli_command cli_command_sim = {
	.name = "sim",
	.arguments = "serve",
	.doc = "serve a simulated AWS, clusters, Argo CD and users on loopback",
	.min_arguments = 1,
	.max_arguments = 1,
	.flags = flags,
	.run = run,
};
