/* The step that runs the configured tests: how each program is started, and what is concluded from what it left behind.
 * The programs are scripted: a state, an exit status, and the files that they wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/step.h"

extern const struct step_type tests_step;

enum { MOST = 4 };

struct suite {
	enum process_state state;
	int exit_status;
	const char *report, *err;
};

struct stage {
	struct process process; /* first: the port is found by it */
	struct ports ports;
	struct config config;
	struct suite suites[MOST];
	char *started[MOST]; /* argv and env, joined by spaces */
	json_t *verdict;
	struct step_result result;
};

static size_t number_of(const char *name)
{
	return (size_t)(name[strlen(name) - 1] - '0');
}

static struct error *start(struct process *process, const struct process_spec *spec)
{
	struct stage *stage = (struct stage *)process;
	struct buf line CLEANUP(buf_done) = BUF_INIT(4096);
	for (size_t i = 0; spec->argv[i]; i++)
		buf_printf(&line, "%s ", spec->argv[i]);
	for (size_t i = 0; spec->env[i]; i++)
		buf_printf(&line, "%s ", spec->env[i]);
	stage->started[number_of(spec->name)] = buf_take(&line);
	assert_true(spec->deadline_ms > 0);
	return NULL;
}

static struct error *status(struct process *process, const char *name, struct process_status *ret)
{
	const struct suite *suite = &((struct stage *)process)->suites[number_of(name)];
	*ret = (struct process_status){.state = suite->state, .exit_status = suite->exit_status};
	return NULL;
}

static struct error *take(struct process *process, const char *name, const char *file, uint64_t offset, size_t max,
			  struct buf *out)
{
	const struct suite *suite = &((struct stage *)process)->suites[number_of(name)];
	const char *text = !strcmp(file, "err") ? suite->err : suite->report;
	assert_int_equal(offset, 0);
	assert_true(strlen(text ? text : "") <= max);
	buf_puts(out, text ? text : "");
	return NULL;
}

static struct error *path(struct process *process, const char *name, const char *file, struct buf *out)
{
	(void)process;
	buf_printf(out, "/jobs/%s/%s", name, file);
	return NULL;
}

static const struct process_ops ops = {.start = start, .status = status, .read = take, .path = path};

static struct error *record(void *engine, const struct step_context *ctx, const char *kind, json_t *payload)
{
	struct stage *stage = engine;
	(void)ctx;
	assert_string_equal(kind, "verdict");
	json_decref(stage->verdict);
	stage->verdict = payload;
	return NULL;
}

static json_t *memory_of(void *engine, const char *step_id)
{
	(void)engine;
	(void)step_id;
	return NULL;
}

static void stage_init(struct stage *stage)
{
	*stage = (struct stage){.process = {&ops}};
	stage->ports.process = &stage->process;
	stage->config.traffic.green_load_balancer = "green.elb.example.com";
}

static void stage_done(struct stage *stage)
{
	for (size_t i = 0; i < MOST; i++)
		free(stage->started[i]);
	json_decref(stage->verdict);
	free(stage->result.detail);
}

static void poll(struct stage *stage, const char *parameters)
{
	static const struct step_services services = {record, memory_of};
	struct world world = {.ports = &stage->ports, .config = &stage->config};
	struct upgrade_plan plan = {.cluster_name = "shop", .green_name = "shop-134"};
	struct upgrade_step step = {.step_id = "tests", .parameters = parameters};
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct step_context ctx = {.world = &world,
				   .plan = &plan,
				   .step = &step,
				   .run_id = "0123456789abcdef",
				   .attempt = 1,
				   .arena = arena,
				   .services = &services,
				   .engine = stage};
	free(stage->result.detail);
	stage->result = (struct step_result){0};
	assert_null(tests_step.poll(&ctx, &stage->result));
}

static void each_program_is_told_where_green_is(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage);
	poll(&stage, "{\"tests\":[{\"newman\":\"shop.json\"},{\"jmeter\":\"load.jmx\"},{\"command\":\"make smoke\"}]}");
	assert_int_equal(stage.result.progress, STEP_WAIT);
	assert_null(stage.verdict);
	assert_non_null(strstr(stage.started[0], "newman run shop.json "));
	assert_non_null(strstr(stage.started[0], "--env-var green_load_balancer=green.elb.example.com "));
	assert_non_null(strstr(stage.started[1], "jmeter -n -t load.jmx -l /jobs/"));
	assert_non_null(strstr(stage.started[1], "-Jgreen_load_balancer=green.elb.example.com "));
	assert_non_null(strstr(stage.started[2], "sh -c make smoke "));
	for (int i = 0; i < 3; i++)
		assert_non_null(strstr(stage.started[i], "EUA_GREEN=shop-134 EUA_GREEN_ENDPOINT= "
							 "EUA_GREEN_LOAD_BALANCER=green.elb.example.com "));
	stage_done(&stage);
}

#define NEWMAN(total, failed) "{\"run\":{\"stats\":{\"assertions\":{\"total\":" #total ",\"failed\":" #failed "}}}}"
#define HEADING "timeStamp,elapsed,label,responseCode,success,failureMessage\n"

