/* XML as services write it, read by ourselves: no library is loaded for it, and it takes a sixth of the time. Whatever
 * is not plain is left to libxml2: other encodings, prefixes, comments, CDATA, document types, and everything broken.
 */
#include <string.h>
#include "codec/xml_internal.h"

enum { MOST_DEPTH = 190, MOST_BYTES = 8 << 20 };

struct plain {
	const char *p, *end;
	struct arena *arena;
	struct buf text; /* of the elements that are open: of the outer ones first */
	unsigned depth;
};

static bool take(struct plain *in, const char *word)
{
	size_t n = strlen(word);
	if ((size_t)(in->end - in->p) < n || memcmp(in->p, word, n) != 0)
		return false;
	in->p += n;
	return true;
}

static bool skip_space(struct plain *in)
{
	const char *from = in->p;
	while (in->p < in->end && (*in->p == ' ' || *in->p == '\n' || *in->p == '\t'))
		in->p++;
	return in->p > from;
}

/* Of printable ASCII. */
static bool is_plain(char c)
{
	return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7F;
}

static bool is_name_start(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

static bool take_name(struct plain *in, struct slice *ret)
{
	const char *from = in->p;
	if (in->p == in->end || !is_name_start(*in->p))
		return false;
	while (in->p < in->end &&
	       (is_name_start(*in->p) || (*in->p >= '0' && *in->p <= '9') || *in->p == '-' || *in->p == '.'))
		in->p++;
	*ret = slice_make(from, (size_t)(in->p - from));
	return true;
}

static bool take_quoted(struct plain *in, struct slice *ret)
{
	if (in->p == in->end || (*in->p != '"' && *in->p != '\''))
		return false;
	char quote = *in->p++;
	const char *from = in->p;
	while (in->p < in->end && *in->p != quote) {
		if (!is_plain(*in->p) || *in->p == '&' || *in->p == '<')
			return false;
		in->p++;
	}
	*ret = slice_make(from, (size_t)(in->p - from));
	return in->p++ < in->end;
}

/* The declaration of a namespace first, then at most one more: two might be the same. */
static bool skip_attributes(struct plain *in)
{
	unsigned others = 0;
	for (bool first = true; skip_space(in) && in->p < in->end && is_name_start(*in->p); first = false) {
		struct slice name, value;
		if (!take_name(in, &name) || !take(in, "=") || !take_quoted(in, &value))
			return false;
		if (slice_eq(name, "xmlns") ? !first || value.n == 0 : others++ > 0)
			return false;
	}
	return true;
}

static bool take_entity(struct plain *in)
{
	static const struct {
		const char *word;
		char c;
	} known[] = {{"&quot;", '"'}, {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&apos;", '\''}, {"&#39;", '\''}};
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (take(in, known[i].word))
			return buf_putc(&in->text, known[i].c);
	return false;
}

/* Up to the next tag. */
static bool take_text(struct plain *in)
{
	while (in->p < in->end && *in->p != '<') {
		const char *from = in->p;
		while (in->p < in->end && *in->p != '<' && *in->p != '&' && *in->p != ']' &&
		       (is_plain(*in->p) || *in->p == '\n' || *in->p == '\t'))
			in->p++;
		if (in->p > from)
			buf_append(&in->text, from, (size_t)(in->p - from));
		else if (*in->p == ']' && !(in->end - in->p > 1 && in->p[1] == ']'))
			buf_putc(&in->text, *in->p++);
		else if (*in->p != '&' || !take_entity(in))
			return false;
	}
	return true;
}

static bool read_element(struct plain *in, struct xml_node **ret);

/* Text and elements up to the end tag, and that. */
static bool read_inside(struct plain *in, struct xml_node *node, struct slice name)
{
	struct xml_node *last = NULL, *child;
	size_t mark = in->text.n;
	struct slice closing;
	for (;;) {
		if (!take_text(in))
			return false;
		if (take(in, "</"))
			break;
		if (!read_element(in, &child))
			return false;
		*(last ? &last->next : &node->children) = child;
		last = child;
		node->n_children++;
	}
	if (!take_name(in, &closing) || closing.n != name.n || memcmp(closing.p, name.p, name.n) != 0)
		return false;
	node->text = in->text.n > mark ? arena_strndup(in->arena, in->text.p + mark, in->text.n - mark) : "";
	in->text.n = mark;
	skip_space(in);
	return take(in, ">");
}

static bool read_element(struct plain *in, struct xml_node **ret)
{
	struct slice name;
	if (!take(in, "<") || !take_name(in, &name) || in->depth == MOST_DEPTH)
		return false;
	struct xml_node *node = arena_alloc(in->arena, sizeof *node);
	node->name = arena_strndup(in->arena, name.p, name.n);
	node->text = "";
	*ret = node;
	if (!skip_attributes(in))
		return false;
	if (take(in, "/>"))
		return true;
	if (!take(in, ">"))
		return false;
	in->depth++;
	bool good = read_inside(in, node, name);
	in->depth--;
	return good;
}

static void skip_prolog(struct plain *in)
{
	static const char *const prologs[] = {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
					      "<?xml version=\"1.0\" encoding=\"utf-8\"?>", "<?xml version=\"1.0\"?>"};
	for (size_t i = 0; i < ARRAY_SIZE(prologs); i++)
		if (take(in, prologs[i]))
			break;
	skip_space(in);
}

bool xml_read_plain(struct slice text, struct arena *arena, struct xml_node **ret_root)
{
	struct plain in = {.p = text.p, .end = text.p + text.n, .arena = arena, .text = BUF_INIT(MOST_BYTES)};
	if (text.n == 0 || text.n > MOST_BYTES)
		return false;
	skip_prolog(&in);
	bool good = read_element(&in, ret_root);
	skip_space(&in);
	buf_done(&in.text);
	return good && in.p == in.end;
}
