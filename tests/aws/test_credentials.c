/* The credential chain: every link, what goes before what, what is refreshed when, and what is told. */
#include "aws/chain.h"

static void the_environment_goes_before_files_but_not_before_a_profile_asked_for(void **state)
{
	struct fake *fake = *state;
	config(fake, "[default]\naws_access_key_id = FILE\naws_secret_access_key = s\n");
	FAKE_SCRIPT(fake, CLUSTERS);
	assert_link(fake, "config-file");
	fake_setenv(fake, "AWS_ACCESS_KEY_ID=ENV");
	fake_setenv(fake, "AWS_SECRET_ACCESS_KEY=s");
	fake_setenv(fake, "AWS_SESSION_TOKEN=tok");
	assert_link(fake, "environment");
	assert_signed_by(fake, "ENV");
	assert_contains(fake_header(&fake->asked[fake->n_asked - 1], "X-Amz-Security-Token"), "tok");
	fake_setenv(fake, "AWS_PROFILE=default"); /* by name in the environment: as botocore has it */
	assert_link(fake, "environment");
	fake->options.profile = "default";
	assert_link(fake, "config-file");
	assert_signed_by(fake, "FILE");
	fake->options.access_key = "AKIDEXAMPLE";
	fake->options.secret_key = "s";
	assert_link(fake, "explicit");
}

static void half_an_environment_is_told_not_passed_over(void **state)
{
	struct fake *fake = *state;
	config(fake, "[default]\naws_access_key_id = FILE\naws_secret_access_key = s\n");
	fake_setenv(fake, "AWS_ACCESS_KEY_ID=ENV");
	assert_refused(fake, "AWS_SECRET_ACCESS_KEY is not", "set both or none");
	fake_setenv(fake, "AWS_SECRET_ACCESS_KEY=s");
	fake_setenv(fake, "AWS_CREDENTIAL_EXPIRATION=2015-08-30T12:00:00Z");
	assert_refused(fake, "in the environment ended at 2015-08-30T12:00:00Z", "set new ones");
}

static void the_credentials_file_goes_before_the_config_file(void **state)
{
	struct fake *fake = *state;
	config(fake, "[profile dev]\naws_access_key_id = CONFIG\naws_secret_access_key = s\n");
	fake_file(fake, ".aws/credentials",
		  "[dev]\naws_access_key_id = SHARED\naws_secret_access_key = s\n"
		  "aws_session_token = file-token\n");
	fake->options.profile = "dev";
	FAKE_SCRIPT(fake, CLUSTERS);
	assert_link(fake, "credentials-file");
	assert_signed_by(fake, "SHARED");
	assert_contains(fake_header(&fake->asked[fake->n_asked - 1], "X-Amz-Security-Token"), "file-token");
	fake_file(fake, ".aws/credentials", "[dev]\naws_access_key_id = SHARED\n");
	assert_refused(fake, "has aws_access_key_id but no aws_secret_access_key", "aws configure --profile dev");
	fake->options.profile = "other";
	struct aws *none = NULL;
	struct error *unknown ERROR_CLEANUP = aws_new(&fake->options, &none);
	assert_contains(unknown->message, "profile \"other\" is neither in");
}

static void a_service_account_signs_in_by_its_token(void **state)
{
	struct fake *fake = *state;
	config(fake, "[default]\naws_access_key_id = FILE\naws_secret_access_key = s\n");
	fake_file(fake, "token", "web.token.1\n");
	char *file CLEANUP(mem_freep) = mem_printf("AWS_WEB_IDENTITY_TOKEN_FILE=%s/token", fake->home);
	fake_setenv(fake, file);
	FAKE_SCRIPT(fake, CLUSTERS);
	assert_refused(fake, "no role to assume", "set AWS_ROLE_ARN");
	fake_setenv(fake, "AWS_ROLE_ARN=arn:aws:iam::111122223333:role/pod");
	FAKE_SCRIPT(fake, {200, .body = STS_ANSWER("AssumeRoleWithWebIdentity", "WEB1", IN_AN_HOUR), .url = "sts."},
		    CLUSTERS,
		    {200, .body = STS_ANSWER("AssumeRoleWithWebIdentity", "WEB2", IN_AN_HOUR), .url = "sts."});
	CLIENT(fake);
	list(aws);
	assert_string_equal(aws->credentials.link, "web-identity");
	assert_signed_by(fake, "WEB1");
	assert_null(fake_header(&fake->asked[0], "Authorization")); /* the token is what proves us */
	assert_contains(fake->asked[0].body, "WebIdentityToken=web.token.1");
	assert_contains(fake->asked[0].body, "RoleSessionName=eks-upgrade-agent");
}

