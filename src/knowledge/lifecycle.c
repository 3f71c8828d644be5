/* Looks into the generated tables: binary search over sorted rows, nothing is made at start. */
#include "knowledge/lifecycle.h"

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
