/* Is there room for the upgrade: addresses, quotas, and space on the nodes? */
#include <string.h>
#include "assessment/drain.h"
#include "assessment/nodegroups.h"
#include "perception/aws_items.h"

#define PAGE_SUBNETS "https://docs.aws.amazon.com/eks/latest/best-practices/subnets.html"
#define PAGE_QUOTAS "https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html"

#define EACH_NODE(assess, node)                                                                                        \
	for (const struct kube_node *node = (assess)->inventory->nodes, *end_ = node + (assess)->inventory->n_nodes;   \
	     node < end_; node++)

/* ---- addresses */

static int64_t free_of(const struct assess *assess, const char *subnet)
{
	EACH_AWS (assess->inventory, "describe_subnets", "Subnets", seen)
		if (!strcmp(document_text_or(seen, "SubnetId", ""), subnet))
			return document_int_or(seen, "AvailableIpAddressCount", -1);
	return -1;
}

enum { STARVED = 10 };

struct subnet_sum {
	const char *names[64];
	size_t n;
	int64_t total;
	bool known, not_known; /* some of them */
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
	sum->known = true;
}

/* All of them together have to do. One that is empty while others are not stops nothing for good, but no node comes in
 * its zone, and volumes there wait. */
static void judge_subnet(struct assess *assess, const struct subnet_sum *sum, size_t at, const char *whose,
			 int64_t blocker, int64_t high)
{
	const char *name = sum->names[at];
	int64_t n = free_of(assess, name);
	if (n < 0 || (sum->total >= high && n >= STARVED))
		return;
	struct finding *finding =
		sum->n == 1 ? assess_aws(assess, name, "%lld free addresses for %s", (long long)n, whose)
			    : assess_aws(assess, name, "%lld free addresses here, %lld in all %zu subnets of %s",
					 (long long)n, (long long)sum->total, sum->n, whose);
	finding->severity = sum->total < blocker ? SEVERITY_BLOCKER : SEVERITY_HIGH;
	for (size_t i = 0; i < sum->n; i++)
		assess_evidence(assess, finding, "ec2:DescribeSubnets", "%s: %lld free", sum->names[i],
				(long long)free_of(assess, sum->names[i]));
}

