/* Where pods are, and where the scheduler would put them. */
#include "kube/placement.h"
#include "kube/placement_internal.h"

#include <stdlib.h>
#include <string.h>

enum { ENOUGH_NODES = 100 }; /* kube-scheduler, too, stops looking when so many will do */

const char *const place_answer_words[] = {
	"will do",
	"cordoned",
	"taint not tolerated",
	"node selector or affinity does not match",
	"volume is elsewhere",
	"not enough CPU",
	"not enough memory",
	"too many pods",
	"not enough of another resource",
	"host port taken",
	"pod anti-affinity",
	"pod affinity",
	"topology spread",
	NULL,
};

struct placement *placement_new(const struct placement_world *world)
{
	struct placement *placement = mem_alloc(sizeof *placement);
	placement->arena = arena_new();
	if (world)
		placement->world = *world;
	return placement;
}

void placement_free(struct placement *placement)
{
	if (!placement)
		return;
	arena_free(placement->arena);
	free(placement->nodes);
	free(placement->classes);
	free(placement);
}

void placement_freep(struct placement **placement)
{
	placement_free(*placement);
}

/* ---- pods */

struct place_pod *placement_pod(struct placement *placement, const struct kube_meta *meta,
				const struct kube_pod_spec *spec)
{
	struct place_pod *pod = arena_alloc(placement->arena, sizeof *pod);
	pod->class = place_class_of(placement, meta, spec);
	return pod;
}

struct place_node *place_pod_node(const struct place_pod *pod)
{
	return pod->node;
}

void place_pod_mark(struct place_pod *pod, void *mark)
{
	pod->mark = mark;
}

void *place_pod_marked(const struct place_pod *pod)
{
	return pod->mark;
}

struct place_pod *place_node_first(const struct place_node *node)
{
	return node->first;
}

struct place_pod *place_pod_next(const struct place_pod *pod)
{
	return pod->node_next;
}

static void count(struct place_node *node, const struct place_class *class, int sign)
{
	struct arena *arena = node->placement->arena;
	node->milli -= sign * class->milli;
	node->bytes -= sign * class->bytes;
	node->pods -= sign;
	for (size_t i = 0; i < class->n_others; i++) {
		struct amount *other = place_amount(node->others, node->n_others, class->others[i].name);
		if (!other) {
			other = ARENA_PUSH(arena, node->others, node->n_others);
			*other = (struct amount){class->others[i].name, 0};
		}
		other->units -= sign * class->others[i].units;
	}
}
void placement_put(struct place_pod *pod, struct place_node *node)
{
	struct place_class *class = pod->class;
	pod->node = node;
	pod->prev = NULL;
	pod->next = class->first;
	if (class->first)
		class->first->prev = pod;
	class->first = pod;
	pod->node_prev = NULL;
	pod->node_next = node->first;
	if (node->first)
		node->first->node_prev = pod;
	node->first = pod;
	count(node, class, 1);
	EACH_HOST_PORT(class->spec, port)
	*ARENA_PUSH(node->placement->arena, node->ports, node->n_ports) =
		(struct amount){port->protocol ? port->protocol : "TCP", port->host_port};
}

void placement_take(struct place_pod *pod)
{
	struct place_node *node = pod->node;
	if (!node)
		return;
	*(pod->prev ? &pod->prev->next : &pod->class->first) = pod->next;
	if (pod->next)
		pod->next->prev = pod->prev;
	*(pod->node_prev ? &pod->node_prev->node_next : &node->first) = pod->node_next;
	if (pod->node_next)
		pod->node_next->node_prev = pod->node_prev;
	pod->node = NULL;
	count(node, pod->class, -1);
	EACH_HOST_PORT(pod->class->spec, port)
	for (size_t i = 0; i < node->n_ports; i++)
		if (node->ports[i].units == port->host_port &&
		    !strcmp(node->ports[i].name, port->protocol ? port->protocol : "TCP")) {
			node->ports[i] = node->ports[--node->n_ports];
			break;
		}
}

/* ---- nodes */

struct place_node *placement_add_node(struct placement *placement, const struct kube_node *node)
{
	struct place_node *place = arena_alloc(placement->arena, sizeof *place);
	const struct pair *room = node->allocatable;
	*place = (struct place_node){.node = node,
				     .closed = node->unschedulable,
				     .milli = place_milli(kube_pairs_get(room, node->n_allocatable, "cpu")),
				     .bytes = place_units(kube_pairs_get(room, node->n_allocatable, "memory")),
				     .pods = place_units(kube_pairs_get(room, node->n_allocatable, "pods")),
				     .placement = placement};
	for (size_t i = 0; i < node->n_allocatable; i++)
		if (strcmp(room[i].key, "cpu") != 0 && strcmp(room[i].key, "memory") != 0 &&
		    strcmp(room[i].key, "pods") != 0)
			*ARENA_PUSH(placement->arena, place->others, place->n_others) =
				(struct amount){room[i].key, place_units(room[i].value)};
	*HEAP_PUSH(placement->nodes, placement->n_nodes) = place;
	return place;
}

const struct kube_node *place_node_of(const struct place_node *node)
{
	return node->node;
}

void place_node_close(struct place_node *node, bool closed)
{
	node->closed = closed;
}

void place_node_remove(struct place_node *node)
{
	node->removed = true;
}

/* ---- the answer */

struct place_node *placement_choose(struct placement *placement, const struct place_pod *pod)
{
	struct place_node *best = NULL;
	size_t fitting = 0, looked = 0;
	for (; looked < placement->n_nodes && fitting < ENOUGH_NODES; looked++) {
		struct place_node *node = placement->nodes[(placement->cursor + looked) % placement->n_nodes];
		if (placement_ask(placement, pod, node) != PLACE_FITS)
			continue;
		fitting++;
		if (!best || node->milli > best->milli || (node->milli == best->milli && node->pods > best->pods))
			best = node;
	}
	if (looked < placement->n_nodes)
		placement->cursor = (placement->cursor + looked) % placement->n_nodes;
	return best;
}

void placement_explain(struct placement *placement, const struct place_pod *pod, struct buf *out)
{
	size_t counts[PLACE_ANSWERS] = {0}, parts = 0;
	for (size_t i = 0; i < placement->n_nodes; i++)
		if (!placement->nodes[i]->removed)
			counts[placement_ask(placement, pod, placement->nodes[i])]++;
	for (size_t i = PLACE_FITS + 1; i < PLACE_ANSWERS; i++)
		if (counts[i])
			buf_printf(out, "%s%zu %s: %s", parts++ ? ", " : "", counts[i],
				   counts[i] == 1 ? "node" : "nodes", place_answer_words[i]);
	if (!parts)
		buf_puts(out, "there are no nodes");
}
