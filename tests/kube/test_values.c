/* Quantities, selectors, versions, int-or-string, ages against what Kubernetes' own library (apimachinery 1.33) makes
 * of the same words: tests/kube/values.tsv. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "kube/values.h"

enum { COLUMNS = 5 };

/* Calls `check` for each row of one kind; gives how many there were. */
static size_t each(const char *kind, void (*check)(const char *const *columns, size_t n))
{
	FILE *file = fopen("tests/kube/values.tsv", "re");
	char line[1024];
	size_t rows = 0;
	assert_non_null(file);
	while (fgets(line, sizeof line, file)) {
		const char *columns[COLUMNS] = {"", "", "", "", ""};
		size_t n = 0;
		line[strcspn(line, "\n")] = '\0';
		for (char *p = line; n < COLUMNS; p++) {
			columns[n++] = p;
			p += strcspn(p, "\t");
			if (!*p)
				break;
			*p = '\0';
		}
		if (strcmp(columns[0], kind) != 0)
			continue;
		check(columns, n);
		rows++;
	}
	fclose(file);
	return rows;
}

static void check_quantity(const char *const *columns, size_t n)
{
	struct kube_quantity quantity;
	struct buf text CLEANUP(buf_done) = BUF_INIT(256);
	bool good = kube_quantity_parse(slice_of(columns[1]), &quantity);
	if (!strcmp(columns[2], "-")) {
		if (good)
			fail_msg("\"%s\" is no quantity", columns[1]);
		return;
	}
	if (!good)
		fail_msg("\"%s\" is a quantity", columns[1]);
	kube_quantity_print(&quantity, &text);
	if (strcmp(buf_str(&text), columns[2]) != 0)
		fail_msg("\"%s\" prints \"%s\", not \"%s\"", columns[1], columns[2], buf_str(&text));
	if (n < 5)
		return;
	if (kube_quantity_units(&quantity) != strtoll(columns[3], NULL, 10) ||
	    kube_quantity_thousandths(&quantity) != strtoll(columns[4], NULL, 10))
		fail_msg("\"%s\" is %s and %s thousandths, not %lld and %lld", columns[1], columns[3], columns[4],
			 (long long)kube_quantity_units(&quantity), (long long)kube_quantity_thousandths(&quantity));
}

static void quantities_are_read_and_printed_as_kubernetes_does(void **state)
{
	(void)state;
	assert_true(each("quantity", check_quantity) > 300);
}

/* Found by fuzzing: the nearer to the end of the range, the longer is what is printed. */
static void the_largest_are_read_back_too(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"33333300000333331333333333333.11111103333333333", "99999999999999999999999999999.999999999",
		"-170141183460469231731687303715884105727n", "170141183460469231731687303715884105.727u"};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct kube_quantity one, two;
		struct buf out CLEANUP(buf_done) = BUF_INIT(4096);
		assert_true(kube_quantity_parse(slice_of(texts[i]), &one));
		kube_quantity_print(&one, &out);
		assert_true(kube_quantity_parse(buf_slice(&out), &two));
		assert_int_equal(kube_quantity_compare(&one, &two), 0);
	}
}

static void what_is_printed_is_read_back(void **state)
{
	(void)state;
	for (uint64_t i = 1, x = 88172645463325252; i < 20000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		struct kube_quantity one = {.nanos = (__int128)(int64_t)x * (int64_t)(i % 7 ? 1 : 1000000),
					    .form = (enum kube_quantity_form)(x % 3)},
				     two;
		struct buf text CLEANUP(buf_done) = BUF_INIT(256);
		kube_quantity_print(&one, &text);
		assert_true(kube_quantity_parse(buf_slice(&text), &two));
		assert_int_equal(kube_quantity_compare(&one, &two), 0);
	}
}

