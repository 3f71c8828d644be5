/* The progress tracker: tells what changed in a run since it was last told, as lines for people, as JSON lines, or live
 * on a terminal (one row a running step). A reader of run_state: it keeps only what it has already told. */
#pragma once

#include <stdbool.h>
#include "agent/state.h"
#include "base/buf.h"

enum progress_mode { PROGRESS_LINES, PROGRESS_JSON, PROGRESS_LIVE };

struct progress_options {
	enum progress_mode mode;
	unsigned columns;
	bool colour;
	const char *clock_title; /* heads the first column: "virtual time", "elapsed" */
	bool patient;		 /* lines: also when a long step begins, and now and then while it lasts */
	void (*write)(void *context, struct slice text); /* called once an update, if there is anything to tell */
	void *context;
};

struct progress;
struct progress *progress_new(const struct progress_options *options);
void progress_update(struct progress *progress, const struct run_state *state, int64_t now_ms);
/* Takes the live rows away and frees. */
void progress_free(struct progress *progress);
void progress_freep(struct progress **progress);

/* One screen for status and watch. */
void progress_screen(const struct run_state *state, int64_t now_ms, unsigned columns, bool colour, struct buf *out);

/* Of what comes from outside, in all of these `text`, nothing reaches a terminal that could move its cursor.
 * A line of its own. */
void progress_line(struct buf *out, const char *title, const char *text);
/* The same, folded between words to so many columns; its further lines stand `indent` from the left. */
void progress_fold(struct buf *out, const char *title, const char *text, unsigned indent, unsigned columns);
/* Cut to `columns` cells, with "…" when cut, and padded to them. */
void progress_cell(struct buf *out, const char *text, unsigned columns);
/* The same, but folded: what follows the cell on its line is `right`, and the cell goes on below, `indent` from the
 * left. Ends the line. */
void progress_folded_cell(struct buf *out, const char *text, unsigned indent, unsigned columns, const char *right);
/* "traffic 10 %: 10 % asked, 9.9 % measured": a step's name and what is known of it. The caller's. */
char *progress_text(const struct step_view *view);
/* How long a step took, or has taken so far; of one that was undone, how long going back took. */
int64_t progress_took_ms(const struct run_state *state, const struct step_view *view, int64_t now_ms);
/* "ok", "PASS", "undone", … as the last column says it. */
const char *progress_word(const struct run_state *state, const struct step_view *view);
