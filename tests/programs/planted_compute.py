"""Plants of nodes, node groups, Karpenter, and of what room and quotas there are."""
from planted_apps import octets
from planted_table import app, claim, group, new_app, of_group, of_workload, plants, spare_group
from planted_world import CLUSTER, Node, aws_thing, named

AL2 = "Amazon Linux 2"


# ---- nodes and groups

@plants("NODE-READY")
def sick_node(world):
    one = spare_group(world, "sick")
    if not one:
        return False
    node = one.nodes[-1]
    kind, status = world.plant_rng.choice([("Ready", "False"), ("Ready", "Unknown"), ("MemoryPressure", "True"), ("DiskPressure", "True"), ("PIDPressure", "True")])
    node.conditions[kind] = status
    world.expect("NODE-READY", "BLOCKER", named("Node", "", node.name))


@plants("NG-HEALTH")
def sick_group(world):
    one = group(world)
    if not one:
        return False
    if world.plant_rng.random() < 0.5:
        one.document["status"] = world.plant_rng.choice(["DEGRADED", "UPDATING", "CREATE_FAILED"])
    else:
        one.document["health"]["issues"].append({"code": world.plant_rng.choice(["AsgInstanceLaunchFailures", "Ec2LaunchTemplateNotFound", "NodeCreationFailure"]), "message": "x", "resourceIds": []})
    world.expect("NG-HEALTH", "BLOCKER", *of_group(one))


@plants("NG-LT-PENDING")
def newer_template(world):
    one = group(world)
    if not one:
        return False
    one.template_latest = one.template_version + world.plant_rng.randint(1, 3)
    world.expect("NG-LT-PENDING", "MEDIUM", *of_group(one))


def al2_group(world):
    one = spare_group(world, "al2")
    if not one:
        return None
    one.document["amiType"] = "AL2_x86_64"
    for node in one.nodes:
        node.os_image = AL2
    severity = "MEDIUM" if world.to == 32 else "BLOCKER"
    world.expect("NG-AL2", severity, *of_group(one))
    for check, first in (("BEH-1.33", 33), ("NODE-CGROUPV1", 35), ("BEH-1.35", 35)):
        if world.to >= first:
            world.also(check, *of_group(one))
    return one


@plants("NG-AL2", hops=lambda frm, to: to >= 32)
def amazon_linux_2(world):
    if not al2_group(world):
        return False


@plants("NODE-CGROUPV1", hops=lambda frm, to: to >= 35)
def first_control_groups(world):
    one = al2_group(world)
    if not one:
        return False
    world.expect("NODE-CGROUPV1", "BLOCKER", *of_group(one))


@plants("BEH-1.33", hops=lambda frm, to: frm < 33 <= to)
def no_more_images(world):
    one = al2_group(world)
    if not one:
        return False
    world.expect("BEH-1.33", "HIGH", *of_group(one), CLUSTER)


@plants("BEH-1.35", hops=lambda frm, to: frm < 35 <= to)
def control_groups_are_not_supported(world):
    one = al2_group(world)
    if not one:
        return False
    world.expect("BEH-1.35", "BLOCKER", *of_group(one), CLUSTER)


def containerd_group(world):
    one = spare_group(world, "containerd")
    if not one:
        return None
    for node in one.nodes:
        node.runtime = f"containerd://1.7.{world.plant_rng.randint(20, 28)}"
    for check in ("BEH-1.35", "BEH-1.36"):
        world.also(check, *of_group(one))
    world.expect("NODE-CONTAINERD1", "MEDIUM" if world.to == 35 else "BLOCKER", *of_group(one))
    return one


@plants("NODE-CONTAINERD1", hops=lambda frm, to: to >= 35)
def containerd_1(world):
    if not containerd_group(world):
        return False


@plants("BEH-1.36", hops=lambda frm, to: frm < 36 <= to)
def containerd_1_is_gone(world):
    one = containerd_group(world)
    if not one:
        return False
    world.expect("BEH-1.36", "BLOCKER", *of_group(one), CLUSTER)


