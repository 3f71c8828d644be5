/* The journal: its chain, its leases, and what happens to it when disks, clocks and other agents misbehave. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/fake.h"
#include "base/digest.h"
#include "codec/document.h"

struct desk {
	struct fake fake;
	char directory[64], path[96];
	struct store *store;
	struct ports ports;
};

static void desk_init(struct desk *desk)
{
	fake_init(&desk->fake, 1);
	snprintf(desk->directory, sizeof desk->directory, "/tmp/journal.XXXXXX");
	assert_non_null(mkdtemp(desk->directory));
	snprintf(desk->path, sizeof desk->path, "%s/journal.db", desk->directory);
	assert_null(store_sqlite_open(desk->path, false, &desk->store));
	desk->ports = desk->fake.ports;
	desk->ports.store = desk->store;
}

static void remove_file(const struct desk *desk, const char *suffix)
{
	char *path CLEANUP(mem_freep) = mem_printf("%s%s", desk->path, suffix);
	unlink(path);
}

static void desk_done(struct desk *desk)
{
	store_free(desk->store);
	remove_file(desk, "");
	remove_file(desk, "-wal");
	remove_file(desk, "-shm");
	rmdir(desk->directory);
	fake_done(&desk->fake);
}

static struct journal *open_writer(struct desk *desk, const char *owner)
{
	struct journal *journal = NULL;
	assert_null(journal_open(&desk->ports, "run", owner, false, MINUTE_MS, &journal));
	return journal;
}

static void write_records(struct journal *journal, int n)
{
	for (int i = 0; i < n; i++)
		assert_null(journal_append(journal, "step", JOURNAL_NOTE, json_pack("{s:i}", "number", i)));
}

static void execute(const struct desk *desk, const char *sql)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(desk->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void assert_damage(struct desk *desk, const char *record, const char *what)
{
	uint64_t proven;
	struct error *error ERROR_CLEANUP = journal_verify(desk->store, "run", &proven);
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_STATE);
	assert_non_null(error->remedy);
	if (!strstr(error->message, record) || !strstr(error->message, what))
		fail_msg("wanted \"%s … %s\", got \"%s\"", record, what, error->message);
}

static void a_whole_journal_is_proven(void **state)
{
	struct desk desk;
	uint64_t proven;
	(void)state;
	desk_init(&desk);
	struct journal *journal = open_writer(&desk, "a@here");
	write_records(journal, 20);
	assert_null(journal_verify(desk.store, "run", &proven));
	assert_int_equal(proven, 20);
	assert_int_equal(journal_head(journal), 20);
	journal_close(journal);
	journal = open_writer(&desk, "b@here");
	write_records(journal, 3);
	journal_close(journal);
	assert_null(journal_verify(desk.store, "run", &proven));
	assert_int_equal(proven, 23);
	desk_done(&desk);
}

/* A store in which somebody writes a record whenever the records have just been read. */
struct moving {
	struct store store;
	struct desk *desk;
	struct journal *journal;
};

static struct error *moving_read(struct store *store, const char *run, uint64_t from, store_record_fn *fn,
				 void *context)
{
	struct moving *moving = (struct moving *)store;
	struct error *error = store_read(moving->desk->store, run, from, fn, context);
	write_records(moving->journal, 1);
	return error;
}

static struct error *moving_head(struct store *store, const char *run, uint64_t *ret_seq, uint8_t ret_hash[32])
{
	return store_head(((struct moving *)store)->desk->store, run, ret_seq, ret_hash);
}

static void a_journal_under_way_is_proven(void **state)
{
	static const struct store_ops ops = {.read = moving_read, .head = moving_head};
	struct desk desk;
	uint64_t proven;
	(void)state;
	desk_init(&desk);
	struct moving moving = {{&ops}, &desk, open_writer(&desk, "a@here")};
	write_records(moving.journal, 5);
	assert_null(journal_verify(&moving.store, "run", &proven));
	assert_int_equal(proven, 5);
	assert_null(journal_verify(&moving.store, "run", &proven));
	assert_int_equal(proven, 6);
	journal_close(moving.journal);
	desk_done(&desk);
}

