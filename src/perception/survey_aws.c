/* AWS's half of the live look: in rounds, each as one batch. The cluster first (without it nothing else makes sense),
 * then all lists, then what the lists name, then what that names. Every call is kept with its request, so that a
 * snapshot answers exactly as the account did; one that is denied costs only itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "codec/document.h"
#include "perception/survey.h"

enum { MOST_OF_A_KIND = 200, MOST_UPDATES = 10, PARAMETERS_A_CALL = 10 };

struct round {
	const struct survey *survey;
	struct inventory *inventory;
	struct aws_request *requests;
	json_t **asked;
	size_t n, n_asked;
};

/* What IAM calls the service. */
static const char *service_of(const struct aws_operation *operation)
{
	const char *service = aws_operation_service(operation);
	return !strcmp(service, "elbv2") ? "elasticloadbalancing" : service;
}

/* `input` is taken; NULL: {}. */
static void ask(struct round *round, const struct aws_operation *operation, json_t *input)
{
	json_t *request = input ? input : json_object();
	*HEAP_PUSH(round->requests, round->n) =
		(struct aws_request){.operation = operation, .input = json_deep_copy(request), .all_pages = true};
	*HEAP_PUSH(round->asked, round->n_asked) = request;
}

static void run(struct round *round)
{
	if (round->n)
		aws_call_batch(round->survey->aws, round->requests, round->n);
	for (size_t i = 0; i < round->n; i++) {
		struct aws_request *request = &round->requests[i];
		aws_unfold_policies(request->operation, request->output);
		inventory_aws_record(round->inventory, service_of(request->operation),
				     aws_operation_name(request->operation), round->asked[i], request->output,
				     request->error);
		if (request->error)
			json_decref(request->output);
		error_free(request->error);
	}
	free(round->requests);
	free(round->asked);
	round->requests = NULL;
	round->asked = NULL;
	round->n = round->n_asked = 0;
}

static const char *cluster_name(const struct round *round)
{
	return round->survey->config->cluster;
}

/* By filter, not by id: what was deleted is missing in the answer instead of spoiling it. */
static json_t *filtered(const char *name, json_t *values)
{
	return json_pack("{s:[{s:s, s:O}]}", "Filters", "Name", name, "Values", values);
}

static json_t *of_cluster(const struct round *round)
{
	return json_pack("{s:s}", "clusterName", cluster_name(round));
}

/* ---- the first round: lists, and what needs nothing but the cluster's name */

static void ask_lists(struct round *round)
{
	static const char *const quotas[][2] = {{"ec2", "L-1216C47A"},
						{"ebs", "L-D18FCD1D"},
						{"ebs", "L-7A658B76"},
						{"eks", "L-1194D53C"},
						{"elasticloadbalancing", "L-53DA6B97"},
						{"elasticloadbalancing", "L-B22855CB"}};
	ask(round, &aws_eks_ListNodegroups, of_cluster(round));
	ask(round, &aws_eks_ListAddons, of_cluster(round));
	ask(round, &aws_eks_ListFargateProfiles, of_cluster(round));
	ask(round, &aws_eks_ListInsights, of_cluster(round));
	ask(round, &aws_eks_ListPodIdentityAssociations, of_cluster(round));
	ask(round, &aws_eks_ListAccessEntries, of_cluster(round));
	ask(round, &aws_eks_ListIdentityProviderConfigs, of_cluster(round));
	ask(round, &aws_eks_ListUpdates, json_pack("{s:s}", "name", cluster_name(round)));
	ask(round, &aws_eks_ListClusters, NULL);
	ask(round, &aws_eks_DescribeClusterVersions, NULL);
	ask(round, &aws_autoscaling_DescribeAutoScalingGroups, NULL);
	ask(round, &aws_ec2_DescribeInstances, NULL);
	ask(round, &aws_ec2_DescribeVolumes, NULL);
	ask(round, &aws_ec2_DescribeLaunchTemplates, NULL);
	ask(round, &aws_elbv2_DescribeLoadBalancers, NULL);
	ask(round, &aws_iam_ListOpenIDConnectProviders, NULL);
	ask(round, &aws_cloudwatch_DescribeAlarms, json_pack("{s:s}", "StateValue", "ALARM"));
	for (size_t i = 0; i < ARRAY_SIZE(quotas); i++)
		ask(round, &aws_servicequotas_GetServiceQuota,
		    json_pack("{s:s, s:s}", "ServiceCode", quotas[i][0], "QuotaCode", quotas[i][1]));
	if (round->survey->config->traffic.hosted_zone)
		ask(round, &aws_route53_ListHostedZones, NULL);
	else
		inventory_source(round->inventory, "route53:ListResourceRecordSets", SOURCE_SKIPPED,
				 "no traffic.route53.hosted_zone is configured");
}

