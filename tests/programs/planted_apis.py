"""Plants of third-party components, deprecated and removed APIs, custom resource definitions, and what changes with a
version."""
import json

from planted_apps import container
from planted_base import GOOD_CA, insight, namespace, rule
from planted_table import app, claim, new_app, of_workload, plants
from planted_workloads import webhook
from planted_world import CLUSTER, aws_thing, named


# ---- components

def component(world, ns, name, image, replicas=2, kind="Deployment"):
    one = new_app(world, kind, ns, name, replicas)
    one.containers[0]["image"] = image
    return one


@plants("CMP-INCOMPATIBLE", hops=lambda frm, to: frm < to and 32 <= to <= 36)
def old_component(world):
    image, ns = world.plant_rng.choice([("quay.io/jetstack/cert-manager-controller:v1.13.2", "cert-manager"), ("quay.io/jetstack/cert-manager-controller:v1.11.5", "cert-manager")])
    if not claim(world, ns):
        return False
    one = component(world, ns, "cert-manager", image)
    world.expect("CMP-INCOMPATIBLE", "BLOCKER", of_workload(one))
    world.also("CMP-CRD-FIRST", of_workload(one))


LEAST_KARPENTER = {32: ["1.0.5", "1.1.0"], 33: ["1.2.0", "1.4.0"], 34: ["1.5.0", "1.2.1"], 35: ["1.6.3", "1.8.1"], 36: ["1.9.0", "1.12.0"]}


@plants("CMP-KARPENTER", hops=lambda frm, to: to in LEAST_KARPENTER)
def old_karpenter(world):
    if not world.has_karpenter or not claim(world, "karpenter"):
        return False
    one = next(one for one in world.apps if one.name == "karpenter")
    one.containers[0]["image"] = f"public.ecr.aws/karpenter/controller:{world.plant_rng.choice(LEAST_KARPENTER[world.to])}"
    world.expect("CMP-KARPENTER", "BLOCKER", of_workload(one))
    for check in ("CMP-INCOMPATIBLE", "CMP-CRD-FIRST"):
        world.also(check, of_workload(one))


@plants("CMP-CRD-FIRST", hops=lambda frm, to: to in LEAST_KARPENTER)
def definitions_before_their_controller(world):
    if old_karpenter(world) is False:
        return False
    world.expect("CMP-CRD-FIRST", "MEDIUM", "Deployment:karpenter/karpenter")


@plants("CMP-AUTOSCALER")
def autoscaler_of_another_minor(world):
    if world.has_karpenter or not claim(world, "autoscaler"):
        return False
    one = next(one for one in world.apps if one.name == "cluster-autoscaler")
    one.containers[0]["image"] = f"registry.k8s.io/autoscaling/cluster-autoscaler:v1.{world.frm - world.plant_rng.randint(1, 3)}.0"
    world.expect("CMP-AUTOSCALER", "MEDIUM", of_workload(one))


@plants("CMP-INGRESS-NGINX", hops=lambda frm, to: to >= 35)
def retired_controller(world):
    if not claim(world, "ingress-nginx"):
        return False
    one = component(world, "ingress-nginx", "ingress-nginx-controller", "registry.k8s.io/ingress-nginx/controller:v1.12.1")
    world.expect("CMP-INGRESS-NGINX", "MEDIUM", of_workload(one))


@plants("CMP-UNKNOWN")
def component_without_a_matrix(world):
    image, name = world.plant_rng.choice([("registry.k8s.io/external-dns/external-dns:v0.19.0", "external-dns"), ("reg.kyverno.io/kyverno/kyverno:v1.14.1", "kyverno-admission-controller"),
                                          ("openpolicyagent/gatekeeper:v3.18.2", "gatekeeper-controller-manager"), ("ghcr.io/kedacore/keda:2.17.0", "keda-operator")])
    if not claim(world, name):
        return False
    one = component(world, "addons", name, image)
    if name == "external-dns":
        one.containers[0]["args"] = ["--source=ingress", "--policy=upsert-only", f"--txt-owner-id={world.cluster}", "--registry=txt"]
    world.expect("CMP-UNKNOWN", "MEDIUM", of_workload(one))


