/* CloudWatch over what the load balancers counted: by the minute, newest first, the filling minute incomplete and the
 * last half minute not yet known. Error counts are absent when zero; everything is while nothing is asked. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "sim/world.h"

enum { INGEST_MS = 30000, MAX_QUERIES = 500, MAX_POINTS = 100800 };

static const struct sim_cluster *by_dimensions(struct sim *sim, const json_t *dimensions)
{
	size_t i;
	const json_t *one;
	json_array_foreach (dimensions, i, one)
		if (!strcmp(document_text_or(one, "Name", ""), "LoadBalancer"))
			return sim_balancer_by_dimension(sim, document_text_or(one, "Value", ""));
	return NULL;
}

struct series {
	const struct sim_cluster *cluster; /* NULL: no such metric */
	const char *metric, *statistic;
	int64_t period_ms;
};

/* Minutes added up; counts as sums, times as their worst and as their sum over requests. */
static struct sim_minute sum_of(const struct sim *sim, const struct series *series, int64_t at_ms)
{
	struct sim_minute sum = {0};
	int64_t first = (at_ms - sim->start_ms) / MINUTE_MS, n = series->period_ms / MINUTE_MS;
	for (int64_t i = first < 0 ? 0 : first; i < first + n && i < (int64_t)series->cluster->n_minutes; i++) {
		const struct sim_minute *minute = &series->cluster->minutes[i];
		if (sim->start_ms + i * MINUTE_MS > sim->now_ms - INGEST_MS)
			break;
		sum.requests += minute->requests;
		sum.errors += minute->errors;
		sum.refused += minute->refused;
		sum.latency_ms += minute->latency_ms;
		sum.p99_ms = minute->p99_ms > sum.p99_ms ? minute->p99_ms : sum.p99_ms;
	}
	return sum;
}

static double count_of(double count)
{
	return count >= 0.5 ? floor(count + 0.5) : NAN;
}

static double value_of(const struct sim_minute *sum, const struct series *series)
{
	const char *metric = series->metric, *statistic = series->statistic;
	if (sum->requests < 0.5)
		return NAN;
	if (!strcmp(metric, "RequestCount"))
		return floor(sum->requests);
	if (!strcmp(metric, "HTTPCode_Target_5XX_Count"))
		return count_of(sum->errors);
	if (!strcmp(metric, "HTTPCode_ELB_5XX_Count"))
		return count_of(sum->refused);
	if (!strcmp(metric, "HTTPCode_Target_2XX_Count"))
		return count_of(sum->requests - sum->errors - sum->refused);
	if (strcmp(metric, "TargetResponseTime") != 0)
		return NAN;
	double mean_ms = sum->latency_ms / sum->requests;
	if (!strcmp(statistic, "SampleCount"))
		return floor(sum->requests);
	if (!strcmp(statistic, "Sum"))
		return sum->latency_ms / 1000;
	if (!strcmp(statistic, "Maximum"))
		return sum->p99_ms * 1.8 / 1000;
	if (!strcmp(statistic, "Minimum"))
		return mean_ms * 0.2 / 1000;
	return (*statistic == 'p' ? (strtod(statistic + 1, NULL) >= 90 ? sum->p99_ms : mean_ms * 0.9) : mean_ms) / 1000;
}

/* Whole periods, aligned as CloudWatch does; fn is given each point that is there. */
typedef void point_fn(void *context, int64_t at_ms, double value);
static void each_point(const struct sim *sim, const struct series *series, int64_t start_ms, int64_t end_ms,
		       point_fn *fn, void *context)
{
	int64_t first = start_ms - start_ms % series->period_ms;
	if (!series->cluster || sim_fault_value(sim, "cloudwatch", "no-data") > 0)
		return;
	for (int64_t at_ms = first < sim->start_ms - series->period_ms
				     ? sim->start_ms - sim->start_ms % series->period_ms
				     : first;
	     at_ms < end_ms && at_ms <= sim->now_ms - INGEST_MS; at_ms += series->period_ms) {
		struct sim_minute sum = sum_of(sim, series, at_ms);
		double value = value_of(&sum, series);
		if (!isnan(value))
			fn(context, at_ms, value);
	}
}

static bool read_period(const json_t *input, const char *member, int64_t *ret_ms)
{
	*ret_ms = document_int_or(input, member, 60) * SECOND_MS;
	return *ret_ms >= MINUTE_MS && *ret_ms % MINUTE_MS == 0;
}

static bool read_times(const json_t *input, int64_t *start_ms, int64_t *end_ms, struct sim_answer *answer)
{
	if (time_parse_rfc3339(slice_of(document_text_or(input, "StartTime", "")), start_ms) &&
	    time_parse_rfc3339(slice_of(document_text_or(input, "EndTime", "")), end_ms) && *start_ms < *end_ms)
		return true;
	sim_refuse(answer, 400, "ValidationError", "The parameter StartTime must be less than the parameter EndTime.");
	return false;
}

struct points {
	json_t *times, *values;
	bool newest_first;
};

static void put_point(void *context, int64_t at_ms, double value)
{
	struct points *points = context;
	if (points->newest_first) {
		json_array_insert_new(points->times, 0, sim_time(at_ms));
		json_array_insert_new(points->values, 0, json_real(value));
	} else {
		json_array_append_new(points->times, sim_time(at_ms));
		json_array_append_new(points->values, json_real(value));
	}
}

