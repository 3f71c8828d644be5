/* EC2 and Auto Scaling: the network both clusters stand in, and their nodes as instances. */
#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "codec/json.h"
#include "sim/world.h"

static json_t *subnet_tags(const char *name)
{
	return json_pack("[{s:s, s:s}, {s:s, s:s}]", "Key", "Name", "Value", name, "Key", "kubernetes.io/role/elb",
			 "Value", "1");
}

static bool fits(const json_t *patterns, const char *text)
{
	size_t i;
	const json_t *one;
	json_array_foreach (patterns, i, one)
		if (text && json_string_value(one) && !fnmatch(json_string_value(one), text, 0))
			return true;
	return false;
}

static bool has_text(const json_t *list, const char *text)
{
	size_t i;
	const json_t *one;
	json_array_foreach (list, i, one)
		if (json_string_value(one) && !strcmp(json_string_value(one), text))
			return true;
	return false;
}

/* Is `id` among the ids asked for under `member`? All are when none was asked for. */
static bool is_asked(const json_t *input, const char *member, const char *id)
{
	const json_t *list = json_object_get(input, member);
	return json_array_size(list) == 0 || has_text(list, id);
}

/* A filter's word for a member: "vpc-id" is VpcId, and those that are called otherwise. */
static const char *member_of_filter(const char *filter, char out[64])
{
	static const char *const others[][2] = {{"instance-state-name", "State.Name"},
						{"availability-zone", "AvailabilityZone"},
						{"architecture", "Architecture"},
						{"current-generation", "CurrentGeneration"},
						{"owner-alias", "ImageOwnerAlias"}};
	size_t n = 0;
	bool upper = true;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(others[i][0], filter))
			return others[i][1];
	for (; *filter && n < 63; filter++) {
		if (*filter != '-')
			out[n++] = (char)(upper ? toupper((unsigned char)*filter) : *filter);
		upper = *filter == '-';
	}
	out[n] = '\0';
	return out;
}

/* The value of a row that a filter looks at; NULL: this row has none. */
static const json_t *filtered_value(const json_t *row, const char *filter)
{
	char name[64];
	size_t i;
	const json_t *tag;
	if (strncmp(filter, "tag:", 4) != 0) {
		const json_t *value = document_at(row, member_of_filter(filter, name));
		return value ? value : document_at(document_at(row, "Placement"), member_of_filter(filter, name));
	}
	json_array_foreach (json_object_get(row, "Tags"), i, tag)
		if (!strcmp(document_text_or(tag, "Key", ""), filter + 4))
			return json_object_get(tag, "Value");
	return NULL;
}

static bool let_through(const json_t *row, const json_t *filter, bool *known)
{
	const char *name = document_text_or(filter, "Name", "");
	const json_t *values = json_object_get(filter, "Values");
	size_t i;
	const json_t *tag;
	bool through = false;
	if (!strcmp(name, "tag-key")) {
		*known = true;
		json_array_foreach (json_object_get(row, "Tags"), i, tag)
			through |= fits(values, document_text_or(tag, "Key", ""));
		return through;
	}
	const json_t *value = filtered_value(row, name);
	*known |= value || !strncmp(name, "tag:", 4);
	return value && fits(values, json_is_true(value)    ? "true"
				     : json_is_false(value) ? "false"
							    : json_string_value(value));
}

/* Answers with `all` (taken) as `member`, those that every filter lets through. Ids that were asked for and are not
 * there are refused with `missing`, a filter that fits no member with the word EC2 has for it. */
