/* What a second cluster beside the first needs, and what would go wrong with two of them. All of it counts for
 * blue/green only. What Green itself must have can be judged once it is in the snapshot; before that, steps of the plan
 * see to identity (execution/identity.c). Users' names are in checks_records.c, the comparison of both in
 * checks_after.c. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "assessment/asked.h"
#include "assessment/subject.h"
#include "codec/document.h"
#include "perception/aws_items.h"

#define SCOPE .scope = "blue-green"

enum { LONGEST_TRUST = 2048, MOST_PROVIDERS = 100, STATEMENT = 400 };

static bool is(const char *a, const char *b)
{
	return !strcmp(subject_text(a), subject_text(b));
}

/* ---- external-dns */

static const char *argument(const struct kube_container *container, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; i < container->n_args; i++) {
		const char *word = subject_text(container->args[i]);
		if (!strncmp(word, name, n) && word[n] == '=')
			return word + n + 1;
		if (!strcmp(word, name) && i + 1 < container->n_args)
			return container->args[i + 1];
	}
	return NULL;
}

/* Two clusters from one manifest have one owner unless it is said. An owner that names this cluster is its own. */
static const char *owner_trouble(const struct assess *assess, const struct kube_container *container)
{
	const char *owner = argument(container, "--txt-owner-id"), *policy = argument(container, "--policy"),
		   *registry = argument(container, "--registry");
	bool sync = !policy || is(policy, "sync");
	if (sync && is(registry, "noop"))
		return "keeps no note of who owns a record, and with policy sync deletes the other cluster's";
	if (is(registry, "noop"))
		return NULL;
	if (!owner || is(owner, "default"))
		return "has no txt-owner-id of its own: both clusters would take each other's records for theirs";
	return sync && !strcasestr(owner, subject_text(assess->inventory->cluster))
		       ? "has a txt-owner-id that does not name this cluster: Green from the same manifests would have "
			 "it "
			 "too, and policy sync deletes what the other has written"
		       : NULL;
}

static void external_dns(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_workloads; i++) {
		const struct kube_workload *workload = &assess->inventory->workloads[i];
		for (size_t k = 0; workload->template.spec && k < workload->template.spec->n_containers; k++) {
			const struct kube_container *container = &workload->template.spec->containers[k];
			const char *name, *tag, *slash, *trouble;
			image_split(assess->arena, container->image, &name, &tag);
			slash = strrchr(name, '/');
			trouble =
				is(slash ? slash + 1 : name, "external-dns") ? owner_trouble(assess, container) : NULL;
			if (trouble)
				SUBJECT_FOUND(assess, workload, "external-dns %s", trouble);
		}
	}
}

/* ---- identity; `green` is Green's cluster when the snapshot has it */

/* The only other cluster that the look describes; NULL: none, or several. */
static const char *other_cluster(const struct assess *assess)
{
	const char *other = NULL;
	size_t i;
	const json_t *call;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_cluster"), i, call) {
		const char *name = document_text(call, "response.cluster.name");
		if (!name || is(name, assess->inventory->cluster))
			continue;
		if (other && !is(other, name))
			return NULL;
		other = name;
	}
	return other;
}

static const char *green_name(const struct assess *assess)
{
	const char *name = assess->config->green.name ? assess->config->green.name : other_cluster(assess);
	return name ? name
		    : arena_printf(assess->arena, "%s-1%u", subject_text(assess->inventory->cluster), assess->to);
}

static const json_t *green_cluster(const struct assess *assess)
{
	return json_object_get(
		inventory_aws_response_for(assess->inventory, "describe_cluster", "name", green_name(assess)),
		"cluster");
}

static const char *trust_trouble(struct assess *assess, const char *arn, const char *issuer)
{
	const char *slash = strrchr(arn, '/');
	const char *name = slash ? slash + 1 : arn;
	const json_t *response;
	asked_single(assess, "get_role", "RoleName", "Role.RoleName", (const char *const[]){name, NULL}, &response);
	const json_t *document = document_at(response, "Role.AssumeRolePolicyDocument");
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
	if (!document)
		return NULL;
	if (json_is_string(document))
		buf_puts(&text, json_string_value(document));
	else
		document_print(document, false, &text);
	if (issuer && strstr(buf_str(&text), issuer))
		return NULL;
	if (issuer)
		return "does not trust Green's OIDC issuer";
	return text.n + STATEMENT > LONGEST_TRUST
		       ? arena_printf(assess->arena,
				      "has a trust policy of %zu characters: another issuer passes the limit of %d",
				      text.n, LONGEST_TRUST)
		       : NULL;
}

