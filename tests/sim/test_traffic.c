/* Where users go and what they see: Route 53, resolvers, load balancers, CloudWatch. */
#include <math.h>
#include "sim_ask.h"

#define ZONE "Z0SIMEXAMPLE"

static json_t *batch(const char *action, json_t *set)
{
	return json_pack("{s:s, s:{s:[{s:s, s:o}]}}", "HostedZoneId", ZONE, "ChangeBatch", "Changes", "Action", action,
			 "ResourceRecordSet", set);
}

static json_t *plain(const char *name, const char *type, const char *value, int ttl)
{
	return json_pack("{s:s, s:s, s:i, s:[{s:s}]}", "Name", name, "Type", type, "TTL", ttl, "ResourceRecords",
			 "Value", value);
}

static void assert_no_change(struct bench *bench, const char *action, json_t *set)
{
	json_t *before DOCUMENT_CLEANUP = sim_truth(bench->sim);
	assert_refused(bench, "route53:ChangeResourceRecordSets", batch(action, set), "InvalidChangeBatch");
	json_t *after DOCUMENT_CLEANUP = sim_truth(bench->sim);
	assert_true(json_equal(json_object_get(before, "records"), json_object_get(after, "records")));
}

static void bad_changes_change_nothing(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	assert_no_change(&bench, "CREATE", plain("other.org", "A", "192.0.2.1", 60));
	assert_no_change(&bench, "DELETE", plain("nobody.example.com", "A", "192.0.2.1", 60));
	assert_no_change(&bench, "CREATE", plain("example.com", "NS", "ns.example.net", 60));
	json_t *weighted = plain("shop.example.com", "A", "192.0.2.1", 60);
	json_object_set_new(weighted, "Weight", json_integer(10));
	assert_no_change(&bench, "CREATE", json_deep_copy(weighted)); /* no identifier */
	json_object_set_new(weighted, "SetIdentifier", json_string("x"));
	assert_no_change(&bench, "CREATE", json_deep_copy(weighted)); /* beside a simple one */
	json_object_set_new(weighted, "Name", json_string("new.example.com"));
	json_object_set_new(weighted, "Weight", json_integer(256));
	assert_no_change(&bench, "CREATE", weighted);
	assert_refused(&bench, "route53:ListResourceRecordSets", json_pack("{s:s}", "HostedZoneId", "ZOTHER"),
		       "NoSuchHostedZone");
	assert_refused(&bench, "route53:GetChange", json_pack("{s:s}", "Id", "/change/CNONE"), "NoSuchChange");
	bench_done(&bench);
}

static void a_batch_is_all_or_nothing(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	json_t *both =
		json_pack("{s:s, s:{s:[{s:s, s:o}, {s:s, s:o}]}}", "HostedZoneId", ZONE, "ChangeBatch", "Changes",
			  "Action", "CREATE", "ResourceRecordSet", plain("a.example.com", "A", "192.0.2.1", 60),
			  "Action", "CREATE", "ResourceRecordSet", plain("a.other.org", "A", "192.0.2.1", 60));
	assert_refused(&bench, "route53:ChangeResourceRecordSets", both, "InvalidChangeBatch");
	json_t *records DOCUMENT_CLEANUP =
		bench_ask(&bench, "route53:ListResourceRecordSets", json_pack("{s:s}", "HostedZoneId", ZONE));
	assert_int_equal(json_array_size(json_object_get(records, "ResourceRecordSets")), 2);
	bench_done(&bench);
}

static void records_come_in_pages(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	json_t *first DOCUMENT_CLEANUP = bench_ask(&bench, "route53:ListResourceRecordSets",
						   json_pack("{s:s, s:s}", "HostedZoneId", ZONE, "MaxItems", "1"));
	assert_true(document_true(first, "IsTruncated"));
	json_t *rest DOCUMENT_CLEANUP =
		bench_ask(&bench, "route53:ListResourceRecordSets",
			  json_pack("{s:s, s:s, s:O, s:O}", "HostedZoneId", ZONE, "MaxItems", "1", "StartRecordName",
				    json_object_get(first, "NextRecordName"), "StartRecordType",
				    json_object_get(first, "NextRecordType")));
	assert_false(document_true(rest, "IsTruncated"));
	assert_string_equal(document_text(rest, "ResourceRecordSets[0].Name"), "shop.example.com.");
	bench_done(&bench);
}

static double green_part(struct bench *bench, int64_t ms)
{
	struct sim_users before, after;
	sim_users(bench->sim, &before);
	bench_pass(bench, ms);
	sim_users(bench->sim, &after);
	return (double)(after.green_requests - before.green_requests) / (double)(after.requests - before.requests);
}

