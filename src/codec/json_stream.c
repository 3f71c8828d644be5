/* Streaming: bytes come as they come; each element of one array is decoded as soon as its last byte is there. What is
 * kept between two feeds is the part of a value that has not ended yet, nothing else. */
#include <stdlib.h>
#include <string.h>
#include "codec/json_series.h"

/* Bytes of a list are read when some tens of items may be there, because what has not ended is read again; events are
 * given at once. */
enum {
	DEFAULT_ITEM = 8 << 20,
	DEFAULT_DEPTH = 200,
	PATIENT_FROM = 256 << 10,
	LIST_CHUNK = 64 << 10,
	JOIN = 16 << 10, /* bytes put behind what has not ended, so that it ends; the others are read where they lie */
};

enum place { AT_START, IN_OBJECT, IN_ITEMS, AFTER_ALL };

struct json_stream {
	struct json_stream_spec spec;
	struct json_series *series;
	struct arena *scratch; /* of names that are read over */
	enum place place;
	bool first; /* no member or element of this level was seen yet */
	bool stopped;
	struct buf pending;
	size_t next_try; /* pending bytes below which another try is not worth it */
	uint64_t consumed, items;
};

struct json_stream *json_stream_new(const struct json_stream_spec *spec)
{
	struct json_stream *stream = mem_alloc(sizeof *stream);
	stream->spec = *spec;
	stream->series = json_series_new(spec->item_model, spec->changed != NULL);
	stream->scratch = arena_new();
	stream->place = *spec->item_path ? AT_START : IN_ITEMS;
	stream->first = true;
	size_t max = spec->max_item_bytes ? spec->max_item_bytes : DEFAULT_ITEM;
	buf_init(&stream->pending, max + (1 << 20)); /* an item that just fits, and what was fed behind it */
	return stream;
}

void json_stream_free(struct json_stream *stream)
{
	if (!stream)
		return;
	json_series_free(stream->series);
	arena_free(stream->scratch);
	buf_done(&stream->pending);
	free(stream);
}

void json_stream_freep(struct json_stream **stream)
{
	json_stream_free(*stream);
}

static bool is_sequence(const struct json_stream *stream)
{
	return !*stream->spec.item_path;
}

/* One element. The cursor is left where it was when the bytes do not reach. */
static bool item(struct json_stream *stream, struct json_cursor *c)
{
	bool end = false;
	if (!json_space(c))
		return false;
	if (!is_sequence(stream)) {
		end = *c->p == ']';
		if (end) {
			c->p++;
			stream->place = IN_OBJECT;
			stream->first = false;
			return true;
		}
		if (!stream->first && !json_expect(c, ','))
			return false;
	}
	void *item;
	struct arena *arena;
	uint64_t changed;
	if (!json_space(c) || !json_series_next(stream->series, c, &item, &arena, &changed))
		return false;
	stream->first = false;
	stream->items++;
	if (stream->spec.changed)
		*stream->spec.changed = changed;
	if (!stream->spec.fn(stream->spec.context, item, arena))
		stream->stopped = true;
	return true;
}

/* A member beside the array: decoded only when all of it is there, because a half-read list would be read twice. */
static bool beside(struct json_stream *stream, struct json_cursor *c, struct slice key)
{
	const char *from = c->p;
	if (!json_skip(c))
		return false;
	if (!stream->spec.outer_model)
		return true;
	c->p = from;
	c->arena = stream->spec.outer_arena;
	return json_member(c, stream->spec.outer_model, field_set_all(stream->spec.outer_model), stream->spec.outer,
			   key);
}

static bool member(struct json_stream *stream, struct json_cursor *c)
{
	struct slice key;
	if (!json_space(c))
		return false;
	if (*c->p == '}') {
		c->p++;
		stream->place = AFTER_ALL;
		return true;
	}
	if (!stream->first && !json_expect(c, ','))
		return false;
	arena_reset(stream->scratch);
	c->arena = stream->scratch;
	if (!json_text(c, &key) || !json_expect(c, ':') || !json_space(c))
		return false;
	c->depth = 1;
	bool good = true;
	if (slice_eq(key, stream->spec.item_path) && *c->p == '[') {
		c->p++;
		stream->place = IN_ITEMS;
		stream->first = true;
		return true;
	}
	if (slice_eq(key, stream->spec.item_path) && *c->p != 'n') /* or it would pass for an empty one */
		return json_bad(c, "no list where the items belong");
	good = beside(stream, c, key);
	stream->first = stream->first && !good;
	return good;
}

static bool step(struct json_stream *stream, struct json_cursor *c)
{
	switch (stream->place) {
	case AT_START:
		if (!json_expect(c, '{'))
			return false;
		stream->place = IN_OBJECT;
		return true;
	case IN_OBJECT:
		return member(stream, c);
	case IN_ITEMS:
		return item(stream, c);
	case AFTER_ALL:
	default:
		return !json_space(c) ? false : json_bad(c, "something follows the document");
	}
}

