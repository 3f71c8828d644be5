/* One call: what is sent, what is tried again, what is told. */
#include "aws/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "base/digest.h"
#include "base/time.h"
#include "codec/document.h"

#define CLIENT(fake) struct aws *aws CLEANUP(aws_freep) = fake_client(fake)

static void eks_tokens_match_the_golden_vectors(void **state)
{
	struct fake *fake = *state;
	static const struct {
		const char *session, *hash;
	} golden[] = {{NULL, "c2214d227144aec5a11b0d07288f8dbdc4fa4920ff2b81e6dada8413ee6b8e6c"},
		      {"AQoDYXdzEPT//////////wEXAMPLE==",
		       "a05af28dbb10b42344c6b03fa8829193e6a137d6c306e348cf08dd39d145f17b"}};
	for (size_t i = 0; i < ARRAY_SIZE(golden); i++) {
		fake->options.session_token = golden[i].session;
		CLIENT(fake);
		struct secret *token CLEANUP(secret_freep) = NULL;
		int64_t minted_ms;
		char hash[SHA256_HEX_SIZE];
		assert_null(aws_eks_token(aws, "my-cluster", &token, &minted_ms));
		sha256_hex(slice_of(secret_reveal(token)), hash);
		assert_string_equal(hash, golden[i].hash);
		assert_int_equal(minted_ms, fake->now_ms);
	}
}

static void tokens_are_minted_on_the_servers_clock_and_never_at_another_address(void **state)
{
	struct fake *fake = *state;
	fake->options.endpoint_url = "http://127.0.0.1:1";
	fake->server_skew_ms = 30 * MINUTE_MS;
	CLIENT(fake);
	FAKE_SCRIPT(fake, {200, .body = "{\"clusters\":[]}"});
	assert_null(aws_call(aws, &aws_eks_ListClusters, NULL, NULL));
	struct secret *token CLEANUP(secret_freep) = NULL;
	int64_t minted_ms;
	struct buf url CLEANUP(buf_done) = BUF_INIT(8192);
	assert_null(aws_eks_token(aws, "shop", &token, &minted_ms));
	assert_true(base64_decode(slice_of(secret_reveal(token) + strlen("k8s-aws-v1.")), &url));
	assert_contains(buf_str(&url), "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity");
	assert_contains(buf_str(&url), "X-Amz-Date=20150830T130600Z");
	assert_int_equal(minted_ms, fake->now_ms);
}

static void answers_are_decoded_with_the_models_names(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	FAKE_SCRIPT(
		fake,
		{200, .body = "{\"cluster\":{\"name\":\"shop\",\"version\":\"1.33\",\"createdAt\":1.7e9,\"unknown\":1,"
			      "\"tags\":{\"a\":\"b\"},\"status\":\"ACTIVE\"}}"});
	json_t *out DOCUMENT_CLEANUP = NULL;
	assert_null(aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", "sh/op"), &out));
	assert_string_equal(fake->asked[0].url, "https://eks.us-east-1.amazonaws.com/clusters/sh%2Fop");
	assert_contains(fake_header(&fake->asked[0], "Authorization"),
			"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/eks/aws4_request, "
			"SignedHeaders=host;x-amz-date, ");
	assert_string_equal(document_text(out, "cluster.version"), "1.33");
	assert_string_equal(document_text(out, "cluster.createdAt"), "2023-11-14T22:13:20Z");
	assert_null(document_at(out, "cluster.unknown"));
}

static void wrong_inputs_are_told_with_their_path_and_never_sent(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	struct error *unknown ERROR_CLEANUP =
		aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "nam", "x"), NULL);
	assert_contains(unknown->cause->message, "unknown member \"nam\" (did you mean \"name\"?)");
	assert_string_equal(unknown->remedy, "its members are name");
	struct error *list ERROR_CLEANUP = aws_call(aws, &aws_eks_ListClusters, json_pack("[s]", "name"), NULL);
	assert_contains(list->cause->message, "the input is no JSON object");
	struct error *missing ERROR_CLEANUP = aws_call(aws, &aws_eks_DescribeCluster, NULL, NULL);
	assert_contains(missing->cause->message, "member \"name\" is missing");
	struct error *type ERROR_CLEANUP = aws_call(
		aws, &aws_eks_CreateCluster,
		json_pack("{s:s, s:s, s:{s:[i]}}", "name", "x", "roleArn", "r", "resourcesVpcConfig", "subnetIds", 3),
		NULL);
	assert_contains(type->cause->message, "resourcesVpcConfig.subnetIds[0] is not a string");
	assert_int_equal(type->class, ERROR_INVALID);
	assert_int_equal(fake->n_asked, 0);
}

