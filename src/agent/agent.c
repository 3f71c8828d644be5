/* The agent: opened on a run, ticked by a host, closed at a safe border. */
#include "agent/agent.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/agent_internal.h"
#include "base/digest.h"
#include "base/time.h"
#include "codec/document.h"

struct error *agent_record(struct agent *agent, const char *step, enum journal_kind kind, json_t *payload)
{
	json_t *kept DOCUMENT_CLEANUP = payload ? json_incref(payload) : json_object();
	struct journal_record record = {.step = step,
					.kind = kind,
					.payload = kept,
					.time_ms = clock_wall_ms(agent->ports.clock),
					.epoch = journal_epoch(agent->journal)};
	TRY(journal_append(agent->journal, step, kind, payload));
	return run_state_apply(agent->state, &record);
}

static const struct step_type *agent_type_of(const struct agent *agent, const char *executor)
{
	for (size_t i = 0; i < ARRAY_SIZE(agent->types); i++)
		for (const struct step_type *const *type = agent->types[i]; type && *type; type++)
			if (!strcmp((*type)->executor, executor))
				return *type;
	return NULL;
}

static char *make_owner(void)
{
	struct passwd *user = getpwuid(getuid());
	char host[256] = "";
	gethostname(host, sizeof host - 1);
	return mem_printf("%s@%s pid %ld", user ? user->pw_name : "unknown", host, (long)getpid());
}

static char *make_run_id(const struct ports *ports)
{
	char time[TIME_TEXT];
	uint32_t chance;
	random_bytes(ports->random, &chance, sizeof chance);
	time_format_basic(clock_wall_ms(ports->clock), time);
	return mem_printf("%08x-%.15s", chance, time);
}

/* A lease left behind by a process of this machine that is gone is nobody's. */
static struct error *open_journal(const struct agent_options *options, const char *run, const char *owner,
				  struct journal **ret)
{
	int64_t lease_ms = options->config->lease_ttl_ms;
	struct error *error = journal_open(options->ports, run, owner, options->take_over, lease_ms, ret);
	if (!error || !error->code || strcmp(error->code, "LeaseHeld") != 0 || !agent_owner_is_dead(error->operation))
		return error;
	error_free(error);
	return journal_open(options->ports, run, owner, true, lease_ms, ret);
}

/* A step of a kind that this program does not know is found before anything is done. */
static struct error *know_all_steps(const struct agent *agent, const struct upgrade_plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (!agent_type_of(agent, plan->steps[i].executor))
			return error_remedy(
				error_new(ERROR_INVALID,
					  "step \"%s\" is of a kind that this program does not know: \"%s\"",
					  plan->steps[i].step_id, plan->steps[i].executor),
				"use the eks-upgrade-agent that made the plan, or plan anew");
	return NULL;
}

static struct error *begin_run(struct agent *agent, const struct upgrade_plan *plan)
{
	TRY(know_all_steps(agent, plan));
	json_t *document = document_encode(&upgrade_plan_model, plan);
	agent->state = mem_alloc(sizeof *agent->state);
	agent->state->arena = arena_new();
	return agent_record(
		agent, NULL, JOURNAL_CREATED,
		json_pack("{s:o, s:s, s:s}", "plan", document, "owner", agent->owner, "version", EUA_VERSION));
}

/* Takes up a run: its chain is proven first, and a record says who goes on, so that whoever held it before is fenced.
 */
static struct error *continue_run(struct agent *agent, const char *run)
{
	uint64_t proven;
	TRY(journal_verify(agent->ports.store, run, &proven));
	TRY(run_state_load(agent->ports.store, run, &agent->state));
	TRY(know_all_steps(agent, &agent->state->plan));
	if (agent->state->ended_ms)
		return NULL;
	return agent_record(agent, NULL, JOURNAL_NOTE,
			    json_pack("{s:s, s:s, s:I}", "text", "taken up again", "owner", agent->owner, "proven",
				      (json_int_t)proven));
}

