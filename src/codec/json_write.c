/* JSON out: the printer of documents. The bytes are jansson's own (whose dumper takes ten times as
 * long): journals that were hashed with it stay provable. */
#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "codec/json.h"

enum { MOST_DEPTH = 2048, FEW_KEYS = 32 };

struct printer {
	struct buf *out;
	bool pretty, sorted;
	unsigned depth;
};
struct member {
	const char *key;
	size_t key_n;
	const json_t *value;
};

static bool print(struct printer *printer, const json_t *value);

static void put_escape(struct buf *out, unsigned char c)
{
	static const char plain[] = "\"\\\b\f\n\r\t", word[] = "\"\\bfnrt";
	const char *known = c ? strchr(plain, c) : NULL;
	if (known)
		buf_append(out, (char[]){'\\', word[known - plain]}, 2);
	else
		buf_printf(out, "\\u%04X", c);
}

/* The first byte from `i` on that cannot stand in a string as it is (a quote, a backslash, below a space), eight at a
 * time by Mycroft's test, which is exact about the lowest of them. text.n: there is none. */
static size_t next_special(struct slice text, size_t i)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	for (; text.n - i >= sizeof ones; i += sizeof ones) {
		uint64_t word;
		memcpy(&word, text.p + i, sizeof word);
		word = le64toh(word);
		uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
		uint64_t found = (((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
				  ((backslash - ones) & ~backslash)) &
				 high;
		if (found)
			return i + (size_t)__builtin_ctzll(found) / 8;
	}
	for (; i < text.n; i++)
		if ((unsigned char)text.p[i] < 0x20 || text.p[i] == '"' || text.p[i] == '\\')
			break;
	return i;
}

bool json_write_string(struct buf *out, struct slice text)
{
	buf_putc(out, '"');
	for (size_t from = 0;;) {
		size_t to = next_special(text, from);
		buf_append(out, text.p + from, to - from);
		if (to == text.n)
			break;
		put_escape(out, (unsigned char)text.p[to]);
		from = to + 1;
	}
	return buf_putc(out, '"');
}

static bool put_integer(struct buf *out, json_int_t value)
{
	char digits[24], *p = digits + sizeof digits;
	unsigned long long left = value < 0 ? -(unsigned long long)value : (unsigned long long)value;
	do
		*--p = (char)('0' + left % 10);
	while (left /= 10);
	if (value < 0)
		*--p = '-';
	return buf_append(out, p, (size_t)(digits + sizeof digits - p));
}

static bool put_real(struct buf *out, const json_t *value)
{
	char text[64];
	size_t n = json_dumpb(value, text, sizeof text, JSON_ENCODE_ANY);
	return n <= sizeof text && buf_append(out, text, n);
}

static void new_line(const struct printer *printer)
{
	if (!printer->pretty)
		return;
	buf_putc(printer->out, '\n');
	for (unsigned i = 0; i < printer->depth; i++)
		buf_append(printer->out, "  ", 2);
}

static bool print_array(struct printer *printer, const json_t *array)
{
	size_t n = json_array_size(array);
	buf_putc(printer->out, '[');
	printer->depth++;
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_putc(printer->out, ',');
		new_line(printer);
		if (!print(printer, json_array_get(array, i)))
			return false;
	}
	printer->depth--;
	if (n)
		new_line(printer);
	return buf_putc(printer->out, ']');
}

static bool print_member(struct printer *printer, const struct member *member, bool first)
{
	if (!first)
		buf_putc(printer->out, ',');
	new_line(printer);
	json_write_string(printer->out, slice_make(member->key, member->key_n));
	buf_append(printer->out, ": ", printer->pretty ? 2 : 1);
	return print(printer, member->value);
}

static int by_key(const void *a, const void *b)
{
	const struct member *one = a, *two = b;
	int order = memcmp(one->key, two->key, one->key_n < two->key_n ? one->key_n : two->key_n);
	return order ? order : (one->key_n > two->key_n) - (one->key_n < two->key_n);
}

static bool print_sorted(struct printer *printer, json_t *object)
{
	size_t n = json_object_size(object), i = 0;
	struct member few[FEW_KEYS], *many CLEANUP(mem_freep) = n > FEW_KEYS ? mem_array(n, sizeof *many) : NULL;
	struct member *members = many ? many : few;
	for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at))
		members[i++] = (struct member){json_object_iter_key(at), json_object_iter_key_len(at),
					       json_object_iter_value(at)};
	qsort(members, n, sizeof *members, by_key);
	for (i = 0; i < n; i++)
		if (!print_member(printer, &members[i], i == 0))
			return false;
	return true;
}

static bool print_object(struct printer *printer, json_t *object)
{
	void *first = json_object_iter(object);
	buf_putc(printer->out, '{');
	printer->depth++;
	if (printer->sorted) {
		if (!print_sorted(printer, object))
			return false;
	} else {
		for (void *at = first; at; at = json_object_iter_next(object, at)) {
			struct member member = {json_object_iter_key(at), json_object_iter_key_len(at),
						json_object_iter_value(at)};
			if (!print_member(printer, &member, at == first))
				return false;
		}
	}
	printer->depth--;
	if (first)
		new_line(printer);
	return buf_putc(printer->out, '}');
}

static bool print(struct printer *printer, const json_t *value)
{
	if (!value || printer->depth > MOST_DEPTH)
		return false;
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return print_object(printer, (json_t *)(uintptr_t)value);
	case JSON_ARRAY:
		return print_array(printer, value);
	case JSON_STRING:
		return json_write_string(printer->out, slice_make(json_string_value(value), json_string_length(value)));
	case JSON_INTEGER:
		return put_integer(printer->out, json_integer_value(value));
	case JSON_REAL:
		return put_real(printer->out, value);
	case JSON_TRUE:
		return buf_append(printer->out, "true", 4);
	case JSON_FALSE:
		return buf_append(printer->out, "false", 5);
	case JSON_NULL:
	default:
		return buf_append(printer->out, "null", 4);
	}
}

bool document_canonical(const json_t *document, struct buf *out)
{
	return print(&(struct printer){.out = out, .sorted = true}, document) && !out->overflowed;
}

bool document_print(const json_t *document, bool pretty, struct buf *out)
{
	return print(&(struct printer){.out = out, .pretty = pretty}, document) && !out->overflowed;
}
