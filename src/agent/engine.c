/* Steps: forwards from check to outcome, backwards from undo to undone. */
#include <stdlib.h>
#include <string.h>
#include "agent/agent_internal.h"
#include "base/log.h"
#include "base/time.h"
#include "codec/document.h"

enum { DEFAULT_POLL_MS = 5000 };

static struct error *service_record(void *engine, const struct step_context *ctx, const char *kind, json_t *payload)
{
	static const struct {
		const char *name;
		enum journal_kind kind;
	} kinds[] = {{"observed", JOURNAL_OBSERVED},
		     {"verdict", JOURNAL_VERDICT},
		     {"traffic", JOURNAL_TRAFFIC},
		     {"note", JOURNAL_NOTE}};
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, kind))
			return agent_record(engine, ctx->step->step_id, kinds[i].kind, payload);
	json_decref(payload);
	return error_new(ERROR_BUG, "no record of kind \"%s\"", kind);
}

static json_t *service_memory(void *engine, const char *step_id)
{
	struct step_view *view = run_state_step(((struct agent *)engine)->state, step_id);
	return view && json_object_size(view->memory) ? view->memory : NULL;
}

static const struct step_services services = {service_record, service_memory};

static void agent_context(struct agent *agent, struct step_view *view, struct arena *arena, struct step_context *ret)
{
	*ret = (struct step_context){.world = &agent->world,
				     .plan = &agent->state->plan,
				     .step = view->step,
				     .run_id = agent->state->run_id,
				     .attempt = view->attempt ? view->attempt : 1,
				     .now_ms = clock_wall_ms(agent->ports.clock),
				     .started_ms = view->started_ms,
				     .memory = view->memory,
				     .arena = arena,
				     .services = &services,
				     .engine = agent};
}

static const struct step_links *links_of(const struct agent *agent, const struct step_view *view)
{
	return &agent->links[view - agent->state->steps];
}

static struct step_runtime *runtime_of(struct agent *agent, const struct step_view *view)
{
	return &agent->runtime[view - agent->state->steps];
}

static void want(int64_t *next_ms, int64_t at_ms)
{
	*next_ms = at_ms < *next_ms ? at_ms : *next_ms;
}

static struct error *outcome(struct agent *agent, struct step_view *view, const char *result, const char *detail,
			     const char *reason)
{
	return agent_record(agent, view->step->step_id, JOURNAL_OUTCOME,
			    json_pack("{s:s, s:s?, s:s?}", "result", result, "detail", detail, "reason", reason));
}

bool agent_blue_is_going(const struct agent *agent)
{
	for (size_t i = 0; i < agent->state->plan.n_steps; i++) {
		if (agent->state->steps[i].started_ms && agent->links[i].type->no_way_back)
			return true;
	}
	return false;
}

struct error *agent_roll_back(struct agent *agent, const char *reason)
{
	if (agent->state->rolling_back || agent->state->ended_ms)
		return NULL;
	if (agent_blue_is_going(agent)) /* Blue is being removed: there is nothing to go back to */
		return agent_record(agent, NULL, JOURNAL_NOTE,
				    json_pack("{s:s, s:s}", "text", "roll back refused: Blue is already being removed",
					      "reason", reason));
	log_info("agent", "rolling back: %s", reason); /* whoever follows the run tells it */
	return agent_record(agent, NULL, JOURNAL_ROLLBACK, json_pack("{s:s}", "reason", reason));
}

/* A step has failed: back to Blue. Also when that was all that could be written before a kill. */
static struct error *leave_failed(struct agent *agent, const struct step_view *view)
{
	char *why CLEANUP(mem_freep) =
		mem_printf("%s: %s", view->step->step_id, view->reason ? view->reason : "it failed");
	return agent_roll_back(agent, why);
}

/* A step cannot be done: back to Blue, or, past the point of no return, wait for a person. */
static struct error *fail_step(struct agent *agent, struct step_view *view, const char *reason)
{
	if (agent_blue_is_going(agent))
		return agent_record(agent, view->step->step_id, JOURNAL_HELD, json_pack("{s:s}", "reason", reason));
	TRY(outcome(agent, view, "failed", reason, reason));
	return leave_failed(agent, view);
}

static struct error *hold_step(struct agent *agent, struct step_view *view, const char *reason)
{
	return view->state == STEP_STATE_HELD
		       ? NULL
		       : agent_record(agent, view->step->step_id, JOURNAL_HELD, json_pack("{s:s}", "reason", reason));
}

