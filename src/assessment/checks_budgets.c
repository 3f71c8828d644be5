/* Pod disruption budgets: do they let nodes be drained at all, do they let it now, and is there one where it is needed?
 *
 * A budget gets one of EMPTY, ZERO and NOW: what selects nothing is EMPTY, what can never allow a disruption is ZERO,
 * what does not at this moment is NOW. A budget that selects its whole namespace by mistake and can never allow a
 * disruption is told as ZERO, which is worse. */
#include <stdlib.h>
#include <string.h>
#include "assessment/subject.h"
#include "codec/document.h"

#define PAGE "https://kubernetes.io/docs/tasks/run-application/configure-pdb/"
#define BUDGETS "kubernetes poddisruptionbudgets.policy"

/* What a budget selects. */
struct grasp {
	const struct kube_pdb *pdb;
	bool bad;	       /* the selector cannot be read */
	bool everything;       /* an empty selector of policy/v1 */
	bool nothing;	       /* neither a pod nor a workload's template */
	int64_t expected;      /* pods, as the disruption controller counts them */
	int64_t healthy, sick; /* ready; running but not ready */
	const char *sick_pod;  /* one of them */
};

struct counting {
	struct assess *assess;
	uint32_t *stamps; /* of workloads: in which budget they were last counted */
	uint32_t now;
};

static bool selector_is_bad(struct assess *assess, const struct kube_pdb *pdb)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct label_selector selector;
	if (!pdb->selector || !strcmp(pdb->selector, "null"))
		return false;
	const json_t *document = assess_json(assess, pdb->selector);
	struct error *error =
		document ? label_selector_from(document, arena, &selector) : error_new(ERROR_INVALID, "not a selector");
	bool bad = error != NULL;
	error_free(error);
	return bad;
}

/* In policy/v1beta1 an empty selector selected nothing. */
static bool selects_everything(struct assess *assess, const struct kube_pdb *pdb)
{
	const json_t *selector = assess_json(assess, pdb->selector);
	bool old = pdb->meta.api_version && !strcmp(pdb->meta.api_version, "policy/v1beta1");
	return !old && json_is_object(selector) && !json_object_size(json_object_get(selector, "matchLabels")) &&
	       !json_array_size(json_object_get(selector, "matchExpressions"));
}

static bool counts_replicas(const struct kube_workload *workload)
{
	return workload &&
	       (subject_is_kind(workload, "Deployment") || subject_is_kind(workload, "StatefulSet") ||
		subject_is_kind(workload, "ReplicaSet") || subject_is_kind(workload, "ReplicationController"));
}

/* Where the template itself is selected, all replicas are; else the selector names single pods. */
static bool selects_template(struct assess *assess, const struct kube_pdb *pdb, const struct kube_workload *workload)
{
	const struct kube_pod_template *template = &workload->template;
	return !template->spec || index_selects(assess, pdb->selector, template->labels, template->n_labels);
}

static void count_pod(struct counting *counting, struct grasp *grasp, const struct kube_pod *pod)
{
	struct assess *assess = counting->assess;
	const struct kube_workload *workload = index_pod_workload(assess, pod);
	uint32_t *stamp = workload ? &counting->stamps[workload - assess->inventory->workloads] : NULL;
	unsigned facts = index_pod_facts(assess, pod);
	if (facts & POD_FINISHED)
		return;
	grasp->healthy += (facts & POD_READY) != 0;
	if (!(facts & POD_READY) && facts & POD_LIVES && pod->phase && !strcmp(pod->phase, "Running")) {
		grasp->sick++;
		grasp->sick_pod = pod->meta.name;
	}
	if (stamp && *stamp == counting->now)
		return; /* of a workload that was counted */
	if (!counts_replicas(workload) || !selects_template(assess, grasp->pdb, workload)) {
		grasp->expected++;
		return;
	}
	grasp->expected += subject_replicas(workload);
	*stamp = counting->now;
}

