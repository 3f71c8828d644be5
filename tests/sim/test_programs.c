/* The process port's programs, above all terraform: its lines, its state, its ends. */
#include "sim_ask.h"

#define GREEN_ARGS "-input=false", "-no-color", "-json", "-var", "cluster_name=shop-134", "-var", "cluster_version=1.34"

static void start(struct bench *bench, const char *name, const char *const *argv, int64_t deadline_ms)
{
	struct process_spec spec = {.name = name, .argv = argv, .deadline_ms = deadline_ms};
	assert_null(process_start(bench->ports.process, &spec));
}

static struct process_status status_of(struct bench *bench, const char *name)
{
	struct process_status status;
	assert_null(process_status(bench->ports.process, name, &status));
	return status;
}

static char *text_of(struct bench *bench, const char *name, const char *file)
{
	struct buf text = BUF_INIT(1 << 24);
	assert_null(process_read(bench->ports.process, name, file, 0, text.max, &text));
	return text.p ? buf_take(&text) : mem_strdup("");
}

/* How many of a job's lines are of a type; each must be JSON. */
static size_t lines(struct bench *bench, const char *name, const char *type)
{
	char *text CLEANUP(mem_freep) = text_of(bench, name, "out");
	size_t n = 0;
	for (const char *p = text; *p;) {
		size_t length = strcspn(p, "\n");
		json_t *line DOCUMENT_CLEANUP = json_loadb(p, length, 0, NULL);
		if (!line)
			fail_msg("no JSON: %.*s", (int)length, p);
		assert_non_null(document_text(line, "@timestamp"));
		n += !strcmp(document_text_or(line, "type", ""), type);
		p += length + (p[length] == '\n');
	}
	return n;
}

static int run(struct bench *bench, const char *name, const char *const *argv)
{
	start(bench, name, argv, 0);
	for (int i = 0; i < 4000 && status_of(bench, name).state == PROCESS_RUNNING; i++)
		bench_pass(bench, SECOND_MS);
	return status_of(bench, name).exit_status;
}

static int plan(struct bench *bench, const char *name)
{
	char *out CLEANUP(mem_freep) = mem_printf("-out=/sim/jobs/%s/green.tfplan", name);
	const char *argv[] = {"terraform", "-chdir=/infra", "plan", GREEN_ARGS, out, NULL};
	return run(bench, name, argv);
}

static void start_apply(struct bench *bench, const char *name, const char *of, int64_t deadline_ms)
{
	char *file CLEANUP(mem_freep) = mem_printf("/sim/jobs/%s/green.tfplan", of);
	const char *argv[] = {"terraform", "-chdir=/infra", "apply", "-input=false", "-json", file, NULL};
	start(bench, name, argv, deadline_ms);
}

static int finish(struct bench *bench, const char *name)
{
	for (int i = 0; i < 20000 && status_of(bench, name).state == PROCESS_RUNNING; i++)
		bench_pass(bench, SECOND_MS);
	return status_of(bench, name).exit_status;
}

static int destroy(struct bench *bench, const char *name)
{
	const char *argv[] = {"terraform", "-chdir=/infra", "destroy", "-auto-approve", GREEN_ARGS, NULL};
	return run(bench, name, argv);
}

static void a_module_makes_green_in_its_time(void **state)
{
	(void)state;
	struct bench bench = bench_new("medium", 1, NULL);
	assert_int_equal(plan(&bench, "p"), 0);
	assert_int_equal(lines(&bench, "p", "planned_change"), 64);
	assert_int_equal(lines(&bench, "p", "change_summary"), 1);
	const char *show[] = {"terraform", "-chdir=/infra", "show", "-json", "/sim/jobs/p/green.tfplan", NULL};
	assert_int_equal(run(&bench, "s", show), 0);
	char *shown CLEANUP(mem_freep) = text_of(&bench, "s", "out");
	json_t *document DOCUMENT_CLEANUP = json_loads(shown, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(document, "resource_changes")), 64);
	assert_string_equal(document_text(document, "resource_changes[63].change.actions[0]"), "create");
	int64_t began_ms = sim_now_ms(bench.sim);
	start_apply(&bench, "a", "p", 0);
	bench_pass(&bench, 5 * MINUTE_MS);
	assert_int_equal(status_of(&bench, "a").state, PROCESS_RUNNING);
	size_t early = lines(&bench, "a", "apply_complete");
	assert_true(early >= 40 && early < 64);
	assert_true(lines(&bench, "a", "apply_progress") > 20);
	assert_int_equal(finish(&bench, "a"), 0);
	int64_t took_ms = sim_now_ms(bench.sim) - began_ms;
	assert_true(took_ms > 10 * MINUTE_MS && took_ms < 18 * MINUTE_MS);
	assert_int_equal(lines(&bench, "a", "apply_complete"), 64);
	assert_int_equal(lines(&bench, "a", "apply_start"), 64);
	assert_int_equal(lines(&bench, "a", "outputs"), 1);
	assert_int_equal(effect(&bench, "eks:CreateCluster shop-134"), 1);
	assert_int_equal(effect(&bench, "eks:CreateNodegroup shop-134/compute"), 1);
	assert_says(&bench, "eks:DescribeNodegroup",
		    json_pack("{s:s, s:s}", "clusterName", "shop-134", "nodegroupName", "compute"), "nodegroup.status",
		    "ACTIVE");
	bench_done(&bench);
}