static void a_rotated_token_file_is_read_anew_at_each_refresh(void **state)
{
	struct fake *fake = *state;
	config(fake, "[default]\nrole_arn = arn:r\nweb_identity_token_file = ~/token\nrole_session_name = me\n");
	fake_file(fake, "token", "first");
	FAKE_SCRIPT(
		fake, {200, .body = STS_ANSWER("AssumeRoleWithWebIdentity", "W1", IN_AN_HOUR), .url = "=first"},
		CLUSTERS,
		{200, .body = STS_ANSWER("AssumeRoleWithWebIdentity", "W2", "2015-08-30T14:36:00Z"), .url = "=second"},
		CLUSTERS);
	CLIENT(fake);
	list(aws);
	assert_contains(fake->asked[0].body, "RoleSessionName=me");
	fake_file(fake, "token", "second");
	fake->now_ms += 50 * MINUTE_MS;
	list(aws);
	assert_signed_by(fake, "W2");
}

static void roles_are_assumed_by_the_source_profile_with_all_that_the_profile_says(void **state)
{
	struct fake *fake = *state;
	config(fake, "[profile admin]\nrole_arn = arn:aws:iam::1:role/admin\nsource_profile = base\n"
		     "external_id = outside\nduration_seconds = 1800\nrole_session_name = jane\n"
		     "[profile base]\nregion = eu-west-1\n");
	fake_file(fake, ".aws/credentials", "[base]\naws_access_key_id = BASE\naws_secret_access_key = s\n");
	fake->options.profile = "admin";
	FAKE_SCRIPT(fake, {200, .body = ASSUMED("ROLE"), .url = "Action=AssumeRole"}, CLUSTERS);
	assert_link(fake, "assume-role");
	assert_signed_by(fake, "ROLE");
	assert_contains(fake_header(&fake->asked[0], "Authorization"), "Credential=BASE/");
	assert_contains(fake->asked[0].body, "ExternalId=outside");
	assert_contains(fake->asked[0].body, "DurationSeconds=1800");
	assert_contains(fake->asked[0].body, "RoleSessionName=jane");
}

static void roles_lead_to_roles_but_not_in_a_circle(void **state)
{
	struct fake *fake = *state;
	config(fake,
	       "[profile c]\nrole_arn = arn:c\nsource_profile = b\n[profile b]\nrole_arn = arn:b\n"
	       "source_profile = a\n[profile a]\naws_access_key_id = A\naws_secret_access_key = s\n"
	       "[profile x]\nrole_arn = arn:x\nsource_profile = y\n[profile y]\nrole_arn = arn:y\nsource_profile = x\n"
	       "[profile self]\nrole_arn = arn:self\nsource_profile = self\n"
	       "[profile keyed]\nrole_arn = arn:keyed\nsource_profile = keyed\naws_access_key_id = K\n"
	       "aws_secret_access_key = s\n"
	       "[profile overkeyed]\nrole_arn = arn:o\nsource_profile = keyed\n"
	       "[profile lost]\nrole_arn = arn:l\nsource_profile = nowhere\n"
	       "[profile alone]\nrole_arn = arn:l\n"
	       "[profile both]\nrole_arn = arn:l\nsource_profile = a\ncredential_source = Environment\n");
	FAKE_SCRIPT(fake, {200, .body = ASSUMED("AS-B"), .url = "RoleArn=arn%3Ab&"},
		    {200, .body = ASSUMED("AS-C"), .url = "RoleArn=arn%3Ac&"}, CLUSTERS);
	fake->options.profile = "c";
	assert_link(fake, "assume-role");
	assert_int_equal(fake->n_asked, 3);
	assert_contains(fake_header(&fake->asked[0], "Authorization"), "Credential=A/");
	assert_contains(fake_header(&fake->asked[1], "Authorization"), "Credential=AS-B/");
	assert_signed_by(fake, "AS-C");
	fake->options.profile = "keyed";
	FAKE_SCRIPT(fake, {200, .body = ASSUMED("AS-K"), .url = "RoleArn=arn%3Akeyed&"}, CLUSTERS);
	assert_link(fake, "assume-role");
	assert_contains(fake_header(&fake->asked[0], "Authorization"), "Credential=K/");
	fake->options.profile = "overkeyed"; /* keys of the source go before its role: as botocore has it */
	FAKE_SCRIPT(fake, {200, .body = ASSUMED("AS-O"), .url = "RoleArn=arn%3Ao&"}, CLUSTERS);
	assert_link(fake, "assume-role");
	assert_int_equal(fake->n_asked, 2);
	fake->options.profile = "x";
	assert_refused(fake, "leads in a circle", "mend source_profile");
	fake->options.profile = "self";
	assert_refused(fake, "is its own source_profile and has no keys", "give it keys");
	fake->options.profile = "lost";
	assert_refused(fake, "source_profile \"nowhere\", which is not there", "aws configure list-profiles");
	fake->options.profile = "alone";
	assert_refused(fake, "no credentials to assume it with", "set source_profile or credential_source");
	fake->options.profile = "both";
	assert_refused(fake, "both source_profile and credential_source", "take one of them away");
}

