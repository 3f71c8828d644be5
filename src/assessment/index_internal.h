/* The inside of the index: what its files share.
 *
 *   index.c       texts, nodes, workloads, budgets, services
 *   index_pods.c  pods: whose they are, where, what is asked of each by many */
#pragma once

#include <stdlib.h>
#include <string.h>
#include "assessment/index.h"

struct parsed {
	const char *text;
	json_t *document;
	struct label_selector *selector; /* as which it was asked for; or NULL */
};
struct selected {
	const struct kube_pdb *pdb;
	size_t from, n;
};

struct requested {
	const struct kube_pod_spec *spec;
	int64_t milli, bytes;
};

/* Where a number stands for a node or workload of the inventory it is its index there + 1; 0: none. */
struct assess_index {
	struct arena *arena;
	const struct kube_node **nodes;			   /* by name */
	const struct kube_node **instances;		   /* by what they are at AWS */
	const struct kube_workload **workloads;		   /* by kind, namespace, name */
	uint32_t *by_node, *by_workload, *by_ns, *of_pdbs; /* pods, by their numbers in the inventory */
	uint32_t *from_node,
		*from_workload;		 /* where the pods of each begin in these, in the inventory's order; one more */
	uint32_t *node_of, *workload_of; /* of the inventory's pods, in its order */
	uint16_t *facts;
	size_t n_of_pdbs;
	struct selected *selections; /* by pdb, in the inventory's order */
	struct parsed *parsed;
	size_t n_parsed, parsed_capacity;
	struct node_use *uses; /* of the inventory's nodes; NULL: nobody has asked yet */
	struct requested *requested;
	size_t n_requested, requested_capacity;
};

static inline int index_text_order(const char *a, const char *b)
{
	return a == b ? 0 : strcmp(a ? a : "", b ? b : "");
}

/* Where a pointer is looked for first; capacities are powers of two. */
static inline size_t index_slot(const void *pointer, size_t capacity)
{
	return ((uintptr_t)pointer >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 20 & (capacity - 1);
}

/* ---- index_pods.c */
void index_build_pods(struct assess *assess); /* when nodes and workloads are there */
