/* AWS' front door: which service and operation, what faults do to it, and the wire around the handlers. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "aws/tables.h"
#include "aws/wire.h"
#include "codec/document.h"
#include "sim/world.h"

void sim_refuse(struct sim_answer *answer, int status, const char *code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	free(answer->message);
	answer->message = mem_vprintf(format, args);
	va_end(args);
	answer->status = status;
	answer->code = code;
}

json_t *sim_time(int64_t ms)
{
	char text[TIME_TEXT];
	return json_string(time_format_rfc3339(ms, text));
}

void sim_page(const json_t *input, json_t *all, const char *member, struct sim_answer *answer)
{
	const char *token = document_text(input, "nextToken");
	size_t n = json_array_size(all), from = token ? strtoul(token, NULL, 10) : 0;
	int64_t max = document_int_or(input, "maxResults", 100);
	if (token && (!*token || token[strspn(token, "0123456789")] || from > n)) {
		json_decref(all);
		sim_refuse(answer, 400, "InvalidParameterException", "Invalid nextToken");
		return;
	}
	size_t until = max > 0 && from < n && (size_t)max < n - from ? from + (size_t)max : n;
	json_t *page = json_array();
	for (size_t i = from; i < until; i++)
		json_array_append(page, json_array_get(all, i));
	answer->output = json_pack("{s:o}", member, page);
	if (until < n)
		json_object_set_new(answer->output, "nextToken", document_printf("%zu", until));
	json_decref(all);
}

/* "…Credential=AKID/20261124/us-east-1/eks/aws4_request…" is eks. */
static bool service_of(const struct http_request *request, char out[64])
{
	for (size_t i = 0; i < request->n_headers; i++) {
		const char *scope = strcasecmp(request->headers[i].name, "authorization")
					    ? NULL
					    : strstr(request->headers[i].value, "Credential=");
		for (int slash = 0; scope && slash < 3; slash++) {
			scope = strchr(scope, '/');
			scope = scope ? scope + 1 : NULL;
		}
		if (!scope)
			continue;
		size_t n = strcspn(scope, "/,");
		if (n >= 64)
			return false;
		memcpy(out, scope, n);
		out[n] = '\0';
		return true;
	}
	memcpy(out, "sts", 4); /* unsigned: only a web identity asks so */
	return true;
}

static const struct sim_operation *find(const char *name)
{
	const struct sim_operation *const tables[] = {
		sim_eks_operations,   sim_eks_addon_operations,	 sim_eks_update_operations, sim_route53_operations,
		sim_elbv2_operations, sim_cloudwatch_operations, sim_identity_operations,   sim_ec2_operations,
		sim_logs_operations,  sim_small_operations};
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct sim_operation *row = tables[i]; row->name; row++)
			if (!strcmp(row->name, name))
				return row;
	return NULL;
}

int64_t sim_server_ms(const struct sim *sim)
{
	return sim->n_faults ? sim->now_ms + (int64_t)sim_fault_value(sim, "sts", "clock-skew") : sim->now_ms;
}

bool sim_parse_basic(const char *text, int64_t *ret_time_ms)
{
	static const struct {
		char from, to, n;
	} parts[] = {{0, 0, 4}, {4, 5, 2}, {6, 8, 2}, {9, 11, 2}, {11, 14, 2}, {13, 17, 2}};
	char full[] = "YYYY-MM-DDThh:mm:ssZ";
	if (strspn(text, "0123456789TZ") < 16)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		memcpy(full + parts[i].to, text + parts[i].from, (size_t)parts[i].n);
	return time_parse_rfc3339(slice_of(full), ret_time_ms);
}

/* A signature is good for five minutes around the server's time. Clients of a door have clocks of their own, which
 * virtual time leaves behind: theirs is not looked at. */
static bool signed_too_far_away(const struct sim *sim, const struct http_request *request, char out[128])
{
	int64_t signed_ms, server_ms = sim_server_ms(sim);
	for (size_t i = 0; i < request->n_headers && !sim->base_url; i++) {
		if (strcasecmp(request->headers[i].name, "x-amz-date") ||
		    !sim_parse_basic(request->headers[i].value, &signed_ms))
			continue;
		char now[TIME_TEXT];
		bool early = signed_ms > server_ms;
		snprintf(out, 128, "Signature %s: %.20s is now %s than %.20s (%s 5 min.)",
			 early ? "not yet current" : "expired", request->headers[i].value, early ? "later" : "earlier",
			 time_format_basic(server_ms, now), early ? "+" : "-");
		return signed_ms > server_ms + 5 * MINUTE_MS || signed_ms < server_ms - 5 * MINUTE_MS;
	}
	return false;
}

static bool is_query(const struct aws_operation *operation)
{
	enum aws_protocol protocol = (enum aws_protocol)aws_service_of(operation)->protocol;
	return protocol == AWS_QUERY || protocol == AWS_REST_XML;
}

