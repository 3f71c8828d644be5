/* Affinity, anti-affinity and topology spread: what pods say of each other by domains, that is, by the values of a
 * label of nodes. Who is meant is worked out between classes, once; where they are, once for each pod that is to be
 * placed, so that asking a node is looking up its domain. */
#include "kube/placement_internal.h"

#include <string.h>

/* ---- topologies */

static size_t hash_of(const char *text)
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325);
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
	return (size_t)(hash ^ hash >> 32);
}

static size_t slot_of(const struct topology *topology, const char *value)
{
	size_t at = hash_of(value) & (topology->capacity - 1);
	while (topology->table[at] && strcmp(topology->values[topology->table[at] - 1], value) != 0)
		at = (at + 1) & (topology->capacity - 1);
	return at;
}

static void grow(struct arena *arena, struct topology *topology)
{
	topology->capacity = topology->capacity ? topology->capacity * 2 : 16;
	topology->table = arena_alloc(arena, topology->capacity * sizeof *topology->table);
	for (size_t i = 0; i < topology->n_values; i++)
		topology->table[slot_of(topology, topology->values[i])] = (uint32_t)i + 1;
}

static uint32_t domain_of(struct arena *arena, struct topology *topology, const struct kube_node *node)
{
	const char *value = kube_meta_label(&node->meta, topology->key);
	if (!value && !strcmp(topology->key, "kubernetes.io/hostname"))
		value = node->meta.name;
	if (!value)
		return 0;
	if (topology->n_values * 2 >= topology->capacity)
		grow(arena, topology);
	size_t at = slot_of(topology, value);
	if (!topology->table[at]) {
		*ARENA_PUSH(arena, topology->values, topology->n_values) = value;
		topology->table[at] = (uint32_t)topology->n_values;
	}
	return topology->table[at];
}

static struct topology *up_to_date(const struct placement *placement, struct topology *topology)
{
	while (topology->known < placement->n_nodes) {
		uint32_t domain = domain_of(placement->arena, topology, placement->nodes[topology->known]->node);
		*ARENA_PUSH(placement->arena, topology->of, topology->known) = domain;
	}
	return topology;
}

struct topology *place_topology(struct placement *placement, const char *key)
{
	for (size_t i = 0; i < placement->n_topologies; i++)
		if (!strcmp(placement->topologies[i]->key, key))
			return placement->topologies[i];
	struct topology *topology = arena_alloc(placement->arena, sizeof *topology);
	topology->key = arena_strdup(placement->arena, key);
	*ARENA_PUSH(placement->arena, placement->topologies, placement->n_topologies) = topology;
	return topology;
}

/* ---- who is meant */

static bool term_covers(const struct placement *placement, const struct pod_term *term, const struct place_class *class)
{
	bool ns = term->every_namespace;
	for (size_t i = 0; i < term->n_namespaces && !ns; i++)
		ns = !strcmp(term->namespaces[i], class->ns);
	if (!ns && term->has_namespace_selector && placement->world.namespace_of) {
		const struct kube_namespace *of = placement->world.namespace_of(placement->world.context, class->ns);
		ns = of && label_selector_matches(&term->namespace_selector, of->meta.labels, of->meta.n_labels);
	}
	return ns && label_selector_matches(&term->selector, class->labels, class->n_labels);
}

static void relate(struct placement *placement, struct relations *relations, struct place_class *class,
		   const struct pod_term *term)
{
	*ARENA_PUSH(placement->arena, relations->items, relations->n) = (struct relation){class, term};
}

static struct relations *selected_by(struct placement *placement, struct relations *relations,
				     const struct pod_term *term)
{
	for (; relations->known < placement->n_classes; relations->known++)
		if (term_covers(placement, term, placement->classes[relations->known]))
			relate(placement, relations, placement->classes[relations->known], NULL);
	return relations;
}

static struct relations *spread_over(struct placement *placement, struct place_class *class, size_t at)
{
	struct relations *relations = &class->spread_selects[at];
	for (; relations->known < placement->n_classes; relations->known++) {
		struct place_class *other = placement->classes[relations->known];
		if (!strcmp(other->ns, class->ns) &&
		    label_selector_matches(&class->spreads[at].selector, other->labels, other->n_labels))
			relate(placement, relations, other, NULL);
	}
	return relations;
}

static struct relations *repelled_by(struct placement *placement, struct place_class *class)
{
	struct relations *relations = &class->repelled_by;
	for (; relations->known < placement->n_classes; relations->known++) {
		struct place_class *other = placement->classes[relations->known];
		for (size_t i = 0; i < other->n_anti; i++)
			if (term_covers(placement, &other->anti[i], class))
				relate(placement, relations, other, &other->anti[i]);
	}
	return relations;
}

static uint64_t moves(const struct relations *relations)
{
	uint64_t n = 0;
	for (size_t i = 0; i < relations->n; i++)
		n += relations->items[i].class->moves;
	return n;
}

uint64_t place_relations(struct placement *placement, struct place_class *class)
{
	uint64_t n = moves(repelled_by(placement, class)) + (class->n_spreads ? placement->shape : 0);
	for (size_t i = 0; i < class->n_anti; i++)
		n += moves(selected_by(placement, &class->anti_selects[i], &class->anti[i]));
	for (size_t i = 0; i < class->n_affinity; i++)
		n += moves(selected_by(placement, &class->affinity_selects[i], &class->affinity[i]));
	for (size_t i = 0; i < class->n_spreads; i++)
		n += moves(spread_over(placement, class, i));
	return n;
}

