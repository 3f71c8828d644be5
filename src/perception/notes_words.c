/* The grammar of release notes, as far as rules need it. */
#include "perception/notes_words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool ends_abbreviation(struct slice block, size_t dot)
{
	static const char *const words[] = {"e.g", "i.e", "vs", "etc", "approx", "cf", "incl"};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i]);
		if (dot >= n && !strncasecmp(block.p + dot - n, words[i], n) &&
		    (dot == n || !isalnum((unsigned char)block.p[dot - n - 1])))
			return true;
	}
	return false;
}

bool notes_next_sentence(struct slice block, size_t *at, struct slice *ret)
{
	bool code = false;
	while (*at < block.n && block.p[*at] == ' ')
		++*at;
	if (*at >= block.n)
		return false;
	size_t i = *at;
	for (; i < block.n; i++) {
		char c = block.p[i];
		if (c == '`')
			code = !code;
		if (code || (c != '.' && c != '!' && c != '?') || i + 2 >= block.n || block.p[i + 1] != ' ')
			continue;
		unsigned char next = (unsigned char)block.p[i + 2];
		if ((isupper(next) || next == '`' || next == '"' || next == '(') && !ends_abbreviation(block, i))
			break;
	}
	size_t end = i < block.n ? i + 1 : block.n;
	*ret = slice_make(block.p + *at, end - *at);
	*at = end;
	return true;
}

/* " [SIG Node and Testing]" or " (#131845, @somebody)" at the end; where it begins, or n. */
static size_t credit_at(struct slice text)
{
	char last = text.n ? text.p[text.n - 1] : 0;
	if (last != ']' && last != ')')
		return text.n;
	const char *open = memrchr(text.p, last == ']' ? '[' : '(', text.n);
	size_t at = open ? (size_t)(open - text.p) : text.n;
	if (at + 3 > text.n || at == 0)
		return text.n;
	bool credit = last == ']' ? !strncmp(open, "[SIG ", text.n - at < 5 ? text.n - at : 5) : open[1] == '#';
	return credit ? at : text.n;
}

struct slice notes_without_credits(struct slice block)
{
	for (;;) {
		while (block.n && block.p[block.n - 1] == ' ')
			block.n--;
		size_t at = credit_at(block);
		if (at == block.n)
			return block;
		block.n = at;
	}
}

static const struct {
	const char *prefix;
	bool whole;
	enum note_change change;
	bool weak;
} verbs[] = {
	{"remove", true, NOTE_REMOVED, true},
	{"removing", true, NOTE_REMOVED, true},
	{"removes", true, NOTE_REMOVED, true},
	{"remov", false, NOTE_REMOVED, false},
	{"dropped", true, NOTE_REMOVED, false},
	{"drops", true, NOTE_REMOVED, false},
	{"deleted", true, NOTE_REMOVED, true},
	{"unserved", true, NOTE_REMOVED, false},
	{"deprecat", false, NOTE_DEPRECATED, false},
	{"renam", false, NOTE_RENAMED, false},
	{"graduat", false, NOTE_PROMOTED, false},
	{"promot", false, NOTE_PROMOTED, false},
	{"add", true, NOTE_ADDED, false},
	{"adds", true, NOTE_ADDED, false},
	{"added", true, NOTE_ADDED, false},
	{"introduc", false, NOTE_ADDED, false},
	{"new", true, NOTE_ADDED, true},
	{"must", true, NOTE_REQUIRED, true},
	{"requir", false, NOTE_REQUIRED, true},
	{"mandatory", true, NOTE_REQUIRED, false},
	{"defaults", true, NOTE_DEFAULT, false},
	{"locked", true, NOTE_DEFAULT, false},
	{"updated", true, NOTE_CHANGED, false},
	{"updates", true, NOTE_CHANGED, true},
	{"changed", true, NOTE_CHANGED, false},
	{"changes", true, NOTE_CHANGED, true},
	{"replaced", true, NOTE_CHANGED, false},
	{"bumped", true, NOTE_CHANGED, false},
	{"moved", true, NOTE_CHANGED, false},
	{"switched", true, NOTE_CHANGED, false},
	{"upgraded", true, NOTE_CHANGED, false},
	{"built", true, NOTE_CHANGED, true},
	{"disallowed", true, NOTE_REMOVED, false},
};

bool notes_is_word(const struct notes_sentence *sentence, size_t at, const char *lower)
{
	return at < sentence->n && !sentence->tokens[at].code && !strcmp(sentence->tokens[at].lower, lower);
}

static bool is_one_of(const struct notes_sentence *sentence, size_t at, const char *const *words)
{
	for (; *words; words++)
		if (notes_is_word(sentence, at, *words))
			return true;
	return false;
}
#define IS_ONE_OF(sentence, at, ...) is_one_of((sentence), (at), (const char *const[]){__VA_ARGS__, NULL})

