/* EKS: clusters and node groups, with its life times and its error shapes. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/digest.h"
#include "codec/document.h"
#include "sim/world.h"

#define CLUSTER_MS (9 * MINUTE_MS)
#define CLUSTER_DELETE_MS (5 * MINUTE_MS)
#define GROUP_MS (3 * MINUTE_MS)
#define GROUP_DELETE_MS (4 * MINUTE_MS)

bool sim_eks_knows_version(const char *version, unsigned *ret_minor)
{
	char *end;
	unsigned long minor = strncmp(version, "1.", 2) ? 0 : strtoul(version + 2, &end, 10);
	*ret_minor = (unsigned)minor;
	return minor >= 30 && minor <= 36 && !*end;
}

struct sim_cluster *sim_eks_cluster(struct sim *sim, const json_t *input, const char *member, struct sim_answer *answer)
{
	const char *name = document_text_or(input, member, "");
	struct sim_cluster *cluster = sim_cluster_named(sim, name);
	if (!cluster)
		sim_refuse(answer, 404, "ResourceNotFoundException", "No cluster found for name: %s.", name);
	return cluster;
}

/* Of every simulated cluster, whose key nobody has. */
static const char AUTHORITY[] = "-----BEGIN CERTIFICATE-----\n"
				"MIIBgDCCASegAwIBAgIUajKR1I/UgNWJxD2EZyGi5ZbZB34wCgYIKoZIzj0EAwIw\n"
				"FTETMBEGA1UEAwwKa3ViZXJuZXRlczAgFw0yNjExMjUwNDQxNTlaGA8yMTI2MTEw\n"
				"MTA0NDE1OVowFTETMBEGA1UEAwwKa3ViZXJuZXRlczBZMBMGByqGSM49AgEGCCqG\n"
				"SM49AwEHA0IABOBFExLh5GZYbxfOaypmcBzwhcCDfxjHKIhvbYXMAGtk6TNsEUFv\n"
				"gmms8J8g2Knn8Uab6aGgiB9vrmVMMLvliMGjUzBRMB0GA1UdDgQWBBT31Qakrv0z\n"
				"tbe7dSbN7xS2x9dnhzAfBgNVHSMEGDAWgBT31Qakrv0ztbe7dSbN7xS2x9dnhzAP\n"
				"BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIG0DlL/7jcOG/5zbLZRh\n"
				"1dtzX4NrXA6s+ARatnUKwfLgAiBp5liEIJUTSac8eITT9z6SUjuddRpEF2omZ2K4\n"
				"hzqTWQ==\n"
				"-----END CERTIFICATE-----\n";

static void add_access(const struct sim *sim, const struct sim_cluster *cluster, json_t *document)
{
	char *endpoint CLEANUP(mem_freep) = sim_endpoint(sim, cluster),
		       *issuer CLEANUP(mem_freep) = sim_issuer(cluster);
	json_object_set_new(document, "endpoint", json_string(endpoint));
	json_object_set_new(document, "identity", json_pack("{s:{s:s}}", "oidc", "issuer", issuer));
	json_object_set_new(document, "accessConfig", json_pack("{s:s}", "authenticationMode", "API_AND_CONFIG_MAP"));
	if (sim->base_url) /* plain http: there is no certificate */
		return;
	struct buf ca CLEANUP(buf_done) = BUF_INIT(4096);
	base64_encode(slice_of(AUTHORITY), &ca);
	json_object_set_new(document, "certificateAuthority", json_pack("{s:s}", "data", buf_str(&ca)));
}

