/* While an object is decoded, the decoder marks where in its bytes each value stood and where it went (json_decode.c).
 * The next object is walked from difference to difference: one that lies within a marked value costs that value, any
 * other (a member more, a list longer) means that the object is of another shape, and it is decoded anew. */
#include "codec/json_series.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum {
	LONGEST = 1 << 20,	 /* bytes of an object that is kept to compare with */
	MOST_GROWTH = 256 << 10, /* bytes of changed values in the arena: then one is decoded anew */
	DEEPEST = 8,		 /* texts within texts */
};

struct json_series {
	const struct model *model;
	bool compare;
	struct arena *arena;
	void *last, *object; /* as decoded; the caller's copy of it */
	struct slice text;   /* of the last one; empty: nothing to compare with */
	struct buf kept;     /* where it lies since the bytes that were read have gone */
	struct json_marks marks;
	struct json_mark *next; /* the marks of the one under way, as many */
	size_t n_next;
	size_t arena_began; /* its bytes when the last one was decoded */
};

struct json_series *json_series_new(const struct model *model, bool compare)
{
	struct json_series *series = mem_alloc(sizeof *series);
	series->model = model;
	series->compare = compare && model->size <= MODEL_WORDS * sizeof(uint64_t);
	series->arena = arena_new();
	series->last = mem_alloc(model->size);
	series->object = mem_alloc(model->size);
	buf_init(&series->kept, LONGEST);
	return series;
}

void json_series_free(struct json_series *series)
{
	if (!series)
		return;
	arena_free(series->arena);
	free(series->last);
	free(series->object);
	free(series->marks.items);
	free(series->next);
	buf_done(&series->kept);
	free(series);
}

/* How many of the first n bytes are the same. */
static size_t same_bytes(const char *a, const char *b, size_t n)
{
	size_t at = 0;
	for (; n - at >= 32; at += 32)
		if ((word_at(a + at) ^ word_at(b + at)) | (word_at(a + at + 8) ^ word_at(b + at + 8)) |
		    (word_at(a + at + 16) ^ word_at(b + at + 16)) | (word_at(a + at + 24) ^ word_at(b + at + 24)))
			break;
	for (; n - at >= 8; at += 8) {
		uint64_t differ = le64toh(word_at(a + at) ^ word_at(b + at));
		if (differ)
			return at + (size_t)__builtin_ctzll(differ) / 8;
	}
	while (at < n && a[at] == b[at])
		at++;
	return at;
}

/* ---- one like the one before */

enum likeness { ALIKE, OTHER, UNFINISHED };

struct walk {
	const char *old, *fresh; /* where the two objects begin */
	size_t n_old, n_fresh;	 /* bytes of the old one; of the new one, as far as they are there */
	size_t same;		 /* bytes of the old one up to here are the same, `shift` bytes on */
	ptrdiff_t shift;
	uint32_t open[DEEPEST]; /* marks of texts within which it is */
	size_t n_open;
};

static void compare_from(struct walk *walk, size_t from)
{
	size_t there = from + (size_t)walk->shift, old = walk->n_old - from, fresh = walk->n_fresh - there;
	walk->same = from + same_bytes(walk->old + from, walk->fresh + there, old < fresh ? old : fresh);
}

/* Up to where the two are the same, the new one is another, or has not come yet. */
static enum likeness parted(const struct walk *walk)
{
	return walk->same + (size_t)walk->shift >= walk->n_fresh ? UNFINISHED : OTHER;
}

static enum likeness likeness_of(const struct json_cursor *c)
{
	return c->state == JSON_STATE_MORE ? UNFINISHED : OTHER;
}

/* Another value where `mark` is: the cursor stands at it, and goes behind it. */
static enum likeness change(struct json_cursor *c, const struct json_mark *mark, uint64_t *changed)
{
	c->depth = mark->depth;
	if (!mark->field)
		return json_skip(c) ? ALIKE : likeness_of(c);
	*changed |= UINT64_C(1) << mark->word;
	return json_mark_assign(c, mark) ? ALIKE : likeness_of(c);
}

/* Texts that are kept whole and wanted in parts, too, and that have changed: where they end is known when the walk
 * through their parts is over. */
static void end_texts(struct json_series *series, struct json_cursor *c, struct walk *walk, size_t up_to)
{
	while (walk->n_open && series->marks.items[walk->open[walk->n_open - 1]].to <= up_to) {
		size_t i = walk->open[--walk->n_open];
		struct json_mark *next = &series->next[i];
		next->to = (uint32_t)(series->marks.items[i].to + walk->shift);
		json_keep_text(c, next->field, next->object,
			       slice_make(walk->fresh + next->from, next->to - next->from));
	}
}

