/* Look, plan, and see whether the plan still fits. */
#include "agent/loop.h"

#include <stdlib.h>
#include <string.h>
#include "execution/step.h"
#include "perception/collector.h"
#include "reasoning/plan_generator.h"

static struct error *look(struct world *world, const struct config *config, struct arena *arena,
			  struct cluster_state *ret)
{
	struct aws *aws;
	struct kube *kube;
	TRY(world_aws(world, &aws));
	TRY(world_blue(world, &kube));
	return perception_collect(world->ports, config, aws, kube, arena, ret);
}

struct error *loop_plan(const struct ports *ports, const struct config *config, struct arena *arena,
			struct cluster_state *ret_state, struct upgrade_plan *ret_plan)
{
	struct world world = {.ports = ports, .config = config};
	struct error *error = look(&world, config, arena, ret_state);
	world_done(&world);
	if (error)
		return error_wrap(error, "cannot look at cluster \"%s\"", config->cluster);
	return plan_generate(ret_state, config, arena, ret_plan);
}

struct error *loop_check_drift(const struct ports *ports, const struct config *config, const struct upgrade_plan *plan)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct config named = *config;
	struct cluster_state state;
	struct upgrade_plan now;
	named.cluster = plan->cluster_name;
	named.target_version = plan->target_version;
	struct error *error = loop_plan(ports, &named, arena, &state, &now);
	if (error)
		return error_wrap(error, "the plan cannot be checked against the cluster as it is now");
	const char *what = strcmp(now.source_version, plan->source_version) ? "the cluster's version"
			   : now.n_steps != plan->n_steps		    ? "the steps that are needed"
									    : NULL;
	for (size_t i = 0; !what && i < now.n_steps; i++)
		if (strcmp(now.steps[i].step_id, plan->steps[i].step_id) != 0 ||
		    strcmp(now.steps[i].parameters, plan->steps[i].parameters) != 0)
			what = now.steps[i].step_id;
	if (!what)
		return NULL;
	return error_remedy(
		error_new(ERROR_CONFLICT, "the cluster is not what the plan was made for: %s differs", what),
		"make it anew and look at it: eks-upgrade-agent plan --out FILE");
}
