/* Real programs: what is found again after a restart, what deadlines do, and that nothing is started twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/time.h"
#include "port/clock.h"
#include "port/process.h"
#include "port/scratch.h"

struct place {
	char directory[256];
	struct clock *clock;
	struct process *process;
};

static int set_up(void **state)
{
	struct place *place = mem_alloc(sizeof *place);
	scratch_new(place->directory);
	place->clock = clock_real_new(NULL);
	place->process = process_real_new(place->clock, place->directory);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	process_free(place->process);
	clock_free(place->clock);
	scratch_remove(place->directory);
	free(place);
	return 0;
}

#define ok(call) assert_null((call))

static struct process_spec shell(const char *name, const char **argv, const char *command)
{
	argv[0] = "sh";
	argv[1] = "-c";
	argv[2] = command;
	argv[3] = NULL;
	return (struct process_spec){.name = name, .argv = argv};
}

static void start(struct place *place, const char *name, const char *command)
{
	const char *argv[4];
	struct process_spec spec = shell(name, argv, command);
	ok(process_start(place->process, &spec));
}

struct expectation {
	struct place *place;
	const char *name;
	enum process_state state;
	struct process_status seen;
};

static bool has_come(void *context)
{
	struct expectation *expectation = context;
	ok(process_status(expectation->place->process, expectation->name, &expectation->seen));
	return expectation->seen.state == expectation->state;
}

static struct process_status await(struct place *place, const char *name, enum process_state state)
{
	struct expectation expectation = {place, name, state, {0}};
	if (!soon(has_come, &expectation))
		fail_msg("job %s is in state %d, not %d", name, expectation.seen.state, state);
	return expectation.seen;
}

static char *said(struct place *place, const char *name, const char *file)
{
	struct buf out = BUF_INIT(1 << 20);
	ok(process_read(place->process, name, file, 0, 1 << 20, &out));
	return buf_take(&out);
}

#define assert_said(place, name, file, text)                                                                           \
	do {                                                                                                           \
		char *said_ CLEANUP(mem_freep) = said((place), (name), (file));                                        \
		assert_string_equal(said_, (text));                                                                    \
	} while (0)

static void output_and_status_are_kept(void **state)
{
	struct place *place = *state;
	const char *argv[4];
	struct process_spec spec = shell("one", argv, "cat; echo bad >&2; exit 7");
	spec.input = slice_of("given\n");
	struct process_status status;
	ok(process_status(place->process, "one", &status));
	assert_int_equal(status.state, PROCESS_ABSENT);
	ok(process_start(place->process, &spec));
	status = await(place, "one", PROCESS_EXITED);
	assert_int_equal(status.exit_status, 7);
	assert_true(status.pid > 0);
	assert_true(llabs(status.started_at_ms - clock_wall_ms(place->clock)) < MINUTE_MS);
	assert_said(place, "one", "out", "given\n");
	assert_said(place, "one", "err", "bad\n");
	assert_said(place, "one", "nothing", "");
	struct buf part CLEANUP(buf_done) = BUF_INIT(100);
	ok(process_read(place->process, "one", "out", 1, 3, &part));
	assert_string_equal(buf_str(&part), "ive");
}

static void a_job_is_started_once(void **state)
{
	struct place *place = *state;
	char *command CLEANUP(mem_freep) = mem_printf("echo x >>\"%s/count\"", place->directory);
	start(place, "same", command);
	start(place, "same", command);
	await(place, "same", PROCESS_EXITED);
	start(place, "same", command);
	usleep(50000);
	char *count CLEANUP(mem_freep) = scratch_read(place->directory, "count");
	assert_string_equal(count, "x\n");
}

static void a_race_of_starters_has_one_winner(void **state)
{
	struct place *place = *state;
	enum { RACERS = 8 };
	pid_t racers[RACERS];
	char *command CLEANUP(mem_freep) = mem_printf("echo x >>\"%s/count\"", place->directory);
	const char *argv[4];
	struct process_spec spec = shell("race", argv, command);
	for (int i = 0; i < RACERS; i++) {
		racers[i] = fork();
		if (racers[i] == 0) {
			struct process_status seen;
			struct error *error = process_start(place->process, &spec);
			error = error ? error : process_status(place->process, "race", &seen);
			_exit(!error && seen.state != PROCESS_ABSENT ? 0 : 1);
		}
	}
	for (int i = 0; i < RACERS; i++) {
		int how;
		assert_int_equal(waitpid(racers[i], &how, 0), racers[i]);
		assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
	}
	await(place, "race", PROCESS_EXITED);
	char *count CLEANUP(mem_freep) = scratch_read(place->directory, "count");
	assert_string_equal(count, "x\n");
}

static void a_job_outlives_its_starter_and_is_found(void **state)
{
	struct place *place = *state;
	pid_t starter = fork();
	if (starter == 0) {
		start(place, "long", "sleep 0.3; echo finished; exit 3");
		kill(getpid(), SIGKILL);
	}
	int how;
	waitpid(starter, &how, 0);
	assert_true(WIFSIGNALED(how));
	struct process *again = process_real_new(place->clock, place->directory);
	process_free(place->process);
	place->process = again;
	struct process_status status;
	ok(process_status(place->process, "long", &status));
	assert_int_equal(status.state, PROCESS_RUNNING);
	start(place, "long", "echo another"); /* finds the first */
	status = await(place, "long", PROCESS_EXITED);
	assert_int_equal(status.exit_status, 3);
	assert_said(place, "long", "out", "finished\n");
}

