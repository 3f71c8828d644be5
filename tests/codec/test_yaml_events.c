/* The fast reader beside libfyaml: whatever it accepts, libfyaml accepts, with the same events at the same places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "codec/yaml_events.h"

struct trace {
	struct buf text, value;
	bool places;
};

static void on_open(void *context, bool list, size_t at)
{
	(void)at; /* an empty collection has no place of its own */
	buf_putc(&((struct trace *)context)->text, list ? '[' : '{');
}
static void on_close(void *context)
{
	buf_putc(&((struct trace *)context)->text, '.');
}
static void on_key(void *context, struct slice text, size_t at)
{
	struct trace *trace = context;
	buf_printf(&trace->text, "\nK@%zu(%.*s)", trace->places ? at : 0, (int)text.n, text.p);
}
static void on_scalar(void *context, struct slice text, enum yaml_style style, size_t at)
{
	struct trace *trace = context;
	struct slice value = yaml_scalar_value(text, style, &trace->value);
	if (style == YAML_BLOCK)
		buf_puts(&trace->text, "S|");
	else if (!value.n) /* nothing has no place */
		buf_puts(&trace->text, "S()");
	else
		buf_printf(&trace->text, "S@%zu(%.*s)", trace->places && style == YAML_PLAIN ? at : 0, (int)value.n,
			   value.p);
}
static const struct yaml_events events = {on_open, on_close, on_key, on_scalar};

static void trace_init(struct trace *trace)
{
	*trace = (struct trace){.text = BUF_INIT(1 << 20), .value = BUF_INIT(1 << 20), .places = false};
}
static void trace_done(struct trace *trace)
{
	buf_done(&trace->text);
	buf_done(&trace->value);
}

