/* The inside of placement: what its files share.
 *
 *   placement_class.c    specs and terms compiled, one class for pods alike
 *   placement_filters.c  will this node do, looked at alone?
 *   placement_domains.c  what the terms between pods say of zones, hosts and other domains
 *   placement.c          nodes, pods on them, and the choice */
#pragma once

#include "codec/document.h"
#include "kube/placement.h"
#include "kube/values.h"

enum { ENOUGH_NODES = 100 }; /* kube-scheduler, too, stops looking when so many will do */

struct amount {
	const char *name;
	int64_t units;
};
struct node_set { /* one bit a node, by its index */
	uint64_t *words;
	size_t n_words; /* the bits of further words are 0 */
};
struct topology { /* a label of nodes whose values are domains: a zone, a host */
	const char *key;
	uint32_t *of; /* by node: its domain; 0: the node has none */
	size_t known; /* nodes */
	const char **values;
	size_t n_values; /* domain d is values[d - 1] */
	uint32_t *table; /* hash of a value: its domain */
	size_t capacity;
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
	struct topology *topology;
	const char **namespaces;
	size_t n_namespaces;
	bool every_namespace;
	struct label_selector namespace_selector;
	bool has_namespace_selector;
};
struct spread {
	struct label_selector selector;
	struct topology *topology;
	int64_t max_skew, min_domains;
	bool ignore_affinity, honor_taints;
	bool counts_itself;
	struct node_set nodes; /* whose pods count, as long as the node is there */
};
/* Classes that a term selects, or whose term selects this class: worked out once for each pair. */
struct relation {
	struct place_class *class;
	const struct pod_term *term; /* the other's, in `repelled_by`; or NULL */
};
struct relations {
	struct relation *items;
	size_t n;
	size_t known; /* how many classes there were when it was made */
};
/* When nothing would do for a class: until something gets better, nothing will. */
struct refusal {
	uint64_t version;   /* of the placement; 0: none */
	uint64_t relations; /* how often related pods had moved */
	size_t n_freed;	    /* nodes that had become roomier */
};

struct room { /* free on a node: what is asked of very many, so they lie side by side */
	int64_t milli, bytes, pods;
};

struct place_class {
	const char *ns;
	const struct pair *labels;
	size_t n_labels;
	const struct kube_pod_spec *spec;
	int64_t milli, bytes;
	struct room needs; /* of these: what asks for none runs where there is less than none, too */
	struct amount *others;
	size_t n_others;
	struct amount *ports; /* of the host; name: protocol; units: port */
	size_t n_ports;
	struct node_terms *all_of; /* node affinity and each volume: every set must match */
	size_t n_all_of, n_volumes;
	struct pod_term *anti, *affinity;
	size_t n_anti, n_affinity;
	struct spread *spreads;
	size_t n_spreads;
	struct relations *anti_selects, *affinity_selects, *spread_selects; /* by term */
	struct relations repelled_by; /* classes with an anti-affinity term that selects this one */
	bool tolerates_cordon;
	struct node_set suits; /* nodes that are not ruled out for ever: taints, labels, volumes */
	size_t known;	       /* nodes looked at for that */
	struct refusal refusal;
	uint64_t moves;			/* how often a pod of it came or went */
	uint32_t index, first;		/* pod */
	struct place_class *next_alike; /* same hash */
};

struct place_pod { /* there are many: small ones, linked by number; 0: none */
	uint32_t class;
	uint32_t node;		       /* its index + 1 */
	uint32_t next, prev;	       /* of its class, while it is placed */
	uint32_t node_next, node_prev; /* of its node */
	uint32_t mark;
};