static struct error *wrong(const struct json_stream *stream, struct json_cursor *c, const char *start)
{
	char *path CLEANUP(mem_freep) = c->path;
	unsigned long long at = stream->consumed + (uint64_t)(c->p - start);
	if (stream->place == IN_ITEMS && !is_sequence(stream))
		return error_new(ERROR_INVALID, "%s: byte %llu: %s[%llu]%s%s: %s", stream->spec.name, at,
				 stream->spec.item_path, (unsigned long long)stream->items, path ? "." : "",
				 path ? path : "", c->wrong);
	return error_new(ERROR_INVALID, "%s: byte %llu: %s%s%s", stream->spec.name, at, path ? path : "",
			 path ? ": " : "", c->wrong);
}

/* Consumes whole values from the front; *ret_used says how many bytes. */
static struct error *consume(struct json_stream *stream, const char *bytes, size_t n, size_t *ret_used)
{
	struct json_cursor c = {.p = bytes,
				.end = bytes + n,
				.max_depth = stream->spec.max_depth ? stream->spec.max_depth : DEFAULT_DEPTH};
	const char *whole = bytes;
	while (!stream->stopped && step(stream, &c))
		whole = c.p;
	json_series_keep(stream->series);
	*ret_used = (size_t)(whole - bytes);
	struct error *error = c.state == JSON_STATE_BAD ? wrong(stream, &c, bytes) : NULL;
	stream->consumed += *ret_used;
	return error;
}

static size_t largest_item(const struct json_stream *stream)
{
	return stream->spec.max_item_bytes ? stream->spec.max_item_bytes : DEFAULT_ITEM;
}

static struct error *too_large(const struct json_stream *stream)
{
	return error_new(ERROR_INVALID, "%s: byte %llu: one value is larger than %zu bytes", stream->spec.name,
			 (unsigned long long)stream->consumed, largest_item(stream));
}

static struct error *keep(struct json_stream *stream, const char *bytes, size_t n)
{
	bool fits = stream->pending.n + n <= largest_item(stream) && buf_append(&stream->pending, bytes, n);
	return fits ? NULL : too_large(stream);
}

/* How many bytes to have before the next try. */
static size_t patience(const struct json_stream *stream)
{
	size_t left = stream->pending.n;
	if (is_sequence(stream))
		return left > PATIENT_FROM ? left * 2 : 0;
	return left > LIST_CHUNK / 2 ? left * 2 : LIST_CHUNK;
}

/* Puts bytes behind what has not ended yet, as few as end it. *ret_used: how many of them were read. */
static struct error *join(struct json_stream *stream, const char *bytes, size_t n, size_t *ret_used)
{
	size_t left = stream->pending.n, used = 0;
	bool waits = left + n < stream->next_try;
	*ret_used = waits || n < JOIN ? n : JOIN;
	if (!buf_append(&stream->pending, bytes, *ret_used))
		return error_new(ERROR_INVALID, "%s: byte %llu: one value is too large", stream->spec.name,
				 (unsigned long long)stream->consumed);
	if (waits)
		return NULL;
	TRY(consume(stream, stream->pending.p, stream->pending.n, &used));
	if (used >= left) {
		*ret_used = used - left;
		buf_clear(&stream->pending);
		return NULL;
	}
	stream->pending.n -= used;
	memmove(stream->pending.p, stream->pending.p + used, stream->pending.n);
	stream->next_try = patience(stream);
	return stream->pending.n <= largest_item(stream) ? NULL : too_large(stream);
}

struct error *json_stream_feed(struct json_stream *stream, const char *bytes, size_t n)
{
	size_t used;
	while (stream->pending.n && n && !stream->stopped) {
		TRY(join(stream, bytes, n, &used));
		bytes += used;
		n -= used;
	}
	if (stream->stopped || n == 0)
		return NULL;
	TRY(consume(stream, bytes, n, &used));
	TRY(stream->stopped ? NULL : keep(stream, bytes + used, n - used));
	stream->next_try = patience(stream);
	return NULL;
}

struct error *json_stream_end(struct json_stream *stream)
{
	size_t used = 0;
	if (stream->stopped)
		return NULL;
	if (stream->pending.n)
		TRY(consume(stream, stream->pending.p, stream->pending.n, &used));
	bool rest = false;
	for (size_t i = used; i < stream->pending.n; i++)
		rest |= !strchr(" \n\r\t", stream->pending.p[i]);
	if (!stream->stopped && (rest || (stream->place != AFTER_ALL && !is_sequence(stream))))
		return error_new(ERROR_INVALID, "%s: the document ends too early, after %llu bytes", stream->spec.name,
				 (unsigned long long)(stream->consumed + stream->pending.n - used));
	return NULL;
}
