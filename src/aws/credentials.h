/* Who we are: the chain of places where credentials may come from, in the order of the AWS SDKs:
 *
 *   explicit keys, environment (unless a profile is asked for by flag), and of the profile: a role to assume, a web
 *   identity (also from the environment), single sign-on, keys in the credentials file, credential_process, keys in the
 *   config file; then the container's endpoint (ECS, EKS Pod Identity), then the instance's metadata service.
 *
 * A link either does not apply (and says why), answers, or fails; a failure ends the chain. */
#pragma once

#include <jansson.h>
#include "aws/aws.h"
#include "aws/profile.h"
#include "base/secret.h"

struct aws_credentials {
	char *access_key, *session_token;
	struct secret *secret_key;
	int64_t expires_ms; /* INT64_MAX: never */
	const char *link;   /* which link of the chain answered */
};
void aws_credentials_done(struct aws_credentials *credentials);

/* Walks the chain. `tried` (a list, may be NULL) takes {link, ok, detail} of each. AUTH when no link answers. */
struct error *aws_credentials_find(struct aws *aws, json_t *tried, struct aws_credentials *ret) MUST_CHECK;

/* The region of the EC2 instance we are on, by its metadata service; the caller's; NULL when there is none. */
char *aws_metadata_region(struct aws *aws);
