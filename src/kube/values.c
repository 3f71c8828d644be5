/* Versions, int-or-string, ages. */
#include "kube/values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool read_number(const char **p, unsigned *ret)
{
	char *end;
	if (**p < '0' || **p > '9')
		return false;
	errno = 0;
	unsigned long value = strtoul(*p, &end, 10);
	*p = end;
	*ret = (unsigned)value;
	return !errno && value <= 1000000;
}

bool kube_version_parse(const char *text, struct kube_version *ret)
{
	struct kube_version version = {0};
	const char *p = text + (text && *text == 'v');
	if (!text || !read_number(&p, &version.major) || *p++ != '.' || !read_number(&p, &version.minor))
		return false;
	if (*p == '.' && p[1] >= '0' && p[1] <= '9') {
		p++;
		if (!read_number(&p, &version.patch))
			return false;
	}
	if (*p && !strchr("-+", *p)) /* "1.33+" is what a server says of its minor */
		return false;
	*ret = version;
	return true;
}

int kube_version_compare(const struct kube_version *a, const struct kube_version *b)
{
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	if (a->minor != b->minor)
		return a->minor < b->minor ? -1 : 1;
	return a->patch < b->patch ? -1 : a->patch > b->patch;
}

struct api_version {
	int maturity; /* 0 none, 1 alpha, 2 beta, 3 stable */
	unsigned major, minor;
};

static struct api_version api_version_of(const char *text)
{
	struct api_version version = {0};
	const char *p = text + 1;
	if (*text != 'v' || !read_number(&p, &version.major))
		return (struct api_version){0};
	if (!*p) {
		version.maturity = 3;
		return version;
	}
	bool alpha = !strncmp(p, "alpha", 5), beta = !strncmp(p, "beta", 4);
	p += alpha ? 5 : beta ? 4 : 0;
	if ((!alpha && !beta) || !read_number(&p, &version.minor) || *p)
		return (struct api_version){0};
	version.maturity = alpha ? 1 : 2;
	return version;
}

int kube_api_version_compare(const char *a, const char *b)
{
	struct api_version x = api_version_of(a), y = api_version_of(b);
	if (!x.maturity && !y.maturity) /* words that are no versions: the first in the alphabet is preferred */
		return strcmp(b, a) < 0 ? -1 : strcmp(b, a) > 0;
	if (x.maturity != y.maturity)
		return x.maturity < y.maturity ? -1 : 1;
	if (x.major != y.major)
		return x.major < y.major ? -1 : 1;
	return x.minor < y.minor ? -1 : x.minor > y.minor;
}

bool kube_int_or_percent_parse(const char *json, struct kube_int_or_percent *ret)
{
	char *end;
	if (!json)
		return false;
	const char *from = json + (*json == '"');
	errno = 0;
	long long value = strtoll(from, &end, 10);
	if (errno || end == from || strchr(" \t", *from))
		return false;
	bool percent = *json == '"' && !strcmp(end, "%\"");
	if (!percent && (*json == '"' || *end))
		return false;
	*ret = (struct kube_int_or_percent){value, percent};
	return true;
}

int64_t kube_int_or_percent_of(const struct kube_int_or_percent *value, int64_t total, bool round_up)
{
	if (!value->percent)
		return value->value;
	__int128 product = (__int128)value->value * total, whole = product / 100, rest = product % 100;
	if (rest && (rest > 0) == round_up)
		whole += round_up ? 1 : -1;
	return whole > INT64_MAX ? INT64_MAX : whole < INT64_MIN ? INT64_MIN : (int64_t)whole;
}

static void two(long long first, char first_unit, long long second, char second_unit, struct buf *out)
{
	buf_printf(out, "%lld%c", first, first_unit);
	if (second)
		buf_printf(out, "%lld%c", second, second_unit);
}

void kube_age_print(int64_t age_ms, struct buf *out)
{
	long long seconds = age_ms / 1000, minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
	if (seconds < -1)
		buf_puts(out, "<invalid>");
	else if (seconds < 0)
		buf_puts(out, "0s");
	else if (seconds < 120)
		two(seconds, 's', 0, 0, out);
	else if (minutes < 10)
		two(minutes, 'm', seconds % 60, 's', out);
	else if (minutes < 180)
		two(minutes, 'm', 0, 0, out);
	else if (hours < 8)
		two(hours, 'h', minutes % 60, 'm', out);
	else if (hours < 48)
		two(hours, 'h', 0, 0, out);
	else if (days < 8)
		two(days, 'd', hours % 24, 'h', out);
	else if (days < 730)
		two(days, 'd', 0, 0, out);
	else
		two(days / 365, 'y', days < 2920 ? days % 365 : 0, 'd', out);
}