static void throttling_is_retried_within_the_servers_hint_and_told(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	int64_t before_ms = fake->now_ms;
	FAKE_SCRIPT(fake, {400, .body = "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}"},
		    {503, .headers = "x-amz-retry-after: 1500"}, {200, .body = "{\"clusters\":[\"a\"]}"});
	json_t *out DOCUMENT_CLEANUP = NULL;
	assert_null(aws_call(aws, &aws_eks_ListClusters, NULL, &out));
	assert_string_equal(document_text(out, "clusters[0]"), "a");
	assert_true(fake->now_ms - before_ms >= 1500 && fake->now_ms - before_ms <= 2600);
	FAKE_SCRIPT(fake, {400, .body = "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}",
			   .headers = "x-amzn-requestid: r-1"});
	struct error *error ERROR_CLEANUP = aws_call(aws, &aws_eks_ListClusters, NULL, NULL);
	assert_int_equal(error->class, ERROR_THROTTLED);
	assert_string_equal(error->message, "Rate exceeded");
	assert_int_equal(error->tries, 3);
	assert_string_equal(error->request_id, "r-1");
	assert_string_equal(error->operation, "ListClusters");
	assert_int_equal(error->http_status, 400);
	assert_int_equal(fake->n_asked, 3);
}

static void refusals_are_not_retried(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	FAKE_SCRIPT(fake, {404, .body = "{\"message\":\"No cluster found\"}",
			   .headers = "x-amzn-errortype: ResourceNotFoundException:http://x"});
	struct error *error ERROR_CLEANUP =
		aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", "x"), NULL);
	assert_int_equal(error->class, ERROR_NOT_FOUND);
	assert_string_equal(error->code, "ResourceNotFoundException");
	assert_int_equal(fake->n_asked, 1);
	FAKE_SCRIPT(fake, {0, .garbled = true});
	struct error *tls ERROR_CLEANUP = aws_call(aws, &aws_eks_ListClusters, NULL, NULL);
	assert_int_equal(tls->class, ERROR_AUTH);
	assert_int_equal(fake->n_asked, 1);
}

static void lost_replies_of_mutations_are_unknown_and_never_repeated(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	FAKE_SCRIPT(fake, {0, .maybe_sent = true});
	struct error *lost ERROR_CLEANUP = aws_call(aws, &aws_eks_DeleteCluster, json_pack("{s:s}", "name", "x"), NULL);
	assert_true(lost->outcome_unknown);
	assert_int_equal(fake->n_asked, 1);
	FAKE_SCRIPT(fake, {500, .body = "{}"});
	struct error *broken ERROR_CLEANUP =
		aws_call(aws, &aws_eks_DeleteCluster, json_pack("{s:s}", "name", "x"), NULL);
	assert_true(broken->outcome_unknown);
	assert_int_equal(fake->n_asked, 1);
	FAKE_SCRIPT(fake, {200, .body = "<html>"});
	struct error *garbled ERROR_CLEANUP =
		aws_call(aws, &aws_eks_DeleteCluster, json_pack("{s:s}", "name", "x"), NULL);
	assert_true(garbled->outcome_unknown);
	FAKE_SCRIPT(fake, {0, .maybe_sent = false}, {200, .body = "{}"}); /* it never left: surely nothing happened */
	assert_null(aws_call(aws, &aws_eks_DeleteCluster, json_pack("{s:s}", "name", "x"), NULL));
	FAKE_SCRIPT(fake, {503, .body = "{\"__type\":\"ThrottlingException\"}"},
		    {200, .body = "{}"}); /* turned away at the door */
	assert_null(aws_call(aws, &aws_eks_DeleteCluster, json_pack("{s:s}", "name", "x"), NULL));
	FAKE_SCRIPT(fake, {0, .maybe_sent = true}, {200, .body = "{\"clusters\":[]}"}); /* reading twice is reading */
	assert_null(aws_call(aws, &aws_eks_ListClusters, NULL, NULL));
}