static void irsa(struct assess *assess)
{
	size_t from = assess->n_findings;
	const char *issuer = document_text(green_cluster(assess), "identity.oidc.issuer");
	issuer = issuer && !strncmp(issuer, "https://", 8) ? issuer + 8 : issuer;
	for (size_t i = 0; i < assess->inventory->n_service_accounts; i++) {
		const struct kube_meta *meta = &assess->inventory->service_accounts[i].meta;
		const char *arn = kube_meta_annotation(meta, "eks.amazonaws.com/role-arn"),
			   *trouble = arn ? trust_trouble(assess, arn, issuer) : NULL;
		bool told = false;
		for (size_t k = from; k < assess->n_findings; k++)
			told |= assess->findings[k].object && is(assess->findings[k].object->arn, arn);
		if (!trouble || told)
			continue;
		struct finding *finding = assess_aws(assess, arn, "role %s", trouble);
		assess_evidence(assess, finding, "kubernetes serviceaccounts", "used by \"%s/%s\"",
				subject_text(meta->ns), subject_text(meta->name));
	}
	size_t providers = json_array_size(
		json_object_get(inventory_aws_response(assess->inventory, "list_open_id_connect_providers"),
				"OpenIDConnectProviderList"));
	if (providers >= MOST_PROVIDERS && !issuer)
		assess_remedy(
			assess,
			assess_cluster(assess,
				       "the account has %zu OIDC providers, its limit is %d: Green's has no place",
				       providers, MOST_PROVIDERS),
			"delete those of clusters that are gone: aws iam list-open-id-connect-providers, then aws iam "
			"delete-open-id-connect-provider; or move to Pod Identity");
}

static bool has_association(const json_t *list, const json_t *wanted)
{
	size_t i;
	const json_t *entry;
	json_array_foreach (list, i, entry)
		if (is(document_text(entry, "namespace"), document_text(wanted, "namespace")) &&
		    is(document_text(entry, "serviceAccount"), document_text(wanted, "serviceAccount")))
			return true;
	return false;
}

static const char *role_of(const struct assess *assess, const json_t *association)
{
	const json_t *response;
	asked_single(assess, "describe_pod_identity_association", "associationId", "association.associationId",
		     (const char *const[]){document_text_or(association, "associationId", ""), NULL}, &response);
	return document_text_or(response, "association.roleArn", "ROLE");
}

static void pod_identity(struct assess *assess)
{
	const json_t *green = inventory_aws_response_for(assess->inventory, "list_pod_identity_associations",
							 "clusterName", green_name(assess)),
		     *blue = inventory_aws_response_for(assess->inventory, "list_pod_identity_associations",
							"clusterName", subject_text(assess->inventory->cluster)),
		     *entry;
	size_t i;
	if (!green) /* not made yet: a step of the plan copies them */
		return;
	json_array_foreach (json_object_get(blue, "associations"), i, entry)
		if (!has_association(json_object_get(green, "associations"), entry))
			assess_remedy(assess,
				      assess_object(assess, "ServiceAccount", document_text(entry, "namespace"),
						    document_text(entry, "serviceAccount"),
						    "has a Pod Identity association here and none in \"%s\"",
						    green_name(assess)),
				      "aws eks create-pod-identity-association --cluster-name %s --namespace %s "
				      "--service-account %s --role-arn %s",
				      green_name(assess), document_text_or(entry, "namespace", ""),
				      document_text_or(entry, "serviceAccount", ""), role_of(assess, entry));
}

/* ---- workloads that cannot be in two places */

static bool mounts_claim(const struct kube_pod_spec *spec)
{
	for (size_t i = 0; spec && i < spec->n_volumes; i++)
		if (spec->volumes[i].claim)
			return true;
	return false;
}

static bool has_claim(const struct kube_workload *workload)
{
	return (workload->claim_templates && strcmp(workload->claim_templates, "[]") != 0 &&
		strcmp(workload->claim_templates, "null") != 0) ||
	       mounts_claim(workload->template.spec);
}