/* Its deadline has passed. A wall clock that is set while we watch does not count. */
static bool overdue(struct agent *agent, const struct step_view *view)
{
	struct step_runtime *runtime = runtime_of(agent, view);
	int64_t now_ms = clock_mono_ms(agent->ports.clock);
	if (!runtime->seen) {
		int64_t spent_ms = clock_wall_ms(agent->ports.clock) - view->running_since_ms;
		runtime->spent_ms = spent_ms > 0 ? spent_ms : 0;
		runtime->seen_ms = now_ms;
		runtime->seen = true;
	}
	return view->step->deadline_ms && runtime->spent_ms + (now_ms - runtime->seen_ms) > view->step->deadline_ms;
}

static struct error *fail_overdue(struct agent *agent, struct step_view *view, const char *last)
{
	char text[TIME_TEXT];
	char *reason CLEANUP(mem_freep) =
		mem_printf("took longer than %s%s%s", duration_format(view->step->deadline_ms, text),
			   last ? "; last: " : "", last ? last : "");
	return fail_step(agent, view, reason);
}

/* A step in trouble says so on the screen at once and in the journal now and then: others read only that. */
static struct error *tell_trouble(struct agent *agent, struct step_view *view, const char *what, const char *line)
{
	unsigned failures = runtime_of(agent, view)->failures;
	free(view->detail);
	view->detail = mem_printf("%s (%u): %s", what, failures, line);
	if (failures != 2 && (failures < 8 || (failures & (failures - 1))))
		return NULL;
	return agent_record(agent, view->step->step_id, JOURNAL_OBSERVED, json_pack("{s:s}", "detail", view->detail));
}

static bool is_ground(const struct error *error)
{
	return error->class == ERROR_STATE ||
	       (error->class == ERROR_CONFLICT && error->code &&
		(!strcmp(error->code, "LeaseHeld") || !strcmp(error->code, "LeaseLost")));
}

static struct error *take_error(struct agent *agent, struct step_view *view, const struct step_type *type,
				struct error *error, int64_t *next_ms)
{
	struct step_runtime *runtime = runtime_of(agent, view);
	int64_t now_ms = clock_mono_ms(agent->ports.clock);
	struct buf line CLEANUP(buf_done) = BUF_INIT(1 << 16);
	if (is_ground(error))
		return error; /* the host must know */
	if (!runtime->failures++)
		runtime->failing_since_ms = now_ms;
	error_line(error, &line);
	/* programs fail long after they were started: what counts is how often they were */
	unsigned failures = error->class == ERROR_SUBPROCESS ? view->attempt : runtime->failures;
	enum policy policy = agent_policy(error->class, type->validates, failures, now_ms - runtime->failing_since_ms,
					  agent->config->validation.hold_timeout_ms);
	log_info("agent", "step %s: %s", view->step->step_id, buf_str(&line));
	runtime->live = runtime->live && !error->outcome_unknown;
	int64_t hint_ms = error->retry_after_ms > 0 ? error->retry_after_ms : 0;
	enum error_class class = error->class;
	error_free(error);
	TRY(agent_breaker_failed(agent, type, class));
	if (policy != POLICY_HOLD && overdue(agent, view))
		return fail_overdue(agent, view, buf_str(&line));
	if (policy == POLICY_FAIL)
		return fail_step(agent, view, buf_str(&line));
	if (policy == POLICY_HOLD)
		return hold_step(agent, view, buf_str(&line));
	if (policy == POLICY_ANEW) {
		TRY(agent_record(agent, view->step->step_id, JOURNAL_INTENT,
				 json_pack("{s:i, s:s}", "attempt", (int)view->attempt + 1, "reason", buf_str(&line))));
		runtime->live = false;
	} else {
		TRY(tell_trouble(agent, view, "tried again", buf_str(&line)));
	}
	int64_t pause_ms = agent_backoff_ms(runtime->failures, random_unit(agent->ports.random));
	runtime->next_ms = now_ms + (hint_ms > pause_ms && hint_ms < 5 * MINUTE_MS ? hint_ms : pause_ms);
	want(next_ms, runtime->next_ms);
	return NULL;
}

/* What start and poll said. */
static struct error *take_result(struct agent *agent, struct step_view *view, const struct step_type *type,
				 const struct step_result *result, int64_t *next_ms)
{
	struct step_runtime *runtime = runtime_of(agent, view);
	runtime->failures = 0;
	TRY(agent_breaker_answered(agent, type));
	switch (result->progress) {
	case STEP_DONE:
		want(next_ms, 0); /* others may begin now */
		return outcome(agent, view, "done", result->detail, NULL);
	case STEP_FAIL:
		want(next_ms, 0);
		return fail_step(agent, view, result->detail ? result->detail : "it did not pass");
	case STEP_HOLD:
		want(next_ms, 0); /* the yes may be there already */
		return hold_step(agent, view, result->detail ? result->detail : "waits for a person");
	case STEP_WAIT:
	default:
		break;
	}
	if (result->detail) {
		free(view->detail);
		view->detail = mem_strdup(result->detail); /* for the screen only; not worth a record */
	}
	if (overdue(agent, view))
		return fail_overdue(agent, view, result->detail);
	int64_t pause_ms = result->poll_after_ms    ? result->poll_after_ms
			   : type->poll_interval_ms ? type->poll_interval_ms
						    : DEFAULT_POLL_MS;
	runtime->next_ms = clock_mono_ms(agent->ports.clock) + pause_ms;
	want(next_ms, runtime->next_ms);
	return NULL;
}

