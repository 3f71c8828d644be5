/* The filters of kube-scheduler's default profile. Pods alike (one namespace, one set of labels, one spec) are one
 * class: what their terms select is worked out between classes, once. */
#include "kube/placement.h"

#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "kube/values.h"

enum { ENOUGH_NODES = 100 }; /* kube-scheduler, too, stops looking when so many will do */

const char *const place_answer_words[] = {
	"will do",
	"cordoned",
	"taint not tolerated",
	"node selector or affinity does not match",
	"volume is elsewhere",
	"not enough CPU",
	"not enough memory",
	"too many pods",
	"not enough of another resource",
	"host port taken",
	"pod anti-affinity",
	"pod affinity",
	"topology spread",
	NULL,
};

struct amount {
	const char *name;
	int64_t units;
};
struct node_term { /* of a NodeSelector: all must match */
	struct label_selector labels;
	const char *node_name; /* matchFields metadata.name In [x]; NULL */
};
struct node_terms { /* one must match */
	struct node_term *terms;
	size_t n;
};
struct pod_term {
	struct label_selector selector;
	const char *topology_key;
	const char **namespaces;
	size_t n_namespaces;
	bool every_namespace;
	struct label_selector namespace_selector;
	bool has_namespace_selector;
};
struct spread {
	struct label_selector selector;
	const char *topology_key;
	int64_t max_skew, min_domains;
	bool ignore_affinity, honor_taints;
};
struct class_list {
	struct place_class **classes;
	size_t n;
	size_t known; /* how many classes there were when it was made */
};

struct place_class {
	const char *ns;
	const struct pair *labels;
	size_t n_labels;
	const struct kube_pod_spec *spec;
	int64_t milli, bytes;
	struct amount *others;
	size_t n_others;
	struct node_terms *all_of; /* node affinity and each volume: every set must match */
	size_t n_all_of, n_volumes;
	struct pod_term *anti, *affinity;
	size_t n_anti, n_affinity;
	struct spread *spreads;
	size_t n_spreads;
	struct class_list *anti_selects, *affinity_selects, *spread_selects; /* by term */
	struct class_list anti_by; /* classes one of whose anti-affinity terms selects this one */
	struct place_pod *first;
	struct place_class *next_alike; /* same hash */
};

struct place_pod {
	struct place_class *class;
	struct place_node *node;
	struct place_pod *next, *prev;		 /* of its class, while it is placed */
	struct place_pod *node_next, *node_prev; /* of its node */
	void *mark;
};

struct place_node {
	const struct kube_node *node;
	bool closed, removed;
	int64_t milli, bytes, pods; /* free */
	struct amount *others;
	size_t n_others;
	struct amount *ports; /* name: protocol; units: port */
	size_t n_ports;
	struct place_pod *first;
	struct placement *placement;
};

struct placement {
	struct arena *arena;
	struct placement_world world;
	struct place_node **nodes;
	size_t n_nodes, cursor;
	struct place_class **classes;
	size_t n_classes;
	struct place_class *by_hash[1024];
};

struct placement *placement_new(const struct placement_world *world)
{
	struct placement *placement = mem_alloc(sizeof *placement);
	placement->arena = arena_new();
	if (world)
		placement->world = *world;
	return placement;
}

void placement_free(struct placement *placement)
{
	if (!placement)
		return;
	arena_free(placement->arena);
	free(placement->nodes);
	free(placement->classes);
	free(placement);
}

void placement_freep(struct placement **placement)
{
	placement_free(*placement);
}

/* ---- quantities */

static int64_t milli_of(const char *text)
{
	struct kube_quantity quantity;
	return text && kube_quantity_parse(slice_of(text), &quantity) ? kube_quantity_thousandths(&quantity) : 0;
}

static int64_t units_of(const char *text)
{
	struct kube_quantity quantity;
	return text && kube_quantity_parse(slice_of(text), &quantity) ? kube_quantity_units(&quantity) : 0;
}

static struct amount *amount_find(struct amount *amounts, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(amounts[i].name, name))
			return &amounts[i];
	return NULL;
}

