/* The fold: records in, state out. Every move of a step goes through one function that knows which are legal. */
#include "agent/state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"

const char *const step_state_names[] = {
#define STEP_STATE_TEXT(name, text, moves) text,
	STEP_STATES(STEP_STATE_TEXT)
#undef STEP_STATE_TEXT
};

const char *const run_result_names[] = {"running", "completed",	   "rolled-back", "held", "failed",
					"paused",  "rolling-back", "cancelled",	  NULL};

enum {
#define STEP_STATE_BIT(name, text, moves) name = 1u << STEP_STATE_##name,
	STEP_STATES(STEP_STATE_BIT)
#undef STEP_STATE_BIT
};

static const unsigned legal_moves[] = {
#define STEP_STATE_MOVES(name, text, moves) (moves),
	STEP_STATES(STEP_STATE_MOVES)
#undef STEP_STATE_MOVES
};

static struct error *move(struct step_view *view, enum step_state to)
{
	if (view->state == to)
		return NULL;
	if (!(legal_moves[view->state] & 1u << to))
		return error_new(ERROR_STATE, "step \"%s\" cannot go from %s to %s", view->step->step_id,
				 step_state_names[view->state], step_state_names[to]);
	view->state = to;
	return NULL;
}

struct step_view *run_state_step(struct run_state *state, const char *id)
{
	for (size_t i = 0; id && i < state->plan.n_steps; i++)
		if (!strcmp(state->steps[i].step->step_id, id))
			return &state->steps[i];
	return NULL;
}

static void set_text(char **slot, const char *text)
{
	if (!text)
		return;
	free(*slot);
	*slot = mem_strdup(text);
}

static struct error *take_plan(struct run_state *state, const struct journal_record *record)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(64 << 20);
	const json_t *plan = json_object_get(record->payload, "plan");
	if (!plan)
		return error_new(ERROR_STATE, "the run's first record holds no plan");
	document_print(plan, false, &text);
	TRY(upgrade_plan_read(buf_slice(&text), "journal", state->arena, &state->plan));
	state->created_ms = record->time_ms;
	state->steps = mem_array(state->plan.n_steps, sizeof *state->steps);
	for (size_t i = 0; i < state->plan.n_steps; i++)
		state->steps[i] = (struct step_view){.step = &state->plan.steps[i], .memory = json_object()};
	return NULL;
}

static void take_traffic(struct run_state *state, const struct journal_record *record)
{
	struct traffic_view *view = HEAP_PUSH(state->traffic, state->n_traffic);
	const char *verdict = document_text_or(record->payload, "verdict", "NO_DATA");
	*view = (struct traffic_view){.time_ms = record->time_ms,
				      .asked = document_real_or(record->payload, "asked", 0),
				      .measured = document_real_or(record->payload, "measured", NAN),
				      .step = mem_strdup(record->step),
				      .verdict = VERDICT_NO_DATA};
	for (int i = 0; verdict_names[i]; i++)
		if (!strcmp(verdict_names[i], verdict))
			view->verdict = (enum verdict)i;
}

/* A step's outcome: done, failed, held, undoing, undone, retry. */
static struct error *take_outcome(struct step_view *view, const struct journal_record *record)
{
	const char *word = document_text_or(record->payload, "result", "");
	view->ended_ms = record->time_ms;
	set_text(&view->detail, document_text(record->payload, "detail"));
	set_text(&view->reason, document_text(record->payload, "reason"));
	if (!strcmp(word, "undone"))
		return move(view, STEP_STATE_UNDONE);
	view->intent_open = false;
	if (!strcmp(word, "done"))
		return move(view, STEP_STATE_DONE);
	return move(view, STEP_STATE_FAILED);
}

/* The first step of traffic that is undone has sent everybody to Blue: in sync now, and seen when the TTL is over. */
static void take_all_blue(struct run_state *state, const struct step_view *view, const struct journal_record *record)
{
	if (!state->all_blue_ms && view->state == STEP_STATE_UNDONE && json_object_get(view->memory, "undo_change"))
		state->all_blue_ms = record->time_ms + document_int_or(view->memory, "undo_ttl_ms", 0);
}

static struct error *take_intent(struct step_view *view, const struct journal_record *record)
{
	view->attempt = (unsigned)document_int_or(record->payload, "attempt", 1);
	view->intent_open = true;
	view->ended_ms = 0;
	if (!view->started_ms)
		view->started_ms = view->running_since_ms = record->time_ms;
	return move(view, STEP_STATE_RUNNING);
}

