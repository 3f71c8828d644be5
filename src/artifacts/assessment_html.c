/* An assessment as one HTML file. Nothing is fetched and nothing runs: the filter by severity is check boxes and style
 * rules, so that it works where scripts do not. Every value is escaped. */
#include <string.h>
#include "artifacts/assessment_internal.h"
#include "artifacts/notes_internal.h"
#include "artifacts/report_internal.h"
#include "codec/xml.h"

/* What can be filtered, by the word on the label. */
static const struct kind {
	const char *class, *label;
} kinds[] = {{"blocker", "BLOCKER"}, {"high", "HIGH"},	       {"medium", "MEDIUM"},	{"low", "LOW"},
	     {"info", "INFO"},	     {"unknown", "NOT KNOWN"}, {"accepted", "ACCEPTED"}};
enum { KIND_UNKNOWN = 5, KIND_ACCEPTED = 6, SHOWN_WHOLE = 3, SHOWN_OPEN = 12 };

static const char STYLE[] =
	":root{--blocker:#b3261e;--high:#a8480b;--medium:#7a5a00;--low:#2b5fa8;--info:#4a5565;--unknown:#7a3ea1;"
	"--accepted:#4a5565;--soft:#f4f6f9}"
	"@media(prefers-color-scheme:dark){:root{--blocker:#ff8a80;--high:#ffab70;--medium:#e8c46a;--low:#8ab8ff;"
	"--info:#aab6c5;--unknown:#d3a4f0;--accepted:#aab6c5;--soft:#1a2029}}"
	".answer{font-weight:600}.answer.bad::before{content:'\\2717\\00a0'}.answer.good::before{content:'\\2713\\00a0'"
	"}"
	"article{border:1px solid var(--line);border-left:.3rem solid var(--c);border-radius:.4rem;"
	"padding:.6rem .8rem;margin:.6rem 0;overflow-wrap:anywhere}"
	"article h3{font-size:1rem;font-weight:500;margin:0}.tag{color:var(--c);font-weight:700;margin-right:.3rem}"
	"code{font:.9em/1.4 ui-monospace,monospace;background:var(--soft);padding:.05rem .25rem;border-radius:.2rem;"
	"overflow-wrap:anywhere}.id{font-weight:600;margin-right:.3rem}"
	"dl{display:grid;grid-template-columns:3.2rem 1fr;gap:.15rem .5rem;margin:.4rem 0 "
	"0}dt{color:var(--dim)}dd{margin:0;"
	"min-width:0}"
	"details{margin-top:.4rem}summary{cursor:pointer;color:var(--dim)}ol{margin:.4rem 0;padding-left:1.8rem}"
	"ol li{margin:.5rem 0}ul.plain{columns:18rem;padding-left:1.2rem}.cmd{display:block;padding:.3rem .5rem;"
	"white-space:pre;overflow-x:auto}"
	".filter{margin:1.2rem 0 .4rem;font-weight:600}input.f{position:absolute;opacity:0}"
	"label.f{display:inline-block;margin:0 .9rem .4rem "
	"0;color:var(--c);font-weight:600;white-space:nowrap;cursor:pointer}"
	".touches{--c:var(--high)}.note{--c:var(--low)}"
	"label.f::before{content:'\\2610\\00a0'}input.f:checked+label.f::before{content:'\\2611\\00a0'}"
	"input.f:focus-visible+label.f{outline:2px solid}a{color:var(--low)}h1{overflow-wrap:anywhere}"
	"@media(max-width:30rem){.cmd{white-space:pre-wrap}dl{display:block}dt{margin-top:.3rem}body{margin:1rem "
	"auto}}";

static void text(struct buf *out, const char *value)
{
	xml_escape(slice_of(value ? value : ""), out);
}

static size_t kind_of(const struct finding *finding)
{
	return finding->status == FINDING_UNKNOWN    ? KIND_UNKNOWN
	       : finding->status == FINDING_ACCEPTED ? KIND_ACCEPTED
						     : (size_t)finding->severity;
}

static void pair(struct buf *out, const char *term, const char *value)
{
	if (!value || !*value)
		return;
	buf_printf(out, "<dt>%s</dt><dd>", term);
	text(out, value);
	buf_puts(out, "</dd>");
}