struct request {
	int64_t milli, bytes;
	struct amount *others;
	size_t n_others;
};

static void request_add(struct arena *arena, struct request *request, const struct pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(pairs[i].key, "cpu")) {
			request->milli += milli_of(pairs[i].value);
		} else if (!strcmp(pairs[i].key, "memory")) {
			request->bytes += units_of(pairs[i].value);
		} else {
			struct amount *other = amount_find(request->others, request->n_others, pairs[i].key);
			if (!other) {
				other = ARENA_PUSH(arena, request->others, request->n_others);
				other->name = pairs[i].key;
			}
			other->units += units_of(pairs[i].value);
		}
	}
}

/* The larger of the two, resource by resource. */
static void request_most(struct arena *arena, struct request *request, const struct request *with)
{
	request->milli = with->milli > request->milli ? with->milli : request->milli;
	request->bytes = with->bytes > request->bytes ? with->bytes : request->bytes;
	for (size_t i = 0; i < with->n_others; i++) {
		struct amount *other = amount_find(request->others, request->n_others, with->others[i].name);
		if (!other) {
			other = ARENA_PUSH(arena, request->others, request->n_others);
			*other = (struct amount){with->others[i].name, 0};
		}
		other->units = with->others[i].units > other->units ? with->others[i].units : other->units;
	}
}

/* Containers and sidecars together, or an init container with the sidecars started before it, whichever is more. */
static void compile_requests(struct arena *arena, struct place_class *class)
{
	const struct kube_pod_spec *spec = class->spec;
	struct request total = {0}, sidecars = {0};
	for (size_t i = 0; i < spec->n_containers; i++)
		request_add(arena, &total, spec->containers[i].requests, spec->containers[i].n_requests);
	for (size_t i = 0; i < spec->n_init_containers; i++) {
		const struct kube_container *init = &spec->init_containers[i];
		bool sidecar = init->restart_policy && !strcmp(init->restart_policy, "Always");
		if (sidecar) {
			request_add(arena, &sidecars, init->requests, init->n_requests);
			request_add(arena, &total, init->requests, init->n_requests);
		}
	}
	struct request started = {0};
	for (size_t i = 0; i < spec->n_init_containers; i++) {
		const struct kube_container *init = &spec->init_containers[i];
		struct request peak = {started.milli, started.bytes, NULL, 0};
		for (size_t k = 0; k < started.n_others; k++)
			*ARENA_PUSH(arena, peak.others, peak.n_others) = started.others[k];
		request_add(arena, &peak, init->requests, init->n_requests);
		if (init->restart_policy && !strcmp(init->restart_policy, "Always"))
			request_add(arena, &started, init->requests, init->n_requests);
		request_most(arena, &total, &peak);
	}
	request_add(arena, &total, spec->overhead, spec->n_overhead);
	class->milli = total.milli;
	class->bytes = total.bytes;
	class->others = total.others;
	class->n_others = total.n_others;
}

/* ---- reading terms */

static json_t *parse(const char *text)
{
	json_t *document = NULL;
	struct error *error = text ? document_parse(slice_of(text), "object", &document) : NULL;
	if (error)
		document = NULL;
	error_free(error);
	return document;
}

/* What makes no sense selects nothing. */
static struct label_selector selector_of(struct arena *arena, const json_t *from)
{
	struct label_selector selector;
	struct error *error = label_selector_from(from, arena, &selector);
	if (error)
		selector = (struct label_selector){.nothing = true};
	error_free(error);
	return selector;
}

