/* YAML by libfyaml: with positions, so that a wrong key is told with line, column and the nearest right one. Anchors
 * and aliases are followed within a budget (bombs are refused), depth and size are bounded. */
#pragma once

#include <jansson.h>
#include "codec/model.h"

/* Decodes one strict document: unknown keys are errors with did-you-mean. `name:line:column: message`. *ret_places (the
 * caller's; NULL: not wanted) maps each path ("traffic.steps[0]") to "line:column". */
struct error *yaml_decode(struct slice text, const char *name, const struct model *model, void *object,
			  struct arena *arena, json_t **ret_places) MUST_CHECK;

/* The first document of a text, whatever is in it; NULL when it is empty. Places as yaml_decode() gives them. */
struct error *yaml_document_placed(struct slice text, const char *name, json_t **ret, json_t **ret_places) MUST_CHECK;

/* Every document of a stream as json_t (YAML 1.1-style scalars as Kubernetes reads them: true/false/null/numbers
 * plain). A broken document is given to `fn` as `error` (borrowed) with document NULL; its neighbours are still read.
 * `line` is where the document's first key stands, from 1. `fn` gives false to stop. */
typedef bool yaml_document_fn(void *context, json_t *document, size_t index, int line, const struct error *error);
struct error *yaml_documents(struct slice text, const char *name, yaml_document_fn *fn, void *context) MUST_CHECK;
