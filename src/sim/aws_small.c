/* Parameters, secrets and quotas. */
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "sim/world.h"

/* ---- SSM: AMIs that EKS publishes, and what was put */

static json_t *parameter(struct sim *sim, const char *name)
{
	static const char prefix[] = "/aws/service/eks/optimized-ami/";
	json_t *put = json_object_get(json_object_get(sim->tags, "parameters"), name);
	size_t n = sizeof prefix - 1;
	unsigned minor;
	char *version CLEANUP(mem_freep) =
		strncmp(name, prefix, n) ? NULL : mem_strndup(name + n, strcspn(name + n, "/"));
	const char *last = strrchr(name, '/');
	json_t *value = put ? json_incref(put) : NULL;
	if (version && sim_eks_knows_version(version, &minor) && last)
		value = !strcmp(last, "/image_id")	    ? document_printf("ami-0%u5eed000000000%02u", minor, minor)
			: !strcmp(last, "/release_version") ? document_printf("%s.2-20261101", version)
							    : NULL;
	return value ? json_pack("{s:s, s:s, s:o, s:i, s:o}", "Name", name, "Type", "String", "Value", value, "Version",
				 1, "ARN",
				 document_printf("arn:aws:ssm:" SIM_REGION ":" SIM_ACCOUNT ":parameter%s", name))
		     : NULL;
}

static void get_parameter(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *found = parameter(sim, document_text_or(input, "Name", ""));
	if (found)
		answer->output = json_pack("{s:o}", "Parameter", found);
	else
		sim_refuse(answer, 400, "ParameterNotFound", "%s", "");
}

static void get_parameters(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *good = json_array(), *bad = json_array(), *name;
	size_t i;
	json_array_foreach (json_object_get(input, "Names"), i, name) {
		json_t *found = parameter(sim, json_string_value(name) ? json_string_value(name) : "");
		if (found)
			json_array_append_new(good, found);
		else
			json_array_append(bad, name);
	}
	answer->output = json_pack("{s:o, s:o}", "Parameters", good, "InvalidParameters", bad);
}

static void put_parameter(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *name = document_text_or(input, "Name", "");
	json_t *all = json_object_get(sim->tags, "parameters");
	if (!all) {
		all = json_object();
		json_object_set_new(sim->tags, "parameters", all);
	}
	if (json_object_get(all, name) && !document_true(input, "Overwrite")) {
		sim_refuse(answer, 400, "ParameterAlreadyExists", "The parameter already exists.");
		return;
	}
	json_object_set(all, name, json_object_get(input, "Value"));
	sim_effect(sim, "ssm:PutParameter %s", name);
	answer->output = json_pack("{s:i, s:s}", "Version", 1, "Tier", "Standard");
}

static void delete_parameter(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	if (json_object_del(json_object_get(sim->tags, "parameters"), document_text_or(input, "Name", "")) != 0)
		sim_refuse(answer, 400, "ParameterNotFound", "%s", "");
	else
		answer->output = json_object();
}

/* ---- Secrets Manager: one secret, Argo CD's token */

static void get_secret(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	if (!strstr(document_text_or(input, "SecretId", ""), "argocd-token")) {
		sim_refuse(answer, 400, "ResourceNotFoundException",
			   "Secrets Manager can't find the specified secret.");
		return;
	}
	answer->output = json_pack("{s:s, s:s, s:s, s:s}", "ARN",
				   "arn:aws:secretsmanager:" SIM_REGION ":" SIM_ACCOUNT ":secret:argocd-token-AbCdEf",
				   "Name", "argocd-token", "VersionId", "00000000-0000-4000-8000-000000000001",
				   "SecretString", "simulated.argocd.token");
}

static void list_secrets(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	(void)input;
	answer->output = json_pack("{s:[{s:s, s:s}]}", "SecretList", "Name", "argocd-token", "ARN",
				   "arn:aws:secretsmanager:" SIM_REGION ":" SIM_ACCOUNT ":secret:argocd-token-AbCdEf");
}

/* ---- Service Quotas */

static json_t *quota(const struct sim *sim, const char *service, const char *code)
{
	static const struct {
		const char *service, *code, *name, *fault;
		double value, when_short;
	} rows[] = {{"eks", "L-1194D53C", "Clusters", "clusters", 100, 1},
		    {"eks", "L-6D54EA21", "Managed node groups per cluster", "", 30, 30},
		    {"eks", "L-BD136A63", "Nodes per managed node group", "", 450, 450},
		    {"ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", "vcpu",
		     32768, 64},
		    {"ebs", "L-D18FCD1D", "Storage for General Purpose SSD (gp2) volumes, in TiB", "", 50, 50},
		    {"ebs", "L-7A658B76", "Storage for General Purpose SSD (gp3) volumes, in TiB", "", 50, 50},
		    {"elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", "", 50, 50},
		    {"elasticloadbalancing", "L-B22855CB", "Target Groups per Region", "", 3000, 3000},
		    {"vpc", "L-F678F1CE", "VPCs per Region", "", 5, 5}};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].service, service) || strcmp(rows[i].code, code))
			continue;
		bool low = *rows[i].fault && sim_fault_value(sim, "quota", rows[i].fault) > 0;
		return json_pack("{s:s, s:s, s:s, s:f, s:b, s:s}", "ServiceCode", service, "QuotaCode", code,
				 "QuotaName", rows[i].name, "Value", low ? rows[i].when_short : rows[i].value,
				 "Adjustable", 1, "Unit", "None");
	}
	return NULL;
}

static void get_quota(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *found =
		quota(sim, document_text_or(input, "ServiceCode", ""), document_text_or(input, "QuotaCode", ""));
	if (found)
		answer->output = json_pack("{s:o}", "Quota", found);
	else
		sim_refuse(answer, 400, "NoSuchResourceException",
			   "The request failed because the specified quota does not exist.");
}

static void list_quotas(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	static const char *const codes[] = {"L-1194D53C", "L-6D54EA21", "L-BD136A63", "L-1216C47A", "L-D18FCD1D",
					    "L-7A658B76", "L-53DA6B97", "L-B22855CB", "L-F678F1CE"};
	json_t *list = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		json_t *found = quota(sim, document_text_or(input, "ServiceCode", ""), codes[i]);
		if (found)
			json_array_append_new(list, found);
	}
	answer->output = json_pack("{s:o}", "Quotas", list);
}

const struct sim_operation sim_small_operations[] = {
	{"ssm:GetParameter", get_parameter},
	{"ssm:GetParameters", get_parameters},
	{"ssm:PutParameter", put_parameter},
	{"ssm:DeleteParameter", delete_parameter},
	{"secretsmanager:GetSecretValue", get_secret},
	{"secretsmanager:ListSecrets", list_secrets},
	{"servicequotas:GetServiceQuota", get_quota},
	{"servicequotas:GetAWSDefaultServiceQuota", get_quota},
	{"servicequotas:ListServiceQuotas", list_quotas},
	{"servicequotas:ListAWSDefaultServiceQuotas", list_quotas},
	{NULL, NULL},
};
