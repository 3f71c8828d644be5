/* Pages of release notes as sections, and the facts in them. The pages in tests/perception/notes are ours, in the shape
 * of the real ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "perception/notes_facts.h"
#include "perception/notes_words.h"

#define FOLDER "tests/perception/notes/"

struct paper {
	struct arena *arena;
	struct notes_page page;
	struct notes_facts facts;
	struct buf text;
};

static void open_paper(struct paper *paper, const char *name)
{
	char path[200];
	*paper = (struct paper){.arena = arena_new(), .text = BUF_INIT(1 << 24)};
	paper->facts.arena = paper->arena;
	snprintf(path, sizeof path, FOLDER "%s", name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	char bytes[4096];
	for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;)
		buf_append(&paper->text, bytes, n);
	fclose(file);
	struct slice text = buf_slice(&paper->text);
	struct error *error = strstr(name, ".html") ? notes_page_html(text, name, paper->arena, &paper->page)
						    : notes_page_markdown(text, name, paper->arena, &paper->page);
	assert_null(error);
}

static void write_paper(struct paper *paper, const char *text, bool html)
{
	*paper = (struct paper){.arena = arena_new(), .text = BUF_INIT(1 << 24)};
	paper->facts.arena = paper->arena;
	buf_puts(&paper->text, text);
	struct slice all = buf_slice(&paper->text);
	assert_null(html ? notes_page_html(all, "written", paper->arena, &paper->page)
			 : notes_page_markdown(all, "written", paper->arena, &paper->page));
}

static void close_paper(struct paper *paper)
{
	buf_done(&paper->text);
	arena_free(paper->arena);
}

static size_t extract(struct paper *paper, unsigned first, unsigned last, unsigned version, bool notices)
{
	struct notes_target target = {.title = "a page",
				      .page_url = "https://example.com/page",
				      .first = first,
				      .last = last,
				      .version = version,
				      .notices = notices};
	return notes_extract(&paper->page, &target, &paper->facts);
}

static const struct notes_section *section(const struct paper *paper, const char *title)
{
	for (size_t i = 0; i < paper->page.n_sections; i++)
		if (!strcmp(paper->page.sections[i].title, title))
			return &paper->page.sections[i];
	fail_msg("no section \"%s\"", title);
	return NULL;
}

/* NULL: there is none. */
static const struct release_note *note(const struct paper *paper, enum note_kind kind, const char *name)
{
	for (size_t i = 0; i < paper->facts.n_notes; i++) {
		const struct release_note *one = &paper->facts.notes[i];
		if (one->kind == (int)kind && (!name || (one->name && !strcmp(one->name, name))))
			return one;
	}
	return NULL;
}

static void expect(const struct paper *paper, enum note_kind kind, const char *name, enum note_change change)
{
	for (size_t i = 0; i < paper->facts.n_notes; i++) {
		const struct release_note *one = &paper->facts.notes[i];
		if (one->kind == (int)kind && one->name && !strcmp(one->name, name) && one->change == (int)change)
			return;
	}
	fail_msg("%s %s is not told as %s", note_kind_names[kind], name, note_change_names[change]);
}

/* ---- sections */
static void markdown_becomes_sections_with_github_s_anchors(void **state)
{
	(void)state;
	struct paper paper;
	open_paper(&paper, "changelog.md");
	assert_string_equal(section(&paper, "v1.34.1")->anchor, "v1341");
	assert_string_equal(section(&paper, "v1.34.0-rc.0")->anchor, "v1340-rc0");
	assert_string_equal(section(&paper, "(No, really, you MUST read this before you upgrade)")->anchor,
			    "no-really-you-must-read-this-before-you-upgrade");
	assert_string_equal(section(&paper, "Other (Cleanup or Flake)")->anchor, "other-cleanup-or-flake");
	size_t deprecations = 0;
	for (size_t i = 0; i < paper.page.n_sections; i++)
		if (!strcmp(paper.page.sections[i].title, "Deprecation"))
			assert_string_equal(paper.page.sections[i].anchor,
					    deprecations++ ? "deprecation-1" : "deprecation");
	assert_int_equal(deprecations, 2);
	const struct notes_section *feature = section(&paper, "Feature");
	assert_int_equal(feature->level, 3);
	assert_string_equal(paper.page.sections[feature->parent].title, "Changes by Kind");
	close_paper(&paper);
}

