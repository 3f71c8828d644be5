/* Version constraints as Helm reads them: sets joined by "||", within a set all terms hold, separated by spaces or
 * commas; a term is an operator and a version whose last parts may be missing or x; or "1.25 - 1.33". What stands after
 * a dash in a version is passed over: it only says whether pre-releases count, and EKS's versions carry one. */
#include "assessment/chart_range.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include "base/macros.h"

enum { PATCHES = 100 };

struct part { /* a version of which only the first `n` numbers are said */
	unsigned v[3];
	int n;
};

static bool read_part(const char **p, struct part *ret)
{
	const char *at = *p + (**p == 'v');
	bool open = false;
	*ret = (struct part){0};
	for (int i = 0; i < 3; i++) {
		if (*at == 'x' || *at == 'X' || *at == '*') {
			open = true;
			at++;
		} else {
			if (!isdigit((unsigned char)*at))
				return false;
			for (; isdigit((unsigned char)*at); at++)
				ret->v[i] = ret->v[i] < 100000 ? ret->v[i] * 10 + (unsigned)(*at - '0') : ret->v[i];
			ret->n += !open;
		}
		if (*at != '.' || i == 2)
			break;
		at++;
	}
	if (*at == '-' || *at == '+')
		at += strcspn(at, " ,|");
	*p = at;
	return !*at || strchr(" ,|", *at);
}

/* By the numbers that are said: 1.33.4 is neither below nor above "1.33". */
static int order(const unsigned v[3], const struct part *part)
{
	for (int i = 0; i < part->n; i++)
		if (v[i] != part->v[i])
			return v[i] < part->v[i] ? -1 : 1;
	return 0;
}

static int order_whole(const unsigned v[3], const struct part *part)
{
	struct part whole = *part;
	whole.n = 3;
	return order(v, &whole);
}

static bool term_holds(const char *op, const struct part *part, const unsigned v[3])
{
	struct part major = *part, minor = *part;
	major.n = part->n < 1 ? part->n : 1;
	minor.n = part->n < 2 ? part->n : 2;
	if (!strcmp(op, ">"))
		return order(v, part) > 0;
	if (!strcmp(op, "<"))
		return order_whole(v, part) < 0;
	if (!strcmp(op, ">=") || !strcmp(op, "=>"))
		return order_whole(v, part) >= 0;
	if (!strcmp(op, "<=") || !strcmp(op, "=<"))
		return order(v, part) <= 0;
	if (!strcmp(op, "!="))
		return order(v, part) != 0;
	if (!strcmp(op, "^"))
		return order_whole(v, part) >= 0 && order(v, &major) == 0;
	if (!strcmp(op, "~") || !strcmp(op, "~>"))
		return order_whole(v, part) >= 0 && order(v, &minor) == 0;
	return order(v, part) == 0;
}

static bool read_operator(const char **p, char op[4])
{
	size_t n = strspn(*p, "<>=!~^");
	if (n > 2)
		return false;
	memcpy(op, *p, n);
	op[n] = '\0';
	*p += n;
	*p += strspn(*p, " ");
	return true;
}

/* One term, or "A - B"; false: nonsense. */
static bool read_term(const char **p, const unsigned v[3], bool *ret_holds)
{
	char op[4];
	struct part part, until;
	if (!read_operator(p, op) || !read_part(p, &part))
		return false;
	*ret_holds = term_holds(op, &part, v);
	if (strncmp(*p, " - ", 3) != 0)
		return true;
	*p += 3;
	if (!read_part(p, &until))
		return false;
	*ret_holds = term_holds(">=", &part, v) && term_holds("<=", &until, v);
	return true;
}

static enum range_verdict one_holds(const char *p, const unsigned v[3])
{
	bool any = false, all = true, empty = true;
	for (;;) {
		p += strspn(p, " ,");
		if (!*p || *p == '|') {
			any |= all && !empty;
			if (!*p)
				return empty ? RANGE_NONSENSE : any ? RANGE_IN : RANGE_OUT;
			if (p[1] != '|')
				return RANGE_NONSENSE;
			p += 2;
			all = true;
			empty = true;
			continue;
		}
		bool holds;
		if (!read_term(&p, v, &holds))
			return RANGE_NONSENSE;
		all &= holds;
		empty = false;
	}
}

enum range_verdict chart_range_holds(const char *range, unsigned minor)
{
	enum range_verdict verdict = RANGE_IN;
	if (!range || !range[strspn(range, " ")])
		return RANGE_IN;
	for (unsigned patch = 0; patch < PATCHES; patch++) {
		const unsigned v[3] = {1, minor, patch};
		verdict = one_holds(range, v);
		if (verdict != RANGE_OUT)
			return verdict;
	}
	return verdict;
}
