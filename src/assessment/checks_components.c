/* What others put into the cluster: recognised by image, Helm release or custom resource, and held against what its
 * maker says it supports (knowledge/components.tsv). Argo CD and Flux are in checks_gitops.c. */
#include <stdlib.h>
#include <string.h>
#include "assessment/chart_range.h"
#include "assessment/subject.h"
#include "codec/document.h"
#include "knowledge/components.h"
#include "knowledge/lifecycle.h"

#define PAGE "https://docs.aws.amazon.com/eks/latest/best-practices/cluster-upgrades.html"
#define PAGE_KARPENTER "https://karpenter.sh/docs/upgrading/compatibility/"

/* Which image is which; `mesh` and `karpenter` have checks of their own. */
enum component_class { COMPONENT_PLAIN, COMPONENT_MESH, COMPONENT_KARPENTER, COMPONENT_AUTOSCALER };
static const struct component {
	const char *name, *ending; /* of the image's name without tag, after a slash */
	enum component_class class;
} components[] = {
	{"cert-manager", "cert-manager-controller", COMPONENT_PLAIN},
	{"aws-load-balancer-controller", "aws-load-balancer-controller", COMPONENT_PLAIN},
	{"aws-load-balancer-controller", "aws-alb-ingress-controller", COMPONENT_PLAIN},
	{"ingress-nginx", "ingress-nginx/controller", COMPONENT_PLAIN},
	{"ingress-nginx", "ingress-nginx-controller", COMPONENT_PLAIN},
	{"ingress-nginx", "nginx-ingress-controller", COMPONENT_PLAIN}, /* F5's own is nginx/nginx-ingress */
	{"metrics-server", "metrics-server", COMPONENT_PLAIN},
	{"istio", "istio/pilot", COMPONENT_MESH},
	{"istio", "istio-release/pilot", COMPONENT_MESH},
	{"linkerd", "linkerd/controller", COMPONENT_MESH},
	{"karpenter", "karpenter/controller", COMPONENT_KARPENTER},
	{"cluster-autoscaler", "cluster-autoscaler", COMPONENT_AUTOSCALER},
	/* Close to the API server, and their makers publish no table that stands here: CMP-UNKNOWN. */
	{"external-dns", "external-dns", COMPONENT_PLAIN},
	{"kyverno", "kyverno/kyverno", COMPONENT_PLAIN},
	{"gatekeeper", "openpolicyagent/gatekeeper", COMPONENT_PLAIN},
	{"keda", "kedacore/keda", COMPONENT_PLAIN},
	{"external-secrets", "external-secrets/external-secrets", COMPONENT_PLAIN},
	{"prometheus-operator", "prometheus-operator/prometheus-operator", COMPONENT_PLAIN},
	{"cilium", "cilium/operator-generic", COMPONENT_PLAIN},
	{"cilium", "cilium/operator-aws", COMPONENT_PLAIN},
	{"calico", "calico/kube-controllers", COMPONENT_PLAIN},
	{"tigera-operator", "tigera/operator", COMPONENT_PLAIN},
	{"argo-rollouts", "argoproj/argo-rollouts", COMPONENT_PLAIN},
	{"crossplane", "crossplane/crossplane", COMPONENT_PLAIN},
	{"velero", "velero/velero", COMPONENT_PLAIN},
	{"strimzi", "strimzi/operator", COMPONENT_PLAIN},
	{"consul-k8s", "hashicorp/consul-k8s-control-plane", COMPONENT_PLAIN},
	{"kong-ingress-controller", "kong/kubernetes-ingress-controller", COMPONENT_PLAIN},
};

struct seen {
	const struct component *component;
	const struct kube_workload *workload;
	const char *image, *version, *container;
};
typedef void seen_fn(struct assess *assess, const struct seen *seen);

static bool starts(const char *text, const char *with)
{
	return text && !strncmp(text, with, strlen(with));
}

static bool ends_with(const char *image, const char *ending)
{
	size_t n = strlen(image), m = strlen(ending);
	return n >= m && !strcmp(image + n - m, ending) && (n == m || image[n - m - 1] == '/');
}

/* Older images are named after a machine: "cluster-autoscaler-amd64". */
static const char *without_machine(struct arena *scratch, const char *image)
{
	static const char *const machines[] = {"-amd64", "-arm64"};
	size_t n = strlen(image);
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (n > 6 && !strcmp(image + n - 6, machines[i]))
			return arena_strndup(scratch, image, n - 6);
	return image;
}