static void links_are_stripped_and_code_keeps_its_backticks(void **state)
{
	(void)state;
	struct paper paper;
	open_paper(&paper, "changelog.md");
	const struct notes_section *feature = section(&paper, "Feature");
	assert_string_equal(feature->blocks[4].text, "Updated etcd to v3.6.4. (#14, @fourteen) [SIG Etcd]");
	assert_non_null(strstr(feature->blocks[0].text, "`QuickPods` and `SlowPods`"));
	assert_true(paper.page.n_links > 10);
	assert_string_equal(paper.page.links[0], "https://dl.example.com/v1.34.1/kubernetes.tar.gz");
	close_paper(&paper);
}

static void html_becomes_sections_with_the_page_s_own_anchors(void **state)
{
	(void)state;
	struct paper paper;
	open_paper(&paper, "guide.html");
	const struct notes_section *flow = section(&paper, "Flow control resources");
	assert_string_equal(flow->anchor, "flowcontrol-resources-v134");
	assert_string_equal(paper.page.sections[flow->parent].title, "v1.34");
	assert_int_equal(flow->n_blocks, 4);
	assert_non_null(strstr(flow->blocks[3].text, "`spec.limited.assuredConcurrencyShares` field is renamed"));
	for (size_t i = 0; i < paper.page.n_sections; i++) /* scripts, styles, menus and feet are not read */
		for (size_t k = 0; k < paper.page.sections[i].n_blocks; k++) {
			assert_null(strstr(paper.page.sections[i].blocks[k].text, "from-script"));
			assert_null(strstr(paper.page.sections[i].blocks[k].text, "Docs:"));
			assert_null(strstr(paper.page.sections[i].blocks[k].text, "color:red"));
			assert_null(strstr(paper.page.sections[i].blocks[k].text, "of this site"));
		}
	close_paper(&paper);
}

static void a_box_that_says_important_makes_what_is_in_it_urgent(void **state)
{
	(void)state;
	struct paper paper;
	open_paper(&paper, "eks.html");
	const struct notes_section *at = section(&paper, "Kubernetes 1.34");
	assert_int_equal(at->n_blocks, 5);
	for (size_t i = 0; i < at->n_blocks; i++)
		assert_int_equal(at->blocks[i].urgent, i < 3);
	assert_string_equal(at->blocks[2].text, "The tartan profile is deprecated in Kubernetes 1.34.");
	close_paper(&paper);
	open_paper(&paper, "eks.md");
	at = section(&paper, "Kubernetes 1.34");
	assert_string_equal(at->anchor, "kubernetes-1-34");
	assert_int_equal(at->n_blocks, 4);
	assert_false(at->blocks[0].urgent);
	assert_true(at->blocks[1].urgent && at->blocks[2].urgent);
	assert_false(at->blocks[3].urgent);
	assert_string_equal(at->blocks[2].text, "The `--cgroup-knob` flag of the kubelet is no longer supported.");
	close_paper(&paper);
}

static void a_row_of_a_table_is_one_block(void **state)
{
	(void)state;
	struct paper paper;
	open_paper(&paper, "platform.html");
	const struct notes_section *at = section(&paper, "Kubernetes version `1.35`");
	assert_int_equal(at->n_blocks, 3);
	assert_string_equal(at->blocks[1].text, "`1.35.2` | `eks.9` | Enhancements and fixes. | March 3, 2026");
	close_paper(&paper);
}

