/* What else changes with a version, where the cluster itself shows that it will be felt: rows of
 * knowledge/version-changes.tsv by their column "detect". A row counts when the way to the target passes its version;
 * what more exact checks tell in their own words (node groups, add-ons, webhooks) is told here by version. */
#include <string.h>
#include "assessment/api_evidence.h"
#include "assessment/nodegroups.h"
#include "base/time.h"
#include "codec/document.h"
#include "knowledge/changes.h"

#define PAGE "https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html"

static bool passes(const struct assess *assess, unsigned minor)
{
	return assess->from < minor && assess->to >= minor;
}

/* The table's own words, as evidence. */
static void cite(struct assess *assess, struct finding *finding, const char *change_id)
{
	const struct version_change *change = knowledge_change(change_id);
	if (change)
		assess_evidence(assess, finding, "version changes", "%s: %s (%s)", change->title, change->what_breaks,
				change->source);
}

/* ---- objects and images */

static bool goes_with_22(const struct assess *assess, const struct api_lifecycle *api)
{
	(void)assess;
	return !strcmp(subject_text(api->removed), "1.22");
}

static bool goes_with_34(const struct assess *assess, const struct api_lifecycle *api)
{
	(void)assess;
	return !strcmp(subject_text(api->removed), "1.34");
}

/* Objects that the server shows in such a version; who wrote them once is API-MANAGEDFIELDS's. */
static void removed_at(struct assess *assess, const char *version, const char *change_id)
{
	size_t n, from = assess->n_findings;
	const struct api_evidence *all = api_evidence_all(assess, &n);
	for (size_t i = 0; i < n; i++) {
		const struct api_evidence *evidence = &all[i];
		if (evidence->source != API_OBJECT || !evidence->removed || strcmp(evidence->removed, version) != 0)
			continue;
		struct finding *finding =
			subject_find(assess, from, evidence->kind, evidence->object_ns, evidence->object_name);
		if (finding) {
			api_evidence_add(assess, finding, evidence);
			continue;
		}
		finding = assess_object(assess, evidence->kind, evidence->object_ns, evidence->object_name,
					"%s goes with %s", api_evidence_version(assess, evidence), version);
		api_evidence_describe(assess, finding, evidence);
		if (change_id)
			cite(assess, finding, change_id);
	}
}

static void at_22(struct assess *assess)
{
	if (!passes(assess, 22))
		return;
	removed_at(assess, "1.22", "beta-apis-removed-1-22");
	api_evidence_unread(assess, goes_with_22);
}

static void socket_of(struct assess *assess, const struct subject_spec *subject)
{
	const struct kube_volume *volume = subject_docker_socket(subject->spec);
	if (!volume)
		return;
	struct finding *finding = assess_object(assess, subject->kind, subject->meta->ns, subject->meta->name,
						"mounts %s, and there is no Docker from 1.24", volume->host_path);
	cite(assess, finding, "dockershim-removed");
}

static void nodes_with_runtime(struct assess *assess, const char *prefix, const char *message, const char *change_id,
			       enum severity severity)
{
	size_t from = assess->n_findings;
	for (size_t i = 0; i < assess->inventory->n_nodes; i++) {
		const struct kube_node *node = &assess->inventory->nodes[i];
		bool new;
		if (!node->runtime || strncmp(node->runtime, prefix, strlen(prefix)) != 0 || subject_is_fargate(node))
			continue;
		struct finding *finding = subject_node_found(assess, from, node, message, &new);
		if (!new)
			continue;
		finding->severity = severity;
		assess_evidence(assess, finding, "kubernetes nodes", "node \"%s\" runs %s",
				subject_text(node->meta.name), node->runtime);
		cite(assess, finding, change_id);
	}
}

static void at_24(struct assess *assess)
{
	if (!passes(assess, 24))
		return;
	subject_each_spec(assess, socket_of);
	nodes_with_runtime(assess, "docker://", "runs Docker, and there is no dockershim from 1.24",
			   "dockershim-removed", SEVERITY_HIGH);
}

