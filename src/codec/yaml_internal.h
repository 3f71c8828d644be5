/* YAML with the places of its values, for configuration origins; and what both ways of reading it share. */
#pragma once

#include "codec/yaml.h"

/* As yaml_decode(); besides, *ret_places (the caller's) maps each path ("traffic.steps[0]") to "line:column". */
struct error *yaml_decode_placed(struct slice text, const char *name, const struct model *model, void *object,
				 struct arena *arena, json_t **ret_places) MUST_CHECK;

/* The first document of a text, whatever is in it; NULL when it is empty. Places as above. */
struct error *yaml_document_placed(struct slice text, const char *name, json_t **ret, json_t **ret_places) MUST_CHECK;

/* What cannot stand in YAML is refused before libfyaml sees it: of bytes that are no UTF-8 it does not come back, or ends
 * the document there without a word. `controls`: control characters are refused, too. */
struct error *yaml_check_text(struct slice text, const char *name, int line_offset, bool controls) MUST_CHECK;

/* What an alias stands for, by its name alone; NULL: no such anchor before it. (fy_node_resolve_alias() takes paths,
 * too, which are no YAML, and looks for their numbers beyond the end of the text.) */
struct fy_node;
struct fy_node *yaml_anchored(struct fy_node *alias);
