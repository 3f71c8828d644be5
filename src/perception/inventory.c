/* The inventory: what is taken in, how it is normalised so that what is alike is shared, and what is noticed on the way
 * (who wrote in which API version). */
#include "perception/inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/error.h"
#include "codec/document.h"
#include "codec/json_series.h"
#include "knowledge/lifecycle.h"
#include "perception/helm.h"
#include "perception/pod_specs.h"

const char *const source_status_names[] = {"ok", "denied", "failed", "skipped", NULL};

struct inventory *inventory_new(void)
{
	struct inventory *inventory = mem_alloc(sizeof *inventory);
	inventory->pool = model_pool_new();
	inventory->arena = model_pool_arena(inventory->pool);
	inventory->pod_specs = pod_specs_new(inventory->pool);
	inventory->aws = json_object();
	return inventory;
}

static void free_readers(struct inventory *inventory);

void inventory_free(struct inventory *inventory)
{
	if (!inventory)
		return;
#define FREE(type, name) free(inventory->name);
	INVENTORY_KINDS(FREE)
#undef FREE
	free(inventory->helm_releases);
	json_decref(inventory->aws);
	json_decref(inventory->warnings);
	json_decref(inventory->survey);
	pod_specs_free(inventory->pod_specs);
	free_readers(inventory);
	json_decref(inventory->audit_log);
	model_pool_free(inventory->pool);
	free(inventory);
}

void inventory_freep(struct inventory **inventory)
{
	inventory_free(*inventory);
}

/* ---- on the way in */

enum { LONGEST_ANNOTATION = 4096 };
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

static void add_use(struct inventory *inventory, struct api_use use, const struct kube_meta *meta)
{
	use.ns = model_pool_text(inventory->pool, meta->ns);
	use.name = model_pool_text(inventory->pool, meta->name);
	use.caller = model_pool_text(inventory->pool, use.caller);
	*ARENA_PUSH(inventory->arena, inventory->api_uses, inventory->n_api_uses) = use;
}

static void see_writers(struct inventory *inventory, const struct kube_meta *meta, const char *kind)
{
	for (size_t i = 0; i < meta->n_writers; i++) {
		const struct kube_writer *writer = &meta->writers[i];
		if (!writer->api_version || !kind ||
		    (meta->api_version && !strcmp(writer->api_version, meta->api_version)))
			continue;
		const struct api_lifecycle *api = knowledge_api_version(writer->api_version, kind);
		if (api && (api->deprecated || api->removed))
			add_use(inventory,
				(struct api_use){.source = API_USE_MANAGED_FIELDS,
						 .api = api,
						 .caller = writer->manager,
						 .last_seen_ms = writer->time_ms},
				meta);
	}
}

/* Only alpha and beta versions are ever removed: stable ones are not looked up for each object. */
static void see_object(struct inventory *inventory, const struct kube_meta *meta, const char *kind)
{
	if (!meta->api_version || !kind || (!strstr(meta->api_version, "alpha") && !strstr(meta->api_version, "beta")))
		return;
	const struct api_lifecycle *api = knowledge_api_version(meta->api_version, kind);
	if (api)
		add_use(inventory, (struct api_use){.source = API_USE_OBJECT, .api = api}, meta);
}

struct applied {
	const char *api_version, *kind;
};
static const struct field applied_fields[] = {
	F_STRING(struct applied, api_version, "apiVersion", 0, ""),
	F_STRING(struct applied, kind, "kind", 0, ""),
};
static const struct model applied_model = MODEL("Applied", struct applied, applied_fields);

static void see_last_applied(struct inventory *inventory, const struct kube_meta *meta, struct arena *arena)
{
	const char *text = kube_meta_annotation(meta, LAST_APPLIED);
	struct applied applied;
	if (!text)
		return;
	struct error *error =
		json_decode(slice_of(text), LAST_APPLIED, JSON_READ_SERVER, &applied_model, &applied, arena);
	const struct api_lifecycle *api = error || !applied.api_version || !applied.kind
						  ? NULL
						  : knowledge_api_version(applied.api_version, applied.kind);
	error_free(error);
	if (api && (api->deprecated || api->removed))
		add_use(inventory, (struct api_use){.source = API_USE_LAST_APPLIED, .api = api}, meta);
}

