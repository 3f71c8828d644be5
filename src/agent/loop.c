/* Look, plan, and see whether the plan still fits. */
#include "agent/loop.h"

#include <stdlib.h>
#include <string.h>
#include "assessment/accept.h"
#include "assessment/check.h"
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

/* Neither AWS nor the API server answered: that is no assessment. */
static struct error *nothing_seen(const struct inventory *inventory)
{
	const struct source *aws = inventory_find_source(inventory, "aws"),
			    *cluster = inventory_find_source(inventory, "eks:DescribeCluster"),
			    *kubernetes = inventory_find_source(inventory, "kubernetes");
	const struct source *first = aws ? aws : cluster;
	if (!kubernetes || kubernetes->status == SOURCE_OK || !first || first->status == SOURCE_OK)
		return NULL;
	bool same =
		strstr(kubernetes->detail, first->detail) != NULL; /* the API server is asked with AWS's credentials */
	return error_remedy(error_new(first->status == SOURCE_DENIED ? ERROR_AUTH : ERROR_TRANSIENT,
				      "nothing could be seen of cluster \"%s\": AWS: %s%s%s", inventory->cluster,
				      first->detail, same ? "" : "; Kubernetes: ", same ? "" : kubernetes->detail),
			    "eks-upgrade-agent doctor tells what is missing");
}

/* What cannot be reached at all is told by the inventory's sources. */
struct error *loop_look(struct survey *survey, struct inventory **ret)
{
	struct world world = {.ports = survey->ports, .config = survey->config};
	struct error *aws_error ERROR_CLEANUP = NULL, *kube_error ERROR_CLEANUP = NULL, *error = NULL;
	struct inventory *inventory CLEANUP(inventory_freep) = NULL;
	survey->aws_error = aws_error = world_aws(&world, &survey->aws);
	survey->kube_error = kube_error = world_blue(&world, &survey->kube);
	if (aws_error)
		survey->aws = NULL;
	if (kube_error)
		survey->kube = NULL;
	if (aws_error && kube_error) {
		error = TAKE(aws_error);
	} else {
		inventory = survey_run(survey);
		error = nothing_seen(inventory);
		if (error && aws_error) { /* it knows better what to do */
			error_free(error);
			error = TAKE(aws_error);
		}
	}
	world_done(&world);
	if (!error)
		*ret = TAKE(inventory);
	return error;
}

/* The assessment that a plan is made from. Texts of it are the inventory's: what the plan keeps is copied. */
static struct error *plan_assessed(const struct ports *ports, const struct config *config,
				   const struct cluster_state *state, struct arena *arena, struct upgrade_plan *ret)
{
	struct inventory *inventory CLEANUP(inventory_freep) = NULL;
	struct survey survey = {.ports = ports, .config = config};
	struct assessment assessment;
	TRY(loop_look(&survey, &inventory));
	TRY(assess_run(inventory, config, config->target_version, NULL, arena, &assessment));
	assessment_accept(&assessment, config, inventory->captured_at_ms, arena);
	return plan_generate(state, &assessment, config, arena, ret);
}

struct error *loop_plan(const struct ports *ports, const struct config *config, struct arena *arena,
			struct cluster_state *ret_state, struct upgrade_plan *ret_plan)
{
	struct world world = {.ports = ports, .config = config};
	struct error *error = look(&world, config, arena, ret_state);
	world_done(&world);
	if (error)
		return error_wrap(error, "cannot look at cluster \"%s\"", config->cluster);
	TRY(plan_generate(ret_state, NULL, config, arena, ret_plan)); /* what is refused is refused at once */
	return config->assess ? plan_assessed(ports, config, ret_state, arena, ret_plan) : NULL;
}

struct error *loop_check_drift(const struct ports *ports, const struct config *config, const struct upgrade_plan *plan)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct config named = *config;
	struct cluster_state state;
	struct upgrade_plan now;
	named.cluster = plan->cluster_name;
	named.target_version = plan->target_version;
	named.assess = plan->assessed;
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
