/* Will the workloads stay available while nodes are replaced? What their templates and replicas say of that. Budgets
 * are in checks_budgets.c, pods in trouble in checks_pods.c, what stands behind load balancers in checks_exposed.c. */
#include <string.h>
#include "assessment/subject.h"
#include "codec/document.h"

#define PAGE "https://docs.aws.amazon.com/eks/latest/best-practices/application.html"

/* A managed node group gives up on a node after so long. */
enum { DRAIN_LIMIT_S = 15 * 60 };

#define EACH_WORKLOAD(assess, workload)                                                                                \
	for (const struct kube_workload *workload = (assess)->inventory->workloads,                                    \
					*end_ = workload + (assess)->inventory->n_workloads;                           \
	     workload < end_; workload++)

/* ---- replicas */

static void replicas(struct assess *assess)
{
	EACH_WORKLOAD(assess, workload)
	{
		long long n = (long long)subject_replicas(workload), least = assess->config->checks.min_replicas;
		if (!subject_is_set(assess, workload) || n >= least)
			continue;
		struct finding *finding =
			n == 1 ? SUBJECT_FOUND(assess, workload,
					       "1 replica: it is gone while its pod moves to another node")
			       : SUBJECT_FOUND(assess, workload, "%lld replicas: checks.min_replicas asks for %lld", n,
					       least);
		assess_evidence(assess, finding, "kubernetes workloads", "spec.replicas %lld", n);
		assess_remedy(assess, finding, "kubectl -n %s scale %s %s --replicas=%lld",
			      subject_text(workload->meta.ns), workload->kind, subject_text(workload->meta.name),
			      least);
	}
}

static void min_ready(struct assess *assess)
{
	EACH_WORKLOAD(assess, workload)
	{
		bool deployment = subject_is_kind(workload, "Deployment"),
		     stateful = subject_is_kind(workload, "StatefulSet");
		if ((!deployment && !stateful) || !subject_is_set(assess, workload) || workload->min_ready_s > 0)
			continue;
		struct finding *finding = SUBJECT_FOUND(
			assess, workload, "minReadySeconds is 0: a pod counts as available the moment it is ready");
		finding->severity = stateful ? SEVERITY_MEDIUM : SEVERITY_LOW;
		assess_evidence(assess, finding, "kubernetes workloads", "no spec.minReadySeconds above 0");
		assess_remedy(assess, finding,
			      "kubectl -n %s patch %s %s --type merge -p '{\"spec\":{\"minReadySeconds\":10}}'",
			      subject_text(workload->meta.ns), workload->kind, subject_text(workload->meta.name));
	}
}

static void recreate(struct assess *assess)
{
	EACH_WORKLOAD(assess, workload)
	{
		const char *type = document_text(assess_json(assess, workload->strategy), "type");
		if (!subject_is_kind(workload, "Deployment") || !subject_is_set(assess, workload) || !type ||
		    strcmp(type, "Recreate") != 0)
			continue;
		struct finding *finding =
			SUBJECT_FOUND(assess, workload, "strategy Recreate: all its pods stop before new ones start");
		assess_evidence(assess, finding, "kubernetes workloads", "spec.strategy.type Recreate");
		assess_remedy(assess, finding,
			      "where two of its pods may run at once: kubectl -n %s patch deployment %s --type merge "
			      "-p '{\"spec\":{\"strategy\":{\"type\":\"RollingUpdate\"}}}'",
			      subject_text(workload->meta.ns), subject_text(workload->meta.name));
	}
}

/* ---- spread */

static bool is_zone_or_host(const char *key)
{
	static const char *const keys[] = {"topology.kubernetes.io/zone", "kubernetes.io/hostname",
					   "failure-domain.beta.kubernetes.io/zone"};
	for (size_t i = 0; key && i < ARRAY_SIZE(keys); i++)
		if (!strcmp(keys[i], key))
			return true;
	return false;
}

/* Does the term speak of the workload's own pods? One that keeps away from others does not spread it. */
static bool is_own(const json_t *term, const struct kube_pod_template *template)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct label_selector selector;
	struct error *error = label_selector_from(json_object_get(term, "labelSelector"), arena, &selector);
	bool own = !error && label_selector_matches(&selector, template->labels, template->n_labels);
	error_free(error);
	return own && is_zone_or_host(document_text(term, "topologyKey"));
}

static bool any_own(const json_t *terms, const char *inner, const struct kube_pod_template *template)
{
	size_t i;
	const json_t *term;
	json_array_foreach (terms, i, term)
		if (is_own(inner ? json_object_get(term, inner) : term, template))
			return true;
	return false;
}

static bool is_spread(struct assess *assess, const struct kube_pod_template *template)
{
	const json_t *away = json_object_get(assess_json(assess, template->spec->affinity), "podAntiAffinity");
	return any_own(assess_json(assess, template->spec->topology_spread), NULL, template) ||
	       any_own(json_object_get(away, "requiredDuringSchedulingIgnoredDuringExecution"), NULL, template) ||
	       any_own(json_object_get(away, "preferredDuringSchedulingIgnoredDuringExecution"), "podAffinityTerm",
		       template);
}

