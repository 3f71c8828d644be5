/* Argo CD's REST API: clusters, applications, their operations. Errors are grpc-gateway's: {error, code, message}. */
#include <stdlib.h>
#include <string.h>
#include "base/uri.h"
#include "codec/document.h"
#include "codec/json.h"
#include "sim/argocd.h"

#define SYNC_MS (70 * SECOND_MS)
#define DELETE_MS (40 * SECOND_MS)
#define PICKUP_MS 700 /* until the controller takes an operation up: it has no state before */
#define USER "agent"
#define REVISION "3f1c9a27d0b4e5f6a7b8c9d0e1f2a3b4c5d6e7f8"

enum grpc { GRPC_INVALID = 3, GRPC_NOT_FOUND = 5, GRPC_EXISTS = 6, GRPC_DENIED = 7, GRPC_PRECONDITION = 9 };

static void refuse(struct http_response *response, int status, enum grpc code, const char *message)
{
	sim_answer_json(response, status,
			json_pack("{s:s, s:i, s:s}", "error", message, "code", (int)code, "message", message));
}

/* Kubernetes' times are whole seconds. */
static void put_time(struct buf *out, const char *name, int64_t ms)
{
	char text[TIME_TEXT];
	buf_puts(out, ",\"");
	buf_puts(out, name);
	buf_puts(out, "\":\"");
	buf_puts(out, time_format_rfc3339(ms - ms % SECOND_MS, text));
	buf_putc(out, '"');
}

static void put_operation(struct buf *out, const struct sim_app *app)
{
	static const char *const phases[] = {"", "Running", "Succeeded", "Failed", "Failed"};
	buf_puts(out, ",\"operationState\":{\"phase\":\"");
	buf_puts(out, phases[app->phase]);
	buf_putc(out, '"');
	put_time(out, "startedAt", app->started_ms);
	buf_puts(out, ",\"syncResult\":{\"revision\":\"" REVISION "\"}");
	if (app->operation) {
		buf_puts(out, ",\"operation\":");
		document_print(app->operation, false, out);
	}
	if (app->finished_ms)
		put_time(out, "finishedAt", app->finished_ms);
	if (app->message) {
		buf_puts(out, ",\"message\":");
		json_write_string(out, slice_of(app->message));
	}
	buf_putc(out, '}');
}

static void put_metadata(struct buf *out, const struct sim_app *app)
{
	document_print(app->metadata, false, out);
	if (app->gone_ms == INT64_MAX)
		return;
	out->n--; /* goes on: it has a name, so it is not empty */
	put_time(out, "deletionTimestamp", app->started_ms);
	buf_putc(out, '}');
}

/* Written as it is read, without a document in between: all of them are asked for at every poll. */
static void put_view(const struct sim *sim, struct buf *out, const struct sim_app *app)
{
	static const char *const healths[] = {"Missing", "Progressing", "Healthy", "Degraded"};
	buf_puts(out, "{\"metadata\":");
	put_metadata(out, app);
	buf_puts(out, ",\"spec\":");
	document_print(app->spec, false, out);
	if (app->phase == APP_RUNNING) {
		buf_puts(out, ",\"operation\":");
		document_print(app->operation, false, out);
	}
	buf_puts(out, ",\"status\":{\"sync\":{\"status\":\"");
	buf_puts(out, app->synced ? "Synced" : "OutOfSync");
	buf_puts(out, "\",\"revision\":\"" REVISION "\"},\"health\":{\"status\":\"");
	buf_puts(out, healths[app->health]);
	buf_puts(out, "\"}");
	if (app->phase != APP_IDLE && (app->phase != APP_RUNNING || sim->now_ms >= app->started_ms + PICKUP_MS))
		put_operation(out, app);
	if (app->reconciled_ms)
		put_time(out, "reconciledAt", app->reconciled_ms);
	buf_puts(out, "}}");
}

static void answer_view(const struct sim *sim, struct http_response *response, const struct sim_app *app)
{
	sim_answer_json(response, 200, NULL);
	put_view(sim, &response->body, app);
}

/* ---- clusters */

static bool is_registered(const struct sim *sim, const char *server, const char *name, size_t *ret_at)
{
	size_t i;
	const json_t *item;
	json_array_foreach (sim->argocd_clusters, i, item) {
		if (*server ? strcmp(document_text_or(item, "server", ""), server) != 0
			    : strcmp(document_text_or(item, "name", ""), name) != 0)
			continue;
		*ret_at = i;
		return true;
	}
	return false;
}

