/* JSON answers, read straight into the document of the model's members: what the model does not know is passed over
 * unlooked-at, and no tree of the whole is built first. */
#include <math.h>
#include <string.h>
#include "aws/wire_internal.h"
#include "base/mem.h"
#include "base/time.h"
#include "codec/document.h"
#include "codec/json_decode.h"

enum { MAX_DEPTH = 200 };

static json_t *read_value(struct json_cursor *c, const struct aws_shape *shape, bool renames);

/* The rare and the wrong: by way of a tree, so that they come out as they do elsewhere. */
static json_t *read_by_tree(struct json_cursor *c, const struct aws_shape *shape, bool renames)
{
	const char *from = c->p;
	if (!json_skip(c))
		return NULL;
	json_t *tree = json_loadb(from, (size_t)(c->p - from), JSON_DECODE_ANY, NULL);
	if (!tree) {
		json_bad(c, "broken JSON");
		return NULL;
	}
	json_t *value = json_is_null(tree) ? json_null() : aws_json_read(shape, tree, renames);
	json_decref(tree);
	return value;
}

static json_t *read_text(struct json_cursor *c)
{
	struct slice text;
	if (!json_text(c, &text))
		return NULL;
	bool plain = true; /* printable ASCII: nothing of UTF-8 is to be proven */
	for (size_t i = 0; i < text.n && plain; i++)
		plain = text.p[i] >= ' ' && text.p[i] <= '~';
	json_t *value = plain			       ? json_stringn_nocheck(text.p, text.n)
			: memchr(text.p, '\0', text.n) ? NULL
						       : json_stringn(text.p, text.n);
	if (!value)
		json_bad(c, "a string that is no UTF-8 text");
	return value;
}

/* Whole numbers of up to 18 digits; NULL without harm for others. */
static json_t *read_whole(struct json_cursor *c)
{
	const char *p = c->p;
	bool negative = p < c->end && *p == '-';
	json_int_t value = 0;
	p += negative;
	const char *digits = p;
	while (p < c->end && *p >= '0' && *p <= '9' && p - digits < 18)
		value = value * 10 + (*p++ - '0');
	if (p == digits || p == c->end || !strchr(",}] \t\r\n", *p) || (*digits == '0' && p - digits > 1))
		return NULL;
	c->p = p;
	return json_integer(negative ? -value : value);
}

/* Seconds since 1970, as 1.7e9 too; NULL without harm for others. */
static json_t *read_time(struct json_cursor *c)
{
	static const char digits[] = "0123456789.eE+-";
	const char *p = c->p;
	json_t *number DOCUMENT_CLEANUP = NULL;
	char text[TIME_TEXT];
	while (p < c->end && *p && strchr(digits, *p))
		p++;
	struct error *error ERROR_CLEANUP = document_parse(slice_make(c->p, (size_t)(p - c->p)), "time", &number);
	double seconds = json_number_value(number);
	if (error || p == c->end || !json_is_number(number) || fabs(seconds) >= 1e12)
		return NULL;
	c->p = p;
	return json_string(time_format_rfc3339(llround(seconds * 1000), text));
}

/* true and false; NULL without harm for others. */
static json_t *read_truth(struct json_cursor *c)
{
	size_t n = *c->p == 't' ? 4 : 5, left = (size_t)(c->end - c->p);
	if (left <= n || memcmp(c->p, *c->p == 't' ? "true" : "false", n) != 0 || !strchr(",}] \t\r\n", c->p[n]))
		return NULL;
	json_t *value = *c->p == 't' ? json_true() : json_false();
	c->p += n;
	return value;
}

/* Before each element: a comma, or the end. */
static bool next(struct json_cursor *c, char close, bool first, bool *ret_end)
{
	*ret_end = false;
	if (!json_space(c))
		return false;
	if (*c->p == close) {
		c->p++;
		*ret_end = true;
		return true;
	}
	return first || json_expect(c, ',');
}

static const struct aws_member *member_of(const struct aws_shape *shape, struct slice key, bool renames)
{
	for (unsigned i = 0; i < shape->n_members && key.n; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		const char *name = aws_name(renames ? member->wire : member->name);
		if (*name == *key.p && member->location == AWS_BODY && !strncmp(name, key.p, key.n) && !name[key.n])
			return member;
	}
	return NULL;
}