static const struct component *recognise(struct arena *scratch, const char *image)
{
	image = without_machine(scratch, image);
	for (size_t i = 0; i < ARRAY_SIZE(components); i++)
		if (ends_with(image, components[i].ending))
			return &components[i];
	return NULL;
}

/* "stable-2.14.10" of Linkerd is 2.14.10. */
static const char *bare_version(const char *tag)
{
	return starts(tag, "stable-") ? tag + 7 : tag;
}

static const char *image_of(struct arena *arena, const struct kube_container *container, const char **ret_tag)
{
	const char *name = "";
	*ret_tag = "";
	if (container->image)
		image_split(arena, container->image, &name, ret_tag);
	return name;
}

/* Each workload once for each component in it. */
static void each_seen(struct assess *assess, seen_fn *fn)
{
	struct arena *scratch CLEANUP(arena_freep) = arena_new();
	for (size_t i = 0; i < assess->inventory->n_workloads; i++) {
		const struct kube_workload *workload = &assess->inventory->workloads[i];
		if (!subject_makes_pods(workload) || subject_is_kind(workload, "Job"))
			continue;
		for (size_t k = 0; k < workload->template.spec->n_containers; k++) {
			const char *tag, *image = image_of(scratch, &workload->template.spec->containers[k], &tag);
			const struct component *component = recognise(scratch, image);
			if (!component)
				continue;
			fn(assess, &(struct seen){component, workload, image, bare_version(tag),
						  workload->template.spec->containers[k].name});
			break;
		}
	}
}

static void tell_image(struct assess *assess, struct finding *finding, const struct seen *seen)
{
	assess_evidence(assess, finding, "kubernetes workloads", "image %s:%s", seen->image, seen->version);
}

/* ---- what the makers say */

/* Its release supports less than the target, and a later one supports that: then it is the release that is too old.
 * Where no release is known to do so, nothing is claimed (CMP-UNKNOWN). */
static const struct component_support *too_old(const struct assess *assess, const struct seen *seen,
					       const struct component_support **ret_newer)
{
	const struct component_support *row = knowledge_component(seen->component->name, seen->version);
	*ret_newer = row ? knowledge_component_newer(row, assess->to) : NULL;
	return row && row->max_minor && row->max_minor < assess->to && *ret_newer ? row : NULL;
}

static void tell_too_old(struct assess *assess, const struct seen *seen, const struct component_support *row,
			 const struct component_support *newer)
{
	struct finding *finding =
		SUBJECT_FOUND(assess, seen->workload, "%s %s supports Kubernetes up to 1.%u, the target is %s",
			      seen->component->name, seen->version, row->max_minor, assess->target);
	if (!row->published)
		finding->severity = SEVERITY_HIGH;
	tell_image(assess, finding, seen);
	assess_evidence(assess, finding, "knowledge", "%s: %s", row->published ? "published" : "inferred", row->source);
	assess_remedy(assess, finding, "upgrade %s to %s or later before the control plane", seen->component->name,
		      newer->from);
}

static void incompatible_one(struct assess *assess, const struct seen *seen)
{
	const struct component_support *newer, *row = too_old(assess, seen, &newer);
	if (row && seen->component->class == COMPONENT_PLAIN)
		tell_too_old(assess, seen, row, newer);
}

static void karpenter_one(struct assess *assess, const struct seen *seen)
{
	const struct component_support *newer, *row = too_old(assess, seen, &newer);
	if (row && seen->component->class == COMPONENT_KARPENTER)
		tell_too_old(assess, seen, row, newer);
}

static void incompatible(struct assess *assess)
{
	each_seen(assess, incompatible_one);
}

static void karpenter(struct assess *assess)
{
	each_seen(assess, karpenter_one);
}

