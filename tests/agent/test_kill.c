/* Death at every side of every append and every effect: the run must come to the same end, each effect once. Then
 * random plans, faults, words and deaths. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/fake.h"
#include "codec/document.h"
#include "quiet.h"

enum scenario { GOOD, FAILS, LOST_REPLIES, PROGRAM_FAILS, UNDO_FAILS, SCENARIOS };

static void set_scene(struct fake *fake, enum scenario scenario)
{
	fake_init(fake, 3);
	fake_add(fake, "base", "work", "", MINUTE_MS);
	fake_add(fake, "left", "work", "base", 2 * MINUTE_MS);
	fake_add(fake, "right", "work", "base", 3 * MINUTE_MS);
	fake_add(fake, "judge", "judge", "left right", MINUTE_MS);
	fake_add(fake, "yes", "approval", "judge", 0);
	fake_add(fake, "top", "work", "yes", MINUTE_MS);
	if (scenario == FAILS || scenario == UNDO_FAILS) /* from a time on, so that a restart meets it too */
		fake_fault(fake, "judge", fake_says("poll", 1, 1000000, STEP_FAIL));
	if (scenario == UNDO_FAILS)
		fake_fault(fake, "left", fake_error("undo", 1, 3, ERROR_TRANSIENT));
	if (scenario == LOST_REPLIES)
		for (size_t i = 0; i < 3; i++)
			fake_fault(fake, fake->steps[i].id, fake_lost("start", 1, 1, ERROR_TIMEOUT));
	if (scenario == PROGRAM_FAILS)
		fake_fault(fake, "right", fake_error("start", 1, 1, ERROR_SUBPROCESS));
	fake_seal(fake);
}

static bool rolls_back(enum scenario scenario)
{
	return scenario == FAILS || scenario == UNDO_FAILS;
}

static void judge(const struct fake *fake, const struct run_state *state, enum scenario scenario, uint64_t at)
{
	if (fake->broken)
		fail_msg("scenario %d, death at %lu: %s: %s", scenario, (unsigned long)at, fake->broken, fake->order);
	if (state->result != (rolls_back(scenario) ? RUN_ROLLED_BACK : RUN_COMPLETED))
		fail_msg("scenario %d, death at %lu: ended as %s", scenario, (unsigned long)at,
			 run_result_names[state->result]);
	for (size_t i = 0; i < fake->n_steps; i++) {
		const struct fake_step *step = &fake->steps[i];
		bool done = strcmp(step->id, "yes") != 0 && !(rolls_back(scenario) && !strcmp(step->id, "top"));
		if (step->effects != done || step->exists != (done && !rolls_back(scenario)))
			fail_msg("scenario %d, death at %lu: \"%s\" was made %u times, removed %u times", scenario,
				 (unsigned long)at, step->id, step->effects, step->undone);
	}
}

static void death_anywhere_changes_nothing(void **ignored)
{
	unsigned points = 0;
	(void)ignored;
	for (int scenario = 0; scenario < SCENARIOS; scenario++) {
		uint64_t events = 1;
		for (uint64_t at = 0; at <= events; at++) {
			struct fake fake;
			uint64_t proven;
			set_scene(&fake, (enum scenario)scenario);
			fake.dies_at = at;
			struct run_state *state = fake_run_to_end(&fake, true);
			judge(&fake, state, (enum scenario)scenario, at);
			if (at == 0)
				events = fake.events;
			assert_null(journal_verify(fake.memory, fake_run_id(&fake), &proven));
			points++;
			run_state_free(state);
			fake_done(&fake);
		}
	}
	assert_true(points > 200);
}

static const char *const names[] = {"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"};

/* A random acyclic plan with random troubles that pass. */
static void random_scene(struct fake *fake, uint64_t seed)
{
	fake_init(fake, seed);
	struct random *chance = fake->random;
	size_t n = 2 + random_below(chance, 6);
	for (size_t i = 0; i < n; i++) {
		struct buf after CLEANUP(buf_done) = BUF_INIT(256);
		for (size_t k = 0; k < i; k++)
			if (random_below(chance, 3) == 0)
				buf_printf(&after, "%s ", names[k]);
		fake_add(fake, names[i], random_below(chance, 4) ? "work" : "judge", buf_str(&after),
			 (int64_t)random_below(chance, 5 * MINUTE_MS));
	}
	for (size_t i = 0; i < random_below(chance, 8); i++) {
		static const char *const calls[] = {"check", "start", "poll", "undo"};
		static const enum error_class classes[] = {ERROR_TRANSIENT, ERROR_TIMEOUT,     ERROR_THROTTLED,
							   ERROR_CONFLICT,  ERROR_INVALID,     ERROR_SUBPROCESS,
							   ERROR_AUTH,	    ERROR_PRECONDITION};
		unsigned from = 1 + (unsigned)random_below(chance, 4);
		struct fake_fault fault =
			fake_error(calls[random_below(chance, 4)], from, from + (unsigned)random_below(chance, 4),
				   classes[random_below(chance, ARRAY_SIZE(classes))]);
		fault.executed = (!strcmp(fault.call, "start") || !strcmp(fault.call, "undo")) &&
				 (fault.class == ERROR_TIMEOUT || fault.class == ERROR_TRANSIENT);
		if (!strcmp(fault.call, "poll") && random_below(chance, 4) == 0) {
			fault.progress = true;
			fault.says = random_below(chance, 2) ? STEP_HOLD : STEP_FAIL;
		}
		fake_fault(fake, names[random_below(chance, n)], fault);
	}
	fake->config.max_parallel_steps = 1 + (int64_t)random_below(chance, 4);
	fake_seal(fake);
}

