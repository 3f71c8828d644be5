/* A call under way: marshal, sign, send, look at the answer, perhaps again. Batches go out side by side. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "aws/client_internal.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "codec/document.h"

#define SKEW_THAT_MATTERS (4 * MINUTE_MS)

static const struct aws_service *service_of(const struct aws_flight *flight)
{
	return aws_service_of(flight->request->operation);
}

static void header(struct aws_flight *flight, const char *name, const char *value)
{
	if (flight->n_headers < AWS_MAX_HEADERS)
		flight->headers[flight->n_headers++] = (struct http_header){name, value};
}

/* All headers that are signed, and the signature; anew for each try, because time goes on. */
static struct error *sign(struct aws *aws, struct aws_flight *flight, struct aws_service_state *state)
{
	const struct aws_operation *operation = flight->request->operation;
	bool is_unsigned = operation->flags & (AWS_UNSIGNED | AWS_NO_AUTH),
	     is_s3 = !strcmp(aws_operation_service(operation), "s3");
	if (!is_unsigned && !aws->as)
		TRY(aws_ensure_credentials(aws, false));
	flight->generation = aws->generation;
	const struct aws_credentials *credentials = aws->as ? aws->as : &aws->credentials;
	int64_t now_ms = aws_server_now_ms(aws);
	flight->n_headers = 0;
	buf_clear(&flight->url);
	buf_clear(&flight->authorization);
	buf_clear(&flight->token);
	buf_puts(&flight->url, state->url);
	buf_append(&flight->url, flight->wire.path.p, flight->wire.path.n);
	buf_puts(&flight->url, flight->wire.query.n ? "?" : "");
	buf_append(&flight->url, flight->wire.query.p, flight->wire.query.n);
	for (size_t i = 0; i < flight->wire.n_headers; i++)
		header(flight, flight->wire.headers[i].name, flight->wire.headers[i].value);
	header(flight, "Host", state->host);
	if (is_unsigned)
		return NULL;
	sha256_hex(buf_slice(&flight->wire.body), flight->hash);
	header(flight, "X-Amz-Date", time_format_basic(now_ms, flight->date));
	if (is_s3)
		header(flight, "X-Amz-Content-Sha256", flight->hash);
	if (credentials->session_token) {
		buf_puts(&flight->token, credentials->session_token);
		header(flight, "X-Amz-Security-Token", buf_str(&flight->token));
	}
	struct aws_signing signing = {.access_key = credentials->access_key,
				      .secret_key = credentials->secret_key,
				      .region = state->region,
				      .service = aws_name(aws_service_of(operation)->signing_name),
				      .time_ms = now_ms,
				      .double_encode = !is_s3,
				      .cache = aws->as ? NULL : &state->key};
	struct buf path CLEANUP(buf_done) = BUF_INIT(1 << 17);
	bool prefixed = *state->prefix;
	if (prefixed)
		buf_printf(&path, "%s%s", state->prefix, buf_str(&flight->wire.path));
	aws_sign_authorization(&signing, flight->wire.method, buf_slice(prefixed ? &path : &flight->wire.path),
			       buf_slice(&flight->wire.query), flight->headers, flight->n_headers, flight->hash,
			       &flight->authorization);
	header(flight, "Authorization", buf_str(&flight->authorization));
	if (is_s3 && flight->wire.body.n && !strcmp(flight->wire.method, "PUT"))
		header(flight, "Expect", "100-continue"); /* a refusal spares the way of the body */
	return NULL;
}

static bool is_skew_code(const char *code)
{
	static const char *const codes[] = {"InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure",
					    "RequestTimeTooSkewed", "AccessDeniedException"};
	for (size_t i = 0; code && i < ARRAY_SIZE(codes); i++)
		if (!strcmp(code, codes[i]))
			return true;
	return false;
}

static bool mutates(const struct aws_flight *flight)
{
	return flight->request->operation->flags & AWS_MUTATES;
}

