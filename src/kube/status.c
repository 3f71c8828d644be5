/* What answers mean: Status errors with what to grant, warnings, whether and when to ask again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "kube/kube_internal.h"

enum { MAX_TRIES = 5, MAX_THROTTLED_TRIES = 10, MAX_WARNINGS = 1000 };
#define LONGEST_WAIT MINUTE_MS /* of a server's hint; beyond it the caller decides */

static enum error_class class_of(int status, const char *reason)
{
	return reason && !strcmp(reason, "Expired") ? ERROR_PRECONDITION : error_class_of_http(status);
}

/* A path of the API taken apart; slices of the path. */
struct parts {
	struct slice group, ns, resource, name, subresource;
	bool is_resource; /* false: /metrics, /healthz … */
};

static struct slice segment(const char **path)
{
	const char *p = *path + (**path == '/');
	size_t n = strcspn(p, "/?");
	*path = p + n;
	return slice_make(p, n);
}

static struct parts take_apart(const char *path)
{
	struct parts parts = {.is_resource = !strncmp(path, "/api/", 5) || !strncmp(path, "/apis/", 6)};
	const char *p = path;
	if (!parts.is_resource)
		return parts;
	if (segment(&p).n == 4) /* apis */
		parts.group = segment(&p);
	segment(&p); /* the version */
	parts.resource = segment(&p);
	if (slice_eq(parts.resource, "namespaces")) {
		struct slice ns = segment(&p), next = segment(&p);
		bool about_itself = !next.n || slice_eq(next, "status") || slice_eq(next, "finalize");
		parts.name = about_itself ? ns : (struct slice){0};
		parts.subresource = about_itself ? next : (struct slice){0};
		if (about_itself)
			return parts;
		parts.ns = ns;
		parts.resource = next;
	}
	parts.name = segment(&p);
	parts.subresource = segment(&p);
	return parts;
}

static const char *verb_of(const char *method, const char *path, bool named)
{
	if (!strcmp(method, "POST"))
		return "create";
	if (!strcmp(method, "PUT"))
		return "update";
	if (!strcmp(method, "PATCH"))
		return "patch";
	if (!strcmp(method, "DELETE"))
		return named ? "delete" : "deletecollection";
	return strstr(path, "watch=") ? "watch" : named ? "get" : "list";
}

/* In the words of a Role's rule. */
static struct error *what_to_grant(struct error *error, const char *method, const char *path)
{
	struct parts parts = take_apart(path);
	if (!parts.is_resource)
		return error_remedy(error, "grant by RBAC: verb \"get\" on nonResourceURL \"%.*s\"",
				    (int)strcspn(path, "?"), path);
	bool below = parts.subresource.n > 0;
	return error_remedy(
		error, "grant by RBAC: verb \"%s\" on resource \"%.*s%s%.*s\" of API group \"%.*s\"%s%.*s%s",
		verb_of(method, path, parts.name.n > 0), (int)parts.resource.n, parts.resource.p, below ? "/" : "",
		(int)parts.subresource.n, below ? parts.subresource.p : "", (int)parts.group.n,
		parts.group.n ? parts.group.p : "", parts.ns.n ? " in namespace \"" : "", (int)parts.ns.n,
		parts.ns.n ? parts.ns.p : "", parts.ns.n ? "\"" : " in the whole cluster");
}

static int64_t hint_of(const struct http_response *response)
{
	const char *after = http_response_header(response, "retry-after");
	char *end;
	int64_t at_ms;
	if (!after || !*after)
		return -1;
	double seconds = strtod(after, &end);
	if (!*end && seconds >= 0 && seconds < 1e9)
		return (int64_t)(seconds * 1000);
	if (time_parse_http(slice_of(after), &at_ms) && at_ms > response->received_at_ms)
		return at_ms - response->received_at_ms;
	return -1;
}

static void add_causes(struct error *error, const json_t *status)
{
	size_t i, told = 0;
	const json_t *cause;
	json_array_foreach (document_at(status, "details.causes"), i, cause) {
		const char *text = document_text(cause, "message"), *field = document_text(cause, "field");
		if (!text || strstr(error->message, text) || told++ > 8)
			continue;
		char *longer = mem_printf("%s; %s%s%s", error->message, field ? field : "", field ? ": " : "", text);
		free(error->message);
		error->message = longer;
	}
}

