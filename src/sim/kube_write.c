/* Creating, replacing, patching and deleting, with the API server's preconditions and errors. */
#include "sim/kube_world.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include "codec/document.h"

static const char *text_at(const json_t *document, const char *outer, const char *member)
{
	const json_t *from = outer ? json_object_get(document, outer) : document;
	return json_string_value(json_object_get(from, member));
}

static json_t *metadata_of(json_t *document)
{
	json_t *metadata = json_object_get(document, "metadata");
	if (!json_is_object(metadata)) {
		metadata = json_object();
		json_object_set_new(document, "metadata", metadata);
	}
	return metadata;
}

static void stamp_metadata(struct sim_kube *kube, struct kube_object *object, json_t *document)
{
	json_t *metadata = metadata_of(document);
	char uid[37], stamp[24];
	kube_uid(kube, object->serial, uid);
	json_object_set_new(metadata, "name", json_string(object->name));
	if (object->ns)
		json_object_set_new(metadata, "namespace", json_string(object->ns));
	json_object_set_new(metadata, "uid", json_string(uid));
	json_object_set_new(metadata, "resourceVersion", json_sprintf("%llu", (unsigned long long)object->rv));
	json_object_set_new(metadata, "creationTimestamp", json_string(kube_stamp(kube, object->created_ms, stamp)));
	if (json_object_get(document, "spec") && object->kind->id != KIND_POD && object->kind->id != KIND_NODE &&
	    object->kind->id != KIND_SERVICE)
		json_object_set_new(metadata, "generation", json_integer(object->generation));
	if (object->deleting_ms) {
		json_object_set_new(metadata, "deletionTimestamp",
				    json_string(kube_stamp(kube, object->deleting_ms, stamp)));
		json_object_set_new(metadata, "deletionGracePeriodSeconds", json_integer(0));
	}
}

/* Takes out of a node's or a workload's new document what its record knows. */
static void absorb(struct sim_kube *kube, struct kube_object *object, const json_t *document)
{
	const json_t *spec = json_object_get(document, "spec");
	if (object->kind->id == KIND_NODE) {
		struct kube_node *node = kube_node_of(object);
		bool cordoned = json_is_true(json_object_get(spec, "unschedulable"));
		bool opened = node->unschedulable && !cordoned;
		if (cordoned && !node->unschedulable)
			kube_note(kube, REASON_CORDONED, object, object->name);
		bool only_cordon =
			cordoned != node->unschedulable && json_array_size(json_object_get(spec, "taints")) <= 1;
		node->unschedulable = cordoned;
		if (only_cordon)
			kube_placing_node_state(kube, node);
		else
			kube_placing_drop(kube);
		if (opened)
			kube_schedule_pending(kube);
	} else if (object->workload == (void *)object || (object->workload && &object->workload->object == object)) {
		const json_t *replicas = json_object_get(spec, "replicas");
		struct kube_workload *w = object->workload;
		if (object->kind->id != KIND_DAEMONSET && json_is_integer(replicas) &&
		    json_integer_value(replicas) >= 0)
			w->replicas = (unsigned)json_integer_value(replicas);
	}
}

/* Members that every rendering has anew: they are never part of what a client changed. */
static void strip_versions(json_t *document)
{
	json_t *metadata = json_object_get(document, "metadata");
	json_object_del(metadata, "resourceVersion");
	json_object_del(metadata, "generation");
}

static bool has_generation(const struct kube_object *object)
{
	return object->kind->id != KIND_POD && object->kind->id != KIND_NODE && object->kind->id != KIND_SERVICE &&
	       object->kind->id != KIND_NAMESPACE;
}

/* Keeps what `document` says beyond the template. The status is the controllers' own, but for what a client wrote to
 * it. */
static void store_patch(struct sim_kube *kube, struct kube_object *object, json_t *document, bool status)
{
	json_t *old_status = json_incref(json_object_get(object->doc, "status"));
	json_decref(object->doc);
	object->doc = NULL;
	json_t *base = kube_document(kube, object), *wanted = json_deep_copy(document);
	strip_versions(base);
	strip_versions(wanted);
	if (object->kind->id == KIND_NODE) /* the taint of a cordon comes with the record */
		json_object_del(json_object_get(wanted, "spec"), "taints"),
			json_object_del(json_object_get(base, "spec"), "taints");
	if (!status) {
		json_object_del(base, "status");
		json_object_del(wanted, "status");
	}
	object->doc = kube_merge_diff(base, wanted);
	if (!status && old_status) {
		if (!object->doc)
			object->doc = json_object();
		json_object_set(object->doc, "status", old_status);
	}
	json_decref(old_status);
	json_decref(base);
	json_decref(wanted);
}