struct place_node {
	const struct kube_node *node;
	size_t index;
	bool closed, removed;
	struct amount *others; /* free, of what is not in struct room */
	size_t n_others;
	struct amount *ports; /* taken, as in struct place_class */
	size_t n_ports;
	uint32_t first; /* pod */
	struct placement *placement;
};
struct placement {
	struct arena *arena, *scratch; /* the latter of one question */
	struct placement_world world;
	struct place_node **nodes;
	struct room *rooms; /* of the nodes */
	size_t n_nodes, n_rooms, cursor;
	struct node_set present, open; /* not removed; and not closed */
	struct node_set tainted;       /* somehow */
	uint32_t freed[ENOUGH_NODES];  /* the last nodes that became roomier, round and round */
	size_t n_freed;		       /* of them all */
	uint64_t version;	       /* moves with every change */
	uint64_t shape;		       /* moves with changes of nodes */
	struct topology **topologies;
	size_t n_topologies;
	struct place_class **classes;
	size_t n_classes;
	struct place_pod *pods; /* by number; 0 is nobody's */
	size_t n_pods;
	uint32_t spare; /* forgotten, linked by next */
	struct place_class *by_hash[1024];
};

/* ---- placement_class.c */
struct place_class *place_class_of(struct placement *placement, const struct kube_meta *meta,
				   const struct kube_pod_spec *spec);
struct amount *place_amount(struct amount *amounts, size_t n, const char *name); /* NULL: none */

static inline bool node_set_has(const struct node_set *set, size_t at)
{
	return at / 64 < set->n_words && set->words[at / 64] >> at % 64 & 1;
}
void node_set_grow(struct arena *arena, struct node_set *set, size_t at); /* placement.c */
static inline void node_set_put(struct arena *arena, struct node_set *set, size_t at, bool in)
{
	uint64_t bit = UINT64_C(1) << at % 64;
	if (at / 64 >= set->n_words)
		node_set_grow(arena, set, at);
	set->words[at / 64] = in ? set->words[at / 64] | bit : set->words[at / 64] & ~bit;
}

/* The pods of a class, newest first. */
#define EACH_POD_OF(placement, class, pod)                                                                             \
	for (const struct place_pod *pod = &(placement)->pods[(class)->first]; pod != (placement)->pods;               \
	     pod = &(placement)->pods[pod->next])

/* ---- placement_filters.c */
void place_class_look(struct placement *placement, struct place_class *class); /* at nodes that are new */
enum place_answer place_alone(const struct place_class *class, const struct place_node *node);	   /* for ever */
enum place_answer place_more_room(const struct place_class *class, const struct place_node *node); /* others, ports */
enum place_answer place_room(const struct place_class *class, const struct room *room);
static inline bool place_has_room(const struct place_class *class, const struct room *room)
{
	return (room->pods >= 1) & (room->milli >= class->needs.milli) & (room->bytes >= class->needs.bytes);
}
struct amount *place_port(const struct place_node *node, const struct amount *port); /* that is taken; NULL */

/* ---- placement_domains.c */
enum rule_kind { RULE_REPELS, RULE_DRAWS, RULE_SPREADS };
struct rule { /* what one topology means for a pod that is to be placed */
	enum rule_kind kind;
	const struct topology *topology;
	uint64_t *there; /* REPELS: not these domains; DRAWS: only these. A bit a domain */
	int64_t *counts; /* SPREADS: the pods in each domain … */
	int64_t most;	 /* … and how many there may be before it comes */
};
struct rules { /* good until anything moves */
	struct rule *items;
	size_t n;
	bool begins; /* the first of a group that is drawn to itself: anywhere the topology exists */
};
struct topology *place_topology(struct placement *placement, const char *key);
bool place_has_rules(struct placement *placement, struct place_class *class); /* are there terms at all? */
void place_rules(struct placement *placement, struct place_class *class, struct rules *ret); /* in scratch */
enum place_answer place_by_rules(const struct rules *rules, const struct place_node *node);
/* How often the pods have moved that the class's terms speak of, or whose terms speak of it. */
uint64_t place_relations(struct placement *placement, struct place_class *class);
