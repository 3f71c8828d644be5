/* Single requests: the client's birth, verbs, errors with what to grant, warnings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/digest.h"
#include "base/log.h"
#include "base/time.h"
#include "codec/document.h"
#include "kube/kube_internal.h"

enum { MAX_TRIES = 5 };

static struct kube *make(const struct ports *ports, const char *field_manager)
{
	struct kube *kube = mem_alloc(sizeof *kube);
	kube->ports = *ports;
	kube->arena = arena_new();
	kube->field_manager = mem_strdup(field_manager ? field_manager : "eks-upgrade-agent");
	kube->warnings = json_array();
	return kube;
}

struct error *kube_new(const struct kube_options *options, struct kube **ret)
{
	struct kube *kube = make(options->ports, options->field_manager);
	struct error *error = kube_access_load(options, kube->arena, &kube->access);
	if (error) {
		kube_free(kube);
		return error;
	}
	*ret = kube;
	return NULL;
}

struct error *kube_new_eks(const struct ports *ports, struct aws *aws, const json_t *cluster, struct kube **ret)
{
	const char *endpoint = document_text(cluster, "endpoint"),
		   *ca = document_text(cluster, "certificateAuthority.data"), *name = document_text(cluster, "name");
	if (!endpoint || !name)
		return error_remedy(
			error_new(ERROR_PRECONDITION, "cluster \"%s\" has no endpoint yet", name ? name : "?"),
			"wait until it is ACTIVE");
	struct kube *kube = make(ports, NULL);
	struct buf pem CLEANUP(buf_done) = BUF_INIT(1 << 20);
	if (ca && !base64_decode(slice_of(ca), &pem)) {
		kube_free(kube);
		return error_new(ERROR_INVALID, "certificate authority of cluster \"%s\" is not base64", name);
	}
	kube->access.server = arena_strdup(kube->arena, endpoint);
	kube->access.tls.ca_pem = pem.n ? arena_strdup(kube->arena, buf_str(&pem)) : NULL;
	kube->aws = aws;
	kube->eks_cluster = mem_strdup(name);
	*ret = kube;
	return NULL;
}

void kube_free(struct kube *kube)
{
	if (!kube)
		return;
	secret_free(kube->token);
	json_decref(kube->warnings);
	free(kube->field_manager);
	free(kube->eks_cluster);
	arena_free(kube->arena);
	free(kube);
}

void kube_freep(struct kube **kube)
{
	kube_free(*kube);
}

const char *kube_server(const struct kube *kube)
{
	return kube->access.server;
}

json_t *kube_warnings(struct kube *kube)
{
	return json_deep_copy(kube->warnings);
}

/* Warning: 299 - "text" */
void kube_note_warnings(struct kube *kube, const char *path, const struct http_response *response)
{
	for (size_t i = 0; i < response->n_headers; i++) {
		const char *quote = !strcmp(response->headers[i].name, "warning")
					    ? strchr(response->headers[i].value, '"')
					    : NULL,
			   *end = quote ? strrchr(quote + 1, '"') : NULL;
		if (!end || json_array_size(kube->warnings) > 1000)
			continue;
		char *text CLEANUP(mem_freep) = mem_strndup(quote + 1, (size_t)(end - quote - 1));
		char *bare CLEANUP(mem_freep) = mem_strndup(path, strcspn(path, "?"));
		size_t k;
		json_t *old;
		bool known = false;
		json_array_foreach (kube->warnings, k, old) {
			if (strcmp(document_text_or(old, "text", ""), text) ||
			    strcmp(document_text_or(old, "path", ""), bare))
				continue;
			json_object_set_new(old, "count", json_integer(document_int_or(old, "count", 0) + 1));
			known = true;
		}
		if (!known)
			json_array_append_new(kube->warnings,
					      json_pack("{s:s, s:s, s:i}", "path", bare, "text", text, "count", 1));
	}
}

static enum error_class class_of(int status, const char *reason)
{
	if (reason && !strcmp(reason, "Expired"))
		return ERROR_PRECONDITION;
	switch (status) {
	case 401:
	case 403:
		return ERROR_AUTH;
	case 404:
		return ERROR_NOT_FOUND;
	case 409:
		return ERROR_CONFLICT;
	case 410:
	case 412:
		return ERROR_PRECONDITION;
	case 429:
		return ERROR_THROTTLED;
	default:
		return status >= 500 ? ERROR_TRANSIENT : ERROR_INVALID;
	}
}

