/* iam-policy: what assess needs of AWS, as a policy document. Only reading, but for what is named apart. */
#include "cli/commands.h"
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
	json_t *statements = json_array();
	json_array_append_new(statements, statement("Look", survey_actions));
	json_array_append_new(statements, statement("SearchAuditLog", survey_search_actions));
	json_array_append_new(statements, statement("RefreshInsights", survey_refresh_actions));
	cli_print_document(cli, json_pack("{s:s, s:o}", "Version", "2012-10-17", "Statement", statements));
	*ret_exit = EXIT_DONE;
	return NULL;
}

static const char *const formats[] = {"json", NULL};
const struct cli_command cli_command_iam_policy = {
	.name = "iam-policy",
	.arguments = "",
	.doc = "print the IAM policy that assess needs: reading, a search of the audit log, and what "
	       "--refresh-insights asks",
	.formats = formats,
	.run = run,
};
