/* Which node a pod goes to. The built-in applications' pods go to any that takes them; for clients' own the scheduler's
 * whole rules hold (placing.c), in a view that is made when the first of them comes. */
#include "sim/kube_world.h"
#include "sim/placing.h"

#include <stdlib.h>

/* ---- the scheduler's view */

bool kube_pod_is_own(const struct kube_pod *pod)
{
	return pod->object.workload ? pod->object.workload->template != NULL : pod->object.doc != NULL;
}

static json_t *volume_affinity(void *context, const char *ns, const char *claim)
{
	struct sim_kube *kube = context;
	struct kube_kind *volumes = kube_kind_of(kube, KIND_PV);
	for (size_t i = 0; i < volumes->n; i++) {
		json_t *document = kube_view(kube, volumes->items[i]);
		const json_t *spec = json_object_get(document, "spec"), *of = json_object_get(spec, "claimRef");
		const char *name = json_string_value(json_object_get(of, "name")),
			   *in = json_string_value(json_object_get(of, "namespace"));
		json_t *affinity = name && in && !strcmp(name, claim) && !strcmp(in, ns)
					   ? json_incref(json_object_get(spec, "nodeAffinity"))
					   : NULL;
		json_decref(document);
		if (affinity)
			return affinity;
	}
	return NULL;
}

void kube_placing_node_state(struct sim_kube *kube, struct kube_node *node)
{
	if (kube->placing && node->place)
		placing_close(node->place, node->unschedulable || !node->ready);
}

void kube_placing_node_new(struct sim_kube *kube, struct kube_node *node)
{
	if (!kube->placing)
		return;
	json_t *document = kube_view(kube, &node->object);
	node->place = placing_node(kube->placing, document, node);
	json_decref(document);
	kube_placing_node_state(kube, node);
}

void kube_placing_node_gone(struct sim_kube *kube, struct kube_node *node)
{
	if (kube->placing && node->place)
		placing_remove(node->place);
	node->place = NULL;
}

static uint32_t place_of(struct sim_kube *kube, struct kube_pod *pod)
{
	if (!pod->place) {
		json_t *document = kube_view(kube, &pod->object);
		pod->place = placing_pod(kube->placing, document);
		json_decref(document);
	}
	return pod->place;
}

static void placing_bind(struct sim_kube *kube, struct kube_pod *pod)
{
	if (kube->placing && pod->node->place)
		placing_put(kube->placing, place_of(kube, pod), pod->node->place);
}

static int age_order(const void *left, const void *right)
{
	const struct kube_node *const *a = left, *const *b = right;
	if ((*a)->object.created_ms != (*b)->object.created_ms)
		return (*a)->object.created_ms < (*b)->object.created_ms ? -1 : 1;
	return strcmp((*a)->object.name, (*b)->object.name);
}

/* Nodes in the order in which they came, and what runs on them. */
static void placing_build(struct sim_kube *kube)
{
	struct kube_kind *pods = kube_kind_of(kube, KIND_POD);
	struct kube_node **nodes = mem_array(kube->n_nodes, sizeof *nodes);
	kube->placing = placing_new(volume_affinity, kube);
	if (kube->n_nodes) {
		memcpy(nodes, kube->nodes, kube->n_nodes * sizeof *nodes);
		qsort(nodes, kube->n_nodes, sizeof *nodes, age_order);
	}
	for (size_t i = 0; i < kube->n_nodes; i++)
		kube_placing_node_new(kube, nodes[i]);
	free(nodes);
	for (size_t i = 0; i < pods->n; i++) {
		struct kube_pod *pod = kube_pod_of(pods->items[i]);
		pod->place = 0;
		if (pod->node && pod->state != POD_SUCCEEDED)
			placing_bind(kube, pod);
	}
}

