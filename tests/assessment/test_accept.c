/* What the configuration says about findings: accepted, left out, weighed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "assessment/accept.h"
#include "base/time.h"

static const int64_t NOW_MS = INT64_C(1795600000000); /* 2026-11-25 */

static int set_up(void **state)
{
	*state = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

static struct finding_object web = {"Deployment", "web", "shop", NULL}, legacy = {"Deployment", "legacy", "cron", NULL},
			     node = {NULL, NULL, "ip-10-0-3-17", NULL},
			     role = {NULL, NULL, NULL, "arn:aws:iam::123456789012:role/ci"};

/* A cluster with a bit of everything; findings stand by value in `ret`. */
static struct assessment cluster(struct finding ret[6])
{
	const struct finding findings[] = {
		{.id = "WL-REPLICAS", .severity = SEVERITY_HIGH, .object = &web, .message = "one replica"},
		{.id = "WL-REPLICAS", .severity = SEVERITY_HIGH, .object = &legacy, .message = "one replica"},
		{.id = "WL-PDB-ZERO", .severity = SEVERITY_BLOCKER, .object = &legacy, .message = "no room"},
		{.id = "SKEW-KUBELET", .severity = SEVERITY_MEDIUM, .object = &node, .message = "old"},
		{.id = "CP-ROLE",
		 .severity = SEVERITY_BLOCKER,
		 .object = &role,
		 .status = FINDING_UNKNOWN,
		 .reason = "denied"},
		{.id = "PATH-MULTI-HOP", .severity = SEVERITY_INFO, .message = "two hops"},
	};
	memcpy(ret, findings, sizeof findings);
	struct assessment assessment = {.tool = "assess", .findings = ret, .n_findings = 6};
	assessment.counts.passed = 10;
	return assessment;
}

/* What becomes of the cluster under a configuration. */
static struct assessment judged(struct arena *arena, const char *yaml, int64_t now_ms)
{
	struct config config;
	struct error *error = config_from_text(slice_of(yaml), "upgrade.yaml", arena, &config);
	if (error)
		fail_msg("%s", error->message);
	struct assessment assessment = cluster(arena_alloc(arena, 6 * sizeof(struct finding)));
	assessment_accept(&assessment, &config, now_ms, arena);
	return assessment;
}

static const struct finding *found(const struct assessment *assessment, const char *id, const char *name)
{
	for (size_t i = 0; i < assessment->n_findings; i++) {
		const struct finding *finding = &assessment->findings[i];
		if (!strcmp(finding->id, id) &&
		    (!name || (finding->object && finding->object->name && !strcmp(finding->object->name, name))))
			return finding;
	}
	return NULL;
}

static void a_star_stands_for_anything(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{"a", "a", true},
		{"a", "b", false},
		{"a", "", false},
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "payments/redis", true},
		{"payments/*", "payments/redis-pdb", true},
		{"payments/*", "payment/redis", false},
		{"payments/*", "payments/", true},
		{"*-pdb", "payments/redis-pdb", true},
		{"*-pdb", "redis-pdb-2", false},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "acb", false},
		{"**", "x", true},
		{"a?c", "abc", false},
		{"[ab]", "a", false},
		{"a*aab", "aaaaab", true},
		{"Deployment */cron", "Deployment legacy/cron", true},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (accept_matches(cases[i].pattern, cases[i].text) != cases[i].matches)
			fail_msg("\"%s\" on \"%s\"", cases[i].pattern, cases[i].text);
}

static void each_way_to_name_an_object_accepts_it(void **state)
{
	static const struct {
		const char *id, *object, *name;
		size_t accepted;
	} cases[] = {
		{"WL-REPLICAS", "legacy/cron", "cron", 1},
		{"WL-REPLICAS", "legacy/*", "cron", 1},
		{"WL-REPLICAS", "Deployment legacy/cron", "cron", 1},
		{"WL-REPLICAS", "Deployment *", "cron", 2},
		{"WL-*", "*", "cron", 3},
		{"WL-*", "legacy/cron", "cron", 2},
		{"SKEW-KUBELET", "ip-10-0-*", "ip-10-0-3-17", 1},
		{"CP-ROLE", "arn:aws:iam::*:role/ci", NULL,
		 1}, /* what is not known may be accepted too, by its object */
		{"PATH-MULTI-HOP", "*", NULL, 1},
		{"WL-REPLICAS", "StatefulSet legacy/cron", NULL, 0},
		{"WL-REPLICAS", "cron", NULL, 0},
		{"WL-PDB-ZERO", "web/shop", NULL, 0},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *yaml = arena_printf(*state,
					  "risks: [{id: '%s', object: '%s', owner: team-a, reason: night only, "
					  "expires: 2026-12-31}]",
					  cases[i].id, cases[i].object);
		struct assessment assessment = judged(*state, yaml, NOW_MS);
		if ((size_t)assessment.counts.accepted != cases[i].accepted)
			fail_msg("%s: %lld accepted", yaml, (long long)assessment.counts.accepted);
		if (!cases[i].name)
			continue;
		const char *id = strchr(cases[i].id, '*') ? "WL-REPLICAS" : cases[i].id;
		const struct finding *finding = found(&assessment, id, cases[i].name);
		assert_non_null(finding);
		assert_int_equal(finding->status, FINDING_ACCEPTED);
		assert_string_equal(finding->owner, "team-a");
		assert_string_equal(finding->reason, "night only");
		assert_true(finding->expires_ms > NOW_MS);
	}
}

