/* Shifting by Route 53 weights, and judging while Green has its share. A step goes: set, INSYNC, TTL, then minute by
 * minute measure what really moved and judge Green against concurrent Blue until the interval is over. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/traffic_facts.h"
#include "validation/verdict.h"

enum { INGEST_MS = 60000, SICK_AFTER_MS = 3 * 60000 };

static struct error *make_facts(struct step_context *ctx)
{
	struct traffic_facts known;
	json_t *memory;
	struct error *none = traffic_facts_load(ctx, &known);
	if (!none)
		return NULL;
	error_free(none);
	TRY(traffic_facts_find(ctx, &memory));
	return step_remember(ctx, json_pack("{s:o}", "facts", memory));
}

static json_t *record_set(const json_t *original, const struct traffic_facts *facts, bool green, int weight)
{
	const char *target = green ? facts->green_target : facts->blue_target,
		   *zone = green ? facts->green_zone : facts->blue_zone;
	json_t *set = json_pack("{s:O, s:O, s:s, s:i}", "Name", json_object_get(original, "Name"), "Type",
				json_object_get(original, "Type"), "SetIdentifier", green ? "green" : "blue", "Weight",
				weight);
	const json_t *alias = json_object_get(original, "AliasTarget");
	if (alias && zone)
		json_object_set_new(set, "AliasTarget",
				    json_pack("{s:s, s:s, s:O}", "HostedZoneId", zone, "DNSName", target,
					      "EvaluateTargetHealth", json_object_get(alias, "EvaluateTargetHealth")));
	else {
		json_object_set(set, "TTL", json_object_get(original, "TTL"));
		json_object_set_new(set, "ResourceRecords", json_pack("[{s:s}]", "Value", target));
	}
	return set;
}

static void change(json_t *changes, const char *action, json_t *set)
{
	json_array_append_new(changes, json_pack("{s:s, s:o}", "Action", action, "ResourceRecordSet", set));
}

static bool stands(const json_t *now, const json_t *wanted)
{
	size_t i;
	const json_t *set;
	const char *identifier = document_text(wanted, "SetIdentifier");
	json_array_foreach (now, i, set) {
		const char *theirs = document_text(set, "SetIdentifier");
		if (strcmp(document_text_or(set, "Name", ""), document_text_or(wanted, "Name", "")) ||
		    strcmp(document_text_or(set, "Type", ""), document_text_or(wanted, "Type", "")))
			continue;
		if ((!theirs && !identifier) || (theirs && identifier && !strcmp(theirs, identifier)))
			return true;
	}
	return false;
}

static struct error *current_sets(struct step_context *ctx, const struct traffic_facts *facts, json_t **ret)
{
	struct aws *aws;
	json_t *out DOCUMENT_CLEANUP = NULL;
	TRY(world_aws(ctx->world, &aws));
	TRY(aws_call_all(aws, &aws_route53_ListResourceRecordSets, json_pack("{s:s}", "HostedZoneId", facts->zone_id),
			 &out));
	*ret = json_incref(json_object_get(out, "ResourceRecordSets"));
	return NULL;
}

/* One batch that sets Blue and Green together; the originals go in the same batch in which the weighted ones come. */
static struct error *set_weights(struct step_context *ctx, const struct traffic_facts *facts, int green_weight,
				 char **ret_change)
{
	struct aws *aws;
	json_t *now DOCUMENT_CLEANUP = NULL, *out DOCUMENT_CLEANUP = NULL;
	json_t *changes = json_array();
	size_t i;
	const json_t *original;
	struct error *error = current_sets(ctx, facts, &now);
	if (error) {
		json_decref(changes);
		return error;
	}
	json_array_foreach (facts->originals, i, original) {
		const char *identifier = document_text_or(original, "SetIdentifier", "");
		bool ours = !strcmp(identifier, "blue") || !strcmp(identifier, "green");
		if (!ours && stands(now, original))
			change(changes, "DELETE", json_deep_copy(original));
		change(changes, "UPSERT", record_set(original, facts, false, 100 - green_weight));
		change(changes, "UPSERT", record_set(original, facts, true, green_weight));
	}
	char *comment CLEANUP(mem_freep) =
		mem_printf("eks-upgrade-agent %.8s: %d %% to Green", ctx->run_id, green_weight);
	TRY(world_aws(ctx->world, &aws));
	TRY(aws_call(aws, &aws_route53_ChangeResourceRecordSets,
		     json_pack("{s:s, s:{s:s, s:o}}", "HostedZoneId", facts->zone_id, "ChangeBatch", "Comment", comment,
			       "Changes", changes),
		     &out));
	*ret_change = mem_strdup(document_text_or(out, "ChangeInfo.Id", ""));
	return NULL;
}

