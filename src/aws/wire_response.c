/* Answers: as the client reads them, and as a server writes them. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "aws/wire_internal.h"
#include "base/digest.h"
#include "codec/document.h"

json_t *aws_blob_from_bytes(struct slice bytes)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT((size_t)128 << 20);
	return base64_encode(bytes, &text) ? json_stringn(buf_str(&text), text.n) : json_string("");
}

static const struct {
	const char *part; /* of the code */
	enum error_class class;
} class_of_code[] = {
	{"Throttl", ERROR_THROTTLED},
	{"RequestLimitExceeded", ERROR_THROTTLED},
	{"TooManyRequests", ERROR_THROTTLED},
	{"SlowDown", ERROR_THROTTLED},
	{"PriorRequestNotComplete", ERROR_THROTTLED},
	{"BandwidthLimitExceeded", ERROR_THROTTLED},
	{"ProvisionedThroughputExceeded", ERROR_THROTTLED},
	{"LimitExceeded", ERROR_PRECONDITION},
	{"AccessDenied", ERROR_AUTH},
	{"UnauthorizedOperation", ERROR_AUTH},
	{"ExpiredToken", ERROR_AUTH},
	{"InvalidClientTokenId", ERROR_AUTH},
	{"UnrecognizedClient", ERROR_AUTH},
	{"SignatureDoesNotMatch", ERROR_AUTH},
	{"AuthFailure", ERROR_AUTH},
	{"MissingAuthentication", ERROR_AUTH},
	{"OptInRequired", ERROR_AUTH},
	{"ResourceInUse", ERROR_CONFLICT},
	{"AlreadyExists", ERROR_CONFLICT},
	{"Conflict", ERROR_CONFLICT},
	{"ResourceNotFound", ERROR_NOT_FOUND},
	{"NotFound", ERROR_NOT_FOUND},
	{"NoSuch", ERROR_NOT_FOUND},
	{"RequestTimeout", ERROR_TRANSIENT},
	{"InternalFailure", ERROR_TRANSIENT},
	{"InternalError", ERROR_TRANSIENT},
	{"ServiceUnavailable", ERROR_TRANSIENT},
	{"ServerException", ERROR_TRANSIENT},
};

static enum error_class class_of(int status, const char *code)
{
	for (size_t i = 0; code && i < ARRAY_SIZE(class_of_code); i++)
		if (strstr(code, class_of_code[i].part))
			return class_of_code[i].class;
	return error_class_of_http(status);
}

struct fault {
	char *code, *message, *request_id;
};

static void fault_done(struct fault *fault)
{
	free(fault->code);
	free(fault->message);
	free(fault->request_id);
}

/* "aws.protocoltests#Name:http://…" is Name. */
static char *bare_code(const char *text)
{
	const char *hash = strchr(text, '#');
	text = hash ? hash + 1 : text;
	return mem_strndup(text, strcspn(text, ":"));
}

static void fault_from_json(const struct http_response *response, struct fault *fault)
{
	const char *header = http_response_header(response, "x-amzn-errortype");
	json_t *body DOCUMENT_CLEANUP = json_loadb(buf_str(&response->body), response->body.n, 0, NULL);
	const char *type = header ? header : document_text(body, "__type");
	type = type ? type : document_text(body, "code");
	fault->code = type ? bare_code(type) : NULL;
	const char *message = document_text(body, "message");
	message = message ? message : document_text(body, "Message");
	fault->message = mem_strdup(message ? message : document_text(body, "errorMessage"));
}

static void fault_from_xml(const struct http_response *response, struct fault *fault)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct xml_node *root;
	struct error *error = xml_parse(buf_slice(&response->body), "answer", arena, &root);
	if (error) {
		error_free(error);
		return;
	}
	const struct xml_node *errors = xml_child(root, "Errors"), *inner = xml_child(errors ? errors : root, "Error");
	const struct xml_node *holder = inner ? inner : root;
	const struct xml_node *code = xml_child(holder, "Code"), *message = xml_child(holder, "Message");
	const struct xml_node *messages = xml_child(root, "Messages");
	const struct xml_node *id = xml_child(root, "RequestId");
	id = id ? id : xml_child(root, "RequestID");
	if (messages && messages->children) { /* Route 53: <InvalidChangeBatch><Messages><Message>… */
		fault->code = mem_strdup(root->name);
		message = messages->children;
	} else {
		fault->code = code ? mem_strdup(code->text) : NULL;
	}
	fault->message = message ? mem_strdup(message->text) : NULL;
	fault->request_id = id ? mem_strdup(id->text) : NULL;
}

