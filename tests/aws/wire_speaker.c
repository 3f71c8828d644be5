/* Speaks JSON lines over stdin and stdout, so that a test in another language can ask the wire codec and the signer
 * what they make of its inputs: one object a line in, one object a line out. Bodies are base64 text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "aws/endpoint.h"
#include "aws/operations.h"
#include "aws/profile.h"
#include "aws/rate.h"
#include "aws/retry.h"
#include "aws/sign.h"
#include "aws/wire.h"
#include "base/digest.h"
#include "codec/document.h"

static json_t *failed(struct error *error)
{
	struct buf line CLEANUP(buf_done) = BUF_INIT(1 << 20);
	error_line(error, &line);
	json_t *reply =
		json_pack("{s:{s:s, s:s, s:s?, s:s?, s:s, s:i}}", "error", "class", error_class_name(error->class),
			  "line", buf_str(&line), "code", error->code, "request_id", error->request_id, "message",
			  error->message, "status", error->http_status);
	error_free(error);
	return reply;
}

static json_t *base64_of(struct slice bytes)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT((size_t)64 << 20);
	base64_encode(bytes, &text);
	return json_string(buf_str(&text));
}

static json_t *headers_of(const struct http_header *headers, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("[s, s]", headers[i].name, headers[i].value));
	return list;
}

/* [[name, value] …] of a question; the texts stay the question's. */
static struct http_header *headers_from(const json_t *list, size_t *ret_n)
{
	size_t i;
	json_t *pair;
	struct http_header *headers = mem_array(json_array_size(list) + 1, sizeof *headers);
	json_array_foreach (list, i, pair)
		headers[i] = (struct http_header){json_string_value(json_array_get(pair, 0)),
						  json_string_value(json_array_get(pair, 1))};
	*ret_n = json_array_size(list);
	return headers;
}

static const struct aws_operation *row_of(const json_t *question)
{
	const struct aws_operation *row = aws_operation_find(document_text_or(question, "service", ""),
							     document_text_or(question, "operation", ""));
	if (!row) {
		fprintf(stderr, "no such row\n");
		exit(1);
	}
	return row;
}

static json_t *rows(const json_t *question)
{
	static const char *const protocols[] = {"rest-json", "json", "query", "ec2", "rest-xml"};
	json_t *list = json_array();
	(void)question;
	for (unsigned i = 0; i < aws_operations_n; i++) {
		const struct aws_service *service = aws_service_of(&aws_operations[i]);
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "service", aws_name(service->name),
					"operation", aws_name(aws_operations[i].name), "protocol",
					protocols[service->protocol], "signing_name", aws_name(service->signing_name),
					"mutates", aws_operation_mutates(&aws_operations[i]), "unsigned",
					(aws_operations[i].flags & (AWS_UNSIGNED | AWS_NO_AUTH)) != 0));
	}
	return json_pack("{s:o}", "rows", list);
}

static json_t *encode(const json_t *question)
{
	struct aws_wire_request wire;
	struct error *error = aws_wire_encode_request(row_of(question), json_object_get(question, "input"), &wire);
	if (error)
		return failed(error);
	json_t *reply = json_pack("{s:s, s:s, s:s, s:o, s:o}", "method", wire.method, "path", buf_str(&wire.path),
				  "query", buf_str(&wire.query), "headers", headers_of(wire.headers, wire.n_headers),
				  "body", base64_of(buf_slice(&wire.body)));
	aws_wire_request_done(&wire);
	return reply;
}

static json_t *decode(const json_t *question)
{
	struct http_exchange exchange = {0};
	struct http_response *response = &exchange.response;
	const char *body = document_text_or(question, "body", "");
	size_t n;
	struct http_header *headers = headers_from(json_object_get(question, "headers"), &n);
	response->status = (int)document_int_or(question, "status", 200);
	for (size_t i = 0; i < n; i++)
		http_response_add_header(response, slice_of(headers[i].name), slice_of(headers[i].value));
	buf_init(&response->body, (size_t)64 << 20);
	base64_decode(slice_of(body), &response->body);
	json_t *output = NULL;
	struct error *error = aws_wire_decode_response(row_of(question), response, &output);
	http_exchange_done(&exchange);
	free(headers);
	return error ? failed(error) : json_pack("{s:o}", "output", output);
}

