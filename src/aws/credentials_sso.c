/* Single sign-on: the token that `aws sso login` left in its cache, renewed when it can be, for a role's credentials.
 */
#include <stdlib.h>
#include <string.h>
#include "aws/credentials_internal.h"
#include "aws/operations.h"
#include "base/mem.h"
#include "codec/document.h"

#define RENEW_BEFORE (15 * MINUTE_MS)

struct sign_on {
	const char *session; /* "[sso-session NAME]"; NULL in older profiles */
	const char *start_url, *region, *account, *role;
};

static struct error *read_settings(struct aws_chain *chain, const char *profile, struct sign_on *ret)
{
	const struct aws_profile *files = chain->aws->profile;
	const char *session = aws_profile_get_of(files, profile, "sso_session");
	*ret = (struct sign_on){.session = session,
				.start_url = aws_profile_get_of(files, profile, "sso_start_url"),
				.region = aws_profile_get_of(files, profile, "sso_region"),
				.account = aws_profile_get_of(files, profile, "sso_account_id"),
				.role = aws_profile_get_of(files, profile, "sso_role_name")};
	if (session) {
		ret->start_url = aws_profile_get_section(files, "sso-session", session, "sso_start_url");
		ret->region = aws_profile_get_section(files, "sso-session", session, "sso_region");
	}
	const char *missing = !ret->start_url ? "sso_start_url"
			      : !ret->region  ? "sso_region"
			      : !ret->account ? "sso_account_id"
			      : !ret->role    ? "sso_role_name"
					      : NULL;
	return missing ? error_remedy(error_new(ERROR_AUTH, "profile \"%s\" signs on by sso, but %s is missing",
						profile, missing),
				      "aws configure sso --profile %s", profile)
		       : NULL;
}

static char *cache_path(const struct aws_chain *chain, const struct sign_on *sign_on)
{
	char hash[SHA1_HEX_SIZE];
	sha1_hex(slice_of(sign_on->session ? sign_on->session : sign_on->start_url), hash);
	char *directory CLEANUP(mem_freep) = aws_profile_home(&chain->aws->options, "~/.aws/sso/cache");
	return mem_printf("%s/%s.json", directory, hash);
}

static struct error *must_log_in(const char *profile, const char *what)
{
	return error_remedy(error_new(ERROR_AUTH, "%s", what), "aws sso login --profile %s", profile);
}

/* These services stand in the region of the sign-on, wherever the cluster is. */
static void pin(struct aws *aws, const struct aws_operation *operation, const char *region)
{
	struct aws_service_state *state = &aws->services[operation->service];
	struct error *error = aws_endpoint(&aws->options, aws->profile, aws_service_of(operation), region, aws->arena,
					   &state->url, &state->region);
	if (error) { /* told when the call is made */
		error_free(error);
		return;
	}
	const char *host = strstr(state->url, "://") + 3;
	state->host = arena_strndup(aws->arena, host, strcspn(host, "/"));
	state->prefix = arena_strdup(aws->arena, host + strcspn(host, "/"));
	state->resolved = true;
}

static struct error *renew(struct aws_chain *chain, const struct sign_on *sign_on, const char *path, json_t *token)
{
	const char *refresh = document_text(token, "refreshToken"), *id = document_text(token, "clientId"),
		   *secret = document_text(token, "clientSecret");
	int64_t registered_ms;
	if (!refresh || !id || !secret ||
	    !aws_cache_time(document_text(token, "registrationExpiresAt"), &registered_ms) ||
	    registered_ms <= aws_server_now_ms(chain->aws))
		return error_new(ERROR_AUTH, "it cannot be renewed");
	json_t *output DOCUMENT_CLEANUP = NULL;
	pin(chain->aws, &aws_ssooidc_CreateToken, sign_on->region);
	TRY(aws_call_as(chain->aws, NULL, &aws_ssooidc_CreateToken,
			json_pack("{s:s, s:s, s:s, s:s}", "grantType", "refresh_token", "clientId", id, "clientSecret",
				  secret, "refreshToken", refresh),
			&output));
	char until[TIME_TEXT];
	int64_t until_ms = aws_server_now_ms(chain->aws) + document_int_or(output, "expiresIn", 0) * SECOND_MS;
	json_object_set(token, "accessToken", json_object_get(output, "accessToken"));
	json_object_set_new(token, "expiresAt",
			    json_string(time_format_rfc3339(until_ms - until_ms % SECOND_MS, until)));
	if (json_object_get(output, "refreshToken"))
		json_object_set(token, "refreshToken", json_object_get(output, "refreshToken"));
	aws_cache_write(path, token);
	return NULL;
}