static void damage_is_found_and_named(void **state)
{
	static const struct {
		const char *sql, *record, *what;
	} cases[] = {
		{"UPDATE record SET bytes = replace(CAST(bytes AS TEXT), '\"number\":4', '\"number\":5') WHERE seq = 5",
		 "record 5", "changed"},
		{"UPDATE record SET bytes = CAST('{' AS BLOB) WHERE seq = 3", "record 3", "not readable"},
		{"UPDATE record SET hash = zeroblob(32) WHERE seq = 10", "record 10", "changed"},
		{"UPDATE record SET hash = zeroblob(32) WHERE seq = 7", "record 7", "changed"},
		{"DELETE FROM record WHERE seq = 4", "record 4", "missing"},
		{"DELETE FROM record WHERE seq = 1", "record 1", "missing"},
		{"DELETE FROM record WHERE seq = 10", "record 10", "truncated"},
		{"DELETE FROM record WHERE seq > 6", "record 7", "truncated"},
		{"UPDATE record SET seq = 100 WHERE seq = 6; UPDATE record SET seq = 6 WHERE seq = 7; UPDATE record "
		 "SET seq = 7 WHERE seq = 100",
		 "record 6", "reordered"},
		{"UPDATE record SET bytes = (SELECT bytes FROM record WHERE seq = 2), hash = (SELECT hash FROM record "
		 "WHERE seq = 2) WHERE seq = 8",
		 "record 8", "does not follow"},
		{"UPDATE head SET seq = 9, hash = (SELECT hash FROM record WHERE seq = 9)", "record 10",
		 "not the one that was written last"},
		{"UPDATE head SET hash = zeroblob(32)", "record 10", "not the one that was written last"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct desk desk;
		desk_init(&desk);
		struct journal *journal = open_writer(&desk, "a@here");
		write_records(journal, 10);
		journal_close(journal);
		execute(&desk, cases[i].sql);
		assert_damage(&desk, cases[i].record, cases[i].what);
		desk_done(&desk);
	}
}

static void a_newer_program_s_journal_is_refused(void **state)
{
	struct desk desk;
	uint64_t proven;
	(void)state;
	desk_init(&desk);
	struct slice bytes = slice_of("{\"format\":2,\"kind\":\"created\",\"payload\":{},\"prev\":\"\",\"seq\":1,"
				      "\"time\":\"2026-11-24T00:00:00Z\"}");
	struct store_record record = {.seq = 1, .bytes = bytes};
	sha256(bytes, record.hash);
	assert_null(store_append(desk.store, "run", 0, &record, 1));
	struct error *error ERROR_CLEANUP = journal_verify(desk.store, "run", &proven);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "newer program"));
	desk_done(&desk);
}

static long size_of(const char *path)
{
	struct stat stat_of;
	return stat(path, &stat_of) == 0 ? (long)stat_of.st_size : 0;
}

static void copy_file(const char *from, const char *to, long most)
{
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	assert_non_null(out);
	for (int c; in && most > 0 && (c = fgetc(in)) != EOF; most--)
		fputc(c, out);
	if (in)
		fclose(in);
	fclose(out);
}

/* A process that dies in the middle of a write leaves a torn end: what was written before stands, and the next goes on.
 */