/* Without pods: what would be selected when there are some. */
static void count_templates(struct counting *counting, struct grasp *grasp)
{
	const struct inventory *inventory = counting->assess->inventory;
	grasp->nothing = true;
	for (size_t i = 0; i < inventory->n_workloads; i++) {
		const struct kube_workload *workload = &inventory->workloads[i];
		const struct kube_pod_template *template = &workload->template;
		if (!template->spec || strcmp(subject_text(workload->meta.ns), subject_text(grasp->pdb->meta.ns)) ||
		    !index_selects(counting->assess, grasp->pdb->selector, template->labels, template->n_labels))
			continue;
		grasp->nothing = false;
		grasp->expected += counts_replicas(workload) ? subject_replicas(workload) : 0;
	}
}

static struct grasp grasp_of(struct counting *counting, const struct kube_pdb *pdb)
{
	struct grasp grasp = {.pdb = pdb, .bad = selector_is_bad(counting->assess, pdb)};
	struct pod_list pods = index_pdb_pods(counting->assess, pdb);
	if (grasp.bad)
		return grasp;
	counting->now++;
	grasp.everything = selects_everything(counting->assess, pdb);
	for (size_t i = 0; i < pods.n; i++)
		count_pod(counting, &grasp, pod_at(pods, i));
	if (!pods.n)
		count_templates(counting, &grasp);
	return grasp;
}

/* How many must stay. A budget that says neither keeps all: the disruption controller allows none then. */
static bool wanted_healthy(const struct grasp *grasp, int64_t *ret)
{
	struct kube_int_or_percent value;
	const char *min = grasp->pdb->min_available, *max = grasp->pdb->max_unavailable;
	*ret = grasp->expected;
	if (max && strcmp(max, "null") != 0) {
		if (!kube_int_or_percent_parse(max, &value))
			return false;
		int64_t may = kube_int_or_percent_of(&value, grasp->expected, true);
		*ret = may > grasp->expected ? 0 : grasp->expected - may;
	} else if (min && strcmp(min, "null") != 0) {
		if (!kube_int_or_percent_parse(min, &value))
			return false;
		*ret = kube_int_or_percent_of(&value, grasp->expected, true);
	}
	return true;
}

static const char *rule_text(const struct assess *assess, const struct kube_pdb *pdb)
{
	if (pdb->max_unavailable && strcmp(pdb->max_unavailable, "null") != 0)
		return arena_printf(assess->arena, "maxUnavailable %s", pdb->max_unavailable);
	if (pdb->min_available && strcmp(pdb->min_available, "null") != 0)
		return arena_printf(assess->arena, "minAvailable %s", pdb->min_available);
	return "neither minAvailable nor maxUnavailable";
}

enum verdict { FINE, BAD, EMPTY, EVERYTHING, ZERO, NOW };

static bool blocks_now(const struct grasp *grasp, int64_t wanted)
{
	return grasp->pdb->has_allowed ? grasp->pdb->allowed <= 0 : grasp->healthy <= wanted;
}

static enum verdict judge(const struct grasp *grasp)
{
	int64_t wanted;
	if (grasp->bad)
		return BAD;
	if (grasp->nothing)
		return EMPTY;
	if (!wanted_healthy(grasp, &wanted))
		return BAD;
	if (grasp->expected > 0 && wanted >= grasp->expected)
		return ZERO;
	if (grasp->everything)
		return EVERYTHING;
	return grasp->expected > 0 && blocks_now(grasp, wanted) ? NOW : FINE;
}

typedef void budget_fn(struct assess *assess, const struct grasp *grasp, enum verdict verdict);

static void each_budget(struct assess *assess, budget_fn *fn)
{
	const struct inventory *inventory = assess->inventory;
	uint32_t *stamps CLEANUP(mem_freep) = mem_array(inventory->n_workloads + 1, sizeof *stamps);
	struct counting counting = {assess, stamps, 0};
	for (size_t i = 0; i < inventory->n_pdbs; i++) {
		struct grasp grasp = grasp_of(&counting, &inventory->pdbs[i]);
		enum verdict verdict = judge(&grasp);
		if (verdict == BAD)
			assess_unknown(assess, "PodDisruptionBudget", grasp.pdb->meta.ns, grasp.pdb->meta.name,
				       "its selector or its numbers cannot be read");
		else
			fn(assess, &grasp, verdict);
	}
}

static struct finding *found(struct assess *assess, const struct kube_pdb *pdb, const char *message)
{
	return assess_object(assess, "PodDisruptionBudget", pdb->meta.ns, pdb->meta.name, "%s", message);
}

