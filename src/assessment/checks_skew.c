/* Do kubelets, kube-proxy and clients go with the API server, now and after the next hop? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "assessment/addon_versions.h"
#include "assessment/subject.h"
#include "codec/document.h"
#include "knowledge/lifecycle.h"
#include "perception/aws_items.h"

#define PAGE "https://kubernetes.io/releases/version-skew-policy/"
#define PAGE_CAPI "https://cluster-api.sigs.k8s.io/tasks/upgrading-clusters"

#define EACH_NODE(assess, node)                                                                                        \
	for (const struct kube_node *node = (assess)->inventory->nodes, *end_ = node + (assess)->inventory->n_nodes;   \
	     node < end_; node++)
#define EACH_CUSTOM(assess, custom, wanted)                                                                            \
	for (const struct kube_custom *custom = (assess)->inventory->customs,                                          \
				      *end_ = custom + (assess)->inventory->n_customs;                                 \
	     custom < end_; custom++)                                                                                  \
		if (custom->kind && !strcmp(custom->kind, (wanted)))

/* kubelets may be three minors behind from 1.28 on, two before; kube-proxy and kubelet three apart. */
enum { PROXY_LIMIT = 3, FAR = 40 };

static unsigned limit_at(unsigned minor)
{
	return minor >= 28 ? 3 : 2;
}

static unsigned next_hop(const struct assess *assess)
{
	return assess->to > assess->from ? assess->from + 1 : assess->from;
}

/* Minors behind the API server's; negative: newer; -FAR: not known. */
static int behind(const struct assess *assess, const struct kube_node *node)
{
	unsigned minor = knowledge_minor(node->kubelet);
	return minor && assess->from ? (int)assess->from - (int)minor : -FAR;
}

/* How nodes come to the API server's version depends on what makes them. */
static void node_remedy(struct assess *assess, struct finding *finding, const struct kube_node *node)
{
	const struct finding_object *object = finding->object;
	const char *group = kube_meta_label(&node->meta, "eks.amazonaws.com/nodegroup"),
		   *kind = object ? object->kind : NULL;
	if (group)
		assess_remedy(
			assess, finding,
			"aws eks update-nodegroup-version --cluster-name %s --nodegroup-name %s --kubernetes-version "
			"1.%u",
			assess_cluster_name(assess), group, assess->from);
	else if (kind && !strcmp(kind, "NodePool"))
		assess_remedy(
			assess, finding,
			"let Karpenter replace them: take the pinned image out of the EC2NodeClass of NodePool %s, or "
			"kubectl delete node %s",
			object->name, node->meta.name);
	else if (kind)
		assess_remedy(assess, finding,
			      "replace it: kubectl drain %s --ignore-daemonsets --delete-emptydir-data, then end its "
			      "instance",
			      node->meta.name);
	else
		assess_remedy(assess, finding,
			      "give the group's launch template an image of 1.%u, then: aws autoscaling "
			      "start-instance-refresh --auto-scaling-group-name %s",
			      assess->from, object && object->name ? object->name : "GROUP");
}

/* One finding for what makes the node; NULL when it has been told. */
static struct finding *node_found(struct assess *assess, size_t before, const struct kube_node *node,
				  const char *message)
{
	bool is_new;
	struct finding *finding = subject_node_found(assess, before, node, message, &is_new);
	if (is_new) {
		assess_evidence(assess, finding, "kubernetes nodes", "%s runs kubelet %s", node->meta.name,
				node->kubelet);
		node_remedy(assess, finding, node);
	}
	return is_new ? finding : NULL;
}

/* ---- kubelets. Fargate's cannot be upgraded in place: they have a check of their own. */

static void kubelet(struct assess *assess)
{
	size_t before = assess->n_findings;
	for (int lag = FAR; lag > 0; lag--) { /* the worst node of a group speaks for it */
		EACH_NODE(assess, node)
		{
			if (behind(assess, node) != lag || subject_is_fargate(node))
				continue;
			struct finding *finding =
				node_found(assess, before, node,
					   arena_printf(assess->arena,
							"its kubelets are %d minor version%s behind the "
							"API server's 1.%u",
							lag, lag == 1 ? "" : "s", assess->from));
			if (finding)
				finding->severity =
					(unsigned)lag >= limit_at(assess->from) ? SEVERITY_BLOCKER : SEVERITY_MEDIUM;
		}
	}
}

