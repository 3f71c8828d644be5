/* The life of a pod: made, started, ready, crashing, stopped, gone. Everything happens at a time of the cluster's own
 * clock, by timers. Where it goes is kube_schedule.c's to say, how many there are kube_reconcile.c's. */
#include "sim/kube_world.h"
#include "sim/placing.h"

#include <stdio.h>
#include <stdlib.h>

static bool counts(const struct kube_workload *w)
{
	return w->object.kind->id != KIND_JOB;
}

/* What others show of a workload has changed with its pods. */
void kube_workload_changed(struct sim_kube *kube, struct kube_workload *w)
{
	w->changed_ms = kube->building ? 0 : kube->now_ms;
	if (kube->building || w->object.gone)
		return;
	if (w->template)
		kube_own_status(kube, w);
	kube_touch(kube, &w->object);
	struct kube_object *others[] = {w->replica_set, w->budget, w->slice};
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i] && !others[i]->gone)
			kube_touch(kube, others[i]);
	if (w->ingress && w->ingress->index == 0 && w->n_ready > 0 && !w->ingress->gone)
		kube_timer_set(kube, kube->now_ms + 10 * SECOND_MS, TIMER_INGRESS, w->ingress);
}

uint64_t kube_pod_random(struct sim_kube *kube, struct kube_pod *pod, uint64_t salt)
{
	if (kube_pod_is_own(pod)) /* whoever made them can tell in which order they come */
		return 0;
	return kube_hash(kube->seed ^ pod->object.serial, salt + pod->restarts);
}

static void name_pod(struct sim_kube *kube, struct kube_pod *pod, struct kube_workload *w, unsigned ordinal)
{
	char name[300], suffix[8];
	if (w->object.kind->id == KIND_STATEFULSET)
		snprintf(name, sizeof name, "%s-%u", w->object.name, ordinal);
	else
		snprintf(name, sizeof name, "%s-%s", w->replica_set ? w->replica_set->name : w->object.name,
			 kube_suffix(kube_hash(kube->seed ^ 0x90d, kube->serial + 1), 5, suffix));
	size_t n = strlen(name);
	if (n < sizeof pod->text) {
		memcpy(pod->text, name, n + 1);
		pod->object.name = pod->text;
	} else {
		pod->object.name = arena_strndup(kube->arena, name, n);
	}
}

struct kube_pod *kube_pod_alloc(struct sim_kube *kube)
{
	struct kube_pod *pod = kube->free_pods;
	if (!pod)
		return arena_alloc(kube->arena, sizeof *pod);
	kube->free_pods = pod->next;
	*pod = (struct kube_pod){.state = POD_PENDING};
	return pod;
}

/* At the birth of the cluster. */
static void kube_pod_make_ready(struct sim_kube *kube, struct kube_pod *pod, int64_t since_ms)
{
	(void)kube;
	pod->scheduled_ms = since_ms;
	pod->started_ms = since_ms + 6 * SECOND_MS;
	pod->ready_ms = since_ms + 16 * SECOND_MS;
	if (!counts(pod->object.workload)) {
		pod->state = POD_SUCCEEDED;
		pod->ready_ms = since_ms + 90 * SECOND_MS;
		return;
	}
	pod->state = POD_READY;
	pod->object.workload->n_ready++;
}

/* With a node it is a daemon's pod for that node; otherwise the scheduler looks for one. */
struct kube_pod *kube_pod_new(struct sim_kube *kube, struct kube_workload *w, unsigned ordinal, struct kube_node *node)
{
	struct kube_pod *pod = kube_pod_alloc(kube);
	name_pod(kube, pod, w, ordinal);
	pod->object.workload = w;
	pod->object.index = ordinal;
	pod->revision = w->revision;
	if (kube->building) {
		int64_t since_ms = w->object.created_ms;
		int64_t age_ms = (int64_t)(kube_hash(kube->seed, kube->serial) % 9) * DAY_MS +
				 (int64_t)(kube->serial % 1400) * MINUTE_MS;
		if (node && node->object.created_ms > since_ms)
			since_ms = node->object.created_ms;
		else if (kube->now_ms - age_ms > since_ms)
			since_ms = kube->now_ms - age_ms;
		pod->object.created_ms = since_ms;
	}
	kube_insert(kube, KIND_POD, &pod->object, w->object.ns, pod->object.name);
	pod->next = w->pods;
	if (w->pods)
		w->pods->prev = pod;
	w->pods = pod;
	w->n_pods++;
	w->n_active++;
	if (node)
		kube_pod_bind(kube, pod, node);
	else
		kube_pod_place(kube, pod);
	if (kube->building && pod->node)
		kube_pod_make_ready(kube, pod, pod->object.created_ms);
	return pod;
}

