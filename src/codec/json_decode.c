/* The reader: walks the field table straight into the struct and skips what no field asks for. */
#include "codec/json_decode.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document_internal.h"
#include "codec/json_skip.h"

enum { SHORT = 24 }; /* most names and many values are: a call would take longer than they do */

bool json_bad(struct json_cursor *c, const char *wrong)
{
	c->state = JSON_STATE_BAD;
	c->wrong = wrong;
	return false;
}

static bool more(struct json_cursor *c)
{
	c->state = JSON_STATE_MORE;
	return false;
}

bool json_space_on(struct json_cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\t' || *c->p == '\r'))
		c->p++;
	return c->p < c->end || more(c);
}

bool json_expect_on(struct json_cursor *c, char wanted)
{
	if (!json_space(c))
		return false;
	if (*c->p != wanted)
		return json_bad(c, wanted == ':'   ? "a colon is missing"
				   : wanted == '{' ? "not an object"
				   : wanted == '[' ? "not a list"
						   : "broken JSON");
	c->p++;
	return true;
}

/* Where `c` is among eight bytes: its lowest bit is exact, those above it may be false. */
static inline uint64_t bytes_equal(uint64_t word, char c)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	word ^= ones * (unsigned char)c;
	return (word - ones) & ~word & ones << 7;
}

/* The closing quote of a string whose first byte is `p`, or NULL; *ret_escapes when there is a backslash before it. */
static const char *closing_quote(const char *p, const char *end, bool *ret_escapes)
{
	*ret_escapes = false;
	for (const char *at = p; at - p < SHORT && end - at >= 8; at += 8) {
		uint64_t word = le64toh(word_at(at)), quotes = bytes_equal(word, '"');
		uint64_t escapes = bytes_equal(word, '\\');
		if (quotes && (quotes & -quotes) < (escapes & -escapes) - 1)
			return at + __builtin_ctzll(quotes) / 8;
		if (escapes)
			break;
	}
	for (const char *at = p; (at = memchr(at, '"', (size_t)(end - at))); at++) {
		const char *before = at;
		while (before > p && before[-1] == '\\')
			before--;
		if ((at - before) % 2 == 0) {
			*ret_escapes = memchr(p, '\\', (size_t)(at - p)) != NULL;
			return at;
		}
	}
	return NULL;
}

static bool hex4(const char *p, const char *end, unsigned *ret)
{
	unsigned value = 0;
	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		unsigned digit = c >= '0' && c <= '9'			  ? (unsigned)(c - '0')
				 : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (unsigned)((c | 0x20) - 'a' + 10)
									  : 16;
		if (digit > 15)
			return false;
		value = value << 4 | digit;
	}
	*ret = value;
	return true;
}

static size_t put_utf8(char *out, unsigned code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3F));
	out[0] = (char)((0xF00 >> n & 0xFF) | code);
	return n;
}

/* Reads the digits of a \u escape at *p (after the 'u'), a surrogate pair included. Lone surrogates become U+FFFD. */
static bool unicode_escape(const char **p, const char *end, unsigned *ret)
{
	unsigned high, low;
	if (!hex4(*p, end, &high))
		return false;
	*p += 4;
	*ret = high;
	if (high < 0xD800 || high > 0xDFFF)
		return true;
	*ret = 0xFFFD;
	if (high < 0xDC00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u' && hex4(*p + 2, end, &low) &&
	    low >= 0xDC00 && low <= 0xDFFF) {
		*ret = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
		*p += 6;
	}
	return true;
}

static bool unescape(struct json_cursor *c, const char *p, const char *end, struct slice *ret)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char *out = arena_alloc(c->arena, (size_t)(end - p) + 1);
	size_t n = 0;
	while (p < end) {
		if (*p != '\\') {
			out[n++] = *p++;
			continue;
		}
		const char *known = p[1] ? strchr(from, p[1]) : NULL;
		unsigned code;
		p += 2;
		if (known) {
			out[n++] = to[known - from];
		} else if (p[-1] == 'u' && unicode_escape(&p, end, &code)) {
			n += put_utf8(out + n, code);
		} else {
			return json_bad(c, "broken escape in a string");
		}
	}
	*ret = slice_make(out, n);
	return true;
}

bool json_text(struct json_cursor *c, struct slice *ret)
{
	bool escapes;
	if (!json_expect(c, '"'))
		return false;
	const char *quote = closing_quote(c->p, c->end, &escapes);
	if (!quote)
		return more(c);
	const char *from = c->p;
	c->p = quote + 1;
	if (escapes)
		return unescape(c, from, quote, ret);
	*ret = slice_make(from, (size_t)(quote - from));
	return true;
}

