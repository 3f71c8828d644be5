/* The section of release notes in an assessment's HTML. */
#include "artifacts/notes_internal.h"
#include "codec/xml.h"

static void put(struct buf *out, const char *value)
{
	xml_escape(slice_of(value ? value : ""), out);
}

static void pair(struct buf *out, const char *term, const char *value)
{
	if (!value || !*value)
		return;
	buf_printf(out, "<dt>%s</dt><dd>", term);
	put(out, value);
	buf_puts(out, "</dd>");
}

static void citation(struct buf *out, const struct release_note_citation *cited)
{
	const char *link = note_address(cited->url);
	buf_puts(out, "<dt>read</dt><dd>");
	if (link) {
		buf_puts(out, "<a rel='noopener noreferrer' href='");
		put(out, link);
		buf_puts(out, "'>");
	}
	put(out, cited->source);
	buf_puts(out, link ? "</a></dd>" : "</dd>");
}

static void note(const struct release_note *notes, size_t n, const struct release_note *one, struct buf *out)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	buf_printf(out, "<article class='%s'><h3><span class='tag'>", one->touches ? "touches" : "note");
	put(out, one->version);
	buf_printf(out, "%s</span> ", one->touches ? " TOUCHES" : one->urgent ? " URGENT" : "");
	if (one->kind == NOTE_URGENT)
		buf_puts(&text, one->n_citations ? one->citations[0].sentence : "");
	else
		release_note_print(one, &text);
	put(out, buf_str(&text));
	buf_puts(out, "</h3><dl>");
	buf_clear(&text);
	notes_objects(one, &text);
	pair(out, "here", buf_str(&text));
	buf_clear(&text);
	notes_names_within(notes, n, one, &text);
	pair(out, "says", one->kind == NOTE_URGENT ? buf_str(&text) : NULL);
	pair(out, "quote", one->kind != NOTE_URGENT && one->n_citations ? one->citations[0].sentence : NULL);
	pair(out, "use", one->replacement);
	for (size_t i = 0; i < one->n_citations; i++)
		citation(out, &one->citations[i]);
	buf_puts(out, "</dl></article>\n");
}

static void some(const struct release_note *notes, size_t n, bool touching, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		if (touching ? notes[i].touches : notes_is_urgent_here(notes, n, &notes[i]))
			note(notes, n, &notes[i], out);
}

void notes_section_html(const struct release_note *notes, size_t n, struct buf *out)
{
	size_t touching = 0;
	if (!n)
		return;
	for (size_t i = 0; i < n; i++)
		touching += notes[i].touches;
	buf_printf(out, "<h2>What the notes say of what you run</h2><p>%zu of %zu facts touch the cluster.</p>\n",
		   touching, n);
	some(notes, n, true, out);
	buf_puts(out, "<details><summary>urgent upgrade notes of these versions</summary>\n");
	some(notes, n, false, out);
	buf_puts(out, "</details>\n");
}