void kube_store_document(struct sim_kube *kube, struct kube_object *object, const json_t *old, json_t *document,
			 bool status)
{
	bool spec_changed = !json_equal(json_object_get(old, "spec"), json_object_get(document, "spec"));
	bool pod_template_changed = !json_equal(json_object_get(json_object_get(old, "spec"), "template"),
						json_object_get(json_object_get(document, "spec"), "template"));
	if (spec_changed && has_generation(object))
		object->generation++;
	absorb(kube, object, document);
	if (object->whole) {
		json_incref(document);
		json_decref(object->doc);
		object->doc = document;
		stamp_metadata(kube, object, document);
	} else if (object->kind->id == KIND_POD && !object->workload) {
		json_decref(object->doc);
		object->doc = json_deep_copy(document);
	} else {
		store_patch(kube, object, document, status);
	}
	kube_touch(kube, object);
	if (spec_changed)
		kube_own_changed(kube, object, pod_template_changed);
}

/* ---- create */

static bool name_is_good(const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; i < n; i++)
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) && name[i] != '-' &&
		    name[i] != '.' && name[i] != ':')
			return false;
	return n > 0 && n <= 253 && name[0] != '-' && name[n - 1] != '-';
}

static const char *qualified_kind(const struct kube_request *request)
{
	const struct kube_resource *resource = request->resource;
	return arena_printf(request->arena, "%s%s%s", resource->kind, resource->group[0] ? "." : "", resource->group);
}

static void reply_invalid(struct kube_request *request, const char *name, const char *field, const char *type,
			  const char *text)
{
	char *message = arena_printf(request->arena, "%s \"%s\" is invalid: %s: %s", qualified_kind(request), name,
				     field, text);
	json_t *status = kube_status(request, 422, "Invalid", message);
	json_t *details = json_object_get(status, "details");
	json_object_set_new(details, "kind", json_string(request->resource->kind));
	json_object_set_new(details, "causes",
			    json_pack("[{s:s, s:s, s:s}]", "reason", type, "message", text, "field", field));
	kube_reply_json(request, 422, status);
}

static bool check_type(struct kube_request *request, json_t *document)
{
	char version[128];
	snprintf(version, sizeof version, "%s%s%s", request->resource->group, request->resource->group[0] ? "/" : "",
		 request->resource->version);
	const char *kind = text_at(document, NULL, "kind"), *api = text_at(document, NULL, "apiVersion");
	if (kind && strcmp(kind, request->resource->kind) != 0) {
		kube_reply_status(request, 400, "BadRequest",
				  "%s in version \"%s\" cannot be handled as a %s: no kind \"%s\" is registered for "
				  "version \"%s\"",
				  kind, api ? api : "", request->resource->kind, kind, api ? api : "");
		return false;
	}
	if (api && strcmp(api, version) != 0) {
		kube_reply_status(request, 400, "BadRequest",
				  "the API version in the data (%s) does not match the expected API version (%s)", api,
				  version);
		return false;
	}
	json_object_set_new(document, "kind", json_string(request->resource->kind));
	json_object_set_new(document, "apiVersion", json_string(version));
	return true;
}

/* Settles the new object's name (generateName) and checks where it shall stand. False: replied. */
static bool check_place(struct kube_request *request, json_t *document)
{
	struct sim_kube *kube = request->kube;
	const char *name = text_at(document, "metadata", "name"),
		   *prefix = text_at(document, "metadata", "generateName");
	const char *ns = text_at(document, "metadata", "namespace");
	if (!name && prefix) {
		char suffix[8];
		name = arena_printf(request->arena, "%s%s", prefix,
				    kube_suffix(kube_hash(kube->seed ^ 0x6e4, kube->serial), 5, suffix));
	}
	if (!name || !name[0]) {
		reply_invalid(request, "", "metadata.name", "FieldValueRequired",
			      "Required value: name or generateName is required");
		return false;
	}
	request->name = name;
	if (!name_is_good(name)) {
		reply_invalid(request, name, "metadata.name", "FieldValueInvalid",
			      arena_printf(request->arena,
					   "Invalid value: \"%s\": a lowercase RFC 1123 subdomain must consist of "
					   "lower case alphanumeric characters, '-' or '.', and "
					   "must start and end with an alphanumeric character",
					   name));
		return false;
	}
	if (!request->resource->namespaced)
		return true;
	if (ns && strcmp(ns, request->ns) != 0) {
		kube_reply_status(
			request, 400, "BadRequest",
			"the namespace of the provided object does not match the namespace sent on the request");
		return false;
	}
	struct kube_object *home = kube_find(kube_kind_of(kube, KIND_NAMESPACE), NULL, request->ns);
	if (!home) {
		request->name = request->ns;
		request->resource = &kube_resources[KIND_NAMESPACE];
		kube_reply_not_found(request);
		return false;
	}
	char resource[256];
	if (home->deleting_ms) {
		kube_reply_status(request, 403, "Forbidden",
				  "%s \"%s\" is forbidden: unable to create new content in namespace %s because it is "
				  "being terminated",
				  kube_resource_name(request, resource), name, request->ns);
		return false;
	}
	return true;
}

