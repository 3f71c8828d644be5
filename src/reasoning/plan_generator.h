/* From what was seen to what will be done. Pure: same ClusterState, assessment and configuration, same plan, byte for
 * byte. */
#pragma once

#include "config/config.h"
#include "models/cluster_state.h"
#include "models/finding.h"
#include "models/upgrade_plan.h"

/* `assessment` NULL: none was made. What the plan keeps of it is copied into the arena.
 * INVALID/PRECONDITION when no safe plan exists (version jump, no records, weights …), with what to do. */
struct error *plan_generate(const struct cluster_state *state, const struct assessment *assessment,
			    const struct config *config, struct arena *arena, struct upgrade_plan *ret) MUST_CHECK;
