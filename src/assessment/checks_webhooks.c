/* Admission webhooks: which of them can stop the upgrade, and does anybody answer?
 *
 * EKS's own webhooks are left out: a user cannot change them. */
#include <stdio.h>
#include <string.h>
#include "assessment/backend.h"
#include "codec/document.h"
#include "knowledge/lifecycle.h"

#define PAGE "https://docs.aws.amazon.com/eks/latest/best-practices/control-plane.html"
#define CONFIGURATIONS                                                                                                 \
	"kubernetes validatingwebhookconfigurations.admissionregistration.k8s.io",                                     \
		"kubernetes mutatingwebhookconfigurations.admissionregistration.k8s.io"

enum { DEFAULT_TIMEOUT_S = 10, LONG_TIMEOUT_S = 15 };

static bool is_eks_own(const char *name)
{
	static const char *const own[] = {"pod-identity-webhook", "vpc-resource-mutating-webhook",
					  "vpc-resource-validating-webhook"};
	for (size_t i = 0; name && i < ARRAY_SIZE(own); i++)
		if (!strcmp(own[i], name))
			return true;
	return name && !strncmp(name, "eks-", 4);
}

static bool fails_closed(const struct kube_webhook *webhook)
{
	return !webhook->failure_policy || strcmp(webhook->failure_policy, "Fail") == 0;
}

typedef void webhook_fn(struct assess *assess, const struct kube_webhook_configuration *configuration,
			const struct kube_webhook *webhook, size_t from);

static void each_webhook(struct assess *assess, webhook_fn *fn)
{
	size_t from = assess->n_findings;
	for (size_t i = 0; i < assess->inventory->n_webhooks; i++) {
		const struct kube_webhook_configuration *configuration = &assess->inventory->webhooks[i];
		for (size_t k = 0; k < configuration->n_webhooks && !is_eks_own(configuration->meta.name); k++)
			fn(assess, configuration, &configuration->webhooks[k], from);
	}
}

/* One finding a configuration, a line of evidence a webhook. */
static struct finding *tell(struct assess *assess, const struct kube_webhook_configuration *configuration,
			    const struct kube_webhook *webhook, size_t from, const char *message)
{
	const char *kind = subject_text(configuration->kind);
	struct finding *finding = subject_find(assess, from, kind, NULL, configuration->meta.name);
	if (!finding)
		finding = assess_object(assess, kind, NULL, configuration->meta.name, "%s", message);
	assess_evidence(assess, finding, "kubernetes webhooks", "webhook \"%s\": %s", subject_text(webhook->name),
			message);
	return finding;
}

static bool has(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (words[i] && (!strcmp(words[i], word) || !strcmp(words[i], "*")))
			return true;
	return false;
}

static bool has_exactly(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (words[i] && !strcmp(words[i], word))
			return true;
	return false;
}

/* ---- WH-FAIL-UNSCOPED */

static bool rule_takes(const struct kube_rule *rule, const char *group, const char *resource)
{
	bool any = has_exactly(rule->resources, rule->n_resources, "*") ||
		   has_exactly(rule->resources, rule->n_resources, "*/*");
	bool writes = has(rule->operations, rule->n_operations, "CREATE") ||
		      has_exactly(rule->operations, rule->n_operations, "UPDATE");
	/* What writes its status or binds it counts as well. */
	char parts[32];
	snprintf(parts, sizeof parts, "%s/*", resource);
	return writes && has(rule->groups, rule->n_groups, group) &&
	       (any || has_exactly(rule->resources, rule->n_resources, resource) ||
		has_exactly(rule->resources, rule->n_resources, parts));
}

static const char *vital_resource(const struct kube_webhook *webhook, bool *ret_namespaced)
{
	static const struct {
		const char *group, *resource;
		bool namespaced;
	} vital[] = {{"", "nodes", false}, {"", "pods", true}, {"coordination.k8s.io", "leases", true}};
	for (size_t i = 0; i < webhook->n_rules; i++) {
		const struct kube_rule *rule = &webhook->rules[i];
		for (size_t k = 0; k < ARRAY_SIZE(vital); k++) {
			bool namespaced_only = rule->scope && !strcmp(rule->scope, "Namespaced"),
			     cluster_only = rule->scope && !strcmp(rule->scope, "Cluster");
			if ((vital[k].namespaced ? cluster_only : namespaced_only) ||
			    !rule_takes(rule, vital[k].group, vital[k].resource))
				continue;
			*ret_namespaced = vital[k].namespaced;
			return vital[k].resource;
		}
	}
	return NULL;
}

static bool is_empty_selector(const json_t *selector)
{
	return !json_object_size(json_object_get(selector, "matchLabels")) &&
	       !json_array_size(json_object_get(selector, "matchExpressions"));
}

