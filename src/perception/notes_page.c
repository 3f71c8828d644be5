/* What both parsers of release notes build: sections with their anchors, and the blocks in them. */
#include "perception/notes_page.h"

#include <ctype.h>
#include <string.h>
#include "base/words.h"

void notes_begin(struct notes_builder *builder, struct arena *arena, struct notes_page *page)
{
	*page = (struct notes_page){0};
	*builder = (struct notes_builder){.arena = arena, .page = page, .text = BUF_INIT(NOTES_MAX_BLOCK)};
	*ARENA_PUSH(arena, page->sections, page->n_sections) = (struct notes_section){.title = "", .anchor = ""};
}

static struct notes_section *last_section(struct notes_builder *builder)
{
	return &builder->page->sections[builder->page->n_sections - 1];
}

void notes_text(struct notes_builder *builder, struct slice text)
{
	struct buf *out = &builder->text;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (c == '\0' || isspace((unsigned char)c))
			c = ' ';
		if (c == ' ' && (!out->n || out->p[out->n - 1] == ' '))
			continue;
		if (!buf_putc(out, c)) {
			builder->page->cut = true;
			return;
		}
	}
}

static bool is_letter(uint32_t code)
{
	if (code < 0x80)
		return isalnum((int)code) || code == '_' || code == '-';
	bool punctuation = (code >= 0x2000 && code <= 0x206F) || (code >= 0x3000 && code <= 0x303F) ||
			   (code >= 0xA0 && code <= 0xBF);
	return !punctuation && words_harmless(code);
}

/* What an address may hold as it is; everything else is percent-encoded. */
static void put_escaped(struct buf *out, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];
		if (c < 0x80 && (isalnum(c) || strchr("-._~", c)))
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

/* As GitHub makes them: lower case, spaces to hyphens, the rest of the punctuation gone. */
static void github_slug(struct slice title, struct buf *out)
{
	for (size_t at = 0; at < title.n;) {
		size_t from = at;
		uint32_t code = words_next(title, &at);
		if (code == ' ')
			buf_putc(out, '-');
		else if (is_letter(code) && code < 0x80)
			buf_putc(out, (char)tolower((int)code));
		else if (code >= 0xC0 && code <= 0xDE && code != 0xD7) /* Latin-1's capitals; others stay */
			buf_printf(out, "%%C3%%%02X", (code & 0x3F) + 0xA0);
		else if (is_letter(code))
			put_escaped(out, title.p + from, at - from);
	}
}

/* Of headings that are alike the second gets -1. A page of thousands of the same heading is cut short by counting. */
static const char *unique_slug(struct notes_builder *builder, const char *slug)
{
	const struct notes_page *page = builder->page;
	size_t before = 0;
	for (size_t i = 0; i < page->n_sections; i++) {
		const char *anchor = page->sections[i].anchor;
		size_t n = strlen(slug);
		if (strncmp(anchor, slug, n) != 0)
			continue;
		const char *rest = anchor + n;
		bool numbered = rest[0] == '-' && rest[1] && rest[1 + strspn(rest + 1, "0123456789")] == '\0';
		before += !*rest || numbered;
	}
	return before ? arena_printf(builder->arena, "%s-%zu", slug, before) : arena_strdup(builder->arena, slug);
}

static const char *make_anchor(struct notes_builder *builder, struct slice title)
{
	struct buf out CLEANUP(buf_done) = BUF_INIT(2000);
	if (*builder->heading_anchor)
		put_escaped(&out, builder->heading_anchor, strlen(builder->heading_anchor));
	if (out.n || !builder->github)
		return arena_strdup(builder->arena, buf_str(&out));
	github_slug(title, &out);
	return out.n ? unique_slug(builder, buf_str(&out)) : "";
}

/* "Flow control resources {#flowcontrol-resources-v132}": the page says its anchor itself. */
static struct slice own_anchor(struct notes_builder *builder, struct slice title)
{
	const char *at = title.n && title.p[title.n - 1] == '}' ? memmem(title.p, title.n, "{#", 2) : NULL;
	if (!at)
		return title;
	size_t n = (size_t)(title.p + title.n - 1 - at - 2);
	if (n < sizeof builder->heading_anchor) {
		memcpy(builder->heading_anchor, at + 2, n);
		builder->heading_anchor[n] = '\0';
	}
	title.n = (size_t)(at - title.p);
	while (title.n && title.p[title.n - 1] == ' ')
		title.n--;
	return title;
}

