/* Times and durations as text and back. */
#include "base/time.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/macros.h"

static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const day_names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct civil {
	int64_t year;
	int month, day, hour, minute, second, ms, weekday;
};

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar (H. Hinnant's algorithm). */
static int64_t days_from_civil(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static struct civil civil_of(int64_t time_ms)
{
	int64_t days = time_ms / DAY_MS, rest = time_ms % DAY_MS;
	if (rest < 0) {
		rest += DAY_MS;
		days--;
	}
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	struct civil civil = {.day = (int)(of_year - (153 * month + 2) / 5 + 1),
			      .month = (int)(month < 10 ? month + 3 : month - 9)};
	civil.year = year + era * 400 + (civil.month <= 2);
	civil.weekday = (int)(((days % 7) + 11) % 7);
	civil.hour = (int)(rest / HOUR_MS);
	civil.minute = (int)(rest / MINUTE_MS % 60);
	civil.second = (int)(rest / SECOND_MS % 60);
	civil.ms = (int)(rest % SECOND_MS);
	return civil;
}

/* By hand, here and below: they stand in every signature and every object, more than once. */
const char *time_format_local(int64_t time_ms, char out[TIME_TEXT])
{
	time_t second = (time_t)(time_ms / SECOND_MS);
	struct tm local;
	char zone[8] = "";
	if (!localtime_r(&second, &local) || !strftime(out, TIME_TEXT, "%Y-%m-%d %H:%M ", &local) ||
	    !strftime(zone, sizeof zone, "%z", &local))
		return time_format_rfc3339(time_ms, out);
	size_t n = strlen(out);
	snprintf(out + n, TIME_TEXT - n, "%.3s:%.2s", zone, zone + 3);
	return out;
}

static char *put_two(char *out, int value)
{
	out[0] = (char)('0' + value / 10 % 10);
	out[1] = (char)('0' + value % 10);
	return out + 2;
}

static char *put_text(char *out, const char *text)
{
	size_t n = strlen(text);
	memcpy(out, text, n);
	return out + n;
}

/* Four digits; more only where there are more. */
static char *put_year(char *out, int64_t year)
{
	if (year >= 0 && year <= 9999)
		return put_two(put_two(out, (int)(year / 100)), (int)(year % 100));
	return out + snprintf(out, TIME_TEXT / 2, "%04lld", (long long)year);
}

static char *put_clock(char *out, const struct civil *c)
{
	out = put_two(out, c->hour);
	*out++ = ':';
	out = put_two(out, c->minute);
	*out++ = ':';
	return put_two(out, c->second);
}

const char *time_format_rfc3339(int64_t time_ms, char out[TIME_TEXT])
{
	struct civil c = civil_of(time_ms);
	char *p = put_year(out, c.year);
	*p++ = '-';
	p = put_two(p, c.month);
	*p++ = '-';
	p = put_two(p, c.day);
	*p++ = 'T';
	p = put_clock(p, &c);
	if (c.ms) {
		*p++ = '.';
		*p++ = (char)('0' + c.ms / 100);
		p = put_two(p, c.ms % 100);
	}
	memcpy(p, "Z", 2);
	return out;
}

const char *time_format_basic(int64_t time_ms, char out[TIME_TEXT])
{
	struct civil c = civil_of(time_ms);
	int year = (int)c.year;
	char *p = put_two(put_two(out, year / 100), year % 100);
	p = put_two(put_two(p, c.month), c.day);
	*p++ = 'T';
	p = put_two(put_two(put_two(p, c.hour), c.minute), c.second);
	memcpy(p, "Z", 2);
	return out;
}

const char *time_format_http(int64_t time_ms, char out[TIME_TEXT])
{
	struct civil c = civil_of(time_ms);
	char *p = put_text(put_text(out, day_names[c.weekday]), ", ");
	p = put_two(p, c.day);
	*p++ = ' ';
	p = put_text(p, month_names[c.month - 1]);
	*p++ = ' ';
	p = put_year(p, c.year);
	*p++ = ' ';
	memcpy(put_clock(p, &c), " GMT", 5);
	return out;
}

/* Reads exactly n digits. */
static bool digits(const char **p, const char *end, int n, int *ret)
{
	int value = 0;
	for (int i = 0; i < n; i++, (*p)++) {
		if (*p >= end || !isdigit((unsigned char)**p))
			return false;
		value = value * 10 + (**p - '0');
	}
	*ret = value;
	return true;
}

static bool one_of(const char **p, const char *end, const char *set)
{
	if (*p >= end || !strchr(set, **p) || !**p)
		return false;
	(*p)++;
	return true;
}

static bool in_range(const struct civil *c)
{
	static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (c->month < 1 || c->month > 12 || c->day < 1 || c->day > lengths[c->month - 1])
		return false;
	bool leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;
	return (c->month != 2 || c->day <= 28 || leap) && c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

static int64_t time_of(const struct civil *c)
{
	return days_from_civil(c->year, c->month, c->day) * DAY_MS + c->hour * HOUR_MS + c->minute * MINUTE_MS +
	       c->second * SECOND_MS + c->ms;
}

/* ".123456" as milliseconds. */
static bool fraction(const char **p, const char *end, int *ret_ms)
{
	int ms = 0, scale = 100;
	if (!one_of(p, end, "."))
		return true;
	if (*p >= end || !isdigit((unsigned char)**p))
		return false;
	for (; *p < end && isdigit((unsigned char)**p); (*p)++, scale /= 10)
		ms += (**p - '0') * scale;
	*ret_ms = ms;
	return true;
}

static bool offset(const char **p, const char *end, int64_t *ret_ms)
{
	*ret_ms = 0;
	if (one_of(p, end, "Zz"))
		return true;
	if (*p >= end || (**p != '+' && **p != '-'))
		return false;
	int sign = **p == '-' ? -1 : 1, hours, minutes;
	(*p)++;
	if (!digits(p, end, 2, &hours) || !(one_of(p, end, ":") || true) || !digits(p, end, 2, &minutes) ||
	    hours > 23 || minutes > 59)
		return false;
	*ret_ms = sign * (hours * HOUR_MS + minutes * MINUTE_MS);
	return true;
}

bool time_parse_rfc3339(struct slice text, int64_t *ret_time_ms)
{
	const char *p = text.p, *end = text.p + text.n;
	struct civil c = {0};
	int year;
	int64_t zone;
	if (!text.p || !digits(&p, end, 4, &year) || !one_of(&p, end, "-") || !digits(&p, end, 2, &c.month) ||
	    !one_of(&p, end, "-") || !digits(&p, end, 2, &c.day) || !one_of(&p, end, "Tt ") ||
	    !digits(&p, end, 2, &c.hour) || !one_of(&p, end, ":") || !digits(&p, end, 2, &c.minute) ||
	    !one_of(&p, end, ":") || !digits(&p, end, 2, &c.second) || !fraction(&p, end, &c.ms) ||
	    !offset(&p, end, &zone) || p != end)
		return false;
	c.year = year;
	if (!in_range(&c))
		return false;
	*ret_time_ms = time_of(&c) - zone;
	return true;
}

static int month_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(month_names); i++)
		if (!strcmp(month_names[i], name))
			return (int)i + 1;
	return 0;
}

bool time_parse_http(struct slice text, int64_t *ret_time_ms)
{
	char copy[64], month[4] = "", rest = 0;
	struct civil c = {0};
	long year = 0;
	if (!text.p || text.n == 0 || text.n >= sizeof copy)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	const char *after_day = strchr(copy, ',');
	if (after_day && sscanf(after_day, ", %2d %3s %4ld %2d:%2d:%2d GM%c", &c.day, month, &year, &c.hour, &c.minute,
				&c.second, &rest) == 7) {
		c.year = year;
	} else if (after_day && sscanf(after_day, ", %2d-%3s-%2ld %2d:%2d:%2d GM%c", &c.day, month, &year, &c.hour,
				       &c.minute, &c.second, &rest) == 7) {
		c.year = year + (year < 70 ? 2000 : 1900);
	} else if (!after_day && sscanf(copy, "%*3s %3s %2d %2d:%2d:%2d %4ld", month, &c.day, &c.hour, &c.minute,
					&c.second, &year) == 6) {
		c.year = year;
		rest = 'T';
	}
	c.month = month_of(month);
	if (rest != 'T' || !in_range(&c) || c.hour < 0 || c.minute < 0 || c.second < 0)
		return false;
	*ret_time_ms = time_of(&c);
	return true;
}

static const struct {
	const char *name;
	int64_t ms;
} units[] = {{"ms", 1}, {"d", DAY_MS}, {"h", HOUR_MS}, {"m", MINUTE_MS}, {"s", SECOND_MS}};

static bool unit_of(const char **p, const char *end, int64_t *ret_ms)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t n = strlen(units[i].name);
		if ((size_t)(end - *p) >= n && memcmp(*p, units[i].name, n) == 0) {
			*p += n;
			*ret_ms = units[i].ms;
			return true;
		}
	}
	return false;
}

