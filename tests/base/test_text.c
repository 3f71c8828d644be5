/* Properties of what turns values into text and back: times, durations, digests, encodings, buffers, arenas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/time.h"
#include "base/uri.h"

/* A small generator, so that each run tries the same values. */
static uint64_t draw(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 16;
}

static void every_time_is_read_as_it_was_written(void **state)
{
	(void)state;
	uint64_t seed = 1;
	for (int i = 0; i < 20000; i++) {
		int64_t time_ms = (int64_t)(draw(&seed) % (UINT64_C(250000000000000))) - INT64_C(60000000000000), back;
		char text[TIME_TEXT];
		assert_true(time_parse_rfc3339(slice_of(time_format_rfc3339(time_ms, text)), &back));
		assert_int_equal(back, time_ms);
		time_t seconds = (time_t)((time_ms - (((time_ms % 1000) + 1000) % 1000)) / 1000);
		struct tm tm;
		char theirs[64];
		gmtime_r(&seconds, &tm);
		strftime(theirs, sizeof theirs, "%Y%m%dT%H%M%SZ", &tm);
		if (time_ms > -INT64_C(30000000000000)) /* strftime drops leading zeroes of years */
			assert_string_equal(time_format_basic(time_ms, text), theirs);
		if (time_ms >= 0 && time_ms < INT64_C(200000000000000)) {
			assert_true(time_parse_http(slice_of(time_format_http(time_ms, text)), &back));
			assert_int_equal(back, time_ms / 1000 * 1000);
		}
	}
}

static void times_that_are_none_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"2026-13-01T00:00:00Z",	 "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z",  "1900-02-29T00:00:00Z",
		"2026-01-01T00:60:00Z",	 "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+25:00",
		"2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+", "-026-01-01T00:00:00Z",  "2026-01-01T00:00:00 Z"};
	int64_t ms = 42;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(time_parse_rfc3339(slice_of(bad[i]), &ms));
	static const char *const bad_http[] = {"",
					       "Sun, 06 Nov 1994 08:49:37",
					       "Sun, 31 Feb 1994 08:49:37 GMT",
					       "Sun, 06 Foo 1994 08:49:37 GMT",
					       "Sun, 06 Nov 1994 25:49:37 GMT",
					       "Sun, 06 Nov 1994 08:49:37 CET",
					       "soon"};
	for (size_t i = 0; i < ARRAY_SIZE(bad_http); i++)
		assert_false(time_parse_http(slice_of(bad_http[i]), &ms));
	assert_false(time_parse_rfc3339((struct slice){0}, &ms));
	assert_int_equal(ms, 42);
	assert_true(time_parse_rfc3339(slice_of("2000-02-29T00:00:00.123456789-00:30"), &ms));
	assert_int_equal(ms, INT64_C(951784200123));
	assert_false(time_parse_rfc3339(slice_make("2026-01-01T00:00:00Z", 19), &ms)); /* ends within a slice */
}

