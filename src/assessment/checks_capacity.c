/* Is there room for the upgrade: addresses, quotas, and space on the nodes? */
#include <string.h>
#include "assessment/drain.h"
#include "assessment/nodegroups.h"

#define PAGE_SUBNETS "https://docs.aws.amazon.com/eks/latest/best-practices/subnets.html"
#define PAGE_QUOTAS "https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html"

#define EACH_NODE(assess, node)                                                                                        \
	for (const struct kube_node *node = (assess)->inventory->nodes, *end_ = node + (assess)->inventory->n_nodes;   \
	     node < end_; node++)

/* ---- addresses */

static int64_t free_of(const struct assess *assess, const char *subnet)
{
	size_t i, k;
	const json_t *call, *seen;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_subnets"), i, call)
		json_array_foreach (document_at(call, "response.Subnets"), k, seen)
			if (!strcmp(document_text_or(seen, "SubnetId", ""), subnet))
				return document_int_or(seen, "AvailableIpAddressCount", -1);
	return -1;
}

struct subnet_sum {
	const char *names[64];
	size_t n;
	int64_t total, least;
	const char *smallest;
	bool not_known;
};

static void add_subnet(const struct assess *assess, struct subnet_sum *sum, const char *name)
{
	for (size_t i = 0; i < sum->n; i++)
		if (!strcmp(sum->names[i], name))
			return;
	if (sum->n == ARRAY_SIZE(sum->names))
		return;
	int64_t n = free_of(assess, name);
	sum->names[sum->n++] = name;
	if (n < 0) {
		sum->not_known = true;
		return;
	}
	sum->total += n;
	if (!sum->smallest || n < sum->least) {
		sum->smallest = name;
		sum->least = n;
	}
}

static void judge_subnets(struct assess *assess, const struct subnet_sum *sum, const char *whose, int64_t blocker,
			  int64_t high)
{
	if (!sum->n)
		return;
	if (!sum->smallest || (sum->not_known && sum->total < high)) {
		assess_unknown(assess, NULL, NULL, sum->names[0],
			       "not all subnets of %s were described; needs: ec2:DescribeSubnets", whose);
		return;
	}
	if (sum->total >= high)
		return;
	struct finding *finding =
		assess_aws(assess, sum->smallest, "%lld free addresses in the subnets of %s, %lld in this one",
			   (long long)sum->total, whose, (long long)sum->least);
	finding->severity = sum->total < blocker ? SEVERITY_BLOCKER : SEVERITY_HIGH;
	for (size_t i = 0; i < sum->n; i++)
		assess_evidence(assess, finding, "ec2:DescribeSubnets", "%s: %lld free", sum->names[i],
				(long long)free_of(assess, sum->names[i]));
}

static void add_subnets(const struct assess *assess, struct subnet_sum *sum, const json_t *names)
{
	size_t i;
	const json_t *name;
	json_array_foreach (names, i, name)
		if (json_is_string(name))
			add_subnet(assess, sum, json_string_value(name));
}

/* Below 30 no replacement of nodes is sure to get through; below 100 it may not. */
static void node_addresses(struct assess *assess)
{
	struct subnet_sum sum = {0};
	size_t i;
	const json_t *call;
	EACH_NODEGROUP(assess, group)
	add_subnets(assess, &sum, json_object_get(group, "subnets"));
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_fargate_profile"), i, call)
		add_subnets(assess, &sum, document_at(call, "response.fargateProfile.subnets"));
	judge_subnets(assess, &sum, "the nodes", 30, 100);
}

/* Pods have subnets of their own only with custom networking. */
static void pod_addresses(struct assess *assess)
{
	struct subnet_sum sum = {0};
	for (size_t i = 0; i < assess->inventory->n_customs; i++) {
		const struct kube_custom *custom = &assess->inventory->customs[i];
		const char *subnet = custom->kind && !strcmp(custom->kind, "ENIConfig")
					     ? document_text(assess_json(assess, custom->spec), "subnet")
					     : NULL;
		if (subnet)
			add_subnet(assess, &sum, subnet);
	}
	judge_subnets(assess, &sum, "the pods", 16, 256);
}

