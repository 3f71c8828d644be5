/* Helm's releases as it keeps them: JSON, gzipped, base64, in a Secret (which is base64 once more). */
#pragma once

#include "models/kube_objects.h"

/* `text` is a Secret's data.release. INVALID says which layer is broken; at most 64 MiB unpacked. */
struct error *helm_release_decode(struct slice text, struct arena *arena, struct helm_release *ret) MUST_CHECK;
