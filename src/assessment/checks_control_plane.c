/* The control plane and what AWS needs to change it: its health, network, role, key, and what it says of itself. */
#include <fnmatch.h>
#include <string.h>
#include "assessment/asked.h"
#include "assessment/subject.h"
#include "codec/document.h"

#define PAGE "https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html"
#define PAGE_NETWORK "https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html"
#define PAGE_TROUBLE "https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html"

/* EKS wants up to five addresses in the cluster's subnets for the new control plane's interfaces. */
enum { LEAST_ADDRESSES = 5, FEW_ADDRESSES = 15, LEAST_ZONES = 2, OWN_ISSUER_FROM = 30 };

static bool equals(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static const json_t *vpc_config(const struct assess *assess)
{
	return json_object_get(inventory_cluster(assess->inventory), "resourcesVpcConfig");
}

/* ---- health */

static bool is_told(const json_t *issue)
{
	return *document_text_or(issue, "code", "") || *document_text_or(issue, "message", "");
}

static void health(struct assess *assess)
{
	const json_t *issues = document_at(inventory_cluster(assess->inventory), "health.issues"), *issue;
	size_t i, n = 0;
	struct finding *finding = NULL;
	json_array_foreach (issues, i, issue)
		n += is_told(issue);
	json_array_foreach (issues, i, issue) {
		const char *code = document_text_or(issue, "code", "?");
		if (!is_told(issue))
			continue;
		if (!finding)
			finding = assess_cluster(assess, "EKS tells %zu issue%s of the cluster's health: %s", n,
						 n == 1 ? "" : "s", code);
		const char *of = document_text(issue, "resourceIds[0]");
		assess_evidence(assess, finding, "eks:DescribeCluster", "%s%s%s: %s", code, of ? " of " : "",
				of ? of : "", document_text_or(issue, "message", "no message"));
		assess_remedy(assess, finding,
			      "mend what the issue names, then look again: aws eks describe-cluster --name %s --query "
			      "cluster.health",
			      assess_cluster_name(assess));
	}
}

/* ---- subnets and security groups */

static void not_asked(struct assess *assess, const char *name, const char *permission)
{
	assess_unknown(assess, NULL, NULL, name, "nobody asked for it; needs: %s", permission);
}

static void few_addresses(struct assess *assess, const char *name, const json_t *subnet, int64_t free_n)
{
	struct finding *finding = assess_aws(assess, name, "%lld free addresses; the upgrade takes up to %d",
					     (long long)free_n, LEAST_ADDRESSES);
	finding->severity = free_n < LEAST_ADDRESSES ? SEVERITY_BLOCKER : SEVERITY_HIGH;
	assess_evidence(assess, finding, "ec2:DescribeSubnets", "%s in %s, %s", name,
			document_text_or(subnet, "AvailabilityZone", "?"), document_text_or(subnet, "CidrBlock", "?"));
	assess_remedy(assess, finding,
		      "free addresses in %s, or give the cluster another subnet: aws eks update-cluster-config "
		      "--name %s --resources-vpc-config subnetIds=SUBNET,SUBNET",
		      name, assess_cluster_name(assess));
}

/* Fewer than two zones with addresses left says nothing more: then one of the subnets is told already, or all are in
 * one zone (CP-SUBNETS). */
static void subnet_addresses(struct assess *assess)
{
	size_t i;
	const json_t *id, *subnet;
	json_array_foreach (json_object_get(vpc_config(assess), "subnetIds"), i, id) {
		const char *name = json_string_value(id);
		enum asked asked = name ? asked_listed(assess, &asked_subnets, name, &subnet) : ASKED_GONE;
		if (asked == ASKED_GONE)
			continue; /* told by CP-SUBNETS */
		int64_t free_n = document_int_or(subnet, "AvailableIpAddressCount", -1);
		if (asked == ASKED_NOT || free_n < 0)
			not_asked(assess, name, "ec2:DescribeSubnets");
		else if (free_n <= FEW_ADDRESSES)
			few_addresses(assess, name, subnet, free_n);
	}
}

static void subnet_gone(struct assess *assess, const char *name)
{
	struct finding *finding = assess_aws(assess, name, "the cluster is set up with this subnet, which is no more");
	assess_evidence(assess, finding, "ec2:DescribeSubnets", "%s is not among the subnets", name);
	assess_remedy(assess, finding,
		      "give the cluster subnets in two zones: aws eks update-cluster-config --name %s "
		      "--resources-vpc-config subnetIds=SUBNET,SUBNET",
		      assess_cluster_name(assess));
}

static void subnets(struct assess *assess)
{
	size_t i;
	const json_t *id, *subnet;
	const char *zone = NULL;
	bool more = false; /* a second zone, or what was told, or what is not known */
	json_array_foreach (json_object_get(vpc_config(assess), "subnetIds"), i, id) {
		const char *name = json_string_value(id);
		enum asked asked = name ? asked_listed(assess, &asked_subnets, name, &subnet) : ASKED_THERE;
		const char *in = name ? document_text(subnet, "AvailabilityZone") : NULL;
		if (asked == ASKED_GONE)
			subnet_gone(assess, name);
		else if (asked == ASKED_NOT)
			not_asked(assess, name, "ec2:DescribeSubnets");
		more |= !in || (zone && strcmp(in, zone) != 0);
		zone = in ? in : zone;
	}
	if (!zone || more)
		return;
	struct finding *finding =
		assess_cluster(assess, "all its subnets are in %s: EKS wants %d zones", zone, LEAST_ZONES);
	assess_evidence(assess, finding, "ec2:DescribeSubnets", "%zu subnet%s in %s", i, i == 1 ? "" : "s", zone);
	assess_remedy(assess, finding,
		      "add a subnet in another zone: aws eks update-cluster-config --name %s --resources-vpc-config "
		      "subnetIds=SUBNET,SUBNET",
		      assess_cluster_name(assess));
}

/* "Changed" is told only where nothing can come in at all: rules may be narrowed on purpose. Groups beside the
 * cluster's own are told when they are gone, and not missed where nobody asked for them. */
static void security_group(struct assess *assess)
{
	const json_t *config = vpc_config(assess), *others = json_object_get(config, "securityGroupIds"), *id, *seen;
	const char *own = document_text(config, "clusterSecurityGroupId");
	size_t i;
	enum asked asked = own ? asked_listed(assess, &asked_groups, own, &seen) : ASKED_THERE;
	const json_t *rules = own ? json_object_get(seen, "IpPermissions") : NULL;
	if (asked == ASKED_NOT)
		not_asked(assess, own, "ec2:DescribeSecurityGroups");
	else if (asked == ASKED_GONE)
		assess_remedy(
			assess, assess_aws(assess, own, "the cluster security group is no more"),
			"EKS has made it, and no other can take its place: open a case with AWS, or move to a new "
			"cluster");
	else if (json_is_array(rules) && !json_array_size(rules) && !json_array_size(others))
		assess_remedy(assess,
			      assess_aws(assess, own,
					 "the cluster security group lets nothing in: its rules were taken away"),
			      "aws ec2 authorize-security-group-ingress --group-id %s --protocol all --source-group %s",
			      own, own);
	json_array_foreach (others, i, id) {
		const char *name = json_string_value(id);
		if (name && !equals(name, own) && asked_listed(assess, &asked_groups, name, &seen) == ASKED_GONE)
			assess_remedy(assess,
				      assess_aws(assess, name,
						 "the cluster is set up with this security group, which is no more"),
				      "aws eks update-cluster-config --name %s --resources-vpc-config "
				      "securityGroupIds=GROUP",
				      assess_cluster_name(assess));
	}
}

/* ---- role and key */

/* Names in policies: `*` and `?` stand for others, and actions know no case. */
static bool fits(const json_t *value, const char *wanted, int flags)
{
	size_t i;
	const json_t *one;
	const char *pattern = json_string_value(value);
	if (pattern)
		return fnmatch(pattern, wanted, FNM_NOESCAPE | flags) == 0;
	json_array_foreach (value, i, one)
		if (fits(one, wanted, flags))
			return true;
	return false;
}

static bool lets_eks_in(const json_t *statement)
{
	const json_t *principal = json_object_get(statement, "Principal"),
		     *but = json_object_get(statement, "NotAction");
	bool action = but ? !fits(but, "sts:AssumeRole", FNM_CASEFOLD)
			  : fits(json_object_get(statement, "Action"), "sts:AssumeRole", FNM_CASEFOLD);
	return equals(document_text_or(statement, "Effect", "Allow"), "Allow") && action &&
	       (fits(principal, "eks.amazonaws.com", 0) ||
		fits(json_object_get(principal, "Service"), "eks.amazonaws.com", 0));
}

static bool trust_ok(const json_t *policy)
{
	const json_t *statements = json_object_get(policy, "Statement"), *statement;
	size_t i;
	if (json_is_object(statements))
		return lets_eks_in(statements);
	json_array_foreach (statements, i, statement)
		if (lets_eks_in(statement))
			return true;
	return false;
}

#define TRUST                                                                                                          \
	"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":"                 \
	"\"eks.amazonaws.com\"},\"Action\":[\"sts:AssumeRole\",\"sts:TagSession\"]}]}"

static void role(struct assess *assess)
{
	const char *arn = document_text(inventory_cluster(assess->inventory), "roleArn"),
		   *slash = arn ? strrchr(arn, '/') : NULL;
	if (!slash)
		return;
	const json_t *seen;
	enum asked asked = asked_single(assess, "get_role", "RoleName", "Role.RoleName",
					(const char *const[]){slash + 1, NULL}, &seen);
	if (asked == ASKED_NOT)
		not_asked(assess, arn, "iam:GetRole");
	else if (asked == ASKED_GONE)
		assess_remedy(assess, assess_aws(assess, arn, "the cluster's role is no more"),
			      "make it again under the same name: aws iam create-role --role-name %s "
			      "--assume-role-policy-document '" TRUST "', and attach AmazonEKSClusterPolicy",
			      slash + 1);
	if (asked != ASKED_THERE)
		return;
	const json_t *policy = document_at(seen, "Role.AssumeRolePolicyDocument");
	if (!json_is_object(policy)) {
		assess_unknown(assess, NULL, NULL, arn, "its trust policy cannot be read");
		return;
	}
	if (trust_ok(policy))
		return;
	struct finding *finding = assess_aws(assess, arn, "EKS may not assume the cluster's role");
	assess_evidence(assess, finding, "iam:GetRole", "no statement allows sts:AssumeRole to eks.amazonaws.com");
	assess_remedy(assess, finding, "aws iam update-assume-role-policy --role-name %s --policy-document '" TRUST "'",
		      slash + 1);
}

static void key(struct assess *assess, const char *arn)
{
	const char *slash = strrchr(arn, '/');
	const json_t *seen;
	enum asked asked = asked_single(assess, "describe_key", "KeyId", "KeyMetadata.Arn",
					(const char *const[]){arn, slash ? slash + 1 : NULL, NULL}, &seen);
	const json_t *enabled = document_at(seen, "KeyMetadata.Enabled");
	const char *state = document_text_or(seen, "KeyMetadata.KeyState", json_is_false(enabled) ? "Disabled" : NULL);
	if (asked == ASKED_NOT) {
		not_asked(assess, arn, "kms:DescribeKey");
		return;
	}
	if (asked == ASKED_THERE && (!state || equals(state, "Enabled") || equals(state, "Updating")))
		return;
	struct finding *finding =
		assess_aws(assess, arn, "the key of the cluster's secrets is %s", state ? state : "no more");
	const char *day = document_text(seen, "KeyMetadata.DeletionDate");
	assess_evidence(assess, finding, "kms:DescribeKey", "%s%s%s", state ? state : "there is no such key",
			day ? ", to be deleted " : "", day ? day : "");
	if (equals(state, "Disabled"))
		assess_remedy(assess, finding, "aws kms enable-key --key-id %s", arn);
	if (equals(state, "PendingDeletion"))
		assess_remedy(assess, finding,
			      "aws kms cancel-key-deletion --key-id %s && aws kms enable-key --key-id %s", arn, arn);
}

/* Whether the role may use the key is not read: key policies and grants are many, and EKS tells KmsKey… issues itself
 * (CP-HEALTH). */
static void kms(struct assess *assess)
{
	size_t i;
	const json_t *one;
	json_array_foreach (json_object_get(inventory_cluster(assess->inventory), "encryptionConfig"), i, one) {
		const char *arn = document_text(one, "provider.keyArn");
		if (arn)
			key(assess, arn);
	}
}

/* ---- identity, logs */

static size_t bare_length(const char *issuer)
{
	size_t n = strlen(issuer);
	return n && issuer[n - 1] == '/' ? n - 1 : n;
}

static void own_issuer(struct assess *assess)
{
	size_t i;
	const json_t *call;
	const char *own = document_text(inventory_cluster(assess->inventory), "identity.oidc.issuer");
	if (!own || assess->to < OWN_ISSUER_FROM)
		return;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_identity_provider_config"), i, call) {
		const json_t *oidc = document_at(call, "response.identityProviderConfig.oidc");
		const char *issuer = document_text(oidc, "issuerUrl");
		if (!issuer || bare_length(issuer) != bare_length(own) || strncmp(issuer, own, bare_length(own)) != 0)
			continue;
		const char *name = document_text_or(oidc, "identityProviderConfigName", "?");
		struct finding *finding =
			assess_aws(assess, document_text_or(oidc, "identityProviderConfigArn", name),
				   "the cluster's own issuer is its identity provider: from 1.%d on the API server "
				   "does not start so",
				   OWN_ISSUER_FROM);
		assess_evidence(assess, finding, "eks:DescribeIdentityProviderConfig", "%s: %s", name, issuer);
		assess_remedy(assess, finding,
			      "aws eks disassociate-identity-provider-config --cluster-name %s "
			      "--identity-provider-config type=oidc,name=%s",
			      assess_cluster_name(assess), name);
	}
}

