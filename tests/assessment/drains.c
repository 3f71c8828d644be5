/* Prediction against what then happens: random clusters are drained for real, through the API of the simulated cluster,
 * node by node in the predicted order; each node must stop exactly when it was said to, with exactly those pods, for
 * exactly those reasons. usage: drains FROM COUNT */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "assessment/drain.h"
#include "base/time.h"
#include "codec/document.h"
#include "../sim/kube_ask.h"

struct world {
	struct sim_kube *kube;
	uint64_t random;
	int64_t now_ms;
	unsigned n_groups, n_workloads, n_claims;
	bool verbose;
};

static unsigned any(struct world *world, unsigned below)
{
	world->random = world->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(world->random >> 33) % below;
}

static bool chance(struct world *world, unsigned percent)
{
	return any(world, 100) < percent;
}

static void pass(struct world *world, int64_t ms)
{
	world->now_ms += ms;
	sim_kube_advance(world->kube, world->now_ms);
}

static int post(struct world *world, const char *method, const char *path, json_t *body)
{
	int status;
	char *text = json_dumps(body, JSON_COMPACT);
	json_decref(ask(world->kube, method, path, text, &status));
	free(text);
	json_decref(body);
	return status;
}

static void must(struct world *world, const char *method, const char *path, json_t *body)
{
	int status = post(world, method, path, body);
	if (status < 200 || status > 299) {
		fprintf(stderr, "%s %s: %d\n", method, path, status);
		abort();
	}
}

/* ---- a random cluster */

static void make_nodes(struct world *world)
{
	static const char *const types[] = {"m6i.large", "t3.medium", "m6i.xlarge"};
	world->n_groups = 1 + any(world, 2);
	for (unsigned g = 0; g < world->n_groups; g++) {
		char group[16];
		snprintf(group, sizeof group, "group%u", g);
		for (unsigned n = 1 + any(world, 3); n > 0; n--) {
			sim_kube_add_nodes(world->kube, group, types[any(world, 3)], 1, world->now_ms);
			pass(world, 30 * SECOND_MS);
		}
	}
	json_t *nodes = ask_get(world->kube, "/api/v1/nodes"), *node;
	size_t i;
	bool tainted = chance(world, 20);
	json_array_foreach (json_object_get(nodes, "items"), i, node) {
		char path[200];
		const char *group = document_text(node, "metadata.labels.eks\\.amazonaws\\.com/nodegroup");
		json_t *labels = json_object_get(json_object_get(node, "metadata"), "labels");
		group = json_string_value(json_object_get(labels, "eks.amazonaws.com/nodegroup"));
		snprintf(path, sizeof path, "/api/v1/nodes/%s", document_text(node, "metadata.name"));
		if (tainted && group && !strcmp(group, "group0"))
			must(world, "PATCH", path,
			     json_pack("{s:{s:[{s:s, s:s, s:s}]}}", "spec", "taints", "key", "dedicated", "value", "x",
				       "effect", "NoSchedule"));
		if (chance(world, 30))
			must(world, "PATCH", path, json_pack("{s:{s:{s:s}}}", "metadata", "labels", "disk", "fast"));
	}
	json_decref(nodes);
	pass(world, MINUTE_MS);
}

static json_t *selector_of(const char *key, const char *value)
{
	return json_pack("{s:{s:s}}", "matchLabels", key, value);
}

static const char *some_key(struct world *world)
{
	return chance(world, 60) ? "kubernetes.io/hostname" : "topology.kubernetes.io/zone";
}

static const char *a_node(struct world *world, char out[100])
{
	json_t *nodes = ask_get(world->kube, "/api/v1/nodes"), *items = json_object_get(nodes, "items");
	const json_t *node = json_array_get(items, any(world, (unsigned)json_array_size(items)));
	snprintf(out, 100, "%s", document_text(node, "metadata.name"));
	json_decref(nodes);
	return out;
}

