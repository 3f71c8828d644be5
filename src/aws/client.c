/* The client: what it was told, where each service answers, who we are, and the servers' clock. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "aws/client_internal.h"
#include "aws/operations.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/document.h"

/* Credentials are renewed so long before they end; after a failed renewal it is tried again a minute later. */
#define REFRESH_BEFORE (15 * MINUTE_MS)
#define REFRESH_AGAIN MINUTE_MS
#define REFUSED_FOR SECOND_MS

const char *aws_region(struct aws *aws)
{
	return aws->region;
}

static char *copy(const char *text)
{
	return text && *text ? mem_strdup(text) : NULL;
}

static void copy_options(struct aws *aws, const struct aws_options *options)
{
	aws->options = *options;
	aws->ports = *options->ports;
	aws->options.ports = &aws->ports;
	aws->options.profile = aws->profile_name = copy(options->profile);
	aws->options.endpoint_url = aws->endpoint_url = copy(options->endpoint_url);
	aws->options.mfa_code = aws->mfa_code = copy(options->mfa_code);
	aws->options.access_key = aws->explicit_access = copy(options->access_key);
	aws->explicit_secret = secret_new(options->secret_key, options->secret_key ? strlen(options->secret_key) : 0);
	aws->options.secret_key = aws->explicit_secret ? secret_reveal(aws->explicit_secret) : NULL;
	aws->options.session_token = aws->explicit_token = copy(options->session_token);
}

static const char *setting(const struct aws *aws, const char *variable, const char *key)
{
	const char *value = aws_getenv(&aws->options, variable);
	return value ? value : aws_profile_get(aws->profile, key);
}

static struct error *read_settings(struct aws *aws)
{
	const char *region = aws->options.region && *aws->options.region ? aws->options.region
									 : aws_getenv(&aws->options, "AWS_REGION");
	region = region ? region : setting(aws, "AWS_DEFAULT_REGION", "region");
	aws->options.region = aws->region = mem_strdup(region ? region : "");
	const char *attempts = setting(aws, "AWS_MAX_ATTEMPTS", "max_attempts"),
		   *mode = setting(aws, "AWS_RETRY_MODE", "retry_mode");
	char *end = NULL;
	long given = attempts ? strtol(attempts, &end, 10) : 0;
	if (attempts && (*end || given < 1 || given > 100))
		return error_remedy(
			error_new(ERROR_INVALID, "max_attempts \"%s\" is not a whole number from 1 to 100", attempts),
			"mend AWS_MAX_ATTEMPTS, or max_attempts in the profile");
	aws->max_attempts = (unsigned)given;
	aws->adaptive = mode && !strcasecmp(mode, "adaptive");
	if (mode && !aws->adaptive && strcasecmp(mode, "standard") != 0 && strcasecmp(mode, "legacy") != 0)
		return error_remedy(
			error_new(ERROR_INVALID, "retry_mode \"%s\" is none of standard, adaptive, legacy", mode),
			"mend AWS_RETRY_MODE, or retry_mode in the profile");
	const char *newer = aws_getenv(&aws->options, "AWS_NEW_RETRIES_2026");
	enum aws_retry_rules rules = mode && !strcasecmp(mode, "legacy")    ? AWS_RETRY_LEGACY
				     : newer && !strcasecmp(newer, "false") ? AWS_RETRY_BEFORE_2026
									    : AWS_RETRY_2026;
	for (size_t i = 0; i < AWS_MAX_SERVICES; i++)
		aws->services[i].retry.rules = rules;
	const char *bundle = setting(aws, "AWS_CA_BUNDLE", "ca_bundle");
	aws->tls.ca_file = bundle ? arena_strdup(aws->arena, bundle) : NULL; /* the profile may be read anew */
	return NULL;
}

struct error *aws_new(const struct aws_options *options, struct aws **ret)
{
	struct aws *aws = mem_alloc(sizeof *aws);
	aws->arena = arena_new();
	copy_options(aws, options);
	for (size_t i = 0; i < AWS_MAX_SERVICES; i++)
		aws->services[i].retry.quota = AWS_RETRY_QUOTA;
	struct error *error = aws_profile_load(&aws->options, &aws->profile);
	if (!error)
		error = read_settings(aws);
	if (error) {
		aws_free(aws);
		return error;
	}
	*ret = aws;
	return NULL;
}

void aws_free(struct aws *aws)
{
	if (!aws)
		return;
	aws_credentials_done(&aws->credentials);
	aws_profile_free(aws->profile);
	for (size_t i = 0; i < AWS_MAX_SERVICES; i++)
		secret_wipe(&aws->services[i].key, sizeof aws->services[i].key);
	secret_free(aws->explicit_secret);
	error_free(aws->refused);
	if (aws->explicit_token)
		secret_wipe(aws->explicit_token, strlen(aws->explicit_token));
	free(aws->explicit_access);
	free(aws->explicit_token);
	free(aws->profile_name);
	free(aws->endpoint_url);
	free(aws->mfa_code);
	free(aws->region);
	arena_free(aws->arena);
	free(aws);
}

