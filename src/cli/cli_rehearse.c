/* rehearse: a whole upgrade in the simulator, told as it goes, with a report at the end. */
#include <stdlib.h>
#include <string.h>
#include "agent/journal.h"
#include "artifacts/progress.h"
#include "artifacts/report.h"
#include "base/log.h"
#include "base/time.h"
#include "cli/commands.h"
#include "codec/document.h"
#include "rehearsal/rehearsal.h"

static const struct cli_flag flags[] = {
	{"cluster", 0, "NAME|SNAPSHOT", false,
	 "small, medium (default), large, or the file or folder that plan --snapshot or assess --save wrote", NULL},
	{"to", 0, "VERSION", false, "target version (default: the next minor one)", NULL},
	{"seed", 0, "N", false, "what chance decides follows from it (default 42)", NULL},
	{"fault", 0, "SPEC", true, "e.g. 'green:5xx=8% after traffic=50%', 'eks:lost-reply=30%'", NULL},
	{"random-faults", 0, NULL, false, "draw faults from the seed", NULL},
	{"report", 0, "FILE", false, "where the HTML report goes", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

static void tell(void *progress, const struct run_state *state, int64_t now_ms)
{
	if (progress)
		progress_update(progress, state, now_ms);
}

static struct error *write_report(struct cli *cli, struct store *store, int64_t seed, char **ret_path)
{
	const char **runs;
	size_t n;
	TRY(store_runs(store, cli->arena, &runs, &n));
	const char *run = NULL;
	for (size_t i = 0; i < n; i++)
		if (!strchr(runs[i], '/'))
			run = runs[i];
	if (!run)
		return NULL;
	const char *given = cli_flag_text(cli, "report");
	char *path CLEANUP(mem_freep) =
		given ? mem_strdup(given) : mem_printf(".eks-upgrade-agent/rehearsals/seed-%lld.html", (long long)seed);
	struct buf html CLEANUP(buf_done) = BUF_INIT(64 << 20);
	TRY(report_write(store, run, REPORT_HTML, &html));
	TRY(cli_write_file(cli, path, buf_slice(&html)));
	*ret_path = *path == '/' ? TAKE(path) : realpath(path, NULL);
	return NULL;
}

static void tell_result(struct cli *cli, const json_t *result, const char *report)
{
	struct buf *out = cli->out;
	char took[TIME_TEXT];
	int64_t requests = document_int_or(result, "requests", 0),
		failed = document_int_or(result, "failed_requests", 0);
	duration_format(document_int_or(result, "virtual_duration_s", 0) * SECOND_MS, took);
	buf_printf(out, "\n%s after %s of virtual time; %s serves.\n", document_text_or(result, "result", "?"), took,
		   document_text_or(result, "serving", "?"));
	if (document_text(result, "reason"))
		progress_line(out, "Why: ", document_text(result, "reason"));
	double after_s = document_real_or(result, "rollback.all_blue_after_s", -1);
	if (after_s >= 0)
		buf_printf(out, "All users were back on Blue %s after the decision.\n",
			   duration_format((int64_t)(after_s * SECOND_MS), took));
	buf_printf(out, "Users' view: %lld requests, %lld failed (%.4f %%), longest gap %lld ms.\n",
		   (long long)requests, (long long)failed, requests ? 100.0 * (double)failed / (double)requests : 0.0,
		   (long long)document_int_or(result, "longest_gap_ms", 0));
	if (report)
		buf_printf(out, "Report: file://%s   ", report);
	buf_printf(out, "Journal: %lld records, chain verified.\n",
		   (long long)document_int_or(result, "journal_records", 0));
	if (!strcmp(document_text_or(result, "result", ""), "completed"))
		buf_puts(out, "\nNext:  see it step back:    eks-upgrade-agent rehearse --fault 'green:5xx=8% after "
			      "traffic=50%'\n"
			      "       your own cluster:    eks-upgrade-agent doctor, then assess, plan, upgrade\n");
}

static int exit_of(const char *result)
{
	for (int i = 0; run_result_names[i]; i++)
		if (!strcmp(run_result_names[i], result))
			return cli_exit_of_result((enum run_result)i);
	return EXIT_FAILED;
}

static struct error *play(struct cli *cli, struct rehearsal_options *options, bool text, int *ret_exit)
{
	struct store *store CLEANUP(store_freep) = store_memory_new();
	options->store = store;
	json_t *result DOCUMENT_CLEANUP = NULL;
	TRY(cli_as_usage(rehearse_run(options, &result)));
	char *report CLEANUP(mem_freep) = NULL;
	struct error *error ERROR_CLEANUP = NULL;
	if (text || cli_flag_text(cli, "report"))
		error = write_report(cli, store, (int64_t)options->seed, &report);
	*ret_exit = exit_of(document_text_or(result, "result", "failed"));
	if (error && cli_flag_text(cli, "report"))
		return TAKE(error);
	if (error) /* nobody asked for it */
		log_warn("rehearse", "no report: %s", error->message);
	if (text)
		tell_result(cli, result, report);
	else
		cli_print_document(cli, TAKE(result));
	return NULL;
}

static struct error *run(struct cli *cli, int *ret_exit)
{
	int64_t seed;
	TRY(cli_flag_int(cli, "seed", 42, 0, INT64_MAX, &seed));
	TRY(cli_as_usage(config_check_version(cli_flag_text(cli, "to"), "--to")));
	bool text = cli_format_is(cli, "text");
	size_t n_faults;
	const char **faults = cli_flag_all(cli, "fault", &n_faults);
	struct progress_options how = {.mode = PROGRESS_LINES,
				       .columns = cli_columns(),
				       .colour = cli_colour(),
				       .clock_title = "time",
				       .write = cli_write,
				       .context = cli};
	struct progress *progress CLEANUP(progress_freep) = text ? progress_new(&how) : NULL;
	struct rehearsal_options options = {.cluster = cli_flag_text(cli, "cluster"),
					    .target_version = cli_flag_text(cli, "to"),
					    .seed = (uint64_t)seed,
					    .faults = faults,
					    .n_faults = n_faults,
					    .random_faults = cli_flag_given(cli, "random-faults"),
					    .progress = tell,
					    .context = progress,
					    .check_invariants = true};
	TRY(cli_read_snapshot(cli, options.cluster, &options.snapshot));
	if (text) {
		buf_printf(
			cli->out,
			"Rehearsing a blue/green upgrade in the simulator (cluster %s, seed %lld, virtual time).\n\n",
			options.snapshot  ? options.snapshot->cluster_name
			: options.cluster ? options.cluster
					  : "medium",
			(long long)seed);
		cli_flush(cli);
	}
	return play(cli, &options, text, ret_exit);
}

const struct cli_command cli_command_rehearse = {
	.name = "rehearse",
	.arguments = "",
	.doc = "play a whole upgrade in the simulator",
	.flags = flags,
	.run = run,
	.at_once = true,
};
