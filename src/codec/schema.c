/* JSON Schema of a field table: documentation that cannot go stale. */
#include "codec/json.h"
#include "codec/model.h"

static void quoted(struct buf *out, const char *text)
{
	json_write_string(out, slice_of(text));
}

static void object_schema(const struct model *model, struct buf *out);

static void scalar_schema(const struct field *field, struct buf *out)
{
	static const char *const types[] = {
		[FIELD_STRING] = "\"type\":\"string\"",
		[FIELD_BOOL] = "\"type\":\"boolean\"",
		[FIELD_INT] = "\"type\":\"integer\"",
		[FIELD_DOUBLE] = "\"type\":\"number\"",
		[FIELD_TIME] = "\"type\":\"string\",\"format\":\"date-time\"",
		[FIELD_DURATION] = "\"type\":[\"string\",\"number\"],\"pattern\":\"^([0-9]+(ms|d|h|m|s))+$|^[0-9]+$\"",
		[FIELD_PERCENT] = "\"type\":[\"string\",\"number\"],\"pattern\":\"^[0-9.]+ ?%?$\"",
		[FIELD_ENUM] = "\"type\":\"string\"",
		[FIELD_SECRET] = "\"type\":\"string\",\"writeOnly\":true",
		[FIELD_STRINGS] = "\"type\":\"array\",\"items\":{\"type\":\"string\"}",
		[FIELD_INTS] = "\"type\":\"array\",\"items\":{\"type\":\"integer\"}",
		[FIELD_MAP] =
			"\"type\":\"object\",\"additionalProperties\":{\"type\":[\"string\",\"number\",\"boolean\"]}",
		[FIELD_JSON] = "\"description\":\"any value\"",
	};
	buf_puts(out, types[field->kind]);
	if (field->min < field->max && field->kind == FIELD_INT)
		buf_printf(out, ",\"minimum\":%lld,\"maximum\":%lld", (long long)field->min, (long long)field->max);
	if (field->kind == FIELD_ENUM) {
		buf_puts(out, ",\"enum\":[");
		for (size_t i = 0; field->names[i]; i++) {
			buf_puts(out, i ? "," : "");
			quoted(out, field->names[i]);
		}
		buf_putc(out, ']');
	}
}

static void field_schema(const struct field *field, struct buf *out)
{
	buf_putc(out, '{');
	if (field->kind == FIELD_OBJECT || field->kind == FIELD_OBJECT_PTR) {
		object_schema(field->model, out);
	} else if (field->kind == FIELD_LIST) {
		buf_puts(out, "\"type\":\"array\",\"items\":{");
		object_schema(field->model, out);
		buf_putc(out, '}');
	} else {
		scalar_schema(field, out);
	}
	if (field->doc && field->kind != FIELD_JSON) {
		buf_puts(out, ",\"description\":");
		quoted(out, field->doc);
	}
	buf_putc(out, '}');
}

/* Members under a dotted prefix ("traffic.route53."): names with more dots become nested objects, each told once, where
 * its first member stands. */
static bool members(const struct model *model, const char *prefix, bool first, struct buf *out);

static void group_schema(const struct model *model, const char *prefix, struct buf *out)
{
	buf_puts(out, "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
	members(model, prefix, true, out);
	buf_puts(out, "}}");
}

static bool is_first_of_group(const struct model *model, size_t i, size_t length)
{
	for (size_t k = 0; k < i; k++)
		if (!strncmp(model->fields[k].name, model->fields[i].name, length))
			return false;
	return true;
}

static bool members(const struct model *model, const char *prefix, bool first, struct buf *out)
{
	size_t skip = strlen(prefix);
	for (size_t i = 0; i < model->n_fields; i++) {
		const struct field *field = &model->fields[i];
		if (field->flags & FIELD_INLINE) {
			first = *prefix ? first : members(field->model, "", first, out);
			continue;
		}
		if (strncmp(field->name, prefix, skip) != 0)
			continue;
		size_t word = strcspn(field->name + skip, ".");
		bool group = field->name[skip + word] == '.';
		if (group && !is_first_of_group(model, i, skip + word + 1))
			continue;
		buf_puts(out, first ? "" : ",");
		first = false;
		json_write_string(out, slice_make(field->name + skip, word));
		buf_putc(out, ':');
		if (group) {
			char *deeper CLEANUP(mem_freep) = mem_strndup(field->name, skip + word + 1);
			group_schema(model, deeper, out);
		} else {
			field_schema(field, out);
		}
	}
	return first;
}

static void object_schema(const struct model *model, struct buf *out)
{
	buf_puts(out, "\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
	members(model, "", true, out);
	buf_putc(out, '}');
	bool any = false;
	for (size_t i = 0; i < model->n_fields; i++) {
		if (!(model->fields[i].flags & FIELD_REQUIRED))
			continue;
		buf_puts(out, any ? "," : ",\"required\":[");
		json_write_string(out, slice_make(model->fields[i].name, strcspn(model->fields[i].name, ".")));
		any = true;
	}
	buf_puts(out, any ? "]" : "");
}

void model_schema(const struct model *model, struct buf *out)
{
	buf_puts(out, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":");
	quoted(out, model->name);
	buf_putc(out, ',');
	object_schema(model, out);
	buf_putc(out, '}');
}
