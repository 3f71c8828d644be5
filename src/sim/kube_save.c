/* A simulated cluster as a document, and back. An object is a row of what its record holds; references are serial
 * numbers. */
#include "sim/kube_text.h"

#include <stdlib.h>

#define I(number) ((json_int_t)(number))

/* ---- saving */

static json_t *node_words(struct kube_node *node)
{
	return json_pack("[s, s, s, I, I, b, b, I]", node->group, node->type, node->version, I(node->zone), I(node->ip),
			 node->ready, node->unschedulable, I(node->ready_ms));
}

static json_t *workload_words(struct kube_workload *w)
{
	return json_pack("[s, s, I, I, I, I, I, I, s, b, b, I, O]", w->app->name, w->image, I(w->flags), I(w->cpu_m),
			 I(w->memory_mi), I(w->port), I(w->replicas), I(w->changed_ms), w->hash, w->sick, w->finished,
			 I(w->revision), w->template ? w->template : json_null());
}

static json_t *pod_words(struct kube_pod *pod)
{
	return json_pack("[I, I, I, I, I, I, I, I, I]", I(pod->node ? pod->node->object.serial : 0), I(pod->state),
			 I(pod->restarts), I(pod->revision), I(pod->ip), I(pod->scheduled_ms), I(pod->started_ms),
			 I(pod->ready_ms), I(pod->crashed_ms));
}

static bool is_workload(struct kube_object *object)
{
	return object->workload && &object->workload->object == object;
}

/* What `source` means, as a number. */
static json_int_t source_number(struct kube_object *object)
{
	if (!object->source)
		return -1;
	switch (object->kind->id) {
	case KIND_PV:
	case KIND_LEASE:
	case KIND_CSINODE:
		return object->fixture ? -1 : I(((const struct kube_object *)object->source)->serial);
	case KIND_CRD:
	case KIND_APISERVICE:
		return (const struct kube_resource *)object->source - kube_resources;
	default:
		return object->fixture ? (const struct kube_fixture *)object->source - kube_fixtures : -1;
	}
}

/* A pod that outlives its workload (it is stopping) is kept as a document. */
static bool is_orphan(struct kube_object *object)
{
	return object->kind->id == KIND_POD && object->workload && object->workload->object.gone;
}

static json_t *row_of(struct sim_kube *kube, struct kube_object *object)
{
	json_t *more = object->kind->id == KIND_POD    ? pod_words(kube_pod_of(object))
		       : object->kind->id == KIND_NODE ? node_words(kube_node_of(object))
		       : is_workload(object)	       ? workload_words(object->workload)
						       : json_null();
	bool orphan = is_orphan(object), owned = object->workload && !is_workload(object) && !orphan;
	json_t *doc = orphan ? kube_document(kube, object) : object->doc ? json_incref(object->doc) : json_null();
	return json_pack("[s, s, I, I, I, I, I, I, I, b, b, I, I, o, o]", object->name, object->ns ? object->ns : "",
			 I(object->serial), I(object->rv), I(object->created_rv), I(object->created_ms),
			 I(object->deleting_ms), I(object->generation), I(object->index), object->whole,
			 object->fixture, I(owned ? object->workload->object.serial : 0), source_number(object), doc,
			 more);
}

static json_t *save_kinds(struct sim_kube *kube)
{
	json_t *kinds = json_array();
	for (size_t i = 0; i < kube->n_kinds; i++) {
		const struct kube_kind *kind = kube->kinds[i];
		if (kind->n == 0)
			continue;
		json_t *rows = json_array();
		for (size_t j = 0; j < kind->n; j++)
			json_array_append_new(rows, row_of(kube, kind->items[j]));
		json_array_append_new(kinds, json_pack("{s:s, s:s, s:s, s:o}", "group", kind->resource->group,
						       "version", kind->resource->version, "plural",
						       kind->resource->plural, "rows", rows));
	}
	return kinds;
}

