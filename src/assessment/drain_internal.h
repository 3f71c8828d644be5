/* The inside of the drain that is played: what its files share. A slot is a pod's place in its workload: when the pod
 * is evicted the slot goes on as its replacement, on another node, or homeless in the queue until some node will do.
 *
 *   drain_setup.c    the inventory into slots and nodes
 *   drain_budgets.c  the budgets as they move, and what the API server says to an eviction
 *   drain_moves.c    evicted, placed again, settled
 *   drain_tell.c     why a node is stopped, and the smallest change
 *   drain.c          one node after the other */
#pragma once

#include "assessment/drain.h"
#include "kube/placement.h"
#include "kube/values.h"

enum slot_state {
	SLOT_RUNS,
	SLOT_STARTS /* placed, and not ready before all has settled */,
	SLOT_STOPPING,
	SLOT_QUEUED /* no node will do */,
	SLOT_WAITS /* for lower ordinals */,
	SLOT_GONE
};

/* There are many slots: small ones, known by their numbers. Those of the inventory's pods come first, in its order. */
struct slot {
	const struct kube_pod *pod; /* as it was seen; of one that came since, the one it is like */
	uint32_t place;		    /* of the placement */
	uint32_t budgets;	    /* the first of play->memberships; 0: none selects it */
	uint32_t ordered; /* of play->ordered; 0: it is none of a StatefulSet that brings its pods one by one */
	uint8_t state;	  /* enum slot_state; moved by drain_move() alone: budgets count it */
	uint8_t facts;	  /* of the pod: enum pod_fact */
	bool ready;
};
struct membership { /* a slot's in a budget that selects it, in the order of the inventory */
	uint32_t budget, next;
};
struct ordered { /* a slot of a StatefulSet that brings its pods one by one */
	uint32_t slot;
	uint32_t set, next; /* of play->sets; the next one in it */
	uint32_t placed;    /* when it was placed last, counted over all */
	int ordinal;
};

struct budget {
	const struct kube_pdb *pdb;
	struct kube_int_or_percent most, least; /* unavailable; available */
	bool has_most, has_least;		/* makes sense */
	bool counted;				/* a number of pods must be available: of those there are */
	size_t first, n_slots;			/* the first that joined it; of all */
	int64_t present, healthy;		/* of the slots */
	int64_t expected, desired;		/* as of the last drain_count() */
	int64_t wanted;				/* by the controllers, each once */
	const struct kube_workload **owners;	/* that were counted */
	size_t n_owners;
	bool never; /* a share of pods whose controller cannot be asked how many it wants: the server allows none */
};

struct node_slot {
	const struct kube_node *node;
	struct place_node *place;
	const char *group;
};

struct play {
	struct assess *assess;
	struct arena *arena; /* of the play alone */
	struct placement *placement;
	struct slot *slots;
	size_t n_slots;
	struct membership *memberships; /* the first is nobody's; so is it in `ordered` */
	size_t n_memberships;
	struct ordered *ordered;
	size_t n_ordered;
	uint32_t *sets; /* by workload of the inventory: the first of `ordered` in each ordered set */
	struct budget *budgets;
	size_t n_budgets;
	struct place_node **places; /* of the inventory's nodes, in its order */
	struct node_slot *nodes;
	size_t n_nodes;
	size_t *queue, n_queue;
	size_t *waiting, n_waiting;   /* slots that wait for lower ordinals and were seen to have to */
	size_t *starting, n_starting; /* slots placed since all had settled */
	uint32_t n_placed;	      /* placements so far */
	unsigned made;		      /* new nodes so far */
	struct drain_prediction *out;
};
/* The budgets that select a slot; one more may join it meanwhile. */
#define EACH_BUDGET_OF(play, slot, budget_)                                                                            \
	for (uint32_t in_ = (play)->slots[slot].budgets; in_; in_ = (play)->memberships[in_].next)                     \
		for (struct budget *budget_ = &(play)->budgets[(play)->memberships[in_].budget]; budget_;              \
		     budget_ = NULL)
/* The slots of the set that an ordered slot belongs to; none for others. */
#define EACH_OF_ITS_SET(play, slot, other)                                                                             \
	for (const struct ordered *other =                                                                             \
		     &(play)->ordered[(play)->slots[slot].ordered                                                      \
					      ? (play)->sets[(play)->ordered[(play)->slots[slot].ordered].set]         \
					      : 0];                                                                    \
	     other != (play)->ordered; other = &(play)->ordered[other->next])

/* ---- drain_setup.c */
struct placement *drain_new_placement(struct play *play); /* the caller's */
void drain_set_up(struct play *play);
size_t drain_add_slot(struct play *play, const struct kube_pod *pod, unsigned facts);
size_t drain_slot_of(const struct play *play, const struct kube_pod *pod); /* a pod of the inventory */
void drain_enqueue(struct play *play, size_t slot);			   /* no node will do */
void drain_wait(struct play *play, size_t slot);			   /* for lower ordinals */
int drain_slot_order(const void *left, const void *right, void *play);	   /* of slots' numbers, by name */

/* ---- drain_budgets.c */
enum answer { ANSWER_YES, ANSWER_BUDGET, ANSWER_TWO };
void drain_set_up_budgets(struct play *play);
void drain_join(struct play *play, size_t budget, size_t slot);
void drain_move(struct play *play, size_t slot, enum slot_state state);
void drain_count(struct budget *budget);					/* what it expects and desires now */
enum answer drain_ask(struct play *play, size_t at, const struct budget **ret); /* the budget asked; NULL: none */

/* ---- drain_moves.c */
struct moving { /* a slot whose old pod still stands where it stood */
	size_t slot;
	uint32_t old;
	int64_t stops_ms;
	size_t order;
};

struct moving drain_evict(struct play *play, size_t at, size_t order);
int drain_moving_order(const void *left, const void *right);
void drain_stopped(struct play *play, const struct moving *moving); /* the old pod has ended */
void drain_place_or_queue(struct play *play, size_t at);
void drain_try_queue(struct play *play);
void drain_let_settle(struct play *play);		    /* what was placed becomes ready, until nothing moves */
int64_t drain_expected_stop_ms(const struct kube_pod *pod); /* for the estimate */

/* ---- drain_tell.c */
struct leaving { /* who is to leave a node: told once, when its drain begins, as kubectl drain does it */
	size_t *slots, n;
};

void drain_tell_stops(struct play *play, const struct leaving *leaving, struct drain_node *out);
void drain_tell_homeless(struct play *play);
