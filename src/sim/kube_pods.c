/* The controllers of pods: creation by what their workload wants, scheduling, starting, crashing, stopping; disruption
 * budgets. Everything happens at a time of the cluster's own clock, by timers. */
#include "sim/kube_world.h"
#include "sim/placing.h"

#include <math.h>
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

static uint64_t pod_random(struct sim_kube *kube, struct kube_pod *pod, uint64_t salt)
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

/* ---- the scheduler's view */

bool kube_pod_is_own(const struct kube_pod *pod)
{
	return pod->object.workload ? pod->object.workload->template != NULL : pod->object.doc != NULL;
}

static json_t *volume_affinity(void *context, const char *ns, const char *claim)
{
	struct sim_kube *kube = context;
	struct kube_kind *volumes = kube_kind_of(kube, KIND_PV);
	for (size_t i = 0; i < volumes->n; i++) {
		json_t *document = kube_view(kube, volumes->items[i]);
		const json_t *spec = json_object_get(document, "spec"), *of = json_object_get(spec, "claimRef");
		const char *name = json_string_value(json_object_get(of, "name")),
			   *in = json_string_value(json_object_get(of, "namespace"));
		json_t *affinity = name && in && !strcmp(name, claim) && !strcmp(in, ns)
					   ? json_incref(json_object_get(spec, "nodeAffinity"))
					   : NULL;
		json_decref(document);
		if (affinity)
			return affinity;
	}
	return NULL;
}

void kube_placing_node_state(struct sim_kube *kube, struct kube_node *node)
{
	if (kube->placing && node->place)
		placing_close(node->place, node->unschedulable || !node->ready);
}

void kube_placing_node_new(struct sim_kube *kube, struct kube_node *node)
{
	if (!kube->placing)
		return;
	json_t *document = kube_view(kube, &node->object);
	node->place = placing_node(kube->placing, document, node);
	json_decref(document);
	kube_placing_node_state(kube, node);
}

void kube_placing_node_gone(struct sim_kube *kube, struct kube_node *node)
{
	if (kube->placing && node->place)
		placing_remove(node->place);
	node->place = NULL;
}

static struct place_pod *place_of(struct sim_kube *kube, struct kube_pod *pod)
{
	if (!pod->place) {
		json_t *document = kube_view(kube, &pod->object);
		pod->place = placing_pod(kube->placing, document);
		json_decref(document);
	}
	return pod->place;
}

static void placing_bind(struct sim_kube *kube, struct kube_pod *pod)
{
	if (kube->placing && pod->node->place)
		placing_put(place_of(kube, pod), pod->node->place);
}

static int age_order(const void *left, const void *right)
{
	const struct kube_node *const *a = left, *const *b = right;
	if ((*a)->object.created_ms != (*b)->object.created_ms)
		return (*a)->object.created_ms < (*b)->object.created_ms ? -1 : 1;
	return strcmp((*a)->object.name, (*b)->object.name);
}

/* Nodes in the order in which they came, and what runs on them. */
static void placing_build(struct sim_kube *kube)
{
	struct kube_kind *pods = kube_kind_of(kube, KIND_POD);
	struct kube_node **nodes = mem_array(kube->n_nodes, sizeof *nodes);
	kube->placing = placing_new(volume_affinity, kube);
	if (kube->n_nodes) {
		memcpy(nodes, kube->nodes, kube->n_nodes * sizeof *nodes);
		qsort(nodes, kube->n_nodes, sizeof *nodes, age_order);
	}
	for (size_t i = 0; i < kube->n_nodes; i++)
		kube_placing_node_new(kube, nodes[i]);
	free(nodes);
	for (size_t i = 0; i < pods->n; i++) {
		struct kube_pod *pod = kube_pod_of(pods->items[i]);
		pod->place = NULL;
		if (pod->node && pod->state != POD_SUCCEEDED)
			placing_bind(kube, pod);
	}
}

void kube_placing_drop(struct sim_kube *kube)
{
	struct kube_kind *pods = kube_kind_of(kube, KIND_POD);
	placing_free(kube->placing);
	kube->placing = NULL;
	for (size_t i = 0; i < pods->n; i++)
		kube_pod_of(pods->items[i])->place = NULL;
	for (size_t i = 0; i < kube->n_nodes; i++)
		kube->nodes[i]->place = NULL;
}

