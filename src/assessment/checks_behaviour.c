#include "assessment/check.h"

const struct check checks_behaviour[] = {{.id = NULL}};