static void add_cluster(struct sim *sim, const json_t *body, bool upsert, struct http_response *response)
{
	const char *server = document_text_or(body, "server", ""), *name = document_text_or(body, "name", server);
	size_t at;
	bool known = is_registered(sim, server, "", &at);
	if (!*server) {
		refuse(response, 400, GRPC_INVALID, "cluster server is missing");
		return;
	}
	if (known && !upsert) {
		refuse(response, 409, GRPC_EXISTS,
		       "existing cluster spec is different; use upsert flag to force update");
		return;
	}
	json_t *made = json_pack("{s:s, s:s, s:{s:s}}", "name", name, "server", server, "connectionState", "status",
				 "Successful");
	if (known)
		json_array_set_new(sim->argocd_clusters, at, made);
	else
		json_array_append_new(sim->argocd_clusters, made);
	if (!known)
		sim_effect(sim, "argocd:register %s", name);
	sim_answer_json(response, 200, json_incref(made));
}

static void one_cluster(struct sim *sim, const struct http_request *request, const char *rest,
			struct http_response *response)
{
	struct buf server CLEANUP(buf_done) = BUF_INIT(4096);
	size_t at;
	uri_decode(slice_make(rest, strcspn(rest, "?")), false, &server);
	if (!is_registered(sim, buf_str(&server), "", &at)) {
		refuse(response, 404, GRPC_NOT_FOUND, "cluster not found");
	} else if (!strcmp(request->method, "DELETE")) {
		sim_effect(sim, "argocd:unregister %s",
			   document_text_or(json_array_get(sim->argocd_clusters, at), "name", ""));
		json_array_remove(sim->argocd_clusters, at);
		sim_answer_json(response, 200, json_object());
	} else {
		sim_answer_json(response, 200, json_incref(json_array_get(sim->argocd_clusters, at)));
	}
}

static void clusters(struct sim *sim, const struct http_request *request, const char *rest,
		     struct http_response *response)
{
	json_t *body DOCUMENT_CLEANUP = document_load(request->body);
	if (*rest && *rest != '?')
		one_cluster(sim, request, rest, response);
	else if (!strcmp(request->method, "POST"))
		add_cluster(sim, body, strstr(rest, "upsert=true") != NULL, response);
	else
		sim_answer_json(response, 200, json_pack("{s:O}", "items", sim->argocd_clusters));
}

/* ---- applications */

/* `operation` is taken. */
static void begin_sync(struct sim *sim, struct sim_app *app, json_t *operation)
{
	int64_t takes_ms = sim_takes(sim, SYNC_MS);
	free(app->message);
	json_decref(app->operation);
	app->message = NULL;
	app->operation = operation;
	app->phase = APP_RUNNING;
	app->started_ms = sim->now_ms;
	app->finished_ms = 0;
	app->copies_ms = sim->now_ms + takes_ms / 8;
	app->ends_ms = sim->now_ms + takes_ms;
	sim_argocd_plan(sim);
}

/* Somebody else is quicker: a person, or the application's own policy. */
static void others_sync(struct sim *sim, struct sim_app *app, const char *member, json_t *who)
{
	begin_sync(sim, app, json_pack("{s:{s:s}, s:{s:o}}", "sync", "revision", REVISION, "initiatedBy", member, who));
	sim_effect(sim, "argocd:foreign-sync %s", app->name);
}

static void create(struct sim *sim, const json_t *body, bool upsert, struct http_response *response)
{
	const char *name = document_text(body, "metadata.name");
	struct sim_app *app = name ? sim_app_named(sim, name) : NULL;
	json_t *spec = json_object_get(body, "spec");
	bool made = false;
	size_t at;
	if (!name || !json_is_object(spec)) {
		refuse(response, 400, GRPC_INVALID, "application's metadata.name or spec is missing");
		return;
	}
	if (!is_registered(sim, document_text_or(spec, "destination.server", ""),
			   document_text_or(spec, "destination.name", ""), &at)) {
		char *message CLEANUP(mem_freep) =
			mem_printf("application spec for %s is invalid: InvalidSpecError: Unable to find destination "
				   "server: there are no clusters with this server URL",
				   name);
		refuse(response, 400, GRPC_INVALID, message);
		return;
	}
	if (app && !upsert && !json_equal(app->spec, spec)) {
		refuse(response, 409, GRPC_EXISTS,
		       "existing application spec is different, use upsert flag to force update");
		return;
	}
	if (!app) {
		app = sim_app_new(sim, name);
		sim_effect(sim, "argocd:create %s", name);
		made = true;
	}
	json_decref(app->metadata);
	json_decref(app->spec);
	app->metadata = json_deep_copy(json_object_get(body, "metadata"));
	app->spec = json_deep_copy(spec);
	if (made && document_at(spec, "syncPolicy.automated"))
		others_sync(sim, app, "automated", json_true());
	answer_view(sim, response, app);
}

