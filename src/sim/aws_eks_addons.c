/* EKS: add-ons, Pod Identity, access entries, and what this world has none of. */
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "sim/world.h"

#define ADDON_MS (45 * SECOND_MS)

/* The default version for a minor of Kubernetes is prefix, minor - offset, suffix. */
static const struct addon {
	const char *name, *prefix, *suffix;
	unsigned offset;
} addons[] = {
	{"vpc-cni", "v1.20.", "-eksbuild.1", 30},
	{"coredns", "v1.12.", "-eksbuild.2", 30},
	{"kube-proxy", "v1.", ".3-eksbuild.2", 0},
	{"aws-ebs-csi-driver", "v1.48.", "-eksbuild.1", 30},
	{"eks-pod-identity-agent", "v1.3.", "-eksbuild.1", 26},
};

char *sim_addon_version(const char *addon, const char *cluster_version)
{
	unsigned minor;
	if (!sim_eks_knows_version(cluster_version, &minor))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(addons); i++)
		if (!strcmp(addons[i].name, addon))
			return mem_printf("%s%u%s", addons[i].prefix, minor - addons[i].offset, addons[i].suffix);
	return NULL;
}

/* Is this the version of some minor within one of the cluster's? Else it does not go with it. */
static bool goes_with(const char *addon, const char *version, const char *cluster_version)
{
	unsigned minor;
	if (!sim_eks_knows_version(cluster_version, &minor))
		return false;
	for (unsigned m = minor - 1; m <= minor + 1; m++) {
		char *text CLEANUP(mem_freep) = mem_printf("1.%u", m),
			   *known CLEANUP(mem_freep) = sim_addon_version(addon, text);
		if (known && !strcmp(known, version))
			return true;
	}
	return false;
}

static void list_addons(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = sim_eks_cluster(sim, input, "clusterName", answer);
	json_t *names = json_array(), *version;
	const char *name;
	if (cluster)
		json_object_foreach (cluster->addons, name, version)
			json_array_append_new(names, json_string(name));
	sim_page(input, names, "addons", answer);
}

static const char *addon_status(const struct sim *sim, const struct sim_cluster *cluster, const char *name)
{
	for (size_t i = 0; i < sim->n_updates; i++) {
		const struct sim_update *update = &sim->updates[i];
		if (update->addon && update->status == UPDATE_IN_PROGRESS && !strcmp(update->addon, name) &&
		    !strcmp(update->cluster, cluster->name))
			return "UPDATING";
	}
	return "ACTIVE";
}

/* The version it has; NULL: refused. */
static const char *addon_of(struct sim *sim, const json_t *input, struct sim_cluster **ret_cluster,
			    struct sim_answer *answer)
{
	struct sim_cluster *cluster = *ret_cluster = sim_eks_cluster(sim, input, "clusterName", answer);
	const char *name = document_text_or(input, "addonName", "");
	const char *version = cluster ? json_string_value(json_object_get(cluster->addons, name)) : NULL;
	if (cluster && !version)
		sim_refuse(answer, 404, "ResourceNotFoundException", "No addon: %s found in cluster: %s", name,
			   cluster->name);
	return version;
}

/* What people give such add-ons: the EBS driver and the CNI their roles, CoreDNS its size. */
static void add_settings(json_t *document, const char *cluster, const char *name)
{
	if (!strcmp(name, "vpc-cni"))
		json_object_set_new(document, "serviceAccountRoleArn",
				    document_printf("arn:aws:iam::" SIM_ACCOUNT ":role/%s-aws-node", cluster));
	if (!strcmp(name, "aws-ebs-csi-driver"))
		json_object_set_new(document, "serviceAccountRoleArn",
				    json_string("arn:aws:iam::" SIM_ACCOUNT ":role/ebs-csi"));
	if (!strcmp(name, "coredns"))
		json_object_set_new(document, "configurationValues", json_string("{\"replicaCount\":2}"));
}

