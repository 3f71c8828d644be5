/* The library's public face: the agent as opaque object. A host like the command line: it opens the real outside,
 * drives the tick, and keeps the last error for whoever asks. Nothing of the inside's types leaves here. */
#include "eks_upgrade_agent.h"

#include <stdlib.h>
#include <string.h>
#include "agent/agent.h"
#include "agent/host.h"
#include "agent/loop.h"
#include "codec/document.h"

#define EXPORT __attribute__((visibility("default")))

struct eua_agent {
	struct arena *arena;
	struct config config;
	struct config_source source;
	bool yes, take_over, usable;
	void (*progress)(void *context, const char *status_json);
	void *context;
	uint64_t told; /* records, when progress was last called */
	volatile int stop;
	char *message, *remedy;
};

static void forget_error(struct eua_agent *agent)
{
	free(agent->message);
	free(agent->remedy);
	agent->message = agent->remedy = NULL;
}

/* Keeps what an error says; `error` is taken, NULL is EUA_DONE. */
static enum eua_outcome ended(struct eua_agent *agent, struct error *error, enum eua_outcome otherwise)
{
	forget_error(agent);
	if (!error)
		return otherwise;
	struct buf line CLEANUP(buf_done) = BUF_INIT(1 << 20);
	error_line(error, &line);
	agent->message = mem_strdup(buf_str(&line));
	for (const struct error *cause = error; cause && !agent->remedy; cause = cause->cause)
		agent->remedy = mem_strdup(cause->remedy);
	bool held = error->class == ERROR_CANCELLED || (error->code && !strcmp(error->code, "NeedsPerson"));
	error_free(error);
	return held ? EUA_HELD : EUA_FAILED;
}

static enum eua_outcome wrong_usage(struct eua_agent *agent, struct error *error)
{
	enum eua_outcome outcome = ended(agent, error, EUA_DONE);
	return outcome == EUA_DONE ? EUA_DONE : EUA_USAGE;
}

static struct error *read_settings(struct eua_agent *agent, const char *const *settings)
{
	struct config_flag *flags = NULL;
	size_t n = 0;
	for (; settings && *settings; settings++) {
		const char *equals = strchr(*settings, '=');
		if (!equals)
			return error_remedy(error_new(ERROR_INVALID, "setting \"%s\" has no value", *settings),
					    "write it as KEY=VALUE, e.g. traffic.steps=10,50,100");
		*ARENA_PUSH(agent->arena, flags, n) = (struct config_flag){
			arena_strndup(agent->arena, *settings, (size_t)(equals - *settings)),
			arena_strdup(agent->arena, equals + 1), arena_printf(agent->arena, "setting %s", *settings)};
	}
	agent->source.flags = flags;
	agent->source.n_flags = n;
	return config_load(&agent->source, agent->arena, &agent->config, NULL, NULL);
}

EXPORT enum eua_outcome eua_agent_new(const struct eua_options *given, struct eua_agent **ret)
{
	struct eua_options options = {0};
	struct eua_agent *agent = mem_alloc(sizeof *agent);
	*agent = (struct eua_agent){.arena = arena_new()};
	*ret = agent;
	if (given && given->size < offsetof(struct eua_options, yes))
		return wrong_usage(agent, error_new(ERROR_INVALID, "the options' size is not set"));
	if (given)
		memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
	agent->source.file = options.config_file ? arena_strdup(agent->arena, options.config_file) : NULL;
	agent->yes = options.yes;
	agent->take_over = options.take_over;
	agent->progress = options.progress;
	agent->context = options.context;
	enum eua_outcome outcome = wrong_usage(agent, read_settings(agent, options.settings));
	agent->usable = outcome == EUA_DONE;
	return outcome;
}

EXPORT void eua_agent_free(struct eua_agent *agent)
{
	if (!agent)
		return;
	forget_error(agent);
	arena_free(agent->arena);
	free(agent);
}

