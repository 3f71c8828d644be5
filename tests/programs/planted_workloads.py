"""Plants of workloads, their budgets, the drain, and admission webhooks."""
import copy

from planted_base import GOOD_CA, OLD_CA, namespace, rule
from planted_apps import ALB, container
from planted_table import app, claim, new_app, of_group, of_workload, plants, spare_group
from planted_world import CLUSTER, Node, named

SETS = ("Deployment", "StatefulSet")


def simple(world, *kinds, **wanted):
    """One that nothing else hangs on: no load balancer, no autoscaler."""
    return app(world, *(kinds or SETS), exposed=False, autoscaler=None, **wanted)


def budget_of(one):
    return named("PodDisruptionBudget", one.ns, one.budget_name)


# ---- availability

@plants("WL-REPLICAS")
def single_replica(world):
    one = simple(world)
    if not one:
        return False
    one.replicas, one.budget = 1, None
    world.expect("WL-REPLICAS", "HIGH", of_workload(one))


@plants("WL-REPLICAS")
def replicas_not_said(world):
    """One is the default."""
    one = simple(world)
    if not one:
        return False
    one.replicas, one.budget = 1, None
    one.hooks.append(lambda made: made["spec"].pop("replicas"))
    world.expect("WL-REPLICAS", "HIGH", of_workload(one))


@plants("WL-PDB-MISSING")
def no_budget(world):
    one = simple(world)
    if not one:
        return False
    one.budget = None
    world.expect("WL-PDB-MISSING", "MEDIUM", of_workload(one))


@plants("WL-PDB-ZERO")
def budget_of_zero(world):
    one = simple(world)
    if not one:
        return False
    one.budget = world.plant_rng.choice([{"minAvailable": one.replicas}, {"minAvailable": "100%"}, {"maxUnavailable": 0}, {"maxUnavailable": "0%"}, {"minAvailable": one.replicas + 1}])
    world.expect("WL-PDB-ZERO", "BLOCKER", budget_of(one))
    stops_drains(world)


def stops_drains(world):
    """A budget that never allows anything stops the drain of its nodes as well."""
    world.also("DRAIN-DEADLOCK")


@plants("WL-PDB-ZERO")
def budget_of_one_replica(world):
    one = simple(world, "Deployment")
    if not one:
        return False
    one.replicas, one.budget = 1, {"minAvailable": 1}
    world.expect("WL-PDB-ZERO", "BLOCKER", budget_of(one))
    world.expect("WL-REPLICAS", "HIGH", of_workload(one))
    stops_drains(world)


@plants("WL-PDB-NOW")
def budget_used_up(world):
    one = simple(world, "Deployment")
    if not one:
        return False
    one.replicas, one.ready_pods, one.budget = 3, 2, {"minAvailable": 2}
    world.expect("WL-PDB-NOW", "HIGH", budget_of(one))
    world.expect("WL-PDB-UNHEALTHY", "MEDIUM", budget_of(one), of_workload(one))
    stops_drains(world)


@plants("WL-PDB-UNHEALTHY")
def unhealthy_and_no_policy(world):
    one = simple(world, "Deployment")
    if not one:
        return False
    one.replicas, one.ready_pods, one.budget = 4, 3, {"minAvailable": 1}
    world.expect("WL-PDB-UNHEALTHY", "MEDIUM", budget_of(one), of_workload(one))


@plants("WL-PDB-OVERLAP")
def two_budgets(world):
    one = simple(world)
    if not one:
        return False
    second = one.name + "-other"
    world.finals.append(lambda: world.add("policy/v1", "PodDisruptionBudget", second, one.ns, spec={"minAvailable": 1, "selector": one.selector()},
                                          status={"currentHealthy": one.replicas, "desiredHealthy": 1, "expectedPods": one.replicas, "disruptionsAllowed": one.replicas - 1, "observedGeneration": 1}))
    either = (named("PodDisruptionBudget", one.ns, second), budget_of(one), of_workload(one))
    world.expect("WL-PDB-OVERLAP", "BLOCKER", *either)
    stops_drains(world)


