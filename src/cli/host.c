/* What every command needs of the machine it runs on: configuration, ports, terminal, files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <termios.h>
#include <unistd.h>
#include "agent/journal.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "cli/commands.h"
#include "codec/document.h"
#include "perception/cluster_view.h"

static const char DEFAULT_CONFIG[] = "eks-upgrade-agent.yaml";

struct error *cli_as_usage(struct error *error)
{
	if (error && error->class == ERROR_INVALID && !error->service) {
		free(error->code);
		error->code = mem_strdup("Usage");
	}
	return error;
}

/* A line of what the person types at the terminal, unseen; the caller's. NULL: there is no terminal, or nothing came.
 */
static char *ask_unseen(const char *question)
{
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios before, quiet;
	char line[256];
	if (terminal < 0)
		return NULL;
	bool is_set = tcgetattr(terminal, &before) == 0;
	if (is_set) {
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(terminal, TCSAFLUSH, &quiet);
	}
	dprintf(terminal, "%s", question);
	ssize_t n = read(terminal, line, sizeof line - 1);
	dprintf(terminal, "\n");
	if (is_set)
		tcsetattr(terminal, TCSAFLUSH, &before);
	close(terminal);
	while (n > 0 && strchr(" \r\n", line[n - 1]))
		n--;
	char *answer = n > 0 ? mem_strndup(line, (size_t)n) : NULL;
	secret_wipe(line, sizeof line);
	return answer;
}

struct error *cli_load_config(struct cli *cli, bool needs_cluster)
{
	struct config_flag *overrides = NULL;
	size_t n = 0;
	for (size_t i = 0; i < cli->n_values; i++) {
		const struct cli_flag *flag = cli->values[i].flag;
		if (flag->path)
			*ARENA_PUSH(cli->arena, overrides, n) =
				(struct config_flag){flag->path, flag->value ? cli->values[i].text : "true",
						     arena_printf(cli->arena, "--%s", flag->name)};
	}
	struct config_source source = {.file = cli_flag_text(cli, "config"), .flags = overrides, .n_flags = n};
	TRY(cli_as_usage(config_load(&source, cli->arena, &cli->config, &cli->origins, &cli->n_origins)));
	cli->config.yes = cli_flag_given(cli, "yes");
	cli->config.dry_run = cli_flag_given(cli, "dry-run");
	cli->config.mfa_code = cli_flag_text(cli, "mfa-code");
	cli->config.ask = ask_unseen;
	const char *terminal = cli_stdin_is_terminal() ? ttyname(STDIN_FILENO) : NULL;
	cli->config.terminal = terminal ? arena_strdup(cli->arena, terminal) : NULL;
	if (needs_cluster && !cli->config.cluster)
		return error_remedy(cli_usage_error("no cluster is named"),
				    "set \"cluster\" in %s, EUA_CLUSTER, or --cluster NAME", DEFAULT_CONFIG);
	return NULL;
}

struct error *cli_open_ports(struct cli *cli, enum host_store store)
{
	struct error *error = host_open(&cli->host, &cli->config, cli->interrupted, store);
	cli->ports = cli->host.ports;
	return error;
}

void cli_close(struct cli *cli)
{
	host_close(&cli->host);
	cli->ports = (struct ports){0};
}

struct error *cli_find_run(struct cli *cli, const char **ret_run)
{
	return host_find_run(cli->ports.store, cli_flag_text(cli, "run"), cli->arena, ret_run);
}

void cli_flush(struct cli *cli)
{
	const char *p = buf_str(cli->out);
	size_t left = cli->out->n;
	while (left > 0) {
		ssize_t written = write(STDOUT_FILENO, p, left);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) { /* a reader that went away, as `head` does, is no failure of ours */
			cli->unwritten = errno == EPIPE ? cli->unwritten : errno;
			break;
		}
		p += written;
		left -= (size_t)written;
	}
	buf_clear(cli->out);
}

void cli_write(void *context, struct slice text)
{
	struct cli *cli = context;
	buf_append(cli->out, text.p, text.n);
	cli_flush(cli);
}