static size_t split_labels(const char *text, struct arena *arena, struct pair **ret)
{
	size_t n = 0;
	*ret = NULL;
	while (*text) {
		size_t length = strcspn(text, ","), key = strcspn(text, "=");
		*ARENA_PUSH(arena, *ret, n) = (struct pair){arena_strndup(arena, text, key),
							    arena_strndup(arena, text + key + 1, length - key - 1)};
		text += length + (text[length] == ',');
	}
	return n;
}

static void check_selector(const char *const *columns, size_t n)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct label_selector selector;
	struct pair *labels;
	struct error *error ERROR_CLEANUP = label_selector_parse(columns[1], arena, &selector);
	(void)n;
	if (!strcmp(columns[3], "-")) {
		if (!error)
			fail_msg("\"%s\" is no selector", columns[1]);
		return;
	}
	if (error)
		fail_msg("\"%s\" is a selector, not: %s", columns[1], error->message);
	size_t n_labels = split_labels(columns[2], arena, &labels);
	if (label_selector_matches(&selector, labels, n_labels) != !strcmp(columns[3], "true"))
		fail_msg("\"%s\" matches \"%s\": %s", columns[1], columns[2], columns[3]);
	struct buf text CLEANUP(buf_done) = BUF_INIT(1024);
	label_selector_print(&selector, &text);
	assert_string_equal(buf_str(&text), columns[4]);
}

static void selectors_are_read_matched_and_printed_as_kubernetes_does(void **state)
{
	(void)state;
	assert_true(each("selector", check_selector) > 400);
}

static void selectors_of_objects(void **state)
{
	(void)state;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct label_selector selector;
	struct buf text CLEANUP(buf_done) = BUF_INIT(1024);
	json_t *object DOCUMENT_CLEANUP =
		json_pack("{s:{s:s, s:s}, s:[{s:s, s:s, s:[s,s]}, {s:s, s:s}]}", "matchLabels", "tier", "db", "app",
			  "shop", "matchExpressions", "key", "zone", "operator", "NotIn", "values", "b", "a", "key",
			  "old", "operator", "DoesNotExist");
	assert_null(label_selector_from(object, arena, &selector));
	label_selector_print(&selector, &text);
	assert_string_equal(buf_str(&text), "app=shop,!old,tier=db,zone notin (a,b)");
	struct pair labels[] = {{"app", "shop"}, {"tier", "db"}};
	assert_true(label_selector_matches(&selector, labels, 2));
	assert_false(label_selector_matches(&selector, labels, 1));

	assert_null(label_selector_from(NULL, arena, &selector));
	assert_false(label_selector_matches(&selector, labels, 2));
	json_t *everything DOCUMENT_CLEANUP = json_object();
	assert_null(label_selector_from(everything, arena, &selector));
	assert_true(label_selector_matches(&selector, NULL, 0));

	json_t *wrong DOCUMENT_CLEANUP =
		json_pack("{s:[{s:s, s:s}]}", "matchExpressions", "key", "zone", "operator", "In");
	struct error *error ERROR_CLEANUP = label_selector_from(wrong, arena, &selector);
	assert_non_null(error);
	assert_string_equal(error->message, "selector: In of label \"zone\" needs values");
}

static void messages_name_what_was_found(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"a in b", "selector \"a in b\": \"b\" where \"(\" may stand"},
		{"a=b c", "selector \"a=b c\": \"c\" where \",\" or the end may stand"},
		{"a,", "selector \"a,\": the end where a label's key may stand"},
		{"x.io/=b", "selector: \"x.io/\" is no key of a label"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct label_selector selector;
		struct error *error ERROR_CLEANUP = label_selector_parse(cases[i][0], arena, &selector);
		assert_non_null(error);
		assert_string_equal(error->message, cases[i][1]);
	}
}

static void check_version(const char *const *columns, size_t n)
{
	(void)n;
	int expected = (int)strtol(columns[3], NULL, 10), got = kube_api_version_compare(columns[1], columns[2]);
	if (got != expected)
		fail_msg("\"%s\" against \"%s\": %d, not %d", columns[1], columns[2], expected, got);
}

