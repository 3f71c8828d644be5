/* Where a pod may run, as the scheduler of Kubernetes decides it: cordons and taints, node selectors and affinity,
 * requests (CPU, memory, pods, everything else that is counted), host ports, pod affinity and anti-affinity, topology
 * spread, and the nodes that its volumes can be reached from. Preferences only choose between nodes that all will do:
 * the one with most free CPU wins here. No I/O; what it stands on is borrowed and must outlive it.
 *
 * Calling order: placement_new(), placement_add_node() for each node, placement_pod() + placement_put() for each pod
 * that runs already; then placement_choose() / put / take as things move. */
#pragma once

#include "base/error.h"
#include "models/kube_objects.h"

struct placement;
struct place_node;

struct placement_world {
	/* JSON text of the node affinity of the volume behind a claim ({"required": …}); NULL: reachable from anywhere.
	 */
	const char *(*volume_affinity)(void *context, const char *ns, const char *claim);
	/* Labels of a namespace, for affinity terms with a namespaceSelector; may be NULL. */
	const struct kube_namespace *(*namespace_of)(void *context, const char *ns);
	void *context;
};
struct placement *placement_new(const struct placement_world *world);
void placement_free(struct placement *placement);
void placement_freep(struct placement **placement);

/* Stands in the order of their adding; `node` is borrowed. */
struct place_node *placement_add_node(struct placement *placement, const struct kube_node *node);
void place_node_close(struct place_node *node, bool closed); /* cordoned, or taking no pods for another reason */
void place_node_remove(struct place_node *node);	     /* gone: takes none and counts nowhere */

/* A pod that is to be placed, nowhere yet, and the number by which it is known: never 0. `meta` and `spec` are
 * borrowed; pods with one spec and the same labels are compiled once, so pass pooled pointers where there are many. */
uint32_t placement_pod(struct placement *placement, const struct kube_meta *meta, const struct kube_pod_spec *spec);
uint32_t placement_like(struct placement *placement, uint32_t like); /* one more, of the same specs and labels */
void placement_put(struct placement *placement, uint32_t pod, struct place_node *node);
void placement_take(struct placement *placement, uint32_t pod);	  /* off its node; nothing when it has none */
void placement_forget(struct placement *placement, uint32_t pod); /* taken, and never used again */
/* Whatever the caller wants to find again by a pod of a node; 0 to begin with. */
void placement_mark(struct placement *placement, uint32_t pod, uint32_t mark);
uint32_t placement_marked(const struct placement *placement, uint32_t pod);
/* The pods on a node, newest first: for (p = place_node_first(node); p; p = placement_next(placement, p)). */
uint32_t place_node_first(const struct place_node *node);
uint32_t placement_next(const struct placement *placement, uint32_t pod);

/* The node that the scheduler would choose, or NULL: none will do. */
struct place_node *placement_choose(struct placement *placement, uint32_t pod);

/* Why a node will not do; PLACE_FITS when it will. */
enum place_answer {
	PLACE_FITS,
	PLACE_CLOSED,
	PLACE_TAINT,
	PLACE_SELECTOR,
	PLACE_VOLUME,
	PLACE_CPU,
	PLACE_MEMORY,
	PLACE_PODS,
	PLACE_OTHER_RESOURCE,
	PLACE_PORT,
	PLACE_ANTI_AFFINITY,
	PLACE_AFFINITY,
	PLACE_SPREAD,
	PLACE_ANSWERS
};
/* "3 nodes: cordoned, 2 not enough CPU": of all nodes, as kubectl describe tells it. */
void placement_explain(struct placement *placement, uint32_t pod, struct buf *out);
