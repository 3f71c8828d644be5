/* The users' records in Route 53: Blue and Green set together, read again, put back. Used by shifting and by removing.
 */
#pragma once

#include "execution/traffic_facts.h"

/* One batch that sets both to absolute weights (100 − green_weight, green_weight): never all zero, and safe to repeat.
 * The originals go in the same batch in which the weighted ones come. *ret_change is the caller's. */
struct error *traffic_set_weights(struct step_context *ctx, const struct traffic_facts *facts, int green_weight,
				  char **ret_change) MUST_CHECK;
/* The records as they were before the first step; *ret_change NULL: they stand already. */
struct error *traffic_restore(struct step_context *ctx, const struct traffic_facts *facts,
			      char **ret_change) MUST_CHECK;
/* Leaves Green's record alone with all the weight. *ret_change NULL: it is so already. */
struct error *traffic_forget_blue(struct step_context *ctx, const struct traffic_facts *facts,
				  char **ret_change) MUST_CHECK;
/* A change is on all of Route 53's servers; an empty id always is. */
struct error *traffic_insync(struct step_context *ctx, const char *change_id, bool *ret) MUST_CHECK;
/* What another hand made of the records: NULL when they are the originals, or ours at one of the two weights; otherwise
 * words for a person (the caller's). Pass -1 for a weight that is not meant. */
struct error *traffic_foreign_change(struct step_context *ctx, const struct traffic_facts *facts, int weight,
				     int or_weight, char **ret_words) MUST_CHECK;
/* Longest time for which resolvers may keep answers from before the first change. */
int64_t traffic_ttl_ms(const struct step_context *ctx, const struct traffic_facts *facts, bool first);
