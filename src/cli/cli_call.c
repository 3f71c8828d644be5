/* call: one AWS or Kubernetes call through our own clients: to see with our eyes when something is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "aws/aws.h"
#include "aws/wire.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "codec/document.h"
#include "execution/step.h"

static const struct cli_flag flags[] = {
	{"all", 0, NULL, false, "join all pages", NULL},
	{"insecure", 0, NULL, false, "allow a kubeconfig that does not verify its server", NULL},
	{"type", 0, "TYPE", false, "of a PATCH: merge (default), json, strategic, apply", NULL},
	{"force", 0, NULL, false, "with --type apply: take over what others manage", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

struct error *call_read_document(struct cli *cli, size_t index, json_t **ret)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(16 << 20);
	*ret = NULL;
	if (index >= cli->n_arguments)
		return NULL;
	bool standard = !strcmp(cli->arguments[index], "-");
	if (standard)
		TRY(cli_read_file("-", &text));
	struct error *error = document_parse(standard ? buf_slice(&text) : slice_of(cli->arguments[index]),
					     standard ? "stdin" : "the argument", ret);
	return error ? error_remedy(error, "give one JSON document, in single quotes for the shell: '{\"name\": "
					   "\"shop\"}'; or - and the document on stdin")
		     : NULL;
}

struct error *call_needs_yes(struct cli *cli, const char *what)
{
	if (cli_flag_given(cli, "yes"))
		return NULL;
	struct error *error = error_new(ERROR_PRECONDITION, "%s changes something", what);
	error->code = mem_strdup("NeedsPerson");
	return error_remedy(error, "repeat with --yes if that is meant");
}

/* Says what would be sent, having seen that it could be. */
static struct error *only_try(struct cli *cli, const struct aws_operation *operation, const json_t *given)
{
	json_t *input DOCUMENT_CLEANUP = given ? json_incref((json_t *)(uintptr_t)given) : json_object();
	struct aws_wire_request wire;
	TRY(aws_wire_encode_request(operation, input, &wire));
	aws_wire_request_done(&wire);
	cli_print_document(cli,
			   json_pack("{s:b, s:s, s:s, s:O}", "dry_run", 1, "service", aws_operation_service(operation),
				     "operation", aws_operation_name(operation), "input", input));
	return NULL;
}

static struct error *call_aws(struct cli *cli)
{
	const struct aws_operation *operation = aws_operation_find(cli->arguments[0], cli->arguments[1]);
	if (!operation)
		return error_remedy(cli_usage_error("no call \"%s %s\"", cli->arguments[0], cli->arguments[1]),
				    "services and operations are named as in the AWS API: call eks DescribeCluster "
				    "'{\"name\": \"shop\"}'");
	bool mutates = aws_operation_mutates(operation), tries = mutates && cli_flag_given(cli, "dry-run");
	if (mutates && !tries)
		TRY(call_needs_yes(cli, cli->arguments[1]));
	json_t *input DOCUMENT_CLEANUP = NULL, *output = NULL;
	TRY(call_read_document(cli, 2, &input));
	if (tries)
		return only_try(cli, operation, input);
	struct world world CLEANUP(world_done) = {.ports = &cli->ports, .config = &cli->config};
	struct aws *aws;
	TRY(world_aws(&world, &aws));
	TRY(cli_flag_given(cli, "all") ? aws_call_all(aws, operation, TAKE(input), &output)
				       : aws_call(aws, operation, TAKE(input), &output));
	aws_unfold_policies(operation, output);
	cli_print_document(cli, output);
	return NULL;
}

static struct error *run(struct cli *cli, int *ret_exit)
{
	TRY(cli_load_config(cli, false));
	TRY(cli_open_ports(cli, HOST_STORE_NONE));
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
