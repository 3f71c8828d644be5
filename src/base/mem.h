/* Heap and arena. Out of memory aborts: a crash is one more resume point of the journal, and the only honest answer. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include "base/macros.h"

void *mem_alloc(size_t size);			    /* zeroed; never NULL; free with free() */
void *mem_array(size_t n, size_t size);		    /* zeroed; aborts on overflow */
void *mem_resize(void *old, size_t n, size_t size); /* realloc of n elements; new part NOT zeroed */
char *mem_strdup(const char *text);		    /* NULL stays NULL */
char *mem_strndup(const char *text, size_t n);
char *mem_printf(const char *format, ...) PRINTF_LIKE(1, 2);
char *mem_vprintf(const char *format, va_list args);
void mem_freep(void *pointer_to_pointer); /* for CLEANUP(mem_freep) on any pointer */

/* A bump allocator: a decoded document lives in one arena and goes at once. */
struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *arena);
void arena_freep(struct arena **arena);			   /* for CLEANUP */
void arena_reset(struct arena *arena);			   /* forgets all, keeps the first block */
void *arena_alloc(struct arena *arena, size_t size);	   /* zeroed, aligned for any type */
char *arena_strdup(struct arena *arena, const char *text); /* NULL stays NULL */
char *arena_strndup(struct arena *arena, const char *text, size_t n);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
size_t arena_bytes(const struct arena *arena); /* bytes held from the system */

/* Grows a pointer + count pair by one zeroed element inside an arena and gives the new element.
 * Capacity is implied: the next power of two at or above n (so use it for every growth of that pair). */
#define ARENA_PUSH(arena, items, n)                                                                                    \
	({                                                                                                             \
		size_t pushed_ = arena_grow((arena), (void **)&(items), &(n), sizeof *(items));                        \
		&(items)[pushed_];                                                                                     \
	})
size_t arena_grow(struct arena *arena, void **items, size_t *n, size_t size); /* gives the new element's index */

/* The same on the heap: `struct { T *items; size_t n; }` pairs; free items with free(). */
#define HEAP_PUSH(items, n)                                                                                            \
	({                                                                                                             \
		size_t pushed_ = heap_grow((void **)&(items), &(n), sizeof *(items));                                  \
		&(items)[pushed_];                                                                                     \
	})
size_t heap_grow(void **items, size_t *n, size_t size);
