#include "assessment/check.h"

const struct check checks_drain[] = {{.id = NULL}};
