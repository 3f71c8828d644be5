/* The two readers behind xml_parse(). */
#pragma once

#include "codec/xml.h"

/* Reads what is plainly written: ASCII, elements, attributes without prefixes, the five entities. False: it is not
 * plain, or not right; which of them only the library can tell. What it makes is what the library would make. */
bool xml_read_plain(struct slice text, struct arena *arena, struct xml_node **ret_root);
struct error *xml_read_by_library(struct slice text, const char *name, struct arena *arena,
				  struct xml_node **ret_root) MUST_CHECK;
