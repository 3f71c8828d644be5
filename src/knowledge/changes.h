/* What else changes with a version: fields, flags, defaults, images, and how each is seen. Generated from
 * knowledge/version-changes.tsv. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* In the order of enum severity of models/finding.h: critical is BLOCKER, high HIGH … */
enum change_severity { CHANGE_CRITICAL, CHANGE_HIGH, CHANGE_MEDIUM, CHANGE_LOW, CHANGE_INFO };
extern const char *const change_severity_names[]; /* "critical" … */

struct version_change {
	const char *version; /* "1.25", or "any" */
	unsigned minor;	     /* 0 for any */
	const char *id;	     /* "psp-removed" */
	const char *title, *what_breaks, *detect;
	int severity; /* enum change_severity */
	const char *source;
};
extern const struct version_change knowledge_changes[]; /* by id */
extern const size_t knowledge_n_changes;

const struct version_change *knowledge_change(const char *id); /* NULL: none */
/* Does it come with an upgrade from 1.FROM to 1.TO? "any" always does. FROM 0: whatever stands at TO. */
bool knowledge_change_on_path(const struct version_change *change, unsigned from, unsigned to);
