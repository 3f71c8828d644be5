/* What `assess` and `scan` print: one assessment in the form that a person, a pull request or a CI system reads. The
 * words of clusters and files are foreign: in every format they are shown harmlessly. */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "models/finding.h"

struct assessment_style {
	unsigned columns; /* of text; 0: not wrapped, as for a file. Below 40 counts as 40 */
	bool colour;	  /* of text: only on a terminal, not with NO_COLOR */
	bool utf8;	  /* of text: false: ASCII only */
	bool all;	  /* of text and Markdown: each object of a group of like findings, not the first few */
	int64_t zone_ms;  /* times are shown so far east of UTC */
};

/* "text", "json", "markdown", "html", "sarif", "junit", then NULL. */
extern const char *const assessment_formats[];

/* Appends the assessment in one of the formats; severest first, whatever order it is in. INVALID, with the nearest
 * name, when there is no such format; STATE when `out` is too small. `style` may be NULL. */
struct error *assessment_write(const struct assessment *assessment, const char *format,
			       const struct assessment_style *style, struct buf *out) MUST_CHECK;
