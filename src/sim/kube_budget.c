/* Disruption budgets: whom they cover, and how many of those may be evicted now. */
#include "sim/kube_world.h"

#include <math.h>
#include <stdlib.h>

/* A budget as it is written. What is patched onto a built-in one is laid aside while that is rendered, because its
 * status asks for the budget. */
static json_t *written_budget(struct sim_kube *kube, struct kube_object *pdb)
{
	if (pdb->whole)
		return json_incref(pdb->doc);
	json_t *patch = pdb->doc;
	pdb->doc = NULL;
	json_t *document = kube_document(kube, pdb);
	pdb->doc = patch;
	kube_merge_patch(document, patch);
	return document;
}

bool kube_budget_covers(struct sim_kube *kube, struct kube_object *pdb, struct kube_pod *pod)
{
	if (pdb->ns != pod->object.ns && strcmp(pdb->ns, pod->object.ns) != 0)
		return false;
	if (!pdb->doc)
		return pdb->workload == pod->object.workload;
	json_t *document = written_budget(kube, pdb);
	struct kube_labels labels;
	kube_labels_of(kube, &pod->object, &labels);
	bool covers =
		kube_label_selector_matches(json_object_get(json_object_get(document, "spec"), "selector"), &labels);
	json_decref(document);
	return covers;
}

/* "25%" of n, rounded up, or a plain number. */
static int64_t amount(const json_t *value, int64_t n)
{
	if (json_is_integer(value))
		return json_integer_value(value);
	const char *text = json_string_value(value);
	return text ? (int64_t)ceil(strtod(text, NULL) * (double)n / 100 - 1e-9) : 0;
}

static void budget_of_document(struct sim_kube *kube, struct kube_object *pdb, struct kube_budget *ret)
{
	json_t *document = written_budget(kube, pdb);
	const json_t *spec = json_object_get(document, "spec");
	struct kube_kind *pods = kube_kind_of(kube, KIND_POD);
	uint64_t round = ++kube->serial;
	int64_t wanted = 0;
	bool cannot_tell = false;
	for (size_t i = kube_lower_bound(pods, pdb->ns, ""); i < pods->n && strcmp(pods->items[i]->ns, pdb->ns) == 0;
	     i++) {
		struct kube_pod *pod = kube_pod_of(pods->items[i]);
		struct kube_labels labels;
		kube_labels_of(kube, &pod->object, &labels);
		if (pod->state == POD_SUCCEEDED ||
		    !kube_label_selector_matches(json_object_get(spec, "selector"), &labels))
			continue;
		if (!pod->object.deleting_ms)
			ret->expected++;
		if (pod->object.workload && pod->object.workload->counted != round) {
			pod->object.workload->counted = round;
			wanted += pod->object.workload->replicas;
			/* The controller asks their owners how many they want; these have no scale. */
			cannot_tell |= pod->object.workload->object.kind->id == KIND_DAEMONSET ||
				       pod->object.workload->object.kind->id == KIND_JOB;
		}
		ret->healthy += pod->state == POD_READY && !pod->object.deleting_ms;
	}
	const json_t *most = json_object_get(spec, "maxUnavailable");
	if (most || !json_is_integer(json_object_get(spec, "minAvailable")))
		ret->expected = cannot_tell ? 0 : wanted; /* shares are of what the controllers want */
	if (most)
		ret->desired = ret->expected - amount(most, ret->expected);
	else
		ret->desired = amount(json_object_get(spec, "minAvailable"), ret->expected);
	json_decref(document);
}

void kube_budget(struct sim_kube *kube, struct kube_object *pdb, struct kube_budget *ret)
{
	*ret = (struct kube_budget){0};
	if (pdb->doc) {
		budget_of_document(kube, pdb, ret);
	} else {
		const struct kube_workload *w = pdb->workload;
		ret->expected = w->replicas;
		ret->healthy = w->n_ready;
		ret->desired = w->flags & WORKLOAD_TIGHT_PDB ? 1 : (int64_t)w->replicas - 1;
	}
	if (ret->desired < 0)
		ret->desired = 0;
	ret->allowed = ret->healthy > ret->desired && ret->expected > 0 ? ret->healthy - ret->desired : 0;
}
