/* A run in the simulator: its own world, a store in memory, approvals answered. */
#include "rehearsal/rehearsal.h"

#include <stdlib.h>
#include <string.h>
#include "agent/agent.h"
#include "agent/loop.h"
#include "base/time.h"
#include "codec/document.h"
#include "codec/yaml.h"
#include "sim/sim.h"

enum { MOST_TICKS = 200000 };
#define LONGEST_MS (3 * DAY_MS)

struct rehearsal {
	const struct rehearsal_options *options;
	struct arena *arena;
	struct sim *sim;
	struct ports ports;
	struct config config;
	struct cluster_state seen;
	struct upgrade_plan plan;
	struct agent *agent;
	char *violation, *endless; /* NULL: none, it ended */
};

static struct error *make_config(struct rehearsal *rehearsal)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	sim_config(rehearsal->sim, &text);
	TRY(config_from_text(buf_slice(&text), "simulator", rehearsal->arena, &rehearsal->config));
	rehearsal->config.simulated = true;
	rehearsal->config.assess = rehearsal->options->assess;
	rehearsal->config.yes = true;
	const struct config *pace = rehearsal->options->pace;
	if (pace) {
		rehearsal->config.traffic.steps = pace->traffic.steps;
		rehearsal->config.traffic.n_steps = pace->traffic.n_steps;
		rehearsal->config.traffic.interval_ms = pace->traffic.interval_ms;
		rehearsal->config.bake_ms = pace->bake_ms;
	}
	if (rehearsal->options->target_version)
		rehearsal->config.target_version = rehearsal->options->target_version;
	return NULL;
}

/* Looking may meet faults too: a person would try again. */
static struct error *plan_patiently(struct rehearsal *rehearsal)
{
	struct error *error = NULL;
	for (int i = 0; i < 30; i++) {
		error_free(error);
		error = loop_plan(&rehearsal->ports, &rehearsal->config, rehearsal->arena, &rehearsal->seen,
				  &rehearsal->plan);
		if (!error)
			return NULL;
		clock_sleep(rehearsal->ports.clock, MINUTE_MS);
	}
	return error;
}

/* A fault that never ends keeps a run from its end: a roll back is tried until it is done. */
static char *still_at(const struct run_state *state)
{
	for (size_t i = 0; i < state->plan.n_steps; i++) {
		const struct step_view *view = &state->steps[i];
		if (view->state == STEP_STATE_RUNNING || view->state == STEP_STATE_UNDOING)
			return mem_printf("after three days of virtual time %s is still %s: %s; a fault without an end "
					  "keeps it, give it one (for 30m)",
					  view->step->step_id, step_state_names[view->state],
					  view->reason	 ? view->reason
					  : view->detail ? view->detail
							 : "no word of why");
	}
	return mem_strdup("it did not end within three days of virtual time");
}

static struct error *run(struct rehearsal *rehearsal)
{
	int64_t end_ms = sim_now_ms(rehearsal->sim) + LONGEST_MS;
	for (unsigned tick = 0; tick < MOST_TICKS; tick++) {
		int64_t again_ms;
		TRY(agent_tick(rehearsal->agent, &again_ms));
		if (rehearsal->options->progress)
			rehearsal->options->progress(rehearsal->options->context, agent_state(rehearsal->agent),
						     sim_now_ms(rehearsal->sim));
		if (rehearsal->options->check_invariants && !rehearsal->violation)
			rehearsal->violation = sim_violation(rehearsal->sim);
		if (rehearsal->violation || again_ms == INT64_MAX)
			return NULL;
		if (sim_now_ms(rehearsal->sim) > end_ms) {
			rehearsal->endless = still_at(agent_state(rehearsal->agent));
			return NULL;
		}
		clock_sleep_until(rehearsal->ports.clock, again_ms);
	}
	return error_new(ERROR_BUG, "the run did not end within %d ticks", MOST_TICKS);
}

