/* One screen for status and watch: where, since when, what next, who is waited for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "artifacts/progress.h"
#include "base/mem.h"
#include "base/time.h"

static void bar(struct buf *out, const char *label, double green_percent, unsigned width)
{
	buf_printf(out, "  %-10s Blue ", label);
	if (isnan(green_percent)) {
		buf_puts(out, "not measured\n");
		return;
	}
	unsigned green = (unsigned)lround(green_percent * width / 100);
	buf_putc(out, '[');
	for (unsigned i = 0; i < width; i++)
		buf_putc(out, i < width - green ? 'b' : 'G');
	buf_printf(out, "] Green %.1f %%\n", green_percent);
}

static void traffic(const struct run_state *state, unsigned columns, struct buf *out)
{
	unsigned width = columns > 76 ? 40 : 20;
	buf_puts(out, "Traffic\n");
	bar(out, "asked", state->green_asked, width);
	if (!state->n_traffic)
		return;
	const struct traffic_view *last = &state->traffic[state->n_traffic - 1];
	bar(out, "measured", last->measured, width);
	buf_printf(out, "  verdict    %s at %g %%\n", verdict_names[last->verdict], last->asked);
}

static void steps(const struct run_state *state, int64_t now_ms, unsigned columns, struct buf *out)
{
	unsigned what = columns > 52 ? columns - 34 : 20;
	buf_puts(out, "Steps\n");
	for (size_t i = 0; i < state->plan.n_steps; i++) {
		const struct step_view *view = &state->steps[i];
		char took[TIME_TEXT] = "";
		if (view->started_ms)
			duration_format(progress_took_ms(state, view, now_ms), took);
		char *text CLEANUP(mem_freep) = progress_text(view);
		buf_puts(out, "  ");
		progress_cell(out, progress_word(state, view), 8);
		buf_putc(out, ' ');
		progress_cell(out, view->step->phase, 10);
		buf_putc(out, ' ');
		progress_cell(out, text, what);
		buf_printf(out, " %s\n", took);
	}
}

static int64_t remaining_ms(const struct run_state *state, int64_t now_ms)
{
	int64_t sum = 0;
	for (size_t i = 0; i < state->plan.n_steps; i++) {
		const struct step_view *view = &state->steps[i];
		int64_t estimate = view->step->estimated_duration_ms;
		if (view->state == STEP_STATE_PENDING)
			sum += estimate;
		else if (view->state == STEP_STATE_RUNNING && estimate > now_ms - view->started_ms)
			sum += estimate - (now_ms - view->started_ms);
	}
	return sum;
}

/* What a person may type now. */
static void next(const struct run_state *state, int64_t now_ms, struct buf *out)
{
	char text[TIME_TEXT];
	for (size_t i = 0; i < state->plan.n_steps; i++) {
		const struct step_view *view = &state->steps[i];
		if (view->reason && (view->state == STEP_STATE_HELD || view->state == STEP_STATE_FAILED)) {
			buf_printf(out, "why:   %s", view->step->step_id);
			progress_line(out, ": ", view->reason);
		}
		if (view->state == STEP_STATE_HELD && !strcmp(view->step->executor, "approval"))
			buf_printf(out, "next:  eks-upgrade-agent approve %s, then eks-upgrade-agent upgrade\n",
				   view->step->step_id);
	}
	if (state->result == RUN_RUNNING)
		buf_printf(out, "left:  about %s\n", duration_format(remaining_ms(state, now_ms), text));
	if (run_result_ended(state->result))
		buf_puts(out, "next:  eks-upgrade-agent report --out report.html\n");
	if (state->result == RUN_PAUSED)
		buf_puts(out, "next:  eks-upgrade-agent resume, or eks-upgrade-agent rollback\n");
}

void progress_screen(const struct run_state *state, int64_t now_ms, unsigned columns, bool colour, struct buf *out)
{
	char since[TIME_TEXT], took[TIME_TEXT];
	const struct upgrade_plan *plan = &state->plan;
	int64_t end = state->ended_ms ? state->ended_ms : now_ms;
	buf_printf(out, "%s%s%s  %s %s → %s by %s, run %.8s\n", colour ? "\033[1m" : "",
		   run_result_names[run_state_result(state)], colour ? "\033[0m" : "", plan->cluster_name,
		   plan->source_version, plan->target_version, strategy_names[plan->strategy], state->run_id);
	buf_printf(out, "since %s (%s), %llu records, serving %s\n", time_format_local(state->created_ms, since),
		   duration_format(end - state->created_ms, took), (unsigned long long)state->records,
		   run_state_serving(state));
	if (state->reason)
		progress_line(out, state->rolling_back ? "rolled back because: " : "reason: ", state->reason);
	buf_putc(out, '\n');
	traffic(state, columns, out);
	if (state->prober_requests)
		buf_printf(out, "  prober     %llu requests, %llu failed, longest gap %lld ms\n",
			   (unsigned long long)state->prober_requests, (unsigned long long)state->prober_failed,
			   (long long)state->prober_longest_gap_ms);
	buf_putc(out, '\n');
	steps(state, now_ms, columns, out);
	buf_putc(out, '\n');
	next(state, now_ms, out);
}
