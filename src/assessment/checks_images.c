/* What nodes boot: Amazon Linux 2, which ends; whether there is an image for the target; and images that somebody
 * builds himself. */
#include <string.h>
#include "assessment/nodegroups.h"
#include "perception/aws_items.h"

#define PAGE_AMI "https://docs.aws.amazon.com/eks/latest/userguide/eks-optimized-ami.html"
#define GROUPS NEEDS("eks:ListNodegroups", "eks:DescribeNodegroup")

#define EACH_NODE(assess, node)                                                                                        \
	for (const struct kube_node *node = (assess)->inventory->nodes, *end_ = node + (assess)->inventory->n_nodes;   \
	     node < end_; node++)

static bool is_al2(const char *ami_type)
{
	return !strncmp(ami_type, "AL2_", 4);
}

static struct finding *al2_found(struct assess *assess, struct finding *finding)
{
	finding->severity = assess->to >= 33 ? SEVERITY_BLOCKER : SEVERITY_MEDIUM;
	return finding;
}

/* Karpenter's word for the images of a class: its family, or an alias of it. */
static bool class_is_al2(const json_t *spec)
{
	size_t i;
	const json_t *term;
	if (!strcmp(document_text_or(spec, "amiFamily", ""), "AL2"))
		return true;
	json_array_foreach (json_object_get(spec, "amiSelectorTerms"), i, term)
		if (!strncmp(document_text_or(term, "alias", ""), "al2@", 4))
			return true;
	return false;
}

static const struct kube_custom *custom_of(const struct assess *assess, const char *kind, const char *name)
{
	for (size_t i = 0; i < assess->inventory->n_customs; i++) {
		const struct kube_custom *custom = &assess->inventory->customs[i];
		if (custom->kind && name && custom->meta.name && !strcmp(custom->kind, kind) &&
		    !strcmp(custom->meta.name, name))
			return custom;
	}
	return NULL;
}

/* The image of a node is told where it is chosen. */
static bool is_told(struct assess *assess, const struct kube_node *node)
{
	const char *group = nodegroup_of_node(node),
		   *class = kube_meta_label(&node->meta, "karpenter.k8s.aws/ec2nodeclass");
	const struct kube_custom *pool = custom_of(assess, "NodePool",
						   kube_meta_label(&node->meta, "karpenter.sh/nodepool")),
				 *chosen = custom_of(assess, "EC2NodeClass", class);
	if (pool && !chosen)
		chosen = custom_of(assess, "EC2NodeClass",
				   document_text(assess_json(assess, pool->spec), "template.spec.nodeClassRef.name"));
	if (chosen && class_is_al2(assess_json(assess, chosen->spec)))
		return true;
	EACH_NODEGROUP(assess, seen)
	if (group && !strcmp(nodegroup_name(seen), group) && is_al2(document_text_or(seen, "amiType", "")))
		return true;
	return false;
}

static void al2(struct assess *assess)
{
	size_t from = assess->n_findings;
	if (assess->to < 32)
		return;
	EACH_NODEGROUP(assess, group)
	if (is_al2(document_text_or(group, "amiType", ""))) {
		struct finding *finding = al2_found(
			assess, assess_aws(assess, nodegroup_object(group),
					   "node group %s has Amazon Linux 2 (%s); there is none for 1.33 and later",
					   nodegroup_name(group), document_text(group, "amiType")));
		assess_remedy(
			assess, finding,
			"an image type cannot be changed; make a group beside it, drain, delete the old: aws eks "
			"create-nodegroup --cluster-name %s --nodegroup-name %s-al2023 --ami-type %s, with its role, "
			"subnets and scaling",
			subject_text(assess->inventory->cluster), nodegroup_name(group),
			strstr(document_text(group, "amiType"), "ARM")	 ? "AL2023_ARM_64_STANDARD"
			: strstr(document_text(group, "amiType"), "GPU") ? "AL2023_x86_64_NVIDIA"
									 : "AL2023_x86_64_STANDARD");
	}
	for (size_t i = 0; i < assess->inventory->n_customs; i++) {
		const struct kube_custom *class = &assess->inventory->customs[i];
		if (class->kind && !strcmp(class->kind, "EC2NodeClass") &&
		    class_is_al2(assess_json(assess, class->spec)))
			assess_remedy(
				assess,
				al2_found(assess,
					  assess_object(assess, "EC2NodeClass", NULL, class->meta.name,
							"it chooses Amazon Linux 2; there is none for 1.33 and later")),
				"its nodes are then replaced as budgets allow: kubectl patch ec2nodeclass %s --type "
				"merge -p "
				"'{\"spec\":{\"amiFamily\":\"AL2023\",\"amiSelectorTerms\":[{\"alias\":\"al2023@"
				"latest\"}]}}'",
				class->meta.name);
	}
	EACH_NODE(assess, node)
	{
		bool new;
		if (!nodegroup_runs_al2(node) || is_told(assess, node))
			continue;
		struct finding *finding = subject_node_found(
			assess, from, node, "its nodes run Amazon Linux 2; there is none for 1.33 and later", &new);
		al2_found(assess, finding);
		if (new)
			assess_evidence(assess, finding, "kubernetes nodes", "%s: %s", node->meta.name, node->os_image);
	}
}

