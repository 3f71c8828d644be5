/* What happens to pods when their nodes are drained: what stops a drain, what is lost by it, how long it takes. What
 * only the course of things can tell comes from the drain that was played (assessment/drain.h). */
#include <stdio.h>
#include <string.h>
#include "assessment/drain.h"
#include "assessment/subject.h"
#include "base/time.h"
#include "codec/document.h"

#define PAGE "https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html"
#define PAGE_DRAIN "https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/"
#define PLAYED                                                                                                         \
	NEEDS("kubernetes nodes", "kubernetes pods", "kubernetes poddisruptionbudgets.policy", SUBJECT_ALL,            \
	      "kubernetes replicasets.apps", "kubernetes persistentvolumes")

static bool is_drained(const struct assess *assess, const struct kube_pod *pod)
{
	return index_pod_facts(assess, pod) & POD_DRAINED;
}

/* ---- what is lost */

static void no_controller(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_pods; i++) {
		const struct kube_pod *pod = &assess->inventory->pods[i];
		if (!subject_is_bare(assess, pod))
			continue;
		struct finding *finding =
			assess_object(assess, "Pod", pod->meta.ns, pod->meta.name,
				      "no controller owns it: once its node is drained it does not come back");
		assess_evidence(assess, finding, "kubernetes pods", "no ownerReferences; on node %s",
				subject_text(pod->node_name));
	}
}

/* One finding for each owner of a pod for which `what` names something. */
static void each_owner(struct assess *assess, const char *(*what)(struct assess *, const struct kube_pod *),
		       const char *message)
{
	size_t from = assess->n_findings;
	const struct kube_workload *told = NULL; /* mostly several pods of one follow each other */
	for (size_t i = 0; i < assess->inventory->n_pods; i++) {
		const struct kube_pod *pod = &assess->inventory->pods[i];
		const struct kube_workload *workload = index_pod_workload(assess, pod);
		bool may_tell = is_drained(assess, pod) && (!workload || workload != told);
		const char *kind, *name, *seen = may_tell ? what(assess, pod) : NULL;
		if (!seen)
			continue;
		told = workload;
		index_pod_owner(assess, pod, &kind, &name);
		if (subject_find(assess, from, kind, pod->meta.ns, name))
			continue;
		struct finding *finding = SUBJECT_POD_FOUND(assess, pod, "%s: %s", seen, message);
		assess_evidence(assess, finding, "kubernetes pods", "pod %s on node %s", pod->meta.name,
				subject_text(pod->node_name));
	}
}

static const char *empty_dir_of(struct assess *assess, const struct kube_pod *pod)
{
	for (size_t i = 0; pod->spec && i < pod->spec->n_volumes; i++)
		if (pod->spec->volumes[i].empty_dir)
			return arena_printf(assess->arena, "emptyDir \"%s\"", subject_text(pod->spec->volumes[i].name));
	return NULL;
}

static void local_storage(struct assess *assess)
{
	each_owner(assess, empty_dir_of, "what is in it is lost when the pod leaves its node");
}

/* What every node has by itself (its time zone, certificates, sockets, devices) is no pod's data. */
static bool is_of_the_system(const char *path)
{
	static const char *const trees[] = {"/etc",  "/usr",  "/lib", "/lib64", "/bin", "/sbin",
					    "/boot", "/proc", "/sys", "/dev",	"/run", "/var/run"};
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++) {
		size_t n = strlen(trees[i]);
		if (!strncmp(path, trees[i], n) && (!path[n] || path[n] == '/'))
			return true;
	}
	return false;
}

static const char *host_path_of(struct assess *assess, const struct kube_pod *pod)
{
	for (size_t i = 0; pod->spec && i < pod->spec->n_volumes; i++) {
		const char *path = pod->spec->volumes[i].host_path;
		if (path && !is_of_the_system(path))
			return arena_printf(assess->arena, "hostPath %s", path);
	}
	return NULL;
}

