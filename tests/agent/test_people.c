/* Words of people: approvals and their ends, pause, resume, cancel, roll back, in every state and from another process.
 */
#include <stdlib.h>
#include <string.h>
#include "agent/fake.h"
#include "codec/document.h"
#include "quiet.h"

static void upgrade_like(struct fake *fake, uint64_t seed)
{
	fake_init(fake, seed);
	fake_add(fake, "provision", "work", "", 3 * MINUTE_MS);
	fake_add(fake, "identity", "work", "provision", MINUTE_MS);
	fake_add(fake, "apps", "work", "provision", 2 * MINUTE_MS);
	fake_add(fake, "traffic", "judge", "identity apps", 2 * MINUTE_MS);
	fake_add(fake, "yes", "approval", "traffic", 0);
	fake_add(fake, "decommission", "removal", "yes", MINUTE_MS);
	fake_seal(fake);
}

static void say(struct fake *fake, const char *word, const char *step)
{
	assert_null(agent_request(fake->memory, &fake->clock, fake_run_id(fake), word, step, "anna@laptop", "because"));
}

static bool anything_left(const struct fake *fake)
{
	for (size_t i = 0; i < fake->n_steps; i++)
		if (fake->steps[i].exists)
			return true;
	return false;
}

static struct agent *held_at_approval(struct fake *fake, bool yes)
{
	struct agent *agent;
	assert_null(fake_open(fake, NULL, "anna@laptop", yes, &agent));
	assert_null(fake_run(fake, agent, 0));
	return agent;
}

static void an_approval_holds_until_a_person_says_yes(void **ignored)
{
	struct fake fake;
	(void)ignored;
	upgrade_like(&fake, 1);
	struct agent *agent = held_at_approval(&fake, false);
	assert_int_equal(run_state_result(agent_state(agent)), RUN_HELD);
	assert_false(fake_find(&fake, "decommission")->exists);
	json_t *told DOCUMENT_CLEANUP = run_state_json(agent_state(agent));
	assert_string_equal(document_text(told, "waiting_for"), "yes");
	say(&fake, "resume", NULL); /* is not a yes */
	clock_sleep(&fake.clock, 2 * SECOND_MS);
	assert_null(fake_run(&fake, agent, 0));
	assert_int_equal(run_state_result(agent_state(agent)), RUN_HELD);
	say(&fake, "approve", "yes");
	clock_sleep(&fake.clock, 2 * SECOND_MS);
	assert_null(fake_run(&fake, agent, 0));
	assert_int_equal(agent_state(agent)->result, RUN_COMPLETED);
	fake_assert_fold(&fake, agent);
	agent_close(agent);
	fake_done(&fake);
}

static void a_flag_answers_only_where_it_may(void **ignored)
{
	(void)ignored;
	for (int may = 0; may < 2; may++) {
		struct fake fake;
		upgrade_like(&fake, 1);
		fake.config.approvals_by_yes = may;
		struct agent *agent = held_at_approval(&fake, true);
		assert_int_equal(run_state_result(agent_state(agent)), may ? RUN_COMPLETED : RUN_HELD);
		agent_close(agent);
		fake_done(&fake);
	}
}

static void an_approval_expires(void **ignored)
{
	struct fake fake;
	struct agent *agent;
	(void)ignored;
	upgrade_like(&fake, 1);
	fake.config.approval_expires_ms = MINUTE_MS;
	assert_null(fake_open(&fake, NULL, "anna@laptop", false, &agent));
	assert_null(fake_run(&fake, agent, fake.mono_ms + 10 * SECOND_MS));
	say(&fake, "approve", "yes"); /* taken in at once, long before it is needed */
	assert_null(fake_run(&fake, agent, 0));
	assert_int_equal(run_state_result(agent_state(agent)), RUN_HELD);
	say(&fake, "approve", "yes"); /* said, but nobody listened until it had expired */
	clock_sleep(&fake.clock, 2 * MINUTE_MS);
	assert_null(fake_run(&fake, agent, 0));
	assert_int_equal(run_state_result(agent_state(agent)), RUN_HELD);
	say(&fake, "approve", "yes");
	clock_sleep(&fake.clock, 2 * SECOND_MS);
	assert_null(fake_run(&fake, agent, 0));
	assert_int_equal(agent_state(agent)->result, RUN_COMPLETED);
	agent_close(agent);
	fake_done(&fake);
}