void kube_placing_drop(struct sim_kube *kube)
{
	struct kube_kind *pods = kube_kind_of(kube, KIND_POD);
	placing_free(kube->placing);
	kube->placing = NULL;
	for (size_t i = 0; i < pods->n; i++)
		kube_pod_of(pods->items[i])->place = 0;
	for (size_t i = 0; i < kube->n_nodes; i++)
		kube->nodes[i]->place = NULL;
}

/* ---- binding */

void kube_pod_bind(struct sim_kube *kube, struct kube_pod *pod, struct kube_node *node)
{
	pod->node = node;
	node->n_pods++;
	pod->scheduled_ms = kube->building ? pod->object.created_ms : kube->now_ms;
	pod->ip = 10u << 24 | (node->ip & 0x00ff0000u) |
		  (uint32_t)(128 + node->zone * 32 + (pod->object.serial >> 8) % 32) << 8 |
		  (uint32_t)(pod->object.serial & 255);
	pod->state = POD_CREATING;
	placing_bind(kube, pod);
	kube_note(kube, REASON_SCHEDULED, &pod->object, node->object.name);
	if (!kube->building)
		kube_timer_set(kube, kube->now_ms + 3 * SECOND_MS + (int64_t)(kube_pod_random(kube, pod, 1) % 6000),
			       TIMER_POD_STEP, &pod->object);
}

static bool node_takes(const struct kube_node *node)
{
	return node->ready && !node->unschedulable && node->n_pods < node->machine->pods;
}

/* Of the next few nodes that take pods, the one with the fewest; but for clients' own pods the scheduler's whole rules
 * hold, and all that runs counts in them. */
static struct kube_node *choose_node(struct sim_kube *kube, struct kube_pod *pod)
{
	if (!kube->building && kube_pod_is_own(pod)) {
		kube->ruled = true;
		if (!kube->placing)
			placing_build(kube);
		return placing_choose(kube->placing, place_of(kube, pod));
	}
	struct kube_node *best = NULL;
	unsigned seen = 0;
	for (size_t i = 0; i < kube->n_nodes && seen < 4; i++) {
		struct kube_node *node = kube->nodes[(kube->node_cursor + i) % kube->n_nodes];
		if (!node_takes(node))
			continue;
		seen++;
		if (!best || node->n_pods < best->n_pods)
			best = node;
	}
	kube->node_cursor++;
	return best;
}

void kube_pod_place(struct sim_kube *kube, struct kube_pod *pod)
{
	struct kube_node *node = choose_node(kube, pod);
	if (node) {
		kube_pod_bind(kube, pod, node);
		if (!kube->building)
			kube_touch(kube, &pod->object);
		return;
	}
	kube_note(kube, REASON_UNSCHEDULABLE, &pod->object, kube->n_nodes ? kube->nodes[0]->object.name : NULL);
	*HEAP_PUSH(kube->pending, kube->n_pending) = pod;
}

static void schedule_each(struct sim_kube *kube)
{
	size_t kept = 0, n = kube->n_pending;
	for (size_t i = 0; i < n; i++) {
		struct kube_pod *pod = kube->pending[i];
		struct kube_node *node = choose_node(kube, pod);
		if (!node) {
			kube->pending[kept++] = pod;
			continue;
		}
		kube_pod_bind(kube, pod, node);
		kube_touch(kube, &pod->object);
	}
	kube->n_pending = kept;
}

/* In the order in which they came. The built-in pods go to any node alike: when one finds no room, none does. */
void kube_schedule_pending(struct sim_kube *kube)
{
	size_t done = 0;
	struct kube_node *node;
	if (kube->ruled) {
		schedule_each(kube);
		return;
	}
	while (done < kube->n_pending && (node = choose_node(kube, kube->pending[done]))) {
		struct kube_pod *pod = kube->pending[done++];
		kube_pod_bind(kube, pod, node);
		kube_touch(kube, &pod->object);
	}
	kube->n_pending -= done;
	if (done > 0)
		memmove(kube->pending, kube->pending + done, kube->n_pending * sizeof *kube->pending);
}
