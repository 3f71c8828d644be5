/* jansson documents: errors, canonical bytes, paths. */
#include "codec/document.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/digest.h"
#include "base/time.h"

void document_freep(json_t **document)
{
	json_decref(*document);
}

void document_hash(const json_t *document, char out[65])
{
	struct buf text CLEANUP(buf_done) = BUF_INIT((size_t)1 << 30);
	document_canonical(document, &text);
	sha256_hex(buf_slice(&text), out);
}

json_t *document_at(const json_t *document, const char *path)
{
	const json_t *at = document;
	char key[256];
	for (const char *p = path; *p && at;) {
		size_t n = strcspn(p, ".[");
		if (n >= sizeof key)
			return NULL;
		if (n) {
			memcpy(key, p, n);
			key[n] = '\0';
			at = json_object_get(at, key);
		}
		p += n;
		while (*p == '[' && at) {
			char *end;
			at = json_array_get(at, strtoul(p + 1, &end, 10));
			p = *end == ']' ? end + 1 : end;
		}
		p += *p == '.';
	}
	return (json_t *)(uintptr_t)at;
}

const char *document_text(const json_t *document, const char *path)
{
	return json_string_value(document_at(document, path));
}

const char *document_text_or(const json_t *document, const char *path, const char *otherwise)
{
	const char *text = document_text(document, path);
	return text ? text : otherwise;
}

double document_real_or(const json_t *document, const char *path, double otherwise)
{
	const json_t *value = document_at(document, path);
	if (json_is_number(value))
		return json_number_value(value);
	const char *text = json_string_value(value);
	char *end;
	double real = text ? strtod(text, &end) : 0;
	return text && end != text && *end == '\0' ? real : otherwise;
}

int64_t document_int_or(const json_t *document, const char *path, int64_t otherwise)
{
	const json_t *value = document_at(document, path);
	if (json_is_integer(value))
		return json_integer_value(value);
	double real = document_real_or(document, path, NAN);
	return isfinite(real) && fabs(real) < 9e18 ? (int64_t)real : otherwise;
}

bool document_time(const json_t *document, const char *path, int64_t *ret_time_ms)
{
	const json_t *value = document_at(document, path);
	if (json_is_string(value))
		return time_parse_rfc3339(slice_make(json_string_value(value), json_string_length(value)), ret_time_ms);
	double seconds = json_number_value(value);
	if (!json_is_number(value) || !(seconds > 0 && seconds < 1e11)) /* the year 5138 */
		return false;
	*ret_time_ms = (int64_t)(seconds * 1000);
	return true;
}

bool document_true(const json_t *document, const char *path)
{
	return json_is_true(document_at(document, path));
}

json_t *document_printf(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text CLEANUP(mem_freep) = mem_vprintf(format, args);
	va_end(args);
	return json_string(text);
}