static json_t *cluster_document(const struct sim *sim, const struct sim_cluster *cluster)
{
	char *arn CLEANUP(mem_freep) =
		mem_printf("arn:aws:eks:" SIM_REGION ":" SIM_ACCOUNT ":cluster/%s", cluster->name);
	json_t *document = json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:s}", "name", cluster->name, "arn", arn,
				     "createdAt", sim_time(cluster->created_ms), "version", cluster->version, "status",
				     sim_life_name(cluster->life), "platformVersion", "eks.7", "roleArn",
				     "arn:aws:iam::" SIM_ACCOUNT ":role/eks-cluster");
	json_object_set_new(document, "resourcesVpcConfig",
			    json_pack("{s:[s,s,s], s:[s], s:s, s:s, s:b, s:b, s:[s]}", "subnetIds", "subnet-a",
				      "subnet-b", "subnet-c", "securityGroupIds", "sg-1", "clusterSecurityGroupId",
				      "sg-cluster", "vpcId", "vpc-1", "endpointPublicAccess", 1,
				      "endpointPrivateAccess", 1, "publicAccessCidrs", "0.0.0.0/0"));
	json_object_set_new(document, "kubernetesNetworkConfig",
			    json_pack("{s:s, s:s}", "serviceIpv4Cidr", "172.20.0.0/16", "ipFamily", "ipv4"));
	json_object_set_new(document, "upgradePolicy", json_pack("{s:s}", "supportType", "EXTENDED"));
	json_object_set_new(document, "health", json_pack("{s:[]}", "issues"));
	json_object_set_new(document, "logging",
			    json_pack("{s:[{s:[s,s,s], s:b}, {s:[s,s], s:b}]}", "clusterLogging", "types", "api",
				      "audit", "authenticator", "enabled", 1, "types", "controllerManager", "scheduler",
				      "enabled", 0));
	json_t *tags = json_object_get(sim->tags, arn);
	json_object_set_new(document, "tags", tags ? json_deep_copy(tags) : json_object());
	if (cluster->life != LIFE_CREATING)
		add_access(sim, cluster, document);
	return document;
}

static void describe_cluster(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = sim_eks_cluster(sim, input, "name", answer);
	if (cluster)
		answer->output = json_pack("{s:o}", "cluster", cluster_document(sim, cluster));
}

static void list_clusters(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *names = json_array();
	for (size_t i = 0; i < sim->n_clusters; i++)
		if (sim->clusters[i].life != LIFE_ABSENT)
			json_array_append_new(names, json_string(sim->clusters[i].name));
	sim_page(input, names, "clusters", answer);
}

static bool same_token(const char *ours, const char *given)
{
	return ours && given && !strcmp(ours, given);
}

static bool is_name(const char *name)
{
	if (!isalnum((unsigned char)*name) || strlen(name) > 100)
		return false;
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '_')
			return false;
	return true;
}

static bool cluster_input_is_good(const json_t *input, struct sim_answer *answer)
{
	unsigned minor;
	const char *name = document_text_or(input, "name", ""), *version = document_text_or(input, "version", "1.35");
	if (!is_name(name))
		sim_refuse(answer, 400, "InvalidParameterException",
			   "The name '%s' is not valid: it must match ^[0-9A-Za-z][A-Za-z0-9\\-_]*", name);
	else if (!sim_eks_knows_version(version, &minor))
		sim_refuse(answer, 400, "InvalidParameterException", "unsupported Kubernetes version");
	else if (json_array_size(document_at(input, "resourcesVpcConfig.subnetIds")) == 1)
		sim_refuse(answer, 400, "InvalidParameterException",
			   "Subnets specified must be in at least two different AZs");
	return answer->status == 0;
}

static void create_cluster(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *name = document_text_or(input, "name", ""), *token = document_text(input, "clientRequestToken"),
		   *version = document_text_or(input, "version", "1.35");
	struct sim_cluster *cluster = sim_cluster_named(sim, name);
	if (!cluster_input_is_good(input, answer))
		return;
	if (cluster && !same_token(cluster->token, token)) {
		sim_refuse(answer, 409, "ResourceInUseException", "Cluster already exists with name: %s", name);
		return;
	}
	char *why CLEANUP(mem_freep) = cluster ? NULL : sim_cluster_refused(sim);
	if (why) {
		sim_refuse(answer, 400, "ResourceLimitExceededException", "%s", why);
		return;
	}
	if (!cluster)
		cluster = sim_cluster_create(sim, name, version, token, sim_takes(sim, CLUSTER_MS));
	answer->output = json_pack("{s:o}", "cluster", cluster_document(sim, cluster));
}

static void delete_cluster(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = sim_eks_cluster(sim, input, "name", answer);
	if (!cluster)
		return;
	for (size_t i = 0; i < cluster->n_groups; i++) {
		if (cluster->groups[i].life != LIFE_ABSENT) {
			sim_refuse(answer, 409, "ResourceInUseException", "Cluster has nodegroups attached");
			return;
		}
	}
	if (cluster->life == LIFE_CREATING || cluster->life == LIFE_UPDATING) {
		sim_refuse(answer, 409, "ResourceInUseException", "Cluster %s currently has an operation in progress",
			   cluster->name);
		return;
	}
	if (cluster->life != LIFE_DELETING)
		sim_cluster_delete(sim, cluster, sim_takes(sim, CLUSTER_DELETE_MS));
	answer->output = json_pack("{s:o}", "cluster", cluster_document(sim, cluster));
}