static bool fault_answer(struct sim *sim, const struct aws_operation *operation, struct sim_answer *answer)
{
	const char *service = aws_operation_service(operation);
	if (sim_fault_strikes(sim, service, "throttle"))
		sim_refuse(answer, 400,
			   !strcmp(service, "ec2") ? "RequestLimitExceeded"
			   : is_query(operation)   ? "Throttling"
						   : "ThrottlingException",
			   "Rate exceeded");
	else if (sim_fault_strikes(sim, service, "5xx"))
		sim_refuse(answer, 503, "ServiceUnavailable", "Service is unable to handle request.");
	else if (sim_fault_strikes(sim, service, "expired-credentials"))
		sim_refuse(answer, 403, is_query(operation) ? "ExpiredToken" : "ExpiredTokenException",
			   "The security token included in the request is expired");
	else if (sim_fault_strikes(sim, service, "denied"))
		sim_refuse(answer, 403, is_query(operation) ? "AccessDenied" : "AccessDeniedException",
			   "User: arn:aws:iam::" SIM_ACCOUNT ":user/agent is not authorized to perform: %s:%s", service,
			   aws_operation_name(operation));
	return answer->status != 0;
}

static void serve(struct sim *sim, const struct aws_operation *operation, const struct http_request *request,
		  struct sim_answer *answer)
{
	char name[128], why[128];
	snprintf(name, sizeof name, "%s:%s", aws_operation_service(operation), aws_operation_name(operation));
	sim_fault_call(sim, name);
	if (sim->n_faults && fault_answer(sim, operation, answer))
		return;
	if (signed_too_far_away(sim, request, why)) {
		sim_refuse(answer, 403,
			   !strcmp(aws_operation_service(operation), "ec2") ? "AuthFailure"
			   : is_query(operation)			    ? "SignatureDoesNotMatch"
									    : "InvalidSignatureException",
			   "%s", why);
		return;
	}
	const struct sim_operation *row = find(name);
	if (!row) {
		sim_refuse(answer, 501, "NotSimulated", "%s is not part of the simulated world", name);
		return;
	}
	json_t *input DOCUMENT_CLEANUP = NULL;
	struct error *error ERROR_CLEANUP = aws_wire_decode_request(operation, request, &input);
	if (error)
		sim_refuse(answer, 400, "SerializationException", "%s", error->message);
	else
		row->fn(sim, input, answer);
}

/* An operation of that service, for the form in which it tells errors; NULL: nobody knows the service. */
static const struct aws_operation *neighbour(const char *service)
{
	for (unsigned i = 0; i < aws_services_n; i++)
		if (!strcmp(aws_name(aws_services[i].signing_name), service) && aws_services[i].n_operations)
			return &aws_operations[aws_services[i].first_operation];
	return NULL;
}

static void refuse_unknown(const char *service, struct sim_answer *answer)
{
	const struct aws_operation *near = neighbour(service);
	enum aws_protocol protocol = near ? (enum aws_protocol)aws_service_of(near)->protocol : AWS_REST_JSON;
	bool action = protocol == AWS_QUERY || protocol == AWS_EC2;
	sim_refuse(answer, action ? 400 : 404, action ? "InvalidAction" : "UnknownOperationException",
		   "no such operation of %s in the simulated world", service);
}

void sim_aws_handle(struct sim *sim, const struct http_request *request, struct http_response *response)
{
	char service[64], id[40], date[TIME_TEXT];
	struct sim_answer answer = {0};
	service_of(request, service);
	snprintf(id, sizeof id, "%08llx-sim0-4000-8000-%012llx", (unsigned long long)(sim->seed & 0xFFFFFFFF),
		 (unsigned long long)++sim->next_id);
	const struct aws_operation *operation = aws_wire_match(service, request);
	const char *known = operation ? aws_operation_service(operation) : service;
	if (sim->n_faults && sim_fault_strikes(sim, known, "timeout")) {
		sim_lose(response);
		return;
	}
	bool lost = operation && sim->n_faults && sim_fault_strikes(sim, known, "lost-reply");
	if (operation)
		serve(sim, operation, request, &answer);
	else
		refuse_unknown(service, &answer);
	struct error *error ERROR_CLEANUP = NULL;
	bool json = operation && aws_wire_asks_json(operation, request);
	if (answer.status)
		aws_wire_encode_error(json	  ? NULL
				      : operation ? operation
						  : neighbour(service),
				      answer.status, answer.code, answer.message, id, response);
	else if (json)
		error = aws_wire_encode_response_json(operation, answer.output, id, response);
	else
		error = aws_wire_encode_response(operation, answer.output, id, response);
	if (error) { /* a handler's mistake: told, so that it is found */
		buf_done(&response->body);
		response->n_headers = 0;
		aws_wire_encode_error(operation, 500, "InternalFailure", error->message, id, response);
	}
	http_response_add_header(response, slice_of("date"), slice_of(time_format_http(sim_server_ms(sim), date)));
	json_decref(answer.output);
	free(answer.message);
	if (lost)
		sim_lose(response);
}
