/* Other people's scanners, when they are installed: pluto and kubent. Each is found on PATH, asked for its version, run
 * with a deadline, and what it printed is read. Nothing they say changes a finding of ours: scan/compare.h says where
 * they differ and why. Neither is asked for anything but JSON. */
#pragma once

#include "base/error.h"
#include "base/mem.h"
#include "port/ports.h"

struct scanner_item {
	const char *name, *ns, *kind, *api_version; /* "" when it did not say */
	const char *file;			    /* as it printed it; "" for none */
	const char *removed_in;			    /* "1.21"; "" for never or not said */
	bool removed;				    /* at the target */
};
struct scanner_report {
	const char *program, *version;
	struct scanner_item *items;
	size_t n;
};

struct scanner_request {
	const struct ports *ports; /* process and clock */
	struct arena *arena;
	unsigned target_minor;
	const char *const
		*paths; /* files and folders; NULL: the cluster of `kubeconfig` and `context` (NULL: the default) */
	size_t n_paths;
	const char *kubeconfig, *context;
	int64_t deadline_ms; /* 0: two minutes */
};

/* NOT_FOUND when the program is not on PATH, SUBPROCESS when it failed, was too slow, or printed nonsense. */
struct error *pluto_run(const struct scanner_request *request, struct scanner_report *ret) MUST_CHECK;
struct error *kubent_run(const struct scanner_request *request, struct scanner_report *ret) MUST_CHECK;

/* The part that both share: runs argv, gives what it printed on stdout (bounded); `good` has bit N for each exit status
 * N that is no failure. */
struct error *scanner_start(const struct scanner_request *request, const char *const *argv, unsigned good,
			    struct buf *out) MUST_CHECK;
/* NOT_FOUND with where to get it. */
struct error *scanner_find(const struct scanner_request *request, const char *program, const char *home) MUST_CHECK;
/* The first word of the text that looks like a version; "" for none. */
const char *scanner_version(struct slice text, struct arena *arena);
