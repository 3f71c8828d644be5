/* Forms: the query protocol and EC2's. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "aws/wire_internal.h"
#include "codec/document.h"

static struct error *write_value(const struct aws_member *member, const struct aws_shape *shape, const json_t *value,
				 const char *prefix, bool ec2, struct buf *out);

/* EC2 names parameters by queryName, else by the capitalised name on the wire. */
static char *parameter_name(const struct aws_member *member, bool ec2)
{
	if (!ec2)
		return mem_strdup(aws_name(member->wire));
	if (member->query_name)
		return mem_strdup(aws_name(member->query_name));
	char *name = mem_strdup(aws_name(member->flags & AWS_RENAMED ? member->wire : member->name));
	*name = (char)toupper((unsigned char)*name);
	return name;
}

/* "Filter" of "Filter.member.1": what stands before the number. */
static char *list_prefix(const struct aws_member *member, const struct aws_shape *shape, const char *prefix, bool ec2)
{
	const char *element = aws_name(shape->element_name);
	bool flat = shape->flags & AWS_FLATTENED || (member && member->flags & AWS_FLAT_MEMBER);
	if (ec2)
		return mem_strdup(prefix);
	if (!flat)
		return mem_printf("%s.%s", prefix, *element ? element : "member");
	const char *dot = strrchr(prefix, '.');
	return *element ? mem_printf("%.*s%s", dot ? (int)(dot + 1 - prefix) : 0, prefix, element) : mem_strdup(prefix);
}

static struct error *write_structure(const struct aws_shape *shape, const json_t *value, const char *prefix, bool ec2,
				     struct buf *out)
{
	const char *key;
	json_t *item;
	if (!json_is_object(value))
		return aws_wrong_type(prefix, shape);
	size_t known = 0;
	for (unsigned i = 0; i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		item = json_object_get(value, aws_name(member->name));
		known += item != NULL;
		if (!item || json_is_null(item))
			continue;
		char *name CLEANUP(mem_freep) = parameter_name(member, ec2);
		char *inner CLEANUP(mem_freep) = mem_printf("%s%s%s", prefix, *prefix ? "." : "", name);
		TRY(write_value(member, &aws_shapes[member->shape], item, inner, ec2, out));
	}
	if (known == json_object_size(value))
		return NULL;
	json_object_foreach ((json_t *)(uintptr_t)value, key, item) {
		bool found = false;
		for (unsigned i = 0; i < shape->n_members; i++)
			found |= !strcmp(key, aws_name(aws_members[shape->first_member + i].name));
		if (!found)
			return aws_unknown_member(prefix, shape, key);
	}
	return NULL;
}

static struct error *write_map(const struct aws_member *member, const struct aws_shape *shape, const json_t *value,
			       const char *prefix, bool ec2, struct buf *out)
{
	const char *key, *key_name = aws_name(shape->key_name), *value_name = aws_name(shape->value_name);
	json_t *item;
	size_t i = 0;
	bool flat = shape->flags & AWS_FLATTENED || (member && member->flags & AWS_FLAT_MEMBER);
	if (!json_is_object(value))
		return aws_wrong_type(prefix, shape);
	json_object_foreach ((json_t *)(uintptr_t)value, key, item) {
		char *entry CLEANUP(mem_freep) = mem_printf("%s%s.%zu", prefix, flat ? "" : ".entry", ++i);
		buf_printf(out, "&%s.%s=", entry, *key_name ? key_name : "key");
		aws_uri_encode(slice_of(key), "", out);
		char *inner CLEANUP(mem_freep) = mem_printf("%s.%s", entry, *value_name ? value_name : "value");
		TRY(write_value(NULL, &aws_shapes[shape->element], item, inner, ec2, out));
	}
	return NULL;
}

static struct error *write_value(const struct aws_member *member, const struct aws_shape *shape, const json_t *value,
				 const char *prefix, bool ec2, struct buf *out)
{
	char text[AWS_SCALAR_TEXT];
	if (shape->kind == AWS_STRUCTURE)
		return write_structure(shape, value, prefix, ec2, out);
	if (shape->kind == AWS_MAP)
		return write_map(member, shape, value, prefix, ec2, out);
	if (shape->kind == AWS_LIST) {
		size_t i;
		json_t *item;
		if (!json_is_array(value))
			return aws_wrong_type(prefix, shape);
		char *list CLEANUP(mem_freep) = list_prefix(member, shape, prefix, ec2);
		if (json_array_size(value) == 0 && !ec2)
			buf_printf(out, "&%s=", prefix); /* an empty list is said, absence is not */
		json_array_foreach (value, i, item) {
			char *inner CLEANUP(mem_freep) = mem_printf("%s.%zu", list, i + 1);
			TRY(write_value(NULL, &aws_shapes[shape->element], item, inner, ec2, out));
		}
		return NULL;
	}
	const char *scalar = aws_scalar_text(shape, aws_time_of(member, shape, AWS_TIME_ISO8601), value, text);
	if (!scalar)
		return aws_wrong_type(prefix, shape);
	buf_printf(out, "&%s=", prefix);
	aws_uri_encode(slice_of(scalar), "", out);
	return NULL;
}