/* One replica cannot be spread; that is WL-REPLICAS. */
static void spread(struct assess *assess)
{
	EACH_WORKLOAD(assess, workload)
	{
		if (!subject_is_set(assess, workload) || !workload->template.spec || subject_replicas(workload) < 2 ||
		    is_spread(assess, &workload->template))
			continue;
		struct finding *finding =
			SUBJECT_FOUND(assess, workload,
				      "%lld replicas, and nothing spreads them over zones or hosts: all "
				      "may stand on the node that is drained",
				      (long long)subject_replicas(workload));
		assess_evidence(assess, finding, "kubernetes workloads",
				"neither topologySpreadConstraints nor podAntiAffinity that selects its own pods");
		assess_remedy(assess, finding,
			      "add topologySpreadConstraints over topology.kubernetes.io/zone and "
			      "kubernetes.io/hostname to %s \"%s\"",
			      workload->kind, subject_text(workload->meta.name));
	}
}

/* ---- containers */

static const char *join(struct assess *assess, const char *so_far, const char *name)
{
	return so_far ? arena_printf(assess->arena, "%s, %s", so_far, subject_text(name)) : subject_text(name);
}

static void probes(struct assess *assess)
{
	EACH_WORKLOAD(assess, workload)
	{
		const char *without = NULL;
		if (!subject_is_lasting(assess, workload))
			continue;
		for (size_t i = 0; i < workload->template.spec->n_containers; i++)
			if (!workload->template.spec->containers[i].readiness)
				without = join(assess, without, workload->template.spec->containers[i].name);
		if (!without)
			continue;
		struct finding *finding = SUBJECT_FOUND(
			assess, workload, "no readiness probe: traffic and drains go on before it can answer");
		assess_evidence(assess, finding, "kubernetes workloads", "without readinessProbe: %s", without);
	}
}

static const char *without_requests(struct assess *assess, const struct kube_pod_spec *spec)
{
	const char *without = NULL;
	if (json_object_size(json_object_get(assess_json(assess, spec->resources), "requests")))
		return NULL; /* the pod as a whole says so */
	for (size_t i = 0; i < spec->n_containers; i++) {
		const struct kube_container *container = &spec->containers[i];
		/* The API server takes limits for requests that are not said. */
		bool says = false;
		const char *const kinds[] = {"cpu", "memory"};
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
			says |= kube_pairs_get(container->requests, container->n_requests, kinds[k]) ||
				kube_pairs_get(container->limits, container->n_limits, kinds[k]);
		if (!says)
			without = join(assess, without, container->name);
	}
	return without;
}

/* What a LimitRange adds is seen on the pods only. */
static void requests(struct assess *assess)
{
	EACH_WORKLOAD(assess, workload)
	{
		if (!subject_is_lasting(assess, workload))
			continue;
		const char *without = without_requests(assess, workload->template.spec);
		struct pod_list pods = index_workload_pods(assess, workload);
		if (without && pods.n && pod_at(pods, 0)->spec)
			without = without_requests(assess, pod_at(pods, 0)->spec);
		if (!without)
			continue;
		struct finding *finding = SUBJECT_FOUND(
			assess, workload, "containers without requests: whether it fits elsewhere cannot be computed");
		assess_evidence(assess, finding, "kubernetes workloads", "without resources.requests: %s", without);
		assess_remedy(
			assess, finding,
			"kubectl -n %s set resources %s %s --requests=cpu=100m,memory=128Mi (with what kubectl -n "
			"%s top pod --containers shows)",
			subject_text(workload->meta.ns), workload->kind, subject_text(workload->meta.name),
			subject_text(workload->meta.ns));
	}
}

/* ---- grace */

static void grace_zero(struct assess *assess)
{
	EACH_WORKLOAD(assess, workload)
	{
		const struct kube_pod_spec *spec = workload->template.spec;
		if (!subject_is_kind(workload, "StatefulSet") || !subject_is_lasting(assess, workload) ||
		    !spec->has_grace_s || spec->grace_s != 0)
			continue;
		struct finding *finding =
			SUBJECT_FOUND(assess, workload, "its pods are killed without being able to stop");
		assess_evidence(assess, finding, "kubernetes statefulsets.apps", "terminationGracePeriodSeconds 0");
		assess_remedy(assess, finding,
			      "kubectl -n %s patch statefulset %s --type merge -p "
			      "'{\"spec\":{\"template\":{\"spec\":{\"terminationGracePeriodSeconds\":30}}}}'",
			      subject_text(workload->meta.ns), subject_text(workload->meta.name));
	}
}

