/* AWS's half of the live look: in rounds, each as one batch. The cluster first (without it nothing else makes sense),
 * then all lists, then what the lists name, then what that names. What each round asks for stands in survey_nodes.c,
 * survey_network.c and survey_roles.c; what takes its time at AWS, in survey_waits.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "perception/survey_round.h"

enum { MOST_UPDATES = 10, VALUES_A_FILTER = 100 };

/* ---- rounds */

/* What IAM calls the service. */
static const char *service_of(const struct aws_operation *operation)
{
	const char *service = aws_operation_service(operation);
	return !strcmp(service, "elbv2") ? "elasticloadbalancing" : service;
}

void survey_ask(struct round *round, const struct aws_operation *operation, json_t *input)
{
	json_t *request = input ? input : json_object();
	*HEAP_PUSH(round->requests, round->n) =
		(struct aws_request){.operation = operation, .input = json_deep_copy(request), .all_pages = true};
	*HEAP_PUSH(round->asked, round->n_asked) = request;
}

/* All of the account, as quotas count it: thousands of large objects of which little is read. What is saved is saved
 * whole. */
static void ask_account(struct round *round, const struct aws_operation *operation, json_t *input,
			const char *const *only)
{
	survey_ask(round, operation, input);
	if (!round->survey->snapshot)
		round->requests[round->n - 1].only = only;
}

/* EKS always names what it was asked for, if only an empty list of it: `{}` came from somewhere else. */
static struct error *check_answer(const struct aws_request *request)
{
	const char *service = service_of(request->operation);
	if (strcmp(service, "eks") != 0 || json_object_size(request->output))
		return NULL;
	return error_new(ERROR_INVALID, "%s:%s gave an empty answer", service, aws_operation_name(request->operation));
}

/* Takes the request and the answer. */
static void keep(const struct round *round, struct aws_request *request, json_t *asked)
{
	aws_unfold_policies(request->operation, request->output);
	if (!request->error)
		request->error = check_answer(request);
	inventory_aws_record(round->inventory, service_of(request->operation), aws_operation_name(request->operation),
			     asked, request->error ? NULL : request->output, request->error);
	if (request->error)
		json_decref(request->output);
	error_free(request->error);
}

/* Makes the calls that were asked for, and keeps what they gave. */
static void survey_run_round(struct round *round)
{
	if (round->n)
		aws_call_batch(round->survey->aws, round->requests, round->n);
	for (size_t i = 0; i < round->n; i++)
		keep(round, &round->requests[i], round->asked[i]);
	free(round->requests);
	free(round->asked);
	round->requests = NULL;
	round->asked = NULL;
	round->n = round->n_asked = 0;
}

const json_t *survey_call(struct round *round, const struct aws_operation *operation, json_t *input)
{
	struct aws_request request = {.operation = operation, .input = json_deep_copy(input)};
	aws_call_batch(round->survey->aws, &request, 1);
	bool good = !request.error;
	keep(round, &request, input);
	const char *snake = inventory_snake_name(round->inventory->arena, aws_operation_name(operation));
	const json_t *calls = inventory_aws_calls(round->inventory, snake);
	return good ? json_object_get(json_array_get(calls, json_array_size(calls) - 1), "response") : NULL;
}

const json_t *survey_next(const struct round *round, const char *snake_name, const char *path,
			  struct survey_cursor *cursor)
{
	const json_t *calls = inventory_aws_calls(round->inventory, snake_name);
	for (; cursor->call < json_array_size(calls); cursor->call++, cursor->element = 0) {
		const json_t *found = document_at(json_array_get(calls, cursor->call), path);
		if (json_is_object(found) && !cursor->element++)
			return found;
		if (json_is_array(found) && cursor->element < json_array_size(found))
			return json_array_get(found, cursor->element++);
	}
	return NULL;
}

void survey_add_text(json_t *all, const char *text)
{
	size_t i;
	const json_t *seen;
	if (!text)
		return;
	json_array_foreach (all, i, seen)
		if (!strcmp(json_string_value(seen), text))
			return;
	json_array_append_new(all, json_string(text));
}