static bool is_wanted(const struct pair *annotation)
{
	return strcmp(annotation->key, LAST_APPLIED) != 0 &&
	       strlen(annotation->value ? annotation->value : "") <= LONGEST_ANNOTATION;
}

/* Annotations that nobody reads are many and large. The others are a list of their own: the next object is made of the
 * whole one. */
static void thin_annotations(struct kube_meta *meta, struct arena *arena)
{
	const struct pair *all = meta->annotations;
	size_t n = meta->n_annotations, kept = 0;
	for (size_t i = 0; i < n; i++)
		kept += is_wanted(&all[i]);
	if (kept == n)
		return;
	meta->annotations = arena_alloc(arena, (kept + 1) * sizeof *all);
	meta->n_annotations = 0;
	for (size_t i = 0; i < n; i++)
		if (is_wanted(&all[i]))
			meta->annotations[meta->n_annotations++] = all[i];
}

static bool prepare_pod(struct inventory *inventory, void *object, struct arena *arena)
{
	struct kube_pod *pod = object;
	for (size_t i = 0; i < pod->n_conditions; i++)
		pod->conditions[i].message = NULL;
	struct error *error = pod->spec_text ? pod_specs_read(inventory->pod_specs, pod, arena) : NULL;
	if (error)
		inventory_bad(inventory, "Pod",
			      arena_printf(arena, "%s/%s: %s", pod->meta.ns ? pod->meta.ns : "",
					   pod->meta.name ? pod->meta.name : "", error->message));
	bool good = !error;
	error_free(error);
	return good;
}

static bool prepare_node(struct inventory *inventory, void *object, struct arena *arena)
{
	struct kube_node *node = object;
	(void)inventory;
	(void)arena;
	for (size_t i = 0; i < node->n_conditions; i++)
		node->conditions[i].message = NULL;
	return true;
}

static bool prepare_slice(struct inventory *inventory, void *object, struct arena *arena)
{
	struct kube_endpoint_slice *slice = object;
	(void)inventory;
	(void)arena;
	slice->total = (int64_t)slice->n_endpoints;
	for (size_t i = 0; i < slice->n_endpoints; i++)
		slice->ready += !slice->endpoints[i].ready || !strcmp(slice->endpoints[i].ready, "true");
	slice->n_endpoints = 0;
	return true;
}

static void take_release(struct inventory *inventory, const char *kind, const struct kube_meta *meta, const char *text,
			 struct arena *arena)
{
	struct helm_release release = {0};
	struct error *error = helm_release_decode(slice_of(text), arena, &release);
	if (error) {
		*ARENA_PUSH(inventory->arena, inventory->bad_objects, inventory->n_bad_objects) = (struct bad_object){
			kind, arena_printf(inventory->arena, "Helm release \"%s/%s\": %s", meta->ns ? meta->ns : "",
					   meta->name ? meta->name : "", error->message)};
		error_free(error);
		return;
	}
	if (!release.ns)
		release.ns = meta->ns;
	model_pool_settle(inventory->pool, &helm_release_model, &release, NULL, 0);
	*HEAP_PUSH(inventory->helm_releases, inventory->n_helm_releases) = release;
}

/* Only those of kube-system say something about the cluster; the others are named. Helm keeps its releases there where
 * HELM_DRIVER says so. */
static bool prepare_config_map(struct inventory *inventory, void *object, struct arena *arena)
{
	struct kube_config_map *map = object;
	const char *owner = kube_meta_label(&map->meta, "owner"),
		   *release =
			   owner && !strcmp(owner, "helm") ? kube_pairs_get(map->data, map->n_data, "release") : NULL;
	if (release)
		take_release(inventory, "ConfigMap", &map->meta, release, arena);
	if (release || !map->meta.ns || strcmp(map->meta.ns, "kube-system") != 0)
		map->n_data = 0;
	return true;
}

