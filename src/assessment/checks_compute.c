/* The other ways to have nodes: Karpenter, Auto Mode, Fargate, Windows, hybrid. */
#include <string.h>
#include "assessment/asked.h"
#include "assessment/nodegroups.h"
#include "assessment/window.h"

#define PAGE_KARPENTER "https://karpenter.sh/docs/concepts/disruption/"

#define EACH_CUSTOM(assess, custom, wanted)                                                                            \
	for (const struct kube_custom *custom = (assess)->inventory->customs,                                          \
				      *end_ = custom + (assess)->inventory->n_customs;                                 \
	     custom < end_; custom++)                                                                                  \
		if (custom->kind && !strcmp(custom->kind, (wanted)))

static bool pool_is_shut(struct assess *assess, const struct kube_custom *pool)
{
	return window_pool_is_shut(assess_json(assess, pool->spec), assess->now_ms);
}

static void budget_zero(struct assess *assess)
{
	EACH_CUSTOM(assess, pool, "NodePool")
	if (pool_is_shut(assess, pool)) {
		struct finding *finding = assess_object(assess, "NodePool", NULL, pool->meta.name,
							"its disruption budget is 0: its nodes are never replaced");
		char *budgets CLEANUP(mem_freep) =
			json_dumps(document_at(assess_json(assess, pool->spec), "disruption.budgets"), JSON_COMPACT);
		assess_evidence(assess, finding, "kubernetes nodepools.karpenter.sh", "spec.disruption.budgets: %s",
				subject_text(budgets));
		assess_remedy(assess, finding,
			      "let spec.disruption.budgets allow at least one node: kubectl edit nodepool %s",
			      pool->meta.name);
	}
}

static void pinned(struct assess *assess)
{
	EACH_CUSTOM(assess, class, "EC2NodeClass")
	{
		const json_t *terms = json_object_get(assess_json(assess, class->spec), "amiSelectorTerms"), *term;
		size_t i;
		json_array_foreach (terms, i, term) {
			const char *id = document_text(term, "id");
			if (!id)
				continue;
			struct finding *finding = assess_object(
				assess, "EC2NodeClass", NULL, class->meta.name,
				"it pins the image %s: its nodes do not move to %s by themselves", id, assess->target);
			assess_evidence(assess, finding, "kubernetes ec2nodeclasses.karpenter.k8s.aws",
					"amiSelectorTerms[%zu].id: %s", i, id);
			break;
		}
	}
}

static void alias_latest(struct assess *assess)
{
	EACH_CUSTOM(assess, class, "EC2NodeClass")
	{
		const json_t *terms = json_object_get(assess_json(assess, class->spec), "amiSelectorTerms"), *term;
		size_t i;
		json_array_foreach (terms, i, term) {
			const char *alias = document_text_or(term, "alias", ""), *at = strchr(alias, '@');
			if (!at || strcmp(at, "@latest") != 0)
				continue;
			struct finding *finding = assess_object(
				assess, "EC2NodeClass", NULL, class->meta.name,
				"alias %s: its nodes begin to move by themselves when the control plane has", alias);
			assess_remedy(
				assess, finding,
				"until the control plane has baked, pin what runs now: kubectl edit ec2nodeclass %s, "
				"%.*s@vYYYYMMDD of status.amis",
				class->meta.name, (int)(at - alias), alias);
			break;
		}
	}
}

static bool is_auto_mode(const struct assess *assess)
{
	return document_true(inventory_cluster(assess->inventory), "computeConfig.enabled");
}

static bool refuses(const struct kube_meta *meta)
{
	const char *value = kube_meta_annotation(meta, "karpenter.sh/do-not-disrupt");
	return value && !strcmp(value, "true");
}

static bool is_autos(const struct kube_node *node)
{
	const char *type = node ? kube_meta_label(&node->meta, "eks.amazonaws.com/compute-type") : NULL;
	return type && !strcmp(type, "auto");
}

enum { MOST_EVIDENCE = 20 };

/* What keeps nodes from being replaced is told one by one, here as evidence. */
static void auto_mode(struct assess *assess)
{
	if (!is_auto_mode(assess))
		return;
	struct finding *finding =
		assess_cluster(assess, "Auto Mode: EKS replaces the nodes by itself after the control plane");
	EACH_CUSTOM(assess, pool, "NodePool")
	if (pool_is_shut(assess, pool))
		assess_evidence(assess, finding, "kubernetes nodepools.karpenter.sh", "NodePool %s: budget 0",
				pool->meta.name);
	for (size_t i = 0; i < assess->inventory->n_nodes; i++)
		if (refuses(&assess->inventory->nodes[i].meta))
			assess_evidence(assess, finding, "kubernetes nodes", "node %s: karpenter.sh/do-not-disrupt",
					assess->inventory->nodes[i].meta.name);
	for (size_t i = 0; i < assess->inventory->n_pods; i++) {
		const struct kube_pod *pod = &assess->inventory->pods[i];
		if (refuses(&pod->meta) && pod->node_name && is_autos(index_node(assess, pod->node_name)) &&
		    subject_pod_lives(assess, pod) && finding->n_evidence < MOST_EVIDENCE)
			assess_evidence(assess, finding, "kubernetes pods", "pod %s/%s: karpenter.sh/do-not-disrupt",
					subject_text(pod->meta.ns), pod->meta.name);
	}
	finding->severity = finding->n_evidence ? SEVERITY_HIGH : SEVERITY_INFO;
	if (finding->n_evidence)
		finding->message =
			"Auto Mode replaces the nodes after the control plane, and budgets or annotations forbid it";
}