/* Words that say it together. */
static int phrase_at(const struct notes_sentence *s, size_t i)
{
	if (notes_is_word(s, i, "no") && notes_is_word(s, i + 1, "longer")) {
		size_t next = notes_is_word(s, i + 2, "be") || notes_is_word(s, i + 2, "is") ? i + 3 : i + 2;
		return IS_ONE_OF(s, next, "served", "supported", "available", "accepted", "exists", "exist",
				 "recognized", "supports", "releasing", "included")
			       ? NOTE_REMOVED
			       : NOTE_CHANGED;
	}
	if (IS_ONE_OF(s, i, "stop", "stops", "stopped") && notes_is_word(s, i + 1, "serving"))
		return NOTE_REMOVED;
	if (notes_is_word(s, i, "end") && notes_is_word(s, i + 1, "of") && IS_ONE_OF(s, i + 2, "support", "life"))
		return NOTE_DEPRECATED;
	if (notes_is_word(s, i, "last") && IS_ONE_OF(s, i + 1, "release", "version"))
		return NOTE_DEPRECATED;
	if (notes_is_word(s, i, "by") && notes_is_word(s, i + 1, "default"))
		return NOTE_DEFAULT;
	if (notes_is_word(s, i, "default") && IS_ONE_OF(s, i + 1, "value", "changed", "is", "was"))
		return NOTE_DEFAULT;
	return -1;
}

/* "the deprecated flag": no word of what happens now. */
static bool is_adjective(const struct notes_sentence *s, size_t i)
{
	return i > 0 && IS_ONE_OF(s, i - 1, "the", "a", "an", "any", "all", "some", "of", "previously", "already",
				  "long", "these", "those", "using", "use", "uses", "to", "remove", "removed",
				  "removes", "removing", "drop", "dropped");
}

/* "will not be removed", "no longer marked deprecated". */
static bool is_denied(const struct notes_sentence *s, size_t i)
{
	size_t at = i;
	while (at > 0 && IS_ONE_OF(s, at - 1, "be", "been", "being", "marked", "yet"))
		at--;
	return at > 0 && (IS_ONE_OF(s, at - 1, "not", "never", "no", "without") ||
			  (notes_is_word(s, at - 1, "longer") && at > 1 && notes_is_word(s, at - 2, "no")));
}

static bool is_put_off(const struct notes_sentence *s, size_t i)
{
	for (size_t back = 1; back <= 4 && back <= i; back++)
		if (IS_ONE_OF(s, i - back, "deferred", "delayed", "postponed", "scheduled", "planned", "for"))
			return true;
	return false;
}

static void mark(struct notes_sentence *sentence, size_t i)
{
	struct notes_token *token = &sentence->tokens[i];
	token->change = -1;
	if (token->code)
		return;
	token->change = phrase_at(sentence, i);
	for (size_t k = 0; k < ARRAY_SIZE(verbs) && token->change < 0; k++) {
		size_t n = strlen(verbs[k].prefix);
		if (strncmp(token->lower, verbs[k].prefix, n) != 0 || (verbs[k].whole && token->lower[n]))
			continue;
		token->change = (int)verbs[k].change;
		token->weak = verbs[k].weak;
	}
	if (!strcmp(token->lower, "deprecated") && is_adjective(sentence, i))
		token->change = -1;
	if (!strcmp(token->lower, "locked") &&
	    (is_adjective(sentence, i) || IS_ONE_OF(sentence, i + 1, "since", "ga", "in")))
		token->change = -1;
	if (is_denied(sentence, i))
		token->change = -1;
	if (!strcmp(token->lower, "removal") && is_put_off(sentence, i))
		token->change = NOTE_DEPRECATED;
	for (size_t back = 1; back <= 4 && back <= i && token->change >= 0; back++)
		if (notes_is_word(sentence, i - back, "will") || (notes_is_word(sentence, i - back, "be") && back < i &&
								  notes_is_word(sentence, i - back - 1, "to")))
			token->future = true;
}

/* "deprecated since 1.20, has been removed", "… is no longer deprecated": what counts is what it is now. */
static void settle(struct notes_sentence *sentence)
{
	bool gone = false;
	for (size_t i = sentence->n; i-- > 0;) {
		struct notes_token *token = &sentence->tokens[i];
		gone |= !strcmp(token->lower, "deprecated") && is_denied(sentence, i);
		gone |= token->change == NOTE_REMOVED && !token->future && !token->weak;
		if (gone && token->change == NOTE_DEPRECATED && IS_ONE_OF(sentence, i + 1, "since", "in", "as"))
			token->change = -1;
	}
}

static struct slice trimmed(struct slice word)
{
	while (word.n && strchr("([{\"'*<", word.p[0])) {
		word.p++;
		word.n--;
	}
	while (word.n && strchr(".,;:!?)]}\"'*>", word.p[word.n - 1]))
		word.n--;
	return word;
}

static void add_token(struct notes_sentence *sentence, struct arena *arena, struct slice word, bool code,
		      unsigned clause)
{
	char *lower;
	if (!word.n || sentence->n == NOTES_MAX_TOKENS)
		return;
	struct notes_token *token = ARENA_PUSH(arena, sentence->tokens, sentence->n);
	token->text = arena_strndup(arena, word.p, word.n);
	token->lower = lower = arena_strndup(arena, word.p, word.n);
	for (; *lower; lower++)
		*lower = (char)tolower((unsigned char)*lower);
	token->code = code;
	token->clause = clause;
}