static enum eua_outcome outcome_of(const struct run_state *state)
{
	switch (state->result) {
	case RUN_COMPLETED:
		return EUA_DONE;
	case RUN_ROLLED_BACK:
	case RUN_CANCELLED:
		return EUA_ROLLED_BACK;
	case RUN_FAILED:
		return EUA_FAILED;
	case RUN_RUNNING:
	case RUN_HELD:
	case RUN_PAUSED:
	case RUN_ROLLING_BACK:
	default:
		return EUA_HELD;
	}
}

static void tell(void *context, const struct run_state *state)
{
	struct eua_agent *agent = context;
	if (agent->told == state->records)
		return;
	agent->told = state->records;
	struct buf text CLEANUP(buf_done) = BUF_INIT((size_t)1 << 30);
	json_t *document DOCUMENT_CLEANUP = run_state_json(state);
	document_print(document, false, &text);
	agent->progress(agent->context, buf_str(&text));
}

/* Why a run is not done, where no error says it: the run's own reason, or whom it waits for. */
static void keep_reason(struct eua_agent *agent, const struct run_state *state)
{
	forget_error(agent);
	agent->message = mem_strdup(state->reason);
	for (size_t i = 0; i < state->plan.n_steps && !agent->message; i++)
		if (state->steps[i].state == STEP_STATE_HELD)
			agent->message = mem_printf("%s: %s", state->steps[i].step->step_id,
						    state->steps[i].reason ? state->steps[i].reason : "held");
}

/* A run from here to its end, its hold, or the stop. */
static struct error *drive(struct eua_agent *agent, const struct host *host, const struct config *config,
			   const char *run, const struct upgrade_plan *plan, enum eua_outcome *ret)
{
	struct agent_options options = {.ports = &host->ports,
					.config = config,
					.run_id = run,
					.take_over = agent->take_over,
					.answer_approvals = agent->yes};
	struct agent *inner;
	agent->told = 0;
	TRY(agent_open(&options, run ? NULL : plan, &inner));
	struct error *error = agent_run(inner, &agent->stop, agent->progress ? tell : NULL, agent);
	*ret = outcome_of(agent_state(inner));
	if (!error && *ret != EUA_DONE)
		keep_reason(agent, agent_state(inner));
	agent_close(inner);
	return error;
}

static struct error *run_or_go_on(struct eua_agent *agent, const struct host *host, const struct config *config,
				  enum eua_outcome *ret)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct cluster_state state;
	struct upgrade_plan plan;
	const char *run;
	TRY(host_unfinished_run(host->ports.store, config->cluster, NULL, NULL, arena, &run));
	if (!run) {
		TRY(loop_plan(&host->ports, config, arena, &state, &plan));
		struct buf document CLEANUP(buf_done) = BUF_INIT(64 << 20);
		upgrade_plan_write(&plan, arena, &document); /* sets the plan's id */
	}
	return drive(agent, host, config, run, &plan, ret);
}

/* The configuration with what this call says; in `arena`. */
static struct error *configure(const struct eua_agent *agent, const char *const said[3], struct arena *arena,
			       struct config *ret)
{
	static const char *const keys[] = {"cluster", "target_version", "strategy"};
	struct config_source source = agent->source;
	struct config_flag *flags = NULL;
	size_t n = 0;
	for (size_t i = 0; i < source.n_flags; i++)
		*ARENA_PUSH(arena, flags, n) = source.flags[i];
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (said[i])
			*ARENA_PUSH(arena, flags, n) = (struct config_flag){keys[i], said[i], keys[i]};
	source.flags = flags;
	source.n_flags = n;
	TRY(config_load(&source, arena, ret, NULL, NULL));
	return ret->cluster ? NULL : error_new(ERROR_INVALID, "no cluster is named");
}

