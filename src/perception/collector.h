/* Looks: AWS, Kubernetes, GitOps, DNS, into one ClusterState. Reads only. A source that fails costs itself, never the
 * rest; only the cluster itself (eks:DescribeCluster, the API server's identity) must answer. */
#pragma once

#include "config/config.h"
#include "kube/kube.h"
#include "models/cluster_state.h"
#include "port/ports.h"

struct error *perception_collect(const struct ports *ports, const struct config *config, struct aws *aws,
				 struct kube *kube, struct arena *arena, struct cluster_state *ret) MUST_CHECK;

/* The id of a hosted zone by name or id; NOT_FOUND with what to do. */
struct error *perception_find_zone(struct aws *aws, const char *wanted, struct arena *arena,
				   const char **ret_id) MUST_CHECK;