static void a_lost_try_stays_in_doubt_whatever_the_next_one_says(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	json_t *input = json_pack("{s:s, s:s, s:{}}", "name", "x", "roleArn", "r", "resourcesVpcConfig");
	FAKE_SCRIPT(fake, {0, .maybe_sent = true},
		    {409, .body = "{\"__type\":\"ResourceInUseException\",\"message\":\"exists\"}"});
	struct error *error ERROR_CLEANUP = aws_call(aws, &aws_eks_CreateCluster, input, NULL);
	assert_int_equal(error->class, ERROR_CONFLICT);
	assert_true(error->outcome_unknown);
}

static void one_token_makes_all_tries_of_a_call_the_same(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	json_t *input DOCUMENT_CLEANUP =
		json_pack("{s:s, s:s, s:{}}", "name", "x", "roleArn", "r", "resourcesVpcConfig");
	FAKE_SCRIPT(fake, {0, .maybe_sent = true}, {.status = 500}, {200, .body = "{\"cluster\":{\"name\":\"x\"}}"});
	assert_null(aws_call(aws, &aws_eks_CreateCluster, json_incref(input), NULL));
	assert_int_equal(fake->n_asked, 3);
	assert_contains(fake->asked[0].body, "\"clientRequestToken\":\"");
	assert_string_equal(fake->asked[0].body, fake->asked[1].body);
	assert_string_equal(fake->asked[0].body, fake->asked[2].body);
	assert_null(json_object_get(input, "clientRequestToken")); /* the caller's document is the caller's */
	char *first CLEANUP(mem_freep) = mem_strdup(fake->asked[0].body);
	FAKE_SCRIPT(fake, {200, .body = "{\"cluster\":{\"name\":\"x\"}}"});
	assert_null(aws_call(aws, &aws_eks_CreateCluster, json_incref(input), NULL));
	assert_string_not_equal(fake->asked[0].body, first);
	json_object_set_new(input, "clientRequestToken", json_string("mine"));
	assert_null(aws_call(aws, &aws_eks_CreateCluster, json_incref(input), NULL));
	assert_contains(fake->asked[1].body, "\"clientRequestToken\":\"mine\"");
}

static void what_sets_a_value_may_be_said_twice(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	FAKE_SCRIPT(fake, {.status = 500}, {200, .body = "<SetDesiredCapacityResponse/>"});
	assert_null(aws_call(aws, &aws_autoscaling_SetDesiredCapacity,
			     json_pack("{s:s, s:i}", "AutoScalingGroupName", "g", "DesiredCapacity", 3), NULL));
	assert_int_equal(fake->n_asked, 2);
}

static void a_skewed_clock_is_learnt_and_the_call_sent_again_at_once(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	fake->server_skew_ms = -7 * MINUTE_MS;
	FAKE_SCRIPT(fake, {403, .body = "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired\"}"},
		    {200, .body = "{\"clusters\":[]}"});
	assert_null(aws_call(aws, &aws_eks_ListClusters, NULL, NULL));
	assert_contains(fake_header(&fake->asked[0], "X-Amz-Date"), "20150830T123600Z");
	assert_contains(fake_header(&fake->asked[1], "X-Amz-Date"), "20150830T122900Z");
	assert_int_equal(fake->asked[1].at_ms, fake->asked[0].at_ms);
	/* a clock that is right, and keys that are wrong: no second try */
	fake->server_skew_ms = 0;
	FAKE_SCRIPT(fake, {403, .body = "{\"__type\":\"InvalidSignatureException\",\"message\":\"no\"}"});
	struct error *error ERROR_CLEANUP = aws_call(aws, &aws_eks_ListClusters, NULL, NULL);
	assert_int_equal(error->class, ERROR_AUTH);
	assert_int_equal(fake->n_asked, 1);
}

/* As when a simulator's clock is followed: the HTTP port goes by the machine's. */
static void skew_is_against_the_clock_that_the_agent_goes_by(void **state)
{
	static const int64_t ahead[] = {33 * HOUR_MS, -33 * HOUR_MS};
	struct fake *fake = *state;
	for (size_t i = 0; i < ARRAY_SIZE(ahead); i++) {
		CLIENT(fake);
		fake->server_skew_ms = 0;
		fake->stamps_ahead_ms = ahead[i];
		FAKE_SCRIPT(fake, {200, .body = "{\"clusters\":[]}"}, {200, .body = "{\"clusters\":[]}"});
		assert_null(aws_call(aws, &aws_eks_ListClusters, NULL, NULL));
		assert_int_equal(aws_clock_skew_ms(aws), 0);
		fake->server_skew_ms = 20 * MINUTE_MS;
		assert_null(aws_call(aws, &aws_eks_ListClusters, NULL, NULL));
		assert_int_equal(aws_clock_skew_ms(aws), 20 * MINUTE_MS);
	}
}