@plants("NODE-KUBELET-FLAGS", hops=lambda frm, to: to >= 35)
def flag_that_is_gone(world):
    one = group(world)
    if not one:
        return False
    one.user_data += "/etc/eks/bootstrap.sh shop --kubelet-extra-args '--pod-infra-container-image=registry/pause:3.9 --node-labels=a=b'\n"
    things = (*of_group(one), aws_thing(one.template))
    world.expect("NODE-KUBELET-FLAGS", "BLOCKER", *things)
    world.also("BEH-1.35", *things)


@plants("NG-AMI-EXISTS")
def no_image(world):
    one = spare_group(world, "rocket")
    if not one:
        return False
    kind, path = world.plant_rng.choice([("BOTTLEROCKET_ARM_64", "/aws/service/bottlerocket/aws-k8s-1.{}/arm64/latest/image_id"), ("BOTTLEROCKET_x86_64", "/aws/service/bottlerocket/aws-k8s-1.{}/x86_64/latest/image_id"),
                                         ("AL2023_ARM_64_STANDARD", "/aws/service/eks/optimized-ami/1.{}/amazon-linux-2023/arm64/standard/recommended/image_id")])
    one.document["amiType"] = kind
    world.invalid_parameters.append(path.format(world.to))
    world.expect("NG-AMI-EXISTS", "BLOCKER", *of_group(one))


@plants("NG-CUSTOM-AMI")
def image_of_ones_own(world):
    one = group(world)
    if not one:
        return False
    one.document["amiType"] = "CUSTOM"
    one.document["releaseVersion"] = "ami-0" + world.hexes(16)
    world.expect("NG-CUSTOM-AMI", "HIGH", *of_group(one))


@plants("NG-SELF-MANAGED")
def scaling_group_of_ones_own(world):
    name = "workers-" + world.letters(5)
    arn = world.arn("autoscaling", f"autoScalingGroup:{world.uuid()}:autoScalingGroupName/{name}")
    made = {"AutoScalingGroupName": name, "AutoScalingGroupARN": arn, "MinSize": 1, "MaxSize": 5, "DesiredCapacity": 2, "Instances": [], "AvailabilityZones": world.zones, "SuspendedProcesses": [],
            "Tags": [{"Key": f"kubernetes.io/cluster/{world.cluster}", "Value": "owned"}, {"Key": "Name", "Value": name}]}
    if world.plant_rng.random() < 0.5:
        made["LaunchConfigurationName"] = name + "-2021"
    if world.plant_rng.random() < 0.5:
        made["SuspendedProcesses"] = [{"ProcessName": "AZRebalance", "SuspensionReason": "User suspended"}]
    world.scaling_groups.append(made)
    world.expect("NG-SELF-MANAGED", "HIGH", aws_thing(arn), aws_thing(name))


@plants("NG-MIXED")
def mixed_group(world):
    one = spare_group(world, "mixed")
    if not one:
        return False
    if world.plant_rng.random() < 0.5:
        one.document["instanceTypes"] = ["m6i.xlarge", "m5.xlarge", "m5a.xlarge"]
        one.claimed_by_pods = True
    else:
        one.document["capacityType"] = one.capacity = "SPOT"
        for node in one.nodes:
            node.labels["eks.amazonaws.com/capacityType"] = "SPOT"
            node.taints = [{"key": "spot", "value": "true", "effect": "NoSchedule"}]
    world.expect("NG-MIXED", "INFO", *of_group(one))


@plants("NG-MIXED")
def singleton_on_spot(world):
    one = spare_group(world, "spot")
    if not one:
        return False
    one.document["capacityType"] = one.capacity = "SPOT"
    for node in one.nodes:
        node.labels["eks.amazonaws.com/capacityType"] = "SPOT"
    single = new_app(world, "Deployment", "batch", "planner-" + world.letters(3), 1, only_nodes={node.name for node in one.nodes}, budget=None)
    world.expect("NG-MIXED", "LOW", *of_group(one))
    world.expect("WL-REPLICAS", "HIGH", of_workload(single))


