/* Nodes of the simulated cluster: they join, become Ready, are cordoned, and go. */
#include "sim/kube_world.h"

#include <stdio.h>
#include <stdlib.h>

static const struct kube_machine machines[] = {
	{"m6i.large", 2, 8, 29},   {"m6i.xlarge", 4, 16, 58},	{"m6i.2xlarge", 8, 32, 58}, {"c6i.large", 2, 4, 29},
	{"c6i.xlarge", 4, 8, 58},  {"c6i.2xlarge", 8, 16, 58},	{"r6i.large", 2, 16, 29},   {"r6i.xlarge", 4, 32, 58},
	{"t3.large", 2, 8, 35},	   {"t3.xlarge", 4, 16, 58},	{"t3.medium", 2, 4, 17},    {"m5.large", 2, 8, 29},
	{"m5.xlarge", 4, 16, 58},  {"m5.2xlarge", 8, 32, 58},	{"m7i.2xlarge", 8, 32, 58}, {"m7i.large", 2, 8, 29},
	{"m7i.xlarge", 4, 16, 58}, {"m6i.4xlarge", 16, 64, 234}};
static const struct kube_machine unknown_machine = {"", 4, 16, 58};

const struct kube_machine *kube_machine_of(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (strcmp(machines[i].type, type) == 0)
			return &machines[i];
	return &unknown_machine;
}

static struct kube_node *kube_node_find(struct sim_kube *kube, const char *name)
{
	struct kube_object *object = kube_find(kube_kind_of(kube, KIND_NODE), NULL, name);
	return object ? kube_node_of(object) : NULL;
}

static void name_node(struct sim_kube *kube, struct kube_node *node, char out[96])
{
	do {
		uint64_t hash = kube_hash(kube->seed ^ 0x10de, ++kube->node_serial);
		node->ip = 10u << 24 | 0u << 16 | (uint32_t)(16 + node->zone * 32 + hash % 32) << 8 |
			   (uint32_t)(4 + (hash >> 16) % 250);
		snprintf(out, 96, "ip-10-0-%u-%u.ec2.internal", node->ip >> 8 & 255, node->ip & 255);
	} while (kube_node_find(kube, out));
}

/* A node that stands in the API from created_ms on; it is Ready from ready_ms on. */
struct kube_node *kube_node_new(struct sim_kube *kube, const char *group, const char *type, int64_t created_ms,
				int64_t ready_ms)
{
	struct kube_node *node = arena_alloc(kube->arena, sizeof *node);
	char name[96];
	node->group = kube_intern(kube, slice_of(group));
	node->type = kube_intern(kube, slice_of(type));
	node->machine = kube_machine_of(type);
	node->version = kube->kubelet;
	node->zone = (unsigned)(kube->node_serial % 3);
	node->ready_ms = ready_ms;
	name_node(kube, node, name);
	node->object.created_ms = created_ms;
	*HEAP_PUSH(kube->nodes, kube->n_nodes) = node;
	const char *kept = arena_strdup(kube->arena, name);
	kube_insert(kube, KIND_NODE, &node->object, NULL, kept);
	node->lease = kube_new_object(kube, KIND_LEASE, kube_intern(kube, slice_of("kube-node-lease")), kept, NULL);
	node->csi_node = kube_new_object(kube, KIND_CSINODE, NULL, kept, NULL);
	node->lease->source = node->csi_node->source = node;
	node->lease->created_ms = node->csi_node->created_ms = created_ms;
	node->ready = ready_ms <= kube->now_ms;
	if (!node->ready)
		kube_timer_set(kube, ready_ms, TIMER_NODE_READY, &node->object);
	kube_placing_node_new(kube, node);
	return node;
}

static void reconcile_daemons(struct sim_kube *kube)
{
	for (size_t i = 0; i < kube->n_apps; i++)
		for (struct kube_workload *w = kube->apps[i]->workloads; w; w = w->next)
			if (w->object.kind->id == KIND_DAEMONSET && !w->object.gone)
				kube_reconcile(kube, w);
}

void kube_node_ready(struct sim_kube *kube, struct kube_node *node)
{
	node->ready = true;
	node->ready_ms = kube->now_ms;
	kube_placing_node_state(kube, node);
	kube_touch(kube, &node->object);
	kube_note(kube, REASON_NODE_READY, &node->object, node->object.name);
	kube_schedule_pending(kube);
}

/* Those that are marked. */
static void kube_nodes_leave(struct sim_kube *kube)
{
	size_t kept = 0;
	for (size_t i = 0; i < kube->n_nodes; i++) {
		struct kube_node *node = kube->nodes[i];
		if (!node->object.leaving) {
			kube->nodes[kept++] = node;
			continue;
		}
		node->lease->leaving = node->csi_node->leaving = true;
		kube_placing_node_gone(kube, node);
	}
	kube->n_nodes = kept;
	static const enum kube_kind_id kinds[] = {KIND_NODE, KIND_LEASE, KIND_CSINODE};
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		kube_remove_leaving(kube, kube_kind_of(kube, kinds[i]));
	kube_pods_leave_nodes(kube);
}

