/* Node groups and the room on nodes. */
#include "assessment/nodegroups.h"

#include <string.h>
#include "base/digest.h"
#include "perception/aws_items.h"

const json_t *nodegroup_next(const struct assess *assess, size_t *at)
{
	const json_t *calls = inventory_aws_calls(assess->inventory, "describe_nodegroup");
	while (*at < json_array_size(calls)) {
		const json_t *group = document_at(json_array_get(calls, (*at)++), "response.nodegroup");
		if (json_is_object(group))
			return group;
	}
	return NULL;
}

const char *nodegroup_name(const json_t *group)
{
	return document_text_or(group, "nodegroupName", "");
}

const char *nodegroup_object(const json_t *group)
{
	return document_text_or(group, "nodegroupArn", nodegroup_name(group));
}

int64_t nodegroup_desired(const json_t *group)
{
	return document_int_or(group, "scalingConfig.desiredSize", 0);
}

const char *nodegroup_of_node(const struct kube_node *node)
{
	return kube_meta_label(&node->meta, "eks.amazonaws.com/nodegroup");
}

bool nodegroup_has(const struct kube_node *node, const json_t *group)
{
	const char *name = nodegroup_of_node(node);
	return name && !strcmp(name, nodegroup_name(group));
}

/* ---- Auto Scaling groups */

static bool has_a_node(const struct assess *assess, const json_t *scaling)
{
	size_t i;
	const json_t *instance;
	json_array_foreach (json_object_get(scaling, "Instances"), i, instance)
		if (index_instance(assess, document_text_or(instance, "InstanceId", "")))
			return true;
	return false;
}

/* By its tags, or because a node of the cluster is its instance. */
static bool is_ours(const struct assess *assess, const json_t *scaling)
{
	size_t i;
	const json_t *tag;
	bool ours = nodegroup_of_scaling(assess, scaling) != NULL;
	const char *cluster = assess->inventory->cluster ? assess->inventory->cluster : "";
	json_array_foreach (json_object_get(scaling, "Tags"), i, tag) {
		const char *key = document_text_or(tag, "Key", ""), *value = document_text_or(tag, "Value", "");
		if (!strncmp(key, "karpenter.sh/", 13))
			return false;
		ours |= !strncmp(key, "kubernetes.io/cluster/", 22) && !strcmp(key + 22, cluster);
		ours |= !strcmp(key, "eks:cluster-name") && !strcmp(value, cluster);
		ours |= !strcmp(key, "alpha.eksctl.io/cluster-name") && !strcmp(value, cluster);
	}
	return ours || has_a_node(assess, scaling);
}

const json_t *nodegroup_next_scaling(const struct assess *assess, size_t *at)
{
	size_t i, n = *at;
	const json_t *call;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_auto_scaling_groups"), i, call) {
		const json_t *groups = document_at(call, "response.AutoScalingGroups");
		for (; n < json_array_size(groups); n++) {
			++*at;
			if (is_ours(assess, json_array_get(groups, n)))
				return json_array_get(groups, n);
		}
		n -= json_array_size(groups);
	}
	return NULL;
}

/* Managed groups tell which scaling groups are theirs, and EKS tags them. */
const json_t *nodegroup_of_scaling(const struct assess *assess, const json_t *scaling)
{
	size_t i;
	const json_t *own, *tag;
	const char *name = document_text_or(scaling, "AutoScalingGroupName", "");
	EACH_NODEGROUP(assess, group)
	{
		json_array_foreach (document_at(group, "resources.autoScalingGroups"), i, own)
			if (!strcmp(document_text_or(own, "name", ""), name))
				return group;
		json_array_foreach (json_object_get(scaling, "Tags"), i, tag)
			if (!strcmp(document_text_or(tag, "Key", ""), "eks:nodegroup-name") &&
			    !strcmp(document_text_or(tag, "Value", ""), nodegroup_name(group)))
				return group;
	}
	return NULL;
}

/* One with EKS's tag is managed though its group was not described. */
bool nodegroup_is_self_managed(const struct assess *assess, const json_t *scaling)
{
	size_t i;
	const json_t *tag;
	json_array_foreach (json_object_get(scaling, "Tags"), i, tag)
		if (!strcmp(document_text_or(tag, "Key", ""), "eks:nodegroup-name"))
			return false;
	return !nodegroup_of_scaling(assess, scaling);
}

const char *nodegroup_scaling_object(const json_t *scaling)
{
	return document_text_or(scaling, "AutoScalingGroupARN", document_text_or(scaling, "AutoScalingGroupName", ""));
}