static void accepting_every_blocker_makes_ready(void **state)
{
	struct assessment assessment = judged(*state,
					      "risks:\n- {id: WL-PDB-ZERO, object: legacy/cron, owner: a, reason: r}\n"
					      "- {id: CP-ROLE, object: 'arn:*', owner: a, reason: r}\n",
					      NOW_MS);
	assert_true(assessment.ready);
	assert_int_equal(assessment.counts.blocker, 0);
	assert_int_equal(assessment.counts.accepted, 2);
	assert_int_equal(assessment.counts.passed, 10);
	assert_int_equal(assessment_exit(&assessment), 11);
	assert_int_equal(assessment.n_findings, 6);
	assert_int_equal(assessment.findings[0].status, FINDING_FOUND); /* sorted again: accepted ones last */
	assert_int_equal(assessment.findings[5].status, FINDING_ACCEPTED);
}

static void an_expired_risk_counts_again_and_says_so(void **state)
{
	static const char yaml[] =
		"risks: [{id: WL-PDB-ZERO, object: legacy/cron, owner: team-a, reason: r, expires: 2026-12-31}]";
	int64_t last_ms;
	assert_true(time_parse_rfc3339(slice_of("2026-12-31T23:59:59Z"), &last_ms));
	struct assessment on_the_day = judged(*state, yaml, last_ms), after = judged(*state, yaml, last_ms + SECOND_MS);
	assert_int_equal(found(&on_the_day, "WL-PDB-ZERO", NULL)->status, FINDING_ACCEPTED);
	const struct finding *finding = found(&after, "WL-PDB-ZERO", NULL);
	assert_int_equal(finding->status, FINDING_FOUND);
	assert_string_equal(finding->message, "no room (accepted by team-a until 2026-12-31, which is over)");
	assert_null(finding->owner);
	assert_int_equal(after.counts.blocker, 1);
	assert_null(found(&after, "RISK-UNUSED", NULL));
}

static void one_that_holds_beats_one_that_has_expired(void **state)
{
	static const char *const orders[] = {
		"risks:\n- {id: WL-PDB-ZERO, object: '*', owner: a, reason: r, expires: 2020-01-01}\n"
		"- {id: WL-PDB-ZERO, object: legacy/cron, owner: b, reason: r}\n",
		"risks:\n- {id: WL-PDB-ZERO, object: legacy/cron, owner: b, reason: r}\n"
		"- {id: WL-PDB-ZERO, object: '*', owner: a, reason: r, expires: 2020-01-01}\n"};
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct assessment assessment = judged(*state, orders[i], NOW_MS);
		const struct finding *finding = found(&assessment, "WL-PDB-ZERO", NULL);
		assert_int_equal(finding->status, FINDING_ACCEPTED);
		assert_string_equal(finding->owner, "b");
		assert_string_equal(finding->message, "no room");
	}
}

static void a_risk_that_matches_nothing_is_told(void **state)
{
	struct assessment assessment =
		judged(*state, "risks: [{id: WL-REPLICAS, object: web/gone, owner: a, reason: r}]", NOW_MS);
	const struct finding *note = found(&assessment, "RISK-UNUSED", NULL);
	assert_non_null(note);
	assert_int_equal(note->severity, SEVERITY_INFO);
	assert_non_null(
		strstr(note->message, "risks[0] of the configuration: no WL-REPLICAS of \"web/gone\" is found"));
	assert_int_equal(assessment.counts.info, 2);
	static const char *const silent[] = {
		/* left out on purpose; not known; matched */
		"risks: [{id: BG-X, object: web/gone, owner: a, reason: r}]\nchecks: {except: [BG-*]}",
		"risks: [{id: CP-ROLE, object: web/gone, owner: a, reason: r}]",
		"risks: [{id: WL-REPLICAS, object: web/shop, owner: a, reason: r}]",
	};
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
		assessment = judged(*state, silent[i], NOW_MS);
		if (found(&assessment, "RISK-UNUSED", NULL))
			fail_msg("told: %s", silent[i]);
	}
}