void notes_tokenize(struct slice text, struct arena *arena, struct notes_sentence *ret)
{
	unsigned clause = 0;
	*ret = (struct notes_sentence){.text = text};
	for (size_t at = 0; at < text.n;) {
		if (text.p[at] == ' ') {
			at++;
			continue;
		}
		const char *end = text.p[at] == '`' ? memchr(text.p + at + 1, '`', text.n - at - 1) : NULL;
		if (end) {
			size_t n = (size_t)(end - text.p) - at - 1;
			add_token(ret, arena, slice_make(text.p + at + 1, n), true, clause);
			at += n + 2;
		} else {
			size_t n = 1;
			while (at + n < text.n && text.p[at + n] != ' ' && text.p[at + n] != '`')
				n++;
			struct slice word = trimmed(slice_make(text.p + at, n));
			bool joins = slice_eq(word, "and") || slice_eq(word, "but");
			clause += joins;
			add_token(ret, arena, word, false, clause);
			clause += !joins && strchr(",;:", text.p[at + n - 1]) != NULL;
			at += n;
		}
	}
	for (size_t i = 0; i < ret->n; i++)
		mark(ret, i);
	settle(ret);
}

/* Nearest verb before, else behind; of the same clause only, or anywhere. -1: none. */
static long nearest(const struct notes_sentence *s, size_t at, bool weak, bool same_clause)
{
	enum { NEAR = 8 }; /* "remove" is said of many things: it has to stand just before */
	for (size_t i = at; i-- > 0;)
		if (s->tokens[i].change >= 0 && s->tokens[i].weak == weak &&
		    !(weak && s->tokens[i].change == NOTE_REMOVED && at - i > NEAR) &&
		    (!same_clause || s->tokens[i].clause == s->tokens[at].clause))
			return (long)i;
	for (size_t i = at + 1; i < s->n; i++)
		if (s->tokens[i].change >= 0 && s->tokens[i].weak == weak &&
		    !(weak && s->tokens[i].change == NOTE_REMOVED) &&
		    (!same_clause || s->tokens[i].clause == s->tokens[at].clause))
			return (long)i;
	return -1;
}

int notes_change_of(const struct notes_sentence *sentence, size_t at, size_t *ret_verb)
{
	long verb = nearest(sentence, at, false, true);
	verb = verb >= 0 ? verb : nearest(sentence, at, false, false);
	verb = verb >= 0 ? verb : nearest(sentence, at, true, true);
	verb = verb >= 0 ? verb : nearest(sentence, at, true, false);
	if (verb < 0)
		return -1;
	if (ret_verb)
		*ret_verb = (size_t)verb;
	return sentence->tokens[verb].change;
}

bool notes_is_replacement(const struct notes_sentence *s, size_t at)
{
	size_t i = at;
	while (i > 0 &&
	       IS_ONE_OF(s, i - 1, "the", "a", "an", "using", "new", "either", "kubernetes", "flag", "field", "api"))
		i--;
	if (i == 0)
		return false;
	if (notes_is_word(s, i - 1, "of") && i > 1 && IS_ONE_OF(s, i - 2, "favor", "favour"))
		return true;
	if (IS_ONE_OF(s, i - 1, "use", "prefer"))
		return true;
	if (IS_ONE_OF(s, i - 1, "by", "with") && i > 1 && IS_ONE_OF(s, i - 2, "replaced", "superseded"))
		return true;
	if (!notes_is_word(s, i - 1, "to") || i < 2)
		return false;
	for (size_t k = 0; k < i - 1; k++)
		if (s->tokens[k].change == NOTE_RENAMED)
			return true;
	return IS_ONE_OF(s, i - 2, "migrate", "migrating", "renamed", "moved", "switch", "switching", "move");
}

bool notes_is_condition(const struct notes_sentence *s, size_t at)
{
	size_t i = at;
	while (i > 0 && IS_ONE_OF(s, i - 1, "the", "a", "both", "feature", "gate"))
		i--;
	return i > 0 && IS_ONE_OF(s, i - 1, "when", "if", "unless", "where", "with", "without");
}

unsigned notes_minor(const char *word)
{
	word += *word == 'v';
	if (strncmp(word, "1.", 2) != 0 || !isdigit((unsigned char)word[2]))
		return 0;
	char *end;
	unsigned long minor = strtoul(word + 2, &end, 10);
	bool ends = *end == '\0' || *end == '-' || *end == '+' || (*end == '.' && (isdigit((unsigned char)end[1])));
	return ends && minor >= 2 && minor < 100 ? (unsigned)minor : 0;
}

unsigned notes_future_removal(const struct notes_sentence *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->tokens[i].change != NOTE_REMOVED || !s->tokens[i].future)
			continue;
		for (size_t k = i + 1; k < s->n && k < i + 12; k++)
			if (notes_minor(s->tokens[k].text) &&
			    !IS_ONE_OF(s, k - 1, "since", "before")) /* "available since v1.29" */
				return notes_minor(s->tokens[k].text);
	}
	return 0;
}