/* By filter, not by id: what was deleted is missing in the answer instead of spoiling it. `values` is borrowed. */
static json_t *survey_filtered(const char *name, json_t *values)
{
	return json_pack("{s:[{s:s, s:O}]}", "Filters", "Name", name, "Values", values);
}

void survey_ask_filtered(struct round *round, const struct aws_operation *operation, const char *name, json_t *values)
{
	for (size_t from = 0; from < json_array_size(values); from += VALUES_A_FILTER) {
		json_t *some = json_array();
		for (size_t i = from; i < json_array_size(values) && i < from + VALUES_A_FILTER; i++)
			json_array_append(some, json_array_get(values, i));
		survey_ask(round, operation, survey_filtered(name, some));
		json_decref(some);
	}
	json_decref(values);
}

static const char *cluster_name(const struct round *round)
{
	return round->survey->config->cluster;
}

static json_t *of_cluster(const struct round *round)
{
	return json_pack("{s:s}", "clusterName", cluster_name(round));
}

/* ---- the first round: lists, and what needs nothing but the cluster's name */

static void ask_lists(struct round *round)
{
	enum { PAGE = 500 }; /* EC2 gives everything at once unless told how much */
	/* A check that reads more of an instance or a volume must say so here, or it sees it in folders alone. */
	static const char *const of_instance[] = {"Instances",
						  "InstanceId",
						  "ImageId",
						  "InstanceType",
						  "InstanceLifecycle",
						  "State",
						  "Name",
						  "CpuOptions",
						  "CoreCount",
						  "ThreadsPerCore",
						  "Tags",
						  "Key",
						  "Value",
						  NULL};
	static const char *const of_volume[] = {"VolumeType", "Size", NULL};
	static const char *const quotas[][2] = {{"ec2", "L-1216C47A"},
						{"ebs", "L-D18FCD1D"},
						{"ebs", "L-7A658B76"},
						{"eks", "L-1194D53C"},
						{"elasticloadbalancing", "L-53DA6B97"},
						{"elasticloadbalancing", "L-B22855CB"}};
	survey_ask(round, &aws_eks_ListNodegroups, of_cluster(round));
	survey_ask(round, &aws_eks_ListAddons, of_cluster(round));
	survey_ask(round, &aws_eks_ListFargateProfiles, of_cluster(round));
	survey_ask(round, &aws_eks_ListInsights, of_cluster(round));
	survey_ask(round, &aws_eks_ListPodIdentityAssociations, of_cluster(round));
	survey_ask(round, &aws_eks_ListAccessEntries, of_cluster(round));
	survey_ask(round, &aws_eks_ListIdentityProviderConfigs, of_cluster(round));
	survey_ask(round, &aws_eks_ListUpdates, json_pack("{s:s}", "name", cluster_name(round)));
	survey_ask(round, &aws_eks_ListClusters, NULL);
	survey_ask(round, &aws_eks_DescribeClusterVersions, NULL);
	survey_ask(round, &aws_autoscaling_DescribeAutoScalingGroups, NULL);
	ask_account(round, &aws_ec2_DescribeInstances, json_pack("{s:i}", "MaxResults", PAGE), of_instance);
	ask_account(round, &aws_ec2_DescribeVolumes, json_pack("{s:i}", "MaxResults", PAGE), of_volume);
	survey_ask(round, &aws_ec2_DescribeLaunchTemplates, NULL);
	survey_ask(round, &aws_elbv2_DescribeLoadBalancers, NULL);
	survey_ask(round, &aws_iam_ListOpenIDConnectProviders, NULL);
	survey_ask(round, &aws_cloudwatch_DescribeAlarms, json_pack("{s:s}", "StateValue", "ALARM"));
	survey_ask(round, &aws_route53_ListHostedZones, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(quotas); i++)
		survey_ask(round, &aws_servicequotas_GetServiceQuota,
			   json_pack("{s:s, s:s}", "ServiceCode", quotas[i][0], "QuotaCode", quotas[i][1]));
}

/* Add-on versions for where it is and where it goes. */
static void ask_addon_versions(struct round *round)
{
	const char *from = document_text(inventory_cluster(round->inventory), "version"),
		   *to = round->survey->config->target_version;
	if (from)
		survey_ask(round, &aws_eks_DescribeAddonVersions, json_pack("{s:s}", "kubernetesVersion", from));
	if (to && (!from || strcmp(from, to) != 0))
		survey_ask(round, &aws_eks_DescribeAddonVersions, json_pack("{s:s}", "kubernetesVersion", to));
}

