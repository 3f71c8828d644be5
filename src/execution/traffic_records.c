/* Change batches for the users' names. Weights are absolute and both sides change together, so that a batch can be sent
 * again after an unknown outcome. */
#include "execution/traffic_records.h"

#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"

static const char BLUE[] = "blue", GREEN[] = "green";

static bool same_text(const json_t *a, const json_t *b, const char *member)
{
	return !strcmp(document_text_or(a, member, ""), document_text_or(b, member, ""));
}

static bool same_name(const json_t *a, const json_t *b)
{
	return same_text(a, b, "Name") && same_text(a, b, "Type");
}

static bool same_set(const json_t *a, const json_t *b)
{
	return same_name(a, b) && same_text(a, b, "SetIdentifier");
}

static const json_t *standing(const json_t *sets, const json_t *wanted)
{
	size_t i;
	const json_t *set;
	json_array_foreach (sets, i, set)
		if (same_set(set, wanted))
			return set;
	return NULL;
}

static bool is_ours(const json_t *set)
{
	const char *identifier = document_text_or(set, "SetIdentifier", "");
	return !strcmp(identifier, BLUE) || !strcmp(identifier, GREEN);
}

/* The first original of each name and type stands for it. */
static bool is_first_of_name(const json_t *originals, size_t at)
{
	size_t i;
	const json_t *before;
	json_array_foreach (originals, i, before)
		if (i < at && same_name(before, json_array_get(originals, at)))
			return false;
	return true;
}

static json_t *weighted(const struct step_context *ctx, const struct traffic_facts *facts, const json_t *original,
			bool green, int weight)
{
	const char *target = green ? facts->green_target : facts->blue_target,
		   *zone = green ? facts->green_zone : facts->blue_zone;
	json_t *set =
		json_pack("{s:O, s:O, s:s, s:i}", "Name", json_object_get(original, "Name"), "Type",
			  json_object_get(original, "Type"), "SetIdentifier", green ? GREEN : BLUE, "Weight", weight);
	const json_t *alias = json_object_get(original, "AliasTarget"),
		     *health = json_object_get(original, "HealthCheckId");
	if (!green && health)
		json_object_set_new(set, "HealthCheckId", json_deep_copy(health));
	if (alias && zone) {
		json_object_set_new(set, "AliasTarget",
				    json_pack("{s:s, s:s, s:b}", "HostedZoneId", zone, "DNSName", target,
					      "EvaluateTargetHealth", document_true(alias, "EvaluateTargetHealth")));
		return set;
	}
	json_object_set_new(set, "TTL", json_integer(ctx->world->config->traffic.ttl_s));
	json_object_set_new(set, "ResourceRecords", json_pack("[{s:s}]", "Value", target));
	return set;
}

static void change(json_t *changes, const char *action, json_t *set)
{
	json_array_append_new(changes, json_pack("{s:s, s:o}", "Action", action, "ResourceRecordSet", set));
}

static struct error *current_sets(struct step_context *ctx, const struct traffic_facts *facts, json_t **ret)
{
	struct aws *aws;
	json_t *out DOCUMENT_CLEANUP = NULL;
	TRY(world_aws(ctx->world, &aws));
	TRY(aws_call_all(aws, &aws_route53_ListResourceRecordSets, json_pack("{s:s}", "HostedZoneId", facts->zone_id),
			 &out));
	*ret = json_incref(json_object_get(out, "ResourceRecordSets"));
	return *ret ? NULL : error_new(ERROR_TRANSIENT, "Route 53 answered without record sets");
}

/* Sends a batch; `changes` is taken. An empty one is nothing to do. */
static struct error *send(struct step_context *ctx, const struct traffic_facts *facts, const char *words,
			  json_t *changes, char **ret_change)
{
	struct aws *aws;
	json_t *out DOCUMENT_CLEANUP = NULL;
	char *comment CLEANUP(mem_freep) = mem_printf("eks-upgrade-agent %.8s: %s", ctx->run_id, words);
	json_t *input = json_pack("{s:s, s:{s:s, s:o}}", "HostedZoneId", facts->zone_id, "ChangeBatch", "Comment",
				  comment, "Changes", changes);
	*ret_change = NULL;
	struct error *error = json_array_size(changes) ? world_aws(ctx->world, &aws) : NULL;
	if (error || !json_array_size(changes)) {
		json_decref(input);
		return error;
	}
	TRY(aws_call(aws, &aws_route53_ChangeResourceRecordSets, input, &out));
	*ret_change = mem_strdup(document_text_or(out, "ChangeInfo.Id", ""));
	return NULL;
}