static void users_follow_weights_after_insync_and_ttl(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 4, NULL);
	make_green(&bench);
	assert_true(green_part(&bench, MINUTE_MS) < 1e-9);
	set_weights(&bench, 75, 25);
	assert_true(green_part(&bench, 20 * SECOND_MS) < 1e-9); /* told, but no resolver has it yet */
	bench_pass(&bench, MINUTE_MS);
	double soon = green_part(&bench, 30 * SECOND_MS);
	assert_true(soon > 0.15 && soon < 0.25);
	bench_pass(&bench, 10 * MINUTE_MS);
	assert_near(green_part(&bench, 5 * MINUTE_MS), 0.25, 0.002);
	struct sim_users users;
	sim_users(bench.sim, &users);
	assert_int_equal(users.failed, 0);
	assert_int_equal(users.longest_gap_ms, 0);
	assert_int_equal(effect(&bench, "route53:weights green=25"), 1);
	assert_null(sim_violation(bench.sim));
	bench_done(&bench);
}

static void some_users_never_ask_again(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 4, "dns:cached=5%");
	make_green(&bench);
	set_weights(&bench, 0, 100);
	bench_pass(&bench, HOUR_MS);
	assert_near(green_part(&bench, 10 * MINUTE_MS), 0.95, 0.001);
	bench_done(&bench);
}

static json_t *metric(struct bench *bench, const char *cluster, const char *name, const char *statistic,
		      int64_t start_ms, int64_t end_ms)
{
	char *lb CLEANUP(mem_freep) = mem_printf("k8s-%s-web", cluster), from[TIME_TEXT], to[TIME_TEXT];
	json_t *out DOCUMENT_CLEANUP =
		bench_ask(bench, "elbv2:DescribeLoadBalancers", json_pack("{s:[s]}", "Names", lb));
	const char *arn = document_text_or(out, "LoadBalancers[0].LoadBalancerArn", "");
	return json_pack("{s:[{s:s, s:{s:{s:s, s:s, s:[{s:s, s:s}]}, s:i, s:s}}], s:s, s:s}", "MetricDataQueries", "Id",
			 "m1", "MetricStat", "Metric", "Namespace", "AWS/ApplicationELB", "MetricName", name,
			 "Dimensions", "Name", "LoadBalancer", "Value",
			 strstr(arn, ":loadbalancer/") ? strstr(arn, ":loadbalancer/") + 14 : "", "Period", 60, "Stat",
			 statistic, "StartTime", time_format_rfc3339(start_ms, from), "EndTime",
			 time_format_rfc3339(end_ms, to));
}

static void metrics_are_what_the_balancers_counted(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 4, "green:5xx=10% after traffic=50%");
	make_green(&bench);
	set_weights(&bench, 50, 50);
	bench_pass(&bench, 10 * MINUTE_MS);
	int64_t end_ms = sim_now_ms(bench.sim) / MINUTE_MS * MINUTE_MS - MINUTE_MS;
	json_t *asked DOCUMENT_CLEANUP =
			      metric(&bench, "shop-134", "RequestCount", "Sum", end_ms - 3 * MINUTE_MS, end_ms),
		      *failed DOCUMENT_CLEANUP = metric(&bench, "shop-134", "HTTPCode_Target_5XX_Count", "Sum",
							end_ms - 3 * MINUTE_MS, end_ms),
		      *blue DOCUMENT_CLEANUP = metric(&bench, "shop", "HTTPCode_Target_5XX_Count", "Sum",
						      end_ms - 3 * MINUTE_MS, end_ms),
		      *p99 DOCUMENT_CLEANUP =
			      metric(&bench, "shop-134", "TargetResponseTime", "p99", end_ms - 3 * MINUTE_MS, end_ms);
	json_t *requests DOCUMENT_CLEANUP = bench_ask(&bench, "cloudwatch:GetMetricData", json_incref(asked)),
			 *errors DOCUMENT_CLEANUP = bench_ask(&bench, "cloudwatch:GetMetricData", json_incref(failed)),
			 *none DOCUMENT_CLEANUP = bench_ask(&bench, "cloudwatch:GetMetricData", json_incref(blue)),
			 *latency DOCUMENT_CLEANUP = bench_ask(&bench, "cloudwatch:GetMetricData", json_incref(p99));
	assert_int_equal(json_array_size(document_at(requests, "MetricDataResults[0].Values")), 3);
	double n = document_real_or(requests, "MetricDataResults[0].Values[0]", 0),
	       bad = document_real_or(errors, "MetricDataResults[0].Values[0]", 0);
	assert_near(n, 360, 20); /* half of 12 a second */
	assert_near(bad / n, 0.1, 0.01);
	assert_int_equal(json_array_size(document_at(none, "MetricDataResults[0].Values")), 0); /* absent when zero */
	assert_near(document_real_or(latency, "MetricDataResults[0].Values[0]", 0), 0.12, 0.02);
	/* newest first */
	int64_t first_ms, second_ms;
	assert_true(time_parse_rfc3339(slice_of(document_text_or(requests, "MetricDataResults[0].Timestamps[0]", "")),
				       &first_ms));
	assert_true(time_parse_rfc3339(slice_of(document_text_or(requests, "MetricDataResults[0].Timestamps[1]", "")),
				       &second_ms));
	assert_int_equal(first_ms - second_ms, MINUTE_MS);
	bench_done(&bench);
}