static void at_25(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_customs && passes(assess, 25); i++) {
		const struct kube_custom *custom = &assess->inventory->customs[i];
		if (!custom->kind || strcmp(custom->kind, "PodSecurityPolicy") != 0 ||
		    !strcmp(subject_text(custom->meta.name), "eks.privileged"))
			continue;
		struct finding *finding = assess_object(assess, custom->kind, NULL, custom->meta.name,
							"PodSecurityPolicies are gone from 1.25");
		cite(assess, finding, "psp-removed");
	}
}

static void registry_of(struct assess *assess, const struct subject_spec *subject)
{
	const struct kube_container *sets[] = {subject->spec->containers, subject->spec->init_containers};
	size_t counts[] = {subject->spec->n_containers, subject->spec->n_init_containers};
	for (size_t s = 0; s < ARRAY_SIZE(sets); s++) {
		for (size_t i = 0; i < counts[s]; i++) {
			const char *image = sets[s][i].image;
			if (!image || strncmp(image, "k8s.gcr.io/", 11) != 0)
				continue;
			struct finding *finding =
				assess_object(assess, subject->kind, subject->meta->ns, subject->meta->name,
					      "image from k8s.gcr.io, which is frozen since 2023: %s", image);
			cite(assess, finding, "k8s-gcr-io-frozen");
			assess_remedy(assess, finding, "use registry.k8s.io/%s", image + 11);
			return;
		}
	}
}

static void registry(struct assess *assess)
{
	subject_each_spec(assess, registry_of);
}

/* ---- in-tree volumes */

static const char *const in_tree[] = {"awsElasticBlockStore",
				      "rbd",
				      "cephfs",
				      "glusterfs",
				      "flocker",
				      "quobyte",
				      "storageos",
				      "scaleIO",
				      "portworxVolume",
				      "gcePersistentDisk",
				      "azureDisk",
				      "azureFile",
				      "cinder",
				      "vsphereVolume",
				      "photonPersistentDisk",
				      NULL};

static const char *in_tree_of(const json_t *volume)
{
	for (size_t i = 0; in_tree[i]; i++)
		if (json_object_get(volume, in_tree[i]))
			return in_tree[i];
	return NULL;
}

static void in_tree_spec(struct assess *assess, const struct subject_spec *subject)
{
	for (size_t i = 0; i < subject->spec->n_volumes; i++) {
		const char *plugin = in_tree_of(assess_json(assess, subject->spec->volumes[i].text));
		if (!plugin)
			continue;
		assess_object(assess, subject->kind, subject->meta->ns, subject->meta->name,
			      "volume \"%s\" is of the in-tree plugin %s", subject_text(subject->spec->volumes[i].name),
			      plugin);
		return;
	}
}

static bool is_used(const struct assess *assess, const char *class_name)
{
	for (size_t i = 0; i < assess->inventory->n_claims; i++)
		if (!strcmp(subject_text(assess->inventory->claims[i].class_name), subject_text(class_name)))
			return true;
	return false;
}

/* Every EKS cluster has the class gp2 of its own: it counts where somebody uses it. */
static void in_tree_plugins(struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	for (size_t i = 0; i < inventory->n_volumes; i++) {
		const char *plugin = in_tree_of(assess_json(assess, inventory->volumes[i].spec));
		if (plugin)
			assess_object(assess, "PersistentVolume", NULL, inventory->volumes[i].meta.name,
				      "is of the in-tree plugin %s", plugin);
	}
	for (size_t i = 0; i < inventory->n_storage_classes; i++) {
		const struct kube_storage_class *class = &inventory->storage_classes[i];
		const char *provisioner = subject_text(class->provisioner), *name = subject_text(class->meta.name);
		if (!strncmp(provisioner, "kubernetes.io/", 14) &&
		    strcmp(provisioner, "kubernetes.io/no-provisioner") &&
		    (strcmp(name, "gp2") != 0 || is_used(assess, name)))
			assess_object(assess, "StorageClass", NULL, name, "is of the in-tree provisioner %s",
				      provisioner);
	}
	subject_each_spec(assess, in_tree_spec);
}

/* ---- accounts and bindings */

static const struct kube_named *token_of(const struct assess *assess, const char *ns, const char *name)
{
	for (size_t i = 0; i < assess->inventory->n_tokens; i++)
		if (!strcmp(subject_text(assess->inventory->tokens[i].meta.name), name) &&
		    !strcmp(subject_text(assess->inventory->tokens[i].meta.ns), subject_text(ns)))
			return &assess->inventory->tokens[i];
	return NULL;
}

