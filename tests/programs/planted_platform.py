"""Plants of the way to the target, the control plane, insights, skew and EKS's add-ons."""
from planted_base import addon, insight, own
from planted_table import app, claim, group, of_group, of_workload, plants, spare_group
from planted_world import CLUSTER, Node, aws_thing, named


def role_of(world, what="cluster"):
    return claim(world, what)


# ---- version path and life cycle

def newer(rng, least, most, low=31, high=34):
    frm = rng.randint(low, high)
    return frm, frm + rng.randint(least, most)


@plants("PATH-NOOP", hop=lambda rng: newer(rng, 0, 0, 32, 36))
def same_version(world):
    world.expect("PATH-NOOP", "INFO", CLUSTER)


@plants("PATH-MULTI-HOP", hop=lambda rng: newer(rng, 2, 3, 31, 33))
def several_hops(world):
    world.expect("PATH-MULTI-HOP", "MEDIUM", CLUSTER)


@plants("PATH-DOWNGRADE", hop=lambda rng: newer(rng, -1, -1, 33, 36))
def back_without_a_right(world):
    world.expect("PATH-DOWNGRADE", "BLOCKER", CLUSTER)


@plants("PATH-DOWNGRADE", hop=lambda rng: newer(rng, -2, -2, 33, 36))
def two_back(world):
    back_without_a_right(world)


@plants("PATH-UNSUPPORTED")
def not_offered(world):
    if world.to == world.frm or not claim(world, "offers"):
        return False
    if world.plant_rng.random() < 0.5:
        world.offered.pop(world.to)
    else:
        world.offered[world.to] = "UNSUPPORTED"
    world.expect("PATH-UNSUPPORTED", "BLOCKER", CLUSTER)


@plants("PATH-BUSY")
def not_active(world):
    if not claim(world, "status"):
        return False
    world.cluster_document["status"] = world.plant_rng.choice(["UPDATING", "CREATING", "FAILED"])
    world.expect("PATH-BUSY", "BLOCKER", CLUSTER)


@plants("PATH-BUSY")
def update_in_progress(world):
    if not claim(world, "status"):
        return False
    kind, name, value = world.plant_rng.choice([("VpcConfigUpdate", "SubnetIds", "x"), ("LoggingUpdate", "ClusterLogging", "{}"), ("VersionUpdate", "Version", f"1.{world.frm}")])
    world.updates.append({"id": world.uuid(), "status": "InProgress", "type": kind, "params": [{"type": name, "value": value}], "createdAt": world.ago(minutes=12), "errors": []})
    world.expect("PATH-BUSY", "BLOCKER", CLUSTER)


@plants("PATH-HORIZON", hop=lambda rng: (36, rng.randint(39, 45)))
def far_ahead(world):
    world.expect("PATH-HORIZON", "HIGH", CLUSTER)


def supported(world, standard_days, extended_days):
    world.ends[world.frm] = (world.ahead(days=standard_days), world.ahead(days=extended_days))
    if standard_days < 0 and world.frm != world.to:
        world.offered[world.frm] = "EXTENDED_SUPPORT"


@plants("LIFE-STD-END")
def standard_ends_soon(world):
    if not claim(world, "support"):
        return False
    supported(world, world.plant_rng.randint(2, 55), 400)
    world.expect("LIFE-STD-END", "MEDIUM", CLUSTER)


@plants("LIFE-EXTENDED")
def in_extended_support(world):
    if not claim(world, "support"):
        return False
    supported(world, -world.plant_rng.randint(2, 200), 165)
    world.expect("LIFE-EXTENDED", "HIGH", CLUSTER)


@plants("LIFE-FORCED")
def forced_soon(world):
    if not claim(world, "support"):
        return False
    supported(world, -310, world.plant_rng.randint(2, 55))
    world.expect("LIFE-FORCED", "HIGH", CLUSTER)
    world.expect("LIFE-EXTENDED", "HIGH", CLUSTER)


@plants("LIFE-POLICY", hops=lambda frm, to: to == frm + 1)
def standard_policy(world):
    if not claim(world, "support"):
        return False
    supported(world, -20, 345)
    world.cluster_document["upgradePolicy"] = {"supportType": "STANDARD"}
    world.expect("LIFE-POLICY", "HIGH", CLUSTER)
    world.expect("LIFE-EXTENDED", "HIGH", CLUSTER)


