/* What a plan does about what an assessment found. A finding becomes
 *   - a preparation: a step of its own, where the check says which change frees it (struct finding_change);
 *   - a reason of a step that takes care of it anyway;
 *   - a question, which the yes to the plan answers, when it is a blocker that no step takes care of;
 *   - or a line among the warnings: it is told, and does not hold the plan up.
 * Accepted findings are nothing to do. Pure; texts are copied into the arena. */
#pragma once

#include "models/finding.h"
#include "models/upgrade_plan.h"

/* A step that comes before the upgrade proper. */
struct preparation {
	bool on_green; /* as soon as Green is there; else on Blue, before anything is made */
	const char *step_id, *name, *description, *executor;
	const struct finding_change *change;
	const char **because; /* "WL-PDB-ZERO PodDisruptionBudget shop/web" */
	size_t n_because;
};

struct analysis {
	struct preparation *preparations;
	size_t n_preparations;
	struct plan_question *questions;
	size_t n_questions;
	struct covered {
		const char *step_id, *because;
	} * covered; /* steps of the plan that take care of a finding anyway */
	size_t n_covered;
	const char **warnings;
	size_t n_warnings;
};

/* PRECONDITION for what no plan can be made against. */
struct error *analysis_make(const struct assessment *assessment, struct arena *arena, struct analysis *ret) MUST_CHECK;
