/* What a scalar between quotes says: escapes, doubled quotes, folded lines. */
#include "codec/yaml_events.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void put_rune(struct buf *out, uint32_t rune)
{
	if (rune < 0x80) {
		buf_putc(out, (char)rune);
	} else if (rune < 0x800) {
		buf_putc(out, (char)(0xc0 | rune >> 6));
		buf_putc(out, (char)(0x80 | (rune & 0x3f)));
	} else if (rune < 0x10000) {
		buf_putc(out, (char)(0xe0 | rune >> 12));
		buf_putc(out, (char)(0x80 | (rune >> 6 & 0x3f)));
		buf_putc(out, (char)(0x80 | (rune & 0x3f)));
	} else {
		buf_putc(out, (char)(0xf0 | (rune >> 18 & 7)));
		buf_putc(out, (char)(0x80 | (rune >> 12 & 0x3f)));
		buf_putc(out, (char)(0x80 | (rune >> 6 & 0x3f)));
		buf_putc(out, (char)(0x80 | (rune & 0x3f)));
	}
}

/* Line ends and the space around them (but not what escapes wrote: `kept` bytes) become one space, or so many line ends
 * as there are empty lines. */
static const char *fold(const char *p, const char *end, size_t kept, struct buf *out)
{
	size_t newlines = 0;
	while (out->n > kept && (out->p[out->n - 1] == ' ' || out->p[out->n - 1] == '\t' || out->p[out->n - 1] == '\r'))
		out->n--;
	for (; p < end && strchr(" \t\r\n", *p); p++)
		newlines += *p == '\n';
	if (newlines <= 1)
		buf_putc(out, ' ');
	for (; newlines > 1; newlines--)
		buf_putc(out, '\n');
	return p;
}

static const char *unescape(const char *p, const char *end, struct buf *out)
{
	static const char names[] = "0abtnvfre \"/\\N_LP", values[] = "\0\a\b\t\n\v\f\r\033 \"/\\\x85\xa0";
	size_t digits = *p == 'x' ? 2 : *p == 'u' ? 4 : *p == 'U' ? 8 : 0;
	if (*p == '\n') { /* the line goes on without a space */
		for (p++; p < end && (*p == ' ' || *p == '\t'); p++)
			;
		return p;
	}
	if (digits) {
		char text[9] = "";
		memcpy(text, p + 1, (size_t)(end - p - 1) < digits ? (size_t)(end - p - 1) : digits);
		uint32_t rune = (uint32_t)strtoul(text, NULL, 16);
		p += 1 + digits;
		if (rune >= 0xd800 && rune < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
			memcpy(text, p + 2, 4);
			text[4] = '\0';
			rune = 0x10000 + ((rune - 0xd800) << 10) + ((uint32_t)strtoul(text, NULL, 16) - 0xdc00);
			p += 6;
		}
		put_rune(out, rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000) ? 0xfffd : rune);
		return p < end ? p : end;
	}
	const char *name = *p ? strchr(names, *p) : NULL;
	if (name && name - names < 13)
		buf_putc(out, values[name - names]);
	else
		put_rune(out, *p == 'N'	  ? 0x85
			      : *p == '_' ? 0xa0
			      : *p == 'L' ? 0x2028
			      : *p == 'P' ? 0x2029
					  : (unsigned char)*p);
	return p + 1;
}

struct slice yaml_scalar_value(struct slice text, enum yaml_style style, struct buf *out)
{
	const char *end = text.p + text.n;
	if ((style != YAML_SINGLE && style != YAML_DOUBLE && style != YAML_PLAIN) || text.n == 0)
		return text;
	bool single = style == YAML_SINGLE && memmem(text.p, text.n, "''", 2);
	bool escaped = style == YAML_DOUBLE && memchr(text.p, '\\', text.n);
	if (!single && !escaped && !memchr(text.p, '\n', text.n))
		return text;
	size_t kept = 0;
	buf_clear(out);
	for (const char *p = text.p; p < end;) {
		if (*p == '\n') {
			p = fold(p, end, kept, out);
		} else if (style == YAML_DOUBLE && *p == '\\' && p + 1 < end) {
			p = unescape(p + 1, end, out);
			kept = out->n;
		} else {
			buf_putc(out, *p);
			p += style == YAML_SINGLE && *p == '\'' && p + 1 < end && p[1] == '\'' ? 2 : 1;
		}
	}
	return buf_slice(out);
}