/* A NodeSelector: nodeSelectorTerms. A term with neither expressions nor fields matches no node. */
static void compile_node_terms(struct arena *arena, const json_t *selector, struct node_terms *ret)
{
	size_t i;
	const json_t *from;
	*ret = (struct node_terms){0};
	json_array_foreach (json_object_get(selector, "nodeSelectorTerms"), i, from) {
		const json_t *expressions = json_object_get(from, "matchExpressions"),
			     *field = json_array_get(json_object_get(from, "matchFields"), 0);
		struct node_term *term = ARENA_PUSH(arena, ret->terms, ret->n);
		json_t *as_selector DOCUMENT_CLEANUP = json_object();
		if (json_array_size(expressions))
			json_object_set(as_selector, "matchExpressions", (json_t *)(uintptr_t)expressions);
		term->labels = selector_of(arena, as_selector);
		term->labels.nothing |= !json_array_size(expressions) && !field;
		term->node_name = arena_strdup(arena, document_text(field, "values[0]"));
	}
}

static void compile_pod_terms(struct arena *arena, const char *ns, const json_t *from, struct pod_term **ret,
			      size_t *ret_n)
{
	size_t i, k;
	const json_t *one, *name;
	json_array_foreach (from, i, one) {
		struct pod_term *term = ARENA_PUSH(arena, *ret, *ret_n);
		const json_t *by_selector = json_object_get(one, "namespaceSelector");
		term->selector = selector_of(arena, json_object_get(one, "labelSelector"));
		term->topology_key = arena_strdup(arena, document_text_or(one, "topologyKey", ""));
		json_array_foreach (json_object_get(one, "namespaces"), k, name)
			if (json_is_string(name))
				*ARENA_PUSH(arena, term->namespaces, term->n_namespaces) =
					arena_strdup(arena, json_string_value(name));
		if (json_is_object(by_selector)) {
			term->has_namespace_selector = true;
			term->namespace_selector = selector_of(arena, by_selector);
			term->every_namespace = term->namespace_selector.n == 0;
		} else if (!term->n_namespaces) {
			*ARENA_PUSH(arena, term->namespaces, term->n_namespaces) = ns;
		}
	}
}

static void add_match_label_keys(struct arena *arena, const struct place_class *class, const json_t *keys,
				 struct label_selector *selector)
{
	size_t i;
	const json_t *key;
	json_array_foreach (keys, i, key) {
		const char *value = json_is_string(key)
					    ? kube_pairs_get(class->labels, class->n_labels, json_string_value(key))
					    : NULL;
		if (!value)
			continue;
		struct label_requirement *requirement = ARENA_PUSH(arena, selector->requirements, selector->n);
		*requirement =
			(struct label_requirement){.key = arena_strdup(arena, json_string_value(key)), .op = LABEL_IN};
		*ARENA_PUSH(arena, requirement->values, requirement->n_values) = value;
	}
}

static void compile_spreads(struct arena *arena, struct place_class *class)
{
	json_t *from DOCUMENT_CLEANUP = parse(class->spec->topology_spread);
	size_t i;
	const json_t *one;
	json_array_foreach (from, i, one) {
		if (strcmp(document_text_or(one, "whenUnsatisfiable", "DoNotSchedule"), "DoNotSchedule") != 0)
			continue;
		struct spread *spread = ARENA_PUSH(arena, class->spreads, class->n_spreads);
		*spread = (struct spread){
			.selector = selector_of(arena, json_object_get(one, "labelSelector")),
			.topology_key = arena_strdup(arena, document_text_or(one, "topologyKey", "")),
			.max_skew = document_int_or(one, "maxSkew", 1),
			.min_domains = document_int_or(one, "minDomains", 0),
			.ignore_affinity = !strcmp(document_text_or(one, "nodeAffinityPolicy", "Honor"), "Ignore"),
			.honor_taints = !strcmp(document_text_or(one, "nodeTaintsPolicy", "Ignore"), "Honor")};
		add_match_label_keys(arena, class, json_object_get(one, "matchLabelKeys"), &spread->selector);
	}
}

static void add_volume(struct placement *placement, struct place_class *class, const char *claim)
{
	const char *text = placement->world.volume_affinity
				   ? placement->world.volume_affinity(placement->world.context, class->ns, claim)
				   : NULL;
	json_t *affinity DOCUMENT_CLEANUP = parse(text);
	const json_t *required = json_object_get(affinity, "required");
	if (!required)
		return;
	compile_node_terms(placement->arena, required, ARENA_PUSH(placement->arena, class->all_of, class->n_all_of));
	class->n_volumes++;
}

