/* Go templates as they are written: actions are overwritten byte by byte, so that what stays is YAML whose every place
 * is a place of the original; and conditions are kept, so that one can ask under which of them a place stands. A line
 * of nothing but actions becomes blank. */
#include <stdlib.h>
#include <string.h>
#include "scan/scan_internal.h"

enum { MAX_NESTED = 64 };

struct arm {
	size_t from;		/* the arm holds from here on */
	uint32_t parent, chain; /* indices of arms; chain: the first arm of its if */
	struct slice condition;
	bool is_condition; /* if, else if, else; not range, with, define */
};
struct scan_template {
	char *masked;
	size_t n;
	struct slice original;
	struct arm *arms; /* arms[0]: outside of all; by `from` */
	size_t n_arms;
	struct moment {
		size_t at;
		uint32_t arm;
	} * moments; /* from `at` on this arm is the innermost */
	size_t n_moments;
	uint32_t open[MAX_NESTED];
	unsigned depth;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static const char *skip_string(const char *p, const char *end)
{
	char quote = *p++;
	for (; p < end && *p != quote; p++)
		if (*p == '\\' && quote == '"' && p + 1 < end)
			p++;
	return p < end ? p + 1 : end;
}

/* Behind the "}}" of the action at p; NULL: it has none. */
static const char *action_end(const char *p, const char *end)
{
	const char *inner = p + 2;
	if (end - inner >= 2 && *inner == '-')
		inner++;
	while (inner < end && (*inner == ' ' || *inner == '\n' || *inner == '\t' || *inner == '\r'))
		inner++;
	if (end - inner >= 2 && !memcmp(inner, "/*", 2)) {
		const char *close = memmem(inner, (size_t)(end - inner), "*/", 2);
		const char *braces = close ? memmem(close, (size_t)(end - close), "}}", 2) : NULL;
		return braces ? braces + 2 : NULL;
	}
	for (p += 2; p + 1 < end;) {
		if (*p == '"' || *p == '`') {
			p = skip_string(p, end);
		} else if (p[0] == '}' && p[1] == '}') {
			return p + 2;
		} else {
			p++;
		}
	}
	return NULL;
}

/* What stands within an action, without its braces, dashes and space. */
static struct slice inside(const char *p, const char *after)
{
	const char *from = p + 2, *to = after - 2;
	from += from < to && *from == '-';
	to -= to > from && to[-1] == '-';
	while (from < to && strchr(" \t\r\n", *from))
		from++;
	while (to > from && strchr(" \t\r\n", to[-1]))
		to--;
	return slice_make(from, (size_t)(to - from));
}

static bool begins_with_word(struct slice text, const char *word)
{
	size_t n = strlen(word);
	return slice_starts(text, word) && (text.n == n || strchr(" \t\r\n(", text.p[n]));
}

static struct slice without_word(struct slice text, const char *word)
{
	size_t n = strlen(word);
	while (n < text.n && strchr(" \t\r\n", text.p[n]))
		n++;
	return slice_make(text.p + n, text.n - n);
}

static void now_in(struct scan_template *template, uint32_t arm, size_t at)
{
	struct moment *moment = HEAP_PUSH(template->moments, template->n_moments);
	*moment = (struct moment){at, arm};
}

static uint32_t new_arm(struct scan_template *template, size_t at, uint32_t parent, struct slice condition,
			bool is_condition)
{
	struct arm *arm = HEAP_PUSH(template->arms, template->n_arms);
	uint32_t index = (uint32_t)(template->n_arms - 1);
	*arm = (struct arm){at, parent, index, condition, is_condition};
	return index;
}

/* if, else, end and the like move from arm to arm. Gives whether it is one of them. */
static bool control(struct scan_template *template, struct slice action, size_t after)
{
	static const char *const blocks[] = {"range", "with", "define", "block"};
	uint32_t now = template->depth ? template->open[template->depth - 1] : 0;
	bool is_if = begins_with_word(action, "if"), is_block = is_if;
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		is_block |= begins_with_word(action, blocks[i]);
	if (is_block && template->depth < MAX_NESTED) {
		uint32_t arm = new_arm(template, after, now, is_if ? without_word(action, "if") : action, is_if);
		template->open[template->depth++] = arm;
		now_in(template, arm, after);
	} else if (begins_with_word(action, "else") && template->depth) {
		struct slice rest = without_word(action, "else");
		bool else_if = begins_with_word(rest, "if");
		uint32_t chain = template->arms[now].chain, parent = template->arms[chain].parent;
		uint32_t arm = new_arm(template, after, parent, else_if ? without_word(rest, "if") : slice_make("", 0),
				       template->arms[chain].is_condition);
		template->arms[arm].chain = chain;
		template->open[template->depth - 1] = arm;
		now_in(template, arm, after);
	} else if (begins_with_word(action, "end") && template->depth) {
		uint32_t chain = template->arms[now].chain;
		template->depth--;
		now_in(template, template->arms[chain].parent, after);
	} else {
		return is_block || begins_with_word(action, "else") || begins_with_word(action, "end");
	}
	return true;
}

/* Does it make lines of its own? Then what it leaves behind is nothing, not a word. */
static bool makes_lines(struct slice action)
{
	return memmem(action.p, action.n, "nindent", 7) || begins_with_word(action, "toYaml") ||
	       slice_starts(action, "/*") ||
	       (action.n > 1 && action.p[0] == '$' && memmem(action.p, action.n, ":=", 2));
}

/* Fills the action's bytes; line ends within it stay. */
static void fill(struct scan_template *template, size_t from, size_t to, char with)
{
	for (size_t i = from; i < to; i++)
		if (template->masked[i] != '\n' && template->masked[i] != '\r')
			template->masked[i] = with;
		else
			with = ' ';
}

/* Stands nothing but actions before it on its line? */
static bool leads(const struct scan_template *template, const uint8_t *is_action, size_t at)
{
	while (at > 0 && template->original.p[at - 1] != '\n') {
		at--;
		if (!is_action[at] && !is_blank(template->original.p[at]))
			return false;
	}
	return true;
}

/* A line of nothing but actions says nothing by itself. */
static void blank_lines_of_actions(struct scan_template *template, const uint8_t *is_action)
{
	for (size_t from = 0, to; from < template->n; from = to + 1) {
		const char *newline = memchr(template->masked + from, '\n', template->n - from);
		to = newline ? (size_t)(newline - template->masked) : template->n;
		bool any = false, only = true;
		for (size_t i = from; i < to; i++) {
			any |= is_action[i];
			only &= is_action[i] || is_blank(template->masked[i]);
		}
		if (any && only)
			fill(template, from, to, ' ');
	}
}

struct scan_template *scan_template_new(struct slice text, size_t *ret_at)
{
	struct scan_template *template = mem_alloc(sizeof *template);
	uint8_t *is_action CLEANUP(mem_freep) = mem_alloc(text.n + 1);
	template->masked = mem_alloc(text.n + 1);
	memcpy(template->masked, text.p, text.n);
	template->n = text.n;
	template->original = text;
	new_arm(template, 0, 0, slice_make("", 0), false);
	now_in(template, 0, 0);
	for (const char *p = text.p, *end = text.p + text.n; p < end && (p = memmem(p, (size_t)(end - p), "{{", 2));) {
		const char *after = action_end(p, end);
		size_t from = (size_t)(p - text.p);
		if (!after) {
			*ret_at = from;
			scan_template_free(template);
			return NULL;
		}
		struct slice action = inside(p, after);
		size_t to = (size_t)(after - text.p);
		memset(is_action + from, 1, to - from);
		bool moves = control(template, action, to);
		fill(template, from, to,
		     (moves && leads(template, is_action, from)) || makes_lines(action) ? ' ' : 'x');
		p = after;
	}
	blank_lines_of_actions(template, is_action);
	return template;
}

void scan_template_free(struct scan_template *template)
{
	if (!template)
		return;
	free(template->masked);
	free(template->arms);
	free(template->moments);
	free(template);
}

struct slice scan_template_masked(const struct scan_template *template)
{
	return slice_make(template->masked, template->n);
}

static uint32_t arm_at(const struct scan_template *template, size_t at)
{
	size_t low = 0, high = template->n_moments;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (template->moments[middle].at <= at)
			low = middle;
		else
			high = middle;
	}
	return template->moments[low].arm;
}

