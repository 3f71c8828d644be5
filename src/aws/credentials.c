/* The chain. Each link either does not apply (says why), answers, or fails. */
#include "aws/credentials.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/time.h"
#include "codec/document.h"

struct chain {
	const struct aws_options *options;
	const struct aws_profile *profile;
	struct aws_credentials *ret;
	char *skipped; /* why the link does not apply; the chain's to free */
};

typedef struct error *link_fn(struct chain *chain, bool *ret_answered);

void aws_credentials_done(struct aws_credentials *credentials)
{
	free(credentials->access_key);
	if (credentials->session_token)
		secret_wipe(credentials->session_token, strlen(credentials->session_token));
	free(credentials->session_token);
	secret_free(credentials->secret_key);
	*credentials = (struct aws_credentials){0};
}

static void take(struct chain *chain, const char *access, const char *secret, const char *token, int64_t expires_ms)
{
	aws_credentials_done(chain->ret);
	*chain->ret = (struct aws_credentials){.access_key = mem_strdup(access),
					       .secret_key = secret_new(secret, strlen(secret)),
					       .session_token = token && *token ? mem_strdup(token) : NULL,
					       .expires_ms = expires_ms};
}

static struct error *explicit_keys(struct chain *chain, bool *ret_answered)
{
	const struct aws_options *options = chain->options;
	if (options->access_key && options->secret_key) {
		take(chain, options->access_key, options->secret_key, options->session_token, INT64_MAX);
		*ret_answered = true;
	} else {
		chain->skipped = mem_strdup("none given");
	}
	return NULL;
}

static struct error *environment(struct chain *chain, bool *ret_answered)
{
	const char *access = aws_getenv(chain->options, "AWS_ACCESS_KEY_ID"),
		   *secret = aws_getenv(chain->options, "AWS_SECRET_ACCESS_KEY");
	if (aws_profile_was_named(chain->profile)) {
		chain->skipped = mem_strdup("a profile is named, which goes before");
		return NULL;
	}
	if (access && !secret)
		return error_remedy(error_new(ERROR_AUTH, "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not"),
				    "set both or none");
	if (access && secret) {
		take(chain, access, secret, aws_getenv(chain->options, "AWS_SESSION_TOKEN"), INT64_MAX);
		*ret_answered = true;
	} else {
		chain->skipped = mem_strdup("AWS_ACCESS_KEY_ID is not set");
	}
	return NULL;
}

/* {"AccessKeyId", "SecretAccessKey", "SessionToken"|"Token", "Expiration"} in any of its homes. */
static struct error *take_document(struct chain *chain, const json_t *document, const char *from)
{
	const char *access = document_text(document, "AccessKeyId"),
		   *secret = document_text(document, "SecretAccessKey");
	const char *token = document_text(document, "SessionToken"), *expires = document_text(document, "Expiration");
	int64_t expires_ms = INT64_MAX;
	if (!access || !secret)
		return error_new(ERROR_AUTH, "%s gave no credentials: %s", from,
				 document_text_or(document, "Message",
						  document_text_or(document, "message", "members are missing")));
	if (expires && !time_parse_rfc3339(slice_of(expires), &expires_ms))
		return error_new(ERROR_AUTH, "%s gave an expiration that is no time", from);
	take(chain, access, secret, token ? token : document_text(document, "Token"), expires_ms);
	return NULL;
}

/* A role by way of other credentials. */
static struct error *assume(struct chain *chain, const struct aws_operation *operation, json_t *input,
			    const struct aws_credentials *by)
{
	struct aws_options options = *chain->options;
	const char *region = aws_profile_get(chain->profile, "region");
	options.profile = NULL;
	options.region = options.region ? options.region : region ? region : "us-east-1";
	options.access_key = by ? by->access_key : "unsigned";
	options.secret_key = by ? secret_reveal(by->secret_key) : "unsigned";
	options.session_token = by ? by->session_token : NULL;
	struct aws *sts CLEANUP(aws_freep) = NULL;
	json_t *output DOCUMENT_CLEANUP = NULL;
	struct error *error = aws_new(&options, &sts);
	if (error) {
		json_decref(input);
		return error;
	}
	TRY(aws_call(sts, operation, input, &output));
	return take_document(chain, json_object_get(output, "Credentials"), "sts");
}

