/* What the configuration says about findings: which checks count, how much they weigh, and which risks are accepted. */
#pragma once

#include "config/config.h"
#include "models/finding.h"

/* In this order: leaves only what checks.only and checks.except leave; gives the severities of checks.severity; marks
 * what a risk of `risks` matches as accepted. A risk that has expired by now_ms is told in the finding, which counts. A
 * risk that nothing matches is told as a finding of its own, RISK-UNUSED (INFO): it may hide a later one. Sorts and
 * counts again. What is new stands in `arena`. Pure. To be called once. */
void assessment_accept(struct assessment *assessment, const struct config *config, int64_t now_ms, struct arena *arena);

/* "WL-*" matches "WL-PDB-ZERO": * stands for any characters, also none. */
bool accept_matches(const char *pattern, const char *text);