static bool read_member(struct json_cursor *c, const struct aws_shape *shape, json_t *object, struct slice key,
			bool renames)
{
	const struct aws_member *member = member_of(shape, key, renames);
	if (!member)
		return json_skip(c);
	json_t *value = read_value(c, &aws_shapes[member->shape], renames);
	if (json_is_null(value)) /* is absence */
		return true;
	if (value)
		json_object_set_new_nocheck(object, aws_name(member->name), value);
	return value != NULL;
}

static bool read_entry(struct json_cursor *c, const struct aws_shape *shape, json_t *map, struct slice key,
		       bool renames)
{
	char *name CLEANUP(mem_freep) = mem_strndup(key.p, key.n);
	json_t *value = read_value(c, &aws_shapes[shape->element], renames);
	if (json_is_null(value))
		return true;
	if (value && json_object_set_new(map, name, value) != 0)
		return json_bad(c, "a key that is no UTF-8 text");
	return value != NULL;
}

static bool read_members(struct json_cursor *c, const struct aws_shape *shape, json_t *object, bool renames)
{
	bool end;
	if (!json_expect(c, '{'))
		return false;
	for (bool first = true;; first = false) {
		struct slice key;
		if (!next(c, '}', first, &end))
			return false;
		if (end)
			return true;
		if (!json_text(c, &key) || !json_expect(c, ':'))
			return false;
		if (shape->kind == AWS_MAP ? !read_entry(c, shape, object, key, renames)
					   : !read_member(c, shape, object, key, renames))
			return false;
	}
}

static bool read_elements(struct json_cursor *c, const struct aws_shape *shape, json_t *list, bool renames)
{
	bool end;
	if (!json_expect(c, '['))
		return false;
	for (bool first = true;; first = false) {
		if (!next(c, ']', first, &end))
			return false;
		if (end)
			return true;
		json_t *value = read_value(c, &aws_shapes[shape->element], renames);
		if (!value)
			return false;
		json_array_append_new(list, value);
	}
}

static json_t *read_many(struct json_cursor *c, const struct aws_shape *shape, bool renames)
{
	bool is_list = shape->kind == AWS_LIST;
	json_t *many = is_list ? json_array() : json_object();
	if (++c->depth > c->max_depth)
		json_bad(c, "nested too deeply");
	else if (is_list ? read_elements(c, shape, many, renames) : read_members(c, shape, many, renames)) {
		c->depth--;
		return many;
	}
	json_decref(many);
	return NULL;
}

/* A list that is none must not be taken for an empty one. */
static json_t *read_value(struct json_cursor *c, const struct aws_shape *shape, bool renames)
{
	if (!json_space(c))
		return NULL;
	bool document = shape->flags & AWS_DOCUMENT, list = shape->kind == AWS_LIST,
	     many = !document && (list || shape->kind == AWS_STRUCTURE || shape->kind == AWS_MAP);
	char begin = *c->p;
	if (many && begin == (list ? '[' : '{'))
		return read_many(c, shape, renames);
	if (many && begin != 'n') {
		json_bad(c, list ? "no list where one belongs" : "no object where one belongs");
		return NULL;
	}
	if (begin == '"' && shape->kind != AWS_TIMESTAMP)
		return read_text(c);
	json_t *plain = shape->kind == AWS_INTEGER				       ? read_whole(c)
			: shape->kind == AWS_BOOLEAN				       ? read_truth(c)
			: shape->kind == AWS_TIMESTAMP && begin >= '0' && begin <= '9' ? read_time(c)
										       : NULL;
	if (plain)
		return plain;
	return read_by_tree(c, shape, renames);
}

struct error *aws_json_read_answer(const struct aws_shape *shape, struct slice text, bool renames, json_t **ret)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct json_cursor c = {.p = text.p, .end = text.p + text.n, .arena = arena, .max_depth = MAX_DEPTH};
	json_t *value = NULL;
	if (json_space(&c))
		value = *c.p == '{' ? read_many(&c, shape, renames) : NULL;
	bool at_end = value && !json_space(&c);
	if (at_end) {
		*ret = value;
		return NULL;
	}
	json_decref(value);
	return error_new(ERROR_INVALID, "answer, byte %zu: %s", (size_t)(c.p - text.p),
			 c.state == JSON_STATE_BAD    ? c.wrong
			 : c.state == JSON_STATE_MORE ? "it ends too early"
						      : "not one JSON object");
}
