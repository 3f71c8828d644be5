/* The AWS client: published vectors, both directions of the wire, retries in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "aws/retry.h"
#include "aws/sign.h"
#include "aws/wire.h"
#include "base/time.h"
#include "codec/document.h"

struct fixed_clock {
	struct clock clock;
	int64_t now_ms;
};
static int64_t fixed_now(struct clock *clock)
{
	return ((struct fixed_clock *)clock)->now_ms;
}
static void fixed_sleep(struct clock *clock, int64_t until_ms)
{
	if (until_ms > ((struct fixed_clock *)clock)->now_ms)
		((struct fixed_clock *)clock)->now_ms = until_ms;
}
static void no_free(struct clock *clock)
{
	(void)clock;
}
static const struct clock_ops fixed_ops = {fixed_now, fixed_now, fixed_sleep, no_free};

/* A server that answers from a script. */
struct reply {
	int status;
	const char *body, *header, *value;
	bool lose;
};
struct scripted {
	struct http http;
	const struct reply *script;
	size_t n, at;
	char last_url[512], last_body[4096];
};
static void scripted_perform(struct http *http, struct http_exchange *exchanges, size_t n)
{
	struct scripted *scripted = (struct scripted *)http;
	for (size_t i = 0; i < n; i++) {
		size_t at = scripted->at < scripted->n ? scripted->at++ : scripted->n - 1;
		struct http_response *response = &exchanges[i].response;
		snprintf(scripted->last_url, sizeof scripted->last_url, "%s", exchanges[i].request.url);
		snprintf(scripted->last_body, sizeof scripted->last_body, "%.*s", (int)exchanges[i].request.body.n,
			 exchanges[i].request.body.p ? exchanges[i].request.body.p : "");
		if (scripted->script[at].lose) {
			response->error = error_new(ERROR_TIMEOUT, "no answer");
			response->maybe_sent = true;
			continue;
		}
		response->status = scripted->script[at].status;
		buf_init(&response->body, 1 << 20);
		buf_puts(&response->body, scripted->script[at].body);
		if (scripted->script[at].header)
			http_response_add_header(response, slice_of(scripted->script[at].header),
						 slice_of(scripted->script[at].value));
	}
}
static const struct http_ops scripted_ops = {scripted_perform, NULL};

static const char *no_environment(void *context, const char *name)
{
	(void)context;
	(void)name;
	return NULL;
}

struct bench {
	struct fixed_clock clock;
	struct scripted server;
	struct ports ports;
	struct aws *aws;
};

#define SCRIPT(b, ...)                                                                                                 \
	(b)->server.script = (const struct reply[]){__VA_ARGS__};                                                      \
	(b)->server.n = sizeof(const struct reply[]){__VA_ARGS__} / sizeof(struct reply);                              \
	(b)->server.at = 0

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	b->clock = (struct fixed_clock){.clock.ops = &fixed_ops,
					.now_ms = INT64_C(1440938160000)}; /* 2015-08-30T12:36:00Z */
	b->server.http.ops = &scripted_ops;
	b->ports = (struct ports){.http = &b->server.http, .clock = &b->clock.clock, .random = random_seeded_new(1)};
	struct aws_options options = {.ports = &b->ports,
				      .region = "us-east-1",
				      .access_key = "AKIDEXAMPLE",
				      .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
				      .getenv = no_environment};
	if (aws_new(&options, &b->aws))
		return -1;
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	aws_free(b->aws);
	random_free(b->ports.random);
	free(b);
	return 0;
}

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

static void eks_tokens_match_the_golden_vectors(void **state)
{
	struct bench *b = *state;
	static const struct {
		const char *session, *hash;
	} golden[] = {{NULL, "c2214d227144aec5a11b0d07288f8dbdc4fa4920ff2b81e6dada8413ee6b8e6c"},
		      {"AQoDYXdzEPT//////////wEXAMPLE==",
		       "a05af28dbb10b42344c6b03fa8829193e6a137d6c306e348cf08dd39d145f17b"}};
	for (size_t i = 0; i < ARRAY_SIZE(golden); i++) {
		struct aws_options options = {.ports = &b->ports,
					      .region = "us-east-1",
					      .access_key = "AKIDEXAMPLE",
					      .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
					      .session_token = golden[i].session,
					      .getenv = no_environment};
		struct aws *aws CLEANUP(aws_freep) = NULL;
		assert_null(aws_new(&options, &aws));
		struct secret *token CLEANUP(secret_freep) = NULL;
		int64_t minted_ms;
		char hash[SHA256_HEX_SIZE];
		assert_null(aws_eks_token(aws, "my-cluster", &token, &minted_ms));
		sha256_hex(slice_of(secret_reveal(token)), hash);
		assert_string_equal(hash, golden[i].hash);
	}
}

