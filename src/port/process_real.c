/* Programs that may outlive us. Each runs below a small shell in a session of its own; the shell keeps the deadline, so
 * it holds even when we are dead, and writes the exit status where the next of us finds it. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"
#include "port/clock.h"
#include "port/process.h"

enum { LOCK_DESCRIPTOR = 3 };
#define GRACE_MS (30 * SECOND_MS)

struct real_process {
	struct process process;
	struct clock *clock;
	char *directory; /* absolute once the first job was made */
};

/* Arguments: the job's directory, where the program shall stand ("": where we do), deadline and grace in seconds (0: no
 * deadline), when it was started, the terminal where it may ask a person ("": none), and the program's own. Descriptor
 * 3 is the job's lock: held until `pid` is written, so that nobody starts the job a second time in between. `rc`
 * appears whole or not at all.
 *
 * The program gets a session of its own within ours: TERM goes to it alone, since programs such as terraform end their
 * children themselves and lose work when those are shot first; KILL goes to all it has started. A process is signalled
 * only after its start time was compared: its number may be somebody else's by then. */
static const char WRAPPER[] =
	"job=$1 cwd=$2 limit=$3 grace=$4 born=$5 in=$6 err=$6; shift 6\n"
	"[ -n \"$in\" ] || in=$job/in err=$job/err\n"
	"field20() { shift 19; ticks=$1; }\n"
	"ticks_of() { ticks=; read -r stat </proc/$1/stat && field20 ${stat##*') '}; } 2>/dev/null\n"
	"finish() { echo $1 >\"$job/rc.new\" && mv -f \"$job/rc.new\" \"$job/rc\"; exit; }\n"
	"child= early= own=\n"
	"same() { [ -n \"$child\" ] && ticks_of $child && [ \"$ticks\" = \"$own\" ]; }\n"
	"trap 'early=TERM; same && kill -TERM $child' TERM INT\n"
	"trap 'early=KILL; same && { kill -KILL $child; kill -KILL -$child; }' USR1\n"
	"ticks_of $$\n"
	"read -r boot </proc/sys/kernel/random/boot_id\n"
	"echo \"$$ $ticks $born $boot\" >\"$job/pid.new\" && mv -f \"$job/pid.new\" \"$job/pid\" || exit 126\n"
	"exec 3>&-\n"
	"[ -z \"$cwd\" ] || cd \"$cwd\" 2>\"$job/err\" || finish 126\n"
	"[ -z \"$early\" ] || finish 143\n"
	"leader=setsid; command -v setsid >/dev/null || leader=\n"
	"program() {\n"
	"  read -r self stat </proc/self/stat && field20 ${stat##*') '}\n"
	"  echo \"$self $ticks $born $boot\" >\"$job/child.new\" && mv -f \"$job/child.new\" \"$job/child\"\n"
	"  exec $leader \"$@\" <\"$in\" >\"$job/out\" 2>\"$err\"\n"
	"}\n"
	"nap() { sleep $1 & nap=$!; wait $nap; }\n"
	"watch=\n"
	"if [ \"$limit\" -gt 0 ]; then\n"
	"  { trap - INT USR1; trap 'kill $nap; exit' TERM; nap $limit; read -r child own rest <\"$job/child\"\n"
	"    same && kill -TERM $child; nap $grace; same && kill -KILL -$child; } </dev/null >/dev/null 2>&1 &\n"
	"  watch=$!\n"
	"fi\n"
	"program \"$@\" &\n"
	"started=$!\n"
	"ticks_of $started; own=$ticks; child=$started\n"
	"[ -z \"$early\" ] || kill -$early $child\n"
	"while :; do wait $started; rc=$?; same || break; done\n"
	"wait $started 2>/dev/null; again=$?; [ $again = 127 ] || rc=$again\n" /* the first may have told of our signal
										*/
	"child=\n"
	"[ -z \"$watch\" ] || kill $watch 2>/dev/null\n"
	"kill -TERM -$started 2>/dev/null\n" /* what the program left behind */
	"finish $rc\n";

static char *job_path(const struct real_process *real, const char *name, const char *file)
{
	return mem_printf("%s/%s%s%s", real->directory, name, file ? "/" : "", file ? file : "");
}