/* ---- WL-PDB-ZERO, WL-PDB-NOW, WL-PDB-EMPTY, WL-PDB-UNHEALTHY */

/* What has a single replica that is to stay: a second one makes room, and nobody goes without it for a while. */
static const struct kube_workload *lone_workload(struct assess *assess, const struct grasp *grasp)
{
	struct pod_list pods = index_pdb_pods(assess, grasp->pdb);
	const struct kube_workload *workload = pods.n == 1 ? index_pod_workload(assess, pod_at(pods, 0)) : NULL;
	bool grows = workload && (subject_is_kind(workload, "Deployment") || subject_is_kind(workload, "StatefulSet"));
	return grows && subject_replicas(workload) == 1 && grasp->expected == 1 &&
			       !strcmp(subject_text(grasp->pdb->min_available), "1")
		       ? workload
		       : NULL;
}

/* The one Deployment whose pods are all that the budget selects, if we may scale it. */
static const struct kube_workload *only_deployment(struct assess *assess, const struct grasp *grasp)
{
	struct pod_list pods = index_pdb_pods(assess, grasp->pdb);
	const struct kube_workload *only = pods.n ? index_pod_workload(assess, pod_at(pods, 0)) : NULL;
	for (size_t i = 1; i < pods.n && only; i++)
		if (index_pod_workload(assess, pod_at(pods, i)) != only)
			only = NULL;
	return only && selects_template(assess, grasp->pdb, only) && subject_may_scale(assess, only) ? only : NULL;
}

/* One replica more lets one go, where so many and not all must stay. */
static void one_more_replica(struct assess *assess, const struct grasp *grasp, struct finding *finding)
{
	struct grasp more = *grasp;
	const struct kube_workload *workload = only_deployment(assess, grasp);
	int64_t wanted;
	more.expected++;
	if (!workload || subject_replicas(workload) != grasp->expected || !wanted_healthy(&more, &wanted) ||
	    wanted >= more.expected)
		return;
	assess_change(assess, finding, "scale",
		      &(struct finding_object){"Deployment", workload->meta.ns, workload->meta.name, NULL},
		      arena_printf(assess->arena, "%lld", (long long)grasp->expected),
		      arena_printf(assess->arena, "%lld", (long long)more.expected));
	assess_remedy(assess, finding, "kubectl -n %s scale deployment %s --replicas=%lld",
		      subject_text(workload->meta.ns), subject_text(workload->meta.name), (long long)more.expected);
}

static bool same_controller(const struct kube_meta *a, const struct kube_meta *b)
{
	const struct kube_owner *of_a = kube_meta_controller(a), *of_b = kube_meta_controller(b);
	return of_a && of_b && !strcmp(subject_text(of_a->kind), subject_text(of_b->kind)) &&
	       !strcmp(subject_text(of_a->name), subject_text(of_b->name));
}

static bool is_a_name(const char *label)
{
	return !strcmp(label, "statefulset.kubernetes.io/pod-name") || !strcmp(label, "apps.kubernetes.io/pod-index");
}

/* A label of the selector that is a role: the other pods of the same controller have it too, with another value. NULL:
 * none. Operators of databases keep their leader so, and hand the role on before its node is drained. */
static const char *role_selected(struct assess *assess, const struct kube_pdb *pdb)
{
	struct pod_list pods = index_pdb_pods(assess, pdb),
			all = index_namespace_pods(assess, subject_text(pdb->meta.ns));
	const json_t *labels = json_object_get(assess_json(assess, pdb->selector), "matchLabels"), *value;
	const char *label;
	json_object_foreach ((json_t *)(uintptr_t)labels, label, value)
		for (size_t i = 0; i < all.n && pods.n == 1 && !is_a_name(label); i++) {
			const char *other = kube_meta_label(&pod_at(all, i)->meta, label);
			if (other && strcmp(other, subject_text(json_string_value(value))) != 0 &&
			    subject_pod_lives(assess, pod_at(all, i)) &&
			    same_controller(&pod_at(pods, 0)->meta, &pod_at(all, i)->meta))
				return label;
		}
	return NULL;
}

