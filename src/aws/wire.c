/* Requests, as the client makes them and as a server reads them: where each member stands. */
#include "aws/wire.h"
#include "base/uri.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "aws/wire_internal.h"
#include "codec/document.h"

#define MAX_BODY ((size_t)64 << 20)

void aws_wire_request_done(struct aws_wire_request *request)
{
	buf_done(&request->path);
	buf_done(&request->query);
	buf_done(&request->body);
	arena_free(request->arena);
	request->arena = NULL;
}

static void add_header(struct aws_wire_request *request, const char *name, const char *value)
{
	*ARENA_PUSH(request->arena, request->headers, request->n_headers) =
		(struct http_header){arena_strdup(request->arena, name), arena_strdup(request->arena, value)};
}

static const struct aws_member *find_member(const struct aws_shape *shape, enum aws_location location, const char *wire)
{
	for (unsigned i = 0; shape && i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		if (member->location == (uint8_t)location &&
		    (location == AWS_HEADER ? !strcasecmp(aws_name(member->wire), wire)
					    : !strcmp(aws_name(member->wire), wire)))
			return member;
	}
	return NULL;
}

/* One `{label}` or `{label+}` of a path template. */
static struct error *fill_label(const struct aws_shape *shape, const json_t *input, const char *label, size_t n,
				struct buf *out)
{
	bool greedy = n && label[n - 1] == '+';
	char name[128], text[AWS_SCALAR_TEXT];
	snprintf(name, sizeof name, "%.*s", (int)(n - greedy), label);
	const struct aws_member *member = find_member(shape, AWS_URI, name);
	const json_t *value = member ? json_object_get(input, aws_name(member->name)) : NULL;
	if (!value || json_is_null(value))
		return error_new(ERROR_INVALID, "member \"%s\" is missing", member ? aws_name(member->name) : name);
	const char *scalar = aws_scalar_text(&aws_shapes[member->shape], AWS_TIME_ISO8601, value, text);
	if (!scalar || !*scalar)
		return error_new(ERROR_INVALID, "member \"%s\" is empty or no plain value", aws_name(member->name));
	uri_encode(slice_of(scalar), greedy ? "/" : "", out);
	return NULL;
}

static struct error *fill_path(const struct aws_operation *operation, const json_t *input, struct aws_wire_request *ret)
{
	const char *p = aws_name(operation->path);
	const char *query = strchr(p, '?');
	for (; *p && p != query; p++) {
		if (*p != '{') {
			buf_putc(&ret->path, *p);
			continue;
		}
		size_t n = strcspn(p, "}");
		TRY(fill_label(aws_input_of(operation), input, p + 1, n - 1, &ret->path));
		p += n;
	}
	if (query)
		buf_puts(&ret->query, query + 1);
	return NULL;
}

static void add_query(struct buf *query, const char *name, const char *value)
{
	buf_puts(query, query->n ? "&" : "");
	uri_encode(slice_of(name), "", query);
	buf_putc(query, '=');
	uri_encode(slice_of(value), "", query);
}

static struct error *put_query(const struct aws_member *member, const json_t *value, struct buf *query)
{
	const struct aws_shape *shape = &aws_shapes[member->shape];
	const char *name = aws_name(member->wire), *key;
	char text[AWS_SCALAR_TEXT];
	size_t i;
	json_t *item;
	if (shape->kind == AWS_LIST || shape->kind == AWS_MAP) {
		json_array_foreach (value, i, item) {
			const char *scalar = aws_scalar_text(&aws_shapes[shape->element], AWS_TIME_ISO8601, item, text);
			if (!scalar)
				return aws_wrong_type(name, shape);
			add_query(query, name, scalar);
		}
		json_object_foreach ((json_t *)(uintptr_t)value, key, item)
			add_query(query, key, json_is_string(item) ? json_string_value(item) : "");
		return NULL;
	}
	const char *scalar = aws_scalar_text(shape, aws_time_of(member, shape, AWS_TIME_ISO8601), value, text);
	if (!scalar)
		return aws_wrong_type(name, shape);
	add_query(query, name, scalar);
	return NULL;
}