static void synchronise(struct sim *sim, struct sim_app *app, const json_t *body, struct http_response *response)
{
	bool idle = app->phase != APP_RUNNING && app->gone_ms == INT64_MAX;
	if (idle && sim->n_faults && sim_fault_strikes(sim, "argocd", "foreign"))
		others_sync(sim, app, "username", json_string("alice"));
	else if (idle) {
		begin_sync(sim, app,
			   json_pack("{s:{s:s}, s:{s:s}, s:O*}", "sync", "revision", REVISION, "initiatedBy",
				     "username", USER, "info", json_object_get(body, "infos")));
		sim_effect(sim, "argocd:sync %s", app->name);
		answer_view(sim, response, app);
		return;
	}
	refuse(response, 400, GRPC_PRECONDITION, "another operation is already in progress");
}

static void terminate(struct sim *sim, struct sim_app *app, struct http_response *response)
{
	if (app->phase != APP_RUNNING) {
		refuse(response, 400, GRPC_PRECONDITION, "Unable to terminate operation. No operation is in progress");
		return;
	}
	app->phase = APP_TERMINATED;
	app->finished_ms = sim->now_ms;
	app->copies_ms = app->ends_ms = INT64_MAX;
	free(app->message);
	app->message = mem_strdup("Operation terminated");
	sim_argocd_plan(sim);
	sim_answer_json(response, 200, json_object());
}

static void delete_app(struct sim *sim, struct sim_app *app, struct http_response *response)
{
	if (app->gone_ms == INT64_MAX) {
		app->started_ms = sim->now_ms;
		app->gone_ms = sim->now_ms + sim_takes(sim, DELETE_MS);
		app->copies_ms = app->ends_ms = INT64_MAX;
		sim_argocd_plan(sim);
		sim_effect(sim, "argocd:delete %s", app->name);
	}
	sim_answer_json(response, 200, json_object());
}

static void list_apps(struct sim *sim, struct http_response *response)
{
	struct buf *out = &response->body;
	sim_answer_json(response, 200, NULL);
	buf_puts(out, "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[");
	for (size_t i = 0; i < sim->n_apps; i++) {
		if (i)
			buf_putc(out, ',');
		put_view(sim, out, &sim->apps[i]);
	}
	buf_puts(out, "]}");
}

static void one_app(struct sim *sim, const struct http_request *request, struct sim_app *app, const char *verb,
		    struct http_response *response)
{
	json_t *body DOCUMENT_CLEANUP = document_load(request->body);
	bool post = !strcmp(request->method, "POST"), removes = !strcmp(request->method, "DELETE");
	if (!strncmp(verb, "/sync", 5) && post) {
		synchronise(sim, app, body, response);
	} else if (!strncmp(verb, "/operation", 10) && removes) {
		terminate(sim, app, response);
	} else if (removes) {
		delete_app(sim, app, response);
	} else {
		if (strstr(verb, "refresh=") && !sim_app_refresh(sim, app)) {
			sim_lose(response); /* it answers when the controller has looked */
			return;
		}
		answer_view(sim, response, app);
	}
}

static void applications(struct sim *sim, const struct http_request *request, const char *rest,
			 struct http_response *response)
{
	json_t *body DOCUMENT_CLEANUP = document_load(request->body);
	size_t n = strcspn(rest, "/?");
	char *name CLEANUP(mem_freep) = mem_strndup(rest, n);
	struct sim_app *app = n ? sim_app_named(sim, name) : NULL;
	if (!n && !strcmp(request->method, "POST"))
		create(sim, body, strstr(rest, "upsert=true") != NULL, response);
	else if (!n)
		list_apps(sim, response);
	else if (app)
		one_app(sim, request, app, rest + n, response);
	else if (strstr(rest + n, "project="))
		refuse(response, 404, GRPC_NOT_FOUND, "applications.argoproj.io not found");
	else /* who may see it depends on its project, so an unknown one is not told from a forbidden one */
		refuse(response, 403, GRPC_DENIED, "permission denied");
}

