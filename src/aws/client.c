/* The client: one call is marshal, sign, send, look at the answer, perhaps again. Batches go out side by side. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/operations.h"
#include "aws/retry.h"
#include "aws/sign.h"
#include "aws/wire.h"
#include "base/log.h"
#include "base/time.h"
#include "codec/document.h"

enum { MAX_ATTEMPTS = 3, MAX_SERVICES = 32, SIGNED_HEADERS = 24 };
#define REFRESH_BEFORE (15 * MINUTE_MS)
#define SKEW_THAT_MATTERS (4 * MINUTE_MS)

struct service_state {
	const char *url, *region, *host;
	struct aws_retry retry;
	struct aws_signing_key key;
	bool resolved;
};

struct aws {
	struct aws_options options;
	struct ports ports;
	struct arena *arena;
	char *profile_name, *region, *endpoint_url;
	struct aws_profile *profile;
	struct aws_credentials credentials;
	bool have_credentials;
	char *explicit_access, *explicit_token;
	struct secret *explicit_secret;
	int64_t skew_ms; /* the servers' clock minus ours */
	unsigned max_attempts;
	struct http_tls tls;
	struct service_state services[MAX_SERVICES];
};

/* One call under way. */
struct flight {
	struct aws_request *request;
	struct aws_wire_request wire;
	struct http_header headers[SIGNED_HEADERS];
	size_t n_headers;
	struct buf url, authorization;
	char hash[SHA256_HEX_SIZE], date[TIME_TEXT];
	struct aws_retry_call tries;
	bool encoded, done, maybe_done; /* maybe_done: an earlier try may have had its effect */
	bool refreshed, skew_fixed;
	int64_t not_before_ms;
};

const struct aws_operation *aws_operation_find(const char *service, const char *operation)
{
	for (unsigned i = 0; i < aws_operations_n; i++) {
		const struct aws_operation *row = &aws_operations[i];
		if (strcmp(aws_name(aws_service_of(row)->name), service) != 0)
			continue;
		const char *name = aws_name(row->name), *given = operation;
		while (*name && *given) {
			given += *given == '-';
			if ((*name | 0x20) != (*given | 0x20))
				break;
			name++;
			given++;
		}
		if (!*name && !*given)
			return row;
	}
	return NULL;
}

const char *aws_operation_service(const struct aws_operation *operation)
{
	return aws_name(aws_service_of(operation)->name);
}

const char *aws_operation_name(const struct aws_operation *operation)
{
	return aws_name(operation->name);
}

bool aws_operation_mutates(const struct aws_operation *operation)
{
	return operation->flags & AWS_MUTATES;
}

const char *aws_region(struct aws *aws)
{
	return aws->region;
}

static void choose_region(struct aws *aws)
{
	const struct aws_options *options = &aws->options;
	const char *region = options->region ? options->region : aws_getenv(options, "AWS_REGION");
	region = region ? region : aws_getenv(options, "AWS_DEFAULT_REGION");
	region = region ? region : aws_profile_get(aws->profile, "region");
	aws->region = mem_strdup(region ? region : "");
}

struct error *aws_new(const struct aws_options *options, struct aws **ret)
{
	struct aws *aws = mem_alloc(sizeof *aws);
	aws->options = *options;
	aws->ports = *options->ports;
	aws->arena = arena_new();
	aws->options.ports = &aws->ports;
	aws->options.profile = aws->profile_name = mem_strdup(options->profile);
	aws->options.endpoint_url = aws->endpoint_url = mem_strdup(options->endpoint_url);
	aws->options.access_key = aws->explicit_access = mem_strdup(options->access_key);
	aws->explicit_secret = secret_new(options->secret_key, options->secret_key ? strlen(options->secret_key) : 0);
	aws->options.secret_key = secret_reveal(aws->explicit_secret);
	aws->options.session_token = aws->explicit_token = mem_strdup(options->session_token);
	struct error *error = aws_profile_load(&aws->options, &aws->profile);
	if (error) {
		aws_free(aws);
		return error;
	}
	choose_region(aws);
	aws->options.region = aws->region;
	const char *attempts = aws_getenv(&aws->options, "AWS_MAX_ATTEMPTS");
	attempts = attempts ? attempts : aws_profile_get(aws->profile, "max_attempts");
	long given = attempts ? strtol(attempts, NULL, 10) : 0;
	aws->max_attempts = given > 0 && given < 100 ? (unsigned)given : MAX_ATTEMPTS;
	const char *bundle = aws_getenv(&aws->options, "AWS_CA_BUNDLE");
	aws->tls.ca_file = bundle ? bundle : aws_profile_get(aws->profile, "ca_bundle");
	for (size_t i = 0; i < MAX_SERVICES; i++)
		aws->services[i].retry.quota = AWS_RETRY_QUOTA;
	*ret = aws;
	return NULL;
}

