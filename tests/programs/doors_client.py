"""The official Python client against a simulated cluster: its strict models read every kind, it patches, watches, evicts."""
import sys

from kubernetes import client, config, watch

config.load_kube_config(sys.argv[1])
core, apps, batch = client.CoreV1Api(), client.AppsV1Api(), client.BatchV1Api()


def check(name, truth):
    print("ok" if truth else "not ok", name)


pods = core.list_pod_for_all_namespaces()
page = core.list_pod_for_all_namespaces(limit=10)
check("pods are read", len(pods.items) > 30 and all(p.metadata.uid and p.spec.containers for p in pods.items))
check("pages say what remains", len(page.items) == 10 and page.metadata.remaining_item_count == len(pods.items) - 10)
check("continued pages join", len(core.list_pod_for_all_namespaces(_continue=page.metadata._continue).items) == len(pods.items) - 10)

lists = [
    core.list_node, core.list_namespace, core.list_service_for_all_namespaces, core.list_persistent_volume,
    core.list_persistent_volume_claim_for_all_namespaces, core.list_config_map_for_all_namespaces,
    core.list_service_account_for_all_namespaces, core.list_secret_for_all_namespaces,
    apps.list_deployment_for_all_namespaces, apps.list_replica_set_for_all_namespaces, apps.list_stateful_set_for_all_namespaces,
    apps.list_daemon_set_for_all_namespaces, batch.list_job_for_all_namespaces, batch.list_cron_job_for_all_namespaces,
    client.PolicyV1Api().list_pod_disruption_budget_for_all_namespaces,
    client.NetworkingV1Api().list_ingress_for_all_namespaces, client.NetworkingV1Api().list_ingress_class,
    client.AutoscalingV2Api().list_horizontal_pod_autoscaler_for_all_namespaces,
    client.CoordinationV1Api().list_lease_for_all_namespaces, client.DiscoveryV1Api().list_endpoint_slice_for_all_namespaces,
    client.StorageV1Api().list_storage_class, client.StorageV1Api().list_csi_node, client.StorageV1Api().list_csi_driver,
    client.SchedulingV1Api().list_priority_class, client.ApiextensionsV1Api().list_custom_resource_definition,
    client.ApiregistrationV1Api().list_api_service, client.FlowcontrolApiserverV1Api().list_flow_schema,
    client.RbacAuthorizationV1Api().list_cluster_role, client.RbacAuthorizationV1Api().list_cluster_role_binding,
]
for call in lists:
    check(call.__name__, len(call().items) > 0)

node = core.list_node().items[0].metadata.name
check("a node is cordoned", core.patch_node(node, {"spec": {"unschedulable": True}}).spec.unschedulable is True)
check("and opened", core.patch_node(node, {"spec": {"unschedulable": None}}).spec.unschedulable is None)

before = core.list_namespaced_pod("web").metadata.resource_version
scaled = apps.patch_namespaced_deployment_scale("web", "web", {"spec": {"replicas": 4}})
check("scaled", scaled.spec.replicas == 4)
seen = []
for event in watch.Watch().stream(core.list_namespaced_pod, "web", resource_version=before, timeout_seconds=3):
    seen.append((event["type"], event["object"].status.phase))
check("a watch tells of new pods", ("ADDED", "Pending") in seen)
check("and that they run", ("MODIFIED", "Running") in seen)
check("events tell of them", any(e.reason == "Scheduled" for e in core.list_event_for_all_namespaces().items))

try:
    core.create_namespaced_pod_eviction("payments-redis-0", "payments", client.V1Eviction(
        metadata=client.V1ObjectMeta(name="payments-redis-0", namespace="payments"),
        delete_options=client.V1DeleteOptions(preconditions=client.V1Preconditions(uid="00000000-0000-4000-8000-000000000000"))))
    check("an eviction of another uid is refused", False)
except client.ApiException as error:
    check("an eviction of another uid is refused", error.status == 409)

leases = client.CoordinationV1Api()
made = leases.create_namespaced_lease("kube-system", client.V1Lease(
    metadata=client.V1ObjectMeta(name="doors"), spec=client.V1LeaseSpec(holder_identity="one", lease_duration_seconds=30)))
made.spec.holder_identity = "two"
check("a lease is taken over", leases.replace_namespaced_lease("doors", "kube-system", made).spec.holder_identity == "two")
try:
    leases.replace_namespaced_lease("doors", "kube-system", made)
    check("a late writer loses", False)
except client.ApiException as error:
    check("a late writer loses", error.status == 409)

dynamic = client.CustomObjectsApi()
dynamic.create_namespaced_custom_object("velero.io", "v1", "velero", "backups", {
    "apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {"name": "doors"}, "spec": {}})
for event in watch.Watch().stream(dynamic.list_namespaced_custom_object, "velero.io", "v1", "velero", "backups", timeout_seconds=15):
    phase = event["object"].get("status", {}).get("phase")
    if phase == "Completed":
        break
check("a backup completes", phase == "Completed")
print("done")