static void headings_may_say_their_anchor_themselves(void **state)
{
	(void)state;
	struct paper paper;
	write_paper(&paper, "## Some resources {#mine-v134}\n\ntext\n\n## Über *alles* & `code`_x {#}\n\n## \n", false);
	assert_string_equal(section(&paper, "Some resources")->anchor, "mine-v134");
	close_paper(&paper);
	write_paper(&paper, "# Über *alles* & `code_x`\n", false);
	assert_string_equal(paper.page.sections[1].anchor, "%C3%BCber-alles--code_x");
	close_paper(&paper);
	write_paper(&paper, "<h2 id='a\"><script>'>x</h2><p>y", true);
	assert_string_equal(paper.page.sections[1].anchor, "a%22%3E%3Cscript%3E");
	close_paper(&paper);
}

/* ---- facts */
static void a_changelog_s_facts_are_found(void **state)
{
	(void)state;
	struct paper paper;
	open_paper(&paper, "changelog.md");
	size_t told = extract(&paper, 34, 34, 34, false);
	assert_int_equal(told, paper.facts.n_notes);
	expect(&paper, NOTE_FLAG, "--shiny-socket", NOTE_REMOVED);
	expect(&paper, NOTE_FLAG, "--legacy-mode", NOTE_DEPRECATED);
	expect(&paper, NOTE_FIELD, "spec.oldWay", NOTE_DEPRECATED);
	expect(&paper, NOTE_API, "storagemigration.k8s.io/v1alpha1", NOTE_REMOVED);
	expect(&paper, NOTE_API, "storagemigration.k8s.io/v1beta1", NOTE_ADDED);
	expect(&paper, NOTE_API, "policy/v1beta1", NOTE_REMOVED);
	expect(&paper, NOTE_GATE, "QuickPods", NOTE_PROMOTED);
	expect(&paper, NOTE_GATE, "SlowPods", NOTE_PROMOTED);
	expect(&paper, NOTE_GATE, "FreshGate", NOTE_ADDED);
	expect(&paper, NOTE_GATE, "LockedGate", NOTE_DEFAULT);
	expect(&paper, NOTE_GATE, "GoneGate", NOTE_REMOVED);
	expect(&paper, NOTE_VERSION, "etcd", NOTE_CHANGED);
	assert_string_equal(note(&paper, NOTE_VERSION, "etcd")->value, "3.6.4");
	close_paper(&paper);
}

static void what_is_said_of_a_fact_is_kept_with_it(void **state)
{
	(void)state;
	struct paper paper;
	open_paper(&paper, "changelog.md");
	extract(&paper, 34, 34, 34, false);
	const struct release_note *flag = note(&paper, NOTE_FLAG, "--shiny-socket");
	assert_string_equal(flag->version, "1.34");
	assert_string_equal(flag->component, "kubelet");
	assert_true(flag->urgent);
	assert_int_equal(flag->n_citations, 1);
	assert_string_equal(flag->citations[0].sentence, "Removed the `--shiny-socket` flag from `kubelet`.");
	assert_string_equal(flag->citations[0].url,
			    "https://example.com/page#no-really-you-must-read-this-before-you-upgrade");
	assert_string_equal(flag->citations[0].section,
			    "v1.34.0 > Urgent Upgrade Notes > (No, really, you MUST read this before you upgrade)");
	assert_string_equal(note(&paper, NOTE_FLAG, "--legacy-mode")->effective_version, "1.36");
	assert_string_equal(note(&paper, NOTE_FLAG, "--legacy-mode")->component, "kube-proxy");
	const struct release_note *field = note(&paper, NOTE_FIELD, "spec.oldWay");
	assert_string_equal(field->object_kind, "Service");
	assert_string_equal(field->replacement, "spec.newWay");
	assert_null(note(&paper, NOTE_FIELD, "spec.newWay"));
	const struct release_note *gate = note(&paper, NOTE_GATE, "QuickPods");
	assert_string_equal(gate->stage, "beta");
	assert_string_equal(gate->value, "enabled");
	assert_string_equal(note(&paper, NOTE_GATE, "FreshGate")->value, "disabled");
	assert_string_equal(note(&paper, NOTE_GATE, "FreshGate")->stage, "alpha");
	assert_null(note(&paper, NOTE_GATE, "LockedGate")->effective_version);
	const struct release_note *api = note(&paper, NOTE_API, "policy/v1beta1");
	assert_string_equal(api->object_kind, "PodDisruptionBudget");
	assert_string_equal(api->component, "kubectl");
	close_paper(&paper);
}