static void tell_leader(struct assess *assess, const struct kube_pdb *pdb, const char *label)
{
	struct finding *finding = found(
		assess, pdb,
		arena_printf(assess->arena,
			     "%s selects only the pod that leads (label %s): it can be evicted only once another leads",
			     rule_text(assess, pdb), label));
	finding->severity = SEVERITY_HIGH;
	assess_evidence(assess, finding, BUDGETS,
			"%s, 1 pod expected; other pods of its controller have other values of %s",
			rule_text(assess, pdb), label);
	assess_remedy(
		assess, finding,
		"see that its operator hands the lead on when a node is cordoned, or switch over by hand before its "
		"node is drained");
}

static void one_zero(struct assess *assess, const struct grasp *grasp, enum verdict verdict)
{
	const struct kube_pdb *pdb = grasp->pdb;
	const char *role = verdict == ZERO && grasp->expected == 1 ? role_selected(assess, pdb) : NULL;
	if (verdict != ZERO)
		return;
	if (role) {
		tell_leader(assess, pdb, role);
		return;
	}
	struct finding *finding = found(
		assess, pdb,
		arena_printf(assess->arena, "%s with %lld replica%s: it can never allow a pod to be evicted",
			     rule_text(assess, pdb), (long long)grasp->expected, grasp->expected == 1 ? "" : "s"));
	assess_evidence(assess, finding, BUDGETS, "%s, %lld pod%s expected", rule_text(assess, pdb),
			(long long)grasp->expected, grasp->expected == 1 ? "" : "s");
	const struct kube_workload *single = lone_workload(assess, grasp);
	if (single)
		assess_remedy(assess, finding, "kubectl -n %s scale %s %s --replicas=2", subject_text(pdb->meta.ns),
			      single->kind, subject_text(single->meta.name));
	else
		assess_remedy(assess, finding,
			      "kubectl -n %s patch pdb %s --type merge -p '{\"spec\":{\"minAvailable\":null,"
			      "\"maxUnavailable\":1}}'",
			      subject_text(pdb->meta.ns), subject_text(pdb->meta.name));
	one_more_replica(assess, grasp, finding);
}

static void pdb_zero(struct assess *assess)
{
	each_budget(assess, one_zero);
}

static void one_now(struct assess *assess, const struct grasp *grasp, enum verdict verdict)
{
	const struct kube_pdb *pdb = grasp->pdb;
	if (verdict != NOW)
		return;
	int64_t healthy = pdb->has_allowed ? pdb->healthy : grasp->healthy,
		expected = pdb->has_allowed && pdb->expected ? pdb->expected : grasp->expected;
	struct finding *finding = found(
		assess, pdb,
		arena_printf(assess->arena, "allows no disruption at this moment: %lld of %lld pods are healthy, %s",
			     (long long)healthy, (long long)expected, rule_text(assess, pdb)));
	assess_evidence(assess, finding, BUDGETS, "disruptionsAllowed %lld", (long long)pdb->allowed);
	if (grasp->sick_pod)
		assess_evidence(assess, finding, "kubernetes pods", "pod \"%s\" runs and is not ready",
				grasp->sick_pod);
}

static void pdb_now(struct assess *assess)
{
	each_budget(assess, one_now);
}

static void one_empty(struct assess *assess, const struct grasp *grasp, enum verdict verdict)
{
	const struct kube_pdb *pdb = grasp->pdb;
	if (verdict == EMPTY) {
		struct finding *finding =
			found(assess, pdb, "selects no pod and no workload's pods: it protects nothing");
		assess_evidence(assess, finding, BUDGETS, "selector %s",
				pdb->selector ? pdb->selector : "is not there");
	} else if (verdict == EVERYTHING) {
		struct finding *finding = found(assess, pdb, "its empty selector selects every pod of the namespace");
		finding->severity = SEVERITY_HIGH;
		assess_evidence(assess, finding, BUDGETS, "selector {}, %lld pods", (long long)grasp->expected);
		assess_remedy(assess, finding, "name the pods it is for in spec.selector.matchLabels");
	}
}

static void pdb_empty(struct assess *assess)
{
	each_budget(assess, one_empty);
}

