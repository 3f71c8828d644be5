/* Requests to the simulated API server: reads the path, finds who answers, and the forms in which all of them answer.
 */
#include "sim/kube_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include "base/uri.h"
#include "codec/document.h"
#include "codec/json.h"
#include "codec/yaml.h"

const char *kube_query_get(const struct kube_request *request, const char *name)
{
	for (size_t i = 0; i < request->query.n; i++)
		if (strcmp(request->query.pairs[i].key, name) == 0)
			return request->query.pairs[i].value;
	return NULL;
}

bool kube_query_true(const struct kube_request *request, const char *name)
{
	const char *value = kube_query_get(request, name);
	return value && (value[0] == 't' || value[0] == 'T' || strcmp(value, "1") == 0); /* as strconv.ParseBool */
}

const char *kube_header(const struct kube_request *request, const char *name)
{
	for (size_t i = 0; i < request->http->n_headers; i++)
		if (strcasecmp(request->http->headers[i].name, name) == 0)
			return request->http->headers[i].value;
	return NULL;
}

/* As it is where it is no encoding. */
static char *percent_decode(struct arena *arena, struct slice text, bool plus)
{
	struct buf out CLEANUP(buf_done) = BUF_INIT(text.n + 1);
	return uri_decode(text, plus, &out) ? arena_strdup(arena, buf_str(&out)) : arena_strndup(arena, text.p, text.n);
}

static void read_query(struct kube_request *request, const char *query)
{
	while (*query) {
		size_t n = strcspn(query, "&");
		const char *equals = memchr(query, '=', n);
		size_t key = equals ? (size_t)(equals - query) : n;
		struct pair *pair = ARENA_PUSH(request->arena, request->query.pairs, request->query.n);
		pair->key = percent_decode(request->arena, slice_make(query, key), true);
		pair->value = equals ? percent_decode(request->arena, slice_make(equals + 1, n - key - 1), true) : "";
		query += n + (query[n] == '&');
	}
}

static void read_path(struct kube_request *request, const char *path)
{
	size_t length = strcspn(path, "?");
	if (path[length] == '?')
		read_query(request, path + length + 1);
	size_t at = 0;
	while (at < length && request->n_segments < ARRAY_SIZE(request->segments)) {
		while (at < length && path[at] == '/')
			at++;
		size_t start = at;
		while (at < length && path[at] != '/')
			at++;
		if (at > start) {
			char *text = percent_decode(request->arena, slice_make(path + start, at - start), false);
			request->segments[request->n_segments++] = slice_of(text);
		}
	}
}

static void add_header(struct kube_request *request, const char *name, const char *value)
{
	http_response_add_header(request->response, slice_of(name), slice_of(value));
}

static void begin(struct kube_request *request, int status, const char *type)
{
	request->response->status = status;
	char uid[37];
	kube_uid(request->kube, request->kube->rv + 9000000, uid);
	add_header(request, "audit-id", uid);
	add_header(request, "cache-control", "no-cache, private");
	add_header(request, "content-type", type);
}

static void begin_reply(struct kube_request *request, int status, const char *type, struct kube_out *out)
{
	begin(request, status, type);
	*out = (struct kube_out){.sink = status / 100 == 2 ? request->http->sink : NULL,
				 .body = &request->response->body};
	if (out->sink)
		out->block = mem_alloc(KUBE_BLOCK);
}

static void end_reply(struct kube_request *request, struct kube_out *out)
{
	kube_out_end(out);
	request->response->stopped = out->stopped;
}

void kube_out_begin(struct kube_request *request, struct kube_out *out, const char *type)
{
	begin_reply(request, 200, type, out);
}

void kube_reply_text(struct kube_request *request, int status, const char *type, const char *text)
{
	struct kube_out out;
	begin_reply(request, status, type, &out);
	kube_out_text(&out, text);
	end_reply(request, &out);
}

void kube_reply_json(struct kube_request *request, int status, json_t *document)
{
	struct kube_out out;
	begin_reply(request, status, "application/json", &out);
	kube_out_document(&out, document);
	end_reply(request, &out);
	json_decref(document);
}

json_t *kube_status(struct kube_request *request, int status, const char *reason, const char *message)
{
	json_t *details = json_object();
	if (request->name)
		json_object_set_new(details, "name", json_string(request->name));
	if (request->resource) {
		if (request->resource->group[0])
			json_object_set_new(details, "group", json_string(request->resource->group));
		json_object_set_new(details, "kind", json_string(request->resource->plural));
	}
	return json_pack("{s:s, s:s, s:{}, s:s, s:s, s:s, s:o, s:i}", "kind", "Status", "apiVersion", "v1", "metadata",
			 "status", status < 400 ? "Success" : "Failure", "message", message, "reason", reason,
			 "details", details, "code", status);
}

void kube_reply_status(struct kube_request *request, int status, const char *reason, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *message = mem_vprintf(format, args);
	va_end(args);
	kube_reply_json(request, status, kube_status(request, status, reason, message));
	free(message);
}

