/* The process port: terraform, newman and others as jobs in virtual time, whose files grow as theirs do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "sim/world.h"

enum { RESOURCES = 64, MAX_FILES = 8 };

enum kind { JOB_QUICK, JOB_PLAN, JOB_SHOW, JOB_APPLY, JOB_DESTROY, JOB_OUTPUT, JOB_TESTS };

struct file {
	char *name;
	struct buf bytes;
};

struct sim_job {
	char *name;
	enum kind kind;
	int64_t started_ms, ends_ms; /* INT64_MAX: when the world lets it */
	int exit_status;
	bool started, hangs, fails;
	char *green, *version; /* -var cluster_name, cluster_version */
	size_t told;	       /* resources whose lines are in `out` */
	struct file files[MAX_FILES];
	size_t n_files;
};

static struct sim_job *find(struct sim *sim, const char *name)
{
	for (size_t i = 0; i < sim->n_jobs; i++)
		if (!strcmp(sim->jobs[i].name, name))
			return &sim->jobs[i];
	return NULL;
}

static struct sim_job *need(struct sim *sim, const char *name)
{
	struct sim_job *job = find(sim, name);
	if (job)
		return job;
	job = HEAP_PUSH(sim->jobs, sim->n_jobs);
	job->name = mem_strdup(name);
	return job;
}

static struct buf *file_of(struct sim_job *job, const char *name, bool make)
{
	for (size_t i = 0; i < job->n_files; i++)
		if (!strcmp(job->files[i].name, name))
			return &job->files[i].bytes;
	if (!make || job->n_files == MAX_FILES)
		return NULL;
	struct file *file = &job->files[job->n_files++];
	file->name = mem_strdup(name);
	buf_init(&file->bytes, 16 << 20);
	return &file->bytes;
}

void sim_jobs_free(struct sim *sim)
{
	for (size_t i = 0; i < sim->n_jobs; i++) {
		struct sim_job *job = &sim->jobs[i];
		for (size_t k = 0; k < job->n_files; k++) {
			free(job->files[k].name);
			buf_done(&job->files[k].bytes);
		}
		free(job->name);
		free(job->green);
		free(job->version);
	}
	free(sim->jobs);
}

static void line(struct sim_job *job, const char *type, const char *message, json_t *more)
{
	struct buf *out = file_of(job, "out", true);
	json_t *text = json_pack("{s:s, s:s, s:s, s:s}", "@level", "info", "@message", message, "@module",
				 "terraform.ui", "type", type);
	json_object_update(text, more);
	document_print(text, false, out);
	buf_putc(out, '\n');
	json_decref(text);
	json_decref(more);
}

static void resource_address(size_t i, char out[96])
{
	static const char *const kinds[] = {"aws_iam_role", "aws_security_group_rule", "aws_eks_addon",
					    "aws_iam_role_policy_attachment"};
	if (i == 0)
		snprintf(out, 96, "module.eks.aws_eks_cluster.this[0]");
	else if (i >= RESOURCES - 3)
		snprintf(out, 96, "module.eks.aws_eks_node_group.this[%zu]", i - (RESOURCES - 3));
	else
		snprintf(out, 96, "module.eks.%s.this[%zu]", kinds[i % 4], i);
}

static json_t *hook(size_t i, const char *action)
{
	char address[96];
	resource_address(i, address);
	return json_pack("{s:{s:{s:s}, s:s, s:i}}", "hook", "resource", "addr", address, "action", action,
			 "elapsed_seconds", 3);
}

/* Lines of resources up to `n`. */
static void tell_resources(struct sim_job *job, size_t n, const char *action)
{
	for (; job->told < n; job->told++) {
		char address[96];
		resource_address(job->told, address);
		line(job, "apply_start", address, hook(job->told, action));
		line(job, "apply_complete", address, hook(job->told, action));
	}
}

static void end_job(struct sim_job *job, int64_t at_ms, int status)
{
	job->ends_ms = at_ms;
	job->exit_status = status;
}

