/* Anything in any order: random changes by clients, time, nodes and sickness, and after each the records agree with
 * each other and with what is served. A failing seed is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "kube_ask.h"
#include "sim/kube_world.h"

struct chaos {
	struct sim_kube *kube;
	uint64_t seed, step;
	uint64_t watched_rv;
};

static uint64_t roll(struct chaos *chaos, uint64_t limit)
{
	return kube_hash(chaos->seed, ++chaos->step) % limit;
}

static void fail_at(const struct chaos *chaos, const char *what, const char *name)
{
	fail_msg("seed %llu, step %llu: %s (%s)", (unsigned long long)chaos->seed, (unsigned long long)chaos->step,
		 what, name);
}

static void check_order(const struct chaos *chaos, struct kube_kind *kind)
{
	kube_sort(kind);
	for (size_t i = 0; i < kind->n; i++) {
		struct kube_object *object = kind->items[i], *before = i ? kind->items[i - 1] : NULL;
		if (object->gone || object->kind != kind)
			fail_at(chaos, "a gone object is listed", object->name);
		if (before && !(before->ns && strcmp(before->ns, object->ns) < 0) &&
		    strcmp(before->name, object->name) >= 0 && (!before->ns || strcmp(before->ns, object->ns) == 0))
			fail_at(chaos, "out of order, or twice", object->name);
		if (object->rv > chaos->kube->rv)
			fail_at(chaos, "a version from the future", object->name);
	}
}

static void check_workload(const struct chaos *chaos, struct kube_workload *w)
{
	unsigned all = 0, active = 0, ready = 0;
	for (struct kube_pod *pod = w->pods; pod; pod = pod->next) {
		if (pod->object.gone || pod->object.workload != w || (pod->next && pod->next->prev != pod))
			fail_at(chaos, "a broken list of pods", w->object.name);
		all++;
		active += !pod->object.deleting_ms;
		ready += !pod->object.deleting_ms && pod->state == POD_READY;
	}
	if (all != w->n_pods || active != w->n_active || ready != w->n_ready)
		fail_at(chaos, "pods are miscounted", w->object.name);
}

static void check_nodes(const struct chaos *chaos)
{
	struct sim_kube *kube = chaos->kube;
	struct kube_kind *pods = kube_kind_of(kube, KIND_POD);
	for (size_t i = 0; i < kube->n_nodes; i++) {
		unsigned n = 0;
		for (size_t j = 0; j < pods->n; j++)
			n += kube_pod_of(pods->items[j])->node == kube->nodes[i];
		if (n != kube->nodes[i]->n_pods)
			fail_at(chaos, "a node's pods are miscounted", kube->nodes[i]->object.name);
	}
	size_t waiting = 0;
	for (size_t j = 0; j < pods->n; j++) {
		const struct kube_pod *pod = kube_pod_of(pods->items[j]);
		waiting += !pod->node;
		if (pod->node && pod->node->object.gone)
			fail_at(chaos, "a pod on a node that is gone", pod->object.name);
	}
	if (waiting != kube->n_pending)
		fail_at(chaos, "waiting pods are miscounted", "");
}

static void check(const struct chaos *chaos)
{
	for (size_t i = 0; i < chaos->kube->n_kinds; i++)
		check_order(chaos, chaos->kube->kinds[i]);
	for (size_t i = 0; i < chaos->kube->n_apps; i++)
		for (struct kube_workload *w = chaos->kube->apps[i]->workloads; w; w = w->next)
			if (!w->object.gone)
				check_workload(chaos, w);
	check_nodes(chaos);
}

static struct kube_object *any(struct chaos *chaos, enum kube_kind_id id)
{
	struct kube_kind *kind = kube_kind_of(chaos->kube, id);
	kube_sort(kind);
	return kind->n ? kind->items[roll(chaos, kind->n)] : NULL;
}

static void request(struct chaos *chaos, const char *method, char *path /* taken */, const char *body)
{
	int status;
	static const char *const patches[] = {"application/merge-patch+json", "application/strategic-merge-patch+json"};
	json_decref(ask_as(chaos->kube, method, path, strcmp(method, "PATCH") == 0 ? patches[roll(chaos, 2)] : NULL,
			   NULL, body, &status));
	if (status < 200 || status >= 500)
		fail_at(chaos, "an odd status", path);
	free(path);
}

static void act_on_pod(struct chaos *chaos)
{
	struct kube_object *pod = any(chaos, KIND_POD);
	if (!pod)
		return;
	char *path = mem_printf("/api/v1/namespaces/%s/pods/%s", pod->ns, pod->name);
	switch (roll(chaos, 4)) {
	case 0:
		request(chaos, "DELETE", path, NULL);
		break;
	case 1:
		request(chaos, "DELETE", path, "{\"gracePeriodSeconds\":0}");
		break;
	case 2:
		request(chaos, "PATCH", path, "{\"metadata\":{\"labels\":{\"touched\":\"yes\"}}}");
		break;
	default: {
		char *eviction = mem_printf("%s/eviction", path);
		free(path);
		request(chaos, "POST", eviction, "{\"kind\":\"Eviction\"}");
	}
	}
}

static void act_on_workload(struct chaos *chaos)
{
	static const enum kube_kind_id kinds[] = {KIND_DEPLOYMENT, KIND_STATEFULSET, KIND_DAEMONSET};
	struct kube_object *object = any(chaos, kinds[roll(chaos, 3)]);
	if (!object)
		return;
	char *path = mem_printf("/apis/apps/v1/namespaces/%s/%s/%s", object->ns, object->kind->resource->plural,
				object->name);
	char *scale = mem_printf("{\"spec\":{\"replicas\":%d}}", (int)roll(chaos, 9));
	char *image = mem_printf("{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"restarted\":\"%d\"}}}}}",
				 (int)roll(chaos, 1000));
	uint64_t what = roll(chaos, 12);
	request(chaos, what == 0 ? "DELETE" : "PATCH", path, what == 0 ? NULL : what < 6 ? image : scale);
	free(scale);
	free(image);
}

