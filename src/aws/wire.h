/* The rows and the wire forms behind aws_call(), usable in both directions: the client encodes requests and decodes
 * answers; the simulator decodes requests and encodes answers with the same tables. */
#pragma once

#include <jansson.h>
#include "aws/aws.h"
#include "base/buf.h"
#include "base/error.h"
#include "port/http.h"

/* A request in parts, before signing. */
struct aws_wire_request {
	const char *method;
	struct buf path;	     /* encoded, with leading '/' */
	struct buf query;	     /* encoded, without '?' */
	struct http_header *headers; /* in `arena` */
	size_t n_headers;
	struct buf body;
	struct arena *arena;
};
void aws_wire_request_done(struct aws_wire_request *request);

/* Client side. INVALID, with the member's path, when the input does not fit the row's shape. */
struct error *aws_wire_encode_request(const struct aws_operation *operation, const json_t *input,
				      struct aws_wire_request *ret) MUST_CHECK;
struct error *aws_wire_decode_response(const struct aws_operation *operation, const struct http_response *response,
				       json_t **ret) MUST_CHECK;

/* Server side. Which operation a request means: by service (from the SigV4 credential scope or host), target header,
 * Action parameter, or method + path. NULL when there is none. *ret_input is the caller's. */
const struct aws_operation *aws_wire_match(const char *service, const struct http_request *request);
struct error *aws_wire_decode_request(const struct aws_operation *operation, const struct http_request *request,
				      json_t **ret_input) MUST_CHECK;
/* Newer clients ask services of the query protocol in JSON (botocore does so with CloudWatch) and want such answers;
 * their errors are those without an operation. */
bool aws_wire_asks_json(const struct aws_operation *operation, const struct http_request *request);
struct error *aws_wire_encode_response_json(const struct aws_operation *operation, const json_t *output,
					    const char *request_id, struct http_response *response) MUST_CHECK;
struct error *aws_wire_encode_response(const struct aws_operation *operation, const json_t *output,
				       const char *request_id, struct http_response *response) MUST_CHECK;
void aws_wire_encode_error(const struct aws_operation *operation, int status, const char *code, const char *message,
			   const char *request_id, struct http_response *response);
