/* JSON: a streaming reader that walks field tables straight into structs, and a writer. Unknown members are skipped
 * without looking inside (64 bytes at a time). The reader can be fed at any byte border and keeps nothing but what the
 * table asks for. Documents that are held, built or changed are jansson's (codec/document.h). */
#pragma once

#include "codec/model.h"

enum json_mode {
	JSON_READ_SERVER, /* unknown members skipped unlooked-at; null is absence; wrong types are errors with path */
	JSON_READ_STRICT, /* for files: everything validated (UTF-8, escapes, numbers), unknown and duplicate members
			     are errors */
};

/* Decodes one whole document into `object` (zeroed first). Strings point into the arena. Errors: INVALID with line,
 * column and path: `plan.json:14:5: steps[3].step_id: not a string`. `name` stands for the source in messages. */
struct error *json_decode(struct slice text, const char *name, enum json_mode mode, const struct model *model,
			  void *object, struct arena *arena) MUST_CHECK;

/* Streaming: feeds bytes as they come. `item_path` names an array ("items"; "" = the document is a sequence of objects,
 * as watches send); each element is decoded by `item_model` into a fresh zeroed struct in `item_arena`, given to `fn`,
 * and the arena is reset after. Members beside the array are decoded by `outer_model` (may be NULL) into `outer`,
 * with `outer_arena`. `fn` gives false to stop (json_stream_feed then gives no error; `stopped` is set). */
typedef bool json_item_fn(void *context, void *item, struct arena *item_arena);
struct json_stream_spec {
	const char *name;
	const char *item_path;
	const struct model *item_model;
	json_item_fn *fn;
	void *context;
	const struct model *outer_model;
	void *outer;
	struct arena *outer_arena;
	/* Not NULL: the items are much alike, each is read by comparing it with the one before, and before each call of
	 * `fn` it is told here what changed: bit i is clear where the struct's bytes 8i to 8i+7, and all they point to,
	 * are as they were. `fn` may change the struct itself as it likes, and values that it points to. */
	uint64_t *changed;
	size_t max_item_bytes; /* of kept bytes of one item; 0: 8 MiB */
	unsigned max_depth;    /* 0: 200 */
};
struct json_stream;
struct json_stream *json_stream_new(const struct json_stream_spec *spec);
struct error *json_stream_feed(struct json_stream *stream, const char *bytes, size_t n) MUST_CHECK;
struct error *json_stream_end(struct json_stream *stream) MUST_CHECK; /* INVALID when the document is not whole */
void json_stream_free(struct json_stream *stream);
void json_stream_freep(struct json_stream **stream);

/* Writing. Members in table order; `pretty` indents by two. False only when the buffer's maximum was passed. Strings
 * hold nothing that does harm on a screen (it is escaped, the value is the same), bytes that are no UTF-8 become
 * U+FFFD. */
bool json_encode(const struct model *model, const void *object, bool pretty, struct buf *out);
bool json_write_string(struct buf *out, struct slice text); /* with quotes */
