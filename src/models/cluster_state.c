/* The snapshot's table and its hash. */
#include "models/cluster_state.h"

#include "codec/document.h"
#include "codec/json.h"

enum { STATE_FORMAT = 1 };

static const struct field source_fields[] = {
	F_STRING(struct source_info, name, "name", FIELD_REQUIRED, "what was asked"),
	F_STRING(struct source_info, status, "status", FIELD_REQUIRED, "ok, denied, failed or skipped"),
	F_STRING(struct source_info, detail, "detail", 0, "why"),
};
static const struct model source_model = MODEL("SourceInfo", struct source_info, source_fields);

static const struct field node_group_fields[] = {
	F_STRING(struct node_group_info, name, "name", FIELD_REQUIRED, "name"),
	F_STRING(struct node_group_info, version, "version", 0, "Kubernetes version"),
	F_STRING(struct node_group_info, release_version, "release_version", 0, "AMI release"),
	F_STRING(struct node_group_info, ami_type, "ami_type", 0, "kind of AMI"),
	F_STRING(struct node_group_info, capacity_type, "capacity_type", 0, "ON_DEMAND or SPOT"),
	F_STRING(struct node_group_info, status, "status", 0, "EKS' status"),
	F_INT(struct node_group_info, desired, "desired", 0, "nodes wanted"),
	F_INT(struct node_group_info, min, "min", 0, "least"),
	F_INT(struct node_group_info, max, "max", 0, "most"),
	F_STRINGS(struct node_group_info, instance_types, n_instance_types, "instance_types", 0, "of its nodes"),
};
static const struct model node_group_model = MODEL("NodeGroupInfo", struct node_group_info, node_group_fields);

static const struct field addon_fields[] = {
	F_STRING(struct addon_info, name, "name", FIELD_REQUIRED, "name"),
	F_STRING(struct addon_info, version, "version", 0, "version"),
	F_STRING(struct addon_info, status, "status", 0, "EKS' status"),
};
static const struct model addon_model = MODEL("AddonInfo", struct addon_info, addon_fields);

static const struct field node_fields[] = {
	F_STRING(struct node_info, name, "name", FIELD_REQUIRED, "name"),
	F_STRING(struct node_info, kubelet_version, "kubelet_version", 0, "kubelet"),
	F_STRING(struct node_info, node_group, "node_group", 0, "managed node group"),
	F_STRING(struct node_info, zone, "zone", 0, "availability zone"),
	F_BOOL(struct node_info, ready, "ready", 0, "condition Ready"),
	F_BOOL(struct node_info, unschedulable, "unschedulable", 0, "cordoned"),
};
static const struct model node_model = MODEL("NodeInfo", struct node_info, node_fields);

static const struct field workload_fields[] = {
	F_STRING(struct workload_info, kind, "kind", FIELD_REQUIRED, "kind"),
	F_STRING(struct workload_info, ns, "namespace", FIELD_REQUIRED, "namespace"),
	F_STRING(struct workload_info, name, "name", FIELD_REQUIRED, "name"),
	F_INT_RANGE(struct workload_info, replicas, "replicas", 0, 0, CLUSTER_STATE_MOST_REPLICAS, "wanted"),
	F_INT(struct workload_info, ready, "ready", 0, "ready"),
	F_BOOL(struct workload_info, has_storage, "has_storage", 0, "has volume claims"),
	F_BOOL(struct workload_info, single, "single", 0, "one replica only"),
};
static const struct model workload_model = MODEL("WorkloadInfo", struct workload_info, workload_fields);

static const struct field pdb_fields[] = {
	F_STRING(struct pdb_info, ns, "namespace", 0, "namespace"),
	F_STRING(struct pdb_info, name, "name", FIELD_REQUIRED, "name"),
	F_INT(struct pdb_info, disruptions_allowed, "disruptions_allowed", 0, "evictions allowed now"),
	F_INT(struct pdb_info, current_healthy, "current_healthy", 0, "healthy pods"),
	F_INT(struct pdb_info, desired_healthy, "desired_healthy", 0, "healthy pods it wants"),
	F_INT(struct pdb_info, expected_pods, "expected_pods", 0, "pods it counts"),
};
static const struct model pdb_model = MODEL("PodDisruptionBudgetInfo", struct pdb_info, pdb_fields);

static const struct field service_fields[] = {
	F_STRING(struct service_info, kind, "kind", FIELD_REQUIRED, "Service or Ingress"),
	F_STRING(struct service_info, ns, "namespace", FIELD_REQUIRED, "namespace"),
	F_STRING(struct service_info, name, "name", FIELD_REQUIRED, "name"),
	F_STRING(struct service_info, type, "type", 0, "type"),
	F_STRING(struct service_info, hostname, "hostname", 0, "load balancer"),
};
static const struct model service_model = MODEL("ServiceInfo", struct service_info, service_fields);

static const struct field application_fields[] = {
	F_STRING(struct application_info, name, "name", FIELD_REQUIRED, "name"),
	F_STRING(struct application_info, ns, "namespace", 0, "namespace"),
	F_STRING(struct application_info, project, "project", 0, "project"),
	F_STRING(struct application_info, destination, "destination", 0, "server or cluster name"),
	F_STRING(struct application_info, revision, "revision", 0, "revision synced"),
	F_STRING(struct application_info, sync, "sync", 0, "sync status"),
	F_STRING(struct application_info, health, "health", 0, "health status"),
	F_STRING(struct application_info, source, "source", 0, "argocd, flux or helm"),
};
static const struct model application_model = MODEL("ApplicationInfo", struct application_info, application_fields);

