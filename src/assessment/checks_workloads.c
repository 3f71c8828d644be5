/* Will the workloads stay available while nodes are replaced? */
#include <string.h>
#include "assessment/check.h"
#include "assessment/index.h"
#include "codec/document.h"

const struct check checks_workloads[] = {{.id = NULL}};
