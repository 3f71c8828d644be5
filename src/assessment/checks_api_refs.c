/* What names an API version without being an object of it: roles, webhook rules, autoscalers' targets, and fields,
 * annotations and labels that have lost their meaning.
 *
 * A group or version counts as removed when nothing of what is named is served at the target. The roles that come with
 * Kubernetes and EKS name old groups too; nobody has to change those. */
#include <string.h>
#include "assessment/api_evidence.h"
#include "base/time.h"
#include "codec/document.h"
#include "knowledge/changes.h"
#include "scan/scan.h"

#define PAGE "https://kubernetes.io/docs/reference/using-api/deprecation-guide/"

static bool is_any(const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (words[i] && !strcmp(words[i], "*"))
			return true;
	return false;
}

/* What the tables know of a group's resource: some version of it at all, some that the target serves. `version` NULL:
 * any; `resource` NULL: any of the group. */
static void look_up(const char *group, const char *resource, const char *version, unsigned minor, bool *ret_known,
		    bool *ret_served)
{
	size_t low = 0, high = knowledge_n_apis;
	*ret_known = *ret_served = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(knowledge_apis[middle].group, group) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < knowledge_n_apis && !strcmp(knowledge_apis[low].group, group); low++) {
		const struct api_lifecycle *api = &knowledge_apis[low];
		if (api->component || (resource && strcmp(subject_text(api->resource), resource) != 0) ||
		    (version && strcmp(api->version, version) != 0))
			continue;
		*ret_known = true;
		*ret_served |= !knowledge_api_removed(api, minor);
	}
}

/* ---- API-RBAC */

static bool comes_with_kubernetes(const struct kube_role *role)
{
	const char *name = subject_text(role->meta.name);
	return kube_meta_label(&role->meta, "kubernetes.io/bootstrapping") || !strncmp(name, "system:", 7) ||
	       !strncmp(name, "eks:", 4);
}

/* The first of a rule's groups and resources that is gone: "extensions/ingresses". */
static const char *gone_of_rule(struct assess *assess, const struct kube_policy_rule *rule)
{
	bool known, served;
	for (size_t g = 0; g < rule->n_groups; g++) {
		if (!rule->groups[g] || !*rule->groups[g] || !strcmp(rule->groups[g], "*"))
			continue;
		if (is_any(rule->resources, rule->n_resources)) {
			look_up(rule->groups[g], NULL, NULL, assess->to, &known, &served);
			if (known && !served)
				return arena_printf(assess->arena, "%s/*", rule->groups[g]);
			continue;
		}
		for (size_t r = 0; r < rule->n_resources; r++) {
			const char *resource = subject_text(rule->resources[r]);
			look_up(rule->groups[g], arena_strndup(assess->arena, resource, strcspn(resource, "/")), NULL,
				assess->to, &known, &served);
			/* A rule for several groups at once names each resource where it lives. */
			if (known && !served && rule->n_groups == 1)
				return arena_printf(assess->arena, "%s/%s", rule->groups[g], resource);
		}
	}
	return NULL;
}

static void rbac(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_roles; i++) {
		const struct kube_role *role = &assess->inventory->roles[i];
		const char *gone = NULL;
		for (size_t k = 0; k < role->n_rules && !gone && !comes_with_kubernetes(role); k++)
			gone = gone_of_rule(assess, &role->rules[k]);
		if (!gone)
			continue;
		struct finding *finding =
			assess_object(assess, role->kind, role->meta.ns, role->meta.name,
				      "names %s, which Kubernetes %s serves in no version", gone, assess->target);
		assess_evidence(assess, finding, "kubernetes roles", "a rule for %s", gone);
	}
}

/* ---- API-WEBHOOK, API-ADMISSION-REVIEW */

