/* Records, load balancers, metrics. */
#include "execution/traffic_facts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "aws/operations.h"
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "perception/collector.h"

static const char *const members[] = {"zone_id",    "blue_target",    "green_target",	"blue_zone",
				      "green_zone", "blue_dimension", "green_dimension"};

struct error *traffic_facts_load(struct step_context *ctx, struct traffic_facts *ret)
{
	const char **slots[] = {&ret->zone_id,	  &ret->blue_target,	&ret->green_target,   &ret->blue_zone,
				&ret->green_zone, &ret->blue_dimension, &ret->green_dimension};
	*ret = (struct traffic_facts){0};
	for (size_t i = 0; i < ctx->plan->n_steps; i++) {
		json_t *memory = !strcmp(ctx->plan->steps[i].executor, "route53.weights")
					 ? step_memory_of(ctx, ctx->plan->steps[i].step_id)
					 : NULL;
		const json_t *facts = json_object_get(memory, "facts");
		if (!facts)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(members); k++)
			*slots[k] = arena_strdup(ctx->arena, document_text(facts, members[k]));
		ret->originals = json_object_get(facts, "originals");
		return NULL;
	}
	return error_new(ERROR_NOT_FOUND, "no traffic step has begun");
}

static bool same_host(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	n -= n && a[n - 1] == '.';
	m -= m && b[m - 1] == '.';
	if (n > 10 && !strncasecmp(a, "dualstack.", 10))
		return same_host(a + 10, b);
	if (m > 10 && !strncasecmp(b, "dualstack.", 10))
		return same_host(a, b + 10);
	return n == m && !strncasecmp(a, b, n);
}

static struct error *originals(struct step_context *ctx, struct aws *aws, const char *zone, json_t **ret)
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	size_t i;
	json_t *set;
	TRY(aws_call_all(aws, &aws_route53_ListResourceRecordSets, json_pack("{s:s}", "HostedZoneId", zone), &out));
	*ret = json_array();
	json_array_foreach (json_object_get(out, "ResourceRecordSets"), i, set) {
		const char *type = document_text_or(set, "Type", "");
		for (size_t k = 0; k < ctx->world->config->traffic.n_records; k++)
			if (same_host(document_text_or(set, "Name", ""), ctx->world->config->traffic.records[k]) &&
			    (!strcmp(type, "A") || !strcmp(type, "AAAA") || !strcmp(type, "CNAME")))
				json_array_append(*ret, set);
	}
	return NULL;
}

struct ingress_item {
	struct ingress_host {
		const char *hostname;
	} * points;
	size_t n;
};
static const struct field ingress_host_fields[] = {F_STRING(struct ingress_host, hostname, "hostname", 0, "")};
static const struct model ingress_host_model = MODEL("LoadBalancer", struct ingress_host, ingress_host_fields);
static const struct field ingress_item_fields[] = {
	F_LIST(struct ingress_item, points, n, "status.loadBalancer.ingress", 0, &ingress_host_model, "")};
static const struct model ingress_item_model = MODEL("Ingress", struct ingress_item, ingress_item_fields);

static bool take_host(void *context, void *item, struct arena *item_arena)
{
	char **host = context;
	const struct ingress_item *seen = item;
	(void)item_arena;
	if (!*host && seen->n && seen->points[0].hostname)
		*host = mem_strdup(seen->points[0].hostname);
	return !*host;
}

/* Green's load balancer by its Ingresses, else by its Services of type LoadBalancer. */
static struct error *green_host(struct step_context *ctx, char **ret)
{
	static const char *const paths[] = {"/apis/networking.k8s.io/v1/ingresses", "/api/v1/services"};
	struct kube *kube;
	*ret = mem_strdup(ctx->world->config->traffic.green_load_balancer);
	if (*ret)
		return NULL;
	TRY(world_green(ctx->world, ctx->plan->green_name, &kube));
	for (size_t i = 0; i < ARRAY_SIZE(paths) && !*ret; i++) {
		struct kube_list list = {
			.path = paths[i], .item_model = &ingress_item_model, .fn = take_host, .context = ret};
		TRY(kube_list(kube, &list));
	}
	if (!*ret)
		return error_remedy(error_new(ERROR_TRANSIENT, "Green has no load balancer yet"),
				    "an Ingress or Service of Green must have one; or set traffic.green_load_balancer");
	return NULL;
}

static const json_t *balancer(const json_t *all, const char *host)
{
	size_t i;
	const json_t *item;
	json_array_foreach (json_object_get(all, "LoadBalancers"), i, item)
		if (host && same_host(document_text_or(item, "DNSName", ""), host))
			return item;
	return NULL;
}

static const char *dimension_of(const json_t *item)
{
	const char *arn = document_text(item, "LoadBalancerArn"), *part = arn ? strstr(arn, ":loadbalancer/") : NULL;
	return part ? part + 14 : NULL;
}

