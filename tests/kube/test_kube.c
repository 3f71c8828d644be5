/* Calls, their retries and errors, evictions, discovery. */
#include "fake.h"

#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "kube/discovery.h"

static void reads_are_asked_again(void **state)
{
	(void)state;
	struct fake fake;
	struct fake_reply replies[] = {{.status = 500, .body = "{}"},
				       {.lose = true},
				       {.refuse = true},
				       {.body = "{\"gitVersion\": \"v1.33\"}"}};
	FAKE(replies);
	struct kube *kube = fake_kube(&fake);
	json_t *answer DOCUMENT_CLEANUP = NULL;
	expect_fine(kube_get(kube, "/version", &answer));
	assert_string_equal(document_text(answer, "gitVersion"), "v1.33");
	assert_string_equal(fake.requests[3].url, "https://fake/version");
	assert_string_equal(fake.requests[3].authorization, "Bearer t0ken");
	kube_free(kube);
	fake_done(&fake);
}

static void reads_end_after_five_tries(void **state)
{
	(void)state;
	struct fake fake;
	struct fake_reply replies[6] = {{.lose = true}, {.lose = true}, {.lose = true},
					{.lose = true}, {.lose = true}, {.lose = true}};
	FAKE(replies);
	struct kube *kube = fake_kube(&fake);
	struct error *error = kube_get(kube, "/version", NULL);
	assert_non_null(error);
	assert_false(error->outcome_unknown);
	expect_error(error, ERROR_TIMEOUT, "cannot ask the API server at \"https://fake\": no answer");
	assert_int_equal(fake.n_requests, 5);
	kube_free(kube);
	fake_done(&fake);
}

/* Each change ends as done, not done or not known, and is never sent again after it may have arrived. */
static void changes_are_never_repeated_blindly(void **state)
{
	(void)state;
	static const struct {
		struct fake_reply replies[2];
		size_t requests;
		bool fails, unknown;
	} cases[] = {
		{{{.lose = true}}, 1, true, true},
		{{{.status = 500, .body = "{}"}}, 1, true, true},
		{{{.status = 504, .body = "{}", .header = "retry-after", .value = "1"}}, 1, true, true},
		{{{.status = 409, .body = "{}"}}, 1, true, false},
		{{{.body = "{\"half"}}, 1, true, true},
		{{{.body = "{}", .break_after = 1}}, 1, true, true},
		{{{.refuse = true}, {.body = "{}"}}, 2, false, false},
		{{{.status = 429, .body = "{}"}, {.body = "{}"}}, 2, false, false},
		{{{.status = 503, .body = "{}", .header = "retry-after", .value = "1"}, {.body = "{}"}},
		 2,
		 false,
		 false},
	};
	static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
	for (size_t i = 0; i < ARRAY_SIZE(cases) * ARRAY_SIZE(methods); i++) {
		struct fake fake;
		struct fake_reply replies[2];
		memcpy(replies, cases[i / 4].replies, sizeof replies);
		FAKE(replies);
		struct kube *kube = fake_kube(&fake);
		json_t *answer DOCUMENT_CLEANUP = NULL;
		struct error *error = kube_call(kube, methods[i % 4], "/api/v1/namespaces/x/configmaps/y", NULL,
						json_pack("{s:s}", "a", "b"), &answer);
		assert_int_equal(fake.n_requests, cases[i / 4].requests);
		assert_int_equal(error != NULL, cases[i / 4].fails);
		assert_int_equal(error && error->outcome_unknown, cases[i / 4].unknown);
		assert_string_equal(fake.requests[0].body, "{\"a\":\"b\"}");
		error_free(error);
		kube_free(kube);
		fake_done(&fake);
	}
}

