/* The proof that the filter loses nothing, and what callers in memory (Helm releases) get. The labelled truth over
 * files is tests/programs/scan.sh's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "scan/scan_internal.h"

/* Each line that is dead at any time, at each place that the filter may look at or not: alone in a text. */
static void every_dead_line_passes_the_filter(void **state)
{
	(void)state;
	struct scan_filter *filter = scan_filter_new();
	size_t dead = 0, passed = 0, alive = 0;
	for (size_t i = 0; i < knowledge_n_apis; i++) {
		const struct api_lifecycle *api = &knowledge_apis[i];
		for (unsigned shift = 0; shift < 4; shift++) {
			char *text CLEANUP(mem_freep) =
				mem_printf("%.*sapiVersion: %s%s%s\nkind: %s", (int)shift, "    ", api->group,
					   *api->group ? "/" : "", api->version, api->kind);
			/* Exactly so long: nothing behind the text may be looked at. */
			char *exact CLEANUP(mem_freep) = malloc(strlen(text));
			memcpy(exact, text, strlen(text));
			unsigned may = scan_filter_text(filter, slice_make(exact, strlen(text)));
			if ((api->deprecated || api->removed) && !may)
				fail_msg("the filter loses %s", text);
			dead += api->deprecated || api->removed;
			alive += !api->deprecated && !api->removed;
			passed += !api->deprecated && !api->removed && may;
		}
	}
	assert_true(dead > 3000);
	assert_true(passed < alive / 5); /* else it filters nothing */
	scan_filter_free(filter);
}

static void every_word_is_met_wherever_it_stands(void **state)
{
	(void)state;
	struct scan_filter *filter = scan_filter_new();
	for (size_t word = 0; scan_filter_words[word]; word++) {
		const char *text = scan_filter_words[word];
		bool version = *text == 'v' && (strstr(text, "alpha") || strstr(text, "beta")) && !strchr(text, '.');
		for (unsigned shift = 0; shift < 8 && !version; shift++) {
			char *line CLEANUP(mem_freep) = mem_printf("%.*s%s", (int)shift, "........", text);
			if (!(scan_filter_text(filter, slice_of(line)) & MAY_FIELD))
				fail_msg("\"%s\" is not met", line);
			line[strlen(line) - 1] = '\0';
			/* Cut off, it is no more that word (it may hold another). */
			unsigned may = scan_filter_text(filter, slice_of(line));
			assert_true(!may || may == MAY_FIELD);
		}
	}
	assert_int_equal(
		scan_filter_text(filter,
				 slice_of("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: metadata-beta}\n")),
		0);
	assert_int_equal(scan_filter_text(filter, slice_of("a: \"\\u0062\"")), MAY_ESCAPE);
	assert_int_equal(scan_filter_text(filter, slice_of("a: \"\\n\"")), 0);
	assert_int_equal(scan_filter_text(filter, slice_of("a: {{ b }}")), MAY_TEMPLATE);
	assert_int_equal(scan_filter_text(filter, slice_of("{% if b %}")), MAY_TEMPLATE);
	assert_int_equal(scan_filter_text(filter, slice_of("")), 0);
	scan_filter_free(filter);
}

static const char PDB[] = "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a, namespace: b}\n"
			  "spec: {selector: {matchLabels: {a: b}}}\n";

static struct assessment scanned(struct arena *arena, const char *text, const char *source)
{
	struct scan_options options = {.target_minor = 35, .arena = arena};
	struct scan *scan CLEANUP(scan_freep) = scan_new(&options);
	struct assessment assessment = {0};
	scan_text(scan, slice_of(text), "payments/redis", source);
	scan_finish(scan, &assessment, NULL);
	return assessment;
}

