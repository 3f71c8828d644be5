/* Nodes and what makes them: are they well, can they be replaced, and by whom? Karpenter, Auto Mode and the other ways
 * to have nodes are in checks_compute.c. */
#include <stdio.h>
#include <string.h>
#include "assessment/nodegroups.h"
#include "knowledge/lifecycle.h"
#include "perception/aws_items.h"

#define PAGE_UPDATE "https://docs.aws.amazon.com/eks/latest/userguide/update-managed-node-group.html"
#define PAUSE_FLAG "--pod-infra-container-image"

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
		bool pressure = strcmp(wrong, "NotReady") != 0;
		struct finding *finding = assess_object(assess, "Node", NULL, node->meta.name, "it %s %s",
							pressure ? "has" : "is", wrong);
		assess_evidence(assess, finding, "kubernetes nodes", "condition %s is %s", pressure ? wrong : "Ready",
				pressure ? "True" : status);
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
		size_t n = json_array_size(issues);
		struct finding *finding =
			n ? assess_aws(assess, nodegroup_object(group), "node group %s is %s, with %zu health issue%s",
				       nodegroup_name(group), status, n, n == 1 ? "" : "s")
			  : assess_aws(assess, nodegroup_object(group), "node group %s is %s", nodegroup_name(group),
				       status);
		if (!n)
			assess_remedy(
				assess, finding, "%s: aws eks %s --cluster-name %s --nodegroup-name %s",
				!strcmp(status, "UPDATING") || !strcmp(status, "CREATING") ? "wait until it is ACTIVE"
											   : "look at it",
				!strcmp(status, "UPDATING") || !strcmp(status, "CREATING") ? "wait nodegroup-active"
											   : "describe-nodegroup",
				subject_text(assess->inventory->cluster), nodegroup_name(group));
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
	EACH_AWS (assess->inventory, "describe_launch_templates", "LaunchTemplates", template)
		if ((wanted_id && !strcmp(wanted_id, document_text_or(template, "LaunchTemplateId", ""))) ||
		    (!wanted_id && wanted_name &&
		     !strcmp(wanted_name, document_text_or(template, "LaunchTemplateName", ""))))
			return template;
	return NULL;
}

static struct finding *pending(struct assess *assess, const char *object, const char *name, const json_t *template,
			       int64_t runs)
{
	int64_t latest = document_int_or(template, "LatestVersionNumber", 0);
	if (!template || runs <= 0 || runs >= latest)
		return NULL;
	struct finding *finding =
		assess_aws(assess, object, "%s runs version %lld of its launch template, which has %lld", name,
			   (long long)runs, (long long)latest);
	assess_evidence(assess, finding, "ec2:DescribeLaunchTemplates", "%s: default %lld, latest %lld",
			document_text_or(template, "LaunchTemplateName", ""),
			(long long)document_int_or(template, "DefaultVersionNumber", 0), (long long)latest);
	return finding;
}

/* Of the instances' launch templates; 0: not told. */
static int64_t oldest_instance(const json_t *scaling)
{
	size_t i;
	const json_t *instance;
	int64_t oldest = 0;
	json_array_foreach (json_object_get(scaling, "Instances"), i, instance) {
		int64_t version = document_int_or(instance, "LaunchTemplate.Version", 0);
		oldest = version && (!oldest || version < oldest) ? version : oldest;
	}
	return oldest;
}

static void template_pending(struct assess *assess)
{
	size_t from = assess->n_findings;
	EACH_NODEGROUP(assess, group)
	{
		const json_t *reference = json_object_get(group, "launchTemplate");
		const json_t *template = template_of(assess, reference, "id", "name");
		struct finding *finding = pending(assess, nodegroup_object(group), nodegroup_name(group), template,
						  document_int_or(reference, "version", 0));
		if (finding)
			assess_remedy(assess, finding,
				      "before or with the upgrade: aws eks update-nodegroup-version --cluster-name %s "
				      "--nodegroup-name %s --launch-template id=%s,version=%lld",
				      subject_text(assess->inventory->cluster), nodegroup_name(group),
				      document_text_or(template, "LaunchTemplateId", ""),
				      (long long)document_int_or(template, "LatestVersionNumber", 0));
	}
	EACH_SCALING_GROUP(assess, scaling)
	{
		const json_t *own = nodegroup_of_scaling(assess, scaling),
			     *reference = json_object_get(scaling, "LaunchTemplate");
		const char *object = own ? nodegroup_object(own) : nodegroup_scaling_object(scaling),
			   *name = own ? nodegroup_name(own) : document_text_or(scaling, "AutoScalingGroupName", "");
		int64_t oldest = oldest_instance(scaling), asked = document_int_or(reference, "Version", 0);
		if (subject_find_aws(assess, from, object))
			continue;
		if (oldest > 0 && oldest < asked)
			assess_aws(
				assess, object,
				"%s is to run version %lld of its launch template, and has instances of version %lld",
				name, (long long)asked, (long long)oldest);
		else if (!own) /* of a managed one EKS made the template */
			pending(assess, object, name,
				template_of(assess, reference, "LaunchTemplateId", "LaunchTemplateName"), oldest);
	}
}