/* Add-on versions for where it is and where it goes. */
static void ask_addon_versions(struct round *round)
{
	const char *from = document_text(inventory_cluster(round->inventory), "version"),
		   *to = round->survey->config->target_version;
	if (from)
		ask(round, &aws_eks_DescribeAddonVersions, json_pack("{s:s}", "kubernetesVersion", from));
	if (to && (!from || strcmp(from, to) != 0))
		ask(round, &aws_eks_DescribeAddonVersions, json_pack("{s:s}", "kubernetesVersion", to));
}

/* ---- what lists name */

static const struct {
	const char *list, *member;
	const struct aws_operation *describe;
	const char *key;   /* of the request */
	const char *field; /* of the listed element, where it is an object; NULL: it is a name */
} named[] = {
	{"list_nodegroups", "nodegroups", &aws_eks_DescribeNodegroup, "nodegroupName", NULL},
	{"list_addons", "addons", &aws_eks_DescribeAddon, "addonName", NULL},
	{"list_fargate_profiles", "fargateProfileNames", &aws_eks_DescribeFargateProfile, "fargateProfileName", NULL},
	{"list_insights", "insights", &aws_eks_DescribeInsight, "id", "id"},
	{"list_pod_identity_associations", "associations", &aws_eks_DescribePodIdentityAssociation, "associationId",
	 "associationId"},
	{"list_access_entries", "accessEntries", &aws_eks_DescribeAccessEntry, "principalArn", NULL},
};

static void ask_named(struct round *round)
{
	for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
		const json_t *names =
			json_object_get(inventory_aws_response(round->inventory, named[i].list), named[i].member);
		for (size_t k = 0; k < json_array_size(names) && k < MOST_OF_A_KIND; k++) {
			const json_t *element = json_array_get(names, k);
			const char *name =
				named[i].field ? document_text(element, named[i].field) : json_string_value(element);
			if (name)
				ask(round, named[i].describe,
				    json_pack("{s:s, s:s}", "clusterName", cluster_name(round), named[i].key, name));
		}
	}
}

static void ask_updates(struct round *round)
{
	const json_t *ids = json_object_get(inventory_aws_response(round->inventory, "list_updates"), "updateIds");
	for (size_t i = 0; i < json_array_size(ids) && i < MOST_UPDATES; i++)
		if (json_is_string(json_array_get(ids, i)))
			ask(round, &aws_eks_DescribeUpdate,
			    json_pack("{s:s, s:O}", "name", cluster_name(round), "updateId", json_array_get(ids, i)));
}

/* The last part of "arn:aws:iam::111122223333:role/path/name". */
static const char *role_name(const char *arn)
{
	const char *slash = arn ? strrchr(arn, '/') : NULL;
	return slash ? slash + 1 : NULL;
}

static void ask_role(struct round *round, const char *arn)
{
	const char *name = role_name(arn);
	if (name && !inventory_aws_response_for(round->inventory, "get_role", "RoleName", name))
		ask(round, &aws_iam_GetRole, json_pack("{s:s}", "RoleName", name));
}

static void ask_of_cluster(struct round *round)
{
	const json_t *cluster = inventory_cluster(round->inventory),
		     *groups = document_at(cluster, "resourcesVpcConfig.securityGroupIds");
	const char *own_group = document_text(cluster, "resourcesVpcConfig.clusterSecurityGroupId"),
		   *key = document_text(cluster, "encryptionConfig[0].provider.keyArn");
	json_t *ids = groups ? json_deep_copy(groups) : json_array();
	if (own_group)
		json_array_append_new(ids, json_string(own_group));
	if (json_array_size(ids))
		ask(round, &aws_ec2_DescribeSecurityGroups, filtered("group-id", ids));
	json_decref(ids);
	ask_role(round, document_text(cluster, "roleArn"));
	if (key)
		ask(round, &aws_kms_DescribeKey, json_pack("{s:s}", "KeyId", key));
}

static void ask_providers(struct round *round)
{
	size_t i;
	const json_t *one;
	json_array_foreach (json_object_get(inventory_aws_response(round->inventory, "list_open_id_connect_providers"),
					    "OpenIDConnectProviderList"),
			    i, one)
		if (i < MOST_OF_A_KIND && document_text(one, "Arn"))
			ask(round, &aws_iam_GetOpenIDConnectProvider,
			    json_pack("{s:s}", "OpenIDConnectProviderArn", document_text(one, "Arn")));
	json_array_foreach (json_object_get(inventory_aws_response(round->inventory, "list_identity_provider_configs"),
					    "identityProviderConfigs"),
			    i, one)
		ask(round, &aws_eks_DescribeIdentityProviderConfig,
		    json_pack("{s:s, s:O}", "clusterName", cluster_name(round), "identityProviderConfig", one));
}