/* A volume that can be reached from one zone or one node only, and its claim. */
static json_t *claim(struct world *world, const char *ns)
{
	char name[32], claim_name[32], path[100], node[100];
	static const char *const zones[] = {"us-east-1a", "us-east-1b", "us-east-1c"};
	bool local = chance(world, 30);
	unsigned id = world->n_claims++;
	snprintf(name, sizeof name, "pv-%u", id);
	snprintf(claim_name, sizeof claim_name, "claim-%u", id);
	json_t *terms = json_pack("[{s:[{s:s, s:s, s:[s]}]}]", "matchExpressions", "key",
				  local ? "kubernetes.io/hostname" : "topology.kubernetes.io/zone", "operator", "In",
				  "values", local ? a_node(world, node) : zones[any(world, 3)]);
	must(world, "POST", "/api/v1/persistentvolumes",
	     json_pack("{s:s, s:s, s:{s:s}, s:{s:{s:s, s:s}, s:{s:{s:o}}}}", "apiVersion", "v1", "kind",
		       "PersistentVolume", "metadata", "name", name, "spec", "claimRef", "namespace", ns, "name",
		       claim_name, "nodeAffinity", "required", "nodeSelectorTerms", terms));
	snprintf(path, sizeof path, "/api/v1/namespaces/%s/persistentvolumeclaims", ns);
	must(world, "POST", path,
	     json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s}}", "apiVersion", "v1", "kind", "PersistentVolumeClaim",
		       "metadata", "name", claim_name, "namespace", ns, "spec", "volumeName", name));
	return json_pack("{s:s, s:{s:s}}", "name", "data", "persistentVolumeClaim", "claimName", claim_name);
}

static json_t *affinity(struct world *world, const char *app)
{
	json_t *all = json_object();
	if (chance(world, 25))
		json_object_set_new(
			all, "podAntiAffinity",
			json_pack("{s:[{s:o, s:s}]}", "requiredDuringSchedulingIgnoredDuringExecution", "labelSelector",
				  selector_of(chance(world, 70) ? "app" : "tier", chance(world, 70)   ? app
										  : chance(world, 50) ? "a"
												      : "b"),
				  "topologyKey", some_key(world)));
	if (chance(world, 10))
		json_object_set_new(all, "podAffinity",
				    json_pack("{s:[{s:o, s:s}]}", "requiredDuringSchedulingIgnoredDuringExecution",
					      "labelSelector", selector_of("app", chance(world, 50) ? app : "w0"),
					      "topologyKey", some_key(world)));
	if (chance(world, 10))
		json_object_set_new(all, "nodeAffinity",
				    json_pack("{s:{s:[{s:[{s:s, s:s, s:[s, s]}]}]}}",
					      "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms",
					      "matchExpressions", "key", "topology.kubernetes.io/zone", "operator",
					      chance(world, 50) ? "In" : "NotIn", "values", "us-east-1a",
					      "us-east-1b"));
	return all;
}

static json_t *pod_spec(struct world *world, const char *ns, const char *app, bool may_claim)
{
	char cpu[16], memory[16];
	snprintf(cpu, sizeof cpu, "%um", 50 + any(world, 12) * 100);
	snprintf(memory, sizeof memory, "%uMi", 64 + any(world, 8) * 256);
	json_t *container = json_pack("{s:s, s:s, s:{s:{s:s, s:s}}}", "name", "c", "image", "nginx:1.27", "resources",
				      "requests", "cpu", cpu, "memory", memory);
	if (chance(world, 10))
		json_object_set_new(
			container, "ports",
			json_pack("[{s:i, s:i}]", "containerPort", 80, "hostPort", 8000 + (int)any(world, 3)));
	json_t *spec = json_pack("{s:[o]}", "containers", container);
	json_object_set_new(spec, "affinity", affinity(world, app));
	if (chance(world, 15))
		json_object_set_new(spec, "topologySpreadConstraints",
				    json_pack("[{s:i, s:s, s:s, s:o}]", "maxSkew", 1 + (int)any(world, 2),
					      "topologyKey", some_key(world), "whenUnsatisfiable",
					      chance(world, 80) ? "DoNotSchedule" : "ScheduleAnyway", "labelSelector",
					      selector_of("app", app)));
	if (chance(world, 40))
		json_object_set_new(spec, "tolerations",
				    json_pack("[{s:s, s:s, s:s, s:s}]", "key", "dedicated", "operator", "Equal",
					      "value", "x", "effect", "NoSchedule"));
	if (chance(world, 10))
		json_object_set_new(spec, "nodeSelector", json_pack("{s:s}", "disk", "fast"));
	if (chance(world, 50))
		json_object_set_new(spec, "terminationGracePeriodSeconds", json_integer(1 + any(world, 60)));
	if (may_claim && chance(world, 25))
		json_object_set_new(spec, "volumes", json_pack("[o]", claim(world, ns)));
	return spec;
}