/* Words that the parameter of an image type's path has. */
static const struct {
	const char *type, *words[3];
} image_paths[] = {
	{"AL2023_x86_64_STANDARD", {"amazon-linux-2023/x86_64/standard", NULL, NULL}},
	{"AL2023_ARM_64_STANDARD", {"amazon-linux-2023/arm64/standard", NULL, NULL}},
	{"AL2023_x86_64_NVIDIA", {"amazon-linux-2023/x86_64/nvidia", NULL, NULL}},
	{"AL2023_x86_64_NEURON", {"amazon-linux-2023/x86_64/neuron", NULL, NULL}},
	{"AL2023_ARM_64_NVIDIA", {"amazon-linux-2023/arm64/nvidia", NULL, NULL}},
	{"AL2_x86_64", {"amazon-linux-2/", NULL, NULL}},
	{"AL2_x86_64_GPU", {"amazon-linux-2-gpu/", NULL, NULL}},
	{"AL2_ARM_64", {"amazon-linux-2-arm64/", NULL, NULL}},
	{"BOTTLEROCKET_x86_64", {"bottlerocket/aws-k8s-", "/x86_64/", NULL}},
	{"BOTTLEROCKET_ARM_64", {"bottlerocket/aws-k8s-", "/arm64/", NULL}},
	{"BOTTLEROCKET_x86_64_NVIDIA", {"bottlerocket/aws-k8s-", "-nvidia/", "/x86_64/"}},
	{"BOTTLEROCKET_ARM_64_NVIDIA", {"bottlerocket/aws-k8s-", "-nvidia/", "/arm64/"}},
	{"WINDOWS_CORE_2019_x86_64", {"Windows_Server-2019-English-Core-EKS_Optimized", NULL, NULL}},
	{"WINDOWS_FULL_2019_x86_64", {"Windows_Server-2019-English-Full-EKS_Optimized", NULL, NULL}},
	{"WINDOWS_CORE_2022_x86_64", {"Windows_Server-2022-English-Core-EKS_Optimized", NULL, NULL}},
	{"WINDOWS_FULL_2022_x86_64", {"Windows_Server-2022-English-Full-EKS_Optimized", NULL, NULL}},
};

static bool is_path_of(const struct assess *assess, const char *path, const char *type)
{
	bool nvidia = strstr(path, "-nvidia/") != NULL;
	for (size_t i = 0; i < ARRAY_SIZE(image_paths); i++) {
		if (strcmp(image_paths[i].type, type) != 0)
			continue;
		bool all = strstr(path, assess->target) != NULL;
		for (size_t k = 0; k < 3 && image_paths[i].words[k]; k++)
			all &= strstr(path, image_paths[i].words[k]) != NULL;
		return all && (strncmp(type, "BOTTLEROCKET", 12) != 0 || nvidia == (strstr(type, "NVIDIA") != NULL));
	}
	return false;
}

static bool is_known_type(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(image_paths); i++)
		if (!strcmp(image_paths[i].type, type))
			return true;
	return false;
}

/* What Systems Manager said of the target's image: whether it was asked, and the path that it does not know (NULL: it
 * knows all). */
static bool was_asked(const struct assess *assess, const char *type, const char **ret_missing)
{
	size_t i, k;
	const json_t *call, *path;
	bool asked = false;
	*ret_missing = NULL;
	json_array_foreach (inventory_aws_calls(assess->inventory, "get_parameters"), i, call) {
		json_array_foreach (document_at(call, "response.InvalidParameters"), k, path)
			if (json_is_string(path) && is_path_of(assess, json_string_value(path), type))
				*ret_missing = json_string_value(path);
		json_array_foreach (document_at(call, "response.Parameters"), k, path)
			asked |= is_path_of(assess, document_text_or(path, "Name", ""), type);
	}
	json_array_foreach (inventory_aws_calls(assess->inventory, "get_parameter"), i, call) {
		const char *code = document_text(call, "error.code"),
			   *name = document_text_or(call, "request.Name", "");
		bool empty = json_is_object(json_object_get(call, "response")) &&
			     !document_text(call, "response.Parameter.Value");
		if (!is_path_of(assess, name, type))
			continue;
		asked = true;
		if (empty || (code && strstr(code, "ParameterNotFound")))
			*ret_missing = name;
	}
	return asked || *ret_missing;
}

