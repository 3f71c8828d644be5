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
	play->n_nodes = inventory->n_nodes;
	play->nodes = arena_alloc(play->arena, play->n_nodes * sizeof *play->nodes);
	for (size_t i = 0; i < play->n_nodes; i++)
		play->nodes[i] = (struct node_slot){&inventory->nodes[i], NULL,
						    drain_group(play->assess->arena, &inventory->nodes[i])};
	if (play->n_nodes)
		qsort(play->nodes, play->n_nodes, sizeof *play->nodes, age_order);
	play->places = arena_alloc(play->arena, (inventory->n_nodes + 1) * sizeof(struct place_node *));
	for (size_t i = 0; i < play->n_nodes; i++) {
		play->nodes[i].place = placement_add_node(play->placement, play->nodes[i].node);
		play->places[play->nodes[i].node - inventory->nodes] = play->nodes[i].place;
	}
}

static void leave_out_fargate(struct play *play)
{
	size_t kept = 0;
	for (size_t i = 0; i < play->n_nodes; i++)
		if (play->nodes[i].group)
			play->nodes[kept++] = play->nodes[i];
	play->n_nodes = kept;
}

static int ordinal_of(const struct kube_pod *pod)
{
	const char *dash = pod->meta.name ? strrchr(pod->meta.name, '-') : NULL;
	return dash ? (int)strtol(dash + 1, NULL, 10) : 0;
}

static int text_order(const char *a, const char *b)
{
	return a == b ? 0 : strcmp(a ? a : "", b ? b : "");
}

int drain_slot_order(const void *left, const void *right, void *play)
{
	const struct slot *slots = ((struct play *)play)->slots;
	const struct kube_meta *a = &slots[*(const size_t *)left].pod->meta,
			       *b = &slots[*(const size_t *)right].pod->meta;
	int order = text_order(a->ns, b->ns);
	return order ? order : text_order(a->name, b->name);
}

static int queue_order(const void *left, const void *right, void *play)
{
	const struct slot *slots = ((struct play *)play)->slots;
	const struct kube_meta *a = &slots[*(const size_t *)left].pod->meta,
			       *b = &slots[*(const size_t *)right].pod->meta;
	if (a->created_ms != b->created_ms)
		return a->created_ms < b->created_ms ? -1 : 1;
	return drain_slot_order(left, right, play);
}

/* A pod that only waits for a node will be as well as its siblings are. */
static bool will_be_ready(const struct play *play, const struct kube_pod *pod)
{
	const struct kube_workload *owner = index_pod_workload(play->assess, pod);
	struct pod_list siblings = owner ? index_workload_pods(play->assess, owner) : (struct pod_list){0};
	for (size_t i = 0; i < siblings.n; i++)
		if (pod_at(siblings, i)->node_name &&
		    !(index_pod_facts(play->assess, pod_at(siblings, i)) & (POD_READY | POD_FINISHED)))
			return false;
	return true;
}

size_t drain_add_slot(struct play *play, const struct kube_pod *pod, unsigned facts)
{
	size_t slot = play->n_slots;
	*HEAP_PUSH(play->slots, play->n_slots) =
		(struct slot){.pod = pod, .facts = (uint8_t)facts, .ready = facts & POD_READY};
	play->slots[slot].place = placement_pod(play->placement, &pod->meta, pod->spec);
	placement_mark(play->placement, play->slots[slot].place, (uint32_t)slot + 1);
	return slot;
}

size_t drain_slot_of(const struct play *play, const struct kube_pod *pod)
{
	return (size_t)(pod - play->assess->inventory->pods);
}

static bool is_ordered_set(const struct kube_workload *owner)
{
	return owner && !strcmp(owner->kind, "StatefulSet") &&
	       !(owner->pod_management && !strcmp(owner->pod_management, "Parallel"));
}

void drain_enqueue(struct play *play, size_t slot)
{
	drain_move(play, slot, SLOT_QUEUED);
	*HEAP_PUSH(play->queue, play->n_queue) = slot;
}

void drain_wait(struct play *play, size_t slot)
{
	*HEAP_PUSH(play->waiting, play->n_waiting) = slot;
}

/* Puts it where its StatefulSet's others are, if that brings them one by one. */
static void join_set(struct play *play, size_t slot, const struct kube_workload *owner)
{
	if (!is_ordered_set(owner))
		return;
	uint32_t set = (uint32_t)(owner - play->assess->inventory->workloads), number = (uint32_t)play->n_ordered;
	*HEAP_PUSH(play->ordered, play->n_ordered) = (struct ordered){.slot = (uint32_t)slot,
								      .set = set,
								      .next = play->sets[set],
								      .ordinal = ordinal_of(play->slots[slot].pod)};
	play->sets[set] = play->slots[slot].ordered = number;
}

static void set_up_slots(struct play *play)
{
	const struct inventory *inventory = play->assess->inventory;
	play->sets = arena_alloc(play->arena, (inventory->n_workloads + 1) * sizeof *play->sets);
	HEAP_PUSH(play->ordered, play->n_ordered);
	for (size_t i = 0; i < inventory->n_pods; i++) {
		const struct kube_pod *pod = &inventory->pods[i];
		unsigned facts = index_pod_facts(play->assess, pod);
		size_t slot = drain_add_slot(play, pod, facts);
		join_set(play, slot, index_pod_workload(play->assess, pod));
		if (!(facts & POD_LIVES)) {
			play->slots[slot].state = SLOT_GONE; /* it holds nothing, or is as good as gone */
			continue;
		}
		const struct kube_node *at = index_pod_node(play->assess, pod);
		if (at)
			placement_put(play->placement, play->slots[slot].place, play->places[at - inventory->nodes]);
		else
			drain_enqueue(play, slot);
	}
	if (play->n_queue)
		qsort_r(play->queue, play->n_queue, sizeof *play->queue, queue_order, play);
	for (size_t i = 0; i < play->n_queue; i++)
		play->slots[play->queue[i]].ready = will_be_ready(play, play->slots[play->queue[i]].pod);
}

/* A StatefulSet whose lower ordinals are not ready has not made its higher ones: they come when these are. */
static void add_missing(struct play *play, const struct kube_workload *set)
{
	struct pod_list pods = index_workload_pods(play->assess, set);
	bool there[MOST_ORDINALS] = {false};
	for (size_t i = 0; i < pods.n; i++) {
		int ordinal = ordinal_of(pod_at(pods, i));
		if (ordinal >= 0 && ordinal < MOST_ORDINALS)
			there[ordinal] = true;
	}
	for (int64_t ordinal = 0; ordinal < set->replicas && ordinal < MOST_ORDINALS; ordinal++) {
		if (there[ordinal])
			continue;
		struct kube_pod *pod = arena_alloc(play->assess->arena, sizeof *pod);
		struct kube_owner *owner = arena_alloc(play->assess->arena, sizeof *owner);
		*owner = (struct kube_owner){.kind = set->kind, .name = set->meta.name, .controller = true};
		*pod = (struct kube_pod){.meta = {.ns = set->meta.ns,
						  .name = arena_printf(play->assess->arena, "%s-%lld", set->meta.name,
								       (long long)ordinal),
						  .labels = set->template.labels,
						  .n_labels = set->template.n_labels,
						  .owners = owner,
						  .n_owners = 1},
					 .spec = set->template.spec};
		size_t slot = drain_add_slot(play, pod, index_pod_facts(play->assess, pod));
		play->slots[slot].state = SLOT_WAITS;
		play->slots[slot].ready = pods.n == 0 || will_be_ready(play, pod_at(pods, 0));
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
