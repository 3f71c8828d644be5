/* Fault specifications: what can be read, what is said of what cannot, and what each does. */
#include <math.h>
#include "sim_ask.h"
#include "sim/world.h"

static void specifications_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *spec, *target, *what;
		double value;
		int64_t after_ms, for_ms;
		double after_traffic;
		const char *after_call;
	} rows[] = {
		{"green:5xx=8% after traffic=50%", "green", "5xx", 0.08, 0, INT64_MAX, 50, NULL},
		{"green:5xx=0.08", "green", "5xx", 0.08, 0, INT64_MAX, -1, NULL},
		{"blue:5xx", "blue", "5xx", 1, 0, INT64_MAX, -1, NULL},
		{"green:latency=+300ms", "green", "latency", 300, 0, INT64_MAX, -1, NULL},
		{"green:latency=2s", "green", "latency", 2000, 0, INT64_MAX, -1, NULL},
		{"green:node-loss=3", "green", "node-loss", 3, 0, INT64_MAX, -1, NULL},
		{"eks:throttle=20% after call=eks:CreateCluster", "eks", "throttle", 0.2, 0, INT64_MAX, -1,
		 "eks:CreateCluster"},
		{"eks:throttle=20% after call=eks:create-cluster", "eks", "throttle", 0.2, 0, INT64_MAX, -1,
		 "eks:CreateCluster"},
		{"sts:expired-credentials for 10m", "sts", "expired-credentials", 1, 0, 10 * MINUTE_MS, -1, NULL},
		{"aws:clock-skew=-7m after 20m for 1h", "aws", "clock-skew", -7.0 * MINUTE_MS, 20 * MINUTE_MS, HOUR_MS,
		 -1, NULL},
		{"terraform:error=2", "terraform", "error", 2, 0, INT64_MAX, -1, NULL},
		{"dns:cached=5%", "dns", "cached", 0.05, 0, INT64_MAX, -1, NULL},
		{"quota:vcpu", "quota", "vcpu", 1, 0, INT64_MAX, -1, NULL},
		{"cloudwatch:no-data  after  traffic=10%", "cloudwatch", "no-data", 1, 0, INT64_MAX, 10, NULL},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sim_fault fault;
		struct error *error = sim_fault_parse(rows[i].spec, &fault);
		if (error)
			fail_msg("%s: %s", rows[i].spec, error->message);
		assert_string_equal(fault.target, rows[i].target);
		assert_string_equal(fault.what, rows[i].what);
		assert_near(fault.value, rows[i].value, 1e-9);
		assert_int_equal(fault.after_ms, rows[i].after_ms);
		assert_int_equal(fault.for_ms, rows[i].for_ms);
		assert_near(fault.after_traffic, rows[i].after_traffic, 1e-9);
		if (rows[i].after_call)
			assert_string_equal(fault.after_call, rows[i].after_call);
		else
			assert_null(fault.after_call);
		sim_fault_done(&fault);
	}
}

