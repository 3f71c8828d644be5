/* What becomes of findings: steps, reasons, questions, warnings, or no plan at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "reasoning/analysis.h"

static struct finding_object web = {"PodDisruptionBudget", "shop", "web", NULL};
static struct finding_change scale = {"scale", "Deployment", "shop", "web", "1", "2"};

static struct analysis analysed(struct arena *arena, struct finding *findings, size_t n)
{
	struct assessment assessment = {.findings = findings, .n_findings = n};
	struct analysis analysis;
	assert_null(analysis_make(&assessment, arena, &analysis));
	return analysis;
}

static void a_change_is_a_step_and_names_every_finding_it_frees(void **state)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct finding findings[] = {
		{.id = "WL-PDB-ZERO", .severity = SEVERITY_BLOCKER, .object = &web, .change = &scale},
		{.id = "WH-SINGLE", .severity = SEVERITY_HIGH, .object = &web, .change = &scale},
	};
	(void)state;
	struct analysis analysis = analysed(arena, findings, 2);
	assert_int_equal(analysis.n_preparations, 1);
	assert_int_equal(analysis.n_questions, 0);
	const struct preparation *step = &analysis.preparations[0];
	assert_string_equal(step->step_id, "scale-shop-web");
	assert_string_equal(step->executor, "kubernetes.scale");
	assert_false(step->on_green);
	assert_int_equal(step->n_because, 2);
	assert_string_equal(step->because[0], "WL-PDB-ZERO PodDisruptionBudget shop/web");
	assert_string_equal(step->because[1], "WH-SINGLE PodDisruptionBudget shop/web");
}

static void an_addon_is_for_green(void **state)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct finding_change change = {.action = "addon", .name = "vpc-cni", .from = "v1", .to = "v2"};
	struct finding finding = {.id = "ADDON-EKS-INCOMPATIBLE", .severity = SEVERITY_BLOCKER, .change = &change};
	(void)state;
	struct analysis analysis = analysed(arena, &finding, 1);
	assert_int_equal(analysis.n_preparations, 1);
	assert_true(analysis.preparations[0].on_green);
	assert_string_equal(analysis.preparations[0].step_id, "addon-vpc-cni");
}

static void ids_stay_ids_and_differ(void **state)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct finding_change changes[] = {
		{"apply", "ClusterRole", NULL, "system:Node.Reader", "a/v1beta1", "a/v1"},
		{"apply", "Role", NULL, "system:Node.Reader", "a/v1beta1", "a/v1"},
		{"apply", "Role", "a-namespace-with-a-name-that-is-long-enough-to-fill-it",
		 "and-a-name-that-is-as-long", "", "a/v1"},
	};
	struct finding findings[3];
	(void)state;
	for (size_t i = 0; i < 3; i++)
		findings[i] =
			(struct finding){.id = "API-LASTAPPLIED", .severity = SEVERITY_MEDIUM, .change = &changes[i]};
	struct analysis analysis = analysed(arena, findings, 3);
	assert_int_equal(analysis.n_preparations, 3);
	for (size_t i = 0; i < 3; i++) {
		const char *id = analysis.preparations[i].step_id;
		assert_true(strlen(id) <= 60);
		assert_int_equal(id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-")], '\0');
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(id, analysis.preparations[k].step_id);
	}
}

static void blockers_without_a_step_are_asked_once_an_id(void **state)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct finding_object one = {"StatefulSet", "shop", "db", NULL}, two = {"StatefulSet", "shop", "mq", NULL};
	struct finding findings[] = {
		{.id = "BG-STATEFUL", .title = "data in volumes", .severity = SEVERITY_BLOCKER, .object = &one},
		{.id = "BG-STATEFUL", .title = "data in volumes", .severity = SEVERITY_BLOCKER, .object = &two},
		{.id = "WL-REPLICAS", .severity = SEVERITY_HIGH, .object = &two},
		{.id = "WL-REPLICAS", .severity = SEVERITY_HIGH, .object = &one},
	};
	(void)state;
	struct analysis analysis = analysed(arena, findings, 4);
	assert_int_equal(analysis.n_questions, 1);
	assert_string_equal(analysis.questions[0].finding, "BG-STATEFUL");
	assert_int_equal(analysis.questions[0].n_objects, 2);
	assert_string_equal(analysis.questions[0].objects[1], "StatefulSet shop/mq");
	assert_int_equal(analysis.n_warnings, 1);
	assert_non_null(strstr(analysis.warnings[0], "WL-REPLICAS (2)"));
}

static void what_blue_green_leaves_alone_is_told_and_not_asked(void **state)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct finding findings[] = {
		{.id = "SKEW-AFTER-HOP", .severity = SEVERITY_BLOCKER},
		{.id = "BG-PODID", .severity = SEVERITY_BLOCKER, .object = &web},
		{.id = "RBK-NODES", .severity = SEVERITY_BLOCKER, .scope = "rollback"},
	};
	(void)state;
	struct analysis analysis = analysed(arena, findings, 3);
	assert_int_equal(analysis.n_questions, 0);
	assert_int_equal(analysis.n_warnings, 1);
	assert_non_null(strstr(analysis.warnings[0], "SKEW-AFTER-HOP"));
	assert_int_equal(analysis.n_covered, 1);
	assert_string_equal(analysis.covered[0].step_id, "green-identity");
}

static void what_is_accepted_or_unknown_makes_no_step(void **state)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct finding findings[] = {
		{.id = "WL-PDB-ZERO", .severity = SEVERITY_BLOCKER, .status = FINDING_ACCEPTED, .change = &scale},
		{.id = "CRD-CONVERSION", .severity = SEVERITY_BLOCKER, .status = FINDING_UNKNOWN},
		{.id = "PATH-UNSUPPORTED", .severity = SEVERITY_BLOCKER, .status = FINDING_ACCEPTED},
	};
	(void)state;
	struct analysis analysis = analysed(arena, findings, 3);
	assert_int_equal(analysis.n_preparations, 0);
	assert_int_equal(analysis.n_questions, 0);
	assert_int_equal(analysis.n_warnings, 1);
	assert_non_null(strstr(analysis.warnings[0], "CRD-CONVERSION"));
}

static void against_some_no_plan_can_be_made(void **state)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct finding finding = {.id = "PATH-UNSUPPORTED", .severity = SEVERITY_BLOCKER, .message = "EKS has no 1.99"};
	struct assessment assessment = {.findings = &finding, .n_findings = 1};
	struct analysis analysis;
	(void)state;
	struct error *error ERROR_CLEANUP = analysis_make(&assessment, arena, &analysis);
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_PRECONDITION);
	assert_non_null(strstr(error->message, "EKS has no 1.99"));
}

static void more_than_a_person_would_read_are_asked(void **state)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct finding findings[60];
	struct finding_change changes[60];
	(void)state;
	for (size_t i = 0; i < 60; i++) {
		changes[i] = scale;
		changes[i].name = arena_printf(arena, "web-%zu", i);
		findings[i] = (struct finding){
			.id = "CAP-X", .severity = SEVERITY_BLOCKER, .change = &changes[i], .object = &web};
	}
	struct analysis analysis = analysed(arena, findings, 60);
	assert_int_equal(analysis.n_preparations, 40);
	assert_int_equal(analysis.n_questions, 1);
	assert_int_equal(analysis.questions[0].n_objects, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_a_step_and_names_every_finding_it_frees),
		cmocka_unit_test(an_addon_is_for_green),
		cmocka_unit_test(ids_stay_ids_and_differ),
		cmocka_unit_test(blockers_without_a_step_are_asked_once_an_id),
		cmocka_unit_test(what_blue_green_leaves_alone_is_told_and_not_asked),
		cmocka_unit_test(what_is_accepted_or_unknown_makes_no_step),
		cmocka_unit_test(against_some_no_plan_can_be_made),
		cmocka_unit_test(more_than_a_person_would_read_are_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
