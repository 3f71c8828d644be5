/* Schedules as cron has them: five fields (minute, hour, day of the month, month, day of the week), or @daily and its
 * like. All times are UTC. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { CRON_FIELDS = 5 };
struct cron {
	uint64_t fields[CRON_FIELDS]; /* bits: minutes, hours, days of the month, months, days of the week */
	bool any_day, any_weekday;
};

bool cron_parse(const char *schedule, struct cron *ret); /* false for what is no schedule */
/* Does it begin in this minute? */
bool cron_begins(const struct cron *cron, int64_t time_ms);
/* Does what begins by it and lasts so long hold at this time? Looks at each minute of `lasts_ms`. */
bool cron_holds(const struct cron *cron, int64_t lasts_ms, int64_t now_ms);
