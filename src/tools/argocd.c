/* Argo CD's REST API: one call. */
#include "tools/argocd.h"

#include <stdlib.h>
#include <string.h>
#include "codec/document.h"

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

static struct error *read_answer(const struct http_response *response, const char *method, const char *path,
				 json_t **ret)
{
	json_t *body DOCUMENT_CLEANUP = NULL;
	if (response->status >= 200 && response->status < 300) {
		if (!ret)
			return NULL;
		return document_parse(response->body.n ? buf_slice(&response->body) : slice_of("{}"),
				      "Argo CD's answer", ret);
	}
	body = json_loadb(buf_str(&response->body), response->body.n, 0, NULL);
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

struct error *argocd_call(const struct argocd *argocd, const char *method, const char *path, json_t *body, json_t **ret)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(4 << 20);
	char *url CLEANUP(mem_freep) = mem_printf("%s%s", argocd->server, path);
	char *bearer CLEANUP(mem_freep) = argocd->token ? mem_printf("Bearer %s", secret_reveal(argocd->token)) : NULL;
	struct http_header headers[3] = {
		{"Accept", "application/json"}, {"Content-Type", "application/json"}, {"Authorization", bearer}};
	struct http_tls tls = {.insecure = argocd->insecure};
	if (body)
		document_print(body, false, &text);
	json_decref(body);
	struct http_exchange exchange = {.request = {.method = method,
						     .url = url,
						     .headers = headers,
						     .n_headers = bearer ? 3 : 2,
						     .body = buf_slice(&text),
						     .tls = &tls}};
	http_perform(argocd->ports->http, &exchange, 1);
	struct error *error = TAKE(exchange.response.error);
	if (error)
		error->outcome_unknown = exchange.response.maybe_sent && strcmp(method, "GET") != 0;
	else
		error = read_answer(&exchange.response, method, path, ret);
	http_exchange_done(&exchange);
	if (bearer)
		secret_wipe(bearer, strlen(bearer));
	return error;
}
