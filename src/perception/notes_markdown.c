/* Markdown by cmark. Tables are no CommonMark: their rows come as lines of a paragraph, which is enough. */
#include <cmark.h>
#include <ctype.h>
#include <string.h>
#include "perception/notes_page.h"

/* A hostile page could make one paragraph of everything, and cmark's work on one grows faster than its length; and its
 * tree takes more than a hundred times the text. So a page is read in pieces, from one heading to another: what is
 * open ends at a heading anyhow. */
enum { MAX_PARAGRAPH = 64 << 10, MAX_DEPTH_COLUMNS = 300, PIECE = 64 << 10, MAX_PIECE = 512 << 10 };

/* <a name="kubernetes-1-35"></a> under a heading is how AWS's Markdown gives its anchors. */
static void html_anchor(struct notes_builder *builder, const char *html)
{
	char name[200];
	const char *at = html && !strncmp(html, "<a ", 3) ? strstr(html, "name=\"") : NULL;
	size_t n = at ? strcspn(at + 6, "\"") : 0;
	if (!n || n >= sizeof name)
		return;
	memcpy(name, at + 6, n);
	name[n] = '\0';
	notes_anchor(builder, name);
}

static bool is_label(const char *text)
{
	static const char *const words[] = {"Important", "Warning", "Caution", "IMPORTANT", "WARNING"};
	for (size_t i = 0; text && i < ARRAY_SIZE(words); i++)
		if (!strcmp(text, words[i]))
			return true;
	return false;
}

/* **Important** at the head of a paragraph makes each of its lines urgent. */
static bool says_important(cmark_node *paragraph)
{
	cmark_node *strong = cmark_node_first_child(paragraph);
	cmark_node *text =
		strong && cmark_node_get_type(strong) == CMARK_NODE_STRONG ? cmark_node_first_child(strong) : NULL;
	return text && cmark_node_get_type(text) == CMARK_NODE_TEXT && is_label(cmark_node_get_literal(text));
}

struct markdown {
	struct notes_builder builder;
	bool important; /* within such a paragraph */
	cmark_parser *parser;
	size_t piece, paragraph; /* bytes of it that were fed */
};

static void line_end(struct markdown *markdown)
{
	if (markdown->important && is_label(buf_str(&markdown->builder.text)))
		buf_clear(&markdown->builder.text);
	else if (markdown->important && !markdown->builder.heading)
		notes_break(&markdown->builder);
	else
		notes_text(&markdown->builder, slice_of(" "));
}

static void paragraph(struct markdown *markdown, cmark_node *node, bool enter)
{
	struct notes_builder *builder = &markdown->builder;
	notes_break(builder);
	bool important = says_important(node);
	if (important && enter)
		builder->urgent++;
	else if (important)
		builder->urgent--;
	markdown->important = important && enter;
}

static void visit(struct markdown *markdown, cmark_node *node, bool enter)
{
	struct notes_builder *builder = &markdown->builder;
	switch ((int)cmark_node_get_type(node)) {
	case CMARK_NODE_HEADING:
		if (enter)
			notes_heading(builder, (unsigned)cmark_node_get_heading_level(node), NULL);
		else
			notes_break(builder);
		break;
	case CMARK_NODE_PARAGRAPH:
		paragraph(markdown, node, enter);
		break;
	case CMARK_NODE_ITEM:
		notes_item(builder, enter);
		break;
	case CMARK_NODE_TEXT:
		notes_text(builder, slice_of(cmark_node_get_literal(node)));
		break;
	case CMARK_NODE_CODE:
		notes_text(builder, slice_of("`"));
		notes_text(builder, slice_of(cmark_node_get_literal(node)));
		notes_text(builder, slice_of("`"));
		break;
	case CMARK_NODE_SOFTBREAK:
	case CMARK_NODE_LINEBREAK:
		line_end(markdown);
		break;
	case CMARK_NODE_HTML_BLOCK:
	case CMARK_NODE_HTML_INLINE:
		html_anchor(builder, cmark_node_get_literal(node));
		break;
	case CMARK_NODE_LINK:
		if (enter)
			notes_link(builder, cmark_node_get_url(node));
		break;
	default:
		break;
	}
}

static void walk(struct markdown *markdown)
{
	cmark_node *document = cmark_parser_finish(markdown->parser);
	cmark_parser_free(markdown->parser);
	cmark_iter *iterator = cmark_iter_new(document);
	for (cmark_event_type event; (event = cmark_iter_next(iterator)) != CMARK_EVENT_DONE;)
		visit(markdown, cmark_iter_get_node(iterator), event == CMARK_EVENT_ENTER);
	cmark_iter_free(iterator);
	cmark_node_free(document);
	markdown->parser = cmark_parser_new(CMARK_OPT_VALIDATE_UTF8);
	markdown->piece = markdown->paragraph = 0;
}

static void feed_line(struct markdown *markdown, struct slice line)
{
	struct notes_page *page = markdown->builder.page;
	size_t skip = 0;
	if (line.n > MAX_PARAGRAPH) {
		line.n = MAX_PARAGRAPH;
		page->cut = true;
	}
	while (skip < line.n && strchr(" \t>-*+", line.p[skip]))
		skip++;
	bool blank = skip == line.n || line.p[skip] == '\r';
	skip = skip > MAX_DEPTH_COLUMNS ? skip : 0; /* more nesting than any page has */
	page->cut |= skip > 0;
	markdown->paragraph = blank ? 0 : markdown->paragraph + line.n;
	if (markdown->paragraph > MAX_PARAGRAPH) {
		cmark_parser_feed(markdown->parser, "\n\n", 2);
		markdown->paragraph = line.n;
		page->cut = true;
	}
	cmark_parser_feed(markdown->parser, line.p + skip, line.n - skip);
	cmark_parser_feed(markdown->parser, "\n", 1);
	markdown->piece += line.n + 1;
}

static void feed(struct markdown *markdown, struct slice text)
{
	bool fenced = false;
	for (size_t at = 0; at < text.n;) {
		const char *end = memchr(text.p + at, '\n', text.n - at);
		struct slice line = slice_make(text.p + at, end ? (size_t)(end - text.p) - at : text.n - at);
		if (slice_starts(line, "```") || slice_starts(line, "~~~"))
			fenced = !fenced;
		bool heading = line.n && *line.p == '#' && !fenced;
		if ((heading && markdown->piece > PIECE) || markdown->piece > MAX_PIECE)
			walk(markdown);
		feed_line(markdown, line);
		at += line.n + 1;
	}
}

struct error *notes_page_markdown(struct slice text, const char *name, struct arena *arena, struct notes_page *ret)
{
	struct markdown markdown = {.important = false};
	if (text.n > NOTES_MAX_PAGE)
		return error_new(ERROR_INVALID, "%s: Markdown larger than %d bytes", name, NOTES_MAX_PAGE);
	if (text.n && memchr(text.p, '\0', text.n))
		return error_new(ERROR_INVALID, "%s: not text", name);
	notes_begin(&markdown.builder, arena, ret);
	markdown.builder.github = true;
	markdown.parser = cmark_parser_new(CMARK_OPT_VALIDATE_UTF8);
	feed(&markdown, text);
	walk(&markdown);
	cmark_node_free(cmark_parser_finish(markdown.parser));
	cmark_parser_free(markdown.parser);
	notes_end(&markdown.builder);
	return NULL;
}
