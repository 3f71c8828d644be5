/* Field tables: finding, assigning, printing, describing. */
#include "codec/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/time.h"
#include "codec/model_internal.h"

static void *member_of(const struct field *field, const void *object)
{
	return (char *)(uintptr_t)object + field->offset;
}

static bool parse_int(struct slice text, int64_t *ret)
{
	char copy[32], *end;
	if (text.n == 0 || text.n >= sizeof copy)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	long long value = strtoll(copy, &end, 10);
	if (*end == '\0' && (value != INT64_MAX && value != INT64_MIN)) {
		*ret = value;
		return true;
	}
	double real = strtod(copy, &end); /* 3.0 and 1e3 are whole numbers too */
	if (*end != '\0' || real != floor(real) || fabs(real) > 9e15)
		return false;
	*ret = (int64_t)real;
	return true;
}

static bool parse_double(struct slice text, double *ret)
{
	char copy[400], *end;
	if (text.n == 0 || text.n >= sizeof copy)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	*ret = strtod(copy, &end);
	return *end == '\0' && end != copy;
}

static const char *assign_int(const struct field *field, int64_t *member, struct token token)
{
	if (token.kind != TOKEN_NUMBER && token.kind != TOKEN_STRING)
		return "not a whole number";
	if (!parse_int(token.text, member))
		return "not a whole number";
	if (field->min < field->max && (*member < field->min || *member > field->max))
		return "out of range";
	return NULL;
}

static const char *assign_time(int64_t *member, struct token token)
{
	double seconds;
	if (token.kind == TOKEN_NUMBER && parse_double(token.text, &seconds) && fabs(seconds) < 1e12) {
		*member = (int64_t)llround(seconds * 1000);
		return NULL;
	}
	return token.kind == TOKEN_STRING && time_parse_rfc3339(token.text, member)
		       ? NULL
		       : "not a time such as 2026-11-23T20:36:57Z";
}

static const char *assign_duration(const struct field *field, int64_t *member, struct token token)
{
	if ((token.kind != TOKEN_NUMBER && token.kind != TOKEN_STRING) || !duration_parse(token.text, member))
		return "not a duration such as 90s, 10m, 1h30m";
	return field->min < field->max && (*member < field->min || *member > field->max) ? "out of range" : NULL;
}

static const char *assign_percent(double *member, struct token token)
{
	struct slice text = token.text;
	bool percent = text.n && text.p[text.n - 1] == '%';
	if (percent)
		text.n--;
	while (text.n && text.p[text.n - 1] == ' ')
		text.n--;
	if ((token.kind != TOKEN_NUMBER && token.kind != TOKEN_STRING) || !parse_double(text, member))
		return "not a number or a percentage such as 1%";
	*member = percent ? *member / 100 : *member;
	return NULL;
}

static const char *assign_enum(const struct field *field, int *member, struct token token)
{
	for (int i = 0; token.kind == TOKEN_STRING && field->names[i]; i++) {
		if (slice_eq(token.text, field->names[i])) {
			*member = i;
			return NULL;
		}
	}
	return "not one of the known words";
}

static const char *assign_bool(bool *member, struct token token)
{
	if (token.kind == TOKEN_TRUE || token.kind == TOKEN_FALSE)
		*member = token.kind == TOKEN_TRUE;
	else if (token.kind == TOKEN_STRING && (slice_eq(token.text, "true") || slice_eq(token.text, "false")))
		*member = slice_eq(token.text, "true");
	else
		return "not true or false";
	return NULL;
}

static void model_set_has(const struct field *field, void *object)
{
	if (field->flags & FIELD_HAS)
		*(bool *)(void *)((char *)object + field->offset_n) = true;
}

