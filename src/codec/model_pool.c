/* Hash-consing by field table. Because texts are settled before the arrays that hold their pointers, and arrays before
 * the structs around them, equality of the bytes is equality of the values. Padding takes part: decoded objects are
 * zeroed before they are filled. */
#include "codec/model_pool.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	const void *bytes; /* NULL: free */
	uint32_t n, hash;
};

struct model_pool {
	struct arena *arena;
	struct entry *entries;
	size_t n, capacity; /* a power of two */
};

enum { FIRST_CAPACITY = 1 << 10 };

struct model_pool *model_pool_new(void)
{
	struct model_pool *pool = mem_alloc(sizeof *pool);
	pool->arena = arena_new();
	pool->capacity = FIRST_CAPACITY;
	pool->entries = mem_array(pool->capacity, sizeof *pool->entries);
	return pool;
}

void model_pool_free(struct model_pool *pool)
{
	if (!pool)
		return;
	arena_free(pool->arena);
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

size_t model_pool_bytes(const struct model_pool *pool)
{
	return arena_bytes(pool->arena) + pool->capacity * sizeof *pool->entries;
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

static void settle_array(struct model_pool *pool, void **items, size_t n, size_t size)
{
	*items = n ? (void *)(uintptr_t)only_one(pool, *items, n * size, false) : NULL;
}

static void settle_field(struct model_pool *pool, const struct field *field, void *object)
{
	void *member = (char *)object + field->offset;
	void **items = member;
	size_t n = field->offset_n != SIZE_MAX && (field->kind == FIELD_LIST || field->kind == FIELD_STRINGS ||
						   field->kind == FIELD_INTS || field->kind == FIELD_MAP)
			   ? *(size_t *)(void *)((char *)object + field->offset_n)
			   : 0;
	switch (field->kind) {
	case FIELD_STRING:
	case FIELD_JSON:
	case FIELD_SECRET:
		*(const char **)member = model_pool_text(pool, *(const char **)member);
		break;
	case FIELD_OBJECT:
		model_pool_settle(pool, field->model, member);
		break;
	case FIELD_OBJECT_PTR:
		if (*items) {
			model_pool_settle(pool, field->model, *items);
			settle_array(pool, items, 1, field->model->size);
		}
		break;
	case FIELD_LIST:
		for (size_t i = 0; i < n; i++)
			model_pool_settle(pool, field->model, (char *)*items + i * field->model->size);
		settle_array(pool, items, n, field->model->size);
		break;
	case FIELD_STRINGS:
		for (size_t i = 0; i < n; i++)
			((const char **)*items)[i] = model_pool_text(pool, ((const char **)*items)[i]);
		settle_array(pool, items, n, sizeof(char *));
		break;
	case FIELD_MAP:
		for (size_t i = 0; i < n; i++) {
			struct pair *pair = (struct pair *)*items + i;
			*pair = (struct pair){model_pool_text(pool, pair->key), model_pool_text(pool, pair->value)};
		}
		settle_array(pool, items, n, sizeof(struct pair));
		break;
	case FIELD_INTS:
		settle_array(pool, items, n, sizeof(int64_t));
		break;
	case FIELD_BOOL:
	case FIELD_INT:
	case FIELD_DOUBLE:
	case FIELD_TIME:
	case FIELD_DURATION:
	case FIELD_PERCENT:
	case FIELD_ENUM:
	default:
		break;
	}
}

void model_pool_settle(struct model_pool *pool, const struct model *model, void *object)
{
	for (size_t i = 0; i < model->n_fields; i++) {
		bool again = false; /* two rows may fill one member, from two places */
		for (size_t k = 0; k < i && !again; k++)
			again = model->fields[k].offset == model->fields[i].offset;
		if (!again)
			settle_field(pool, &model->fields[i], object);
	}
}

const void *model_pool_share(struct model_pool *pool, const struct model *model, void *object)
{
	model_pool_settle(pool, model, object);
	return only_one(pool, object, model->size, false);
}