/* The cached token, good for now. The result is the caller's document. */
static struct error *token_of(struct aws_chain *chain, const char *profile, const struct sign_on *sign_on, json_t **ret)
{
	char *path CLEANUP(mem_freep) = cache_path(chain, sign_on);
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	json_t *token DOCUMENT_CLEANUP = NULL;
	int64_t until_ms = 0, now_ms = aws_server_now_ms(chain->aws);
	struct error *error = aws_chain_read_file(chain, path, &text);
	if (error) {
		error_free(error);
		return must_log_in(profile, "nobody has signed on by sso yet");
	}
	error = document_parse(buf_slice(&text), path, &token);
	secret_wipe(text.p, text.n);
	if (error || !document_text(token, "accessToken") ||
	    !aws_cache_time(document_text(token, "expiresAt"), &until_ms)) {
		error_free(error);
		return must_log_in(profile, "the cached sso sign-on cannot be read");
	}
	if (until_ms - now_ms < RENEW_BEFORE && sign_on->session) {
		error = renew(chain, sign_on, path, token);
		if (error && until_ms <= now_ms)
			return error_remedy(error_wrap(error, "the sso sign-on has ended"),
					    "aws sso login --profile %s", profile);
		error_free(error);
	} else if (until_ms <= now_ms) {
		return must_log_in(profile, "the sso sign-on has ended");
	}
	*ret = TAKE(token);
	return NULL;
}

struct error *aws_link_sso(struct aws_chain *chain, const char *profile, bool *ret_answered)
{
	struct sign_on sign_on;
	json_t *token DOCUMENT_CLEANUP = NULL, *output DOCUMENT_CLEANUP = NULL;
	if (!aws_profile_get_of(chain->aws->profile, profile, "sso_session") &&
	    !aws_profile_get_of(chain->aws->profile, profile, "sso_start_url"))
		return aws_chain_skip(chain, "profile \"%s\" has neither sso_session nor sso_start_url", profile);
	TRY(read_settings(chain, profile, &sign_on));
	TRY(token_of(chain, profile, &sign_on, &token));
	pin(chain->aws, &aws_sso_GetRoleCredentials, sign_on.region);
	struct error *error =
		aws_call_as(chain->aws, NULL, &aws_sso_GetRoleCredentials,
			    json_pack("{s:s, s:s, s:s}", "roleName", sign_on.role, "accountId", sign_on.account,
				      "accessToken", document_text(token, "accessToken")),
			    &output);
	if (error && error->http_status == 401)
		return error_remedy(error_wrap(error, "the sso sign-on is no longer accepted"),
				    "aws sso login --profile %s", profile);
	TRY(error);
	const char *access = document_text(output, "roleCredentials.accessKeyId"),
		   *secret = document_text(output, "roleCredentials.secretAccessKey");
	if (!access || !secret)
		return error_new(ERROR_AUTH, "sso gave no credentials");
	aws_chain_take(chain, access, secret, document_text(output, "roleCredentials.sessionToken"),
		       document_int_or(output, "roleCredentials.expiration", INT64_MAX));
	*ret_answered = true;
	return NULL;
}
