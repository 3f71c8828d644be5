/* Field tables of Kubernetes' objects, and the few words that everybody asks of them. */
#include "models/kube_objects.h"

#include <string.h>

static const struct field owner_fields[] = {
	F_STRING(struct kube_owner, kind, "kind", 0, ""),
	F_STRING(struct kube_owner, name, "name", 0, ""),
	F_BOOL(struct kube_owner, controller, "controller", 0, ""),
};
static const struct model owner_model = MODEL("OwnerReference", struct kube_owner, owner_fields);

static const struct field writer_fields[] = {
	F_STRING(struct kube_writer, manager, "manager", 0, ""),
	F_STRING(struct kube_writer, api_version, "apiVersion", 0, ""),
	F_STRING(struct kube_writer, subresource, "subresource", 0, ""),
	F_TIME(struct kube_writer, time_ms, "time", 0, ""),
};
static const struct model writer_model = MODEL("ManagedFieldsEntry", struct kube_writer, writer_fields);

/* What they own is most of an object's bytes: read of those alone of which somebody asks it. */
static const struct field owning_writer_fields[] = {
	F_STRING(struct kube_writer, manager, "manager", 0, ""),
	F_STRING(struct kube_writer, api_version, "apiVersion", 0, ""),
	F_STRING(struct kube_writer, subresource, "subresource", 0, ""),
	F_TIME(struct kube_writer, time_ms, "time", 0, ""),
	F_JSON(struct kube_writer, fields, "fieldsV1", 0, ""),
};
static const struct model owning_writer_model = MODEL("ManagedFieldsEntry", struct kube_writer, owning_writer_fields);

#define META_FIELDS(writers_model)                                                                                     \
	F_STRING(struct kube_meta, ns, "namespace", 0, ""), F_STRING(struct kube_meta, name, "name", 0, ""),           \
		F_STRING(struct kube_meta, uid, "uid", 0, ""),                                                         \
		F_TIME(struct kube_meta, created_ms, "creationTimestamp", 0, ""),                                      \
		F_TIME(struct kube_meta, deletion_ms, "deletionTimestamp", 0, ""),                                     \
		F_MAP(struct kube_meta, labels, n_labels, "labels", 0, ""),                                            \
		F_MAP(struct kube_meta, annotations, n_annotations, "annotations", 0, ""),                             \
		F_LIST(struct kube_meta, owners, n_owners, "ownerReferences", 0, &owner_model, ""),                    \
		F_STRINGS(struct kube_meta, finalizers, n_finalizers, "finalizers", 0, ""),                            \
		F_LIST(struct kube_meta, writers, n_writers, "managedFields", 0, writers_model, "")
static const struct field meta_fields[] = {META_FIELDS(&writer_model)};
static const struct model meta_model = MODEL("ObjectMeta", struct kube_meta, meta_fields);
static const struct field owned_meta_fields[] = {META_FIELDS(&owning_writer_model)};
static const struct model owned_meta_model = MODEL("ObjectMeta", struct kube_meta, owned_meta_fields);

/* Every object begins so. */
#define META(T) F_OBJECT(T, meta, "metadata", 0, &meta_model, ""), F_STRING(T, meta.api_version, "apiVersion", 0, "")
#define KIND(T) META(T), F_STRING(T, kind, "kind", 0, "")
#define OWNED_META(T)                                                                                                  \
	F_OBJECT(T, meta, "metadata", 0, &owned_meta_model, ""), F_STRING(T, meta.api_version, "apiVersion", 0, "")

static const struct field condition_fields[] = {
	F_STRING(struct kube_condition, type, "type", 0, ""),
	F_STRING(struct kube_condition, status, "status", 0, ""),
	F_STRING(struct kube_condition, reason, "reason", 0, ""),
	F_STRING(struct kube_condition, message, "message", 0, ""),
};
static const struct model condition_model = MODEL("Condition", struct kube_condition, condition_fields);
#define CONDITIONS(T) F_LIST(T, conditions, n_conditions, "status.conditions", 0, &condition_model, "")

