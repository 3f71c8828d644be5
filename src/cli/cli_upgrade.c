/* upgrade, and the words of a person to a run: approve, pause, resume, cancel, rollback. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/agent.h"
#include "agent/loop.h"
#include "artifacts/progress.h"
#include "base/time.h"
#include "cli/commands.h"
#include "codec/document.h"
#include "rehearsal/rehearsal.h"

static const struct cli_flag upgrade_flags[] = {
	{"cluster", 0, "NAME", false, "the cluster that serves now", "cluster"},
	{"to", 0, "VERSION", false, "target version", "target_version"},
	{"strategy", 0, "NAME", false, "blue-green, in-place, or a file", "strategy"},
	{"run", 0, "ID", false, "go on with this run", NULL},
	{"new", 0, NULL, false, "start anew even if a run is unfinished", NULL},
	{"take-over", 0, NULL, false, "take the lease from another agent that holds it", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

static const struct cli_flag word_flags[] = {
	{"run", 0, "ID", false, "which run (default: the newest)", NULL},
	{"reason", 0, "TEXT", false, "goes into the journal", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

static const struct cli_flag rollback_flags[] = {
	{"run", 0, "ID", false, "which run (default: the newest)", NULL},
	{"reason", 0, "TEXT", false, "goes into the journal", NULL},
	{"now", 0, NULL, false, "do not ask back", NULL},
	{"take-over", 0, NULL, false, "take the lease from another agent that holds it", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

int cli_exit_of_result(enum run_result result)
{
	switch (result) {
	case RUN_COMPLETED:
		return EXIT_DONE;
	case RUN_ROLLED_BACK:
	case RUN_CANCELLED:
		return EXIT_ROLLED_BACK;
	case RUN_RUNNING:
	case RUN_HELD:
	case RUN_PAUSED:
	case RUN_ROLLING_BACK:
		return EXIT_HELD;
	case RUN_FAILED:
	default:
		return EXIT_FAILED;
	}
}

/* What a person may type next, when the run waits for one. */
static void tell_next(struct buf *out, const struct run_state *state)
{
	for (size_t i = 0; i < state->plan.n_steps; i++) {
		const struct step_view *view = &state->steps[i];
		bool approval = !strcmp(view->step->executor, "approval");
		if (view->state != STEP_STATE_HELD)
			continue;
		progress_line(out, "Waits: ", view->reason ? view->reason : view->step->name);
		buf_printf(out, "Next:  eks-upgrade-agent %s%s, then eks-upgrade-agent upgrade; or: rollback\n",
			   approval ? "approve " : "resume", approval ? view->step->step_id : "");
	}
	if (state->result == RUN_PAUSED)
		buf_puts(out, "Next:  eks-upgrade-agent resume, then eks-upgrade-agent upgrade; or: rollback\n");
}

/* The last lines after a run: what happened, what to type next. */
static void tell_end(struct cli *cli, const struct run_state *state)
{
	enum run_result result = run_state_result(state);
	struct buf *out = cli->out;
	char took[TIME_TEXT];
	int64_t end = state->ended_ms ? state->ended_ms : clock_wall_ms(cli->ports.clock);
	bool stopped = *cli->interrupted && !state->ended_ms;
	buf_printf(out, "\n%s after %s; %s serves. %llu records.\n", stopped ? "stopped" : run_result_names[result],
		   duration_format(end - state->created_ms, took), run_state_serving(state),
		   (unsigned long long)state->records);
	if (state->reason)
		progress_line(out, "Why: ", state->reason);
	char back[TIME_TEXT];
	if (state->all_blue_ms)
		buf_printf(out, "All users were back on Blue %s after the decision.\n",
			   duration_format(state->all_blue_ms - state->rollback_ms, back));
	if (state->prober_requests)
		buf_printf(out, "Prober: %llu requests, %llu failed, longest gap %lld ms.\n",
			   (unsigned long long)state->prober_requests, (unsigned long long)state->prober_failed,
			   (long long)state->prober_longest_gap_ms);
	if (stopped) {
		for (size_t i = 0; i < state->plan.n_steps; i++)
			if (state->steps[i].state == STEP_STATE_RUNNING &&
			    !strncmp(state->steps[i].step->executor, "terraform.", 10))
				buf_printf(out, "%s: Terraform goes on by itself; it is found again and waited for.\n",
					   state->steps[i].step->name);
		buf_printf(out, "Stopped at a safe border. Go on: eks-upgrade-agent %s\n",
			   state->rolling_back ? "rollback" : "upgrade; step back: eks-upgrade-agent rollback");
	}
	if (!stopped && (result == RUN_HELD || result == RUN_PAUSED))
		tell_next(out, state);
	if (run_result_ended(result))
		buf_puts(out, "Next:  eks-upgrade-agent report --out report.html\n");
}

struct drive {
	struct cli *cli;
	struct progress *progress;
};

static void tell(void *context, const struct run_state *state)
{
	struct drive *drive = context;
	progress_update(drive->progress, state, clock_wall_ms(drive->cli->ports.clock));
}

