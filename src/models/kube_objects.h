/* What checks read of Kubernetes' objects: one struct a kind, or a family of kinds, each with its field table, so that
 * lists stream into them and folders read into them alike. What a check needs and is not here yet is one more member
 * and one more row. JSON members hold the value's own text (NULL: absent); parse them where they are needed.
 *
 * Objects of an inventory are settled in a pool: shared, never changed. */
#pragma once

#include "codec/model.h"

struct kube_owner {
	const char *kind, *name;
	bool controller;
};
struct kube_writer { /* of managedFields */
	const char *manager, *api_version, *subresource;
	const char *fields; /* JSON; of Deployments, StatefulSets, DaemonSets and ConfigMaps */
	int64_t time_ms;
};
struct kube_meta {
	const char *ns, *name, *uid;
	const char *api_version; /* as the object said; NULL in lists */
	int64_t created_ms, deletion_ms;
	struct pair *labels, *annotations; /* last-applied is read on the way in, not kept; nor are values over 4 KiB */
	size_t n_labels, n_annotations;
	struct kube_owner *owners;
	size_t n_owners;
	const char **finalizers;
	size_t n_finalizers;
	struct kube_writer *writers; /* read on the way in; kept where add-ons are, see inventory_take() */
	size_t n_writers;
};
const char *kube_meta_label(const struct kube_meta *meta, const char *key); /* NULL when there is none */
const char *kube_meta_annotation(const struct kube_meta *meta, const char *key);
/* The label or annotation by which Argo CD or Flux mark what they write from a manifest of theirs: a change made here
 * they take back. NULL: neither does. */
const char *kube_meta_gitops(const struct kube_meta *meta);
const struct kube_owner *kube_meta_controller(const struct kube_meta *meta); /* NULL: nobody's */
const char *kube_pairs_get(const struct pair *pairs, size_t n, const char *key);

struct kube_condition {
	const char *type, *status, *reason, *message;
};
/* "True", "False", "Unknown"; NULL when there is none of this type. */
const char *kube_condition_status(const struct kube_condition *conditions, size_t n, const char *type);

struct kube_port {
	const char *protocol;
	int64_t host_port;
};
struct kube_mount {
	const char *name;
};
struct kube_container {
	const char *name, *image, *restart_policy;
	const char **command, **args;
	size_t n_command, n_args;
	struct pair *requests, *limits;
	size_t n_requests, n_limits;
	struct kube_port *ports;
	size_t n_ports;
	struct kube_mount *mounts;
	size_t n_mounts;
	const char *readiness, *pre_stop;     /* JSON */
	const char *security, *restart_rules; /* JSON: securityContext, restartPolicyRules */
};
struct kube_volume {
	const char *text; /* the whole volume, as JSON: for the rarer sources */
	const char *name, *claim, *host_path;
	const char *empty_dir; /* JSON: there or not */
};
struct kube_toleration {
	const char *key, *op, *value, *effect;
};
struct kube_pod_spec {
	const char *node_name; /* kept in struct kube_pod */
	struct kube_container *containers, *init_containers;
	size_t n_containers, n_init_containers;
	struct kube_volume *volumes; /* without the tokens that the API server adds itself */
	size_t n_volumes;
	struct pair *node_selector, *overhead;
	size_t n_node_selector, n_overhead;
	const char *affinity, *topology_spread, *readiness_gates, *security; /* JSON */
	const char *resources, *resource_claims, *hostname_override;	     /* JSON but the last */
	struct kube_toleration *tolerations;
	size_t n_tolerations;
	bool has_grace_s;
	int64_t grace_s;
	const char *restart_policy;
};
struct kube_pod_template {
	struct pair *labels, *annotations;
	size_t n_labels, n_annotations;
	struct kube_pod_spec *spec; /* NULL: none */
};

