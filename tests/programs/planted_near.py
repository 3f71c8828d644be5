"""What stands close to trouble and is none, in healthy clusters; and folders as different people make them: with less in
them, in pages, with other clusters' answers, with times in seconds. None of it changes what must be told."""
import datetime

from planted_apps import container
from planted_base import GOOD_CA, insight, rule
from planted_table import new_app



# ---- harmless neighbours

def old_release(world):
    """A revision that was replaced still holds what is gone."""
    world.helm_release("monitoring", "dash", "dash", "1.0.0", manifest="---\napiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata:\n  name: dash\n", status="superseded", revision=1)
    world.helm_release("monitoring", "dash", "dash", "2.0.0", manifest="---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: dash\n", revision=2)


def webhook_that_fails_open(world):
    world.add("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "advice",
              webhooks=[{"name": "advice.example.com", "failurePolicy": "Ignore", "sideEffects": "None", "admissionReviewVersions": ["v1"], "timeoutSeconds": 5, "matchPolicy": "Equivalent",
                         "clientConfig": {"service": {"namespace": "gone", "name": "gone", "port": 443}, "caBundle": GOOD_CA}, "rules": [rule(["*"], ["*"], ["*"])], "namespaceSelector": {}, "objectSelector": {}}])


def window_that_opens_again(world):
    if world.has_karpenter:
        world.pools[0]["spec"]["disruption"]["budgets"] += [{"nodes": "0", "schedule": "0 9 * * 1-5", "duration": "8h"}, {"nodes": "0", "reasons": ["Underutilized"]}]


def call_of_what_stays(world):
    world.metrics.append(f'apiserver_requested_deprecated_apis{{group="resource.k8s.io",removed_release="1.{max(world.to, world.frm) + 3}",resource="deviceclasses",subresource="",version="v1beta1"}} 1')


def pods_that_are_over(world):
    ns = world.spaces[0]
    for phase, index in (("Succeeded", 0), ("Failed", 1)):
        world.add("v1", "Pod", f"once-{index}", ns, owners=[{"apiVersion": "batch/v1", "kind": "Job", "name": "once", "uid": "u", "controller": True}],
                  spec={"nodeName": world.nodes[0].name, "restartPolicy": "Never", "containers": [container("once", "x/once:1.0")], "volumes": [{"name": "d", "emptyDir": {}}]},
                  status={"phase": phase, "startTime": world.ago(days=1), "containerStatuses": [{"name": "once", "image": "x/once:1.0", "ready": False, "restartCount": 0, "state": {"terminated": {"reason": "Completed" if not index else "Error", "exitCode": index}}}]})


def pod_on_its_way_out(world):
    made = world.add("v1", "Pod", "leaving-1", world.spaces[0], owners=[{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "leaving", "uid": "u", "controller": True}],
                     spec={"nodeName": world.nodes[0].name, "containers": [container("c", "x/c:1.0")], "terminationGracePeriodSeconds": 60}, status={"phase": "Running"})
    made["metadata"].update(deletionTimestamp=world.ahead(seconds=40), deletionGracePeriodSeconds=60)


