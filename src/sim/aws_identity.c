/* STS and IAM: who we are, and the trust of roles. */
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "sim/world.h"

#define IAM_ARN "arn:aws:iam::" SIM_ACCOUNT ":"

static void caller(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	(void)input;
	answer->output = json_pack("{s:s, s:s, s:s}", "Account", SIM_ACCOUNT, "Arn", IAM_ARN "user/agent", "UserId",
				   "AIDASIMULATED");
}

static json_t *credentials(const struct sim *sim)
{
	return json_pack("{s:s, s:s, s:s, s:o}", "AccessKeyId", "ASIASIMULATED", "SecretAccessKey",
			 "simulated-secret-key", "SessionToken", "simulated-session-token", "Expiration",
			 sim_time(sim->now_ms + HOUR_MS));
}

static void session_token(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)input;
	answer->output = json_pack("{s:o}", "Credentials", credentials(sim));
}

static void assume_role(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *role = document_text_or(input, "RoleArn", ""), *slash = strrchr(role, '/'),
		   *session = document_text_or(input, "RoleSessionName", "session");
	if (strncmp(role, "arn:aws", 7) != 0 || !slash) {
		sim_refuse(answer, 400, "ValidationError", "%s is invalid", role);
		return;
	}
	answer->output =
		json_pack("{s:o, s:{s:o, s:o}}", "Credentials", credentials(sim), "AssumedRoleUser", "Arn",
			  document_printf("arn:aws:sts::" SIM_ACCOUNT ":assumed-role/%s/%s", slash + 1, session),
			  "AssumedRoleId", document_printf("AROASIM:%s", session));
}

/* ---- OIDC providers */

void sim_identity_init(struct sim *sim)
{
	char *issuer CLEANUP(mem_freep) = sim_issuer(&sim->clusters[0]);
	char *arn CLEANUP(mem_freep) = mem_printf(IAM_ARN "oidc-provider/%s", issuer + 8);
	sim->roles = json_object();
	sim->providers = json_pack("{s:s}", arn, issuer);
}

static void list_providers(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *list = json_array(), *url;
	const char *arn;
	(void)input;
	json_object_foreach (sim->providers, arn, url)
		json_array_append_new(list, json_pack("{s:s}", "Arn", arn));
	answer->output = json_pack("{s:o}", "OpenIDConnectProviderList", list);
}

static void get_provider(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *arn = document_text_or(input, "OpenIDConnectProviderArn", ""),
		   *url = json_string_value(json_object_get(sim->providers, arn));
	if (!url)
		sim_refuse(answer, 404, "NoSuchEntity", "OpenIDConnect Provider not found for arn %s", arn);
	else
		answer->output = json_pack("{s:s, s:[s], s:[]}", "Url", url + 8, "ClientIDList", "sts.amazonaws.com",
					   "ThumbprintList");
}

static void create_provider(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *url = document_text_or(input, "Url", "");
	if (strncmp(url, "https://", 8) != 0) {
		sim_refuse(answer, 400, "ValidationError", "Invalid Open ID Connect Provider URL");
		return;
	}
	char *arn CLEANUP(mem_freep) = mem_printf(IAM_ARN "oidc-provider/%s", url + 8);
	if (json_object_get(sim->providers, arn)) {
		sim_refuse(answer, 409, "EntityAlreadyExists", "Provider with url %s already exists.", url);
		return;
	}
	json_object_set_new(sim->providers, arn, json_string(url));
	sim_effect(sim, "iam:CreateOpenIDConnectProvider");
	answer->output = json_pack("{s:s}", "OpenIDConnectProviderArn", arn);
}

/* As the real one: deleting what is not there is no error. */
static void delete_provider(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	if (!json_object_del(sim->providers, document_text_or(input, "OpenIDConnectProviderArn", "")))
		sim_effect(sim, "iam:DeleteOpenIDConnectProvider");
	answer->output = json_object();
}

/* ---- roles: they exist as soon as somebody asks for one; their trust is Blue's issuer */

