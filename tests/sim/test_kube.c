/* What a simulated cluster shows: every kind is JSON that a client can read, lists have pages, selectors select, time
 * brings pods and nodes, budgets hold evictions. */
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

static size_t count(struct sim_kube *kube, const char *path)
{
	json_t *list = ask_get(kube, path);
	size_t n = json_array_size(json_object_get(list, "items"));
	json_decref(list);
	return n;
}

static size_t count_ready(struct sim_kube *kube, const char *path)
{
	json_t *list = ask_get(kube, path), *pod;
	size_t i, n = 0;
	json_array_foreach (json_object_get(list, "items"), i, pod)
		n += json_is_true(ask_at(pod, "status.containerStatuses.0.ready"));
	json_decref(list);
	return n;
}

/* Everything that discovery names can be listed, and is JSON with the metadata that clients rely on. */
static void every_kind_lists(void **state)
{
	struct sim_kube *kube = ask_cluster(*state ? *state : "small");
	json_t *groups = ask_get(kube, "/apis"), *group;
	size_t g, seen = 0;
	json_array_append_new(json_object_get(groups, "groups"),
			      json_pack("{s:{s:s}}", "preferredVersion", "groupVersion", "v1"));
	json_array_foreach (json_object_get(groups, "groups"), g, group) {
		const char *version = ask_string(group, "preferredVersion.groupVersion");
		char *base = mem_printf("/%s/%s", strcmp(version, "v1") == 0 ? "api" : "apis", version);
		json_t *resources = ask_get(kube, base), *resource, *object;
		size_t r, o;
		json_array_foreach (json_object_get(resources, "resources"), r, resource) {
			const char *name = ask_string(resource, "name");
			if (strchr(name, '/') || strstr(name, "reviews"))
				continue;
			char *path = mem_printf("%s/%s", base, name),
			     *kind = mem_printf("%sList", ask_string(resource, "kind"));
			json_t *list = ask_get(kube, path);
			assert_string_equal(ask_string(list, "kind"), kind);
			json_array_foreach (json_object_get(list, "items"), o, object) {
				assert_int_equal(strlen(ask_string(object, "metadata.uid")), 36);
				assert_true(strlen(ask_string(object, "metadata.resourceVersion")) > 4);
				assert_int_equal(strlen(ask_string(object, "metadata.creationTimestamp")), 20);
				assert_int_equal(json_is_true(json_object_get(resource, "namespaced")),
						 ask_string(object, "metadata.namespace")[0] != 0);
				seen++;
			}
			json_decref(list);
			free(path);
			free(kind);
		}
		json_decref(resources);
		free(base);
	}
	assert_true(seen > 150);
	json_decref(groups);
	sim_kube_free(kube);
}

static void sizes_are_as_told(void **state)
{
	static const struct {
		const char *cluster;
		size_t nodes, least_pods, most_pods, apps;
	} expected[] = {{"small", 3, 35, 60, 6}, {"medium", 40, 560, 680, 38}, {"empty", 0, 0, 20, 0}};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct sim_kube *kube = ask_cluster(expected[i].cluster);
		const char *const *names;
		assert_int_equal(count(kube, "/api/v1/nodes"), expected[i].nodes);
		assert_in_range(count(kube, "/api/v1/pods"), expected[i].least_pods, expected[i].most_pods);
		assert_int_equal(sim_kube_apps(kube, &names), expected[i].apps);
		sim_kube_free(kube);
	}
}

static void a_pod_looks_real(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("medium");
	json_t *list = ask_get(kube, "/api/v1/namespaces/web/pods?limit=1");
	json_t *pod = ask_at(list, "items.0");
	char *text = json_dumps(pod, JSON_COMPACT);
	assert_in_range(strlen(text), 5000, 9000);
	assert_string_equal(ask_string(pod, "metadata.ownerReferences.0.kind"), "ReplicaSet");
	assert_string_equal(ask_string(pod, "status.phase"), "Running");
	assert_true(strncmp(ask_string(pod, "spec.nodeName"), "ip-10-0-", 8) == 0);
	assert_string_equal(ask_string(pod, "metadata.managedFields.0.manager"), "kube-controller-manager");
	assert_null(json_object_get(pod, "kind")); /* items of built-in lists have none */
	char *path = mem_printf("/api/v1/namespaces/web/pods/%s", ask_string(pod, "metadata.name"));
	json_t *alone = ask_get(kube, path);
	assert_string_equal(ask_string(alone, "kind"), "Pod");
	assert_string_equal(ask_string(alone, "metadata.uid"), ask_string(pod, "metadata.uid"));
	char *set = mem_printf("/apis/apps/v1/namespaces/web/replicasets/%s",
			       ask_string(pod, "metadata.ownerReferences.0.name"));
	json_t *owner = ask_get(kube, set);
	assert_string_equal(ask_string(owner, "metadata.uid"), ask_string(pod, "metadata.ownerReferences.0.uid"));
	json_decref(owner);
	json_decref(alone);
	json_decref(list);
	free(set);
	free(path);
	free(text);
	sim_kube_free(kube);
}

