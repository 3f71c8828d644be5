"""A healthy cluster of random size and shape, as EKS makes them and people fill them: nothing in it is worth more than a
word, and much of it stands close to what would be."""
import random

from planted_apps import App, container
from planted_world import CALENDAR, Group, Node, World

# Certificates of webhooks: one good until 2099, one over since 2021.
GOOD_CA = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJGekNCdmdJQkFqQUtCZ2dxaGtqT1BRUURBakFYTVJVd0V3WURWUVFEREF4d2JHRnVkR1ZrTFdkdmIyUXcKSUJjTk1qQXdNVEF4TURBd01EQXdXaGdQTWpBNU9URXlNekV3TURBd01EQmFNQmN4RlRBVEJnTlZCQU1NREhCcwpZVzUwWldRdFoyOXZaREJaTUJNR0J5cUdTTTQ5QWdFR0NDcUdTTTQ5QXdFSEEwSUFCTmR0WWxhWWZDTy9BRXlYCkZnQXZDK0pkT0dFZTFuLytFMnRBVXJmZG5YSkpxTElmV21oYk03QUwzNnRRL2RTclRxb296d0cybWRFdEMyWHEKVUxKUHdWd3dDZ1lJS29aSXpqMEVBd0lEU0FBd1JRSWdZa2RCZkVjMzdzcHFPMERtK3NhR3dyTElRM29jbHJUVApHSnU3MWR2bFZUTUNJUUQ3SHl3SlkxMU5UOFVIREZZYmE5UFlZcy84enBvMVVnM3ZkNGQ5b0FEbUxnPT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="
OLD_CA = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJGRENCdWdJQkFUQUtCZ2dxaGtqT1BRUURBakFXTVJRd0VnWURWUVFEREF0d2JHRnVkR1ZrTFc5c1pEQWUKRncweU1EQXhNREV3TURBd01EQmFGdzB5TVRBeE1ERXdNREF3TURCYU1CWXhGREFTQmdOVkJBTU1DM0JzWVc1MApaV1F0YjJ4a01Ga3dFd1lIS29aSXpqMENBUVlJS29aSXpqMERBUWNEUWdBRTEyMWlWcGg4STc4QVRKY1dBQzhMCjRsMDRZUjdXZi80VGEwQlN0OTJkY2ttb3NoOWFhRnN6c0F2ZnExRDkxS3RPcWlqUEFiYVowUzBMWmVwUXNrL0IKWERBS0JnZ3Foa2pPUFFRREFnTkpBREJHQWlFQTJ0KzJkOTl5WXZPc0VSam1oQmsraUtzZ1pTSmE4OGtYTlh0SwpnQVFibjN3Q0lRRC9KV2xUeVhNcmZ1SWVPeHZQSTJqK2haTjlBOElGUVEweVNodDhsSjd0Vmc9PQotLS0tLUVORCBDRVJUSUZJQ0FURS0tLS0tCg=="
HOPS = [(24, 25), (28, 29), (31, 32), (32, 33), (32, 33), (33, 34), (33, 34), (33, 34), (34, 35), (34, 35), (35, 36), (35, 36)]
NAMES = ["cart", "catalog", "checkout", "search", "orders", "users", "emails", "prices", "stock", "reviews", "login", "images", "reports", "billing", "ledger",
         "gateway", "events", "audit-trail", "wishlist", "coupons", "shipping", "tax", "feed", "notify"]
STORES = ["postgres", "mysql", "redis", "kafka", "rabbitmq", "mongo", "clickhouse"]
EKS_IMAGES = "602401143452.dkr.ecr.{region}.amazonaws.com/"
# Add-on: a version that goes with every Kubernetes version here, and what follows it.
ADDON_VERSIONS = {"vpc-cni": ["v1.18.6-eksbuild.1", "v1.19.2-eksbuild.5", "v1.20.1-eksbuild.3", "v1.20.4-eksbuild.1", "v1.21.1-eksbuild.1"],
                  "coredns": ["v1.10.1-eksbuild.11", "v1.11.4-eksbuild.24", "v1.12.4-eksbuild.1", "v1.13.2-eksbuild.1"],
                  "aws-ebs-csi-driver": ["v1.48.0-eksbuild.2", "v1.50.1-eksbuild.1", "v1.53.0-eksbuild.1"],
                  "eks-pod-identity-agent": ["v1.3.8-eksbuild.2", "v1.3.10-eksbuild.1"], "snapshot-controller": ["v8.2.0-eksbuild.1", "v8.3.0-eksbuild.1"]}
