/* Words from outside. The one place that knows which characters do harm on a screen; error and log lines, tables and
 * reports all come here. */
#include "base/words.h"

struct range {
	uint32_t first, last;
};

static bool within(uint32_t code, const struct range *ranges, size_t n)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (code > ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && code >= ranges[low].first;
}

/* Unicode's Cc, Cf, Zl, Zp, surrogates, and fillers that have no ink: ascending. */
static const struct range harmful[] = {
	{0x00, 0x1F},	  {0x7F, 0x9F},	      {0xAD, 0xAD},	  {0x34F, 0x34F},     {0x600, 0x605},
	{0x61C, 0x61C},	  {0x6DD, 0x6DD},     {0x70F, 0x70F},	  {0x115F, 0x1160},   {0x17B4, 0x17B5},
	{0x180B, 0x180F}, {0x200B, 0x200F},   {0x2028, 0x202E},	  {0x2060, 0x206F},   {0x3164, 0x3164},
	{0xD800, 0xDFFF}, {0xFDD0, 0xFDEF},   {0xFEFF, 0xFEFF},	  {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
	{0xFFFE, 0xFFFF}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}, {0x10FFFE, 0xFFFFFFFF},
};

/* Combining marks in everyday use; and East Asian wide and emoji. */
static const struct range no_cell[] = {
	{0x300, 0x36F},	  {0x483, 0x489},   {0x591, 0x5BD},   {0x610, 0x61A},	{0x64B, 0x65F},
	{0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
};
static const struct range two_cells[] = {
	{0x1100, 0x115E},   {0x231A, 0x231B},	{0x2614, 0x2615},   {0x26A1, 0x26A1}, {0x2705, 0x2705},
	{0x274C, 0x274C},   {0x2E80, 0x303E},	{0x3041, 0xA4CF},   {0xA960, 0xA97F}, {0xAC00, 0xD7A3},
	{0xF900, 0xFAFF},   {0xFE30, 0xFE6F},	{0xFF01, 0xFF60},   {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F},
	{0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD},
};

uint32_t words_next(struct slice text, size_t *at)
{
	const unsigned char *p = (const unsigned char *)text.p + *at;
	size_t left = text.n - *at;
	unsigned more = p[0] < 0x80		      ? 0
			: p[0] >= 0xC2 && p[0] < 0xE0 ? 1
			: (p[0] & 0xF0) == 0xE0	      ? 2
			: p[0] >= 0xF0 && p[0] < 0xF5 ? 3
						      : 9;
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	uint32_t code = more == 0 ? p[0] : p[0] & (0x3FU >> more);
	bool good = more < left && more < 4;
	for (unsigned i = 1; good && i <= more; i++) {
		good = (p[i] & 0xC0) == 0x80;
		code = code << 6 | (p[i] & 0x3FU);
	}
	good = good && code >= least[more] && code < 0x110000 && !(code >= 0xD800 && code < 0xE000);
	*at += good ? more + 1 : 1;
	return good ? code : WORDS_BAD + (uint32_t)p[0];
}

bool words_harmless(uint32_t code)
{
	return code >= 0x20 && (code < 0x7F || !within(code, harmful, ARRAY_SIZE(harmful)));
}

unsigned words_cells(uint32_t code)
{
	if (code < 0x300)
		return 1;
	return within(code, no_cell, ARRAY_SIZE(no_cell)) ? 0 : within(code, two_cells, ARRAY_SIZE(two_cells)) ? 2 : 1;
}

size_t words_width(struct slice text)
{
	size_t cells = 0;
	for (size_t at = 0; at < text.n;)
		cells += words_cells(words_next(text, &at));
	return cells;
}

static void escape(struct buf *out, uint32_t code)
{
	if (code >= WORDS_BAD || code < 0x80)
		buf_printf(out, "\\x%02x", code & 0xFF);
	else
		buf_printf(out, code < 0x10000 ? "\\u%04x" : "\\U%08x", code);
}

void words_clean(struct buf *out, struct slice text, bool ascii, size_t max)
{
	size_t from = 0, at = 0, end = max && text.n > max ? max : text.n;
	while (at < end) {
		size_t start = at;
		uint32_t code = words_next(text, &at);
		bool blank = code == '\n' || code == '\t' || code == '\r';
		if (!blank && words_harmless(code) && !(ascii && code >= 0x80))
			continue;
		buf_append(out, text.p + from, start - from);
		from = at;
		if (!blank)
			escape(out, code);
		else if (out->n && out->p[out->n - 1] != ' ')
			buf_putc(out, ' ');
	}
	buf_append(out, text.p + from, at - from);
	if (at < text.n)
		buf_printf(out, " (and %zu bytes more)", text.n - at);
}

void words_clean_json(struct buf *out, struct slice json)
{
	size_t from = 0;
	for (size_t at = 0; at < json.n;) {
		size_t start = at;
		uint32_t code = words_next(json, &at);
		if (code == '\n' || words_harmless(code))
			continue;
		buf_append(out, json.p + from, start - from);
		from = at;
		if (code >= WORDS_BAD)
			buf_puts(out, "\\ufffd");
		else if (code < 0x10000)
			buf_printf(out, "\\u%04x", code);
		else
			buf_printf(out, "\\u%04x\\u%04x", 0xD7C0 + (code >> 10), 0xDC00 + (code & 0x3FF));
	}
	buf_append(out, json.p + from, json.n - from);
}
