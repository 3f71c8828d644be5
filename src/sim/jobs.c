/* The process port: programs as jobs in virtual time, whose files grow as theirs do. What each does is terraform.c and
 * programs.c. */
#include "sim/jobs.h"

#include <stdlib.h>
#include <string.h>
#include "codec/document.h"

enum { KILL_AFTER_MS = 30000 };
static const char DIRECTORY[] = "/sim/jobs/";

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
	*job = (struct sim_job){
		.name = mem_strdup(name), .next_ms = INT64_MAX, .ends_ms = INT64_MAX, .deadline_ms = INT64_MAX};
	return job;
}

struct buf *sim_job_file(struct sim_job *job, const char *name, bool make)
{
	for (size_t i = 0; i < job->n_files; i++)
		if (!strcmp(job->files[i].name, name))
			return &job->files[i].bytes;
	if (!make || job->n_files == SIM_JOB_FILES)
		return NULL;
	struct sim_file *file = &job->files[job->n_files++];
	file->name = mem_strdup(name);
	buf_init(&file->bytes, 16 << 20);
	return &file->bytes;
}

struct buf *sim_job_path(struct sim *sim, const char *path)
{
	size_t n = sizeof DIRECTORY - 1;
	const char *slash = path && !strncmp(path, DIRECTORY, n) ? strchr(path + n, '/') : NULL;
	if (!slash)
		return NULL;
	char *name CLEANUP(mem_freep) = mem_strndup(path + n, (size_t)(slash - path) - n);
	struct sim_job *job = find(sim, name);
	return job ? sim_job_file(job, slash + 1, false) : NULL;
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
		json_decref(job->argv);
	}
	free(sim->jobs);
}

void sim_job_end(struct sim *sim, struct sim_job *job, int status)
{
	job->ends_ms = sim->now_ms;
	job->next_ms = INT64_MAX;
	job->exit_status = status;
}

const char *sim_job_argument(const struct sim_job *job, size_t i)
{
	return json_string_value(json_array_get(job->argv, i));
}

const char *sim_job_flag(const struct sim_job *job, const char *flag)
{
	size_t n = strlen(flag);
	bool joined = n && flag[n - 1] == '=';
	for (size_t i = 1; sim_job_argument(job, i); i++) {
		const char *word = sim_job_argument(job, i);
		if (joined && !strncmp(word, flag, n))
			return word + n;
		if (!joined && !strcmp(word, flag))
			return sim_job_argument(job, i + 1);
	}
	return NULL;
}

static bool runs(const struct sim_job *job)
{
	return job->program && job->ends_ms == INT64_MAX;
}

static bool hangs(const struct sim *sim, const struct sim_job *job)
{
	return sim->n_faults && job->program->hangs_by && sim_fault_value(sim, job->program->hangs_by, "hang") > 0;
}

/* At its deadline a job is asked to end; one that hangs is killed later. */
static void advance(struct sim *sim, struct sim_job *job)
{
	bool hung = hangs(sim, job);
	if (job->deadline_ms <= sim->now_ms) {
		if (job->stopping || !hung) {
			sim_job_end(sim, job, job->stopping ? 128 + 9 : 128 + 15);
			return;
		}
		job->stopping = 1;
		job->deadline_ms = sim->now_ms + KILL_AFTER_MS;
	}
	if (job->next_ms <= sim->now_ms && !hung)
		job->program->advance(sim, job);
}

void sim_jobs_advance(struct sim *sim)
{
	for (size_t i = 0; i < sim->n_jobs; i++)
		if (runs(&sim->jobs[i]))
			advance(sim, &sim->jobs[i]);
}

int64_t sim_jobs_next_ms(const struct sim *sim)
{
	int64_t next = INT64_MAX;
	for (size_t i = 0; i < sim->n_jobs; i++) {
		const struct sim_job *job = &sim->jobs[i];
		if (!runs(job))
			continue;
		int64_t due = hangs(sim, job) ? INT64_MAX : job->next_ms;
		due = job->deadline_ms < due ? job->deadline_ms : due;
		next = due < next ? due : next;
	}
	return next;
}

static bool is_program(const struct sim_program *row, const struct sim_job *job, const char *name)
{
	const char *word;
	if (!row->name || strcmp(row->name, name) != 0)
		return false;
	for (size_t i = 1; row->argument && (word = sim_job_argument(job, i)); i++)
		if (!strcmp(word, row->argument))
			return true;
	return !row->argument;
}

/* The other programs' last row is for any. */
static const struct sim_program *program_of(const struct sim_job *job)
{
	const char *given = sim_job_argument(job, 0), *slash = strrchr(given, '/'), *name = slash ? slash + 1 : given;
	const struct sim_program *row;
	for (row = sim_terraform_programs; row->name; row++)
		if (is_program(row, job, name))
			return row;
	for (row = sim_other_programs; row->name && !is_program(row, job, name);)
		row++;
	return row;
}

static struct sim *sim_of(struct process *process)
{
	return ((struct sim_process *)process)->sim;
}

