/* The process port's calls. */
#include "port/process.h"

#include "port/clock.h"

struct error *process_start(struct process *process, const struct process_spec *spec)
{
	return process->ops->start(process, spec);
}

struct error *process_status(struct process *process, const char *name, struct process_status *ret)
{
	return process->ops->status(process, name, ret);
}

struct error *process_read(struct process *process, const char *name, const char *file, uint64_t offset, size_t max,
			   struct buf *out)
{
	return process->ops->read(process, name, file, offset, max, out);
}

struct error *process_put(struct process *process, const char *name, const char *file, struct slice bytes)
{
	return process->ops->put(process, name, file, bytes);
}

struct error *process_path(struct process *process, const char *name, const char *file, struct buf *out)
{
	return process->ops->path(process, name, file, out);
}

struct error *process_stop(struct process *process, const char *name, bool now)
{
	return process->ops->stop(process, name, now);
}

struct error *process_which(struct process *process, const char *program, char **ret_path)
{
	return process->ops->which(process, program, ret_path);
}

void process_free(struct process *process)
{
	if (process)
		process->ops->free(process);
}

struct error *process_forget(struct process *process, const char *name)
{
	return process->ops->forget ? process->ops->forget(process, name) : NULL;
}

struct error *process_wait(struct process *process, struct clock *clock, const char *name, struct process_status *ret)
{
	for (int64_t pause_ms = 5;; pause_ms = pause_ms < 200 ? pause_ms * 2 : 200) {
		TRY(process_status(process, name, ret));
		if (ret->state != PROCESS_RUNNING)
			return NULL;
		clock_sleep(clock, pause_ms);
	}
}

static struct error *run_to_end(struct process *process, struct clock *clock, const struct process_spec *spec,
				struct buf *out, int *ret_exit_status)
{
	struct process_status status;
	TRY(process_start(process, spec));
	TRY(process_wait(process, clock, spec->name, &status));
	if (status.state != PROCESS_EXITED)
		return error_new(ERROR_SUBPROCESS, "program \"%s\" was killed", spec->argv[0]);
	*ret_exit_status = status.exit_status;
	return process_read(process, spec->name, status.exit_status == 0 ? "out" : "err", 0, out->max, out);
}

struct error *process_run(struct process *process, struct clock *clock, const struct process_spec *spec,
			  struct buf *out, int *ret_exit_status)
{
	struct error *error = run_to_end(process, clock, spec, out, ret_exit_status);
	struct error *left = process_forget(process, spec->name);
	if (error || !left) {
		error_ignore(left);
		return error;
	}
	return left;
}
