/* Rates with their bounds, Green beside Blue. */
#include "validation/verdict.h"

#include <math.h>
#include <stdio.h>

void verdict_wilson(double errors, double requests, double *ret_low, double *ret_high)
{
	const double z = 1.96;
	double p = errors / requests, z2 = z * z / requests;
	double centre = (p + z2 / 2) / (1 + z2),
	       half = z * sqrt(p * (1 - p) / requests + z2 / (4 * requests)) / (1 + z2);
	*ret_low = centre - half < 0 ? 0 : centre - half;
	*ret_high = centre + half;
}

static void add_up(const struct traffic_minute *minutes, size_t n, struct judgement *ret)
{
	*ret = (struct judgement){.blue_p99_ms = NAN, .green_p99_ms = NAN, .share = NAN};
	for (size_t i = 0; i < n; i++) {
		const struct traffic_minute *m = &minutes[i];
		if (!isnan(m->blue_requests)) {
			ret->blue_requests += m->blue_requests;
			ret->blue_errors += m->blue_errors;
			ret->blue_p99_ms = isnan(ret->blue_p99_ms) || m->blue_p99_ms > ret->blue_p99_ms
						   ? m->blue_p99_ms
						   : ret->blue_p99_ms;
		}
		if (!isnan(m->green_requests)) {
			ret->green_requests += m->green_requests;
			ret->green_errors += m->green_errors;
			ret->green_p99_ms = isnan(ret->green_p99_ms) || m->green_p99_ms > ret->green_p99_ms
						    ? m->green_p99_ms
						    : ret->green_p99_ms;
		}
	}
	double all = ret->blue_requests + ret->green_requests;
	if (all > 0)
		ret->share = ret->green_requests / all;
}

static bool too_many_errors(const struct verdict_limits *limits, struct judgement *ret)
{
	double low, high, blue_low, blue_high = 0;
	double rate = ret->green_errors / ret->green_requests;
	verdict_wilson(ret->green_errors, ret->green_requests, &low, &high);
	if (low > limits->max_error_rate) {
		snprintf(ret->reason, sizeof ret->reason, "error rate of Green %.2f %% (%.0f of %.0f) is above %.2f %%",
			 rate * 100, ret->green_errors, ret->green_requests, limits->max_error_rate * 100);
		return true;
	}
	if (ret->blue_requests < (double)limits->min_requests)
		return false;
	double blue_rate = ret->blue_errors / ret->blue_requests;
	verdict_wilson(ret->blue_errors, ret->blue_requests, &blue_low, &blue_high);
	if (rate - blue_rate > limits->worse_than_blue_by_at_most && low > blue_high) {
		snprintf(ret->reason, sizeof ret->reason,
			 "error rate of Green %.2f %% (%.0f of %.0f) against %.2f %% of Blue over the same minutes",
			 rate * 100, ret->green_errors, ret->green_requests, blue_rate * 100);
		return true;
	}
	return false;
}

void verdict_judge(const struct traffic_minute *minutes, size_t n, const struct verdict_limits *limits,
		   struct judgement *ret)
{
	add_up(minutes, n, ret);
	if (ret->green_requests < 1) {
		ret->verdict = VERDICT_NO_DATA;
		snprintf(ret->reason, sizeof ret->reason, "no requests of Green were counted in %zu full minutes", n);
		return;
	}
	/* few requests can prove Green sick, but never well */
	if (ret->green_requests >= 100 && too_many_errors(limits, ret)) {
		ret->verdict = VERDICT_FAIL;
		return;
	}
	if (ret->green_requests < (double)limits->min_requests) {
		ret->verdict = VERDICT_NO_DATA;
		snprintf(ret->reason, sizeof ret->reason, "%.0f of %lld requests seen", ret->green_requests,
			 (long long)limits->min_requests);
		return;
	}
	if (limits->max_p99_factor > 0 && ret->blue_requests >= (double)limits->min_requests &&
	    ret->green_p99_ms > ret->blue_p99_ms * limits->max_p99_factor + 50) {
		ret->verdict = VERDICT_FAIL;
		snprintf(ret->reason, sizeof ret->reason,
			 "p99 of Green %.0f ms against %.0f ms of Blue over the same minutes", ret->green_p99_ms,
			 ret->blue_p99_ms);
		return;
	}
	ret->verdict = VERDICT_PASS;
	snprintf(ret->reason, sizeof ret->reason,
		 "%.0f errors in %.0f requests of Green, %.0f in %.0f of Blue, p99 %.0f against %.0f ms",
		 ret->green_errors, ret->green_requests, ret->blue_errors, ret->blue_requests, ret->green_p99_ms,
		 isnan(ret->blue_p99_ms) ? 0 : ret->blue_p99_ms);
}