/* A token that was used within the year before now stays as it is. */
static bool is_cleaned_up(const struct assess *assess, const struct kube_named *token)
{
	const char *used = kube_meta_label(&token->meta, "kubernetes.io/legacy-token-last-used");
	int64_t used_ms;
	return kube_meta_label(&token->meta, "kubernetes.io/legacy-token-invalid-since") || !used ||
	       !time_parse_rfc3339(slice_of(arena_printf(assess->arena, "%sT00:00:00Z", used)), &used_ms) ||
	       assess->now_ms - used_ms > 365 * DAY_MS;
}

static void tell_token(struct assess *assess, const struct kube_named *token)
{
	struct finding *finding =
		assess_object(assess, "Secret", token->meta.ns, token->meta.name,
			      "a token of old that nobody has used for a year: it is made invalid, then deleted");
	const char *used = kube_meta_label(&token->meta, "kubernetes.io/legacy-token-last-used");
	assess_remedy(assess, finding,
		      "let what needs one ask for it (kubectl create token), then: kubectl -n %s delete secret %s",
		      subject_text(token->meta.ns), subject_text(token->meta.name));
	assess_evidence(assess, finding, "kubernetes secrets", "%s%s",
			used ? "kubernetes.io/legacy-token-last-used: " : "never seen in use", subject_text(used));
	cite(assess, finding, "legacy-sa-token-cleanup");
}

/* Tokens that were made by themselves are those that their account names. Where Secrets cannot be seen (a look at the
 * cluster reads Helm's alone), the account is told. */
static void at_29(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_service_accounts && passes(assess, 29); i++) {
		const struct kube_service_account *account = &assess->inventory->service_accounts[i];
		const json_t *secrets = assess_json(assess, account->secrets), *secret;
		bool told = false;
		size_t k;
		json_array_foreach (secrets, k, secret) {
			const char *name = document_text_or(secret, "name", "");
			const struct kube_named *token = token_of(assess, account->meta.ns, name);
			if (token && is_cleaned_up(assess, token))
				tell_token(assess, token);
			if (token || told || !strstr(name, "-token-"))
				continue;
			struct finding *finding = assess_object(
				assess, "ServiceAccount", account->meta.ns, account->meta.name,
				"has the token Secret \"%s\" of old: unused ones are made invalid, then deleted", name);
			cite(assess, finding, "legacy-sa-token-cleanup");
			told = true;
		}
	}
}

static bool is_anonymous(const struct kube_role_binding *binding)
{
	for (size_t i = 0; i < binding->n_subjects; i++)
		if (!strcmp(subject_text(binding->subjects[i].name), "system:unauthenticated") ||
		    !strcmp(subject_text(binding->subjects[i].name), "system:anonymous"))
			return true;
	return false;
}

/* Kubernetes' own binding is about the paths that stay open. */
static void at_32(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_role_bindings && passes(assess, 32); i++) {
		const struct kube_role_binding *binding = &assess->inventory->role_bindings[i];
		if (!is_anonymous(binding) || !strncmp(subject_text(binding->meta.name), "system:", 7))
			continue;
		struct finding *finding =
			assess_object(assess, binding->kind, binding->meta.ns, binding->meta.name,
				      "binds %s \"%s\" for everybody who is not signed in: from 1.32 EKS lets them see "
				      "/healthz, /livez and /readyz only",
				      subject_text(binding->role_kind), subject_text(binding->role_name));
		bool in_ns = binding->meta.ns && *binding->meta.ns;
		assess_remedy(assess, finding, "let its clients sign in, then: kubectl %s%s%sdelete %s %s",
			      in_ns ? "-n " : "", subject_text(binding->meta.ns), in_ns ? " " : "", binding->kind,
			      subject_text(binding->meta.name));
		cite(assess, finding, "eks-anonymous-auth");
	}
}

/* ---- nodes */

static bool is_found(const struct assess *assess, size_t from, const char *arn_or_name)
{
	for (size_t i = from; i < assess->n_findings; i++) {
		const struct finding_object *object = assess->findings[i].object;
		if (object && (!strcmp(subject_text(object->arn), arn_or_name) ||
			       (!object->kind && !strcmp(subject_text(object->name), arn_or_name))))
			return true;
	}
	return false;
}

