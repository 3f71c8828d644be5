/* Another hand in the world while an upgrade runs: records that somebody else changes, users who do not come along.
 * What is theirs is not written over; a person is asked, and Blue goes on serving. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "agent/agent.h"
#include "agent/loop.h"
#include "aws/operations.h"
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/step.h"
#include "sim/sim.h"
#include "quiet.h"

struct scene {
	struct arena *arena;
	struct sim *sim;
	struct ports ports;
	struct store *store;
	struct config config;
	struct cluster_state seen;
	struct upgrade_plan plan;
	struct agent *agent;
};

static void scene_init(struct scene *scene, const char *fault)
{
	struct sim_options world = {.cluster = "small", .seed = 3, .faults = &fault, .n_faults = fault != NULL};
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	*scene = (struct scene){.arena = arena_new(), .store = store_memory_new()};
	assert_null(sim_new(&world, &scene->sim));
	sim_ports(scene->sim, &scene->ports);
	scene->ports.store = scene->store;
	sim_config(scene->sim, &text);
	assert_null(config_from_text(buf_slice(&text), "simulator", scene->arena, &scene->config));
	scene->config.simulated = true;
	scene->config.assess = false;
	scene->config.yes = true;
	assert_null(loop_plan(&scene->ports, &scene->config, scene->arena, &scene->seen, &scene->plan));
	struct agent_options options = {.ports = &scene->ports, .config = &scene->config, .answer_approvals = true};
	assert_null(agent_open(&options, &scene->plan, &scene->agent));
}

static void scene_done(struct scene *scene)
{
	agent_close(scene->agent);
	sim_free(scene->sim);
	store_free(scene->store);
	arena_free(scene->arena);
}

static struct step_view *step_of(struct scene *scene, const char *id)
{
	struct step_view *view = run_state_step((struct run_state *)(uintptr_t)agent_state(scene->agent), id);
	assert_non_null(view);
	return view;
}

/* Until the step is in that state, or the run has nothing more to do by itself; the users must be served throughout. */
static void play_until(struct scene *scene, const char *id, enum step_state state)
{
	for (int i = 0; i < 20000; i++) {
		int64_t again_ms;
		assert_null(agent_tick(scene->agent, &again_ms));
		char *broken CLEANUP(mem_freep) = sim_violation(scene->sim);
		assert_null(broken);
		if ((id && step_of(scene, id)->state == state) || again_ms == INT64_MAX)
			return;
		clock_sleep_until(scene->ports.clock, again_ms);
	}
	fail_msg("it never came so far");
}

static void say(struct scene *scene, const char *word)
{
	assert_null(agent_request(scene->store, scene->ports.clock, agent_state(scene->agent)->run_id, word, NULL,
				  "anna@laptop", NULL));
	clock_sleep(scene->ports.clock, 3 * SECOND_MS);
}

/* Changes Blue's and Green's sets of records as a person would in the console. */
static void set_weights(struct scene *scene, int blue, int green)
{
	struct world world CLEANUP(world_done) = {.ports = &scene->ports, .config = &scene->config};
	struct aws *aws;
	json_t *zones DOCUMENT_CLEANUP = NULL, *sets DOCUMENT_CLEANUP = NULL, *set;
	json_t *changes = json_array();
	size_t i;
	assert_null(world_aws(&world, &aws));
	assert_null(aws_call(aws, &aws_route53_ListHostedZones, NULL, &zones));
	const char *zone = document_text(zones, "HostedZones[0].Id");
	zone = strrchr(zone, '/') ? strrchr(zone, '/') + 1 : zone;
	assert_null(
		aws_call(aws, &aws_route53_ListResourceRecordSets, json_pack("{s:s}", "HostedZoneId", zone), &sets));
	json_array_foreach (json_object_get(sets, "ResourceRecordSets"), i, set) {
		const char *identifier = document_text(set, "SetIdentifier");
		if (!identifier)
			continue;
		json_t *changed = json_deep_copy(set);
		json_object_set_new(changed, "Weight", json_integer(strstr(identifier, "green") ? green : blue));
		json_array_append_new(changes,
				      json_pack("{s:s, s:o}", "Action", "UPSERT", "ResourceRecordSet", changed));
	}
	assert_true(json_array_size(changes) >= 2);
	assert_null(aws_call(aws, &aws_route53_ChangeResourceRecordSets,
			     json_pack("{s:s, s:{s:o}}", "HostedZoneId", zone, "ChangeBatch", "Changes", changes),
			     NULL));
}