static void pages_give_each_object_once(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("medium");
	size_t whole = count(kube, "/api/v1/pods"), n = 0, pages = 0;
	json_t *names = json_object();
	char *next = mem_strdup("");
	do {
		char *path = mem_printf("/api/v1/pods?limit=100%s%s", next[0] ? "&continue=" : "", next);
		json_t *list = ask_get(kube, path), *pod;
		size_t i;
		json_array_foreach (json_object_get(list, "items"), i, pod) {
			char *name = mem_printf("%s/%s", ask_string(pod, "metadata.namespace"),
						ask_string(pod, "metadata.name"));
			json_object_set_new(names, name, json_true());
			free(name);
			n++;
		}
		json_int_t remaining = ask_number(list, "metadata.remainingItemCount");
		assert_int_equal(remaining < 0 ? 0 : remaining, whole - n);
		free(next);
		next = mem_strdup(ask_string(list, "metadata.continue"));
		json_decref(list);
		free(path);
		pages++;
	} while (next[0]);
	assert_int_equal(n, whole);
	assert_int_equal(json_object_size(names), whole);
	assert_int_equal(pages, (whole + 99) / 100);
	free(next);
	json_decref(names);
	sim_kube_free(kube);
}

static void an_old_page_token_is_gone(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	json_t *list = ask_get(kube, "/api/v1/pods?limit=5");
	char *path = mem_printf("/api/v1/pods?limit=5&continue=%s", ask_string(list, "metadata.continue"));
	sim_kube_advance(kube, start_ms + 2 * MINUTE_MS);
	json_decref(ask_get(kube, path));
	for (int i = 1; i <= 3; i++) { /* something happens, and etcd compacts */
		int status;
		json_decref(ask(kube, "PATCH", "/api/v1/namespaces/web", "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}",
				&status));
		assert_int_equal(status, 200);
		sim_kube_advance(kube, start_ms + i * 6 * MINUTE_MS);
	}
	int status;
	json_t *gone = ask(kube, "GET", path, NULL, &status);
	assert_int_equal(status, 410);
	assert_string_equal(ask_string(gone, "reason"), "Expired");
	json_decref(gone);
	json_decref(ask(kube, "GET", "/api/v1/pods?continue=nonsense", NULL, &status));
	assert_int_equal(status, 400);
	json_decref(list);
	free(path);
	sim_kube_free(kube);
}

static void selectors_select(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("medium");
	size_t web = count(kube, "/api/v1/namespaces/web/pods"), all = count(kube, "/api/v1/pods");
	assert_int_equal(count(kube, "/api/v1/pods?fieldSelector=metadata.namespace%3Dweb"), web);
	assert_int_equal(count(kube, "/api/v1/pods?labelSelector=app.kubernetes.io%2Finstance%3Dweb"), web);
	assert_int_equal(count(kube, "/api/v1/pods?labelSelector=app.kubernetes.io/instance!=web"), all - web);
	assert_int_equal(count(kube, "/api/v1/pods?labelSelector=app.kubernetes.io/instance%20in%20(web,none)"), web);
	assert_int_equal(count(kube, "/api/v1/pods?labelSelector=app.kubernetes.io/instance%20notin%20(web)"),
			 all - web);
	assert_int_equal(count(kube, "/api/v1/pods?labelSelector=%21app.kubernetes.io/instance"), 0);
	json_t *nodes = ask_get(kube, "/api/v1/nodes"), *node;
	size_t i, sum = 0;
	json_array_foreach (json_object_get(nodes, "items"), i, node) {
		char *path =
			mem_printf("/api/v1/pods?fieldSelector=spec.nodeName%%3D%s", ask_string(node, "metadata.name"));
		sum += count(kube, path);
		free(path);
	}
	assert_int_equal(sum, all);
	json_decref(nodes);
	assert_int_equal(count(kube, "/api/v1/pods?fieldSelector=status.phase!=Running,status.phase!=Succeeded"), 0);
	int status;
	json_t *bad = ask(kube, "GET", "/api/v1/pods?fieldSelector=spec.colour=red", NULL, &status);
	assert_int_equal(status, 400);
	assert_string_equal(ask_string(bad, "message"), "field label not supported: spec.colour");
	json_decref(bad);
	json_decref(ask(kube, "GET", "/api/v1/pods?labelSelector=a%20in", NULL, &status));
	assert_int_equal(status, 400);
	sim_kube_free(kube);
}

