/* What clients brought themselves: workloads from their own templates, single pods, jobs, custom resources, backups.
 * Their documents are kept whole; the controllers here give them pods and a status. */
#include "sim/kube_world.h"

#include <stdio.h>
#include <stdlib.h>

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static json_t *first_container(const json_t *pod_spec)
{
	return json_array_get(json_object_get(pod_spec, "containers"), 0);
}

/* ---- workloads */

static void set_from(struct sim_kube *kube, struct kube_workload *w)
{
	const json_t *spec = json_object_get(w->object.doc, "spec");
	const json_t *replicas = json_object_get(spec, "replicas"), *template = json_object_get(spec, "template");
	const char *image = text_of(first_container(json_object_get(template, "spec")), "image");
	json_decref(w->template);
	w->template = json_incref((json_t *)(uintptr_t) template);
	w->image = arena_strdup(kube->arena, image ? image : "none");
	w->replicas = json_is_integer(replicas) && json_integer_value(replicas) >= 0
			      ? (unsigned)json_integer_value(replicas)
			      : 1;
	kube_suffix(kube_hash(kube->seed, ++kube->serial), 10, w->hash);
}

static void own_replica_set(struct sim_kube *kube, struct kube_workload *w)
{
	char uid[37];
	kube_uid(kube, w->object.serial, uid);
	char *name = mem_printf("%s-%s", w->object.name, w->hash);
	json_t *labels = json_deep_copy(json_object_get(json_object_get(w->template, "metadata"), "labels"));
	if (!labels)
		labels = json_object();
	json_object_set_new(labels, "pod-template-hash", json_string(w->hash));
	json_t *document = json_pack(
		"{s:s, s:s, s:{s:s, s:s, s:O, s:[{s:s, s:s, s:s, s:s, s:b, s:b}]}, s:{s:i, s:{s:O}, s:O}, s:{}}",
		"kind", "ReplicaSet", "apiVersion", "apps/v1", "metadata", "name", name, "namespace", w->object.ns,
		"labels", labels, "ownerReferences", "apiVersion", "apps/v1", "kind", "Deployment", "name",
		w->object.name, "uid", uid, "controller", 1, "blockOwnerDeletion", 1, "spec", "replicas",
		(int)w->replicas, "selector", "matchLabels", labels, "template", w->template, "status");
	w->replica_set = kube_create_document(kube, kube_kind_of(kube, KIND_REPLICASET), w->object.ns, name, document);
	w->replica_set->workload = w;
	json_decref(labels);
	free(name);
}

static json_t *condition(struct sim_kube *kube, const struct kube_workload *w, const char *type, bool status,
			 const char *reason, const char *message)
{
	char stamp[24];
	kube_stamp(kube, w->changed_ms ? w->changed_ms : w->object.created_ms, stamp);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", type, "status", status ? "True" : "False",
			 "lastUpdateTime", stamp, "lastTransitionTime", stamp, "reason", reason, "message", message);
}

static json_t *deployment_status(struct sim_kube *kube, const struct kube_workload *w)
{
	unsigned fresh = 0;
	for (struct kube_pod *pod = w->pods; pod; pod = pod->next)
		fresh += !pod->object.deleting_ms && pod->revision == w->revision;
	json_t *status = json_pack("{s:i, s:i, s:i}", "observedGeneration", (int)w->object.generation, "replicas",
				   (int)w->n_active, "updatedReplicas", (int)fresh);
	if (w->n_ready > 0) {
		json_object_set_new(status, "readyReplicas", json_integer(w->n_ready));
		json_object_set_new(status, "availableReplicas", json_integer(w->n_ready));
	}
	if (w->n_ready < w->replicas)
		json_object_set_new(status, "unavailableReplicas", json_integer(w->replicas - w->n_ready));
	bool available = w->n_ready * 4 >= w->replicas * 3;
	char *progress = mem_printf(available ? "ReplicaSet \"%s-%s\" has successfully progressed."
					      : "ReplicaSet \"%s-%s\" is progressing.",
				    w->object.name, w->hash);
	json_object_set_new(status, "conditions", json_array());
	json_array_append_new(json_object_get(status, "conditions"),
			      condition(kube, w, "Available", available,
					available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
					available ? "Deployment has minimum availability."
						  : "Deployment does not have minimum availability."));
	json_array_append_new(json_object_get(status, "conditions"),
			      condition(kube, w, "Progressing", true,
					available ? "NewReplicaSetAvailable" : "ReplicaSetUpdated", progress));
	free(progress);
	return status;
}

