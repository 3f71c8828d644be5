/* Looks into the generated tables: binary search over sorted rows, nothing is made at start. */
#include "knowledge/lifecycle.h"

#include <stdlib.h>
#include <string.h>
#include "knowledge/knowledge_internal.h"

/* A word that ends at `n` against one that ends with NUL, as strcmp would order them. */
static int compare(const char *word, size_t n, const char *entry)
{
	int order = strncmp(word, entry, n);
	return order ? order : entry[n] ? -1 : 0;
}

static const struct api_lifecycle *find(const char *group, size_t n, const char *version, const char *kind)
{
	for (size_t low = 0, high = knowledge_n_apis; low < high;) {
		size_t middle = low + (high - low) / 2;
		const struct api_lifecycle *api = &knowledge_apis[middle];
		int order = compare(group, n, api->group);
		order = order ? order : strcmp(version, api->version);
		order = order ? order : strcmp(kind, api->kind);
		if (order == 0)
			return api;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct api_lifecycle *knowledge_api(const char *group, const char *version, const char *kind)
{
	return find(group, strlen(group), version, kind);
}

const struct api_lifecycle *knowledge_api_version(const char *api_version, const char *kind)
{
	const char *slash = strchr(api_version, '/');
	return slash ? find(api_version, (size_t)(slash - api_version), slash + 1, kind)
		     : find("", 0, api_version, kind);
}

const struct api_lifecycle *knowledge_api_resource(const char *group, const char *version, const char *resource)
{
	for (size_t low = 0, high = knowledge_n_by_resource; low < high;) {
		size_t middle = low + (high - low) / 2;
		const struct api_lifecycle *api = &knowledge_apis[knowledge_by_resource[middle]];
		int order = strcmp(group, api->group);
		order = order ? order : strcmp(resource, api->resource);
		order = order ? order : strcmp(version, api->version);
		if (order == 0)
			return api;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

unsigned knowledge_minor(const char *version)
{
	if (!version)
		return 0;
	version += *version == 'v';
	if (strncmp(version, "1.", 2) != 0)
		return 0;
	const char *digits = version + 2;
	size_t n = strspn(digits, "0123456789");
	if (n == 0 || n > 4 || (digits[n] && !strchr(".-+", digits[n])))
		return 0;
	unsigned minor = 0;
	for (size_t i = 0; i < n; i++)
		minor = minor * 10 + (unsigned)(digits[i] - '0');
	return minor;
}

static bool reached(const struct api_lifecycle *api, const char *version, unsigned minor)
{
	return api && !api->component && version && knowledge_minor(version) <= minor;
}

bool knowledge_api_removed(const struct api_lifecycle *api, unsigned minor)
{
	return api && reached(api, api->removed, minor);
}

bool knowledge_api_deprecated(const struct api_lifecycle *api, unsigned minor)
{
	return api && reached(api, api->deprecated, minor);
}

/* New versions of what was beta, and so served, before 1.24 are served like it. */
static bool was_beta_before(const struct api_lifecycle *api)
{
	for (size_t i = 0; i < knowledge_n_apis; i++)
		if (!strcmp(knowledge_apis[i].kind, api->kind) && !strcmp(knowledge_apis[i].group, api->group) &&
		    strstr(knowledge_apis[i].version, "beta") && knowledge_minor(knowledge_apis[i].introduced) < 24)
			return true;
	return false;
}

bool knowledge_api_default(const struct api_lifecycle *api, unsigned minor)
{
	static const struct {
		const char *group, *version;
		unsigned from;
	} eks[] = {{"storage.k8s.io", "v1beta1", 31},
		   {"resource.k8s.io", "v1beta1", 33},
		   {"resource.k8s.io", "v1beta2", 33}};
	unsigned came = knowledge_minor(api->introduced);
	if (api->component || came > minor || knowledge_api_removed(api, minor) || strstr(api->version, "alpha"))
		return false;
	for (size_t i = 0; i < sizeof eks / sizeof eks[0]; i++)
		if (!strcmp(api->group, eks[i].group) && !strcmp(api->version, eks[i].version) && minor >= eks[i].from)
			return true;
	return !strstr(api->version, "beta") || came < 24 || was_beta_before(api);
}

/* "v1" before "v2beta1" before "v1beta2": as the API server ranks them. */
static int version_rank(const char *version)
{
	char *end = NULL;
	unsigned long major = *version == 'v' ? strtoul(version + 1, &end, 10) : 0, step = 0;
	bool beta = end && !strncmp(end, "beta", 4), alpha = end && !strncmp(end, "alpha", 5);
	if (beta || alpha)
		step = strtoul(end + (beta ? 4 : 5), NULL, 10);
	return (int)((alpha ? 0 : beta ? 1000000 : 2000000) + (major % 1000) * 1000 + step % 1000);
}

const struct api_lifecycle *knowledge_kind_preferred(const char *group, const char *kind, unsigned minor)
{
	const struct api_lifecycle *best = NULL;
	for (size_t i = 0; i < knowledge_n_apis; i++) {
		const struct api_lifecycle *api = &knowledge_apis[i];
		if (!strcmp(api->group, group) && !strcmp(api->kind, kind) && knowledge_api_default(api, minor) &&
		    (!best || version_rank(api->version) > version_rank(best->version)))
			best = api;
	}
	return best;
}

bool knowledge_kind_served(const char *group, const char *kind, unsigned minor)
{
	return knowledge_kind_preferred(group, kind, minor) != NULL;
}