QUOTAS = {"L-1216C47A": ("ec2", 2000), "L-D18FCD1D": ("ebs", 300), "L-7A658B76": ("ebs", 300), "L-1194D53C": ("eks", 100), "L-53DA6B97": ("elasticloadbalancing", 50),
          "L-B22855CB": ("elasticloadbalancing", 3000)}


def healthy(seed, hop=None):
    rng = random.Random(f"hop {seed}")
    frm, to = hop or rng.choice(HOPS)
    world = World(seed, frm, to)
    for part in (groups, system, components, applications, cloud):
        part(world)
    return world


# ---- nodes

def groups(world):
    rng = world.rng
    names = rng.sample(["general", "apps", "system", "workers", "batch", "web"], rng.randint(1, 3))
    for index, name in enumerate(names):
        group = Group(world, name, rng.randint(6, 9) if not index else rng.randint(2, 6))
        world.groups.append(group)
        world.nodes += group.nodes
    world.cluster_document = {
        "name": world.cluster, "arn": world.arn("eks", f"cluster/{world.cluster}"), "version": f"1.{world.frm}", "status": "ACTIVE", "platformVersion": f"eks.{rng.randint(3, 30)}",
        "endpoint": f"https://{world.hexes(32).upper()}.gr7.{world.region}.eks.amazonaws.com", "roleArn": world.role, "createdAt": world.ago(days=500),
        "resourcesVpcConfig": {"vpcId": world.vpc, "subnetIds": [subnet["SubnetId"] for subnet in world.subnets], "securityGroupIds": [],
                               "clusterSecurityGroupId": world.group_id, "endpointPublicAccess": True, "endpointPrivateAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]},
        "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4", "elasticLoadBalancing": {"enabled": False}},
        "logging": {"clusterLogging": [{"types": ["api", "audit", "authenticator"], "enabled": True}, {"types": ["controllerManager", "scheduler"], "enabled": False}]},
        "identity": {"oidc": {"issuer": world.issuer}}, "certificateAuthority": {"data": GOOD_CA}, "health": {"issues": []},
        "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"}, "upgradePolicy": {"supportType": "EXTENDED"}, "tags": {"team": "platform"},
        "encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": world.key}}], "computeConfig": {"enabled": False}}


# ---- kube-system

def image(world, name, tag):
    return EKS_IMAGES.format(region=world.region) + f"{name}:{tag}"


def own(world, kind, name, image_name, tag, replicas=2, **more):
    app = App(world, kind, "kube-system", name, replicas, [container(name, image(world, image_name, tag), "50m", "64Mi")])
    app.own, app.service, app.priority_class, app.min_ready = True, False, "system-node-critical", 0
    app.labels = {"k8s-app": name}
    if kind == "DaemonSet":
        app.tolerations, app.host_network = [{"operator": "Exists"}], True
        app.containers[0].pop("readinessProbe")
    for key, value in more.items():
        setattr(app, key, value)
    world.apps.append(app)
    return app