static void make_workload(struct world *world)
{
	static const char *const kinds[] = {"Deployment",  "StatefulSet", "Deployment",
					    "StatefulSet", "Pod",	  "DaemonSet"};
	static const char *const plurals[] = {"deployments",  "statefulsets", "deployments",
					      "statefulsets", NULL,	      "daemonsets"};
	char app[16], path[100];
	unsigned which = chance(world, 80) ? any(world, 4) : 4 + any(world, 2), replicas = 1 + any(world, 4);
	const char *ns = chance(world, 70) ? "one" : "two", *tier = chance(world, 50) ? "a" : "b";
	snprintf(app, sizeof app, "w%u", world->n_workloads++);
	json_t *labels = json_pack("{s:s, s:s}", "app", app, "tier", tier);
	json_t *spec = pod_spec(world, ns, app, replicas == 1 || which == 4);
	if (which == 4) {
		snprintf(path, sizeof path, "/api/v1/namespaces/%s/pods", ns);
		must(world, "POST", path,
		     json_pack("{s:s, s:s, s:{s:s, s:s, s:o}, s:o}", "apiVersion", "v1", "kind", "Pod", "metadata",
			       "name", app, "namespace", ns, "labels", labels, "spec", spec));
	} else {
		json_t *whole = json_pack("{s:o, s:{s:{s:o}, s:o}}", "selector", selector_of("app", app), "template",
					  "metadata", "labels", labels, "spec", spec);
		if (which != 5)
			json_object_set_new(whole, "replicas", json_integer(replicas));
		if (which == 1 && chance(world, 40))
			json_object_set_new(whole, "podManagementPolicy", json_string("Parallel"));
		snprintf(path, sizeof path, "/apis/apps/v1/namespaces/%s/%s", ns, plurals[which]);
		must(world, "POST", path,
		     json_pack("{s:s, s:s, s:{s:s, s:s}, s:o}", "apiVersion", "apps/v1", "kind", kinds[which],
			       "metadata", "name", app, "namespace", ns, "spec", whole));
	}
	pass(world,
	     5 * MINUTE_MS); /* so that no two workloads make pods in one second: their order could not be seen */
}

static json_t *int_or_percent(struct world *world)
{
	return chance(world, 60) ? json_integer(any(world, 4)) : json_sprintf("%u%%", any(world, 5) * 25);
}

static void make_budgets(struct world *world)
{
	for (unsigned n = any(world, 5), i = 0; i < n; i++) {
		char name[16], app[16], path[100];
		const char *ns = chance(world, 70) ? "one" : "two";
		snprintf(name, sizeof name, "pdb%u", i);
		snprintf(app, sizeof app, "w%u", any(world, world->n_workloads));
		json_t *spec = json_pack("{s:o, s:o}", chance(world, 50) ? "minAvailable" : "maxUnavailable",
					 int_or_percent(world), "selector",
					 chance(world, 75) ? selector_of("app", app)
							   : selector_of("tier", chance(world, 50) ? "a" : "b"));
		if (chance(world, 30))
			json_object_set_new(spec, "unhealthyPodEvictionPolicy",
					    json_string(chance(world, 50) ? "AlwaysAllow" : "IfHealthyBudget"));
		snprintf(path, sizeof path, "/apis/policy/v1/namespaces/%s/poddisruptionbudgets", ns);
		must(world, "POST", path,
		     json_pack("{s:s, s:s, s:{s:s, s:s}, s:o}", "apiVersion", "policy/v1", "kind",
			       "PodDisruptionBudget", "metadata", "name", name, "namespace", ns, "spec", spec));
	}
}

/* Nobody can know of a pod that never ran whether it will be well. */
static bool all_have_run(struct world *world, const char *ns)
{
	char path[100];
	size_t i;
	bool all = true;
	snprintf(path, sizeof path, "/api/v1/namespaces/%s/pods", ns);
	json_t *list DOCUMENT_CLEANUP = ask_get(world->kube, path), *pod;
	json_array_foreach (json_object_get(list, "items"), i, pod)
		all &= document_text(pod, "spec.nodeName") != NULL;
	return all;
}

