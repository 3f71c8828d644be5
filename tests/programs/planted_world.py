"""A cluster as `assess --from DIR` gets it: Kubernetes objects, AWS's answers with their requests, metrics, and when it was
seen. Written from the folder format and the APIs' own shapes, without a look at the program that reads it."""
import base64
import datetime
import gzip
import hashlib
import json
import pathlib
import random

ACCOUNT = "111122223333"
# Release, end of standard support, end of extended support: the EKS calendar.
CALENDAR = {21: ("2021-07-19", "2023-02-16", "2024-07-15"), 22: ("2022-04-04", "2023-06-04", "2024-09-01"), 23: ("2022-08-11", "2023-10-11", "2024-10-11"),
            24: ("2022-11-15", "2024-01-31", "2025-01-31"), 25: ("2023-02-22", "2024-05-01", "2025-05-01"),
            26: ("2023-04-11", "2024-06-11", "2025-06-11"), 27: ("2023-05-24", "2024-07-24", "2025-07-24"),
            28: ("2023-09-26", "2024-11-26", "2025-11-26"), 29: ("2024-01-23", "2025-03-23", "2026-03-23"),
            30: ("2024-05-23", "2025-07-23", "2026-07-23"), 31: ("2024-09-26", "2025-11-26", "2026-11-26"),
            32: ("2025-01-23", "2026-03-23", "2027-03-23"), 33: ("2025-05-29", "2026-07-29", "2027-07-29"),
            34: ("2025-10-02", "2026-12-02", "2027-12-02"), 35: ("2026-01-27", "2027-03-27", "2028-03-27"),
            36: ("2026-06-02", "2027-08-02", "2028-08-02")}


def day(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)


class Node:
    def __init__(self, world, group, zone, index):
        self.world, self.group, self.zone = world, group, zone
        self.address = world.address()
        self.name = f"ip-{self.address.replace('.', '-')}.{world.region}.compute.internal"
        self.instance = "i-0" + world.hexes(16)
        self.kubelet = f"v1.{world.frm}.{world.patch}-eks-{world.build}"
        self.os_image, self.runtime = "Amazon Linux 2023.9.20250929", "containerd://2.1.4"
        self.system, self.architecture = "linux", "amd64"
        self.labels = {"eks.amazonaws.com/nodegroup": group.name, "eks.amazonaws.com/capacityType": group.capacity,
                       "eks.amazonaws.com/nodegroup-image": "ami-0" + world.hexes(16)} if group else {}
        self.annotations, self.taints, self.unschedulable = {}, [], False
        self.conditions = {"Ready": "True", "MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False"}
        self.cpu, self.memory, self.pods = 3920, 14 * 1024, 58
        self.type = group.type if group else "m6i.xlarge"
        self.used = {"cpu": 0, "memory": 0, "pods": 0}
        self.claimed = False

    def takes_daemon(self, app):
        return not self.labels.get("eks.amazonaws.com/compute-type") and self.system == "linux"

    def takes(self, app):
        labels = self.all_labels()
        return (not self.unschedulable and not self.taints and self.conditions["Ready"] == "True" and self.system == "linux" and
                (self.labels.get("eks.amazonaws.com/compute-type") == "fargate") == app.fargate and
                all(labels.get(key) == value for key, value in app.node_selector.items()) and
                (app.only_nodes is None or self.name in app.only_nodes))

    def all_labels(self):
        return {"kubernetes.io/hostname": self.name, "kubernetes.io/os": self.system, "kubernetes.io/arch": self.architecture,
                "topology.kubernetes.io/zone": self.zone, "topology.kubernetes.io/region": self.world.region,
                "node.kubernetes.io/instance-type": self.type, **self.labels}

    def render(self):
        world = self.world
        room = {"cpu": f"{self.cpu}m", "memory": f"{self.memory}Mi", "pods": str(self.pods), "ephemeral-storage": "18242267924"}
        spec = {"providerID": f"aws:///{self.zone}/{self.instance}"}
        if self.taints:
            spec["taints"] = self.taints
        if self.unschedulable:
            spec["unschedulable"] = True
        world.add("v1", "Node", self.name, labels=self.all_labels(), annotations=dict(self.annotations), spec=spec,
                  status={"capacity": {**room, "cpu": "4"}, "allocatable": room, "addresses": [{"type": "InternalIP", "address": self.address}],
                          "conditions": [{"type": kind, "status": status, "lastHeartbeatTime": world.ago(minutes=1)} for kind, status in self.conditions.items()],
                          "nodeInfo": {"kubeletVersion": self.kubelet, "kubeProxyVersion": self.kubelet, "osImage": self.os_image,
                                       "containerRuntimeVersion": self.runtime, "kernelVersion": "6.1.150", "architecture": self.architecture,
                                       "operatingSystem": self.system}})


