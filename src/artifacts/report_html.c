/* The report as one HTML file: nothing is fetched, nothing runs; every value from outside is escaped. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "artifacts/report_internal.h"
#include "base/mem.h"
#include "base/time.h"
#include "base/words.h"
#include "codec/document.h"
#include "codec/xml.h"

static const char STYLE[] =
	":root{color-scheme:light "
	"dark;--fg:#1c2430;--bg:#fff;--dim:#5a6675;--line:#d6dce4;--good:#1a7f4b;--bad:#b3261e}"
	"@media(prefers-color-scheme:dark){:root{--fg:#e4e9f0;--bg:#12161c;--dim:#9aa6b5;--line:#2d3642;--good:#58c98b;"
	"--bad:#ff8a80}}"
	"body{font:15px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);max-width:60rem;margin:2rem "
	"auto;padding:0 1rem}"
	"h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}.answer{font-size:1.1rem;margin:.5rem 0 "
	"1rem}"
	".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.5rem}"
	".card{border:1px solid var(--line);border-radius:.4rem;padding:.5rem .75rem}.card "
	"b{display:block;font-size:1.25rem}"
	".card span,.dim{color:var(--dim)}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}"
	"td,th{text-align:left;padding:.25rem .5rem;border-bottom:1px solid var(--line);vertical-align:top}"
	"time{white-space:nowrap}.good{color:var(--good)}.bad{color:var(--bad)}figure{margin:.5rem "
	"0}svg{width:100%;height:auto}"
	"svg text{font:11px system-ui,sans-serif;fill:currentColor}svg .title{font-weight:600;font-size:13px}"
	"@media(max-width:40rem){.day,.steps td:nth-child(4),.steps "
	"th:nth-child(4){display:none}figure{overflow-x:auto}svg{"
	"min-width:34rem}}"
	"svg .grid{stroke:var(--line)}details pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px}";

static void text(struct buf *out, const char *value)
{
	struct buf clean CLEANUP(buf_done) = BUF_INIT(out->max);
	words_clean(&clean, slice_of(value ? value : ""), false, 0);
	xml_escape(buf_slice(&clean), out);
}

/* Nothing is fetched and nothing runs, and the browser is told so. */
void report_html_head(struct buf *out, const char *title, const char *more_style)
{
	buf_puts(out, "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
		      "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src "
		      "'unsafe-inline'\">"
		      "<meta name='viewport' content='width=device-width,initial-scale=1'><title>");
	text(out, title);
	buf_printf(out, "</title><style>%s%s</style></head><body>", STYLE, more_style);
}

/* "2026-11-24 00:21:09", on one line. */
static void moment(struct buf *out, const char *value)
{
	if (!value)
		return;
	buf_puts(out, "<time datetime='");
	text(out, value);
	buf_printf(out, "'><span class='day'>%.10s </span>%.8s</time>", value, strlen(value) > 11 ? value + 11 : "");
}

static void card(struct buf *out, const char *value, const char *label, const char *class)
{
	buf_printf(out, "<div class='card'><b class='%s'>", class);
	text(out, value);
	buf_printf(out, "</b><span>%s</span></div>", label);
}

static void cards(const json_t *document, struct buf *out)
{
	char value[64];
	int64_t failed = document_int_or(document, "failed_requests", 0);
	buf_puts(out, "<div class='cards'>");
	snprintf(value, sizeof value, "%lld", (long long)document_int_or(document, "requests", 0));
	card(out, value, "requests by the prober", "");
	snprintf(value, sizeof value, "%lld", (long long)failed);
	card(out, value, "failed", failed ? "bad" : "good");
	snprintf(value, sizeof value, "%lld ms", (long long)document_int_or(document, "longest_gap_ms", 0));
	card(out, value, "longest gap", document_int_or(document, "longest_gap_ms", 0) ? "bad" : "good");
	card(out, duration_format(document_int_or(document, "duration_s", 0) * SECOND_MS, value), "from start to end",
	     "");
	snprintf(value, sizeof value, "%lld", (long long)document_int_or(document, "records_proven", 0));
	card(out, value, "records, chain verified", "good");
	buf_puts(out, "</div>\n");
}

struct series {
	double *minutes, *asked, *measured, *blue_errors, *green_errors, *blue_p99, *green_p99;
	size_t n;
};

static double percent(double value)
{
	return isnan(value) ? value : value * 100;
}

static void collect(const json_t *document, struct arena *arena, struct series *ret)
{
	const json_t *samples = json_object_get(document, "samples");
	size_t n = json_array_size(samples);
	double **columns[] = {&ret->minutes,	  &ret->asked,	  &ret->measured, &ret->blue_errors,
			      &ret->green_errors, &ret->blue_p99, &ret->green_p99};
	for (size_t k = 0; k < ARRAY_SIZE(columns); k++)
		*columns[k] = arena_alloc(arena, (n + 1) * sizeof(double));
	ret->n = n;
	double first = n ? document_real_or(json_array_get(samples, 0), "time_ms", 0) : 0;
	for (size_t i = 0; i < n; i++) {
		const json_t *sample = json_array_get(samples, i);
		ret->minutes[i] = (document_real_or(sample, "time_ms", first) - first) / (double)MINUTE_MS;
		ret->asked[i] = document_real_or(sample, "asked", NAN);
		ret->measured[i] = document_real_or(sample, "measured", NAN);
		ret->blue_errors[i] = percent(document_real_or(sample, "blue.error_rate", NAN));
		ret->green_errors[i] = percent(document_real_or(sample, "green.error_rate", NAN));
		ret->blue_p99[i] = document_real_or(sample, "blue.p99_ms", NAN);
		ret->green_p99[i] = document_real_or(sample, "green.p99_ms", NAN);
	}
}