static void the_servers_hint_is_kept_to_the_second(void **state)
{
	(void)state;
	struct fake fake;
	struct fake_reply replies[] = {
		{.status = 429, .body = "{}", .header = "retry-after", .value = "7"},
		{.body = "{}"},
		{.status = 429, .body = "{}", .header = "retry-after", .value = "600"},
		{.status = 503, .body = "{}", .header = "retry-after", .value = "Tue, 24 Nov 2026 00:00:30 GMT"},
		{.body = "{}"}};
	FAKE(replies);
	struct kube *kube = fake_kube(&fake);
	expect_fine(kube_get(kube, "/a", NULL));
	int64_t waited_ms = fake.requests[1].at_ms - fake.requests[0].at_ms;
	assert_in_range(waited_ms, 7000, 7100);
	struct error *error = kube_get(kube, "/b", NULL); /* longer than we wait: the caller's decision */
	assert_non_null(error);
	assert_int_equal(error->retry_after_ms, 600000);
	expect_error(error, ERROR_THROTTLED, "429");
	expect_fine(kube_get(kube, "/c", NULL));
	assert_true(fake.requests[4].at_ms >= INT64_C(1795478430000));
	kube_free(kube);
	fake_done(&fake);
}

static void refusals_say_what_to_grant(void **state)
{
	(void)state;
	static const struct {
		const char *method, *path, *remedy;
	} cases[] = {
		{"GET", "/api/v1/pods?limit=500",
		 "verb \"list\" on resource \"pods\" of API group \"\" in the whole cluster"},
		{"GET", "/api/v1/namespaces/x/pods/y",
		 "verb \"get\" on resource \"pods\" of API group \"\" in namespace \"x\""},
		{"GET", "/apis/apps/v1/deployments?watch=true",
		 "verb \"watch\" on resource \"deployments\" of API group \"apps\""},
		{"POST", "/api/v1/namespaces/x/pods/y/eviction",
		 "verb \"create\" on resource \"pods/eviction\" of API group \"\" in namespace \"x\""},
		{"DELETE", "/api/v1/namespaces/x", "verb \"delete\" on resource \"namespaces\""},
		{"PUT", "/api/v1/namespaces/x/finalize", "verb \"update\" on resource \"namespaces/finalize\""},
		{"DELETE", "/apis/batch/v1/namespaces/x/jobs",
		 "verb \"deletecollection\" on resource \"jobs\" of API group \"batch\""},
		{"PATCH", "/api/v1/nodes/n/status",
		 "verb \"patch\" on resource \"nodes/status\" of API group \"\" in the whole"},
		{"GET", "/metrics", "verb \"get\" on nonResourceURL \"/metrics\""},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake fake;
		struct fake_reply replies[] = {{.status = 403,
						.body = "{\"kind\": \"Status\", \"reason\": \"Forbidden\", "
							"\"message\": \"User \\\"u\\\" cannot\"}",
						.header = "Audit-Id",
						.value = "a-1"}};
		FAKE(replies);
		struct kube *kube = fake_kube(&fake);
		struct error *error = kube_call(kube, cases[i].method, cases[i].path, NULL, NULL, NULL);
		assert_non_null(error);
		assert_string_equal(error->code, "Forbidden");
		assert_string_equal(error->request_id, "a-1");
		if (!strstr(error->remedy, cases[i].remedy))
			fail_msg("%s %s: %s", cases[i].method, cases[i].path, error->remedy);
		expect_error(error, ERROR_AUTH, "User \"u\" cannot");
		kube_free(kube);
		fake_done(&fake);
	}
}

static void causes_of_errors_are_told(void **state)
{
	(void)state;
	struct fake fake;
	struct fake_reply replies[] = {
		{.status = 422,
		 .body = "{\"kind\": \"Status\", \"reason\": \"Invalid\", \"message\": \"it is invalid\", \"details\": "
			 "{\"causes\": ["
			 "{\"field\": \"spec.replicas\", \"message\": \"must be positive\"}, {\"message\": \"it is "
			 "invalid\"}]}}"},
		{.status = 502, .body = "<html>Bad Gateway</html>"},
		{.status = 302, .body = ""},
		{.status = 500, .body = "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n"},
	};
	FAKE(replies);
	struct kube *kube = fake_kube(&fake);
	expect_error(kube_call(kube, "POST", "/x", NULL, NULL, NULL), ERROR_INVALID,
		     "it is invalid; spec.replicas: must be positive");
	expect_error(kube_call(kube, "POST", "/x", NULL, NULL, NULL), ERROR_TRANSIENT,
		     "POST /x: the server answered 502");
	expect_error(kube_get(kube, "/x?secret=1", NULL), ERROR_INVALID,
		     "GET /x: the server answered 302, a redirection");
	expect_error(kube_call(kube, "POST", "/readyz", NULL, NULL, NULL), ERROR_TRANSIENT,
		     "the server answered 500: [-]etcd failed: reason withheld");
	kube_free(kube);
	fake_done(&fake);
}