static void the_filling_minute_is_incomplete_and_the_last_unknown(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 4, NULL);
	bench_pass(&bench, 10 * MINUTE_MS + 15 * SECOND_MS);
	int64_t now_ms = sim_now_ms(bench.sim);
	json_t *early DOCUMENT_CLEANUP =
		bench_ask(&bench, "cloudwatch:GetMetricData",
			  metric(&bench, "shop", "RequestCount", "Sum", now_ms - 3 * MINUTE_MS, now_ms + MINUTE_MS));
	bench_pass(&bench, 25 * SECOND_MS);
	json_t *later DOCUMENT_CLEANUP =
		bench_ask(&bench, "cloudwatch:GetMetricData",
			  metric(&bench, "shop", "RequestCount", "Sum", now_ms - 3 * MINUTE_MS, now_ms + MINUTE_MS));
	assert_near(document_real_or(early, "MetricDataResults[0].Values[0]", 0), 720, 1);
	double filling = document_real_or(later, "MetricDataResults[0].Values[0]", 0);
	assert_true(filling > 300 && filling < 600);
	assert_int_equal(json_array_size(document_at(later, "MetricDataResults[0].Values")),
			 json_array_size(document_at(early, "MetricDataResults[0].Values")) + 1);
	bench_done(&bench);
}

static void metrics_come_in_pages_and_in_parts(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 4, "cloudwatch:partial-data after 30m for 5m");
	bench_pass(&bench, 12 * MINUTE_MS);
	int64_t now_ms = sim_now_ms(bench.sim);
	json_t *query = metric(&bench, "shop", "RequestCount", "Sum", now_ms - 8 * MINUTE_MS, now_ms - 2 * MINUTE_MS);
	json_object_set_new(query, "MaxDatapoints", json_integer(4));
	json_t *first DOCUMENT_CLEANUP = bench_ask(&bench, "cloudwatch:GetMetricData", json_copy(query));
	assert_int_equal(json_array_size(document_at(first, "MetricDataResults[0].Values")), 4);
	assert_string_equal(document_text(first, "MetricDataResults[0].StatusCode"), "PartialData");
	json_object_set(query, "NextToken", json_object_get(first, "NextToken"));
	json_t *rest DOCUMENT_CLEANUP = bench_ask(&bench, "cloudwatch:GetMetricData", json_copy(query));
	assert_string_equal(document_text(rest, "MetricDataResults[0].StatusCode"), "Complete");
	assert_int_equal(json_array_size(document_at(rest, "MetricDataResults[0].Values")), 2);
	json_object_del(query, "NextToken");
	json_object_del(query, "MaxDatapoints");
	bench_pass(&bench, 20 * MINUTE_MS);
	assert_says(&bench, "cloudwatch:GetMetricData", query, "MetricDataResults[0].StatusCode", "PartialData");
	bench_done(&bench);
}

static void nonsense_of_metrics_is_refused(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 4, NULL);
	int64_t now_ms = sim_now_ms(bench.sim);
	assert_refused(&bench, "cloudwatch:GetMetricData",
		       metric(&bench, "shop", "RequestCount", "Sum", now_ms, now_ms - MINUTE_MS), "ValidationError");
	json_t *query = metric(&bench, "shop", "RequestCount", "Sum", now_ms - MINUTE_MS, now_ms);
	json_object_set_new(document_at(query, "MetricDataQueries[0].MetricStat"), "Period", json_integer(7));
	assert_refused(&bench, "cloudwatch:GetMetricData", query, "ValidationError");
	bench_done(&bench);
}