static const struct field port_fields[] = {
	F_STRING(struct kube_port, protocol, "protocol", 0, ""),
	F_INT(struct kube_port, host_port, "hostPort", 0, ""),
};
static const struct model port_model = MODEL("ContainerPort", struct kube_port, port_fields);

static const struct field mount_fields[] = {
	F_STRING(struct kube_mount, name, "name", 0, ""),
};
static const struct model mount_model = MODEL("VolumeMount", struct kube_mount, mount_fields);

static const struct field container_fields[] = {
	F_STRING(struct kube_container, name, "name", 0, ""),
	F_STRING(struct kube_container, image, "image", 0, ""),
	F_STRING(struct kube_container, restart_policy, "restartPolicy", 0, ""),
	F_STRINGS(struct kube_container, command, n_command, "command", 0, ""),
	F_STRINGS(struct kube_container, args, n_args, "args", 0, ""),
	F_MAP(struct kube_container, requests, n_requests, "resources.requests", 0, ""),
	F_MAP(struct kube_container, limits, n_limits, "resources.limits", 0, ""),
	F_LIST(struct kube_container, ports, n_ports, "ports", 0, &port_model, ""),
	F_LIST(struct kube_container, mounts, n_mounts, "volumeMounts", 0, &mount_model, ""),
	F_JSON(struct kube_container, readiness, "readinessProbe", 0, ""),
	F_JSON(struct kube_container, pre_stop, "lifecycle.preStop", 0, ""),
	F_JSON(struct kube_container, security, "securityContext", 0, ""),
	F_JSON(struct kube_container, restart_rules, "restartPolicyRules", 0, ""),
};
static const struct model container_model = MODEL("Container", struct kube_container, container_fields);

static const struct field volume_fields[] = {
	F_WHOLE(struct kube_volume, text),
	F_STRING(struct kube_volume, name, "name", 0, ""),
	F_STRING(struct kube_volume, claim, "persistentVolumeClaim.claimName", 0, ""),
	F_STRING(struct kube_volume, host_path, "hostPath.path", 0, ""),
	F_JSON(struct kube_volume, empty_dir, "emptyDir", 0, ""),
};
static const struct model volume_model = MODEL("Volume", struct kube_volume, volume_fields);

static const struct field toleration_fields[] = {
	F_STRING(struct kube_toleration, key, "key", 0, ""),
	F_STRING(struct kube_toleration, op, "operator", 0, ""),
	F_STRING(struct kube_toleration, value, "value", 0, ""),
	F_STRING(struct kube_toleration, effect, "effect", 0, ""),
};
static const struct model toleration_model = MODEL("Toleration", struct kube_toleration, toleration_fields);

static const struct field pod_spec_fields[] = {
	F_STRING(struct kube_pod_spec, node_name, "nodeName", 0, ""),
	F_LIST(struct kube_pod_spec, containers, n_containers, "containers", 0, &container_model, ""),
	F_LIST(struct kube_pod_spec, init_containers, n_init_containers, "initContainers", 0, &container_model, ""),
	F_LIST(struct kube_pod_spec, volumes, n_volumes, "volumes", 0, &volume_model, ""),
	F_MAP(struct kube_pod_spec, node_selector, n_node_selector, "nodeSelector", 0, ""),
	F_MAP(struct kube_pod_spec, overhead, n_overhead, "overhead", 0, ""),
	F_JSON(struct kube_pod_spec, affinity, "affinity", 0, ""),
	F_JSON(struct kube_pod_spec, topology_spread, "topologySpreadConstraints", 0, ""),
	F_JSON(struct kube_pod_spec, readiness_gates, "readinessGates", 0, ""),
	F_JSON(struct kube_pod_spec, security, "securityContext", 0, ""),
	F_JSON(struct kube_pod_spec, resources, "resources", 0, ""),
	F_JSON(struct kube_pod_spec, resource_claims, "resourceClaims", 0, ""),
	F_STRING(struct kube_pod_spec, hostname_override, "hostnameOverride", 0, ""),
	F_LIST(struct kube_pod_spec, tolerations, n_tolerations, "tolerations", 0, &toleration_model, ""),
	{.name = "terminationGracePeriodSeconds",
	 .kind = FIELD_INT,
	 .flags = FIELD_HAS,
	 .offset = offsetof(struct kube_pod_spec, grace_s),
	 .offset_n = offsetof(struct kube_pod_spec, has_grace_s)},
	F_STRING(struct kube_pod_spec, restart_policy, "restartPolicy", 0, ""),
};
const struct model kube_pod_spec_model = MODEL("PodSpec", struct kube_pod_spec, pod_spec_fields);

