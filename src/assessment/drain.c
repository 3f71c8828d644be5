/* Playing the drain. A slot is a pod's place in its workload: when the pod is evicted the slot goes on as its
 * replacement, on another node, or homeless in the queue until some node will do. */
#include "assessment/drain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "kube/placement.h"

enum slot_state {
	SLOT_RUNS,
	SLOT_STOPPING,
	SLOT_QUEUED /* no node will do */,
	SLOT_WAITS /* for lower ordinals */,
	SLOT_GONE
};

struct slot {
	size_t index;
	const struct kube_pod *pod; /* as it was seen; of one that came since, the one it is like */
	size_t *budgets, n_budgets; /* that select it */
	struct place_pod *place;
	enum slot_state state;
	bool ready;
	const struct kube_workload *set; /* a StatefulSet that brings its pods one by one; or NULL */
	uint64_t placed;		 /* when it was placed last, counted over all */
	bool starting;			 /* placed, and not yet ready */
	long ordinal;
};

struct budget {
	const struct kube_pdb *pdb;
	size_t *slots, n_slots;
	int64_t expected, desired;
	bool never; /* a share of pods whose controller cannot be asked how many it wants: the server allows none */
};

struct node_slot {
	const struct kube_node *node;
	struct place_node *place;
	const char *group;
};

struct play {
	struct assess *assess;
	struct arena *arena; /* of the play alone */
	struct placement *placement;
	struct slot **slots; /* first those of the inventory's pods, in its order */
	size_t n_slots;
	struct budget *budgets;
	size_t n_budgets;
	struct node_slot *nodes;
	size_t n_nodes;
	size_t *queue, n_queue, n_waiting;
	uint64_t n_placed;
	unsigned made; /* new nodes so far */
	struct drain_prediction *out;
};

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

static struct place_pod *new_place(struct play *play, struct slot *slot)
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

static struct node_slot *play_node(struct play *play, const char *name)
{
	for (size_t i = 0; i < play->n_nodes; i++)
		if (play->nodes[i].node->meta.name && name && !strcmp(play->nodes[i].node->meta.name, name))
			return &play->nodes[i];
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
	for (size_t i = 0; i < play->n_nodes; i++)
		play->nodes[i].place = placement_add_node(play->placement, play->nodes[i].node);
}

static void leave_out_fargate(struct play *play)
{
	size_t kept = 0;
	for (size_t i = 0; i < play->n_nodes; i++)
		if (play->nodes[i].group)
			play->nodes[kept++] = play->nodes[i];
	play->n_nodes = kept;
}

static bool is_daemon(const struct kube_pod *pod)
{
	const struct kube_owner *owner = kube_meta_controller(&pod->meta);
	return kube_pod_mirror(pod) ||
	       (owner && owner->kind && (!strcmp(owner->kind, "DaemonSet") || !strcmp(owner->kind, "Node")));
}

static long ordinal_of(const struct kube_pod *pod)
{
	const char *dash = pod->meta.name ? strrchr(pod->meta.name, '-') : NULL;
	return dash ? strtol(dash + 1, NULL, 10) : 0;
}

static int slot_order(const void *left, const void *right, void *context)
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
	return slot_order(left, right, context);
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

static struct slot *add_slot(struct play *play, const struct kube_pod *pod)
{
	struct slot *slot = arena_alloc(play->arena, sizeof *slot);
	*slot = (struct slot){.index = play->n_slots, .pod = pod};
	*ARENA_PUSH(play->arena, play->slots, play->n_slots) = slot;
	slot->place = new_place(play, slot);
	return slot;
}

static struct slot *slot_of(const struct play *play, const struct kube_pod *pod)
{
	return play->slots[pod - play->assess->inventory->pods];
}

static bool is_ordered_set(const struct kube_workload *owner)
{
	return owner && !strcmp(owner->kind, "StatefulSet") &&
	       !(owner->pod_management && !strcmp(owner->pod_management, "Parallel"));
}

static void enqueue(struct play *play, struct slot *slot)
{
	slot->state = SLOT_QUEUED;
	*ARENA_PUSH(play->arena, play->queue, play->n_queue) = slot->index;
}

