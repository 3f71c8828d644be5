/* Each source taken away in turn: exactly the checks that need it are unknown, and each names the permission. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "cases.h"
#include "codec/document.h"

/* Who may not list the things cannot ask about each. */
static const struct {
	const char *list, *describe;
} through[] = {
	{"eks:ListAddons", "eks:DescribeAddon"},
	{"eks:ListAddons", "eks:DescribeAddonVersions"},
	{"eks:ListNodegroups", "eks:DescribeNodegroup"},
	{"eks:ListNodegroups", "ec2:DescribeLaunchTemplateVersions"},
	{"eks:DescribeNodegroup", "ec2:DescribeLaunchTemplateVersions"},
	{"eks:ListFargateProfiles", "eks:DescribeFargateProfile"},
	{"eks:ListInsights", "eks:DescribeInsight"},
	{"eks:ListUpdates", "eks:DescribeUpdate"},
	{"eks:ListAccessEntries", "eks:DescribeAccessEntry"},
	{"eks:ListPodIdentityAssociations", "eks:DescribePodIdentityAssociation"},
	{"eks:ListIdentityProviderConfigs", "eks:DescribeIdentityProviderConfig"},
	{"iam:ListOpenIDConnectProviders", "iam:GetOpenIDConnectProvider"},
	{"route53:ListHostedZones", "route53:ListResourceRecordSets"},
	{"elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeTargetGroups"},
	{"elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"},
};

static bool needs(const struct check *check, const char *source)
{
	for (const char *const *need = check->needs; need && *need; need++) {
		if (!strcmp(*need, source))
			return true;
		for (size_t i = 0; i < ARRAY_SIZE(through); i++)
			if (!strcmp(through[i].list, source) && !strcmp(through[i].describe, *need))
				return true;
	}
	return false;
}

static bool is_unknown_for(const struct assessment *assessment, const char *id, const char *permission)
{
	for (size_t i = 0; i < assessment->n_findings; i++)
		if (!strcmp(assessment->findings[i].id, id) && assessment->findings[i].status == FINDING_UNKNOWN &&
		    strstr(assessment->findings[i].reason, "denied") &&
		    strstr(assessment->findings[i].reason, permission))
			return true;
	return false;
}

/* These take evidence from wherever it comes: of which sources they speak on which way is in cases/refused.yaml. */
static bool of_every_kind(const char *id, const char *source)
{
	if (strncmp(source, "kubernetes ", 11) != 0 && strcmp(source, "metrics") != 0 &&
	    strcmp(source, "eks:ListInsights") != 0 && strcmp(source, "eks:DescribeInsight") != 0)
		return false;

	static const char *const ids[] = {
		"API-REMOVED-IN-PATH", "API-DEPRECATED", "API-MANAGEDFIELDS", "API-LASTAPPLIED",
		"API-ALPHA-BETA",      "BEH-1.22",	 "BEH-1.34"};
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (!strcmp(ids[i], id))
			return true;
	return false;
}

static void take_away(const char *source)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	json_t *nothing DOCUMENT_CLEANUP = json_object();
	struct inventory *inventory CLEANUP(inventory_freep) = case_inventory(nothing);
	struct config config;
	struct assessment assessment;
	case_config(nothing, arena, &config);
	inventory_source(inventory, source, SOURCE_DENIED, "by this test");
	assert_null(assess_run(inventory, &config, "1.34", NULL, arena, &assessment));
	const char *permission = source_permission(arena, source);
	for (const struct check *const *family = check_families; *family; family++)
		for (const struct check *check = *family; check->id; check++)
			if (!check->given && (needs(check, source) || !of_every_kind(check->id, source)) &&
			    needs(check, source) != is_unknown_for(&assessment, check->id, permission))
				fail_msg("%s without %s: %s", check->id, source,
					 needs(check, source) ? "not unknown" : "unknown, though it does not need it");
}

/* What a look asks for and no check needs: without it everything is known that was known before. */
static const char *const helpful[] = {
	"ec2:DescribeImages",
	"ec2:DescribeInstanceTypes",
	"ec2:DescribeLaunchTemplates",
	"eks:DescribeAccessEntry",
	"eks:DescribeAddonConfiguration",
	"eks:DescribeInsightsRefresh",
	"eks:ListClusters",
	"eks:StartInsightsRefresh",
	"elasticloadbalancing:DescribeListeners",
	"elasticloadbalancing:DescribeLoadBalancerAttributes",
	"iam:GetPolicy",
	"iam:GetPolicyVersion",
	"iam:GetRolePolicy",
	"iam:ListAttachedRolePolicies",
	"iam:ListOpenIDConnectProviders",
	"iam:ListRolePolicies",
	"logs:GetQueryResults",
	"logs:StartQuery",
	"ssm:GetParameters",
	"kubernetes networkpolicies.networking.k8s.io",
	"kubernetes priorityclasses.scheduling.k8s.io",
};

static void what_no_check_needs_costs_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(helpful); i++)
		take_away(helpful[i]);
}

static void each_permission_costs_exactly_its_checks(void **state)
{
	size_t tried = 0;
	(void)state;
	for (const struct check *const *family = check_families; *family; family++)
		for (const struct check *check = *family; check->id; check++)
			for (const char *const *need = check->needs; need && *need; need++, tried++)
				take_away(*need);
	assert_true(tried > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_permission_costs_exactly_its_checks),
					   cmocka_unit_test(what_no_check_needs_costs_none)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