def public_facts(world):
    world.add("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "system:public-info-viewer", labels={"kubernetes.io/bootstrapping": "rbac-defaults"},
              roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:public-info-viewer"},
              subjects=[{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": name} for name in ("system:authenticated", "system:unauthenticated")])


def asleep(world):
    """Scaled to nothing: there is nothing to keep available."""
    one = new_app(world, "Deployment", world.spaces[0], "asleep", 0)
    one.budget, one.spread, one.min_ready, one.grace = None, [], 0, 7200
    one.containers[0].pop("readinessProbe")


def socket_of_containerd(world):
    one = new_app(world, "DaemonSet", "monitoring", "runtime-watch", 1)
    one.service, one.spread = False, []
    one.volumes = [{"name": "s", "hostPath": {"path": "/run/containerd/containerd.sock", "type": "Socket"}}]


def proxy_with_a_sidecar(world):
    one = next(one for one in world.apps if one.name == "kube-proxy")
    one.containers.append(container("exporter", "quay.io/x/exporter:v1.99.0"))
    one.containers[-1].pop("readinessProbe")
    if world.rng.random() < 0.5:
        hook = one.hooks.append
        hook(lambda made: made["spec"]["template"]["spec"]["containers"].reverse())


def image_by_digest(world):
    one = next(one for one in world.apps if getattr(one, "mine", False))
    one.containers[0]["image"] = "registry.example.com:5000/team/x@sha256:" + "12" * 32


def young_job(world):
    one = new_app(world, "Job", world.spaces[0], "young-" + world.letters(4), 1)
    one.service, one.budget, one.restart, one.spread = False, None, "OnFailure", []
    one.containers[0].pop("readinessProbe")

    def just_now(made):
        made["status"]["startTime"] = world.ago(minutes=4)
    one.hooks.append(just_now)
    one.pod_hooks.append(lambda pod, index: pod["status"].update(startTime=world.ago(minutes=4)))


def insights_that_pass(world):
    world.insights.append(insight(world, "Hybrid networks", "MISCONFIGURATION", "PASSING"))
    world.insights.append(insight(world, "Kubelet version skew", "ROLLBACK_READINESS", "PASSING"))


def updates_of_long_ago(world):
    """Done, failed, cancelled; nothing runs."""
    for status, kind, days in (("Successful", "VersionUpdate", 200), ("Failed", "VpcConfigUpdate", 90), ("Cancelled", "EndpointAccessUpdate", 60)):
        world.updates.append({"id": world.uuid(), "status": status, "type": kind, "params": [{"type": "Version", "value": f"1.{world.frm}"}] if kind == "VersionUpdate" else [], "createdAt": world.ago(days=days), "errors": []})


def other_clusters_of_capi(world):
    labels = {"cluster.x-k8s.io/cluster-name": "edge-9"}
    world.add("controlplane.cluster.x-k8s.io/v1beta1", "KubeadmControlPlane", "edge-9", "fleet", labels=labels, spec={"version": f"v1.{world.frm}.0"}, status={"version": f"v1.{world.frm - 1}.0"})
    world.add("cluster.x-k8s.io/v1beta1", "MachineDeployment", "edge-9-md", "fleet", labels=labels,
              spec={"clusterName": "edge-9", "template": {"spec": {"clusterName": "edge-9", "version": f"v1.{world.frm - 2}.0", "bootstrap": {"configRef": {"kind": "KubeadmConfigTemplate", "name": "x"}}}}})


def another_security_group(world):
    world.cluster_document["resourcesVpcConfig"]["securityGroupIds"].append("sg-0" + world.hexes(16))
    world.not_asked_groups = True


def writer_of_what_is_long_gone(world):
    one = next(one for one in world.apps if getattr(one, "mine", False))
    one.hooks.append(lambda made: made["metadata"].update(managedFields=[
        {"manager": "kubectl-client-side-apply", "operation": "Update", "apiVersion": "extensions/v1beta1", "time": world.ago(days=900), "fieldsType": "FieldsV1", "fieldsV1": {}},
        {"manager": "argocd-controller", "operation": "Apply", "apiVersion": "apps/v1", "time": world.ago(days=2), "fieldsType": "FieldsV1", "fieldsV1": {}}]))


def shares_in_budgets(world):
    for one in world.apps:
        if getattr(one, "mine", False) and one.kind == "Deployment" and one.replicas > 2 and world.rng.random() < 0.5:
            one.budget = world.rng.choice([{"maxUnavailable": "25%"}, {"minAvailable": "50%"}, {"maxUnavailable": "1%"}])


def static_pods_and_mirrors(world):
    node = world.nodes[0]
    world.add("v1", "Pod", f"kube-static-{node.name}", "kube-system", annotations={"kubernetes.io/config.mirror": "abc", "kubernetes.io/config.source": "file"},
              owners=[{"apiVersion": "v1", "kind": "Node", "name": node.name, "uid": "u", "controller": True}],
              spec={"nodeName": node.name, "hostNetwork": True, "containers": [container("c", "x/static:1.0")], "volumes": [{"name": "h", "hostPath": {"path": "/etc"}}]}, status={"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})


def definitions_that_convert(world):
    one = new_app(world, "Deployment", "operators", "converter", 2)
    conversion = {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"], "clientConfig": {"service": {"namespace": one.ns, "name": one.name, "path": "/convert", "port": 443}, "caBundle": GOOD_CA}}}
    made = world.definition("example.org", "Gear", "gears", (("v1alpha1", False, False), ("v1", True, True)))
    made["spec"]["conversion"] = conversion


NEIGHBOURS = (old_release, webhook_that_fails_open, window_that_opens_again, call_of_what_stays, pods_that_are_over, pod_on_its_way_out, public_facts, asleep, socket_of_containerd, proxy_with_a_sidecar,
              image_by_digest, young_job, insights_that_pass, updates_of_long_ago, other_clusters_of_capi, another_security_group, writer_of_what_is_long_gone, shares_in_budgets, static_pods_and_mirrors,
              definitions_that_convert)


def neighbours(world):
    for one in NEIGHBOURS:
        if world.rng.random() < 0.25:
            one(world)


# ---- folders of other hands: on the finished documents

def without_kind(world, *kinds):
    world.objects[:] = [one for one in world.objects if one["kind"] not in kinds]


def bare_metadata(world):
    for one in world.objects:
        for key in ("uid", "resourceVersion", "creationTimestamp"):
            one["metadata"].pop(key, None)


def no_status_of_workloads(world):
    for one in world.objects:
        if one["kind"] in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"):
            one.pop("status", None)


def no_status_of_budgets(world):
    if any(check in ("WL-PDB-NOW", "DRAIN-DEADLOCK") for check, _, _ in world.expected):
        return
    for one in world.objects:
        if one["kind"] == "PodDisruptionBudget":
            one.pop("status", None)


def in_pages(world):
    for operation, member, token in (("describe_subnets", "Subnets", "NextToken"), ("describe_security_groups", "SecurityGroups", "NextToken"), ("list_nodegroups", "nodegroups", "nextToken"),
                                     ("list_addons", "addons", "nextToken"), ("list_insights", "insights", "nextToken"), ("describe_cluster_versions", "clusterVersions", "nextToken")):
        for index, one in enumerate(list(world.aws.get(operation, []))):
            items = one.get("response", {}).get(member, [])
            if len(items) < 2:
                continue
            world.aws[operation][index:index + 1] = [{"request": one["request"], "response": {member: items[:1], token: "page-2"}},
                                                     {"request": {**one["request"], token: "page-2"}, "response": {member: items[1:]}}]
            break


def of_another_cluster(world):
    other = {"clusterName": "other"}
    sick = {"nodegroupName": "sick", "nodegroupArn": world.arn("eks", "nodegroup/other/sick/x"), "clusterName": "other", "version": "1.20", "status": "DEGRADED", "amiType": "AL2_x86_64", "health": {"issues": [{"code": "X"}]},
            "scalingConfig": {"minSize": 1, "maxSize": 1, "desiredSize": 1}, "subnets": [], "capacityType": "SPOT"}
    more = {"list_nodegroups": (other, {"nodegroups": ["sick"]}), "describe_nodegroup": ({**other, "nodegroupName": "sick"}, {"nodegroup": sick}), "list_addons": (other, {"addons": []}),
            "describe_cluster": ({"name": "other"}, {"cluster": {"name": "other", "version": "1.20", "status": "UPDATING", "health": {"issues": [{"code": "IamRoleNotFound", "message": "x"}]}}}),
            "list_updates": ({"name": "other"}, {"updateIds": ["u"]}), "describe_update": ({"name": "other", "updateId": "u"}, {"update": {"id": "u", "status": "InProgress", "type": "VersionUpdate", "createdAt": world.ago(hours=1)}}),
            "list_fargate_profiles": (other, {"fargateProfileNames": ["far"]}),
            "list_insights": (other, {"insights": [{"id": "bad", "name": "x", "category": "UPGRADE_READINESS", "insightStatus": {"status": "ERROR"}, "lastRefreshTime": world.ago(days=40)}]})}
    for operation, (request, response) in more.items():
        world.aws.setdefault(operation, []).insert(world.rng.choice([0, len(world.aws.get(operation, []))]), {"request": request, "response": response})


def asked_for_others_too(world):
    stranger = "subnet-0" + world.hexes(16)
    world.aws["describe_subnets"].insert(0, {"request": {"SubnetIds": [stranger]}, "response": {"Subnets": [{"SubnetId": stranger, "AvailabilityZone": world.zones[0], "AvailableIpAddressCount": 1, "VpcId": "vpc-9"}]}})
    world.aws["get_role"].append({"request": {"RoleName": "somebody"}, "error": {"code": "NoSuchEntity", "message": "gone"}})


def seconds(value):
    if isinstance(value, dict):
        return {key: to_seconds(inner) if key in TIMES else seconds(inner) for key, inner in value.items()}
    return [seconds(inner) for inner in value] if isinstance(value, list) else value


TIMES = {"createdAt", "lastRefreshTime", "lastTransitionTime", "lastRequestTime", "endOfStandardSupportDate", "endOfExtendedSupportDate", "modifiedAt"}


def to_seconds(value):
    return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp() if isinstance(value, str) and "T" in value else value


def times_in_seconds(world):
    world.aws = {operation: [{**one, "response": seconds(one["response"])} if "response" in one else one for one in calls] for operation, calls in world.aws.items()}


HANDS = ((0.2, lambda world: without_kind(world, "ReplicaSet")), (0.15, lambda world: without_kind(world, "EndpointSlice")), (0.2, bare_metadata), (0.15, no_status_of_workloads), (0.15, no_status_of_budgets), (0.3, in_pages), (0.3, of_another_cluster),
         (0.3, asked_for_others_too), (0.3, times_in_seconds), (0.2, lambda world: without_kind(world, "CSINode")), (0.2, lambda world: without_kind(world, "PriorityClass", *(() if getattr(world, "keep_leases", False) else ("Lease",)))))


def by_other_hands(world):

    for chance, change in HANDS:
        if world.rng.random() < chance:
            change(world)
