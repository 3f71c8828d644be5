/* Release notes for people: which facts a person has to see, and the text and Markdown of them. */
#include "artifacts/release_notes.h"

#include <string.h>
#include "artifacts/notes_internal.h"
#include "base/time.h"
#include "codec/json.h"

enum { LABEL = 9, SHOWN_TOUCHING = 20, SHOWN_URGENT = 6 };

/* What a person has to see: what touches the cluster, what is urgent, what goes or changes; with `all` every fact.
 * Whether it stands beneath an upgrade note whose words hold its own is told by notes_is_told(). */
static bool notes_matter(const struct release_note *note, bool all)
{
	return all || note->touches || note->urgent || note->change <= NOTE_DEFAULT;
}

static const char *sentence_of(const struct release_note *note)
{
	return note->n_citations ? note->citations[0].sentence : "";
}

static bool holds(const struct release_note *urgent, const struct release_note *note)
{
	return urgent->kind == NOTE_URGENT && urgent != note && note->urgent && note->kind != NOTE_URGENT &&
	       !strcmp(urgent->version, note->version) && *sentence_of(note) &&
	       strstr(sentence_of(urgent), sentence_of(note));
}

/* An urgent upgrade note of the same version quotes the sentence of this one: it is named there. */
static bool notes_is_told(const struct release_note *notes, size_t n, const struct release_note *note)
{
	for (size_t i = 0; !note->touches && i < n; i++)
		if (holds(&notes[i], note))
			return true;
	return false;
}

bool notes_is_urgent_here(const struct release_note *notes, size_t n, const struct release_note *note)
{
	for (size_t i = 0; i < n; i++)
		if (notes[i].touches && holds(note, &notes[i]))
			return false;
	return note->kind == NOTE_URGENT && !note->touches;
}

void notes_names_within(const struct release_note *notes, size_t n, const struct release_note *urgent, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (!holds(urgent, &notes[i]) || notes[i].kind == NOTE_NOTICE)
			continue;
		buf_puts(out, out->n ? "; " : "");
		release_note_print(&notes[i], out);
	}
}

const char *note_address(const char *url)
{
	const struct finding like = {.page = url};
	return assessment_link(&like);
}

void notes_objects(const struct release_note *note, struct buf *out)
{
	for (size_t i = 0; i < note->n_objects; i++) {
		const struct release_note_object *object = &note->objects[i];
		const struct finding_object like = {.kind = object->kind, .ns = object->ns, .name = object->name};
		buf_printf(out, "%s%s%s", i ? ", " : "", object->kind ? object->kind : "", object->kind ? " " : "");
		finding_object_print(&like, out);
		if (object->how && *object->how)
			buf_printf(out, " (%s)", object->how);
	}
	if (note->n_touched > (int64_t)note->n_objects)
		buf_printf(out, " and %lld more", (long long)(note->n_touched - (int64_t)note->n_objects));
}

/* ---- text */
static void line(struct page *page, const char *before, const char *text)
{
	if (!text || !*text)
		return;
	page_spaces(page, LABEL);
	page_put(page, slice_of(before));
	page_wrap(page, text, LABEL + strlen(before));
	page_new_line(page, 0);
}

static void note_text(struct page *page, const struct release_note *notes, size_t n, const struct release_note *note)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	const char *label = note->touches ? "TOUCHES" : note->urgent ? "URGENT" : "";
	page_colour(page, note->touches ? "\033[1;31m" : "\033[33m");
	page_put(page, slice_of(label));
	page_colour(page, NULL);
	page_spaces(page, LABEL);
	if (note->kind == NOTE_URGENT) {
		page_wrap(page, sentence_of(note), LABEL);
		page_new_line(page, 0);
		notes_names_within(notes, n, note, &text);
		line(page, "says: ", buf_str(&text));
	} else {
		release_note_print(note, &text);
		page_wrap(page, buf_str(&text), LABEL);
		page_new_line(page, 0);
		line(page, "", sentence_of(note));
	}
	buf_clear(&text);
	notes_objects(note, &text);
	line(page, "here: ", buf_str(&text));
	line(page, "use:  ", note->replacement);
	if (!note->n_citations)
		return;
	page_colour(page, "\033[2m");
	line(page, "", note->citations[0].url);
	page_colour(page, NULL);
}

