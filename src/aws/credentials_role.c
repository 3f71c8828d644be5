/* Roles: assumed by other credentials, or by a web identity (a service account's token: IRSA). */
#include <stdlib.h>
#include <string.h>
#include "aws/credentials_internal.h"
#include "aws/operations.h"
#include "base/mem.h"
#include "codec/document.h"

enum { MAX_ROLES = 32 }; /* more in a chain is a circle */

static const char SESSION[] = "eks-upgrade-agent";

static const char *get(const struct aws_chain *chain, const char *profile, const char *key)
{
	return aws_profile_get_of(chain->aws->profile, profile, key);
}

/* Asks STS; `input` is taken. */
static struct error *assume(struct aws_chain *chain, const struct aws_operation *operation, json_t *input,
			    const struct aws_credentials *by, const char *keep_at)
{
	json_t *output DOCUMENT_CLEANUP = NULL;
	TRY(aws_call_as(chain->aws, by, operation, input, &output));
	TRY(aws_chain_take_document(chain, json_object_get(output, "Credentials"), "sts"));
	if (keep_at)
		aws_cache_write(keep_at, output);
	return NULL;
}

struct error *aws_link_web_identity(struct aws_chain *chain, const char *profile, bool *ret_answered)
{
	const struct aws_options *options = &chain->aws->options;
	bool by_environment = !aws_profile_was_asked_for(chain->aws->profile) && chain->depth == 0 &&
			      aws_getenv(options, "AWS_WEB_IDENTITY_TOKEN_FILE");
	const char *file = by_environment ? aws_getenv(options, "AWS_WEB_IDENTITY_TOKEN_FILE")
					  : get(chain, profile, "web_identity_token_file");
	const char *role = by_environment ? aws_getenv(options, "AWS_ROLE_ARN") : get(chain, profile, "role_arn"),
		   *session = by_environment ? aws_getenv(options, "AWS_ROLE_SESSION_NAME")
					     : get(chain, profile, "role_session_name");
	if (!file)
		return aws_chain_skip(chain, "neither AWS_WEB_IDENTITY_TOKEN_FILE nor web_identity_token_file is set");
	if (!role)
		return error_remedy(error_new(ERROR_AUTH, "a web identity token is given, but no role to assume by it"),
				    "set %s", by_environment ? "AWS_ROLE_ARN" : "role_arn in the profile");
	struct buf token CLEANUP(buf_done) = BUF_INIT(1 << 16);
	TRY(aws_chain_read_file(chain, file, &token));
	json_t *input = json_pack("{s:s, s:s, s:s}", "RoleArn", role, "RoleSessionName", session ? session : SESSION,
				  "WebIdentityToken", buf_str(&token));
	secret_wipe(token.p, token.n);
	if (!input)
		return error_new(ERROR_AUTH, "file \"%s\" holds no token", file);
	TRY(assume(chain, &aws_sts_AssumeRoleWithWebIdentity, input, NULL, NULL));
	*ret_answered = true;
	return NULL;
}

static bool has_keys(const struct aws_chain *chain, const char *profile)
{
	return get(chain, profile, "aws_access_key_id") || get(chain, profile, "aws_secret_access_key");
}

/* The credentials by which a profile's role is assumed. */
static struct error *source_of(struct aws_chain *chain, const char *profile, bool *ret_answered)
{
	const char *source = get(chain, profile, "source_profile"), *place = get(chain, profile, "credential_source");
	const struct aws_options *options = &chain->aws->options;
	if (source && place)
		return error_remedy(
			error_new(ERROR_AUTH, "profile \"%s\" has both source_profile and credential_source", profile),
			"take one of them away");
	if (source && !aws_profile_exists(chain->aws->profile, source))
		return error_remedy(error_new(ERROR_AUTH,
					      "profile \"%s\" names source_profile \"%s\", which is not there", profile,
					      source),
				    "aws configure list-profiles shows those that are there");
	if (source && !strcmp(source, profile) && !has_keys(chain, source))
		return error_remedy(
			error_new(ERROR_AUTH, "profile \"%s\" is its own source_profile and has no keys", profile),
			"give it keys, or name another source_profile");
	if (source)
		return aws_chain_of_profile(chain, source, !has_keys(chain, source), ret_answered);
	if (place && !strcmp(place, "EcsContainer"))
		return aws_link_container(chain, profile, ret_answered);
	if (place && !strcmp(place, "Ec2InstanceMetadata"))
		return aws_link_instance(chain, profile, ret_answered);
	const char *access = aws_getenv(options, "AWS_ACCESS_KEY_ID"),
		   *secret = aws_getenv(options, "AWS_SECRET_ACCESS_KEY");
	if (place && strcmp(place, "Environment") != 0)
		return error_remedy(
			error_new(ERROR_AUTH, "profile \"%s\": unknown credential_source \"%s\"", profile, place),
			"it is one of Environment, EcsContainer, Ec2InstanceMetadata");
	if (place && access && secret) {
		aws_chain_take(chain, access, secret, aws_getenv(options, "AWS_SESSION_TOKEN"), INT64_MAX);
		*ret_answered = true;
	}
	return NULL;
}

