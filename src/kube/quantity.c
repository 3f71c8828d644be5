/* Quantities: exact to a thousand-millionth, printed in their canonical form. */
#include <limits.h>
#include "kube/values.h"

enum { MAX_DIGITS = 60 };
#define NANO INT64_C(1000000000)

static const struct suffix {
	const char *text;
	int power; /* of ten or of two */
	bool binary;
} suffixes[] = {
	{"n", -9, false}, {"u", -6, false}, {"m", -3, false}, {"", 0, false},	{"k", 3, false},  {"M", 6, false},
	{"G", 9, false},  {"T", 12, false}, {"P", 15, false}, {"E", 18, false}, {"Ki", 10, true}, {"Mi", 20, true},
	{"Gi", 30, true}, {"Ti", 40, true}, {"Pi", 50, true}, {"Ei", 60, true},
};

static bool read_exponent(struct slice text, int *ret)
{
	size_t i = 1;
	int value = 0;
	if (text.n < 2 || (*text.p != 'e' && *text.p != 'E'))
		return false;
	bool negative = text.p[1] == '-';
	i += text.p[1] == '-' || text.p[1] == '+';
	if (i == text.n)
		return false;
	for (; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || value > 1000)
			return false;
		value = value * 10 + (text.p[i] - '0');
	}
	*ret = negative ? -value : value;
	return true;
}

static bool read_suffix(struct slice text, struct suffix *ret, enum kube_quantity_form *ret_form)
{
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		if (!slice_eq(text, suffixes[i].text))
			continue;
		*ret = suffixes[i];
		*ret_form = suffixes[i].binary ? KUBE_BINARY_SI : KUBE_DECIMAL_SI;
		return true;
	}
	*ret = (struct suffix){0};
	*ret_form = KUBE_DECIMAL_EXPONENT;
	return read_exponent(text, &ret->power);
}

/* value × 10^power or × 2^power in nanos; `sticky`: digits were left out below. */
static bool scale(unsigned __int128 value, int power, int places, bool binary, bool sticky, __int128 *ret)
{
	unsigned __int128 result = value;
	int tens = 9 - places + (binary ? 0 : power);
	for (int i = 0; binary && i < power; i++)
		if (__builtin_mul_overflow(result, 2, &result))
			return false;
	for (; tens > 0 && result; tens--)
		if (__builtin_mul_overflow(result, 10, &result))
			return false;
	for (; tens < 0 && result; tens++) {
		sticky |= result % 10 != 0;
		result /= 10;
	}
	result += sticky;
	if (result >> 127)
		return false;
	*ret = (__int128)result;
	return true;
}

bool kube_quantity_parse(struct slice text, struct kube_quantity *ret)
{
	size_t i = 0;
	unsigned __int128 value = 0;
	int places = 0, digits = 0;
	bool negative = text.n && text.p[0] == '-', dot = false, sticky = false, too_large = false;
	i += text.n && (text.p[0] == '-' || text.p[0] == '+');
	for (; i < text.n && ((text.p[i] >= '0' && text.p[i] <= '9') || (text.p[i] == '.' && !dot)); i++) {
		if (text.p[i] == '.') {
			dot = true;
			continue;
		}
		digits++;
		unsigned __int128 longer;
		if (__builtin_mul_overflow(value, 10, &longer) || digits > MAX_DIGITS || (longer >> 127)) {
			too_large |= !dot;
			sticky |= text.p[i] != '0';
			continue;
		}
		value = longer + (unsigned)(text.p[i] - '0');
		places += dot;
	}
	struct suffix suffix;
	struct kube_quantity quantity;
	if (!text.n || !read_suffix(slice_make(text.p + i, text.n - i), &suffix, &quantity.form))
		return false;
	too_large |= !scale(value, suffix.power, places, suffix.binary, sticky, &quantity.nanos);
	if (too_large && quantity.form != KUBE_BINARY_SI)
		return false;
	if (quantity.form == KUBE_BINARY_SI) {
		__int128 most = (__int128)INT64_MAX * NANO; /* the API's own cap for these */
		if (too_large || quantity.nanos > most)
			quantity.nanos = most;
		if (quantity.nanos > 0 && quantity.nanos < NANO)
			quantity.form = KUBE_DECIMAL_SI;
	}
	if (negative)
		quantity.nanos = -quantity.nanos;
	*ret = quantity;
	return true;
}