/* ---- binding */

static void bind_pod(struct sim_kube *kube, struct kube_pod *pod, struct kube_node *node)
{
	pod->node = node;
	node->n_pods++;
	pod->scheduled_ms = kube->building ? pod->object.created_ms : kube->now_ms;
	pod->ip = 10u << 24 | (node->ip & 0x00ff0000u) |
		  (uint32_t)(128 + node->zone * 32 + (pod->object.serial >> 8) % 32) << 8 |
		  (uint32_t)(pod->object.serial & 255);
	pod->state = POD_CREATING;
	placing_bind(kube, pod);
	kube_note(kube, REASON_SCHEDULED, &pod->object, node->object.name);
	if (!kube->building)
		kube_timer_set(kube, kube->now_ms + 3 * SECOND_MS + (int64_t)(pod_random(kube, pod, 1) % 6000),
			       TIMER_POD_STEP, &pod->object);
}

static bool node_takes(const struct kube_node *node)
{
	return node->ready && !node->unschedulable && node->n_pods < node->machine->pods;
}

/* Of the next few nodes that take pods, the one with the fewest; but for clients' own pods the scheduler's whole rules
 * hold, and all that runs counts in them. */
static struct kube_node *choose_node(struct sim_kube *kube, struct kube_pod *pod)
{
	if (!kube->building && kube_pod_is_own(pod)) {
		kube->ruled = true;
		if (!kube->placing)
			placing_build(kube);
		return placing_choose(kube->placing, place_of(kube, pod));
	}
	struct kube_node *best = NULL;
	unsigned seen = 0;
	for (size_t i = 0; i < kube->n_nodes && seen < 4; i++) {
		struct kube_node *node = kube->nodes[(kube->node_cursor + i) % kube->n_nodes];
		if (!node_takes(node))
			continue;
		seen++;
		if (!best || node->n_pods < best->n_pods)
			best = node;
	}
	kube->node_cursor++;
	return best;
}

static void schedule(struct sim_kube *kube, struct kube_pod *pod)
{
	struct kube_node *node = choose_node(kube, pod);
	if (node) {
		bind_pod(kube, pod, node);
		if (!kube->building)
			kube_touch(kube, &pod->object);
		return;
	}
	kube_note(kube, REASON_UNSCHEDULABLE, &pod->object, kube->n_nodes ? kube->nodes[0]->object.name : NULL);
	*HEAP_PUSH(kube->pending, kube->n_pending) = pod;
}

void kube_pod_place(struct sim_kube *kube, struct kube_pod *pod)
{
	schedule(kube, pod);
}

static void schedule_each(struct sim_kube *kube)
{
	size_t kept = 0, n = kube->n_pending;
	for (size_t i = 0; i < n; i++) {
		struct kube_pod *pod = kube->pending[i];
		struct kube_node *node = choose_node(kube, pod);
		if (!node) {
			kube->pending[kept++] = pod;
			continue;
		}
		bind_pod(kube, pod, node);
		kube_touch(kube, &pod->object);
	}
	kube->n_pending = kept;
}

/* In the order in which they came. The built-in pods go to any node alike: when one finds no room, none does. */
void kube_schedule_pending(struct sim_kube *kube)
{
	size_t done = 0;
	struct kube_node *node;
	if (kube->ruled) {
		schedule_each(kube);
		return;
	}
	while (done < kube->n_pending && (node = choose_node(kube, kube->pending[done]))) {
		struct kube_pod *pod = kube->pending[done++];
		bind_pod(kube, pod, node);
		kube_touch(kube, &pod->object);
	}
	kube->n_pending -= done;
	if (done > 0)
		memmove(kube->pending, kube->pending + done, kube->n_pending * sizeof *kube->pending);
}