static void metadata_and_tables_by_accept(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	int status;
	json_t *list = ask_as(kube, "GET", "/apis/apps/v1/deployments", NULL,
			      "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json", NULL,
			      &status);
	assert_string_equal(ask_string(list, "kind"), "PartialObjectMetadataList");
	assert_string_equal(ask_string(list, "items.0.kind"), "PartialObjectMetadata");
	assert_null(ask_at(list, "items.0.spec"));
	json_decref(list);
	json_t *table = ask_as(kube, "GET", "/api/v1/nodes", NULL,
			       "application/json;as=Table;v=v1;g=meta.k8s.io,application/json", NULL, &status);
	assert_string_equal(ask_string(table, "kind"), "Table");
	assert_int_equal(json_array_size(json_object_get(table, "rows")), 3);
	assert_int_equal(json_array_size(ask_at(table, "rows.0.cells")),
			 json_array_size(json_object_get(table, "columnDefinitions")));
	assert_string_equal(ask_string(table, "rows.0.cells.1"), "Ready");
	assert_true(strncmp(ask_string(table, "rows.0.cells.4"), "v1.33.", 6) == 0);
	json_decref(table);
	sim_kube_free(kube);
}

static void what_is_not_there_is_told(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	int status;
	json_t *missing = ask(kube, "GET", "/apis/apps/v1/namespaces/web/deployments/nope", NULL, &status);
	assert_int_equal(status, 404);
	assert_string_equal(ask_string(missing, "message"), "deployments.apps \"nope\" not found");
	assert_string_equal(ask_string(missing, "reason"), "NotFound");
	assert_string_equal(ask_string(missing, "details.group"), "apps");
	assert_string_equal(ask_string(missing, "details.kind"), "deployments");
	json_decref(missing);
	static const char *const unknown[] = {"/apis/nope.io/v1/things", "/api/v1/things", "/nope",
					      "/apis/apps/v1/namespaces/web/deployments/web/eviction",
					      "/api/v1/namespaces/web/nodes"};
	for (size_t i = 0; i < 5; i++) {
		char *text = ask_text(kube, unknown[i], &status);
		assert_int_equal(status, 404);
		assert_string_equal(text, "404 page not found\n");
		free(text);
	}
	json_decref(ask(kube, "POST", "/version", "{}", &status));
	sim_kube_free(kube);
}

static void version_health_metrics(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	json_t *version = ask_get(kube, "/version");
	assert_string_equal(ask_string(version, "minor"), "33");
	json_decref(version);
	int status;
	static const char *const paths[] = {"/healthz", "/livez", "/readyz"};
	for (size_t i = 0; i < 3; i++) {
		char *text = ask_text(kube, paths[i], &status);
		assert_string_equal(text, "ok");
		free(text);
	}
	char *verbose = ask_text(kube, "/readyz?verbose", &status);
	assert_non_null(strstr(verbose, "readyz check passed"));
	free(verbose);
	char *metrics = ask_text(kube, "/metrics", &status);
	assert_non_null(strstr(metrics, "# TYPE apiserver_requested_deprecated_apis gauge"));
	assert_non_null(strstr(metrics, "apiserver_storage_objects{resource=\"pods\"}"));
	free(metrics);
	sim_kube_free(kube);
}

static char *pod_of(struct sim_kube *kube, const char *path, char **ret_uid)
{
	json_t *list = ask_get(kube, path);
	char *name = mem_strdup(ask_string(list, "items.0.metadata.name"));
	if (ret_uid)
		*ret_uid = mem_strdup(ask_string(list, "items.0.metadata.uid"));
	json_decref(list);
	return name;
}