@plants("WL-PDB-OVERLAP")
def budgets_that_share_some(world):
    """Two workloads have a label in common, by which a third budget takes both."""
    one, other = simple(world, "Deployment"), simple(world, "Deployment")
    if not one or not other:
        return False
    tier, name = "t-" + world.letters(4), "tier-" + world.letters(4)
    for each in (one, other):
        each.pod_labels["tier"] = tier
        each.ns = one.ns
    world.finals.append(lambda: world.add("policy/v1", "PodDisruptionBudget", name, one.ns, spec={"maxUnavailable": 1, "selector": {"matchLabels": {"tier": tier}}},
                                          status={"currentHealthy": one.replicas + other.replicas, "desiredHealthy": 3, "expectedPods": one.replicas + other.replicas, "disruptionsAllowed": 1, "observedGeneration": 1}))
    things = (named("PodDisruptionBudget", one.ns, name), budget_of(one), budget_of(other), of_workload(one), of_workload(other))
    world.expect("WL-PDB-OVERLAP", "BLOCKER", *things)
    stops_drains(world)


@plants("WL-PDB-EMPTY")
def budget_of_nothing(world):
    ns, name = world.plant_rng.choice(world.spaces), "old-" + world.letters(4)
    world.add("policy/v1", "PodDisruptionBudget", name, ns, spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "gone-" + world.letters(3)}}},
              status={"currentHealthy": 0, "desiredHealthy": 1, "expectedPods": 0, "disruptionsAllowed": 0, "observedGeneration": 1})
    world.expect("WL-PDB-EMPTY", "MEDIUM", named("PodDisruptionBudget", ns, name))


@plants("WL-PDB-EMPTY")
def budget_of_everything(world):
    if not claim(world, "namespace lonely"):
        return False
    one = new_app(world, "Deployment", "lonely", "portal", 3)
    one.budget = {"minAvailable": 1, "selector": {}}
    world.expect("WL-PDB-EMPTY", "HIGH", budget_of(one))


@plants("WL-MINREADY")
def ready_at_once(world):
    one = simple(world)
    if not one:
        return False
    one.min_ready = 0
    world.expect("WL-MINREADY", "MEDIUM" if one.kind == "StatefulSet" else "LOW", of_workload(one))


@plants("WL-SPREAD")
def not_spread(world):
    one = simple(world)
    if not one:
        return False
    one.spread = []
    world.expect("WL-SPREAD", "MEDIUM", of_workload(one))


@plants("WL-PROBE")
def no_readiness_probe(world):
    one = simple(world)
    if not one:
        return False
    if world.plant_rng.random() < 0.5:
        one.containers.append(container("sidecar", f"{world.registry}/sidecar:1.0.1", port=9091))
    one.containers[-1].pop("readinessProbe")
    world.expect("WL-PROBE", "HIGH", of_workload(one))


@plants("WL-TGPS-ZERO")
def no_time_to_end(world):
    one = simple(world, "StatefulSet")
    if not one:
        return False
    one.grace = 0
    world.expect("WL-TGPS-ZERO", "HIGH", of_workload(one))


def slow_drains(world):
    world.also("DRAIN-ESTIMATE")        # of its nodes, and of those that its pods come to


def slow_objects(world, one):
    nodes = [node for node in world.nodes if node.name in {pod["spec"]["nodeName"] for pod in one.pods}]
    return [named("Node", "", node.name) for node in nodes] + [name for node in nodes if node.group for name in of_group(node.group)] + [of_workload(one), CLUSTER]


@plants("WL-TGPS-LONG")
def long_grace(world):
    one = simple(world)
    if not one:
        return False
    one.grace = world.plant_rng.choice([1000, 1800, 7200])
    world.expect("WL-TGPS-LONG", "HIGH", of_workload(one))
    slow_drains(world)


@plants("DRAIN-ESTIMATE")
def slow_drain(world):
    one = simple(world)
    if not one:
        return False
    one.grace, one.only_nodes = 7200, {node.name for node in world.groups[0].nodes}      # managed groups give up after 15 minutes
    world.expect("WL-TGPS-LONG", "HIGH", of_workload(one))
    world.finals.append(lambda: world.expect("DRAIN-ESTIMATE", "HIGH", *slow_objects(world, one)))
    slow_drains(world)


def exposed(world):
    return app(world, exposed=True)


@plants("WL-PRESTOP")
def gone_before_the_balancer_knows(world):
    one = exposed(world)
    if not one:
        return False
    if world.plant_rng.random() < 0.5:
        one.containers[0].pop("lifecycle")
    else:
        one.containers[0]["lifecycle"]["preStop"]["exec"]["command"][-1] = "sleep 5"
    world.expect("WL-PRESTOP", "HIGH", of_workload(one))


