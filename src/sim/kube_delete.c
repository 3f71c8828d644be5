/* Deleting: what a client asks for, with its preconditions, and what goes along with it: a namespace takes its objects,
 * a workload its pods; finalizers hold. */
#include "sim/kube_world.h"

#include <stdio.h>
#include <stdlib.h>
#include "codec/document.h"

struct delete_options {
	int64_t grace_ms;
	bool dry_run;
};

/* Reads DeleteOptions from body and query and checks the preconditions. False: replied. */
static bool delete_options(struct kube_request *request, struct kube_object *object, struct delete_options *ret)
{
	json_t *body = document_load(request->http->body);
	const char *seconds = kube_query_get(request, "gracePeriodSeconds");
	json_t *grace = json_object_get(body, "gracePeriodSeconds");
	const json_t *conditions = json_object_get(body, "preconditions");
	ret->grace_ms = seconds			 ? strtol(seconds, NULL, 10) * SECOND_MS
			: json_is_integer(grace) ? json_integer_value(grace) * SECOND_MS
						 : 30 * SECOND_MS;
	ret->dry_run = request->dry_run || json_array_size(json_object_get(body, "dryRun")) > 0;
	char uid[37], rv[24], resource[256];
	kube_uid(request->kube, object->serial, uid);
	snprintf(rv, sizeof rv, "%llu", (unsigned long long)object->rv);
	kube_resource_name(request, resource);
	const char *wanted_uid = json_string_value(json_object_get(conditions, "uid"));
	const char *wanted_rv = json_string_value(json_object_get(conditions, "resourceVersion"));
	bool good = true;
	if (wanted_uid && strcmp(wanted_uid, uid) != 0) {
		kube_reply_status(request, 409, "Conflict",
				  "Operation cannot be fulfilled on %s \"%s\": the UID in the precondition (%s) does "
				  "not match the UID in record (%s). The object "
				  "might have been deleted and then recreated",
				  resource, object->name, wanted_uid, uid);
		good = false;
	} else if (wanted_rv && strcmp(wanted_rv, rv) != 0) {
		kube_reply_status(request, 409, "Conflict",
				  "Operation cannot be fulfilled on %s \"%s\": the ResourceVersion in the precondition "
				  "(%s) does not match the ResourceVersion in "
				  "record (%s). The object might have been modified",
				  resource, object->name, wanted_rv, rv);
		good = false;
	}
	json_decref(body);
	return good;
}

static void reply_deleted(struct kube_request *request, struct kube_object *object)
{
	char uid[37];
	kube_uid(request->kube, object->serial, uid);
	json_t *details =
		json_pack("{s:s, s:s, s:s}", "name", object->name, "kind", request->resource->plural, "uid", uid);
	if (request->resource->group[0])
		json_object_set_new(details, "group", json_string(request->resource->group));
	kube_reply_json(request, 200,
			json_pack("{s:s, s:s, s:{}, s:s, s:o}", "kind", "Status", "apiVersion", "v1", "metadata",
				  "status", "Success", "details", details));
}

void kube_serve_delete(struct kube_request *request, struct kube_object *object)
{
	struct delete_options options;
	if (!delete_options(request, object, &options))
		return;
	bool shows = request->kind->id == KIND_POD || request->kind->id == KIND_NAMESPACE ||
		     (object->whole && !kube_no_finalizers(object->doc));
	if (!options.dry_run)
		kube_delete_object(request->kube, object, options.grace_ms);
	if (shows)
		kube_reply_object(request, 200, object);
	else
		reply_deleted(request, object);
}

void kube_serve_delete_all(struct kube_request *request)
{
	struct kube_selector *selector;
	if (!kube_selector_parse(request, kube_query_get(request, "labelSelector"),
				 kube_query_get(request, "fieldSelector"), &selector))
		return;
	struct kube_object **found = NULL;
	size_t n = 0;
	kube_sort(request->kind);
	for (size_t i = 0; i < request->kind->n; i++) {
		struct kube_object *object = request->kind->items[i];
		if ((!request->ns || strcmp(object->ns, request->ns) == 0) &&
		    kube_selector_matches(request->kube, selector, object))
			*HEAP_PUSH(found, n) = object;
	}
	for (size_t i = 0; i < n && !request->dry_run; i++)
		if (!found[i]->gone)
			kube_delete_object(request->kube, found[i], 30 * SECOND_MS);
	free(found);
	kube_reply_json(request, 200,
			json_pack("{s:s, s:s, s:{}, s:s}", "kind", "Status", "apiVersion", "v1", "metadata", "status",
				  "Success"));
}

/* What stood around a workload stays when the workload goes, but has no record to be made from any more. */
static void orphan_companions(struct sim_kube *kube, struct kube_workload *w)
{
	if (w->slice && !w->slice->gone)
		kube_remove(kube, w->slice);
	for (unsigned k = KIND_SERVICE; k < KIND_OTHERS; k++) {
		struct kube_kind *kind = kube_kind_of(kube, (enum kube_kind_id)k);
		for (size_t i = 0; i < kind->n; i++) {
			struct kube_object *object = kind->items[i];
			if (object->workload != w || object->whole || k == KIND_REPLICASET)
				continue;
			json_t *document = kube_document(kube, object);
			json_decref(object->doc);
			object->doc = document;
			object->whole = true;
			object->workload = NULL;
			object->source = NULL;
		}
	}
}

