/* XML: members as elements. */
#include <string.h>
#include "aws/wire_internal.h"
#include "codec/document.h"

static struct error *write_value(const struct aws_member *member, const struct aws_shape *shape, const char *name,
				 const json_t *value, const struct aws_path *path, bool ec2, struct buf *out);

static void open_element(struct buf *out, const char *name)
{
	buf_putc(out, '<');
	buf_puts(out, name);
	buf_putc(out, '>');
}

static void close_element(struct buf *out, const char *name)
{
	buf_append(out, "</", 2);
	buf_puts(out, name);
	buf_putc(out, '>');
}

static const char *element_name(const struct aws_shape *shape, bool ec2)
{
	const char *name = aws_name(shape->element_name);
	return *name ? name : ec2 ? "item" : "member";
}

static struct error *write_list(const struct aws_member *member, const struct aws_shape *shape, const char *name,
				const json_t *value, const struct aws_path *path, bool ec2, struct buf *out)
{
	size_t i;
	json_t *item;
	bool flat = aws_is_flat(member, shape);
	if (!json_is_array(value))
		return aws_wrong_at(path, shape);
	if (!flat)
		open_element(out, name);
	json_array_foreach (value, i, item) {
		const struct aws_path here = {.above = path, .index = i};
		TRY(write_value(NULL, &aws_shapes[shape->element], flat ? name : element_name(shape, ec2), item, &here,
				ec2, out));
	}
	if (!flat)
		close_element(out, name);
	return NULL;
}

static struct error *write_map(const struct aws_shape *shape, const char *name, const json_t *value,
			       const struct aws_path *path, bool ec2, struct buf *out)
{
	const char *key;
	json_t *item;
	if (!json_is_object(value))
		return aws_wrong_at(path, shape);
	open_element(out, name);
	json_object_foreach ((json_t *)(uintptr_t)value, key, item) {
		buf_puts(out, "<entry><key>");
		xml_escape(slice_of(key), out);
		buf_puts(out, "</key>");
		TRY(write_value(NULL, &aws_shapes[shape->element], "value", item, path, ec2, out));
		buf_puts(out, "</entry>");
	}
	close_element(out, name);
	return NULL;
}

static struct error *write_value(const struct aws_member *member, const struct aws_shape *shape, const char *name,
				 const json_t *value, const struct aws_path *path, bool ec2, struct buf *out)
{
	char text[AWS_SCALAR_TEXT];
	if (json_is_null(value))
		return NULL;
	if (shape->kind == AWS_LIST)
		return write_list(member, shape, name, value, path, ec2, out);
	if (shape->kind == AWS_MAP)
		return write_map(shape, name, value, path, ec2, out);
	open_element(out, name);
	if (shape->kind == AWS_STRUCTURE) {
		TRY(aws_xml_write(shape, value, path, ec2, out));
	} else {
		const char *scalar = aws_scalar_text(shape, aws_time_of(member, shape, AWS_TIME_ISO8601), value, text);
		if (!scalar)
			return aws_wrong_at(path, shape);
		xml_escape(slice_of(scalar), out);
	}
	close_element(out, name);
	return NULL;
}

static const char *wire_name(const struct aws_member *member)
{
	return aws_name(member->wire);
}

struct error *aws_xml_write(const struct aws_shape *shape, const json_t *value, const struct aws_path *path, bool ec2,
			    struct buf *out)
{
	if (!json_is_object(value))
		return aws_wrong_at(path, shape);
	size_t known = 0;
	for (unsigned i = 0; i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		const json_t *item = json_object_get(value, aws_name(member->name));
		known += item != NULL;
		if (!item || member->location != AWS_BODY)
			continue;
		const struct aws_path here = {.above = path, .name = aws_name(member->name)};
		TRY(write_value(member, &aws_shapes[member->shape], wire_name(member), item, &here, ec2, out));
	}
	const char *key;
	json_t *item;
	if (known < json_object_size(value)) {
		json_object_foreach ((json_t *)(uintptr_t)value, key, item) {
			bool found = false;
			for (unsigned i = 0; i < shape->n_members; i++)
				found |= !strcmp(key, aws_name(aws_members[shape->first_member + i].name));
			if (!found)
				return aws_unknown_at(path, shape, key);
		}
	}
	return NULL;
}

static json_t *read_value(const struct aws_member *member, const struct aws_shape *shape, const struct xml_node *node,
			  bool ec2);

/* Flattened lists are the siblings of one name. */
static json_t *read_flat(const struct aws_shape *shape, const struct xml_node *first, bool ec2)
{
	json_t *list = json_array();
	for (const struct xml_node *node = first; node; node = node->next)
		if (!strcmp(node->name, first->name))
			json_array_append_new(list, read_value(NULL, &aws_shapes[shape->element], node, ec2));
	return list;
}

static json_t *read_map(const struct aws_shape *shape, const struct xml_node *node, bool ec2)
{
	json_t *map = json_object();
	for (const struct xml_node *entry = node->children; entry; entry = entry->next) {
		const struct xml_node *key = xml_child(entry, "key"), *value = xml_child(entry, "value");
		if (key && value)
			json_object_set_new(map, key->text, read_value(NULL, &aws_shapes[shape->element], value, ec2));
	}
	return map;
}

static json_t *read_value(const struct aws_member *member, const struct aws_shape *shape, const struct xml_node *node,
			  bool ec2)
{
	if (shape->kind == AWS_STRUCTURE)
		return aws_xml_read(shape, node, ec2);
	if (shape->kind == AWS_LIST) {
		if (aws_is_flat(member, shape))
			return read_flat(shape, node, ec2);
		json_t *list = json_array();
		for (const struct xml_node *child = node->children; child; child = child->next)
			json_array_append_new(list, read_value(NULL, &aws_shapes[shape->element], child, ec2));
		return list;
	}
	if (shape->kind == AWS_MAP)
		return read_map(shape, node, ec2);
	return aws_scalar_read(shape, aws_time_of(member, shape, AWS_TIME_ISO8601), node->text);
}

json_t *aws_xml_read(const struct aws_shape *shape, const struct xml_node *node, bool ec2)
{
	json_t *object = json_object();
	for (unsigned i = 0; i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		if (member->location != AWS_BODY)
			continue;
		const struct aws_shape *target = &aws_shapes[member->shape];
		const struct xml_node *child = xml_child(node, wire_name(member));
		if (!child && aws_is_flat(member, target) && *aws_name(target->element_name))
			child = xml_child(node, aws_name(target->element_name));
		if (child)
			json_object_set_new(object, aws_name(member->name), read_value(member, target, child, ec2));
	}
	return object;
}
