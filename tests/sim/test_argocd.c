/* Argo CD's REST API and the controller behind it. */
#include "sim_ask.h"

#define SERVER "https://argocd.example.com/api/v1"

struct target {
	struct bench bench;
	char *server; /* Green's */
};

static struct target green_without_applications(const char *fault)
{
	struct target target = {.bench = bench_new("small", 2, fault)};
	json_decref(
		bench_ask(&target.bench, "eks:CreateCluster",
			  json_pack("{s:s, s:s, s:s, s:{s:[s,s]}}", "name", "shop-134", "version", "1.34", "roleArn",
				    "arn:aws:iam::1:role/r", "resourcesVpcConfig", "subnetIds", "a", "b")));
	bench_pass(&target.bench, 12 * MINUTE_MS);
	json_decref(bench_ask(&target.bench, "eks:CreateNodegroup",
			      json_pack("{s:s, s:s, s:[s], s:s, s:{s:i, s:i, s:i}}", "clusterName", "shop-134",
					"nodegroupName", "general", "subnets", "a", "nodeRole", "arn:aws:iam::1:role/n",
					"scalingConfig", "minSize", 1, "maxSize", 9, "desiredSize", 3)));
	bench_pass(&target.bench, 5 * MINUTE_MS);
	json_t *cluster DOCUMENT_CLEANUP =
		bench_ask(&target.bench, "eks:DescribeCluster", json_pack("{s:s}", "name", "shop-134"));
	target.server = mem_strdup(document_text_or(cluster, "cluster.endpoint", ""));
	return target;
}

static void target_done(struct target *target)
{
	free(target->server);
	bench_done(&target->bench);
}

static json_t *call(struct target *target, const char *method, const char *path, json_t *body, int wanted_status)
{
	char *url CLEANUP(mem_freep) = mem_printf(SERVER "%s", path);
	int status;
	json_t *answer = fetch(&target->bench, method, url, body, &status);
	if (status != wanted_status)
		fail_msg("%s %s: %d, not %d: %s", method, path, status, wanted_status,
			 document_text_or(answer, "message", ""));
	return answer;
}

static json_t *registration(struct target *target)
{
	return json_pack("{s:s, s:s}", "name", "shop-134", "server", target->server);
}

static json_t *application(struct target *target, const char *name)
{
	return json_pack("{s:{s:s, s:{s:s}}, s:{s:s, s:{s:s}, s:{s:s}}}", "metadata", "name", name, "labels", "mine",
			 "yes", "spec", "project", "default", "destination", "server", target->server, "source", "path",
			 "web");
}

static void clusters_are_registered_once(void **state)
{
	(void)state;
	struct target target = green_without_applications(NULL);
	json_decref(call(&target, "POST", "/applications", application(&target, "web-green"), 400));
	json_decref(call(&target, "POST", "/clusters", registration(&target), 200));
	json_decref(call(&target, "POST", "/clusters", registration(&target), 409));
	json_decref(call(&target, "POST", "/clusters?upsert=true", registration(&target), 200));
	assert_int_equal(effect(&target.bench, "argocd:register shop-134"), 1);
	json_t *list DOCUMENT_CLEANUP = call(&target, "GET", "/clusters", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(list, "items")), 2);
	char *path CLEANUP(mem_freep) = mem_printf("/clusters/https%%3A%%2F%%2F%s", target.server + 8);
	json_decref(call(&target, "DELETE", path, NULL, 200));
	json_decref(call(&target, "DELETE", path, NULL, 404));
	target_done(&target);
}

static void a_sync_copies_and_health_follows_the_pods(void **state)
{
	(void)state;
	struct target target = green_without_applications(NULL);
	json_decref(call(&target, "POST", "/clusters", registration(&target), 200));
	json_t *made DOCUMENT_CLEANUP = call(&target, "POST", "/applications", application(&target, "web-green"), 200);
	assert_string_equal(document_text(made, "status.sync.status"), "OutOfSync");
	assert_string_equal(document_text(made, "status.health.status"), "Missing");
	assert_string_equal(document_text(made, "metadata.labels.mine"), "yes");
	json_t *begun DOCUMENT_CLEANUP =
		call(&target, "POST", "/applications/web-green/sync",
		     json_pack("{s:[{s:s, s:s}]}", "infos", "name", "mine", "value", "7"), 200);
	assert_null(document_at(begun, "status.operationState")); /* nobody took it up yet */
	assert_string_equal(document_text(begun, "operation.info[0].value"), "7");
	json_decref(call(&target, "POST", "/applications/web-green/sync", json_object(), 400));
	bench_pass(&target.bench, 20 * SECOND_MS);
	json_t *between DOCUMENT_CLEANUP = call(&target, "GET", "/applications/web-green", NULL, 200);
	assert_string_equal(document_text(between, "status.health.status"), "Progressing");
	assert_string_equal(document_text(between, "status.operationState.phase"), "Running");
	assert_string_equal(document_text(between, "status.operationState.operation.info[0].name"), "mine");
	assert_string_equal(document_text(between, "status.operationState.operation.initiatedBy.username"), "agent");
	assert_null(document_text(between, "status.operationState.finishedAt"));
	bench_pass(&target.bench, 3 * MINUTE_MS);
	json_t *done DOCUMENT_CLEANUP = call(&target, "GET", "/applications/web-green?refresh=normal", NULL, 200);
	assert_string_equal(document_text(done, "status.operationState.phase"), "Succeeded");
	assert_null(document_at(done, "operation"));
	assert_string_equal(document_text(done, "status.operationState.operation.info[0].value"), "7");
	assert_string_equal(document_text(done, "status.sync.status"), "Synced");
	assert_string_equal(document_text(done, "status.health.status"), "Healthy");
	assert_true(strcmp(document_text(done, "status.reconciledAt"),
			   document_text(done, "status.operationState.finishedAt")) > 0);
	assert_int_equal(effect(&target.bench, "argocd:sync web-green"), 1);
	target_done(&target);
}

