/* Release notes within an assessment's formats. Everything given is harmless already. */
#pragma once

#include "artifacts/text_page.h"
#include "models/release_notes.h"

/* Whether the section has it among the urgent ones: not when its words hold a fact that touches the cluster, which
 * stands above them. */
bool notes_is_urgent_here(const struct release_note *notes, size_t n, const struct release_note *note);
/* "flag --cloud-config (kubelet) removed; field …": the facts that an upgrade note's words hold. */
void notes_names_within(const struct release_note *notes, size_t n, const struct release_note *urgent, struct buf *out);
/* The address, when it can be linked to; NULL. */
const char *note_address(const char *url);
/* "DaemonSet kube-system/kube-proxy (its arguments), …". */
void notes_objects(const struct release_note *note, struct buf *out);

/* The section of an assessment; nothing when there are no notes. */
void notes_section_text(struct page *page, const struct release_note *notes, size_t n);
/* Stops when `out` has `most` bytes, unless all are wanted. */
void notes_section_markdown(const struct release_note *notes, size_t n, bool all, size_t most, struct buf *out);
void notes_section_html(const struct release_note *notes, size_t n, struct buf *out);