static const struct field template_fields[] = {
	F_MAP(struct kube_pod_template, labels, n_labels, "metadata.labels", 0, ""),
	F_MAP(struct kube_pod_template, annotations, n_annotations, "metadata.annotations", 0, ""),
	F_OBJECT_PTR(struct kube_pod_template, spec, "spec", 0, &kube_pod_spec_model, ""),
};
static const struct model template_model = MODEL("PodTemplateSpec", struct kube_pod_template, template_fields);

static const struct field status_fields[] = {
	F_STRING(struct kube_container_status, image, "image", 0, ""),
	F_STRING(struct kube_container_status, waiting, "state.waiting.reason", 0, ""),
	F_STRING(struct kube_container_status, terminated, "state.terminated.reason", 0, ""),
	F_STRING(struct kube_container_status, last_terminated, "lastState.terminated.reason", 0, ""),
	F_INT(struct kube_container_status, restarts, "restartCount", 0, ""),
};
static const struct model status_model = MODEL("ContainerStatus", struct kube_container_status, status_fields);

#define POD_BUT_SPEC                                                                                                   \
	META(struct kube_pod), F_STRING(struct kube_pod, node_name, "spec.nodeName", 0, ""),                           \
		F_STRING(struct kube_pod, phase, "status.phase", 0, ""),                                               \
		F_STRING(struct kube_pod, reason, "status.reason", 0, ""),                                             \
		F_TIME(struct kube_pod, started_ms, "status.startTime", 0, ""), CONDITIONS(struct kube_pod),           \
		F_LIST(struct kube_pod, statuses, n_statuses, "status.containerStatuses", 0, &status_model, ""),       \
		F_LIST(struct kube_pod, init_statuses, n_init_statuses, "status.initContainerStatuses", 0,             \
		       &status_model, "")
static const struct field pod_fields[] = {
	POD_BUT_SPEC,
	F_OBJECT_PTR(struct kube_pod, spec, "spec", 0, &kube_pod_spec_model, ""),
};
const struct model kube_pod_model = MODEL("Pod", struct kube_pod, pod_fields);
static const struct field pod_text_fields[] = {POD_BUT_SPEC, F_JSON(struct kube_pod, spec_text, "spec", 0, "")};
const struct model kube_pod_text_model = MODEL("Pod", struct kube_pod, pod_text_fields);
static const struct field pod_but_spec_fields[] = {POD_BUT_SPEC};
const struct model kube_pod_but_spec_model = MODEL("Pod", struct kube_pod, pod_but_spec_fields);

static const struct field taint_fields[] = {
	F_STRING(struct kube_taint, key, "key", 0, ""),
	F_STRING(struct kube_taint, value, "value", 0, ""),
	F_STRING(struct kube_taint, effect, "effect", 0, ""),
};
static const struct model taint_model = MODEL("Taint", struct kube_taint, taint_fields);

static const struct field node_fields[] = {
	META(struct kube_node),
	F_BOOL(struct kube_node, unschedulable, "spec.unschedulable", 0, ""),
	F_LIST(struct kube_node, taints, n_taints, "spec.taints", 0, &taint_model, ""),
	F_STRING(struct kube_node, provider_id, "spec.providerID", 0, ""),
	F_MAP(struct kube_node, allocatable, n_allocatable, "status.allocatable", 0, ""),
	CONDITIONS(struct kube_node),
	F_STRING(struct kube_node, kubelet, "status.nodeInfo.kubeletVersion", 0, ""),
	F_STRING(struct kube_node, os_image, "status.nodeInfo.osImage", 0, ""),
	F_STRING(struct kube_node, runtime, "status.nodeInfo.containerRuntimeVersion", 0, ""),
	F_STRING(struct kube_node, operating_system, "status.nodeInfo.operatingSystem", 0, ""),
};
const struct model kube_node_model = MODEL("Node", struct kube_node, node_fields);

