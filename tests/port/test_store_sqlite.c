/* The journal's file: many writers, killed writers, full and read-only disks, damage, other programs' files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "port/scratch.h"
#include "port/store.h"

struct place {
	char directory[256];
	char *path;
};

static int set_up(void **state)
{
	struct place *place = mem_alloc(sizeof *place);
	scratch_new(place->directory);
	place->path = mem_printf("%s/journal?.db", place->directory);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	scratch_remove(place->directory);
	free(place->path);
	free(place);
	return 0;
}

static struct store *opened(const struct place *place, bool read_only)
{
	struct store *store = NULL;
	struct error *error = store_sqlite_open(place->path, read_only, &store);
	if (error)
		fail_msg("%s", error->message);
	return store;
}

static struct error *append(struct store *store, const char *run, uint64_t head, const char *bytes)
{
	struct store_record record = {.seq = head + 1, .bytes = slice_of(bytes)};
	memset(record.hash, (int)record.seq, sizeof record.hash);
	return store_append(store, run, head, &record, 1);
}

static uint64_t head_of(struct store *store, const char *run)
{
	uint64_t seq;
	uint8_t hash[32];
	assert_null(store_head(store, run, &seq, hash));
	return seq;
}

static bool follows(void *context, const struct store_record *record)
{
	uint64_t *last = context;
	return record->seq == ++*last;
}

static void assert_gapless(struct store *store, const char *run, uint64_t head)
{
	uint64_t last = 0;
	assert_null(store_read(store, run, 1, follows, &last));
	assert_int_equal(last, head);
	assert_int_equal(head_of(store, run), head);
}

static void assert_state(struct error *error, const char *word_in_remedy)
{
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_STATE);
	assert_non_null(error->remedy);
	if (!strstr(error->remedy, word_in_remedy))
		fail_msg("\"%s\" is not in: %s; do: %s", word_in_remedy, error->message, error->remedy);
	error_free(error);
}

static void files_are_for_their_owner_only_and_last(void **state)
{
	struct place *place = *state;
	umask(0);
	struct store *store = opened(place, false);
	assert_null(append(store, "run", 0, "one"));
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		struct stat stat_of;
		char *path CLEANUP(mem_freep) = mem_printf("%s%s", place->path, suffixes[i]);
		assert_int_equal(stat(path, &stat_of), 0);
		assert_int_equal(stat_of.st_mode & 0777, 0600);
	}
	umask(022);
	store_free(store);
	store = opened(place, false);
	assert_null(append(store, "run", 1, "two"));
	store_free(store);
	store = opened(place, true);
	assert_gapless(store, "run", 2);
	assert_state(append(store, "run", 2, "three"), "writable");
	store_free(store);
}

static void of_two_writers_one_is_told_to_stop(void **state)
{
	struct place *place = *state;
	struct store *one = opened(place, false), *two = opened(place, false);
	assert_null(append(one, "run", 0, "a"));
	assert_null(append(two, "run", 1, "b"));
	struct error *error ERROR_CLEANUP = append(one, "run", 1, "c");
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_CONFLICT);
	assert_gapless(one, "run", 2);
	store_free(one);
	store_free(two);
}

enum { WRITERS = 4, EACH = 25 };

static int write_many(const struct place *place)
{
	struct store *store;
	struct error *error = store_sqlite_open(place->path, false, &store);
	for (int i = 0; !error && i < EACH;) {
		uint64_t seq;
		uint8_t hash[32];
		error = store_head(store, "run", &seq, hash);
		error = error ? error : append(store, "run", seq, "x");
		i += !error;
		if (error && error->class == ERROR_CONFLICT) {
			error_free(error);
			error = NULL;
		}
	}
	if (error)
		fprintf(stderr, "a writer: %s\n", error->message);
	return error ? 1 : 0;
}

static void many_processes_make_and_fill_one_file(void **state)
{
	struct place *place = *state;
	pid_t writers[WRITERS];
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = fork();
		if (writers[i] == 0)
			_exit(write_many(place));
	}
	for (int i = 0; i < WRITERS; i++) {
		int how;
		waitpid(writers[i], &how, 0);
		assert_int_equal(how, 0);
	}
	struct store *store = opened(place, true);
	assert_gapless(store, "run", WRITERS * EACH);
	store_free(store);
}

static void what_was_appended_survives_the_writers_death(void **state)
{
	struct place *place = *state;
	int told[2];
	assert_int_equal(pipe(told), 0);
	pid_t writer = fork();
	if (writer == 0) {
		struct store *store = opened(place, false);
		for (uint64_t seq = 0;; seq++) {
			if (append(store, "run", seq, "a record of some length, so that pages fill"))
				_exit(1);
			if (write(told[1], "x", 1) != 1)
				_exit(1);
		}
	}
	close(told[1]);
	char x;
	uint64_t promised = 0;
	while (promised < 30 && read(told[0], &x, 1) == 1)
		promised++;
	kill(writer, SIGKILL);
	while (read(told[0], &x, 1) == 1)
		promised++;
	waitpid(writer, NULL, 0);
	close(told[0]);
	struct store *store = opened(place, false);
	uint64_t head = head_of(store, "run");
	assert_true(head == promised || head == promised + 1); /* the last may not have been told any more */
	assert_gapless(store, "run", head);
	assert_null(append(store, "run", head, "goes on"));
	store_free(store);
}

