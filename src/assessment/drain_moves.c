/* Pods on the move: evicted, replaced, placed or waiting for a place; StatefulSets one ordinal after the other. */
#include "assessment/drain_internal.h"

#include <stdlib.h>
#include <string.h>
#include "base/time.h"

static bool settle_on_a_node(struct play *play, size_t at)
{
	struct place_node *node = placement_choose(play->placement, play->slots[at].place);
	if (!node)
		return false;
	placement_put(play->placement, play->slots[at].place, node);
	drain_move(play, at, SLOT_STARTS);
	play->ordered[play->slots[at].ordered].placed = ++play->n_placed;
	*HEAP_PUSH(play->starting, play->n_starting) = at;
	return true;
}

void drain_place_or_queue(struct play *play, size_t at)
{
	if (!settle_on_a_node(play, at))
		drain_enqueue(play, at);
}

void drain_try_queue(struct play *play)
{
	size_t kept = 0;
	for (size_t i = 0; i < play->n_queue; i++)
		if (!settle_on_a_node(play, play->queue[i]))
			play->queue[kept++] = play->queue[i];
	play->n_queue = kept;
}

/* A StatefulSet's lower ordinals must be ready before it makes this one. */
static bool must_wait(const struct play *play, size_t slot)
{
	int ordinal = play->ordered[play->slots[slot].ordered].ordinal;
	EACH_OF_ITS_SET(play, slot, other)
	if (other->ordinal < ordinal &&
	    (play->slots[other->slot].state != SLOT_RUNS || !play->slots[other->slot].ready))
		return true;
	return false;
}

int drain_moving_order(const void *left, const void *right)
{
	const struct moving *a = left, *b = right;
	if (a->stops_ms != b->stops_ms)
		return a->stops_ms < b->stops_ms ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static int64_t grace_ms(const struct kube_pod *pod)
{
	return (pod->spec && pod->spec->has_grace_s ? pod->spec->grace_s : 30) * SECOND_MS;
}

/* Most programs stop well before their grace ends; ten seconds are what they need. */
static int64_t stop_ms(const struct kube_pod *pod)
{
	int64_t grace = grace_ms(pod);
	return grace < 10 * SECOND_MS ? grace : 10 * SECOND_MS;
}

/* For the estimate: who asked for a long grace, or has something to do before it stops, is given it whole. */
int64_t drain_expected_stop_ms(const struct kube_pod *pod)
{
	bool needs = grace_ms(pod) > MINUTE_MS;
	for (size_t i = 0; pod->spec && i < pod->spec->n_containers; i++)
		needs |= pod->spec->containers[i].pre_stop != NULL;
	return needs ? grace_ms(pod) : stop_ms(pod);
}

/* The controller makes the replacement at once; a StatefulSet waits until the name is free. */
struct moving drain_evict(struct play *play, size_t at, size_t order)
{
	struct slot *slot = &play->slots[at];
	struct moving moving = {at, slot->place, stop_ms(slot->pod), order};
	drain_move(play, at, slot->facts & POD_OWNED ? SLOT_STOPPING : SLOT_GONE);
	if (slot->state == SLOT_GONE || slot->facts & POD_STATEFUL)
		return moving;
	placement_mark(play->placement, moving.old, 0);
	slot->place = placement_like(play->placement, moving.old);
	placement_mark(play->placement, slot->place, (uint32_t)at + 1);
	drain_place_or_queue(play, at);
	return moving;
}

/* When the pod before this one was placed: it is the order in which they become ready. */
static uint32_t placed_before(const struct play *play, size_t slot)
{
	int ordinal = play->ordered[play->slots[slot].ordered].ordinal;
	uint32_t last = 0;
	EACH_OF_ITS_SET(play, slot, other)
	if (other->ordinal < ordinal && other->placed > last)
		last = other->placed;
	return last;
}

struct coming {
	size_t slot;
	uint32_t after;
};

static int coming_order(const void *left, const void *right)
{
	const struct coming *a = left, *b = right;
	if (a->after != b->after)
		return a->after < b->after ? -1 : 1;
	return (a->slot > b->slot) - (a->slot < b->slot);
}

/* What was placed becomes ready; then StatefulSets make their next ordinals; until nothing comes any more. */
void drain_let_settle(struct play *play)
{
	for (;;) {
		struct coming *coming CLEANUP(mem_freep) = NULL;
		size_t n = 0, kept = 0;
		for (size_t i = 0; i < play->n_starting; i++)
			if (play->slots[play->starting[i]].state == SLOT_STARTS)
				drain_move(play, play->starting[i], SLOT_RUNS);
		play->n_starting = 0;
		for (size_t i = 0; i < play->n_waiting; i++) {
			size_t at = play->waiting[i];
			if (must_wait(play, at))
				play->waiting[kept++] = at;
			else
				*HEAP_PUSH(coming, n) = (struct coming){at, placed_before(play, at)};
		}
		play->n_waiting = kept;
		if (!n)
			return;
		qsort(coming, n, sizeof *coming, coming_order);
		for (size_t i = 0; i < n; i++)
			drain_place_or_queue(play, coming[i].slot);
	}
}

void drain_stopped(struct play *play, const struct moving *moving)
{
	struct slot *slot = &play->slots[moving->slot];
	if (slot->place == moving->old && slot->state != SLOT_GONE)
		placement_take(play->placement, moving->old);
	else
		placement_forget(play->placement, moving->old);
	if (slot->state == SLOT_STOPPING) {
		drain_move(play, moving->slot, SLOT_WAITS);
		if (must_wait(play, moving->slot))
			drain_wait(play, moving->slot);
		else
			drain_place_or_queue(play, moving->slot);
	}
	drain_try_queue(play);
}
