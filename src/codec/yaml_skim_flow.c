/* Quoted scalars and collections in braces, JSON among them, for yaml_skim(). */
#include <ctype.h>
#include <string.h>
#include "codec/yaml_skim_internal.h"

/* By byte; sums of SKIM_STOP, SKIM_FIRST and SKIM_MARK. Beyond ASCII all is text. */
const unsigned char skim_class[256] = {
	3, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	0, 2, 2, 3, 0, 2, 2, 2, 0, 0, 2, 0, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 2, 4,
	2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 0,
	2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 0, 1,
};

bool skim_rest_of_line(struct skim *skim)
{
	const char *p = skim->p, *end = skim->end;
	while (p < end && skim_blank(*p))
		p++;
	if (p < end && *p == '#') {
		if (p > skim->base && !skim_blank(p[-1]) && p[-1] != '\n')
			return false;
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		p = newline ? newline : end;
	}
	if (p < end && *p == '\r')
		p++;
	if (p < end && *p != '\n')
		return false;
	skim->p = p < end ? p + 1 : end;
	return true;
}

/* Further lines of a scalar: right of the parent, no marker among them. */
static bool lines_belong(const char *p, const char *stop, const char *end, int parent)
{
	while ((p = memchr(p, '\n', (size_t)(stop - p)))) {
		const char *line = ++p;
		if (yaml_is_marker(line, end))
			return false;
		while (p < stop && *p == ' ')
			p++;
		if (p < stop && *p == '\t')
			return false;
		if (p - line <= parent && *p != '\n' && *p != '\r')
			return false;
		p = line;
	}
	return true;
}

/* A backslash at p, within double quotes; gives how many bytes belong to it, 0 for what libfyaml should judge. */
static size_t escape(const char *p, const char *end)
{
	if (end - p < 2)
		return 0;
	size_t digits = p[1] == 'x' ? 2 : p[1] == 'u' ? 4 : p[1] == 'U' ? 8 : 0;
	if (!digits)
		return p[1] && strchr("\"\\/bfnrt0ave N_LP\n\t", p[1]) ? 2 : 0;
	for (size_t i = 0; i < digits; i++)
		if (p + 2 + i >= end || !isxdigit((unsigned char)p[2 + i]))
			return 0;
	return 2 + digits;
}

bool skim_quoted(struct skim *skim, int parent, struct slice *ret)
{
	const char quote = *skim->p, *from = ++skim->p, *p = from, *end = skim->end;
	for (;; p++) {
		if (quote == '"') {
			while (p < end && *p != '"' && *p != '\\')
				p++;
			if (p < end && *p == '\\') {
				size_t n = escape(p, end);
				if (!n)
					return false;
				p += n - 1;
				continue;
			}
			if (p >= end || *p != '"')
				return false;
			break;
		}
		p = memchr(p, '\'', (size_t)(end - p));
		if (!p)
			return false;
		if (p + 1 < end && p[1] == '\'') {
			p++;
			continue;
		}
		break;
	}
	if (!lines_belong(from, p, end, parent))
		return false;
	*ret = slice_make(from, (size_t)(p - from));
	skim->p = p + 1;
	return true;
}

/* Space, line ends and comments within braces. */
static bool skip_space(struct skim *skim)
{
	const char *p = skim->p, *end = skim->end;
	for (;;) {
		while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
			p++;
		if (p < end && *p == '#' && p > skim->base && (skim_blank(p[-1]) || p[-1] == '\n')) {
			p = memchr(p, '\n', (size_t)(end - p));
			p = p ? p : end;
		}
		if (p >= end || *p != '\n')
			break;
		p++;
		if (yaml_is_marker(p, end))
			return false;
	}
	skim->p = p;
	return p < end;
}

static bool flow_indicator(char c)
{
	return c == ',' || c == '[' || c == ']' || c == '{' || c == '}';
}

