/* The table of commands, the parser of flags, help, and how the program ends. */
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "artifacts/progress.h"
#include "base/log.h"
#include "cli/commands.h"
#include "codec/document.h"

const struct cli_flag cli_global_flags[] = {
	{"config", 0, "FILE", false, "configuration file (default: eks-upgrade-agent.yaml when it is there)", NULL},
	{"journal", 0, "FILE", false, "journal file (default: .eks-upgrade-agent/journal.db)", "journal"},
	{"endpoint-url", 0, "URL", false, "AWS endpoint for every service", "endpoint_url"},
	{"kubeconfig", 0, "FILE", false, "kubeconfig of the serving cluster", "kubeconfig"},
	{"context", 0, "NAME", false, "context within the kubeconfig", "context"},
	{"profile", 0, "NAME", false, "AWS profile", "profile"},
	{"region", 0, "NAME", false, "AWS region", "region"},
	{"mfa-code", 0, "CODE", false, "of the AWS profile's mfa_serial; asked for when it is missing", NULL},
	{"output", 'o', "FORMAT", false, "output format", NULL},
	{"verbose", 'v', NULL, true, "say more on stderr", NULL},
	{"log-format", 0, "text|json", false, "how stderr talks", NULL},
	{"yes", 'y', NULL, false, "answer questions with yes", NULL},
	{"dry-run", 0, NULL, false, "say what would be done, change nothing", NULL},
	{"help", 'h', NULL, false, "help", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

const struct cli_command *const cli_commands[] = {
	&cli_command_rehearse,
	&cli_command_assess,
	&cli_command_scan,
	&cli_command_iam_policy,
	&cli_command_release_notes,
	&cli_command_plan,
	&cli_command_upgrade,
	&cli_command_status,
	&cli_command_watch,
	&cli_command_approve,
	&cli_command_pause,
	&cli_command_resume,
	&cli_command_cancel,
	&cli_command_rollback,
	&cli_command_report,
	&cli_command_verify,
	&cli_command_doctor,
	&cli_command_config,
	&cli_command_sim,
	&cli_command_completion,
	&cli_command_call,
	&cli_command_version,
	NULL,
};

/* Signals can only speak through file-scope state. */
static volatile int interrupted;

static void on_signal(int number)
{
	if (interrupted) {
		static const char text[] = "\nleft at once; nothing is lost: the journal knows where to go on\n";
		ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
		(void)ignored;
		_exit(128 + number);
	}
	interrupted = number;
}

/* What asks a program to end. A terminal that goes is nothing to who was started by nohup; shells have SIGINT ignored
 * by all that they start in the background, where it may yet be sent on purpose. */
static void on_signals(void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler}, before;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (!sigaction(SIGHUP, NULL, &before) && before.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
}

struct error *cli_usage_error(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = mem_vprintf(format, args);
	va_end(args);
	struct error *error = error_new(ERROR_INVALID, "%s", text);
	free(text);
	error->code = mem_strdup("Usage");
	return error;
}

static const struct cli_flag *find_flag_in(const struct cli_flag *flags, struct slice name, char letter)
{
	for (; flags && flags->name; flags++)
		if (letter ? flags->letter == letter : slice_eq(name, flags->name))
			return flags;
	return NULL;
}

static const struct cli_flag *find_flag(const struct cli_command *command, struct slice name, char letter)
{
	const struct cli_flag *flag = find_flag_in(command ? command->flags : NULL, name, letter);
	return flag ? flag : find_flag_in(cli_global_flags, name, letter);
}

static struct error *unknown_flag(const struct cli_command *command, const char *word)
{
	const char *names[64];
	size_t n = 0;
	for (const struct cli_flag *flag = command ? command->flags : NULL; flag && flag->name && n < 40; flag++)
		names[n++] = flag->name;
	for (const struct cli_flag *flag = cli_global_flags; flag->name && n < ARRAY_SIZE(names); flag++)
		names[n++] = flag->name;
	const char *near = text_nearest(word + strspn(word, "-"), names, n);
	struct error *error = cli_usage_error("unknown flag \"%s\"%s%s%s", word, near ? " (did you mean \"--" : "",
					      near ? near : "", near ? "\"?)" : "");
	return error_remedy(error, "eks-upgrade-agent %s%s--help", command ? command->name : "", command ? " " : "");
}

static const struct cli_command *find_command(const char *name)
{
	for (const struct cli_command *const *command = cli_commands; *command; command++)
		if (!strcmp((*command)->name, name))
			return *command;
	return NULL;
}

static struct error *unknown_command(const char *name)
{
	const char *names[64];
	size_t n = 0;
	for (const struct cli_command *const *command = cli_commands; *command && n < ARRAY_SIZE(names); command++)
		names[n++] = (*command)->name;
	const char *near = text_nearest(name, names, n);
	struct error *error = cli_usage_error("unknown command \"%s\"%s%s%s", name, near ? " (did you mean \"" : "",
					      near ? near : "", near ? "\"?)" : "");
	return error_remedy(error, "eks-upgrade-agent --help lists the commands");
}

/* One flag at argv[*at], which starts with '-'; its value may be the next word. */
static struct error *parse_flag(struct cli *cli, int argc, char **argv, int *at)
{
	const char *word = argv[*at];
	bool is_long = word[1] == '-';
	const char *equals = is_long ? strchr(word, '=') : NULL;
	struct slice name = is_long ? slice_make(word + 2, equals ? (size_t)(equals - word - 2) : strlen(word + 2))
				    : slice_make(word + 1, 1);
	const struct cli_flag *flag = find_flag(cli->command, name, is_long ? 0 : word[1]);
	if (!flag)
		return unknown_flag(cli->command, word);
	const char *text = "";
	if (!flag->value && (equals || (!is_long && word[2] && word[2] != flag->letter)))
		return cli_usage_error("flag \"--%s\" takes no value", flag->name);
	if (flag->value && equals) {
		text = equals + 1;
	} else if (flag->value && !is_long && word[2]) {
		text = word + 2;
	} else if (flag->value) {
		if (*at + 1 >= argc)
			return cli_usage_error("flag \"--%s\" needs a value: %s", flag->name, flag->value);
		text = argv[++*at];
	}
	unsigned times = !flag->value && !is_long ? (unsigned)strlen(word + 1) : 1; /* -vv */
	while (times--)
		*ARENA_PUSH(cli->arena, cli->values, cli->n_values) = (struct cli_value){flag, text};
	return NULL;
}

static struct error *parse(struct cli *cli, int argc, char **argv)
{
	/* The command comes first in the reading, wherever it stands, because its flags must be known. */
	for (int i = 1; i < argc && !cli->command; i++) {
		if (argv[i][0] == '-') {
			struct slice name = slice_make(argv[i] + 2, strcspn(argv[i] + (argv[i][1] ? 2 : 1), "="));
			const struct cli_flag *flag =
				argv[i][1] == '-' ? find_flag(NULL, name, 0) : find_flag(NULL, name, argv[i][1]);
			if (flag && flag->value && !strchr(argv[i], '=') && !(argv[i][1] != '-' && argv[i][2]))
				i++;
			continue;
		}
		cli->command = find_command(argv[i]);
		if (!cli->command)
			return unknown_command(argv[i]);
	}
	bool command_seen = false, only_arguments = false;
	for (int i = 1; i < argc; i++) {
		if (!only_arguments && !strcmp(argv[i], "--"))
			only_arguments = true;
		else if (!only_arguments && argv[i][0] == '-' && argv[i][1])
			TRY(parse_flag(cli, argc, argv, &i));
		else if (!command_seen)
			command_seen = true;
		else
			*ARENA_PUSH(cli->arena, cli->arguments, cli->n_arguments) = argv[i];
	}
	return NULL;
}

static const char *const *formats_of(const struct cli_command *command)
{
	static const char *const usual[] = {"text", "json", NULL};
	return command->formats ? command->formats : usual;
}

static void list_formats(const struct cli_command *command, struct buf *out)
{
	for (const char *const *format = formats_of(command); *format; format++)
		buf_printf(out, "%s%s", format == formats_of(command) ? "" : ", ", *format);
}

static struct error *check_arguments(const struct cli *cli)
{
	const struct cli_command *command = cli->command;
	if (cli->n_arguments < command->min_arguments)
		return error_remedy(cli_usage_error("%s needs %s", command->name, command->arguments),
				    "eks-upgrade-agent %s --help", command->name);
	if (cli->n_arguments > command->max_arguments)
		return error_remedy(cli_usage_error("%s: unexpected argument \"%s\"", command->name,
						    cli->arguments[command->max_arguments]),
				    "eks-upgrade-agent %s --help", command->name);
	const char *wanted = cli_flag_text(cli, "output");
	for (const char *const *format = formats_of(command); wanted && *format; format++)
		if (!strcmp(*format, wanted))
			wanted = NULL;
	if (!wanted)
		return NULL;
	struct buf list CLEANUP(buf_done) = BUF_INIT(1024);
	list_formats(command, &list);
	return cli_usage_error("unknown output format \"%s\" for %s: one of %s", wanted, command->name, buf_str(&list));
}

const char *cli_flag_text(const struct cli *cli, const char *name)
{
	for (size_t i = cli->n_values; i-- > 0;)
		if (!strcmp(cli->values[i].flag->name, name))
			return cli->values[i].text;
	return NULL;
}

bool cli_flag_given(const struct cli *cli, const char *name)
{
	return cli_flag_text(cli, name) != NULL;
}

const char **cli_flag_all(const struct cli *cli, const char *name, size_t *ret_n)
{
	const char **all = NULL;
	size_t n = 0;
	for (size_t i = 0; i < cli->n_values; i++)
		if (!strcmp(cli->values[i].flag->name, name))
			*ARENA_PUSH(cli->arena, all, n) = cli->values[i].text;
	*ret_n = n;
	return all;
}

struct error *cli_flag_int(const struct cli *cli, const char *name, int64_t otherwise, int64_t min, int64_t max,
			   int64_t *ret)
{
	const char *text = cli_flag_text(cli, name);
	*ret = otherwise;
	if (!text)
		return NULL;
	char *end;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (errno || end == text || *end || value < min || value > max)
		return cli_usage_error("flag \"--%s\": \"%s\" is not a whole number from %lld to %lld", name, text,
				       (long long)min, (long long)max);
	*ret = value;
	return NULL;
}

const char *cli_format(const struct cli *cli)
{
	const char *given = cli_flag_text(cli, "output");
	if (given)
		return given;
	return formats_of(cli->command)[0];
}

bool cli_format_is(const struct cli *cli, const char *format)
{
	return !strcmp(cli_format(cli), format);
}

/* A line of help, folded on a terminal. */
static void print_row(struct cli *cli, const char *left, int width, const char *doc)
{
	char *title CLEANUP(mem_freep) = mem_printf("  %-*s ", width, left);
	unsigned columns = cli_stdout_is_terminal() ? cli_columns() : UINT_MAX;
	progress_fold(cli->out, title, doc, columns < 80 ? 8 : (unsigned)width + 3, columns);
}

static void print_flags(struct cli *cli, const struct cli_flag *flags)
{
	for (; flags && flags->name; flags++) {
		char left[64];
		struct buf doc CLEANUP(buf_done) = BUF_INIT(4096);
		snprintf(left, sizeof left, "%s%c%s--%s%s%s", flags->letter ? "-" : "",
			 flags->letter ? flags->letter : ' ', flags->letter ? ", " : "   ", flags->name,
			 flags->value ? " " : "", flags->value ? flags->value : "");
		buf_printf(&doc, "%s%s", flags->doc, flags->repeats && flags->value ? " (repeatable)" : "");
		if (cli->command && flags->letter == 'o') {
			buf_puts(&doc, ": ");
			list_formats(cli->command, &doc);
		}
		print_row(cli, left, 30, buf_str(&doc));
	}
}

static void print_help(struct cli *cli)
{
	struct buf *out = cli->out;
	if (cli->command) {
		const struct cli_command *command = cli->command;
		buf_printf(out, "eks-upgrade-agent %s%s%s\n", command->name, *command->arguments ? " " : "",
			   command->arguments);
		print_row(cli, " ", 1, command->doc);
		buf_puts(out, command->flags ? "\nFlags:\n" : "");
		print_flags(cli, command->flags);
		buf_puts(out, command->flags ? "\nEverywhere:\n" : "\nFlags:\n");
		print_flags(cli, cli_global_flags);
		return;
	}
	buf_puts(out, "eks-upgrade-agent COMMAND [ARGUMENTS] [FLAGS]\n\n"
		      "Upgrades Amazon EKS clusters without downtime: looks, plans,\n"
		      "executes, validates, rolls back.\n\nCommands:\n");
	for (const struct cli_command *const *command = cli_commands; *command; command++)
		print_row(cli, (*command)->name, 13, (*command)->doc);
	buf_puts(out, "\nFlags everywhere:\n");
	print_flags(cli, cli_global_flags);
	buf_puts(out, "\nFirst:  eks-upgrade-agent rehearse\n"
		      "Then:   eks-upgrade-agent doctor, assess, plan, upgrade\n"
		      "Exit:   0 done, 1 failed, 2 usage, 3 rolled back, 4 held for a person\n"
		      "        10, 11, 12 notes, warnings, blockers found\n");
}

static struct error *run(struct cli *cli, int argc, char **argv, int *ret_exit)
{
	TRY(parse(cli, argc, argv));
	if (cli_flag_given(cli, "help") || !cli->command) {
		print_help(cli);
		*ret_exit = cli_flag_given(cli, "help") ? EXIT_DONE : EXIT_USAGE;
		return NULL;
	}
	const char *format = cli_flag_text(cli, "log-format");
	if (format && strcmp(format, "text") && strcmp(format, "json"))
		return cli_usage_error("flag \"--log-format\": \"%s\" is neither text nor json", format);
	size_t verbosity;
	cli_flag_all(cli, "verbose", &verbosity);
	log_setup(verbosity > 1 ? LOG_DEBUG
		  : verbosity	? LOG_INFO
				: LOG_WARN,
		  format && !strcmp(format, "json") ? LOG_JSON : LOG_TEXT, STDERR_FILENO);
	TRY(check_arguments(cli));
	if (cli->command->at_once)
		on_signals(SIG_DFL);
	return cli->command->run(cli, ret_exit);
}

/* As text, or with -o json as one JSON object: both on stderr. */
static void tell_error(const struct cli *cli, const struct error *error)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
	const char *format = cli_flag_text(cli, "output");
	if (format && !strcmp(format, "json")) {
		json_t *document = cli_error_document(error);
		document_print(document, false, &text);
		buf_putc(&text, '\n');
		json_decref(document);
	} else {
		error_render(error, &text);
	}
	fputs(buf_str(&text), stderr);
}

static int exit_code_of(const struct error *error)
{
	if (error->code && !strcmp(error->code, "Usage"))
		return EXIT_USAGE;
	return error->code && !strcmp(error->code, "NeedsPerson") ? EXIT_HELD : EXIT_FAILED;
}

int cli_main(int argc, char **argv)
{
	on_signals(on_signal);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a limit on files (ulimit -f) is told as a full disk is */

	struct buf out = BUF_INIT((size_t)1 << 30);
	struct cli cli = {.arena = arena_new(), .out = &out, .interrupted = &interrupted};
	int code = EXIT_DONE;
	struct error *error = run(&cli, argc, argv, &code);
	cli_flush(&cli);
	if (!error && code == EXIT_DONE && cli.unwritten)
		error = error_remedy(error_from_errno(cli.unwritten, "cannot write all of it to stdout"),
				     "look where stdout goes; what was done stays done");
	if (error) {
		tell_error(&cli, error);
		code = exit_code_of(error);
		error_free(error);
	}
	cli_close(&cli);
	arena_free(cli.arena);
	buf_done(&out);
	return code;
}
