/* A simulated Kubernetes cluster: its birth, its time, its end. */
#include "sim/kube.h"

#include <stdlib.h>
#include "sim/kube_text.h"
#include "sim/placing.h"

static unsigned minor_of(const char *version)
{
	const char *dot = strchr(version, '.');
	return dot ? (unsigned)strtoul(dot + 1, NULL, 10) : 0;
}

struct sim_kube *kube_new_bare(const struct sim_kube_profile *profile)
{
	struct sim_kube *kube = mem_alloc(sizeof *kube);
	kube->arena = arena_new();
	kube->cluster = arena_strdup(kube->arena, profile->cluster ? profile->cluster : "medium");
	kube->name = arena_strdup(kube->arena, profile->name ? profile->name : "shop");
	kube->region = arena_strdup(kube->arena, profile->region ? profile->region : "us-east-1");
	kube->account = arena_strdup(kube->arena, profile->account ? profile->account : "111122223333");
	kube->ingress_host = arena_strdup(kube->arena, profile->ingress_host);
	kube->seed = profile->seed;
	kube->now_ms = kube->compacted_ms = profile->now_ms;
	kube->rv = kube->next_compacted_rv = kube->compacted_rv = 48211000 + profile->seed % 9973;
	sim_kube_set_version(kube, profile->version ? profile->version : "1.33");
	for (size_t i = 0; i < kube_n_resources; i++) {
		struct kube_kind *kind = arena_alloc(kube->arena, sizeof *kind);
		kind->resource = &kube_resources[i];
		kind->id = (unsigned)i;
		kind->custom = strcmp(kube_resources[i].group, "velero.io") == 0;
		*HEAP_PUSH(kube->kinds, kube->n_kinds) = kind;
	}
	return kube;
}

struct sim_kube *sim_kube_new(const struct sim_kube_profile *profile)
{
	struct sim_kube *kube = kube_new_bare(profile);
	kube->born_ms = strcmp(kube->cluster, "empty") == 0 ? profile->now_ms : profile->now_ms - 211 * DAY_MS;
	kube_build(kube, profile->snapshot);
	return kube;
}

void sim_kube_set_version(struct sim_kube *kube, const char *version)
{
	kube->version = kube_intern(kube, slice_of(version));
	kube->minor = minor_of(version);
	kube->kubelet = arena_printf(kube->arena, "%s.%u", version, kube->minor % 3 + 2);
}

void sim_kube_free(struct sim_kube *kube)
{
	if (!kube)
		return;
	for (size_t i = 0; i < kube->n_kinds; i++) {
		for (size_t j = 0; j < kube->kinds[i]->n; j++)
			json_decref(kube->kinds[i]->items[j]->doc);
		free(kube->kinds[i]->items);
	}
	for (struct kube_object *object = kube->gone; object; object = object->next_gone)
		json_decref(object->doc);
	for (size_t i = 0; i < kube->n_apps; i++)
		for (struct kube_workload *w = kube->apps[i]->workloads; w; w = w->next)
			json_decref(w->template);
	kube_templates_free(kube);
	placing_free(kube->placing);
	free(kube->kinds);
	free(kube->namespaces);
	free(kube->apps);
	free(kube->app_names);
	free(kube->nodes);
	free(kube->pending);
	free(kube->timers);
	free(kube->joining);
	free(kube->notes);
	arena_free(kube->arena);
	free(kube);
}

static void fire(struct sim_kube *kube, const struct kube_timer *timer)
{
	switch (timer->kind) {
	case TIMER_POD_STEP:
		kube_pod_step(kube, kube_pod_of(timer->object));
		break;
	case TIMER_POD_GONE:
		kube_pod_gone(kube, kube_pod_of(timer->object));
		break;
	case TIMER_NODE_READY:
		kube_node_ready(kube, kube_node_of(timer->object));
		break;
	case TIMER_BACKUP:
		kube_backup_step(kube, timer->object);
		break;
	case TIMER_RECONCILE:
		kube_reconcile(kube, kube_workload_of(timer->object));
		break;
	case TIMER_INGRESS:
		timer->object->index = 1;
		kube_touch(kube, timer->object);
		break;
	}
}

int64_t sim_kube_next_ms(const struct sim_kube *kube)
{
	int64_t join_ms = kube_join_next_ms(kube);
	int64_t timer_ms = kube->n_timers > 0 ? kube->timers[0].at_ms : INT64_MAX;
	return join_ms < timer_ms ? join_ms : timer_ms;
}

void sim_kube_advance(struct sim_kube *kube, int64_t now_ms)
{
	for (;;) {
		int64_t next_ms = sim_kube_next_ms(kube);
		if (next_ms > now_ms)
			break;
		if (next_ms > kube->now_ms)
			kube->now_ms = next_ms;
		kube_join_due(kube);
		struct kube_timer timer;
		if (kube_timer_due(kube, kube->now_ms, &timer))
			fire(kube, &timer);
	}
	if (now_ms > kube->now_ms)
		kube->now_ms = now_ms;
	kube_compact(kube);
}

double sim_kube_ready(const struct sim_kube *kube, const char *name)
{
	unsigned wanted = 0, ready = 0;
	for (size_t i = 0; i < kube->n_apps; i++) {
		const struct kube_app *app = kube->apps[i];
		if (name ? strcmp(app->name, name) != 0 : app->system)
			continue;
		for (const struct kube_workload *w = app->workloads; w; w = w->next) {
			if (w->object.gone || w->object.kind->id == KIND_JOB)
				continue;
			wanted += w->replicas;
			ready += w->n_ready < w->replicas ? w->n_ready : w->replicas;
		}
	}
	return wanted == 0 ? 1 : (double)ready / wanted;
}

bool sim_kube_has_ingress(const struct sim_kube *kube)
{
	const struct kube_kind *kind = kube->kinds[KIND_INGRESS];
	for (size_t i = 0; i < kind->n; i++)
		if (kind->items[i]->index && !kind->items[i]->gone)
			return true;
	return false;
}

void sim_kube_set_sick(struct sim_kube *kube, const char *name, bool sick)
{
	for (size_t i = 0; i < kube->n_apps; i++) {
		struct kube_app *app = kube->apps[i];
		if (app->sick == sick || (name ? strcmp(app->name, name) != 0 : app->system))
			continue;
		app->sick = sick;
		for (struct kube_workload *w = app->workloads; w; w = w->next)
			kube_workload_set_sick(kube, w, sick);
	}
}