void aws_freep(struct aws **aws)
{
	aws_free(*aws);
}

int64_t aws_server_now_ms(const struct aws *aws)
{
	return clock_wall_ms(aws->ports.clock) + aws->skew_ms;
}

int64_t aws_credentials_end_ms(const struct aws *aws)
{
	return aws->have_credentials ? aws->credentials.expires_ms : INT64_MAX;
}

int64_t aws_clock_skew_ms(const struct aws *aws)
{
	return aws->skew_ms;
}

void aws_learn_skew(struct aws *aws, const struct http_response *response)
{
	const char *date = http_response_header(response, "date");
	int64_t server_ms;
	if (!date || http_response_header(response, "age") || !time_parse_http(slice_of(date), &server_ms))
		return;
	if (response->received_at_ms - response->sent_at_ms > 15 * MINUTE_MS)
		return;
	int64_t skew_ms = server_ms - (response->sent_at_ms + (response->received_at_ms - response->sent_at_ms) / 2);
	/* the header has whole seconds: what is within two is no skew at all */
	aws->skew_ms = skew_ms > -2 * SECOND_MS && skew_ms < 2 * SECOND_MS ? 0 : skew_ms;
}

/* Somebody may have put new keys into the files since. What cannot be read now is used as it was. */
static void read_profile_again(struct aws *aws)
{
	struct aws_profile *profile = NULL;
	struct error *error = aws_profile_load(&aws->options, &profile);
	if (error) {
		log_warn("aws", "%s; what was read before is used", error->message);
		error_free(error);
		return;
	}
	aws_profile_free(aws->profile);
	aws->profile = profile;
}

static struct error *find_credentials(struct aws *aws, bool again, struct aws_credentials *ret)
{
	if (aws->refused && clock_mono_ms(aws->ports.clock) < aws->refused_until_ms)
		return error_copy(aws->refused);
	if (again || aws->have_credentials || aws->refused)
		read_profile_again(aws);
	error_free(aws->refused);
	aws->refused = NULL;
	struct error *error = aws_credentials_find(aws, NULL, ret);
	if (error) {
		aws->refused = error_copy(error);
		aws->refused_until_ms = clock_mono_ms(aws->ports.clock) + REFUSED_FOR;
	}
	return error;
}

/* Takes what was found. */
static void adopt(struct aws *aws, struct aws_credentials *found)
{
	aws_credentials_done(&aws->credentials);
	aws->credentials = *found;
	aws->have_credentials = true;
	aws->generation++;
	/* short-lived ones are not fetched for every call */
	aws->refresh_not_before_ms = clock_mono_ms(aws->ports.clock) + REFRESH_AGAIN;
	for (size_t i = 0; i < AWS_MAX_SERVICES; i++)
		aws->services[i].key.scope[0] = '\0';
}

struct error *aws_ensure_credentials(struct aws *aws, bool again)
{
	int64_t now_ms = aws_server_now_ms(aws), mono_ms = clock_mono_ms(aws->ports.clock);
	int64_t left_ms = aws->credentials.expires_ms - now_ms;
	bool lasting = aws->have_credentials && (aws->credentials.expires_ms == INT64_MAX || left_ms > REFRESH_BEFORE);
	bool good = aws->have_credentials && left_ms > 0;
	if (!again && (lasting || (good && mono_ms < aws->refresh_not_before_ms)))
		return NULL;
	struct aws_credentials found = {0};
	struct error *error = find_credentials(aws, again, &found);
	if (error && good && !again) {
		log_warn("aws", "credentials end in %lld min and cannot be renewed: %s",
			 (long long)(left_ms / MINUTE_MS), error->message);
		aws->refresh_not_before_ms = mono_ms + REFRESH_AGAIN;
		error_free(error);
		return NULL;
	}
	if (error) {
		aws_credentials_done(&found);
		return error;
	}
	adopt(aws, &found);
	return NULL;
}

/* On EC2 the machine knows its region; asked at most once. */
static void ask_for_region(struct aws *aws)
{
	if (aws->asked_for_region || *aws->region)
		return;
	aws->asked_for_region = true;
	char *region = aws_metadata_region(aws);
	if (!region)
		return;
	free(aws->region);
	aws->options.region = aws->region = region;
}