/* ---- quotas */

/* -1: nobody told. */
static double quota(const struct assess *assess, const char *code)
{
	size_t i, k;
	const json_t *call, *seen;
	json_array_foreach (inventory_aws_calls(assess->inventory, "get_service_quota"), i, call)
		if (!strcmp(document_text_or(call, "response.Quota.QuotaCode", ""), code))
			return document_real_or(call, "response.Quota.Value", -1);
	json_array_foreach (inventory_aws_calls(assess->inventory, "list_service_quotas"), i, call)
		json_array_foreach (document_at(call, "response.Quotas"), k, seen)
			if (!strcmp(document_text_or(seen, "QuotaCode", ""), code))
				return document_real_or(seen, "Value", -1);
	return -1;
}

static void judge_quota(struct assess *assess, const char *code, const char *what, double used, double adds,
			const char *unit)
{
	double limit = quota(assess, code), after = used + adds;
	if (limit < 0) {
		assess_unknown(assess, NULL, NULL, code,
			       "quota %s (%s) was not told; needs: servicequotas:GetServiceQuota", code, what);
		return;
	}
	if (limit == 0 || after < 0.8 * limit)
		return;
	struct finding *finding = assess_aws(assess, code, "%s: %.0f of %.0f %s with the upgrade (%.0f now)", what,
					     after, limit, unit, used);
	finding->severity = after >= 0.9 * limit ? SEVERITY_BLOCKER : SEVERITY_HIGH;
	assess_remedy(assess, finding,
		      "aws service-quotas request-service-quota-increase --quota-code %s --service-code %s "
		      "--desired-value %.0f",
		      code, !strcmp(code, "L-1216C47A") ? "ec2" : "ebs", after * 1.5);
}

static bool is_standard_family(const char *type)
{
	return strchr("acdhimrtz", type[0]) && strncmp(type, "inf", 3) != 0 && strncmp(type, "trn", 3) != 0 &&
	       strncmp(type, "dl", 2) != 0 && strncmp(type, "mac", 3) != 0 && strncmp(type, "hpc", 3) != 0;
}

static int64_t vcpus_of(const json_t *instance)
{
	return document_int_or(instance, "CpuOptions.CoreCount", 0) *
	       document_int_or(instance, "CpuOptions.ThreadsPerCore", 1);
}

/* 0: not told. */
static int64_t type_vcpus(const struct assess *assess, const char *type)
{
	size_t i, k;
	const json_t *call, *one;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_instance_types"), i, call)
		json_array_foreach (document_at(call, "response.InstanceTypes"), k, one)
			if (type && !strcmp(document_text_or(one, "InstanceType", ""), type))
				return document_int_or(one, "VCpuInfo.DefaultVCpus", 0);
	return 0;
}

/* Of the group's largest type; where types are not told, the largest that runs. */
static int64_t group_vcpus(const struct assess *assess, const json_t *group, int64_t otherwise)
{
	size_t i;
	const json_t *type;
	int64_t most = 0;
	json_array_foreach (json_object_get(group, "instanceTypes"), i, type) {
		int64_t vcpus = type_vcpus(assess, json_string_value(type));
		if (!vcpus)
			return otherwise;
		most = vcpus > most ? vcpus : most;
	}
	return most ? most : otherwise;
}

