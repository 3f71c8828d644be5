/* Configurations that make no sense: each is refused, the message names the key, the remedy says what may stand there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "config/config.h"

static const struct {
	const char *text, *said; /* `said` stands in the line or the remedy */
} wrong[] = {
	{"trafic: {steps: [100]}", "upgrade.yaml:1:1: unknown key \"trafic\" (did you mean \"traffic\"?)"},
	{"traffic:\n  stepps: [100]",
	 "upgrade.yaml:2:3: unknown key \"traffic.stepps\" (did you mean \"traffic.steps\"?)"},
	{"cluster: a\ncluster: b", "duplicate key"},
	{"cluster: [a]", "upgrade.yaml:1:1: cluster: not a"},
	{"traffic: 5", "upgrade.yaml:1:1: traffic: "},
	/* What libfyaml itself would pass over: the file's first line is indented by accident. */
	{" cluster: a\ntarget_version: '1.35'", "upgrade.yaml:2:1: "},
	{"cluster: a\nbake: %", "upgrade.yaml:2:7: "},
	{"cluster: {", "upgrade.yaml:"},
	{"- cluster", "upgrade.yaml: not an object"},
	{"target_version: 1.3", "target_version: \"1.3\" is no Kubernetes version"},
	{"target_version: v1.35", "in a file in quotes"},
	{"target_version: 1.35.2", "target_version: \"1.35.2\""},
	{"target_version: latest", "target_version: \"latest\""},
	{"strategy: blue_green", "strategy: \"blue_green\" is unknown (did you mean \"blue-green\"?)"},
	{"strategy: canary", "strategy: \"canary\" is unknown"},
	{"strategy: ./none.yaml", "strategy: file \"./none.yaml\" cannot be read"},
	{"traffic: {steps: [50, 25, 100]}", "traffic.steps[1]: 25 does not follow 50"},
	{"traffic: {steps: [10, 10, 100]}", "traffic.steps[1]: 10 does not follow 10"},
	{"traffic: {steps: [0, 100]}", "traffic.steps[0]: 0 does not follow 0"},
	{"traffic: {steps: [50, 200]}", "traffic.steps[1]: 200"},
	{"traffic: {steps: [10, 50]}", "traffic.steps ends with 50, not with 100"},
	{"traffic: {steps: []}", "traffic.steps ends with 0, not with 100"},
	{"traffic: {steps: [ten, 100]}", "upgrade.yaml:1:11: traffic.steps[0]: not a whole number"},
	{"traffic: {interval: 0s}", "traffic.interval must be longer than 0"},
	{"traffic: {interval: -5m}", "traffic.interval: not a duration such as 90s"},
	{"traffic: {interval: soon}", "traffic.interval: not a duration"},
	{"traffic: {tolerance_percent: 90}", "traffic.tolerance_percent: out of range"},
	{"traffic: {route53: {records: [a.example.com]}}", "name the zone of \"a.example.com\""},
	{"validation: {probe_interval: 0}", "validation.probe_interval must be longer than 0"},
	{"approval_expires: 0s", "approval_expires must be longer than 0"},
	{"lease_ttl: 0s", "lease_ttl must be longer than 0"},
	{"max_parallel_steps: 0", "max_parallel_steps: out of range"},
	{"validation: {max_error_rate: 150%}", "validation.max_error_rate: 1.5 is no share of requests"},
	{"validation: {max_error_rate: -1%}", "validation.max_error_rate"},
	{"validation: {metrics: [{name: x, prometheus: up}]}", "\"x\" has no condition, it would always pass"},
	{"validation: {metrics: [{name: x, max: 1%}]}", "\"x\" names neither prometheus nor cloudwatch"},
	{"validation: {metrics: [{name: x, max: 1%, prometheus: up, cloudwatch: {}}]}",
	 "\"x\" names both prometheus and cloudwatch"},
	{"validation: {metrics: [{name: x, max: 1%, cloudwatch: {namespace: a, metric: b}}]}",
	 "\"x\" has no statistic"},
	{"validation: {metrics: [{name: x, max: 1%, cloudwatch: text}]}", "\"x\" has no namespace"},
	{"validation: {metrics: [{name: x, max: little, prometheus: up}]}", "the limit of \"x\" is no number"},
	{"validation: {metrics: [{name: x, max: nan, prometheus: up}]}", "the limit of \"x\" is no number"},
	{"validation: {metrics: [{name: x, worse_than_blue_by_at_most: -1, prometheus: up}]}", "better than Blue"},
	{"validation: {metrics: [{max: 1%, prometheus: up}]}", "name"},
	{"validation: {tests: [{newman: a, jmeter: b}]}",
	 "validation.tests[0] must name one of newman, jmeter, command"},
	{"validation: {tests: [{}]}", "validation.tests[0] must name one of"},
	{"validation: {tests: [{command: 'true'}, {newmann: a}]}", "did you mean \"newman\"?"},
	{"validation: {probes: [/health]}", "stands under endpoint_url, which is not set"},
	{"validation: {probes: [shop.example.com]}", "validation.probes[0]: \"shop.example.com\" is no http or https"},
	{"validation: {probes: ['http://shop.example.com/']}", "use https://"},
	{"endpoint_url: http://sim.example.com", "endpoint_url: "},
	{"endpoint_url: localhost:8080", "endpoint_url: \"localhost:8080\" is no http or https address"},
	{"clock_url: /sim/clock", "clock_url: \"/sim/clock\" stands under endpoint_url"},
	{"gitops: {argocd: {server: 'http://argocd.example.com'}}", "gitops.argocd.server: "},
	{"gitops: {argocd: {token: hunter2}}", "gitops.argocd.token: a secret is written where a reference"},
	{"approvals: [decommission, decommission]", "\"decommission\" stands there twice"},
	{"approvals: ['']", "approvals[0] is empty"},
	{"cluster: a\napprovals:\n  - x\n  - x", "upgrade.yaml:2:1: approvals[1]: \"x\" stands there twice"},
	{"cluster: a\ntarget_version: latest", "upgrade.yaml:2:1: target_version: \"latest\""},
	{"risks: [{id: WL-X, object: a/b, owner: me}]", "\"reason\" is missing"},
	{"risks: [{id: WL-X, owner: me, reason: r}]", "\"object\" is missing"},
	{"risks: [{id: WL-X, object: a/b, reason: r}]", "\"owner\" is missing"},
	{"risks: [{object: a/b, owner: me, reason: r}]", "\"id\" is missing"},
	{"risks:\n- id: WL-X\n  object: a/b\n  owner: ' '\n  reason: r", "upgrade.yaml:4:3: risks[0].owner is empty"},
	{"risks:\n- {id: wl-x, object: a, owner: me, reason: r}", "upgrade.yaml:2:4: risks[0].id: \"wl-x\" is no id"},
	{"risks:\n- {id: WL-X, object: a, owner: me, reason: r, expires: tomorrow}",
	 "upgrade.yaml:2:47: risks[0].expires: \"tomorrow\" is no day"},
	{"risks:\n- {id: WL-X, object: a, owner: me, reason: r, expires: 2026-02-30}", "\"2026-02-30\" is no day"},
	{"maintenance:\n  windows: [{schedule: 61 22 * * *, duration: 6h}]",
	 "maintenance.windows[0].schedule: \"61 22 * * *\" is none"},
	{"maintenance:\n  windows: [{schedule: 0 22 * * *, duration: 10s}]",
	 "maintenance.windows[0].duration: not between"},
	{"maintenance:\n  freezes: [{from: 2026-12-24, to: 2026-12-20}]", "are no days in order"},
	{"risks:\n- {id: WL-X, object: a, owner: me, reason: r, expires: 31.12.2026}", "write it as 2026-12-31"},
	{"risks:\n- {id: WL-X, object: a, owner: me, reason: r, until: x}", "unknown key \"risks[0].until\""},
	{"risks:\n- {id: A-B, object: a, owner: me, reason: r}\n- {id: A-B, object: a, owner: you, reason: q}",
	 "upgrade.yaml:3:4: risks[1].id: A-B of \"a\" stands there twice"},
	{"checks: {only: [wl-x]}", "upgrade.yaml:1:10: checks.only[0]: \"wl-x\" is no id of a check"},
	{"checks: {except: ['']}", "checks.except[0]: \"\" is no id of a check"},
	{"checks: {severity: {WL-X: low}}", "upgrade.yaml:1:21: checks.severity.WL-X: \"low\" is no severity"},
	{"checks: {severity: {wl-x: LOW}}", "checks.severity: \"wl-x\" is no id of a check"},
	{"checks: {olny: [A]}", "unknown key \"checks.olny\" (did you mean \"checks.only\"?)"},
	{"keep_green: perhaps", "keep_green: not"},
	{"ai: {enabled: maybe}", "ai.enabled: not"},
};

