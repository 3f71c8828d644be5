/* version and completion. */
#include <string.h>
#include "cli/commands.h"
#include "codec/document.h"

static struct error *run_version(struct cli *cli, int *ret_exit)
{
	*ret_exit = EXIT_DONE;
	if (cli_format_is(cli, "json"))
		cli_print_document(cli, json_pack("{s:s}", "version", EUA_VERSION));
	else
		buf_puts(cli->out, "eks-upgrade-agent " EUA_VERSION "\n");
	return NULL;
}

static void words(struct buf *out, const struct cli_command *command)
{
	const struct cli_flag *lists[] = {command ? command->flags : NULL, cli_global_flags};
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (const struct cli_flag *flag = lists[i]; flag && flag->name; flag++)
			buf_printf(out, "--%s ", flag->name);
}

static void bash_completion(struct buf *out)
{
	buf_puts(out, "_eks_upgrade_agent() {\n\tlocal word=${COMP_WORDS[COMP_CWORD]} command= i\n"
		      "\tfor ((i = 1; i < COMP_CWORD; i++)); do [[ ${COMP_WORDS[i]} != -* ]] && { "
		      "command=${COMP_WORDS[i]}; break; }; done\n"
		      "\tcase $command in\n");
	for (const struct cli_command *const *command = cli_commands; *command; command++) {
		buf_printf(out, "\t%s) COMPREPLY=($(compgen -W \"", (*command)->name);
		words(out, *command);
		buf_puts(out, "\" -- \"$word\") $(compgen -f -- \"$word\")) ;;\n");
	}
	buf_puts(out, "\t*) COMPREPLY=($(compgen -W \"");
	for (const struct cli_command *const *command = cli_commands; *command; command++)
		buf_printf(out, "%s ", (*command)->name);
	words(out, NULL);
	buf_puts(out,
		 "\" -- \"$word\")) ;;\n\tesac\n}\ncomplete -o filenames -F _eks_upgrade_agent eks-upgrade-agent\n");
}

/* Within quotes, where fish knows two escapes. */
static void fish_description(struct buf *out, const char *text)
{
	buf_puts(out, " -d '");
	for (const char *p = text; *p; p++)
		buf_printf(out, *p == '\'' || *p == '\\' ? "\\%c" : "%c", *p);
	buf_puts(out, "'");
}

static void fish_flags(struct buf *out, const char *condition, const struct cli_flag *flags)
{
	for (; flags && flags->name; flags++) {
		buf_printf(out, "complete -c eks-upgrade-agent%s -l %s%s", condition, flags->name,
			   flags->value ? " -r" : "");
		fish_description(out, flags->doc);
		buf_putc(out, '\n');
	}
}

static void fish_completion(struct buf *out)
{
	for (const struct cli_command *const *command = cli_commands; *command; command++) {
		char *within CLEANUP(mem_freep) = mem_printf(" -n '__fish_seen_subcommand_from %s'", (*command)->name);
		buf_printf(out, "complete -c eks-upgrade-agent -n __fish_use_subcommand -a %s", (*command)->name);
		fish_description(out, (*command)->doc);
		buf_putc(out, '\n');
		fish_flags(out, within, (*command)->flags);
	}
	fish_flags(out, "", cli_global_flags);
}

static struct error *run_completion(struct cli *cli, int *ret_exit)
{
	const char *shell = cli->arguments[0];
	*ret_exit = EXIT_DONE;
	if (!strcmp(shell, "fish")) {
		fish_completion(cli->out);
	} else if (!strcmp(shell, "bash") || !strcmp(shell, "zsh")) {
		if (!strcmp(shell, "zsh"))
			buf_puts(cli->out, "autoload -U +X bashcompinit && bashcompinit\n");
		bash_completion(cli->out);
	} else {
		return cli_usage_error("completion: unknown shell \"%s\": bash, zsh or fish", shell);
	}
	return NULL;
}

const struct cli_command cli_command_version = {
	.name = "version",
	.arguments = "",
	.doc = "print the version",
	.run = run_version,
};
static const char *const completion_formats[] = {"text", NULL};
const struct cli_command cli_command_completion = {
	.name = "completion",
	.arguments = "bash|zsh|fish",
	.doc = "print a completion script",
	.min_arguments = 1,
	.max_arguments = 1,
	.formats = completion_formats,
	.run = run_completion,
};