/* Its version cannot be told, or nobody has said yet whether it goes with the target. */
static void unknown_one(struct assess *assess, const struct seen *seen)
{
	const struct component_support *row = knowledge_component(seen->component->name, seen->version);
	if ((seen->component->class == COMPONENT_AUTOSCALER && knowledge_minor(seen->version)) ||
	    index_is_eks_own(assess, seen->workload->meta.ns, seen->workload->meta.name))
		return;
	if (row && (!row->max_minor || row->max_minor >= assess->to || knowledge_component_newer(row, assess->to)))
		return;
	unsigned long major;
	char *end;
	major = strtoul(seen->version + (*seen->version == 'v'), &end, 10);
	bool is_version = *end == '.' && major < 1000;
	struct finding *finding = SUBJECT_FOUND(
		assess, seen->workload,
		is_version ? "%s %s: whether it goes with Kubernetes %s is not known here"
			   : "%s of unknown version (tag \"%s\"): whether it goes with Kubernetes %s cannot be told",
		seen->component->name, seen->version, assess->target);
	tell_image(assess, finding, seen);
	assess_remedy(assess, finding,
		      is_version ? "look at the release notes of %s %s" : "find out which %s runs (tag \"%s\")",
		      seen->component->name, seen->version);
}

static void unknown(struct assess *assess)
{
	each_seen(assess, unknown_one);
}

/* With today's minor: the autoscaler is built from the scheduler of its own. */
static void autoscaler_one(struct assess *assess, const struct seen *seen)
{
	unsigned minor = knowledge_minor(seen->version);
	if (seen->component->class != COMPONENT_AUTOSCALER || !minor || !assess->from || minor == assess->from)
		return;
	struct finding *finding = SUBJECT_FOUND(assess, seen->workload,
						"cluster-autoscaler %s beside Kubernetes 1.%u: its minor is to be "
						"the cluster's",
						seen->version, assess->from);
	tell_image(assess, finding, seen);
	assess_remedy(assess, finding, "kubectl -n %s set image %s/%s %s=%s:v1.%u.0",
		      subject_text(seen->workload->meta.ns), seen->workload->kind,
		      subject_text(seen->workload->meta.name), subject_text(seen->container), seen->image,
		      assess->from);
}

static void autoscaler(struct assess *assess)
{
	each_seen(assess, autoscaler_one);
}

static void ingress_nginx_one(struct assess *assess, const struct seen *seen)
{
	if (!strcmp(seen->component->name, "ingress-nginx"))
		tell_image(assess,
			   SUBJECT_FOUND(assess, seen->workload,
					 "ingress-nginx is retired since March 2026: holes are closed no more"),
			   seen);
}

static void ingress_nginx(struct assess *assess)
{
	if (assess->to >= 35)
		each_seen(assess, ingress_nginx_one);
}

static void tell_crd_first(struct assess *assess, const struct seen *seen, const struct component_support *newer)
{
	const char *name = seen->component->name;
	struct finding *finding = SUBJECT_FOUND(assess, seen->workload,
						"%s %s must be upgraded, and its custom resource definitions before it",
						name, seen->version);
	tell_image(assess, finding, seen);
	const char *dot = strchr(newer->from, '.');
	if (seen->component->class == COMPONENT_KARPENTER)
		assess_remedy(
			assess, finding,
			"helm upgrade --install karpenter-crd oci://public.ecr.aws/karpenter/karpenter-crd --version "
			"%s%s -n %s, then the controller's chart",
			newer->from, dot && strchr(dot + 1, '.') ? "" : ".0", subject_text(seen->workload->meta.ns));
	else
		assess_remedy(assess, finding,
			      "apply the definitions of %s %s or later first, then upgrade the controller", name,
			      newer->from);
}

/* Helm does not upgrade what is in a chart's crds folder: where the controller must be upgraded, they come first. */
static void crd_first_one(struct assess *assess, const struct seen *seen)
{
	const struct component_support *newer;
	const char *name = seen->component->name;
	bool has_crds = !strcmp(name, "karpenter") || !strcmp(name, "cert-manager") || !strcmp(name, "istio") ||
			!strcmp(name, "linkerd") || !strcmp(name, "aws-load-balancer-controller");
	if (has_crds && too_old(assess, seen, &newer))
		tell_crd_first(assess, seen, newer);
}

static void crd_first(struct assess *assess)
{
	each_seen(assess, crd_first_one);
}

/* ---- CMP-BRIDGE: one release for both ends. Where the installed one goes with the target there is nothing to bridge.
 */

static void tell_bridge(struct assess *assess, const struct seen *seen, unsigned from, unsigned to, const char *scope)
{
	const char *name = seen->component->name;
	const struct component_support *before = knowledge_component_for(name, from),
				       *after = knowledge_component_for(name, to);
	if (!before || !after || knowledge_component_spans(name, from, to))
		return;
	struct finding *finding =
		SUBJECT_FOUND(assess, seen->workload,
			      "no release of %s is known that supports both Kubernetes 1.%u and 1.%u", name, from, to);
	finding->scope = scope;
	tell_image(assess, finding, seen);
	assess_evidence(assess, finding, "knowledge", "%s from %s on, %s", name, after->from, after->source);
	assess_remedy(assess, finding,
		      *scope ? "give Green a %s of its own, %s or later: one release cannot serve both clusters"
			     : "upgrade %s to %s or later in the same step as the control plane",
		      name, after->from);
}