static struct error *take_step(struct run_state *state, struct step_view *view, const struct journal_record *record)
{
	switch (record->kind) {
	case JOURNAL_INTENT:
		return document_true(record->payload, "undo") ? move(view, STEP_STATE_UNDOING)
							      : take_intent(view, record);
	case JOURNAL_OUTCOME:
		TRY(take_outcome(view, record));
		take_all_blue(state, view, record);
		return NULL;
	case JOURNAL_HELD:
		set_text(&view->reason, document_text(record->payload, "reason"));
		view->ended_ms = record->time_ms;
		return move(view, STEP_STATE_HELD);
	case JOURNAL_RESUMED:
		free(view->reason);
		view->reason = NULL;
		view->ended_ms = 0;
		view->running_since_ms = record->time_ms;
		return move(view, STEP_STATE_RUNNING);
	case JOURNAL_APPROVED:
		view->approved_until_ms = document_int_or(record->payload, "until_ms", 0);
		return NULL;
	case JOURNAL_OBSERVED:
		json_object_update(view->memory, json_object_get(record->payload, "memory"));
		set_text(&view->detail, document_text(record->payload, "detail"));
		return NULL;
	case JOURNAL_TRAFFIC:
		take_traffic(state, record);
		return NULL;
	case JOURNAL_CREATED:
	case JOURNAL_PERCEIVED:
	case JOURNAL_ANALYSED:
	case JOURNAL_PLANNED:
	case JOURNAL_VERDICT:
	case JOURNAL_ROLLBACK:
	case JOURNAL_COMPLETED:
	case JOURNAL_NOTE:
	case JOURNAL_KINDS:
	default:
		return NULL;
	}
}

static enum run_result result_of(const char *word)
{
	for (int i = 0; run_result_names[i]; i++)
		if (!strcmp(run_result_names[i], word))
			return (enum run_result)i;
	return RUN_FAILED;
}

static void take_prober(struct run_state *state, const json_t *prober)
{
	state->prober_requests = (uint64_t)document_int_or(prober, "requests", 0);
	state->prober_failed = (uint64_t)document_int_or(prober, "failed", 0);
	state->prober_longest_gap_ms = document_int_or(prober, "longest_gap_ms", 0);
}

struct error *run_state_apply(struct run_state *state, const struct journal_record *record)
{
	state->records++;
	if (record->kind == JOURNAL_CREATED)
		return take_plan(state, record);
	if (!state->steps)
		return error_new(ERROR_STATE, "the run does not begin with its plan");
	if (record->kind == JOURNAL_TRAFFIC || record->kind == JOURNAL_OBSERVED) {
		double asked = document_real_or(record->payload,
						record->kind == JOURNAL_TRAFFIC ? "asked" : "memory.asked", NAN);
		state->green_asked = isnan(asked) ? state->green_asked : asked;
	}
	struct step_view *view = run_state_step(state, record->step);
	if (view)
		return take_step(state, view, record);
	switch (record->kind) {
	case JOURNAL_ROLLBACK:
		state->rolling_back = true;
		state->rollback_ms = record->time_ms;
		state->result = RUN_ROLLING_BACK;
		set_text(&state->reason, document_text(record->payload, "reason"));
		return NULL;
	case JOURNAL_HELD:
		state->result = RUN_PAUSED;
		return NULL;
	case JOURNAL_RESUMED:
		state->result = state->rolling_back ? RUN_ROLLING_BACK : RUN_RUNNING;
		return NULL;
	case JOURNAL_COMPLETED:
		state->result = result_of(document_text_or(record->payload, "result", ""));
		set_text(&state->reason, document_text(record->payload, "reason"));
		state->ended_ms = record->time_ms;
		return NULL;
	case JOURNAL_OBSERVED:
		if (document_at(record->payload, "prober"))
			take_prober(state, document_at(record->payload, "prober"));
		state->requests_taken =
			(uint64_t)document_int_or(record->payload, "requests_taken", (int64_t)state->requests_taken);
		return NULL;
	case JOURNAL_CREATED:
	case JOURNAL_PERCEIVED:
	case JOURNAL_ANALYSED:
	case JOURNAL_PLANNED:
	case JOURNAL_APPROVED:
	case JOURNAL_INTENT:
	case JOURNAL_OUTCOME:
	case JOURNAL_VERDICT:
	case JOURNAL_TRAFFIC:
	case JOURNAL_NOTE:
	case JOURNAL_KINDS:
	default:
		return NULL;
	}
}

static struct error *apply_one(void *context, const struct journal_record *record)
{
	return run_state_apply(context, record);
}

