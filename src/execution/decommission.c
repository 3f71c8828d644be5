/* Removing Blue: only after a proof that it serves nobody; node groups first, then add-ons, then the cluster. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/step.h"
#include "execution/traffic_facts.h"

enum { LOOK_BACK_MS = 5 * 60000 };

static struct error *check(struct step_context *ctx, enum step_check *ret)
{
	char *status CLEANUP(mem_freep) = NULL;
	TRY(step_cluster_status(ctx, ctx->plan->cluster_name, &status));
	*ret = !status ? STEP_ALREADY : document_true(ctx->memory, "proven") ? STEP_RUNNING : STEP_TODO;
	return NULL;
}

/* Nobody is served: all weights are Green's, and Blue's load balancer counted next to nothing in the last minutes. */
static struct error *prove(struct step_context *ctx, struct step_result *ret, bool *ret_proven)
{
	double requests;
	struct traffic_facts facts;
	*ret_proven = false;
	TRY(traffic_facts_load(ctx, &facts));
	TRY(traffic_requests(ctx, facts.blue_dimension, ctx->now_ms - LOOK_BACK_MS - 2 * MINUTE_MS,
			     ctx->now_ms - 2 * MINUTE_MS, &requests));
	if (isnan(requests) || requests < 1) {
		*ret_proven = true;
		return step_remember(ctx, json_pack("{s:b}", "proven", 1));
	}
	ret->detail = mem_printf("Blue still served %.0f requests in 5 min: some users are held there by cached names "
				 "or open connections",
				 requests);
	int64_t since_ms = document_int_or(ctx->memory, "waiting_since_ms", 0);
	if (!since_ms)
		return step_remember(ctx, json_pack("{s:I}", "waiting_since_ms", (json_int_t)ctx->now_ms));
	if (ctx->now_ms - since_ms > ctx->world->config->traffic.measure_timeout_ms)
		ret->progress = STEP_HOLD;
	ret->poll_after_ms = MINUTE_MS;
	return NULL;
}

static struct error *ignore_gone(struct error *error)
{
	if (!error || (error->class != ERROR_NOT_FOUND && error->class != ERROR_CONFLICT))
		return error;
	error_free(error);
	return NULL;
}

static struct error *remove_groups(struct step_context *ctx, struct aws *aws, size_t *ret_left)
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	size_t i;
	const json_t *name;
	*ret_left = 0;
	TRY(aws_call_all(aws, &aws_eks_ListNodegroups, json_pack("{s:s}", "clusterName", ctx->plan->cluster_name),
			 &out));
	json_array_foreach (json_object_get(out, "nodegroups"), i, name) {
		json_t *seen DOCUMENT_CLEANUP = NULL;
		(*ret_left)++;
		TRY(ignore_gone(
			aws_call(aws, &aws_eks_DescribeNodegroup,
				 json_pack("{s:s, s:O}", "clusterName", ctx->plan->cluster_name, "nodegroupName", name),
				 &seen)));
		if (!seen || !strcmp(document_text_or(seen, "nodegroup.status", ""), "DELETING"))
			continue;
		TRY(ignore_gone(aws_call(
			aws, &aws_eks_DeleteNodegroup,
			json_pack("{s:s, s:O}", "clusterName", ctx->plan->cluster_name, "nodegroupName", name), NULL)));
	}
	return NULL;
}

static struct error *poll(struct step_context *ctx, struct step_result *ret)
{
	struct aws *aws;
	char *status CLEANUP(mem_freep) = NULL;
	bool proven = document_true(ctx->memory, "proven");
	size_t left;
	TRY(world_aws(ctx->world, &aws));
	ret->poll_after_ms = 20 * SECOND_MS;
	if (!proven) {
		TRY(prove(ctx, ret, &proven));
		if (!proven)
			return NULL;
	}
	TRY(step_cluster_status(ctx, ctx->plan->cluster_name, &status));
	if (!status) {
		ret->progress = STEP_DONE;
		ret->detail = mem_printf("\"%s\" is removed", ctx->plan->cluster_name);
		return NULL;
	}
	TRY(remove_groups(ctx, aws, &left));
	ret->detail = left ? mem_printf("%zu node groups to go", left) : mem_strdup("cluster is being deleted");
	if (left || !strcmp(status, "DELETING"))
		return NULL;
	return ignore_gone(
		aws_call(aws, &aws_eks_DeleteCluster, json_pack("{s:s}", "name", ctx->plan->cluster_name), NULL));
}

const struct step_type decommission_step = {.executor = "eks.decommission",
					    .service = "eks",
					    .poll_interval_ms = 20000,
					    .check = check,
					    .start = poll,
					    .poll = poll};