@plants("CMP-MESH", hops=lambda frm, to: 32 <= to <= 36)
def old_mesh(world):
    if not claim(world, "istio"):
        return False
    version = world.plant_rng.choice(["1.20.3", "1.22.1", "1.24.0"])
    one = component(world, "istio-system", "istiod", f"docker.io/istio/pilot:{version}")
    world.expect("CMP-MESH", "HIGH", of_workload(one))
    world.also("CMP-INCOMPATIBLE", of_workload(one))


def release(world, **more):
    name = "tool-" + world.letters(4)
    manifest = more.pop("manifest", f"---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata: {{}}\n")
    ns = world.plant_rng.choice(world.spaces)
    world.helm_release(ns, name, more.pop("chart", "tool"), more.pop("version", "1.2.3"), manifest=manifest, **more)
    return ns, name, (f"HelmRelease:{ns}/{name}", f"Secret:{ns}/sh.helm.release.v1.{name}.v1", f"Release:{ns}/{name}")


@plants("CMP-CHART-KUBEVERSION")
def chart_that_excludes_the_target(world):
    _, _, things = release(world, kube=world.plant_rng.choice([f"<1.{world.to}.0-0", f">=1.20.0-0 <1.{world.to}.0-0", f"<= 1.{world.to - 1}.99"]))
    world.expect("CMP-CHART-KUBEVERSION", "HIGH", *things)


@plants("CMP-HELM-PENDING")
def unfinished_release(world):
    _, _, things = release(world, status=world.plant_rng.choice(["pending-upgrade", "pending-install", "failed", "pending-rollback"]))
    world.expect("CMP-HELM-PENDING", "HIGH", *things)


# ---- APIs

# What the hop to a version takes away, of what can be stored: apiVersion, kind, plural, namespaced.
TAKEN = {25: [("policy/v1beta1", "PodDisruptionBudget", "poddisruptionbudgets", True), ("batch/v1beta1", "CronJob", "cronjobs", True), ("autoscaling/v2beta1", "HorizontalPodAutoscaler", "horizontalpodautoscalers", True)],
         29: [("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema", "flowschemas", False), ("flowcontrol.apiserver.k8s.io/v1beta2", "PriorityLevelConfiguration", "prioritylevelconfigurations", False)],
         32: [("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", "flowschemas", False), ("flowcontrol.apiserver.k8s.io/v1beta3", "PriorityLevelConfiguration", "prioritylevelconfigurations", False)],
         34: [("admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", False),
              ("admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", False)]}
NEXT = {"policy/v1beta1": "policy/v1", "batch/v1beta1": "batch/v1", "autoscaling/v2beta1": "autoscaling/v2", "flowcontrol.apiserver.k8s.io/v1beta2": "flowcontrol.apiserver.k8s.io/v1beta3",
        "flowcontrol.apiserver.k8s.io/v1beta3": "flowcontrol.apiserver.k8s.io/v1", "admissionregistration.k8s.io/v1beta1": "admissionregistration.k8s.io/v1"}


def taken(frm, to):
    return any(frm < minor <= to for minor in TAKEN)


def one_taken(world):
    return world.plant_rng.choice([one for minor in TAKEN if world.frm < minor <= world.to for one in TAKEN[minor]])


SPECS = {"PodDisruptionBudget": {"minAvailable": 1, "selector": {"matchLabels": {"app": "none"}}}, "CronJob": {"schedule": "1 1 * * *", "suspend": True, "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": []}}}}},
         "HorizontalPodAutoscaler": {"minReplicas": 1, "maxReplicas": 5, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"}},
         "FlowSchema": {"matchingPrecedence": 900, "priorityLevelConfiguration": {"name": "workload-low"}}, "PriorityLevelConfiguration": {"type": "Limited"},
         "ValidatingAdmissionPolicy": {"failurePolicy": "Ignore", "validations": []}, "ValidatingAdmissionPolicyBinding": {"policyName": "x", "validationActions": ["Warn"]}}


def made(world, api, kind, namespaced, **more):
    ns, name = world.plant_rng.choice(world.spaces) if namespaced else None, "legacy-" + world.letters(5)
    world.add(api, kind, name, ns, spec=json.loads(json.dumps(SPECS[kind])), **more)
    thing = named(kind, ns, name)
    world.also("WL-PDB-EMPTY", thing)
    world.also("BG-SINGLETON", thing)
    return world.index[kind, ns or "", name], thing


