#include "assessment/check.h"

const struct check checks_webhooks[] = {{.id = NULL}};
