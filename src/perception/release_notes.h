/* The release notes collector: what Kubernetes and EKS have published about the hops in question, fetched with what is
 * in the cache in mind, read as sections, and turned into facts with their citations. A page that cannot be had costs
 * itself: its copy is used, and that is told, or it is told as failed. */
#pragma once

#include "models/release_notes.h"
#include "perception/notes_page.h"
#include "port/ports.h"

enum { RELEASE_NOTES_MAX_HOPS = 12 };

struct release_notes_request {
	const struct ports *ports;
	unsigned from, to;  /* minors; the hops are from + 1 … to */
	const char *mirror; /* address that stands instead of each page's scheme and host; NULL */
	const char *cache;  /* folder, made when it is not there; NULL or "": nothing is kept */
	bool offline;	    /* only copies */
	void (*progress)(void *context, const char *what);
	void *progress_context;
};

/* Fills `ret`, all in the arena. INVALID when there are no hops, or too many; CANCELLED; whatever else goes wrong is
 * told by the sources. */
struct error *release_notes_collect(const struct release_notes_request *request, struct arena *arena,
				    struct release_notes *ret) MUST_CHECK;
/* How many of the sources could be read. */
size_t release_notes_read(const struct release_notes *notes);
/* The default folder, by XDG; NULL when the environment names no home. */
const char *release_notes_default_cache(struct arena *arena);

/* ---- between its parts */
/* A copy on disk: head lines, an empty line, the page. */
struct notes_copy {
	const char *url, *etag, *last_modified, *content_type;
	int64_t fetched_at_ms;
	struct slice body;
};
/* False when there is none that is whole; a broken one is as good as none. All in the arena. */
bool notes_cache_read(const char *folder, const char *url, struct arena *arena, struct notes_copy *ret);
/* Atomic: a reader sees the old copy or the new one. STATE when it could not be written. */
struct error *notes_cache_write(const char *folder, const struct notes_copy *copy) MUST_CHECK;

struct notes_fetch {
	const char *url;  /* what to ask for */
	const char *also; /* asked for when that is not there; NULL */
	const char *key;  /* what its copy goes by: the address before redirects */
	bool done;
	const char *copy;  /* "fetched", "unchanged", "offline"; NULL: nothing was had */
	const char *error; /* why it was not fetched; NULL */
	struct notes_copy page;

	unsigned tries, redirects; /* the fetcher's own */
	int64_t not_before_ms;
	struct notes_copy cached;
	bool has_cached;
};
/* Runs all of them to their end, side by side. Only CANCELLED comes back as an error. */
struct error *notes_fetch_all(const struct release_notes_request *request, struct notes_fetch *fetches, size_t n,
			      struct arena *arena) MUST_CHECK;
