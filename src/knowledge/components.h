/* Which Kubernetes the releases of well-known components support, by their makers' own pages. Generated from
 * knowledge/components.tsv. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct component_support {
	const char *component;	       /* "cert-manager" */
	const char *from, *below;      /* releases from this one on, below that one; NULL: no end is known */
	unsigned min_minor, max_minor; /* of Kubernetes; 0: no border is known */
	bool published;		       /* its maker says so; false: concluded */
	const char *source;
};
extern const struct component_support knowledge_components[]; /* by component and release, ascending */
extern const size_t knowledge_n_components;

/* The line of a release ("v1.18.2"); NULL: nothing is known of it. */
const struct component_support *knowledge_component(const char *component, const char *release);
/* A release that supports both, and all between; NULL: none is known. */
const struct component_support *knowledge_component_spans(const char *component, unsigned from, unsigned to);
/* How many lines newer than this one are known of its component. */
size_t knowledge_component_behind(const struct component_support *row);
/* The oldest release that supports Kubernetes 1.MINOR; NULL: none is known. */
const struct component_support *knowledge_component_for(const char *component, unsigned minor);
/* The next release after that of `row` that supports 1.MINOR; NULL: none is known. */
const struct component_support *knowledge_component_newer(const struct component_support *row, unsigned minor);
/* The component's oldest line, when the release is older than that; NULL: it is not, or nothing is known. */
const struct component_support *knowledge_component_after(const char *component, const char *release);