/* Messages of servers are long now and then, and may be a proxy's web page. */
static struct error *message_of(const char *method, const char *path, const struct http_response *response,
				const json_t *status)
{
	const char *message = document_text(status, "message"), *reason = document_text(status, "reason");
	enum error_class class = class_of(response->status, reason);
	int shown = (int)strcspn(path, "?");
	if (message && *message)
		return error_new(class, "%.2000s", message);
	const char *body = buf_str(&response->body), *failed = strstr(body, "\n[-]"); /* of a list of health checks */
	body = failed ? failed + 1 : body;
	size_t line = strcspn(body, "\r\n");
	if (line && line < 300 && body[0] != '<' && body[0] != '{')
		return error_new(class, "%s %.*s: the server answered %d: %.*s", method, shown, path, response->status,
				 (int)line, body);
	return error_new(class, "%s %.*s: the server answered %d%s", method, shown, path, response->status,
			 response->status / 100 == 3 ? ", a redirection, which no API server does" : "");
}

/* For what is neither a denial nor an unknown caller. */
static struct error *what_to_do(struct error *error)
{
	static const struct {
		const char *code;
		int status;
		const char *remedy;
	} remedies[] = {
		{"AlreadyExists", 0, "change the one that is there, or take another name"},
		{"Conflict", 0, "read it again, and make the change to what is there now"},
		{NULL, 302, "look at the server's address: a proxy, or a portal that wants a sign-in, stands there"},
		{NULL, 400, "mend what it names in the request"},
		{NULL, 404, "look whether name, namespace and API version are right: kubectl api-resources"},
		{NULL, 422, "mend the fields that are named"},
		{NULL, 429, "ask again later; kubectl get --raw /readyz?verbose tells how the server is"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(remedies); i++)
		if (remedies[i].code ? error->code && !strcmp(error->code, remedies[i].code)
				     : error->http_status == remedies[i].status)
			return error_remedy(error, "%s", remedies[i].remedy);
	return error->http_status < 500
		       ? error
		       : error_remedy(error, "ask again later; kubectl get --raw /readyz?verbose tells "
					     "how the server is");
}

struct error *kube_status_error(const char *method, const char *path, const struct http_response *response)
{
	if (response->status >= 200 && response->status < 300)
		return NULL;
	json_t *status DOCUMENT_CLEANUP = json_loadb(buf_str(&response->body), response->body.n, 0, NULL);
	const char *reason = document_text(status, "reason");
	struct error *error = message_of(method, path, response, status);
	add_causes(error, status);
	error->code = mem_strdup(reason && *reason ? reason : NULL);
	error->service = mem_strdup("kubernetes");
	error->operation = mem_printf("%s %.*s", method, (int)strcspn(path, "?"), path);
	error->http_status = response->status;
	error->request_id = mem_strdup(http_response_header(response, "audit-id"));
	double retry_s = document_real_or(status, "details.retryAfterSeconds", 0);
	error->retry_after_ms = hint_of(response);
	if (error->retry_after_ms < 0 && retry_s > 0 && retry_s < 1e9)
		error->retry_after_ms = (int64_t)(retry_s * 1000);
	if (response->status == 403)
		return what_to_grant(error, method, path);
	if (response->status == 401)
		return error_remedy(error,
				    "sign in again; if that does not help, the caller is in none of the cluster's "
				    "access entries: aws eks list-access-entries --cluster-name NAME");
	return what_to_do(error);
}

struct error *kube_outcome(const struct kube *kube, const char *method, const char *path,
			   struct http_response *response)
{
	bool reads = !strcmp(method, "GET");
	struct error *error = TAKE(response->error);
	if (!error) {
		error = kube_status_error(method, path, response);
		if (error && kube->authorization) /* "Bearer …": some servers repeat what they were sent */
			error_hide(error, strchr(secret_reveal(kube->authorization), ' ') + 1);
		if (error)
			error->outcome_unknown = !reads && response->status >= 500;
		return error;
	}
	error->service = mem_strdup("kubernetes");
	error->operation = mem_printf("%s %.*s", method, (int)strcspn(path, "?"), path);
	error->outcome_unknown = !reads && response->maybe_sent;
	bool told = error->remedy, unreached = error->class == ERROR_TRANSIENT || error->class == ERROR_TIMEOUT;
	error = error_wrap(error, "cannot ask the API server at \"%s\"", kube->access.server);
	if (told || !unreached)
		return error;
	return error_remedy(error,
			    error->outcome_unknown
				    ? "look whether it happened before it is asked for again"
				    : "see whether that address can be reached from here: network, VPN or tunnel "
				      "to a private cluster, proxy");
}

enum kube_retry kube_should_retry(const char *method, const struct http_response *response, unsigned tries,
				  struct random *random, int64_t *ret_delay_ms)
{
	bool reads = !strcmp(method, "GET");
	int64_t hint_ms = response->error ? -1 : hint_of(response);
	*ret_delay_ms = hint_ms >= 0
				? hint_ms
				: (int64_t)(random_unit(random) * (double)(INT64_C(100) << (tries < 7 ? tries : 7)));
	if (tries >= (response->status == 429 ? MAX_THROTTLED_TRIES : MAX_TRIES) || hint_ms > LONGEST_WAIT)
		return KUBE_NO_RETRY;
	if (response->error) {
		enum error_class class = response->error->class;
		bool passes = class == ERROR_TRANSIENT || class == ERROR_TIMEOUT;
		return passes && (reads || !response->maybe_sent) ? KUBE_RETRY : KUBE_NO_RETRY;
	}
	if (response->status == 401)
		return tries == 1 ? KUBE_RETRY_NEW_TOKEN : KUBE_NO_RETRY;
	if (response->status == 429) /* was turned away at the door */
		return KUBE_RETRY;
	if (reads)
		return response->status >= 500 && response->status != 501 ? KUBE_RETRY : KUBE_NO_RETRY;
	return response->status == 503 && hint_ms >= 0 ? KUBE_RETRY : KUBE_NO_RETRY;
}

/* One quoted text of RFC 7234's Warning (`299 - "text"`), unescaped; `*at` moves behind it. */
static char *quoted(const char **at)
{
	const char *p = strchr(*at, '"');
	struct buf text = BUF_INIT(4096);
	if (!p) {
		*at += strlen(*at);
		return NULL;
	}
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1])
			p++;
		buf_putc(&text, *p);
	}
	*at = p + (*p == '"');
	return text.n ? buf_take(&text) : NULL;
}

