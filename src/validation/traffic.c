/* Shifting by Route 53 weights, and judging while Green has its share. A step goes: set, INSYNC, TTL, then minute by
 * minute measure what really moved and judge Green against concurrent Blue until the interval is over. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/traffic_records.h"
#include "validation/traffic_judge.h"

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

static int percent_in(const struct upgrade_step *step)
{
	json_t *parameters DOCUMENT_CLEANUP = document_load(slice_of(step->parameters ? step->parameters : "{}"));
	return (int)document_int_or(parameters, "percent", 100);
}

/* What the traffic step before this one asked for; 0 before the first. */
static int percent_before(const struct step_context *ctx, bool *ret_first)
{
	int before = 0;
	*ret_first = true;
	for (const struct upgrade_step *step = ctx->plan->steps; step < ctx->step; step++) {
		if (strcmp(step->executor, ctx->step->executor) != 0)
			continue;
		before = percent_in(step);
		*ret_first = false;
	}
	return before;
}

/* The first: another hand's weights are not written over, a person must look. */
static struct error *start(struct step_context *ctx, struct step_result *ret)
{
	struct traffic_facts facts;
	char *id CLEANUP(mem_freep) = NULL, *foreign CLEANUP(mem_freep) = NULL;
	bool first;
	int percent = percent_in(ctx->step), before = percent_before(ctx, &first);
	TRY(make_facts(ctx));
	TRY(traffic_facts_load(ctx, &facts));
	TRY(traffic_foreign_change(ctx, &facts, first ? -1 : before, percent, &foreign));
	if (foreign) {
		ret->progress = STEP_HOLD;
		ret->detail = mem_printf("somebody else changes the records: %s; put it right, then resume", foreign);
		return NULL;
	}
	TRY(traffic_set_weights(ctx, &facts, percent, &id));
	ret->detail = mem_printf("%d %% asked", percent);
	return step_remember(ctx, json_pack("{s:s, s:i, s:I, s:i}", "change", id ? id : "", "asked", percent, "set_ms",
					    (json_int_t)ctx->now_ms, "effective_ms", 0));
}

/* Killed between the change and remembering it: weights are absolute, setting them again is the same. */
static struct error *check(struct step_context *ctx, enum step_check *ret)
{
	*ret = document_text(ctx->memory, "change") ? STEP_RUNNING : STEP_TODO;
	return NULL;
}

static struct error *wait_insync(struct step_context *ctx, const struct traffic_facts *facts, int asked,
				 struct step_result *ret)
{
	bool insync, first;
	percent_before(ctx, &first);
	TRY(traffic_insync(ctx, document_text(ctx->memory, "change"), &insync));
	ret->detail = mem_printf("%d %% asked, waits for Route 53", asked);
	ret->poll_after_ms = 10 * SECOND_MS;
	return insync ? step_remember(ctx, json_pack("{s:I}", "effective_ms",
						     (json_int_t)(ctx->now_ms + traffic_ttl_ms(ctx, facts, first))))
		      : NULL;
}

static void say(struct step_result *ret, int asked, const struct judgement *judgement)
{
	free(ret->detail);
	ret->detail = isnan(judgement->share)
			      ? mem_printf("%d %% asked, nothing measured: %s", asked, judgement->reason)
			      : mem_printf("%d %% asked, %.1f %% measured: %s", asked, judgement->share * 100,
					   judgement->reason);
}

static struct error *finish(struct step_context *ctx, int asked, const struct judgement *judgement,
			    enum step_progress progress, struct step_result *ret)
{
	ret->progress = progress;
	say(ret, asked, judgement);
	if (!isnan(judgement->blue_p99_ms) && judgement->blue_requests >= 100)
		TRY(step_remember(ctx, json_pack("{s:f}", "blue_p99_ms", judgement->blue_p99_ms)));
	return traffic_record(ctx, "traffic", asked, judgement);
}

/* Where another hand keeps the users from coming, that is the reason. */
static struct error *name_other_hand(struct step_context *ctx, const struct traffic_facts *facts, int asked,
				     struct judgement *judgement)
{
	char *foreign CLEANUP(mem_freep) = NULL;
	TRY(traffic_foreign_change(ctx, facts, asked, -1, &foreign));
	if (foreign)
		snprintf(judgement->reason, sizeof judgement->reason, "somebody else changes the records: %.180s",
			 foreign);
	return NULL;
}

/* Green is well, but its share has not come: who holds the users back? After a while a person must look; each look by a
 * person (a resume) gives as much time again. */
