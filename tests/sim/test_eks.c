/* EKS as its callers see it: durations, states, refusals, tokens, updates in place. */
#include "sim_ask.h"
#include "sim/world.h"

#define NAME(name) json_pack("{s:s}", "name", name)

static json_t *create(const char *name, const char *version, const char *token)
{
	return json_pack("{s:s, s:s, s:s, s:{s:[s,s]}, s:s*}", "name", name, "version", version, "roleArn",
			 "arn:aws:iam::111122223333:role/r", "resourcesVpcConfig", "subnetIds", "subnet-a", "subnet-b",
			 "clientRequestToken", token);
}

static void a_cluster_takes_its_time_to_come_and_go(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	assert_says(&bench, "eks:CreateCluster", create("green", "1.34", NULL), "cluster.status", "CREATING");
	bench_pass(&bench, 7 * MINUTE_MS);
	assert_says(&bench, "eks:DescribeCluster", NAME("green"), "cluster.status", "CREATING");
	json_t *early DOCUMENT_CLEANUP = bench_ask(&bench, "eks:DescribeCluster", NAME("green"));
	assert_null(document_text(early, "cluster.endpoint"));
	assert_refused(&bench, "eks:DeleteCluster", NAME("green"), "ResourceInUseException");
	bench_pass(&bench, 4 * MINUTE_MS);
	assert_says(&bench, "eks:DescribeCluster", NAME("green"), "cluster.status", "ACTIVE");
	json_t *late DOCUMENT_CLEANUP = bench_ask(&bench, "eks:DescribeCluster", NAME("green"));
	assert_non_null(document_text(late, "cluster.endpoint"));
	assert_says(&bench, "eks:DeleteCluster", NAME("green"), "cluster.status", "DELETING");
	bench_pass(&bench, 3 * MINUTE_MS);
	assert_says(&bench, "eks:DescribeCluster", NAME("green"), "cluster.status", "DELETING");
	bench_pass(&bench, 4 * MINUTE_MS);
	assert_refused(&bench, "eks:DescribeCluster", NAME("green"), "ResourceNotFoundException");
	assert_int_equal(effect(&bench, "eks:CreateCluster green"), 1);
	assert_int_equal(effect(&bench, "eks:DeleteCluster green"), 1);
	bench_done(&bench);
}

static void the_same_token_makes_no_second_cluster(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	json_decref(bench_ask(&bench, "eks:CreateCluster", create("green", "1.34", "token-1")));
	json_decref(bench_ask(&bench, "eks:CreateCluster", create("green", "1.34", "token-1")));
	assert_int_equal(effect(&bench, "eks:CreateCluster green"), 1);
	assert_refused(&bench, "eks:CreateCluster", create("green", "1.34", "token-2"), "ResourceInUseException");
	bench_done(&bench);
}

static void nonsense_is_refused(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	assert_refused(&bench, "eks:CreateCluster", create("-green", "1.34", NULL), "InvalidParameterException");
	assert_refused(&bench, "eks:CreateCluster", create("green", "1.99", NULL), "InvalidParameterException");
	assert_refused(&bench, "eks:CreateCluster", create("green", "2.0", NULL), "InvalidParameterException");
	assert_refused(&bench, "eks:DescribeCluster", NAME("nobody"), "ResourceNotFoundException");
	assert_refused(&bench, "eks:DescribeNodegroup",
		       json_pack("{s:s, s:s}", "clusterName", "shop", "nodegroupName", "nobody"),
		       "ResourceNotFoundException");
	assert_refused(&bench, "eks:DeleteCluster", NAME("shop"), "ResourceInUseException");
	bench_done(&bench);
}

static json_t *group_input(const char *cluster, const char *name)
{
	return json_pack("{s:s, s:s, s:[s], s:s, s:{s:i, s:i, s:i}}", "clusterName", cluster, "nodegroupName", name,
			 "subnets", "subnet-a", "nodeRole", "arn:aws:iam::111122223333:role/n", "scalingConfig",
			 "minSize", 1, "maxSize", 4, "desiredSize", 2);
}