static void land(struct aws_flight *flight, json_t *output, struct error *error)
{
	flight->request->output = output;
	flight->request->error = error;
	flight->done = true;
}

/* Did this try perhaps have its effect, although it looks failed? Being throttled is being turned away at the door. */
static bool perhaps_done(const struct http_response *response, enum aws_retry_kind kind)
{
	if (!response->status)
		return response->maybe_sent;
	return response->status < 300 || (response->status >= 500 && kind != AWS_RETRY_THROTTLING);
}

/* A refusal that another clock or newer credentials may mend at once, each once a call. */
static bool can_mend(struct aws *aws, struct aws_flight *flight, const struct error *error)
{
	if (is_skew_code(error->code) && !flight->skew_fixed &&
	    (aws->skew_ms > SKEW_THAT_MATTERS || aws->skew_ms < -SKEW_THAT_MATTERS)) {
		flight->skew_fixed = true;
		return true;
	}
	bool expired =
		error->code && (!strncmp(error->code, "ExpiredToken", 12) || !strcmp(error->code, "RequestExpired"));
	if (!expired || flight->refreshed || aws->options.access_key || aws->as)
		return false;
	flight->refreshed = true;
	if (flight->generation != aws->generation) /* another call of the batch has got new ones */
		return true;
	struct error *refused = aws_ensure_credentials(aws, true);
	bool mended = !refused;
	error_free(refused);
	return mended;
}

static double seconds(int64_t ms)
{
	return (double)ms / 1000;
}

/* A failed try: the flight gets the time of its next, or ends. */
static void fail(struct aws *aws, struct aws_flight *flight, const struct http_response *response, struct error *error)
{
	const struct aws_service *service = service_of(flight);
	struct aws_service_state *state = &aws->services[flight->request->operation->service];
	enum aws_retry_kind kind = aws_retry_kind_of(error, service);
	int64_t now_ms = clock_mono_ms(aws->ports.clock), delay_ms = 0;
	flight->maybe_done |= mutates(flight) && perhaps_done(response, kind);
	bool repeatable =
		!flight->maybe_done || flight->has_token || flight->request->operation->flags & AWS_REPEATABLE;
	bool again = can_mend(aws, flight, error);
	if (!again && repeatable)
		again = aws_retry_again(
			&state->retry, &flight->tries, kind,
			aws->max_attempts ? aws->max_attempts : aws_retry_attempts(service, state->retry.rules),
			service, random_unit(aws->ports.random),
			aws_retry_hint_ms(http_response_header(response, "x-amz-retry-after")), &delay_ms);
	if (aws->adaptive && response->status)
		aws_rate_answered(&state->rate, kind == AWS_RETRY_THROTTLING, seconds(now_ms));
	if (!again) {
		aws_retry_failed(&state->retry, kind, now_ms);
		land(flight, NULL,
		     aws_fault_decorate(aws, flight->request->operation, flight->tries.attempt, flight->maybe_done,
					error));
		return;
	}
	log_info("aws", "%s:%s failed (%s), again in %lld ms", aws_operation_service(flight->request->operation),
		 aws_operation_name(flight->request->operation), error->code ? error->code : error->message,
		 (long long)delay_ms);
	flight->not_before_ms = now_ms + delay_ms;
	error_free(error);
}

static void tell(const struct aws_flight *flight, const struct http_response *response)
{
	char action[160];
	if (!log_enabled(LOG_DEBUG))
		return;
	const char *id = http_response_header(response, "x-amzn-requestid");
	id = id ? id : http_response_header(response, "x-amz-request-id");
	aws_iam_action(flight->request->operation, action);
	log_debug("aws", "%s: %d in %lld ms%s%s", action, response->status,
		  (long long)(response->received_at_ms - response->sent_at_ms), id ? ", request " : "", id ? id : "");
}

