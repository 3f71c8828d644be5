#include "assessment/check.h"

const struct check checks_gitops[] = {{.id = NULL}};