struct error *aws_resolve(struct aws *aws, const struct aws_operation *operation, struct aws_service_state **ret)
{
	struct aws_service_state *state = &aws->services[operation->service];
	*ret = state;
	if (state->resolved)
		return NULL;
	const struct aws_service *service = aws_service_of(operation);
	struct error *error = aws_endpoint(&aws->options, aws->profile, service, aws->region, aws->arena, &state->url,
					   &state->region);
	if (error && !*aws->region) {
		ask_for_region(aws);
		if (*aws->region) {
			error_free(error);
			error = aws_endpoint(&aws->options, aws->profile, service, aws->region, aws->arena, &state->url,
					     &state->region);
		}
	}
	TRY(error);
	const char *host = strstr(state->url, "://") + 3;
	state->host = arena_strndup(aws->arena, host, strcspn(host, "/"));
	state->prefix = arena_strdup(aws->arena, host + strcspn(host, "/"));
	state->resolved = true;
	return NULL;
}

enum { MAX_PAGES = 10000 };

/* NULL where there is a page after `before`, the tokens of the one in hand. */
static struct error *page_after(const struct aws_request *request, const json_t *before, const json_t *input,
				unsigned n_pages)
{
	const char *service = aws_operation_service(request->operation), *name = aws_operation_name(request->operation);
	if (json_equal(before, input)) /* or it would page for ever */
		return error_new(ERROR_INVALID, "%s:%s gives the same page token again and again", service, name);
	if (n_pages >= MAX_PAGES)
		return error_new(ERROR_INVALID, "%s:%s has more than %d pages", service, name, MAX_PAGES);
	return NULL;
}

/* The next pages of every request that has one, side by side, until there are none. */
static void further_pages(struct aws *aws, struct aws_request *requests, size_t n)
{
	struct aws_request *next CLEANUP(mem_freep) = mem_array(n, sizeof *next);
	json_t **pages CLEANUP(mem_freep) = mem_array(n, sizeof *pages),
		       **inputs CLEANUP(mem_freep) = mem_array(n, sizeof *inputs);
	size_t *which CLEANUP(mem_freep) = mem_array(n, sizeof *which), open;
	unsigned n_pages = 0;
	for (size_t i = 0; i < n; i++)
		if (requests[i].all_pages && requests[i].output) {
			pages[i] = json_incref(requests[i].output);
			inputs[i] = json_copy(requests[i].input);
		}
	do {
		open = 0;
		n_pages++;
		for (size_t i = 0; i < n; i++) {
			if (!pages[i])
				continue;
			json_t *before DOCUMENT_CLEANUP = json_copy(inputs[i]);
			bool more = aws_page_next(requests[i].operation, pages[i], inputs[i]);
			json_decref(pages[i]);
			pages[i] = NULL;
			if (more)
				requests[i].error = page_after(&requests[i], before, inputs[i], n_pages);
			if (more && !requests[i].error)
				which[open++] = i;
		}
		for (size_t k = 0; k < open; k++)
			next[k] = (struct aws_request){.operation = requests[which[k]].operation,
						       .input = json_copy(inputs[which[k]]),
						       .only = requests[which[k]].only};
		aws_fly(aws, next, open);
		for (size_t k = 0; k < open; k++) {
			struct aws_request *request = &requests[which[k]];
			json_decref(next[k].input);
			request->error = next[k].error;
			if (next[k].output)
				aws_page_join(request->operation, request->output, next[k].output);
			pages[which[k]] = next[k].output;
		}
	} while (open);
	for (size_t i = 0; i < n; i++)
		json_decref(inputs[i]);
}

void aws_call_batch(struct aws *aws, struct aws_request *requests, size_t n)
{
	aws_fly(aws, requests, n);
	bool paged = false;
	for (size_t i = 0; i < n; i++)
		paged |= requests[i].all_pages && requests[i].output && *aws_name(requests[i].operation->page_in);
	if (paged)
		further_pages(aws, requests, n);
	for (size_t i = 0; i < n; i++) {
		if (requests[i].all_pages && requests[i].output && *aws_name(requests[i].operation->page_in))
			aws_page_tidy(requests[i].operation, requests[i].output);
		if (requests[i].error) {
			json_decref(requests[i].output);
			requests[i].output = NULL;
		}
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
	/* The API server takes only STS' own address, whatever endpoint is configured for calls. */
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	const char *host, *region = *aws->region ? aws->region : "us-east-1";
	TRY(aws_ensure_credentials(aws, false));
	aws_endpoint_rule(aws_service_of(&aws_sts_GetCallerIdentity), region, 0, arena, &host, &region);
	struct aws_signing signing = {.access_key = aws->credentials.access_key,
				      .secret_key = aws->credentials.secret_key,
				      .session_token = aws->credentials.session_token,
				      .region = region,
				      .service = "sts",
				      .time_ms = aws_server_now_ms(aws),
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
	secret_wipe(url.p, url.n);
	return NULL;
}

struct error *aws_credentials_explain(struct aws *aws, json_t **ret)
{
	struct aws_credentials found = {0};
	*ret = json_array();
	struct error *error = aws_credentials_find(aws, *ret, &found);
	if (error)
		aws_credentials_done(&found);
	else
		adopt(aws, &found);
	return error;
}
