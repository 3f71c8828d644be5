/* Who manages which field, and server-side apply with its conflicts. */
#include "sim/kube_world.h"

#include <stdio.h>
#include <stdlib.h>
#include "codec/document.h"

static bool unmanaged(const char *key, unsigned depth, bool metadata)
{
	static const char *const of_metadata[] = {"name",	"namespace",	     "uid",	      "resourceVersion",
						  "generation", "creationTimestamp", "managedFields", "generateName",
						  "selfLink"};
	if (depth == 0)
		return strcmp(key, "apiVersion") == 0 || strcmp(key, "kind") == 0;
	if (depth == 1 && metadata)
		for (size_t i = 0; i < ARRAY_SIZE(of_metadata); i++)
			if (strcmp(of_metadata[i], key) == 0)
				return true;
	return false;
}

static char *element_key(const char *field, const json_t *element)
{
	const char *key = kube_merge_key(field, element);
	json_t *value = key ? json_object_get(element, key) : NULL;
	if (!value)
		return NULL;
	json_t *pair = json_pack("{s:O}", key, value);
	if (strcmp(field, "ports") == 0)
		json_object_set_new(pair, "protocol",
				    json_string(json_string_value(json_object_get(element, "protocol")) ?: "TCP"));
	char *text = json_dumps(pair, JSON_COMPACT | JSON_SORT_KEYS), *full = mem_printf("k:%s", text);
	free(text);
	json_decref(pair);
	return full;
}

/* The element of a list that "k:{…}" means. */
static json_t *element_by_key(json_t *list, const char *field, const char *key)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		char *own = element_key(field, json_array_get(list, i));
		bool same = own && strcmp(own, key) == 0;
		free(own);
		if (same)
			return json_array_get(list, i);
	}
	return NULL;
}

static json_t *field_set(const char *field, const json_t *old, const json_t *value, unsigned depth, bool metadata);

static json_t *list_set(const char *field, const json_t *old, const json_t *list, unsigned depth)
{
	json_t *set = json_object();
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *element = json_array_get(list, i);
		char *key = element_key(field, element);
		if (!key) {
			json_object_clear(set);
			return set;
		}
		const json_t *before = element_by_key((json_t *)(uintptr_t)old, field, key);
		if (!before || !json_equal(before, element)) {
			json_t *inner = field_set("", before, element, depth + 1, false);
			if (!before)
				json_object_set_new(inner, ".", json_object());
			json_object_set_new(set, key, inner);
		}
		free(key);
	}
	return set;
}

/* FieldsV1 of what `value` says and `old` (may be NULL) did not. */
static json_t *field_set(const char *field, const json_t *old, const json_t *value, unsigned depth, bool metadata)
{
	if (json_is_array(value))
		return list_set(field, old, value, depth);
	json_t *set = json_object();
	const char *key;
	json_t *member;
	json_object_foreach ((json_t *)(uintptr_t)value, key, member) {
		const json_t *before = json_object_get(old, key);
		if (unmanaged(key, depth, metadata) || json_is_null(member) || (before && json_equal(before, member)))
			continue;
		bool is_metadata = depth == 0 && strcmp(key, "metadata") == 0;
		json_t *inner = field_set(key, before, member, depth + 1, is_metadata);
		if (is_metadata && json_object_size(inner) == 0) {
			json_decref(inner);
			continue;
		}
		char *name = mem_printf("f:%s", key);
		json_object_set_new(set, name, inner);
		free(name);
	}
	return set;
}

static json_t *managed_fields(json_t *document)
{
	json_t *metadata = json_object_get(document, "metadata");
	json_t *managed = json_object_get(metadata, "managedFields");
	if (!json_is_array(managed)) {
		managed = json_array();
		json_object_set_new(metadata, "managedFields", managed);
	}
	return managed;
}

static bool entry_is(const json_t *entry, const char *manager, const char *operation, const char *subresource)
{
	const char *its = json_string_value(json_object_get(entry, "subresource"));
	return strcmp(json_string_value(json_object_get(entry, "manager")) ?: "", manager) == 0 &&
	       strcmp(json_string_value(json_object_get(entry, "operation")) ?: "", operation) == 0 &&
	       (its ? subresource && strcmp(its, subresource) == 0 : !subresource);
}

static json_t *entry_of(json_t *managed, const char *manager, const char *operation, const char *subresource)
{
	for (size_t i = 0; i < json_array_size(managed); i++)
		if (entry_is(json_array_get(managed, i), manager, operation, subresource))
			return json_array_get(managed, i);
	json_t *entry = json_pack("{s:s, s:s}", "manager", manager, "operation", operation);
	if (subresource)
		json_object_set_new(entry, "subresource", json_string(subresource));
	json_array_append_new(managed, entry);
	return entry;
}

