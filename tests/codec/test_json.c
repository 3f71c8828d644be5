/* JSON into structs: whole, streamed at every split, strict, and back; held against jansson. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "codec/json.h"
#include "codec/json_skip.h"
#include "port/random.h"

struct owner {
	const char *kind, *name;
};
struct pod {
	const char *name, *ns, *phase, *raw;
	int64_t created_ms, restarts;
	bool host_network, has_priority;
	int64_t priority;
	double weight;
	struct pair *labels;
	size_t n_labels;
	struct owner *owners;
	size_t n_owners;
	const char **args;
	size_t n_args;
};
static const struct field owner_fields[] = {
	F_STRING(struct owner, kind, "kind", FIELD_REQUIRED, "kind"),
	F_STRING(struct owner, name, "name", 0, "name"),
};
static const struct model owner_model = MODEL("Owner", struct owner, owner_fields);
static const struct field pod_fields[] = {
	F_STRING(struct pod, name, "metadata.name", 0, ""),
	F_STRING(struct pod, ns, "metadata.namespace", 0, ""),
	F_TIME(struct pod, created_ms, "metadata.creationTimestamp", 0, ""),
	F_MAP(struct pod, labels, n_labels, "metadata.labels", 0, ""),
	F_LIST(struct pod, owners, n_owners, "metadata.ownerReferences", 0, &owner_model, ""),
	F_STRING(struct pod, phase, "status.phase", 0, ""),
	F_INT(struct pod, restarts, "status.restarts", 0, ""),
	F_BOOL(struct pod, host_network, "spec.hostNetwork", 0, ""),
	F_DOUBLE(struct pod, weight, "spec.weight", 0, ""),
	F_STRINGS(struct pod, args, n_args, "spec.args", 0, ""),
	F_JSON(struct pod, raw, "spec.raw", 0, ""),
};
static const struct model pod_model = MODEL("Pod", struct pod, pod_fields);

struct outer {
	const char *version, *next;
};
static const struct field outer_fields[] = {
	F_STRING(struct outer, version, "metadata.resourceVersion", 0, ""),
	F_STRING(struct outer, next, "metadata.continue", 0, ""),
};
static const struct model outer_model = MODEL("List", struct outer, outer_fields);

static const char LIST[] =
	"{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"77\",\"continue\":\"abc\"},\"items\":["
	"{\"metadata\":{\"name\":\"web-1\",\"namespace\":\"shop\",\"creationTimestamp\":\"2026-11-24T00:00:00Z\","
	"\"managedFields\":[{\"x\":\"}]\\\\\\\"{\",\"y\":[[[{}]]]}],\"labels\":{\"app\":\"web\",\"n\":"
	"\"\\u00e9\\ud83d\\ude00\"},"
	"\"ownerReferences\":[{\"kind\":\"ReplicaSet\",\"name\":\"web\"},{\"kind\":\"X\",\"extra\":null}]},"
	"\"spec\":{\"hostNetwork\":true,\"weight\":1.5e1,\"args\":[\"a\\\"b\",\"\",\"c\"],\"raw\":{\"a\": [1, "
	"2]},\"containers\":[{\"name\":\"a]\"}]},"
	"\"status\":{\"phase\":\"Running\",\"restarts\":3}} , \n "
	"{\"metadata\":{\"name\":\"web-2\",\"labels\":null},\"status\":{}}],\"apiVersion\":\"v1\"}";

struct seen {
	size_t n;
	char text[2048];
};

static bool take_pod(void *context, void *item, struct arena *arena)
{
	struct seen *seen = context;
	const struct pod *pod = item;
	(void)arena;
	size_t at = strlen(seen->text);
	snprintf(seen->text + at, sizeof seen->text - at, "%s/%s/%s/%lld/%lld/%d/%g/%zu:%s/%zu:%s/%zu:%s/%s;",
		 pod->ns ? pod->ns : "-", pod->name, pod->phase ? pod->phase : "-", (long long)pod->restarts,
		 (long long)pod->created_ms, pod->host_network, pod->weight, pod->n_labels,
		 pod->n_labels > 1 ? pod->labels[1].value : "", pod->n_owners, pod->n_owners ? pod->owners[0].name : "",
		 pod->n_args, pod->n_args ? pod->args[0] : "", pod->raw ? pod->raw : "-");
	seen->n++;
	return true;
}

static const char EXPECTED[] =
	"shop/web-1/Running/3/1795478400000/1/15/2:é😀/2:web/3:a\"b/{\"a\": [1, 2]};-/web-2/-/0/0/0/0/0:/0:/0:/-;";

static struct error *stream_split(const char *text, size_t n, size_t first, size_t step, struct seen *seen,
				  struct outer *outer, struct arena *arena)
{
	struct json_stream_spec spec = {.name = "list",
					.item_path = "items",
					.item_model = &pod_model,
					.fn = take_pod,
					.context = seen,
					.outer_model = &outer_model,
					.outer = outer,
					.outer_arena = arena};
	struct json_stream *stream CLEANUP(json_stream_freep) = json_stream_new(&spec);
	for (size_t at = 0; at < n;) {
		size_t chunk = at == 0 ? first : step;
		chunk = chunk > n - at ? n - at : chunk;
		char *copy CLEANUP(mem_freep) =
			mem_strndup(text + at, chunk); /* of its own, so that reading past it is seen */
		TRY(json_stream_feed(stream, copy, chunk));
		at += chunk;
	}
	return json_stream_end(stream);
}

