/* Who answers a request: by host in process, by path behind a door; and what faults do to it before and after. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "codec/document.h"
#include "base/digest.h"
#include "sim/world.h"

enum { EXCHANGE_MS = 20, TIMEOUT_MS = 10000 };
#define TOKEN_AGE_MS (15 * MINUTE_MS)

/* A batch takes as long as its slowest: all are answered at one time. */
static void perform(struct http *http, struct http_exchange *exchanges, size_t n)
{
	struct sim *sim = ((struct sim_http *)http)->sim;
	bool timed_out = false;
	for (size_t i = 0; i < n; i++) {
		exchanges[i].response.sent_at_ms = sim->now_ms;
		exchanges[i].response.received_at_ms = sim->now_ms + EXCHANGE_MS;
		sim_handle(sim, &exchanges[i].request, &exchanges[i].response);
		timed_out |= exchanges[i].response.error != NULL;
	}
	sim_advance_to(sim, sim->now_ms + (timed_out ? TIMEOUT_MS : EXCHANGE_MS));
}

static void not_freed(struct http *http)
{
	(void)http; /* the sim's own */
}

void sim_http_init(struct sim *sim)
{
	static const struct http_ops ops = {perform, not_freed};
	sim->http = (struct sim_http){.http.ops = &ops, .sim = sim};
}

void sim_answer_json(struct http_response *response, int status, json_t *body)
{
	response->status = status;
	buf_init(&response->body, (size_t)64 << 20);
	http_response_add_header(response, slice_of("content-type"), slice_of("application/json"));
	if (body)
		document_print(body, false, &response->body);
	json_decref(body);
}

void sim_lose(struct http_response *response)
{
	struct http_exchange gone = {.response = *response};
	int64_t sent = response->sent_at_ms, received = response->received_at_ms;
	http_exchange_done(&gone);
	*response = (struct http_response){.sent_at_ms = sent,
					   .received_at_ms = received,
					   .maybe_sent = true,
					   .error = error_new(ERROR_TIMEOUT, "no answer came in time")};
}

static void give_to_sink(const struct http_request *request, struct http_response *response)
{
	if (!request->sink || response->status < 200 || response->status >= 300 || !response->body.n)
		return;
	response->stopped = !request->sink->write(request->sink->context, response->body.p, response->body.n);
	buf_clear(&response->body);
}

static const char *header_of(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->n_headers; i++)
		if (!strcasecmp(request->headers[i].name, name))
			return request->headers[i].value;
	return NULL;
}

static void refuse_kube(struct http_response *response, int status, const char *reason, const char *message)
{
	sim_answer_json(response, status,
			json_pack("{s:s, s:s, s:{}, s:s, s:s, s:s, s:i}", "kind", "Status", "apiVersion", "v1",
				  "metadata", "status", "Failure", "reason", reason, "message", message, "code",
				  status));
}

/* Faults that answer in place of the server. A reply that will be lost is served first. */
static bool struck(struct sim *sim, const char *target, struct http_response *response)
{
	if (sim_fault_strikes(sim, target, "timeout"))
		sim_lose(response);
	else if (sim_fault_strikes(sim, target, "5xx"))
		refuse_kube(response, 503, "ServiceUnavailable",
			    "the server is currently unable to handle the request");
	else if (sim_fault_strikes(sim, target, "denied"))
		refuse_kube(response, 403, "Forbidden", "forbidden: User \"agent\" cannot do this");
	else if (sim_fault_strikes(sim, target, "429")) {
		refuse_kube(response, 429, "TooManyRequests", "too many requests, please try again later");
		http_response_add_header(response, slice_of("retry-after"), slice_of("1"));
	} else
		return false;
	return true;
}

/* An EKS token is a presigned request with its date in it; the server takes it for a quarter of an hour. */
static bool token_is_stale(const struct sim *sim, const struct http_request *request)
{
	const char *bearer = header_of(request, "authorization");
	struct buf url CLEANUP(buf_done) = BUF_INIT(1 << 14);
	if (sim->base_url || !bearer || strncmp(bearer, "Bearer k8s-aws-v1.", 18) != 0)
		return false;
	if (!base64_decode(slice_of(bearer + 18), &url))
		return true;
	const char *date = strstr(buf_str(&url), "X-Amz-Date=");
	int64_t signed_ms;
	if (!date || !sim_parse_basic(date + 11, &signed_ms))
		return true;
	int64_t apart_ms = sim_server_ms(sim) - signed_ms;
	return apart_ms > TOKEN_AGE_MS || apart_ms < -TOKEN_AGE_MS;
}