static void a_long_chain_is_no_circle(void **state)
{
	struct fake *fake = *state;
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 14);
	for (int i = 0; i < 9; i++)
		buf_printf(&text, "[profile r%d]\nrole_arn = arn:%d\nsource_profile = r%d\n", i, i, i + 1);
	buf_puts(&text, "[profile r9]\naws_access_key_id = A\naws_secret_access_key = s\n");
	config(fake, buf_str(&text));
	FAKE_SCRIPT(fake, {200, .body = ASSUMED("AS8")}, {200, .body = ASSUMED("AS7")}, {200, .body = ASSUMED("AS6")},
		    {200, .body = ASSUMED("AS5")}, {200, .body = ASSUMED("AS4")}, {200, .body = ASSUMED("AS3")},
		    {200, .body = ASSUMED("AS2")}, {200, .body = ASSUMED("AS1")},
		    {200, .body = ASSUMED("AS0"), .url = "RoleArn=arn%3A0&"}, CLUSTERS);
	fake->options.profile = "r0";
	assert_link(fake, "assume-role");
	assert_signed_by(fake, "AS0");
}

static void roles_are_assumed_by_what_credential_source_names(void **state)
{
	struct fake *fake = *state;
	config(fake, "[profile env]\nrole_arn = arn:r\ncredential_source = Environment\n"
		     "[profile ecs]\nrole_arn = arn:r\ncredential_source = EcsContainer\n"
		     "[profile wrong]\nrole_arn = arn:r\ncredential_source = Elsewhere\n");
	fake->options.profile = "env";
	fake_setenv(fake, "AWS_ACCESS_KEY_ID=ENV");
	fake_setenv(fake, "AWS_SECRET_ACCESS_KEY=s");
	FAKE_SCRIPT(fake, {200, .body = ASSUMED("ROLE"), .url = "Action=AssumeRole"}, CLUSTERS);
	assert_link(fake, "assume-role");
	assert_contains(fake_header(&fake->asked[0], "Authorization"), "Credential=ENV/");
	fake->options.profile = "ecs";
	fake_setenv(fake, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/x");
	FAKE_SCRIPT(fake,
		    {200, .url = "http://169.254.170.2/v2/x",
		     .body = "{\"AccessKeyId\":\"ECS\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
			     "\"Expiration\":\"2015-08-30T18:00:00Z\"}"},
		    {200, .body = ASSUMED("ROLE"), .url = "Action=AssumeRole"}, CLUSTERS);
	assert_link(fake, "assume-role");
	assert_contains(fake_header(&fake->asked[1], "Authorization"), "Credential=ECS/");
	fake->options.profile = "wrong";
	assert_refused(fake, "unknown credential_source \"Elsewhere\"",
		       "Environment, EcsContainer, Ec2InstanceMetadata");
}

static void the_instances_role_may_lead_to_another(void **state)
{
	struct fake *fake = *state;
	fake_walk_chain(fake);
	fake_setenv(fake, "AWS_REGION=us-east-1");
	fake_file(fake, ".aws/config", "[default]\nrole_arn = arn:r\ncredential_source = Ec2InstanceMetadata\n");
	FAKE_SCRIPT(fake, {200, .body = "TOKEN", .url = "/latest/api/token"},
		    {200,
		     .body = "{\"AccessKeyId\":\"EC2\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
			     "\"Expiration\":\"2015-08-30T18:00:00Z\"}",
		     .url = "credentials/role-name"},
		    {200, .body = "role-name\n", .url = "security-credentials/"},
		    {200, .body = ASSUMED("ROLE"), .url = "Action=AssumeRole"}, CLUSTERS);
	assert_link(fake, "assume-role");
	assert_contains(fake_header(&fake->asked[3], "Authorization"), "Credential=EC2/");
}

static char *answer_code(void *context, const char *question)
{
	unsigned *asked = context;
	assert_string_equal(question, "MFA code of arn:aws:iam::1:mfa/jane: ");
	(*asked)++;
	return strdup("654321");
}

static const char with_mfa[] = "[default]\nrole_arn = arn:r\nsource_profile = base\n"
			       "mfa_serial = arn:aws:iam::1:mfa/jane\n"
			       "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n";

static void a_device_is_asked_for_its_code_once_an_hour(void **state)
{
	struct fake *fake = *state;
	unsigned asked = 0;
	config(fake, with_mfa);
	assert_refused(fake, "wants a code of \"arn:aws:iam::1:mfa/jane\"", "--mfa-code");
	fake->options.mfa_code = "123456";
	FAKE_SCRIPT(fake, {200, .body = ASSUMED("ROLE"), .url = "TokenCode=123456"}, CLUSTERS);
	assert_link(fake, "assume-role");
	assert_contains(fake->asked[0].body, "SerialNumber=arn%3Aaws%3Aiam%3A%3A1%3Amfa%2Fjane");
	fake->options.mfa_code = NULL;
	fake->options.ask = answer_code;
	fake->options.ask_context = &asked;
	FAKE_SCRIPT(fake, CLUSTERS); /* another command within the hour: kept where the aws command line keeps it */
	assert_link(fake, "assume-role");
	assert_signed_by(fake, "ROLE");
	assert_int_equal(asked, 0);
	fake->now_ms += 50 * MINUTE_MS;
	FAKE_SCRIPT(fake,
		    {200, .body = STS_ANSWER("AssumeRole", "NEXT", "2015-08-30T15:00:00Z"), .url = "TokenCode=654321"},
		    CLUSTERS);
	assert_link(fake, "assume-role");
	assert_signed_by(fake, "NEXT");
	assert_int_equal(asked, 1);
}

static void kept_sessions_have_the_command_lines_own_names_and_nobody_else_may_read_them(void **state)
{
	struct fake *fake = *state;
	struct stat stat_of;
	config(fake, with_mfa);
	fake->options.mfa_code = "123456";
	FAKE_SCRIPT(fake, {200, .body = ASSUMED("ROLE"), .url = "TokenCode"}, CLUSTERS);
	assert_link(fake, "assume-role");
	/* botocore: sha1 of {"RoleArn": "arn:r", "SerialNumber": "arn:aws:iam::1:mfa/jane"} */
	char *path CLEANUP(mem_freep) =
		mem_printf("%s/.aws/cli/cache/ef9442729698583ceffe1f2abc2d536209cf43cb.json", fake->home);
	assert_int_equal(stat(path, &stat_of), 0);
	assert_int_equal(stat_of.st_mode & 0777, 0600);
	fake_file(fake, ".aws/cli/cache/ef9442729698583ceffe1f2abc2d536209cf43cb.json",
		  "{\"Credentials\":{\"AccessKeyId\":\"THEIRS\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\","
		  "\"Expiration\":\"2015-08-30T14:00:00UTC\"},\"ProviderType\":\"assume-role\"}");
	fake->options.mfa_code = NULL;
	FAKE_SCRIPT(fake, CLUSTERS);
	assert_link(fake, "assume-role");
	assert_signed_by(fake, "THEIRS");
	fake_file(fake, ".aws/cli/cache/ef9442729698583ceffe1f2abc2d536209cf43cb.json", "{\"Credentials\":");
	fake->options.mfa_code = "1";
	FAKE_SCRIPT(fake, {200, .body = ASSUMED("ANEW"), .url = "TokenCode=1"}, CLUSTERS);
	assert_link(fake, "assume-role");
	assert_signed_by(fake, "ANEW");
}

/* Named by sha1 of the start address, or of the session "corp". */
static const char by_address[] = ".aws/sso/cache/3947de8b16688092197fa616c34e01335f21d256.json",
		  by_session[] = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
static const char legacy_sso[] = "[default]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-central-1\n"
				 "sso_account_id = 111122223333\nsso_role_name = Admin\n",
		  session_sso[] =
			  "[default]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Admin\n"
			  "[sso-session corp]\nsso_start_url = https://x.awsapps.com/start\n"
			  "sso_region = eu-central-1\n";
#define SSO_KEYS                                                                                                       \
	{                                                                                                              \
		200,                                                                                                   \
			.body = "{\"roleCredentials\":{\"accessKeyId\":\"SSO\",\"secretAccessKey\":\"s\","             \
				"\"sessionToken\":\"t\",\"expiration\":1440950000000}}",                               \
			.url = "portal.sso.eu-central-1"                                                               \
	}

static void single_sign_on_uses_the_token_that_the_command_line_left(void **state)
{
	struct fake *fake = *state;
	config(fake, legacy_sso);
	FAKE_SCRIPT(fake, SSO_KEYS, CLUSTERS);
	assert_refused(fake, "nobody has signed on", "aws sso login --profile default");
	fake_file(fake, by_address, "{\"accessToken\":\"TOK\",\"expiresAt\":\"2015-08-30T20:00:00UTC\"}");
	assert_link(fake, "sso");
	assert_contains(fake->asked[0].url, "account_id=111122223333");
	assert_contains(fake->asked[0].url, "role_name=Admin");
	assert_contains(fake_header(&fake->asked[0], "x-amz-sso_bearer_token"), "TOK");
	assert_null(fake_header(&fake->asked[0], "Authorization"));
	assert_signed_by(fake, "SSO");
	fake_file(fake, by_address, "{\"accessToken\":\"TOK\",\"expiresAt\":\"2015-08-30T12:00:00Z\"}");
	assert_refused(fake, "the sso sign-on has ended", "aws sso login --profile default");
	fake_file(fake, by_address, "half a fi");
	assert_refused(fake, "cannot be read", "aws sso login --profile default");
	fake_file(fake, by_address, "{\"accessToken\":\"TOK\",\"expiresAt\":\"2015-08-30T20:00:00Z\"}");
	FAKE_SCRIPT(fake, {401, .body = "{\"message\":\"Session token not found or invalid\"}",
			   .headers = "x-amzn-errortype: UnauthorizedException"});
	assert_refused(fake, "no longer accepted", "aws sso login --profile default");
	fake_file(fake, ".aws/config", "[default]\nsso_start_url = https://x.awsapps.com/start\nsso_region = r\n");
	assert_refused(fake, "sso_account_id is missing", "aws configure sso --profile default");
}

static void a_session_is_renewed_by_its_refresh_token_and_the_new_one_kept(void **state)
{
	struct fake *fake = *state;
	config(fake, session_sso);
	fake_file(fake, by_session,
		  "{\"accessToken\":\"OLD\",\"expiresAt\":\"2015-08-30T12:40:00Z\",\"refreshToken\":\"R1\","
		  "\"clientId\":\"C\",\"clientSecret\":\"CS\",\"registrationExpiresAt\":\"2015-09-30T00:00:00Z\"}");
	FAKE_SCRIPT(fake,
		    {200, .url = "oidc.eu-central-1",
		     .body = "{\"accessToken\":\"NEW\",\"expiresIn\":28800,\"refreshToken\":\"R2\"}"},
		    SSO_KEYS, CLUSTERS);
	assert_link(fake, "sso");
	assert_contains(fake->asked[0].body, "\"refreshToken\":\"R1\"");
	assert_contains(fake_header(&fake->asked[1], "x-amz-sso_bearer_token"), "NEW");
	char *path CLEANUP(mem_freep) = mem_printf("%s/%s", fake->home, by_session);
	json_t *kept DOCUMENT_CLEANUP = json_load_file(path, 0, NULL);
	assert_string_equal(document_text(kept, "accessToken"), "NEW");
	assert_string_equal(document_text(kept, "refreshToken"), "R2");
	assert_string_equal(document_text(kept, "expiresAt"), "2015-08-30T20:36:00Z");
	assert_string_equal(document_text(kept, "clientSecret"), "CS");
	/* a renewal that fails: the old one serves while it lasts, then the person is told */
	fake_file(fake, by_session,
		  "{\"accessToken\":\"OLD\",\"expiresAt\":\"2015-08-30T12:40:00Z\",\"refreshToken\":\"R1\","
		  "\"clientId\":\"C\",\"clientSecret\":\"CS\",\"registrationExpiresAt\":\"2015-09-30T00:00:00Z\"}");
	FAKE_SCRIPT(fake, {400, .url = "oidc.", .body = "{\"error\":\"invalid_grant\"}"}, SSO_KEYS, CLUSTERS);
	assert_link(fake, "sso");
	fake->now_ms += 5 * MINUTE_MS;
	FAKE_SCRIPT(fake, {400, .url = "oidc.", .body = "{\"error\":\"invalid_grant\"}"});
	assert_refused(fake, "the sso sign-on has ended", "aws sso login --profile default");
}

static void what_aws_login_left_is_explained(void **state)
{
	struct fake *fake = *state;
	config(fake, "[default]\nlogin_session = arn:aws:iam::1:user/jane\n");
	FAKE_SCRIPT(fake, CLUSTERS);
	assert_refused(fake, "signs in by aws login", "credential_process = aws configure export-credentials");
}

static void a_program_gives_credentials(void **state)
{
	struct fake *fake = *state;
	config(fake, "[default]\ncredential_process = /opt/get \"a b\" 'c d' e\\ f --x=\"1\"\n");
	fake->printed = "{\"Version\":1,\"AccessKeyId\":\"PROC\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\","
			"\"Expiration\":\"2015-08-30T13:36:00Z\"}";
	FAKE_SCRIPT(fake, CLUSTERS);
	assert_link(fake, "credential-process");
	assert_signed_by(fake, "PROC");
	assert_string_equal(fake->started, "/opt/get|a b|c d|e f|--x=1");
	fake->printed = "{\"Version\":2,\"AccessKeyId\":\"PROC\",\"SecretAccessKey\":\"s\"}";
	assert_refused(fake, "not of version 1", "run it yourself");
	fake->printed = "{\"Version\":1,\"SecretAccessKey\":\"s3cr3t\"}";
	assert_refused(fake, "members are missing", "run it yourself");
	fake->printed = "AKIA s3cr3t {";
	struct error *nonsense ERROR_CLEANUP = refusal(fake);
	char *text CLEANUP(mem_freep) = told(nonsense);
	assert_null(strstr(text, "s3cr3t")); /* what it prints may be a secret */
	fake->printed = "no way";
	fake->exit_status = 3;
	assert_refused(fake, "status 3", "run it yourself");
	fake_file(fake, ".aws/config", "[default]\ncredential_process = /opt/get \"open\n");
	assert_refused(fake, "has an open quote", "mend the profile");
}

static void credentials_are_renewed_before_they_end_and_the_old_ones_kept_when_that_fails(void **state)
{
	struct fake *fake = *state;
	on_ec2(fake);
	FAKE_SCRIPT(fake, TOKEN, EC2("FIRST", "2015-08-30T13:36:00Z"), ROLE, CLUSTERS);
	CLIENT(fake);
	list(aws);
	fake->now_ms += 44 * MINUTE_MS;
	FAKE_SCRIPT(fake, CLUSTERS); /* 16 minutes left: nobody is asked */
	list(aws);
	fake->now_ms += 2 * MINUTE_MS;
	FAKE_SCRIPT(fake, {500, .url = "/latest/api/token"}, CLUSTERS);
	list(aws);
	assert_signed_by(fake, "FIRST");
	list(aws); /* within the minute it is not tried again */
	assert_int_equal(fake->n_asked, 3);
	fake->now_ms += MINUTE_MS;
	FAKE_SCRIPT(fake, TOKEN, EC2("SECOND", "2015-08-30T19:36:00Z"), ROLE, CLUSTERS);
	list(aws);
	assert_signed_by(fake, "SECOND");
}

static void a_batch_refreshes_once_and_a_chain_that_finds_nothing_is_walked_once(void **state)
{
	struct fake *fake = *state;
	struct aws_request requests[10] = {0};
	on_ec2(fake);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		requests[i] = (struct aws_request){.operation = &aws_eks_ListClusters};
	CLIENT(fake);
	FAKE_SCRIPT(fake, {0, .url = "/latest/api/token"});
	aws_call_batch(aws, requests, ARRAY_SIZE(requests));
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		assert_int_equal(requests[i].error->class, ERROR_AUTH);
		error_free(requests[i].error);
	}
	assert_int_equal(fake->n_asked, 1);
	fake->now_ms += 2 * SECOND_MS;
	FAKE_SCRIPT(fake, TOKEN, EC2("FIRST", "2015-08-30T18:36:00Z"), ROLE, CLUSTERS);
	list(aws);
	/* all ten are refused: the first gets new ones, the others use them */
	fake->now_ms += 2 * MINUTE_MS;
	static const struct fake_reply script[] = {
		{400, .body = "{\"__type\":\"ExpiredTokenException\"}", .url = "/clusters"},
		{400, .body = "{\"__type\":\"ExpiredTokenException\"}", .url = "/clusters"},
		{400, .body = "{\"__type\":\"ExpiredTokenException\"}", .url = "/clusters"},
		TOKEN,
		EC2("SECOND", "2015-08-30T18:37:00Z"),
		ROLE,
		CLUSTERS};
	fake->script = script;
	fake->n_script = ARRAY_SIZE(script);
	fake->at = fake->n_asked = 0;
	for (size_t i = 0; i < 3; i++)
		requests[i] = (struct aws_request){.operation = &aws_eks_ListClusters};
	aws_call_batch(aws, requests, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_null(requests[i].error);
		json_decref(requests[i].output);
	}
	assert_int_equal(fake->n_asked, 3 + 3 + 3);
	assert_signed_by(fake, "SECOND");
}