static void skew_is_not_learnt_from_old_or_slow_answers(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	fake->server_skew_ms = HOUR_MS;
	FAKE_SCRIPT(fake, {200, .body = "{}", .headers = "Age: 3600"}, {200, .body = "{}"}, {200, .body = "{}"});
	assert_null(aws_call(aws, &aws_eks_ListClusters, NULL, NULL));
	assert_null(aws_call(aws, &aws_eks_ListClusters, NULL, NULL));
	assert_contains(fake_header(&fake->asked[1], "X-Amz-Date"), "20150830T123600Z");
	assert_null(aws_call(aws, &aws_eks_ListClusters, NULL, NULL));
	assert_contains(fake_header(&fake->asked[2], "X-Amz-Date"), "20150830T133600Z");
}

static void denials_say_what_to_allow_on_what_to_whom(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	FAKE_SCRIPT(
		fake,
		{403,
		 .body = "{\"__type\":\"AccessDeniedException\",\"message\":\"User: "
			 "arn:aws:sts::111122223333:assumed-role/ci/x is not "
			 "authorized to perform: eks:DescribeCluster on resource: "
			 "arn:aws:eks:us-east-1:111122223333:cluster/shop\"}",
		 .headers = "x-amzn-requestid: r-9"},
		{403,
		 .body = "{\"__type\":\"AccessDeniedException\",\"message\":\"User: arn:u is not authorized to "
			 "perform: "
			 "eks:DescribeCluster on resource: arn:c with an explicit deny in a service control policy\"}"},
		{403, .body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Access "
			      "Denied</Message></Error></ErrorResponse>"});
	struct error *error ERROR_CLEANUP =
		aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", "shop"), NULL);
	assert_string_equal(error->remedy,
			    "allow eks:DescribeCluster on arn:aws:eks:us-east-1:111122223333:cluster/shop to "
			    "arn:aws:sts::111122223333:assumed-role/ci/x");
	assert_string_equal(error->request_id, "r-9");
	struct error *denied ERROR_CLEANUP =
		aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", "shop"), NULL);
	assert_string_equal(
		denied->remedy,
		"a policy denies eks:DescribeCluster on arn:c to arn:u: change that policy, or use another role");
	struct error *bare ERROR_CLEANUP =
		aws_call(aws, &aws_s3_ListObjectsV2, json_pack("{s:s}", "Bucket", "b"), NULL);
	assert_string_equal(bare->remedy, "allow s3:ListBucket to the owner of key AKIDEXAMPLE");
}

static void every_refusal_says_what_to_do(void **state)
{
	struct fake *fake = *state;
	static const struct {
		struct fake_reply reply;
		const char *remedy;
	} cases[] = {
		{{403, .body = "{\"__type\":\"InvalidSignatureException\",\"message\":\"it does not match\"}"},
		 "doctor shows where they come from"},
		{{403, .body = "{\"__type\":\"IncompleteSignature\"}"}, "doctor shows where they come from"},
		{{403, .body = "{\"__type\":\"InvalidAccessKeyId\"}"}, "doctor shows where they come from"},
		{{403, .body = "{\"__type\":\"MissingAuthenticationToken\"}"}, "doctor shows where they come from"},
		{{403, .body = "{\"__type\":\"RequestTimeTooSkewed\"}"}, "set this machine's clock"},
		{{404, .body = "{\"__type\":\"ResourceNotFoundException\",\"message\":\"No cluster found\"}"},
		 "look whether the name is right, and whether it is in us-east-1"},
		{{429, .body = "{\"__type\":\"ThrottlingException\"}"}, "ask again in a minute"},
		{{503, .body = ""}, "ask again later"},
		{{0}, "HTTPS_PROXY"},
		{{200, .body = "{\"clusters\":"}, "look at what stands between"},
		{{200, .body = "{\"clusters\":\"a\"}"}, "look at what stands between"},
	};
	fake_setenv(fake, "AWS_MAX_ATTEMPTS=1");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLIENT(fake);
		fake->script = &cases[i].reply;
		fake->n_script = 1;
		struct error *error ERROR_CLEANUP = aws_call(aws, &aws_eks_ListClusters, NULL, NULL);
		assert_non_null(error);
		assert_non_null(error->remedy);
		assert_contains(error->remedy, cases[i].remedy);
	}
}