static struct error *start(struct process *process, const struct process_spec *spec)
{
	struct sim *sim = sim_of(process);
	struct sim_job *job = need(sim, spec->name);
	if (job->program)
		return NULL;
	json_decref(job->argv);
	job->argv = json_array();
	for (size_t i = 0; spec->argv[i]; i++)
		json_array_append_new(job->argv, json_string(spec->argv[i]));
	job->program = program_of(job);
	job->started_ms = job->next_ms = sim->now_ms;
	job->deadline_ms = spec->deadline_ms ? sim->now_ms + spec->deadline_ms : INT64_MAX;
	if (job->program->start)
		job->program->start(sim, job);
	return NULL;
}

static struct error *status(struct process *process, const char *name, struct process_status *ret)
{
	const struct sim_job *job = find(sim_of(process), name);
	*ret = (struct process_status){.state = PROCESS_ABSENT};
	if (!job || !job->program)
		return NULL;
	ret->started_at_ms = job->started_ms;
	ret->pid = 4711;
	ret->state = runs(job) ? PROCESS_RUNNING : job->lost ? PROCESS_LOST : PROCESS_EXITED;
	ret->exit_status = (int)job->exit_status;
	return NULL;
}

static struct error *read_job(struct process *process, const char *name, const char *file, uint64_t offset, size_t max,
			      struct buf *out)
{
	struct sim_job *job = find(sim_of(process), name);
	const struct buf *bytes = job ? sim_job_file(job, file, false) : NULL;
	if (bytes && offset < bytes->n)
		buf_append(out, bytes->p + offset, bytes->n - offset < max ? bytes->n - (size_t)offset : max);
	return NULL;
}

static struct error *put(struct process *process, const char *name, const char *file, struct slice bytes)
{
	struct buf *into = sim_job_file(need(sim_of(process), name), file, true);
	if (!into)
		return error_new(ERROR_STATE, "cannot write \"%s\" for \"%s\": more than %d files", file, name,
				 SIM_JOB_FILES);
	buf_clear(into);
	buf_append(into, bytes.p, bytes.n);
	return NULL;
}

static struct error *path(struct process *process, const char *name, const char *file, struct buf *out)
{
	(void)process;
	buf_printf(out, "%s%s/%s", DIRECTORY, name, file);
	return NULL;
}

static struct error *stop(struct process *process, const char *name, bool now)
{
	struct sim *sim = sim_of(process);
	struct sim_job *job = find(sim, name);
	if (job && runs(job))
		sim_job_end(sim, job, now ? 128 + 9 : 128 + 15);
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

/* ---- saving */

json_t *sim_jobs_save(const struct sim *sim)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sim->n_jobs; i++) {
		const struct sim_job *job = &sim->jobs[i];
		json_t *files = json_object();
		for (size_t k = 0; k < job->n_files; k++)
			json_object_set_new(files, job->files[k].name, json_string(buf_str(&job->files[k].bytes)));
		json_array_append_new(
			list,
			json_pack("{s:s, s:b, s:O*, s:o, s:[I,I,I,I,I,I,I,I,I,I,I,I]}", "name", job->name, "started",
				  job->program != NULL, "argv", job->argv, "files", files, "numbers",
				  (json_int_t)job->started_ms, (json_int_t)job->next_ms, (json_int_t)job->ends_ms,
				  (json_int_t)job->deadline_ms, (json_int_t)job->exit_status, (json_int_t)job->lost,
				  (json_int_t)job->stopping, (json_int_t)job->fails, (json_int_t)job->stage,
				  (json_int_t)job->counts, (json_int_t)job->waited_ms, (json_int_t)job->total));
	}
	return list;
}

bool sim_jobs_load(struct sim *sim, const json_t *jobs)
{
	size_t i;
	json_t *one;
	json_array_foreach (jobs, i, one) {
		const char *name, *file;
		int started;
		json_t *argv = NULL, *files, *text;
		json_int_t n[12];
		if (json_unpack(one, "{s:s, s:b, s?o, s:o, s:[I,I,I,I,I,I,I,I,I,I,I,I]}", "name", &name, "started",
				&started, "argv", &argv, "files", &files, "numbers", &n[0], &n[1], &n[2], &n[3], &n[4],
				&n[5], &n[6], &n[7], &n[8], &n[9], &n[10], &n[11]) != 0 ||
		    (started && (!json_is_array(argv) || !json_is_string(json_array_get(argv, 0)))))
			return false;
		struct sim_job *job = need(sim, name);
		job->argv = json_deep_copy(argv);
		job->program = started ? program_of(job) : NULL;
		int64_t *const into[] = {&job->started_ms,  &job->next_ms, &job->ends_ms,   &job->deadline_ms,
					 &job->exit_status, &job->lost,	   &job->stopping,  &job->fails,
					 &job->stage,	    &job->counts,  &job->waited_ms, &job->total};
		for (size_t k = 0; k < ARRAY_SIZE(into); k++)
			*into[k] = n[k];
		json_object_foreach (files, file, text) {
			struct buf *bytes = sim_job_file(job, file, true);
			if (bytes)
				buf_puts(bytes, json_string_value(text) ? json_string_value(text) : "");
		}
	}
	return jobs == NULL || json_is_array(jobs);
}
