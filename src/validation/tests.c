/* The configured tests, each a job of its own: Newman, JMeter, any command. What a program left behind is read, not
 * only its exit status: JMeter ends with 0 whatever failed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/step.h"

enum { MAX_REPORT = 64 << 20 };

struct tally {
	size_t running, bad;
	int64_t passed, failed;
	char *problem; /* of the first bad suite */
};

static void tally_done(struct tally *tally)
{
	free(tally->problem);
}

static void test_job(const struct step_context *ctx, size_t i, char out[160])
{
	snprintf(out, 160, "%.60s.%s.%u.%zu", ctx->run_id, ctx->step->step_id, ctx->attempt, i);
}

/* What a test needs to reach Green while the users' names still lead to Blue. */
struct green {
	const char *name, *endpoint, *load_balancer;
};

static struct green green_of(struct step_context *ctx)
{
	json_t *made = step_memory_of(ctx, "provision-green"), *registered = step_memory_of(ctx, "register-apps");
	const char *configured = ctx->world->config->traffic.green_load_balancer;
	return (struct green){.name = ctx->plan->green_name,
			      .endpoint = document_text_or(registered, "server", ""),
			      .load_balancer =
				      configured ? configured : document_text_or(made, "outputs.load_balancer", "")};
}

static struct error *start_test(struct step_context *ctx, const json_t *test, size_t i)
{
	char name[160];
	struct buf report CLEANUP(buf_done) = BUF_INIT(4096);
	struct process *process = ctx->world->ports->process;
	const char *newman = document_text(test, "newman"), *jmeter = document_text(test, "jmeter"),
		   *command = document_text(test, "command");
	struct green green = green_of(ctx);
	char *env_name CLEANUP(mem_freep) = mem_printf("EUA_GREEN=%s", green.name),
		       *env_endpoint CLEANUP(mem_freep) = mem_printf("EUA_GREEN_ENDPOINT=%s", green.endpoint),
		       *env_balancer CLEANUP(mem_freep) = mem_printf("EUA_GREEN_LOAD_BALANCER=%s", green.load_balancer),
		       *variable CLEANUP(mem_freep) = mem_printf("green_load_balancer=%s", green.load_balancer),
		       *property CLEANUP(mem_freep) = mem_printf("-Jgreen_load_balancer=%s", green.load_balancer);
	const char *env[] = {env_name, env_endpoint, env_balancer, NULL};
	test_job(ctx, i, name);
	TRY(process_path(process, name, newman ? "report.json" : "results.jtl", &report));
	const char *by_newman[] = {
		"newman",	  "run",       newman,	 "--reporters", "json", "--reporter-json-export",
		buf_str(&report), "--env-var", variable, NULL};
	const char *by_jmeter[] = {
		"jmeter", "-n", "-t", jmeter, "-l", buf_str(&report), "-Jjmeter.save.saveservice.output_format=csv",
		property, NULL};
	const char *by_shell[] = {"sh", "-c", command, NULL};
	struct process_spec spec = {.name = name,
				    .argv = newman   ? by_newman
					    : jmeter ? by_jmeter
						     : by_shell,
				    .env = env,
				    .deadline_ms = 30 * MINUTE_MS};
	return process_start(process, &spec);
}

/* Newman's own counts. False: it left no report. */
static bool count_newman(struct slice text, struct tally *tally)
{
	json_t *report DOCUMENT_CLEANUP = json_loadb(text.p ? text.p : "", text.n, 0, NULL);
	if (!document_at(report, "run.stats.assertions.total"))
		return false;
	int64_t total = document_int_or(report, "run.stats.assertions.total", 0),
		failed = document_int_or(report, "run.stats.assertions.failed", 0);
	tally->passed += total - failed;
	tally->failed += failed;
	return true;
}

/* Which column of the heading line is "success"; -1: none. */
static int success_column(const char *line, size_t n)
{
	int column = 0;
	for (const char *p = line, *end = line + n; p < end; column++) {
		size_t word = strcspn(p, ",\r\n");
		if (word == 7 && !strncmp(p, "success", 7))
			return column;
		p += word + 1;
	}
	return -1;
}

/* The column's word in a line of CSV; quoted cells may hold commas and line ends. Moves *p behind the line. */
static struct slice take_cell(const char **p, int wanted)
{
	struct slice cell = {NULL, 0};
	bool quoted = false;
	int column = 0;
	const char *begin = *p;
	for (;; (*p)++) {
		bool ends = !**p || (!quoted && (**p == ',' || **p == '\n'));
		quoted ^= **p == '"';
		if (!ends)
			continue;
		if (column == wanted)
			cell = slice_make(begin, (size_t)(*p - begin));
		if (**p != ',') {
			*p += **p == '\n';
			return cell;
		}
		begin = *p + 1;
		column++;
	}
}

