/* Argo CD's REST API: one call, the list of applications, which is asked for so often that it is read straight into
 * structs, syncs that tell whose they are, and refreshes side by side. */
#include "tools/argocd.h"

#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "codec/json.h"

enum { REFRESH_BATCH = 32, READ_TRIES = 4 };
#define FIRST_WAIT_MS INT64_C(250)
#define REFRESH_MS (20 * SECOND_MS)

static const struct field info_fields[] = {
	F_STRING(struct argocd_info, name, "name", 0, ""),
	F_STRING(struct argocd_info, value, "value", 0, ""),
};
static const struct model info_model = MODEL("Info", struct argocd_info, info_fields);
static const struct field operation_fields[] = {
	F_STRING(struct argocd_operation, user, "initiatedBy.username", 0, ""),
	F_BOOL(struct argocd_operation, automated, "initiatedBy.automated", 0, ""),
	F_LIST(struct argocd_operation, info, n_info, "info", 0, &info_model, ""),
};
static const struct model operation_model = MODEL("Operation", struct argocd_operation, operation_fields);
static const struct field application_fields[] = {
	F_STRING(struct argocd_application, name, "metadata.name", 0, ""),
	F_STRING(struct argocd_application, ns, "metadata.namespace", 0, ""),
	F_STRING(struct argocd_application, run, "metadata.labels." ARGOCD_RUN_LABEL, 0, ""),
	F_STRING(struct argocd_application, refresh, "metadata.annotations.argocd.argoproj.io/refresh", 0, ""),
	F_STRING(struct argocd_application, project, "spec.project", 0, ""),
	F_STRING(struct argocd_application, server, "spec.destination.server", 0, ""),
	F_STRING(struct argocd_application, cluster, "spec.destination.name", 0, ""),
	F_JSON(struct argocd_application, spec, "spec", 0, ""),
	F_STRING(struct argocd_application, sync, "status.sync.status", 0, ""),
	F_STRING(struct argocd_application, revision, "status.sync.revision", 0, ""),
	F_JSON(struct argocd_application, revisions, "status.sync.revisions", 0, ""),
	F_STRING(struct argocd_application, health, "status.health.status", 0, ""),
	F_STRING(struct argocd_application, health_message, "status.health.message", 0, ""),
	F_OBJECT_PTR(struct argocd_application, begun, "operation", 0, &operation_model, ""),
	F_OBJECT_PTR(struct argocd_application, last, "status.operationState.operation", 0, &operation_model, ""),
	F_STRING(struct argocd_application, phase, "status.operationState.phase", 0, ""),
	F_STRING(struct argocd_application, message, "status.operationState.message", 0, ""),
	F_STRING(struct argocd_application, synced_revision, "status.operationState.syncResult.revision", 0, ""),
	F_JSON(struct argocd_application, synced_revisions, "status.operationState.syncResult.revisions", 0, ""),
	F_TIME(struct argocd_application, finished_ms, "status.operationState.finishedAt", 0, ""),
	F_TIME(struct argocd_application, reconciled_ms, "status.reconciledAt", 0, ""),
};
static const struct model application_model = MODEL("Application", struct argocd_application, application_fields);
static const struct field applications_fields[] = {
	F_LIST(struct argocd_applications, items, n, "items", 0, &application_model, ""),
};
static const struct model applications_model =
	MODEL("ApplicationList", struct argocd_applications, applications_fields);

static struct error *refusal(const struct http_response *response, const char *method, const char *path)
{
	json_t *body DOCUMENT_CLEANUP = document_load(buf_slice(&response->body));
	struct error *error = error_new(error_class_of_http(response->status), "Argo CD: %s",
					document_text_or(body, "message", "no reason given"));
	error->http_status = response->status;
	error->service = mem_strdup("argocd");
	error->operation = mem_printf("%s %s", method, path);
	error->outcome_unknown = response->status >= 500 && strcmp(method, "GET") != 0;
	return error->class == ERROR_AUTH
		       ? error_remedy(error,
				      "check gitops.argocd.token and its account's rights on clusters and applications")
		       : error;
}

/* A request and what it points to. */
struct asked {
	char *url, *bearer;
	struct http_header headers[3];
	struct http_tls tls;
};

static void ask(const struct argocd *argocd, const char *method, const char *path, struct slice body,
		struct asked *asked, struct http_exchange *exchange)
{
	asked->url = mem_printf("%s%s", argocd->server, path);
	asked->bearer = argocd->token ? mem_printf("Bearer %s", secret_reveal(argocd->token)) : NULL;
	asked->headers[0] = (struct http_header){"Accept", "application/json"};
	asked->headers[1] = (struct http_header){"Content-Type", "application/json"};
	asked->headers[2] = (struct http_header){"Authorization", asked->bearer};
	asked->tls = (struct http_tls){.insecure = argocd->insecure};
	*exchange = (struct http_exchange){.request = {.method = method,
						       .url = asked->url,
						       .headers = asked->headers,
						       .n_headers = asked->bearer ? 3 : 2,
						       .body = body,
						       .tls = &asked->tls}};
}

static void asked_done(struct asked *asked, struct http_exchange *exchange)
{
	http_exchange_done(exchange);
	if (asked->bearer)
		secret_wipe(asked->bearer, strlen(asked->bearer));
	free(asked->bearer);
	free(asked->url);
}

static struct error *failure_of(struct http_response *response, const char *method, const char *path)
{
	struct error *error = TAKE(response->error);
	if (error)
		error->outcome_unknown = response->maybe_sent && strcmp(method, "GET") != 0;
	else if (response->status < 200 || response->status >= 300)
		error = refusal(response, method, path);
	return error;
}

