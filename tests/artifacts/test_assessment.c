/* Assessments as people and programs read them. What needs the formats' own validators is in tests/programs/formats.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "artifacts/assessment.h"
#include "base/time.h"
#include "codec/json.h"

static char *written(const struct assessment *assessment, const char *format, const struct assessment_style *style)
{
	struct buf out CLEANUP(buf_done) = BUF_INIT(16 << 20);
	struct error *error = assessment_write(assessment, format, style, &out);
	if (error)
		fail_msg("%s: %s", format, error->message);
	return buf_take(&out);
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" in:\n%s", part, text);
}

static void in_order(const char *text, const char *const *parts, size_t n)
{
	const char *at = text;
	for (size_t i = 0; i < n; i++) {
		const char *found = strstr(at, parts[i]);
		if (!found)
			fail_msg("no \"%s\" after the others in:\n%s", parts[i], text);
		at = found + strlen(parts[i]);
	}
}

static struct assessment assessed(struct finding *findings, size_t n)
{
	struct assessment assessment = {.format = 1,
					.tool = "assess",
					.cluster = "shop",
					.current_version = "1.33",
					.target_version = "1.35",
					.findings = findings,
					.n_findings = n};
	assessment.counts.passed = 200;
	assessment_count(&assessment);
	return assessment;
}

static void the_answer_comes_first_then_why_then_what_to_do(void **state)
{
	(void)state;
	struct finding_object pdb = {"PodDisruptionBudget", "payments", "redis-pdb", NULL};
	struct finding_evidence evidence[] = {
		{.source = "kubernetes poddisruptionbudgets", .detail = "minAvailable=1"}};
	struct finding findings[] = {
		{.id = "PATH-MULTI-HOP", .severity = SEVERITY_INFO, .message = "two hops"},
		{.id = "WL-PDB-ZERO",
		 .severity = SEVERITY_BLOCKER,
		 .object = &pdb,
		 .evidence = evidence,
		 .n_evidence = 1,
		 .message = "payments/redis-pdb allows 0 disruptions",
		 .remedy = "kubectl -n payments scale sts/redis --replicas 2"},
	};
	struct assessment assessment = assessed(findings, 2);
	char *text CLEANUP(mem_freep) = written(&assessment, "text", NULL);
	static const char *const parts[] = {"shop 1.33 → 1.35 (2 hops)  NOT READY: 1 blocker, 1 note, 200 passed\n",
					    "\nBLOCKER    WL-PDB-ZERO  payments/redis-pdb allows 0 disruptions\n",
					    "           seen: minAvailable=1 (kubernetes poddisruptionbudgets)\n",
					    "           do:   kubectl -n payments scale sts/redis --replicas 2\n",
					    "\nINFO       PATH-MULTI-HOP  two hops\n",
					    "\nNext:  "};
	in_order(text, parts, ARRAY_SIZE(parts));
}

static void a_command_can_be_copied_and_a_sentence_is_none(void **state)
{
	(void)state;
	static const struct {
		const char *remedy, *text;
	} cases[] = {
		{"kubectl -n payments patch pdb redis -p '{\"spec\": {\"minAvailable\": 1}}'",
		 "           do:   kubectl -n payments patch pdb redis -p \\\n"
		 "                   '{\"spec\": {\"minAvailable\": 1}}'\n"},
		{"kubectl -n payments delete pdb redis-budget, or run two replicas of it",
		 "           do:   kubectl -n payments delete pdb\n"
		 "                 redis-budget, or run two replicas of it\n"},
		{"kubectl -n payments label pods --selector <its pods' labels> a=b",
		 "           do:   kubectl -n payments label pods --selector\n"
		 "                 <its pods' labels> a=b\n"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct finding findings[] = {{.id = "A", .message = "m", .remedy = cases[i].remedy}};
		struct assessment assessment = assessed(findings, 1);
		struct assessment_style narrow = {.columns = 60, .utf8 = true};
		char *text CLEANUP(mem_freep) = written(&assessment, "text", &narrow);
		has(text, cases[i].text);
	}
}

static void an_object_is_told_unless_the_sentence_tells_it(void **state)
{
	(void)state;
	static struct {
		struct finding_object object;
		const char *message, *text;
	} cases[] = {
		{{"MutatingWebhookConfiguration", NULL, "gate-webhook", NULL},
		 "fails closed (service \"gate/gate-webhook\")",
		 "MutatingWebhookConfiguration gate-webhook: fails closed (service \"gate/gate-webhook\")"},
		{{"NodePool", NULL, "default", NULL},
		 "the default budget is 0",
		 "NodePool default: the default budget is 0"},
		{{"Deployment", "shop", "web", NULL},
		 "shop/web-admin stops it",
		 "Deployment shop/web: shop/web-admin stops it"},
		{{"NodePool", NULL, "default", NULL}, "NodePool default allows none", "  NodePool default allows none"},
		{{NULL, NULL, "apps", NULL}, "node group apps is at its end.", "  node group apps is at its end."},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct finding findings[] = {{.id = "A", .object = &cases[i].object, .message = cases[i].message}};
		struct assessment assessment = assessed(findings, 1);
		char *text CLEANUP(mem_freep) = written(&assessment, "text", NULL);
		has(text, cases[i].text);
	}
}

static void one_denied_call_is_told_once(void **state)
{
	(void)state;
	struct finding findings[30];
	char ids[30][16];
	for (size_t i = 0; i < 30; i++) {
		snprintf(ids[i], sizeof ids[i], "ADDON-%02zu", i);
		findings[i] = (struct finding){.id = ids[i],
					       .status = FINDING_UNKNOWN,
					       .severity = SEVERITY_BLOCKER,
					       .reason = "eks:DescribeAddonVersions denied",
					       .remedy = "grant it"};
	}
	struct assessment assessment = assessed(findings, 30);
	struct assessment_source source = {"eks:DescribeAddonVersions", "denied", NULL};
	assessment.sources = &source;
	assessment.n_sources = 1;
	char *text CLEANUP(mem_freep) = written(&assessment, "text", NULL);
	has(text, "NOT READY: 0 blockers, 30 not known (30 could block)");
	has(text, "NOT KNOWN  30 answers, all for one reason (could be blockers)\n");
	has(text, "ADDON-00, ADDON-01, ");
	char *why = strstr(text, "DescribeAddonVersions denied");
	assert_non_null(why);
	assert_null(strstr(why + 1, "DescribeAddonVersions denied"));
	has(text, "Next:  give the permissions above");
}

static void files_are_clean_or_not_and_never_ready(void **state)
{
	(void)state;
	struct finding finding = {.id = "API-GIT", .severity = SEVERITY_HIGH, .file = "a.yaml", .line = 1};
	struct assessment assessment = {.format = 1, .tool = "scan", .target_version = "1.35"};
	assessment_count(&assessment);
	char *clean CLEANUP(mem_freep) = written(&assessment, "text", NULL);
	has(clean, "files for 1.35  CLEAN\n");
	assessment.findings = &finding;
	assessment.n_findings = 1;
	assessment_count(&assessment);
	assert_true(assessment.ready); /* no blocker */
	char *text CLEANUP(mem_freep) = written(&assessment, "text", NULL);
	has(text, "files for 1.35  NOT CLEAN: 1 warning\n");
	finding.severity = SEVERITY_LOW;
	assessment_count(&assessment);
	char *notes CLEANUP(mem_freep) = written(&assessment, "text", NULL);
	has(notes, "  CLEAN: 1 note\n");
}