/* Pods of DaemonSets are not evicted, and of what is scaled to 0 there are none. */
static void one_long_grace(struct assess *assess, const struct subject_spec *subject)
{
	const struct kube_workload *workload =
		index_workload(assess, subject->kind, subject->meta->ns, subject->meta->name);
	if ((workload && workload->has_replicas && !workload->replicas) ||
	    !strcmp(subject_text(subject->kind), "DaemonSet") || !subject->spec->has_grace_s ||
	    subject->spec->grace_s <= DRAIN_LIMIT_S)
		return;
	struct finding *finding =
		assess_object(assess, subject->kind, subject->meta->ns, subject->meta->name,
			      "may take %lld s to stop, a managed node group gives a node up after %d s",
			      (long long)subject->spec->grace_s, DRAIN_LIMIT_S);
	assess_evidence(assess, finding, "kubernetes workloads", "terminationGracePeriodSeconds %lld",
			(long long)subject->spec->grace_s);
}

static void grace_long(struct assess *assess)
{
	subject_each_spec(assess, one_long_grace);
}

/* ---- sockets and policies of the past */

static void one_socket(struct assess *assess, const struct subject_spec *subject)
{
	const struct kube_volume *volume = subject_docker_socket(subject->spec);
	if (!volume)
		return;
	struct finding *finding = assess_object(assess, subject->kind, subject->meta->ns, subject->meta->name,
						"mounts %s, which no EKS node has from 1.24", volume->host_path);
	assess_evidence(assess, finding, "kubernetes workloads", "volume \"%s\": hostPath %s",
			subject_text(volume->name), volume->host_path);
}

static void docker_socket(struct assess *assess)
{
	subject_each_spec(assess, one_socket);
}

/* EKS's own policy goes with the version. */
static void pod_security_policies(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_customs && assess->to >= 25; i++) {
		const struct kube_custom *custom = &assess->inventory->customs[i];
		if (!custom->kind || strcmp(custom->kind, "PodSecurityPolicy") != 0 ||
		    !strcmp(subject_text(custom->meta.name), "eks.privileged"))
			continue;
		struct finding *finding =
			assess_object(assess, custom->kind, NULL, custom->meta.name,
				      "PodSecurityPolicy is gone from 1.25: what it forbids is allowed then");
		assess_evidence(assess, finding, "kubernetes podsecuritypolicies.policy", "%s PodSecurityPolicy",
				subject_text(custom->meta.api_version));
	}
}

const struct check checks_workloads[] = {
	{.id = "WL-REPLICAS",
	 .title = "a single replica",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(SUBJECT_SETS),
	 .run = replicas,
	 .remedy = "run at least two replicas",
	 .page = PAGE},
	{.id = "WL-MINREADY",
	 .title = "minReadySeconds is 0",
	 .severity = SEVERITY_LOW,
	 .severities = "LOW, MEDIUM for a StatefulSet",
	 .needs = NEEDS(SUBJECT_SETS),
	 .run = min_ready,
	 .remedy = "set spec.minReadySeconds",
	 .page = PAGE},
	{.id = "WL-SPREAD",
	 .title = "replicas are not spread over zones or hosts",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS(SUBJECT_SETS),
	 .run = spread,
	 .remedy = "add topologySpreadConstraints over zones and hosts",
	 .page = PAGE},
	{.id = "WL-PROBE",
	 .title = "a container without readiness probe",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(SUBJECT_ALL),
	 .run = probes,
	 .remedy = "give each container a readinessProbe",
	 .page = PAGE},
	{.id = "WL-TGPS-ZERO",
	 .title = "StatefulSet with terminationGracePeriodSeconds 0",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes statefulsets.apps"),
	 .run = grace_zero,
	 .remedy = "give it the time it needs to stop: terminationGracePeriodSeconds 30",
	 .page = PAGE},
	{.id = "WL-TGPS-LONG",
	 .title = "grace period longer than a drain may take",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(SUBJECT_SPECS),
	 .run = grace_long,
	 .remedy = "let it stop within 15 minutes, or replace its nodes by a rotator without that limit",
	 .page = PAGE},
	{.id = "WL-RECREATE",
	 .title = "Deployment with strategy Recreate",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("kubernetes deployments.apps"),
	 .run = recreate,
	 .remedy = "use strategy RollingUpdate",
	 .page = PAGE},
	{.id = "WL-REQUESTS",
	 .title = "containers without requests",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS(SUBJECT_ALL, "kubernetes pods"),
	 .run = requests,
	 .remedy = "set resources.requests for cpu and memory",
	 .page = PAGE},
	{.id = "WL-DOCKERSOCK",
	 .title = "mounts the Docker socket",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS(SUBJECT_SPECS),
	 .run = docker_socket,
	 .remedy = "use containerd's socket, or no socket at all",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/dockershim-deprecation.html"},
	{.id = "WL-PSP",
	 .title = "PodSecurityPolicies",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "BLOCKER from 1.25",
	 .needs = NEEDS("kubernetes podsecuritypolicies.policy"),
	 .run = pod_security_policies,
	 .remedy = "move to Pod Security admission, or to a policy engine, and delete it",
	 .page = "https://kubernetes.io/docs/tasks/configure-pod-container/migrate-from-psp/"},
	{.id = NULL},
};
