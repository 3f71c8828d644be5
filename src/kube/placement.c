/* Where pods are, and where the scheduler would put them. */
#include "kube/placement.h"
#include "kube/placement_internal.h"

#include <stdlib.h>
#include <string.h>

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
	HEAP_PUSH(placement->pods, placement->n_pods);
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
	free(placement->rooms);
	free(placement->pods);
	free(placement->classes);
	free(placement);
}

void placement_freep(struct placement **placement)
{
	placement_free(*placement);
}

/* ---- pods */

static uint32_t new_pod(struct placement *placement, uint32_t class)
{
	uint32_t pod = placement->spare;
	if (pod)
		placement->spare = placement->pods[pod].next;
	else
		pod = (uint32_t)(HEAP_PUSH(placement->pods, placement->n_pods) - placement->pods);
	placement->pods[pod] = (struct place_pod){.class = class};
	return pod;
}

uint32_t placement_pod(struct placement *placement, const struct kube_meta *meta, const struct kube_pod_spec *spec)
{
	return new_pod(placement, place_class_of(placement, meta, spec)->index);
}

uint32_t placement_like(struct placement *placement, uint32_t like)
{
	return new_pod(placement, placement->pods[like].class);
}

void placement_forget(struct placement *placement, uint32_t pod)
{
	placement_take(placement, pod);
	placement->pods[pod].next = placement->spare;
	placement->spare = pod;
}

void placement_mark(struct placement *placement, uint32_t pod, uint32_t mark)
{
	placement->pods[pod].mark = mark;
}

uint32_t placement_marked(const struct placement *placement, uint32_t pod)
{
	return placement->pods[pod].mark;
}

uint32_t place_node_first(const struct place_node *node)
{
	return node->first;
}

uint32_t placement_next(const struct placement *placement, uint32_t pod)
{
	return placement->pods[pod].node_next;
}

void node_set_grow(struct arena *arena, struct node_set *set, size_t at)
{
	size_t n = set->n_words * 2 > at / 64 ? set->n_words * 2 : at / 64 + 4;
	uint64_t *words = arena_alloc(arena, n * sizeof *words);
	if (set->n_words)
		memcpy(words, set->words, set->n_words * sizeof *words);
	set->words = words;
	set->n_words = n;
}

/* There is more room on it than when some class was refused. */
static void roomier(const struct place_node *node)
{
	struct placement *placement = node->placement;
	placement->version++;
	placement->freed[placement->n_freed++ % ENOUGH_NODES] = (uint32_t)node->index;
}

static void count(struct place_node *node, const struct place_class *class, int sign)
{
	struct room *room = &node->placement->rooms[node->index];
	room->milli -= sign * class->milli;
	room->bytes -= sign * class->bytes;
	room->pods -= sign;
	for (size_t i = 0; i < class->n_others; i++) {
		struct amount *other = place_amount(node->others, node->n_others, class->others[i].name);
		if (!other) {
			other = ARENA_PUSH(node->placement->arena, node->others, node->n_others);
			*other = (struct amount){class->others[i].name, 0};
		}
		other->units -= sign * class->others[i].units;
	}
}

/* The first of a list is linked from its head, which `first` is. */
static void link_pod(struct placement *placement, uint32_t number, struct place_class *class, struct place_node *node)
{
	struct place_pod *pods = placement->pods, *pod = &pods[number];
	pod->node = (uint32_t)node->index + 1;
	pod->prev = pod->node_prev = 0;
	pod->next = class->first;
	pods[class->first].prev = class->first ? number : 0;
	class->first = number;
	pod->node_next = node->first;
	pods[node->first].node_prev = node->first ? number : 0;
	node->first = number;
}

static void unlink_pod(struct placement *placement, uint32_t number, struct place_class *class, struct place_node *node)
{
	struct place_pod *pods = placement->pods, *pod = &pods[number];
	*(pod->prev ? &pods[pod->prev].next : &class->first) = pod->next;
	if (pod->next)
		pods[pod->next].prev = pod->prev;
	*(pod->node_prev ? &pods[pod->node_prev].node_next : &node->first) = pod->node_next;
	if (pod->node_next)
		pods[pod->node_next].node_prev = pod->node_prev;
	pod->node = 0;
}

