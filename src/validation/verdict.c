/* Rates with their bounds, Green beside Blue. */
#include "validation/verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	EARLY_REQUESTS = 100, /* so few can prove Green sick, but never well */
	LATENCY_MINUTES = 3,  /* one slow minute proves nothing: caches are cold, one request in a hundred is few */
	LATENCY_SLACK_MS = 50,
};

/* Lower and upper end of the 95 % Wilson interval of errors / requests. */
static void verdict_wilson(double errors, double requests, double *ret_low, double *ret_high)
{
	const double z = 1.96;
	double p = errors / requests, z2 = z * z / requests;
	double centre = (p + z2 / 2) / (1 + z2),
	       half = z * sqrt(p * (1 - p) / requests + z2 / (4 * requests)) / (1 + z2);
	*ret_low = centre - half < 0 ? 0 : centre - half;
	*ret_high = centre + half > 1 ? 1 : centre + half;
}

/* Lower end of the 95 % interval of the difference of two rates, a minus b (Newcombe's, from Wilson's). */
static double verdict_difference_low(double errors_a, double requests_a, double errors_b, double requests_b)
{
	double a = errors_a / requests_a, b = errors_b / requests_b, low_a, high_a, low_b, high_b;
	verdict_wilson(errors_a, requests_a, &low_a, &high_a);
	verdict_wilson(errors_b, requests_b, &low_b, &high_b);
	return a - b - sqrt((a - low_a) * (a - low_a) + (high_b - b) * (high_b - b));
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The middle one; NAN when there are none. */
static double median(const struct traffic_minute *minutes, size_t n, bool green, size_t *ret_known)
{
	double *values = mem_array(n, sizeof *values);
	size_t known = 0;
	for (size_t i = 0; i < n; i++) {
		double value = green ? minutes[i].green_p99_ms : minutes[i].blue_p99_ms;
		if (!isnan(value))
			values[known++] = value;
	}
	qsort(values, known, sizeof *values, by_size);
	double middle = !known ? NAN : known % 2 ? values[known / 2] : (values[known / 2 - 1] + values[known / 2]) / 2;
	free(values);
	if (ret_known)
		*ret_known = known;
	return middle;
}

/* One side of one minute. What the balancer refused is a request that failed. */
static void add_side(double requests, double errors, double refused, double *all, double *bad)
{
	if (isnan(requests) && !(refused > 0))
		return;
	*all += (isnan(requests) ? 0 : requests) + refused;
	*bad += (isnan(requests) ? 0 : errors) + refused;
}

static void add_up(const struct traffic_minute *minutes, size_t n, struct judgement *ret, size_t *ret_latencies)
{
	*ret = (struct judgement){.minutes = n, .share = NAN, .worse_by = NAN, .worse_by_at_least = NAN};
	for (size_t i = 0; i < n; i++) {
		const struct traffic_minute *m = &minutes[i];
		add_side(m->blue_requests, m->blue_errors, m->blue_refused, &ret->blue_requests, &ret->blue_errors);
		add_side(m->green_requests, m->green_errors, m->green_refused, &ret->green_requests,
			 &ret->green_errors);
	}
	ret->blue_p99_ms = median(minutes, n, false, NULL);
	ret->green_p99_ms = median(minutes, n, true, ret_latencies);
	double all = ret->blue_requests + ret->green_requests;
	if (all > 0)
		ret->share = ret->green_requests / all;
}

#define SAY(judgement, ...) snprintf((judgement)->reason, sizeof(judgement)->reason, __VA_ARGS__)

/* Against the absolute limit. */
static enum verdict judge_rate(const struct verdict_limits *limits, struct judgement *ret)
{
	double low, high, rate = ret->green_errors / ret->green_requests;
	verdict_wilson(ret->green_errors, ret->green_requests, &low, &high);
	if (rate <= limits->max_error_rate)
		return VERDICT_PASS;
	bool sure = low > limits->max_error_rate;
	SAY(ret, "error rate of Green %.2f %% (%.0f of %.0f) is above %.2f %%%s", rate * 100, ret->green_errors,
	    ret->green_requests, limits->max_error_rate * 100, sure ? "" : ", but it may be chance: more must be seen");
	return sure ? VERDICT_FAIL : VERDICT_NO_DATA;
}

/* Against Blue over the same minutes. */
static enum verdict judge_difference(const struct verdict_limits *limits, struct judgement *ret)
{
	if (ret->blue_requests < (double)limits->min_requests)
		return VERDICT_PASS;
	double rate = ret->green_errors / ret->green_requests, blue = ret->blue_errors / ret->blue_requests;
	ret->worse_by = rate - blue;
	ret->worse_by_at_least =
		verdict_difference_low(ret->green_errors, ret->green_requests, ret->blue_errors, ret->blue_requests);
	if (ret->worse_by <= limits->worse_than_blue_by_at_most)
		return VERDICT_PASS;
	bool sure = ret->worse_by_at_least > 0;
	SAY(ret,
	    "error rate of Green %.2f %% (%.0f of %.0f) against %.2f %% of Blue (%.0f of %.0f) over the same minutes%s",
	    rate * 100, ret->green_errors, ret->green_requests, blue * 100, ret->blue_errors, ret->blue_requests,
	    sure ? "" : ", but it may be chance: more must be seen");
	return sure ? VERDICT_FAIL : VERDICT_NO_DATA;
}

static enum verdict judge_latency(const struct verdict_limits *limits, size_t latencies, struct judgement *ret)
{
	bool concurrent = ret->blue_requests >= (double)limits->min_requests && !isnan(ret->blue_p99_ms);
	double blue_ms = concurrent ? ret->blue_p99_ms : limits->blue_p99_before_ms;
	if (limits->max_p99_factor <= 0 || latencies < LATENCY_MINUTES || !(blue_ms > 0) ||
	    ret->green_p99_ms <= blue_ms * limits->max_p99_factor + LATENCY_SLACK_MS)
		return VERDICT_PASS;
	SAY(ret, "p99 of Green %.0f ms against %.0f ms of Blue %s", ret->green_p99_ms, blue_ms,
	    concurrent ? "over the same minutes" : "while it had users");
	return VERDICT_FAIL;
}

static void say_pass(struct judgement *ret)
{
	int n = SAY(ret, "%.0f errors in %.0f requests of Green, %.0f in %.0f of Blue", ret->green_errors,
		    ret->green_requests, ret->blue_errors, ret->blue_requests);
	size_t left = sizeof ret->reason - (size_t)n;
	if (!isnan(ret->green_p99_ms) && !isnan(ret->blue_p99_ms))
		snprintf(ret->reason + n, left, ", p99 %.0f against %.0f ms", ret->green_p99_ms, ret->blue_p99_ms);
	else if (!isnan(ret->green_p99_ms))
		snprintf(ret->reason + n, left, ", p99 %.0f ms", ret->green_p99_ms);
}

void verdict_judge(const struct traffic_minute *minutes, size_t n, const struct verdict_limits *limits,
		   struct judgement *ret)
{
	size_t latencies;
	add_up(minutes, n, ret, &latencies);
	ret->verdict = VERDICT_NO_DATA;
	if (ret->green_requests < 1) {
		SAY(ret, "no requests of Green were counted in %zu full minutes", n);
		return;
	}
	bool few = ret->green_requests < (double)limits->min_requests;
	if (few && ret->green_requests < EARLY_REQUESTS) {
		SAY(ret, "%.0f of %lld requests seen", ret->green_requests, (long long)limits->min_requests);
		return;
	}
	enum verdict rate = judge_rate(limits, ret), worst = rate;
	if (rate != VERDICT_FAIL) {
		struct judgement against = *ret;
		enum verdict difference = judge_difference(limits, &against);
		if (difference != VERDICT_PASS && (difference == VERDICT_FAIL || rate == VERDICT_PASS))
			worst = difference;
		else
			SAY(&against, "%s", ret->reason);
		*ret = against;
	}
	if (worst != VERDICT_FAIL && judge_latency(limits, latencies, ret) == VERDICT_FAIL)
		worst = VERDICT_FAIL;
	if (worst == VERDICT_PASS && few) {
		SAY(ret, "%.0f of %lld requests seen", ret->green_requests, (long long)limits->min_requests);
		return;
	}
	ret->verdict = worst;
	if (worst == VERDICT_PASS)
		say_pass(ret);
}
