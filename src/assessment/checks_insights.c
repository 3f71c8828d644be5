#include "assessment/check.h"

const struct check checks_insights[] = {{.id = NULL}};