static void make_cluster(struct world *world)
{
	static const char *const builtin[] = {"kube-system/deployments/coredns",
					      "kube-system/deployments/ebs-csi-controller",
					      "kube-system/deployments/metrics-server",
					      "kube-system/deployments/aws-load-balancer-controller",
					      "kube-system/deployments/cluster-autoscaler",
					      "kube-system/daemonsets/aws-node",
					      "kube-system/daemonsets/kube-proxy",
					      "kube-system/daemonsets/ebs-csi-node",
					      "kube-system/daemonsets/eks-pod-identity-agent",
					      "velero/deployments/velero"};
	char path[100];
	int status;
	world->kube = ask_cluster("empty");
	world->now_ms = INT64_C(1795478400000);
	for (size_t i = 0; i < ARRAY_SIZE(builtin); i++) { /* they wait for nodes in an order that nobody can see */
		snprintf(path, sizeof path, "/apis/apps/v1/namespaces/%s", builtin[i]);
		json_decref(ask(world->kube, "DELETE", path, NULL, &status));
	}
	make_nodes(world);
	static const char *const namespaces[] = {"one", "two"};
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		must(world, "POST", "/api/v1/namespaces",
		     json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "v1", "kind", "Namespace", "metadata", "name",
			       namespaces[i]));
	for (unsigned n = 2 + any(world, 7); n > 0; n--)
		make_workload(world);
	make_budgets(world);
	pass(world, 20 * MINUTE_MS);
	if (chance(world, 15) && all_have_run(world, "two")) {
		sim_kube_set_sick(world->kube, "two", true);
		pass(world, 5 * MINUTE_MS);
	}
}

/* ---- what the agent would see */

static void look(struct world *world, struct inventory *inventory)
{
	static const char *const paths[] = {"/api/v1/nodes",
					    "/api/v1/pods",
					    "/apis/apps/v1/deployments",
					    "/apis/apps/v1/replicasets",
					    "/apis/apps/v1/statefulsets",
					    "/apis/apps/v1/daemonsets",
					    "/apis/policy/v1/poddisruptionbudgets",
					    "/api/v1/persistentvolumes",
					    "/api/v1/persistentvolumeclaims",
					    "/api/v1/namespaces"};
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		json_t *list DOCUMENT_CLEANUP = ask_get(world->kube, paths[i]), *item;
		char *kind CLEANUP(mem_freep) = mem_strdup(document_text(list, "kind"));
		size_t k;
		kind[strlen(kind) - 4] = '\0';
		json_array_foreach (json_object_get(list, "items"), k, item) {
			struct arena *scratch CLEANUP(arena_freep) = arena_new();
			struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
			json_object_set_new(item, "kind", json_string(kind));
			json_object_set(item, "apiVersion", json_object_get(list, "apiVersion"));
			document_print(item, false, &text);
			inventory_take_text(inventory, buf_slice(&text), scratch);
		}
	}
	inventory_settle(inventory);
}

/* ---- the drain itself */

static void cordon(struct world *world, const char *node)
{
	char path[200];
	snprintf(path, sizeof path, "/api/v1/nodes/%s", node);
	must(world, "PATCH", path, json_pack("{s:{s:b}}", "spec", "unschedulable", 1));
}

static json_t *pods_on(struct world *world, const char *node)
{
	char path[200];
	snprintf(path, sizeof path, "/api/v1/pods?fieldSelector=spec.nodeName%%3D%s", node);
	return ask_get(world->kube, path);
}

/* Owners, not names: replicas are alike. "one/ReplicaSet/w1-abc 429" lines, sorted. */
static int text_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct lines {
	char **items;
	size_t n;
};

static void add_line(struct lines *lines, char *text)
{
	*HEAP_PUSH(lines->items, lines->n) = text;
}

