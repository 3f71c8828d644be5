/* Files read and written whole. */
#pragma once

#include <stdbool.h>
#include "base/buf.h"
#include "base/error.h"

/* Appends what is in the file; INVALID when the buffer's maximum is less. May have been a secret: nothing of it is left
 * but in `out`. */
struct error *file_read(const char *path, struct buf *out) MUST_CHECK;
/* The same of an open one, from where it stands; `name` is for the error. */
struct error *file_read_open(int file, const char *name, struct buf *out) MUST_CHECK;

/* The folders above it, where they are not there, for their owner alone. */
struct error *file_make_folders(const char *path) MUST_CHECK;
/* A device, a pipe, a socket: what is written into and must not be put in place of. */
bool file_is_special(const char *path);
/* The whole file or, on an error, the one that was there; on the disk when this returns, for its owner alone. Makes the
 * folders above it. A link is replaced, not what it leads to: somebody else
 * may have laid it; what is special is written into. */
struct error *file_write(const char *path, struct slice bytes) MUST_CHECK;
