/* iam-policy: what the agent needs of AWS, as a policy document: only reading for assess and plan; with what changes
 * for an upgrade. */
#include <string.h>
#include "cli/commands.h"
#include "execution/step.h"
#include "perception/survey.h"

static json_t *statement(const char *sid, const char *const *actions)
{
	json_t *list = json_array();
	for (; *actions; actions++)
		json_array_append_new(list, json_string(*actions));
	return json_pack("{s:s, s:s, s:o, s:s}", "Sid", sid, "Effect", "Allow", "Action", list, "Resource", "*");
}

static struct error *run(struct cli *cli, int *ret_exit)
{
	const char *what = cli->n_arguments ? cli->arguments[0] : "assess";
	bool upgrade = !strcmp(what, "upgrade");
	if (!upgrade && strcmp(what, "assess") != 0)
		return cli_usage_error("iam-policy: unknown word \"%s\": assess or upgrade", what);
	json_t *statements = json_array();
	json_array_append_new(statements, statement("Look", survey_actions));
	json_array_append_new(statements, statement("SearchAuditLog", survey_search_actions));
	json_array_append_new(statements, statement("RefreshInsights", survey_refresh_actions));
	if (upgrade)
		json_array_append_new(statements, statement("Upgrade", execution_actions));
	cli_print_document(cli, json_pack("{s:s, s:o}", "Version", "2012-10-17", "Statement", statements));
	*ret_exit = EXIT_DONE;
	return NULL;
}

static const char *const formats[] = {"json", NULL};
const struct cli_command cli_command_iam_policy = {
	.name = "iam-policy",
	.arguments = "[assess|upgrade]",
	.doc = "print the IAM policy that assess needs, or upgrade (your Terraform module's needs come on top)",
	.max_arguments = 1,
	.formats = formats,
	.run = run,
};
