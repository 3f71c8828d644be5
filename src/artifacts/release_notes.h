/* What release notes say, printed: as a document of its own, and as a part of an assessment. */
#pragma once

#include "artifacts/assessment.h"
#include "models/release_notes.h"

/* "text", "json", "markdown", then NULL. */
extern const char *const release_notes_formats[];
/* Appends the whole document in one of the formats. With `style->all` also what is merely new. STATE when `out` is too
 * small. */
struct error *release_notes_write(const struct release_notes *notes, const char *format,
				  const struct assessment_style *style, struct buf *out) MUST_CHECK;
