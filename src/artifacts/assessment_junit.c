/* An assessment as JUnit XML, for CI systems that know tests: a test case for each check, failed by its findings,
 * skipped when nothing could be known. It holds to the strictest of the schemas in use (one result a case, sums that
 * agree). */
#include <string.h>
#include "artifacts/assessment_internal.h"
#include "base/time.h"
#include "codec/xml.h"

/* One check's findings: indices into the view, chained in the shown order. */
struct test_case {
	const char *id, *title;
	size_t *found, n_found;
	size_t *unknown, n_unknown;
	size_t *accepted, n_accepted;
};

struct suite {
	const struct assessment_view *view;
	struct test_case *cases;
	size_t n_cases;
	size_t failures, skipped;
};

static void text(struct buf *out, const char *value)
{
	xml_escape(slice_of(value ? value : ""), out);
}

static struct test_case *case_of(struct suite *suite, const char *id, const char *title)
{
	for (size_t i = 0; i < suite->n_cases; i++)
		if (!strcmp(suite->cases[i].id, id))
			return &suite->cases[i];
	struct test_case *made = ARENA_PUSH(suite->view->arena, suite->cases, suite->n_cases);
	*made = (struct test_case){.id = id, .title = title && *title ? title : id};
	return made;
}

static void gather(struct suite *suite)
{
	const struct assessment *shown = &suite->view->shown;
	struct arena *arena = suite->view->arena;
	for (size_t i = 0; i < shown->n_findings; i++) {
		const struct finding *finding = &shown->findings[i];
		struct test_case *test = case_of(suite, finding->id, finding->title);
		if (finding->status == FINDING_ACCEPTED)
			*ARENA_PUSH(arena, test->accepted, test->n_accepted) = i;
		else if (finding->status == FINDING_UNKNOWN)
			*ARENA_PUSH(arena, test->unknown, test->n_unknown) = i;
		else
			*ARENA_PUSH(arena, test->found, test->n_found) = i;
	}
	for (size_t i = 0; i < shown->n_checks; i++)
		case_of(suite, shown->checks[i].id, shown->checks[i].title);
	for (size_t i = 0; i < suite->n_cases; i++) {
		suite->failures += suite->cases[i].n_found > 0;
		suite->skipped += !suite->cases[i].n_found && suite->cases[i].n_unknown;
	}
}

static void line(struct buf *out, const char *label, const char *value)
{
	if (!value || !*value)
		return;
	buf_printf(out, "  %s ", label);
	text(out, value);
	buf_putc(out, '\n');
}

static void tell(const struct suite *suite, const struct finding *finding, struct buf *out)
{
	struct buf value CLEANUP(buf_done) = BUF_INIT(1 << 17);
	buf_printf(out, "%s: ", assessment_label(finding));
	assessment_sentence(finding, true, &value);
	text(out, buf_str(&value));
	buf_putc(out, '\n');
	buf_clear(&value);
	assessment_place(finding, &value);
	line(out, "in:  ", buf_str(&value));
	line(out, "for: ", finding->scope);
	buf_clear(&value);
	if (finding->status == FINDING_ACCEPTED)
		assessment_acceptance(finding, &value);
	line(out, "by:  ", buf_str(&value));
	line(out, "why: ", finding->status == FINDING_ACCEPTED ? NULL : finding->reason);
	for (size_t i = 0; i < finding->n_evidence; i++) {
		buf_clear(&value);
		assessment_evidence(suite->view, &finding->evidence[i], &value);
		line(out, "seen:", buf_str(&value));
	}
	line(out, "use: ", assessment_replacement(finding));
	line(out, "do:  ", finding->remedy);
}

static void tell_all(const struct suite *suite, const size_t *which, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		tell(suite, &suite->view->shown.findings[which[i]], out);
}

/* "WL" of "WL-PDB-ZERO": the area stands for the class. */
static void open_case(const struct suite *suite, const struct test_case *test, struct buf *out)
{
	buf_puts(out, "<testcase classname=\"eks-upgrade-agent.");
	text(out, suite->view->shown.tool && *suite->view->shown.tool ? suite->view->shown.tool : "assess");
	buf_putc(out, '.');
	xml_escape(slice_make(test->id, strcspn(test->id, "-")), out);
	buf_puts(out, "\" name=\"");
	text(out, test->id);
	if (strcmp(test->id, test->title) != 0) {
		buf_puts(out, " ");
		text(out, test->title);
	}
	buf_puts(out, "\" time=\"0\">\n");
}

