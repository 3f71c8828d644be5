/* Programs that may outlive us. Each runs below a small shell in a session of its own; the shell keeps the deadline, so
 * it holds even when we are dead, and writes the exit status where the next of us finds it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/time.h"
#include "port/clock.h"
#include "port/process.h"

extern char **environ;

struct real_process {
	struct process process;
	struct clock *clock;
	char *directory; /* absolute once the first job was made */
};

/* $1 deadline in seconds (0: none); the rest is the program. `rc` appears whole or not at all. */
static const char WRAPPER[] =
	"limit=$1; shift\n"
	"\"$@\" <in >out 2>err &\n"
	"child=$!\n"
	"if [ \"$limit\" -gt 0 ]; then\n"
	"  ( i=0; while [ $i -lt \"$limit\" ]; do sleep 1; kill -0 $child 2>/dev/null || exit 0; i=$((i+1)); done\n"
	"    kill -TERM $child 2>/dev/null; i=0\n"
	"    while [ $i -lt 30 ]; do sleep 1; kill -0 $child 2>/dev/null || exit 0; i=$((i+1)); done\n"
	"    kill -KILL $child 2>/dev/null ) >/dev/null 2>&1 &\n"
	"fi\n"
	"trap 'kill -TERM $child 2>/dev/null' TERM INT\n"
	"trap '' HUP\n"
	"while :; do wait $child; rc=$?; kill -0 $child 2>/dev/null || break; done\n"
	"echo $rc >rc.new && mv rc.new rc\n";

static char *job_path(const struct real_process *real, const char *name, const char *file)
{
	return mem_printf("%s/%s%s%s", real->directory, name, file ? "/" : "", file ? file : "");
}

