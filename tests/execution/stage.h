/* One step on the stage of a simulated world ("medium", seed 1): for tests of step types without an engine. What the
 * step remembers, and the last verdict that it told, are kept. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "config/config.h"
#include "execution/step.h"
#include "sim/sim.h"

struct stage {
	struct arena *arena;
	struct sim *sim;
	struct ports ports;
	struct config config;
	struct world world;
	struct upgrade_plan plan;
	struct upgrade_step step;
	json_t *memory;	    /* of the step */
	json_t *verdict;    /* or traffic; NULL: none was told */
	json_t *others;	    /* memories of other steps, by id; NULL: none */
	int64_t started_ms; /* when the step's intent was written */
	struct step_result result;
};

void stage_init(struct stage *stage, const char *parameters);
void stage_init_sick(struct stage *stage, const char *parameters, const char *fault);
void stage_done(struct stage *stage);

typedef struct error *stage_fn(struct step_context *ctx, struct step_result *ret);
struct error *stage_try(struct stage *stage, stage_fn *fn);
void stage_call(struct stage *stage, stage_fn *fn); /* which must not fail */
/* Polls as the engine would, for so long at most. */
void stage_until_done(struct stage *stage, const struct step_type *type);
void stage_sleep(struct stage *stage, int64_t ms);

/* A call of the Kubernetes API; `body` is taken, a PATCH is a merge patch. The answer is the caller's. */
json_t *stage_ask(struct stage *stage, const char *method, const char *path, json_t *body);