static double green_asked(struct scene *scene)
{
	json_t *truth DOCUMENT_CLEANUP = sim_truth(scene->sim);
	return document_real_or(truth, "green_asked", -1);
}

static void assert_held_by_another_hand(struct scene *scene)
{
	play_until(scene, "traffic-50", STEP_STATE_HELD);
	assert_int_equal(run_state_result(agent_state(scene->agent)), RUN_HELD);
	assert_non_null(strstr(step_of(scene, "traffic-50")->reason, "somebody else changes the records"));
	assert_true(green_asked(scene) < 11);
}

static void assert_goes_on_when_put_right(struct scene *scene, int blue, int green)
{
	set_weights(scene, blue, green);
	say(scene, "resume");
	play_until(scene, NULL, STEP_STATE_DONE);
	assert_int_equal(agent_state(scene->agent)->result, RUN_COMPLETED);
}

static void weights_of_somebody_else_are_not_written_over(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, NULL);
	play_until(&scene, "traffic-25", STEP_STATE_RUNNING);
	say(&scene, "pause");
	play_until(&scene, NULL, STEP_STATE_DONE);
	assert_int_equal(agent_state(scene.agent)->result, RUN_PAUSED);
	set_weights(&scene, 90, 10);
	for (int i = 0; i < 2; i++) { /* the second without having put anything right */
		say(&scene, "resume");
		assert_held_by_another_hand(&scene);
	}
	assert_goes_on_when_put_right(&scene, 75, 25);
	scene_done(&scene);
}

static void a_hand_that_keeps_users_from_coming_is_named(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, NULL);
	play_until(&scene, "traffic-50", STEP_STATE_RUNNING);
	clock_sleep(scene.ports.clock, MINUTE_MS);
	set_weights(&scene, 90, 10);
	assert_held_by_another_hand(&scene);
	assert_goes_on_when_put_right(&scene, 50, 50);
	scene_done(&scene);
}

static void a_share_that_does_not_come_asks_a_person(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, "dns:cached=40%");
	play_until(&scene, "traffic-75", STEP_STATE_HELD);
	const struct step_view *held = NULL;
	for (size_t i = 0; i < scene.plan.n_steps && !held; i++)
		if (agent_state(scene.agent)->steps[i].state == STEP_STATE_HELD)
			held = &agent_state(scene.agent)->steps[i];
	assert_non_null(held);
	assert_string_equal(held->step->executor, "route53.weights");
	assert_non_null(strstr(held->reason, "users are held by cached names or open connections"));
	say(&scene, "rollback");
	play_until(&scene, NULL, STEP_STATE_DONE);
	assert_int_equal(agent_state(scene.agent)->result, RUN_ROLLED_BACK);
	assert_true(green_asked(&scene) == 0);
	scene_done(&scene);
}

static void weights_taken_back_during_a_step_lead_back_to_blue(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, NULL);
	play_until(&scene, "traffic-50", STEP_STATE_RUNNING);
	clock_sleep(scene.ports.clock, MINUTE_MS);
	set_weights(&scene, 100, 0);
	play_until(&scene, NULL, STEP_STATE_DONE);
	assert_non_null(strstr(agent_state(scene.agent)->reason, "somebody else changes the records"));
	assert_int_equal(agent_state(scene.agent)->result, RUN_ROLLED_BACK);
	assert_true(green_asked(&scene) == 0);
	scene_done(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_of_somebody_else_are_not_written_over),
		cmocka_unit_test(a_hand_that_keeps_users_from_coming_is_named),
		cmocka_unit_test(a_share_that_does_not_come_asks_a_person),
		cmocka_unit_test(weights_taken_back_during_a_step_lead_back_to_blue),
	};
	return cmocka_run_group_tests_name("hands", tests, quiet, NULL);
}
