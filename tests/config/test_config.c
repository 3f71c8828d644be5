/* The configuration as people write it: file, environment, flags, defaults, and where each value came from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "models/upgrade_plan.h"

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

static struct config parsed(struct arena *arena, const char *text)
{
	struct config config;
	struct error *error = config_from_text(slice_of(text), "upgrade.yaml", arena, &config);
	if (error)
		fail_msg("%s", error->message);
	return config;
}

/* The example of the documentation, key for key. */
static const char EXAMPLE[] =
	"cluster: shop\n"
	"target_version: \"1.35\"\n"
	"strategy: blue-green            # blue-green | in-place | path to a custom strategy\n"
	"terraform: { directory: infra/green, var_files: [prod.tfvars] }\n"
	"gitops:    { argocd: { server: https://argocd.example.com, token: secretsmanager:argocd/token } }\n"
	"traffic:\n"
	"  steps: [10, 25, 50, 75, 100]\n"
	"  interval: 10m\n"
	"  route53: { hosted_zone: example.com, records: [shop.example.com] }\n"
	"validation:\n"
	"  metrics:\n"
	"    - { name: error rate, prometheus: 'sum(rate(http_requests_total{code=~\"5..\"}[1m]))', max: 1%, "
	"worse_than_blue_by_at_most: 0.5% }\n"
	"    - { name: latency p99, cloudwatch: { namespace: AWS/ApplicationELB, metric: TargetResponseTime, "
	"statistic: "
	"p99 }, max: 400ms }\n"
	"  tests:   [ { newman: tests/checkout.postman.json }, { jmeter: tests/load.jmx } ]\n"
	"  probes:  [ https://shop.example.com/health ]\n"
	"bake: 15m\n"
	"approvals: [decommission]       # who must say yes to what\n"
	"ai: { bedrock_model_id: anthropic.claude-3-sonnet-20240229-v1:0, enabled: false }\n";

static void the_documented_example_is_read_as_it_stands(void **state)
{
	struct config config = parsed(*state, EXAMPLE);
	assert_string_equal(config.cluster, "shop");
	assert_string_equal(config.target_version, "1.35");
	assert_int_equal(config.strategy, STRATEGY_BLUE_GREEN);
	assert_null(config.custom_strategy);
	assert_string_equal(config.terraform.directory, "infra/green");
	assert_int_equal(config.terraform.n_var_files, 1);
	assert_string_equal(config.argocd.token, "secretsmanager:argocd/token");
	assert_int_equal(config.traffic.n_steps, 5);
	assert_int_equal(config.traffic.interval_ms, 10 * MINUTE_MS);
	assert_string_equal(config.traffic.records[0], "shop.example.com");
	const struct config_metric *metrics = config.validation.metrics;
	assert_int_equal(config.validation.n_metrics, 2);
	assert_true(metrics[0].has_max && metrics[0].max == 0.01);
	assert_true(metrics[0].has_worse && metrics[0].worse_than_blue_by_at_most == 0.005);
	assert_true(metrics[1].has_max && metrics[1].max == 0.4);
	assert_false(metrics[1].has_worse);
	json_t *query DOCUMENT_CLEANUP = json_loads(metrics[1].cloudwatch, 0, NULL);
	assert_string_equal(document_text(query, "statistic"), "p99");
	assert_string_equal(config.validation.tests[0].newman, "tests/checkout.postman.json");
	assert_string_equal(config.validation.tests[1].jmeter, "tests/load.jmx");
	assert_int_equal(config.bake_ms, 15 * MINUTE_MS);
	assert_string_equal(config.approvals[0], "decommission");
	assert_false(config.ai.enabled);
}