static void session(struct sim *sim, const struct http_request *request, const char *rest,
		    struct http_response *response)
{
	(void)sim;
	if (!strcmp(request->method, "POST"))
		sim_answer_json(response, 200, json_pack("{s:s}", "token", "simulated.argocd.token"));
	else if (!strncmp(rest, "userinfo", 8))
		sim_answer_json(response, 200, json_pack("{s:b, s:s}", "loggedIn", 1, "username", USER));
	else
		refuse(response, 404, GRPC_NOT_FOUND, "Not Found");
}

static void no_items(struct sim *sim, const struct http_request *request, const char *rest,
		     struct http_response *response)
{
	(void)sim;
	(void)request;
	(void)rest;
	sim_answer_json(response, 200, json_pack("{s:[]}", "items"));
}

void sim_argocd_handle(struct sim *sim, const struct http_request *request, const char *path,
		       struct http_response *response)
{
	static const struct {
		const char *prefix;
		void (*fn)(struct sim *sim, const struct http_request *request, const char *rest,
			   struct http_response *response);
	} routes[] = {{"/api/v1/clusters", clusters},
		      {"/api/v1/applications", applications},
		      {"/api/v1/session", session},
		      {"/api/v1/applicationsets", no_items},
		      {"/api/v1/repositories", no_items}};
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		size_t n = strlen(routes[i].prefix);
		if (!strncmp(path, routes[i].prefix, n) && (path[n] == '\0' || path[n] == '/' || path[n] == '?')) {
			routes[i].fn(sim, request, path + n + (path[n] == '/'), response);
			return;
		}
	}
	if (!strncmp(path, "/api/version", 12))
		sim_answer_json(response, 200, json_pack("{s:s}", "Version", "v3.1.0+simulated"));
	else
		refuse(response, 404, GRPC_NOT_FOUND, "Not Found");
}

/* ---- saving */

json_t *sim_argocd_save(const struct sim *sim)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sim->n_apps; i++) {
		const struct sim_app *app = &sim->apps[i];
		json_t *one = json_pack(
			"{s:s, s:O, s:O, s:O*, s:s*, s:[I,I,I], s:[I,I,I,I,I,I]}", "name", app->name, "metadata",
			app->metadata, "spec", app->spec, "operation", app->operation, "message", app->message,
			"states", (json_int_t)app->phase, (json_int_t)app->health, (json_int_t)app->synced, "times",
			(json_int_t)app->started_ms, (json_int_t)app->copies_ms, (json_int_t)app->ends_ms,
			(json_int_t)app->finished_ms, (json_int_t)app->reconciled_ms, (json_int_t)app->gone_ms);
		json_array_append_new(list, one);
	}
	return list;
}

bool sim_argocd_load(struct sim *sim, const json_t *apps)
{
	size_t i;
	json_t *one;
	if (!json_is_array(apps))
		return false;
	json_array_foreach (apps, i, one) {
		const char *name, *message = NULL;
		json_t *metadata, *spec, *operation = NULL;
		json_int_t states[3], times[6];
		if (json_unpack(one, "{s:s, s:o, s:o, s?o, s?s, s:[I,I,I], s:[I,I,I,I,I,I]}", "name", &name, "metadata",
				&metadata, "spec", &spec, "operation", &operation, "message", &message, "states",
				&states[0], &states[1], &states[2], "times", &times[0], &times[1], &times[2], &times[3],
				&times[4], &times[5]) != 0 ||
		    states[0] < 0 || states[0] > APP_TERMINATED || states[1] < 0 || states[1] > APP_DEGRADED)
			return false;
		struct sim_app *app = sim_app_new(sim, name);
		app->metadata = json_deep_copy(metadata);
		app->spec = json_deep_copy(spec);
		app->operation = json_is_object(operation) ? json_deep_copy(operation) : NULL;
		app->message = mem_strdup(message);
		app->phase = states[0];
		app->health = states[1];
		app->synced = states[2];
		app->started_ms = times[0];
		app->copies_ms = times[1];
		app->ends_ms = times[2];
		app->finished_ms = times[3];
		app->reconciled_ms = times[4];
		app->gone_ms = times[5];
	}
	sim_argocd_plan(sim);
	return true;
}