static void node_groups_wait_for_their_cluster(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	json_decref(bench_ask(&bench, "eks:CreateCluster", create("green", "1.34", NULL)));
	assert_refused(&bench, "eks:CreateNodegroup", group_input("green", "g"), "InvalidRequestException");
	bench_pass(&bench, 12 * MINUTE_MS);
	assert_says(&bench, "eks:CreateNodegroup", group_input("green", "g"), "nodegroup.status", "CREATING");
	bench_pass(&bench, 4 * MINUTE_MS);
	json_t *which = json_pack("{s:s, s:s}", "clusterName", "green", "nodegroupName", "g");
	assert_says(&bench, "eks:DescribeNodegroup", json_incref(which), "nodegroup.status", "ACTIVE");
	assert_says(&bench, "eks:DescribeNodegroup", json_incref(which), "nodegroup.version", "1.34");
	assert_refused(&bench, "eks:DeleteCluster", NAME("green"), "ResourceInUseException");
	json_decref(bench_ask(&bench, "eks:DeleteNodegroup", json_incref(which)));
	json_decref(bench_ask(&bench, "eks:DeleteNodegroup", json_incref(which)));
	assert_int_equal(effect(&bench, "eks:DeleteNodegroup green/g"), 1);
	bench_pass(&bench, 6 * MINUTE_MS);
	assert_refused(&bench, "eks:DescribeNodegroup", which, "ResourceNotFoundException");
	bench_done(&bench);
}

static json_t *to_version(const char *version, const char *token)
{
	return json_pack("{s:s, s:s, s:s*}", "name", "shop", "version", version, "clientRequestToken", token);
}

static void an_update_goes_one_minor_and_back(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	assert_refused(&bench, "eks:UpdateClusterVersion", to_version("1.35", NULL), "InvalidParameterException");
	assert_refused(&bench, "eks:UpdateClusterVersion", to_version("1.33", NULL), "InvalidParameterException");
	assert_refused(&bench, "eks:UpdateClusterVersion", to_version("1.32", NULL), "InvalidParameterException");
	json_t *begun DOCUMENT_CLEANUP = bench_ask(&bench, "eks:UpdateClusterVersion", to_version("1.34", "t")),
		      *again DOCUMENT_CLEANUP = bench_ask(&bench, "eks:UpdateClusterVersion", to_version("1.34", "t"));
	assert_string_equal(document_text(begun, "update.id"), document_text(again, "update.id"));
	assert_string_equal(document_text(begun, "update.type"), "VersionUpdate");
	assert_says(&bench, "eks:DescribeCluster", NAME("shop"), "cluster.status", "UPDATING");
	assert_refused(&bench, "eks:UpdateClusterVersion", to_version("1.34", "u"), "ResourceInUseException");
	bench_pass(&bench, 12 * MINUTE_MS);
	assert_says(&bench, "eks:DescribeCluster", NAME("shop"), "cluster.version", "1.34");
	assert_says(&bench, "eks:DescribeUpdate",
		    json_pack("{s:s, s:O}", "name", "shop", "updateId", document_at(begun, "update.id")),
		    "update.status", "Successful");
	/* nodes lag: no further minor before they follow */
	assert_refused(&bench, "eks:UpdateClusterVersion", to_version("1.35", NULL), "InvalidParameterException");
	assert_says(&bench, "eks:UpdateClusterVersion", to_version("1.33", NULL), "update.type", "VersionRollback");
	bench_pass(&bench, 12 * MINUTE_MS);
	assert_says(&bench, "eks:DescribeCluster", NAME("shop"), "cluster.version", "1.33");
	assert_int_equal(effect(&bench, "eks:UpdateClusterVersion shop 1.34"), 1);
	bench_done(&bench);
}