struct error *aws_form_write(const struct aws_shape *shape, const json_t *value, bool ec2, struct buf *out)
{
	return shape ? write_structure(shape, value, "", ec2, out) : NULL;
}

/* Is there a parameter named so, or below it? */
static bool any_below(const json_t *parameters, const char *prefix)
{
	const char *key;
	json_t *item;
	size_t n = strlen(prefix);
	json_object_foreach ((json_t *)(uintptr_t)parameters, key, item)
		if (!strncmp(key, prefix, n) && (key[n] == '\0' || key[n] == '.'))
			return true;
	return false;
}

static json_t *read_value(const struct aws_member *member, const struct aws_shape *shape, const json_t *parameters,
			  const char *prefix, bool ec2);

static json_t *read_structure(const struct aws_shape *shape, const json_t *parameters, const char *prefix, bool ec2)
{
	json_t *object = json_object();
	for (unsigned i = 0; i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		char *name CLEANUP(mem_freep) = parameter_name(member, ec2);
		char *inner CLEANUP(mem_freep) = mem_printf("%s%s%s", prefix, *prefix ? "." : "", name);
		json_t *value = read_value(member, &aws_shapes[member->shape], parameters, inner, ec2);
		if (value)
			json_object_set_new(object, aws_name(member->name), value);
	}
	return object;
}

static json_t *read_list(const struct aws_member *member, const struct aws_shape *shape, const json_t *parameters,
			 const char *prefix, bool ec2)
{
	char *base CLEANUP(mem_freep) = list_prefix(member, shape, prefix, ec2);
	json_t *list = json_array();
	for (size_t i = 1;; i++) {
		char *inner CLEANUP(mem_freep) = mem_printf("%s.%zu", base, i);
		if (!any_below(parameters, inner))
			break;
		json_t *value = read_value(NULL, &aws_shapes[shape->element], parameters, inner, ec2);
		json_array_append_new(list, value ? value : json_null());
	}
	if (json_array_size(list) || json_object_get(parameters, prefix))
		return list;
	json_decref(list);
	return NULL;
}

static json_t *read_map(const struct aws_member *member, const struct aws_shape *shape, const json_t *parameters,
			const char *prefix, bool ec2)
{
	const char *key_name = aws_name(shape->key_name), *value_name = aws_name(shape->value_name);
	bool flat = shape->flags & AWS_FLATTENED || (member && member->flags & AWS_FLAT_MEMBER);
	json_t *map = json_object();
	for (size_t i = 1;; i++) {
		char *entry CLEANUP(mem_freep) = mem_printf("%s%s.%zu", prefix, flat ? "" : ".entry", i);
		char *key CLEANUP(mem_freep) = mem_printf("%s.%s", entry, *key_name ? key_name : "key");
		char *value CLEANUP(mem_freep) = mem_printf("%s.%s", entry, *value_name ? value_name : "value");
		const char *text = json_string_value(json_object_get(parameters, key));
		if (!text)
			break;
		json_t *item = read_value(NULL, &aws_shapes[shape->element], parameters, value, ec2);
		json_object_set_new(map, text, item ? item : json_null());
	}
	if (json_object_size(map))
		return map;
	json_decref(map);
	return NULL;
}

static json_t *read_value(const struct aws_member *member, const struct aws_shape *shape, const json_t *parameters,
			  const char *prefix, bool ec2)
{
	if (shape->kind == AWS_STRUCTURE)
		return any_below(parameters, prefix) ? read_structure(shape, parameters, prefix, ec2) : NULL;
	if (shape->kind == AWS_LIST)
		return read_list(member, shape, parameters, prefix, ec2);
	if (shape->kind == AWS_MAP)
		return read_map(member, shape, parameters, prefix, ec2);
	const char *text = json_string_value(json_object_get(parameters, prefix));
	return text ? aws_scalar_read(shape, aws_time_of(member, shape, AWS_TIME_ISO8601), text) : NULL;
}

json_t *aws_form_read(const struct aws_shape *shape, const json_t *parameters, bool ec2)
{
	return shape ? read_structure(shape, parameters, "", ec2) : json_object();
}
