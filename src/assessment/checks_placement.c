/* Where nodes stand and what they are called: is there a second zone, and will new nodes carry the labels that
 * workloads ask for? */
#include <string.h>
#include "assessment/nodegroups.h"
#include "perception/aws_items.h"

#define EACH_NODE(assess, node)                                                                                        \
	for (const struct kube_node *node = (assess)->inventory->nodes, *end_ = node + (assess)->inventory->n_nodes;   \
	     node < end_; node++)

static bool all_nodes_in_one(const struct assess *assess, const char **ret_zone, size_t *ret_n)
{
	*ret_zone = NULL;
	*ret_n = 0;
	EACH_NODE(assess, node)
	{
		const char *zone = kube_meta_label(&node->meta, "topology.kubernetes.io/zone");
		if (!zone || (*ret_zone && strcmp(*ret_zone, zone) != 0))
			return false;
		*ret_zone = zone;
		++*ret_n;
	}
	return *ret_n > 1;
}

static const char *zone_of_subnet(const struct assess *assess, const char *subnet)
{
	EACH_AWS (assess->inventory, "describe_subnets", "Subnets", seen)
		if (subnet && !strcmp(document_text_or(seen, "SubnetId", ""), subnet))
			return document_text(seen, "AvailabilityZone");
	return NULL;
}

/* The subnets in which groups make new nodes. One of an unknown zone may be in another. */
static bool all_subnets_in_one(const struct assess *assess, const char **ret_zone)
{
	size_t i;
	const json_t *subnet;
	*ret_zone = NULL;
	EACH_NODEGROUP(assess, group)
	json_array_foreach (json_object_get(group, "subnets"), i, subnet) {
		const char *zone = zone_of_subnet(assess, json_string_value(subnet));
		if (!zone || (*ret_zone && strcmp(*ret_zone, zone) != 0))
			return false;
		*ret_zone = zone;
	}
	return *ret_zone != NULL;
}

static bool other_makers(const struct assess *assess)
{
	EACH_NODE(assess, node)
	{
		if (!nodegroup_of_node(node))
			return true;
	}
	return false;
}

/* Where new nodes may come is told by the groups and their subnets. */
static bool subnets_unread(const struct assess *assess, const char **ret_why)
{
	return assess_source_refused(assess, "eks:ListNodegroups", ret_why) ||
	       assess_source_refused(assess, "eks:DescribeNodegroup", ret_why) ||
	       assess_source_refused(assess, "ec2:DescribeSubnets", ret_why);
}