static void what_cannot_be_read_is_named_with_what_may_stand_there(void **state)
{
	(void)state;
	static const struct {
		const char *spec, *message, *remedy;
	} rows[] = {
		{"", "empty", NULL},
		{"nonsense", "no colon", "TARGET:WHAT"},
		{"gren:5xx", "no target \"gren\" (did you mean \"green\"?)", "blue green"},
		{"green:5xy", "no kind \"5xy\" for \"green\" (did you mean \"5xx\"?)", "latency node-loss"},
		{"eks:node-loss", "no kind \"node-loss\" for \"eks\"", "throttle"},
		{"green:5xx=lots", "\"lots\" is no value for green:5xx", "8%"},
		{"green:5xx=108%", "\"108%\" is no value", "8%"},
		{"green:node-loss=1.5", "\"1.5\" is no value", "whole number"},
		{"green:node-loss=0", "\"0\" is no value", "whole number"},
		{"green:latency=fast", "\"fast\" is no value", "+300ms"},
		{"argocd:hang=3", "\"3\" is no value", "no value"},
		{"green:5xx after", "\"after\" cannot be read", "after COND"},
		{"green:5xx after rain", "\"rain\" is no condition", "traffic=50%"},
		{"green:5xx after traffic=150%", "is no condition", "traffic=50%"},
		{"green:5xx after call=eks:CreateClusters", "no call \"eks:CreateClusters\"", "eks:CreateCluster"},
		{"green:5xx for ever", "\"for ever\" cannot be read", "for DURATION"},
		{"green:5xx when ready", "\"when ready\" cannot be read", "after COND"},
		{":5xx", "no target \"\"", "blue green"},
		{"green:", "no kind \"\"", "5xx"},
		{"=8%:5xx", "no colon", "TARGET:WHAT"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sim_fault fault;
		struct error *error ERROR_CLEANUP = sim_fault_parse(rows[i].spec, &fault);
		if (!error)
			fail_msg("\"%s\" was read", rows[i].spec);
		assert_int_equal(error->class, ERROR_INVALID);
		if (!strstr(error->message, rows[i].message))
			fail_msg("\"%s\" is not in: %s", rows[i].message, error->message);
		if (rows[i].remedy && (!error->remedy || !strstr(error->remedy, rows[i].remedy)))
			fail_msg("\"%s\" is not in: %s", rows[i].remedy, error->remedy ? error->remedy : "(none)");
	}
}

static void a_bad_fault_makes_no_world(void **state)
{
	(void)state;
	const char *faults[] = {"green:5xx=8%", "green:sad"};
	struct sim_options options = {.cluster = "small", .faults = faults, .n_faults = 2};
	struct sim *sim = NULL;
	struct error *error ERROR_CLEANUP = sim_new(&options, &sim);
	assert_non_null(error);
	assert_null(sim);
}

/* One unretried request: how the service answers, or 0 when no answer came. */
static int raw(struct bench *bench, const char *service, const char *target, const char *body, char *out, size_t n)
{
	char authorization[160], url[64];
	snprintf(authorization, sizeof authorization,
		 "AWS4-HMAC-SHA256 Credential=AKID/20261124/us-east-1/%s/aws4_request, SignedHeaders=host, "
		 "Signature=0",
		 service);
	snprintf(url, sizeof url, "https://%s.us-east-1.amazonaws.com/%s", service, target);
	struct http_header headers[] = {{"Authorization", authorization},
					{"Content-Type", "application/x-www-form-urlencoded"}};
	struct http_exchange exchange = {.request = {.method = body ? "POST" : "GET",
						     .url = url,
						     .headers = headers,
						     .n_headers = 2,
						     .body = slice_of(body)}};
	http_perform(bench->ports.http, &exchange, 1);
	int status = exchange.response.error ? 0 : exchange.response.status;
	snprintf(out, n, "%s", buf_str(&exchange.response.body));
	if (exchange.response.error)
		assert_true(exchange.response.maybe_sent);
	http_exchange_done(&exchange);
	return status;
}

static void services_answer_as_aws_does(void **state)
{
	(void)state;
	static const struct {
		const char *fault, *service, *target, *body;
		int status;
		const char *code;
	} rows[] = {
		{"eks:throttle", "eks", "clusters", NULL, 400, "ThrottlingException"},
		{"route53:throttle", "route53", "2013-04-01/hostedzone", NULL, 400, "Throttling"},
		{"ec2:throttle", "ec2", "", "Action=DescribeVpcs&Version=2016-11-15", 400, "RequestLimitExceeded"},
		{"aws:5xx", "eks", "clusters", NULL, 503, "ServiceUnavailable"},
		{"eks:denied", "eks", "clusters", NULL, 403, "AccessDeniedException"},
		{"iam:denied", "iam", "", "Action=ListRoles&Version=2010-05-08", 403, "AccessDenied"},
		{"sts:expired-credentials", "eks", "clusters", NULL, 403, "ExpiredTokenException"},
		{"sts:expired-credentials", "sts", "", "Action=GetCallerIdentity&Version=2011-06-15", 403,
		 "ExpiredToken"},
		{"eks:timeout", "eks", "clusters", NULL, 0, ""},
		{"eks:timeout", "route53", "2013-04-01/hostedzone", NULL, 200, "HostedZone"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[4096];
		struct bench bench = bench_new("small", 1, rows[i].fault);
		assert_int_equal(raw(&bench, rows[i].service, rows[i].target, rows[i].body, text, sizeof text),
				 rows[i].status);
		if (!strstr(text, rows[i].code))
			fail_msg("%s: \"%s\" is not in %s", rows[i].fault, rows[i].code, text);
		bench_done(&bench);
	}
}

static void a_lost_reply_is_of_a_call_that_was_done(void **state)
{
	(void)state;
	char text[4096];
	struct bench bench = bench_new("small", 1, "eks:lost-reply for 10m");
	assert_int_equal(raw(&bench, "eks", "clusters",
			     "{\"name\":\"green\",\"version\":\"1.34\",\"roleArn\":\"arn:aws:iam::1:role/r\","
			     "\"resourcesVpcConfig\":{\"subnetIds\":[\"a\",\"b\"]}}",
			     text, sizeof text),
			 0);
	assert_int_equal(effect(&bench, "eks:CreateCluster green"), 1);
	bench_pass(&bench, 15 * MINUTE_MS);
	assert_says(&bench, "eks:DescribeCluster", json_pack("{s:s}", "name", "green"), "cluster.status", "ACTIVE");
	bench_done(&bench);
}

static void a_part_strikes_as_often_as_it_says(void **state)
{
	(void)state;
	char text[4096];
	int struck = 0;
	struct bench bench = bench_new("small", 7, "eks:5xx=20%");
	for (int i = 0; i < 1000; i++)
		struck += raw(&bench, "eks", "clusters", NULL, text, sizeof text) == 503;
	assert_true(struck > 150 && struck < 250);
	bench_done(&bench);
}

static void conditions_and_durations_hold(void **state)
{
	(void)state;
	char text[4096];
	struct bench bench = bench_new("small", 7, "eks:5xx after 10m for 5m");
	bench_pass(&bench, 9 * MINUTE_MS);
	assert_int_equal(raw(&bench, "eks", "clusters", NULL, text, sizeof text), 200);
	bench_pass(&bench, 2 * MINUTE_MS);
	assert_int_equal(raw(&bench, "eks", "clusters", NULL, text, sizeof text), 503);
	bench_pass(&bench, 5 * MINUTE_MS);
	assert_int_equal(raw(&bench, "eks", "clusters", NULL, text, sizeof text), 200);
	bench_done(&bench);
	bench = bench_new("small", 7, "route53:5xx after call=eks:ListClusters");
	assert_int_equal(raw(&bench, "route53", "2013-04-01/hostedzone", NULL, text, sizeof text), 200);
	raw(&bench, "eks", "clusters", NULL, text, sizeof text);
	assert_int_equal(raw(&bench, "route53", "2013-04-01/hostedzone", NULL, text, sizeof text), 503);
	bench_done(&bench);
}

static void a_skewed_clock_is_told_and_corrected(void **state)
{
	(void)state;
	static const char *const faults[] = {"aws:clock-skew=+20m", "aws:clock-skew=-20m"};
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct bench bench = bench_new("small", 1, faults[i]);
		/* our client learns the server's time from the refusal and signs anew */
		assert_says(&bench, "eks:DescribeCluster", json_pack("{s:s}", "name", "shop"), "cluster.name", "shop");
		assert_says(&bench, "sts:GetCallerIdentity", NULL, "Account", "111122223333");
		bench_done(&bench);
	}
}

static void lost_nodes_cost_few_requests(void **state)
{
	(void)state;
	struct bench bench = bench_new("medium", 3, "blue:node-loss=3 after 10m");
	bench_pass(&bench, 9 * MINUTE_MS);
	struct sim_users before, after;
	sim_users(bench.sim, &before);
	assert_int_equal(before.failed, 0);
	bench_pass(&bench, 10 * MINUTE_MS);
	sim_users(bench.sim, &after);
	assert_true(after.failed > 0 && after.failed < 200); /* 3 of 40 nodes for as long as nobody noticed */
	assert_int_equal(after.longest_gap_ms, 0);
	bench_done(&bench);
}

static void latency_is_seen_by_users_metrics(void **state)
{
	(void)state;
	struct sim *sim;
	const char *fault = "blue:latency=+900ms after 5m";
	struct sim_options options = {.cluster = "small", .seed = 3, .faults = &fault, .n_faults = 1};
	assert_null(sim_new(&options, &sim));
	assert_true(sim_latency_ms(sim, &sim->clusters[0]) < 150);
	sim_advance_to(sim, sim_now_ms(sim) + 6 * MINUTE_MS);
	assert_true(sim_latency_ms(sim, &sim->clusters[0]) > 950);
	sim_free(sim);
}

static void quotas_refuse_and_starve(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, "quota:clusters");
	json_t *input = json_pack("{s:s, s:s, s:s, s:{s:[s,s]}}", "name", "green", "version", "1.34", "roleArn",
				  "arn:aws:iam::1:role/r", "resourcesVpcConfig", "subnetIds", "a", "b");
	assert_refused(&bench, "eks:CreateCluster", input, "ResourceLimitExceededException");
	json_t *quota DOCUMENT_CLEANUP =
		bench_ask(&bench, "servicequotas:GetServiceQuota",
			  json_pack("{s:s, s:s}", "ServiceCode", "eks", "QuotaCode", "L-1194D53C"));
	assert_near(document_real_or(quota, "Quota.Value", 0), 1, 1e-9);
	bench_done(&bench);
	bench = bench_new("small", 1, "quota:vcpu");
	json_decref(bench_ask(&bench, "eks:CreateNodegroup",
			      json_pack("{s:s, s:s, s:[s], s:s}", "clusterName", "shop", "nodegroupName", "more",
					"subnets", "a", "nodeRole", "arn:aws:iam::1:role/r")));
	bench_pass(&bench, 5 * MINUTE_MS);
	json_t *group DOCUMENT_CLEANUP =
		bench_ask(&bench, "eks:DescribeNodegroup",
			  json_pack("{s:s, s:s}", "clusterName", "shop", "nodegroupName", "more"));
	assert_string_equal(document_text(group, "nodegroup.status"), "CREATE_FAILED");
	assert_string_equal(document_text(group, "nodegroup.health.issues[0].code"), "AsgInstanceLaunchFailures");
	bench_done(&bench);
}

