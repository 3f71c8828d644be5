/* Scalars, encoding of addresses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "aws/wire_internal.h"
#include "base/digest.h"
#include "base/time.h"
#include "base/uri.h"

enum aws_time aws_time_of(const struct aws_member *member, const struct aws_shape *shape, enum aws_time otherwise)
{
	if (member && member->time != AWS_TIME_DEFAULT)
		return (enum aws_time)member->time;
	return shape->time != AWS_TIME_DEFAULT ? (enum aws_time)shape->time : otherwise;
}

static bool time_of_value(const json_t *value, int64_t *ret_ms)
{
	if (json_is_number(value) && fabs(json_number_value(value)) < 1e12) {
		*ret_ms = llround(json_number_value(value) * 1000);
		return true;
	}
	return json_is_string(value) &&
	       time_parse_rfc3339(slice_make(json_string_value(value), json_string_length(value)), ret_ms);
}

static const char *time_text(const json_t *value, enum aws_time time, char out[AWS_SCALAR_TEXT])
{
	int64_t ms;
	if (!time_of_value(value, &ms))
		return NULL;
	if (time == AWS_TIME_HTTP)
		return time_format_http(ms, out);
	if (time == AWS_TIME_ISO8601)
		return time_format_rfc3339(ms, out);
	if (ms % 1000)
		snprintf(out, AWS_SCALAR_TEXT, "%.3f", (double)ms / 1000);
	else
		snprintf(out, AWS_SCALAR_TEXT, "%lld", (long long)(ms / 1000));
	return out;
}

static const char *whole_text(long long value, char out[AWS_SCALAR_TEXT])
{
	unsigned long long left = value < 0 ? -(unsigned long long)value : (unsigned long long)value;
	char *p = out + AWS_SCALAR_TEXT - 1;
	*p = '\0';
	do
		*--p = (char)('0' + left % 10);
	while (left /= 10);
	if (value < 0)
		*--p = '-';
	return p;
}

/* The shortest text that reads back as the same number. */
static const char *number_text(double value, char out[AWS_SCALAR_TEXT])
{
	if (fabs(value) < 1e15 && value == trunc(value) && !(value == 0 && signbit(value)))
		return whole_text((long long)value, out);
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, AWS_SCALAR_TEXT, "%.*g", digits, value);
		if (strtod(out, NULL) == value)
			break;
	}
	return out;
}

static bool is_no_number(const json_t *value)
{
	const char *text = json_string_value(value);
	return text && (!strcmp(text, "NaN") || !strcmp(text, "Infinity") || !strcmp(text, "-Infinity"));
}

const char *aws_scalar_text(const struct aws_shape *shape, enum aws_time time, const json_t *value,
			    char out[AWS_SCALAR_TEXT])
{
	switch (shape->kind) {
	case AWS_TIMESTAMP:
		return time_text(value, time, out);
	case AWS_BOOLEAN:
		return json_is_boolean(value) ? json_is_true(value) ? "true" : "false" : NULL;
	case AWS_NUMBER:
		if (json_is_real(value))
			return number_text(json_real_value(value), out);
		if (is_no_number(value))
			return json_string_value(value);
		__attribute__((fallthrough)); /* a whole number is a number */
	case AWS_INTEGER:
		if (!json_is_integer(value))
			return NULL;
		return whole_text(json_integer_value(value), out);
	default:
		return json_string_value(value);
	}
}

static json_t *time_read(enum aws_time time, const char *text)
{
	int64_t ms;
	char out[TIME_TEXT], *end;
	struct slice slice = slice_of(text);
	double seconds = strtod(text, &end);
	if (time_parse_rfc3339(slice, &ms) || time_parse_http(slice, &ms))
		return json_string(time_format_rfc3339(ms, out));
	(void)time; /* servers mix the forms; each is told from the others by itself */
	if (*text && *end == '\0' && isfinite(seconds) && fabs(seconds) < 1e12)
		return json_string(time_format_rfc3339(llround(seconds * 1000), out));
	return json_string(text);
}

