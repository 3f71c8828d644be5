/* Where the drain that was played stood still: which pod, by which rule, and the smallest change that frees it. */
#include "assessment/drain_internal.h"

#include <string.h>

static bool is_homeless(const struct slot *slot)
{
	return slot->state == SLOT_QUEUED || slot->state == SLOT_WAITS;
}

/* Of the pods that a budget selects, those that were seen first. */
static const struct slot *homeless_of(const struct play *play, const struct budget *budget)
{
	struct pod_list pods = index_pdb_pods(play->assess, budget->pdb);
	for (size_t i = 0; i < pods.n; i++)
		if (is_homeless(&play->slots[drain_slot_of(play, pod_at(pods, i))]))
			return &play->slots[drain_slot_of(play, pod_at(pods, i))];
	for (size_t k = play->assess->inventory->n_pods; k < play->n_slots; k++)
		EACH_BUDGET_OF(play, k, other)
	if (other == budget && is_homeless(&play->slots[k]))
		return &play->slots[k];
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
	/* Of one replica more a share may still be all. */
	if (budget->desired >= budget->expected &&
	    (pdb->max_unavailable || (pdb->min_available && strchr(pdb->min_available, '%'))))
		return arena_printf(arena,
				    "kubectl -n %s patch pdb %s --type merge -p "
				    "'{\"spec\":{\"minAvailable\":null,\"maxUnavailable\":1}}'",
				    pdb->meta.ns, pdb->meta.name);
	if (budget->n_slots && budget->desired >= budget->expected) {
		index_pod_owner(play->assess, play->slots[budget->first].pod, &kind, &name);
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
	enum answer answer = drain_ask(play, at, &budget);
	if (answer == ANSWER_YES)
		return;
	struct drain_stop *stop = ARENA_PUSH(arena, out->stops, out->n_stops);
	*stop = (struct drain_stop){.pod = play->slots[at].pod,
				    .rule = answer == ANSWER_TWO ? DRAIN_TWO_BUDGETS : DRAIN_BUDGET,
				    .pdb = budget->pdb};
	if (answer == ANSWER_TWO) {
		uint32_t second = play->memberships[play->slots[at].budgets].next;
		stop->second = play->budgets[play->memberships[second].budget].pdb;
		stop->why = arena_printf(arena, "budgets %s and %s both select it, and the API server refuses that",
					 stop->pdb->meta.name, stop->second->meta.name);
		stop->remedy = arena_printf(arena, "narrow one of them: kubectl -n %s edit pdb %s", stop->pdb->meta.ns,
					    stop->second->meta.name);
		return;
	}
	const struct slot *homeless = homeless_of(play, budget);
	stop->homeless = homeless ? homeless->pod : NULL;
	stop->why =
		arena_printf(arena, "budget %s needs %lld healthy pod%s and has %lld%s%s%s%s", stop->pdb->meta.name,
			     (long long)budget->desired, budget->desired == 1 ? "" : "s", (long long)budget->healthy,
			     stop->homeless ? "; " : "", stop->homeless ? stop->homeless->meta.name : "",
			     stop->homeless ? " finds no node: " : "", homeless ? no_node_for(play, homeless) : "");
	stop->remedy = budget_remedy(play, budget, stop->homeless);
}

void drain_tell_stops(struct play *play, const struct leaving *leaving, struct drain_node *out)
{
	out->blocked = true;
	for (size_t i = 0; i < leaving->n; i++)
		add_stop(play, leaving->slots[i], out);
}
void drain_tell_homeless(struct play *play)
{
	struct arena *arena = play->assess->arena;
	for (size_t i = 0; i < play->n_slots; i++) {
		const struct slot *slot = &play->slots[i];
		if ((slot->state == SLOT_QUEUED && slot->pod->node_name) || slot->state == SLOT_WAITS)
			*ARENA_PUSH(arena, play->out->homeless, play->out->n_homeless) =
				(struct drain_homeless){slot->pod, no_node_for(play, slot)};
	}
}