#define W struct kube_workload
#define REPLICAS(path)                                                                                                 \
	{                                                                                                              \
		.name = (path), .kind = FIELD_INT, .flags = FIELD_HAS, .offset = offsetof(W, replicas),                \
		.offset_n = offsetof(W, has_replicas)                                                                  \
	}
#define WORKLOAD                                                                                                       \
	OWNED_META(W), F_STRING(W, kind, "kind", 0, ""), F_JSON(W, selector, "spec.selector", 0, ""),                  \
		F_OBJECT(W, template, "spec.template", 0, &template_model, ""), CONDITIONS(W)

static const struct field deployment_fields[] = {
	WORKLOAD,
	REPLICAS("spec.replicas"),
	F_JSON(W, strategy, "spec.strategy", 0, ""),
	F_INT(W, min_ready_s, "spec.minReadySeconds", 0, ""),
	F_INT(W, ready, "status.readyReplicas", 0, ""),
};
const struct model kube_deployment_model = MODEL("Deployment", W, deployment_fields);

static const struct field stateful_set_fields[] = {
	WORKLOAD,
	REPLICAS("spec.replicas"),
	F_JSON(W, strategy, "spec.updateStrategy", 0, ""),
	F_JSON(W, claim_templates, "spec.volumeClaimTemplates", 0, ""),
	F_INT(W, min_ready_s, "spec.minReadySeconds", 0, ""),
	F_STRING(W, pod_management, "spec.podManagementPolicy", 0, ""),
	F_INT(W, ready, "status.readyReplicas", 0, ""),
};
const struct model kube_stateful_set_model = MODEL("StatefulSet", W, stateful_set_fields);

static const struct field daemon_set_fields[] = {
	WORKLOAD,
	REPLICAS("status.desiredNumberScheduled"),
	F_JSON(W, strategy, "spec.updateStrategy", 0, ""),
	F_INT(W, min_ready_s, "spec.minReadySeconds", 0, ""),
	F_INT(W, ready, "status.numberReady", 0, ""),
};
const struct model kube_daemon_set_model = MODEL("DaemonSet", W, daemon_set_fields);

static const struct field replica_set_fields[] = {
	KIND(W),
	REPLICAS("spec.replicas"),
	F_JSON(W, selector, "spec.selector", 0, ""),
	F_INT(W, ready, "status.readyReplicas", 0, ""),
};
const struct model kube_replica_set_model = MODEL("ReplicaSet", W, replica_set_fields);

static const struct field job_fields[] = {
	WORKLOAD,
	REPLICAS("spec.parallelism"),
	F_BOOL(W, suspend, "spec.suspend", 0, ""),
	F_INT(W, active, "status.active", 0, ""),
	F_TIME(W, started_ms, "status.startTime", 0, ""),
	F_TIME(W, completed_ms, "status.completionTime", 0, ""),
};
const struct model kube_job_model = MODEL("Job", W, job_fields);

static const struct field cron_job_fields[] = {
	KIND(W),
	F_OBJECT(W, template, "spec.jobTemplate.spec.template", 0, &template_model, ""),
	F_STRING(W, schedule, "spec.schedule", 0, ""),
	F_BOOL(W, suspend, "spec.suspend", 0, ""),
};
const struct model kube_cron_job_model = MODEL("CronJob", W, cron_job_fields);
#undef W

