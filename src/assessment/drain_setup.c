/* Setting up the drain that is played: nodes by group and age, a slot for each pod, and one for each pod that a
 * StatefulSet has not made yet. */
#include "assessment/drain_internal.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ORDINALS = 1000 }; /* of a StatefulSet that are missing: what is more is nonsense */

/* ---- groups of nodes */

const char *drain_group(struct arena *arena, const struct kube_node *node)
{
	static const struct {
		const char *label, *prefix;
	} rows[] = {{"eks.amazonaws.com/nodegroup", "managed:"},
		    {"karpenter.sh/nodepool", "karpenter:"},
		    {"karpenter.sh/provisioner-name", "karpenter:"},
		    {"alpha.eksctl.io/nodegroup-name", "self-managed:"},
		    {"node.kubernetes.io/instancegroup", "self-managed:"}};
	const char *compute = kube_meta_label(&node->meta, "eks.amazonaws.com/compute-type");
	if (compute && !strcmp(compute, "fargate"))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *name = kube_meta_label(&node->meta, rows[i].label);
		if (name)
			return arena_printf(arena, "%s%s", rows[i].prefix, name);
	}
	return "";
}

unsigned drain_surge(const char *group, unsigned zones)
{
	return !strncmp(group, "managed:", 8) ? 2 * zones : 1;
}

static int group_rank(const char *group)
{
	return !strncmp(group, "managed:", 8) ? 0 : !strncmp(group, "self-managed:", 13) ? 1 : *group ? 2 : 3;
}

static int node_order(const void *left, const void *right)
{
	const struct node_slot *a = left, *b = right;
	int order = group_rank(a->group) - group_rank(b->group);
	order = order ? order : strcmp(a->group, b->group);
	return order ? order
		     : strcmp(a->node->meta.name ? a->node->meta.name : "",
			      b->node->meta.name ? b->node->meta.name : "");
}

/* ---- setting up */

struct place_pod *drain_new_place(struct play *play, struct slot *slot)
{
	struct place_pod *place = placement_pod(play->placement, &slot->pod->meta, slot->pod->spec);
	place_pod_mark(place, slot);
	return place;
}

static const char *volume_affinity(void *context, const char *ns, const char *claim)
{
	const struct inventory *inventory = ((struct play *)context)->assess->inventory;
	for (size_t i = 0; i < inventory->n_volumes; i++) {
		const struct kube_volume_object *volume = &inventory->volumes[i];
		if (volume->claim_name && !strcmp(volume->claim_name, claim) && volume->claim_ns && ns &&
		    !strcmp(volume->claim_ns, ns))
			return volume->node_affinity;
	}
	return NULL;
}

static const struct kube_namespace *namespace_of(void *context, const char *ns)
{
	const struct inventory *inventory = ((struct play *)context)->assess->inventory;
	for (size_t i = 0; i < inventory->n_namespaces && ns; i++)
		if (inventory->namespaces[i].meta.name && !strcmp(inventory->namespaces[i].meta.name, ns))
			return &inventory->namespaces[i];
	return NULL;
}

static int age_order(const void *left, const void *right)
{
	const struct node_slot *a = left, *b = right;
	if (a->node->meta.created_ms != b->node->meta.created_ms)
		return a->node->meta.created_ms < b->node->meta.created_ms ? -1 : 1;
	return strcmp(a->node->meta.name ? a->node->meta.name : "", b->node->meta.name ? b->node->meta.name : "");
}

/* The scheduler knows the nodes in the order in which they came; the drain takes them group by group. */
static void set_up_nodes(struct play *play)
{
	const struct inventory *inventory = play->assess->inventory;
	for (size_t i = 0; i < inventory->n_nodes; i++)
		*ARENA_PUSH(play->arena, play->nodes, play->n_nodes) = (struct node_slot){
			&inventory->nodes[i], NULL, drain_group(play->assess->arena, &inventory->nodes[i])};
	if (play->n_nodes)
		qsort(play->nodes, play->n_nodes, sizeof *play->nodes, age_order);
	play->places = arena_alloc(play->arena, (inventory->n_nodes + 1) * sizeof(struct place_node *));
	for (size_t i = 0; i < play->n_nodes; i++) {
		play->nodes[i].place = placement_add_node(play->placement, play->nodes[i].node);
		play->places[play->nodes[i].node - inventory->nodes] = play->nodes[i].place;
	}
}

