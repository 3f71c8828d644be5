/* Node groups and the room on nodes. */
#include "assessment/nodegroups.h"

#include <string.h>
#include "base/digest.h"

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

static const json_t *template_version(const struct assess *assess, size_t n)
{
	size_t i;
	const json_t *call;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_launch_template_versions"), i, call) {
		const json_t *versions = document_at(call, "response.LaunchTemplateVersions");
		if (n < json_array_size(versions))
			return json_array_get(versions, n);
		n -= json_array_size(versions);
	}
	return NULL;
}

static bool user_data_has(const json_t *version, const char *word)
{
	struct buf plain CLEANUP(buf_done) = BUF_INIT(1 << 20);
	const char *data = document_text(version, "LaunchTemplateData.UserData");
	return data && base64_decode(slice_of(data), &plain) && strstr(buf_str(&plain), word);
}

const char *nodegroup_template_with(const struct assess *assess, const char *word, size_t *at)
{
	const json_t *version, *earlier;
	while ((version = template_version(assess, (*at)++))) {
		const char *id = document_text_or(version, "LaunchTemplateId", "");
		bool given = !user_data_has(version, word);
		for (size_t i = 0; i + 1 < *at && !given; i++) {
			earlier = template_version(assess, i);
			given = !strcmp(document_text_or(earlier, "LaunchTemplateId", ""), id) &&
				user_data_has(earlier, word);
		}
		if (!given)
			return id;
	}
	return NULL;
}

struct node_room nodegroup_room(const struct assess *assess, const struct kube_node *node)
{
	struct pod_list pods = index_node_pods(assess, node->meta.name);
	struct node_room room = {
		.milli = index_quantity_milli(kube_pairs_get(node->allocatable, node->n_allocatable, "cpu")),
		.bytes = index_quantity_bytes(kube_pairs_get(node->allocatable, node->n_allocatable, "memory")),
		.pods = index_quantity_bytes(kube_pairs_get(node->allocatable, node->n_allocatable, "pods"))};
	for (size_t i = 0; i < pods.n; i++) {
		int64_t milli, bytes;
		if (kube_pod_finished(pods.pods[i]))
			continue;
		index_pod_requests(pods.pods[i]->spec, &milli, &bytes);
		room.used_milli += milli;
		room.used_bytes += bytes;
		room.used_pods++;
	}
	return room;
}