/* ---- where they are */

static struct rule *add_rule(struct placement *placement, struct rules *rules, enum rule_kind kind,
			     struct topology *topology)
{
	struct rule *rule = ARENA_PUSH(placement->scratch, rules->items, rules->n);
	rule->kind = kind;
	rule->topology = up_to_date(placement, topology);
	if (kind == RULE_SPREADS)
		rule->counts = arena_alloc(placement->scratch, (topology->n_values + 1) * sizeof *rule->counts);
	else
		rule->there = arena_alloc(placement->scratch, (topology->n_values / 64 + 1) * sizeof *rule->there);
	return rule;
}

/* False when there is none at all, not even on a node without such a domain. */
static bool mark(const struct placement *placement, struct rule *rule, const struct place_class *class)
{
	EACH_POD_OF(placement, class, pod)
	{
		size_t node = pod->node - 1;
		uint32_t domain = node_set_has(&placement->present, node) ? rule->topology->of[node] : 0;
		if (domain)
			rule->there[domain / 64] |= UINT64_C(1) << domain % 64;
	}
	return class->first != 0;
}

static void repel(struct placement *placement, struct rules *rules, struct topology *topology,
		  const struct place_class *class)
{
	struct rule *rule = NULL;
	if (!class->first)
		return;
	for (size_t i = 0; i < rules->n; i++)
		if (rules->items[i].topology == topology)
			rule = &rules->items[i];
	mark(placement, rule ? rule : add_rule(placement, rules, RULE_REPELS, topology), class);
}

static void draw(struct placement *placement, struct place_class *class, struct rules *rules)
{
	rules->begins = true;
	for (size_t i = 0; i < class->n_affinity; i++) {
		const struct pod_term *term = &class->affinity[i];
		const struct relations *relations = selected_by(placement, &class->affinity_selects[i], term);
		struct rule *rule = add_rule(placement, rules, RULE_DRAWS, term->topology);
		bool anyone = false;
		for (size_t k = 0; k < relations->n; k++)
			anyone |= mark(placement, rule, relations->items[k].class);
		rules->begins &= !anyone && term_covers(placement, term, class);
	}
}

static bool counts_for(const struct placement *placement, const struct place_class *class, const struct spread *spread,
		       size_t node)
{
	return node_set_has(&spread->nodes, node) &&
	       node_set_has(spread->honor_taints && !class->tolerates_cordon ? &placement->open : &placement->present,
			    node);
}

static void spread(struct placement *placement, struct place_class *class, size_t at, struct rules *rules)
{
	const struct spread *spread = &class->spreads[at];
	const struct relations *relations = spread_over(placement, class, at);
	struct rule *rule = add_rule(placement, rules, RULE_SPREADS, spread->topology);
	const uint32_t *of = rule->topology->of;
	bool *exists = arena_alloc(placement->scratch, rule->topology->n_values + 1);
	int64_t least = INT64_MAX, domains = 0;
	for (size_t i = 0; i < relations->n; i++)
		EACH_POD_OF(placement, relations->items[i].class, pod)
	rule->counts[of[pod->node - 1]] += counts_for(placement, class, spread, pod->node - 1);
	for (size_t i = 0; i < placement->n_nodes; i++)
		exists[of[i]] |= counts_for(placement, class, spread, i);
	for (size_t domain = 1; domain <= rule->topology->n_values; domain++) {
		if (!exists[domain])
			continue;
		domains++;
		least = rule->counts[domain] < least ? rule->counts[domain] : least;
	}
	if (domains == 0 || domains < spread->min_domains)
		least = 0;
	rule->most = spread->max_skew + least - spread->counts_itself;
}

bool place_has_rules(struct placement *placement, struct place_class *class)
{
	return class->n_anti || class->n_affinity || class->n_spreads || repelled_by(placement, class)->n;
}

void place_rules(struct placement *placement, struct place_class *class, struct rules *ret)
{
	*ret = (struct rules){0};
	for (size_t i = 0; i < class->n_anti; i++) {
		const struct relations *relations = selected_by(placement, &class->anti_selects[i], &class->anti[i]);
		for (size_t k = 0; k < relations->n; k++)
			repel(placement, ret, class->anti[i].topology, relations->items[k].class);
	}
	const struct relations *others = repelled_by(placement, class);
	for (size_t i = 0; i < others->n; i++)
		repel(placement, ret, others->items[i].term->topology, others->items[i].class);
	if (class->n_affinity)
		draw(placement, class, ret);
	for (size_t i = 0; i < class->n_spreads; i++)
		spread(placement, class, i, ret);
}

enum place_answer place_by_rules(const struct rules *rules, const struct place_node *node)
{
	bool with_all = true;
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *rule = &rules->items[i];
		uint32_t domain = rule->topology->of[node->index];
		bool there = domain && rule->there && rule->there[domain / 64] >> domain % 64 & 1;
		if (rule->kind == RULE_REPELS && there)
			return PLACE_ANTI_AFFINITY;
		if (rule->kind == RULE_DRAWS && !domain)
			return PLACE_AFFINITY;
		if (rule->kind == RULE_DRAWS)
			with_all &= there;
	}
	if (!with_all && !rules->begins)
		return PLACE_AFFINITY;
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *rule = &rules->items[i];
		uint32_t domain = rule->topology->of[node->index];
		if (rule->kind == RULE_SPREADS && (!domain || rule->counts[domain] > rule->most))
			return PLACE_SPREAD;
	}
	return PLACE_FITS;
}