/* What no service does by itself: somebody in between points elsewhere. Where to is told, and not followed: the
 * signature is for this place. */
static struct error *redirection(const struct aws_service *service, const struct http_response *response)
{
	const char *to = http_response_header(response, "location");
	return error_remedy(error_new(class_of(response->status, NULL), "%s answered %d%s%.300s%s",
				      aws_name(service->name), response->status, to ? ", a redirection to \"" : "",
				      to ? to : "", to ? "\"" : ""),
			    "look at the endpoint (AWS_ENDPOINT_URL, endpoint_url, --endpoint-url) and its region: a "
			    "proxy, or a portal that wants a sign-in, stands there");
}

static struct error *decode_fault(const struct aws_operation *operation, const struct http_response *response)
{
	const struct aws_service *service = aws_service_of(operation);
	struct fault fault CLEANUP(fault_done) = {0};
	if (service->protocol == AWS_REST_JSON || service->protocol == AWS_JSON)
		fault_from_json(response, &fault);
	else
		fault_from_xml(response, &fault);
	enum error_class class = class_of(response->status, fault.code);
	bool usable = fault.message && *fault.message;
	bool elsewhere = response->status / 100 == 3 && response->status != 304;
	struct error *error = usable ? error_new(class, "%s", fault.message)
			      : elsewhere
				      ? redirection(service, response)
				      : error_new(class, "%s answered %d", aws_name(service->name), response->status);
	error->code = TAKE(fault.code);
	const char *id = http_response_header(response, "x-amzn-requestid");
	id = id ? id : http_response_header(response, "x-amz-request-id");
	error->request_id = id ? mem_strdup(id) : TAKE(fault.request_id);
	error->http_status = response->status;
	return error;
}

static struct error *decode_xml(const struct aws_operation *operation, const struct http_response *response,
				json_t **ret)
{
	const struct aws_shape *shape = aws_output_of(operation);
	const struct aws_service *service = aws_service_of(operation);
	*ret = NULL;
	if (service->protocol == AWS_REST_XML && (!shape || response->body.n == 0)) {
		*ret = json_object();
		return NULL;
	}
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct xml_node *root;
	TRY(xml_parse(buf_slice(&response->body), "answer", arena, &root));
	if (!shape) {
		*ret = json_object();
		return NULL;
	}
	const char *wrapper = aws_name(operation->wrapper);
	const struct xml_node *node = *wrapper ? xml_child(root, wrapper) : root;
	*ret = node ? aws_xml_read(shape, node, service->protocol == AWS_EC2) : json_object();
	return NULL;
}

/* Whether something must stand in the body of an answer, however little. */
static bool speaks(const struct aws_operation *operation)
{
	const struct aws_shape *shape = aws_output_of(operation);
	unsigned protocol = aws_service_of(operation)->protocol;
	if (protocol == AWS_QUERY || protocol == AWS_EC2)
		return true;
	if (aws_payload_of(shape))
		return false; /* may be left out */
	for (unsigned i = 0; shape && i < shape->n_members; i++)
		if (aws_members[shape->first_member + i].location == AWS_BODY)
			return true;
	return false;
}

/* A page of a portal or proxy, and an answer that broke off before its first byte, come with status 200 too. Nobody may
 * take them for the service's word that something is done. */
static struct error *check_answer(const struct aws_operation *operation, const struct http_response *response)
{
	const char *type = http_response_header(response, "content-type"), *body = buf_str(&response->body);
	body += strspn(body, " \t\r\n");
	/* Some servers call their JSON text/html: it is the body that counts. */
	if (type && !strncasecmp(type, "text/html", 9) && *body == '<' && strncmp(body, "<?xml", 5) != 0)
		return error_remedy(error_new(ERROR_INVALID, "a web page answered in place of %s",
					      aws_operation_service(operation)),
				    "look at what stands between: a proxy, a portal that wants a sign-in, or a wrong "
				    "endpoint");
	if (!response->body.n && speaks(operation))
		return error_new(ERROR_INVALID, "%s gave an empty answer", aws_operation_service(operation));
	return NULL;
}

