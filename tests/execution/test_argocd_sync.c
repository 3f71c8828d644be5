/* The step that syncs applications, against an Argo CD whose answers the test writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/argocd_steps.h"

#define GREEN "https://green.example.com"
#define BEGIN_MS INT64_C(1795478400000)

extern const struct step_type argocd_sync_step;

struct stage {
	struct http http;
	struct ports ports;
	struct config config;
	struct world world;
	struct upgrade_plan plan;
	struct arena *arena;
	json_t *memory, *of_others; /* the step's; by step */
	json_t *blue, *copy;	    /* applications; copy NULL: not there */
	int64_t now_ms;
	unsigned syncs, refreshes, created;
	json_t *sync_body;
	const char *sync_refusal; /* NULL: taken */
	int refusal_status;
	struct step_result result;
};

static void answer(struct http_exchange *exchange, int status, json_t *body)
{
	exchange->response.status = status;
	buf_init(&exchange->response.body, 1 << 20);
	document_print(body, false, &exchange->response.body);
	json_decref(body);
}

static void answer_sync(struct stage *stage, struct http_exchange *exchange)
{
	stage->syncs++;
	json_decref(stage->sync_body);
	assert_null(document_parse(exchange->request.body, "sync", &stage->sync_body));
	if (stage->sync_refusal)
		answer(exchange, stage->refusal_status, json_pack("{s:s}", "message", stage->sync_refusal));
	else
		answer(exchange, 200, json_object());
}

static void serve(struct http *http, struct http_exchange *exchanges, size_t n)
{
	struct stage *stage = (struct stage *)http;
	for (size_t i = 0; i < n; i++) {
		const char *url = exchanges[i].request.url;
		bool post = !strcmp(exchanges[i].request.method, "POST");
		if (strstr(url, "/session/userinfo")) {
			answer(&exchanges[i], 200, json_pack("{s:s}", "username", "agent"));
		} else if (post && strstr(url, "/sync")) {
			answer_sync(stage, &exchanges[i]);
		} else if (post) {
			stage->created++;
			answer(&exchanges[i], 200, json_object());
		} else if (strstr(url, "refresh=normal")) {
			stage->refreshes++;
			answer(&exchanges[i], 200, json_object());
		} else {
			answer(&exchanges[i], 200, json_pack("{s:[O, O*]}", "items", stage->blue, stage->copy));
		}
	}
}

static struct error *record(void *engine, const struct step_context *ctx, const char *kind, json_t *payload)
{
	struct stage *stage = engine;
	(void)ctx;
	assert_string_equal(kind, "observed");
	json_object_update(stage->memory, json_object_get(payload, "memory"));
	json_decref(payload);
	return NULL;
}

static json_t *memory_of(void *engine, const char *step_id)
{
	return json_object_get(((struct stage *)engine)->of_others, step_id);
}

static json_t *application(const char *name, const char *server, const char *health)
{
	return json_pack("{s:{s:s, s:s}, s:{s:s, s:{s:s}}, s:{s:{s:s}, s:{s:s}}}", "metadata", "name", name,
			 "namespace", "apps", "spec", "project", "shop", "destination", "server", server, "status",
			 "sync", "status", "Synced", "health", "status", health);
}

static void stage_init(struct stage *stage)
{
	static const struct http_ops ops = {serve, NULL};
	*stage = (struct stage){.http.ops = &ops, .now_ms = BEGIN_MS};
	stage->ports.http = &stage->http;
	stage->config.argocd.server = "https://argocd.example.com";
	stage->world = (struct world){.ports = &stage->ports, .config = &stage->config};
	stage->plan = (struct upgrade_plan){.cluster_name = "shop", .green_name = "shop-134"};
	stage->memory = json_object();
	stage->of_others = json_pack("{s:{s:s}, s:{s:s}}", "register-apps", "server", GREEN, "assess", "endpoint",
				     "https://blue.example.com");
	stage->blue = application("web", "https://blue.example.com", "Healthy");
}

static void stage_done(struct stage *stage)
{
	json_t *all[] = {stage->memory, stage->of_others, stage->blue, stage->copy, stage->sync_body};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		json_decref(all[i]);
	free(stage->result.detail);
}

static void step(struct stage *stage, struct error *(*fn)(struct step_context *, struct step_result *))
{
	static const struct step_services services = {record, memory_of};
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct step_context ctx = {.world = &stage->world,
				   .plan = &stage->plan,
				   .run_id = "run-1",
				   .now_ms = stage->now_ms,
				   .memory = stage->memory,
				   .arena = arena,
				   .services = &services,
				   .engine = stage};
	free(stage->result.detail);
	stage->result = (struct step_result){0};
	assert_null(fn(&ctx, &stage->result));
}

static void poll_at(struct stage *stage, int64_t after_s)
{
	stage->now_ms = BEGIN_MS + after_s * SECOND_MS;
	step(stage, argocd_sync_step.poll);
}

static void set_time(json_t *object, const char *member, int64_t after_s)
{
	char text[TIME_TEXT];
	json_object_set_new(object, member, json_string(time_format_rfc3339(BEGIN_MS + after_s * SECOND_MS, text)));
}