static struct error *restore_originals(struct step_context *ctx, const struct traffic_facts *facts, char **ret_change)
{
	struct aws *aws;
	json_t *now DOCUMENT_CLEANUP = NULL, *out DOCUMENT_CLEANUP = NULL;
	json_t *changes = json_array();
	size_t i;
	json_t *set;
	*ret_change = NULL;
	struct error *error = current_sets(ctx, facts, &now);
	if (error) {
		json_decref(changes);
		return error;
	}
	json_array_foreach (now, i, set) {
		const char *identifier = document_text_or(set, "SetIdentifier", "");
		if ((strcmp(identifier, "blue") && strcmp(identifier, "green")) || stands(facts->originals, set))
			continue;
		size_t k;
		const json_t *original;
		bool named = false;
		json_array_foreach (facts->originals, k, original)
			named |= !strcmp(document_text_or(original, "Name", ""), document_text_or(set, "Name", ""));
		if (named)
			change(changes, "DELETE", json_deep_copy(set));
	}
	bool any = json_array_size(changes) > 0;
	json_array_foreach (facts->originals, i, set) {
		any |= !stands(now, set);
		change(changes, "UPSERT", json_deep_copy(set));
	}
	if (!any) {
		json_decref(changes);
		return NULL;
	}
	TRY(world_aws(ctx->world, &aws));
	TRY(aws_call(aws, &aws_route53_ChangeResourceRecordSets,
		     json_pack("{s:s, s:{s:s, s:o}}", "HostedZoneId", facts->zone_id, "ChangeBatch", "Comment",
			       "eks-upgrade-agent: records as they were", "Changes", changes),
		     &out));
	*ret_change = mem_strdup(document_text_or(out, "ChangeInfo.Id", ""));
	return NULL;
}

static struct error *is_insync(struct step_context *ctx, const char *change_id, bool *ret)
{
	struct aws *aws;
	json_t *out DOCUMENT_CLEANUP = NULL;
	*ret = true;
	if (!change_id || !*change_id)
		return NULL;
	TRY(world_aws(ctx->world, &aws));
	TRY(aws_call(aws, &aws_route53_GetChange, json_pack("{s:s}", "Id", change_id), &out));
	*ret = !strcmp(document_text_or(out, "ChangeInfo.Status", ""), "INSYNC");
	return NULL;
}

static int percent_of(const struct step_context *ctx)
{
	json_t *parameters DOCUMENT_CLEANUP = json_loads(ctx->step->parameters, 0, NULL);
	return (int)document_int_or(parameters, "percent", 100);
}

static struct error *start(struct step_context *ctx, struct step_result *ret)
{
	struct traffic_facts facts;
	char *id CLEANUP(mem_freep) = NULL;
	int percent = percent_of(ctx);
	TRY(make_facts(ctx));
	TRY(traffic_facts_load(ctx, &facts));
	TRY(set_weights(ctx, &facts, percent, &id));
	ret->detail = mem_printf("%d %% asked", percent);
	return step_remember(ctx, json_pack("{s:s, s:i, s:I, s:i}", "change", id, "asked", percent, "set_ms",
					    (json_int_t)ctx->now_ms, "effective_ms", 0));
}

/* Killed between the change and remembering it: weights are absolute, setting them again is the same. */
static struct error *check(struct step_context *ctx, enum step_check *ret)
{
	*ret = document_text(ctx->memory, "change") ? STEP_RUNNING : STEP_TODO;
	return NULL;
}

static struct verdict_limits limits_of(const struct config *config)
{
	return (struct verdict_limits){.max_error_rate = config->validation.max_error_rate,
				       .worse_than_blue_by_at_most = config->validation.worse_than_blue_by_at_most,
				       .min_requests = config->validation.min_requests,
				       .max_p99_factor = 3};
}

static json_t *side(double requests, double errors, double p99_ms)
{
	json_t *side = json_pack("{s:f, s:f, s:f}", "requests", requests, "errors", errors, "error_rate",
				 requests > 0 ? errors / requests : 0.0);
	if (!isnan(p99_ms))
		json_object_set_new(side, "p99_ms", json_real(p99_ms));
	return side;
}