static void look(struct aws *aws, struct aws_flight *flight, struct http_response *response)
{
	struct aws_service_state *state = &aws->services[flight->request->operation->service];
	json_t *output = NULL;
	struct error *error = TAKE(response->error);
	flight->tries.attempt++;
	tell(flight, response);
	if (!error) {
		aws_learn_skew(aws, response);
		error = aws_wire_decode_response(flight->request->operation, response, &output);
	}
	if (error) {
		aws_fault_hide(flight->request->operation, flight->request->input, flight->headers, flight->n_headers,
			       error);
		fail(aws, flight, response, error);
		return;
	}
	if (aws->adaptive)
		aws_rate_answered(&state->rate, false, seconds(clock_mono_ms(aws->ports.clock)));
	aws_retry_succeeded(&state->retry, &flight->tries);
	if (flight->request->only)
		aws_page_thin(flight->request->operation, output, flight->request->only);
	land(flight, output, NULL);
}

static struct error *breaker_says(const struct aws *aws, const struct aws_flight *flight,
				  const struct aws_service_state *state)
{
	int64_t left_ms = state->retry.open_until_ms - clock_mono_ms(aws->ports.clock);
	if (left_ms <= 0 || flight->tries.attempt)
		return NULL;
	struct error *error =
		error_new(ERROR_TRANSIENT, "%s has failed %u times in a row and is left alone for a while",
			  aws_operation_service(flight->request->operation), state->retry.failures);
	error->retry_after_ms = left_ms;
	return error_remedy(error, "see https://health.aws.amazon.com; calls go on by themselves");
}

