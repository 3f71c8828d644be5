/* Where nodes stand and what they are called: is there a second zone, and will new nodes carry the labels that
 * workloads ask for? */
#include <string.h>
#include "assessment/nodegroups.h"

#define EACH_NODE(assess, node)                                                                                        \
	for (const struct kube_node *node = (assess)->inventory->nodes, *end_ = node + (assess)->inventory->n_nodes;   \
	     node < end_; node++)

static void single_zone(struct assess *assess)
{
	const char *first = NULL;
	size_t n = 0;
	EACH_NODE(assess, node)
	{
		const char *zone = kube_meta_label(&node->meta, "topology.kubernetes.io/zone");
		if (!zone || (first && strcmp(first, zone) != 0))
			return;
		first = zone;
		n++;
	}
	if (n > 1)
		assess_cluster(assess, "all %zu nodes are in %s", n, first);
}

static bool is_well_known(const char *key)
{
	return strstr(key, "kubernetes.io/") || strstr(key, "k8s.io/") || !strncmp(key, "karpenter.", 10) ||
	       strstr(key, "karpenter.sh/") || strstr(key, "karpenter.k8s.aws/") ||
	       !strncmp(key, "eks.amazonaws.com/", 18) || !strncmp(key, "alpha.eksctl.io/", 16) ||
	       !strncmp(key, "vpc.amazonaws.com/", 18);
}

static bool has_label(const struct kube_node *node, const char *key, const char *value)
{
	const char *has = kube_meta_label(&node->meta, key);
	return has && !strcmp(has, value);
}

/* Karpenter's pools say what their nodes will have. */
static bool a_pool_gives(struct assess *assess, const char *key)
{
	for (size_t i = 0; i < assess->inventory->n_customs; i++) {
		const struct kube_custom *custom = &assess->inventory->customs[i];
		const json_t *pool = custom->kind && !strcmp(custom->kind, "NodePool")
					     ? assess_json(assess, custom->spec)
					     : NULL,
			     *requirement;
		size_t k;
		if (json_object_get(document_at(pool, "template.metadata.labels"), key))
			return true;
		json_array_foreach (document_at(pool, "template.spec.requirements"), k, requirement)
			if (!strcmp(document_text_or(requirement, "key", ""), key))
				return true;
	}
	return false;
}

/* Some group would give its new nodes this label, or a launch template's user data does; or a node has it that no group
 * made, and nobody can tell. */
static bool comes_with_new_nodes(struct assess *assess, const char *key, const char *value)
{
	EACH_NODEGROUP(assess, group)
	{
		const char *has = json_string_value(json_object_get(json_object_get(group, "labels"), key));
		if (has && !strcmp(has, value))
			return true;
	}
	EACH_NODE(assess, node)
	if (!nodegroup_of_node(node) && has_label(node, key, value))
		return true;
	size_t at = 0;
	return nodegroup_template_with(assess, key, &at) || a_pool_gives(assess, key);
}

static bool a_node_has(const struct assess *assess, const char *key, const char *value)
{
	EACH_NODE(assess, node)
	{
		if (has_label(node, key, value))
			return true;
	}
	return false;
}

static void extra_labels(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_workloads; i++) {
		const struct kube_workload *workload = &assess->inventory->workloads[i];
		const struct kube_pod_spec *spec = workload->template.spec;
		for (size_t k = 0; subject_is_lasting(assess, workload) && spec && k < spec->n_node_selector; k++) {
			const char *key = spec->node_selector[k].key,
				   *value = spec->node_selector[k].value ? spec->node_selector[k].value : "";
			if (is_well_known(key) || !a_node_has(assess, key, value) ||
			    comes_with_new_nodes(assess, key, value))
				continue;
			struct finding *finding = SUBJECT_FOUND(
				assess, workload, "it selects nodes by %s=%s, which no node group gives to new nodes",
				key, value);
			assess_remedy(assess, finding,
				      "give the label to the group: aws eks update-nodegroup-config --labels "
				      "addOrUpdateLabels={%s=%s}",
				      key, value);
			break;
		}
	}
}

const struct check checks_placement[] = {
	{.id = "NODE-SINGLE-AZ",
	 .title = "all nodes in one zone",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("kubernetes nodes"),
	 .run = single_zone,
	 .remedy = "have nodes in two zones or more",
	 .page = "https://docs.aws.amazon.com/eks/latest/best-practices/data-plane.html"},
	{.id = "NODE-EXTRA-LABELS",
	 .title = "workloads depend on labels that new nodes lack",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes nodes", SUBJECT_ALL, "eks:ListNodegroups", "eks:DescribeNodegroup"),
	 .run = extra_labels,
	 .remedy = "give the label to the node group",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html"},
	{.id = NULL},
};
