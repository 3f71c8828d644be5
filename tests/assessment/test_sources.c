/* Each source taken away in turn: exactly the checks that need it are unknown, and each names the permission. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "cases.h"
#include "codec/document.h"

static bool needs(const struct check *check, const char *source)
{
	for (const char *const *need = check->needs; need && *need; need++)
		if (!strcmp(*need, source))
			return true;
	return false;
}

static bool is_unknown_for(const struct assessment *assessment, const char *id, const char *permission)
{
	for (size_t i = 0; i < assessment->n_findings; i++)
		if (!strcmp(assessment->findings[i].id, id) && assessment->findings[i].status == FINDING_UNKNOWN &&
		    strstr(assessment->findings[i].reason, "denied") &&
		    strstr(assessment->findings[i].reason, permission))
			return true;
	return false;
}

static void take_away(const char *source)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	json_t *nothing DOCUMENT_CLEANUP = json_object();
	struct inventory *inventory CLEANUP(inventory_freep) = case_inventory(nothing);
	struct config config;
	struct assessment assessment;
	case_config(nothing, arena, &config);
	inventory_source(inventory, source, SOURCE_DENIED, "by this test");
	assert_null(assess_run(inventory, &config, "1.34", NULL, arena, &assessment));
	const char *permission = source_permission(arena, source);
	for (const struct check *const *family = check_families; *family; family++)
		for (const struct check *check = *family; check->id; check++)
			if (!check->given && needs(check, source) != is_unknown_for(&assessment, check->id, permission))
				fail_msg("%s without %s: %s", check->id, source,
					 needs(check, source) ? "not unknown" : "unknown, though it does not need it");
}

static void each_permission_costs_exactly_its_checks(void **state)
{
	size_t tried = 0;
	(void)state;
	for (const struct check *const *family = check_families; *family; family++)
		for (const struct check *check = *family; check->id; check++)
			for (const char *const *need = check->needs; need && *need; need++, tried++)
				take_away(*need);
	assert_true(tried > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_permission_costs_exactly_its_checks)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
