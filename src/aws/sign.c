/* Signature Version 4. */
#include "aws/sign.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "aws/wire_internal.h"
#include "base/mem.h"
#include "base/time.h"
#include "base/uri.h"

enum { MAX_HEADERS = 64 };

/* Texts one after another, ended by NULL: what printf would do, at a fraction of its price. */
static void put(struct buf *out, ...)
{
	va_list texts;
	const char *text;
	va_start(texts, out);
	while ((text = va_arg(texts, const char *)))
		buf_puts(out, text);
	va_end(texts);
}

struct line {
	char name[64];
	const char *value;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->name, ((const struct line *)b)->name);
}

/* Outer spaces go, inner runs become one. */
static void trimmed(const char *value, struct buf *out)
{
	bool space = false;
	if (!strpbrk(value, " \t")) {
		buf_puts(out, value);
		return;
	}
	for (const char *p = value; *p; p++) {
		if (*p == ' ' || *p == '\t') {
			space = true;
			continue;
		}
		if (space && out->n && out->p[out->n - 1] != ':')
			buf_putc(out, ' ');
		space = false;
		buf_putc(out, *p);
	}
}

static void canonical_headers(const struct http_header *headers, size_t n, struct buf *canonical, struct buf *names)
{
	struct line lines[MAX_HEADERS];
	size_t k = 0;
	for (size_t i = 0; i < n && k < MAX_HEADERS; i++) {
		size_t j = 0;
		for (; headers[i].name[j] && j + 1 < sizeof lines[k].name; j++)
			lines[k].name[j] = (char)tolower((unsigned char)headers[i].name[j]);
		lines[k].name[j] = '\0';
		lines[k++].value = headers[i].value;
	}
	qsort(lines, k, sizeof *lines, by_name);
	for (size_t i = 0; i < k; i++) {
		bool again = i > 0 && !strcmp(lines[i].name, lines[i - 1].name);
		if (again) {
			canonical->n--; /* the newline: values of one name stand in one line */
			buf_putc(canonical, ',');
		} else {
			put(canonical, lines[i].name, ":", NULL);
			put(names, names->n ? ";" : "", lines[i].name, NULL);
		}
		trimmed(lines[i].value, canonical);
		buf_putc(canonical, '\n');
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted by name, then value; both are encoded already. "a" is "a=". */
static void canonical_query(struct slice query, struct buf *out)
{
	char *parts[256];
	size_t n = 0;
	for (size_t at = 0; at < query.n && n < ARRAY_SIZE(parts);) {
		const char *from = query.p + at, *and = memchr(from, '&', query.n - at);
		size_t length = and? (size_t)(and-from) : query.n - at;
		const char *equals = memchr(from, '=', length);
		/* a byte below every other stands between name and value while sorting, so that "a" comes before "a-b"
		 */
		if (length)
			parts[n++] = mem_printf("%.*s\x01%.*s", (int)(equals ? equals - from : (long)length), from,
						(int)(equals ? (long)length - (equals - from) - 1 : 0),
						equals ? equals + 1 : "");
		at += length + 1;
	}
	qsort(parts, n, sizeof *parts, by_text);
	for (size_t i = 0; i < n; i++) {
		*strchr(parts[i], '\x01') = '=';
		buf_printf(out, "%s%s", i ? "&" : "", parts[i]);
		free(parts[i]);
	}
}

/* Dots and double slashes are resolved for every service but s3, then the encoded path is encoded once more. */
static void canonical_path(struct slice path, bool double_encode, struct buf *out)
{
	if (path.n == 0) {
		buf_putc(out, '/');
		return;
	}
	if (!double_encode) {
		buf_append(out, path.p, path.n);
		return;
	}
	struct slice parts[256];
	size_t n = 0;
	bool closes = path.p[path.n - 1] == '/';
	for (size_t at = 0; at < path.n;) {
		const char *from = path.p + at, *slash = memchr(from, '/', path.n - at);
		struct slice part = slice_make(from, slash ? (size_t)(slash - from) : path.n - at);
		if (slice_eq(part, ".."))
			n -= n > 0;
		else if (part.n && !slice_eq(part, ".") && n < ARRAY_SIZE(parts))
			parts[n++] = part;
		at += part.n + 1;
	}
	for (size_t i = 0; i < n; i++) {
		buf_putc(out, '/');
		uri_encode(parts[i], "", out);
	}
	if (closes || n == 0)
		buf_putc(out, '/');
}

void aws_sign_canonical(const struct aws_signing *signing, const char *method, struct slice path, struct slice query,
			const struct http_header *headers, size_t n_headers, const char *payload_hash,
			struct buf *canonical, struct buf *signed_headers)
{
	put(canonical, method, "\n", NULL);
	canonical_path(path, signing->double_encode, canonical);
	buf_putc(canonical, '\n');
	canonical_query(query, canonical);
	buf_putc(canonical, '\n');
	canonical_headers(headers, n_headers, canonical, signed_headers);
	put(canonical, "\n", buf_str(signed_headers), "\n", payload_hash, NULL);
}

/* "20261124/us-east-1/eks/aws4_request". */
static void aws_sign_scope(const struct aws_signing *signing, char out[160])
{
	const char *const parts[] = {"/", signing->region, "/", signing->service, "/aws4_request"};
	char time[TIME_TEXT];
	size_t n = 8;
	memcpy(out, time_format_basic(signing->time_ms, time), n);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t more = strlen(parts[i]), room = 159 - n;
		more = more < room ? more : room;
		memcpy(out + n, parts[i], more);
		n += more;
	}
	out[n] = '\0';
}

void aws_sign_string_to_sign(const struct aws_signing *signing, struct slice canonical, struct buf *out)
{
	char time[TIME_TEXT], scope[160], hash[SHA256_HEX_SIZE];
	aws_sign_scope(signing, scope);
	sha256_hex(canonical, hash);
	put(out, "AWS4-HMAC-SHA256\n", time_format_basic(signing->time_ms, time), "\n", scope, "\n", hash, NULL);
}

static void derive_key(const struct aws_signing *signing, uint8_t key[32])
{
	char time[TIME_TEXT];
	size_t n = secret_size(signing->secret_key) + 4;
	char *start CLEANUP(mem_freep) = mem_alloc(n + 1);
	memcpy(start, "AWS4", 4);
	memcpy(start + 4, secret_reveal(signing->secret_key), n - 4);
	time_format_basic(signing->time_ms, time);
	hmac_sha256(start, n, slice_make(time, 8), key);
	hmac_sha256(key, 32, slice_of(signing->region), key);
	hmac_sha256(key, 32, slice_of(signing->service), key);
	hmac_sha256(key, 32, slice_of("aws4_request"), key);
	secret_wipe(start, n);
}

void aws_sign_signature(const struct aws_signing *signing, struct slice string_to_sign, char out[SHA256_HEX_SIZE])
{
	uint8_t key[32], signature[32];
	char scope[160];
	aws_sign_scope(signing, scope);
	if (signing->cache && !strcmp(signing->cache->scope, scope)) {
		memcpy(key, signing->cache->key, sizeof key);
	} else {
		derive_key(signing, key);
		if (signing->cache) {
			memcpy(signing->cache->scope, scope, sizeof scope);
			memcpy(signing->cache->key, key, sizeof key);
		}
	}
	hmac_sha256(key, sizeof key, string_to_sign, signature);
	hex_encode(signature, sizeof signature, out);
	secret_wipe(key, sizeof key);
}

void aws_sign_authorization(const struct aws_signing *signing, const char *method, struct slice path,
			    struct slice query, const struct http_header *headers, size_t n_headers,
			    const char *payload_hash, struct buf *out)
{
	struct buf canonical CLEANUP(buf_done) = BUF_INIT(4 << 20), names CLEANUP(buf_done) = BUF_INIT(8192),
			     to_sign CLEANUP(buf_done) = BUF_INIT(1024);
	char scope[160], signature[SHA256_HEX_SIZE];
	aws_sign_canonical(signing, method, path, query, headers, n_headers, payload_hash, &canonical, &names);
	aws_sign_string_to_sign(signing, buf_slice(&canonical), &to_sign);
	aws_sign_signature(signing, buf_slice(&to_sign), signature);
	aws_sign_scope(signing, scope);
	put(out, "AWS4-HMAC-SHA256 Credential=", signing->access_key, "/", scope, ", SignedHeaders=", buf_str(&names),
	    ", Signature=", signature, NULL);
}

void aws_sign_presign(const struct aws_signing *signing, struct slice path, const char *query, int64_t expires_s,
		      const struct http_header *headers, size_t n_headers, struct buf *ret_query)
{
	char scope[160], time[TIME_TEXT], empty[SHA256_HEX_SIZE], signature[SHA256_HEX_SIZE];
	struct buf names CLEANUP(buf_done) = BUF_INIT(8192), ignored CLEANUP(buf_done) = BUF_INIT(65536);
	struct buf canonical CLEANUP(buf_done) = BUF_INIT(1 << 20), to_sign CLEANUP(buf_done) = BUF_INIT(1024),
			     credential CLEANUP(buf_done) = BUF_INIT(512);
	aws_sign_scope(signing, scope);
	canonical_headers(headers, n_headers, &ignored, &names);
	buf_printf(&credential, "%s/%s", signing->access_key, scope);
	buf_printf(ret_query, "%s%sX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=", query, *query ? "&" : "");
	uri_encode(buf_slice(&credential), "", ret_query);
	buf_printf(ret_query,
		   "&X-Amz-Date=%s&X-Amz-Expires=%lld&X-Amz-SignedHeaders=", time_format_basic(signing->time_ms, time),
		   (long long)expires_s);
	uri_encode(buf_slice(&names), "", ret_query);
	if (signing->session_token) {
		buf_puts(ret_query, "&X-Amz-Security-Token=");
		uri_encode(slice_of(signing->session_token), "", ret_query);
	}
	buf_clear(&names);
	sha256_hex((struct slice){0}, empty);
	aws_sign_canonical(signing, "GET", path, buf_slice(ret_query), headers, n_headers, empty, &canonical, &names);
	aws_sign_string_to_sign(signing, buf_slice(&canonical), &to_sign);
	aws_sign_signature(signing, buf_slice(&to_sign), signature);
	buf_printf(ret_query, "&X-Amz-Signature=%s", signature);
}
