/* How decoders put scalars into members, and how every reader finds the field of a key; shared by JSON, documents and
 * YAML. */
#pragma once

#include <string.h>
#include "codec/model.h"

static inline uint64_t word_at(const char *p) /* eight bytes, wherever they lie */
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
	return word;
}

/* How many elements a LIST, STRINGS, INTS or MAP has. */
static inline size_t *model_count(const struct field *field, const void *object)
{
	return (size_t *)(void *)((char *)(uintptr_t)object + field->offset_n);
}

enum token_kind { TOKEN_NULL, TOKEN_FALSE, TOKEN_TRUE, TOKEN_NUMBER, TOKEN_STRING };
struct token {
	enum token_kind kind;
	struct slice text; /* of numbers as written, of strings decoded */
};

/* Puts a scalar into a member; NULL or what is wrong ("not a whole number"). Not for OBJECT, LIST, MAP, JSON.
 * Strings are copied into the arena. */
const char *model_assign(const struct field *field, void *object, struct arena *arena, struct token token);
/* Element `at` of a STRINGS or INTS list; a new one where the list is no longer. */
const char *model_assign_element(const struct field *field, void *object, size_t at, struct arena *arena,
				 struct token token);
void model_add_pair(const struct field *field, void *object, struct arena *arena, struct slice key, struct slice value);
/* A new zeroed element of a LIST, the struct of an OBJECT, or a fresh one of an OBJECT_PTR. */
void *model_enter(const struct field *field, void *object, struct arena *arena);

/* Which fields may still match while a reader goes down dotted names: bit i stands for fields[i]. */
struct field_set {
	uint64_t bits;
	size_t offset; /* where in their names the next key begins */
};
static inline struct field_set field_set_all(const struct model *model)
{
	return (struct field_set){model->n_fields >= 64 ? UINT64_MAX : (UINT64_C(1) << model->n_fields) - 1, 0};
}
/* The field that `key` names, or NULL; *ret_deeper: those whose dotted names go on below it. INLINE objects are looked
 * into: *ret_object is then theirs. */
const struct field *model_find(const struct model *model, struct field_set set, struct slice key, void *object,
			       void **ret_object, struct field_set *ret_deeper);
/* Is the member written (present, not left out when empty)? */
bool model_is_written(const struct field *field, const void *object);
/* A required field that the decoded object lacks, or NULL. */
const struct field *model_missing(const struct model *model, const void *object);
/* ` (did you mean "x"?)` appended, if a name is near. */
void model_suggest(const struct model *model, struct slice key, struct buf *out);