bool duration_parse(struct slice text, int64_t *ret_ms)
{
	const char *p = text.p, *end = text.p + text.n;
	int64_t sum = 0;
	if (!text.p || text.n == 0)
		return false;
	while (p < end) {
		int64_t value = 0, unit = SECOND_MS, part;
		const char *start = p;
		for (; p < end && isdigit((unsigned char)*p); p++)
			if (__builtin_mul_overflow(value, 10, &value) ||
			    __builtin_add_overflow(value, *p - '0', &value))
				return false;
		if (p == start || (!unit_of(&p, end, &unit) && !(p == end && start == text.p)))
			return false;
		if (__builtin_mul_overflow(value, unit, &part) || __builtin_add_overflow(sum, part, &sum))
			return false;
	}
	*ret_ms = sum;
	return true;
}

const char *duration_format(int64_t ms, char out[TIME_TEXT])
{
	if (ms < 0)
		ms = 0;
	if (ms < SECOND_MS)
		snprintf(out, TIME_TEXT, "%lld ms", (long long)ms);
	else if (ms < MINUTE_MS)
		snprintf(out, TIME_TEXT, "%lld s", (long long)(ms / SECOND_MS));
	else if (ms < HOUR_MS)
		snprintf(out, TIME_TEXT, "%lld min", (long long)((ms + MINUTE_MS / 2) / MINUTE_MS));
	else if (ms < 2 * DAY_MS)
		snprintf(out, TIME_TEXT, "%lld h %02lld min", (long long)(ms / HOUR_MS),
			 (long long)(ms / MINUTE_MS % 60));
	else
		snprintf(out, TIME_TEXT, "%lld d %lld h", (long long)(ms / DAY_MS), (long long)(ms / HOUR_MS % 24));
	return out;
}

const char *duration_format_exact(int64_t ms, char out[TIME_TEXT])
{
	static const size_t order[] = {1, 2, 3, 4, 0}; /* d h m s ms */
	size_t n = 0;
	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		int64_t unit = units[order[i]].ms, count = ms / unit;
		ms %= unit;
		if (count)
			n += (size_t)snprintf(out + n, TIME_TEXT - n, "%lld%s", (long long)count, units[order[i]].name);
	}
	if (!n)
		snprintf(out, TIME_TEXT, "0s");
	return out;
}