static void audit_off(struct assess *assess)
{
	size_t i, k;
	const json_t *set, *type;
	json_array_foreach (document_at(inventory_cluster(assess->inventory), "logging.clusterLogging"), i, set)
		json_array_foreach (json_object_get(set, "types"), k, type)
			if (document_true(set, "enabled") && equals(json_string_value(type), "audit"))
				return;
	struct finding *finding =
		assess_cluster(assess, "the audit log is off: who calls deprecated APIs cannot be told from it");
	assess_evidence(assess, finding, "eks:DescribeCluster", "no enabled entry of logging.clusterLogging has audit");
	assess_remedy(assess, finding,
		      "aws eks update-cluster-config --name %s --logging "
		      "'{\"clusterLogging\":[{\"types\":[\"audit\"],\"enabled\":true}]}'",
		      assess_cluster_name(assess));
}

/* ---- what the API server says of itself */

static void readyz(struct assess *assess)
{
	const char *text = assess->inventory->readyz;
	if (!text || (!strstr(text, "[-]") && !strstr(text, "check failed")))
		return;
	struct finding *finding = assess_cluster(assess, "the API server is not ready");
	bool named = false;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "[-]", 3) != 0)
			continue;
		assess_evidence(assess, finding, "kubernetes readyz", "%.*s", (int)strcspn(line, "\n"), line);
		named = true;
	}
	if (!named)
		assess_evidence(assess, finding, "kubernetes readyz", "%.200s", text);
}

