/* Pods alike (one namespace, one set of labels, one spec) are one class: what they ask for, and the terms by which they
 * choose nodes and each other, are read from the spec once. */
#include "kube/placement_internal.h"

#include <stdlib.h>
#include <string.h>

struct amount *place_amount(struct amount *amounts, size_t n, const char *name)
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
			request->milli += kube_text_thousandths(pairs[i].value);
		} else if (!strcmp(pairs[i].key, "memory")) {
			request->bytes += kube_text_units(pairs[i].value);
		} else {
			struct amount *other = place_amount(request->others, request->n_others, pairs[i].key);
			if (!other) {
				other = ARENA_PUSH(arena, request->others, request->n_others);
				other->name = pairs[i].key;
			}
			other->units += kube_text_units(pairs[i].value);
		}
	}
}

/* The larger of the two, resource by resource. */
static void request_most(struct arena *arena, struct request *request, const struct request *with)
{
	request->milli = with->milli > request->milli ? with->milli : request->milli;
	request->bytes = with->bytes > request->bytes ? with->bytes : request->bytes;
	for (size_t i = 0; i < with->n_others; i++) {
		struct amount *other = place_amount(request->others, request->n_others, with->others[i].name);
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
	class->needs =
		(struct room){total.milli > 0 ? total.milli : INT64_MIN, total.bytes > 0 ? total.bytes : INT64_MIN, 1};
	class->others = total.others;
	class->n_others = total.n_others;
}

static void compile_ports(struct arena *arena, struct place_class *class)
{
	for (size_t i = 0; i < class->spec->n_containers; i++) {
		const struct kube_container *container = &class->spec->containers[i];
		for (size_t k = 0; k < container->n_ports; k++) {
			const struct kube_port *port = &container->ports[k];
			if (port->host_port)
				*ARENA_PUSH(arena, class->ports, class->n_ports) =
					(struct amount){port->protocol ? port->protocol : "TCP", port->host_port};
		}
	}
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

static void compile_pod_terms(struct placement *placement, const char *ns, const json_t *from, struct pod_term **ret,
			      size_t *ret_n)
{
	size_t i, k;
	const json_t *one, *name;
	struct arena *arena = placement->arena;
	json_array_foreach (from, i, one) {
		struct pod_term *term = ARENA_PUSH(arena, *ret, *ret_n);
		const json_t *by_selector = json_object_get(one, "namespaceSelector");
		term->selector = selector_of(arena, json_object_get(one, "labelSelector"));
		term->topology = place_topology(placement, document_text_or(one, "topologyKey", ""));
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

static void compile_spreads(struct placement *placement, struct place_class *class)
{
	struct arena *arena = placement->arena;
	json_t *from DOCUMENT_CLEANUP = parse(class->spec->topology_spread);
	size_t i;
	const json_t *one;
	json_array_foreach (from, i, one) {
		if (strcmp(document_text_or(one, "whenUnsatisfiable", "DoNotSchedule"), "DoNotSchedule") != 0)
			continue;
		struct spread *spread = ARENA_PUSH(arena, class->spreads, class->n_spreads);
		*spread = (struct spread){
			.selector = selector_of(arena, json_object_get(one, "labelSelector")),
			.topology = place_topology(placement, document_text_or(one, "topologyKey", "")),
			.max_skew = document_int_or(one, "maxSkew", 1),
			.min_domains = document_int_or(one, "minDomains", 0),
			.ignore_affinity = !strcmp(document_text_or(one, "nodeAffinityPolicy", "Honor"), "Ignore"),
			.honor_taints = !strcmp(document_text_or(one, "nodeTaintsPolicy", "Ignore"), "Honor")};
		add_match_label_keys(arena, class, json_object_get(one, "matchLabelKeys"), &spread->selector);
		spread->counts_itself = label_selector_matches(&spread->selector, class->labels, class->n_labels);
	}
}

static void add_volume(struct placement *placement, struct place_class *class, const char *claim)
{
	const char *text = placement->world.volume_affinity
				   ? placement->world.volume_affinity(placement->world.context, class->ns, claim)
				   : NULL;
	json_t *affinity DOCUMENT_CLEANUP = parse(text);
	const json_t *required = json_object_get(affinity, "required");
	if (!json_is_object(required))
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
	if (json_is_object(nodes))
		compile_node_terms(arena, nodes, ARENA_PUSH(arena, class->all_of, class->n_all_of));
	compile_pod_terms(placement, class->ns,
			  document_at(affinity, "podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution"),
			  &class->anti, &class->n_anti);
	compile_pod_terms(placement, class->ns,
			  document_at(affinity, "podAffinity.requiredDuringSchedulingIgnoredDuringExecution"),
			  &class->affinity, &class->n_affinity);
	compile_requests(arena, class);
	compile_ports(arena, class);
	compile_spreads(placement, class);
	class->anti_selects = arena_alloc(arena, class->n_anti * sizeof(struct relations));
	class->affinity_selects = arena_alloc(arena, class->n_affinity * sizeof(struct relations));
	class->spread_selects = arena_alloc(arena, class->n_spreads * sizeof(struct relations));
}

/* ---- classes and pods */

static size_t hash_of(const char *ns, const void *labels, const void *spec)
{
	uintptr_t mixed = ((uintptr_t)ns ^ (uintptr_t)labels * 31 ^ (uintptr_t)spec * 131) *
			  (uintptr_t)UINT64_C(0x9E3779B97F4A7C15);
	return (size_t)(mixed >> 40);
}

struct place_class *place_class_of(struct placement *placement, const struct kube_meta *meta,
				   const struct kube_pod_spec *spec)
{
	static const struct kube_pod_spec no_spec;
	static const char no_namespace[] = "";
	const char *ns = meta->ns ? meta->ns : no_namespace;
	spec = spec ? spec : &no_spec;
	size_t at = hash_of(ns, meta->labels, spec) % ARRAY_SIZE(placement->by_hash);
	for (struct place_class *class = placement->by_hash[at]; class; class = class->next_alike)
		if (class->ns == ns && class->labels == meta->labels && class->n_labels == meta->n_labels &&
		    class->spec == spec)
			return class;
	struct place_class *class = arena_alloc(placement->arena, sizeof *class);
	*class = (struct place_class){.ns = ns,
				      .labels = meta->labels,
				      .n_labels = meta->n_labels,
				      .spec = spec,
				      .index = (uint32_t)placement->n_classes,
				      .next_alike = placement->by_hash[at]};
	placement->by_hash[at] = class;
	*HEAP_PUSH(placement->classes, placement->n_classes) = class;
	compile_class(placement, class);
	return class;
}