static void counts(const struct release_note *notes, size_t n, struct buf *out)
{
	size_t touching = 0, urgent = 0, gone = 0;
	for (size_t i = 0; i < n; i++) {
		touching += notes[i].touches;
		urgent += notes[i].kind == NOTE_URGENT;
		gone += notes[i].kind != NOTE_URGENT && notes[i].change <= NOTE_DEPRECATED;
	}
	buf_printf(out, "%zu facts: %zu urgent notes, %zu things removed or deprecated", n, urgent, gone);
	if (touching)
		buf_printf(out, ", %zu touch the cluster", touching);
}

static void source_text(struct page *page, const struct release_notes_source *source)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	char time[TIME_TEXT];
	buf_puts(&text, source->title);
	if (source->copy && !strcmp(source->copy, "unchanged"))
		buf_printf(&text, ", unchanged since %.10s", time_format_rfc3339(source->fetched_at_ms, time));
	if (source->copy)
		buf_printf(&text, ", %lld facts", (long long)source->facts);
	if (source->detail)
		buf_printf(&text, ": %s", source->detail);
	page_put(page, slice_of(source->copy ? !strcmp(source->copy, "offline") ? "offline" : "ok" : source->status));
	page_spaces(page, LABEL);
	page_wrap(page, buf_str(&text), LABEL);
	page_new_line(page, 0);
}

static void heading(struct page *page, const char *text)
{
	page_colour(page, "\033[1m");
	page_wrap(page, text, 2);
	page_colour(page, NULL);
	page_new_line(page, 0);
}

static void title(const struct release_notes *notes, const char *arrow, struct buf *out)
{
	buf_printf(out, "%s%sRelease notes %s %s %s", notes->cluster ? notes->cluster : "", notes->cluster ? ": " : "",
		   notes->from_version, arrow, notes->to_version);
}

static void write_text(const struct release_notes *notes, const struct assessment_style *style, struct buf *out)
{
	size_t columns = !style->columns ? SIZE_MAX : style->columns < 40 ? 40 : style->columns, hidden = 0;
	struct page page = {.style = style, .out = out, .columns = columns};
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	const char *version = "";
	title(notes, style->utf8 ? "→" : "->", &text);
	buf_puts(&text, "  ");
	counts(notes->notes, notes->n_notes, &text);
	heading(&page, buf_str(&text));
	for (size_t i = 0; i < notes->n_notes; i++) {
		const struct release_note *note = &notes->notes[i];
		hidden += !notes_matter(note, style->all);
		if (!notes_matter(note, style->all) || notes_is_told(notes->notes, notes->n_notes, note))
			continue;
		if (strcmp(version, note->version) != 0) {
			page_new_line(&page, 0);
			heading(&page, version = note->version);
		}
		note_text(&page, notes->notes, notes->n_notes, note);
	}
	page_new_line(&page, 0);
	if (hidden) {
		buf_clear(&text);
		buf_printf(&text, "and %zu that are new, promoted or changed: -v shows them, -o json has them all",
			   hidden);
		page_wrap(&page, buf_str(&text), 0);
		page_new_line(&page, 0);
		page_new_line(&page, 0);
	}
	heading(&page, "Sources");
	for (size_t i = 0; i < notes->n_sources; i++)
		source_text(&page, &notes->sources[i]);
}

/* Copies that were used instead of the pages; what failed stands among what was not read. */
static void copies(struct page *page)
{
	const struct assessment *shown = &page->view->shown;
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	for (size_t i = 0; i < shown->n_sources; i++) {
		const struct assessment_source *source = &shown->sources[i];
		if (strncmp(source->name, "release notes: ", 15) != 0 || strcmp(source->status, "ok") != 0 ||
		    !source->detail)
			continue;
		buf_clear(&text);
		buf_printf(&text, "%s: %s", source->name + 15, source->detail);
		page_put(page, slice_of("copy"));
		page_spaces(page, LABEL);
		page_wrap(page, buf_str(&text), LABEL);
		page_new_line(page, 0);
	}
}

void notes_section_text(struct page *page, const struct release_note *notes, size_t n)
{
	size_t touching = 0, urgent = 0;
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	if (!n)
		return;
	page_new_line(page, 0);
	counts(notes, n, &text);
	page_put(page, slice_of("What the notes say of what you run: "));
	page_wrap(page, buf_str(&text), 2);
	page_new_line(page, 0);
	copies(page);
	for (size_t i = 0; i < n; i++)
		if (notes[i].touches && (touching++ < SHOWN_TOUCHING || page->style->all))
			note_text(page, notes, n, &notes[i]);
	for (size_t i = 0; i < n; i++)
		if (notes_is_urgent_here(notes, n, &notes[i]) && (urgent++ < SHOWN_URGENT || page->style->all))
			note_text(page, notes, n, &notes[i]);
	buf_clear(&text);
	buf_puts(&text, "eks-upgrade-agent release-notes shows them all");
	page_wrap(page, buf_str(&text), 0);
	page_new_line(page, 0);
}

