/* What may be a secret does not go into a snapshot, which people pass on: values of environment variables, and the copy
 * of the whole object that kubectl apply leaves in an annotation. Nothing that is concluded from a snapshot needs them.
 * The text is passed through as it is otherwise, without a tree: there are many pods. */
#include "perception/snapshot_hide.h"

#include <jansson.h>
#include <string.h>
#include "base/mem.h"
#include "codec/document.h"
#include "codec/json_decode.h"

enum { DEPTH = 200 };
static const char HIDDEN[] = "\"[hidden]\"";
static const char APPLIED[] = "\"kubectl.kubernetes.io/last-applied-configuration\"";

/* Where the value of a member called `key` (in its quotes) begins, from `p` on; NULL: there is none. A quote within a
 * text has a backslash before it, so what is found is no part of one. */
static const char *value_of(const char *p, const char *end, const char *key)
{
	size_t n = strlen(key);
	while (p && p < end && (p = memmem(p, (size_t)(end - p), key, n))) {
		bool quoted = p[-1] == '\\';
		p += n;
		while (p < end && strchr(" \t\r\n", *p))
			p++;
		if (p == end || *p != ':' || quoted)
			continue;
		for (p++; p < end && strchr(" \t\r\n", *p);)
			p++;
		return p < end ? p : NULL;
	}
	return NULL;
}

static const char *end_of(const char *p, const char *end)
{
	struct json_cursor c = {.p = p, .end = end, .max_depth = DEPTH};
	return json_skip(&c) ? c.p : NULL;
}

static void copy(struct buf *out, const char *from, const char *to)
{
	buf_append(out, from, (size_t)(to - from));
}

/* An array of {"name": …, "value": …}; from which member a value comes says nothing of it and stays. */
static bool hide_values(const char *p, const char *end, struct buf *out)
{
	for (const char *value; (value = value_of(p + 1, end, "\"value\""));) {
		const char *after = end_of(value, end);
		if (!after)
			return false;
		copy(out, p, value);
		buf_puts(out, HIDDEN);
		p = after;
	}
	copy(out, p, end);
	return true;
}

/* Of the copied object its kind and name. */
static void put_applied(const char *p, const char *end, struct buf *out)
{
	static const char *const kept[] = {"apiVersion", "kind", "metadata.name", "metadata.namespace"};
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct json_cursor c = {.p = p, .end = end, .arena = arena, .max_depth = DEPTH};
	struct slice text;
	json_t *object DOCUMENT_CLEANUP =
		*p == '"' && json_text(&c, &text) ? json_loadb(text.p, text.n, 0, NULL) : NULL;
	json_t *brief DOCUMENT_CLEANUP = json_pack("{s:{}}", "metadata");
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		const char *word = document_text(object, kept[i]), *dot = strchr(kept[i], '.');
		json_t *into = dot ? json_object_get(brief, "metadata") : brief;
		if (word)
			json_object_set_new(into, dot ? dot + 1 : kept[i], json_string(word));
	}
	char *inner CLEANUP(mem_freep) = json_dumps(brief, JSON_COMPACT);
	json_t *quoted DOCUMENT_CLEANUP = json_string(inner);
	char *outer CLEANUP(mem_freep) = json_dumps(quoted, JSON_ENCODE_ANY);
	buf_puts(out, object ? outer : HIDDEN);
}

bool snapshot_hide(struct slice text, struct buf *out)
{
	const char *p = text.p, *end = p + text.n;
	const char *applied = text.n ? value_of(p + 1, end, APPLIED) : NULL;
	for (;;) {
		const char *env = p < end ? value_of(p + 1, end, "\"env\"") : NULL;
		bool first = applied && (!env || applied < env);
		const char *value = first ? applied : env, *after = value ? end_of(value, end) : NULL;
		if (!value) {
			copy(out, p, end);
			return true;
		}
		if (!after)
			return false;
		copy(out, p, value);
		if (first)
			put_applied(value, after, out);
		else if (!hide_values(value, after, out))
			return false;
		applied = first ? NULL : applied;
		p = after;
	}
}
