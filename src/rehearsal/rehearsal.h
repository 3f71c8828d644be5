/* A whole upgrade in the simulator, in process, in virtual time: `rehearse`, the seeds test and the plan's estimates.
 */
#pragma once

#include <jansson.h>
#include "agent/state.h"
#include "base/error.h"
#include "models/cluster_state.h"
#include "port/ports.h"

/* One rehearsal in the simulator, in process: its own sim, memory store. */
struct rehearsal_options {
	const char *cluster;		      /* small medium large; NULL: medium */
	const struct cluster_state *snapshot; /* instead: a cluster as it was seen (borrowed) */
	const char *target_version;	      /* NULL: the next minor version */
	const struct config *pace;	      /* whose traffic steps and waits; NULL: the simulator's own */
	uint64_t seed;
	const char *const *faults;
	size_t n_faults;
	bool random_faults;
	bool assess;	     /* the plan is made from an assessment too */
	struct store *store; /* NULL: a memory store */
	void (*progress)(void *context, const struct run_state *state, int64_t now_ms);
	void *context;
	bool check_invariants; /* after every tick; a violation is result failed with reason */
};
/* *ret: the fixed JSON of `rehearse -o json`. Approvals are answered yes. */
struct error *rehearse_run(const struct rehearsal_options *options, json_t **ret) MUST_CHECK;

/* Plays `plan` (made from `state` by `config`) without faults and sets each step's estimated_duration_ms and the plan's
 * sum from what the simulator took; then the plan_id anew. Deterministic. */
struct error *rehearse_estimate(const struct cluster_state *state, const struct config *config,
				struct upgrade_plan *plan, struct arena *arena) MUST_CHECK;