static void set_up_slots(struct play *play)
{
	const struct inventory *inventory = play->assess->inventory;
	const struct node_slot *at = NULL;
	for (size_t i = 0; i < inventory->n_pods; i++) {
		const struct kube_pod *pod = &inventory->pods[i];
		const struct kube_workload *owner = index_pod_workload(play->assess, pod);
		struct slot *slot = add_slot(play, pod);
		slot->ready = kube_pod_ready(pod);
		slot->set = is_ordered_set(owner) ? owner : NULL;
		slot->ordinal = ordinal_of(pod);
		if (kube_pod_finished(pod) || pod->meta.deletion_ms) {
			slot->state = SLOT_GONE; /* it holds nothing, or is as good as gone */
			continue;
		}
		if (!at || !pod->node_name || strcmp(at->node->meta.name, pod->node_name) != 0)
			at = play_node(play, pod->node_name);
		if (at)
			placement_put(slot->place, at->place);
		else
			enqueue(play, slot);
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
	for (int64_t ordinal = 0; ordinal < set->replicas && ordinal < 1000; ordinal++) {
		bool there = false;
		for (size_t i = 0; i < pods.n && !there; i++)
			there = ordinal_of(pods.pods[i]) == ordinal;
		if (there)
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
		struct slot *slot = add_slot(play, pod);
		slot->state = SLOT_WAITS;
		slot->ready = pods.n == 0 || will_be_ready(play, slot_of(play, pods.pods[0]));
		slot->set = is_ordered_set(set) ? set : NULL;
		slot->ordinal = ordinal;
		play->n_waiting++;
	}
}

static void set_up_missing(struct play *play)
{
	const struct inventory *inventory = play->assess->inventory;
	for (size_t i = 0; i < inventory->n_workloads; i++)
		if (!strcmp(inventory->workloads[i].kind, "StatefulSet"))
			add_missing(play, &inventory->workloads[i]);
}

/* ---- budgets */

/* "25%" of n, rounded up, or a number; -1 for nonsense. */
static int64_t amount_of(const char *json, int64_t n)
{
	struct kube_int_or_percent value;
	return json && kube_int_or_percent_parse(json, &value) ? kube_int_or_percent_of(&value, n, true) : -1;
}

/* The disruption controller asks a controller how many it wants; these cannot be asked. */
static bool has_no_scale(const char *kind)
{
	return !strcmp(kind, "DaemonSet") || !strcmp(kind, "Job") || !strcmp(kind, "CronJob") || !strcmp(kind, "Node");
}

/* Of whom a share is meant, the replicas that the controllers want; of whom a number, the pods that there are. */
static void expect(const struct play *play, struct budget *budget)
{
	const struct kube_workload *seen[64];
	const char *kind, *name;
	size_t n = 0;
	budget->expected = 0;
	budget->never = false;
	for (size_t i = 0; i < budget->n_slots; i++) {
		const struct kube_pod *pod = play->slots[budget->slots[i]]->pod;
		index_pod_owner(play->assess, pod, &kind, &name);
		const struct kube_workload *owner = index_workload(play->assess, kind, pod->meta.ns, name);
		size_t k = 0;
		budget->never |= has_no_scale(kind);
		while (k < n && seen[k] != owner)
			k++;
		if (!owner || n == ARRAY_SIZE(seen)) {
			budget->expected += kube_meta_controller(&pod->meta) != NULL;
		} else if (k == n) {
			seen[n++] = owner;
			budget->expected += owner->has_replicas ? owner->replicas : 1;
		}
	}
}

static int64_t count_present(const struct play *play, const struct budget *budget)
{
	int64_t n = 0;
	for (size_t i = 0; i < budget->n_slots; i++)
		n += play->slots[budget->slots[i]]->state != SLOT_GONE;
	return n;
}

static void set_up_budget(struct play *play, struct budget *budget)
{
	struct kube_int_or_percent value;
	const struct kube_pdb *pdb = budget->pdb;
	bool counted = pdb->min_available && kube_int_or_percent_parse(pdb->min_available, &value) && !value.percent;
	if (counted)
		budget->expected = count_present(play, budget);
	else
		expect(play, budget);
	budget->expected = budget->never ? 0 : budget->expected;
	if (pdb->max_unavailable) {
		int64_t most = amount_of(pdb->max_unavailable, budget->expected);
		budget->desired = most < 0 ? budget->expected : budget->expected - most;
	} else {
		int64_t least = amount_of(pdb->min_available, budget->expected);
		budget->desired = least < 0 ? 0 : least;
	}
	budget->desired = budget->desired < 0 ? 0 : budget->desired;
}

static void join(struct play *play, struct budget *budget, struct slot *slot)
{
	*ARENA_PUSH(play->arena, budget->slots, budget->n_slots) = slot->index;
	*ARENA_PUSH(play->arena, slot->budgets, slot->n_budgets) = (size_t)(budget - play->budgets);
}

static void set_up_budgets(struct play *play)
{
	const struct inventory *inventory = play->assess->inventory;
	play->n_budgets = inventory->n_pdbs;
	play->budgets = arena_alloc(play->arena, (play->n_budgets + 1) * sizeof *play->budgets);
	for (size_t i = 0; i < play->n_budgets; i++) {
		struct budget *budget = &play->budgets[i];
		budget->pdb = &inventory->pdbs[i];
		struct pod_list pods = index_pdb_pods(play->assess, budget->pdb);
		for (size_t k = 0; k < pods.n; k++)
			if (slot_of(play, pods.pods[k])->state != SLOT_GONE)
				join(play, budget, slot_of(play, pods.pods[k]));
		for (size_t k = inventory->n_pods; k < play->n_slots; k++) {
			const struct kube_meta *meta = &play->slots[k]->pod->meta;
			if (meta->ns && budget->pdb->meta.ns && !strcmp(meta->ns, budget->pdb->meta.ns) &&
			    index_selects(play->assess, budget->pdb->selector, meta->labels, meta->n_labels))
				join(play, budget, play->slots[k]);
		}
		set_up_budget(play, budget);
	}
}

static int64_t healthy_of(const struct play *play, const struct budget *budget)
{
	int64_t healthy = 0;
	for (size_t i = 0; i < budget->n_slots; i++) {
		const struct slot *slot = play->slots[budget->slots[i]];
		healthy += slot->state == SLOT_RUNS && slot->ready;
	}
	return healthy;
}

/* ---- what the API server says to an eviction */

enum answer { ANSWER_YES, ANSWER_BUDGET, ANSWER_TWO };

static enum answer ask(struct play *play, size_t at, const struct budget **ret)
{
	const struct slot *slot = play->slots[at];
	*ret = NULL;
	if (!slot->n_budgets || (slot->pod->phase && !strcmp(slot->pod->phase, "Pending") && !slot->ready))
		return ANSWER_YES;
	struct budget *budget = &play->budgets[slot->budgets[0]];
	*ret = budget;
	if (slot->n_budgets > 1)
		return ANSWER_TWO;
	set_up_budget(play, budget); /* pods have come and gone */
	int64_t healthy = healthy_of(play, budget);
	const char *policy = budget->pdb->unhealthy_policy;
	if (!slot->ready && policy && !strcmp(policy, "AlwaysAllow"))
		return ANSWER_YES;
	if (!slot->ready && healthy >= budget->desired && budget->desired > 0)
		return ANSWER_YES;
	return healthy > budget->desired && budget->expected > 0 && !budget->never ? ANSWER_YES : ANSWER_BUDGET;
}

/* ---- moving */

static bool settle_on_a_node(struct play *play, size_t at)
{
	struct slot *slot = play->slots[at];
	struct place_node *node = placement_choose(play->placement, slot->place);
	if (!node)
		return false;
	placement_put(slot->place, node);
	slot->state = SLOT_RUNS;
	slot->placed = ++play->n_placed;
	slot->starting = true;
	return true;
}

static void place_or_queue(struct play *play, size_t at)
{
	if (!settle_on_a_node(play, at))
		enqueue(play, play->slots[at]);
}

static void try_queue(struct play *play)
{
	size_t kept = 0;
	for (size_t i = 0; i < play->n_queue; i++)
		if (!settle_on_a_node(play, play->queue[i]))
			play->queue[kept++] = play->queue[i];
	play->n_queue = kept;
}

static bool holds_back(const struct slot *lower, const struct slot *slot)
{
	return lower->ordinal < slot->ordinal && (lower->state != SLOT_RUNS || !lower->ready || lower->starting);
}

/* A StatefulSet's lower ordinals must be ready before it makes this one. */
static bool must_wait(const struct play *play, size_t at)
{
	const struct slot *slot = play->slots[at];
	if (!slot->set)
		return false;
	struct pod_list pods = index_workload_pods(play->assess, slot->set);
	for (size_t i = 0; i < pods.n; i++)
		if (holds_back(slot_of(play, pods.pods[i]), slot))
			return true;
	for (size_t i = play->assess->inventory->n_pods; i < play->n_slots; i++)
		if (play->slots[i]->set == slot->set && holds_back(play->slots[i], slot))
			return true;
	return false;
}

static bool comes_back(const struct kube_pod *pod)
{
	return kube_meta_controller(&pod->meta) != NULL;
}

static bool is_set(const struct kube_pod *pod)
{
	const struct kube_owner *owner = kube_meta_controller(&pod->meta);
	return owner && owner->kind && !strcmp(owner->kind, "StatefulSet");
}

struct moving { /* a slot whose old pod still stands where it stood */
	size_t slot;
	struct place_pod *old;
	int64_t stops_ms;
	size_t order;
};

static int moving_order(const void *left, const void *right)
{
	const struct moving *a = left, *b = right;
	if (a->stops_ms != b->stops_ms)
		return a->stops_ms < b->stops_ms ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static int64_t grace_ms(const struct kube_pod *pod)
{
	return (pod->spec && pod->spec->has_grace_s ? pod->spec->grace_s : 30) * SECOND_MS;
}

/* Most programs stop well before their grace ends; ten seconds are what they need. */
static int64_t stop_ms(const struct kube_pod *pod)
{
	int64_t grace = grace_ms(pod);
	return grace < 10 * SECOND_MS ? grace : 10 * SECOND_MS;
}

/* For the estimate: who asked for a long grace, or has something to do before it stops, is given it whole. */
static int64_t expected_stop_ms(const struct kube_pod *pod)
{
	bool needs = grace_ms(pod) > MINUTE_MS;
	for (size_t i = 0; pod->spec && i < pod->spec->n_containers; i++)
		needs |= pod->spec->containers[i].pre_stop != NULL;
	return needs ? grace_ms(pod) : stop_ms(pod);
}

/* The controller makes the replacement at once; a StatefulSet waits until the name is free. */
static struct moving evict(struct play *play, size_t at, size_t order)
{
	struct slot *slot = play->slots[at];
	struct moving moving = {at, slot->place, stop_ms(slot->pod), order};
	slot->state = comes_back(slot->pod) ? SLOT_STOPPING : SLOT_GONE;
	if (slot->state == SLOT_GONE || is_set(slot->pod))
		return moving;
	place_pod_mark(moving.old, NULL);
	slot->place = new_place(play, slot);
	place_or_queue(play, at);
	return moving;
}

/* When the pod before this one was placed: it is the order in which they become ready. */
static uint64_t placed_before(const struct play *play, const struct slot *slot)
{
	uint64_t last = 0;
	for (size_t i = 0; i < play->n_slots; i++) {
		const struct slot *other = play->slots[i];
		if (other->set == slot->set && other->ordinal < slot->ordinal && other->placed > last)
			last = other->placed;
	}
	return last;
}

struct coming {
	size_t slot;
	uint64_t after;
};

static int coming_order(const void *left, const void *right)
{
	const struct coming *a = left, *b = right;
	if (a->after != b->after)
		return a->after < b->after ? -1 : 1;
	return (a->slot > b->slot) - (a->slot < b->slot);
}

/* What was placed becomes ready; then StatefulSets make their next ordinals; until nothing comes any more. */
static void let_settle(struct play *play)
{
	for (;;) {
		struct coming *coming = NULL;
		size_t n = 0;
		for (size_t i = 0; i < play->n_slots; i++)
			play->slots[i]->starting = false;
		for (size_t i = 0; play->n_waiting && i < play->n_slots; i++)
			if (play->slots[i]->state == SLOT_WAITS && !must_wait(play, i))
				*ARENA_PUSH(play->arena, coming, n) =
					(struct coming){i, placed_before(play, play->slots[i])};
		if (!n)
			return;
		qsort(coming, n, sizeof *coming, coming_order);
		for (size_t i = 0; i < n; i++) {
			play->n_waiting--;
			place_or_queue(play, coming[i].slot);
		}
	}
}

static void stopped(struct play *play, const struct moving *moving)
{
	struct slot *slot = play->slots[moving->slot];
	placement_take(moving->old);
	if (slot->state == SLOT_STOPPING) {
		slot->state = SLOT_WAITS;
		if (must_wait(play, moving->slot))
			play->n_waiting++;
		else
			place_or_queue(play, moving->slot);
	}
	try_queue(play);
}

/* ---- a node */

struct leaving { /* who is to leave a node: told once, when its drain begins, as kubectl drain does it */
	size_t *slots, n;
};

static struct leaving who_leaves(struct play *play, const struct node_slot *node)
{
	struct leaving leaving = {0};
	for (struct place_pod *p = place_node_first(node->place); p; p = place_pod_next(p)) {
		struct slot *slot = place_pod_marked(p);
		if (slot && !is_daemon(slot->pod))
			*ARENA_PUSH(play->arena, leaving.slots, leaving.n) = slot->index;
	}
	if (leaving.n)
		qsort_r(leaving.slots, leaving.n, sizeof *leaving.slots, slot_order, play->slots);
	return leaving;
}

/* Asks for each that has not left; gives how many went. */
static size_t evict_round(struct play *play, struct leaving *leaving, struct drain_node *out)
{
	struct moving *moving = NULL;
	size_t n = 0, left = 0;
	int64_t longest = 0;
	for (size_t i = 0; i < leaving->n; i++) {
		size_t at = leaving->slots[i];
		const struct budget *budget;
		if (ask(play, at, &budget) != ANSWER_YES) {
			leaving->slots[left++] = at;
			continue;
		}
		*ARENA_PUSH(play->arena, moving, n) = evict(play, at, n);
		int64_t stops_ms = expected_stop_ms(play->slots[at]->pod);
		longest = stops_ms > longest ? stops_ms : longest;
	}
	leaving->n = left;
	if (n)
		qsort(moving, n, sizeof *moving, moving_order);
	for (size_t i = 0; i < n; i++)
		stopped(play, &moving[i]);
	let_settle(play);
	out->evicted += (int64_t)n;
	out->rounds += n > 0;
	out->estimated_ms += n ? longest + 25 * SECOND_MS : 0;
	return n;
}

static const struct slot *homeless_of(const struct play *play, const struct budget *budget)
{
	for (size_t i = 0; i < budget->n_slots; i++) {
		const struct slot *slot = play->slots[budget->slots[i]];
		if (slot->state == SLOT_QUEUED || slot->state == SLOT_WAITS)
			return slot;
	}
	return NULL;
}

static const char *no_node_for(struct play *play, const struct slot *slot)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(4096);
	if (slot->state == SLOT_WAITS)
		return "waits for a lower ordinal of its StatefulSet";
	placement_explain(play->placement, slot->place, &text);
	return arena_strdup(play->assess->arena, buf_str(&text));
}

/* The smallest change that lets one more pod go. */
static const char *budget_remedy(struct play *play, const struct budget *budget, const struct kube_pod *homeless)
{
	struct arena *arena = play->assess->arena;
	const struct kube_pdb *pdb = budget->pdb;
	const char *kind, *name;
	if (homeless)
		return arena_printf(arena, "make room for %s/%s first: add a node it may run on",
				    homeless->meta.ns ? homeless->meta.ns : "", homeless->meta.name);
	if (budget->desired >= budget->expected && pdb->max_unavailable)
		return arena_printf(arena,
				    "kubectl -n %s patch pdb %s --type merge -p '{\"spec\":{\"maxUnavailable\":1}}'",
				    pdb->meta.ns, pdb->meta.name);
	if (budget->n_slots && budget->desired >= budget->expected) {
		index_pod_owner(play->assess, play->slots[budget->slots[0]]->pod, &kind, &name);
		if (strcmp(kind, "Pod") != 0)
			return arena_printf(arena, "kubectl -n %s scale %s/%s --replicas %lld", pdb->meta.ns, kind,
					    name, (long long)(budget->desired + 1));
	}
	return arena_printf(arena,
			    "make its unready pods ready, or let them go: kubectl -n %s patch pdb %s --type merge -p "
			    "'{\"spec\":{\"unhealthyPodEvictionPolicy\":\"AlwaysAllow\"}}'",
			    pdb->meta.ns, pdb->meta.name);
}

static void add_stop(struct play *play, size_t at, struct drain_node *out)
{
	struct arena *arena = play->assess->arena;
	const struct budget *budget;
	enum answer answer = ask(play, at, &budget);
	if (answer == ANSWER_YES)
		return;
	struct drain_stop *stop = ARENA_PUSH(arena, out->stops, out->n_stops);
	*stop = (struct drain_stop){.pod = play->slots[at]->pod,
				    .rule = answer == ANSWER_TWO ? DRAIN_TWO_BUDGETS : DRAIN_BUDGET,
				    .pdb = budget->pdb};
	if (answer == ANSWER_TWO) {
		stop->second = play->budgets[play->slots[at]->budgets[1]].pdb;
		stop->why = arena_printf(arena, "budgets %s and %s both select it, and the API server refuses that",
					 stop->pdb->meta.name, stop->second->meta.name);
		stop->remedy = arena_printf(arena, "narrow one of them: kubectl -n %s edit pdb %s", stop->pdb->meta.ns,
					    stop->second->meta.name);
		return;
	}
	const struct slot *homeless = homeless_of(play, budget);
	stop->homeless = homeless ? homeless->pod : NULL;
	stop->why = arena_printf(arena, "budget %s needs %lld healthy pods and has %lld%s%s%s%s", stop->pdb->meta.name,
				 (long long)budget->desired, (long long)healthy_of(play, budget),
				 stop->homeless ? "; " : "", stop->homeless ? stop->homeless->meta.name : "",
				 stop->homeless ? " finds no node: " : "", homeless ? no_node_for(play, homeless) : "");
	stop->remedy = budget_remedy(play, budget, stop->homeless);
}

static void tell_stops(struct play *play, const struct leaving *leaving, struct drain_node *out)
{
	out->blocked = true;
	for (size_t i = 0; i < leaving->n; i++)
		add_stop(play, leaving->slots[i], out);
}

/* A new node brings its daemons, and they count in their budgets. */
static void add_daemon(struct play *play, const struct slot *like, struct place_node *node)
{
	struct slot *slot = add_slot(play, like->pod);
	slot->ready = like->ready;
	placement_put(slot->place, node);
	for (size_t i = 0; i < like->n_budgets; i++)
		join(play, &play->budgets[like->budgets[i]], slot);
}

/* Another node like this one, empty but for its daemons. */
static void add_like(struct play *play, const struct node_slot *like)
{
	struct kube_node *node = arena_alloc(play->arena, sizeof *node);
	struct pair *labels = arena_alloc(play->arena, (like->node->meta.n_labels + 1) * sizeof *labels);
	*node = *like->node;
	node->unschedulable = false;
	node->meta.name = arena_printf(play->arena, "new node %u", ++play->made);
	node->meta.labels = labels;
	for (size_t i = 0; i < node->meta.n_labels; i++) {
		labels[i] = like->node->meta.labels[i];
		if (!strcmp(labels[i].key, "kubernetes.io/hostname"))
			labels[i].value = node->meta.name;
	}
	struct kube_taint *taints = arena_alloc(play->arena, (node->n_taints + 1) * sizeof *taints);
	size_t kept = 0;
	for (size_t i = 0; i < like->node->n_taints; i++)
		if (!like->node->taints[i].key || strncmp(like->node->taints[i].key, "node.kubernetes.io/", 19) != 0)
			taints[kept++] = like->node->taints[i];
	node->taints = taints;
	node->n_taints = kept;
	struct place_node *place = placement_add_node(play->placement, node);
	struct pod_list pods = index_node_pods(play->assess, like->node->meta.name);
	for (size_t i = 0; i < pods.n; i++)
		if (is_daemon(pods.pods[i]) && !kube_pod_finished(pods.pods[i]))
			add_daemon(play, slot_of(play, pods.pods[i]), place);
	try_queue(play);
	let_settle(play);
}

/* The node goes, with its daemons and what came back to it through a toleration of the cordon. */
static void leave(struct play *play, const struct node_slot *node)
{
	size_t *again = NULL, n = 0;
	place_node_remove(node->place);
	for (struct place_pod *p = place_node_first(node->place), *next; p; p = next) {
		struct slot *slot = place_pod_marked(p);
		next = place_pod_next(p);
		placement_take(p);
		if (slot && !is_daemon(slot->pod) && comes_back(slot->pod))
			*ARENA_PUSH(play->arena, again, n) = slot->index;
		else if (slot)
			slot->state = SLOT_GONE;
	}
	for (size_t i = n; i-- > 0;)
		place_or_queue(play, again[i]);
	try_queue(play); /* its pods kept others away */
	add_like(play, node);
}

static void drain_one(struct play *play, const struct node_slot *node)
{
	struct drain_node *out = ARENA_PUSH(play->assess->arena, play->out->nodes, play->out->n_nodes);
	struct leaving leaving = who_leaves(play, node);
	*out = (struct drain_node){.node = node->node, .group = node->group, .estimated_ms = MINUTE_MS};
	while (leaving.n && evict_round(play, &leaving, out))
		;
	if (leaving.n)
		tell_stops(play, &leaving, out);
	else
		leave(play, node);
	play->out->estimated_ms += out->estimated_ms;
}

static unsigned zones_of(const struct play *play, size_t from, size_t to, size_t *ret_firsts, size_t max)
{
	unsigned n = 0;
	for (size_t i = from; i < to && n < max; i++) {
		const char *zone = kube_meta_label(&play->nodes[i].node->meta, "topology.kubernetes.io/zone");
		unsigned k = 0;
		while (k < n) {
			const char *seen =
				kube_meta_label(&play->nodes[ret_firsts[k]].node->meta, "topology.kubernetes.io/zone");
			if (!strcmp(seen ? seen : "", zone ? zone : ""))
				break;
			k++;
		}
		if (k == n)
			ret_firsts[n++] = i;
	}
	return n;
}

static void drain_nodes_of_group(struct play *play, size_t from, size_t to)
{
	size_t firsts[16];
	unsigned zones = zones_of(play, from, to, firsts, ARRAY_SIZE(firsts));
	unsigned surge = drain_surge(play->nodes[from].group, zones);
	for (size_t i = from; i < to; i++)
		place_node_close(play->nodes[i].place, true);
	for (unsigned i = 0; i < surge; i++)
		add_like(play, &play->nodes[firsts[i % zones]]);
	for (size_t i = from; i < to; i++)
		drain_one(play, &play->nodes[i]);
}

static void tell_homeless(struct play *play)
{
	struct arena *arena = play->assess->arena;
	for (size_t i = 0; i < play->n_slots; i++) {
		const struct slot *slot = play->slots[i];
		if ((slot->state == SLOT_QUEUED && slot->pod->node_name) || slot->state == SLOT_WAITS)
			*ARENA_PUSH(arena, play->out->homeless, play->out->n_homeless) =
				(struct drain_homeless){slot->pod, no_node_for(play, slot)};
	}
}

const struct drain_prediction *drain_predict(struct assess *assess)
{
	if (assess->drain)
		return assess->drain;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct play play = {.assess = assess, .arena = arena};
	struct placement_world world = {volume_affinity, namespace_of, &play};
	struct placement *placement CLEANUP(placement_freep) = placement_new(&world);
	play.placement = placement;
	play.out = arena_alloc(assess->arena, sizeof *play.out);
	assess->drain = play.out;
	set_up_nodes(&play);
	set_up_slots(&play);
	set_up_missing(&play);
	set_up_budgets(&play);
	leave_out_fargate(&play);
	if (play.n_nodes)
		qsort(play.nodes, play.n_nodes, sizeof *play.nodes, node_order);
	for (size_t from = 0, to; from < play.n_nodes; from = to) {
		for (to = from + 1; to < play.n_nodes && !strcmp(play.nodes[to].group, play.nodes[from].group);)
			to++;
		drain_nodes_of_group(&play, from, to);
	}
	tell_homeless(&play);
	return play.out;
}