/* Only pods that run are held back by their own ill health: those still pending may always be evicted. */
static void one_unhealthy(struct assess *assess, const struct grasp *grasp, enum verdict verdict)
{
	const struct kube_pdb *pdb = grasp->pdb;
	if ((pdb->unhealthy_policy && *pdb->unhealthy_policy) || !grasp->sick || verdict == EMPTY)
		return;
	struct finding *finding = found(
		assess, pdb,
		arena_printf(
			assess->arena,
			"%lld of its pods run%s without being ready, and unhealthyPodEvictionPolicy is not set: they "
			"may keep themselves from being evicted",
			(long long)grasp->sick, grasp->sick == 1 ? "s" : ""));
	assess_evidence(assess, finding, "kubernetes pods", "pod \"%s\" runs and is not ready", grasp->sick_pod);
	assess_remedy(assess, finding,
		      "kubectl -n %s patch pdb %s --type merge -p '{\"spec\":{\"unhealthyPodEvictionPolicy\":"
		      "\"AlwaysAllow\"}}'",
		      subject_text(pdb->meta.ns), subject_text(pdb->meta.name));
}

static void pdb_unhealthy(struct assess *assess)
{
	each_budget(assess, one_unhealthy);
}

/* ---- WL-PDB-OVERLAP */

struct overlap {
	const struct kube_pod *pod;
	size_t pdb;
};

static int overlap_order(const void *left, const void *right)
{
	const struct overlap *a = left, *b = right;
	if (a->pod != b->pod)
		return a->pod < b->pod ? -1 : 1;
	return (a->pdb > b->pdb) - (a->pdb < b->pdb);
}

/* Each of the two can be the one to change; each is told once, with the first pod that shows it. */
static void tell_overlap(struct assess *assess, size_t one, size_t other, const struct kube_pod *pod, bool *told)
{
	const struct kube_pdb *pdb = &assess->inventory->pdbs[one], *second = &assess->inventory->pdbs[other];
	if (told[one])
		return;
	told[one] = true;
	struct finding *finding = found(
		assess, pdb,
		arena_printf(assess->arena,
			     "selects pods that budget \"%s\" selects too: the API server refuses to evict them at all",
			     subject_text(second->meta.name)));
	assess_evidence(assess, finding, "kubernetes pods", "pod \"%s\" is selected by \"%s\" and \"%s\"",
			subject_text(pod->meta.name), subject_text(pdb->meta.name), subject_text(second->meta.name));
	assess_remedy(assess, finding, "make one budget of \"%s\" and \"%s\", or narrow one's selector",
		      subject_text(pdb->meta.name), subject_text(second->meta.name));
}

static void pdb_overlap(struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	bool *told CLEANUP(mem_freep) = mem_array(inventory->n_pdbs + 1, sizeof *told);
	struct overlap *all CLEANUP(mem_freep) = NULL;
	size_t n = 0;
	for (size_t i = 0; i < inventory->n_pdbs; i++) {
		struct pod_list pods = index_pdb_pods(assess, &inventory->pdbs[i]);
		if (selector_is_bad(assess, &inventory->pdbs[i]))
			assess_unknown(assess, "PodDisruptionBudget", inventory->pdbs[i].meta.ns,
				       inventory->pdbs[i].meta.name, "its selector cannot be read");
		for (size_t k = 0; k < pods.n; k++)
			if (subject_pod_lives(assess, pod_at(pods, k)))
				*HEAP_PUSH(all, n) = (struct overlap){pod_at(pods, k), i};
	}
	if (n)
		qsort(all, n, sizeof *all, overlap_order);
	for (size_t i = 1; i < n; i++) {
		if (all[i].pod != all[i - 1].pod)
			continue;
		tell_overlap(assess, all[i - 1].pdb, all[i].pdb, all[i].pod, told);
		tell_overlap(assess, all[i].pdb, all[i - 1].pdb, all[i].pod, told);
	}
}

/* ---- WL-PDB-MISSING */

static bool template_is_covered(struct assess *assess, const struct kube_workload *workload)
{
	for (size_t i = 0; i < assess->inventory->n_pdbs; i++) {
		const struct kube_pdb *pdb = &assess->inventory->pdbs[i];
		if (!strcmp(subject_text(pdb->meta.ns), subject_text(workload->meta.ns)) &&
		    index_selects(assess, pdb->selector, workload->template.labels, workload->template.n_labels))
			return true;
	}
	return false;
}

