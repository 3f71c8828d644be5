/* What an API server serves: every resource with its kind, names and verbs, and the way from a kind or a word to a
 * path. */
#pragma once

#include "kube/kube.h"

enum kube_verb {
	KUBE_VERB_GET = 1 << 0,
	KUBE_VERB_LIST = 1 << 1,
	KUBE_VERB_WATCH = 1 << 2,
	KUBE_VERB_CREATE = 1 << 3,
	KUBE_VERB_UPDATE = 1 << 4,
	KUBE_VERB_PATCH = 1 << 5,
	KUBE_VERB_DELETE = 1 << 6,
	KUBE_VERB_DELETE_COLLECTION = 1 << 7
};

struct kube_served {
	const char *group, *version;	    /* "", "v1" for the core */
	const char *name, *singular, *kind; /* "deployments", "deployment", "Deployment" */
	const char **short_names;
	size_t n_short_names;
	const char **subresources; /* "status", "scale" … */
	size_t n_subresources;
	unsigned verbs; /* enum kube_verb */
	bool namespaced;
	bool preferred; /* the version of its group to ask for; each (group, name) has one */
};

struct kube_discovery {
	struct kube_served *served; /* groups in the server's order, the core first; preferred versions first */
	size_t n;
	struct kube_undiscovered {
		const char *group_version, *detail;
	} * unknown; /* aggregated servers that do not answer: what they serve is not known */
	size_t n_unknown;
	bool aggregated; /* two requests sufficed */
};
/* All in the arena. A group that cannot be read costs itself (`unknown`), not the rest. */
struct error *kube_discover(struct kube *kube, struct arena *arena, struct kube_discovery *ret) MUST_CHECK;

/* "apps/v1" and "Deployment"; NULL when it is not served. */
const struct kube_served *kube_served_kind(const struct kube_discovery *discovery, const char *api_version,
					   const char *kind);
/* As kubectl takes them: "deploy", "deployments", "Deployment", "deployments.apps", "deployments.v1.apps". */
const struct kube_served *kube_served_named(const struct kube_discovery *discovery, const char *word);
/* "/apis/apps/v1/namespaces/NS/deployments/NAME/SUBRESOURCE"; NULLs leave parts out. The caller's. */
char *kube_served_path(const struct kube_served *served, const char *ns, const char *name, const char *subresource);