static void durations_are_shown_for_people(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {{0, "0 ms"},
		     {999, "999 ms"},
		     {12 * SECOND_MS, "12 s"},
		     {46 * MINUTE_MS, "46 min"},
		     {65 * MINUTE_MS, "1 h 05 min"},
		     {3 * DAY_MS + 4 * HOUR_MS, "3 d 4 h"},
		     {-5, "0 ms"}};
	char out[TIME_TEXT];
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(duration_format(cases[i].ms, out), cases[i].text);
	int64_t ms;
	static const struct {
		const char *text;
		int64_t ms;
	} read[] = {{"1h30m", 90 * MINUTE_MS},
		    {"7d", 7 * DAY_MS},
		    {"250ms", 250},
		    {"1m30s250ms", 90250},
		    {"0", 0},
		    {"0s", 0},
		    {"2h", 2 * HOUR_MS},
		    {"1d12h", 36 * HOUR_MS}};
	for (size_t i = 0; i < ARRAY_SIZE(read); i++) {
		assert_true(duration_parse(slice_of(read[i].text), &ms));
		assert_int_equal(ms, read[i].ms);
	}
	static const char *const bad[] = {"1 h", "h1", "1hh", "10m5", "+1s", "1e3s", "9223372036854775807d", "0x10"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(duration_parse(slice_of(bad[i]), &ms));
}

static void a_digest_of_two_is_that_of_both_together(void **state)
{
	(void)state;
	char text[300];
	uint64_t seed = 3;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)draw(&seed);
	for (size_t cut = 0; cut <= sizeof text; cut += 7) {
		uint8_t whole[SHA256_SIZE], parts[SHA256_SIZE];
		sha256(slice_make(text, sizeof text), whole);
		sha256_two(slice_make(text, cut), slice_make(text + cut, sizeof text - cut), parts);
		assert_memory_equal(whole, parts, SHA256_SIZE);
	}
	char hex[SHA256_HEX_SIZE];
	sha256_hex((struct slice){0}, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, test cases 1, 3, 6 and 7: keys shorter and longer than a block. */
static void hmacs_match_the_rfc(void **state)
{
	(void)state;
	uint8_t key[131], data[50], mac[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	memset(key, 0x0B, 20);
	hmac_sha256(key, 20, slice_of("Hi There"), mac);
	hex_encode(mac, sizeof mac, hex);
	assert_string_equal(hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	memset(key, 0xAA, sizeof key);
	memset(data, 0xDD, sizeof data);
	hmac_sha256(key, 20, slice_make((const char *)data, sizeof data), mac);
	hex_encode(mac, sizeof mac, hex);
	assert_string_equal(hex, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
	hmac_sha256(key, sizeof key, slice_of("Test Using Larger Than Block-Size Key - Hash Key First"), mac);
	hex_encode(mac, sizeof mac, hex);
	assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	hmac_sha256("", 0, (struct slice){0}, mac);
	hex_encode(mac, sizeof mac, hex);
	assert_string_equal(hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void encodings_have_their_published_forms(void **state)
{
	(void)state;
	static const char *const plain[][2] = {{"", ""},	{"f", "Zg=="},	      {"fo", "Zm8="},
					       {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xfb\xff", "+/8="}};
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) { /* RFC 4648 */
		struct buf out CLEANUP(buf_done) = BUF_INIT(100);
		assert_true(base64_encode(slice_of(plain[i][0]), &out));
		assert_string_equal(buf_str(&out), plain[i][1]);
	}
	struct buf url CLEANUP(buf_done) = BUF_INIT(100), small CLEANUP(buf_done) = BUF_INIT(3);
	assert_true(base64url_encode(slice_of("\xfb\xff"), &url));
	assert_string_equal(buf_str(&url), "-_8");
	assert_false(base64_encode(slice_of("foo"), &small));
	static const char *const bad[] = {"Zg=", "Z", "Zg==Zg==", "Zm9v!", "Zh==", "=", "Zg\n=="};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct buf out CLEANUP(buf_done) = BUF_INIT(100);
		bool good = base64_decode(slice_of(bad[i]), &out);
		if (good && i != 0) /* missing padding is forgiven, JSON web tokens have none */
			fail_msg("\"%s\" was taken", bad[i]);
	}
	uint8_t bytes[4];
	assert_true(hex_decode(slice_of("00fFA5"), bytes));
	assert_memory_equal(bytes, "\x00\xff\xa5", 3);
	assert_false(hex_decode(slice_of("0"), bytes));
	assert_false(hex_decode(slice_of("0g"), bytes));
}

static void assert_decodes(const char *text, bool plus, const char *wanted)
{
	struct buf out CLEANUP(buf_done) = BUF_INIT(256);
	assert_int_equal(uri_decode(slice_of(text), plus, &out), wanted != NULL);
	if (wanted)
		assert_string_equal(buf_str(&out), wanted);
}

static void percent_encoding_goes_there_and_back(void **state)
{
	(void)state;
	struct buf out CLEANUP(buf_done) = BUF_INIT(256);
	uri_encode(slice_of("a b/c%é~"), "/", &out);
	assert_string_equal(buf_str(&out), "a%20b/c%25%C3%A9~");
	assert_decodes(buf_str(&out), false, "a b/c%é~");
	assert_decodes("1+1%2b1", true, "1 1+1");
	assert_decodes("1+1", false, "1+1");
	const char *const wrong[] = {"%", "a%", "a%4", "%4", "%zz", "% 1", "%-1", "a%2"};
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_decodes(wrong[i], false, NULL);
}

static void buffers_keep_what_fits(void **state)
{
	(void)state;
	struct buf buf CLEANUP(buf_done) = BUF_INIT(300);
	assert_string_equal(buf_str(&buf), "");
	assert_true(buf_append(&buf, NULL, 0));
	for (int i = 0; i < 300; i++)
		assert_true(buf_putc(&buf, 'a'));
	assert_false(buf_append(&buf, "b", SIZE_MAX));
	assert_false(buf_printf(&buf, "%d", 1));
	assert_int_equal(buf.n, 300);
	assert_int_equal(strlen(buf_str(&buf)), 300);
	char *taken CLEANUP(mem_freep) = buf_take(&buf);
	assert_int_equal(strlen(taken), 300);
	assert_int_equal(buf.n, 0);
	char *nothing CLEANUP(mem_freep) = buf_take(&buf);
	assert_string_equal(nothing, "");
	assert_true(buf_puts(&buf, "again"));
	assert_true(slice_eq(buf_slice(&buf), "again"));
	assert_true(slice_starts(buf_slice(&buf), "ag"));
	assert_false(slice_starts(buf_slice(&buf), "again and"));
	assert_true(slice_eq((struct slice){0}, ""));
}

static void arenas_give_zeroed_aligned_memory_again_and_again(void **state)
{
	(void)state;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	uint64_t seed = 9;
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 500; i++) {
			size_t size = draw(&seed) % 3000;
			unsigned char *p = arena_alloc(arena, size);
			assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
			for (size_t k = 0; k < size; k++)
				assert_int_equal(p[k], 0);
			memset(p, 0xFF, size);
		}
		assert_non_null(arena_alloc(arena, 3 << 20)); /* larger than any step */
		size_t held = arena_bytes(arena);
		arena_reset(arena);
		assert_true(arena_bytes(arena) <= held);
	}
	assert_null(arena_strdup(arena, NULL));
	assert_string_equal(arena_strndup(arena, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(arena, NULL, 0), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_time_is_read_as_it_was_written),
		cmocka_unit_test(times_that_are_none_are_refused),
		cmocka_unit_test(durations_are_shown_for_people),
		cmocka_unit_test(a_digest_of_two_is_that_of_both_together),
		cmocka_unit_test(hmacs_match_the_rfc),
		cmocka_unit_test(encodings_have_their_published_forms),
		cmocka_unit_test(percent_encoding_goes_there_and_back),
		cmocka_unit_test(buffers_keep_what_fits),
		cmocka_unit_test(arenas_give_zeroed_aligned_memory_again_and_again),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
