/* The chain: each link in turn, until one gives credentials; what it gave is kept and renewed before it ends. */
#include "aws/credentials.h"
#include "aws/credentials_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/document.h"

void aws_credentials_done(struct aws_credentials *credentials)
{
	free(credentials->access_key);
	if (credentials->session_token)
		secret_wipe(credentials->session_token, strlen(credentials->session_token));
	free(credentials->session_token);
	secret_free(credentials->secret_key);
	*credentials = (struct aws_credentials){0};
}

void aws_chain_take(struct aws_chain *chain, const char *access, const char *secret, const char *token,
		    int64_t expires_ms)
{
	aws_credentials_done(chain->ret);
	*chain->ret = (struct aws_credentials){.access_key = mem_strdup(access),
					       .secret_key = secret_new(secret, strlen(secret)),
					       .session_token = token && *token ? mem_strdup(token) : NULL,
					       .expires_ms = expires_ms};
}

struct error *aws_chain_skip(struct aws_chain *chain, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	free(chain->skipped);
	chain->skipped = mem_vprintf(format, args);
	va_end(args);
	return NULL;
}

const char *aws_chain_setting(const struct aws_chain *chain, const char *variable, const char *profile, const char *key)
{
	const char *value = aws_getenv(&chain->aws->options, variable);
	return value ? value : aws_profile_get_of(chain->aws->profile, profile, key);
}

struct error *aws_chain_take_document(struct aws_chain *chain, const json_t *document, const char *from)
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
	if (expires_ms <= aws_server_now_ms(chain->aws))
		return error_new(ERROR_AUTH, "%s gave credentials that ended at %s", from, expires);
	aws_chain_take(chain, access, secret, token ? token : document_text(document, "Token"), expires_ms);
	return NULL;
}

struct error *aws_chain_read_file(const struct aws_chain *chain, const char *path, struct buf *out)
{
	char *full CLEANUP(mem_freep) = *path == '~' ? aws_profile_home(&chain->aws->options, path) : mem_strdup(path);
	TRY(file_read(full, out));
	while (out->n && strchr(" \t\r\n", out->p[out->n - 1]))
		out->p[--out->n] = '\0';
	return out->n ? NULL : error_new(ERROR_AUTH, "file \"%s\" is empty", full);
}

static struct error *explicit_keys(struct aws_chain *chain, const char *profile, bool *ret_answered)
{
	const struct aws_options *options = &chain->aws->options;
	(void)profile;
	if (!options->access_key || !options->secret_key)
		return aws_chain_skip(chain, "none given");
	aws_chain_take(chain, options->access_key, options->secret_key, options->session_token, INT64_MAX);
	*ret_answered = true;
	return NULL;
}

static struct error *environment(struct aws_chain *chain, const char *profile, bool *ret_answered)
{
	const struct aws_options *options = &chain->aws->options;
	const char *access = aws_getenv(options, "AWS_ACCESS_KEY_ID"),
		   *secret = aws_getenv(options, "AWS_SECRET_ACCESS_KEY"),
		   *expires = aws_getenv(options, "AWS_CREDENTIAL_EXPIRATION");
	int64_t expires_ms = INT64_MAX;
	if (aws_profile_was_asked_for(chain->aws->profile))
		return aws_chain_skip(chain, "profile \"%s\" is asked for, which goes before", profile);
	if (!access)
		return aws_chain_skip(chain, "AWS_ACCESS_KEY_ID is not set");
	if (!secret)
		return error_remedy(error_new(ERROR_AUTH, "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not"),
				    "set both or none");
	if (expires && !time_parse_rfc3339(slice_of(expires), &expires_ms))
		return error_remedy(error_new(ERROR_AUTH, "AWS_CREDENTIAL_EXPIRATION is no time"),
				    "set new credentials");
	if (expires_ms <= aws_server_now_ms(chain->aws))
		return error_remedy(error_new(ERROR_AUTH, "the credentials in the environment ended at %s", expires),
				    "set new ones");
	const char *token = aws_getenv(options, "AWS_SESSION_TOKEN");
	aws_chain_take(chain, access, secret, token ? token : aws_getenv(options, "AWS_SECURITY_TOKEN"), expires_ms);
	*ret_answered = true;
	return NULL;
}

static struct error *keys_in(struct aws_chain *chain, enum aws_profile_file file, const char *profile,
			     bool *ret_answered)
{
	const struct aws_profile *files = chain->aws->profile;
	const char *access = aws_profile_get_in(files, file, profile, "aws_access_key_id"),
		   *secret = aws_profile_get_in(files, file, profile, "aws_secret_access_key"),
		   *token = aws_profile_get_in(files, file, profile, "aws_session_token");
	if (!access)
		return aws_chain_skip(chain, "profile \"%s\" has no keys there", profile);
	if (!secret)
		return error_remedy(error_new(ERROR_AUTH,
					      "profile \"%s\" has aws_access_key_id but no aws_secret_access_key",
					      profile),
				    "aws configure --profile %s", profile);
	aws_chain_take(chain, access, secret,
		       token ? token : aws_profile_get_in(files, file, profile, "aws_security_token"), INT64_MAX);
	*ret_answered = true;
	return NULL;
}