@plants("NG-UPDATE-CONFIG")
def all_at_once(world):
    one = group(world)
    if not one:
        return False
    one.document["updateConfig"] = world.plant_rng.choice([{"maxUnavailable": 100}, {"maxUnavailablePercentage": 100}])
    world.expect("NG-UPDATE-CONFIG", "MEDIUM", *of_group(one))


@plants("NG-SCALING-HEADROOM")
def no_headroom(world):
    one = group(world)
    if not one:
        return False
    one.document["scalingConfig"]["maxSize"] = one.document["scalingConfig"]["desiredSize"]
    world.expect("NG-SCALING-HEADROOM", "HIGH", *of_group(one))


@plants("NODE-SINGLE-AZ")
def one_zone(world):
    if not claim(world, "zones") or not claim(world, "zone d"):
        return False
    world.zones = world.zones[:1]

    def all_there():
        for node in world.of_kind("Node"):
            node["metadata"]["labels"]["topology.kubernetes.io/zone"] = world.zones[0]
    for node in world.nodes:
        node.zone = world.zones[0]
    world.finals.append(all_there)
    world.expect("NODE-SINGLE-AZ", "MEDIUM", CLUSTER)


@plants("NODE-EXTRA-LABELS")
def label_by_hand(world):
    """Somebody labelled nodes; the group does not know of it, so new nodes lack it."""
    one, target = app(world, exposed=False, autoscaler=None), world.groups[0]
    if not one:
        return False
    key = "team-" + world.letters(3)
    for node in target.nodes:
        node.labels[key] = "x"
    one.node_selector = {key: "x"}
    world.expect("NODE-EXTRA-LABELS", "HIGH", of_workload(one), *of_group(target))
    world.also("DRAIN-UNSCHEDULABLE", of_workload(one))
    world.also("DRAIN-DEADLOCK", named("PodDisruptionBudget", one.ns, one.budget_name))


# ---- Karpenter, Auto Mode and others

def pool(world):
    if not world.has_karpenter or not claim(world, "pools"):
        return None, None
    one = world.plant_rng.choice(world.pools)
    return one, world.index["EC2NodeClass", "", one["metadata"]["name"]]


@plants("KARP-BUDGET-ZERO")
def budget_of_zero(world):
    one, _ = pool(world)
    if not one:
        return False
    one["spec"]["disruption"]["budgets"] = [{"nodes": world.plant_rng.choice(["0", "0%"])}]
    world.expect("KARP-BUDGET-ZERO", "HIGH", named("NodePool", "", one["metadata"]["name"]))


@plants("KARP-PINNED")
def image_by_id(world):
    one, nodes = pool(world)
    if not one:
        return False
    nodes["spec"]["amiSelectorTerms"] = [{"id": "ami-0" + world.hexes(16)}]
    world.expect("KARP-PINNED", "HIGH", named("EC2NodeClass", "", one["metadata"]["name"]))


@plants("KARP-ALIAS-LATEST")
def newest_image(world):
    one, nodes = pool(world)
    if not one:
        return False
    nodes["spec"]["amiSelectorTerms"] = [{"alias": world.plant_rng.choice(["al2023@latest", "bottlerocket@latest"])}]
    world.expect("KARP-ALIAS-LATEST", "MEDIUM", named("EC2NodeClass", "", one["metadata"]["name"]))


