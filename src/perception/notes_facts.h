/* Facts out of pages, by rule: no language model, the same page always the same facts. */
#pragma once

#include "base/mem.h"
#include "models/release_notes.h"
#include "perception/notes_page.h"

enum { NOTES_MAX_FACTS = 6000, NOTES_MAX_CITATIONS = 3, NOTES_MAX_SENTENCE = 600 };

struct notes_target {
	const char *title;    /* of the source */
	const char *page_url; /* that people read */
	unsigned first, last; /* the hops in question, as minors */
	unsigned version;     /* the whole page is of this one; 0: each section says its own */
	bool notices;	      /* what is removed or deprecated counts even when it has no name that we know */
	bool platform;	      /* a table of platform versions: the newest of each version, nothing else */
};

struct notes_facts {
	struct arena *arena;
	struct release_note *notes;
	size_t n_notes;
	const char **kinds; /* of the API that are known, sorted; made on first use */
	size_t n_kinds;
	bool cut; /* there were more than NOTES_MAX_FACTS */
};
/* Whether it is the page at all: a sign-in form that stands in its place has no versions in its headings. */
bool notes_recognize(const struct notes_page *page, const struct notes_target *target);
/* Adds what the page says of the hops; a fact that another page told already gets one more citation. Gives how many
 * facts it told. */
size_t notes_extract(const struct notes_page *page, const struct notes_target *target, struct notes_facts *facts);
