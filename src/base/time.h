/* Times are int64_t milliseconds since 1970-01-01T00:00:00Z; durations are int64_t milliseconds. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

enum { TIME_TEXT = 40 };

/* "2026-11-23T20:36:57Z", with ".123" only if the milliseconds are not 0. UTC. */
const char *time_format_rfc3339(int64_t time_ms, char out[TIME_TEXT]);
/* "2026-11-23 21:36 +01:00": for people, in their zone. */
const char *time_format_local(int64_t time_ms, char out[TIME_TEXT]);
/* "20261123T203657Z", as AWS signatures want it. */
const char *time_format_basic(int64_t time_ms, char out[TIME_TEXT]);
/* "Mon, 23 Nov 2026 20:36:57 GMT". */
const char *time_format_http(int64_t time_ms, char out[TIME_TEXT]);
/* Any RFC 3339 time, fraction and offset included. */
bool time_parse_rfc3339(struct slice text, int64_t *ret_time_ms);
/* The three HTTP-date forms of RFC 9110. */
bool time_parse_http(struct slice text, int64_t *ret_time_ms);

/* "90s", "10m", "1h30m", "250ms", "7d"; a bare number is seconds. Not negative. */
bool duration_parse(struct slice text, int64_t *ret_ms);
/* "46 min", "1 h 05 min", "12 s", "250 ms": for people. */
const char *duration_format(int64_t ms, char out[TIME_TEXT]);
/* "1h30m", "10m", "250ms": what duration_parse reads back. */
const char *duration_format_exact(int64_t ms, char out[TIME_TEXT]);
