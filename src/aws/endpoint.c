/* Endpoint rules. */
#include "aws/endpoint.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of a region, also of one that is newer than this program. Never NULL. */
static const struct aws_partition *aws_partition_of(const char *region)
{
	for (unsigned i = 0; i < aws_partitions_n; i++) {
		const char *prefix = aws_name(aws_partitions[i].region_prefix);
		if (*prefix && !strncmp(region, prefix, strlen(prefix)))
			return &aws_partitions[i];
	}
	return &aws_partitions[0];
}

static const struct aws_endpoint_rule *rule_of(const struct aws_service *service, const char *region, unsigned variant)
{
	unsigned number = (unsigned)(service - aws_services),
		 partition = (unsigned)(aws_partition_of(region) - aws_partitions);
	for (unsigned i = 0; i < aws_endpoint_rules_n; i++) {
		const struct aws_endpoint_rule *rule = &aws_endpoint_rules[i];
		if (rule->service == number && rule->partition == partition && rule->variants & 1u << variant &&
		    (!rule->region || !strcmp(aws_name(rule->region), region)))
			return rule;
	}
	return NULL;
}

/* One service for the whole partition: its rule names the region to sign for. */
static bool is_global(const struct aws_service *service)
{
	const struct aws_endpoint_rule *rule = rule_of(service, "", 0);
	return rule && rule->signing_region;
}

void aws_endpoint_rule(const struct aws_service *service, const char *region, unsigned variant, struct arena *arena,
		       const char **ret_host, const char **ret_signing_region)
{
	const struct aws_partition *partition = aws_partition_of(region);
	const struct aws_endpoint_rule *rule = rule_of(service, region, variant);
	const char *suffix = aws_name(partition->dns_suffix), *dual = aws_name(partition->dual_stack_suffix);
	*ret_signing_region = rule && rule->signing_region ? aws_name(rule->signing_region) : region;
	if (!rule) {
		*ret_host = arena_printf(arena, "%s%s.%s.%s", aws_name(service->endpoint_prefix),
					 variant & AWS_FIPS ? "-fips" : "", region,
					 variant & AWS_DUAL_STACK ? dual : suffix);
		return;
	}
	struct buf host CLEANUP(buf_done) = BUF_INIT(512);
	for (const char *p = aws_name(rule->template); *p; p++) {
		if (*p != '{') {
			buf_putc(&host, *p);
			continue;
		}
		buf_puts(&host, p[1] == 'r' ? region : p[1] == 'd' ? suffix : dual);
		p += 2;
	}
	*ret_host = arena_strdup(arena, buf_str(&host));
}

static bool is_true(const char *text)
{
	return text && !strcasecmp(text, "true");
}

