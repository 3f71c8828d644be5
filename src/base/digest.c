/* SHA-256 and friends. The low-level SHA256_* calls of OpenSSL are deprecated there but take no allocation and no
 * lookup, which a signature a request and a hash a record are worth. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/digest.h"

#include <openssl/sha.h>
#include <string.h>
#include "base/secret.h"

void sha256_two(struct slice first, struct slice second, uint8_t out[SHA256_SIZE])
{
	SHA256_CTX state;
	SHA256_Init(&state);
	if (first.n)
		SHA256_Update(&state, first.p, first.n);
	if (second.n)
		SHA256_Update(&state, second.p, second.n);
	SHA256_Final(out, &state);
}

void sha256(struct slice bytes, uint8_t out[SHA256_SIZE])
{
	sha256_two(bytes, (struct slice){0}, out);
}

void sha256_hex(struct slice bytes, char out[SHA256_HEX_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	sha256(bytes, digest);
	hex_encode(digest, sizeof digest, out);
}

void sha1_hex(struct slice bytes, char out[SHA1_HEX_SIZE])
{
	uint8_t digest[20];
	SHA_CTX state;
	SHA1_Init(&state);
	if (bytes.n)
		SHA1_Update(&state, bytes.p, bytes.n);
	SHA1_Final(digest, &state);
	hex_encode(digest, sizeof digest, out);
}

void hmac_sha256(const void *key, size_t key_size, struct slice bytes, uint8_t out[SHA256_SIZE])
{
	enum { BLOCK = 64 };
	uint8_t inner[BLOCK] = {0}, outer[BLOCK], digest[SHA256_SIZE];
	if (key_size > BLOCK)
		sha256(slice_make(key, key_size), inner);
	else if (key_size)
		memcpy(inner, key, key_size);
	for (size_t i = 0; i < BLOCK; i++) {
		outer[i] = inner[i] ^ 0x5C;
		inner[i] ^= 0x36;
	}
	sha256_two(slice_make((const char *)inner, BLOCK), bytes, digest);
	sha256_two(slice_make((const char *)outer, BLOCK), slice_make((const char *)digest, sizeof digest), out);
	secret_wipe(inner, sizeof inner);
	secret_wipe(outer, sizeof outer);
}

void hex_encode(const uint8_t *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(struct slice text, uint8_t *out)
{
	if (text.n % 2)
		return false;
	for (size_t i = 0; i < text.n; i += 2) {
		int high = hex_value(text.p[i]), low = hex_value(text.p[i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool encode64(struct slice bytes, const char *alphabet, bool padding, struct buf *out)
{
	bool fits = true;
	for (size_t i = 0; i < bytes.n && fits; i += 3) {
		size_t left = bytes.n - i;
		uint32_t v = (uint32_t)(uint8_t)bytes.p[i] << 16;
		v |= left > 1 ? (uint32_t)(uint8_t)bytes.p[i + 1] << 8 : 0;
		v |= left > 2 ? (uint32_t)(uint8_t)bytes.p[i + 2] : 0;
		char four[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63], left > 1 ? alphabet[v >> 6 & 63] : '=',
				left > 2 ? alphabet[v & 63] : '='};
		fits = buf_append(out, four, padding || left > 2 ? 4 : left + 1);
	}
	return fits;
}

static const char plain64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool base64_encode(struct slice bytes, struct buf *out)
{
	return encode64(bytes, plain64, true, out);
}

bool base64url_encode(struct slice bytes, struct buf *out)
{
	return encode64(bytes, url64, false, out);
}

static int value64(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

bool base64_decode(struct slice text, struct buf *out)
{
	uint32_t bits = 0;
	unsigned n = 0;
	size_t end = text.n;
	while (end > 0 && text.n - end < 2 && text.p[end - 1] == '=')
		end--;
	if (end < text.n && text.n % 4) /* padding fills a group of four, or is left out */
		return false;
	for (size_t i = 0; i < end; i++) {
		int value = value64(text.p[i]);
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		n += 6;
		if (n >= 8) {
			n -= 8;
			if (!buf_putc(out, (char)(bits >> n & 0xFF)))
				return false;
		}
	}
	return n != 6 && (bits & ((1U << n) - 1)) == 0;
}
