/* Reading eks:DescribeAddonVersions. */
#include "assessment/addon_versions.h"

#include <stdio.h>
#include <string.h>

const json_t *addon_next(const struct assess *assess, size_t *at)
{
	const json_t *calls = inventory_aws_calls(assess->inventory, "describe_addon");
	while (*at < json_array_size(calls)) {
		const json_t *addon = document_at(json_array_get(calls, (*at)++), "response.addon");
		if (json_is_object(addon))
			return addon;
	}
	return NULL;
}

const char *addon_name(const json_t *addon)
{
	return document_text_or(addon, "addonName", "");
}

const char *addon_version(const json_t *addon)
{
	return document_text_or(addon, "addonVersion", "");
}

const char *addon_object(const json_t *addon)
{
	return document_text_or(addon, "addonArn", addon_name(addon));
}

int addon_version_order(const char *a, const char *b)
{
	unsigned left[4] = {0}, right[4] = {0};
	sscanf(a, "v%u.%u.%u-eksbuild.%u", &left[0], &left[1], &left[2], &left[3]);
	sscanf(b, "v%u.%u.%u-eksbuild.%u", &right[0], &right[1], &right[2], &right[3]);
	for (size_t i = 0; i < 4; i++)
		if (left[i] != right[i])
			return left[i] < right[i] ? -1 : 1;
	return 0;
}

unsigned addon_version_minor(const char *version)
{
	unsigned major = 0, minor = 0;
	return sscanf(version, "v%u.%u", &major, &minor) == 2 ? major * 1000 + minor : 0;
}

typedef bool fit_fn(void *context, const char *version, bool is_default); /* false: enough */

/* An answer that has the add-on not says something only if it would have: it was asked for by name, or all were. */
static bool tells_of_all(const json_t *call, bool by_name)
{
	static const char *const narrower[] = {"types", "publishers", "owners"};
	const json_t *request = json_object_get(call, "request");
	for (size_t i = 0; i < ARRAY_SIZE(narrower) && !by_name; i++)
		if (json_array_size(json_object_get(request, narrower[i])))
			return false;
	return !document_text(call, "response.nextToken");
}

/* Gives each version of the add-on that goes with a Kubernetes version; false: nobody told of that version. */
static bool each_fit(const struct assess *assess, const char *name, const char *kubernetes, fit_fn *fn, void *context)
{
	size_t i, k, m, c;
	const json_t *call, *addon, *version, *compatible;
	bool told = false;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_addon_versions"), i, call) {
		const char *only = document_text(call, "request.kubernetesVersion"),
			   *of = document_text(call, "request.addonName");
		if (!json_is_array(document_at(call, "response.addons")) || (only && strcmp(only, kubernetes) != 0) ||
		    (of && strcmp(of, name) != 0))
			continue;
		told |= tells_of_all(call, of != NULL);
		json_array_foreach (document_at(call, "response.addons"), k, addon) {
			if (strcmp(document_text_or(addon, "addonName", ""), name) != 0)
				continue;
			told = true;
			json_array_foreach (json_object_get(addon, "addonVersions"), m, version)
				json_array_foreach (json_object_get(version, "compatibilities"), c, compatible)
					if (!strcmp(document_text_or(compatible, "clusterVersion", ""), kubernetes) &&
					    !fn(context, document_text_or(version, "addonVersion", ""),
						document_true(compatible, "defaultVersion")))
						return true;
		}
	}
	return told;
}

struct search {
	const char *wanted, *found, *other;
	const struct assess *assess;
	const char *name;
	bool any;
};

static bool match(void *context, const char *version, bool is_default)
{
	struct search *search = context;
	(void)is_default;
	search->any = true;
	if (search->wanted && !strcmp(version, search->wanted))
		search->found = version;
	return !search->found;
}

enum addon_fit addon_fits(const struct assess *assess, const char *name, const char *version, const char *kubernetes)
{
	struct search search = {.wanted = version};
	if (!each_fit(assess, name, kubernetes, match, &search))
		return ADDON_NOT_KNOWN;
	return !search.any ? ADDON_NO_VERSION : search.found || !version ? ADDON_FITS : ADDON_DOES_NOT_FIT;
}

static bool take_default(void *context, const char *version, bool is_default)
{
	struct search *search = context;
	if (is_default)
		search->found = version;
	return !search->found;
}

const char *addon_default(const struct assess *assess, const char *name, const char *kubernetes)
{
	struct search search = {0};
	each_fit(assess, name, kubernetes, take_default, &search);
	return search.found;
}

static bool take_oldest(void *context, const char *version, bool is_default)
{
	struct search *search = context;
	(void)is_default;
	if (addon_version_order(version, search->wanted) >= 0 &&
	    (!search->found || addon_version_order(version, search->found) < 0))
		search->found = version;
	return true;
}

const char *addon_oldest_fit(const struct assess *assess, const char *name, const char *version, const char *kubernetes)
{
	struct search search = {.wanted = version};
	each_fit(assess, name, kubernetes, take_oldest, &search);
	return search.found;
}

static bool take_newest_of_both(void *context, const char *version, bool is_default)
{
	struct search *search = context;
	(void)is_default;
	if ((!search->found || addon_version_order(version, search->found) > 0) &&
	    addon_fits(search->assess, search->name, version, search->other) == ADDON_FITS)
		search->found = version;
	return true;
}

const char *addon_bridge(const struct assess *assess, const char *name, const char *one, const char *other)
{
	struct search search = {.assess = assess, .name = name, .other = other};
	each_fit(assess, name, one, take_newest_of_both, &search);
	return search.found;
}