const char *model_assign(const struct field *field, void *object, struct arena *arena, struct token token)
{
	void *member = member_of(field, object);
	const char *wrong = "not what is expected here";
	if (token.kind == TOKEN_NULL)
		return NULL;
	switch (field->kind) {
	case FIELD_STRING:
	case FIELD_SECRET:
		if (token.kind != TOKEN_STRING)
			return "not a string";
		*(const char **)member = arena_strndup(arena, token.text.p, token.text.n);
		wrong = NULL;
		break;
	case FIELD_BOOL:
		wrong = assign_bool(member, token);
		break;
	case FIELD_INT:
		wrong = assign_int(field, member, token);
		break;
	case FIELD_DOUBLE:
		wrong = (token.kind == TOKEN_NUMBER || token.kind == TOKEN_STRING) && parse_double(token.text, member)
				? NULL
				: "not a number";
		break;
	case FIELD_TIME:
		wrong = assign_time(member, token);
		break;
	case FIELD_DURATION:
		wrong = assign_duration(field, member, token);
		break;
	case FIELD_PERCENT:
		wrong = assign_percent(member, token);
		break;
	case FIELD_ENUM:
		wrong = assign_enum(field, member, token);
		break;
	case FIELD_OBJECT:
	case FIELD_OBJECT_PTR:
		return "not an object";
	case FIELD_LIST:
	case FIELD_STRINGS:
	case FIELD_INTS:
		return "not a list";
	case FIELD_MAP:
		return "not a map";
	case FIELD_JSON:
	default:
		return wrong;
	}
	if (!wrong)
		model_set_has(field, object);
	return wrong;
}

const char *model_assign_element(const struct field *field, void *object, size_t at, struct arena *arena,
				 struct token token)
{
	size_t *n = model_count(field, object);
	if (field->kind == FIELD_STRINGS) {
		if (token.kind == TOKEN_NULL)
			return NULL;
		if (token.kind != TOKEN_STRING && token.kind != TOKEN_NUMBER)
			return "not a string";
		const char ***items = member_of(field, object);
		const char **item = at < *n ? &(*items)[at] : ARENA_PUSH(arena, *items, *n);
		*item = arena_strndup(arena, token.text.p, token.text.n);
		return NULL;
	}
	int64_t value;
	if ((token.kind != TOKEN_NUMBER && token.kind != TOKEN_STRING) || !parse_int(token.text, &value))
		return "not a whole number";
	int64_t **items = member_of(field, object);
	int64_t *item = at < *n ? &(*items)[at] : ARENA_PUSH(arena, *items, *n);
	*item = value;
	return NULL;
}

void model_add_pair(const struct field *field, void *object, struct arena *arena, struct slice key, struct slice value)
{
	struct pair **items = member_of(field, object);
	*ARENA_PUSH(arena, *items, *model_count(field, object)) =
		(struct pair){arena_strndup(arena, key.p, key.n), arena_strndup(arena, value.p, value.n)};
}

void *model_enter(const struct field *field, void *object, struct arena *arena)
{
	void *member = member_of(field, object);
	if (field->kind == FIELD_OBJECT_PTR)
		return *(void **)member = arena_alloc(arena, field->model->size);
	if (field->kind != FIELD_LIST)
		return member;
	char **items = member;
	size_t at = arena_grow(arena, (void **)items, model_count(field, object), field->model->size);
	return *items + at * field->model->size;
}

/* What was looked for lately: objects of one kind come by the thousand, with the same keys, most of which no field asks
 * for. A key is its first, middle and last eight bytes here, which are all there are. */
enum { SEEN = 256, SEEN_KEY = 24 };
struct seen {
	const struct model *model;
	const struct field *field;
	struct field_set set, deeper;
	uint64_t word[3];
	size_t n;
};

static inline struct seen seen_of(const struct model *model, struct field_set set, struct slice key)
{
	struct seen what = {.model = model, .set = set, .n = key.n};
	if (key.n >= 8) {
		what.word[0] = word_at(key.p);
		what.word[1] = word_at(key.p + (key.n - 8) / 2);
		what.word[2] = word_at(key.p + key.n - 8);
	} else if (key.n >= 4) {
		uint32_t half[2];
		memcpy(&half[0], key.p, sizeof half[0]);
		memcpy(&half[1], key.p + key.n - sizeof half[1], sizeof half[1]);
		what.word[0] = half[0] | (uint64_t)half[1] << 32;
	} else if (key.n) {
		const unsigned char *p = (const unsigned char *)key.p;
		what.word[0] = p[0] | (uint64_t)p[key.n / 2] << 8 | (uint64_t)p[key.n - 1] << 16;
	}
	return what;
}