def system(world):
    rng = world.rng
    world.addons, world.fits = {}, {}
    world.proxy_per_minor = rng.random() < 0.25     # EKS lists kube-proxy for its own minor only, or for older ones too
    for name, versions in ADDON_VERSIONS.items():
        if name != "snapshot-controller" or rng.random() < 0.5:
            addon(world, name, versions[1] if len(versions) < 5 else versions[2], versions)
    proxy = [f"v1.{minor}.{patch}-eksbuild.{build}" for minor in range(lowest(world) - 1, highest(world) + 1) for patch, build in ((0, 2), (3, 4))]
    addon(world, "kube-proxy", f"v1.{world.frm}.3-eksbuild.4", proxy)
    if rng.random() < 0.5:
        world.addons["vpc-cni"]["serviceAccountRoleArn"] = world.identity_role(f"{world.cluster}-cni", "kube-system", "aws-node")
    world.addons["aws-ebs-csi-driver"]["serviceAccountRoleArn"] = world.identity_role(f"{world.cluster}-ebs", "kube-system", "ebs-csi-controller-sa")
    own(world, "DaemonSet", "aws-node", "amazon-k8s-cni", world.addons["vpc-cni"]["addonVersion"])
    own(world, "DaemonSet", "kube-proxy", "eks/kube-proxy", f"v1.{world.frm}.3-minimal-eksbuild.4")
    own(world, "DaemonSet", "ebs-csi-node", "eks/aws-ebs-csi-driver", "v1.50.1")
    own(world, "DaemonSet", "eks-pod-identity-agent", "eks/eks-pod-identity-agent", "v0.1.33")
    own(world, "Deployment", "coredns", "eks/coredns", world.addons["coredns"]["addonVersion"], budget={"maxUnavailable": 1})
    own(world, "Deployment", "ebs-csi-controller", "eks/aws-ebs-csi-driver", "v1.50.1", budget={"maxUnavailable": 1})
    own(world, "Deployment", "metrics-server", "eks/metrics-server", "v0.8.0", budget={"maxUnavailable": 1})
    for app in world.apps:
        if app.kind == "Deployment":
            app.spread_out()
    metrics = world.apps[-1]
    metrics.service = True
    world.add("apiregistration.k8s.io/v1", "APIService", "v1beta1.metrics.k8s.io",
              spec={"group": "metrics.k8s.io", "version": "v1beta1", "service": {"namespace": "kube-system", "name": "metrics-server", "port": 443}, "groupPriorityMinimum": 100, "versionPriority": 100},
              status={"conditions": [{"type": "Available", "status": "True", "reason": "Passed"}]})
    for group, version in (("apps", "v1"), ("batch", "v1"), ("", "v1")):
        world.add("apiregistration.k8s.io/v1", "APIService", f"{version}.{group}", spec={"group": group, "version": version, "groupPriorityMinimum": 17000, "versionPriority": 15},
                  status={"conditions": [{"type": "Available", "status": "True", "reason": "Local"}]})
    around(world)