static const char *manager_of(const struct kube_request *request)
{
	const char *manager = kube_query_get(request, "fieldManager");
	if (manager)
		return manager;
	const char *agent = kube_header(request, "user-agent");
	return agent ? arena_strndup(request->arena, agent, strcspn(agent, "/ ")) : "unknown";
}

static struct kube_object *new_record(struct sim_kube *kube, struct kube_kind *kind)
{
	struct kube_object *object;
	if (kind->id == KIND_POD) {
		object = &kube_pod_alloc(kube)->object;
	} else if (kind->id >= KIND_DEPLOYMENT && kind->id <= KIND_CRONJOB && kind->id != KIND_REPLICASET) {
		struct kube_workload *w = arena_alloc(kube->arena, sizeof *w);
		object = &w->object;
		object->workload = w;
	} else {
		object = arena_alloc(kube->arena, sizeof *object);
	}
	return object;
}

/* Makes the object that `document` (taken) describes, whole. */
struct kube_object *kube_create_document(struct sim_kube *kube, struct kube_kind *kind, const char *ns,
					 const char *name, json_t *document)
{
	struct kube_object *object = new_record(kube, kind);
	object->doc = document;
	object->whole = kind->id != KIND_POD;
	kube_insert_into(kube, kind, object, ns ? kube_intern(kube, slice_of(ns)) : NULL,
			 arena_strdup(kube->arena, name));
	stamp_metadata(kube, object, document);
	kube_adopt(kube, object);
	return object;
}

void kube_create_checked(struct kube_request *request, json_t *document)
{
	struct sim_kube *kube = request->kube;
	char resource[256];
	if (!check_place(request, document)) {
		json_decref(document);
		return;
	}
	if (kube_find(request->kind, request->ns, request->name)) {
		kube_reply_status(request, 409, "AlreadyExists", "%s \"%s\" already exists",
				  kube_resource_name(request, resource), request->name);
		json_decref(document);
		return;
	}
	if (request->dry_run) {
		struct kube_object ghost = {.kind = request->kind,
					    .ns = request->ns,
					    .name = request->name,
					    .serial = kube->serial + 100000,
					    .created_ms = kube->now_ms,
					    .generation = 1};
		stamp_metadata(kube, &ghost, document);
		json_object_del(json_object_get(document, "metadata"), "resourceVersion");
		kube_reply_json(request, 201, document);
		return;
	}
	kube_reply_object(request, 201,
			  kube_create_document(kube, request->kind, request->ns, request->name, document));
}

void kube_serve_create(struct kube_request *request)
{
	json_t *document;
	if (!kube_body(request, &document))
		return;
	if (!check_type(request, document)) {
		json_decref(document);
		return;
	}
	kube_managed_update(request, manager_of(request), NULL, document);
	kube_create_checked(request, document);
}

/* ---- update and patch */

static bool check_versions(struct kube_request *request, struct kube_object *object, const json_t *document)
{
	char rv[24], uid[37], resource[256];
	const char *version = text_at(document, "metadata", "resourceVersion"),
		   *id = text_at(document, "metadata", "uid");
	const char *name = text_at(document, "metadata", "name");
	snprintf(rv, sizeof rv, "%llu", (unsigned long long)object->rv);
	kube_uid(request->kube, object->serial, uid);
	kube_resource_name(request, resource);
	if (name && strcmp(name, object->name) != 0) {
		kube_reply_status(request, 400, "BadRequest",
				  "the name of the object (%s) does not match the name on the URL (%s)", name,
				  object->name);
		return false;
	}
	if (version && version[0] && strcmp(version, rv) != 0) {
		kube_reply_status(request, 409, "Conflict",
				  "Operation cannot be fulfilled on %s \"%s\": the object has been modified; please "
				  "apply your changes to the latest version and try again",
				  resource, object->name);
		return false;
	}
	if (id && id[0] && strcmp(id, uid) != 0) {
		kube_reply_status(request, 409, "Conflict",
				  "Operation cannot be fulfilled on %s \"%s\": Precondition failed: UID in "
				  "precondition: %s, UID in object meta: %s",
				  resource, object->name, id, uid);
		return false;
	}
	return true;
}

static void keep(json_t *to, const json_t *from, const char *member)
{
	json_t *value = json_object_get(from, member);
	if (value)
		json_object_set(to, member, value);
	else
		json_object_del(to, member);
}

