/* What running pluto and running kubent have in common. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "tools/scanners.h"

enum { MAX_OUTPUT = 64 << 20, MAX_SAID = 2000, DEADLINE_MS = 120000 };

struct error *scanner_find(const struct scanner_request *request, const char *program, const char *home)
{
	char *path CLEANUP(mem_freep) = NULL;
	TRY(process_which(request->ports->process, program, &path));
	return path ? NULL
		    : error_remedy(error_new(ERROR_NOT_FOUND, "program \"%s\" is not on PATH", program),
				   "install it (%s), or leave it out of --with", home);
}

static struct error *failed(struct process *process, const char *name, const char *program,
			    const struct process_status *status)
{
	struct buf said CLEANUP(buf_done) = BUF_INIT(MAX_SAID);
	error_ignore(process_read(process, name, "err", 0, MAX_SAID, &said));
	if (!said.n)
		error_ignore(process_read(process, name, "out", 0, MAX_SAID, &said));
	size_t n = strcspn(buf_str(&said), "\r\n");
	struct error *error = error_new(ERROR_SUBPROCESS, "%s ended with %d%s%.*s", program, status->exit_status,
					n ? ": " : "", (int)n, buf_str(&said));
	error->exit_status = status->exit_status;
	return error;
}

static struct error *run(const struct scanner_request *request, const struct process_spec *spec, unsigned good,
			 struct buf *out)
{
	struct process *process = request->ports->process;
	struct process_status status;
	TRY(process_start(process, spec));
	TRY(process_wait(process, request->ports->clock, spec->name, &status));
	const char *program = spec->argv[0];
	if (status.state != PROCESS_EXITED)
		return error_new(ERROR_SUBPROCESS, "%s was killed", program);
	if (status.exit_status == 128 + 15 || status.exit_status == 128 + 9)
		return error_new(ERROR_TIMEOUT, "%s did not end within %lld s", program,
				 (long long)(spec->deadline_ms / 1000));
	if (status.exit_status > 31 || !(good >> status.exit_status & 1))
		return failed(process, spec->name, program, &status);
	return process_read(process, spec->name, "out", 0, MAX_OUTPUT, out);
}

struct error *scanner_start(const struct scanner_request *request, const char *const *argv, unsigned good,
			    struct buf *out)
{
	char *name CLEANUP(mem_freep) =
		mem_printf("scanner-%s-%lld", argv[0], (long long)clock_mono_ms(request->ports->clock));
	struct process_spec spec = {.name = name,
				    .argv = argv,
				    .deadline_ms = request->deadline_ms ? request->deadline_ms : DEADLINE_MS,
				    .grace_ms = 2000};
	struct error *error = run(request, &spec, good, out);
	error_ignore(process_forget(request->ports->process, name));
	return error;
}

const char *scanner_version(struct slice text, struct arena *arena)
{
	for (size_t i = 0; i < text.n; i++) {
		if (!isdigit((unsigned char)text.p[i]) ||
		    (i && (isalnum((unsigned char)text.p[i - 1]) && text.p[i - 1] != 'v')))
			continue;
		size_t n = 0, dots = 0;
		while (i + n < text.n && (isdigit((unsigned char)text.p[i + n]) || (text.p[i + n] == '.' && ++dots)))
			n++;
		if (dots >= 1 && dots <= 3)
			return arena_strndup(arena, text.p + i, n);
		i += n;
	}
	return "";
}
