/* The adaptive retry mode's sending rate: cubic growth, cut on throttling, a token a request. Pure: time comes in, in
 * seconds. */
#pragma once

#include <stdbool.h>

struct aws_rate {
	bool enabled; /* from the first throttled answer on */
	bool started;
	double fill_rate, max_capacity, capacity, last_s; /* the token bucket */
	double measured, bucket_s, count;		  /* answers a second, smoothed over half seconds */
	double most, zero_s, failed_s;			  /* the cubic */
};

/* Takes a token: 0 when the request may go now, else seconds to wait before asking again. */
double aws_rate_wait(struct aws_rate *rate, double now_s);
void aws_rate_answered(struct aws_rate *rate, bool throttled, double now_s);