static void pod_ready(struct sim_kube *kube, struct kube_pod *pod)
{
	struct kube_workload *w = pod->object.workload;
	pod->state = POD_READY;
	pod->ready_ms = kube->now_ms;
	if (!w)
		return;
	w->n_ready++;
	kube_workload_changed(kube, w);
	if (w->object.kind->id == KIND_STATEFULSET || w->revision > 0)
		kube_reconcile(kube, w);
}

static void pod_started(struct sim_kube *kube, struct kube_pod *pod)
{
	struct kube_workload *w = pod->object.workload;
	if (w && w->sick) {
		pod->state = POD_CRASHING;
		pod->crashed_ms = kube->now_ms;
		pod->restarts++;
		kube_note(kube, REASON_BACKOFF, &pod->object, pod->node->object.name);
		kube_timer_set(kube, kube->now_ms + 40 * SECOND_MS, TIMER_POD_STEP, &pod->object);
	} else if (kube_own_finishes(pod)) {
		pod->state = POD_SUCCEEDED;
		pod->ready_ms = kube->now_ms;
		kube_own_finished(kube, pod);
	} else {
		pod_ready(kube, pod);
	}
}

/* The next thing that happens to a pod by itself. */
void kube_pod_step(struct sim_kube *kube, struct kube_pod *pod)
{
	if (pod->object.deleting_ms)
		return;
	switch (pod->state) {
	case POD_CREATING:
		if (!pod->node->ready) {
			kube_timer_set(kube, pod->node->ready_ms + 2 * SECOND_MS, TIMER_POD_STEP, &pod->object);
			return;
		}
		pod->state = POD_STARTED;
		pod->started_ms = kube->now_ms;
		kube_note(kube, REASON_STARTED, &pod->object, pod->node->object.name);
		kube_timer_set(kube, kube->now_ms + 4 * SECOND_MS + (int64_t)(kube_pod_random(kube, pod, 2) % 9000),
			       TIMER_POD_STEP, &pod->object);
		break;
	case POD_STARTED:
		pod_started(kube, pod);
		break;
	case POD_CRASHING:
		pod->state = POD_STARTED;
		pod->started_ms = kube->now_ms;
		kube_timer_set(kube, kube->now_ms + 3 * SECOND_MS, TIMER_POD_STEP, &pod->object);
		break;
	case POD_READY: /* a workload that turned sick */
		if (!pod->object.workload || !pod->object.workload->sick)
			return;
		pod->object.workload->n_ready--;
		pod_started(kube, pod);
		kube_workload_changed(kube, pod->object.workload);
		break;
	case POD_PENDING:
	case POD_SUCCEEDED:
		return;
	}
	kube_touch(kube, &pod->object);
}

void kube_workload_set_sick(struct sim_kube *kube, struct kube_workload *w, bool sick)
{
	w->sick = sick;
	if (!sick)
		return;
	for (struct kube_pod *pod = w->pods; pod; pod = pod->next)
		if (pod->state == POD_READY)
			kube_timer_set(kube, kube->now_ms + (int64_t)(kube_pod_random(kube, pod, 3) % 15000),
				       TIMER_POD_STEP, &pod->object);
}

static void forget_pending(struct sim_kube *kube, const struct kube_pod *pod)
{
	for (size_t i = 0; i < kube->n_pending; i++)
		if (kube->pending[i] == pod) {
			memmove(kube->pending + i, kube->pending + i + 1,
				(kube->n_pending - i - 1) * sizeof *kube->pending);
			kube->n_pending--;
			return;
		}
}

