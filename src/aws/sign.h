/* Signature Version 4, its stages apart so that each can be looked at. */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/secret.h"
#include "port/http.h"

struct aws_signing {
	const char *access_key, *session_token; /* session_token NULL: none */
	const struct secret *secret_key;
	const char *region, *service;
	int64_t time_ms;
	bool double_encode; /* every service but s3 */
	/* The key of (secret, day, region, service), kept between signings; zero it to begin. */
	struct aws_signing_key {
		char scope[160];
		uint8_t key[32];
	} * cache;
};

/* The canonical request of method, encoded path and query (without '?'), headers (any case; lower-cased, sorted and
 * trimmed here) and the payload's hash. *ret_signed: "host;x-amz-date", in `signed_headers`. */
void aws_sign_canonical(const struct aws_signing *signing, const char *method, struct slice path, struct slice query,
			const struct http_header *headers, size_t n_headers, const char *payload_hash,
			struct buf *canonical, struct buf *signed_headers);
void aws_sign_string_to_sign(const struct aws_signing *signing, struct slice canonical, struct buf *out);
void aws_sign_signature(const struct aws_signing *signing, struct slice string_to_sign, char out[SHA256_HEX_SIZE]);

/* The whole: the Authorization header's value for a request whose headers are all in `headers`. */
void aws_sign_authorization(const struct aws_signing *signing, const char *method, struct slice path,
			    struct slice query, const struct http_header *headers, size_t n_headers,
			    const char *payload_hash, struct buf *out);
/* A presigned URL's query, signature included, for a GET without body; `headers` must hold host and what else is
 * signed. */
void aws_sign_presign(const struct aws_signing *signing, struct slice path, const char *query, int64_t expires_s,
		      const struct http_header *headers, size_t n_headers, struct buf *ret_query);
