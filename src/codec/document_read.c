/* Bytes to documents. jansson's own reader takes some 200 instructions a byte; this one reads what is plainly written
 * and gives up without a word at whatever is not (broken text, \u escapes, odd numbers, a name given twice, deep
 * nesting): then jansson reads it anew, so that verdicts and messages are jansson's always. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"

enum { MOST_DEPTH = 200, MOST_DIGITS = 18, MOST_NUMBER = 64 };

struct plain {
	const char *p, *end;
	struct buf text; /* of a string with escapes */
	unsigned depth;
};

/* NULL: not plain. */
static json_t *read_value(struct plain *in);

static void skip_space(struct plain *in)
{
	while (in->p < in->end && (*in->p == ' ' || *in->p == '\n' || *in->p == '\t' || *in->p == '\r'))
		in->p++;
}

static bool take(struct plain *in, char wanted)
{
	skip_space(in);
	if (in->p == in->end || *in->p != wanted)
		return false;
	in->p++;
	return true;
}

static bool unescape(struct plain *in, struct slice raw)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	buf_clear(&in->text);
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];
		if (c == '\\') {
			const char *known = strchr(from, raw.p[++i]);
			if (!known)
				return false;
			c = to[known - from];
		}
		buf_putc(&in->text, c);
	}
	return true;
}

/* Behind the opening quote; points into the text where there are no escapes. */
static bool read_text(struct plain *in, struct slice *ret, bool *ret_ascii)
{
	const char *from = in->p;
	unsigned char all = 0;
	bool escapes = false;
	for (;; in->p++) {
		if (in->p == in->end || (unsigned char)*in->p < 0x20)
			return false;
		all |= (unsigned char)*in->p;
		if (*in->p == '"')
			break;
		if (*in->p == '\\') {
			escapes = true;
			if (++in->p == in->end || (unsigned char)*in->p < 0x20)
				return false;
		}
	}
	*ret = slice_make(from, (size_t)(in->p++ - from));
	*ret_ascii = all < 0x80;
	if (!escapes)
		return true;
	bool good = unescape(in, *ret);
	*ret = buf_slice(&in->text);
	return good;
}

static json_t *read_string(struct plain *in)
{
	struct slice text;
	bool ascii;
	in->p++;
	if (!read_text(in, &text, &ascii))
		return NULL;
	return ascii ? json_stringn_nocheck(text.p ? text.p : "", text.n) : json_stringn(text.p, text.n);
}

static size_t digits(struct plain *in)
{
	const char *from = in->p;
	while (in->p < in->end && *in->p >= '0' && *in->p <= '9')
		in->p++;
	return (size_t)(in->p - from);
}

static json_t *real_of(struct slice text)
{
	char copy[MOST_NUMBER];
	if (text.n >= sizeof copy)
		return NULL;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	errno = 0;
	double value = strtod(copy, NULL);
	return errno || !isfinite(value) ? NULL : json_real(value);
}

static json_t *read_number(struct plain *in)
{
	const char *from = in->p;
	bool negative = *in->p == '-', real = false;
	in->p += negative;
	const char *first = in->p;
	size_t n = digits(in);
	if (n == 0 || (n > 1 && *first == '0'))
		return NULL;
	if (in->p < in->end && *in->p == '.') {
		real = true;
		in->p++;
		if (!digits(in))
			return NULL;
	}
	if (in->p < in->end && (*in->p | 0x20) == 'e') {
		real = true;
		in->p++;
		in->p += in->p < in->end && (*in->p == '-' || *in->p == '+');
		if (!digits(in))
			return NULL;
	}
	if (real)
		return real_of(slice_make(from, (size_t)(in->p - from)));
	json_int_t value = 0;
	if (n > MOST_DIGITS)
		return NULL;
	for (size_t i = 0; i < n; i++)
		value = value * 10 + (first[i] - '0');
	return json_integer(negative ? -value : value);
}

static json_t *read_word(struct plain *in, const char *word, json_t *value)
{
	size_t n = strlen(word);
	if ((size_t)(in->end - in->p) < n || memcmp(in->p, word, n) != 0)
		return NULL;
	in->p += n;
	return value;
}

static bool read_member(struct plain *in, json_t *object)
{
	struct slice key;
	bool ascii;
	char *own CLEANUP(mem_freep) = NULL;
	if (!take(in, '"') || !read_text(in, &key, &ascii) || !ascii || !take(in, ':'))
		return false;
	if (key.p == in->text.p) /* which the value would overwrite */
		key.p = own = mem_strndup(key.p ? key.p : "", key.n);
	json_t *value = read_value(in);
	return value && json_object_setn_new_nocheck(object, key.p, key.n, value) == 0;
}

static json_t *read_object(struct plain *in)
{
	json_t *object = json_object();
	size_t n = 0;
	bool good = take(in, '{');
	if (good && take(in, '}'))
		return object;
	do {
		good = good && read_member(in, object);
		n++;
	} while (good && take(in, ','));
	if (good && take(in, '}') && json_object_size(object) == n)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *read_array(struct plain *in)
{
	json_t *array = json_array();
	bool good = take(in, '[');
	if (good && take(in, ']'))
		return array;
	do {
		json_t *value = good ? read_value(in) : NULL;
		good = value && json_array_append_new(array, value) == 0;
	} while (good && take(in, ','));
	if (good && take(in, ']'))
		return array;
	json_decref(array);
	return NULL;
}

static json_t *read_value(struct plain *in)
{
	skip_space(in);
	if (in->p == in->end || in->depth > MOST_DEPTH)
		return NULL;
	json_t *value;
	switch (*in->p) {
	case '{':
	case '[':
		in->depth++;
		value = *in->p == '{' ? read_object(in) : read_array(in);
		in->depth--;
		return value;
	case '"':
		return read_string(in);
	case 't':
		return read_word(in, "true", json_true());
	case 'f':
		return read_word(in, "false", json_false());
	case 'n':
		return read_word(in, "null", json_null());
	default:
		return read_number(in);
	}
}

static json_t *read_plain(struct slice text)
{
	struct plain in = {.p = text.p, .end = text.p + text.n, .text = BUF_INIT(text.n + 1)};
	json_t *value = read_value(&in);
	skip_space(&in);
	bool whole = in.p == in.end;
	buf_done(&in.text);
	if (value && whole)
		return value;
	json_decref(value);
	return NULL;
}

struct error *document_parse(struct slice text, const char *name, json_t **ret)
{
	if (text.n > (size_t)64 << 20)
		return error_new(ERROR_INVALID, "%s: larger than 64 MiB", name);
	json_error_t where;
	json_t *document = text.n ? read_plain(text) : NULL;
	if (!document)
		document = json_loadb(text.p ? text.p : "", text.n, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &where);
	if (!document)
		return error_new(ERROR_INVALID, "%s:%d:%d: %s", name, where.line, where.column, where.text);
	*ret = document;
	return NULL;
}

json_t *document_load(struct slice text)
{
	json_t *document = text.n ? read_plain(text) : NULL;
	if (document && (json_is_object(document) || json_is_array(document)))
		return document;
	json_decref(document);
	return json_loadb(text.p ? text.p : "", text.n, 0, NULL);
}