static pid_t number_in(struct place *place, const char *job, const char *file)
{
	char *name CLEANUP(mem_freep) = mem_printf("%s/%s", job, file);
	char *text CLEANUP(mem_freep) = scratch_read(place->directory, name);
	assert_true(strtol(text, NULL, 10) > 1);
	return (pid_t)strtol(text, NULL, 10);
}

struct wanted_file {
	struct place *place;
	const char *name;
};

static bool file_is_there(void *context)
{
	struct wanted_file *wanted = context;
	char *text CLEANUP(mem_freep) = scratch_read(wanted->place->directory, wanted->name);
	return *text != '\0';
}

static void await_file(struct place *place, const char *name)
{
	struct wanted_file wanted = {place, name};
	assert_true(soon(file_is_there, &wanted));
}

static void a_killed_wrapper_loses_the_status_only_when_the_program_is_gone(void **state)
{
	struct place *place = *state;
	start(place, "job", "sleep 0.2");
	await_file(place, "job/child");
	kill(number_in(place, "job", "pid"), SIGKILL);
	usleep(20000);
	struct process_status status;
	ok(process_status(place->process, "job", &status));
	assert_int_equal(status.state, PROCESS_RUNNING);
	await(place, "job", PROCESS_LOST);
	start(place, "job", "echo again"); /* a lost job is not started anew under its name */
	await(place, "job", PROCESS_LOST);
}

static void jobs_before_a_reboot_are_lost(void **state)
{
	struct place *place = *state;
	char *directory CLEANUP(mem_freep) = mem_printf("%s/old", place->directory);
	mkdir(directory, 0700);
	char *text CLEANUP(mem_freep) = mem_printf("%d 12345 1795466217000 00000000-other-boot\n", getpid());
	scratch_write(place->directory, "old/pid", text);
	struct process_status status;
	ok(process_status(place->process, "old", &status));
	assert_int_equal(status.state, PROCESS_LOST);
	assert_int_equal(status.started_at_ms, INT64_C(1795466217000));
	scratch_write(place->directory, "old/rc", "9\n");
	ok(process_status(place->process, "old", &status));
	assert_int_equal(status.state, PROCESS_EXITED);
	assert_int_equal(status.exit_status, 9);
}

static void a_number_used_again_is_not_our_program(void **state)
{
	struct place *place = *state;
	start(place, "job", "exit 0");
	await(place, "job", PROCESS_EXITED);
	char *text CLEANUP(mem_freep) = scratch_read(place->directory, "job/pid");
	char *rest = strchr(strchr(text, ' ') + 1, ' ');
	char *forged CLEANUP(mem_freep) = mem_printf("%d 1%s", getpid(), rest);
	scratch_write(place->directory, "job/pid", forged);
	scratch_write(place->directory, "job/child", forged);
	char *rc CLEANUP(mem_freep) = mem_printf("%s/job/rc", place->directory);
	unlink(rc);
	struct process_status status;
	ok(process_status(place->process, "job", &status));
	assert_int_equal(status.state, PROCESS_LOST);
	ok(process_stop(place->process, "job", true)); /* must not shoot us */
}