static struct error *decode_body(const struct aws_operation *operation, const struct http_response *response,
				 json_t **ret)
{
	const struct aws_service *service = aws_service_of(operation);
	const struct aws_shape *shape = aws_output_of(operation);
	const struct aws_member *payload = aws_payload_of(shape);
	const struct aws_shape *target = payload ? &aws_shapes[payload->shape] : NULL;
	if (target && (target->kind == AWS_BLOB || target->kind == AWS_STRING)) {
		json_t *value = target->kind == AWS_BLOB ? aws_blob_from_bytes(buf_slice(&response->body))
							 : json_stringn(buf_str(&response->body), response->body.n);
		*ret = json_pack("{s:o}", aws_name(payload->name), value ? value : json_string(""));
		return NULL;
	}
	TRY(check_answer(operation, response));
	if (service->protocol != AWS_REST_JSON && service->protocol != AWS_JSON)
		return decode_xml(operation, response, ret);
	bool renames = service->protocol == AWS_REST_JSON;
	if (shape && !payload && response->body.n)
		return aws_json_read_answer(shape, buf_slice(&response->body), renames, ret);
	json_t *wire DOCUMENT_CLEANUP = NULL;
	if (response->body.n)
		TRY(document_parse(buf_slice(&response->body), "answer", &wire));
	*ret = payload && wire ? json_pack("{s:o}", aws_name(payload->name), aws_json_read(target, wire, renames))
			       : json_object();
	return NULL;
}

static void add_header_members(const struct aws_shape *shape, const struct http_response *response, json_t *output)
{
	for (unsigned i = 0; shape && i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		const char *name = aws_name(member->wire);
		if (member->location == AWS_STATUS)
			json_object_set_new(output, aws_name(member->name), json_integer(response->status));
		for (size_t k = 0; k < response->n_headers; k++) {
			const struct http_header *header = &response->headers[k];
			if (member->location == AWS_HEADER && !strcasecmp(header->name, name))
				json_object_set_new(output, aws_name(member->name),
						    aws_header_read(member, header->value));
			if (member->location != AWS_HEADERS || strncasecmp(header->name, name, strlen(name)) != 0)
				continue;
			if (!json_object_get(output, aws_name(member->name)))
				json_object_set_new(output, aws_name(member->name), json_object());
			json_object_set_new(json_object_get(output, aws_name(member->name)),
					    header->name + strlen(name), json_string(header->value));
		}
	}
}

struct error *aws_wire_decode_response(const struct aws_operation *operation, const struct http_response *response,
				       json_t **ret)
{
	if (response->status < 200 || response->status >= 300)
		return decode_fault(operation, response);
	json_t *output;
	struct error *error = decode_body(operation, response, &output);
	if (error) {
		const char *packed = http_response_header(response, "content-encoding");
		bool told = error->remedy;
		if (packed && strcasecmp(packed, "identity") != 0)
			error = error_wrap(error, "it is packed (%.40s), which was not asked for", packed);
		error = error_wrap(error, "%s:%s answered what cannot be read",
				   aws_name(aws_service_of(operation)->name), aws_name(operation->name));
		return told ? error
			    : error_remedy(error, "ask again; if it stays so, look at what stands between: a proxy, or "
						  "a wrong endpoint");
	}
	add_header_members(aws_output_of(operation), response, output);
	*ret = output;
	return NULL;
}

static void answer(struct http_response *response, int status, const char *type, const char *request_id)
{
	response->status = status;
	buf_init(&response->body, (size_t)64 << 20);
	http_response_add_header(response, slice_of("Content-Type"), slice_of(type));
	http_response_add_header(response, slice_of("x-amzn-RequestId"), slice_of(request_id));
}

static struct error *encode_xml(const struct aws_operation *operation, const json_t *output, const char *request_id,
				struct buf *out)
{
	const struct aws_service *service = aws_service_of(operation);
	const struct aws_shape *shape = aws_output_of(operation);
	const char *name = aws_name(operation->name), *wrapper = aws_name(operation->wrapper);
	bool ec2 = service->protocol == AWS_EC2;
	buf_printf(out, "<?xml version=\"1.0\"?>\n<%sResponse>", name);
	if (*wrapper)
		buf_printf(out, "<%s>", wrapper);
	if (shape)
		TRY(aws_xml_write(shape, output, NULL, ec2, out));
	if (*wrapper)
		buf_printf(out, "</%s>", wrapper);
	if (ec2)
		buf_printf(out, "<requestId>%s</requestId>", request_id);
	else if (service->protocol == AWS_QUERY)
		buf_printf(out, "<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata>", request_id);
	buf_printf(out, "</%sResponse>", name);
	return NULL;
}