/* ---- node groups */

static json_t *group_document(const struct sim_cluster *cluster, const struct sim_group *group)
{
	json_t *document = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "nodegroupName", group->name, "clusterName",
				     cluster->name, "version", group->version, "status", sim_life_name(group->life),
				     "amiType", "AL2023_x86_64_STANDARD", "capacityType", "ON_DEMAND", "createdAt",
				     sim_time(group->created_ms));
	json_object_set_new(document, "nodegroupArn",
			    document_printf("arn:aws:eks:" SIM_REGION ":" SIM_ACCOUNT ":nodegroup/%s/%s/1",
					    cluster->name, group->name));
	json_object_set_new(document, "releaseVersion", document_printf("%s.2-20261101", group->version));
	json_object_set_new(document, "scalingConfig",
			    json_pack("{s:I, s:I, s:I}", "minSize", (json_int_t)1, "maxSize",
				      (json_int_t)(group->nodes * 2), "desiredSize", (json_int_t)group->nodes));
	json_object_set_new(document, "updateConfig", json_pack("{s:i}", "maxUnavailable", 1));
	json_object_set_new(document, "instanceTypes", json_pack("[s]", group->instance_type));
	json_object_set_new(document, "subnets", json_pack("[s,s,s]", "subnet-a", "subnet-b", "subnet-c"));
	json_object_set_new(document, "nodeRole", json_string("arn:aws:iam::" SIM_ACCOUNT ":role/eks-node"));
	json_object_set_new(document, "resources",
			    json_pack("{s:[{s:o}]}", "autoScalingGroups", "name",
				      document_printf("eks-%s-%s-asg", cluster->name, group->name)));
	json_t *issues = json_array();
	if (group->life == LIFE_FAILED)
		json_array_append_new(issues,
				      json_pack("{s:s, s:s, s:[s]}", "code", "AsgInstanceLaunchFailures", "message",
						"You have requested more vCPU capacity than your current vCPU "
						"limit allows. VcpuLimitExceeded",
						"resourceIds", group->name));
	json_object_set_new(document, "health", json_pack("{s:o}", "issues", issues));
	return document;
}

struct sim_group *sim_eks_group(struct sim *sim, const json_t *input, struct sim_cluster **ret_cluster,
				struct sim_answer *answer)
{
	const char *name = document_text_or(input, "nodegroupName", "");
	*ret_cluster = sim_eks_cluster(sim, input, "clusterName", answer);
	struct sim_group *group = *ret_cluster ? sim_group_named(*ret_cluster, name) : NULL;
	if (*ret_cluster && !group)
		sim_refuse(answer, 404, "ResourceNotFoundException", "No node group found for name: %s.", name);
	return group;
}

static void list_nodegroups(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = sim_eks_cluster(sim, input, "clusterName", answer);
	if (!cluster)
		return;
	json_t *names = json_array();
	for (size_t i = 0; i < cluster->n_groups; i++)
		if (cluster->groups[i].life != LIFE_ABSENT)
			json_array_append_new(names, json_string(cluster->groups[i].name));
	sim_page(input, names, "nodegroups", answer);
}

static void describe_nodegroup(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster;
	struct sim_group *group = sim_eks_group(sim, input, &cluster, answer);
	if (group)
		answer->output = json_pack("{s:o}", "nodegroup", group_document(cluster, group));
}

static void create_nodegroup(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *name = document_text_or(input, "nodegroupName", ""),
		   *token = document_text(input, "clientRequestToken");
	struct sim_cluster *cluster = sim_eks_cluster(sim, input, "clusterName", answer);
	if (!cluster)
		return;
	struct sim_group *group = sim_group_named(cluster, name);
	if (group && !same_token(group->token, token))
		sim_refuse(answer, 409, "ResourceInUseException",
			   "NodeGroup already exists with name %s and cluster name %s", name, cluster->name);
	else if (cluster->life != LIFE_ACTIVE)
		sim_refuse(answer, 400, "InvalidRequestException", "Cluster '%s' is not in ACTIVE status",
			   cluster->name);
	else if (!is_name(name))
		sim_refuse(answer, 400, "InvalidParameterException", "The nodegroup name '%s' is not valid", name);
	if (answer->status)
		return;
	if (!group) {
		group = sim_group_create(sim, cluster, name, document_text_or(input, "instanceTypes[0]", "m6i.xlarge"),
					 document_int_or(input, "scalingConfig.desiredSize", 2),
					 sim_takes(sim, GROUP_MS));
		if (group)
			group->token = mem_strdup(token);
	}
	if (group)
		answer->output = json_pack("{s:o}", "nodegroup", group_document(cluster, group));
	else
		sim_refuse(answer, 400, "ResourceLimitExceededException", "Nodegroup limit exceeded");
}