static bool takes_kube_system(struct assess *assess, const char *selector)
{
	struct pair labels[] = {{"kubernetes.io/metadata.name", "kube-system"}};
	if (!selector || is_empty_selector(assess_json(assess, selector)))
		return true;
	for (size_t i = 0; i < assess->inventory->n_namespaces; i++) {
		const struct kube_meta *meta = &assess->inventory->namespaces[i].meta;
		if (meta->name && !strcmp(meta->name, "kube-system") && meta->n_labels)
			return index_selects(assess, selector, meta->labels, meta->n_labels);
	}
	return index_selects(assess, selector, labels, 1);
}

/* What asks for a label of its own takes none of the system's objects. */
static bool takes_unlabelled(struct assess *assess, const char *selector)
{
	return !selector || is_empty_selector(assess_json(assess, selector)) ||
	       index_selects(assess, selector, NULL, 0);
}

static bool conditions_spare_system(const struct kube_webhook *webhook)
{
	const char *text = webhook->match_conditions;
	return text && (strstr(text, "kube-system") || strstr(text, "system:node"));
}

/* Does one of its pods stand on a node that will be replaced: one older than the target? */
static const char *doomed_backend(struct assess *assess, const struct kube_webhook *webhook)
{
	const struct kube_service *service =
		webhook->service_name ? index_service(assess, webhook->service_ns, webhook->service_name) : NULL;
	struct pod_list pods = index_namespace_pods(assess, webhook->service_ns);
	for (size_t i = 0; service && i < pods.n; i++) {
		const struct kube_pod *pod = pod_at(pods, i);
		const struct kube_node *node = index_node(assess, pod->node_name);
		if (node && subject_pod_lives(assess, pod) && backend_selects(service, pod) &&
		    knowledge_minor(node->kubelet) < assess->to)
			return node->meta.name;
	}
	return NULL;
}

static void one_unscoped(struct assess *assess, const struct kube_webhook_configuration *configuration,
			 const struct kube_webhook *webhook, size_t from)
{
	bool namespaced = false;
	const char *resource = fails_closed(webhook) ? vital_resource(webhook, &namespaced) : NULL;
	if (!resource || (namespaced && !takes_kube_system(assess, webhook->namespace_selector)) ||
	    !takes_unlabelled(assess, webhook->object_selector) || conditions_spare_system(webhook))
		return;
	const char *node = doomed_backend(assess, webhook);
	struct finding *finding =
		tell(assess, configuration, webhook, from,
		     arena_printf(assess->arena,
				  "fails closed for %s, kube-system's too: while it does not answer, none can be made",
				  resource));
	if (!node)
		return;
	finding->severity = SEVERITY_BLOCKER;
	assess_evidence(assess, finding, "kubernetes pods", "its backend stands on node \"%s\", which is replaced",
			node);
}

static void unscoped(struct assess *assess)
{
	each_webhook(assess, one_unscoped);
}

/* ---- WH-NO-ENDPOINT: one that fails open stops nothing. */

static void one_dead(struct assess *assess, const struct kube_webhook_configuration *configuration,
		     const struct kube_webhook *webhook, size_t from)
{
	if (!fails_closed(webhook))
		return;
	const char *wrong = backend_service_wrong(assess, webhook->service_ns, webhook->service_name);
	wrong = wrong ? wrong : backend_bundle_wrong(assess, webhook->ca_bundle);
	if (wrong)
		tell(assess, configuration, webhook, from,
		     arena_printf(assess->arena, "fails closed, and %s: what it matches is refused", wrong));
}

static void no_endpoint(struct assess *assess)
{
	each_webhook(assess, one_dead);
}

/* ---- WH-DISCOVERY-DEADLOCK */

static bool takes_service_cidrs(const struct kube_webhook *webhook)
{
	for (size_t i = 0; i < webhook->n_rules; i++) {
		const struct kube_rule *rule = &webhook->rules[i];
		bool cluster = !rule->scope || strcmp(rule->scope, "Namespaced") != 0;
		if (cluster && (rule_takes(rule, "networking.k8s.io", "servicecidrs") ||
				rule_takes(rule, "networking.k8s.io", "ipaddresses")))
			return true;
	}
	return false;
}

static void one_deadlock(struct assess *assess, const struct kube_webhook_configuration *configuration,
			 const struct kube_webhook *webhook, size_t from)
{
	if (assess->from < 33 && assess->to >= 33 && fails_closed(webhook) && takes_service_cidrs(webhook))
		tell(assess, configuration, webhook, from,
		     "fails closed for ServiceCIDRs and IPAddresses, which come with 1.33 and which it does not know: "
		     "new API servers may wait for it and it for them");
}

static void deadlock(struct assess *assess)
{
	each_webhook(assess, one_deadlock);
}

/* ---- WH-TIMEOUT */

static int64_t timeout_of(const struct kube_webhook *webhook)
{
	return webhook->timeout_s ? webhook->timeout_s : DEFAULT_TIMEOUT_S;
}