/* With matchPolicy Equivalent one living version of what is named is enough. */
static const char *gone_of_webhook_rule(struct assess *assess, const struct kube_rule *rule)
{
	const char *gone = NULL;
	if (is_any(rule->versions, rule->n_versions) || is_any(rule->groups, rule->n_groups))
		return NULL;
	for (size_t g = 0; g < rule->n_groups; g++)
		for (size_t r = 0; r < rule->n_resources; r++)
			for (size_t v = 0; v < rule->n_versions; v++) {
				bool known, served;
				const char *resource = subject_text(rule->resources[r]);
				look_up(subject_text(rule->groups[g]),
					arena_strndup(assess->arena, resource, strcspn(resource, "/")),
					subject_text(rule->versions[v]), assess->to, &known, &served);
				if (served)
					return NULL;
				if (known)
					gone = arena_printf(assess->arena, "%s/%s %s", subject_text(rule->groups[g]),
							    rule->versions[v], resource);
			}
	return gone;
}

static void webhook_rules(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_webhooks; i++) {
		const struct kube_webhook_configuration *configuration = &assess->inventory->webhooks[i];
		struct finding *finding = NULL;
		for (size_t k = 0; k < configuration->n_webhooks; k++) {
			const struct kube_webhook *webhook = &configuration->webhooks[k];
			for (size_t r = 0; r < webhook->n_rules; r++) {
				const char *gone = gone_of_webhook_rule(assess, &webhook->rules[r]);
				if (!gone)
					continue;
				if (!finding)
					finding = assess_object(
						assess, configuration->kind, NULL, configuration->meta.name,
						"a rule names %s, which Kubernetes %s does not serve: it is "
						"asked no more",
						gone, assess->target);
				assess_evidence(assess, finding, "kubernetes webhooks", "webhook \"%s\": %s",
						subject_text(webhook->name), gone);
			}
		}
	}
}

static bool speaks_beta_only(const struct kube_webhook *webhook)
{
	bool beta = false;
	for (size_t i = 0; i < webhook->n_review_versions; i++) {
		if (webhook->review_versions[i] && !strcmp(webhook->review_versions[i], "v1"))
			return false;
		beta |= webhook->review_versions[i] && !strcmp(webhook->review_versions[i], "v1beta1");
	}
	return beta;
}

static void admission_review(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_webhooks; i++) {
		const struct kube_webhook_configuration *configuration = &assess->inventory->webhooks[i];
		for (size_t k = 0; k < configuration->n_webhooks; k++) {
			if (!speaks_beta_only(&configuration->webhooks[k]))
				continue;
			struct finding *finding =
				assess_object(assess, configuration->kind, NULL, configuration->meta.name,
					      "webhook \"%s\" understands AdmissionReview v1beta1 only",
					      subject_text(configuration->webhooks[k].name));
			assess_evidence(assess, finding, "kubernetes webhooks", "admissionReviewVersions: v1beta1");
			break;
		}
	}
}

/* ---- API-HPA-REF */

static void hpa_targets(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_hpas; i++) {
		const struct kube_hpa *hpa = &assess->inventory->hpas[i];
		const struct api_lifecycle *api = hpa->target_api && hpa->target_kind
							  ? knowledge_api_version(hpa->target_api, hpa->target_kind)
							  : NULL;
		if (!knowledge_api_removed(api, assess->to))
			continue;
		struct api_evidence evidence = {.source = API_OBJECT,
						.api = api,
						.group = api->group,
						.version = api->version,
						.kind = api->kind,
						.removed = api->removed,
						.count = -1};
		struct finding *finding = assess_object(
			assess, "HorizontalPodAutoscaler", hpa->meta.ns, hpa->meta.name,
			"scales %s %s \"%s\", a version that is not served from %s: it scales nothing then",
			hpa->target_api, hpa->target_kind, subject_text(hpa->target_name), subject_text(api->removed));
		api_evidence_describe(assess, finding, &evidence);
		if (finding->replacement)
			assess_remedy(assess, finding,
				      "kubectl -n %s patch hpa %s --type merge -p "
				      "'{\"spec\":{\"scaleTargetRef\":{\"apiVersion\":\"%.*s\"}}}'",
				      subject_text(hpa->meta.ns), subject_text(hpa->meta.name),
				      (int)strcspn(finding->replacement, " "), finding->replacement);
	}
}

