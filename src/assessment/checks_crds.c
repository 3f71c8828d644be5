/* Custom resource definitions: versions that are stored, served, deprecated, converted. */
#include "assessment/check.h"

const struct check checks_crds[] = {{.id = NULL}};