/* One patch for all of a configuration's webhooks that take too long. */
static const char *shorter(struct assess *assess, const struct kube_webhook_configuration *configuration)
{
	const char *patch = "";
	for (size_t i = 0; i < configuration->n_webhooks; i++)
		if (timeout_of(&configuration->webhooks[i]) > LONG_TIMEOUT_S)
			patch = arena_printf(
				assess->arena,
				"%s%s{\"op\":\"add\",\"path\":\"/webhooks/%zu/timeoutSeconds\",\"value\":%d}", patch,
				*patch ? "," : "", i, DEFAULT_TIMEOUT_S);
	return patch;
}

static void one_timeout(struct assess *assess, const struct kube_webhook_configuration *configuration,
			const struct kube_webhook *webhook, size_t from)
{
	if (timeout_of(webhook) <= LONG_TIMEOUT_S)
		return;
	struct finding *finding =
		tell(assess, configuration, webhook, from,
		     arena_printf(assess->arena, "may hold each request for %lld s", (long long)timeout_of(webhook)));
	assess_remedy(assess, finding, "kubectl patch %s %s --type json -p '[%s]'", subject_text(configuration->kind),
		      subject_text(configuration->meta.name), shorter(assess, configuration));
}

static void timeouts(struct assess *assess)
{
	each_webhook(assess, one_timeout);
}

/* ---- WH-SINGLE */

static const char *alone(struct assess *assess, const struct kube_service *service)
{
	const struct kube_pdb *pdb;
	struct pod_list pods = index_namespace_pods(assess, service->meta.ns);
	const struct kube_pod *first = NULL;
	size_t n = 0;
	for (size_t i = 0; i < pods.n; i++) {
		if (!subject_pod_lives(assess, pod_at(pods, i)) || !backend_selects(service, pod_at(pods, i)))
			continue;
		first = first ? first : pod_at(pods, i);
		n++;
	}
	const struct kube_workload *workload = first ? index_pod_workload(assess, first) : NULL;
	if (!first)
		return NULL;
	if (n == 1 ||
	    (workload && workload->has_replicas && subject_is_set(assess, workload) && subject_replicas(workload) == 1))
		return "a single pod answers for it";
	return index_pod_pdbs(assess, first, &pdb, 1) ? NULL : "no PodDisruptionBudget keeps one of its pods";
}

static void one_single(struct assess *assess, const struct kube_webhook_configuration *configuration,
		       const struct kube_webhook *webhook, size_t from)
{
	const struct kube_service *service = fails_closed(webhook) && webhook->service_name
						     ? index_service(assess, webhook->service_ns, webhook->service_name)
						     : NULL;
	const char *wrong = service ? alone(assess, service) : NULL;
	if (wrong)
		tell(assess, configuration, webhook, from,
		     arena_printf(assess->arena, "fails closed, and %s (service \"%s/%s\")", wrong,
				  subject_text(service->meta.ns), subject_text(service->meta.name)));
}

static void single(struct assess *assess)
{
	each_webhook(assess, one_single);
}

const struct check checks_webhooks[] = {
	{.id = "WH-FAIL-UNSCOPED",
	 .title = "webhook fails closed for what the cluster itself needs",
	 .severity = SEVERITY_HIGH,
	 .severities = "HIGH, BLOCKER when its backend stands on nodes that are replaced",
	 .needs = NEEDS(CONFIGURATIONS, "kubernetes namespaces", "kubernetes services", "kubernetes pods",
			"kubernetes nodes"),
	 .run = unscoped,
	 .remedy = "exclude kube-system by namespaceSelector (kubernetes.io/metadata.name NotIn [kube-system]), or let "
		   "it fail open: failurePolicy Ignore",
	 .page = PAGE},
	{.id = "WH-NO-ENDPOINT",
	 .title = "nobody answers for a webhook that fails closed",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS(CONFIGURATIONS, BACKEND_NEEDS),
	 .run = no_endpoint,
	 .remedy = "bring its backend back, renew its caBundle, or delete the webhook configuration",
	 .page = PAGE},
	{.id = "WH-DISCOVERY-DEADLOCK",
	 .title = "policy engine may refuse what new API servers must write",
	 .severity = SEVERITY_HIGH,
	 .severities = "HIGH on the way to 1.33",
	 .needs = NEEDS(CONFIGURATIONS),
	 .run = deadlock,
	 .remedy =
		 "exclude networking.k8s.io servicecidrs and ipaddresses, or name the resources it is for instead of *",
	 .page = "https://github.com/kubernetes/kubernetes/issues/137356"},
	{.id = "WH-TIMEOUT",
	 .title = "webhook with a long timeout",
	 .severity = SEVERITY_LOW,
	 .needs = NEEDS(CONFIGURATIONS),
	 .run = timeouts,
	 .remedy = "set timeoutSeconds to 15 or less",
	 .page = PAGE},
	{.id = "WH-SINGLE",
	 .title = "a single pod, or no budget, behind a webhook that fails closed",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(CONFIGURATIONS, "kubernetes services", "kubernetes pods", SUBJECT_SETS,
			"kubernetes poddisruptionbudgets.policy"),
	 .run = single,
	 .remedy = "run two replicas of its backend and give them a PodDisruptionBudget",
	 .page = PAGE},
	{.id = NULL},
};
