/* An assessment on a terminal: the answer first, then why, then what to do. Wrapped to the columns there are; commands
 * stay such that they can be copied; many like findings become one. */
#include <string.h>
#include "artifacts/assessment_internal.h"
#include "artifacts/notes_internal.h"
#include "base/time.h"
#include "base/words.h"

enum {
	LABEL = 11,	  /* cells of "NOT KNOWN" and its gap: everything else stands right of them */
	SUBLABEL = 6,	  /* "seen: " */
	SHOWN_WHOLE = 3,  /* so many like findings are told one by one */
	SHOWN_LINES = 8,  /* of a larger group: with a line each */
	SHOWN_NAMES = 24, /* of a larger group of which all say the same: only names */
	SHOWN_EVIDENCE = 3,
};

static const char *colour_of(const struct finding *finding)
{
	static const char *const colours[] = {"\033[1;31m", "\033[31m", "\033[33m", "\033[36m", "\033[36m"};
	return finding->status == FINDING_UNKNOWN    ? "\033[35m"
	       : finding->status == FINDING_ACCEPTED ? "\033[2m"
						     : colours[finding->severity];
}

/* "BLOCKER    WL-PDB-ZERO  ": what follows is wrapped under the id. */
static void head(struct page *page, const struct finding *finding, const char *id)
{
	page_colour(page, colour_of(finding));
	page_put(page, slice_of(assessment_label(finding)));
	page_colour(page, NULL);
	page_spaces(page, LABEL);
	if (!id)
		return;
	page_colour(page, "\033[1m");
	page_wrap(page, id, LABEL);
	page_colour(page, NULL);
	page_put(page, slice_of("  "));
}

static void label(struct page *page, const char *text)
{
	page_spaces(page, LABEL);
	page_colour(page, "\033[2m");
	page_put(page, slice_of(text));
	page_colour(page, NULL);
	page_spaces(page, LABEL + SUBLABEL);
}

static void line(struct page *page, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	label(page, name);
	page_wrap(page, text, LABEL + SUBLABEL);
	page_new_line(page, 0);
}

static void remedy(struct page *page, const char *name, const char *text)
{
	if (!text || !assessment_is_command(text)) {
		line(page, name, text);
		return;
	}
	label(page, name);
	page_wrap_command(page, text, LABEL + SUBLABEL);
	page_new_line(page, 0);
}

static void evidence_lines(struct page *page, const struct finding *finding)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	size_t n = finding->n_evidence;
	size_t shown = page->style->all || n <= SHOWN_EVIDENCE + 1 ? n : SHOWN_EVIDENCE;
	for (size_t i = 0; i < shown; i++) {
		struct buf before CLEANUP(buf_done) = text;
		text = (struct buf)BUF_INIT(1 << 16);
		assessment_evidence(page->view, &finding->evidence[i], &text);
		if (strcmp(buf_str(&before), buf_str(&text)) != 0)
			line(page, "seen:", buf_str(&text));
	}
	if (shown == n)
		return;
	buf_clear(&text);
	buf_printf(&text, "and %zu pieces of evidence more; -v shows all", n - shown);
	line(page, "", buf_str(&text));
}

static void why(struct page *page, const struct finding *finding)
{
	if (finding->status == FINDING_ACCEPTED) {
		struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
		assessment_acceptance(finding, &text);
		line(page, "by:", buf_str(&text));
	} else {
		line(page, "why:", finding->reason);
	}
}

static void one(struct page *page, const struct finding *finding, bool with_remedy)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 17), place CLEANUP(buf_done) = BUF_INIT(1 << 16);
	head(page, finding, finding->id);
	assessment_sentence(finding, true, &text);
	page_wrap(page, buf_str(&text), LABEL);
	if (finding->status == FINDING_UNKNOWN && finding->severity == SEVERITY_BLOCKER)
		page_wrap(page, " (could be a blocker)", LABEL);
	page_new_line(page, 0);
	assessment_place(finding, &place);
	line(page, "in:", buf_str(&place));
	why(page, finding);
	if (finding->status != FINDING_ACCEPTED) {
		evidence_lines(page, finding);
		line(page, "use:", assessment_replacement(finding));
		remedy(page, "do:", with_remedy ? finding->remedy : NULL);
	}
}