struct kube_container_status {
	const char *image, *waiting, *terminated, *last_terminated; /* reasons */
	int64_t restarts;
};
struct kube_pod {
	struct kube_meta meta;
	const char *node_name, *phase, *reason;
	union {
		struct kube_pod_spec *spec;
		char *spec_text; /* JSON: what kube_pod_text_model reads instead */
	};
	struct kube_condition *conditions;
	size_t n_conditions;
	struct kube_container_status *statuses, *init_statuses;
	size_t n_statuses, n_init_statuses;
	int64_t started_ms;
};
bool kube_pod_ready(const struct kube_pod *pod);
bool kube_pod_finished(const struct kube_pod *pod); /* Succeeded or Failed */
bool kube_pod_mirror(const struct kube_pod *pod);   /* static: the kubelet's own */

struct kube_taint {
	const char *key, *value, *effect;
};
struct kube_node {
	struct kube_meta meta;
	bool unschedulable;
	struct kube_taint *taints;
	size_t n_taints;
	const char *provider_id;
	struct pair *allocatable;
	size_t n_allocatable;
	struct kube_condition *conditions;
	size_t n_conditions;
	const char *kubelet, *os_image, *runtime, *operating_system;
};

/* Deployment, StatefulSet, DaemonSet, ReplicaSet (without its template), ReplicationController, Job, CronJob. */
struct kube_workload {
	const char *kind;
	struct kube_meta meta;
	bool has_replicas;
	int64_t replicas; /* wanted; of a DaemonSet desiredNumberScheduled; of a Job its parallelism */
	const char *selector, *strategy, *claim_templates; /* JSON */
	struct kube_pod_template template;
	int64_t min_ready_s;
	const char *pod_management, *schedule;
	bool suspend;
	int64_t ready, active, started_ms, completed_ms;
	struct kube_condition *conditions;
	size_t n_conditions;
};

struct kube_pdb {
	struct kube_meta meta;
	const char *min_available, *max_unavailable, *selector; /* JSON */
	const char *unhealthy_policy;
	bool has_allowed; /* the status was written */
	int64_t allowed, healthy, desired, expected;
};

struct kube_service_port {
	const char *app_protocol;
};
struct kube_ingress_point {
	const char *hostname;
};
struct kube_service {
	struct kube_meta meta;
	const char *type, *load_balancer_ip;
	const char *external_ips, *source_ranges, *topology_keys; /* JSON */
	bool publish_not_ready;
	struct pair *selector;
	size_t n_selector;
	struct kube_service_port *ports;
	size_t n_ports;
	struct kube_ingress_point *points;
	size_t n_points;
};
struct kube_endpoint {
	const char *ready; /* JSON: true, false, or absent */
};
struct kube_endpoint_slice {
	struct kube_meta meta;
	struct kube_endpoint *endpoints; /* empty in the inventory: counted */
	size_t n_endpoints;
	int64_t total, ready;
};
struct kube_ingress {
	struct kube_meta meta;
	const char *class_name, *rules, *tls, *default_backend; /* JSON but the first */
	struct kube_ingress_point *points;
	size_t n_points;
};
struct kube_hpa {
	struct kube_meta meta;
	const char *target_api, *target_kind, *target_name, *behavior; /* JSON: the last */
	int64_t max, current, desired;
};

struct kube_rule { /* of a webhook */
	const char **groups, **versions, **resources, **operations;
	size_t n_groups, n_versions, n_resources, n_operations;
	const char *scope;
};
struct kube_webhook {
	const char *name, *failure_policy, *ca_bundle;
	const char *service_ns, *service_name;
	int64_t timeout_s;
	struct kube_rule *rules;
	size_t n_rules;
	const char *namespace_selector, *object_selector, *match_conditions; /* JSON */
	const char **review_versions;
	size_t n_review_versions;
};
struct kube_webhook_configuration { /* Validating and Mutating */
	const char *kind;
	struct kube_meta meta;
	struct kube_webhook *webhooks;
	size_t n_webhooks;
};