static void a_scan_does_not_complain_of_the_clusters_risks(void **state)
{
	struct config config;
	static const char yaml[] =
		"risks:\n- {id: WL-X, object: a, owner: a, reason: r}\n- {id: API-X, object: a, owner: a, reason: r}\n";
	assert_null(config_from_text(slice_of(yaml), "upgrade.yaml", *state, &config));
	struct assessment_check checks[] = {{"API-X", "t", NULL}};
	struct assessment assessment = {.tool = "scan", .checks = checks, .n_checks = 1};
	assessment_accept(&assessment, &config, NOW_MS, *state);
	assert_int_equal(assessment.n_findings, 1);
	assert_non_null(strstr(assessment.findings[0].message, "API-X"));
}

static void only_and_except_leave_checks_out(void **state)
{
	static const struct {
		const char *yaml;
		size_t left;
	} cases[] = {
		{"checks: {only: [WL-*]}", 3},
		{"checks: {only: [WL-*], except: [WL-PDB-ZERO]}", 2},
		{"checks: {except: [WL-*, CP-ROLE]}", 2},
		{"checks: {only: [NO-SUCH]}", 0},
		{"checks: {only: []}", 6},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct assessment assessment = judged(*state, cases[i].yaml, NOW_MS);
		if (assessment.n_findings != cases[i].left)
			fail_msg("%s leaves %zu", cases[i].yaml, assessment.n_findings);
	}
	struct assessment none = judged(*state, "checks: {only: [NO-SUCH]}", NOW_MS);
	assert_true(none.ready);
	assert_int_equal(assessment_exit(&none), 0);
}

static void checks_that_are_left_out_have_not_passed(void **state)
{
	struct config config;
	assert_null(config_from_text(slice_of("checks: {except: [B-*]}"), "upgrade.yaml", *state, &config));
	struct assessment_check checks[] = {{"A-1", "", NULL}, {"A-2", "", NULL}, {"B-1", "", NULL}, {"B-2", "", NULL}};
	struct finding findings[] = {{.id = "A-1"}, {.id = "B-1"}};
	struct assessment assessment = {.findings = findings, .n_findings = 2, .checks = checks, .n_checks = 4};
	assessment.counts.passed = 2;
	assessment_accept(&assessment, &config, NOW_MS, *state);
	assert_int_equal(assessment.n_findings, 1);
	assert_int_equal(assessment.n_checks, 2);
	assert_int_equal(assessment.counts.passed, 1);
}

static void severities_are_the_configurations(void **state)
{
	struct assessment assessment =
		judged(*state, "checks: {severity: {'WL-*': LOW, WL-PDB-ZERO: HIGH, CP-ROLE: INFO}}", NOW_MS);
	assert_int_equal(found(&assessment, "WL-REPLICAS", NULL)->severity, SEVERITY_LOW);
	assert_int_equal(found(&assessment, "WL-PDB-ZERO", NULL)->severity, SEVERITY_HIGH);
	assert_int_equal(found(&assessment, "SKEW-KUBELET", NULL)->severity, SEVERITY_MEDIUM);
	assert_true(assessment.ready);
	assert_int_equal(assessment.counts.low, 2);
	assert_string_equal(assessment.findings[0].id, "WL-PDB-ZERO");
}

static void nothing_said_changes_nothing(void **state)
{
	struct assessment assessment = judged(*state, "cluster: shop", NOW_MS);
	assert_int_equal(assessment.n_findings, 6);
	assert_int_equal(assessment.counts.accepted, 0);
	assert_false(assessment.ready);
	struct assessment empty = {0};
	struct config config = {0};
	assessment_accept(&empty, &config, NOW_MS, *state);
	assert_true(empty.ready);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_star_stands_for_anything),
		test(each_way_to_name_an_object_accepts_it),
		test(accepting_every_blocker_makes_ready),
		test(an_expired_risk_counts_again_and_says_so),
		test(one_that_holds_beats_one_that_has_expired),
		test(a_risk_that_matches_nothing_is_told),
		test(a_scan_does_not_complain_of_the_clusters_risks),
		test(only_and_except_leave_checks_out),
		test(checks_that_are_left_out_have_not_passed),
		test(severities_are_the_configurations),
		test(nothing_said_changes_nothing),
	};
	return cmocka_run_group_tests_name("what the configuration says about findings", tests, NULL, NULL);
}