static struct error *record(struct step_context *ctx, const char *kind, int asked, const struct judgement *judgement)
{
	json_t *payload =
		json_pack("{s:i, s:s, s:s, s:o, s:o}", "asked", asked, "verdict", verdict_names[judgement->verdict],
			  "detail", judgement->reason, "blue",
			  side(judgement->blue_requests, judgement->blue_errors, judgement->blue_p99_ms), "green",
			  side(judgement->green_requests, judgement->green_errors, judgement->green_p99_ms));
	if (!isnan(judgement->share))
		json_object_set_new(payload, "measured", json_real(round(judgement->share * 10000) / 100));
	return step_record(ctx, kind, payload);
}

/* What the last full minutes say, since the change was in effect; the filling minute and what is still being counted
 * are left out. */
static struct error *judge(struct step_context *ctx, const struct traffic_facts *facts, int64_t effective_ms,
			   struct judgement *ret, bool *ret_moved, int asked)
{
	const struct config *config = ctx->world->config;
	struct traffic_minute *minutes;
	size_t n;
	struct judgement last;
	TRY(traffic_minutes(ctx, facts, effective_ms, ctx->now_ms - INGEST_MS, &minutes, &n));
	struct verdict_limits limits = limits_of(config);
	verdict_judge(minutes, n, &limits, ret);
	verdict_judge(minutes + (n > 2 ? n - 2 : 0), n > 2 ? 2 : n, &limits, &last); /* where the share is now */
	*ret_moved = !isnan(last.share) && fabs(last.share * 100 - asked) <= (double)config->traffic.tolerance_percent;
	if (!isnan(last.share))
		ret->share = last.share;
	return NULL;
}

static struct error *wait_insync(struct step_context *ctx, const struct traffic_facts *facts, struct step_result *ret)
{
	bool insync;
	int64_t ttl_ms = facts->blue_zone ? MINUTE_MS
					  : document_int_or(json_array_get(facts->originals, 0), "TTL", 60) * SECOND_MS;
	TRY(is_insync(ctx, document_text(ctx->memory, "change"), &insync));
	ret->detail = mem_printf("%d %% asked, waits for Route 53", percent_of(ctx));
	ret->poll_after_ms = 10 * SECOND_MS;
	return insync ? step_remember(ctx, json_pack("{s:I}", "effective_ms", (json_int_t)(ctx->now_ms + ttl_ms)))
		      : NULL;
}

static struct error *finish(struct step_context *ctx, int asked, const struct judgement *judgement,
			    enum step_progress progress, struct step_result *ret)
{
	ret->progress = progress;
	free(ret->detail);
	ret->detail = isnan(judgement->share)
			      ? mem_printf("%d %% asked, nothing measured: %s", asked, judgement->reason)
			      : mem_printf("%d %% asked, %.1f %% measured: %s", asked, judgement->share * 100,
					   judgement->reason);
	return record(ctx, "traffic", asked, judgement);
}

static struct error *poll(struct step_context *ctx, struct step_result *ret)
{
	const struct config *config = ctx->world->config;
	struct traffic_facts facts;
	struct judgement judgement;
	bool moved;
	int asked = percent_of(ctx);
	int64_t effective_ms = document_int_or(ctx->memory, "effective_ms", 0),
		over_ms = effective_ms + config->traffic.interval_ms + INGEST_MS;
	TRY(traffic_facts_load(ctx, &facts));
	if (!effective_ms)
		return wait_insync(ctx, &facts, ret);
	ret->poll_after_ms = MINUTE_MS;
	if (ctx->now_ms < effective_ms + MINUTE_MS + INGEST_MS) {
		ret->detail = mem_printf("%d %% asked, waits for its TTL and the first full minute", asked);
		ret->poll_after_ms = effective_ms + MINUTE_MS + INGEST_MS - ctx->now_ms;
		return NULL;
	}
	TRY(judge(ctx, &facts, effective_ms, &judgement, &moved, asked));
	ret->detail = mem_printf("%d %% asked, %.1f %% measured", asked, judgement.share * 100);
	if (judgement.verdict == VERDICT_FAIL)
		return finish(ctx, asked, &judgement, STEP_FAIL, ret);
	if (ctx->now_ms < over_ms)
		return NULL;
	if (judgement.verdict == VERDICT_PASS && moved)
		return finish(ctx, asked, &judgement, STEP_DONE, ret);
	if (judgement.verdict == VERDICT_PASS)
		snprintf(judgement.reason, sizeof judgement.reason,
			 "the share has not moved to %d %%: users are held by cached names or open connections", asked);
	if (ctx->now_ms - over_ms > (judgement.verdict == VERDICT_PASS ? config->traffic.measure_timeout_ms
								       : config->validation.hold_timeout_ms))
		return finish(ctx, asked, &judgement, STEP_FAIL, ret);
	return NULL;
}

