/* The fast reader of YAML as manifests have it: block collections, line by line, each byte looked at once or skipped.
 * It decides nothing that it is not sure of: tabs, tags, anchors, merge keys, strange indentation are libfyaml's. */
#include "codec/yaml_events.h"

#include <string.h>
#include "codec/yaml_skim_internal.h"

/* An open collection, and the column at which its keys or dashes stand. */
struct level {
	int column;
	bool list;
};

struct block {
	struct skim s;
	struct level levels[SKIM_MAX_DEPTH];
	unsigned depth;
	bool pending; /* a key or a dash of the innermost level waits for its value */
};

bool yaml_is_marker(const char *p, const char *end)
{
	if (end - p < 3 || (memcmp(p, "---", 3) != 0 && memcmp(p, "...", 3) != 0))
		return false;
	return end - p == 3 || skim_blank(p[3]) || p[3] == '\n' || p[3] == '\r';
}

size_t yaml_document_end(struct slice text, size_t at)
{
	const char *p = text.p + at, *end = text.p + text.n;
	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		p++;
		if (yaml_is_marker(p, end))
			return (size_t)(p - text.p);
	}
	return text.n;
}

static struct level *top(struct block *block)
{
	return &block->levels[block->depth - 1];
}

static bool push(struct block *block, bool list, int column, const char *p)
{
	if (block->depth == SKIM_MAX_DEPTH)
		return false;
	block->levels[block->depth++] = (struct level){column, list};
	block->s.events->open(block->s.context, list, skim_at(&block->s, p));
	return true;
}

static void pop(struct block *block)
{
	block->depth--;
	block->s.events->close(block->s.context);
}

static void null_value(struct block *block, const char *p)
{
	block->pending = false;
	block->s.events->scalar(block->s.context, slice_make("", 0), YAML_PLAIN, skim_at(&block->s, p));
}

static bool ends_word(const char *p, const char *end)
{
	return p >= end || *p == ' ' || *p == '\n' || *p == '\r' || *p == '\t';
}

static bool is_dash(const char *p, const char *end)
{
	return *p == '-' && ends_word(p + 1, end);
}

/* A key between quotes; one with escapes is libfyaml's. */
static bool find_quoted_key(struct block *block, const char *p, struct slice *ret, const char **ret_after,
			    bool *ret_strange)
{
	const char *end = block->s.end, *q = p + 1;
	while (q < end && *q != *p && *q != '\n' && (*q != '\\' || *p == '\''))
		q++;
	if (q >= end || *q != *p) {
		const char *newline = q < end ? memchr(q, '\n', (size_t)(end - q)) : NULL;
		*ret_strange = newline && memmem(q, (size_t)(newline - q), "\":", 2);
		return false;
	}
	const char *close = q++;
	while (q < end && *q == ' ')
		q++;
	if (q >= end || *q != ':' || !ends_word(q + 1, end))
		return false;
	*ret = slice_make(p + 1, (size_t)(close - p - 1));
	*ret_after = q + 1;
	return true;
}

/* Is there a key at p? *ret_after stands behind its colon then. False also for what only libfyaml should judge:
 * *ret_strange says so. */
static bool find_key(struct block *block, const char *p, struct slice *ret, const char **ret_after, bool *ret_strange)
{
	const char *end = block->s.end, *q = p;
	*ret_strange = false;
	if (*p == '"' || *p == '\'')
		return find_quoted_key(block, p, ret, ret_after, ret_strange);
	for (;; q++) {
		while (q < end && !(skim_class[(unsigned char)*q] & SKIM_STOP))
			q++;
		if (q >= end || *q == '\n' || *q == '\r')
			return false;
		if (*q == ':' && ends_word(q + 1, end))
			break;
		if (*q == '#' && q > p && skim_blank(q[-1]))
			return false;
		if (*q != ':' && *q != '#') {
			*ret_strange = true;
			return false;
		}
	}
	const char *stop = q;
	while (stop > p && skim_blank(stop[-1]))
		stop--;
	*ret = slice_make(p, (size_t)(stop - p));
	*ret_after = q + 1;
	*ret_strange = stop == p || (skim_class[(unsigned char)*p] & (SKIM_FIRST | SKIM_MARK)) ||
		       (ret->n == 2 && ret->p[0] == '<' && ret->p[1] == '<');
	return !*ret_strange;
}

