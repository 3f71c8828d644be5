/* Structs as JSON: by field table straight into a buffer, so that a long document needs no tree beside it. The same
 * text as json_write.c's of the same document, but that no string holds what does harm on a screen, or is lost for want
 * of UTF-8. */
#include "base/words.h"
#include "codec/document_internal.h"
#include "codec/json.h"
#include "codec/model_internal.h"

struct writer {
	struct buf *out;
	bool pretty;
	unsigned depth;
};

static void write_object(struct writer *writer, const struct model *model, const void *object);

static void put_text(struct buf *out, const char *text)
{
	struct slice slice = slice_of(text);
	struct buf raw CLEANUP(buf_done) = BUF_INIT(out->max);
	bool harmless = true;
	for (size_t at = 0; harmless && at < slice.n;)
		harmless = words_harmless(words_next(slice, &at));
	json_write_string(harmless ? out : &raw, slice);
	if (!harmless)
		words_clean_json(out, buf_slice(&raw));
}

static void new_line(const struct writer *writer)
{
	if (!writer->pretty)
		return;
	buf_putc(writer->out, '\n');
	for (unsigned i = 0; i < writer->depth; i++)
		buf_puts(writer->out, "  ");
}

/* Before each member or element. */
static void separate(const struct writer *writer, bool *first)
{
	if (!*first)
		buf_putc(writer->out, ',');
	*first = false;
	new_line(writer);
}

static void open(struct writer *writer, char bracket)
{
	buf_putc(writer->out, bracket);
	writer->depth++;
}

static void close(struct writer *writer, char bracket, bool empty)
{
	writer->depth--;
	if (!empty)
		new_line(writer);
	buf_putc(writer->out, bracket);
}

static void key(const struct writer *writer, const char *name)
{
	put_text(writer->out, name);
	buf_puts(writer->out, writer->pretty ? ": " : ":");
}

/* A value that is a document of its own, its lines indented as deep as it stands. */
static void write_value(const struct writer *writer, const json_t *value)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(writer->out->max);
	if (!document_print(value, writer->pretty, &text)) /* what does not fit there does not fit here */
		writer->out->overflowed |= text.overflowed;
	for (const char *p = buf_str(&text), *end; *p; p = end) {
		size_t n = strcspn(p, "\n");
		end = p + n + (p[n] == '\n');
		words_clean_json(writer->out, slice_make(p, n));
		if (p[n])
			new_line(writer);
	}
}

static void write_scalar(const struct writer *writer, const struct field *field, const void *object)
{
	const void *member = (const char *)object + field->offset;
	const char *text =
		field->kind == FIELD_STRING || field->kind == FIELD_SECRET ? *(const char *const *)member : NULL;
	if (text) {
		put_text(writer->out, text);
		return;
	}
	json_t *value DOCUMENT_CLEANUP = document_encode_scalar(field, object);
	write_value(writer, value);
}

/* Of two with one key the last holds. */
static void write_map(struct writer *writer, const struct pair *pairs, size_t n)
{
	bool first = true;
	open(writer, '{');
	for (size_t i = 0; i < n; i++) {
		bool again = false;
		for (size_t k = i + 1; k < n && !again; k++)
			again = !strcmp(pairs[i].key, pairs[k].key);
		if (again)
			continue;
		separate(writer, &first);
		key(writer, pairs[i].key);
		put_text(writer->out, pairs[i].value);
	}
	close(writer, '}', first);
}

static void write_list(struct writer *writer, const struct field *field, const void *items, size_t n)
{
	bool first = true;
	open(writer, '[');
	for (size_t i = 0; i < n; i++) {
		separate(writer, &first);
		if (field->kind == FIELD_LIST)
			write_object(writer, field->model, (const char *)items + i * field->model->size);
		else if (field->kind == FIELD_STRINGS)
			put_text(writer->out, ((const char *const *)items)[i]);
		else
			buf_printf(writer->out, "%lld", (long long)((const int64_t *)items)[i]);
	}
	close(writer, ']', first);
}

static void write_member(struct writer *writer, const struct field *field, const void *object)
{
	const char *member = (const char *)object + field->offset;
	bool many = field->kind == FIELD_LIST || field->kind == FIELD_STRINGS || field->kind == FIELD_INTS ||
		    field->kind == FIELD_MAP;
	size_t n = many ? *(const size_t *)(const void *)((const char *)object + field->offset_n) : 0;
	if (field->kind == FIELD_OBJECT)
		write_object(writer, field->model, member);
	else if (field->kind == FIELD_OBJECT_PTR)
		write_object(writer, field->model, *(const void *const *)(const void *)member);
	else if (field->kind == FIELD_MAP)
		write_map(writer, *(const struct pair *const *)(const void *)member, n);
	else if (many)
		write_list(writer, field, *(const void *const *)(const void *)member, n);
	else
		write_scalar(writer, field, object);
}

static void write_members(struct writer *writer, const struct model *model, const void *object, bool *first)
{
	for (size_t i = 0; i < model->n_fields; i++) {
		const struct field *field = &model->fields[i];
		if (field->flags & FIELD_INLINE) {
			write_members(writer, field->model, (const char *)object + field->offset, first);
			continue;
		}
		if (!model_is_written(field, object))
			continue;
		separate(writer, first);
		key(writer, field->name);
		write_member(writer, field, object);
	}
}

static void write_object(struct writer *writer, const struct model *model, const void *object)
{
	bool first = true;
	open(writer, '{');
	write_members(writer, model, object, &first);
	close(writer, '}', first);
}

bool json_encode(const struct model *model, const void *object, bool pretty, struct buf *out)
{
	struct writer writer = {out, pretty, 0};
	write_object(&writer, model, object);
	return !out->overflowed;
}