static const struct field record_fields[] = {
	F_STRING(struct record_info, zone_id, "zone_id", 0, "hosted zone"),
	F_STRING(struct record_info, name, "name", FIELD_REQUIRED, "name"),
	F_STRING(struct record_info, type, "type", 0, "type"),
	F_STRING(struct record_info, set_identifier, "set_identifier", 0, "of a weighted record"),
	F_STRING(struct record_info, target, "target", 0, "where it points"),
	F_INT(struct record_info, weight, "weight", 0, "-1: a simple record"),
	F_INT(struct record_info, ttl, "ttl", 0, "seconds; 60 for aliases"),
	F_BOOL(struct record_info, alias, "alias", 0, "an alias"),
	F_BOOL(struct record_info, evaluate_target_health, "evaluate_target_health", 0, "of the alias"),
};
static const struct model record_model = MODEL("RecordInfo", struct record_info, record_fields);

static const struct field deprecated_api_fields[] = {
	F_STRING(struct deprecated_api_info, api_version, "api_version", FIELD_REQUIRED, "group/version"),
	F_STRING(struct deprecated_api_info, kind, "kind", 0, "kind"),
	F_STRING(struct deprecated_api_info, ns, "namespace", 0, "namespace"),
	F_STRING(struct deprecated_api_info, name, "name", 0, "name"),
	F_STRING(struct deprecated_api_info, removed_in, "removed_in", 0, "version without it"),
	F_STRING(struct deprecated_api_info, deprecated_in, "deprecated_in", 0, "version that warns"),
	F_STRING(struct deprecated_api_info, replacement, "replacement", 0, "what to use"),
	F_STRING(struct deprecated_api_info, source, "source", 0, "evidence"),
};
static const struct model deprecated_api_model =
	MODEL("DeprecatedAPIInfo", struct deprecated_api_info, deprecated_api_fields);

static const struct field state_fields[] = {
	F_INT(struct cluster_state, format, "format", FIELD_REQUIRED, "format of this document"),
	F_STRING(struct cluster_state, cluster_name, "cluster_name", FIELD_REQUIRED, "name"),
	F_STRING(struct cluster_state, cluster_arn, "cluster_arn", 0, "ARN"),
	F_STRING(struct cluster_state, region, "region", 0, "region"),
	F_STRING(struct cluster_state, current_version, "current_version", FIELD_REQUIRED, "Kubernetes version"),
	F_STRING(struct cluster_state, platform_version, "platform_version", 0, "EKS platform"),
	F_STRING(struct cluster_state, status, "status", 0, "EKS' status"),
	F_STRING(struct cluster_state, endpoint, "endpoint", 0, "API server"),
	F_STRING(struct cluster_state, oidc_issuer, "oidc_issuer", 0, "identity provider"),
	F_STRING(struct cluster_state, vpc_id, "vpc_id", 0, "VPC"),
	F_STRING(struct cluster_state, role_arn, "role_arn", 0, "cluster role"),
	F_TIME(struct cluster_state, captured_at_ms, "captured_at", 0, "when it was seen"),
	F_STRINGS(struct cluster_state, subnets, n_subnets, "subnets", 0, "subnets"),
	F_LIST(struct cluster_state, node_groups, n_node_groups, "node_groups", 0, &node_group_model, "node groups"),
	F_LIST(struct cluster_state, addons, n_addons, "addons", 0, &addon_model, "add-ons"),
	F_LIST(struct cluster_state, nodes, n_nodes, "nodes", 0, &node_model, "nodes"),
	F_LIST(struct cluster_state, workloads, n_workloads, "workloads", 0, &workload_model, "workloads"),
	F_LIST(struct cluster_state, pdbs, n_pdbs, "pod_disruption_budgets", 0, &pdb_model, "disruption budgets"),
	F_LIST(struct cluster_state, services, n_services, "services", 0, &service_model, "services and ingresses"),
	F_LIST(struct cluster_state, applications, n_applications, "applications", 0, &application_model,
	       "GitOps applications"),
	F_LIST(struct cluster_state, records, n_records, "records", 0, &record_model,
	       "DNS records of the users' names"),
	F_LIST(struct cluster_state, deprecated_apis, n_deprecated_apis, "deprecated_apis", 0, &deprecated_api_model,
	       "APIs that go away"),
	F_MAP(struct cluster_state, inventory, n_inventory, "inventory", 0, "objects by kind"),
	F_INT(struct cluster_state, pods, "pods", 0, "pods"),
	F_LIST(struct cluster_state, sources, n_sources, "sources", 0, &source_model,
	       "what was asked, and how it went"),
};
const struct model cluster_state_model = MODEL("ClusterState", struct cluster_state, state_fields);

void cluster_state_hash(const struct cluster_state *state, char out[65])
{
	json_t *document DOCUMENT_CLEANUP = document_encode(&cluster_state_model, state);
	json_object_del(document, "captured_at");
	document_hash(document, out);
}

struct error *cluster_state_read(struct slice text, const char *name, struct arena *arena, struct cluster_state *ret)
{
	json_t *document DOCUMENT_CLEANUP = NULL;
	TRY(document_parse(text, name, &document));
	int64_t format = document_int_or(document, "format", 0);
	if (format != STATE_FORMAT)
		return error_remedy(format ? error_new(ERROR_INVALID,
						       "%s: a snapshot of format %lld, this program reads format %d",
						       name, (long long)format, STATE_FORMAT)
					   : error_new(ERROR_INVALID, "%s: not a snapshot", name),
				    "save it anew: eks-upgrade-agent plan --snapshot FILE");
	struct error *error = json_decode(text, name, JSON_READ_STRICT, &cluster_state_model, ret, arena);
	if (error)
		return error_remedy(error, "a snapshot is what this writes: eks-upgrade-agent plan --snapshot FILE");
	return NULL;
}