static void act_on_nodes(struct chaos *chaos)
{
	struct kube_object *node = any(chaos, KIND_NODE);
	uint64_t what = roll(chaos, 6);
	if (what == 0)
		sim_kube_add_nodes(chaos->kube, "spare", "m6i.large", 1 + (unsigned)roll(chaos, 3),
				   chaos->kube->now_ms + (int64_t)roll(chaos, 90000));
	else if (what == 1 && chaos->kube->n_nodes > 2)
		sim_kube_remove_nodes(chaos->kube, roll(chaos, 2) ? "spare" : "general", 1);
	else if (what == 2 && chaos->kube->n_nodes > 2)
		request(chaos, "DELETE", mem_printf("/api/v1/nodes/%s", node->name), NULL);
	else if (node)
		request(chaos, "PATCH", mem_printf("/api/v1/nodes/%s", node->name),
			roll(chaos, 2) ? "{\"spec\":{\"unschedulable\":true}}" : "{\"spec\":{\"unschedulable\":null}}");
}

static const char *const own =
	"{\"metadata\":{\"generateName\":\"own-\"},\"spec\":{\"replicas\":2,\"selector\":{\"matchLabels\":{\"app\":"
	"\"own\"}},\"template\":{\"metadata\":"
	"{\"labels\":{\"app\":\"own\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}}}";

static void act_on_apps(struct chaos *chaos)
{
	const char *const *names;
	size_t n = sim_kube_apps(chaos->kube, &names);
	const char *name = n ? names[roll(chaos, n)] : NULL;
	switch (roll(chaos, 8)) {
	case 0:
		sim_kube_set_sick(chaos->kube, name, true);
		break;
	case 1:
	case 2:
		sim_kube_set_sick(chaos->kube, name, false);
		break;
	case 3:
		request(chaos, "POST", mem_strdup("/apis/apps/v1/namespaces/default/deployments"), own);
		break;
	case 4:
		request(chaos, "POST", mem_strdup("/apis/batch/v1/namespaces/default/jobs"), own);
		break;
	case 5:
		request(chaos, "POST", mem_strdup("/api/v1/namespaces/default/pods"),
			"{\"metadata\":{\"generateName\":\"p-\"},\"spec\":{\"containers\":[]}}");
		break;
	case 6:
		request(chaos, "POST", mem_strdup("/apis/velero.io/v1/namespaces/velero/backups"),
			"{\"metadata\":{\"generateName\":\"b-\"}}");
		break;
	default:
		if (roll(chaos, 6) == 0 && name)
			sim_kube_delete_app(chaos->kube, name, chaos->kube->now_ms);
	}
}

static void look(struct chaos *chaos)
{
	static const char *const paths[] = {"/api/v1/pods",
					    "/api/v1/nodes",
					    "/api/v1/events",
					    "/apis/apps/v1/deployments",
					    "/apis/policy/v1/poddisruptionbudgets",
					    "/apis/discovery.k8s.io/v1/endpointslices",
					    "/apis/apps/v1/statefulsets?limit=2"};
	json_decref(ask_get(chaos->kube, paths[roll(chaos, ARRAY_SIZE(paths))]));
	int status;
	char *path = mem_printf("/api/v1/pods?watch=1&allowWatchBookmarks=1&resourceVersion=%llu",
				(unsigned long long)chaos->watched_rv);
	char *events = ask_text(chaos->kube, path, &status);
	if (status != 200 || !strstr(events, "\"type\":"))
		fail_at(chaos, "a watch says nothing", path);
	chaos->watched_rv = chaos->kube->rv;
	free(events);
	free(path);
}

static void keep_and_go_on(struct chaos *chaos)
{
	json_t *saved = sim_kube_save(chaos->kube);
	struct sim_kube *loaded = NULL;
	struct error *error = sim_kube_load(saved, &loaded);
	if (error)
		fail_at(chaos, "cannot load", error->message);
	json_decref(saved);
	sim_kube_free(chaos->kube);
	chaos->kube = loaded;
}

static void play(uint64_t seed, unsigned steps)
{
	struct chaos chaos = {.kube = ask_cluster("small"), .seed = seed};
	chaos.watched_rv = chaos.kube->rv;
	for (unsigned i = 0; i < steps; i++) {
		switch (roll(&chaos, 10)) {
		case 0:
		case 1:
		case 2:
			act_on_pod(&chaos);
			break;
		case 3:
		case 4:
			act_on_workload(&chaos);
			break;
		case 5:
			act_on_nodes(&chaos);
			break;
		case 6:
			act_on_apps(&chaos);
			break;
		case 7:
			look(&chaos);
			break;
		default:
			sim_kube_advance(chaos.kube, chaos.kube->now_ms + (int64_t)roll(&chaos, 100000));
			break;
		}
		if (roll(&chaos, 100) == 0)
			keep_and_go_on(&chaos);
		check(&chaos);
	}
	sim_kube_free(chaos.kube);
}

static void records_agree_whatever_happens(void **state)
{
	(void)state;
	const char *runs = getenv("KUBE_CHAOS_RUNS");
	uint64_t n = runs ? strtoull(runs, NULL, 10) : 12;
	for (uint64_t seed = 1; seed <= n; seed++)
		play(seed, 250);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(records_agree_whatever_happens)};
	return cmocka_run_group_tests_name("sim kube chaos", tests, NULL, NULL);
}
