/* Argo CD: its REST API, and the controller behind it that syncs and heals. */
#include <stdlib.h>
#include <string.h>
#include "aws/wire_internal.h"
#include "codec/document.h"
#include "sim/world.h"

#define SYNC_MS (70 * SECOND_MS)

static json_t *time_text(int64_t ms)
{
	char text[TIME_TEXT];
	return json_string(time_format_rfc3339(ms, text));
}

static json_t *application(const char *name, const char *project, const char *server, const char *app)
{
	return json_pack("{s:{s:s, s:s, s:{}}, s:{s:s, s:{s:s, s:s}, s:{s:s, s:s, s:s}}, s:{s:{s:s}, s:{s:s}}}",
			 "metadata", "name", name, "namespace", "argocd", "labels", "spec", "project", project,
			 "destination", "server", server, "namespace", app, "source", "repoURL",
			 "https://git.example.com/shop/deploy.git", "path", app, "targetRevision", "HEAD", "status",
			 "sync", "status", "OutOfSync", "health", "status", "Missing");
}

void sim_argocd_init(struct sim *sim)
{
	const char *const *apps;
	size_t n = sim_kube_apps(sim->clusters[0].kube, &apps);
	char *server CLEANUP(mem_freep) = sim_endpoint(sim, &sim->clusters[0]);
	sim->argocd_clusters = json_array();
	json_array_append_new(sim->argocd_clusters, json_pack("{s:s, s:s}", "name", sim->name, "server", server));
	sim->applications = json_object();
	for (size_t i = 0; i < n; i++) {
		json_t *made = application(apps[i], "default", server, apps[i]);
		json_object_set_new(made, "status",
				    json_pack("{s:{s:s, s:s}, s:{s:s}, s:o}", "sync", "status", "Synced", "revision",
					      "3f1c9a2", "health", "status", "Healthy", "reconciledAt",
					      time_text(sim->now_ms)));
		json_object_set_new(sim->applications, apps[i], made);
	}
}

static struct sim_cluster *destination(struct sim *sim, const json_t *made)
{
	const char *server = document_text_or(made, "spec.destination.server", ""),
		   *name = document_text_or(made, "spec.destination.name", "");
	for (size_t i = 0; i < sim->n_clusters; i++) {
		struct sim_cluster *cluster = &sim->clusters[i];
		char *endpoint CLEANUP(mem_freep) = sim_endpoint(sim, cluster);
		if (cluster->life != LIFE_ABSENT && (!strcmp(server, endpoint) || !strcmp(name, cluster->name)))
			return cluster;
	}
	return NULL;
}

static const char *app_of(const json_t *made)
{
	return document_text_or(made, "spec.source.path", "");
}

/* One application, one moment: operations end, health follows the pods, deletions finish. */
static void advance_one(struct sim *sim, const char *name, json_t *made)
{
	struct sim_cluster *cluster = destination(sim, made);
	json_t *status = json_object_get(made, "status");
	int64_t ends_ms = document_int_or(made, "_ends_ms", 0);
	bool running = !strcmp(document_text_or(status, "operationState.phase", ""), "Running");
	if (running && ends_ms <= sim->now_ms && sim_fault_value(sim, "argocd", "hang") == 0) {
		json_t *operation = json_object_get(status, "operationState");
		json_object_set_new(operation, "phase", json_string(cluster ? "Succeeded" : "Failed"));
		json_object_set_new(
			operation, "message",
			json_string(cluster ? "successfully synced (all tasks run)" : "cluster is not configured"));
		json_object_set_new(operation, "finishedAt", time_text(sim->now_ms));
		json_object_set_new(
			status, "sync",
			json_pack("{s:s, s:s}", "status", cluster ? "Synced" : "OutOfSync", "revision", "3f1c9a2"));
		json_object_set_new(status, "reconciledAt", time_text(sim->now_ms));
	}
	if (cluster && !strcmp(document_text_or(status, "sync.status", ""), "Synced")) {
		bool sick = sim_fault_value(sim, "argocd", "unhealthy") > 0 && !sim_is_blue(sim, cluster);
		bool ready = sim_kube_ready(cluster->kube, app_of(made)) >= 1;
		json_object_set_new(json_object_get(status, "health"), "status",
				    json_string(sick	? "Degraded"
						: ready ? "Healthy"
							: "Progressing"));
	}
	(void)name;
}

void sim_argocd_advance(struct sim *sim)
{
	const char *name;
	void *next;
	json_t *made;
	json_object_foreach_safe(sim->applications, next, name, made)
	{
		int64_t gone_ms = document_int_or(made, "_gone_ms", 0);
		if (gone_ms && gone_ms <= sim->now_ms) {
			struct sim_cluster *cluster = destination(sim, made);
			if (cluster && !sim_is_blue(sim, cluster))
				sim_kube_delete_app(cluster->kube, app_of(made), sim->now_ms);
			json_object_del(sim->applications, name);
		} else if (json_object_get(made, "_ends_ms")) {
			advance_one(sim, name, made);
		}
	}
}

static void refuse(struct http_response *response, int status, int code, const char *message)
{
	sim_answer_json(response, status,
			json_pack("{s:s, s:i, s:s}", "error", message, "code", code, "message", message));
}

static json_t *public_view(const json_t *made)
{
	json_t *view = json_deep_copy(made);
	json_object_del(view, "_ends_ms");
	json_object_del(view, "_gone_ms");
	return view;
}