/* Gone, or dead and not yet buried. */
static bool is_gone(void *context)
{
	char text[512] = "", path[64];
	snprintf(path, sizeof path, "/proc/%d/stat", *(pid_t *)context);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	const char *after = n > 0 ? strrchr(text, ')') : NULL;
	return !after || after[2] == 'Z';
}

/* Jobs at once, so that the test waits for the longest only. */
static void a_program_asks_at_a_terminal(void **state)
{
	struct place *place = *state;
	int person = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(person >= 0 && grantpt(person) == 0 && unlockpt(person) == 0);
	assert_int_equal(write(person, "blue\n", 5), 5);
	const char *argv[4];
	struct process_spec spec = shell("asks", argv, "echo 'which one?' >&2; read -r answer; echo \"it is $answer\"");
	char path[64];
	assert_int_equal(ptsname_r(person, path, sizeof path), 0);
	int kept = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC); /* or what was said is lost when the program ends */
	spec.terminal = path;
	struct buf out CLEANUP(buf_done) = BUF_INIT(4096);
	int status = -1;
	ok(process_run(place->process, place->clock, &spec, &out, &status));
	assert_int_equal(status, 0);
	assert_string_equal(buf_str(&out), "it is blue\n");
	char said[256];
	ssize_t n = read(person, said, sizeof said - 1);
	assert_true(n > 0);
	said[n] = '\0';
	assert_non_null(strstr(said, "which one?"));
	close(kept);
	close(person);
}

static void deadlines_end_programs(void **state)
{
	struct place *place = *state;
	static const struct {
		const char *name, *command;
		int64_t deadline_ms;
	} jobs[] = {
		{"obeys", "trap 'echo tidied; exit 5' TERM; echo begun; sleep 30 & wait", 1000},
		{"ignores", "trap '' TERM; sleep 30 & echo $!; sleep 30; sleep 30", 1000},
		{"in-time", "echo begun; exit 0", 1000},
		{"orphan", "trap '' TERM; echo begun; sleep 30; sleep 30", 1000},
	};
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		const char *argv[4];
		struct process_spec spec = shell(jobs[i].name, argv, jobs[i].command);
		spec.deadline_ms = jobs[i].deadline_ms;
		spec.grace_ms = 1000;
		ok(process_start(place->process, &spec));
	}
	await_file(place, "orphan/out");
	await_file(place, "ignores/out");
	pid_t grandchild = number_in(place, "ignores", "out");
	kill(number_in(place, "orphan", "pid"), SIGKILL); /* the deadline holds without the wrapper too */
	assert_int_equal(await(place, "in-time", PROCESS_EXITED).exit_status, 0);
	assert_int_equal(await(place, "obeys", PROCESS_EXITED).exit_status, 5);
	assert_said(place, "obeys", "out", "begun\ntidied\n");
	assert_int_equal(await(place, "ignores", PROCESS_EXITED).exit_status, 137);
	assert_true(soon(is_gone, &grandchild));
	await(place, "orphan", PROCESS_LOST);
}

static void stopping_lets_the_program_end_its_children_itself(void **state)
{
	struct place *place = *state;
	start(place, "polite",
	      "trap 'echo told once; wait; exit 4' TERM\n"
	      "(trap 'echo child was shot' TERM; echo ready; sleep 0.4 & wait; echo child worked on) & wait; wait");
	await_file(place, "polite/out");
	ok(process_stop(place->process, "polite", false));
	assert_int_equal(await(place, "polite", PROCESS_EXITED).exit_status, 4);
	assert_said(place, "polite", "out", "ready\ntold once\nchild worked on\n");
}