/* *answer is filled when this gives no error. */
static struct error *ask_once(const struct argocd *argocd, const char *method, const char *path, struct slice body,
			      struct buf *answer)
{
	struct asked asked;
	struct http_exchange exchange;
	ask(argocd, method, path, body, &asked, &exchange);
	http_perform(argocd->ports->http, &exchange, 1);
	struct error *error = failure_of(&exchange.response, method, path);
	if (!error) {
		*answer = exchange.response.body;
		buf_init(&exchange.response.body, 0);
	}
	asked_done(&asked, &exchange);
	return error;
}

static bool passes(const struct error *error)
{
	return error->class == ERROR_TRANSIENT || error->class == ERROR_TIMEOUT || error->class == ERROR_THROTTLED;
}

/* What only reads is asked for again when the server was busy or out of reach for a moment. */
static struct error *exchange(const struct argocd *argocd, const char *method, const char *path, struct slice body,
			      struct buf *answer)
{
	struct error *error = ask_once(argocd, method, path, body, answer);
	for (unsigned tries = 1; error && tries < READ_TRIES && !strcmp(method, "GET") && passes(error); tries++) {
		int64_t most_ms = FIRST_WAIT_MS << tries;
		clock_sleep(argocd->ports->clock, (int64_t)(random_unit(argocd->ports->random) * (double)most_ms));
		error_free(error);
		error = ask_once(argocd, method, path, body, answer);
	}
	return error;
}

struct error *argocd_call(const struct argocd *argocd, const char *method, const char *path, json_t *body, json_t **ret)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(4 << 20);
	struct buf answer CLEANUP(buf_done) = BUF_INIT(0);
	if (body)
		document_print(body, false, &text);
	json_decref(body);
	TRY(exchange(argocd, method, path, buf_slice(&text), &answer));
	return ret ? document_parse(answer.n ? buf_slice(&answer) : slice_of("{}"), "Argo CD's answer", ret) : NULL;
}

struct error *argocd_list(const struct argocd *argocd, struct arena *arena, struct argocd_applications *ret)
{
	struct buf answer CLEANUP(buf_done) = BUF_INIT(0);
	TRY(exchange(argocd, "GET", "/api/v1/applications", (struct slice){0}, &answer));
	return json_decode(answer.n ? buf_slice(&answer) : slice_of("{}"), "Argo CD's applications", JSON_READ_SERVER,
			   &applications_model, ret, arena);
}

struct error *argocd_whoami(const struct argocd *argocd, struct arena *arena, const char **ret)
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	TRY(argocd_call(argocd, "GET", "/api/v1/session/userinfo", NULL, &out));
	*ret = arena_strdup(arena, document_text_or(out, "username", ""));
	return NULL;
}

char *argocd_application_path(const struct argocd_application *application, const char *query)
{
	const char *ns = application->ns;
	return mem_printf("/api/v1/applications/%s?%s&project=%s%s%s", application->name ? application->name : "",
			  query, application->project ? application->project : "default", ns ? "&appNamespace=" : "",
			  ns ? ns : "");
}

struct error *argocd_sync(const struct argocd *argocd, const struct argocd_application *application, const char *run_id,
			  enum argocd_sync *ret)
{
	char *path CLEANUP(mem_freep) = mem_printf("/api/v1/applications/%s/sync", application->name);
	json_t *body = json_pack("{s:s?, s:s*, s:s*, s:[{s:s, s:s}]}", "name", application->name, "appNamespace",
				 application->ns, "project", application->project, "infos", "name", ARGOCD_RUN_LABEL,
				 "value", run_id);
	struct error *error = argocd_call(argocd, "POST", path, body, NULL);
	bool busy = error && error->http_status == 400 && strstr(error->message, "in progress"),
	     window = error && error->http_status == 403 && strstr(error->message, "sync window");
	*ret = busy ? ARGOCD_SYNC_BUSY : window ? ARGOCD_SYNC_WINDOW : ARGOCD_SYNC_BEGUN;
	if (!busy && !window)
		return error;
	error_free(error);
	return NULL;
}

static struct error *refresh_some(const struct argocd *argocd, const struct argocd_application *const *applications,
				  size_t n)
{
	struct asked asked[REFRESH_BATCH];
	struct http_exchange exchanges[REFRESH_BATCH];
	struct error *first = NULL;
	for (size_t i = 0; i < n; i++) {
		char *path CLEANUP(mem_freep) = argocd_application_path(applications[i], "refresh=normal");
		ask(argocd, "GET", path, (struct slice){0}, &asked[i], &exchanges[i]);
		exchanges[i].request.limits = (struct http_limits){.deadline_ms = REFRESH_MS, .idle_ms = REFRESH_MS};
	}
	http_perform(argocd->ports->http, exchanges, n);
	for (size_t i = 0; i < n; i++) {
		struct error *error = failure_of(&exchanges[i].response, "GET", asked[i].url + strlen(argocd->server));
		if (!first && error && error->class != ERROR_TIMEOUT)
			first = TAKE(error);
		error_free(error);
		asked_done(&asked[i], &exchanges[i]);
	}
	return first;
}

struct error *argocd_refresh(const struct argocd *argocd, const struct argocd_application *const *applications,
			     size_t n)
{
	for (size_t i = 0; i < n; i += REFRESH_BATCH)
		TRY(refresh_some(argocd, applications + i, n - i < REFRESH_BATCH ? n - i : REFRESH_BATCH));
	return NULL;
}
