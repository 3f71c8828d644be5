/* Field tables: one table a struct serves JSON, YAML, environment overrides, validation messages with a path, diffing,
 * redaction and documentation. A model never changes after compilation; everything decoded lives in the caller's arena.
 *
 *   struct addon { const char *name, *version; bool has_version; };
 *   static const struct field addon_fields[] = {
 *       F_STRING(struct addon, name, "name", FIELD_REQUIRED, "name as EKS knows it"), …
 *   };
 *   const struct model addon_model = MODEL("AddonInfo", struct addon, addon_fields);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/mem.h"

enum field_kind {
	FIELD_STRING,	  /* const char *          NULL when absent */
	FIELD_BOOL,	  /* bool */
	FIELD_INT,	  /* int64_t               min/max checked when min < max */
	FIELD_DOUBLE,	  /* double */
	FIELD_TIME,	  /* int64_t ms since 1970; text form RFC 3339, or seconds as a number */
	FIELD_DURATION,	  /* int64_t ms; text form "10m", or seconds as a number */
	FIELD_PERCENT,	  /* double, 0.01 for "1%"; or a plain number as it is */
	FIELD_ENUM,	  /* int, an index into `names` */
	FIELD_OBJECT,	  /* struct, embedded */
	FIELD_OBJECT_PTR, /* struct *              NULL when absent */
	FIELD_LIST,	  /* T *items + size_t at offset_n, of `model`; one element: element_size = model->size */
	FIELD_STRINGS,	  /* const char **items + size_t at offset_n */
	FIELD_INTS,	  /* int64_t *items + size_t at offset_n */
	FIELD_MAP,	  /* struct pair *items + size_t at offset_n; string values (other scalars as their text) */
	FIELD_JSON,	  /* const char *: the value's own JSON text, whatever it is; NULL when absent */
	FIELD_SECRET,	  /* const char *: as STRING, but never shown by config show, logs, diffs or errors */
};

enum field_flags {
	FIELD_REQUIRED = 1 << 0,
	FIELD_HAS = 1 << 1, /* offset_n is the offset of a bool `has_…` that is set when present (scalars only) */
	FIELD_OMIT_EMPTY = 1 << 2, /* not written when 0, false, NULL or empty */
	FIELD_INLINE = 1 << 3, /* OBJECT whose members are read and written in place of it; name is only for paths */
};

struct pair {
	const char *key;
	const char *value;
};

struct model;
struct field {
	const char *name; /* on the wire; dotted for a path into nested objects: "metadata.name" (decode only) */
	enum field_kind kind;
	unsigned flags;
	size_t offset;
	size_t offset_n;	   /* of the count (lists, maps) or of the bool (FIELD_HAS); SIZE_MAX: none */
	const struct model *model; /* OBJECT, OBJECT_PTR, LIST */
	const char *const *names;  /* ENUM, NULL-terminated, lower-case words as on the wire */
	int64_t min, max;	   /* INT, DURATION: both 0: no limit */
	const char *doc;	   /* one line for `config schema` and documentation */
};

struct model {
	const char *name; /* "ClusterState" */
	size_t size;
	const struct field *fields;
	size_t n_fields;
};

/* A struct's bytes 8i to 8i+7 are its word i: what is known word by word is known of the first so many, a bit each. */
enum { MODEL_WORDS = 64 };

#define MODEL(wire_name, type, table)                                                                                  \
	{                                                                                                              \
		(wire_name), sizeof(type), (table), ARRAY_SIZE(table)                                                  \
	}
#define FIELD_(T, member, wire, k, fl, d)                                                                              \
	{                                                                                                              \
		.name = (wire), .kind = (k), .flags = (fl), .offset = offsetof(T, member), .offset_n = SIZE_MAX,       \
		.doc = (d)                                                                                             \
	}
#define F_STRING(T, member, wire, fl, d) FIELD_(T, member, wire, FIELD_STRING, fl, d)
#define F_SECRET(T, member, wire, fl, d) FIELD_(T, member, wire, FIELD_SECRET, fl, d)
#define F_BOOL(T, member, wire, fl, d) FIELD_(T, member, wire, FIELD_BOOL, fl, d)
#define F_INT(T, member, wire, fl, d) FIELD_(T, member, wire, FIELD_INT, fl, d)
#define F_INT_RANGE(T, member, wire, fl, lo, hi, d)                                                                    \
	{                                                                                                              \
		.name = (wire), .kind = FIELD_INT, .flags = (fl), .offset = offsetof(T, member), .offset_n = SIZE_MAX, \
		.min = (lo), .max = (hi), .doc = (d)                                                                   \
	}