EXPORT enum eua_outcome eua_run_upgrade(struct eua_agent *agent, const char *cluster_name, const char *target_version,
					const char *strategy)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	const char *const said[] = {cluster_name, target_version, strategy};
	struct config config;
	struct host host;
	enum eua_outcome outcome = EUA_FAILED;
	if (!agent->usable)
		return EUA_USAGE;
	agent->stop = 0;
	enum eua_outcome wrong = wrong_usage(agent, configure(agent, said, arena, &config));
	if (wrong != EUA_DONE)
		return wrong;
	struct error *error = host_open(&host, &config, &agent->stop, HOST_STORE_WRITE);
	if (!error)
		error = run_or_go_on(agent, &host, &config, &outcome);
	host_close(&host);
	return error ? ended(agent, error, outcome) : outcome;
}

static struct error *read_status(struct eua_agent *agent, char **ret)
{
	struct host host;
	const char *run;
	struct run_state *state;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct config config = agent->config;
	config.clock_url = NULL; /* what happened is in the journal with its times */
	struct error *error = host_open(&host, &config, &agent->stop, HOST_STORE_READ);
	if (!error)
		error = host_find_run(host.ports.store, NULL, arena, &run);
	if (!error)
		error = run_state_load(host.ports.store, run, &state);
	if (!error) {
		struct buf text CLEANUP(buf_done) = BUF_INIT((size_t)1 << 30);
		json_t *document DOCUMENT_CLEANUP = run_state_json(state);
		document_print(document, true, &text);
		*ret = mem_strdup(buf_str(&text));
		run_state_free(state);
	}
	host_close(&host);
	return error;
}

EXPORT enum eua_outcome eua_get_upgrade_status(struct eua_agent *agent, char **ret_json)
{
	*ret_json = NULL;
	return agent->usable ? ended(agent, read_status(agent, ret_json), EUA_DONE) : EUA_USAGE;
}

/* Opens the journal, finds the newest run and says a word to it. `ret_run` is in `arena`. */
static struct error *say(struct eua_agent *agent, struct host *host, const char *word, const char *step,
			 const char *reason, struct arena *arena, const char **ret_run)
{
	TRY(host_open(host, &agent->config, &agent->stop, HOST_STORE_WRITE));
	TRY(host_find_run(host->ports.store, NULL, arena, ret_run));
	struct run_state *state;
	TRY(run_state_load(host->ports.store, *ret_run, &state));
	struct error *deaf = agent_request_check(state, word, step);
	run_state_free(state);
	if (deaf)
		return deaf;
	return agent_request(host->ports.store, host->ports.clock, *ret_run, word, step, "library", reason);
}

EXPORT enum eua_outcome eua_approve(struct eua_agent *agent, const char *step, const char *reason)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct host host;
	const char *run;
	if (!agent->usable)
		return EUA_USAGE;
	struct error *error = say(agent, &host, "approve", step, reason, arena, &run);
	host_close(&host);
	return ended(agent, error, EUA_DONE);
}

EXPORT enum eua_outcome eua_trigger_rollback(struct eua_agent *agent, const char *reason)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct host host;
	const char *run;
	enum eua_outcome outcome = EUA_FAILED;
	if (!agent->usable)
		return EUA_USAGE;
	agent->stop = 0;
	struct error *error = say(agent, &host, "rollback", NULL, reason, arena, &run);
	if (!error)
		error = drive(agent, &host, &agent->config, run, NULL, &outcome);
	bool elsewhere = error && error->code && !strcmp(error->code, "LeaseHeld");
	host_close(&host);
	outcome = error ? ended(agent, error, outcome) : outcome;
	return elsewhere		    ? EUA_HELD
	       : outcome == EUA_ROLLED_BACK ? EUA_DONE
	       : outcome == EUA_DONE	    ? EUA_FAILED
					    : outcome;
}

EXPORT void eua_stop(struct eua_agent *agent)
{
	agent->stop = 1;
}

EXPORT const char *eua_error_message(const struct eua_agent *agent)
{
	return agent->message;
}

EXPORT const char *eua_error_remedy(const struct eua_agent *agent)
{
	return agent->remedy;
}

EXPORT void eua_free(char *text)
{
	free(text);
}

EXPORT const char *eua_version(void)
{
	return EUA_VERSION;
}
