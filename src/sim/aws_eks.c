/* EKS: clusters, node groups, add-ons, Pod Identity, with its life times and its error shapes. */
#include <stdlib.h>
#include <string.h>
#include "base/digest.h"
#include "codec/document.h"
#include "sim/world.h"

#define CLUSTER_MS (9 * MINUTE_MS)
#define CLUSTER_DELETE_MS (5 * MINUTE_MS)
#define GROUP_MS (3 * MINUTE_MS)
#define GROUP_DELETE_MS (4 * MINUTE_MS)

static json_t *time_text(int64_t ms)
{
	char text[TIME_TEXT];
	return json_string(time_format_rfc3339(ms, text));
}

static struct sim_cluster *wanted(struct sim *sim, const char *name, struct sim_answer *answer)
{
	struct sim_cluster *cluster = name ? sim_cluster_named(sim, name) : NULL;
	if (!cluster)
		sim_refuse(answer, 404, "ResourceNotFoundException", "No cluster found for name: %s.",
			   name ? name : "");
	return cluster;
}

static json_t *cluster_document(const struct sim *sim, const struct sim_cluster *cluster)
{
	char *endpoint CLEANUP(mem_freep) = sim_endpoint(sim, cluster),
		       *issuer CLEANUP(mem_freep) = sim_issuer(cluster);
	json_t *document = json_pack(
		"{s:s, s:o, s:o, s:s, s:s, s:s, s:s}", "name", cluster->name, "arn",
		document_printf("arn:aws:eks:" SIM_REGION ":" SIM_ACCOUNT ":cluster/%s", cluster->name), "createdAt",
		time_text(cluster->created_ms), "version", cluster->version, "status", sim_life_name(cluster->life),
		"platformVersion", "eks.7", "roleArn", "arn:aws:iam::" SIM_ACCOUNT ":role/eks-cluster");
	json_object_set_new(document, "resourcesVpcConfig",
			    json_pack("{s:[s,s,s], s:[s], s:s, s:s, s:b, s:b}", "subnetIds", "subnet-a", "subnet-b",
				      "subnet-c", "securityGroupIds", "sg-1", "clusterSecurityGroupId", "sg-cluster",
				      "vpcId", "vpc-1", "endpointPublicAccess", 1, "endpointPrivateAccess", 1));
	json_object_set_new(document, "tags", json_object());
	if (cluster->life == LIFE_CREATING)
		return document;
	json_object_set_new(document, "endpoint", json_string(endpoint));
	json_object_set_new(document, "identity", json_pack("{s:{s:s}}", "oidc", "issuer", issuer));
	if (!sim->base_url) {
		struct buf ca CLEANUP(buf_done) = BUF_INIT(4096);
		base64_encode(slice_of("-----BEGIN CERTIFICATE-----\nsimulated\n-----END CERTIFICATE-----\n"), &ca);
		json_object_set_new(document, "certificateAuthority", json_pack("{s:s}", "data", buf_str(&ca)));
	}
	json_object_set_new(document, "accessConfig", json_pack("{s:s}", "authenticationMode", "API_AND_CONFIG_MAP"));
	return document;
}

static void describe_cluster(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = wanted(sim, document_text(input, "name"), answer);
	if (cluster)
		answer->output = json_pack("{s:o}", "cluster", cluster_document(sim, cluster));
}

static void list_clusters(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *names = json_array();
	(void)input;
	for (size_t i = 0; i < sim->n_clusters; i++)
		if (sim->clusters[i].life != LIFE_ABSENT)
			json_array_append_new(names, json_string(sim->clusters[i].name));
	answer->output = json_pack("{s:o}", "clusters", names);
}

static bool same_token(const char *ours, const char *given)
{
	return ours && given && !strcmp(ours, given);
}

static void create_cluster(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *name = document_text_or(input, "name", ""), *token = document_text(input, "clientRequestToken"),
		   *version = document_text_or(input, "version", "1.34");
	struct sim_cluster *cluster = sim_cluster_named(sim, name);
	if (cluster && !same_token(cluster->token, token)) {
		sim_refuse(answer, 409, "ResourceInUseException", "Cluster already exists with name: %s", name);
		return;
	}
	if (!cluster)
		cluster = sim_cluster_create(sim, name, version, token, sim_takes(sim, CLUSTER_MS));
	if (!cluster) {
		sim_refuse(answer, 400, "ResourceLimitExceededException", "Cluster limit exceeded for this account.");
		return;
	}
	answer->output = json_pack("{s:o}", "cluster", cluster_document(sim, cluster));
}

