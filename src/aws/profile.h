/* The shared files, ~/.aws/config and ~/.aws/credentials (or where AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE
 * say), read as the aws command line reads them: sections, keys in any case, "=" or ":", comment lines, continued
 * lines, nested settings. What it refuses is refused here too, with file and line. */
#pragma once

#include <jansson.h>
#include "aws/aws.h"

struct aws_profile;
struct error *aws_profile_load(const struct aws_options *options, struct aws_profile **ret) MUST_CHECK;
void aws_profile_free(struct aws_profile *profile);

/* A setting of the chosen profile, or of another by its name; nested ones are "services.endpoint_url". The credentials
 * file goes before the config file. NULL when it is missing or empty. Borrowed. */
const char *aws_profile_get(const struct aws_profile *profile, const char *key);
const char *aws_profile_get_of(const struct aws_profile *profile, const char *name, const char *key);
/* The same, of one file only. */
enum aws_profile_file { AWS_FILE_CONFIG, AWS_FILE_CREDENTIALS };
const char *aws_profile_get_in(const struct aws_profile *profile, enum aws_profile_file file, const char *name,
			       const char *key);
/* Of "[sso-session NAME]" (kind "sso-session") and "[services NAME]". */
const char *aws_profile_get_section(const struct aws_profile *profile, const char *kind, const char *name,
				    const char *key);
bool aws_profile_has_section(const struct aws_profile *profile, const char *kind, const char *name);

const char *aws_profile_name(const struct aws_profile *profile);
bool aws_profile_exists(const struct aws_profile *profile, const char *name);
bool aws_profile_was_asked_for(const struct aws_profile *profile);	      /* by flag, not by AWS_PROFILE */
char *aws_profile_home(const struct aws_options *options, const char *below); /* "~/.aws/sso/cache"; the caller's */

/* Everything that was read, for tests: {"profiles": {name: {key: value}}, "sso-session": …, "services": …}. */
json_t *aws_profile_dump(const struct aws_profile *profile);

const char *aws_getenv(const struct aws_options *options, const char *name); /* NULL when unset or empty */