static void a_balancer_comes_with_its_ingress(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 4, NULL);
	json_t *name = json_pack("{s:[s]}", "Names", "k8s-shop-134-web");
	json_decref(bench_ask(&bench, "eks:CreateCluster",
			      json_pack("{s:s, s:s, s:s, s:{s:[s,s]}}", "name", "shop-134", "version", "1.34",
					"roleArn", "arn:aws:iam::111122223333:role/r", "resourcesVpcConfig",
					"subnetIds", "subnet-a", "subnet-b")));
	bench_pass(&bench, 12 * MINUTE_MS);
	assert_refused(&bench, "elbv2:DescribeLoadBalancers", name, "LoadBalancerNotFound");
	bench_done(&bench);
	bench = bench_new("small", 4, NULL);
	make_green(&bench);
	assert_says(&bench, "elbv2:DescribeLoadBalancers", json_pack("{s:[s]}", "Names", "k8s-shop-134-web"),
		    "LoadBalancers[0].State.Code", "active");
	json_t *groups DOCUMENT_CLEANUP = bench_ask(&bench, "elbv2:DescribeTargetGroups", NULL);
	json_t *health DOCUMENT_CLEANUP =
		bench_ask(&bench, "elbv2:DescribeTargetHealth",
			  json_pack("{s:O}", "TargetGroupArn", document_at(groups, "TargetGroups[1].TargetGroupArn")));
	assert_string_equal(document_text_or(health, "TargetHealthDescriptions[9].TargetHealth.State", ""), "healthy");
	bench_done(&bench);
}

static void zero_weights_and_no_record_are_violations(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 4, NULL);
	make_green(&bench);
	assert_null(sim_violation(bench.sim));
	set_weights(&bench, 0, 0);
	char *violation CLEANUP(mem_freep) = sim_violation(bench.sim);
	assert_non_null(strstr(violation, "all weights are zero"));
	set_weights(&bench, 100, 0); /* what was broken once stays told */
	char *still CLEANUP(mem_freep) = sim_violation(bench.sim);
	assert_string_equal(violation, still);
	bench_done(&bench);
}

static void a_green_without_pods_gets_nobody(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 4, "green:crash after traffic=50%");
	make_green(&bench);
	set_weights(&bench, 50, 50);
	bench_pass(&bench, 15 * MINUTE_MS);
	assert_true(green_part(&bench, 5 * MINUTE_MS) < 0.001); /* the alias evaluates its target's health */
	struct sim_users before, after;
	sim_users(bench.sim, &before);
	bench_pass(&bench, 5 * MINUTE_MS);
	sim_users(bench.sim, &after);
	assert_int_equal(before.failed, after.failed);
	bench_done(&bench);
}

static void users_of_a_removed_cluster_fail_and_the_gap_is_told(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 4, NULL);
	json_decref(bench_ask(&bench, "eks:DeleteNodegroup",
			      json_pack("{s:s, s:s}", "clusterName", "shop", "nodegroupName", "general")));
	bench_pass(&bench, 20 * MINUTE_MS);
	struct sim_users users;
	sim_users(bench.sim, &users);
	assert_true(users.failed > 5000);
	assert_true(users.longest_gap_ms > 10 * MINUTE_MS);
	char *violation CLEANUP(mem_freep) = sim_violation(bench.sim);
	assert_non_null(violation);
	int status;
	json_decref(fetch(&bench, "GET", "https://shop.example.com/health", NULL, &status));
	assert_int_equal(status, 503);
	bench_done(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_changes_change_nothing),
		cmocka_unit_test(a_batch_is_all_or_nothing),
		cmocka_unit_test(records_come_in_pages),
		cmocka_unit_test(users_follow_weights_after_insync_and_ttl),
		cmocka_unit_test(some_users_never_ask_again),
		cmocka_unit_test(metrics_are_what_the_balancers_counted),
		cmocka_unit_test(the_filling_minute_is_incomplete_and_the_last_unknown),
		cmocka_unit_test(metrics_come_in_pages_and_in_parts),
		cmocka_unit_test(nonsense_of_metrics_is_refused),
		cmocka_unit_test(a_balancer_comes_with_its_ingress),
		cmocka_unit_test(zero_weights_and_no_record_are_violations),
		cmocka_unit_test(a_green_without_pods_gets_nobody),
		cmocka_unit_test(users_of_a_removed_cluster_fail_and_the_gap_is_told),
	};
	return cmocka_run_group_tests_name("sim traffic", tests, NULL, NULL);
}
