#include "assessment/check.h"

const struct check checks_blue_green[] = {{.id = NULL}};