const char *kube_resource_name(const struct kube_request *request, char out[256])
{
	const struct kube_resource *resource = request->resource;
	snprintf(out, 256, "%s%s%s", resource->plural, resource->group[0] ? "." : "", resource->group);
	return out;
}

void kube_reply_not_found(struct kube_request *request)
{
	char name[256];
	kube_reply_status(request, 404, "NotFound", "%s \"%s\" not found", kube_resource_name(request, name),
			  request->name);
}

enum kube_accept kube_accept(const struct kube_request *request)
{
	const char *accept = kube_header(request, "accept");
	if (!accept)
		return ACCEPT_OBJECT;
	const char *table = strstr(accept, "as=Table;"), *partial = strstr(accept, "as=PartialObjectMetadata");
	if (table && (!partial || table < partial))
		return ACCEPT_TABLE;
	return partial ? ACCEPT_METADATA : ACCEPT_OBJECT;
}

void kube_reply_object(struct kube_request *request, int status, struct kube_object *object)
{
	enum kube_accept accept = kube_accept(request);
	if (accept == ACCEPT_TABLE) {
		json_t *metadata =
			json_pack("{s:o}", "resourceVersion", json_sprintf("%llu", (unsigned long long)object->rv));
		kube_reply_json(request, status, kube_table(request, &object, 1, true, metadata));
		return;
	}
	struct kube_out out;
	kube_out_begin(request, &out, "application/json");
	request->response->status = status;
	kube_render(request->kube, object, accept == ACCEPT_METADATA ? FORM_METADATA : FORM_WHOLE, &out);
	kube_out_end(&out);
}

static bool take_first(void *context, json_t *document, size_t index, int line, const struct error *error)
{
	json_t **out = context;
	(void)index, (void)line;
	if (!error && document)
		*out = json_incref(document);
	return false;
}

json_t *kube_parse_body(const struct kube_request *request)
{
	json_t *document = document_load(request->http->body);
	if (!document)
		error_ignore(yaml_documents(request->http->body, "body", take_first, &document));
	return document;
}

bool kube_body(struct kube_request *request, json_t **ret)
{
	json_error_t error;
	const char *type = kube_header(request, "content-type");
	if (type && strstr(type, "protobuf")) {
		kube_reply_status(request, 415, "UnsupportedMediaType",
				  "the body of the request was in an unknown format - accepted media types include: "
				  "application/json, application/yaml (this simulator reads no protobuf; with kubectl: "
				  "create --dry-run=client -o yaml … | kubectl apply -f -)");
		return false;
	}
	bool yaml = type && strstr(type, "yaml");
	*ret = yaml ? kube_parse_body(request) : document_load(request->http->body);
	if (*ret)
		return true;
	*ret = json_loadb(request->http->body.p ? request->http->body.p : "", request->http->body.n,
			  JSON_DISABLE_EOF_CHECK, &error);
	if (*ret)
		return true;
	kube_reply_status(request, 400, "BadRequest",
			  "the object provided is unrecognized (must be of type %s): couldn't get version/kind; json "
			  "parse error: %s",
			  request->resource ? request->resource->kind : "Status", error.text);
	return false;
}

static bool method_is(const struct kube_request *request, const char *method)
{
	return strcmp(request->http->method, method) == 0;
}

static void reply_method(struct kube_request *request)
{
	kube_reply_status(request, 405, "MethodNotAllowed",
			  "the server does not allow this method on the requested resource");
}

static void serve_collection(struct kube_request *request)
{
	if (method_is(request, "GET"))
		kube_serve_list(request);
	else if (method_is(request, "POST") && (request->ns || !request->resource->namespaced))
		kube_serve_create(request);
	else if (method_is(request, "DELETE"))
		kube_serve_delete_all(request);
	else
		reply_method(request);
}

static bool has_subresource(const struct kube_resource *resource, const char *name)
{
	const char *found = strstr(resource->subresources, name);
	size_t n = strlen(name);
	return found && (found == resource->subresources || found[-1] == ',') && (found[n] == '\0' || found[n] == ',');
}

static bool serve_subresource(struct kube_request *request, struct kube_object *object)
{
	const char *name = request->subresource;
	if (!name || strcmp(name, "status") == 0 || strcmp(name, "finalize") == 0)
		return false;
	if (strcmp(name, "eviction") == 0)
		kube_serve_eviction(request, object);
	else if (strcmp(name, "log") == 0)
		kube_serve_log(request, object);
	else if (strcmp(name, "scale") == 0)
		kube_serve_scale(request, object);
	else
		reply_method(request);
	return true;
}

static void serve_object(struct kube_request *request)
{
	struct kube_object *object = kube_find(request->kind, request->ns, request->name);
	bool apply = method_is(request, "PATCH") && !request->subresource && kube_header(request, "content-type") &&
		     strncmp(kube_header(request, "content-type"), "application/apply-patch", 23) == 0;
	if (!object && !apply) {
		kube_reply_not_found(request);
		return;
	}
	if (object && serve_subresource(request, object))
		return;
	if (method_is(request, "GET"))
		kube_reply_object(request, 200, object);
	else if (method_is(request, "PUT"))
		kube_serve_update(request, object);
	else if (method_is(request, "PATCH"))
		kube_serve_patch(request, object);
	else if (method_is(request, "DELETE") && !request->subresource)
		kube_serve_delete(request, object);
	else
		reply_method(request);
}

