/* Budgets as the disruption controller and the eviction API work them out, while pods come and go. */
#include "assessment/drain_internal.h"

#include <string.h>

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

void drain_join(struct play *play, struct budget *budget, struct slot *slot)
{
	*ARENA_PUSH(play->arena, budget->slots, budget->n_slots) = slot->index;
	*ARENA_PUSH(play->arena, slot->budgets, slot->n_budgets) = (size_t)(budget - play->budgets);
}

void drain_set_up_budgets(struct play *play)
{
	const struct inventory *inventory = play->assess->inventory;
	play->n_budgets = inventory->n_pdbs;
	play->budgets = arena_alloc(play->arena, (play->n_budgets + 1) * sizeof *play->budgets);
	for (size_t i = 0; i < play->n_budgets; i++) {
		struct budget *budget = &play->budgets[i];
		budget->pdb = &inventory->pdbs[i];
		struct pod_list pods = index_pdb_pods(play->assess, budget->pdb);
		for (size_t k = 0; k < pods.n; k++)
			if (drain_slot_of(play, pods.pods[k])->state != SLOT_GONE)
				drain_join(play, budget, drain_slot_of(play, pods.pods[k]));
		for (size_t k = inventory->n_pods; k < play->n_slots; k++) {
			const struct kube_meta *meta = &play->slots[k]->pod->meta;
			if (meta->ns && budget->pdb->meta.ns && !strcmp(meta->ns, budget->pdb->meta.ns) &&
			    index_selects(play->assess, budget->pdb->selector, meta->labels, meta->n_labels))
				drain_join(play, budget, play->slots[k]);
		}
		set_up_budget(play, budget);
	}
}

int64_t drain_healthy(const struct play *play, const struct budget *budget)
{
	int64_t healthy = 0;
	for (size_t i = 0; i < budget->n_slots; i++) {
		const struct slot *slot = play->slots[budget->slots[i]];
		healthy += slot->state == SLOT_RUNS && slot->ready;
	}
	return healthy;
}

/* ---- what the API server says to an eviction */

enum answer drain_ask(struct play *play, size_t at, const struct budget **ret)
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
	int64_t healthy = drain_healthy(play, budget);
	const char *policy = budget->pdb->unhealthy_policy;
	if (!slot->ready && policy && !strcmp(policy, "AlwaysAllow"))
		return ANSWER_YES;
	if (!slot->ready && healthy >= budget->desired && budget->desired > 0)
		return ANSWER_YES;
	return healthy > budget->desired && budget->expected > 0 && !budget->never ? ANSWER_YES : ANSWER_BUDGET;
}