/* The copy as Argo CD would tell it after an operation by `user` for `run` (NULL: without our mark). */
static void ended(struct stage *stage, const char *user, const char *run, int64_t finished_s, int64_t reconciled_s)
{
	json_decref(stage->copy);
	stage->copy = application("web-green", GREEN, "Healthy");
	json_object_set_new(json_object_get(stage->copy, "metadata"), "labels",
			    json_pack("{s:s}", ARGOCD_RUN_LABEL, "run-1"));
	json_t *info = run ? json_pack("[{s:s, s:s}]", "name", ARGOCD_RUN_LABEL, "value", run) : json_array(),
	       *state = json_pack("{s:s, s:{s:{s:s}, s:o}}", "phase", "Succeeded", "operation", "initiatedBy",
				  "username", user, "info", info),
	       *status = json_object_get(stage->copy, "status");
	set_time(state, "finishedAt", finished_s);
	json_object_set_new(status, "operationState", state);
	set_time(status, "reconciledAt", reconciled_s);
}

static void runs(struct stage *stage, const char *user, const char *run)
{
	ended(stage, user, run, 0, 0);
	json_object_set_new(document_at(stage->copy, "status.operationState"), "phase", json_string("Running"));
}

static void a_copy_is_made_then_synced_under_our_name(void **state)
{
	(void)state;
	struct stage stage;
	stage_init(&stage);
	step(&stage, argocd_sync_step.start);
	poll_at(&stage, 0);
	assert_int_equal(stage.created, 1);
	ended(&stage, "agent", "run-1", 0, 0);
	json_object_del(document_at(stage.copy, "status"), "operationState"); /* made, and nothing asked yet */
	poll_at(&stage, 1);
	assert_int_equal(stage.syncs, 1);
	assert_string_equal(document_text(stage.sync_body, "infos[0].name"), ARGOCD_RUN_LABEL);
	assert_string_equal(document_text(stage.sync_body, "infos[0].value"), "run-1");
	assert_string_equal(document_text(stage.sync_body, "appNamespace"), "apps");
	assert_string_equal(document_text(stage.sync_body, "project"), "shop");
	runs(&stage, "agent", "run-1");
	poll_at(&stage, 10);
	assert_int_equal(stage.syncs, 1);
	stage_done(&stage);
}

static void done_is_two_looks_that_lie_apart(void **state)
{
	(void)state;
	struct stage stage;
	stage_init(&stage);
	step(&stage, argocd_sync_step.start);
	ended(&stage, "agent", "run-1", 10, 10);
	poll_at(&stage, 12); /* Healthy, but as of when? */
	assert_int_equal(stage.refreshes, 1);
	ended(&stage, "agent", "run-1", 10, 12);
	poll_at(&stage, 14);
	poll_at(&stage, 30);
	assert_int_equal(stage.refreshes, 1);
	poll_at(&stage, 45); /* good for more than half a minute, and nobody looked since */
	assert_int_equal(stage.refreshes, 2);
	assert_int_equal(stage.result.progress, STEP_WAIT);
	ended(&stage, "agent", "run-1", 10, 45);
	poll_at(&stage, 47);
	assert_int_equal(stage.result.progress, STEP_DONE);
	assert_int_equal(stage.refreshes, 2);
	assert_int_equal(stage.syncs, 0);
	stage_done(&stage);
}

/* Half an hour apart, and only differences of its own times are used. */
static void argo_cds_clock_may_be_another(void **state)
{
	(void)state;
	struct stage stage;
	stage_init(&stage);
	ended(&stage, "agent", "run-1", -1800, -1790);
	poll_at(&stage, 10);
	poll_at(&stage, 45);
	assert_int_equal(stage.refreshes, 1);
	ended(&stage, "agent", "run-1", -1800, -1755);
	poll_at(&stage, 47);
	assert_int_equal(stage.result.progress, STEP_DONE);
	stage_done(&stage);
}

static void what_is_sick_at_the_second_look_begins_anew(void **state)
{
	(void)state;
	struct stage stage;
	stage_init(&stage);
	ended(&stage, "agent", "run-1", 10, 12);
	poll_at(&stage, 14);
	poll_at(&stage, 45);
	ended(&stage, "agent", "run-1", 10, 45);
	json_object_set_new(document_at(stage.copy, "status.health"), "status", json_string("Progressing"));
	poll_at(&stage, 47);
	assert_int_equal(stage.result.progress, STEP_WAIT);
	ended(&stage, "agent", "run-1", 10, 60);
	poll_at(&stage, 61);
	poll_at(&stage, 80);
	assert_int_equal(stage.result.progress, STEP_WAIT);
	poll_at(&stage, 95);
	ended(&stage, "agent", "run-1", 10, 95);
	poll_at(&stage, 97);
	assert_int_equal(stage.result.progress, STEP_DONE);
	stage_done(&stage);
}