/* ---- Markdown */
static void note_markdown(const struct release_note *notes, size_t n, const struct release_note *note, struct buf *out)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	buf_printf(out, "- %s", note->touches ? "**TOUCHES** " : note->urgent ? "**URGENT** " : "");
	if (note->kind == NOTE_URGENT)
		buf_puts(&text, sentence_of(note));
	else
		release_note_print(note, &text);
	markdown_prose(out, buf_str(&text));
	buf_putc(out, '\n');
	buf_clear(&text);
	if (note->kind == NOTE_URGENT)
		notes_names_within(notes, n, note, &text);
	else
		buf_puts(&text, sentence_of(note));
	markdown_item(out, note->kind == NOTE_URGENT ? "says:" : "quoted:", buf_str(&text));
	buf_clear(&text);
	notes_objects(note, &text);
	markdown_item(out, "here:", buf_str(&text));
	markdown_item(out, "use", note->replacement);
	const char *link = note->n_citations ? note_address(note->citations[0].url) : NULL;
	if (!link)
		return;
	buf_puts(out, "  - ");
	markdown_prose(out, note->citations[0].source);
	buf_printf(out, ": [there](<%s>)\n", link);
}

static void write_markdown(const struct release_notes *notes, const struct assessment_style *style, struct buf *out)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	const char *version = "";
	title(notes, "→", &text);
	buf_puts(out, "## ");
	markdown_prose(out, buf_str(&text));
	buf_clear(&text);
	counts(notes->notes, notes->n_notes, &text);
	buf_printf(out, "\n\n%s\n", buf_str(&text));
	for (size_t i = 0; i < notes->n_notes; i++) {
		const struct release_note *note = &notes->notes[i];
		if (!notes_matter(note, style->all) || notes_is_told(notes->notes, notes->n_notes, note))
			continue;
		if (strcmp(version, note->version) != 0) {
			buf_puts(out, "\n### ");
			markdown_prose(out, version = note->version);
			buf_puts(out, "\n\n");
		}
		note_markdown(notes->notes, notes->n_notes, note, out);
	}
	buf_puts(out, "\n### Sources\n\n");
	for (size_t i = 0; i < notes->n_sources; i++) {
		const struct release_notes_source *source = &notes->sources[i];
		buf_clear(&text);
		buf_printf(&text, "%s: %s%s%s", source->title, source->copy ? source->copy : source->status,
			   source->detail ? ", " : "", source->detail ? source->detail : "");
		buf_puts(out, "- ");
		markdown_prose(out, buf_str(&text));
		buf_putc(out, '\n');
	}
}

void notes_section_markdown(const struct release_note *notes, size_t n, bool all, size_t most, struct buf *out)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	size_t shown[2] = {0}, left = 0;
	static const size_t limits[2] = {SHOWN_TOUCHING, SHOWN_URGENT};
	if (!n)
		return;
	counts(notes, n, &text);
	buf_printf(out, "\n### What the notes say of what you run\n\n%s\n\n", buf_str(&text));
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < n; i++) {
			if (pass == 0 ? !notes[i].touches : !notes_is_urgent_here(notes, n, &notes[i]))
				continue;
			if (all || (shown[pass]++ < limits[pass] && out->n < most))
				note_markdown(notes, n, &notes[i], out);
			else
				left++;
		}
	if (left)
		buf_printf(out, "- and %zu more; the JSON has them\n", left);
}

/* ---- */
const char *const release_notes_formats[] = {"text", "json", "markdown", NULL};

struct error *release_notes_write(const struct release_notes *notes, const char *format,
				  const struct assessment_style *style, struct buf *out)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct release_notes shown = *notes;
	if (!strcmp(format, "json")) {
		json_encode(&release_notes_model, notes, true, out);
		buf_putc(out, '\n');
	} else {
		bool text = !strcmp(format, "text");
		assessment_clean(&release_notes_model, &shown, text && !style->utf8, arena);
		(text ? write_text : write_markdown)(&shown, style, out);
	}
	if (out->overflowed)
		return error_new(ERROR_STATE, "the release notes as %s are longer than %zu bytes", format, out->max);
	return NULL;
}