static json_t *addon_document(const struct sim *sim, const struct sim_cluster *cluster, const char *name,
			      const char *version, const char *status)
{
	(void)sim;
	json_t *document = json_pack(
		"{s:s, s:s, s:s, s:s, s:o, s:{s:[]}, s:o}", "addonName", name, "clusterName", cluster->name,
		"addonVersion", version, "status", status, "addonArn",
		document_printf("arn:aws:eks:" SIM_REGION ":" SIM_ACCOUNT ":addon/%s/%s/1", cluster->name, name),
		"health", "issues", "createdAt", sim_time(cluster->created_ms));
	add_settings(document, cluster->name, name);
	return document;
}

static void describe_addon(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster;
	const char *name = document_text_or(input, "addonName", ""), *version = addon_of(sim, input, &cluster, answer);
	if (version)
		answer->output =
			json_pack("{s:o}", "addon",
				  addon_document(sim, cluster, name, version, addon_status(sim, cluster, name)));
}

static void create_addon(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = sim_eks_cluster(sim, input, "clusterName", answer);
	const char *name = document_text_or(input, "addonName", "");
	if (!cluster)
		return;
	char *usual CLEANUP(mem_freep) = sim_addon_version(name, cluster->version);
	const char *version = document_text_or(input, "addonVersion", usual ? usual : "");
	if (!usual)
		sim_refuse(answer, 400, "InvalidParameterException", "Addon %s specified is not supported", name);
	else if (json_object_get(cluster->addons, name))
		sim_refuse(answer, 409, "ResourceInUseException", "Addon already exists.");
	else if (!goes_with(name, version, cluster->version))
		sim_refuse(answer, 400, "InvalidParameterException",
			   "Addon version specified is not supported in %s kubernetes version", cluster->version);
	if (answer->status)
		return;
	json_object_set_new(cluster->addons, name, json_string(version));
	sim_effect(sim, "eks:CreateAddon %s/%s", cluster->name, name);
	answer->output = json_pack("{s:o}", "addon", addon_document(sim, cluster, name, version, "CREATING"));
}

static void update_addon(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster;
	const char *name = document_text_or(input, "addonName", ""), *now = addon_of(sim, input, &cluster, answer),
		   *token = document_text(input, "clientRequestToken");
	if (!now)
		return;
	const char *version = document_text_or(input, "addonVersion", now);
	struct sim_update *update = sim_update_by_token(sim, cluster->name, token);
	if (!update && !goes_with(name, version, cluster->version)) {
		sim_refuse(answer, 400, "InvalidParameterException",
			   "Addon version specified is not supported in %s kubernetes version", cluster->version);
		return;
	}
	if (!update && strcmp(addon_status(sim, cluster, name), "ACTIVE") != 0) {
		sim_refuse(answer, 409, "ResourceInUseException",
			   "Addon %s cannot be updated as it is currently in UPDATING state", name);
		return;
	}
	if (!update) {
		update = sim_update_begin(sim, cluster, NULL, name, "AddonUpdate", now, version, token,
					  sim_takes(sim, ADDON_MS));
		sim_effect(sim, "eks:UpdateAddon %s/%s %s", cluster->name, name, version);
	}
	answer->output = json_pack("{s:o}", "update", sim_update_document(update));
}

static void delete_addon(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster;
	const char *name = document_text_or(input, "addonName", ""), *version = addon_of(sim, input, &cluster, answer);
	if (!version)
		return;
	answer->output = json_pack("{s:o}", "addon", addon_document(sim, cluster, name, version, "DELETING"));
	json_object_del(cluster->addons, name);
	sim_effect(sim, "eks:DeleteAddon %s/%s", cluster->name, name);
}

