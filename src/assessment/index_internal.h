/* The inside of the index: what its files share.
 *
 *   index.c       texts, nodes, workloads, budgets, services
 *   index_pods.c  pods: whose they are, where, what is asked of each by many */
#pragma once

#include <stdlib.h>
#include <string.h>
#include "assessment/index.h"

/* Entries found by a pointer into the inventory, which is their first member. */
struct index_table {
	void *entries;
	size_t n, capacity; /* a power of two */
};

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
	struct selected *selections;  /* by pdb, in the inventory's order */
	struct index_table parsed;    /* of struct parsed */
	struct node_use *uses;	      /* of the inventory's nodes; NULL: nobody has asked yet */
	struct index_table requested; /* of struct requested */
};

static inline int index_text_order(const char *a, const char *b)
{
	return a == b ? 0 : strcmp(a ? a : "", b ? b : "");
}

/* ---- index.c */
/* The entry of a key, zeroed but for it when it is new. It stays where it is until the next one is asked for. */
void *index_entry(struct index_table *table, const void *key, size_t size, bool *ret_new);

/* ---- index_pods.c */
void index_build_pods(struct assess *assess); /* when nodes and workloads are there */
