/* Held documents are jansson's json_t; this adds what jansson has not: our errors, cleanup, canonical bytes, paths. */
#pragma once

#include <jansson.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/mem.h"
#include "codec/model.h"

void document_freep(json_t **document); /* for CLEANUP: json_decref */
#define DOCUMENT_CLEANUP CLEANUP(document_freep)

/* INVALID with line and column. The result is the caller's. Bounded to 64 MiB and 200 levels. */
struct error *document_parse(struct slice text, const char *name, json_t **ret) MUST_CHECK;
/* An object or a list, of two members of one name the later; NULL when it is none. The result is the caller's. */
json_t *document_load(struct slice text);
/* Sorted keys, no spaces: the form that is hashed. Same value, same bytes. */
bool document_canonical(const json_t *document, struct buf *out);
bool document_print(const json_t *document, bool pretty, struct buf *out);
void document_hash(const json_t *document, char out[65]); /* SHA-256 of the canonical form, hex */

/* "status.conditions[0].type"; borrowed, NULL when any part is missing. Never creates. */
json_t *document_at(const json_t *document, const char *path);
const char *document_text(const json_t *document, const char *path); /* NULL when absent or not a string */
const char *document_text_or(const json_t *document, const char *path, const char *otherwise);
int64_t document_int_or(const json_t *document, const char *path, int64_t otherwise); /* also from numeric strings */
double document_real_or(const json_t *document, const char *path, double otherwise);
/* A time as AWS's wire has it (seconds since 1970) or as people write it (RFC 3339); false: none. */
bool document_time(const json_t *document, const char *path, int64_t *ret_time_ms);
bool document_true(const json_t *document, const char *path); /* false when absent */
/* Owned copy of printf-built text as a JSON string. */
json_t *document_printf(const char *format, ...) PRINTF_LIKE(1, 2);

/* Between structs and documents, by field table. */
struct error *document_decode(const json_t *document, const char *name, const struct model *model, void *object,
			      struct arena *arena) MUST_CHECK;
json_t *document_encode(const struct model *model, const void *object);