static void what_says_nothing_of_a_hop_is_no_fact(void **state)
{
	(void)state;
	struct paper paper;
	open_paper(&paper, "changelog.md");
	extract(&paper, 34, 34, 34, false);
	assert_null(note(&paper, NOTE_FLAG, "--only-in-the-candidate")); /* the release repeats what counts */
	assert_null(note(&paper, NOTE_FLAG, "--max-pods"));		 /* a mended bug */
	assert_null(note(&paper, NOTE_FLAG, "--quiet"));
	for (size_t i = 0; i < paper.facts.n_notes; i++) {
		assert_null(strstr(paper.facts.notes[i].citations[0].sentence, "example.com/removed"));
		assert_null(strstr(paper.facts.notes[i].citations[0].sentence, "Pods start sooner"));
	}
	close_paper(&paper);
	open_paper(&paper, "changelog.md");
	assert_int_equal(extract(&paper, 35, 35, 35, false), 0);
	close_paper(&paper);
}

static void urgent_notes_are_told_whole(void **state)
{
	(void)state;
	struct paper paper;
	open_paper(&paper, "changelog.md");
	extract(&paper, 34, 34, 34, false);
	size_t urgent = 0;
	for (size_t i = 0; i < paper.facts.n_notes; i++)
		urgent += paper.facts.notes[i].kind == NOTE_URGENT;
	assert_int_equal(urgent, 2);
	assert_string_equal(note(&paper, NOTE_URGENT, NULL)->citations[0].sentence,
			    "Removed the `--shiny-socket` flag from `kubelet`. Take it out of the arguments first.");
	const struct release_note *notice = note(&paper, NOTE_NOTICE, NULL);
	assert_string_equal(notice->citations[0].sentence, "Marked the tartan mode in kube-proxy as deprecated.");
	assert_string_equal(notice->component, "kube-proxy");
	close_paper(&paper);
}

static void an_item_is_read_with_the_line_before_its_list(void **state)
{
	(void)state;
	struct paper paper;
	write_paper(&paper,
		    "# v1.34.0\n\n## Other\n\n- Removed the following feature gates:\n  - `OneGate`\n  - `TwoGate` "
		    "([#1](https://x/1), "
		    "[@a](https://x/a))\n- The `ThreeGate` feature gate is used.\n",
		    false);
	extract(&paper, 34, 34, 34, false);
	expect(&paper, NOTE_GATE, "OneGate", NOTE_REMOVED);
	expect(&paper, NOTE_GATE, "TwoGate", NOTE_REMOVED);
	assert_string_equal(note(&paper, NOTE_GATE, "TwoGate")->citations[0].sentence,
			    "Removed the following feature gates: `TwoGate`");
	assert_null(note(&paper, NOTE_GATE, "ThreeGate"));
	close_paper(&paper);
}

static void a_guide_s_facts_are_of_the_hops_asked_for(void **state)
{
	(void)state;
	struct paper paper;
	open_paper(&paper, "guide.html");
	extract(&paper, 34, 35, 0, false);
	assert_null(note(&paper, NOTE_API, "policy/v1beta1"));
	size_t gone = 0;
	for (size_t i = 0; i < paper.facts.n_notes; i++) {
		const struct release_note *one = &paper.facts.notes[i];
		if (one->kind != NOTE_API || strcmp(one->name, "flowcontrol.apiserver.k8s.io/v1beta3") != 0)
			continue;
		assert_int_equal(one->change, NOTE_REMOVED);
		assert_string_equal(one->citations[0].url, "https://example.com/page#flowcontrol-resources-v134");
		gone++;
	}
	assert_int_equal(gone, 2); /* FlowSchema and PriorityLevelConfiguration */
	const struct release_note *field = note(&paper, NOTE_FIELD, "spec.limited.assuredConcurrencyShares");
	assert_int_equal(field->change, NOTE_RENAMED);
	assert_string_equal(field->replacement, "spec.limited.nominalConcurrencyShares");
	close_paper(&paper);
	open_paper(&paper, "guide.html");
	extract(&paper, 25, 25, 0, false);
	expect(&paper, NOTE_API, "policy/v1beta1", NOTE_REMOVED);
	assert_string_equal(note(&paper, NOTE_API, "policy/v1beta1")->object_kind, "PodSecurityPolicy");
	close_paper(&paper);
}