static struct place_node *place_of(const struct play *play, const char *name)
{
	const struct kube_node *node = name ? index_node(play->assess, name) : NULL;
	return node ? play->places[node - play->assess->inventory->nodes] : NULL;
}

static void leave_out_fargate(struct play *play)
{
	size_t kept = 0;
	for (size_t i = 0; i < play->n_nodes; i++)
		if (play->nodes[i].group)
			play->nodes[kept++] = play->nodes[i];
	play->n_nodes = kept;
}

bool drain_is_daemon(const struct kube_pod *pod)
{
	const struct kube_owner *owner = kube_meta_controller(&pod->meta);
	return kube_pod_mirror(pod) ||
	       (owner && owner->kind && (!strcmp(owner->kind, "DaemonSet") || !strcmp(owner->kind, "Node")));
}

static int ordinal_of(const struct kube_pod *pod)
{
	const char *dash = pod->meta.name ? strrchr(pod->meta.name, '-') : NULL;
	return dash ? (int)strtol(dash + 1, NULL, 10) : 0;
}

int drain_slot_order(const void *left, const void *right, void *context)
{
	struct slot *const *slots = context;
	const struct slot *a = slots[*(const size_t *)left], *b = slots[*(const size_t *)right];
	int order = strcmp(a->pod->meta.ns ? a->pod->meta.ns : "", b->pod->meta.ns ? b->pod->meta.ns : "");
	return order ? order
		     : strcmp(a->pod->meta.name ? a->pod->meta.name : "", b->pod->meta.name ? b->pod->meta.name : "");
}

static int queue_order(const void *left, const void *right, void *context)
{
	struct slot *const *slots = context;
	const struct slot *a = slots[*(const size_t *)left], *b = slots[*(const size_t *)right];
	if (a->pod->meta.created_ms != b->pod->meta.created_ms)
		return a->pod->meta.created_ms < b->pod->meta.created_ms ? -1 : 1;
	return drain_slot_order(left, right, context);
}

/* A pod that only waits for a node will be as well as its siblings are. */
static bool will_be_ready(const struct play *play, const struct slot *slot)
{
	const struct kube_workload *owner = index_pod_workload(play->assess, slot->pod);
	struct pod_list siblings = owner ? index_workload_pods(play->assess, owner) : (struct pod_list){0};
	for (size_t i = 0; i < siblings.n; i++)
		if (siblings.pods[i]->node_name && !kube_pod_ready(siblings.pods[i]) &&
		    !kube_pod_finished(siblings.pods[i]))
			return false;
	return true;
}

struct slot *drain_add_slot(struct play *play, const struct kube_pod *pod)
{
	struct slot *slot = arena_alloc(play->arena, sizeof *slot);
	*slot = (struct slot){.index = (uint32_t)play->n_slots, .pod = pod};
	*HEAP_PUSH(play->slots, play->n_slots) = slot;
	slot->place = drain_new_place(play, slot);
	return slot;
}

struct slot *drain_slot_of(const struct play *play, const struct kube_pod *pod)
{
	return play->slots[pod - play->assess->inventory->pods];
}

static bool is_ordered_set(const struct kube_workload *owner)
{
	return owner && !strcmp(owner->kind, "StatefulSet") &&
	       !(owner->pod_management && !strcmp(owner->pod_management, "Parallel"));
}

void drain_enqueue(struct play *play, struct slot *slot)
{
	drain_move(slot, SLOT_QUEUED);
	*HEAP_PUSH(play->queue, play->n_queue) = slot->index;
}

void drain_wait(struct play *play, struct slot *slot)
{
	*HEAP_PUSH(play->waiting, play->n_waiting) = slot->index;
}

