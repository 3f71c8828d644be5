/* What the process port and the programs it plays share. */
#pragma once

#include "sim/world.h"

enum { SIM_JOB_FILES = 6 };

struct sim_file {
	char *name;
	struct buf bytes;
};

struct sim_program;
struct sim_job {
	char *name;
	const struct sim_program *program; /* NULL: not started */
	json_t *argv;			   /* texts */
	int64_t started_ms, next_ms;	   /* when something happens again; INT64_MAX: only what the world does */
	int64_t ends_ms;		   /* INT64_MAX: runs */
	int64_t deadline_ms;		   /* INT64_MAX: none */
	int64_t exit_status, lost, stopping;
	int64_t fails;		      /* its fault was drawn at the start */
	int64_t stage, counts, total; /* the program's own */
	int64_t waited_ms;	      /* the program's own: since when it waits */
	struct sim_file files[SIM_JOB_FILES];
	size_t n_files;
};

/* A program in virtual time. `advance` is called at next_ms and writes what is due; it ends the job by sim_job_end. */
struct sim_program {
	const char *name;				     /* argv[0] without directories */
	const char *argument;				     /* among the others; NULL: any */
	void (*start)(struct sim *sim, struct sim_job *job); /* or NULL */
	void (*advance)(struct sim *sim, struct sim_job *job);
	const char *hangs_by; /* target of faults "hang" and "error", or NULL */
};
extern const struct sim_program sim_terraform_programs[], sim_other_programs[]; /* ended by a row without a name */

struct buf *sim_job_file(struct sim_job *job, const char *name, bool make); /* NULL: not there */
void sim_job_end(struct sim *sim, struct sim_job *job, int status);
const char *sim_job_argument(const struct sim_job *job, size_t i); /* NULL after the last */
/* The value after a flag ("-out=FILE" by "-out=", or the word after "-t" by "-t"); NULL when there is none. */
const char *sim_job_flag(const struct sim_job *job, const char *flag);
/* A file of any job by the path the port gave for it; NULL: not there. */
struct buf *sim_job_path(struct sim *sim, const char *path);
