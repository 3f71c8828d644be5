/* Stores: what both kinds promise. What only a file can suffer is in test_store_sqlite.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "port/scratch.h"
#include "port/store.h"

struct place {
	char directory[256];
	struct store *store;
	struct arena *arena;
};

static int set_up_memory(void **state)
{
	struct place *place = mem_alloc(sizeof *place);
	scratch_new(place->directory);
	place->arena = arena_new();
	place->store = store_memory_new();
	*state = place;
	return 0;
}

static int set_up_sqlite(void **state)
{
	struct place *place = mem_alloc(sizeof *place);
	scratch_new(place->directory);
	place->arena = arena_new();
	char *path CLEANUP(mem_freep) = mem_printf("%s/journal.db", place->directory);
	assert_null(store_sqlite_open(path, false, &place->store));
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	store_free(place->store);
	arena_free(place->arena);
	scratch_remove(place->directory);
	free(place);
	return 0;
}

static struct store_record record_of(uint64_t seq, const char *bytes)
{
	struct store_record record = {.seq = seq, .bytes = slice_of(bytes)};
	memset(record.hash, (int)seq, sizeof record.hash);
	return record;
}

static struct error *append(struct place *place, const char *run, uint64_t head, const char *bytes)
{
	struct store_record record = record_of(head + 1, bytes);
	return store_append(place->store, run, head, &record, 1);
}

#define assert_class(call, expected)                                                                                   \
	do {                                                                                                           \
		struct error *error_ ERROR_CLEANUP = (call);                                                           \
		assert_non_null(error_);                                                                               \
		assert_string_equal(error_class_name(error_->class), error_class_name(expected));                      \
	} while (0)

struct reading {
	struct buf seen;
	size_t stop_after, n;
};

static bool collect(void *context, const struct store_record *record)
{
	struct reading *reading = context;
	buf_printf(&reading->seen, "%llu:", (unsigned long long)record->seq);
	buf_append(&reading->seen, record->bytes.p, record->bytes.n);
	buf_printf(&reading->seen, ":%d ", record->hash[31]);
	return ++reading->n != reading->stop_after;
}

static void records_are_read_from_anywhere(void **state)
{
	struct place *place = *state;
	const struct store_record records[] = {record_of(1, "a"), record_of(2, "b"), record_of(3, "c")};
	struct reading reading = {.seen = BUF_INIT(4096)};
	uint64_t seq = 9;
	uint8_t hash[32];
	assert_null(store_head(place->store, "run", &seq, hash));
	assert_int_equal(seq, 0);
	assert_int_equal(hash[0], 0);
	assert_null(store_append(place->store, "run", 0, records, 3));
	assert_null(append(place, "run", 3, "d"));
	assert_null(append(place, "other", 0, "x"));
	assert_null(store_read(place->store, "run", 1, collect, &reading));
	assert_string_equal(buf_str(&reading.seen), "1:a:1 2:b:2 3:c:3 4:d:4 ");
	buf_clear(&reading.seen);
	assert_null(store_read(place->store, "run", 4, collect, &reading));
	assert_null(store_read(place->store, "run", 5, collect, &reading));
	assert_null(store_read(place->store, "nobody's", 1, collect, &reading));
	assert_string_equal(buf_str(&reading.seen), "4:d:4 ");
	buf_clear(&reading.seen);
	reading.n = 0;
	reading.stop_after = 2;
	assert_null(store_read(place->store, "run", 0, collect, &reading));
	assert_string_equal(buf_str(&reading.seen), "1:a:1 2:b:2 ");
	buf_done(&reading.seen);
	assert_null(store_head(place->store, "run", &seq, hash));
	assert_int_equal(seq, 4);
	assert_int_equal(hash[0], 4);
}

static void an_append_knows_its_head(void **state)
{
	struct place *place = *state;
	assert_null(append(place, "run", 0, "first"));
	assert_class(append(place, "run", 0, "late"), ERROR_CONFLICT);
	assert_class(append(place, "run", 2, "early"), ERROR_CONFLICT);
	const struct store_record gap[] = {record_of(2, "b"), record_of(4, "d")};
	assert_class(store_append(place->store, "run", 1, gap, 2), ERROR_BUG);
	assert_class(append(place, "new", 3, "no such head"), ERROR_CONFLICT);
	assert_null(store_append(place->store, "empty", 0, NULL, 0));
	const char **runs;
	size_t n;
	assert_null(store_runs(place->store, place->arena, &runs, &n)); /* what failed left nothing behind */
	assert_int_equal(n, 1);
	struct reading reading = {.seen = BUF_INIT(4096)};
	assert_null(store_read(place->store, "run", 1, collect, &reading));
	assert_string_equal(buf_str(&reading.seen), "1:first:1 ");
	buf_done(&reading.seen);
}

