/* Where a service answers: given addresses first, then the partition's rules. */
#pragma once

#include "aws/credentials.h"
#include "aws/tables.h"

struct aws_partition {
	const char *name, *dns_suffix, *global_region;
};
const struct aws_partition *aws_partition_of(const char *region);
/* "https://eks.eu-west-1.amazonaws.com", without a closing slash; *ret_region is what to sign for. INVALID when no
 * region is known. */
struct error *aws_endpoint(const struct aws_options *options, const struct aws_profile *profile,
			   const struct aws_service *service, const char *region, struct arena *arena,
			   const char **ret_url, const char **ret_region) MUST_CHECK;