static void summary(struct sim_job *job, size_t add, size_t remove, const char *operation)
{
	char message[128];
	snprintf(message, sizeof message, "%s complete! Resources: %zu added, 0 changed, %zu destroyed.", operation,
		 add, remove);
	line(job, "change_summary", message,
	     json_pack("{s:{s:i, s:i, s:i, s:s}}", "changes", "add", (int)add, "change", 0, "remove", (int)remove,
		       "operation", operation));
}

static void fail(struct sim *sim, struct sim_job *job, const char *text)
{
	line(job, "diagnostic", text,
	     json_pack("{s:s, s:{s:s, s:s, s:s}}", "@level", "error", "diagnostic", "severity", "error", "summary",
		       text, "detail", "request id 1b2c-simulated"));
	end_job(job, sim->now_ms, 1);
}

static void make_groups(struct sim *sim, struct sim_cluster *green)
{
	struct sim_cluster *blue = &sim->clusters[0];
	size_t n = blue->n_groups;
	for (size_t i = 0; i < n; i++) {
		const struct sim_group *group = &blue->groups[i];
		if (!sim_group_named(green, group->name))
			sim_group_create(sim, green, group->name, group->instance_type, group->nodes,
					 sim_takes(sim, 3 * MINUTE_MS));
	}
}

static bool groups_are(const struct sim_cluster *cluster, enum sim_life life)
{
	for (size_t i = 0; i < cluster->n_groups; i++)
		if (cluster->groups[i].life != life)
			return false;
	return cluster->n_groups > 0 || life == LIFE_ABSENT;
}

/* Applying: the cluster first, then its groups; in between small things. */
static void apply(struct sim *sim, struct sim_job *job)
{
	struct sim_cluster *green = sim_cluster_named(sim, job->green);
	int64_t so_far = sim->now_ms - job->started_ms;
	if (job->fails && so_far > 2 * MINUTE_MS) {
		fail(sim, job, "creating EKS Node Group: RequestError: send request failed");
		return;
	}
	if (!green) {
		if (so_far < 20 * SECOND_MS)
			return;
		green = sim_cluster_create(sim, job->green, job->version, NULL, sim_takes(sim, 9 * MINUTE_MS));
		json_object_set_new(sim->terraform, job->green, json_true());
	}
	if (!green) {
		fail(sim, job, "creating EKS Cluster: ResourceLimitExceededException");
		return;
	}
	size_t small = (size_t)(so_far / (12 * SECOND_MS));
	tell_resources(job, small > RESOURCES - 4 ? RESOURCES - 4 : small, "create");
	if (green->life == LIFE_DELETING) {
		fail(sim, job, "waiting for EKS Cluster: unexpected state 'DELETING'");
		return;
	}
	if (green->life != LIFE_ACTIVE)
		return;
	make_groups(sim, green);
	if (!groups_are(green, LIFE_ACTIVE))
		return;
	tell_resources(job, RESOURCES, "create");
	summary(job, RESOURCES, 0, "apply");
	end_job(job, sim->now_ms, 0);
}

static void destroy(struct sim *sim, struct sim_job *job)
{
	struct sim_cluster *green = sim_cluster_named(sim, job->green);
	if (job->fails && sim->now_ms - job->started_ms > MINUTE_MS) {
		fail(sim, job, "deleting EKS Cluster: RequestError: send request failed");
		return;
	}
	if (!green) {
		json_object_del(sim->terraform, job->green);
		tell_resources(job, RESOURCES, "delete");
		summary(job, 0, RESOURCES, "destroy");
		end_job(job, sim->now_ms, 0);
		return;
	}
	if (green->life == LIFE_CREATING)
		return;
	for (size_t i = 0; i < green->n_groups; i++)
		if (green->groups[i].life == LIFE_ACTIVE)
			sim_group_delete(sim, green, &green->groups[i], sim_takes(sim, 4 * MINUTE_MS));
	if (groups_are(green, LIFE_ABSENT) && green->life == LIFE_ACTIVE)
		sim_cluster_delete(sim, green, sim_takes(sim, 5 * MINUTE_MS));
}

