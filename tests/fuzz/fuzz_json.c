/* The streaming reader against jansson: fed in two parts, it may refuse more, but what it gives must be there. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "codec/document.h"
#include "codec/json.h"

struct item {
	const char *raw;
};
static const struct field item_fields[] = {F_JSON(struct item, raw, "v", 0, "")};
static const struct model item_model = MODEL("Item", struct item, item_fields);

static bool take(void *context, void *item, struct arena *arena)
{
	(void)item;
	(void)arena;
	++*(size_t *)context;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = 0, cut = size ? data[0] % size : 0;
	struct json_stream_spec spec = {
		.name = "fuzz", .item_path = "items", .item_model = &item_model, .fn = take, .context = &n};
	struct json_stream *stream = json_stream_new(&spec);
	struct error *error = json_stream_feed(stream, (const char *)data, cut);
	if (!error)
		error = json_stream_feed(stream, (const char *)data + cut, size - cut);
	if (!error)
		error = json_stream_end(stream);
	json_t *document = json_loadb((const char *)data, size, 0, NULL);
	if (document && json_is_array(json_object_get(document, "items")) && !error &&
	    n != json_array_size(json_object_get(document, "items")))
		abort();
	json_decref(document);
	error_free(error);
	json_stream_free(stream);
	return 0;
}