static void a_list_or_object_that_is_none_is_no_answer(void **state)
{
	struct fake *fake = *state;
	static const char *const bodies[] = {"{\"clusters\":\"a\"}", "{\"clusters\":{\"a\":1}}", "{\"clusters\":3}"};
	CLIENT(fake);
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct fake_reply reply = {200, .body = bodies[i]};
		fake->script = &reply;
		fake->n_script = 1;
		struct error *error ERROR_CLEANUP = aws_call(aws, &aws_eks_ListClusters, NULL, NULL);
		assert_non_null(error);
		assert_contains(error->cause ? error->cause->message : error->message, "no list where one belongs");
	}
	FAKE_SCRIPT(fake, {200, .body = "{\"cluster\":[]}"});
	struct error *error ERROR_CLEANUP =
		aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", "shop"), NULL);
	assert_non_null(error);
	assert_contains(error->cause ? error->cause->message : error->message, "no object where one belongs");
}

static void what_the_server_repeats_of_our_secrets_is_hidden(void **state)
{
	struct fake *fake = *state;
	fake->options.session_token = "SESSION/TOKEN==";
	CLIENT(fake);
	FAKE_SCRIPT(fake, {403, .body = "{\"__type\":\"SignatureDoesNotMatch\",\"message\":\"x-amz-security-token:"
					"SESSION/TOKEN== value=hunter22 other=SESSION%2FTOKEN%3D%3D\"}"});
	struct error *error ERROR_CLEANUP =
		aws_call(aws, &aws_ssm_PutParameter,
			 json_pack("{s:s, s:s, s:s}", "Name", "/n", "Value", "hunter22", "Type", "SecureString"), NULL);
	assert_string_equal(error->message, "x-amz-security-token:[hidden] value=[hidden] other=[hidden]");
}

static void what_is_not_the_services_word_is_not_believed(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	FAKE_SCRIPT(fake, {200, .body = "<html>Welcome</html>", .headers = "Content-Type: text/html; charset=utf-8"});
	struct error *page ERROR_CLEANUP =
		aws_call(aws, &aws_autoscaling_SetDesiredCapacity,
			 json_pack("{s:s, s:i}", "AutoScalingGroupName", "g", "DesiredCapacity", 3), NULL);
	assert_contains(page->cause->message, "a web page answered in place of autoscaling");
	assert_true(page->outcome_unknown);
	FAKE_SCRIPT(fake, {200, .body = ""});
	struct error *empty ERROR_CLEANUP =
		aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", "x"), NULL);
	assert_contains(empty->cause->message, "eks gave an empty answer");
	FAKE_SCRIPT(fake, {200, .body = ""}); /* where nothing is to be said, nothing is enough */
	assert_null(aws_call(aws, &aws_s3_DeleteObject, json_pack("{s:s, s:s}", "Bucket", "b", "Key", "k"), NULL));
}

static void puts_into_s3_ask_before_they_send_and_all_calls_say_who_we_are(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	FAKE_SCRIPT(fake, {200, .body = ""});
	json_t *object = json_pack("{s:s, s:s, s:s}", "Bucket", "b", "Key", "k", "Body", "YWJj");
	assert_null(aws_call(aws, &aws_s3_PutObject, object, NULL));
	assert_contains(fake_header(&fake->asked[0], "Expect"), "100-continue");
	assert_contains(fake_header(&fake->asked[0], "User-Agent"), "eks-upgrade-agent/");
	assert_null(strstr(fake_header(&fake->asked[0], "Authorization"), "expect"));
	FAKE_SCRIPT(fake, {200, .body = "{\"clusters\":[]}"});
	assert_null(aws_call(aws, &aws_eks_ListClusters, NULL, NULL));
	assert_null(fake_header(&fake->asked[0], "Expect"));
}