/* One line of a plain scalar from p on; *ret_stop is where its text ends. `more`: may it go on in the next line? */
static bool plain_line(struct block *block, const char *p, const char **ret_stop, bool *ret_more)
{
	const char *end = block->s.end, *q = p;
	*ret_more = true;
	for (;; q++) {
		while (q < end && !(skim_class[(unsigned char)*q] & SKIM_STOP))
			q++;
		if (q >= end || *q == '\n')
			break;
		if (*q == '\r') {
			if (q + 1 >= end || q[1] != '\n')
				return false;
			break;
		}
		if (*q == ':') {
			if (ends_word(q + 1, end))
				return false;
		} else if (*q != '#') {
			return false;
		} else if (skim_blank(q[-1])) {
			*ret_more = false;
			break;
		}
	}
	const char *stop = q;
	while (stop > p && skim_blank(stop[-1]))
		stop--;
	*ret_stop = stop;
	q = q < end ? memchr(q, '\n', (size_t)(end - q)) : NULL;
	block->s.p = q ? q + 1 : end;
	return true;
}

/* A plain scalar and the lines that go on with it: those right of `parent`. */
static bool plain_value(struct block *block, int parent)
{
	const char *from = block->s.p, *end = block->s.end, *stop, *ignored;
	bool more;
	unsigned char class = skim_class[(unsigned char)*from];
	if ((class & SKIM_FIRST) || ((class & SKIM_MARK) && ends_word(from + 1, end)))
		return false;
	if (!plain_line(block, from, &stop, &more))
		return false;
	for (;;) {
		const char *line = block->s.p, *p = line;
		while (p < end && *p == ' ')
			p++;
		if (p < end && (*p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n'))) { /* an empty line */
			block->s.p = p + (*p == '\r') + 1;
			continue;
		}
		if (p >= end || p - line <= parent) {
			block->s.p = line;
			break;
		}
		bool marks = (*p == '-' || *p == ':' || *p == '?') && ends_word(p + 1, end);
		if (*p == '#' || *p == '\t' || marks || !more || yaml_is_marker(line, end))
			return false;
		if (!plain_line(block, p, &ignored, &more))
			return false;
		stop = ignored;
	}
	block->s.events->scalar(block->s.context, slice_make(from, (size_t)(stop - from)), YAML_PLAIN,
				skim_at(&block->s, from));
	return true;
}

/* "|" or ">": its lines are skipped, by their indentation alone. */
static bool block_scalar(struct block *block, int parent)
{
	const char *from = block->s.p, *end = block->s.end;
	int indent = 0;
	block->s.p++;
	if (block->s.p < end && (*block->s.p == '-' || *block->s.p == '+'))
		block->s.p++;
	if (!skim_rest_of_line(&block->s))
		return false;
	const char *p = block->s.p;
	int widest = 0;
	while (p < end) {
		const char *line = p, *newline;
		while (p < end && *p == ' ')
			p++;
		int column = (int)(p - line);
		bool empty = p >= end || *p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n');
		if (empty) {
			widest = !indent && column > widest ? column : widest;
		} else {
			if (column <= parent) {
				if (!indent && is_dash(p, end)) /* libfyaml has an opinion of its own */
					return false;
				p = line;
				break;
			}
			if (!indent && widest > column)
				return false;
			indent = indent ? indent : column;
			if (column < indent || *p == '\t')
				return false;
		}
		newline = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
		p = newline ? newline + 1 : end;
	}
	block->s.p = p;
	block->s.events->scalar(block->s.context, slice_make("", 0), YAML_BLOCK, skim_at(&block->s, from));
	return true;
}

/* The value at s.p, whose lines must be right of `parent`; s.p moves to the beginning of a line. */
static bool value(struct block *block, int parent)
{
	const char *from = block->s.p;
	struct slice text;
	switch (*from) {
	case '"':
	case '\'':
		if (!skim_quoted(&block->s, parent, &text))
			return false;
		block->s.events->scalar(block->s.context, text, *from == '"' ? YAML_DOUBLE : YAML_SINGLE,
					skim_at(&block->s, from));
		return skim_rest_of_line(&block->s);
	case '|':
	case '>':
		return block_scalar(block, parent);
	case '{':
	case '[':
		return skim_flow(&block->s, block->depth) && skim_rest_of_line(&block->s);
	default:
		return plain_value(block, parent);
	}
}

/* What stands behind a colon or a dash: a value, or nothing yet. */
static bool value_or_pending(struct block *block)
{
	const char *p = block->s.p, *end = block->s.end;
	while (p < end && *p == ' ')
		p++;
	block->s.p = p;
	if (p >= end || *p == '\n' || *p == '\r' || *p == '#') {
		block->pending = true;
		return skim_rest_of_line(&block->s);
	}
	return *p != '\t' && value(block, top(block)->column);
}

/* An entry at p, in column `column`, of the innermost level, or of one that is opened by it. `opens`: its value is
 * awaited, and may be a bare scalar. */
static bool entry(struct block *block, const char *p, int column, bool opens)
{
	const char *end = block->s.end, *after;
	struct slice key;
	bool strange;
	while (is_dash(p, end)) {
		if (opens && !push(block, true, column, p))
			return false;
		block->s.p = p + 1;
		const char *next = p + 1;
		while (next < end && *next == ' ')
			next++;
		if (next >= end || *next == '\n' || *next == '\r' || *next == '#')
			return value_or_pending(block);
		column += (int)(next - p);
		p = next;
		opens = true;
		if (*p == '\t')
			return false;
	}
	if (opens && block->depth && (*p == '{' || *p == '[')) {
		block->s.p = p;
		return value(block, top(block)->column);
	}
	if (!find_key(block, p, &key, &after, &strange)) {
		block->s.p = p;
		return !strange && opens && block->depth && value(block, top(block)->column);
	}
	if (opens && !push(block, false, column, p))
		return false;
	block->s.events->key(block->s.context, key, skim_at(&block->s, p));
	block->s.p = after;
	return value_or_pending(block);
}

/* Closes what ends before an entry in `column`; *ret_opens: it begins a new level. */
static bool settle(struct block *block, const char *p, int column, bool *ret_opens)
{
	bool dash = is_dash(p, block->s.end);
	*ret_opens = block->depth == 0;
	if (block->pending) {
		struct level *level = top(block);
		if (column > level->column || (dash && column == level->column && !level->list)) {
			block->pending = false;
			*ret_opens = true;
			return true;
		}
		null_value(block, p);
	}
	if (*ret_opens)
		return true;
	while (block->depth && top(block)->column > column)
		pop(block);
	if (block->depth > 1 && top(block)->list && !dash && top(block)->column == column &&
	    !block->levels[block->depth - 2].list && block->levels[block->depth - 2].column == column)
		pop(block);
	return block->depth && top(block)->column == column && top(block)->list == dash;
}

static bool lines(struct block *block)
{
	const char *end = block->s.end;
	while (block->s.p < end) {
		const char *line = block->s.p, *p = line;
		while (p < end && *p == ' ')
			p++;
		if (p >= end || *p == '\n' || *p == '#' || *p == '\r') {
			block->s.p = p;
			if (!skim_rest_of_line(&block->s))
				return false;
			continue;
		}
		if (p == line && yaml_is_marker(p, end))
			return true;
		bool opens;
		if (*p == '\t' || !settle(block, p, (int)(p - line), &opens))
			return false;
		if (!block->depth && (*p == '{' || *p == '[')) {
			block->s.p = p;
			return skim_flow(&block->s, 0);
		}
		if (!entry(block, p, (int)(p - line), opens))
			return false;
	}
	return true;
}

bool yaml_skim(struct slice text, size_t *at, const struct yaml_events *events, void *context)
{
	struct block block;
	block.s = (struct skim){text.p, text.p + *at, text.p + text.n, events, context};
	block.depth = 0;
	block.pending = false;
	if (yaml_is_marker(block.s.p, block.s.end)) {
		block.s.p += 3;
		if (!skim_rest_of_line(&block.s))
			return false;
	}
	if (!lines(&block))
		return false;
	if (block.pending)
		null_value(&block, block.s.p);
	while (block.depth)
		pop(&block);
	*at = (size_t)(block.s.p - text.p);
	return true;
}