static json_t *versions_of(const char *name, const char *only_minor)
{
	json_t *versions = json_array();
	for (unsigned minor = 36; minor >= 30; minor--) {
		char *cluster CLEANUP(mem_freep) = mem_printf("1.%u", minor),
			      *version CLEANUP(mem_freep) = sim_addon_version(name, cluster);
		json_t *compatible = json_array();
		for (unsigned m = minor + 1; m >= minor - 1; m--) {
			char *text CLEANUP(mem_freep) = mem_printf("1.%u", m);
			unsigned ignored;
			if (sim_eks_knows_version(text, &ignored) && (!only_minor || !strcmp(only_minor, text)))
				json_array_append_new(compatible,
						      json_pack("{s:s, s:[s], s:b}", "clusterVersion", text,
								"platformVersions", "*", "defaultVersion", m == minor));
		}
		if (json_array_size(compatible))
			json_array_append_new(versions,
					      json_pack("{s:s, s:[s,s], s:o}", "addonVersion", version, "architecture",
							"amd64", "arm64", "compatibilities", compatible));
		else
			json_decref(compatible);
	}
	return versions;
}

static void describe_addon_versions(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *only = document_text(input, "addonName"), *minor = document_text(input, "kubernetesVersion");
	json_t *list = json_array();
	(void)sim;
	for (size_t i = 0; i < ARRAY_SIZE(addons); i++)
		if (!only || !strcmp(only, addons[i].name))
			json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:o}", "addonName", addons[i].name,
							      "type", "networking", "publisher", "eks", "owner", "aws",
							      "addonVersions", versions_of(addons[i].name, minor)));
	sim_page(input, list, "addons", answer);
}

static void describe_configuration(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	static const char schema[] =
		"{\"$schema\":\"http://json-schema.org/draft-06/schema#\",\"type\":\"object\","
		"\"additionalProperties\":false,\"properties\":{\"replicaCount\":{\"type\":\"integer\"},"
		"\"resources\":{\"type\":\"object\"},\"nodeSelector\":{\"type\":\"object\"},"
		"\"tolerations\":{\"type\":\"array\"},\"affinity\":{\"type\":\"object\"},"
		"\"env\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}}}";
	const char *name = document_text_or(input, "addonName", ""),
		   *version = document_text_or(input, "addonVersion", "");
	(void)sim;
	for (unsigned minor = 30; minor <= 36; minor++) {
		char *cluster CLEANUP(mem_freep) = mem_printf("1.%u", minor),
			      *known CLEANUP(mem_freep) = sim_addon_version(name, cluster);
		if (!known || strcmp(known, version) != 0)
			continue;
		answer->output = json_pack("{s:s, s:s, s:s}", "addonName", name, "addonVersion", version,
					   "configurationSchema", schema);
		return;
	}
	sim_refuse(answer, 404, "ResourceNotFoundException", "No addon version %s found for addon %s", version, name);
}

/* ---- Pod Identity */

static void list_associations(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = sim_eks_cluster(sim, input, "clusterName", answer);
	const char *ns = document_text(input, "namespace"), *account = document_text(input, "serviceAccount");
	json_t *list = json_array(), *item;
	size_t i;
	if (cluster)
		json_array_foreach (cluster->associations, i, item) {
			if ((ns && strcmp(document_text_or(item, "namespace", ""), ns)) ||
			    (account && strcmp(document_text_or(item, "serviceAccount", ""), account)))
				continue;
			json_array_append_new(list,
					      json_pack("{s:s, s:O, s:O, s:O, s:O}", "clusterName", cluster->name,
							"namespace", json_object_get(item, "namespace"),
							"serviceAccount", json_object_get(item, "serviceAccount"),
							"associationId", json_object_get(item, "associationId"),
							"associationArn", json_object_get(item, "associationArn")));
		}
	sim_page(input, list, "associations", answer);
}

static json_t *association_by_id(struct sim *sim, const json_t *input, struct sim_cluster **ret_cluster, size_t *ret_at,
				 struct sim_answer *answer)
{
	struct sim_cluster *cluster = *ret_cluster = sim_eks_cluster(sim, input, "clusterName", answer);
	const char *id = document_text_or(input, "associationId", "");
	json_t *item;
	if (!cluster)
		return NULL;
	for (*ret_at = 0; (item = json_array_get(cluster->associations, *ret_at)); (*ret_at)++)
		if (!strcmp(document_text_or(item, "associationId", ""), id))
			return item;
	sim_refuse(answer, 404, "ResourceNotFoundException", "No pod identity association found for id: %s.", id);
	return NULL;
}

