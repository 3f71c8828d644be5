/* The process port: programs, and the files they exchange with us. A child may outlive us: it runs in a session of its
 * own under a tiny shell wrapper that writes its exit status to a file, its output goes to files, never pipes, and it
 * is found again after a restart by its directory. The simulator plays known programs (terraform …) in virtual time.
 *
 * A job is a directory DIR/NAME/ with files `out`, `err`, `rc` (exit status, written atomically when it ends), `pid`
 * (pid, start time in clock ticks, boot id) and whatever was put there. NAME comes from (run, step, attempt), so that
 * starting the same job twice finds the first. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/error.h"

enum process_state {
	PROCESS_ABSENT,	 /* no such job was ever started */
	PROCESS_RUNNING, /* the program, or its wrapper, lives */
	PROCESS_EXITED,	 /* exit_status is known */
	PROCESS_LOST, /* it ran, is gone, and left no exit status: killed with its wrapper, or the machine restarted */
};

struct process_spec {
	const char *name;	 /* of the job; [a-zA-Z0-9._-]+ */
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
	const char *const *env;	 /* "NAME=value" added to ours, NULL-terminated; or NULL. Never holds secrets */
	const char *cwd;	 /* where it stands; NULL: where we do */
	struct slice input;	 /* stdin; empty: /dev/null */
	const char *terminal;	 /* where it may ask a person, as its stdin and stderr instead; NULL: nobody */
	int64_t deadline_ms; /* TERM at the deadline, KILL after `grace_ms`; 0: none. In whole seconds, rounded up */
	int64_t grace_ms;    /* 0: 30 s */
};

struct process_status {
	enum process_state state;
	int exit_status;       /* 0–255, or 128 + signal */
	int64_t started_at_ms; /* wall */
	int64_t pid;
};

struct process;
struct process_ops {
	struct error *(*start)(struct process *process, const struct process_spec *spec)MUST_CHECK;
	struct error *(*status)(struct process *process, const char *name, struct process_status *ret)MUST_CHECK;
	struct error *(*read)(struct process *process, const char *name, const char *file, uint64_t offset, size_t max,
			      struct buf *out)MUST_CHECK;
	struct error *(*put)(struct process *process, const char *name, const char *file, struct slice bytes)MUST_CHECK;
	struct error *(*path)(struct process *process, const char *name, const char *file, struct buf *out)MUST_CHECK;
	struct error *(*stop)(struct process *process, const char *name, bool now)MUST_CHECK;
	struct error *(*which)(struct process *process, const char *program, char **ret_path)MUST_CHECK;
	void (*free)(struct process *process);
	struct error *(*forget)(struct process *process, const char *name)MUST_CHECK; /* NULL: nothing to forget */
};
struct process {
	const struct process_ops *ops;
};

/* Starts a job, unless one of that name was started before: then nothing happens (not an error; ask for its status).
 * SUBPROCESS with a remedy when the program is not there. Does not wait. */
struct error *process_start(struct process *process, const struct process_spec *spec) MUST_CHECK;
struct error *process_status(struct process *process, const char *name, struct process_status *ret) MUST_CHECK;
/* Appends at most `max` bytes of the job's `file` ("out", "err", or one that was put or written there) from `offset`.
 * A file that is not there reads as empty. */
struct error *process_read(struct process *process, const char *name, const char *file, uint64_t offset, size_t max,
			   struct buf *out) MUST_CHECK;
/* Writes a file into the job's directory (mode 0600, atomically) before it is started. */
struct error *process_put(struct process *process, const char *name, const char *file, struct slice bytes) MUST_CHECK;
/* The absolute path that the program itself must use for such a file. */
struct error *process_path(struct process *process, const char *name, const char *file, struct buf *out) MUST_CHECK;
/* TERM to the program, which ends its own children; with `now` KILL to it and all it has started. Does not wait. */
struct error *process_stop(struct process *process, const char *name, bool now) MUST_CHECK;
/* Where a program is; *ret_path is the caller's, NULL when it is not on PATH. */
struct error *process_which(struct process *process, const char *program, char **ret_path) MUST_CHECK;
/* Removes a job that is not running and all its files. CONFLICT while it runs. */
struct error *process_forget(struct process *process, const char *name) MUST_CHECK;
/* Until it has ended, looked at ever less often. */
struct clock;
struct error *process_wait(struct process *process, struct clock *clock, const char *name,
			   struct process_status *ret) MUST_CHECK;
/* Convenience for short programs: start, sleep on the clock until it ends, read `out` (bounded) and the exit status,
 * and forget the job: what such programs print may be credentials. Of a program that failed, `out` holds what it said
 * on stderr instead. */
struct error *process_run(struct process *process, struct clock *clock, const struct process_spec *spec,
			  struct buf *out, int *ret_exit_status) MUST_CHECK;
void process_free(struct process *process);

/* `directory` holds the jobs; it is made when needed (0700). */
struct process *process_real_new(struct clock *clock, const char *directory);
