/* Where pods are, and where the scheduler would put them. */
#include "kube/placement.h"
#include "kube/placement_internal.h"

#include <stdlib.h>
#include <string.h>

enum { ENOUGH_NODES = 100 }; /* kube-scheduler, too, stops looking when so many will do */

static const char *const place_answer_words[] = {
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
	placement->scratch = arena_new();
	placement->version = 1;
	if (world)
		placement->world = *world;
	return placement;
}

void placement_free(struct placement *placement)
{
	if (!placement)
		return;
	arena_free(placement->arena);
	arena_free(placement->scratch);
	free(placement->nodes);
	free(placement->freed);
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
	struct place_pod *pod = placement->spare;
	if (pod)
		placement->spare = pod->next;
	else
		pod = arena_alloc(placement->arena, sizeof *pod);
	*pod = (struct place_pod){.class = place_class_of(placement, meta, spec)};
	return pod;
}

void placement_forget(struct placement *placement, struct place_pod *pod)
{
	placement_take(pod);
	pod->next = placement->spare;
	placement->spare = pod;
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

void node_set_put(struct arena *arena, struct node_set *set, size_t at, bool in)
{
	if (at / 64 >= set->n_words) {
		size_t n = set->n_words * 2 > at / 64 ? set->n_words * 2 : at / 64 + 4;
		uint64_t *words = arena_alloc(arena, n * sizeof *words);
		if (set->n_words)
			memcpy(words, set->words, set->n_words * sizeof *words);
		set->words = words;
		set->n_words = n;
	}
	uint64_t bit = UINT64_C(1) << at % 64;
	set->words[at / 64] = in ? set->words[at / 64] | bit : set->words[at / 64] & ~bit;
}

/* There is more room on it than when some class was refused. */
static void roomier(const struct place_node *node)
{
	struct placement *placement = node->placement;
	placement->version++;
	*HEAP_PUSH(placement->freed, placement->n_freed) = (uint32_t)node->index;
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
	class->moves++;
	node->placement->version++;
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
	pod->class->moves++;
	roomier(node);
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
	place->index = placement->n_nodes;
	*HEAP_PUSH(placement->nodes, placement->n_nodes) = place;
	node_set_put(placement->arena, &placement->present, place->index, true);
	node_set_put(placement->arena, &placement->open, place->index, !place->closed);
	placement->shape++;
	roomier(place);
	return place;
}

void place_node_close(struct place_node *node, bool closed)
{
	struct placement *placement = node->placement;
	if (node->removed || node->closed == closed)
		return;
	node->closed = closed;
	node_set_put(placement->arena, &placement->open, node->index, !closed);
	placement->shape++;
	placement->version++;
	if (!closed)
		roomier(node);
}

/* Its pods count nowhere any more, which others may have waited for. */
void place_node_remove(struct place_node *node)
{
	struct placement *placement = node->placement;
	node->removed = true;
	node_set_put(placement->arena, &placement->present, node->index, false);
	node_set_put(placement->arena, &placement->open, node->index, false);
	placement->shape++;
	placement->version++;
	for (struct place_pod *pod = node->first; pod; pod = pod->node_next)
		pod->class->moves++;
}

/* ---- the answer */

/* The nodes that are worth asking: those not ruled out for ever, and open. When nothing would do the last time and what
 * its terms speak of has not moved, only those that became roomier since. False: none. */
static bool candidates(struct placement *placement, struct place_class *class, uint64_t **ret)
{
	const struct refusal *refusal = &class->refusal;
	size_t n = (placement->n_nodes + 63) / 64, since = placement->n_freed - refusal->n_freed;
	place_class_look(placement, class);
	const struct node_set *open = class->tolerates_cordon ? &placement->present : &placement->open;
	uint64_t *words = *ret = arena_alloc(placement->scratch, (n + 1) * sizeof *words), any = 0;
	bool all =
		!refusal->version || since >= ENOUGH_NODES || refusal->relations != place_relations(placement, class);
	for (size_t i = all ? placement->n_freed : refusal->n_freed; i < placement->n_freed; i++)
		words[placement->freed[i] / 64] |= UINT64_C(1) << placement->freed[i] % 64;
	for (size_t i = 0; i < n; i++) {
		words[i] = (all ? ~UINT64_C(0) : words[i]) & (i < open->n_words ? open->words[i] : 0) &
			   (i < class->suits.n_words ? class->suits.words[i] : 0);
		any |= words[i];
	}
	return any != 0;
}

/* The first bit at or after `from`; `n` when there is none. */
static size_t next_bit(const uint64_t *words, size_t from, size_t n)
{
	while (from < n) {
		uint64_t word = words[from / 64] >> from % 64;
		if (word) {
			from += (size_t)__builtin_ctzll(word);
			return from < n ? from : n;
		}
		from = (from / 64 + 1) * 64;
	}
	return n;
}

struct choice {
	struct placement *placement;
	struct place_class *class;
	const uint64_t *words;
	struct rules rules;
	bool has_rules; /* worked out when the first node has room */
	struct place_node *best;
	size_t fitting, last; /* nodes that will do; the last of them */
};

static void choose_from(struct choice *choice, size_t from, size_t to)
{
	for (size_t at = next_bit(choice->words, from, to); at < to && choice->fitting < ENOUGH_NODES;
	     at = next_bit(choice->words, at + 1, to)) {
		struct place_node *node = choice->placement->nodes[at], *best = choice->best;
		if (place_room(choice->class, node) != PLACE_FITS)
			continue;
		if (!choice->has_rules)
			place_rules(choice->placement, choice->class, &choice->rules);
		choice->has_rules = true;
		if (place_by_rules(&choice->rules, node) != PLACE_FITS)
			continue;
		choice->fitting++;
		choice->last = at;
		if (!best || node->milli > best->milli || (node->milli == best->milli && node->pods > best->pods))
			choice->best = node;
	}
}

struct place_node *placement_choose(struct placement *placement, const struct place_pod *pod)
{
	struct choice choice = {.placement = placement, .class = pod->class};
	uint64_t *words;
	if (pod->class->refusal.version == placement->version)
		return NULL;
	arena_reset(placement->scratch);
	if (candidates(placement, pod->class, &words)) {
		choice.words = words;
		choose_from(&choice, placement->cursor, placement->n_nodes);
		choose_from(&choice, 0, placement->cursor);
	}
	pod->class->refusal = (struct refusal){0};
	if (!choice.best)
		pod->class->refusal = (struct refusal){placement->version, place_relations(placement, pod->class),
						       placement->n_freed};
	else if (choice.fitting == ENOUGH_NODES) /* the next one looks on from here */
		placement->cursor = (choice.last + 1) % placement->n_nodes;
	return choice.best;
}

static enum place_answer answer(const struct placement *placement, const struct place_class *class,
				const struct place_node *node, const struct rules *rules)
{
	if (!node_set_has(class->tolerates_cordon ? &placement->present : &placement->open, node->index))
		return PLACE_CLOSED;
	if (!node_set_has(&class->suits, node->index))
		return place_alone(class, node);
	enum place_answer room = place_room(class, node);
	return room != PLACE_FITS ? room : place_by_rules(rules, node);
}

void placement_explain(struct placement *placement, const struct place_pod *pod, struct buf *out)
{
	size_t counts[PLACE_ANSWERS] = {0}, parts = 0;
	struct rules rules;
	arena_reset(placement->scratch);
	place_class_look(placement, pod->class);
	place_rules(placement, pod->class, &rules);
	for (size_t i = 0; i < placement->n_nodes; i++)
		if (!placement->nodes[i]->removed)
			counts[answer(placement, pod->class, placement->nodes[i], &rules)]++;
	for (size_t i = PLACE_FITS + 1; i < PLACE_ANSWERS; i++)
		if (counts[i])
			buf_printf(out, "%s%zu %s: %s", parts++ ? ", " : "", counts[i],
				   counts[i] == 1 ? "node" : "nodes", place_answer_words[i]);
	if (!parts)
		buf_puts(out, "there are no nodes");
}