/* A "|" or ">" without a line of its own: libfyaml 0.7.12 takes its neighbours for its text. */
static bool has_empty_block(struct slice text)
{
	const char *end = text.p + text.n;
	for (const char *p = text.p, *newline; (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1) {
		size_t own = strspn(p, " -"), next = 0;
		const char *last = newline, *line = newline + 1;
		while (last > p && strchr("+- ", last[-1]))
			last--;
		if (last == p || !strchr("|>", last[-1]))
			continue;
		for (; line < end && (next = strspn(line, " "), line[next] == '\n'); line += next + 1)
			;
		if (line >= end || next <= own)
			return true;
	}
	return false;
}

/* Compares one text. Gives whether the fast reader accepted it. */
static bool same(struct slice text)
{
	struct trace CLEANUP(trace_done) fast, CLEANUP(trace_done) full;
	trace_init(&fast);
	trace_init(&full);
	size_t at = 0;
	if (!yaml_skim(text, &at, &events, &fast))
		return false;
	/* Behind a document in braces something else may stand: of that, nothing is said. */
	struct error *error ERROR_CLEANUP = yaml_walk(slice_make(text.p, at), "text", 0, &events, &full);
	if (has_empty_block(text))
		return true;
	/* libfyaml 0.7.12 refuses a dash with only space or a comment behind it, which is YAML. */
	if (error && strstr(error->message, "did not find expected node content") &&
	    (memmem(text.p, text.n, "-\n", 2) || memmem(text.p, text.n, "- \n", 3)))
		return true;
	if (error)
		fail_msg("accepted, but %s\n%.*s", error->message, (int)text.n, text.p);
	size_t i = 0;
	while (i < fast.text.n && i < full.text.n && fast.text.p[i] == full.text.p[i])
		i++;
	if (i < fast.text.n || i < full.text.n)
		fail_msg("read differently\n%.*s\nfast:…%s\nfull:…%s", (int)text.n, text.p, buf_str(&fast.text) + i,
			 buf_str(&full.text) + i);
	return true;
}

static const char MANIFEST[] = "# a comment\n"
			       "apiVersion: apps/v1\n"
			       "kind: Deployment # another\n"
			       "metadata:\n"
			       "  name: web\n"
			       "  labels: {app: web, \"tier\": 'front', x: }\n"
			       "  annotations:\n"
			       "    a/b: \"x: \\\"y\\\" \\u00e9\"\n"
			       "    it's: 'it''s'\n"
			       "    long: this is a long\n"
			       "      plain scalar\n"
			       "\n"
			       "      of three lines\n"
			       "    quoted: 'also\n"
			       "      long'\n"
			       "spec:\n"
			       "  replicas: 3\n"
			       "  empty:\n"
			       "  list:\n"
			       "  - a\n"
			       "  - b: 1\n"
			       "    c: [1, {d: e}, \"f\"]\n"
			       "  -\n"
			       "    g: h\n"
			       "  - - i\n"
			       "    - j: k\n"
			       "  other:\n"
			       "    - \"l m\"\n"
			       "    - {n: o}\n"
			       "  script: |\n"
			       "    #!/bin/sh\n"
			       "    a: b\n"
			       "\n"
			       "      - c\n"
			       "  folded: >-\n"
			       "    text\n"
			       "  url: http://x:80/#y\n"
			       "  last: ~\n";

static const char JSON[] =
	"{\n  \"apiVersion\": \"v1\",\n  \"items\": [\n    {\"a\": 1, \"b\": [], \"c\": {}, \"d\": null},\n"
	"    {\"e\": \"x\\ty\\/\\\"\", \"f\": -1.5e3, \"g\": true}\n  ],\n  \"kind\":\"List\"\n}\n";

static void what_manifests_are_made_of_is_accepted(void **state)
{
	(void)state;
	assert_true(same(slice_of(MANIFEST)));
	assert_true(same(slice_of(JSON)));
	static const char *const texts[] = {
		"",
		"# nothing\n",
		"---\n",
		"--- # comment\na: b\n",
		"a: b",
		"a:\r\n  b: c\r\n  d:\r\n  - e\r\n",
		"a:\n- b\n- c\nd: e\n",
		"a:\n  - b\n  -  c: d\n     e: f\ng: h\n",
		"- a: b\n  c: d\n- e\n",
		"a: |\n  b\n\n\nc: d\n",
		"a: |-\nb: c\n",
		"a:\n  b c\n  d\ne: f\n",
		"a: use\n  --b -c\n  :d ?e\n  -f\ng: h\n",
		"a: 'b'\n\"c\": d\n'e': f\n",
		"a: \"b\\\n  c\"\n",
		"a b: c d\n",
		"a:  b  # c\n",
		"{a: b}",
		"[]\n",
		"a: {b: c,\n  d: e}\nf: g\n",
		"a: b#c\n",
		"a#b: c\n",
		"a: -1\nb: -x\nc: ?x\nd: :x\n",
		"a: x:y:z\n",
		"{\"a\":\"b\"}",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!same(slice_of(texts[i])))
			fail_msg("refused: %s", texts[i]);
}

static void what_is_unusual_is_left_to_libfyaml(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"a: &x b\nc: *x\n",
		"<<: {a: b}\n",
		"? a\n: b\n",
		"!t a: b\n",
		"a: !!str b\n",
		"\ta: b\n",
		"a: b\n c: d\n",
		"a: b: c\n",
		"a: 'b\nc: d\n",
		"a: [b\n",
		"a: b\n  c: d\n",
		"a: |2\n  b\n",
		"  a: b\n c: d\n",
		"a: \"\\q\"\n",
		"- a\nb: c\n",
		"a: b\n- c\n",
		"text\n",
		"%YAML 1.2\n---\na: b\n",
		"\"a\\u0062\": c\n",
		"a: @b\n",
		"a: `b\n",
		"a: %b\n",
		"--- a: b\n",
		"a:\tb\n",
		"-\ta\n",
		"{a: b",
		"{a: b]}",
		"{\"a\" \"b\"}",
		"a: 'b' c\n",
		"a:\n\t- b\n",
		"a: - b\n",
		"a: |\n   b\n  c\n",
		"a: *x\n",
		"\x01: b\n",
		"a: {<<: {b: c}}\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (same(slice_of(texts[i])))
			fail_msg("accepted: %s", texts[i]);
}

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Small damages to good documents: most are refused, all that are accepted mean the same to both. */
static void damaged_documents_mean_the_same_to_both(void **state)
{
	(void)state;
	static const char bits[] = " \n:-#'\"{}[],&*!|>%@`?~ab1\t\\";
	const char *more = getenv("EUA_TEST_ROUNDS");
	long rounds = more ? strtol(more, NULL, 10) : 20000;
	size_t accepted = 0;
	uint64_t seed = 88172645463325252u;
	for (long i = 0; i < rounds; i++) {
		const char *from = i % 3 ? MANIFEST : JSON;
		struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
		size_t n = strlen(from), start = next(&seed) % 4 ? 0 : next(&seed) % n;
		buf_append(&text, from + start, n - start);
		for (uint64_t k = 1 + next(&seed) % 3; k > 0 && text.n > 1; k--) {
			size_t at = next(&seed) % text.n;
			char c = bits[next(&seed) % (sizeof bits - 1)];
			switch (next(&seed) % 3) {
			case 0:
				text.p[at] = c;
				break;
			case 1:
				memmove(text.p + at, text.p + at + 1, text.n - at - 1);
				text.n--;
				break;
			default:
				buf_putc(&text, ' ');
				memmove(text.p + at + 1, text.p + at, text.n - at - 1);
				text.p[at] = c;
			}
		}
		accepted += same(buf_slice(&text));
	}
	assert_true(accepted > (size_t)rounds / 10); /* else nothing was compared */
}

/* libfyaml ends such a document at the byte without a word, or never comes back from it. */
static void bytes_that_are_no_text_are_told(void **state)
{
	static const struct {
		const char *text, *told;
	} cases[] = {
		{"# caf\xe9\na: &x 1\nb: *x\n", "f:4:6: a byte that is not UTF-8"},
		{"a: &x 1 # caf\xe9\nb: *x\n", "f:4:14: a byte that is not UTF-8"},
		{"a: b\n%kind: c\xbe"
		 "d\n",
		 "f:5:9: a byte that is not UTF-8"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trace trace;
		trace_init(&trace);
		struct error *error ERROR_CLEANUP = yaml_walk(slice_of(cases[i].text), "f", 3, &events, &trace);
		assert_non_null(error);
		assert_string_equal(error->message, cases[i].told);
		trace_done(&trace);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_that_are_no_text_are_told),
		cmocka_unit_test(what_manifests_are_made_of_is_accepted),
		cmocka_unit_test(what_is_unusual_is_left_to_libfyaml),
		cmocka_unit_test(damaged_documents_mean_the_same_to_both),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