static void bridge_one(struct assess *assess, const struct seen *seen)
{
	const struct component_support *row = knowledge_component(seen->component->name, seen->version);
	if (!assess->from || !row || !row->max_minor || row->max_minor >= assess->to)
		return;
	for (unsigned minor = assess->from; minor < assess->to; minor++)
		tell_bridge(assess, seen, minor, minor + 1, "");
	if (assess->to > assess->from + 1)
		tell_bridge(assess, seen, assess->from, assess->to, "blue-green");
}

static void bridge(struct assess *assess)
{
	each_seen(assess, bridge_one);
}

/* ---- meshes */

static void mesh_one(struct assess *assess, const struct seen *seen)
{
	const struct component_support *newer, *row = too_old(assess, seen, &newer);
	if (row && seen->component->class == COMPONENT_MESH)
		tell_too_old(assess, seen, row, newer);
}

/* The newest control plane: revisions stand side by side while a mesh is upgraded. */
static unsigned istio_minor(const struct assess *assess)
{
	struct arena *scratch CLEANUP(arena_freep) = arena_new();
	unsigned newest = 0;
	for (size_t i = 0; i < assess->inventory->n_workloads; i++) {
		const struct kube_workload *workload = &assess->inventory->workloads[i];
		for (size_t k = 0; workload->template.spec && k < workload->template.spec->n_containers; k++) {
			const char *tag, *image = image_of(scratch, &workload->template.spec->containers[k], &tag);
			unsigned minor = ends_with(image, "pilot") ? knowledge_minor(tag) : 0;
			newest = minor > newest ? minor : newest;
		}
	}
	return newest;
}

/* 0: none. */
static unsigned sidecar_minor(struct arena *scratch, const struct kube_container *containers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *tag, *image = image_of(scratch, &containers[i], &tag);
		if (ends_with(image, "proxyv2"))
			return knowledge_minor(tag);
	}
	return 0;
}

/* Sidecars may be two minors behind the control plane, and none ahead. Those of newer releases are init containers
 * that stay. A gateway is a pod of one, and moves alike. */
static void sidecars(struct assess *assess, size_t before)
{
	struct arena *scratch CLEANUP(arena_freep) = arena_new();
	unsigned plane = istio_minor(assess);
	for (size_t i = 0; plane && i < assess->inventory->n_pods; i++) {
		const struct kube_pod *pod = &assess->inventory->pods[i];
		const char *kind, *name;
		if (!subject_pod_lives(assess, pod) || !pod->spec)
			continue;
		unsigned minor = sidecar_minor(scratch, pod->spec->containers, pod->spec->n_containers);
		minor = minor ? minor
			      : sidecar_minor(scratch, pod->spec->init_containers, pod->spec->n_init_containers);
		if (!minor || (minor <= plane && minor + 2 >= plane))
			continue;
		index_pod_owner(assess, pod, &kind, &name);
		if (subject_find(assess, before, kind, pod->meta.ns, name))
			continue;
		struct finding *finding = assess_object(
			assess, kind, pod->meta.ns, name,
			"its Istio sidecar is 1.%u, the control plane 1.%u: up to two behind are supported", minor,
			plane);
		assess_remedy_restart(assess, finding, kind, subject_text(pod->meta.ns), subject_text(name));
	}
}

static void mesh(struct assess *assess)
{
	size_t before = assess->n_findings;
	each_seen(assess, mesh_one);
	sidecars(assess, before);
}

/* ---- Helm */

static void chart_range(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_helm_releases; i++) {
		const struct helm_release *release = &assess->inventory->helm_releases[i];
		enum range_verdict verdict = chart_range_holds(release->kube_version, assess->to);
		if (verdict == RANGE_NONSENSE)
			assess_unknown(assess, "HelmRelease", release->ns, release->name,
				       "kubeVersion \"%s\" cannot be read", release->kube_version);
		if (verdict != RANGE_OUT)
			continue;
		struct finding *finding =
			assess_object(assess, "HelmRelease", release->ns, release->name,
				      "chart %s %s wants Kubernetes %s, the target is %s", subject_text(release->chart),
				      subject_text(release->chart_version), release->kube_version, assess->target);
		assess_evidence(assess, finding, "helm", "revision %lld", (long long)release->revision);
		assess_remedy(assess, finding, "upgrade release %s to a chart that allows %s",
			      subject_text(release->name), assess->target);
	}
}

