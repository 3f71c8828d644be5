#include "assessment/check.h"

const struct check checks_addons[] = {{.id = NULL}};
