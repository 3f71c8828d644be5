/* Patches of documents: merge patch (RFC 7396), JSON patch (RFC 6902), and the strategic merge of Kubernetes. */
#include "sim/kube_world.h"

#include <stdlib.h>

void kube_merge_patch(json_t *target, const json_t *patch)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)(uintptr_t)patch, key, value) {
		if (json_is_null(value)) {
			json_object_del(target, key);
		} else if (json_is_object(value)) {
			json_t *child = json_object_get(target, key);
			if (!json_is_object(child)) {
				child = json_object();
				json_object_set_new(target, key, child);
			}
			kube_merge_patch(child, value);
		} else {
			json_object_set_new(target, key, json_deep_copy(value));
		}
	}
}

json_t *kube_merge_diff(const json_t *from, const json_t *to)
{
	json_t *diff = json_object();
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)(uintptr_t)to, key, value) {
		const json_t *old = json_object_get(from, key);
		if (old && json_equal(old, value))
			continue;
		if (json_is_object(old) && json_is_object(value)) {
			json_t *inner = kube_merge_diff(old, value);
			if (inner)
				json_object_set_new(diff, key, inner);
		} else {
			json_object_set_new(diff, key, json_deep_copy(value));
		}
	}
	json_object_foreach ((json_t *)(uintptr_t)from, key, value)
		if (!json_object_get(to, key))
			json_object_set_new(diff, key, json_null());
	if (json_object_size(diff) == 0) {
		json_decref(diff);
		return NULL;
	}
	return diff;
}

/* The last step of a JSON pointer: its parent and unescaped key. */
static json_t *pointer_parent(json_t *root, const char *pointer, char key[256])
{
	json_t *at = root;
	while (*pointer == '/') {
		const char *part = ++pointer;
		size_t n = strcspn(part, "/"), length = 0;
		for (size_t i = 0; i < n && length < 255; i++) {
			if (part[i] == '~' && (part[i + 1] == '0' || part[i + 1] == '1'))
				key[length++] = part[++i] == '0' ? '~' : '/';
			else
				key[length++] = part[i];
		}
		key[length] = '\0';
		pointer = part + n;
		if (*pointer != '/')
			return at;
		at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10)) : json_object_get(at, key);
		if (!at)
			return NULL;
	}
	return NULL;
}

static json_t *pointer_get(json_t *root, const char *pointer)
{
	char key[256];
	if (!*pointer)
		return root;
	json_t *parent = pointer_parent(root, pointer, key);
	return json_is_array(parent) ? json_array_get(parent, strtoul(key, NULL, 10)) : json_object_get(parent, key);
}

static bool pointer_set(json_t *root, const char *pointer, json_t *value /* borrowed */, bool insert)
{
	char key[256];
	json_t *parent = pointer_parent(root, pointer, key);
	if (json_is_object(parent))
		return json_object_set_new(parent, key, json_deep_copy(value)) == 0;
	if (!json_is_array(parent))
		return false;
	if (strcmp(key, "-") == 0)
		return json_array_append_new(parent, json_deep_copy(value)) == 0;
	size_t at = strtoul(key, NULL, 10);
	return (insert ? json_array_insert_new(parent, at, json_deep_copy(value))
		       : json_array_set_new(parent, at, json_deep_copy(value))) == 0;
}

static bool pointer_remove(json_t *root, const char *pointer)
{
	char key[256];
	json_t *parent = pointer_parent(root, pointer, key);
	if (json_is_array(parent))
		return json_array_remove(parent, strtoul(key, NULL, 10)) == 0;
	return json_object_del(parent, key) == 0;
}

static bool apply_operation(json_t *target, const json_t *operation)
{
	const char *op = json_string_value(json_object_get(operation, "op"));
	const char *path = json_string_value(json_object_get(operation, "path"));
	const char *from = json_string_value(json_object_get(operation, "from"));
	json_t *value = json_object_get(operation, "value");
	if (!op || !path)
		return false;
	if (strcmp(op, "test") == 0)
		return pointer_get(target, path) && json_equal(pointer_get(target, path), value);
	if (strcmp(op, "remove") == 0)
		return pointer_remove(target, path);
	if (strcmp(op, "add") == 0)
		return value && pointer_set(target, path, value, true);
	if (strcmp(op, "replace") == 0)
		return value && pointer_get(target, path) && pointer_set(target, path, value, false);
	if (!from || !pointer_get(target, from))
		return false;
	json_t *moved = json_incref(pointer_get(target, from));
	bool done = (strcmp(op, "copy") == 0 || (strcmp(op, "move") == 0 && pointer_remove(target, from))) &&
		    pointer_set(target, path, moved, true);
	json_decref(moved);
	return done;
}