static void each_is_refused_with_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct buf line CLEANUP(buf_done) = BUF_INIT(10000);
		struct config config;
		struct error *error ERROR_CLEANUP =
			config_from_text(slice_of(wrong[i].text), "upgrade.yaml", arena, &config);
		if (!error)
			fail_msg("taken: %s", wrong[i].text);
		error_line(error, &line);
		buf_printf(&line, "; do: %s", error->remedy ? error->remedy : "");
		if (!strstr(buf_str(&line), wrong[i].said))
			fail_msg("%s\nsaid:   %s\nwanted: %s", wrong[i].text, buf_str(&line), wrong[i].said);
		assert_int_equal(error->class, ERROR_INVALID);
		assert_null(strstr(buf_str(&line), "hunter2"));
	}
}

static const char *one_variable(void *context, const char *name)
{
	const char *const *pair = context;
	return strcmp(pair[0], name) ? NULL : pair[1];
}

static void wrong_variables_and_flags_are_named(void **state)
{
	(void)state;
	static const char *const variables[][3] = {
		{"EUA_TRAFFIC_INTERVAL", "soon", "environment variable EUA_TRAFFIC_INTERVAL"},
		{"EUA_TRAFFIC_STEPS", "10,x", "environment variable EUA_TRAFFIC_STEPS"},
		{"EUA_TRAFFIC_STEPS", "10,5", "traffic.steps[1]: 5 does not follow 10"},
		{"EUA_KEEP_GREEN", "2", "environment variable EUA_KEEP_GREEN"}};
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct config_source source = {
			.file = "/dev/null", .getenv = one_variable, .getenv_context = (void *)(uintptr_t)variables[i]};
		struct config config;
		struct buf line CLEANUP(buf_done) = BUF_INIT(10000);
		struct error *error ERROR_CLEANUP = config_load(&source, arena, &config, NULL, NULL);
		assert_non_null(error);
		error_line(error, &line);
		if (!strstr(buf_str(&line), variables[i][2]))
			fail_msg("%s does not say %s", buf_str(&line), variables[i][2]);
	}
	static const char *const none[] = {"", ""};
	static const struct config_flag flags[] = {{"bake", "long", "--bake"}, {"no.such", "x", "--such"}};
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct config_source source = {.file = "/dev/null",
					       .flags = &flags[i],
					       .n_flags = 1,
					       .getenv = one_variable,
					       .getenv_context = (void *)(uintptr_t)none};
		struct config config;
		struct error *error ERROR_CLEANUP = config_load(&source, arena, &config, NULL, NULL);
		assert_non_null(error);
		assert_non_null(strstr(error->message, flags[i].name));
	}
}

static void files_that_cannot_be_read_are_named(void **state)
{
	(void)state;
	static const char *const files[] = {"/there/is/no/upgrade.yaml", "/tmp"};
	static const char *const none[] = {"", ""};
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct config_source source = {
			.file = files[i], .getenv = one_variable, .getenv_context = (void *)(uintptr_t)none};
		struct config config;
		struct error *error ERROR_CLEANUP = config_load(&source, arena, &config, NULL, NULL);
		assert_non_null(error);
		assert_non_null(strstr(error->message, files[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_refused_with_its_reason),
		cmocka_unit_test(wrong_variables_and_flags_are_named),
		cmocka_unit_test(files_that_cannot_be_read_are_named),
	};
	return cmocka_run_group_tests_name("wrong configurations", tests, NULL, NULL);
}