/* Made by an operator itself, from an object of its own: a database's, a broker's. */
static bool is_operators(const char *kind)
{
	static const char *const others[] = {"Pod",	    "Node",	  "Job",
					     "CronJob",	    "ReplicaSet", "Deployment",
					     "StatefulSet", "DaemonSet",  "ReplicationController"};
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(kind, others[i]))
			return false;
	return true;
}

#define KEEPS_DATA "keeps data in volumes of this cluster: they do not come along"

static void stateful(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_workloads; i++) {
		const struct kube_workload *workload = &assess->inventory->workloads[i];
		if (subject_makes_pods(workload) && has_claim(workload))
			SUBJECT_FOUND(assess, workload, KEEPS_DATA);
	}
	for (size_t i = 0, from = assess->n_findings; i < assess->inventory->n_pods; i++) {
		const struct kube_pod *pod = &assess->inventory->pods[i];
		const char *kind, *name;
		index_pod_owner(assess, pod, &kind, &name);
		if (is_operators(kind) && subject_pod_lives(assess, pod) && mounts_claim(pod->spec) &&
		    !subject_find(assess, from, kind, pod->meta.ns, name))
			assess_object(assess, kind, pod->meta.ns, name, KEEPS_DATA);
	}
}

static void tell_leaders(struct assess *assess, size_t from)
{
	for (size_t i = 0; i < assess->inventory->n_leases; i++) {
		const struct kube_lease *lease = &assess->inventory->leases[i];
		const char *ns = subject_text(lease->meta.ns), *holder = subject_text(lease->holder);
		if (!strncmp(ns, "kube-", 5) || !*holder)
			continue;
		struct pod_list pods = index_namespace_pods(assess, ns);
		for (size_t k = 0; k < pods.n; k++) {
			size_t n = strlen(subject_text(pod_at(pods, k)->meta.name));
			const struct kube_workload *workload = index_pod_workload(assess, pod_at(pods, k));
			if (!workload || strncmp(holder, pod_at(pods, k)->meta.name, n) != 0 ||
			    (holder[n] && isalnum((unsigned char)holder[n])) ||
			    subject_find(assess, from, workload->kind, ns, workload->meta.name))
				continue;
			struct finding *finding =
				SUBJECT_FOUND(assess, workload,
					      "elects a leader within its cluster: with two clusters there are two");
			assess_remedy(
				assess, finding,
				"where only one may work, keep it at 0 in Green until the shift is done: kubectl -n %s "
				"scale %s/%s --replicas 0",
				ns, is(workload->kind, "StatefulSet") ? "sts" : "deploy", workload->meta.name);
			assess_evidence(assess, finding, "kubernetes leases.coordination.k8s.io", "lease \"%s\": %s",
					subject_text(lease->meta.name), holder);
		}
	}
}

/* Queues that are outside of the cluster have one consumer more. */
static void tell_consumers(struct assess *assess)
{
	static const char *const queues[] = {"aws-sqs-queue",	   "kafka",    "rabbitmq", "redis", "nats-jetstream",
					     "aws-kinesis-stream", "activemq", NULL};
	for (size_t i = 0; i < assess->inventory->n_customs; i++) {
		const struct kube_custom *custom = &assess->inventory->customs[i];
		const json_t *spec = is(custom->kind, "ScaledObject") ? assess_json(assess, custom->spec) : NULL,
			     *trigger;
		size_t k;
		bool told = false;
		json_array_foreach (json_object_get(spec, "triggers"), k, trigger)
			for (size_t q = 0; queues[q] && !told; q++)
				if (is(document_text(trigger, "type"), queues[q])) {
					told = true;
					assess_remedy(
						assess,
						assess_object(
							assess,
							document_text_or(spec, "scaleTargetRef.kind", "Deployment"),
							custom->meta.ns, document_text(spec, "scaleTargetRef.name"),
							"takes from a queue (%s): both clusters would", queues[q]),
						"where that harms, pause it in Green until the shift is done: kubectl "
						"-n %s "
						"annotate scaledobject %s autoscaling.keda.sh/paused-replicas=0",
						subject_text(custom->meta.ns), subject_text(custom->meta.name));
				}
	}
}

