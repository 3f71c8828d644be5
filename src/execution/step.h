/* What a step is. A step type is a table row of five functions; the engine (agent/) drives them and owns the journal.
 *
 * Life of a step, as the engine runs it:
 *   1. its dependencies are done; `check` says whether the world is already so (then it is done without an effect);
 *   2. the engine makes an intent record durable; then `start` has its effect(s) and returns at once;
 *   3. `poll` is called again and again until it says done (each call: one or a few exchanges, no sleep);
 *   4. the engine writes the outcome.
 * Killed anywhere: on the next tick an intent without outcome makes the engine call `check` first: ALREADY goes to 4,
 * RUNNING to 3, TODO to 2 again with the same attempt number — so the same idempotency tokens and job names.
 * `undo` is called (also repeatedly, until it says done, for ever) on roll back, for every step whose intent was
 * written, in reverse order; it must be right whatever state start/poll left behind.
 *
 * Functions must not keep state outside `memory` (a JSON object, the step's own, made durable by step_remember). */
#pragma once

#include <jansson.h>
#include "aws/aws.h"
#include "base/error.h"
#include "kube/kube.h"
#include "models/upgrade_plan.h"
#include "port/ports.h"

struct config;

enum step_check { STEP_TODO, STEP_RUNNING, STEP_ALREADY };
enum step_progress { STEP_WAIT, STEP_DONE, STEP_FAIL, STEP_HOLD };
enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_NO_DATA, VERDICT_PROVIDER_ERROR };
extern const char *const verdict_names[]; /* "PASS", "FAIL", "NO_DATA", "PROVIDER_ERROR", NULL */

/* What start, poll and undo say. Zeroed by the engine beforehand: STEP_WAIT, poll again after the type's interval. */
struct step_result {
	enum step_progress progress;
	int64_t poll_after_ms; /* 0: default of the type */
	char *detail;	       /* one line for the screen: "41/64 resources"; owned (free) */
};

/* How far a running job's output was read: a saving of time only, begun anew by every process. */
struct job_mark {
	char job[160];
	uint64_t offset;
	size_t done;
};

/* The outside of one upgrade, shared by all steps; owned by the engine, made lazily by world_*() (execution/world.c).
 */
struct world {
	const struct ports *ports;
	const struct config *config;
	struct aws *aws;
	struct kube *blue;  /* NULL until asked for */
	struct kube *green; /* NULL until asked for */
	char *green_name;
	struct job_mark apply;
};

struct step_context {
	struct world *world;
	const struct upgrade_plan *plan;
	const struct upgrade_step *step;
	const char *run_id;
	unsigned attempt;    /* from 1; grows only when a start surely failed without effect and is tried anew */
	int64_t now_ms;	     /* wall */
	int64_t started_ms;  /* when the intent was written; 0 before */
	json_t *memory;	     /* object, read it; change it only through step_remember */
	struct arena *arena; /* lives for this call only */
	const struct step_services *services; /* the engine's side; use the functions below */
	void *engine;
};

struct step_services {
	struct error *(*record)(void *engine, const struct step_context *ctx, const char *kind, json_t *payload);
	json_t *(*memory_of)(void *engine, const char *step_id);
};

/* Merges `members` (taken) into the step's memory, durably, before it returns. */
struct error *step_remember(struct step_context *ctx, json_t *members) MUST_CHECK;
/* Writes a journal record of kind "verdict", "traffic" or "note"; payload taken. Traffic: {asked, measured, verdict,
 * sink…}. Durable before it returns. */
struct error *step_record(struct step_context *ctx, const char *kind, json_t *payload) MUST_CHECK;
/* Memory of another step (borrowed), NULL when it has none: e.g. what provisioning learnt. */
json_t *step_memory_of(struct step_context *ctx, const char *step_id);

struct step_type {
	const char *executor; /* as in the plan: "terraform.apply" */
	const char *service;  /* whose breaker it trips: "terraform", "argocd", "route53" … */
	int64_t poll_interval_ms;
	bool validates;	  /* FAIL means roll back; a provider's outage holds */
	bool no_way_back; /* once it has begun, Blue is going: nothing is rolled back any more */
	struct error *(*check)(struct step_context *ctx, enum step_check *ret); /* NULL: always STEP_TODO */
	struct error *(*start)(struct step_context *ctx, struct step_result *ret);
	struct error *(*poll)(struct step_context *ctx, struct step_result *ret); /* NULL: done when start is */
	struct error *(*undo)(struct step_context *ctx, struct step_result *ret); /* NULL: nothing to undo */
};

/* Every type of execution/ and validation/ registers here by being in the table of its folder. */
extern const struct step_type *const execution_step_types[];  /* NULL-terminated */
extern const struct step_type *const validation_step_types[]; /* NULL-terminated; defined in validation/ */

/* The clients of the world, made on first use and kept. Borrowed results. */
struct error *world_aws(struct world *world, struct aws **ret) MUST_CHECK;
struct error *world_blue(struct world *world, struct kube **ret) MUST_CHECK;
struct error *world_green(struct world *world, const char *green_name, struct kube **ret) MUST_CHECK;
/* Whether a client made from a kubeconfig speaks to the EKS cluster of that name. */
struct error *world_check_identity(struct world *world, const struct kube *kube, const char *name) MUST_CHECK;
void world_done(struct world *world);

/* What several step types need: their parameters as a document (the caller's), and EKS' status of a cluster (the
 * caller's; NULL: there is none). */
struct error *step_parameters(const struct step_context *ctx, json_t **ret) MUST_CHECK;
struct error *step_cluster_status(struct step_context *ctx, const char *name, char **ret_status) MUST_CHECK;

/* What steps ask of AWS beyond survey_actions, as IAM names it, NULL-terminated. */
extern const char *const execution_actions[];
