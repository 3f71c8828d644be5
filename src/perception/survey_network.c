/* The ways into the cluster: load balancers with their listeners and targets, and the records that lead to them. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/time.h"
#include "perception/survey_round.h"

/* Route 53 answers five calls a second. */
enum { MOST_ZONES = 20 };

static void ask_tags(struct round *round, json_t **arns)
{
	if (json_array_size(*arns))
		survey_ask(round, &aws_elbv2_DescribeTags, json_pack("{s:O}", "ResourceArns", *arns));
	json_decref(*arns);
	*arns = json_array();
}

void survey_balancers(struct round *round)
{
	enum { TAGS_AT_ONCE = 20 }; /* the API's limit */
	size_t n = 0;
	json_t *arns = json_array();
	SURVEY_EACH(round, "describe_load_balancers", "response.LoadBalancers", balancer)
	{
		const char *arn = document_text(balancer, "LoadBalancerArn");
		if (!arn || n++ >= SURVEY_MOST_OF_A_KIND)
			continue;
		survey_ask(round, &aws_elbv2_DescribeTargetGroups, json_pack("{s:s}", "LoadBalancerArn", arn));
		survey_ask(round, &aws_elbv2_DescribeLoadBalancerAttributes,
			   json_pack("{s:s}", "LoadBalancerArn", arn));
		survey_ask(round, &aws_elbv2_DescribeListeners, json_pack("{s:s}", "LoadBalancerArn", arn));
		json_array_append_new(arns, json_string(arn));
		if (json_array_size(arns) == TAGS_AT_ONCE)
			ask_tags(round, &arns);
	}
	ask_tags(round, &arns);
	json_decref(arns);
}

void survey_targets(struct round *round)
{
	size_t n = 0;
	SURVEY_EACH(round, "describe_target_groups", "response.TargetGroups", group)
	{
		const char *arn = document_text(group, "TargetGroupArn");
		if (!arn || n++ >= SURVEY_MOST_OF_A_KIND)
			continue;
		survey_ask(round, &aws_elbv2_DescribeTargetHealth, json_pack("{s:s}", "TargetGroupArn", arn));
		survey_ask(round, &aws_elbv2_DescribeTargetGroupAttributes, json_pack("{s:s}", "TargetGroupArn", arn));
	}
}

/* ---- records */

static const char *zone_id(const json_t *zone)
{
	const char *id = document_text_or(zone, "Id", ""), *slash = strrchr(id, '/');
	return slash ? slash + 1 : id;
}

/* By its name, with or without a dot at its end, or by its id. */
static bool is_zone(const json_t *zone, const char *wanted)
{
	const char *name = document_text_or(zone, "Name", "");
	size_t n = strlen(wanted);
	n -= n && wanted[n - 1] == '.';
	return (!strncasecmp(name, wanted, n) && (!name[n] || !strcmp(name + n, "."))) ||
	       !strcmp(zone_id(zone), wanted);
}

/* The zone that the configuration names; without one every zone, where they are few enough to ask in a moment. */
void survey_records(struct round *round)
{
	const char *wanted = round->survey->config->traffic.hosted_zone;
	size_t n = 0;
	SURVEY_EACH(round, "list_hosted_zones", "response.HostedZones", zone)
	n += !wanted || is_zone(zone, wanted);
	if (!wanted && n > MOST_ZONES) {
		inventory_source(round->inventory, "route53:ListResourceRecordSets", SOURCE_SKIPPED,
				 arena_printf(round->inventory->arena,
					      "%zu hosted zones: name the users' in traffic.route53.hosted_zone", n));
		return;
	}
	SURVEY_EACH(round, "list_hosted_zones", "response.HostedZones", zone)
	if (!wanted || is_zone(zone, wanted))
		survey_ask(round, &aws_route53_ListResourceRecordSets,
			   json_pack("{s:s}", "HostedZoneId", zone_id(zone)));
}

static bool mentions(const json_t *value, const char *host)
{
	size_t i;
	const char *key;
	json_t *one;
	if (json_is_string(value))
		return strcasestr(json_string_value(value), host) != NULL;
	json_object_foreach ((json_t *)(uintptr_t)value, key, one)
		if (mentions(one, host))
			return true;
	json_array_foreach (value, i, one)
		if (mentions(one, host))
			return true;
	return false;
}

static bool leads_here(const struct round *round, const json_t *record)
{
	const struct config *config = round->survey->config;
	SURVEY_EACH(round, "describe_load_balancers", "response.LoadBalancers", balancer)
	if (mentions(record, document_text_or(balancer, "DNSName", "?")))
		return true;
	for (size_t i = 0; i < config->traffic.n_records; i++)
		if (mentions(json_object_get(record, "Name"), config->traffic.records[i]))
			return true;
	return false;
}

/* Of zones that nobody named only what leads here is kept. */
void survey_keep_our_records(struct round *round)
{
	size_t i;
	const json_t *call;
	if (round->survey->config->traffic.hosted_zone)
		return;
	json_array_foreach (inventory_aws_calls(round->inventory, "list_resource_record_sets"), i, call) {
		json_t *records = json_object_get(json_object_get(call, "response"), "ResourceRecordSets");
		for (size_t k = json_array_size(records); k-- > 0;)
			if (!leads_here(round, json_array_get(records, k)))
				json_array_remove(records, k);
	}
}

/* ---- traffic: where names have weights, what each balancer behind them has got in the last while */

static bool has_weight(const struct round *round, const char *host)
{
	SURVEY_EACH(round, "list_resource_record_sets", "response.ResourceRecordSets", record)
	if (json_object_get(record, "Weight") && (mentions(json_object_get(record, "AliasTarget"), host) ||
						  mentions(json_object_get(record, "ResourceRecords"), host)))
		return true;
	return false;
}

static json_t *request_count(const char *balancer, size_t number)
{
	char *id = mem_printf("requests%zu", number);
	json_t *query = json_pack("{s:s, s:{s:{s:s, s:s, s:[{s:s, s:s}]}, s:i, s:s}}", "Id", id, "MetricStat", "Metric",
				  "Namespace", "AWS/ApplicationELB", "MetricName", "RequestCount", "Dimensions", "Name",
				  "LoadBalancer", "Value", balancer, "Period", 60, "Stat", "Sum");
	free(id);
	return query;
}

void survey_requests(struct round *round)
{
	enum { MOST = 50, WHILE_MS = 15 * MINUTE_MS };
	json_t *queries = json_array();
	char from[TIME_TEXT], to[TIME_TEXT];
	int64_t now_ms = round->inventory->captured_at_ms;
	SURVEY_EACH(round, "describe_load_balancers", "response.LoadBalancers", balancer)
	{
		const char *arn = document_text_or(balancer, "LoadBalancerArn", ""),
			   *tail = strstr(arn, ":loadbalancer/app/");
		if (tail && json_array_size(queries) < MOST &&
		    has_weight(round, document_text_or(balancer, "DNSName", "?")))
			json_array_append_new(queries,
					      request_count(tail + strlen(":loadbalancer/"), json_array_size(queries)));
	}
	if (json_array_size(queries))
		survey_ask(round, &aws_cloudwatch_GetMetricData,
			   json_pack("{s:O, s:s, s:s}", "MetricDataQueries", queries, "StartTime",
				     time_format_rfc3339(now_ms - WHILE_MS, from), "EndTime",
				     time_format_rfc3339(now_ms, to)));
	json_decref(queries);
}