/* "a,b"; what holds a comma or a quote stands in quotes. */
static struct error *put_header_list(const struct aws_member *member, const json_t *value, struct aws_wire_request *ret)
{
	const struct aws_shape *shape = &aws_shapes[member->shape], *element = &aws_shapes[shape->element];
	const char *name = aws_name(member->wire);
	struct buf line CLEANUP(buf_done) = BUF_INIT(1 << 16);
	char text[AWS_SCALAR_TEXT];
	size_t i;
	json_t *item;
	if (!json_is_array(value))
		return aws_wrong_type(name, shape);
	json_array_foreach (value, i, item) {
		const char *scalar = aws_scalar_text(element, aws_time_of(NULL, element, AWS_TIME_HTTP), item, text);
		if (!scalar || scalar[strcspn(scalar, "\r\n")])
			return aws_wrong_type(name, element);
		buf_puts(&line, i ? "," : "");
		if (element->kind != AWS_STRING || !strpbrk(scalar, ",\"")) {
			buf_puts(&line, scalar);
			continue;
		}
		buf_putc(&line, '"');
		for (const char *p = scalar; *p; p++)
			buf_printf(&line, *p == '"' ? "\\%c" : "%c", *p);
		buf_putc(&line, '"');
	}
	if (line.n)
		add_header(ret, name, buf_str(&line));
	return NULL;
}

static struct error *put_header(const struct aws_member *member, const json_t *value, struct aws_wire_request *ret)
{
	const struct aws_shape *shape = &aws_shapes[member->shape];
	const char *name = aws_name(member->wire), *key;
	char text[AWS_SCALAR_TEXT];
	json_t *item;
	if (member->location == AWS_HEADERS) {
		json_object_foreach ((json_t *)(uintptr_t)value, key, item) {
			char *full CLEANUP(mem_freep) = mem_printf("%s%s", name, key);
			add_header(ret, full, json_is_string(item) ? json_string_value(item) : "");
		}
		return NULL;
	}
	if (shape->kind == AWS_LIST)
		return put_header_list(member, value, ret);
	const char *scalar = aws_scalar_text(shape, aws_time_of(member, shape, AWS_TIME_HTTP), value, text);
	if (!scalar || scalar[strcspn(scalar, "\r\n")])
		return aws_wrong_type(name, shape);
	add_header(ret, name, scalar);
	return NULL;
}

static struct error *put_parts(const struct aws_shape *shape, const json_t *input, struct aws_wire_request *ret,
			       bool *ret_body)
{
	*ret_body = false;
	for (unsigned i = 0; shape && i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		const json_t *value = json_object_get(input, aws_name(member->name));
		*ret_body |= member->location == AWS_BODY;
		if (!value || json_is_null(value))
			continue;
		if (member->location == AWS_QUERYSTRING)
			TRY(put_query(member, value, &ret->query));
		else if (member->location == AWS_HEADER || member->location == AWS_HEADERS)
			TRY(put_header(member, value, ret));
	}
	return NULL;
}

/* The body of a REST request whose members stand in it, or of its one payload member. */
static struct error *put_payload(const struct aws_operation *operation, const json_t *input, bool xml,
				 struct aws_wire_request *ret)
{
	const struct aws_shape *shape = aws_input_of(operation);
	const struct aws_member *payload = aws_payload_of(shape);
	const json_t *value = payload ? json_object_get(input, aws_name(payload->name)) : input;
	const char *root = aws_name(payload ? payload->wire : operation->root),
		   *root_namespace = payload ? "" : aws_name(operation->root_namespace);
	if (payload) {
		const char *name = aws_name(payload->name);
		shape = &aws_shapes[payload->shape];
		if (!value || json_is_null(value))
			return NULL;
		if (shape->kind == AWS_BLOB)
			return aws_blob_to_bytes(value, &ret->body) ? NULL : aws_wrong_type(name, shape);
		if (shape->kind == AWS_STRING)
			return json_is_string(value) && buf_puts(&ret->body, json_string_value(value))
				       ? NULL
				       : aws_wrong_type(name, shape);
	}
	if (!xml)
		return aws_json_write(shape, value, NULL, true, &ret->body);
	buf_printf(&ret->body, *root_namespace ? "<%s xmlns=\"%s\">" : "<%s>", root, root_namespace);
	TRY(aws_xml_write(shape, value, NULL, false, &ret->body));
	buf_printf(&ret->body, "</%s>", root);
	return NULL;
}

