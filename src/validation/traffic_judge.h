/* From the load balancers' counters to a verdict in the journal: shared by shifting and baking. */
#pragma once

#include "validation/verdict.h"

/* CloudWatch's minutes are whole this long after they ended. */
enum { TRAFFIC_INGEST_MS = 60000 };

/* What the full minutes since from_ms say. `share` is of the last two of them: where the users are now. */
struct error *traffic_judge(struct step_context *ctx, const struct traffic_facts *facts, int64_t from_ms,
			    struct judgement *ret) MUST_CHECK;
/* Writes kind "traffic" or "verdict" with everything that was concluded from. */
struct error *traffic_record(struct step_context *ctx, const char *kind, int asked,
			     const struct judgement *judgement) MUST_CHECK;
/* Writes the verdict so far when it is another than the last one written by this step; at first PASS is taken for
 * written: what goes as hoped needs no record of every minute. */
struct error *traffic_record_change(struct step_context *ctx, int asked, const struct judgement *judgement) MUST_CHECK;
/* The provider's failure as a verdict of its own, written once; gives the error back for the engine to retry or hold.
 */
struct error *traffic_provider_failed(struct step_context *ctx, int asked, struct error *error) MUST_CHECK;