static void after_hop(struct assess *assess)
{
	size_t before = assess->n_findings;
	unsigned hop = next_hop(assess);
	if (!assess->from || hop == assess->from)
		return;
	EACH_NODE(assess, node)
	{
		unsigned minor = knowledge_minor(node->kubelet);
		if (minor && minor + limit_at(hop) < hop && !subject_is_fargate(node))
			node_found(assess, before, node,
				   arena_printf(assess->arena,
						"at 1.%u its kubelets (1.%u) would be %u minor versions behind; %u is "
						"the most that Kubernetes supports",
						hop, minor, hop - minor, limit_at(hop)));
	}
}

/* A group does not go back: what is newer is replaced, or waits for the control plane. */
static void node_newer(struct assess *assess)
{
	size_t before = assess->n_findings;
	EACH_NODE(assess, node)
	{
		int ahead = -behind(assess, node);
		struct finding *finding =
			ahead <= 0 || ahead == FAR
				? NULL
				: node_found(assess, before, node,
					     arena_printf(assess->arena,
							  "its kubelets (1.%u) are newer than the API server (1.%u)",
							  knowledge_minor(node->kubelet), assess->from));
		if (finding)
			assess_remedy(assess, finding,
				      "make nodes of 1.%u in their place: kubectl drain %s --ignore-daemonsets "
				      "--delete-emptydir-data, and delete what makes them",
				      assess->from, node->meta.name);
	}
}

static const char *group_label(const struct kube_node *node)
{
	return kube_meta_label(&node->meta, "eks.amazonaws.com/nodegroup");
}

/* Karpenter replaces nodes one by one: its pools are mixed by design, groups are not. */
static void mixed_group(struct assess *assess)
{
	size_t before = assess->n_findings;
	EACH_NODE(assess, node)
	{
		const char *group = group_label(node);
		for (const struct kube_node *first = assess->inventory->nodes; group && first < node; first++) {
			const char *other = group_label(first);
			if (!other || strcmp(other, group) != 0 || !first->kubelet || !node->kubelet)
				continue;
			if (strcmp(first->kubelet, node->kubelet) != 0)
				node_found(assess, before, node,
					   arena_printf(assess->arena, "its nodes run several kubelets: %s and %s",
							first->kubelet, node->kubelet));
			break;
		}
	}
}

static void fargate(struct assess *assess)
{
	size_t before = assess->n_findings;
	unsigned hop = next_hop(assess);
	EACH_NODE(assess, node)
	{
		unsigned minor = knowledge_minor(node->kubelet);
		if (!subject_is_fargate(node) || !minor || !assess->from || minor + limit_at(hop) >= hop)
			continue;
		struct pod_list pods = index_node_pods(assess, node);
		for (size_t i = 0; i < pods.n; i++) {
			const char *kind, *name;
			index_pod_owner(assess, pod_at(pods, i), &kind, &name);
			if (subject_find(assess, before, kind, pod_at(pods, i)->meta.ns, name))
				continue;
			struct finding *finding = assess_object(
				assess, kind, pod_at(pods, i)->meta.ns, name,
				"on Fargate with kubelet 1.%u, too old for 1.%u: it keeps what it started with", minor,
				hop);
			assess_evidence(assess, finding, "kubernetes nodes", "pod %s on %s, kubelet %s",
					pod_at(pods, i)->meta.name, node->meta.name, node->kubelet);
			assess_remedy_restart(assess, finding, kind, subject_text(pod_at(pods, i)->meta.ns), name);
		}
	}
}

/* ---- kube-proxy */

static const struct kube_workload *proxy(const struct assess *assess)
{
	return index_workload(assess, "DaemonSet", "kube-system", "kube-proxy");
}