static void streams_give_the_same_at_every_split(void **state)
{
	(void)state;
	for (size_t first = 1; first < sizeof LIST - 1; first++) {
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct seen seen = {0};
		struct outer outer = {0};
		struct error *error ERROR_CLEANUP = stream_split(
			LIST, sizeof LIST - 1, first, first % 7 ? sizeof LIST : 1 + first % 5, &seen, &outer, arena);
		assert_null(error);
		assert_int_equal(seen.n, 2);
		assert_string_equal(seen.text, EXPECTED);
		assert_string_equal(outer.version, "77");
		assert_string_equal(outer.next, "abc");
	}
}

static void every_truncation_is_an_error(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof LIST - 1; n++) {
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct seen seen = {0};
		struct outer outer = {0};
		struct error *error ERROR_CLEANUP = stream_split(LIST, n, n + 1, 1, &seen, &outer, arena);
		assert_non_null(error);
		assert_int_equal(error->class, ERROR_INVALID);
	}
}

static void wrong_types_are_told_with_path(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"{\"items\":[{\"metadata\":{\"name\":7}}]}", "list: byte 27: items[0].metadata.name: not a string"},
		{"{\"items\":[{},{\"status\":{\"restarts\":\"x\"}}]}",
		 "list: byte 38: items[1].status.restarts: not a whole number"},
		{"{\"items\":[{\"metadata\":{\"ownerReferences\":[{\"kind\":[]}]}}]}",
		 "list: byte 50: items[0].metadata.ownerReferences[0].kind: not a plain value"},
		{"{\"items\":[{]}", "list: byte 10: items[0]: broken JSON"},
		{"{\"items\":\"x\"}", "list: byte 9: no list where the items belong"},
		{"{\"items\":{}}", "list: byte 9: no list where the items belong"},
		{"{\"items\":[]}x", "list: byte 12: something follows the document"},
		{"[]", "list: byte 0: not an object"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct seen seen = {0};
		struct outer outer = {0};
		struct error *error ERROR_CLEANUP =
			stream_split(cases[i].text, strlen(cases[i].text), 1000, 1, &seen, &outer, arena);
		assert_non_null(error);
		char *place CLEANUP(mem_freep) = mem_strdup(cases[i].message),
			    *rest = strchr(strchr(place, ':') + 1, ':');
		assert_non_null(strstr(error->message,
				       rest + 2)); /* the reason and the path; the byte depends on the reader's way */
	}
}

