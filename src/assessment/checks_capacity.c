#include "assessment/check.h"

const struct check checks_capacity[] = {{.id = NULL}};
