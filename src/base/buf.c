/* Slices and bounded buffers. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/mem.h"

bool slice_eq(struct slice slice, const char *text)
{
	size_t n = strlen(text);
	return slice.n == n && (n == 0 || memcmp(slice.p, text, n) == 0);
}

bool slice_starts(struct slice slice, const char *prefix)
{
	size_t n = strlen(prefix);
	return slice.n >= n && (n == 0 || memcmp(slice.p, prefix, n) == 0);
}

void buf_init(struct buf *buf, size_t max_bytes)
{
	*buf = (struct buf)BUF_INIT(max_bytes);
}

void buf_done(struct buf *buf)
{
	free(buf->p);
	*buf = (struct buf)BUF_INIT(buf->max);
}

void buf_clear(struct buf *buf)
{
	buf->n = 0;
	buf->overflowed = false;
	if (buf->p)
		buf->p[0] = '\0';
}

/* Makes room for n more bytes and the NUL. */
static bool reserve(struct buf *buf, size_t n)
{
	if (n > buf->max || buf->n > buf->max - n) {
		buf->overflowed = true;
		return false;
	}
	size_t needed = buf->n + n + 1;
	if (needed > buf->capacity) {
		size_t capacity = buf->capacity ? buf->capacity : 128;
		while (capacity < needed)
			capacity *= 2;
		buf->p = mem_resize(buf->p, capacity, 1);
		buf->capacity = capacity;
	}
	return true;
}

bool buf_append(struct buf *buf, const void *bytes, size_t n)
{
	if (!reserve(buf, n))
		return false;
	if (n)
		memcpy(buf->p + buf->n, bytes, n);
	buf->n += n;
	buf->p[buf->n] = '\0';
	return true;
}

bool buf_puts(struct buf *buf, const char *text)
{
	return buf_append(buf, text, strlen(text));
}

bool buf_vprintf(struct buf *buf, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	size_t room = buf->capacity > buf->n ? buf->capacity - buf->n : 0;
	int n = vsnprintf(room ? buf->p + buf->n : NULL, room, format, args);
	bool fits = n >= 0;
	if (fits && (size_t)n < room && (size_t)n <= buf->max && buf->n <= buf->max - (size_t)n) {
		buf->n += (size_t)n;
	} else {
		fits = fits && reserve(buf, (size_t)n);
		if (fits) {
			vsnprintf(buf->p + buf->n, (size_t)n + 1, format, again);
			buf->n += (size_t)n;
		} else if (room) {
			buf->p[buf->n] = '\0'; /* what the first try left behind */
		}
	}
	va_end(again);
	return fits;
}

bool buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	bool fits = buf_vprintf(buf, format, args);
	va_end(args);
	return fits;
}

char *buf_take(struct buf *buf)
{
	char *text = buf->p ? buf->p : mem_alloc(1);
	*buf = (struct buf)BUF_INIT(buf->max);
	return text;
}

const char *buf_str(const struct buf *buf)
{
	return buf->p ? buf->p : "";
}
