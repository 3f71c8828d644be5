/* report and verify: what happened, and the proof that nobody changed the record of it. */
#include <string.h>
#include "agent/journal.h"
#include "artifacts/report.h"
#include "cli/commands.h"
#include "codec/document.h"

static const struct cli_flag report_flags[] = {
	{"run", 0, "ID", false, "which run (default: the newest)", NULL},
	{"out", 0, "FILE", false, "write there instead of stdout", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

static const struct cli_flag verify_flags[] = {
	{"run", 0, "ID", false, "which run (default: all)", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

static const char *const report_formats[] = {"markdown", "html", "json", "text", NULL};

static struct error *run_report(struct cli *cli, int *ret_exit)
{
	TRY(cli_load_config(cli, false));
	TRY(cli_open_ports(cli, HOST_STORE_READ));
	const char *run, *path = cli_flag_text(cli, "out"), *format = cli_format(cli);
	TRY(cli_find_run(cli, &run));
	if (path && !cli_flag_given(cli, "output")) {
		const char *dot = strrchr(path, '.');
		format = dot && !strcmp(dot, ".html") ? "html" : dot && !strcmp(dot, ".json") ? "json" : format;
	}
	enum report_format kind = !strcmp(format, "html")   ? REPORT_HTML
				  : !strcmp(format, "json") ? REPORT_JSON
							    : REPORT_MARKDOWN;
	struct buf text CLEANUP(buf_done) = BUF_INIT(64 << 20);
	TRY(report_write(cli->ports.store, run, kind, &text));
	*ret_exit = EXIT_DONE;
	TRY(cli_write_file(cli, path ? path : "-", buf_slice(&text)));
	if (path && strcmp(path, "-"))
		buf_printf(cli->out, "%s\n", path);
	return NULL;
}

static struct error *verify_one(struct cli *cli, const char *run, json_t *results)
{
	uint64_t records;
	struct error *error = journal_verify(cli->ports.store, run, &records);
	struct buf reason CLEANUP(buf_done) = BUF_INIT(1 << 16);
	if (error)
		error_line(error, &reason);
	if (results)
		json_array_append_new(results, json_pack("{s:s, s:b, s:I, s:s?}", "run", run, "verified", error == NULL,
							 "records", (json_int_t)records, "reason",
							 error ? buf_str(&reason) : NULL));
	else if (!error)
		buf_printf(cli->out, "run %.8s: %llu records, chain verified\n", run, (unsigned long long)records);
	return error;
}

static struct error *run_verify(struct cli *cli, int *ret_exit)
{
	TRY(cli_load_config(cli, false));
	TRY(cli_open_ports(cli, HOST_STORE_READ));
	const char **runs, *wanted = cli_flag_text(cli, "run");
	size_t n, seen = 0;
	TRY(store_runs(cli->ports.store, cli->arena, &runs, &n));
	json_t *results DOCUMENT_CLEANUP = cli_format_is(cli, "json") ? json_array() : NULL;
	struct error *first = NULL;
	for (size_t i = 0; i < n; i++) {
		if (strchr(runs[i], '/') || (wanted && strncmp(runs[i], wanted, strlen(wanted)) != 0))
			continue;
		seen++;
		struct error *error = verify_one(cli, runs[i], results);
		if (!first)
			first = error;
		else
			error_free(error);
	}
	if (!seen) {
		const char *run;
		return cli_find_run(cli, &run); /* says that there is none */
	}
	*ret_exit = first ? EXIT_FAILED : EXIT_DONE;
	if (results)
		cli_print_document(cli, TAKE(results));
	return first;
}

const struct cli_command cli_command_report = {
	.name = "report",
	.arguments = "",
	.doc = "what happened, as Markdown, HTML or JSON",
	.flags = report_flags,
	.formats = report_formats,
	.run = run_report,
};
const struct cli_command cli_command_verify = {
	.name = "verify",
	.arguments = "",
	.doc = "prove the journal's chain of hashes",
	.flags = verify_flags,
	.run = run_verify,
};