/* On one line, cut where it ends. */
static void member_line(struct page *page, const struct finding *finding)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 17);
	assessment_place(finding, &text);
	buf_puts(&text, text.n ? "  " : "");
	assessment_sentence(finding, true, &text);
	page_spaces(page, LABEL);
	size_t room = page->columns > LABEL ? page->columns - LABEL : 1;
	size_t fits = 0, at = 0, cells = 0, dots = page->style->utf8 ? 1 : 3;
	bool cut = words_width(buf_slice(&text)) > room;
	while (cut && at < text.n) {
		cells += words_cells(words_next(buf_slice(&text), &at));
		if (cells + dots > room)
			break;
		fits = at;
	}
	page_put(page, slice_make(text.p, cut ? fits : text.n));
	page_put(page, slice_of(!cut ? "" : page->style->utf8 ? "…" : "..."));
	page_new_line(page, 0);
}

static void and_more(struct page *page, size_t n)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(200);
	if (!n)
		return;
	buf_printf(&text, "and %zu more; -v shows all", n);
	page_spaces(page, LABEL);
	page_wrap(page, buf_str(&text), LABEL);
	page_new_line(page, 0);
}

/* The kind that all objects of a group share; NULL when they do not. */
static const char *shared_kind(const struct finding *findings, size_t n)
{
	const char *kind = findings[0].object ? findings[0].object->kind : NULL;
	for (size_t i = 0; kind && i < n; i++)
		if (!findings[i].object || !findings[i].object->kind || strcmp(findings[i].object->kind, kind) != 0 ||
		    (findings[i].file && *findings[i].file))
			return NULL;
	return kind && *kind ? kind : NULL;
}

/* Names with a comma between; of checks or of objects, each told once. */
static void names(struct page *page, const struct assessment_group *group, bool of_checks)
{
	const struct finding *findings = &page->view->shown.findings[group->first];
	const char *kind = of_checks ? NULL : shared_kind(findings, group->n);
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20), last CLEANUP(buf_done) = BUF_INIT(1 << 17);
	size_t shown = 0, i = 0;
	for (; i < group->n && (shown < SHOWN_NAMES || page->style->all); i++) {
		struct buf name CLEANUP(buf_done) = BUF_INIT(1 << 17);
		if (of_checks)
			buf_puts(&name, findings[i].id);
		else if (findings[i].file && *findings[i].file)
			assessment_place(&findings[i], &name);
		else if (kind)
			finding_object_print(findings[i].object, &name);
		else
			assessment_object(&findings[i], &name);
		if (!name.n || !strcmp(buf_str(&name), buf_str(&last)))
			continue;
		if (kind && !shown)
			buf_printf(&text, "%s ", kind);
		buf_printf(&text, "%s%s", shown++ ? ", " : "", buf_str(&name));
		buf_clear(&last);
		buf_puts(&last, buf_str(&name));
	}
	if (text.n) {
		page_spaces(page, LABEL);
		page_wrap(page, buf_str(&text), LABEL);
		page_new_line(page, 0);
	}
	and_more(page, group->n - i);
}

static void remedy_of_many(struct page *page, const struct assessment_group *group, const struct finding *first)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	if (!group->same_remedy)
		buf_printf(&text, "each its own (-v shows all); the first's:");
	line(page, "do:", buf_str(&text));
	remedy(page, group->same_remedy ? "do:" : "", first->remedy);
}

static void many(struct page *page, const struct assessment_group *group)
{
	const struct finding *first = &page->view->shown.findings[group->first];
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 17);
	bool by_name = group->same_message || first->status == FINDING_ACCEPTED;
	head(page, first, first->id);
	if (group->same_message && first->message && *first->message)
		buf_puts(&text, first->message);
	else
		buf_puts(&text, assessment_check_title(first));
	buf_printf(&text, " (%zu of them)", group->n);
	page_wrap(page, buf_str(&text), LABEL);
	page_new_line(page, 0);
	if (by_name) {
		names(page, group, false);
	} else {
		size_t shown = group->n > SHOWN_LINES + 1 ? SHOWN_LINES : group->n;
		for (size_t i = 0; i < shown; i++)
			member_line(page, first + i);
		and_more(page, group->n - shown);
	}
	if (first->status == FINDING_UNKNOWN)
		why(page, first);
	if (first->status != FINDING_ACCEPTED)
		remedy_of_many(page, group, first);
}