static const struct {
	const char *test;
	struct suite suite;
	enum step_progress progress;
	const char *says;
} cases[] = {
	{"newman", {PROCESS_RUNNING, 0, NULL, NULL}, STEP_WAIT, "0/0"},
	{"newman", {PROCESS_EXITED, 0, NEWMAN(87, 0), NULL}, STEP_DONE, "87/87 assertions"},
	{"newman",
	 {PROCESS_EXITED, 1, NEWMAN(87, 2), "boom\r\n"},
	 STEP_FAIL,
	 "2 of 87 assertions: \"t\": exit status 1: boom"},
	{"newman", {PROCESS_EXITED, 0, NEWMAN(87, 2), NULL}, STEP_FAIL, "2 of 87 assertions: \"t\""},
	{"newman", {PROCESS_EXITED, 0, NULL, NULL}, STEP_FAIL, "it left no results"},
	{"newman", {PROCESS_EXITED, 0, "{\"run\":", NULL}, STEP_FAIL, "it left no results"},
	{"newman", {PROCESS_LOST, 0, NULL, NULL}, STEP_FAIL, "killed from outside"},
	{"command", {PROCESS_EXITED, 0, NULL, NULL}, STEP_DONE, "0/0"},
	{"command",
	 {PROCESS_EXITED, 7, NULL, NULL},
	 STEP_FAIL,
	 "1 test suites failed, 0 of 0 assertions: \"t\": exit status 7"},
	{"jmeter", {PROCESS_EXITED, 0, HEADING "1,5,cart,200,true,\n2,5,pay,200,true,\n", NULL}, STEP_DONE, "2/2"},
	{"jmeter",
	 {PROCESS_EXITED, 0, HEADING "1,5,cart,200,true,\n2,5,pay,500,false,no\n", NULL},
	 STEP_FAIL,
	 "1 of 2"},
	{"jmeter",
	 {PROCESS_EXITED, 0, HEADING "1,5,\"a,\"\"b\"\"\nfalse\",200,true,\"x,false\"", NULL},
	 STEP_DONE,
	 "1/1"},
	{"jmeter", {PROCESS_EXITED, 0, "label,success\r\ncart,false\r\npay,true\r\n", NULL}, STEP_FAIL, "1 of 2"},
	{"jmeter", {PROCESS_EXITED, 0, HEADING, NULL}, STEP_FAIL, "it left no results"},
	{"jmeter", {PROCESS_EXITED, 0, HEADING "\n\n", NULL}, STEP_FAIL, "it left no results"},
	{"jmeter", {PROCESS_EXITED, 0, HEADING "1,5,cart", NULL}, STEP_FAIL, "it left no results"},
	{"jmeter", {PROCESS_EXITED, 0, "1,5,cart,200,true,\n", NULL}, STEP_FAIL, "it left no results"},
	{"jmeter", {PROCESS_EXITED, 0, NULL, NULL}, STEP_FAIL, "it left no results"},
	{"jmeter", {PROCESS_EXITED, 1, HEADING "1,5,cart,200,true,\n", NULL}, STEP_FAIL, "exit status 1"},
};

static void what_was_left_behind_decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct stage stage;
		stage_init(&stage);
		stage.suites[0] = cases[i].suite;
		char *parameters CLEANUP(mem_freep) = mem_printf("{\"tests\":[{\"%s\":\"t\"}]}", cases[i].test);
		poll(&stage, parameters);
		if (stage.result.progress != cases[i].progress || !strstr(stage.result.detail, cases[i].says))
			fail_msg("case %zu: progress %d: %s", i, stage.result.progress, stage.result.detail);
		assert_string_equal(document_text_or(stage.verdict, "verdict", "none"),
				    cases[i].progress == STEP_DONE   ? "PASS"
				    : cases[i].progress == STEP_FAIL ? "FAIL"
								     : "none");
		stage_done(&stage);
	}
}

static void the_verdict_waits_for_all(void **state)
{
	static const char both[] = "{\"tests\":[{\"newman\":\"a\"},{\"command\":\"b\"}]}";
	struct stage stage;
	(void)state;
	stage_init(&stage);
	stage.suites[0] = (struct suite){PROCESS_EXITED, 1, NEWMAN(3, 1), NULL};
	stage.suites[1].state = PROCESS_RUNNING;
	poll(&stage, both);
	assert_int_equal(stage.result.progress, STEP_WAIT);
	assert_null(stage.verdict);
	stage.suites[1] = (struct suite){PROCESS_EXITED, 2, NULL, "later"};
	poll(&stage, both);
	assert_int_equal(stage.result.progress, STEP_FAIL);
	assert_non_null(strstr(stage.result.detail, "2 test suites failed, 1 of 3 assertions: \"a\": exit status 1"));
	assert_int_equal(document_int_or(stage.verdict, "passed", -1), 2);
	assert_int_equal(document_int_or(stage.verdict, "failed", -1), 1);
	stage_done(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_program_is_told_where_green_is),
		cmocka_unit_test(what_was_left_behind_decides),
		cmocka_unit_test(the_verdict_waits_for_all),
	};
	return cmocka_run_group_tests_name("suites", tests, NULL, NULL);
}