/* A number or word, up to what delimits it, or cannot be in it. */
static bool bare(struct json_cursor *c, struct slice *ret)
{
	const char *from = c->p;
	while (c->p < c->end && !strchr(",}] \n\r\t\"{[:", *c->p))
		c->p++;
	if (c->p == c->end)
		return more(c);
	*ret = slice_make(from, (size_t)(c->p - from));
	return c->p > from || json_bad(c, "broken JSON");
}

bool json_skip(struct json_cursor *c)
{
	bool ignored, too_deep = false;
	struct slice text;
	if (!json_space(c))
		return false;
	if (*c->p == '"') {
		const char *quote = closing_quote(c->p + 1, c->end, &ignored);
		if (!quote)
			return more(c);
		c->p = quote + 1;
		return true;
	}
	if (*c->p != '{' && *c->p != '[')
		return bare(c, &text);
	const char *after = json_skip_container(c->p + 1, c->end, c->max_depth - c->depth, &too_deep);
	if (too_deep)
		return json_bad(c, "nested too deeply");
	if (!after)
		return more(c);
	c->p = after;
	return true;
}

static bool scalar(struct json_cursor *c, struct token *ret)
{
	if (!json_space(c))
		return false;
	if (*c->p == '"') {
		ret->kind = TOKEN_STRING;
		return json_text(c, &ret->text);
	}
	if (*c->p == '{' || *c->p == '[')
		return json_bad(c, "not a plain value");
	if (!bare(c, &ret->text))
		return false;
	if (slice_eq(ret->text, "null"))
		ret->kind = TOKEN_NULL;
	else if (slice_eq(ret->text, "true"))
		ret->kind = TOKEN_TRUE;
	else if (slice_eq(ret->text, "false"))
		ret->kind = TOKEN_FALSE;
	else if (strchr("-0123456789", ret->text.p[0]))
		ret->kind = TOKEN_NUMBER;
	else
		return json_bad(c, "broken JSON");
	return true;
}

/* Where the reader went wrong, put together while unwinding. */
static bool within(struct json_cursor *c, struct slice key, const char *index)
{
	if (c->state != JSON_STATE_BAD)
		return false;
	char *inner = c->path;
	const char *dot = inner && *inner != '[' ? "." : "";
	c->path = index ? mem_printf("%s%s%s", index, inner ? dot : "", inner ? inner : "")
			: mem_printf("%.*s%s%s", (int)key.n, key.p, inner ? dot : "", inner ? inner : "");
	free(inner);
	return false;
}

/* Marks what was read from `from` on; its end comes when it is there. */
static struct json_mark *mark(struct json_cursor *c, const char *from, const struct field *field, void *object)
{
	struct json_marks *marks = c->marks;
	if (!marks)
		return NULL;
	if (marks->n == marks->most) {
		marks->most = marks->most ? marks->most * 2 : 64;
		marks->items = mem_resize(marks->items, marks->most, sizeof *marks->items);
	}
	marks->whole &= c->end - marks->start < UINT32_MAX;
	struct json_mark *made = &marks->items[marks->n++];
	*made = (struct json_mark){(uint32_t)(from - marks->start),
				   (uint32_t)(c->p - marks->start),
				   field,
				   object,
				   0,
				   (uint16_t)c->depth,
				   marks->word,
				   false};
	return made;
}

/* A list that grew lies elsewhere, and with it the structs in it. */
static void marks_follow(struct json_marks *marks, const char *from, const char *to, size_t n)
{
	for (size_t i = 0; i < marks->n; i++) {
		const char *object = marks->items[i].object;
		if (object && object >= from && object < from + n)
			marks->items[i].object = (char *)(uintptr_t)to + (object - from);
	}
}

static void *enter_element(struct json_cursor *c, const struct field *field, void *object)
{
	char *const *items = (void *)((char *)object + field->offset), *before = *items;
	size_t n = *model_count(field, object) * field->model->size;
	void *entered = model_enter(field, object, c->arena);
	if (c->marks && before && before != *items)
		marks_follow(c->marks, before, *items, n);
	return entered;
}

static bool element(struct json_cursor *c, const struct field *field, void *object)
{
	struct token token;
	if (field->kind == FIELD_LIST)
		return json_members(c, field->model, field_set_all(field->model), enter_element(c, field, object));
	const char *from = c->p;
	size_t n = *model_count(field, object);
	if (!scalar(c, &token))
		return false;
	const char *wrong = model_assign_element(field, object, n, c->arena, token);
	if (wrong)
		return json_bad(c, wrong);
	struct json_mark *made = *model_count(field, object) > n ? mark(c, from, field, object) : NULL;
	if (made)
		made->index = (uint32_t)n;
	return true;
}