static void al2_nodes(struct assess *assess, const char *message, const char *change_id)
{
	size_t from = assess->n_findings;
	for (size_t i = 0; i < assess->inventory->n_nodes; i++) {
		const struct kube_node *node = &assess->inventory->nodes[i];
		bool new;
		if (!nodegroup_runs_al2(node))
			continue;
		struct finding *finding = subject_node_found(assess, from, node, message, &new);
		if (!new)
			continue;
		assess_evidence(assess, finding, "kubernetes nodes", "node \"%s\" runs %s",
				subject_text(node->meta.name), node->os_image);
		cite(assess, finding, change_id);
	}
	EACH_NODEGROUP(assess, group)
	{ /* of which there may be no node at this moment */
		const char *type = document_text_or(group, "amiType", ""), *object = nodegroup_object(group);
		if (strncmp(type, "AL2_", 4) != 0 || is_found(assess, from, object))
			continue;
		struct finding *finding = assess_aws(assess, object, "%s", message);
		assess_evidence(assess, finding, "eks:DescribeNodegroup", "amiType %s", type);
		cite(assess, finding, change_id);
	}
}

static void at_33(struct assess *assess)
{
	if (!passes(assess, 33))
		return;
	al2_nodes(assess, "runs Amazon Linux 2, for which there is no AMI from 1.33", "no-al2-ami");
}

static void armour_of(struct assess *assess, const struct subject_spec *subject)
{
	for (size_t i = 0; i < subject->n_annotations; i++) {
		if (strncmp(subject->annotations[i].key, "container.apparmor.security.beta.kubernetes.io/", 47) != 0)
			continue;
		struct finding *finding =
			assess_object(assess, subject->kind, subject->meta->ns, subject->meta->name,
				      "sets AppArmor by annotation: fields are not copied there any more from 1.34");
		cite(assess, finding, "apparmor-annotations-not-copied");
		return;
	}
}

static void at_34(struct assess *assess)
{
	if (!passes(assess, 34))
		return;
	subject_each_spec(assess, armour_of);
	removed_at(assess, "1.34", "vap-v1beta1-gone");
	api_evidence_unread(assess, goes_with_34);
}

/* ---- kube-proxy and user data */

static void ipvs(struct assess *assess, enum severity severity, const char *message)
{
	for (size_t i = 0; i < assess->inventory->n_config_maps; i++) {
		const struct kube_config_map *map = &assess->inventory->config_maps[i];
		const char *config = kube_pairs_get(map->data, map->n_data, "config"),
			   *mode = config ? strstr(config, "mode:") : NULL;
		if (strcmp(subject_text(map->meta.name), "kube-proxy-config") != 0 || !mode)
			continue;
		mode += 5 + strspn(mode + 5, " \"'");
		if (strncmp(mode, "ipvs", 4) != 0)
			continue;
		struct finding *finding =
			assess_object(assess, "ConfigMap", map->meta.ns, map->meta.name, "%s", message);
		finding->severity = severity;
		cite(assess, finding, "kube-proxy-ipvs-deprecated");
		assess_remedy(assess, finding,
			      "aws eks update-addon --cluster-name %s --addon-name kube-proxy --configuration-values "
			      "'{\"mode\":\"iptables\"}'",
			      subject_text(assess->inventory->cluster));
	}
}

/* Where launch templates were read. */
static void pause_image_flag(struct assess *assess)
{
	const char *id;
	for (size_t at = 0; (id = nodegroup_template_with(assess, "--pod-infra-container-image", &at));) {
		struct finding *finding =
			assess_aws(assess, id,
				   "its user data gives the kubelet --pod-infra-container-image, with which it does "
				   "not start from 1.35");
		cite(assess, finding, "kubelet-pod-infra-container-image");
	}
}

static void at_35(struct assess *assess)
{
	if (!passes(assess, 35))
		return;
	al2_nodes(assess, "runs Amazon Linux 2, thus cgroup v1, with which the kubelet does not start from 1.35",
		  "cgroup-v1-refused");
	pause_image_flag(assess);
	if (passes(assess, 36))
		return; /* what follows is worse there, and told there */
	nodes_with_runtime(assess, "containerd://1.", "runs containerd 1.x: 1.35 is the last version that takes it",
			   "last-containerd-1x", SEVERITY_MEDIUM);
	ipvs(assess, SEVERITY_MEDIUM, "kube-proxy runs in IPVS mode, which is deprecated from 1.35");
}

