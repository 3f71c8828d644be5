#include "assessment/check.h"

const struct check checks_skew[] = {{.id = NULL}};