static void readers_and_a_writer_do_not_wait_for_each_other(void **state)
{
	struct place *place = *state;
	struct store *store = opened(place, false), *reader = opened(place, true);
	assert_null(append(store, "run", 0, "a"));
	sqlite3 *other;
	assert_int_equal(sqlite3_open(place->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE; DELETE FROM record", NULL, NULL, NULL), SQLITE_OK);
	assert_gapless(reader, "run", 1);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_null(append(store, "run", 1, "b"));
	assert_gapless(reader, "run", 2);
	store_free(reader);
	store_free(store);
}

static void a_writer_waits_for_another_for_a_while(void **state)
{
	struct place *place = *state;
	struct store *store = opened(place, false);
	assert_null(append(store, "run", 0, "a"));
	int ready[2];
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		sqlite3 *other;
		sqlite3_open(place->path, &other);
		int code = sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		usleep(200000);
		_exit(code);
	}
	char x;
	assert_int_equal(read(ready[0], &x, 1), 1);
	assert_null(append(store, "run", 1, "b"));
	int how;
	waitpid(child, &how, 0);
	assert_int_equal(how, 0);
	close(ready[0]);
	close(ready[1]);
	store_free(store);
}

static int fill_until_full(const struct place *place)
{
	struct rlimit limit = {200000, RLIM_INFINITY};
	char *bytes = mem_alloc(20001);
	memset(bytes, 'x', 20000);
	signal(SIGXFSZ, SIG_IGN);
	struct store *store = opened(place, false);
	if (append(store, "run", 0, bytes))
		return 2;
	setrlimit(RLIMIT_FSIZE, &limit);
	uint64_t head = 1;
	struct error *error = NULL;
	while (head < 100 && !(error = append(store, "run", head, bytes)))
		head++;
	if (!error || error->class != ERROR_STATE || !error->remedy || !strstr(error->remedy, "disk"))
		return 3;
	if (head_of(store, "run") != head) /* a failed append left nothing */
		return 4;
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	return append(store, "run", head, bytes) ? 5 : 0; /* and with room again it goes on */
}

static void a_full_disk_is_told_and_loses_nothing(void **state)
{
	struct place *place = *state;
	pid_t child = fork();
	if (child == 0)
		_exit(fill_until_full(place));
	int how;
	waitpid(child, &how, 0);
	assert_true(WIFEXITED(how));
	assert_int_equal(WEXITSTATUS(how), 0);
	struct store *store = opened(place, true);
	assert_gapless(store, "run", head_of(store, "run"));
	assert_true(head_of(store, "run") > 2);
	store_free(store);
}

/* What somebody sees who may read the file but not write there. */
static int look_as_a_stranger(const struct place *place)
{
	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		return 2;
	struct store *store = NULL;
	struct error *error = store_sqlite_open(place->path, false, &store);
	if (!error || !error->remedy || store)
		return 3;
	error_free(error);
	error = store_sqlite_open(place->path, true, &store);
	if (error)
		return 4;
	uint64_t last = 0;
	error = store_read(store, "run", 1, follows, &last);
	store_free(store);
	return error || last != 2 ? 5 : 0;
}

static void a_read_only_place_can_be_read_and_is_told_when_writing(void **state)
{
	struct place *place = *state;
	struct store *store = opened(place, false);
	assert_null(append(store, "run", 0, "a"));
	assert_null(append(store, "run", 1, "b"));
	store_free(store);
	chmod(place->path, 0444);
	chmod(place->directory, 0555);
	pid_t child = fork();
	if (child == 0)
		_exit(look_as_a_stranger(place));
	int how;
	waitpid(child, &how, 0);
	chmod(place->directory, 0700);
	assert_true(WIFEXITED(how));
	assert_int_equal(WEXITSTATUS(how), 0);
}

static void scribble(const char *path, off_t at, size_t n)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	char *noise CLEANUP(mem_freep) = mem_alloc(n);
	memset(noise, 0xA5, n);
	assert_int_equal(pwrite(fd, noise, n, at), n);
	close(fd);
}

