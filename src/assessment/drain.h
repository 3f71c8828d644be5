/* What will happen when the nodes are replaced, one after the other, as the upgrade would take them: which pod stops a
 * drain, by which rule, how long it takes, and the smallest change that frees it. Not a rule of thumb: the drain is
 * played on the inventory, with the budgets as they move, the scheduler's own rules (kube/placement.h) for where
 * evicted pods go, and StatefulSets one ordinal after the other.
 *
 * How nodes are taken: group by group (managed groups by name, then the others), in a group by name. All nodes of the
 * group are cordoned and new ones come first (twice as many as the group has zones; one where nobody promises more).
 * Evictions that are refused are tried again when all that moved has settled; a node is stopped when nothing moves any
 * more. A drained node goes and another like it comes; a stopped one stays cordoned. */
#pragma once

#include "assessment/index.h"

enum drain_rule {
	DRAIN_BUDGET,	   /* the budget allows none */
	DRAIN_TWO_BUDGETS, /* the API server refuses, each time */
	DRAIN_RULES
};

struct drain_stop {
	const struct kube_pod *pod;
	enum drain_rule rule;
	const struct kube_pdb *pdb; /* the first of two */
	const struct kube_pdb *second;
	bool from_the_start;		 /* it was refused before anything had moved on any node */
	const struct kube_pod *homeless; /* a pod of the budget that finds no node, which is why; NULL */
	const char *why;		 /* in words, with the numbers */
	const char *remedy;		 /* the smallest change */
};

struct drain_node {
	const struct kube_node *node;
	const char *group; /* "" when it is in none */
	bool blocked;
	int64_t evicted, rounds, estimated_ms;
	struct drain_stop *stops;
	size_t n_stops;
};

struct drain_homeless { /* evicted, and never placed again */
	const struct kube_pod *pod;
	const char *why; /* of all nodes: "2 nodes: not enough CPU …" */
};

struct drain_prediction {
	struct drain_node *nodes; /* in the order in which they are taken */
	size_t n_nodes;
	struct drain_homeless *homeless;
	size_t n_homeless;
	int64_t estimated_ms; /* of all, one after the other */
};
/* Played once and kept (in the arena of the assessment). */
const struct drain_prediction *drain_predict(struct assess *assess);

/* "managed:general", "karpenter:default", "self-managed:asg", "": how drain groups nodes; NULL: not drained by anybody
 * (Fargate). */
const char *drain_group(struct arena *arena, const struct kube_node *node);
unsigned drain_surge(const char *group, unsigned zones); /* new nodes that come first */
