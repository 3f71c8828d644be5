/* Lists whose items are read by comparing each with the one before give what they give when each is read by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "codec/json.h"
#include "port/random.h"

struct port {
	const char *name;
	int64_t number;
};
struct part {
	const char *text; /* whole */
	const char *name;
	bool ready;
	struct port *ports;
	size_t n_ports;
	const char **args;
	size_t n_args;
};
struct spec {
	const char *affinity;
	struct pair *selector;
	size_t n_selector;
	struct part *parts;
	size_t n_parts;
};
struct meta {
	const char *name;
	struct pair *labels;
	size_t n_labels;
	int64_t created_ms;
};
struct thing {
	struct meta meta;
	const char *node, *spec_text;
	struct spec *spec;
	int64_t *numbers;
	size_t n_numbers;
	bool has_weight;
	double weight;
};
static const struct field port_fields[] = {
	F_STRING(struct port, name, "name", 0, ""),
	F_INT(struct port, number, "number", 0, ""),
};
static const struct model port_model = MODEL("Port", struct port, port_fields);
static const struct field part_fields[] = {
	F_WHOLE(struct part, text),
	F_STRING(struct part, name, "name", 0, ""),
	F_BOOL(struct part, ready, "state.ready", 0, ""),
	F_LIST(struct part, ports, n_ports, "ports", 0, &port_model, ""),
	F_STRINGS(struct part, args, n_args, "args", 0, ""),
};
static const struct model part_model = MODEL("Part", struct part, part_fields);
static const struct field spec_fields[] = {
	F_JSON(struct spec, affinity, "affinity", 0, ""),
	F_MAP(struct spec, selector, n_selector, "selector", 0, ""),
	F_LIST(struct spec, parts, n_parts, "parts", 0, &part_model, ""),
};
static const struct model spec_model = MODEL("Spec", struct spec, spec_fields);
static const struct field meta_fields[] = {
	F_STRING(struct meta, name, "name", 0, ""),
	F_MAP(struct meta, labels, n_labels, "labels", 0, ""),
	F_TIME(struct meta, created_ms, "created", 0, ""),
};
static const struct model meta_model = MODEL("Meta", struct meta, meta_fields);
static const struct field thing_fields[] = {
	F_OBJECT(struct thing, meta, "metadata", 0, &meta_model, ""),
	F_STRING(struct thing, node, "spec.node", 0, ""),
	F_JSON(struct thing, spec_text, "spec", 0, ""),
	F_OBJECT_PTR(struct thing, spec, "template", 0, &spec_model, ""),
	F_INTS(struct thing, numbers, n_numbers, "numbers", 0, ""),
	{.name = "weight",
	 .kind = FIELD_DOUBLE,
	 .flags = FIELD_HAS,
	 .offset = offsetof(struct thing, weight),
	 .offset_n = offsetof(struct thing, has_weight)},
};
static const struct model thing_model = MODEL("Thing", struct thing, thing_fields);

