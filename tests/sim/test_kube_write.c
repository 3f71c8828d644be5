/* What clients change in a simulated cluster: creations, conflicts, patches, applies, deletions, watches, saving. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/mem.h"
#include "base/time.h"
#include "kube_ask.h"

static const int64_t start_ms = INT64_C(1795478400000);
static const char *const leases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
static const char *const lease = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/eks-upgrade-agent";

static int status_of(struct sim_kube *kube, const char *method, const char *path, const char *body)
{
	int status;
	json_decref(ask(kube, method, path, body, &status));
	return status;
}

static void a_lease_is_compared_and_swapped(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	int status;
	const char *body = "{\"apiVersion\":\"coordination.k8s.io/"
			   "v1\",\"kind\":\"Lease\",\"metadata\":{\"name\":\"eks-upgrade-agent\"},\"spec\":{"
			   "\"holderIdentity\":\"a\"}}";
	json_t *made = ask(kube, "POST", leases, body, &status);
	assert_int_equal(status, 201);
	assert_string_equal(ask_string(made, "spec.holderIdentity"), "a");
	json_t *again = ask(kube, "POST", leases, body, &status);
	assert_int_equal(status, 409);
	assert_string_equal(ask_string(again, "reason"), "AlreadyExists");
	assert_string_equal(ask_string(again, "message"),
			    "leases.coordination.k8s.io \"eks-upgrade-agent\" already exists");
	json_object_set_new(json_object_get(made, "spec"), "holderIdentity", json_string("b"));
	char *text = json_dumps(made, 0);
	json_t *changed = ask(kube, "PUT", lease, text, &status);
	assert_int_equal(status, 200);
	assert_string_equal(ask_string(changed, "spec.holderIdentity"), "b");
	assert_string_equal(ask_string(changed, "metadata.uid"), ask_string(made, "metadata.uid"));
	assert_string_not_equal(ask_string(changed, "metadata.resourceVersion"),
				ask_string(made, "metadata.resourceVersion"));
	json_t *late = ask(kube, "PUT", lease, text, &status);
	assert_int_equal(status, 409);
	assert_string_equal(ask_string(late, "reason"), "Conflict");
	assert_non_null(
		strstr(ask_string(late, "message"),
		       "the object has been modified; please apply your changes to the latest version and try again"));
	json_decref(late), json_decref(changed), json_decref(again), json_decref(made);
	free(text);
	assert_int_equal(status_of(kube, "DELETE", lease, "{\"preconditions\":{\"uid\":\"x\"}}"), 409);
	assert_int_equal(status_of(kube, "DELETE", lease, NULL), 200);
	assert_int_equal(status_of(kube, "GET", lease, NULL), 404);
	sim_kube_free(kube);
}

static void creations_are_checked(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	static const struct {
		const char *path, *body;
		int status;
		const char *reason, *part;
	} cases[] = {
		{"/api/v1/namespaces/web/configmaps", "{\"metadata\":{\"name\":\"Bad_Name\"}}", 422, "Invalid",
		 "lowercase RFC 1123 subdomain"},
		{"/api/v1/namespaces/web/configmaps", "{\"metadata\":{}}", 422, "Invalid",
		 "name or generateName is required"},
		{"/api/v1/namespaces/web/configmaps", "{\"metadata\":{\"name\":\"a\",\"namespace\":\"cart\"}}", 400,
		 "BadRequest", "does not match the namespace"},
		{"/api/v1/namespaces/nowhere/configmaps", "{\"metadata\":{\"name\":\"a\"}}", 404, "NotFound",
		 "namespaces \"nowhere\" not found"},
		{"/api/v1/namespaces/web/configmaps", "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}", 400,
		 "BadRequest", "cannot be handled as a ConfigMap"},
		{"/api/v1/namespaces/web/configmaps", "{\"apiVersion\":\"v2\",\"metadata\":{\"name\":\"a\"}}", 400,
		 "BadRequest", "does not match the expected API version (v1)"},
		{"/api/v1/namespaces/web/configmaps", "nonsense", 400, "BadRequest", "unrecognized"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int status;
		json_t *answer = ask(kube, "POST", cases[i].path, cases[i].body, &status);
		assert_int_equal(status, cases[i].status);
		assert_string_equal(ask_string(answer, "reason"), cases[i].reason);
		assert_non_null(strstr(ask_string(answer, "message"), cases[i].part));
		json_decref(answer);
	}
	json_t *dry = ask(kube, "POST", "/api/v1/namespaces/web/configmaps?dryRun=All",
			  "{\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":\"v\"}}", NULL);
	assert_string_equal(ask_string(dry, "data.k"), "v");
	json_decref(dry);
	assert_int_equal(status_of(kube, "GET", "/api/v1/namespaces/web/configmaps/a", NULL), 404);
	json_t *named = ask(kube, "POST", "/api/v1/namespaces/web/configmaps",
			    "{\"metadata\":{\"generateName\":\"a-\"}}", NULL);
	assert_int_equal(strlen(ask_string(named, "metadata.name")), 7);
	json_decref(named);
	sim_kube_free(kube);
}

static void nodes_are_cordoned(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	json_t *list = ask_get(kube, "/api/v1/nodes");
	char *path = mem_printf("/api/v1/nodes/%s", ask_string(list, "items.0.metadata.name"));
	int status;
	json_t *node = ask_as(kube, "PATCH", path, "application/strategic-merge-patch+json", NULL,
			      "{\"spec\":{\"unschedulable\":true}}", &status);
	assert_int_equal(status, 200);
	assert_true(json_is_true(ask_at(node, "spec.unschedulable")));
	assert_string_equal(ask_string(node, "spec.taints.0.key"), "node.kubernetes.io/unschedulable");
	json_decref(node);
	json_decref(ask_as(kube, "PATCH", path, "application/merge-patch+json", NULL,
			   "{\"metadata\":{\"labels\":{\"eks-upgrade\":\"old\"}}}", &status));
	node = ask_get(kube, path);
	assert_true(json_is_true(ask_at(node, "spec.unschedulable")));
	assert_string_equal(json_string_value(json_object_get(ask_at(node, "metadata.labels"), "eks-upgrade")), "old");
	json_decref(node);
	json_t *selected = ask_get(kube, "/api/v1/nodes?labelSelector=eks-upgrade%3Dold");
	assert_int_equal(json_array_size(json_object_get(selected, "items")), 1);
	json_decref(selected);
	json_decref(ask_as(kube, "PATCH", path, "application/json-patch+json", NULL,
			   "[{\"op\":\"remove\",\"path\":\"/spec/unschedulable\"},{\"op\":\"remove\",\"path\":\"/"
			   "metadata/labels/eks-upgrade\"}]",
			   &status));
	assert_int_equal(status, 200);
	node = ask_get(kube, path);
	assert_null(ask_at(node, "spec.unschedulable"));
	assert_null(json_object_get(ask_at(node, "metadata.labels"), "eks-upgrade"));
	assert_non_null(json_object_get(ask_at(node, "metadata.labels"), "eks.amazonaws.com/nodegroup"));
	json_decref(node);
	json_t *bad = ask_as(kube, "PATCH", path, "application/json-patch+json", NULL,
			     "[{\"op\":\"test\",\"path\":\"/spec/unschedulable\",\"value\":true}]", &status);
	assert_int_equal(status, 422);
	json_decref(bad);
	json_decref(ask_as(kube, "PATCH", path, "text/plain", NULL, "{}", &status));
	assert_int_equal(status, 415);
	json_decref(list);
	free(path);
	sim_kube_free(kube);
}

static void workloads_scale(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	int status;
	json_t *deployment = ask(kube, "PATCH", "/apis/apps/v1/namespaces/web/deployments/web",
				 "{\"spec\":{\"replicas\":5}}", &status);
	assert_int_equal(ask_number(deployment, "spec.replicas"), 5);
	assert_int_equal(ask_number(deployment, "metadata.generation"), 2);
	json_decref(deployment);
	sim_kube_advance(kube, start_ms + MINUTE_MS);
	deployment = ask_get(kube, "/apis/apps/v1/namespaces/web/deployments/web");
	assert_int_equal(ask_number(deployment, "status.readyReplicas"), 5);
	json_decref(deployment);
	json_t *scale = ask(kube, "PUT", "/apis/apps/v1/namespaces/web/deployments/web/scale",
			    "{\"spec\":{\"replicas\":1}}", &status);
	assert_int_equal(ask_number(scale, "spec.replicas"), 1);
	json_decref(scale);
	sim_kube_advance(kube, start_ms + 2 * MINUTE_MS);
	json_t *pods = ask_get(kube, "/api/v1/namespaces/web/pods");
	assert_int_equal(json_array_size(json_object_get(pods, "items")), 1);
	json_decref(pods);
	sim_kube_free(kube);
}

static const char *const own = "{\"apiVersion\":\"apps/"
			       "v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"own\"},\"spec\":{\"replicas\":2,"
			       "\"selector\":{\"matchLabels\":{\"app\":\"own\"}},"
			       "\"template\":{\"metadata\":{\"labels\":{\"app\":\"own\"}},\"spec\":{\"containers\":[{"
			       "\"name\":\"c\",\"image\":\"busybox:1\"}]}}}}";

static void a_clients_deployment_gets_pods(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	assert_int_equal(status_of(kube, "POST", "/apis/apps/v1/namespaces/default/deployments", own), 201);
	sim_kube_advance(kube, start_ms + MINUTE_MS);
	json_t *pods = ask_get(kube, "/api/v1/namespaces/default/pods?labelSelector=app%3Down");
	assert_int_equal(json_array_size(json_object_get(pods, "items")), 2);
	assert_string_equal(ask_string(pods, "items.1.spec.containers.0.image"), "busybox:1");
	assert_string_equal(ask_string(pods, "items.1.status.phase"), "Running");
	assert_string_equal(ask_string(pods, "items.1.metadata.ownerReferences.0.kind"), "ReplicaSet");
	json_decref(pods);
	json_t *deployment = ask_get(kube, "/apis/apps/v1/namespaces/default/deployments/own");
	assert_int_equal(ask_number(deployment, "status.availableReplicas"), 2);
	json_decref(deployment);
	int status;
	json_decref(
		ask(kube, "PATCH", "/apis/apps/v1/namespaces/default/deployments/own",
		    "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"busybox:2\"}]}}}}",
		    &status));
	assert_int_equal(status, 200);
	sim_kube_advance(kube, start_ms + 2 * MINUTE_MS);
	pods = ask_get(kube, "/api/v1/namespaces/default/pods?labelSelector=app%3Down");
	assert_int_equal(json_array_size(json_object_get(pods, "items")), 2);
	assert_string_equal(ask_string(pods, "items.0.spec.containers.0.image"), "busybox:2");
	json_decref(pods);
	assert_int_equal(status_of(kube, "DELETE", "/apis/apps/v1/namespaces/default/deployments/own", NULL), 200);
	sim_kube_advance(kube, start_ms + 3 * MINUTE_MS);
	pods = ask_get(kube, "/api/v1/namespaces/default/pods");
	assert_int_equal(json_array_size(json_object_get(pods, "items")), 0);
	json_decref(pods);
	sim_kube_free(kube);
}

static void jobs_and_single_pods_end(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	assert_int_equal(status_of(kube, "POST", "/apis/batch/v1/namespaces/default/jobs",
				   "{\"metadata\":{\"name\":\"once\"},\"spec\":{\"template\":{\"spec\":{"
				   "\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}}}"),
			 201);
	assert_int_equal(status_of(kube, "POST", "/api/v1/namespaces/default/pods",
				   "{\"metadata\":{\"name\":\"alone\",\"labels\":{\"a\":\"b\"}},\"spec\":{"
				   "\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}"),
			 201);
	sim_kube_advance(kube, start_ms + MINUTE_MS);
	json_t *job = ask_get(kube, "/apis/batch/v1/namespaces/default/jobs/once");
	assert_int_equal(ask_number(job, "status.succeeded"), 1);
	assert_string_equal(ask_string(job, "status.conditions.0.type"), "Complete");
	json_decref(job);
	json_t *pod = ask_get(kube, "/api/v1/namespaces/default/pods/alone");
	assert_string_equal(ask_string(pod, "status.phase"), "Running");
	assert_true(ask_string(pod, "spec.nodeName")[0]);
	json_decref(pod);
	json_decref(ask(kube, "PATCH", "/api/v1/namespaces/default/pods/alone",
			"{\"metadata\":{\"labels\":{\"a\":\"c\"}}}", NULL));
	pod = ask_get(kube, "/api/v1/namespaces/default/pods?labelSelector=a%3Dc");
	assert_int_equal(json_array_size(json_object_get(pod, "items")), 1);
	json_decref(pod);
	sim_kube_free(kube);
}

static void a_backup_completes(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	json_t *groups = ask_get(kube, "/apis/velero.io/v1");
	json_decref(groups);
	assert_int_equal(status_of(kube, "POST", "/apis/velero.io/v1/namespaces/velero/backups",
				   "{\"apiVersion\":\"velero.io/"
				   "v1\",\"kind\":\"Backup\",\"metadata\":{\"name\":\"eks-upgrade-1\"},\"spec\":{"
				   "\"includedNamespaces\":[\"*\"]}}"),
			 201);
	sim_kube_advance(kube, start_ms + 10 * SECOND_MS);
	json_t *backup = ask_get(kube, "/apis/velero.io/v1/namespaces/velero/backups/eks-upgrade-1");
	assert_string_equal(ask_string(backup, "status.phase"), "InProgress");
	json_decref(backup);
	sim_kube_advance(kube, start_ms + 2 * MINUTE_MS);
	backup = ask_get(kube, "/apis/velero.io/v1/namespaces/velero/backups/eks-upgrade-1");
	assert_string_equal(ask_string(backup, "status.phase"), "Completed");
	json_decref(backup);
	sim_kube_free(kube);
}

static json_t *apply(struct sim_kube *kube, const char *manager, bool force, const char *body, int *status)
{
	char *path = mem_printf("/api/v1/namespaces/web/configmaps/settings?fieldManager=%s%s", manager,
				force ? "&force=true" : "");
	json_t *answer = ask_as(kube, "PATCH", path, "application/apply-patch+yaml", NULL, body, status);
	free(path);
	return answer;
}

static void applies_know_their_managers(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	int status;
	json_t *made = apply(
		kube, "one", false,
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: \"1\", b: \"2\"}\n", &status);
	assert_int_equal(status, 201);
	assert_string_equal(ask_string(made, "metadata.managedFields.0.manager"), "one");
	assert_string_equal(ask_string(made, "metadata.managedFields.0.operation"), "Apply");
	assert_non_null(ask_at(made, "metadata.managedFields.0.fieldsV1.f:data.f:a"));
	json_decref(made);
	json_t *conflict = apply(kube, "two", false,
				 "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"settings\"},"
				 "\"data\":{\"a\":\"9\"}}",
				 &status);
	assert_int_equal(status, 409);
	assert_string_equal(ask_string(conflict, "message"),
			    "Apply failed with 1 conflict: conflict with \"one\" using v1: .data.a");
	assert_string_equal(ask_string(conflict, "details.causes.0.reason"), "FieldManagerConflict");
	json_decref(conflict);
	json_t *forced = apply(kube, "two", true,
			       "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"settings\"},"
			       "\"data\":{\"a\":\"9\"}}",
			       &status);
	assert_int_equal(status, 200);
	assert_string_equal(ask_string(forced, "data.a"), "9");
	assert_string_equal(ask_string(forced, "data.b"), "2");
	json_decref(forced);
	json_t *dropped = apply(kube, "one", false,
				"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"settings\"},"
				"\"data\":{\"c\":\"3\"}}",
				&status);
	assert_int_equal(status, 200);
	assert_null(ask_at(dropped, "data.b"));
	assert_string_equal(ask_string(dropped, "data.a"), "9"); /* is another's now */
	assert_string_equal(ask_string(dropped, "data.c"), "3");
	json_decref(dropped);
	json_decref(apply(kube, "", false, "{}", &status));
	assert_int_equal(status, 422);
	json_decref(apply(kube, "one", false, "[not: an object", &status));
	assert_int_equal(status, 400);
	sim_kube_free(kube);
}