static json_t *job_status(struct sim_kube *kube, const struct kube_workload *w)
{
	char stamp[24], ended[24];
	kube_stamp(kube, w->object.created_ms, stamp);
	if (!w->finished)
		return json_pack("{s:i, s:i, s:s}", "active", (int)w->n_active, "ready", (int)w->n_ready, "startTime",
				 stamp);
	kube_stamp(kube, w->changed_ms, ended);
	return json_pack("{s:i, s:s, s:s, s:[{s:s, s:s, s:s, s:s, s:s}]}", "succeeded", 1, "startTime", stamp,
			 "completionTime", ended, "conditions", "type", "Complete", "status", "True", "lastProbeTime",
			 ended, "lastTransitionTime", ended, "reason", "CompletionsReached");
}

void kube_own_status(struct sim_kube *kube, struct kube_workload *w)
{
	json_t *status;
	int n = (int)w->n_active, ready = (int)w->n_ready;
	switch (w->object.kind->id) {
	case KIND_DEPLOYMENT:
		status = deployment_status(kube, w);
		break;
	case KIND_JOB:
		status = job_status(kube, w);
		break;
	case KIND_DAEMONSET:
		status = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "currentNumberScheduled", n,
				   "desiredNumberScheduled", (int)w->replicas, "numberReady", ready, "numberAvailable",
				   ready, "updatedNumberScheduled", n, "numberMisscheduled", 0, "observedGeneration",
				   (int)w->object.generation);
		break;
	case KIND_STATEFULSET:
		status = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:o, s:o}", "replicas", n, "readyReplicas", ready,
				   "availableReplicas", ready, "currentReplicas", n, "updatedReplicas", n,
				   "observedGeneration", (int)w->object.generation, "currentRevision",
				   json_sprintf("%s-%s", w->object.name, w->hash), "updateRevision",
				   json_sprintf("%s-%s", w->object.name, w->hash));
		break;
	default:
		return;
	}
	json_object_set_new(w->object.doc, "status", status);
	if (w->replica_set && w->replica_set->whole && !w->replica_set->gone)
		json_object_set_new(w->replica_set->doc, "status",
				    json_pack("{s:i, s:i, s:i, s:i}", "replicas", n, "readyReplicas", ready,
					      "availableReplicas", ready, "observedGeneration", 1));
}

static struct kube_app *app_of(struct sim_kube *kube, const char *ns)
{
	struct kube_app *app = kube_app_find(kube, ns);
	return app ? app : kube_app_new(kube, ns, true);
}

static void adopt_workload(struct sim_kube *kube, struct kube_object *object)
{
	struct kube_workload *w = kube_workload_of(object);
	w->app = app_of(kube, object->ns);
	struct kube_workload **link = &w->app->workloads;
	while (*link)
		link = &(*link)->next;
	*link = w;
	set_from(kube, w);
	if (object->kind->id == KIND_DEPLOYMENT)
		own_replica_set(kube, w);
	kube_reconcile(kube, w);
	kube_own_status(kube, w);
}

/* A new template: pods of the old one are replaced as the controllers reconcile. */
static void roll(struct sim_kube *kube, struct kube_workload *w)
{
	w->revision++;
	if (w->template && w->object.whole) {
		set_from(kube, w);
		if (w->replica_set) {
			if (!w->replica_set->gone)
				kube_remove(kube, w->replica_set);
			own_replica_set(kube, w);
		}
	}
}