bool scan_template_together(const struct scan_template *template, size_t one, size_t other)
{
	for (uint32_t a = arm_at(template, one); a; a = template->arms[a].parent)
		for (uint32_t b = arm_at(template, other); b; b = template->arms[b].parent)
			if (a != b && template->arms[a].chain == template->arms[b].chain)
				return false;
	return true;
}

static bool speaks_of_versions(struct slice condition)
{
	static const char *const words[] = {"Capabilities", "semverCompare", "KubeVersion", "kubeVersion",
					    "apiVersion"};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (condition.n && memmem(condition.p, condition.n, words[i], strlen(words[i])))
			return true;
	return false;
}

struct slice scan_template_guard(const struct scan_template *template, size_t at)
{
	for (uint32_t a = arm_at(template, at); a; a = template->arms[a].parent) {
		const struct arm *arm = &template->arms[a], *first = &template->arms[arm->chain];
		if (arm->is_condition && speaks_of_versions(arm->condition))
			return arm->condition;
		if (arm->is_condition && arm != first && speaks_of_versions(first->condition))
			return first->condition;
	}
	return slice_make("", 0);
}

/* ---- values with actions in them ---- */

static bool is_word(struct slice text, bool api_version)
{
	if (!text.n || text.n > 200)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
		if (!letter && !(api_version && strchr("./-", c)))
			return false;
	}
	const char *slash = api_version ? memchr(text.p, '/', text.n) : NULL;
	const char *version = slash ? slash + 1 : text.p;
	return api_version ? *version == 'v' && text.p + text.n - version >= 2 && version[1] >= '1' && version[1] <= '9'
			   : *text.p >= 'A' && *text.p <= 'Z';
}

