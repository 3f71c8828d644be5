/* HTML by libxml2's HTML parser, pushed through SAX: no tree is made, so a page that nests without end costs nothing
 * but its bytes. The library is found on first use. */
#include <dlfcn.h>
#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <string.h>
#include <strings.h>
#include "base/macros.h"
#include "perception/notes_page.h"

struct library {
	__typeof__(&htmlCreatePushParserCtxt) create;
	__typeof__(&htmlCtxtUseOptions) use_options;
	__typeof__(&htmlParseChunk) parse;
	__typeof__(&htmlFreeParserCtxt) free;
	__typeof__(&xmlStopParser) stop;
};

static struct error *load(struct library *ret)
{
	void *handle = dlopen("libxml2.so.2", RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return error_remedy(error_new(ERROR_STATE, "libxml2 is not installed"), "apt-get install libxml2");
	const struct {
		const char *name;
		void *slot;
	} wanted[] = {
		{"htmlCreatePushParserCtxt", &ret->create},
		{"htmlCtxtUseOptions", &ret->use_options},
		{"htmlParseChunk", &ret->parse},
		{"htmlFreeParserCtxt", &ret->free},
		{"xmlStopParser", &ret->stop},
	};
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!(*(void **)wanted[i].slot = dlsym(handle, wanted[i].name)))
			return error_new(ERROR_STATE, "libxml2 has no \"%s\"", wanted[i].name);
	return NULL;
}

enum element_flags {
	ELEMENT_BLOCK = 1 << 0, /* a block begins and ends with it */
	ELEMENT_SKIP = 1 << 1,	/* nothing in it is read */
	ELEMENT_CODE = 1 << 2,
	ELEMENT_CELL = 1 << 3,
	ELEMENT_ITEM = 1 << 4,
	ELEMENT_URGENT = 1 << 5, /* not by name: a box that says so */
	ELEMENT_BOX = 1 << 6,	 /* any box: its own headings head nothing */
	ELEMENT_HEADING = 1 << 7,
};

/* Sorted by name. */
static const struct element {
	const char *name;
	unsigned flags;
} elements[] = {
	{"article", ELEMENT_BLOCK}, {"aside", ELEMENT_SKIP},	{"blockquote", ELEMENT_BLOCK},
	{"button", ELEMENT_SKIP},   {"code", ELEMENT_CODE},	{"dd", ELEMENT_BLOCK},
	{"div", ELEMENT_BLOCK},	    {"dl", ELEMENT_BLOCK},	{"dt", ELEMENT_BLOCK},
	{"footer", ELEMENT_SKIP},   {"form", ELEMENT_SKIP},	{"iframe", ELEMENT_SKIP},
	{"kbd", ELEMENT_CODE},	    {"li", ELEMENT_ITEM},	{"main", ELEMENT_BLOCK},
	{"nav", ELEMENT_SKIP},	    {"noscript", ELEMENT_SKIP}, {"ol", ELEMENT_BLOCK},
	{"p", ELEMENT_BLOCK},	    {"pre", ELEMENT_SKIP},	{"script", ELEMENT_SKIP},
	{"section", ELEMENT_BLOCK}, {"select", ELEMENT_SKIP},	{"style", ELEMENT_SKIP},
	{"svg", ELEMENT_SKIP},	    {"table", ELEMENT_BLOCK},	{"td", ELEMENT_CELL},
	{"template", ELEMENT_SKIP}, {"th", ELEMENT_CELL},	{"title", ELEMENT_SKIP},
	{"tr", ELEMENT_BLOCK},	    {"tt", ELEMENT_CODE},	{"ul", ELEMENT_BLOCK},
};

struct html {
	struct notes_builder builder;
	const struct library *xml;
	htmlParserCtxtPtr parser;
	unsigned char open[NOTES_MAX_DEPTH]; /* flags of the elements that are open */
	size_t depth, skipping, boxes, rows;
	bool stopped;
};

static const char *attribute(const xmlChar **attributes, const char *name)
{
	for (size_t i = 0; attributes && attributes[i]; i += 2)
		if (!strcasecmp((const char *)attributes[i], name))
			return (const char *)attributes[i + 1];
	return NULL;
}

/* Boxes of AWS's pages, of kubernetes.io (Bootstrap) and of GitHub. */
static unsigned box_flags(const char *class)
{
	static const struct {
		const char *word;
		unsigned flags;
	} words[] = {
		{"awsdocs-important", ELEMENT_BOX | ELEMENT_URGENT},
		{"awsdocs-warning", ELEMENT_BOX | ELEMENT_URGENT},
		{"awsdocs-note", ELEMENT_BOX},
		{"alert-warning", ELEMENT_BOX | ELEMENT_URGENT},
		{"alert-danger", ELEMENT_BOX | ELEMENT_URGENT},
		{"alert", ELEMENT_BOX},
		{"markdown-alert-important", ELEMENT_BOX | ELEMENT_URGENT},
	};
	unsigned flags = 0;
	for (const char *p = class; p && *p;) {
		size_t n = strcspn(p, " \t\n");
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (strlen(words[i].word) == n && !strncmp(p, words[i].word, n))
				flags |= words[i].flags;
		p += n + (p[n] != '\0');
	}
	return flags;
}