/* A plain scalar within braces, on one line. */
static bool flow_plain(struct skim *skim, struct slice *ret)
{
	const char *from = skim->p, *p = from, *end = skim->end;
	unsigned char class = skim_class[(unsigned char)*p];
	if ((class & SKIM_FIRST) ||
	    ((class & SKIM_MARK) && (*p != '-' || p + 1 >= end || skim_blank(p[1]) || flow_indicator(p[1]))))
		return false;
	for (; p < end && !flow_indicator(*p); p++) {
		if (!(skim_class[(unsigned char)*p] & SKIM_STOP))
			continue;
		if (*p == '\n' || *p == '\r')
			break;
		if (*p == ':') {
			if (p + 1 >= end || skim_blank(p[1]) || p[1] == '\n' || p[1] == '\r' || flow_indicator(p[1]))
				break;
		} else if (*p != '#' || skim_blank(p[-1])) {
			return false;
		}
	}
	skim->p = p;
	while (p > from && skim_blank(p[-1]))
		p--;
	*ret = slice_make(from, (size_t)(p - from));
	return p > from;
}

static bool flow_scalar(struct skim *skim, struct slice *ret, enum yaml_style *ret_style)
{
	char c = *skim->p;
	*ret_style = c == '"' ? YAML_DOUBLE : c == '\'' ? YAML_SINGLE : YAML_PLAIN;
	return *ret_style == YAML_PLAIN ? flow_plain(skim, ret) : skim_quoted(skim, -1, ret);
}

static bool flow_value(struct skim *skim, unsigned depth)
{
	if (*skim->p == '{' || *skim->p == '[')
		return skim_flow(skim, depth + 1);
	size_t at = skim_at(skim, skim->p);
	struct slice text;
	enum yaml_style style;
	if (!flow_scalar(skim, &text, &style))
		return false;
	skim->events->scalar(skim->context, text, style, at);
	return true;
}

static void no_value(struct skim *skim)
{
	skim->events->scalar(skim->context, slice_make("", 0), YAML_PLAIN, skim_at(skim, skim->p));
}

/* "key", "key:", "key: value". */
static bool flow_member(struct skim *skim, unsigned depth)
{
	size_t at = skim_at(skim, skim->p);
	struct slice key;
	enum yaml_style style;
	if (!flow_scalar(skim, &key, &style) ||
	    (style != YAML_PLAIN && memchr(key.p, style == YAML_DOUBLE ? '\\' : '\'', key.n)) ||
	    memchr(key.p, '\n', key.n) || (key.n == 2 && key.p[0] == '<' && key.p[1] == '<'))
		return false;
	skim->events->key(skim->context, key, at);
	if (!skip_space(skim))
		return false;
	if (*skim->p != ':') {
		no_value(skim);
		return true;
	}
	skim->p++;
	if (style == YAML_PLAIN && skim->p < skim->end && *skim->p != ' ' && *skim->p != '\n' && *skim->p != '\r' &&
	    *skim->p != '\t' && !flow_indicator(*skim->p))
		return false;
	if (!skip_space(skim))
		return false;
	if (*skim->p == ',' || *skim->p == '}') {
		no_value(skim);
		return true;
	}
	return flow_value(skim, depth);
}

bool skim_flow(struct skim *skim, unsigned depth)
{
	bool list = *skim->p == '[';
	char close = list ? ']' : '}';
	if (depth > SKIM_MAX_DEPTH)
		return false;
	skim->events->open(skim->context, list, skim_at(skim, skim->p));
	skim->p++;
	if (!skip_space(skim))
		return false;
	while (*skim->p != close) {
		if (!(list ? flow_value(skim, depth) : flow_member(skim, depth)) || !skip_space(skim))
			return false;
		if (*skim->p != ',') {
			if (*skim->p != close)
				return false;
			break;
		}
		skim->p++;
		if (!skip_space(skim))
			return false;
	}
	skim->p++;
	skim->events->close(skim->context);
	return true;
}
