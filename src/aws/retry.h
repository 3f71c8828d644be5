/* The 2026 retry rules: when to try again, after how long, and when the quota says no. Pure: time and chance come in.
 * Who asks for it (AWS_NEW_RETRIES_2026=false, retry_mode legacy) gets the numbers that held before. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "aws/tables.h"
#include "base/error.h"

enum { AWS_RETRY_QUOTA = 500, AWS_BREAKER_AFTER = 8 };

/* Of one service: the quota of retries, and the breaker. */
enum aws_retry_rules { AWS_RETRY_2026, AWS_RETRY_BEFORE_2026, AWS_RETRY_LEGACY };
struct aws_retry {
	enum aws_retry_rules rules;
	int quota;	       /* tokens left; begin with AWS_RETRY_QUOTA */
	unsigned failures;     /* calls in a row that failed, after all their tries, for the service's reasons */
	int64_t open_until_ms; /* monotonic; the breaker refuses new calls before */
	unsigned times_opened;
};

struct aws_retry_call {
	unsigned attempt; /* tries made so far */
	int spent;	  /* tokens that this call's last retry took */
};

/* By code, what the service's model says of it, status, and whether there was an answer at all. */
enum aws_retry_kind aws_retry_kind_of(const struct error *error, const struct aws_service *service);
/* Tries a call may have when nobody set another number. */
unsigned aws_retry_attempts(const struct aws_service *service, enum aws_retry_rules rules);
/* Whether to try again; *ret_delay_ms to wait before. `chance` is in [0, 1). `hint_ms`: x-amz-retry-after, -1: none. */
bool aws_retry_again(struct aws_retry *retry, struct aws_retry_call *call, enum aws_retry_kind kind,
		     unsigned max_attempts, const struct aws_service *service, double chance, int64_t hint_ms,
		     int64_t *ret_delay_ms);
/* The header's text; -1 when it is missing or no whole number of milliseconds. */
int64_t aws_retry_hint_ms(const char *text);

/* How a call ended, after all its tries. The breaker opens after AWS_BREAKER_AFTER calls in a row that failed by the
 * service's fault, for 1 s, 2 s … 60 s; being throttled is not a fault. */
void aws_retry_succeeded(struct aws_retry *retry, const struct aws_retry_call *call);
void aws_retry_failed(struct aws_retry *retry, enum aws_retry_kind kind, int64_t now_ms);