static void pending(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_helm_releases; i++) {
		const struct helm_release *release = &assess->inventory->helm_releases[i];
		if (!starts(release->status, "pending-") && !starts(release->status, "failed"))
			continue;
		struct finding *finding = assess_object(assess, "HelmRelease", release->ns, release->name,
							"its newest revision is %s", release->status);
		assess_evidence(assess, finding, "helm", "revision %lld of chart %s %s", (long long)release->revision,
				subject_text(release->chart), subject_text(release->chart_version));
		assess_remedy(assess, finding, "helm -n %s %s %s", subject_text(release->ns),
			      release->revision > 1 ? "rollback" : "uninstall", subject_text(release->name));
	}
}

/* ---- CMP-CHART-STALE: by the lines of components.tsv, of which the makers' own pages have one or more for each year
 */

static void stale(struct assess *assess)
{
	enum { FAR = 4 };
	static const struct {
		const char *chart, *component;
	} charts[] = {{"cert-manager", "cert-manager"},
		      {"aws-load-balancer-controller", "aws-load-balancer-controller"},
		      {"karpenter", "karpenter"},
		      {"istiod", "istio"},
		      {"linkerd-control-plane", "linkerd"},
		      {"argo-cd", "argo-cd"},
		      {"flux2", "flux"}};
	for (size_t i = 0; i < assess->inventory->n_helm_releases; i++) {
		const struct helm_release *release = &assess->inventory->helm_releases[i];
		for (size_t k = 0; k < ARRAY_SIZE(charts); k++) {
			if (strcmp(subject_text(release->chart), charts[k].chart) != 0 || !release->app_version)
				continue;
			const struct component_support *row =
				knowledge_component(charts[k].component, bare_version(release->app_version));
			if (!row || knowledge_component_behind(row) < FAR)
				continue;
			const struct component_support *newest = row + knowledge_component_behind(row);
			struct finding *finding =
				assess_object(assess, "HelmRelease", release->ns, release->name,
					      "%s %s is far behind %s, the newest known here", charts[k].component,
					      release->app_version, newest->from);
			assess_evidence(assess, finding, "helm", "chart %s %s, revision %lld", release->chart,
					subject_text(release->chart_version), (long long)release->revision);
		}
	}
}

/* ---- operators of OLM: {"type": "olm.maxOpenShiftVersion", "value": "4.16"}; OpenShift 4.N is Kubernetes 1.(N+13) */

static unsigned most_of(const json_t *properties)
{
	size_t i;
	const json_t *one;
	json_array_foreach (properties, i, one) {
		const json_t *value = json_object_get(one, "value");
		const char *text = json_string_value(value);
		if (!strcmp(document_text_or(one, "type", ""), "olm.maxOpenShiftVersion") && starts(text, "4."))
			return (unsigned)strtoul(text + 2, NULL, 10) + 13;
		if (!strcmp(document_text_or(one, "type", ""), "olm.maxKubeVersion") && text)
			return knowledge_minor(text);
	}
	return 0;
}

/* OLM shows an operator's definition in each namespace that it watches: the copies are not what a person changes. */
static void operator_max(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_customs; i++) {
		const struct kube_custom *custom = &assess->inventory->customs[i];
		if (!custom->kind || strcmp(custom->kind, "ClusterServiceVersion") != 0 ||
		    kube_meta_label(&custom->meta, "olm.copiedFrom"))
			continue;
		unsigned most = most_of(assess_json(assess, kube_meta_annotation(&custom->meta, "olm.properties"))),
			 own = knowledge_minor(document_text(assess_json(assess, custom->spec), "maxKubeVersion"));
		most = own && (!most || own < most) ? own : most;
		if (!most || most >= assess->to)
			continue;
		struct finding *finding = assess_object(
			assess, custom->kind, custom->meta.ns, custom->meta.name,
			"the operator says it goes up to Kubernetes 1.%u, the target is %s", most, assess->target);
		assess_evidence(assess, finding, "kubernetes clusterserviceversions.operators.coreos.com", "%s",
				own == most ? "spec.maxKubeVersion"
					    : "annotation olm.properties; OpenShift 4.N is Kubernetes 1.(N+13)");
		assess_remedy(assess, finding,
			      "kubectl -n %s get subscriptions.operators.coreos.com; let it install a "
			      "newer version, or take one from another channel",
			      subject_text(custom->meta.ns));
	}
}

