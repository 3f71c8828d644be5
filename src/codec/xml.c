/* XML that is not plain (xml_plain.c has the other), by libxml2's text reader into a small tree; the library is found
 * on first use. */
#include "codec/xml.h"
#include "codec/xml_internal.h"

#include <dlfcn.h>
#include <libxml/xmlreader.h>
#include <string.h>

enum { MAX_DEPTH = 200, MAX_TEXT = 64 << 20 };

#define XML_NAMES(X)                                                                                                   \
	X(ReaderForMemory)                                                                                             \
	X(FreeTextReader)                                                                                              \
	X(TextReaderRead)                                                                                              \
	X(TextReaderNodeType)                                                                                          \
	X(TextReaderConstLocalName)                                                                                    \
	X(TextReaderConstValue)                                                                                        \
	X(TextReaderIsEmptyElement)                                                                                    \
	X(TextReaderGetParserLineNumber)                                                                               \
	X(TextReaderSetErrorHandler)

struct library {
#define XML_MEMBER(name) __typeof__(&xml##name) name;
	XML_NAMES(XML_MEMBER)
#undef XML_MEMBER
};

static struct error *load(struct library *ret)
{
	void *handle = dlopen("libxml2.so.2", RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return error_remedy(error_new(ERROR_STATE, "libxml2 is not installed"), "apt-get install libxml2");
	struct {
		const char *name;
		void *slot;
	} const wanted[] = {
#define XML_ENTRY(name) {"xml" #name, &ret->name},
		XML_NAMES(XML_ENTRY)
#undef XML_ENTRY
	};
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!(*(void **)wanted[i].slot = dlsym(handle, wanted[i].name)))
			return error_new(ERROR_STATE, "libxml2 has no \"%s\"", wanted[i].name);
	return NULL;
}

static void quiet(void *context, const char *message, xmlParserSeverities severity, xmlTextReaderLocatorPtr locator)
{
	(void)context;
	(void)message;
	(void)severity;
	(void)locator;
}

struct open_node {
	struct xml_node *node, *last_child;
	struct buf text;
};

struct tree {
	const struct library *xml;
	xmlTextReaderPtr reader;
	struct arena *arena;
	struct open_node open[MAX_DEPTH];
	size_t depth;
	struct xml_node *root;
};

static void close_node(struct tree *tree)
{
	struct open_node *open = &tree->open[--tree->depth];
	open->node->text = arena_strndup(tree->arena, buf_str(&open->text), open->text.n);
	buf_done(&open->text);
}

static bool open_node(struct tree *tree)
{
	const struct library *xml = tree->xml;
	if (tree->depth == MAX_DEPTH)
		return false;
	struct xml_node *node = arena_alloc(tree->arena, sizeof *node);
	node->name = arena_strdup(tree->arena, (const char *)xml->TextReaderConstLocalName(tree->reader));
	node->text = "";
	if (tree->depth) {
		struct open_node *parent = &tree->open[tree->depth - 1];
		if (parent->last_child)
			parent->last_child->next = node;
		else
			parent->node->children = node;
		parent->last_child = node;
		parent->node->n_children++;
	} else if (!tree->root) {
		tree->root = node;
	}
	bool empty = xml->TextReaderIsEmptyElement(tree->reader) == 1;
	tree->open[tree->depth++] = (struct open_node){.node = node, .text = BUF_INIT(MAX_TEXT)};
	if (empty)
		close_node(tree);
	return true;
}

static bool one_event(struct tree *tree)
{
	switch (tree->xml->TextReaderNodeType(tree->reader)) {
	case XML_READER_TYPE_ELEMENT:
		return open_node(tree);
	case XML_READER_TYPE_END_ELEMENT:
		if (tree->depth)
			close_node(tree);
		return true;
	case XML_READER_TYPE_TEXT:
	case XML_READER_TYPE_CDATA:
	case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
		return !tree->depth || buf_puts(&tree->open[tree->depth - 1].text,
						(const char *)tree->xml->TextReaderConstValue(tree->reader));
	case XML_READER_TYPE_ENTITY_REFERENCE:
	case XML_READER_TYPE_DOCUMENT_TYPE:
		return false; /* no service we speak to sends these; a bomb would */
	default:
		return true;
	}
}

struct error *xml_read_by_library(struct slice text, const char *name, struct arena *arena, struct xml_node **ret_root)
{
	struct library xml;
	TRY(load(&xml));
	if (text.n > MAX_TEXT)
		return error_new(ERROR_INVALID, "%s: XML larger than %d bytes", name, MAX_TEXT);
	struct tree tree = {.xml = &xml, .arena = arena};
	tree.reader =
		xml.ReaderForMemory(text.p ? text.p : "", (int)text.n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_COMPACT);
	if (!tree.reader)
		return error_new(ERROR_INVALID, "%s: not XML", name);
	xml.TextReaderSetErrorHandler(tree.reader, quiet, NULL);
	int more;
	bool good = true;
	while (good && (more = xml.TextReaderRead(tree.reader)) == 1)
		good = one_event(&tree);
	int line = xml.TextReaderGetParserLineNumber(tree.reader);
	bool whole = good && more == 0 && tree.root && tree.depth == 0;
	while (tree.depth)
		close_node(&tree);
	xml.FreeTextReader(tree.reader);
	if (!whole)
		return error_new(ERROR_INVALID, "%s:%d: %s", name, line,
				 good ? "broken XML" : "XML too deep, too large, or with a document type");
	*ret_root = tree.root;
	return NULL;
}

struct error *xml_parse(struct slice text, const char *name, struct arena *arena, struct xml_node **ret_root)
{
	return xml_read_plain(text, arena, ret_root) ? NULL : xml_read_by_library(text, name, arena, ret_root);
}

const struct xml_node *xml_child(const struct xml_node *node, const char *name)
{
	for (const struct xml_node *child = node ? node->children : NULL; child; child = child->next)
		if (!strcmp(child->name, name))
			return child;
	return NULL;
}

bool xml_escape(struct slice text, struct buf *out)
{
	bool fits = true;
	for (size_t i = 0; i < text.n && fits; i++) {
		unsigned char c = (unsigned char)text.p[i];
		switch (c) {
		case '<':
			fits = buf_puts(out, "&lt;");
			break;
		case '>':
			fits = buf_puts(out, "&gt;");
			break;
		case '&':
			fits = buf_puts(out, "&amp;");
			break;
		case '"':
			fits = buf_puts(out, "&quot;");
			break;
		case '\'':
			fits = buf_puts(out, "&#39;");
			break;
		default:
			fits = buf_putc(out, c < 0x20 && c != '\n' && c != '\t' && c != '\r' ? '?' : (char)c);
		}
	}
	return fits;
}