/* What every list and object needs between its members: a comma, or the end. */
static bool next_or_end(struct json_cursor *c, char end, bool first, bool *ret_end)
{
	if (!json_space(c))
		return false;
	*ret_end = *c->p == end;
	if (*ret_end) {
		c->p++;
		return true;
	}
	return first || json_expect(c, ',');
}

static bool enter(struct json_cursor *c)
{
	return ++c->depth <= c->max_depth || json_bad(c, "nested too deeply");
}

static bool list(struct json_cursor *c, const struct field *field, void *object)
{
	bool end;
	if (!enter(c) || !json_expect(c, '['))
		return false;
	for (size_t i = 0;; i++) {
		if (!next_or_end(c, ']', i == 0, &end))
			return false;
		if (end)
			break;
		if (!element(c, field, object)) {
			char index[32];
			snprintf(index, sizeof index, "[%zu]", i);
			return within(c, (struct slice){0}, index);
		}
	}
	c->depth--;
	return true;
}

static bool map(struct json_cursor *c, const struct field *field, void *object)
{
	bool end;
	if (!enter(c) || !json_expect(c, '{'))
		return false;
	for (bool first = true;; first = false) {
		struct slice key;
		struct token token;
		if (!next_or_end(c, '}', first, &end))
			return false;
		if (end)
			break;
		if (!json_text(c, &key) || !json_expect(c, ':'))
			return false;
		const char *from = c->p;
		if (!scalar(c, &token))
			return within(c, key, NULL);
		if (token.kind == TOKEN_NULL)
			continue;
		struct json_mark *made = mark(c, from, field, object);
		if (made)
			made->index = (uint32_t)*model_count(field, object);
		model_add_pair(field, object, c->arena, key, token.text);
	}
	c->depth--;
	return true;
}

static bool is_null(struct json_cursor *c)
{
	return c->end - c->p >= 4 && !memcmp(c->p, "null", 4);
}

void json_keep_text(struct json_cursor *c, const struct field *field, void *object, struct slice text)
{
	*(const char **)(void *)((char *)object + field->offset) = arena_strndup(c->arena, text.p, text.n);
}

/* A member's own text, from `from` to the cursor. */
static void keep_text(struct json_cursor *c, const char *from, const struct field *field, void *object)
{
	json_keep_text(c, field, object, slice_make(from, (size_t)(c->p - from)));
}

static bool value(struct json_cursor *c, const struct field *field, void *object)
{
	struct token token;
	if (!json_space(c))
		return false;
	const char *from = c->p;
	if (*c->p == 'n')
		return c->end - c->p < 5 ? more(c) : is_null(c) ? (c->p += 4, true) : json_bad(c, "broken JSON");
	switch (field->kind) {
	case FIELD_OBJECT:
	case FIELD_OBJECT_PTR:
		return *c->p != '{' ? json_bad(c, "not an object")
				    : json_members(c, field->model, field_set_all(field->model),
						   model_enter(field, object, c->arena));
	case FIELD_LIST:
	case FIELD_STRINGS:
	case FIELD_INTS:
		return list(c, field, object);
	case FIELD_MAP:
		return map(c, field, object);
	case FIELD_JSON:
		if (!json_skip(c))
			return false;
		mark(c, from, field, object);
		keep_text(c, from, field, object);
		return true;
	case FIELD_STRING:
	case FIELD_BOOL:
	case FIELD_INT:
	case FIELD_DOUBLE:
	case FIELD_TIME:
	case FIELD_DURATION:
	case FIELD_PERCENT:
	case FIELD_ENUM:
	case FIELD_SECRET:
	default:
		break;
	}
	if (!scalar(c, &token))
		return false;
	const char *wrong = model_assign(field, object, c->arena, token);
	if (wrong)
		return json_bad(c, wrong);
	mark(c, from, field, object);
	return true;
}

bool json_mark_assign(struct json_cursor *c, const struct json_mark *mark)
{
	const struct field *field = mark->field;
	char *member = (char *)mark->object + field->offset;
	struct token token;
	if (!json_space(c))
		return false;
	const char *from = c->p;
	if (*from == 'n')
		return json_bad(c, "nothing");
	if (field->kind == FIELD_JSON) {
		if (!json_skip(c))
			return false;
		keep_text(c, from, field, mark->object);
		return true;
	}
	if (!scalar(c, &token))
		return false;
	const char *wrong = NULL;
	if (field->kind == FIELD_MAP)
		(*(struct pair **)(void *)member)[mark->index].value =
			arena_strndup(c->arena, token.text.p, token.text.n);
	else if (field->kind == FIELD_STRINGS || field->kind == FIELD_INTS)
		wrong = model_assign_element(field, mark->object, mark->index, c->arena, token);
	else
		wrong = model_assign(field, mark->object, c->arena, token);
	return !wrong || json_bad(c, wrong);
}

