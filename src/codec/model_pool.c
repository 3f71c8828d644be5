/* Hash-consing by field table. Because texts are settled before the arrays that hold their pointers, and arrays before
 * the structs around them, equality of the bytes is equality of the values. Padding takes part: decoded objects are
 * zeroed before they are filled. */
#include "codec/model_pool.h"

#include <stdlib.h>
#include <string.h>
#include "codec/model_internal.h"

struct entry {
	const void *bytes; /* NULL: free */
	uint32_t n, hash;
};

struct model_pool {
	struct arena *arena;
	struct arena *scratch; /* of lists and structs under way */
	struct entry *entries;
	size_t n, capacity; /* a power of two */
};

enum { FIRST_CAPACITY = 1 << 10 };

struct model_pool *model_pool_new(void)
{
	struct model_pool *pool = mem_alloc(sizeof *pool);
	pool->arena = arena_new();
	pool->scratch = arena_new();
	pool->capacity = FIRST_CAPACITY;
	pool->entries = mem_array(pool->capacity, sizeof *pool->entries);
	return pool;
}

void model_pool_free(struct model_pool *pool)
{
	if (!pool)
		return;
	arena_free(pool->arena);
	arena_free(pool->scratch);
	free(pool->entries);
	free(pool);
}

void model_pool_freep(struct model_pool **pool)
{
	model_pool_free(*pool);
}

struct arena *model_pool_arena(struct model_pool *pool)
{
	return pool->arena;
}

/* Eight bytes a turn; only this process ever sees the values. */
static uint64_t hash_of(const void *bytes, size_t n)
{
	const uint64_t prime = UINT64_C(0x9E3779B97F4A7C15);
	uint64_t hash = n * prime, word;
	const char *p = bytes;
	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&word, p, 8);
		hash = (hash ^ word) * prime;
		hash ^= hash >> 29;
	}
	word = 0;
	if (n)
		memcpy(&word, p, n);
	hash = (hash ^ word) * prime;
	return hash ^ hash >> 32;
}

static void grow(struct model_pool *pool)
{
	struct entry *old = pool->entries;
	size_t n = pool->capacity;
	pool->capacity *= 2;
	pool->entries = mem_array(pool->capacity, sizeof *pool->entries);
	for (size_t i = 0; i < n; i++) {
		if (!old[i].bytes)
			continue;
		size_t at = old[i].hash & (pool->capacity - 1);
		while (pool->entries[at].bytes)
			at = (at + 1) & (pool->capacity - 1);
		pool->entries[at] = old[i];
	}
	free(old);
}

static void *copy_of(struct model_pool *pool, const void *bytes, size_t n, bool text)
{
	return text ? (void *)arena_strndup(pool->arena, bytes, n) : memcpy(arena_alloc(pool->arena, n), bytes, n);
}

/* The one copy of these bytes. Texts come with the NUL that follows them left out of n, and get one. */
static const void *only_one(struct model_pool *pool, const void *bytes, size_t n, bool text)
{
	uint32_t hash = (uint32_t)hash_of(bytes, n) + text; /* a text and an array are never one */
	if (!pool->entries || n > UINT32_MAX)
		return copy_of(pool, bytes, n, text);
	size_t at = hash & (pool->capacity - 1);
	for (; pool->entries[at].bytes; at = (at + 1) & (pool->capacity - 1))
		if (pool->entries[at].hash == hash && pool->entries[at].n == n &&
		    !memcmp(pool->entries[at].bytes, bytes, n))
			return pool->entries[at].bytes;
	void *copy = copy_of(pool, bytes, n, text);
	pool->entries[at] = (struct entry){copy, (uint32_t)n, hash};
	if (++pool->n * 4 > pool->capacity * 3)
		grow(pool);
	return copy;
}

void model_pool_seal(struct model_pool *pool)
{
	free(pool->entries);
	pool->entries = NULL;
	pool->n = pool->capacity = 0;
}

const char *model_pool_text(struct model_pool *pool, const char *text)
{
	return text ? only_one(pool, text, strlen(text), true) : NULL;
}

/* Equal bytes of an object that was settled before are taken from it: they come one after the other, much alike. */
static const char *settle_text(struct model_pool *pool, const char *text, const char *like)
{
	return text && like && !strcmp(text, like) ? like : model_pool_text(pool, text);
}