/* ---- API-FIELD: rows of knowledge/version-changes.tsv that an object's own annotations, labels and fields show */

struct field_rule {
	const char *change; /* id in the table */
	const char *key;    /* of an annotation, or its beginning when it ends with "/" */
};

static const struct field_rule pod_rules[] = {
	{"apparmor-annotations-deprecated", "container.apparmor.security.beta.kubernetes.io/"},
	{"apparmor-note-eks", "container.apparmor.security.beta.kubernetes.io/"},
};
static const struct field_rule seccomp_rules[] = {
	{"seccomp-annotations-kubelet", "seccomp.security.alpha.kubernetes.io/pod"},
	{"seccomp-annotations-kubelet", "container.seccomp.security.alpha.kubernetes.io/"},
	{"seccomp-annotations-removed", "seccomp.security.alpha.kubernetes.io/pod"},
	{"seccomp-annotations-removed", "container.seccomp.security.alpha.kubernetes.io/"},
};
static const struct field_rule service_rules[] = {
	{"topology-mode-annotation-deprecated", "service.kubernetes.io/topology-mode"},
	{"topology-mode-annotation-deprecated", "service.kubernetes.io/topology-aware-hints"},
};
static const struct field_rule account_rules[] = {
	{"enforce-mountable-secrets-deprecated", "kubernetes.io/enforce-mountable-secrets"},
};
static const struct field_rule volume_rules[] = {
	{"mount-options-annotation", "volume.beta.kubernetes.io/mount-options"},
	{"storage-class-beta-annotation", "volume.beta.kubernetes.io/storage-class"},
};
static const struct field_rule claim_rules[] = {
	{"storage-class-beta-annotation", "volume.beta.kubernetes.io/storage-class"},
};

static const struct version_change *on_path(const struct assess *assess, const char *id)
{
	const struct version_change *change = knowledge_change(id);
	return change && knowledge_change_on_path(change, assess->from, assess->to) ? change : NULL;
}

/* One finding an object; the severest of what it shows. */
static void tell_field(struct assess *assess, size_t from, const char *kind, const struct kube_meta *meta,
		       const struct version_change *change, const char *what)
{
	int severity = change->severity; /* both enums go from worst to least */
	struct finding *finding = subject_find(assess, from, kind, meta->ns, meta->name);
	if (!finding) {
		finding = assess_object(assess, kind, meta->ns, meta->name, "%s: %s", what, change->title);
		finding->severity = severity;
	}
	const char *remedy = severity <= finding->severity ? scan_field_remedy(change->id) : NULL;
	if (!remedy && !strcmp(change->id, "apparmor-note-eks"))
		remedy = scan_field_remedy("apparmor-annotations-deprecated");
	if (remedy)
		assess_remedy(assess, finding, "%s", remedy);
	if (severity < finding->severity)
		finding->severity = severity;
	assess_evidence(assess, finding, "object", "%s; %s (%s)", what, change->what_breaks, change->source);
}

static bool has_key(const struct field_rule *rule, const struct pair *pairs, size_t n)
{
	size_t length = strlen(rule->key);
	for (size_t i = 0; i < n; i++)
		if (rule->key[length - 1] == '/' ? !strncmp(pairs[i].key, rule->key, length)
						 : !strcmp(pairs[i].key, rule->key))
			return true;
	return false;
}

static void annotations(struct assess *assess, size_t from, const char *kind, const struct kube_meta *meta,
			const struct pair *pairs, size_t n_pairs, const struct field_rule *rules, size_t n_rules)
{
	for (size_t i = 0; i < n_rules && n_pairs; i++) {
		const struct version_change *change =
			has_key(&rules[i], pairs, n_pairs) ? on_path(assess, rules[i].change) : NULL;
		if (change)
			tell_field(assess, from, kind, meta, change,
				   arena_printf(assess->arena, "annotation %s", rules[i].key));
	}
}

static bool is_beta_node_label(const char *key)
{
	return key &&
	       (!strncmp(key, "beta.kubernetes.io/", 19) || !strncmp(key, "failure-domain.beta.kubernetes.io/", 34));
}