static void finalizers_hold(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	const char *path = "/api/v1/namespaces/web/configmaps/held";
	assert_int_equal(status_of(kube, "POST", "/api/v1/namespaces/web/configmaps",
				   "{\"metadata\":{\"name\":\"held\",\"finalizers\":[\"example.com/keep\"]}}"),
			 201);
	assert_int_equal(status_of(kube, "DELETE", path, NULL), 200);
	json_t *held = ask_get(kube, path);
	assert_int_equal(strlen(ask_string(held, "metadata.deletionTimestamp")), 20);
	json_decref(held);
	assert_int_equal(status_of(kube, "PATCH", path, "{\"metadata\":{\"finalizers\":null}}"), 200);
	assert_int_equal(status_of(kube, "GET", path, NULL), 404);
	sim_kube_free(kube);
}

static void custom_resources_come_and_go(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	const char *definition = "{\"metadata\":{\"name\":\"widgets.example.com\"},\"spec\":{\"group\":\"example.com\","
				 "\"scope\":\"Namespaced\",\"names\":{\"plural\":\"widgets\",\"kind\":\"Widget\"},"
				 "\"versions\":[{\"name\":\"v1\",\"served\":true,\"storage\":true}]}}";
	assert_int_equal(status_of(kube, "GET", "/apis/example.com/v1/widgets", NULL), 404);
	assert_int_equal(status_of(kube, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition),
			 201);
	assert_int_equal(status_of(kube, "POST", "/apis/example.com/v1/namespaces/web/widgets",
				   "{\"metadata\":{\"name\":\"w\"},\"spec\":{\"size\":3}}"),
			 201);
	json_t *list = ask_get(kube, "/apis/example.com/v1/widgets");
	assert_int_equal(ask_number(list, "items.0.spec.size"), 3);
	assert_string_equal(ask_string(list, "items.0.kind"), "Widget"); /* custom ones say it in lists too */
	json_decref(list);
	int status;
	json_decref(ask_as(kube, "PATCH", "/apis/example.com/v1/namespaces/web/widgets/w",
			   "application/strategic-merge-patch+json", NULL, "{}", &status));
	assert_int_equal(status, 415);
	assert_int_equal(status_of(kube, "DELETE",
				   "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com", NULL),
			 200);
	assert_int_equal(status_of(kube, "GET", "/apis/example.com/v1/widgets", NULL), 404);
	sim_kube_free(kube);
}