static void what_is_not_said_has_its_default(void **state)
{
	struct config config = parsed(*state, "cluster: shop\n");
	static const int64_t steps[] = {10, 25, 50, 75, 100};
	assert_int_equal(config.traffic.n_steps, ARRAY_SIZE(steps));
	assert_memory_equal(config.traffic.steps, steps, sizeof steps);
	assert_int_equal(config.traffic.interval_ms, 10 * MINUTE_MS);
	assert_int_equal(config.validation.min_requests, 500);
	assert_true(config.validation.max_error_rate == 0.01);
	assert_int_equal(config.bake_ms, 15 * MINUTE_MS);
	assert_int_equal(config.approval_expires_ms, DAY_MS);
	assert_int_equal(config.max_parallel_steps, 4);
	assert_int_equal(config.lease_ttl_ms, MINUTE_MS);
	assert_int_equal(config.n_approvals, 1);
	assert_string_equal(config.approvals[0], "decommission");
	assert_string_equal(config.terraform.binary, "terraform");
	assert_string_equal(config.journal, ".eks-upgrade-agent/journal.db");
	assert_string_equal(config.work_directory, ".eks-upgrade-agent/jobs");
	assert_false(config.keep_green);
	assert_null(config.target_version);
	parsed(*state, "");
	parsed(*state, "# only a comment\n");
}

static void nothing_on_purpose_is_not_the_default(void **state)
{
	struct config config =
		parsed(*state, "approvals: []\nbake: 0s\nkeep_green: false\nvalidation: {max_error_rate: 0, "
			       "worse_than_blue_by_at_most: 0%, probes: []}\n");
	assert_int_equal(config.n_approvals, 0);
	assert_int_equal(config.bake_ms, 0);
	assert_true(config.validation.max_error_rate == 0);
	assert_true(config.validation.worse_than_blue_by_at_most == 0);
	config = parsed(*state, "terraform:\n  binary:\ntraffic: {ttl_seconds: 30}\n"); /* no text is none */
	assert_string_equal(config.terraform.binary, "terraform");
	assert_int_equal(config.traffic.ttl_s, 30);
	assert_int_equal(config.traffic.interval_ms, 10 * MINUTE_MS);
}

static void jobs_stand_beside_the_journal(void **state)
{
	assert_string_equal(parsed(*state, "journal: /var/lib/eua/run.db").work_directory, "/var/lib/eua/jobs");
	assert_string_equal(parsed(*state, "journal: run.db").work_directory, "jobs");
	assert_string_equal(parsed(*state, "journal: a/b\nwork_directory: c").work_directory, "c");
}

static void addresses_may_stand_under_the_endpoint(void **state)
{
	struct config config =
		parsed(*state, "endpoint_url: http://127.0.0.1:8080/\nclock_url: /sim/clock\n"
			       "gitops: {argocd: {server: /argocd}}\n"
			       "validation: {probes: [/users/shop.example.com/health, https://other.example.com/]}\n");
	assert_string_equal(config.clock_url, "http://127.0.0.1:8080/sim/clock");
	assert_string_equal(config.argocd.server, "http://127.0.0.1:8080/argocd");
	assert_string_equal(config.validation.probes[0], "http://127.0.0.1:8080/users/shop.example.com/health");
	assert_string_equal(config.validation.probes[1], "https://other.example.com/");
}

static void versions_may_lack_their_quotes(void **state)
{
	assert_string_equal(parsed(*state, "target_version: 1.34").target_version, "1.34");
	assert_string_equal(parsed(*state, "target_version: '1.30'").target_version, "1.30");
}

static const char *const variables[][2] = {{"EUA_TRAFFIC_STEPS", "50,100"},
					   {"EUA_TRAFFIC_ROUTE53_HOSTED_ZONE", "env.example.com"},
					   {"EUA_BAKE", "5m"},
					   {"EUA_AI_ENABLED", "true"},
					   {"EUA_REGION", ""}};

static const char *fake_environment(void *context, const char *name)
{
	(void)context;
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		if (!strcmp(variables[i][0], name))
			return variables[i][1];
	return NULL;
}

static char *written(const char *text)
{
	char *path = mem_strdup("/tmp/eua-config-XXXXXX");
	int fd = mkstemp(path);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
	return path;
}

