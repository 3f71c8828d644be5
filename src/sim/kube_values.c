/* Letters' values, and templates written with them. A list of thousands of pods is one pass of memcpy. */
#include "sim/kube_values.h"

#include <stdio.h>
#include <stdlib.h>

const char *kube_stamp(struct sim_kube *kube, int64_t ms, char out[24])
{
	int64_t second = ms / SECOND_MS, day = second / 86400;
	if (day != kube->stamp_day_number || !kube->stamp_text[0]) {
		char text[TIME_TEXT];
		time_format_rfc3339(day * DAY_MS, text);
		memcpy(kube->stamp_text, text, 11);
		kube->stamp_day_number = day;
	}
	memcpy(out, kube->stamp_text, 11);
	unsigned rest = (unsigned)(second % 86400), hour = rest / 3600, minute = rest / 60 % 60;
	rest %= 60;
	char *p = out + 11;
	*p++ = (char)('0' + hour / 10), *p++ = (char)('0' + hour % 10), *p++ = ':';
	*p++ = (char)('0' + minute / 10), *p++ = (char)('0' + minute % 10), *p++ = ':';
	*p++ = (char)('0' + rest / 10), *p++ = (char)('0' + rest % 10), *p++ = 'Z', *p = '\0';
	return out;
}

void kube_expand(struct kube_out *out, struct slice template, const struct kube_values *vars)
{
	const char *p = template.p, *end = template.p + template.n;
	for (;;) {
		const char *dollar = memchr(p, '$', (size_t)(end - p));
		if (!dollar) {
			kube_out_bytes(out, p, (size_t)(end - p));
			return;
		}
		kube_out_bytes(out, p, (size_t)(dollar - p));
		struct slice value = vars->v[dollar[1] & 127];
		kube_out_bytes(out, value.p, value.n);
		p = dollar + 2;
	}
}

void kube_put(struct kube_values *vars, char letter, const char *text)
{
	vars->v[(int)letter] = slice_of(text);
}

char *kube_value_room(struct kube_values *vars, size_t n)
{
	if (vars->used + n > sizeof vars->own)
		abort(); /* values are bounded by construction */
	return vars->own + vars->used;
}

void kube_put_own(struct kube_values *vars, char letter, size_t n)
{
	vars->v[(int)letter] = slice_make(vars->own + vars->used, n);
	vars->used += n;
}

void kube_put_uid(struct sim_kube *kube, struct kube_values *vars, char letter, uint64_t serial)
{
	kube_uid(kube, serial, kube_value_room(vars, 37));
	kube_put_own(vars, letter, 36);
}

void kube_put_stamp(struct sim_kube *kube, struct kube_values *vars, char letter, int64_t ms)
{
	kube_stamp(kube, ms, kube_value_room(vars, 24));
	kube_put_own(vars, letter, 20);
}

void kube_put_number(struct kube_values *vars, char letter, uint64_t number)
{
	char digits[20], *p = kube_value_room(vars, 24);
	size_t n = 0;
	do
		digits[n++] = (char)('0' + number % 10);
	while (number /= 10);
	for (size_t i = 0; i < n; i++)
		p[i] = digits[n - 1 - i];
	kube_put_own(vars, letter, n);
}

void kube_put_ip(struct kube_values *vars, char letter, uint32_t ip)
{
	char *p = kube_value_room(vars, 16), *start = p;
	for (int shift = 24; shift >= 0; shift -= 8) {
		unsigned part = ip >> shift & 255;
		if (part >= 100)
			*p++ = (char)('0' + part / 100);
		if (part >= 10)
			*p++ = (char)('0' + part / 10 % 10);
		*p++ = (char)('0' + part % 10);
		if (shift > 0)
			*p++ = '.';
	}
	kube_put_own(vars, letter, (size_t)(p - start));
}

void kube_put_joined(struct kube_values *vars, char letter, const struct slice *parts, size_t n)
{
	size_t length = 0;
	for (size_t i = 0; i < n; i++) {
		memcpy(kube_value_room(vars, length + parts[i].n) + length, parts[i].p, parts[i].n);
		length += parts[i].n;
	}
	kube_put_own(vars, letter, length);
}
void kube_put_hex(struct kube_values *vars, char letter, uint64_t seed, unsigned words)
{
	static const char digits[] = "0123456789abcdef";
	char *p = kube_value_room(vars, words * 16);
	for (unsigned i = 0; i < words; i++) {
		uint64_t word = kube_hash(seed, i);
		for (int j = 0; j < 16; j++, word >>= 4)
			*p++ = digits[word & 15];
	}
	kube_put_own(vars, letter, words * 16);
}

void kube_put_format(struct kube_values *vars, bool shared, char letter, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *area = shared ? vars->shared : vars->own;
	size_t *used = shared ? &vars->shared_used : &vars->used;
	size_t capacity = (shared ? sizeof vars->shared : sizeof vars->own) - *used;
	int n = vsnprintf(area + *used, capacity, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= capacity)
		abort();
	for (char *p = area + *used; *p; p++)
		if (*p == '\'')
			*p = '"';
	vars->v[(int)letter] = slice_make(area + *used, (size_t)n);
	*used += (size_t)n;
}
