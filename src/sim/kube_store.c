/* Records of the simulated cluster by kind, their versions and uids, tombstones for watches, and the heap of timers. */
#include "sim/kube_world.h"

#include <stdio.h>
#include <stdlib.h>

#define ROW(group, version, plural, kind, short, ns, all, sub)                                                         \
	{                                                                                                              \
		group, version, plural, kind, short, ns, all, 0, sub, -1                                               \
	}
const struct kube_resource kube_resources[] = {
	[KIND_NAMESPACE] = ROW("", "v1", "namespaces", "Namespace", "ns", false, false, "status,finalize"),
	[KIND_NODE] = ROW("", "v1", "nodes", "Node", "no", false, false, "status"),
	[KIND_POD] = ROW("", "v1", "pods", "Pod", "po", true, true, "status,eviction,log,binding"),
	[KIND_SERVICE] = ROW("", "v1", "services", "Service", "svc", true, true, "status"),
	[KIND_CONFIGMAP] = ROW("", "v1", "configmaps", "ConfigMap", "cm", true, false, ""),
	[KIND_SECRET] = ROW("", "v1", "secrets", "Secret", "", true, false, ""),
	[KIND_SERVICEACCOUNT] = ROW("", "v1", "serviceaccounts", "ServiceAccount", "sa", true, false, ""),
	[KIND_PVC] = ROW("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", "pvc", true, false, "status"),
	[KIND_PV] = ROW("", "v1", "persistentvolumes", "PersistentVolume", "pv", false, false, "status"),
	[KIND_EVENT] = ROW("", "v1", "events", "Event", "ev", true, false, ""),
	[KIND_DEPLOYMENT] = ROW("apps", "v1", "deployments", "Deployment", "deploy", true, true, "status,scale"),
	[KIND_REPLICASET] = ROW("apps", "v1", "replicasets", "ReplicaSet", "rs", true, true, "status,scale"),
	[KIND_STATEFULSET] = ROW("apps", "v1", "statefulsets", "StatefulSet", "sts", true, true, "status,scale"),
	[KIND_DAEMONSET] = ROW("apps", "v1", "daemonsets", "DaemonSet", "ds", true, true, "status"),
	[KIND_JOB] = ROW("batch", "v1", "jobs", "Job", "", true, true, "status"),
	[KIND_CRONJOB] = ROW("batch", "v1", "cronjobs", "CronJob", "cj", true, true, "status"),
	[KIND_HPA] = ROW("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa", true, true,
			 "status"),
	[KIND_PDB] = ROW("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb", true, false, "status"),
	[KIND_INGRESS] = ROW("networking.k8s.io", "v1", "ingresses", "Ingress", "ing", true, false, "status"),
	[KIND_INGRESSCLASS] = ROW("networking.k8s.io", "v1", "ingressclasses", "IngressClass", "", false, false, ""),
	[KIND_LEASE] = ROW("coordination.k8s.io", "v1", "leases", "Lease", "", true, false, ""),
	[KIND_STORAGECLASS] = ROW("storage.k8s.io", "v1", "storageclasses", "StorageClass", "sc", false, false, ""),
	[KIND_CSINODE] = ROW("storage.k8s.io", "v1", "csinodes", "CSINode", "", false, false, ""),
	[KIND_CSIDRIVER] = ROW("storage.k8s.io", "v1", "csidrivers", "CSIDriver", "", false, false, ""),
	[KIND_ENDPOINTSLICE] = ROW("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", "", true, false, ""),
	[KIND_PRIORITYCLASS] =
		ROW("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", "pc", false, false, ""),
	[KIND_CRD] = ROW("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition",
			 "crd,crds", false, false, "status"),
	[KIND_APISERVICE] =
		ROW("apiregistration.k8s.io", "v1", "apiservices", "APIService", "", false, false, "status"),
	[KIND_FLOWSCHEMA] =
		ROW("flowcontrol.apiserver.k8s.io", "v1", "flowschemas", "FlowSchema", "", false, false, "status"),
	[KIND_CLUSTERROLE] =
		ROW("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", "", false, false, ""),
	[KIND_CLUSTERROLEBINDING] = ROW("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding",
					"", false, false, ""),
	[KIND_BACKUP] = ROW("velero.io", "v1", "backups", "Backup", "", true, false, ""),
	[KIND_BACKUPLOCATION] =
		ROW("velero.io", "v1", "backupstoragelocations", "BackupStorageLocation", "bsl", true, false, ""),
	[KIND_OTHERS] = ROW("velero.io", "v1", "restores", "Restore", "", true, false, ""),
	ROW("velero.io", "v1", "schedules", "Schedule", "", true, false, "status"),
	ROW("", "v1", "endpoints", "Endpoints", "ep", true, false, ""),
	ROW("", "v1", "limitranges", "LimitRange", "limits", true, false, ""),
	ROW("", "v1", "resourcequotas", "ResourceQuota", "quota", true, false, "status"),
	ROW("", "v1", "replicationcontrollers", "ReplicationController", "rc", true, true, "status,scale"),
	ROW("", "v1", "podtemplates", "PodTemplate", "", true, false, ""),
	ROW("apps", "v1", "controllerrevisions", "ControllerRevision", "", true, false, ""),
	ROW("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "netpol", true, false, ""),
	ROW("rbac.authorization.k8s.io", "v1", "roles", "Role", "", true, false, ""),
	ROW("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", "", true, false, ""),
	ROW("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", "", false, false, "status"),
	ROW("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", "", false, false, ""),
	ROW("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration",
	    "", false, false, ""),
	ROW("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", "",
	    false, false, ""),
	ROW("flowcontrol.apiserver.k8s.io", "v1", "prioritylevelconfigurations", "PriorityLevelConfiguration", "",
	    false, false, "status"),
	{"flowcontrol.apiserver.k8s.io", "v1beta3", "flowschemas", "FlowSchema", "", false, false, 32, "status",
	 KIND_FLOWSCHEMA},
	{"events.k8s.io", "v1", "events", "Event", "ev", true, false, 0, "", KIND_EVENT},
};
const size_t kube_n_resources = ARRAY_SIZE(kube_resources);

bool kube_served(const struct sim_kube *kube, const struct kube_resource *resource)
{
	return resource->until_minor == 0 || kube->minor < resource->until_minor;
}

struct kube_kind *kube_kind_find(struct sim_kube *kube, struct slice group, struct slice version, struct slice plural)
{
	for (size_t i = 0; i < kube->n_kinds; i++) {
		const struct kube_resource *resource = kube->kinds[i]->resource;
		if (slice_eq(plural, resource->plural) && slice_eq(group, resource->group) &&
		    slice_eq(version, resource->version) && kube_served(kube, resource))
			return kube->kinds[i];
	}
	return NULL;
}

const char *kube_intern(struct sim_kube *kube, struct slice ns)
{
	for (size_t i = kube->n_namespaces; i-- > 0;)
		if (slice_eq(ns, kube->namespaces[i]))
			return kube->namespaces[i];
	const char *text = arena_strndup(kube->arena, ns.p, ns.n);
	*HEAP_PUSH(kube->namespaces, kube->n_namespaces) = text;
	return text;
}

uint64_t kube_hash(uint64_t a, uint64_t b)
{
	uint64_t x = a + UINT64_C(0x9e3779b97f4a7c15) * (b + 1);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

void kube_uid(const struct sim_kube *kube, uint64_t serial, char out[37])
{
	static const char digits[] = "0123456789abcdef";
	uint64_t words[2] = {kube_hash(kube->seed, serial * 2), kube_hash(kube->seed, serial * 2 + 1)};
	for (int i = 0, nibble = 0; i < 36; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			out[i] = '-';
			continue;
		}
		unsigned value = (unsigned)(words[nibble >> 4] >> ((nibble & 15) * 4)) & 15;
		if (i == 14)
			value = 4;
		else if (i == 19)
			value = 8 + (value & 3);
		out[i] = digits[value];
		nibble++;
	}
	out[36] = '\0';
}

char *kube_suffix(uint64_t hash, unsigned n, char *out)
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	for (unsigned i = 0; i < n; i++) {
		out[i] = letters[hash % 27];
		hash /= 27;
	}
	out[n] = '\0';
	return out;
}