/* The first that is ready and is not asked to stop. */
static char *serving_pod(struct sim_kube *kube, const char *path, char **ret_uid)
{
	json_t *list = ask_get(kube, path), *pod;
	char *name = NULL;
	size_t i;
	json_array_foreach (json_object_get(list, "items"), i, pod) {
		if (name || !json_is_true(ask_at(pod, "status.containerStatuses.0.ready")) ||
		    ask_at(pod, "metadata.deletionTimestamp"))
			continue;
		name = mem_strdup(ask_string(pod, "metadata.name"));
		*ret_uid = mem_strdup(ask_string(pod, "metadata.uid"));
	}
	json_decref(list);
	assert_non_null(name);
	return name;
}

static int evict(struct sim_kube *kube, const char *ns, const char *pod, const char *uid, json_t **ret)
{
	int status;
	char *path = mem_printf("/api/v1/namespaces/%s/pods/%s/eviction", ns, pod);
	char *body = mem_printf(
		"{\"kind\":\"Eviction\",\"apiVersion\":\"policy/"
		"v1\",\"metadata\":{\"name\":\"%s\"},\"deleteOptions\":{\"preconditions\":{\"uid\":\"%s\"}}}",
		pod, uid);
	json_t *answer = ask(kube, "POST", path, body, &status);
	if (ret)
		*ret = answer;
	else
		json_decref(answer);
	free(path);
	free(body);
	return status;
}

static void evicted_pods_come_back_elsewhere(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	size_t before = count_ready(kube, "/api/v1/namespaces/web/pods");
	char *uid, *pod = pod_of(kube, "/api/v1/namespaces/web/pods", &uid);
	char *path = mem_printf("/api/v1/namespaces/web/pods/%s", pod);
	assert_int_equal(evict(kube, "web", pod, uid, NULL), 201);
	assert_int_equal(count_ready(kube, "/api/v1/namespaces/web/pods?labelSelector=app.kubernetes.io/name%3Dweb"),
			 before); /* still stopping */
	json_t *stopping = ask_get(kube, path);
	assert_int_equal(strlen(ask_string(stopping, "metadata.deletionTimestamp")), 20);
	json_decref(stopping);
	json_t *deployment = ask_get(kube, "/apis/apps/v1/namespaces/web/deployments/web");
	assert_int_equal(ask_number(deployment, "status.readyReplicas"), before - 1);
	json_decref(deployment);
	json_t *blocked;
	char *other_uid, *other = serving_pod(kube, "/api/v1/namespaces/web/pods", &other_uid);
	assert_int_equal(evict(kube, "web", other, other_uid, &blocked), 429);
	assert_string_equal(ask_string(blocked, "details.causes.0.reason"), "DisruptionBudget");
	assert_string_equal(ask_string(blocked, "reason"), "TooManyRequests");
	json_decref(blocked);
	sim_kube_advance(kube, start_ms + 60 * SECOND_MS);
	int status;
	json_decref(ask(kube, "GET", path, NULL, &status));
	assert_int_equal(status, 404);
	assert_int_equal(count_ready(kube, "/api/v1/namespaces/web/pods"), before);
	assert_int_equal(evict(kube, "web", other, "00000000-0000-4000-8000-000000000000", NULL), 409);
	assert_int_equal(evict(kube, "web", other, other_uid, NULL), 201);
	free(uid), free(pod), free(path), free(other), free(other_uid);
	sim_kube_free(kube);
}

static void a_stateful_pod_keeps_its_name(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("medium");
	char *uid, *pod = pod_of(kube, "/api/v1/namespaces/cart/pods?labelSelector=app.kubernetes.io/name%3Dcart-redis",
				 &uid);
	assert_string_equal(pod, "cart-redis-0");
	assert_int_equal(evict(kube, "cart", pod, uid, NULL), 201);
	sim_kube_advance(kube, start_ms + 2 * MINUTE_MS);
	json_t *anew = ask_get(kube, "/api/v1/namespaces/cart/pods/cart-redis-0");
	assert_string_not_equal(ask_string(anew, "metadata.uid"), uid);
	assert_string_equal(ask_string(anew, "status.phase"), "Running");
	json_decref(anew);
	free(uid), free(pod);
	sim_kube_free(kube);
}