bool cli_stdin_is_terminal(void)
{
	return isatty(STDIN_FILENO);
}

bool cli_stdout_is_terminal(void)
{
	return isatty(STDOUT_FILENO);
}

bool cli_colour(void)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
	return cli_stdout_is_terminal() && !(none && *none) && term && strcmp(term, "dumb");
}

unsigned cli_columns(void)
{
	struct winsize size;
	long columns = 100;
	const char *told = getenv("COLUMNS");
	if (told && *told)
		columns = strtol(told, NULL, 10);
	else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		columns = size.ws_col;
	return columns < 40 ? 40 : columns > 200 ? 200 : (unsigned)columns;
}

struct error *cli_confirm(struct cli *cli, const char *question, bool *ret_yes)
{
	*ret_yes = cli->config.yes;
	if (cli->config.yes)
		return NULL;
	if (!cli_stdin_is_terminal()) {
		struct error *error = error_new(ERROR_PRECONDITION,
						"this needs a yes, and there is no terminal to ask: %s", question);
		error->code = mem_strdup("NeedsPerson");
		return error_remedy(error, "repeat with --yes");
	}
	cli_flush(cli);
	fprintf(stderr, "%s [y/N] ", question);
	char line[16] = "";
	if (!fgets(line, sizeof line, stdin))
		fputc('\n', stderr);
	*ret_yes = line[0] == 'y' || line[0] == 'Y';
	if (!*ret_yes)
		fputs("No: nothing was done.\n", stderr);
	return NULL;
}

struct error *cli_write_file(struct cli *cli, const char *path, struct slice bytes)
{
	if (!strcmp(path, "-")) {
		buf_append(cli->out, bytes.p, bytes.n);
		return NULL;
	}
	return file_write(path, bytes);
}

struct error *cli_read_file(const char *path, struct buf *out)
{
	return strcmp(path, "-") ? file_read(path, out) : file_read_open(STDIN_FILENO, path, out);
}

json_t *cli_error_document(const struct error *error)
{
	struct buf message CLEANUP(buf_done) = BUF_INIT(1 << 20);
	buf_puts(&message, error->message);
	for (const struct error *cause = error->cause; cause; cause = cause->cause)
		buf_printf(&message, ": %s", cause->message);
	const char *remedy = error->remedy;
	for (const struct error *cause = error->cause; cause && !remedy; cause = cause->cause)
		remedy = cause->remedy;
	json_t *inner = json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?}", "class", error_class_name(error->class),
				  "message", buf_str(&message), "code", error->code, "service", error->service,
				  "operation", error->operation, "request_id", error->request_id, "remedy", remedy);
	json_object_set_new(inner, "http_status", error->http_status ? json_integer(error->http_status) : json_null());
	json_object_set_new(inner, "tries", error->tries ? json_integer(error->tries) : json_null());
	json_object_set_new(inner, "outcome_unknown", json_boolean(error->outcome_unknown));
	return json_pack("{s:o}", "error", inner);
}

static void print_document(struct cli *cli, json_t *document, bool indented)
{
	document_print(document, indented, cli->out);
	buf_putc(cli->out, '\n');
	json_decref(document);
}

void cli_print_document(struct cli *cli, json_t *document)
{
	print_document(cli, document, true);
}

void cli_print_line(struct cli *cli, json_t *document)
{
	print_document(cli, document, false);
}

struct error *cli_read_snapshot(struct cli *cli, const char *cluster, const struct cluster_state **ret)
{
	static const char *const examples[] = {"small", "medium", "large"};
	*ret = NULL;
	for (size_t i = 0; cluster && i < ARRAY_SIZE(examples); i++)
		if (!strcmp(cluster, examples[i]))
			return NULL;
	if (!cluster || (access(cluster, F_OK) != 0 && !strpbrk(cluster, "./")))
		return NULL;
	struct cluster_state *state = arena_alloc(cli->arena, sizeof *state);
	TRY(cli_as_usage(cluster_view_read(cluster, cli->arena, state)));
	*ret = state;
	return NULL;
}

int64_t cli_monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