static void host_path(struct assess *assess)
{
	each_owner(assess, host_path_of, "its data stays behind on the old node");
}

/* ---- volumes */

static const struct kube_volume_object *volume_of(const struct assess *assess, const char *ns, const char *claim)
{
	for (size_t i = 0; i < assess->inventory->n_volumes; i++) {
		const struct kube_volume_object *volume = &assess->inventory->volumes[i];
		if (volume->claim_name && volume->claim_ns && !strcmp(volume->claim_name, claim) &&
		    !strcmp(volume->claim_ns, subject_text(ns)))
			return volume;
	}
	return NULL;
}

static const char *local_volume_of(struct assess *assess, const struct kube_pod *pod)
{
	for (size_t i = 0; pod->spec && i < pod->spec->n_volumes; i++) {
		const char *claim = pod->spec->volumes[i].claim;
		const struct kube_volume_object *volume = claim ? volume_of(assess, pod->meta.ns, claim) : NULL;
		if (volume && (volume->local_path || volume->host_path))
			return arena_printf(assess->arena, "volume %s is local to its node", volume->meta.name);
	}
	return NULL;
}

static void local_volume(struct assess *assess)
{
	each_owner(assess, local_volume_of, "the pod can run nowhere else, and the data goes with the node");
}

/* The one zone a volume can be reached from; NULL: from several, or nothing is said. */
static const char *zone_of_volume(struct assess *assess, const struct kube_volume_object *volume)
{
	static const char *const keys[] = {"topology.kubernetes.io/zone", "topology.ebs.csi.aws.com/zone",
					   "failure-domain.beta.kubernetes.io/zone"};
	const json_t *terms = document_at(assess_json(assess, volume->node_affinity), "required.nodeSelectorTerms"),
		     *expression;
	size_t i;
	if (json_array_size(terms) != 1)
		return NULL;
	json_array_foreach (json_object_get(json_array_get(terms, 0), "matchExpressions"), i, expression) {
		const char *key = document_text_or(expression, "key", "");
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			if (!strcmp(key, keys[k]) && json_array_size(json_object_get(expression, "values")) == 1)
				return document_text(expression, "values[0]");
	}
	return NULL;
}

static size_t open_nodes_in(const struct assess *assess, const char *zone)
{
	size_t n = 0;
	for (size_t i = 0; i < assess->inventory->n_nodes; i++) {
		const struct kube_node *node = &assess->inventory->nodes[i];
		const char *in = kube_meta_label(&node->meta, "topology.kubernetes.io/zone"),
			   *ready = kube_condition_status(node->conditions, node->n_conditions, "Ready");
		n += in && !strcmp(in, zone) && !node->unschedulable && (!ready || !strcmp(ready, "True"));
	}
	return n;
}

/* With none the pod waits for ever; with one it waits until that one's successor is there. */
static void zonal_volume(struct assess *assess)
{
	size_t from = assess->n_findings;
	for (size_t i = 0; i < assess->inventory->n_pods; i++) {
		const struct kube_pod *pod = &assess->inventory->pods[i];
		size_t n_volumes = is_drained(assess, pod) && pod->spec ? pod->spec->n_volumes : 0;
		for (size_t k = 0; k < n_volumes; k++) {
			const char *claim = pod->spec->volumes[k].claim, *kind, *name;
			const struct kube_volume_object *volume = claim ? volume_of(assess, pod->meta.ns, claim) : NULL;
			const char *zone = volume ? zone_of_volume(assess, volume) : NULL;
			size_t n = zone ? open_nodes_in(assess, zone) : 2;
			if (n > 1)
				continue;
			index_pod_owner(assess, pod, &kind, &name);
			if (subject_find(assess, from, kind, pod->meta.ns, name))
				continue;
			struct finding *finding = SUBJECT_POD_FOUND(
				assess, pod, "its volume %s is in %s, which has %s node that takes pods",
				volume->meta.name, zone, n ? "only one" : "no");
			finding->severity = n ? SEVERITY_HIGH : SEVERITY_BLOCKER;
			assess_evidence(assess, finding, "kubernetes persistentvolumes",
					"nodeAffinity of %s: %s; nodes there that take pods: %zu", volume->meta.name,
					zone, n);
			assess_remedy(assess, finding, "have two nodes in %s before the upgrade begins", zone);
		}
	}
}

