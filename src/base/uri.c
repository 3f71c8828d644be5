/* Percent-encoding. */
#include "base/uri.h"

#include <ctype.h>
#include "base/digest.h"

void uri_encode(struct slice text, const char *keep, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0, from = 0; i <= text.n; i++) {
		unsigned char c = i < text.n ? (unsigned char)text.p[i] : 0;
		if (c && (isalnum(c) || strchr("-._~", c) || strchr(keep, c)))
			continue;
		buf_append(out, text.p + from, i - from); /* a run of what stays as it is */
		from = i + 1;
		if (i == text.n)
			break;
		char encoded[3] = {'%', digits[c >> 4], digits[c & 15]};
		buf_append(out, encoded, 3);
	}
}

bool uri_decode(struct slice text, bool plus_is_space, struct buf *out)
{
	for (size_t i = 0, from = 0; i <= text.n; i++) {
		char c = i < text.n ? text.p[i] : '%';
		if (c != '%' && !(plus_is_space && c == '+'))
			continue;
		buf_append(out, text.p + from, i - from); /* a run of what stays as it is */
		if (i == text.n)
			break;
		uint8_t byte = ' ';
		if (c == '%') {
			if (text.n - i < 3 || !hex_decode(slice_make(text.p + i + 1, 2), &byte))
				return false;
			i += 2;
		}
		buf_putc(out, (char)byte);
		from = i + 1;
	}
	return true;
}
