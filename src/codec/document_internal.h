/* Strict decoding with positions, for YAML and JSON files. */
#pragma once

#include "codec/document.h"

struct document_reader {
	const char *name; /* stands for the source in messages */
	bool strict;	  /* unknown members are errors */
	struct arena *arena;
	/* Writes "line:column" of a path into out, or nothing; NULL: positions are not known. */
	void (*locate)(void *context, const char *path, struct buf *out);
	void *context;
};
struct error *document_read(const struct document_reader *reader, const json_t *document, const struct model *model,
			    void *object) MUST_CHECK;

/* The value of a member that is no list, map or object; the caller's. */
json_t *document_encode_scalar(const struct field *field, const void *object);