def around(world):
    """What else stands in kube-system."""
    world.add("v1", "ConfigMap", "kube-proxy-config", "kube-system", data={"config": 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: "iptables"\n'})
    world.add("v1", "ConfigMap", "coredns", "kube-system", data={"Corefile": ".:53 {\n    errors\n    health\n    kubernetes cluster.local\n}\n"})
    world.add("v1", "ConfigMap", "aws-auth", "kube-system", data={"mapRoles": f"- rolearn: {world.node_role}\n  username: system:node:{{{{EC2PrivateDNSName}}}}\n"})
    for lease in ("kube-scheduler", "kube-controller-manager"):
        world.add("coordination.k8s.io/v1", "Lease", lease, "kube-system", spec={"holderIdentity": f"ip-172-16-1-{world.rng.randint(2, 250)}", "renewTime": world.ago(seconds=2), "leaseDurationSeconds": 15})
    world.add("storage.k8s.io/v1", "StorageClass", "gp3", provisioner="ebs.csi.aws.com", volumeBindingMode="WaitForFirstConsumer", reclaimPolicy="Delete", parameters={"type": "gp3"})
    world.add("storage.k8s.io/v1", "CSIDriver", "ebs.csi.aws.com", spec={"attachRequired": True})
    world.add("scheduling.k8s.io/v1", "PriorityClass", "system-node-critical", value=2000001000)
    world.add("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "pod-identity-webhook",
              webhooks=[{"name": "iam-for-pods.amazonaws.com", "failurePolicy": "Ignore", "sideEffects": "None", "admissionReviewVersions": ["v1beta1", "v1"], "timeoutSeconds": 10, "matchPolicy": "Equivalent",
                         "clientConfig": {"url": "https://127.0.0.1:23443/mutate", "caBundle": GOOD_CA}, "rules": [rule([""], ["v1"], ["pods"])], "namespaceSelector": {}, "objectSelector": {}}])
    for name in ("default", "kube-system", "kube-public", "kube-node-lease"):
        namespace(world, name)
    for name, verbs in (("view", ["get", "list", "watch"]), ("edit", ["create", "update", "patch", "delete"])):
        world.add("rbac.authorization.k8s.io/v1", "ClusterRole", name, labels={"kubernetes.io/bootstrapping": "rbac-defaults"},
                  rules=[{"apiGroups": ["apps"], "resources": ["deployments", "statefulsets"], "verbs": verbs}])
    world.add("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "system:discovery", roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:discovery"},
              subjects=[{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:authenticated"}])


def rule(groups_, versions, resources, operations=("CREATE", "UPDATE")):
    return {"apiGroups": groups_, "apiVersions": versions, "resources": resources, "operations": list(operations), "scope": "*"}


def namespace(world, name, **labels):
    if ("Namespace", "", name) not in world.index:
        world.add("v1", "Namespace", name, labels={"kubernetes.io/metadata.name": name, **labels}, spec={"finalizers": ["kubernetes"]}, status={"phase": "Active"})
        world.add("v1", "ServiceAccount", "default", name)


def lowest(world):
    return min(world.frm, world.to)


def highest(world):
    return max(world.frm, world.to)


def addon(world, name, version, versions):
    world.addons[name] = {"addonName": name, "addonVersion": version, "clusterName": world.cluster, "status": "ACTIVE", "health": {"issues": []},
                          "addonArn": world.arn("eks", f"addon/{world.cluster}/{name}/{world.uuid()}"), "createdAt": world.ago(days=100), "modifiedAt": world.ago(days=60), "tags": {}}
    minors = range(lowest(world) - 1, highest(world) + 1)
    # version -> the minors that it goes with; and which is the default of each
    if name == "kube-proxy":
        back = 0 if world.proxy_per_minor else 3
        fits = {v: [m for m in minors if int(v.split(".")[1]) <= m <= int(v.split(".")[1]) + back] for v in versions}
        default = {m: f"v1.{m}.3-eksbuild.4" for m in minors}
    else:
        fits = {v: list(minors) for v in versions}
        default = {m: version for m in minors}
    world.fits[name] = (fits, default)


# ---- what people install beside their applications

def components(world):
    rng = world.rng
    controller(world, "kube-system", "aws-load-balancer-controller", "public.ecr.aws/eks/aws-load-balancer-controller:v2.13.4", webhook=balancer_webhook)
    world.balancer = world.apps[-1]
    for name, kind in (("targetgroupbindings", "TargetGroupBinding"), ("ingressclassparams", "IngressClassParams")):
        world.definition("elbv2.k8s.aws", kind, name, (("v1alpha1", False, False), ("v1beta1", True, True)), "Namespaced" if kind == "TargetGroupBinding" else "Cluster")
    world.add("networking.k8s.io/v1", "IngressClass", "alb", spec={"controller": "ingress.k8s.aws/alb"})
    world.has_karpenter = rng.random() < 0.5 and world.frm >= 31
    if world.has_karpenter:
        karpenter(world)
    else:
        controller(world, "kube-system", "cluster-autoscaler", f"registry.k8s.io/autoscaling/cluster-autoscaler:v1.{world.frm}.{rng.randint(0, 3)}")
    velero(world)
    if rng.random() < 0.7:
        argocd(world)
    namespace(world, "monitoring")
    exporter = App(world, "DaemonSet", "monitoring", "node-exporter", 1, [container("node-exporter", "quay.io/prometheus/node-exporter:v1.9.1", "20m", "32Mi", 9100)])
    exporter.volumes = [{"name": "proc", "hostPath": {"path": "/proc", "type": ""}}]
    exporter.containers[0]["volumeMounts"] = [{"name": "proc", "mountPath": "/host/proc", "readOnly": True}]
    world.apps.append(exporter)
    world.helm_release("kube-system", "aws-load-balancer-controller", "aws-load-balancer-controller", "1.13.4", "v2.13.4", kube=">= 1.22.0-0",
                       manifest="---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: aws-load-balancer-controller\n")
    if rng.random() < 0.5:
        world.helm_release("monitoring", "node-exporter", "prometheus-node-exporter", "4.47.0", "1.9.1",
                           manifest="---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: node-exporter\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: node-exporter\n")


def controller(world, ns, name, image_, replicas=2, webhook=None):
    namespace(world, ns)
    app = App(world, "Deployment", ns, name, replicas, [container(name, image_, "100m", "200Mi")]).spread_out()
    world.apps.append(app)
    if webhook:
        webhook(world, app)
    return app


def balancer_webhook(world, app):
    service = {"namespace": app.ns, "name": app.name, "port": 443}
    world.add("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "aws-load-balancer-webhook",
              webhooks=[{"name": "mpod.elbv2.k8s.aws", "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1beta1", "v1"], "timeoutSeconds": 10,
                         "clientConfig": {"service": {**service, "path": "/mutate-v1-pod"}, "caBundle": GOOD_CA}, "rules": [rule([""], ["v1"], ["pods"], ["CREATE"])],
                         "namespaceSelector": {"matchExpressions": [{"key": "elbv2.k8s.aws/pod-readiness-gate-inject", "operator": "In", "values": ["enabled"]}]},
                         "objectSelector": {"matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "NotIn", "values": ["aws-load-balancer-controller"]}]}}])


def karpenter(world):
    rng = world.rng
    namespace(world, "karpenter")
    app = controller(world, "karpenter", "karpenter", "public.ecr.aws/karpenter/controller:1.13.2")
    app.affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "karpenter.sh/nodepool", "operator": "DoesNotExist"}]}]}}}
    app.only_nodes = {node.name for node in world.nodes}
    for group, kind, plural in (("karpenter.sh", "NodePool", "nodepools"), ("karpenter.sh", "NodeClaim", "nodeclaims"), ("karpenter.k8s.aws", "EC2NodeClass", "ec2nodeclasses")):
        world.definition(group, kind, plural, scope="Cluster")
    world.pools = []
    for name in rng.sample(["default", "spot", "arm", "burst"], rng.randint(1, 2)):
        world.add("karpenter.k8s.aws/v1", "EC2NodeClass", name, spec={"amiFamily": "AL2023", "role": world.node_role.rsplit("/", 1)[1], "amiSelectorTerms": [{"alias": "al2023@v20250920"}],
                                                                     "subnetSelectorTerms": [{"tags": {"karpenter.sh/discovery": world.cluster}}], "securityGroupSelectorTerms": [{"id": world.group_id}]},
                  status={"conditions": [{"type": "Ready", "status": "True"}], "amis": [{"id": "ami-0" + world.hexes(16)}]})
        pool = world.add("karpenter.sh/v1", "NodePool", name,
                         spec={"disruption": {"consolidationPolicy": "WhenEmptyOrUnderutilized", "consolidateAfter": "1m", "budgets": [{"nodes": "10%"}]}, "limits": {"cpu": "1000"},
                               "template": {"spec": {"nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": name}, "expireAfter": "720h",
                                                     "requirements": [{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}]}}},
                         status={"conditions": [{"type": "Ready", "status": "True"}]})
        world.pools.append(pool)
        for index in range(rng.randint(1, 3)):
            node = Node(world, None, world.zones[index % 3], index)
            node.labels = {"karpenter.sh/nodepool": name, "karpenter.sh/capacity-type": "on-demand"}
            world.nodes.append(node)


