/* Programs other than terraform: test runners, whose results follow from how well Green answers, git, and whatever else
 * somebody names. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "sim/jobs.h"

enum { ASSERTIONS = 87, REQUESTS = 29, SAMPLES = 600 };

/* The part of their requests that fails: on Green while there is one. */
static double failing_part(struct sim *sim)
{
	struct sim_cluster *green = sim_green(sim);
	return sim_error_rate(sim, green ? green : &sim->clusters[0]);
}

static struct buf *result_file(struct sim_job *job, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	struct buf *file = slash ? sim_job_file(job, slash + 1, true) : NULL;
	if (file)
		buf_clear(file);
	return file;
}

static bool takes(struct sim *sim, struct sim_job *job, int64_t ms)
{
	if (job->stage++ > 0)
		return false;
	job->next_ms = sim->now_ms + ms;
	return true;
}

static void newman(struct sim *sim, struct sim_job *job)
{
	if (takes(sim, job, 75 * SECOND_MS))
		return;
	double part = failing_part(sim);
	int failed_requests = (int)lround(part * REQUESTS), failed = (int)lround(part * ASSERTIONS);
	if (sim->n_faults && sim_fault_strikes(sim, "newman", "error"))
		failed = failed > 3 ? failed : 3;
	json_t *failures = json_array();
	for (int i = 0; i < failed; i++)
		json_array_append_new(failures,
				      json_pack("{s:{s:s, s:s}, s:s}", "error", "name", "AssertionError", "message",
						"expected response to have status code 200 but got 503", "at",
						"assertion:0 in test-script"));
	json_t *report =
		json_pack("{s:{s:{s:{s:i, s:i}, s:{s:i, s:i}, s:{s:i, s:i}}, s:o}}", "run", "stats", "iterations",
			  "total", 1, "failed", 0, "requests", "total", (int)REQUESTS, "failed", failed_requests,
			  "assertions", "total", (int)ASSERTIONS, "failed", failed, "failures", failures);
	struct buf *file = result_file(job, sim_job_flag(job, "--reporter-json-export"));
	if (file)
		document_print(report, false, file);
	json_decref(report);
	sim_job_end(sim, job, failed > 0);
}

static void jmeter(struct sim *sim, struct sim_job *job)
{
	if (takes(sim, job, 120 * SECOND_MS))
		return;
	double part = failing_part(sim);
	struct sim_cluster *green = sim_green(sim);
	int64_t elapsed_ms = (int64_t)sim_latency_ms(sim, green ? green : &sim->clusters[0]) / 2;
	struct buf *file = result_file(job, sim_job_flag(job, "-l"));
	if (sim->n_faults && sim_fault_strikes(sim, "jmeter", "error"))
		part = part > 0.05 ? part : 0.05;
	if (file)
		buf_puts(file, "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,"
			       "failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n");
	for (int i = 0; file && i < SAMPLES; i++) {
		bool fails = floor((i + 1) * part) > floor(i * part);
		buf_printf(file,
			   "%lld,%lld,checkout,%s,%s,Thread Group 1-%d,text,%s,,512,180,8,8,https://%s/,%lld,0,4\n",
			   (long long)(job->started_ms + i * 200), (long long)(elapsed_ms + i % 17),
			   fails ? "503" : "200", fails ? "Service Unavailable" : "OK", i % 8 + 1,
			   fails ? "false" : "true", SIM_USERS_HOST, (long long)elapsed_ms);
	}
	sim_job_end(sim, job, 0);
}

static void git(struct sim *sim, struct sim_job *job)
{
	if (takes(sim, job, 2 * SECOND_MS))
		return;
	const char *verb = sim_job_argument(job, 1);
	if (verb && (!strcmp(verb, "rev-parse") || !strcmp(verb, "ls-remote")))
		buf_printf(sim_job_file(job, "out", true), "3f1c9a27d0b4e5f6a7b8c9d0e1f2a3b4c5d6e7f8%s\n",
			   strcmp(verb, "ls-remote") ? "" : "\tHEAD");
	sim_job_end(sim, job, 0);
}

/* A command of the user's own: it asks Green and is content, or not. */
static void any(struct sim *sim, struct sim_job *job)
{
	if (takes(sim, job, 20 * SECOND_MS))
		return;
	bool fails = failing_part(sim) > 0.5;
	buf_printf(sim_job_file(job, "out", true), "%s: %s\n", sim_job_argument(job, 0), fails ? "failed" : "ok");
	sim_job_end(sim, job, fails);
}

const struct sim_program sim_other_programs[] = {
	{"newman", NULL, NULL, newman, "newman"},
	{"jmeter", NULL, NULL, jmeter, "jmeter"},
	{"git", NULL, NULL, git, NULL},
	{NULL, NULL, NULL, any, NULL},
};
