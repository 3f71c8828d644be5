/* Percent-encoding, RFC 3986. */
#pragma once

#include "base/buf.h"

/* `keep` are bytes left as they are besides the unreserved ones ("/" in paths). */
void uri_encode(struct slice text, const char *keep, struct buf *out);
/* False at a "%" without two hex digits; what stands before it is in `out`. */
bool uri_decode(struct slice text, bool plus_is_space, struct buf *out);