static struct error *not_moved(struct step_context *ctx, const struct traffic_facts *facts, int asked, int64_t over_ms,
			       struct judgement *judgement, struct step_result *ret)
{
	int64_t since_ms = document_int_or(ctx->memory, "held_ms", over_ms);
	snprintf(judgement->reason, sizeof judgement->reason,
		 "the share has not moved to %d %%: users are held by cached names or open connections", asked);
	say(ret, asked, judgement);
	if (ctx->now_ms - since_ms <= ctx->world->config->traffic.measure_timeout_ms)
		return NULL;
	TRY(name_other_hand(ctx, facts, asked, judgement));
	TRY(step_remember(ctx, json_pack("{s:I}", "held_ms", (json_int_t)ctx->now_ms)));
	judgement->verdict = VERDICT_NO_DATA;
	return finish(ctx, asked, judgement, STEP_HOLD, ret);
}

static struct error *judge(struct step_context *ctx, const struct traffic_facts *facts, int asked, int64_t effective_ms,
			   struct step_result *ret)
{
	const struct config *config = ctx->world->config;
	struct judgement judgement;
	int64_t over_ms = effective_ms + config->traffic.interval_ms + TRAFFIC_INGEST_MS;
	struct error *error = traffic_judge(ctx, facts, effective_ms, &judgement);
	if (error)
		return traffic_provider_failed(ctx, asked, error);
	say(ret, asked, &judgement);
	if (judgement.verdict == VERDICT_FAIL)
		return finish(ctx, asked, &judgement, STEP_FAIL, ret);
	if (ctx->now_ms < over_ms && judgement.verdict != VERDICT_PASS)
		return NULL;
	TRY(traffic_record_change(ctx, asked, &judgement));
	if (ctx->now_ms < over_ms)
		return NULL;
	bool moved = !isnan(judgement.share) &&
		     fabs(judgement.share * 100 - asked) <= (double)config->traffic.tolerance_percent;
	if (judgement.verdict == VERDICT_PASS)
		return moved ? finish(ctx, asked, &judgement, STEP_DONE, ret)
			     : not_moved(ctx, facts, asked, over_ms, &judgement, ret);
	if (ctx->now_ms - over_ms <= config->validation.hold_timeout_ms)
		return NULL;
	TRY(name_other_hand(ctx, facts, asked, &judgement));
	return finish(ctx, asked, &judgement, STEP_FAIL, ret);
}

static struct error *poll(struct step_context *ctx, struct step_result *ret)
{
	struct traffic_facts facts;
	int asked = percent_in(ctx->step);
	int64_t effective_ms = document_int_or(ctx->memory, "effective_ms", 0),
		first_ms = effective_ms + MINUTE_MS + TRAFFIC_INGEST_MS;
	if (!document_text(ctx->memory, "change")) /* it was held before anything was changed */
		return start(ctx, ret);
	TRY(traffic_facts_load(ctx, &facts));
	if (!effective_ms)
		return wait_insync(ctx, &facts, asked, ret);
	ret->poll_after_ms = MINUTE_MS;
	if (ctx->now_ms >= first_ms)
		return judge(ctx, &facts, asked, effective_ms, ret);
	ret->detail = mem_printf("%d %% asked, waits for its TTL and the first full minute", asked);
	ret->poll_after_ms = first_ms - ctx->now_ms;
	return NULL;
}

/* All to Blue at once; the first step's undo puts the records back as they were. */
static struct error *undo(struct step_context *ctx, struct step_result *ret)
{
	struct traffic_facts facts;
	char *id CLEANUP(mem_freep) = NULL, *differs CLEANUP(mem_freep) = NULL;
	bool first;
	struct error *none = traffic_facts_load(ctx, &facts);
	if (none) { /* nothing was ever changed */
		error_free(none);
		ret->progress = STEP_DONE;
		return NULL;
	}
	const char *known = document_text(ctx->memory, "undo_change");
	if (known) {
		bool insync;
		TRY(traffic_insync(ctx, known, &insync));
		ret->progress = insync ? STEP_DONE : STEP_WAIT;
		ret->detail = mem_strdup(insync ? "all traffic to Blue" : "all traffic to Blue, waits for Route 53");
		return NULL;
	}
	percent_before(ctx, &first);
	if (first) {
		TRY(traffic_restore(ctx, &facts, &id));
	} else {
		TRY(traffic_foreign_change(ctx, &facts, 0, -1, &differs));
		if (differs)
			TRY(traffic_set_weights(ctx, &facts, 0, &id));
	}
	ret->poll_after_ms = id ? 0 : 1;
	return step_remember(ctx, json_pack("{s:s, s:i, s:I}", "undo_change", id ? id : "", "asked", 0, "undo_ttl_ms",
					    (json_int_t)traffic_ttl_ms(ctx, &facts, false)));
}

const struct step_type traffic_step = {.executor = "route53.weights",
				       .service = "route53",
				       .poll_interval_ms = 10000,
				       .validates = true,
				       .check = check,
				       .start = start,
				       .poll = poll,
				       .undo = undo};