static json_t *save_times(const struct sim_kube *kube, json_t **ret_joining)
{
	json_t *timers = json_array(), *joining = json_array();
	for (size_t i = 0; i < kube->n_timers; i++) {
		const struct kube_timer *timer = &kube->timers[i];
		if (!timer->object->gone && timer->object->serial == timer->serial)
			json_array_append_new(timers, json_pack("[I, I, I, I]", I(timer->at_ms), I(timer->order),
								I(timer->kind), I(timer->serial)));
	}
	for (size_t i = 0; i < kube->n_joining; i++) {
		const struct kube_joining *node = &kube->joining[i];
		json_array_append_new(joining, json_pack("[I, I, s, s, s]", I(node->at_ms), I(node->ready_ms),
							 node->group, node->type, node->version));
	}
	*ret_joining = joining;
	return timers;
}

json_t *sim_kube_save(const struct sim_kube *kube)
{
	json_t *apps = json_array(), *pending = json_array(), *nodes = json_array(), *joining,
	       *timers = save_times(kube, &joining);
	for (size_t i = 0; i < kube->n_apps; i++)
		json_array_append_new(apps, json_pack("[s, b, b, I]", kube->apps[i]->name, kube->apps[i]->system,
						      kube->apps[i]->sick, I(kube->apps[i]->created_ms)));
	for (size_t i = 0; i < kube->n_pending; i++)
		json_array_append_new(pending, json_integer(I(kube->pending[i]->object.serial)));
	for (size_t i = 0; i < kube->n_nodes; i++)
		json_array_append_new(nodes, json_integer(I(kube->nodes[i]->object.serial)));
	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, "
			 "s:o, s:o, s:o, s:o}",
			 "cluster", kube->cluster, "name", kube->name, "region", kube->region, "account", kube->account,
			 "ingress_host", kube->ingress_host, "version", kube->version, "kubelet", kube->kubelet, "seed",
			 I(kube->seed), "now_ms", I(kube->now_ms), "born_ms", I(kube->born_ms), "rv", I(kube->rv),
			 "serial", I(kube->serial), "node_serial", I(kube->node_serial), "timer_order",
			 I(kube->timer_order), "node_cursor", I(kube->node_cursor), "deprecated_requests",
			 I(kube->deprecated_requests), "apps", apps, "kinds",
			 save_kinds((struct sim_kube *)(uintptr_t)kube), "timers", timers, "joining", joining,
			 "pending", pending, "nodes", nodes);
}

/* ---- loading */

struct loaded {
	struct kube_object *object;
	const json_t *row;
};
struct loading {
	struct sim_kube *kube;
	struct loaded *objects; /* by serial */
	size_t n;
};

static const char *text(const json_t *row, size_t i)
{
	const char *word = json_string_value(json_array_get(row, i));
	return word ? word : "";
}

static json_int_t number(const json_t *row, size_t i)
{
	return json_integer_value(json_array_get(row, i));
}
static bool flag(const json_t *row, size_t i)
{
	return json_is_true(json_array_get(row, i));
}
static const char *member(const json_t *document, const char *key)
{
	return json_string_value(json_object_get(document, key));
}
static json_int_t figure(const json_t *document, const char *key)
{
	return json_integer_value(json_object_get(document, key));
}

static struct kube_object *by_serial(const struct loading *loading, json_int_t serial)
{
	size_t low = 0, high = loading->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (loading->objects[middle].object->serial < (uint64_t)serial)
			low = middle + 1;
		else
			high = middle;
	}
	return low < loading->n && loading->objects[low].object->serial == (uint64_t)serial
		       ? loading->objects[low].object
		       : NULL;
}

static struct kube_object *load_node(struct sim_kube *kube, const json_t *words)
{
	struct kube_node *node = arena_alloc(kube->arena, sizeof *node);
	node->group = kube_intern(kube, slice_of(text(words, 0)));
	node->type = kube_intern(kube, slice_of(text(words, 1)));
	node->machine = kube_machine_of(node->type);
	node->version = kube_intern(kube, slice_of(text(words, 2)));
	node->zone = (unsigned)number(words, 3) % 3;
	node->ip = (uint32_t)number(words, 4);
	node->ready = flag(words, 5);
	node->unschedulable = flag(words, 6);
	node->ready_ms = number(words, 7);
	return &node->object;
}