static bool prepare_secret(struct inventory *inventory, void *object, struct arena *arena)
{
	struct kube_secret_release *secret = object;
	if (secret->type && !strcmp(secret->type, "kubernetes.io/service-account-token")) {
		struct kube_named named = {.kind = "Secret", .meta = secret->meta};
		model_pool_settle(inventory->pool, &kube_named_model, &named, NULL, 0);
		*HEAP_PUSH(inventory->tokens, inventory->n_tokens) = named;
	} else if (secret->release && secret->type && !strcmp(secret->type, "helm.sh/release.v1")) {
		take_release(inventory, "Secret", &secret->meta, secret->release, arena);
	}
	return false;
}

/* An empty selector of policy/v1beta1 selects nothing. The API server tells it so in policy/v1. */
#define NO_POD                                                                                                         \
	"{\"matchExpressions\":[{\"key\":\"pdb.kubernetes.io/"                                                         \
	"deprecated-v1beta1-empty-selector-match\",\"operator\":\"Exists\"}]}"

static bool prepare_pdb(struct inventory *inventory, void *object, struct arena *arena)
{
	struct kube_pdb *pdb = object;
	json_t *selector DOCUMENT_CLEANUP = NULL;
	(void)inventory;
	(void)arena;
	if (!pdb->selector || !pdb->meta.api_version || strcmp(pdb->meta.api_version, "policy/v1beta1") != 0)
		return true;
	error_free(document_parse(slice_of(pdb->selector), "selector", &selector));
	if (json_is_object(selector) && !json_object_size(json_object_get(selector, "matchLabels")) &&
	    !json_array_size(json_object_get(selector, "matchExpressions")))
		pdb->selector = NO_POD;
	return true;
}

/* ---- kinds */

#define INTO(member) offsetof(struct inventory, member), offsetof(struct inventory, n_##member)
#define CUSTOM(kind, group, resource)                                                                                  \
	{                                                                                                              \
		kind, group, resource, NULL, &kube_custom_model, INTO(customs), NULL, NULL, NULL                       \
	}