static void ask_balancers(struct round *round)
{
	size_t i;
	const json_t *one;
	json_array_foreach (
		json_object_get(inventory_aws_response(round->inventory, "describe_load_balancers"), "LoadBalancers"),
		i, one) {
		const char *arn = document_text(one, "LoadBalancerArn");
		if (!arn || i >= MOST_OF_A_KIND)
			continue;
		ask(round, &aws_elbv2_DescribeTargetGroups, json_pack("{s:s}", "LoadBalancerArn", arn));
		ask(round, &aws_elbv2_DescribeLoadBalancerAttributes, json_pack("{s:s}", "LoadBalancerArn", arn));
	}
}

static void ask_records(struct round *round)
{
	size_t i;
	const json_t *zone;
	const char *wanted = round->survey->config->traffic.hosted_zone;
	json_array_foreach (
		json_object_get(inventory_aws_response(round->inventory, "list_hosted_zones"), "HostedZones"), i,
		zone) {
		const char *name = document_text_or(zone, "Name", ""), *id = document_text_or(zone, "Id", "");
		size_t n = strlen(wanted);
		n -= n && wanted[n - 1] == '.';
		const char *slash = strrchr(id, '/');
		bool same = (!strncmp(name, wanted, n) && (!name[n] || !strcmp(name + n, "."))) ||
			    !strcmp(slash ? slash + 1 : id, wanted);
		if (same)
			ask(round, &aws_route53_ListResourceRecordSets,
			    json_pack("{s:s}", "HostedZoneId", slash ? slash + 1 : id));
	}
}

/* ---- what node groups, balancers and add-ons name */

static void add_ids(json_t *all, const json_t *ids)
{
	size_t i, k;
	const json_t *id, *seen;
	json_array_foreach (ids, i, id) {
		bool there = false;
		json_array_foreach (all, k, seen)
			there |= json_equal((json_t *)(uintptr_t)seen, (json_t *)(uintptr_t)id);
		if (!there)
			json_array_append(all, (json_t *)(uintptr_t)id);
	}
}

static void ask_subnets(struct round *round)
{
	size_t i;
	const json_t *call;
	json_t *ids = json_array();
	add_ids(ids, document_at(inventory_cluster(round->inventory), "resourcesVpcConfig.subnetIds"));
	json_array_foreach (inventory_aws_calls(round->inventory, "describe_nodegroup"), i, call)
		add_ids(ids, document_at(call, "response.nodegroup.subnets"));
	json_array_foreach (inventory_aws_calls(round->inventory, "describe_fargate_profile"), i, call)
		add_ids(ids, document_at(call, "response.fargateProfile.subnets"));
	if (json_array_size(ids))
		ask(round, &aws_ec2_DescribeSubnets, filtered("subnet-id", ids));
	json_decref(ids);
}

/* Where AWS publishes the images of each type. */
static const struct {
	const char *type, *format;
} images[] = {
	{"AL2023_x86_64_STANDARD",
	 "/aws/service/eks/optimized-ami/%s/amazon-linux-2023/x86_64/standard/recommended/image_id"},
	{"AL2023_ARM_64_STANDARD",
	 "/aws/service/eks/optimized-ami/%s/amazon-linux-2023/arm64/standard/recommended/image_id"},
	{"AL2023_x86_64_NVIDIA",
	 "/aws/service/eks/optimized-ami/%s/amazon-linux-2023/x86_64/nvidia/recommended/image_id"},
	{"AL2023_x86_64_NEURON",
	 "/aws/service/eks/optimized-ami/%s/amazon-linux-2023/x86_64/neuron/recommended/image_id"},
	{"AL2_x86_64", "/aws/service/eks/optimized-ami/%s/amazon-linux-2/recommended/image_id"},
	{"AL2_x86_64_GPU", "/aws/service/eks/optimized-ami/%s/amazon-linux-2-gpu/recommended/image_id"},
	{"AL2_ARM_64", "/aws/service/eks/optimized-ami/%s/amazon-linux-2-arm64/recommended/image_id"},
	{"BOTTLEROCKET_x86_64", "/aws/service/bottlerocket/aws-k8s-%s/x86_64/latest/image_id"},
	{"BOTTLEROCKET_ARM_64", "/aws/service/bottlerocket/aws-k8s-%s/arm64/latest/image_id"},
	{"BOTTLEROCKET_x86_64_NVIDIA", "/aws/service/bottlerocket/aws-k8s-%s-nvidia/x86_64/latest/image_id"},
	{"BOTTLEROCKET_ARM_64_NVIDIA", "/aws/service/bottlerocket/aws-k8s-%s-nvidia/arm64/latest/image_id"},
};

