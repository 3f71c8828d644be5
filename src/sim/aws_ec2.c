/* EC2 and Auto Scaling: the network both clusters stand in, and their nodes as instances. */
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "sim/world.h"

static json_t *names(const char *tag)
{
	return json_pack("[{s:s, s:s}]", "Key", "Name", "Value", tag);
}

/* Is `id` among the ids asked for under `member`? All are when none was asked for. */
static bool is_asked(const json_t *input, const char *member, const char *id)
{
	const json_t *list = json_object_get(input, member), *one;
	size_t i;
	json_array_foreach (list, i, one)
		if (json_string_value(one) && !strcmp(json_string_value(one), id))
			return true;
	return json_array_size(list) == 0;
}

static void subnets(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	static const struct {
		const char *id, *zone, *cidr;
		int free;
	} rows[] = {{"subnet-a", "us-east-1a", "10.0.0.0/20", 3011},
		    {"subnet-b", "us-east-1b", "10.0.16.0/20", 2870},
		    {"subnet-c", "us-east-1c", "10.0.32.0/20", 2999}};
	bool full = sim_fault_value(sim, "quota", "addresses") > 0;
	json_t *list = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (is_asked(input, "SubnetIds", rows[i].id))
			json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:o}", "SubnetId",
							      rows[i].id, "VpcId", "vpc-1", "AvailableIpAddressCount",
							      full ? 3 : rows[i].free, "AvailabilityZone", rows[i].zone,
							      "CidrBlock", rows[i].cidr, "State", "available", "Tags",
							      names(rows[i].id)));
	size_t asked = json_array_size(json_object_get(input, "SubnetIds"));
	if (asked && json_array_size(list) != asked) {
		json_decref(list);
		sim_refuse(answer, 400, "InvalidSubnetID.NotFound", "The subnet ID does not exist");
		return;
	}
	answer->output = json_pack("{s:o}", "Subnets", list);
}

static void vpcs(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	(void)input;
	answer->output = json_pack("{s:[{s:s, s:s, s:s, s:b}]}", "Vpcs", "VpcId", "vpc-1", "CidrBlock", "10.0.0.0/16",
				   "State", "available", "IsDefault", 0);
}

static void security_groups(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	static const char *const ids[] = {"sg-1", "sg-cluster"};
	json_t *list = json_array();
	(void)sim;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (is_asked(input, "GroupIds", ids[i]))
			json_array_append_new(
				list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:[{s:s}]}], s:[{s:s, s:[{s:s}]}]}",
						"GroupId", ids[i], "GroupName", ids[i], "Description", ids[i], "VpcId",
						"vpc-1", "OwnerId", SIM_ACCOUNT, "IpPermissions", "IpProtocol", "-1",
						"UserIdGroupPairs", "GroupId", "sg-cluster", "IpPermissionsEgress",
						"IpProtocol", "-1", "IpRanges", "CidrIp", "0.0.0.0/0"));
	answer->output = json_pack("{s:o}", "SecurityGroups", list);
}

static void zones(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *list = json_array();
	(void)sim;
	(void)input;
	for (char letter = 'a'; letter <= 'c'; letter++)
		json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:o}", "ZoneName",
						      document_printf(SIM_REGION "%c", letter), "State", "available",
						      "RegionName", SIM_REGION, "ZoneId",
						      document_printf("use1-az%d", letter - 'a' + 1)));
	answer->output = json_pack("{s:o}", "AvailabilityZones", list);
}

static void regions(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	(void)input;
	answer->output = json_pack("{s:[{s:s, s:s, s:s}]}", "Regions", "RegionName", SIM_REGION, "Endpoint",
				   "ec2." SIM_REGION ".amazonaws.com", "OptInStatus", "opt-in-not-required");
}

static void instance_types(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	static const struct {
		const char *name;
		int cpus, memory_mib;
	} rows[] = {{"m6i.large", 2, 8192},    {"m6i.xlarge", 4, 16384}, {"m6i.2xlarge", 8, 32768},
		    {"c6i.2xlarge", 8, 16384}, {"r6i.xlarge", 4, 32768}, {"m6i.4xlarge", 16, 65536}};
	json_t *list = json_array();
	(void)sim;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (is_asked(input, "InstanceTypes", rows[i].name))
			json_array_append_new(list,
					      json_pack("{s:s, s:b, s:{s:i}, s:{s:i}}", "InstanceType", rows[i].name,
							"CurrentGeneration", 1, "VCpuInfo", "DefaultVCpus",
							rows[i].cpus, "MemoryInfo", "SizeInMiB", rows[i].memory_mib));
	answer->output = json_pack("{s:o}", "InstanceTypes", list);
}

/* The nodes of a cluster as its API server tells them; the caller's. */
static json_t *nodes_of(struct sim_cluster *cluster)
{
	const struct http_header accept = {"Accept", "application/json"};
	struct http_exchange exchange = {.request = {.method = "GET", .url = "", .headers = &accept, .n_headers = 1}};
	sim_kube_handle(cluster->kube, &exchange.request, "/api/v1/nodes", &exchange.response);
	json_t *nodes = json_loadb(buf_str(&exchange.response.body), exchange.response.body.n, 0, NULL);
	http_exchange_done(&exchange);
	return nodes;
}

