/* What the parts of yaml_skim() share: the place in the text, and the parsers of single values. Each parser gives false
 * at anything unusual. */
#pragma once

#include "codec/yaml_events.h"

enum { SKIM_MAX_DEPTH = 64 };

struct skim {
	const char *base, *p, *end;
	const struct yaml_events *events;
	void *context;
};

/* STOP: bytes at which a plain scalar may end, and those that it may not have. FIRST: it may not begin with them. MARK:
 * nor with these, when no word follows. */
enum { SKIM_STOP = 1, SKIM_FIRST = 2, SKIM_MARK = 4 };
extern const unsigned char skim_class[256];

static inline bool skim_blank(char c)
{
	return c == ' ' || c == '\t';
}
static inline size_t skim_at(const struct skim *skim, const char *p)
{
	return (size_t)(p - skim->base);
}

/* Nothing but space and a comment up to the line's end; p moves behind the line. */
bool skim_rest_of_line(struct skim *skim);
/* At a quote: p moves behind the closing one. *ret is what stands between. `parent` is the column that further lines
 * must be right of; -1: none. */
bool skim_quoted(struct skim *skim, int parent, struct slice *ret);
/* At "{" or "[": p moves behind the closing one. */
bool skim_flow(struct skim *skim, unsigned depth);