#define P struct kube_pdb
static const struct field pdb_fields[] = {
	META(P),
	F_JSON(P, min_available, "spec.minAvailable", 0, ""),
	F_JSON(P, max_unavailable, "spec.maxUnavailable", 0, ""),
	F_JSON(P, selector, "spec.selector", 0, ""),
	F_STRING(P, unhealthy_policy, "spec.unhealthyPodEvictionPolicy", 0, ""),
	{.name = "status.disruptionsAllowed",
	 .kind = FIELD_INT,
	 .flags = FIELD_HAS,
	 .offset = offsetof(P, allowed),
	 .offset_n = offsetof(P, has_allowed)},
	F_INT(P, healthy, "status.currentHealthy", 0, ""),
	F_INT(P, desired, "status.desiredHealthy", 0, ""),
	F_INT(P, expected, "status.expectedPods", 0, ""),
};
const struct model kube_pdb_model = MODEL("PodDisruptionBudget", P, pdb_fields);
#undef P

static const struct field service_port_fields[] = {
	F_STRING(struct kube_service_port, app_protocol, "appProtocol", 0, ""),
};
static const struct model service_port_model = MODEL("ServicePort", struct kube_service_port, service_port_fields);
static const struct field point_fields[] = {
	F_STRING(struct kube_ingress_point, hostname, "hostname", 0, ""),
};
static const struct model point_model = MODEL("LoadBalancerIngress", struct kube_ingress_point, point_fields);
static const struct field service_fields[] = {
	META(struct kube_service),
	F_STRING(struct kube_service, type, "spec.type", 0, ""),
	F_STRING(struct kube_service, load_balancer_ip, "spec.loadBalancerIP", 0, ""),
	F_JSON(struct kube_service, external_ips, "spec.externalIPs", 0, ""),
	F_JSON(struct kube_service, source_ranges, "spec.loadBalancerSourceRanges", 0, ""),
	F_JSON(struct kube_service, topology_keys, "spec.topologyKeys", 0, ""),
	F_BOOL(struct kube_service, publish_not_ready, "spec.publishNotReadyAddresses", 0, ""),
	F_MAP(struct kube_service, selector, n_selector, "spec.selector", 0, ""),
	F_LIST(struct kube_service, ports, n_ports, "spec.ports", 0, &service_port_model, ""),
	F_LIST(struct kube_service, points, n_points, "status.loadBalancer.ingress", 0, &point_model, ""),
};
const struct model kube_service_model = MODEL("Service", struct kube_service, service_fields);

static const struct field endpoint_fields[] = {
	F_JSON(struct kube_endpoint, ready, "conditions.ready", 0, ""),
};
static const struct model endpoint_model = MODEL("Endpoint", struct kube_endpoint, endpoint_fields);
static const struct field endpoint_slice_fields[] = {
	META(struct kube_endpoint_slice),
	F_LIST(struct kube_endpoint_slice, endpoints, n_endpoints, "endpoints", 0, &endpoint_model, ""),
};
const struct model kube_endpoint_slice_model =
	MODEL("EndpointSlice", struct kube_endpoint_slice, endpoint_slice_fields);

static const struct field ingress_fields[] = {
	META(struct kube_ingress),
	F_STRING(struct kube_ingress, class_name, "spec.ingressClassName", 0, ""),
	F_JSON(struct kube_ingress, rules, "spec.rules", 0, ""),
	F_JSON(struct kube_ingress, tls, "spec.tls", 0, ""),
	F_JSON(struct kube_ingress, default_backend, "spec.defaultBackend", 0, ""),
	F_LIST(struct kube_ingress, points, n_points, "status.loadBalancer.ingress", 0, &point_model, ""),
};
const struct model kube_ingress_model = MODEL("Ingress", struct kube_ingress, ingress_fields);

static const struct field hpa_fields[] = {
	META(struct kube_hpa),
	F_STRING(struct kube_hpa, target_api, "spec.scaleTargetRef.apiVersion", 0, ""),
	F_STRING(struct kube_hpa, target_kind, "spec.scaleTargetRef.kind", 0, ""),
	F_STRING(struct kube_hpa, target_name, "spec.scaleTargetRef.name", 0, ""),
	F_JSON(struct kube_hpa, behavior, "spec.behavior", 0, ""),
	F_INT(struct kube_hpa, max, "spec.maxReplicas", 0, ""),
	F_INT(struct kube_hpa, current, "status.currentReplicas", 0, ""),
	F_INT(struct kube_hpa, desired, "status.desiredReplicas", 0, ""),
};
const struct model kube_hpa_model = MODEL("HorizontalPodAutoscaler", struct kube_hpa, hpa_fields);