static void finish_entry(struct kube_request *request, json_t *entry, json_t *set /* taken */)
{
	char stamp[24], version[128];
	snprintf(version, sizeof version, "%s%s%s", request->resource->group, request->resource->group[0] ? "/" : "",
		 request->resource->version);
	json_object_set_new(entry, "apiVersion", json_string(version));
	json_object_set_new(entry, "time", json_string(kube_stamp(request->kube, request->kube->now_ms, stamp)));
	json_object_set_new(entry, "fieldsType", json_string("FieldsV1"));
	json_object_set_new(entry, "fieldsV1", set);
}

void kube_managed_update(struct kube_request *request, const char *manager, const json_t *old, json_t *document)
{
	if (!json_is_object(json_object_get(document, "metadata")))
		json_object_set_new(document, "metadata", json_object());
	json_t *set = field_set("", old, document, 0, false);
	if (json_object_size(set) == 0) {
		json_decref(set);
		return;
	}
	json_t *entry = entry_of(managed_fields(document), manager, "Update", request->subresource);
	json_t *before = json_object_get(entry, "fieldsV1");
	if (before) {
		json_t *merged = json_deep_copy(before);
		json_object_update_recursive(merged, set);
		json_decref(set);
		set = merged;
	}
	finish_entry(request, entry, set);
}

/* ---- server-side apply */

struct walk {
	json_t *causes; /* conflicts found; or NULL */
	const char *manager, *version;
	bool take; /* takes the fields away from the other manager instead */
};

/* "k:{"name":"c"}" as people read it: [name="c"]. */
static char *element_path(const char *path, const char *key)
{
	struct buf text = BUF_INIT(4096);
	json_t *pairs = json_loads(key, 0, NULL), *value;
	const char *name;
	buf_printf(&text, "%s[", path);
	bool first = true;
	json_object_foreach (pairs, name, value) {
		char *shown = json_dumps(value, JSON_ENCODE_ANY);
		buf_printf(&text, "%s%s=%s", first ? "" : ",", name, shown);
		free(shown);
		first = false;
	}
	buf_puts(&text, "]");
	json_decref(pairs);
	return buf_take(&text);
}

static void walk_conflicts(struct walk *walk, const json_t *ours, json_t *theirs, json_t *applied, json_t *live,
			   const char *field, const char *path)
{
	const char *key;
	json_t *inner;
	void *safe;
	json_object_foreach_safe (theirs, safe, key, inner) {
		json_t *mine = json_object_get(ours, key);
		if (!mine || strcmp(key, ".") == 0)
			continue;
		bool member = strncmp(key, "f:", 2) == 0;
		json_t *new_value = member ? json_object_get(applied, key + 2) : element_by_key(applied, field, key);
		json_t *old_value = member ? json_object_get(live, key + 2) : element_by_key(live, field, key);
		char *deeper = member ? mem_printf("%s.%s", path, key + 2) : element_path(path, key + 2);
		if (json_object_size(mine) > 0 && json_object_size(inner) > 0) {
			walk_conflicts(walk, mine, inner, new_value, old_value, member ? key + 2 : "", deeper);
		} else if (!json_equal(new_value, old_value)) {
			if (walk->take)
				json_object_del(theirs, key);
			else
				json_array_append_new(walk->causes,
						      json_pack("{s:s, s:o, s:s}", "reason", "FieldManagerConflict",
								"message",
								json_sprintf("conflict with \"%s\" using %s",
									     walk->manager, walk->version),
								"field", deeper));
		}
		free(deeper);
	}
}

static void others_conflicts(struct walk *walk, const char *manager, const json_t *ours, json_t *managed,
			     json_t *applied, json_t *live)
{
	for (size_t i = 0; i < json_array_size(managed); i++) {
		json_t *entry = json_array_get(managed, i);
		if (entry_is(entry, manager, "Apply", NULL))
			continue;
		walk->manager = json_string_value(json_object_get(entry, "manager")) ?: "";
		walk->version = json_string_value(json_object_get(entry, "apiVersion")) ?: "";
		walk_conflicts(walk, ours, json_object_get(entry, "fieldsV1"), applied, live, "", "");
	}
}