@plants("WL-READINESS-GATE")
def no_gate(world):
    if not claim(world, "namespace open") or not claim(world, "exposure"):
        return False
    one = new_app(world, "Deployment", "open", "portal", 2).expose()
    spec_of = one.pod_spec

    def without_gates():
        spec = spec_of()
        spec.pop("readinessGates", None)
        return spec
    one.pod_spec = without_gates
    world.expect("WL-READINESS-GATE", "MEDIUM", of_workload(one), named("Namespace", "", "open"), named("Ingress", "open", "portal"), named("Service", "open", "portal"))


@plants("WL-RECREATE")
def recreate(world):
    one = simple(world, "Deployment")
    if not one:
        return False
    one.strategy = "Recreate"
    world.expect("WL-RECREATE", "MEDIUM", of_workload(one))


@plants("WL-REQUESTS")
def no_requests(world):
    one = simple(world)
    if not one:
        return False
    one.containers[0]["resources"] = world.plant_rng.choice([{}, {"limits": {}}])
    world.expect("WL-REQUESTS", "MEDIUM", of_workload(one))


@plants("WL-DOCKERSOCK")
def docker_socket(world):
    path = world.plant_rng.choice(["/var/run/docker.sock", "/run/docker.sock", "/var/run/dockershim.sock"])
    one = new_app(world, world.plant_rng.choice(["Deployment", "DaemonSet", "CronJob"]), "tools", "builder-" + world.letters(3), 2)
    one.service = one.kind == "Deployment"
    if one.kind == "CronJob":
        one.budget, one.replicas = None, 0
    one.volumes = [{"name": "docker", "hostPath": {"path": path}}]
    one.containers[0]["volumeMounts"] = [{"name": "docker", "mountPath": path}]
    world.expect("WL-DOCKERSOCK", "BLOCKER", of_workload(one))
    for check in ("BEH-1.24", "DRAIN-HOSTPATH"):
        world.also(check, of_workload(one))


@plants("WL-PSP", hops=lambda frm, to: frm == 24)
def security_policies(world):
    name = "restricted-" + world.letters(3)
    world.add("policy/v1beta1", "PodSecurityPolicy", name, spec={"privileged": False, "seLinux": {"rule": "RunAsAny"}, "runAsUser": {"rule": "RunAsAny"}, "fsGroup": {"rule": "RunAsAny"}, "supplementalGroups": {"rule": "RunAsAny"}})
    world.expect("WL-PSP", "BLOCKER", named("PodSecurityPolicy", "", name))
    world.expect("BEH-1.25", "BLOCKER", named("PodSecurityPolicy", "", name), CLUSTER)
    world.also("API-REMOVED-IN-PATH", named("PodSecurityPolicy", "", name))


# ---- drain

@plants("DRAIN-NO-CONTROLLER")
def bare_pod(world):
    ns, name = world.plant_rng.choice(world.spaces), "debug-" + world.letters(5)
    node = world.plant_rng.choice([node for node in world.nodes if node.group])
    one = container("debug", f"{world.registry}/debug:1.1.1")
    started = world.ago(days=3)
    world.add("v1", "Pod", name, ns, labels={"run": name}, spec={"nodeName": node.name, "containers": [one], "restartPolicy": "Always", "terminationGracePeriodSeconds": 30},
              status={"phase": "Running", "startTime": started, "podIP": world.address(), "conditions": [{"type": "Ready", "status": "True"}],
                      "containerStatuses": [{"name": "debug", "image": one["image"], "ready": True, "restartCount": 0, "state": {"running": {"startedAt": started}}}]})
    world.expect("DRAIN-NO-CONTROLLER", "HIGH", named("Pod", ns, name))


def with_volume(world, one, source):
    name = "v-" + world.letters(3)
    one.volumes.append({"name": name, **source})
    one.containers[0].setdefault("volumeMounts", []).append({"name": name, "mountPath": f"/{name}"})


@plants("DRAIN-LOCAL-STORAGE")
def empty_dir(world):
    one = simple(world)
    if not one:
        return False
    with_volume(world, one, {"emptyDir": {}})
    world.expect("DRAIN-LOCAL-STORAGE", "MEDIUM", of_workload(one))