/* "v" and its end, then another name that a comparison running on would reach. */
static void names_with_a_zero_byte_are_foreign(void **state)
{
	(void)state;
	struct zero {
		const char *v;
	} zero;
	static const char packed[] = "v\0w";
	const struct field fields[] = {F_STRING(struct zero, v, packed, 0, "")};
	const struct model model = MODEL("Zero", struct zero, fields);
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	static const char *const texts[] = {"{\"v\\u0000w\":\"x\"}", "{\"v\\u0000\":\"x\"}", "{\"v\\u0000.w\":\"x\"}"};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_null(json_decode(slice_of(texts[i]), "f", JSON_READ_SERVER, &model, &zero, arena));
		assert_null(zero.v);
	}
}

static void values_larger_than_allowed_end_the_stream(void **state)
{
	(void)state;
	struct seen seen = {0};
	struct json_stream_spec spec = {.name = "list",
					.item_path = "items",
					.item_model = &pod_model,
					.fn = take_pod,
					.context = &seen,
					.max_item_bytes = 4096};
	struct json_stream *stream CLEANUP(json_stream_freep) = json_stream_new(&spec);
	assert_null(json_stream_feed(stream, "{\"items\":[{\"metadata\":{\"name\":\"", 31));
	struct error *error ERROR_CLEANUP = NULL;
	char endless[1000];
	memset(endless, 'a', sizeof endless);
	for (int i = 0; i < 100 && !error; i++)
		error = json_stream_feed(stream, endless, sizeof endless);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "larger than 4096 bytes"));
}

static void deep_nesting_is_refused(void **state)
{
	(void)state;
	char deep[5000];
	memset(deep, '[', sizeof deep);
	struct buf text CLEANUP(buf_done) = BUF_INIT(10000);
	buf_puts(&text, "{\"items\":[{\"spec\":{\"other\":");
	buf_append(&text, deep, sizeof deep);
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct seen seen = {0};
	struct outer outer = {0};
	struct error *error ERROR_CLEANUP = stream_split(text.p, text.n, text.n, 1, &seen, &outer, arena);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "nested too deeply"));
}

static void sequences_of_objects_are_read_as_watches_send_them(void **state)
{
	(void)state;
	static const char text[] = "{\"metadata\":{\"name\":\"a\"}}\n{\"metadata\":{\"name\":\"b\"}}\n";
	struct seen seen = {0};
	struct json_stream_spec spec = {
		.name = "watch", .item_path = "", .item_model = &pod_model, .fn = take_pod, .context = &seen};
	struct json_stream *stream CLEANUP(json_stream_freep) = json_stream_new(&spec);
	assert_null(json_stream_feed(stream, text, 26));
	assert_int_equal(seen.n, 1); /* at once, not when the next one comes */
	assert_null(json_stream_feed(stream, text + 26, sizeof text - 1 - 26));
	assert_null(json_stream_end(stream));
	assert_int_equal(seen.n, 2);
}

/* A random document as text; with brackets, quotes and backslashes in its strings. */
static void random_value(struct random *random, struct buf *out, unsigned depth)
{
	uint64_t kind = random_below(random, depth > 5 ? 4 : 6);
	switch (kind) {
	case 0:
		buf_printf(out, "%lld", (long long)random_below(random, 1000000) - 500000);
		return;
	case 1:
		buf_puts(out, random_below(random, 2) ? "true" : "null");
		return;
	case 2:
	case 3:
		buf_putc(out, '"');
		for (uint64_t n = random_below(random, 40); n--;) {
			static const char *const parts[] = {"a",    "{", "}", "[", "]",	  "\\\\",
							    "\\\"", ",", ":", "é", "\\n", "\\u0041"};
			buf_puts(out, parts[random_below(random, ARRAY_SIZE(parts))]);
		}
		buf_putc(out, '"');
		return;
	default:
		buf_putc(out, kind == 4 ? '[' : '{');
		for (uint64_t i = 0, n = random_below(random, 6); i < n; i++) {
			buf_puts(out, i ? "," : "");
			if (kind == 5)
				buf_printf(out, "\"k%llu\":", (unsigned long long)i);
			random_value(random, out, depth + 1);
		}
		buf_putc(out, kind == 4 ? ']' : '}');
	}
}

