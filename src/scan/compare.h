/* What another scanner said beside what we say: where both agree it is more evidence, where they differ the difference
 * is explained by the life-cycle tables. */
#pragma once

#include "base/mem.h"
#include "models/finding.h"
#include "tools/scanners.h"

/* Findings that the other has, too, get evidence of its name. Into `assessment`'s sources: one line with the numbers,
 * and one for each kind of difference. To be called before the assessment is sorted. */
void scan_compare(const struct scanner_report *report, unsigned target_minor, struct arena *arena,
		  struct assessment *assessment);
