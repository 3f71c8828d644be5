/* YAML with the places of its values, for configuration origins. */
#pragma once

#include "codec/yaml.h"

/* As yaml_decode(); besides, *ret_places (the caller's) maps each path ("traffic.steps[0]") to "line:column". */
struct error *yaml_decode_placed(struct slice text, const char *name, const struct model *model, void *object,
				 struct arena *arena, json_t **ret_places) MUST_CHECK;

/* The first document of a text, whatever is in it; NULL when it is empty. Places as above. */
struct error *yaml_document_placed(struct slice text, const char *name, json_t **ret, json_t **ret_places) MUST_CHECK;