static struct error *read_token_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_new(ERROR_AUTH, "token file \"%s\" cannot be read", path);
	char chunk[4096];
	ssize_t n;
	buf_init(out, 65536);
	while ((n = read(fd, chunk, sizeof chunk)) > 0 && buf_append(out, chunk, (size_t)n))
		;
	close(fd);
	while (out->n && strchr(" \r\n", out->p[out->n - 1]))
		out->p[--out->n] = '\0';
	return out->n ? NULL : error_new(ERROR_AUTH, "token file \"%s\" is empty", path);
}

static struct error *web_identity(struct chain *chain, bool *ret_answered)
{
	const char *role = aws_getenv(chain->options, "AWS_ROLE_ARN"),
		   *file = aws_getenv(chain->options, "AWS_WEB_IDENTITY_TOKEN_FILE");
	const char *session = aws_getenv(chain->options, "AWS_ROLE_SESSION_NAME");
	if (!file) {
		role = aws_profile_get(chain->profile, "role_arn");
		file = aws_profile_get(chain->profile, "web_identity_token_file");
		session = aws_profile_get(chain->profile, "role_session_name");
	}
	if (!role || !file) {
		chain->skipped = mem_strdup("AWS_WEB_IDENTITY_TOKEN_FILE is not set");
		return NULL;
	}
	struct buf token CLEANUP(buf_done) = {0};
	TRY(read_token_file(file, &token));
	*ret_answered = true;
	return assume(chain, aws_operation_find("sts", "AssumeRoleWithWebIdentity"),
		      json_pack("{s:s, s:s, s:s}", "RoleArn", role, "RoleSessionName",
				session ? session : "eks-upgrade-agent", "WebIdentityToken", buf_str(&token)),
		      NULL);
}

static struct error *profile_keys(struct chain *chain, const char *name, bool *ret_answered)
{
	const char *access = aws_profile_get_of(chain->profile, name, "aws_access_key_id"),
		   *secret = aws_profile_get_of(chain->profile, name, "aws_secret_access_key");
	if (access && secret) {
		take(chain, access, secret, aws_profile_get_of(chain->profile, name, "aws_session_token"), INT64_MAX);
		*ret_answered = true;
	}
	return NULL;
}

static struct error *run_process(struct chain *chain, const char *command, bool *ret_answered)
{
	const char *argv[] = {"sh", "-c", command, NULL};
	char *name CLEANUP(mem_freep) =
		mem_printf("credentials-%lld", (long long)clock_wall_ms(chain->options->ports->clock));
	struct process_spec spec = {.name = name, .argv = argv, .deadline_ms = MINUTE_MS};
	struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 20);
	int status;
	TRY(process_run(chain->options->ports->process, chain->options->ports->clock, &spec, &out, &status));
	if (status != 0)
		return error_new(ERROR_AUTH, "credential_process ended with status %d", status);
	json_t *document DOCUMENT_CLEANUP = NULL;
	TRY(document_parse(buf_slice(&out), "credential_process", &document));
	*ret_answered = true;
	return take_document(chain, document, "credential_process");
}

static struct error *container(struct chain *chain, bool *ret_answered);
static struct error *instance(struct chain *chain, bool *ret_answered);

static struct error *source_of_role(struct chain *chain, unsigned depth, const char *name, bool *ret_answered);