static struct error *call(struct agent *agent, struct step_view *view, const struct step_type *type,
			  struct error *(*fn)(struct step_context *, struct step_result *), int64_t *next_ms)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct step_context ctx;
	struct step_result result = {0};
	TRY(journal_check(agent->journal));
	agent_context(agent, view, arena, &ctx);
	struct error *error = fn(&ctx, &result);
	char *detail UNUSED CLEANUP(mem_freep) = result.detail;
	return error ? take_error(agent, view, type, error, next_ms) : take_result(agent, view, type, &result, next_ms);
}

static struct error *ask_check(struct agent *agent, struct step_view *view, const struct step_type *type,
			       enum step_check *ret)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct step_context ctx;
	*ret = STEP_TODO;
	agent_context(agent, view, arena, &ctx);
	return type->check ? type->check(&ctx, ret) : NULL;
}

/* Begins a step, or takes it up again after a restart or an unknown outcome: look first, then act. */
static struct error *begin(struct agent *agent, struct step_view *view, const struct step_type *type, int64_t *next_ms)
{
	struct step_runtime *runtime = runtime_of(agent, view);
	enum step_check check;
	struct error *error = ask_check(agent, view, type, &check);
	if (error && view->state == STEP_STATE_PENDING) { /* even looking fails: that is already a try */
		TRY(agent_record(agent, view->step->step_id, JOURNAL_INTENT, json_pack("{s:i}", "attempt", 1)));
		return take_error(agent, view, type, error, next_ms);
	}
	if (error)
		return take_error(agent, view, type, error, next_ms);
	if (check == STEP_ALREADY) {
		want(next_ms, 0);
		return outcome(agent, view, "done", view->intent_open ? view->detail : "already so", NULL);
	}
	if (!view->intent_open)
		TRY(agent_record(agent, view->step->step_id, JOURNAL_INTENT, json_pack("{s:i}", "attempt", 1)));
	runtime->live = true;
	if (check == STEP_TODO && type->start) {
		TRY(call(agent, view, type, type->start, next_ms));
		runtime->live = runtime->failures == 0; /* a start that failed is begun anew, not polled */
		return NULL;
	}
	runtime->next_ms = clock_mono_ms(agent->ports.clock);
	want(next_ms, runtime->next_ms);
	return NULL;
}

static bool dependencies_done(const struct agent *agent, const struct step_view *view)
{
	for (size_t i = 0; i < view->step->n_depends_on; i++)
		if (links_of(agent, view)->depends_on[i]->state != STEP_STATE_DONE)
			return false;
	return true;
}

static struct error *run_step(struct agent *agent, struct step_view *view, int64_t *next_ms)
{
	struct step_runtime *runtime = runtime_of(agent, view);
	const struct step_type *type = links_of(agent, view)->type;
	int64_t now_ms = clock_mono_ms(agent->ports.clock);
	if (runtime->next_ms > now_ms) {
		want(next_ms, runtime->next_ms);
		return NULL;
	}
	if (!agent_breaker_allows(agent, type, next_ms))
		return NULL;
	if (!runtime->live)
		return begin(agent, view, type, next_ms);
	if (!type->poll)
		return outcome(agent, view, "done", view->detail, NULL);
	return call(agent, view, type, type->poll, next_ms);
}

/* A yes that is there and still good. */
static struct error *look_at_approval(struct agent *agent, struct step_view *view, int64_t *next_ms)
{
	int64_t now_ms = clock_wall_ms(agent->ports.clock);
	bool is_approval = !strcmp(view->step->executor, "approval");
	if (is_approval && agent->answer_approvals && agent->config->approvals_by_yes &&
	    view->approved_until_ms <= now_ms)
		TRY(agent_record(agent, view->step->step_id, JOURNAL_APPROVED,
				 json_pack("{s:s, s:I, s:s}", "by", "--yes", "until_ms",
					   (json_int_t)(now_ms + agent->config->approval_expires_ms), "plan_id",
					   agent->state->plan.plan_id)));
	if (!is_approval || view->approved_until_ms <= now_ms)
		return NULL;
	want(next_ms, 0);
	return agent_record(agent, view->step->step_id, JOURNAL_RESUMED, json_pack("{s:s}", "reason", "approved"));
}

