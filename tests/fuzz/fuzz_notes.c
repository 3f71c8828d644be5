/* Pages of release notes, HTML (first byte even) and Markdown: sections, facts, and how they are printed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "artifacts/release_notes.h"
#include "perception/notes_facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct assessment_style style = {.columns = 60, .all = true};
	if (!size)
		return 0;
	struct arena *arena = arena_new();
	struct notes_page page;
	struct slice text = slice_make((const char *)data + 1, size - 1);
	struct error *error = data[0] % 2 ? notes_page_markdown(text, "fuzz", arena, &page)
					  : notes_page_html(text, "fuzz", arena, &page);
	if (!error) {
		struct notes_facts facts = {.arena = arena};
		struct notes_target target = {.title = "fuzz",
					      .page_url = "https://example.com/",
					      .first = 30,
					      .last = 40,
					      .notices = true,
					      .version = data[0] & 2 ? 34 : 0,
					      .platform = data[0] & 4};
		notes_extract(&page, &target, &facts);
		struct release_notes notes = {
			.from_version = "1.29", .to_version = "1.40", .notes = facts.notes, .n_notes = facts.n_notes};
		release_notes_sort(notes.notes, notes.n_notes);
		for (const char *const *format = release_notes_formats; *format; format++) {
			struct buf out = BUF_INIT(1 << 24);
			error_ignore(release_notes_write(&notes, *format, &style, &out));
			buf_done(&out);
		}
		for (size_t i = 0; i < facts.n_notes; i++) /* a fact without its source would be hearsay */
			if (!facts.notes[i].n_citations || !facts.notes[i].version)
				abort();
	}
	error_ignore(error);
	arena_free(arena);
	return 0;
}
