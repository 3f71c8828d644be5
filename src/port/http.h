/* The HTTP port: a batch of requests in, every response or its error out. Parallelism is a batch. The real port is one
 * libcurl multi handle with one connection pool; the simulator answers from its world in virtual time.
 *
 * Calling order: fill `request`, zero `response`, perform, read `response`, http_exchange_done(). Nothing is sent twice
 * but GET and HEAD, when a kept connection turns out to be closed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"

struct http_header {
	const char *name;
	const char *value;
};

/* Where a body streams to as it comes. Giving false ends the transfer early, without error (`stopped` is set). */
struct http_sink {
	bool (*write)(void *context, const char *bytes, size_t n);
	void *context;
};

struct http_tls {
	const char *ca_file;  /* or */
	const char *ca_pem;   /* inline; both NULL: the system's store */
	const char *cert_pem; /* client certificate and key, inline PEM; or NULL */
	const char *key_pem;
	const char *server_name; /* verified instead of the URL's host; or NULL */
	bool insecure;		 /* only where a person asked for it by name */
};

struct http_limits {
	int64_t connect_ms;    /* 0: 10 s */
	int64_t deadline_ms;   /* whole exchange; 0: 60 s */
	int64_t idle_ms;       /* no byte for so long is a timeout; 0: 30 s */
	size_t max_body_bytes; /* of a body kept in `response.body` (0: 64 MiB); a sink bounds itself */
};

struct http_request {
	const char *method;
	const char *url; /* absolute; sent as it is, never re-encoded */
	/* "Expect: 100-continue" among them: the body is held back until the server wants it, or for a second */
	const struct http_header *headers;
	size_t n_headers;
	struct slice body;
	const struct http_tls *tls; /* NULL: defaults */
	const char *proxy;	    /* NULL: by HTTPS_PROXY / NO_PROXY for https, none for http; "": none */
	struct http_sink *sink; /* NULL: into response.body. Only 2xx bodies go to a sink, others to response.body */
	struct http_limits limits;
};

struct http_response {
	int status;		     /* 0 with `error` set */
	struct http_header *headers; /* names lower case; owned by `arena` */
	size_t n_headers;
	struct buf body;
	int64_t sent_at_ms; /* wall clock at sending and at the first byte of the answer: for clock skew */
	int64_t received_at_ms;
	bool stopped;	     /* the sink said stop */
	bool maybe_sent;     /* with `error`: the request may have reached the server (false: surely not) */
	struct error *error; /* TRANSIENT, TIMEOUT, AUTH (TLS), INVALID (too large, not HTTP), CANCELLED; or NULL */
	struct arena *arena;
};

struct http_exchange {
	struct http_request request;
	struct http_response response;
};

struct http;
struct http_ops {
	void (*perform)(struct http *http, struct http_exchange *exchanges, size_t n);
	void (*free)(struct http *http);
};
struct http { /* embedded first in each implementation */
	const struct http_ops *ops;
};

/* Runs all n to their end, in parallel up to the implementation's limit. Waits. */
static inline void http_perform(struct http *http, struct http_exchange *exchanges, size_t n)
{
	http->ops->perform(http, exchanges, n);
}
void http_free(struct http *http);
/* INVALID unless the address is https, or http to the machine itself or to AWS's metadata services (which have nothing
 * else): plain http anywhere else can be read and changed by anybody on the way. User names in addresses are refused.
 */
struct error *http_check_url(const char *url) MUST_CHECK;
void http_exchange_done(struct http_exchange *exchange); /* frees the response's parts */
const char *http_response_header(const struct http_response *response, const char *lower_case_name); /* or NULL */

/* For implementations: adds a header (copied, name lowered) to a response, making its arena on first use. */
void http_response_add_header(struct http_response *response, struct slice name, struct slice value);

struct clock;
/* libcurl; loaded on the first perform. At most `max_parallel` transfers at once (0: 64). `interrupted` may be NULL;
 * when it turns non-zero, running exchanges end with CANCELLED. */
struct http *http_real_new(struct clock *clock, unsigned max_parallel, volatile const int *interrupted);