static inline struct seen *seen_place(const struct seen *what)
{
	static _Thread_local struct seen seen[SEEN];
	uint64_t hash = (uint64_t)(uintptr_t)what->model ^ what->set.bits ^ what->set.offset << 32 ^ what->n << 48;
	hash = (hash ^ what->word[0]) * UINT64_C(0x9E3779B97F4A7C15);
	hash = (hash ^ what->word[2]) * UINT64_C(0x9E3779B97F4A7C15);
	return &seen[hash >> 56];
}

static const struct field *find_own(const struct model *model, struct field_set set, struct slice key,
				    struct field_set *ret_deeper)
{
	const struct field *found = NULL;
	uint64_t deeper = 0;
	for (uint64_t bits = key.n ? set.bits : 0; bits; bits &= bits - 1) {
		size_t i = (size_t)__builtin_ctzll(bits), same = 0;
		const struct field *field = &model->fields[i];
		const char *name = field->name + set.offset;
		while (same < key.n && name[same] && name[same] == key.p[same])
			same++;
		if (same < key.n || field->flags & FIELD_INLINE)
			continue;
		if (name[same] == '\0')
			found = field;
		else if (name[same] == '.')
			deeper |= UINT64_C(1) << i;
	}
	*ret_deeper = (struct field_set){deeper, set.offset + key.n + 1};
	return found;
}

const struct field *model_find(const struct model *model, struct field_set set, struct slice key, void *object,
			       void **ret_object, struct field_set *ret_deeper)
{
	*ret_object = object;
	struct seen what = seen_of(model, set, key), *seen = seen_place(&what);
	if (seen->model == model && seen->n == key.n && seen->set.bits == set.bits && seen->set.offset == set.offset &&
	    seen->word[0] == what.word[0] && seen->word[1] == what.word[1] && seen->word[2] == what.word[2]) {
		*ret_deeper = seen->deeper;
		return seen->field;
	}
	const struct field *found = find_own(model, set, key, ret_deeper);
	bool inlined = false; /* then the struct that holds it is another: not to be remembered */
	for (size_t i = 0; !found && !ret_deeper->bits && set.offset == 0 && i < model->n_fields; i++) {
		const struct field *field = &model->fields[i];
		if (!(field->flags & FIELD_INLINE))
			continue;
		struct field_set none;
		inlined = true;
		found = model_find(field->model, field_set_all(field->model), key, (char *)object + field->offset,
				   ret_object, &none);
	}
	if (!inlined && key.n <= SEEN_KEY) {
		*seen = what;
		seen->field = found;
		seen->deeper = *ret_deeper;
	}
	return found;
}

static bool is_absent(const struct field *field, const void *object)
{
	const void *member = member_of(field, object);
	switch (field->kind) {
	case FIELD_STRING:
	case FIELD_SECRET:
	case FIELD_JSON:
	case FIELD_OBJECT_PTR:
		return *(void *const *)member == NULL;
	case FIELD_LIST:
	case FIELD_STRINGS:
	case FIELD_INTS:
	case FIELD_MAP:
		return *model_count(field, object) == 0;
	case FIELD_BOOL:
		return !*(const bool *)member;
	case FIELD_ENUM:
		return *(const int *)member == 0;
	case FIELD_INT:
	case FIELD_TIME:
	case FIELD_DURATION:
		return *(const int64_t *)member == 0;
	case FIELD_DOUBLE:
	case FIELD_PERCENT:
		return *(const double *)member == 0;
	case FIELD_OBJECT:
	default:
		return false;
	}
}

bool model_is_written(const struct field *field, const void *object)
{
	if (field->flags & FIELD_HAS)
		return *(const bool *)((const char *)object + field->offset_n);
	if (field->kind == FIELD_STRING || field->kind == FIELD_SECRET || field->kind == FIELD_JSON ||
	    field->kind == FIELD_OBJECT_PTR || field->flags & FIELD_OMIT_EMPTY)
		return !is_absent(field, object);
	return true;
}

