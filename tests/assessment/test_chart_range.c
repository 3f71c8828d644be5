/* kubeVersion as Helm reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "assessment/chart_range.h"
#include "base/macros.h"

static void ranges_hold_as_helm_has_them(void **state)
{
	static const struct {
		const char *range;
		unsigned minor;
		enum range_verdict verdict;
	} rows[] = {
		{"", 34, RANGE_IN},
		{">=1.25.0-0", 34, RANGE_IN},
		{">=1.35", 34, RANGE_OUT},
		{"> 1.33", 34, RANGE_IN},
		{">1.34", 34, RANGE_OUT},
		{">1.34.2", 34, RANGE_IN},
		{"<1.34.0-0", 34, RANGE_OUT},
		{"<1.34.5", 34, RANGE_IN},
		{"<= 1.34", 34, RANGE_IN},
		{"<=1.33", 34, RANGE_OUT},
		{">=1.25.0-0 <1.34.0-0", 34, RANGE_OUT},
		{">=1.25.0-0, <1.35.0-0", 34, RANGE_IN},
		{"~1.33.0 || ~1.34.0", 34, RANGE_IN},
		{"~1.33.0 || ~1.35.0", 34, RANGE_OUT},
		{"^1.30.0-0", 34, RANGE_IN},
		{"^1.35.0", 34, RANGE_OUT},
		{"^2", 34, RANGE_OUT},
		{"~1", 34, RANGE_IN},
		{"1.25 - 1.34", 34, RANGE_IN},
		{"1.25.0 - 1.33.9", 34, RANGE_OUT},
		{"1.34.x", 34, RANGE_IN},
		{"1.x", 34, RANGE_IN},
		{"*", 34, RANGE_IN},
		{"v1.34", 34, RANGE_IN},
		{"=1.33", 34, RANGE_OUT},
		{"!=1.34", 34, RANGE_OUT},
		{"!=1.34.1", 34, RANGE_IN},
		{"newest", 34, RANGE_NONSENSE},
		{">=", 34, RANGE_NONSENSE},
		{"1.25 |", 34, RANGE_NONSENSE},
		{"<<<1.2", 34, RANGE_NONSENSE},
		{"1.25 - ", 34, RANGE_NONSENSE},
		{">=99999999999999999999.1", 34, RANGE_OUT},
	};
	(void)state;
	assert_int_equal(chart_range_holds(NULL, 34), RANGE_IN);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (chart_range_holds(rows[i].range, rows[i].minor) != rows[i].verdict)
			fail_msg("\"%s\" at 1.%u is not %d", rows[i].range, rows[i].minor, (int)rows[i].verdict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(ranges_hold_as_helm_has_them)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
