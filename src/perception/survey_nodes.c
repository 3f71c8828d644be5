/* What nodes are made of: subnets, launch templates, instance types, the images in use and those that EKS publishes for
 * the target. */
#include <string.h>
#include "perception/survey_round.h"

enum { PARAMETERS_A_CALL = 10 };

void survey_subnets(struct round *round)
{
	size_t i;
	const json_t *id;
	json_t *ids = json_array();
	json_array_foreach (document_at(inventory_cluster(round->inventory), "resourcesVpcConfig.subnetIds"), i, id)
		survey_add_text(ids, json_string_value(id));
	SURVEY_EACH(round, "describe_nodegroup", "response.nodegroup.subnets", subnet)
	survey_add_text(ids, json_string_value(subnet));
	SURVEY_EACH(round, "describe_fargate_profile", "response.fargateProfile.subnets", subnet)
	survey_add_text(ids, json_string_value(subnet));
	survey_ask_filtered(round, &aws_ec2_DescribeSubnets, "subnet-id", ids);
}

/* ---- what EKS publishes */

/* Where AWS publishes the images of each type. */
static const struct {
	const char *type, *before, *after; /* the target's version */
} images[] = {
	{"AL2023_x86_64_STANDARD", "/aws/service/eks/optimized-ami/",
	 "/amazon-linux-2023/x86_64/standard/recommended/image_id"},
	{"AL2023_ARM_64_STANDARD", "/aws/service/eks/optimized-ami/",
	 "/amazon-linux-2023/arm64/standard/recommended/image_id"},
	{"AL2023_x86_64_NVIDIA", "/aws/service/eks/optimized-ami/",
	 "/amazon-linux-2023/x86_64/nvidia/recommended/image_id"},
	{"AL2023_x86_64_NEURON", "/aws/service/eks/optimized-ami/",
	 "/amazon-linux-2023/x86_64/neuron/recommended/image_id"},
	{"AL2_x86_64", "/aws/service/eks/optimized-ami/", "/amazon-linux-2/recommended/image_id"},
	{"AL2_x86_64_GPU", "/aws/service/eks/optimized-ami/", "/amazon-linux-2-gpu/recommended/image_id"},
	{"AL2_ARM_64", "/aws/service/eks/optimized-ami/", "/amazon-linux-2-arm64/recommended/image_id"},
	{"BOTTLEROCKET_x86_64", "/aws/service/bottlerocket/aws-k8s-", "/x86_64/latest/image_id"},
	{"BOTTLEROCKET_ARM_64", "/aws/service/bottlerocket/aws-k8s-", "/arm64/latest/image_id"},
	{"BOTTLEROCKET_x86_64_NVIDIA", "/aws/service/bottlerocket/aws-k8s-", "-nvidia/x86_64/latest/image_id"},
	{"BOTTLEROCKET_ARM_64_NVIDIA", "/aws/service/bottlerocket/aws-k8s-", "-nvidia/arm64/latest/image_id"},
};

static void add_published(json_t *names, const char *type, const char *target)
{
	for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
		if (strcmp(images[i].type, type) != 0)
			continue;
		char *path CLEANUP(mem_freep) = mem_printf("%s%s%s", images[i].before, target, images[i].after);
		survey_add_text(names, path);
	}
}

void survey_published_images(struct round *round)
{
	json_t *names = json_array();
	const char *target = round->survey->config->target_version;
	if (target)
		SURVEY_EACH(round, "describe_nodegroup", "response.nodegroup", group)
	add_published(names, document_text_or(group, "amiType", ""), target);
	for (size_t from = 0; from < json_array_size(names); from += PARAMETERS_A_CALL) {
		json_t *some = json_array();
		for (size_t k = from; k < json_array_size(names) && k < from + PARAMETERS_A_CALL; k++)
			json_array_append(some, json_array_get(names, k));
		survey_ask(round, &aws_ssm_GetParameters, json_pack("{s:o}", "Names", some));
	}
	json_decref(names);
}

/* ---- what there is */

void survey_templates(struct round *round)
{
	size_t n = 0;
	SURVEY_EACH(round, "describe_nodegroup", "response.nodegroup", group)
	{
		const char *id = document_text(group, "launchTemplate.id"),
			   *version = document_text(group, "launchTemplate.version");
		if (id && version && n++ < SURVEY_MOST_OF_A_KIND)
			survey_ask(round, &aws_ec2_DescribeLaunchTemplateVersions,
				   json_pack("{s:s, s:[s]}", "LaunchTemplateId", id, "Versions", version));
	}
}

/* The account's other instances are none of ours. */
static bool is_of_cluster(const struct round *round, const json_t *instance)
{
	size_t i;
	const json_t *tag;
	const char *cluster = round->survey->config->cluster;
	json_array_foreach (json_object_get(instance, "Tags"), i, tag) {
		const char *key = document_text_or(tag, "Key", ""), *value = document_text_or(tag, "Value", "");
		bool named = (!strcmp(key, "eks:cluster-name") || !strcmp(key, "aws:eks:cluster-name")) &&
			     !strcmp(value, cluster);
		if (named || (!strncmp(key, "kubernetes.io/cluster/", 22) && !strcmp(key + 22, cluster)))
			return true;
	}
	return false;
}

/* A member of the cluster's instances and of the templates that make them: each text once. */
static json_t *of_machines(const struct round *round, const char *member)
{
	size_t i;
	const json_t *instance;
	json_t *all = json_array();
	SURVEY_EACH(round, "describe_instances", "response.Reservations", reservation)
	json_array_foreach (json_object_get(reservation, "Instances"), i, instance)
		if (is_of_cluster(round, instance))
			survey_add_text(all, document_text(instance, member));
	SURVEY_EACH(round, "describe_launch_template_versions", "response.LaunchTemplateVersions", version)
	survey_add_text(all, document_text(json_object_get(version, "LaunchTemplateData"), member));
	return all;
}

void survey_images(struct round *round)
{
	survey_ask_filtered(round, &aws_ec2_DescribeImages, "image-id", of_machines(round, "ImageId"));
}

void survey_instance_types(struct round *round)
{
	json_t *types = of_machines(round, "InstanceType");
	SURVEY_EACH(round, "describe_nodegroup", "response.nodegroup.instanceTypes", type)
	survey_add_text(types, json_string_value(type));
	survey_ask_filtered(round, &aws_ec2_DescribeInstanceTypes, "instance-type", types);
}