const struct field *model_missing(const struct model *model, const void *object)
{
	for (size_t i = 0; i < model->n_fields; i++) {
		const struct field *field = &model->fields[i];
		bool pointer = field->kind == FIELD_STRING || field->kind == FIELD_SECRET ||
			       field->kind == FIELD_JSON || field->kind == FIELD_OBJECT_PTR;
		if (field->flags & FIELD_REQUIRED && pointer && is_absent(field, object))
			return field;
		if (field->flags & FIELD_REQUIRED && field->flags & FIELD_HAS && !model_is_written(field, object))
			return field;
	}
	return NULL;
}

static size_t edit_distance(const char *a, const char *b, size_t limit)
{
	size_t n = strlen(a), m = strlen(b), row[65];
	if (n > 64 || m > 64 || (n > m ? n - m : m - n) > limit)
		return limit + 1;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
		}
	}
	return row[m];
}

const char *text_nearest(const char *word, const char *const *names, size_t n)
{
	size_t limit = strlen(word) / 3 + 1, best = limit + 1;
	const char *nearest = NULL;
	for (size_t i = 0; i < n; i++) {
		size_t distance = edit_distance(word, names[i], limit);
		if (distance < best) {
			best = distance;
			nearest = names[i];
		}
	}
	return nearest;
}

void model_suggest(const struct model *model, struct slice key, struct buf *out)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	const char **names = NULL;
	size_t n = 0;
	for (size_t i = 0; i < model->n_fields; i++) { /* whole names, and the first word of dotted ones */
		const char *name = model->fields[i].name;
		*ARENA_PUSH(arena, names, n) = name;
		if (strchr(name, '.'))
			*ARENA_PUSH(arena, names, n) = arena_strndup(arena, name, strcspn(name, "."));
	}
	const char *near = text_nearest(arena_strndup(arena, key.p, key.n), names, n);
	if (near)
		buf_printf(out, " (did you mean \"%s\"?)", near);
}

static struct error *no_such_path(const struct model *model, const char *path, struct slice key)
{
	struct buf hint CLEANUP(buf_done) = BUF_INIT(512);
	model_suggest(model, key, &hint);
	return error_new(ERROR_INVALID, "unknown key \"%s\"%s", path, buf_str(&hint));
}

/* "10,50,100" into a list, replacing what it held. */
static const char *assign_list(const struct field *field, void *object, struct arena *arena, const char *text)
{
	const char *wrong = NULL;
	*model_count(field, object) = 0;
	*(void **)member_of(field, object) = NULL;
	for (const char *p = text; *p && !wrong;) {
		size_t n = strcspn(p, ",");
		wrong = model_assign_element(field, object, SIZE_MAX, arena,
					     (struct token){TOKEN_STRING, slice_make(p, n)});
		p += n + (p[n] == ',');
	}
	return wrong;
}

struct error *model_set_text(const struct model *model, void *object, struct arena *arena, const char *path,
			     const char *text)
{
	struct field_set set = field_set_all(model);
	for (const char *p = path;;) {
		size_t n = strcspn(p, ".");
		struct slice key = slice_make(p, n);
		void *holder;
		struct field_set deeper;
		const struct field *field = model_find(model, set, key, object, &holder, &deeper);
		bool last = p[n] == '\0';
		if (!field && deeper.bits && !last) {
			set = deeper;
		} else if (field && !last && (field->kind == FIELD_OBJECT || field->kind == FIELD_OBJECT_PTR)) {
			void *member = member_of(field, holder);
			bool fresh = field->kind == FIELD_OBJECT_PTR && !*(void **)member;
			object = fresh || field->kind == FIELD_OBJECT ? model_enter(field, holder, arena)
								      : *(void **)member;
			model = field->model;
			set = field_set_all(model);
		} else if (field && last) {
			bool list = field->kind == FIELD_STRINGS || field->kind == FIELD_INTS;
			const char *wrong =
				list ? assign_list(field, holder, arena, text)
				     : model_assign(field, holder, arena, (struct token){TOKEN_STRING, slice_of(text)});
			return wrong ? error_new(ERROR_INVALID, "%s: \"%s\" is %s", path,
						 field->kind == FIELD_SECRET ? "(hidden)" : text, wrong)
				     : NULL;
		} else {
			return no_such_path(model, path, key);
		}
		p += n + 1;
	}
}