static void what_somebody_else_synced_is_synced_again(void **state)
{
	(void)state;
	struct stage stage;
	stage_init(&stage);
	step(&stage, argocd_sync_step.start);
	runs(&stage, "alice", NULL);
	poll_at(&stage, 10);
	assert_int_equal(stage.syncs, 0);
	assert_non_null(strstr(stage.result.detail, "not ours runs, by alice"));
	ended(&stage, "alice", NULL, 20, 25);
	poll_at(&stage, 30);
	assert_int_equal(stage.syncs, 1);
	ended(&stage, "agent", "run-0", 40, 45); /* an earlier run of the same user */
	poll_at(&stage, 50);
	assert_int_equal(stage.syncs, 2);
	ended(&stage, "mallory", "run-1", 60, 65); /* our mark by another hand */
	poll_at(&stage, 70);
	assert_int_equal(stage.syncs, 3);
	stage_done(&stage);
}

static void anothers_operation_without_end_is_held_for_a_person(void **state)
{
	(void)state;
	struct stage stage;
	stage_init(&stage);
	runs(&stage, "alice", NULL);
	for (int64_t at_s = 0; at_s < 600; at_s += 10) {
		poll_at(&stage, at_s);
		assert_int_equal(stage.result.progress, STEP_WAIT);
	}
	poll_at(&stage, 601);
	assert_int_equal(stage.result.progress, STEP_HOLD);
	assert_non_null(strstr(stage.result.detail, "argocd app terminate-op web-green"));
	poll_at(&stage, 700); /* resumed: it has its time again */
	assert_int_equal(stage.result.progress, STEP_WAIT);
	stage_done(&stage);
}

static void refusals_that_pass_are_waited_for(void **state)
{
	(void)state;
	struct stage stage;
	stage_init(&stage);
	ended(&stage, "alice", NULL, 0, 5);
	stage.refusal_status = 400;
	stage.sync_refusal = "another operation is already in progress";
	poll_at(&stage, 10);
	assert_int_equal(stage.result.progress, STEP_WAIT);
	stage.refusal_status = 403;
	stage.sync_refusal = "cannot sync: blocked by sync window";
	poll_at(&stage, 20);
	assert_int_equal(stage.result.progress, STEP_WAIT);
	assert_non_null(strstr(stage.result.detail, "sync window"));
	stage_done(&stage);
}

static void a_sync_that_goes_on_failing_fails_the_step(void **state)
{
	(void)state;
	struct stage stage;
	stage_init(&stage);
	ended(&stage, "agent", "run-1", 0, 5);
	json_t *operation = document_at(stage.copy, "status.operationState");
	json_object_set_new(operation, "phase", json_string("Failed"));
	json_object_set_new(operation, "message", json_string("no matches for kind \"Widget\""));
	for (int64_t at = 1; at < 5; at++) {
		poll_at(&stage, at * 10);
		assert_int_equal(stage.result.progress, STEP_WAIT);
		assert_int_equal(stage.syncs, at);
	}
	poll_at(&stage, 60);
	assert_int_equal(stage.result.progress, STEP_FAIL);
	assert_int_equal(stage.syncs, 4);
	assert_non_null(strstr(stage.result.detail, "no matches for kind"));
	stage_done(&stage);
}

static void suspended_is_held_unless_blues_own_is(void **state)
{
	(void)state;
	struct stage stage;
	stage_init(&stage);
	ended(&stage, "agent", "run-1", 0, 5);
	json_object_set_new(document_at(stage.copy, "status.health"), "status", json_string("Suspended"));
	poll_at(&stage, 10);
	assert_int_equal(stage.result.progress, STEP_HOLD);
	assert_non_null(strstr(stage.result.detail, "\"web-green\" is Suspended"));
	json_object_set_new(document_at(stage.blue, "status.health"), "status", json_string("Suspended"));
	poll_at(&stage, 20);
	assert_int_equal(stage.result.progress, STEP_WAIT);
	assert_non_null(strstr(stage.result.detail, "1/1"));
	stage_done(&stage);
}

static void degraded_has_its_time(void **state)
{
	(void)state;
	struct stage stage;
	stage_init(&stage);
	ended(&stage, "agent", "run-1", 0, 5);
	json_object_set_new(document_at(stage.copy, "status.health"), "status", json_string("Degraded"));
	poll_at(&stage, 10);
	poll_at(&stage, 600);
	assert_int_equal(stage.result.progress, STEP_WAIT);
	poll_at(&stage, 611);
	assert_int_equal(stage.result.progress, STEP_FAIL);
	stage_done(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_made_then_synced_under_our_name),
		cmocka_unit_test(done_is_two_looks_that_lie_apart),
		cmocka_unit_test(argo_cds_clock_may_be_another),
		cmocka_unit_test(what_is_sick_at_the_second_look_begins_anew),
		cmocka_unit_test(what_somebody_else_synced_is_synced_again),
		cmocka_unit_test(anothers_operation_without_end_is_held_for_a_person),
		cmocka_unit_test(refusals_that_pass_are_waited_for),
		cmocka_unit_test(a_sync_that_goes_on_failing_fails_the_step),
		cmocka_unit_test(suspended_is_held_unless_blues_own_is),
		cmocka_unit_test(degraded_has_its_time),
	};
	return cmocka_run_group_tests_name("argocd sync step", tests, NULL, NULL);
}