/* Without an Application Load Balancer's counters nobody could tell where the users are, nor how they fare. */
static struct error *prove_counted(const json_t *item, const char *whose, const char *host)
{
	const char *dimension = dimension_of(item);
	if (dimension && !strncmp(dimension, "app/", 4))
		return NULL;
	return error_remedy(
		error_new(item ? ERROR_PRECONDITION : ERROR_TRANSIENT, "%s's load balancer \"%s\" is %s", whose, host,
			  item ? "no Application Load Balancer, its requests are not counted"
			       : "not among this account's in this region"),
		"let an Application Load Balancer stand before %s; aws elbv2 describe-load-balancers shows them",
		whose);
}

struct error *traffic_facts_find(struct step_context *ctx, json_t **ret_memory)
{
	struct aws *aws;
	const char *zone;
	json_t *balancers DOCUMENT_CLEANUP = NULL;
	json_t *sets = NULL;
	char *green CLEANUP(mem_freep) = NULL;
	TRY(world_aws(ctx->world, &aws));
	TRY(green_host(ctx, &green));
	TRY(perception_find_zone(aws, ctx->world->config->traffic.hosted_zone, ctx->arena, &zone));
	TRY(aws_call_all(aws, &aws_elbv2_DescribeLoadBalancers, NULL, &balancers));
	TRY(originals(ctx, aws, zone, &sets));
	const json_t *first = json_array_get(sets, 0);
	size_t i;
	const json_t *set;
	json_array_foreach (sets, i, set)
		if (document_int_or(set, "Weight", 1) > 0)
			first = set;
	const char *alias = document_text(first, "AliasTarget.DNSName");
	const char *blue = alias ? alias : document_text(first, "ResourceRecords[0].Value");
	if (!blue) {
		json_decref(sets);
		return error_remedy(
			error_new(ERROR_PRECONDITION, "the users' names have no record that points at Blue"),
			"check traffic.route53.records");
	}
	const json_t *blue_lb = balancer(balancers, blue), *green_lb = balancer(balancers, green);
	struct error *uncounted = prove_counted(blue_lb, "Blue", blue);
	uncounted = uncounted ? uncounted : prove_counted(green_lb, "Green", green);
	if (uncounted) {
		json_decref(sets);
		return uncounted;
	}
	*ret_memory = json_pack(
		"{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:o}", "zone_id", zone, "blue_target", blue, "green_target",
		green, "blue_zone",
		document_text_or(blue_lb, "CanonicalHostedZoneId", document_text(first, "AliasTarget.HostedZoneId")),
		"green_zone",
		document_text_or(green_lb, "CanonicalHostedZoneId", document_text(first, "AliasTarget.HostedZoneId")),
		"blue_dimension", dimension_of(blue_lb), "green_dimension", dimension_of(green_lb), "originals", sets);
	return NULL;
}

static json_t *query(const char *id, const char *dimension, const char *metric, const char *statistic)
{
	return json_pack("{s:s, s:b, s:{s:{s:s, s:s, s:[{s:s, s:s}]}, s:i, s:s}}", "Id", id, "ReturnData", 1,
			 "MetricStat", "Metric", "Namespace", "AWS/ApplicationELB", "MetricName", metric, "Dimensions",
			 "Name", "LoadBalancer", "Value", dimension, "Period", 60, "Stat", statistic);
}

/* The last page of each metric must say Complete: what was given in part looks like zero, and zero decides. */
static struct error *prove_complete(const json_t *results)
{
	size_t i, k;
	const json_t *result, *later;
	json_array_foreach (results, i, result) {
		const char *status = document_text_or(result, "StatusCode", "Complete"),
			   *id = document_text_or(result, "Id", "");
		bool last = true;
		json_array_foreach (results, k, later)
			last &= k <= i || strcmp(document_text_or(later, "Id", ""), id) != 0;
		if (last && strcmp(status, "Complete") != 0)
			return error_new(ERROR_TRANSIENT, "CloudWatch gave metric \"%s\" as %s", id, status);
	}
	return NULL;
}

static struct error *get_data(struct step_context *ctx, json_t *queries, int64_t from_ms, int64_t to_ms, json_t **ret)
{
	struct aws *aws;
	char start[TIME_TEXT], end[TIME_TEXT];
	json_t *input = json_pack("{s:o, s:s, s:s, s:s}", "MetricDataQueries", queries, "StartTime",
				  time_format_rfc3339(from_ms, start), "EndTime", time_format_rfc3339(to_ms, end),
				  "ScanBy", "TimestampAscending");
	struct error *error = world_aws(ctx->world, &aws);
	if (error) {
		json_decref(input);
		return error;
	}
	TRY(aws_call_all(aws, &aws_cloudwatch_GetMetricData, input, ret));
	return prove_complete(json_object_get(*ret, "MetricDataResults"));
}