/* To its end with progress on the terminal; gives the exit code. */
static struct error *drive_run(struct cli *cli, struct agent *agent, int *ret_exit)
{
	bool json = cli_format_is(cli, "json");
	struct progress_options how = {
		.mode = json					   ? PROGRESS_JSON
			: cli_stdout_is_terminal() && cli_colour() ? PROGRESS_LIVE
								   : PROGRESS_LINES,
		.patient = true,
		.columns = cli_columns(),
		.colour = cli_colour(),
		.write = cli_write,
		.context = cli,
	};
	struct drive drive = {cli, progress_new(&how)};
	struct error *error = agent_run(agent, cli->interrupted, tell, &drive);
	progress_free(drive.progress);
	const struct run_state *state = agent_state(agent);
	*ret_exit = cli_exit_of_result(state->result);
	if (json)
		cli_print_line(cli, run_state_json(state));
	else
		tell_end(cli, state);
	return error;
}

static struct error *read_plan(struct cli *cli, const char *path, struct upgrade_plan *ret)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(64 << 20);
	TRY(cli_read_file(path, &text));
	struct error *error = upgrade_plan_read(buf_slice(&text), path, cli->arena, ret);
	if (error)
		return error->remedy
			       ? error
			       : error_remedy(error,
					      "it is no plan: make one by eks-upgrade-agent plan --out plan.json");
	if (cli->config.cluster && strcmp(cli->config.cluster, ret->cluster_name))
		return error_remedy(error_new(ERROR_CONFLICT,
					      "plan \"%s\" is for cluster \"%s\", the configuration names \"%s\"", path,
					      ret->cluster_name, cli->config.cluster),
				    "name the right plan, or --cluster %s", ret->cluster_name);
	return NULL;
}

/* A new run: of the given plan if the world is still what it was made for, or of one made now. */
static struct error *prepare(struct cli *cli, const char *path, struct upgrade_plan *plan, bool *ret_go)
{
	struct cluster_state state, *seen = NULL;
	if (path) {
		TRY(loop_check_drift(&cli->ports, &cli->config, plan));
	} else {
		TRY(cli_check_module(cli));
		TRY(loop_plan(&cli->ports, &cli->config, cli->arena, &state, plan));
		TRY(rehearse_estimate(&state, &cli->config, plan, cli->arena));
		struct buf document CLEANUP(buf_done) = BUF_INIT(64 << 20);
		upgrade_plan_write(plan, cli->arena, &document); /* sets the plan's id */
		seen = &state;
	}
	if (!cli_format_is(cli, "json"))
		cli_print_plan(cli, plan, seen);
	if (cli->config.dry_run) {
		*ret_go = false;
		return NULL;
	}
	return cli_confirm(cli, "Start this upgrade?", ret_go);
}

static struct error *run_upgrade(struct cli *cli, int *ret_exit)
{
	const char *path = cli->n_arguments ? cli->arguments[0] : NULL;
	TRY(cli_load_config(cli, !path));
	struct upgrade_plan plan = {0};
	if (path)
		TRY(read_plan(cli, path, &plan));
	TRY(cli_open_ports(cli, HOST_STORE_WRITE));
	const char *run = NULL;
	if (!cli_flag_given(cli, "new"))
		TRY(host_unfinished_run(cli->ports.store, cli->config.cluster, cli_flag_text(cli, "run"),
					path ? plan.plan_id : NULL, cli->arena, &run));
	if (!run) {
		bool go = false;
		TRY(prepare(cli, path, &plan, &go));
		if (!go) {
			*ret_exit = cli->config.dry_run ? EXIT_DONE : EXIT_HELD;
			return NULL;
		}
	}
	struct agent_options options = {.ports = &cli->ports,
					.config = &cli->config,
					.run_id = run,
					.take_over = cli_flag_given(cli, "take-over"),
					.answer_approvals = cli->config.yes};
	struct agent *agent;
	TRY(agent_open(&options, run ? NULL : &plan, &agent));
	struct error *error = drive_run(cli, agent, ret_exit);
	agent_close(agent);
	return error;
}

static const char *who(struct cli *cli)
{
	struct passwd *user = getpwuid(getuid());
	char host[256] = "";
	gethostname(host, sizeof host - 1);
	return arena_printf(cli->arena, "%s@%s", user ? user->pw_name : "unknown", host);
}

/* Writes a word into the run's requests; whoever drives the run takes it in with its next tick. */
static struct error *say(struct cli *cli, const char *word, const char *step, const char **ret_run)
{
	TRY(cli_load_config(cli, false));
	TRY(cli_open_ports(cli, HOST_STORE_WRITE));
	TRY(cli_find_run(cli, ret_run));
	struct run_state *state;
	TRY(run_state_load(cli->ports.store, *ret_run, &state));
	struct error *deaf = cli_as_usage(agent_request_check(state, word, step));
	run_state_free(state);
	if (deaf || cli->config.dry_run)
		return deaf;
	return agent_request(cli->ports.store, cli->ports.clock, *ret_run, word, step, who(cli),
			     cli_flag_text(cli, "reason"));
}