/* Of a few like findings each is told, and what frees them all once; of many their names. */
static void what_is_the_same_is_said_once(void **state)
{
	(void)state;
	struct finding_object objects[30];
	struct finding findings[30];
	char names[30][16];
	for (size_t i = 0; i < 30; i++) {
		snprintf(names[i], sizeof names[i], "data-%zu", i);
		objects[i] = (struct finding_object){"PersistentVolumeClaim", "shop", names[i], NULL};
		findings[i] = (struct finding){.id = "BAK-NO-VOLUMES",
					       .severity = SEVERITY_HIGH,
					       .object = &objects[i],
					       .message = "its data is in no backup",
					       .remedy = "make a class for it"};
	}
	static const char *const formats[] = {"text", "markdown", "html"};
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		for (size_t n = 3; n <= 30; n += 27) {
			struct assessment assessment = assessed(findings, n);
			char *text CLEANUP(mem_freep) = written(&assessment, formats[i], NULL);
			const char *first = strstr(text, "make a class for it");
			assert_non_null(first);
			if (strstr(first + 1, "make a class for it"))
				fail_msg("twice in:\n%s", text);
			has(text, "shop/data-2");
			if (n == 3)
				continue;
			has(text, "its data is in no backup (30 of them)");
			first = strstr(text, "in no backup");
			if (strstr(first + 1, "in no backup"))
				fail_msg("the message twice in:\n%s", text);
		}
	}
}