void kube_own_changed(struct sim_kube *kube, struct kube_object *object, bool pod_template)
{
	unsigned id = object->kind->id;
	if (id < KIND_DEPLOYMENT || id > KIND_JOB || id == KIND_REPLICASET || !object->workload ||
	    &object->workload->object != object)
		return;
	struct kube_workload *w = object->workload;
	if (pod_template && id != KIND_JOB)
		roll(kube, w);
	kube_reconcile(kube, w);
	kube_workload_changed(kube, w);
}

/* ---- pods */

static json_t *base_of(struct kube_pod *pod)
{
	struct kube_workload *w = pod->object.workload;
	if (!w)
		return json_deep_copy(pod->object.doc);
	json_t *document = json_deep_copy(w->template);
	if (!json_is_object(json_object_get(document, "metadata")))
		json_object_set_new(document, "metadata", json_object());
	return document;
}

static json_t *own_conditions(struct sim_kube *kube, struct kube_pod *pod)
{
	static const char *const types[] = {"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady",
					    "PodScheduled"};
	json_t *list = json_array();
	char stamp[24];
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		bool good = i == 1 || i == 4 ? pod->node != NULL
			    : i == 0	     ? pod->state >= POD_STARTED
					     : pod->state == POD_READY;
		kube_stamp(kube,
			   pod->state == POD_READY && (i == 2 || i == 3) ? pod->ready_ms
			   : pod->node					 ? pod->scheduled_ms
									 : pod->object.created_ms,
			   stamp);
		json_t *one = json_pack("{s:s, s:s, s:n, s:s}", "type", types[i], "status", good ? "True" : "False",
					"lastProbeTime", "lastTransitionTime", stamp);
		if (!good && i == 4) {
			json_object_set_new(one, "reason", json_string("Unschedulable"));
			json_object_set_new(
				one, "message",
				json_sprintf("0/%zu nodes are available: no node has room.", kube->n_nodes));
		} else if (!good && (i == 2 || i == 3)) {
			json_object_set_new(
				one, "reason",
				json_string(pod->state == POD_SUCCEEDED ? "PodCompleted" : "ContainersNotReady"));
		}
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *own_container_state(struct sim_kube *kube, struct kube_pod *pod)
{
	char started[24], ended[24];
	kube_stamp(kube, pod->started_ms, started);
	kube_stamp(kube, pod->ready_ms, ended);
	switch (pod->state) {
	case POD_STARTED:
	case POD_READY:
		return json_pack("{s:{s:s}}", "running", "startedAt", started);
	case POD_SUCCEEDED:
		return json_pack("{s:{s:i, s:s, s:s, s:s}}", "terminated", "exitCode", 0, "reason", "Completed",
				 "startedAt", started, "finishedAt", ended);
	case POD_CRASHING:
		return json_pack("{s:{s:s}}", "waiting", "reason", "CrashLoopBackOff");
	case POD_PENDING:
	case POD_CREATING:
		break;
	}
	return json_pack("{s:{s:s}}", "waiting", "reason", "ContainerCreating");
}

static json_t *own_status(struct sim_kube *kube, struct kube_pod *pod, const json_t *spec)
{
	static const char *const phases[] = {"Pending", "Pending", "Running", "Running", "Running", "Succeeded"};
	json_t *status = json_pack("{s:s, s:o, s:s}", "phase", phases[pod->state], "conditions",
				   own_conditions(kube, pod), "qosClass", "BestEffort");
	if (!pod->node)
		return status;
	char stamp[24];
	json_object_set_new(status, "hostIP",
			    json_sprintf("%u.%u.%u.%u", pod->node->ip >> 24, pod->node->ip >> 16 & 255,
					 pod->node->ip >> 8 & 255, pod->node->ip & 255));
	json_object_set_new(status, "startTime", json_string(kube_stamp(kube, pod->scheduled_ms, stamp)));
	if (pod->state != POD_CREATING) {
		json_t *ip = json_sprintf("%u.%u.%u.%u", pod->ip >> 24, pod->ip >> 16 & 255, pod->ip >> 8 & 255,
					  pod->ip & 255);
		json_object_set_new(status, "podIPs", json_pack("[{s:O}]", "ip", ip));
		json_object_set_new(status, "podIP", ip);
	}
	json_t *list = json_array();
	for (size_t i = 0; i < json_array_size(json_object_get(spec, "containers")); i++) {
		const json_t *container = json_array_get(json_object_get(spec, "containers"), i);
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b, s:b, s:i, s:o, s:{}}", "name",
						      text_of(container, "name") ?: "", "image",
						      text_of(container, "image") ?: "", "imageID", "", "ready",
						      pod->state == POD_READY, "started", pod->state >= POD_STARTED,
						      "restartCount", (int)pod->restarts, "state",
						      own_container_state(kube, pod), "lastState"));
	}
	json_object_set_new(status, "containerStatuses", list);
	return status;
}