static void singletons(struct assess *assess)
{
	size_t from = assess->n_findings;
	for (size_t i = 0; i < assess->inventory->n_workloads; i++) {
		const struct kube_workload *workload = &assess->inventory->workloads[i];
		if (subject_is_kind(workload, "CronJob") && !workload->suspend)
			assess_remedy(
				assess,
				SUBJECT_FOUND(assess, workload, "would run in both clusters at \"%s\"",
					      subject_text(workload->schedule)),
				"where that harms, suspend it in Green until the shift is done: kubectl -n %s patch "
				"cronjob %s -p '{\"spec\":{\"suspend\":true}}'",
				subject_text(workload->meta.ns), workload->meta.name);
	}
	tell_leaders(assess, from);
	tell_consumers(assess);
}

/* ---- what names Blue */

static const char *tag_of(const json_t *tagged, const char *prefix, const char *key)
{
	size_t i;
	const json_t *tag;
	json_array_foreach (json_object_get(tagged, "Tags"), i, tag) {
		const char *name = document_text_or(tag, "Key", "");
		if (prefix ? !strncmp(name, prefix, strlen(prefix)) : is(name, key))
			return document_text_or(tag, "Value", "");
	}
	return NULL;
}

/* "10.0.0.0/16" -> its first address and its mask. */
static bool read_network(const char *text, uint32_t *ret_address, uint32_t *ret_mask)
{
	struct in_addr address;
	char plain[32];
	const char *slash = text ? strchr(text, '/') : NULL;
	long bits = slash ? strtol(slash + 1, NULL, 10) : -1;
	if (bits < 0 || bits > 32 || (size_t)(slash - text) >= sizeof plain)
		return false;
	memcpy(plain, text, (size_t)(slash - text));
	plain[slash - text] = '\0';
	if (inet_pton(AF_INET, plain, &address) != 1)
		return false;
	*ret_mask = bits ? UINT32_MAX << (32 - bits) : 0;
	*ret_address = ntohl(address.s_addr) & *ret_mask;
	return true;
}

/* Do these addresses hold all of the cluster's subnets? Where those were not described, any may. */
static bool covers_subnets(const struct assess *assess, const char *range)
{
	uint32_t address, mask, inner, inner_mask;
	if (!read_network(range, &address, &mask))
		return false;
	EACH_AWS (assess->inventory, "describe_subnets", "Subnets", subnet)
		if (read_network(document_text(subnet, "CidrBlock"), &inner, &inner_mask) &&
		    ((inner & mask) != address || inner_mask < mask))
			return false;
	return true;
}

/* Groups that only Blue's nodes have: EKS's own of the cluster, and those that somebody made for it. */
static bool is_blues(const struct assess *assess, const char *id)
{
	const json_t *config = json_object_get(inventory_cluster(assess->inventory), "resourcesVpcConfig"), *entry;
	size_t i;
	if (is(document_text(config, "clusterSecurityGroupId"), id))
		return true;
	json_array_foreach (json_object_get(config, "securityGroupIds"), i, entry)
		if (is(json_string_value(entry), id))
			return true;
	EACH_AWS (assess->inventory, "describe_security_groups", "SecurityGroups", group)
		if (is(document_text(group, "GroupId"), id))
			return tag_of(group, NULL,
				      arena_printf(assess->arena, "kubernetes.io/cluster/%s",
						   subject_text(assess->inventory->cluster))) != NULL;
	return false;
}

/* Blue's group that the permission lets in, where nothing in it lets in Green as well; NULL: there is none. */
static const char *lets_in_blue(const struct assess *assess, const json_t *permission)
{
	const char *blue = NULL,
		   *green = document_text(green_cluster(assess), "resourcesVpcConfig.clusterSecurityGroupId");
	size_t i;
	const json_t *pair, *range;
	json_array_foreach (json_object_get(permission, "UserIdGroupPairs"), i, pair) {
		const char *id = document_text(pair, "GroupId");
		if (green && is(id, green))
			return NULL;
		blue = id && is_blues(assess, id) ? id : blue;
	}
	json_array_foreach (json_object_get(permission, "IpRanges"), i, range)
		if (covers_subnets(assess, document_text(range, "CidrIp")))
			return NULL;
	return blue;
}