bool nodegroup_scaling_has(const struct kube_node *node, const json_t *scaling)
{
	const char *slash = node->provider_id ? strrchr(node->provider_id, '/') : NULL;
	size_t i;
	const json_t *instance;
	json_array_foreach (json_object_get(scaling, "Instances"), i, instance)
		if (slash && !strcmp(slash + 1, document_text_or(instance, "InstanceId", "")))
			return true;
	return false;
}

/* ---- launch templates */

#define EACH_TEMPLATE_VERSION(assess, version)                                                                         \
	EACH_AWS ((assess)->inventory, "describe_launch_template_versions", "LaunchTemplateVersions", version)

static bool is_newest(const struct assess *assess, const json_t *version)
{
	EACH_TEMPLATE_VERSION (assess, other)
		if (!strcmp(document_text_or(other, "LaunchTemplateId", ""),
			    document_text_or(version, "LaunchTemplateId", "")) &&
		    document_int_or(other, "VersionNumber", 0) > document_int_or(version, "VersionNumber", 0))
			return false;
	return true;
}

/* Does the reference of a group name this version? Sets `ret_named` where it names the template at all. */
static bool refers(const struct assess *assess, const json_t *reference, const char *id_key, const char *name_key,
		   const char *version_key, const json_t *version, bool *ret_named)
{
	const char *id = document_text(reference, id_key), *name = document_text(reference, name_key),
		   *wanted = document_text_or(reference, version_key, "$Default");
	if (!(id && !strcmp(id, document_text_or(version, "LaunchTemplateId", ""))) &&
	    !(name && !strcmp(name, document_text_or(version, "LaunchTemplateName", ""))))
		return false;
	*ret_named = true;
	if (!strcmp(wanted, "$Latest"))
		return is_newest(assess, version);
	return !strcmp(wanted, "$Default")
		       ? document_true(version, "DefaultVersion")
		       : document_int_or(reference, version_key, -1) == document_int_or(version, "VersionNumber", 0);
}

/* Versions that no group runs any more harm nobody. */
static bool is_used(const struct assess *assess, const json_t *version)
{
	bool named = false;
	EACH_NODEGROUP(assess, group)
	{
		if (refers(assess, json_object_get(group, "launchTemplate"), "id", "name", "version", version, &named))
			return true;
	}
	EACH_SCALING_GROUP(assess, scaling)
	{
		const json_t *mixed =
			document_at(scaling, "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification");
		if (refers(assess, mixed ? mixed : json_object_get(scaling, "LaunchTemplate"), "LaunchTemplateId",
			   "LaunchTemplateName", "Version", version, &named))
			return true;
	}
	return !named;
}

static bool user_data_has(const json_t *version, const char *word)
{
	struct buf plain CLEANUP(buf_done) = BUF_INIT(1 << 20);
	const char *data = document_text(version, "LaunchTemplateData.UserData");
	return data && base64_decode(slice_of(data), &plain) && strstr(buf_str(&plain), word);
}

const char *nodegroup_template_with(const struct assess *assess, const char *word, size_t *at)
{
	size_t seen = 0;
	EACH_TEMPLATE_VERSION (assess, version) {
		if (seen++ < *at)
			continue;
		const char *id = document_text_or(version, "LaunchTemplateId", "");
		bool given = !user_data_has(version, word) || !is_used(assess, version);
		EACH_TEMPLATE_VERSION (assess, earlier) {
			if (given || earlier == version)
				break;
			given = !strcmp(document_text_or(earlier, "LaunchTemplateId", ""), id) &&
				user_data_has(earlier, word) && is_used(assess, earlier);
		}
		*at = seen;
		if (!given)
			return id;
	}
	return NULL;
}

bool nodegroup_runs_al2(const struct kube_node *node)
{
	return node->os_image && !subject_is_fargate(node) && !strncmp(node->os_image, "Amazon Linux 2", 14) &&
	       strncmp(node->os_image, "Amazon Linux 2023", 17) != 0;
}

struct node_room nodegroup_room(const struct assess *assess, const struct kube_node *node)
{
	const struct node_use *use = index_node_use(assess, node);
	return (struct node_room){
		.milli = kube_text_thousandths(kube_pairs_get(node->allocatable, node->n_allocatable, "cpu")),
		.bytes = kube_text_units(kube_pairs_get(node->allocatable, node->n_allocatable, "memory")),
		.pods = kube_text_units(kube_pairs_get(node->allocatable, node->n_allocatable, "pods")),
		.used_milli = use->milli,
		.used_bytes = use->bytes,
		.used_pods = use->pods};
}