static void a_watch_tells_what_changed(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	json_t *list = ask_get(kube, "/api/v1/namespaces/web/configmaps");
	char *path = mem_printf("/api/v1/namespaces/web/configmaps?watch=1&allowWatchBookmarks=true&resourceVersion=%s",
				ask_string(list, "metadata.resourceVersion"));
	size_t n = json_array_size(json_object_get(list, "items"));
	json_decref(list);
	assert_int_equal(
		status_of(kube, "POST", "/api/v1/namespaces/web/configmaps", "{\"metadata\":{\"name\":\"new\"}}"), 201);
	assert_int_equal(status_of(kube, "POST", "/api/v1/namespaces/cart/configmaps",
				   "{\"metadata\":{\"name\":\"elsewhere\"}}"),
			 201);
	assert_int_equal(
		status_of(kube, "PATCH", "/api/v1/namespaces/web/configmaps/web-config", "{\"data\":{\"x\":\"y\"}}"),
		200);
	assert_int_equal(status_of(kube, "DELETE", "/api/v1/namespaces/web/serviceaccounts/web", NULL), 200);
	int status;
	char *events = ask_text(kube, path, &status), *at = events;
	static const char *const expected[] = {"ADDED", "MODIFIED", "BOOKMARK"};
	for (size_t i = 0; i < 3; i++) {
		json_t *event = json_loads(at, JSON_DISABLE_EOF_CHECK, NULL);
		assert_string_equal(ask_string(event, "type"), expected[i]);
		assert_string_equal(ask_string(event, "object.kind"), "ConfigMap");
		json_decref(event);
		at = strchr(at, '\n') + 1;
	}
	assert_string_equal(at, "");
	free(events);
	assert_int_equal(status_of(kube, "DELETE", "/api/v1/namespaces/web/configmaps/web-config", NULL), 200);
	events = ask_text(kube, path, &status);
	assert_non_null(strstr(events, "{\"type\":\"DELETED\",\"object\":{\"kind\":\"ConfigMap\""));
	free(events);
	char *all = ask_text(kube, "/api/v1/namespaces/web/configmaps?watch=1", &status);
	size_t added = 0;
	for (at = all; (at = strstr(at, "{\"type\":\"ADDED\"")); at++)
		added++;
	assert_int_equal(added, n);
	free(all);
	for (int i = 1; i <= 3; i++)
		sim_kube_advance(kube, start_ms + i * 6 * MINUTE_MS);
	events = ask_text(kube, path, &status);
	assert_non_null(strstr(events, "\"reason\":\"Expired\",\"code\":410"));
	free(events);
	free(path);
	sim_kube_free(kube);
}