struct kube_crd_version {
	const char *name, *deprecation_warning;
	bool served, storage, deprecated;
};
struct kube_crd {
	struct kube_meta meta;
	const char *group;
	struct kube_crd_version *versions;
	size_t n_versions;
	const char *conversion, *conversion_ns, *conversion_service;
	const char **stored;
	size_t n_stored;
};
struct kube_api_service {
	struct kube_meta meta;
	const char *service_ns, *service_name;
	struct kube_condition *conditions;
	size_t n_conditions;
};

struct kube_storage_class {
	struct kube_meta meta;
	const char *provisioner, *topologies /* JSON */;
};
struct kube_csi_node_driver {
	const char *name;
};
struct kube_csi_node {
	struct kube_meta meta;
	struct kube_csi_node_driver *drivers;
	size_t n_drivers;
};
struct kube_volume_object { /* PersistentVolume */
	struct kube_meta meta;
	const char *claim_ns, *claim_name, *csi_driver, *local_path, *host_path, *aws_volume, *node_affinity /* JSON */,
		*spec /* JSON, whole */;
};
struct kube_claim { /* PersistentVolumeClaim */
	struct kube_meta meta;
	const char *volume, *class_name;
};

struct kube_policy_rule {
	const char **groups, **resources;
	size_t n_groups, n_resources;
};
struct kube_role { /* Role and ClusterRole */
	const char *kind;
	struct kube_meta meta;
	struct kube_policy_rule *rules;
	size_t n_rules;
};
struct kube_subject {
	const char *name;
};
struct kube_role_binding { /* RoleBinding and ClusterRoleBinding */
	const char *kind;
	struct kube_meta meta;
	const char *role_kind, *role_name;
	struct kube_subject *subjects;
	size_t n_subjects;
};

struct kube_namespace {
	struct kube_meta meta;
};
struct kube_service_account {
	struct kube_meta meta;
	const char *secrets; /* JSON */
};
struct kube_config_map {
	struct kube_meta meta;
	struct pair *data;
	size_t n_data;
};
struct kube_lease {
	struct kube_meta meta;
	const char *holder;
	int64_t renewed_ms, duration_s;
};

/* Any other kind whose spec and status somebody reads: Karpenter, Argo CD, Flux, Velero, Gateways … */
struct kube_custom {
	const char *kind;
	struct kube_meta meta;
	const char *spec, *status; /* JSON */
	const char *driver;	   /* of a VolumeSnapshotClass */
};
/* A kind of which only names are kept. */
struct kube_named {
	const char *kind;
	struct kube_meta meta;
};

struct kube_secret_release { /* a Secret of type helm.sh/release.v1; read on the way in */
	struct kube_meta meta;
	const char *type, *release; /* data.release */
};
struct helm_release {
	const char *ns, *name, *status, *chart, *chart_version, *app_version, *kube_version;
	int64_t revision, updated_ms;
	const char *manifest;
	const char *installed; /* of the revision that is deployed, where a later one has failed; else NULL */
};

extern const struct model kube_pod_model, kube_pod_text_model, kube_pod_but_spec_model, kube_pod_spec_model,
	kube_node_model, kube_deployment_model, kube_stateful_set_model, kube_daemon_set_model, kube_replica_set_model,
	kube_job_model, kube_cron_job_model, kube_pdb_model, kube_service_model, kube_endpoint_slice_model,
	kube_ingress_model, kube_hpa_model, kube_webhook_configuration_model, kube_crd_model, kube_api_service_model,
	kube_storage_class_model, kube_csi_node_model, kube_volume_object_model, kube_claim_model, kube_role_model,
	kube_role_binding_model, kube_namespace_model, kube_service_account_model, kube_config_map_model,
	kube_lease_model, kube_custom_model, kube_named_model, kube_secret_release_model, helm_release_model;