static void stopping_now_kills_all_and_keeps_the_status(void **state)
{
	struct place *place = *state;
	start(place, "stubborn", "trap '' TERM; sleep 30 & echo $!; wait");
	await_file(place, "stubborn/out");
	pid_t grandchild = number_in(place, "stubborn", "out");
	ok(process_stop(place->process, "stubborn", false));
	ok(process_stop(place->process, "stubborn", true));
	assert_int_equal(await(place, "stubborn", PROCESS_EXITED).exit_status, 137);
	assert_true(soon(is_gone, &grandchild));
	ok(process_stop(place->process, "stubborn", true));
	ok(process_stop(place->process, "never-started", true));
}

static void the_environment_is_ours_without_our_settings(void **state)
{
	struct place *place = *state;
	const char *argv[4], *const env[] = {"ADDED=1", "KEPT=theirs", NULL};
	setenv("EUA_GITOPS_ARGOCD_TOKEN", "env:SECRET", 1);
	setenv("KEPT", "ours", 1);
	struct process_spec spec =
		shell("env", argv, "echo \"${EUA_GITOPS_ARGOCD_TOKEN:-none} $ADDED $KEPT ${PATH:+path}\"");
	spec.env = env;
	ok(process_start(place->process, &spec));
	await(place, "env", PROCESS_EXITED);
	assert_said(place, "env", "out", "none 1 theirs path\n");
	unsetenv("EUA_GITOPS_ARGOCD_TOKEN");
	unsetenv("KEPT");
}

static void descriptors_of_ours_stay_ours(void **state)
{
	struct place *place = *state;
	int inherited = open("/dev/zero", O_RDONLY); /* a host program may be careless */
	start(place, "fds", "for fd in /proc/self/fd/*; do readlink $fd; done | grep -c 'zero\\|lock'");
	await(place, "fds", PROCESS_EXITED);
	assert_said(place, "fds", "out", "0\n");
	close(inherited);
}

static void it_stands_where_it_is_told(void **state)
{
	struct place *place = *state;
	const char *argv[4];
	struct process_spec spec = shell("there", argv, "pwd");
	char here[4096], *expected CLEANUP(mem_freep) = mem_printf("%s\n", place->directory);
	spec.cwd = place->directory;
	ok(process_start(place->process, &spec));
	await(place, "there", PROCESS_EXITED);
	assert_said(place, "there", "out", expected);
	start(place, "here", "pwd");
	await(place, "here", PROCESS_EXITED);
	assert_non_null(getcwd(here, sizeof here - 1));
	here[strlen(here) + 1] = '\0';
	here[strlen(here)] = '\n';
	assert_said(place, "here", "out", here);
	spec = shell("nowhere", argv, "pwd");
	spec.cwd = "/there/is/no/such/place";
	ok(process_start(place->process, &spec));
	assert_int_equal(await(place, "nowhere", PROCESS_EXITED).exit_status, 126);
	char *why CLEANUP(mem_freep) = said(place, "nowhere", "err");
	assert_non_null(strstr(why, "/there/is/no/such/place"));
}

static void a_missing_program_is_told_with_a_remedy(void **state)
{
	struct place *place = *state;
	const char *const argv[] = {"terraform-that-nobody-has", NULL};
	struct process_spec spec = {.name = "none", .argv = argv};
	struct error *error ERROR_CLEANUP = process_start(place->process, &spec);
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_SUBPROCESS);
	assert_non_null(strstr(error->remedy, "terraform-that-nobody-has"));
	struct process_status status;
	ok(process_status(place->process, "none", &status));
	assert_int_equal(status.state, PROCESS_ABSENT);
	char *path = NULL;
	ok(process_which(place->process, "terraform-that-nobody-has", &path));
	assert_null(path);
	ok(process_which(place->process, "sh", &path));
	assert_non_null(path);
	assert_int_equal(access(path, X_OK), 0);
	free(path);
}

static void names_are_checked(void **state)
{
	struct place *place = *state;
	static const char *const bad[] = {"", "..", "a/b", "a b", "a'b", ".hidden"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *argv[4];
		struct process_spec spec = shell(bad[i], argv, "true");
		struct error *error ERROR_CLEANUP = process_start(place->process, &spec);
		assert_non_null(error);
		assert_int_equal(error->class, ERROR_BUG);
	}
}