static void ask_images(struct round *round)
{
	size_t i;
	const json_t *call;
	json_t *names = json_array();
	const char *target = round->survey->config->target_version;
	json_array_foreach (inventory_aws_calls(round->inventory, "describe_nodegroup"), i, call) {
		const char *type = document_text_or(call, "response.nodegroup.amiType", "");
		for (size_t k = 0; target && k < ARRAY_SIZE(images); k++) {
			if (strcmp(images[k].type, type) != 0)
				continue;
			const char *between = strstr(images[k].format, "%s");
			char *path = mem_printf("%.*s%s%s", (int)(between - images[k].format), images[k].format, target,
						between + 2);
			json_t *alone = json_pack("[s]", path);
			add_ids(names, alone);
			json_decref(alone);
			free(path);
		}
	}
	for (size_t from = 0; from < json_array_size(names); from += PARAMETERS_A_CALL) {
		json_t *some = json_array();
		for (size_t k = from; k < json_array_size(names) && k < from + PARAMETERS_A_CALL; k++)
			json_array_append(some, json_array_get(names, k));
		ask(round, &aws_ssm_GetParameters, json_pack("{s:o}", "Names", some));
	}
	json_decref(names);
}

static void ask_templates(struct round *round)
{
	size_t i;
	const json_t *call;
	json_array_foreach (inventory_aws_calls(round->inventory, "describe_nodegroup"), i, call) {
		const char *id = document_text(call, "response.nodegroup.launchTemplate.id"),
			   *version = document_text(call, "response.nodegroup.launchTemplate.version");
		if (id && version && i < MOST_OF_A_KIND)
			ask(round, &aws_ec2_DescribeLaunchTemplateVersions,
			    json_pack("{s:s, s:[s]}", "LaunchTemplateId", id, "Versions", version));
		ask_role(round, document_text(call, "response.nodegroup.nodeRole"));
	}
}

static void ask_addons(struct round *round)
{
	size_t i;
	const json_t *call;
	json_array_foreach (inventory_aws_calls(round->inventory, "describe_addon"), i, call) {
		const char *name = document_text(call, "response.addon.addonName"),
			   *version = document_text(call, "response.addon.addonVersion");
		ask_role(round, document_text(call, "response.addon.serviceAccountRoleArn"));
		if (name && version && document_text(call, "response.addon.configurationValues"))
			ask(round, &aws_eks_DescribeAddonConfiguration,
			    json_pack("{s:s, s:s}", "addonName", name, "addonVersion", version));
	}
	json_array_foreach (inventory_aws_calls(round->inventory, "describe_pod_identity_association"), i, call)
		ask_role(round, document_text(call, "response.association.roleArn"));
}

static void ask_targets(struct round *round)
{
	size_t i, k, n = 0;
	const json_t *call, *group;
	json_array_foreach (inventory_aws_calls(round->inventory, "describe_target_groups"), i, call)
		json_array_foreach (document_at(call, "response.TargetGroups"), k, group) {
			const char *arn = document_text(group, "TargetGroupArn");
			if (!arn || n++ >= MOST_OF_A_KIND)
				continue;
			ask(round, &aws_elbv2_DescribeTargetHealth, json_pack("{s:s}", "TargetGroupArn", arn));
			ask(round, &aws_elbv2_DescribeTargetGroupAttributes, json_pack("{s:s}", "TargetGroupArn", arn));
		}
}

/* Without credentials, or without a way to AWS, one line says so instead of one for each call. */
static bool is_reached(struct inventory *inventory, const struct error *error)
{
	bool answered = !error || error->http_status != 0;
	if (!answered)
		inventory_source_error(inventory, "aws", error);
	return answered;
}

void survey_aws(const struct survey *survey, struct inventory *inventory)
{
	struct round round = {.survey = survey, .inventory = inventory};
	json_t *out = NULL, *request = json_pack("{s:s}", "name", survey->config->cluster);
	struct error *error ERROR_CLEANUP =
		aws_call(survey->aws, &aws_eks_DescribeCluster, json_deep_copy(request), &out);
	inventory->region = model_pool_text(inventory->pool, aws_region(survey->aws));
	if (!is_reached(inventory, error)) {
		json_decref(request);
		return;
	}
	inventory_aws_record(inventory, "eks", "DescribeCluster", request, out, error);
	if (survey->progress)
		survey->progress(survey->progress_context, "the account");
	ask_lists(&round);
	ask_addon_versions(&round);
	run(&round);
	ask_named(&round);
	ask_updates(&round);
	ask_of_cluster(&round);
	ask_providers(&round);
	ask_balancers(&round);
	if (survey->config->traffic.hosted_zone)
		ask_records(&round);
	run(&round);
	ask_subnets(&round);
	ask_images(&round);
	ask_templates(&round);
	ask_addons(&round);
	ask_targets(&round);
	run(&round);
}