void kube_node_remove(struct sim_kube *kube, struct kube_node *node)
{
	node->object.leaving = true;
	kube_nodes_leave(kube);
}

/* Nodes join the API some seconds before they are Ready. */
void sim_kube_add_nodes(struct sim_kube *kube, const char *node_group, const char *instance_type, unsigned n,
			int64_t ready_ms)
{
	int64_t created_ms = ready_ms - 25 * SECOND_MS > kube->now_ms ? ready_ms - 25 * SECOND_MS : kube->now_ms;
	for (unsigned i = 0; i < n; i++) {
		if (created_ms <= kube->now_ms) {
			kube_node_new(kube, node_group, instance_type, kube->now_ms, ready_ms);
			continue;
		}
		struct kube_joining *joining = HEAP_PUSH(kube->joining, kube->n_joining);
		*joining = (struct kube_joining){created_ms, ready_ms, kube_intern(kube, slice_of(node_group)),
						 kube_intern(kube, slice_of(instance_type)), kube->kubelet};
	}
	if (n > 0 && created_ms <= kube->now_ms) {
		reconcile_daemons(kube);
		kube_schedule_pending(kube);
	}
}

int64_t kube_join_next_ms(const struct sim_kube *kube)
{
	int64_t next = INT64_MAX;
	for (size_t i = 0; i < kube->n_joining; i++)
		if (kube->joining[i].at_ms < next)
			next = kube->joining[i].at_ms;
	return next;
}

/* Takes in those whose time has come (the cluster's clock stands at it). */
void kube_join_due(struct sim_kube *kube)
{
	bool any = false;
	size_t kept = 0;
	for (size_t i = 0; i < kube->n_joining; i++) {
		struct kube_joining joining = kube->joining[i];
		if (joining.at_ms > kube->now_ms) {
			kube->joining[kept++] = joining;
			continue;
		}
		struct kube_node *node =
			kube_node_new(kube, joining.group, joining.type, joining.at_ms, joining.ready_ms);
		node->version = joining.version;
		any = true;
	}
	kube->n_joining = kept;
	if (any)
		reconcile_daemons(kube);
}

void sim_kube_remove_nodes(struct sim_kube *kube, const char *node_group, unsigned n)
{
	for (size_t i = kube->n_joining; i-- > 0 && n > 0;)
		if (strcmp(kube->joining[i].group, node_group) == 0) {
			kube->joining[i] = kube->joining[--kube->n_joining];
			n--;
		}
	for (size_t i = kube->n_nodes; i-- > 0 && n > 0;)
		if (strcmp(kube->nodes[i]->group, node_group) == 0) {
			kube->nodes[i]->object.leaving = true;
			n--;
		}
	kube_nodes_leave(kube);
}

bool sim_kube_replace_node(struct sim_kube *kube, const char *node_group)
{
	for (size_t i = 0; i < kube->n_nodes; i++) {
		struct kube_node *old = kube->nodes[i];
		if (strcmp(old->group, node_group) != 0 || strcmp(old->version, kube->kubelet) == 0)
			continue;
		kube_node_new(kube, old->group, old->type, kube->now_ms, kube->now_ms)->version = kube->kubelet;
		kube_node_remove(kube, old);
		kube_schedule_pending(kube);
		return true;
	}
	return false;
}

/* What a client said of the node goes with it, but for its cordon. */
bool sim_kube_node_like(struct sim_kube *kube, const char *name, bool instead)
{
	struct kube_node *like = kube_node_find(kube, name);
	if (!like)
		return false;
	json_t *said = like->object.doc ? json_deep_copy(like->object.doc) : NULL;
	if (instead)
		kube_node_remove(kube, like);
	struct kube_node *node = kube_node_new(kube, like->group, like->type, kube->now_ms, kube->now_ms);
	node->zone = like->zone;
	node->object.doc = said;
	json_object_del(json_object_get(said, "spec"), "unschedulable");
	kube_placing_node_gone(kube, node); /* it was seen before it had its labels */
	kube_placing_node_new(kube, node);
	reconcile_daemons(kube);
	kube_schedule_pending(kube);
	return true;
}

size_t sim_kube_groups(const struct sim_kube *kube, struct sim_kube_group *out, size_t max)
{
	size_t n = 0;
	for (size_t i = 0; i < kube->n_nodes; i++) {
		const struct kube_node *node = kube->nodes[i];
		size_t at = 0;
		while (at < n && strcmp(out[at].name, node->group) != 0)
			at++;
		if (at == n) {
			if (n == max)
				continue;
			out[n++] = (struct sim_kube_group){.name = node->group, .instance_type = node->type};
		}
		out[at].nodes++;
		out[at].ready += node->ready;
	}
	return n;
}
