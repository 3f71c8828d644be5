/* Every case of tests/assessment/cases, and that every check has one on which it fires and one on which it must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "cases.h"
#include "codec/document.h"

enum { MOST_CHECKS = 512 };
struct told {
	const char *id;
	bool fires, passes;
};
struct tally {
	struct told checks[MOST_CHECKS];
	size_t n_checks, cases;
	int failures;
};

static struct told *told_of(struct tally *tally, const char *id)
{
	for (size_t i = 0; i < tally->n_checks; i++)
		if (!strcmp(tally->checks[i].id, id))
			return &tally->checks[i];
	return NULL;
}

static bool holds(const char *text, const char *part)
{
	return text && strstr(text, part);
}

static bool fits(const struct finding *finding, const json_t *wanted)
{
	struct buf object CLEANUP(buf_done) = BUF_INIT(4096);
	const char *name = document_text(wanted, "object"), *severity = document_text(wanted, "severity"),
		   *kind = document_text(wanted, "kind"), *says = document_text(wanted, "says"),
		   *remedy = document_text(wanted, "remedy");
	finding_object_print(finding->object, &object);
	const char *arn = finding->object ? finding->object->arn : NULL;
	if (finding->status != (document_true(wanted, "unknown") ? FINDING_UNKNOWN : FINDING_FOUND))
		return false;
	if (name && strcmp(name, buf_str(&object)) != 0 && !(arn && !strcmp(name, arn)))
		return false;
	if (kind && (!finding->object || !finding->object->kind || strcmp(kind, finding->object->kind) != 0))
		return false;
	if (severity && strcmp(severity, severity_names[finding->severity]) != 0)
		return false;
	if (remedy && !holds(finding->remedy, remedy))
		return false;
	bool said = !says || holds(finding->message, says) || holds(finding->reason, says);
	for (size_t i = 0; i < finding->n_evidence && !said; i++)
		said = holds(finding->evidence[i].detail, says) || holds(finding->evidence[i].caller, says);
	return said;
}

static void show(const struct assessment *assessment)
{
	for (size_t i = 0; i < assessment->n_findings; i++) {
		const struct finding *finding = &assessment->findings[i];
		struct buf object CLEANUP(buf_done) = BUF_INIT(4096);
		finding_object_print(finding->object, &object);
		print_message("    %s %s %s %s: %s\n", finding_status_names[finding->status],
			      severity_names[finding->severity],
			      finding->object && finding->object->kind ? finding->object->kind : "", buf_str(&object),
			      finding->message ? finding->message : finding->reason);
	}
}

/* Does the remedy free the first pod that stops the drain? Only a whole assessment plays it. */
static bool frees(const struct inventory *inventory, const struct config *config, struct arena *arena,
		  const char *target, const char *remedy)
{
	struct assessment whole;
	struct error *error = assess_run(inventory, config, target, NULL, arena, &whole);
	bool ran = !error;
	error_free(error);
	for (size_t i = 0; i < (ran ? whole.n_drain : 0); i++)
		if (whole.drain[i].n_stops)
			return holds(whole.drain[i].stops[0].remedy, remedy);
	return false;
}

/* NULL when what was found is what is wanted, one to one. */
static const char *wrong(const struct assessment *assessment, const json_t *document)
{
	const json_t *expect = json_object_get(document, "expect"), *wanted;
	bool unknown = document_true(document, "unknown"), used[64] = {false};
	size_t i;
	if (!expect && !unknown)
		return "the case says neither expect nor unknown";
	bool both = document_true(document, "partly");
	for (i = 0; i < assessment->n_findings && !both; i++)
		if ((assessment->findings[i].status == FINDING_UNKNOWN) != unknown)
			return unknown ? "found something where it must be unknown" : "unknown";
	if (unknown)
		return assessment->n_findings ? NULL : "must be unknown, passed";
	if (assessment->n_findings != json_array_size(expect))
		return "another number of findings";
	json_array_foreach (expect, i, wanted) {
		bool found = false;
		for (size_t k = 0; k < assessment->n_findings && k < 64 && !found; k++) {
			found = !used[k] && fits(&assessment->findings[k], wanted);
			used[k] |= found;
		}
		if (!found)
			return "a wanted finding is missing";
	}
	return NULL;
}

static void try_case(void *context, const json_t *document, const char *where)
{
	struct tally *tally = context;
	const char *id = document_text_or(document, "check", ""), *only[] = {id, NULL};
	struct told *told = told_of(tally, id);
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct config config;
	struct assessment assessment;
	tally->cases++;
	if (!told) {
		print_message("%s: no check \"%s\"\n", where, id);
		tally->failures++;
		return;
	}
	const json_t *earlier = json_object_get(document, "before");
	struct inventory *before CLEANUP(inventory_freep) = earlier ? case_inventory(earlier) : NULL;
	struct inventory *inventory CLEANUP(inventory_freep) = case_inventory(document);
	inventory->before = before;
	case_config(document, arena, &config);
	const char *target = document_text_or(document, "to", "1.34"), *stop = document_text(document, "stop");
	struct error *error = assess_run(inventory, &config, target, only, arena, &assessment);
	const char *what = error ? error->message
			   : inventory->n_bad_objects && !document_true(document, "bad")
				   ? inventory->bad_objects[0].detail
				   : wrong(&assessment, document);
	if (!what && stop && !frees(inventory, &config, arena, target, stop))
		what = "what frees the drain's first stop is another thing";
	if (!what) {
		told->fires |= json_array_size(json_object_get(document, "expect")) > 0;
		told->passes |= json_object_get(document, "expect") && !assessment.n_findings;
	} else {
		print_message("%s: %s: %s: %s\n", where, id, document_text_or(document, "case", ""), what);
		if (!error)
			show(&assessment);
		tally->failures++;
	}
	error_free(error);
}

static void every_case(void **state)
{
	struct tally *tally = *state;
	cases_each(try_case, tally);
	assert_int_equal(tally->failures, 0);
	assert_true(tally->cases > 0);
}

static void every_check_fires_somewhere_and_is_silent_somewhere(void **state)
{
	struct tally *tally = *state;
	int missing = 0;
	for (size_t i = 0; i < tally->n_checks; i++) {
		const struct told *told = &tally->checks[i];
		if (told->fires && told->passes)
			continue;
		print_message("%s: no case on which it %s\n", told->id, told->fires ? "must not fire" : "fires");
		missing++;
	}
	assert_int_equal(missing, 0);
}

static void ids_are_unique(void **state)
{
	struct tally *tally = *state;
	for (size_t i = 0; i < tally->n_checks; i++)
		for (size_t k = i + 1; k < tally->n_checks; k++)
			assert_string_not_equal(tally->checks[i].id, tally->checks[k].id);
}

int main(void)
{
	static struct tally tally;
	for (const struct check *const *family = check_families; *family; family++)
		for (const struct check *check = *family; check->id; check++)
			tally.checks[tally.n_checks++] = (struct told){.id = check->id};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(every_case, &tally),
		cmocka_unit_test_prestate(every_check_fires_somewhere_and_is_silent_somewhere, &tally),
		cmocka_unit_test_prestate(ids_are_unique, &tally),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