/* "app=web,tier=front", as kubectl takes it; of anything but plain labels a word to fill in. */
static const char *selector_text(struct assess *assess, const struct kube_workload *workload)
{
	const json_t *selector = assess_json(assess, workload->selector), *value;
	const char *key, *text = NULL;
	json_object_foreach ((json_t *)(uintptr_t)json_object_get(selector, "matchLabels"), key, value)
		text = arena_printf(assess->arena, "%s%s%s=%s", text ? text : "", text ? "," : "", key,
				    json_is_string(value) ? json_string_value(value) : "");
	return text && !json_array_size(json_object_get(selector, "matchExpressions")) ? text : "LABELS";
}

static void pdb_missing(struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	bool *covered CLEANUP(mem_freep) = mem_array(inventory->n_workloads + 1, sizeof *covered);
	for (size_t i = 0; i < inventory->n_pdbs; i++) {
		struct pod_list pods = index_pdb_pods(assess, &inventory->pdbs[i]);
		for (size_t k = 0; k < pods.n; k++) {
			const struct kube_workload *workload = index_pod_workload(assess, pod_at(pods, k));
			if (workload)
				covered[workload - inventory->workloads] = true;
		}
	}
	for (size_t i = 0; i < inventory->n_workloads; i++) {
		const struct kube_workload *workload = &inventory->workloads[i];
		if (!subject_is_set(assess, workload) || subject_replicas(workload) < 2 || covered[i] ||
		    (workload->template.spec && template_is_covered(assess, workload)))
			continue;
		struct finding *finding =
			SUBJECT_FOUND(assess, workload, "%lld replicas and no PodDisruptionBudget selects them",
				      (long long)subject_replicas(workload));
		assess_remedy(assess, finding, "kubectl -n %s create pdb %s --selector=%s --max-unavailable=1",
			      subject_text(workload->meta.ns), subject_text(workload->meta.name),
			      selector_text(assess, workload));
	}
}

#define BUDGET_NEEDS NEEDS(BUDGETS, "kubernetes pods", SUBJECT_SETS)

const struct check checks_budgets[] = {
	{.id = "WL-PDB-MISSING",
	 .title = "several replicas, no PodDisruptionBudget",
	 .severity = SEVERITY_MEDIUM,
	 .needs = BUDGET_NEEDS,
	 .run = pdb_missing,
	 .remedy = "make a PodDisruptionBudget with maxUnavailable 1 for it",
	 .page = PAGE},
	{.id = "WL-PDB-ZERO",
	 .title = "PodDisruptionBudget can never allow a disruption",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "BLOCKER; HIGH for a database's leader, whose role its operator hands on",
	 .needs = BUDGET_NEEDS,
	 .run = pdb_zero,
	 .remedy = "let it allow one disruption: maxUnavailable 1, or more replicas",
	 .page = PAGE},
	{.id = "WL-PDB-NOW",
	 .title = "PodDisruptionBudget allows no disruption at this moment",
	 .severity = SEVERITY_HIGH,
	 .needs = BUDGET_NEEDS,
	 .run = pdb_now,
	 .remedy = "make its pods healthy before nodes are drained",
	 .page = PAGE},
	{.id = "WL-PDB-OVERLAP",
	 .title = "a pod is selected by two PodDisruptionBudgets",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS(BUDGETS, "kubernetes pods"),
	 .run = pdb_overlap,
	 .remedy = "leave one PodDisruptionBudget for each pod",
	 .page = PAGE},
	{.id = "WL-PDB-UNHEALTHY",
	 .title = "unhealthy pods, and unhealthyPodEvictionPolicy is not set",
	 .severity = SEVERITY_MEDIUM,
	 .needs = BUDGET_NEEDS,
	 .run = pdb_unhealthy,
	 .remedy = "set unhealthyPodEvictionPolicy: AlwaysAllow",
	 .page = PAGE "#unhealthy-pod-eviction-policy"},
	{.id = "WL-PDB-EMPTY",
	 .title = "PodDisruptionBudget selects nothing, or everything",
	 .severity = SEVERITY_MEDIUM,
	 .severities = "MEDIUM when it selects nothing, HIGH when its empty selector selects everything",
	 .needs = BUDGET_NEEDS,
	 .run = pdb_empty,
	 .remedy = "correct its selector, or delete it",
	 .page = PAGE},
	{.id = NULL},
};
