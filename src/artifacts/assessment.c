/* Assessments printed: the door to the formats, JSON, and the sentences that the formats share. */
#include "artifacts/assessment.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "artifacts/assessment_internal.h"
#include "base/time.h"
#include "codec/json.h"

typedef void write_fn(const struct assessment_view *view, const struct assessment_style *style, struct buf *out);

/* In the order of assessment_sort(), whatever order the caller left. */
static void write_json(const struct assessment_view *view, const struct assessment_style *style, struct buf *out)
{
	(void)style;
	struct assessment sorted = *view->assessment;
	if (!assessment_is_sorted(&sorted)) {
		sorted.findings = arena_alloc(view->arena, sorted.n_findings * sizeof *sorted.findings);
		memcpy(sorted.findings, view->assessment->findings, sorted.n_findings * sizeof *sorted.findings);
		assessment_sort(&sorted);
	}
	json_encode(&assessment_model, &sorted, true, out);
	buf_putc(out, '\n');
}

const char *const assessment_formats[] = {"text", "json", "markdown", "html", "sarif", "junit", NULL};
static write_fn *const writers[] = {assessment_text, write_json,       assessment_markdown,
				    assessment_html, assessment_sarif, assessment_junit};

struct error *assessment_write(const struct assessment *assessment, const char *format,
			       const struct assessment_style *style, struct buf *out)
{
	static const struct assessment_style plain = {.utf8 = true};
	size_t i = 0;
	while (assessment_formats[i] && strcmp(format, assessment_formats[i]) != 0)
		i++;
	if (!assessment_formats[i]) {
		const char *near = text_nearest(format, assessment_formats, i);
		return error_remedy(error_new(ERROR_INVALID, "there is no format \"%s\"%s%s%s", format,
					      near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : ""),
				    "one of text, json, markdown, html, sarif, junit");
	}
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct assessment_view view = {.assessment = assessment, .arena = arena};
	style = style ? style : &plain;
	if (writers[i] != write_json) /* whose encoder cleans by itself */
		assessment_view(assessment, writers[i] == assessment_text && !style->utf8, arena, &view);
	writers[i](&view, style, out);
	if (out->overflowed)
		return error_new(ERROR_STATE, "the assessment as %s is longer than %zu bytes", format, out->max);
	return NULL;
}

const char *assessment_label(const struct finding *finding)
{
	return finding->status == FINDING_UNKNOWN    ? "NOT KNOWN"
	       : finding->status == FINDING_ACCEPTED ? "ACCEPTED"
						     : severity_names[finding->severity];
}

static int hops(const char *from, const char *to)
{
	unsigned have = 0, want = 0;
	return from && to && sscanf(from, "1.%u", &have) == 1 && sscanf(to, "1.%u", &want) == 1 && want > have
		       ? (int)(want - have)
		       : 0;
}

void assessment_title(const struct assessment_view *view, const char *arrow, struct buf *out)
{
	const struct assessment *shown = &view->shown;
	int far = hops(shown->current_version, shown->target_version);
	buf_puts(out, shown->cluster && *shown->cluster ? shown->cluster : "files");
	if (shown->current_version)
		buf_printf(out, " %s", shown->current_version);
	if (shown->target_version)
		buf_printf(out, " %s %s", shown->current_version ? arrow : "for", shown->target_version);
	if (far)
		buf_printf(out, " (%d %s)", far, far == 1 ? "hop" : "hops");
}

static void counted(struct buf *out, int64_t n, const char *one, const char *many)
{
	if (n)
		buf_printf(out, "%s %lld %s", strchr(buf_str(out), ':') ? "," : ":", (long long)n, n == 1 ? one : many);
}

static bool is_scan(const struct assessment_view *view)
{
	return view->shown.tool && !strcmp(view->shown.tool, "scan");
}

/* Of files nobody can say that a cluster is ready, only that nothing in them is in the way. */
bool assessment_good(const struct assessment_view *view)
{
	return is_scan(view) ? !view->blockers && !view->warnings && !view->unknown : view->shown.ready;
}

void assessment_answer(const struct assessment_view *view, struct buf *out)
{
	buf_printf(out, "%s%s", assessment_good(view) ? "" : "NOT ", is_scan(view) ? "CLEAN" : "READY");
	if (view->blockers || !is_scan(view))
		buf_printf(out, ": %lld %s", (long long)view->blockers, view->blockers == 1 ? "blocker" : "blockers");
	counted(out, view->warnings, "warning", "warnings");
	counted(out, view->notes, "note", "notes");
	counted(out, view->unknown, "not known", "not known");
	if (view->could_block)
		buf_printf(out, " (%lld could block)", (long long)view->could_block);
	counted(out, view->blue_green, "for blue/green only", "for blue/green only");
	counted(out, view->rollback, "for rollback only", "for rollback only");
	counted(out, view->accepted, "accepted", "accepted");
	counted(out, view->shown.counts.passed, "passed", "passed");
}

