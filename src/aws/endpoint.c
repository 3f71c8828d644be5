/* Endpoint rules. */
#include "aws/endpoint.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *prefix;
	struct aws_partition partition;
} partitions[] = {
	{"cn-", {"aws-cn", "amazonaws.com.cn", "cn-northwest-1"}},
	{"us-gov-", {"aws-us-gov", "amazonaws.com", "us-gov-west-1"}},
	{"us-iso-", {"aws-iso", "c2s.ic.gov", "us-iso-east-1"}},
	{"us-isob-", {"aws-iso-b", "sc2s.sgov.gov", "us-isob-east-1"}},
	{"eu-isoe-", {"aws-iso-e", "cloud.adc-e.uk", "eu-isoe-west-1"}},
	{"us-isof-", {"aws-iso-f", "csp.hci.ic.gov", "us-isof-south-1"}},
	{"", {"aws", "amazonaws.com", "us-east-1"}},
};

const struct aws_partition *aws_partition_of(const char *region)
{
	size_t i = 0;
	while (strncmp(region, partitions[i].prefix, strlen(partitions[i].prefix)) != 0)
		i++;
	return &partitions[i].partition;
}

static bool is_true(const char *text)
{
	return text && !strcasecmp(text, "true");
}

static const char *given_url(const struct aws_options *options, const struct aws_profile *profile,
			     const struct aws_service *service)
{
	char name[96], key[96];
	if (options->endpoint_url)
		return options->endpoint_url;
	const char *ignore = aws_getenv(options, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
	if (is_true(ignore) || is_true(aws_profile_get(profile, "ignore_configured_endpoint_urls")))
		return NULL;
	snprintf(name, sizeof name, "AWS_ENDPOINT_URL_%s", aws_name(service->id));
	const char *url = aws_getenv(options, name), *services = aws_profile_get(profile, "services");
	url = url ? url : aws_getenv(options, "AWS_ENDPOINT_URL");
	if (!url && services) {
		char *section CLEANUP(mem_freep) = mem_printf("services %s", services);
		snprintf(key, sizeof key, "%s.endpoint_url", aws_name(service->id));
		for (char *p = key; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		url = aws_profile_get_of(profile, section, key);
	}
	return url ? url : aws_profile_get(profile, "endpoint_url");
}

struct error *aws_endpoint(const struct aws_options *options, const struct aws_profile *profile,
			   const struct aws_service *service, const char *region, struct arena *arena,
			   const char **ret_url, const char **ret_region)
{
	const char *url = given_url(options, profile, service);
	if (!*region && !service->global && !url)
		return error_remedy(error_new(ERROR_INVALID, "no AWS region is known"),
				    "--region NAME, AWS_REGION, or region in the profile");
	const struct aws_partition *partition = aws_partition_of(region);
	*ret_region = service->global ? partition->global_region : *region ? region : "us-east-1";
	if (url) {
		size_t n = strlen(url);
		*ret_url = arena_strndup(arena, url, n && url[n - 1] == '/' ? n - 1 : n);
		return NULL;
	}
	const char *fips_text = aws_getenv(options, "AWS_USE_FIPS_ENDPOINT"),
		   *dual_text = aws_getenv(options, "AWS_USE_DUALSTACK_ENDPOINT");
	bool fips = is_true(fips_text ? fips_text : aws_profile_get(profile, "use_fips_endpoint"));
	bool dual = is_true(dual_text ? dual_text : aws_profile_get(profile, "use_dualstack_endpoint"));
	const char *prefix = aws_name(service->endpoint_prefix);
	const char *suffix = !dual				  ? partition->dns_suffix
			     : !strcmp(partition->name, "aws-cn") ? "api.amazonwebservices.com.cn"
								  : "api.aws";
	if (service->global)
		*ret_url = arena_printf(arena, "https://%s%s.%s", prefix, fips ? "-fips" : "", partition->dns_suffix);
	else
		*ret_url = arena_printf(arena, "https://%s%s.%s.%s", prefix, fips ? "-fips" : "", *ret_region, suffix);
	return NULL;
}