static void print_number(__int128 number, struct buf *out)
{
	char digits[48];
	size_t n = sizeof digits;
	unsigned __int128 left = number < 0 ? -(unsigned __int128)number : (unsigned __int128)number;
	do {
		digits[--n] = (char)('0' + (int)(left % 10));
		left /= 10;
	} while (left);
	if (number < 0)
		digits[--n] = '-';
	buf_append(out, digits + n, sizeof digits - n);
}

static void print_decimal(const struct kube_quantity *quantity, bool exponent, struct buf *out)
{
	__int128 number = quantity->nanos;
	int power = -9;
	while (number % 1000 == 0 && (power < 18 || exponent)) {
		number /= 1000;
		power += 3;
	}
	print_number(number, out);
	if (exponent && power)
		buf_printf(out, "e%d", power);
	for (size_t i = 0; !exponent && i < ARRAY_SIZE(suffixes); i++)
		if (suffixes[i].power == power && !suffixes[i].binary)
			buf_puts(out, suffixes[i].text);
}

static void print_binary(__int128 number, struct buf *out)
{
	int power = 0;
	while (number % 1024 == 0 && power < 60) {
		number /= 1024;
		power += 10;
	}
	print_number(number, out);
	for (size_t i = 0; power && i < ARRAY_SIZE(suffixes); i++)
		if (suffixes[i].power == power && suffixes[i].binary)
			buf_puts(out, suffixes[i].text);
}

void kube_quantity_print(const struct kube_quantity *quantity, struct buf *out)
{
	__int128 most = (__int128)1024 * NANO;
	bool small = quantity->nanos > -most && quantity->nanos < most;
	if (quantity->nanos == 0)
		buf_putc(out, '0');
	else if (quantity->form == KUBE_BINARY_SI && !small && quantity->nanos % NANO == 0)
		print_binary(quantity->nanos / NANO, out);
	else
		print_decimal(quantity, quantity->form == KUBE_DECIMAL_EXPONENT, out);
}

int kube_quantity_compare(const struct kube_quantity *a, const struct kube_quantity *b)
{
	return a->nanos < b->nanos ? -1 : a->nanos > b->nanos;
}

static int64_t in_parts(const struct kube_quantity *quantity, int64_t nanos_each)
{
	__int128 n = quantity->nanos / nanos_each;
	if (quantity->nanos % nanos_each) /* away from zero, as inf.RoundUp does */
		n += quantity->nanos > 0 ? 1 : -1;
	return n > INT64_MAX ? INT64_MAX : n < INT64_MIN ? INT64_MIN : (int64_t)n;
}

int64_t kube_quantity_units(const struct kube_quantity *quantity)
{
	return in_parts(quantity, NANO);
}

int64_t kube_quantity_thousandths(const struct kube_quantity *quantity)
{
	return in_parts(quantity, NANO / 1000);
}

static int64_t bounded(int64_t n)
{
	const int64_t most = INT64_C(1) << 46;
	return n < 0 ? 0 : n > most ? most : n;
}

int64_t kube_text_units(const char *text)
{
	struct kube_quantity quantity;
	return text && kube_quantity_parse(slice_of(text), &quantity) ? bounded(kube_quantity_units(&quantity)) : 0;
}

int64_t kube_text_thousandths(const char *text)
{
	struct kube_quantity quantity;
	return text && kube_quantity_parse(slice_of(text), &quantity) ? bounded(kube_quantity_thousandths(&quantity))
								      : 0;
}
