/* The fold: every state of a step against every record, and the document that status prints. */
#include <stdlib.h>
#include <string.h>
#include "agent/fake.h"
#include "codec/document.h"

/* Where a step goes from each state by each record; "!" where that is no move of a step's life. Written by hand beside
 * the table in state.h, on purpose: the two must agree. */
enum event { INTENT, DONE, FAILED, HELD, RESUMED, UNDO, UNDONE, EVENTS };
static const char *const expected[STEP_STATE_COUNT][EVENTS] = {
	/*                      intent     done    failed    held    resumed    undo       undone */
	[STEP_STATE_PENDING] = {"running", "done", "!", "held", "running", "!", "!"},
	[STEP_STATE_RUNNING] = {"running", "done", "failed", "held", "running", "undoing", "!"},
	[STEP_STATE_HELD] = {"running", "done", "failed", "held", "running", "undoing", "!"},
	[STEP_STATE_DONE] = {"!", "done", "!", "!", "!", "undoing", "!"},
	[STEP_STATE_FAILED] = {"running", "!", "failed", "!", "running", "undoing", "!"},
	[STEP_STATE_UNDOING] = {"!", "!", "!", "!", "!", "undoing", "undone"},
	[STEP_STATE_UNDONE] = {"!", "!", "!", "!", "!", "!", "undone"},
	[STEP_STATE_SKIPPED] = {"!", "!", "!", "!", "!", "!", "!"},
};

static struct error *apply(struct run_state *state, const char *step, enum journal_kind kind, json_t *payload,
			   int64_t time_ms)
{
	struct journal_record record = {.step = step, .kind = kind, .payload = payload, .time_ms = time_ms};
	struct error *error = run_state_apply(state, &record);
	json_decref(payload);
	return error;
}

static struct error *happen(struct run_state *state, enum event event)
{
	switch (event) {
	case INTENT:
		return apply(state, "one", JOURNAL_INTENT, json_pack("{s:i}", "attempt", 1), 5000);
	case DONE:
		return apply(state, "one", JOURNAL_OUTCOME, json_pack("{s:s}", "result", "done"), 5000);
	case FAILED:
		return apply(state, "one", JOURNAL_OUTCOME, json_pack("{s:s}", "result", "failed"), 5000);
	case HELD:
		return apply(state, "one", JOURNAL_HELD, json_pack("{s:s}", "reason", "why"), 5000);
	case RESUMED:
		return apply(state, "one", JOURNAL_RESUMED, json_object(), 5000);
	case UNDO:
		return apply(state, "one", JOURNAL_INTENT, json_pack("{s:b}", "undo", 1), 5000);
	case UNDONE:
		return apply(state, "one", JOURNAL_OUTCOME, json_pack("{s:s}", "result", "undone"), 5000);
	case EVENTS:
	default:
		return NULL;
	}
}

static struct run_state *new_state(struct fake *fake)
{
	struct run_state *state = mem_alloc(sizeof *state);
	state->arena = arena_new();
	state->run_id = mem_strdup("run");
	fake_init(fake, 1);
	fake_add(fake, "one", "work", "", 1000);
	fake_add(fake, "two", "work", "one", 1000);
	fake_seal(fake);
	assert_null(apply(state, NULL, JOURNAL_CREATED,
			  json_pack("{s:o}", "plan", document_encode(&upgrade_plan_model, &fake->plan)), 1000));
	return state;
}

static void every_state_meets_every_record(void **ignored)
{
	(void)ignored;
	for (int from = 0; from < STEP_STATE_COUNT; from++) {
		for (int event = 0; event < EVENTS; event++) {
			struct fake fake;
			struct run_state *state = new_state(&fake);
			state->steps[0].state = (enum step_state)from;
			struct error *error ERROR_CLEANUP = happen(state, (enum event)event);
			const char *now = error ? "!" : step_state_names[state->steps[0].state];
			if (strcmp(now, expected[from][event]) != 0)
				fail_msg("%s + event %d: %s, not %s", step_state_names[from], event, now,
					 expected[from][event]);
			if (error) {
				assert_int_equal(error->class, ERROR_STATE);
				assert_non_null(strstr(error->message, "\"one\""));
				assert_int_equal(state->steps[0].state, from);
			}
			run_state_free(state);
			fake_done(&fake);
		}
	}
}

static void other_records_move_no_step(void **ignored)
{
	static const enum journal_kind kinds[] = {
		JOURNAL_PERCEIVED, JOURNAL_ANALYSED, JOURNAL_PLANNED,  JOURNAL_APPROVED,  JOURNAL_OBSERVED,
		JOURNAL_VERDICT,   JOURNAL_TRAFFIC,  JOURNAL_ROLLBACK, JOURNAL_COMPLETED, JOURNAL_NOTE};
	(void)ignored;
	for (int from = 0; from < STEP_STATE_COUNT; from++) {
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			struct fake fake;
			struct run_state *state = new_state(&fake);
			state->steps[0].state = (enum step_state)from;
			assert_null(apply(state, "one", kinds[i], json_object(), 5000));
			assert_int_equal(state->steps[0].state, from);
			run_state_free(state);
			fake_done(&fake);
		}
	}
}