static void remedy(const struct finding *finding, struct buf *out)
{
	if (finding->remedy && *finding->remedy && assessment_is_command(finding->remedy)) {
		buf_puts(out, "<dt>do</dt><dd><code class='cmd'>");
		text(out, finding->remedy);
		buf_puts(out, "</code></dd>");
	} else {
		pair(out, "do", finding->remedy);
	}
	const char *link = assessment_link(finding);
	if (!link)
		return;
	buf_puts(out, "<dt>read</dt><dd><a rel='noopener noreferrer' href='");
	text(out, link);
	buf_puts(out, "'>");
	text(out, link);
	buf_puts(out, "</a></dd>");
}

static void facts(const struct assessment_view *view, const struct finding *finding, bool with_remedy, struct buf *out)
{
	struct buf value CLEANUP(buf_done) = BUF_INIT(1 << 17);
	buf_puts(out, "<dl>");
	assessment_place(finding, &value);
	pair(out, "in", buf_str(&value));
	buf_clear(&value);
	if (finding->status == FINDING_ACCEPTED)
		assessment_acceptance(finding, &value);
	pair(out, "by", buf_str(&value));
	pair(out, "why", finding->status == FINDING_ACCEPTED ? NULL : finding->reason);
	for (size_t i = 0; i < finding->n_evidence; i++) {
		struct buf before CLEANUP(buf_done) = value;
		value = (struct buf)BUF_INIT(1 << 17);
		assessment_evidence(view, &finding->evidence[i], &value);
		if (i == 0 || strcmp(buf_str(&before), buf_str(&value)) != 0)
			pair(out, i ? "" : "seen", buf_str(&value));
	}
	pair(out, "use", assessment_replacement(finding));
	if (with_remedy)
		remedy(finding, out);
	buf_puts(out, "</dl>");
}

/* <article>, with the label and the id. */
static void begin(const struct finding *finding, bool with_id, struct buf *out)
{
	buf_printf(out, "<article class='k-%s'><h3><span class='tag'>%s</span> ", kinds[kind_of(finding)].class,
		   assessment_label(finding));
	if (with_id) {
		buf_puts(out, "<code class='id'>");
		text(out, finding->id);
		buf_puts(out, "</code> ");
	}
}

static void one(const struct assessment_view *view, const struct finding *finding, bool with_remedy, struct buf *out)
{
	struct buf sentence CLEANUP(buf_done) = BUF_INIT(1 << 17);
	begin(finding, true, out);
	assessment_sentence(finding, true, &sentence);
	text(out, buf_str(&sentence));
	if (finding->status == FINDING_UNKNOWN && finding->severity == SEVERITY_BLOCKER)
		buf_puts(out, " <span class='dim'>(could be a blocker)</span>");
	buf_puts(out, "</h3>");
	facts(view, finding, with_remedy, out);
	buf_puts(out, "</article>\n");
}

static void members(const struct assessment_view *view, const struct assessment_group *group, struct buf *out)
{
	const struct finding *first = &view->shown.findings[group->first];
	buf_printf(out, "<details%s><summary>all %zu</summary><ol>", group->n <= SHOWN_OPEN ? " open" : "", group->n);
	for (size_t i = 0; i < group->n; i++) {
		struct buf sentence CLEANUP(buf_done) = BUF_INIT(1 << 17);
		const struct finding *finding = first + i;
		buf_puts(out, "<li>");
		if (!group->one_check) {
			buf_puts(out, "<code class='id'>");
			text(out, finding->id);
			buf_puts(out, "</code> ");
			text(out, assessment_check_title(finding));
		} else {
			if (group->same_message && finding->object)
				assessment_object(finding, &sentence);
			else
				assessment_sentence(finding, true, &sentence);
			text(out, buf_str(&sentence));
			facts(view, finding, !group->same_remedy, out);
		}
		buf_puts(out, "</li>\n");
	}
	buf_puts(out, "</ol></details>");
}

static void many(const struct assessment_view *view, const struct assessment_group *group, struct buf *out)
{
	const struct finding *first = &view->shown.findings[group->first];
	begin(first, group->one_check, out);
	if (group->one_check) {
		text(out, group->same_message && first->message ? first->message : assessment_check_title(first));
		buf_printf(out, " (%zu of them)", group->n);
	} else {
		buf_printf(out, "%zu answers, all for one reason", group->n);
	}
	buf_puts(out, "</h3><dl>");
	if (first->status == FINDING_UNKNOWN)
		pair(out, "why", first->reason);
	if (group->same_remedy)
		remedy(first, out);
	buf_puts(out, "</dl>");
	members(view, group, out);
	buf_puts(out, "</article>\n");
}