static const char *trust_of(struct sim *sim, const char *role)
{
	const char *known = json_string_value(json_object_get(sim->roles, role));
	if (known)
		return known;
	if (!strcmp(role, "eks-cluster") || !strcmp(role, "eks-node")) {
		const char *service = !strcmp(role, "eks-node") ? "ec2" : "eks";
		json_object_set_new(sim->roles, role,
				    document_printf("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
						    "\"Principal\":{\"Service\":\"%s.amazonaws.com\"},\"Action\":["
						    "\"sts:AssumeRole\",\"sts:TagSession\"]}]}",
						    service));
		return json_string_value(json_object_get(sim->roles, role));
	}
	char *issuer CLEANUP(mem_freep) = sim_issuer(&sim->clusters[0]);
	json_object_set_new(sim->roles, role,
			    document_printf("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
					    "\"Principal\":{\"Federated\":\"" IAM_ARN "oidc-provider/%s\"},\"Action\":"
					    "\"sts:AssumeRoleWithWebIdentity\",\"Condition\":{\"StringEquals\":{"
					    "\"%s:aud\":\"sts.amazonaws.com\"}}}]}",
					    issuer + 8, issuer + 8));
	return json_string_value(json_object_get(sim->roles, role));
}

static json_t *role_document(struct sim *sim, const char *name)
{
	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s}", "RoleName", name, "Path", "/", "Arn",
			 document_printf(IAM_ARN "role/%s", name), "RoleId", "AROASIMULATED", "CreateDate",
			 "2025-01-01T00:00:00Z", "AssumeRolePolicyDocument", trust_of(sim, name));
}

static void get_role(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *name = document_text_or(input, "RoleName", "");
	if (!*name)
		sim_refuse(answer, 400, "ValidationError", "RoleName must have length greater than or equal to 1");
	else
		answer->output = json_pack("{s:o}", "Role", role_document(sim, name));
}

static void list_roles(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *list = json_array(), *trust;
	const char *name;
	(void)input;
	json_object_foreach (sim->roles, name, trust)
		json_array_append_new(list, role_document(sim, name));
	answer->output = json_pack("{s:o, s:b}", "Roles", list, "IsTruncated", 0);
}

