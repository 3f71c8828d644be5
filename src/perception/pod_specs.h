/* Specs of pods. Replicas have the same one but for the node's name and the name of a token's volume, and lists bring
 * replicas one after the other: a spec is compared with the last few that were read, and read only when it is new. */
#pragma once

#include "codec/model_pool.h"
#include "models/kube_objects.h"

struct pod_specs;
struct pod_specs *pod_specs_new(struct model_pool *pool); /* which is borrowed, and keeps the specs */
void pod_specs_free(struct pod_specs *specs);

/* Turns `spec_text` of a pod that kube_pod_text_model read into `spec`, without what differs for no reason: the node's
 * name, tokens' volumes, and of a DaemonSet's pod the affinity that names its node. */
struct error *pod_specs_read(struct pod_specs *specs, struct kube_pod *pod, struct arena *scratch) MUST_CHECK;