@plants("DRAIN-HOSTPATH")
def host_path(world):
    one = simple(world)
    if not one:
        return False
    with_volume(world, one, {"hostPath": {"path": "/data/" + world.letters(4), "type": "DirectoryOrCreate"}})
    world.expect("DRAIN-HOSTPATH", "HIGH", of_workload(one))


@plants("DRAIN-LOCAL-PV")
def local_volume(world):
    one = simple(world, "Deployment")
    if not one:
        return False
    node = next(node for node in world.nodes if node.group)
    volume, claim_ = "local-" + world.letters(6), one.name + "-scratch"
    one.only_nodes = {node.name}
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node.name]}]}
    world.add("v1", "PersistentVolumeClaim", claim_, one.ns, spec={"accessModes": ["ReadWriteOnce"], "storageClassName": "local", "volumeName": volume, "resources": {"requests": {"storage": "10Gi"}}}, status={"phase": "Bound"})
    world.add("v1", "PersistentVolume", volume, spec={"capacity": {"storage": "10Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "local", "local": {"path": "/mnt/disks/a"}, "persistentVolumeReclaimPolicy": "Retain",
                                                      "claimRef": {"kind": "PersistentVolumeClaim", "namespace": one.ns, "name": claim_}, "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}}}, status={"phase": "Bound"})
    with_volume(world, one, {"persistentVolumeClaim": {"claimName": claim_}})
    world.expect("DRAIN-LOCAL-PV", "HIGH", of_workload(one))
    world.expect("BG-STATEFUL", "BLOCKER", of_workload(one))
    world.also("DRAIN-UNSCHEDULABLE", of_workload(one))
    world.also("DRAIN-DEADLOCK")
    world.also("BAK-NO-VOLUMES", named("PersistentVolumeClaim", one.ns, claim_), of_workload(one))


@plants("DRAIN-ZONAL-VOLUME")
def volume_in_a_lonely_zone(world):
    if not claim(world, "zone d"):
        return False
    zone, nodes = world.region + "d", [node for node in world.groups[0].nodes]
    node = Node(world, world.groups[0], zone, 0)
    node.claimed = True
    world.groups[0].nodes.append(node)
    world.groups[0].document["scalingConfig"]["desiredSize"] += 1
    world.nodes.append(node)
    one = new_app(world, "StatefulSet", "solo", "ledger-db", 2)
    one.claims, one.pod_management, one.budget = ["data"], "Parallel", {"maxUnavailable": 1}
    one.service, one.zone = True, zone
    zones = world.zones
    render = one.render

    def in_that_zone():
        world.zones = [zone]
        try:
            render()
        finally:
            world.zones = zones
    one.render = in_that_zone
    world.expect("DRAIN-ZONAL-VOLUME", "HIGH", of_workload(one))
    world.also("DRAIN-UNSCHEDULABLE", of_workload(one))
    world.also("DRAIN-DEADLOCK")


@plants("DRAIN-UNSCHEDULABLE")
def tied_to_a_node(world):
    one = simple(world, "Deployment")
    if not one:
        return False
    tie(world, one)
    world.expect("DRAIN-UNSCHEDULABLE", "HIGH", of_workload(one))
    world.also("DRAIN-DEADLOCK", budget_of(one))


def tie(world, one):
    node = next(node for node in world.nodes if node.group)
    one.only_nodes = {node.name}
    one.affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node.name]}]}]}}}
    world.also("NODE-EXTRA-LABELS", of_workload(one))
    return True


@plants("DRAIN-JOB")
def running_job(world):
    one = new_app(world, "Job", world.plant_rng.choice(world.spaces), "import-" + world.letters(5), 1)
    one.service, one.budget, one.restart, one.spread = False, None, "Never", []
    one.containers[0].pop("readinessProbe")
    one.pod_hooks.append(lambda pod, index: pod["status"].update(startTime=world.ago(hours=2)))
    world.expect("DRAIN-JOB", "MEDIUM", of_workload(one))


