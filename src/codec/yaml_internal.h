/* What both ways of reading YAML share. */
#pragma once

#include "codec/yaml.h"

/* What cannot stand in YAML is refused before libfyaml sees it: of bytes that are no UTF-8 it does not come back, or
 * ends the document there without a word. `controls`: control characters are refused, too. */
struct error *yaml_check_text(struct slice text, const char *name, int line_offset, bool controls) MUST_CHECK;

/* The first document of a text that was checked, or what is wrong with it; neither where libfyaml has nothing to say.
 * By itself it would pass in silence over what follows the document without a marker (a line that is indented less than
 * the first): that is an error, too. `flags` are FYPCF_…; the text must outlive the document. */
struct fy_document;
struct error *yaml_parse(struct slice text, const char *name, int line_offset, unsigned flags,
			 struct fy_document **ret) MUST_CHECK;

/* What an alias stands for, by its name alone; NULL: no such anchor before it. (fy_node_resolve_alias() takes paths,
 * too, which are no YAML, and looks for their numbers beyond the end of the text.) */
struct fy_node;
struct fy_node *yaml_anchored(struct fy_node *alias);
