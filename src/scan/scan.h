/* Finds what a target version of Kubernetes serves no more, or not much longer, in manifests: files, folders, standard
 * input, the stored text of a Helm release. YAML and JSON, any number of documents and lists, Helm templates as they
 * are written. Every finding says file, line, document and what to write instead; what could not be read is told, and
 * never hides its neighbours.
 *
 * Order: scan_new(), then any number of scan_path(), scan_stream() and scan_text(), then scan_finish(). */
#pragma once

#include "base/mem.h"
#include "models/finding.h"

struct scan_options {
	unsigned target_minor; /* Kubernetes 1.N that the manifests are for */
	struct arena *arena;   /* findings and their text live there */
};

struct scan;
struct scan *scan_new(const struct scan_options *options);
void scan_free(struct scan *scan);
void scan_freep(struct scan **scan); /* for CLEANUP */

/* A file or a folder with all below it. NOT_FOUND when it is not there; what cannot be read below it is a finding of
 * status unknown and a source that failed. What an earlier path held already is not read again. */
struct error *scan_path(struct scan *scan, const char *path) MUST_CHECK;
/* An open file descriptor, such as standard input; `name` stands for it in findings. */
struct error *scan_stream(struct scan *scan, int fd, const char *name) MUST_CHECK;
/* Text in memory. `source` is what evidence is called: "file", or "helm" for the manifest of an installed release: then
 * what is removed is API-HELM-STORED, because the next `helm upgrade` fails. `name` stands in messages and, for files,
 * in `file`; it is copied. */
void scan_text(struct scan *scan, struct slice text, const char *name, const char *source);

struct scan_counts {
	size_t files, bytes, documents, objects, templates;
	size_t not_manifests; /* by their names, or binary */
};
/* Gives the findings, sorted, and the sources (of the arena). Nothing more may be scanned after it. */
void scan_finish(struct scan *scan, struct assessment *into, struct scan_counts *ret_counts);

/* What the version serves: shared with whoever judges objects that did not come from files. */
enum scan_verdict { SCAN_LIVE, SCAN_DEPRECATED, SCAN_REMOVED };
struct api_lifecycle;
/* A custom resource's version counts as removed when its component has dropped it in some release. */
enum scan_verdict scan_judge(const struct api_lifecycle *api, unsigned target_minor);
/* What to write instead at that version: the replacement's replacement, when that is gone too. NULL: nothing known. */
const struct api_lifecycle *scan_replacement(const struct api_lifecycle *api, unsigned target_minor);
/* What to write instead of a field, by the id of its line in version-changes.tsv; NULL: nothing known. */
const char *scan_field_remedy(const char *change_id);
/* An address or CIDR that strict reading refuses: leading zeros in IPv4, or bits behind a CIDR's prefix. */
bool scan_bad_address(struct slice value);