static void files_put_there_are_the_programs_too_and_only_ours(void **state)
{
	struct place *place = *state;
	struct buf path CLEANUP(buf_done) = BUF_INIT(4096);
	ok(process_put(place->process, "job", "values", slice_of("first")));
	ok(process_put(place->process, "job", "values", slice_of("second")));
	ok(process_path(place->process, "job", "values", &path));
	char *command CLEANUP(mem_freep) = mem_printf("cat \"%s\"", buf_str(&path));
	start(place, "job", command);
	await(place, "job", PROCESS_EXITED);
	assert_said(place, "job", "out", "second");
	static const char *const files[] = {"job/values", "job/out", "job/err", "job/in"};
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct stat stat_of;
		char *file CLEANUP(mem_freep) = mem_printf("%s/%s", place->directory, files[i]);
		assert_int_equal(stat(file, &stat_of), 0);
		assert_int_equal(stat_of.st_mode & 0777, 0600);
	}
}

static void relative_directories_become_absolute(void **state)
{
	struct place *place = *state;
	char here[4096];
	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir(place->directory), 0);
	process_free(place->process);
	place->process = process_real_new(place->clock, "below/jobs");
	start(place, "job", "echo fine");
	struct buf path CLEANUP(buf_done) = BUF_INIT(4096);
	ok(process_path(place->process, "job", "out", &path));
	assert_int_equal(chdir(here), 0);
	assert_int_equal(path.p[0], '/');
	await(place, "job", PROCESS_EXITED);
	assert_said(place, "job", "out", "fine\n");
}

static void short_programs_leave_nothing_behind(void **state)
{
	struct place *place = *state;
	const char *argv[4];
	struct process_spec spec = shell("login", argv, "echo token; echo talk >&2");
	struct buf out CLEANUP(buf_done) = BUF_INIT(1024);
	int status = -1;
	ok(process_run(place->process, place->clock, &spec, &out, &status));
	assert_int_equal(status, 0);
	assert_string_equal(buf_str(&out), "token\n");
	assert_false(scratch_exists(place->directory, "login"));
	spec = shell("login", argv, "echo token; echo why >&2; exit 2");
	buf_clear(&out);
	ok(process_run(place->process, place->clock, &spec, &out, &status));
	assert_int_equal(status, 2);
	assert_string_equal(buf_str(&out), "why\n");
	spec = shell("login", argv, "kill -KILL $$");
	buf_clear(&out);
	ok(process_run(place->process, place->clock, &spec, &out, &status));
	assert_int_equal(status, 137);
}

static void a_running_job_is_not_forgotten(void **state)
{
	struct place *place = *state;
	start(place, "busy", "sleep 30");
	struct error *error ERROR_CLEANUP = process_forget(place->process, "busy");
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_CONFLICT);
	ok(process_stop(place->process, "busy", true));
	await(place, "busy", PROCESS_EXITED);
	ok(process_forget(place->process, "busy"));
	ok(process_forget(place->process, "busy"));
}

static void children_of_the_host_are_its_own(void **state)
{
	struct place *place = *state;
	pid_t child = fork();
	if (child == 0)
		_exit(5);
	start(place, "job", "exit 0");
	await(place, "job", PROCESS_EXITED);
	int how;
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_int_equal(WEXITSTATUS(how), 5);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(output_and_status_are_kept),
		test(a_job_is_started_once),
		test(a_race_of_starters_has_one_winner),
		test(a_job_outlives_its_starter_and_is_found),
		test(a_killed_wrapper_loses_the_status_only_when_the_program_is_gone),
		test(jobs_before_a_reboot_are_lost),
		test(a_number_used_again_is_not_our_program),
		test(a_program_asks_at_a_terminal),
		test(deadlines_end_programs),
		test(stopping_lets_the_program_end_its_children_itself),
		test(stopping_now_kills_all_and_keeps_the_status),
		test(the_environment_is_ours_without_our_settings),
		test(descriptors_of_ours_stay_ours),
		test(it_stands_where_it_is_told),
		test(a_missing_program_is_told_with_a_remedy),
		test(names_are_checked),
		test(files_put_there_are_the_programs_too_and_only_ours),
		test(relative_directories_become_absolute),
		test(short_programs_leave_nothing_behind),
		test(a_running_job_is_not_forgotten),
		test(children_of_the_host_are_its_own),
	};
	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
