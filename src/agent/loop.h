/* The whole loop for hosts (cli, library, rehearse, tests): perceive, plan, run. */
#pragma once

#include "agent/agent.h"
#include "models/cluster_state.h"

/* Perceives the configured cluster and plans; both documents are the caller's arena's. Reads only. */
struct error *loop_plan(const struct ports *ports, const struct config *config, struct arena *arena,
			struct cluster_state *ret_state, struct upgrade_plan *ret_plan) MUST_CHECK;
/* CONFLICT when the world now is not what the plan was bound to: names what differs. */
struct error *loop_check_drift(const struct ports *ports, const struct config *config,
			       const struct upgrade_plan *plan) MUST_CHECK;