# ---- the control plane

@plants("CP-HEALTH")
def health_issue(world):
    code = world.plant_rng.choice(["Ec2SubnetNotFound", "Ec2SecurityGroupNotFound", "IamRoleNotFound", "KmsKeyDisabled", "VpcNotFound", "AccessDenied", "InternalFailure", "ClusterUnreachable"])
    world.cluster_document["health"]["issues"].append({"code": code, "message": f"EKS says: {code}", "resourceIds": ["x-" + world.hexes(8)]})
    world.expect("CP-HEALTH", "BLOCKER", CLUSTER)


@plants("CP-SUBNET-IPS")
def few_addresses(world):
    if not claim(world, "subnet"):
        return False
    subnet, n = world.plant_rng.choice(world.subnets), world.plant_rng.choice([0, 1, 4, 5, 9, 15])
    subnet["AvailableIpAddressCount"] = n
    world.expect("CP-SUBNET-IPS", "BLOCKER" if n < 5 else "HIGH", aws_thing(subnet["SubnetId"]))


@plants("CP-SUBNET-IPS")
def one_zone_with_addresses(world):
    if not claim(world, "subnet"):
        return False
    for one in world.subnets[1:]:
        one["AvailableIpAddressCount"] = world.plant_rng.randint(0, 4)
        world.expect("CP-SUBNET-IPS", "BLOCKER", aws_thing(one["SubnetId"]))