static void nodes_follow_one_by_one_while_users_are_served(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 2, NULL);
	json_t *which = json_pack("{s:s, s:s}", "clusterName", "shop", "nodegroupName", "general");
	json_decref(bench_ask(&bench, "eks:UpdateClusterVersion", to_version("1.34", NULL)));
	bench_pass(&bench, 12 * MINUTE_MS);
	json_decref(bench_ask(&bench, "eks:UpdateNodegroupVersion", json_incref(which)));
	bench_pass(&bench, 2 * MINUTE_MS);
	assert_says(&bench, "eks:DescribeNodegroup", json_incref(which), "nodegroup.status", "UPDATING");
	assert_refused(&bench, "eks:DeleteNodegroup", json_incref(which), "ResourceInUseException");
	bench_pass(&bench, 10 * MINUTE_MS);
	assert_says(&bench, "eks:DescribeNodegroup", json_incref(which), "nodegroup.status", "ACTIVE");
	assert_says(&bench, "eks:DescribeNodegroup", which, "nodegroup.version", "1.34");
	struct sim_users users;
	sim_users(bench.sim, &users);
	assert_true(users.requests > 10000);
	assert_int_equal(users.failed, 0);
	assert_null(sim_violation(bench.sim));
	bench_done(&bench);
}

static void lists_come_in_pages(void **state)
{
	(void)state;
	struct bench bench = bench_new("medium", 1, NULL);
	json_t *first DOCUMENT_CLEANUP = bench_ask(&bench, "eks:ListNodegroups",
						   json_pack("{s:s, s:i}", "clusterName", "shop", "maxResults", 2));
	assert_int_equal(json_array_size(json_object_get(first, "nodegroups")), 2);
	json_t *rest DOCUMENT_CLEANUP = bench_ask(&bench, "eks:ListNodegroups",
						  json_pack("{s:s, s:i, s:O}", "clusterName", "shop", "maxResults", 2,
							    "nextToken", json_object_get(first, "nextToken")));
	assert_int_equal(json_array_size(json_object_get(rest, "nodegroups")), 1);
	assert_null(json_object_get(rest, "nextToken"));
	bench_done(&bench);
}

static void addons_go_with_their_minor(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	json_t *versions DOCUMENT_CLEANUP =
		bench_ask(&bench, "eks:DescribeAddonVersions",
			  json_pack("{s:s, s:s}", "addonName", "kube-proxy", "kubernetesVersion", "1.34"));
	json_t *version;
	size_t i, n_default = 0;
	json_array_foreach (document_at(versions, "addons[0].addonVersions"), i, version)
		n_default += document_true(version, "compatibilities[0].defaultVersion");
	assert_int_equal(n_default, 1);
	assert_int_equal(i, 3); /* of the minor below, its own, the one above */
	json_t *input = json_pack("{s:s, s:s, s:s}", "clusterName", "shop", "addonName", "kube-proxy", "addonVersion",
				  "v1.36.3-eksbuild.2");
	assert_refused(&bench, "eks:UpdateAddon", json_copy(input), "InvalidParameterException");
	json_object_set_new(input, "addonVersion", json_string("v1.34.3-eksbuild.2"));
	json_decref(bench_ask(&bench, "eks:UpdateAddon", input));
	json_t *which = json_pack("{s:s, s:s}", "clusterName", "shop", "addonName", "kube-proxy");
	assert_says(&bench, "eks:DescribeAddon", json_incref(which), "addon.status", "UPDATING");
	bench_pass(&bench, 2 * MINUTE_MS);
	assert_says(&bench, "eks:DescribeAddon", which, "addon.addonVersion", "v1.34.3-eksbuild.2");
	bench_done(&bench);
}

static void identities_are_made_once(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	json_t *input =
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "clusterName", "shop", "namespace", "n", "serviceAccount", "s",
			  "roleArn", "arn:aws:iam::111122223333:role/x", "clientRequestToken", "t");
	json_decref(bench_ask(&bench, "eks:CreatePodIdentityAssociation", json_copy(input)));
	json_decref(bench_ask(&bench, "eks:CreatePodIdentityAssociation", json_copy(input)));
	assert_int_equal(effect(&bench, "eks:CreatePodIdentityAssociation shop/n/s"), 1);
	json_object_set_new(input, "clientRequestToken", json_string("other"));
	assert_refused(&bench, "eks:CreatePodIdentityAssociation", input, "ResourceInUseException");
	bench_done(&bench);
}