static void a_flag_beats_the_environment_which_beats_the_file(void **state)
{
	char *path CLEANUP(mem_freep) = written("cluster: shop\nregion: eu-west-1\nbake: 1h\n"
						"traffic: {interval: 3m, steps: [100], route53: {hosted_zone: f}}\n"
						"validation:\n  tests:\n  - command: make test\n");
	const struct config_flag flags[] = {{"bake", "7m", "--bake"}, {"cluster", "blue", NULL}};
	struct config_source source = {.file = path, .flags = flags, .n_flags = 2, .getenv = fake_environment};
	struct config config;
	struct config_origin *origins;
	size_t n;
	assert_null(config_load(&source, *state, &config, &origins, &n));
	unlink(path);
	assert_string_equal(config.cluster, "blue");
	assert_string_equal(config.region, "eu-west-1");
	assert_int_equal(config.bake_ms, 7 * MINUTE_MS);
	assert_int_equal(config.traffic.n_steps, 2);
	assert_int_equal(config.traffic.steps[0], 50);
	assert_string_equal(config.traffic.hosted_zone, "env.example.com");
	assert_true(config.ai.enabled);
	char *place CLEANUP(mem_freep) = mem_printf("%s:2:1", path),
		    *deep CLEANUP(mem_freep) = mem_printf("%s:4:11", path);
	const struct {
		const char *path, *origin;
	} expected[] = {{"bake", "flag --bake"},
			{"cluster", "flag cluster"},
			{"region", place},
			{"traffic.interval", deep},
			{"traffic.steps[1]", "environment EUA_TRAFFIC_STEPS"},
			{"traffic.steps", "environment EUA_TRAFFIC_STEPS"},
			{"traffic.route53.hosted_zone", "environment EUA_TRAFFIC_ROUTE53_HOSTED_ZONE"},
			{"traffic.ttl_seconds", "default"},
			{"lease_ttl", "default"}};
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(config_origin(origins, n, expected[i].path), expected[i].origin);
	assert_non_null(strstr(config_origin(origins, n, "validation.tests[0].command"), ":7:5"));
}

static void the_default_file_is_taken_when_it_is_there(void **state)
{
	char directory[] = "/tmp/eua-config-XXXXXX", here[4096];
	assert_non_null(mkdtemp(directory));
	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir(directory), 0);
	struct config_source source = {.getenv = fake_environment};
	struct config config;
	assert_null(config_load(&source, *state, &config, NULL, NULL));
	assert_null(config.cluster);
	FILE *file = fopen("eks-upgrade-agent.yaml", "w");
	fputs("cluster: found\n", file);
	fclose(file);
	assert_null(config_load(&source, *state, &config, NULL, NULL));
	assert_string_equal(config.cluster, "found");
	unlink("eks-upgrade-agent.yaml");
	assert_int_equal(chdir(here), 0);
	rmdir(directory);
}

static void secrets_are_read_where_they_are_said_to_be(void **state)
{
	(void)state;
	enum config_secret kind;
	const char *name;
	static const struct {
		const char *reference, *name;
		enum config_secret kind;
	} good[] = {{"env:TOKEN", "TOKEN", CONFIG_SECRET_ENV},
		    {"file:/run/token", "/run/token", CONFIG_SECRET_FILE},
		    {"ssm:/eua/token", "/eua/token", CONFIG_SECRET_SSM},
		    {"secretsmanager:argocd/token", "argocd/token", CONFIG_SECRET_SECRETSMANAGER}};
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_null(config_secret_parse(good[i].reference, &kind, &name));
		assert_int_equal(kind, good[i].kind);
		assert_string_equal(name, good[i].name);
	}
	static const char *const bad[] = {"hunter2", "", "env:", "vault:x"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error *error ERROR_CLEANUP = config_secret_parse(bad[i], &kind, &name);
		assert_non_null(error);
		assert_null(strstr(error->message, "hunter2"));
	}
	struct secret *secret CLEANUP(secret_freep) = NULL;
	assert_null(config_secret_read(NULL, &secret));
	assert_null(secret);
	setenv("EUA_TEST_TOKEN", "from the environment", 1);
	assert_null(config_secret_read("env:EUA_TEST_TOKEN", &secret));
	assert_string_equal(secret_reveal(secret), "from the environment");
	secret_free(TAKE(secret));
	unsetenv("EUA_TEST_TOKEN");
	char *path CLEANUP(mem_freep) = written("from a file\r\n\n"), *empty CLEANUP(mem_freep) = written("\n");
	char *by_file CLEANUP(mem_freep) = mem_printf("file:%s", path),
		      *by_empty CLEANUP(mem_freep) = mem_printf("file:%s", empty);
	assert_null(config_secret_read(by_file, &secret));
	assert_string_equal(secret_reveal(secret), "from a file");
	secret_free(TAKE(secret));
	const char *const failing[] = {"env:EUA_TEST_TOKEN", by_empty, "file:/there/is/none", "ssm:/x", "hunter2"};
	for (size_t i = 0; i < ARRAY_SIZE(failing); i++) {
		struct error *error ERROR_CLEANUP = config_secret_read(failing[i], &secret);
		assert_non_null(error);
		assert_non_null(error->remedy);
		assert_null(secret);
	}
	unlink(path);
	unlink(empty);
}