static void skipping_ends_where_the_value_ends(void **state)
{
	(void)state;
	struct random *random = random_seeded_new(7);
	for (int i = 0; i < 20000; i++) {
		struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
		buf_putc(&text, '[');
		random_value(random, &text, 0);
		buf_puts(&text, "]");
		size_t n = text.n;
		buf_puts(&text, "]]}}\"\"");
		bool too_deep = false;
		const char *after = json_skip_container(text.p + 1, text.p + text.n, 200, &too_deep);
		assert_ptr_equal(after, text.p + n);
		assert_null(json_skip_container(text.p + 1, text.p + n - 1, 200, &too_deep));
	}
	random_free(random);
}

struct any {
	const char *value;
};
static const struct field any_fields[] = {F_JSON(struct any, value, "v", 0, "")};
static const struct model any_model = MODEL("Any", struct any, any_fields);

static void values_equal_those_of_jansson(void **state)
{
	(void)state;
	struct random *random = random_seeded_new(11);
	for (int i = 0; i < 5000; i++) {
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
		buf_puts(&text, "{\"u\":");
		random_value(random, &text, 0);
		buf_puts(&text, ",\"v\":");
		random_value(random, &text, 0);
		buf_puts(&text, "}");
		struct any any;
		assert_null(json_decode(buf_slice(&text), "any", JSON_READ_SERVER, &any_model, &any, arena));
		json_t *whole DOCUMENT_CLEANUP = json_loadb(text.p, text.n, 0, NULL);
		assert_non_null(whole);
		json_t *ours DOCUMENT_CLEANUP = any.value ? json_loads(any.value, JSON_DECODE_ANY, NULL) : json_null();
		assert_true(json_equal(ours, json_object_get(whole, "v")));
	}
	random_free(random);
}

/* Same verdict, same values in the same order. */
static void assert_read_alike(struct slice text)
{
	json_t *ours DOCUMENT_CLEANUP = NULL,
		     *theirs DOCUMENT_CLEANUP =
			     json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	struct error *error ERROR_CLEANUP = document_parse(text, "text", &ours);
	assert_true((error == NULL) == (theirs != NULL));
	if (!theirs)
		return;
	char *a CLEANUP(mem_freep) = json_dumps(ours, JSON_ENCODE_ANY),
		*b CLEANUP(mem_freep) = json_dumps(theirs, JSON_ENCODE_ANY);
	assert_string_equal(a, b);
	json_t *loaded DOCUMENT_CLEANUP = document_load(text),
		       *other DOCUMENT_CLEANUP = json_loadb(text.p, text.n, 0, NULL);
	assert_true(json_equal(loaded, other) || (!loaded && !other));
}

static void documents_are_what_jansson_makes_of_them(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":-0.5e+3,\"e\":\"\"},\"f\":[]} ",
		" [ 0 , -0 , 12345678901234567890 , 999999999999999999 , 1e5 , 1E-2 , -1.25 , 1e400 ] ",
		"{\"a\\n\":\"x\\\"y\\\\z\\/\\b\\f\\r\\t\",\"u\":\"\\u00e9\\ud83d\\ude00\\u0041\"}",
		"{\"gr\xc3\xbc\xc3\x9f\":\"\xe2\x82\xac\",\"bad\":\"\xff\"}",
		"{\"gut\":\"gr\xc3\xbc\xc3\x9f\",\"n\":1.0,\"m\":01}",
		"{\"twice\":1,\"twice\":2}",
		"\"alone\"",
		"[1,]",
		"[\"tab\there\"]",
	};
	struct random *random = random_seeded_new(12);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t n = strlen(texts[i]);
		for (size_t end = 0; end <= n; end++)
			assert_read_alike(slice_make(texts[i], end));
		for (int k = 0; k < 3000; k++) { /* a byte is another */
			static const char bytes[] = "{}[]\",:\\0123-+.eEtfnu \n\x01\x7f\xc3";
			char *changed CLEANUP(mem_freep) = mem_strndup(texts[i], n);
			changed[random_below(random, n)] = bytes[random_below(random, sizeof bytes - 1)];
			assert_read_alike(slice_make(changed, n));
		}
	}
	for (int depth = 195; depth < 205; depth++) {
		struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 12);
		for (int i = 0; i < depth; i++)
			buf_putc(&text, '[');
		for (int i = 0; i < depth; i++)
			buf_putc(&text, ']');
		assert_read_alike(buf_slice(&text));
	}
	for (int i = 0; i < 3000; i++) {
		struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
		random_value(random, &text, 0);
		assert_read_alike(buf_slice(&text));
	}
	random_free(random);
}