static void records_before_the_plan_are_refused(void **ignored)
{
	struct run_state *state = mem_alloc(sizeof *state);
	(void)ignored;
	state->arena = arena_new();
	struct error *error ERROR_CLEANUP = apply(state, NULL, JOURNAL_NOTE, json_object(), 1);
	assert_non_null(error);
	run_state_free(state);
}

static void memory_and_times_are_kept(void **ignored)
{
	struct fake fake;
	struct run_state *state = new_state(&fake);
	(void)ignored;
	assert_null(apply(state, "one", JOURNAL_INTENT, json_pack("{s:i}", "attempt", 1), 2000));
	assert_true(state->steps[0].intent_open);
	assert_null(
		apply(state, "one", JOURNAL_OBSERVED, json_pack("{s:{s:s, s:i}}", "memory", "a", "x", "b", 1), 3000));
	assert_null(apply(state, "one", JOURNAL_OBSERVED,
			  json_pack("{s:{s:i}, s:s}", "memory", "b", 2, "detail", "half"), 4000));
	assert_int_equal(document_int_or(state->steps[0].memory, "b", 0), 2);
	assert_string_equal(document_text(state->steps[0].memory, "a"), "x");
	assert_string_equal(state->steps[0].detail, "half");
	assert_null(apply(state, "one", JOURNAL_INTENT, json_pack("{s:i}", "attempt", 2), 5000));
	assert_int_equal(state->steps[0].attempt, 2);
	assert_int_equal(state->steps[0].started_ms, 2000);
	assert_null(apply(state, "one", JOURNAL_HELD, json_pack("{s:s}", "reason", "r"), 6000));
	assert_null(apply(state, "one", JOURNAL_RESUMED, json_object(), 9000));
	assert_int_equal(state->steps[0].running_since_ms, 9000);
	assert_null(state->steps[0].reason);
	assert_null(apply(state, "one", JOURNAL_OUTCOME, json_pack("{s:s}", "result", "done"), 9500));
	assert_false(state->steps[0].intent_open);
	assert_int_equal(state->steps[0].ended_ms, 9500);
	run_state_free(state);
	fake_done(&fake);
}

static void status_has_its_fixed_names(void **ignored)
{
	static const char *const names[] = {
		"result",     "serving", "requests",	    "failed_requests", "longest_gap_ms",
		"steps",      "traffic", "journal_records", "reason",	       "run",
		"plan_id",    "cluster", "green",	    "source_version",  "target_version",
		"waiting_for"};
	struct fake fake;
	struct run_state *state = new_state(&fake);
	(void)ignored;
	assert_null(apply(state, "one", JOURNAL_INTENT, json_pack("{s:i}", "attempt", 1), 2000));
	assert_null(apply(state, "one", JOURNAL_TRAFFIC,
			  json_pack("{s:i, s:f, s:s}", "asked", 25, "measured", 24.5, "verdict", "PASS"), 3000));
	assert_null(
		apply(state, "one", JOURNAL_TRAFFIC, json_pack("{s:i, s:s}", "asked", 50, "verdict", "NO_DATA"), 4000));
	assert_null(apply(state, "one", JOURNAL_HELD, json_pack("{s:s}", "reason", "somebody must look"), 6000));
	json_t *told DOCUMENT_CLEANUP = run_state_json(state);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!json_object_get(told, names[i]))
			fail_msg("no \"%s\"", names[i]);
	assert_string_equal(document_text(told, "result"), "held");
	assert_string_equal(document_text(told, "waiting_for"), "one");
	assert_string_equal(document_text(told, "serving"), "green");
	assert_string_equal(document_text(told, "steps[0].state"), "held");
	assert_string_equal(document_text(told, "steps[0].started"), "1970-01-01T00:00:02Z");
	assert_string_equal(document_text(told, "steps[0].reason"), "somebody must look");
	assert_true(json_is_null(document_at(told, "steps[1].started")));
	assert_true(document_real_or(told, "traffic[0].measured", 0) == 24.5);
	assert_true(json_is_null(document_at(told, "traffic[1].measured")));
	assert_string_equal(document_text(told, "traffic[1].verdict"), "NO_DATA");
	assert_int_equal(document_int_or(told, "journal_records", 0), 5);
	run_state_free(state);
	fake_done(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_meets_every_record),      cmocka_unit_test(other_records_move_no_step),
		cmocka_unit_test(records_before_the_plan_are_refused), cmocka_unit_test(memory_and_times_are_kept),
		cmocka_unit_test(status_has_its_fixed_names),
	};
	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