/* The server's side: which row is it, and what did it say? */
static json_t *match(const json_t *question)
{
	struct buf body CLEANUP(buf_done) = BUF_INIT((size_t)64 << 20);
	size_t n;
	struct http_header *headers CLEANUP(mem_freep) = headers_from(json_object_get(question, "headers"), &n);
	base64_decode(slice_of(document_text_or(question, "body", "")), &body);
	struct http_request request = {.method = document_text_or(question, "method", "POST"),
				       .url = document_text_or(question, "url", ""),
				       .headers = headers,
				       .n_headers = n,
				       .body = buf_slice(&body)};
	const struct aws_operation *row = aws_wire_match(document_text_or(question, "signing_name", ""), &request);
	if (!row)
		return json_pack("{s:n}", "operation");
	json_t *input = NULL;
	struct error *error = aws_wire_decode_request(row, &request, &input);
	if (error)
		return failed(error);
	return json_pack("{s:s, s:s, s:o}", "service", aws_operation_service(row), "operation", aws_operation_name(row),
			 "input", input);
}

static json_t *answer(const json_t *question)
{
	struct http_exchange exchange = {0};
	struct http_response *response = &exchange.response;
	const char *code = document_text(question, "code");
	struct error *error = NULL;
	if (code)
		aws_wire_encode_error(row_of(question), (int)document_int_or(question, "status", 400), code,
				      document_text_or(question, "message", ""), "request-1", response);
	else
		error = aws_wire_encode_response(row_of(question), json_object_get(question, "output"), "request-1",
						 response);
	json_t *reply = error ? failed(error)
			      : json_pack("{s:i, s:o, s:o}", "status", response->status, "headers",
					  headers_of(response->headers, response->n_headers), "body",
					  base64_of(buf_slice(&response->body)));
	http_exchange_done(&exchange);
	return reply;
}

static json_t *sign(const json_t *question)
{
	const char *secret_text = document_text_or(question, "secret_key", "");
	struct secret *secret CLEANUP(secret_freep) = secret_new(secret_text, strlen(secret_text));
	struct aws_signing signing = {.access_key = document_text_or(question, "access_key", ""),
				      .session_token = document_text(question, "session_token"),
				      .secret_key = secret,
				      .region = document_text_or(question, "region", ""),
				      .service = document_text_or(question, "service", ""),
				      .time_ms = document_int_or(question, "time_ms", 0),
				      .double_encode = document_true(question, "double_encode")};
	size_t n;
	struct http_header *headers CLEANUP(mem_freep) = headers_from(json_object_get(question, "headers"), &n);
	struct slice path = slice_of(document_text_or(question, "path", "/")),
		     query = slice_of(document_text_or(question, "query", ""));
	struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 20), canonical CLEANUP(buf_done) = BUF_INIT(4 << 20),
		       names CLEANUP(buf_done) = BUF_INIT(8192), to_sign CLEANUP(buf_done) = BUF_INIT(8192);
	if (document_true(question, "presign")) {
		aws_sign_presign(&signing, path, query.p, document_int_or(question, "expires_s", 60), headers, n, &out);
		return json_pack("{s:s}", "query", buf_str(&out));
	}
	const char *method = document_text_or(question, "method", "GET"),
		   *hash = document_text_or(question, "payload_hash", "");
	aws_sign_canonical(&signing, method, path, query, headers, n, hash, &canonical, &names);
	aws_sign_string_to_sign(&signing, buf_slice(&canonical), &to_sign);
	aws_sign_authorization(&signing, method, path, query, headers, n, hash, &out);
	return json_pack("{s:s, s:s, s:s}", "canonical", buf_str(&canonical), "string_to_sign", buf_str(&to_sign),
			 "authorization", buf_str(&out));
}