static void warnings_are_kept_as_evidence(void **state)
{
	(void)state;
	struct fake fake;
	struct fake_reply replies[] = {
		{.body = "{}", .header = "Warning", .value = "299 - \"v1beta1 is \\\"old\\\"\", 299 - \"also this\""},
		{.body = "{}", .header = "Warning", .value = "299 - \"also this\" \"Tue, 24 Nov 2026 00:00:30 GMT\""},
		{.body = "{}", .header = "Warning", .value = "nonsense"}};
	FAKE(replies);
	struct kube *kube = fake_kube(&fake);
	expect_fine(kube_get(kube, "/a?x=1", NULL));
	expect_fine(kube_get(kube, "/a", NULL));
	expect_fine(kube_get(kube, "/a", NULL));
	json_t *warnings DOCUMENT_CLEANUP = kube_warnings(kube);
	assert_int_equal(json_array_size(warnings), 2);
	assert_string_equal(document_text(json_array_get(warnings, 0), "text"), "v1beta1 is \"old\"");
	assert_string_equal(document_text(json_array_get(warnings, 1), "text"), "also this");
	assert_string_equal(document_text(json_array_get(warnings, 1), "path"), "/a");
	assert_int_equal(document_int_or(json_array_get(warnings, 1), "count", 0), 2);
	kube_free(kube);
	fake_done(&fake);
}

static void apply_names_its_manager(void **state)
{
	(void)state;
	struct fake fake;
	struct fake_reply replies[] = {{.body = "{}"}};
	FAKE(replies);
	struct kube *kube = fake_kube(&fake);
	expect_fine(kube_apply(kube, "/api/v1/namespaces/x/configmaps/y?dryRun=All", true,
			       json_pack("{s:s}", "kind", "ConfigMap"), NULL));
	assert_string_equal(fake.requests[0].method, "PATCH");
	assert_string_equal(fake.requests[0].content_type, "application/apply-patch+yaml");
	assert_non_null(strstr(fake.requests[0].url, "?dryRun=All&fieldManager=eks-upgrade-agent&force=true"));
	kube_free(kube);
	fake_done(&fake);
}

static void evictions_mean_one_pod(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *message;
		bool fails;
		enum kube_eviction result;
	} cases[] = {
		{201, NULL, false, KUBE_EVICTED},
		{404, "pods \\\"p\\\" not found", false, KUBE_EVICT_GONE},
		{409, "the UID in the precondition (a) does not match the UID in record (b)", false, KUBE_EVICT_GONE},
		{409, "the object has been modified", false, KUBE_EVICT_BLOCKED},
		{429, "Cannot evict pod as it would violate the pod's disruption budget.", false, KUBE_EVICT_BLOCKED},
		{403, "unable to create new content in namespace x because it is being terminated", false,
		 KUBE_EVICT_BLOCKED},
		{500, "This pod has more than one PodDisruptionBudget", false, KUBE_EVICT_BLOCKED},
		{403, "User cannot create resource pods/eviction", true, KUBE_EVICTED},
		{500, "etcd is on fire", true, KUBE_EVICTED},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake fake;
		struct fake_reply replies[1] = {{.status = cases[i].status}};
		FAKE(replies);
		replies[0].body = arena_printf(
			fake.arena,
			"{\"message\": \"%s\", \"details\": {\"causes\": [{\"message\": \"needs 2 pods\"}]}}",
			cases[i].message ? cases[i].message : "");
		struct kube *kube = fake_kube(&fake);
		enum kube_eviction result = KUBE_EVICTED;
		char *reason CLEANUP(mem_freep) = NULL;
		struct error *error = kube_evict(kube, "x", "p", "u-1", 30, true, &result, &reason);
		assert_int_equal(fake.n_requests, 1);
		assert_int_equal(error != NULL, cases[i].fails);
		assert_int_equal(result, cases[i].result);
		if (cases[i].status == 429)
			assert_non_null(strstr(reason, "needs 2 pods"));
		json_t *sent DOCUMENT_CLEANUP = json_loads(fake.requests[0].body, 0, NULL);
		assert_string_equal(document_text(sent, "deleteOptions.preconditions.uid"), "u-1");
		assert_int_equal(document_int_or(sent, "deleteOptions.gracePeriodSeconds", -1), 30);
		assert_string_equal(document_text(sent, "deleteOptions.dryRun[0]"), "All");
		error_free(error);
		kube_free(kube);
		fake_done(&fake);
	}
}

