/* A page of text under way: wrapped to its columns, coloured or not. Every string put on it is harmless already. */
#pragma once

#include "artifacts/assessment_internal.h"

struct page {
	const struct assessment_view *view; /* NULL: of something else than an assessment */
	const struct assessment_style *style;
	struct buf *out;
	size_t columns;	    /* SIZE_MAX: not wrapped */
	size_t column;	    /* where the next cell goes */
	const char *colour; /* that is on; NULL */
};

void page_put(struct page *page, struct slice text);
void page_spaces(struct page *page, size_t until);
void page_colour(struct page *page, const char *code); /* NULL: off */
void page_new_line(struct page *page, size_t indent);  /* a colour ends with its line, and goes on in the next */
size_t page_room(const struct page *page);
/* Words from the present column on; further lines begin at `indent`. */
void page_wrap(struct page *page, const char *text, size_t indent);
/* A command goes on behind a backslash, as a shell has it, and its arguments are never broken. */
void page_wrap_command(struct page *page, const char *text, size_t indent);