static struct error *of_services_section(const struct aws_profile *profile, const struct aws_service *service,
					 const char **ret)
{
	const char *services = aws_profile_get(profile, "services");
	char key[96];
	*ret = NULL;
	if (!services)
		return NULL;
	if (!aws_profile_has_section(profile, "services", services))
		return error_remedy(error_new(ERROR_INVALID, "profile \"%s\" names services \"%s\", which is not there",
					      aws_profile_name(profile), services),
				    "write [services %s], or mend services in the profile", services);
	snprintf(key, sizeof key, "%s.endpoint_url", aws_name(service->id));
	for (char *p = key; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	*ret = aws_profile_get_section(profile, "services", services, key);
	return NULL;
}

static struct error *given_url(const struct aws_options *options, const struct aws_profile *profile,
			       const struct aws_service *service, const char **ret)
{
	char name[96];
	*ret = options->endpoint_url;
	if (*ret)
		return NULL;
	if (is_true(aws_getenv(options, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) ||
	    is_true(aws_profile_get(profile, "ignore_configured_endpoint_urls")))
		return NULL;
	snprintf(name, sizeof name, "AWS_ENDPOINT_URL_%s", aws_name(service->id));
	*ret = aws_getenv(options, name);
	*ret = *ret ? *ret : aws_getenv(options, "AWS_ENDPOINT_URL");
	if (*ret)
		return NULL;
	TRY(of_services_section(profile, service, ret));
	*ret = *ret ? *ret : aws_profile_get(profile, "endpoint_url");
	return NULL;
}

/* "127.0.0.1", "[::1]" and "localhost", with or without a port. */
static bool is_loopback(const char *host)
{
	size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	struct slice name = slice_make(host, n);
	return slice_eq(name, "localhost") || slice_eq(name, "[::1]") ||
	       (slice_starts(name, "127.") && strspn(host, "0123456789.") >= n);
}

static struct error *check_url(const char *url)
{
	size_t scheme = !strncasecmp(url, "https://", 8) ? 8 : !strncasecmp(url, "http://", 7) ? 7 : 0;
	if (strchr(url, '@')) /* not shown: a password may stand before it */
		return error_remedy(error_new(ERROR_INVALID, "the endpoint's address names a user before its host"),
				    "take what stands before \"@\" out of it");
	if (!scheme || !url[scheme] || url[scheme] == '/' || strpbrk(url, " \t\r\n?#"))
		return error_remedy(error_new(ERROR_INVALID, "endpoint \"%s\" is no address", url),
				    "write it like https://HOST or http://127.0.0.1:PORT");
	if (scheme == 7 && !is_loopback(url + 7))
		return error_remedy(
			error_new(ERROR_INVALID, "endpoint \"%s\" would send signed requests in plain http", url),
			"use https://; http:// is for this machine only");
	return NULL;
}

/* It becomes a part of a host name. */
static bool is_region(const char *region)
{
	size_t n = strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return n > 0 && n < 64 && !region[n] && *region != '-';
}

static unsigned wanted_variant(const struct aws_options *options, const struct aws_profile *profile)
{
	const char *fips = aws_getenv(options, "AWS_USE_FIPS_ENDPOINT"),
		   *dual = aws_getenv(options, "AWS_USE_DUALSTACK_ENDPOINT");
	return (is_true(fips ? fips : aws_profile_get(profile, "use_fips_endpoint")) ? AWS_FIPS : 0) |
	       (is_true(dual ? dual : aws_profile_get(profile, "use_dualstack_endpoint")) ? AWS_DUAL_STACK : 0);
}

/* sts_regional_endpoints = legacy: the regions that were there first are served by the one in Virginia. */
static bool sts_is_legacy(const struct aws_options *options, const struct aws_profile *profile, const char *region)
{
	static const char *const regions[] = {"ap-northeast-1", "ap-south-1",	"ap-southeast-1", "ap-southeast-2",
					      "ca-central-1",	"eu-central-1", "eu-north-1",	  "eu-west-1",
					      "eu-west-2",	"eu-west-3",	"sa-east-1",	  "us-east-1",
					      "us-east-2",	"us-west-1",	"us-west-2"};
	const char *mode = aws_getenv(options, "AWS_STS_REGIONAL_ENDPOINTS");
	mode = mode ? mode : aws_profile_get(profile, "sts_regional_endpoints");
	if (!mode || strcasecmp(mode, "legacy") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(regions); i++)
		if (!strcmp(regions[i], region))
			return true;
	return false;
}

struct error *aws_endpoint(const struct aws_options *options, const struct aws_profile *profile,
			   const struct aws_service *service, const char *region, struct arena *arena,
			   const char **ret_url, const char **ret_region)
{
	const char *url, *host, *signing;
	TRY(given_url(options, profile, service, &url));
	bool is_sts = !strcmp(aws_name(service->name), "sts");
	if (!*region && !is_global(service) && !is_sts && !url)
		return error_remedy(error_new(ERROR_INVALID, "no AWS region is known"),
				    "--region NAME, AWS_REGION, or region in the profile");
	region = *region ? region : "us-east-1";
	if (!is_region(region))
		return error_remedy(error_new(ERROR_INVALID, "region \"%s\" is not the name of a region", region),
				    "write it like us-east-1");
	unsigned variant = wanted_variant(options, profile);
	aws_endpoint_rule(service, region, variant, arena, &host, &signing);
	if (is_sts && variant == 0 && sts_is_legacy(options, profile, region)) {
		host = "sts.amazonaws.com";
		signing = "us-east-1";
	}
	*ret_region = arena_strdup(arena, signing);
	if (!url) {
		*ret_url = arena_printf(arena, "https://%s", host);
		return NULL;
	}
	TRY(check_url(url));
	size_t n = strlen(url);
	*ret_url = arena_strndup(arena, url, n && url[n - 1] == '/' ? n - 1 : n);
	return NULL;
}
