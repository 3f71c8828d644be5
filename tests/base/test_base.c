/* The ground: memory, buffers, errors, time, digests. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/time.h"

static void buffers_never_pass_their_maximum(void **state)
{
	(void)state;
	struct buf buf CLEANUP(buf_done) = BUF_INIT(10);
	assert_true(buf_puts(&buf, "0123456789"));
	assert_false(buf_putc(&buf, 'x'));
	assert_true(buf.overflowed);
	assert_string_equal(buf_str(&buf), "0123456789");
	buf_clear(&buf);
	assert_false(buf_printf(&buf, "%s", "eleven chars"));
	assert_string_equal(buf_str(&buf), "");
	assert_true(buf_printf(&buf, "%d-%d", 12, 34));
	assert_string_equal(buf_str(&buf), "12-34");
}

static void pairs_grow_in_arenas_and_on_the_heap(void **state)
{
	(void)state;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	int *in_arena = NULL, *on_heap = NULL;
	size_t n = 0, m = 0;
	for (int i = 0; i < 1000; i++) {
		*ARENA_PUSH(arena, in_arena, n) = i;
		*HEAP_PUSH(on_heap, m) = i;
	}
	assert_int_equal(n, 1000);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(in_arena[i], i);
		assert_int_equal(on_heap[i], i);
	}
	free(on_heap);
	size_t held = arena_bytes(arena);
	arena_reset(arena);
	assert_true(arena_bytes(arena) <= held);
	assert_string_equal(arena_printf(arena, "%s %d", "node", 7), "node 7");
}

static void wrapped_errors_keep_ids_and_show_remedy(void **state)
{
	(void)state;
	struct error *cause = error_remedy(error_new(ERROR_AUTH, "denied \"%s\"", "x"), "grant eks:DescribeCluster");
	cause->request_id = mem_strdup("3f0c");
	cause->code = mem_strdup("AccessDeniedException");
	cause->service = mem_strdup("eks");
	cause->operation = mem_strdup("DescribeCluster");
	cause->http_status = 403;
	struct error *error ERROR_CLEANUP = error_wrap(cause, "cannot look at \"shop\"");
	struct buf out CLEANUP(buf_done) = BUF_INIT(4096);
	assert_int_equal(error->class, ERROR_AUTH);
	error_render(error, &out);
	assert_string_equal(buf_str(&out), "error: cannot look at \"shop\": denied \"x\"\n"
					   "       eks:DescribeCluster: AccessDeniedException (403), request id: 3f0c\n"
					   "do:    grant eks:DescribeCluster\n");
}

static void times_go_there_and_back(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {{"1970-01-01T00:00:00Z", 0},
		    {"2026-11-23T20:36:57.5Z", INT64_C(1795466217500)},
		    {"2026-11-23T21:36:57+01:00", INT64_C(1795466217000)},
		    {"2024-02-29T23:59:59Z", INT64_C(1709251199000)}};
	char out[TIME_TEXT];
	int64_t ms;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(time_parse_rfc3339(slice_of(good[i].text), &ms));
		assert_int_equal(ms, good[i].ms);
	}
	static const char *const bad[] = {
		"", "2026-02-29T00:00:00Z", "2026-11-23 20:36", "2026-11-23T24:00:00Z", "2026-11-23T20:36:57", "x"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(time_parse_rfc3339(slice_of(bad[i]), &ms));
	assert_string_equal(time_format_basic(INT64_C(1795466217000), out), "20261123T203657Z");
	assert_string_equal(time_format_http(INT64_C(784111777000), out), "Sun, 06 Nov 1994 08:49:37 GMT");
	setenv("TZ", "XST-5:30", 1);
	tzset();
	assert_string_equal(time_format_local(INT64_C(1795466217999), out), "2026-11-24 02:06 +05:30");
	setenv("TZ", "XST3", 1);
	tzset();
	assert_string_equal(time_format_local(INT64_C(1795466217999), out), "2026-11-23 17:36 -03:00");
	unsetenv("TZ");
	tzset();
	static const char *const http[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
					   "Sun Nov  6 08:49:37 1994"};
	for (size_t i = 0; i < ARRAY_SIZE(http); i++) {
		assert_true(time_parse_http(slice_of(http[i]), &ms));
		assert_int_equal(ms, INT64_C(784111777000));
	}
}

static void durations_read_what_they_write(void **state)
{
	(void)state;
	char out[TIME_TEXT];
	int64_t ms;
	static const int64_t all[] = {0, 1, 250, SECOND_MS, 90 * SECOND_MS, HOUR_MS + 30 * MINUTE_MS, 7 * DAY_MS};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		assert_true(duration_parse(slice_of(duration_format_exact(all[i], out)), &ms));
		assert_int_equal(ms, all[i]);
	}
	assert_true(duration_parse(slice_of("90"), &ms));
	assert_int_equal(ms, 90 * SECOND_MS);
	static const char *const bad[] = {"", "-1s", "5x", "m", "1h30", "99999999999999999999s"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(duration_parse(slice_of(bad[i]), &ms));
}

static void digests_match_published_vectors(void **state)
{
	(void)state;
	char hex[SHA256_HEX_SIZE];
	sha256_hex(slice_of("abc"), hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	uint8_t mac[SHA256_SIZE]; /* RFC 4231, case 2 */
	hmac_sha256("Jefe", 4, slice_of("what do ya want for nothing?"), mac);
	hex_encode(mac, sizeof mac, hex);
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void base64_of_every_length_comes_back(void **state)
{
	(void)state;
	for (size_t n = 0; n < 70; n++) {
		char bytes[70];
		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)(i * 37 + n);
		struct buf text CLEANUP(buf_done) = BUF_INIT(256), back CLEANUP(buf_done) = BUF_INIT(256);
		assert_true(n % 2 ? base64_encode(slice_make(bytes, n), &text)
				  : base64url_encode(slice_make(bytes, n), &text));
		assert_true(base64_decode(buf_slice(&text), &back));
		assert_int_equal(back.n, n);
		assert_true(n == 0 || memcmp(back.p, bytes, n) == 0);
	}
	struct buf back CLEANUP(buf_done) = BUF_INIT(256);
	assert_false(base64_decode(slice_of("a*cd"), &back));
	assert_false(base64_decode(slice_of("abcde"), &back));
}