static bool same_lines(struct lines *a, struct lines *b)
{
	if (a->n)
		qsort(a->items, a->n, sizeof *a->items, text_order);
	if (b->n)
		qsort(b->items, b->n, sizeof *b->items, text_order);
	bool same = a->n == b->n;
	for (size_t i = 0; same && i < a->n; i++)
		same = !strcmp(a->items[i], b->items[i]);
	return same;
}

static void free_lines(struct lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free(lines->items[i]);
	free(lines->items);
}

static char *stuck_line(const json_t *pod, int status)
{
	const char *owner = document_text(pod, "metadata.ownerReferences[0].name");
	const char *rule = status == 429 ? "budget" : status == 500 ? "two" : "another answer";
	return mem_printf("%s/%s/%s %s", document_text_or(pod, "metadata.namespace", ""),
			  document_text_or(pod, "metadata.ownerReferences[0].kind", "Pod"),
			  owner ? owner : document_text_or(pod, "metadata.name", ""), rule);
}

static bool is_left_alone(const json_t *pod)
{
	const char *kind = document_text(pod, "metadata.ownerReferences[0].kind");
	return kind && !strcmp(kind, "DaemonSet");
}

static struct lines drain(struct world *world, const char *node)
{
	json_t *list DOCUMENT_CLEANUP = pods_on(world, node), *pods = json_object_get(list, "items");
	struct lines stuck = {0};
	size_t i, went = 1;
	json_t *left DOCUMENT_CLEANUP = json_array(), *pod;
	json_array_foreach (pods, i, pod)
		if (!is_left_alone(pod))
			json_array_append(left, pod);
	while (went && json_array_size(left)) {
		json_t *again = json_array();
		went = 0;
		free_lines(&stuck);
		stuck = (struct lines){0};
		json_array_foreach (left, i, pod) {
			char path[300];
			const char *ns = document_text(pod, "metadata.namespace"),
				   *name = document_text(pod, "metadata.name");
			snprintf(path, sizeof path, "/api/v1/namespaces/%s/pods/%s/eviction", ns, name);
			int status = post(world, "POST", path,
					  json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:{s:s}}}", "apiVersion", "policy/v1",
						    "kind", "Eviction", "metadata", "name", name, "namespace", ns,
						    "deleteOptions", "preconditions", "uid",
						    document_text(pod, "metadata.uid")));
			if (status == 201) {
				went++;
				continue;
			}
			json_array_append(again, pod);
			add_line(&stuck, stuck_line(pod, status));
		}
		json_decref(left);
		left = again;
		pass(world, 20 * MINUTE_MS);
	}
	if (!json_array_size(left)) {
		free_lines(&stuck);
		stuck = (struct lines){0};
	}
	return stuck;
}

static struct lines predicted(const struct drain_node *node)
{
	struct lines lines = {0};
	for (size_t i = 0; i < node->n_stops; i++) {
		const struct kube_pod *pod = node->stops[i].pod;
		const struct kube_owner *owner = kube_meta_controller(&pod->meta);
		add_line(&lines, mem_printf("%s/%s/%s %s", pod->meta.ns, owner ? owner->kind : "Pod",
					    owner ? owner->name : pod->meta.name,
					    node->stops[i].rule == DRAIN_TWO_BUDGETS ? "two" : "budget"));
	}
	return lines;
}

static void begin_group(struct world *world, const struct drain_prediction *prediction, size_t from)
{
	const char *zones[8], *firsts[8], *group = prediction->nodes[from].group;
	unsigned n = 0;
	for (size_t i = from; i < prediction->n_nodes && !strcmp(prediction->nodes[i].group, group); i++) {
		const struct kube_meta *meta = &prediction->nodes[i].node->meta;
		const char *zone = kube_meta_label(meta, "topology.kubernetes.io/zone");
		unsigned k = 0;
		cordon(world, meta->name);
		while (k < n && strcmp(zones[k], zone) != 0)
			k++;
		if (k == n) {
			zones[n] = zone;
			firsts[n++] = meta->name;
		}
	}
	for (unsigned i = 0; i < drain_surge(group, n); i++) {
		pass(world, 2 * SECOND_MS);
		if (!sim_kube_node_like(world->kube, firsts[i % n], false))
			abort();
		pass(world, 20 * MINUTE_MS);
	}
}