static void reply_conflicts(struct kube_request *request, json_t *causes)
{
	struct buf text = BUF_INIT(1 << 16);
	size_t n = json_array_size(causes);
	buf_printf(&text, "Apply failed with %zu conflict%s:", n, n == 1 ? "" : "s");
	for (size_t i = 0; i < n; i++) {
		const json_t *cause = json_array_get(causes, i);
		buf_printf(&text, n == 1 ? " %s: %s" : "\n- %s: %s",
			   json_string_value(json_object_get(cause, "message")),
			   json_string_value(json_object_get(cause, "field")));
	}
	json_t *status = kube_status(request, 409, "Conflict", buf_str(&text));
	json_object_set_new(status, "details", json_pack("{s:O}", "causes", causes));
	kube_reply_json(request, 409, status);
	buf_done(&text);
}

static bool owned_elsewhere(json_t *managed, const char *manager, const char *key, const char *const *path,
			    size_t depth)
{
	for (size_t i = 0; i < json_array_size(managed); i++) {
		const json_t *entry = json_array_get(managed, i), *at = json_object_get(entry, "fieldsV1");
		if (entry_is(entry, manager, "Apply", NULL))
			continue;
		for (size_t j = 0; j < depth && at; j++)
			at = json_object_get(at, path[j]);
		if (json_object_get(at, key))
			return true;
	}
	return false;
}

/* What this manager applied before and does not any more goes, unless another manages it. */
static void remove_dropped(json_t *managed, const char *manager, const json_t *before, const json_t *now, json_t *live,
			   const char **path, size_t depth)
{
	const char *key;
	json_t *inner;
	json_object_foreach ((json_t *)(uintptr_t)before, key, inner) {
		if (strcmp(key, ".") == 0 || depth >= 30)
			continue;
		json_t *still = json_object_get(now, key), *list = live;
		bool member = strncmp(key, "f:", 2) == 0;
		json_t *child = member ? json_object_get(live, key + 2)
				       : element_by_key(live, depth ? path[depth - 1] + 2 : "", key);
		if (still) {
			path[depth] = key;
			remove_dropped(managed, manager, inner, still, child, path, depth + 1);
		} else if (child && !owned_elsewhere(managed, manager, key, path, depth)) {
			if (member)
				json_object_del(live, key + 2);
			else
				for (size_t i = json_array_size(list); i-- > 0;)
					if (json_array_get(list, i) == child)
						json_array_remove(list, i);
		}
	}
}

/* The applied configuration, JSON or YAML. */
static json_t *applied_document(struct kube_request *request)
{
	json_t *document = kube_parse_body(request);
	if (!json_is_object(document) || !json_is_object(json_object_get(document, "metadata"))) {
		json_decref(document);
		kube_reply_status(request, 400, "BadRequest",
				  "error decoding YAML: the applied configuration is not an object with metadata");
		return NULL;
	}
	json_object_del(json_object_get(document, "metadata"), "managedFields");
	return document;
}

static void apply_new(struct kube_request *request, const char *manager, json_t *applied)
{
	json_t *set = field_set("", NULL, applied, 0, false);
	finish_entry(request, entry_of(managed_fields(applied), manager, "Apply", NULL), set);
	json_object_set_new(json_object_get(applied, "metadata"), "name", json_string(request->name));
	kube_create_checked(request, applied);
}

void kube_serve_apply(struct kube_request *request, struct kube_object *object)
{
	const char *manager = kube_query_get(request, "fieldManager");
	if (!manager || !manager[0]) {
		kube_reply_status(request, 422, "Invalid",
				  "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required "
				  "for apply patch");
		return;
	}
	json_t *applied = applied_document(request);
	if (!applied)
		return;
	if (!object) {
		apply_new(request, manager, applied);
		return;
	}
	json_t *live = kube_document(request->kube, object), *managed = managed_fields(live);
	json_t *set = field_set("", NULL, applied, 0, false);
	struct walk walk = {.causes = json_array(), .take = kube_query_true(request, "force")};
	others_conflicts(&walk, manager, set, managed, applied, live);
	if (json_array_size(walk.causes) > 0) {
		reply_conflicts(request, walk.causes);
		json_decref(set);
		json_decref(live);
	} else {
		const char *path[32];
		json_t *entry = entry_of(managed, manager, "Apply", NULL),
		       *before = json_deep_copy(json_object_get(entry, "fieldsV1"));
		bool changed = !before || !json_equal(before, set);
		remove_dropped(managed, manager, before, set, live, path, 0);
		json_decref(before);
		json_object_del(json_object_get(applied, "metadata"), "resourceVersion");
		json_t *unmerged = json_deep_copy(live);
		kube_strategic_patch(live, applied);
		if (changed || !json_equal(unmerged, live))
			finish_entry(request, entry, set);
		else
			json_decref(set);
		json_decref(unmerged);
		kube_finish_write(request, object, kube_view(request->kube, object), live);
	}
	json_decref(walk.causes);
	json_decref(applied);
}