static void batches_run_side_by_side(void **state)
{
	(void)state;
	struct fake fake;
	struct fake_reply replies[] = {
		{.path = "/c/3", .status = 404, .body = "{}"},
		{.path = "/c/5", .status = 429, .body = "{}", .header = "retry-after", .value = "1"},
		{.body = "{}"},
		{.body = "{}"},
		{.body = "{}"},
		{.body = "{}"},
		{.body = "{}"},
		{.body = "{}"},
		{.body = "{}"},
		{.body = "{}"},
		{.body = "{}"},
		{.body = "{}"}};
	FAKE(replies);
	struct kube *kube = fake_kube(&fake);
	struct kube_request requests[11];
	for (size_t i = 0; i < 11; i++)
		requests[i] = (struct kube_request){
			.method = "GET", .path = arena_printf(fake.arena, "/c/%zu", i), .wants_answer = true};
	kube_call_batch(kube, requests, 11);
	for (size_t i = 0; i < 11; i++) {
		assert_int_equal(requests[i].error != NULL, i == 3);
		assert_int_equal(requests[i].answer != NULL, i != 3);
		error_free(requests[i].error);
		json_decref(requests[i].answer);
	}
	assert_int_equal(fake.most_at_once, 8);
	assert_int_equal(fake.n_requests, 12);
	kube_free(kube);
	fake_done(&fake);
}

static bool gather(void *context, const char *bytes, size_t n)
{
	return buf_append(context, bytes, n);
}

static void streams_are_asked_again_only_before_their_first_byte(void **state)
{
	(void)state;
	struct fake fake;
	struct fake_reply replies[] = {
		{.status = 503, .body = "{}"}, {.body = "log line\n"}, {.body = "log line\n", .break_after = 4}};
	FAKE(replies);
	struct kube *kube = fake_kube(&fake);
	struct buf text CLEANUP(buf_done) = BUF_INIT(1024);
	struct http_sink sink = {gather, &text};
	expect_fine(kube_get_stream(kube, "/api/v1/namespaces/x/pods/y/log", &sink));
	assert_string_equal(buf_str(&text), "log line\n");
	expect_error(kube_get_stream(kube, "/api/v1/namespaces/x/pods/y/log", &sink), ERROR_TRANSIENT,
		     "the connection broke");
	assert_int_equal(fake.n_requests, 3);
	kube_free(kube);
	fake_done(&fake);
}

static const char JOINED_CORE[] = "{\"kind\": \"APIGroupDiscoveryList\", \"items\": [{\"metadata\": {}, \"versions\": "
				  "[{\"version\": \"v1\", \"resources\": ["
				  "{\"resource\": \"pods\", \"responseKind\": {\"kind\": \"Pod\"}, \"scope\": "
				  "\"Namespaced\", \"singularResource\": \"pod\", "
				  "\"verbs\": [\"get\", \"list\"], \"shortNames\": [\"po\"], \"subresources\": "
				  "[{\"subresource\": \"eviction\"}]},"
				  "{\"resource\": \"nodes\", \"responseKind\": {\"kind\": \"Node\"}, \"scope\": "
				  "\"Cluster\", \"singularResource\": \"node\", "
				  "\"verbs\": [\"get\"]}]}]}]}";