static struct error *check_required(const struct aws_shape *shape, const json_t *input)
{
	for (unsigned i = 0; shape && i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		const json_t *value = json_object_get(input, aws_name(member->name));
		if (member->flags & AWS_REQUIRED && (!value || json_is_null(value)))
			return error_new(ERROR_INVALID, "member \"%s\" is missing", aws_name(member->name));
	}
	return NULL;
}

static struct error *check_names(const struct aws_shape *shape, const json_t *input)
{
	const char *key;
	json_t *item;
	json_object_foreach ((json_t *)(uintptr_t)input, key, item) {
		bool found = false;
		for (unsigned i = 0; shape && i < shape->n_members; i++)
			found |= !strcmp(key, aws_name(aws_members[shape->first_member + i].name));
		if (!found)
			return shape ? aws_unknown_member("", shape, key)
				     : error_new(ERROR_INVALID, "unknown member \"%s\": the call takes none", key);
	}
	return NULL;
}

static struct error *encode_rest(const struct aws_operation *operation, const json_t *input, bool xml,
				 struct aws_wire_request *ret)
{
	bool has_body;
	TRY(fill_path(operation, input, ret));
	TRY(put_parts(aws_input_of(operation), input, ret, &has_body));
	if (!has_body)
		return NULL;
	TRY(put_payload(operation, input, xml, ret));
	bool typed = false;
	for (size_t i = 0; i < ret->n_headers; i++)
		typed |= !strcasecmp(ret->headers[i].name, "Content-Type");
	const struct aws_member *payload = aws_payload_of(aws_input_of(operation));
	bool raw = payload &&
		   (aws_shapes[payload->shape].kind == AWS_BLOB || aws_shapes[payload->shape].kind == AWS_STRING);
	if (ret->body.n && !typed)
		add_header(ret, "Content-Type",
			   !xml	 ? "application/json"
			   : raw ? "application/octet-stream"
				 : "application/xml");
	return NULL;
}

static struct error *encode_json(const struct aws_operation *operation, const json_t *input,
				 struct aws_wire_request *ret)
{
	const struct aws_service *service = aws_service_of(operation);
	const struct aws_shape *shape = aws_input_of(operation);
	char text[300];
	buf_putc(&ret->path, '/');
	snprintf(text, sizeof text, "%s.%s", aws_name(service->target_prefix), aws_name(operation->name));
	add_header(ret, "X-Amz-Target", text);
	snprintf(text, sizeof text, "application/x-amz-json-%s", aws_name(service->json_version));
	add_header(ret, "Content-Type", text);
	if (!shape)
		return buf_puts(&ret->body, "{}") ? NULL : error_new(ERROR_BUG, "no room");
	return aws_json_write(shape, input, NULL, false, &ret->body);
}

