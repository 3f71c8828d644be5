/* The plan document: its table, its hash, and the proof that it is whole. */
#include "models/upgrade_plan.h"

#include <string.h>
#include "codec/document.h"
#include "codec/json.h"

enum { FORMAT = 1 };

const char *const strategy_names[] = {"blue-green", "in-place", "custom", NULL};

static const struct field criterion_fields[] = {
	F_STRING(struct validation_criterion, name, "name", FIELD_REQUIRED, "what is looked at"),
	F_STRING(struct validation_criterion, condition, "condition", FIELD_REQUIRED, "what must hold, in words"),
};
static const struct model criterion_model = MODEL("ValidationCriterion", struct validation_criterion, criterion_fields);

static const struct field rollback_action_fields[] = {
	F_STRING(struct rollback_action, action, "action", FIELD_REQUIRED, "what undoes the step"),
	F_STRING(struct rollback_action, description, "description", 0, "for people"),
	F_DURATION(struct rollback_action, estimated_duration_ms, "estimated_duration", 0, "how long that takes"),
};
static const struct model rollback_action_model =
	MODEL("RollbackAction", struct rollback_action, rollback_action_fields);

static const struct field step_fields[] = {
	F_STRING(struct upgrade_step, step_id, "step_id", FIELD_REQUIRED, "unique in the plan"),
	F_STRING(struct upgrade_step, name, "name", FIELD_REQUIRED, "short name"),
	F_STRING(struct upgrade_step, description, "description", 0, "what it does"),
	F_STRING(struct upgrade_step, phase, "phase", FIELD_REQUIRED, "part of the upgrade"),
	F_STRING(struct upgrade_step, executor, "executor", FIELD_REQUIRED, "step type"),
	F_JSON(struct upgrade_step, parameters, "parameters", 0, "the step type's own"),
	F_STRINGS(struct upgrade_step, depends_on, n_depends_on, "depends_on", 0, "steps that must be done before"),
	F_LIST(struct upgrade_step, validation_criteria, n_validation_criteria, "validation_criteria", 0,
	       &criterion_model, "what must hold to go on"),
	F_OBJECT_PTR(struct upgrade_step, rollback_action, "rollback_action", 0, &rollback_action_model,
		     "how it is undone"),
	F_DURATION(struct upgrade_step, estimated_duration_ms, "estimated_duration", 0, "how long it will take"),
	F_DURATION(struct upgrade_step, deadline_ms, "deadline", FIELD_OMIT_EMPTY, "how long it may take"),
	F_STRINGS(struct upgrade_step, because, n_because, "because", 0, "why it is there"),
	F_BOOL(struct upgrade_step, changes, "changes", 0, "whether it changes the world"),
	F_STRING(struct upgrade_step, sign, "sign", 0, "+ made, ~ changed, - removed"),
};
const struct model upgrade_step_model = MODEL("UpgradeStep", struct upgrade_step, step_fields);

static const struct field rollback_plan_fields[] = {
	F_STRING(struct rollback_plan, description, "description", 0, "what rolling back does"),
	F_DURATION(struct rollback_plan, estimated_duration_ms, "estimated_duration", 0, "how long it takes"),
};
static const struct model rollback_plan_model = MODEL("RollbackPlan", struct rollback_plan, rollback_plan_fields);

static const struct field question_fields[] = {
	F_STRING(struct plan_question, finding, "finding", FIELD_REQUIRED, "the check's id"),
	F_STRING(struct plan_question, severity, "severity", 0, "how bad"),
	F_STRING(struct plan_question, question, "question", 0, "in words"),
	F_STRINGS(struct plan_question, objects, n_objects, "objects", 0, "what it was found on"),
};
static const struct model question_model = MODEL("PlanQuestion", struct plan_question, question_fields);

