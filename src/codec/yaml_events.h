/* A YAML document as events with places, without building anything that outlives it: what a scanner of a whole
 * repository needs. yaml_skim() reads what manifests are usually made of, at the speed of memory, and gives up at
 * whatever is unusual; yaml_walk() reads everything, by libfyaml, and tells what is broken. What yaml_skim() accepts,
 * libfyaml accepts with the same events. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "base/error.h"

enum yaml_style {
	YAML_PLAIN,  /* the text as it is */
	YAML_SINGLE, /* between single quotes: '' is one of them */
	YAML_DOUBLE, /* between double quotes: with escapes still in it */
	YAML_BLOCK,  /* of yaml_skim() the text is empty: block scalars are not looked into */
	YAML_DECODED /* by libfyaml: the value itself */
};

/* `at`: offset of the value within the document's text. Keys are never escaped. A key without a value is followed by an
 * empty plain scalar. */
struct yaml_events {
	void (*open)(void *context, bool list, size_t at);
	void (*close)(void *context);
	void (*key)(void *context, struct slice text, size_t at);
	void (*scalar)(void *context, struct slice text, enum yaml_style style, size_t at);
};

/* Reads one document from text.p + *at on, a document's marker line included. true: *at stands at the next document's
 * marker, or, behind a document in braces, at what follows it; or at the end. false: something unusual or broken was
 * met; *at is as it was, and events so far are to be forgotten. The text must not have a CR that no LF follows. */
bool yaml_skim(struct slice text, size_t *at, const struct yaml_events *events, void *context);

/* The same for a document of any shape (`text` holds one). `line_offset`: how many lines stand before it in its file.
 */
struct error *yaml_walk(struct slice text, const char *name, int line_offset, const struct yaml_events *events,
			void *context) MUST_CHECK;

/* Where a document that begins at `at` ends: at the next marker line, or at the end of the text. */
size_t yaml_document_end(struct slice text, size_t at);
/* Is the line at p a document's marker, "---" or "..."? */
bool yaml_is_marker(const char *p, const char *end);

/* The value of a scalar; into `out` (cleared) when it has escapes or folds. Gives what stands there. */
struct slice yaml_scalar_value(struct slice text, enum yaml_style style, struct buf *out);