static struct error *encode_form(const struct aws_operation *operation, const json_t *input,
				 struct aws_wire_request *ret)
{
	const struct aws_service *service = aws_service_of(operation);
	buf_putc(&ret->path, '/');
	add_header(ret, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
	buf_printf(&ret->body, "Action=%s&Version=%s", aws_name(operation->name), aws_name(service->api_version));
	return aws_form_write(aws_input_of(operation), input, service->protocol == AWS_EC2, &ret->body);
}

static struct error *encode(const struct aws_operation *operation, const json_t *input, struct aws_wire_request *ret)
{
	TRY(check_names(aws_input_of(operation), input));
	TRY(check_required(aws_input_of(operation), input));
	switch (aws_service_of(operation)->protocol) {
	case AWS_REST_JSON:
		return encode_rest(operation, input, false, ret);
	case AWS_REST_XML:
		return encode_rest(operation, input, true, ret);
	case AWS_JSON:
		return encode_json(operation, input, ret);
	default:
		return encode_form(operation, input, ret);
	}
}

/* Route 53 tells ids with a path ("/hostedzone/Z1") that it does not take back. The copy is the caller's. */
static json_t *bare_ids(const json_t *input)
{
	static const char *const names[] = {"HostedZoneId", "Id", "ResourceId", "DelegationSetId"};
	json_t *bare = json_copy((json_t *)(uintptr_t)input);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *id = json_string_value(json_object_get(bare, names[i])),
			   *slash = id ? strrchr(id, '/') : NULL;
		if (slash)
			json_object_set_new(bare, names[i], json_string(slash + 1));
	}
	return bare;
}

/* The members that the call has, for whoever has to mend the input. */
static struct error *name_members(const struct aws_shape *shape, struct error *error)
{
	struct buf names CLEANUP(buf_done) = BUF_INIT(1 << 16);
	for (unsigned i = 0; shape && i < shape->n_members; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", aws_name(aws_members[shape->first_member + i].name));
	return names.n ? error_remedy(error, "its members are %s", buf_str(&names)) : error;
}

struct error *aws_wire_encode_request(const struct aws_operation *operation, const json_t *input,
				      struct aws_wire_request *ret)
{
	*ret = (struct aws_wire_request){.method = aws_name(operation->method),
					 .path = BUF_INIT(1 << 16),
					 .query = BUF_INIT(1 << 20),
					 .body = BUF_INIT(MAX_BODY),
					 .arena = arena_new()};
	bool route53 = !strcmp(aws_name(aws_service_of(operation)->name), "route53");
	json_t *given DOCUMENT_CLEANUP = route53 ? bare_ids(input) : json_incref((json_t *)(uintptr_t)input);
	struct error *error = json_is_object(given) ? encode(operation, given, ret)
						    : error_new(ERROR_INVALID, "the input is no JSON object");
	if (!error)
		return NULL;
	aws_wire_request_done(ret);
	error = error_wrap(error, "%s:%s", aws_name(aws_service_of(operation)->name), aws_name(operation->name));
	return name_members(aws_input_of(operation), error);
}

/* Path and query of a request's URL. */
static void split_url(const char *url, struct slice *ret_path, struct slice *ret_query)
{
	const char *path = strstr(url, "://");
	path = path ? path + 3 + strcspn(path + 3, "/?") : url;
	size_t n = strcspn(path, "?#");
	*ret_path = n ? slice_make(path, n) : slice_of("/");
	*ret_query = path[n] == '?' ? slice_make(path + n + 1, strcspn(path + n + 1, "#")) : (struct slice){0};
}

static const char *request_header(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->n_headers; i++)
		if (!strcasecmp(request->headers[i].name, name))
			return request->headers[i].value;
	return NULL;
}

/* Does a path fit a template? Fills `labels` (may be NULL) with the decoded texts. */
static bool path_fits(const char *template, struct slice path, json_t *labels)
{
	size_t at = 0;
	const char *t = template;
	while (*t && *t != '?') {
		if (*t != '{') {
			if (at >= path.n || path.p[at] != *t)
				return at == path.n && *t == '/' &&
				       (t[1] == '\0' || t[1] == '?'); /* a closing slash may lack */
			at++;
			t++;
			continue;
		}
		size_t n = strcspn(t, "}");
		bool greedy = t[n - 1] == '+';
		size_t from = at;
		while (at < path.n && (greedy || path.p[at] != '/'))
			at++;
		if (at == from)
			return false;
		if (labels) {
			struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
			char *name CLEANUP(mem_freep) = mem_strndup(t + 1, n - 1 - greedy);
			if (uri_decode(slice_make(path.p + from, at - from), false, &text))
				json_object_set_new(labels, name, json_stringn(buf_str(&text), text.n));
		}
		t += n + 1;
	}
	return at == path.n || (at + 1 == path.n && path.p[at] == '/');
}