static bool is_first(const struct step_context *ctx)
{
	json_t *parameters DOCUMENT_CLEANUP = json_loads(ctx->step->parameters, 0, NULL);
	return document_true(parameters, "first");
}

/* All to Blue at once; the first step's undo puts the records back as they were. */
static struct error *undo(struct step_context *ctx, struct step_result *ret)
{
	struct traffic_facts facts;
	char *id CLEANUP(mem_freep) = NULL;
	struct error *none = traffic_facts_load(ctx, &facts);
	if (none) { /* nothing was ever changed */
		error_free(none);
		ret->progress = STEP_DONE;
		return NULL;
	}
	const char *known = document_text(ctx->memory, "undo_change");
	if (known) {
		bool insync;
		TRY(is_insync(ctx, known, &insync));
		ret->progress = insync ? STEP_DONE : STEP_WAIT;
		ret->detail = mem_strdup(insync ? "all traffic to Blue" : "all traffic to Blue, waits for Route 53");
		return NULL;
	}
	json_t *now DOCUMENT_CLEANUP = NULL;
	if (is_first(ctx)) {
		TRY(restore_originals(ctx, &facts, &id));
	} else {
		bool back = true;
		size_t i;
		const json_t *set;
		TRY(current_sets(ctx, &facts, &now));
		json_array_foreach (now, i, set)
			back &= strcmp(document_text_or(set, "SetIdentifier", ""), "green") != 0 ||
				document_int_or(set, "Weight", 0) == 0;
		if (!back)
			TRY(set_weights(ctx, &facts, 0, &id));
	}
	return step_remember(ctx, json_pack("{s:s, s:i}", "undo_change", id ? id : "", "asked", 0));
}

static struct error *bake_start(struct step_context *ctx, struct step_result *ret)
{
	ret->detail = mem_strdup("begins");
	return step_remember(ctx, json_pack("{s:I}", "since_ms", (json_int_t)ctx->now_ms));
}

static struct error *bake_check(struct step_context *ctx, enum step_check *ret)
{
	*ret = document_int_or(ctx->memory, "since_ms", 0) ? STEP_RUNNING : STEP_TODO;
	return NULL;
}

static struct error *bake_poll(struct step_context *ctx, struct step_result *ret)
{
	const struct config *config = ctx->world->config;
	struct traffic_facts facts;
	struct judgement judgement;
	bool moved;
	int64_t since_ms = document_int_or(ctx->memory, "since_ms", ctx->now_ms), over_ms = since_ms + config->bake_ms;
	char left[TIME_TEXT];
	ret->poll_after_ms = MINUTE_MS;
	if (ctx->now_ms < since_ms + MINUTE_MS + INGEST_MS && ctx->now_ms < over_ms)
		return NULL;
	TRY(traffic_facts_load(ctx, &facts));
	TRY(judge(ctx, &facts, since_ms, &judgement, &moved, 100));
	ret->detail = mem_printf("%s left, %s", duration_format(over_ms - ctx->now_ms, left), judgement.reason);
	if (judgement.verdict == VERDICT_FAIL)
		ret->progress = STEP_FAIL;
	else if (ctx->now_ms >= over_ms + INGEST_MS && judgement.verdict == VERDICT_PASS)
		ret->progress = STEP_DONE;
	else if (ctx->now_ms > over_ms + config->validation.hold_timeout_ms)
		ret->progress = STEP_FAIL;
	return ret->progress == STEP_WAIT ? NULL : record(ctx, "verdict", 100, &judgement);
}

const struct step_type traffic_step = {.executor = "route53.weights",
				       .service = "route53",
				       .poll_interval_ms = 10000,
				       .validates = true,
				       .check = check,
				       .start = start,
				       .poll = poll,
				       .undo = undo};
const struct step_type bake_step = {.executor = "bake",
				    .service = "cloudwatch",
				    .poll_interval_ms = 60000,
				    .validates = true,
				    .check = bake_check,
				    .start = bake_start,
				    .poll = bake_poll};
