/* What perception saw, at one time, as one document: the brief's ClusterState, widened. */
#pragma once

#include "codec/model.h"

enum { CLUSTER_STATE_MOST_REPLICAS = 100000 }; /* of one workload */

struct source_info {
	const char *name, *status /* ok denied failed skipped */, *detail;
};
struct node_group_info {
	const char *name, *version, *release_version, *ami_type, *capacity_type, *status;
	int64_t desired, min, max;
	const char **instance_types;
	size_t n_instance_types;
};
struct addon_info {
	const char *name, *version, *status;
};
struct node_info {
	const char *name, *kubelet_version, *node_group, *zone;
	bool ready, unschedulable;
};
struct workload_info {
	const char *kind, *ns, *name;
	int64_t replicas, ready;
	bool has_storage, single; /* volume claims; one replica only */
};
struct pdb_info {
	const char *ns, *name;
	int64_t disruptions_allowed, current_healthy, desired_healthy, expected_pods;
};
struct service_info {
	const char *kind /* Service, Ingress */, *ns, *name, *type, *hostname;
};
struct application_info {
	const char *name, *ns, *project, *destination, *revision, *sync, *health, *source /* argocd flux helm */;
};
struct record_info {
	const char *zone_id, *name, *type, *set_identifier, *target;
	int64_t weight, ttl;
	bool alias, evaluate_target_health;
};
struct deprecated_api_info {
	const char *api_version, *kind, *ns, *name, *removed_in, *deprecated_in, *replacement, *source;
};

struct cluster_state {
	int64_t format; /* 1 */
	const char *cluster_name, *cluster_arn, *region, *current_version, *platform_version, *status, *endpoint,
		*oidc_issuer, *vpc_id, *role_arn;
	int64_t captured_at_ms;
	const char **subnets;
	size_t n_subnets;
	struct node_group_info *node_groups;
	size_t n_node_groups;
	struct addon_info *addons;
	size_t n_addons;
	struct node_info *nodes;
	size_t n_nodes;
	struct workload_info *workloads;
	size_t n_workloads;
	struct pdb_info *pdbs;
	size_t n_pdbs;
	struct service_info *services;
	size_t n_services;
	struct application_info *applications;
	size_t n_applications;
	struct record_info *records;
	size_t n_records;
	struct deprecated_api_info *deprecated_apis;
	size_t n_deprecated_apis;
	struct pair *inventory;
	size_t n_inventory; /* kind -> count of objects */
	int64_t pods;
	struct source_info *sources;
	size_t n_sources;
};
extern const struct model cluster_state_model;

/* From a file that `plan --snapshot` wrote, into `arena`. INVALID for another format version, or what is no snapshot.
 */
struct error *cluster_state_read(struct slice text, const char *name, struct arena *arena,
				 struct cluster_state *ret) MUST_CHECK;
/* SHA-256 hex over the canonical document without captured_at (so that the same world has the same hash). */
void cluster_state_hash(const struct cluster_state *state, char out[65]);