static void tests(struct sim *sim, struct sim_job *job)
{
	bool bad = sim_fault_strikes(sim, "newman", "error") != NULL;
	struct buf *report = file_of(job, "report.json", true);
	json_t *text = json_pack("{s:{s:{s:{s:i, s:i}, s:{s:i, s:i}}, s:[]}}", "run", "stats", "assertions", "total",
				 87, "failed", bad ? 3 : 0, "requests", "total", 29, "failed", 0, "failures");
	document_print(text, false, report);
	json_decref(text);
	end_job(job, sim->now_ms, bad);
}

static void planned(struct sim *sim, struct sim_job *job)
{
	bool exists = sim_cluster_named(sim, job->green) != NULL;
	for (size_t i = 0; i < RESOURCES && !exists; i++) {
		char address[96];
		resource_address(i, address);
		line(job, "planned_change", address,
		     json_pack("{s:{s:{s:s}, s:s}}", "change", "resource", "addr", address, "action", "create"));
	}
	summary(job, exists ? 0 : RESOURCES, 0, "plan");
	end_job(job, sim->now_ms, 0);
}

static void show(struct sim *sim, struct sim_job *job)
{
	json_t *changes = json_array();
	for (size_t i = 0; i < RESOURCES; i++) {
		char address[96];
		resource_address(i, address);
		json_array_append_new(
			changes, json_pack("{s:s, s:s, s:s, s:{s:[s]}}", "address", address, "mode", "managed", "type",
					   i ? "aws_iam_role" : "aws_eks_cluster", "change", "actions",
					   sim_cluster_named(sim, job->green ? job->green : "") ? "no-op" : "create"));
	}
	json_t *plan = json_pack("{s:s, s:s, s:o}", "format_version", "1.2", "terraform_version", "1.11.4",
				 "resource_changes", changes);
	document_print(plan, false, file_of(job, "out", true));
	json_decref(plan);
	end_job(job, sim->now_ms, 0);
}

static void advance(struct sim *sim, struct sim_job *job)
{
	static const int64_t takes_ms[] = {[JOB_QUICK] = 4 * SECOND_MS,
					   [JOB_PLAN] = 15 * SECOND_MS,
					   [JOB_SHOW] = SECOND_MS,
					   [JOB_OUTPUT] = SECOND_MS,
					   [JOB_TESTS] = 75 * SECOND_MS};
	if (!job->started || job->ends_ms != INT64_MAX || job->hangs)
		return;
	if (job->kind == JOB_APPLY) {
		apply(sim, job);
	} else if (job->kind == JOB_DESTROY) {
		destroy(sim, job);
	} else if (sim->now_ms - job->started_ms >= takes_ms[job->kind]) {
		if (job->kind == JOB_PLAN)
			planned(sim, job);
		else if (job->kind == JOB_SHOW)
			show(sim, job);
		else if (job->kind == JOB_TESTS)
			tests(sim, job);
		else
			end_job(job, sim->now_ms, 0);
	}
}

void sim_jobs_advance(struct sim *sim)
{
	for (size_t i = 0; i < sim->n_jobs; i++)
		advance(sim, &sim->jobs[i]);
}

/* Running ones are looked at each second or two: what they wait for is the world's own. */
int64_t sim_jobs_next_ms(const struct sim *sim)
{
	for (size_t i = 0; i < sim->n_jobs; i++) {
		const struct sim_job *job = &sim->jobs[i];
		if (job->started && job->ends_ms == INT64_MAX && !job->hangs)
			return sim->now_ms + (job->kind == JOB_APPLY || job->kind == JOB_DESTROY ? 2000 : 1000);
	}
	return INT64_MAX;
}

static const char *variable(const char *const *argv, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; argv[i]; i++) {
		const char *text = !strncmp(argv[i], "-var=", 5) ? argv[i] + 5 : argv[i];
		if (!strncmp(text, name, n) && text[n] == '=')
			return text + n + 1;
	}
	return NULL;
}

