/* The judgement: pure, from minutes of both load balancers to one of four verdicts. */
#pragma once

#include "execution/step.h"
#include "execution/traffic_facts.h"

struct verdict_limits {
	double max_error_rate;		   /* of Green */
	double worse_than_blue_by_at_most; /* Green minus concurrent Blue */
	int64_t min_requests;		   /* of Green, below which nothing is concluded */
	double max_p99_factor;		   /* Green's p99 against Blue's; 0: not judged */
};

struct judgement {
	enum verdict verdict;
	double blue_requests, green_requests, blue_errors, green_errors, blue_p99_ms, green_p99_ms; /* NAN: not known */
	double share; /* Green's part of all requests, 0–1; NAN: nothing was counted */
	char reason[240];
};

/* An absent error count is zero only where requests were counted; a minute without requests counts for nothing. Blue is
 * compared only while it gets enough to be compared with. FAIL needs what chance alone would hardly do. */
void verdict_judge(const struct traffic_minute *minutes, size_t n, const struct verdict_limits *limits,
		   struct judgement *ret);
/* Lower and upper end of the 95 % Wilson interval of errors / requests. */
void verdict_wilson(double errors, double requests, double *ret_low, double *ret_high);