static void compile_class(struct placement *placement, struct place_class *class)
{
	struct arena *arena = placement->arena;
	const struct kube_pod_spec *spec = class->spec;
	json_t *affinity DOCUMENT_CLEANUP = parse(spec->affinity);
	for (size_t i = 0; i < spec->n_volumes; i++)
		if (spec->volumes[i].claim)
			add_volume(placement, class, spec->volumes[i].claim);
	const json_t *nodes = document_at(affinity, "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution");
	if (nodes)
		compile_node_terms(arena, nodes, ARENA_PUSH(arena, class->all_of, class->n_all_of));
	compile_pod_terms(arena, class->ns,
			  document_at(affinity, "podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution"),
			  &class->anti, &class->n_anti);
	compile_pod_terms(arena, class->ns,
			  document_at(affinity, "podAffinity.requiredDuringSchedulingIgnoredDuringExecution"),
			  &class->affinity, &class->n_affinity);
	compile_requests(arena, class);
	compile_spreads(arena, class);
	class->anti_selects = arena_alloc(arena, class->n_anti * sizeof(struct class_list));
	class->affinity_selects = arena_alloc(arena, class->n_affinity * sizeof(struct class_list));
	class->spread_selects = arena_alloc(arena, class->n_spreads * sizeof(struct class_list));
}

/* ---- classes and pods */

static size_t hash_of(const char *ns, const void *labels, const void *spec)
{
	uintptr_t mixed = ((uintptr_t)ns ^ (uintptr_t)labels * 31 ^ (uintptr_t)spec * 131) *
			  (uintptr_t)UINT64_C(0x9E3779B97F4A7C15);
	return (size_t)(mixed >> 40);
}

static struct place_class *class_of(struct placement *placement, const struct kube_meta *meta,
				    const struct kube_pod_spec *spec)
{
	static const struct kube_pod_spec no_spec;
	spec = spec ? spec : &no_spec;
	size_t at = hash_of(meta->ns, meta->labels, spec) % ARRAY_SIZE(placement->by_hash);
	for (struct place_class *class = placement->by_hash[at]; class; class = class->next_alike)
		if (class->ns == meta->ns && class->labels == meta->labels && class->n_labels == meta->n_labels &&
		    class->spec == spec)
			return class;
	struct place_class *class = arena_alloc(placement->arena, sizeof *class);
	*class = (struct place_class){.ns = meta->ns,
				      .labels = meta->labels,
				      .n_labels = meta->n_labels,
				      .spec = spec,
				      .next_alike = placement->by_hash[at]};
	placement->by_hash[at] = class;
	*HEAP_PUSH(placement->classes, placement->n_classes) = class;
	compile_class(placement, class);
	return class;
}

struct place_pod *placement_pod(struct placement *placement, const struct kube_meta *meta,
				const struct kube_pod_spec *spec)
{
	struct place_pod *pod = arena_alloc(placement->arena, sizeof *pod);
	pod->class = class_of(placement, meta, spec);
	return pod;
}

struct place_node *place_pod_node(const struct place_pod *pod)
{
	return pod->node;
}

void place_pod_mark(struct place_pod *pod, void *mark)
{
	pod->mark = mark;
}

void *place_pod_marked(const struct place_pod *pod)
{
	return pod->mark;
}

struct place_pod *place_node_first(const struct place_node *node)
{
	return node->first;
}

struct place_pod *place_pod_next(const struct place_pod *pod)
{
	return pod->node_next;
}

static void count(struct place_node *node, const struct place_class *class, int sign)
{
	struct arena *arena = node->placement->arena;
	node->milli -= sign * class->milli;
	node->bytes -= sign * class->bytes;
	node->pods -= sign;
	for (size_t i = 0; i < class->n_others; i++) {
		struct amount *other = amount_find(node->others, node->n_others, class->others[i].name);
		if (!other) {
			other = ARENA_PUSH(arena, node->others, node->n_others);
			*other = (struct amount){class->others[i].name, 0};
		}
		other->units -= sign * class->others[i].units;
	}
}

