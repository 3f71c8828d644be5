#include "assessment/check.h"

const struct check checks_tool[] = {{.id = NULL}};
