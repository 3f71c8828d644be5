/* Heap and arena. Out of memory aborts, with one line that says so. */
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static NORETURN void out_of_memory(void)
{
	static const char text[] = "error: out of memory\ndo:    give the agent more memory and start it again; the "
				   "journal knows where to go on\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
	(void)ignored;
	abort();
}

static size_t checked_product(size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes))
		out_of_memory();
	return bytes;
}

static void *take(size_t size)
{
	void *p = malloc(size ? size : 1);
	if (!p)
		out_of_memory();
	return p;
}

/* What is large comes zeroed from the system; for what is small, glibc's calloc passes its quick free lists by. */
void *mem_alloc(size_t size)
{
	if (size > 1024) {
		void *large = calloc(1, size);
		if (!large)
			out_of_memory();
		return large;
	}
	void *p = take(size);
	memset(p, 0, size);
	return p;
}

void *mem_array(size_t n, size_t size)
{
	return mem_alloc(checked_product(n, size));
}

void *mem_resize(void *old, size_t n, size_t size)
{
	size_t bytes = checked_product(n, size);
	void *p = realloc(old, bytes ? bytes : 1);
	if (!p)
		out_of_memory();
	return p;
}

char *mem_strndup(const char *text, size_t n)
{
	char *copy = take(n + 1);
	if (n)
		memcpy(copy, text, n);
	copy[n] = '\0';
	return copy;
}

char *mem_strdup(const char *text)
{
	return text ? mem_strndup(text, strlen(text)) : NULL;
}

char *mem_vprintf(const char *format, va_list args)
{
	char *text;
	if (vasprintf(&text, format, args) < 0)
		out_of_memory();
	return text;
}

char *mem_printf(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = mem_vprintf(format, args);
	va_end(args);
	return text;
}

void mem_freep(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

/* Blocks are a list, the newest first; each is twice its elder up to a limit. */
struct block {
	struct block *older;
	size_t size, used;
	_Alignas(max_align_t) char bytes[];
};

struct arena {
	struct block *newest;
	size_t held;
};

/* malloc() gives what is below a kilobyte without a search; above it, it tidies up first. */
enum { FIRST_BLOCK = 960, QUICK_BELOW = 16 << 10, LARGEST_STEP = 1 << 20 };

static struct block *block_new(struct arena *arena, size_t size)
{
	struct block *block = malloc(sizeof *block + size);
	if (!block)
		out_of_memory();
	block->size = size;
	block->used = 0;
	arena->held += sizeof *block + size;
	return block;
}

struct arena *arena_new(void)
{
	return mem_alloc(sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	for (struct block *block = arena->newest, *older; block; block = older) {
		older = block->older;
		free(block);
	}
	free(arena);
}

void arena_freep(struct arena **arena)
{
	arena_free(*arena);
}

void arena_reset(struct arena *arena)
{
	struct block *block = arena->newest;
	if (!block)
		return;
	while (block->older) { /* keeps the newest, the largest: the next use needs no new one */
		struct block *older = block->older;
		block->older = older->older;
		arena->held -= sizeof *older + older->size;
		free(older);
	}
	block->used = 0;
}

/* Not zeroed; `align` is a power of two. */
static char *reserve(struct arena *arena, size_t size, size_t align)
{
	struct block *block = arena->newest;
	size_t from = block ? (block->used + align - 1) & ~(align - 1) : 0;
	if (size > SIZE_MAX / 2)
		out_of_memory();
	if (!block || from > block->size || block->size - from < size) {
		size_t next = block ? block->size * 2 : FIRST_BLOCK;
		next = next > LARGEST_STEP ? LARGEST_STEP : next;
		struct block *fresh = block_new(arena, next > size ? next : size);
		fresh->older = block;
		arena->newest = block = fresh;
		from = 0;
	}
	block->used = from + size;
	return block->bytes + from;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	return memset(reserve(arena, size, _Alignof(max_align_t)), 0, size);
}

/* Texts lie side by side. */
char *arena_strndup(struct arena *arena, const char *text, size_t n)
{
	char *copy = reserve(arena, n + 1, 1);
	if (n)
		memcpy(copy, text, n);
	copy[n] = '\0';
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args, again;
	char probe[1];
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(probe, sizeof probe, format, args);
	va_end(args);
	if (n < 0)
		out_of_memory();
	char *text = reserve(arena, (size_t)n + 1, 1);
	vsnprintf(text, (size_t)n + 1, format, again);
	va_end(again);
	return text;
}

size_t arena_bytes(const struct arena *arena)
{
	return arena->held;
}

/* Full exactly when n is 0 or a power of two: then the room doubles. */
static bool pair_is_full(size_t n)
{
	return (n & (n - 1)) == 0;
}

size_t arena_grow(struct arena *arena, void **items, size_t *n, size_t size)
{
	if (pair_is_full(*n)) {
		void *larger = arena_alloc(arena, checked_product(*n ? *n * 2 : 1, size));
		if (*n)
			memcpy(larger, *items, *n * size);
		*items = larger;
	} else {
		memset((char *)*items + *n * size, 0, size);
	}
	return (*n)++;
}

size_t heap_grow(void **items, size_t *n, size_t size)
{
	if (pair_is_full(*n))
		*items = mem_resize(*items, *n ? *n * 2 : 1, size);
	memset((char *)*items + *n * size, 0, size);
	return (*n)++;
}