const struct kube_kind inventory_kinds[] = {
	{"Node", "", "nodes", "v1", &kube_node_model, INTO(nodes), NULL, NULL, prepare_node},
	{"Pod", "", "pods", "v1", &kube_pod_text_model, INTO(pods), NULL, NULL, prepare_pod},
	{"Deployment", "apps", "deployments", "v1", &kube_deployment_model, INTO(workloads), NULL, NULL, NULL},
	{"StatefulSet", "apps", "statefulsets", "v1", &kube_stateful_set_model, INTO(workloads), NULL, NULL, NULL},
	{"DaemonSet", "apps", "daemonsets", "v1", &kube_daemon_set_model, INTO(workloads), NULL, NULL, NULL},
	{"ReplicaSet", "apps", "replicasets", "v1", &kube_replica_set_model, INTO(workloads), NULL, NULL, NULL},
	{"ReplicationController", "", "replicationcontrollers", "v1", &kube_deployment_model, INTO(workloads), NULL,
	 NULL, NULL},
	{"Job", "batch", "jobs", "v1", &kube_job_model, INTO(workloads), NULL, NULL, NULL},
	{"CronJob", "batch", "cronjobs", "v1", &kube_cron_job_model, INTO(workloads), NULL, NULL, NULL},
	{"PodDisruptionBudget", "policy", "poddisruptionbudgets", "v1", &kube_pdb_model, INTO(pdbs), NULL, NULL,
	 prepare_pdb},
	{"Service", "", "services", "v1", &kube_service_model, INTO(services), NULL, NULL, NULL},
	{"EndpointSlice", "discovery.k8s.io", "endpointslices", "v1", &kube_endpoint_slice_model, INTO(endpoint_slices),
	 NULL, NULL, prepare_slice},
	{"Ingress", "networking.k8s.io", "ingresses", "v1", &kube_ingress_model, INTO(ingresses), NULL, NULL, NULL},
	{"HorizontalPodAutoscaler", "autoscaling", "horizontalpodautoscalers", "v2", &kube_hpa_model, INTO(hpas), NULL,
	 NULL, NULL},
	{"ValidatingWebhookConfiguration", "admissionregistration.k8s.io", "validatingwebhookconfigurations", "v1",
	 &kube_webhook_configuration_model, INTO(webhooks), NULL, NULL, NULL},
	{"MutatingWebhookConfiguration", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "v1",
	 &kube_webhook_configuration_model, INTO(webhooks), NULL, NULL, NULL},
	{"CustomResourceDefinition", "apiextensions.k8s.io", "customresourcedefinitions", "v1", &kube_crd_model,
	 INTO(crds), NULL, NULL, NULL},
	{"APIService", "apiregistration.k8s.io", "apiservices", "v1", &kube_api_service_model, INTO(api_services), NULL,
	 NULL, NULL},
	{"StorageClass", "storage.k8s.io", "storageclasses", "v1", &kube_storage_class_model, INTO(storage_classes),
	 NULL, NULL, NULL},
	{"CSINode", "storage.k8s.io", "csinodes", "v1", &kube_csi_node_model, INTO(csi_nodes), NULL, NULL, NULL},
	{"PersistentVolume", "", "persistentvolumes", "v1", &kube_volume_object_model, INTO(volumes), NULL, NULL, NULL},
	{"PersistentVolumeClaim", "", "persistentvolumeclaims", "v1", &kube_claim_model, INTO(claims), NULL, NULL,
	 NULL},
	{"Role", "rbac.authorization.k8s.io", "roles", "v1", &kube_role_model, INTO(roles), NULL, NULL, NULL},
	{"ClusterRole", "rbac.authorization.k8s.io", "clusterroles", "v1", &kube_role_model, INTO(roles), NULL, NULL,
	 NULL},
	{"RoleBinding", "rbac.authorization.k8s.io", "rolebindings", "v1", &kube_role_binding_model,
	 INTO(role_bindings), NULL, NULL, NULL},
	{"ClusterRoleBinding", "rbac.authorization.k8s.io", "clusterrolebindings", "v1", &kube_role_binding_model,
	 INTO(role_bindings), NULL, NULL, NULL},
	{"Namespace", "", "namespaces", "v1", &kube_namespace_model, INTO(namespaces), NULL, NULL, NULL},
	{"ServiceAccount", "", "serviceaccounts", "v1", &kube_service_account_model, INTO(service_accounts), NULL, NULL,
	 NULL},
	{"ConfigMap", "", "configmaps", "v1", &kube_config_map_model, INTO(config_maps), NULL, "kube-system",
	 prepare_config_map},
	{"Lease", "coordination.k8s.io", "leases", "v1", &kube_lease_model, INTO(leases), NULL, NULL, NULL},
	{"Secret", "", "secrets", "v1", &kube_secret_release_model, 0, 0, "fieldSelector=type%3Dhelm.sh%2Frelease.v1",
	 NULL, prepare_secret},
	{"NetworkPolicy", "networking.k8s.io", "networkpolicies", "v1", &kube_custom_model, INTO(customs), NULL, NULL,
	 NULL},
	{"PriorityClass", "scheduling.k8s.io", "priorityclasses", "v1", &kube_named_model, INTO(others), NULL, NULL,
	 NULL},
	{"FlowSchema", "flowcontrol.apiserver.k8s.io", "flowschemas", "v1", &kube_named_model, INTO(others), NULL, NULL,
	 NULL},
	{"PriorityLevelConfiguration", "flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations", "v1",
	 &kube_named_model, INTO(others), NULL, NULL, NULL},
	{"RuntimeClass", "node.k8s.io", "runtimeclasses", "v1", &kube_named_model, INTO(others), NULL, NULL, NULL},
	{"IngressClass", "networking.k8s.io", "ingressclasses", "v1", &kube_custom_model, INTO(customs), NULL, NULL,
	 NULL},
	{"VolumeAttributesClass", "storage.k8s.io", "volumeattributesclasses", NULL, &kube_named_model, INTO(others),
	 NULL, NULL, NULL},
	{"DeviceClass", "resource.k8s.io", "deviceclasses", NULL, &kube_named_model, INTO(others), NULL, NULL, NULL},
	{"ResourceClaimTemplate", "resource.k8s.io", "resourceclaimtemplates", NULL, &kube_named_model, INTO(others),
	 NULL, NULL, NULL},
	{"ValidatingAdmissionPolicyBinding", "admissionregistration.k8s.io", "validatingadmissionpolicybindings", "v1",
	 &kube_named_model, INTO(others), NULL, NULL, NULL},
	{"ValidatingAdmissionPolicy", "admissionregistration.k8s.io", "validatingadmissionpolicies", "v1",
	 &kube_custom_model, INTO(customs), NULL, NULL, NULL},
	{"CSIDriver", "storage.k8s.io", "csidrivers", "v1", &kube_custom_model, INTO(customs), NULL, NULL, NULL},
	{"ResourceQuota", "", "resourcequotas", "v1", &kube_custom_model, INTO(customs), NULL, NULL, NULL},
	{"PodSecurityPolicy", "policy", "podsecuritypolicies", NULL, &kube_custom_model, INTO(customs), NULL, NULL,
	 NULL},
	CUSTOM("NodePool", "karpenter.sh", "nodepools"),
	CUSTOM("NodeClaim", "karpenter.sh", "nodeclaims"),
	CUSTOM("EC2NodeClass", "karpenter.k8s.aws", "ec2nodeclasses"),
	CUSTOM("NodeClass", "eks.amazonaws.com", "nodeclasses"),
	CUSTOM("ENIConfig", "crd.k8s.amazonaws.com", "eniconfigs"),
	CUSTOM("TargetGroupBinding", "elbv2.k8s.aws", "targetgroupbindings"),
	CUSTOM("Application", "argoproj.io", "applications"),
	CUSTOM("ApplicationSet", "argoproj.io", "applicationsets"),
	CUSTOM("Rollout", "argoproj.io", "rollouts"),
	CUSTOM("Kustomization", "kustomize.toolkit.fluxcd.io", "kustomizations"),
	CUSTOM("HelmRelease", "helm.toolkit.fluxcd.io", "helmreleases"),
	CUSTOM("GitRepository", "source.toolkit.fluxcd.io", "gitrepositories"),
	CUSTOM("Backup", "velero.io", "backups"),
	CUSTOM("Restore", "velero.io", "restores"),
	CUSTOM("Schedule", "velero.io", "schedules"),
	CUSTOM("BackupStorageLocation", "velero.io", "backupstoragelocations"),
	CUSTOM("VolumeSnapshotClass", "snapshot.storage.k8s.io", "volumesnapshotclasses"),
	CUSTOM("Gateway", "gateway.networking.k8s.io", "gateways"),
	CUSTOM("HTTPRoute", "gateway.networking.k8s.io", "httproutes"),
	CUSTOM("MachineDeployment", "cluster.x-k8s.io", "machinedeployments"),
	CUSTOM("KubeadmControlPlane", "controlplane.cluster.x-k8s.io", "kubeadmcontrolplanes"),
	CUSTOM("AWSManagedControlPlane", "controlplane.cluster.x-k8s.io", "awsmanagedcontrolplanes"),
	CUSTOM("ClusterServiceVersion", "operators.coreos.com", "clusterserviceversions"),
	CUSTOM("ScaledObject", "keda.sh", "scaledobjects"),
};
const size_t inventory_n_kinds = ARRAY_SIZE(inventory_kinds);