class Group:
    """A managed node group, its scaling group and its launch template."""

    def __init__(self, world, name, size):
        self.world, self.name, self.type = world, name, world.rng.choice(["m6i.xlarge", "m5.xlarge", "c6i.xlarge", "r6i.xlarge"])
        self.capacity = "ON_DEMAND"
        self.arn = world.arn("eks", f"nodegroup/{world.cluster}/{name}/{world.uuid()}")
        self.scaling = f"eks-{name}-{world.uuid()}"
        self.template = "lt-0" + world.hexes(16)
        self.template_version = world.rng.randint(1, 9)
        self.template_latest = self.template_version
        self.user_data = "MIME-Version: 1.0\n\n#!/bin/bash\necho ready\n"
        self.claimed = False
        self.nodes = [Node(world, self, world.zones[index % len(world.zones)], index) for index in range(size)]
        self.document = {
            "nodegroupName": name, "nodegroupArn": self.arn, "clusterName": world.cluster, "version": f"1.{world.frm}",
            "releaseVersion": f"1.{world.frm}.{world.patch}-20250920", "status": "ACTIVE", "capacityType": "ON_DEMAND",
            "scalingConfig": {"minSize": 1, "maxSize": size + 4, "desiredSize": size}, "instanceTypes": [self.type],
            "subnets": [subnet["SubnetId"] for subnet in world.subnets], "amiType": "AL2023_x86_64_STANDARD",
            "nodeRole": world.node_role, "labels": {}, "diskSize": 80, "health": {"issues": []},
            "updateConfig": {"maxUnavailable": 1}, "launchTemplate": {"id": self.template, "name": f"{world.cluster}-{name}", "version": str(self.template_version)},
            "resources": {"autoScalingGroups": [{"name": self.scaling}]}, "createdAt": world.ago(days=90), "tags": {}}

    def render(self):
        world, document = self.world, self.document
        document["launchTemplate"] = {"id": self.template, "name": f"{world.cluster}-{self.name}", "version": str(self.template_version)}
        world.call("describe_nodegroup", {"clusterName": world.cluster, "nodegroupName": self.name}, {"nodegroup": document})
        template = {"LaunchTemplateId": self.template, "LaunchTemplateName": f"{world.cluster}-{self.name}",
                    "DefaultVersionNumber": self.template_latest, "LatestVersionNumber": self.template_latest, "CreateTime": world.ago(days=100)}
        world.templates.append(template)
        data = {"UserData": base64.b64encode(self.user_data.encode()).decode(), "InstanceType": self.type}
        world.call("describe_launch_template_versions", {"LaunchTemplateId": self.template, "Versions": [str(self.template_version)]},
                   {"LaunchTemplateVersions": [{"LaunchTemplateId": self.template, "LaunchTemplateName": template["LaunchTemplateName"],
                                                "VersionNumber": self.template_version, "DefaultVersion": True, "LaunchTemplateData": data}]})
        instances = [{"InstanceId": node.instance, "AvailabilityZone": node.zone, "LifecycleState": "InService", "HealthStatus": "Healthy", "InstanceType": node.type,
                      "LaunchTemplate": {"LaunchTemplateId": self.template, "Version": str(self.template_version)}} for node in self.nodes]
        world.scaling_groups.append({
            "AutoScalingGroupName": self.scaling, "AutoScalingGroupARN": world.arn("autoscaling", f"autoScalingGroup:{world.uuid()}:autoScalingGroupName/{self.scaling}"),
            "MinSize": 1, "MaxSize": document["scalingConfig"]["maxSize"], "DesiredCapacity": len(self.nodes), "Instances": instances, "SuspendedProcesses": [],
            "MixedInstancesPolicy": {"LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateId": self.template, "Version": str(self.template_version)}}},
            "AvailabilityZones": world.zones, "Tags": [{"Key": "eks:cluster-name", "Value": world.cluster}, {"Key": "eks:nodegroup-name", "Value": self.name},
                                                       {"Key": f"kubernetes.io/cluster/{world.cluster}", "Value": "owned"}]})
        lifecycle = {"InstanceLifecycle": "spot"} if self.capacity == "SPOT" else {}
        world.instances += [{"InstanceId": node.instance, "InstanceType": node.type, "State": {"Code": 16, "Name": "running"},
                             "CpuOptions": {"CoreCount": 2, "ThreadsPerCore": 2}, "Placement": {"AvailabilityZone": node.zone}, **lifecycle} for node in self.nodes]