static void deleting_takes_the_objects_and_blue_keeps_its_own(void **state)
{
	(void)state;
	struct target target = green_without_applications(NULL);
	json_decref(call(&target, "POST", "/clusters", registration(&target), 200));
	json_decref(call(&target, "POST", "/applications", application(&target, "web-green"), 200));
	json_decref(call(&target, "POST", "/applications/web-green/sync", json_object(), 200));
	bench_pass(&target.bench, 3 * MINUTE_MS);
	json_decref(call(&target, "DELETE", "/applications/web-green?cascade=true", NULL, 200));
	json_t *going DOCUMENT_CLEANUP = call(&target, "GET", "/applications/web-green", NULL, 200);
	assert_non_null(document_text(going, "metadata.deletionTimestamp"));
	json_decref(call(&target, "POST", "/applications/web-green/sync", json_object(), 400));
	bench_pass(&target.bench, 2 * MINUTE_MS);
	json_decref(call(&target, "GET", "/applications/web-green", NULL, 403));
	json_decref(call(&target, "GET", "/applications/web-green?project=default", NULL, 404));
	json_t *blue DOCUMENT_CLEANUP = call(&target, "GET", "/applications/web", NULL, 200);
	assert_string_equal(document_text(blue, "status.health.status"), "Healthy");
	struct sim_users users;
	sim_users(target.bench.sim, &users);
	assert_int_equal(users.failed, 0);
	target_done(&target);
}

static void the_same_application_twice_is_one_and_another_a_conflict(void **state)
{
	(void)state;
	struct target target = green_without_applications(NULL);
	json_decref(call(&target, "POST", "/clusters", registration(&target), 200));
	json_decref(call(&target, "POST", "/applications", application(&target, "web-green"), 200));
	json_decref(call(&target, "POST", "/applications", application(&target, "web-green"), 200));
	assert_int_equal(effect(&target.bench, "argocd:create web-green"), 1);
	json_t *other = application(&target, "web-green");
	json_object_set_new(document_at(other, "spec.source"), "path", json_string("cart"));
	json_decref(call(&target, "POST", "/applications", json_deep_copy(other), 409));
	json_decref(call(&target, "POST", "/applications?upsert=true", other, 200));
	json_decref(call(&target, "POST", "/applications", json_object(), 400));
	target_done(&target);
}

static void a_hanging_controller_can_be_stopped_and_goes_on(void **state)
{
	(void)state;
	struct target target = green_without_applications("argocd:hang for 40m");
	json_decref(call(&target, "POST", "/clusters", registration(&target), 200));
	json_decref(call(&target, "POST", "/applications", application(&target, "web-green"), 200));
	json_decref(call(&target, "POST", "/applications/web-green/sync", json_object(), 200));
	bench_pass(&target.bench, 5 * MINUTE_MS);
	json_t *hung DOCUMENT_CLEANUP = call(&target, "GET", "/applications/web-green", NULL, 200);
	assert_string_equal(document_text(hung, "status.operationState.phase"), "Running");
	json_decref(call(&target, "DELETE", "/applications/web-green/operation", NULL, 200));
	json_decref(call(&target, "DELETE", "/applications/web-green/operation", NULL, 400));
	json_decref(call(&target, "POST", "/applications/web-green/sync", json_object(), 200));
	bench_pass(&target.bench, HOUR_MS);
	json_t *done DOCUMENT_CLEANUP = call(&target, "GET", "/applications/web-green", NULL, 200);
	assert_string_equal(document_text(done, "status.health.status"), "Healthy");
	target_done(&target);
}