static void new_keys_in_the_file_are_found_when_the_old_are_refused(void **state)
{
	struct fake *fake = *state;
	config(fake, "");
	fake_file(fake, ".aws/credentials", "[default]\naws_access_key_id = OLD\naws_secret_access_key = s\n");
	CLIENT(fake);
	FAKE_SCRIPT(fake, CLUSTERS);
	list(aws);
	fake_file(fake, ".aws/credentials", "[default]\naws_access_key_id = NEW\naws_secret_access_key = s\n");
	FAKE_SCRIPT(fake, {403, .body = "{\"__type\":\"ExpiredTokenException\"}", .url = "/clusters"}, CLUSTERS);
	list(aws);
	assert_signed_by(fake, "NEW");
	FAKE_SCRIPT(fake, {403, .body = "{\"__type\":\"ExpiredTokenException\"}", .url = "/clusters"});
	struct error *ended ERROR_CLEANUP = aws_call(aws, &aws_eks_ListClusters, NULL, NULL);
	assert_contains(ended->remedy, "sign in again");
	assert_int_equal(fake->n_asked, 2);
}

static void the_whole_chain_is_told_link_by_link(void **state)
{
	struct fake *fake = *state;
	static const char *const order[] = {
		"explicit",	    "environment", "assume-role",	 "web-identity", "sso",
		"credentials-file", "login",	   "credential-process", "config-file",	 "container",
		"instance-metadata"};
	json_t *chain DOCUMENT_CLEANUP = NULL;
	config(fake, "[default]\naws_access_key_id = FILE\naws_secret_access_key = hush\n");
	CLIENT(fake);
	assert_null(aws_credentials_explain(aws, &chain));
	assert_int_equal(json_array_size(chain), ARRAY_SIZE(order));
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		json_t *link = json_array_get(chain, i);
		assert_string_equal(document_text(link, "link"), order[i]);
		assert_true(*document_text(link, "detail"));
		assert_true(i == 8 ? json_is_true(json_object_get(link, "ok"))
				   : json_is_null(json_object_get(link, "ok")));
	}
	assert_string_equal(document_text(json_array_get(chain, 8), "detail"), "key FILE");
	char *all = json_dumps(chain, 0);
	assert_null(strstr(all, "hush"));
	free(all);
}

