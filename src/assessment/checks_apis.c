#include "assessment/check.h"

const struct check checks_apis[] = {{.id = NULL}};