static void speak(struct fake *fake, struct random *chance)
{
	static const char *const words[] = {"pause", "resume", "resume", "resume", "rollback"};
	if (random_below(chance, 12) || !fake_run_id(fake))
		return;
	assert_null(agent_request(fake->memory, &fake->clock, fake_run_id(fake),
				  words[random_below(chance, ARRAY_SIZE(words))], NULL, "anna", NULL));
}

static void live(struct fake *fake, struct random *chance, struct agent *agent)
{
	int64_t again_ms;
	for (unsigned ticks = 0; ticks < 20000; ticks++) {
		struct error *error ERROR_CLEANUP = agent_tick(agent, &again_ms);
		if (error && !fake->dead)
			fail_msg("broke: %s", error->message);
		if (error || again_ms == INT64_MAX)
			return;
		clock_sleep_until(&fake->clock, again_ms);
		speak(fake, chance);
	}
	fail_msg("never ended");
}

static void assert_sound_end(const struct fake *fake, const struct run_state *state, uint64_t seed)
{
	if (fake->broken)
		fail_msg("seed %lu: %s: %s", (unsigned long)seed, fake->broken, fake->order);
	for (size_t i = 0; i < fake->n_steps; i++) {
		bool there = state->result == RUN_COMPLETED;
		if (state->result != RUN_COMPLETED && state->result != RUN_ROLLED_BACK)
			continue;
		if (fake->steps[i].exists != there)
			fail_msg("seed %lu: %s, but \"%s\" is%s there", (unsigned long)seed,
				 run_result_names[state->result], fake->steps[i].id, there ? " not" : "");
	}
	assert_true(state->result == RUN_COMPLETED || state->result == RUN_ROLLED_BACK);
}

static void random_lives_end_soundly(void **ignored)
{
	unsigned completed = 0, rolled_back = 0;
	(void)ignored;
	for (uint64_t seed = 1; seed <= 400; seed++) {
		struct fake fake;
		random_scene(&fake, seed);
		struct random *chance = random_seeded_new(seed * 7919);
		struct run_state *state = NULL;
		for (unsigned lives = 0; lives < 40; lives++) {
			struct agent *agent = NULL;
			fake.dead = false;
			fake.dies_at =
				random_below(chance, 3) && lives < 10 ? fake.events + 1 + random_below(chance, 60) : 0;
			struct error *error ERROR_CLEANUP =
				fake_open(&fake, fake_run_id(&fake), "tester", true, &agent);
			if (error && !fake.dead)
				fail_msg("seed %lu: %s", (unsigned long)seed, error->message);
			if (agent)
				live(&fake, chance, agent);
			if (agent && !fake.dead)
				fake_assert_fold(&fake, agent);
			agent_close(agent);
			clock_sleep(&fake.clock, 3 * MINUTE_MS);
			if (!fake_run_id(&fake))
				continue;
			run_state_free(state);
			state = fake_load(&fake);
			if (state->ended_ms && !fake.dead)
				break;
			fake.dead = false;
			fake.dies_at = 0;
			assert_null(agent_request(fake.memory, &fake.clock, fake_run_id(&fake), "resume", NULL, "anna",
						  NULL));
		}
		assert_sound_end(&fake, state, seed);
		completed += state->result == RUN_COMPLETED;
		rolled_back += state->result == RUN_ROLLED_BACK;
		run_state_free(state);
		random_free(chance);
		fake_done(&fake);
	}
	assert_true(completed > 50);
	assert_true(rolled_back > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(death_anywhere_changes_nothing),
		cmocka_unit_test(random_lives_end_soundly),
	};
	return cmocka_run_group_tests_name("kill", tests, quiet, NULL);
}