static void add_word(struct slice *words, unsigned *n, struct slice word)
{
	for (unsigned i = 0; i < *n; i++)
		if (words[i].n == word.n && !memcmp(words[i].p, word.p, word.n))
			return;
	if (*n < SCAN_ALTERNATIVES)
		words[(*n)++] = word;
}

/* Strings within an action that could be the value: `ternary "a" "b" .x`, `default "a" .x`. */
static bool words_within(struct slice action, bool api_version, struct slice *words, unsigned *n)
{
	unsigned before = *n;
	for (const char *p = action.p, *end = action.p + action.n; p < end;) {
		if (*p != '"' && *p != '`') {
			p++;
			continue;
		}
		const char *after = skip_string(p, end);
		struct slice word = slice_make(p + 1, (size_t)(after - p) >= 2 ? (size_t)(after - p) - 2 : 0);
		if (is_word(word, api_version))
			add_word(words, n, word);
		p = after;
	}
	return *n > before;
}

unsigned scan_template_words(const struct scan_template *template, struct slice value, bool api_version,
			     struct slice words[SCAN_ALTERNATIVES])
{
	unsigned n = 0, level = 0;
	bool outside = false;
	(void)template;
	for (const char *p = value.p, *end = value.p + value.n; p < end;) {
		const char *braces = memmem(p, (size_t)(end - p), "{{", 2), *stop = braces ? braces : end;
		struct slice piece = slice_make(p, (size_t)(stop - p));
		while (piece.n && strchr(" \"'", *piece.p))
			piece.p++, piece.n--;
		while (piece.n && strchr(" \"'", piece.p[piece.n - 1]))
			piece.n--;
		if (piece.n) {
			if (!is_word(piece, api_version))
				return 0;
			outside |= level == 0;
			add_word(words, &n, piece);
		}
		if (!braces)
			break;
		const char *after = action_end(braces, end);
		if (!after)
			return 0;
		struct slice action = inside(braces, after);
		p = after;
		if (begins_with_word(action, "if"))
			level++;
		else if (begins_with_word(action, "end"))
			level -= level > 0;
		else if (!begins_with_word(action, "else") && !slice_starts(action, "/*") &&
			 (begins_with_word(action, "include") || begins_with_word(action, "template") ||
			  !words_within(action, api_version, words, &n)))
			return 0;
	}
	return outside && n > 1 ? 0 : n; /* apps/v1{{ if .old }}beta1{{ end }}: pieces, not words */
}