static const struct kube_kind other_kind = {"", "", "", NULL, &kube_named_model, INTO(others), NULL, NULL, NULL};

const struct kube_kind *inventory_kind(const char *api_version, const char *kind)
{
	const char *slash = api_version ? strchr(api_version, '/') : NULL;
	size_t n = slash ? (size_t)(slash - api_version) : 0;
	for (size_t i = 0; i < inventory_n_kinds; i++) {
		const struct kube_kind *row = &inventory_kinds[i];
		if (kind && !strcmp(row->kind, kind) && strlen(row->group) == n &&
		    !strncmp(row->group, api_version ? api_version : "", n))
			return row;
	}
	if (kind && slash && !strcmp(kind, "Ingress") && !strncmp(api_version, "extensions/", 11))
		return inventory_kind("networking.k8s.io/v1", kind);
	return &other_kind;
}

/* Kinds share structs: where the object's kind goes, if the struct has a place for it. */
static const struct field *kind_field(const struct model *model)
{
	for (size_t i = 0; i < model->n_fields; i++)
		if (!strcmp(model->fields[i].name, "kind") && model->fields[i].kind == FIELD_STRING)
			return &model->fields[i];
	return NULL;
}

/* Who writes what is asked of add-ons' objects alone. */
static bool keeps_writers(const struct kube_meta *meta, const char *kind)
{
	return meta->ns && !strcmp(meta->ns, "kube-system") && kind &&
	       (!strcmp(kind, "Deployment") || !strcmp(kind, "DaemonSet") || !strcmp(kind, "ConfigMap"));
}