static void runs_are_listed_oldest_first(void **state)
{
	struct place *place = *state;
	static const char *const names[] = {"zebra", "ape", "zebra/requests", "mole"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_null(append(place, names[i], 0, "x"));
	assert_null(append(place, "zebra", 1, "again"));
	const char **runs;
	size_t n;
	assert_null(store_runs(place->store, place->arena, &runs, &n));
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(runs[i], names[i]);
}

static void any_bytes_come_back_as_they_were(void **state)
{
	struct place *place = *state;
	enum { SIZE = 1 << 20 };
	char *bytes CLEANUP(mem_freep) = mem_alloc(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (char)(i * 7 + i / 256);
	struct store_record record = {.seq = 1, .bytes = slice_make(bytes, SIZE)};
	struct reading reading = {.seen = BUF_INIT(2 << 20)};
	assert_null(store_append(place->store, "run", 0, &record, 1));
	assert_null(store_read(place->store, "run", 1, collect, &reading));
	assert_int_equal(reading.seen.n, SIZE + 5);
	assert_memory_equal(reading.seen.p + 2, bytes, SIZE);
	buf_done(&reading.seen);
}

enum { TTL = 60000 };

static void a_lease_has_one_holder_who_is_named(void **state)
{
	struct place *place = *state;
	struct store_lease ours = {0}, theirs = {0};
	assert_null(store_acquire(place->store, "run", "ann@one pid 1", 1000, TTL, false, place->arena, &ours));
	assert_int_equal(ours.epoch, 1);
	assert_int_equal(ours.expires_at_ms, 1000 + TTL);
	assert_string_equal(ours.owner, "ann@one pid 1");
	struct error *error ERROR_CLEANUP =
		store_acquire(place->store, "run", "bob@two pid 2", 1000 + TTL - 1, TTL, false, place->arena, &theirs);
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_CONFLICT);
	assert_string_equal(error->code, "LeaseHeld");
	assert_non_null(strstr(error->message, "ann@one pid 1"));
	assert_null(theirs.owner);
	assert_null(store_acquire(place->store, "another", "bob", 1000, TTL, false, place->arena, &theirs));
}

static void an_expired_lease_is_had_with_a_new_epoch(void **state)
{
	struct place *place = *state;
	struct store_lease ours, theirs;
	int64_t expires;
	assert_null(store_acquire(place->store, "run", "ann", 1000, TTL, false, place->arena, &ours));
	assert_null(store_renew(place->store, "run", &ours, 30000, TTL, &expires));
	assert_int_equal(expires, 30000 + TTL);
	assert_class(store_acquire(place->store, "run", "bob", 1000 + TTL, TTL, false, place->arena, &theirs),
		     ERROR_CONFLICT);
	assert_null(store_acquire(place->store, "run", "bob", 30000 + TTL, TTL, false, place->arena, &theirs));
	assert_int_equal(theirs.epoch, 2);
	assert_class(store_renew(place->store, "run", &ours, 30001 + TTL, TTL, &expires), ERROR_CONFLICT);
}

static void a_late_holder_writes_nothing(void **state)
{
	struct place *place = *state;
	struct store_lease ours, theirs;
	assert_null(store_acquire(place->store, "run", "ann", 1000, TTL, false, place->arena, &ours));
	assert_null(append(place, "run", 0, "{\"epoch\":1,\"kind\":\"created\"}"));
	assert_null(store_acquire(place->store, "run", "bob", 2000, TTL, true, place->arena, &theirs));
	assert_int_equal(theirs.epoch, 2);
	assert_class(append(place, "run", 1, "{\"epoch\":1,\"kind\":\"intent\"}"), ERROR_CONFLICT);
	assert_null(append(place, "run", 1, "{\"epoch\":2,\"kind\":\"intent\"}"));
	assert_null(append(place, "run/requests", 0, "{\"by\":\"carol\"}")); /* a list without a lease */
}

static void a_released_lease_is_free_and_only_its_holder_releases_it(void **state)
{
	struct place *place = *state;
	struct store_lease ours, theirs, third;
	assert_null(store_acquire(place->store, "run", "ann", 1000, TTL, false, place->arena, &ours));
	assert_null(store_release(place->store, "run", &ours));
	assert_null(store_acquire(place->store, "run", "bob", 1001, TTL, false, place->arena, &theirs));
	assert_int_equal(theirs.epoch, 2);
	assert_null(store_release(place->store, "run", &ours));
	assert_class(store_acquire(place->store, "run", "carol", 1002, TTL, false, place->arena, &third),
		     ERROR_CONFLICT);
	assert_null(store_release(place->store, "never-held", &ours));
}

#define memory(name)                                                                                                   \
	{                                                                                                              \
		"memory: " #name, name, set_up_memory, tear_down, NULL                                                 \
	}
#define sqlite(name)                                                                                                   \
	{                                                                                                              \
		"sqlite: " #name, name, set_up_sqlite, tear_down, NULL                                                 \
	}
#define both(name) memory(name), sqlite(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		both(records_are_read_from_anywhere),
		both(an_append_knows_its_head),
		both(runs_are_listed_oldest_first),
		both(any_bytes_come_back_as_they_were),
		both(a_lease_has_one_holder_who_is_named),
		both(an_expired_lease_is_had_with_a_new_epoch),
		both(a_late_holder_writes_nothing),
		both(a_released_lease_is_free_and_only_its_holder_releases_it),
	};
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
