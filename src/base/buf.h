/* Slices go into parsers, bounded owning buffers come out of them. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "base/macros.h"

/* Bytes that somebody else owns. Not NUL-terminated. */
struct slice {
	const char *p;
	size_t n;
};

static inline struct slice slice_of(const char *text)
{
	return (struct slice){text, text ? strlen(text) : 0};
}
static inline struct slice slice_make(const char *p, size_t n)
{
	return (struct slice){p, n};
}
bool slice_eq(struct slice slice, const char *text);
bool slice_starts(struct slice slice, const char *prefix);

/* A growing byte buffer with a maximum at birth. After each append the bytes are followed by a NUL that is not counted.
 * Appending past the maximum keeps what fits out: the buffer is marked `overflowed` and stays as it was. */
struct buf {
	char *p;
	size_t n;
	size_t capacity;
	size_t max;
	bool overflowed;
};

#define BUF_INIT(max_bytes)                                                                                            \
	{                                                                                                              \
		.max = (max_bytes)                                                                                     \
	}
void buf_init(struct buf *buf, size_t max_bytes);
void buf_done(struct buf *buf);				       /* also for CLEANUP; may be called twice */
void buf_clear(struct buf *buf);			       /* length 0, memory and maximum kept */
bool buf_append(struct buf *buf, const void *bytes, size_t n); /* false when it would pass the maximum */
bool buf_puts(struct buf *buf, const char *text);
static inline bool buf_putc(struct buf *buf, char c)
{
	if (buf->n + 1 >= buf->capacity || buf->n >= buf->max)
		return buf_append(buf, &c, 1);
	buf->p[buf->n++] = c;
	buf->p[buf->n] = '\0';
	return true;
}
bool buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
bool buf_vprintf(struct buf *buf, const char *format, va_list args);
char *buf_take(struct buf *buf);	    /* the NUL-terminated bytes, now the caller's; buf is empty */
const char *buf_str(const struct buf *buf); /* "" when nothing was ever appended */
static inline struct slice buf_slice(const struct buf *buf)
{
	return (struct slice){buf->p, buf->n};
}