static const char *label(const json_t *node, const char *name)
{
	const char *text = json_string_value(json_object_get(document_at(node, "metadata.labels"), name));
	return text ? text : "";
}

static const char *instance_id(const json_t *node)
{
	const char *provider = document_text_or(node, "spec.providerID", ""), *slash = strrchr(provider, '/');
	return slash ? slash + 1 : provider;
}

static json_t *instance(const struct sim_cluster *cluster, const json_t *node)
{
	return json_pack("{s:s, s:s, s:{s:i, s:s}, s:s, s:O?, s:{s:s}, s:[{s:s, s:s}, {s:o, s:s}]}", "InstanceId",
			 instance_id(node), "InstanceType", label(node, "node.kubernetes.io/instance-type"), "State",
			 "Code", 16, "Name", "running", "VpcId", "vpc-1", "PrivateDnsName",
			 document_at(node, "metadata.name"), "Placement", "AvailabilityZone",
			 label(node, "topology.kubernetes.io/zone"), "Tags", "Key", "eks:cluster-name", "Value",
			 cluster->name, "Key", document_printf("kubernetes.io/cluster/%s", cluster->name), "Value",
			 "owned");
}

static void instances(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sim->n_clusters; i++) {
		struct sim_cluster *cluster = &sim->clusters[i];
		if (cluster->life == LIFE_ABSENT || cluster->life == LIFE_CREATING)
			continue;
		json_t *nodes DOCUMENT_CLEANUP = nodes_of(cluster), *node;
		size_t k;
		json_array_foreach (json_object_get(nodes, "items"), k, node)
			if (is_asked(input, "InstanceIds", instance_id(node)))
				json_array_append_new(list, instance(cluster, node));
	}
	answer->output = json_pack("{s:[{s:s, s:s, s:o}]}", "Reservations", "ReservationId", "r-simulated", "OwnerId",
				   SIM_ACCOUNT, "Instances", list);
}

static void no_templates(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	(void)input;
	answer->output = json_pack("{s:[]}", "LaunchTemplates");
}

/* Pods' volumes are not modelled as EC2's. */
static void no_volumes(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	(void)input;
	answer->output = json_pack("{s:[]}", "Volumes");
}

/* ---- Auto Scaling: one group for each node group */

static json_t *scaling_instances(struct sim_cluster *cluster, const struct sim_group *group)
{
	json_t *list = json_array(), *nodes DOCUMENT_CLEANUP = nodes_of(cluster), *node;
	size_t i;
	json_array_foreach (json_object_get(nodes, "items"), i, node)
		if (!strcmp(label(node, "eks.amazonaws.com/nodegroup"), group->name))
			json_array_append_new(list,
					      json_pack("{s:s, s:s, s:s, s:s, s:b}", "InstanceId", instance_id(node),
							"AvailabilityZone", label(node, "topology.kubernetes.io/zone"),
							"LifecycleState", "InService", "HealthStatus", "Healthy",
							"ProtectedFromScaleIn", 0));
	return list;
}

static void scaling_groups(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sim->n_clusters; i++) {
		struct sim_cluster *cluster = &sim->clusters[i];
		if (cluster->life == LIFE_ABSENT || cluster->life == LIFE_CREATING)
			continue;
		for (size_t k = 0; k < cluster->n_groups; k++) {
			const struct sim_group *group = &cluster->groups[k];
			char *name CLEANUP(mem_freep) = mem_printf("eks-%s-%s-asg", cluster->name, group->name);
			if (group->life == LIFE_ABSENT || !is_asked(input, "AutoScalingGroupNames", name))
				continue;
			json_array_append_new(
				list,
				json_pack("{s:s, s:i, s:I, s:I, s:i, s:s, s:s, s:o, s:[s,s,s], s:o, s:[{s:s, s:s}]}",
					  "AutoScalingGroupName", name, "MinSize", 1, "MaxSize",
					  (json_int_t)(group->nodes * 2), "DesiredCapacity", (json_int_t)group->nodes,
					  "DefaultCooldown", 300, "HealthCheckType", "EC2", "VPCZoneIdentifier",
					  "subnet-a,subnet-b,subnet-c", "CreatedTime", sim_time(group->created_ms),
					  "AvailabilityZones", "us-east-1a", "us-east-1b", "us-east-1c", "Instances",
					  scaling_instances(cluster, group), "Tags", "Key", "eks:cluster-name", "Value",
					  cluster->name));
		}
	}
	answer->output = json_pack("{s:o}", "AutoScalingGroups", list);
}

const struct sim_operation sim_ec2_operations[] = {
	{"ec2:DescribeSubnets", subnets},
	{"ec2:DescribeVpcs", vpcs},
	{"ec2:DescribeSecurityGroups", security_groups},
	{"ec2:DescribeAvailabilityZones", zones},
	{"ec2:DescribeRegions", regions},
	{"ec2:DescribeInstanceTypes", instance_types},
	{"ec2:DescribeInstances", instances},
	{"ec2:DescribeLaunchTemplates", no_templates},
	{"ec2:DescribeVolumes", no_volumes},
	{"autoscaling:DescribeAutoScalingGroups", scaling_groups},
	{NULL, NULL},
};