/* What a client cannot change stays; /status changes nothing but the status. */
static void protect(struct kube_request *request, const json_t *old, json_t *document)
{
	static const char *const fixed[] = {"uid",
					    "creationTimestamp",
					    "namespace",
					    "name",
					    "generation",
					    "deletionTimestamp",
					    "deletionGracePeriodSeconds"};
	const json_t *old_metadata = json_object_get(old, "metadata");
	if (request->subresource && strcmp(request->subresource, "status") == 0) {
		json_t *status = json_incref(json_object_get(document, "status"));
		json_object_clear(document);
		json_t *rest = json_deep_copy(old);
		json_object_update(document, rest);
		json_decref(rest);
		if (status)
			json_object_set_new(document, "status", status);
		return;
	}
	if (strstr(request->resource->subresources, "status"))
		keep(document, old, "status");
	json_t *metadata = metadata_of(document);
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		keep(metadata, old_metadata, fixed[i]);
}

static bool no_finalizers(const json_t *document)
{
	return json_array_size(json_object_get(json_object_get(document, "metadata"), "finalizers")) == 0;
}

/* Stores what `document` (taken) says and answers with the object. */
void kube_finish_write(struct kube_request *request, struct kube_object *object, json_t *old, json_t *document)
{
	struct sim_kube *kube = request->kube;
	json_object_set(metadata_of(document), "resourceVersion",
			json_object_get(json_object_get(old, "metadata"), "resourceVersion"));
	if (request->dry_run) {
		json_decref(old);
		kube_reply_json(request, 200, document);
		return;
	}
	if (!json_equal(old, document))
		kube_store_document(kube, object, old, document,
				    request->subresource && strcmp(request->subresource, "status") == 0);
	json_decref(old);
	kube_reply_object(request, 200, object);
	if (object->deleting_ms && object->whole && no_finalizers(document))
		kube_remove(kube, object);
	json_decref(document);
}

void kube_serve_update(struct kube_request *request, struct kube_object *object)
{
	json_t *document;
	if (!kube_body(request, &document))
		return;
	if (!check_type(request, document) || !check_versions(request, object, document)) {
		json_decref(document);
		return;
	}
	json_t *old = kube_view(request->kube, object);
	protect(request, old, document);
	json_t *managed = json_object_get(json_object_get(old, "metadata"), "managedFields");
	if (managed && !json_object_get(json_object_get(document, "metadata"), "managedFields"))
		json_object_set_new(json_object_get(document, "metadata"), "managedFields", json_deep_copy(managed));
	kube_managed_update(request, manager_of(request), old, document);
	kube_finish_write(request, object, old, document);
}

static bool apply_patch(struct kube_request *request, const char *type, json_t *target, const json_t *patch)
{
	if (strncmp(type, "application/json-patch+json", 27) == 0) {
		struct error *error = kube_json_patch(target, patch);
		if (error) {
			kube_reply_status(request, 422, "Invalid",
					  "the server rejected our request due to an error in our request: %s",
					  error->message);
			error_free(error);
			return false;
		}
	} else if (strncmp(type, "application/strategic-merge-patch+json", 38) == 0 && !request->kind->custom) {
		kube_strategic_patch(target, patch);
	} else if (strncmp(type, "application/merge-patch+json", 28) == 0) {
		kube_merge_patch(target, patch);
	} else {
		kube_reply_status(request, 415, "UnsupportedMediaType",
				  "the body of the request was in an unknown format - accepted media types include: "
				  "application/json-patch+json, "
				  "application/merge-patch+json, application/apply-patch+yaml%s",
				  request->kind->custom ? "" : ", application/strategic-merge-patch+json");
		return false;
	}
	return true;
}

void kube_serve_patch(struct kube_request *request, struct kube_object *object)
{
	const char *type = kube_header(request, "content-type") ?: "";
	if (strncmp(type, "application/apply-patch", 23) == 0) {
		kube_serve_apply(request, object);
		return;
	}
	json_t *patch;
	if (!kube_body(request, &patch))
		return;
	json_t *old = kube_view(request->kube, object), *document = json_deep_copy(old);
	bool good = apply_patch(request, type, document, patch) && check_versions(request, object, document);
	json_decref(patch);
	if (!good) {
		json_decref(old);
		json_decref(document);
		return;
	}
	protect(request, old, document);
	kube_managed_update(request, manager_of(request), old, document);
	kube_finish_write(request, object, old, document);
}

/* ---- delete */

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
		     (object->whole && !no_finalizers(object->doc));
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
		stamp_metadata(kube, ns, ns->doc);
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
	if (object->whole && !object->deleting_ms && !no_finalizers(object->doc)) {
		object->deleting_ms = kube->now_ms;
		stamp_metadata(kube, object, object->doc);
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
