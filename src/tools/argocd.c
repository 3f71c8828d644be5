/* Argo CD's REST API: one call, and the list of applications, which is asked for so often that it is read straight into
 * structs. */
#include "tools/argocd.h"

#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "codec/json.h"

static enum error_class class_of(int status)
{
	switch (status) {
	case 401:
	case 403:
		return ERROR_AUTH;
	case 404:
		return ERROR_NOT_FOUND;
	case 409:
		return ERROR_CONFLICT;
	case 429:
		return ERROR_THROTTLED;
	default:
		return status >= 500 ? ERROR_TRANSIENT : ERROR_INVALID;
	}
}

static const struct field application_fields[] = {
	F_STRING(struct argocd_application, name, "metadata.name", 0, ""),
	F_STRING(struct argocd_application, ns, "metadata.namespace", 0, ""),
	F_STRING(struct argocd_application, run, "metadata.labels." ARGOCD_RUN_LABEL, 0, ""),
	F_STRING(struct argocd_application, project, "spec.project", 0, ""),
	F_STRING(struct argocd_application, server, "spec.destination.server", 0, ""),
	F_STRING(struct argocd_application, cluster, "spec.destination.name", 0, ""),
	F_JSON(struct argocd_application, spec, "spec", 0, ""),
	F_STRING(struct argocd_application, sync, "status.sync.status", 0, ""),
	F_STRING(struct argocd_application, revision, "status.sync.revision", 0, ""),
	F_STRING(struct argocd_application, health, "status.health.status", 0, ""),
	F_STRING(struct argocd_application, health_message, "status.health.message", 0, ""),
	F_STRING(struct argocd_application, phase, "status.operationState.phase", 0, ""),
	F_STRING(struct argocd_application, message, "status.operationState.message", 0, ""),
	F_STRING(struct argocd_application, synced_revision, "status.operationState.syncResult.revision", 0, ""),
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
	json_t *body DOCUMENT_CLEANUP = json_loadb(buf_str(&response->body), response->body.n, 0, NULL);
	struct error *error = error_new(class_of(response->status), "Argo CD: %s",
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

/* *answer is filled when this gives no error. */
static struct error *exchange(const struct argocd *argocd, const char *method, const char *path, struct slice body,
			      struct buf *answer)
{
	char *url CLEANUP(mem_freep) = mem_printf("%s%s", argocd->server, path);
	char *bearer CLEANUP(mem_freep) = argocd->token ? mem_printf("Bearer %s", secret_reveal(argocd->token)) : NULL;
	struct http_header headers[3] = {
		{"Accept", "application/json"}, {"Content-Type", "application/json"}, {"Authorization", bearer}};
	struct http_tls tls = {.insecure = argocd->insecure};
	struct http_exchange exchange = {.request = {.method = method,
						     .url = url,
						     .headers = headers,
						     .n_headers = bearer ? 3 : 2,
						     .body = body,
						     .tls = &tls}};
	struct http_response *response = &exchange.response;
	http_perform(argocd->ports->http, &exchange, 1);
	struct error *error = TAKE(response->error);
	if (error)
		error->outcome_unknown = response->maybe_sent && strcmp(method, "GET") != 0;
	else if (response->status < 200 || response->status >= 300)
		error = refusal(response, method, path);
	else {
		*answer = response->body;
		buf_init(&response->body, 0);
	}
	http_exchange_done(&exchange);
	if (bearer)
		secret_wipe(bearer, strlen(bearer));
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