static void leave_workload(struct sim_kube *kube, struct kube_pod *pod)
{
	struct kube_workload *w = pod->object.workload;
	if (!w || pod->object.deleting_ms)
		return;
	w->n_active--;
	if (pod->state == POD_READY)
		w->n_ready--;
	kube_workload_changed(kube, w);
}

int64_t kube_pod_grace_ms(const struct kube_pod *pod)
{
	const struct kube_workload *w = pod->object.workload;
	const json_t *own = w ? w->template : pod->object.doc;
	const json_t *grace = json_object_get(json_object_get(own, "spec"), "terminationGracePeriodSeconds");
	return json_is_integer(grace) ? json_integer_value(grace) * SECOND_MS : 30 * SECOND_MS;
}

/* Asks a pod to stop; its controller makes another at once, but a StatefulSet waits until the name is free. */
void kube_pod_delete(struct sim_kube *kube, struct kube_pod *pod, int64_t grace_ms)
{
	if (grace_ms <= 0 || !pod->node) {
		kube_pod_gone(kube, pod);
		return;
	}
	leave_workload(kube, pod);
	int64_t stop_ms = kube->now_ms + (grace_ms < 10 * SECOND_MS ? grace_ms : 10 * SECOND_MS);
	pod->object.deleting_ms = kube->now_ms + grace_ms;
	kube_note(kube, REASON_KILLING, &pod->object, pod->node->object.name);
	kube_touch(kube, &pod->object);
	kube_timer_set(kube, stop_ms, TIMER_POD_GONE, &pod->object);
	if (pod->object.workload && pod->object.workload->object.kind->id != KIND_STATEFULSET)
		kube_reconcile(kube, pod->object.workload);
}

/* Out of its workload and off its node. */
static void detach(struct sim_kube *kube, struct kube_pod *pod)
{
	struct kube_workload *w = pod->object.workload;
	leave_workload(kube, pod);
	if (pod->place)
		placing_take(kube->placing, pod->place);
	pod->place = 0;
	if (!pod->node)
		forget_pending(kube, pod);
	else
		pod->node->n_pods--;
	if (w) {
		if (pod->prev)
			pod->prev->next = pod->next;
		else
			w->pods = pod->next;
		if (pod->next)
			pod->next->prev = pod->prev;
		w->n_pods--;
	}
	pod->next = pod->prev = NULL;
}

void kube_pod_gone(struct sim_kube *kube, struct kube_pod *pod)
{
	struct kube_workload *w = pod->object.workload;
	detach(kube, pod);
	kube_remove(kube, &pod->object);
	if (w)
		kube_reconcile(kube, w);
	kube_namespace_settle(kube, pod->object.ns);
	if (kube->n_pending > 0)
		kube_schedule_pending(kube);
}

void kube_pods_leave_nodes(struct sim_kube *kube)
{
	struct kube_kind *kind = kube_kind_of(kube, KIND_POD);
	for (size_t i = 0; i < kind->n; i++) {
		struct kube_pod *pod = kube_pod_of(kind->items[i]);
		if (!pod->node || !pod->node->object.leaving)
			continue;
		detach(kube, pod);
		pod->object.leaving = true;
	}
	kube_remove_leaving(kube, kind);
	for (size_t i = kube->n_apps; i-- > 0;) {
		struct kube_app *app = kube->apps[i];
		for (struct kube_workload *w = app->workloads; w; w = w->next)
			kube_reconcile(kube, w);
		if (app->ns->deleting_ms)
			kube_namespace_settle(kube, app->name);
	}
	kube_schedule_pending(kube);
}

/* The pods of a namespace, to work on while their kind's list changes. */
size_t kube_pods_in(struct sim_kube *kube, const char *ns, struct kube_pod ***ret)
{
	struct kube_kind *kind = kube_kind_of(kube, KIND_POD);
	size_t n = 0;
	*ret = NULL;
	for (size_t i = kube_lower_bound(kind, ns, ""); i < kind->n && strcmp(kind->items[i]->ns, ns) == 0; i++)
		*HEAP_PUSH(*ret, n) = kube_pod_of(kind->items[i]);
	return n;
}