static void a_torn_end_costs_at_most_the_last_record(void **state)
{
	struct desk desk, torn;
	uint64_t proven;
	(void)state;
	desk_init(&desk);
	desk_init(&torn);
	struct journal *journal = open_writer(&desk, "a@here");
	write_records(journal, 5);
	char *wal CLEANUP(mem_freep) = mem_printf("%s-wal", desk.path),
		  *torn_wal CLEANUP(mem_freep) = mem_printf("%s-wal", torn.path);
	long before = size_of(wal);
	write_records(journal, 1);
	long after = size_of(wal);
	assert_true(after > before);
	for (long size = before; size <= after; size += (after - before) / 37) {
		store_free(torn.store);
		remove_file(&torn, "-shm");
		copy_file(desk.path, torn.path, LONG_MAX);
		copy_file(wal, torn_wal, size);
		assert_null(store_sqlite_open(torn.path, false, &torn.store));
		torn.ports.store = torn.store;
		assert_null(journal_verify(torn.store, "run", &proven));
		assert_true(proven == 5 || (proven == 6 && size == after));
		struct journal *next = NULL;
		assert_null(journal_open(&torn.ports, "run", "b@there", true, MINUTE_MS, &next));
		write_records(next, 1);
		journal_close(next);
		assert_null(journal_verify(torn.store, "run", &proven));
	}
	journal_close(journal);
	desk_done(&torn);
	desk_done(&desk);
}

static void a_full_disk_is_told_and_loses_nothing(void **state)
{
	struct desk desk;
	uint64_t proven;
	struct rlimit limit, small;
	(void)state;
	desk_init(&desk);
	struct journal *journal = open_writer(&desk, "a@here");
	write_records(journal, 5);
	char *wal CLEANUP(mem_freep) = mem_printf("%s-wal", desk.path);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	small = limit;
	small.rlim_cur = (rlim_t)size_of(wal) + 1000;
	setrlimit(RLIMIT_FSIZE, &small);
	struct error *error ERROR_CLEANUP = journal_append(journal, NULL, JOURNAL_NOTE, NULL);
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_STATE);
	assert_non_null(strstr(error->remedy, "disk"));
	write_records(journal, 2);
	assert_null(journal_verify(desk.store, "run", &proven));
	assert_int_equal(proven, 7);
	journal_close(journal);
	desk_done(&desk);
}