/* A code of the person's device. One serves once. */
static struct error *add_mfa(struct aws_chain *chain, const char *profile, const char *serial, json_t *input)
{
	struct aws *aws = chain->aws;
	char *code CLEANUP(mem_freep) = TAKE(aws->mfa_code);
	aws->options.mfa_code = NULL;
	if (!code && aws->options.ask) {
		char *question CLEANUP(mem_freep) = mem_printf("MFA code of %s: ", serial);
		code = aws->options.ask(aws->options.ask_context, question);
	}
	if (!code || !*code)
		return error_remedy(error_new(ERROR_AUTH, "profile \"%s\" wants a code of \"%s\"", profile, serial),
				    "give it by --mfa-code");
	json_object_set_new(input, "TokenCode", json_string(code));
	return NULL;
}

static struct error *role_input(struct aws_chain *chain, const char *profile, const char *role, json_t **ret)
{
	const char *session = get(chain, profile, "role_session_name"), *external = get(chain, profile, "external_id"),
		   *serial = get(chain, profile, "mfa_serial"), *duration = get(chain, profile, "duration_seconds");
	json_t *input DOCUMENT_CLEANUP =
		json_pack("{s:s, s:s, s:s*, s:s*}", "RoleArn", role, "RoleSessionName", session ? session : SESSION,
			  "ExternalId", external, "SerialNumber", serial);
	char *end = NULL;
	long seconds = duration ? strtol(duration, &end, 10) : 0;
	if (duration && (*end || seconds <= 0))
		return error_remedy(error_new(ERROR_AUTH, "profile \"%s\": duration_seconds \"%s\" is no number",
					      profile, duration),
				    "write it like 3600");
	if (duration)
		json_object_set_new(input, "DurationSeconds", json_integer(seconds));
	*ret = TAKE(input);
	return NULL;
}

struct error *aws_link_role(struct aws_chain *chain, const char *profile, bool *ret_answered)
{
	const char *role = get(chain, profile, "role_arn");
	if (!role || get(chain, profile, "web_identity_token_file"))
		return aws_chain_skip(chain, "profile \"%s\" has no role_arn to assume by other credentials", profile);
	if (++chain->depth > MAX_ROLES)
		return error_remedy(
			error_new(ERROR_AUTH, "profile \"%s\": its source_profile leads in a circle", profile),
			"mend source_profile");
	const char *serial = get(chain, profile, "mfa_serial");
	json_t *input DOCUMENT_CLEANUP = NULL;
	TRY(role_input(chain, profile, role, &input));
	char *kept CLEANUP(mem_freep) =
		serial ? aws_cache_role_path(chain, input, get(chain, profile, "role_session_name") != NULL) : NULL;
	bool sourced = kept && aws_cache_take_role(chain, kept);
	if (sourced) {
		chain->depth--;
		*ret_answered = true;
		return NULL;
	}
	TRY(source_of(chain, profile, &sourced));
	chain->depth--;
	if (!sourced)
		return error_remedy(error_new(ERROR_AUTH,
					      "profile \"%s\" has a role_arn but no credentials to assume it with",
					      profile),
				    "set source_profile or credential_source, and see that it has credentials");
	if (serial)
		TRY(add_mfa(chain, profile, serial, input));
	struct aws_credentials by CLEANUP(aws_credentials_done) = *chain->ret;
	*chain->ret = (struct aws_credentials){0};
	TRY(assume(chain, &aws_sts_AssumeRole, TAKE(input), &by, kept));
	*ret_answered = true;
	return NULL;
}