static void note(struct kube *kube, const char *path, const char *text)
{
	char *bare CLEANUP(mem_freep) = mem_strndup(path, strcspn(path, "?"));
	size_t i;
	json_t *old;
	json_array_foreach (kube->warnings, i, old) {
		if (strcmp(document_text_or(old, "text", ""), text) || strcmp(document_text_or(old, "path", ""), bare))
			continue;
		json_object_set_new(old, "count", json_integer(document_int_or(old, "count", 0) + 1));
		return;
	}
	json_t *fresh = json_pack("{s:s, s:s, s:i}", "path", bare, "text", text, "count", 1); /* NULL: not UTF-8 */
	if (fresh && json_array_size(kube->warnings) < MAX_WARNINGS)
		json_array_append(kube->warnings, fresh);
	json_decref(fresh);
}

void kube_note_warnings(struct kube *kube, const char *path, const struct http_response *response)
{
	for (size_t i = 0; i < response->n_headers; i++) {
		if (strcmp(response->headers[i].name, "warning") != 0)
			continue;
		for (const char *p = response->headers[i].value; *p;) {
			char *text CLEANUP(mem_freep) = quoted(&p);
			if (text)
				note(kube, path, text);
			const char *comma =
				strchr(p, ','); /* a date may follow the text; the next warning begins behind a comma */
			p = comma ? comma + 1 : p + strlen(p);
		}
	}
}