/* ---- scaling */

static void self_managed(struct assess *assess)
{
	EACH_SCALING_GROUP(assess, scaling)
	{
		const char *name = document_text_or(scaling, "AutoScalingGroupName", ""),
			   *configuration = document_text(scaling, "LaunchConfigurationName");
		size_t suspended = json_array_size(json_object_get(scaling, "SuspendedProcesses"));
		if (!nodegroup_is_self_managed(assess, scaling))
			continue;
		const char *reason;
		if (assess_source_refused(assess, "eks:ListNodegroups", &reason) ||
		    assess_source_refused(assess, "eks:DescribeNodegroup", &reason)) {
			assess_unknown(assess, NULL, NULL, nodegroup_scaling_object(scaling), "%s", reason);
			continue;
		}
		struct finding *finding =
			assess_aws(assess, nodegroup_scaling_object(scaling),
				   "%s is self-managed: nobody replaces its %lld nodes but you%s%s", name,
				   (long long)document_int_or(scaling, "DesiredCapacity", 0),
				   configuration ? "; it has a launch configuration, which AWS retired" : "",
				   suspended ? "; processes of it are suspended" : "");
		if (configuration)
			assess_evidence(assess, finding, "autoscaling:DescribeAutoScalingGroups",
					"LaunchConfigurationName %s", configuration);
		for (size_t s = 0; s < suspended && s < 8; s++)
			assess_evidence(
				assess, finding, "autoscaling:DescribeAutoScalingGroups", "%s is suspended",
				document_text_or(json_array_get(json_object_get(scaling, "SuspendedProcesses"), s),
						 "ProcessName", ""));
		if (!configuration)
			assess_remedy(assess, finding,
				      "put the target's image into its launch template, then: aws autoscaling "
				      "start-instance-refresh --auto-scaling-group-name %s%s",
				      name, suspended ? ", after resume-processes" : "");
	}
}

/* A workload of one replica on a node that may be taken away at any time. */
static const struct kube_workload *singleton_on(const struct assess *assess, const json_t *group,
						bool (*has)(const struct kube_node *node, const json_t *group))
{
	EACH_NODE(assess, node)
	{
		struct pod_list pods = has(node, group) ? index_node_pods(assess, node) : (struct pod_list){0};
		for (size_t i = 0; i < pods.n; i++) {
			const struct kube_workload *workload = index_pod_workload(assess, pod_at(pods, i));
			if (workload && subject_is_set(assess, workload) && subject_replicas(workload) == 1)
				return workload;
		}
	}
	return NULL;
}

static void mixed_found(struct assess *assess, const char *object, const char *name, bool spot,
			const struct kube_workload *single)
{
	struct finding *finding = assess_aws(
		assess, object, "%s has %s%s%s%s", name, spot ? "Spot instances" : "instances of several types",
		single ? ", and carries the only replica of " : "", single ? single->meta.name : "",
		single ? "" : ": their rotation may be interrupted");
	finding->severity = single ? SEVERITY_LOW : SEVERITY_INFO;
}

