/* The values of an add-on against the schema that EKS publishes for a version of it: as far as EKS itself would refuse
 * them at once (a key that is not known, another type, a word that is none of those allowed). */
#pragma once

#include <jansson.h>
#include "base/mem.h"

/* NULL: nothing wrong is known; else where and what, in words: "env.OLD is not known". */
const char *addon_schema_wrong(const json_t *schema, const json_t *values, struct arena *arena);