/* Bit i: bytes 8i to 8i+7 of the two differ. */
static uint64_t words_that_differ(const char *a, const char *b, size_t n)
{
	uint64_t differ = 0;
	for (size_t i = 0; i < n / sizeof(uint64_t); i++)
		differ |= (uint64_t)(memcmp(a + i * sizeof(uint64_t), b + i * sizeof(uint64_t), sizeof(uint64_t)) != 0)
			  << i;
	return differ;
}

enum { LARGEST_STRUCT = MODEL_WORDS * sizeof(uint64_t) }; /* for which a series helps */

/* `last` is where the one before is, and 1, or 0. */
static void put(struct inventory *inventory, const struct kube_kind *kind, void *object, const void *as_read,
		struct inventory_series *series, size_t last)
{
	size_t size = kind->model->size, *n = (void *)((char *)inventory + kind->offset_n);
	void **items = (void *)((char *)inventory + kind->offset);
	const char *like = *n ? (char *)*items + (*n - 1) * size : NULL;
	uint64_t same = 0;
	if (series && size <= LARGEST_STRUCT) {
		uint64_t touched = words_that_differ(object, as_read, size);
		if (last) {
			like = (char *)*items + (last - 1) * size;
			same = ~(series->changed | touched | series->touched);
		}
		series->touched = touched;
		series->last = *n + 1;
	}
	model_pool_settle(inventory->pool, kind->model == &kube_pod_text_model ? &kube_pod_but_spec_model : kind->model,
			  object, like, same);
	size_t at = heap_grow(items, n, size);
	memcpy((char *)*items + at * size, object, size);
}

void inventory_take(struct inventory *inventory, const struct kube_kind *kind, const char *api_version,
		    const char *kind_name, void *object, struct arena *arena, struct inventory_series *series)
{
	char as_read[LARGEST_STRUCT];
	struct kube_meta *meta = (void *)((char *)object + kind->model->fields[0].offset); /* every table begins so */
	const struct field *place = kind_field(kind->model);
	size_t last = series ? series->last : 0;
	if (series)
		series->last = 0; /* until this one is taken */
	memcpy(as_read, object, kind->model->size < sizeof as_read ? kind->model->size : sizeof as_read);
	if (!meta->name || !*meta->name) {
		inventory_bad(inventory, kind_name ? kind_name : kind->kind, "it has no name");
		return;
	}
	meta->api_version = api_version ? api_version : meta->api_version;
	if (place && kind_name) /* lists of metadata call everything PartialObjectMetadata */
		*(const char **)(void *)((char *)object + place->offset) = kind_name;
	see_object(inventory, meta, kind_name);
	see_writers(inventory, meta, kind_name);
	see_last_applied(inventory, meta, arena);
	if (!keeps_writers(meta, kind_name)) {
		meta->n_writers = 0;
		meta->writers = NULL;
	}
	thin_annotations(meta, arena);
	if (kind->prepare && !kind->prepare(inventory, object, arena))
		return;
	put(inventory, kind, object, as_read, series, last);
}

void inventory_bad(struct inventory *inventory, const char *kind, const char *detail)
{
	*ARENA_PUSH(inventory->arena, inventory->bad_objects, inventory->n_bad_objects) = (struct bad_object){
		model_pool_text(inventory->pool, kind ? kind : "object"), model_pool_text(inventory->pool, detail)};
}

