/* A directory of a test's own, gone afterwards, and waiting for what must come true soon. */
#pragma once

#include <stdbool.h>

const char *scratch_new(char out[256]); /* makes it; its name has a quote and a space in it on purpose */
void scratch_remove(const char *directory);
bool scratch_exists(const char *directory, const char *name);
char *scratch_read(const char *directory, const char *name); /* "" when it is not there; free() */
void scratch_write(const char *directory, const char *name, const char *text);
bool soon(bool (*is_true)(void *context), void *context); /* within 5 s */