static void an_early_yes_that_is_still_good_needs_no_second(void **ignored)
{
	struct fake fake;
	struct agent *agent;
	(void)ignored;
	upgrade_like(&fake, 1);
	assert_null(fake_open(&fake, NULL, "anna@laptop", false, &agent));
	assert_null(fake_run(&fake, agent, fake.mono_ms + 10 * SECOND_MS));
	say(&fake, "approve", "yes");
	assert_null(fake_run(&fake, agent, 0));
	assert_int_equal(agent_state(agent)->result, RUN_COMPLETED);
	agent_close(agent);
	fake_done(&fake);
}

static void nonsense_is_noted_and_changes_nothing(void **ignored)
{
	struct fake fake;
	struct agent *agent;
	(void)ignored;
	upgrade_like(&fake, 1);
	assert_null(fake_open(&fake, NULL, "anna@laptop", true, &agent));
	say(&fake, "approve", "traffic");
	say(&fake, "approve", "nowhere");
	say(&fake, "approve", NULL);
	say(&fake, "dance", NULL);
	assert_null(fake_run(&fake, agent, 0));
	assert_int_equal(agent_state(agent)->result, RUN_COMPLETED);
	agent_close(agent);
	fake_done(&fake);
}

static void assert_deaf(const struct agent *agent, const char *word, const char *step, enum error_class class,
			const char *why)
{
	struct error *error ERROR_CLEANUP = agent_request_check(agent_state(agent), word, step);
	assert_non_null(error);
	assert_int_equal(error->class, class);
	assert_non_null(strstr(error->message, why));
	assert_true(error->remedy || strstr(why, "has no step"));
}

static void a_word_that_would_not_be_heard_is_refused(void **ignored)
{
	static const char *const words[] = {"approve", "pause", "resume", "cancel", "rollback"};
	struct fake fake;
	(void)ignored;
	upgrade_like(&fake, 1);
	struct agent *agent = held_at_approval(&fake, false);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_null(agent_request_check(agent_state(agent), words[i], i ? NULL : "yes"));
	assert_deaf(agent, "approve", "nowhere", ERROR_INVALID, "has no step \"nowhere\"");
	assert_deaf(agent, "approve", "traffic", ERROR_INVALID, "\"traffic\" of run");
	struct fake_step *slow = fake_find(&fake, "apps");
	slow->faults[slow->n_faults++] =
		(struct fake_fault){.call = "undo", .from = 1, .to = 3, .progress = true, .says = STEP_WAIT};
	say(&fake, "rollback", NULL);
	clock_sleep(&fake.clock, 2 * SECOND_MS);
	assert_null(fake_run(&fake, agent, fake.mono_ms + SECOND_MS));
	assert_true(agent_state(agent)->rolling_back);
	assert_deaf(agent, "pause", NULL, ERROR_PRECONDITION, "rolls back");
	assert_null(fake_run(&fake, agent, 0));
	assert_int_equal(agent_state(agent)->result, RUN_ROLLED_BACK);
	for (size_t i = 0; i + 1 < ARRAY_SIZE(words); i++)
		assert_deaf(agent, words[i], i ? NULL : "yes", ERROR_PRECONDITION, "has ended (rolled-back)");
	assert_null(agent_request_check(agent_state(agent), "rollback", NULL));
	agent_close(agent);
	fake_done(&fake);
}

static void a_pause_starts_nothing_new(void **ignored)
{
	struct fake fake;
	struct agent *agent;
	(void)ignored;
	upgrade_like(&fake, 1);
	assert_null(fake_open(&fake, NULL, "anna@laptop", true, &agent));
	assert_null(fake_run(&fake, agent, fake.mono_ms + 10 * SECOND_MS));
	say(&fake, "pause", NULL);
	assert_null(fake_run(&fake, agent, 0));
	assert_int_equal(run_state_result(agent_state(agent)), RUN_PAUSED);
	assert_int_equal(agent_state(agent)->steps[0].state, STEP_STATE_DONE); /* what ran came to its end */
	assert_string_equal(fake.order, "+provision ");
	agent_close(agent);
	assert_null(fake_open(&fake, fake_run_id(&fake), "ben@desk", true, &agent)); /* a restart does not forget it */
	assert_null(fake_run(&fake, agent, 0));
	assert_string_equal(fake.order, "+provision ");
	say(&fake, "resume", NULL);
	clock_sleep(&fake.clock, 2 * SECOND_MS);
	assert_null(fake_run(&fake, agent, 0));
	assert_int_equal(agent_state(agent)->result, RUN_COMPLETED);
	agent_close(agent);
	fake_done(&fake);
}