/* ---- what keeps pods where they are */

/* Where neither the template nor all of its pods say so, somebody has marked this pod alone. */
static bool is_marked_alone(const struct assess *assess, const struct kube_pod *pod)
{
	const struct kube_workload *workload = index_pod_workload(assess, pod);
	if (!workload || index_hold(workload->template.annotations, workload->template.n_annotations))
		return false;
	struct pod_list pods = index_workload_pods(assess, workload);
	for (size_t i = 0; i < pods.n && i < 1000; i++) /* more would be the same */
		if (!(index_pod_facts(assess, pod_at(pods, i)) & POD_HELD))
			return true;
	return false;
}

static const char *owner_marked(struct assess *assess, const struct kube_pod *pod)
{
	if (!(index_pod_facts(assess, pod) & POD_HELD) || is_marked_alone(assess, pod))
		return NULL;
	return arena_printf(assess->arena, "annotation %s", index_hold(pod->meta.annotations, pod->meta.n_annotations));
}

static void lone_marks(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_pods; i++) {
		const struct kube_pod *pod = &assess->inventory->pods[i];
		if (!(index_pod_facts(assess, pod) & POD_HELD) || !is_drained(assess, pod) ||
		    !is_marked_alone(assess, pod))
			continue;
		const char *key = index_hold(pod->meta.annotations, pod->meta.n_annotations);
		struct finding *finding =
			assess_object(assess, "Pod", pod->meta.ns, pod->meta.name,
				      "annotation %s, on this pod alone: its node is not replaced while it runs", key);
		assess_evidence(assess, finding, "kubernetes pods", "on node %s", subject_text(pod->node_name));
		assess_remedy(assess, finding, "kubectl -n %s annotate pod %s %s-", subject_text(pod->meta.ns),
			      subject_text(pod->meta.name), key);
	}
}

/* A template can be changed but a Job's. */
static void unmark_template(struct assess *assess, struct finding *finding)
{
	static const char *const kinds[] = {"Deployment", "StatefulSet", "ReplicaSet"};
	const struct finding_object *object = finding->object;
	const char *key = strncmp(finding->message, "annotation ", 11) ? NULL : finding->message + 11;
	for (size_t i = 0; key && i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(subject_text(object->kind), kinds[i]))
			assess_remedy(
				assess, finding,
				"kubectl -n %s patch %s %s --type merge -p '{\"spec\":{\"template\":{\"metadata\":"
				"{\"annotations\":{\"%.*s\":null}}}}}'",
				subject_text(object->ns), object->kind, subject_text(object->name),
				(int)strcspn(key, ":"), key);
}

static void do_not_disrupt(struct assess *assess)
{
	size_t from = assess->n_findings;
	each_owner(assess, owner_marked, "its node is not replaced while it runs");
	for (size_t i = from; i < assess->n_findings; i++)
		unmark_template(assess, &assess->findings[i]);
	lone_marks(assess);
	for (size_t i = 0; i < assess->inventory->n_nodes; i++) {
		const struct kube_node *node = &assess->inventory->nodes[i];
		const char *key = index_hold(node->meta.annotations, node->meta.n_annotations);
		if (!key)
			continue;
		struct finding *finding =
			assess_object(assess, "Node", NULL, node->meta.name, "annotation %s: it is not replaced", key);
		assess_evidence(assess, finding, "kubernetes nodes", "%s: %s", key,
				kube_meta_annotation(&node->meta, key));
		assess_remedy(assess, finding, "kubectl annotate node %s %s-", subject_text(node->meta.name), key);
	}
}