#define EACH_HOST_PORT(spec, port)                                                                                     \
	for (size_t c_ = 0; c_ < (spec)->n_containers; c_++)                                                           \
		for (const struct kube_port *port = (spec)->containers[c_].ports,                                      \
					    *end_ = port + (spec)->containers[c_].n_ports;                             \
		     port < end_; port++)                                                                              \
			if (port->host_port)

void placement_put(struct place_pod *pod, struct place_node *node)
{
	struct place_class *class = pod->class;
	pod->node = node;
	pod->prev = NULL;
	pod->next = class->first;
	if (class->first)
		class->first->prev = pod;
	class->first = pod;
	pod->node_prev = NULL;
	pod->node_next = node->first;
	if (node->first)
		node->first->node_prev = pod;
	node->first = pod;
	count(node, class, 1);
	EACH_HOST_PORT(class->spec, port)
	*ARENA_PUSH(node->placement->arena, node->ports, node->n_ports) =
		(struct amount){port->protocol ? port->protocol : "TCP", port->host_port};
}

void placement_take(struct place_pod *pod)
{
	struct place_node *node = pod->node;
	if (!node)
		return;
	*(pod->prev ? &pod->prev->next : &pod->class->first) = pod->next;
	if (pod->next)
		pod->next->prev = pod->prev;
	*(pod->node_prev ? &pod->node_prev->node_next : &node->first) = pod->node_next;
	if (pod->node_next)
		pod->node_next->node_prev = pod->node_prev;
	pod->node = NULL;
	count(node, pod->class, -1);
	EACH_HOST_PORT(pod->class->spec, port)
	for (size_t i = 0; i < node->n_ports; i++)
		if (node->ports[i].units == port->host_port &&
		    !strcmp(node->ports[i].name, port->protocol ? port->protocol : "TCP")) {
			node->ports[i] = node->ports[--node->n_ports];
			break;
		}
}

/* ---- nodes */

struct place_node *placement_add_node(struct placement *placement, const struct kube_node *node)
{
	struct place_node *place = arena_alloc(placement->arena, sizeof *place);
	const struct pair *room = node->allocatable;
	*place = (struct place_node){.node = node,
				     .closed = node->unschedulable,
				     .milli = milli_of(kube_pairs_get(room, node->n_allocatable, "cpu")),
				     .bytes = units_of(kube_pairs_get(room, node->n_allocatable, "memory")),
				     .pods = units_of(kube_pairs_get(room, node->n_allocatable, "pods")),
				     .placement = placement};
	for (size_t i = 0; i < node->n_allocatable; i++)
		if (strcmp(room[i].key, "cpu") != 0 && strcmp(room[i].key, "memory") != 0 &&
		    strcmp(room[i].key, "pods") != 0)
			*ARENA_PUSH(placement->arena, place->others, place->n_others) =
				(struct amount){room[i].key, units_of(room[i].value)};
	*HEAP_PUSH(placement->nodes, placement->n_nodes) = place;
	return place;
}

const struct kube_node *place_node_of(const struct place_node *node)
{
	return node->node;
}

void place_node_close(struct place_node *node, bool closed)
{
	node->closed = closed;
}

void place_node_remove(struct place_node *node)
{
	node->removed = true;
}

static const char *topology(const struct place_node *node, const char *key)
{
	const char *value = kube_meta_label(&node->node->meta, key);
	return value ? value : !strcmp(key, "kubernetes.io/hostname") ? node->node->meta.name : NULL;
}

/* ---- filters of the node alone */