static void strict_reading_refuses_what_it_does_not_know(void **state)
{
	(void)state;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct owner owner;
	static const struct {
		const char *text, *part;
	} bad[] = {
		{"{\"kind\":\"a\",\"nam\":\"b\"}", "unknown key \"nam\" (did you mean \"name\"?)"},
		{"{\"name\":\"b\"}", "\"kind\" is missing"},
		{"{\"kind\":\"a\",\"kind\":\"b\"}", "duplicate"},
		{"{\"kind\":\"\xff\"}", "0xff"},
		{"{\"kind\":", "plan.json:1:"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error *error ERROR_CLEANUP =
			json_decode(slice_of(bad[i].text), "plan.json", JSON_READ_STRICT, &owner_model, &owner, arena);
		assert_non_null(error);
		assert_non_null(strstr(error->message, bad[i].part));
	}
	assert_null(json_decode(slice_of("{\"kind\":\"a\",\"name\":\"b\"}"), "plan.json", JSON_READ_STRICT,
				&owner_model, &owner, arena));
	assert_string_equal(owner.name, "b");
	struct buf out CLEANUP(buf_done) = BUF_INIT(1000);
	assert_true(json_encode(&owner_model, &owner, false, &out));
	assert_string_equal(buf_str(&out), "{\"kind\":\"a\",\"name\":\"b\"}");
}

static void overrides_by_text_reach_nested_members(void **state)
{
	(void)state;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct pod pod = {0};
	assert_null(model_set_text(&pod_model, &pod, arena, "status.restarts", "12"));
	assert_null(model_set_text(&pod_model, &pod, arena, "spec.args", "a,b,c"));
	assert_int_equal(pod.restarts, 12);
	assert_int_equal(pod.n_args, 3);
	struct error *error ERROR_CLEANUP = model_set_text(&pod_model, &pod, arena, "status.restart", "1");
	assert_non_null(strstr(error->message, "unknown key \"status.restart\""));
	struct error *wrong ERROR_CLEANUP = model_set_text(&pod_model, &pod, arena, "spec.hostNetwork", "maybe");
	assert_non_null(strstr(wrong->message, "not true or false"));
}

static void canonical_bytes_do_not_depend_on_order(void **state)
{
	(void)state;
	json_t *a DOCUMENT_CLEANUP = json_pack("{s:i, s:{s:b, s:n}}", "x", 1, "a", "t", 1, "b");
	json_t *b DOCUMENT_CLEANUP = json_pack("{s:{s:n, s:b}, s:i}", "a", "b", "t", 1, "x", 1);
	char hash_a[65], hash_b[65];
	document_hash(a, hash_a);
	document_hash(b, hash_b);
	assert_string_equal(hash_a, hash_b);
	assert_int_equal(document_int_or(a, "a.t", 5), 5);
	assert_true(document_true(a, "a.t"));
	assert_null(document_at(a, "a.none[3].x"));
}

static void times_come_as_text_and_as_seconds(void **state)
{
	(void)state;
	int64_t ms = -1;
	json_t *at DOCUMENT_CLEANUP =
		json_pack("{s:s, s:i, s:f, s:s, s:i, s:f, s:b}", "text", "2026-12-01T00:00:00Z", "whole", 1796083200,
			  "part", 1796083200.5, "word", "soon", "before", -1, "far", 1e300, "truth", 1);
	assert_true(document_time(at, "text", &ms) && ms == 1796083200000);
	assert_true(document_time(at, "whole", &ms) && ms == 1796083200000);
	assert_true(document_time(at, "part", &ms) && ms == 1796083200500);
	ms = 7;
	assert_false(document_time(at, "word", &ms) || document_time(at, "before", &ms) ||
		     document_time(at, "far", &ms) || document_time(at, "truth", &ms) ||
		     document_time(at, "none", &ms));
	assert_int_equal(ms, 7);
}

static void bytes_that_are_no_utf8_do_not_take_their_value_with_them(void **state)
{
	(void)state;
	const char *args[] = {"plain", "\xff"};
	struct pair label = {"team", "a\xc3"};
	struct pod pod = {.name = "web\xff-1", .args = args, .n_args = 2, .labels = &label, .n_labels = 1};
	json_t *document DOCUMENT_CLEANUP = document_encode(&pod_model, &pod);
	assert_string_equal(json_string_value(json_object_get(document, "metadata.name")), "web\xef\xbf\xbd-1");
	const json_t *list = json_object_get(document, "spec.args");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_array_get(list, 1)), "\xef\xbf\xbd");
	assert_string_equal(json_string_value(json_object_get(json_object_get(document, "metadata.labels"), "team")),
			    "a\xef\xbf\xbd");
}