static void a_lonely_budget_blocks(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	char *uid,
		*pod = pod_of(kube,
			      "/api/v1/namespaces/payments/pods?labelSelector=app.kubernetes.io/name%3Dpayments-redis",
			      &uid);
	json_t *answer;
	assert_int_equal(evict(kube, "payments", pod, uid, &answer), 429);
	assert_string_equal(ask_string(answer, "details.causes.0.message"),
			    "The disruption budget payments-redis-pdb needs 1 healthy pods and has 1 currently");
	json_decref(answer);
	json_t *budget = ask_get(kube, "/apis/policy/v1/namespaces/payments/poddisruptionbudgets/payments-redis-pdb");
	assert_int_equal(ask_number(budget, "status.disruptionsAllowed"), 0);
	assert_int_equal(ask_number(budget, "status.expectedPods"), 1);
	json_decref(budget);
	free(uid), free(pod);
	sim_kube_free(kube);
}

static void a_budget_that_is_patched_goes_by_what_it_says_then(void **state)
{
	static const char path[] = "/apis/policy/v1/namespaces/payments/poddisruptionbudgets/payments-redis-pdb";
	struct sim_kube *kube = ask_cluster("small");
	int status;
	(void)state;
	json_t *noted = ask_as(kube, "PATCH", path, "application/merge-patch+json", NULL,
			       "{\"metadata\":{\"annotations\":{\"a\":\"b\"}}}", &status);
	assert_int_equal(status, 200);
	assert_int_equal(ask_number(noted, "status.disruptionsAllowed"), 0);
	json_decref(noted);
	json_t *mended = ask_as(kube, "PATCH", path, "application/merge-patch+json", NULL,
				"{\"spec\":{\"minAvailable\":null,\"maxUnavailable\":1}}", &status);
	assert_int_equal(status, 200);
	assert_int_equal(ask_number(mended, "status.disruptionsAllowed"), 1);
	assert_int_equal(ask_number(mended, "status.desiredHealthy"), 0);
	json_decref(mended);
	sim_kube_free(kube);
}

static void apps_copied_to_an_empty_cluster_start(void **state)
{
	(void)state;
	struct sim_kube *blue = ask_cluster("medium"), *green = ask_cluster("empty");
	sim_kube_add_nodes(green, "general", "m6i.xlarge", 40, start_ms + 3 * MINUTE_MS);
	assert_int_equal(count(green, "/api/v1/nodes"), 0);
	const char *const *names;
	size_t n = sim_kube_apps(blue, &names);
	for (size_t i = 0; i < n; i++)
		sim_kube_copy_app(blue, names[i], green, start_ms + 1000);
	assert_true(sim_kube_ready(green, NULL) < 0.01);
	sim_kube_advance(green, start_ms + 10 * MINUTE_MS);
	assert_int_equal(count(green, "/api/v1/nodes"), 40);
	assert_true(sim_kube_ready(green, NULL) == 1);
	static const char *const kinds[] = {"/apis/apps/v1/namespaces/%s/deployments",
					    "/apis/apps/v1/namespaces/%s/statefulsets",
					    "/api/v1/namespaces/%s/services", "/api/v1/namespaces/%s/configmaps",
					    "/apis/policy/v1/namespaces/%s/poddisruptionbudgets"};
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < 5; k++) {
			char path[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(path, sizeof path, kinds[k], names[i]);
#pragma GCC diagnostic pop
			assert_int_equal(count(green, path), count(blue, path));
		}
	json_t *ingress = ask_get(green, "/apis/networking.k8s.io/v1/namespaces/web/ingresses/web");
	assert_string_equal(ask_string(ingress, "status.loadBalancer.ingress.0.hostname"),
			    "k8s-web-1.us-east-1.elb.amazonaws.com");
	json_decref(ingress);
	sim_kube_delete_app(green, "web", start_ms + 11 * MINUTE_MS);
	sim_kube_advance(green, start_ms + 13 * MINUTE_MS);
	assert_int_equal(sim_kube_apps(green, &names), n - 1);
	assert_int_equal(count(green, "/api/v1/namespaces/web/pods"), 0);
	int status;
	json_decref(ask(green, "GET", "/api/v1/namespaces/web", NULL, &status));
	assert_int_equal(status, 404);
	sim_kube_copy_app(blue, "web", green, start_ms + 14 * MINUTE_MS); /* and again */
	sim_kube_advance(green, start_ms + 16 * MINUTE_MS);
	assert_true(sim_kube_ready(green, "web") == 1);
	sim_kube_free(blue);
	sim_kube_free(green);
}