/* The printable value of a scalar. */
static const char *scalar_text(const struct field *field, const void *object, char *out, size_t size)
{
	const void *member = member_of(field, object);
	switch (field->kind) {
	case FIELD_STRING:
	case FIELD_JSON:
		return *(const char *const *)member;
	case FIELD_SECRET:
		return *(const char *const *)member ? "(hidden)" : NULL;
	case FIELD_BOOL:
		return *(const bool *)member ? "true" : "false";
	case FIELD_INT:
		snprintf(out, size, "%lld", (long long)*(const int64_t *)member);
		return out;
	case FIELD_DOUBLE:
	case FIELD_PERCENT:
		snprintf(out, size, "%.15g", *(const double *)member);
		return out;
	case FIELD_TIME:
		return time_format_rfc3339(*(const int64_t *)member, out);
	case FIELD_DURATION:
		return duration_format_exact(*(const int64_t *)member, out);
	case FIELD_ENUM:
		return field->names[*(const int *)member];
	case FIELD_OBJECT:
	case FIELD_OBJECT_PTR:
	case FIELD_LIST:
	case FIELD_STRINGS:
	case FIELD_INTS:
	case FIELD_MAP:
	default:
		return NULL;
	}
}

struct visit {
	model_visit_fn *fn;
	void *context;
};

static void visit_object(const struct visit *visit, const struct model *model, const void *object, const char *prefix);

static void visit_list(const struct visit *visit, const struct field *field, const void *object, const char *path)
{
	size_t n = *model_count(field, object);
	const void *items = *(void *const *)member_of(field, object);
	for (size_t i = 0; i < n; i++) {
		char *item CLEANUP(mem_freep) = mem_printf("%s[%zu]", path, i);
		char number[32];
		if (field->kind == FIELD_LIST) {
			visit_object(visit, field->model, (const char *)items + i * field->model->size, item);
		} else if (field->kind == FIELD_STRINGS) {
			visit->fn(visit->context, field, item, ((const char *const *)items)[i]);
		} else if (field->kind == FIELD_INTS) {
			snprintf(number, sizeof number, "%lld", (long long)((const int64_t *)items)[i]);
			visit->fn(visit->context, field, item, number);
		} else {
			char *key CLEANUP(mem_freep) = mem_printf("%s.%s", path, ((const struct pair *)items)[i].key);
			visit->fn(visit->context, field, key, ((const struct pair *)items)[i].value);
		}
	}
}

static void visit_object(const struct visit *visit, const struct model *model, const void *object, const char *prefix)
{
	for (size_t i = 0; i < model->n_fields; i++) {
		const struct field *field = &model->fields[i];
		bool is_inline = field->flags & FIELD_INLINE;
		char *path CLEANUP(mem_freep) =
			is_inline ? mem_strdup(prefix) : mem_printf("%s%s%s", prefix, *prefix ? "." : "", field->name);
		char text[TIME_TEXT];
		if (field->kind == FIELD_OBJECT)
			visit_object(visit, field->model, member_of(field, object), path);
		else if (field->kind == FIELD_OBJECT_PTR && *(void **)member_of(field, object))
			visit_object(visit, field->model, *(void **)member_of(field, object), path);
		else if (field->kind == FIELD_LIST || field->kind == FIELD_STRINGS || field->kind == FIELD_INTS ||
			 field->kind == FIELD_MAP)
			visit_list(visit, field, object, path);
		else if (model_is_written(field, object))
			visit->fn(visit->context, field, path, scalar_text(field, object, text, sizeof text));
	}
}

void model_visit(const struct model *model, const void *object, model_visit_fn *fn, void *context)
{
	struct visit visit = {fn, context};
	visit_object(&visit, model, object, "");
}
