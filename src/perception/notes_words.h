/* Sentences of release notes, taken apart: words, code, and the words that say what happens to a thing. */
#pragma once

#include "base/buf.h"
#include "base/mem.h"
#include "models/release_notes.h"

struct notes_token {
	const char *text;  /* without the punctuation around it */
	const char *lower; /* the same in lower case */
	bool code;	   /* stood in backticks */
	unsigned clause;   /* which part of the sentence: parted by commas, colons, "and", "but" */
	int change;	   /* enum note_change, when the word says one; -1 */
	bool weak;	   /* says it only when no other word does */
	bool future;	   /* "will be removed" */
};

enum { NOTES_MAX_TOKENS = 400 };
struct notes_sentence {
	struct slice text;
	struct notes_token *tokens;
	size_t n;
};

/* The next sentence of the block from *at on; false: no more. */
bool notes_next_sentence(struct slice block, size_t *at, struct slice *ret);
/* Without who wrote it: " (#131845, @somebody) [SIG Node]" at its end. */
struct slice notes_without_credits(struct slice block);
void notes_tokenize(struct slice sentence, struct arena *arena, struct notes_sentence *ret);

/* What is said to happen to the token: by a word of its own clause, the nearest before, or the nearest behind it; -1.
 * `ret_verb` (may be NULL) is that word's place. */
int notes_change_of(const struct notes_sentence *sentence, size_t at, size_t *ret_verb);
/* "in favor of X", "migrate to X", "renamed to X". */
bool notes_is_replacement(const struct notes_sentence *sentence, size_t at);
/* "when the X feature gate is enabled": nothing is said of X itself. */
bool notes_is_condition(const struct notes_sentence *sentence, size_t at);
/* The minor that a word says: "1.36", "v1.36.0" (its patch is not looked at); 0: none. */
unsigned notes_minor(const char *word);
/* The minor of "will be removed in Kubernetes 1.36"; 0: none is said. */
unsigned notes_future_removal(const struct notes_sentence *sentence);
bool notes_is_word(const struct notes_sentence *sentence, size_t at, const char *lower); /* false beyond the end */