void aws_free(struct aws *aws)
{
	if (!aws)
		return;
	aws_credentials_done(&aws->credentials);
	aws_profile_free(aws->profile);
	for (size_t i = 0; i < MAX_SERVICES; i++)
		secret_wipe(&aws->services[i].key, sizeof aws->services[i].key);
	secret_free(aws->explicit_secret);
	free(aws->explicit_access);
	free(aws->explicit_token);
	free(aws->profile_name);
	free(aws->endpoint_url);
	free(aws->region);
	arena_free(aws->arena);
	free(aws);
}

void aws_freep(struct aws **aws)
{
	aws_free(*aws);
}

static int64_t server_now_ms(const struct aws *aws)
{
	return clock_wall_ms(aws->ports.clock) + aws->skew_ms;
}

/* Fresh enough credentials. Old ones are kept when a refresh fails and they have not ended yet. */
static struct error *ensure_credentials(struct aws *aws, bool again)
{
	int64_t now_ms = server_now_ms(aws);
	bool fresh = aws->have_credentials && (aws->credentials.expires_ms == INT64_MAX ||
					       aws->credentials.expires_ms - now_ms > REFRESH_BEFORE);
	if (fresh && !again)
		return NULL;
	struct aws_credentials found = {0};
	struct error *error = aws_credentials_find(&aws->options, aws->profile, NULL, &found);
	if (error && aws->have_credentials && aws->credentials.expires_ms > now_ms && !again) {
		error_free(error);
		return NULL;
	}
	if (error) {
		aws_credentials_done(&found);
		return error;
	}
	aws_credentials_done(&aws->credentials);
	aws->credentials = found;
	aws->have_credentials = true;
	for (size_t i = 0; i < MAX_SERVICES; i++)
		aws->services[i].key.scope[0] = '\0';
	return NULL;
}

static struct error *resolve(struct aws *aws, const struct aws_operation *operation, struct service_state **ret)
{
	struct service_state *state = &aws->services[operation->service];
	*ret = state;
	if (state->resolved)
		return NULL;
	TRY(aws_endpoint(&aws->options, aws->profile, aws_service_of(operation), aws->region, aws->arena, &state->url,
			 &state->region));
	const char *host = strstr(state->url, "://");
	if (!host)
		return error_new(ERROR_INVALID, "endpoint \"%s\" is no address", state->url);
	state->host = arena_strndup(aws->arena, host + 3, strcspn(host + 3, "/"));
	state->resolved = true;
	return NULL;
}

static void header(struct flight *flight, const char *name, const char *value)
{
	if (flight->n_headers < SIGNED_HEADERS)
		flight->headers[flight->n_headers++] = (struct http_header){name, value};
}

