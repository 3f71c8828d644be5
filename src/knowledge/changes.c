/* What changes with a version, found by id. */
#include "knowledge/changes.h"

#include <string.h>

const char *const change_severity_names[] = {"critical", "high", "medium", "low", "info", NULL};

const struct version_change *knowledge_change(const char *id)
{
	for (size_t low = 0, high = knowledge_n_changes; low < high;) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(id, knowledge_changes[middle].id);
		if (order == 0)
			return &knowledge_changes[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

bool knowledge_change_on_path(const struct version_change *change, unsigned from, unsigned to)
{
	return !change->minor || (change->minor > from && change->minor <= to);
}
