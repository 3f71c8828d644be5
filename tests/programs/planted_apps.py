"""Workloads of the generated clusters: what somebody wrote (a Deployment, its budget, its Service) and what a cluster
makes of it (ReplicaSets, pods on nodes, endpoints, volumes). A plant changes the App; the objects follow from it."""
import copy
import re

MI = 1024 * 1024
ALB = "alb.ingress.kubernetes.io/"
GATE = "target-health.elbv2.k8s.aws/"
# What the API server adds to every pod.
DEFAULT_TOLERATIONS = [{"key": f"node.kubernetes.io/{what}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
                       for what in ("not-ready", "unreachable")]


def milli(text):
    text = str(text)
    return int(text[:-1]) if text.endswith("m") else int(float(text) * 1000)


def octets(text):
    found = re.fullmatch(r"(\d+)(Ki|Mi|Gi|)", str(text))
    return int(found[1]) * {"Ki": 1024, "Mi": MI, "Gi": 1024 * MI, "": 1}[found[2]]


def probe(port):
    return {"httpGet": {"path": "/healthz", "port": port, "scheme": "HTTP"}, "periodSeconds": 10, "timeoutSeconds": 1,
            "successThreshold": 1, "failureThreshold": 3}


def container(name, image, cpu="100m", memory="128Mi", port=8080):
    return {"name": name, "image": image, "ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}],
            "readinessProbe": probe(port), "livenessProbe": probe(port), "imagePullPolicy": "IfNotPresent",
            "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}


class App:
    """One workload with everything around it. `budget` is the spec of its PodDisruptionBudget, None: it has none."""

    def __init__(self, world, kind, ns, name, replicas=2, containers=None):
        self.world, self.kind, self.ns, self.name, self.replicas = world, kind, ns, name, replicas
        self.labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": f"{name}-{ns}"}
        self.containers = containers or [container(name, f"{world.registry}/{name}:{world.tag()}")]
        self.init_containers, self.volumes, self.tolerations = [], [], []
        self.node_selector, self.affinity, self.spread = {}, None, []
        self.grace, self.min_ready, self.strategy = 30, 10, "RollingUpdate"
        self.pod_annotations, self.annotations, self.pod_labels = {}, {}, {}
        self.budget = {"minAvailable": 1} if kind != "DaemonSet" and replicas > 1 else None
        self.budget_name = name
        self.service = kind != "DaemonSet"
        self.exposed = False
        self.claims = []                # names of volumeClaimTemplates
        self.pod_management = "OrderedReady"
        self.service_account = "default"
        self.priority_class = None
        self.host_network = False
        self.restart = "Always"
        self.schedule = "0 3 * * *"
        self.autoscaler = None          # (min, max, current)
        self.pod_hooks, self.hooks, self.budget_hooks = [], [], []
        self.only_nodes = None          # names; None: wherever there is room
        self.own = False                # EKS's own
        self.fargate = False
        self.pods, self.budgets = [], []
        self.ready_pods = None          # how many are ready; None: all

    # ---- what somebody wrote

    def selector(self):
        return {"matchLabels": dict(self.labels)}

    def pod_spec(self):
        spec = {"containers": copy.deepcopy(self.containers), "restartPolicy": self.restart, "dnsPolicy": "ClusterFirst",
                "terminationGracePeriodSeconds": self.grace, "schedulerName": "default-scheduler", "securityContext": {},
                "serviceAccountName": self.service_account, "serviceAccount": self.service_account}
        more = {"initContainers": self.init_containers, "volumes": self.volumes, "nodeSelector": self.node_selector,
                "affinity": self.affinity, "topologySpreadConstraints": self.spread, "tolerations": self.tolerations,
                "priorityClassName": self.priority_class, "hostNetwork": self.host_network}
        spec.update({key: copy.deepcopy(value) for key, value in more.items() if value})
        if self.exposed:
            spec["readinessGates"] = [{"conditionType": GATE + self.name}]
        return spec

    def template(self):
        meta = {"labels": {**self.labels, **self.pod_labels}}
        if self.pod_annotations:
            meta["annotations"] = dict(self.pod_annotations)
        return {"metadata": meta, "spec": self.pod_spec()}

    def spread_out(self):
        """Over zones and hosts, softly: what a healthy workload says."""
        self.spread = [{"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": self.selector()}
                       for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")]
        return self

    def expose(self):
        """Behind an ALB, and as it should be: deregistration delay < preStop sleep < grace period."""
        self.exposed, self.grace = True, 60
        for one in self.containers:
            one["lifecycle"] = {"preStop": {"exec": {"command": ["/bin/sh", "-c", "sleep 20"]}}}
        return self

    def needs(self):
        total = {"cpu": 0, "memory": 0}
        for one in self.containers:
            requests = one.get("resources", {}).get("requests", {})
            total["cpu"] += milli(requests.get("cpu", "0"))
            total["memory"] += octets(requests.get("memory", "0"))
        return total

    # ---- what the cluster makes of it

    def owner(self, kind, name, api="apps/v1"):
        return [{"apiVersion": api, "kind": kind, "name": name, "uid": self.world.uid(kind, self.ns, name), "controller": True,
                 "blockOwnerDeletion": True}]

    def render(self):
        {"Deployment": self.deployment, "StatefulSet": self.stateful_set, "DaemonSet": self.daemon_set,
         "CronJob": self.cron_job, "Job": self.job}[self.kind]()
        if self.budget is not None:
            self.disruption_budget()
        if self.service:
            self.services()
        if self.autoscaler:
            self.horizontal_autoscaler()

    def workload(self, spec, status, api="apps/v1"):
        made = self.world.add(api, self.kind, self.name, self.ns, labels=dict(self.labels), annotations=dict(self.annotations),
                              spec=spec, status=status)
        for hook in self.hooks:
            hook(made)
        return made

    def counts(self):
        ready = self.replicas if self.ready_pods is None else self.ready_pods
        return {"observedGeneration": 1, "replicas": self.replicas, "readyReplicas": ready, "availableReplicas": ready,
                "updatedReplicas": self.replicas}

    def deployment(self):
        update = {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}} if self.strategy == "RollingUpdate" else {}
        spec = {"replicas": self.replicas, "selector": self.selector(), "template": self.template(), "minReadySeconds": self.min_ready,
                "strategy": {"type": self.strategy, **update}, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}
        self.workload(spec, {**self.counts(), "conditions": [{"type": "Available", "status": "True"}]})
        hashed = self.world.letters(10)
        template = self.template()
        template["metadata"]["labels"]["pod-template-hash"] = hashed
        owned = f"{self.name}-{hashed}"
        self.world.add("apps/v1", "ReplicaSet", owned, self.ns, labels=template["metadata"]["labels"],
                       owners=self.owner("Deployment", self.name),
                       spec={"replicas": self.replicas, "template": template,
                             "selector": {"matchLabels": {**self.labels, "pod-template-hash": hashed}}},
                       status={key: value for key, value in self.counts().items() if key != "updatedReplicas"})
        for index in range(self.replicas):
            self.pod(index, f"{owned}-{self.world.letters(5)}", self.owner("ReplicaSet", owned), {"pod-template-hash": hashed})

    def stateful_set(self):
        templates = [{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": claim},
                      "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "gp3", "volumeMode": "Filesystem",
                               "resources": {"requests": {"storage": "20Gi"}}}} for claim in self.claims]
        spec = {"replicas": self.replicas, "selector": self.selector(), "template": self.template(), "serviceName": self.name,
                "minReadySeconds": self.min_ready, "podManagementPolicy": self.pod_management,
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}}
        if templates:
            spec["volumeClaimTemplates"] = templates
        self.workload(spec, {**self.counts(), "currentReplicas": self.replicas})
        revision = {"controller-revision-hash": f"{self.name}-{self.world.letters(10)}"}
        for index in range(self.replicas):
            name = f"{self.name}-{index}"
            zone = self.world.zones[index % len(self.world.zones)] if self.claims else None
            volumes = [{"name": claim, "persistentVolumeClaim": {"claimName": self.world.claim_of(self, claim, name, zone)}}
                       for claim in self.claims]
            self.pod(index, name, self.owner("StatefulSet", self.name),
                     {**revision, "statefulset.kubernetes.io/pod-name": name}, volumes, zone)

    def daemon_set(self):
        nodes = [node for node in self.world.nodes if node.takes_daemon(self)]
        spec = {"selector": self.selector(), "template": self.template(), "minReadySeconds": self.min_ready,
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}}
        n = len(nodes)
        self.workload(spec, {"currentNumberScheduled": n, "desiredNumberScheduled": n, "numberReady": n, "numberAvailable": n,
                             "updatedNumberScheduled": n, "numberMisscheduled": 0, "observedGeneration": 1})
        for index, node in enumerate(nodes):
            self.pod(index, f"{self.name}-{self.world.letters(5)}", self.owner("DaemonSet", self.name), {}, node=node)

    def cron_job(self):
        self.restart = "OnFailure"
        self.workload({"schedule": self.schedule, "concurrencyPolicy": "Forbid", "suspend": False,
                       "jobTemplate": {"spec": {"template": self.template()}}},
                      {"lastScheduleTime": self.world.ago(hours=8), "lastSuccessfulTime": self.world.ago(hours=7)}, "batch/v1")

    def job(self):
        done = not self.replicas
        self.restart = self.restart if self.restart != "Always" else "OnFailure"
        status = {"startTime": self.world.ago(hours=2)}
        status.update({"succeeded": 1, "completionTime": self.world.ago(hours=1),
                       "conditions": [{"type": "Complete", "status": "True"}]} if done else {"active": self.replicas, "ready": self.replicas})
        self.workload({"parallelism": 1, "completions": 1, "backoffLimit": 6, "template": self.template()}, status, "batch/v1")
        for index in range(self.replicas):
            self.pod(index, f"{self.name}-{self.world.letters(5)}", self.owner("Job", self.name, "batch/v1"), {"job-name": self.name})

    def pod(self, index, name, owners, labels, volumes=(), zone=None, node=None):
        world = self.world
        node = node or world.place(self, index, zone)
        ready = self.ready_pods is None or index < self.ready_pods
        spec = self.pod_spec()
        spec["nodeName"] = node.name
        spec["tolerations"] = spec.get("tolerations", []) + DEFAULT_TOLERATIONS
        spec["volumes"] = spec.get("volumes", []) + list(volumes)
        started = world.ago(days=world.rng.randint(1, 20))
        conditions = [{"type": kind, "status": "True" if ready or kind in ("Initialized", "PodScheduled") else "False"}
                      for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")]
        conditions += [{"type": gate["conditionType"], "status": "True"} for gate in spec.get("readinessGates", [])]
        statuses = [{"name": one["name"], "image": one["image"], "imageID": one["image"] + "@sha256:" + "ab" * 32, "ready": ready,
                     "restartCount": 0, "started": True, "state": {"running": {"startedAt": started}}} for one in self.containers]
        pod = world.add("v1", "Pod", name, self.ns, labels={**self.labels, **self.pod_labels, **labels}, annotations=dict(self.pod_annotations),
                        owners=owners, spec=spec,
                        status={"phase": "Running", "startTime": started, "hostIP": node.address, "podIP": world.address(), "qosClass": "Burstable",
                                "conditions": conditions, "containerStatuses": statuses})
        node.used["cpu"] += self.needs()["cpu"]
        node.used["memory"] += self.needs()["memory"]
        node.used["pods"] += 1
        self.pods.append(pod)
        for hook in self.pod_hooks:
            hook(pod, index)
        return pod

    # ---- around it

    def healthy(self):
        return sum(any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))
                   for pod in self.pods)

    def disruption_budget(self):
        n, healthy = len(self.pods), self.healthy()

        def part(value):
            return value if isinstance(value, int) else -(-n * int(value[:-1]) // 100)
        desired = part(self.budget["minAvailable"]) if "minAvailable" in self.budget else n - part(self.budget.get("maxUnavailable", 1))
        spec = {"selector": self.selector(), **self.budget}
        made = self.world.add("policy/v1", "PodDisruptionBudget", self.budget_name, self.ns, spec=spec,
                              status={"currentHealthy": healthy, "desiredHealthy": desired, "expectedPods": n, "observedGeneration": 1,
                                      "disruptionsAllowed": max(0, healthy - desired)})
        self.budgets.append(made)
        for hook in self.budget_hooks:
            hook(made)

    def services(self):
        world = self.world
        port = self.containers[0]["ports"][0]["containerPort"]
        world.add("v1", "Service", self.name, self.ns, labels=dict(self.labels),
                  spec={"type": "ClusterIP", "clusterIP": world.address("172.20"), "selector": dict(self.labels),
                        "ports": [{"name": "http", "port": 80, "targetPort": port, "protocol": "TCP"}]}, status={"loadBalancer": {}})
        endpoints = [{"addresses": [pod["status"].get("podIP", "10.0.0.9")], "nodeName": pod["spec"].get("nodeName"),
                      "conditions": {"ready": any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"]["conditions"])},
                      "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"], "namespace": self.ns}} for pod in self.pods]
        made = world.add("discovery.k8s.io/v1", "EndpointSlice", f"{self.name}-{world.letters(5)}", self.ns,
                         labels={"kubernetes.io/service-name": self.name, "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"})
        made.update({"addressType": "IPv4", "endpoints": endpoints, "ports": [{"name": "http", "port": port, "protocol": "TCP"}]})
        if self.exposed:
            self.ingress()

    def ingress(self):
        world = self.world
        path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": self.name, "port": {"number": 80}}}}
        world.add("networking.k8s.io/v1", "Ingress", self.name, self.ns,
                  annotations={ALB + "target-type": "ip", ALB + "scheme": "internet-facing", ALB + "certificate-arn": world.arn("acm", f"certificate/{world.letters(8)}"),
                               ALB + "target-group-attributes": "deregistration_delay.timeout_seconds=15", **self.annotations},
                  spec={"ingressClassName": "alb", "rules": [{"host": f"{self.name}.example.com", "http": {"paths": [path]}}]},
                  status={"loadBalancer": {"ingress": [{"hostname": f"k8s-{self.ns}-{self.name}-1a2b3c.{world.region}.elb.amazonaws.com"}]}})

    def horizontal_autoscaler(self):
        least, most, current = self.autoscaler
        self.world.add("autoscaling/v2", "HorizontalPodAutoscaler", self.name, self.ns,
                       spec={"scaleTargetRef": {"apiVersion": "apps/v1", "kind": self.kind, "name": self.name}, "minReplicas": least, "maxReplicas": most,
                             "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]},
                       status={"currentReplicas": current, "desiredReplicas": current, "conditions": [{"type": "ScalingActive", "status": "True"}]})