/* The tag of the container that is kube-proxy: another may stand beside it, or before it. */
static const char *proxy_tag(const struct assess *assess)
{
	const struct kube_workload *workload = proxy(assess);
	const struct kube_pod_spec *spec = workload ? workload->template.spec : NULL;
	const char *name, *tag = "";
	for (size_t i = 0; spec && i < spec->n_containers; i++) {
		const struct kube_container *container = &spec->containers[i];
		if (container->image && !strcmp(subject_text(container->name), "kube-proxy"))
			image_split(assess->arena, container->image, &name, &tag);
	}
	if (!*tag && spec && spec->n_containers == 1 && spec->containers[0].image)
		image_split(assess->arena, spec->containers[0].image, &name, &tag);
	return tag;
}

/* False when there is none to look at; told as unknown when its version cannot be read. */
static bool proxy_minor(struct assess *assess, unsigned *ret)
{
	if (!proxy(assess))
		return false;
	const char *tag = proxy_tag(assess);
	*ret = knowledge_minor(tag);
	if (!*ret)
		assess_unknown(assess, "DaemonSet", "kube-system", "kube-proxy", "image tag \"%s\" is no version", tag);
	return *ret != 0;
}

/* The add-on's default for the present version, where EKS told it. */
static void proxy_remedy(struct assess *assess, struct finding *finding)
{
	const char *to = addon_default(assess, "kube-proxy", arena_printf(assess->arena, "1.%u", assess->from));
	assess_remedy(
		assess, finding,
		"bring kube-proxy and the nodes to the API server's minor: aws eks update-addon --cluster-name %s "
		"--addon-name kube-proxy --addon-version %s",
		assess_cluster_name(assess), to ? to : arena_printf(assess->arena, "v1.%u.…", assess->from));
}

/* Upstream: three either way between kube-proxy and kubelet. The farthest node speaks. */
static void proxy_skew(struct assess *assess)
{
	unsigned minor;
	int worst = 0;
	const struct kube_node *farthest = NULL;
	if (!proxy_minor(assess, &minor))
		return;
	EACH_NODE(assess, node)
	{
		unsigned kubelet_minor = knowledge_minor(node->kubelet);
		int apart = abs((int)kubelet_minor - (int)minor);
		if (!kubelet_minor || apart <= worst || subject_is_fargate(node))
			continue;
		worst = apart;
		farthest = node;
	}
	if (!farthest)
		return;
	struct finding *finding = assess_object(assess, "DaemonSet", "kube-system", "kube-proxy",
						"kube-proxy 1.%u is %d minor version%s away from kubelet %s", minor,
						worst, worst == 1 ? "" : "s", farthest->kubelet);
	finding->severity = worst > PROXY_LIMIT ? SEVERITY_BLOCKER : SEVERITY_LOW;
	assess_evidence(assess, finding, "kubernetes nodes", "node %s", farthest->meta.name);
	assess_evidence(assess, finding, "kubernetes daemonsets.apps", "image tag %s", proxy_tag(assess));
	proxy_remedy(assess, finding);
}

static void proxy_newer(struct assess *assess)
{
	unsigned minor;
	if (!assess->from || !proxy_minor(assess, &minor) || minor <= assess->from)
		return;
	struct finding *finding =
		assess_object(assess, "DaemonSet", "kube-system", "kube-proxy",
			      "kube-proxy 1.%u is newer than the API server (1.%u)", minor, assess->from);
	assess_evidence(assess, finding, "kubernetes daemonsets.apps", "image tag %s", proxy_tag(assess));
	proxy_remedy(assess, finding);
}

/* ---- Cluster API: what its controllers ask before they make a machine */