#define F_DOUBLE(T, member, wire, fl, d) FIELD_(T, member, wire, FIELD_DOUBLE, fl, d)
#define F_PERCENT(T, member, wire, fl, d) FIELD_(T, member, wire, FIELD_PERCENT, fl, d)
#define F_TIME(T, member, wire, fl, d) FIELD_(T, member, wire, FIELD_TIME, fl, d)
#define F_DURATION(T, member, wire, fl, d) FIELD_(T, member, wire, FIELD_DURATION, fl, d)
#define F_JSON(T, member, wire, fl, d) FIELD_(T, member, wire, FIELD_JSON, fl, d)
/* First in its table: the object's own JSON text, as it came (streams and json_decode() of servers' words only). */
#define F_WHOLE(T, member) FIELD_(T, member, "", FIELD_JSON, 0, "")
#define F_ENUM(T, member, wire, fl, table, d)                                                                          \
	{                                                                                                              \
		.name = (wire), .kind = FIELD_ENUM, .flags = (fl), .offset = offsetof(T, member),                      \
		.offset_n = SIZE_MAX, .names = (table), .doc = (d)                                                     \
	}
#define F_OBJECT(T, member, wire, fl, m, d)                                                                            \
	{                                                                                                              \
		.name = (wire), .kind = FIELD_OBJECT, .flags = (fl), .offset = offsetof(T, member),                    \
		.offset_n = SIZE_MAX, .model = (m), .doc = (d)                                                         \
	}
#define F_OBJECT_PTR(T, member, wire, fl, m, d)                                                                        \
	{                                                                                                              \
		.name = (wire), .kind = FIELD_OBJECT_PTR, .flags = (fl), .offset = offsetof(T, member),                \
		.offset_n = SIZE_MAX, .model = (m), .doc = (d)                                                         \
	}
#define F_LIST(T, member, n_member, wire, fl, m, d)                                                                    \
	{                                                                                                              \
		.name = (wire), .kind = FIELD_LIST, .flags = (fl), .offset = offsetof(T, member),                      \
		.offset_n = offsetof(T, n_member), .model = (m), .doc = (d)                                            \
	}
#define F_STRINGS(T, member, n_member, wire, fl, d)                                                                    \
	{                                                                                                              \
		.name = (wire), .kind = FIELD_STRINGS, .flags = (fl), .offset = offsetof(T, member),                   \
		.offset_n = offsetof(T, n_member), .doc = (d)                                                          \
	}
#define F_INTS(T, member, n_member, wire, fl, d)                                                                       \
	{                                                                                                              \
		.name = (wire), .kind = FIELD_INTS, .flags = (fl), .offset = offsetof(T, member),                      \
		.offset_n = offsetof(T, n_member), .doc = (d)                                                          \
	}
#define F_MAP(T, member, n_member, wire, fl, d)                                                                        \
	{                                                                                                              \
		.name = (wire), .kind = FIELD_MAP, .flags = (fl), .offset = offsetof(T, member),                       \
		.offset_n = offsetof(T, n_member), .doc = (d)                                                          \
	}

/* Sets one scalar member by dotted path ("traffic.steps") from text, as environment overrides and flags do.
 * INVALID with a did-you-mean when there is no such path or the text does not fit. */
struct error *model_set_text(const struct model *model, void *object, struct arena *arena, const char *path,
			     const char *text) MUST_CHECK;
/* The nearest of `names` to `word` by edit distance, or NULL when none is near. */
const char *text_nearest(const char *word, const char *const *names, size_t n);
/* JSON Schema (draft 2020-12) of a model, appended to `out`. */
void model_schema(const struct model *model, struct buf *out);
/* Calls `fn` for each leaf with its path ("nodeGroups[3].version") and printable value (secrets: "(hidden)"). */
typedef void model_visit_fn(void *context, const struct field *field, const char *path, const char *value);
void model_visit(const struct model *model, const void *object, model_visit_fn *fn, void *context);