/* role_arn with source_profile or credential_source; chained, at most five deep. */
static struct error *role_of(struct chain *chain, unsigned depth, const char *name, bool *ret_answered)
{
	const char *role = aws_profile_get_of(chain->profile, name, "role_arn");
	if (depth > 5)
		return error_new(ERROR_AUTH, "profile \"%s\": roles that lead to each other", name);
	bool base = false;
	TRY(source_of_role(chain, depth, name, &base));
	if (!base)
		return error_remedy(error_new(ERROR_AUTH,
					      "profile \"%s\" has a role_arn but no credentials to assume it with",
					      name),
				    "set source_profile or credential_source");
	const char *session = aws_profile_get_of(chain->profile, name, "role_session_name"),
		   *external = aws_profile_get_of(chain->profile, name, "external_id");
	const char *serial = aws_profile_get_of(chain->profile, name, "mfa_serial");
	json_t *input =
		json_pack("{s:s, s:s}", "RoleArn", role, "RoleSessionName", session ? session : "eks-upgrade-agent");
	if (external)
		json_object_set_new(input, "ExternalId", json_string(external));
	if (serial && !chain->options->mfa_code) {
		json_decref(input);
		return error_remedy(error_new(ERROR_AUTH, "profile \"%s\" wants a code of \"%s\"", name, serial),
				    "give it by --mfa-code");
	}
	if (serial) {
		json_object_set_new(input, "SerialNumber", json_string(serial));
		json_object_set_new(input, "TokenCode", json_string(chain->options->mfa_code));
	}
	struct aws_credentials by = *chain->ret;
	*chain->ret = (struct aws_credentials){0};
	struct error *error = assume(chain, aws_operation_find("sts", "AssumeRole"), input, &by);
	aws_credentials_done(&by);
	*ret_answered = !error;
	return error;
}

static struct error *source_of_role(struct chain *chain, unsigned depth, const char *name, bool *ret_answered)
{
	const char *source = aws_profile_get_of(chain->profile, name, "source_profile"),
		   *place = aws_profile_get_of(chain->profile, name, "credential_source");
	if (source && strcmp(source, name) != 0 && aws_profile_get_of(chain->profile, source, "role_arn"))
		return role_of(chain, depth + 1, source, ret_answered);
	if (source)
		return profile_keys(chain, source, ret_answered);
	if (place && !strcmp(place, "Environment")) {
		const char *access = aws_getenv(chain->options, "AWS_ACCESS_KEY_ID"),
			   *secret = aws_getenv(chain->options, "AWS_SECRET_ACCESS_KEY");
		*ret_answered = access && secret;
		if (*ret_answered)
			take(chain, access, secret, aws_getenv(chain->options, "AWS_SESSION_TOKEN"), INT64_MAX);
		return NULL;
	}
	if (place && !strcmp(place, "EcsContainer"))
		return container(chain, ret_answered);
	return place && !strcmp(place, "Ec2InstanceMetadata") ? instance(chain, ret_answered) : NULL;
}

static struct error *shared_files(struct chain *chain, bool *ret_answered)
{
	const char *name = aws_profile_name(chain->profile),
		   *command = aws_profile_get(chain->profile, "credential_process");
	if (aws_profile_get(chain->profile, "role_arn") && !aws_profile_get(chain->profile, "web_identity_token_file"))
		return role_of(chain, 0, name, ret_answered);
	TRY(profile_keys(chain, name, ret_answered));
	if (!*ret_answered && command)
		return run_process(chain, command, ret_answered);
	if (!*ret_answered)
		chain->skipped = mem_printf("profile \"%s\" holds no credentials", name);
	return NULL;
}

static struct error *get(struct chain *chain, const char *method, const char *url, const struct http_header *headers,
			 size_t n, int64_t deadline_ms, struct buf *out)
{
	struct http_exchange exchange = {
		.request = {
			.method = method,
			.url = url,
			.headers = headers,
			.n_headers = n,
			.proxy = "",
			.limits = {.connect_ms = deadline_ms, .deadline_ms = deadline_ms, .max_body_bytes = 1 << 20}}};
	http_perform(chain->options->ports->http, &exchange, 1);
	struct error *error = TAKE(exchange.response.error);
	if (!error && exchange.response.status != 200)
		error = error_new(ERROR_AUTH, "\"%s\" answered %d", url, exchange.response.status);
	buf_init(out, 1 << 20);
	buf_append(out, exchange.response.body.p, exchange.response.body.n);
	http_exchange_done(&exchange);
	return error;
}

