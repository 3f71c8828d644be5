/* How the simulated AWS answers what strangers ask: filters, ids and tokens that are not there, orders, odd records. */
#include "sim_ask.h"

#define ZONE "Z0SIMEXAMPLE"

static size_t counted(struct bench *bench, const char *operation, json_t *input, const char *path)
{
	json_t *answer = bench_ask(bench, operation, input);
	size_t n = json_array_size(document_at(answer, path));
	json_decref(answer);
	return n;
}

static json_t *filter(const char *name, const char *value)
{
	return json_pack("{s:[{s:s, s:[s]}]}", "Filters", "Name", name, "Values", value);
}

static void filters_let_through_what_fits(void **state)
{
	static const struct {
		const char *operation, *path, *name, *value;
		size_t n;
	} cases[] = {
		{"ec2:DescribeSubnets", "Subnets", "vpc-id", "vpc-1", 3},
		{"ec2:DescribeSubnets", "Subnets", "vpc-id", "vpc-2", 0},
		{"ec2:DescribeSubnets", "Subnets", "vpc-id", "vpc-?", 3},
		{"ec2:DescribeSubnets", "Subnets", "subnet-id", "subnet-a", 1},
		{"ec2:DescribeSubnets", "Subnets", "availability-zone", "us-east-1b", 1},
		{"ec2:DescribeSubnets", "Subnets", "tag:Name", "subnet-c", 1},
		{"ec2:DescribeSubnets", "Subnets", "tag-key", "kubernetes.io/*", 3},
		{"ec2:DescribeSubnets", "Subnets", "tag:nobody", "x", 0},
		{"ec2:DescribeInstances", "Reservations[0].Instances", "instance-state-name", "running", 3},
		{"ec2:DescribeInstances", "Reservations[0].Instances", "instance-state-name", "stopped", 0},
		{"ec2:DescribeInstances", "Reservations[0].Instances", "tag:eks:cluster-name", "shop", 3},
	};
	struct bench bench = bench_new("small", 1, NULL);
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = counted(&bench, cases[i].operation, filter(cases[i].name, cases[i].value), cases[i].path);
		if (n != cases[i].n)
			fail_msg("%s %s=%s: %zu", cases[i].operation, cases[i].name, cases[i].value, n);
	}
	assert_refused(&bench, "ec2:DescribeSubnets", filter("colour", "red"), "InvalidParameterValue");
	bench_done(&bench);
}

static void ids_that_are_not_there_are_refused(void **state)
{
	struct bench bench = bench_new("small", 1, NULL);
	(void)state;
	assert_refused(&bench, "ec2:DescribeInstances", json_pack("{s:[s]}", "InstanceIds", "i-0"),
		       "InvalidInstanceID.NotFound");
	assert_refused(&bench, "ec2:DescribeVpcs", json_pack("{s:[s]}", "VpcIds", "vpc-2"), "InvalidVpcID.NotFound");
	assert_refused(&bench, "ec2:DescribeSecurityGroups", json_pack("{s:[s, s]}", "GroupIds", "sg-1", "sg-7"),
		       "InvalidGroup.NotFound");
	assert_refused(&bench, "eks:ListNodegroups", json_pack("{s:s, s:s}", "clusterName", "shop", "nextToken", "xx"),
		       "InvalidParameterException");
	bench_done(&bench);
}

/* In the form of the service that was asked. */
static void an_unknown_action_is_told_in_its_services_form(void **state)
{
	struct bench bench = bench_new("small", 1, NULL);
	const struct http_header headers[] = {
		{"Authorization", "AWS4-HMAC-SHA256 Credential=A/20261124/us-east-1/ec2/aws4_request, Signature=0"},
		{"Content-Type", "application/x-www-form-urlencoded"}};
	struct http_exchange exchange = {.request = {.method = "POST",
						     .url = "https://ec2.us-east-1.amazonaws.com/",
						     .headers = headers,
						     .n_headers = 2,
						     .body = slice_of("Action=RunInstances&Version=2016-11-15")}};
	(void)state;
	http_perform(bench.ports.http, &exchange, 1);
	assert_int_equal(exchange.response.status, 400);
	assert_non_null(strstr(buf_str(&exchange.response.body), "<Errors><Error><Code>InvalidAction</Code>"));
	http_exchange_done(&exchange);
	bench_done(&bench);
}

static json_t *change(const char *action, const char *name, const char *type, const char *value)
{
	return json_pack("{s:s, s:{s:[{s:s, s:{s:s, s:s, s:i, s:[{s:s}]}}]}}", "HostedZoneId", ZONE, "ChangeBatch",
			 "Changes", "Action", action, "ResourceRecordSet", "Name", name, "Type", type, "TTL", 60,
			 "ResourceRecords", "Value", value);
}

static void records_come_in_the_order_of_their_labels(void **state)
{
	struct bench bench = bench_new("small", 1, NULL);
	(void)state;
	json_decref(bench_ask(&bench, "route53:ChangeResourceRecordSets",
			      change("CREATE", "b.z.example.com", "A", "192.0.2.1")));
	json_decref(bench_ask(&bench, "route53:ChangeResourceRecordSets",
			      change("CREATE", "a.example.com", "A", "192.0.2.1")));
	static const char *const wanted[] = {"example.com.", "a.example.com.", "shop.example.com.", "b.z.example.com."};
	json_t *all = bench_ask(&bench, "route53:ListResourceRecordSets", json_pack("{s:s}", "HostedZoneId", ZONE));
	json_t *list = json_object_get(all, "ResourceRecordSets");
	assert_int_equal(json_array_size(list), ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_string_equal(document_text_or(json_array_get(list, i), "Name", ""), wanted[i]);
	json_decref(all);
	assert_says(&bench, "route53:ListResourceRecordSets",
		    json_pack("{s:s, s:s, s:s, s:s}", "HostedZoneId", ZONE, "StartRecordName", "b.example.com",
			      "StartRecordType", "A", "MaxItems", "1"),
		    "ResourceRecordSets[0].Name", "shop.example.com.");
	bench_done(&bench);
}

static void records_that_cannot_be_are_refused(void **state)
{
	struct bench bench = bench_new("small", 1, NULL);
	(void)state;
	assert_refused(&bench, "route53:ChangeResourceRecordSets", change("UPSERT", "a.example.com", "A", "no address"),
		       "InvalidChangeBatch");
	assert_refused(&bench, "route53:ChangeResourceRecordSets",
		       change("UPSERT", "a.example.com", "AAAA", "192.0.2.1"), "InvalidChangeBatch");
	assert_refused(&bench, "route53:ChangeResourceRecordSets",
		       change("UPSERT", "shop.example.com", "CNAME", "elsewhere.example.org"), "InvalidChangeBatch");
	assert_refused(&bench, "route53:ChangeResourceRecordSets",
		       change("DELETE", "example.com", "NS", "ns-1.awsdns-01.org."), "InvalidChangeBatch");
	bench_done(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_let_through_what_fits),
		cmocka_unit_test(ids_that_are_not_there_are_refused),
		cmocka_unit_test(an_unknown_action_is_told_in_its_services_form),
		cmocka_unit_test(records_come_in_the_order_of_their_labels),
		cmocka_unit_test(records_that_cannot_be_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
