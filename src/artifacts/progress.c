/* Lines that tell what changed. */
#include "artifacts/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "artifacts/text_page.h"
#include "base/mem.h"
#include "base/time.h"
#include "base/words.h"

#define AGAIN_MS (5 * MINUTE_MS) /* what lasts is told so often */

struct told {
	enum step_state state;
	int64_t last_ms; /* when something of it was told last */
};

struct progress {
	struct progress_options options;
	struct told *told;
	size_t n_told;
	bool head_told;
	bool rollback_told;
	unsigned live_rows; /* rows below the last line that the next update redraws */
};

struct progress *progress_new(const struct progress_options *options)
{
	struct progress *progress = mem_alloc(sizeof *progress);
	progress->options = *options;
	return progress;
}

void progress_line(struct buf *out, const char *title, const char *text)
{
	buf_puts(out, title);
	words_clean(out, slice_of(text), false, 0);
	buf_putc(out, '\n');
}

void progress_cell(struct buf *out, const char *text, unsigned columns)
{
	struct buf clean CLEANUP(buf_done) = BUF_INIT(1 << 20);
	words_clean(&clean, slice_of(text), false, 0);
	struct slice slice = buf_slice(&clean);
	size_t total = words_width(slice), cells = 0, at = 0, fits = 0;
	bool cut = total > columns && columns > 1;
	size_t room = cut ? columns - 1 : columns;
	while (at < slice.n) {
		unsigned width = words_cells(words_next(slice, &at));
		if (cells + width > room)
			break;
		cells += width;
		fits = at;
	}
	buf_append(out, slice.p, fits);
	if (cut) {
		buf_puts(out, "…");
		cells++;
	}
	while (cells++ < columns)
		buf_putc(out, ' ');
}

void progress_fold(struct buf *out, const char *title, const char *text, unsigned indent, unsigned columns)
{
	static const struct assessment_style plain = {0};
	struct page page = {.style = &plain, .out = out, .columns = columns};
	struct buf clean CLEANUP(buf_done) = BUF_INIT(1 << 20);
	words_clean(&clean, slice_of(text), false, 0);
	page_put(&page, slice_of(title));
	page_wrap(&page, buf_str(&clean), indent);
	buf_putc(out, '\n');
}

void progress_folded_cell(struct buf *out, const char *text, unsigned indent, unsigned columns, const char *right)
{
	struct buf folded CLEANUP(buf_done) = BUF_INIT(2 << 20);
	progress_fold(&folded, "", text, 0, columns);
	for (char *line = folded.p, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (line == folded.p) {
			progress_cell(out, line, columns);
			buf_puts(out, right);
		} else {
			buf_printf(out, "%*s%s", (int)indent, "", line);
		}
		buf_putc(out, '\n');
	}
}

char *progress_text(const struct step_view *view)
{
	bool known = view->detail && *view->detail;
	return mem_printf("%s%s%s", view->step->name, known ? ": " : "", known ? view->detail : "");
}

static const char *const words[STEP_STATE_COUNT] = {
	[STEP_STATE_PENDING] = "waits", [STEP_STATE_RUNNING] = "…",	  [STEP_STATE_HELD] = "held",
	[STEP_STATE_DONE] = "ok",	[STEP_STATE_FAILED] = "FAILED",	  [STEP_STATE_UNDOING] = "undoing",
	[STEP_STATE_UNDONE] = "undone", [STEP_STATE_SKIPPED] = "skipped",
};

static bool is_validation(const struct upgrade_step *step)
{
	return !strcmp(step->phase, "verify") || !strcmp(step->phase, "traffic") || !strcmp(step->phase, "bake");
}

const char *progress_word(const struct run_state *state, const struct step_view *view)
{
	if (view->state == STEP_STATE_PENDING && state->ended_ms)
		return "not run";
	if (view->state == STEP_STATE_DONE && is_validation(view->step))
		return "PASS";
	if (view->state == STEP_STATE_FAILED && is_validation(view->step))
		return "FAIL";
	return words[view->state];
}

int64_t progress_took_ms(const struct run_state *state, const struct step_view *view, int64_t now_ms)
{
	bool back = view->state == STEP_STATE_UNDOING || view->state == STEP_STATE_UNDONE;
	int64_t since_ms = back && state->rollback_ms > view->started_ms ? state->rollback_ms : view->started_ms;
	return (view->ended_ms ? view->ended_ms : now_ms) - since_ms;
}

