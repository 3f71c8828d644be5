/* Node groups and the room on nodes. */
#include "assessment/nodegroups.h"

#include <string.h>

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
