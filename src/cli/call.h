/* The parts of `call`: one for AWS, one for Kubernetes. */
#pragma once

#include <jansson.h>
#include "cli/cli.h"

struct error *call_kube(struct cli *cli) MUST_CHECK;

/* The argument at `index` as a document, "-" is stdin; NULL when it is not given. */
struct error *call_read_document(struct cli *cli, size_t index, json_t **ret) MUST_CHECK;
/* PRECONDITION (exit 4) unless --yes is given. */
struct error *call_needs_yes(struct cli *cli, const char *what) MUST_CHECK;
