/* What the gatherers of evidence share. */
#pragma once

#include "assessment/api_evidence.h"

/* Adds a piece of evidence, completed from its line of the tables. */
struct api_evidence *api_evidence_push(struct assess *assess, struct api_evidence evidence);
/* "/apis/policy/v1beta1/namespaces/shop/poddisruptionbudgets/x?…": group, version, resource; false when it is none. */
bool api_evidence_split_path(const struct assess *assess, const char *path, struct api_evidence *out);
bool api_evidence_same_text(const char *a, const char *b); /* NULL is "" */

void api_gather_manifests(struct assess *assess); /* api_manifests.c: of Helm's releases, files and Git */
void api_gather_callers(struct assess *assess);	  /* api_callers.c: of insights and audit log */