static const char *verb_of(const char *method, const char *path)
{
	static const char *const verbs[][2] = {
		{"POST", "create"}, {"PUT", "update"}, {"PATCH", "patch"}, {"DELETE", "delete"}};
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(method, verbs[i][0]))
			return verbs[i][1];
	return strstr(path, "watch=") ? "watch" : strstr(path, "limit=") ? "list" : "get";
}

struct error *kube_status_error(const char *method, const char *path, const struct http_response *response)
{
	if (response->status >= 200 && response->status < 300)
		return NULL;
	json_t *status DOCUMENT_CLEANUP = json_loadb(buf_str(&response->body), response->body.n, 0, NULL);
	const char *message = document_text(status, "message"), *reason = document_text(status, "reason");
	int shown = (int)strcspn(path, "?");
	struct error *error = message && *message
				      ? error_new(class_of(response->status, reason), "%s", message)
				      : error_new(class_of(response->status, reason), "%s %.*s: the server answered %d",
						  method, shown, path, response->status);
	size_t i;
	const json_t *cause;
	json_array_foreach (document_at(status, "details.causes"), i, cause) {
		const char *text = document_text(cause, "message");
		if (!text || strstr(error->message, text))
			continue;
		char *longer = mem_printf("%s; %s", error->message, text);
		free(error->message);
		error->message = longer;
	}
	error->code = mem_strdup(reason);
	error->service = mem_strdup("kubernetes");
	error->operation = mem_printf("%s %.*s", method, shown, path);
	error->http_status = response->status;
	error->request_id = mem_strdup(http_response_header(response, "audit-id"));
	double retry_s = document_real_or(status, "details.retryAfterSeconds", -1);
	error->retry_after_ms = retry_s >= 0 ? (int64_t)(retry_s * 1000) : -1;
	if (response->status == 403)
		error = error_remedy(error, "grant verb \"%s\" on %.*s (RBAC)", verb_of(method, path), shown, path);
	else if (response->status == 401)
		error = error_remedy(
			error, "sign in again: the token was refused; is the caller in the cluster's access entries?");
	return error;
}

enum kube_retry kube_should_retry(const char *method, const struct http_response *response, unsigned tries,
				  struct random *random, int64_t *ret_delay_ms)
{
	bool reads = !strcmp(method, "GET");
	const char *after = http_response_header(response, "retry-after");
	int64_t hint_ms = after ? strtoll(after, NULL, 10) * SECOND_MS : -1;
	*ret_delay_ms = hint_ms >= 0 && hint_ms <= MINUTE_MS
				? hint_ms
				: (int64_t)(random_unit(random) * (double)(INT64_C(100) << (tries < 7 ? tries : 7)));
	if (tries >= MAX_TRIES)
		return KUBE_NO_RETRY;
	if (response->error) {
		enum error_class class = response->error->class;
		bool passes = class == ERROR_TRANSIENT || class == ERROR_TIMEOUT;
		return passes && (reads || !response->maybe_sent) ? KUBE_RETRY : KUBE_NO_RETRY;
	}
	if (response->status == 401)
		return tries == 1 ? KUBE_RETRY_NEW_TOKEN : KUBE_NO_RETRY;
	if (response->status ==
	    429) /* nothing was done; an eviction's 429 is an answer, its caller asks for no retry */
		return KUBE_RETRY;
	return response->status >= 500 && (reads || after) ? KUBE_RETRY : KUBE_NO_RETRY;
}

struct call {
	const char *method, *path, *content_type, *accept;
	struct slice body;
	struct http_sink *sink;
	bool no_retry;
};

/* Asks until there is an answer; the exchange is the caller's to end. */
static struct error *ask(struct kube *kube, const struct call *call, struct http_exchange *exchange)
{
	bool again = false;
	for (unsigned tries = 1;; tries++) {
		struct buf authorization CLEANUP(buf_done) = BUF_INIT(64 << 10);
		TRY(kube_authorization(kube, again, &authorization));
		char *url CLEANUP(mem_freep) = mem_printf("%s%s", kube->access.server, call->path);
		struct http_header headers[4];
		size_t n = 0;
		headers[n++] = (struct http_header){"Accept", call->accept ? call->accept : "application/json"};
		headers[n++] = (struct http_header){"User-Agent", "eks-upgrade-agent/" EUA_VERSION};
		if (authorization.n)
			headers[n++] = (struct http_header){"Authorization", buf_str(&authorization)};
		if (call->body.n)
			headers[n++] = (struct http_header){"Content-Type", call->content_type ? call->content_type
											       : "application/json"};
		*exchange = (struct http_exchange){.request = {.method = call->method,
							       .url = url,
							       .headers = headers,
							       .n_headers = n,
							       .body = call->body,
							       .tls = &kube->access.tls,
							       .proxy = kube->access.proxy,
							       .sink = call->sink}};
		http_perform(kube->ports.http, exchange, 1);
		kube_note_warnings(kube, call->path, &exchange->response);
		int64_t delay_ms;
		enum kube_retry retry = call->no_retry ? KUBE_NO_RETRY
						       : kube_should_retry(call->method, &exchange->response, tries,
									   kube->ports.random, &delay_ms);
		exchange->request = (struct http_request){0};
		if (retry == KUBE_NO_RETRY)
			return NULL;
		again = retry == KUBE_RETRY_NEW_TOKEN;
		log_info("kube", "%s %s: %d, again", call->method, call->path, exchange->response.status);
		http_exchange_done(exchange);
		if (!again)
			clock_sleep(kube->ports.clock, delay_ms);
	}
}