static void own_metadata(struct sim_kube *kube, struct kube_pod *pod, json_t *metadata)
{
	struct kube_object *object = &pod->object;
	struct kube_workload *w = object->workload;
	char uid[37], stamp[24];
	kube_uid(kube, object->serial, uid);
	json_object_set_new(metadata, "name", json_string(object->name));
	json_object_set_new(metadata, "namespace", json_string(object->ns));
	json_object_set_new(metadata, "uid", json_string(uid));
	json_object_set_new(metadata, "resourceVersion", json_sprintf("%llu", (unsigned long long)object->rv));
	json_object_set_new(metadata, "creationTimestamp", json_string(kube_stamp(kube, object->created_ms, stamp)));
	if (object->deleting_ms) {
		json_object_set_new(metadata, "deletionTimestamp",
				    json_string(kube_stamp(kube, object->deleting_ms, stamp)));
		json_object_set_new(metadata, "deletionGracePeriodSeconds", json_integer(30));
	}
	if (!w)
		return;
	struct kube_object *owner = w->replica_set ? w->replica_set : &w->object;
	kube_uid(kube, owner->serial, uid);
	json_object_set_new(metadata, "generateName", json_sprintf("%s-", owner->name));
	json_object_set_new(metadata, "ownerReferences",
			    json_pack("[{s:s, s:s, s:s, s:s, s:b, s:b}]", "apiVersion",
				      owner->kind->id == KIND_JOB ? "batch/v1" : "apps/v1", "kind",
				      owner->kind->resource->kind, "name", owner->name, "uid", uid, "controller", 1,
				      "blockOwnerDeletion", 1));
	if (!json_object_get(metadata, "labels"))
		json_object_set_new(metadata, "labels", json_object());
	json_object_set_new(json_object_get(metadata, "labels"),
			    w->replica_set ? "pod-template-hash" : "controller-revision-hash", json_string(w->hash));
}

json_t *kube_own_pod(struct sim_kube *kube, struct kube_pod *pod)
{
	json_t *document = base_of(pod);
	own_metadata(kube, pod, json_object_get(document, "metadata"));
	json_object_set_new(document, "kind", json_string("Pod"));
	json_object_set_new(document, "apiVersion", json_string("v1"));
	json_t *spec = json_object_get(document, "spec");
	if (pod->node && json_is_object(spec))
		json_object_set_new(spec, "nodeName", json_string(pod->node->object.name));
	static const char *const usual[][2] = {{"restartPolicy", "Always"},
					       {"dnsPolicy", "ClusterFirst"},
					       {"serviceAccountName", "default"},
					       {"schedulerName", "default-scheduler"}};
	for (size_t i = 0; i < ARRAY_SIZE(usual) && json_is_object(spec); i++)
		if (!json_object_get(spec, usual[i][0]))
			json_object_set_new(spec, usual[i][0], json_string(usual[i][1]));
	json_object_set_new(document, "status", own_status(kube, pod, spec));
	return document;
}