static void link_steps(struct agent *agent)
{
	struct run_state *state = agent->state;
	agent->links = mem_array(state->plan.n_steps, sizeof *agent->links);
	for (size_t i = 0; i < state->plan.n_steps; i++) {
		const struct upgrade_step *step = &state->plan.steps[i];
		const struct step_view **others =
			arena_alloc(state->arena, step->n_depends_on * sizeof(struct step_view *));
		for (size_t k = 0; k < step->n_depends_on; k++)
			others[k] = run_state_step(state, step->depends_on[k]);
		agent->links[i] = (struct step_links){agent_type_of(agent, step->executor), others};
	}
}

struct error *agent_open(const struct agent_options *options, const struct upgrade_plan *plan, struct agent **ret)
{
	struct agent *agent = mem_alloc(sizeof *agent);
	agent->ports = *options->ports;
	agent->config = options->config;
	agent->owner = options->owner ? mem_strdup(options->owner) : make_owner();
	agent->answer_approvals = options->answer_approvals;
	agent->take_over = options->take_over;
	agent->types[0] = options->step_types ? options->step_types : execution_step_types;
	agent->types[1] = options->step_types ? NULL : validation_step_types;
	agent->world = (struct world){.ports = &agent->ports, .config = agent->config};
	char *run CLEANUP(mem_freep) = options->run_id ? mem_strdup(options->run_id) : make_run_id(options->ports);
	struct error *error = open_journal(options, run, agent->owner, &agent->journal);
	if (!error)
		error = options->run_id ? continue_run(agent, run) : begin_run(agent, plan);
	if (error) {
		agent_close(agent);
		return error;
	}
	if (!agent->state->run_id)
		agent->state->run_id = TAKE(run);
	agent->runtime = mem_array(agent->state->plan.n_steps, sizeof *agent->runtime);
	link_steps(agent);
	agent_prober_init(agent);
	agent->prober.requests = agent->state->prober_requests;
	agent->prober.failed = agent->state->prober_failed;
	agent->prober.longest_gap_ms = agent->state->prober_longest_gap_ms;
	agent->prober.recorded_ms = clock_mono_ms(agent->ports.clock);
	*ret = agent;
	return NULL;
}

void agent_close(struct agent *agent)
{
	if (!agent)
		return;
	if (agent->state && agent->journal)
		error_ignore(agent_record_prober(agent));
	agent_release_cluster(agent);
	json_decref(agent->lease.seen);
	journal_close(agent->journal);
	run_state_free(agent->state);
	world_done(&agent->world);
	free(agent->runtime);
	free(agent->links);
	free(agent->breakers);
	free(agent->prober.failing_since_ms);
	free(agent->owner);
	free(agent);
}

const struct run_state *agent_state(const struct agent *agent)
{
	return agent->state;
}

static bool has_ended(const struct run_state *state)
{
	return state->ended_ms != 0;
}

struct error *agent_tick(struct agent *agent, int64_t *ret_again_mono_ms)
{
	int64_t next_ms = INT64_MAX, others_ms = INT64_MAX;
	*ret_again_mono_ms = INT64_MAX;
	if (has_ended(agent->state))
		return NULL;
	TRY(journal_check(agent->journal));
	TRY(agent_hold_cluster(agent, &others_ms));
	TRY(agent_take_requests(agent));
	TRY(agent_probe(agent, &others_ms));
	TRY(agent->state->rolling_back ? agent_backward(agent, &next_ms) : agent_forward(agent, &next_ms));
	if (has_ended(agent->state) || next_ms == INT64_MAX) /* over, or only a person's word goes on */
		return NULL;
	*ret_again_mono_ms = next_ms < others_ms ? next_ms : others_ms;
	return NULL;
}

struct error *agent_run(struct agent *agent, volatile const int *interrupted,
			void (*progress)(void *context, const struct run_state *state), void *context)
{
	while (!interrupted || !*interrupted) {
		int64_t again_ms;
		TRY(agent_tick(agent, &again_ms));
		if (progress)
			progress(context, agent->state);
		if (again_ms == INT64_MAX)
			break;
		if (again_ms > clock_mono_ms(agent->ports.clock))
			clock_sleep_until(agent->ports.clock, again_ms);
	}
	return NULL;
}
