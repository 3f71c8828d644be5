/* The roles that cluster, nodes, add-ons and pods have, what the first three may do, and the configuration of add-ons
 * against the version that the target needs. */
#include <stdio.h>
#include <string.h>
#include "perception/survey_round.h"

/* The last part of "arn:aws:iam::111122223333:role/path/name". */
static const char *role_name(const char *arn)
{
	const char *slash = arn ? strrchr(arn, '/') : NULL;
	return slash ? slash + 1 : NULL;
}

/* Was this call made, or is it about to be? */
static bool is_asked(const struct round *round, const struct aws_operation *operation, const char *member,
		     const char *value)
{
	const char *snake = inventory_snake_name(round->inventory->arena, aws_operation_name(operation));
	SURVEY_EACH(round, snake, "request", request)
	if (!strcmp(document_text_or(request, member, ""), value))
		return true;
	for (size_t i = 0; i < round->n; i++)
		if (round->requests[i].operation == operation &&
		    !strcmp(document_text_or(round->asked[i], member, ""), value))
			return true;
	return false;
}

static void ask_once(struct round *round, const struct aws_operation *operation, const char *member, const char *value)
{
	if (value && !is_asked(round, operation, member, value))
		survey_ask(round, operation, json_pack("{s:s}", member, value));
}

static void ask_role(struct round *round, const char *arn, bool with_policies)
{
	const char *name = role_name(arn);
	ask_once(round, &aws_iam_GetRole, "RoleName", name);
	if (!with_policies)
		return;
	ask_once(round, &aws_iam_ListAttachedRolePolicies, "RoleName", name);
	ask_once(round, &aws_iam_ListRolePolicies, "RoleName", name);
}

void survey_roles_of_cluster(struct round *round)
{
	ask_role(round, document_text(inventory_cluster(round->inventory), "roleArn"), true);
}

void survey_roles(struct round *round)
{
	SURVEY_EACH(round, "describe_nodegroup", "response.nodegroup", group)
	ask_role(round, document_text(group, "nodeRole"), true);
	SURVEY_EACH(round, "describe_addon", "response.addon", addon)
	ask_role(round, document_text(addon, "serviceAccountRoleArn"), true);
	SURVEY_EACH(round, "describe_pod_identity_association", "response.association", association)
	ask_role(round, document_text(association, "roleArn"), false);
}

void survey_policies(struct round *round)
{
	SURVEY_EACH(round, "list_attached_role_policies", "response.AttachedPolicies", policy)
	ask_once(round, &aws_iam_GetPolicy, "PolicyArn", document_text(policy, "PolicyArn"));
	size_t i, k;
	const json_t *call, *name;
	json_array_foreach (inventory_aws_calls(round->inventory, "list_role_policies"), i, call)
		json_array_foreach (document_at(call, "response.PolicyNames"), k, name)
			survey_ask(round, &aws_iam_GetRolePolicy,
				   json_pack("{s:O, s:O}", "RoleName", document_at(call, "request.RoleName"),
					     "PolicyName", name));
}

void survey_policy_versions(struct round *round)
{
	SURVEY_EACH(round, "get_policy", "response.Policy", policy)
	{
		const char *arn = document_text(policy, "Arn"), *version = document_text(policy, "DefaultVersionId");
		if (arn && version)
			survey_ask(round, &aws_iam_GetPolicyVersion,
				   json_pack("{s:s, s:s}", "PolicyArn", arn, "VersionId", version));
	}
}

/* ---- add-ons */

struct choice {
	const char *installed, *usual;
	bool fits;
};

static void weigh(struct choice *choice, const json_t *version, const char *target)
{
	size_t i;
	const json_t *compatible;
	const char *name = document_text_or(version, "addonVersion", "");
	json_array_foreach (json_object_get(version, "compatibilities"), i, compatible) {
		if (strcmp(document_text_or(compatible, "clusterVersion", ""), target) != 0)
			continue;
		choice->fits |= !strcmp(name, choice->installed);
		if (document_true(compatible, "defaultVersion"))
			choice->usual = name;
	}
}

static bool is_newer(const char *version, const char *other)
{
	unsigned a[4] = {0}, b[4] = {0};
	sscanf(version, "v%u.%u.%u-eksbuild.%u", &a[0], &a[1], &a[2], &a[3]);
	sscanf(other, "v%u.%u.%u-eksbuild.%u", &b[0], &b[1], &b[2], &b[3]);
	for (size_t i = 0; i < ARRAY_SIZE(a); i++)
		if (a[i] != b[i])
			return a[i] > b[i];
	return false;
}

/* The version that will run at the target: EKS's default there, unless what is installed fits and is newer. */
static const char *version_at_target(const struct round *round, const char *addon, const char *installed)
{
	struct choice choice = {.installed = installed};
	const char *target = round->survey->config->target_version;
	size_t i;
	const json_t *version;
	if (target)
		SURVEY_EACH(round, "describe_addon_versions", "response.addons", known)
	if (!strcmp(document_text_or(known, "addonName", ""), addon))
		json_array_foreach (json_object_get(known, "addonVersions"), i, version)
			weigh(&choice, version, target);
	return !choice.usual || (choice.fits && is_newer(installed, choice.usual)) ? installed : choice.usual;
}

void survey_addon_configuration(struct round *round)
{
	SURVEY_EACH(round, "describe_addon", "response.addon", addon)
	{
		const char *name = document_text(addon, "addonName"), *version = document_text(addon, "addonVersion");
		if (name && version && document_text(addon, "configurationValues"))
			survey_ask(round, &aws_eks_DescribeAddonConfiguration,
				   json_pack("{s:s, s:s}", "addonName", name, "addonVersion",
					     version_at_target(round, name, version)));
	}
}