/* At once, or by the two effects that keep pods away or drive them out. */
static bool tolerates_everything(const struct kube_pod_spec *spec)
{
	bool schedule = false, execute = false;
	for (size_t i = 0; spec && i < spec->n_tolerations; i++) {
		const struct kube_toleration *t = &spec->tolerations[i];
		if (!t->op || strcmp(t->op, "Exists") || (t->key && *t->key))
			continue;
		schedule |= !t->effect || !*t->effect || !strcmp(t->effect, "NoSchedule");
		execute |= !t->effect || !*t->effect || !strcmp(t->effect, "NoExecute");
	}
	return schedule && execute;
}

static void daemon_toleration(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_workloads; i++) {
		const struct kube_workload *workload = &assess->inventory->workloads[i];
		if (!subject_is_kind(workload, "DaemonSet") ||
		    index_is_eks_own(assess, workload->meta.ns, workload->meta.name) ||
		    !tolerates_everything(workload->template.spec))
			continue;
		struct finding *finding = SUBJECT_FOUND(
			assess, workload, "tolerates every taint: its pods return at once to a node that is drained");
		assess_evidence(assess, finding, "kubernetes daemonsets.apps",
				"tolerations with operator Exists and no key, for every effect");
	}
}

static void ordered_sets(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_workloads; i++) {
		const struct kube_workload *workload = &assess->inventory->workloads[i];
		bool parallel = workload->pod_management && !strcmp(workload->pod_management, "Parallel");
		if (!subject_is_kind(workload, "StatefulSet") || !subject_is_set(assess, workload) || parallel ||
		    subject_replicas(workload) < 2)
			continue;
		struct finding *finding = SUBJECT_FOUND(
			assess, workload, "%lld ordered replicas: they move one after the other, which takes its time",
			(long long)subject_replicas(workload));
		assess_evidence(assess, finding, "kubernetes statefulsets.apps", "podManagementPolicy %s",
				workload->pod_management ? workload->pod_management : "OrderedReady");
	}
}

/* ---- jobs */

static void running_jobs(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_workloads; i++) {
		const struct kube_workload *job = &assess->inventory->workloads[i];
		if (!subject_is_kind(job, "Job") || job->active < 1 || job->completed_ms)
			continue;
		int64_t age_ms = job->started_ms ? assess->now_ms - job->started_ms : 0;
		const struct kube_pod_spec *spec = job->template.spec;
		bool never = spec && spec->restart_policy && !strcmp(spec->restart_policy, "Never");
		char age[TIME_TEXT];
		if (age_ms <= 30 * MINUTE_MS && !never)
			continue;
		struct finding *finding =
			SUBJECT_FOUND(assess, job, "runs for %s%s: a drain ends it half-way",
				      duration_format(age_ms, age), never ? ", and its pods are never restarted" : "");
		assess_evidence(assess, finding, "kubernetes jobs.batch", "status.active %lld", (long long)job->active);
	}
}

/* ---- what the play showed */

/* Of the reasons that no node will do, those that more room would not help. */
static bool is_about_rules(const char *why)
{
	static const char *const words[] = {"node selector or affinity", "volume is elsewhere",
					    "pod anti-affinity",	 "pod affinity",
					    "topology spread",		 "taint not tolerated"};
	static const char *const room[] = {"not enough", "too many pods", "host port"};
	for (size_t i = 0; i < ARRAY_SIZE(room); i++)
		if (strstr(why, room[i]))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(why, words[i]))
			return true;
	return false;
}

static void unschedulable(struct assess *assess)
{
	const struct drain_prediction *prediction = drain_predict(assess);
	size_t from = assess->n_findings;
	for (size_t i = 0; i < prediction->n_homeless; i++) {
		const struct drain_homeless *homeless = &prediction->homeless[i];
		const char *kind, *name;
		index_pod_owner(assess, homeless->pod, &kind, &name);
		if (!is_about_rules(homeless->why) || local_volume_of(assess, homeless->pod) ||
		    subject_find(assess, from, kind, homeless->pod->meta.ns, name))
			continue;
		struct finding *finding = SUBJECT_POD_FOUND(
			assess, homeless->pod, "once its node is drained it finds no other: %s", homeless->why);
		assess_evidence(assess, finding, "kubernetes pods", "pod %s on node %s", homeless->pod->meta.name,
				subject_text(homeless->pod->node_name));
	}
}