static void the_nodes_that_stop_are_in_what_people_read(void **state)
{
	(void)state;
	struct drain_obstacle stop = {"payments",
				      "redis-0",
				      "budget",
				      "redis",
				      "budget redis needs 1 healthy pod",
				      "kubectl -n payments scale sts/redis --replicas 2"},
			      again = {"payments",
				       "redis-0",
				       "budget",
				       "redis",
				       "budget redis needs 2",
				       "kubectl -n payments scale sts/redis --replicas 2"};
	struct drained_node nodes[] = {{.node = "ip-10-0-3-17", .estimated_s = 60, .evicted = 3},
				       {.node = "ip-10-0-4-9", .blocked = true, .stops = &stop, .n_stops = 1},
				       {.node = "ip-10-0-5-1", .blocked = true, .stops = &again, .n_stops = 1}};
	static const char *const formats[] = {"text", "markdown", "html"};
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct assessment assessment = assessed(NULL, 0);
		assessment.drain = nodes;
		assessment.n_drain = 3;
		char *text CLEANUP(mem_freep) = written(&assessment, formats[i], NULL);
		has(text, "3 nodes in the order of the upgrade, about 1 min, 2 of them stop:");
		has(text, "ip-10-0-4-9");
		has(text, "payments/redis-0: budget redis needs 1 healthy pod");
		has(text, "payments/redis-0: budget redis needs 2");
		has(text, "kubectl -n payments scale sts/redis --replicas 2");
		if (strstr(strstr(text, "scale sts/redis") + 1, "scale sts/redis"))
			fail_msg("what to do is said twice in:\n%s", text);
		has_not(text, "ip-10-0-3-17");
	}
}

static void what_counts_for_one_strategy_only_stands_apart(void **state)
{
	(void)state;
	struct finding findings[] = {
		{.id = "BG-SG-REF", .severity = SEVERITY_HIGH, .scope = "blue-green", .message = "a"},
		{.id = "RB-ADDON", .severity = SEVERITY_BLOCKER, .scope = "rollback", .message = "b"},
		{.id = "RB-WINDOW",
		 .severity = SEVERITY_BLOCKER,
		 .status = FINDING_UNKNOWN,
		 .scope = "rollback",
		 .reason = "c"},
	};
	struct assessment assessment = assessed(findings, 3);
	char *text CLEANUP(mem_freep) = written(&assessment, "text", NULL);
	static const char *const parts[] = {
		" READY: 0 blockers, 1 for blue/green only, 2 for rollback only, 200 passed\n",
		"\nOnly for blue/green\nHIGH       BG-SG-REF  a\n", "\nOnly for rollback\nBLOCKER    RB-ADDON  b\n",
		"NOT KNOWN  RB-WINDOW", "Next:  eks-upgrade-agent plan\n"};
	in_order(text, parts, ARRAY_SIZE(parts));
	has_not(text, "NOT READY");
}