static void a_stored_release_blocks(void **state)
{
	(void)state;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct assessment assessment = scanned(arena, PDB, "helm");
	assert_int_equal(assessment.n_findings, 1);
	const struct finding *finding = &assessment.findings[0];
	assert_string_equal(finding->id, "API-HELM-STORED");
	assert_int_equal(finding->severity, SEVERITY_BLOCKER);
	assert_string_equal(finding->object->name, "a");
	assert_string_equal(finding->object->ns, "b");
	assert_string_equal(finding->replacement, "policy/v1");
	assert_string_equal(finding->evidence[0].source, "helm");
	assert_string_equal(finding->file, "payments/redis");
	assert_int_equal(finding->line, 1);
	assert_non_null(strstr(finding->evidence[0].detail, "policy/v1beta1"));
	assert_int_equal(scanned(arena, PDB, "file").findings[0].severity, SEVERITY_HIGH);
	assert_int_equal(scanned(arena, "", "helm").n_findings, 0);
}

static void several_texts_are_one_report(void **state)
{
	(void)state;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct scan_options options = {.target_minor = 35, .arena = arena};
	struct scan *scan CLEANUP(scan_freep) = scan_new(&options);
	struct assessment assessment = {0};
	struct scan_counts counts;
	scan_text(scan, slice_of(PDB), "one", "helm");
	scan_text(scan, slice_of("a: {{"), "two", "file");
	scan_text(scan, slice_of(PDB), "three", "file");
	scan_finish(scan, &assessment, &counts);
	assert_int_equal(assessment.n_findings, 2);
	assert_string_equal(assessment.findings[0].file, "one");
	assert_string_equal(assessment.findings[1].file, "three");
	assert_int_equal(counts.files, 3);
}

static void replacements_of_replacements_are_followed(void **state)
{
	(void)state;
	const struct api_lifecycle *old = knowledge_api("flowcontrol.apiserver.k8s.io", "v1beta2", "FlowSchema");
	assert_string_equal(scan_replacement(old, 35)->version, "v1");
	assert_string_equal(scan_replacement(old, 26)->version, "v1beta3");
	assert_null(scan_replacement(knowledge_api("policy", "v1beta1", "PodSecurityPolicy"), 35));
	assert_null(scan_replacement(NULL, 35));
	assert_int_equal(scan_judge(NULL, 35), SCAN_LIVE);
	assert_int_equal(scan_judge(old, 25), SCAN_LIVE);
	assert_int_equal(scan_judge(old, 26), SCAN_DEPRECATED);
	assert_int_equal(scan_judge(old, 29), SCAN_REMOVED);
	assert_int_equal(scan_judge(knowledge_api("cert-manager.io", "v1alpha2", "Certificate"), 1), SCAN_REMOVED);
}

/* A manifest as PowerShell writes it; halves of pairs in a comment must not swallow the line's end. */
static void utf16_is_read_in_both_orders(void **state)
{
	static const uint16_t odd[] = {'#', 0xe9,   0x20ac, 0xd83d, 0xde00, 0xd800, '\n',
				       '#', 0xdc00, 0xd83d, '\n',   '#',    '\n'};
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct scan_options options = {.target_minor = 35, .arena = arena};
		struct scan *scan CLEANUP(scan_freep) = scan_new(&options);
		struct assessment assessment = {0};
		uint16_t units[400] = {0xfeff};
		size_t n = 1;
		for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
			units[n++] = odd[i];
		for (const char *p = PDB; *p; p++)
			units[n++] = (unsigned char)*p;
		char bytes[800];
		for (size_t i = 0; i < n; i++) {
			bytes[2 * i + big] = (char)(units[i] & 0xff);
			bytes[2 * i + !big] = (char)(units[i] >> 8);
		}
		scan_text(scan, slice_make(bytes, 2 * n), "app.yaml", "file");
		scan_finish(scan, &assessment, NULL);
		assert_int_equal(assessment.n_findings, 1);
		assert_int_equal(assessment.findings[0].line, 4);
		assert_string_equal(assessment.findings[0].object->name, "a");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_dead_line_passes_the_filter),
		cmocka_unit_test(every_word_is_met_wherever_it_stands),
		cmocka_unit_test(a_stored_release_blocks),
		cmocka_unit_test(several_texts_are_one_report),
		cmocka_unit_test(utf16_is_read_in_both_orders),
		cmocka_unit_test(replacements_of_replacements_are_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
