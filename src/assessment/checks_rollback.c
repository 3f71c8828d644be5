#include "assessment/check.h"

const struct check checks_rollback[] = {{.id = NULL}};