static void a_namespace_takes_its_objects_along(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	int status;
	json_t *ns = ask(kube, "DELETE", "/api/v1/namespaces/cart", NULL, &status);
	assert_string_equal(ask_string(ns, "status.phase"), "Terminating");
	json_decref(ns);
	json_t *refused =
		ask(kube, "POST", "/api/v1/namespaces/cart/configmaps", "{\"metadata\":{\"name\":\"a\"}}", &status);
	assert_int_equal(status, 403);
	json_decref(refused);
	sim_kube_advance(kube, start_ms + MINUTE_MS);
	assert_int_equal(status_of(kube, "GET", "/api/v1/namespaces/cart", NULL), 404);
	json_t *claims = ask_get(kube, "/api/v1/persistentvolumeclaims?fieldSelector=metadata.namespace%3Dcart");
	assert_int_equal(json_array_size(json_object_get(claims, "items")), 0);
	json_decref(claims);
	sim_kube_free(kube);
}

static void reviews_answer(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	int status;
	json_t *review = ask(kube, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
			     "{\"apiVersion\":\"authorization.k8s.io/"
			     "v1\",\"kind\":\"SelfSubjectAccessReview\",\"spec\":{\"resourceAttributes\":{\"verb\":"
			     "\"list\",\"resource\":\"pods\"}}}",
			     &status);
	assert_int_equal(status, 201);
	assert_true(json_is_true(ask_at(review, "status.allowed")));
	assert_string_equal(ask_string(review, "spec.resourceAttributes.verb"), "list");
	json_decref(review);
	sim_kube_free(kube);
}

