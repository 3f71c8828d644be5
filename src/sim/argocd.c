/* Argo CD: the controller that syncs and heals applications. Its REST API is argocd_api.c. An operation copies the
 * application's objects to its destination, ends some time later, and health follows the pods with a delay: it may
 * still be the old one just after a sync, as with the real one. */
#include "sim/argocd.h"

#include <stdlib.h>
#include <string.h>
#include "codec/document.h"

#define REFRESH "argocd.argoproj.io/refresh"
enum { LOOK_MS = 3000, RECONCILE_MS = 1500 };

/* Its parts. */
static void sim_app_free(struct sim_app *app)
{
	free(app->name);
	free(app->message);
	json_decref(app->metadata);
	json_decref(app->spec);
	json_decref(app->operation);
}

void sim_argocd_free(struct sim *sim)
{
	for (size_t i = 0; i < sim->n_apps; i++)
		sim_app_free(&sim->apps[i]);
	free(sim->apps);
}

struct sim_app *sim_app_named(struct sim *sim, const char *name)
{
	for (size_t i = 0; i < sim->n_apps; i++)
		if (!strcmp(sim->apps[i].name, name))
			return &sim->apps[i];
	return NULL;
}

struct sim_app *sim_app_new(struct sim *sim, const char *name)
{
	struct sim_app *app = HEAP_PUSH(sim->apps, sim->n_apps);
	*app = (struct sim_app){
		.name = mem_strdup(name), .copies_ms = INT64_MAX, .ends_ms = INT64_MAX, .gone_ms = INT64_MAX};
	return app;
}

static const char *text_of(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));
	return text ? text : "";
}

/* "checkout": what it runs, by its place in Git */
static const char *sim_app_path(const struct sim_app *app)
{
	return text_of(json_object_get(app->spec, "source"), "path");
}

/* By its address; else by the name under which Argo CD was told that address, as with credentials that name an EKS
 * cluster. */
static struct sim_cluster *sim_app_destination(struct sim *sim, const struct sim_app *app)
{
	const json_t *destination = json_object_get(app->spec, "destination"), *known;
	const char *server = text_of(destination, "server"), *name = text_of(destination, "name");
	struct sim_cluster *cluster = *server ? sim_cluster_at(sim, server) : NULL;
	size_t i;
	if (cluster)
		return cluster;
	if (*server)
		json_array_foreach (sim->argocd_clusters, i, known)
			if (!strcmp(text_of(known, "server"), server))
				name = text_of(known, "name");
	return sim_cluster_named(sim, name);
}

void sim_argocd_init(struct sim *sim)
{
	const char *const *names;
	size_t n = sim_kube_apps(sim->clusters[0].kube, &names);
	char *server CLEANUP(mem_freep) = sim_endpoint(sim, &sim->clusters[0]);
	sim->argocd_clusters = json_array();
	json_array_append_new(sim->argocd_clusters, json_pack("{s:s, s:s}", "name", sim->name, "server", server));
	for (size_t i = 0; i < n; i++) {
		struct sim_app *app = sim_app_new(sim, names[i]);
		app->metadata = json_pack("{s:s, s:s, s:{}}", "name", names[i], "namespace", "argocd", "labels");
		app->spec = json_pack("{s:s, s:{s:s, s:s}, s:{s:s, s:s, s:s}, s:{}}", "project", "default",
				      "destination", "server", server, "namespace", names[i], "source", "repoURL",
				      "https://git.example.com/shop/deploy.git", "path", names[i], "targetRevision",
				      "HEAD", "syncPolicy");
		app->synced = 1;
		app->health = APP_HEALTHY;
		app->reconciled_ms = sim->now_ms;
	}
	sim->argocd_ms = INT64_MAX;
}

static void end_operation(struct sim *sim, struct sim_app *app)
{
	bool there = sim_app_destination(sim, app) != NULL;
	app->phase = there ? APP_SUCCEEDED : APP_FAILED;
	app->finished_ms = sim->now_ms;
	app->ends_ms = INT64_MAX;
	free(app->message);
	app->message = mem_strdup(there ? "successfully synced (all tasks run)"
					: "one or more synchronization tasks are not valid: cluster is not configured");
	app->synced = there;
	/* looked at again a moment after: until then health is what it was before */
	struct sim_cluster *cluster = sim_app_destination(sim, app);
	if (cluster && cluster->look_ms > sim->now_ms + RECONCILE_MS)
		cluster->look_ms = sim->now_ms + RECONCILE_MS;
}