static const char *beta_label_of(const struct kube_pod_spec *spec)
{
	static const struct {
		const char *quoted, *key;
	} words[] = {
#define WORD(key) {"\"" key "\"", key}
		WORD("beta.kubernetes.io/os"),
		WORD("beta.kubernetes.io/arch"),
		WORD("beta.kubernetes.io/instance-type"),
		WORD("failure-domain.beta.kubernetes.io/zone"),
		WORD("failure-domain.beta.kubernetes.io/region"),
#undef WORD
	};
	for (size_t i = 0; i < spec->n_node_selector; i++)
		if (is_beta_node_label(spec->node_selector[i].key))
			return spec->node_selector[i].key;
	for (size_t i = 0; spec->affinity && i < ARRAY_SIZE(words); i++)
		if (strstr(spec->affinity, words[i].quoted))
			return words[i].key;
	return NULL;
}

static bool says(const char *json, const char *word)
{
	return json && strstr(json, word);
}

static bool sets_seccomp(const struct kube_pod_spec *spec)
{
	bool set = says(spec->security, "\"seccompProfile\"");
	for (size_t i = 0; i < spec->n_containers && !set; i++)
		set = says(spec->containers[i].security, "\"seccompProfile\"");
	return set;
}

/* Chooses nodes by the label that control planes no longer have, or tolerates its taint. */
static bool names_master(const struct kube_pod_spec *spec)
{
	static const char master[] = "node-role.kubernetes.io/master";
	bool named = says(spec->affinity, "\"node-role.kubernetes.io/master\"") ||
		     kube_pairs_get(spec->node_selector, spec->n_node_selector, master);
	for (size_t i = 0; i < spec->n_tolerations && !named; i++)
		named = spec->tolerations[i].key && !strcmp(spec->tolerations[i].key, master);
	return named;
}

static const char *git_volume_of(struct assess *assess, const struct kube_pod_spec *spec)
{
	for (size_t i = 0; i < spec->n_volumes; i++)
		if (json_object_get(assess_json(assess, spec->volumes[i].text), "gitRepo"))
			return arena_printf(assess->arena, "volume \"%s\" is a gitRepo",
					    subject_text(spec->volumes[i].name));
	return NULL;
}

/* What is not mounted from 1.33 on unless a gate is set, and not at all from 1.36 on. */
static void git_volume(struct assess *assess, size_t from, const struct subject_spec *subject)
{
	const struct version_change *change = on_path(assess, "gitrepo-volume-disabled");
	change = change ? change : on_path(assess, "gitrepo-volume-off-by-default");
	const char *what = change ? git_volume_of(assess, subject->spec) : NULL;
	if (!what)
		return;
	tell_field(assess, from, subject->kind, subject->meta, change, what);
	assess_remedy(assess, subject_find(assess, from, subject->kind, subject->meta->ns, subject->meta->name),
		      "clone in an init container into an emptyDir");
}

static void field_of_spec(struct assess *assess, const struct subject_spec *subject)
{
	const struct version_change *master = on_path(assess, "control-plane-label-master-removed");
	const struct version_change *labels = on_path(assess, "beta-node-labels");
	const char *label = beta_label_of(subject->spec);
	size_t from = assess->n_findings;
	annotations(assess, from, subject->kind, subject->meta, subject->annotations, subject->n_annotations, pod_rules,
		    ARRAY_SIZE(pod_rules));
	if (!sets_seccomp(subject->spec))
		annotations(assess, from, subject->kind, subject->meta, subject->annotations, subject->n_annotations,
			    seccomp_rules, ARRAY_SIZE(seccomp_rules));
	git_volume(assess, from, subject);
	if (master && names_master(subject->spec) && !index_is_eks_own(assess, subject->meta->ns, subject->meta->name))
		tell_field(assess, from, subject->kind, subject->meta, master, "names node-role.kubernetes.io/master");
	if (label && labels && !index_is_eks_own(assess, subject->meta->ns, subject->meta->name))
		tell_field(assess, from, subject->kind, subject->meta, labels,
			   arena_printf(assess->arena, "chooses nodes by %s", label));
}