struct error *traffic_set_weights(struct step_context *ctx, const struct traffic_facts *facts, int green_weight,
				  char **ret_change)
{
	json_t *now DOCUMENT_CLEANUP = NULL;
	size_t i;
	const json_t *original;
	char words[48];
	TRY(current_sets(ctx, facts, &now));
	json_t *changes = json_array();
	json_array_foreach (facts->originals, i, original) {
		if (!is_ours(original) && standing(now, original))
			change(changes, "DELETE", json_deep_copy(original));
		if (!is_first_of_name(facts->originals, i))
			continue;
		change(changes, "UPSERT", weighted(ctx, facts, original, false, 100 - green_weight));
		change(changes, "UPSERT", weighted(ctx, facts, original, true, green_weight));
	}
	snprintf(words, sizeof words, "%d %% to Green", green_weight);
	return send(ctx, facts, words, changes, ret_change);
}

struct error *traffic_restore(struct step_context *ctx, const struct traffic_facts *facts, char **ret_change)
{
	json_t *now DOCUMENT_CLEANUP = NULL;
	size_t i, k;
	json_t *set;
	const json_t *original;
	bool any = false;
	*ret_change = NULL;
	TRY(current_sets(ctx, facts, &now));
	json_t *changes = json_array();
	json_array_foreach (now, i, set) {
		bool named = false;
		json_array_foreach (facts->originals, k, original)
			named |= same_name(original, set);
		if (named && is_ours(set) && !standing(facts->originals, set))
			change(changes, "DELETE", json_deep_copy(set));
	}
	json_array_foreach (facts->originals, i, set) {
		const json_t *there = standing(now, set);
		any |= !there || !json_equal(there, set);
		change(changes, "UPSERT", json_deep_copy(set));
	}
	if (!any && json_array_size(changes) == json_array_size(facts->originals)) {
		json_decref(changes);
		return NULL;
	}
	return send(ctx, facts, "records as they were", changes, ret_change);
}

struct error *traffic_forget_blue(struct step_context *ctx, const struct traffic_facts *facts, char **ret_change)
{
	json_t *now DOCUMENT_CLEANUP = NULL;
	size_t i, k;
	json_t *set;
	const json_t *original;
	TRY(current_sets(ctx, facts, &now));
	json_t *changes = json_array();
	json_array_foreach (now, i, set)
		json_array_foreach (facts->originals, k, original)
			if (is_first_of_name(facts->originals, k) && same_name(original, set) &&
			    !strcmp(document_text_or(set, "SetIdentifier", ""), BLUE))
				change(changes, "DELETE", json_deep_copy(set));
	return send(ctx, facts, "Blue is removed", changes, ret_change);
}

struct error *traffic_insync(struct step_context *ctx, const char *change_id, bool *ret)
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

/* One name: its weighted pair at one of the meant weights, or its originals. */
static char *judge_name(const json_t *now, const struct traffic_facts *facts, const json_t *original, int weight,
			int or_weight)
{
	int64_t blue = -1, green = -1;
	const char *name = document_text_or(original, "Name", ""), *stranger = NULL;
	const json_t *set, *there = standing(now, original);
	size_t i;
	json_array_foreach (now, i, set) {
		const char *identifier = document_text_or(set, "SetIdentifier", "");
		if (!same_name(original, set))
			continue;
		if (!strcmp(identifier, BLUE))
			blue = document_int_or(set, "Weight", -1);
		else if (!strcmp(identifier, GREEN))
			green = document_int_or(set, "Weight", -1);
		else if (!standing(facts->originals, set))
			stranger = *identifier ? identifier : "a simple one";
	}
	if (stranger)
		return mem_printf("\"%s\" got another record (%s)", name, stranger);
	if (there && json_equal(there, original))
		return NULL;
	if (there && !is_ours(original))
		return mem_printf("\"%s\" was changed since this run read it", name);
	if ((weight >= 0 && green == weight && blue == 100 - weight) ||
	    (or_weight >= 0 && green == or_weight && blue == 100 - or_weight))
		return NULL;
	return mem_printf("\"%s\" has the weights %lld for Blue and %lld for Green, which this run did not set", name,
			  (long long)blue, (long long)green);
}

struct error *traffic_foreign_change(struct step_context *ctx, const struct traffic_facts *facts, int weight,
				     int or_weight, char **ret_words)
{
	json_t *now DOCUMENT_CLEANUP = NULL;
	size_t i;
	const json_t *original;
	*ret_words = NULL;
	TRY(current_sets(ctx, facts, &now));
	json_array_foreach (facts->originals, i, original)
		if (!*ret_words && is_first_of_name(facts->originals, i))
			*ret_words = judge_name(now, facts, original, weight, or_weight);
	return NULL;
}

int64_t traffic_ttl_ms(const struct step_context *ctx, const struct traffic_facts *facts, bool first)
{
	int64_t longest_s = facts->blue_zone ? 60 : ctx->world->config->traffic.ttl_s;
	size_t i;
	const json_t *original;
	if (first)
		json_array_foreach (facts->originals, i, original) {
			int64_t ttl_s =
				json_object_get(original, "AliasTarget") ? 60 : document_int_or(original, "TTL", 60);
			longest_s = ttl_s > longest_s ? ttl_s : longest_s;
		}
	return longest_s * SECOND_MS;
}
