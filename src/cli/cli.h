/* The command line's face: a table of commands, one parser for all flags, one way to end. Commands read the journal and
 * call the agent; they know nothing of AWS or Kubernetes.
 *
 * A command is a row: name, what it takes, its own flags, a function. To add one, write cli_NAME.c with
 * `const struct cli_command cli_command_NAME` and put it into the table of cli.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "agent/host.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "config/config.h"
#include "port/ports.h"

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_ROLLED_BACK = 3,
	EXIT_HELD = 4,
	EXIT_NOTES = 10,
	EXIT_WARNINGS = 11,
	EXIT_BLOCKERS = 12,
};

struct cli_flag {
	const char *name;  /* "endpoint-url" */
	char letter;	   /* 'o' for -o; 0: none */
	const char *value; /* what its value is called in help, "URL"; NULL: a switch */
	bool repeats;
	const char *doc;
	const char *path; /* the configuration value that it overrides ("endpoint_url"); NULL: none */
};

struct cli;
struct cli_command {
	const char *name;
	const char *arguments; /* for help: "[PLAN]" */
	const char *doc;       /* one line */
	unsigned min_arguments, max_arguments;
	const struct cli_flag *flags; /* besides the global ones; ended by a NULL name; may be NULL */
	const char *const *formats;   /* what -o may be, first is the default; NULL-terminated; NULL: text, json */
	struct error *(*run)(struct cli *cli, int *ret_exit);
	bool at_once; /* it reaches nobody and keeps nothing: a signal ends it, there is no border to wait for */
};

struct cli_value {
	const struct cli_flag *flag;
	const char *text; /* "" for switches */
};

struct cli {
	const struct cli_command *command;
	struct arena *arena; /* lives as long as the command */
	struct cli_value *values;
	size_t n_values;
	const char **arguments;
	size_t n_arguments;
	struct buf *out; /* stdout: the product; flushed at the end and by cli_flush() */
	int unwritten;	 /* errno with which stdout refused it; 0: none was refused */
	volatile const int *interrupted;

	struct config config; /* after cli_load_config() */
	struct config_origin *origins;
	size_t n_origins;
	struct host host;   /* after cli_open_ports() */
	struct ports ports; /* the host's */
};

/* Runs the whole program. Gives the exit code. */
int cli_main(int argc, char **argv);
extern const struct cli_command *const cli_commands[]; /* NULL-terminated */
extern const struct cli_flag cli_global_flags[];       /* ended by a NULL name */

/* Values of flags: the last given, or NULL; whether a switch was given; all of a repeated one. */
const char *cli_flag_text(const struct cli *cli, const char *name);
bool cli_flag_given(const struct cli *cli, const char *name);
const char **cli_flag_all(const struct cli *cli, const char *name, size_t *ret_n);
struct error *cli_flag_int(const struct cli *cli, const char *name, int64_t otherwise, int64_t min, int64_t max,
			   int64_t *ret) MUST_CHECK;
const char *cli_format(const struct cli *cli); /* -o, or the command's default */
bool cli_format_is(const struct cli *cli, const char *format);

/* A mistake in how the command was typed: exit 2. */
struct error *cli_usage_error(const char *format, ...) PRINTF_LIKE(1, 2) MUST_CHECK;

/* An INVALID that came from what was typed or configured becomes one; others, and NULL, stay as they are. */
struct error *cli_as_usage(struct error *error) MUST_CHECK;

/* Configuration by flag, environment, file, default. `needs_cluster`: an error when no cluster is named. */
struct error *cli_load_config(struct cli *cli, bool needs_cluster) MUST_CHECK;

/* The real outside. `store`: how the journal is opened. */
struct error *cli_open_ports(struct cli *cli, enum host_store store) MUST_CHECK;

/* The run that a command is about: --run, or the newest of the journal. NOT_FOUND, with what to do, when there is none.
 */
struct error *cli_find_run(struct cli *cli, const char **ret_run) MUST_CHECK;

/* stdout and questions. */
void cli_flush(struct cli *cli);
void cli_write(void *cli, struct slice text); /* at once: for progress */
bool cli_stdin_is_terminal(void);
bool cli_stdout_is_terminal(void);
bool cli_colour(void);	    /* stdout is a terminal, NO_COLOR unset, TERM not dumb */
unsigned cli_columns(void); /* 40–200; 100 off a terminal unless COLUMNS says so */
/* Asks "question [y/N]" on the terminal; with --yes: true. No terminal and no --yes: PRECONDITION naming the flag (exit
 * 4). */
struct error *cli_confirm(struct cli *cli, const char *question, bool *ret_yes) MUST_CHECK;
/* Writes a whole file atomically. "-" is stdout. */
struct error *cli_write_file(struct cli *cli, const char *path, struct slice bytes) MUST_CHECK;
struct error *cli_read_file(const char *path, struct buf *out) MUST_CHECK; /* as file_read(); "-" is stdin */