/* Kind and version stand at an object's beginning: what follows is not looked at. */
static bool read_head(struct slice text, struct applied *ret, struct arena *scratch)
{
	struct json_cursor c = {.p = text.p, .end = text.p + text.n, .arena = scratch, .max_depth = 200};
	*ret = (struct applied){0};
	if (!json_expect(&c, '{'))
		return false;
	for (bool first = true; !ret->kind || !ret->api_version; first = false) {
		struct slice key;
		if ((!first && !json_expect(&c, ',')) || !json_text(&c, &key) || !json_expect(&c, ':') ||
		    !json_member(&c, &applied_model, field_set_all(&applied_model), ret, key)) {
			free(c.path); /* where it went wrong: a second reading tells it */
			return false;
		}
	}
	return true;
}

/* Objects of a folder, kind by kind. */
struct kind_reader {
	struct json_series *series;
	struct inventory_series taken;
};

static struct kind_reader *reader_of(struct inventory *inventory, const struct kube_kind *kind)
{
	size_t i = kind == &other_kind ? inventory_n_kinds : (size_t)(kind - inventory_kinds);
	if (!inventory->readers)
		inventory->readers = mem_array(inventory_n_kinds + 1, sizeof *inventory->readers);
	if (!inventory->readers[i].series)
		inventory->readers[i].series = json_series_new(kind->model, true);
	return &inventory->readers[i];
}

static void free_readers(struct inventory *inventory)
{
	for (size_t i = 0; inventory->readers && i <= inventory_n_kinds; i++)
		json_series_free(inventory->readers[i].series);
	free(inventory->readers);
	inventory->readers = NULL;
}

static const struct field object_fields[] = {F_WHOLE(struct inventory_object, text)};
const struct model inventory_object_model = MODEL("Object", struct inventory_object, object_fields);

bool inventory_take_object(void *inventory, void *object, struct arena *scratch)
{
	const char *text = ((const struct inventory_object *)object)->text;
	if (text)
		inventory_take_text(inventory, slice_of(text), scratch);
	return true;
}

/* A List within the List: what several calls of kubectl gave, put together. */
static struct error *take_list(struct inventory *inventory, struct slice text)
{
	struct json_stream_spec spec = {.name = "List",
					.item_path = "items",
					.item_model = &inventory_object_model,
					.fn = inventory_take_object,
					.context = inventory,
					.max_item_bytes = text.n + 1};
	struct json_stream *stream CLEANUP(json_stream_freep) = json_stream_new(&spec);
	TRY(json_stream_feed(stream, text.p, text.n));
	return json_stream_end(stream);
}

void inventory_take_text(struct inventory *inventory, struct slice text, struct arena *scratch)
{
	struct applied what;
	struct error *error = NULL;
	if (!read_head(text, &what, scratch))
		error = json_decode(text, "object", JSON_READ_SERVER, &applied_model, &what, scratch);
	if (!error && (!what.kind || !what.api_version))
		error = error_new(ERROR_INVALID, "an object without kind or apiVersion");
	bool list = !error && !strcmp(what.kind, "List") && !strcmp(what.api_version, "v1");
	if (list)
		error = take_list(inventory, text);
	const struct kube_kind *kind = inventory_kind(what.api_version, what.kind);
	struct kind_reader *reader = error || list ? NULL : reader_of(inventory, kind);
	struct json_cursor c = {.p = text.p, .end = text.p + text.n, .max_depth = 200};
	void *object;
	struct arena *arena;
	if (reader && json_series_next(reader->series, &c, &object, &arena, &reader->taken.changed)) {
		inventory_take(inventory, kind, what.api_version, what.kind, object, arena, &reader->taken);
		json_series_keep(reader->series);
	} else if (reader) { /* what is wrong with it, and where */
		object = arena_alloc(scratch, kind->model->size);
		error = json_decode(text, what.kind, JSON_READ_SERVER, kind->model, object, scratch);
		json_series_free(reader->series);
		*reader = (struct kind_reader){0};
		if (!error)
			inventory_take(inventory, kind, what.api_version, what.kind, object, scratch, NULL);
	}
	if (error)
		inventory_bad(inventory, what.kind, error->message);
	error_free(error);
	free(c.path);
}

static int release_order(const void *left, const void *right)
{
	const struct helm_release *a = left, *b = right;
	int order = strcmp(a->ns ? a->ns : "", b->ns ? b->ns : "");
	order = order ? order : strcmp(a->name ? a->name : "", b->name ? b->name : "");
	return order ? order : (a->revision < b->revision) - (a->revision > b->revision);
}