static void copy_objects(struct sim *sim, struct sim_app *app)
{
	struct sim_cluster *cluster = sim_app_destination(sim, app);
	app->copies_ms = INT64_MAX;
	if (!cluster || sim_is_blue(sim, cluster) || cluster->life == LIFE_CREATING)
		return;
	sim_kube_copy_app(sim->clusters[0].kube, sim_app_path(app), cluster->kube, sim->now_ms);
	app->health = APP_PROGRESSING;
	sim_cluster_changed(sim, cluster);
}

static bool bears_refresh(const struct sim_app *app)
{
	return json_object_get(json_object_get(app->metadata, "annotations"), REFRESH) != NULL;
}

static bool hangs(const struct sim *sim)
{
	return sim->n_faults && sim_fault_value(sim, "argocd", "hang") > 0;
}

/* Health of one, as the pods of its cluster are now. */
static void reconcile(struct sim *sim, struct sim_app *app, const struct sim_cluster *cluster)
{
	bool sick = sim->n_faults && !sim_is_blue(sim, cluster) && sim_fault_value(sim, "argocd", "unhealthy") > 0;
	double ready = sim_kube_ready(cluster->kube, sim_app_path(app));
	app->health = sick ? APP_DEGRADED : ready >= 1 ? APP_HEALTHY : APP_PROGRESSING;
	app->reconciled_ms = sim->now_ms;
}

bool sim_app_refresh(struct sim *sim, struct sim_app *app)
{
	json_t *annotations = json_object_get(app->metadata, "annotations");
	if (hangs(sim)) {
		if (!annotations)
			json_object_set_new(app->metadata, "annotations", annotations = json_object());
		json_object_set_new(annotations, REFRESH, json_string("normal"));
		return false;
	}
	json_object_del(annotations, REFRESH);
	const struct sim_cluster *cluster = sim_app_destination(sim, app);
	if (app->synced && cluster)
		reconcile(sim, app, cluster);
	return true;
}

static bool advance_app(struct sim *sim, struct sim_app *app)
{
	if (app->gone_ms <= sim->now_ms) {
		struct sim_cluster *cluster = sim_app_destination(sim, app);
		if (cluster && !sim_is_blue(sim, cluster)) {
			sim_kube_delete_app(cluster->kube, sim_app_path(app), sim->now_ms);
			sim_cluster_changed(sim, cluster);
		}
		sim_app_free(app);
		return false;
	}
	if (hangs(sim))
		return true;
	if (app->phase == APP_RUNNING) {
		if (app->copies_ms <= sim->now_ms)
			copy_objects(sim, app);
		if (app->ends_ms <= sim->now_ms)
			end_operation(sim, app);
	}
	if (bears_refresh(app))
		sim_app_refresh(sim, app);
	return true;
}

/* Health of what a cluster runs. */
static void look_at(struct sim *sim, struct sim_cluster *cluster)
{
	cluster->look_ms = INT64_MAX;
	for (size_t i = 0; i < sim->n_apps; i++)
		if (sim->apps[i].synced && sim_app_destination(sim, &sim->apps[i]) == cluster)
			reconcile(sim, &sim->apps[i], cluster);
}

void sim_argocd_advance(struct sim *sim)
{
	for (size_t i = 0; i < sim->n_clusters; i++)
		if (sim->clusters[i].look_ms <= sim->now_ms)
			look_at(sim, &sim->clusters[i]);
	if (sim->argocd_ms > sim->now_ms)
		return;
	size_t kept = 0;
	for (size_t i = 0; i < sim->n_apps; i++) {
		struct sim_app app = sim->apps[i];
		if (advance_app(sim, &app))
			sim->apps[kept++] = app;
	}
	sim->n_apps = kept;
	sim_argocd_plan(sim);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void sim_argocd_plan(struct sim *sim)
{
	bool hung = hangs(sim);
	sim->argocd_ms = INT64_MAX;
	for (size_t i = 0; i < sim->n_apps; i++) {
		const struct sim_app *app = &sim->apps[i];
		sim->argocd_ms = earlier(sim->argocd_ms, app->gone_ms);
		if (app->phase == APP_RUNNING && !hung)
			sim->argocd_ms = earlier(sim->argocd_ms, earlier(app->copies_ms, app->ends_ms));
		if (!hung && bears_refresh(app))
			sim->argocd_ms = sim->now_ms;
	}
}

int64_t sim_argocd_next_ms(const struct sim *sim)
{
	int64_t next = sim->argocd_ms;
	for (size_t i = 0; i < sim->n_clusters; i++)
		next = earlier(next, sim->clusters[i].look_ms);
	return next;
}

/* Pods changed: the controller sees it a little later. */
void sim_argocd_notice(struct sim *sim, struct sim_cluster *cluster)
{
	cluster->look_ms = earlier(cluster->look_ms, sim->now_ms + LOOK_MS);
}
