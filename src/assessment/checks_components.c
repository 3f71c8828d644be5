#include "assessment/check.h"

const struct check checks_components[] = {{.id = NULL}};