/* The page of a series from `from` on with at most `max` points; partial when there are more. */
static json_t *result_document(const json_t *query, const char *label, struct points *points, size_t from, size_t max,
			       bool partial, bool *ret_more)
{
	json_t *times = json_array(), *values = json_array();
	size_t n = json_array_size(points->times);
	for (size_t i = from; i < n && i - from < max; i++) {
		json_array_append(times, json_array_get(points->times, i));
		json_array_append(values, json_array_get(points->values, i));
	}
	bool more = n > from + max;
	*ret_more |= more;
	json_decref(points->times);
	json_decref(points->values);
	return json_pack("{s:s, s:s, s:o, s:o, s:s}", "Id", document_text_or(query, "Id", "m"), "Label", label,
			 "Timestamps", times, "Values", values, "StatusCode",
			 more || partial ? "PartialData" : "Complete");
}

static void get_metric_data(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	int64_t start_ms, end_ms, max = document_int_or(input, "MaxDatapoints", MAX_POINTS);
	const json_t *queries = json_object_get(input, "MetricDataQueries"), *query;
	const char *token = document_text(input, "NextToken");
	size_t i, from = token ? strtoul(token, NULL, 10) : 0, n = json_array_size(queries);
	bool more = false, partial = sim_fault_value(sim, "cloudwatch", "partial-data") > 0;
	if (!read_times(input, &start_ms, &end_ms, answer))
		return;
	if (n == 0 || n > MAX_QUERIES || max < 1 || max > MAX_POINTS) {
		sim_refuse(answer, 400, "ValidationError",
			   "MetricDataQueries must have between 1 and %d items, MaxDatapoints at most %d", MAX_QUERIES,
			   MAX_POINTS);
		return;
	}
	size_t each = (size_t)max / n ? (size_t)max / n : 1;
	json_t *results = json_array();
	json_array_foreach (queries, i, query) {
		struct series series = {.cluster =
						by_dimensions(sim, document_at(query, "MetricStat.Metric.Dimensions")),
					.metric = document_text_or(query, "MetricStat.Metric.MetricName", ""),
					.statistic = document_text_or(query, "MetricStat.Stat", "Sum")};
		if (document_text(query, "Expression") || !read_period(query, "MetricStat.Period", &series.period_ms)) {
			json_decref(results);
			sim_refuse(answer, 400, "ValidationError",
				   "MetricDataQueries[%zu]: a MetricStat with a period of whole minutes is wanted", i);
			return;
		}
		struct points points = {json_array(), json_array(),
					strcmp(document_text_or(input, "ScanBy", ""), "TimestampAscending") != 0};
		each_point(sim, &series, start_ms, end_ms, put_point, &points);
		json_array_append_new(results,
				      result_document(query, series.metric, &points, from, each, partial, &more));
	}
	answer->output = json_pack("{s:o, s:[]}", "MetricDataResults", results, "Messages");
	if (more)
		json_object_set_new(answer->output, "NextToken", document_printf("%zu", from + each));
}

struct statistics {
	const char *metric, *statistic;
	json_t *points;
};

static void put_statistic(void *context, int64_t at_ms, double value)
{
	struct statistics *statistics = context;
	json_array_append_new(statistics->points,
			      json_pack("{s:o, s:f, s:s}", "Timestamp", sim_time(at_ms), statistics->statistic, value,
					"Unit",
					strcmp(statistics->metric, "TargetResponseTime") ? "Count" : "Seconds"));
}

static void get_metric_statistics(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	int64_t start_ms, end_ms;
	struct series series = {.cluster = by_dimensions(sim, json_object_get(input, "Dimensions")),
				.metric = document_text_or(input, "MetricName", ""),
				.statistic = document_text_or(input, "Statistics[0]", "Sum")};
	if (!read_times(input, &start_ms, &end_ms, answer))
		return;
	if (!read_period(input, "Period", &series.period_ms)) {
		sim_refuse(answer, 400, "InvalidParameterValue", "The parameter Period must be a multiple of 60.");
		return;
	}
	struct statistics statistics = {series.metric, series.statistic, json_array()};
	each_point(sim, &series, start_ms, end_ms, put_statistic, &statistics);
	answer->output = json_pack("{s:s, s:o}", "Label", series.metric, "Datapoints", statistics.points);
}

static void list_metrics(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	static const char *const metrics[] = {"RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count",
					      "HTTPCode_Target_2XX_Count", "TargetResponseTime"};
	const char *only = document_text(input, "MetricName"), *space = document_text(input, "Namespace");
	json_t *list = json_array();
	for (size_t i = 0; i < sim->n_clusters && (!space || !strcmp(space, "AWS/ApplicationELB")); i++) {
		const struct sim_cluster *cluster = &sim->clusters[i];
		for (size_t k = 0; cluster->n_minutes && k < ARRAY_SIZE(metrics); k++)
			if (!only || !strcmp(only, metrics[k]))
				json_array_append_new(list, json_pack("{s:s, s:s, s:[{s:s, s:o}]}", "Namespace",
								      "AWS/ApplicationELB", "MetricName", metrics[k],
								      "Dimensions", "Name", "LoadBalancer", "Value",
								      document_printf("app/k8s-%s-web/%.16s",
										      cluster->name, cluster->id)));
	}
	answer->output = json_pack("{s:o}", "Metrics", list);
}

static void no_alarms(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	(void)input;
	answer->output = json_pack("{s:[], s:[]}", "MetricAlarms", "CompositeAlarms");
}

static void put_data(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	sim_effect(sim, "cloudwatch:PutMetricData %s", document_text_or(input, "Namespace", ""));
	answer->output = json_object();
}

const struct sim_operation sim_cloudwatch_operations[] = {
	{"cloudwatch:GetMetricData", get_metric_data}, {"cloudwatch:GetMetricStatistics", get_metric_statistics},
	{"cloudwatch:ListMetrics", list_metrics},      {"cloudwatch:DescribeAlarms", no_alarms},
	{"cloudwatch:PutMetricData", put_data},	       {NULL, NULL},
};
