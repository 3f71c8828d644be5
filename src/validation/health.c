/* Health of Green: API server, nodes, workloads, stable over two looks. And the configured tests. */
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/step.h"
#include "perception/kubernetes_collector.h"

static bool swallow(void *context, const char *bytes, size_t n)
{
	(void)context;
	(void)bytes;
	(void)n;
	return true;
}

static struct error *start(struct step_context *ctx, struct step_result *ret)
{
	(void)ctx;
	ret->detail = mem_strdup("looks");
	ret->poll_after_ms = 1;
	return NULL;
}

static struct error *poll(struct step_context *ctx, struct step_result *ret)
{
	struct kube *kube;
	struct cluster_state state = {0};
	struct http_sink sink = {swallow, NULL};
	const char *sick = NULL;
	size_t ready_nodes = 0, ready = 0;
	TRY(world_green(ctx->world, ctx->plan->green_name, &kube));
	TRY(kube_get_stream(kube, "/readyz", &sink));
	TRY(kubernetes_collect(kube, ctx->arena, &state));
	for (size_t i = 0; i < state.n_nodes; i++) {
		ready_nodes += state.nodes[i].ready;
		sick = state.nodes[i].ready ? sick : state.nodes[i].name;
	}
	for (size_t i = 0; i < state.n_workloads; i++) {
		bool good = state.workloads[i].ready >= state.workloads[i].replicas;
		ready += good;
		sick = good ? sick : state.workloads[i].name;
	}
	bool well = state.n_nodes > 0 && state.n_workloads > 0 && ready_nodes == state.n_nodes &&
		    ready == state.n_workloads;
	int64_t looks = document_int_or(ctx->memory, "looks", 0);
	ret->poll_after_ms = 20 * SECOND_MS;
	ret->detail = mem_printf("nodes %zu/%zu, workloads %zu/%zu%s%s", ready_nodes, state.n_nodes, ready,
				 state.n_workloads, sick && !well ? ", waits for " : "", sick && !well ? sick : "");
	if (!well)
		return looks ? step_remember(ctx, json_pack("{s:i}", "looks", 0)) : NULL;
	if (looks) {
		ret->progress = STEP_DONE;
		return step_record(ctx, "verdict", json_pack("{s:s, s:s}", "verdict", "PASS", "detail", ret->detail));
	}
	return step_remember(ctx, json_pack("{s:i}", "looks", 1));
}

const struct step_type health_step = {.executor = "health",
				      .service = "kubernetes",
				      .poll_interval_ms = 20000,
				      .validates = true,
				      .start = start,
				      .poll = poll};

static void test_job(const struct step_context *ctx, size_t i, char out[160])
{
	snprintf(out, 160, "%.60s.%s.%u.%zu", ctx->run_id, ctx->step->step_id, ctx->attempt, i);
}

static struct error *start_test(struct step_context *ctx, const json_t *test, size_t i)
{
	char name[160];
	struct buf report CLEANUP(buf_done) = BUF_INIT(4096);
	struct process *process = ctx->world->ports->process;
	const char *newman = document_text(test, "newman"), *jmeter = document_text(test, "jmeter"),
		   *command = document_text(test, "command");
	test_job(ctx, i, name);
	TRY(process_path(process, name, newman ? "report.json" : "results.jtl", &report));
	const char *by_newman[] = {"newman",	     "run", newman, "--reporters", "json", "--reporter-json-export",
				   buf_str(&report), NULL};
	const char *by_jmeter[] = {"jmeter", "-n", "-t", jmeter, "-l", buf_str(&report), NULL};
	const char *by_shell[] = {"sh", "-c", command, NULL};
	struct process_spec spec = {.name = name,
				    .argv = newman   ? by_newman
					    : jmeter ? by_jmeter
						     : by_shell,
				    .deadline_ms = 30 * MINUTE_MS};
	return process_start(process, &spec);
}

/* Newman's own counts, where it left them. */
static struct error *counts(struct step_context *ctx, const char *name, int64_t *passed, int64_t *failed)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(64 << 20);
	TRY(process_read(ctx->world->ports->process, name, "report.json", 0, text.max, &text));
	json_t *report DOCUMENT_CLEANUP = json_loadb(buf_str(&text), text.n, 0, NULL);
	int64_t total = document_int_or(report, "run.stats.assertions.total", 0),
		bad = document_int_or(report, "run.stats.assertions.failed", 0);
	*passed += total - bad;
	*failed += bad;
	return NULL;
}

static struct error *tests_poll(struct step_context *ctx, struct step_result *ret)
{
	json_t *parameters DOCUMENT_CLEANUP = NULL;
	size_t i, running = 0, bad = 0;
	const json_t *test;
	int64_t passed = 0, failed = 0;
	TRY(step_parameters(ctx, &parameters));
	json_array_foreach (json_object_get(parameters, "tests"), i, test) {
		struct process_status status;
		char name[160];
		test_job(ctx, i, name);
		TRY(process_status(ctx->world->ports->process, name, &status));
		if (status.state == PROCESS_ABSENT)
			TRY(start_test(ctx, test, i));
		running += status.state == PROCESS_ABSENT || status.state == PROCESS_RUNNING;
		bad += status.state == PROCESS_LOST || (status.state == PROCESS_EXITED && status.exit_status != 0);
		if (document_text(test, "newman"))
			TRY(counts(ctx, name, &passed, &failed));
	}
	ret->poll_after_ms = 10 * SECOND_MS;
	ret->detail = mem_printf("%lld/%lld assertions, %zu suites running", (long long)passed,
				 (long long)(passed + failed), running);
	if (running)
		return NULL;
	ret->progress = bad ? STEP_FAIL : STEP_DONE;
	free(ret->detail);
	ret->detail = bad ? mem_printf("%zu test suites failed, %lld assertions", bad, (long long)failed)
			  : mem_printf("%lld/%lld assertions", (long long)passed, (long long)(passed + failed));
	return step_record(ctx, "verdict",
			   json_pack("{s:s, s:s}", "verdict", bad ? "FAIL" : "PASS", "detail", ret->detail));
}

const struct step_type tests_step = {.executor = "tests",
				     .service = "tests",
				     .poll_interval_ms = 10000,
				     .validates = true,
				     .start = tests_poll,
				     .poll = tests_poll};
