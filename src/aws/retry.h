/* The 2026 retry rules: when to try again, after how long, and when the quota says no. Pure: time and chance come in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

enum { AWS_RETRY_QUOTA = 500, AWS_BREAKER_AFTER = 8 };

struct aws_retry {
	int quota;	       /* tokens left; begin with AWS_RETRY_QUOTA */
	unsigned failures;     /* calls in a row that failed for the service's reasons */
	int64_t open_until_ms; /* monotonic; the breaker refuses calls before */
	unsigned times_opened;
};

struct aws_retry_call {
	unsigned attempt; /* tries made so far */
	int spent;	  /* tokens that this call's last retry took */
};

enum aws_retry_kind { AWS_RETRY_NOT, AWS_RETRY_TRANSIENT, AWS_RETRY_THROTTLING };
enum aws_retry_kind aws_retry_kind_of(const struct error *error);
/* Whether to try again; *ret_delay_ms to wait before. `chance` is in [0, 1). `hint_ms`: x-amz-retry-after, -1: none. */
bool aws_retry_again(struct aws_retry *retry, struct aws_retry_call *call, enum aws_retry_kind kind,
		     unsigned max_attempts, bool dynamodb, double chance, int64_t hint_ms, int64_t *ret_delay_ms);
void aws_retry_succeeded(struct aws_retry *retry, struct aws_retry_call *call);
/* Counts for the breaker; opens it after AWS_BREAKER_AFTER failures in a row, for 1 s, 2 s … 60 s. */
void aws_retry_failed(struct aws_retry *retry, enum aws_retry_kind kind, int64_t now_ms);
