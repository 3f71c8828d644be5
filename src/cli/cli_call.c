/* call: one AWS or Kubernetes call through our own clients: to see with our eyes when something is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "aws/aws.h"
#include "cli/commands.h"
#include "codec/document.h"
#include "execution/step.h"

static const struct cli_flag flags[] = {
	{"all", 0, NULL, false, "join all pages", NULL},
	{"insecure", 0, NULL, false, "allow a kubeconfig that does not verify its server", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

static struct error *read_document(struct cli *cli, size_t index, json_t **ret)
{
	struct buf text CLEANUP(buf_done) = {0};
	*ret = NULL;
	if (index >= cli->n_arguments)
		return NULL;
	if (strcmp(cli->arguments[index], "-") != 0)
		return document_parse(slice_of(cli->arguments[index]), "the argument", ret);
	TRY(cli_read_file("-", 16 << 20, &text));
	return document_parse(buf_slice(&text), "stdin", ret);
}

static struct error *needs_yes(struct cli *cli, const char *what)
{
	if (cli_flag_given(cli, "yes"))
		return NULL;
	struct error *error = error_new(ERROR_PRECONDITION, "%s changes something", what);
	error->code = mem_strdup("NeedsPerson");
	return error_remedy(error, "repeat with --yes if that is meant");
}

static struct error *call_aws(struct cli *cli)
{
	const struct aws_operation *operation = aws_operation_find(cli->arguments[0], cli->arguments[1]);
	if (!operation)
		return error_remedy(cli_usage_error("no call \"%s %s\"", cli->arguments[0], cli->arguments[1]),
				    "services and operations are named as in the AWS API: call eks DescribeCluster "
				    "'{\"name\": \"shop\"}'");
	if (aws_operation_mutates(operation))
		TRY(needs_yes(cli, cli->arguments[1]));
	json_t *input DOCUMENT_CLEANUP = NULL, *output = NULL;
	TRY(read_document(cli, 2, &input));
	struct world world CLEANUP(world_done) = {.ports = &cli->ports, .config = &cli->config};
	struct aws *aws;
	TRY(world_aws(&world, &aws));
	TRY(cli_flag_given(cli, "all") ? aws_call_all(aws, operation, TAKE(input), &output)
				       : aws_call(aws, operation, TAKE(input), &output));
	cli_print_document(cli, output);
	return NULL;
}

struct name_item {
	const char *ns, *name;
};
static const struct field name_fields[] = {
	F_STRING(struct name_item, ns, "metadata.namespace", 0, "namespace"),
	F_STRING(struct name_item, name, "metadata.name", 0, "name"),
};
static const struct model name_model = MODEL("Name", struct name_item, name_fields);

static bool print_name(void *context, void *item, struct arena *arena)
{
	struct cli *cli = context;
	const struct name_item *seen = item;
	(void)arena;
	buf_printf(cli->out, "%s%s%s\n", seen->ns ? seen->ns : "", seen->ns ? "/" : "", seen->name ? seen->name : "");
	if (cli->out->n > 1 << 16)
		cli_flush(cli);
	return true;
}

static bool print_bytes(void *context, const char *bytes, size_t n)
{
	struct cli *cli = context;
	buf_append(cli->out, bytes, n);
	cli_flush(cli);
	return true;
}

static struct error *list(struct cli *cli, struct kube *kube)
{
	struct kube_list list = {
		.path = cli->arguments[2], .item_model = &name_model, .fn = print_name, .context = cli};
	return kube_list(kube, &list);
}

static struct error *request(struct cli *cli, struct kube *kube)
{
	const char *method = cli->arguments[1], *path = cli->arguments[2];
	json_t *body DOCUMENT_CLEANUP = NULL, *answer = NULL;
	bool reads = !strcmp(method, "GET");
	TRY(read_document(cli, 3, &body));
	if (!reads)
		TRY(needs_yes(cli, method));
	struct http_sink sink = {print_bytes, cli};
	if (reads && strncmp(path, "/api", 4) != 0 && strcmp(path, "/version") != 0)
		return kube_get_stream(kube, path, &sink);
	bool patch = !strcmp(method, "PATCH");
	TRY(kube_call(kube, method, path, patch ? "application/merge-patch+json" : NULL, TAKE(body), &answer));
	cli_print_document(cli, answer);
	return NULL;
}

static struct error *call_kube(struct cli *cli)
{
	if (cli->n_arguments < 3 || cli->arguments[2][0] != '/')
		return cli_usage_error(
			"call kube METHOD PATH [JSON|-], or call kube list PATH; a path begins with \"/\"");
	struct kube *kube CLEANUP(kube_freep) = NULL;
	struct world world = {.ports = &cli->ports, .config = &cli->config};
	struct kube_options options = {.ports = &cli->ports,
				       .kubeconfig = cli->config.kubeconfig,
				       .context = cli->config.context,
				       .insecure = cli_flag_given(cli, "insecure")};
	struct kube *client;
	bool by_name = cli->config.cluster && !cli->config.kubeconfig && !cli->config.context;
	struct error *error = by_name ? world_blue(&world, &client) : kube_new(&options, &kube);
	if (!error)
		error = !strcmp(cli->arguments[1], "list") ? list(cli, by_name ? client : kube)
							   : request(cli, by_name ? client : kube);
	world_done(&world);
	return error;
}

static struct error *run(struct cli *cli, int *ret_exit)
{
	TRY(cli_load_config(cli, false));
	TRY(cli_open_ports(cli, CLI_STORE_NONE));
	*ret_exit = EXIT_DONE;
	return strcmp(cli->arguments[0], "kube") ? call_aws(cli) : call_kube(cli);
}

static const char *const formats[] = {"json", "text", NULL};
const struct cli_command cli_command_call = {
	.name = "call",
	.arguments = "SERVICE OPERATION [JSON|-] | kube METHOD PATH [JSON|-] | kube list PATH",
	.doc = "one AWS or Kubernetes call through our clients",
	.min_arguments = 2,
	.max_arguments = 4,
	.flags = flags,
	.formats = formats,
	.run = run,
};
