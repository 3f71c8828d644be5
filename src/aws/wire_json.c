/* JSON bodies: the model's members against their names on the wire. */
#include <math.h>
#include <string.h>
#include "aws/wire_internal.h"
#include "base/time.h"
#include "codec/document.h"
#include "codec/json.h"
#include "codec/model.h"

struct error *aws_wrong_type(const char *path, const struct aws_shape *shape)
{
	static const char *const words[] = {
		"an object",	  "a list",   "a map",	       "a string",
		"a whole number", "a number", "true or false", "a time such as 2026-11-23T20:36:57Z",
		"base64 text"};
	return error_new(ERROR_INVALID, "%s is not %s", path, words[shape->kind]);
}

struct error *aws_unknown_member(const char *path, const struct aws_shape *shape, const char *key)
{
	const char *names[200];
	size_t n = 0;
	for (; n < shape->n_members && n < ARRAY_SIZE(names); n++)
		names[n] = aws_name(aws_members[shape->first_member + n].name);
	const char *near = text_nearest(key, names, n);
	return error_new(ERROR_INVALID, "unknown member \"%s%s%s\"%s%s%s", path, *path ? "." : "", key,
			 near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

static const struct aws_member *member_named(const struct aws_shape *shape, const char *name)
{
	for (unsigned i = 0; i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		if (!strcmp(aws_name(member->name), name))
			return member;
	}
	return NULL;
}

static void path_text(const struct aws_path *path, struct buf *out)
{
	if (!path)
		return;
	path_text(path->above, out);
	if (!path->name)
		buf_printf(out, "[%zu]", path->index);
	else
		buf_printf(out, "%s%s", path->above ? "." : "", path->name);
}

struct error *aws_wrong_at(const struct aws_path *path, const struct aws_shape *shape)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	path_text(path, &text);
	return aws_wrong_type(buf_str(&text), shape);
}

struct error *aws_unknown_at(const struct aws_path *path, const struct aws_shape *shape, const char *key)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	path_text(path, &text);
	return aws_unknown_member(buf_str(&text), shape, key);
}

static void put_name(const char *name, size_t n, bool first, struct buf *out)
{
	if (!first)
		buf_putc(out, ',');
	json_write_string(out, slice_make(name, n));
	buf_putc(out, ':');
}

static struct error *put_time(const struct aws_shape *shape, enum aws_time time, const json_t *value,
			      const struct aws_path *path, struct buf *out)
{
	char text[AWS_SCALAR_TEXT];
	const char *scalar = aws_scalar_text(shape, time, value, text);
	if (!scalar)
		return aws_wrong_at(path, shape);
	if (time == AWS_TIME_UNIX)
		buf_puts(out, scalar);
	else
		json_write_string(out, slice_of(scalar));
	return NULL;
}

static struct error *write_structure(const struct aws_shape *shape, const json_t *value, const struct aws_path *path,
				     bool renames, struct buf *out)
{
	const char *key;
	json_t *item;
	bool first = true;
	if (!json_is_object(value))
		return aws_wrong_at(path, shape);
	buf_putc(out, '{');
	json_object_foreach ((json_t *)(uintptr_t)value, key, item) {
		const struct aws_member *member = member_named(shape, key);
		if (!member)
			return aws_unknown_at(path, shape, key);
		if (json_is_null(item) || member->location != AWS_BODY)
			continue;
		const struct aws_shape *target = &aws_shapes[member->shape];
		const struct aws_path here = {.above = path, .name = key};
		const char *name = renames ? aws_name(member->wire) : key;
		put_name(name, strlen(name), first, out);
		TRY(target->kind == AWS_TIMESTAMP
			    ? put_time(target, aws_time_of(member, target, AWS_TIME_UNIX), item, &here, out)
			    : aws_json_write(target, item, &here, renames, out));
		first = false;
	}
	buf_putc(out, '}');
	return NULL;
}