struct error *kube_json_patch(json_t *target, const json_t *operations)
{
	size_t i;
	json_t *operation;
	if (!json_is_array(operations))
		return error_new(ERROR_INVALID, "json: cannot unmarshal object into Go value of type jsonpatch.Patch");
	json_array_foreach ((json_t *)(uintptr_t)operations, i, operation)
		if (!apply_operation(target, operation)) {
			const char *op = json_string_value(json_object_get(operation, "op")) ?: "",
				   *path = json_string_value(json_object_get(operation, "path")) ?: "";
			if (strcmp(op, "test") == 0)
				return error_new(ERROR_INVALID, "testing value %s failed: test failed", path);
			return error_new(ERROR_INVALID,
					 "%s operation does not apply: doc is missing path: \"%s\": missing value", op,
					 path);
		}
	return NULL;
}

/* By which member the elements of a list are told apart; NULL: the list is replaced as a whole. */
const char *kube_merge_key(const char *field, const json_t *element)
{
	static const struct {
		const char *field, *key;
	} keys[] = {{"containers", "name"},
		    {"initContainers", "name"},
		    {"ephemeralContainers", "name"},
		    {"env", "name"},
		    {"volumes", "name"},
		    {"volumeMounts", "mountPath"},
		    {"volumeDevices", "devicePath"},
		    {"imagePullSecrets", "name"},
		    {"conditions", "type"},
		    {"ownerReferences", "uid"},
		    {"taints", "key"},
		    {"addresses", "type"},
		    {"hostAliases", "ip"},
		    {"topologySpreadConstraints", "topologyKey"},
		    {"secrets", "name"},
		    {"subjects", NULL}};
	if (strcmp(field, "ports") == 0)
		return json_object_get(element, "containerPort") ? "containerPort" : "port";
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i].field, field) == 0)
			return keys[i].key;
	return NULL;
}

static size_t find_element(const json_t *list, const char *key, const json_t *value)
{
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)(uintptr_t)list, i, item)
		if (json_object_get(item, key) && json_equal(json_object_get(item, key), value))
			return i;
	return SIZE_MAX;
}

static void strategic_list(json_t *target, const json_t *patch, const char *key)
{
	size_t i;
	json_t *element;
	json_array_foreach ((json_t *)(uintptr_t)patch, i, element) {
		const char *directive = json_string_value(json_object_get(element, "$patch"));
		size_t at = find_element(target, key, json_object_get(element, key));
		if (directive && strcmp(directive, "replace") == 0)
			continue;
		if (directive && strcmp(directive, "delete") == 0) {
			if (at != SIZE_MAX)
				json_array_remove(target, at);
		} else if (at == SIZE_MAX) {
			json_t *fresh = json_object();
			kube_strategic_patch(fresh, element);
			json_array_append_new(target, fresh);
		} else {
			kube_strategic_patch(json_array_get(target, at), element);
		}
	}
}

static bool replaces(const json_t *list)
{
	size_t i;
	json_t *element;
	json_array_foreach ((json_t *)(uintptr_t)list, i, element) {
		const char *directive = json_string_value(json_object_get(element, "$patch"));
		if (directive && strcmp(directive, "replace") == 0)
			return true;
	}
	return false;
}

static void delete_primitives(json_t *target, const char *field, const json_t *values)
{
	json_t *list = json_object_get(target, field), *value;
	size_t i;
	json_array_foreach ((json_t *)(uintptr_t)values, i, value)
		for (size_t j = json_array_size(list); j-- > 0;)
			if (json_equal(json_array_get(list, j), value))
				json_array_remove(list, j);
}

static void merge_finalizers(json_t *list, const json_t *patch)
{
	size_t i;
	json_t *value;
	json_array_foreach ((json_t *)(uintptr_t)patch, i, value) {
		bool there = false;
		for (size_t j = 0; j < json_array_size(list); j++)
			there = there || json_equal(json_array_get(list, j), value);
		if (!there)
			json_array_append(list, value);
	}
}

static void strategic_member(json_t *target, const char *key, json_t *value)
{
	json_t *old = json_object_get(target, key);
	const char *merge_key = json_is_array(value) ? kube_merge_key(key, json_array_get(value, 0)) : NULL;
	if (json_is_null(value)) {
		json_object_del(target, key);
	} else if (json_is_object(value)) {
		if (!json_is_object(old)) {
			json_object_set_new(target, key, json_object());
			old = json_object_get(target, key);
		}
		kube_strategic_patch(old, value);
	} else if (json_is_array(value) && json_is_array(old) && strcmp(key, "finalizers") == 0) {
		merge_finalizers(old, value);
	} else if (merge_key && !replaces(value)) {
		if (!json_is_array(old)) {
			json_object_set_new(target, key, json_array());
			old = json_object_get(target, key);
		}
		strategic_list(old, value, merge_key);
	} else {
		json_object_set_new(target, key, json_deep_copy(value));
	}
}

/* In place. */
void kube_strategic_patch(json_t *target, const json_t *patch)
{
	const char *directive = json_string_value(json_object_get(patch, "$patch"));
	if (directive && (strcmp(directive, "replace") == 0 || strcmp(directive, "delete") == 0))
		json_object_clear(target);
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)(uintptr_t)patch, key, value) {
		if (strncmp(key, "$deleteFromPrimitiveList/", 25) == 0)
			delete_primitives(target, key + 25, value);
		else if (key[0] != '$')
			strategic_member(target, key, value);
	}
}
