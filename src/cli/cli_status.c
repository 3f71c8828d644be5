/* status and watch: the newest run on one screen. Readers: the run never notices. */
#include <string.h>
#include "artifacts/progress.h"
#include "base/time.h"
#include "cli/commands.h"
#include "codec/document.h"

static const struct cli_flag flags[] = {
	{"run", 0, "ID", false, "which run (default: the newest)", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

static const struct cli_flag watch_flags[] = {
	{"run", 0, "ID", false, "which run (default: the newest)", NULL},
	{"interval", 0, "DURATION", false, "how often to look (default 1s)", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

static struct error *load(struct cli *cli, struct run_state **ret)
{
	const char *run;
	TRY(cli_find_run(cli, &run));
	return run_state_load(cli->ports.store, run, ret);
}

static struct error *open_journal(struct cli *cli)
{
	TRY(cli_load_config(cli, false));
	return cli_open_ports(cli, HOST_STORE_READ);
}

static void show(struct cli *cli, const struct run_state *state, bool colour)
{
	progress_screen(state, clock_wall_ms(cli->ports.clock), cli_columns(), colour, cli->out);
}

static struct error *run_status(struct cli *cli, int *ret_exit)
{
	TRY(open_journal(cli));
	struct run_state *state;
	TRY(load(cli, &state));
	if (cli_format_is(cli, "json"))
		cli_print_document(cli, run_state_json(state));
	else
		show(cli, state, cli_colour());
	*ret_exit = EXIT_DONE;
	run_state_free(state);
	return NULL;
}

static struct error *run_watch(struct cli *cli, int *ret_exit)
{
	bool json = cli_format_is(cli, "json"), live = !json && cli_colour();
	int64_t interval_ms = SECOND_MS;
	const char *text = cli_flag_text(cli, "interval");
	if (text && (!duration_parse(slice_of(text), &interval_ms) || interval_ms < 100))
		return cli_usage_error("flag \"--interval\": \"%s\" is not a duration of at least 100ms", text);
	TRY(open_journal(cli));
	struct clock *machine = cli->host.machine_clock ? cli->host.machine_clock : cli->ports.clock;
	uint64_t told = UINT64_MAX;
	for (bool over = false; !over && !*cli->interrupted;) {
		struct run_state *state;
		TRY(load(cli, &state));
		if (live)
			buf_puts(cli->out, "\033[H\033[2J");
		if (json && told != state->records) /* what it changed to, for programs that follow */
			cli_print_line(cli, run_state_json(state));
		else if (!json && (live || told != state->records))
			show(cli, state, live);
		cli_flush(cli);
		told = state->records;
		over = run_result_ended(state->result);
		*ret_exit = over ? cli_exit_of_result(state->result) : EXIT_DONE;
		run_state_free(state);
		if (!over)
			clock_sleep(machine, interval_ms);
	}
	return NULL;
}

const struct cli_command cli_command_status = {
	.name = "status",
	.arguments = "",
	.doc = "where a run stands",
	.flags = flags,
	.run = run_status,
};
const struct cli_command cli_command_watch = {
	.name = "watch",
	.arguments = "",
	.doc = "status, again and again, until the run ends",
	.flags = watch_flags,
	.run = run_watch,
};
