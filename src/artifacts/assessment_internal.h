/* Between the formats of an assessment: one view of it, made once, that each of them prints. */
#pragma once

#include "artifacts/assessment.h"
#include "base/mem.h"

enum assessment_section {
	SECTION_BLOCKS,	    /* blockers, and what is not known but could be one: why it is not ready */
	SECTION_FOUND,	    /* other findings */
	SECTION_UNKNOWN,    /* other things not known */
	SECTION_BLUE_GREEN, /* counts for that strategy only */
	SECTION_ROLLBACK,
	SECTION_ELSEWHERE, /* a scope that we do not know */
	SECTION_ACCEPTED,
};

/* Findings that belong together: found by the same check, or not known for the same reason. */
struct assessment_group {
	enum assessment_section section;
	size_t first, n; /* in the view's findings */
	bool one_check;	 /* false: several checks, not known for one reason */
	bool same_message, same_remedy;
};

struct assessment_view {
	const struct assessment *assessment; /* as it was given */
	struct assessment shown; /* every string made harmless by words_clean(); findings in the order to show */
	struct finding *raw;	 /* the findings as they were, in the same order */
	struct assessment_group *groups;
	size_t n_groups;
	int64_t blockers, warnings, notes, unknown, could_block, accepted, blue_green, rollback;
	struct arena *arena; /* holds all of it */
};

/* `ascii`: other characters are escaped too. */
void assessment_view(const struct assessment *assessment, bool ascii, struct arena *arena, struct assessment_view *ret);

/* Every string of the object, and of what it holds, made harmless; pointers are replaced by pointers to cleaned copies.
 */
void assessment_clean(const struct model *model, void *object, bool ascii, struct arena *arena);

/* Foreign words in Markdown: what could work as markup stands in code spans. markdown_item() is a line of a list within
 * a list; nothing for no text. */
void markdown_prose(struct buf *out, const char *text);
void markdown_item(struct buf *out, const char *label, const char *text);

/* "BLOCKER" …, "NOT KNOWN", "ACCEPTED". */
const char *assessment_label(const struct finding *finding);
/* "shop 1.33 → 1.35 (2 hops)"; `arrow` stands between the versions. */
void assessment_title(const struct assessment_view *view, const char *arrow, struct buf *out);
/* "NOT READY: 2 blockers, 5 warnings, 3 not known, 200 passed"; of files "CLEAN: 4 passed". */
void assessment_answer(const struct assessment_view *view, struct buf *out);
bool assessment_good(const struct assessment_view *view); /* READY, or CLEAN */
/* NULL for SECTION_BLOCKS to SECTION_UNKNOWN; else what heads the section. */
const char *assessment_section_title(enum assessment_section section);
/* "PodDisruptionBudget payments/redis-pdb", else the file, else "". */
void assessment_object(const struct finding *finding, struct buf *out);
/* "deploy/web.yaml:12 (document 2)"; "" for none. */
void assessment_place(const struct finding *finding, struct buf *out);
/* The message, or what can be said without one. With `whole`, the object stands in it. */
void assessment_sentence(const struct finding *finding, bool whole, struct buf *out);
/* "minAvailable=1, 1 pod ready (kubernetes pods; by argo-cd, 214 times, last 3 h ago)". */
void assessment_evidence(const struct assessment_view *view, const struct finding_evidence *evidence, struct buf *out);
/* "argo, until 2026-12-31: moved next sprint" of an accepted one. */
void assessment_acceptance(const struct finding *finding, struct buf *out);
/* How the drain would go, in a sentence; gives how many nodes stop. And what stops a node; whether what to do about it
 * was not said before. */
size_t assessment_drain(const struct assessment_view *view, struct buf *out);
void assessment_stop(const struct drained_node *node, const struct drain_obstacle *stop, struct buf *out);
bool assessment_stop_is_new(const struct assessment *shown, const struct drain_obstacle *stop);
/* "2026-11-25 05:42 +01:00". */
void assessment_time(int64_t time_ms, int64_t zone_ms, struct buf *out);
/* What to use instead, unless message or remedy say it already; NULL. */
const char *assessment_replacement(const struct finding *finding);
/* Whether a remedy is a command that can be typed as it stands: not a sentence that begins with one, nor a pattern with
 * a <place> to fill in. */
bool assessment_is_command(const char *remedy);
/* Whether anything was found or remained unknown by the check; of accepted ones: no. */
bool assessment_check_failed(const struct assessment_view *view, const char *id);
/* The title of a check, or its id. */
const char *assessment_check_title(const struct finding *finding);
/* `page` when it is an address that can be linked to. */
const char *assessment_link(const struct finding *finding);

void assessment_text(const struct assessment_view *view, const struct assessment_style *style, struct buf *out);
void assessment_markdown(const struct assessment_view *view, const struct assessment_style *style, struct buf *out);
void assessment_html(const struct assessment_view *view, const struct assessment_style *style, struct buf *out);
void assessment_sarif(const struct assessment_view *view, const struct assessment_style *style, struct buf *out);
void assessment_junit(const struct assessment_view *view, const struct assessment_style *style, struct buf *out);