/* All headers that are signed, and the signature; anew for each try, because time goes on. */
static struct error *sign(struct aws *aws, struct flight *flight)
{
	const struct aws_operation *operation = flight->request->operation;
	struct service_state *state;
	TRY(resolve(aws, operation, &state));
	bool is_unsigned = operation->flags & (AWS_UNSIGNED | AWS_NO_AUTH);
	if (!is_unsigned)
		TRY(ensure_credentials(aws, false));
	int64_t now_ms = server_now_ms(aws);
	const char *prefix = strchr(state->url + 8, '/'); /* an endpoint may have a path of its own */
	flight->n_headers = 0;
	buf_clear(&flight->url);
	buf_clear(&flight->authorization);
	buf_printf(&flight->url, "%s%s%s%s", state->url, buf_str(&flight->wire.path), flight->wire.query.n ? "?" : "",
		   buf_str(&flight->wire.query));
	for (size_t i = 0; i < flight->wire.n_headers; i++)
		header(flight, flight->wire.headers[i].name, flight->wire.headers[i].value);
	header(flight, "Host", state->host);
	if (is_unsigned)
		return NULL;
	sha256_hex(buf_slice(&flight->wire.body), flight->hash);
	header(flight, "X-Amz-Date", time_format_basic(now_ms, flight->date));
	if (aws_service_of(operation)->protocol == AWS_REST_XML && !strcmp(aws_operation_service(operation), "s3"))
		header(flight, "X-Amz-Content-Sha256", flight->hash);
	if (aws->credentials.session_token)
		header(flight, "X-Amz-Security-Token", aws->credentials.session_token);
	struct aws_signing signing = {.access_key = aws->credentials.access_key,
				      .secret_key = aws->credentials.secret_key,
				      .region = state->region,
				      .service = aws_name(aws_service_of(operation)->signing_name),
				      .time_ms = now_ms,
				      .double_encode = strcmp(aws_operation_service(operation), "s3") != 0,
				      .cache = &state->key};
	struct buf path CLEANUP(buf_done) = BUF_INIT(1 << 17);
	buf_printf(&path, "%s%s", prefix ? prefix : "", buf_str(&flight->wire.path));
	aws_sign_authorization(&signing, flight->wire.method, buf_slice(&path), buf_slice(&flight->wire.query),
			       flight->headers, flight->n_headers, flight->hash, &flight->authorization);
	header(flight, "Authorization", buf_str(&flight->authorization));
	return NULL;
}