static const char JOINED_GROUPS[] =
	"{\"kind\": \"APIGroupDiscoveryList\", \"items\": [{\"metadata\": {\"name\": \"apps\"}, \"versions\": ["
	"{\"version\": \"v1\", \"resources\": [{\"resource\": \"deployments\", \"responseKind\": {\"kind\": "
	"\"Deployment\"}, "
	"\"scope\": \"Namespaced\", \"singularResource\": \"deployment\", \"verbs\": [\"list\"], \"shortNames\": "
	"[\"deploy\"]}]},"
	"{\"version\": \"v1beta1\", \"resources\": [{\"resource\": \"deployments\", \"responseKind\": {\"kind\": "
	"\"Deployment\"}, "
	"\"scope\": \"Namespaced\", \"singularResource\": \"deployment\", \"verbs\": [\"list\"]}]}]},"
	"{\"metadata\": {\"name\": \"metrics.k8s.io\"}, \"versions\": [{\"version\": \"v1beta1\", \"freshness\": "
	"\"Stale\"}]}]}";

static void check_discovery(const struct kube_discovery *discovery)
{
	const struct kube_served *deployment = kube_served_kind(discovery, "apps/v1", "Deployment");
	assert_non_null(deployment);
	assert_true(deployment->preferred);
	assert_ptr_equal(kube_served_named(discovery, "deploy"), deployment);
	assert_ptr_equal(kube_served_named(discovery, "Deployment"), deployment);
	assert_ptr_equal(kube_served_named(discovery, "deployments.apps"), deployment);
	assert_ptr_equal(kube_served_named(discovery, "deployments.v1.apps"), deployment);
	const struct kube_served *old = kube_served_named(discovery, "deployments.v1beta1.apps");
	assert_non_null(old);
	assert_false(old->preferred);
	assert_null(kube_served_named(discovery, "deployments.extensions"));
	assert_null(kube_served_kind(discovery, "extensions/v1beta1", "Deployment"));
	const struct kube_served *pod = kube_served_named(discovery, "po");
	assert_non_null(pod);
	assert_int_equal(pod->verbs, KUBE_VERB_GET | KUBE_VERB_LIST);
	assert_string_equal(pod->subresources[0], "eviction");
	char *path CLEANUP(mem_freep) = kube_served_path(pod, "x", "y", "eviction"),
		   *all CLEANUP(mem_freep) = kube_served_path(deployment, NULL, NULL, NULL),
		   *node CLEANUP(mem_freep) = kube_served_path(kube_served_named(discovery, "node"), "x", "n", NULL);
	assert_string_equal(path, "/api/v1/namespaces/x/pods/y/eviction");
	assert_string_equal(all, "/apis/apps/v1/deployments");
	assert_string_equal(node, "/api/v1/nodes/n");
	assert_int_equal(discovery->n_unknown, 1);
	assert_string_equal(discovery->unknown[0].group_version, "metrics.k8s.io/v1beta1");
}

static void discovery_takes_two_requests(void **state)
{
	(void)state;
	struct fake fake;
	struct fake_reply replies[] = {{.path = "/apis", .body = JOINED_GROUPS}, {.path = "/api", .body = JOINED_CORE}};
	FAKE(replies);
	struct kube *kube = fake_kube(&fake);
	struct kube_discovery discovery;
	expect_fine(kube_discover(kube, fake.arena, &discovery));
	assert_true(discovery.aggregated);
	assert_int_equal(fake.n_requests, 2);
	assert_non_null(strstr(fake.requests[0].accept, "as=APIGroupDiscoveryList"));
	check_discovery(&discovery);
	kube_free(kube);
	fake_done(&fake);
}