static void tell(const json_t *input, const char *member, json_t *all, const char *ids, const char *missing,
		 struct sim_answer *answer)
{
	size_t i, k, asked = ids ? json_array_size(json_object_get(input, ids)) : 0;
	const json_t *filter;
	if (asked > json_array_size(all)) {
		json_decref(all);
		sim_refuse(answer, 400, missing, "One of the %s asked for does not exist", ids);
		return;
	}
	json_array_foreach (json_object_get(input, "Filters"), k, filter) {
		bool known = json_array_size(all) == 0;
		for (i = json_array_size(all); i-- > 0;)
			if (!let_through(json_array_get(all, i), filter, &known))
				json_array_remove(all, i);
		if (known)
			continue;
		json_decref(all);
		sim_refuse(answer, 400, "InvalidParameterValue", "The filter '%s' is invalid",
			   document_text_or(filter, "Name", ""));
		return;
	}
	answer->output = json_pack("{s:o}", member, all);
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
							      subnet_tags(rows[i].id)));
	tell(input, "Subnets", list, "SubnetIds", "InvalidSubnetID.NotFound", answer);
}

static void vpcs(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *list = json_array();
	(void)sim;
	if (is_asked(input, "VpcIds", "vpc-1"))
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b}", "VpcId", "vpc-1", "CidrBlock",
						      "10.0.0.0/16", "State", "available", "IsDefault", 0));
	tell(input, "Vpcs", list, "VpcIds", "InvalidVpcID.NotFound", answer);
}

/* The cluster's own lets itself in, as EKS makes it; the other one lets in the network. */
static json_t *ingress_of(const char *id)
{
	return !strcmp(id, "sg-cluster")
		       ? json_pack("[{s:s, s:[{s:s, s:s}], s:[]}]", "IpProtocol", "-1", "UserIdGroupPairs", "GroupId",
				   id, "UserId", SIM_ACCOUNT, "IpRanges")
		       : json_pack("[{s:s, s:i, s:i, s:[], s:[{s:s}]}]", "IpProtocol", "tcp", "FromPort", 443, "ToPort",
				   443, "UserIdGroupPairs", "IpRanges", "CidrIp", "10.0.0.0/16");
}

static void security_groups(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	static const char *const ids[] = {"sg-1", "sg-cluster"};
	json_t *list = json_array();
	(void)sim;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (is_asked(input, "GroupIds", ids[i]))
			json_array_append_new(list,
					      json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:[{s:s, s:[{s:s}]}]}",
							"GroupId", ids[i], "GroupName", ids[i], "Description", ids[i],
							"VpcId", "vpc-1", "OwnerId", SIM_ACCOUNT, "IpPermissions",
							ingress_of(ids[i]), "IpPermissionsEgress", "IpProtocol", "-1",
							"IpRanges", "CidrIp", "0.0.0.0/0"));
	tell(input, "SecurityGroups", list, "GroupIds", "InvalidGroup.NotFound", answer);
}

static void zones(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *list = json_array();
	(void)sim;
	(void)input;
	for (int letter = 'a'; letter <= 'c'; letter++)
		json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:o}", "ZoneName",
						      document_printf(SIM_REGION "%c", letter), "State", "available",
						      "RegionName", SIM_REGION, "ZoneId",
						      document_printf("use1-az%d", letter - 'a' + 1)));
	tell(input, "AvailabilityZones", list, NULL, NULL, answer);
}

static void regions(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	(void)input;
	answer->output = json_pack("{s:[{s:s, s:s, s:s}]}", "Regions", "RegionName", SIM_REGION, "Endpoint",
				   "ec2." SIM_REGION ".amazonaws.com", "OptInStatus", "opt-in-not-required");
}

static const struct machine {
	const char *name;
	int cpus, memory_mib;
} machines[] = {{"m6i.large", 2, 8192},	   {"m6i.xlarge", 4, 16384}, {"m6i.2xlarge", 8, 32768},
		{"c6i.2xlarge", 8, 16384}, {"r6i.xlarge", 4, 32768}, {"m6i.4xlarge", 16, 65536}};