/* What runs on demand in the standard families now, and the nodes that come first in each group. */
static void vcpu(struct assess *assess)
{
	size_t i, k, m;
	const json_t *call, *reservation, *instance;
	int64_t used = 0, largest = 0, surge = 0;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_instances"), i, call)
		json_array_foreach (document_at(call, "response.Reservations"), k, reservation)
			json_array_foreach (json_object_get(reservation, "Instances"), m, instance) {
				const char *state = document_text_or(instance, "State.Name", "running"),
					   *type = document_text_or(instance, "InstanceType", "m");
				if ((strcmp(state, "running") && strcmp(state, "pending")) ||
				    document_text(instance, "InstanceLifecycle") || !is_standard_family(type))
					continue;
				used += vcpus_of(instance);
				largest = vcpus_of(instance) > largest ? vcpus_of(instance) : largest;
			}
	EACH_NODEGROUP(assess, group)
	if (strcmp(document_text_or(group, "capacityType", ""), "SPOT") != 0)
		surge += 2 * group_vcpus(assess, group, largest);
	judge_quota(assess, "L-1216C47A", "on-demand vCPUs", (double)used, (double)surge, "vCPUs");
}

static void volumes(struct assess *assess)
{
	static const struct {
		const char *type, *code;
	} kinds[] = {{"gp2", "L-D18FCD1D"}, {"gp3", "L-7A658B76"}};
	for (size_t q = 0; q < ARRAY_SIZE(kinds); q++) {
		size_t i, k;
		const json_t *call, *volume;
		double gib = 0;
		json_array_foreach (inventory_aws_calls(assess->inventory, "describe_volumes"), i, call)
			json_array_foreach (document_at(call, "response.Volumes"), k, volume)
				if (!strcmp(document_text_or(volume, "VolumeType", ""), kinds[q].type))
					gib += document_real_or(volume, "Size", 0);
		if (gib > 0)
			judge_quota(assess, kinds[q].code, kinds[q].type, gib / 1024, 0, "TiB");
	}
}

static size_t count_of(const struct assess *assess, const char *operation, const char *member)
{
	size_t i, n = 0;
	const json_t *call;
	json_array_foreach (inventory_aws_calls(assess->inventory, operation), i, call)
		n += json_array_size(json_object_get(json_object_get(call, "response"), member));
	return n;
}

/* A second cluster needs one more of each, or as many again as this one has. */
static void second_cluster(struct assess *assess)
{
	static const struct {
		const char *code, *what, *operation, *member;
		bool again; /* as many again; false: one more */
	} rows[] = {{"L-1194D53C", "EKS clusters", "list_clusters", "clusters", false},
		    {"L-53DA6B97", "load balancers", "describe_load_balancers", "LoadBalancers", true},
		    {"L-B22855CB", "target groups", "describe_target_groups", "TargetGroups", true}};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		double limit = quota(assess, rows[i].code);
		size_t n = count_of(assess, rows[i].operation, rows[i].member);
		double after = (double)(rows[i].again ? 2 * n : n + 1);
		if (limit < 0 || !inventory_aws_calls(assess->inventory, rows[i].operation) || after <= limit)
			continue;
		struct finding *finding =
			assess_aws(assess, rows[i].code, "%s: a second cluster needs %.0f, the quota is %.0f",
				   rows[i].what, after, limit);
		assess_evidence(assess, finding, "servicequotas:GetServiceQuota", "%s", rows[i].code);
	}
}

/* ---- room on the nodes */

static bool takes_pods(const struct kube_node *node)
{
	const char *ready = kube_condition_status(node->conditions, node->n_conditions, "Ready");
	return !node->unschedulable && (!ready || !strcmp(ready, "True"));
}

static void cluster_room(struct assess *assess)
{
	int64_t milli = 0, bytes = 0, used_milli = 0, used_bytes = 0;
	EACH_NODE(assess, node)
	{
		if (!takes_pods(node))
			continue;
		struct node_room room = nodegroup_room(assess, node);
		milli += room.milli;
		bytes += room.bytes;
		used_milli += room.used_milli;
		used_bytes += room.used_bytes;
	}
	double cpu = milli ? (double)used_milli / (double)milli : 0,
	       memory = bytes ? (double)used_bytes / (double)bytes : 0, most = cpu > memory ? cpu : memory;
	if (most <= 0.8)
		return;
	struct finding *finding = assess_cluster(assess, "pods ask for %.0f %% of the nodes' %s", most * 100,
						 cpu > memory ? "CPU" : "memory");
	finding->severity = most > 0.9 ? SEVERITY_BLOCKER : SEVERITY_HIGH;
	assess_evidence(assess, finding, "kubernetes nodes", "CPU %.0f %%, memory %.0f %% of allocatable", cpu * 100,
			memory * 100);
}

