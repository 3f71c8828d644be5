/* The sending rate. Numbers are those of the AWS SDKs. */
#include "aws/rate.h"

#include <math.h>

static const double SCALE = 0.4, BETA = 0.7, LEAST_RATE = 0.5, MOST_OF_MEASURED = 2.0, SMOOTHING = 0.8;

static void start(struct aws_rate *rate, double now_s)
{
	if (rate->started)
		return;
	*rate = (struct aws_rate){.started = true,
				  .fill_rate = 1,
				  .max_capacity = 1,
				  .last_s = now_s,
				  .bucket_s = floor(now_s),
				  .failed_s = now_s};
}

static void refill(struct aws_rate *rate, double now_s)
{
	rate->capacity = fmin(rate->max_capacity, rate->capacity + (now_s - rate->last_s) * rate->fill_rate);
	rate->last_s = now_s;
}

double aws_rate_wait(struct aws_rate *rate, double now_s)
{
	start(rate, now_s);
	if (!rate->enabled)
		return 0;
	refill(rate, now_s);
	if (rate->capacity >= 1) {
		rate->capacity -= 1;
		return 0;
	}
	return (1 - rate->capacity) / rate->fill_rate;
}

static double measure(struct aws_rate *rate, double now_s)
{
	double bucket_s = floor(now_s * 2) / 2;
	rate->count += 1;
	if (bucket_s > rate->bucket_s) {
		double current = rate->count / (bucket_s - rate->bucket_s);
		rate->measured = current * SMOOTHING + rate->measured * (1 - SMOOTHING);
		rate->count = 0;
		rate->bucket_s = bucket_s;
	}
	return rate->measured;
}

void aws_rate_answered(struct aws_rate *rate, bool throttled, double now_s)
{
	double next;
	start(rate, now_s);
	double measured = measure(rate, now_s);
	if (throttled) {
		rate->most = rate->enabled ? fmin(measured, rate->fill_rate) : measured;
		rate->zero_s = cbrt(rate->most * (1 - BETA) / SCALE);
		rate->failed_s = now_s;
		rate->enabled = true;
		next = rate->most * BETA;
	} else {
		next = SCALE * pow(now_s - rate->failed_s - rate->zero_s, 3) + rate->most;
	}
	next = fmin(next, MOST_OF_MEASURED * measured);
	refill(rate, now_s);
	rate->fill_rate = fmax(next, LEAST_RATE);
	rate->max_capacity = next >= 1 ? next : 1;
	rate->capacity = fmin(rate->capacity, rate->max_capacity);
}
