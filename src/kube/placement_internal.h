/* The inside of placement: what its files share.
 *
 *   placement_class.c    specs and terms compiled, one class for pods alike
 *   placement_filters.c  will this node do?
 *   placement.c          nodes, pods on them, and the choice */
#pragma once

#include "codec/document.h"
#include "kube/placement.h"
#include "kube/values.h"

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

#define EACH_HOST_PORT(spec, port)                                                                                     \
	for (size_t c_ = 0; c_ < (spec)->n_containers; c_++)                                                           \
		for (const struct kube_port *port = (spec)->containers[c_].ports,                                      \
					    *end_ = port + (spec)->containers[c_].n_ports;                             \
		     port < end_; port++)                                                                              \
			if (port->host_port)

/* ---- placement_class.c */
struct place_class *place_class_of(struct placement *placement, const struct kube_meta *meta,
				   const struct kube_pod_spec *spec);
int64_t place_milli(const char *text); /* "100m" -> 100; 0 for NULL or nonsense */
int64_t place_units(const char *text);
struct amount *place_amount(struct amount *amounts, size_t n, const char *name); /* NULL: none */
