/* One member of each kind: what a text or a document may say to it, what is refused and how, and how it is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "codec/json.h"
#include "codec/model.h"

struct part {
	const char *name;
	int64_t size;
};
static const struct field part_fields[] = {
	F_STRING(struct part, name, "name", 0, ""),
	F_INT(struct part, size, "size", 0, ""),
};
static const struct model part_model = MODEL("Part", struct part, part_fields);

struct all {
	const char *text, *secret, *json;
	bool flag, has_small;
	int64_t whole, small, time_ms, duration_ms;
	double real, share;
	int word;
	struct part inner, *other;
	struct part *parts;
	const char **words;
	int64_t *numbers;
	struct pair *pairs;
	size_t n_parts, n_words, n_numbers, n_pairs;
};
static const char *const colours[] = {"blue", "green", NULL};
static const struct field all_fields[] = {
	F_STRING(struct all, text, "text", 0, ""),
	F_SECRET(struct all, secret, "secret", 0, ""),
	F_JSON(struct all, json, "json", 0, ""),
	F_BOOL(struct all, flag, "flag", 0, ""),
	F_INT(struct all, whole, "whole", 0, ""),
	F_INT_RANGE(struct all, small, "small", 0, 1, 9, ""),
	F_TIME(struct all, time_ms, "time", 0, ""),
	F_DURATION(struct all, duration_ms, "duration", 0, ""),
	F_DOUBLE(struct all, real, "real", 0, ""),
	F_PERCENT(struct all, share, "share", 0, ""),
	F_ENUM(struct all, word, "word", 0, colours, ""),
	F_OBJECT(struct all, inner, "inner", 0, &part_model, ""),
	F_OBJECT_PTR(struct all, other, "other", 0, &part_model, ""),
	F_LIST(struct all, parts, n_parts, "parts", 0, &part_model, ""),
	F_STRINGS(struct all, words, n_words, "words", 0, ""),
	F_INTS(struct all, numbers, n_numbers, "numbers", 0, ""),
	F_MAP(struct all, pairs, n_pairs, "pairs", 0, ""),
};
static const struct model all_model = MODEL("All", struct all, all_fields);

static struct error *read_all(const char *text, struct arena *arena, struct all *ret)
{
	*ret = (struct all){0};
	return json_decode(slice_of(text), "all.json", JSON_READ_STRICT, &all_model, ret, arena);
}

static void what_does_not_fit_is_refused_by_its_kind(void **state)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{"{\"text\": {}}", "text: not a plain value"},
		{"{\"flag\": 1}", "flag: not true or false"},
		{"{\"flag\": \"yes\"}", "flag: not true or false"},
		{"{\"whole\": true}", "whole: not a whole number"},
		{"{\"whole\": 1.5}", "whole: not a whole number"},
		{"{\"whole\": 1e300}", "whole: not a whole number"},
		{"{\"whole\": 9223372036854775808}", "too big integer"},
		{"{\"whole\": \"\"}", "whole: not a whole number"},
		{"{\"whole\": \"nan\"}", "whole: not a whole number"},
		{"{\"small\": 10}", "small: out of range"},
		{"{\"small\": 0}", "small: out of range"},
		{"{\"time\": \"noon\"}", "time: not a time such as 2026-11-23T20:36:57Z"},
		{"{\"time\": true}", "time: not a time"},
		{"{\"time\": 1e300}", "time: not a time"},
		{"{\"time\": -1e14}", "time: not a time"},
		{"{\"duration\": \"soon\"}", "duration: not a duration such as 90s"},
		{"{\"duration\": []}", "duration: not a"},
		{"{\"real\": \"x\"}", "real: not a number"},
		{"{\"share\": \"much\"}", "share: not a number or a percentage such as 1%"},
		{"{\"share\": \"%\"}", "share: not a number or a percentage"},
		{"{\"word\": \"red\"}", "word: not one of the known words"},
		{"{\"word\": 1}", "word: not one of the known words"},
		{"{\"inner\": 1}", "inner: not an object"},
		{"{\"other\": \"a\"}", "other: not an object"},
		{"{\"parts\": 1}", "parts: not a list"},
		{"{\"parts\": [1]}", "parts[0]: not an object"},
		{"{\"parts\": [{\"size\": \"x\"}]}", "parts[0].size: not a whole number"},
		{"{\"words\": \"a\"}", "words: not a list"},
		{"{\"words\": [true]}", "words[0]: not a string"},
		{"{\"numbers\": [1, \"x\"]}", "numbers[1]: not a whole number"},
		{"{\"pairs\": 1}", "pairs: not a map"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct all all;
		struct error *error ERROR_CLEANUP = read_all(wrong[i].text, arena, &all);
		if (!error || !strstr(error->message, wrong[i].why) || !strstr(error->message, "all.json"))
			fail_msg("%s: %s, wanted %s", wrong[i].text, error ? error->message : "taken", wrong[i].why);
	}
}

static void what_fits_is_taken_in_each_of_its_forms(void **state)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct all all;
	(void)state;
	struct error *error ERROR_CLEANUP =
		read_all("{\"text\":null,\"secret\":\"s\",\"json\":{\"a\":[1]},\"flag\":\"true\",\"whole\":\"3.0\","
			 "\"small\":9,\"time\":1.5,\"duration\":90,\"real\":\"2.5\",\"share\":\"1.5 %\","
			 "\"word\":\"green\",\"inner\":{\"size\":1e3},\"other\":{\"name\":\"o\"},"
			 "\"parts\":[{\"name\":\"p\"}],\"words\":[\"a\",7],\"numbers\":[1,\"2\"],"
			 "\"pairs\":{\"k\":\"v\",\"n\":5}}",
			 arena, &all);
	if (error)
		fail_msg("%s", error->message);
	assert_null(all.text);
	assert_string_equal(all.json, "{\"a\":[1]}");
	assert_true(all.flag);
	assert_int_equal(all.whole, 3);
	assert_int_equal(all.time_ms, 1500);
	assert_int_equal(all.duration_ms, 90000);
	assert_true(fabs(all.share - 0.015) < 1e-9);
	assert_int_equal(all.word, 1);
	assert_int_equal(all.inner.size, 1000);
	assert_string_equal(all.other->name, "o");
	assert_string_equal(all.words[1], "7");
	assert_int_equal(all.numbers[1], 2);
	assert_int_equal(all.n_pairs, 2);
	assert_string_equal(all.pairs[1].value, "5");
}

static void texts_reach_every_place(void **state)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct all all = {0};
	(void)state;
	assert_null(model_set_text(&all_model, &all, arena, "inner.name", "deep"));
	assert_null(model_set_text(&all_model, &all, arena, "other.name", "made"));
	assert_null(model_set_text(&all_model, &all, arena, "other.size", "4"));
	assert_null(model_set_text(&all_model, &all, arena, "numbers", "1,2,3"));
	assert_string_equal(all.inner.name, "deep");
	assert_string_equal(all.other->name, "made");
	assert_int_equal(all.other->size, 4);
	assert_int_equal(all.n_numbers, 3);
	struct error *error ERROR_CLEANUP = model_set_text(&all_model, &all, arena, "numbers", "1,x");
	assert_non_null(strstr(error->message, "numbers: \"1,x\" is not a whole number"));
	struct error *inside ERROR_CLEANUP = model_set_text(&all_model, &all, arena, "text.more", "x");
	assert_non_null(strstr(inside->message, "unknown key \"text.more\""));
	struct error *whole ERROR_CLEANUP = model_set_text(&all_model, &all, arena, "inner", "x");
	assert_non_null(whole);
}

static void collect(void *context, const struct field *field, const char *path, const char *value)
{
	(void)field;
	buf_printf(context, "%s=%s;", path, value ? value : "-");
}

static void each_leaf_is_shown_and_no_secret(void **state)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct buf shown CLEANUP(buf_done) = BUF_INIT(4096);
	struct all all;
	(void)state;
	assert_null(read_all("{\"text\":\"t\",\"secret\":\"hunter2\",\"flag\":true,\"whole\":5,\"small\":1,"
			     "\"time\":\"2026-11-24T00:00:00Z\",\"duration\":\"90s\",\"real\":0.5,\"share\":\"1%\","
			     "\"word\":\"green\",\"inner\":{\"name\":\"i\",\"size\":1},\"parts\":[{\"name\":\"p\"}],"
			     "\"words\":[\"a\"],\"numbers\":[7],\"pairs\":{\"k\":\"v\"}}",
			     arena, &all));
	model_visit(&all_model, &all, collect, &shown);
	static const char *const wanted[] = {
		"text=t;",     "secret=(hidden);", "flag=true;",  "whole=5;",	   "time=2026-11-24T00:00:00Z;",
		"real=0.5;",   "share=0.01;",	   "word=green;", "inner.name=i;", "parts[0].name=p;",
		"words[0]=a;", "numbers[0]=7;",	   "pairs.k=v;"};
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!strstr(buf_str(&shown), wanted[i]))
			fail_msg("no \"%s\" in %s", wanted[i], buf_str(&shown));
	assert_null(strstr(buf_str(&shown), "hunter2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_fit_is_refused_by_its_kind),
		cmocka_unit_test(what_fits_is_taken_in_each_of_its_forms),
		cmocka_unit_test(texts_reach_every_place),
		cmocka_unit_test(each_leaf_is_shown_and_no_secret),
	};
	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