static bool tolerates(const struct kube_pod_spec *spec, const struct kube_taint *taint)
{
	for (size_t i = 0; i < spec->n_tolerations; i++) {
		const struct kube_toleration *t = &spec->tolerations[i];
		bool exists = t->op && !strcmp(t->op, "Exists");
		if (t->effect && *t->effect && strcmp(t->effect, taint->effect ? taint->effect : "") != 0)
			continue;
		if (!t->key || !*t->key) {
			if (exists)
				return true;
			continue;
		}
		if (strcmp(t->key, taint->key ? taint->key : "") != 0)
			continue;
		if (exists || !strcmp(t->value ? t->value : "", taint->value ? taint->value : ""))
			return true;
	}
	return false;
}

/* A cordon is a taint that the scheduler adds in its mind. */
static bool is_closed(const struct place_node *node, const struct kube_pod_spec *spec)
{
	static const struct kube_taint cordon = {"node.kubernetes.io/unschedulable", NULL, "NoSchedule"};
	return node->removed || (node->closed && !tolerates(spec, &cordon));
}

static bool is_tainted(const struct place_node *node, const struct kube_pod_spec *spec)
{
	for (size_t i = 0; i < node->node->n_taints; i++) {
		const struct kube_taint *taint = &node->node->taints[i];
		bool keeps_out =
			taint->effect && (!strcmp(taint->effect, "NoSchedule") || !strcmp(taint->effect, "NoExecute"));
		bool cordon = taint->key && !strcmp(taint->key, "node.kubernetes.io/unschedulable");
		if (keeps_out && !cordon && !tolerates(spec, taint))
			return true;
	}
	return false;
}

static bool term_matches(const struct node_term *term, const struct place_node *node)
{
	if (term->node_name && strcmp(term->node_name, node->node->meta.name ? node->node->meta.name : "") != 0)
		return false;
	return label_selector_matches(&term->labels, node->node->meta.labels, node->node->meta.n_labels);
}

static bool terms_match(const struct node_terms *terms, const struct place_node *node)
{
	for (size_t i = 0; i < terms->n; i++)
		if (term_matches(&terms->terms[i], node))
			return true;
	return false;
}

static bool volumes_reach(const struct place_class *class, const struct place_node *node)
{
	for (size_t i = 0; i < class->n_volumes; i++)
		if (!terms_match(&class->all_of[i], node))
			return false;
	return true;
}

static bool wants_node(const struct place_class *class, const struct place_node *node)
{
	const struct kube_pod_spec *spec = class->spec;
	for (size_t i = 0; i < spec->n_node_selector; i++) {
		const char *value = kube_meta_label(&node->node->meta, spec->node_selector[i].key);
		if (!value || strcmp(value, spec->node_selector[i].value ? spec->node_selector[i].value : "") != 0)
			return false;
	}
	for (size_t i = class->n_volumes; i < class->n_all_of; i++)
		if (!terms_match(&class->all_of[i], node))
			return false;
	return true;
}

static enum place_answer has_room(const struct place_class *class, const struct place_node *node)
{
	if (node->pods < 1)
		return PLACE_PODS;
	if (class->milli > 0 && class->milli > node->milli)
		return PLACE_CPU;
	if (class->bytes > 0 && class->bytes > node->bytes)
		return PLACE_MEMORY;
	for (size_t i = 0; i < class->n_others; i++) {
		const struct amount *other = amount_find(node->others, node->n_others, class->others[i].name);
		if (class->others[i].units > 0 && (!other || class->others[i].units > other->units))
			return PLACE_OTHER_RESOURCE;
	}
	EACH_HOST_PORT(class->spec, port)
	for (size_t i = 0; i < node->n_ports; i++)
		if (node->ports[i].units == port->host_port &&
		    !strcmp(node->ports[i].name, port->protocol ? port->protocol : "TCP"))
			return PLACE_PORT;
	return PLACE_FITS;
}

/* ---- filters between pods */

static bool term_covers(const struct placement *placement, const struct pod_term *term, const struct place_class *class)
{
	bool ns = term->every_namespace;
	for (size_t i = 0; i < term->n_namespaces && !ns; i++)
		ns = class->ns && !strcmp(term->namespaces[i], class->ns);
	if (!ns && term->has_namespace_selector && placement->world.namespace_of) {
		const struct kube_namespace *of = placement->world.namespace_of(placement->world.context, class->ns);
		ns = of && label_selector_matches(&term->namespace_selector, of->meta.labels, of->meta.n_labels);
	}
	return ns && label_selector_matches(&term->selector, class->labels, class->n_labels);
}

