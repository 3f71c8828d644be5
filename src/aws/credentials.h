/* Who we are: the chain of places where credentials may come from, in the order of the AWS SDKs. */
#pragma once

#include <jansson.h>
#include "aws/aws.h"
#include "base/secret.h"

struct aws_credentials {
	char *access_key, *session_token;
	struct secret *secret_key;
	int64_t expires_ms; /* INT64_MAX: never */
	const char *link;   /* which link of the chain answered */
};
void aws_credentials_done(struct aws_credentials *credentials);

/* The profile's settings of ~/.aws/config and ~/.aws/credentials (and their AWS_…_FILE places). */
struct aws_profile;
struct error *aws_profile_load(const struct aws_options *options, struct aws_profile **ret) MUST_CHECK;
void aws_profile_free(struct aws_profile *profile);
const char *aws_profile_get(const struct aws_profile *profile, const char *key); /* of the chosen profile; or NULL */
const char *aws_profile_get_of(const struct aws_profile *profile, const char *name, const char *key);
const char *aws_profile_name(const struct aws_profile *profile);
bool aws_profile_was_named(const struct aws_profile *profile); /* by flag or AWS_PROFILE */

/* Walks the chain. `tried` (a list, may be NULL) takes {link, ok, detail} of each. AUTH when no link answers. */
struct error *aws_credentials_find(const struct aws_options *options, const struct aws_profile *profile, json_t *tried,
				   struct aws_credentials *ret) MUST_CHECK;

const char *aws_getenv(const struct aws_options *options, const char *name); /* NULL when unset or empty */