@plants("DRAIN-DNE")
def do_not_evict(world):
    one = simple(world)
    if not one:
        return False
    one.pod_annotations = dict([world.plant_rng.choice([("karpenter.sh/do-not-disrupt", "true"), ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false")])])
    world.expect("DRAIN-DNE", "HIGH", of_workload(one))


@plants("DRAIN-DAEMONSET-TOLERATION")
def daemon_that_returns(world):
    one = new_app(world, "DaemonSet", "monitoring", "agent-" + world.letters(3), 1)
    one.tolerations, one.service, one.spread = [{"operator": "Exists"}], False, []
    world.expect("DRAIN-DAEMONSET-TOLERATION", "LOW", of_workload(one))


@plants("DRAIN-STATEFULSET-ORDERED")
def ordered_set(world):
    one = simple(world, "StatefulSet")
    if not one:
        return False
    one.pod_management = "OrderedReady"
    world.expect("DRAIN-STATEFULSET-ORDERED", "INFO", of_workload(one))


@plants("DRAIN-DEADLOCK")
def drain_that_gets_stuck(world):
    """The first pod goes and finds no other place; then its budget holds the second for ever."""
    one = simple(world, "Deployment", replicas=2)
    if not one or not tie(world, one):
        return False
    one.budget = {"minAvailable": 1}
    world.expect("DRAIN-DEADLOCK", "BLOCKER", budget_of(one))
    world.expect("DRAIN-UNSCHEDULABLE", "HIGH", of_workload(one))


# ---- pods as they are

def waiting(reason, n=1):
    def hook(pod, index):
        if index >= n:
            return
        for status in pod["status"]["containerStatuses"]:
            if reason == "OOMKilled":
                status.update(restartCount=9, lastState={"terminated": {"reason": reason, "exitCode": 137, "finishedAt": pod["status"]["startTime"]}})
                continue
            status.update(ready=False, started=False, restartCount=0 if "Image" in reason else 41, state={"waiting": {"reason": reason, "message": "back-off"}})
        for condition in pod["status"]["conditions"] if reason != "OOMKilled" else []:
            if condition["type"] in ("Ready", "ContainersReady"):
                condition["status"] = "False"
        if "Image" in reason:
            pod["status"]["phase"] = "Pending"
    return hook


@plants("POD-BASELINE")
def crash_loop(world):
    one = simple(world, "Deployment", replicas=3)
    if not one:
        return False
    one.pod_hooks.append(waiting(world.plant_rng.choice(["CrashLoopBackOff", "OOMKilled"])))
    one.budget = {"minAvailable": 1}
    world.expect("POD-BASELINE", "MEDIUM", of_workload(one))


@plants("POD-IMAGE")
def image_that_cannot_be_pulled(world):
    one = simple(world, "Deployment", replicas=3)
    if not one:
        return False
    one.pod_hooks.append(waiting(world.plant_rng.choice(["ImagePullBackOff", "ErrImagePull"])))
    one.budget = {"minAvailable": 1}
    world.expect("POD-IMAGE", "HIGH", of_workload(one))
    world.expect("POD-BASELINE", "MEDIUM", of_workload(one))


@plants("POD-STUCK")
def pod_that_does_not_go(world):
    one = simple(world, "Deployment", replicas=3)
    if not one:
        return False

    def going(pod, index):
        if index == 0:
            pod["metadata"].update(deletionTimestamp=world.ago(hours=6), deletionGracePeriodSeconds=30, finalizers=["example.com/cleanup"])
            world.expect("POD-STUCK", "HIGH", named("Pod", one.ns, pod["metadata"]["name"]), of_workload(one))
    one.pod_hooks.append(going)
    one.budget = {"minAvailable": 1}


@plants("POD-STUCK")
def namespace_that_does_not_go(world):
    name = "old-" + world.letters(4)
    made = world.add("v1", "Namespace", name, spec={"finalizers": ["kubernetes"]},
                     status={"phase": "Terminating", "conditions": [{"type": "NamespaceFinalizersRemaining", "status": "True", "reason": "SomeFinalizersRemain", "message": "example.com/x in 1 resource instances"}]})
    made["metadata"]["deletionTimestamp"] = world.ago(days=2)
    world.expect("POD-STUCK", "HIGH", named("Namespace", "", name))


@plants("HPA-MAXED")
def autoscaler_at_its_maximum(world):
    one = simple(world, "Deployment")
    if not one:
        return False
    one.autoscaler = (2, one.replicas, one.replicas)
    world.expect("HPA-MAXED", "MEDIUM", named("HorizontalPodAutoscaler", one.ns, one.name))


# ---- admission webhooks

OUTSIDE = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", "kube-node-lease"]}]}


def webhook(world, name, service, rules, kind="ValidatingWebhookConfiguration", **more):
    one = {"name": f"{name}.example.com", "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1"], "timeoutSeconds": 10, "matchPolicy": "Equivalent",
           "clientConfig": {"service": {"namespace": service[0], "name": service[1], "port": 443, "path": "/validate"}, "caBundle": GOOD_CA}, "rules": rules,
           "namespaceSelector": OUTSIDE, "objectSelector": {}}
    one.update(more)
    world.add("admissionregistration.k8s.io/v1", kind, name, webhooks=[one])
    return named(kind, "", name)


CONFIG_MAPS = [rule([""], ["v1"], ["configmaps"])]


def backend(world, replicas=2, **more):
    return new_app(world, "Deployment", "policies", "policy-" + world.letters(4), replicas, **more)


@plants("WH-FAIL-UNSCOPED", hops=lambda frm, to: to > frm)
def webhook_for_everything(world):
    one = backend(world)
    kind = world.plant_rng.choice(["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"])
    thing = webhook(world, "everything-" + world.letters(4), (one.ns, one.name), [rule([""], ["v1"], world.plant_rng.choice([["pods"], ["*"], ["pods", "nodes"]]))], kind, namespaceSelector={})
    world.expect("WH-FAIL-UNSCOPED", "BLOCKER", thing)


@plants("WH-FAIL-UNSCOPED")
def webhook_for_everything_outside(world):
    name = "remote-" + world.letters(4)
    world.expect("WH-FAIL-UNSCOPED", "HIGH", webhook(world, name, ("x", "y"), [rule([""], ["v1"], ["pods"])], namespaceSelector={}, clientConfig={"url": f"https://{name}.example.com/v", "caBundle": GOOD_CA}))


@plants("WH-NO-ENDPOINT")
def webhook_without_a_backend(world):
    how = world.plant_rng.choice(["no service", "no endpoint", "old certificate"])
    more = {"clientConfig": None}
    service = ("policies", "absent")
    if how != "no service":
        one = backend(world)
        service = (one.ns, one.name)
        if how == "no endpoint":
            one.ready_pods = 0
            world.also("WL-PDB-NOW", budget_of(one))
            world.also("DRAIN-DEADLOCK")
    more = {"clientConfig": {"service": {"namespace": service[0], "name": service[1], "port": 443}, "caBundle": OLD_CA}} if how == "old certificate" else {}
    thing = webhook(world, "absent-" + world.letters(4), service, copy.deepcopy(CONFIG_MAPS), **more)
    world.expect("WH-NO-ENDPOINT", "BLOCKER", thing)
    world.also("WH-SINGLE", thing)


@plants("WH-DISCOVERY-DEADLOCK", hops=lambda frm, to: frm < 33 <= to)
def policy_engine(world):
    one = new_app(world, "Deployment", "kyverno", "kyverno-admission-controller", 3)
    one.containers[0]["image"] = "reg.kyverno.io/kyverno/kyverno:v1.14.1"
    thing = webhook(world, "kyverno-resource-validating-webhook-cfg", (one.ns, one.name), [rule(["*"], ["*"], ["*/*"])])
    world.expect("WH-DISCOVERY-DEADLOCK", "HIGH", thing)
    world.also("WH-FAIL-UNSCOPED", thing)


@plants("WH-TIMEOUT")
def slow_webhook(world):
    one = backend(world)
    world.expect("WH-TIMEOUT", "LOW", webhook(world, "slow-" + world.letters(4), (one.ns, one.name), copy.deepcopy(CONFIG_MAPS), timeoutSeconds=world.plant_rng.choice([16, 20, 30])))


@plants("WH-SINGLE")
def webhook_of_one_pod(world):
    single = world.plant_rng.random() < 0.5
    one = backend(world, 1 if single else 2)
    one.budget = None
    thing = webhook(world, "single-" + world.letters(4), (one.ns, one.name), copy.deepcopy(CONFIG_MAPS))
    world.expect("WH-SINGLE", "HIGH", thing, of_workload(one))
    world.expect(*(("WL-REPLICAS", "HIGH") if single else ("WL-PDB-MISSING", "MEDIUM")), of_workload(one))
