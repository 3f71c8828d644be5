/* The engine in a world of scripted steps and virtual time. */
#include <stdlib.h>
#include <string.h>
#include "agent/fake.h"
#include "agent/agent_internal.h"
#include "codec/document.h"
#include "quiet.h"

static void diamond(struct fake *fake)
{
	fake_init(fake, 7);
	fake_add(fake, "base", "work", "", MINUTE_MS);
	fake_add(fake, "left", "work", "base", 2 * MINUTE_MS);
	fake_add(fake, "right", "work", "base", 3 * MINUTE_MS);
	fake_add(fake, "judge", "judge", "left right", MINUTE_MS);
	fake_add(fake, "top", "work", "judge", MINUTE_MS);
}

static struct run_state *play(struct fake *fake)
{
	fake_seal(fake);
	struct run_state *state = fake_run_to_end(fake, false);
	if (fake->broken)
		fail_msg("%s: %s", fake->broken, fake->order);
	return state;
}

static void assert_completed(struct fake *fake, const struct run_state *state)
{
	assert_string_equal(run_result_names[state->result], "completed");
	for (size_t i = 0; i < fake->n_steps; i++) {
		assert_int_equal(state->steps[i].state, STEP_STATE_DONE);
		assert_int_equal(fake->steps[i].effects, 1);
		assert_true(fake->steps[i].exists);
	}
}

static void assert_rolled_back(struct fake *fake, const struct run_state *state)
{
	assert_string_equal(run_result_names[state->result], "rolled-back");
	for (size_t i = 0; i < fake->n_steps; i++) {
		assert_false(fake->steps[i].exists);
		assert_true(state->steps[i].state == STEP_STATE_UNDONE || state->steps[i].state == STEP_STATE_PENDING);
	}
}

static void steps_run_in_their_order_and_side_by_side(void **ignored)
{
	struct fake fake;
	(void)ignored;
	diamond(&fake);
	struct run_state *state = play(&fake);
	assert_completed(&fake, state);
	assert_string_equal(fake.order, "+base +left +right +judge +top ");
	assert_true(state->steps[2].started_ms < state->steps[1].ended_ms); /* left and right at the same time */
	assert_true(state->steps[3].started_ms >= state->steps[2].ended_ms);
	assert_true(state->ended_ms - state->created_ms < 7 * MINUTE_MS);
	run_state_free(state);
	fake_done(&fake);
}

static void no_more_at_once_than_allowed(void **ignored)
{
	(void)ignored;
	for (int most = 1; most <= 5; most++) {
		struct fake fake;
		fake_init(&fake, 7);
		static const char *const ids[] = {"a", "b", "c", "d", "e"};
		for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
			fake_add(&fake, ids[i], "work", "", MINUTE_MS);
		fake.config.max_parallel_steps = most;
		struct run_state *state = play(&fake);
		assert_completed(&fake, state);
		assert_int_equal(fake.most_at_once, most);
		run_state_free(state);
		fake_done(&fake);
	}
}

static void what_is_already_so_is_not_done_again(void **ignored)
{
	struct fake fake;
	(void)ignored;
	diamond(&fake);
	fake_find(&fake, "left")->exists = true;
	struct run_state *state = play(&fake);
	assert_int_equal(fake_find(&fake, "left")->effects, 0);
	assert_string_equal(state->steps[1].detail, "already so");
	assert_string_equal(run_result_names[state->result], "completed");
	run_state_free(state);
	fake_done(&fake);
}

static void a_lost_reply_is_looked_at_not_repeated(void **ignored)
{
	struct fake fake;
	(void)ignored;
	diamond(&fake);
	fake_fault(&fake, "left", fake_lost("start", 1, 1, ERROR_TIMEOUT));
	fake_fault(&fake, "top", fake_lost("start", 1, 1, ERROR_TRANSIENT));
	fake_fault(&fake, "top", fake_error("check", 2, 4, ERROR_TRANSIENT));
	struct run_state *state = play(&fake);
	assert_completed(&fake, state);
	assert_int_equal(fake_find(&fake, "left")->starts, 1);
	run_state_free(state);
	fake_done(&fake);
}