static void describe_association(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster;
	size_t at;
	json_t *found = association_by_id(sim, input, &cluster, &at, answer);
	if (found)
		answer->output = json_pack("{s:O}", "association", found);
}

void sim_association_add(struct sim *sim, struct sim_cluster *cluster, const char *ns, const char *account,
			 const char *role)
{
	char *id CLEANUP(mem_freep) = sim_new_id(sim, "a-");
	json_array_append_new(
		cluster->associations,
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "clusterName", cluster->name, "namespace", ns,
			  "serviceAccount", account, "roleArn", role, "associationId", id, "associationArn",
			  document_printf("arn:aws:eks:" SIM_REGION ":" SIM_ACCOUNT ":podidentityassociation/%s/%s",
					  cluster->name, id),
			  "createdAt", sim_time(sim->now_ms)));
}

/* What this cluster, service account and token made before; or NULL. */
static json_t *association_like(struct sim_cluster *cluster, const char *ns, const char *account)
{
	json_t *item;
	size_t i;
	json_array_foreach (cluster->associations, i, item)
		if (!strcmp(document_text_or(item, "namespace", ""), ns) &&
		    !strcmp(document_text_or(item, "serviceAccount", ""), account))
			return item;
	return NULL;
}

static void create_association(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = sim_eks_cluster(sim, input, "clusterName", answer);
	const char *ns = document_text_or(input, "namespace", ""),
		   *account = document_text_or(input, "serviceAccount", ""),
		   *token = document_text(input, "clientRequestToken");
	if (!cluster)
		return;
	json_t *known = association_like(cluster, ns, account);
	const char *id = document_text_or(known, "associationId", "");
	if (known && (!token || strcmp(document_text_or(sim->tokens, token, ""), id) != 0)) {
		sim_refuse(answer, 409, "ResourceInUseException", "Association already exists: %s", id);
		return;
	}
	if (!known) {
		sim_association_add(sim, cluster, ns, account, document_text_or(input, "roleArn", ""));
		sim_effect(sim, "eks:CreatePodIdentityAssociation %s/%s/%s", cluster->name, ns, account);
		known = association_like(cluster, ns, account);
		if (token)
			json_object_set(sim->tokens, token, json_object_get(known, "associationId"));
	}
	answer->output = json_pack("{s:O}", "association", known);
}

static void update_association(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster;
	size_t at;
	json_t *found = association_by_id(sim, input, &cluster, &at, answer);
	if (!found)
		return;
	if (document_text(input, "roleArn"))
		json_object_set(found, "roleArn", json_object_get(input, "roleArn"));
	answer->output = json_pack("{s:O}", "association", found);
}

static void delete_association(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster;
	size_t at;
	json_t *found = association_by_id(sim, input, &cluster, &at, answer);
	if (!found)
		return;
	answer->output = json_pack("{s:O}", "association", found);
	sim_effect(sim, "eks:DeletePodIdentityAssociation %s/%s/%s", cluster->name,
		   document_text_or(found, "namespace", ""), document_text_or(found, "serviceAccount", ""));
	json_array_remove(cluster->associations, at);
}

/* ---- access entries: by principal, kept among the tags of the cluster */

static json_t *entries_of(struct sim *sim, const struct sim_cluster *cluster)
{
	char *key CLEANUP(mem_freep) = mem_printf("access-entries/%s", cluster->name);
	json_t *entries = json_object_get(sim->tags, key);
	if (!entries) {
		entries = json_pack("{s:s, s:s}", "arn:aws:iam::" SIM_ACCOUNT ":role/eks-node", "EC2_LINUX",
				    "arn:aws:iam::" SIM_ACCOUNT ":user/agent", "STANDARD");
		json_object_set_new(sim->tags, key, entries);
	}
	return entries;
}

static json_t *entry_document(const struct sim_cluster *cluster, const char *principal, const char *type)
{
	return json_pack("{s:s, s:s, s:s, s:[], s:{}}", "clusterName", cluster->name, "principalArn", principal, "type",
			 type, "kubernetesGroups", "tags");
}