static bool query_fits(const char *template, struct slice query)
{
	const char *wanted = strchr(template, '?');
	if (!wanted)
		return true;
	wanted++;
	return query.n >= strlen(wanted) && memmem(query.p, query.n, wanted, strlen(wanted));
}

static const struct aws_operation *by_name(const struct aws_service *service, struct slice name)
{
	for (unsigned i = 0; i < service->n_operations; i++) {
		const struct aws_operation *row = &aws_operations[service->first_operation + i];
		if (slice_eq(name, aws_name(row->name)))
			return row;
	}
	return NULL;
}

static const struct aws_operation *by_form(const struct aws_service *service, struct slice body)
{
	const char *action = memmem(body.p ? body.p : "", body.n, "Action=", 7);
	if (!action)
		return NULL;
	action += 7;
	const char *end = body.p + body.n, *and = memchr(action, '&', (size_t)(end - action));
	return by_name(service, slice_make(action, (size_t)((and? and : end) - action)));
}

static const struct aws_operation *by_path(const struct aws_service *service, const char *method, struct slice path,
					   struct slice query)
{
	const struct aws_operation *found = NULL;
	for (unsigned i = 0; i < service->n_operations; i++) {
		const struct aws_operation *row = &aws_operations[service->first_operation + i];
		const char *template = aws_name(row->path);
		if (!strcmp(aws_name(row->method), method) && query_fits(template, query) &&
		    path_fits(template, path, NULL) && (!found || strlen(template) > strlen(aws_name(found->path))))
			found = row;
	}
	return found;
}

const struct aws_operation *aws_wire_match(const char *service, const struct http_request *request)
{
	struct slice path, query;
	split_url(request->url, &path, &query);
	const char *target = request_header(request, "x-amz-target"), *dot = target ? strrchr(target, '.') : NULL;
	for (unsigned i = 0; i < aws_services_n; i++) {
		const struct aws_service *owner = &aws_services[i];
		if (strcmp(aws_name(owner->signing_name), service) != 0)
			continue;
		const struct aws_operation *found =
			target ? by_name(owner, slice_of(dot ? dot + 1 : target))
			: owner->protocol == AWS_QUERY || owner->protocol == AWS_EC2
				? by_form(owner, !strcmp(request->method, "GET") ? query : request->body)
				: by_path(owner, request->method, path, query);
		if (found)
			return found;
	}
	return NULL;
}

static json_t *member_from_text(const struct aws_member *member, const json_t *text)
{
	const struct aws_shape *shape = &aws_shapes[member->shape];
	if (shape->kind != AWS_LIST)
		return aws_scalar_read(shape, aws_time_of(member, shape, AWS_TIME_ISO8601),
				       json_is_array(text) ? json_string_value(json_array_get(text, 0))
							   : json_string_value(text));
	json_t *list = json_array();
	if (json_is_string(text))
		json_array_append_new(
			list, aws_scalar_read(&aws_shapes[shape->element], AWS_TIME_ISO8601, json_string_value(text)));
	size_t i;
	json_t *item;
	json_array_foreach (text, i, item)
		json_array_append_new(
			list, aws_scalar_read(&aws_shapes[shape->element], AWS_TIME_ISO8601, json_string_value(item)));
	return list;
}

/* A REST body, or its one payload member, into the input. */
static struct error *read_payload(const struct aws_shape *shape, struct slice body, bool xml, json_t *input)
{
	const struct aws_member *member = aws_payload_of(shape);
	const struct aws_shape *target = member ? &aws_shapes[member->shape] : shape;
	if (body.n == 0)
		return NULL;
	if (target->kind == AWS_BLOB || target->kind == AWS_STRING) {
		json_t *value = target->kind == AWS_STRING ? json_stringn(body.p, body.n) : aws_blob_from_bytes(body);
		json_object_set_new(input, aws_name(member->name), value ? value : json_string(""));
		return NULL;
	}
	json_t *value DOCUMENT_CLEANUP = NULL;
	if (xml) {
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct xml_node *root;
		TRY(xml_parse(body, "body", arena, &root));
		value = aws_xml_read(target, root, false);
	} else {
		json_t *wire DOCUMENT_CLEANUP = NULL;
		TRY(document_parse(body, "body", &wire));
		value = aws_json_read(target, wire, true);
	}
	if (member)
		json_object_set(input, aws_name(member->name), value);
	else
		json_object_update(input, value);
	return NULL;
}