static enum kind kind_of(const char *const *argv)
{
	static const struct {
		const char *word;
		enum kind kind;
	} words[] = {{"plan", JOB_PLAN},
		     {"show", JOB_SHOW},
		     {"apply", JOB_APPLY},
		     {"destroy", JOB_DESTROY},
		     {"output", JOB_OUTPUT}};
	const char *slash = strrchr(argv[0], '/'), *program = slash ? slash + 1 : argv[0];
	if (!strcmp(program, "newman") || !strcmp(program, "jmeter"))
		return JOB_TESTS;
	for (size_t i = 1; argv[i]; i++)
		for (size_t k = 0; k < ARRAY_SIZE(words); k++)
			if (!strcmp(argv[i], words[k].word))
				return words[k].kind;
	return JOB_QUICK;
}

static struct error *start(struct process *process, const struct process_spec *spec)
{
	struct sim *sim = ((struct sim_process *)process)->sim;
	struct sim_job *job = need(sim, spec->name);
	if (job->started)
		return NULL;
	const char *green = variable(spec->argv, "cluster_name"), *version = variable(spec->argv, "cluster_version");
	job->started = true;
	job->started_ms = sim->now_ms;
	job->ends_ms = INT64_MAX;
	job->kind = kind_of(spec->argv);
	if (!green) { /* apply of a saved plan: its variables are in the plan, which only one cluster ever has here */
		char *usual = mem_printf("%s-134", sim->name);
		job->green = usual;
	} else {
		job->green = mem_strdup(green);
	}
	job->version = mem_strdup(version ? version : "1.34");
	bool changes = job->kind == JOB_APPLY || job->kind == JOB_DESTROY;
	job->hangs = changes && sim_fault_value(sim, "terraform", "hang") > 0;
	job->fails = changes && sim_fault_strikes(sim, "terraform", "error") != NULL;
	if (changes)
		sim_effect(sim, "terraform:%s %s", job->kind == JOB_APPLY ? "apply" : "destroy", spec->name);
	return NULL;
}

static struct error *status(struct process *process, const char *name, struct process_status *ret)
{
	struct sim *sim = ((struct sim_process *)process)->sim;
	const struct sim_job *job = find(sim, name);
	*ret = (struct process_status){.state = PROCESS_ABSENT};
	if (!job || !job->started)
		return NULL;
	ret->started_at_ms = job->started_ms;
	ret->pid = 4711;
	ret->state = job->ends_ms != INT64_MAX ? PROCESS_EXITED : PROCESS_RUNNING;
	ret->exit_status = job->exit_status;
	return NULL;
}

static struct error *read_job(struct process *process, const char *name, const char *file, uint64_t offset, size_t max,
			      struct buf *out)
{
	struct sim_job *job = find(((struct sim_process *)process)->sim, name);
	const struct buf *bytes = job ? file_of(job, file, false) : NULL;
	if (bytes && offset < bytes->n)
		buf_append(out, bytes->p + offset, bytes->n - offset < max ? bytes->n - (size_t)offset : max);
	return NULL;
}

static struct error *put(struct process *process, const char *name, const char *file, struct slice bytes)
{
	struct buf *into = file_of(need(((struct sim_process *)process)->sim, name), file, true);
	if (into) {
		buf_clear(into);
		buf_append(into, bytes.p, bytes.n);
	}
	return NULL;
}

static struct error *path(struct process *process, const char *name, const char *file, struct buf *out)
{
	(void)process;
	buf_printf(out, "/sim/jobs/%s/%s", name, file);
	return NULL;
}

static struct error *stop(struct process *process, const char *name, bool now)
{
	struct sim *sim = ((struct sim_process *)process)->sim;
	struct sim_job *job = find(sim, name);
	if (job && job->started && job->ends_ms == INT64_MAX)
		end_job(job, sim->now_ms, now ? 137 : 143);
	return NULL;
}

static struct error *which(struct process *process, const char *program, char **ret_path)
{
	(void)process;
	*ret_path = mem_printf("/usr/bin/%s", program);
	return NULL;
}

static void not_freed(struct process *process)
{
	(void)process;
}

void sim_jobs_init(struct sim *sim)
{
	static const struct process_ops ops = {start, status, read_job, put, path, stop, which, not_freed, NULL};
	sim->process.process.ops = &ops;
}