static struct error *container(struct chain *chain, bool *ret_answered)
{
	const char *relative = aws_getenv(chain->options, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
		   *full = aws_getenv(chain->options, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	const char *file = aws_getenv(chain->options, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
		   *inline_token = aws_getenv(chain->options, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	if (!relative && !full) {
		chain->skipped = mem_strdup("not in a container that offers them");
		return NULL;
	}
	char *url CLEANUP(mem_freep) = relative ? mem_printf("http://169.254.170.2%s", relative) : mem_strdup(full);
	struct buf token CLEANUP(buf_done) = BUF_INIT(65536), body CLEANUP(buf_done) = {0};
	if (file)
		TRY(read_token_file(file, &token));
	else if (inline_token)
		buf_puts(&token, inline_token);
	if (token.n && strpbrk(buf_str(&token), "\r\n"))
		return error_new(ERROR_AUTH, "the container's authorization token holds a line break");
	struct http_header header = {"Authorization", buf_str(&token)};
	TRY(get(chain, "GET", url, &header, token.n ? 1 : 0, 2 * SECOND_MS, &body));
	json_t *document DOCUMENT_CLEANUP = NULL;
	TRY(document_parse(buf_slice(&body), url, &document));
	*ret_answered = true;
	return take_document(chain, document, "the container's credentials endpoint");
}

static struct error *instance(struct chain *chain, bool *ret_answered)
{
	const char *disabled = aws_getenv(chain->options, "AWS_EC2_METADATA_DISABLED"),
		   *given = aws_getenv(chain->options, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
	const char *mode = aws_getenv(chain->options, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
	const char *base = given			       ? given
			   : mode && !strcasecmp(mode, "ipv6") ? "http://[fd00:ec2::254]"
							       : "http://169.254.169.254";
	if (disabled && !strcasecmp(disabled, "true")) {
		chain->skipped = mem_strdup("AWS_EC2_METADATA_DISABLED is true");
		return NULL;
	}
	char *url CLEANUP(mem_freep) = mem_printf("%s/latest/api/token", base);
	struct buf token CLEANUP(buf_done) = {0}, role CLEANUP(buf_done) = {0}, body CLEANUP(buf_done) = {0};
	struct http_header ttl = {"X-aws-ec2-metadata-token-ttl-seconds", "21600"};
	struct error *none = get(chain, "PUT", url, &ttl, 1, SECOND_MS, &token);
	if (none) {
		chain->skipped = mem_strdup("no metadata service: not on EC2");
		error_free(none);
		return NULL;
	}
	struct http_header header = {"X-aws-ec2-metadata-token", buf_str(&token)};
	char *list CLEANUP(mem_freep) = mem_printf("%s/latest/meta-data/iam/security-credentials/", base);
	TRY(get(chain, "GET", list, &header, 1, SECOND_MS, &role));
	char *one CLEANUP(mem_freep) = mem_printf("%s%.*s", list, (int)strcspn(buf_str(&role), "\r\n"), buf_str(&role));
	TRY(get(chain, "GET", one, &header, 1, SECOND_MS, &body));
	json_t *document DOCUMENT_CLEANUP = NULL;
	TRY(document_parse(buf_slice(&body), one, &document));
	*ret_answered = true;
	return take_document(chain, document, "the instance's metadata service");
}

static const struct {
	const char *name;
	link_fn *fn;
} links[] = {
	{"explicit", explicit_keys},	{"environment", environment}, {"web-identity", web_identity},
	{"shared-files", shared_files}, {"container", container},     {"instance-metadata", instance},
};

struct error *aws_credentials_find(const struct aws_options *options, const struct aws_profile *profile, json_t *tried,
				   struct aws_credentials *ret)
{
	struct buf reasons CLEANUP(buf_done) = BUF_INIT(4096);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		struct chain chain = {options, profile, ret, NULL};
		bool answered = false;
		struct error *error = links[i].fn(&chain, &answered);
		char *skipped CLEANUP(mem_freep) = chain.skipped;
		const char *detail = error ? error->message : answered ? ret->access_key : skipped;
		if (tried)
			json_array_append_new(tried, json_pack("{s:s, s:b, s:s}", "link", links[i].name, "ok",
							       answered && !error, "detail", detail ? detail : ""));
		if (error)
			return error_remedy(error_wrap(error, "cannot sign in by %s", links[i].name),
					    "eks-upgrade-agent doctor shows every place that was looked at");
		if (answered) {
			ret->link = links[i].name;
			return NULL;
		}
		buf_printf(&reasons, "%s%s (%s)", reasons.n ? ", " : "", links[i].name, detail ? detail : "");
	}
	return error_remedy(error_new(ERROR_AUTH, "no AWS credentials found: %s", buf_str(&reasons)),
			    "aws configure, aws sso login, or set AWS_PROFILE");
}