@plants("CP-ROLE")
def role_that_trusts_others(world):
    if not claim(world, "cluster role"):
        return False
    world.trust(world.role, *world.plant_rng.choice([({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole"), ({"Service": "eks.amazonaws.com"}, "sts:TagSession"),
                                                     ({"AWS": "arn:aws:iam::111122223333:root"}, "sts:AssumeRole")]))
    world.expect("CP-ROLE", "BLOCKER", aws_thing(world.role))


@plants("CP-ROLE")
def role_that_is_gone(world):
    if not claim(world, "cluster role"):
        return False
    role = world.roles.pop(world.role)
    world.aws["get_role"] = [{"request": {"RoleName": role["RoleName"]}, "error": {"code": "NoSuchEntity", "message": "The role cannot be found."}}]
    world.expect("CP-ROLE", "BLOCKER", aws_thing(world.role))


@plants("CP-KMS")
def key_that_cannot_be_used(world):
    world.key_state = world.plant_rng.choice(["Disabled", "PendingDeletion"])
    world.expect("CP-KMS", "BLOCKER", aws_thing(world.key))


@plants("CP-SG")
def group_that_is_gone(world):
    if not claim(world, "cluster group"):
        return False
    world.security_groups.pop(0)
    world.expect("CP-SG", "BLOCKER", aws_thing(world.group_id))


@plants("CP-SG")
def group_without_rules(world):
    if world.cluster_document["resourcesVpcConfig"]["securityGroupIds"] or not claim(world, "cluster group"):
        return False
    world.security_groups[0]["IpPermissions"] = []
    world.expect("CP-SG", "BLOCKER", aws_thing(world.group_id))


@plants("CP-SUBNETS")
def subnet_that_is_gone(world):
    if not claim(world, "subnets"):
        return False
    gone = "subnet-0" + world.hexes(16)
    world.cluster_document["resourcesVpcConfig"]["subnetIds"].append(gone)
    world.gone_subnets = [gone]
    world.expect("CP-SUBNETS", "BLOCKER", aws_thing(gone))


@plants("CP-SUBNETS")
def subnets_in_one_zone(world):
    if not claim(world, "subnets"):
        return False
    for subnet in world.subnets:
        subnet["AvailabilityZone"] = world.zones[0]
    world.expect("CP-SUBNETS", "BLOCKER", CLUSTER)


@plants("CP-OIDC-SELF", hops=lambda frm, to: to >= 30)
def own_issuer(world):
    name, arn = "corp", world.arn("eks", f"identityproviderconfig/{world.cluster}/oidc/corp/{world.uuid()}")
    world.providers.append({"identityProviderConfigName": name, "identityProviderConfigArn": arn, "clusterName": world.cluster, "issuerUrl": world.issuer, "clientId": "kubernetes", "status": "ACTIVE"})
    world.expect("CP-OIDC-SELF", "BLOCKER", aws_thing(arn), aws_thing(name), CLUSTER)


@plants("CP-AUDIT-OFF")
def no_audit_log(world):
    world.cluster_document["logging"] = {"clusterLogging": [{"types": ["api", "authenticator"], "enabled": True}, {"types": ["audit", "scheduler"], "enabled": False}]}
    world.expect("CP-AUDIT-OFF", "LOW", CLUSTER)


@plants("CP-READYZ")
def not_ready(world):
    world.meta["readyz"] = "[+]ping ok\n[-]etcd failed: reason withheld\n[+]poststarthook/x ok\nreadyz check failed\n"
    world.expect("CP-READYZ", "BLOCKER", CLUSTER)


@plants("CP-APISERVICE")
def unavailable_service(world):
    name = "v1beta1." + world.plant_rng.choice(["custom.metrics.k8s.io", "external.metrics.k8s.io", "webhook.certmanager.k8s.io"])
    group_ = name.split(".", 1)[1]
    world.add("apiregistration.k8s.io/v1", "APIService", name, spec={"group": group_, "version": "v1beta1", "service": {"namespace": "monitoring", "name": "adapter", "port": 443}},
              status={"conditions": [{"type": "Available", "status": "False", "reason": "MissingEndpoints", "message": "endpoints for service/adapter in monitoring have no addresses"}]})
    world.expect("CP-APISERVICE", "HIGH", named("APIService", "", name))


# ---- insights

@plants("INSIGHT-UPGRADE")
def upgrade_insight(world):
    if not claim(world, "insights"):
        return False
    status, severity = world.plant_rng.choice([("ERROR", "BLOCKER"), ("WARNING", "MEDIUM"), ("UNKNOWN", "HIGH")])
    one = insight(world, "Amazon Linux 2 compatibility", "UPGRADE_READINESS", status, "not as it should be")
    world.insights.append(one)
    world.expect("INSIGHT-UPGRADE", severity, aws_thing(one["id"]))


@plants("INSIGHT-MISCONF")
def misconfiguration(world):
    if not claim(world, "insights"):
        return False
    one = insight(world, "EKS Hybrid Nodes: remote networks", "MISCONFIGURATION", world.plant_rng.choice(["ERROR", "WARNING"]))
    world.insights.append(one)
    world.expect("INSIGHT-MISCONF", "HIGH", aws_thing(one["id"]))


@plants("INSIGHT-STALE")
def old_insights(world):
    if not claim(world, "insights"):
        return False
    for one in world.insights:
        one["lastRefreshTime"] = world.ago(hours=world.plant_rng.randint(26, 90))
    world.expect("INSIGHT-STALE", "MEDIUM", CLUSTER)


@plants("INSIGHT-STICKY")
def error_of_long_ago(world):
    if not claim(world, "insights"):
        return False
    one = insight(world, "Deprecated APIs", "UPGRADE_READINESS", "ERROR", "Deprecated API usage detected within last 30 days")
    when = world.ago(days=world.plant_rng.randint(15, 28))
    one["categorySpecificSummary"] = {"deprecationDetails": [{"usage": "/apis/policy/v1beta1/poddisruptionbudgets", "replacedWith": "/apis/policy/v1/poddisruptionbudgets", "stopServingVersion": "1.25",
                                                              "startServingReplacementVersion": "1.21", "clientStats": [{"userAgent": "controller", "numberOfRequestsLast30Days": 4, "lastRequestTime": when}]}]}
    world.insights.append(one)
    world.expect("INSIGHT-STICKY", "INFO", aws_thing(one["id"]))
    world.expect("INSIGHT-UPGRADE", "BLOCKER", aws_thing(one["id"]))
    world.also("API-CALLER")


@plants("INSIGHT-DENIED")
def insights_denied(world):
    if not claim(world, "insights"):
        return False
    denied = {"request": {"clusterName": world.cluster}, "error": {"code": "AccessDeniedException", "message": "User is not authorized to perform: eks:ListInsights", "denied": True}}
    world.finals.append(lambda: world.aws.update(list_insights=[denied], describe_insight=[]))
    world.expect("INSIGHT-DENIED", "HIGH", CLUSTER)


# ---- version skew

def kubelets(world, minor, nodes):
    for node in nodes:
        node.kubelet = f"v1.{minor}.{world.patch}-eks-{world.build}"


@plants("SKEW-KUBELET", hops=lambda frm, to: frm >= 28)
def kubelets_behind(world):
    one = spare_group(world, "behind")
    if not one:
        return False
    kubelets(world, world.frm - world.plant_rng.randint(1, 2), one.nodes)
    world.expect("SKEW-KUBELET", "MEDIUM", *of_group(one))


@plants("SKEW-KUBELET", hops=lambda frm, to: frm >= 31)
def kubelets_at_the_limit(world):
    one = spare_group(world, "oldest")
    if not one:
        return False
    kubelets(world, world.frm - 3, one.nodes)
    world.expect("SKEW-KUBELET", "BLOCKER", *of_group(one))
    if world.to > world.frm:
        world.expect("SKEW-AFTER-HOP", "BLOCKER", *of_group(one))
    world.also("SKEW-AFTER-HOP", *of_group(one))


@plants("SKEW-AFTER-HOP", hops=lambda frm, to: frm >= 31 and to > frm)
def too_old_after_the_hop(world):
    kubelets_at_the_limit(world)


@plants("SKEW-AFTER-HOP", hops=lambda frm, to: frm >= 31 and to > frm)
def lonely_node_too_old(world):
    if not claim(world, "lonely node"):
        return False
    node = Node(world, None, world.zones[0], 0)
    world.nodes.append(node)
    kubelets(world, world.frm - 3, [node])
    world.expect("SKEW-AFTER-HOP", "BLOCKER", named("Node", "", node.name))
    world.expect("SKEW-KUBELET", "BLOCKER", named("Node", "", node.name))


@plants("SKEW-NODE-NEWER")
def newer_group(world):
    one = spare_group(world, "newer")
    if not one:
        return False
    kubelets(world, world.frm + 1, one.nodes)
    world.expect("SKEW-NODE-NEWER", "BLOCKER", *of_group(one))


@plants("SKEW-MIXED-GROUP")
def two_patches(world):
    one = group(world)
    if not one:
        return False
    world.plant_rng.choice(one.nodes[1:]).kubelet = f"v1.{world.frm}.{world.patch + 1}-eks-{world.build}"
    world.expect("SKEW-MIXED-GROUP", "LOW", *of_group(one))


def proxy_image(world, minor):
    one = next(one for one in world.apps if one.name == "kube-proxy")
    one.containers[0]["image"] = one.containers[0]["image"].rsplit(":", 1)[0] + f":v1.{minor}.0-minimal-eksbuild.1"
    return of_workload(one)


@plants("SKEW-PROXY", hops=lambda frm, to: frm >= 31)
def proxy_behind(world):
    if not claim(world, "kube-proxy"):
        return False
    lag = world.plant_rng.choice([1, 2, 4, 5])
    claim(world, "group newer")
    world.expect("SKEW-PROXY", "LOW" if lag < 3 else "BLOCKER", proxy_image(world, world.frm - lag))


@plants("SKEW-PROXY-NEWER")
def proxy_ahead(world):
    if not claim(world, "kube-proxy"):
        return False
    world.expect("SKEW-PROXY-NEWER", "BLOCKER", proxy_image(world, world.frm + 1))
    world.also("SKEW-PROXY", "DaemonSet:kube-system/kube-proxy")        # old kubelets may be too far from it


def cluster_api(world, wanted, actual, machines):
    if not claim(world, "Cluster API"):
        return False
    for group_, kind, plural in (("cluster.x-k8s.io", "Cluster", "clusters"), ("cluster.x-k8s.io", "MachineDeployment", "machinedeployments"),
                                 ("controlplane.cluster.x-k8s.io", "KubeadmControlPlane", "kubeadmcontrolplanes")):
        world.definition(group_, kind, plural, (("v1beta1", True, True),))
    labels = {"cluster.x-k8s.io/cluster-name": world.cluster}
    world.add("cluster.x-k8s.io/v1beta1", "Cluster", world.cluster, "capi", spec={"controlPlaneRef": {"kind": "KubeadmControlPlane", "name": "plane"}}, status={"phase": "Provisioned"})
    world.add("controlplane.cluster.x-k8s.io/v1beta1", "KubeadmControlPlane", "plane", "capi", labels=labels, spec={"version": f"v1.{wanted}.1", "replicas": 3}, status={"version": f"v1.{actual}.1", "ready": True})
    world.add("cluster.x-k8s.io/v1beta1", "MachineDeployment", "workers", "capi", labels=labels,
              spec={"clusterName": world.cluster, "replicas": 2, "template": {"spec": {"clusterName": world.cluster, "version": f"v1.{machines}.1", "bootstrap": {"configRef": {"kind": "KubeadmConfigTemplate", "name": "workers"}}}}})
    return True


@plants("SKEW-KUBEADM")
def machines_of_another_minor(world):
    if not cluster_api(world, world.frm, world.frm, world.frm - 1):
        return False
    world.expect("SKEW-KUBEADM", "BLOCKER", named("MachineDeployment", "capi", "workers"))


@plants("SKEW-CONTROLPLANE-STABLE")
def plane_on_its_way(world):
    if not cluster_api(world, world.frm, world.frm - 1, world.frm):
        return False
    world.expect("SKEW-CONTROLPLANE-STABLE", "BLOCKER", named("KubeadmControlPlane", "capi", "plane"))


def on_fargate(world, one, minor):
    """All pods of a workload on Fargate, each on its own node."""
    if claim(world, "fargate profile"):
        arn = world.arn("eks", f"fargateprofile/{world.cluster}/apps/{world.uuid()}")
        world.fargate.append({"fargateProfileName": "apps", "fargateProfileArn": arn, "clusterName": world.cluster, "status": "ACTIVE", "podExecutionRoleArn": world.node_role,
                              "subnets": [subnet["SubnetId"] for subnet in world.subnets], "selectors": [{"namespace": one.ns}]})
        world.expect("FARGATE", "MEDIUM", aws_thing(arn), aws_thing("apps"))
    one.fargate, names = True, set()
    for index in range(one.replicas):
        node = Node(world, None, world.zones[index % len(world.zones)], index)
        node.name, node.instance, node.kubelet = "fargate-" + node.name, "", f"v1.{minor}.2-eks-{world.build}"
        node.labels = {"eks.amazonaws.com/compute-type": "fargate"}
        node.taints_but_its_own = True
        world.nodes.append(node)
        names.add(node.name)
    one.only_nodes = names


@plants("SKEW-FARGATE", hops=lambda frm, to: frm >= 31 and to > frm)
def old_fargate_pods(world):
    one = app(world, exposed=False, autoscaler=None)
    if not one:
        return False
    on_fargate(world, one, world.frm - 4)
    world.expect("SKEW-FARGATE", "HIGH", of_workload(one))


@plants("FARGATE")
def fargate_profile(world):
    one = app(world, exposed=False, autoscaler=None)
    if not one:
        return False
    on_fargate(world, one, world.frm)


@plants("SKEW-CLIENT", hops=lambda frm, to: frm >= 31)
def old_kubectl(world):
    if not claim(world, "insights"):
        return False
    one = insight(world, "Deprecated APIs", "UPGRADE_READINESS", "PASSING")
    agent = f"kubectl/v1.{world.frm - world.plant_rng.randint(2, 6)}.3 (linux/amd64) kubernetes/434bfd8"
    one["categorySpecificSummary"] = {"deprecationDetails": [{"usage": "/api/v1/endpoints", "clientStats": [{"userAgent": agent, "numberOfRequestsLast30Days": 4, "lastRequestTime": world.ago(days=2)}]}]}
    world.insights.append(one)
    world.expect("SKEW-CLIENT", "LOW", CLUSTER)


# ---- EKS's add-ons

def some_addon(world, *names):
    fit = [name for name in names if name in world.addons and name not in world.one_of_a_kind]
    if not fit:
        return None, None
    name = world.plant_rng.choice(fit)
    world.one_of_a_kind.add(name)
    return name, world.addons[name]


CORE = ("vpc-cni", "coredns", "aws-ebs-csi-driver")
OTHERS = ("eks-pod-identity-agent", "snapshot-controller")


@plants("ADDON-HEALTH")
def sick_addon(world):
    name, one = some_addon(world, "vpc-cni", "coredns", "kube-proxy", *OTHERS)
    if not one:
        return False
    if world.plant_rng.random() < 0.5:
        one["status"] = world.plant_rng.choice(["DEGRADED", "UPDATE_FAILED", "CREATE_FAILED"])
    one["health"]["issues"].append({"code": world.plant_rng.choice(["InsufficientNumberOfReplicas", "AccessDenied", "InternalFailure"]), "message": "not well", "resourceIds": []})
    world.expect("ADDON-HEALTH", "HIGH" if name in OTHERS else "BLOCKER", aws_thing(one["addonArn"]))


def move_on(world, name, to_version, both):
    """The installed version is not for the target; `to_version` is, and is the default there."""
    fits, default = world.fits[name]
    installed = world.addons[name]["addonVersion"]
    for version in fits:
        fits[version] = [minor for minor in fits[version] if minor != world.to]
    fits[to_version] = [world.frm, world.to] if both else [world.to]
    fits[installed] = [minor for minor in fits[installed] if minor != world.to]
    default[world.to] = to_version


UP = dict(hops=lambda frm, to: to > frm)


@plants("ADDON-EKS-INCOMPATIBLE", **UP)
def addon_not_for_the_target(world):
    name, one = some_addon(world, *CORE, *OTHERS)
    if not one:
        return False
    versions = list(world.fits[name][0])
    move_on(world, name, versions[versions.index(one["addonVersion"]) + 1] if one["addonVersion"] != versions[-1] else versions[-1] + "9", True)
    world.expect("ADDON-EKS-INCOMPATIBLE", "HIGH" if name in OTHERS else "BLOCKER", aws_thing(one["addonArn"]))


@plants("ADDON-NONE-FOR-TARGET", **UP)
def addon_without_a_version(world):
    name, one = some_addon(world, *CORE, *OTHERS)
    if not one:
        return False
    fits, _ = world.fits[name]
    for version in fits:
        fits[version] = [minor for minor in fits[version] if minor != world.to]
    world.expect("ADDON-NONE-FOR-TARGET", "BLOCKER", aws_thing(one["addonArn"]))


@plants("ADDON-NOT-LATEST", **UP)
def addon_behind(world):
    name, one = some_addon(world, *CORE, *OTHERS)
    if not one:
        return False
    fits, default = world.fits[name]
    default[world.to] = list(fits)[-1]
    if default[world.to] == one["addonVersion"]:
        return False
    world.expect("ADDON-NOT-LATEST", "LOW", aws_thing(one["addonArn"]))


@plants("ADDON-STEP-LIMIT", **UP)
def network_far_behind(world):
    name, one = some_addon(world, "vpc-cni")
    if not one:
        return False
    one["addonVersion"] = "v1.18.6-eksbuild.1"
    move_on(world, name, "v1.20.4-eksbuild.1", True)
    world.expect("ADDON-STEP-LIMIT", "HIGH", aws_thing(one["addonArn"]))
    world.expect("ADDON-EKS-INCOMPATIBLE", "BLOCKER", aws_thing(one["addonArn"]))


@plants("ADDON-ORDER", **UP)
def addon_without_a_bridge(world):
    name, one = some_addon(world, *CORE, *OTHERS)
    if not one:
        return False
    versions = list(world.fits[name][0])
    move_on(world, name, versions[-1] if versions[-1] != one["addonVersion"] else "v9.0.0-eksbuild.1", False)
    world.expect("ADDON-ORDER", "HIGH", aws_thing(one["addonArn"]))
    world.expect("ADDON-ROLLBACK", "MEDIUM", aws_thing(one["addonArn"]))
    world.expect("ADDON-EKS-INCOMPATIBLE", "HIGH" if name in OTHERS else "BLOCKER", aws_thing(one["addonArn"]))
    world.also("ADDON-STEP-LIMIT", aws_thing(one["addonArn"]))


@plants("ADDON-ROLLBACK", **UP)
def addon_that_closes_the_way_back(world):
    addon_without_a_bridge(world)


@plants("ADDON-SELF-MANAGED")
def core_component_of_ones_own(world):
    name, one = some_addon(world, "vpc-cni", "coredns")
    if not one:
        return False
    world.addons.pop(name)
    world.expect("ADDON-SELF-MANAGED", "MEDIUM", "DaemonSet:kube-system/aws-node" if name == "vpc-cni" else "Deployment:kube-system/coredns")


@plants("ADDON-CONFLICT")
def addon_conflict(world):
    name, one = some_addon(world, "vpc-cni", "coredns", *OTHERS)
    if not one:
        return False
    one["status"] = "UPDATE_FAILED"
    one["health"]["issues"].append({"code": "ConfigurationConflict", "message": "Conflicts found when trying to apply. Will not continue due to resolve conflicts mode. Conflicts: DaemonSet.apps - .spec.template", "resourceIds": []})
    world.expect("ADDON-CONFLICT", "HIGH", aws_thing(one["addonArn"]))
    world.expect("ADDON-HEALTH", "HIGH" if name in OTHERS else "BLOCKER", aws_thing(one["addonArn"]))


@plants("ADDON-CONFIG-SCHEMA")
def configuration_that_is_not_known(world):
    import json
    name, one = some_addon(world, "vpc-cni", "coredns")
    if not one:
        return False
    one["configurationValues"] = json.dumps({"replicaCount": 2, "oldTuning": {"x": 1}})
    schema = {"$schema": "http://json-schema.org/draft-06/schema#", "type": "object", "additionalProperties": False, "properties": {"replicaCount": {"type": "integer"}, "env": {"type": "object"}}}
    world.call("describe_addon_configuration", {"addonName": name, "addonVersion": world.fits[name][1].get(world.to, one["addonVersion"])},
               {"addonName": name, "addonVersion": world.fits[name][1].get(world.to, one["addonVersion"]), "configurationSchema": json.dumps(schema)})
    world.expect("ADDON-CONFIG-SCHEMA", "HIGH", aws_thing(one["addonArn"]))


@plants("ADDON-IAM")
def addon_without_identity(world):
    name, one = some_addon(world, "aws-ebs-csi-driver")
    if not one:
        return False
    one.pop("serviceAccountRoleArn")
    world.expect("ADDON-IAM", "HIGH", aws_thing(one["addonArn"]))


@plants("ADDON-IAM")
def addon_with_a_role_that_is_gone(world):
    name, one = some_addon(world, "aws-ebs-csi-driver")
    if not one:
        return False
    role = world.roles.pop(one["serviceAccountRoleArn"])
    world.finals.append(lambda: world.aws["get_role"].append({"request": {"RoleName": role["RoleName"]}, "error": {"code": "NoSuchEntity", "message": "The role cannot be found."}}))
    world.expect("ADDON-IAM", "HIGH", aws_thing(one["addonArn"]))


@plants("ADDON-COREDNS-HA")
def names_of_one_pod(world):
    if not claim(world, "coredns workload"):
        return False
    one = next(one for one in world.apps if one.name == "coredns")
    how = world.plant_rng.choice(["one", "not ready", "no budget", "one node"])
    if how == "one":
        one.replicas = 1
        world.also("WL-PDB-ZERO", "PodDisruptionBudget:kube-system/coredns")
    elif how == "not ready":
        one.ready_pods = 1
        world.also("WL-PDB-NOW", "PodDisruptionBudget:kube-system/coredns")
        world.also("POD-BASELINE", of_workload(one))
    elif how == "no budget":
        one.budget = None
    else:
        one.only_nodes = {world.nodes[0].name}
    world.expect("ADDON-COREDNS-HA", "HIGH", of_workload(one))


@plants("ADDON-PROXY-IPVS", hops=lambda frm, to: to >= 35)
def ipvs(world):
    one = world.index["ConfigMap", "kube-system", "kube-proxy-config"]
    one["data"]["config"] = one["data"]["config"].replace("iptables", "ipvs")
    world.expect("ADDON-PROXY-IPVS", "MEDIUM" if world.to == 35 else "BLOCKER", named("ConfigMap", "kube-system", "kube-proxy-config"))
    for check in ("BEH-1.35", "BEH-1.36"):
        world.also(check, named("ConfigMap", "kube-system", "kube-proxy-config"))


@plants("ADDON-EBS-CSI")
def volumes_without_their_driver(world):
    name, one = some_addon(world, "aws-ebs-csi-driver")
    if not one or not any(app_.claims for app_ in world.apps):
        return False
    world.addons.pop(name)
    world.apps = [app_ for app_ in world.apps if not app_.name.startswith("ebs-csi")]
    world.objects.remove(world.index["CSIDriver", "", "ebs.csi.aws.com"])

    def no_nodes():
        for node in world.of_kind("CSINode"):
            node["spec"]["drivers"] = []
    world.finals.append(no_nodes)
    world.expect("ADDON-EBS-CSI", "BLOCKER", CLUSTER)