static const struct field plan_fields[] = {
	F_INT(struct upgrade_plan, format, "format", FIELD_REQUIRED, "format of this document"),
	F_STRING(struct upgrade_plan, plan_id, "plan_id", FIELD_REQUIRED, "SHA-256 of the document without it"),
	F_STRING(struct upgrade_plan, cluster_name, "cluster_name", FIELD_REQUIRED, "Blue"),
	F_STRING(struct upgrade_plan, cluster_arn, "cluster_arn", 0, "Blue's ARN"),
	F_STRING(struct upgrade_plan, region, "region", 0, "AWS region"),
	F_STRING(struct upgrade_plan, green_name, "green_name", 0, "Green"),
	F_STRING(struct upgrade_plan, source_version, "source_version", FIELD_REQUIRED, "version now"),
	F_STRING(struct upgrade_plan, target_version, "target_version", FIELD_REQUIRED, "version after"),
	F_ENUM(struct upgrade_plan, strategy, "strategy", 0, strategy_names, "how"),
	F_STRING(struct upgrade_plan, snapshot_hash, "snapshot_hash", FIELD_REQUIRED,
		 "hash of the ClusterState it was made from"),
	F_LIST(struct upgrade_plan, steps, n_steps, "steps", 0, &upgrade_step_model, "in an order that works"),
	F_DURATION(struct upgrade_plan, estimated_duration_ms, "estimated_duration", 0, "of the whole"),
	F_DOUBLE(struct upgrade_plan, estimated_extra_cost_usd, "estimated_extra_cost_usd", 0,
		 "while both clusters run"),
	F_OBJECT(struct upgrade_plan, rollback_plan, "rollback_plan", 0, &rollback_plan_model, "the way back"),
	F_STRINGS(struct upgrade_plan, warnings, n_warnings, "warnings", 0, "what a person should know"),
	F_BOOL(struct upgrade_plan, assessed, "assessed", FIELD_OMIT_EMPTY, "whether an assessment took part in it"),
	F_LIST(struct upgrade_plan, questions, n_questions, "questions", FIELD_OMIT_EMPTY, &question_model,
	       "what the yes to this plan answers"),
};
const struct model upgrade_plan_model = MODEL("UpgradePlan", struct upgrade_plan, plan_fields);

static void hash_of(const struct upgrade_plan *plan, char out[65])
{
	json_t *document DOCUMENT_CLEANUP = document_encode(&upgrade_plan_model, plan);
	json_object_del(document, "plan_id");
	document_hash(document, out);
}

const struct upgrade_step *upgrade_plan_step(const struct upgrade_plan *plan, const char *step_id)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (!strcmp(plan->steps[i].step_id, step_id))
			return &plan->steps[i];
	return NULL;
}

static bool good_id(const char *id)
{
	return *id && id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0' && strlen(id) <= 60;
}

/* Steps stand in an order that works: each dependency stands before. So there is no cycle either. */
static struct error *prove_steps(const struct upgrade_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct upgrade_step *step = &plan->steps[i];
		if (!good_id(step->step_id))
			return error_new(ERROR_INVALID, "%s: steps[%zu]: \"%s\" is no step id", name, i, step->step_id);
		if (upgrade_plan_step(plan, step->step_id) != step)
			return error_new(ERROR_INVALID, "%s: steps[%zu]: a second step \"%s\"", name, i, step->step_id);
		for (size_t k = 0; k < step->n_depends_on; k++) {
			const struct upgrade_step *before = upgrade_plan_step(plan, step->depends_on[k]);
			if (!before || before >= step)
				return error_new(ERROR_INVALID, "%s: step \"%s\" depends on \"%s\", which %s", name,
						 step->step_id, step->depends_on[k],
						 before ? "does not stand before it" : "is not there");
		}
	}
	return plan->n_steps ? NULL : error_new(ERROR_INVALID, "%s: a plan without steps", name);
}

struct error *upgrade_plan_read(struct slice text, const char *name, struct arena *arena, struct upgrade_plan *ret)
{
	json_t *document DOCUMENT_CLEANUP = NULL;
	TRY(document_parse(text, name, &document));
	int64_t format = document_int_or(document, "format", 0);
	if (format != FORMAT)
		return error_remedy(error_new(ERROR_INVALID, "%s: %s", name,
					      format > FORMAT ? "a plan of a newer format" : "not a plan"),
				    "make it anew: eks-upgrade-agent plan --out %s", name);
	TRY(json_decode(text, name, JSON_READ_STRICT, &upgrade_plan_model, ret, arena));
	char hash[65];
	hash_of(ret, hash);
	if (strcmp(hash, ret->plan_id) != 0)
		return error_remedy(error_new(ERROR_INVALID,
					      "%s: changed by hand: its content has the id %.16s, it says %.16s", name,
					      hash, ret->plan_id),
				    "plans are not edited: change the configuration and make it anew by "
				    "eks-upgrade-agent plan --out %s",
				    name);
	return prove_steps(ret, name);
}

void upgrade_plan_write(struct upgrade_plan *plan, struct arena *arena, struct buf *out)
{
	char hash[65];
	plan->format = FORMAT;
	hash_of(plan, hash);
	plan->plan_id = arena_strdup(arena, hash);
	json_encode(&upgrade_plan_model, plan, true, out);
	buf_putc(out, '\n');
}
