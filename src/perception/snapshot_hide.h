/* Objects without their secrets. */
#pragma once

#include <stdbool.h>
#include "base/buf.h"

/* Appends an object's JSON text with values of environment variables hidden, and of a last-applied-configuration only
 * kind and name. False when the text breaks off; then *out is not whole. */
bool snapshot_hide(struct slice text, struct buf *out);