static int compare_key(const struct kube_object *object, const char *ns, const char *name)
{
	if (object->ns != ns && object->ns && ns) {
		int order = strcmp(object->ns, ns);
		if (order != 0)
			return order;
	}
	return strcmp(object->name, name);
}

static int compare_objects(const void *a, const void *b)
{
	struct kube_object *const *left = a, *const *right = b;
	return compare_key(*left, (*right)->ns, (*right)->name);
}

static void insert_one(struct kube_kind *kind, size_t at_end)
{
	struct kube_object *object = kind->items[at_end];
	size_t low = 0, high = at_end;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_key(kind->items[middle], object->ns, object->name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	memmove(kind->items + low + 1, kind->items + low, (at_end - low) * sizeof *kind->items);
	kind->items[low] = object;
}

/* New records wait unsorted at the end until somebody looks. */
void kube_sort(struct kube_kind *kind)
{
	if (kind->n_sorted == kind->n)
		return;
	if (kind->n - kind->n_sorted <= 16)
		for (size_t i = kind->n_sorted; i < kind->n; i++)
			insert_one(kind, i);
	else
		qsort(kind->items, kind->n, sizeof *kind->items, compare_objects);
	kind->n_sorted = kind->n;
}

size_t kube_lower_bound(struct kube_kind *kind, const char *ns, const char *name)
{
	kube_sort(kind);
	size_t low = 0, high = kind->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_key(kind->items[middle], ns, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct kube_object *kube_find(struct kube_kind *kind, const char *ns, const char *name)
{
	size_t at = kube_lower_bound(kind, ns, name);
	return at < kind->n && compare_key(kind->items[at], ns, name) == 0 ? kind->items[at] : NULL;
}

void kube_insert_into(struct sim_kube *kube, struct kube_kind *kind, struct kube_object *object, const char *ns,
		      const char *name)
{
	object->kind = kind;
	object->ns = kind->resource->namespaced ? ns : NULL;
	object->name = name;
	object->serial = ++kube->serial;
	object->rv = object->created_rv = ++kube->rv;
	object->created_ms = object->created_ms ? object->created_ms : kube->now_ms;
	object->generation = 1;
	object->gone = false;
	if (kind->n == kind->capacity) {
		kind->capacity = kind->capacity ? kind->capacity * 2 : 16;
		kind->items = mem_resize(kind->items, kind->capacity, sizeof *kind->items);
	}
	kind->items[kind->n++] = object;
	kind->last_rv = object->rv;
}

void kube_insert(struct sim_kube *kube, enum kube_kind_id kind, struct kube_object *object, const char *ns,
		 const char *name)
{
	kube_insert_into(kube, kube->kinds[kind], object, ns, name);
}

struct kube_object *kube_new_object(struct sim_kube *kube, enum kube_kind_id kind, const char *ns, const char *name,
				    struct kube_workload *workload)
{
	struct kube_object *object = arena_alloc(kube->arena, sizeof *object);
	object->workload = workload;
	if (workload && workload->app)
		object->created_ms = workload->app->created_ms;
	kube_insert(kube, kind, object, ns, name);
	return object;
}

void kube_touch(struct sim_kube *kube, struct kube_object *object)
{
	object->rv = ++kube->rv;
	object->kind->last_rv = object->rv;
	if (object->whole) {
		char text[24];
		snprintf(text, sizeof text, "%llu", (unsigned long long)object->rv);
		json_object_set_new(json_object_get(object->doc, "metadata"), "resourceVersion", json_string(text));
	}
}

static void forget(struct sim_kube *kube, struct kube_object *object)
{
	json_decref(object->doc);
	object->doc = NULL;
	if (object->kind == kube->kinds[KIND_POD]) {
		struct kube_pod *pod = kube_pod_of(object);
		pod->next = kube->free_pods;
		kube->free_pods = pod;
	}
}

static void bury(struct sim_kube *kube, struct kube_object *object)
{
	kube_touch(kube, object);
	object->gone = true;
	object->next_gone = kube->gone;
	kube->gone = object;
	kube->n_gone++;
}

void kube_remove(struct sim_kube *kube, struct kube_object *object)
{
	struct kube_kind *kind = object->kind;
	size_t at = kube_lower_bound(kind, object->ns, object->name);
	memmove(kind->items + at, kind->items + at + 1, (kind->n - at - 1) * sizeof *kind->items);
	kind->n_sorted = --kind->n;
	bury(kube, object);
}

/* All that are marked as leaving, in one pass: thousands of pods go with a node group. */
void kube_remove_leaving(struct sim_kube *kube, struct kube_kind *kind)
{
	size_t kept = 0;
	kube_sort(kind);
	for (size_t i = 0; i < kind->n; i++) {
		if (kind->items[i]->leaving)
			bury(kube, kind->items[i]);
		else
			kind->items[kept++] = kind->items[i];
	}
	kind->n = kind->n_sorted = kept;
}

/* Versions older than the one before last are forgotten every five minutes, as etcd's compaction does. */
void kube_compact(struct sim_kube *kube)
{
	if (kube->now_ms - kube->compacted_ms < 5 * MINUTE_MS)
		return;
	kube->compacted_ms = kube->now_ms;
	kube->compacted_rv = kube->next_compacted_rv;
	kube->next_compacted_rv = kube->rv;
	struct kube_object **link = &kube->gone;
	while (*link && (*link)->rv > kube->compacted_rv)
		link = &(*link)->next_gone;
	struct kube_object *old = *link;
	*link = NULL;
	while (old) {
		struct kube_object *next = old->next_gone;
		forget(kube, old);
		kube->n_gone--;
		old = next;
	}
}

static bool timer_before(const struct kube_timer *a, const struct kube_timer *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void kube_timer_set(struct sim_kube *kube, int64_t at_ms, enum kube_timer_kind kind, struct kube_object *object)
{
	if (kube->n_timers == kube->timers_capacity) {
		kube->timers_capacity = kube->timers_capacity ? kube->timers_capacity * 2 : 64;
		kube->timers = mem_resize(kube->timers, kube->timers_capacity, sizeof *kube->timers);
	}
	struct kube_timer timer = {at_ms, ++kube->timer_order, kind, object, object->serial};
	size_t at = kube->n_timers++;
	while (at > 0 && timer_before(&timer, &kube->timers[(at - 1) / 2])) {
		kube->timers[at] = kube->timers[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	kube->timers[at] = timer;
}

static void timer_pop(struct sim_kube *kube)
{
	struct kube_timer last = kube->timers[--kube->n_timers];
	size_t at = 0;
	for (;;) {
		size_t child = at * 2 + 1;
		if (child >= kube->n_timers)
			break;
		if (child + 1 < kube->n_timers && timer_before(&kube->timers[child + 1], &kube->timers[child]))
			child++;
		if (!timer_before(&kube->timers[child], &last))
			break;
		kube->timers[at] = kube->timers[child];
		at = child;
	}
	if (kube->n_timers > 0)
		kube->timers[at] = last;
}

bool kube_timer_due(struct sim_kube *kube, int64_t now_ms, struct kube_timer *ret)
{
	while (kube->n_timers > 0 && kube->timers[0].at_ms <= now_ms) {
		*ret = kube->timers[0];
		timer_pop(kube);
		if (!ret->object->gone && ret->object->serial == ret->serial)
			return true;
	}
	return false;
}
