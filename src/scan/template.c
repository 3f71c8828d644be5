/* Templates of Go and Jinja as they are written: actions are overwritten byte by byte, so that what stays is YAML whose
 * every place is a place of the original; and conditions are kept, so that one can ask under which of them a place
 * stands. A line of nothing but actions becomes blank. What a template defines for others to include stands apart. */
#include <stdlib.h>
#include <string.h>
#include "scan/scan_internal.h"

enum { MAX_NESTED = 64, MAX_ACTION = 64 << 10, MAX_ODD = 1000 };
#define AROUND " \t\r\n\"'" /* a word */

struct arm {
	size_t from;		/* the arm holds from here on */
	uint32_t parent, chain; /* indices of arms; chain: the first arm of its if */
	struct slice condition;
	bool is_condition; /* if, else if, else; not range, with, define */
};
struct scan_template {
	char *masked, *main; /* main: without what is defined; NULL: the same */
	size_t n;
	struct slice original;
	bool jinja;
	struct arm *arms; /* arms[0]: outside of all; by `from` */
	size_t n_arms;
	struct moment {
		size_t at;
		uint32_t arm;
	} * moments; /* from `at` on this arm is the innermost */
	size_t n_moments;
	struct scan_define *defines;
	size_t n_defines;
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

/* The next action: "{{", and of Jinja "{%" and "{#". */
static const char *action_at(const char *p, const char *end, bool jinja)
{
	for (; end - p >= 2 && (p = memchr(p, '{', (size_t)(end - p) - 1)); p++)
		if (p[1] == '{' || (jinja && (p[1] == '%' || p[1] == '#')))
			return p;
	return NULL;
}

/* Behind the end of the action at p; NULL: it has none. */
static const char *action_end(const char *p, const char *end)
{
	const char *inner = p + 2;
	if (p[1] != '{') {
		const char *close = memmem(inner, (size_t)(end - inner), p[1] == '%' ? "%}" : "#}", 2);
		return close ? close + 2 : NULL;
	}
	if (end - inner >= 2 && *inner == '-')
		inner++;
	while (inner < end && (*inner == ' ' || *inner == '\n' || *inner == '\t' || *inner == '\r'))
		inner++;
	if (end - inner >= 2 && !memcmp(inner, "/*", 2)) {
		const char *close = memmem(inner, (size_t)(end - inner), "*/", 2);
		const char *braces = close ? memmem(close, (size_t)(end - close), "}}", 2) : NULL;
		return braces ? braces + 2 : NULL;
	}
	if (end - p > MAX_ACTION)
		end = p + MAX_ACTION;
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
	if (!text.n || *text.p != *word)
		return false;
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

/* Does it open a block that lasts until some "end"? The last words are Jinja's alone. */
static bool opens_block(struct slice action, bool jinja)
{
	static const char *const words[] = {"if",  "range", "with", "define", "block",
					    "for", "macro", "call", "filter", "raw"};
	for (size_t i = 0; i < (jinja ? ARRAY_SIZE(words) : 5); i++)
		if (begins_with_word(action, words[i]))
			return true;
	return false;
}

/* What follows "else if" or "elif"; false: it is neither. */
static bool is_else_if(struct slice action, struct slice *ret_condition)
{
	struct slice rest = without_word(action, "else");
	bool elif = begins_with_word(action, "elif"), both = !elif && begins_with_word(rest, "if");
	*ret_condition = elif ? without_word(action, "elif") : both ? without_word(rest, "if") : slice_make("", 0);
	return elif || both;
}

static void end_block(struct scan_template *template, size_t at, size_t after)
{
	const struct arm *first = &template->arms[template->arms[template->open[--template->depth]].chain];
	if (begins_with_word(first->condition, "define") && !first->is_condition) {
		struct slice name = without_word(first->condition, "define");
		struct scan_define *define = HEAP_PUSH(template->defines, template->n_defines);
		*define = (struct scan_define){name, first->from, at};
	}
	now_in(template, first->parent, after);
}

/* if, else, end and the like move from arm to arm. Gives whether it is one of them. */
static bool control(struct scan_template *template, struct slice action, size_t at, size_t after)
{
	uint32_t now = template->depth ? template->open[template->depth - 1] : 0;
	bool jinja = template->original.p[at + 1] == '%';
	bool is_if = begins_with_word(action, "if"), is_block = opens_block(action, jinja);
	bool is_else = begins_with_word(action, "else") || begins_with_word(action, "elif");
	bool is_end = jinja ? slice_starts(action, "end") : begins_with_word(action, "end");
	if (is_block && template->depth < MAX_NESTED) {
		uint32_t arm = new_arm(template, after, now, is_if ? without_word(action, "if") : action, is_if);
		template->open[template->depth++] = arm;
		now_in(template, arm, after);
	} else if (is_else && template->depth) {
		struct slice condition;
		(void)is_else_if(action, &condition);
		uint32_t chain = template->arms[now].chain, parent = template->arms[chain].parent;
		uint32_t arm = new_arm(template, after, parent, condition, template->arms[chain].is_condition);
		template->arms[arm].chain = chain;
		template->open[template->depth - 1] = arm;
		now_in(template, arm, after);
	} else if (is_end && template->depth) {
		end_block(template, at, after);
	}
	return is_block || is_else || is_end;
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

/* Does an action at `from` stand behind nothing but actions on its line? `last`: where the one before it ended; `led`:
 * whether nothing else stood there up to that place. */
static bool leads(struct slice text, size_t last, size_t from, bool led)
{
	const char *newline = memrchr(text.p + last, '\n', from - last);
	size_t at = newline ? (size_t)(newline + 1 - text.p) : last;
	led |= newline != NULL;
	while (led && at < from)
		led = is_blank(text.p[at++]);
	return led;
}

/* A line of nothing but actions says nothing by itself. */
static void blank_lines_of_actions(struct scan_template *template, const uint8_t *is_action)
{
	const uint8_t *p = is_action, *end = is_action + template->n;
	while ((p = memchr(p, 1, (size_t)(end - p)))) {
		size_t from = (size_t)(p - is_action), to = from;
		const char *newline = memrchr(template->masked, '\n', from);
		from = newline ? (size_t)(newline + 1 - template->masked) : 0;
		newline = memchr(template->masked + to, '\n', template->n - to);
		to = newline ? (size_t)(newline - template->masked) : template->n;
		bool only = true;
		for (size_t i = from; i < to && only; i++)
			only = is_action[i] || is_blank(template->masked[i]);
		if (only)
			fill(template, from, to, ' ');
		p = is_action + to + (to < template->n); /* an action may go on behind the line */
	}
}

/* What is defined for others is no part of the document around it: its indentation is its own. */
static void set_defines_apart(struct scan_template *template)
{
	if (!template->n_defines)
		return;
	template->main = mem_alloc(template->n + 1);
	memcpy(template->main, template->masked, template->n);
	for (size_t i = 0; i < template->n_defines; i++)
		for (size_t at = template->defines[i].from; at < template->defines[i].to; at++)
			if (template->main[at] != '\n' && template->main[at] != '\r')
				template->main[at] = ' ';
}

struct scan_template *scan_template_new(struct slice text, size_t *ret_at)
{
	struct scan_template *template = mem_alloc(sizeof *template);
	uint8_t *is_action CLEANUP(mem_freep) = mem_alloc(text.n + 1);
	template->masked = mem_alloc(text.n + 1);
	memcpy(template->masked, text.p, text.n);
	template->n = text.n;
	template->original = text;
	const char *statement = action_at(text.p, text.p + text.n, true);
	while (statement && statement[1] != '%')
		statement = action_at(statement + 1, text.p + text.n, true);
	template->jinja = statement != NULL;
	new_arm(template, 0, 0, slice_make("", 0), false);
	now_in(template, 0, 0);
	unsigned n_odd = 0;
	size_t last = 0;
	bool led = true;
	for (const char *p = text.p, *end = text.p + text.n; (p = action_at(p, end, template->jinja));) {
		const char *after = action_end(p, end), *braces;
		size_t from = (size_t)(p - text.p);
		/* Within a string of JSON its quotes are escaped, which is not its language's. */
		if (!after && n_odd++ < MAX_ODD && (braces = memmem(p, (size_t)(end - p), "}}", 2)))
			after = braces + 2;
		if (!after) {
			*ret_at = from;
			scan_template_free(template);
			return NULL;
		}
		struct slice action = inside(p, after);
		size_t to = (size_t)(after - text.p);
		memset(is_action + from, 1, to - from);
		led = leads(text, last, from, led);
		bool moves = p[1] != '#' && control(template, action, from, to) && led;
		led |= memchr(p, '\n', to - from) != NULL;
		last = to;
		fill(template, from, to, moves || p[1] != '{' || makes_lines(action) ? ' ' : 'x');
		p = after;
	}
	blank_lines_of_actions(template, is_action);
	set_defines_apart(template);
	return template;
}

void scan_template_free(struct scan_template *template)
{
	if (!template)
		return;
	free(template->masked);
	free(template->main);
	free(template->defines);
	free(template->arms);
	free(template->moments);
	free(template);
}

struct slice scan_template_masked(const struct scan_template *template)
{
	return slice_make(template->main ? template->main : template->masked, template->n);
}

const struct scan_define *scan_template_defines(const struct scan_template *template, size_t *ret_n)
{
	*ret_n = template->n_defines;
	return template->defines;
}

struct slice scan_template_define(const struct scan_template *template, const struct scan_define *define)
{
	return slice_make(template->masked, define->to);
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
	static const char *const words[] = {"Capabilities", "semverCompare", "KubeVersion",
					    "kubeVersion",  "apiVersion",    "kube_version"};
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

static void add_word(struct scan_choices *choices, struct slice word)
{
	for (unsigned i = 0; i < choices->n; i++)
		if (choices->words[i].n == word.n && !memcmp(choices->words[i].p, word.p, word.n))
			return;
	if (choices->n < SCAN_ALTERNATIVES)
		choices->words[choices->n++] = word;
	else
		choices->unclear = true;
}

/* Does the text end in "include" or "template" and space? */
static bool asks_for_include(const char *from, const char *p)
{
	const char *end = p;
	while (p > from && strchr(" \t\r\n", p[-1]))
		p--;
	return p < end &&
	       ((p - from >= 7 && !memcmp(p - 7, "include", 7)) || (p - from >= 8 && !memcmp(p - 8, "template", 8)));
}

/* Strings within an action that could be the value: `ternary "a" "b" .x`, `default "a" .x`; and what it includes. */
static void words_within(struct scan_choices *choices, struct slice action)
{
	bool only_include = begins_with_word(action, "include") || begins_with_word(action, "template"), any = false;
	if (begins_with_word(action, "printf") && memchr(action.p, '%', action.n)) {
		choices->unclear = true;
		return;
	}
	for (const char *p = action.p, *end = action.p + action.n; p < end;) {
		if (*p != '"' && *p != '`') {
			p++;
			continue;
		}
		const char *after = skip_string(p, end);
		struct slice word = slice_make(p + 1, (size_t)(after - p) >= 2 ? (size_t)(after - p) - 2 : 0);
		bool include = asks_for_include(action.p, p), fits = is_word(word, choices->api_version);
		if (include && choices->include)
			choices->include(choices, word);
		else if (include)
			choices->unclear = true;
		else if (fits)
			add_word(choices, word);
		any |= include || fits;
		if (include && only_include)
			break; /* the rest is what is handed to it */
		p = after;
	}
	choices->unclear |= !any;
}

static struct slice stripped(struct slice piece)
{
	while (piece.n && strchr(AROUND, *piece.p))
		piece.p++, piece.n--;
	while (piece.n && strchr(AROUND, piece.p[piece.n - 1]))
		piece.n--;
	return piece;
}

/* Leaves nothing behind. */
static bool is_silent(struct slice action)
{
	return slice_starts(action, "/*") || begins_with_word(action, "else") ||
	       (slice_starts(action, "$") &&
		(memmem(action.p, action.n, ":=", 2) || memmem(action.p, action.n, " = ", 3)));
}

void scan_template_words(struct scan_choices *choices, struct slice value)
{
	unsigned level = 0, before = choices->n;
	bool outside = false;
	if (memmem(value.p, value.n, "{%", 2)) {
		choices->unclear = true;
		return;
	}
	for (const char *p = value.p, *end = value.p + value.n; p < end;) {
		const char *braces = memmem(p, (size_t)(end - p), "{{", 2), *stop = braces ? braces : end;
		struct slice piece = stripped(slice_make(p, (size_t)(stop - p)));
		const char *after = braces ? action_end(braces, end) : end;
		if (!after || (piece.n && !is_word(piece, choices->api_version))) {
			choices->n = before;
			choices->unclear = true;
			return;
		}
		outside |= piece.n && level == 0;
		if (piece.n)
			add_word(choices, piece);
		struct slice action = braces ? inside(braces, after) : slice_make("/*", 2);
		p = after;
		if (opens_block(action, false))
			level++;
		else if (begins_with_word(action, "end"))
			level -= level > 0;
		else if (!is_silent(action))
			words_within(choices, action);
	}
	/* apps/v1{{ if .old }}beta1{{ end }}: pieces, not words */
	if (outside && (choices->n - before > 1 || choices->unclear)) {
		choices->n = before;
		choices->unclear = true;
	}
}
