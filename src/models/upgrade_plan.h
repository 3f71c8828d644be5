/* The plan document (the brief's UpgradePlan, UpgradeStep, …): names on the wire are the brief's. Built by reasoning/,
 * executed by agent/. Same snapshot and configuration, same bytes. `parameters` and conditions stay JSON text: each
 * step type decodes its own by its own table. */
#pragma once

#include "codec/model.h"

enum strategy { STRATEGY_BLUE_GREEN, STRATEGY_IN_PLACE, STRATEGY_CUSTOM };
extern const char *const strategy_names[]; /* "blue-green", "in-place", "custom" */

struct validation_criterion {
	const char *name;
	const char *condition; /* words for people: "error rate ≤ 1 % and ≤ 0.5 % above Blue" */
};

struct rollback_action {
	const char *action; /* "traffic to Blue", "terraform destroy", … for people */
	const char *description;
	int64_t estimated_duration_ms;
};

struct upgrade_step {
	const char *step_id; /* "traffic-25"; unique in the plan; [a-z0-9-]+ */
	const char *name;    /* short, for the screen: "traffic 25 %" */
	const char *description;
	const char *phase;	/* for people: perceive plan provision deploy verify traffic bake waits remove */
	const char *executor;	/* the step type: "terraform.apply", "argocd.sync", "route53.weights", "approval" … */
	const char *parameters; /* JSON object text */
	const char **depends_on;
	size_t n_depends_on;
	struct validation_criterion *validation_criteria;
	size_t n_validation_criteria;
	struct rollback_action *rollback_action; /* NULL: nothing to undo */
	int64_t estimated_duration_ms;
	int64_t deadline_ms;  /* longest it may take; 0: none */
	const char **because; /* finding ids or rules why it is there */
	size_t n_because;
	bool changes;	  /* mutates the world */
	const char *sign; /* "+", "~", "-" or "" as plan prints */
};

/* What the yes to the plan answers: a finding that no step takes care of. */
struct plan_question {
	const char *finding, *severity; /* "BG-STATEFUL", "BLOCKER" */
	const char *question;		/* in words */
	const char **objects;		/* "StatefulSet cart/cart-redis" */
	size_t n_objects;
};

struct rollback_plan {
	const char *description;
	int64_t estimated_duration_ms;
};

struct upgrade_plan {
	int64_t format;	     /* 1 */
	const char *plan_id; /* hash of the document without plan_id, hex */
	const char *cluster_name;
	const char *cluster_arn;
	const char *region;
	const char *green_name; /* blue/green only */
	const char *source_version;
	const char *target_version;
	int strategy; /* enum strategy */
	const char *snapshot_hash;
	struct upgrade_step *steps; /* in a valid topological order */
	size_t n_steps;
	int64_t estimated_duration_ms;
	double estimated_extra_cost_usd;
	struct rollback_plan rollback_plan;
	const char **warnings;
	size_t n_warnings;
	bool assessed; /* an assessment took part in it: its findings are in steps, questions and warnings */
	struct plan_question *questions;
	size_t n_questions;
};
extern const struct model upgrade_step_model, upgrade_plan_model;

/* Decodes and proves a plan: format, unique ids, known dependencies, no cycle, plan_id = its own hash.
 * INVALID tells what was changed by hand. */
struct error *upgrade_plan_read(struct slice text, const char *name, struct arena *arena,
				struct upgrade_plan *ret) MUST_CHECK;
/* Sets plan_id and writes the document. */
void upgrade_plan_write(struct upgrade_plan *plan, struct arena *arena, struct buf *out);
const struct upgrade_step *upgrade_plan_step(const struct upgrade_plan *plan, const char *step_id);