static struct kube_object *load_workload(struct sim_kube *kube, const json_t *words)
{
	struct kube_workload *w = arena_alloc(kube->arena, sizeof *w);
	w->object.workload = w;
	w->app = kube_app_find(kube, text(words, 0));
	if (!w->app)
		return NULL;
	w->image = arena_strdup(kube->arena, text(words, 1));
	w->flags = (unsigned)number(words, 2);
	w->cpu_m = (unsigned)number(words, 3);
	w->memory_mi = (unsigned)number(words, 4);
	w->port = (unsigned)number(words, 5);
	w->replicas = (unsigned)number(words, 6);
	w->changed_ms = number(words, 7);
	snprintf(w->hash, sizeof w->hash, "%s", text(words, 8));
	w->sick = flag(words, 9);
	w->finished = flag(words, 10);
	w->revision = (unsigned)number(words, 11);
	if (json_is_object(json_array_get(words, 12)))
		w->template = json_incref(json_array_get(words, 12));
	struct kube_workload **link = &w->app->workloads;
	while (*link)
		link = &(*link)->next;
	*link = w;
	return &w->object;
}

static struct kube_object *load_pod(struct sim_kube *kube, const json_t *words)
{
	struct kube_pod *pod = kube_pod_alloc(kube);
	pod->state = (enum pod_state)(number(words, 1) % (POD_SUCCEEDED + 1));
	pod->restarts = (unsigned)number(words, 2);
	pod->revision = (unsigned)number(words, 3);
	pod->ip = (uint32_t)number(words, 4);
	pod->scheduled_ms = number(words, 5);
	pod->started_ms = number(words, 6);
	pod->ready_ms = number(words, 7);
	pod->crashed_ms = number(words, 8);
	return &pod->object;
}

static bool load_row(struct loading *loading, struct kube_kind *kind, const json_t *row)
{
	struct sim_kube *kube = loading->kube;
	const json_t *more = json_array_get(row, 14), *doc = json_array_get(row, 13);
	bool workload = kind->id >= KIND_DEPLOYMENT && kind->id <= KIND_CRONJOB && kind->id != KIND_REPLICASET;
	struct kube_object *object = kind->id == KIND_POD    ? load_pod(kube, more)
				     : kind->id == KIND_NODE ? load_node(kube, more)
				     : workload		     ? load_workload(kube, more)
							     : arena_alloc(kube->arena, sizeof *object);
	if (!object || !json_is_array(row))
		return false;
	object->created_ms = number(row, 5);
	kube_insert_into(kube, kind, object, text(row, 1)[0] ? kube_intern(kube, slice_of(text(row, 1))) : NULL,
			 arena_strdup(kube->arena, text(row, 0)));
	object->serial = (uint64_t)number(row, 2);
	object->rv = (uint64_t)number(row, 3);
	object->created_rv = (uint64_t)number(row, 4);
	object->deleting_ms = number(row, 6);
	object->generation = (uint32_t)number(row, 7);
	object->index = (uint32_t)number(row, 8);
	object->whole = flag(row, 9);
	object->fixture = flag(row, 10);
	if (json_is_object(doc))
		object->doc = json_deep_copy(doc);
	*HEAP_PUSH(loading->objects, loading->n) = (struct loaded){object, row};
	if (kind->id == KIND_CRD && object->whole)
		kube_adopt(kube, object);
	return true;
}

static void link_pod(struct loading *loading, struct kube_pod *pod, const json_t *row)
{
	struct kube_workload *w = pod->object.workload;
	struct kube_object *node = by_serial(loading, number(json_array_get(row, 14), 0));
	if (node) {
		pod->node = kube_node_of(node);
		pod->node->n_pods++;
	}
	if (!w)
		return;
	pod->next = w->pods;
	if (w->pods)
		w->pods->prev = pod;
	w->pods = pod;
	w->n_pods++;
	w->n_active += !pod->object.deleting_ms;
	w->n_ready += !pod->object.deleting_ms && pod->state == POD_READY;
}