static const struct field rule_fields[] = {
	F_STRINGS(struct kube_rule, groups, n_groups, "apiGroups", 0, ""),
	F_STRINGS(struct kube_rule, versions, n_versions, "apiVersions", 0, ""),
	F_STRINGS(struct kube_rule, resources, n_resources, "resources", 0, ""),
	F_STRINGS(struct kube_rule, operations, n_operations, "operations", 0, ""),
	F_STRING(struct kube_rule, scope, "scope", 0, ""),
};
static const struct model rule_model = MODEL("RuleWithOperations", struct kube_rule, rule_fields);
#define H struct kube_webhook
static const struct field webhook_fields[] = {
	F_STRING(H, name, "name", 0, ""),
	F_STRING(H, failure_policy, "failurePolicy", 0, ""),
	F_STRING(H, ca_bundle, "clientConfig.caBundle", 0, ""),
	F_STRING(H, service_ns, "clientConfig.service.namespace", 0, ""),
	F_STRING(H, service_name, "clientConfig.service.name", 0, ""),
	F_INT(H, timeout_s, "timeoutSeconds", 0, ""),
	F_LIST(H, rules, n_rules, "rules", 0, &rule_model, ""),
	F_JSON(H, namespace_selector, "namespaceSelector", 0, ""),
	F_JSON(H, object_selector, "objectSelector", 0, ""),
	F_JSON(H, match_conditions, "matchConditions", 0, ""),
	F_STRINGS(H, review_versions, n_review_versions, "admissionReviewVersions", 0, ""),
};
static const struct model webhook_model = MODEL("Webhook", H, webhook_fields);
#undef H
static const struct field webhook_configuration_fields[] = {
	KIND(struct kube_webhook_configuration),
	F_LIST(struct kube_webhook_configuration, webhooks, n_webhooks, "webhooks", 0, &webhook_model, ""),
};
const struct model kube_webhook_configuration_model =
	MODEL("WebhookConfiguration", struct kube_webhook_configuration, webhook_configuration_fields);

static const struct field crd_version_fields[] = {
	F_STRING(struct kube_crd_version, name, "name", 0, ""),
	F_STRING(struct kube_crd_version, deprecation_warning, "deprecationWarning", 0, ""),
	F_BOOL(struct kube_crd_version, served, "served", 0, ""),
	F_BOOL(struct kube_crd_version, storage, "storage", 0, ""),
	F_BOOL(struct kube_crd_version, deprecated, "deprecated", 0, ""),
};
static const struct model crd_version_model =
	MODEL("CustomResourceDefinitionVersion", struct kube_crd_version, crd_version_fields);
#define C struct kube_crd
static const struct field crd_fields[] = {
	META(C),
	F_STRING(C, group, "spec.group", 0, ""),
	F_LIST(C, versions, n_versions, "spec.versions", 0, &crd_version_model, ""),
	F_STRING(C, conversion, "spec.conversion.strategy", 0, ""),
	F_STRING(C, conversion_ns, "spec.conversion.webhook.clientConfig.service.namespace", 0, ""),
	F_STRING(C, conversion_service, "spec.conversion.webhook.clientConfig.service.name", 0, ""),
	F_STRINGS(C, stored, n_stored, "status.storedVersions", 0, ""),
};
const struct model kube_crd_model = MODEL("CustomResourceDefinition", C, crd_fields);
#undef C

#define A struct kube_api_service
static const struct field api_service_fields[] = {
	META(A),
	F_STRING(A, service_ns, "spec.service.namespace", 0, ""),
	F_STRING(A, service_name, "spec.service.name", 0, ""),
	CONDITIONS(A),
};
const struct model kube_api_service_model = MODEL("APIService", A, api_service_fields);
#undef A

#define S struct kube_storage_class
static const struct field storage_class_fields[] = {
	META(S),
	F_STRING(S, provisioner, "provisioner", 0, ""),
	F_JSON(S, topologies, "allowedTopologies", 0, ""),
};
const struct model kube_storage_class_model = MODEL("StorageClass", S, storage_class_fields);
#undef S