struct error *run_state_load(struct store *store, const char *run_id, struct run_state **ret)
{
	struct run_state *state = mem_alloc(sizeof *state);
	state->arena = arena_new();
	state->run_id = mem_strdup(run_id);
	struct error *error = journal_read(store, run_id, 1, apply_one, state);
	if (!error && !state->steps)
		error = error_new(ERROR_NOT_FOUND, "no run \"%s\" in the journal", run_id);
	if (error) {
		run_state_free(state);
		return error;
	}
	*ret = state;
	return NULL;
}

void run_state_free(struct run_state *state)
{
	if (!state)
		return;
	for (size_t i = 0; state->steps && i < state->plan.n_steps; i++) {
		json_decref(state->steps[i].memory);
		free(state->steps[i].detail);
		free(state->steps[i].reason);
	}
	for (size_t i = 0; i < state->n_traffic; i++)
		free(state->traffic[i].step);
	free(state->traffic);
	free(state->steps);
	free(state->reason);
	free(state->run_id);
	arena_free(state->arena);
	free(state);
}

const char *run_state_serving(const struct run_state *state)
{
	return state->green_asked >= 50 ? "green" : "blue";
}

bool run_result_ended(enum run_result result)
{
	return result == RUN_COMPLETED || result == RUN_ROLLED_BACK || result == RUN_CANCELLED || result == RUN_FAILED;
}

enum run_result run_state_result(const struct run_state *state)
{
	if (state->result == RUN_RUNNING || state->result == RUN_ROLLING_BACK)
		for (size_t i = 0; i < state->plan.n_steps; i++)
			if (state->steps[i].state == STEP_STATE_HELD && !state->rolling_back)
				return RUN_HELD;
	return state->result;
}

static json_t *time_or_null(int64_t ms)
{
	char text[TIME_TEXT];
	return ms ? json_string(time_format_rfc3339(ms, text)) : json_null();
}

static json_t *rollback_json(const struct run_state *state)
{
	if (!state->rollback_ms)
		return json_null();
	json_t *after = state->all_blue_ms ? json_real((double)(state->all_blue_ms - state->rollback_ms) / SECOND_MS)
					   : json_null();
	return json_pack("{s:o, s:o, s:o}", "decided", time_or_null(state->rollback_ms), "all_blue",
			 time_or_null(state->all_blue_ms), "all_blue_after_s", after);
}

json_t *run_state_json(const struct run_state *state)
{
	json_t *steps = json_array(), *traffic = json_array();
	const char *waiting = NULL, *reason = state->reason;
	for (size_t i = 0; i < state->plan.n_steps; i++) {
		const struct step_view *view = &state->steps[i];
		json_array_append_new(steps, json_pack("{s:s, s:s, s:o, s:o, s:s, s:s?, s:s?}", "id",
						       view->step->step_id, "state", step_state_names[view->state],
						       "started", time_or_null(view->started_ms), "ended",
						       time_or_null(view->ended_ms), "name", view->step->name, "detail",
						       view->detail, "reason", view->reason));
		if (view->state != STEP_STATE_HELD)
			continue;
		waiting = view->step->step_id;
		reason = reason ? reason : view->reason;
	}
	for (size_t i = 0; i < state->n_traffic; i++) {
		const struct traffic_view *view = &state->traffic[i];
		json_array_append_new(traffic,
				      json_pack("{s:f, s:o, s:s, s:o, s:s}", "asked", view->asked, "measured",
						isnan(view->measured) ? json_null() : json_real(view->measured),
						"verdict", verdict_names[view->verdict], "time",
						time_or_null(view->time_ms), "step", view->step ? view->step : ""));
	}
	const struct upgrade_plan *plan = &state->plan;
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:I, s:s?, s:s, s:s, s:s, s:s?, s:s, s:s, s:s?, s:f, "
			 "s:o, s:o, s:o}",
			 "result", run_result_names[run_state_result(state)], "serving", run_state_serving(state),
			 "requests", (json_int_t)state->prober_requests, "failed_requests",
			 (json_int_t)state->prober_failed, "longest_gap_ms", (json_int_t)state->prober_longest_gap_ms,
			 "steps", steps, "traffic", traffic, "journal_records", (json_int_t)state->records, "reason",
			 reason, "run", state->run_id, "plan_id", plan->plan_id, "cluster", plan->cluster_name, "green",
			 plan->green_name, "source_version", plan->source_version, "target_version",
			 plan->target_version, "waiting_for", waiting, "green_asked", state->green_asked, "started",
			 time_or_null(state->created_ms), "ended", time_or_null(state->ended_ms), "rollback",
			 rollback_json(state));
}