static void a_user_within_an_endpoint_is_refused_unseen(void **state)
{
	struct fake *fake = *state;
	fake->options.endpoint_url = "https://me:hunter22@127.0.0.1:1";
	CLIENT(fake);
	struct error *error ERROR_CLEANUP = aws_call(aws, &aws_eks_ListClusters, NULL, NULL);
	assert_contains(error->message, "names a user before its host");
	assert_null(strstr(error->message, "hunter22"));
}

static void the_breaker_counts_calls_not_tries_and_never_throttling(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	struct aws_request requests[16] = {0};
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		requests[i] = (struct aws_request){.operation = &aws_eks_ListClusters};
	FAKE_SCRIPT(fake, {400, .body = "{\"__type\":\"ThrottlingException\"}"});
	aws_call_batch(aws, requests, ARRAY_SIZE(requests));
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		assert_int_equal(requests[i].error->class, ERROR_THROTTLED);
		error_free(requests[i].error);
	}
	FAKE_SCRIPT(fake, {.status = 503});
	for (size_t i = 0; i < 8; i++) {
		struct error *error ERROR_CLEANUP = aws_call(aws, &aws_eks_ListClusters, NULL, NULL);
		assert_int_equal(error->http_status, 503);
	}
	size_t asked = fake->n_asked;
	struct error *open ERROR_CLEANUP = aws_call(aws, &aws_eks_ListClusters, NULL, NULL);
	assert_contains(open->message, "left alone for a while");
	assert_int_equal(open->class, ERROR_TRANSIENT);
	assert_int_equal(open->retry_after_ms, 1000);
	assert_int_equal(fake->n_asked, asked);
	fake->now_ms += 1000;
	FAKE_SCRIPT(fake, {200, .body = "{\"clusters\":[]}"}, {200, .body = "<DescribeRegionsResponse/>"});
	assert_null(aws_call(aws, &aws_eks_ListClusters, NULL, NULL));
	assert_null(aws_call(aws, &aws_ec2_DescribeRegions, NULL, NULL)); /* another service was never meant */
}

static void the_quota_ends_retries_before_the_service_drowns(void **state)
{
	struct fake *fake = *state;
	struct aws_request requests[60] = {0};
	CLIENT(fake);
	for (size_t i = 0; i < 20; i++)
		requests[i] = (struct aws_request){.operation = &aws_eks_ListClusters};
	FAKE_SCRIPT(fake, {.status = 500});
	aws_call_batch(aws, requests, 20);
	size_t tries = fake->n_asked;
	for (size_t i = 0; i < 20; i++)
		error_free(requests[i].error);
	assert_int_equal(tries, 20 + 500 / 14); /* not 60 */
}

static void pages_are_joined_side_by_side(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	FAKE_SCRIPT(fake, {200, .body = "{\"clusters\":[\"a\",\"b\"],\"nextToken\":\"t1\"}"},
		    {200, .body = "{\"clusters\":[\"c\"]}"});
	json_t *out DOCUMENT_CLEANUP = NULL;
	assert_null(aws_call_all(aws, &aws_eks_ListClusters, NULL, &out));
	assert_int_equal(json_array_size(json_object_get(out, "clusters")), 3);
	assert_contains(fake->asked[1].url, "nextToken=t1");
	assert_null(json_object_get(out, "nextToken"));
	FAKE_SCRIPT(fake, {200, .body = "{\"clusters\":[\"a\"],\"nextToken\":\"t1\"}", .url = "/clusters"},
		    {200, .body = "{\"nodegroups\":[\"n\"],\"nextToken\":\"u1\"}", .url = "/node-groups"},
		    {200, .body = "{\"clusters\":[\"b\"]}", .url = "nextToken=t1"},
		    {200, .body = "{\"nodegroups\":[\"o\"]}", .url = "nextToken=u1"});
	struct aws_request both[] = {{.operation = &aws_eks_ListClusters, .all_pages = true},
				     {.operation = &aws_eks_ListNodegroups,
				      .input = json_pack("{s:s}", "clusterName", "x"),
				      .all_pages = true}};
	aws_call_batch(aws, both, 2);
	assert_null(both[0].error);
	assert_null(both[1].error);
	assert_int_equal(json_array_size(json_object_get(both[0].output, "clusters")), 2);
	assert_int_equal(json_array_size(json_object_get(both[1].output, "nodegroups")), 2);
	json_decref(both[0].output);
	json_decref(both[1].output);
}