static json_t *result_of(struct rehearsal *rehearsal, int64_t started_ms, uint64_t proven)
{
	json_t *result = run_state_json(agent_state(rehearsal->agent));
	struct sim_users users;
	sim_users(rehearsal->sim, &users);
	json_object_set_new(result, "requests", json_integer((json_int_t)users.requests));
	json_object_set_new(result, "failed_requests", json_integer((json_int_t)users.failed));
	json_object_set_new(result, "green_requests", json_integer((json_int_t)users.green_requests));
	json_object_set_new(result, "longest_gap_ms", json_integer(users.longest_gap_ms));
	json_object_set_new(result, "virtual_duration_s",
			    json_integer((sim_now_ms(rehearsal->sim) - started_ms) / SECOND_MS));
	json_object_set_new(result, "records_proven", json_integer((json_int_t)proven));
	json_object_set_new(result, "world", sim_truth(rehearsal->sim));
	if (rehearsal->violation || rehearsal->endless) {
		json_object_set_new(result, "result", json_string("failed"));
		json_object_set_new(result, "reason",
				    rehearsal->violation ? document_printf("invariant broken: %s", rehearsal->violation)
							 : json_string(rehearsal->endless));
	}
	return result;
}

static struct error *play(struct rehearsal *rehearsal, json_t **ret)
{
	struct agent_options options = {.ports = &rehearsal->ports,
					.config = &rehearsal->config,
					.owner = "rehearsal",
					.answer_approvals = true};
	int64_t started_ms = sim_now_ms(rehearsal->sim);
	uint64_t proven;
	TRY(make_config(rehearsal));
	TRY(plan_patiently(rehearsal));
	TRY(agent_open(&options, &rehearsal->plan, &rehearsal->agent));
	TRY(run(rehearsal));
	TRY(journal_verify(rehearsal->ports.store, agent_state(rehearsal->agent)->run_id, &proven));
	*ret = result_of(rehearsal, started_ms, proven);
	return NULL;
}

struct error *rehearse_run(const struct rehearsal_options *options, json_t **ret)
{
	struct rehearsal rehearsal = {.options = options, .arena = arena_new()};
	struct sim_options world = {.cluster = options->cluster,
				    .snapshot = options->snapshot,
				    .seed = options->seed,
				    .faults = options->faults,
				    .n_faults = options->n_faults,
				    .random_faults = options->random_faults};
	struct store *own CLEANUP(store_freep) = options->store ? NULL : store_memory_new();
	struct error *error = sim_new(&world, &rehearsal.sim);
	if (!error) {
		sim_ports(rehearsal.sim, &rehearsal.ports);
		rehearsal.ports.store = options->store ? options->store : own;
		error = play(&rehearsal, ret);
	}
	agent_close(rehearsal.agent);
	sim_free(rehearsal.sim);
	free(rehearsal.violation);
	free(rehearsal.endless);
	arena_free(rehearsal.arena);
	return error;
}

/* Durations of steps as the simulator took them. */
static void take_durations(const json_t *result, struct upgrade_plan *plan)
{
	size_t i;
	const json_t *seen;
	plan->estimated_duration_ms = 0;
	for (size_t k = 0; k < plan->n_steps; k++) {
		json_array_foreach (json_object_get(result, "steps"), i, seen) {
			int64_t started_ms, ended_ms;
			if (!strcmp(document_text_or(seen, "id", ""), plan->steps[k].step_id) &&
			    time_parse_rfc3339(slice_of(document_text_or(seen, "started", "")), &started_ms) &&
			    time_parse_rfc3339(slice_of(document_text_or(seen, "ended", "")), &ended_ms))
				plan->steps[k].estimated_duration_ms = ended_ms - started_ms;
		}
		plan->estimated_duration_ms += plan->steps[k].estimated_duration_ms;
	}
}

struct error *rehearse_estimate(const struct cluster_state *state, const struct config *config,
				struct upgrade_plan *plan, struct arena *arena)
{
	struct rehearsal_options options = {
		.snapshot = state, .target_version = plan->target_version, .pace = config, .seed = 1};
	json_t *result DOCUMENT_CLEANUP = NULL;
	struct error *error = rehearse_run(&options, &result);
	if (error) { /* an estimate is no reason to have no plan */
		error_free(error);
		return NULL;
	}
	take_durations(result, plan);
	struct buf text CLEANUP(buf_done) = BUF_INIT(64 << 20);
	upgrade_plan_write(plan, arena, &text);
	return NULL;
}