static const char *elapsed(int64_t ms, char out[TIME_TEXT])
{
	int64_t minutes = ms / MINUTE_MS;
	snprintf(out, TIME_TEXT, "%02lld:%02lld", (long long)(minutes / 60), (long long)(minutes % 60));
	return out;
}

static const char *colour_of(enum step_state state)
{
	switch (state) {
	case STEP_STATE_DONE:
		return "\033[32m";
	case STEP_STATE_FAILED:
		return "\033[31m";
	case STEP_STATE_HELD:
	case STEP_STATE_UNDOING:
	case STEP_STATE_UNDONE:
		return "\033[33m";
	case STEP_STATE_PENDING:
	case STEP_STATE_RUNNING:
	case STEP_STATE_SKIPPED:
	case STEP_STATE_COUNT:
	default:
		return "";
	}
}

/* Of a line, what is left for what is done. */
static unsigned what_columns(const struct progress *progress)
{
	unsigned fixed = 2 + 6 + 11 + 9 + 9, columns = progress->options.columns;
	return columns > fixed + 20 ? columns - fixed : 20;
}

/* "  00:05  provision   Green "shop-134" …    ok   13 min" */
static void step_line(const struct progress *progress, const struct run_state *state, const struct step_view *view,
		      int64_t at_ms, struct buf *out)
{
	char time[TIME_TEXT], took[TIME_TEXT] = "";
	if (view->ended_ms > view->started_ms && view->started_ms > 0 && view->state != STEP_STATE_HELD)
		duration_format(progress_took_ms(state, view, at_ms), took);
	char *text CLEANUP(mem_freep) = progress_text(view);
	buf_printf(out, "  %s ", elapsed(at_ms - state->created_ms, time));
	progress_cell(out, view->step->phase, 11);
	const char *colour = progress->options.colour ? colour_of(view->state) : "";
	char *right CLEANUP(mem_freep) = mem_printf(" %s%-8s%s%s%s", colour, progress_word(state, view),
						    *colour ? "\033[0m" : "", *took ? " " : "", took);
	progress_folded_cell(out, text, 19, what_columns(progress) - 1, right);
	bool told = view->reason && strstr(text, view->reason);
	if (view->reason && !told && (view->state == STEP_STATE_FAILED || view->state == STEP_STATE_HELD))
		progress_line(out, "        why: ", view->reason);
}

static void step_json(const struct step_view *view, int64_t now_ms, struct buf *out)
{
	char time[TIME_TEXT];
	json_t *line = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?}", "time", time_format_rfc3339(now_ms, time), "step",
				 view->step->step_id, "phase", view->step->phase, "state",
				 step_state_names[view->state], "detail", view->detail, "reason", view->reason);
	char *text = json_dumps(line, JSON_COMPACT);
	buf_puts(out, text);
	buf_putc(out, '\n');
	free(text);
	json_decref(line);
}

static bool worth_a_line(enum step_state state)
{
	return state != STEP_STATE_PENDING && state != STEP_STATE_RUNNING && state != STEP_STATE_UNDOING;
}

/* "  00:05  provision   Green "shop-134": 41/64 resources    …   usually 13 min" */
static void running_line(const struct progress *progress, const struct run_state *state, const struct step_view *view,
			 int64_t now_ms, struct buf *out)
{
	if (view->state != STEP_STATE_RUNNING && view->state != STEP_STATE_UNDOING)
		return;
	char time[TIME_TEXT], usual[TIME_TEXT];
	char *text CLEANUP(mem_freep) = progress_text(view);
	buf_printf(out, "  %s ", elapsed(now_ms - state->created_ms, time));
	progress_cell(out, view->step->phase, 11);
	progress_cell(out, text, what_columns(progress) - 1);
	buf_puts(out, view->state == STEP_STATE_RUNNING ? " runs" : " undoing");
	if (view->state == STEP_STATE_RUNNING && view->step->estimated_duration_ms)
		buf_printf(out, "     ~ %s", duration_format(view->step->estimated_duration_ms, usual));
	buf_putc(out, '\n');
}

