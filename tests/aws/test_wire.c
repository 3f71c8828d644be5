/* The forms of the wire, in both directions; published signatures; the arithmetic of retries. */
#include "aws/fake.h"

#include <string.h>
#include "aws/operations.h"
#include "aws/rate.h"
#include "aws/retry.h"
#include "aws/sign.h"
#include "aws/wire.h"
#include "base/mem.h"
#include "codec/document.h"

static void signatures_match_the_published_vector(void **state)
{
	(void)state;
	struct secret *secret CLEANUP(secret_freep) = secret_new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 40);
	struct aws_signing signing = {.access_key = "AKIDEXAMPLE",
				      .secret_key = secret,
				      .region = "us-east-1",
				      .service = "service",
				      .time_ms = INT64_C(1440938160000),
				      .double_encode = true};
	struct http_header headers[] = {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}};
	struct buf out CLEANUP(buf_done) = BUF_INIT(4096);
	aws_sign_authorization(&signing, "GET", slice_of("/"), (struct slice){0}, headers, 2,
			       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", &out);
	assert_string_equal(buf_str(&out),
			    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
			    "SignedHeaders=host;x-amz-date, "
			    "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

/* What the client writes the server reads, and back: for one operation of each protocol. */
static void both_directions_agree(void **state)
{
	(void)state;
	static const struct {
		const char *service, *operation, *input, *output;
	} cases[] = {
		{"eks", "CreateNodegroup",
		 "{\"clusterName\":\"shop\",\"nodegroupName\":\"a "
		 "b\",\"subnets\":[\"s1\"],\"nodeRole\":\"r\",\"scalingConfig\":{\"minSize\":1}}",
		 "{\"nodegroup\":{\"nodegroupName\":\"a "
		 "b\",\"createdAt\":\"2026-11-24T00:00:00Z\",\"tags\":{\"x\":\"y\"}}}"},
		{"route53", "ChangeResourceRecordSets",
		 "{\"HostedZoneId\":\"Z1\",\"ChangeBatch\":{\"Comment\":\"a<b\",\"Changes\":[{\"Action\":\"UPSERT\","
		 "\"ResourceRecordSet\":{\"Name\":\"x.\",\"Type\":\"A\","
		 "\"SetIdentifier\":\"blue\",\"Weight\":0,\"AliasTarget\":{\"HostedZoneId\":\"Z2\",\"DNSName\":\"d\","
		 "\"EvaluateTargetHealth\":true}}}]}}",
		 "{\"ChangeInfo\":{\"Id\":\"/change/"
		 "C1\",\"Status\":\"PENDING\",\"SubmittedAt\":\"2026-11-24T00:00:00Z\"}}"},
		{"cloudwatch", "GetMetricData",
		 "{\"MetricDataQueries\":[{\"Id\":\"a\",\"MetricStat\":{\"Metric\":{\"Namespace\":\"AWS/"
		 "ApplicationELB\",\"MetricName\":\"RequestCount\",\"Dimensions\":[{\"Name\":"
		 "\"LoadBalancer\",\"Value\":\"app/x/"
		 "1\"}]},\"Period\":60,\"Stat\":\"Sum\"}}],\"StartTime\":\"2026-11-24T00:00:00Z\",\"EndTime\":\"2026-"
		 "11-24T01:00:00Z\"}",
		 "{\"MetricDataResults\":[{\"Id\":\"a\",\"Timestamps\":[\"2026-11-24T00:00:00Z\"],\"Values\":[1.5],"
		 "\"StatusCode\":\"Complete\"}],\"Messages\":[]}"},
		{"ec2", "DescribeSubnets",
		 "{\"Filters\":[{\"Name\":\"vpc-id\",\"Values\":[\"v1\",\"v2\"]}],\"DryRun\":false}",
		 "{\"Subnets\":[{\"SubnetId\":\"s1\",\"AvailableIpAddressCount\":12}]}"},
		{"ssm", "GetParameter", "{\"Name\":\"/a/b\",\"WithDecryption\":true}",
		 "{\"Parameter\":{\"Name\":\"/a/b\",\"Value\":\"v\",\"Version\":3}}"},
		{"iam", "ListOpenIDConnectProviders", "{}",
		 "{\"OpenIDConnectProviderList\":[{\"Arn\":\"arn:1\"},{\"Arn\":\"arn:2\"}]}"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct aws_operation *operation = aws_operation_find(cases[i].service, cases[i].operation);
		json_t *input DOCUMENT_CLEANUP = json_loads(cases[i].input, 0, NULL),
			      *output DOCUMENT_CLEANUP = json_loads(cases[i].output, 0, NULL);
		struct aws_wire_request wire;
		assert_null(aws_wire_encode_request(operation, input, &wire));
		char *url CLEANUP(mem_freep) = mem_printf("https://h%s?%s", buf_str(&wire.path), buf_str(&wire.query));
		struct http_request request = {.method = wire.method,
					       .url = url,
					       .headers = wire.headers,
					       .n_headers = wire.n_headers,
					       .body = buf_slice(&wire.body)};
		const char *signing = aws_name(aws_service_of(operation)->signing_name);
		assert_ptr_equal(aws_wire_match(signing, &request), operation);
		json_t *read DOCUMENT_CLEANUP = NULL;
		assert_null(aws_wire_decode_request(operation, &request, &read));
		assert_true(json_equal(read, input));
		aws_wire_request_done(&wire);
		struct http_exchange exchange = {0};
		assert_null(aws_wire_encode_response(operation, output, "id-1", &exchange.response));
		json_t *back DOCUMENT_CLEANUP = NULL;
		assert_null(aws_wire_decode_response(operation, &exchange.response, &back));
		assert_true(json_equal(back, output));
		http_exchange_done(&exchange);
		struct http_exchange wrong = {0};
		aws_wire_encode_error(operation, 400, "ThrottlingException", "slow & steady", "id-2", &wrong.response);
		struct error *error ERROR_CLEANUP = aws_wire_decode_response(operation, &wrong.response, &back);
		assert_string_equal(error->message, "slow & steady");
		assert_int_equal(error->class, ERROR_THROTTLED);
		http_exchange_done(&wrong);
	}
}

/* botocore asks CloudWatch in JSON though its rows are of the query protocol. */
static void query_services_are_asked_in_json_too(void **state)
{
	(void)state;
	const struct aws_operation *operation = aws_operation_find("cloudwatch", "GetMetricData");
	struct http_header headers[] = {{"X-Amz-Target", "GraniteServiceVersion20100801.GetMetricData"},
					{"Content-Type", "application/x-amz-json-1.0"}};
	struct http_request request = {
		.method = "POST",
		.url = "https://h/",
		.headers = headers,
		.n_headers = 2,
		.body = slice_of("{\"StartTime\": 1795477960, \"EndTime\": 1795478560, \"MetricDataQueries\": []}")};
	assert_ptr_equal(aws_wire_match("monitoring", &request), operation);
	assert_true(aws_wire_asks_json(operation, &request));
	json_t *read DOCUMENT_CLEANUP = NULL;
	assert_null(aws_wire_decode_request(operation, &request, &read));
	assert_string_equal(json_string_value(json_object_get(read, "StartTime")), "2026-11-23T23:52:40Z");
	struct http_exchange exchange = {0};
	json_t *output DOCUMENT_CLEANUP = json_pack("{s:[{s:s, s:[s], s:[f]}]}", "MetricDataResults", "Id", "r",
						    "Timestamps", "2026-11-23T23:52:00Z", "Values", 3.0);
	assert_null(aws_wire_encode_response_json(operation, output, "id-1", &exchange.response));
	json_t *wire DOCUMENT_CLEANUP = json_loads(buf_str(&exchange.response.body), 0, NULL);
	assert_true(json_number_value(document_at(wire, "MetricDataResults[0].Timestamps[0]")) == 1795477920);
	http_exchange_done(&exchange);
	headers[1].value = "application/x-www-form-urlencoded";
	assert_false(aws_wire_asks_json(operation, &request));
}

static void an_empty_quota_ends_retries_and_the_breaker_opens(void **state)
{
	(void)state;
	const struct aws_service *eks = aws_service_of(&aws_eks_ListClusters),
				 *dynamodb = aws_service_of(&aws_dynamodb_GetItem);
	struct aws_retry retry = {.quota = 20};
	struct aws_retry_call call = {.attempt = 1};
	int64_t delay_ms;
	assert_true(aws_retry_again(&retry, &call, AWS_RETRY_TRANSIENT, 3, eks, 0.5, -1, &delay_ms));
	assert_int_equal(delay_ms, 25);
	assert_false(aws_retry_again(&retry, &call, AWS_RETRY_TRANSIENT, 3, eks, 0.5, -1, &delay_ms));
	assert_true(aws_retry_again(&retry, &call, AWS_RETRY_THROTTLING, 3, eks, 0.5, 99999, &delay_ms));
	assert_int_equal(delay_ms, 500 + 5000);
	retry.quota = 500;
	call.attempt = 3;
	assert_int_equal(aws_retry_attempts(dynamodb, AWS_RETRY_2026), 4);
	assert_true(aws_retry_again(&retry, &call, AWS_RETRY_TRANSIENT, 4, dynamodb, 1, -1, &delay_ms));
	assert_int_equal(delay_ms, 100);
	for (int i = 0; i < AWS_BREAKER_AFTER; i++)
		aws_retry_failed(&retry, AWS_RETRY_TRANSIENT, 1000);
	assert_int_equal(retry.open_until_ms, 2000);
	aws_retry_failed(&retry, AWS_RETRY_TRANSIENT, 3000); /* the first one let through failed as well */
	assert_int_equal(retry.open_until_ms, 5000);
	aws_retry_succeeded(&retry, &call);
	assert_int_equal(retry.open_until_ms, 0);
	assert_int_equal(aws_retry_hint_ms("1500"), 1500);
	assert_int_equal(aws_retry_hint_ms("soon"), -1);
	assert_int_equal(aws_retry_hint_ms("-5"), -1);
	assert_int_equal(aws_retry_hint_ms(NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_match_the_published_vector),
		cmocka_unit_test(both_directions_agree),
		cmocka_unit_test(query_services_are_asked_in_json_too),
		cmocka_unit_test(an_empty_quota_ends_retries_and_the_breaker_opens),
	};
	return cmocka_run_group_tests_name("aws wire", tests, NULL, NULL);
}