static void eks_s_own_words_are_found_without_names_too(void **state)
{
	(void)state;
	struct paper paper;
	open_paper(&paper, "eks.html");
	extract(&paper, 34, 34, 0, true);
	assert_null(note(&paper, NOTE_FLAG, "--later-flag"));
	expect(&paper, NOTE_API, "storage.k8s.io/v1beta1", NOTE_DEPRECATED);
	assert_string_equal(note(&paper, NOTE_API, "storage.k8s.io/v1beta1")->replacement, "storage.k8s.io/v1");
	expect(&paper, NOTE_VERSION, "containerd", NOTE_CHANGED);
	bool wheel = false, requests = false;
	for (size_t i = 0; i < paper.facts.n_notes; i++) {
		const struct release_note *one = &paper.facts.notes[i];
		if (one->kind == NOTE_NOTICE && strstr(one->citations[0].sentence, "wheel")) {
			wheel = true;
			assert_string_equal(one->effective_version, "1.36");
			assert_int_equal(one->change, NOTE_DEPRECATED);
		}
		requests |= one->kind == NOTE_NOTICE && strstr(one->citations[0].url, "#anonymous-changes");
	}
	assert_true(wheel && requests);
	close_paper(&paper);
}

static void the_newest_platform_version_is_told(void **state)
{
	(void)state;
	struct paper paper;
	open_paper(&paper, "platform.html");
	struct notes_target target = {"p", "https://example.com/p", 34, 35, 0, false, true};
	assert_int_equal(notes_extract(&paper.page, &target, &paper.facts), 2);
	assert_string_equal(paper.facts.notes[0].value, "eks.9");
	assert_string_equal(paper.facts.notes[1].value, "eks.17");
	close_paper(&paper);
}

static void pages_that_say_the_same_are_one_fact_with_two_citations(void **state)
{
	(void)state;
	struct paper first, second;
	open_paper(&first, "changelog.md");
	extract(&first, 34, 34, 34, false);
	size_t n = first.facts.n_notes;
	open_paper(&second, "announcement.html");
	second.facts.notes = first.facts.notes;
	second.facts.n_notes = n;
	extract(&second, 34, 34, 34, false);
	assert_int_equal(note(&second, NOTE_GATE, "QuickPods")->n_citations, 2);
	assert_null(note(&second, NOTE_FLAG, "--nobody"));
	assert_int_equal(second.facts.n_notes, n + 1); /* the tartan driver */
	close_paper(&second);
	close_paper(&first);
}

static void a_page_in_the_place_of_another_is_recognized(void **state)
{
	(void)state;
	struct paper paper;
	struct notes_target guide = {.first = 34, .last = 34}, changelog = {.version = 34};
	open_paper(&paper, "guide.html");
	assert_true(notes_recognize(&paper.page, &guide));
	close_paper(&paper);
	open_paper(&paper, "changelog.md");
	assert_true(notes_recognize(&paper.page, &changelog));
	close_paper(&paper);
	write_paper(&paper, "<h1>Sign in</h1><p>to your network</p>", true);
	assert_false(notes_recognize(&paper.page, &guide));
	assert_false(notes_recognize(&paper.page, &changelog));
	close_paper(&paper);
}

/* ---- words */
static int change_of(const char *text, const char *word)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct notes_sentence sentence;
	notes_tokenize(slice_of(text), arena, &sentence);
	for (size_t i = 0; i < sentence.n; i++)
		if (!strcmp(sentence.tokens[i].text, word))
			return notes_change_of(&sentence, i, NULL);
	fail_msg("no word \"%s\"", word);
	return -1;
}