static void discovery_that_says_nothing_is_no_empty_cluster(void **state)
{
	static const char *const nothing[] = {"{}", "[]", "null", "{\"kind\": \"APIGroupDiscoveryList\"}",
					      "{\"kind\": \"APIVersions\", \"versions\": {}}"};
	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(nothing); i++) {
		struct fake fake;
		struct fake_reply replies[] = {{.path = "/apis", .body = i % 2 ? nothing[i / 2] : JOINED_GROUPS},
					       {.path = "/api", .body = i % 2 ? JOINED_CORE : nothing[i / 2]}};
		FAKE(replies);
		struct kube *kube = fake_kube(&fake);
		struct kube_discovery discovery;
		expect_error(kube_discover(kube, fake.arena, &discovery), ERROR_INVALID, "does not say what is served");
		kube_free(kube);
		fake_done(&fake);
	}
}

static void discovery_falls_back_to_the_older_form(void **state)
{
	(void)state;
	struct fake fake;
	struct fake_reply replies[] = {
		{.path = "/apis/apps/v1beta1",
		 .body = "{\"resources\": [{\"name\": \"deployments\", \"singularName\": \"\", \"kind\": "
			 "\"Deployment\", \"namespaced\": true, \"verbs\": [\"list\"]}]}"},
		{.path = "/apis/apps/v1",
		 .body = "{\"resources\": [{\"name\": \"deployments\", \"singularName\": \"deployment\", \"kind\": "
			 "\"Deployment\", \"namespaced\": true, \"verbs\": [\"list\"], \"shortNames\": "
			 "[\"deploy\"]}]}"},
		{.path = "/apis/metrics", .status = 403, .body = "{\"message\": \"no\"}"},
		{.path = "/api/v1",
		 .body = "{\"resources\": [{\"name\": \"pods\", \"singularName\": \"pod\", \"kind\": \"Pod\", "
			 "\"namespaced\": true, \"verbs\": [\"get\", \"list\"], \"shortNames\": [\"po\"]}, {\"name\": "
			 "\"pods/eviction\", \"kind\": \"Eviction\"}, {\"name\": \"nodes\", \"singularName\": "
			 "\"node\", "
			 "\"kind\": \"Node\", \"namespaced\": false, \"verbs\": [\"get\"]}]}"},
		{.path = "/apis",
		 .body = "{\"kind\": \"APIGroupList\", \"groups\": [{\"name\": \"apps\", \"preferredVersion\": "
			 "{\"version\": "
			 "\"v1\"}, \"versions\": [{\"version\": \"v1beta1\"}, {\"version\": \"v1\"}]}, {\"name\": "
			 "\"metrics.k8s.io\", \"versions\": [{\"version\": \"v1beta1\"}]}]}"},
		{.path = "/api", .body = "{\"kind\": \"APIVersions\", \"versions\": [\"v1\"]}"}};
	FAKE(replies);
	struct kube *kube = fake_kube(&fake);
	struct kube_discovery discovery;
	expect_fine(kube_discover(kube, fake.arena, &discovery));
	assert_false(discovery.aggregated);
	check_discovery(&discovery);
	kube_free(kube);
	fake_done(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_are_asked_again),
		cmocka_unit_test(reads_end_after_five_tries),
		cmocka_unit_test(changes_are_never_repeated_blindly),
		cmocka_unit_test(the_servers_hint_is_kept_to_the_second),
		cmocka_unit_test(refusals_say_what_to_grant),
		cmocka_unit_test(causes_of_errors_are_told),
		cmocka_unit_test(warnings_are_kept_as_evidence),
		cmocka_unit_test(apply_names_its_manager),
		cmocka_unit_test(evictions_mean_one_pod),
		cmocka_unit_test(batches_run_side_by_side),
		cmocka_unit_test(streams_are_asked_again_only_before_their_first_byte),
		cmocka_unit_test(discovery_takes_two_requests),
		cmocka_unit_test(discovery_that_says_nothing_is_no_empty_cluster),
		cmocka_unit_test(discovery_falls_back_to_the_older_form),
	};
	return cmocka_run_group_tests_name("kube calls", tests, NULL, NULL);
}
