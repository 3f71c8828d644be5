/* Markdown by cmark. Tables are no CommonMark: their rows come as lines of a paragraph, which is enough. */
#include <cmark.h>
#include <ctype.h>
#include <string.h>
#include "perception/notes_page.h"

/* A hostile page could make one paragraph of everything, and cmark's work on one grows faster than its length. */
enum { MAX_PARAGRAPH = 64 << 10, MAX_DEPTH_COLUMNS = 300 };

/* Feeds the page line by line: lines that begin with more nesting than any page has are shortened, and a paragraph that
 * never ends is ended. */
static void feed(cmark_parser *parser, struct slice text, struct notes_page *page)
{
	size_t run = 0;
	for (size_t at = 0; at < text.n;) {
		const char *end = memchr(text.p + at, '\n', text.n - at);
		size_t n = end ? (size_t)(end - text.p) - at : text.n - at, skip = 0;
		bool more = end != NULL;
		if (n > MAX_PARAGRAPH) {
			n = MAX_PARAGRAPH;
			more = false;
			page->cut = true;
		}
		while (skip < n && strchr(" \t>-*+", text.p[at + skip]))
			skip++;
		bool blank = skip == n || text.p[at + skip] == '\r';
		skip = skip > MAX_DEPTH_COLUMNS ? skip : 0;
		page->cut |= skip > 0;
		run = blank ? 0 : run + n;
		if (run > MAX_PARAGRAPH) {
			cmark_parser_feed(parser, "\n\n", 2);
			run = n;
			page->cut = true;
		}
		cmark_parser_feed(parser, text.p + at + skip, n - skip);
		cmark_parser_feed(parser, "\n", 1);
		at += n + more;
	}
}

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

struct error *notes_page_markdown(struct slice text, const char *name, struct arena *arena, struct notes_page *ret)
{
	struct markdown markdown = {.important = false};
	if (text.n > NOTES_MAX_PAGE)
		return error_new(ERROR_INVALID, "%s: Markdown larger than %d bytes", name, NOTES_MAX_PAGE);
	if (text.n && memchr(text.p, '\0', text.n))
		return error_new(ERROR_INVALID, "%s: not text", name);
	notes_begin(&markdown.builder, arena, ret);
	markdown.builder.github = true;
	cmark_parser *parser = cmark_parser_new(CMARK_OPT_VALIDATE_UTF8);
	feed(parser, text, ret);
	cmark_node *document = cmark_parser_finish(parser);
	cmark_parser_free(parser);
	cmark_iter *iterator = cmark_iter_new(document);
	for (cmark_event_type event; (event = cmark_iter_next(iterator)) != CMARK_EVENT_DONE;)
		visit(&markdown, cmark_iter_get_node(iterator), event == CMARK_EVENT_ENTER);
	cmark_iter_free(iterator);
	cmark_node_free(document);
	notes_end(&markdown.builder);
	return NULL;
}
