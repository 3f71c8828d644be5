#include "assessment/check.h"

const struct check checks_control_plane[] = {{.id = NULL}};