static void malformed_files_are_told_by_line(void **state)
{
	struct fake *fake = *state;
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"region = x\n", "config:1: a setting before the first [section]"},
		{"[default]\nnonsense\n", "config:2: neither a [section] nor a setting"},
		{"[default]\nregion = a\nregion = b\n", "config:3: this setting stands in its section twice"},
		{"[]\n", "config:1: a section without a name"},
		{"[default]\n[default]\n", "config:2: this section stands here twice"},
		{"[default]\n[profile default]\n[default]\n", "config:3: this section stands here twice"},
		{"[default]\ns3 =\n  endpoint\n", "config:3: a nested setting without \"=\""},
	};
	fake_walk_chain(fake);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct aws *aws = NULL;
		fake_file(fake, ".aws/config", cases[i].text);
		struct error *error ERROR_CLEANUP = aws_new(&fake->options, &aws);
		assert_non_null(error);
		assert_contains(error->message, cases[i].message);
		assert_non_null(error->remedy);
	}
	fake_file(fake, ".aws/config", "[dev]\nregion = x\n");
	fake->options.profile = "dev";
	struct aws *aws = NULL;
	struct error *error ERROR_CLEANUP = aws_new(&fake->options, &aws);
	assert_contains(error->remedy, "write [profile dev] for [dev]");
}