/* Of the result's objects only what is wanted is kept, on the first page and on the others; a page's token is no
 * result. */
static void pages_are_thinned_as_they_come(void **state)
{
	static const char *const only[] = {"Instances", "InstanceId", "State", "Name", NULL};
	struct fake *fake = *state;
	CLIENT(fake);
	FAKE_SCRIPT(fake,
		    {200, .body = "<DescribeInstancesResponse><reservationSet><item><reservationId>r-1</reservationId>"
				  "<instancesSet><item><instanceId>i-1</instanceId><imageId>ami-1</imageId>"
				  "<instanceState><code>16</code><name>running</name></instanceState></item>"
				  "</instancesSet></item></reservationSet><nextToken>t1</nextToken>"
				  "</DescribeInstancesResponse>"},
		    {200, .body = "<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-2"
				  "</instanceId><imageId>ami-2</imageId></item></instancesSet></item></reservationSet>"
				  "</DescribeInstancesResponse>"});
	struct aws_request request = {.operation = &aws_ec2_DescribeInstances, .all_pages = true, .only = only};
	aws_call_batch(aws, &request, 1);
	assert_null(request.error);
	struct buf text CLEANUP(buf_done) = BUF_INIT(1000);
	document_print(request.output, false, &text);
	assert_string_equal(buf_str(&text), "{\"Reservations\":[{\"Instances\":[{\"InstanceId\":\"i-1\",\"State\":{"
					    "\"Name\":\"running\"}}]},{\"Instances\":[{\"InstanceId\":\"i-2\"}]}]}");
	json_decref(request.output);
}

static void a_server_that_pages_for_ever_is_stopped(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	FAKE_SCRIPT(fake, {200, .body = "{\"clusters\":[\"a\"],\"nextToken\":\"same\"}"});
	struct error *error ERROR_CLEANUP = aws_call_all(aws, &aws_eks_ListClusters, NULL, NULL);
	assert_contains(error->message, "same page token");
	assert_true(fake->n_asked <= 3);
}

static void a_server_with_ever_new_pages_is_stopped(void **state)
{
	enum { N = 10001 };
	struct fake *fake = *state;
	static char bodies[N][64];
	static struct fake_reply script[N];
	CLIENT(fake);
	for (size_t i = 0; i < N; i++) {
		snprintf(bodies[i], sizeof bodies[i], "{\"clusters\":[],\"nextToken\":\"t%zu\"}", i);
		script[i] = (struct fake_reply){200, .body = bodies[i]};
	}
	fake->script = script;
	fake->n_script = N;
	fake->forgets = true;
	fake->at = fake->n_asked = 0;
	struct error *error ERROR_CLEANUP = aws_call_all(aws, &aws_eks_ListClusters, NULL, NULL);
	assert_contains(error->message, "more than 10000 pages");
}

static void a_failed_page_fails_the_whole_list(void **state)
{
	struct fake *fake = *state;
	CLIENT(fake);
	FAKE_SCRIPT(fake, {200, .body = "{\"clusters\":[\"a\"],\"nextToken\":\"t1\"}"},
		    {403, .body = "{\"__type\":\"AccessDeniedException\"}"});
	json_t *out = NULL;
	struct error *error ERROR_CLEANUP = aws_call_all(aws, &aws_eks_ListClusters, NULL, &out);
	assert_int_equal(error->class, ERROR_AUTH);
	assert_null(out);
}

static void adaptive_mode_slows_down_after_throttling(void **state)
{
	struct fake *fake = *state;
	fake_setenv(fake, "AWS_RETRY_MODE=adaptive");
	CLIENT(fake);
	FAKE_SCRIPT(fake, {400, .body = "{\"__type\":\"ThrottlingException\"}"}, {200, .body = "{\"clusters\":[]}"});
	assert_null(aws_call(aws, &aws_eks_ListClusters, NULL, NULL));
	int64_t before_ms = fake->now_ms;
	for (int i = 0; i < 3; i++)
		assert_null(aws_call(aws, &aws_eks_ListClusters, NULL, NULL));
	assert_true(fake->now_ms - before_ms > 1000); /* half a call a second at first */
}

