/* An assessment made ready to print: every string harmless, findings in the order to show, like ones together. What the
 * formats share is decided here once; after this no format can forget to clean a name. */
#include <stdlib.h>
#include <string.h>
#include "artifacts/assessment_internal.h"
#include "base/words.h"

enum { MAX_STRING = 4000 }; /* bytes of one value that are shown */

struct cleaner {
	struct arena *arena;
	bool ascii;
};

static bool is_clean(const struct cleaner *cleaner, struct slice text)
{
	for (size_t at = 0; at < text.n;) {
		uint32_t code = words_next(text, &at);
		if (!words_harmless(code) || (cleaner->ascii && code >= 0x80))
			return false;
	}
	return text.n <= MAX_STRING;
}

static const char *clean_text(const struct cleaner *cleaner, const char *text)
{
	if (!text || is_clean(cleaner, slice_of(text)))
		return text;
	struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 20);
	words_clean(&out, slice_of(text), cleaner->ascii, MAX_STRING);
	return arena_strndup(cleaner->arena, out.p, out.n);
}

static void *copy(const struct cleaner *cleaner, const void *items, size_t n, size_t size)
{
	void *ours = arena_alloc(cleaner->arena, n * size + 1);
	if (n)
		memcpy(ours, items, n * size);
	return ours;
}

/* Walks the field table; pointers are replaced by pointers to cleaned copies. */
static void clean(const struct cleaner *cleaner, const struct model *model, void *object)
{
	for (size_t i = 0; i < model->n_fields; i++) {
		const struct field *field = &model->fields[i];
		char *member = (char *)object + field->offset;
		void **pointer = (void *)member;
		if (field->kind == FIELD_STRING) {
			*(const char **)(void *)member = clean_text(cleaner, *(const char **)(void *)member);
		} else if (field->kind == FIELD_OBJECT) {
			clean(cleaner, field->model, member);
		} else if (field->kind == FIELD_OBJECT_PTR && *pointer) {
			*pointer = copy(cleaner, *pointer, 1, field->model->size);
			clean(cleaner, field->model, *pointer);
		} else if (field->kind == FIELD_LIST) {
			size_t n = *(size_t *)(void *)((char *)object + field->offset_n);
			*pointer = copy(cleaner, *pointer, n, field->model->size);
			for (size_t k = 0; k < n; k++)
				clean(cleaner, field->model, (char *)*pointer + k * field->model->size);
		}
	}
}

static enum assessment_section section_of(const struct finding *finding)
{
	const char *scope = finding->scope ? finding->scope : "";
	if (finding->status == FINDING_ACCEPTED)
		return SECTION_ACCEPTED;
	if (*scope)
		return !strcmp(scope, "blue-green") ? SECTION_BLUE_GREEN
		       : !strcmp(scope, "rollback") ? SECTION_ROLLBACK
						    : SECTION_ELSEWHERE;
	return finding->severity == SEVERITY_BLOCKER ? SECTION_BLOCKS
	       : finding->status == FINDING_UNKNOWN  ? SECTION_UNKNOWN
						     : SECTION_FOUND;
}

static int text_order(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* Only what makes groups; within one, the order of assessment_sort() stays. Unknowns come by their reason. */
static int group_order(const struct finding *a, const struct finding *b)
{
	int order = (int)section_of(a) - (int)section_of(b);
	order = order ? order : a->status - b->status;
	if (!order && a->status == FINDING_UNKNOWN) {
		order = text_order(a->reason, b->reason);
		return order ? order : text_order(a->remedy, b->remedy);
	}
	order = order ? order : a->severity - b->severity;
	return order ? order : text_order(a->id, b->id);
}

struct place {
	const struct finding *finding;
	size_t at;
};

static int place_order(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	int order = group_order(a->finding, b->finding);
	return order ? order : (a->at > b->at) - (a->at < b->at);
}

static void arrange(struct assessment_view *view, const struct assessment *assessment)
{
	size_t n = assessment->n_findings;
	struct assessment sorted = *assessment;
	struct cleaner plain = {view->arena, false};
	sorted.findings = copy(&plain, assessment->findings, n, sizeof *sorted.findings);
	assessment_sort(&sorted);
	struct place *places = arena_alloc(view->arena, (n + 1) * sizeof *places);
	for (size_t i = 0; i < n; i++)
		places[i] = (struct place){&sorted.findings[i], i};
	qsort(places, n, sizeof *places, place_order);
	view->raw = arena_alloc(view->arena, (n + 1) * sizeof *view->raw);
	for (size_t i = 0; i < n; i++)
		view->raw[i] = *places[i].finding;
}

static void group(struct assessment_view *view)
{
	const struct finding *findings = view->shown.findings;
	for (size_t i = 0; i < view->shown.n_findings; i++) {
		struct assessment_group *last = view->n_groups ? &view->groups[view->n_groups - 1] : NULL;
		if (!last || group_order(&view->raw[last->first], &view->raw[i]) != 0) {
			last = ARENA_PUSH(view->arena, view->groups, view->n_groups);
			*last = (struct assessment_group){section_of(&view->raw[i]), i, 0, true, true, true};
		}
		const struct finding *first = &findings[last->first];
		last->n++;
		last->one_check &= !text_order(first->id, findings[i].id);
		last->same_message &= !text_order(first->message, findings[i].message);
		last->same_remedy &= !text_order(first->remedy, findings[i].remedy);
	}
}

static void tally(struct assessment_view *view)
{
	for (size_t i = 0; i < view->shown.n_findings; i++) {
		const struct finding *finding = &view->shown.findings[i];
		enum assessment_section section = section_of(&view->raw[i]);
		if (section == SECTION_ACCEPTED) {
			view->accepted++;
		} else if (section >= SECTION_BLUE_GREEN) {
			view->blue_green += section == SECTION_BLUE_GREEN;
			view->rollback += section == SECTION_ROLLBACK;
		} else if (finding->status == FINDING_UNKNOWN) {
			view->unknown++;
			view->could_block += finding->severity == SEVERITY_BLOCKER;
		} else if (finding->severity == SEVERITY_BLOCKER) {
			view->blockers++;
		} else {
			view->warnings += finding->severity <= SEVERITY_MEDIUM;
			view->notes += finding->severity > SEVERITY_MEDIUM;
		}
	}
}

void assessment_clean(const struct model *model, void *object, bool ascii, struct arena *arena)
{
	const struct cleaner cleaner = {arena, ascii};
	clean(&cleaner, model, object);
}

void assessment_view(const struct assessment *assessment, bool ascii, struct arena *arena, struct assessment_view *ret)
{
	*ret = (struct assessment_view){.assessment = assessment, .arena = arena};
	arrange(ret, assessment);
	ret->shown = *assessment;
	ret->shown.findings = ret->raw;
	assessment_clean(&assessment_model, &ret->shown, ascii, arena);
	group(ret);
	tally(ret);
}
