/* Managed node groups as EKS describes them, and which nodes are in which: for the families that look at compute. */
#pragma once

#include "assessment/subject.h"
#include "codec/document.h"

/* The next described group from *at on (begin with 0); NULL: no more. */
const json_t *nodegroup_next(const struct assess *assess, size_t *at);
#define EACH_NODEGROUP(assess, group)                                                                                  \
	for (size_t at_ = 0, once_ = 1; once_; once_ = 0)                                                              \
		for (const json_t *group; (group = nodegroup_next((assess), &at_));)
const char *nodegroup_name(const json_t *group);   /* "" when there is none */
const char *nodegroup_object(const json_t *group); /* its ARN, or its name */
int64_t nodegroup_desired(const json_t *group);
/* The managed group of a node by its label; NULL: none. */
const char *nodegroup_of_node(const struct kube_node *node);
/* Amazon Linux 2, and no node of Fargate's. */
bool nodegroup_runs_al2(const struct kube_node *node);
bool nodegroup_has(const struct kube_node *node, const json_t *group);
/* The next Auto Scaling group of this cluster from *at on (begin with 0); NULL: no more. */
const json_t *nodegroup_next_scaling(const struct assess *assess, size_t *at);
#define EACH_SCALING_GROUP(assess, scaling)                                                                            \
	for (size_t at_ = 0, once_ = 1; once_; once_ = 0)                                                              \
		for (const json_t *scaling; (scaling = nodegroup_next_scaling((assess), &at_));)
/* The managed group that a scaling group belongs to; NULL: it is nobody's but its owner's. */
const json_t *nodegroup_of_scaling(const struct assess *assess, const json_t *scaling);
bool nodegroup_is_self_managed(const struct assess *assess, const json_t *scaling);
const char *nodegroup_scaling_object(const json_t *scaling); /* its ARN, or its name */
/* Is the node one of the scaling group's instances? */
bool nodegroup_scaling_has(const struct kube_node *node, const json_t *scaling);
/* The next launch template (its id) from *at on (begin with 0) of which a version that some group uses (any version,
 * where no group is known to use it) has the word in its user data; each once. NULL: no more. */
const char *nodegroup_template_with(const struct assess *assess, const char *word, size_t *at);
/* CPU (thousandths) and bytes that pods ask for on a node, daemons and all; and what is free of its allocatable. */
struct node_room {
	int64_t milli, bytes, pods;		   /* allocatable */
	int64_t used_milli, used_bytes, used_pods; /* asked for */
};
struct node_room nodegroup_room(const struct assess *assess, const struct kube_node *node);
