/* Pods that are in trouble already, or will be once they have to move, and autoscalers without headroom. */
#include <string.h>
#include "assessment/subject.h"
#include "base/time.h"

#define PAGE "https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/"

/* A pod is pending for a moment whenever one starts; deletion timestamps hold the grace period already. */
enum { PENDING_MS = 60000, STUCK_POD_MS = 60000, STUCK_NAMESPACE_MS = 300000 };

static bool is_one_of(const char *word, const char *const *words)
{
	for (; word && *words; words++)
		if (!strcmp(*words, word))
			return true;
	return false;
}

static const char *const pull_errors[] = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull",
					  NULL};

/* The container that stands still for one of these reasons; NULL. */
static const struct kube_container_status *waits_for(const struct kube_pod *pod, const char *const *reasons)
{
	for (size_t i = 0; i < pod->n_statuses; i++)
		if (is_one_of(pod->statuses[i].waiting, reasons))
			return &pod->statuses[i];
	for (size_t i = 0; i < pod->n_init_statuses; i++)
		if (is_one_of(pod->init_statuses[i].waiting, reasons))
			return &pod->init_statuses[i];
	return NULL;
}

static const char *trouble(const struct assess *assess, const struct kube_pod *pod)
{
	static const char *const loop[] = {"CrashLoopBackOff", NULL};
	const struct kube_container_status *pull = waits_for(pod, pull_errors);
	bool failed = pod->phase && !strcmp(pod->phase, "Failed");
	if (failed)
		return pod->reason && !strcmp(pod->reason, "Evicted") ? "Evicted" : NULL;
	if (pod->meta.deletion_ms || kube_pod_finished(pod))
		return NULL;
	if (waits_for(pod, loop))
		return "CrashLoopBackOff";
	if (pull)
		return pull->waiting;
	for (size_t i = 0; i < pod->n_statuses; i++)
		if ((pod->statuses[i].terminated && !strcmp(pod->statuses[i].terminated, "OOMKilled")) ||
		    (pod->statuses[i].last_terminated && !strcmp(pod->statuses[i].last_terminated, "OOMKilled")))
			return "OOMKilled";
	bool pending = pod->phase && !strcmp(pod->phase, "Pending");
	return pending && (!pod->meta.created_ms || assess->now_ms - pod->meta.created_ms >= PENDING_MS) ? "Pending"
													 : NULL;
}

/* Several pods of one workload are one finding, with a line for each. */
static void tell_pod(struct assess *assess, size_t from, const struct kube_pod *pod, const char *what,
		     const char *message)
{
	const char *kind, *name;
	index_pod_owner(assess, pod, &kind, &name);
	struct finding *finding = subject_find(assess, from, kind, pod->meta.ns, name);
	if (!finding)
		finding = assess_object(assess, kind, pod->meta.ns, name, message, what);
	if (finding->n_evidence < 10)
		assess_evidence(assess, finding, "kubernetes pods", "pod \"%s\": %s", subject_text(pod->meta.name),
				what);
}

static void baseline(struct assess *assess)
{
	size_t from = assess->n_findings;
	for (size_t i = 0; i < assess->inventory->n_pods; i++) {
		const char *what = trouble(assess, &assess->inventory->pods[i]);
		if (what)
			tell_pod(assess, from, &assess->inventory->pods[i], what,
				 "in trouble before anything starts: %s");
	}
}

static void image(struct assess *assess)
{
	size_t from = assess->n_findings;
	for (size_t i = 0; i < assess->inventory->n_pods; i++) {
		const struct kube_pod *pod = &assess->inventory->pods[i];
		const struct kube_container_status *pull = kube_pod_finished(pod) ? NULL : waits_for(pod, pull_errors);
		if (pull)
			tell_pod(assess, from, pod,
				 arena_printf(assess->arena, "%s of %s", pull->waiting, subject_text(pull->image)),
				 "an image cannot be pulled, and a pod that moves has to: %s");
	}
}

/* ---- POD-STUCK */

static const char *finalizers(struct assess *assess, const struct kube_meta *meta)
{
	const char *all = NULL;
	for (size_t i = 0; i < meta->n_finalizers; i++)
		all = all ? arena_printf(assess->arena, "%s, %s", all, meta->finalizers[i]) : meta->finalizers[i];
	return all;
}

static void tell_stuck(struct assess *assess, const char *kind, const struct kube_meta *meta)
{
	char since[TIME_TEXT];
	struct finding *finding =
		assess_object(assess, kind, meta->ns, meta->name, "should be gone since %s, and is Terminating still",
			      time_format_rfc3339(meta->deletion_ms, since));
	const char *waits = finalizers(assess, meta);
	assess_evidence(assess, finding, "kubernetes", "deletionTimestamp %s%s%s", since,
			waits ? "; waits for finalizers: " : "", subject_text(waits));
}

static void stuck(struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	for (size_t i = 0; i < inventory->n_pods; i++) {
		const struct kube_meta *meta = &inventory->pods[i].meta;
		if (meta->deletion_ms && assess->now_ms - meta->deletion_ms > STUCK_POD_MS)
			tell_stuck(assess, "Pod", meta);
	}
	for (size_t i = 0; i < inventory->n_namespaces; i++) {
		const struct kube_namespace *ns = &inventory->namespaces[i];
		if (ns->meta.deletion_ms && assess->now_ms - ns->meta.deletion_ms > STUCK_NAMESPACE_MS)
			tell_stuck(assess, "Namespace", &ns->meta);
	}
}

/* ---- HPA-MAXED */

static void maxed(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_hpas; i++) {
		const struct kube_hpa *hpa = &assess->inventory->hpas[i];
		int64_t now = hpa->current > hpa->desired ? hpa->current : hpa->desired;
		if (hpa->max <= 0 || now < hpa->max)
			continue;
		struct finding *finding =
			assess_object(assess, "HorizontalPodAutoscaler", hpa->meta.ns, hpa->meta.name,
				      "stands at its maximum of %lld replicas: no headroom while nodes are replaced",
				      (long long)hpa->max);
		assess_evidence(assess, finding, "kubernetes horizontalpodautoscalers.autoscaling",
				"%lld replicas now, %lld wanted", (long long)hpa->current, (long long)hpa->desired);
		assess_remedy(assess, finding,
			      "kubectl -n %s patch hpa %s --type merge -p '{\"spec\":{\"maxReplicas\":%lld}}'",
			      subject_text(hpa->meta.ns), subject_text(hpa->meta.name),
			      (long long)(hpa->max + (hpa->max + 3) / 4));
	}
}

const struct check checks_pods[] = {
	{.id = "POD-BASELINE",
	 .title = "pods are in trouble before the upgrade",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("kubernetes pods"),
	 .run = baseline,
	 .remedy = "mend it first, or what the upgrade breaks cannot be told from it",
	 .page = PAGE},
	{.id = "POD-STUCK",
	 .title = "Terminating beyond its grace period",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes pods", "kubernetes namespaces"),
	 .run = stuck,
	 .remedy = "find out who should remove its finalizers, or whether its node is gone",
	 .page = PAGE},
	{.id = "POD-IMAGE",
	 .title = "an image cannot be pulled",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes pods"),
	 .run = image,
	 .remedy = "push the image again, or mend the pull secret",
	 .page = "https://kubernetes.io/docs/concepts/containers/images/"},
	{.id = "HPA-MAXED",
	 .title = "autoscaler stands at its maximum",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("kubernetes horizontalpodautoscalers.autoscaling"),
	 .run = maxed,
	 .remedy = "raise maxReplicas for the time of the upgrade",
	 .page = "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/"},
	{.id = NULL},
};