/* Puts it where its StatefulSet's others are, if that brings them one by one. */
static void join_set(struct play *play, struct slot *slot, const struct kube_workload *owner)
{
	slot->ordinal = ordinal_of(slot->pod);
	if (!is_ordered_set(owner))
		return;
	slot->set = &play->sets[owner - play->assess->inventory->workloads];
	slot->in_set = *slot->set;
	*slot->set = slot;
}

static void set_up_slots(struct play *play)
{
	const struct inventory *inventory = play->assess->inventory;
	play->sets = arena_alloc(play->arena, (inventory->n_workloads + 1) * sizeof(struct slot *));
	for (size_t i = 0; i < inventory->n_pods; i++) {
		const struct kube_pod *pod = &inventory->pods[i];
		struct slot *slot = drain_add_slot(play, pod);
		slot->ready = kube_pod_ready(pod);
		join_set(play, slot, index_pod_workload(play->assess, pod));
		if (kube_pod_finished(pod) || pod->meta.deletion_ms) {
			slot->state = SLOT_GONE; /* it holds nothing, or is as good as gone */
			continue;
		}
		struct place_node *at = place_of(play, pod->node_name);
		if (at)
			placement_put(slot->place, at);
		else
			drain_enqueue(play, slot);
	}
	if (play->n_queue)
		qsort_r(play->queue, play->n_queue, sizeof *play->queue, queue_order, play->slots);
	for (size_t i = 0; i < play->n_queue; i++)
		play->slots[play->queue[i]]->ready = will_be_ready(play, play->slots[play->queue[i]]);
}

/* A StatefulSet whose lower ordinals are not ready has not made its higher ones: they come when these are. */
static void add_missing(struct play *play, const struct kube_workload *set)
{
	struct pod_list pods = index_workload_pods(play->assess, set);
	bool there[MOST_ORDINALS] = {false};
	for (size_t i = 0; i < pods.n; i++) {
		int ordinal = ordinal_of(pods.pods[i]);
		if (ordinal >= 0 && ordinal < MOST_ORDINALS)
			there[ordinal] = true;
	}
	for (int64_t ordinal = 0; ordinal < set->replicas && ordinal < MOST_ORDINALS; ordinal++) {
		if (there[ordinal])
			continue;
		struct kube_pod *pod = arena_alloc(play->assess->arena, sizeof *pod);
		struct kube_owner *owner = arena_alloc(play->assess->arena, sizeof *owner);
		*owner = (struct kube_owner){NULL, set->kind, set->meta.name, set->meta.uid, true};
		*pod = (struct kube_pod){.meta = {.ns = set->meta.ns,
						  .name = arena_printf(play->assess->arena, "%s-%lld", set->meta.name,
								       (long long)ordinal),
						  .labels = set->template.labels,
						  .n_labels = set->template.n_labels,
						  .owners = owner,
						  .n_owners = 1},
					 .spec = set->template.spec};
		struct slot *slot = drain_add_slot(play, pod);
		slot->state = SLOT_WAITS;
		slot->ready = pods.n == 0 || will_be_ready(play, drain_slot_of(play, pods.pods[0]));
		join_set(play, slot, set);
		drain_wait(play, slot);
	}
}

static void set_up_missing(struct play *play)
{
	const struct inventory *inventory = play->assess->inventory;
	for (size_t i = 0; i < inventory->n_workloads; i++)
		if (!strcmp(inventory->workloads[i].kind, "StatefulSet"))
			add_missing(play, &inventory->workloads[i]);
}

struct placement *drain_new_placement(struct play *play)
{
	struct placement_world world = {volume_affinity, namespace_of, play};
	return play->placement = placement_new(&world);
}

void drain_set_up(struct play *play)
{
	set_up_nodes(play);
	set_up_slots(play);
	set_up_missing(play);
	drain_set_up_budgets(play);
	leave_out_fargate(play);
	if (play->n_nodes)
		qsort(play->nodes, play->n_nodes, sizeof *play->nodes, node_order);
}