static enum likeness walk_marks(struct json_series *series, struct json_cursor *c, struct walk *walk, uint64_t *changed)
{
	for (size_t i = 0; i < series->marks.n; i++) {
		const struct json_mark *mark = &series->marks.items[i];
		struct json_mark *next = &series->next[i];
		if (mark->from > walk->same)
			return parted(walk);
		end_texts(series, c, walk, mark->from);
		*next = *mark;
		next->from = (uint32_t)(mark->from + walk->shift);
		next->to = (uint32_t)(mark->to + walk->shift);
		if (mark->to < walk->same) /* and what delimits it */
			continue;
		if (mark->again) {
			if (walk->n_open == DEEPEST)
				return OTHER;
			walk->open[walk->n_open++] = (uint32_t)i;
			*changed |= UINT64_C(1) << mark->word;
			continue;
		}
		c->p = walk->fresh + next->from;
		enum likeness likeness = change(c, mark, changed);
		if (likeness != ALIKE)
			return likeness;
		next->to = (uint32_t)(c->p - walk->fresh);
		walk->shift = (ptrdiff_t)next->to - (ptrdiff_t)mark->to;
		compare_from(walk, mark->to);
	}
	if (walk->same < walk->n_old)
		return parted(walk);
	end_texts(series, c, walk, walk->n_old);
	return ALIKE;
}

static enum likeness like_the_last(struct json_series *series, struct json_cursor *c, uint64_t *changed)
{
	struct walk walk = {
		.old = series->text.p, .fresh = c->p, .n_old = series->text.n, .n_fresh = (size_t)(c->end - c->p)};
	if (series->n_next < series->marks.n) {
		series->n_next = series->marks.n;
		series->next = mem_resize(series->next, series->n_next, sizeof *series->next);
	}
	compare_from(&walk, 0);
	enum likeness likeness = walk_marks(series, c, &walk, changed);
	if (likeness != ALIKE)
		return likeness;
	struct json_mark *items = series->marks.items;
	size_t most = series->marks.most;
	series->marks.items = series->next;
	series->marks.most = series->n_next;
	series->next = items;
	series->n_next = most;
	c->p = walk.fresh + walk.n_old + walk.shift;
	return ALIKE;
}

/* ---- one by itself */

static int by_target(const void *a, const void *b)
{
	const struct json_mark *one = a, *two = b;
	uintptr_t at = (uintptr_t)one->object + one->field->offset, other = (uintptr_t)two->object + two->field->offset;
	return at != other ? (at < other ? -1 : 1) : one->index < two->index ? -1 : one->index > two->index;
}

/* Is a member filled twice, by a key that comes twice or by two rows? Then the last one wins, which a walk from
 * difference to difference would not see. */
static bool filled_twice(const struct json_marks *marks)
{
	struct json_mark *sorted CLEANUP(mem_freep) = mem_array(marks->n + 1, sizeof *sorted);
	size_t n = 0;
	for (size_t i = 0; i < marks->n; i++)
		if (marks->items[i].field)
			sorted[n++] = marks->items[i];
	qsort(sorted, n, sizeof *sorted, by_target);
	for (size_t i = 0; i + 1 < n; i++)
		if (by_target(&sorted[i], &sorted[i + 1]) == 0)
			return true;
	return false;
}

static bool decode(struct json_series *series, struct json_cursor *c)
{
	arena_reset(series->arena);
	memset(series->last, 0, series->model->size);
	series->marks.n = 0;
	series->marks.whole = true;
	series->marks.start = c->p;
	series->marks.root = series->last;
	series->marks.root_size = series->model->size;
	c->depth = 1;
	c->marks = series->compare ? &series->marks : NULL;
	bool good = json_members(c, series->model, field_set_all(series->model), series->last);
	c->marks = NULL;
	return good;
}

bool json_series_next(struct json_series *series, struct json_cursor *c, void **ret_object, struct arena **ret_arena,
		      uint64_t *ret_changed)
{
	const char *from = c->p;
	enum likeness likeness = OTHER;
	*ret_changed = 0;
	c->arena = series->arena;
	if (series->text.n && arena_bytes(series->arena) < series->arena_began + MOST_GROWTH)
		likeness = like_the_last(series, c, ret_changed);
	if (likeness == UNFINISHED) {
		c->state = JSON_STATE_MORE;
		return false;
	}
	if (likeness == OTHER) {
		*ret_changed = UINT64_MAX;
		c->p = from;
		c->state = JSON_STATE_OK;
		series->text.n = 0;
		if (!decode(series, c))
			return false;
		series->arena_began = arena_bytes(series->arena);
	}
	if (series->compare && (likeness == ALIKE || (series->marks.whole && !filled_twice(&series->marks))))
		series->text = slice_make(from, (size_t)(c->p - from));
	memcpy(series->object, series->last, series->model->size);
	*ret_object = series->object;
	*ret_arena = series->arena;
	return true;
}

void json_series_keep(struct json_series *series)
{
	if (series->text.p == series->kept.p)
		return;
	buf_clear(&series->kept);
	bool good = buf_append(&series->kept, series->text.p, series->text.n);
	series->text = good ? buf_slice(&series->kept) : (struct slice){0};
}