static void removed_nodes_move_their_pods(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("medium");
	struct sim_kube_group groups[8];
	assert_int_equal(sim_kube_groups(kube, groups, 8), 3);
	size_t pods = count(kube, "/api/v1/pods?labelSelector=app.kubernetes.io/component%3Dserver");
	sim_kube_remove_nodes(kube, "compute", 12);
	assert_int_equal(sim_kube_groups(kube, groups, 8), 2);
	assert_true(sim_kube_ready(kube, NULL) < 1);
	sim_kube_advance(kube, start_ms + 5 * MINUTE_MS);
	assert_true(sim_kube_ready(kube, NULL) == 1);
	assert_int_equal(count(kube, "/api/v1/nodes"), 28);
	assert_in_range(count(kube, "/api/v1/pods?labelSelector=app.kubernetes.io/component%3Dserver"), pods - 12 * 5,
			pods);
	sim_kube_free(kube);
}

static void sick_apps_crash_and_recover(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("small");
	sim_kube_set_sick(kube, "cart", true);
	sim_kube_advance(kube, start_ms + 3 * MINUTE_MS);
	assert_true(sim_kube_ready(kube, "cart") == 0);
	assert_true(sim_kube_ready(kube, "web") == 1);
	json_t *list = ask_get(kube, "/api/v1/namespaces/cart/pods");
	assert_string_equal(ask_string(list, "items.0.status.containerStatuses.0.state.waiting.reason"),
			    "CrashLoopBackOff");
	assert_true(ask_number(list, "items.0.status.containerStatuses.0.restartCount") >= 2);
	json_decref(list);
	sim_kube_set_sick(kube, "cart", false);
	sim_kube_advance(kube, start_ms + 5 * MINUTE_MS);
	assert_true(sim_kube_ready(kube, "cart") == 1);
	sim_kube_free(kube);
}

static void same_seed_same_bytes(void **state)
{
	(void)state;
	struct sim_kube *a = ask_cluster("medium"), *b = ask_cluster("medium");
	int status;
	char *first = ask_text(a, "/api/v1/pods", &status), *second = ask_text(b, "/api/v1/pods", &status);
	assert_string_equal(first, second);
	free(first);
	free(second);
	sim_kube_free(a);
	sim_kube_free(b);
}

struct counting {
	size_t bytes, chunks, stop_after;
};

static bool take(void *context, const char *bytes, size_t n)
{
	struct counting *counting = context;
	(void)bytes;
	counting->bytes += n;
	return ++counting->chunks != counting->stop_after;
}

static void lists_stream_into_a_sink(void **state)
{
	(void)state;
	struct sim_kube *kube = ask_cluster("medium");
	for (size_t stop_after = 0; stop_after < 3; stop_after++) {
		struct counting counting = {.stop_after = stop_after};
		struct http_sink sink = {take, &counting};
		struct http_exchange exchange = {.request = {.method = "GET", .url = "", .sink = &sink}};
		sim_kube_handle(kube, &exchange.request, "/api/v1/pods", &exchange.response);
		assert_int_equal(exchange.response.status, 200);
		assert_int_equal(exchange.response.body.n, 0);
		assert_int_equal(exchange.response.stopped, stop_after > 0);
		if (stop_after == 0)
			assert_true(counting.bytes > 3000000 && counting.chunks > 40);
		else
			assert_int_equal(counting.chunks, stop_after);
		http_exchange_done(&exchange);
	}
	sim_kube_free(kube);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_lists),
		{"every_kind_lists (medium)", every_kind_lists, NULL, NULL, (void *)(uintptr_t) "medium"},
		cmocka_unit_test(sizes_are_as_told),
		cmocka_unit_test(a_pod_looks_real),
		cmocka_unit_test(pages_give_each_object_once),
		cmocka_unit_test(an_old_page_token_is_gone),
		cmocka_unit_test(selectors_select),
		cmocka_unit_test(metadata_and_tables_by_accept),
		cmocka_unit_test(what_is_not_there_is_told),
		cmocka_unit_test(version_health_metrics),
		cmocka_unit_test(evicted_pods_come_back_elsewhere),
		cmocka_unit_test(a_stateful_pod_keeps_its_name),
		cmocka_unit_test(a_lonely_budget_blocks),
		cmocka_unit_test(a_budget_that_is_patched_goes_by_what_it_says_then),
		cmocka_unit_test(apps_copied_to_an_empty_cluster_start),
		cmocka_unit_test(removed_nodes_move_their_pods),
		cmocka_unit_test(sick_apps_crash_and_recover),
		cmocka_unit_test(same_seed_same_bytes),
		cmocka_unit_test(lists_stream_into_a_sink),
	};
	return cmocka_run_group_tests_name("sim kube", tests, NULL, NULL);
}