@plants("API-REMOVED-IN-PATH", hops=taken)
def object_of_a_version_that_goes(world):
    api, kind, _, namespaced = one_taken(world)
    _, thing = made(world, api, kind, namespaced)
    world.expect("API-REMOVED-IN-PATH", "BLOCKER", thing)
    for check in ("BEH-1.25", "BEH-1.34", "BEH-1.22"):
        world.also(check)


@plants("API-MANAGEDFIELDS", hops=taken)
def writer_of_a_version_that_goes(world):
    api, kind, _, namespaced = one_taken(world)
    one, thing = made(world, NEXT[api], kind, namespaced)
    one["metadata"]["managedFields"] = [{"manager": "old-operator", "operation": "Update", "apiVersion": api, "time": world.ago(days=3), "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {}}}]
    world.expect("API-MANAGEDFIELDS", "HIGH", thing)


@plants("API-LASTAPPLIED", hops=taken)
def applied_in_a_version_that_goes(world):
    api, kind, _, namespaced = one_taken(world)
    one, thing = made(world, NEXT[api], kind, namespaced)
    applied = {"apiVersion": api, "kind": kind, "metadata": {"name": one["metadata"]["name"], "annotations": {}}, "spec": one["spec"]}
    one["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(applied) + "\n"}
    world.expect("API-LASTAPPLIED", "MEDIUM", thing)


@plants("API-HELM-STORED", hops=taken)
def release_of_a_version_that_goes(world):
    api, kind, _, namespaced = one_taken(world)
    name = "stored-" + world.letters(4)
    ns, _, things = release(world, manifest=f"---\n# Source: tool/templates/x.yaml\napiVersion: {api}\nkind: {kind}\nmetadata:\n  name: {name}\nspec: {json.dumps(SPECS[kind])}\n")
    inner = (named(kind, ns, name), named(kind, "", name))
    world.expect("API-HELM-STORED", "BLOCKER", *things, *inner)
    world.also("API-REMOVED-IN-PATH", *things, *inner)


def metric(world, api, resource, removed):
    group, version = api.split("/")
    world.metrics.append(f'apiserver_requested_deprecated_apis{{group="{group}",removed_release="1.{removed}",resource="{resource}",subresource="",version="{version}"}} 1')
    world.metrics.append(f'apiserver_request_total{{code="200",component="apiserver",dry_run="",group="{group}",resource="{resource}",scope="cluster",subresource="",verb="LIST",version="{version}"}} {world.rng.randint(2, 900)}')


def minor_of(world, api):
    return next(minor for minor in sorted(TAKEN) if any(one[0] == api for one in TAKEN[minor]))


@plants("API-CALLED", hops=taken)
def calls_of_a_version_that_goes(world):
    api, _, resource, _ = one_taken(world)
    if not claim(world, "callers"):
        return False
    metric(world, api, resource, minor_of(world, api))
    world.expect("API-CALLED", "HIGH")


def called_by(world, agent, status="ERROR"):
    if not claim(world, "insights") or not claim(world, "callers"):
        return None
    api, _, resource, _ = one_taken(world)
    one = insight(world, f"Deprecated APIs removed in Kubernetes v1.{minor_of(world, api)}", "UPGRADE_READINESS", status)
    one["categorySpecificSummary"] = {"deprecationDetails": [{"usage": f"/apis/{api}/{resource}", "replacedWith": f"/apis/{NEXT[api]}/{resource}", "stopServingVersion": f"1.{minor_of(world, api)}",
                                                              "clientStats": [{"userAgent": agent, "numberOfRequestsLast30Days": 42, "lastRequestTime": world.ago(hours=5)}]}]}
    world.insights.append(one)
    if status == "ERROR":
        world.expect("INSIGHT-UPGRADE", "BLOCKER", aws_thing(one["id"]))
    return api, resource


@plants("API-CALLER", hops=taken)
def controller_that_still_calls(world):
    if not called_by(world, world.plant_rng.choice(["shop-operator/v0.0.0 (linux/amd64) kubernetes/$Format", "argocd-application-controller/v0.0.0", "Go-http-client/2.0"])):
        return False
    world.expect("API-CALLER", "BLOCKER")
    world.also("API-REMOVED-IN-PATH")
    world.also("API-CALLED")


@plants("API-CALLED", hops=taken)
def calls_of_a_named_client(world):
    told = called_by(world, "shop-operator/v0.0.0 (linux/amd64) kubernetes/$Format")
    if not told:
        return False
    metric(world, *told, minor_of(world, told[0]))
    world.expect("API-CALLED", "BLOCKER")
    world.expect("API-CALLER", "BLOCKER")
    world.also("API-REMOVED-IN-PATH")


@plants("API-CALLER", hops=taken)
def lister_that_still_calls(world):
    if not called_by(world, f"kubectl/v1.{world.frm}.0 (darwin/arm64) kubernetes/a1b2c3d"):
        return False
    world.expect("API-CALLER", "LOW")
    world.also("API-CALLED")


@plants("API-CONTROLLER-FALSE", hops=taken)
def only_the_garbage_collector(world):
    told = called_by(world, f"kube-controller-manager/v1.{world.frm}.4 (linux/amd64) kubernetes/5f9a/system:serviceaccount:kube-system:generic-garbage-collector", "PASSING")
    if not told:
        return False
    metric(world, *told, minor_of(world, told[0]))
    world.expect("API-CONTROLLER-FALSE", "INFO")


@plants("API-DEPRECATED", hops=lambda frm, to: 34 <= to <= 36)
def deprecated_and_still_there(world):
    name = "fast-" + world.letters(4)
    world.add("storage.k8s.io/v1beta1", "VolumeAttributesClass", name, driverName="ebs.csi.aws.com", parameters={"iops": "4000"})
    world.expect("API-DEPRECATED", "LOW", named("VolumeAttributesClass", "", name))
    world.also("API-ALPHA-BETA", named("VolumeAttributesClass", "", name))


@plants("API-ALPHA-BETA", hops=lambda frm, to: to in (33, 34))
def alpha_that_is_not_served(world):
    name = "migrate-" + world.letters(4)
    world.add("storagemigration.k8s.io/v1alpha1", "StorageVersionMigration", name, spec={"resource": {"group": "apps", "version": "v1", "resource": "deployments"}})
    world.expect("API-ALPHA-BETA", "HIGH", named("StorageVersionMigration", "", name))


@plants("API-RBAC")
def role_of_a_group_that_is_gone(world):
    name, (group, resource) = "legacy-" + world.letters(5), world.plant_rng.choice([("extensions", "ingresses"), ("extensions", "deployments"), ("extensions", "daemonsets")])
    world.add("rbac.authorization.k8s.io/v1", "ClusterRole", name, rules=[{"apiGroups": [group], "resources": [resource], "verbs": ["get", "list"]}])
    world.expect("API-RBAC", "MEDIUM", named("ClusterRole", "", name))


@plants("API-WEBHOOK")
def webhook_of_a_version_that_is_gone(world):
    one = new_app(world, "Deployment", "policies", "rules-" + world.letters(4), 2)
    group, version, resource = world.plant_rng.choice([("extensions", "v1beta1", "ingresses"), ("batch", "v1beta1", "cronjobs") if world.to >= 25 else ("extensions", "v1beta1", "ingresses")])
    world.expect("API-WEBHOOK", "MEDIUM", webhook(world, "rules-" + world.letters(4), (one.ns, one.name), [rule([group], [version], [resource])]))


@plants("API-HPA-REF")
def autoscaler_of_a_version_that_is_gone(world):
    one = app(world, exposed=False, autoscaler=None)
    if not one:
        return False
    one.autoscaler = (2, one.replicas + 3, one.replicas)
    api = world.plant_rng.choice(["extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"])
    world.finals.append(lambda: world.index["HorizontalPodAutoscaler", one.ns, one.name]["spec"]["scaleTargetRef"].update(apiVersion=api))
    world.expect("API-HPA-REF", "MEDIUM", named("HorizontalPodAutoscaler", one.ns, one.name))


@plants("API-ADMISSION-REVIEW")
def old_review(world):
    one = new_app(world, "Deployment", "policies", "review-" + world.letters(4), 2)
    world.expect("API-ADMISSION-REVIEW", "LOW", webhook(world, "review-" + world.letters(4), (one.ns, one.name), [rule([""], ["v1"], ["configmaps"])], admissionReviewVersions=["v1beta1"]))


@plants("API-FIELD", hops=lambda frm, to: frm < 33 <= to)
def field_without_effect(world):
    one = app(world, exposed=False)
    if not one:
        return False
    world.finals.append(lambda: world.index["Service", one.ns, one.name]["metadata"].update(annotations={"service.kubernetes.io/topology-mode": "Auto"}))
    world.expect("API-FIELD", "INFO", named("Service", one.ns, one.name))


@plants("API-FIELD", hops=lambda frm, to: frm < 25 <= to)
def empty_selector(world):
    if not claim(world, "namespace lonely"):
        return False
    one = new_app(world, "Deployment", "lonely", "portal", 3)
    one.budget = {"minAvailable": 1, "selector": {}}
    world.expect("API-FIELD", "HIGH", named("PodDisruptionBudget", one.ns, one.budget_name))
    world.expect("WL-PDB-EMPTY", "HIGH", named("PodDisruptionBudget", one.ns, one.budget_name))


# ---- custom resource definitions

def definition(world, versions, stored, **more):
    kind = "Widget" + world.letters(3)
    group = "example.com"
    world.definition(group, kind, kind.lower() + "s", versions, stored=stored, **more)
    return named("CustomResourceDefinition", "", f"{kind.lower()}s.{group}")


@plants("CRD-STORED-NOT-SERVED")
def stored_and_not_served(world):
    thing = definition(world, (("v1alpha1", False, False), ("v1", True, True)), ["v1alpha1", "v1"])
    world.expect("CRD-STORED-NOT-SERVED", "BLOCKER", thing)


@plants("CRD-STORAGE-MIGRATION")
def stored_in_two_versions(world):
    world.expect("CRD-STORAGE-MIGRATION", "MEDIUM", definition(world, (("v1beta1", True, False), ("v1", True, True)), ["v1beta1", "v1"]))


@plants("CRD-DEPRECATED-SERVED")
def deprecated_and_served(world):
    thing = definition(world, (("v1beta1", True, False), ("v1", True, True)), ["v1"])
    version = world.index["CustomResourceDefinition", "", thing.split("/")[1]]["spec"]["versions"][0]
    version.update(deprecated=True, deprecationWarning="v1beta1 is deprecated")
    world.expect("CRD-DEPRECATED-SERVED", "LOW", thing)


@plants("CRD-CONVERSION")
def conversion_without_a_backend(world):
    service = {"namespace": "operators", "name": "absent-" + world.letters(4), "path": "/convert", "port": 443}
    conversion = {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"], "clientConfig": {"service": service, "caBundle": GOOD_CA}}}
    thing = definition(world, (("v1beta1", True, False), ("v1", True, True)), ["v1"])
    world.index["CustomResourceDefinition", "", thing.split("/")[1]]["spec"]["conversion"] = conversion
    world.expect("CRD-CONVERSION", "BLOCKER", thing)


@plants("CRD-V1BETA1", hop=lambda rng: (21, 22))
def definition_of_long_ago(world):
    name = "gadgets.example.com"
    world.add("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", name, spec={"group": "example.com", "version": "v1", "scope": "Namespaced", "names": {"kind": "Gadget", "plural": "gadgets"}, "versions": [{"name": "v1", "served": True, "storage": True}]},
              status={"storedVersions": ["v1"], "conditions": [{"type": "Established", "status": "True"}]})
    world.expect("CRD-V1BETA1", "BLOCKER", named("CustomResourceDefinition", "", name))
    world.expect("API-REMOVED-IN-PATH", "BLOCKER", named("CustomResourceDefinition", "", name))
    world.also("BEH-1.22")


# ---- what changes with a version

@plants("BEH-1.22", hop=lambda rng: (21, 22))
def beta_of_1_22(world):
    if not claim(world, "exposure"):
        return False
    ns, name = world.spaces[0], "legacy-" + world.letters(4)
    world.add("networking.k8s.io/v1beta1", "Ingress", name, ns, spec={"rules": [{"host": "x.example.com", "http": {"paths": [{"path": "/", "backend": {"serviceName": "x", "servicePort": 80}}]}}]})
    world.expect("BEH-1.22", "BLOCKER", named("Ingress", ns, name), CLUSTER)
    world.expect("API-REMOVED-IN-PATH", "BLOCKER", named("Ingress", ns, name))


@plants("BEH-1.24", hop=lambda rng: (23, 24))
def docker_nodes(world):
    one = world.groups[0]
    for node in one.nodes:
        node.runtime = "docker://20.10.17"
    world.expect("BEH-1.24", "HIGH", f"aws:{one.arn}", f"aws:{one.name}", CLUSTER, *(named("Node", "", node.name) for node in one.nodes))


@plants("BEH-1.25", hops=lambda frm, to: frm < 25 <= to)
def policies_are_gone(world):
    name = "privileged-" + world.letters(3)
    world.add("policy/v1beta1", "PodSecurityPolicy", name, spec={"privileged": True})
    world.expect("BEH-1.25", "BLOCKER", named("PodSecurityPolicy", "", name), CLUSTER)
    world.expect("WL-PSP", "BLOCKER", named("PodSecurityPolicy", "", name))
    world.also("API-REMOVED-IN-PATH", named("PodSecurityPolicy", "", name))


@plants("BEH-REGISTRY")
def frozen_registry(world):
    one = app(world, "Deployment", "StatefulSet", exposed=False)
    if not one:
        return False
    image = f"k8s.gcr.io/{one.name}:1.2.{world.plant_rng.randint(0, 9)}"
    if world.plant_rng.random() < 0.5:
        one.containers[0]["image"] = image
    else:
        one.init_containers = [{"name": "prepare", "image": image, "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}}]
    world.expect("BEH-REGISTRY", "MEDIUM", of_workload(one))


@plants("BEH-INTREE")
def volume_of_the_tree(world):
    name = "old-" + world.letters(5)
    world.add("v1", "PersistentVolume", name, spec={"capacity": {"storage": "5Gi"}, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Retain", "storageClassName": "gp2",
                                                    "awsElasticBlockStore": {"volumeID": f"aws://{world.zones[0]}/vol-0{world.hexes(16)}", "fsType": "ext4"}}, status={"phase": "Available"})
    world.expect("BEH-INTREE", "HIGH", named("PersistentVolume", "", name))


@plants("BEH-INTREE")
def volume_of_the_tree_in_a_pod(world):
    one = app(world, exposed=False)
    if not one:
        return False
    one.volumes.append({"name": "old", "awsElasticBlockStore": {"volumeID": "vol-0" + world.hexes(16), "fsType": "ext4"}})
    world.expect("BEH-INTREE", "HIGH", of_workload(one))


@plants("BEH-1.29", hops=lambda frm, to: frm < 29 <= to)
def token_of_long_ago(world):
    ns, name = world.spaces[0], "robot-token-" + world.letters(5)
    world.add("v1", "ServiceAccount", "robot", ns, secrets=[{"name": name}])
    world.add("v1", "Secret", name, ns, annotations={"kubernetes.io/service-account.name": "robot"}, type="kubernetes.io/service-account-token", data={})
    world.expect("BEH-1.29", "LOW", named("Secret", ns, name), named("ServiceAccount", ns, "robot"), CLUSTER)


@plants("BEH-1.32", hops=lambda frm, to: frm < 32 <= to)
def open_to_everybody(world):
    name = "public-" + world.letters(4)
    world.add("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", name, roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
              subjects=[{"kind": world.plant_rng.choice(["Group"]), "apiGroup": "rbac.authorization.k8s.io", "name": "system:unauthenticated"}])
    world.expect("BEH-1.32", "HIGH", named("ClusterRoleBinding", "", name))


@plants("BEH-1.34", hops=lambda frm, to: frm < 34 <= to)
def armour_by_annotation(world):
    one = app(world, exposed=False)
    if not one:
        return False
    one.pod_annotations = {f"container.apparmor.security.beta.kubernetes.io/{one.containers[0]['name']}": "runtime/default"}
    world.expect("BEH-1.34", "LOW", of_workload(one))