static void each_word_gets_the_verb_of_its_clause(void **state)
{
	(void)state;
	const struct {
		const char *text, *word;
		int change;
	} cases[] = {
		{"Removed the `--a` flag.", "--a", NOTE_REMOVED},
		{"The `--a` flag has been removed.", "--a", NOTE_REMOVED},
		{"Removed the deprecated `--a` flag.", "--a", NOTE_REMOVED},
		{"The deprecated `--a` flag was removed.", "--a", NOTE_REMOVED},
		{"Added `--a` and removed `--b`.", "--a", NOTE_ADDED},
		{"Added `--a` and removed `--b`.", "--b", NOTE_REMOVED},
		{"The `--a` flag is deprecated, and the `--b` flag is removed.", "--b", NOTE_REMOVED},
		{"The `--a` flag is deprecated, and the `--b` flag is removed.", "--a", NOTE_DEPRECATED},
		{"Removed `--a`, `--b` and `--c`.", "--b", NOTE_REMOVED},
		{"`x/v1` is no longer served as of v1.32.", "x/v1", NOTE_REMOVED},
		{"The release stopped serving `x/v1`.", "x/v1", NOTE_REMOVED},
		{"`A` is enabled by default.", "A", NOTE_DEFAULT},
		{"`A` graduated to GA.", "A", NOTE_PROMOTED},
		{"`--a` is required now.", "--a", NOTE_REQUIRED},
		{"A new flag `--a` can be set.", "--a", NOTE_ADDED},
		{"Look at `--a` for that.", "--a", -1},
		{"Remove deprecated flag `--a`", "--a", NOTE_REMOVED},
		{"`--a`, deprecated since 1.20, has been removed.", "--a", NOTE_REMOVED},
		{"The `--a` flag, deprecated in 1.15, is no longer marked deprecated.", "--a", NOTE_CHANGED},
		{"`--a` will not be removed.", "--a", -1},
		{"Deferred the removal of `--a` to 1.37.", "--a", NOTE_DEPRECATED},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (change_of(cases[i].text, cases[i].word) != cases[i].change)
			fail_msg("%s: %s", cases[i].text, cases[i].word);
}

static void sentences_end_where_they_end(void **state)
{
	(void)state;
	struct slice block = slice_of("Use, e.g. Pods, v1.34.0 only. `A` is gone. Was it? Yes (see `a. B`)."), one;
	const char *expected[] = {"Use, e.g. Pods, v1.34.0 only.", "`A` is gone.", "Was it?", "Yes (see `a. B`)."};
	size_t at = 0;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_true(notes_next_sentence(block, &at, &one));
		while (one.n && one.p[0] == ' ') {
			one.p++;
			one.n--;
		}
		assert_true(slice_eq(one, expected[i]));
	}
	assert_false(notes_next_sentence(block, &at, &one));
	assert_true(slice_eq(notes_without_credits(slice_of("It goes. (#1, @a) [SIG X]")), "It goes."));
	assert_true(slice_eq(notes_without_credits(slice_of("It goes (not yet).")), "It goes (not yet)."));
	assert_true(slice_eq(notes_without_credits(slice_of("[SIG X]")), "[SIG X]"));
}

/* ---- hostile pages */
static void deep_nesting_is_cut(void **state)
{
	(void)state;
	struct paper paper = {.arena = arena_new()};
	struct buf html CLEANUP(buf_done) = BUF_INIT(8 << 20), markdown CLEANUP(buf_done) = BUF_INIT(8 << 20);
	buf_puts(&html, "<h1>v1.34</h1><p>first</p>");
	for (size_t i = 0; i < 100000; i++)
		buf_puts(&html, "<div><ul><li>");
	assert_null(notes_page_html(buf_slice(&html), "deep", paper.arena, &paper.page));
	assert_true(paper.page.cut);
	assert_string_equal(paper.page.sections[1].blocks[0].text, "first");
	for (size_t i = 0; i < 100000; i++)
		buf_puts(&markdown, "> - ");
	buf_puts(&markdown, "x\n\n# v1.34\n\nafter\n");
	assert_null(notes_page_markdown(buf_slice(&markdown), "deep", paper.arena, &paper.page));
	assert_true(paper.page.cut);
	assert_string_equal(section(&paper, "v1.34")->blocks[0].text, "after");
	arena_free(paper.arena);
}

