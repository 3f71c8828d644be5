/* The smaller services: who we are, identity for workloads, subnets. */
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "sim/world.h"

static void caller(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	(void)input;
	answer->output = json_pack("{s:s, s:s, s:s}", "Account", SIM_ACCOUNT, "Arn",
				   "arn:aws:iam::" SIM_ACCOUNT ":user/agent", "UserId", "AIDASIMULATED");
}

static json_t *trusts(struct sim *sim)
{
	if (!sim->roles)
		sim->roles = json_object();
	return sim->roles;
}

static json_t *providers(struct sim *sim)
{
	if (!sim->providers) {
		char *issuer CLEANUP(mem_freep) = sim_issuer(&sim->clusters[0]);
		sim->providers = json_object();
		char *arn CLEANUP(mem_freep) = mem_printf("arn:aws:iam::" SIM_ACCOUNT ":oidc-provider/%s", issuer + 8);
		json_object_set_new(sim->providers, arn, json_string(issuer));
	}
	return sim->providers;
}

static void list_providers(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *list = json_array(), *url;
	const char *arn;
	(void)input;
	json_object_foreach (providers(sim), arn, url)
		json_array_append_new(list, json_pack("{s:s}", "Arn", arn));
	answer->output = json_pack("{s:o}", "OpenIDConnectProviderList", list);
}

static void create_provider(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *url = document_text_or(input, "Url", "");
	char *arn CLEANUP(mem_freep) = mem_printf("arn:aws:iam::" SIM_ACCOUNT ":oidc-provider/%s",
						  strncmp(url, "https://", 8) ? url : url + 8);
	if (json_object_get(providers(sim), arn)) {
		sim_refuse(answer, 409, "EntityAlreadyExists", "Provider with url %s already exists.", url);
		return;
	}
	json_object_set_new(sim->providers, arn, json_string(url));
	sim_effect(sim, "iam:CreateOpenIDConnectProvider");
	answer->output = json_pack("{s:s}", "OpenIDConnectProviderArn", arn);
}

static void delete_provider(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *arn = document_text_or(input, "OpenIDConnectProviderArn", "");
	json_object_del(providers(sim), arn); /* as the real one: deleting what is not there is no error */
	answer->output = json_object();
}

/* Roles exist as soon as somebody asks for one; their trust is Blue's issuer. */
static const char *trust_of(struct sim *sim, const char *role)
{
	const char *known = json_string_value(json_object_get(trusts(sim), role));
	if (known)
		return known;
	char *issuer CLEANUP(mem_freep) = sim_issuer(&sim->clusters[0]);
	json_object_set_new(sim->roles, role,
			    document_printf("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
					    "\"Principal\":{\"Federated\":\"arn:aws:iam::" SIM_ACCOUNT ":oidc-provider/"
					    "%s\"},\"Action\":\"sts:AssumeRoleWithWebIdentity\",\"Condition\":{"
					    "\"StringEquals\":{\"%s:aud\":\"sts.amazonaws.com\"}}}]}",
					    issuer + 8, issuer + 8));
	return json_string_value(json_object_get(sim->roles, role));
}

static void get_role(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *name = document_text_or(input, "RoleName", ""), *trust = trust_of(sim, name);
	answer->output = json_pack("{s:{s:s, s:s, s:o, s:s, s:s, s:s}}", "Role", "RoleName", name, "Path", "/", "Arn",
				   document_printf("arn:aws:iam::" SIM_ACCOUNT ":role/%s", name), "RoleId", "AROASIM",
				   "CreateDate", "2025-01-01T00:00:00Z", "AssumeRolePolicyDocument", trust);
}

static void update_trust(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *name = document_text_or(input, "RoleName", ""),
		   *policy = document_text_or(input, "PolicyDocument", "");
	json_t *parsed DOCUMENT_CLEANUP = json_loads(policy, 0, NULL);
	if (!parsed) {
		sim_refuse(answer, 400, "MalformedPolicyDocument", "This policy contains invalid Json");
		return;
	}
	if (strcmp(trust_of(sim, name), policy) != 0)
		sim_effect(sim, "iam:UpdateAssumeRolePolicy %s", name);
	json_object_set_new(sim->roles, name, json_string(policy));
	answer->output = json_object();
}

static void describe_subnets(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	(void)input;
	answer->output =
		json_pack("{s:[{s:s, s:s, s:i, s:s}, {s:s, s:s, s:i, s:s}, {s:s, s:s, s:i, s:s}]}", "Subnets",
			  "SubnetId", "subnet-a", "VpcId", "vpc-1", "AvailableIpAddressCount", 3011, "AvailabilityZone",
			  "us-east-1a", "SubnetId", "subnet-b", "VpcId", "vpc-1", "AvailableIpAddressCount", 2870,
			  "AvailabilityZone", "us-east-1b", "SubnetId", "subnet-c", "VpcId", "vpc-1",
			  "AvailableIpAddressCount", 2999, "AvailabilityZone", "us-east-1c");
}

const struct sim_operation sim_other_operations[] = {
	{"sts:GetCallerIdentity", caller},
	{"iam:ListOpenIDConnectProviders", list_providers},
	{"iam:CreateOpenIDConnectProvider", create_provider},
	{"iam:DeleteOpenIDConnectProvider", delete_provider},
	{"iam:GetRole", get_role},
	{"iam:UpdateAssumeRolePolicy", update_trust},
	{"ec2:DescribeSubnets", describe_subnets},
	{NULL, NULL},
};