struct seen_object {
	const char *what[4]; /* UID, kind, namespace, name */
	size_t at;
};
static int seen_order(const void *left, const void *right)
{
	const struct seen_object *a = left, *b = right;
	int order = memcmp(a->what, b->what, sizeof a->what);
	return order ? order : (a->at > b->at) - (a->at < b->at);
}

/* Of an object that is there twice the last stays, at its place. Pooled texts: one pointer each. A UID alone does not
 * tell: in folders that people have written by hand several objects may have one. */
static void keep_last(char *items, size_t *n, const struct model *model)
{
	struct seen_object *seen = mem_array(*n, sizeof *seen);
	bool *drop = mem_array(*n, sizeof *drop);
	const struct field *kind = kind_field(model);
	for (size_t i = 0; i < *n; i++) {
		const char *object = items + i * model->size;
		const struct kube_meta *meta = (const void *)(object + model->fields[0].offset);
		const char *kind_name = kind ? *(const char *const *)(const void *)(object + kind->offset) : NULL;
		seen[i] = (struct seen_object){{meta->uid, kind_name, meta->ns, meta->name}, i};
	}
	if (*n)
		qsort(seen, *n, sizeof *seen, seen_order);
	for (size_t i = 0; i + 1 < *n; i++)
		drop[seen[i].at] = seen[i].what[0] && !memcmp(seen[i].what, seen[i + 1].what, sizeof seen->what);
	size_t kept = 0;
	for (size_t i = 0; i < *n; i++)
		if (!drop[i])
			memmove(items + kept++ * model->size, items + i * model->size, model->size);
	*n = kept;
	free(seen);
	free(drop);
}

static void each_once(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory_n_kinds; i++) {
		const struct kube_kind *kind = &inventory_kinds[i];
		if (kind->offset)
			keep_last(*(char **)(void *)((char *)inventory + kind->offset),
				  (size_t *)(void *)((char *)inventory + kind->offset_n), kind->model);
	}
}

void inventory_settle(struct inventory *inventory)
{
	if (inventory->restarted)
		each_once(inventory);
	struct helm_release *all = inventory->helm_releases;
	size_t kept = 0;
	if (inventory->n_helm_releases)
		qsort(all, inventory->n_helm_releases, sizeof *all, release_order);
	for (size_t i = 0; i < inventory->n_helm_releases; i++)
		if (!kept || all[kept - 1].ns != all[i].ns || all[kept - 1].name != all[i].name)
			all[kept++] = all[i];
		else if (!all[kept - 1].installed && all[i].status && !strcmp(all[i].status, "deployed") &&
			 !(all[kept - 1].status && !strcmp(all[kept - 1].status, "deployed")))
			all[kept - 1].installed = all[i].manifest;
	inventory->n_helm_releases = kept;
	inventory_aws_settle(inventory);
	free_readers(inventory);
	model_pool_seal(inventory->pool);
}

/* ---- sources */

const struct source *inventory_find_source(const struct inventory *inventory, const char *name)
{
	for (size_t i = 0; i < inventory->n_sources; i++)
		if (!strcmp(inventory->sources[i].name, name))
			return &inventory->sources[i];
	return NULL;
}

void inventory_source(struct inventory *inventory, const char *name, enum source_status status, const char *detail)
{
	struct source *found = (struct source *)(uintptr_t)inventory_find_source(inventory, name);
	if (found && (found->status != SOURCE_OK || status == SOURCE_OK))
		return;
	if (!found)
		found = ARENA_PUSH(inventory->arena, inventory->sources, inventory->n_sources);
	*found = (struct source){model_pool_text(inventory->pool, name), status,
				 model_pool_text(inventory->pool, detail)};
}

void inventory_source_error(struct inventory *inventory, const char *name, const struct error *error)
{
	if (!error) {
		inventory_source(inventory, name, SOURCE_OK, NULL);
		return;
	}
	struct buf line CLEANUP(buf_done) = BUF_INIT(4096);
	error_line(error, &line);
	inventory_source(inventory, name, error->class == ERROR_AUTH ? SOURCE_DENIED : SOURCE_FAILED, buf_str(&line));
}
