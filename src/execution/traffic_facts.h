/* Where the users' names point, and which load balancers count Blue's and Green's requests: shared by shifting, judging
 * and removing. Read from the world once, then kept in the memory of the first traffic step. */
#pragma once

#include "execution/step.h"

struct traffic_facts {
	const char *zone_id;
	const char *blue_target, *green_target; /* host names */
	const char *blue_zone, *green_zone;	/* canonical hosted zone ids of the load balancers; NULL: no alias */
	const char *blue_dimension,
		*green_dimension; /* CloudWatch's LoadBalancer dimension, "app/name/id"; NULL: not known */
	json_t *originals;	  /* the record sets as they were; borrowed from the memory */
};

/* From memory; NOT_FOUND while no traffic step has begun. All text lives in the call's arena. */
struct error *traffic_facts_load(struct step_context *ctx, struct traffic_facts *ret) MUST_CHECK;
/* From the world, for the first traffic step: a document for its memory (the caller's). */
struct error *traffic_facts_find(struct step_context *ctx, json_t **ret_memory) MUST_CHECK;

/* One minute of both load balancers. Requests NAN: no data. What the balancer itself refused for want of a target is
 * not among its RequestCount: it is both a request and an error. */
struct traffic_minute {
	int64_t at_ms;
	double blue_requests, green_requests, blue_errors, green_errors, blue_refused, green_refused, blue_p99_ms,
		green_p99_ms;
};
/* Full minutes from from_ms on (rounded up) before to_ms; the minute that still fills is left out. In `arena`. */
struct error *traffic_minutes(struct step_context *ctx, const struct traffic_facts *facts, int64_t from_ms,
			      int64_t to_ms, struct traffic_minute **ret, size_t *ret_n) MUST_CHECK;
/* Sum of one load balancer's requests; NAN: none were counted. */
struct error *traffic_requests(struct step_context *ctx, const char *dimension, int64_t from_ms, int64_t to_ms,
			       double *ret) MUST_CHECK;
