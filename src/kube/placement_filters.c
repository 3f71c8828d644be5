/* The filters of kube-scheduler's default profile that look at one node: taints, labels and volumes, which are looked
 * at once for each class, and the room that there is now. */
#include "kube/placement_internal.h"

#include <string.h>

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

enum place_answer place_room(const struct place_class *class, const struct room *room)
{
	return room->pods < 1			  ? PLACE_PODS
	       : room->milli < class->needs.milli ? PLACE_CPU
	       : room->bytes < class->needs.bytes ? PLACE_MEMORY
						  : PLACE_FITS;
}

struct amount *place_port(const struct place_node *node, const struct amount *port)
{
	for (size_t i = 0; i < node->n_ports; i++)
		if (node->ports[i].units == port->units && !strcmp(node->ports[i].name, port->name))
			return &node->ports[i];
	return NULL;
}

enum place_answer place_more_room(const struct place_class *class, const struct place_node *node)
{
	for (size_t i = 0; i < class->n_others; i++) {
		const struct amount *other = place_amount(node->others, node->n_others, class->others[i].name);
		if (class->others[i].units > 0 && (!other || class->others[i].units > other->units))
			return PLACE_OTHER_RESOURCE;
	}
	for (size_t i = 0; i < class->n_ports; i++)
		if (place_port(node, &class->ports[i]))
			return PLACE_PORT;
	return PLACE_FITS;
}

enum place_answer place_alone(const struct place_class *class, const struct place_node *node)
{
	return is_tainted(node, class->spec) ? PLACE_TAINT
	       : !wants_node(class, node)    ? PLACE_SELECTOR
	       : !volumes_reach(class, node) ? PLACE_VOLUME
					     : PLACE_FITS;
}

void place_class_look(struct placement *placement, struct place_class *class)
{
	static const struct kube_taint cordon = {"node.kubernetes.io/unschedulable", NULL, "NoSchedule"};
	bool picky = class->spec->n_node_selector || class->n_all_of;
	if (!class->known)
		class->tolerates_cordon = tolerates(class->spec, &cordon);
	for (; class->known < placement->n_nodes; class->known++) {
		const struct place_node *node = placement->nodes[class->known];
		bool fits = !picky && !node_set_has(&placement->tainted, class->known);
		if (fits || place_alone(class, node) == PLACE_FITS)
			node_set_put(placement->arena, &class->suits, class->known, true);
		for (size_t i = 0; i < class->n_spreads; i++) {
			struct spread *spread = &class->spreads[i];
			if ((spread->ignore_affinity || wants_node(class, node)) &&
			    (!spread->honor_taints || !is_tainted(node, class->spec)))
				node_set_put(placement->arena, &spread->nodes, node->index, true);
		}
	}
}