/* Members that make repeating safe get a token of their own, one for all tries of the call. */
static bool fill_token(struct aws *aws, struct aws_request *request)
{
	const struct aws_shape *shape = aws_input_of(request->operation);
	for (unsigned i = 0; shape && i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		if (!(member->flags & AWS_IDEMPOTENCY_TOKEN))
			continue;
		if (json_object_get(request->input, aws_name(member->name)))
			return true;
		uint8_t bytes[16];
		char hex[33], uuid[37];
		random_bytes(aws->ports.random, bytes, sizeof bytes);
		hex_encode(bytes, sizeof bytes, hex);
		snprintf(uuid, sizeof uuid, "%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8, hex + 13, hex + 17, hex + 20);
		json_t *input = json_copy(request->input); /* the caller may hold the same document */
		json_object_set_new(input, aws_name(member->name), json_string(uuid));
		json_decref(request->input);
		request->input = input;
		return true;
	}
	return false;
}

static struct error *take_off(struct aws *aws, struct aws_flight *flight, struct http_exchange *exchange)
{
	struct aws_request *request = flight->request;
	struct aws_service_state *state;
	TRY(aws_resolve(aws, request->operation, &state));
	TRY(breaker_says(aws, flight, state));
	if (!flight->encoded) {
		flight->has_token = fill_token(aws, request);
		TRY(aws_wire_encode_request(request->operation, request->input, &flight->wire));
		flight->encoded = true;
	}
	TRY(sign(aws, flight, state));
	header(flight, "User-Agent", "eks-upgrade-agent/" EUA_VERSION); /* what CloudTrail shows of us; not signed */
	*exchange = (struct http_exchange){.request = {.method = flight->wire.method,
						       .url = buf_str(&flight->url),
						       .headers = flight->headers,
						       .n_headers = flight->n_headers,
						       .body = buf_slice(&flight->wire.body),
						       .tls = &aws->tls}};
	return NULL;
}

/* In adaptive mode each try waits for its token. */
static bool must_wait(struct aws *aws, struct aws_flight *flight, int64_t now_ms)
{
	if (aws->adaptive && flight->not_before_ms <= now_ms) {
		struct aws_service_state *state = &aws->services[flight->request->operation->service];
		double wait_s = aws_rate_wait(&state->rate, seconds(now_ms));
		if (wait_s > 0)
			flight->not_before_ms = now_ms + (int64_t)(wait_s * 1000) + 1;
	}
	return flight->not_before_ms > now_ms;
}

/* Readies every flight that is due; gives how many, and when the earliest of the others is. */
static size_t ready(struct aws *aws, struct aws_flight *flights, size_t n, struct http_exchange *exchanges,
		    size_t *which, int64_t *ret_earliest_ms)
{
	size_t due = 0;
	int64_t now_ms = clock_mono_ms(aws->ports.clock);
	*ret_earliest_ms = INT64_MAX;
	for (size_t i = 0; i < n; i++) {
		struct aws_flight *flight = &flights[i];
		if (flight->done)
			continue;
		if (must_wait(aws, flight, now_ms)) {
			*ret_earliest_ms =
				flight->not_before_ms < *ret_earliest_ms ? flight->not_before_ms : *ret_earliest_ms;
			continue;
		}
		struct error *error = take_off(aws, flight, &exchanges[due]);
		if (error)
			land(flight, NULL,
			     aws_fault_decorate(aws, flight->request->operation, flight->tries.attempt,
						flight->maybe_done, error));
		else
			which[due++] = i;
	}
	return due;
}

/* The HTTP port stamps by the machine's clock. Where the agent follows another one, as a simulator's door has it, what
 * is learnt of the servers' must be against that. */
static void stamp_by_our_clock(struct http_response *response, int64_t began_ms, int64_t ended_ms)
{
	if (response->sent_at_ms >= began_ms && response->received_at_ms <= ended_ms)
		return;
	response->sent_at_ms = began_ms;
	response->received_at_ms = ended_ms;
}

static void fly(struct aws *aws, struct aws_flight *flights, size_t n)
{
	struct http_exchange *exchanges CLEANUP(mem_freep) = mem_array(n, sizeof *exchanges);
	size_t *which CLEANUP(mem_freep) = mem_array(n, sizeof *which);
	int64_t earliest_ms;
	for (;;) {
		size_t due = ready(aws, flights, n, exchanges, which, &earliest_ms);
		if (due) {
			int64_t began_ms = clock_wall_ms(aws->ports.clock);
			http_perform(aws->ports.http, exchanges, due);
			int64_t ended_ms = clock_wall_ms(aws->ports.clock);
			for (size_t k = 0; k < due; k++) {
				stamp_by_our_clock(&exchanges[k].response, began_ms, ended_ms);
				look(aws, &flights[which[k]], &exchanges[k].response);
				http_exchange_done(&exchanges[k]);
			}
		} else if (earliest_ms != INT64_MAX) {
			clock_sleep_until(aws->ports.clock, earliest_ms);
		} else {
			break;
		}
	}
}

void aws_fly(struct aws *aws, struct aws_request *requests, size_t n)
{
	struct aws_flight *flights CLEANUP(mem_freep) = mem_array(n, sizeof *flights);
	for (size_t i = 0; i < n; i++) {
		flights[i].request = &requests[i];
		buf_init(&flights[i].url, 1 << 20);
		buf_init(&flights[i].authorization, 1 << 14);
		buf_init(&flights[i].token, 1 << 20);
		if (!requests[i].input)
			requests[i].input = json_object();
		requests[i].output = NULL;
		requests[i].error = NULL;
	}
	fly(aws, flights, n);
	for (size_t i = 0; i < n; i++) {
		if (flights[i].encoded)
			aws_wire_request_done(&flights[i].wire);
		buf_done(&flights[i].url);
		buf_done(&flights[i].authorization);
		if (flights[i].token.p)
			secret_wipe(flights[i].token.p, flights[i].token.n);
		buf_done(&flights[i].token);
	}
}

struct error *aws_call_as(struct aws *aws, const struct aws_credentials *as, const struct aws_operation *operation,
			  json_t *input, json_t **ret)
{
	struct aws_request request = {.operation = operation, .input = input};
	const struct aws_credentials *before = aws->as;
	aws->as = as;
	aws_fly(aws, &request, 1);
	aws->as = before;
	json_decref(request.input);
	*ret = request.output;
	return request.error;
}