/* A body that is one member: bytes or text as they are, or that member's own form. */
static struct error *encode_payload(const struct aws_member *payload, const json_t *output, bool xml, struct buf *out)
{
	const struct aws_shape *shape = &aws_shapes[payload->shape];
	const json_t *value = json_object_get(output, aws_name(payload->name));
	const char *name = aws_name(payload->name), *wire_name = aws_name(payload->wire);
	const struct aws_path here = {.name = name};
	if (!value || json_is_null(value))
		return NULL;
	if (shape->kind == AWS_BLOB)
		return aws_blob_to_bytes(value, out) ? NULL : aws_wrong_type(name, shape);
	if (shape->kind == AWS_STRING)
		return json_is_string(value) && buf_puts(out, json_string_value(value)) ? NULL
											: aws_wrong_type(name, shape);
	if (xml) {
		buf_printf(out, "<?xml version=\"1.0\"?>\n<%s>", wire_name);
		TRY(aws_xml_write(shape, value, &here, false, out));
		buf_printf(out, "</%s>", wire_name);
		return NULL;
	}
	return aws_json_write(shape, value, &here, true, out);
}

static struct error *encode_json(const struct aws_shape *shape, const json_t *output, bool renames, struct buf *out)
{
	if (shape)
		return aws_json_write(shape, output, NULL, renames, out);
	buf_puts(out, "{}");
	return NULL;
}

static void header_members(const struct aws_shape *shape, const json_t *output, struct http_response *response)
{
	for (unsigned i = 0; shape && i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		const json_t *value = json_object_get(output, aws_name(member->name));
		char text[AWS_SCALAR_TEXT];
		const char *key;
		json_t *item;
		if (member->location == AWS_HEADERS)
			json_object_foreach ((json_t *)(uintptr_t)value, key, item) {
				char *full CLEANUP(mem_freep) = mem_printf("%s%s", aws_name(member->wire), key);
				http_response_add_header(response, slice_of(full),
							 slice_of(json_is_string(item) ? json_string_value(item) : ""));
			}
		const char *scalar = value && member->location == AWS_HEADER
					     ? aws_scalar_text(&aws_shapes[member->shape], AWS_TIME_HTTP, value, text)
					     : NULL;
		if (scalar)
			http_response_add_header(response, slice_of(aws_name(member->wire)), slice_of(scalar));
	}
}

struct error *aws_wire_encode_response(const struct aws_operation *operation, const json_t *output,
				       const char *request_id, struct http_response *response)
{
	const struct aws_service *service = aws_service_of(operation);
	const struct aws_shape *shape = aws_output_of(operation);
	bool json = service->protocol == AWS_REST_JSON || service->protocol == AWS_JSON;
	answer(response, operation->status ? operation->status : 200, json ? "application/json" : "text/xml",
	       request_id);
	header_members(shape, output, response);
	const struct aws_member *payload = aws_payload_of(shape);
	if (payload)
		return encode_payload(payload, output, !json, &response->body);
	if (!json)
		return encode_xml(operation, output, request_id, &response->body);
	return encode_json(shape, output, service->protocol == AWS_REST_JSON, &response->body);
}

struct error *aws_wire_encode_response_json(const struct aws_operation *operation, const json_t *output,
					    const char *request_id, struct http_response *response)
{
	const struct aws_shape *shape = aws_output_of(operation);
	answer(response, 200, "application/x-amz-json-1.0", request_id);
	return encode_json(shape, output, false, &response->body);
}

void aws_wire_encode_error(const struct aws_operation *operation, int status, const char *code, const char *message,
			   const char *request_id, struct http_response *response)
{
	const struct aws_service *service = operation ? aws_service_of(operation) : NULL;
	bool json = !service || service->protocol == AWS_REST_JSON || service->protocol == AWS_JSON;
	answer(response, status, json ? "application/json" : "text/xml", request_id);
	if (json) {
		http_response_add_header(response, slice_of("x-amzn-ErrorType"), slice_of(code));
		json_t *body DOCUMENT_CLEANUP = json_pack("{s:s, s:s}", "__type", code, "message", message);
		document_print(body, false, &response->body);
		return;
	}
	struct buf *out = &response->body;
	bool ec2 = service->protocol == AWS_EC2;
	buf_puts(out, ec2 ? "<Response><Errors><Error><Code>" : "<ErrorResponse><Error><Type>Sender</Type><Code>");
	xml_escape(slice_of(code), out);
	buf_puts(out, "</Code><Message>");
	xml_escape(slice_of(message), out);
	buf_puts(out, ec2 ? "</Message></Error></Errors><RequestID>" : "</Message></Error><RequestId>");
	xml_escape(slice_of(request_id), out);
	buf_puts(out, ec2 ? "</RequestID></Response>" : "</RequestId></ErrorResponse>");
}