/* Checks that all failed for the same reason, as one denied call leaves them. */
static void not_known(struct page *page, const struct assessment_group *group)
{
	const struct finding *first = &page->view->shown.findings[group->first];
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 17);
	head(page, first, NULL);
	buf_printf(&text, "%zu answers, all for one reason%s", group->n,
		   first->severity == SEVERITY_BLOCKER ? " (could be blockers)" : "");
	page_wrap(page, buf_str(&text), LABEL);
	page_new_line(page, 0);
	names(page, group, true);
	why(page, first);
	remedy(page, "do:", first->remedy);
}

static void show_group(struct page *page, const struct assessment_group *group)
{
	const struct finding *first = &page->view->shown.findings[group->first];
	if (!group->one_check && first->reason && *first->reason) {
		not_known(page, group);
		return;
	}
	if (group->n > SHOWN_WHOLE && !page->style->all && group->one_check) {
		many(page, group);
		return;
	}
	for (size_t i = 0; i < group->n; i++) /* what is to be done for all of them stands below the last */
		one(page, first + i, i + 1 == group->n || !group->same_remedy || page->style->all);
}

/* On one line if it fits; else what took how long behind the title. */
static void answer(struct page *page)
{
	struct buf title CLEANUP(buf_done) = BUF_INIT(1 << 16), text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	struct buf took CLEANUP(buf_done) = BUF_INIT(100);
	const struct assessment *shown = &page->view->shown;
	assessment_title(page->view, page->style->utf8 ? "→" : "->", &title);
	assessment_answer(page->view, &text);
	if (shown->duration_ms)
		buf_printf(&took, "  %.*f s",
			   shown->duration_ms < 100 * SECOND_MS ? 1 + (shown->duration_ms < SECOND_MS) : 0,
			   (double)shown->duration_ms / (double)SECOND_MS);
	size_t needed = words_width(buf_slice(&title)) + 2 + words_width(buf_slice(&text)) + took.n;
	page_colour(page, "\033[1m");
	page_wrap(page, buf_str(&title), 2);
	page_colour(page, NULL);
	if (needed > page->columns) {
		page_put(page, took.n <= page_room(page) ? buf_slice(&took) : slice_of(""));
		page_new_line(page, 0);
	} else {
		page_put(page, slice_of("  "));
	}
	page_colour(page, assessment_good(page->view) ? "\033[1;32m" : "\033[1;31m");
	page_wrap(page, buf_str(&text), 2);
	page_colour(page, NULL);
	if (needed <= page->columns)
		page_put(page, buf_slice(&took));
	page_new_line(page, 0);
}

static void captured(struct page *page)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	const struct assessment *shown = &page->view->shown;
	if (!shown->captured_at_ms)
		return;
	buf_puts(&text, "seen ");
	assessment_time(shown->captured_at_ms, page->style->zone_ms, &text);
	if (shown->region && *shown->region)
		buf_printf(&text, " in %s", shown->region);
	if (shown->snapshot_hash && *shown->snapshot_hash)
		buf_printf(&text, ", snapshot %.12s", shown->snapshot_hash);
	page_colour(page, "\033[2m");
	page_wrap(page, buf_str(&text), 0);
	page_colour(page, NULL);
	page_new_line(page, 0);
}