/* A management cluster holds others' machines. What names no cluster at all may be this one's. */
static bool is_of_another(struct assess *assess, const struct kube_custom *custom)
{
	const json_t *spec = assess_json(assess, custom->spec);
	const char *own = assess->inventory->cluster, *ns = subject_text(custom->meta.ns),
		   *names[] = {kube_meta_label(&custom->meta, "cluster.x-k8s.io/cluster-name"),
			       document_text(spec, "clusterName"), document_text(spec, "eksClusterName")};
	bool named = false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		/* Where EKS's name is not said, Cluster API makes it of the namespace's and the cluster's. */
		if (own && names[i] &&
		    (!strcmp(names[i], own) || !strcmp(arena_printf(assess->arena, "%s_%s", ns, names[i]), own)))
			return false;
		named |= names[i] != NULL;
	}
	return own && named;
}

static bool same_cluster(const struct kube_custom *a, const struct kube_custom *b)
{
	const char *one = kube_meta_label(&a->meta, "cluster.x-k8s.io/cluster-name"),
		   *other = kube_meta_label(&b->meta, "cluster.x-k8s.io/cluster-name");
	return one && other && !strcmp(one, other) && !strcmp(subject_text(a->meta.ns), subject_text(b->meta.ns));
}

static void machines_of(struct assess *assess, const struct kube_custom *machines, const char *version)
{
	EACH_CUSTOM(assess, plane, "KubeadmControlPlane")
	{
		const char *wanted = document_text(assess_json(assess, plane->spec), "version");
		if (same_cluster(machines, plane) && knowledge_minor(version) && knowledge_minor(wanted) &&
		    knowledge_minor(version) != knowledge_minor(wanted))
			assess_object(
				assess, machines->kind, machines->meta.ns, machines->meta.name,
				"its version %s is not the control plane's minor (%s): kubeadm makes no such node",
				version, wanted);
	}
}

static void capi_kubeadm(struct assess *assess)
{
	EACH_CUSTOM(assess, machines, "MachineDeployment")
	{
		const json_t *spec = document_at(assess_json(assess, machines->spec), "template.spec");
		if (!is_of_another(assess, machines) &&
		    !strcmp(document_text_or(spec, "bootstrap.configRef.kind", ""), "KubeadmConfigTemplate"))
			machines_of(assess, machines, document_text(spec, "version"));
	}
}

static void capi_plane(struct assess *assess, const char *kind)
{
	EACH_CUSTOM(assess, plane, kind)
	{
		const json_t *status = assess_json(assess, plane->status);
		const char *wanted = document_text(assess_json(assess, plane->spec), "version"),
			   *is = document_text(status, "version");
		unsigned a = knowledge_minor(wanted), b = knowledge_minor(is);
		if (a && b && a != b && !is_of_another(assess, plane))
			assess_evidence(assess,
					assess_object(assess, plane->kind, plane->meta.ns, plane->meta.name,
						      "it is going from %s to %s: Cluster API holds its machines until "
						      "that is over",
						      is, wanted),
					"kubernetes objects", "spec.version %s, status.version %s", wanted, is);
	}
}

static void capi_stable(struct assess *assess)
{
	capi_plane(assess, "KubeadmControlPlane");
	capi_plane(assess, "AWSManagedControlPlane");
}

/* ---- clients, as the insights' deprecated calls name them: "kubectl/v1.25.3 (linux/amd64) kubernetes/…" */

static unsigned client_minor(const char *agent)
{
	static const char prefix[] = "kubectl/v";
	return agent && !strncmp(agent, prefix, sizeof prefix - 1) ? knowledge_minor(agent + sizeof prefix - 2) : 0;
}

static void clients_of(struct assess *assess, const json_t *detail, size_t before)
{
	size_t i;
	const json_t *client;
	json_array_foreach (json_object_get(detail, "clientStats"), i, client) {
		const char *agent = document_text(client, "userAgent");
		unsigned minor = client_minor(agent);
		if (!minor || abs((int)minor - (int)assess->from) <= 1 || assess->n_findings > before)
			continue;
		struct finding *finding = assess_cluster(
			assess, "kubectl 1.%u is used, which is more than one minor version away from 1.%u", minor,
			assess->from);
		struct finding_evidence *evidence = assess_evidence(assess, finding, "insights", "calls %s",
								    document_text_or(detail, "usage", "an API"));
		evidence->caller = arena_strdup(assess->arena, agent);
	}
}