struct error *agent_forward(struct agent *agent, int64_t *next_ms)
{
	struct run_state *state = agent->state;
	size_t running = 0, done = 0;
	for (size_t i = 0; i < state->plan.n_steps; i++)
		running += state->steps[i].state == STEP_STATE_RUNNING;
	for (size_t i = 0; i < state->plan.n_steps && !state->rolling_back; i++) {
		struct step_view *view = &state->steps[i];
		if (view->state == STEP_STATE_FAILED)
			TRY(leave_failed(agent, view));
		if (view->state == STEP_STATE_HELD)
			TRY(look_at_approval(agent, view, next_ms));
		bool may_begin = view->state == STEP_STATE_PENDING && state->result != RUN_PAUSED &&
				 (int64_t)running < agent->config->max_parallel_steps && dependencies_done(agent, view);
		if (view->state == STEP_STATE_RUNNING || may_begin) {
			running += may_begin;
			TRY(run_step(agent, view, next_ms));
		}
		done += view->state == STEP_STATE_DONE || view->state == STEP_STATE_SKIPPED;
	}
	if (state->rolling_back) {
		*next_ms = 0;
		return NULL;
	}
	if (done < state->plan.n_steps)
		return NULL;
	TRY(agent_record_prober(agent));
	return agent_record(agent, NULL, JOURNAL_COMPLETED, json_pack("{s:s}", "result", "completed"));
}

static struct error *undo_again(struct agent *agent, struct step_view *view, struct error *error, int64_t *next_ms)
{
	struct step_runtime *runtime = runtime_of(agent, view);
	if (is_ground(error))
		return error;
	struct buf line CLEANUP(buf_done) = BUF_INIT(1 << 16);
	error_line(error, &line);
	error_free(error);
	runtime->failures++;
	TRY(tell_trouble(agent, view, "undo tried again", buf_str(&line)));
	log_warn("agent", "step %s: %s", view->step->step_id, view->detail);
	runtime->next_ms = clock_mono_ms(agent->ports.clock) +
			   agent_backoff_ms(runtime->failures, random_unit(agent->ports.random));
	want(next_ms, runtime->next_ms);
	return NULL;
}

static struct error *undo_step(struct agent *agent, struct step_view *view, int64_t *next_ms)
{
	struct step_runtime *runtime = runtime_of(agent, view);
	const struct step_type *type = links_of(agent, view)->type;
	if (view->state != STEP_STATE_UNDOING) {
		TRY(agent_record(agent, view->step->step_id, JOURNAL_INTENT, json_pack("{s:b}", "undo", 1)));
		*runtime = (struct step_runtime){0};
	}
	if (runtime->next_ms > clock_mono_ms(agent->ports.clock)) {
		want(next_ms, runtime->next_ms);
		return NULL;
	}
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct step_context ctx;
	struct step_result result = {.progress = type && type->undo ? STEP_WAIT : STEP_DONE};
	TRY(journal_check(agent->journal));
	agent_context(agent, view, arena, &ctx);
	struct error *error = type && type->undo ? type->undo(&ctx, &result) : NULL;
	char *detail CLEANUP(mem_freep) = result.detail;
	if (error)
		return undo_again(agent, view, error, next_ms);
	runtime->failures = 0;
	if (result.progress == STEP_DONE) {
		want(next_ms, 0);
		return outcome(agent, view, "undone", detail, NULL);
	}
	free(view->detail);
	view->detail = mem_strdup(detail);
	runtime->next_ms =
		clock_mono_ms(agent->ports.clock) + (result.poll_after_ms ? result.poll_after_ms : DEFAULT_POLL_MS);
	want(next_ms, runtime->next_ms);
	return NULL;
}

/* One step after another, the last first: traffic is back before anything below it is touched. */
struct error *agent_backward(struct agent *agent, int64_t *next_ms)
{
	struct run_state *state = agent->state;
	for (size_t i = state->plan.n_steps; i-- > 0;) {
		struct step_view *view = &state->steps[i];
		bool untouched = view->state == STEP_STATE_PENDING || view->state == STEP_STATE_SKIPPED ||
				 view->state == STEP_STATE_UNDONE;
		if (!untouched)
			return undo_step(agent, view, next_ms);
	}
	TRY(agent_record_prober(agent));
	return agent_record(agent, NULL, JOURNAL_COMPLETED,
			    json_pack("{s:s, s:s?}", "result", "rolled-back", "reason", state->reason));
}
