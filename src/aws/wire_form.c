/* Forms, written: the query protocol and EC2's. A value's name is its path, "MetricDataQueries.member.1.Id": it grows
 * and shrinks in one buffer while the value is walked. */
#include "aws/wire_form.h"
#include "base/uri.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "aws/wire_internal.h"
#include "codec/document.h"

enum { MAX_NAME = 1 << 16 };

void aws_form_cut(struct buf *name, size_t n)
{
	name->n = n;
	if (name->p)
		name->p[n] = '\0';
}

void aws_form_push(struct buf *name, const char *part)
{
	if (name->n)
		buf_putc(name, '.');
	buf_puts(name, part);
}

void aws_form_push_number(struct buf *name, size_t number)
{
	char digits[24], *p = digits + sizeof digits - 1;
	*p = '\0';
	do
		*--p = (char)('0' + number % 10);
	while (number /= 10);
	aws_form_push(name, p);
}

/* EC2 names parameters by queryName, else by the capitalised name on the wire. */
void aws_form_push_member(struct buf *name, const struct aws_member *member, bool ec2)
{
	size_t at = name->n + (name->n > 0);
	if (!ec2) {
		aws_form_push(name, aws_name(member->wire));
	} else if (member->query_name) {
		aws_form_push(name, aws_name(member->query_name));
	} else {
		aws_form_push(name, aws_name(member->flags & AWS_RENAMED ? member->wire : member->name));
		if (at < name->n)
			name->p[at] = (char)toupper((unsigned char)name->p[at]);
	}
}

void aws_form_turn_to_elements(struct buf *name, const struct aws_member *member, const struct aws_shape *shape,
			       bool ec2)
{
	const char *element = aws_name(shape->element_name);
	if (ec2)
		return;
	if (!aws_is_flat(member, shape)) {
		aws_form_push(name, *element ? element : "member");
	} else if (*element) {
		const char *dot = strrchr(buf_str(name), '.');
		aws_form_cut(name, dot ? (size_t)(dot - name->p) : 0);
		aws_form_push(name, element);
	}
}

struct form {
	struct buf *out, name;
	bool ec2;
};

/* Leaves the name longer than it was: callers cut it. */
static struct error *write_value(struct form *form, const struct aws_member *member, const struct aws_shape *shape,
				 const json_t *value);

static struct error *prove_known(const struct form *form, const struct aws_shape *shape, const json_t *value)
{
	const char *key;
	json_t *item;
	json_object_foreach ((json_t *)(uintptr_t)value, key, item) {
		bool found = false;
		for (unsigned i = 0; i < shape->n_members; i++)
			found |= !strcmp(key, aws_name(aws_members[shape->first_member + i].name));
		if (!found)
			return aws_unknown_member(buf_str(&form->name), shape, key);
	}
	return NULL;
}

static struct error *write_structure(struct form *form, const struct aws_shape *shape, const json_t *value)
{
	size_t known = 0, n = form->name.n;
	if (!json_is_object(value))
		return aws_wrong_type(buf_str(&form->name), shape);
	for (unsigned i = 0; i < shape->n_members && known < json_object_size(value); i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		const json_t *item = json_object_get(value, aws_name(member->name));
		known += item != NULL;
		if (!item || json_is_null(item))
			continue;
		aws_form_push_member(&form->name, member, form->ec2);
		TRY(write_value(form, member, &aws_shapes[member->shape], item));
		aws_form_cut(&form->name, n);
	}
	return known == json_object_size(value) ? NULL : prove_known(form, shape, value);
}

static void put_pair(struct form *form, const char *value)
{
	buf_putc(form->out, '&');
	buf_append(form->out, form->name.p, form->name.n);
	buf_putc(form->out, '=');
	uri_encode(slice_of(value), "", form->out);
}

static struct error *write_map(struct form *form, const struct aws_shape *shape, const json_t *value)
{
	const char *key;
	json_t *item;
	size_t i = 0;
	if (!json_is_object(value))
		return aws_wrong_type(buf_str(&form->name), shape);
	aws_form_push(&form->name, "entry");
	size_t n = form->name.n;
	json_object_foreach ((json_t *)(uintptr_t)value, key, item) {
		aws_form_push_number(&form->name, ++i);
		size_t entry = form->name.n;
		aws_form_push(&form->name, "key");
		put_pair(form, key);
		aws_form_cut(&form->name, entry);
		aws_form_push(&form->name, "value");
		TRY(write_value(form, NULL, &aws_shapes[shape->element], item));
		aws_form_cut(&form->name, n);
	}
	return NULL;
}

static struct error *write_list(struct form *form, const struct aws_member *member, const struct aws_shape *shape,
				const json_t *value)
{
	size_t i;
	json_t *item;
	if (!json_is_array(value))
		return aws_wrong_type(buf_str(&form->name), shape);
	if (json_array_size(value) == 0 && !form->ec2)
		put_pair(form, ""); /* an empty list is said, absence is not */
	aws_form_turn_to_elements(&form->name, member, shape, form->ec2);
	size_t n = form->name.n;
	json_array_foreach (value, i, item) {
		aws_form_push_number(&form->name, i + 1);
		TRY(write_value(form, NULL, &aws_shapes[shape->element], item));
		aws_form_cut(&form->name, n);
	}
	return NULL;
}

static struct error *write_value(struct form *form, const struct aws_member *member, const struct aws_shape *shape,
				 const json_t *value)
{
	char text[AWS_SCALAR_TEXT];
	if (shape->kind == AWS_STRUCTURE)
		return write_structure(form, shape, value);
	if (shape->kind == AWS_MAP)
		return write_map(form, shape, value);
	if (shape->kind == AWS_LIST)
		return write_list(form, member, shape, value);
	const char *scalar = aws_scalar_text(shape, aws_time_of(member, shape, AWS_TIME_ISO8601), value, text);
	if (!scalar)
		return aws_wrong_type(buf_str(&form->name), shape);
	put_pair(form, scalar);
	return NULL;
}

struct error *aws_form_write(const struct aws_shape *shape, const json_t *value, bool ec2, struct buf *out)
{
	struct form form = {.out = out, .name = BUF_INIT(MAX_NAME), .ec2 = ec2};
	struct error *error = shape ? write_structure(&form, shape, value) : NULL;
	buf_done(&form.name);
	return error;
}
