/* The chain's links to the machine that we run on: a container's endpoint, EC2's metadata service. */
#include "aws/chain.h"

static void a_container_asks_its_endpoint_with_a_token_that_is_read_each_time(void **state)
{
	struct fake *fake = *state;
	config(fake, "");
	fake_file(fake, "pod-token", "one\n");
	char *file CLEANUP(mem_freep) = mem_printf("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=%s/pod-token", fake->home);
	fake_setenv(fake, "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials");
	fake_setenv(fake, file);
	FAKE_SCRIPT(fake, {200, .url = "/v1/credentials", .body = ECS("POD1")}, CLUSTERS,
		    {200, .url = "/v1/credentials",
		     .body = "{\"AccessKeyId\":\"POD2\",\"SecretAccessKey\":\"s\",\"Expiration\":\"2015-08-30T14:36:"
			     "00Z\"}"},
		    CLUSTERS);
	CLIENT(fake);
	list(aws);
	assert_string_equal(aws->credentials.link, "container");
	assert_contains(fake_header(&fake->asked[0], "Authorization"), "one\n");
	fake_file(fake, "pod-token", "two");
	fake->now_ms += 50 * MINUTE_MS;
	list(aws);
	assert_contains(fake_header(&fake->asked[2], "Authorization"), "two\n");
	assert_signed_by(fake, "POD2");
}

static void a_containers_endpoint_is_tried_three_times_and_only_where_it_is_safe(void **state)
{
	struct fake *fake = *state;
	config(fake, "");
	fake_setenv(fake, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/x");
	FAKE_SCRIPT(fake, {500, .url = "170.2/x"}, {0, .url = "170.2/x"}, {200, .url = "170.2/x", .body = ECS("ECS")},
		    CLUSTERS);
	assert_link(fake, "container");
	FAKE_SCRIPT(fake, {500, .url = "170.2/x"});
	assert_refused(fake, "container's credentials cannot be had", "doctor");
	assert_int_equal(fake->n_asked, 3);
	FAKE_SCRIPT(fake, {403, .url = "170.2/x", .body = "no"});
	assert_refused(fake, "answered 403", "doctor");
	assert_int_equal(fake->n_asked, 1);
}

static void plain_http_to_a_stranger_gets_no_token(void **state)
{
	struct fake *fake = *state;
	config(fake, "");
	fake_setenv(fake, "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://10.0.0.1/credentials");
	fake_setenv(fake, "AWS_CONTAINER_AUTHORIZATION_TOKEN=bearer");
	FAKE_SCRIPT(fake, CLUSTERS);
	assert_refused(fake, "is neither https nor a container's address", "plain text");
	assert_int_equal(fake->n_asked, 0);
	fake->environment[2] = "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1.evil.example/";
	assert_refused(fake, "is neither https nor a container's address", "plain text");
	fake->environment[2] = "AWS_CONTAINER_CREDENTIALS_FULL_URI=https://vault.example/";
	fake->environment[3] = "AWS_CONTAINER_AUTHORIZATION_TOKEN=a\nX-Other: b";
	assert_refused(fake, "holds a line break", "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	assert_int_equal(fake->n_asked, 0);
}

static void an_instance_asks_its_metadata_service_version_2(void **state)
{
	struct fake *fake = *state;
	on_ec2(fake);
	FAKE_SCRIPT(fake, TOKEN, EC2("EC2", "2015-08-30T18:36:00Z"), ROLE, CLUSTERS);
	assert_link(fake, "instance-metadata");
	assert_string_equal(fake->asked[0].method, "PUT");
	assert_contains(fake->asked[0].url, "http://169.254.169.254/latest/api/token");
	assert_contains(fake_header(&fake->asked[0], "X-aws-ec2-metadata-token-ttl-seconds"), "21600");
	assert_contains(fake_header(&fake->asked[1], "X-aws-ec2-metadata-token"), "TOKEN");
	assert_signed_by(fake, "EC2");
	fake_setenv(fake, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6");
	FAKE_SCRIPT(fake, TOKEN, EC2("EC2", "2015-08-30T18:36:00Z"), ROLE, CLUSTERS);
	assert_link(fake, "instance-metadata");
	assert_contains(fake->asked[0].url, "http://[fd00:ec2::254]/latest/api/token");
	fake_setenv(fake, "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1338/");
	FAKE_SCRIPT(fake, TOKEN, EC2("EC2", "2015-08-30T18:36:00Z"), ROLE, CLUSTERS);
	assert_link(fake, "instance-metadata");
	assert_string_equal(fake->asked[0].url, "http://127.0.0.1:1338/latest/api/token");
	fake_setenv(fake, "AWS_EC2_METADATA_DISABLED=true");
	FAKE_SCRIPT(fake, CLUSTERS);
	assert_refused(fake, "AWS_EC2_METADATA_DISABLED is true", "aws configure");
	assert_int_equal(fake->n_asked, 0);
}

static void an_instance_without_a_role_has_no_credentials(void **state)
{
	struct fake *fake = *state;
	on_ec2(fake);
	FAKE_SCRIPT(fake, TOKEN, {404, .body = "", .url = "security-credentials/"});
	assert_refused(fake, "the instance has no role", "aws configure");
	FAKE_SCRIPT(fake, {0, .url = "/latest/api/token"});
	assert_refused(fake, "no metadata service of EC2", "aws configure");
	assert_int_equal(fake->n_asked, 1); /* one try, one second: most machines are not in EC2 */
}

static void ended_credentials_of_an_instance_are_stretched_while_it_cannot_renew_them(void **state)
{
	struct fake *fake = *state;
	on_ec2(fake);
	FAKE_SCRIPT(fake, TOKEN, EC2("OLD", "2015-08-30T12:00:00Z"), ROLE, CLUSTERS);
	CLIENT(fake);
	list(aws);
	assert_signed_by(fake, "OLD");
	int64_t lasts_ms = aws->credentials.expires_ms - fake->now_ms;
	assert_true(lasts_ms >= 15 * MINUTE_MS && lasts_ms <= 25 * MINUTE_MS);
}

static void the_region_of_an_instance_is_the_last_resort(void **state)
{
	struct fake *fake = *state;
	fake_walk_chain(fake);
	FAKE_SCRIPT(fake, TOKEN, {200, .body = "eu-north-1", .url = "placement/region"}, TOKEN,
		    EC2("EC2", "2015-08-30T18:36:00Z"), ROLE, CLUSTERS);
	CLIENT(fake);
	list(aws);
	assert_string_equal(aws_region(aws), "eu-north-1");
	assert_contains(fake->asked[fake->n_asked - 1].url, "https://eks.eu-north-1.amazonaws.com/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_container_asks_its_endpoint_with_a_token_that_is_read_each_time),
		TEST(a_containers_endpoint_is_tried_three_times_and_only_where_it_is_safe),
		TEST(plain_http_to_a_stranger_gets_no_token),
		TEST(an_instance_asks_its_metadata_service_version_2),
		TEST(an_instance_without_a_role_has_no_credentials),
		TEST(ended_credentials_of_an_instance_are_stretched_while_it_cannot_renew_them),
		TEST(the_region_of_an_instance_is_the_last_resort),
	};
	return cmocka_run_group_tests_name("credentials of the machine", tests, NULL, NULL);
}
