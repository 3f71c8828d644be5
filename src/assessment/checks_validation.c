#include "assessment/check.h"

const struct check checks_validation[] = {{.id = NULL}};