static void delete_cluster(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = wanted(sim, document_text(input, "name"), answer);
	if (!cluster)
		return;
	for (size_t i = 0; i < cluster->n_groups; i++) {
		if (cluster->groups[i].life != LIFE_ABSENT) {
			sim_refuse(answer, 409, "ResourceInUseException", "Cluster has nodegroups attached");
			return;
		}
	}
	if (cluster->life == LIFE_CREATING) {
		sim_refuse(answer, 409, "ResourceInUseException", "Cluster %s is not in a state that it can be deleted",
			   cluster->name);
		return;
	}
	if (cluster->life != LIFE_DELETING)
		sim_cluster_delete(sim, cluster, sim_takes(sim, CLUSTER_DELETE_MS));
	answer->output = json_pack("{s:o}", "cluster", cluster_document(sim, cluster));
}

static json_t *group_document(const struct sim_cluster *cluster, const struct sim_group *group)
{
	json_t *document = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "nodegroupName", group->name, "clusterName",
				     cluster->name, "version", group->version, "status", sim_life_name(group->life),
				     "amiType", "AL2023_x86_64_STANDARD", "capacityType", "ON_DEMAND", "createdAt",
				     time_text(group->created_ms));
	json_object_set_new(document, "nodegroupArn",
			    document_printf("arn:aws:eks:" SIM_REGION ":" SIM_ACCOUNT ":nodegroup/%s/%s/1",
					    cluster->name, group->name));
	json_object_set_new(document, "releaseVersion", document_printf("%s.0-20261101", group->version));
	json_object_set_new(document, "scalingConfig",
			    json_pack("{s:I, s:I, s:I}", "minSize", (json_int_t)1, "maxSize",
				      (json_int_t)(group->nodes * 2), "desiredSize", (json_int_t)group->nodes));
	json_object_set_new(document, "instanceTypes", json_pack("[s]", group->instance_type));
	json_object_set_new(document, "subnets", json_pack("[s,s,s]", "subnet-a", "subnet-b", "subnet-c"));
	json_object_set_new(document, "nodeRole", json_string("arn:aws:iam::" SIM_ACCOUNT ":role/eks-node"));
	json_object_set_new(document, "health", json_pack("{s:[]}", "issues"));
	return document;
}

static struct sim_group *wanted_group(struct sim *sim, const json_t *input, struct sim_cluster **ret_cluster,
				      struct sim_answer *answer)
{
	const char *name = document_text_or(input, "nodegroupName", "");
	*ret_cluster = wanted(sim, document_text(input, "clusterName"), answer);
	struct sim_group *group = *ret_cluster ? sim_group_named(*ret_cluster, name) : NULL;
	if (*ret_cluster && !group)
		sim_refuse(answer, 404, "ResourceNotFoundException", "No node group found for name: %s.", name);
	return group;
}

static void list_nodegroups(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = wanted(sim, document_text(input, "clusterName"), answer);
	json_t *names = json_array();
	for (size_t i = 0; cluster && i < cluster->n_groups; i++)
		if (cluster->groups[i].life != LIFE_ABSENT)
			json_array_append_new(names, json_string(cluster->groups[i].name));
	answer->output = json_pack("{s:o}", "nodegroups", names);
}

static void describe_nodegroup(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster;
	struct sim_group *group = wanted_group(sim, input, &cluster, answer);
	if (group)
		answer->output = json_pack("{s:o}", "nodegroup", group_document(cluster, group));
}

