/* The filters of kube-scheduler's default profile: will a node do, and if not, why. What the terms of pods select is
 * worked out between classes, once. */
#include "kube/placement_internal.h"

#include <string.h>

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
		const struct amount *other = place_amount(node->others, node->n_others, class->others[i].name);
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