/* The word of the outermost struct through which everything below this member is reached. */
static void mark_word(struct json_marks *marks, const struct field *field, const void *object)
{
	const char *member = (const char *)object + field->offset;
	if (member >= marks->root && member < marks->root + marks->root_size)
		marks->word = (uint8_t)((size_t)(member - marks->root) / sizeof(uint64_t));
}

/* It is wanted whole, and parts of it: that its text changes is told by its own mark, what changes in it by theirs. */
static void mark_again(struct json_marks *marks, const struct field *field)
{
	struct json_mark *last = marks->n ? &marks->items[marks->n - 1] : NULL;
	if (last && last->field == field && field->kind == FIELD_JSON)
		last->again = true;
	else if (field->kind != FIELD_JSON)
		marks->whole = false;
}

bool json_member(struct json_cursor *c, const struct model *model, struct field_set set, void *object, struct slice key)
{
	void *holder;
	struct field_set deeper;
	const struct field *field = model_find(model, set, key, object, &holder, &deeper);
	const char *from = c->p;
	if (!field && !deeper.bits) {
		bool skipped = json_skip(c);
		if (skipped)
			mark(c, from, NULL, NULL);
		return skipped;
	}
	if (c->marks && field)
		mark_word(c->marks, field, holder);
	bool good = !field || value(c, field, holder);
	if (good && deeper.bits && field && c->marks)
		mark_again(c->marks, field);
	if (good && deeper.bits) {
		const char *to = field ? c->p : NULL;
		c->p = field ? from : c->p; /* wanted twice: whole, and parts of it */
		if (!json_space(c))
			return false;
		good = *c->p == '{' ? json_members(c, model, deeper, object) : json_skip(c);
		if (good && to && c->p != to) /* a bracket was closed by one of the other kind */
			good = json_bad(c, "broken JSON");
	}
	return good || within(c, key, NULL);
}

bool json_members(struct json_cursor *c, const struct model *model, struct field_set set, void *object)
{
	bool end;
	if (!json_space(c))
		return false;
	const char *from = c->p;
	const struct field *whole =
		model->n_fields && !*model->fields[0].name && set.offset == 0 ? model->fields : NULL;
	size_t marked = c->marks ? c->marks->n : 0;
	if (whole && c->marks) {
		mark_word(c->marks, whole, object);
		mark(c, from, whole, object)->again = true;
	}
	if (!enter(c) || !json_expect(c, '{'))
		return false;
	for (bool first = true;; first = false) {
		struct slice key;
		if (!next_or_end(c, '}', first, &end))
			return false;
		if (end)
			break;
		if (!json_text(c, &key) || !json_expect(c, ':') || !json_member(c, model, set, object, key))
			return false;
	}
	c->depth--;
	if (whole && c->marks)
		c->marks->items[marked].to = (uint32_t)(c->p - c->marks->start);
	if (whole)
		keep_text(c, from, whole, object);
	return true;
}

static struct error *error_at(const struct json_cursor *c, struct slice text, const char *name)
{
	int line = 1;
	const char *line_start = text.p;
	for (const char *p = text.p; p < c->p; p++) {
		if (*p == '\n') {
			line++;
			line_start = p + 1;
		}
	}
	return error_new(ERROR_INVALID, "%s:%d:%d: %s%s%s", name, line, (int)(c->p - line_start) + 1,
			 c->path ? c->path : "", c->path ? ": " : "",
			 c->state == JSON_STATE_MORE ? "the document ends too early" : c->wrong);
}

static struct error *decode_server(struct slice text, const char *name, const struct model *model, void *object,
				   struct arena *arena)
{
	struct json_cursor c = {.p = text.p, .end = text.p + text.n, .arena = arena, .max_depth = 200};
	memset(object, 0, model->size);
	bool good = text.n ? json_members(&c, model, field_set_all(model), object) : more(&c);
	if (good && json_space(&c))
		good = json_bad(&c, "something follows the document");
	struct error *error = good || (c.state == JSON_STATE_MORE && c.p == c.end && c.depth == 0 && text.n)
				      ? NULL
				      : error_at(&c, text, name);
	free(c.path);
	return error;
}

struct error *json_decode(struct slice text, const char *name, enum json_mode mode, const struct model *model,
			  void *object, struct arena *arena)
{
	if (mode == JSON_READ_SERVER)
		return decode_server(text, name, model, object, arena);
	json_t *document DOCUMENT_CLEANUP = NULL;
	TRY(document_parse(text, name, &document));
	struct document_reader reader = {.name = name, .strict = true, .arena = arena};
	return document_read(&reader, document, model, object);
}
