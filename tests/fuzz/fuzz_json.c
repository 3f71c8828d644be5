/* The streaming reader against jansson: what jansson reads, it reads too and with the same values, and however the
 * bytes are cut it gives the same. Items read by comparison with the one before are those that are read alone. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "codec/json.h"

enum { DEEPEST = 150 };

struct item {
	const char *raw;
};
static const struct field item_fields[] = {F_JSON(struct item, raw, "v", 0, "")};
static const struct model item_model = MODEL("Item", struct item, item_fields);

/* What one reading gave: the raw values one behind another, ended by 0 each; absent ones as "-". */
struct reading {
	struct buf values;
	size_t n;
	bool good;
};

static bool take(void *context, void *item, struct arena *arena)
{
	struct reading *reading = context;
	const char *raw = ((struct item *)item)->raw;
	(void)arena;
	reading->n++;
	buf_append(&reading->values, raw ? raw : "-", raw ? strlen(raw) + 1 : 2);
	return true;
}

static struct reading read_cut(const uint8_t *data, size_t size, size_t chunk)
{
	struct reading reading = {.values = BUF_INIT(1 << 24)};
	struct json_stream_spec spec = {
		.name = "fuzz", .item_path = "items", .item_model = &item_model, .fn = take, .context = &reading};
	struct json_stream *stream CLEANUP(json_stream_freep) = json_stream_new(&spec);
	struct error *error = NULL;
	for (size_t at = 0; at < size && !error; at += chunk)
		error = json_stream_feed(stream, (const char *)data + at, size - at < chunk ? size - at : chunk);
	if (!error)
		error = json_stream_end(stream);
	reading.good = !error;
	error_free(error);
	return reading;
}

static size_t depth_of(const json_t *value)
{
	size_t deepest = 0, i;
	const char *key;
	json_t *inner;
	json_array_foreach ((json_t *)(uintptr_t)value, i, inner) {
		size_t depth = depth_of(inner);
		deepest = depth > deepest ? depth : deepest;
	}
	json_object_foreach ((json_t *)(uintptr_t)value, key, inner) {
		size_t depth = depth_of(inner);
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + 1;
}

/* Items that are no list, and lists of something else than objects, are refused by the reader, rightly. */
static bool comparable(const json_t *document)
{
	const json_t *items = json_object_get(document, "items"), *item;
	size_t i;
	if (!json_is_object(document) || depth_of(document) > DEEPEST ||
	    (items && !json_is_array(items) && !json_is_null(items)))
		return false;
	json_array_foreach (items, i, item)
		if (!json_is_object(item))
			return false;
	return true;
}

static void compare(const struct reading *reading, const json_t *document)
{
	const json_t *items = json_object_get(document, "items"), *item;
	size_t i;
	const char *raw = buf_str(&reading->values);
	if (!reading->good || reading->n != json_array_size(items))
		abort();
	json_array_foreach (items, i, item) {
		const json_t *theirs = json_object_get(item, "v");
		json_t *ours DOCUMENT_CLEANUP = strcmp(raw, "-") ? json_loads(raw, JSON_DECODE_ANY, NULL) : NULL;
		bool absent = !theirs || json_is_null(theirs);
		if (absent != !ours || (ours && !json_equal(ours, theirs)))
			abort();
		raw += strlen(raw) + 1;
	}
}

/* ---- by comparison */

struct part {
	const char *text, *n;
	const char **s;
	size_t n_s;
};
static const struct field part_fields[] = {
	F_WHOLE(struct part, text),
	F_STRING(struct part, n, "n", 0, ""),
	F_STRINGS(struct part, s, n_s, "s", 0, ""),
};
static const struct model part_model = MODEL("Part", struct part, part_fields);
struct rich {
	const char *n, *text;
	bool b;
	int64_t i;
	struct pair *m;
	size_t n_m;
	struct part *l, *p;
	size_t n_l;
};
static const struct field rich_fields[] = {
	F_STRING(struct rich, n, "v.n", 0, ""),
	F_JSON(struct rich, text, "v", 0, ""),
	F_BOOL(struct rich, b, "b", 0, ""),
	F_INT(struct rich, i, "i", 0, ""),
	F_MAP(struct rich, m, n_m, "m", 0, ""),
	F_LIST(struct rich, l, n_l, "l", 0, &part_model, ""),
	F_OBJECT_PTR(struct rich, p, "p", 0, &part_model, ""),
};
static const struct model rich_model = MODEL("Rich", struct rich, rich_fields);

static void show(void *context, const struct field *field, const char *path, const char *value)
{
	(void)field;
	buf_printf(context, "%s=%s;", path, value ? value : "-");
}

static bool take_rich(void *context, void *item, struct arena *arena)
{
	struct reading *reading = context;
	(void)arena;
	reading->n++;
	model_visit(&rich_model, item, show, &reading->values);
	return true;
}

static struct reading read_rich(const uint8_t *data, size_t size, bool compare)
{
	struct reading reading = {.values = BUF_INIT(1 << 24)};
	uint64_t changed;
	struct json_stream_spec spec = {.name = "fuzz",
					.item_path = "items",
					.item_model = &rich_model,
					.fn = take_rich,
					.context = &reading,
					.changed = compare ? &changed : NULL};
	struct json_stream *stream CLEANUP(json_stream_freep) = json_stream_new(&spec);
	struct error *error = json_stream_feed(stream, (const char *)data, size);
	if (!error)
		error = json_stream_end(stream);
	reading.good = !error;
	error_free(error);
	return reading;
}

static void compare_rich(const uint8_t *data, size_t size)
{
	struct reading alone = read_rich(data, size, false), compared = read_rich(data, size, true);
	if (alone.good != compared.good || alone.n != compared.n ||
	    strcmp(buf_str(&alone.values), buf_str(&compared.values)) != 0)
		abort();
	buf_done(&alone.values);
	buf_done(&compared.values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	compare_rich(data, size);
	struct reading whole = read_cut(data, size, size + 1), cut = read_cut(data, size, size ? 1 + data[0] % 7U : 1);
	if (whole.good != cut.good ||
	    (whole.good && (whole.n != cut.n || whole.values.n != cut.values.n ||
			    (whole.values.n && memcmp(whole.values.p, cut.values.p, cut.values.n) != 0))))
		abort();
	bool zero = size && memchr(data, '\0', size); /* jansson overlooks one behind a number */
	json_t *document DOCUMENT_CLEANUP =
		zero ? NULL : json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	if (document && comparable(document))
		compare(&whole, document);
	json_t *ours DOCUMENT_CLEANUP = NULL;
	struct error *error ERROR_CLEANUP =
		zero ? NULL : document_parse(slice_make((const char *)data, size), "fuzz", &ours);
	if (document && (error || !json_equal(ours, document)))
		abort();
	if (!zero && !document && (json_is_object(ours) || json_is_array(ours)))
		abort();
	buf_done(&whole.values);
	buf_done(&cut.values);
	return 0;
}