static void tell_running(const struct run_state *state, const struct step_view *view, struct told *told,
			 const struct progress *progress, int64_t now_ms, struct buf *out)
{
	if (now_ms - told->last_ms < AGAIN_MS)
		return;
	told->last_ms = now_ms;
	running_line(progress, state, view, now_ms, out);
}

static void tell_steps(struct progress *progress, const struct run_state *state, int64_t now_ms, struct buf *out)
{
	for (size_t i = 0; i < state->plan.n_steps; i++) {
		const struct step_view *view = &state->steps[i];
		struct told *told = &progress->told[i];
		if (told->state == view->state) {
			if (progress->options.patient)
				tell_running(state, view, told, progress, now_ms, out);
			continue;
		}
		told->state = view->state;
		told->last_ms = now_ms;
		if (progress->options.mode == PROGRESS_JSON)
			step_json(view, now_ms, out);
		else if (worth_a_line(view->state))
			step_line(progress, state, view, view->ended_ms ? view->ended_ms : now_ms, out);
		else if (progress->options.patient && view->step->estimated_duration_ms >= MINUTE_MS)
			running_line(progress, state, view, now_ms, out);
	}
}

static void live_rows(struct progress *progress, const struct run_state *state, int64_t now_ms, struct buf *out)
{
	unsigned columns = progress->options.columns;
	for (size_t i = 0; i < state->plan.n_steps; i++) {
		const struct step_view *view = &state->steps[i];
		if (view->state != STEP_STATE_RUNNING && view->state != STEP_STATE_UNDOING)
			continue;
		char so_far[TIME_TEXT], usual[TIME_TEXT];
		duration_format(now_ms - view->started_ms, so_far);
		duration_format(view->step->estimated_duration_ms, usual);
		char *what CLEANUP(mem_freep) = progress_text(view);
		char *text CLEANUP(mem_freep) =
			mem_printf("%s%s", view->state == STEP_STATE_UNDOING ? "undo " : "", what);
		char *times CLEANUP(mem_freep) = mem_printf("%s of about %s", so_far, usual);
		unsigned right = (unsigned)strlen(times) + 2;
		buf_puts(out, "  > ");
		progress_cell(out, text, columns > right + 12 ? columns - right - 5 : 12);
		buf_printf(out, " %s\n", times);
		progress->live_rows++;
	}
}

static void head(struct progress *progress, struct buf *out)
{
	const char *title = progress->options.clock_title ? progress->options.clock_title : "elapsed";
	buf_printf(out, "  %-6.5s", title);
	progress_cell(out, "phase", 11);
	progress_cell(out, "what", what_columns(progress));
	buf_puts(out, "result   took\n");
}

void progress_update(struct progress *progress, const struct run_state *state, int64_t now_ms)
{
	struct buf out CLEANUP(buf_done) = BUF_INIT(16 << 20);
	if (!progress->told) {
		progress->n_told = state->plan.n_steps;
		progress->told = mem_array(progress->n_told + 1, sizeof *progress->told);
	}
	if (progress->live_rows) {
		buf_printf(&out, "\033[%uA\033[J", progress->live_rows);
		progress->live_rows = 0;
	}
	if (!progress->head_told && progress->options.mode != PROGRESS_JSON)
		head(progress, &out);
	progress->head_told = true;
	if (state->rolling_back && !progress->rollback_told && progress->options.mode != PROGRESS_JSON) {
		char time[TIME_TEXT];
		buf_printf(&out, "  %s ", elapsed(now_ms - state->created_ms, time));
		progress_line(&out, "rolling back to Blue: ", state->reason ? state->reason : "asked for");
	}
	progress->rollback_told = state->rolling_back;
	tell_steps(progress, state, now_ms, &out);
	if (progress->options.mode == PROGRESS_LIVE)
		live_rows(progress, state, now_ms, &out);
	if (out.n)
		progress->options.write(progress->options.context, buf_slice(&out));
}

void progress_free(struct progress *progress)
{
	if (!progress)
		return;
	if (progress->live_rows) {
		char erase[32];
		int n = snprintf(erase, sizeof erase, "\033[%uA\033[J", progress->live_rows);
		progress->options.write(progress->options.context, slice_make(erase, (size_t)n));
	}
	free(progress->told);
	free(progress);
}

void progress_freep(struct progress **progress)
{
	progress_free(*progress);
}
