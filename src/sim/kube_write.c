/* Creating, replacing and patching, with the API server's preconditions and errors. */
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

void kube_stamp_metadata(struct sim_kube *kube, struct kube_object *object, json_t *document)
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
		kube_stamp_metadata(kube, object, document);
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
	kube_stamp_metadata(kube, object, document);
	kube_adopt(kube, object);
	return object;
}

void kube_create_checked(struct kube_request *request, json_t *document)
{
	struct sim_kube *kube = request->kube;
	char resource[256];
	if (!check_place(request, document) || !kube_check_object(request, request->name, NULL, document)) {
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
		kube_stamp_metadata(kube, &ghost, document);
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

bool kube_no_finalizers(const json_t *document)
{
	return json_array_size(json_object_get(json_object_get(document, "metadata"), "finalizers")) == 0;
}

/* Stores what `document` (taken) says and answers with the object. */
void kube_finish_write(struct kube_request *request, struct kube_object *object, json_t *old, json_t *document)
{
	struct sim_kube *kube = request->kube;
	if (!kube_check_object(request, object->name, old, document)) {
		json_decref(old);
		json_decref(document);
		return;
	}
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
	if (object->deleting_ms && object->whole && kube_no_finalizers(document))
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
