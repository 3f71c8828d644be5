/* Decoding over contiguous bytes, by field table; the stream (json_stream.c) feeds it. */
#pragma once

#include "codec/json.h"
#include "codec/model_internal.h"

enum json_state { JSON_STATE_OK, JSON_STATE_MORE /* the bytes end before the value does */, JSON_STATE_BAD };

struct json_cursor {
	const char *p, *end;
	enum json_state state;
	const char *wrong; /* with BAD */
	char *path;	   /* with BAD: where; the cursor's, free it */
	struct arena *arena;
	unsigned depth, max_depth;
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