static void card(struct buf *out, int64_t value, const char *label, const char *class)
{
	buf_printf(out, "<div class='card'><b class='%s'>%lld</b><span>%s</span></div>", value ? class : "",
		   (long long)value, label);
}

static void cards(const struct assessment_view *view, struct buf *out)
{
	buf_puts(out, "<div class='cards'>");
	card(out, view->blockers, view->blockers == 1 ? "blocker" : "blockers", "bad");
	card(out, view->warnings, view->warnings == 1 ? "warning" : "warnings", "");
	card(out, view->notes, view->notes == 1 ? "note" : "notes", "");
	card(out, view->unknown, "not known", view->could_block ? "bad" : "");
	if (view->blue_green)
		card(out, view->blue_green, "for blue/green only", "");
	if (view->rollback)
		card(out, view->rollback, "for rollback only", "");
	if (view->accepted)
		card(out, view->accepted, "accepted", "");
	card(out, view->shown.counts.passed, "passed", "good");
	buf_puts(out, "</div>\n");
}

/* Check boxes before <main>, and a rule for each that hides its kind. */
static void filter(const struct assessment_view *view, struct buf *out)
{
	size_t counts[ARRAY_SIZE(kinds)] = {0};
	for (size_t i = 0; i < view->shown.n_findings; i++)
		counts[kind_of(&view->shown.findings[i])]++;
	buf_puts(out, "<p class='filter' id='filter'>Show</p>");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (counts[i])
			buf_printf(out,
				   "<input class='f' type='checkbox' id='f-%s' checked><label class='f k-%s' "
				   "for='f-%s'>%s %zu</label>",
				   kinds[i].class, kinds[i].class, kinds[i].class, kinds[i].label, counts[i]);
}

static void rules(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		buf_printf(out, ".k-%s{--c:var(--%s)}#f-%s:not(:checked)~main .k-%s{display:none}", kinds[i].class,
			   kinds[i].class, kinds[i].class, kinds[i].class);
}

static void sources(const struct assessment_view *view, struct buf *out)
{
	size_t n = view->shown.n_sources, ok = 0;
	for (size_t i = 0; i < n; i++)
		ok += view->shown.sources[i].status && !strcmp(view->shown.sources[i].status, "ok");
	if (!n)
		return;
	buf_printf(out,
		   "<h2>What was read</h2><details%s><summary>%zu of %zu sources</summary><div class='wide'><table>",
		   ok < n ? " open" : "", ok, n);
	buf_puts(out, "<tr><th>source<th>result<th>why</tr>\n");
	for (size_t pass = 0; pass < 2; pass++) { /* what was not read comes first */
		for (size_t i = 0; i < n; i++) {
			const struct assessment_source *source = &view->shown.sources[i];
			bool good = source->status && !strcmp(source->status, "ok");
			if (good != (pass == 1))
				continue;
			buf_puts(out, "<tr><td>");
			text(out, source->name);
			buf_printf(out, "<td class='%s'>", good ? "good" : "bad");
			text(out, source->status);
			buf_puts(out, "<td>");
			text(out, source->detail);
			buf_puts(out, "</tr>\n");
		}
	}
	buf_puts(out, "</table></div></details>\n");
}

static void passed(const struct assessment_view *view, struct buf *out)
{
	const struct assessment *shown = &view->shown;
	size_t n = 0;
	for (size_t i = 0; i < shown->n_checks; i++) {
		if (assessment_check_failed(view, shown->checks[i].id))
			continue;
		if (n++ == 0)
			buf_puts(out, "<h2>Passed</h2><details><summary>the checks that found nothing</summary><ul "
				      "class='plain'>");
		buf_puts(out, "<li><code>");
		text(out, shown->checks[i].id);
		buf_puts(out, "</code> ");
		text(out, shown->checks[i].title);
		buf_puts(out, "</li>\n");
	}
	buf_puts(out, n ? "</ul></details>\n" : "");
}