/* "x-amz-meta-a: v" of a map whose members are headers of one beginning. */
static void read_header_map(const struct aws_member *member, const struct http_request *request, json_t *input)
{
	const char *begin = aws_name(member->wire);
	json_t *map DOCUMENT_CLEANUP = json_object();
	for (size_t i = 0; i < request->n_headers; i++)
		if (!strncasecmp(request->headers[i].name, begin, strlen(begin)))
			json_object_set_new(map, request->headers[i].name + strlen(begin),
					    json_string(request->headers[i].value));
	if (json_object_size(map))
		json_object_set(input, aws_name(member->name), map);
}

static struct error *decode_rest(const struct aws_operation *operation, const struct http_request *request, bool xml,
				 json_t *input)
{
	const struct aws_shape *shape = aws_input_of(operation);
	struct slice path, query;
	split_url(request->url, &path, &query);
	json_t *labels DOCUMENT_CLEANUP = json_object();
	json_t *parameters DOCUMENT_CLEANUP = aws_query_parse(query);
	path_fits(aws_name(operation->path), path, labels);
	bool body = false;
	for (unsigned i = 0; shape && i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		const char *wire = aws_name(member->wire), *header;
		const json_t *text = member->location == AWS_URI	   ? json_object_get(labels, wire)
				     : member->location == AWS_QUERYSTRING ? json_object_get(parameters, wire)
									   : NULL;
		body |= member->location == AWS_BODY;
		if (text)
			json_object_set_new(input, aws_name(member->name), member_from_text(member, text));
		else if (member->location == AWS_HEADER && (header = request_header(request, wire)))
			json_object_set_new(input, aws_name(member->name), aws_header_read(member, header));
		else if (member->location == AWS_HEADERS)
			read_header_map(member, request, input);
	}
	return body ? read_payload(shape, request->body, xml, input) : NULL;
}

bool aws_wire_asks_json(const struct aws_operation *operation, const struct http_request *request)
{
	const char *type = request_header(request, "content-type");
	return aws_service_of(operation)->protocol == AWS_QUERY && type && !strncmp(type, "application/x-amz-json", 22);
}

static struct error *decode_any(const struct aws_operation *operation, const struct http_request *request,
				json_t **input)
{
	const struct aws_service *service = aws_service_of(operation);
	switch (aws_wire_asks_json(operation, request) ? AWS_JSON : service->protocol) {
	case AWS_REST_JSON:
	case AWS_REST_XML:
		*input = json_object();
		return decode_rest(operation, request, service->protocol == AWS_REST_XML, *input);
	case AWS_JSON: {
		json_t *wire DOCUMENT_CLEANUP = NULL;
		TRY(document_parse(request->body.n ? request->body : slice_of("{}"), "body", &wire));
		*input = aws_input_of(operation) ? aws_json_read(aws_input_of(operation), wire, false) : json_object();
		return NULL;
	}
	default: {
		struct slice path, query;
		split_url(request->url, &path, &query);
		*input = aws_form_read(aws_input_of(operation), !strcmp(request->method, "GET") ? query : request->body,
				       service->protocol == AWS_EC2);
		return NULL;
	}
	}
}

struct error *aws_wire_decode_request(const struct aws_operation *operation, const struct http_request *request,
				      json_t **ret_input)
{
	json_t *input = NULL;
	struct error *error = decode_any(operation, request, &input);
	if (error) {
		json_decref(input);
		return error;
	}
	*ret_input = input;
	return NULL;
}
