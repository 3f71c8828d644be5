/* When each API version came, was deprecated, and is served no more; of Kubernetes itself and of well-known custom
 * resources. Generated from the TSVs in knowledge/ by scripts/knowledge/generate.py. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct api_lifecycle {
	const char *group, *version, *kind, *resource; /* group "" is the core */
	const char *introduced, *deprecated, *removed; /* "1.25" of Kubernetes, "v1.6.0" of a component; NULL: never */
	const char *replacement_group, *replacement_version, *replacement_kind; /* NULL: none known */
	const char *source;
	const char *component; /* NULL: Kubernetes itself; else "cert-manager", … */
};
extern const struct api_lifecycle knowledge_apis[]; /* sorted by group, version, kind */
extern const size_t knowledge_n_apis;

/* NULL when nothing is known of it. */
const struct api_lifecycle *knowledge_api(const char *group, const char *version, const char *kind);
/* "apps/v1beta1" or "v1" in one word. */
const struct api_lifecycle *knowledge_api_version(const char *api_version, const char *kind);
/* By the plural resource name, as metrics and RBAC rules name it. */
const struct api_lifecycle *knowledge_api_resource(const char *group, const char *version, const char *resource);
/* The minor of "1.34", "v1.34.2-eks-…"; 0 when it is none. */
unsigned knowledge_minor(const char *version);
/* Is it removed, or deprecated, at Kubernetes 1.MINOR? False for what belongs to a component. */
bool knowledge_api_removed(const struct api_lifecycle *api, unsigned minor);
bool knowledge_api_deprecated(const struct api_lifecycle *api, unsigned minor);
/* Does EKS serve it at 1.MINOR without being asked to? Alpha versions never, new beta versions not since 1.24, but for
 * those that EKS switches on. */
bool knowledge_api_default(const struct api_lifecycle *api, unsigned minor);
/* Any version of a built-in kind. */
bool knowledge_kind_served(const char *group, const char *kind, unsigned minor);
/* The version that the server would show it in at 1.MINOR; NULL: it does not serve the kind. */
const struct api_lifecycle *knowledge_kind_preferred(const char *group, const char *kind, unsigned minor);