/* With DRAINS_VERBOSE set: the cluster as it stands where prediction and truth part. */
static void show(struct world *world)
{
	static const char *const paths[] = {"/apis/policy/v1/poddisruptionbudgets", "/api/v1/pods", "/api/v1/nodes"};
	for (size_t i = 0; getenv("DRAINS_VERBOSE") && i < ARRAY_SIZE(paths); i++) {
		json_t *list DOCUMENT_CLEANUP = ask_get(world->kube, paths[i]), *item;
		size_t k;
		json_array_foreach (json_object_get(list, "items"), k, item) {
			json_object_del(json_object_get(item, "metadata"), "managedFields");
			if (!strcmp(document_text_or(item, "metadata.namespace", ""), "kube-system"))
				continue;
			json_object_del(json_object_get(item, "metadata"), "annotations");
			char *spec = json_dumps(json_object_get(item, "spec"), JSON_COMPACT | JSON_SORT_KEYS);
			char *status = i == 0 ? json_dumps(json_object_get(item, "status"), JSON_COMPACT) : NULL;
			fprintf(stderr, "  %s/%s %s %s %s\n", document_text_or(item, "metadata.namespace", ""),
				document_text_or(item, "metadata.name", ""), document_text_or(item, "status.phase", ""),
				spec, status ? status : "");
			free(spec);
			free(status);
		}
	}
}

static void tell(const char *title, const struct lines *lines)
{
	fprintf(stderr, "  %s:", title);
	for (size_t i = 0; i < lines->n; i++)
		fprintf(stderr, " [%s]", lines->items[i]);
	fprintf(stderr, "\n");
}

static bool drained_as_predicted(struct world *world, const struct drain_prediction *prediction, uint64_t seed)
{
	for (size_t i = 0; i < prediction->n_nodes; i++) {
		const struct drain_node *node = &prediction->nodes[i];
		if (i == 0 || strcmp(node->group, prediction->nodes[i - 1].group) != 0)
			begin_group(world, prediction, i);
		struct lines wanted = predicted(node), got = drain(world, node->node->meta.name);
		bool same = same_lines(&wanted, &got) && node->blocked == (got.n > 0);
		if (!same) {
			fprintf(stderr, "seed %llu: node %zu %s (%s)\n", (unsigned long long)seed, i,
				node->node->meta.name, node->group);
			tell("predicted", &wanted);
			for (size_t k = 0; k < node->n_stops; k++)
				fprintf(stderr, "    because %s\n", node->stops[k].why);
			tell("happened", &got);
			show(world);
		}
		bool stopped = got.n > 0;
		free_lines(&wanted);
		free_lines(&got);
		if (!same)
			return false;
		if (!stopped && !sim_kube_node_like(world->kube, node->node->meta.name, true))
			abort();
		pass(world, 20 * MINUTE_MS);
	}
	return true;
}

/* ---- */

static bool one(uint64_t seed, size_t *ret_nodes, size_t *ret_blocked)
{
	struct world world = {.random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1};
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct inventory *inventory CLEANUP(inventory_freep) = inventory_new();
	struct config config = {0};
	any(&world, 2);
	make_cluster(&world);
	look(&world, inventory);
	struct assess assess = {.inventory = inventory, .config = &config, .arena = arena, .now_ms = world.now_ms};
	index_build(&assess);
	const struct drain_prediction *prediction = drain_predict(&assess);
	for (size_t i = 0; i < prediction->n_nodes; i++)
		*ret_blocked += prediction->nodes[i].blocked;
	*ret_nodes += prediction->n_nodes;
	bool good = drained_as_predicted(&world, prediction, seed);
	index_free(assess.index);
	sim_kube_free(world.kube);
	return good;
}

int main(int argc, char **argv)
{
	uint64_t from = argc > 1 ? strtoull(argv[1], NULL, 10) : 1,
		 count = argc > 2 ? strtoull(argv[2], NULL, 10) : 100;
	size_t passed = 0, failed = 0, nodes = 0, blocked = 0;
	for (uint64_t seed = from; seed < from + count; seed++) {
		if (one(seed, &nodes, &blocked))
			passed++;
		else
			failed++;
	}
	printf("%zu nodes, %zu of them stopped\n", nodes, blocked);
	printf("%zu passed, %zu failed\n", passed, failed);
	return failed > 0;
}
