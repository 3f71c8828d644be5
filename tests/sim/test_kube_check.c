/* What a simulated API server refuses before it does anything: options and members that a real one does not take. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/mem.h"
#include "kube_ask.h"

static const char *const deployment = "/apis/apps/v1/namespaces/payments/deployments/payments";
static const char *const merge = "application/merge-patch+json";

static void options_that_cannot_be_read_are_refused(void **state)
{
	static const struct {
		const char *method, *path;
		int status;
		const char *part;
	} cases[] = {
		{"GET", "/api/v1/pods?limit=x", 400, "parsing \"x\""},
		{"GET", "/api/v1/pods?timeoutSeconds=1h", 400, "parsing \"1h\""},
		{"GET", "/api/v1/pods?resourceVersion=x", 400, "resourceVersion: Invalid value"},
		{"GET", "/api/v1/pods?resourceVersion=99999999999", 504, "Too large resource version: 99999999999"},
		{"GET", "/api/v1/pods?resourceVersionMatch=Exact", 422, "forbidden unless resourceVersion is provided"},
		{"GET", "/api/v1/pods?resourceVersionMatch=x&resourceVersion=0", 422, "Unsupported value: \"x\""},
		{"GET", "/api/v1/pods?labelSelector=a%3D%3D%3Db", 400, "unable to parse requirement"},
		{"GET", "/api/v1/pods?limit=1&resourceVersion=0", 200, NULL},
		{"GET", "/api/v1/pods?labelSelector=a%3D%3Db", 200, NULL},
		{"DELETE", "/apis/apps/v1/namespaces/payments/deployments/payments?dryRun=true", 422,
		 "dryRun: Unsupported value: \"true\""},
		{"DELETE", "/apis/apps/v1/namespaces/payments/deployments/payments?dryRun=All", 200, NULL},
	};
	struct sim_kube *kube = ask_cluster("small");
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int status;
		json_t *answer = ask(kube, cases[i].method, cases[i].path, NULL, &status);
		if (status != cases[i].status ||
		    (cases[i].part && !strstr(ask_string(answer, "message"), cases[i].part)))
			fail_msg("%s: %d %s", cases[i].path, status, ask_string(answer, "message"));
		json_decref(answer);
	}
	json_decref(ask_get(kube, deployment));
	sim_kube_free(kube);
}

static void members_of_another_type_are_refused_and_change_nothing(void **state)
{
	static const struct {
		const char *patch;
		int status;
		const char *part;
	} cases[] = {
		{"{\"spec\":{\"replicas\":\"x\"}}", 400,
		 "cannot unmarshal string into Go struct field Deployment.spec.replicas of type int32"},
		{"{\"spec\":{\"replicas\":-1}}", 422,
		 "spec.replicas: Invalid value: -1: must be greater than or equal to 0"},
		{"{\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"}}}}", 422, "field is immutable"},
		{"{\"spec\":7}", 400, "cannot unmarshal number"},
		{"{\"metadata\":{\"labels\":{\"a b\":\"c\"}}}", 422, "metadata.labels: Invalid value: \"a b\""},
		{"{\"metadata\":{\"labels\":{\"a\":1}}}", 400, "cannot unmarshal number"},
	};
	struct sim_kube *kube = ask_cluster("small");
	json_t *before = ask_get(kube, deployment), *after;
	int status;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *answer = ask_as(kube, "PATCH", deployment, merge, NULL, cases[i].patch, &status);
		if (status != cases[i].status || !strstr(ask_string(answer, "message"), cases[i].part))
			fail_msg("%s: %d %s", cases[i].patch, status, ask_string(answer, "message"));
		json_decref(answer);
	}
	after = ask_get(kube, deployment);
	assert_true(json_equal(before, after));
	json_decref(before), json_decref(after);
	json_decref(ask_as(kube, "PATCH", deployment, merge, NULL,
			   "{\"metadata\":{\"labels\":{\"example.com/a\":\"b\"}}}", &status));
	assert_int_equal(status, 200);
	sim_kube_free(kube);
}

static void yaml_is_read_as_json_is(void **state)
{
	struct sim_kube *kube = ask_cluster("small");
	int status;
	(void)state;
	json_decref(ask_as(kube, "POST", "/api/v1/namespaces", "application/yaml", NULL,
			   "apiVersion: v1\nkind: Namespace\nmetadata: {name: own}\n", &status));
	assert_int_equal(status, 201);
	json_decref(ask_get(kube, "/api/v1/namespaces/own"));
	json_t *answer =
		ask_as(kube, "POST", "/api/v1/namespaces", "application/vnd.kubernetes.protobuf", NULL, "k8s", &status);
	assert_int_equal(status, 415);
	assert_non_null(strstr(ask_string(answer, "message"), "kubectl apply"));
	json_decref(answer);
	sim_kube_free(kube);
}

static void logs_are_of_a_container_that_is_there(void **state)
{
	struct sim_kube *kube = ask_cluster("small");
	const char *path = "/api/v1/namespaces/payments/pods/payments-redis-0/log";
	char whose[256];
	int status;
	(void)state;
	snprintf(whose, sizeof whose, "%s?container=payments-redis", path);
	free(ask_text(kube, whose, &status));
	assert_int_equal(status, 200);
	snprintf(whose, sizeof whose, "%s?container=other", path);
	free(ask_text(kube, whose, &status));
	assert_int_equal(status, 400);
	sim_kube_free(kube);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_that_cannot_be_read_are_refused),
		cmocka_unit_test(members_of_another_type_are_refused_and_change_nothing),
		cmocka_unit_test(yaml_is_read_as_json_is),
		cmocka_unit_test(logs_are_of_a_container_that_is_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