/* How many ticks a run takes: words are said before each of them. */
static unsigned ticks_of_a_run(void)
{
	struct fake fake;
	struct agent *agent;
	unsigned ticks = 0;
	int64_t again_ms = 0;
	upgrade_like(&fake, 1);
	assert_null(fake_open(&fake, NULL, "anna@laptop", true, &agent));
	while (again_ms != INT64_MAX) {
		assert_null(agent_tick(agent, &again_ms));
		if (again_ms != INT64_MAX)
			clock_sleep_until(&fake.clock, again_ms + SECOND_MS);
		ticks++;
	}
	assert_int_equal(agent_state(agent)->result, RUN_COMPLETED);
	agent_close(agent);
	fake_done(&fake);
	return ticks;
}

static void run_with_word_at(struct fake *fake, const char *word, unsigned at, bool yes)
{
	struct agent *agent;
	int64_t again_ms = 0;
	assert_null(fake_open(fake, NULL, "anna@laptop", yes, &agent));
	for (unsigned tick = 0; again_ms != INT64_MAX || tick <= at; tick++) {
		if (tick == at) {
			say(fake, word, NULL);
			clock_sleep(&fake->clock, 2 * SECOND_MS);
		}
		assert_null(agent_tick(agent, &again_ms));
		if (again_ms != INT64_MAX)
			clock_sleep_until(&fake->clock, again_ms + SECOND_MS);
		assert_true(tick < 10000);
	}
	fake_assert_fold(fake, agent);
	agent_close(agent);
}

static void words_are_good_at_any_moment(void **ignored)
{
	static const char *const words[] = {"rollback", "cancel", "pause", "resume"};
	unsigned ticks = ticks_of_a_run(), rolled_back = 0, refused = 0;
	(void)ignored;
	assert_true(ticks > 50);
	for (unsigned at = 0; at < ticks + 3; at++) {
		for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
			struct fake fake;
			upgrade_like(&fake, 1);
			run_with_word_at(&fake, words[i], at, true);
			if (i == 2) { /* paused: somebody resumes in a new process */
				say(&fake, "resume", NULL);
				clock_sleep(&fake.clock, 5 * MINUTE_MS);
			}
			struct run_state *state = fake_run_to_end(&fake, true);
			assert_null(fake.broken);
			bool back = state->result == RUN_ROLLED_BACK;
			rolled_back += back;
			refused += i < 2 && !back;
			if (back) {
				assert_true(i < 2);
				assert_false(anything_left(&fake));
				assert_int_equal(fake_find(&fake, "decommission")->effects, 0);
				assert_non_null(strstr(state->reason, "asked for by anna@laptop: because"));
			} else {
				assert_int_equal(state->result, RUN_COMPLETED);
				for (size_t k = 0; k < fake.n_steps; k++)
					assert_int_equal(fake.steps[k].effects, strcmp(fake.steps[k].id, "yes") != 0);
			}
			run_state_free(state);
			fake_done(&fake);
		}
	}
	assert_true(rolled_back > ticks); /* everywhere but after Blue's removal began */
	assert_true(refused > 10);
}

static void a_held_run_can_go_back(void **ignored)
{
	struct fake fake;
	(void)ignored;
	upgrade_like(&fake, 1);
	agent_close(held_at_approval(&fake, false));
	say(&fake, "rollback", NULL);
	struct run_state *state = fake_run_to_end(&fake, false);
	assert_int_equal(state->result, RUN_ROLLED_BACK);
	assert_false(anything_left(&fake));
	run_state_free(state);
	fake_done(&fake);
}

static void many_can_speak_at_once(void **ignored)
{
	struct fake fake;
	struct agent *agent;
	(void)ignored;
	upgrade_like(&fake, 1);
	assert_null(fake_open(&fake, NULL, "anna@laptop", true, &agent));
	for (int i = 0; i < 30; i++)
		say(&fake, i % 2 ? "resume" : "pause", NULL);
	assert_null(fake_run(&fake, agent, 0));
	assert_int_equal(agent_state(agent)->result, RUN_COMPLETED);
	assert_int_equal(agent_state(agent)->requests_taken, 30);
	agent_close(agent);
	fake_done(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_approval_holds_until_a_person_says_yes),
		cmocka_unit_test(a_flag_answers_only_where_it_may),
		cmocka_unit_test(an_approval_expires),
		cmocka_unit_test(an_early_yes_that_is_still_good_needs_no_second),
		cmocka_unit_test(nonsense_is_noted_and_changes_nothing),
		cmocka_unit_test(a_word_that_would_not_be_heard_is_refused),
		cmocka_unit_test(a_pause_starts_nothing_new),
		cmocka_unit_test(words_are_good_at_any_moment),
		cmocka_unit_test(a_held_run_can_go_back),
		cmocka_unit_test(many_can_speak_at_once),
	};
	return cmocka_run_group_tests_name("people", tests, quiet, NULL);
}