def velero(world):
    namespace(world, "velero")
    controller(world, "velero", "velero", "velero/velero:v1.17.0")
    for kind, plural in (("Backup", "backups"), ("Restore", "restores"), ("Schedule", "schedules"), ("BackupStorageLocation", "backupstoragelocations")):
        world.definition("velero.io", kind, plural)
    world.definition("snapshot.storage.k8s.io", "VolumeSnapshotClass", "volumesnapshotclasses", scope="Cluster")
    world.add("snapshot.storage.k8s.io/v1", "VolumeSnapshotClass", "ebs", driver="ebs.csi.aws.com", deletionPolicy="Delete")
    world.add("velero.io/v1", "BackupStorageLocation", "default", "velero", spec={"provider": "aws", "default": True, "accessMode": "ReadWrite", "objectStorage": {"bucket": f"{world.cluster}-backups"}},
              status={"phase": "Available", "lastValidationTime": world.ago(minutes=1), "lastSyncedTime": world.ago(minutes=1)})
    template = {"includedNamespaces": ["*"], "storageLocation": "default", "ttl": "720h0m0s", "snapshotVolumes": True}
    world.add("velero.io/v1", "Schedule", "daily", "velero", spec={"schedule": "0 2 * * *", "template": template}, status={"phase": "Enabled", "lastBackup": world.ago(hours=5)})
    world.backups = []
    for back in range(2):
        world.backups.append(world.add("velero.io/v1", "Backup", f"daily-2026{back}", "velero", labels={"velero.io/schedule-name": "daily"}, spec=dict(template),
                                       status={"phase": "Completed", "startTimestamp": world.ago(hours=5 + 24 * back), "completionTimestamp": world.ago(hours=4 + 24 * back), "expiration": world.ahead(days=20),
                                               "progress": {"itemsBackedUp": 900, "totalItems": 900}}))
    world.add("velero.io/v1", "Restore", "drill", "velero", spec={"backupName": "daily-20261", "includedNamespaces": ["*"]},
              status={"phase": "Completed", "startTimestamp": world.ago(days=6), "completionTimestamp": world.ago(days=6)})