static bool good_name(const char *name)
{
	return *name && *name != '.' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

static struct error *make_job(struct real_process *real, const char *name)
{
	if (!good_name(name))
		return error_new(ERROR_BUG, "\"%s\" is no name for a job", name);
	char *within CLEANUP(mem_freep) = mem_printf("%s/", real->directory);
	TRY(file_make_folders(within));
	if (*real->directory != '/') {
		char *absolute = realpath(real->directory, NULL);
		if (!absolute)
			return error_from_errno(errno, "cannot use directory \"%s\"", real->directory);
		free(real->directory);
		real->directory = absolute;
	}
	char *path CLEANUP(mem_freep) = job_path(real, name, "");
	return file_make_folders(path);
}

static struct error *real_put(struct process *process, const char *name, const char *file, struct slice bytes)
{
	struct real_process *real = (struct real_process *)process;
	TRY(make_job(real, name));
	char *path CLEANUP(mem_freep) = job_path(real, name, file);
	return file_write(path, bytes);
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

static bool read_pid(const struct real_process *real, const char *name, const char *file, struct pid_file *ret)
{
	char text[256];
	*ret = (struct pid_file){0};
	return read_text(real, name, file, text, sizeof text) &&
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
	struct pid_file shell, child;
	char text[32];
	*ret = (struct process_status){.state = PROCESS_ABSENT};
	if (!read_pid(real, name, "pid", &shell))
		return NULL;
	waitpid((pid_t)shell.pid, NULL, WNOHANG); /* if it was ours: its word is in `rc` */
	/* looked at before `rc`: one that ends in between has written it */
	bool alive = is_alive(&shell) || (read_pid(real, name, "child", &child) && is_alive(&child));
	ret->pid = shell.pid;
	ret->started_at_ms = shell.started_at_ms;
	if (read_text(real, name, "rc", text, sizeof text)) {
		ret->state = PROCESS_EXITED;
		ret->exit_status = (int)strtol(text, NULL, 10);
	} else {
		ret->state = alive ? PROCESS_RUNNING : PROCESS_LOST;
	}
	return NULL;
}

/* Ours without our own settings, and what is added. */
static char **join_environment(const char *const *more)
{
	size_t n = 0, m = 0, k = 0;
	while (environ[n])
		n++;
	while (more && more[m])
		m++;
	char **all = mem_array(n + m + 1, sizeof *all);
	for (size_t i = 0; i < n; i++) {
		bool replaced = !strncmp(environ[i], "EUA_", 4);
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

static int64_t whole_seconds(int64_t ms)
{
	return (ms + SECOND_MS - 1) / SECOND_MS;
}

/* The shell, in a session of its own, with nothing of ours but the job's lock. */
static int spawn_shell(char *const *argv, char **env, int lock, pid_t *ret_pid)
{
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, lock, LOCK_DESCRIPTOR);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addclosefrom_np(&actions, LOCK_DESCRIPTOR + 1);
	int failed = posix_spawn(ret_pid, "/bin/sh", &actions, &attributes, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return failed;
}

static struct error *spawn(struct real_process *real, const struct process_spec *spec, int lock)
{
	char *job CLEANUP(mem_freep) = job_path(real, spec->name, NULL);
	char limit[32], grace[32], born[32];
	snprintf(limit, sizeof limit, "%lld", (long long)whole_seconds(spec->deadline_ms));
	snprintf(grace, sizeof grace, "%lld", (long long)whole_seconds(spec->grace_ms ? spec->grace_ms : GRACE_MS));
	snprintf(born, sizeof born, "%lld", (long long)clock_wall_ms(real->clock));
	const char *first[] = {"sh",	"-c",
			       WRAPPER, "sh",
			       job,	spec->cwd ? spec->cwd : "",
			       limit,	grace,
			       born,	spec->terminal ? spec->terminal : ""};
	size_t n = 0;
	while (spec->argv[n])
		n++;
	const char **argv CLEANUP(mem_freep) = mem_array(ARRAY_SIZE(first) + n + 1, sizeof *argv);
	memcpy(argv, first, sizeof first);
	memcpy(argv + ARRAY_SIZE(first), spec->argv, n * sizeof *argv);
	char **env CLEANUP(mem_freep) = join_environment(spec->env);
	pid_t pid;
	int failed = spawn_shell((char *const *)(uintptr_t)argv, env, lock, &pid);
	return failed ? error_from_errno(failed, "cannot start \"%s\"", spec->argv[0]) : NULL;
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

static struct error *start_once(struct real_process *real, const struct process_spec *spec, int lock, bool *ret_spawned)
{
	static const char *const files[] = {"out", "err"}; /* made by us, so that only we may read them */
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
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		TRY(real_put(&real->process, spec->name, files[i], (struct slice){0}));
	*ret_spawned = true;
	return spawn(real, spec, lock);
}

static struct error *lock_job(struct real_process *real, const char *name, int *ret_lock)
{
	char *path CLEANUP(mem_freep) = job_path(real, name, "lock");
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int failed = lock < 0 ? errno : 0;
	while (!failed && flock(lock, LOCK_EX) != 0)
		failed = errno == EINTR ? 0 : errno;
	if (!failed) {
		*ret_lock = lock;
		return NULL;
	}
	if (lock >= 0)
		close(lock);
	return error_from_errno(failed, "cannot lock job \"%s\"", name);
}

/* A power cut must not make the world forget that the job was started. */
static struct error *sync_job(struct real_process *real, const char *name)
{
	char *path CLEANUP(mem_freep) = job_path(real, name, NULL);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = fd < 0 || fsync(fd) != 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	return failed ? error_from_errno(failed, "cannot write job \"%s\"", name) : NULL;
}

/* Two of us may start the same job at once: the second waits for the lock and finds the first's. The shell inherits the
 * lock and lets it go once its number is written down, which is when it can be had again. */
static struct error *real_start(struct process *process, const struct process_spec *spec)
{
	struct real_process *real = (struct real_process *)process;
	struct process_status status;
	bool spawned = false;
	int lock = -1;
	TRY(make_job(real, spec->name));
	TRY(lock_job(real, spec->name, &lock));
	struct error *error = start_once(real, spec, lock, &spawned);
	close(lock);
	if (error || !spawned)
		return error;
	TRY(lock_job(real, spec->name, &lock));
	close(lock);
	TRY(real_status(process, spec->name, &status));
	if (status.state == PROCESS_ABSENT)
		return error_remedy(error_new(ERROR_SUBPROCESS, "\"%s\" could not be started", spec->argv[0]),
				    "is \"%s\" on a disk with room, and is /proc mounted?", real->directory);
	return sync_job(real, spec->name);
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
	struct real_process *real = (struct real_process *)process;
	struct pid_file shell, child;
	if (read_pid(real, name, "pid", &shell) && is_alive(&shell))
		kill((pid_t)shell.pid, now ? SIGUSR1 : SIGTERM);
	else if (read_pid(real, name, "child", &child) && is_alive(&child)) /* its shell was killed */
		kill((pid_t)(now ? -child.pid : child.pid), now ? SIGKILL : SIGTERM);
	return NULL;
}

static int remove_one(const char *path, const struct stat *stat_of, int kind, struct FTW *where)
{
	(void)stat_of;
	(void)kind;
	(void)where;
	return remove(path);
}

static struct error *real_forget(struct process *process, const char *name)
{
	struct real_process *real = (struct real_process *)process;
	struct process_status status;
	TRY(real_status(process, name, &status));
	if (status.state == PROCESS_RUNNING)
		return error_new(ERROR_CONFLICT, "job \"%s\" is still running", name);
	char *path CLEANUP(mem_freep) = job_path(real, name, NULL);
	if (nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
		return error_from_errno(errno, "cannot remove job \"%s\"", name);
	return NULL;
}

static void real_free(struct process *process)
{
	free(((struct real_process *)process)->directory);
	free(process);
}

struct process *process_real_new(struct clock *clock, const char *directory)
{
	static const struct process_ops ops = {real_start, real_status, real_read, real_put,   real_path,
					       real_stop,  real_which,	real_free, real_forget};
	struct real_process *real = mem_alloc(sizeof *real);
	real->process.ops = &ops;
	real->clock = clock;
	real->directory = mem_strdup(directory);
	return &real->process;
}