class World:
    def __init__(self, seed, frm, to):
        self.rng = random.Random(seed)
        rng = self.rng
        self.seed, self.frm, self.to = seed, frm, to
        self.names = set()
        self.cluster = rng.choice(["shop", "payments", "core", "edge", "data"]) + rng.choice(["", "-prod", "-eu", "-blue", "-7"])
        self.region = rng.choice(["us-east-1", "eu-central-1", "ap-southeast-2"])
        self.zones = [self.region + letter for letter in "abc"]
        self.registry = f"{ACCOUNT}.dkr.ecr.{self.region}.amazonaws.com"
        self.patch, self.build = rng.randint(1, 9), self.hexes(7)
        low = day(CALENDAR.get(max(frm, to), CALENDAR[36])[0]) + datetime.timedelta(days=8)
        high = day(CALENDAR[frm][1]) - datetime.timedelta(days=100)
        self.now = (low + (max(high, low) - low) * rng.random()).replace(microsecond=0)
        self.objects, self.aws, self.metrics, self.meta = [], {}, [], {}
        self.index = {}
        self.apps, self.groups, self.nodes = [], [], []
        self.templates, self.scaling_groups, self.instances, self.volumes = [], [], [], []
        self.config = {}
        self.strategy = None
        self.expected, self.consequences, self.one_of_a_kind = [], [], set()
        self.finals = []                # called when everything is rendered, on the raw objects
        self.removed_operations = set()
        self.network()

    # ---- names and numbers

    def letters(self, n):
        return "".join(self.rng.choice("bcdfghjklmnpqrstvwxz2456789") for _ in range(n))

    def hexes(self, n):
        return "".join(self.rng.choice("0123456789abcdef") for _ in range(n))

    def uuid(self):
        return "-".join(self.hexes(n) for n in (8, 4, 4, 4, 12))

    def uid(self, *of):
        digest = hashlib.sha256("/".join(map(str, of)).encode()).hexdigest()
        return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"

    def address(self, net="10.0"):
        while True:
            text = f"{net}.{self.rng.randint(0, 95)}.{self.rng.randint(5, 250)}"
            if text not in self.names:
                self.names.add(text)
                return text

    def tag(self):
        return f"{self.rng.randint(1, 5)}.{self.rng.randint(0, 20)}.{self.rng.randint(0, 9)}"

    def at(self, when):
        return when.strftime("%Y-%m-%dT%H:%M:%SZ")

    def ago(self, **spans):
        return self.at(self.now - datetime.timedelta(**spans))

    def ahead(self, **spans):
        return self.at(self.now + datetime.timedelta(**spans))

    def arn(self, service, resource):
        return f"arn:aws:{service}:{'' if service == 'iam' else self.region}:{ACCOUNT}:{resource}"

    # ---- Kubernetes

    def add(self, api, kind, name, ns=None, labels=None, annotations=None, owners=None, spec=None, status=None, **more):
        meta = {"name": name, "uid": self.uid(kind, ns, name), "resourceVersion": str(self.rng.randint(1000, 9 ** 8)), "creationTimestamp": self.ago(days=self.rng.randint(21, 80))}
        for key, value in (("namespace", ns), ("labels", labels), ("annotations", annotations), ("ownerReferences", owners)):
            if value:
                meta[key] = value
        made = {"apiVersion": api, "kind": kind, "metadata": meta}
        for key, value in (("spec", spec), ("status", status)):
            if value is not None:
                made[key] = value
        made.update(more)
        self.objects.append(made)
        self.index[kind, ns or "", name] = made
        return made

    def of_kind(self, kind):
        return [one for one in self.objects if one["kind"] == kind]

    def definition(self, group, kind, plural, versions=(("v1", True, True),), scope="Namespaced", stored=None, **more):
        """A CustomResourceDefinition; versions: (name, served, storage)."""
        name = f"{plural}.{group}"
        found = self.index.get(("CustomResourceDefinition", "", name))
        return found or self.add("apiextensions.k8s.io/v1", "CustomResourceDefinition", name,
                                 spec={"group": group, "scope": scope, "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": kind + "List"},
                                       "conversion": {"strategy": "None"},
                                       "versions": [{"name": v, "served": served, "storage": storage, "schema": {"openAPIV3Schema": {"type": "object"}}} for v, served, storage in versions], **more},
                                 status={"storedVersions": stored or [v for v, _, storage in versions if storage],
                                         "conditions": [{"type": "Established", "status": "True"}, {"type": "NamesAccepted", "status": "True"}],
                                         "acceptedNames": {"kind": kind, "plural": plural}})

    def place(self, app, index, zone):
        fit = [node for node in self.nodes if node.takes(app) and (zone is None or node.zone == zone)]
        if not fit:
            raise LookupError(f"no node for {app.ns}/{app.name}")
        taken = [pod["spec"]["nodeName"] for pod in app.pods]
        zones = [node.zone for node in self.nodes if node.name in taken]
        return min(fit, key=lambda node: (taken.count(node.name), zones.count(node.zone) if zone is None else 0, node.used["cpu"], node.used["pods"]))

    def claim_of(self, app, claim, pod, zone):
        name = f"{claim}-{pod}"
        volume = f"pvc-{self.uuid()}"
        handle = "vol-0" + self.hexes(16)
        self.add("v1", "PersistentVolumeClaim", name, app.ns, labels=dict(app.labels),
                 spec={"accessModes": ["ReadWriteOnce"], "storageClassName": "gp3", "volumeName": volume, "volumeMode": "Filesystem", "resources": {"requests": {"storage": "20Gi"}}},
                 status={"phase": "Bound", "capacity": {"storage": "20Gi"}, "accessModes": ["ReadWriteOnce"]})
        term = {"matchExpressions": [{"key": "topology.kubernetes.io/zone", "operator": "In", "values": [zone]}]}
        self.add("v1", "PersistentVolume", volume,
                 spec={"capacity": {"storage": "20Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "gp3", "persistentVolumeReclaimPolicy": "Delete",
                       "claimRef": {"kind": "PersistentVolumeClaim", "namespace": app.ns, "name": name}, "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": handle, "fsType": "ext4"},
                       "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}}}, status={"phase": "Bound"})
        self.volumes.append({"VolumeId": handle, "VolumeType": "gp3", "Size": 20, "State": "in-use", "AvailabilityZone": zone, "Encrypted": True})
        return name

    def helm_release(self, ns, name, chart, version, app_version="1.0.0", manifest="", status="deployed", kube=None, revision=1):
        body = {"name": name, "namespace": ns, "version": revision, "manifest": manifest,
                "info": {"status": status, "first_deployed": self.ago(days=40), "last_deployed": self.ago(days=30)},
                "chart": {"metadata": {"name": chart, "version": version, "appVersion": app_version, "apiVersion": "v2", **({"kubeVersion": kube} if kube else {})}, "templates": [], "values": {}}}
        packed = base64.b64encode(gzip.compress(json.dumps(body).encode(), mtime=0))
        return self.add("v1", "Secret", f"sh.helm.release.v1.{name}.v{revision}", ns,
                        labels={"owner": "helm", "name": name, "status": status, "version": str(revision)},
                        type="helm.sh/release.v1", data={"release": base64.b64encode(packed).decode()})

    # ---- AWS

    def call(self, operation, request, response):
        self.aws.setdefault(operation, []).append({"request": request, "response": response})

    def answers(self, operation):
        return [one["response"] for one in self.aws.get(operation, [])]

    def network(self):
        rng = self.rng
        self.vpc = "vpc-0" + self.hexes(16)
        self.more_subnets = []          # not the cluster's own
        self.subnets = [{"SubnetId": "subnet-0" + self.hexes(16), "VpcId": self.vpc, "AvailabilityZone": zone, "CidrBlock": f"10.0.{index * 32}.0/19", "State": "available",
                         "AvailableIpAddressCount": rng.randint(2000, 7900), "Tags": [{"Key": "kubernetes.io/role/internal-elb", "Value": "1"}]}
                        for index, zone in enumerate(self.zones)]
        self.group_id = "sg-0" + self.hexes(16)
        inside = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": self.group_id, "UserId": ACCOUNT}], "IpRanges": []}]
        self.security_groups = [{"GroupId": self.group_id, "GroupName": f"eks-cluster-sg-{self.cluster}", "VpcId": self.vpc, "IpPermissions": inside,
                                 "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
                                 "Tags": [{"Key": f"kubernetes.io/cluster/{self.cluster}", "Value": "owned"}]}]
        self.node_role = self.arn("iam", f"role/{self.cluster}-node")
        self.role = self.arn("iam", f"role/{self.cluster}-cluster")
        self.roles = {}
        self.trust(self.role, {"Service": "eks.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"])
        self.trust(self.node_role, {"Service": "ec2.amazonaws.com"}, "sts:AssumeRole")
        self.issuer = f"https://oidc.eks.{self.region}.amazonaws.com/id/{self.hexes(32).upper()}"
        self.key = self.arn("kms", f"key/{self.uuid()}")

    def trust(self, arn, principal, action, **condition):
        statement = {"Effect": "Allow", "Principal": principal, "Action": action, **({"Condition": condition} if condition else {})}
        self.roles[arn] = {"RoleName": arn.rsplit("/", 1)[1], "Arn": arn, "Path": "/", "CreateDate": "2024-03-01T00:00:00Z",
                           "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}

    def identity_role(self, name, ns, account):
        """A role for a service account (IRSA)."""
        bare = self.issuer.removeprefix("https://")
        arn = self.arn("iam", f"role/{name}")
        self.trust(arn, {"Federated": self.arn("iam", f"oidc-provider/{bare}")}, "sts:AssumeRoleWithWebIdentity", StringEquals={f"{bare}:sub": f"system:serviceaccount:{ns}:{account}"})
        return arn

    # ---- what is expected

    def expect(self, check, severity, *objects):
        """Objects: any of these names is right; none: on whatever it is told."""
        self.expected.append((check, severity, objects))

    def also(self, check, *objects):
        """A documented consequence of a plant: may be told, need not be."""
        self.consequences.append((check, objects))

    # ---- writing

    def write(self, folder):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.rng.shuffle(self.objects)
        meta = {"cluster": self.cluster, "region": self.region, "captured_at": self.at(self.now), **self.meta}
        aws = {key: value for key, value in self.aws.items() if key not in self.removed_operations}
        for name, document in (("meta.json", meta), ("kubernetes.json", {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": self.objects}), ("aws.json", aws)):
            (folder / name).write_text(json.dumps(document))
        (folder / "metrics.txt").write_text("\n".join(self.metrics) + "\n")


def named(kind, ns, name):
    return f"{kind}:{ns or ''}/{name}"


def aws_thing(name):
    return f"aws:{name}"


CLUSTER = "cluster"
