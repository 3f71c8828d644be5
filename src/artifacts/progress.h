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
/* Appends text cut to `columns` cells, with "…" when cut, padded with spaces when `pad`; control bytes become '?'. */
/* A line of its own; `text` comes from outside. */
void progress_line(struct buf *out, const char *title, const char *text);
void progress_cell(struct buf *out, const char *text, unsigned columns, bool pad);
/* How long a step took, or has taken so far; of one that was undone, how long going back took. */
int64_t progress_took_ms(const struct run_state *state, const struct step_view *view, int64_t now_ms);
/* "ok", "PASS", "undone", … as the last column says it. */
const char *progress_word(const struct run_state *state, const struct step_view *view);