static void delete_nodegroup(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster;
	struct sim_group *group = sim_eks_group(sim, input, &cluster, answer);
	if (!group)
		return;
	if (group->life == LIFE_UPDATING) {
		sim_refuse(answer, 409, "ResourceInUseException", "Nodegroup %s currently has an update in progress",
			   group->name);
		return;
	}
	if (group->life != LIFE_DELETING)
		sim_group_delete(sim, cluster, group, sim_takes(sim, GROUP_DELETE_MS));
	answer->output = json_pack("{s:o}", "nodegroup", group_document(cluster, group));
}

static void resize_nodegroup(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster;
	struct sim_group *group = sim_eks_group(sim, input, &cluster, answer);
	if (!group)
		return;
	int64_t wanted = document_int_or(input, "scalingConfig.desiredSize", group->nodes);
	const char *token = document_text(input, "clientRequestToken");
	struct sim_update *update = sim_update_by_token(sim, cluster->name, token);
	if (!update && (group->life != LIFE_ACTIVE || wanted < 0 || wanted > 450)) {
		sim_refuse(answer, group->life != LIFE_ACTIVE ? 409 : 400,
			   group->life != LIFE_ACTIVE ? "ResourceInUseException" : "InvalidParameterException",
			   "Nodegroup %s cannot be resized to %lld now", group->name, (long long)wanted);
		return;
	}
	if (!update) {
		char *from CLEANUP(mem_freep) = mem_printf("%lld", (long long)group->nodes),
			   *to CLEANUP(mem_freep) = mem_printf("%lld", (long long)wanted);
		if (wanted > group->nodes)
			sim_kube_add_nodes(cluster->kube, group->name, group->instance_type,
					   (unsigned)(wanted - group->nodes), sim->now_ms + MINUTE_MS);
		else
			sim_kube_remove_nodes(cluster->kube, group->name, (unsigned)(group->nodes - wanted));
		group->nodes = wanted;
		sim_cluster_changed(sim, cluster);
		update = sim_update_begin(sim, cluster, group->name, NULL, "ConfigUpdate", from, to, token,
					  sim_takes(sim, MINUTE_MS));
	}
	answer->output = json_pack("{s:o}", "update", sim_update_document(update));
}

/* ---- tags */

static void list_tags(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *tags = json_object_get(sim->tags, document_text_or(input, "resourceArn", ""));
	answer->output = json_pack("{s:o}", "tags", tags ? json_deep_copy(tags) : json_object());
}

static void tag(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *arn = document_text_or(input, "resourceArn", "");
	json_t *tags = json_object_get(sim->tags, arn);
	if (!tags) {
		tags = json_object();
		json_object_set_new(sim->tags, arn, tags);
	}
	json_object_update(tags, json_object_get(input, "tags"));
	answer->output = json_object();
}

static void untag(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *tags = json_object_get(sim->tags, document_text_or(input, "resourceArn", "")), *key;
	size_t i;
	json_array_foreach (json_object_get(input, "tagKeys"), i, key)
		json_object_del(tags, json_string_value(key) ? json_string_value(key) : "");
	answer->output = json_object();
}

const struct sim_operation sim_eks_operations[] = {
	{"eks:DescribeCluster", describe_cluster},
	{"eks:ListClusters", list_clusters},
	{"eks:CreateCluster", create_cluster},
	{"eks:DeleteCluster", delete_cluster},
	{"eks:ListNodegroups", list_nodegroups},
	{"eks:DescribeNodegroup", describe_nodegroup},
	{"eks:CreateNodegroup", create_nodegroup},
	{"eks:DeleteNodegroup", delete_nodegroup},
	{"eks:UpdateNodegroupConfig", resize_nodegroup},
	{"eks:ListTagsForResource", list_tags},
	{"eks:TagResource", tag},
	{"eks:UntagResource", untag},
	{NULL, NULL},
};