/* ---- of Services, Ingresses and NetworkPolicies */

/* A text within this document that strict reading of addresses refuses; NULL: none. */
static const char *bad_address_in(const json_t *value, const char *const *keys)
{
	const char *key, *bad = NULL;
	const json_t *item;
	size_t i;
	if (json_is_string(value))
		return scan_bad_address(slice_of(json_string_value(value))) ? json_string_value(value) : NULL;
	json_array_foreach (value, i, item)
		bad = bad ? bad : bad_address_in(item, keys);
	json_object_foreach ((json_t *)(uintptr_t)value, key, item)
		for (i = 0; keys[i] && !bad; i++)
			if (!strcmp(keys[i], key))
				bad = bad_address_in(item, keys);
	return bad;
}

static void tell_address(struct assess *assess, size_t from, const char *kind, const struct kube_meta *meta,
			 const char *json)
{
	static const char *const keys[] = {"ingress", "egress", "from", "to", "ipBlock", "cidr", "except", NULL};
	const struct version_change *strict = json ? on_path(assess, "strict-ip-cidr") : NULL;
	const char *bad = strict ? bad_address_in(assess_json(assess, json), keys) : NULL;
	if (!bad)
		return;
	tell_field(assess, from, kind, meta, strict, arena_printf(assess->arena, "address \"%s\"", bad));
	assess_remedy(assess, subject_find(assess, from, kind, meta->ns, meta->name),
		      "write addresses without leading zeros, and a CIDR by its first address");
}

static void tell_service(struct assess *assess, size_t from, const struct kube_service *service, bool is,
			 const char *change_id, const char *what, const char *remedy)
{
	const struct version_change *change = is ? on_path(assess, change_id) : NULL;
	if (!change)
		return;
	tell_field(assess, from, "Service", &service->meta, change, what);
	assess_remedy(assess, subject_find(assess, from, "Service", service->meta.ns, service->meta.name), "%s",
		      remedy);
}

static void fields_of_service(struct assess *assess, size_t from, const struct kube_service *service)
{
	const struct kube_meta *meta = &service->meta;
	const char *unready = kube_meta_annotation(meta, "service.alpha.kubernetes.io/tolerate-unready-endpoints");
	bool grpc = false;
	for (size_t i = 0; i < service->n_ports; i++)
		grpc |= !strcmp(subject_text(service->ports[i].app_protocol), "kubernetes.io/grpc");
	annotations(assess, from, "Service", meta, meta->annotations, meta->n_annotations, service_rules,
		    ARRAY_SIZE(service_rules));
	tell_service(assess, from, service, unready && !strcmp(unready, "true") && !service->publish_not_ready,
		     "tolerate-unready-endpoints",
		     "annotation service.alpha.kubernetes.io/tolerate-unready-endpoints without "
		     "publishNotReadyAddresses",
		     "set spec.publishNotReadyAddresses: true");
	tell_service(assess, from, service, json_array_size(assess_json(assess, service->topology_keys)) > 0,
		     "service-topologykeys-removed", "spec.topologyKeys", "use spec.trafficDistribution: PreferClose");
	tell_service(assess, from, service, service->load_balancer_ip && *service->load_balancer_ip,
		     "loadbalancerip-deprecated", "spec.loadBalancerIP",
		     "use the load balancer controller's annotations");
	tell_service(assess, from, service, grpc, "grpc-appprotocol", "appProtocol kubernetes.io/grpc",
		     "use appProtocol: grpc");
	tell_service(assess, from, service, json_array_size(assess_json(assess, service->external_ips)) > 0,
		     "externalips-deprecated", "spec.externalIPs", "use a LoadBalancer Service or a Gateway");
	tell_address(assess, from, "Service", meta, service->external_ips);
	tell_address(assess, from, "Service", meta, service->source_ranges);
}