const char *assessment_section_title(enum assessment_section section)
{
	static const char *const titles[] = {
		[SECTION_BLUE_GREEN] = "Only for blue/green",
		[SECTION_ROLLBACK] = "Only for rollback",
		[SECTION_ELSEWHERE] = "Only for other strategies",
		[SECTION_ACCEPTED] = "Accepted risks",
	};
	return titles[section];
}

void assessment_object(const struct finding *finding, struct buf *out)
{
	if (finding->object && finding->object->kind && *finding->object->kind)
		buf_printf(out, "%s ", finding->object->kind);
	finding_object_print(finding->object, out);
}

void assessment_place(const struct finding *finding, struct buf *out)
{
	if (!finding->file || !*finding->file)
		return;
	buf_puts(out, finding->file);
	if (finding->line)
		buf_printf(out, ":%lld", (long long)finding->line);
	if (finding->document > 1)
		buf_printf(out, " (document %lld)", (long long)finding->document);
}

const char *assessment_check_title(const struct finding *finding)
{
	return finding->title && *finding->title ? finding->title : finding->id ? finding->id : "";
}

static void version_words(const struct finding *finding, struct buf *out)
{
	buf_puts(out, finding->api_version && *finding->api_version ? finding->api_version
								    : assessment_check_title(finding));
	if (finding->removed_in)
		buf_printf(out, " is not served from %s on", finding->removed_in);
	else if (finding->deprecated_in)
		buf_printf(out, " is deprecated from %s on", finding->deprecated_in);
}

/* Part of a name: "cert-manager/webhook" does not name what is called "webhook". */
static bool in_a_name(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-._/:", c));
}

static bool names(const char *message, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = message; (at = strstr(at, name)); at++) {
		bool ends = !in_a_name(at[n]) || (strchr(".:", at[n]) && !in_a_name(at[n + 1]));
		if (ends && (at == message || !in_a_name(at[-1])))
			return true;
	}
	return false;
}

/* Does the message say of what it speaks? What stands in no namespace may be called like anything: by its kind, too. */
static bool says_object(const struct finding *finding, const char *name)
{
	const struct finding_object *object = finding->object;
	bool kind = object->kind && *object->kind, ns = object->ns && *object->ns;
	return finding->message && names(finding->message, name) &&
	       (!kind || ns || names(finding->message, object->kind));
}

void assessment_sentence(const struct finding *finding, bool whole, struct buf *out)
{
	struct buf name CLEANUP(buf_done) = BUF_INIT(1 << 16);
	const char *message = finding->message && *finding->message ? finding->message : NULL;
	finding_object_print(finding->object, &name);
	if (whole && name.n && !says_object(finding, buf_str(&name))) {
		assessment_object(finding, out);
		buf_puts(out, ": ");
	}
	if (message)
		buf_puts(out, message);
	else
		version_words(finding, out);
}

/* "3 h", "12 days": how long ago matters, its seconds do not. */
static void ago(int64_t ms, struct buf *out)
{
	if (ms < MINUTE_MS)
		buf_puts(out, "less than a minute ago");
	else if (ms < 2 * HOUR_MS)
		buf_printf(out, "%lld min ago", (long long)(ms / MINUTE_MS));
	else if (ms < 2 * DAY_MS)
		buf_printf(out, "%lld h ago", (long long)(ms / HOUR_MS));
	else
		buf_printf(out, "%lld days ago", (long long)(ms / DAY_MS));
}

void assessment_evidence(const struct assessment_view *view, const struct finding_evidence *evidence, struct buf *out)
{
	bool detail = evidence->detail && *evidence->detail;
	struct buf more CLEANUP(buf_done) = BUF_INIT(1 << 16);
	if (evidence->caller && *evidence->caller)
		buf_printf(&more, "by %s", evidence->caller);
	if (evidence->has_count)
		buf_printf(&more, "%s%lld %s", more.n ? ", " : "", (long long)evidence->count,
			   evidence->count == 1 ? "time" : "times");
	if (evidence->last_seen_ms) {
		buf_puts(&more, more.n ? ", last " : "last ");
		if (view->shown.captured_at_ms >= evidence->last_seen_ms)
			ago(view->shown.captured_at_ms - evidence->last_seen_ms, &more);
		else
			assessment_time(evidence->last_seen_ms, 0, &more);
	}
	const char *source = evidence->source ? evidence->source : "";
	if (detail)
		buf_printf(out, "%s (%s%s%s)", evidence->detail, source, more.n && *source ? "; " : "", buf_str(&more));
	else
		buf_printf(out, "%s%s%s", source, more.n ? ": " : "", buf_str(&more));
}

