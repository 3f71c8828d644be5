/* What both ways of reading YAML share. */
#pragma once

#include "codec/yaml.h"

/* What cannot stand in YAML is refused before libfyaml sees it: of bytes that are no UTF-8 it does not come back, or
 * ends the document there without a word. `controls`: control characters are refused, too. */
struct error *yaml_check_text(struct slice text, const char *name, int line_offset, bool controls) MUST_CHECK;

/* What an alias stands for, by its name alone; NULL: no such anchor before it. (fy_node_resolve_alias() takes paths,
 * too, which are no YAML, and looks for their numbers beyond the end of the text.) */
struct fy_node;
struct fy_node *yaml_anchored(struct fy_node *alias);
