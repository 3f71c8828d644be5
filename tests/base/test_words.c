/* Words from outside, made fit to be shown: every code point, every broken byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/words.h"

static size_t encoded(uint32_t code, char out[5])
{
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char heads[] = {0, 0, 0xC0, 0xE0, 0xF0};
	for (size_t i = n; i-- > 1; code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3F));
	out[0] = (char)(heads[n] | code);
	out[n] = '\0';
	return n;
}

static void every_code_point_is_read_back(void **state)
{
	(void)state;
	for (uint32_t code = 1; code < 0x110000; code++) {
		char text[5];
		size_t at = 0, n = encoded(code, text);
		bool surrogate = code >= 0xD800 && code < 0xE000;
		uint32_t read = words_next(slice_make(text, n), &at);
		if (surrogate ? read < WORDS_BAD || at != 1 : read != code || at != n)
			fail_msg("U+%04X is read as %x, %zu bytes", code, read, at);
	}
}

static void bytes_that_are_no_utf8_are_read_one_by_one(void **state)
{
	(void)state;
	static const char *const broken[] = {"\x80",
					     "\xBF",
					     "\xC0\x80",
					     "\xC1\xBF",
					     "\xC3",
					     "\xC3(",
					     "\xE2\x82",
					     "\xE0\x80\x80",
					     "\xED\xA0\x80",
					     "\xF0\x80\x80\x80",
					     "\xF4\x90\x80\x80",
					     "\xF5\x80\x80\x80",
					     "\xFF"};
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct slice text = slice_of(broken[i]);
		size_t at = 0;
		assert_int_equal(words_next(text, &at), WORDS_BAD + (unsigned char)broken[i][0]);
		assert_int_equal(at, 1);
	}
}

static char *cleaned(const char *text, bool ascii, size_t max)
{
	struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 16);
	words_clean(&out, slice_of(text), ascii, max);
	return mem_strdup(buf_str(&out));
}

static void what_does_harm_is_written_as_what_it_is(void **state)
{
	(void)state;
	static const struct {
		const char *text, *shown, *ascii;
	} cases[] = {
		{"payments/redis-pdb", "payments/redis-pdb", "payments/redis-pdb"},
		{"\x1b[2J\x07", "\\x1b[2J\\x07", "\\x1b[2J\\x07"},
		{"a\xc2\x9b"
		 "31m",
		 "a\\u009b31m", "a\\u009b31m"},
		{"\xe2\x80\xaegpj.exe", "\\u202egpj.exe", "\\u202egpj.exe"},
		{"a\xe2\x80\x8b"
		 "b\xef\xbb\xbf",
		 "a\\u200bb\\ufeff", "a\\u200bb\\ufeff"},
		{"\xf3\xa0\x81\x81", "\\U000e0041", "\\U000e0041"},
		{"\xff\xc3(", "\\xff\\xc3(", "\\xff\\xc3("},
		{"one\r\ntwo\n\n\tthree", "one two three", "one two three"},
		{"\xc3\xbc \xe6\xbc\xa2 \xf0\x9f\x98\x80", "\xc3\xbc \xe6\xbc\xa2 \xf0\x9f\x98\x80",
		 "\\u00fc \\u6f22 \\U0001f600"},
		{"", "", ""},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *shown CLEANUP(mem_freep) = cleaned(cases[i].text, false, 0);
		char *ascii CLEANUP(mem_freep) = cleaned(cases[i].text, true, 0);
		assert_string_equal(shown, cases[i].shown);
		assert_string_equal(ascii, cases[i].ascii);
	}
}

static void nothing_harmful_is_left_whatever_comes(void **state)
{
	(void)state;
	uint64_t seed = 7;
	for (int round = 0; round < 20000; round++) {
		char text[40];
		struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 16);
		size_t n = 0;
		for (; n < sizeof text; n++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			text[n] = (char)(seed >> 40);
		}
		words_clean(&out, slice_make(text, n), round & 1, 0);
		for (size_t at = 0; at < out.n;) {
			uint32_t code = words_next(buf_slice(&out), &at);
			assert_true(words_harmless(code));
			assert_true(!(round & 1) || code < 0x80);
		}
	}
}

static void long_words_are_cut_and_the_cut_is_told(void **state)
{
	(void)state;
	char *text CLEANUP(mem_freep) = cleaned("0123456789", false, 4);
	assert_string_equal(text, "0123 (and 6 bytes more)");
	char *border CLEANUP(mem_freep) = cleaned("012\xe6\xbc\xa2tail", false, 4); /* no character is torn */
	assert_string_equal(border, "012\xe6\xbc\xa2 (and 4 bytes more)");
	char *whole CLEANUP(mem_freep) = cleaned("0123", false, 4);
	assert_string_equal(whole, "0123");
}

static void cells_are_those_of_a_terminal(void **state)
{
	(void)state;
	assert_int_equal(words_width(slice_of("abc")), 3);
	assert_int_equal(words_width(slice_of("\xc3\xbc\xe2\x86\x92")), 2);
	assert_int_equal(words_width(slice_of("\xe6\xbc\xa2\xe5\xad\x97")), 4);
	assert_int_equal(words_width(slice_of("e\xcc\x81")), 1);
	assert_int_equal(words_width(slice_of("\xf0\x9f\x98\x80")), 2);
}

static void json_stays_the_same_json(void **state)
{
	(void)state;
	struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 16);
	words_clean_json(&out, slice_of("{\n \"a\": \"\xe2\x80\xae\xc2\x9b\x7f\xff\xf3\xa0\x81\x81\xc3\xbc\"\n}"));
	assert_string_equal(buf_str(&out), "{\n \"a\": \"\\u202e\\u009b\\u007f\\ufffd\\udb40\\udc41\xc3\xbc\"\n}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_is_read_back),
		cmocka_unit_test(bytes_that_are_no_utf8_are_read_one_by_one),
		cmocka_unit_test(what_does_harm_is_written_as_what_it_is),
		cmocka_unit_test(nothing_harmful_is_left_whatever_comes),
		cmocka_unit_test(long_words_are_cut_and_the_cut_is_told),
		cmocka_unit_test(cells_are_those_of_a_terminal),
		cmocka_unit_test(json_stays_the_same_json),
	};
	return cmocka_run_group_tests_name("words from outside", tests, NULL, NULL);
}