static void instance_types(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *list = json_array();
	(void)sim;
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (is_asked(input, "InstanceTypes", machines[i].name))
			json_array_append_new(list,
					      json_pack("{s:s, s:b, s:{s:[s]}, s:{s:i, s:i, s:i}, s:{s:i}, s:s}",
							"InstanceType", machines[i].name, "CurrentGeneration", 1,
							"ProcessorInfo", "SupportedArchitectures", "x86_64", "VCpuInfo",
							"DefaultVCpus", machines[i].cpus, "DefaultCores",
							machines[i].cpus / 2, "DefaultThreadsPerCore", 2, "MemoryInfo",
							"SizeInMiB", machines[i].memory_mib, "Hypervisor", "nitro"));
	tell(input, "InstanceTypes", list, "InstanceTypes", "InvalidInstanceType", answer);
}

/* ---- images: for each version the one that EKS publishes (ssm:GetParameters tells its id) */

static json_t *image_id(unsigned minor)
{
	return document_printf("ami-0%u5eed000000000%02u", minor, minor);
}

static json_t *image(const struct sim *sim, unsigned minor)
{
	return json_pack("{s:o, s:o, s:s, s:s, s:s, s:o, s:b, s:s, s:s}", "ImageId", image_id(minor), "Name",
			 document_printf("amazon-eks-node-al2023-x86_64-standard-1.%u-v20261101", minor), "OwnerId",
			 "602401143452", "ImageOwnerAlias", "amazon", "State", "available", "CreationDate",
			 sim_time(sim->start_ms - 23 * DAY_MS), "Public", 1, "Architecture", "x86_64",
			 "PlatformDetails", "Linux/UNIX");
}

static void image_list(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *list = json_array();
	for (unsigned minor = 30; minor <= 36; minor++) {
		json_t *id DOCUMENT_CLEANUP = image_id(minor);
		if (is_asked(input, "ImageIds", json_string_value(id)))
			json_array_append_new(list, image(sim, minor));
	}
	tell(input, "Images", list, "ImageIds", "InvalidAMIID.NotFound", answer);
}

struct node {
	const char *name, *provider, *kubelet;
	struct pair *labels;
	size_t n_labels;
};
static const struct field node_fields[] = {
	F_STRING(struct node, name, "metadata.name", 0, ""),
	F_STRING(struct node, provider, "spec.providerID", 0, ""),
	F_STRING(struct node, kubelet, "status.nodeInfo.kubeletVersion", 0, ""),
	F_MAP(struct node, labels, n_labels, "metadata.labels", 0, ""),
};
static const struct model node_model = MODEL("Node", struct node, node_fields);
struct nodes {
	struct node *items;
	size_t n;
};
static const struct field nodes_fields[] = {F_LIST(struct nodes, items, n, "items", 0, &node_model, "")};
static const struct model nodes_model = MODEL("NodeList", struct nodes, nodes_fields);

/* The nodes of a cluster as its API server tells them, in the arena. */
static struct nodes nodes_of(struct sim_cluster *cluster, struct arena *arena)
{
	const struct http_header accept = {"Accept", "application/json"};
	struct http_exchange exchange = {.request = {.method = "GET", .url = "", .headers = &accept, .n_headers = 1}};
	struct nodes nodes;
	sim_kube_handle(cluster->kube, &exchange.request, "/api/v1/nodes", &exchange.response);
	struct error *error =
		json_decode(buf_slice(&exchange.response.body), "nodes", JSON_READ_SERVER, &nodes_model, &nodes, arena);
	if (error)
		nodes = (struct nodes){0};
	error_free(error);
	http_exchange_done(&exchange);
	return nodes;
}

static const char *label(const struct node *node, const char *name)
{
	for (size_t i = 0; i < node->n_labels; i++)
		if (!strcmp(node->labels[i].key, name))
			return node->labels[i].value;
	return "";
}

static const char *instance_id(const struct node *node)
{
	const char *slash = node->provider ? strrchr(node->provider, '/') : NULL;
	return slash ? slash + 1 : node->provider ? node->provider : "";
}

static int cpus_of(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (!strcmp(machines[i].name, type))
			return machines[i].cpus;
	return 2;
}