/* Long texts: tells where they part. */
static void assert_same(const char *a, const char *b)
{
	size_t i = 0;
	while (a[i] && a[i] == b[i])
		i++;
	size_t from = i < 120 ? 0 : i - 120;
	if (a[i] || b[i])
		fail_msg("%.200s\n  is not\n%.200s", a + from, b + from);
}

static void a_saved_cluster_goes_on(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("medium"), *loaded;
	assert_int_equal(status_of(kube, "POST", "/apis/apps/v1/namespaces/default/deployments", own), 201);
	assert_int_equal(
		status_of(kube, "POST", leases,
			  "{\"metadata\":{\"name\":\"eks-upgrade-agent\"},\"spec\":{\"holderIdentity\":\"a\"}}"),
		201);
	assert_int_equal(status_of(kube, "PATCH", "/apis/apps/v1/namespaces/web/deployments/web",
				   "{\"metadata\":{\"annotations\":{\"note\":\"x\"}},\"spec\":{\"replicas\":3}}"),
			 200);
	sim_kube_add_nodes(kube, "general", "m6i.xlarge", 2, start_ms + 3 * MINUTE_MS);
	sim_kube_remove_nodes(kube, "memory", 4);
	sim_kube_advance(kube, start_ms + 5 * SECOND_MS);
	json_t *saved = sim_kube_save(kube);
	char *bytes = json_dumps(saved, JSON_COMPACT);
	json_decref(saved);
	saved = json_loads(bytes, 0, NULL);
	assert_null(sim_kube_load(saved, &loaded));
	static const char *const paths[] = {"/api/v1/pods",
					    "/api/v1/nodes",
					    "/apis/apps/v1/deployments",
					    "/apis/coordination.k8s.io/v1/leases",
					    "/apis/policy/v1/poddisruptionbudgets",
					    "/api/v1/persistentvolumes",
					    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
					    "/apis/discovery.k8s.io/v1/namespaces/web/endpointslices"};
	for (int minute = 0; minute < 6; minute += 5) {
		for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
			int status;
			char *first = ask_text(kube, paths[i], &status), *second = ask_text(loaded, paths[i], &status);
			if (minute == 0)
				assert_same(first, second);
			free(first);
			free(second);
		}
		sim_kube_advance(kube, start_ms + 5 * MINUTE_MS);
		sim_kube_advance(loaded, start_ms + 5 * MINUTE_MS);
		assert_true(sim_kube_ready(kube, NULL) == 1);
		assert_true(sim_kube_ready(loaded, NULL) == 1);
	}
	assert_int_equal(sim_kube_next_ms(loaded), sim_kube_next_ms(kube));
	json_t *nodes = ask_get(loaded, "/api/v1/nodes");
	assert_int_equal(json_array_size(json_object_get(nodes, "items")), 38);
	json_decref(nodes);
	json_decref(saved);
	free(bytes);
	sim_kube_free(loaded);
	json_t *nonsense = json_pack("{s:s}", "cluster", "x");
	struct error *error = sim_kube_load(nonsense, &loaded);
	assert_non_null(error);
	error_free(error);
	json_decref(nonsense);
	sim_kube_free(kube);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lease_is_compared_and_swapped),
		cmocka_unit_test(creations_are_checked),
		cmocka_unit_test(nodes_are_cordoned),
		cmocka_unit_test(workloads_scale),
		cmocka_unit_test(a_clients_deployment_gets_pods),
		cmocka_unit_test(jobs_and_single_pods_end),
		cmocka_unit_test(a_backup_completes),
		cmocka_unit_test(applies_know_their_managers),
		cmocka_unit_test(finalizers_hold),
		cmocka_unit_test(custom_resources_come_and_go),
		cmocka_unit_test(a_watch_tells_what_changed),
		cmocka_unit_test(a_namespace_takes_its_objects_along),
		cmocka_unit_test(reviews_answer),
		cmocka_unit_test(a_saved_cluster_goes_on),
	};
	return cmocka_run_group_tests_name("sim kube write", tests, NULL, NULL);
}