void placement_put(struct placement *placement, uint32_t pod, struct place_node *node)
{
	struct place_class *class = placement->classes[placement->pods[pod].class];
	link_pod(placement, pod, class, node);
	class->moves++;
	placement->version++;
	count(node, class, 1);
	for (size_t i = 0; i < class->n_ports; i++)
		*ARENA_PUSH(placement->arena, node->ports, node->n_ports) = class->ports[i];
}

void placement_take(struct placement *placement, uint32_t pod)
{
	struct place_class *class = placement->classes[placement->pods[pod].class];
	if (!placement->pods[pod].node)
		return;
	struct place_node *node = placement->nodes[placement->pods[pod].node - 1];
	unlink_pod(placement, pod, class, node);
	class->moves++;
	roomier(node);
	count(node, class, -1);
	for (size_t i = 0; i < class->n_ports; i++) {
		struct amount *taken = place_port(node, &class->ports[i]);
		if (taken)
			*taken = node->ports[--node->n_ports];
	}
}

/* ---- nodes */

struct place_node *placement_add_node(struct placement *placement, const struct kube_node *node)
{
	struct place_node *place = arena_alloc(placement->arena, sizeof *place);
	const struct pair *room = node->allocatable;
	*place = (struct place_node){
		.node = node, .index = placement->n_nodes, .closed = node->unschedulable, .placement = placement};
	for (size_t i = 0; i < node->n_allocatable; i++)
		if (strcmp(room[i].key, "cpu") != 0 && strcmp(room[i].key, "memory") != 0 &&
		    strcmp(room[i].key, "pods") != 0)
			*ARENA_PUSH(placement->arena, place->others, place->n_others) =
				(struct amount){room[i].key, kube_text_units(room[i].value)};
	*HEAP_PUSH(placement->nodes, placement->n_nodes) = place;
	*HEAP_PUSH(placement->rooms, placement->n_rooms) =
		(struct room){kube_text_thousandths(kube_pairs_get(room, node->n_allocatable, "cpu")),
			      kube_text_units(kube_pairs_get(room, node->n_allocatable, "memory")),
			      kube_text_units(kube_pairs_get(room, node->n_allocatable, "pods"))};
	node_set_put(placement->arena, &placement->present, place->index, true);
	node_set_put(placement->arena, &placement->open, place->index, !place->closed);
	node_set_put(placement->arena, &placement->tainted, place->index, node->n_taints > 0);
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
	for (uint32_t pod = node->first; pod; pod = placement->pods[pod].node_next)
		placement->classes[placement->pods[pod].class]->moves++;
}

/* ---- the answer */

/* The nodes that are worth asking: those not ruled out for ever, and open. When nothing would do the last time and what
 * its terms speak of has not moved, only those that became roomier since. False: none. */
static bool candidates(struct placement *placement, struct place_class *class, uint64_t **ret)
{
	const struct refusal *refusal = &class->refusal;
	size_t n = (placement->n_nodes + 63) / 64, since = placement->n_freed - refusal->n_freed;
	if (class->known < placement->n_nodes)
		place_class_look(placement, class);
	const struct node_set *open = class->tolerates_cordon ? &placement->present : &placement->open;
	uint64_t *words = *ret = arena_alloc(placement->scratch, (n + 1) * sizeof *words), any = 0;
	bool all =
		!refusal->version || since >= ENOUGH_NODES || refusal->relations != place_relations(placement, class);
	for (size_t i = all ? placement->n_freed : refusal->n_freed; i < placement->n_freed; i++) {
		uint32_t node = placement->freed[i % ENOUGH_NODES];
		words[node / 64] |= UINT64_C(1) << node % 64;
	}
	for (size_t i = 0; i < n; i++) {
		words[i] = (all ? ~UINT64_C(0) : words[i]) & (i < open->n_words ? open->words[i] : 0) &
			   (i < class->suits.n_words ? class->suits.words[i] : 0);
		any |= words[i];
	}
	return any != 0;
}