static struct error *outcome(struct kube *kube, const struct call *call, struct http_exchange *exchange)
{
	struct error *error = TAKE(exchange->response.error);
	if (error) {
		error->service = mem_strdup("kubernetes");
		error->operation = mem_printf("%s %.*s", call->method, (int)strcspn(call->path, "?"), call->path);
		error->outcome_unknown = exchange->response.maybe_sent && strcmp(call->method, "GET") != 0;
		return error_wrap(error, "cannot ask the API server of \"%s\"", kube->access.server);
	}
	error = kube_status_error(call->method, call->path, &exchange->response);
	if (error)
		error->outcome_unknown = exchange->response.status >= 500 && strcmp(call->method, "GET") != 0;
	return error;
}

struct error *kube_call(struct kube *kube, const char *method, const char *path, const char *content_type, json_t *body,
			json_t **ret)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(16 << 20);
	if (body)
		document_print(body, false, &text);
	json_decref(body);
	struct call call = {.method = method,
			    .path = path,
			    .content_type = content_type,
			    .body = buf_slice(&text),
			    .no_retry = strstr(path, "/eviction") != NULL};
	struct http_exchange exchange = {0};
	TRY(ask(kube, &call, &exchange));
	struct error *error = outcome(kube, &call, &exchange);
	if (!error && ret)
		error = document_parse(buf_slice(&exchange.response.body), path, ret);
	http_exchange_done(&exchange);
	return error;
}

struct error *kube_get_stream(struct kube *kube, const char *path, struct http_sink *sink)
{
	struct call call = {.method = "GET", .path = path, .accept = "*/*", .sink = sink, .no_retry = true};
	struct http_exchange exchange = {0};
	TRY(ask(kube, &call, &exchange));
	struct error *error = outcome(kube, &call, &exchange);
	http_exchange_done(&exchange);
	return error;
}

struct error *kube_apply(struct kube *kube, const char *path, bool force, json_t *object, json_t **ret)
{
	char *full CLEANUP(mem_freep) = mem_printf("%s%cfieldManager=%s%s", path, strchr(path, '?') ? '&' : '?',
						   kube->field_manager, force ? "&force=true" : "");
	return kube_call(kube, "PATCH", full, "application/apply-patch+yaml", object, ret);
}

struct error *kube_evict(struct kube *kube, const char *ns, const char *pod, const char *uid, int64_t grace_s,
			 bool dry_run, enum kube_eviction *ret, char **ret_reason)
{
	char *path CLEANUP(mem_freep) = mem_printf("/api/v1/namespaces/%s/pods/%s/eviction", ns, pod);
	json_t *options = json_pack("{s:{s:s}}", "preconditions", "uid", uid);
	if (grace_s >= 0)
		json_object_set_new(options, "gracePeriodSeconds", json_integer(grace_s));
	if (dry_run)
		json_object_set_new(options, "dryRun", json_pack("[s]", "All"));
	json_t *body = json_pack("{s:s, s:s, s:{s:s, s:s}, s:o}", "apiVersion", "policy/v1", "kind", "Eviction",
				 "metadata", "name", pod, "namespace", ns, "deleteOptions", options);
	struct error *error = kube_call(kube, "POST", path, NULL, body, NULL);
	if (ret_reason)
		*ret_reason = error ? mem_strdup(error->message) : NULL;
	if (!error || error->http_status == 404 || error->http_status == 409 || error->http_status == 429) {
		*ret = !error ? KUBE_EVICTED : error->http_status == 429 ? KUBE_EVICT_BLOCKED : KUBE_EVICT_GONE;
		error_free(error);
		return NULL;
	}
	return error;
}