static void list_entries(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = sim_eks_cluster(sim, input, "clusterName", answer);
	json_t *list = json_array(), *type;
	const char *principal;
	if (cluster)
		json_object_foreach (entries_of(sim, cluster), principal, type)
			json_array_append_new(list, json_string(principal));
	sim_page(input, list, "accessEntries", answer);
}

static void one_entry(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = sim_eks_cluster(sim, input, "clusterName", answer);
	const char *principal = document_text_or(input, "principalArn", "");
	const char *type = cluster ? json_string_value(json_object_get(entries_of(sim, cluster), principal)) : NULL;
	if (type)
		answer->output = json_pack("{s:o}", "accessEntry", entry_document(cluster, principal, type));
	else if (cluster)
		sim_refuse(answer, 404, "ResourceNotFoundException",
			   "The specified principalArn could not be found: %s", principal);
}

static void create_entry(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = sim_eks_cluster(sim, input, "clusterName", answer);
	const char *principal = document_text_or(input, "principalArn", ""),
		   *type = document_text_or(input, "type", "STANDARD");
	if (!cluster)
		return;
	if (json_object_get(entries_of(sim, cluster), principal)) {
		sim_refuse(answer, 409, "ResourceInUseException",
			   "The specified access entry resource is already in use on this cluster.");
		return;
	}
	json_object_set_new(entries_of(sim, cluster), principal, json_string(type));
	sim_effect(sim, "eks:CreateAccessEntry %s %s", cluster->name, principal);
	answer->output = json_pack("{s:o}", "accessEntry", entry_document(cluster, principal, type));
}

static void delete_entry(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	one_entry(sim, input, answer);
	if (answer->status)
		return;
	struct sim_cluster *cluster = sim_cluster_named(sim, document_text_or(input, "clusterName", ""));
	json_object_del(entries_of(sim, cluster), document_text_or(input, "principalArn", ""));
	json_decref(answer->output);
	answer->output = json_object();
}

/* ---- what this world has none of */

static void no_fargate(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	if (sim_eks_cluster(sim, input, "clusterName", answer))
		sim_page(input, json_array(), "fargateProfileNames", answer);
}

static void no_fargate_profile(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	if (sim_eks_cluster(sim, input, "clusterName", answer))
		sim_refuse(answer, 404, "ResourceNotFoundException", "No Fargate Profile found with name: %s.",
			   document_text_or(input, "fargateProfileName", ""));
}

static void no_identity_providers(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	if (sim_eks_cluster(sim, input, "clusterName", answer))
		sim_page(input, json_array(), "identityProviderConfigs", answer);
}

static void no_access_policies(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	if (sim_eks_cluster(sim, input, "clusterName", answer))
		sim_page(input, json_array(), "associatedAccessPolicies", answer);
}

const struct sim_operation sim_eks_addon_operations[] = {
	{"eks:ListAddons", list_addons},
	{"eks:DescribeAddon", describe_addon},
	{"eks:CreateAddon", create_addon},
	{"eks:UpdateAddon", update_addon},
	{"eks:DeleteAddon", delete_addon},
	{"eks:DescribeAddonVersions", describe_addon_versions},
	{"eks:DescribeAddonConfiguration", describe_configuration},
	{"eks:ListPodIdentityAssociations", list_associations},
	{"eks:DescribePodIdentityAssociation", describe_association},
	{"eks:CreatePodIdentityAssociation", create_association},
	{"eks:UpdatePodIdentityAssociation", update_association},
	{"eks:DeletePodIdentityAssociation", delete_association},
	{"eks:ListAccessEntries", list_entries},
	{"eks:DescribeAccessEntry", one_entry},
	{"eks:CreateAccessEntry", create_entry},
	{"eks:DeleteAccessEntry", delete_entry},
	{"eks:ListAssociatedAccessPolicies", no_access_policies},
	{"eks:ListFargateProfiles", no_fargate},
	{"eks:DescribeFargateProfile", no_fargate_profile},
	{"eks:ListIdentityProviderConfigs", no_identity_providers},
	{NULL, NULL},
};