/* Pieces of an object, each said in several ways: some of another value, some of another shape, some wrong. */
static const char *const pieces[][8] = {
	{"{\"metadata\":{\"name\":\"web-1\"", "{\"metadata\":{\"name\":\"web-22\"",
	 "{ \"metadata\": {\"name\":\"\\u00e9\\\"x\"", "{\"metadata\":{\"name\":null"},
	{",\"uid\":\"a-1\"", ",\"uid\":\"b-23\"", ",\"uid\":{\"deep\":[1,\"]\"]}", ",\"uid\":7", ""},
	{",\"labels\":{\"app\":\"web\",\"x\":\"1\"}", ",\"labels\":{\"app\":\"cart\",\"x\":\"1\"}",
	 ",\"labels\":{\"app\":\"web\",\"x\":12}", ",\"labels\":{\"app\":null,\"x\":\"1\"}",
	 ",\"labels\":{\"app\":\"web\",\"app\":\"again\"}", ",\"labels\":null", ""},
	{",\"created\":\"2026-11-24T00:00:00Z\"", ",\"created\":\"2026-11-24T00:00:01Z\"", ",\"created\":1795478400"},
	{",\"managedFields\":[{\"f\":{\"a\":{}}}]", ",\"managedFields\":[{\"f\":{\"b\":{}}}]", ",\"managedFields\":[]"},
	{"},\"spec\":{\"node\":\"n1\",\"containers\":[{\"name\":\"a\"}]}",
	 "},\"spec\":{\"node\":\"n2-long\",\"containers\":[{\"name\":\"a\"}]}",
	 "},\"spec\":{\"node\":\"n1\",\"containers\":[{\"name\":\"b\"}]}",
	 "},\"spec\":{\"containers\":[],\"node\":\"n1\"}", "},\"spec\":null", "}"},
	{",\"template\":{\"affinity\":{\"a\":1}", ",\"template\":{\"affinity\":{\"a\":2}",
	 ",\"template\":{\"affinity\":null", ",\"template\":{\"affinity\":{\"a\":1},\"affinity\":[]",
	 ",\"template\":{\"selector\":{\"z\":\"y\"}"},
	{",\"parts\":[{\"name\":\"p\",\"state\":{\"ready\":true},\"ports\":[{\"name\":\"h\",\"number\":80},{\"number\":"
	 "443}],\"args\":[\"a\",\"b\"]}",
	 ",\"parts\":[{\"name\":\"p\",\"state\":{\"ready\":false},\"ports\":[{\"name\":\"h\",\"number\":8080},{"
	 "\"number\":443}],\"args\":[\"a\",\"bb\"]}",
	 ",\"parts\":[{\"name\":\"q\",\"state\":{\"ready\":true},\"ports\":[{\"name\":\"k\",\"number\":80}],\"args\":[]"
	 "}",
	 ",\"parts\":[{\"name\":\"p\",\"state\":{\"ready\":true},\"ports\":[{\"name\":\"h\",\"number\":80},{\"number\":"
	 "444}],\"args\":[\"a\",null]}"},
	{",{\"name\":\"second\",\"args\":[\"1\"]},{\"name\":\"third\"}]}",
	 ",{\"name\":\"other\",\"args\":[\"2\"]},{\"name\":\"third\"}]}", "]}",
	 ",{\"name\":\"second\",\"args\":[\"1\"]},{\"name\":\"3\"}]}"},
	{",\"numbers\":[1,22,333]", ",\"numbers\":[1,23,333]", ",\"numbers\":[1,22,3330]", ",\"numbers\":[]", ""},
	{",\"weight\":1.5}", ",\"weight\":2}", ",\"weight\":null}", ",\"weight\":1.5 }",
	 ",\"weight\":1.5,\"weight\":2.5}", "}", ",\"weight\":[]}"},
};
enum { PIECES = ARRAY_SIZE(pieces) };

static size_t ways(size_t piece)
{
	size_t n = 0;
	while (n < ARRAY_SIZE(pieces[0]) && pieces[piece][n])
		n++;
	return n;
}

/* A list of items, most much alike: of each some pieces change. */
static void write_list(struct random *random, struct buf *out)
{
	size_t chosen[PIECES] = {0};
	buf_puts(out, "{\"items\":[");
	for (uint64_t i = 0, n = 1 + random_below(random, 12); i < n; i++) {
		buf_puts(out, i ? random_below(random, 8) ? "," : " ,\n " : "");
		for (uint64_t changes = random_below(random, 4); changes--;) {
			size_t piece = random_below(random, PIECES);
			size_t many = ways(piece) - (piece == PIECES - 1 && random_below(random, 3)); /* rarely wrong */
			chosen[piece] = random_below(random, 3) ? random_below(random, 2) : random_below(random, many);
		}
		for (size_t piece = 0; piece < PIECES; piece++)
			buf_puts(out, pieces[piece][chosen[piece]]);
	}
	buf_puts(out, "]}");
}

struct reading {
	uint64_t changed;
	struct buf all;
	char *last[ARRAY_SIZE(thing_fields)]; /* what each field held */
	size_t n, same;
};

static void show(void *context, const struct field *field, const char *path, const char *value)
{
	(void)field;
	buf_printf(context, "%s=%s;", path, value ? value : "-");
}

/* Everything below one field, as text. */
static char *field_text(const struct thing *thing, size_t i)
{
	struct model one = {"Thing", sizeof *thing, &thing_fields[i], 1};
	struct buf out = BUF_INIT(1 << 16);
	buf_puts(&out, "");
	model_visit(&one, thing, show, &out);
	return buf_take(&out);
}