const struct check checks_components[] = {
	{.id = "CMP-INCOMPATIBLE",
	 .title = "a component does not support the target",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "BLOCKER where its maker says so, HIGH where it is concluded",
	 .needs = NEEDS(SUBJECT_ALL),
	 .run = incompatible,
	 .remedy = "upgrade it before the control plane",
	 .page = PAGE},
	{.id = "CMP-UNKNOWN",
	 .title = "a component of which it is not known whether it goes with the target",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS(SUBJECT_ALL),
	 .run = unknown,
	 .remedy = "look at its release notes",
	 .page = PAGE},
	{.id = "CMP-KARPENTER",
	 .title = "Karpenter is too old for the target",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS(SUBJECT_SETS),
	 .run = karpenter,
	 .remedy = "upgrade Karpenter, its custom resource definitions first",
	 .page = PAGE_KARPENTER},
	{.id = "CMP-AUTOSCALER",
	 .title = "cluster-autoscaler of another minor than the cluster",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS(SUBJECT_SETS, "eks:DescribeCluster"),
	 .run = autoscaler,
	 .remedy = "run the autoscaler's release of the cluster's minor",
	 .page = "https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/README.md#releases"},
	{.id = "CMP-INGRESS-NGINX",
	 .title = "the retired ingress-nginx controller is in use",
	 .severity = SEVERITY_MEDIUM,
	 .severities = "from 1.35",
	 .needs = NEEDS(SUBJECT_ALL),
	 .run = ingress_nginx,
	 .remedy = "plan to move to another controller or to Gateway API",
	 .page = "https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/"},
	{.id = "CMP-CRD-FIRST",
	 .title = "custom resource definitions must be upgraded before their controller",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS(SUBJECT_ALL),
	 .run = crd_first,
	 .remedy = "apply the new release's definitions first, then upgrade the controller",
	 .page = "https://helm.sh/docs/chart_best_practices/custom_resource_definitions/"},
	{.id = "CMP-MESH",
	 .title = "the service mesh does not go with the target, or its sidecars not with it",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(SUBJECT_ALL, "kubernetes pods"),
	 .run = mesh,
	 .remedy = "upgrade the mesh's control plane, then restart what has sidecars",
	 .page = "https://istio.io/latest/docs/releases/supported-releases/"},
	{.id = "CMP-CHART-KUBEVERSION",
	 .title = "a chart's kubeVersion leaves the target out",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes secrets"),
	 .run = chart_range,
	 .remedy = "upgrade the release to a chart that allows the target",
	 .page = "https://helm.sh/docs/topics/charts/#the-kubeversion-field"},
	{.id = "CMP-HELM-PENDING",
	 .title = "a Helm release is pending or failed",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes secrets"),
	 .run = pending,
	 .remedy = "roll it back or finish it",
	 .page = "https://helm.sh/docs/helm/helm_status/"},
	{.id = "CMP-BRIDGE",
	 .title = "no release of a component goes with both ends of a hop",
	 .severity = SEVERITY_HIGH,
	 .severities = "HIGH; of a hop over several versions for blue/green only",
	 .needs = NEEDS(SUBJECT_ALL, "eks:DescribeCluster"),
	 .run = bridge,
	 .remedy = "upgrade it in the same step as the control plane, or give Green a release of its own",
	 .page = PAGE},
	{.id = "CMP-CHART-STALE",
	 .title = "a Helm release is far behind its upstream",
	 .severity = SEVERITY_LOW,
	 .needs = NEEDS("kubernetes secrets"),
	 .run = stale,
	 .remedy = "upgrade it while nothing else changes",
	 .page = "https://helm.sh/docs/helm/helm_upgrade/"},
	{.id = "CMP-OPERATOR-MAX",
	 .title = "an operator declares a maximum platform version below the target",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes clusterserviceversions.operators.coreos.com"),
	 .run = operator_max,
	 .remedy = "upgrade the operator first",
	 .page = "https://olm.operatorframework.io/docs/"},
	{.id = NULL},
};