static const struct field csi_driver_fields[] = {
	F_STRING(struct kube_csi_node_driver, name, "name", 0, ""),
};
static const struct model csi_driver_model = MODEL("CSINodeDriver", struct kube_csi_node_driver, csi_driver_fields);
static const struct field csi_node_fields[] = {
	META(struct kube_csi_node),
	F_LIST(struct kube_csi_node, drivers, n_drivers, "spec.drivers", 0, &csi_driver_model, ""),
};
const struct model kube_csi_node_model = MODEL("CSINode", struct kube_csi_node, csi_node_fields);

#define V struct kube_volume_object
static const struct field volume_object_fields[] = {
	META(V),
	F_JSON(V, spec, "spec", 0, ""),
	F_STRING(V, claim_ns, "spec.claimRef.namespace", 0, ""),
	F_STRING(V, claim_name, "spec.claimRef.name", 0, ""),
	F_STRING(V, csi_driver, "spec.csi.driver", 0, ""),
	F_STRING(V, local_path, "spec.local.path", 0, ""),
	F_STRING(V, host_path, "spec.hostPath.path", 0, ""),
	F_STRING(V, aws_volume, "spec.awsElasticBlockStore.volumeID", 0, ""),
	F_JSON(V, node_affinity, "spec.nodeAffinity", 0, ""),
};
const struct model kube_volume_object_model = MODEL("PersistentVolume", V, volume_object_fields);
#undef V

#define C struct kube_claim
static const struct field claim_fields[] = {
	META(C),
	F_STRING(C, volume, "spec.volumeName", 0, ""),
	F_STRING(C, class_name, "spec.storageClassName", 0, ""),
};
const struct model kube_claim_model = MODEL("PersistentVolumeClaim", C, claim_fields);
#undef C

static const struct field policy_rule_fields[] = {
	F_STRINGS(struct kube_policy_rule, groups, n_groups, "apiGroups", 0, ""),
	F_STRINGS(struct kube_policy_rule, resources, n_resources, "resources", 0, ""),
};
static const struct model policy_rule_model = MODEL("PolicyRule", struct kube_policy_rule, policy_rule_fields);
static const struct field role_fields[] = {
	KIND(struct kube_role),
	F_LIST(struct kube_role, rules, n_rules, "rules", 0, &policy_rule_model, ""),
};
const struct model kube_role_model = MODEL("Role", struct kube_role, role_fields);

static const struct field subject_fields[] = {
	F_STRING(struct kube_subject, name, "name", 0, ""),
};
static const struct model subject_model = MODEL("Subject", struct kube_subject, subject_fields);
static const struct field role_binding_fields[] = {
	KIND(struct kube_role_binding),
	F_STRING(struct kube_role_binding, role_kind, "roleRef.kind", 0, ""),
	F_STRING(struct kube_role_binding, role_name, "roleRef.name", 0, ""),
	F_LIST(struct kube_role_binding, subjects, n_subjects, "subjects", 0, &subject_model, ""),
};
const struct model kube_role_binding_model = MODEL("RoleBinding", struct kube_role_binding, role_binding_fields);

static const struct field namespace_fields[] = {
	META(struct kube_namespace),
};
const struct model kube_namespace_model = MODEL("Namespace", struct kube_namespace, namespace_fields);

static const struct field service_account_fields[] = {
	META(struct kube_service_account),
	F_JSON(struct kube_service_account, secrets, "secrets", 0, ""),
};
const struct model kube_service_account_model =
	MODEL("ServiceAccount", struct kube_service_account, service_account_fields);

static const struct field config_map_fields[] = {
	OWNED_META(struct kube_config_map),
	F_MAP(struct kube_config_map, data, n_data, "data", 0, ""),
};
const struct model kube_config_map_model = MODEL("ConfigMap", struct kube_config_map, config_map_fields);