/* The pool's array for one that was put together in scratch. */
static void *settle_array(struct model_pool *pool, const void *items, size_t n, const void *like)
{
	bool same = like && !memcmp(items, like, n);
	return (void *)(uintptr_t)(same ? like : only_one(pool, items, n, false));
}

/* The members of a struct that lies `word` words within the one that `same` is of. */
static void settle_within(struct model_pool *pool, const struct model *model, void *object, const void *like,
			  uint64_t same, size_t word);

/* What a pointer member points to: the size of an element, 1 for text; 0: it is no pointer. */
static size_t element_size(const struct field *field)
{
	switch (field->kind) {
	case FIELD_STRING:
	case FIELD_JSON:
	case FIELD_SECRET:
		return 1;
	case FIELD_OBJECT_PTR:
	case FIELD_LIST:
		return field->model->size;
	case FIELD_STRINGS:
		return sizeof(char *);
	case FIELD_MAP:
		return sizeof(struct pair);
	case FIELD_INTS:
		return sizeof(int64_t);
	case FIELD_OBJECT:
	case FIELD_BOOL:
	case FIELD_INT:
	case FIELD_DOUBLE:
	case FIELD_TIME:
	case FIELD_DURATION:
	case FIELD_PERCENT:
	case FIELD_ENUM:
	default:
		return 0;
	}
}

static void settle_element(struct model_pool *pool, const struct field *field, void *element, const void *like)
{
	const char *const *texts = like;
	const char **text = element; /* of STRINGS and MAP */
	if (field->kind == FIELD_LIST || field->kind == FIELD_OBJECT_PTR)
		settle_within(pool, field->model, element, like, 0, 0);
	if (field->kind == FIELD_STRINGS || field->kind == FIELD_MAP)
		text[0] = settle_text(pool, text[0], texts ? texts[0] : NULL);
	if (field->kind == FIELD_MAP) /* struct pair: the key, then the value */
		text[1] = settle_text(pool, text[1], texts ? texts[1] : NULL);
}

static void settle_field(struct model_pool *pool, const struct field *field, void *object, const void *like,
			 uint64_t same, size_t word)
{
	void *member = (char *)object + field->offset;
	const void *other = like ? (const char *)like + field->offset : NULL; /* the same member there */
	void **items = member;
	void *const *others = other;
	size_t size = element_size(field), n = 1;
	word += field->offset / sizeof(uint64_t);
	if (field->kind == FIELD_OBJECT)
		settle_within(pool, field->model, member, other, same, word);
	if (!size)
		return;
	if (size > 1 && field->kind != FIELD_OBJECT_PTR) {
		n = *model_count(field, object);
		if (like && *model_count(field, like) != n)
			others = NULL;
	}
	const char *from = others ? *others : NULL;
	if (others && word < MODEL_WORDS && same >> word & 1) {
		*items = *others;
	} else if (size == 1) {
		*items = (char *)(uintptr_t)settle_text(pool, *items, from);
	} else if (!n || !*items) {
		*items = NULL;
	} else {
		char *copy = memcpy(arena_alloc(pool->scratch, n * size), *items, n * size);
		for (size_t i = 0; i < n; i++)
			settle_element(pool, field, copy + i * size, from ? from + i * size : NULL);
		*items = settle_array(pool, copy, n * size, from);
	}
}

static void settle_within(struct model_pool *pool, const struct model *model, void *object, const void *like,
			  uint64_t same, size_t word)
{
	for (size_t i = 0; i < model->n_fields; i++) {
		bool again = false; /* two rows may fill one member, from two places */
		for (size_t k = 0; k < i && !again; k++)
			again = model->fields[k].offset == model->fields[i].offset;
		if (!again)
			settle_field(pool, &model->fields[i], object, like, same, word);
	}
}

void model_pool_settle(struct model_pool *pool, const struct model *model, void *object, const void *like,
		       uint64_t same)
{
	settle_within(pool, model, object, like, same, 0);
	arena_reset(pool->scratch);
}

const void *model_pool_share(struct model_pool *pool, const struct model *model, void *object)
{
	model_pool_settle(pool, model, object, NULL, 0);
	return only_one(pool, object, model->size, false);
}