static void assert_fails(struct error *error, enum error_class class, const char *words)
{
	assert_non_null(error);
	assert_int_equal(error->class, class);
	if (!strstr(error->message, words))
		fail_msg("\"%s\" is not in: %s", words, error->message);
	error_free(error);
}

static void files_are_written_whole_and_read_whole(void **state)
{
	(void)state;
	char folder[] = "/tmp/eua-file-XXXXXX", folder_of_it[40], path[64];
	struct stat stat_of;
	struct buf text CLEANUP(buf_done) = BUF_INIT(8), more CLEANUP(buf_done) = BUF_INIT(7),
			none CLEANUP(buf_done) = BUF_INIT(100);
	assert_non_null(mkdtemp(folder));
	snprintf(folder_of_it, sizeof folder_of_it, "%s/a", folder);
	snprintf(path, sizeof path, "%s/b", folder_of_it);
	assert_fails(file_read(path, &none), ERROR_NOT_FOUND, "no such file");
	assert_null(file_write(path, slice_of("first")));
	assert_null(file_write(path, slice_make("12\0"
						"45678",
						8)));
	assert_int_equal(stat(path, &stat_of), 0);
	assert_int_equal(stat_of.st_mode & 0777, 0600);
	assert_int_equal(stat(folder_of_it, &stat_of), 0);
	assert_int_equal(stat_of.st_mode & 0777, 0700);
	assert_null(file_read(path, &text));
	assert_int_equal(text.n, 8);
	assert_memory_equal(text.p,
			    "12\0"
			    "45678",
			    8);
	assert_fails(file_read(path, &more), ERROR_INVALID, "is larger than 7 bytes");
	assert_fails(file_read(folder_of_it, &none), ERROR_INVALID, "is a directory");
	assert_fails(file_write(folder_of_it, slice_of("x")), ERROR_INVALID, "cannot put");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder_of_it), 0); /* nothing else was left in it */
	assert_int_equal(rmdir(folder), 0);
}

static void what_is_special_is_written_into_and_a_link_is_replaced(void **state)
{
	(void)state;
	char folder[] = "/tmp/eua-file-XXXXXX", fifo[40], link[40], file[40], read_back[8] = "";
	struct stat stat_of;
	struct buf text CLEANUP(buf_done) = BUF_INIT(8);
	assert_non_null(mkdtemp(folder));
	snprintf(fifo, sizeof fifo, "%s/fifo", folder);
	snprintf(file, sizeof file, "%s/file", folder);
	snprintf(link, sizeof link, "%s/link", folder);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	int reader = open(fifo, O_RDONLY | O_NONBLOCK);
	assert_null(file_write(fifo, slice_of("12345")));
	assert_int_equal(read(reader, read_back, sizeof read_back), 5);
	assert_string_equal(read_back, "12345");
	assert_int_equal(lstat(fifo, &stat_of), 0);
	assert_true(S_ISFIFO(stat_of.st_mode) && file_is_special(fifo) && !file_is_special(folder));
	assert_null(file_write(file, slice_of("old")));
	assert_int_equal(symlink("file", link), 0);
	assert_null(file_write(link, slice_of("new")));
	assert_int_equal(lstat(link, &stat_of), 0);
	assert_true(S_ISREG(stat_of.st_mode));
	assert_null(file_read(file, &text));
	assert_string_equal(buf_str(&text), "old");
	close(reader);
	assert_int_equal(unlink(fifo) | unlink(link) | unlink(file), 0);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffers_never_pass_their_maximum),
		cmocka_unit_test(pairs_grow_in_arenas_and_on_the_heap),
		cmocka_unit_test(wrapped_errors_keep_ids_and_show_remedy),
		cmocka_unit_test(times_go_there_and_back),
		cmocka_unit_test(durations_read_what_they_write),
		cmocka_unit_test(digests_match_published_vectors),
		cmocka_unit_test(base64_of_every_length_comes_back),
		cmocka_unit_test(files_are_written_whole_and_read_whole),
		cmocka_unit_test(what_is_special_is_written_into_and_a_link_is_replaced),
	};
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
