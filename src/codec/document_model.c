/* Between structs and documents, by field table. */
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "base/words.h"
#include "codec/document_internal.h"
#include "codec/model_internal.h"

static struct error *read_object(const struct document_reader *reader, const json_t *document,
				 const struct model *model, struct field_set set, void *object, const char *path);

static struct error *wrong_at(const struct document_reader *reader, const char *path, const char *what)
{
	struct buf where CLEANUP(buf_done) = BUF_INIT(64);
	if (reader->locate)
		reader->locate(reader->context, path, &where);
	return error_new(ERROR_INVALID, "%s%s%s: %s%s%s", reader->name, where.n ? ":" : "", buf_str(&where), path,
			 *path ? ": " : "", what);
}

/* 1.34 is "1.34" again, not 1.3400000000000001. */
static size_t shortest_real(double value, char out[40])
{
	int n = snprintf(out, 40, "%.15g", value);
	if (strtod(out, NULL) != value)
		n = snprintf(out, 40, "%.17g", value);
	return (size_t)n;
}

static struct token token_of(const json_t *value, char number[40])
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return (struct token){TOKEN_STRING, slice_make(json_string_value(value), json_string_length(value))};
	case JSON_INTEGER:
		return (struct token){
			TOKEN_NUMBER,
			slice_make(number, (size_t)snprintf(number, 40, "%lld", (long long)json_integer_value(value)))};
	case JSON_REAL:
		return (struct token){TOKEN_NUMBER, slice_make(number, shortest_real(json_real_value(value), number))};
	case JSON_TRUE:
		return (struct token){TOKEN_TRUE, slice_of("true")};
	case JSON_FALSE:
		return (struct token){TOKEN_FALSE, slice_of("false")};
	case JSON_NULL:
	case JSON_OBJECT:
	case JSON_ARRAY:
	default:
		return (struct token){TOKEN_NULL, {0}};
	}
}

static struct error *read_list(const struct document_reader *reader, const json_t *value, const struct field *field,
			       void *object, const char *path)
{
	size_t i;
	json_t *item;
	if (!json_is_array(value))
		return wrong_at(reader, path, "not a list");
	json_array_foreach (value, i, item) {
		char *item_path CLEANUP(mem_freep) = mem_printf("%s[%zu]", path, i);
		char number[40];
		if (field->kind == FIELD_LIST) {
			void *element = model_enter(field, object, reader->arena);
			TRY(read_object(reader, item, field->model, field_set_all(field->model), element, item_path));
			continue;
		}
		const char *wrong =
			json_is_object(item) || json_is_array(item)
				? "not a plain value"
				: model_assign_element(field, object, SIZE_MAX, reader->arena, token_of(item, number));
		if (wrong)
			return wrong_at(reader, item_path, wrong);
	}
	return NULL;
}

static struct error *read_map(const struct document_reader *reader, const json_t *value, const struct field *field,
			      void *object, const char *path)
{
	const char *key;
	json_t *item;
	if (!json_is_object(value))
		return wrong_at(reader, path, "not a map");
	json_object_foreach ((json_t *)(uintptr_t)value, key, item) {
		char number[40];
		struct token token = token_of(item, number);
		if (json_is_object(item) || json_is_array(item))
			return wrong_at(reader, path, "holds something else than plain values");
		if (token.kind != TOKEN_NULL)
			model_add_pair(field, object, reader->arena, slice_of(key), token.text);
	}
	return NULL;
}

static struct error *read_json(const struct document_reader *reader, const json_t *value, const struct field *field,
			       void *object)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(16 << 20);
	document_print(value, false, &text);
	*(const char **)(void *)((char *)object + field->offset) = arena_strndup(reader->arena, text.p, text.n);
	return NULL;
}

static struct error *read_value(const struct document_reader *reader, const json_t *value, const struct field *field,
				void *object, const char *path)
{
	char number[40];
	if (json_is_null(value))
		return NULL;
	switch (field->kind) {
	case FIELD_OBJECT:
	case FIELD_OBJECT_PTR:
		if (!json_is_object(value))
			return wrong_at(reader, path, "not an object");
		return read_object(reader, value, field->model, field_set_all(field->model),
				   model_enter(field, object, reader->arena), path);
	case FIELD_LIST:
	case FIELD_STRINGS:
	case FIELD_INTS:
		return read_list(reader, value, field, object, path);
	case FIELD_MAP:
		return read_map(reader, value, field, object, path);
	case FIELD_JSON:
		return read_json(reader, value, field, object);
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
	struct token token = token_of(value, number);
	if (reader->strict && field->kind == FIELD_STRING && token.kind == TOKEN_NUMBER)
		token.kind = TOKEN_STRING; /* version: 1.35 in YAML; what was written is what is meant */
	const char *wrong = json_is_object(value) || json_is_array(value)
				    ? "not a plain value"
				    : model_assign(field, object, reader->arena, token);
	return wrong ? wrong_at(reader, path, wrong) : NULL;
}

static struct error *unknown_member(const struct document_reader *reader, const struct model *model, const char *path,
				    const char *key)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1024);
	struct buf where CLEANUP(buf_done) = BUF_INIT(64);
	buf_printf(&text, "unknown key \"%s\"", path);
	size_t before = text.n;
	model_suggest(model, slice_of(key), &text);
	if (text.n == before) /* "traffic.stepps" is nearer to "traffic.steps" than its last word alone */
		model_suggest(model, slice_of(path), &text);
	if (reader->locate)
		reader->locate(reader->context, path, &where);
	return error_new(ERROR_INVALID, "%s%s%s: %s", reader->name, where.n ? ":" : "", buf_str(&where),
			 buf_str(&text));
}

