/* Files that configurations name. */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/* At most 4 MiB into `out`, which is initialised here. */
struct error *config_read_file(const char *path, struct buf *out) MUST_CHECK;
