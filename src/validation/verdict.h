/* The judgement: pure, from minutes of both load balancers to one of four verdicts. */
#pragma once

#include "execution/step.h"
#include "execution/traffic_facts.h"

struct verdict_limits {
	double max_error_rate;		   /* of Green */
	double worse_than_blue_by_at_most; /* Green minus concurrent Blue */
	int64_t min_requests;		   /* of Green, below which nothing is concluded */
	double max_p99_factor;		   /* Green's p99 against Blue's; 0: not judged */
	double blue_p99_before_ms; /* Blue's p99 while it had users, for when it has none any more; 0: not known */
};

struct judgement {
	enum verdict verdict;
	size_t minutes; /* full minutes that were looked at */
	double blue_requests, green_requests, blue_errors, green_errors;
	double blue_p99_ms, green_p99_ms; /* medians over the minutes; NAN: not known */
	double share;			  /* Green's part of all requests, 0–1; NAN: nothing was counted */
	double worse_by,
		worse_by_at_least; /* Green's error rate minus Blue's, and its lower bound; NAN: not compared */
	char reason[240];
};

/* An absent error count is zero only where requests were counted; a minute without requests counts for nothing. Blue is
 * compared only while it gets enough to be compared with. FAIL needs what chance alone would hardly do; PASS needs
 * rates within the limits; between the two it is NO_DATA: more requests must be seen. */
void verdict_judge(const struct traffic_minute *minutes, size_t n, const struct verdict_limits *limits,
		   struct judgement *ret);
