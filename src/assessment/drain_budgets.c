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
	const struct kube_workload *owner = index_pod_workload(play->assess, pod);
	if (owner && budget->n_owners && budget->owners[budget->n_owners - 1] == owner)
		return; /* most are the same one's */
	index_pod_owner(play->assess, pod, &kind, &name);
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

void drain_join(struct play *play, size_t budget, size_t slot)
{
	struct budget *joined = &play->budgets[budget];
	uint32_t *last = &play->slots[slot].budgets, number = (uint32_t)play->n_memberships;
	HEAP_PUSH(play->memberships, play->n_memberships)->budget = (uint32_t)budget;
	while (*last)
		last = &play->memberships[*last].next;
	*last = number;
	joined->first = joined->n_slots++ ? joined->first : slot;
	count_slot(joined, &play->slots[slot], 1);
	if (!joined->counted)
		want(play, joined, play->slots[slot].pod);
}

void drain_move(struct play *play, size_t slot, enum slot_state state)
{
	EACH_BUDGET_OF(play, slot, budget)
	count_slot(budget, &play->slots[slot], -1);
	play->slots[slot].state = (uint8_t)state;
	EACH_BUDGET_OF(play, slot, budget)
	count_slot(budget, &play->slots[slot], 1);
}

static void set_up_budget(struct play *play, size_t at)
{
	const struct inventory *inventory = play->assess->inventory;
	struct budget *budget = &play->budgets[at];
	const struct kube_pdb *pdb = budget->pdb = &inventory->pdbs[at];
	budget->has_most = pdb->max_unavailable && kube_int_or_percent_parse(pdb->max_unavailable, &budget->most);
	budget->has_least = pdb->min_available && kube_int_or_percent_parse(pdb->min_available, &budget->least);
	budget->counted = budget->has_least && !budget->least.percent;
	struct pod_list pods = index_pdb_pods(play->assess, pdb);
	for (size_t k = 0; k < pods.n; k++)
		if (play->slots[drain_slot_of(play, pod_at(pods, k))].state != SLOT_GONE)
			drain_join(play, at, drain_slot_of(play, pod_at(pods, k)));
	for (size_t k = inventory->n_pods; k < play->n_slots; k++) {
		const struct kube_meta *meta = &play->slots[k].pod->meta;
		if (meta->ns && pdb->meta.ns && !strcmp(meta->ns, pdb->meta.ns) &&
		    index_selects(play->assess, pdb->selector, meta->labels, meta->n_labels))
			drain_join(play, at, k);
	}
}

void drain_set_up_budgets(struct play *play)
{
	const struct inventory *inventory = play->assess->inventory;
	play->n_budgets = inventory->n_pdbs;
	play->budgets = arena_alloc(play->arena, (play->n_budgets + 1) * sizeof *play->budgets);
	HEAP_PUSH(play->memberships, play->n_memberships);
	for (size_t i = 0; i < play->n_budgets; i++)
		set_up_budget(play, i);
}

/* ---- what the API server says to an eviction */

enum answer drain_ask(struct play *play, size_t at, const struct budget **ret)
{
	const struct slot *slot = &play->slots[at];
	const struct membership *in = &play->memberships[slot->budgets];
	*ret = NULL;
	if (!slot->budgets || (!slot->ready && slot->pod->phase && !strcmp(slot->pod->phase, "Pending")))
		return ANSWER_YES;
	struct budget *budget = &play->budgets[in->budget];
	*ret = budget;
	if (in->next)
		return ANSWER_TWO;
	drain_count(budget);
	const char *policy = budget->pdb->unhealthy_policy;
	if (!slot->ready && policy && !strcmp(policy, "AlwaysAllow"))
		return ANSWER_YES;
	if (!slot->ready && budget->healthy >= budget->desired && budget->desired > 0)
		return ANSWER_YES;
	return budget->healthy > budget->desired && budget->expected > 0 && !budget->never ? ANSWER_YES : ANSWER_BUDGET;
}