static void random_plans_follow_from_the_seed(void **state)
{
	(void)state;
	size_t most = 0, none = 0;
	for (uint64_t seed = 0; seed < 60; seed++) {
		struct sim_options options = {.cluster = "small", .seed = seed, .random_faults = true};
		struct sim *a, *b;
		assert_null(sim_new(&options, &a));
		assert_null(sim_new(&options, &b));
		assert_int_equal(a->n_faults, b->n_faults);
		for (size_t i = 0; i < a->n_faults; i++)
			assert_string_equal(a->faults[i].spec, b->faults[i].spec);
		most = a->n_faults > most ? a->n_faults : most;
		none += a->n_faults == 0;
		sim_free(a);
		sim_free(b);
	}
	assert_int_equal(most, 3);
	assert_true(none > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specifications_are_read),
		cmocka_unit_test(what_cannot_be_read_is_named_with_what_may_stand_there),
		cmocka_unit_test(a_bad_fault_makes_no_world),
		cmocka_unit_test(services_answer_as_aws_does),
		cmocka_unit_test(a_lost_reply_is_of_a_call_that_was_done),
		cmocka_unit_test(a_part_strikes_as_often_as_it_says),
		cmocka_unit_test(conditions_and_durations_hold),
		cmocka_unit_test(a_skewed_clock_is_told_and_corrected),
		cmocka_unit_test(lost_nodes_cost_few_requests),
		cmocka_unit_test(latency_is_seen_by_users_metrics),
		cmocka_unit_test(quotas_refuse_and_starve),
		cmocka_unit_test(random_plans_follow_from_the_seed),
	};
	return cmocka_run_group_tests_name("sim faults", tests, NULL, NULL);
}