static void damage_is_told_as_damage(void **state)
{
	struct place *place = *state;
	struct store *store = opened(place, false);
	for (uint64_t i = 0; i < 200; i++)
		assert_null(
			append(store, "run", i, "a record of some length, so that there are several pages of them"));
	store_free(store);
	scribble(place->path, 4096 * 2, 4096);
	store = opened(place, false);
	uint64_t last = 0;
	struct error *error = store_read(store, "run", 1, follows, &last);
	error = error ? error : append(store, "run", 200, "x");
	assert_state(error, "damaged");
	store_free(store);
	scribble(place->path, 0, 100);
	assert_state(store_sqlite_open(place->path, false, &store), "damaged");
	assert_state(store_sqlite_open(place->path, true, &store), "damaged");
}

static void a_torn_log_costs_its_tail_only(void **state)
{
	struct place *place = *state;
	pid_t writer = fork();
	if (writer == 0) { /* dies with its log beside the file */
		struct store *store = opened(place, false);
		for (uint64_t i = 0; i < 20; i++)
			if (append(store, "run", i, "x"))
				_exit(1);
		_exit(0);
	}
	int how;
	waitpid(writer, &how, 0);
	assert_int_equal(how, 0);
	char *log CLEANUP(mem_freep) = mem_printf("%s-wal", place->path);
	struct stat stat_of;
	assert_int_equal(stat(log, &stat_of), 0);
	assert_int_equal(truncate(log, stat_of.st_size - 5000), 0);
	struct store *store = opened(place, false);
	uint64_t head = head_of(store, "run");
	assert_in_range(head, 1, 19);
	assert_gapless(store, "run", head);
	store_free(store);
}

static void sql(const struct place *place, const char *text)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void a_newer_format_is_left_alone(void **state)
{
	struct place *place = *state;
	struct store *store = opened(place, false);
	store_free(store);
	sql(place, "PRAGMA user_version=99");
	assert_state(store_sqlite_open(place->path, false, &store), "newer");
	assert_state(store_sqlite_open(place->path, true, &store), "newer");
}

static void other_files_are_left_alone(void **state)
{
	struct place *place = *state;
	struct store *store = NULL;
	sql(place, "CREATE TABLE photos(name TEXT)");
	assert_state(store_sqlite_open(place->path, false, &store), "--journal");
	assert_state(store_sqlite_open(place->path, true, &store), "--journal");
	scratch_write(place->directory, "notes.txt", "These are notes of somebody, and no journal at all.\n");
	char *notes CLEANUP(mem_freep) = mem_printf("%s/notes.txt", place->directory);
	assert_state(store_sqlite_open(notes, false, &store), "no journal");
	char *kept CLEANUP(mem_freep) = scratch_read(place->directory, "notes.txt");
	assert_string_equal(kept, "These are notes of somebody, and no journal at all.\n");
	struct error *error ERROR_CLEANUP = store_sqlite_open(place->directory, false, &store);
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_INVALID);
	assert_null(store);
}

static void a_missing_directory_is_told(void **state)
{
	struct place *place = *state;
	struct store *store = NULL;
	char *path CLEANUP(mem_freep) = mem_printf("%s/none/journal.db", place->directory);
	struct error *error ERROR_CLEANUP = store_sqlite_open(path, false, &store);
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_NOT_FOUND);
	struct buf line CLEANUP(buf_done) = BUF_INIT(4096);
	error_line(error, &line);
	assert_non_null(strstr(buf_str(&line), path));
	struct error *reading ERROR_CLEANUP = store_sqlite_open(path, true, &store);
	assert_non_null(reading);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(files_are_for_their_owner_only_and_last),
		test(of_two_writers_one_is_told_to_stop),
		test(many_processes_make_and_fill_one_file),
		test(what_was_appended_survives_the_writers_death),
		test(readers_and_a_writer_do_not_wait_for_each_other),
		test(a_writer_waits_for_another_for_a_while),
		test(a_full_disk_is_told_and_loses_nothing),
		test(a_read_only_place_can_be_read_and_is_told_when_writing),
		test(damage_is_told_as_damage),
		test(a_torn_log_costs_its_tail_only),
		test(a_newer_format_is_left_alone),
		test(other_files_are_left_alone),
		test(a_missing_directory_is_told),
	};
	return cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);
}
