/* What release notes say of the hops in question: facts found by rule, each with the sentence it stands on and where
 * that is to be read. `release-notes` prints the whole document; an assessment holds the notes alone. */
#pragma once

#include "codec/model.h"

enum note_kind {
	NOTE_URGENT, /* what its authors say must be read before the upgrade */
	NOTE_API,    /* a version of an API, with its kind where that is said */
	NOTE_OBJECT, /* a kind, whatever its version */
	NOTE_FIELD,
	NOTE_GATE,
	NOTE_FLAG,
	NOTE_VERSION, /* of a component: containerd, etcd, the platform */
	NOTE_NOTICE,  /* removed or deprecated, but none of the above */
};
extern const char *const note_kind_names[]; /* "urgent", "api", "kind", "field", "feature-gate" … */

enum note_change {
	NOTE_REMOVED,
	NOTE_DEPRECATED,
	NOTE_REQUIRED,
	NOTE_RENAMED,
	NOTE_DEFAULT, /* another default, or locked to it */
	NOTE_PROMOTED,
	NOTE_CHANGED,
	NOTE_ADDED,
};
extern const char *const note_change_names[]; /* "removed" … */

struct release_note_citation {
	const char *source;   /* "Kubernetes CHANGELOG-1.34" */
	const char *url;      /* of the page that people read, with the section's #anchor */
	const char *section;  /* "v1.34.0 > Changes by Kind > Deprecation" */
	const char *sentence; /* as it stands there */
};

/* Something of the cluster that a note is about. */
struct release_note_object {
	const char *kind, *ns, *name, *how; /* how: what was seen in it */
};

struct release_note {
	const char *version; /* "1.34": the hop to it */
	int kind;	     /* enum note_kind */
	const char *name;    /* "--cloud-config", "spec.externalIPs", "flowcontrol.apiserver.k8s.io/v1beta3" … */
	int change;	     /* enum note_change */
	const char *stage;   /* of a feature gate: "alpha", "beta", "GA", "deprecated", "removed"; NULL */
	const char *component;
	const char *api_version, *object_kind; /* of an API, a kind or a field; NULL where not said */
	const char *value;		       /* of a version: "2.1"; of a default: "enabled", "disabled" */
	const char *replacement;
	const char *effective_version; /* "will be removed in 1.36" */
	bool urgent;
	bool touches; /* something of it is in the cluster */
	struct release_note_citation *citations;
	size_t n_citations;
	struct release_note_object *objects; /* the first few of those touched */
	size_t n_objects;
	int64_t n_touched;
};

struct release_notes_source {
	const char *name;    /* "kubernetes-changelog" */
	const char *title;   /* "Kubernetes CHANGELOG-1.34" */
	const char *version; /* "1.34"; NULL: of all hops */
	const char *url;     /* what was asked for: the mirror's, where there is one */
	const char *status;  /* ok failed skipped */
	const char *copy;    /* "fetched", "unchanged", "offline"; NULL when there is none */
	const char *detail;  /* why not ok, or why a copy; NULL */
	int64_t fetched_at_ms;
	int64_t bytes, sections, facts;
};

struct release_notes {
	int64_t format; /* 1 */
	const char *cluster, *from_version, *to_version;
	struct release_notes_source *sources;
	size_t n_sources;
	struct release_note *notes;
	size_t n_notes;
};
extern const struct model release_note_model, release_notes_model;

/* By version, urgent first, then kind, change and name: the same pages, the same order. */
void release_notes_sort(struct release_note *notes, size_t n);
/* "feature gate Foo promoted", "API policy/v1beta1 PodDisruptionBudget removed": what it says, in few words. */
void release_note_print(const struct release_note *note, struct buf *out);
