/* What is found by name stays right when many names have passed, and what a pool makes one is equal to what came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "codec/json.h"
#include "codec/model_pool.h"
#include "port/random.h"

struct part {
	const char *name;
	int64_t n;
};
struct thing {
	const char *a, *long_name, *twin, *other_twin, *nested;
	struct pair *labels;
	size_t n_labels;
	struct part *parts, *one;
	size_t n_parts;
	const char **words;
	size_t n_words;
};
static const struct field part_fields[] = {
	F_STRING(struct part, name, "name", 0, ""),
	F_INT(struct part, n, "n", 0, ""),
};
static const struct model part_model = MODEL("Part", struct part, part_fields);
#define LONG_NAME "a-name-that-is-longer-than-any-that-is-remembered"
static const struct field thing_fields[] = {
	F_STRING(struct thing, a, "a", 0, ""),
	F_STRING(struct thing, long_name, LONG_NAME, 0, ""),
	F_STRING(struct thing, twin, "12345678-1-12345678", 0, ""),
	F_STRING(struct thing, other_twin, "12345678-2-12345678", 0, ""),
	F_STRING(struct thing, nested, "one.more", 0, ""),
	F_MAP(struct thing, labels, n_labels, "labels", 0, ""),
	F_LIST(struct thing, parts, n_parts, "parts", 0, &part_model, ""),
	F_OBJECT_PTR(struct thing, one, "part", 0, &part_model, ""),
	F_STRINGS(struct thing, words, n_words, "words", 0, ""),
};
static const struct model thing_model = MODEL("Thing", struct thing, thing_fields);

static void read_thing(const char *text, struct thing *thing, struct arena *arena)
{
	*thing = (struct thing){0};
	struct error *error = json_decode(slice_of(text), "thing", JSON_READ_SERVER, &thing_model, thing, arena);
	assert_null(error);
}

/* Every field must be found, and nothing else, whatever was looked for before. */
static void names_are_never_taken_for_one_another(void **state)
{
	static const char *const names[] = {"a", LONG_NAME, "12345678-1-12345678", "12345678-2-12345678"};
	struct random *random = random_seeded_new(7);
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	(void)state;
	for (int i = 0; i < 20000; i++) {
		char key[64], text[128];
		snprintf(key, sizeof key, "%s", names[random_below(random, 4)]);
		if (random_below(random, 2)) { /* near it: another byte somewhere, or shorter */
			size_t at = random_below(random, strlen(key));
			key[at] = random_below(random, 3) ? 'x' : '\0';
		}
		snprintf(text, sizeof text, "{\"%s\":\"v\"}", key);
		struct thing thing;
		read_thing(text, &thing, arena);
		const char *found[] = {thing.a, thing.long_name, thing.twin, thing.other_twin};
		for (size_t k = 0; k < 4; k++)
			assert_int_equal(found[k] != NULL, !strcmp(key, names[k]));
		arena_reset(arena);
	}
	struct thing thing;
	read_thing("{\"one\":{\"more\":\"deep\",\"a\":\"no\"},\"more\":\"no\"}", &thing, arena);
	assert_string_equal(thing.nested, "deep");
	assert_null(thing.a);
	random_free(random);
}

static const char *const THINGS[] = {
	"{\"a\":\"1\",\"labels\":{\"k\":\"v\",\"l\":\"w\"},\"parts\":[{\"name\":\"x\",\"n\":1}],\"words\":[\"p\",\"q\"]"
	","
	"\"part\":{\"name\":\"y\",\"n\":2}}",
	"{\"a\":\"1\",\"labels\":{\"k\":\"v\",\"l\":\"w\"},\"parts\":[{\"name\":\"x\",\"n\":1}],\"words\":[\"p\",\"q\"]"
	","
	"\"part\":{\"name\":\"y\",\"n\":2}}",
	"{\"a\":\"2\",\"labels\":{\"k\":\"v\"},\"parts\":[{\"name\":\"x\",\"n\":1},{\"name\":\"z\",\"n\":1}],"
	"\"words\":[\"p\"],\"part\":{\"name\":\"y\",\"n\":3}}",
	"{}",
	"{\"labels\":{\"k\":\"w\",\"l\":\"v\"},\"parts\":[{\"name\":\"x\",\"n\":2},{\"name\":\"z\",\"n\":1}],"
	"\"words\":[\"q\"]}",
};

static void settled_things_are_equal_and_shared(void **state)
{
	enum { N = sizeof THINGS / sizeof *THINGS };
	struct model_pool *pool CLEANUP(model_pool_freep) = model_pool_new();
	struct thing things[N];
	(void)state;
	for (size_t i = 0; i < N; i++) {
		struct arena *arena = arena_new();
		read_thing(THINGS[i], &things[i], arena);
		model_pool_settle(pool, &thing_model, &things[i], i ? &things[i - 1] : NULL, 0);
		arena_free(arena); /* nothing may point there any more */
	}
	for (size_t i = 0; i < N; i++) {
		struct buf settled CLEANUP(buf_done) = BUF_INIT(1000), came CLEANUP(buf_done) = BUF_INIT(1000);
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct thing again;
		read_thing(THINGS[i], &again, arena);
		assert_true(json_encode(&thing_model, &things[i], false, &settled));
		assert_true(json_encode(&thing_model, &again, false, &came));
		assert_string_equal(buf_str(&settled), buf_str(&came));
	}
	assert_ptr_equal(things[0].labels, things[1].labels);
	assert_ptr_equal(things[0].parts, things[1].parts);
	assert_ptr_equal(things[0].one, things[1].one);
	assert_ptr_equal(things[0].words, things[1].words);
	assert_ptr_not_equal(things[1].one, things[2].one);
	assert_ptr_equal(things[0].labels[0].key, things[4].labels[0].key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_never_taken_for_one_another),
		cmocka_unit_test(settled_things_are_equal_and_shared),
	};
	return cmocka_run_group_tests_name("model_pool", tests, NULL, NULL);
}