static void passing_troubles_are_sat_out(void **ignored)
{
	static const enum error_class classes[] = {ERROR_TRANSIENT, ERROR_THROTTLED, ERROR_TIMEOUT,
						   ERROR_CONFLICT,  ERROR_AUTH,	     ERROR_CANCELLED};
	static const char *const calls[] = {"check", "start", "poll"};
	(void)ignored;
	for (size_t i = 0; i < ARRAY_SIZE(classes) * ARRAY_SIZE(calls); i++) {
		struct fake fake;
		diamond(&fake);
		fake_fault(&fake, i % 2 ? "judge" : "left", fake_error(calls[i % 3], 1, 6, classes[i / 3]));
		struct run_state *state = play(&fake);
		assert_completed(&fake, state);
		run_state_free(state);
		fake_done(&fake);
	}
}

static void an_outage_holds_what_acts_and_turns_back_what_judges(void **ignored)
{
	(void)ignored;
	for (int judges = 0; judges < 2; judges++) {
		struct fake fake;
		diamond(&fake);
		fake_fault(&fake, judges ? "judge" : "left", fake_error("poll", 1, 100000, ERROR_TRANSIENT));
		struct run_state *state = play(&fake);
		if (judges) {
			assert_rolled_back(&fake, state);
			assert_non_null(strstr(state->reason, "judge: poll was met by a fault"));
		} else {
			assert_int_equal(run_state_result(state), RUN_HELD);
			assert_int_equal(state->steps[1].state, STEP_STATE_HELD);
			assert_int_equal(state->steps[2].state, STEP_STATE_DONE); /* its neighbour went on */
		}
		assert_true(fake.mono_ms - 1000000 >= fake.config.validation.hold_timeout_ms);
		run_state_free(state);
		fake_done(&fake);
	}
}

static void what_cannot_work_turns_back(void **ignored)
{
	static const enum error_class classes[] = {ERROR_INVALID, ERROR_PRECONDITION, ERROR_NOT_FOUND, ERROR_SUBPROCESS,
						   ERROR_BUG};
	(void)ignored;
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		struct fake fake;
		diamond(&fake);
		fake_fault(&fake, "right", fake_error("poll", 1, 100000, classes[i]));
		struct run_state *state = play(&fake);
		assert_rolled_back(&fake, state);
		assert_non_null(strstr(state->reason, "right: "));
		assert_true(state->ended_ms - state->created_ms < 10 * MINUTE_MS);
		assert_int_equal(fake_find(&fake, "top")->starts, 0);
		run_state_free(state);
		fake_done(&fake);
	}
}

static void one_garbled_answer_is_no_reason_to_turn_back(void **ignored)
{
	struct fake fake;
	(void)ignored;
	diamond(&fake);
	fake_fault(&fake, "right", fake_error("poll", 2, 3, ERROR_INVALID));
	struct run_state *state = play(&fake);
	assert_completed(&fake, state);
	run_state_free(state);
	fake_done(&fake);
}

static void a_program_that_fails_is_tried_anew_by_number(void **ignored)
{
	struct fake fake;
	(void)ignored;
	diamond(&fake);
	fake_fault(&fake, "left", fake_error("start", 1, 2, ERROR_SUBPROCESS));
	struct run_state *state = play(&fake);
	assert_completed(&fake, state);
	assert_int_equal(state->steps[1].attempt, 3);
	run_state_free(state);
	fake_done(&fake);
}

static void a_judge_that_says_fail_turns_back_in_reverse(void **ignored)
{
	struct fake fake;
	(void)ignored;
	diamond(&fake);
	fake_fault(&fake, "judge", fake_says("poll", 2, 2, STEP_FAIL));
	struct run_state *state = play(&fake);
	assert_rolled_back(&fake, state);
	assert_string_equal(fake.order, "+base +left +right +judge -judge -right -left -base ");
	assert_string_equal(state->reason, "judge: as the script says");
	run_state_free(state);
	fake_done(&fake);
}

static void turning_back_is_never_given_up(void **ignored)
{
	struct fake fake;
	(void)ignored;
	diamond(&fake);
	fake_fault(&fake, "top", fake_says("poll", 1, 1, STEP_FAIL));
	fake_fault(&fake, "right", fake_error("undo", 1, 60, ERROR_AUTH));
	fake_fault(&fake, "left", fake_lost("undo", 1, 1, ERROR_TIMEOUT));
	fake_fault(&fake, "base", fake_error("undo", 1, 40, ERROR_INVALID));
	struct run_state *state = play(&fake);
	assert_rolled_back(&fake, state);
	assert_int_equal(fake_find(&fake, "right")->undos, 61);
	assert_int_equal(fake_find(&fake, "left")->undone, 1);
	assert_true(state->records < 60); /* told now and then, not each time */
	run_state_free(state);
	fake_done(&fake);
}