struct choice {
	struct placement *placement;
	struct place_class *class;
	const uint64_t *words;
	bool asks_more; /* than room that is counted for all */
	bool has_rules; /* worked out when the first node has room */
	struct rules rules;
	const struct room *best;
	size_t fitting, last; /* nodes that will do; the last of them */
};

static bool suits_too(struct choice *choice, const struct place_node *node)
{
	if (place_more_room(choice->class, node) != PLACE_FITS)
		return false;
	if (!choice->has_rules)
		place_rules(choice->placement, choice->class, &choice->rules);
	choice->has_rules = true;
	return place_by_rules(&choice->rules, node) == PLACE_FITS;
}

static void choose_from(struct choice *choice, size_t from, size_t to)
{
	const struct place_class *class = choice->class;
	const struct room *rooms = choice->placement->rooms, *best = choice->best;
	size_t fitting = choice->fitting;
	for (size_t at = from; at < to && fitting < ENOUGH_NODES; at = (at / 64 + 1) * 64)
		for (uint64_t word = choice->words[at / 64] >> at % 64 << at % 64; word && fitting < ENOUGH_NODES;
		     word &= word - 1) {
			size_t node = at / 64 * 64 + (size_t)__builtin_ctzll(word);
			const struct room *room = &rooms[node];
			if (node >= to)
				break;
			if (!place_has_room(class, room))
				continue;
			if (choice->asks_more && !suits_too(choice, choice->placement->nodes[node]))
				continue;
			fitting++;
			choice->last = node;
			if (!best || room->milli > best->milli ||
			    (room->milli == best->milli && room->pods > best->pods))
				best = room;
		}
	choice->best = best;
	choice->fitting = fitting;
}

struct place_node *placement_choose(struct placement *placement, uint32_t pod)
{
	struct place_class *class = placement->classes[placement->pods[pod].class];
	struct choice choice = {.placement = placement, .class = class};
	uint64_t *words;
	if (class->refusal.version == placement->version)
		return NULL;
	arena_reset(placement->scratch);
	if (candidates(placement, class, &words)) {
		choice.words = words;
		choice.asks_more = class->n_others || class->n_ports || place_has_rules(placement, class);
		choose_from(&choice, placement->cursor, placement->n_nodes);
		choose_from(&choice, 0, placement->cursor);
	}
	class->refusal = (struct refusal){0};
	if (!choice.best)
		class->refusal =
			(struct refusal){placement->version, place_relations(placement, class), placement->n_freed};
	else if (choice.fitting == ENOUGH_NODES) /* the next one looks on from here */
		placement->cursor = (choice.last + 1) % placement->n_nodes;
	return choice.best ? placement->nodes[choice.best - placement->rooms] : NULL;
}

static enum place_answer answer(const struct placement *placement, const struct place_class *class,
				const struct place_node *node, const struct rules *rules)
{
	if (!node_set_has(class->tolerates_cordon ? &placement->present : &placement->open, node->index))
		return PLACE_CLOSED;
	if (!node_set_has(&class->suits, node->index))
		return place_alone(class, node);
	enum place_answer answer = place_room(class, &placement->rooms[node->index]);
	answer = answer != PLACE_FITS ? answer : place_more_room(class, node);
	return answer != PLACE_FITS ? answer : place_by_rules(rules, node);
}

void placement_explain(struct placement *placement, uint32_t pod, struct buf *out)
{
	struct place_class *class = placement->classes[placement->pods[pod].class];
	size_t counts[PLACE_ANSWERS] = {0}, parts = 0;
	struct rules rules;
	arena_reset(placement->scratch);
	place_class_look(placement, class);
	place_rules(placement, class, &rules);
	for (size_t i = 0; i < placement->n_nodes; i++)
		if (!placement->nodes[i]->removed)
			counts[answer(placement, class, placement->nodes[i], &rules)]++;
	for (size_t i = PLACE_FITS + 1; i < PLACE_ANSWERS; i++)
		if (counts[i])
			buf_printf(out, "%s%zu %s: %s", parts++ ? ", " : "", counts[i],
				   counts[i] == 1 ? "node" : "nodes", place_answer_words[i]);
	if (!parts)
		buf_puts(out, "there are no nodes");
}
