/* Skipping a JSON object or array without looking inside: 64 bytes at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* `p` stands just after the opening bracket. Gives where the matching bracket's next byte is, or NULL when the bytes
 * end before. *ret_too_deep when the nesting passes max_depth. */
const char *json_skip_container(const char *p, const char *end, unsigned max_depth, bool *ret_too_deep);