static void failure(const struct suite *suite, const struct test_case *test, struct buf *out)
{
	struct buf sentence CLEANUP(buf_done) = BUF_INIT(1 << 17);
	const struct finding *first = &suite->view->shown.findings[test->found[0]];
	assessment_sentence(first, true, &sentence);
	buf_printf(out, "<failure type=\"%s\" message=\"", assessment_label(first));
	text(out, buf_str(&sentence));
	if (test->n_found > 1)
		buf_printf(out, ", and %zu more", test->n_found - 1);
	buf_puts(out, "\">");
	tell_all(suite, test->found, test->n_found, out);
	buf_puts(out, "</failure>\n");
}

static void skip(const struct suite *suite, const struct test_case *test, struct buf *out)
{
	const char *reason = suite->view->shown.findings[test->unknown[0]].reason;
	buf_puts(out, "<skipped message=\"not known: ");
	text(out, reason ? reason : "no reason given");
	buf_puts(out, "\">");
	tell_all(suite, test->unknown, test->n_unknown, out);
	buf_puts(out, "</skipped>\n");
}

static void show_case(const struct suite *suite, const struct test_case *test, struct buf *out)
{
	open_case(suite, test, out);
	if (test->n_found)
		failure(suite, test, out);
	else if (test->n_unknown)
		skip(suite, test, out);
	buf_puts(out, "</testcase>\n");
}

/* What no case has room for: the schemas allow each one result. */
static void beside(const struct suite *suite, struct buf *out)
{
	buf_puts(out, "<system-out>");
	for (size_t i = 0; i < suite->n_cases; i++) {
		const struct test_case *test = &suite->cases[i];
		size_t n_unknown = test->n_found ? test->n_unknown : 0;
		if (!n_unknown && !test->n_accepted)
			continue;
		text(out, test->id);
		buf_putc(out, '\n');
		tell_all(suite, test->unknown, n_unknown, out);
		tell_all(suite, test->accepted, test->n_accepted, out);
	}
	buf_puts(out, "</system-out>\n<system-err/>\n");
}

static void property(struct buf *out, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	buf_printf(out, "<property name=\"%s\" value=\"", name);
	text(out, value);
	buf_puts(out, "\"/>\n");
}

static void properties(const struct suite *suite, struct buf *out)
{
	const struct assessment *shown = &suite->view->shown;
	struct buf answer CLEANUP(buf_done) = BUF_INIT(1 << 17);
	assessment_answer(suite->view, &answer);
	buf_puts(out, "<properties>\n");
	property(out, "answer", buf_str(&answer));
	property(out, "ready", shown->ready ? "true" : "false");
	property(out, "cluster", shown->cluster);
	property(out, "region", shown->region);
	property(out, "current_version", shown->current_version);
	property(out, "target_version", shown->target_version);
	property(out, "snapshot_hash", shown->snapshot_hash);
	buf_puts(out, "</properties>\n");
}

void assessment_junit(const struct assessment_view *view, const struct assessment_style *style, struct buf *out)
{
	(void)style;
	struct suite suite = {.view = view};
	struct buf title CLEANUP(buf_done) = BUF_INIT(1 << 17);
	char time[TIME_TEXT];
	gather(&suite);
	assessment_title(view, "→", &title);
	time_format_rfc3339(view->shown.captured_at_ms, time);
	double seconds = (double)view->shown.duration_ms / (double)SECOND_MS;
	buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	buf_puts(out, "<testsuites>\n");
	buf_puts(out, "<testsuite id=\"0\" package=\"eks-upgrade-agent\" hostname=\"localhost\" name=\"");
	text(out, buf_str(&title));
	buf_printf(
		out,
		"\" timestamp=\"%.19s\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.3f\">\n",
		time, suite.n_cases, suite.failures, suite.skipped, seconds);
	properties(&suite, out);
	for (size_t i = 0; i < suite.n_cases; i++)
		show_case(&suite, &suite.cases[i], out);
	beside(&suite, out);
	buf_puts(out, "</testsuite>\n</testsuites>\n");
}