static void fields_of_network(struct assess *assess, size_t from)
{
	const struct inventory *inventory = assess->inventory;
	const struct version_change *class = on_path(assess, "ingress-class-annotation");
	for (size_t i = 0; i < inventory->n_services; i++)
		fields_of_service(assess, from, &inventory->services[i]);
	for (size_t i = 0; i < inventory->n_customs; i++)
		if (!strcmp(subject_text(inventory->customs[i].kind), "NetworkPolicy"))
			tell_address(assess, from, "NetworkPolicy", &inventory->customs[i].meta,
				     inventory->customs[i].spec);
	for (size_t i = 0; i < inventory->n_ingresses && class; i++)
		if (!inventory->ingresses[i].class_name &&
		    kube_meta_annotation(&inventory->ingresses[i].meta, "kubernetes.io/ingress.class"))
			tell_field(assess, from, "Ingress", &inventory->ingresses[i].meta, class,
				   "annotation kubernetes.io/ingress.class without ingressClassName");
}

/* ---- leaders that are elected by annotation */

/* A lock that nobody has renewed for a day is a remainder. */
static void tell_lock(struct assess *assess, size_t from, const char *kind, const struct kube_meta *meta)
{
	const struct version_change *change = on_path(assess, "lease-locks-only");
	const char *leader = change ? kube_meta_annotation(meta, "control-plane.alpha.kubernetes.io/leader") : NULL;
	int64_t renewed_ms;
	if (!leader || (document_time(assess_json(assess, leader), "renewTime", &renewed_ms) &&
			assess->now_ms - renewed_ms > DAY_MS))
		return;
	tell_field(assess, from, kind, meta, change, "annotation control-plane.alpha.kubernetes.io/leader");
	assess_remedy(assess, subject_find(assess, from, kind, meta->ns, meta->name),
		      "upgrade its client to one that elects leaders by Lease");
}

static void fields_of_locks(struct assess *assess, size_t from)
{
	const struct inventory *inventory = assess->inventory;
	for (size_t i = 0; i < inventory->n_config_maps; i++)
		tell_lock(assess, from, "ConfigMap", &inventory->config_maps[i].meta);
	for (size_t i = 0; i < inventory->n_others; i++)
		if (!strcmp(subject_text(inventory->others[i].kind), "Endpoints"))
			tell_lock(assess, from, "Endpoints", &inventory->others[i].meta);
}

/* ---- of storage, accounts, budgets and schedules */

static void tell_beta_label(struct assess *assess, size_t from, const char *kind, const struct kube_meta *meta,
			    const char *json)
{
	const struct version_change *change = on_path(assess, "beta-node-labels");
	if (!change || !says(json, "\"failure-domain.beta.kubernetes.io/"))
		return;
	tell_field(assess, from, kind, meta, change,
		   "chooses nodes by failure-domain.beta.kubernetes.io/zone or region");
	if (!strcmp(kind, "PersistentVolume"))
		assess_remedy(assess, subject_find(assess, from, kind, meta->ns, meta->name),
			      "nothing now: it cannot be changed, and nodes have these labels still; a new volume is "
			      "bound by topology.kubernetes.io/zone");
}

static void fields_of_storage(struct assess *assess, size_t from)
{
	const struct inventory *inventory = assess->inventory;
	for (size_t i = 0; i < inventory->n_volumes; i++) {
		const struct kube_meta *meta = &inventory->volumes[i].meta;
		annotations(assess, from, "PersistentVolume", meta, meta->annotations, meta->n_annotations,
			    volume_rules, ARRAY_SIZE(volume_rules));
		tell_beta_label(assess, from, "PersistentVolume", meta, inventory->volumes[i].node_affinity);
	}
	for (size_t i = 0; i < inventory->n_storage_classes; i++)
		tell_beta_label(assess, from, "StorageClass", &inventory->storage_classes[i].meta,
				inventory->storage_classes[i].topologies);
	for (size_t i = 0; i < inventory->n_claims; i++) {
		const struct kube_meta *meta = &inventory->claims[i].meta;
		annotations(assess, from, "PersistentVolumeClaim", meta, meta->annotations, meta->n_annotations,
			    claim_rules, ARRAY_SIZE(claim_rules));
	}
	for (size_t i = 0; i < inventory->n_service_accounts; i++) {
		const struct kube_meta *meta = &inventory->service_accounts[i].meta;
		annotations(assess, from, "ServiceAccount", meta, meta->annotations, meta->n_annotations, account_rules,
			    ARRAY_SIZE(account_rules));
	}
}