static void a_deadline_ends_a_step(void **ignored)
{
	struct fake fake;
	(void)ignored;
	diamond(&fake);
	fake_find(&fake, "right")->takes_ms = HOUR_MS;
	fake_planned(&fake, "right")->deadline_ms = 10 * MINUTE_MS;
	struct run_state *state = play(&fake);
	assert_rolled_back(&fake, state);
	assert_non_null(strstr(state->reason, "right: took longer than 10 min"));
	run_state_free(state);
	fake_done(&fake);
}

/* The agent was away while the step's time ran out, but the step is done: nothing is wrong. */
static void a_deadline_passed_in_our_absence_is_forgiven_when_done(void **ignored)
{
	struct fake fake;
	struct agent *agent;
	(void)ignored;
	diamond(&fake);
	fake_planned(&fake, "right")->deadline_ms = 10 * MINUTE_MS;
	fake_seal(&fake);
	assert_null(fake_open(&fake, NULL, "first", false, &agent));
	assert_null(fake_run(&fake, agent, fake.mono_ms + 2 * MINUTE_MS));
	agent_close(agent);
	clock_sleep(&fake.clock, 5 * HOUR_MS);
	struct run_state *state = fake_run_to_end(&fake, false);
	assert_completed(&fake, state);
	run_state_free(state);
	fake_done(&fake);
}

static void a_clock_that_is_set_breaks_no_deadline(void **ignored)
{
	static const int64_t jumps_ms[] = {10 * HOUR_MS, -10 * HOUR_MS, 400 * DAY_MS};
	(void)ignored;
	for (size_t i = 0; i < ARRAY_SIZE(jumps_ms); i++) {
		struct fake fake;
		struct agent *agent;
		diamond(&fake);
		for (size_t k = 0; k < fake.n_steps; k++)
			fake.plan.steps[k].deadline_ms = 10 * MINUTE_MS;
		fake_seal(&fake);
		assert_null(fake_open(&fake, NULL, "first", false, &agent));
		assert_null(fake_run(&fake, agent, fake.mono_ms + 2 * MINUTE_MS));
		fake.wall_ms += jumps_ms[i];
		for (size_t k = 0; k < fake.n_steps; k++)
			fake.steps[k].ready_ms += jumps_ms[i];
		assert_null(fake_run(&fake, agent, 0));
		assert_int_equal(agent_state(agent)->result, RUN_COMPLETED);
		agent_close(agent);
		fake_done(&fake);
	}
}

static void a_held_step_is_tried_again_when_asked(void **ignored)
{
	struct fake fake;
	struct agent *agent;
	(void)ignored;
	diamond(&fake);
	fake_fault(&fake, "left", fake_says("poll", 2, 2, STEP_HOLD));
	fake_planned(&fake, "left")->deadline_ms = 5 * MINUTE_MS;
	fake_seal(&fake);
	assert_null(fake_open(&fake, NULL, "first", false, &agent));
	assert_null(fake_run(&fake, agent, 0));
	assert_int_equal(run_state_result(agent_state(agent)), RUN_HELD);
	assert_string_equal(agent_state(agent)->steps[1].reason, "as the script says");
	json_t *told = run_state_json(agent_state(agent));
	assert_string_equal(document_text(told, "waiting_for"), "left");
	assert_string_equal(document_text(told, "reason"), "as the script says");
	json_decref(told);
	clock_sleep(&fake.clock, 3 * HOUR_MS); /* longer than its deadline: waiting for a person does not count */
	assert_null(agent_request(&fake.store, &fake.clock, fake_run_id(&fake), "resume", NULL, "anna", NULL));
	assert_null(fake_run(&fake, agent, 0));
	assert_int_equal(agent_state(agent)->result, RUN_COMPLETED);
	assert_int_equal(fake_find(&fake, "left")->effects, 1);
	fake_assert_fold(&fake, agent);
	agent_close(agent);
	fake_done(&fake);
}