bool kube_own_finishes(struct kube_pod *pod)
{
	const struct kube_workload *w = pod->object.workload;
	if (w)
		return w->object.kind->id == KIND_JOB;
	const char *policy = text_of(json_object_get(pod->object.doc, "spec"), "restartPolicy");
	return policy && strcmp(policy, "Always") != 0;
}

void kube_own_finished(struct sim_kube *kube, struct kube_pod *pod)
{
	struct kube_workload *w = pod->object.workload;
	if (!w)
		return;
	w->finished = true;
	w->changed_ms = kube->now_ms;
	if (w->template) {
		kube_own_status(kube, w);
		kube_touch(kube, &w->object);
	}
}

/* ---- custom resources */

static void adopt_definition(struct sim_kube *kube, struct kube_object *object)
{
	const json_t *spec = json_object_get(object->doc, "spec"), *names = json_object_get(spec, "names");
	const char *group = text_of(spec, "group"), *plural = text_of(names, "plural"),
		   *kind_name = text_of(names, "kind");
	if (!group || !plural || !kind_name)
		return;
	for (size_t i = 0; i < json_array_size(json_object_get(spec, "versions")); i++) {
		const json_t *version = json_array_get(json_object_get(spec, "versions"), i);
		const char *word = text_of(version, "name");
		if (!word || !json_is_true(json_object_get(version, "served")))
			continue;
		struct kube_resource *resource = arena_alloc(kube->arena, sizeof *resource);
		*resource = (struct kube_resource){
			arena_strdup(kube->arena, group),
			arena_strdup(kube->arena, word),
			arena_strdup(kube->arena, plural),
			arena_strdup(kube->arena, kind_name),
			"",
			true,
			false,
			0,
			json_object_get(json_object_get(version, "subresources"), "status") ? "status" : "",
			-1};
		const char *short_name = json_string_value(json_array_get(json_object_get(names, "shortNames"), 0)),
			   *scope = text_of(spec, "scope");
		resource->short_names = short_name ? arena_strdup(kube->arena, short_name) : "";
		resource->namespaced = !scope || strcmp(scope, "Cluster") != 0;
		struct kube_kind *kind = arena_alloc(kube->arena, sizeof *kind);
		kind->resource = resource;
		kind->id = (unsigned)kube->n_kinds;
		kind->custom = true;
		*HEAP_PUSH(kube->kinds, kube->n_kinds) = kind;
	}
	char stamp[24];
	kube_stamp(kube, kube->now_ms, stamp);
	json_object_set_new(object->doc, "status",
			    json_pack("{s:O, s:[{s:s, s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:s, s:s}]}",
				      "acceptedNames", names, "conditions", "type", "NamesAccepted", "status", "True",
				      "lastTransitionTime", stamp, "reason", "NoConflicts", "message",
				      "no conflicts found", "type", "Established", "status", "True",
				      "lastTransitionTime", stamp, "reason", "InitialNamesAccepted", "message",
				      "the initial names have been accepted"));
}

void kube_own_definition_gone(struct sim_kube *kube, struct kube_object *definition)
{
	const char *dot = strchr(definition->name, '.');
	if (!dot)
		return;
	for (size_t i = 0; i < kube->n_kinds; i++) {
		struct kube_kind *kind = kube->kinds[i];
		if (!kind->custom || strcmp(kind->resource->group, dot + 1) != 0 ||
		    !slice_eq(slice_make(definition->name, (size_t)(dot - definition->name)), kind->resource->plural))
			continue;
		while (kind->n > 0) {
			kind->items[0]->deleting_ms = kube->now_ms;
			kube_delete_object(kube, kind->items[0], 0);
			kube_sort(kind);
		}
		struct kube_resource *unserved = arena_alloc(kube->arena, sizeof *unserved);
		*unserved = *kind->resource;
		unserved->until_minor = 1;
		kind->resource = unserved;
	}
}

/* ---- Velero's controller: New, InProgress after a second, Completed within two minutes */