static void fields_of_policy(struct assess *assess, size_t from)
{
	const struct version_change *empty = on_path(assess, "pdb-empty-selector"),
				    *refused = on_path(assess, "cronjob-tz-rejected");
	for (size_t i = 0; i < assess->inventory->n_pdbs && empty; i++) {
		const struct kube_pdb *pdb = &assess->inventory->pdbs[i];
		const json_t *selector = assess_json(assess, pdb->selector);
		bool beta = says(pdb->selector, "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match");
		if (beta || (json_is_object(selector) && !json_object_size(json_object_get(selector, "matchLabels")) &&
			     !json_array_size(json_object_get(selector, "matchExpressions"))))
			tell_field(assess, from, "PodDisruptionBudget", &pdb->meta, empty, "selector {}");
	}
	for (size_t i = 0; i < assess->inventory->n_workloads && refused; i++) {
		const struct kube_workload *workload = &assess->inventory->workloads[i];
		if (workload->schedule && strstr(workload->schedule, "TZ="))
			tell_field(assess, from, workload->kind, &workload->meta, refused,
				   arena_printf(assess->arena, "schedule \"%s\"", workload->schedule));
	}
}

static void fields(struct assess *assess)
{
	size_t from = assess->n_findings;
	subject_each_spec(assess, field_of_spec);
	fields_of_network(assess, from);
	fields_of_storage(assess, from);
	fields_of_policy(assess, from);
	fields_of_locks(assess, from);
}

#define CONFIGURATIONS                                                                                                 \
	"kubernetes validatingwebhookconfigurations.admissionregistration.k8s.io",                                     \
		"kubernetes mutatingwebhookconfigurations.admissionregistration.k8s.io"

const struct check checks_api_refs[] = {
	{.id = "API-RBAC",
	 .title = "a role names an API that is served in no version",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("kubernetes roles.rbac.authorization.k8s.io",
			"kubernetes clusterroles.rbac.authorization.k8s.io"),
	 .run = rbac,
	 .remedy = "name the group that replaces it, or drop the rule",
	 .page = PAGE},
	{.id = "API-WEBHOOK",
	 .title = "a webhook's rule names versions that are not served",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS(CONFIGURATIONS),
	 .run = webhook_rules,
	 .remedy = "name the version that replaces it, with matchPolicy Equivalent",
	 .page = PAGE},
	{.id = "API-HPA-REF",
	 .title = "an autoscaler's target is named in a version that is not served",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("kubernetes horizontalpodautoscalers.autoscaling"),
	 .run = hpa_targets,
	 .remedy = "name scaleTargetRef.apiVersion in the version that replaces it",
	 .page = PAGE},
	{.id = "API-ADMISSION-REVIEW",
	 .title = "a webhook understands AdmissionReview v1beta1 only",
	 .severity = SEVERITY_LOW,
	 .needs = NEEDS(CONFIGURATIONS),
	 .run = admission_review,
	 .remedy = "upgrade the webhook to one that understands admission.k8s.io/v1",
	 .page = "https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/"},
	{.id = "API-FIELD",
	 .title = "a field, annotation or label is gone or means something else",
	 .severity = SEVERITY_HIGH,
	 .severities = "that of its row in the table of version changes",
	 .needs = NEEDS(SUBJECT_SPECS, "kubernetes services", "kubernetes ingresses.networking.k8s.io",
			"kubernetes poddisruptionbudgets.policy", "kubernetes networkpolicies.networking.k8s.io",
			"kubernetes persistentvolumes", "kubernetes persistentvolumeclaims",
			"kubernetes storageclasses.storage.k8s.io", "kubernetes serviceaccounts",
			"kubernetes configmaps"),
	 .partial = true,
	 .run = fields,
	 .remedy = "write what replaces it",
	 .page = PAGE},
	{.id = NULL},
};
