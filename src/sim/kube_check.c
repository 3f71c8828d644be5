/* What an API server refuses before it does anything: options in the query that it cannot read, and objects of its own
 * kinds whose members are of another type, out of range, or may never change. Custom resources have schemas of their
 * own and are taken as they come. */
#include "sim/kube_world.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

/* ---- the query */

static bool is_number(const char *text, bool sign)
{
	char *end;
	errno = 0;
	if (!isdigit((unsigned char)text[0]) && !(sign && text[0] == '-'))
		return false;
	strtoll(text, &end, 10);
	return *end == '\0' && errno == 0;
}

static bool refuse_options(struct kube_request *request, const char *options, const char *what)
{
	request->name = NULL;
	kube_reply_status(request, 422, "Invalid", "%s.meta.k8s.io \"\" is invalid: %s", options, what);
	return false;
}

static bool numbers_are_good(struct kube_request *request)
{
	static const char *const members[] = {"limit", "timeoutSeconds"};
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const char *text = kube_query_get(request, members[i]);
		if (!text || !text[0] || is_number(text, true))
			continue;
		kube_reply_status(request, 400, "BadRequest", "strconv.ParseInt: parsing \"%s\": invalid syntax", text);
		return false;
	}
	return true;
}

static bool version_is_there(struct kube_request *request, uint64_t version)
{
	if (version <= request->kube->rv)
		return true;
	char *message = arena_printf(request->arena, "Too large resource version: %llu, current: %llu",
				     (unsigned long long)version, (unsigned long long)request->kube->rv);
	json_t *status = kube_status(request, 504, "Timeout", message);
	json_t *details = json_object_get(status, "details");
	json_object_set_new(details, "retryAfterSeconds", json_integer(1));
	json_object_set_new(details, "causes",
			    json_pack("[{s:s, s:s}]", "reason", "ResourceVersionTooLarge", "message",
				      "Too large resource version"));
	kube_reply_json(request, 504, status);
	return false;
}

bool kube_check_list(struct kube_request *request)
{
	const char *version = kube_query_get(request, "resourceVersion"),
		   *match = kube_query_get(request, "resourceVersionMatch"),
		   *token = kube_query_get(request, "continue");
	bool watch = kube_query_true(request, "watch"), given = version && version[0];
	if (!numbers_are_good(request))
		return false;
	if (given && !is_number(version, false)) {
		kube_reply_status(request, 400, "BadRequest",
				  "resourceVersion: Invalid value: \"%s\": strconv.ParseUint: parsing \"%s\": invalid "
				  "syntax",
				  version, version);
		return false;
	}
	uint64_t number = given ? strtoull(version, NULL, 10) : 0;
	if (match && match[0] && !watch && !given)
		return refuse_options(request, "ListOptions",
				      "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless "
				      "resourceVersion is provided");
	if (match && match[0] && strcmp(match, "Exact") && strcmp(match, "NotOlderThan"))
		return refuse_options(request, "ListOptions",
				      arena_printf(request->arena,
						   "resourceVersionMatch: Unsupported value: \"%s\": supported values: "
						   "\"Exact\", \"NotOlderThan\"",
						   match));
	if (token && token[0] && number) {
		kube_reply_status(request, 400, "BadRequest",
				  "specifying resource version is not allowed when using continue");
		return false;
	}
	if (match && !strcmp(match, "Exact") && !watch && number < request->kube->compacted_rv) {
		kube_reply_status(request, 410, "Expired", "The resourceVersion for the provided list is too old.");
		return false;
	}
	return watch || version_is_there(request, number);
}

/* "All" or nothing: a server that took another word for nothing would change what nobody meant to change. */
bool kube_check_dry_run(struct kube_request *request)
{
	static const struct {
		const char *method, *options;
	} rows[] = {{"POST", "CreateOptions"},
		    {"PUT", "UpdateOptions"},
		    {"PATCH", "PatchOptions"},
		    {"DELETE", "DeleteOptions"}};
	const char *text = kube_query_get(request, "dryRun");
	request->dry_run = text && !strcmp(text, "All");
	for (size_t i = 0; i < ARRAY_SIZE(rows) && text && text[0] && !request->dry_run; i++)
		if (!strcmp(request->http->method, rows[i].method))
			return refuse_options(
				request, rows[i].options,
				arena_printf(request->arena,
					     "dryRun: Unsupported value: \"%s\": supported values: \"All\"", text));
	return true;
}

/* ---- the object */

static json_t *at(const json_t *document, const char *outer, const char *member)
{
	return json_object_get(json_object_get(document, outer), member);
}

static bool refuse_type(struct kube_request *request, const json_t *value, const char *path, const char *type)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "object", [JSON_ARRAY] = "array", [JSON_STRING] = "string", [JSON_INTEGER] = "number",
		[JSON_REAL] = "number",	  [JSON_TRUE] = "bool",	  [JSON_FALSE] = "bool",    [JSON_NULL] = "null"};
	const struct kube_resource *resource = request->resource;
	kube_reply_status(request, 400, "BadRequest",
			  "%s in version \"%s\" cannot be handled as a %s: json: cannot unmarshal %s into Go struct "
			  "field %s.%s of type %s",
			  resource->kind, resource->version, resource->kind, names[json_typeof(value)], resource->kind,
			  path, type);
	return false;
}