static void every_answer_fits_its_shape(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	static const char *const of_cluster[] = {
		"eks:ListAddons",	    "eks:ListAccessEntries",	       "eks:ListFargateProfiles",
		"eks:ListInsights",	    "eks:ListPodIdentityAssociations", "eks:ListIdentityProviderConfigs",
		"eks:StartInsightsRefresh", "eks:DescribeInsightsRefresh"};
	for (size_t i = 0; i < ARRAY_SIZE(of_cluster); i++)
		json_decref(bench_ask(&bench, of_cluster[i], json_pack("{s:s}", "clusterName", "shop")));
	static const char *const plain[] = {"eks:ListClusters",
					    "eks:DescribeClusterVersions",
					    "ec2:DescribeSubnets",
					    "ec2:DescribeVpcs",
					    "ec2:DescribeSecurityGroups",
					    "ec2:DescribeAvailabilityZones",
					    "ec2:DescribeRegions",
					    "ec2:DescribeInstances",
					    "ec2:DescribeInstanceTypes",
					    "ec2:DescribeLaunchTemplates",
					    "autoscaling:DescribeAutoScalingGroups",
					    "elbv2:DescribeLoadBalancers",
					    "elbv2:DescribeTargetGroups",
					    "route53:ListHostedZones",
					    "route53:ListHostedZonesByName",
					    "route53:ListHealthChecks",
					    "sts:GetCallerIdentity",
					    "sts:GetSessionToken",
					    "iam:ListOpenIDConnectProviders",
					    "iam:ListRoles",
					    "iam:GetUser",
					    "cloudwatch:ListMetrics",
					    "cloudwatch:DescribeAlarms",
					    "secretsmanager:ListSecrets"};
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		json_decref(bench_ask(&bench, plain[i], NULL));
	json_decref(
		bench_ask(&bench, "ssm:GetParameter",
			  json_pack("{s:s}", "Name",
				    "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/"
				    "image_id")));
	json_decref(bench_ask(&bench, "servicequotas:GetServiceQuota",
			      json_pack("{s:s, s:s}", "ServiceCode", "eks", "QuotaCode", "L-1194D53C")));
	json_decref(bench_ask(&bench, "iam:GetRole", json_pack("{s:s}", "RoleName", "r")));
	assert_refused(&bench, "ssm:GetParameter", json_pack("{s:s}", "Name", "/nothing"), "ParameterNotFound");
	bench_done(&bench);
}

static void handlers_are_of_operations_that_exist(void **state)
{
	(void)state;
	const struct sim_operation *const tables[] = {
		sim_eks_operations,	 sim_eks_addon_operations, sim_eks_update_operations,
		sim_route53_operations,	 sim_elbv2_operations,	   sim_cloudwatch_operations,
		sim_identity_operations, sim_ec2_operations,	   sim_small_operations};
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (const struct sim_operation *row = tables[i]; row->name; row++) {
			const char *colon = strchr(row->name, ':');
			char *service CLEANUP(mem_freep) = mem_strndup(row->name, (size_t)(colon - row->name));
			if (!aws_operation_find(service, colon + 1))
				fail_msg("\"%s\" is no operation", row->name);
		}
	}
}

static void instances_are_the_nodes(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	json_t *out DOCUMENT_CLEANUP = bench_ask(&bench, "ec2:DescribeInstances", NULL);
	assert_int_equal(json_array_size(document_at(out, "Reservations[0].Instances")), 3);
	const char *id = document_text(out, "Reservations[0].Instances[0].InstanceId");
	json_t *one DOCUMENT_CLEANUP =
		bench_ask(&bench, "ec2:DescribeInstances", json_pack("{s:[s]}", "InstanceIds", id));
	assert_int_equal(json_array_size(document_at(one, "Reservations[0].Instances")), 1);
	bench_done(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cluster_takes_its_time_to_come_and_go),
		cmocka_unit_test(the_same_token_makes_no_second_cluster),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(node_groups_wait_for_their_cluster),
		cmocka_unit_test(an_update_goes_one_minor_and_back),
		cmocka_unit_test(nodes_follow_one_by_one_while_users_are_served),
		cmocka_unit_test(lists_come_in_pages),
		cmocka_unit_test(addons_go_with_their_minor),
		cmocka_unit_test(identities_are_made_once),
		cmocka_unit_test(every_answer_fits_its_shape),
		cmocka_unit_test(handlers_are_of_operations_that_exist),
		cmocka_unit_test(instances_are_the_nodes),
	};
	return cmocka_run_group_tests_name("sim eks", tests, NULL, NULL);
}