static void api_versions_are_ordered_as_kubernetes_does(void **state)
{
	(void)state;
	assert_true(each("version", check_version) > 300);
}

static void server_versions(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
		unsigned minor, patch;
	} cases[] = {{"v1.33.5-eks-abc123", true, 33, 5},
		     {"1.33", true, 33, 0},
		     {"v1.9+", true, 9, 0},
		     {"v1.34.0-alpha.1", true, 34, 0},
		     {"v1.34.1+k3s1", true, 34, 1},
		     {"v1", false, 0, 0},
		     {"", false, 0, 0},
		     {"1.x", false, 0, 0},
		     {"1.33.5.7", false, 0, 0},
		     {"v1.99999999999", false, 0, 0}};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kube_version version;
		assert_int_equal(kube_version_parse(cases[i].text, &version), cases[i].good);
		if (!cases[i].good)
			continue;
		assert_int_equal(version.major, 1);
		assert_int_equal(version.minor, cases[i].minor);
		assert_int_equal(version.patch, cases[i].patch);
	}
	struct kube_version a, b;
	assert_true(kube_version_parse("v1.9.9", &a) && kube_version_parse("v1.10.0", &b));
	assert_int_equal(kube_version_compare(&a, &b), -1);
	assert_int_equal(kube_version_compare(&b, &a), 1);
	assert_int_equal(kube_version_compare(&a, &a), 0);
}

static void check_share(const char *const *columns, size_t n)
{
	struct kube_int_or_percent value;
	bool good = kube_int_or_percent_parse(columns[1], &value);
	(void)n;
	assert_int_equal(good, strcmp(columns[3], "-") != 0);
	if (!good)
		return;
	int64_t total = strtoll(columns[2], NULL, 10);
	assert_int_equal(kube_int_or_percent_of(&value, total, true), strtoll(columns[3], NULL, 10));
	assert_int_equal(kube_int_or_percent_of(&value, total, false), strtoll(columns[4], NULL, 10));
}

static void int_or_percent_is_scaled_as_kubernetes_does(void **state)
{
	(void)state;
	assert_true(each("share", check_share) > 60);
}

static void check_age(const char *const *columns, size_t n)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(64);
	(void)n;
	kube_age_print(strtoll(columns[1], NULL, 10) * 1000, &text);
	assert_string_equal(buf_str(&text), columns[2]);
}

static void ages_are_printed_as_kubectl_does(void **state)
{
	(void)state;
	assert_true(each("age", check_age) > 30);
}

static void what_is_counted_is_bounded(void **state)
{
	static const struct {
		const char *text;
		int64_t units, thousandths;
	} rows[] = {
		{"100m", 1, 100}, {"2Gi", INT64_C(2) << 30, (INT64_C(2) << 30) * 1000},
		{NULL, 0, 0},	  {"nonsense", 0, 0},
		{"-5", 0, 0},	  {"9E", INT64_C(1) << 46, INT64_C(1) << 46},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(kube_text_units(rows[i].text), rows[i].units);
		assert_int_equal(kube_text_thousandths(rows[i].text), rows[i].thousandths);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantities_are_read_and_printed_as_kubernetes_does),
		cmocka_unit_test(what_is_counted_is_bounded),
		cmocka_unit_test(what_is_printed_is_read_back),
		cmocka_unit_test(the_largest_are_read_back_too),
		cmocka_unit_test(selectors_are_read_matched_and_printed_as_kubernetes_does),
		cmocka_unit_test(selectors_of_objects),
		cmocka_unit_test(messages_name_what_was_found),
		cmocka_unit_test(api_versions_are_ordered_as_kubernetes_does),
		cmocka_unit_test(server_versions),
		cmocka_unit_test(int_or_percent_is_scaled_as_kubernetes_does),
		cmocka_unit_test(ages_are_printed_as_kubectl_does),
	};
	return cmocka_run_group_tests_name("kube values", tests, NULL, NULL);
}