static bool is_managed(const char *group)
{
	return !strncmp(group, "managed:", 8);
}

static int64_t grace_s(const struct kube_pod *pod)
{
	return pod->spec && pod->spec->has_grace_s ? pod->spec->grace_s : 30;
}

/* The pod that takes longest to stop, and so what to change first. */
static void slowest(struct assess *assess, struct finding *finding, const struct kube_node *node)
{
	const struct kube_pod *longest = NULL;
	struct pod_list pods = index_node_pods(assess, node);
	for (size_t i = 0; i < pods.n; i++)
		if (is_drained(assess, pod_at(pods, i)) && (!longest || grace_s(pod_at(pods, i)) > grace_s(longest)))
			longest = pod_at(pods, i);
	if (!longest)
		return;
	assess_evidence(assess, finding, "kubernetes pods",
			"pod %s/%s may take longest: terminationGracePeriodSeconds %lld",
			subject_text(longest->meta.ns), longest->meta.name, (long long)grace_s(longest));
}

static void estimate(struct assess *assess)
{
	const struct drain_prediction *prediction = drain_predict(assess);
	for (size_t i = 0; i < prediction->n_nodes; i++) {
		const struct drain_node *node = &prediction->nodes[i];
		char took[TIME_TEXT];
		if (!is_managed(node->group) || node->estimated_ms <= 15 * MINUTE_MS)
			continue;
		struct finding *finding =
			assess_object(assess, "Node", NULL, node->node->meta.name,
				      "its drain takes about %s; a managed node group gives up after 15 min",
				      duration_format(node->estimated_ms, took));
		assess_evidence(assess, finding, "kubernetes pods", "%lld pod%s in %lld round%s",
				(long long)node->evicted, node->evicted == 1 ? "" : "s", (long long)node->rounds,
				node->rounds == 1 ? "" : "s");
		slowest(assess, finding, node->node);
	}
}

/* Budgets that allow something now and get stuck on the way; those that allow nothing already have their own checks. */
static void deadlock(struct assess *assess)
{
	const struct drain_prediction *prediction = drain_predict(assess);
	size_t from = assess->n_findings;
	for (size_t i = 0; i < prediction->n_nodes; i++) {
		const struct drain_node *node = &prediction->nodes[i];
		for (size_t k = 0; k < node->n_stops; k++) {
			const struct drain_stop *stop = &node->stops[k];
			if (stop->rule != DRAIN_BUDGET || !stop->homeless || stop->pdb->allowed < 1 ||
			    subject_find(assess, from, "PodDisruptionBudget", stop->pdb->meta.ns, stop->pdb->meta.name))
				continue;
			struct finding *finding =
				assess_object(assess, "PodDisruptionBudget", stop->pdb->meta.ns, stop->pdb->meta.name,
					      "the drain of node %s gets stuck: %s", node->node->meta.name, stop->why);
			assess_evidence(assess, finding, "kubernetes pods", "pod %s stays", stop->pod->meta.name);
			assess_remedy(assess, finding, "%s", stop->remedy);
		}
	}
}

#define PODS NEEDS("kubernetes pods", "kubernetes replicasets.apps", "kubernetes jobs.batch")