void kube_pod_make_ready(struct sim_kube *kube, struct kube_pod *pod, int64_t since_ms)
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
		bind_pod(kube, pod, node);
	else
		schedule(kube, pod);
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
		kube_timer_set(kube, kube->now_ms + 4 * SECOND_MS + (int64_t)(pod_random(kube, pod, 2) % 9000),
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
			kube_timer_set(kube, kube->now_ms + (int64_t)(pod_random(kube, pod, 3) % 15000), TIMER_POD_STEP,
				       &pod->object);
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
		placing_take(pod->place);
	pod->place = NULL;
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

/* A budget as it is written. What is patched onto a built-in one is laid aside while that is rendered, because its
 * status asks for the budget. */
static json_t *written_budget(struct sim_kube *kube, struct kube_object *pdb)
{
	if (pdb->whole)
		return json_incref(pdb->doc);
	json_t *patch = pdb->doc;
	pdb->doc = NULL;
	json_t *document = kube_document(kube, pdb);
	pdb->doc = patch;
	kube_merge_patch(document, patch);
	return document;
}

bool kube_budget_covers(struct sim_kube *kube, struct kube_object *pdb, struct kube_pod *pod)
{
	if (pdb->ns != pod->object.ns && strcmp(pdb->ns, pod->object.ns) != 0)
		return false;
	if (!pdb->doc)
		return pdb->workload == pod->object.workload;
	json_t *document = written_budget(kube, pdb);
	struct kube_labels labels;
	kube_labels_of(kube, &pod->object, &labels);
	bool covers =
		kube_label_selector_matches(json_object_get(json_object_get(document, "spec"), "selector"), &labels);
	json_decref(document);
	return covers;
}

/* "25%" of n, rounded up, or a plain number. */
static int64_t amount(const json_t *value, int64_t n)
{
	if (json_is_integer(value))
		return json_integer_value(value);
	const char *text = json_string_value(value);
	return text ? (int64_t)ceil(strtod(text, NULL) * (double)n / 100 - 1e-9) : 0;
}

static void budget_of_document(struct sim_kube *kube, struct kube_object *pdb, struct kube_budget *ret)
{
	json_t *document = written_budget(kube, pdb);
	const json_t *spec = json_object_get(document, "spec");
	struct kube_kind *pods = kube_kind_of(kube, KIND_POD);
	uint64_t round = ++kube->serial;
	int64_t wanted = 0;
	bool cannot_tell = false;
	for (size_t i = kube_lower_bound(pods, pdb->ns, ""); i < pods->n && strcmp(pods->items[i]->ns, pdb->ns) == 0;
	     i++) {
		struct kube_pod *pod = kube_pod_of(pods->items[i]);
		struct kube_labels labels;
		kube_labels_of(kube, &pod->object, &labels);
		if (pod->state == POD_SUCCEEDED ||
		    !kube_label_selector_matches(json_object_get(spec, "selector"), &labels))
			continue;
		if (!pod->object.deleting_ms)
			ret->expected++;
		if (pod->object.workload && pod->object.workload->counted != round) {
			pod->object.workload->counted = round;
			wanted += pod->object.workload->replicas;
			/* The controller asks their owners how many they want; these have no scale. */
			cannot_tell |= pod->object.workload->object.kind->id == KIND_DAEMONSET ||
				       pod->object.workload->object.kind->id == KIND_JOB;
		}
		ret->healthy += pod->state == POD_READY && !pod->object.deleting_ms;
	}
	const json_t *most = json_object_get(spec, "maxUnavailable");
	if (most || !json_is_integer(json_object_get(spec, "minAvailable")))
		ret->expected = cannot_tell ? 0 : wanted; /* shares are of what the controllers want */
	if (most)
		ret->desired = ret->expected - amount(most, ret->expected);
	else
		ret->desired = amount(json_object_get(spec, "minAvailable"), ret->expected);
	json_decref(document);
}

void kube_budget(struct sim_kube *kube, struct kube_object *pdb, struct kube_budget *ret)
{
	*ret = (struct kube_budget){0};
	if (pdb->doc) {
		budget_of_document(kube, pdb, ret);
	} else {
		const struct kube_workload *w = pdb->workload;
		ret->expected = w->replicas;
		ret->healthy = w->n_ready;
		ret->desired = w->flags & WORKLOAD_TIGHT_PDB ? 1 : (int64_t)w->replicas - 1;
	}
	if (ret->desired < 0)
		ret->desired = 0;
	ret->allowed = ret->healthy > ret->desired && ret->expected > 0 ? ret->healthy - ret->desired : 0;
}