json_t *aws_scalar_read(const struct aws_shape *shape, enum aws_time time, const char *text)
{
	char *end;
	switch (shape->kind) {
	case AWS_TIMESTAMP:
		return time_read(time, text);
	case AWS_BOOLEAN:
		return json_boolean(!strcmp(text, "true"));
	case AWS_INTEGER: {
		long long value = strtoll(text, &end, 10);
		return *text && *end == '\0' ? json_integer(value) : json_string(text);
	}
	case AWS_NUMBER: {
		double value = strtod(text, &end);
		return *text && *end == '\0' && isfinite(value) ? json_real(value) : json_string(text);
	}
	default:
		return json_string(text);
	}
}

const struct aws_member *aws_payload_of(const struct aws_shape *shape)
{
	const char *payload = shape ? aws_name(shape->payload) : "";
	for (unsigned i = 0; *payload && i < shape->n_members; i++)
		if (!strcmp(aws_name(aws_members[shape->first_member + i].name), payload))
			return &aws_members[shape->first_member + i];
	return NULL;
}

/* The next element of "a, "b, c"", unquoted; gives where the one behind it begins, NULL at the end. */
static const char *next_element(const char *p, struct buf *out)
{
	p += strspn(p, " \t");
	bool quoted = *p == '"';
	for (p += quoted; *p && (quoted ? *p != '"' : *p != ','); p++) {
		p += quoted && *p == '\\' && p[1];
		buf_putc(out, *p);
	}
	p += strcspn(p, ",");
	return *p ? p + 1 : NULL;
}

json_t *aws_header_read(const struct aws_member *member, const char *text)
{
	const struct aws_shape *shape = &aws_shapes[member->shape];
	if (shape->kind != AWS_LIST)
		return aws_scalar_read(shape, aws_time_of(member, shape, AWS_TIME_HTTP), text);
	json_t *list = json_array();
	for (const char *p = text; p;) {
		struct buf element CLEANUP(buf_done) = BUF_INIT(1 << 16);
		p = next_element(p, &element);
		json_array_append_new(list,
				      aws_scalar_read(&aws_shapes[shape->element], AWS_TIME_HTTP, buf_str(&element)));
	}
	return list;
}

bool aws_blob_to_bytes(const json_t *value, struct buf *out)
{
	return json_is_string(value) &&
	       base64_decode(slice_make(json_string_value(value), json_string_length(value)), out);
}

static void add_parameter(json_t *parameters, const char *name, json_t *value)
{
	json_t *old = json_object_get(parameters, name);
	if (!old) {
		json_object_set_new(parameters, name, value);
	} else if (json_is_array(old)) {
		json_array_append_new(old, value);
	} else {
		json_t *list = json_array();
		json_array_append(list, old);
		json_array_append_new(list, value);
		json_object_set_new(parameters, name, list);
	}
}

json_t *aws_query_parse(struct slice query)
{
	json_t *parameters = json_object();
	for (size_t at = 0; at < query.n;) {
		const char *from = query.p + at, *and = memchr(from, '&', query.n - at);
		size_t n = and? (size_t)(and-from) : query.n - at;
		const char *equals = memchr(from, '=', n);
		size_t name_n = equals ? (size_t)(equals - from) : n;
		struct buf name CLEANUP(buf_done) = BUF_INIT(1 << 16), value CLEANUP(buf_done) = BUF_INIT(4 << 20);
		if (n && uri_decode(slice_make(from, name_n), true, &name) &&
		    (!equals || uri_decode(slice_make(equals + 1, n - name_n - 1), true, &value))) {
			json_t *text = json_stringn(buf_str(&value), value.n);
			if (text)
				add_parameter(parameters, buf_str(&name), text);
		}
		at += n + 1;
	}
	return parameters;
}