static void a_failing_service_is_left_alone_for_a_while(void **ignored)
{
	struct fake fake;
	(void)ignored;
	fake_init(&fake, 7);
	fake_add(&fake, "a", "work", "", MINUTE_MS);
	fake_add(&fake, "b", "work", "", MINUTE_MS);
	fake_add(&fake, "c", "work", "", MINUTE_MS);
	fake_add(&fake, "d", "judge", "", MINUTE_MS); /* of another service */
	for (size_t i = 0; i < 3; i++)
		fake_fault(&fake, fake.steps[i].id, fake_error("poll", 1, 7, ERROR_TRANSIENT));
	struct run_state *state = play(&fake);
	assert_completed(&fake, state);
	assert_true(state->steps[3].ended_ms - state->created_ms <= 70 * SECOND_MS);
	assert_true(state->ended_ms - state->created_ms > 10 * MINUTE_MS);
	run_state_free(state);
	fake_done(&fake);
}

static void probes_are_counted_and_gaps_measured(void **ignored)
{
	static const char *const addresses[] = {"https://shop.example.com/health"};
	struct fake fake;
	(void)ignored;
	diamond(&fake);
	fake.config.validation.probes = (const char **)(uintptr_t)addresses;
	fake.config.validation.n_probes = 1;
	fake.probe_fails_from_ms = fake.mono_ms + 120 * SECOND_MS;
	fake.probe_fails_to_ms = fake.mono_ms + 150 * SECOND_MS;
	struct run_state *state = play(&fake);
	assert_completed(&fake, state);
	assert_int_equal(state->prober_requests, fake.probes);
	assert_true(fake.probes >= (uint64_t)((state->ended_ms - state->created_ms) / (5 * SECOND_MS)));
	assert_int_equal(state->prober_failed, 6);
	assert_int_equal(state->prober_longest_gap_ms, 30 * SECOND_MS);
	run_state_free(state);
	fake_done(&fake);
}

static void probes_that_we_broke_off_ourselves_tell_nothing(void **ignored)
{
	static const char *const addresses[] = {"https://shop.example.com/health"};
	struct fake fake;
	(void)ignored;
	diamond(&fake);
	fake.config.validation.probes = (const char **)(uintptr_t)addresses;
	fake.config.validation.n_probes = 1;
	fake.probes_broken_off = 3;
	struct run_state *state = play(&fake);
	assert_completed(&fake, state);
	assert_int_equal(fake.probes_broken_off, 0);
	assert_int_equal(state->prober_requests, fake.probes);
	assert_int_equal(state->prober_failed, 0);
	assert_int_equal(state->prober_longest_gap_ms, 0);
	run_state_free(state);
	fake_done(&fake);
}

static void unknown_steps_are_refused_before_anything_is_done(void **ignored)
{
	struct fake fake;
	struct agent *agent = NULL;
	(void)ignored;
	diamond(&fake);
	fake_planned(&fake, "top")->executor = "magic";
	fake_seal(&fake);
	struct error *error ERROR_CLEANUP = fake_open(&fake, NULL, "first", false, &agent);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "\"magic\""));
	assert_string_equal(fake.order, "");
	assert_null(fake_run_id(&fake));
	fake_done(&fake);
}

static void two_agents_do_not_share_a_run(void **ignored)
{
	struct fake fake;
	struct agent *first, *second = NULL;
	(void)ignored;
	diamond(&fake);
	fake_seal(&fake);
	assert_null(fake_open(&fake, NULL, "anna@laptop", false, &first));
	assert_null(fake_run(&fake, first, fake.mono_ms + 30 * SECOND_MS));
	struct error *refused ERROR_CLEANUP = fake_open(&fake, fake_run_id(&fake), "ben@desk", false, &second);
	assert_non_null(refused);
	assert_non_null(strstr(refused->message, "anna@laptop"));
	struct agent_options over = {.ports = &fake.ports,
				     .config = &fake.config,
				     .run_id = fake_run_id(&fake),
				     .owner = "ben@desk",
				     .take_over = true,
				     .step_types = first->types[0]};
	assert_null(agent_open(&over, NULL, &second));
	struct error *stopped ERROR_CLEANUP = fake_run(&fake, first, 0);
	assert_non_null(stopped);
	assert_int_equal(stopped->class, ERROR_CONFLICT);
	assert_string_equal(fake.order, "+base "); /* the first had no effect any more */
	agent_close(first);
	assert_null(fake_run(&fake, second, 0));
	assert_int_equal(agent_state(second)->result, RUN_COMPLETED);
	assert_null(fake.broken);
	agent_close(second);
	fake_done(&fake);
}

