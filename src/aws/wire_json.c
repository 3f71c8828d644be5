/* JSON bodies: the model's members against their names on the wire. */
#include <math.h>
#include <string.h>
#include "aws/wire_internal.h"
#include "base/time.h"
#include "codec/document.h"
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

static struct error *write_structure(const struct aws_shape *shape, const json_t *value, const char *path, bool renames,
				     json_t **ret)
{
	const char *key;
	json_t *item;
	if (!json_is_object(value))
		return aws_wrong_type(path, shape);
	json_t *object DOCUMENT_CLEANUP = json_object();
	json_object_foreach ((json_t *)(uintptr_t)value, key, item) {
		const struct aws_member *member = member_named(shape, key);
		if (!member)
			return aws_unknown_member(path, shape, key);
		if (json_is_null(item) || member->location != AWS_BODY)
			continue;
		char *inner CLEANUP(mem_freep) = mem_printf("%s%s%s", path, *path ? "." : "", key);
		json_t *wire;
		const struct aws_shape *target = &aws_shapes[member->shape];
		if (target->kind == AWS_TIMESTAMP && aws_time_of(member, target, AWS_TIME_UNIX) != AWS_TIME_UNIX) {
			char text[AWS_SCALAR_TEXT];
			const char *time =
				aws_scalar_text(target, aws_time_of(member, target, AWS_TIME_UNIX), item, text);
			if (!time)
				return aws_wrong_type(inner, target);
			wire = json_string(time);
		} else {
			TRY(aws_json_write(target, item, inner, renames, &wire));
		}
		json_object_set_new(object, renames ? aws_name(member->wire) : key, wire);
	}
	*ret = TAKE(object);
	return NULL;
}

static struct error *write_many(const struct aws_shape *shape, const json_t *value, const char *path, bool renames,
				json_t **ret)
{
	const struct aws_shape *element = &aws_shapes[shape->element];
	json_t *many DOCUMENT_CLEANUP = shape->kind == AWS_LIST ? json_array() : json_object();
	if (shape->kind == AWS_LIST ? !json_is_array(value) : !json_is_object(value))
		return aws_wrong_type(path, shape);
	size_t i;
	const char *key;
	json_t *item, *wire;
	json_array_foreach (value, i, item) {
		char *inner CLEANUP(mem_freep) = mem_printf("%s[%zu]", path, i);
		TRY(aws_json_write(element, item, inner, renames, &wire));
		json_array_append_new(many, wire);
	}
	json_object_foreach ((json_t *)(uintptr_t)value, key, item) {
		char *inner CLEANUP(mem_freep) = mem_printf("%s.%s", path, key);
		TRY(aws_json_write(element, item, inner, renames, &wire));
		json_object_set_new(many, key, wire);
	}
	*ret = TAKE(many);
	return NULL;
}

struct error *aws_json_write(const struct aws_shape *shape, const json_t *value, const char *path, bool renames,
			     json_t **ret)
{
	char text[AWS_SCALAR_TEXT];
	if (shape->flags & AWS_DOCUMENT || json_is_null(value)) {
		*ret = json_deep_copy(value);
		return NULL;
	}
	switch (shape->kind) {
	case AWS_STRUCTURE:
		return write_structure(shape, value, path, renames, ret);
	case AWS_LIST:
	case AWS_MAP:
		return write_many(shape, value, path, renames, ret);
	case AWS_TIMESTAMP: {
		const char *number = aws_scalar_text(shape, aws_time_of(NULL, shape, AWS_TIME_UNIX), value, text);
		if (!number)
			return aws_wrong_type(path, shape);
		json_t *parsed = json_loads(number, JSON_DECODE_ANY, NULL);
		*ret = parsed ? parsed : json_string(number);
		return NULL;
	}
	default:
		if (!aws_scalar_text(shape, AWS_TIME_UNIX, value, text))
			return aws_wrong_type(path, shape);
		*ret = json_incref((json_t *)(uintptr_t)value);
		return NULL;
	}
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