static const json_t *profile_of(const struct assess *assess, const char *name)
{
	const json_t *response;
	asked_single(assess, "describe_fargate_profile", "fargateProfileName", "fargateProfile.fargateProfileName",
		     (const char *const[]){name, NULL}, &response);
	return json_object_get(response, "fargateProfile");
}

static void fargate(struct assess *assess)
{
	size_t i, k;
	const json_t *name, *selector;
	json_array_foreach (
		document_at(inventory_aws_response(assess->inventory, "list_fargate_profiles"), "fargateProfileNames"),
		i, name) {
		if (!json_is_string(name))
			continue;
		const json_t *profile = profile_of(assess, json_string_value(name));
		const char *ns = NULL;
		struct finding *finding = assess_aws(
			assess, document_text_or(profile, "fargateProfileArn", json_string_value(name)),
			"Fargate profile %s: its pods keep their version until they are restarted, and there is no way "
			"back for the control plane while they run",
			json_string_value(name));
		json_array_foreach (json_object_get(profile, "selectors"), k, selector) {
			const char *of = document_text_or(selector, "namespace", "?");
			ns = ns || strpbrk(of, "*?") ? ns : of; /* a pattern is no name to type */
			assess_evidence(assess, finding, "eks:DescribeFargateProfile", "pods of namespace %s", of);
		}
		if (ns)
			assess_remedy(
				assess, finding,
				"after the control plane, in each of its namespaces: kubectl -n %s rollout restart "
				"deployment",
				ns);
	}
}

static void windows(struct assess *assess)
{
	size_t from = assess->n_findings;
	EACH_NODEGROUP(assess, group)
	if (!strncmp(document_text_or(group, "amiType", ""), "WINDOWS_", 8))
		assess_evidence(assess,
				assess_aws(assess, nodegroup_object(group),
					   "Windows nodes: their image and limits are their own"),
				"eks:DescribeNodegroup", "%s: %s", nodegroup_name(group),
				document_text(group, "amiType"));
	for (size_t i = 0; i < assess->inventory->n_nodes; i++) {
		const struct kube_node *node = &assess->inventory->nodes[i];
		const char *label = kube_meta_label(&node->meta, "kubernetes.io/os"),
			   *system = node->operating_system ? node->operating_system : label;
		bool new;
		if (!system || strcmp(system, "windows") != 0)
			continue;
		struct finding *finding = subject_node_found(
			assess, from, node, "Windows nodes: their image and limits are their own", &new);
		if (new)
			assess_evidence(assess, finding, "kubernetes nodes", "%s: %s", node->meta.name,
					subject_text(node->os_image));
	}
}

static void hybrid(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_nodes; i++) {
		const struct kube_node *node = &assess->inventory->nodes[i];
		const char *type = kube_meta_label(&node->meta, "eks.amazonaws.com/compute-type");
		if (!type || strcmp(type, "hybrid") != 0)
			continue;
		struct finding *finding =
			assess_object(assess, "Node", NULL, node->meta.name,
				      "a hybrid node (%s): nobody upgrades it but you", subject_text(node->kubelet));
		assess_remedy(
			assess, finding,
			"after the control plane, on %s: nodeadm upgrade %s --config-source file://nodeConfig.yaml",
			node->meta.name, assess->target);
	}
}

const struct check checks_compute[] = {
	{.id = "KARP-BUDGET-ZERO",
	 .title = "a NodePool lets no node be disrupted",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes nodepools.karpenter.sh"),
	 .run = budget_zero,
	 .remedy = "let the budget allow one node at least",
	 .page = PAGE_KARPENTER},
	{.id = "KARP-PINNED",
	 .title = "an EC2NodeClass pins its image",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes ec2nodeclasses.karpenter.k8s.aws"),
	 .run = pinned,
	 .remedy = "select the image by alias, or put the target's image id in",
	 .page = "https://karpenter.sh/docs/concepts/nodeclasses/"},
	{.id = "KARP-ALIAS-LATEST",
	 .title = "an EC2NodeClass follows the latest image",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("kubernetes ec2nodeclasses.karpenter.k8s.aws"),
	 .run = alias_latest,
	 .remedy = "pin a version of the alias until the control plane has baked",
	 .page = "https://karpenter.sh/docs/tasks/managing-amis/"},
	{.id = "AUTO-MODE",
	 .title = "Auto Mode",
	 .severity = SEVERITY_INFO,
	 .severities = "HIGH where budgets or annotations block, INFO otherwise",
	 .needs = NEEDS("eks:DescribeCluster", "kubernetes nodepools.karpenter.sh", "kubernetes nodes",
			"kubernetes pods"),
	 .run = auto_mode,
	 .remedy = "see that budgets and do-not-disrupt let nodes be replaced",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/automode.html"},
	{.id = "FARGATE",
	 .title = "Fargate profiles",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("eks:ListFargateProfiles"),
	 .run = fargate,
	 .remedy = "restart their pods after the control plane: kubectl rollout restart",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/fargate.html"},
	{.id = "WINDOWS",
	 .title = "Windows nodes",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("kubernetes nodes"),
	 .run = windows,
	 .remedy = "see that the target has an image for their Windows version",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/windows-support.html"},
	{.id = "HYBRID",
	 .title = "hybrid nodes",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("kubernetes nodes"),
	 .run = hybrid,
	 .remedy = "plan their upgrade with nodeadm",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-upgrade.html"},
	{.id = NULL},
};
