/* Baking: Green serves alone for a while, judged as during the shift, while Blue is kept whole. */
#include <stdlib.h>
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "validation/traffic_judge.h"

static struct error *start(struct step_context *ctx, struct step_result *ret)
{
	ret->detail = mem_strdup("begins");
	return step_remember(ctx, json_pack("{s:I}", "since_ms", (json_int_t)ctx->now_ms));
}

static struct error *check(struct step_context *ctx, enum step_check *ret)
{
	*ret = document_int_or(ctx->memory, "since_ms", 0) ? STEP_RUNNING : STEP_TODO;
	return NULL;
}

static void say(struct step_result *ret, int64_t left_ms, const char *reason)
{
	char left[TIME_TEXT];
	ret->detail =
		left_ms > 0 ? mem_printf("%s left: %s", duration_format(left_ms, left), reason) : mem_strdup(reason);
}

static struct error *poll(struct step_context *ctx, struct step_result *ret)
{
	const struct config *config = ctx->world->config;
	struct traffic_facts facts;
	struct judgement judgement;
	int64_t since_ms = document_int_or(ctx->memory, "since_ms", ctx->now_ms), over_ms = since_ms + config->bake_ms;
	ret->poll_after_ms = MINUTE_MS;
	if (ctx->now_ms < since_ms + MINUTE_MS + TRAFFIC_INGEST_MS) {
		say(ret, over_ms - ctx->now_ms, "waits for the first full minute");
		return NULL;
	}
	TRY(traffic_facts_load(ctx, &facts));
	struct error *error = traffic_judge(ctx, &facts, since_ms, &judgement);
	if (error)
		return traffic_provider_failed(ctx, 100, error);
	say(ret, over_ms - ctx->now_ms, judgement.reason);
	if (judgement.verdict == VERDICT_FAIL)
		ret->progress = STEP_FAIL;
	else if (ctx->now_ms >= over_ms + TRAFFIC_INGEST_MS && judgement.verdict == VERDICT_PASS)
		ret->progress = STEP_DONE;
	else if (ctx->now_ms > over_ms + TRAFFIC_INGEST_MS + config->validation.hold_timeout_ms)
		ret->progress = STEP_FAIL;
	if (ret->progress != STEP_WAIT)
		return traffic_record(ctx, "verdict", 100, &judgement);
	return ctx->now_ms >= over_ms || judgement.verdict == VERDICT_PASS ? traffic_record_change(ctx, 100, &judgement)
									   : NULL;
}

const struct step_type bake_step = {.executor = "bake",
				    .service = "cloudwatch",
				    .poll_interval_ms = 60000,
				    .validates = true,
				    .check = check,
				    .start = start,
				    .poll = poll};