static struct error *run_word(struct cli *cli, int *ret_exit)
{
	const char *run, *step = cli->n_arguments ? cli->arguments[0] : NULL;
	TRY(say(cli, cli->command->name, step, &run));
	*ret_exit = EXIT_DONE;
	bool dry = cli->config.dry_run;
	if (cli_format_is(cli, "json"))
		cli_print_document(cli, json_pack("{s:s, s:s?, s:s, s:b}", "word", cli->command->name, "step", step,
						  "run", run, "noted", !dry));
	else
		buf_printf(cli->out, "%s%s%s: %s for run %.8s%s\n", cli->command->name, step ? " " : "",
			   step ? step : "", dry ? "would be noted" : "noted", run,
			   dry ? "" : "; the running agent takes it in, otherwise: eks-upgrade-agent upgrade");
	return NULL;
}

static struct error *ask_back(struct cli *cli, const char *run, bool *ret_go)
{
	struct run_state *state;
	TRY(run_state_load(cli->ports.store, run, &state));
	char took[TIME_TEXT];
	struct buf question CLEANUP(buf_done) = BUF_INIT(1 << 16);
	buf_printf(&question, "Roll back %s to Blue: %s (about %s).", state->plan.cluster_name,
		   state->plan.rollback_plan.description ? state->plan.rollback_plan.description
							 : "all traffic to Blue",
		   duration_format(state->plan.rollback_plan.estimated_duration_ms, took));
	enum run_result result = state->result;
	run_state_free(state);
	if (result == RUN_COMPLETED)
		return error_remedy(error_new(ERROR_PRECONDITION, "run %.8s is completed: there is no way back", run),
				    "eks-upgrade-agent report tells what was done");
	*ret_go = cli_flag_given(cli, "now") || run_result_ended(result); /* of what is over nothing is asked */
	if (cli->config.dry_run)
		buf_printf(cli->out, "%s\n", buf_str(&question));
	if (cli->config.dry_run || *ret_go)
		return NULL;
	buf_puts(&question, " Do it?");
	return cli_confirm(cli, buf_str(&question), ret_go);
}

static struct error *run_rollback(struct cli *cli, int *ret_exit)
{
	TRY(cli_load_config(cli, false));
	TRY(cli_open_ports(cli, HOST_STORE_WRITE));
	const char *run;
	TRY(cli_find_run(cli, &run));
	bool go = false;
	TRY(ask_back(cli, run, &go));
	*ret_exit = cli->config.dry_run ? EXIT_DONE : EXIT_HELD;
	if (!go || cli->config.dry_run)
		return NULL;
	TRY(agent_request(cli->ports.store, cli->ports.clock, run, "rollback", NULL, who(cli),
			  cli_flag_text(cli, "reason")));
	struct agent_options options = {.ports = &cli->ports,
					.config = &cli->config,
					.run_id = run,
					.take_over = cli_flag_given(cli, "take-over")};
	struct agent *agent;
	struct error *error = agent_open(&options, NULL, &agent);
	if (error && error->class == ERROR_CONFLICT) {
		buf_printf(cli->out, "rollback: noted for run %.8s; %s; it rolls back with its next tick\n", run,
			   error->message);
		error_free(error);
		*ret_exit = EXIT_DONE;
		return NULL;
	}
	if (error)
		return error;
	error = drive_run(cli, agent, ret_exit);
	if (*ret_exit == EXIT_ROLLED_BACK) /* that is what was asked for */
		*ret_exit = EXIT_DONE;
	agent_close(agent);
	return error;
}

const struct cli_command cli_command_upgrade = {
	.name = "upgrade",
	.arguments = "[PLAN]",
	.doc = "execute a plan, or go on with the unfinished run",
	.max_arguments = 1,
	.flags = upgrade_flags,
	.run = run_upgrade,
};
const struct cli_command cli_command_approve = {
	.name = "approve",
	.arguments = "STEP",
	.doc = "say yes to a step that waits for a person",
	.min_arguments = 1,
	.max_arguments = 1,
	.flags = word_flags,
	.run = run_word,
};
const struct cli_command cli_command_pause = {
	.name = "pause",
	.arguments = "",
	.doc = "start nothing new until resume",
	.flags = word_flags,
	.run = run_word,
};
const struct cli_command cli_command_resume = {
	.name = "resume",
	.arguments = "",
	.doc = "go on after pause, or try a held step again",
	.flags = word_flags,
	.run = run_word,
};
const struct cli_command cli_command_cancel = {
	.name = "cancel",
	.arguments = "",
	.doc = "give the upgrade up: back to Blue",
	.flags = word_flags,
	.run = run_word,
};
const struct cli_command cli_command_rollback = {
	.name = "rollback",
	.arguments = "",
	.doc = "bring all traffic back to Blue and undo what was made",
	.flags = rollback_flags,
	.run = run_rollback,
};