static bool good_name(const char *name)
{
	return *name && *name != '.' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

static struct error *make_directory(const char *path)
{
	char *copy CLEANUP(mem_freep) = mem_strdup(path);
	for (char *p = copy + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char kept = *p;
		*p = '\0';
		if (mkdir(copy, 0700) != 0 && errno != EEXIST)
			return error_from_errno(errno, "cannot make directory \"%s\"", copy);
		*p = kept;
		if (!kept)
			return NULL;
	}
}

static struct error *make_job(struct real_process *real, const char *name)
{
	if (!good_name(name))
		return error_new(ERROR_BUG, "\"%s\" is no name for a job", name);
	TRY(make_directory(real->directory));
	if (*real->directory != '/') {
		char *absolute = realpath(real->directory, NULL);
		if (!absolute)
			return error_from_errno(errno, "cannot use directory \"%s\"", real->directory);
		free(real->directory);
		real->directory = absolute;
	}
	char *path CLEANUP(mem_freep) = job_path(real, name, NULL);
	return make_directory(path);
}

static struct error *write_file(const char *path, struct slice bytes)
{
	char *temporary CLEANUP(mem_freep) = mem_printf("%s.new", path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_from_errno(errno, "cannot write \"%s\"", path);
	struct error *error = NULL;
	while (bytes.n && !error) {
		ssize_t n = write(fd, bytes.p, bytes.n);
		if (n < 0 && errno != EINTR)
			error = error_from_errno(errno, "cannot write \"%s\"", path);
		bytes.p += n > 0 ? n : 0;
		bytes.n -= n > 0 ? (size_t)n : 0;
	}
	if (!error && fsync(fd) != 0)
		error = error_from_errno(errno, "cannot write \"%s\"", path);
	close(fd);
	if (!error && rename(temporary, path) != 0)
		error = error_from_errno(errno, "cannot write \"%s\"", path);
	return error;
}

static struct error *real_put(struct process *process, const char *name, const char *file, struct slice bytes)
{
	struct real_process *real = (struct real_process *)process;
	TRY(make_job(real, name));
	char *path CLEANUP(mem_freep) = job_path(real, name, file);
	return write_file(path, bytes);
}

static bool read_text(const struct real_process *real, const char *name, const char *file, char *out, size_t size)
{
	char *path CLEANUP(mem_freep) = job_path(real, name, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, out, size - 1);
	close(fd);
	out[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* Field 22 of /proc/PID/stat: start time in clock ticks since boot. 0 when there is no such process or it is a zombie.
 */
static unsigned long long start_ticks(long pid)
{
	char path[64], text[1024];
	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	size_t n = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[n] = '\0';
	const char *after = strrchr(text, ')');
	unsigned long long ticks = 0;
	char state = 0;
	if (!after ||
	    sscanf(after + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		   &state, &ticks) != 2)
		return 0;
	return state == 'Z' ? 0 : ticks;
}

static void boot_id(char out[64])
{
	out[0] = '\0';
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (!file)
		return;
	if (!fgets(out, 64, file))
		out[0] = '\0';
	fclose(file);
	out[strcspn(out, "\n")] = '\0';
}

struct pid_file {
	long pid;
	unsigned long long ticks;
	long long started_at_ms;
	char boot[64];
};

static bool read_pid(const struct real_process *real, const char *name, struct pid_file *ret)
{
	char text[256];
	*ret = (struct pid_file){0};
	return read_text(real, name, "pid", text, sizeof text) &&
	       sscanf(text, "%ld %llu %lld %63s", &ret->pid, &ret->ticks, &ret->started_at_ms, ret->boot) == 4;
}

static bool is_alive(const struct pid_file *file)
{
	char boot[64];
	boot_id(boot);
	return !strcmp(boot, file->boot) && file->ticks && start_ticks(file->pid) == file->ticks;
}

static struct error *real_status(struct process *process, const char *name, struct process_status *ret)
{
	struct real_process *real = (struct real_process *)process;
	struct pid_file file;
	char text[32];
	while (waitpid(-1, NULL, WNOHANG) > 0) /* ours that ended; their word is in `rc` */
		;
	*ret = (struct process_status){.state = PROCESS_ABSENT};
	if (!read_pid(real, name, &file))
		return NULL;
	bool alive = is_alive(&file);
	ret->pid = file.pid;
	ret->started_at_ms = file.started_at_ms;
	if (read_text(real, name, "rc", text, sizeof text)) {
		ret->state = PROCESS_EXITED;
		ret->exit_status = (int)strtol(text, NULL, 10);
	} else {
		ret->state = alive ? PROCESS_RUNNING : PROCESS_LOST;
	}
	return NULL;
}

static char **join_environment(const char *const *more)
{
	size_t n = 0, m = 0, k = 0;
	while (environ[n])
		n++;
	while (more && more[m])
		m++;
	char **all = mem_array(n + m + 1, sizeof *all);
	for (size_t i = 0; i < n; i++) {
		bool replaced = false;
		size_t length = strcspn(environ[i], "=") + 1;
		for (size_t j = 0; j < m; j++)
			replaced |= !strncmp(more[j], environ[i], length);
		if (!replaced)
			all[k++] = environ[i];
	}
	for (size_t j = 0; j < m; j++)
		all[k++] = (char *)(uintptr_t)more[j];
	return all;
}

/* The shell's script: into the job's directory first (for its files), then into the program's. */
static char *script_of(const struct process_spec *spec, const char *job)
{
	if (!spec->cwd)
		return mem_printf("cd '%s' || exit 126\n%s", job, WRAPPER);
	/* files are named absolutely, so that the program may stand elsewhere */
	struct buf text = BUF_INIT(1 << 16);
	buf_printf(&text,
		   "job='%s'\ncwd=$1; shift\ncd \"$cwd\" 2>\"$job/err\" || { echo 126 >\"$job/rc\"; exit 126; }\n",
		   job);
	for (const char *p = WRAPPER; *p; p++) {
		if (!strncmp(p, "<in >out 2>err", 14)) {
			buf_puts(&text, "<\"$job/in\" >\"$job/out\" 2>\"$job/err\"");
			p += 13;
		} else if (!strncmp(p, ">rc.new && mv rc.new rc", 23)) {
			buf_puts(&text, ">\"$job/rc.new\" && mv \"$job/rc.new\" \"$job/rc\"");
			p += 22;
		} else {
			buf_putc(&text, *p);
		}
	}
	return buf_take(&text);
}

static struct error *spawn(struct real_process *real, const struct process_spec *spec)
{
	char *job CLEANUP(mem_freep) = job_path(real, spec->name, NULL);
	char *script CLEANUP(mem_freep) = script_of(spec, job);
	char limit[32];
	snprintf(limit, sizeof limit, "%lld", (long long)((spec->deadline_ms + 999) / 1000));
	size_t n = 0;
	while (spec->argv[n])
		n++;
	const char **argv CLEANUP(mem_freep) = mem_array(n + 8, sizeof *argv);
	size_t k = 0;
	argv[k++] = "sh";
	argv[k++] = "-c";
	argv[k++] = script;
	argv[k++] = "sh";
	if (spec->cwd)
		argv[k++] = spec->cwd;
	argv[k++] = limit;
	for (size_t i = 0; i < n; i++)
		argv[k++] = spec->argv[i];
	char **env CLEANUP(mem_freep) = join_environment(spec->env);
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	sigset_t none, ours;
	sigemptyset(&none);
	sigfillset(&ours);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &ours);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	pid_t pid;
	int failed = posix_spawn(&pid, "/bin/sh", &actions, &attributes, (char *const *)(uintptr_t)argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (failed)
		return error_from_errno(failed, "cannot start \"%s\"", spec->argv[0]);
	char boot[64], text[256];
	boot_id(boot);
	int size = snprintf(text, sizeof text, "%ld %llu %lld %s\n", (long)pid, start_ticks(pid),
			    (long long)clock_wall_ms(real->clock), boot);
	char *path CLEANUP(mem_freep) = job_path(real, spec->name, "pid");
	return write_file(path, slice_make(text, (size_t)size));
}

static struct error *real_which(struct process *process, const char *program, char **ret_path)
{
	(void)process;
	*ret_path = NULL;
	if (strchr(program, '/')) {
		*ret_path = access(program, X_OK) == 0 ? mem_strdup(program) : NULL;
		return NULL;
	}
	const char *path = getenv("PATH");
	for (const char *p = path ? path : "/usr/bin:/bin"; *p && !*ret_path;) {
		size_t n = strcspn(p, ":");
		char *candidate CLEANUP(mem_freep) = mem_printf("%.*s/%s", n ? (int)n : 1, n ? p : ".", program);
		struct stat stat_of;
		if (access(candidate, X_OK) == 0 && stat(candidate, &stat_of) == 0 && S_ISREG(stat_of.st_mode))
			*ret_path = TAKE(candidate);
		p += n + (p[n] == ':');
	}
	return NULL;
}

static struct error *start_once(struct real_process *real, const struct process_spec *spec)
{
	struct process_status status;
	TRY(real_status(&real->process, spec->name, &status));
	if (status.state != PROCESS_ABSENT)
		return NULL;
	char *program CLEANUP(mem_freep) = NULL;
	TRY(real_which(&real->process, spec->argv[0], &program));
	if (!program)
		return error_remedy(error_new(ERROR_SUBPROCESS, "program \"%s\" is not on PATH", spec->argv[0]),
				    "install %s, or put it on PATH", spec->argv[0]);
	TRY(real_put(&real->process, spec->name, "in", spec->input));
	return spawn(real, spec);
}

static struct error *real_start(struct process *process, const struct process_spec *spec)
{
	struct real_process *real = (struct real_process *)process;
	TRY(make_job(real, spec->name));
	char *path CLEANUP(mem_freep) = job_path(real, spec->name, "lock");
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0)
		return error_from_errno(errno, "cannot lock job \"%s\"", spec->name);
	flock(lock, LOCK_EX); /* two of us may start the same job at once: the second finds the first's */
	struct error *error = start_once(real, spec);
	close(lock);
	return error;
}

static struct error *real_read(struct process *process, const char *name, const char *file, uint64_t offset, size_t max,
			       struct buf *out)
{
	struct real_process *real = (struct real_process *)process;
	char *path CLEANUP(mem_freep) = job_path(real, name, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? NULL : error_from_errno(errno, "cannot read \"%s\"", path);
	struct error *error = NULL;
	char chunk[32768];
	for (size_t got = 0; got < max;) {
		ssize_t n =
			pread(fd, chunk, max - got < sizeof chunk ? max - got : sizeof chunk, (off_t)(offset + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			error = error_from_errno(errno, "cannot read \"%s\"", path);
		if (n <= 0 || !buf_append(out, chunk, (size_t)n))
			break;
		got += (size_t)n;
	}
	close(fd);
	return error;
}

static struct error *real_path(struct process *process, const char *name, const char *file, struct buf *out)
{
	struct real_process *real = (struct real_process *)process;
	TRY(make_job(real, name));
	buf_printf(out, "%s/%s/%s", real->directory, name, file);
	return NULL;
}

static struct error *real_stop(struct process *process, const char *name, bool now)
{
	struct pid_file file;
	if (read_pid((struct real_process *)process, name, &file) && is_alive(&file))
		kill((pid_t)-file.pid, now ? SIGKILL : SIGTERM);
	return NULL;
}

static void real_free(struct process *process)
{
	free(((struct real_process *)process)->directory);
	free(process);
}

struct process *process_real_new(struct clock *clock, const char *directory)
{
	static const struct process_ops ops = {real_start, real_status, real_read,  real_put,
					       real_path,  real_stop,	real_which, real_free};
	struct real_process *real = mem_alloc(sizeof *real);
	real->process.ops = &ops;
	real->clock = clock;
	real->directory = mem_strdup(directory);
	return &real->process;
}