void kube_backup_step(struct sim_kube *kube, struct kube_object *backup)
{
	json_t *status = json_object_get(backup->doc, "status");
	const char *phase = text_of(status, "phase");
	char stamp[24];
	kube_stamp(kube, kube->now_ms, stamp);
	size_t items = 0;
	for (size_t i = 0; i < kube->n_kinds; i++)
		items += kube->kinds[i]->resource->alias < 0 ? kube->kinds[i]->n : 0;
	if (!phase || strcmp(phase, "InProgress") != 0) {
		json_object_set_new(backup->doc, "status",
				    json_pack("{s:s, s:s, s:i, s:s, s:{s:i, s:i}}", "phase", "InProgress",
					      "startTimestamp", stamp, "version", 1, "formatVersion", "1.1.0",
					      "progress", "totalItems", (int)items, "itemsBackedUp", 0));
		kube_timer_set(kube,
			       kube->now_ms + 70 * SECOND_MS + (int64_t)(kube_hash(kube->seed, backup->serial) % 40000),
			       TIMER_BACKUP, backup);
	} else {
		json_object_set_new(status, "phase", json_string("Completed"));
		json_object_set_new(status, "completionTimestamp", json_string(stamp));
		kube_stamp(kube, kube->now_ms + 30 * DAY_MS, stamp);
		json_object_set_new(status, "expiration", json_string(stamp));
		json_object_set_new(status, "progress",
				    json_pack("{s:i, s:i}", "totalItems", (int)items, "itemsBackedUp", (int)items));
	}
	kube_touch(kube, backup);
}

/* What the API server fills in. */
static void complete_service(struct kube_object *object)
{
	json_t *spec = json_object_get(object->doc, "spec"), *port;
	size_t i;
	if (!json_is_object(spec))
		return;
	static const char *const usual[][2] = {{"type", "ClusterIP"},
					       {"sessionAffinity", "None"},
					       {"internalTrafficPolicy", "Cluster"},
					       {"ipFamilyPolicy", "SingleStack"}};
	for (size_t j = 0; j < ARRAY_SIZE(usual); j++)
		if (!json_object_get(spec, usual[j][0]))
			json_object_set_new(spec, usual[j][0], json_string(usual[j][1]));
	if (!json_object_get(spec, "clusterIP"))
		json_object_set_new(spec, "clusterIP",
				    json_sprintf("172.20.%u.%u", (unsigned)(object->serial >> 8 & 255),
						 (unsigned)(object->serial & 255)));
	json_array_foreach (json_object_get(spec, "ports"), i, port) {
		if (!json_object_get(port, "protocol"))
			json_object_set_new(port, "protocol", json_string("TCP"));
		if (!json_object_get(port, "targetPort"))
			json_object_set(port, "targetPort", json_object_get(port, "port"));
	}
	json_object_set_new(object->doc, "status", json_pack("{s:{}}", "loadBalancer"));
}

/* A client's new object meets its controller. */
void kube_adopt(struct sim_kube *kube, struct kube_object *object)
{
	switch (object->kind->id) {
	case KIND_DEPLOYMENT:
	case KIND_STATEFULSET:
	case KIND_DAEMONSET:
	case KIND_JOB:
		adopt_workload(kube, object);
		break;
	case KIND_POD:
		kube_pod_place(kube, kube_pod_of(object));
		break;
	case KIND_BACKUP:
		kube_timer_set(kube, kube->now_ms + SECOND_MS, TIMER_BACKUP, object);
		break;
	case KIND_CRD:
		adopt_definition(kube, object);
		break;
	case KIND_SERVICE:
		complete_service(object);
		break;
	case KIND_NAMESPACE:
		json_object_set_new(object->doc, "status", json_pack("{s:s}", "phase", "Active"));
		json_object_set_new(object->doc, "spec", json_pack("{s:[s]}", "finalizers", "kubernetes"));
		break;
	default:
		break;
	}
}
