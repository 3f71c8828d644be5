/* Playing the drain: group by group, node by node, in rounds of evictions, until all have left or nothing moves. */
#include "assessment/drain.h"
#include "assessment/drain_internal.h"

#include <stdlib.h>
#include <string.h>
#include "base/time.h"

/* Daemons, and mirrors of files: a drain leaves them alone. */
static bool stays(unsigned facts)
{
	return facts & (POD_DAEMON | POD_MIRROR);
}

static struct leaving who_leaves(struct play *play, const struct node_slot *node)
{
	struct leaving leaving = {0};
	for (uint32_t p = place_node_first(node->place); p; p = placement_next(play->placement, p)) {
		size_t mark = placement_marked(play->placement, p);
		if (mark && !stays(play->slots[mark - 1].facts))
			*HEAP_PUSH(leaving.slots, leaving.n) = mark - 1;
	}
	if (leaving.n)
		qsort_r(leaving.slots, leaving.n, sizeof *leaving.slots, drain_slot_order, play);
	return leaving;
}

/* Asks for each that has not left; gives how many went. */
static size_t evict_round(struct play *play, struct leaving *leaving, struct drain_node *out)
{
	struct moving *moving CLEANUP(mem_freep) = NULL;
	size_t n = 0, left = 0;
	int64_t longest = 0;
	for (size_t i = 0; i < leaving->n; i++) {
		size_t at = leaving->slots[i];
		const struct budget *budget;
		if (drain_ask(play, at, &budget) != ANSWER_YES) {
			leaving->slots[left++] = at;
			continue;
		}
		*HEAP_PUSH(moving, n) = drain_evict(play, at, n);
		int64_t stops_ms = drain_expected_stop_ms(play->slots[at].pod);
		longest = stops_ms > longest ? stops_ms : longest;
	}
	leaving->n = left;
	if (n)
		qsort(moving, n, sizeof *moving, drain_moving_order);
	for (size_t i = 0; i < n; i++)
		drain_stopped(play, &moving[i]);
	drain_let_settle(play);
	out->evicted += (int64_t)n;
	out->rounds += n > 0;
	out->estimated_ms += n ? longest + 25 * SECOND_MS : 0;
	return n;
}
/* Like the one on a node that has gone, in its slot; before any has gone, in one more. */
static void add_daemon(struct play *play, size_t like, struct place_node *node)
{
	size_t slot = like;
	if (play->slots[like].state != SLOT_GONE) {
		slot = drain_add_slot(play, play->slots[like].pod, play->slots[like].facts);
		play->slots[slot].ready = play->slots[like].ready;
		EACH_BUDGET_OF(play, like, budget)
		drain_join(play, (size_t)(budget - play->budgets), slot);
	}
	placement_put(play->placement, play->slots[slot].place, node);
	drain_move(play, slot, SLOT_RUNS);
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
	struct pod_list pods = index_node_pods(play->assess, like->node);
	for (size_t i = 0; i < pods.n; i++)
		if (stays(index_pod_facts(play->assess, pod_at(pods, i))) &&
		    !(index_pod_facts(play->assess, pod_at(pods, i)) & POD_FINISHED))
			add_daemon(play, drain_slot_of(play, pod_at(pods, i)), place);
	drain_try_queue(play);
	drain_let_settle(play);
}

/* The node goes, with its daemons and what came back to it through a toleration of the cordon. */
static void leave(struct play *play, const struct node_slot *node)
{
	size_t *again CLEANUP(mem_freep) = NULL, n = 0;
	place_node_remove(node->place);
	for (uint32_t p = place_node_first(node->place), next; p; p = next) {
		size_t mark = placement_marked(play->placement, p);
		unsigned facts = mark ? play->slots[mark - 1].facts : 0;
		next = placement_next(play->placement, p);
		placement_take(play->placement, p);
		if (mark && !stays(facts) && facts & POD_OWNED)
			*HEAP_PUSH(again, n) = mark - 1;
		else if (mark)
			drain_move(play, mark - 1, SLOT_GONE);
	}
	for (size_t i = n; i-- > 0;)
		drain_place_or_queue(play, again[i]);
	drain_try_queue(play); /* its pods kept others away */
	add_like(play, node);
}

static void drain_one(struct play *play, const struct node_slot *node)
{
	struct drain_node *out = &play->out->nodes[play->out->n_nodes++];
	struct leaving leaving = who_leaves(play, node);
	*out = (struct drain_node){.node = node->node, .group = node->group, .estimated_ms = MINUTE_MS};
	while (leaving.n && evict_round(play, &leaving, out))
		;
	if (leaving.n)
		drain_tell_stops(play, &leaving, out);
	else
		leave(play, node);
	play->out->estimated_ms += out->estimated_ms;
	free(leaving.slots);
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
const struct drain_prediction *drain_predict(struct assess *assess)
{
	if (assess->drain)
		return assess->drain;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct play play = {.assess = assess, .arena = arena};
	struct placement *placement CLEANUP(placement_freep) = drain_new_placement(&play);
	play.out = arena_alloc(assess->arena, sizeof *play.out);
	assess->drain = play.out;
	drain_set_up(&play);
	play.out->nodes = arena_alloc(assess->arena, play.n_nodes * sizeof *play.out->nodes);
	for (size_t from = 0, to; from < play.n_nodes; from = to) {
		for (to = from + 1; to < play.n_nodes && !strcmp(play.nodes[to].group, play.nodes[from].group);)
			to++;
		drain_nodes_of_group(&play, from, to);
	}
	drain_tell_homeless(&play);
	free(play.slots);
	free(play.memberships);
	free(play.ordered);
	free(play.queue);
	free(play.starting);
	free(play.waiting);
	return play.out;
}