static void plots(const json_t *document, struct buf *out)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct series series;
	collect(document, arena, &series);
	if (!series.n)
		return;
	buf_puts(out, "<h2>Traffic, errors, latency</h2>\n");
	const struct plot_line traffic[] = {{"asked", "#8a94a6", series.asked, true},
					    {"measured", "#1a9c5b", series.measured, false}};
	const struct plot_line errors[] = {{"Blue", "#2f6fde", series.blue_errors, false},
					   {"Green", "#1a9c5b", series.green_errors, false}};
	const struct plot_line latency[] = {{"Blue", "#2f6fde", series.blue_p99, false},
					    {"Green", "#1a9c5b", series.green_p99, false}};
	report_plot(out, "Share on Green", " %", series.minutes, series.n, traffic, 2, 100);
	report_plot(out, "Error rate", " %", series.minutes, series.n, errors, 2, 1);
	report_plot(out, "Latency p99", " ms", series.minutes, series.n, latency, 2, 10);
}

static void steps(const json_t *document, struct buf *out)
{
	size_t i;
	const json_t *step;
	buf_puts(out, "<h2>Steps</h2><div class='wide'><table "
		      "class='steps'><tr><th>step<th>state<th>started<th>ended<th>what</tr>\n");
	json_array_foreach (json_object_get(document, "steps"), i, step) {
		const char *columns[] = {"id", "state", "started", "ended"};
		buf_puts(out, "<tr>");
		for (size_t k = 0; k < ARRAY_SIZE(columns); k++) {
			buf_puts(out, "<td>");
			if (k < 2)
				text(out, document_text(step, columns[k]));
			else
				moment(out, document_text(step, columns[k]));
		}
		buf_puts(out, "<td>");
		text(out, document_text(step, "detail"));
		if (document_text(step, "reason")) {
			buf_puts(out, " <span class='dim'>");
			text(out, document_text(step, "reason"));
			buf_puts(out, "</span>");
		}
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out, "</table></div>\n");
}

static void timeline(const json_t *document, struct buf *out)
{
	size_t i;
	const json_t *line;
	buf_puts(out, "<h2>Timeline and decisions</h2><div "
		      "class='wide'><table><tr><th>#<th>time<th>record<th>step<th>what</tr>\n");
	json_array_foreach (json_object_get(document, "timeline"), i, line) {
		buf_printf(out, "<tr><td>%lld<td>", (long long)document_int_or(line, "seq", 0));
		const char *columns[] = {"time", "kind", "step", "text"};
		for (size_t k = 0; k < ARRAY_SIZE(columns); k++) {
			if (k == 0)
				moment(out, document_text(line, columns[k]));
			else
				text(out, document_text(line, columns[k]));
			buf_puts(out, k + 1 < ARRAY_SIZE(columns) ? "<td>" : "");
		}
		const json_t *evidence = json_object_get(line, "evidence");
		if (evidence) {
			struct buf json CLEANUP(buf_done) = BUF_INIT(1 << 20),
					clean CLEANUP(buf_done) = BUF_INIT(1 << 22);
			document_print(evidence, true, &json);
			words_clean_json(&clean, buf_slice(&json));
			buf_puts(out, "<details><summary>evidence</summary><pre>");
			xml_escape(buf_slice(&clean), out);
			buf_puts(out, "</pre></details>");
		}
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out, "</table></div>\n");
}

void report_html(const json_t *document, struct buf *out)
{
	struct buf answer CLEANUP(buf_done) = BUF_INIT(1 << 16);
	report_answer(document, &answer);
	char *title CLEANUP(mem_freep) =
		mem_printf("%s upgrade report", document_text_or(document, "plan.cluster_name", ""));
	report_html_head(out, title, "");
	buf_puts(out, "<h1>");
	text(out, document_text(document, "plan.cluster_name"));
	buf_puts(out, " ");
	text(out, document_text(document, "plan.source_version"));
	buf_puts(out, " → ");
	text(out, document_text(document, "plan.target_version"));
	buf_puts(out, "</h1><p class='answer'>");
	text(out, buf_str(&answer));
	buf_puts(out, "</p>\n");
	cards(document, out);
	plots(document, out);
	steps(document, out);
	timeline(document, out);
	buf_puts(out, "<p class='dim'>Run ");
	text(out, document_text(document, "run"));
	buf_puts(out, ", plan ");
	text(out, document_text(document, "plan.plan_id"));
	buf_puts(out, ". Times are UTC.</p></body></html>\n");
}
