/* One judgement and how it is written down. */
#include "validation/traffic_judge.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "codec/document.h"
#include "config/config.h"

/* Blue's p99 as the last step that had enough of it wrote it down. */
static double blue_p99_before(struct step_context *ctx)
{
	double p99_ms = 0;
	for (size_t i = 0; i < ctx->plan->n_steps; i++) {
		const struct upgrade_step *step = &ctx->plan->steps[i];
		if (strcmp(step->executor, "route53.weights") != 0)
			continue;
		double seen = document_real_or(step_memory_of(ctx, step->step_id), "blue_p99_ms", 0);
		p99_ms = seen > 0 ? seen : p99_ms;
	}
	return p99_ms;
}

struct error *traffic_judge(struct step_context *ctx, const struct traffic_facts *facts, int64_t from_ms,
			    struct judgement *ret)
{
	const struct config *config = ctx->world->config;
	struct verdict_limits limits = {.max_error_rate = config->validation.max_error_rate,
					.worse_than_blue_by_at_most = config->validation.worse_than_blue_by_at_most,
					.min_requests = config->validation.min_requests,
					.max_p99_factor = 3,
					.blue_p99_before_ms = blue_p99_before(ctx)};
	struct traffic_minute *minutes;
	size_t n;
	struct judgement last;
	TRY(traffic_minutes(ctx, facts, from_ms, ctx->now_ms - TRAFFIC_INGEST_MS, &minutes, &n));
	verdict_judge(minutes, n, &limits, ret);
	verdict_judge(minutes + (n > 2 ? n - 2 : 0), n > 2 ? 2 : n, &limits, &last);
	ret->share = last.share;
	return NULL;
}

static json_t *side(double requests, double errors, double p99_ms)
{
	json_t *side = json_pack("{s:f, s:f, s:f}", "requests", requests, "errors", errors, "error_rate",
				 requests > 0 ? errors / requests : 0.0);
	if (!isnan(p99_ms))
		json_object_set_new(side, "p99_ms", json_real(p99_ms));
	return side;
}

struct error *traffic_record(struct step_context *ctx, const char *kind, int asked, const struct judgement *judgement)
{
	json_t *payload = json_pack(
		"{s:i, s:s, s:s, s:i, s:o, s:o}", "asked", asked, "verdict", verdict_names[judgement->verdict],
		"detail", judgement->reason, "minutes", (int)judgement->minutes, "blue",
		side(judgement->blue_requests, judgement->blue_errors, judgement->blue_p99_ms), "green",
		side(judgement->green_requests, judgement->green_errors, judgement->green_p99_ms));
	if (!isnan(judgement->share))
		json_object_set_new(payload, "measured", json_real(round(judgement->share * 10000) / 100));
	if (!isnan(judgement->worse_by)) {
		json_object_set_new(payload, "worse_by", json_real(judgement->worse_by));
		json_object_set_new(payload, "worse_by_at_least", json_real(judgement->worse_by_at_least));
	}
	return step_record(ctx, kind, payload);
}

struct error *traffic_record_change(struct step_context *ctx, int asked, const struct judgement *judgement)
{
	const char *now = verdict_names[judgement->verdict];
	if (!strcmp(document_text_or(ctx->memory, "verdict", "PASS"), now))
		return NULL;
	TRY(traffic_record(ctx, "verdict", asked, judgement));
	return step_remember(ctx, json_pack("{s:s}", "verdict", now));
}

struct error *traffic_provider_failed(struct step_context *ctx, int asked, struct error *error)
{
	struct judgement none = {.verdict = VERDICT_PROVIDER_ERROR,
				 .share = NAN,
				 .worse_by = NAN,
				 .blue_p99_ms = NAN,
				 .green_p99_ms = NAN};
	if (error->class == ERROR_STATE || error->class == ERROR_BUG)
		return error;
	snprintf(none.reason, sizeof none.reason, "%s", error->message);
	struct error *second = traffic_record_change(ctx, asked, &none);
	if (!second)
		return error;
	error_free(error);
	return second;
}
