/* The controllers of workloads: so many pods as are wanted, of the newest template, one after the other where that is
 * asked for. */
#include "sim/kube_world.h"

#include <stdio.h>
#include <stdlib.h>

static void reconcile_daemon(struct sim_kube *kube, struct kube_workload *w)
{
	uint64_t round = ++kube->serial;
	for (struct kube_pod *pod = w->pods, *next; pod; pod = next) {
		next = pod->next;
		if (!pod->object.deleting_ms && pod->node)
			pod->node->round = round;
	}
	bool changed = w->replicas != kube->n_nodes;
	w->replicas = (unsigned)kube->n_nodes;
	for (size_t i = 0; i < kube->n_nodes; i++)
		if (kube->nodes[i]->round != round) {
			kube_pod_new(kube, w, 0, kube->nodes[i]);
			changed = true;
		}
	if (changed)
		kube_workload_changed(kube, w);
}

static bool is_parallel(const struct kube_workload *w)
{
	const char *policy =
		json_string_value(json_object_get(json_object_get(w->object.doc, "spec"), "podManagementPolicy"));
	return policy && !strcmp(policy, "Parallel");
}

/* One ordinal after the other, each when those before it are Ready. */
static void reconcile_stateful(struct sim_kube *kube, struct kube_workload *w)
{
	for (unsigned ordinal = 0; ordinal < w->replicas; ordinal++) {
		struct kube_pod *pod = w->pods;
		while (pod && pod->object.index != ordinal)
			pod = pod->next;
		if (!pod) {
			pod = kube_pod_new(kube, w, ordinal, NULL);
			kube_workload_changed(kube, w);
		}
		if ((pod->state != POD_READY || pod->object.deleting_ms) && !is_parallel(w))
			return;
	}
	for (struct kube_pod *pod = w->pods, *next; pod; pod = next) {
		next = pod->next;
		if (pod->object.index >= w->replicas && !pod->object.deleting_ms)
			kube_pod_delete(kube, pod, 30 * SECOND_MS);
	}
}

/* An active pod of an old (or of the present) revision that is best stopped next: one that serves nobody, if there is
 * one. */
static struct kube_pod *pod_to_stop(struct kube_workload *w, bool old, bool serving_too)
{
	struct kube_pod *best = NULL;
	for (struct kube_pod *pod = w->pods; pod; pod = pod->next) {
		if (pod->object.deleting_ms || (pod->revision != w->revision) != old)
			continue;
		if (pod->state != POD_READY)
			return pod;
		if (serving_too && !best)
			best = pod;
	}
	return best;
}

static unsigned count_fresh(const struct kube_workload *w)
{
	unsigned n = 0;
	for (const struct kube_pod *pod = w->pods; pod; pod = pod->next)
		n += !pod->object.deleting_ms && pod->revision == w->revision;
	return n;
}

/* A rolling update: at most a quarter more than wanted, at most a quarter fewer ready. */
static void roll_replicas(struct sim_kube *kube, struct kube_workload *w)
{
	unsigned fresh = count_fresh(w), surge = (w->replicas + 3) / 4, fewest = w->replicas - w->replicas / 4;
	struct kube_pod *pod;
	while (w->n_active < w->replicas + surge && fresh < w->replicas) {
		kube_pod_new(kube, w, 0, NULL);
		fresh++;
	}
	while (w->n_active > fresh && (pod = pod_to_stop(w, true, w->n_ready > fewest)))
		kube_pod_delete(kube, pod, 30 * SECOND_MS);
}

static void reconcile_replicas(struct sim_kube *kube, struct kube_workload *w)
{
	unsigned before = w->n_active;
	if (w->revision > 0 && count_fresh(w) < w->n_active) {
		roll_replicas(kube, w);
	} else {
		struct kube_pod *pod;
		while (w->n_active < w->replicas)
			kube_pod_new(kube, w, 0, NULL);
		while (w->n_active > w->replicas && (pod = pod_to_stop(w, false, true)))
			kube_pod_delete(kube, pod, 30 * SECOND_MS);
	}
	if (w->n_active != before)
		kube_workload_changed(kube, w);
}

/* StatefulSets and DaemonSets replace pods of an old revision one at a time, when all are ready. */
static void roll_one(struct sim_kube *kube, struct kube_workload *w)
{
	if (w->revision == 0 || w->n_ready < w->replicas)
		return;
	struct kube_pod *pod = pod_to_stop(w, true, true);
	if (pod)
		kube_pod_delete(kube, pod, 30 * SECOND_MS);
}

void kube_reconcile(struct sim_kube *kube, struct kube_workload *w)
{
	if (w->reconciling || w->object.gone || (w->app && w->app->ns->deleting_ms))
		return;
	w->reconciling = true; /* stopping a pod asks for the same again */
	switch (w->object.kind->id) {
	case KIND_DAEMONSET:
		reconcile_daemon(kube, w);
		roll_one(kube, w);
		break;
	case KIND_STATEFULSET:
		reconcile_stateful(kube, w);
		roll_one(kube, w);
		break;
	case KIND_DEPLOYMENT:
		reconcile_replicas(kube, w);
		break;
	case KIND_JOB:
		if (w->n_pods == 0 && (kube->building || w->template) && !w->finished)
			kube_pod_new(kube, w, 0, NULL);
		break;
	default:
		break;
	}
	w->reconciling = false;
}