static void learn_skew(struct aws *aws, const struct http_response *response)
{
	const char *date = http_response_header(response, "date");
	int64_t server_ms;
	if (!date || http_response_header(response, "age") || !time_parse_http(slice_of(date), &server_ms))
		return;
	if (response->received_at_ms - response->sent_at_ms > 15 * MINUTE_MS)
		return;
	int64_t skew_ms = server_ms - (response->sent_at_ms + response->received_at_ms) / 2;
	/* the header has whole seconds: what is within one is no skew at all */
	aws->skew_ms = skew_ms > -2 * SECOND_MS && skew_ms < 2 * SECOND_MS ? 0 : skew_ms;
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

static bool has_token(const struct aws_operation *operation, const json_t *input)
{
	const struct aws_shape *shape = aws_input_of(operation);
	for (unsigned i = 0; shape && i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		if (member->flags & AWS_IDEMPOTENCY_TOKEN && json_object_get(input, aws_name(member->name)))
			return true;
	}
	return false;
}

/* May the same request be sent again although the first may have had its effect? */
static bool is_repeatable(const struct aws_request *request)
{
	const struct aws_operation *operation = request->operation;
	return !(operation->flags & AWS_MUTATES) || has_token(operation, request->input);
}

static struct error *decorate(struct aws *aws, struct flight *flight, struct error *error)
{
	const struct aws_operation *operation = flight->request->operation;
	free(error->service);
	free(error->operation);
	error->service = mem_strdup(aws_operation_service(operation));
	error->operation = mem_strdup(aws_operation_name(operation));
	error->outcome_unknown = flight->maybe_done;
	bool denied = error->class == ERROR_AUTH && error->http_status;
	if (denied && error->code && strstr(error->code, "Expired"))
		error = error_remedy(error, "sign in again (aws sso login, or new keys); the run goes on where it was");
	else if (denied && error->code && (strstr(error->code, "Denied") || strstr(error->code, "Unauthorized")))
		error = error_remedy(error, "grant %s:%s to %s", aws_name(aws_service_of(operation)->signing_name),
				     aws_operation_name(operation),
				     aws->have_credentials ? aws->credentials.access_key : "the role");
	if (flight->tries.attempt > 1) {
		char *text = mem_printf("%s (tried %u times)", error->message, flight->tries.attempt);
		free(error->message);
		error->message = text;
	}
	return error;
}

static void end_flight(struct flight *flight, json_t *output, struct error *error)
{
	flight->request->output = output;
	flight->request->error = error;
	flight->done = true;
}

/* Looks at one answer; the flight is done, or gets the time of its next try. */
static void look(struct aws *aws, struct flight *flight, struct http_response *response)
{
	struct service_state *state = &aws->services[flight->request->operation->service];
	int64_t now_ms = clock_mono_ms(aws->ports.clock), delay_ms;
	json_t *output = NULL;
	struct error *error = TAKE(response->error);
	flight->tries.attempt++;
	if (!error) {
		learn_skew(aws, response);
		error = aws_wire_decode_response(flight->request->operation, response, &output);
	}
	if (!error) {
		aws_retry_succeeded(&state->retry, &flight->tries);
		end_flight(flight, output, NULL);
		return;
	}
	enum aws_retry_kind kind = aws_retry_kind_of(error);
	bool lost = !response->status ? response->maybe_sent : response->status >= 500;
	bool mutation = flight->request->operation->flags & AWS_MUTATES;
	flight->maybe_done |= mutation && lost;
	bool skewed = is_skew_code(error->code) && !flight->skew_fixed &&
		      (aws->skew_ms > SKEW_THAT_MATTERS || aws->skew_ms < -SKEW_THAT_MATTERS);
	bool expired = error->code && strstr(error->code, "Expired") && !flight->refreshed && !aws->options.access_key;
	const char *hint = http_response_header(response, "x-amz-retry-after");
	bool dynamodb = !strcmp(aws_operation_service(flight->request->operation), "dynamodb");
	bool may_repeat = !flight->maybe_done || is_repeatable(flight->request);
	bool again = skewed || expired;
	delay_ms = 0;
	flight->skew_fixed |= skewed;
	if (expired) {
		flight->refreshed = true;
		error_ignore(ensure_credentials(aws, true));
	}
	if (!again && may_repeat)
		again = aws_retry_again(&state->retry, &flight->tries, kind, aws->max_attempts + dynamodb, dynamodb,
					random_unit(aws->ports.random), hint ? strtoll(hint, NULL, 10) : -1, &delay_ms);
	aws_retry_failed(&state->retry, kind, now_ms);
	if (!again) {
		end_flight(flight, NULL, decorate(aws, flight, error));
		return;
	}
	log_info("aws", "%s:%s failed (%s), again in %lld ms", aws_operation_service(flight->request->operation),
		 aws_operation_name(flight->request->operation), error->code ? error->code : error->message,
		 (long long)delay_ms);
	flight->not_before_ms = now_ms + delay_ms;
	error_free(error);
}

static struct error *take_off(struct aws *aws, struct flight *flight, struct http_exchange *exchange)
{
	struct aws_request *request = flight->request;
	struct service_state *state;
	TRY(resolve(aws, request->operation, &state));
	if (state->retry.open_until_ms > clock_mono_ms(aws->ports.clock)) {
		struct error *error =
			error_new(ERROR_TRANSIENT, "%s has failed %u times in a row and is left alone for a while",
				  aws_operation_service(request->operation), state->retry.failures);
		error->retry_after_ms = state->retry.open_until_ms - clock_mono_ms(aws->ports.clock);
		return error_remedy(error, "see https://health.aws.amazon.com; calls go on by themselves");
	}
	if (!flight->encoded) {
		TRY(aws_wire_encode_request(request->operation, request->input, &flight->wire));
		flight->encoded = true;
	}
	TRY(sign(aws, flight));
	*exchange = (struct http_exchange){.request = {.method = flight->wire.method,
						       .url = buf_str(&flight->url),
						       .headers = flight->headers,
						       .n_headers = flight->n_headers,
						       .body = buf_slice(&flight->wire.body),
						       .tls = &aws->tls}};
	return NULL;
}

/* Sends every flight that is due; waits for the earliest when none is. */
static void fly(struct aws *aws, struct flight *flights, size_t n)
{
	struct http_exchange *exchanges = mem_array(n, sizeof *exchanges);
	size_t *which = mem_array(n, sizeof *which);
	for (;;) {
		size_t due = 0;
		int64_t earliest = INT64_MAX, now_ms = clock_mono_ms(aws->ports.clock);
		for (size_t i = 0; i < n; i++) {
			if (flights[i].done)
				continue;
			if (flights[i].not_before_ms > now_ms) {
				earliest = flights[i].not_before_ms < earliest ? flights[i].not_before_ms : earliest;
				continue;
			}
			struct error *error = take_off(aws, &flights[i], &exchanges[due]);
			if (error)
				end_flight(&flights[i], NULL, decorate(aws, &flights[i], error));
			else
				which[due++] = i;
		}
		if (due) {
			http_perform(aws->ports.http, exchanges, due);
			for (size_t k = 0; k < due; k++) {
				look(aws, &flights[which[k]], &exchanges[k].response);
				http_exchange_done(&exchanges[k]);
			}
		} else if (earliest != INT64_MAX) {
			clock_sleep_until(aws->ports.clock, earliest);
		} else {
			break;
		}
	}
	free(exchanges);
	free(which);
}

static void call_once(struct aws *aws, struct aws_request *requests, size_t n)
{
	struct flight *flights = mem_array(n, sizeof *flights);
	for (size_t i = 0; i < n; i++) {
		flights[i].request = &requests[i];
		buf_init(&flights[i].url, 1 << 20);
		buf_init(&flights[i].authorization, 8192);
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
	}
	free(flights);
}

/* Lists of later pages are put behind those of the first. */
static void join_page(const char *keys, json_t *all, const json_t *page)
{
	for (const char *p = keys; *p;) {
		size_t n = strcspn(p, ",");
		char *key CLEANUP(mem_freep) = mem_strndup(p, n);
		json_t *list = document_at(all, key), *more = document_at(page, key);
		if (json_is_array(list) && more)
			json_array_extend(list, more);
		else if (more && !strchr(key, '.'))
			json_object_set(all, key, more);
		p += n + (p[n] == ',');
	}
}

/* Copies the tokens of a page into the next input; false when there is no next page. */
static bool next_input(const struct aws_operation *operation, const json_t *page, json_t *input)
{
	const char *in = aws_name(operation->page_in), *out = aws_name(operation->page_out),
		   *more = aws_name(operation->page_more);
	bool any = false;
	if (*more && !document_true(page, more))
		return false;
	while (*in && *out) {
		size_t n = strcspn(in, ","), m = strcspn(out, ",");
		char *in_key CLEANUP(mem_freep) = mem_strndup(in, n), *out_key CLEANUP(mem_freep) = mem_strndup(out, m);
		char *either = strstr(out_key, " || "); /* "NextMarker || Contents[-1].Key" */
		if (either)
			*either = '\0';
		json_t *token = document_at(page, out_key);
		if (token && !json_is_null(token) && !(json_is_string(token) && !*json_string_value(token))) {
			json_object_set(input, in_key, token);
			any = true;
		} else {
			json_object_del(input, in_key);
		}
		in += n + (in[n] == ',');
		out += m + (out[m] == ',');
	}
	return any;
}

static void further_pages(struct aws *aws, struct aws_request *first)
{
	json_t *input DOCUMENT_CLEANUP = json_copy(first->input);
	json_t *page DOCUMENT_CLEANUP = json_incref(first->output);
	char last[65] = "";
	while (next_input(first->operation, page, input)) {
		char hash[65];
		document_hash(input, hash);
		if (!strcmp(hash, last)) { /* the same token again: a server that would page for ever */
			json_decref(first->output);
			first->output = NULL;
			first->error = error_new(ERROR_INVALID, "%s:%s gives the same page token again and again",
						 aws_operation_service(first->operation),
						 aws_operation_name(first->operation));
			return;
		}
		memcpy(last, hash, sizeof last);
		struct aws_request next = {.operation = first->operation, .input = json_incref(input)};
		call_once(aws, &next, 1);
		json_decref(next.input);
		if (next.error) {
			json_decref(first->output);
			first->output = NULL;
			first->error = next.error;
			return;
		}
		join_page(aws_name(first->operation->page_results), first->output, next.output);
		json_decref(page);
		page = next.output;
	}
}

void aws_call_batch(struct aws *aws, struct aws_request *requests, size_t n)
{
	call_once(aws, requests, n);
	for (size_t i = 0; i < n; i++) {
		if (requests[i].all_pages && !requests[i].error)
			further_pages(aws, &requests[i]);
		json_decref(requests[i].input);
		requests[i].input = NULL;
	}
}

static struct error *call(struct aws *aws, const struct aws_operation *operation, json_t *input, bool all, json_t **ret)
{
	struct aws_request request = {.operation = operation, .input = input, .all_pages = all};
	aws_call_batch(aws, &request, 1);
	if (request.error)
		return request.error;
	if (ret)
		*ret = request.output;
	else
		json_decref(request.output);
	return NULL;
}

struct error *aws_call(struct aws *aws, const struct aws_operation *operation, json_t *input, json_t **ret)
{
	return call(aws, operation, input, false, ret);
}

struct error *aws_call_all(struct aws *aws, const struct aws_operation *operation, json_t *input, json_t **ret)
{
	return call(aws, operation, input, true, ret);
}

struct error *aws_eks_token(struct aws *aws, const char *cluster, struct secret **ret, int64_t *ret_minted_ms)
{
	struct service_state *state;
	TRY(ensure_credentials(aws, false));
	TRY(resolve(aws, &aws_sts_GetCallerIdentity, &state));
	/* The API server takes only STS' own address, whatever endpoint is configured for calls. */
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	const char *region = *aws->region ? aws->region : "us-east-1";
	const char *host = arena_printf(arena, "sts.%s.%s", region, aws_partition_of(region)->dns_suffix);
	struct aws_signing signing = {.access_key = aws->credentials.access_key,
				      .secret_key = aws->credentials.secret_key,
				      .session_token = aws->credentials.session_token,
				      .region = region,
				      .service = "sts",
				      .time_ms = server_now_ms(aws),
				      .double_encode = true};
	struct http_header headers[] = {{"host", host}, {"x-k8s-aws-id", cluster}};
	struct buf query CLEANUP(buf_done) = BUF_INIT(8192), url CLEANUP(buf_done) = BUF_INIT(8192),
			 token CLEANUP(buf_done) = BUF_INIT(16384);
	aws_sign_presign(&signing, slice_of("/"), "Action=GetCallerIdentity&Version=2011-06-15", 60, headers,
			 ARRAY_SIZE(headers), &query);
	buf_printf(&url, "https://%s/?%s", host, buf_str(&query));
	buf_puts(&token, "k8s-aws-v1.");
	base64url_encode(buf_slice(&url), &token);
	*ret = secret_new(buf_str(&token), token.n);
	*ret_minted_ms = clock_wall_ms(aws->ports.clock);
	secret_wipe(token.p, token.n);
	return NULL;
}

struct error *aws_credentials_explain(struct aws *aws, json_t **ret)
{
	json_t *tried = json_array();
	struct aws_credentials found = {0};
	struct error *error = aws_credentials_find(&aws->options, aws->profile, tried, &found);
	aws_credentials_done(&found);
	*ret = tried;
	return error;
}

void aws_idempotency_token(const char *run, const char *step, unsigned attempt, char out[33])
{
	char text[512], hex[SHA256_HEX_SIZE];
	int n = snprintf(text, sizeof text, "%s/%s/%u", run, step, attempt);
	sha256_hex(slice_make(text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1), hex);
	memcpy(out, hex, 32);
	out[32] = '\0';
}

json_t *aws_health(struct aws *aws)
{
	json_t *health = json_object();
	int64_t now_ms = clock_mono_ms(aws->ports.clock);
	for (unsigned i = 0; i < aws_services_n && i < MAX_SERVICES; i++) {
		const struct aws_retry *retry = &aws->services[i].retry;
		if (aws->services[i].resolved)
			json_object_set_new(health, aws_name(aws_services[i].name),
					    json_pack("{s:i, s:i, s:b}", "quota", retry->quota, "failures",
						      (int)retry->failures, "open", retry->open_until_ms > now_ms));
	}
	return health;
}