static struct error *read_object(const struct document_reader *reader, const json_t *document,
				 const struct model *model, struct field_set set, void *object, const char *path)
{
	const char *key;
	json_t *value;
	if (!json_is_object(document))
		return wrong_at(reader, path, "not an object");
	json_object_foreach ((json_t *)(uintptr_t)document, key, value) {
		void *holder;
		struct field_set deeper;
		const struct field *field = model_find(model, set, slice_of(key), object, &holder, &deeper);
		if (!field && !deeper.bits && !reader->strict)
			continue;
		char *member CLEANUP(mem_freep) = mem_printf("%s%s%s", path, *path ? "." : "", key);
		if (field)
			TRY(read_value(reader, value, field, holder, member));
		if (deeper.bits && json_is_object(value))
			TRY(read_object(reader, value, model, deeper, object, member));
		else if (!field && (reader->strict || deeper.bits) && !json_is_null(value))
			TRY(deeper.bits ? wrong_at(reader, member, "not an object")
					: unknown_member(reader, model, member, key));
	}
	const struct field *missing = set.offset == 0 ? model_missing(model, object) : NULL;
	if (missing) {
		char *text CLEANUP(mem_freep) = mem_printf("\"%s\" is missing", missing->name);
		return wrong_at(reader, path, text);
	}
	return NULL;
}

struct error *document_read(const struct document_reader *reader, const json_t *document, const struct model *model,
			    void *object)
{
	memset(object, 0, model->size);
	return read_object(reader, document, model, field_set_all(model), object, "");
}

struct error *document_decode(const json_t *document, const char *name, const struct model *model, void *object,
			      struct arena *arena)
{
	struct document_reader reader = {.name = name, .arena = arena};
	return document_read(&reader, document, model, object);
}

/* A server's bytes need not be UTF-8, JSON's must: bad ones become U+FFFD rather than take their value with them. */
static json_t *encode_text(const char *text)
{
	json_t *value = json_string(text);
	struct buf mended CLEANUP(buf_done) = BUF_INIT((size_t)1 << 30);
	struct slice slice = slice_of(text);
	for (size_t at = 0, from = 0; !value && at < slice.n; from = at) {
		if (words_next(slice, &at) >= WORDS_BAD)
			buf_puts(&mended, "\uFFFD");
		else
			buf_append(&mended, text + from, at - from);
	}
	return value ? value : json_string(buf_str(&mended));
}

json_t *document_encode_scalar(const struct field *field, const void *object)
{
	const void *member = (const char *)object + field->offset;
	char text[TIME_TEXT];
	switch (field->kind) {
	case FIELD_STRING:
	case FIELD_SECRET: {
		const char *string = *(const char *const *)member;
		return string ? encode_text(string) : json_null();
	}
	case FIELD_BOOL:
		return json_boolean(*(const bool *)member);
	case FIELD_INT:
		return json_integer(*(const int64_t *)member);
	case FIELD_DOUBLE:
	case FIELD_PERCENT:
		return json_real(*(const double *)member);
	case FIELD_TIME:
		return json_string(time_format_rfc3339(*(const int64_t *)member, text));
	case FIELD_DURATION:
		return json_string(duration_format_exact(*(const int64_t *)member, text));
	case FIELD_ENUM:
		return json_string(field->names[*(const int *)member]);
	case FIELD_JSON: {
		const char *json = *(const char *const *)member;
		json_t *value = NULL;
		if (json)
			error_ignore(document_parse(slice_of(json), field->name, &value));
		return value ? value : json_null();
	}
	case FIELD_OBJECT:
	case FIELD_OBJECT_PTR:
	case FIELD_LIST:
	case FIELD_STRINGS:
	case FIELD_INTS:
	case FIELD_MAP:
	default:
		return json_null();
	}
}

static json_t *encode_many(const struct field *field, const void *object)
{
	size_t n = *(const size_t *)(const void *)((const char *)object + field->offset_n);
	const void *items = *(const void *const *)(const void *)((const char *)object + field->offset);
	json_t *list = field->kind == FIELD_MAP ? json_object() : json_array();
	for (size_t i = 0; i < n; i++) {
		if (field->kind == FIELD_LIST)
			json_array_append_new(
				list, document_encode(field->model, (const char *)items + i * field->model->size));
		else if (field->kind == FIELD_STRINGS)
			json_array_append_new(list, encode_text(((const char *const *)items)[i]));
		else if (field->kind == FIELD_INTS)
			json_array_append_new(list, json_integer(((const int64_t *)items)[i]));
		else
			json_object_set_new(list, ((const struct pair *)items)[i].key,
					    encode_text(((const struct pair *)items)[i].value));
	}
	return list;
}

static void encode_into(json_t *document, const struct model *model, const void *object)
{
	for (size_t i = 0; i < model->n_fields; i++) {
		const struct field *field = &model->fields[i];
		const char *member = (const char *)object + field->offset;
		if (field->flags & FIELD_INLINE) {
			encode_into(document, field->model, member);
			continue;
		}
		if (!model_is_written(field, object))
			continue;
		json_t *value;
		if (field->kind == FIELD_OBJECT)
			value = document_encode(field->model, member);
		else if (field->kind == FIELD_OBJECT_PTR)
			value = document_encode(field->model, *(const void *const *)(const void *)member);
		else if (field->kind == FIELD_LIST || field->kind == FIELD_STRINGS || field->kind == FIELD_INTS ||
			 field->kind == FIELD_MAP)
			value = encode_many(field, object);
		else
			value = document_encode_scalar(field, object);
		json_object_set_new(document, field->name, value);
	}
}

json_t *document_encode(const struct model *model, const void *object)
{
	json_t *document = json_object();
	encode_into(document, model, object);
	return document;
}
