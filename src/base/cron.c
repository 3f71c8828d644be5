/* Schedules as cron has them. */
#include "base/cron.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "base/macros.h"
#include "base/time.h"

static const struct {
	unsigned least, most;
	const char *const *names; /* of values from `least` on */
} limits[CRON_FIELDS] = {
	{0, 59, NULL},
	{0, 23, NULL},
	{1, 31, NULL},
	{1, 12,
	 (const char *const[]){"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
			       NULL}},
	{0, 7, (const char *const[]){"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL}},
};

static bool value(const char **p, size_t field, unsigned *ret)
{
	char *end;
	for (size_t i = 0; limits[field].names && limits[field].names[i]; i++)
		if (!strncasecmp(*p, limits[field].names[i], 3)) {
			*ret = limits[field].least + (unsigned)i;
			*p += 3;
			return true;
		}
	if (**p < '0' || **p > '9')
		return false;
	unsigned long n = strtoul(*p, &end, 10);
	*p = end;
	*ret = n > limits[field].most ? 0 : (unsigned)n;
	return n >= limits[field].least && n <= limits[field].most;
}

/* One of a list: "*", "5", "1-5", each maybe with a step: "0-30/10". */
static bool range(const char **p, size_t field, uint64_t *bits)
{
	unsigned from = limits[field].least, to = limits[field].most, step = 1;
	if (**p == '*' || **p == '?') {
		++*p;
	} else {
		if (!value(p, field, &from))
			return false;
		to = from;
		if (**p == '-') {
			++*p;
			if (!value(p, field, &to))
				return false;
		} else if (**p == '/') {
			to = limits[field].most;
		}
	}
	if (**p == '/') {
		char *end;
		++*p;
		unsigned long n = strtoul(*p, &end, 10);
		if (end == *p || n == 0 || n > 60)
			return false;
		*p = end;
		step = (unsigned)n;
	}
	for (unsigned i = from; i <= to; i += step)
		*bits |= UINT64_C(1) << i;
	return from <= to;
}

static bool parse(const char *text, struct cron *ret)
{
	const char *p = text;
	*ret = (struct cron){.any_day = false};
	for (size_t field = 0; field < CRON_FIELDS; field++) {
		p += strspn(p, " \t");
		bool any = *p == '*' || *p == '?';
		do {
			if (!range(&p, field, &ret->fields[field]))
				return false;
		} while (*p == ',' && p++);
		ret->any_day |= field == 2 && any;
		ret->any_weekday |= field == 4 && any;
		if (*p && *p != ' ' && *p != '\t')
			return false;
	}
	if (ret->fields[4] & (1 << 7)) /* Sunday, too */
		ret->fields[4] |= 1;
	return p[strspn(p, " \t")] == '\0';
}

static const char *spelled(const char *schedule)
{
	static const char *const names[][2] = {{"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},
					       {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
					       {"@monthly", "0 0 1 * *"},  {"@annually", "0 0 1 1 *"},
					       {"@yearly", "0 0 1 1 *"}};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i][0], schedule))
			return names[i][1];
	return schedule;
}

bool cron_parse(const char *schedule, struct cron *ret)
{
	return parse(spelled(schedule), ret);
}

/* As cron has it: where both kinds of day are named, either will do. */
bool cron_begins(const struct cron *cron, int64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / SECOND_MS);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	bool day = cron->fields[2] >> tm.tm_mday & 1, weekday = cron->fields[4] >> tm.tm_wday & 1;
	return cron->fields[0] >> tm.tm_min & 1 && cron->fields[1] >> tm.tm_hour & 1 &&
	       cron->fields[3] >> (tm.tm_mon + 1) & 1 &&
	       (cron->any_day || cron->any_weekday ? day && weekday : day || weekday);
}

bool cron_holds(const struct cron *cron, int64_t lasts_ms, int64_t now_ms)
{
	int64_t now = now_ms / MINUTE_MS * MINUTE_MS;
	for (int64_t minute_ms = now; minute_ms > now_ms - lasts_ms; minute_ms -= MINUTE_MS)
		if (cron_begins(cron, minute_ms))
			return true;
	return false;
}
