/* YAML with places, streams of documents, bombs; XML trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "codec/document.h"
#include "codec/model.h"
#include "codec/xml_internal.h"
#include "port/random.h"
#include "codec/yaml.h"
#include "codec/yaml.h"

struct traffic {
	int64_t *steps, interval_ms;
	size_t n_steps;
};
struct top {
	const char *cluster, *version;
	struct traffic traffic;
};
static const struct field traffic_fields[] = {
	F_INTS(struct traffic, steps, n_steps, "steps", 0, ""),
	F_DURATION(struct traffic, interval_ms, "interval", 0, ""),
};
static const struct model traffic_model = MODEL("Traffic", struct traffic, traffic_fields);
static const struct field top_fields[] = {
	F_STRING(struct top, cluster, "cluster", 0, ""),
	F_STRING(struct top, version, "target_version", 0, ""),
	F_OBJECT(struct top, traffic, "traffic", 0, &traffic_model, ""),
};
static const struct model top_model = MODEL("Top", struct top, top_fields);

static void files_are_read_with_places(void **state)
{
	(void)state;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct top top;
	assert_null(yaml_decode(slice_of("cluster: shop # a comment\ntarget_version: \"1.35\"\ntraffic:\n  steps: [10, "
					 "50, 100]\n  interval: 10m\n"),
				"upgrade.yaml", &top_model, &top, arena, NULL));
	assert_string_equal(top.cluster, "shop");
	assert_string_equal(top.version, "1.35");
	assert_int_equal(top.traffic.n_steps, 3);
	assert_int_equal(top.traffic.interval_ms, 600000);
	struct error *error ERROR_CLEANUP = yaml_decode(slice_of("cluster: shop\ntrafic:\n  steps: [1]\n"),
							"upgrade.yaml", &top_model, &top, arena, NULL);
	assert_string_equal(error->message, "upgrade.yaml:2:1: unknown key \"trafic\" (did you mean \"traffic\"?)");
	struct error *type ERROR_CLEANUP =
		yaml_decode(slice_of("traffic:\n  interval: soon\n"), "upgrade.yaml", &top_model, &top, arena, NULL);
	assert_string_equal(type->message,
			    "upgrade.yaml:2:3: traffic.interval: not a duration such as 90s, 10m, 1h30m");
	struct error *broken ERROR_CLEANUP =
		yaml_decode(slice_of("cluster: [shop\ntraffic: 1\n"), "upgrade.yaml", &top_model, &top, arena, NULL);
	assert_non_null(strstr(broken->message, "upgrade.yaml:"));
}

struct found {
	size_t documents, broken;
	char kinds[200];
	int last_line;
};

static bool take(void *context, json_t *document, size_t index, int line, const struct error *error)
{
	struct found *found = context;
	(void)index;
	found->documents += document != NULL;
	found->broken += error != NULL;
	found->last_line = line;
	size_t n = strlen(found->kinds);
	snprintf(found->kinds + n, sizeof found->kinds - n, "%s", document_text_or(document, "kind", "-"));
	return true;
}

static void a_broken_document_does_not_hide_its_neighbours(void **state)
{
	(void)state;
	struct found found = {0};
	assert_null(yaml_documents(
		slice_of("# head\n---\nkind: A\n---\nkind: [B\n---\r\nkind: C\r\nn: 0644\r\n---\n---\nkind: D"), "x",
		take, &found));
	assert_int_equal(found.documents, 3);
	assert_int_equal(found.broken, 1);
	assert_string_equal(found.kinds, "A-CD");
	assert_int_equal(found.last_line, 11);
}

static void bombs_are_refused(void **state)
{
	(void)state;
	struct found found = {0};
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	buf_puts(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 9; i++) {
		buf_printf(&text, "a%d: &a%d [", i, i);
		for (int j = 0; j < 10; j++)
			buf_printf(&text, "%s*a%d", j ? ", " : "", i - 1);
		buf_puts(&text, "]\n");
	}
	assert_null(yaml_documents(buf_slice(&text), "bomb", take, &found));
	assert_int_equal(found.documents, 0);
	assert_int_equal(found.broken, 1);
}

static void an_alias_is_the_last_anchor_of_its_name_and_no_path(void **state)
{
	(void)state;
	json_t *document DOCUMENT_CLEANUP = NULL, *places DOCUMENT_CLEANUP = NULL;
	struct buf text CLEANUP(buf_done) = BUF_INIT(1000);
	assert_null(yaml_document_placed(slice_of("a: &x 1\nb: *x\nc: &x [2]\nd: *x\n"), "f", &document, &places));
	document_print(document, false, &text);
	assert_string_equal(buf_str(&text), "{\"a\":1,\"b\":1,\"c\":[2],\"d\":[2]}");
	static const char *const paths[] = {"a: &x {k: 5}\nb: *x/k", "- 1\n- */-", "- 1\n- */0"};
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		json_t *none = NULL, *nowhere = NULL;
		struct error *error ERROR_CLEANUP = yaml_document_placed(slice_of(paths[i]), "f", &none, &nowhere);
		assert_non_null(error);
		assert_non_null(strstr(error->message, "an alias without its anchor"));
	}
}

