/* Budgets as the disruption controller and the eviction API work them out, while pods come and go. */
#include "assessment/drain_internal.h"

#include <string.h>

/* The disruption controller asks a controller how many it wants; these cannot be asked. */
static bool has_no_scale(const char *kind)
{
	return !strcmp(kind, "DaemonSet") || !strcmp(kind, "Job") || !strcmp(kind, "CronJob") || !strcmp(kind, "Node");
}

/* Of whom a share is meant, the replicas that the controllers want, each controller asked once. */
static void want(struct play *play, struct budget *budget, const struct kube_pod *pod)
{
	const char *kind, *name;
	index_pod_owner(play->assess, pod, &kind, &name);
	const struct kube_workload *owner = index_workload(play->assess, kind, pod->meta.ns, name);
	budget->never |= has_no_scale(kind);
	if (!owner) {
		budget->wanted += kube_meta_controller(&pod->meta) != NULL;
		return;
	}
	for (size_t i = budget->n_owners; i-- > 0;)
		if (budget->owners[i] == owner)
			return;
	*ARENA_PUSH(play->arena, budget->owners, budget->n_owners) = owner;
	budget->wanted += owner->has_replicas ? owner->replicas : 1;
}

/* Of whom a number is meant, the pods that there are. Nonsense desires none, or all. */
void drain_count(struct budget *budget)
{
	budget->expected = budget->counted ? budget->present : budget->never ? 0 : budget->wanted;
	if (budget->pdb->max_unavailable) {
		int64_t most = budget->has_most ? kube_int_or_percent_of(&budget->most, budget->expected, true) : -1;
		budget->desired = most < 0 ? budget->expected : budget->expected - most;
	} else {
		budget->desired =
			budget->has_least ? kube_int_or_percent_of(&budget->least, budget->expected, true) : 0;
	}
	budget->desired = budget->desired < 0 ? 0 : budget->desired;
}

static bool is_healthy(const struct slot *slot)
{
	return slot->state == SLOT_RUNS && slot->ready;
}

static void count_slot(struct budget *budget, const struct slot *slot, int sign)
{
	budget->present += sign * (slot->state != SLOT_GONE);
	budget->healthy += sign * is_healthy(slot);
}

void drain_join(struct play *play, struct budget *budget, struct slot *slot)
{
	struct membership *membership = arena_alloc(play->arena, sizeof *membership), **last = &slot->budgets;
	while (*last)
		last = &(*last)->next;
	*membership = (struct membership){budget, NULL};
	*last = membership;
	*ARENA_PUSH(play->arena, budget->slots, budget->n_slots) = slot->index;
	count_slot(budget, slot, 1);
	if (!budget->counted)
		want(play, budget, slot->pod);
}

void drain_move(struct slot *slot, enum slot_state state)
{
	for (const struct membership *in = slot->budgets; in; in = in->next)
		count_slot(in->budget, slot, -1);
	slot->state = (uint8_t)state;
	for (const struct membership *in = slot->budgets; in; in = in->next)
		count_slot(in->budget, slot, 1);
}

static void set_up_budget(struct play *play, struct budget *budget)
{
	const struct inventory *inventory = play->assess->inventory;
	const struct kube_pdb *pdb = budget->pdb;
	budget->has_most = pdb->max_unavailable && kube_int_or_percent_parse(pdb->max_unavailable, &budget->most);
	budget->has_least = pdb->min_available && kube_int_or_percent_parse(pdb->min_available, &budget->least);
	budget->counted = budget->has_least && !budget->least.percent;
	struct pod_list pods = index_pdb_pods(play->assess, pdb);
	for (size_t k = 0; k < pods.n; k++)
		if (drain_slot_of(play, pods.pods[k])->state != SLOT_GONE)
			drain_join(play, budget, drain_slot_of(play, pods.pods[k]));
	for (size_t k = inventory->n_pods; k < play->n_slots; k++) {
		const struct kube_meta *meta = &play->slots[k]->pod->meta;
		if (meta->ns && pdb->meta.ns && !strcmp(meta->ns, pdb->meta.ns) &&
		    index_selects(play->assess, pdb->selector, meta->labels, meta->n_labels))
			drain_join(play, budget, play->slots[k]);
	}
}

void drain_set_up_budgets(struct play *play)
{
	const struct inventory *inventory = play->assess->inventory;
	play->n_budgets = inventory->n_pdbs;
	play->budgets = arena_alloc(play->arena, (play->n_budgets + 1) * sizeof *play->budgets);
	for (size_t i = 0; i < play->n_budgets; i++) {
		play->budgets[i].pdb = &inventory->pdbs[i];
		set_up_budget(play, &play->budgets[i]);
	}
}

/* ---- what the API server says to an eviction */

enum answer drain_ask(struct play *play, size_t at, const struct budget **ret)
{
	const struct slot *slot = play->slots[at];
	*ret = NULL;
	if (!slot->budgets || (slot->pod->phase && !strcmp(slot->pod->phase, "Pending") && !slot->ready))
		return ANSWER_YES;
	struct budget *budget = slot->budgets->budget;
	*ret = budget;
	if (slot->budgets->next)
		return ANSWER_TWO;
	drain_count(budget);
	const char *policy = budget->pdb->unhealthy_policy;
	if (!slot->ready && policy && !strcmp(policy, "AlwaysAllow"))
		return ANSWER_YES;
	if (!slot->ready && budget->healthy >= budget->desired && budget->desired > 0)
		return ANSWER_YES;
	return budget->healthy > budget->desired && budget->expected > 0 && !budget->never ? ANSWER_YES : ANSWER_BUDGET;
}