static void an_accepted_risk_is_told_with_its_owner(void **state)
{
	(void)state;
	int64_t expires_ms;
	assert_true(time_parse_rfc3339(slice_of("2026-12-31T00:00:00Z"), &expires_ms));
	struct finding findings[] = {{.id = "WL-SINGLETON",
				      .status = FINDING_ACCEPTED,
				      .severity = SEVERITY_BLOCKER,
				      .message = "one replica",
				      .owner = "team-a",
				      .reason = "night only",
				      .expires_ms = expires_ms,
				      .remedy = "scale it"}};
	struct assessment assessment = assessed(findings, 1);
	static const char *const formats[] = {"text", "markdown", "html", "sarif", "junit"};
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		char *text CLEANUP(mem_freep) = written(&assessment, formats[i], NULL);
		has(text, "team-a, until 2026-12-31: night only");
		has(text, formats[i][0] == 's' ? "\"suppressions\"" : "ACCEPTED");
		has_not(text, "<failure");
	}
}

static void times_are_in_the_zone_of_the_reader(void **state)
{
	(void)state;
	struct assessment assessment = assessed(NULL, 0);
	assert_true(time_parse_rfc3339(slice_of("2026-11-25T23:30:00Z"), &assessment.captured_at_ms));
	struct assessment_style east = {.utf8 = true, .zone_ms = 5 * HOUR_MS + 30 * MINUTE_MS},
				west = {.utf8 = true, .zone_ms = -(3 * HOUR_MS + 30 * MINUTE_MS)};
	char *in_east CLEANUP(mem_freep) = written(&assessment, "text", &east),
		      *in_west CLEANUP(mem_freep) = written(&assessment, "text", &west),
		      *json CLEANUP(mem_freep) = written(&assessment, "json", &east);
	has(in_east, "seen 2026-11-26 05:00 +05:30\n");
	has(in_west, "seen 2026-11-25 20:00 -03:30\n");
	has(json, "\"captured_at\": \"2026-11-25T23:30:00Z\"");
}

static void evidence_says_who_how_often_and_when_last(void **state)
{
	(void)state;
	struct finding_evidence evidence[] = {
		{.source = "insights",
		 .caller = "argo-cd/v2.9",
		 .has_count = true,
		 .count = 214,
		 .last_seen_ms = 7 * DAY_MS},
		{.source = "metrics",
		 .detail = "1 request",
		 .has_count = true,
		 .count = 1,
		 .last_seen_ms = 10 * DAY_MS - HOUR_MS / 2},
		{.source = "warnings", .last_seen_ms = 11 * DAY_MS},
	};
	struct finding findings[] = {{.id = "API-CALLED", .message = "called", .evidence = evidence, .n_evidence = 3}};
	struct assessment assessment = assessed(findings, 1);
	assessment.captured_at_ms = 10 * DAY_MS;
	char *text CLEANUP(mem_freep) = written(&assessment, "text", NULL);
	has(text, "seen: insights: by argo-cd/v2.9, 214 times, last 3 days ago\n");
	has(text, "seen: 1 request (metrics; 1 time, last 30 min ago)\n");
	has(text, "seen: warnings: last 1970-01-12 00:00 +00:00\n"); /* after the look: no "ago" of less than nothing */
}

static void names_do_no_harm_in_any_format(void **state)
{
	(void)state;
	static const char evil[] = "ca\x1b[31m\x9b\xff\xe2\x80\xae<script>x</script>\n| [a](b) `c` \" ' & ]]>";
	struct finding_object object = {evil, evil, evil, evil};
	struct finding_evidence evidence = {evil, evil, evil, 1, true, 2};
	struct finding findings[] = {{.id = evil,
				      .title = evil,
				      .scope = evil,
				      .object = &object,
				      .message = evil,
				      .file = evil,
				      .api_version = evil,
				      .removed_in = evil,
				      .replacement = evil,
				      .evidence = &evidence,
				      .n_evidence = 1,
				      .remedy = evil,
				      .reason = evil,
				      .owner = evil,
				      .page = evil}};
	struct assessment assessment = assessed(findings, 1);
	assessment.cluster = assessment.region = assessment.snapshot_hash = assessment.tool = evil;
	for (size_t i = 0; assessment_formats[i]; i++) {
		char *text CLEANUP(mem_freep) = written(&assessment, assessment_formats[i], NULL);
		for (const char *p = text; *p; p++)
			assert_true((unsigned char)*p >= 0x20 || *p == '\n');
		has_not(text, "\xe2\x80\xae");
		has_not(text, "\x9b");
		has_not(text, "\xff");
		has(text, "ca");
	}
	char *html CLEANUP(mem_freep) = written(&assessment, "html", NULL);
	has_not(html, "<script");
	has(html, "&lt;script&gt;");
	has_not(html, "href");
}

