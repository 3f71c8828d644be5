/* What the generated tables have beside their public face. */
#pragma once

#include <stddef.h>

/* Rows of knowledge_apis[] ordered by group, resource, version; of a kind and its list, the kind. */
extern const unsigned short knowledge_by_resource[];
extern const size_t knowledge_n_by_resource;
