/* Reading JSON schemas of add-ons: drafts 4 to 7 as they are published, with references within the document. What is
 * said by conditions, patterns or alternatives is not judged: then nothing wrong is known. */
#include "assessment/addon_schema.h"

#include <string.h>
#include "codec/document.h"

enum { DEEPEST = 20 };

struct reading {
	const json_t *root;
	struct arena *arena;
};

/* "#/definitions/VpcCni", one after the other; NULL: leads nowhere that is known. */
static const json_t *resolve(const struct reading *reading, const json_t *schema)
{
	for (int hops = 0; hops < DEEPEST; hops++) {
		const char *to = document_text(schema, "$ref");
		if (!to)
			return schema;
		schema = strncmp(to, "#/", 2) ? NULL : reading->root;
		for (const char *part = to + 1; schema && *part == '/';) {
			size_t n = strcspn(++part, "/");
			schema = json_object_get(schema, arena_strndup(reading->arena, part, n));
			part += n;
		}
	}
	return NULL;
}

static bool is_of_type(const json_t *value, const char *type)
{
	static const struct {
		const char *name;
		json_type types[2];
	} names[] = {{"object", {JSON_OBJECT, JSON_OBJECT}}, {"array", {JSON_ARRAY, JSON_ARRAY}},
		     {"string", {JSON_STRING, JSON_STRING}}, {"boolean", {JSON_TRUE, JSON_FALSE}},
		     {"null", {JSON_NULL, JSON_NULL}},	     {"integer", {JSON_INTEGER, JSON_INTEGER}},
		     {"number", {JSON_INTEGER, JSON_REAL}}};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i].name, type)) {
			bool whole = json_is_real(value) && !strcmp(type, "integer") &&
				     json_real_value(value) == (double)(json_int_t)json_real_value(value);
			return whole || json_typeof(value) == names[i].types[0] ||
			       json_typeof(value) == names[i].types[1];
		}
	return true;
}

static bool fits_type(const json_t *value, const json_t *type)
{
	size_t i;
	const json_t *one;
	if (json_is_string(type))
		return is_of_type(value, json_string_value(type));
	json_array_foreach (type, i, one)
		if (json_is_string(one) && is_of_type(value, json_string_value(one)))
			return true;
	return json_array_size(type) == 0;
}

static bool is_allowed(const json_t *value, const json_t *words)
{
	size_t i;
	const json_t *one;
	json_array_foreach (words, i, one)
		if (json_equal((json_t *)(uintptr_t)value, (json_t *)(uintptr_t)one))
			return true;
	return json_array_size(words) == 0;
}

static const char *wrong(const struct reading *reading, const json_t *schema, const json_t *value, const char *path,
			 unsigned depth);

static const char *wrong_member(const struct reading *reading, const json_t *schema, const json_t *values,
				const char *path, unsigned depth)
{
	const json_t *properties = json_object_get(schema, "properties"),
		     *more = json_object_get(schema, "additionalProperties");
	bool patterns = json_object_size(json_object_get(schema, "patternProperties")) > 0;
	const char *key, *found = NULL;
	json_t *value;
	json_object_foreach ((json_t *)(uintptr_t)values, key, value) {
		const json_t *known = json_object_get(properties, key);
		const char *below = arena_printf(reading->arena, "%s%s%s", path, *path ? "." : "", key);
		if (!known && json_is_false(more) && !patterns)
			return arena_printf(reading->arena, "%s is not known", below);
		found = wrong(reading, known ? known : json_is_object(more) ? more : NULL, value, below, depth + 1);
		if (found)
			return found;
	}
	return NULL;
}

static const char *missing(const struct reading *reading, const json_t *schema, const json_t *values, const char *path)
{
	size_t i;
	const json_t *name;
	json_array_foreach (json_object_get(schema, "required"), i, name)
		if (json_is_string(name) && !json_object_get(values, json_string_value(name)))
			return arena_printf(reading->arena, "%s%s%s is missing", path, *path ? "." : "",
					    json_string_value(name));
	return NULL;
}

static bool is_out_of_bounds(const json_t *schema, const json_t *value)
{
	const json_t *least = json_object_get(schema, "minimum"), *most = json_object_get(schema, "maximum");
	return json_is_number(value) &&
	       ((json_is_number(least) && json_number_value(value) < json_number_value(least)) ||
		(json_is_number(most) && json_number_value(value) > json_number_value(most)));
}

static const char *wrong(const struct reading *reading, const json_t *schema, const json_t *value, const char *path,
			 unsigned depth)
{
	size_t i;
	const json_t *element;
	const char *found = NULL;
	schema = depth < DEEPEST ? resolve(reading, schema) : NULL;
	if (!json_is_object(schema))
		return NULL;
	if (!fits_type(value, json_object_get(schema, "type")))
		return arena_printf(reading->arena, "%s is of another type", *path ? path : "the whole");
	if (!is_allowed(value, json_object_get(schema, "enum")))
		return arena_printf(reading->arena, "%s is none of the words that are allowed",
				    *path ? path : "the whole");
	if (is_out_of_bounds(schema, value))
		return arena_printf(reading->arena, "%s is out of bounds", *path ? path : "the whole");
	if (json_is_object(value)) {
		found = missing(reading, schema, value, path);
		return found ? found : wrong_member(reading, schema, value, path, depth);
	}
	json_array_foreach (value, i, element) {
		found = wrong(reading, json_object_get(schema, "items"), element,
			      arena_printf(reading->arena, "%s[%zu]", path, i), depth + 1);
		if (found)
			return found;
	}
	return NULL;
}

const char *addon_schema_wrong(const json_t *schema, const json_t *values, struct arena *arena)
{
	struct reading reading = {schema, arena};
	return wrong(&reading, schema, values, "", 0);
}