static bool fits_elsewhere(const struct assess *assess, const struct kube_pod *pod, int64_t milli, int64_t bytes)
{
	EACH_NODE(assess, node)
	{
		if (!takes_pods(node) || (pod->node_name && !strcmp(pod->node_name, node->meta.name)))
			continue;
		struct node_room room = nodegroup_room(assess, node);
		if (room.milli - room.used_milli >= milli && room.bytes - room.used_bytes >= bytes)
			return true;
	}
	return false;
}

/* The largest pod stands for all: when it finds room while its node is out, each other does too. */
static void one_node_out(struct assess *assess)
{
	const struct kube_pod *largest = NULL;
	int64_t most_milli = 0, most_bytes = 0;
	if (assess->inventory->n_nodes < 2)
		return;
	for (size_t i = 0; i < assess->inventory->n_pods; i++) {
		const struct kube_pod *pod = &assess->inventory->pods[i];
		const struct kube_owner *owner = kube_meta_controller(&pod->meta);
		int64_t milli, bytes;
		if (!subject_pod_lives(pod) || !pod->node_name ||
		    (owner && owner->kind && (!strcmp(owner->kind, "DaemonSet") || !strcmp(owner->kind, "Node"))))
			continue;
		index_pod_requests(pod->spec, &milli, &bytes);
		if (!largest || milli > most_milli || (milli == most_milli && bytes > most_bytes)) {
			largest = pod;
			most_milli = milli;
			most_bytes = bytes;
		}
	}
	if (!largest || (!most_milli && !most_bytes) || fits_elsewhere(assess, largest, most_milli, most_bytes))
		return;
	struct finding *finding = SUBJECT_POD_FOUND(
		assess, largest, "its pod asks for %lld m CPU and %lld MiB, and no other node has so much free",
		(long long)most_milli, (long long)(most_bytes >> 20));
	assess_evidence(assess, finding, "kubernetes pods", "pod %s on node %s", largest->meta.name,
			largest->node_name);
}

/* The only type of the group, and a workload that can use no other. */
static void one_type(struct assess *assess)
{
	EACH_NODEGROUP(assess, group)
	{
		const json_t *types = json_object_get(group, "instanceTypes");
		const char *type = json_array_size(types) == 1 ? json_string_value(json_array_get(types, 0)) : NULL;
		for (size_t i = 0; type && i < assess->inventory->n_workloads; i++) {
			const struct kube_workload *workload = &assess->inventory->workloads[i];
			const struct kube_pod_spec *spec = workload->template.spec;
			const char *wanted = spec && subject_is_lasting(assess, workload)
						     ? kube_pairs_get(spec->node_selector, spec->n_node_selector,
								      "node.kubernetes.io/instance-type")
						     : NULL;
			if (!wanted || strcmp(wanted, type) != 0)
				continue;
			struct finding *finding = assess_aws(assess, nodegroup_object(group),
							     "%s is its only instance type, and the only one %s can "
							     "use: when AWS is short of it nothing else will do",
							     type, workload->meta.name);
			assess_evidence(assess, finding, "kubernetes workloads", "%s %s/%s selects %s", workload->kind,
					subject_text(workload->meta.ns), workload->meta.name, type);
			break;
		}
	}
}

static void pod_density(struct assess *assess)
{
	int64_t room = 0, largest = 0, pods = 0, n = 0;
	EACH_NODE(assess, node)
	{
		if (!takes_pods(node))
			continue;
		struct node_room seen = nodegroup_room(assess, node);
		room += seen.pods;
		pods += seen.used_pods;
		largest = seen.pods > largest ? seen.pods : largest;
		n++;
	}
	if (n < 2 || !room || pods <= room - largest)
		return;
	struct finding *finding = assess_cluster(
		assess, "%lld pods on nodes that take %lld: without one node there is no place for all of them",
		(long long)pods, (long long)room);
	assess_evidence(assess, finding, "kubernetes nodes", "status.allocatable.pods, %lld nodes", (long long)n);
}

