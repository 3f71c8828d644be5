/* The streaming reader against jansson: what jansson reads, it reads too and with the same values, and however the
 * bytes are cut it gives the same. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
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