static void findings_are_not_reordered_for_the_caller(void **state)
{
	(void)state;
	struct finding findings[] = {{.id = "B", .severity = SEVERITY_LOW}, {.id = "A", .severity = SEVERITY_BLOCKER}};
	struct assessment assessment = assessed(findings, 2);
	for (size_t i = 0; assessment_formats[i]; i++) {
		char *text CLEANUP(mem_freep) = written(&assessment, assessment_formats[i], NULL);
		assert_string_equal(findings[0].id, "B");
	}
}

static void json_is_read_back_as_it_was(void **state)
{
	(void)state;
	struct finding_object object = {"Deployment", "web", "shop", NULL};
	struct finding findings[] = {
		{.id = "A", .severity = SEVERITY_HIGH, .object = &object, .line = 7, .file = "a.yaml"}};
	struct assessment_check checks[] = {{"A", "first", NULL}, {"B", "second", "https://example.com/b"}};
	struct assessment assessment = assessed(findings, 1), back;
	assessment.checks = checks;
	assessment.n_checks = 2;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	char *text CLEANUP(mem_freep) = written(&assessment, "json", NULL);
	struct error *error ERROR_CLEANUP =
		json_decode(slice_of(text), "back", JSON_READ_STRICT, &assessment_model, &back, arena);
	assert_null(error);
	assert_int_equal(back.counts.high, 1);
	assert_int_equal(back.counts.passed, 200);
	assert_true(back.ready);
	assert_string_equal(back.findings[0].object->name, "shop");
	assert_int_equal(back.findings[0].line, 7);
	assert_string_equal(back.checks[1].page, "https://example.com/b");
	char *html CLEANUP(mem_freep) = written(&back, "html", NULL);
	static const char *const parts[] = {"<h2>Passed</h2>", "<code>B</code> second"};
	in_order(html, parts, 2);
	has_not(html, "<code>A</code> first");
}

static void what_does_not_fit_is_an_error(void **state)
{
	(void)state;
	struct finding findings[] = {{.id = "A", .message = "something is wrong"}};
	struct assessment assessment = assessed(findings, 1);
	for (size_t i = 0; assessment_formats[i]; i++) {
		struct buf small CLEANUP(buf_done) = BUF_INIT(30);
		struct error *error ERROR_CLEANUP = assessment_write(&assessment, assessment_formats[i], NULL, &small);
		assert_non_null(error);
		assert_int_equal(error->class, ERROR_STATE);
	}
	struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 20);
	struct error *error ERROR_CLEANUP = assessment_write(&assessment, "htlm", NULL, &out);
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_INVALID);
	has(error->message, "did you mean \"html\"?");
	assert_int_equal(out.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_comes_first_then_why_then_what_to_do),
		cmocka_unit_test(a_command_can_be_copied_and_a_sentence_is_none),
		cmocka_unit_test(an_object_is_told_unless_the_sentence_tells_it),
		cmocka_unit_test(one_denied_call_is_told_once),
		cmocka_unit_test(files_are_clean_or_not_and_never_ready),
		cmocka_unit_test(what_is_the_same_is_said_once),
		cmocka_unit_test(the_nodes_that_stop_are_in_what_people_read),
		cmocka_unit_test(what_counts_for_one_strategy_only_stands_apart),
		cmocka_unit_test(an_accepted_risk_is_told_with_its_owner),
		cmocka_unit_test(times_are_in_the_zone_of_the_reader),
		cmocka_unit_test(evidence_says_who_how_often_and_when_last),
		cmocka_unit_test(names_do_no_harm_in_any_format),
		cmocka_unit_test(findings_are_not_reordered_for_the_caller),
		cmocka_unit_test(json_is_read_back_as_it_was),
		cmocka_unit_test(what_does_not_fit_is_an_error),
	};
	return cmocka_run_group_tests_name("assessments as printed", tests, NULL, NULL);
}