static void api_services(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_api_services; i++) {
		const struct kube_api_service *service = &assess->inventory->api_services[i];
		for (size_t k = 0; k < service->n_conditions; k++) {
			const struct kube_condition *condition = &service->conditions[k];
			if (!equals(condition->type, "Available") || !equals(condition->status, "False"))
				continue;
			struct finding *finding =
				assess_object(assess, "APIService", NULL, service->meta.name, "it is not available: %s",
					      condition->reason ? condition->reason : "no reason told");
			if (condition->message)
				assess_evidence(assess, finding, "kubernetes apiservices.apiregistration.k8s.io", "%s",
						condition->message);
			if (service->service_name)
				assess_remedy(assess, finding, "mend service %s: kubectl -n %s get endpointslices,pods",
					      service->service_name, subject_text(service->service_ns));
		}
	}
}

const struct check checks_control_plane[] = {
	{.id = "CP-HEALTH",
	 .title = "EKS tells issues of the cluster's health",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("eks:DescribeCluster"),
	 .run = health,
	 .remedy = "mend what the issue names",
	 .page = PAGE_TROUBLE},
	{.id = "CP-SUBNET-IPS",
	 .title = "too few free addresses in the cluster's subnets",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "BLOCKER below 5, HIGH up to 15",
	 .needs = NEEDS("eks:DescribeCluster", "ec2:DescribeSubnets"),
	 .run = subnet_addresses,
	 .remedy = "free addresses, or give the cluster other subnets",
	 .page = PAGE_NETWORK},
	{.id = "CP-ROLE",
	 .title = "the cluster's role is missing or does not trust EKS",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("eks:DescribeCluster", "iam:GetRole"),
	 .run = role,
	 .remedy =
		 "make the role again under the same name, with AmazonEKSClusterPolicy and trust for eks.amazonaws.com",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html"},
	{.id = "CP-KMS",
	 .title = "the key of the cluster's secrets cannot be used",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("eks:DescribeCluster", "kms:DescribeKey"),
	 .run = kms,
	 .remedy = "enable the key",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html"},
	{.id = "CP-SG",
	 .title = "the cluster security group is missing or lets nothing in",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("eks:DescribeCluster", "ec2:DescribeSecurityGroups"),
	 .run = security_group,
	 .remedy = "give the cluster a security group that exists: aws eks update-cluster-config",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html"},
	{.id = "CP-SUBNETS",
	 .title = "the cluster's subnets are gone, or in one zone only",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("eks:DescribeCluster", "ec2:DescribeSubnets"),
	 .run = subnets,
	 .remedy = "give the cluster subnets in two zones: aws eks update-cluster-config --resources-vpc-config "
		   "subnetIds=SUBNET,SUBNET",
	 .page = PAGE_NETWORK},
	{.id = "CP-OIDC-SELF",
	 .title = "the cluster's own issuer is its identity provider",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "from 1.30",
	 .needs = NEEDS("eks:DescribeCluster", "eks:ListIdentityProviderConfigs", "eks:DescribeIdentityProviderConfig"),
	 .run = own_issuer,
	 .remedy = "disassociate the identity provider",
	 .page = "https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3135"},
	{.id = "CP-AUDIT-OFF",
	 .title = "the audit log is off",
	 .severity = SEVERITY_LOW,
	 .needs = NEEDS("eks:DescribeCluster"),
	 .run = audit_off,
	 .remedy = "turn it on some days before the upgrade",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html"},
	{.id = "CP-READYZ",
	 .title = "the API server is not ready",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes readyz"),
	 .run = readyz,
	 .remedy = "kubectl get --raw '/readyz?verbose'; wait, or ask AWS",
	 .page = "https://kubernetes.io/docs/reference/using-api/health-checks/"},
	{.id = "CP-APISERVICE",
	 .title = "an APIService is not available",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes apiservices.apiregistration.k8s.io"),
	 .run = api_services,
	 .remedy = "mend what serves it, or delete the APIService",
	 .page = "https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/"},
	{.id = NULL},
};