static void settings_that_make_no_sense_are_refused(void **state)
{
	struct fake *fake = *state;
	struct aws *aws = NULL;
	fake_setenv(fake, "AWS_MAX_ATTEMPTS=many");
	struct error *attempts ERROR_CLEANUP = aws_new(&fake->options, &aws);
	assert_contains(attempts->message, "max_attempts \"many\"");
	fake_setenv(fake, "AWS_MAX_ATTEMPTS=1");
	fake_setenv(fake, "AWS_RETRY_MODE=eager");
	struct error *mode ERROR_CLEANUP = aws_new(&fake->options, &aws);
	assert_contains(mode->message, "retry_mode \"eager\"");
	fake_setenv(fake, "AWS_RETRY_MODE=standard");
	aws = fake_client(fake);
	FAKE_SCRIPT(fake, {.status = 500});
	struct error *once ERROR_CLEANUP = aws_call(aws, &aws_eks_ListClusters, NULL, NULL);
	assert_int_equal(fake->n_asked, 1);
	assert_string_equal(once->message, "eks answered 500");
	aws_free(aws);
}

static void idempotency_tokens_follow_from_run_step_and_attempt(void **state)
{
	char a[33], b[33], c[33];
	(void)state;
	aws_idempotency_token("run", "step", 1, a);
	aws_idempotency_token("run", "step", 1, b);
	aws_idempotency_token("run", "step", 2, c);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	assert_int_equal(strlen(a), 32);
}

static void rows_are_found_by_both_ways_of_writing(void **state)
{
	(void)state;
	assert_ptr_equal(aws_operation_find("eks", "describe-cluster"), &aws_eks_DescribeCluster);
	assert_ptr_equal(aws_operation_find("route53", "test-dns-answer"), &aws_route53_TestDNSAnswer);
	assert_ptr_equal(aws_operation_find("stepfunctions", "start-execution"), &aws_states_StartExecution);
	assert_null(aws_operation_find("eks", "describe"));
	assert_null(aws_operation_find("nope", "DescribeCluster"));
	assert_true(aws_operation_mutates(&aws_eks_DeleteCluster));
	assert_false(aws_operation_mutates(&aws_bedrock_InvokeModel));
	assert_true(aws_operation_mutates(&aws_lambda_Invoke));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(eks_tokens_match_the_golden_vectors),
		TEST(tokens_are_minted_on_the_servers_clock_and_never_at_another_address),
		TEST(answers_are_decoded_with_the_models_names),
		TEST(wrong_inputs_are_told_with_their_path_and_never_sent),
		TEST(throttling_is_retried_within_the_servers_hint_and_told),
		TEST(refusals_are_not_retried),
		TEST(lost_replies_of_mutations_are_unknown_and_never_repeated),
		TEST(a_lost_try_stays_in_doubt_whatever_the_next_one_says),
		TEST(one_token_makes_all_tries_of_a_call_the_same),
		TEST(what_sets_a_value_may_be_said_twice),
		TEST(a_skewed_clock_is_learnt_and_the_call_sent_again_at_once),
		TEST(skew_is_against_the_clock_that_the_agent_goes_by),
		TEST(skew_is_not_learnt_from_old_or_slow_answers),
		TEST(denials_say_what_to_allow_on_what_to_whom),
		TEST(every_refusal_says_what_to_do),
		TEST(a_list_or_object_that_is_none_is_no_answer),
		TEST(what_the_server_repeats_of_our_secrets_is_hidden),
		TEST(what_is_not_the_services_word_is_not_believed),
		TEST(puts_into_s3_ask_before_they_send_and_all_calls_say_who_we_are),
		TEST(a_user_within_an_endpoint_is_refused_unseen),
		TEST(the_breaker_counts_calls_not_tries_and_never_throttling),
		TEST(the_quota_ends_retries_before_the_service_drowns),
		TEST(pages_are_joined_side_by_side),
		TEST(pages_are_thinned_as_they_come),
		TEST(a_server_that_pages_for_ever_is_stopped),
		TEST(a_server_with_ever_new_pages_is_stopped),
		TEST(a_failed_page_fails_the_whole_list),
		TEST(adaptive_mode_slows_down_after_throttling),
		TEST(settings_that_make_no_sense_are_refused),
		TEST(idempotency_tokens_follow_from_run_step_and_attempt),
		TEST(rows_are_found_by_both_ways_of_writing),
	};
	return cmocka_run_group_tests_name("aws client", tests, NULL, NULL);
}