static void create_nodegroup(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *name = document_text_or(input, "nodegroupName", ""),
		   *token = document_text(input, "clientRequestToken");
	struct sim_cluster *cluster = wanted(sim, document_text(input, "clusterName"), answer);
	if (!cluster)
		return;
	if (cluster->life != LIFE_ACTIVE) {
		sim_refuse(answer, 400, "InvalidRequestException", "Cluster '%s' is not in ACTIVE status",
			   cluster->name);
		return;
	}
	struct sim_group *group = sim_group_named(cluster, name);
	if (group && !same_token(group->token, token)) {
		sim_refuse(answer, 409, "ResourceInUseException",
			   "NodeGroup already exists with name %s and cluster name %s", name, cluster->name);
		return;
	}
	if (!group) {
		group = sim_group_create(sim, cluster, name, document_text_or(input, "instanceTypes[0]", "m6i.xlarge"),
					 document_int_or(input, "scalingConfig.desiredSize", 2),
					 sim_takes(sim, GROUP_MS));
		if (group && token)
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
	struct sim_group *group = wanted_group(sim, input, &cluster, answer);
	if (!group)
		return;
	if (group->life != LIFE_DELETING)
		sim_group_delete(sim, cluster, group, sim_takes(sim, GROUP_DELETE_MS));
	answer->output = json_pack("{s:o}", "nodegroup", group_document(cluster, group));
}

static void list_addons(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = wanted(sim, document_text(input, "clusterName"), answer);
	json_t *names = json_array(), *version;
	const char *name;
	if (cluster)
		json_object_foreach (cluster->addons, name, version)
			json_array_append_new(names, json_string(name));
	answer->output = json_pack("{s:o}", "addons", names);
}

static void describe_addon(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = wanted(sim, document_text(input, "clusterName"), answer);
	const char *name = document_text_or(input, "addonName", "");
	const char *version = cluster ? json_string_value(json_object_get(cluster->addons, name)) : NULL;
	if (cluster && !version)
		sim_refuse(answer, 404, "ResourceNotFoundException", "No addon: %s found in cluster: %s", name,
			   cluster->name);
	else if (cluster)
		answer->output = json_pack("{s:{s:s, s:s, s:s, s:s}}", "addon", "addonName", name, "clusterName",
					   cluster->name, "addonVersion", version, "status", "ACTIVE");
}

static void describe_addon_versions(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *addons = json_array(), *version;
	const char *name, *only = document_text(input, "addonName"),
			  *kubernetes = document_text_or(input, "kubernetesVersion", "1.34");
	json_object_foreach (sim->clusters[0].addons, name, version) {
		if (only && strcmp(only, name) != 0)
			continue;
		json_array_append_new(addons, json_pack("{s:s, s:[{s:O, s:[{s:s, s:b}]}]}", "addonName", name,
							"addonVersions", "addonVersion", version, "compatibilities",
							"clusterVersion", kubernetes, "defaultVersion", 1));
	}
	answer->output = json_pack("{s:o}", "addons", addons);
}

static void delete_addon(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = wanted(sim, document_text(input, "clusterName"), answer);
	const char *name = document_text_or(input, "addonName", "");
	if (!cluster)
		return;
	if (json_object_del(cluster->addons, name) != 0) {
		sim_refuse(answer, 404, "ResourceNotFoundException", "No addon: %s found in cluster: %s", name,
			   cluster->name);
		return;
	}
	sim_effect(sim, "eks:DeleteAddon %s/%s", cluster->name, name);
	answer->output = json_pack("{s:{s:s, s:s}}", "addon", "addonName", name, "status", "DELETING");
}

static void describe_cluster_versions(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	static const char *const versions[] = {"1.36", "1.35", "1.34", "1.33", "1.32"};
	json_t *list = json_array();
	(void)sim;
	(void)input;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:s}", "clusterVersion", versions[i],
						      "clusterType", "eks", "defaultVersion", i == 1, "versionStatus",
						      i < 4 ? "STANDARD_SUPPORT" : "EXTENDED_SUPPORT"));
	answer->output = json_pack("{s:o}", "clusterVersions", list);
}

static void list_associations(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = wanted(sim, document_text(input, "clusterName"), answer);
	json_t *list = json_array(), *item;
	size_t i;
	if (cluster)
		json_array_foreach (cluster->associations, i, item)
			json_array_append_new(list, json_pack("{s:s, s:O, s:O, s:O}", "clusterName", cluster->name,
							      "namespace", json_object_get(item, "namespace"),
							      "serviceAccount", json_object_get(item, "serviceAccount"),
							      "associationId", json_object_get(item, "associationId")));
	answer->output = json_pack("{s:o}", "associations", list);
}

