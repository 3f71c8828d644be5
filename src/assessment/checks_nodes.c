#include "assessment/check.h"

const struct check checks_nodes[] = {{.id = NULL}};
