/* Nodes and what makes them: are they well, can they be replaced, and by whom? Karpenter, Auto Mode and the other ways
 * to have nodes are in checks_compute.c. */
#include <stdio.h>
#include <string.h>
#include "assessment/nodegroups.h"
#include "knowledge/lifecycle.h"

#define PAGE_UPDATE "https://docs.aws.amazon.com/eks/latest/userguide/update-managed-node-group.html"
#define PAUSE_FLAG "--pod-infra-container-image"
#define PAGE_AMI "https://docs.aws.amazon.com/eks/latest/userguide/eks-optimized-ami.html"

#define EACH_NODE(assess, node)                                                                                        \
	for (const struct kube_node *node = (assess)->inventory->nodes, *end_ = node + (assess)->inventory->n_nodes;   \
	     node < end_; node++)

static bool is_true(const struct kube_node *node, const char *type)
{
	const char *status = kube_condition_status(node->conditions, node->n_conditions, type);
	return status && !strcmp(status, "True");
}

static void ready(struct assess *assess)
{
	static const char *const pressures[] = {"MemoryPressure", "DiskPressure", "PIDPressure"};
	EACH_NODE(assess, node)
	{
		const char *status = kube_condition_status(node->conditions, node->n_conditions, "Ready");
		const char *wrong = status && strcmp(status, "True") != 0 ? "NotReady" : NULL;
		for (size_t i = 0; i < ARRAY_SIZE(pressures) && !wrong; i++)
			wrong = is_true(node, pressures[i]) ? pressures[i] : NULL;
		if (!wrong)
			continue;
		struct finding *finding = assess_object(assess, "Node", NULL, node->meta.name, "it is %s", wrong);
		assess_evidence(assess, finding, "kubernetes nodes", "condition Ready is %s",
				status ? status : "not told");
		assess_remedy(assess, finding, "kubectl describe node %s", node->meta.name);
	}
}

static void health(struct assess *assess)
{
	EACH_NODEGROUP(assess, group)
	{
		const char *status = document_text_or(group, "status", "ACTIVE");
		const json_t *issues = document_at(group, "health.issues");
		if (!strcmp(status, "ACTIVE") && !json_array_size(issues))
			continue;
		struct finding *finding =
			assess_aws(assess, nodegroup_object(group), "node group %s is %s, with %zu health issues",
				   nodegroup_name(group), status, json_array_size(issues));
		for (size_t i = 0; i < json_array_size(issues) && i < 5; i++)
			assess_evidence(assess, finding, "eks:DescribeNodegroup", "%s: %s",
					document_text_or(json_array_get(issues, i), "code", ""),
					document_text_or(json_array_get(issues, i), "message", ""));
	}
}

/* ---- launch templates */

static const json_t *template_of(const struct assess *assess, const json_t *reference, const char *id, const char *name)
{
	const char *wanted_id = document_text(reference, id), *wanted_name = document_text(reference, name);
	size_t i, k;
	const json_t *call, *template;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_launch_templates"), i, call)
		json_array_foreach (document_at(call, "response.LaunchTemplates"), k, template)
			if ((wanted_id && !strcmp(wanted_id, document_text_or(template, "LaunchTemplateId", ""))) ||
			    (!wanted_id && wanted_name &&
			     !strcmp(wanted_name, document_text_or(template, "LaunchTemplateName", ""))))
				return template;
	return NULL;
}

static void pending(struct assess *assess, const char *object, const char *name, const json_t *template, int64_t runs)
{
	int64_t latest = document_int_or(template, "LatestVersionNumber", 0);
	if (!template || runs <= 0 || runs >= latest)
		return;
	struct finding *finding =
		assess_aws(assess, object, "%s runs version %lld of its launch template, which has %lld", name,
			   (long long)runs, (long long)latest);
	assess_evidence(assess, finding, "ec2:DescribeLaunchTemplates", "%s: default %lld, latest %lld",
			document_text_or(template, "LaunchTemplateName", ""),
			(long long)document_int_or(template, "DefaultVersionNumber", 0), (long long)latest);
}