static void sources(struct page *page)
{
	enum { MOST = 12 };
	const struct assessment *shown = &page->view->shown;
	size_t bad = 0;
	for (size_t i = 0; i < shown->n_sources; i++) {
		const struct assessment_source *source = &shown->sources[i];
		struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
		if (!source->status || !strcmp(source->status, "ok"))
			continue;
		if (bad++ == 0) {
			page_new_line(page, 0);
			page_put(page, slice_of("Not read:"));
			page_new_line(page, 0);
		}
		if (bad > MOST && !page->style->all)
			continue;
		buf_printf(&text, "%s%s%s", source->name, source->detail && *source->detail ? ": " : "",
			   source->detail ? source->detail : "");
		page_put(page, slice_of(source->status));
		page_spaces(page, LABEL);
		page_wrap(page, buf_str(&text), LABEL);
		page_new_line(page, 0);
	}
	if (bad > MOST && !page->style->all)
		and_more(page, bad - MOST);
}

static void stop(struct page *page, const struct drained_node *node, const struct drain_obstacle *stop)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	assessment_stop(node, stop, &text);
	page_spaces(page, 2);
	page_wrap(page, buf_str(&text), 4);
	page_new_line(page, 0);
	if (!assessment_stop_is_new(&page->view->shown, stop))
		return;
	page_spaces(page, 4);
	page_put(page, slice_of("do: "));
	if (assessment_is_command(stop->remedy))
		page_wrap_command(page, stop->remedy, 8);
	else
		page_wrap(page, stop->remedy, 8);
	page_new_line(page, 0);
}

/* The nodes that stop, and what frees them; the others are a sentence. */
static void drain(struct page *page)
{
	enum { MOST = 8, MOST_STOPS = 3 };
	const struct assessment *shown = &page->view->shown;
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	size_t told = 0, blocked = assessment_drain(page->view, &text);
	if (!shown->n_drain)
		return;
	page_new_line(page, 0);
	page_wrap(page, buf_str(&text), 0);
	page_new_line(page, 0);
	for (size_t i = 0; i < shown->n_drain && (told < MOST || page->style->all); i++) {
		const struct drained_node *node = &shown->drain[i];
		if (!node->blocked || !node->n_stops)
			continue;
		told++;
		for (size_t k = 0; k < node->n_stops && (k < MOST_STOPS || page->style->all); k++)
			stop(page, node, &node->stops[k]);
		if (node->n_stops > MOST_STOPS && !page->style->all)
			and_more(page, node->n_stops - MOST_STOPS);
	}
	if (blocked > told)
		and_more(page, blocked - told);
}

static bool is_denied(const struct assessment *shown)
{
	for (size_t i = 0; i < shown->n_sources; i++)
		if (shown->sources[i].status && !strcmp(shown->sources[i].status, "denied"))
			return true;
	return false;
}

static void next(struct page *page)
{
	const struct assessment *shown = &page->view->shown;
	struct buf text CLEANUP(buf_done) = BUF_INIT(1000);
	if (!shown->tool || strcmp(shown->tool, "assess") != 0)
		return;
	if (shown->ready)
		buf_puts(&text, "eks-upgrade-agent plan");
	else if (page->view->blockers)
		buf_puts(&text, "mend the blockers and assess again; a risk that you take stands under risks: in the "
				"configuration");
	else if (is_denied(shown))
		buf_puts(&text, "give the permissions above and assess again");
	else
		buf_puts(&text, "what is not known could block: let it be read, and assess again");
	page_new_line(page, 0);
	page_put(page, slice_of("Next:  "));
	page_wrap(page, buf_str(&text), 7);
	page_new_line(page, 0);
}

void assessment_text(const struct assessment_view *view, const struct assessment_style *style, struct buf *out)
{
	size_t columns = !style->columns ? SIZE_MAX : style->columns < 40 ? 40 : style->columns;
	struct page page = {view, style, out, columns, 0, NULL};
	answer(&page);
	captured(&page);
	for (size_t i = 0; i < view->n_groups; i++) {
		const struct assessment_group *group = &view->groups[i];
		bool begins = i == 0 || group->section != view->groups[i - 1].section;
		if (begins)
			page_new_line(&page, 0);
		if (begins && assessment_section_title(group->section)) {
			page_put(&page, slice_of(assessment_section_title(group->section)));
			page_new_line(&page, 0);
		}
		show_group(&page, group);
	}
	drain(&page);
	notes_section_text(&page, view->shown.release_notes, view->shown.n_release_notes);
	sources(&page);
	next(&page);
}