static void sick_applications_heal_when_the_fault_ends(void **state)
{
	(void)state;
	struct target target = green_without_applications("argocd:unhealthy for 40m");
	json_decref(call(&target, "POST", "/clusters", registration(&target), 200));
	json_decref(call(&target, "POST", "/applications", application(&target, "web-green"), 200));
	json_decref(call(&target, "POST", "/applications/web-green/sync", json_object(), 200));
	bench_pass(&target.bench, 5 * MINUTE_MS);
	json_t *sick DOCUMENT_CLEANUP = call(&target, "GET", "/applications/web-green", NULL, 200);
	assert_string_equal(document_text(sick, "status.health.status"), "Degraded");
	json_t *blue DOCUMENT_CLEANUP = call(&target, "GET", "/applications/web", NULL, 200);
	assert_string_equal(document_text(blue, "status.health.status"), "Healthy");
	bench_pass(&target.bench, HOUR_MS);
	json_t *well DOCUMENT_CLEANUP = call(&target, "GET", "/applications/web-green", NULL, 200);
	assert_string_equal(document_text(well, "status.health.status"), "Healthy");
	target_done(&target);
}

static void somebody_else_may_be_quicker(void **state)
{
	(void)state;
	struct target target = green_without_applications("argocd:foreign");
	json_decref(call(&target, "POST", "/clusters", registration(&target), 200));
	json_decref(call(&target, "POST", "/applications", application(&target, "web-green"), 200));
	json_decref(call(&target, "POST", "/applications/web-green/sync", json_object(), 400));
	bench_pass(&target.bench, 3 * MINUTE_MS);
	json_t *done DOCUMENT_CLEANUP = call(&target, "GET", "/applications/web-green", NULL, 200);
	assert_string_equal(document_text(done, "status.operationState.operation.initiatedBy.username"), "alice");
	assert_string_equal(document_text(done, "status.operationState.phase"), "Succeeded");
	assert_int_equal(effect(&target.bench, "argocd:foreign-sync web-green"), 1);
	assert_int_equal(effect(&target.bench, "argocd:sync web-green"), 0);
	json_decref(call(&target, "POST", "/applications/web-green/sync", json_object(), 200));
	assert_int_equal(effect(&target.bench, "argocd:sync web-green"), 1);
	target_done(&target);
}

static void a_sync_policy_syncs_by_itself(void **state)
{
	(void)state;
	struct target target = green_without_applications(NULL);
	json_decref(call(&target, "POST", "/clusters", registration(&target), 200));
	json_t *automated = application(&target, "web-green");
	json_object_set_new(document_at(automated, "spec"), "syncPolicy", json_pack("{s:{}}", "automated"));
	json_decref(call(&target, "POST", "/applications", automated, 200));
	json_decref(call(&target, "POST", "/applications/web-green/sync", json_object(), 400));
	bench_pass(&target.bench, 3 * MINUTE_MS);
	json_t *done DOCUMENT_CLEANUP = call(&target, "GET", "/applications/web-green", NULL, 200);
	assert_true(json_is_true(document_at(done, "status.operationState.operation.initiatedBy.automated")));
	assert_string_equal(document_text(done, "status.health.status"), "Healthy");
	target_done(&target);
}

static void a_look_is_answered_when_it_was_had(void **state)
{
	(void)state;
	struct target target = green_without_applications("argocd:hang after 30m for 10m");
	json_decref(call(&target, "POST", "/clusters", registration(&target), 200));
	json_decref(call(&target, "POST", "/applications", application(&target, "web-green"), 200));
	json_decref(call(&target, "POST", "/applications/web-green/sync", json_object(), 200));
	bench_pass(&target.bench, 15 * MINUTE_MS);
	struct http_exchange exchange = {
		.request = {.method = "GET", .url = SERVER "/applications/web-green?refresh=normal"}};
	http_perform(target.bench.ports.http, &exchange, 1);
	assert_non_null(exchange.response.error);
	http_exchange_done(&exchange);
	json_t *waits DOCUMENT_CLEANUP = call(&target, "GET", "/applications/web-green", NULL, 200);
	json_t *annotations = document_at(waits, "metadata.annotations");
	assert_string_equal(json_string_value(json_object_get(annotations, "argocd.argoproj.io/refresh")), "normal");
	bench_pass(&target.bench, 15 * MINUTE_MS);
	json_t *seen DOCUMENT_CLEANUP = call(&target, "GET", "/applications/web-green", NULL, 200);
	annotations = document_at(seen, "metadata.annotations");
	assert_null(json_object_get(annotations, "argocd.argoproj.io/refresh"));
	assert_true(strcmp(document_text(seen, "status.reconciledAt"), document_text(waits, "status.reconciledAt")) >
		    0);
	target_done(&target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clusters_are_registered_once),
		cmocka_unit_test(a_sync_copies_and_health_follows_the_pods),
		cmocka_unit_test(deleting_takes_the_objects_and_blue_keeps_its_own),
		cmocka_unit_test(the_same_application_twice_is_one_and_another_a_conflict),
		cmocka_unit_test(a_hanging_controller_can_be_stopped_and_goes_on),
		cmocka_unit_test(sick_applications_heal_when_the_fault_ends),
		cmocka_unit_test(somebody_else_may_be_quicker),
		cmocka_unit_test(a_sync_policy_syncs_by_itself),
		cmocka_unit_test(a_look_is_answered_when_it_was_had),
	};
	return cmocka_run_group_tests_name("sim argocd", tests, NULL, NULL);
}