static void settings_are_read_from_profile_and_environment(void **state)
{
	struct fake *fake = *state;
	config(fake, "[default]\naws_access_key_id = FILE\naws_secret_access_key = s\nmax_attempts = 1\n"
		     "ca_bundle = /etc/ca.pem\nservices = local\n[services local]\neks =\n"
		     "  endpoint_url = http://127.0.0.1:7001\n"
		     "elastic_load_balancing_v2 =\n  endpoint_url = http://127.0.0.1:7002\n");
	static const struct fake_reply fails[] = {{.status = 500}};
	fake->script = fails;
	fake->n_script = 1;
	CLIENT(fake);
	error_free(aws_call(aws, &aws_eks_ListClusters, NULL, NULL));
	assert_int_equal(fake->n_asked, 1);
	assert_contains(fake->asked[0].url, "http://127.0.0.1:7001/clusters");
	error_free(aws_call(aws, &aws_elbv2_DescribeAccountLimits, NULL, NULL));
	assert_contains(fake->asked[1].url, "http://127.0.0.1:7002/");
	error_free(aws_call(aws, &aws_ec2_DescribeRegions, NULL, NULL));
	assert_contains(fake->asked[2].url, "https://ec2.us-east-1.amazonaws.com/");
	assert_string_equal(aws->tls.ca_file, "/etc/ca.pem");
	fake_setenv(fake, "AWS_ENDPOINT_URL_EKS=http://127.0.0.1:7003");
	fake_setenv(fake, "AWS_USE_FIPS_ENDPOINT=true");
	fake_setenv(fake, "AWS_USE_DUALSTACK_ENDPOINT=true");
	struct aws *again CLEANUP(aws_freep) = fake_client(fake);
	error_free(aws_call(again, &aws_eks_ListClusters, NULL, NULL));
	assert_contains(fake->asked[3].url, "http://127.0.0.1:7003/clusters");
	error_free(aws_call(again, &aws_ec2_DescribeRegions, NULL, NULL));
	assert_contains(fake->asked[4].url, "https://ec2-fips.us-east-1.api.aws/");
}

