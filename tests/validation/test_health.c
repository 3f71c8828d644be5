/* Is a cluster well? Twice in a row, and what it waits for is named. Blue stands in for Green here. */
#include "execution/stage.h"
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"

extern const struct step_type health_step;

static void well_is_well_twice_in_a_row(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage, "{}");
	stage_call(&stage, health_step.start);
	assert_int_equal(stage.result.progress, STEP_WAIT);
	stage_call(&stage, health_step.poll);
	assert_int_equal(stage.result.progress, STEP_WAIT);
	assert_null(stage.verdict);
	assert_null(strstr(stage.result.detail, "waits"));
	stage_call(&stage, health_step.poll);
	assert_int_equal(stage.result.progress, STEP_DONE);
	assert_string_equal(document_text_or(stage.verdict, "verdict", ""), "PASS");
	stage_done(&stage);
}

static void polls_until_it_says(struct stage *stage, const char *words)
{
	for (int i = 0; i < 90; i++) {
		stage_call(stage, health_step.poll);
		assert_int_equal(stage->result.progress, STEP_WAIT);
		if (strstr(stage->result.detail, words))
			return;
		stage_sleep(stage, 20 * SECOND_MS);
	}
	fail_msg("never \"%s\" but: %s", words, stage->result.detail);
}

static void a_pod_that_crashes_is_named(void **state)
{
	struct stage stage;
	(void)state;
	stage_init_sick(&stage, "{}", "blue:crash after 1m");
	stage_call(&stage, health_step.poll);
	assert_int_equal(document_int_or(stage.memory, "looks", -1), 1);
	stage_sleep(&stage, 5 * MINUTE_MS);
	polls_until_it_says(&stage, "CrashLoopBackOff");
	assert_non_null(strstr(stage.result.detail, ", waits for "));
	assert_non_null(strstr(stage.result.detail, " (pod "));
	assert_int_equal(document_int_or(stage.memory, "looks", -1), 0); /* the good look counts no more */
	assert_null(stage.verdict);
	stage_done(&stage);
}

static void a_node_that_is_not_ready_is_named(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage, "{}");
	json_t *nodes DOCUMENT_CLEANUP = stage_ask(&stage, "GET", "/api/v1/nodes?limit=1", NULL);
	const char *name = document_text(nodes, "items[0].metadata.name");
	char *path CLEANUP(mem_freep) = mem_printf("/api/v1/nodes/%s/status", name);
	json_decref(stage_ask(
		&stage, "PATCH", path,
		json_pack("{s:{s:[{s:s, s:s}]}}", "status", "conditions", "type", "Ready", "status", "False")));
	char *words CLEANUP(mem_freep) = mem_printf(", waits for node %s", name);
	polls_until_it_says(&stage, words);
	stage_done(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_is_well_twice_in_a_row),
		cmocka_unit_test(a_pod_that_crashes_is_named),
		cmocka_unit_test(a_node_that_is_not_ready_is_named),
	};
	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