static void groups(const struct assessment_view *view, struct buf *out)
{
	static const char *const titles[] = {"In the way", "Findings", "Not known"};
	for (size_t i = 0; i < view->n_groups; i++) {
		const struct assessment_group *group = &view->groups[i];
		const struct finding *first = &view->shown.findings[group->first];
		if (i == 0 || group->section != view->groups[i - 1].section) {
			const char *title = assessment_section_title(group->section);
			buf_printf(out, "<h2>%s</h2>\n", title ? title : titles[group->section]);
		}
		if ((group->one_check && group->n > SHOWN_WHOLE) ||
		    (!group->one_check && first->reason && *first->reason)) {
			many(view, group, out);
			continue;
		}
		for (size_t k = 0; k < group->n; k++)
			one(view, first + k, !group->same_remedy || k + 1 == group->n, out);
	}
}

/* The nodes that stop, and why. */
static void drain(const struct assessment_view *view, struct buf *out)
{
	const struct assessment *shown = &view->shown;
	struct buf sentence CLEANUP(buf_done) = BUF_INIT(1 << 17);
	if (!shown->n_drain)
		return;
	size_t blocked = assessment_drain(view, &sentence);
	buf_puts(out, "<h2>Drain</h2><p>");
	text(out, buf_str(&sentence) + strlen("Drain: "));
	buf_puts(out, blocked ? "</p><ol>" : "</p>\n");
	for (size_t i = 0; i < shown->n_drain; i++) {
		const struct drained_node *node = &shown->drain[i];
		for (size_t k = 0; node->blocked && k < node->n_stops; k++) {
			buf_puts(out, "<li><code>");
			text(out, node->node);
			buf_puts(out, "</code> ");
			text(out, node->stops[k].ns);
			buf_puts(out, "/");
			text(out, node->stops[k].pod);
			buf_puts(out, ": ");
			text(out, node->stops[k].why);
			if (assessment_stop_is_new(shown, &node->stops[k])) {
				bool command = assessment_is_command(node->stops[k].remedy);
				buf_puts(out, command ? "<br>do: <code>" : "<br>do: ");
				text(out, node->stops[k].remedy);
				buf_puts(out, command ? "</code>" : "");
			}
			buf_puts(out, "</li>\n");
		}
	}
	buf_puts(out, blocked ? "</ol>\n" : "");
}

static void foot(const struct assessment_view *view, const struct assessment_style *style, struct buf *out)
{
	struct buf time CLEANUP(buf_done) = BUF_INIT(200);
	buf_puts(out, "<p class='dim'>eks-upgrade-agent ");
	text(out, view->shown.tool);
	if (view->shown.captured_at_ms) {
		assessment_time(view->shown.captured_at_ms, style->zone_ms, &time);
		buf_printf(out, ", seen %s", buf_str(&time));
	}
	if (view->shown.region && *view->shown.region) {
		buf_puts(out, " in ");
		text(out, view->shown.region);
	}
	if (view->shown.snapshot_hash && *view->shown.snapshot_hash) {
		buf_puts(out, ", snapshot <code>");
		text(out, view->shown.snapshot_hash);
		buf_puts(out, "</code>");
	}
	buf_puts(out, "</p></main></body></html>\n");
}

void assessment_html(const struct assessment_view *view, const struct assessment_style *style, struct buf *out)
{
	struct buf title CLEANUP(buf_done) = BUF_INIT(1 << 17), answer CLEANUP(buf_done) = BUF_INIT(1 << 17);
	struct buf css CLEANUP(buf_done) = BUF_INIT(1 << 14);
	assessment_title(view, "→", &title);
	assessment_answer(view, &answer);
	buf_puts(&css, STYLE);
	rules(&css);
	report_html_head(out, buf_str(&title), buf_str(&css));
	buf_puts(out, "<h1>");
	text(out, buf_str(&title));
	buf_printf(out, "</h1><p class='answer %s'>", assessment_good(view) ? "good" : "bad");
	text(out, buf_str(&answer));
	buf_puts(out, "</p>\n");
	cards(view, out);
	if (view->n_groups)
		filter(view, out);
	buf_puts(out, "<main>\n");
	groups(view, out);
	drain(view, out);
	notes_section_html(view->shown.release_notes, view->shown.n_release_notes, out);
	sources(view, out);
	passed(view, out);
	foot(view, style, out);
}
