/* Vectors of the published rules: every stage of signatures, the EKS token to the byte, retries, clock skew. */
#include "aws/fake.h"

#include <stdlib.h>
#include <string.h>
#include "aws/client_internal.h"
#include "aws/operations.h"
#include "base/digest.h"
#include "codec/document.h"

enum { SIGNED_AT_LEAST = 60 };

static struct aws_signing published(struct secret *secret)
{
	return (struct aws_signing){.access_key = "AKIDEXAMPLE",
				    .secret_key = secret,
				    .region = "us-east-1",
				    .service = "service",
				    .time_ms = INT64_C(1440938160000),
				    .double_encode = true};
}

static struct secret *published_key(void)
{
	return secret_new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 40);
}

static size_t headers_of(const json_t *list, struct http_header headers[16])
{
	size_t i;
	json_t *pair;
	json_array_foreach (list, i, pair)
		headers[i] = (struct http_header){json_string_value(json_array_get(pair, 0)),
						  json_string_value(json_array_get(pair, 1))};
	return i;
}

static void same(const char *name, const char *stage, const char *given, const char *wanted)
{
	if (strcmp(given, wanted) != 0)
		fail_msg("%s: %s is\n%s\nbut should be\n%s", name, stage, given, wanted);
}

static void check_headers_case(const json_t *vector, const char *name, struct aws_signing signing)
{
	struct http_header headers[16];
	size_t n = headers_of(json_object_get(vector, "signed_headers"), headers);
	struct buf canonical CLEANUP(buf_done) = BUF_INIT(1 << 20), names CLEANUP(buf_done) = BUF_INIT(8192),
			     to_sign CLEANUP(buf_done) = BUF_INIT(8192), whole CLEANUP(buf_done) = BUF_INIT(8192);
	const char *method = document_text(vector, "method"), *hash = document_text(vector, "payload_hash");
	struct slice path = slice_of(document_text(vector, "path")), query = slice_of(document_text(vector, "query"));
	char signature[SHA256_HEX_SIZE];
	aws_sign_canonical(&signing, method, path, query, headers, n, hash, &canonical, &names);
	same(name, "canonical request", buf_str(&canonical), document_text(vector, "canonical"));
	aws_sign_string_to_sign(&signing, buf_slice(&canonical), &to_sign);
	same(name, "string to sign", buf_str(&to_sign), document_text(vector, "string_to_sign"));
	aws_sign_signature(&signing, buf_slice(&to_sign), signature);
	same(name, "signature", signature, document_text(vector, "signature"));
	aws_sign_authorization(&signing, method, path, query, headers, n, hash, &whole);
	assert_contains(buf_str(&whole), document_text(vector, "signature"));
	assert_contains(buf_str(&whole), "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/");
}

static void check_query_case(const json_t *vector, const char *name, struct aws_signing signing)
{
	struct http_header headers[16];
	size_t n = headers_of(json_object_get(vector, "headers"), headers);
	struct buf query CLEANUP(buf_done) = BUF_INIT(1 << 20);
	signing.session_token = document_text(vector, "session_token");
	aws_sign_presign(&signing, slice_of(document_text(vector, "path")), document_text(vector, "query"), 3600,
			 headers, n, &query);
	same(name, "presigned signature", strstr(buf_str(&query), "&X-Amz-Signature=") + 17,
	     document_text(vector, "presigned_signature"));
}

static void every_stage_of_every_signature(void **state)
{
	size_t i, presigned = 0;
	const json_t *vector;
	json_t *vectors DOCUMENT_CLEANUP = json_load_file("tests/aws/vectors_sigv4.json", 0, NULL);
	struct secret *secret CLEANUP(secret_freep) = published_key();
	(void)state;
	assert_true(json_array_size(vectors) >= SIGNED_AT_LEAST);
	json_array_foreach (vectors, i, vector) {
		struct aws_signing signing = published(secret);
		const char *name = document_text(vector, "name");
		signing.double_encode = document_true(vector, "double_encode");
		check_headers_case(vector, name, signing);
		if (!json_object_get(vector, "presigned_signature"))
			continue;
		check_query_case(vector, name, signing);
		presigned++;
	}
	assert_true(presigned >= SIGNED_AT_LEAST - 15);
}