static void what_is_made_is_not_made_again(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	plan(&bench, "p");
	start_apply(&bench, "a", "p", 0);
	assert_int_equal(finish(&bench, "a"), 0);
	start_apply(&bench, "stale", "p", 0);
	assert_int_equal(finish(&bench, "stale"), 1);
	char *why CLEANUP(mem_freep) = text_of(&bench, "stale", "out");
	assert_non_null(strstr(why, "Saved plan is stale"));
	assert_int_equal(plan(&bench, "q"), 0);
	assert_int_equal(lines(&bench, "q", "planned_change"), 0);
	start_apply(&bench, "b", "q", 0);
	assert_int_equal(finish(&bench, "b"), 0);
	assert_int_equal(effect(&bench, "eks:CreateCluster shop-134"), 1);
	bench_done(&bench);
}

static void a_foreign_cluster_of_that_name_is_not_taken_over(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	json_decref(
		bench_ask(&bench, "eks:CreateCluster",
			  json_pack("{s:s, s:s, s:s, s:{s:[s,s]}}", "name", "shop-134", "version", "1.34", "roleArn",
				    "arn:aws:iam::1:role/r", "resourcesVpcConfig", "subnetIds", "a", "b")));
	plan(&bench, "p");
	start_apply(&bench, "a", "p", 0);
	assert_int_equal(finish(&bench, "a"), 1);
	char *why CLEANUP(mem_freep) = text_of(&bench, "a", "out");
	assert_non_null(strstr(why, "ResourceInUseException"));
	bench_done(&bench);
}

static void a_failed_apply_goes_on_where_it_stopped(void **state)
{
	(void)state;
	static const char *const faults[] = {"terraform:error", "terraform:killed"};
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct bench bench = bench_new("small", 1, faults[i]);
		plan(&bench, "p");
		start_apply(&bench, "a", "p", 0);
		finish(&bench, "a");
		struct process_status status = status_of(&bench, "a");
		assert_int_equal(status.state, i ? PROCESS_LOST : PROCESS_EXITED);
		assert_int_equal(lines(&bench, "a", "diagnostic"), i ? 0 : 1);
		assert_int_equal(plan(&bench, "q"), 0);
		size_t left = lines(&bench, "q", "planned_change");
		assert_true(left > 0 && left < 64);
		start_apply(&bench, "b", "q", 0);
		assert_int_equal(finish(&bench, "b"), 0);
		assert_int_equal(lines(&bench, "b", "apply_complete"), left);
		assert_int_equal(effect(&bench, "eks:CreateCluster shop-134"), 1);
		bench_done(&bench);
	}
}

static void destroy_takes_all_of_it_back(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	plan(&bench, "p");
	start_apply(&bench, "a", "p", 0);
	finish(&bench, "a");
	assert_int_equal(destroy(&bench, "d"), 0);
	assert_int_equal(lines(&bench, "d", "apply_complete"), 64);
	assert_refused(&bench, "eks:DescribeCluster", json_pack("{s:s}", "name", "shop-134"),
		       "ResourceNotFoundException");
	assert_int_equal(destroy(&bench, "again"), 0);
	assert_int_equal(lines(&bench, "again", "apply_complete"), 0);
	assert_says(&bench, "eks:DescribeCluster", json_pack("{s:s}", "name", "shop"), "cluster.status", "ACTIVE");
	bench_done(&bench);
}

static void half_made_is_destroyed_too(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	plan(&bench, "p");
	start_apply(&bench, "a", "p", 0);
	bench_pass(&bench, 3 * MINUTE_MS);
	assert_null(process_stop(bench.ports.process, "a", true));
	assert_int_equal(status_of(&bench, "a").exit_status, 137);
	assert_int_equal(destroy(&bench, "d"), 0);
	assert_refused(&bench, "eks:DescribeCluster", json_pack("{s:s}", "name", "shop-134"),
		       "ResourceNotFoundException");
	bench_done(&bench);
}

static void what_hangs_ends_at_its_deadline(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, "terraform:hang");
	plan(&bench, "p");
	int64_t began_ms = sim_now_ms(bench.sim);
	start_apply(&bench, "a", "p", 10 * MINUTE_MS);
	assert_int_equal(finish(&bench, "a"), 137);
	assert_near((double)(sim_now_ms(bench.sim) - began_ms), 10.0 * MINUTE_MS + 30000, 2000);
	bench_done(&bench);
	bench = bench_new("small", 1, "terraform:hang for 30m"); /* and goes on when the hindrance is over */
	plan(&bench, "p");
	start_apply(&bench, "a", "p", 2 * HOUR_MS);
	assert_int_equal(finish(&bench, "a"), 0);
	assert_true(sim_now_ms(bench.sim) - began_ms > 40 * MINUTE_MS);
	bench_done(&bench);
}