static void readers_do_not_wait_for_a_writer(void **state)
{
	struct desk desk;
	uint64_t proven;
	struct store *reader = NULL;
	sqlite3 *db;
	(void)state;
	desk_init(&desk);
	struct journal *journal = open_writer(&desk, "a@here");
	write_records(journal, 4);
	assert_int_equal(sqlite3_open(desk.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE; UPDATE head SET seq = 99", NULL, NULL, NULL), SQLITE_OK);
	assert_null(store_sqlite_open(desk.path, true, &reader));
	assert_null(journal_verify(reader, "run", &proven));
	assert_int_equal(proven, 4);
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(db);
	store_free(reader);
	journal_close(journal);
	desk_done(&desk);
}

static void pass_time(struct desk *desk, int64_t ms)
{
	clock_sleep(&desk->fake.clock, ms);
}

static void one_writer_at_a_time(void **state)
{
	struct desk desk;
	(void)state;
	desk_init(&desk);
	struct journal *first = open_writer(&desk, "anna@laptop pid 1"), *second = NULL;
	struct error *refused ERROR_CLEANUP =
		journal_open(&desk.ports, "run", "ben@desk pid 2", false, MINUTE_MS, &second);
	assert_non_null(refused);
	assert_int_equal(refused->class, ERROR_CONFLICT);
	assert_string_equal(refused->code, "LeaseHeld");
	assert_non_null(strstr(refused->message, "anna@laptop pid 1"));
	for (int i = 0; i < 20; i++) { /* kept as long as somebody checks */
		pass_time(&desk, 40 * SECOND_MS);
		assert_null(journal_check(first));
		struct error *still ERROR_CLEANUP =
			journal_open(&desk.ports, "run", "ben@desk pid 2", false, MINUTE_MS, &second);
		assert_non_null(still);
	}
	journal_close(first);
	assert_null(journal_open(&desk.ports, "run", "ben@desk pid 2", false, MINUTE_MS, &second));
	journal_close(second);
	desk_done(&desk);
}

static void a_late_holder_stops(void **state)
{
	struct desk desk;
	uint64_t proven;
	(void)state;
	desk_init(&desk);
	struct journal *late = open_writer(&desk, "anna@laptop"), *next = NULL;
	write_records(late, 2);
	pass_time(&desk, 61 * SECOND_MS); /* stopped for longer than its lease */
	assert_null(journal_open(&desk.ports, "run", "ben@desk", false, MINUTE_MS, &next));
	struct error *check ERROR_CLEANUP = journal_check(late),
			    *append ERROR_CLEANUP = journal_append(late, NULL, JOURNAL_NOTE, NULL);
	assert_non_null(check);
	assert_non_null(append);
	assert_string_equal(check->code, "LeaseLost");
	assert_string_equal(append->code, "LeaseLost");
	write_records(next, 2);
	journal_close(late); /* does not release the other's lease */
	assert_null(journal_check(next));
	assert_null(journal_verify(desk.store, "run", &proven));
	assert_int_equal(proven, 4);
	journal_close(next);
	desk_done(&desk);
}

static void taking_over_fences_by_the_first_record(void **state)
{
	struct desk desk;
	(void)state;
	desk_init(&desk);
	struct journal *first = open_writer(&desk, "anna@laptop"), *second = NULL;
	write_records(first, 2);
	assert_null(journal_open(&desk.ports, "run", "ben@desk", true, MINUTE_MS, &second));
	write_records(second, 1); /* the first's lease has 60 s to go by its own reckoning */
	struct error *check ERROR_CLEANUP = journal_check(first),
			    *append ERROR_CLEANUP = journal_append(first, NULL, JOURNAL_NOTE, NULL);
	assert_non_null(check);
	assert_non_null(append);
	journal_close(first);
	journal_close(second);
	desk_done(&desk);
}

static struct error *times_grow(void *context, const struct journal_record *record)
{
	int64_t *last_ms = context;
	assert_true(record->time_ms >= *last_ms);
	*last_ms = record->time_ms;
	return NULL;
}

static void times_never_go_back(void **state)
{
	struct desk desk;
	int64_t last_ms = 0;
	(void)state;
	desk_init(&desk);
	struct journal *journal = open_writer(&desk, "a@here");
	write_records(journal, 2);
	desk.fake.wall_ms -= HOUR_MS;
	write_records(journal, 2);
	journal_close(journal);
	desk.fake.wall_ms -= HOUR_MS;
	journal = open_writer(&desk, "a@here");
	write_records(journal, 2);
	journal_close(journal);
	assert_null(journal_read(desk.store, "run", 1, times_grow, &last_ms));
	assert_true(last_ms > 0);
	desk_done(&desk);
}

static void an_append_returns_an_error_and_keeps_the_head(void **state)
{
	struct fake fake;
	struct journal *journal = NULL;
	(void)state;
	fake_init(&fake, 1);
	assert_null(journal_open(&fake.ports, "run", "a@here", false, MINUTE_MS, &journal));
	write_records(journal, 1);
	fake.dead = true;
	struct error *error ERROR_CLEANUP = journal_append(journal, NULL, JOURNAL_NOTE, NULL);
	assert_non_null(error);
	fake.dead = false;
	write_records(journal, 1);
	assert_int_equal(journal_head(journal), 2);
	journal_close(journal);
	fake_done(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_journal_is_proven),
		cmocka_unit_test(a_journal_under_way_is_proven),
		cmocka_unit_test(damage_is_found_and_named),
		cmocka_unit_test(a_newer_program_s_journal_is_refused),
		cmocka_unit_test(a_torn_end_costs_at_most_the_last_record),
		cmocka_unit_test(a_full_disk_is_told_and_loses_nothing),
		cmocka_unit_test(readers_do_not_wait_for_a_writer),
		cmocka_unit_test(one_writer_at_a_time),
		cmocka_unit_test(a_late_holder_stops),
		cmocka_unit_test(taking_over_fences_by_the_first_record),
		cmocka_unit_test(times_never_go_back),
		cmocka_unit_test(an_append_returns_an_error_and_keeps_the_head),
	};
	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