static void judge_subnets(struct assess *assess, const struct subnet_sum *sum, const char *whose, int64_t blocker,
			  int64_t high)
{
	if (!sum->n)
		return;
	if (!sum->known || (sum->not_known && sum->total < high)) {
		assess_unknown(assess, NULL, NULL, sum->names[0],
			       "not all subnets of %s were described; needs: ec2:DescribeSubnets", whose);
		return;
	}
	for (size_t i = 0; i < sum->n; i++)
		judge_subnet(assess, sum, i, whose, blocker, high);
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
	size_t i;
	const json_t *call;
	json_array_foreach (inventory_aws_calls(assess->inventory, "get_service_quota"), i, call)
		if (!strcmp(document_text_or(call, "response.Quota.QuotaCode", ""), code))
			return document_real_or(call, "response.Quota.Value", -1);
	EACH_AWS (assess->inventory, "list_service_quotas", "Quotas", seen)
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
	struct finding *finding = assess_aws(
		assess, code, adds > 0 ? "%s: %.0f of %.0f %s with the upgrade (%.0f now)" : "%s: %.0f of %.0f %s",
		what, after, limit, unit, used);
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

/* 0: not told. */
static int64_t type_vcpus(const struct assess *assess, const char *type)
{
	EACH_AWS (assess->inventory, "describe_instance_types", "InstanceTypes", one)
		if (type && !strcmp(document_text_or(one, "InstanceType", ""), type))
			return document_int_or(one, "VCpuInfo.DefaultVCpus", 0);
	return 0;
}

/* As the instance says; else as its type has; else as the node that it is shows. */
static int64_t vcpus_of(const struct assess *assess, const json_t *instance)
{
	int64_t cores = document_int_or(instance, "CpuOptions.CoreCount", 0), vcpus;
	if (__builtin_mul_overflow(cores, document_int_or(instance, "CpuOptions.ThreadsPerCore", 1), &vcpus))
		vcpus = 0;
	vcpus = vcpus ? vcpus : type_vcpus(assess, document_text(instance, "InstanceType"));
	if (vcpus)
		return vcpus;
	const struct kube_node *node = index_instance(assess, document_text_or(instance, "InstanceId", ""));
	return node ? (kube_text_thousandths(kube_pairs_get(node->allocatable, node->n_allocatable, "cpu")) + 999) /
			       1000
		    : 0;
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
	size_t m;
	const json_t *instance;
	int64_t used = 0, largest = 0, surge = 0;
	EACH_AWS (assess->inventory, "describe_instances", "Reservations", reservation)
		json_array_foreach (json_object_get(reservation, "Instances"), m, instance) {
			const char *state = document_text_or(instance, "State.Name", "running"),
				   *type = document_text_or(instance, "InstanceType", "m");
			if ((strcmp(state, "running") && strcmp(state, "pending")) ||
			    document_text(instance, "InstanceLifecycle") || !is_standard_family(type))
				continue;
			int64_t vcpus = vcpus_of(assess, instance);
			used += vcpus;
			largest = vcpus > largest ? vcpus : largest;
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
		double gib = 0;
		EACH_AWS (assess->inventory, "describe_volumes", "Volumes", volume)
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

/* Load balancers have a quota for each kind. */
static size_t count_balancers(const struct assess *assess, const char *type)
{
	size_t n = 0;
	EACH_AWS (assess->inventory, "describe_load_balancers", "LoadBalancers", balancer)
		n += !strcmp(document_text_or(balancer, "Type", "application"), type);
	return n;
}

static const char *zone_of(const struct assess *assess, const char *subnet)
{
	EACH_AWS (assess->inventory, "describe_subnets", "Subnets", seen)
		if (!strcmp(document_text_or(seen, "SubnetId", ""), subnet))
			return document_text(seen, "AvailabilityZone");
	return NULL;
}

/* The quota is one of each zone: of the zone that has most. Gateways whose zone is not known count for none. */
static size_t count_gateways(const struct assess *assess)
{
	size_t i, k, m, o, most = 0;
	const json_t *call, *gateway, *call_2, *other;
	const char *operation = "describe_nat_gateways";
	json_array_foreach (inventory_aws_calls(assess->inventory, operation), i, call)
		json_array_foreach (document_at(call, "response.NatGateways"), k, gateway) {
			const char *zone = zone_of(assess, document_text_or(gateway, "SubnetId", ""));
			size_t n = 0;
			json_array_foreach (inventory_aws_calls(assess->inventory, operation), m, call_2)
				json_array_foreach (document_at(call_2, "response.NatGateways"), o, other) {
					const char *state = document_text_or(other, "State", "available"),
						   *seen = zone_of(assess, document_text_or(other, "SubnetId", ""));
					n += zone && seen && !strcmp(zone, seen) && strcmp(state, "deleted") != 0;
				}
			most = n > most ? n : most;
		}
	return most;
}

/* A second cluster needs one more of each, or as many again as this one has. Addresses and gateways only where it gets
 * a network of its own, so that only a quota that is used up is told. */
struct second_quota {
	const char *code, *service, *what, *source;
	size_t n;
	bool again; /* as many again; false: one more */
};

static void judge_second(struct assess *assess, const struct second_quota *row)
{
	double limit = quota(assess, row->code), after = (double)(row->again ? 2 * row->n : row->n + 1);
	const char *reason, *operation = inventory_snake_name(assess->arena, strchr(row->source, ':') + 1);
	if (limit >= 0 && assess_source_refused(assess, row->source, &reason))
		assess_unknown(assess, NULL, NULL, row->code, "%s", reason);
	else if (limit >= 0 && inventory_aws_calls(assess->inventory, operation) && after > limit) {
		struct finding *finding =
			assess_aws(assess, row->code, "%s: a second cluster makes it %.0f, the quota is %.0f",
				   row->what, after, limit);
		assess_evidence(assess, finding, "servicequotas:GetServiceQuota", "%s: %.0f, used %zu", row->code,
				limit, row->n);
		assess_remedy(assess, finding,
			      "aws service-quotas request-service-quota-increase --service-code %s --quota-code %s "
			      "--desired-value %.0f",
			      row->service, row->code, after * 1.5);
	}
}

static void second_cluster(struct assess *assess)
{
	const struct second_quota rows[] = {
		{"L-1194D53C", "eks", "EKS clusters", "eks:ListClusters", count_of(assess, "list_clusters", "clusters"),
		 false},
		{"L-53DA6B97", "elasticloadbalancing", "Application Load Balancers",
		 "elasticloadbalancing:DescribeLoadBalancers", count_balancers(assess, "application"), true},
		{"L-69A177A2", "elasticloadbalancing", "Network Load Balancers",
		 "elasticloadbalancing:DescribeLoadBalancers", count_balancers(assess, "network"), true},
		{"L-B22855CB", "elasticloadbalancing", "target groups", "elasticloadbalancing:DescribeTargetGroups",
		 count_of(assess, "describe_target_groups", "TargetGroups"), true},
		{"L-0263D0A3", "ec2", "Elastic IPs", "ec2:DescribeAddresses",
		 count_of(assess, "describe_addresses", "Addresses"), false},
		{"L-FE5A380F", "vpc", "NAT gateways in a zone", "ec2:DescribeNatGateways", count_gateways(assess),
		 false},
		{"L-FE177D64", "iam", "IAM roles", "iam:ListRoles", count_of(assess, "list_roles", "Roles"), false}};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		judge_second(assess, &rows[i]);
}

/* ---- room on the nodes */

/* One of Fargate's takes the pod that it was made for and no other. */
static bool takes_pods(const struct kube_node *node)
{
	const char *ready = kube_condition_status(node->conditions, node->n_conditions, "Ready");
	return !subject_is_fargate(node) && !node->unschedulable && (!ready || !strcmp(ready, "True"));
}

#define GIB (double)(1 << 30)

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
	struct finding *finding =
		cpu > memory ? assess_cluster(assess, "pods ask for %.1f of the nodes' %.1f CPUs: %.0f %%",
					      (double)used_milli / 1000, (double)milli / 1000, most * 100)
			     : assess_cluster(assess, "pods ask for %.1f of the nodes' %.1f GiB of memory: %.0f %%",
					      (double)used_bytes / GIB, (double)bytes / GIB, most * 100);
	finding->severity = most > 0.9 ? SEVERITY_BLOCKER : SEVERITY_HIGH;
	assess_evidence(assess, finding, "kubernetes nodes", "CPU %.0f %%, memory %.0f %% of allocatable", cpu * 100,
			memory * 100);
}

static bool fits_elsewhere(const struct assess *assess, const struct kube_pod *pod, int64_t milli, int64_t bytes)
{
	EACH_NODE(assess, node)
	{
		if (!takes_pods(node) || (pod->node_name && !strcmp(pod->node_name, subject_text(node->meta.name))))
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
		const struct kube_node *node = index_pod_node(assess, pod);
		int64_t milli, bytes;
		if ((index_pod_facts(assess, pod) & (POD_LIVES | POD_DAEMON)) != POD_LIVES || !pod->node_name)
			continue;
		index_pod_requests(assess, pod, &milli, &bytes);
		bool larger = !largest || milli > most_milli || (milli == most_milli && bytes > most_bytes);
		if (larger && !(node && subject_is_fargate(node))) {
			largest = pod;
			most_milli = milli;
			most_bytes = bytes;
		}
	}
	if (!largest || (!most_milli && !most_bytes) || fits_elsewhere(assess, largest, most_milli, most_bytes))
		return;
	struct finding *finding = SUBJECT_POD_FOUND(
		assess, largest, "its pod asks for %lldm CPU and %lld MiB, and no other node has so much free",
		(long long)most_milli, (long long)(most_bytes >> 20));
	assess_evidence(assess, finding, "kubernetes pods", "pod %s on node %s", largest->meta.name,
			largest->node_name);
}

/* The one value that the workload's selector or required affinity allows for a label; NULL: there may be others. */
static const char *only_value(struct assess *assess, const struct kube_pod_spec *spec, const char *key)
{
	const char *value = kube_pairs_get(spec->node_selector, spec->n_node_selector, key);
	const json_t *terms = document_at(
			     assess_json(assess, spec->affinity),
			     "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"),
		     *expression;
	size_t i;
	json_array_foreach (json_array_size(terms) == 1 ? document_at(terms, "[0].matchExpressions") : NULL, i,
			    expression)
		if (!value && !strcmp(document_text_or(expression, "key", ""), key) &&
		    !strcmp(document_text_or(expression, "operator", ""), "In") &&
		    json_array_size(json_object_get(expression, "values")) == 1)
			value = document_text(expression, "values[0]");
	return value;
}

/* By its type, or by the group's name, which comes to the same. */
static bool needs_type(struct assess *assess, const struct kube_workload *workload, const json_t *group,
		       const char *type)
{
	const struct kube_pod_spec *spec = workload->template.spec;
	if (!spec || !subject_is_lasting(assess, workload) || subject_is_kind(workload, "DaemonSet"))
		return false;
	const char *wanted = only_value(assess, spec, "node.kubernetes.io/instance-type"),
		   *name = only_value(assess, spec, "eks.amazonaws.com/nodegroup");
	return (wanted || name) && (!wanted || !strcmp(wanted, type)) &&
	       (!name || !strcmp(name, nodegroup_name(group)));
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
			if (!needs_type(assess, workload, group, type))
				continue;
			struct finding *finding = assess_aws(assess, nodegroup_object(group),
							     "%s is its only instance type, and the only one %s can "
							     "use: when AWS is short of it nothing else will do",
							     type, workload->meta.name);
			assess_evidence(assess, finding, "kubernetes workloads", "%s %s/%s selects its nodes",
					workload->kind, subject_text(workload->meta.ns), workload->meta.name);
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
	 .severities = "BLOCKER below 30 in all subnets together, HIGH below 100, or below 10 in one of them",
	 .needs = NEEDS("eks:ListNodegroups", "eks:DescribeNodegroup", "ec2:DescribeSubnets"),
	 .run = node_addresses,
	 .remedy = "add a subnet with free addresses to the node groups",
	 .page = PAGE_SUBNETS},
	{.id = "CAP-POD-IPS",
	 .title = "few free addresses for pods",
	 .severity = SEVERITY_HIGH,
	 .severities = "BLOCKER below 16 in all subnets together, HIGH below 256, or below 10 in one of them",
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