/* The writer has no tree, jansson's printer has one: for the same document the same text. */
static void what_is_written_is_what_jansson_prints(void **state)
{
	(void)state;
	const char *args[] = {"plain", "\"quoted\\", "\n", "\xe6\xbc\xa2"};
	struct pair labels[] = {{"team", "a"}, {"tier", "<b>"}};
	struct owner owners[] = {{"ReplicaSet", "web-1"}, {"", NULL}};
	struct pod pods[] = {
		{0},
		{.name = "web",
		 .created_ms = 1000,
		 .restarts = -7,
		 .weight = 0.1,
		 .raw = "{\"a\":[1,{\"b\":[]}],\"c\":\"x\"}"},
		{.ns = "",
		 .weight = 2,
		 .args = args,
		 .n_args = 4,
		 .labels = labels,
		 .n_labels = 2,
		 .owners = owners,
		 .n_owners = 2},
	};
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++) {
		for (unsigned pretty = 0; pretty < 2; pretty++) {
			struct buf ours CLEANUP(buf_done) = BUF_INIT(1 << 20),
					theirs CLEANUP(buf_done) = BUF_INIT(1 << 20);
			json_t *document DOCUMENT_CLEANUP = document_encode(&pod_model, &pods[i]);
			assert_true(json_encode(&pod_model, &pods[i], pretty, &ours));
			document_print(document, pretty, &theirs);
			assert_string_equal(buf_str(&ours), buf_str(&theirs));
		}
	}
}

static void written_strings_do_no_harm_and_lose_nothing(void **state)
{
	(void)state;
	struct owner owner = {"\x1b[31m\xc2\x9b\xe2\x80\xae", "\xff\x7f"};
	struct buf out CLEANUP(buf_done) = BUF_INIT(1000), small CLEANUP(buf_done) = BUF_INIT(10);
	assert_true(json_encode(&owner_model, &owner, false, &out));
	assert_string_equal(buf_str(&out), "{\"kind\":\"\\u001B[31m\\u009b\\u202e\",\"name\":\"\\ufffd\\u007f\"}");
	assert_false(json_encode(&owner_model, &owner, false, &small));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_give_the_same_at_every_split),
		cmocka_unit_test(every_truncation_is_an_error),
		cmocka_unit_test(wrong_types_are_told_with_path),
		cmocka_unit_test(values_larger_than_allowed_end_the_stream),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(sequences_of_objects_are_read_as_watches_send_them),
		cmocka_unit_test(names_with_a_zero_byte_are_foreign),
		cmocka_unit_test(skipping_ends_where_the_value_ends),
		cmocka_unit_test(values_equal_those_of_jansson),
		cmocka_unit_test(documents_are_what_jansson_makes_of_them),
		cmocka_unit_test(strict_reading_refuses_what_it_does_not_know),
		cmocka_unit_test(overrides_by_text_reach_nested_members),
		cmocka_unit_test(what_is_written_is_what_jansson_prints),
		cmocka_unit_test(written_strings_do_no_harm_and_lose_nothing),
		cmocka_unit_test(bytes_that_are_no_utf8_do_not_take_their_value_with_them),
		cmocka_unit_test(canonical_bytes_do_not_depend_on_order),
		cmocka_unit_test(times_come_as_text_and_as_seconds),
	};
	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