/* JMeter's samples, a line each. False: it left no results. */
static bool count_jmeter(const char *text, struct tally *tally)
{
	size_t heading = strcspn(text, "\n");
	int column = success_column(text, heading);
	const char *p = text + heading + (text[heading] == '\n');
	int64_t before = tally->passed + tally->failed;
	while (column >= 0 && *p) {
		struct slice cell = take_cell(&p, column);
		cell.n -= cell.n && cell.p[cell.n - 1] == '\r';
		tally->passed += slice_eq(cell, "true");
		tally->failed += slice_eq(cell, "false");
	}
	return tally->passed + tally->failed > before;
}

static struct error *say_end(struct step_context *ctx, const char *name, int status, char **ret)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(4096);
	TRY(process_read(ctx->world->ports->process, name, "err", 0, text.max, &text));
	while (text.n && strchr("\r\n ", text.p[text.n - 1]))
		text.p[--text.n] = '\0';
	const char *tail = text.n > 200 ? text.p + text.n - 200 : buf_str(&text);
	*ret = mem_printf("exit status %d%s%s", status, *tail ? ": " : "", tail);
	return NULL;
}

/* A suite that has ended. */
static struct error *judge_test(struct step_context *ctx, const json_t *test, const char *name,
				const struct process_status *status, struct tally *tally)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(MAX_REPORT);
	const char *newman = document_text(test, "newman"), *jmeter = document_text(test, "jmeter");
	int64_t failed_before = tally->failed;
	bool told = true;
	char *problem CLEANUP(mem_freep) = NULL;
	if (newman || jmeter)
		TRY(process_read(ctx->world->ports->process, name, newman ? "report.json" : "results.jtl", 0, text.max,
				 &text));
	if (newman)
		told = count_newman(buf_slice(&text), tally);
	else if (jmeter)
		told = count_jmeter(buf_str(&text), tally);
	if (status->state == PROCESS_LOST)
		problem = mem_strdup("it was killed from outside");
	else if (status->exit_status)
		TRY(say_end(ctx, name, status->exit_status, &problem));
	else if (!told)
		problem = mem_strdup("it left no results");
	else if (tally->failed == failed_before)
		return NULL;
	tally->bad++;
	if (!tally->problem)
		tally->problem = mem_printf("\"%s\"%s%s",
					    newman   ? newman
					    : jmeter ? jmeter
						     : document_text_or(test, "command", "?"),
					    problem ? ": " : "", problem ? problem : "");
	return NULL;
}

static struct error *poll(struct step_context *ctx, struct step_result *ret)
{
	json_t *parameters DOCUMENT_CLEANUP = NULL;
	struct tally tally CLEANUP(tally_done) = {0};
	size_t i;
	const json_t *test;
	TRY(step_parameters(ctx, &parameters));
	json_array_foreach (json_object_get(parameters, "tests"), i, test) {
		struct process_status status;
		char name[160];
		test_job(ctx, i, name);
		TRY(process_status(ctx->world->ports->process, name, &status));
		if (status.state == PROCESS_ABSENT)
			TRY(start_test(ctx, test, i));
		if (status.state == PROCESS_ABSENT || status.state == PROCESS_RUNNING)
			tally.running++;
		else
			TRY(judge_test(ctx, test, name, &status, &tally));
	}
	long long all = tally.passed + tally.failed;
	ret->poll_after_ms = 10 * SECOND_MS;
	ret->detail = tally.bad ? mem_printf("%zu test suites failed, %lld of %lld assertions: %s", tally.bad,
					     (long long)tally.failed, all, tally.problem)
				: mem_printf("%lld/%lld assertions", (long long)tally.passed, all);
	if (tally.running)
		return NULL;
	ret->progress = tally.bad ? STEP_FAIL : STEP_DONE;
	return step_record(ctx, "verdict",
			   json_pack("{s:s, s:s, s:I, s:I}", "verdict", tally.bad ? "FAIL" : "PASS", "detail",
				     ret->detail, "passed", (json_int_t)tally.passed, "failed",
				     (json_int_t)tally.failed));
}

const struct step_type tests_step = {.executor = "tests",
				     .service = "tests",
				     .poll_interval_ms = 10000,
				     .validates = true,
				     .start = poll,
				     .poll = poll};
