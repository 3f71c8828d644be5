/* Compiler attributes and the cleanup idiom that every file uses. */
#pragma once

#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
#define NEVER_NULL __attribute__((returns_nonnull))
#define UNUSED __attribute__((unused))

/* Declares that `fn(&variable)` runs when the variable leaves its scope. */
#define CLEANUP(fn) __attribute__((cleanup(fn), unused))

/* Moves a pointer out of a variable that has a cleanup: the variable becomes NULL. */
#define TAKE(pointer)                                                                                                  \
	({                                                                                                             \
		__typeof__(pointer) taken_ = (pointer);                                                                \
		(pointer) = NULL;                                                                                      \
		taken_;                                                                                                \
	})

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define CONTAINER_OF(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))