/* Hosts of every service for one region and variant. */
static json_t *endpoints(const json_t *question)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	json_t *hosts = json_object();
	for (unsigned i = 0; i < aws_services_n; i++) {
		const char *host, *signing;
		aws_endpoint_rule(&aws_services[i], document_text_or(question, "region", ""),
				  (unsigned)document_int_or(question, "variant", 0), arena, &host, &signing);
		json_object_set_new(hosts, aws_name(aws_services[i].name), json_pack("[s, s]", host, signing));
	}
	return json_pack("{s:o}", "hosts", hosts);
}

/* One call after another, each with its answers until it is not tried again: [[{code, status, hint, chance}…]…]. */
static json_t *retries(const json_t *question)
{
	struct aws_retry retry = {.quota = (int)document_int_or(question, "quota", AWS_RETRY_QUOTA)};
	const struct aws_service *service = aws_service_of(aws_operation_find(
		document_text_or(question, "service", ""), document_text_or(question, "operation", "")));
	json_t *said = json_array(), *call, *answer_to;
	size_t i, k;
	json_array_foreach (json_object_get(question, "calls"), i, call) {
		struct aws_retry_call tries = {0};
		json_array_foreach (call, k, answer_to) {
			struct error *error ERROR_CLEANUP = error_new(ERROR_TRANSIENT, "failed");
			const char *code = document_text(answer_to, "code");
			int64_t delay_ms = -1;
			bool again = false;
			error->http_status = (int)document_int_or(answer_to, "status", 0);
			error->code = mem_strdup(code);
			tries.attempt++;
			if (error->http_status == 200)
				aws_retry_succeeded(&retry, &tries);
			else
				again = aws_retry_again(&retry, &tries, aws_retry_kind_of(error, service),
							aws_retry_attempts(service, AWS_RETRY_2026), service,
							document_real_or(answer_to, "chance", 0),
							aws_retry_hint_ms(document_text(answer_to, "hint")), &delay_ms);
			json_array_append_new(
				said, json_pack("[b, I, i]", again, (json_int_t)(again ? delay_ms : -1), retry.quota));
			if (!again)
				break;
		}
	}
	return json_pack("{s:o}", "said", said);
}

/* The adaptive rate after each of [[seconds, throttled]…]. */
static json_t *rates(const json_t *question)
{
	struct aws_rate rate = {0};
	json_t *list = json_array(), *event;
	size_t i;
	json_array_foreach (json_object_get(question, "events"), i, event) {
		double now_s = json_number_value(json_array_get(event, 0));
		aws_rate_wait(&rate, now_s);
		aws_rate_answered(&rate, json_is_true(json_array_get(event, 1)), now_s);
		json_array_append_new(list, json_pack("[f, f, f]", rate.fill_rate, rate.measured, rate.max_capacity));
	}
	return json_pack("{s:o}", "rates", list);
}

static const char *files_only(void *context, const char *name)
{
	const char *file = json_string_value(json_object_get(context, name));
	return file;
}

/* The shared files, at the places that the question names as AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE. */
static json_t *profiles(const json_t *question)
{
	struct aws_options options = {.getenv = files_only, .getenv_context = (void *)(uintptr_t)question};
	struct aws_profile *profile;
	struct error *error = aws_profile_load(&options, &profile);
	if (error)
		return failed(error);
	json_t *all = aws_profile_dump(profile);
	aws_profile_free(profile);
	return json_pack("{s:o}", "profiles", all);
}

static const struct {
	const char *name;
	json_t *(*fn)(const json_t *question);
} words[] = {
	{"rows", rows}, {"encode", encode},	  {"decode", decode},	{"match", match}, {"answer", answer},
	{"sign", sign}, {"endpoints", endpoints}, {"retries", retries}, {"rates", rates}, {"profiles", profiles},
};

int main(void)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t n;
	while ((n = getline(&line, &capacity, stdin)) > 0) {
		json_t *question DOCUMENT_CLEANUP = json_loadb(line, (size_t)n, JSON_ALLOW_NUL, NULL), *reply = NULL;
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (!strcmp(document_text_or(question, "do", ""), words[i].name))
				reply = words[i].fn(question);
		struct buf out CLEANUP(buf_done) = BUF_INIT((size_t)256 << 20);
		document_print(reply, false, &out);
		puts(buf_str(&out));
		fflush(stdout);
		json_decref(reply);
	}
	free(line);
	return 0;
}
