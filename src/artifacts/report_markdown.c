/* The report as Markdown, for tickets and pull requests; and the sentence that every form begins with. */
#include <string.h>
#include "artifacts/report_internal.h"
#include "base/time.h"
#include "base/words.h"
#include "codec/document.h"

/* Text from outside within a table cell or a line: no markup, no HTML, no line breaks. */
static void text(struct buf *out, const char *value)
{
	struct buf clean CLEANUP(buf_done) = BUF_INIT(out->max);
	words_clean(&clean, slice_of(value ? value : ""), false, 0);
	for (const char *p = buf_str(&clean); *p; p++) {
		if (*p == '<' || *p == '>' || *p == '&') {
			buf_puts(out, *p == '<' ? "&lt;" : *p == '>' ? "&gt;" : "&amp;");
		} else {
			if (strchr("|`*_[]\\!", *p))
				buf_putc(out, '\\');
			buf_putc(out, *p);
		}
	}
}

/* " All users were back on Blue 1 min 38 s after the decision.", or nothing when Blue was never left. */
static void report_all_blue(const json_t *document, struct buf *out)
{
	char took[TIME_TEXT];
	double after_s = document_real_or(document, "rollback.all_blue_after_s", -1);
	if (after_s >= 0)
		buf_printf(out, " All users were back on Blue %s after the decision.",
			   duration_format((int64_t)(after_s * SECOND_MS), took));
}

void report_answer(const json_t *document, struct buf *out)
{
	char took[TIME_TEXT];
	buf_printf(out,
		   "%s: %s serves; %lld requests asked by the prober, %lld failed, longest gap %lld ms; %s in all.",
		   document_text_or(document, "result", "unknown"), document_text_or(document, "serving", "unknown"),
		   (long long)document_int_or(document, "requests", 0),
		   (long long)document_int_or(document, "failed_requests", 0),
		   (long long)document_int_or(document, "longest_gap_ms", 0),
		   duration_format(document_int_or(document, "duration_s", 0) * SECOND_MS, took));
	const char *reason = document_text(document, "reason");
	if (reason) {
		buf_puts(out, " Why: ");
		text(out, reason);
		buf_putc(out, '.');
	}
	report_all_blue(document, out);
}

static void row(struct buf *out, const json_t *object, const char *const *columns, size_t n)
{
	buf_putc(out, '|');
	for (size_t i = 0; i < n; i++) {
		const json_t *value = document_at(object, columns[i]);
		buf_putc(out, ' ');
		if (json_is_number(value))
			buf_printf(out, "%.4g", json_number_value(value));
		else
			text(out, json_string_value(value));
		buf_puts(out, " |");
	}
	buf_putc(out, '\n');
}

static void table(struct buf *out, const char *title, const json_t *rows, const char *const *columns, size_t n)
{
	size_t i;
	const json_t *line;
	buf_printf(out, "\n## %s\n\n|", title);
	for (size_t k = 0; k < n; k++)
		buf_printf(out, " %s |", columns[k]);
	buf_puts(out, "\n|");
	for (size_t k = 0; k < n; k++)
		buf_puts(out, " --- |");
	buf_putc(out, '\n');
	json_array_foreach (rows, i, line)
		row(out, line, columns, n);
}

void report_markdown(const json_t *document, struct buf *out)
{
	static const char *const steps[] = {"id", "state", "started", "ended", "detail", "reason"};
	static const char *const traffic[] = {"time", "step", "asked", "measured", "verdict"};
	static const char *const timeline[] = {"seq", "time", "kind", "step", "text"};
	struct buf answer CLEANUP(buf_done) = BUF_INIT(1 << 16);
	report_answer(document, &answer);
	buf_puts(out, "# ");
	text(out, document_text(document, "plan.cluster_name"));
	buf_printf(out, " %s → %s\n\n", document_text_or(document, "plan.source_version", "?"),
		   document_text_or(document, "plan.target_version", "?"));
	text(out, buf_str(&answer));
	buf_printf(out, "\n\n%lld journal records, chain verified.\n",
		   (long long)document_int_or(document, "records_proven", 0));
	table(out, "Steps", json_object_get(document, "steps"), steps, ARRAY_SIZE(steps));
	table(out, "Traffic", json_object_get(document, "traffic"), traffic, ARRAY_SIZE(traffic));
	table(out, "Timeline", json_object_get(document, "timeline"), timeline, ARRAY_SIZE(timeline));
	buf_printf(out, "\nRun %s, plan %s. Times are UTC.\n", document_text_or(document, "run", ""),
		   document_text_or(document, "plan.plan_id", ""));
}