static void mixed(struct assess *assess)
{
	EACH_NODEGROUP(assess, group)
	{
		bool spot = !strcmp(document_text_or(group, "capacityType", ""), "SPOT");
		size_t types = json_array_size(json_object_get(group, "instanceTypes"));
		if (spot || types > 1)
			mixed_found(assess, nodegroup_object(group), nodegroup_name(group), spot,
				    spot ? singleton_on(assess, group, nodegroup_has) : NULL);
	}
	EACH_SCALING_GROUP(assess, scaling)
	{
		const json_t *policy = json_object_get(scaling, "MixedInstancesPolicy");
		bool spot =
			document_int_or(policy, "InstancesDistribution.OnDemandPercentageAboveBaseCapacity", 100) < 100;
		if (json_is_object(policy) && nodegroup_is_self_managed(assess, scaling))
			mixed_found(assess, nodegroup_scaling_object(scaling),
				    document_text_or(scaling, "AutoScalingGroupName", ""), spot,
				    spot ? singleton_on(assess, scaling, nodegroup_scaling_has) : NULL);
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

/* A workload of several replicas and no budget, whose pods stand on no more nodes of the group than go at once. */
static const struct kube_workload *outnumbered(const struct assess *assess, const json_t *group, int64_t at_once)
{
	for (size_t i = 0; i < assess->inventory->n_workloads; i++) {
		const struct kube_workload *workload = &assess->inventory->workloads[i];
		struct pod_list pods = index_workload_pods(assess, workload);
		const struct kube_pdb *budget;
		int64_t n_nodes = 0;
		bool all = pods.n > 1 && subject_is_set(assess, workload) && subject_replicas(workload) > 1;
		for (size_t k = 0; k < pods.n && all; k++) {
			const char *name = pod_at(pods, k)->node_name;
			const struct kube_node *node = name ? index_node(assess, name) : NULL;
			bool again = false;
			for (size_t m = 0; m < k; m++)
				again |= pod_at(pods, m)->node_name == name;
			n_nodes += !again;
			if (n_nodes > at_once)
				break;
			all = node && nodegroup_has(node, group) &&
			      !index_pod_pdbs(assess, pod_at(pods, k), &budget, 1);
		}
		if (all && n_nodes > 1 && n_nodes <= at_once)
			return workload;
	}
	return NULL;
}

/* What is wrong with how a group is updated, as one sentence; NULL: nothing. */
static const char *update_trouble(struct assess *assess, const json_t *group)
{
	int64_t desired = nodegroup_desired(group), at_once = unavailable_at_once(group);
	const char *name = nodegroup_name(group);
	const struct kube_workload *all;
	if (desired > 1 && at_once >= desired)
		return arena_printf(assess->arena, "updateConfig lets all %lld nodes of %s be unavailable at once",
				    (long long)desired, name);
	if (at_once > 1 && (all = outnumbered(assess, group, at_once)))
		return arena_printf(
			assess->arena,
			"updateConfig lets %lld nodes of %s be unavailable at once, on which all pods of %s "
			"\"%s/%s\" may be",
			(long long)at_once, name, all->kind, subject_text(all->meta.ns), all->meta.name);
	if (!strcmp(document_text_or(group, "updateConfig.updateStrategy", ""), "MINIMAL") &&
	    !fits_without(assess, group, at_once))
		return arena_printf(
			assess->arena,
			"updateStrategy MINIMAL takes nodes of %s away before new ones come, and the others "
			"have no room for their pods",
			name);
	return NULL;
}

static void update_config(struct assess *assess)
{
	EACH_NODEGROUP(assess, group)
	{
		const char *trouble = update_trouble(assess, group);
		if (!trouble)
			continue;
		struct finding *finding = assess_aws(assess, nodegroup_object(group), "%s", trouble);
		assess_remedy(
			assess, finding,
			"aws eks update-nodegroup-config --cluster-name %s --nodegroup-name %s --update-config %s",
			subject_text(assess->inventory->cluster), nodegroup_name(group),
			strstr(trouble, "MINIMAL") ? "updateStrategy=DEFAULT,maxUnavailable=1" : "maxUnavailable=1");
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
			      assess_cluster_name(assess), nodegroup_name(group), (long long)max + 2);
	}
	EACH_SCALING_GROUP(assess, scaling)
	{
		int64_t desired = document_int_or(scaling, "DesiredCapacity", 0),
			max = document_int_or(scaling, "MaxSize", 0);
		const char *name = document_text_or(scaling, "AutoScalingGroupName", "");
		if (max <= 0 || desired < max || !nodegroup_is_self_managed(assess, scaling))
			continue;
		struct finding *finding = assess_aws(assess, nodegroup_scaling_object(scaling),
						     "%s has %lld of at most %lld nodes: no room for new ones first",
						     name, (long long)desired, (long long)max);
		assess_remedy(assess, finding,
			      "aws autoscaling update-auto-scaling-group --auto-scaling-group-name %s --max-size %lld",
			      name, (long long)max + 2);
	}
}

/* ---- what 1.35 and 1.36 ask of nodes */

#define NO_UNIFIED "systemd.unified_cgroup_hierarchy=0"

/* Amazon Linux 2, and images that somebody has told to. */
static void cgroup_v1(struct assess *assess)
{
	size_t from = assess->n_findings, at = 0;
	const char *template;
	if (assess->to < 35)
		return;
	EACH_NODE(assess, node)
	{
		bool new;
		struct finding *finding =
			nodegroup_runs_al2(node)
				? subject_node_found(assess, from, node,
						     "Amazon Linux 2 has cgroup v1, with which the kubelet does "
						     "not start from 1.35 on",
						     &new)
				: NULL;
		if (finding && new)
			assess_evidence(assess, finding, "kubernetes nodes", "%s: %s", node->meta.name, node->os_image);
	}
	while ((template = nodegroup_template_with(assess, NO_UNIFIED, &at)))
		assess_aws(assess, template,
			   "its user data starts nodes with " NO_UNIFIED
			   ", which is cgroup v1: the kubelet does not start so from 1.35 on");
}

static void containerd_1(struct assess *assess)
{
	size_t from = assess->n_findings;
	if (assess->to < 35)
		return;
	EACH_NODE(assess, node)
	{
		bool new;
		if (!node->runtime || strncmp(node->runtime, "containerd://1.", 15) != 0 || subject_is_fargate(node))
			continue;
		struct finding *finding =
			subject_node_found(assess, from, node,
					   assess->to >= 36 ? "containerd 1.x does not run with 1.36"
							    : "containerd 1.x runs with 1.35 for the last time",
					   &new);
		if (!new)
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
	 .needs = NEEDS("eks:ListNodegroups", "eks:DescribeNodegroup", "kubernetes nodes", "kubernetes pods",
			SUBJECT_SETS, "kubernetes replicasets.apps", "kubernetes poddisruptionbudgets.policy"),
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
