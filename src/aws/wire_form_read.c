/* Forms, read. Pairs are sorted by name, so that what stands at a name or below it is found by halving. */
#include <stdlib.h>
#include <string.h>
#include "aws/wire_form.h"
#include "base/uri.h"
#include "aws/wire_internal.h"

enum { MAX_NAME = 1 << 16 };

struct pair {
	const char *name, *value;
};

struct given {
	struct pair *pairs;
	size_t n, from, until; /* all of them; those at and below the structure in which the walk stands */
	struct buf text, name; /* what the pairs point into; the name at which the walk stands */
	bool ec2;
};

/* Of pairs of one name the first stands first: names lie in the order in which they came. */
static int by_pair_name(const void *a, const void *b)
{
	const struct pair *left = a, *right = b;
	int order = strcmp(left->name, right->name);
	return order ? order : (left->name > right->name) - (left->name < right->name);
}

/* What is no encoding is left out. Decoded text with its NULs is never longer than what it was made of: there is room
 * for all from the beginning, and nothing moves. */
static void split(struct slice form, struct given *given)
{
	size_t most = 1;
	for (size_t i = 0; i < form.n; i++)
		most += form.p[i] == '&';
	given->pairs = mem_array(most, sizeof *given->pairs);
	buf_append(&given->text, form.p, form.n);
	buf_puts(&given->text, "\n\n");
	buf_clear(&given->text);
	for (size_t at = 0; at < form.n;) {
		const char *from = form.p + at, *and = memchr(from, '&', form.n - at);
		size_t n = and? (size_t)(and-from) : form.n - at, before = given->text.n;
		const char *equals = memchr(from, '=', n);
		size_t name_n = equals ? (size_t)(equals - from) : n, value;
		at += n + 1;
		bool good = name_n && uri_decode(slice_make(from, name_n), true, &given->text);
		value = given->text.n;
		if (good && equals) {
			buf_putc(&given->text, '\0');
			value = given->text.n;
			good = uri_decode(slice_make(equals + 1, n - name_n - 1), true, &given->text);
		}
		if (!good) {
			given->text.n = before;
			continue;
		}
		buf_putc(&given->text, '\0');
		given->pairs[given->n++] = (struct pair){given->text.p + before, given->text.p + value};
	}
	given->until = given->n;
	qsort(given->pairs, given->n, sizeof *given->pairs, by_pair_name);
}

/* The first pair whose name is not before where the walk stands. */
static size_t bound(const struct given *given)
{
	size_t low = given->from, high = given->until;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (strcmp(given->pairs[middle].name, buf_str(&given->name)) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const char *value_here(const struct given *given)
{
	size_t i = bound(given);
	return i < given->until && !strcmp(given->pairs[i].name, buf_str(&given->name)) ? given->pairs[i].value : NULL;
}

/* The pairs below the name: from the first that begins with it and a dot to the last. */
static void below(struct given *given, size_t *ret_from, size_t *ret_until)
{
	size_t n = given->name.n;
	buf_putc(&given->name, '.');
	*ret_from = bound(given);
	given->name.p[n] = '.' + 1; /* what stands behind all of them */
	*ret_until = bound(given);
	aws_form_cut(&given->name, n);
}

/* Is there a pair named so, or below it? */
static bool any_here(struct given *given)
{
	size_t from, until;
	below(given, &from, &until);
	return until > from || value_here(given);
}

/* Leaves the name longer than it was: callers cut it. */
static json_t *read_value(struct given *given, const struct aws_member *member, const struct aws_shape *shape);

static json_t *read_structure(struct given *given, const struct aws_shape *shape)
{
	json_t *object = json_object();
	size_t n = given->name.n, from = given->from, until = given->until;
	if (n)
		below(given, &given->from, &given->until);
	for (unsigned i = 0; i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		aws_form_push_member(&given->name, member, given->ec2);
		json_t *value = read_value(given, member, &aws_shapes[member->shape]);
		aws_form_cut(&given->name, n);
		if (value)
			json_object_set_new(object, aws_name(member->name), value);
	}
	given->from = from;
	given->until = until;
	return object;
}

static json_t *read_list(struct given *given, const struct aws_member *member, const struct aws_shape *shape)
{
	bool said = value_here(given) != NULL;
	json_t *list = json_array();
	aws_form_turn_to_elements(&given->name, member, shape, given->ec2);
	size_t n = given->name.n;
	for (size_t i = 1;; i++) {
		aws_form_push_number(&given->name, i);
		if (!any_here(given))
			break;
		json_t *value = read_value(given, NULL, &aws_shapes[shape->element]);
		aws_form_cut(&given->name, n);
		json_array_append_new(list, value ? value : json_null());
	}
	if (json_array_size(list) || said)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *read_map(struct given *given, const struct aws_shape *shape)
{
	json_t *map = json_object();
	aws_form_push(&given->name, "entry");
	size_t n = given->name.n;
	for (size_t i = 1;; i++) {
		aws_form_push_number(&given->name, i);
		size_t entry = given->name.n;
		aws_form_push(&given->name, "key");
		const char *key = value_here(given);
		if (!key)
			break;
		aws_form_cut(&given->name, entry);
		aws_form_push(&given->name, "value");
		json_t *item = read_value(given, NULL, &aws_shapes[shape->element]);
		aws_form_cut(&given->name, n);
		json_object_set_new(map, key, item ? item : json_null());
	}
	if (json_object_size(map))
		return map;
	json_decref(map);
	return NULL;
}

static json_t *read_value(struct given *given, const struct aws_member *member, const struct aws_shape *shape)
{
	if (shape->kind == AWS_STRUCTURE)
		return any_here(given) ? read_structure(given, shape) : NULL;
	if (shape->kind == AWS_LIST)
		return read_list(given, member, shape);
	if (shape->kind == AWS_MAP)
		return read_map(given, shape);
	const char *text = value_here(given);
	return text ? aws_scalar_read(shape, aws_time_of(member, shape, AWS_TIME_ISO8601), text) : NULL;
}

json_t *aws_form_read(const struct aws_shape *shape, struct slice form, bool ec2)
{
	if (!shape)
		return json_object();
	struct given given = {.text = BUF_INIT(form.n + 2), .name = BUF_INIT(form.n + MAX_NAME), .ec2 = ec2};
	split(form, &given);
	json_t *object = read_structure(&given, shape);
	free(given.pairs);
	buf_done(&given.text);
	buf_done(&given.name);
	return object;
}