static const struct field lease_fields[] = {
	META(struct kube_lease),
	F_STRING(struct kube_lease, holder, "spec.holderIdentity", 0, ""),
	F_TIME(struct kube_lease, renewed_ms, "spec.renewTime", 0, ""),
	F_INT(struct kube_lease, duration_s, "spec.leaseDurationSeconds", 0, ""),
};
const struct model kube_lease_model = MODEL("Lease", struct kube_lease, lease_fields);

static const struct field custom_fields[] = {
	KIND(struct kube_custom),
	F_JSON(struct kube_custom, spec, "spec", 0, ""),
	F_JSON(struct kube_custom, status, "status", 0, ""),
	F_STRING(struct kube_custom, driver, "driver", 0, ""),
};
const struct model kube_custom_model = MODEL("CustomResource", struct kube_custom, custom_fields);

static const struct field named_fields[] = {KIND(struct kube_named)};
const struct model kube_named_model = MODEL("Object", struct kube_named, named_fields);

static const struct field secret_release_fields[] = {
	META(struct kube_secret_release),
	F_STRING(struct kube_secret_release, type, "type", 0, ""),
	F_STRING(struct kube_secret_release, release, "data.release", 0, ""),
};
const struct model kube_secret_release_model = MODEL("Secret", struct kube_secret_release, secret_release_fields);

#define R struct helm_release
static const struct field helm_release_fields[] = {
	F_STRING(R, ns, "namespace", 0, ""),
	F_STRING(R, name, "name", 0, ""),
	F_INT(R, revision, "version", 0, ""),
	F_STRING(R, status, "info.status", 0, ""),
	F_STRING(R, chart, "chart.metadata.name", 0, ""),
	F_STRING(R, chart_version, "chart.metadata.version", 0, ""),
	F_STRING(R, app_version, "chart.metadata.appVersion", 0, ""),
	F_STRING(R, kube_version, "chart.metadata.kubeVersion", 0, ""),
	F_STRING(R, manifest, "manifest", 0, ""),
};
const struct model helm_release_model = MODEL("HelmRelease", R, helm_release_fields);
#undef R

const char *kube_pairs_get(const struct pair *pairs, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (*pairs[i].key == *key && !strcmp(pairs[i].key, key))
			return pairs[i].value ? pairs[i].value : "";
	return NULL;
}

const char *kube_meta_label(const struct kube_meta *meta, const char *key)
{
	return kube_pairs_get(meta->labels, meta->n_labels, key);
}

const char *kube_meta_annotation(const struct kube_meta *meta, const char *key)
{
	return kube_pairs_get(meta->annotations, meta->n_annotations, key);
}

const char *kube_meta_gitops(const struct kube_meta *meta)
{
	static const char *const labels[] = {"argocd.argoproj.io/instance", "kustomize.toolkit.fluxcd.io/name",
					     "helm.toolkit.fluxcd.io/name"};
	static const char tracking[] = "argocd.argoproj.io/tracking-id";
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
		if (kube_meta_label(meta, labels[i]))
			return labels[i];
	return kube_meta_annotation(meta, tracking) ? tracking : NULL;
}

const struct kube_owner *kube_meta_controller(const struct kube_meta *meta)
{
	for (size_t i = 0; i < meta->n_owners; i++)
		if (meta->owners[i].controller)
			return &meta->owners[i];
	return NULL;
}

const char *kube_condition_status(const struct kube_condition *conditions, size_t n, const char *type)
{
	for (size_t i = 0; i < n; i++)
		if (conditions[i].type && !strcmp(conditions[i].type, type))
			return conditions[i].status;
	return NULL;
}

bool kube_pod_ready(const struct kube_pod *pod)
{
	const char *status = kube_condition_status(pod->conditions, pod->n_conditions, "Ready");
	return status && !strcmp(status, "True");
}

bool kube_pod_finished(const struct kube_pod *pod)
{
	return pod->phase && (!strcmp(pod->phase, "Succeeded") || !strcmp(pod->phase, "Failed"));
}

bool kube_pod_mirror(const struct kube_pod *pod)
{
	return kube_meta_annotation(&pod->meta, "kubernetes.io/config.mirror") != NULL;
}