static void single_zone(struct assess *assess)
{
	const char *zone, *reason;
	size_t n;
	if (all_nodes_in_one(assess, &zone, &n))
		assess_cluster(assess, "all %zu nodes are in %s", n, zone);
	else if (assess->inventory->n_nodes && !other_makers(assess) && subnets_unread(assess, &reason))
		assess_unknown(assess, NULL, NULL, NULL, "%s", reason);
	else if (!other_makers(assess) && all_subnets_in_one(assess, &zone))
		assess_cluster(assess, "all subnets of the node groups are in %s: no node can come in another zone",
			       zone);
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

/* The group whose nodes have it now. */
static const char *group_with(const struct assess *assess, const char *key, const char *value)
{
	EACH_NODE(assess, node)
	{
		if (nodegroup_of_node(node) && has_label(node, key, value))
			return nodegroup_of_node(node);
	}
	return "NAME";
}

static bool is_lacked(struct assess *assess, const char *key, const char *value)
{
	return !is_well_known(key) && a_node_has(assess, key, value) && !comes_with_new_nodes(assess, key, value);
}

/* The label that a required affinity asks for and new nodes lack. Of several terms any one will do, so it speaks only
 * where there is one; and of several values so will any. */
static bool affinity_lacks(struct assess *assess, const struct kube_pod_spec *spec, const char **ret_key,
			   const char **ret_value)
{
	const json_t *terms = document_at(
			     assess_json(assess, spec->affinity),
			     "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"),
		     *expression, *value;
	size_t i, k;
	json_array_foreach (json_array_size(terms) == 1 ? document_at(terms, "[0].matchExpressions") : NULL, i,
			    expression) {
		const json_t *values = json_object_get(expression, "values");
		bool lacks = !strcmp(document_text_or(expression, "operator", ""), "In") && json_array_size(values);
		*ret_key = document_text_or(expression, "key", "");
		*ret_value = json_string_value(json_array_get(values, 0));
		json_array_foreach (values, k, value)
			lacks = lacks && json_is_string(value) && is_lacked(assess, *ret_key, json_string_value(value));
		if (lacks)
			return true;
	}
	return false;
}

static bool selector_lacks(struct assess *assess, const struct kube_pod_spec *spec, const char **ret_key,
			   const char **ret_value)
{
	for (size_t k = 0; k < spec->n_node_selector; k++) {
		*ret_key = spec->node_selector[k].key;
		*ret_value = subject_text(spec->node_selector[k].value);
		if (is_lacked(assess, *ret_key, *ret_value))
			return true;
	}
	return false;
}

static bool group_gives_taint(const struct assess *assess, const json_t *group, const char *key)
{
	size_t i, at = 0;
	const json_t *taint;
	json_array_foreach (json_object_get(group, "taints"), i, taint)
		if (!strcmp(document_text_or(taint, "key", ""), key))
			return true;
	return nodegroup_template_with(assess, key, &at) != NULL;
}

static bool has_taint(const struct kube_node *node, const char *key)
{
	for (size_t i = 0; i < node->n_taints; i++)
		if (node->taints[i].key && !strcmp(node->taints[i].key, key))
			return true;
	return false;
}

static bool a_node_is_tainted(const struct assess *assess, const char *key)
{
	EACH_NODE(assess, node)
	{
		if (has_taint(node, key))
			return true;
	}
	return false;
}

/* All nodes of the group keep others off by this taint, which the group does not give to new ones. */
static bool group_loses_taint(const struct assess *assess, const json_t *group, const char *key)
{
	size_t n = 0;
	EACH_NODE(assess, node)
	{
		if (!nodegroup_has(node, group))
			continue;
		if (!has_taint(node, key))
			return false;
		n++;
	}
	return n && !group_gives_taint(assess, group, key);
}

static bool runs_in(const struct assess *assess, struct pod_list pods, const json_t *group)
{
	for (size_t i = 0; i < pods.n; i++) {
		const struct kube_node *node =
			pod_at(pods, i)->node_name ? index_node(assess, pod_at(pods, i)->node_name) : NULL;
		if (node && nodegroup_has(node, group))
			return true;
	}
	return false;
}

/* A key that the workload tolerates by name, whose taint its nodes' group will not give again: NULL, none. */
static const char *taint_lacked(struct assess *assess, const struct kube_workload *workload)
{
	const struct kube_pod_spec *spec = workload->template.spec;
	for (size_t k = 0; k < spec->n_tolerations; k++) {
		const char *key = subject_text(spec->tolerations[k].key);
		if (!*key || is_well_known(key) || !a_node_is_tainted(assess, key))
			continue;
		EACH_NODEGROUP(assess, group)
		{
			if (group_loses_taint(assess, group, key) &&
			    runs_in(assess, index_workload_pods(assess, workload), group))
				return key;
		}
	}
	return NULL;
}

static void extra_labels(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_workloads; i++) {
		const struct kube_workload *workload = &assess->inventory->workloads[i];
		const struct kube_pod_spec *spec = workload->template.spec;
		const char *key, *value;
		if (!spec || !subject_is_lasting(assess, workload))
			continue;
		if (selector_lacks(assess, spec, &key, &value) || affinity_lacks(assess, spec, &key, &value)) {
			struct finding *finding = SUBJECT_FOUND(
				assess, workload, "it selects nodes by %s=%s, which no node group gives to new nodes",
				key, value);
			assess_remedy(assess, finding,
				      "give the label to the group: aws eks update-nodegroup-config --cluster-name %s "
				      "--nodegroup-name %s --labels 'addOrUpdateLabels={%s=%s}'",
				      subject_text(assess->inventory->cluster), group_with(assess, key, value), key,
				      value);
		} else if (!subject_is_kind(workload, "DaemonSet") && (key = taint_lacked(assess, workload))) {
			struct finding *finding = SUBJECT_FOUND(
				assess, workload,
				"its nodes have the taint %s, which their group does not give to new ones: others "
				"will be put there too",
				key);
			assess_remedy(assess, finding,
				      "give the taint to the group: aws eks update-nodegroup-config --cluster-name %s "
				      "--nodegroup-name NAME --taints "
				      "'addOrUpdateTaints=[{key=%s,value=VALUE,effect=NO_SCHEDULE}]'",
				      subject_text(assess->inventory->cluster), key);
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
	 .title = "workloads depend on labels or taints that new nodes lack",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes nodes", SUBJECT_ALL, "eks:ListNodegroups", "eks:DescribeNodegroup"),
	 .run = extra_labels,
	 .remedy = "give the label or the taint to the node group",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html"},
	{.id = NULL},
};