static void image_exists(struct assess *assess)
{
	size_t at = 0;
	if (!nodegroup_next(assess, &at))
		return;
	if (!inventory_aws_calls(assess->inventory, "get_parameters") &&
	    !inventory_aws_calls(assess->inventory, "get_parameter")) {
		assess_unknown(assess, NULL, NULL, NULL, "ssm:GetParameters not asked; needs: ssm:GetParameters");
		return;
	}
	EACH_NODEGROUP(assess, group)
	{
		const char *type = document_text_or(group, "amiType", ""), *path;
		if (!was_asked(assess, type, &path)) {
			if (is_known_type(type))
				assess_unknown(assess, NULL, NULL, nodegroup_name(group),
					       "whether there is an image of type %s for %s was not told; needs: "
					       "ssm:GetParameters",
					       type, assess->target);
			continue;
		}
		if (!path)
			continue;
		struct finding *finding = assess_aws(assess, nodegroup_object(group),
						     "there is no image of type %s for %s", type, assess->target);
		assess_evidence(assess, finding, "ssm:GetParameters", "%s is not there", path);
	}
}

/* An image of the account's own; what AWS, Canonical or a marketplace build is theirs to renew. */
static bool is_own_image(const struct assess *assess, const char *image)
{
	const char *arn = document_text_or(inventory_cluster(assess->inventory), "arn", "");
	for (size_t colons = 0; *arn && colons < 4; arn++)
		colons += *arn == ':';
	EACH_AWS (assess->inventory, "describe_images", "Images", seen) {
		const char *owner = document_text_or(seen, "OwnerId", "");
		if (image && *owner && !strcmp(document_text_or(seen, "ImageId", ""), image))
			return !strncmp(arn, owner, strlen(owner));
	}
	return false;
}

static const char *image_of(const struct assess *assess, const char *instance_id)
{
	size_t m;
	const json_t *instance;
	EACH_AWS (assess->inventory, "describe_instances", "Reservations", reservation)
		json_array_foreach (json_object_get(reservation, "Instances"), m, instance)
			if (!strcmp(document_text_or(instance, "InstanceId", ""), instance_id))
				return document_text(instance, "ImageId");
	return NULL;
}

static void custom_image_of(struct assess *assess, const json_t *scaling)
{
	size_t i;
	const json_t *instance;
	json_array_foreach (json_object_get(scaling, "Instances"), i, instance) {
		const char *image = image_of(assess, document_text_or(instance, "InstanceId", ""));
		if (!is_own_image(assess, image))
			continue;
		struct finding *finding =
			assess_aws(assess, nodegroup_scaling_object(scaling),
				   "%s has an image of its own: somebody must build one for %s",
				   document_text_or(scaling, "AutoScalingGroupName", ""), assess->target);
		assess_evidence(assess, finding, "ec2:DescribeImages", "%s is this account's", image);
		return;
	}
}

static void custom_image(struct assess *assess)
{
	EACH_NODEGROUP(assess, group)
	if (!strcmp(document_text_or(group, "amiType", ""), "CUSTOM"))
		assess_aws(assess, nodegroup_object(group),
			   "node group %s has an image of its own: somebody must build one for %s",
			   nodegroup_name(group), assess->target);
	EACH_SCALING_GROUP(assess, scaling)
	{
		if (nodegroup_is_self_managed(assess, scaling))
			custom_image_of(assess, scaling);
	}
	for (size_t i = 0; i < assess->inventory->n_customs; i++) {
		const struct kube_custom *class = &assess->inventory->customs[i];
		if (class->kind && !strcmp(class->kind, "EC2NodeClass") &&
		    !strcmp(document_text_or(assess_json(assess, class->spec), "amiFamily", ""), "Custom"))
			assess_object(assess, "EC2NodeClass", NULL, class->meta.name,
				      "its amiFamily is Custom: somebody must build an image for %s", assess->target);
	}
}

const struct check checks_images[] = {
	{.id = "NG-AL2",
	 .title = "Amazon Linux 2",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "BLOCKER from 1.33, MEDIUM at 1.32",
	 .needs = NEEDS("eks:ListNodegroups", "eks:DescribeNodegroup", "kubernetes nodes"),
	 .run = al2,
	 .remedy = "move the group to AL2023 or Bottlerocket first",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/al2023.html"},
	{.id = "NG-AMI-EXISTS",
	 .title = "there is no image for the target",
	 .severity = SEVERITY_BLOCKER,
	 .needs = GROUPS,
	 .run = image_exists,
	 .remedy = "wait until AWS has published it, or choose another image type",
	 .page = PAGE_AMI},
	{.id = "NG-CUSTOM-AMI",
	 .title = "a group with an image of its own",
	 .severity = SEVERITY_HIGH,
	 .needs = GROUPS,
	 .run = custom_image,
	 .remedy = "build the image for the target and put it into the launch template",
	 .page = PAGE_AMI},
	{.id = NULL},
};