static void delete_workload(struct sim_kube *kube, struct kube_workload *w)
{
	if (!w->app->ns->deleting_ms)
		orphan_companions(kube, w);
	kube_remove(kube, &w->object);
	if (w->replica_set && !w->replica_set->gone)
		kube_remove(kube, w->replica_set);
	for (struct kube_pod *pod = w->pods, *next; pod; pod = next) {
		next = pod->next;
		if (!pod->object.deleting_ms)
			kube_pod_delete(kube, pod, 30 * SECOND_MS);
	}
}

static void restart_pods(struct sim_kube *kube, struct kube_workload *w)
{
	unsigned n = w->n_active;
	for (struct kube_pod *pod = w->pods, *next; pod && n > 0; pod = next) {
		next = pod->next;
		if (!pod->object.deleting_ms) {
			kube_pod_delete(kube, pod, 30 * SECOND_MS);
			n--;
		}
	}
}

static void delete_namespace(struct sim_kube *kube, struct kube_object *ns)
{
	ns->deleting_ms = kube->now_ms;
	if (ns->whole) {
		json_object_set_new(json_object_get(ns->doc, "status"), "phase", json_string("Terminating"));
		kube_stamp_metadata(kube, ns, ns->doc);
	}
	kube_touch(kube, ns);
	for (size_t k = 0; k < kube->n_kinds; k++) {
		struct kube_kind *kind = kube->kinds[k];
		if (!kind->resource->namespaced || kind->id == KIND_POD)
			continue;
		size_t at;
		while ((at = kube_lower_bound(kind, ns->name, "")) < kind->n &&
		       strcmp(kind->items[at]->ns, ns->name) == 0) {
			kind->items[at]->deleting_ms = kube->now_ms; /* finalizers do not hold a namespace here */
			kube_delete_object(kube, kind->items[at], 30 * SECOND_MS);
		}
	}
	struct kube_pod **pods;
	size_t n = kube_pods_in(kube, ns->name, &pods);
	for (size_t i = 0; i < n; i++)
		if (!pods[i]->object.deleting_ms)
			kube_pod_delete(kube, pods[i], 30 * SECOND_MS);
	free(pods);
	kube_namespace_settle(kube, ns->name);
}

static void forget_app(struct sim_kube *kube, const char *name)
{
	size_t kept = 0;
	for (size_t i = 0; i < kube->n_apps; i++) {
		if (strcmp(kube->apps[i]->name, name) != 0) {
			kube->apps[kept++] = kube->apps[i];
			continue;
		}
		for (struct kube_workload *w = kube->apps[i]->workloads; w; w = w->next) {
			json_decref(w->template);
			w->template = NULL;
		}
	}
	kube->n_apps = kept;
	kept = 0;
	for (size_t i = 0; i < kube->n_app_names; i++)
		if (strcmp(kube->app_names[i], name) != 0)
			kube->app_names[kept++] = kube->app_names[i];
	kube->n_app_names = kept;
}

void kube_namespace_settle(struct sim_kube *kube, const char *name)
{
	struct kube_object *ns = kube_find(kube_kind_of(kube, KIND_NAMESPACE), NULL, name);
	if (!ns || !ns->deleting_ms)
		return;
	struct kube_kind *pods = kube_kind_of(kube, KIND_POD);
	size_t at = kube_lower_bound(pods, name, "");
	if (at < pods->n && strcmp(pods->items[at]->ns, name) == 0)
		return;
	kube_remove(kube, ns);
	forget_app(kube, name);
}

static void delete_claim(struct sim_kube *kube, struct kube_object *claim)
{
	char name[48] = "pvc-";
	kube_uid(kube, claim->serial, name + 4);
	struct kube_object *volume = kube_find(kube_kind_of(kube, KIND_PV), NULL, name);
	if (volume)
		kube_remove(kube, volume);
	kube_remove(kube, claim);
}

void kube_delete_object(struct sim_kube *kube, struct kube_object *object, int64_t grace_ms)
{
	if (object->gone)
		return;
	if (object->whole && !object->deleting_ms && !kube_no_finalizers(object->doc)) {
		object->deleting_ms = kube->now_ms;
		kube_stamp_metadata(kube, object, object->doc);
		kube_touch(kube, object);
		return;
	}
	switch (object->kind->id) {
	case KIND_POD:
		kube_pod_delete(kube, kube_pod_of(object), grace_ms);
		break;
	case KIND_NODE:
		kube_node_remove(kube, kube_node_of(object));
		break;
	case KIND_NAMESPACE:
		if (!object->deleting_ms)
			delete_namespace(kube, object);
		break;
	case KIND_REPLICASET:
		if (object->workload && !object->workload->object.gone && !object->deleting_ms)
			restart_pods(kube, object->workload); /* its Deployment makes it anew at once */
		else
			kube_remove(kube, object);
		break;
	case KIND_PVC:
		delete_claim(kube, object);
		break;
	case KIND_DEPLOYMENT:
	case KIND_STATEFULSET:
	case KIND_DAEMONSET:
	case KIND_JOB:
	case KIND_CRONJOB:
		delete_workload(kube, kube_workload_of(object));
		break;
	case KIND_CRD:
		kube_own_definition_gone(kube, object);
		kube_remove(kube, object);
		break;
	default:
		kube_remove(kube, object);
	}
}