static size_t utf8_cut(struct slice text, size_t max)
{
	size_t n = text.n < max ? text.n : max;
	while (n && n < text.n && ((unsigned char)text.p[n] & 0xC0) == 0x80)
		n--;
	return n;
}

static size_t parent_of(const struct notes_page *page, unsigned level)
{
	for (size_t i = page->n_sections; i-- > 0;)
		if (page->sections[i].level < level)
			return i;
	return 0;
}

static void end_heading(struct notes_builder *builder, struct slice title)
{
	struct notes_page *page = builder->page;
	unsigned level = builder->heading;
	builder->heading = 0;
	if (page->n_sections == NOTES_MAX_SECTIONS) {
		page->cut = true;
		return;
	}
	title = own_anchor(builder, title);
	struct notes_section section = {
		.level = level,
		.title = arena_strndup(builder->arena, title.p, utf8_cut(title, NOTES_MAX_TITLE)),
		.anchor = make_anchor(builder, title),
		.parent = parent_of(page, level),
	};
	*ARENA_PUSH(builder->arena, page->sections, page->n_sections) = section;
	page->n_headings++;
}

static void end_block(struct notes_builder *builder, struct slice text)
{
	struct notes_section *section = last_section(builder);
	if (builder->n_blocks == NOTES_MAX_BLOCKS || builder->total + text.n > NOTES_MAX_TEXT) {
		builder->page->cut = true;
		return;
	}
	bool asks = text.p &&
		    (memmem(text.p, text.n, "ACTION REQUIRED", 15) || memmem(text.p, text.n, "Action required", 15));
	if (builder->items && asks) {
		builder->item_urgent = true;
		for (size_t i = builder->item_first; i < section->n_blocks; i++)
			section->blocks[i].urgent = true;
	}
	*ARENA_PUSH(builder->arena, section->blocks, section->n_blocks) = (struct notes_block){
		.text = arena_strndup(builder->arena, text.p, text.n),
		.depth = builder->items,
		.urgent = builder->urgent || asks || (builder->items && builder->item_urgent),
	};
	builder->n_blocks++;
	builder->total += text.n;
}

void notes_break(struct notes_builder *builder)
{
	struct slice text = buf_slice(&builder->text);
	while (text.n && (text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '|'))
		text.n--;
	if (builder->heading)
		end_heading(builder, text);
	else if (text.n)
		end_block(builder, text);
	buf_clear(&builder->text);
}

void notes_heading(struct notes_builder *builder, unsigned level, const char *anchor)
{
	notes_break(builder);
	builder->heading = level;
	builder->heading_anchor[0] = '\0';
	notes_anchor(builder, anchor);
}

void notes_anchor(struct notes_builder *builder, const char *anchor)
{
	size_t n = anchor ? strlen(anchor) : 0;
	if (!n || n >= sizeof builder->heading_anchor)
		return;
	if (builder->heading) {
		if (!*builder->heading_anchor)
			memcpy(builder->heading_anchor, anchor, n + 1);
		return;
	}
	struct notes_section *section = last_section(builder);
	if (section->n_blocks || !section->level || builder->text.n) /* not right behind a heading: some other place */
		return;
	struct buf out CLEANUP(buf_done) = BUF_INIT(2000);
	put_escaped(&out, anchor, n);
	section->anchor = arena_strdup(builder->arena, buf_str(&out));
}

void notes_item(struct notes_builder *builder, bool enter)
{
	notes_break(builder);
	if (enter && builder->items++ == 0) {
		builder->item_first = last_section(builder)->n_blocks;
		builder->item_urgent = false;
	} else if (!enter && builder->items) {
		builder->items--;
	}
}

void notes_link(struct notes_builder *builder, const char *address)
{
	struct notes_page *page = builder->page;
	if (!address || strncmp(address, "https://", 8) != 0 || strlen(address) > 500)
		return;
	if (page->n_links == NOTES_MAX_LINKS)
		page->cut = true;
	else
		*ARENA_PUSH(builder->arena, page->links, page->n_links) = arena_strdup(builder->arena, address);
}

void notes_end(struct notes_builder *builder)
{
	notes_break(builder);
	buf_done(&builder->text);
}
