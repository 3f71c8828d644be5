/* What Kubernetes tells: lists streamed side by side, each keeping a few words of each object. */
#pragma once

#include "kube/kube.h"
#include "models/cluster_state.h"

/* Fills nodes, workloads, disruption budgets, services, inventory and the number of pods. A list that is denied or
 * fails costs itself only: it is told in sources[]. */
struct error *kubernetes_collect(struct kube *kube, struct arena *arena, struct cluster_state *ret) MUST_CHECK;
/* Nodes and workloads only: what tells whether a cluster is well. */
struct error *kubernetes_collect_running(struct kube *kube, struct arena *arena, struct cluster_state *ret) MUST_CHECK;