/* ---- the second: what lists name */

static const struct {
	const char *list, *path;
	const struct aws_operation *describe;
	const char *key;   /* of the request */
	const char *field; /* of the listed element, where it is an object; NULL: it is a name */
} named[] = {
	{"list_nodegroups", "response.nodegroups", &aws_eks_DescribeNodegroup, "nodegroupName", NULL},
	{"list_addons", "response.addons", &aws_eks_DescribeAddon, "addonName", NULL},
	{"list_fargate_profiles", "response.fargateProfileNames", &aws_eks_DescribeFargateProfile, "fargateProfileName",
	 NULL},
	{"list_insights", "response.insights", &aws_eks_DescribeInsight, "id", "id"},
	{"list_pod_identity_associations", "response.associations", &aws_eks_DescribePodIdentityAssociation,
	 "associationId", "associationId"},
	{"list_access_entries", "response.accessEntries", &aws_eks_DescribeAccessEntry, "principalArn", NULL},
};

static void ask_named(struct round *round)
{
	for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
		size_t n = 0;
		SURVEY_EACH(round, named[i].list, named[i].path, element)
		{
			const char *name =
				named[i].field ? document_text(element, named[i].field) : json_string_value(element);
			if (name && n++ < SURVEY_MOST_OF_A_KIND)
				survey_ask(round, named[i].describe,
					   json_pack("{s:s, s:s}", "clusterName", cluster_name(round), named[i].key,
						     name));
		}
	}
}

static void ask_updates(struct round *round)
{
	size_t n = 0;
	SURVEY_EACH(round, "list_updates", "response.updateIds", id)
	if (json_is_string(id) && n++ < MOST_UPDATES)
		survey_ask(round, &aws_eks_DescribeUpdate,
			   json_pack("{s:s, s:O}", "name", cluster_name(round), "updateId", id));
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
	survey_ask_filtered(round, &aws_ec2_DescribeSecurityGroups, "group-id", ids);
	if (key)
		survey_ask(round, &aws_kms_DescribeKey, json_pack("{s:s}", "KeyId", key));
}

static void ask_providers(struct round *round)
{
	size_t n = 0;
	SURVEY_EACH(round, "list_open_id_connect_providers", "response.OpenIDConnectProviderList", provider)
	if (n++ < SURVEY_MOST_OF_A_KIND && document_text(provider, "Arn"))
		survey_ask(round, &aws_iam_GetOpenIDConnectProvider,
			   json_pack("{s:s}", "OpenIDConnectProviderArn", document_text(provider, "Arn")));
	SURVEY_EACH(round, "list_identity_provider_configs", "response.identityProviderConfigs", config)
	survey_ask(round, &aws_eks_DescribeIdentityProviderConfig,
		   json_pack("{s:s, s:O}", "clusterName", cluster_name(round), "identityProviderConfig", config));
}

/* ---- all of them */

static void look_at_lists(struct round *round)
{
	ask_lists(round);
	ask_addon_versions(round);
	survey_run_round(round);
}

static void look_at_named(struct round *round)
{
	ask_named(round);
	ask_updates(round);
	ask_of_cluster(round);
	ask_providers(round);
	survey_roles_of_cluster(round);
	survey_balancers(round);
	survey_records(round);
	survey_run_round(round);
	survey_keep_our_records(round);
}

static void look_further(struct round *round)
{
	survey_subnets(round);
	survey_published_images(round);
	survey_templates(round);
	survey_addon_configuration(round);
	survey_targets(round);
	survey_requests(round);
	survey_roles(round);
	survey_run_round(round);
	survey_images(round);
	survey_instance_types(round);
	survey_policies(round);
	survey_run_round(round);
	survey_policy_versions(round);
	survey_run_round(round);
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
	struct audit_query query = {NULL, 0};
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
	survey_audit_begin(&round, &query);
	if (survey->refresh_insights)
		survey_refresh_insights(&round);
	look_at_lists(&round);
	look_at_named(&round);
	look_further(&round);
	survey_audit_end(&round, &query);
}