static void what_is_no_text_is_refused_with_its_place(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t n;
		const char *told;
	} cases[] = {{"%a\xff", 3, "f:1:3: a byte that is not UTF-8"},
		     {"a: b\nc: \xc3(", 10, "f:2:4: a byte that is not UTF-8"},
		     {"a: \xed\xa0\x80", 6, "f:1:4: a byte that is not UTF-8"},
		     {"a: \xc0\xaf", 5, "f:1:4: a byte that is not UTF-8"},
		     {"a: b\0c", 6, "f:1:5: a control character"},
		     {"# \x1b[2J\na: b", 11, "f:1:3: a control character"}};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *document, *places;
		struct error *error ERROR_CLEANUP =
			yaml_document_placed(slice_make(cases[i].text, cases[i].n), "f", &document, &places);
		assert_non_null(error);
		assert_string_equal(error->message, cases[i].told);
	}
	json_t *document DOCUMENT_CLEANUP = NULL, *places DOCUMENT_CLEANUP = NULL;
	assert_null(yaml_document_placed(slice_of("a: \"gr\u00fc\xc3\x9f \xf0\x9f\x90\xa2\"\t\r\n"), "f", &document,
					 &places));
}

static void xml_becomes_a_tree(void **state)
{
	(void)state;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct xml_node *root;
	assert_null(xml_parse(slice_of("<?xml version='1.0'?><R xmlns='urn:x' a='1'><Name>a &amp; "
				       "b</Name><L><m>1</m><m>2</m></L><E/></R>"),
			      "answer", arena, &root));
	assert_string_equal(root->name, "R");
	assert_string_equal(xml_child(root, "Name")->text, "a & b");
	assert_int_equal(xml_child(root, "L")->n_children, 2);
	assert_string_equal(xml_child(root, "L")->children->next->text, "2");
	assert_non_null(xml_child(root, "E"));
	static const char *const bad[] = {"",	     "<a>", "<a></b>", "x", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
					  "<a/><b/>"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error *error ERROR_CLEANUP = xml_parse(slice_of(bad[i]), "answer", arena, &root);
		assert_non_null(error);
		assert_int_equal(error->class, ERROR_INVALID);
	}
}

static void assert_same_tree(const struct xml_node *a, const struct xml_node *b)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->text, b->text);
	assert_int_equal(a->n_children, b->n_children);
	const struct xml_node *left = a->children, *right = b->children;
	for (; left && right; left = left->next, right = right->next)
		assert_same_tree(left, right);
	assert_true(!left && !right);
}

/* What our reader takes, the library takes too, and makes the same of it. */
static bool read_alike(struct slice text)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct xml_node *ours, *theirs;
	if (!xml_read_plain(text, arena, &ours))
		return false;
	assert_null(xml_read_by_library(text, "text", arena, &theirs));
	assert_same_tree(ours, theirs);
	return true;
}

static void plain_xml_is_what_the_library_makes_of_it(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<R xmlns=\"https://a.b/c/\"><A>x &amp; &lt;y&gt; "
		"&quot;z&apos;"
		"&#39;</A>\n  <L><member>1</member><member/></L> tail</R>\n",
		"<R><T a='1'>text <i>in</i> between<b></b></T><x-1._y>]</x-1._y><E />] ]</R>",
		"<?xml version=\"1.0\"?><R xmlns='urn:x' a=\"1\"></R>",
	};
	static const char bytes[] = "<>/&;=\"'] \n\tax:!?#-.1\r\x01\x7f\xc3";
	struct random *random = random_seeded_new(13);
	unsigned taken = 0;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t n = strlen(texts[i]);
		assert_true(read_alike(slice_make(texts[i], n)));
		for (size_t end = 0; end < n; end++)
			taken += read_alike(slice_make(texts[i], end));
		for (int k = 0; k < 4000; k++) {
			char *changed CLEANUP(mem_freep) = mem_strndup(texts[i], n);
			for (uint64_t at = 1 + random_below(random, 2); at > 0; at--)
				changed[random_below(random, n)] = bytes[random_below(random, sizeof bytes - 1)];
			taken += read_alike(slice_make(changed, n));
		}
	}
	assert_true(taken > 1000);
	random_free(random);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_read_with_places),
		cmocka_unit_test(a_broken_document_does_not_hide_its_neighbours),
		cmocka_unit_test(bombs_are_refused),
		cmocka_unit_test(an_alias_is_the_last_anchor_of_its_name_and_no_path),
		cmocka_unit_test(what_is_no_text_is_refused_with_its_place),
		cmocka_unit_test(xml_becomes_a_tree),
		cmocka_unit_test(plain_xml_is_what_the_library_makes_of_it),
	};
	return cmocka_run_group_tests_name("yaml and xml", tests, NULL, NULL);
}