static void clusters(struct sim *sim, const struct http_request *request, const char *rest,
		     struct http_response *response)
{
	json_t *body DOCUMENT_CLEANUP = json_loadb(request->body.p ? request->body.p : "", request->body.n, 0, NULL);
	struct buf server CLEANUP(buf_done) = BUF_INIT(4096);
	size_t i;
	json_t *item;
	if (!strcmp(request->method, "GET")) {
		sim_answer_json(response, 200, json_pack("{s:O}", "items", sim->argocd_clusters));
		return;
	}
	bool removes = !strcmp(request->method, "DELETE");
	if (removes)
		aws_uri_decode(slice_make(rest, strcspn(rest, "?")), false, &server);
	else
		buf_puts(&server, document_text_or(body, "server", ""));
	json_array_foreach (sim->argocd_clusters, i, item) {
		if (strcmp(document_text_or(item, "server", ""), buf_str(&server)) != 0)
			continue;
		if (removes)
			json_array_remove(sim->argocd_clusters, i);
		sim_answer_json(response, 200, json_object());
		return;
	}
	if (removes) {
		refuse(response, 404, 5, "cluster not found");
		return;
	}
	json_array_append_new(sim->argocd_clusters, json_pack("{s:s, s:s}", "name", document_text_or(body, "name", ""),
							      "server", buf_str(&server)));
	sim_effect(sim, "argocd:register %s", document_text_or(body, "name", ""));
	sim_answer_json(response, 200, json_copy(body));
}

static void create(struct sim *sim, const json_t *body, struct http_response *response)
{
	const char *name = document_text(body, "metadata.name");
	if (!name) {
		refuse(response, 400, 3, "metadata.name is missing");
	} else if (json_object_get(sim->applications, name)) {
		refuse(response, 409, 6, "existing application spec is different, use upsert flag to force update");
	} else {
		json_t *made = json_deep_copy(body);
		json_object_set_new(
			made, "status",
			json_pack("{s:{s:s}, s:{s:s}}", "sync", "status", "OutOfSync", "health", "status", "Missing"));
		json_object_set_new(made, "_ends_ms", json_integer(INT64_MAX));
		json_object_set_new(sim->applications, name, made);
		sim_effect(sim, "argocd:create %s", name);
		sim_answer_json(response, 200, public_view(made));
	}
}

static void sync_application(struct sim *sim, const char *name, json_t *made, struct http_response *response)
{
	json_t *status = json_object_get(made, "status");
	if (!strcmp(document_text_or(status, "operationState.phase", ""), "Running")) {
		refuse(response, 400, 9, "another operation is already in progress");
		return;
	}
	struct sim_cluster *cluster = destination(sim, made);
	json_object_set_new(status, "operationState",
			    json_pack("{s:s, s:o, s:{s:s}}", "phase", "Running", "startedAt", time_text(sim->now_ms),
				      "syncResult", "revision", "3f1c9a2"));
	json_object_set_new(made, "_ends_ms", json_integer(sim->now_ms + sim_takes(sim, SYNC_MS)));
	if (cluster && !sim_is_blue(sim, cluster))
		sim_kube_copy_app(sim->clusters[0].kube, app_of(made), cluster->kube, sim->now_ms);
	sim_effect(sim, "argocd:sync %s", name);
	sim_answer_json(response, 200, public_view(made));
}

static void applications(struct sim *sim, const struct http_request *request, const char *rest,
			 struct http_response *response)
{
	json_t *body DOCUMENT_CLEANUP = json_loadb(request->body.p ? request->body.p : "", request->body.n, 0, NULL);
	size_t n = strcspn(rest, "/?");
	char *name CLEANUP(mem_freep) = mem_strndup(rest, n);
	json_t *made = n ? json_object_get(sim->applications, name) : NULL;
	if (!n && !strcmp(request->method, "POST")) {
		create(sim, body, response);
	} else if (!n) {
		json_t *items = json_array(), *item;
		const char *key;
		json_object_foreach (sim->applications, key, item)
			json_array_append_new(items, public_view(item));
		sim_answer_json(response, 200, json_pack("{s:o}", "items", items));
	} else if (!made) {
		refuse(response, 404, 5, "applications.argoproj.io not found");
	} else if (!strcmp(request->method, "DELETE")) {
		if (!json_object_get(made, "_gone_ms")) {
			json_object_set_new(made, "_gone_ms",
					    json_integer(sim->now_ms + sim_takes(sim, 40 * SECOND_MS)));
			json_object_set_new(made, "_ends_ms", json_integer(INT64_MAX));
			sim_effect(sim, "argocd:delete %s", name);
		}
		sim_answer_json(response, 200, json_object());
	} else if (!strncmp(rest + n, "/sync", 5)) {
		sync_application(sim, name, made, response);
	} else {
		sim_answer_json(response, 200, public_view(made));
	}
}

void sim_argocd_handle(struct sim *sim, const struct http_request *request, const char *path,
		       struct http_response *response)
{
	static const struct {
		const char *prefix;
		void (*fn)(struct sim *sim, const struct http_request *request, const char *rest,
			   struct http_response *response);
	} routes[] = {{"/api/v1/clusters", clusters}, {"/api/v1/applications", applications}};
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
		refuse(response, 404, 5, "Not Found");
}