const struct check checks_drain[] = {
	{.id = "DRAIN-NO-CONTROLLER",
	 .title = "a bare pod does not come back",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes pods"),
	 .run = no_controller,
	 .remedy = "put it into a Deployment or a Job",
	 .page = PAGE_DRAIN},
	{.id = "DRAIN-LOCAL-STORAGE",
	 .title = "data in an emptyDir is lost",
	 .severity = SEVERITY_MEDIUM,
	 .needs = PODS,
	 .run = local_storage,
	 .remedy = "keep what must stay in a volume; accept the risk where it is only a cache",
	 .page = PAGE_DRAIN},
	{.id = "DRAIN-HOSTPATH",
	 .title = "a hostPath binds a pod to its node",
	 .severity = SEVERITY_HIGH,
	 .needs = PODS,
	 .run = host_path,
	 .remedy = "move the data to a volume, or the pod into a DaemonSet",
	 .page = PAGE_DRAIN},
	{.id = "DRAIN-LOCAL-PV",
	 .title = "a local volume binds a pod to its node",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes pods", "kubernetes replicasets.apps", "kubernetes persistentvolumes"),
	 .run = local_volume,
	 .remedy = "copy the data to a volume that can follow the pod, or let the application replicate it",
	 .page = "https://kubernetes.io/docs/concepts/storage/volumes/#local"},
	{.id = "DRAIN-ZONAL-VOLUME",
	 .title = "a volume's zone has no other node for its pod",
	 .severity = SEVERITY_HIGH,
	 .severities = "BLOCKER with no node in the zone that takes pods, HIGH with one",
	 .needs = NEEDS("kubernetes pods", "kubernetes replicasets.apps", "kubernetes nodes",
			"kubernetes persistentvolumes"),
	 .run = zonal_volume,
	 .remedy = "have two nodes in the volume's zone",
	 .page = "https://docs.aws.amazon.com/eks/latest/best-practices/data-plane.html"},
	{.id = "DRAIN-UNSCHEDULABLE",
	 .title = "rules of a pod leave it no node",
	 .severity = SEVERITY_HIGH,
	 .needs = PLAYED,
	 .run = unschedulable,
	 .remedy = "loosen the selector, affinity or topology spread, or have nodes that meet it",
	 .page = "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/"},
	{.id = "DRAIN-JOB",
	 .title = "a running Job would be cut off",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("kubernetes jobs.batch"),
	 .run = running_jobs,
	 .remedy = "let it end before its node is drained, or suspend its CronJob for the upgrade",
	 .page = PAGE_DRAIN},
	{.id = "DRAIN-DNE",
	 .title = "an annotation forbids eviction",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes pods", "kubernetes replicasets.apps", "kubernetes jobs.batch", "kubernetes nodes"),
	 .run = do_not_disrupt,
	 .remedy = "take the annotation away for the upgrade",
	 .page = "https://karpenter.sh/docs/concepts/disruption/"},
	{.id = "DRAIN-DAEMONSET-TOLERATION",
	 .title = "a DaemonSet returns to drained nodes",
	 .severity = SEVERITY_LOW,
	 .needs = NEEDS("kubernetes daemonsets.apps"),
	 .run = daemon_toleration,
	 .remedy = "tolerate only the taints that it must",
	 .page = PAGE_DRAIN},
	{.id = "DRAIN-STATEFULSET-ORDERED",
	 .title = "an ordered StatefulSet makes the drain serial",
	 .severity = SEVERITY_INFO,
	 .needs = NEEDS("kubernetes statefulsets.apps"),
	 .run = ordered_sets,
	 .remedy = "nothing, but time; podManagementPolicy: Parallel where the order does not matter",
	 .page = "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/"},
	{.id = "DRAIN-ESTIMATE",
	 .title = "a node takes longer to drain than is allowed",
	 .severity = SEVERITY_HIGH,
	 .needs = PLAYED,
	 .run = estimate,
	 .remedy = "shorten grace periods, or let budgets allow more pods at once",
	 .page = PAGE},
	{.id = "DRAIN-DEADLOCK",
	 .title = "the drain gets stuck on its way",
	 .severity = SEVERITY_BLOCKER,
	 .needs = PLAYED,
	 .run = deadlock,
	 .remedy = "make room for the replacement first, or let the budget allow one more",
	 .page = PAGE},
	{.id = NULL},
};