static void link_source(struct loading *loading, struct kube_object *object, json_int_t source)
{
	if (object->fixture && source >= 0 && (size_t)source < kube_n_fixtures)
		object->source = &kube_fixtures[source];
	else if ((object->kind->id == KIND_CRD || object->kind->id == KIND_APISERVICE) && source >= 0 &&
		 (size_t)source < kube_n_resources)
		object->source = &kube_resources[source];
	else if (source > 0)
		object->source = by_serial(loading, source);
	if (object->source && object->kind->id == KIND_LEASE && !object->fixture)
		kube_node_of((struct kube_object *)(uintptr_t)object->source)->lease = object;
	if (object->source && object->kind->id == KIND_CSINODE)
		kube_node_of((struct kube_object *)(uintptr_t)object->source)->csi_node = object;
}

static void link_row(struct loading *loading, struct kube_object *object, const json_t *row)
{
	if (number(row, 11) > 0) {
		struct kube_object *workload = by_serial(loading, number(row, 11));
		struct kube_workload *w = object->workload = workload ? kube_workload_of(workload) : NULL;
		switch (w ? object->kind->id : KIND_OTHERS) {
		case KIND_REPLICASET:
			w->replica_set = object;
			break;
		case KIND_PDB:
			w->budget = object;
			break;
		case KIND_ENDPOINTSLICE:
			w->slice = object;
			break;
		case KIND_INGRESS:
			w->ingress = object;
			break;
		default:
			break;
		}
	}
	if (object->kind->id == KIND_POD)
		link_pod(loading, kube_pod_of(object), row);
	else
		link_source(loading, object, number(row, 12));
}

static int compare_serials(const void *a, const void *b)
{
	const struct loaded *left = a, *right = b;
	return left->object->serial < right->object->serial ? -1 : left->object->serial > right->object->serial;
}

/* Definitions first: they say of which kinds there may be objects. */
static bool load_kinds(struct loading *loading, const json_t *kinds, bool definitions)
{
	for (size_t i = 0; i < json_array_size(kinds); i++) {
		const json_t *saved = json_array_get(kinds, i), *rows = json_object_get(saved, "rows");
		struct kube_kind *kind =
			kube_kind_find(loading->kube, slice_of(member(saved, "group")),
				       slice_of(member(saved, "version")), slice_of(member(saved, "plural")));
		if (!kind)
			return false;
		if ((kind->id == KIND_CRD) != definitions)
			continue;
		for (size_t j = 0; j < json_array_size(rows); j++)
			if (!load_row(loading, kind, json_array_get(rows, j)))
				return false;
	}
	return true;
}

/* Oldest first, so that a workload's pods stand in the order in which they came. */
static void link_all(struct loading *loading)
{
	qsort(loading->objects, loading->n, sizeof *loading->objects, compare_serials);
	for (size_t i = 0; i < loading->n; i++)
		link_row(loading, loading->objects[i].object, loading->objects[i].row);
}

static void load_times(struct loading *loading, const json_t *document)
{
	struct sim_kube *kube = loading->kube;
	const json_t *timers = json_object_get(document, "timers"), *joining = json_object_get(document, "joining");
	for (size_t i = 0; i < json_array_size(timers); i++) {
		const json_t *row = json_array_get(timers, i);
		struct kube_object *object = by_serial(loading, number(row, 3));
		if (!object)
			continue;
		kube->timer_order = (uint64_t)number(row, 1) - 1;
		kube_timer_set(kube, number(row, 0), (enum kube_timer_kind)number(row, 2), object);
	}
	for (size_t i = 0; i < json_array_size(joining); i++) {
		const json_t *row = json_array_get(joining, i);
		*HEAP_PUSH(kube->joining, kube->n_joining) = (struct kube_joining){
			number(row, 0), number(row, 1), kube_intern(kube, slice_of(text(row, 2))),
			kube_intern(kube, slice_of(text(row, 3))), kube_intern(kube, slice_of(text(row, 4)))};
	}
}