static json_t *association_of(struct sim_cluster *cluster, const char *member, const char *value, size_t *ret_index)
{
	size_t i;
	json_t *item;
	json_array_foreach (cluster->associations, i, item) {
		if (!strcmp(document_text_or(item, member, ""), value)) {
			*ret_index = i;
			return item;
		}
	}
	return NULL;
}

static void describe_association(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = wanted(sim, document_text(input, "clusterName"), answer);
	size_t i;
	json_t *found =
		cluster ? association_of(cluster, "associationId", document_text_or(input, "associationId", ""), &i)
			: NULL;
	if (cluster && !found)
		sim_refuse(answer, 404, "ResourceNotFoundException", "No association found");
	else if (cluster)
		answer->output = json_pack("{s:O}", "association", found);
}

static void create_association(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = wanted(sim, document_text(input, "clusterName"), answer);
	const char *ns = document_text_or(input, "namespace", ""),
		   *account = document_text_or(input, "serviceAccount", "");
	size_t i;
	json_t *item;
	if (!cluster)
		return;
	json_array_foreach (cluster->associations, i, item) {
		if (strcmp(document_text_or(item, "namespace", ""), ns) ||
		    strcmp(document_text_or(item, "serviceAccount", ""), account))
			continue;
		sim_refuse(answer, 409, "ResourceInUseException", "Association already exists: %s",
			   document_text_or(item, "associationId", ""));
		return;
	}
	char *id CLEANUP(mem_freep) = sim_new_id(sim, "a-");
	json_t *association =
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "clusterName", cluster->name, "namespace", ns, "serviceAccount",
			  account, "roleArn", document_text_or(input, "roleArn", ""), "associationId", id);
	json_array_append(cluster->associations, association);
	sim_effect(sim, "eks:CreatePodIdentityAssociation %s/%s/%s", cluster->name, ns, account);
	answer->output = json_pack("{s:o}", "association", association);
}

static void delete_association(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = wanted(sim, document_text(input, "clusterName"), answer);
	size_t i;
	json_t *found =
		cluster ? association_of(cluster, "associationId", document_text_or(input, "associationId", ""), &i)
			: NULL;
	if (cluster && !found)
		sim_refuse(answer, 404, "ResourceNotFoundException", "No association found");
	if (!found)
		return;
	answer->output = json_pack("{s:O}", "association", found);
	json_array_remove(cluster->associations, i);
}

#define EMPTY_LIST(function, member)                                                                                   \
	static void function(struct sim *sim, const json_t *input, struct sim_answer *answer)                          \
	{                                                                                                              \
		if (wanted(sim,                                                                                        \
			   document_text(input, "clusterName") ? document_text(input, "clusterName")                   \
							       : document_text(input, "name"),                         \
			   answer))                                                                                    \
			answer->output = json_pack("{s:[]}", member);                                                  \
	}
EMPTY_LIST(list_insights, "insights")
EMPTY_LIST(list_updates, "updateIds")
EMPTY_LIST(list_fargate_profiles, "fargateProfileNames")
EMPTY_LIST(list_access_entries, "accessEntries")

const struct sim_operation sim_eks_operations[] = {
	{"eks:DescribeCluster", describe_cluster},
	{"eks:ListClusters", list_clusters},
	{"eks:CreateCluster", create_cluster},
	{"eks:DeleteCluster", delete_cluster},
	{"eks:ListNodegroups", list_nodegroups},
	{"eks:DescribeNodegroup", describe_nodegroup},
	{"eks:CreateNodegroup", create_nodegroup},
	{"eks:DeleteNodegroup", delete_nodegroup},
	{"eks:ListAddons", list_addons},
	{"eks:DescribeAddon", describe_addon},
	{"eks:DescribeAddonVersions", describe_addon_versions},
	{"eks:DeleteAddon", delete_addon},
	{"eks:DescribeClusterVersions", describe_cluster_versions},
	{"eks:ListPodIdentityAssociations", list_associations},
	{"eks:DescribePodIdentityAssociation", describe_association},
	{"eks:CreatePodIdentityAssociation", create_association},
	{"eks:DeletePodIdentityAssociation", delete_association},
	{"eks:ListInsights", list_insights},
	{"eks:ListUpdates", list_updates},
	{"eks:ListFargateProfiles", list_fargate_profiles},
	{"eks:ListAccessEntries", list_access_entries},
	{NULL, NULL},
};