/* Every key of the table stands in the schema where YAML has it. */
static void the_schema_has_the_files_shape(void **state)
{
	(void)state;
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
	model_schema(&config_model, &text);
	json_t *schema DOCUMENT_CLEANUP = NULL;
	assert_null(document_parse(buf_slice(&text), "schema", &schema));
	for (size_t i = 0; i < config_model.n_fields; i++) {
		const json_t *at = schema;
		for (const char *p = config_model.fields[i].name; *p;) {
			size_t n = strcspn(p, ".");
			char *word CLEANUP(mem_freep) = mem_strndup(p, n);
			assert_true(json_is_false(json_object_get(at, "additionalProperties")));
			at = json_object_get(json_object_get(at, "properties"), word);
			p += n + (p[n] == '.');
		}
		assert_non_null(at);
		assert_string_equal(document_text(at, "description"), config_model.fields[i].doc);
	}
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void risks_end_with_their_last_day(void **state)
{
	struct config config = parsed(
		*state, "risks:\n"
			"  - {id: WL-SINGLETON, object: Deployment legacy/*, owner: team-a, reason: night only, "
			"expires: 2026-12-31}\n"
			"  - {id: WL-*, object: '*', owner: team-b, reason: test, expires: 2026-12-31T18:00:00+01:00}\n"
			"  - {id: A, object: b, owner: c, reason: d}\n"
			"checks: {only: [WL-*, A], except: [B], severity: {WL-SINGLETON: LOW}}\n");
	int64_t day_ms, hour_ms;
	assert_true(time_parse_rfc3339(slice_of("2027-01-01T00:00:00Z"), &day_ms));
	assert_true(time_parse_rfc3339(slice_of("2026-12-31T17:00:00Z"), &hour_ms));
	assert_int_equal(config.n_risks, 3);
	assert_string_equal(config.risks[0].object, "Deployment legacy/*");
	assert_int_equal(config.risks[0].expires_ms, day_ms - 1);
	assert_int_equal(config.risks[1].expires_ms, hour_ms);
	assert_int_equal(config.risks[2].expires_ms, 0);
	assert_int_equal(config.checks.n_only, 2);
	assert_string_equal(config.checks.except[0], "B");
	assert_string_equal(config.checks.severity[0].key, "WL-SINGLETON");
	assert_string_equal(config.checks.severity[0].value, "LOW");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_documented_example_is_read_as_it_stands),
		test(what_is_not_said_has_its_default),
		test(nothing_on_purpose_is_not_the_default),
		test(jobs_stand_beside_the_journal),
		test(addresses_may_stand_under_the_endpoint),
		test(versions_may_lack_their_quotes),
		test(a_flag_beats_the_environment_which_beats_the_file),
		test(the_default_file_is_taken_when_it_is_there),
		test(secrets_are_read_where_they_are_said_to_be),
		test(the_schema_has_the_files_shape),
		test(risks_end_with_their_last_day),
	};
	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