static void what_is_too_much_is_cut_and_told(void **state)
{
	(void)state;
	struct paper paper = {.arena = arena_new()};
	struct buf text CLEANUP(buf_done) = BUF_INIT(16 << 20);
	for (size_t i = 0; i < NOTES_MAX_SECTIONS + 100; i++)
		buf_printf(&text, "# a\n\nb\n\n");
	assert_null(notes_page_markdown(buf_slice(&text), "many", paper.arena, &paper.page));
	assert_true(paper.page.cut);
	assert_int_equal(paper.page.n_sections, NOTES_MAX_SECTIONS);
	buf_clear(&text);
	while (text.n <= NOTES_MAX_PAGE)
		buf_puts(&text, "0123456789abcdef0123456789abcdef");
	struct error *error = notes_page_html(buf_slice(&text), "large", paper.arena, &paper.page);
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_INVALID);
	error_free(error);
	error = notes_page_markdown(buf_slice(&text), "large", paper.arena, &paper.page);
	assert_non_null(error);
	error_free(error);
	text.n = 1 << 20; /* one paragraph without an end */
	assert_null(notes_page_markdown(buf_slice(&text), "long", paper.arena, &paper.page));
	assert_true(paper.page.cut);
	arena_free(paper.arena);
}

static void garbage_is_no_crash_and_no_fact(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"<",
		"<h2",
		"</p></h2></div>",
		"<h2><h3></h2>x</h3>",
		"<p>\xff\xfe\x80 v1.34 removed `--x",
		"``````",
		"# \n## \n",
		"- \n  - \n    -",
		"[a](",
		"| | |",
		"<a name=\"",
		"\xef\xbb\xbf# v1.34\n\nx",
		"<!DOCTYPE html [<!ENTITY a \"&a;&a;\">]><h2>&a;&#0;&#x110000;</h2>",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		for (int html = 0; html < 2; html++) {
			struct paper paper;
			write_paper(&paper, texts[i], html);
			assert_int_equal(extract(&paper, 34, 34, 0, true), 0);
			close_paper(&paper);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markdown_becomes_sections_with_github_s_anchors),
		cmocka_unit_test(links_are_stripped_and_code_keeps_its_backticks),
		cmocka_unit_test(html_becomes_sections_with_the_page_s_own_anchors),
		cmocka_unit_test(a_box_that_says_important_makes_what_is_in_it_urgent),
		cmocka_unit_test(a_row_of_a_table_is_one_block),
		cmocka_unit_test(headings_may_say_their_anchor_themselves),
		cmocka_unit_test(a_changelog_s_facts_are_found),
		cmocka_unit_test(what_is_said_of_a_fact_is_kept_with_it),
		cmocka_unit_test(what_says_nothing_of_a_hop_is_no_fact),
		cmocka_unit_test(urgent_notes_are_told_whole),
		cmocka_unit_test(an_item_is_read_with_the_line_before_its_list),
		cmocka_unit_test(a_guide_s_facts_are_of_the_hops_asked_for),
		cmocka_unit_test(eks_s_own_words_are_found_without_names_too),
		cmocka_unit_test(the_newest_platform_version_is_told),
		cmocka_unit_test(pages_that_say_the_same_are_one_fact_with_two_citations),
		cmocka_unit_test(a_page_in_the_place_of_another_is_recognized),
		cmocka_unit_test(each_word_gets_the_verb_of_its_clause),
		cmocka_unit_test(sentences_end_where_they_end),
		cmocka_unit_test(deep_nesting_is_cut),
		cmocka_unit_test(what_is_too_much_is_cut_and_told),
		cmocka_unit_test(garbage_is_no_crash_and_no_fact),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