static void template_pending(struct assess *assess)
{
	size_t i, k, m;
	const json_t *call, *scaling, *instance;
	EACH_NODEGROUP(assess, group)
	{
		const json_t *reference = json_object_get(group, "launchTemplate");
		pending(assess, nodegroup_object(group), nodegroup_name(group),
			template_of(assess, reference, "id", "name"), document_int_or(reference, "version", 0));
	}
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_auto_scaling_groups"), i, call) {
		json_array_foreach (document_at(call, "response.AutoScalingGroups"), k, scaling) {
			int64_t oldest = 0;
			const json_t *reference = json_object_get(scaling, "LaunchTemplate");
			const char *name = document_text_or(scaling, "AutoScalingGroupName", "");
			if (!strncmp(name, "eks-", 4))
				continue; /* a managed group's own: told above */
			json_array_foreach (json_object_get(scaling, "Instances"), m, instance) {
				int64_t version = document_int_or(instance, "LaunchTemplate.Version", 0);
				oldest = version && (!oldest || version < oldest) ? version : oldest;
			}
			pending(assess, document_text_or(scaling, "AutoScalingGroupARN", name), name,
				template_of(assess, reference, "LaunchTemplateId", "LaunchTemplateName"), oldest);
		}
	}
}

/* ---- images */

static bool is_al2(const char *ami_type)
{
	return !strncmp(ami_type, "AL2_", 4);
}

static bool runs_al2(const struct kube_node *node)
{
	return node->os_image && !strncmp(node->os_image, "Amazon Linux 2", 14) &&
	       strncmp(node->os_image, "Amazon Linux 2023", 17) != 0;
}

static struct finding *al2_found(struct assess *assess, struct finding *finding)
{
	finding->severity = assess->to >= 33 ? SEVERITY_BLOCKER : SEVERITY_MEDIUM;
	return finding;
}

static bool is_described(const struct assess *assess, const char *name)
{
	EACH_NODEGROUP(assess, group)
	if (name && !strcmp(nodegroup_name(group), name) && is_al2(document_text_or(group, "amiType", "")))
		return true;
	return false;
}

