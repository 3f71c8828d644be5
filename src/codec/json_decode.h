/* Decoding over contiguous bytes, by field table; the stream (json_stream.c) feeds it. */
#pragma once

#include "codec/json.h"
#include "codec/model_internal.h"

enum json_state { JSON_STATE_OK, JSON_STATE_MORE /* the bytes end before the value does */, JSON_STATE_BAD };

/* Where in an object's bytes a value stood, and where it went; kept for json_series.c. */
struct json_mark {
	uint32_t from, to;
	const struct field *field; /* NULL: nobody asks for it */
	void *object;		   /* that the field is of */
	uint32_t index;		   /* of the element or pair in it */
	uint16_t depth;
	uint8_t word; /* of the outermost struct, by which it is reached */
	bool again;   /* parts of it are wanted as well: their marks follow */
};
struct json_marks {
	struct json_mark *items;
	size_t n, most;
	const char *start; /* of the object's bytes */
	const char *root;  /* the outermost struct */
	size_t root_size;
	uint8_t word;
	bool whole; /* nothing went where no mark says it */
};

struct json_cursor {
	const char *p, *end;
	enum json_state state;
	const char *wrong; /* with BAD */
	char *path;	   /* with BAD: where; the cursor's, free it */
	struct arena *arena;
	unsigned depth, max_depth;
	struct json_marks *marks; /* or NULL */
};

/* Each gives false with `state` set when it could not. */
bool json_space_on(struct json_cursor *c);
static inline bool json_space(struct json_cursor *c) /* to the next byte that means something */
{
	return (c->p<c->end && * c->p> ' ') || json_space_on(c);
}
bool json_expect_on(struct json_cursor *c, char wanted);
static inline bool json_expect(struct json_cursor *c, char wanted)
{
	if (c->p == c->end || *c->p != wanted)
		return json_expect_on(c, wanted);
	c->p++;
	return true;
}
bool json_text(struct json_cursor *c, struct slice *ret); /* decoded; may point into the text */
bool json_skip(struct json_cursor *c);
bool json_members(struct json_cursor *c, const struct model *model, struct field_set set, void *object);
bool json_member(struct json_cursor *c, const struct model *model, struct field_set set, void *object,
		 struct slice key);
bool json_bad(struct json_cursor *c, const char *wrong);
/* Another value at c->p for the place that was marked; null is none. */
bool json_mark_assign(struct json_cursor *c, const struct json_mark *mark);
/* For a place that keeps a value's text whole. */
void json_keep_text(struct json_cursor *c, const struct field *field, void *object, struct slice text);