/* Stopped (a closed laptop) for longer than its lease, while another took the run: the first does nothing more. */
static void a_sleeper_does_not_wake_into_another_s_run(void **ignored)
{
	struct fake fake;
	struct agent *first, *second = NULL;
	(void)ignored;
	diamond(&fake);
	fake_seal(&fake);
	assert_null(fake_open(&fake, NULL, "anna@laptop", false, &first));
	assert_null(fake_run(&fake, first, fake.mono_ms + 30 * SECOND_MS));
	clock_sleep(&fake.clock, 10 * MINUTE_MS);
	assert_null(fake_open(&fake, fake_run_id(&fake), "ben@desk", false, &second));
	int64_t again_ms;
	struct error *stopped ERROR_CLEANUP = agent_tick(first, &again_ms);
	assert_non_null(stopped);
	assert_null(fake_run(&fake, second, 0));
	assert_int_equal(agent_state(second)->result, RUN_COMPLETED);
	assert_null(fake.broken);
	agent_close(first);
	agent_close(second);
	fake_done(&fake);
}

static void the_lease_is_kept_through_long_waits(void **ignored)
{
	struct fake fake;
	struct agent *first, *second = NULL;
	(void)ignored;
	diamond(&fake);
	fake_find(&fake, "base")->takes_ms = 3 * HOUR_MS;
	fake_seal(&fake);
	assert_null(fake_open(&fake, NULL, "anna@laptop", false, &first));
	for (int i = 0; i < 50; i++) {
		assert_null(fake_run(&fake, first, fake.mono_ms + 3 * MINUTE_MS));
		struct error *refused ERROR_CLEANUP = fake_open(&fake, fake_run_id(&fake), "ben@desk", false, &second);
		assert_non_null(refused);
	}
	agent_close(first);
	fake_done(&fake);
}

static void a_damaged_journal_is_not_followed(void **ignored)
{
	struct fake fake;
	struct agent *agent = NULL;
	(void)ignored;
	diamond(&fake);
	fake_seal(&fake);
	assert_null(fake_open(&fake, NULL, "anna@laptop", false, &agent));
	assert_null(fake_run(&fake, agent, fake.mono_ms + 30 * SECOND_MS));
	const char *run = fake_run_id(&fake);
	uint64_t head;
	uint8_t hash[32];
	agent_close(agent);
	assert_null(store_head(fake.memory, run, &head, hash));
	struct store_record forged = {.seq = head + 1,
				      .bytes = slice_of("{\"kind\":\"completed\",\"payload\":{\"result\":\"completed\"}"
							",\"prev\":\"\",\"seq\":4,\"time\":\"2026-11-24T00:00:00Z\"}")};
	assert_null(store_append(fake.memory, run, head, &forged, 1));
	struct error *error ERROR_CLEANUP = fake_open(&fake, run, "anna@laptop", false, &agent);
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_STATE);
	fake_done(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_run_in_their_order_and_side_by_side),
		cmocka_unit_test(no_more_at_once_than_allowed),
		cmocka_unit_test(what_is_already_so_is_not_done_again),
		cmocka_unit_test(a_lost_reply_is_looked_at_not_repeated),
		cmocka_unit_test(passing_troubles_are_sat_out),
		cmocka_unit_test(an_outage_holds_what_acts_and_turns_back_what_judges),
		cmocka_unit_test(what_cannot_work_turns_back),
		cmocka_unit_test(one_garbled_answer_is_no_reason_to_turn_back),
		cmocka_unit_test(a_program_that_fails_is_tried_anew_by_number),
		cmocka_unit_test(a_judge_that_says_fail_turns_back_in_reverse),
		cmocka_unit_test(turning_back_is_never_given_up),
		cmocka_unit_test(a_deadline_ends_a_step),
		cmocka_unit_test(a_deadline_passed_in_our_absence_is_forgiven_when_done),
		cmocka_unit_test(a_clock_that_is_set_breaks_no_deadline),
		cmocka_unit_test(a_held_step_is_tried_again_when_asked),
		cmocka_unit_test(a_failing_service_is_left_alone_for_a_while),
		cmocka_unit_test(probes_are_counted_and_gaps_measured),
		cmocka_unit_test(probes_that_we_broke_off_ourselves_tell_nothing),
		cmocka_unit_test(unknown_steps_are_refused_before_anything_is_done),
		cmocka_unit_test(two_agents_do_not_share_a_run),
		cmocka_unit_test(a_sleeper_does_not_wake_into_another_s_run),
		cmocka_unit_test(the_lease_is_kept_through_long_waits),
		cmocka_unit_test(a_damaged_journal_is_not_followed),
	};
	return cmocka_run_group_tests_name("engine", tests, quiet, NULL);
}
