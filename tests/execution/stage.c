/* See stage.h. */
#include "execution/stage.h"
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"

static struct error *record(void *engine, const struct step_context *ctx, const char *kind, json_t *payload)
{
	struct stage *stage = engine;
	(void)ctx;
	if (!strcmp(kind, "observed")) {
		json_object_update(stage->memory, json_object_get(payload, "memory"));
		json_decref(payload);
		return NULL;
	}
	json_decref(stage->verdict);
	stage->verdict = payload;
	return NULL;
}

static json_t *memory_of(void *engine, const char *step_id)
{
	return json_object_get(((struct stage *)engine)->others, step_id);
}

void stage_init(struct stage *stage, const char *parameters)
{
	stage_init_sick(stage, parameters, NULL);
}

void stage_init_sick(struct stage *stage, const char *parameters, const char *fault)
{
	struct sim_options options = {.cluster = "medium", .seed = 1, .faults = &fault, .n_faults = fault != NULL};
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	*stage = (struct stage){.arena = arena_new(), .memory = json_object()};
	assert_null(sim_new(&options, &stage->sim));
	sim_ports(stage->sim, &stage->ports);
	sim_config(stage->sim, &text);
	assert_null(config_from_text(buf_slice(&text), "simulator", stage->arena, &stage->config));
	stage->config.simulated = true;
	stage->world = (struct world){.ports = &stage->ports, .config = &stage->config};
	stage->plan = (struct upgrade_plan){.cluster_name = "shop", .green_name = "shop"};
	stage->step = (struct upgrade_step){.step_id = "prepare", .parameters = parameters};
}

void stage_done(struct stage *stage)
{
	world_done(&stage->world);
	sim_free(stage->sim);
	json_decref(stage->memory);
	json_decref(stage->verdict);
	json_decref(stage->others);
	free(stage->result.detail);
	arena_free(stage->arena);
}

struct error *stage_try(struct stage *stage, stage_fn *fn)
{
	static const struct step_services services = {record, memory_of};
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct step_context ctx = {.world = &stage->world,
				   .plan = &stage->plan,
				   .step = &stage->step,
				   .run_id = "0123456789abcdef",
				   .attempt = 1,
				   .now_ms = clock_wall_ms(stage->ports.clock),
				   .started_ms = stage->started_ms,
				   .memory = stage->memory,
				   .arena = arena,
				   .services = &services,
				   .engine = stage};
	free(stage->result.detail);
	stage->result = (struct step_result){0};
	return fn(&ctx, &stage->result);
}

void stage_call(struct stage *stage, stage_fn *fn)
{
	assert_null(stage_try(stage, fn));
}

void stage_sleep(struct stage *stage, int64_t ms)
{
	sim_advance_to(stage->sim, sim_now_ms(stage->sim) + ms);
}

void stage_until_done(struct stage *stage, const struct step_type *type)
{
	for (int i = 0; i < 60 && stage->result.progress == STEP_WAIT; i++) {
		stage_sleep(stage, type->poll_interval_ms);
		stage_call(stage, type->poll);
	}
	assert_int_equal(stage->result.progress, STEP_DONE);
}

json_t *stage_ask(struct stage *stage, const char *method, const char *path, json_t *body)
{
	struct kube *kube;
	json_t *answer = NULL;
	assert_null(world_blue(&stage->world, &kube));
	assert_null(kube_call(kube, method, path,
			      body && !strcmp(method, "PATCH") ? "application/merge-patch+json" : NULL, body, &answer));
	return answer;
}