static const struct class_list *selected_by(struct placement *placement, struct class_list *list,
					    const struct pod_term *term)
{
	for (; list->known < placement->n_classes; list->known++) {
		struct place_class *class = placement->classes[list->known];
		if (term_covers(placement, term, class))
			*ARENA_PUSH(placement->arena, list->classes, list->n) = class;
	}
	return list;
}

static const struct class_list *spread_over(struct placement *placement, struct place_class *class, size_t at)
{
	struct class_list *list = &class->spread_selects[at];
	for (; list->known < placement->n_classes; list->known++) {
		struct place_class *other = placement->classes[list->known];
		if (other->ns && class->ns && !strcmp(other->ns, class->ns) &&
		    label_selector_matches(&class->spreads[at].selector, other->labels, other->n_labels))
			*ARENA_PUSH(placement->arena, list->classes, list->n) = other;
	}
	return list;
}

static const struct class_list *repelled_by(struct placement *placement, struct place_class *class)
{
	struct class_list *list = &class->anti_by;
	for (; list->known < placement->n_classes; list->known++) {
		struct place_class *other = placement->classes[list->known];
		bool repels = false;
		for (size_t i = 0; i < other->n_anti && !repels; i++)
			repels = term_covers(placement, &other->anti[i], class);
		if (repels)
			*ARENA_PUSH(placement->arena, list->classes, list->n) = other;
	}
	return list;
}

static bool same_place(const struct place_node *a, const struct place_node *b, const char *key)
{
	const char *here = topology(a, key), *there = topology(b, key);
	return here && there && !strcmp(here, there);
}

static bool someone_there(const struct class_list *list, const struct place_node *node, const char *key)
{
	for (size_t i = 0; i < list->n; i++)
		for (const struct place_pod *pod = list->classes[i]->first; pod; pod = pod->next)
			if (!pod->node->removed && same_place(pod->node, node, key))
				return true;
	return false;
}

static bool anyone(const struct class_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->classes[i]->first)
			return true;
	return false;
}

static bool repelled(struct placement *placement, struct place_class *class, const struct place_node *node)
{
	for (size_t i = 0; i < class->n_anti; i++)
		if (someone_there(selected_by(placement, &class->anti_selects[i], &class->anti[i]), node,
				  class->anti[i].topology_key))
			return true;
	const struct class_list *others = repelled_by(placement, class);
	for (size_t i = 0; i < others->n; i++) {
		const struct place_class *other = others->classes[i];
		for (size_t t = 0; t < other->n_anti; t++) {
			if (!term_covers(placement, &other->anti[t], class))
				continue;
			for (const struct place_pod *pod = other->first; pod; pod = pod->next)
				if (!pod->node->removed && same_place(pod->node, node, other->anti[t].topology_key))
					return true;
		}
	}
	return false;
}

/* The first pod of a group that is drawn to itself may begin anywhere the key exists. */
static bool drawn(struct placement *placement, struct place_class *class, const struct place_node *node)
{
	bool begins = true, there = true;
	for (size_t i = 0; i < class->n_affinity; i++) {
		const struct pod_term *term = &class->affinity[i];
		const struct class_list *list = selected_by(placement, &class->affinity_selects[i], term);
		if (!topology(node, term->topology_key))
			return false;
		there &= someone_there(list, node, term->topology_key);
		begins &= !anyone(list) && term_covers(placement, term, class);
	}
	return there || begins;
}

static bool counts_for_spread(const struct spread *spread, const struct place_class *class,
			      const struct place_node *node)
{
	if (node->removed || !topology(node, spread->topology_key))
		return false;
	if (!spread->ignore_affinity && !wants_node(class, node))
		return false;
	return !spread->honor_taints || (!is_tainted(node, class->spec) && !is_closed(node, class->spec));
}

