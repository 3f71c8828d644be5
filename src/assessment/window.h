/* Windows in which Karpenter may not disrupt nodes: a budget of 0, a schedule as cron has it (UTC), and how long each
 * window lasts. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Does a budget of the NodePool (its spec) keep nodes from being replaced, now and through the next day? */
bool window_pool_is_shut(const json_t *spec, int64_t now_ms);