static void serve_kube(struct sim *sim, struct sim_cluster *cluster, const struct http_request *request,
		       const char *path, struct http_response *response)
{
	bool gone = !cluster || cluster->life == LIFE_ABSENT || cluster->life == LIFE_CREATING;
	if (gone) {
		response->error = error_new(ERROR_TRANSIENT, "cannot reach the API server: connection refused");
		return;
	}
	bool lost = sim->n_faults && sim_fault_strikes(sim, "kube", "lost-reply");
	if (sim->n_faults && !lost && struck(sim, "kube", response))
		return;
	if (token_is_stale(sim, request))
		refuse_kube(response, 401, "Unauthorized", "Unauthorized");
	else
		sim_kube_handle(cluster->kube, request, path, response);
	if (lost)
		sim_lose(response);
}

static void serve_argocd(struct sim *sim, const struct http_request *request, const char *path,
			 struct http_response *response)
{
	bool lost = sim->n_faults && sim_fault_strikes(sim, "argocd", "lost-reply");
	if (sim->n_faults && !lost && struck(sim, "argocd", response))
		return;
	sim_argocd_handle(sim, request, path, response);
	if (lost)
		sim_lose(response);
}

/* What a user sees at this moment: of Blue or of Green by chance, as resolvers would answer. */
static void serve_user(struct sim *sim, struct http_response *response)
{
	struct sim_cluster *green = sim_green(sim), *blue = &sim->clusters[0];
	bool on_green = random_unit(sim->chance) < sim_users_share(sim, sim->now_ms);
	struct sim_cluster *asked = on_green && green ? green : blue;
	bool fails = random_unit(sim->chance) < sim_error_rate(sim, asked);
	sim_answer_json(response, fails ? 503 : 200, NULL);
	buf_puts(&response->body, "{\"served_by\":\"");
	buf_puts(&response->body, asked->name);
	buf_puts(&response->body, "\"}");
}

/* Behind a door everything stands under one address. EKS has paths below /clusters/ too: theirs are signed. */
static void dispatch_path(struct sim *sim, const struct http_request *request, const char *path,
			  struct http_response *response)
{
	const char *authorization = header_of(request, "authorization");
	bool is_signed = authorization && !strncmp(authorization, "AWS4-", 5);
	if (!strncmp(path, "/clusters/", 10) && strchr(path + 10, '/') && request->n_headers && !is_signed) {
		size_t n = strcspn(path + 10, "/?");
		char *name CLEANUP(mem_freep) = mem_strndup(path + 10, n);
		serve_kube(sim, sim_cluster_named(sim, name), request, path + 10 + n, response);
	} else if (!strncmp(path, "/argocd/", 8)) {
		serve_argocd(sim, request, path + 7, response);
	} else if (!strncmp(path, "/users/", 7)) {
		serve_user(sim, response);
	} else if (!strncmp(path, "/sim/truth", 10)) {
		sim_answer_json(response, 200, sim_truth(sim));
	} else {
		sim_aws_handle(sim, request, response);
	}
}

static void dispatch_host(struct sim *sim, const struct http_request *request, struct slice host, const char *path,
			  struct http_response *response)
{
	static const char eks[] = ".eks.amazonaws.com";
	size_t n = sizeof eks - 1;
	if (slice_eq(host, SIM_USERS_HOST))
		serve_user(sim, response);
	else if (slice_eq(host, "argocd.example.com"))
		serve_argocd(sim, request, path, response);
	else if (host.n > n && !memcmp(host.p + host.n - n, eks, n))
		serve_kube(sim, sim_cluster_by_id(sim, host.p, strcspn(host.p, ".")), request, path, response);
	else
		sim_aws_handle(sim, request, response);
}

void sim_handle(struct sim *sim, const struct http_request *request, struct http_response *response)
{
	const char *host = strstr(request->url, "://");
	host = host ? host + 3 : request->url;
	size_t n = strcspn(host, "/?");
	const char *path = host[n] == '/' ? host + n : "/";
	if (sim->base_url)
		dispatch_path(sim, request, path, response);
	else
		dispatch_host(sim, request, slice_make(host, n), path, response);
	sim_faults_advance(sim); /* what was asked may be what one waits for */
	give_to_sink(request, response);
}