static int64_t pods_in(const struct class_list *list, const struct spread *spread, const struct place_class *class,
		       const char *domain)
{
	int64_t n = 0;
	for (size_t i = 0; i < list->n; i++)
		for (const struct place_pod *pod = list->classes[i]->first; pod; pod = pod->next)
			if (counts_for_spread(spread, class, pod->node))
				n += !strcmp(topology(pod->node, spread->topology_key), domain);
	return n;
}

static bool spread_allows(struct placement *placement, struct place_class *class, size_t at,
			  const struct place_node *node)
{
	const struct spread *spread = &class->spreads[at];
	const struct class_list *list = spread_over(placement, class, at);
	const char *here = topology(node, spread->topology_key), *seen[256];
	int64_t least = INT64_MAX;
	size_t domains = 0;
	if (!here)
		return false;
	for (size_t i = 0; i < placement->n_nodes && domains < ARRAY_SIZE(seen); i++) {
		if (!counts_for_spread(spread, class, placement->nodes[i]))
			continue;
		const char *domain = topology(placement->nodes[i], spread->topology_key);
		size_t k = 0;
		while (k < domains && strcmp(seen[k], domain) != 0)
			k++;
		if (k < domains)
			continue;
		seen[domains++] = domain;
		int64_t n = pods_in(list, spread, class, domain);
		least = n < least ? n : least;
	}
	if (least == INT64_MAX || (int64_t)domains < spread->min_domains)
		least = 0;
	bool counts_itself = label_selector_matches(&spread->selector, class->labels, class->n_labels);
	return pods_in(list, spread, class, here) + counts_itself - least <= spread->max_skew;
}

/* ---- the answer */

enum place_answer placement_ask(struct placement *placement, const struct place_pod *pod, const struct place_node *node)
{
	struct place_class *class = pod->class;
	if (is_closed(node, class->spec))
		return PLACE_CLOSED;
	if (is_tainted(node, class->spec))
		return PLACE_TAINT;
	if (!wants_node(class, node))
		return PLACE_SELECTOR;
	if (!volumes_reach(class, node))
		return PLACE_VOLUME;
	enum place_answer room = has_room(class, node);
	if (room != PLACE_FITS)
		return room;
	if (repelled(placement, class, node))
		return PLACE_ANTI_AFFINITY;
	if (class->n_affinity && !drawn(placement, class, node))
		return PLACE_AFFINITY;
	for (size_t i = 0; i < class->n_spreads; i++)
		if (!spread_allows(placement, class, i, node))
			return PLACE_SPREAD;
	return PLACE_FITS;
}

struct place_node *placement_choose(struct placement *placement, const struct place_pod *pod)
{
	struct place_node *best = NULL;
	size_t fitting = 0, looked = 0;
	for (; looked < placement->n_nodes && fitting < ENOUGH_NODES; looked++) {
		struct place_node *node = placement->nodes[(placement->cursor + looked) % placement->n_nodes];
		if (placement_ask(placement, pod, node) != PLACE_FITS)
			continue;
		fitting++;
		if (!best || node->milli > best->milli || (node->milli == best->milli && node->pods > best->pods))
			best = node;
	}
	if (looked < placement->n_nodes)
		placement->cursor = (placement->cursor + looked) % placement->n_nodes;
	return best;
}

void placement_explain(struct placement *placement, const struct place_pod *pod, struct buf *out)
{
	size_t counts[PLACE_ANSWERS] = {0}, parts = 0;
	for (size_t i = 0; i < placement->n_nodes; i++)
		if (!placement->nodes[i]->removed)
			counts[placement_ask(placement, pod, placement->nodes[i])]++;
	for (size_t i = PLACE_FITS + 1; i < PLACE_ANSWERS; i++)
		if (counts[i])
			buf_printf(out, "%s%zu %s: %s", parts++ ? ", " : "", counts[i],
				   counts[i] == 1 ? "node" : "nodes", place_answer_words[i]);
	if (!parts)
		buf_puts(out, "there are no nodes");
}
