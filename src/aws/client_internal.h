/* What the parts of the client share: the client itself, and a call under way. */
#pragma once

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/rate.h"
#include "aws/retry.h"
#include "aws/sign.h"
#include "aws/wire.h"
#include "base/time.h"

enum { AWS_MAX_SERVICES = 32, AWS_MAX_HEADERS = 40 };

struct aws_service_state {
	const char *url, *region, *host;
	const char *prefix; /* path of the endpoint itself; "" for nearly all */
	struct aws_retry retry;
	struct aws_rate rate; /* retry_mode adaptive only */
	struct aws_signing_key key;
	bool resolved;
};

struct aws {
	struct aws_options options; /* its texts are copies */
	struct ports ports;
	struct arena *arena;
	char *profile_name, *region, *endpoint_url, *mfa_code;
	struct aws_profile *profile;
	struct aws_credentials credentials;
	bool have_credentials;
	unsigned generation;		  /* of the credentials: grows when others are found */
	const struct aws_credentials *as; /* sign as these instead, while the chain asks STS; or NULL */
	int64_t refresh_not_before_ms;	  /* after a refresh; monotonic */
	struct error *refused;		  /* what the chain said last, when it found nothing */
	int64_t refused_until_ms;	  /* it is not asked again before: a batch of calls asks once */
	char *explicit_access, *explicit_token;
	struct secret *explicit_secret;
	int64_t skew_ms;       /* the servers' clock minus ours */
	unsigned max_attempts; /* 0: by the service */
	bool adaptive;
	bool asked_for_region; /* the metadata service was asked once */
	struct http_tls tls;
	struct aws_service_state services[AWS_MAX_SERVICES];
};

/* One call under way. */
struct aws_flight {
	struct aws_request *request;
	struct aws_wire_request wire;
	struct http_header headers[AWS_MAX_HEADERS];
	size_t n_headers;
	struct buf url, authorization;
	struct buf token; /* the session's, of our own: another call of the batch may bring new credentials meanwhile */
	char hash[SHA256_HEX_SIZE], date[TIME_TEXT];
	struct aws_retry_call tries;
	bool encoded, done;
	bool has_token;	 /* carries an idempotency token, so that to repeat it is safe */
	bool maybe_done; /* an earlier try may have had its effect */
	bool refreshed, skew_fixed;
	unsigned generation;   /* of the credentials that signed the last try */
	int64_t not_before_ms; /* monotonic */
};

/* The servers' clock, as far as it is known. */
int64_t aws_server_now_ms(const struct aws *aws);
/* Fresh enough credentials; `again`: these were refused, get others. Old ones are kept while a refresh fails and they
 * last. */
struct error *aws_ensure_credentials(struct aws *aws, bool again) MUST_CHECK;
struct error *aws_resolve(struct aws *aws, const struct aws_operation *operation,
			  struct aws_service_state **ret) MUST_CHECK;
/* Learns the servers' clock from an answer. */
void aws_learn_skew(struct aws *aws, const struct http_response *response);

/* Makes n calls side by side, one page each; outputs and errors into the requests. */
void aws_fly(struct aws *aws, struct aws_request *requests, size_t n);
/* A call signed by other credentials; NULL: unsigned operations only. `input` is taken. */
struct error *aws_call_as(struct aws *aws, const struct aws_credentials *as, const struct aws_operation *operation,
			  json_t *input, json_t **ret) MUST_CHECK;

/* Puts service, operation, tries and a remedy on what went wrong. */
struct error *aws_fault_decorate(const struct aws *aws, const struct aws_operation *operation, unsigned tries,
				 bool maybe_done, struct error *error) MUST_CHECK;
/* Takes out of an error's words what of our secrets a server has put there: the session's token, and members that the
 * model calls sensitive. */
void aws_fault_hide(const struct aws_operation *operation, const json_t *input, const struct http_header *headers,
		    size_t n_headers, struct error *error);
/* "s3:ListBucket": what a policy must allow. */
void aws_iam_action(const struct aws_operation *operation, char out[160]);

/* Lists of later pages are put behind those of the first, numbers are added; what only pages need is taken away,
 * and before that what is not wanted of the results (aws_request's `only`). */
void aws_page_join(const struct aws_operation *operation, json_t *all, const json_t *page);
void aws_page_thin(const struct aws_operation *operation, json_t *page, const char *const *only);
void aws_page_tidy(const struct aws_operation *operation, json_t *all);