static void update_trust(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *name = document_text_or(input, "RoleName", ""),
		   *policy = document_text_or(input, "PolicyDocument", "");
	json_t *parsed DOCUMENT_CLEANUP = document_load(slice_of(policy));
	if (!json_is_array(json_object_get(parsed, "Statement"))) {
		sim_refuse(answer, 400, "MalformedPolicyDocument", "This policy contains invalid Json");
		return;
	}
	if (strlen(policy) > 4096) {
		sim_refuse(answer, 409, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 4096");
		return;
	}
	if (strcmp(trust_of(sim, name), policy) != 0)
		sim_effect(sim, "iam:UpdateAssumeRolePolicy %s", name);
	json_object_set_new(sim->roles, name, json_string(policy));
	answer->output = json_object();
}

/* ---- what roles may do: AWS's own policies, and one inline policy for each pod's role */

#define MANAGED "arn:aws:iam::aws:policy/"

static const struct managed {
	const char *role, *path, *name, *actions;
} managed[] = {
	{"eks-cluster", "", "AmazonEKSClusterPolicy",
	 "\"ec2:Describe*\",\"elasticloadbalancing:*\",\"kms:DescribeKey\""},
	{"eks-node", "", "AmazonEKSWorkerNodePolicy", "\"ec2:Describe*\",\"eks:DescribeCluster\""},
	{"eks-node", "", "AmazonEC2ContainerRegistryPullOnly", "\"ecr:BatchGetImage\",\"ecr:GetAuthorizationToken\""},
	{"eks-node", "", "AmazonEKS_CNI_Policy", "\"ec2:AssignPrivateIpAddresses\",\"ec2:CreateNetworkInterface\""},
	{"ebs-csi", "service-role/", "AmazonEBSCSIDriverPolicy", "\"ec2:CreateVolume\",\"ec2:AttachVolume\""},
};

static bool has_managed(const char *role)
{
	for (size_t i = 0; i < ARRAY_SIZE(managed); i++)
		if (!strcmp(managed[i].role, role))
			return true;
	return false;
}

static void attached_policies(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *role = document_text_or(input, "RoleName", "");
	json_t *list = json_array();
	(void)sim;
	for (size_t i = 0; i < ARRAY_SIZE(managed); i++)
		if (!strcmp(managed[i].role, role))
			json_array_append_new(
				list, json_pack("{s:s, s:o}", "PolicyName", managed[i].name, "PolicyArn",
						document_printf(MANAGED "%s%s", managed[i].path, managed[i].name)));
	answer->output = json_pack("{s:o, s:b}", "AttachedPolicies", list, "IsTruncated", 0);
}

static void inline_policies(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	bool any = !has_managed(document_text_or(input, "RoleName", ""));
	(void)sim;
	answer->output = json_pack("{s:o, s:b}", "PolicyNames", any ? json_pack("[s]", "access") : json_array(),
				   "IsTruncated", 0);
}

static void inline_policy(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *role = document_text_or(input, "RoleName", ""), *name = document_text_or(input, "PolicyName", "");
	(void)sim;
	if (has_managed(role) || strcmp(name, "access") != 0)
		sim_refuse(answer, 404, "NoSuchEntity", "The role policy with name %s cannot be found.", name);
	else
		answer->output = json_pack("{s:s, s:s, s:s}", "RoleName", role, "PolicyName", name, "PolicyDocument",
					   "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
					   "\"Action\":[\"s3:GetObject\"],\"Resource\":\"*\"}]}");
}

static const struct managed *policy_of(const json_t *input, struct sim_answer *answer)
{
	const char *arn = document_text_or(input, "PolicyArn", ""), *slash = strrchr(arn, '/');
	for (size_t i = 0; slash && i < ARRAY_SIZE(managed); i++)
		if (!strcmp(managed[i].name, slash + 1))
			return &managed[i];
	sim_refuse(answer, 404, "NoSuchEntity", "Policy %s does not exist or is not attachable.", arn);
	return NULL;
}

static void get_policy(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const struct managed *policy = policy_of(input, answer);
	(void)sim;
	if (policy)
		answer->output =
			json_pack("{s:{s:s, s:O, s:o, s:s, s:i, s:b}}", "Policy", "PolicyName", policy->name, "Arn",
				  json_object_get(input, "PolicyArn"), "Path", document_printf("/%s", policy->path),
				  "DefaultVersionId", "v1", "AttachmentCount", 1, "IsAttachable", 1);
}

static void get_policy_version(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const struct managed *policy = policy_of(input, answer);
	(void)sim;
	if (policy && strcmp(document_text_or(input, "VersionId", ""), "v1") != 0)
		sim_refuse(answer, 404, "NoSuchEntity", "Policy version %s does not exist.",
			   document_text_or(input, "VersionId", ""));
	else if (policy)
		answer->output = json_pack(
			"{s:{s:o, s:s, s:b, s:s}}", "PolicyVersion", "Document",
			document_printf("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":"
					"[%s],\"Resource\":\"*\"}]}",
					policy->actions),
			"VersionId", "v1", "IsDefaultVersion", 1, "CreateDate", "2025-01-01T00:00:00Z");
}

/* What the account may do: everything, but for what a fault denies. */
static void simulate_policy(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *results = json_array(), *action;
	size_t i;
	json_array_foreach (json_object_get(input, "ActionNames"), i, action) {
		const char *name = json_string_value(action) ? json_string_value(action) : "";
		char *service CLEANUP(mem_freep) = mem_strndup(name, strcspn(name, ":"));
		bool denied = sim_fault_value(sim, service, "denied") > 0;
		json_array_append_new(results, json_pack("{s:s, s:s, s:s}", "EvalActionName", name, "EvalResourceName",
							 "*", "EvalDecision", denied ? "implicitDeny" : "allowed"));
	}
	answer->output = json_pack("{s:o, s:b}", "EvaluationResults", results, "IsTruncated", 0);
}

static void get_user(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	(void)input;
	answer->output =
		json_pack("{s:{s:s, s:s, s:s, s:s, s:s}}", "User", "UserName", "agent", "Path", "/", "Arn",
			  IAM_ARN "user/agent", "UserId", "AIDASIMULATED", "CreateDate", "2025-01-01T00:00:00Z");
}

const struct sim_operation sim_identity_operations[] = {
	{"sts:GetCallerIdentity", caller},
	{"sts:GetSessionToken", session_token},
	{"sts:AssumeRole", assume_role},
	{"sts:AssumeRoleWithWebIdentity", assume_role},
	{"iam:ListOpenIDConnectProviders", list_providers},
	{"iam:GetOpenIDConnectProvider", get_provider},
	{"iam:CreateOpenIDConnectProvider", create_provider},
	{"iam:DeleteOpenIDConnectProvider", delete_provider},
	{"iam:GetRole", get_role},
	{"iam:ListRoles", list_roles},
	{"iam:UpdateAssumeRolePolicy", update_trust},
	{"iam:ListAttachedRolePolicies", attached_policies},
	{"iam:ListRolePolicies", inline_policies},
	{"iam:GetRolePolicy", inline_policy},
	{"iam:GetPolicy", get_policy},
	{"iam:GetPolicyVersion", get_policy_version},
	{"iam:SimulatePrincipalPolicy", simulate_policy},
	{"iam:GetUser", get_user},
	{NULL, NULL},
};
