/* config check, config show, config schema: what the agent believes it was told, and by whom. */
#include <string.h>
#include "cli/commands.h"
#include "codec/document.h"

struct show {
	struct cli *cli;
	json_t *list; /* with -o json */
};

static void show_value(void *context, const struct field *field, const char *path, const char *value)
{
	struct show *show = context;
	const char *origin = config_origin(show->cli->origins, show->cli->n_origins, path);
	(void)field;
	if (show->list)
		json_array_append_new(show->list,
				      json_pack("{s:s, s:s?, s:s}", "path", path, "value", value, "origin", origin));
	else
		buf_printf(show->cli->out, "%-44s %-32s # %s\n", path, value ? value : "", origin);
}

static struct error *run(struct cli *cli, int *ret_exit)
{
	const char *word = cli->arguments[0];
	*ret_exit = EXIT_DONE;
	if (!strcmp(word, "schema")) {
		model_schema(&config_model, cli->out);
		buf_putc(cli->out, '\n');
		return NULL;
	}
	if (strcmp(word, "check") != 0 && strcmp(word, "show") != 0)
		return cli_usage_error("config: unknown word \"%s\": check, show or schema", word);
	TRY(cli_load_config(cli, !strcmp(word, "check")));
	TRY(config_validate(&cli->config, cli->arena));
	if (!strcmp(word, "check")) {
		if (cli_format_is(cli, "json"))
			cli_print_document(cli, json_pack("{s:b, s:s}", "ok", 1, "cluster", cli->config.cluster));
		else
			buf_printf(cli->out, "configuration of cluster \"%s\" is good\n", cli->config.cluster);
		return NULL;
	}
	struct show show = {cli, cli_format_is(cli, "json") ? json_array() : NULL};
	model_visit(&config_model, &cli->config, show_value, &show);
	if (show.list)
		cli_print_document(cli, show.list);
	return NULL;
}

const struct cli_command cli_command_config = {
	.name = "config",
	.arguments = "check|show|schema",
	.doc = "check or show the configuration and where each value is from",
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