static unsigned flags_of(const char *name)
{
	if (name[0] == 'h' && name[1] >= '1' && name[1] <= '6' && !name[2])
		return ELEMENT_HEADING;
	for (size_t i = 0; i < ARRAY_SIZE(elements); i++)
		if (!strcmp(elements[i].name, name))
			return elements[i].flags;
	return 0;
}

/* Of a block; within a row or a heading it only parts words. */
static void border(struct html *html)
{
	if (html->rows || html->builder.heading)
		notes_text(&html->builder, slice_of(" "));
	else
		notes_break(&html->builder);
}

static void enter(struct html *html, const char *name, const xmlChar **attributes, unsigned flags)
{
	struct notes_builder *builder = &html->builder;
	if (flags & ELEMENT_BOX)
		html->boxes++;
	if (flags & ELEMENT_HEADING && !html->boxes)
		notes_heading(builder, (unsigned)(name[1] - '0'), attribute(attributes, "id"));
	else if (flags & (ELEMENT_BLOCK | ELEMENT_HEADING))
		border(html);
	if (flags & ELEMENT_ITEM)
		notes_item(builder, true);
	if (flags & ELEMENT_CODE)
		notes_text(builder, slice_of("`"));
	if (flags & ELEMENT_CELL && builder->text.n)
		notes_text(builder, slice_of(" | "));
	if (flags & ELEMENT_URGENT)
		builder->urgent++;
	if (!strcmp(name, "tr"))
		html->rows++;
	if (!strcmp(name, "a")) {
		notes_link(builder, attribute(attributes, "href"));
		notes_anchor(builder, attribute(attributes, "name"));
	}
	if (!strcmp(name, "br"))
		notes_text(builder, slice_of(" "));
}

static void leave(struct html *html, const char *name, unsigned flags)
{
	struct notes_builder *builder = &html->builder;
	if (flags & ELEMENT_CODE)
		notes_text(builder, slice_of("`"));
	if (!strcmp(name, "tr") && html->rows)
		html->rows--; /* before the border: a row is a block */
	if (flags & ELEMENT_HEADING && builder->heading)
		notes_break(builder);
	else if (flags & ELEMENT_HEADING) /* of a box: "Important" is no sentence */
		buf_clear(&builder->text);
	else if (flags & ELEMENT_BLOCK)
		border(html);
	if (flags & ELEMENT_ITEM)
		notes_item(builder, false);
	if (flags & ELEMENT_BOX)
		html->boxes--;
	if (flags & ELEMENT_URGENT)
		builder->urgent--;
}

static void on_start(void *context, const xmlChar *raw_name, const xmlChar **attributes)
{
	struct html *html = context;
	const char *name = (const char *)raw_name;
	if (html->stopped)
		return;
	if (html->depth == NOTES_MAX_DEPTH) {
		html->builder.page->cut = html->stopped = true;
		html->xml->stop(html->parser);
		return;
	}
	unsigned flags = flags_of(name) | box_flags(attribute(attributes, "class"));
	html->open[html->depth++] = (unsigned char)flags;
	if (flags & ELEMENT_SKIP)
		html->skipping++;
	if (!html->skipping)
		enter(html, name, attributes, flags);
}

static void on_end(void *context, const xmlChar *name)
{
	struct html *html = context;
	if (html->stopped || !html->depth)
		return;
	unsigned flags = html->open[--html->depth];
	if (!html->skipping)
		leave(html, (const char *)name, flags);
	if (flags & ELEMENT_SKIP)
		html->skipping--;
}

static void on_text(void *context, const xmlChar *text, int n)
{
	struct html *html = context;
	if (!html->stopped && !html->skipping && n > 0)
		notes_text(&html->builder, slice_make((const char *)text, (size_t)n));
}

static void on_trouble(void *context, const char *message, ...)
{
	(void)context;
	(void)message;
}

struct error *notes_page_html(struct slice text, const char *name, struct arena *arena, struct notes_page *ret)
{
	enum { CHUNK = 1 << 16 };
	struct library xml;
	TRY(load(&xml));
	if (text.n > NOTES_MAX_PAGE)
		return error_new(ERROR_INVALID, "%s: HTML larger than %d bytes", name, NOTES_MAX_PAGE);
	htmlSAXHandler handler = {.startElement = on_start,
				  .endElement = on_end,
				  .characters = on_text,
				  .ignorableWhitespace = on_text,
				  .warning = on_trouble,
				  .error = on_trouble,
				  .fatalError = on_trouble};
	struct html html = {.xml = &xml};
	notes_begin(&html.builder, arena, ret);
	html.parser = xml.create(&handler, &html, "", 0, NULL, XML_CHAR_ENCODING_UTF8);
	if (!html.parser) {
		notes_end(&html.builder);
		return error_new(ERROR_INVALID, "%s: not HTML", name);
	}
	xml.use_options(html.parser,
			HTML_PARSE_RECOVER | HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC | HTML_PARSE_NODEFDTD);
	for (size_t at = 0; at < text.n && !html.stopped; at += CHUNK)
		xml.parse(html.parser, text.p + at, (int)(text.n - at < CHUNK ? text.n - at : CHUNK), 0);
	if (!html.stopped)
		xml.parse(html.parser, "", 0, 1);
	html.stopped = true;
	xml.free(html.parser);
	notes_end(&html.builder);
	return NULL;
}