void assessment_acceptance(const struct finding *finding, struct buf *out)
{
	buf_puts(out, finding->owner && *finding->owner ? finding->owner : "nobody named");
	if (finding->expires_ms) {
		char time[TIME_TEXT];
		buf_printf(out, ", until %.10s", time_format_rfc3339(finding->expires_ms, time));
	}
	if (finding->reason && *finding->reason)
		buf_printf(out, ": %s", finding->reason);
}

size_t assessment_drain(const struct assessment_view *view, struct buf *out)
{
	const struct assessment *shown = &view->shown;
	char took[TIME_TEXT];
	size_t blocked = 0;
	int64_t seconds = 0;
	for (size_t i = 0; i < shown->n_drain; i++) {
		blocked += shown->drain[i].blocked;
		seconds += shown->drain[i].estimated_s;
	}
	buf_printf(out, "Drain: %zu node%s in the order of the upgrade, about %s", shown->n_drain,
		   shown->n_drain == 1 ? "" : "s", duration_format(seconds * SECOND_MS, took));
	if (blocked)
		buf_printf(out, ", %zu of them stop%s:", blocked, blocked == 1 ? "s" : "");
	else
		buf_puts(out, ", none stops.");
	return blocked;
}

void assessment_stop(const struct drained_node *node, const struct drain_obstacle *stop, struct buf *out)
{
	buf_printf(out, "%s  %s/%s: %s", node->node, stop->ns ? stop->ns : "", stop->pod, stop->why);
}

/* Many nodes stop for one reason: what to do is said where it is new. */
bool assessment_stop_is_new(const struct assessment *shown, const struct drain_obstacle *stop)
{
	if (!stop->remedy || !*stop->remedy)
		return false;
	for (size_t i = 0; i < shown->n_drain; i++)
		for (size_t k = 0; k < shown->drain[i].n_stops; k++) {
			if (&shown->drain[i].stops[k] == stop)
				return true;
			if (shown->drain[i].stops[k].remedy && !strcmp(shown->drain[i].stops[k].remedy, stop->remedy))
				return false;
		}
	return true;
}

void assessment_time(int64_t time_ms, int64_t zone_ms, struct buf *out)
{
	char text[TIME_TEXT];
	int64_t minutes = zone_ms / MINUTE_MS, east = minutes < 0 ? -minutes : minutes;
	time_format_rfc3339(time_ms + minutes * MINUTE_MS, text);
	buf_printf(out, "%.10s %.5s %c%02lld:%02lld", text, text + 11, minutes < 0 ? '-' : '+', (long long)(east / 60),
		   (long long)(east % 60));
}

const char *assessment_link(const struct finding *finding)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/:#?=&%+,@";
	const char *page = finding->page;
	return page && !strncmp(page, "https://", 8) && page[strspn(page, safe)] == '\0' ? page : NULL;
}

bool assessment_is_command(const char *remedy)
{
	static const char *const programs[] = {"kubectl ", "aws ",    "eksctl ", "helm ",      "terraform ",
					       "argocd ",  "velero ", "flux ",	 "kustomize ", "eks-upgrade-agent "};
	bool sentence = strstr(remedy, ", or ") || strstr(remedy, ", then ") || strchr(remedy, '<');
	for (size_t i = 0; i < ARRAY_SIZE(programs) && !sentence; i++)
		if (!strncmp(remedy, programs[i], strlen(programs[i])))
			return true;
	return false;
}

bool assessment_check_failed(const struct assessment_view *view, const char *id)
{
	for (size_t i = 0; i < view->shown.n_findings; i++) {
		const struct finding *finding = &view->shown.findings[i];
		if (finding->status != FINDING_ACCEPTED && !strcmp(finding->id, id))
			return true;
	}
	return false;
}

const char *assessment_replacement(const struct finding *finding)
{
	const char *replacement = finding->replacement;
	bool said = replacement && ((finding->message && strstr(finding->message, replacement)) ||
				    (finding->remedy && strstr(finding->remedy, replacement)));
	return said ? NULL : replacement;
}