def argocd(world):
    namespace(world, "argocd")
    for kind, plural in (("Application", "applications"), ("AppProject", "appprojects")):
        world.definition("argoproj.io", kind, plural, (("v1alpha1", True, True),))
    for name in ("argocd-server", "argocd-repo-server"):
        controller(world, "argocd", name, "quay.io/argoproj/argocd:v3.2.0")


# ---- applications

def applications(world):
    rng = world.rng
    names = rng.sample(NAMES, rng.randint(10, 16))
    spaces = rng.sample(["web", "team-a", "team-b", "backend", "finance"], rng.randint(2, 3))
    for ns in spaces:
        namespace(world, ns, **{"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"})
    for name in names:
        app = App(world, "Deployment", rng.choice(spaces), name, rng.choice([2, 2, 3, 3, 4]), [container(name, f"{world.registry}/{name}:{world.tag()}", rng.choice(["50m", "100m", "200m"]), "128Mi")]).spread_out()
        app.mine = True
        if rng.random() < 0.25:
            app.expose()
        elif rng.random() < 0.3:
            app.autoscaler = (app.replicas, app.replicas + 4, app.replicas)
        if rng.random() < 0.2:
            app.budget = {"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"}
        world.apps.append(app)
    for name in rng.sample(STORES, rng.randint(1, 3)):
        app = App(world, "StatefulSet", rng.choice(spaces), name, rng.choice([2, 3]), [container(name, f"{world.registry}/{name}:{world.tag()}", "200m", "256Mi", 5432)]).spread_out()
        app.claims, app.pod_management, app.mine = ["data"], "Parallel", True
        app.budget = {"maxUnavailable": 1}
        world.apps.append(app)
    if rng.random() < 0.6:
        app = App(world, "CronJob", spaces[0], "nightly-report", 0, [container("nightly-report", f"{world.registry}/nightly-report:{world.tag()}")])
        app.service, app.budget = False, None
        app.containers[0].pop("readinessProbe")
        world.apps.append(app)
    if rng.random() < 0.5:
        app = App(world, "Job", spaces[-1], "migrate-" + world.letters(5), 0, [container("migrate", f"{world.registry}/migrate:{world.tag()}")])
        app.service, app.budget = False, None
        world.apps.append(app)
    world.spaces = spaces


# ---- AWS

def cloud(world):
    world.updates = []                              # of the last days: none
    world.insights = [insight(world, name, "UPGRADE_READINESS", "PASSING") for name in ("Cluster health issues", "EKS add-on version compatibility", "Kubelet version skew", "kube-proxy version skew",
                                                                                         f"Deprecated APIs removed in Kubernetes v1.{world.to}")]
    world.fargate, world.associations, world.providers = [], [], []
    world.alarms, world.quota = [], {code: value for code, (_, value) in QUOTAS.items()}
    world.invalid_parameters, world.records, world.balancers = [], [], []
    world.offered = {minor: "STANDARD_SUPPORT" for minor in CALENDAR if CALENDAR[minor][0] <= world.at(world.now)[:10]}
    world.ends = {minor: (CALENDAR[minor][1] + "T00:00:00Z", CALENDAR[minor][2] + "T00:00:00Z") for minor in CALENDAR}
    if world.to not in world.offered:
        world.offered[world.to], world.ends[world.to] = "STANDARD_SUPPORT", (world.ahead(days=400), world.ahead(days=765))
    world.config = {"validation": {"metrics": [{"name": "errors", "prometheus": "sum(rate(http_requests_total[5m]))", "max": "1%"}], "tests": [{"command": "true"}]}}


def insight(world, name, category, status, reason=""):
    return {"id": world.uuid(), "name": name, "category": category, "kubernetesVersion": f"1.{world.to}", "lastRefreshTime": world.ago(hours=world.rng.randint(1, 11)),
            "lastTransitionTime": world.ago(days=12), "description": name, "insightStatus": {"status": status, "reason": reason or name}}