def auto_mode(world):
    if world.has_karpenter or not claim(world, "auto mode"):
        return None
    world.cluster_document["computeConfig"] = {"enabled": True, "nodePools": ["general-purpose", "system"], "nodeRoleArn": world.node_role}
    world.definition("karpenter.sh", "NodePool", "nodepools", scope="Cluster")
    if world.to < 29:
        world.also("RBK-FEATURE")
    pools = [world.add("karpenter.sh/v1", "NodePool", name, labels={"app.kubernetes.io/managed-by": "eks"},
                       spec={"disruption": {"budgets": [{"nodes": "10%"}], "consolidationPolicy": "WhenEmptyOrUnderutilized"}, "template": {"spec": {"nodeClassRef": {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": "default"}}}})
             for name in ("general-purpose", "system")]
    return pools[0]


@plants("AUTO-MODE")
def auto_mode_is_on(world):
    if not auto_mode(world):
        return False
    world.expect("AUTO-MODE", "INFO", CLUSTER)


@plants("AUTO-MODE")
def auto_mode_that_may_not(world):
    one = auto_mode(world)
    if not one:
        return False
    one["spec"]["disruption"]["budgets"] = [{"nodes": "0"}]
    world.expect("AUTO-MODE", "HIGH", CLUSTER)
    world.expect("KARP-BUDGET-ZERO", "HIGH", named("NodePool", "", "general-purpose"))
    world.expect("RBK-AUTO-BUDGET", "BLOCKER", named("NodePool", "", "general-purpose"))


@plants("RBK-AUTO-BUDGET")
def auto_mode_that_does_not_go_back(world):
    return auto_mode_that_may_not(world)


@plants("WINDOWS")
def windows_nodes(world):
    one = spare_group(world, "windows", 2)
    if not one:
        return False
    one.document["amiType"] = "WINDOWS_CORE_2022_x86_64"
    for node in one.nodes:
        node.system, node.os_image = "windows", "Windows Server 2022 Datacenter"
    world.expect("WINDOWS", "MEDIUM", *of_group(one))


@plants("HYBRID")
def hybrid_nodes(world):
    if not claim(world, "hybrid"):
        return False
    names = []
    for index in range(2):
        node = Node(world, None, world.zones[0], index)
        node.name, node.instance = f"mi-0{world.hexes(16)}", "mi-0" + world.hexes(16)
        node.labels = {"eks.amazonaws.com/compute-type": "hybrid"}
        world.nodes.append(node)
        names.append(named("Node", "", node.name))
    world.expect("HYBRID", "MEDIUM", CLUSTER, *names)


# ---- capacity and quotas

def subnet(world, n, zone):
    one = {"SubnetId": "subnet-0" + world.hexes(16), "VpcId": world.vpc, "AvailabilityZone": zone, "CidrBlock": "10.0.200.0/25", "State": "available", "AvailableIpAddressCount": n,
           "Tags": [{"Key": "kubernetes.io/role/internal-elb", "Value": "1"}]}
    world.more_subnets.append(one)
    return one["SubnetId"]


@plants("CAP-NODE-IPS")
def few_addresses_for_nodes(world):
    if not claim(world, "node subnets"):
        return False
    total, severity = world.plant_rng.choice([(6, "BLOCKER"), (9, "BLOCKER"), (36, "HIGH"), (45, "HIGH")])
    ids = [subnet(world, total // 3, zone) for zone in (world.zones * 3)[:3]]

    def everywhere():
        for one in [group_.document for group_ in world.groups] + world.fargate:
            one["subnets"] = ids
    world.finals.append(everywhere)
    world.expect("CAP-NODE-IPS", severity, *map(aws_thing, ids), CLUSTER)
    world.node_subnets = ids


@plants("CAP-POD-IPS")
def few_addresses_for_pods(world):
    if not claim(world, "pod subnets"):
        return False
    n, severity = world.plant_rng.choice([(3, "BLOCKER"), (15, "BLOCKER"), (40, "HIGH"), (200, "HIGH")])
    world.definition("crd.k8s.amazonaws.com", "ENIConfig", "eniconfigs", (("v1alpha1", True, True),), "Cluster")
    one = subnet(world, n, world.zones[0])
    world.add("crd.k8s.amazonaws.com/v1alpha1", "ENIConfig", world.zones[0], spec={"subnet": one, "securityGroups": [world.group_id]})
    world.expect("CAP-POD-IPS", severity, aws_thing(one), CLUSTER)


@plants("CAP-VCPU")
def few_processors(world):
    def full():
        used = sum(4 for one in world.answers("describe_instances")[0]["Reservations"] for instance in one["Instances"] if "InstanceLifecycle" not in instance)
        quotas = [one["Quota"] for one in world.answers("get_service_quota")] + [one for answer in world.answers("list_service_quotas") for one in answer["Quotas"]]
        for one in quotas:
            if one["QuotaCode"] == "L-1216C47A":
                one["Value"] = float(used)
    world.finals.append(full)
    world.expect("CAP-VCPU", "BLOCKER", aws_thing("L-1216C47A"), CLUSTER)


@plants("CAP-EBS")
def full_storage_quota(world):
    if not claim(world, "volumes"):
        return False
    kind, code = world.plant_rng.choice([("gp2", "L-D18FCD1D"), ("gp3", "L-7A658B76")])
    quota, severity = world.plant_rng.choice([(50, "BLOCKER"), (57, "HIGH")])
    world.volumes += [{"VolumeId": "vol-0" + world.hexes(16), "VolumeType": kind, "Size": 16384, "State": "in-use", "AvailabilityZone": world.zones[0]} for _ in range(3)]
    world.quota[code] = quota
    world.expect("CAP-EBS", severity, aws_thing(code), CLUSTER)


@plants("CAP-BLUEGREEN")
def no_room_for_a_second_cluster(world):
    world.quota["L-1194D53C"] = 2
    world.expect("CAP-BLUEGREEN", "HIGH", aws_thing("L-1194D53C"), CLUSTER)


@plants("CAP-CLUSTER")
def full_cluster(world):
    if not claim(world, "room"):
        return False
    share, severity = world.plant_rng.choice([(0.84, "HIGH"), (0.86, "HIGH"), (0.95, "BLOCKER")])

    def shrink():
        """As many processors as make the requests this share of them, over all nodes that take pods."""
        requests = {node.name: node.used["cpu"] for node in world.nodes}
        takers = {node["metadata"]["name"]: node for node in world.of_kind("Node")
                  if node["status"]["conditions"][0]["status"] == "True" and not node["spec"].get("unschedulable")
                  and not node["metadata"]["name"].startswith("fargate-")}
        total = sum(requests[name] for name in takers)
        for name, node in takers.items():
            node["status"]["allocatable"]["cpu"] = f"{int(total / share / len(takers))}m"
    world.finals.append(shrink)
    world.expect("CAP-CLUSTER", severity, CLUSTER)
    for check in ("DRAIN-UNSCHEDULABLE", "DRAIN-DEADLOCK", "CAP-ONE-NODE", "DRAIN-ZONAL-VOLUME"):
        world.also(check)


@plants("CAP-ONE-NODE")
def pod_that_fits_nowhere_else(world):
    one = spare_group(world, "large", 2)
    if not one:
        return False
    for node in one.nodes:
        node.cpu, node.memory = 15000, 60 * 1024
    big = new_app(world, "Deployment", "analytics", "solver-" + world.letters(3), 2, only_nodes={node.name for node in one.nodes})
    big.containers[0]["resources"] = {"requests": {"cpu": "9000m", "memory": "20Gi"}, "limits": {"memory": "20Gi"}}
    assert octets("20Gi") > 0
    world.expect("CAP-ONE-NODE", "HIGH", of_workload(big))
    for check in ("DRAIN-UNSCHEDULABLE", "DRAIN-DEADLOCK"):
        world.also(check, of_workload(big), named("PodDisruptionBudget", big.ns, big.budget_name))


@plants("CAP-ICE")
def only_one_type(world):
    one, target = app(world, exposed=False, autoscaler=None), spare_group(world, "special", 4)
    if not one or not target:
        return False
    target.type = "p4d.24xlarge"
    target.document["instanceTypes"] = [target.type]
    for node in target.nodes:
        node.type = target.type
    one.node_selector = {"node.kubernetes.io/instance-type": target.type}
    world.expect("CAP-ICE", "MEDIUM", *of_group(target))


@plants("CAP-ENI")
def as_many_pods_as_nodes_take(world):
    if not claim(world, "pods per node"):
        return False

    def tight():
        for node in world.nodes:
            world.index["Node", "", node.name]["status"]["allocatable"]["pods"] = str(node.used["pods"])
    world.finals.append(tight)
    world.expect("CAP-ENI", "MEDIUM", CLUSTER)
    for check in ("DRAIN-UNSCHEDULABLE", "DRAIN-DEADLOCK", "CAP-ONE-NODE", "DRAIN-ZONAL-VOLUME"):
        world.also(check)