static json_t *instance(const struct sim_cluster *cluster, const struct node *node)
{
	const char *type = label(node, "node.kubernetes.io/instance-type"),
		   *dot = node->kubelet ? strchr(node->kubelet, '.') : NULL;
	return json_pack("{s:s, s:s, s:o, s:{s:i, s:i}, s:{s:i, s:s}, s:s, s:s?, s:{s:s}, s:[{s:s, s:s}, {s:o, s:s}]}",
			 "InstanceId", instance_id(node), "InstanceType", type, "ImageId",
			 image_id(dot ? (unsigned)strtoul(dot + 1, NULL, 10) : 0), "CpuOptions", "CoreCount",
			 cpus_of(type) / 2, "ThreadsPerCore", 2, "State", "Code", 16, "Name", "running", "VpcId",
			 "vpc-1", "PrivateDnsName", node->name, "Placement", "AvailabilityZone",
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
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct nodes nodes = nodes_of(cluster, arena);
		for (size_t k = 0; k < nodes.n; k++)
			if (is_asked(input, "InstanceIds", instance_id(&nodes.items[k])))
				json_array_append_new(list, instance(cluster, &nodes.items[k]));
	}
	tell(input, "Instances", list, "InstanceIds", "InvalidInstanceID.NotFound", answer);
	json_t *found = answer->output;
	if (found)
		answer->output = json_pack("{s:[{s:s, s:s, s:O}]}", "Reservations", "ReservationId", "r-simulated",
					   "OwnerId", SIM_ACCOUNT, "Instances", json_object_get(found, "Instances"));
	json_decref(found);
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

static json_t *scaling_instances(const struct nodes *nodes, const struct sim_group *group)
{
	json_t *list = json_array();
	for (size_t i = 0; i < nodes->n; i++) {
		const struct node *node = &nodes->items[i];
		if (!strcmp(label(node, "eks.amazonaws.com/nodegroup"), group->name))
			json_array_append_new(list,
					      json_pack("{s:s, s:s, s:s, s:s, s:b}", "InstanceId", instance_id(node),
							"AvailabilityZone", label(node, "topology.kubernetes.io/zone"),
							"LifecycleState", "InService", "HealthStatus", "Healthy",
							"ProtectedFromScaleIn", 0));
	}
	return list;
}

static void scaling_groups(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sim->n_clusters; i++) {
		struct sim_cluster *cluster = &sim->clusters[i];
		if (cluster->life == LIFE_ABSENT || cluster->life == LIFE_CREATING)
			continue;
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct nodes nodes = nodes_of(cluster, arena);
		for (size_t k = 0; k < cluster->n_groups; k++) {
			const struct sim_group *group = &cluster->groups[k];
			char *name CLEANUP(mem_freep) = mem_printf("eks-%s-%s-asg", cluster->name, group->name);
			if (group->life == LIFE_ABSENT || !is_asked(input, "AutoScalingGroupNames", name))
				continue;
			json_array_append_new(
				list,
				json_pack("{s:s, s:i, s:I, s:I, s:i, s:s, s:s, s:o, s:[s,s,s], s:o, "
					  "s:[{s:s, s:s}, {s:s, s:s}]}",
					  "AutoScalingGroupName", name, "MinSize", 1, "MaxSize",
					  (json_int_t)(group->nodes * 2), "DesiredCapacity", (json_int_t)group->nodes,
					  "DefaultCooldown", 300, "HealthCheckType", "EC2", "VPCZoneIdentifier",
					  "subnet-a,subnet-b,subnet-c", "CreatedTime", sim_time(group->created_ms),
					  "AvailabilityZones", "us-east-1a", "us-east-1b", "us-east-1c", "Instances",
					  scaling_instances(&nodes, group), "Tags", "Key", "eks:cluster-name", "Value",
					  cluster->name, "Key", "eks:nodegroup-name", "Value", group->name));
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
	{"ec2:DescribeImages", image_list},
	{"ec2:DescribeLaunchTemplates", no_templates},
	{"ec2:DescribeVolumes", no_volumes},
	{"autoscaling:DescribeAutoScalingGroups", scaling_groups},
	{NULL, NULL},
};
