/* release-notes: what has been published about the hops to a version. Asks the publishers, or a mirror; of the cluster
 * only its version, when nobody says it. */
#include <stdio.h>
#include <string.h>
#include "artifacts/release_notes.h"
#include "aws/operations.h"
#include "cli/commands.h"
#include "codec/document.h"
#include "execution/step.h"
#include "knowledge/lifecycle.h"
#include "perception/release_notes.h"

static const struct cli_flag flags[] = {
	{"to", 0, "VERSION", false, "target version", "target_version"},
	{"from-version", 0, "VERSION", false, "version before the first hop (default: the cluster's)", NULL},
	{"cluster", 0, "NAME", false, "the cluster whose version is the first", "cluster"},
	{"mirror", 0, "URL", false, "address that stands instead of the pages' hosts", "release_notes.mirror"},
	{"cache", 0, "DIR", false, "folder of their copies", "release_notes.cache"},
	{"offline", 0, NULL, false, "only copies that are there", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

static void say(void *context, const char *what)
{
	(void)context;
	fprintf(stderr, "reading %s\n", what);
}

struct release_notes_request cli_notes_request(struct cli *cli)
{
	const struct config *config = &cli->config;
	const char *cache = config->release_notes.cache;
	return (struct release_notes_request){.ports = &cli->ports,
					      .to = knowledge_minor(config->target_version),
					      .mirror = config->release_notes.mirror,
					      .cache = cache ? cache : release_notes_default_cache(cli->arena),
					      .offline = cli_flag_given(cli, "offline"),
					      .progress = cli_stdin_is_terminal() ? say : NULL};
}

static struct error *version_of_cluster(struct cli *cli, const char **ret)
{
	struct world world = {.ports = &cli->ports, .config = &cli->config};
	struct aws *aws;
	json_t *out DOCUMENT_CLEANUP = NULL;
	struct error *error = world_aws(&world, &aws);
	if (!error)
		error = aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", cli->config.cluster), &out);
	if (!error)
		*ret = arena_strdup(cli->arena, document_text_or(out, "cluster.version", ""));
	world_done(&world);
	return error ? error_remedy(error_wrap(error, "the version of \"%s\" is not known", cli->config.cluster),
				    "--from-version VERSION")
		     : NULL;
}

static struct error *first_version(struct cli *cli, struct release_notes_request *request)
{
	const char *from = cli_flag_text(cli, "from-version");
	if (!from && cli->config.cluster && !request->offline)
		TRY(version_of_cluster(cli, &from));
	if (!from) {
		request->from = request->to - 1;
		fprintf(stderr, "no --from-version and no cluster: the last hop, 1.%u to 1.%u\n", request->from,
			request->to);
		return NULL;
	}
	request->from = knowledge_minor(from);
	if (!request->from)
		return cli_usage_error("--from-version: \"%s\" is no Kubernetes version", from);
	return NULL;
}

static struct error *run(struct cli *cli, int *ret_exit)
{
	struct release_notes notes;
	*ret_exit = EXIT_DONE;
	TRY(cli_load_config(cli, false));
	if (!cli->config.target_version)
		return error_remedy(cli_usage_error("no target version"), "set target_version, or --to VERSION");
	TRY(cli_open_ports(cli, HOST_STORE_NONE));
	struct release_notes_request request = cli_notes_request(cli);
	TRY(first_version(cli, &request));
	TRY(cli_as_usage(release_notes_collect(&request, cli->arena, &notes)));
	notes.cluster = cli->config.cluster;
	struct assessment_style style;
	cli_style(cli, &style);
	TRY(release_notes_write(&notes, cli_format(cli), &style, cli->out));
	if (release_notes_read(&notes))
		return NULL;
	cli_flush(cli);
	return error_remedy(error_new(ERROR_TRANSIENT, "no source of release notes could be read: %s",
				      notes.sources[0].detail ? notes.sources[0].detail : ""),
			    request.offline ? "without --offline once, for copies to be kept"
					    : "check the network and its proxy (HTTPS_PROXY), or name a --mirror URL");
}

static const char *const formats[] = {"text", "json", "markdown", NULL};
const struct cli_command cli_command_release_notes = {
	.name = "release-notes",
	.arguments = "",
	.doc = "what has been published about the versions on the way, as facts with their sources",
	.flags = flags,
	.formats = formats,
	.run = run,
};