/* Calls fn for each data point of each result. */
static void each_point(const json_t *data, void (*fn)(void *context, const char *id, int64_t at_ms, double value),
		       void *context)
{
	size_t i, k;
	const json_t *result, *time;
	json_array_foreach (json_object_get(data, "MetricDataResults"), i, result) {
		const json_t *values = json_object_get(result, "Values");
		json_array_foreach (json_object_get(result, "Timestamps"), k, time) {
			int64_t at_ms;
			if (json_string_value(time) && time_parse_rfc3339(slice_of(json_string_value(time)), &at_ms))
				fn(context, document_text_or(result, "Id", ""), at_ms,
				   json_number_value(json_array_get(values, k)));
		}
	}
}

struct grid {
	struct traffic_minute *minutes;
	size_t n;
	int64_t from_ms;
};

static void put_point(void *context, const char *id, int64_t at_ms, double value)
{
	struct grid *grid = context;
	if (at_ms < grid->from_ms || (size_t)((at_ms - grid->from_ms) / MINUTE_MS) >= grid->n)
		return;
	struct traffic_minute *minute = &grid->minutes[(at_ms - grid->from_ms) / MINUTE_MS];
	bool blue = id[0] == 'b';
	if (!strcmp(id + 1, "requests"))
		*(blue ? &minute->blue_requests : &minute->green_requests) = value;
	else if (!strcmp(id + 1, "target5xx"))
		*(blue ? &minute->blue_errors : &minute->green_errors) = value;
	else if (!strcmp(id + 1, "elb5xx"))
		*(blue ? &minute->blue_refused : &minute->green_refused) = value;
	else
		*(blue ? &minute->blue_p99_ms : &minute->green_p99_ms) = value * 1000;
}

struct error *traffic_minutes(struct step_context *ctx, const struct traffic_facts *facts, int64_t from_ms,
			      int64_t to_ms, struct traffic_minute **ret, size_t *ret_n)
{
	static const char *const metrics[][3] = {{"requests", "RequestCount", "Sum"},
						 {"target5xx", "HTTPCode_Target_5XX_Count", "Sum"},
						 {"elb5xx", "HTTPCode_ELB_5XX_Count", "Sum"},
						 {"p99", "TargetResponseTime", "p99"}};
	const char *dimensions[2] = {facts->blue_dimension, facts->green_dimension};
	int64_t start_ms = (from_ms + MINUTE_MS - 1) / MINUTE_MS * MINUTE_MS, end_ms = to_ms / MINUTE_MS * MINUTE_MS;
	struct grid grid = {.from_ms = start_ms,
			    .n = end_ms > start_ms ? (size_t)((end_ms - start_ms) / MINUTE_MS) : 0};
	json_t *data DOCUMENT_CLEANUP = NULL;
	*ret = NULL;
	*ret_n = 0;
	if (!grid.n)
		return NULL;
	grid.minutes = arena_alloc(ctx->arena, grid.n * sizeof *grid.minutes);
	for (size_t i = 0; i < grid.n; i++)
		grid.minutes[i] = (struct traffic_minute){.at_ms = start_ms + (int64_t)i * MINUTE_MS,
							  .blue_requests = NAN,
							  .green_requests = NAN,
							  .blue_p99_ms = NAN,
							  .green_p99_ms = NAN};
	json_t *queries = json_array();
	for (size_t side = 0; side < 2; side++) {
		for (size_t i = 0; dimensions[side] && i < ARRAY_SIZE(metrics); i++) {
			char *id CLEANUP(mem_freep) = mem_printf("%c%s", "bg"[side], metrics[i][0]);
			json_array_append_new(queries, query(id, dimensions[side], metrics[i][1], metrics[i][2]));
		}
	}
	TRY(get_data(ctx, queries, start_ms, end_ms, &data));
	each_point(data, put_point, &grid);
	*ret = grid.minutes;
	*ret_n = grid.n;
	return NULL;
}

static void add_point(void *context, const char *id, int64_t at_ms, double value)
{
	double *sum = context;
	(void)id;
	(void)at_ms;
	*sum = (isnan(*sum) ? 0 : *sum) + value;
}

struct error *traffic_requests(struct step_context *ctx, const char *dimension, int64_t from_ms, int64_t to_ms,
			       double *ret)
{
	json_t *data DOCUMENT_CLEANUP = NULL;
	*ret = NAN;
	if (!dimension)
		return error_remedy(error_new(ERROR_PRECONDITION,
					      "a load balancer is not known, so nobody can prove what it serves"),
				    "remove Blue by hand when it is idle");
	TRY(get_data(ctx, json_pack("[o]", query("requests", dimension, "RequestCount", "Sum")),
		     from_ms / MINUTE_MS * MINUTE_MS, to_ms / MINUTE_MS * MINUTE_MS, &data));
	each_point(data, add_point, ret);
	return NULL;
}