static void security_groups(struct assess *assess)
{
	size_t m;
	const json_t *permission;
	EACH_AWS (assess->inventory, "describe_security_groups", "SecurityGroups", group) {
		const char *id = document_text_or(group, "GroupId", ""), *blue = NULL;
		if (is_blues(assess, id) || tag_of(group, "kubernetes.io/cluster/", NULL) ||
		    tag_of(group, NULL, "elbv2.k8s.aws/cluster"))
			continue;
		json_array_foreach (json_object_get(group, "IpPermissions"), m, permission)
			blue = blue ? blue : lets_in_blue(assess, permission);
		if (!blue)
			continue;
		struct finding *finding =
			assess_aws(assess, id, "%s lets in Blue's security group only: Green is shut out",
				   document_text_or(group, "GroupName", id));
		assess_evidence(assess, finding, "ec2:DescribeSecurityGroups", "ingress from %s", blue);
		assess_remedy(assess, finding,
			      "once Green is there, for each port that Blue has: aws ec2 "
			      "authorize-security-group-ingress --group-id %s --source-group GREENS_GROUP "
			      "--protocol tcp --port PORT",
			      id);
	}
}

/* A subnet that is tagged for clusters is passed over by the load balancer controllers of all others. */
static void subnet_tags(struct assess *assess)
{
	const char *key = arena_printf(assess->arena, "kubernetes.io/cluster/%s", green_name(assess));
	const json_t *own = document_at(inventory_cluster(assess->inventory), "resourcesVpcConfig.subnetIds"), *id;
	size_t m;
	EACH_AWS (assess->inventory, "describe_subnets", "Subnets", subnet) {
		bool mine = false;
		json_array_foreach (own, m, id)
			mine |= is(json_string_value(id), document_text(subnet, "SubnetId"));
		const char *name = document_text_or(subnet, "SubnetId", "");
		if (!mine)
			continue;
		if (!tag_of(subnet, NULL, "kubernetes.io/role/elb") &&
		    !tag_of(subnet, NULL, "kubernetes.io/role/internal-elb"))
			assess_remedy(assess,
				      assess_aws(assess, name,
						 "has neither kubernetes.io/role/elb nor internal-elb: Green's "
						 "load balancers do not find it"),
				      "aws ec2 create-tags --resources %s --tags Key=kubernetes.io/role/%s,Value=1",
				      name, document_true(subnet, "MapPublicIpOnLaunch") ? "elb" : "internal-elb");
		else if (tag_of(subnet, "kubernetes.io/cluster/", NULL) && !tag_of(subnet, NULL, key))
			assess_remedy(assess,
				      assess_aws(assess, name,
						 "is tagged for other clusters and not %s: Green's load "
						 "balancers pass it over",
						 key),
				      "aws ec2 create-tags --resources %s --tags Key=%s,Value=shared", name, key);
	}
}

static void tell_name(struct assess *assess, const char *kind, const struct kube_meta *meta, const char *key)
{
	const char *name = kube_meta_annotation(meta, key);
	if (name)
		assess_object(assess, kind, meta->ns, meta->name,
			      "fixes the load balancer's name \"%s\": two clusters cannot both have it", name);
}

static void balancer_names(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_ingresses; i++)
		tell_name(assess, "Ingress", &assess->inventory->ingresses[i].meta,
			  "alb.ingress.kubernetes.io/load-balancer-name");
	for (size_t i = 0; i < assess->inventory->n_services; i++)
		tell_name(assess, "Service", &assess->inventory->services[i].meta,
			  "service.beta.kubernetes.io/aws-load-balancer-name");
}

static bool is_issued(const struct assess *assess, const struct kube_ingress *ingress)
{
	if (kube_meta_annotation(&ingress->meta, "cert-manager.io/cluster-issuer") ||
	    kube_meta_annotation(&ingress->meta, "cert-manager.io/issuer"))
		return true;
	for (size_t i = 0; i < assess->inventory->n_others; i++)
		if (is(assess->inventory->others[i].kind, "Certificate") &&
		    is(assess->inventory->others[i].meta.ns, ingress->meta.ns))
			return true;
	return false;
}