static struct error *write_list(const struct aws_shape *shape, const json_t *value, const struct aws_path *path,
				bool renames, struct buf *out)
{
	size_t i;
	json_t *item;
	if (!json_is_array(value))
		return aws_wrong_at(path, shape);
	buf_putc(out, '[');
	json_array_foreach (value, i, item) {
		const struct aws_path here = {.above = path, .index = i};
		if (i)
			buf_putc(out, ',');
		TRY(aws_json_write(&aws_shapes[shape->element], item, &here, renames, out));
	}
	buf_putc(out, ']');
	return NULL;
}

static struct error *write_map(const struct aws_shape *shape, const json_t *value, const struct aws_path *path,
			       bool renames, struct buf *out)
{
	const char *key;
	size_t n;
	json_t *item;
	bool first = true;
	if (!json_is_object(value))
		return aws_wrong_at(path, shape);
	buf_putc(out, '{');
	json_object_keylen_foreach((json_t *)(uintptr_t)value, key, n, item)
	{
		const struct aws_path here = {.above = path, .name = key};
		put_name(key, n, first, out);
		TRY(aws_json_write(&aws_shapes[shape->element], item, &here, renames, out));
		first = false;
	}
	buf_putc(out, '}');
	return NULL;
}

struct error *aws_json_write(const struct aws_shape *shape, const json_t *value, const struct aws_path *path,
			     bool renames, struct buf *out)
{
	char text[AWS_SCALAR_TEXT];
	bool as_it_is = shape->flags & AWS_DOCUMENT || json_is_null(value);
	if (!as_it_is && shape->kind == AWS_STRUCTURE)
		return write_structure(shape, value, path, renames, out);
	if (!as_it_is && shape->kind == AWS_LIST)
		return write_list(shape, value, path, renames, out);
	if (!as_it_is && shape->kind == AWS_MAP)
		return write_map(shape, value, path, renames, out);
	if (!as_it_is && shape->kind == AWS_TIMESTAMP)
		return put_time(shape, aws_time_of(NULL, shape, AWS_TIME_UNIX), value, path, out);
	bool whole = json_is_integer(value) && (shape->kind == AWS_INTEGER || shape->kind == AWS_NUMBER);
	if (!as_it_is && !whole && !aws_scalar_text(shape, AWS_TIME_UNIX, value, text))
		return aws_wrong_at(path, shape);
	document_print(value, false, out);
	return NULL;
}

static json_t *read_structure(const struct aws_shape *shape, const json_t *wire, bool renames)
{
	json_t *object = json_object();
	for (unsigned i = 0; i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		if (member->location != AWS_BODY)
			continue;
		const json_t *value = json_object_get(wire, aws_name(renames ? member->wire : member->name));
		if (value && !json_is_null(value))
			json_object_set_new(object, aws_name(member->name),
					    aws_json_read(&aws_shapes[member->shape], value, renames));
	}
	return object;
}

json_t *aws_json_read(const struct aws_shape *shape, const json_t *wire, bool renames)
{
	size_t i;
	const char *key;
	json_t *item;
	if (shape->flags & AWS_DOCUMENT)
		return json_deep_copy(wire);
	if (shape->kind == AWS_STRUCTURE && json_is_object(wire))
		return read_structure(shape, wire, renames);
	if (shape->kind == AWS_LIST && json_is_array(wire)) {
		json_t *list = json_array();
		json_array_foreach (wire, i, item)
			json_array_append_new(
				list, json_is_null(item) ? json_null()
							 : aws_json_read(&aws_shapes[shape->element], item, renames));
		return list;
	}
	if (shape->kind == AWS_MAP && json_is_object(wire)) {
		json_t *map = json_object();
		json_object_foreach ((json_t *)(uintptr_t)wire, key, item)
			if (!json_is_null(item))
				json_object_set_new(map, key,
						    aws_json_read(&aws_shapes[shape->element], item, renames));
		return map;
	}
	if (shape->kind == AWS_TIMESTAMP && (json_is_number(wire) || json_is_string(wire))) {
		char text[64];
		if (json_is_number(wire))
			snprintf(text, sizeof text, "%.3f", json_number_value(wire));
		return aws_scalar_read(shape, AWS_TIME_DEFAULT, json_is_number(wire) ? text : json_string_value(wire));
	}
	return json_deep_copy(
		wire); /* scalars; and nonsense of the server's as it is, for whoever asks for it to refuse */
}