/* "[default]" and "[profile default]" are two ways to name one section: the later stands, whole. */
static void the_default_profile_may_be_named_both_ways(void **state)
{
	struct fake *fake = *state;
	fake_walk_chain(fake);
	fake_file(fake, ".aws/config",
		  "[default]\nregion = us-west-2\nmax_attempts = 1\n[profile default]\nca_bundle = /etc/ca.pem\n");
	CLIENT(fake);
	assert_string_equal(aws_region(aws), "");
	assert_int_equal(aws->max_attempts, 0);
	assert_string_equal(aws->tls.ca_file, "/etc/ca.pem");
}

static void services_that_are_not_there_are_told(void **state)
{
	struct fake *fake = *state;
	config(fake, "[default]\naws_access_key_id = A\naws_secret_access_key = s\nservices = locl\n"
		     "[services local]\neks =\n  endpoint_url = http://127.0.0.1:7001\n");
	CLIENT(fake);
	struct error *error ERROR_CLEANUP = aws_call(aws, &aws_eks_ListClusters, NULL, NULL);
	assert_non_null(error);
	assert_contains(error->message, "services \"locl\", which is not there");
	assert_contains(error->remedy, "[services locl]");
	assert_int_equal(fake->n_asked, 0);
}

static void the_old_name_of_the_session_token_is_known(void **state)
{
	struct fake *fake = *state;
	config(fake, "");
	fake_setenv(fake, "AWS_ACCESS_KEY_ID=ENV");
	fake_setenv(fake, "AWS_SECRET_ACCESS_KEY=s");
	fake_setenv(fake, "AWS_SECURITY_TOKEN=old");
	FAKE_SCRIPT(fake, CLUSTERS);
	assert_link(fake, "environment");
	assert_contains(fake_header(&fake->asked[0], "X-Amz-Security-Token"), "old\n");
}