static void answers_are_decoded_with_the_models_names(void **state)
{
	struct bench *b = *state;
	SCRIPT(b, {200,
		   "{\"cluster\":{\"name\":\"shop\",\"version\":\"1.33\",\"createdAt\":1.7e9,\"unknown\":1,\"tags\":{"
		   "\"a\":\"b\"},\"status\":\"ACTIVE\"}}",
		   NULL, NULL, false});
	json_t *out DOCUMENT_CLEANUP = NULL;
	assert_null(aws_call(b->aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", "sh/op"), &out));
	assert_string_equal(b->server.last_url, "https://eks.us-east-1.amazonaws.com/clusters/sh%2Fop");
	assert_string_equal(document_text(out, "cluster.version"), "1.33");
	assert_string_equal(document_text(out, "cluster.createdAt"), "2023-11-14T22:13:20Z");
	assert_null(document_at(out, "cluster.unknown"));
}

static void wrong_inputs_are_told_with_their_path(void **state)
{
	struct bench *b = *state;
	SCRIPT(b, {200, "{}", NULL, NULL, false});
	struct error *unknown ERROR_CLEANUP =
		aws_call(b->aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "nam", "x"), NULL);
	assert_non_null(strstr(unknown->cause->message, "unknown member \"nam\" (did you mean \"name\"?)"));
	struct error *missing ERROR_CLEANUP = aws_call(b->aws, &aws_eks_DescribeCluster, NULL, NULL);
	assert_non_null(strstr(missing->cause->message, "member \"name\" is missing"));
	struct error *type ERROR_CLEANUP = aws_call(
		b->aws, &aws_eks_CreateCluster,
		json_pack("{s:s, s:s, s:{s:[i]}}", "name", "x", "roleArn", "r", "resourcesVpcConfig", "subnetIds", 3),
		NULL);
	assert_non_null(strstr(type->cause->message, "resourcesVpcConfig.subnetIds[0] is not a string"));
	assert_int_equal(b->server.at, 0);
}

static void throttling_is_retried_and_told(void **state)
{
	struct bench *b = *state;
	int64_t before = b->clock.now_ms;
	SCRIPT(b, {400, "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}", NULL, NULL, false},
	       {503, "", "x-amz-retry-after", "1500", false}, {200, "{\"clusters\":[\"a\"]}", NULL, NULL, false});
	json_t *out DOCUMENT_CLEANUP = NULL;
	assert_null(aws_call(b->aws, &aws_eks_ListClusters, NULL, &out));
	assert_string_equal(document_text(out, "clusters[0]"), "a");
	assert_true(b->clock.now_ms - before >= 1500 && b->clock.now_ms - before <= 2600);
	SCRIPT(b, {400, "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}", "x-amzn-requestid", "r-1",
		   false});
	struct error *error ERROR_CLEANUP = aws_call(b->aws, &aws_eks_ListClusters, NULL, NULL);
	assert_int_equal(error->class, ERROR_THROTTLED);
	assert_string_equal(error->message, "Rate exceeded (tried 3 times)");
	assert_string_equal(error->request_id, "r-1");
	assert_string_equal(error->operation, "ListClusters");
}

static void lost_replies_of_mutations_are_unknown_not_repeated(void **state)
{
	struct bench *b = *state;
	SCRIPT(b, {0, "", NULL, NULL, true});
	struct error *error ERROR_CLEANUP =
		aws_call(b->aws, &aws_eks_DeleteCluster, json_pack("{s:s}", "name", "x"), NULL);
	assert_true(error->outcome_unknown);
	assert_int_equal(b->server.at, 1);
	SCRIPT(b, {0, "", NULL, NULL, true}, {200, "{\"cluster\":{\"name\":\"x\"}}", NULL, NULL, false});
	json_t *input = json_pack("{s:s, s:s, s:{}, s:s}", "name", "x", "roleArn", "r", "resourcesVpcConfig",
				  "clientRequestToken", "t");
	assert_null(aws_call(b->aws, &aws_eks_CreateCluster, input, NULL)); /* a token makes repeating safe */
}

static void pages_are_joined(void **state)
{
	struct bench *b = *state;
	SCRIPT(b, {200, "{\"clusters\":[\"a\",\"b\"],\"nextToken\":\"t1\"}", NULL, NULL, false},
	       {200, "{\"clusters\":[\"c\"]}", NULL, NULL, false});
	json_t *out DOCUMENT_CLEANUP = NULL;
	assert_null(aws_call_all(b->aws, &aws_eks_ListClusters, NULL, &out));
	assert_int_equal(json_array_size(json_object_get(out, "clusters")), 3);
	assert_non_null(strstr(b->server.last_url, "nextToken=t1"));
	SCRIPT(b, {200, "{\"clusters\":[\"a\"],\"nextToken\":\"same\"}", NULL, NULL, false});
	struct error *error ERROR_CLEANUP = aws_call_all(b->aws, &aws_eks_ListClusters, NULL, NULL);
	assert_non_null(strstr(error->message, "same page token"));
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
	struct aws_retry retry = {.quota = 20};
	struct aws_retry_call call = {.attempt = 1};
	int64_t delay_ms;
	assert_true(aws_retry_again(&retry, &call, AWS_RETRY_TRANSIENT, 3, false, 0.5, -1, &delay_ms));
	assert_int_equal(delay_ms, 25);
	assert_false(aws_retry_again(&retry, &call, AWS_RETRY_TRANSIENT, 3, false, 0.5, -1, &delay_ms));
	assert_true(aws_retry_again(&retry, &call, AWS_RETRY_THROTTLING, 3, false, 0.5, 99999, &delay_ms));
	assert_int_equal(delay_ms, 500 + 5000);
	for (int i = 0; i < AWS_BREAKER_AFTER; i++)
		aws_retry_failed(&retry, AWS_RETRY_TRANSIENT, 1000);
	assert_int_equal(retry.open_until_ms, 2000);
	aws_retry_succeeded(&retry, &call);
	assert_int_equal(retry.open_until_ms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_match_the_published_vector),
		cmocka_unit_test_setup_teardown(eks_tokens_match_the_golden_vectors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers_are_decoded_with_the_models_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_inputs_are_told_with_their_path, set_up, tear_down),
		cmocka_unit_test_setup_teardown(throttling_is_retried_and_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lost_replies_of_mutations_are_unknown_not_repeated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pages_are_joined, set_up, tear_down),
		cmocka_unit_test(both_directions_agree),
		cmocka_unit_test(query_services_are_asked_in_json_too),
		cmocka_unit_test(an_empty_quota_ends_retries_and_the_breaker_opens),
	};
	return cmocka_run_group_tests_name("aws", tests, NULL, NULL);
}