static bool refuse_value(struct kube_request *request, const char *name, const char *reason, const char *field,
			 const char *text)
{
	const struct kube_resource *resource = request->resource;
	char *message = arena_printf(request->arena, "%s%s%s \"%s\" is invalid: %s: %s", resource->kind,
				     resource->group[0] ? "." : "", resource->group, name, field, text);
	json_t *status = kube_status(request, 422, "Invalid", message), *details = json_object_get(status, "details");
	json_object_set_new(details, "name", json_string(name));
	json_object_set_new(details, "kind", json_string(resource->kind));
	json_object_set_new(details, "causes",
			    json_pack("[{s:s, s:s, s:s}]", "reason", reason, "message", text, "field", field));
	kube_reply_json(request, 422, status);
	return false;
}

static bool types_are_good(struct kube_request *request, const json_t *document)
{
	static const struct {
		const char *outer, *member, *path, *type;
		json_type wanted;
	} rows[] = {{"spec", "replicas", "spec.replicas", "int32", JSON_INTEGER},
		    {"spec", "minReadySeconds", "spec.minReadySeconds", "int32", JSON_INTEGER},
		    {"spec", "unschedulable", "spec.unschedulable", "bool", JSON_TRUE},
		    {"spec", "paused", "spec.paused", "bool", JSON_TRUE},
		    {"spec", "suspend", "spec.suspend", "bool", JSON_TRUE},
		    {"spec", "nodeName", "spec.nodeName", "string", JSON_STRING},
		    {"spec", "template", "spec.template", "v1.PodTemplateSpec", JSON_OBJECT},
		    {"spec", "containers", "spec.containers", "[]v1.Container", JSON_ARRAY},
		    {"spec", "taints", "spec.taints", "[]v1.Taint", JSON_ARRAY},
		    {"metadata", "labels", "metadata.labels", "map[string]string", JSON_OBJECT},
		    {"metadata", "annotations", "metadata.annotations", "map[string]string", JSON_OBJECT},
		    {"metadata", "finalizers", "metadata.finalizers", "[]string", JSON_ARRAY}};
	const json_t *spec = json_object_get(document, "spec");
	if (spec && !json_is_object(spec) && !json_is_null(spec))
		return refuse_type(request, spec, "spec", "struct");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const json_t *value = at(document, rows[i].outer, rows[i].member);
		bool good = !value || json_is_null(value) || json_typeof(value) == rows[i].wanted ||
			    (rows[i].wanted == JSON_TRUE && json_is_false(value));
		if (!good)
			return refuse_type(request, value, rows[i].path, rows[i].type);
	}
	return true;
}

/* "example.com/name" or "name": what stands after the slash, at most 63 of letters, digits, '-', '_' and '.'. */
static bool key_is_good(const char *key)
{
	const char *slash = strchr(key, '/'), *name = slash ? slash + 1 : key;
	size_t n = strlen(name);
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i]))
			return false;
	return n > 0 && n <= 63 && isalnum((unsigned char)name[0]) && isalnum((unsigned char)name[n - 1]) &&
	       slash != key && !strchr(name, '/');
}

static bool maps_are_good(struct kube_request *request, const char *object, const json_t *document)
{
	static const char *const maps[] = {"labels", "annotations"};
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		const char *key;
		json_t *value;
		json_object_foreach (at(document, "metadata", maps[i]), key, value) {
			char *field = arena_printf(request->arena, "metadata.%s", maps[i]);
			if (!json_is_string(value))
				return refuse_type(request, value, field, "string");
			if (!key_is_good(key))
				return refuse_value(
					request, object, "FieldValueInvalid", field,
					arena_printf(request->arena,
						     "Invalid value: \"%s\": name part must consist of alphanumeric "
						     "characters, '-', '_' or '.', and must start and end with an "
						     "alphanumeric character",
						     key));
		}
	}
	return true;
}

bool kube_check_object(struct kube_request *request, const char *name, const json_t *old, const json_t *document)
{
	if (request->kind->custom)
		return true;
	if (!types_are_good(request, document) || !maps_are_good(request, name, document))
		return false;
	const json_t *replicas = at(document, "spec", "replicas");
	if (json_integer_value(replicas) < 0)
		return refuse_value(request, name, "FieldValueInvalid", "spec.replicas",
				    arena_printf(request->arena,
						 "Invalid value: %lld: must be greater than or equal to 0",
						 (long long)json_integer_value(replicas)));
	unsigned id = request->kind->id;
	bool fixed = id == KIND_DEPLOYMENT || id == KIND_REPLICASET || id == KIND_DAEMONSET || id == KIND_STATEFULSET;
	if (old && fixed && !json_equal(at(old, "spec", "selector"), at(document, "spec", "selector")))
		return refuse_value(request, name, "FieldValueInvalid", "spec.selector",
				    "Invalid value: field is immutable");
	return true;
}