/* A certificate that somebody put there by hand is in no repository. */
static void certificates(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_ingresses; i++) {
		const struct kube_ingress *ingress = &assess->inventory->ingresses[i];
		const char *secret = document_text(assess_json(assess, ingress->tls), "[0].secretName");
		if (secret && !is_issued(assess, ingress))
			assess_object(assess, "Ingress", ingress->meta.ns, ingress->meta.name,
				      "uses the certificate in Secret \"%s\", which nothing makes anew for Green",
				      secret);
	}
}

#define INGRESSES "kubernetes ingresses.networking.k8s.io", "kubernetes services"

const struct check checks_blue_green[] = {
	{.id = "BG-EXTDNS-OWNER",
	 .title = "external-dns of both clusters would own the same records",
	 .severity = SEVERITY_BLOCKER,
	 SCOPE,
	 .needs = NEEDS(SUBJECT_SETS),
	 .run = external_dns,
	 .remedy = "give each cluster's external-dns its own --txt-owner-id, and --policy=upsert-only for the shift",
	 .page = "https://kubernetes-sigs.github.io/external-dns/latest/docs/registry/txt/"},
	{.id = "BG-IRSA",
	 .title = "a role does not, or cannot, trust Green",
	 .severity = SEVERITY_BLOCKER,
	 SCOPE,
	 .needs = NEEDS("kubernetes serviceaccounts", "iam:GetRole", "iam:ListOpenIDConnectProviders"),
	 .run = irsa,
	 .remedy = "add Green's issuer to the role's trust, or move to Pod Identity",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html"},
	{.id = "BG-PODID",
	 .title = "a Pod Identity association is missing in Green",
	 .severity = SEVERITY_BLOCKER,
	 SCOPE,
	 .needs = NEEDS("eks:ListPodIdentityAssociations"),
	 .run = pod_identity,
	 .remedy = "make it for Green, too: aws eks create-pod-identity-association",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html"},
	{.id = "BG-STATEFUL",
	 .title = "data in volumes",
	 .severity = SEVERITY_BLOCKER,
	 SCOPE,
	 .needs = NEEDS(SUBJECT_ALL),
	 .run = stateful,
	 .remedy = "plan how its data moves (snapshot, replication) and when writing stops; or upgrade in place",
	 .page = "https://docs.aws.amazon.com/eks/latest/best-practices/cluster-upgrades.html"},
	{.id = "BG-SINGLETON",
	 .title = "would run twice",
	 .severity = SEVERITY_HIGH,
	 SCOPE,
	 .needs = NEEDS(SUBJECT_SETS, "kubernetes cronjobs.batch", "kubernetes leases.coordination.k8s.io",
			"kubernetes pods", "kubernetes scaledobjects.keda.sh"),
	 .run = singletons,
	 .remedy = "suspend it in one of the two clusters",
	 .page = "https://docs.aws.amazon.com/eks/latest/best-practices/cluster-upgrades.html"},
	{.id = "BG-SG-REFS",
	 .title = "a security group lets in Blue only",
	 .severity = SEVERITY_BLOCKER,
	 SCOPE,
	 .needs = NEEDS("ec2:DescribeSecurityGroups", "eks:DescribeCluster"),
	 .run = security_groups,
	 .remedy = "let in Green's cluster security group too",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html"},
	{.id = "BG-SUBNET-TAGS",
	 .title = "load balancer tags of subnets are missing for Green",
	 .severity = SEVERITY_HIGH,
	 SCOPE,
	 .needs = NEEDS("ec2:DescribeSubnets", "eks:DescribeCluster"),
	 .run = subnet_tags,
	 .remedy = "tag it kubernetes.io/role/elb or internal-elb = 1, and for Green where it is tagged for clusters",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/alb-ingress.html"},
	{.id = "BG-LB-NAMES",
	 .title = "a load balancer's name is fixed",
	 .severity = SEVERITY_HIGH,
	 SCOPE,
	 .needs = NEEDS(INGRESSES),
	 .run = balancer_names,
	 .remedy = "leave the name out, or make it of the cluster's",
	 .page = "https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/"},
	{.id = "BG-CERT",
	 .title = "a certificate is made by hand",
	 .severity = SEVERITY_HIGH,
	 SCOPE,
	 .needs = NEEDS("kubernetes ingresses.networking.k8s.io"),
	 .run = certificates,
	 .remedy = "let cert-manager make it, or use ACM",
	 .page = "https://cert-manager.io/docs/usage/ingress/"},
	{.id = NULL},
};
