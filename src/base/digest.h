/* SHA-256, HMAC, hex and base64, over OpenSSL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"

enum { SHA256_SIZE = 32, SHA256_HEX_SIZE = 65, SHA1_HEX_SIZE = 41 };

void sha256(struct slice bytes, uint8_t out[SHA256_SIZE]);
void sha256_hex(struct slice bytes, char out[SHA256_HEX_SIZE]);
void sha256_two(struct slice first, struct slice second, uint8_t out[SHA256_SIZE]); /* of both, one after the other */
void sha1_hex(struct slice bytes, char out[SHA1_HEX_SIZE]);			    /* for names of cache files only */
void hmac_sha256(const void *key, size_t key_size, struct slice bytes, uint8_t out[SHA256_SIZE]);
void hex_encode(const uint8_t *bytes, size_t n, char *out /* 2n + 1 */);
bool hex_decode(struct slice text, uint8_t *out /* text.n / 2 */);
bool base64_encode(struct slice bytes, struct buf *out);
bool base64url_encode(struct slice bytes, struct buf *out); /* no padding */
bool base64_decode(struct slice text, struct buf *out);	    /* both alphabets; false on nonsense */