static void al2(struct assess *assess)
{
	if (assess->to < 32)
		return;
	EACH_NODEGROUP(assess, group)
	if (is_al2(document_text_or(group, "amiType", "")))
		al2_found(assess, assess_aws(assess, nodegroup_object(group),
					     "node group %s has Amazon Linux 2 (%s); there is none for 1.33 and later",
					     nodegroup_name(group), document_text(group, "amiType")));
	EACH_NODE(assess, node)
	{
		const char *group = nodegroup_of_node(node);
		if (!runs_al2(node) || is_described(assess, group))
			continue;
		struct finding *finding = group ? subject_find(assess, 0, NULL, NULL, group) : NULL;
		if (finding)
			continue;
		finding = group ? assess_aws(assess, group, "its nodes run %s; there is none for 1.33 and later",
					     node->os_image)
				: assess_object(assess, "Node", NULL, node->meta.name,
						"it runs %s; there is none for 1.33 and later", node->os_image);
		al2_found(assess, finding);
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

/* The path of the target's image that Systems Manager does not know; NULL: it does, or nobody asked. */
static const char *missing_path(const struct assess *assess, const char *type)
{
	size_t i, k;
	const json_t *call, *path;
	json_array_foreach (inventory_aws_calls(assess->inventory, "get_parameters"), i, call)
		json_array_foreach (document_at(call, "response.InvalidParameters"), k, path)
			if (json_is_string(path) && is_path_of(assess, json_string_value(path), type))
				return json_string_value(path);
	json_array_foreach (inventory_aws_calls(assess->inventory, "get_parameter"), i, call) {
		const char *code = document_text(call, "error.code"),
			   *name = document_text_or(call, "request.Name", "");
		if (code && strstr(code, "ParameterNotFound") && is_path_of(assess, name, type))
			return name;
	}
	return NULL;
}

static void image_exists(struct assess *assess)
{
	if (!inventory_aws_calls(assess->inventory, "get_parameters") &&
	    !inventory_aws_calls(assess->inventory, "get_parameter")) {
		assess_unknown(assess, NULL, NULL, NULL, "ssm:GetParameters not asked; needs: ssm:GetParameters");
		return;
	}
	EACH_NODEGROUP(assess, group)
	{
		const char *type = document_text_or(group, "amiType", ""), *path = missing_path(assess, type);
		if (!path)
			continue;
		struct finding *finding = assess_aws(assess, nodegroup_object(group),
						     "there is no image of type %s for %s", type, assess->target);
		assess_evidence(assess, finding, "ssm:GetParameters", "%s is not there", path);
	}
}

static void custom_image(struct assess *assess)
{
	EACH_NODEGROUP(assess, group)
	if (!strcmp(document_text_or(group, "amiType", ""), "CUSTOM"))
		assess_aws(assess, nodegroup_object(group),
			   "node group %s has an image of its own: somebody must build one for %s",
			   nodegroup_name(group), assess->target);
}

/* ---- scaling */

static bool is_ours(const struct assess *assess, const json_t *scaling)
{
	size_t i;
	const json_t *tag;
	bool ours = false;
	const char *cluster = assess->inventory->cluster ? assess->inventory->cluster : "";
	json_array_foreach (json_object_get(scaling, "Tags"), i, tag) {
		const char *key = document_text_or(tag, "Key", ""), *value = document_text_or(tag, "Value", "");
		if (!strcmp(key, "eks:nodegroup-name") || !strncmp(key, "karpenter.sh/", 13))
			return false;
		ours |= !strncmp(key, "kubernetes.io/cluster/", 22) && !strcmp(key + 22, cluster);
		ours |= !strcmp(key, "eks:cluster-name") && !strcmp(value, cluster);
		ours |= !strcmp(key, "alpha.eksctl.io/cluster-name") && !strcmp(value, cluster);
	}
	return ours;
}

/* Managed groups tell which scaling groups are theirs. */
static bool is_managed(const struct assess *assess, const char *name)
{
	size_t i;
	const json_t *own;
	EACH_NODEGROUP(assess, group)
	json_array_foreach (document_at(group, "resources.autoScalingGroups"), i, own)
		if (!strcmp(document_text_or(own, "name", ""), name))
			return true;
	return false;
}

static void self_managed(struct assess *assess)
{
	size_t i, k;
	const json_t *call, *scaling;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_auto_scaling_groups"), i, call) {
		json_array_foreach (document_at(call, "response.AutoScalingGroups"), k, scaling) {
			const char *name = document_text_or(scaling, "AutoScalingGroupName", ""),
				   *configuration = document_text(scaling, "LaunchConfigurationName");
			size_t suspended = json_array_size(json_object_get(scaling, "SuspendedProcesses"));
			if (!is_ours(assess, scaling) || is_managed(assess, name))
				continue;
			struct finding *finding =
				assess_aws(assess, document_text_or(scaling, "AutoScalingGroupARN", name),
					   "%s is self-managed: nobody replaces its nodes but you%s%s", name,
					   configuration ? "; it has a launch configuration, which AWS retired" : "",
					   suspended ? "; processes of it are suspended" : "");
			if (configuration)
				assess_evidence(assess, finding, "autoscaling:DescribeAutoScalingGroups",
						"LaunchConfigurationName %s", configuration);
			for (size_t s = 0; s < suspended && s < 8; s++)
				assess_evidence(
					assess, finding, "autoscaling:DescribeAutoScalingGroups", "%s is suspended",
					document_text_or(
						json_array_get(json_object_get(scaling, "SuspendedProcesses"), s),
						"ProcessName", ""));
		}
	}
}

/* A workload of one replica on a node that may be taken away at any time. */
static const struct kube_workload *singleton_on(const struct assess *assess, const json_t *group)
{
	EACH_NODE(assess, node)
	{
		struct pod_list pods =
			nodegroup_has(node, group) ? index_node_pods(assess, node->meta.name) : (struct pod_list){0};
		for (size_t i = 0; i < pods.n; i++) {
			const struct kube_workload *workload = index_pod_workload(assess, pods.pods[i]);
			if (workload && subject_is_set(assess, workload) && subject_replicas(workload) == 1)
				return workload;
		}
	}
	return NULL;
}

static void mixed(struct assess *assess)
{
	EACH_NODEGROUP(assess, group)
	{
		bool spot = !strcmp(document_text_or(group, "capacityType", ""), "SPOT");
		size_t types = json_array_size(json_object_get(group, "instanceTypes"));
		if (!spot && types < 2)
			continue;
		const struct kube_workload *single = spot ? singleton_on(assess, group) : NULL;
		struct finding *finding =
			assess_aws(assess, nodegroup_object(group), "node group %s has %s%s%s%s", nodegroup_name(group),
				   spot ? "Spot instances" : "instances of several types",
				   single ? ", and carries the only replica of " : "", single ? single->meta.name : "",
				   single ? "" : ": their rotation may be interrupted");
		finding->severity = single ? SEVERITY_LOW : SEVERITY_INFO;
	}
}

/* ---- updates */

static int64_t unavailable_at_once(const json_t *group)
{
	int64_t percent = document_int_or(group, "updateConfig.maxUnavailablePercentage", 0),
		n = document_int_or(group, "updateConfig.maxUnavailable", 0), desired = nodegroup_desired(group);
	return percent ? (desired * percent + 99) / 100 : n ? n : 1;
}

/* Would what runs there fit on so many nodes fewer? */
static bool fits_without(const struct assess *assess, const json_t *group, int64_t without)
{
	int64_t milli = 0, bytes = 0, used_milli = 0, used_bytes = 0, n = 0;
	EACH_NODE(assess, node)
	{
		if (!nodegroup_has(node, group))
			continue;
		struct node_room room = nodegroup_room(assess, node);
		milli += room.milli;
		bytes += room.bytes;
		used_milli += room.used_milli;
		used_bytes += room.used_bytes;
		n++;
	}
	if (!n)
		return true;
	return without < n && used_milli <= milli / n * (n - without) && used_bytes <= bytes / n * (n - without);
}

static void update_config(struct assess *assess)
{
	EACH_NODEGROUP(assess, group)
	{
		int64_t desired = nodegroup_desired(group), at_once = unavailable_at_once(group);
		bool minimal = !strcmp(document_text_or(group, "updateConfig.updateStrategy", ""), "MINIMAL");
		if (desired > 1 && at_once >= desired)
			assess_aws(assess, nodegroup_object(group),
				   "updateConfig lets all %lld nodes of %s be unavailable at once", (long long)desired,
				   nodegroup_name(group));
		else if (minimal && !fits_without(assess, group, at_once))
			assess_aws(assess, nodegroup_object(group),
				   "updateStrategy MINIMAL takes nodes of %s away before new ones come, and the others "
				   "have no "
				   "room for their pods",
				   nodegroup_name(group));
	}
}

static void headroom(struct assess *assess)
{
	EACH_NODEGROUP(assess, group)
	{
		int64_t desired = nodegroup_desired(group), max = document_int_or(group, "scalingConfig.maxSize", 0);
		if (max <= 0 || desired < max)
			continue;
		struct finding *finding =
			assess_aws(assess, nodegroup_object(group),
				   "node group %s has %lld of at most %lld nodes: no room for new ones first",
				   nodegroup_name(group), (long long)desired, (long long)max);
		assess_remedy(assess, finding,
			      "aws eks update-nodegroup-config --cluster-name %s --nodegroup-name %s --scaling-config "
			      "maxSize=%lld",
			      assess->inventory->cluster ? assess->inventory->cluster : "CLUSTER",
			      nodegroup_name(group), (long long)max + 2);
	}
}

/* ---- what 1.35 and 1.36 ask of nodes */

static const char *group_or_node(const struct kube_node *node)
{
	const char *group = nodegroup_of_node(node);
	return group ? group : node->meta.name;
}

/* One finding for a group; a node that is in none stands for itself. */
static struct finding *node_found(struct assess *assess, size_t from, const struct kube_node *node, const char *what)
{
	const char *name = group_or_node(node);
	for (size_t i = from; i < assess->n_findings; i++)
		if (assess->findings[i].object && assess->findings[i].object->name &&
		    !strcmp(assess->findings[i].object->name, name))
			return NULL;
	return nodegroup_of_node(node) ? assess_aws(assess, name, "%s", what)
				       : assess_object(assess, "Node", NULL, name, "%s", what);
}

static void cgroup_v1(struct assess *assess)
{
	size_t from = assess->n_findings;
	if (assess->to < 35)
		return;
	EACH_NODE(assess, node)
	if (runs_al2(node))
		node_found(assess, from, node,
			   "Amazon Linux 2 has cgroup v1, with which the kubelet does not start from 1.35 on");
}

static void containerd_1(struct assess *assess)
{
	size_t from = assess->n_findings;
	if (assess->to < 35)
		return;
	EACH_NODE(assess, node)
	{
		if (!node->runtime || strncmp(node->runtime, "containerd://1.", 15) != 0)
			continue;
		struct finding *finding =
			node_found(assess, from, node,
				   assess->to >= 36 ? "containerd 1.x does not run with 1.36"
						    : "containerd 1.x runs with 1.35 for the last time");
		if (!finding)
			continue;
		finding->severity = assess->to >= 36 ? SEVERITY_BLOCKER : SEVERITY_MEDIUM;
		assess_evidence(assess, finding, "kubernetes nodes", "%s has %s", node->meta.name, node->runtime);
	}
}

/* User data of launch templates, where somebody passes the flag that 1.35 no longer knows. */
static void kubelet_flags(struct assess *assess)
{
	const char *name;
	for (size_t at = 0; assess->to >= 35 && (name = nodegroup_template_with(assess, PAUSE_FLAG, &at));)
		assess_aws(assess, name, "its user data gives the kubelet " PAUSE_FLAG ", which 1.35 does not know");
}

#define GROUPS NEEDS("eks:ListNodegroups", "eks:DescribeNodegroup")

const struct check checks_nodes[] = {
	{.id = "NODE-READY",
	 .title = "a node is not well",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes nodes"),
	 .run = ready,
	 .remedy = "mend or replace the node first",
	 .page = "https://kubernetes.io/docs/concepts/architecture/nodes/#condition"},
	{.id = "NG-HEALTH",
	 .title = "a node group is not active, or has health issues",
	 .severity = SEVERITY_BLOCKER,
	 .needs = GROUPS,
	 .run = health,
	 .remedy = "mend what the issues name; EKS does not update a group that has any",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html"},
	{.id = "NG-LT-PENDING",
	 .title = "a group does not run its newest launch template",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("eks:ListNodegroups", "eks:DescribeNodegroup", "ec2:DescribeLaunchTemplates"),
	 .run = template_pending,
	 .remedy = "update the group to the version that is meant, before or with the upgrade",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html"},
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
	{.id = "NG-SELF-MANAGED",
	 .title = "self-managed nodes",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("autoscaling:DescribeAutoScalingGroups"),
	 .run = self_managed,
	 .remedy = "plan how its nodes are replaced; a launch configuration must become a launch template",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/update-workers.html"},
	{.id = "NG-MIXED",
	 .title = "mixed or Spot instances",
	 .severity = SEVERITY_INFO,
	 .severities = "LOW where Spot nodes carry the only replica of a workload, INFO otherwise",
	 .needs = NEEDS("eks:ListNodegroups", "eks:DescribeNodegroup", "kubernetes nodes", "kubernetes pods",
			SUBJECT_SETS, "kubernetes replicasets.apps"),
	 .run = mixed,
	 .remedy = "keep what must not be interrupted on on-demand nodes",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html"},
	{.id = "NG-UPDATE-CONFIG",
	 .title = "an update takes too many nodes at once",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("eks:ListNodegroups", "eks:DescribeNodegroup", "kubernetes nodes", "kubernetes pods"),
	 .run = update_config,
	 .remedy = "lower maxUnavailable, or take the DEFAULT strategy",
	 .page = PAGE_UPDATE},
	{.id = "NG-SCALING-HEADROOM",
	 .title = "a group is at its maximum",
	 .severity = SEVERITY_HIGH,
	 .needs = GROUPS,
	 .run = headroom,
	 .remedy = "raise maxSize for the upgrade",
	 .page = PAGE_UPDATE},
	{.id = "NODE-CGROUPV1",
	 .title = "nodes with cgroup v1",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "BLOCKER from 1.35",
	 .needs = NEEDS("kubernetes nodes"),
	 .run = cgroup_v1,
	 .remedy = "move to AL2023 or Bottlerocket, which have cgroup v2",
	 .page = "https://kubernetes.io/docs/concepts/architecture/cgroups/"},
	{.id = "NODE-CONTAINERD1",
	 .title = "nodes with containerd 1.x",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "BLOCKER from 1.36, MEDIUM at 1.35",
	 .needs = NEEDS("kubernetes nodes"),
	 .run = containerd_1,
	 .remedy = "move to images with containerd 2",
	 .page = "https://kubernetes.io/docs/setup/production-environment/container-runtimes/"},
	{.id = "NODE-KUBELET-FLAGS",
	 .title = "the kubelet is given a flag that it does not know any more",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "BLOCKER from 1.35",
	 .needs = NEEDS("ec2:DescribeLaunchTemplateVersions"),
	 .run = kubelet_flags,
	 .remedy = "take the flag out of the user data",
	 .page = "https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/"},
	{.id = NULL},
};