static void load_lists(struct loading *loading, const json_t *document)
{
	struct sim_kube *kube = loading->kube;
	const json_t *pending = json_object_get(document, "pending"), *nodes = json_object_get(document, "nodes");
	for (size_t i = 0; i < json_array_size(pending); i++) {
		struct kube_object *pod = by_serial(loading, number(pending, i));
		if (pod)
			*HEAP_PUSH(kube->pending, kube->n_pending) = kube_pod_of(pod);
	}
	for (size_t i = 0; i < json_array_size(nodes); i++) {
		struct kube_object *node = by_serial(loading, number(nodes, i));
		if (node)
			*HEAP_PUSH(kube->nodes, kube->n_nodes) = kube_node_of(node);
	}
	for (size_t i = 0; i < kube->n_apps; i++)
		kube->apps[i]->ns = kube_find(kube_kind_of(kube, KIND_NAMESPACE), NULL, kube->apps[i]->name);
}

static void load_figures(struct sim_kube *kube, const json_t *document)
{
	kube->kubelet = arena_strdup(kube->arena, member(document, "kubelet"));
	kube->born_ms = figure(document, "born_ms");
	kube->rv = kube->compacted_rv = kube->next_compacted_rv = (uint64_t)figure(document, "rv");
	kube->serial = (uint64_t)figure(document, "serial");
	kube->node_serial = (uint64_t)figure(document, "node_serial");
	kube->timer_order = (uint64_t)figure(document, "timer_order");
	kube->node_cursor = (size_t)figure(document, "node_cursor");
	kube->deprecated_requests = (uint64_t)figure(document, "deprecated_requests");
	for (size_t i = 0; i < kube->n_kinds; i++)
		kube->kinds[i]->last_rv = kube->rv;
}

static void load_apps(struct sim_kube *kube, const json_t *apps)
{
	for (size_t i = 0; i < json_array_size(apps); i++) {
		const json_t *row = json_array_get(apps, i);
		struct kube_app *app = arena_alloc(kube->arena, sizeof *app);
		*app = (struct kube_app){.name = kube_intern(kube, slice_of(text(row, 0))),
					 .system = flag(row, 1),
					 .sick = flag(row, 2),
					 .created_ms = number(row, 3)};
		*HEAP_PUSH(kube->apps, kube->n_apps) = app;
		if (!app->system)
			*HEAP_PUSH(kube->app_names, kube->n_app_names) = app->name;
	}
}

struct error *sim_kube_load(const json_t *document, struct sim_kube **ret)
{
	struct sim_kube_profile profile = {.cluster = member(document, "cluster"),
					   .name = member(document, "name"),
					   .version = member(document, "version"),
					   .ingress_host = member(document, "ingress_host"),
					   .region = member(document, "region"),
					   .account = member(document, "account"),
					   .seed = (uint64_t)figure(document, "seed"),
					   .now_ms = figure(document, "now_ms")};
	const json_t *kinds = json_object_get(document, "kinds");
	if (!profile.cluster || !profile.version || !member(document, "kubelet") || !json_is_array(kinds))
		return error_new(ERROR_INVALID, "not a saved cluster: it has no \"cluster\", \"version\" or \"kinds\"");
	struct loading loading = {.kube = kube_new_bare(&profile)};
	load_apps(loading.kube, json_object_get(document, "apps"));
	bool good = load_kinds(&loading, kinds, true) && load_kinds(&loading, kinds, false);
	if (good) {
		link_all(&loading);
		load_times(&loading, document);
		load_lists(&loading, document);
		load_figures(loading.kube, document);
	}
	free(loading.objects);
	for (size_t i = 0; good && i < loading.kube->n_apps; i++)
		good = loading.kube->apps[i]->ns != NULL;
	if (!good) {
		sim_kube_free(loading.kube);
		return error_new(ERROR_INVALID, "not a saved cluster: an object in it is of no known kind or shape");
	}
	*ret = loading.kube;
	return NULL;
}
