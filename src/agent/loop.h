/* The whole loop for hosts (cli, library, rehearse, tests): perceive, plan, run. */
#pragma once

#include "agent/agent.h"
#include "models/cluster_state.h"
#include "perception/survey.h"

/* The whole look behind an assessment: makes the clients, fills `survey` with them and runs it; what it asks for
 * besides (snapshot, progress, …) is the caller's, as is committing the snapshot. Fails only when neither AWS nor the
 * API server answers. Reads only. */
struct error *loop_look(struct survey *survey, struct inventory **ret) MUST_CHECK;
/* Perceives the configured cluster and plans; both documents are the caller's arena's. Where the configuration says so
 * (`assess`), the plan is made from an assessment too: what must happen before, and what a person must know. Reads
 * only.
 */
struct error *loop_plan(const struct ports *ports, const struct config *config, struct arena *arena,
			struct cluster_state *ret_state, struct upgrade_plan *ret_plan) MUST_CHECK;
/* CONFLICT when the world now is not what the plan was bound to: names what differs. */
struct error *loop_check_drift(const struct ports *ports, const struct config *config,
			       const struct upgrade_plan *plan) MUST_CHECK;