static bool take(void *context, void *item, struct arena *arena)
{
	struct reading *reading = context;
	(void)arena;
	for (size_t i = 0; i < ARRAY_SIZE(thing_fields); i++) {
		char *text = field_text(item, i);
		size_t word = thing_fields[i].offset / 8,
		       words = thing_fields[i].kind == FIELD_OBJECT ? sizeof(struct meta) / 8 : 1;
		uint64_t mask = ((UINT64_C(1) << words) - 1) << word;
		if (reading->n && !(reading->changed & mask)) { /* it was said to be as before */
			assert_string_equal(text, reading->last[i]);
			reading->same++;
		}
		buf_printf(&reading->all, "%s|", text);
		free(reading->last[i]);
		reading->last[i] = text;
	}
	reading->n++;
	memset(item, 0xa5, sizeof(struct thing)); /* it is the caller's */
	return true;
}

static struct error *read_list(struct slice text, size_t chunk, bool compare, struct reading *reading)
{
	struct json_stream_spec spec = {.name = "list",
					.item_path = "items",
					.item_model = &thing_model,
					.fn = take,
					.context = reading,
					.changed = compare ? &reading->changed : NULL};
	struct json_stream *stream CLEANUP(json_stream_freep) = json_stream_new(&spec);
	reading->changed = UINT64_MAX;
	for (size_t at = 0; at < text.n; at += chunk) {
		size_t n = text.n - at < chunk ? text.n - at : chunk;
		char *copy CLEANUP(mem_freep) = mem_strndup(text.p + at, n); /* gone after it was read */
		TRY(json_stream_feed(stream, copy, n));
	}
	return json_stream_end(stream);
}

static void reading_done(struct reading *reading)
{
	buf_done(&reading->all);
	for (size_t i = 0; i < ARRAY_SIZE(reading->last); i++)
		free(reading->last[i]);
}

static void compared_items_are_those_read_alone(void **state)
{
	(void)state;
	struct random *random = random_seeded_new(21);
	size_t same = 0, wrong = 0;
	for (int i = 0; i < 6000; i++) {
		struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
		struct reading alone CLEANUP(reading_done) = {.all = BUF_INIT(1 << 20)},
				     compared CLEANUP(reading_done) = {.all = BUF_INIT(1 << 20)};
		write_list(random, &text);
		size_t chunk = random_below(random, 2) ? text.n : 1 + random_below(random, 700);
		struct error *a ERROR_CLEANUP = read_list(buf_slice(&text), chunk, false, &alone),
				*b ERROR_CLEANUP = read_list(buf_slice(&text), chunk, true, &compared);
		if (strcmp(buf_str(&alone.all), buf_str(&compared.all)) != 0)
			fprintf(stderr, "%s\n", buf_str(&text));
		assert_string_equal(buf_str(&alone.all), buf_str(&compared.all));
		assert_string_equal(a ? a->message : "", b ? b->message : "");
		same += compared.same;
		wrong += a != NULL;
	}
	assert_true(same > 50000 && wrong > 20); /* or nothing was compared, nothing was wrong */
	random_free(random);
}

/* More than are read by comparison on end, and one that is longer than what is kept. */
static void long_lists_and_long_items_are_read_too(void **state)
{
	(void)state;
	struct buf text CLEANUP(buf_done) = BUF_INIT(16 << 20);
	struct reading alone CLEANUP(reading_done) = {.all = BUF_INIT(16 << 20)},
			     compared CLEANUP(reading_done) = {.all = BUF_INIT(16 << 20)};
	buf_puts(&text, "{\"items\":[{}");
	for (int i = 0; i < 2000; i++)
		buf_printf(&text, ",{\"metadata\":{\"name\":\"n-%d\"},\"long\":\"%*d\"}", i, i % 400 == 7 ? 1200000 : 5,
			   i);
	buf_puts(&text, "]}");
	assert_null(read_list(buf_slice(&text), 100000, false, &alone));
	assert_null(read_list(buf_slice(&text), 100000, true, &compared));
	assert_int_equal(compared.n, 2001);
	assert_string_equal(buf_str(&alone.all), buf_str(&compared.all));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compared_items_are_those_read_alone),
		cmocka_unit_test(long_lists_and_long_items_are_read_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
