/* Where a service answers: given addresses first, then the partition's rules (rows of tables.h). */
#pragma once

#include "aws/credentials.h"
#include "aws/tables.h"

/* By the rules alone: the host of `service` in `region`, and the region to sign for. `variant` is a sum of enum
 * aws_endpoint_variants. */
void aws_endpoint_rule(const struct aws_service *service, const char *region, unsigned variant, struct arena *arena,
		       const char **ret_host, const char **ret_signing_region);

/* "https://eks.eu-west-1.amazonaws.com", without a closing slash; *ret_region is what to sign for. In this order:
 * --endpoint-url, AWS_ENDPOINT_URL_SERVICE, AWS_ENDPOINT_URL, the profile's services section, its endpoint_url, the
 * rules. INVALID when no region is known or one is no name, and for plain http to anywhere but this machine. */
struct error *aws_endpoint(const struct aws_options *options, const struct aws_profile *profile,
			   const struct aws_service *service, const char *region, struct arena *arena,
			   const char **ret_url, const char **ret_region) MUST_CHECK;
