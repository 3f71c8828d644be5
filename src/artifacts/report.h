/* The report of a run: timeline, plots of traffic, error rate and latency Blue against Green, every decision with its
 * evidence, downtime as a number. A reader of the journal; nothing else is kept. */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "port/store.h"

enum report_format { REPORT_JSON, REPORT_MARKDOWN, REPORT_HTML };

/* STATE when the journal's chain does not hold (the report says so instead of pretending). */
struct error *report_write(struct store *store, const char *run, enum report_format format, struct buf *out) MUST_CHECK;