/* Anchors that AWS itself published, so that file and code cannot be wrong together. */
static void signatures_that_aws_published(void **state)
{
	static const char *const known[][2] = {
		{"get-vanilla", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"get-unreserved-path", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
		{"get-header-duplicate", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
		{"get-header-value-trim", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
		{"post-vanilla", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		{"post-form", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	};
	json_t *vectors DOCUMENT_CLEANUP = json_load_file("tests/aws/vectors_sigv4.json", 0, NULL);
	size_t i, found = 0;
	const json_t *vector;
	(void)state;
	json_array_foreach (vectors, i, vector)
		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			if (!strcmp(document_text(vector, "name"), known[k][0])) {
				assert_string_equal(document_text(vector, "signature"), known[k][1]);
				found++;
			}
	assert_int_equal(found, ARRAY_SIZE(known));
}

static void eks_tokens_to_the_byte(void **state)
{
	struct fake *fake = *state;
	static const struct {
		const char *session, *canonical, *signature, *token;
		size_t url_bytes, token_bytes;
	} golden[] = {
		{NULL, "ec9c9f8aeb432c4c15c53d4c22c6a3da180afa39b1dcd461ee3b692cd49cf265",
		 "393dffdcf851beeb373f04f933b26ffa1d480490f11385a3dbd509617bb7cb79",
		 "c2214d227144aec5a11b0d07288f8dbdc4fa4920ff2b81e6dada8413ee6b8e6c", 352, 481},
		{"AQoDYXdzEPT//////////wEXAMPLE==", "d77b7eebf9653b7ae8169a95f44d36a1aaa61b4beadd08dbcc39a208ae76c6af",
		 "bb1e0e96ddf03bf943ff9602b9df9479a033aa6735f1537dc763c10cf034cb98",
		 "a05af28dbb10b42344c6b03fa8829193e6a137d6c306e348cf08dd39d145f17b", 429, 583},
	};
	for (size_t i = 0; i < ARRAY_SIZE(golden); i++) {
		struct secret *token CLEANUP(secret_freep) = NULL, *secret CLEANUP(secret_freep) = published_key();
		struct buf url CLEANUP(buf_done) = BUF_INIT(8192), canonical CLEANUP(buf_done) = BUF_INIT(8192),
			       names CLEANUP(buf_done) = BUF_INIT(512);
		struct http_header headers[] = {{"host", "sts.us-east-1.amazonaws.com"},
						{"x-k8s-aws-id", "my-cluster"}};
		char hash[SHA256_HEX_SIZE], empty[SHA256_HEX_SIZE];
		int64_t minted_ms;
		fake->options.session_token = golden[i].session;
		struct aws *aws CLEANUP(aws_freep) = fake_client(fake);
		assert_null(aws_eks_token(aws, "my-cluster", &token, &minted_ms));
		assert_int_equal(secret_size(token), golden[i].token_bytes);
		sha256_hex(slice_of(secret_reveal(token)), hash);
		assert_string_equal(hash, golden[i].token);
		assert_true(base64_decode(slice_of(secret_reveal(token) + strlen("k8s-aws-v1.")), &url));
		assert_int_equal(url.n, golden[i].url_bytes);
		const char *query = strchr(buf_str(&url), '?') + 1, *end = strstr(query, "&X-Amz-Signature=");
		assert_string_equal(end + strlen("&X-Amz-Signature="), golden[i].signature);
		struct aws_signing signing = published(secret);
		signing.service = "sts";
		sha256_hex((struct slice){0}, empty);
		aws_sign_canonical(&signing, "GET", slice_of("/"), slice_make(query, (size_t)(end - query)), headers, 2,
				   empty, &canonical, &names);
		sha256_hex(buf_slice(&canonical), hash);
		assert_string_equal(hash, golden[i].canonical);
	}
}

/* The tries of one call against a quota; each wait is the longest that chance may choose. */
struct answer {
	enum aws_retry_kind kind; /* AWS_RETRY_NOT: success */
	int64_t hint_ms;	  /* -1: none */
	bool again;
	int64_t delay_ms; /* with chance 1 */
	int quota;	  /* afterwards */
};
#define T AWS_RETRY_TRANSIENT
#define L AWS_RETRY_THROTTLING
#define O AWS_RETRY_TIMEOUT
#define S AWS_RETRY_NOT
static const struct retry_vector {
	const char *name, *service, *operation;
	enum aws_retry_rules rules;
	int quota;
	unsigned max_attempts; /* 0: by the rules */
	struct answer answers[6];
	size_t n;
} retry_vectors[] = {
	{"two transient failures, then success: the last cost comes back",
	 "eks",
	 "ListClusters",
	 AWS_RETRY_2026,
	 500,
	 0,
	 {{T, -1, true, 50, 486}, {T, -1, true, 100, 472}, {S, -1, false, 0, 486}},
	 3},
	{"all tries fail: nothing comes back",
	 "eks",
	 "ListClusters",
	 AWS_RETRY_2026,
	 500,
	 0,
	 {{T, -1, true, 50, 486}, {T, -1, true, 100, 472}, {T, -1, false, 0, 472}},
	 3},
	{"the quota is reached after one retry",
	 "eks",
	 "ListClusters",
	 AWS_RETRY_2026,
	 14,
	 0,
	 {{T, -1, true, 50, 0}, {T, -1, false, 0, 0}},
	 2},
	{"no quota: no retry at all", "eks", "ListClusters", AWS_RETRY_2026, 0, 0, {{T, -1, false, 0, 0}}, 1},
	{"thirteen are not fourteen", "eks", "ListClusters", AWS_RETRY_2026, 13, 0, {{T, -1, false, 0, 13}}, 1},
	{"throttling costs five and waits from a second",
	 "eks",
	 "ListClusters",
	 AWS_RETRY_2026,
	 500,
	 0,
	 {{L, -1, true, 1000, 495}, {L, -1, true, 2000, 490}, {S, -1, false, 0, 495}},
	 3},
	{"a mix costs each its own",
	 "eks",
	 "ListClusters",
	 AWS_RETRY_2026,
	 500,
	 0,
	 {{T, -1, true, 50, 486}, {L, -1, true, 2000, 481}, {S, -1, false, 0, 486}},
	 3},
	{"a timeout is a transient failure",
	 "eks",
	 "ListClusters",
	 AWS_RETRY_2026,
	 500,
	 0,
	 {{O, -1, true, 50, 486}, {S, -1, false, 0, 500}},
	 2},
	{"a clean success gives one back", "eks", "ListClusters", AWS_RETRY_2026, 400, 0, {{S, -1, false, 0, 401}}, 1},
	{"no more than there was at first", "eks", "ListClusters", AWS_RETRY_2026, 500, 0, {{S, -1, false, 0, 500}}, 1},
	{"no wait is longer than twenty seconds",
	 "eks",
	 "ListClusters",
	 AWS_RETRY_2026,
	 500,
	 9,
	 {{L, -1, true, 1000, 495},
	  {L, -1, true, 2000, 490},
	  {L, -1, true, 4000, 485},
	  {L, -1, true, 8000, 480},
	  {L, -1, true, 16000, 475},
	  {L, -1, true, 20000, 470}},
	 6},
	{"dynamodb waits half as long and tries four times",
	 "dynamodb",
	 "GetItem",
	 AWS_RETRY_2026,
	 500,
	 0,
	 {{T, -1, true, 25, 486}, {T, -1, true, 50, 472}, {T, -1, true, 100, 458}, {T, -1, false, 0, 458}},
	 4},
	{"throttled dynamodb waits as others do",
	 "dynamodb",
	 "GetItem",
	 AWS_RETRY_2026,
	 500,
	 0,
	 {{L, -1, true, 1000, 495}, {S, -1, false, 0, 500}},
	 2},
	{"the server's hint is taken",
	 "eks",
	 "ListClusters",
	 AWS_RETRY_2026,
	 500,
	 0,
	 {{T, 1500, true, 1500, 486}, {S, -1, false, 0, 500}},
	 2},
	{"a hint below our own wait is raised to it",
	 "eks",
	 "ListClusters",
	 AWS_RETRY_2026,
	 500,
	 0,
	 {{T, 0, true, 50, 486}, {S, -1, false, 0, 500}},
	 2},
	{"a hint more than five seconds above it is cut",
	 "eks",
	 "ListClusters",
	 AWS_RETRY_2026,
	 500,
	 0,
	 {{T, 10000, true, 5050, 486}, {S, -1, false, 0, 500}},
	 2},
	{"a hint does not make retryable what is not",
	 "eks",
	 "ListClusters",
	 AWS_RETRY_2026,
	 0,
	 0,
	 {{T, 1500, false, 0, 0}},
	 1},
	{"one attempt is one attempt", "eks", "ListClusters", AWS_RETRY_2026, 500, 1, {{T, -1, false, 0, 500}}, 1},
	{"before 2026: five a retry, from a second",
	 "eks",
	 "ListClusters",
	 AWS_RETRY_BEFORE_2026,
	 500,
	 0,
	 {{T, -1, true, 1000, 495}, {T, -1, true, 2000, 490}, {S, -1, false, 0, 495}},
	 3},
	{"before 2026: timeouts cost ten",
	 "eks",
	 "ListClusters",
	 AWS_RETRY_BEFORE_2026,
	 500,
	 0,
	 {{O, -1, true, 1000, 490}, {O, -1, true, 2000, 480}, {O, -1, false, 0, 480}},
	 3},
	{"before 2026: dynamodb is as others, and hints are not read",
	 "dynamodb",
	 "GetItem",
	 AWS_RETRY_BEFORE_2026,
	 500,
	 0,
	 {{T, 9000, true, 1000, 495}, {T, -1, true, 2000, 490}, {T, -1, false, 0, 490}},
	 3},
	{"legacy: five tries",
	 "eks",
	 "ListClusters",
	 AWS_RETRY_LEGACY,
	 500,
	 0,
	 {{T, -1, true, 1000, 495},
	  {T, -1, true, 2000, 490},
	  {T, -1, true, 4000, 485},
	  {T, -1, true, 8000, 480},
	  {T, -1, false, 0, 480}},
	 5},
};
#undef T
#undef L
#undef O
#undef S

static void retries_to_the_digit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(retry_vectors); i++) {
		const struct retry_vector *vector = &retry_vectors[i];
		const struct aws_service *service =
			aws_service_of(aws_operation_find(vector->service, vector->operation));
		struct aws_retry retry = {.quota = vector->quota, .rules = vector->rules};
		struct aws_retry_call call = {0};
		unsigned most =
			vector->max_attempts ? vector->max_attempts : aws_retry_attempts(service, vector->rules);
		for (size_t k = 0; k < vector->n; k++) {
			const struct answer *answer = &vector->answers[k];
			int64_t delay_ms = 0;
			bool again = false;
			call.attempt++;
			if (answer->kind == AWS_RETRY_NOT)
				aws_retry_succeeded(&retry, &call);
			else
				again = aws_retry_again(&retry, &call, answer->kind, most, service, 1.0,
							answer->hint_ms, &delay_ms);
			if (again != answer->again || delay_ms != answer->delay_ms || retry.quota != answer->quota)
				fail_msg("%s, answer %zu: again %d in %lld ms, quota %d", vector->name, k, again,
					 (long long)delay_ms, retry.quota);
		}
	}
}

static void old_rules_are_had_by_setting(void **state)
{
	struct fake *fake = *state;
	static const struct {
		const char *variable;
		enum aws_retry_rules rules;
		size_t tries;
	} cases[] = {{"AWS_NEW_RETRIES_2026=true", AWS_RETRY_2026, 3},
		     {"AWS_NEW_RETRIES_2026=false", AWS_RETRY_BEFORE_2026, 3},
		     {"AWS_RETRY_MODE=legacy", AWS_RETRY_LEGACY, 5}};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_setenv(fake, cases[i].variable);
		struct aws *aws CLEANUP(aws_freep) = fake_client(fake);
		FAKE_SCRIPT(fake, {.status = 500});
		struct error *error ERROR_CLEANUP = aws_call(aws, &aws_eks_ListClusters, NULL, NULL);
		assert_int_equal(aws->services[0].retry.rules, cases[i].rules);
		assert_int_equal(fake->n_asked, cases[i].tries);
		assert_int_equal(error->tries, cases[i].tries);
	}
}

#define M MINUTE_MS
static const struct skew_vector {
	const char *name;
	int64_t server_ms, round_trip_ms; /* INT64_MIN: no Date header */
	bool aged;
	int status;
	const char *code;
	bool corrected;	   /* sent again, by the servers' clock */
	int64_t learnt_ms; /* the skew known afterwards */
} skew_vectors[] = {
	{"behind, signature expired", 10 * M, 0, false, 403, "InvalidSignatureException", true, 10 * M},
	{"ahead, signature not yet current", -10 * M, 0, false, 403, "SignatureDoesNotMatch", true, -10 * M},
	{"ec2 says it so", HOUR_MS, 0, false, 401, "AuthFailure", true, HOUR_MS},
	{"s3 says it so", -HOUR_MS, 0, false, 403, "RequestTimeTooSkewed", true, -HOUR_MS},
	{"a denial that may be skew", 6 * M, 0, false, 403, "AccessDeniedException", true, 6 * M},
	{"four minutes are no reason", 4 * M, 0, false, 403, "InvalidSignatureException", false, 4 * M},
	{"a second more is", 4 * M + 1000, 0, false, 403, "InvalidSignatureException", true, 4 * M + 1000},
	{"a code that has nothing to do with time", HOUR_MS, 0, false, 400, "ValidationException", false, HOUR_MS},
	{"a cached answer tells no time", HOUR_MS, 0, true, 403, "InvalidSignatureException", false, 0},
	{"no Date, no skew", INT64_MIN, 0, false, 403, "InvalidSignatureException", false, 0},
	{"sixteen minutes on the way tell no time", HOUR_MS, 16 * M, false, 403, "InvalidSignatureException", false, 0},
	{"a long way is no skew", 0, 10 * M, false, 403, "InvalidSignatureException", false, 0},
	{"the middle of the way counts", 10 * M, 2 * M, false, 403, "InvalidSignatureException", true, 10 * M},
	{"days wrong", -400 * 24 * HOUR_MS, 0, false, 403, "RequestTimeTooSkewed", true, -400 * 24 * HOUR_MS},
};
#undef M

static void clock_skew_is_corrected_where_it_is_the_reason(void **state)
{
	struct fake *fake = *state;
	for (size_t i = 0; i < ARRAY_SIZE(skew_vectors); i++) {
		const struct skew_vector *vector = &skew_vectors[i];
		char body[128], wanted[TIME_TEXT];
		struct fake_reply script[] = {
			{vector->status, .body = body, .headers = vector->aged ? "Age: 60" : NULL},
			{200, .body = "{\"clusters\":[]}", .headers = vector->aged ? "Age: 60" : NULL}};
		struct aws *aws CLEANUP(aws_freep) = fake_client(fake);
		snprintf(body, sizeof body, "{\"__type\":\"%s\",\"message\":\"no\"}", vector->code);
		fake->script = script;
		fake->n_script = 2;
		fake->at = fake->n_asked = 0;
		fake->server_skew_ms = vector->server_ms;
		fake->round_trip_ms = vector->round_trip_ms;
		struct error *error ERROR_CLEANUP = aws_call(aws, &aws_eks_ListClusters, NULL, NULL);
		bool corrected = !error && fake->n_asked == 2;
		if (corrected != vector->corrected || aws_clock_skew_ms(aws) != vector->learnt_ms)
			fail_msg("%s: asked %zu times, learnt %lld", vector->name, fake->n_asked,
				 (long long)aws_clock_skew_ms(aws));
		if (!corrected)
			continue;
		time_format_basic(fake->asked[1].at_ms + vector->learnt_ms, wanted);
		assert_contains(fake_header(&fake->asked[1], "X-Amz-Date"), wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_stage_of_every_signature), TEST(signatures_that_aws_published),
		TEST(eks_tokens_to_the_byte),	      TEST(retries_to_the_digit),
		TEST(old_rules_are_had_by_setting),   TEST(clock_skew_is_corrected_where_it_is_the_reason),
	};
	return cmocka_run_group_tests_name("aws vectors", tests, NULL, NULL);
}