struct error *aws_link_credentials_file(struct aws_chain *chain, const char *profile, bool *ret_answered)
{
	return keys_in(chain, AWS_FILE_CREDENTIALS, profile, ret_answered);
}

struct error *aws_link_config_file(struct aws_chain *chain, const char *profile, bool *ret_answered)
{
	return keys_in(chain, AWS_FILE_CONFIG, profile, ret_answered);
}

/* What `aws login` leaves behind is bound to its own program. */
static struct error *login(struct aws_chain *chain, const char *profile, bool *ret_answered)
{
	(void)ret_answered;
	if (!aws_profile_get_of(chain->aws->profile, profile, "login_session"))
		return aws_chain_skip(chain, "profile \"%s\" has no login_session", profile);
	return error_remedy(error_new(ERROR_AUTH,
				      "profile \"%s\" signs in by aws login, whose keys only that program can use",
				      profile),
			    "make a profile with credential_process = aws configure export-credentials --profile %s "
			    "--format process",
			    profile);
}

static const struct link {
	const char *name;
	aws_link_fn *fn;
	bool of_profile;
} links[] = {
	{"explicit", explicit_keys, false},
	{"environment", environment, false},
	{"assume-role", aws_link_role, true},
	{"web-identity", aws_link_web_identity, true},
	{"sso", aws_link_sso, true},
	{"credentials-file", aws_link_credentials_file, true},
	{"login", login, true},
	{"credential-process", aws_link_process, true},
	{"config-file", aws_link_config_file, true},
	{"container", aws_link_container, false},
	{"instance-metadata", aws_link_instance, false},
};

struct error *aws_chain_of_profile(struct aws_chain *chain, const char *profile, bool roles, bool *ret_answered)
{
	for (size_t i = 0; i < ARRAY_SIZE(links) && !*ret_answered; i++)
		if (links[i].of_profile && (roles || links[i].fn != aws_link_role))
			TRY(links[i].fn(chain, profile, ret_answered));
	return NULL;
}

static void tell(json_t *tried, const char *link, const json_t *ok, const char *detail)
{
	if (tried)
		json_array_append_new(
			tried, json_pack("{s:s, s:O, s:s}", "link", link, "ok", ok, "detail", detail ? detail : ""));
}

/* "key AKIA…, until 2026-11-24T12:00:00Z". */
static char *describe(const struct aws_credentials *found)
{
	char until[TIME_TEXT];
	return found->expires_ms == INT64_MAX ? mem_printf("key %s", found->access_key)
					      : mem_printf("key %s, until %s", found->access_key,
							   time_format_rfc3339(found->expires_ms, until));
}

/* Whatever else keeps us from signing in, a person must see to it. */
static bool may_pass(enum error_class class)
{
	return class == ERROR_TRANSIENT || class == ERROR_TIMEOUT || class == ERROR_THROTTLED ||
	       class == ERROR_CANCELLED;
}

struct error *aws_credentials_find(struct aws *aws, json_t *tried, struct aws_credentials *ret)
{
	struct buf reasons CLEANUP(buf_done) = BUF_INIT(1 << 14);
	char *last CLEANUP(mem_freep) = NULL; /* why the last place gave none */
	const char *profile = aws_profile_name(aws->profile);
	bool answered = false;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		struct aws_chain chain = {.aws = aws, .ret = ret};
		struct error *error = answered ? NULL : links[i].fn(&chain, profile, &answered);
		char *skipped CLEANUP(mem_freep) = chain.skipped;
		if (error) {
			tell(tried, links[i].name, json_false(), error->message);
			error = error_wrap(error, "cannot sign in by %s", links[i].name);
			error->class = may_pass(error->class) ? error->class : ERROR_AUTH;
			return error->remedy
				       ? error
				       : error_remedy(error, "eks-upgrade-agent doctor shows every place that was "
							     "looked at");
		}
		if (ret->link) {
			tell(tried, links[i].name, json_null(), "not asked");
		} else if (answered) {
			char *detail CLEANUP(mem_freep) = describe(ret);
			ret->link = links[i].name;
			tell(tried, links[i].name, json_true(), detail);
			if (!tried)
				return NULL;
		} else {
			tell(tried, links[i].name, json_null(), skipped);
			buf_printf(&reasons, "%s%s (%s)", reasons.n ? ", " : "", links[i].name, skipped ? skipped : "");
			free(last);
			last = mem_strdup(skipped ? skipped : "no answer");
		}
	}
	if (answered)
		return NULL;
	log_debug("aws", "no credentials: %s", buf_str(&reasons));
	return error_remedy(
		error_new(ERROR_AUTH,
			  "no AWS credentials found: not in the environment, not by profile \"%s\", not of a "
			  "container or an instance (%s)",
			  profile, last),
		"aws configure, aws sso login, or set AWS_PROFILE; eks-upgrade-agent doctor shows every "
		"place that was looked at");
}