const struct check checks_capacity[] = {
	{.id = "CAP-NODE-IPS",
	 .title = "few free addresses for nodes",
	 .severity = SEVERITY_HIGH,
	 .severities = "BLOCKER below 30, HIGH below 100",
	 .needs = NEEDS("eks:ListNodegroups", "eks:DescribeNodegroup", "ec2:DescribeSubnets"),
	 .run = node_addresses,
	 .remedy = "add a subnet with free addresses to the node groups",
	 .page = PAGE_SUBNETS},
	{.id = "CAP-POD-IPS",
	 .title = "few free addresses for pods",
	 .severity = SEVERITY_HIGH,
	 .severities = "BLOCKER below 16, HIGH below 256",
	 .needs = NEEDS("kubernetes eniconfigs.crd.k8s.amazonaws.com", "ec2:DescribeSubnets"),
	 .run = pod_addresses,
	 .remedy = "add a secondary CIDR block with more addresses to the VPC, and an ENIConfig for it",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/cni-custom-network.html"},
	{.id = "CAP-VCPU",
	 .title = "the vCPU quota is nearly used up",
	 .severity = SEVERITY_HIGH,
	 .severities = "BLOCKER from 90 %, HIGH from 80 %",
	 .needs = NEEDS("ec2:DescribeInstances", "eks:ListNodegroups", "eks:DescribeNodegroup"),
	 .run = vcpu,
	 .remedy = "ask for a higher quota",
	 .page = PAGE_QUOTAS},
	{.id = "CAP-EBS",
	 .title = "a storage quota is nearly used up",
	 .severity = SEVERITY_HIGH,
	 .severities = "BLOCKER from 90 %, HIGH from 80 %",
	 .needs = NEEDS("ec2:DescribeVolumes"),
	 .run = volumes,
	 .remedy = "ask for a higher quota",
	 .page = "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html"},
	{.id = "CAP-BLUEGREEN",
	 .title = "a quota has no room for a second cluster",
	 .severity = SEVERITY_HIGH,
	 .scope = "blue-green",
	 .needs = NEEDS("servicequotas:GetServiceQuota"),
	 .run = second_cluster,
	 .remedy = "ask for a higher quota",
	 .page = PAGE_QUOTAS},
	{.id = "CAP-CLUSTER",
	 .title = "the nodes are nearly full",
	 .severity = SEVERITY_HIGH,
	 .severities = "BLOCKER above 90 %, HIGH above 80 % of allocatable",
	 .needs = NEEDS("kubernetes nodes", "kubernetes pods"),
	 .run = cluster_room,
	 .remedy = "add nodes before the upgrade",
	 .page = "https://docs.aws.amazon.com/eks/latest/best-practices/data-plane.html"},
	{.id = "CAP-ONE-NODE",
	 .title = "the largest pod has no other place",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes nodes", "kubernetes pods"),
	 .run = one_node_out,
	 .remedy = "have one node more of its size",
	 .page = "https://docs.aws.amazon.com/eks/latest/best-practices/data-plane.html"},
	{.id = "CAP-ICE",
	 .title = "one instance type, and no other will do",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("eks:ListNodegroups", "eks:DescribeNodegroup", SUBJECT_ALL),
	 .run = one_type,
	 .remedy = "let the group have several types, and the workload select by what it needs of them",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html"},
	{.id = "CAP-ENI",
	 .title = "the limit of pods a node is nearly reached",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("kubernetes nodes", "kubernetes pods"),
	 .run = pod_density,
	 .remedy = "add a node, or raise max pods by prefix delegation",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses.html"},
	{.id = NULL},
};