/* For the metric, and for the audit log that tells who it was. */
static void note_deprecated(const struct kube_request *request)
{
	struct sim_kube *kube = request->kube;
	const char *agent = "";
	for (size_t i = 0; i < request->http->n_headers; i++)
		if (!strcasecmp(request->http->headers[i].name, "user-agent"))
			agent = request->http->headers[i].value;
	kube->deprecated_requests++;
	kube->deprecated_ms = kube->now_ms;
	snprintf(kube->deprecated_agent, sizeof kube->deprecated_agent, "%s", agent);
}

json_t *sim_kube_deprecated_calls(const struct sim_kube *kube)
{
	char when[TIME_TEXT];
	if (!kube->deprecated_requests)
		return json_array();
	return json_pack("[{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s}]", "objectRef.apiGroup",
			 "flowcontrol.apiserver.k8s.io", "objectRef.apiVersion", "v1beta3", "objectRef.resource",
			 "flowschemas", "verb", "list", "userAgent", kube->deprecated_agent, "user.username",
			 "kubernetes-admin", "annotations.k8s.io/deprecated", "true",
			 "annotations.k8s.io/removed-release", "1.32", "n",
			 document_printf("%llu", (unsigned long long)kube->deprecated_requests), "last_seen",
			 time_format_rfc3339(kube->deprecated_ms, when));
}

/* /api/v1/… and /apis/GROUP/VERSION/…: false when there is no such resource. */
static bool find_resource(struct kube_request *request)
{
	const struct slice *s = request->segments;
	size_t n = request->n_segments, at = 2;
	struct slice group = slice_of(""), version = n > 1 ? s[1] : slice_of("");
	if (slice_eq(s[0], "apis")) {
		if (n < 4)
			return false;
		group = s[1];
		version = s[2];
		at = 3;
	} else if (!slice_eq(s[0], "api") || n < 3) {
		return false;
	}
	struct kube_kind *kind = kube_kind_find(request->kube, group, version, s[at]);
	bool within = slice_eq(s[at], "namespaces") && at + 2 < n;
	if (within && !(slice_eq(s[at + 2], "status") || slice_eq(s[at + 2], "finalize"))) {
		request->ns = kube_intern(request->kube, s[at + 1]);
		at += 2;
		kind = kube_kind_find(request->kube, group, version, s[at]);
		if (kind && !kind->resource->namespaced)
			kind = NULL;
	}
	if (!kind)
		return false;
	request->resource = kind->resource;
	request->kind = kind->resource->alias >= 0 ? request->kube->kinds[kind->resource->alias] : kind;
	if (kind->resource->alias == KIND_FLOWSCHEMA)
		note_deprecated(request);
	if (request->kind->id == KIND_EVENT)
		kube_sync_events(request->kube);
	if (at + 1 < n)
		request->name = s[at + 1].p;
	if (at + 2 < n)
		request->subresource = s[at + 2].p;
	return at + 3 >= n && (!request->name || request->ns || !kind->resource->namespaced) &&
	       (!request->subresource || has_subresource(kind->resource, request->subresource));
}

static void serve(struct kube_request *request)
{
	if (request->n_segments == 0 || kube_serve_discovery(request) || kube_serve_other(request)) {
		if (request->n_segments == 0)
			kube_reply_json(request, 200,
					json_pack("{s:[s,s,s,s,s,s,s]}", "paths", "/api", "/api/v1", "/apis",
						  "/healthz", "/metrics", "/openapi/v2", "/version"));
		return;
	}
	if (kube_serve_review(request))
		return;
	if (!find_resource(request)) {
		kube_reply_text(request, 404, "text/plain; charset=utf-8", "404 page not found\n");
		return;
	}
	if (!kube_check_dry_run(request))
		return;
	if (request->resource->until_minor > 0)
		add_header(request, "warning",
			   arena_printf(
				   request->arena,
				   "299 - \"%s/%s %s is deprecated in v1.29+, unavailable in v1.%u+; use %s/v1 %s\"",
				   request->resource->group, request->resource->version, request->resource->kind,
				   request->resource->until_minor, request->resource->group, request->resource->kind));
	if (request->name)
		serve_object(request);
	else
		serve_collection(request);
}

void sim_kube_handle(struct sim_kube *kube, const struct http_request *http, const char *path,
		     struct http_response *response)
{
	struct kube_request request = {.kube = kube, .http = http, .response = response, .arena = arena_new()};
	response->body.max = http->limits.max_body_bytes ? http->limits.max_body_bytes : (size_t)1 << 30;
	response->sent_at_ms = response->received_at_ms = kube->now_ms;
	read_path(&request, path);
	serve(&request);
	arena_free(request.arena);
}