static void garbage_is_written_once(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, "terraform:garbage");
	assert_int_equal(plan(&bench, "p"), 0);
	char *text CLEANUP(mem_freep) = text_of(&bench, "p", "out");
	assert_non_null(strstr(text, "panic"));
	plan(&bench, "q");
	assert_int_equal(lines(&bench, "q", "planned_change"), 64);
	bench_done(&bench);
}

static void a_plan_without_its_variable_fails(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	const char *argv[] = {"terraform", "plan", "-json", NULL};
	assert_int_equal(run(&bench, "p", argv), 1);
	assert_int_equal(lines(&bench, "p", "diagnostic"), 1);
	start_apply(&bench, "a", "nobody", 0);
	assert_int_equal(finish(&bench, "a"), 1);
	bench_done(&bench);
}

static void a_job_starts_once_and_its_file_grows(void **state)
{
	(void)state;
	struct bench bench = bench_new("small", 1, NULL);
	struct buf path CLEANUP(buf_done) = BUF_INIT(256);
	assert_int_equal(status_of(&bench, "j").state, PROCESS_ABSENT);
	assert_null(process_put(bench.ports.process, "j", "note", slice_of("hello")));
	assert_int_equal(status_of(&bench, "j").state, PROCESS_ABSENT);
	assert_null(process_path(bench.ports.process, "j", "note", &path));
	assert_non_null(strstr(buf_str(&path), "j/note"));
	char *note CLEANUP(mem_freep) = text_of(&bench, "j", "note");
	assert_string_equal(note, "hello");
	const char *argv[] = {"sh", "-c", "true", NULL};
	start(&bench, "j", argv, 0);
	int64_t started_ms = status_of(&bench, "j").started_at_ms;
	bench_pass(&bench, 5 * SECOND_MS);
	start(&bench, "j", argv, 0);
	assert_int_equal(status_of(&bench, "j").started_at_ms, started_ms);
	assert_int_equal(finish(&bench, "j"), 0);
	bench_done(&bench);
}

static void test_runners_see_how_green_answers(void **state)
{
	(void)state;
	static const char *const faults[] = {NULL, "green:5xx=10%", "newman:error=1"};
	static const int64_t failed[] = {0, 9, 3};
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct bench bench = bench_new("small", 1, faults[i]);
		make_green(&bench);
		const char *argv[] = {
			"newman", "run", "t.json", "-r", "--reporter-json-export", "/sim/jobs/n/report.json", NULL};
		assert_int_equal(run(&bench, "n", argv), failed[i] > 0);
		char *text CLEANUP(mem_freep) = text_of(&bench, "n", "report.json");
		json_t *report DOCUMENT_CLEANUP = json_loads(text, 0, NULL);
		assert_int_equal(document_int_or(report, "run.stats.assertions.total", 0), 87);
		assert_int_equal(document_int_or(report, "run.stats.assertions.failed", -1), failed[i]);
		bench_done(&bench);
	}
	struct bench bench = bench_new("small", 1, NULL);
	const char *jmeter[] = {"/opt/bin/jmeter", "-n", "-t", "t.jmx", "-l", "/sim/jobs/j/results.jtl", NULL};
	assert_int_equal(run(&bench, "j", jmeter), 0);
	char *results CLEANUP(mem_freep) = text_of(&bench, "j", "results.jtl");
	assert_non_null(strstr(results, "timeStamp,elapsed,label,responseCode"));
	assert_null(strstr(results, ",503,"));
	const char *git[] = {"git", "rev-parse", "HEAD", NULL};
	assert_int_equal(run(&bench, "g", git), 0);
	char *revision CLEANUP(mem_freep) = text_of(&bench, "g", "out");
	assert_int_equal(strlen(revision), 41);
	bench_done(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_module_makes_green_in_its_time),
		cmocka_unit_test(what_is_made_is_not_made_again),
		cmocka_unit_test(a_foreign_cluster_of_that_name_is_not_taken_over),
		cmocka_unit_test(a_failed_apply_goes_on_where_it_stopped),
		cmocka_unit_test(destroy_takes_all_of_it_back),
		cmocka_unit_test(half_made_is_destroyed_too),
		cmocka_unit_test(what_hangs_ends_at_its_deadline),
		cmocka_unit_test(garbage_is_written_once),
		cmocka_unit_test(a_plan_without_its_variable_fails),
		cmocka_unit_test(a_job_starts_once_and_its_file_grows),
		cmocka_unit_test(test_runners_see_how_green_answers),
	};
	return cmocka_run_group_tests_name("sim programs", tests, NULL, NULL);
}
