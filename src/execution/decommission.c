/* Removing Blue: only after a proof that it serves nobody; node groups first, then the cluster. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/eks_removal.h"
#include "execution/traffic_records.h"

#define LOOK_BACK_MS (5 * MINUTE_MS)
#define INGEST_MS (2 * MINUTE_MS)

static struct error *check(struct step_context *ctx, enum step_check *ret)
{
	char *status CLEANUP(mem_freep) = NULL;
	if (document_true(ctx->memory, "proven")) {
		*ret = STEP_RUNNING;
		return NULL;
	}
	TRY(step_cluster_status(ctx, ctx->plan->cluster_name, &status));
	*ret = status ? STEP_TODO : STEP_ALREADY;
	return NULL;
}

/* Why Blue must not be removed now; NULL: nobody is served by it. All names send everybody to Green, and while Green's
 * load balancer counts requests (so that absence means zero) Blue's counts none. */
static struct error *why_not(struct step_context *ctx, char **ret)
{
	struct traffic_facts facts;
	double blue, green;
	int64_t to_ms = ctx->now_ms - INGEST_MS;
	TRY(traffic_facts_load(ctx, &facts));
	TRY(traffic_foreign_change(ctx, &facts, 100, -1, ret));
	if (*ret)
		return NULL;
	TRY(traffic_requests(ctx, facts.blue_dimension, to_ms - LOOK_BACK_MS, to_ms, &blue));
	TRY(traffic_requests(ctx, facts.green_dimension, to_ms - LOOK_BACK_MS, to_ms, &green));
	if (isnan(green) || green < 1)
		*ret = mem_strdup("Green's load balancer counted no requests in 5 min: without them nothing is proven");
	else if (blue >= 1)
		*ret = mem_printf(
			"Blue still served %.0f requests in 5 min: some users are held there by cached names or "
			"open connections",
			blue);
	return NULL;
}

/* Nobody waits for ever in silence: after the configured time a person is asked; a resume gives as much time again. */
static struct error *prove(struct step_context *ctx, struct step_result *ret, bool *ret_proven)
{
	char *why CLEANUP(mem_freep) = NULL;
	TRY(why_not(ctx, &why));
	*ret_proven = !why;
	if (!why)
		return step_remember(ctx, json_pack("{s:b}", "proven", 1));
	ret->detail = mem_printf("waits, nothing is removed: %s", why);
	ret->poll_after_ms = MINUTE_MS;
	int64_t since_ms = document_int_or(ctx->memory, "waiting_since_ms", 0);
	if (!since_ms)
		return step_remember(ctx, json_pack("{s:I}", "waiting_since_ms", (json_int_t)ctx->now_ms));
	if (ctx->now_ms - since_ms <= ctx->world->config->traffic.measure_timeout_ms)
		return NULL;
	ret->progress = STEP_HOLD;
	return step_remember(ctx, json_pack("{s:I}", "waiting_since_ms", (json_int_t)ctx->now_ms));
}

static struct error *forget_record(struct step_context *ctx)
{
	struct traffic_facts facts;
	char *change CLEANUP(mem_freep) = NULL;
	if (document_true(ctx->memory, "record_removed"))
		return NULL;
	TRY(traffic_facts_load(ctx, &facts));
	TRY(traffic_forget_blue(ctx, &facts, &change));
	return step_remember(ctx, json_pack("{s:b}", "record_removed", 1));
}

static struct error *poll(struct step_context *ctx, struct step_result *ret)
{
	bool proven = document_true(ctx->memory, "proven"), gone;
	if (!proven) {
		TRY(prove(ctx, ret, &proven));
		if (!proven)
			return NULL;
	}
	TRY(forget_record(ctx));
	ret->poll_after_ms = 30 * SECOND_MS; /* as often as AWS' own waiters ask */
	TRY(eks_remove(ctx, ctx->plan->cluster_name, ret, &gone));
	if (!gone)
		return NULL;
	ret->progress = STEP_DONE;
	ret->detail = mem_printf("\"%s\" is removed", ctx->plan->cluster_name);
	return NULL;
}

const struct step_type decommission_step = {.executor = "eks.decommission",
					    .service = "eks",
					    .poll_interval_ms = 30000,
					    .no_way_back = true,
					    .check = check,
					    .start = poll,
					    .poll = poll};