static void the_old_address_of_sts_is_used_where_it_is_asked_for(void **state)
{
	struct fake *fake = *state;
	fake_setenv(fake, "AWS_STS_REGIONAL_ENDPOINTS=legacy");
	static const struct fake_reply fails[] = {{.status = 404}};
	fake->script = fails;
	fake->n_script = 1;
	CLIENT(fake);
	error_free(aws_call(aws, &aws_sts_GetCallerIdentity, NULL, NULL));
	assert_contains(fake->asked[0].url, "https://sts.amazonaws.com/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_environment_goes_before_files_but_not_before_a_profile_asked_for),
		TEST(half_an_environment_is_told_not_passed_over),
		TEST(the_credentials_file_goes_before_the_config_file),
		TEST(a_service_account_signs_in_by_its_token),
		TEST(a_rotated_token_file_is_read_anew_at_each_refresh),
		TEST(roles_are_assumed_by_the_source_profile_with_all_that_the_profile_says),
		TEST(roles_lead_to_roles_but_not_in_a_circle),
		TEST(a_long_chain_is_no_circle),
		TEST(roles_are_assumed_by_what_credential_source_names),
		TEST(the_instances_role_may_lead_to_another),
		TEST(a_device_is_asked_for_its_code_once_an_hour),
		TEST(kept_sessions_have_the_command_lines_own_names_and_nobody_else_may_read_them),
		TEST(single_sign_on_uses_the_token_that_the_command_line_left),
		TEST(a_session_is_renewed_by_its_refresh_token_and_the_new_one_kept),
		TEST(what_aws_login_left_is_explained),
		TEST(a_program_gives_credentials),
		TEST(credentials_are_renewed_before_they_end_and_the_old_ones_kept_when_that_fails),
		TEST(a_batch_refreshes_once_and_a_chain_that_finds_nothing_is_walked_once),
		TEST(new_keys_in_the_file_are_found_when_the_old_are_refused),
		TEST(the_whole_chain_is_told_link_by_link),
		TEST(malformed_files_are_told_by_line),
		TEST(settings_are_read_from_profile_and_environment),
		TEST(the_default_profile_may_be_named_both_ways),
		TEST(services_that_are_not_there_are_told),
		TEST(the_old_name_of_the_session_token_is_known),
		TEST(the_old_address_of_sts_is_used_where_it_is_asked_for),
	};
	return cmocka_run_group_tests_name("aws credentials", tests, NULL, NULL);
}
