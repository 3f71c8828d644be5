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

struct membership { /* a slot's in a budget that selects it */
	struct budget *budget;
	struct membership *next;
};

struct slot {			    /* there are many: small ones */
	const struct kube_pod *pod; /* as it was seen; of one that came since, the one it is like */
	struct membership *budgets; /* in the order of the inventory */
	struct place_pod *place;
	struct slot **set;	/* all of a StatefulSet that brings its pods one by one, linked by `in_set`; or NULL */
	struct slot *in_set;	/* the next one */
	uint32_t index, placed; /* when it was placed last, counted over all */
	int ordinal;
	uint8_t state; /* enum slot_state; moved by drain_move() alone: budgets count it */
	bool ready;
};

struct budget {
	const struct kube_pdb *pdb;
	struct kube_int_or_percent most, least; /* unavailable; available */
	bool has_most, has_least;		/* makes sense */
	bool counted;				/* a number of pods must be available: of those there are */
	uint32_t *slots;
	size_t n_slots;
	int64_t present, healthy;	     /* of the slots */
	int64_t expected, desired;	     /* as of the last drain_count() */
	int64_t wanted;			     /* by the controllers, each once */
	const struct kube_workload **owners; /* that were counted */
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
	struct slot **slots; /* first those of the inventory's pods, in its order */
	size_t n_slots;
	struct budget *budgets;
	size_t n_budgets;
	struct place_node **places; /* of the inventory's nodes, in its order */
	struct node_slot *nodes;
	size_t n_nodes;
	size_t *queue, n_queue;
	size_t *waiting, n_waiting;   /* slots that wait for lower ordinals and were seen to have to */
	struct slot **sets;	      /* by workload of the inventory: the first slot of each ordered set */
	size_t *starting, n_starting; /* slots placed since all had settled */
	uint32_t n_placed;	      /* placements so far */
	unsigned made;		      /* new nodes so far */
	struct drain_prediction *out;
};

/* ---- drain_setup.c */
struct placement *drain_new_placement(struct play *play); /* the caller's */
void drain_set_up(struct play *play);
struct slot *drain_add_slot(struct play *play, const struct kube_pod *pod);
struct slot *drain_slot_of(const struct play *play, const struct kube_pod *pod); /* a pod of the inventory */
struct place_pod *drain_new_place(struct play *play, struct slot *slot);
void drain_enqueue(struct play *play, struct slot *slot); /* no node will do */
void drain_wait(struct play *play, struct slot *slot);	  /* for lower ordinals */
bool drain_is_daemon(const struct kube_pod *pod);	  /* or a mirror of a file: a drain leaves it alone */
int drain_slot_order(const void *left, const void *right, void *context); /* of slots' indices, by name */

/* ---- drain_budgets.c */
enum answer { ANSWER_YES, ANSWER_BUDGET, ANSWER_TWO };
void drain_set_up_budgets(struct play *play);
void drain_join(struct play *play, struct budget *budget, struct slot *slot);
void drain_move(struct slot *slot, enum slot_state state);
void drain_count(struct budget *budget);					/* what it expects and desires now */
enum answer drain_ask(struct play *play, size_t at, const struct budget **ret); /* the budget asked; NULL: none */

/* ---- drain_moves.c */
struct moving { /* a slot whose old pod still stands where it stood */
	size_t slot;
	struct place_pod *old;
	int64_t stops_ms;
	size_t order;
};

struct moving drain_evict(struct play *play, size_t at, size_t order);
int drain_moving_order(const void *left, const void *right);
void drain_stopped(struct play *play, const struct moving *moving); /* the old pod has ended */
void drain_place_or_queue(struct play *play, size_t at);
void drain_try_queue(struct play *play);
void drain_let_settle(struct play *play); /* what was placed becomes ready, until nothing moves */
bool drain_comes_back(const struct kube_pod *pod);
int64_t drain_expected_stop_ms(const struct kube_pod *pod); /* for the estimate */

/* ---- drain_tell.c */
struct leaving { /* who is to leave a node: told once, when its drain begins, as kubectl drain does it */
	size_t *slots, n;
};

void drain_tell_stops(struct play *play, const struct leaving *leaving, struct drain_node *out);
void drain_tell_homeless(struct play *play);