static void client(struct assess *assess)
{
	size_t before = assess->n_findings;
	EACH_AWS (assess->inventory, "describe_insight", "insight.categorySpecificSummary.deprecationDetails", detail)
		clients_of(assess, detail, before);
}

const struct check checks_skew[] = {
	{.id = "SKEW-KUBELET",
	 .title = "kubelets are behind the API server",
	 .severity = SEVERITY_MEDIUM,
	 .severities = "BLOCKER at the limit (3 minors; 2 before 1.28), MEDIUM below it",
	 .needs = NEEDS("kubernetes nodes", "eks:DescribeCluster"),
	 .run = kubelet,
	 .remedy = "bring the nodes to the API server's version: aws eks update-nodegroup-version",
	 .page = PAGE},
	{.id = "SKEW-AFTER-HOP",
	 .title = "after the next hop nodes would be too old",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes nodes", "eks:DescribeCluster"),
	 .run = after_hop,
	 .remedy = "upgrade these nodes before the control plane: aws eks update-nodegroup-version",
	 .page = PAGE},
	{.id = "SKEW-NODE-NEWER",
	 .title = "a node is newer than the API server",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes nodes", "eks:DescribeCluster"),
	 .run = node_newer,
	 .remedy = "replace these nodes by ones of the API server's version",
	 .page = PAGE},
	{.id = "SKEW-MIXED-GROUP",
	 .title = "several kubelet versions in one group",
	 .severity = SEVERITY_LOW,
	 .needs = NEEDS("kubernetes nodes"),
	 .run = mixed_group,
	 .remedy = "bring the whole group to one release: aws eks update-nodegroup-version",
	 .page = PAGE},
	{.id = "SKEW-PROXY",
	 .title = "kube-proxy and kubelets differ",
	 .severity = SEVERITY_LOW,
	 .severities = "BLOCKER beyond 3 minors, else LOW",
	 .needs = NEEDS("kubernetes nodes", "kubernetes daemonsets.apps"),
	 .run = proxy_skew,
	 .remedy = "aws eks update-addon --cluster-name CLUSTER --addon-name kube-proxy",
	 .page = PAGE},
	{.id = "SKEW-PROXY-NEWER",
	 .title = "kube-proxy is newer than the API server",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes daemonsets.apps", "eks:DescribeCluster"),
	 .run = proxy_newer,
	 .remedy = "bring it to the API server's minor: aws eks update-addon --cluster-name CLUSTER --addon-name "
		   "kube-proxy",
	 .page = PAGE},
	{.id = "SKEW-KUBEADM",
	 .title = "Cluster API machines of another minor than their control plane",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes machinedeployments.cluster.x-k8s.io",
			"kubernetes kubeadmcontrolplanes.controlplane.cluster.x-k8s.io"),
	 .run = capi_kubeadm,
	 .remedy = "set spec.template.spec.version to the control plane's minor",
	 .page = PAGE_CAPI},
	{.id = "SKEW-CONTROLPLANE-STABLE",
	 .title = "a Cluster API control plane is being upgraded",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes kubeadmcontrolplanes.controlplane.cluster.x-k8s.io",
			"kubernetes awsmanagedcontrolplanes.controlplane.cluster.x-k8s.io"),
	 .run = capi_stable,
	 .remedy = "wait until status.version is spec.version",
	 .page = PAGE_CAPI},
	{.id = "SKEW-FARGATE",
	 .title = "pods on Fargate are too old",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes nodes", "kubernetes pods", "eks:DescribeCluster"),
	 .run = fargate,
	 .remedy = "restart the workload: its new pods get the present version",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/fargate.html"},
	{.id = "SKEW-CLIENT",
	 .title = "kubectl more than one minor away",
	 .severity = SEVERITY_LOW,
	 .needs = NEEDS("eks:ListInsights", "eks:DescribeInsight", "eks:DescribeCluster"),
	 .run = client,
	 .remedy = "use a kubectl within one minor of the cluster",
	 .page = PAGE},
	{.id = NULL},
};