static void at_36(struct assess *assess)
{
	if (!passes(assess, 36))
		return;
	nodes_with_runtime(assess, "containerd://1.", "runs containerd 1.x, and 1.36 needs 2.x",
			   "containerd-2-required", SEVERITY_BLOCKER);
	ipvs(assess, SEVERITY_BLOCKER, "kube-proxy runs in IPVS mode, which is not to be used from 1.36");
}

const struct check checks_behaviour[] = {
	{.id = "BEH-1.22",
	 .title = "1.22: admission, RBAC and Ingress v1beta1 are removed",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes discovery"),
	 .run = at_22,
	 .remedy = "move to the v1 of each",
	 .page = PAGE},
	{.id = "BEH-1.24",
	 .title = "1.24: no dockershim",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(SUBJECT_SPECS, "kubernetes nodes"),
	 .run = at_24,
	 .remedy = "move nodes and pods to containerd",
	 .page = PAGE},
	{.id = "BEH-1.25",
	 .title = "1.25: no PodSecurityPolicy",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes podsecuritypolicies.policy"),
	 .run = at_25,
	 .remedy = "move to Pod Security admission",
	 .page = PAGE},
	{.id = "BEH-REGISTRY",
	 .title = "images from k8s.gcr.io",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS(SUBJECT_SPECS),
	 .run = registry,
	 .remedy = "use registry.k8s.io",
	 .page = "https://kubernetes.io/blog/2023/02/06/k8s-gcr-io-freeze-announcement/"},
	{.id = "BEH-INTREE",
	 .title = "in-tree volume plugins",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(SUBJECT_SPECS, "kubernetes persistentvolumes", "kubernetes persistentvolumeclaims",
			"kubernetes storageclasses.storage.k8s.io"),
	 .run = in_tree_plugins,
	 .remedy = "move to the CSI driver of that storage",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi-migration-faq.html"},
	{.id = "BEH-1.29",
	 .title = "1.29: token Secrets of service accounts are cleaned up",
	 .severity = SEVERITY_LOW,
	 .needs = NEEDS("kubernetes serviceaccounts"),
	 .run = at_29,
	 .remedy = "use tokens of the TokenRequest API, and delete the Secret",
	 .page = PAGE},
	{.id = "BEH-1.32",
	 .title = "1.32: who is not signed in sees health endpoints only",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes clusterrolebindings.rbac.authorization.k8s.io",
			"kubernetes rolebindings.rbac.authorization.k8s.io"),
	 .run = at_32,
	 .remedy = "let its clients sign in, and delete the binding",
	 .page = PAGE},
	{.id = "BEH-1.33",
	 .title = "1.33: no AMI of Amazon Linux 2",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes nodes"),
	 .run = at_33,
	 .remedy = "move nodes to Amazon Linux 2023 or Bottlerocket",
	 .page = PAGE},
	{.id = "BEH-1.34",
	 .title = "1.34: AppArmor annotations, ValidatingAdmissionPolicy v1beta1",
	 .severity = SEVERITY_LOW,
	 .needs = NEEDS(SUBJECT_SPECS, "kubernetes discovery"),
	 .run = at_34,
	 .remedy = "use securityContext.appArmorProfile, and v1",
	 .page = PAGE},
	{.id = "BEH-1.35",
	 .title = "1.35: no cgroup v1, no --pod-infra-container-image",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "BLOCKER for cgroup v1 and the flag, MEDIUM for containerd 1.x and IPVS",
	 .needs = NEEDS("kubernetes nodes", "kubernetes configmaps"),
	 .run = at_35,
	 .remedy = "move nodes to images with cgroup v2 and containerd 2.x",
	 .page = PAGE},
	{.id = "BEH-1.36",
	 .title = "1.36: containerd 2.x, no IPVS",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes nodes", "kubernetes configmaps"),
	 .run = at_36,
	 .remedy = "move nodes to images with containerd 2.x, and kube-proxy to iptables or nftables",
	 .page = PAGE},
	{.id = NULL},
};
