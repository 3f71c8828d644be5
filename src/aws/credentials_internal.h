/* The chain under way, and its links. */
#pragma once

#include "aws/client_internal.h"

struct aws_chain {
	struct aws *aws;
	struct aws_credentials *ret; /* filled by the link that answers */
	char *skipped;		     /* why the link does not apply; the chain's to free */
	unsigned depth;		     /* of roles that lead to roles */
};

/* A link of one profile. *ret_answered stays false, with `skipped` set, when it does not apply. */
typedef struct error *aws_link_fn(struct aws_chain *chain, const char *profile, bool *ret_answered);
aws_link_fn aws_link_role, aws_link_web_identity, aws_link_sso, aws_link_credentials_file, aws_link_process,
	aws_link_config_file, aws_link_container, aws_link_instance;

/* "Does not apply, because …"; gives NULL. */
struct error *aws_chain_skip(struct aws_chain *chain, const char *format, ...) PRINTF_LIKE(2, 3);
void aws_chain_take(struct aws_chain *chain, const char *access, const char *secret, const char *token,
		    int64_t expires_ms);
/* {"AccessKeyId", "SecretAccessKey", "SessionToken" or "Token", "Expiration"} in any of its homes. */
struct error *aws_chain_take_document(struct aws_chain *chain, const json_t *document, const char *from) MUST_CHECK;
/* Everything that belongs to a profile, in order, as source of a role; `roles`: also the role that it names itself. */
struct error *aws_chain_of_profile(struct aws_chain *chain, const char *profile, bool roles,
				   bool *ret_answered) MUST_CHECK;
/* A setting of the environment, else of the profile. */
const char *aws_chain_setting(const struct aws_chain *chain, const char *variable, const char *profile,
			      const char *key);
/* What the aws command line keeps, and where (credentials_cache.c). Times also with "UTC" for the Z. */
bool aws_cache_time(const char *text, int64_t *ret_ms);
void aws_cache_write(const char *path, const json_t *document); /* what cannot be written is logged */
/* Of the session that an AssumeRole input begins; the caller's. */
char *aws_cache_role_path(const struct aws_chain *chain, const json_t *input, bool named_session);
bool aws_cache_take_role(struct aws_chain *chain, const char *path);
/* A whole small file, outer white space gone; "~/" is home. AUTH when it is missing or empty. */
struct error *aws_chain_read_file(const struct aws_chain *chain, const char *path, struct buf *out) MUST_CHECK;
