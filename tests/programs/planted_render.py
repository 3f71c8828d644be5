"""From a generated cluster to the folder's documents: objects of all workloads and nodes, AWS's answers with the requests
that got them. Requests are of every sort that people make: by id, by filter, without any."""
from planted_base import QUOTAS
from planted_world import ACCOUNT

AMI = "/aws/service/eks/optimized-ami/{version}/amazon-linux-2023/x86_64/standard/recommended/image_id"


def render(world):
    for app in sorted(world.apps, key=lambda app: (app.only_nodes is None, app.kind == "Job")):
        app.render()
        if app.claims:
            world.expect("BG-STATEFUL", "BLOCKER", f"{app.kind}:{app.ns}/{app.name}")
        if app.kind == "CronJob":
            world.expect("BG-SINGLETON", "HIGH", f"CronJob:{app.ns}/{app.name}")
    for node in world.nodes:
        node.render()
        world.add("storage.k8s.io/v1", "CSINode", node.name, spec={"drivers": [{"name": "ebs.csi.aws.com", "nodeID": node.instance, "allocatable": {"count": 25}}]})
    for group in world.groups:
        group.render()
    eks(world)
    ec2(world)
    others(world)
    for final in world.finals:
        final()


def by_ids(world, ids, member, filter_name):
    """A request that covers these ids, in one of the ways."""
    return world.rng.choice([{}, {member: ids}, {"Filters": [{"Name": filter_name, "Values": ids}]}, {"Filters": [{"Name": "vpc-id", "Values": [world.vpc]}]}])


def eks(world):
    mine = {"clusterName": world.cluster}
    call = world.call
    call("describe_cluster", {"name": world.cluster}, {"cluster": world.cluster_document})
    call("list_clusters", {}, {"clusters": [world.cluster, "other"]})
    call("list_nodegroups", mine, {"nodegroups": [group.name for group in world.groups]})
    call("list_addons", mine, {"addons": list(world.addons)})
    for name, addon in world.addons.items():
        call("describe_addon", {**mine, "addonName": name}, {"addon": addon})
    all_addon_versions(world)
    call("list_updates", {"name": world.cluster}, {"updateIds": [update["id"] for update in world.updates]})
    for update in world.updates:
        call("describe_update", {"name": world.cluster, "updateId": update["id"]}, {"update": update})
    call("describe_cluster_versions", {}, {"clusterVersions": [
        {"clusterVersion": f"1.{minor}", "versionStatus": status, "defaultVersion": False, "endOfStandardSupportDate": world.ends[minor][0], "endOfExtendedSupportDate": world.ends[minor][1]}
        for minor, status in sorted(world.offered.items(), reverse=True)]})
    call("list_insights", mine, {"insights": world.insights})
    for insight in world.insights:
        call("describe_insight", {**mine, "id": insight["id"]}, {"insight": {"recommendation": "none", "resources": [], "categorySpecificSummary": {"deprecationDetails": []}, **insight}})
    call("list_fargate_profiles", mine, {"fargateProfileNames": [profile["fargateProfileName"] for profile in world.fargate]})
    for profile in world.fargate:
        call("describe_fargate_profile", {**mine, "fargateProfileName": profile["fargateProfileName"]}, {"fargateProfile": profile})
    call("list_pod_identity_associations", mine, {"associations": world.associations})
    for association in world.associations:
        call("describe_pod_identity_association", {**mine, "associationId": association["associationId"]}, {"association": association})
    call("list_identity_provider_configs", mine, {"identityProviderConfigs": [{"type": "oidc", "name": one["identityProviderConfigName"]} for one in world.providers]})
    for provider in world.providers:
        call("describe_identity_provider_config", {**mine, "identityProviderConfig": {"type": "oidc", "name": provider["identityProviderConfigName"]}}, {"identityProviderConfig": {"oidc": provider}})
    call("list_access_entries", mine, {"accessEntries": [world.node_role]})
    call("describe_access_entry", {**mine, "principalArn": world.node_role}, {"accessEntry": {"principalArn": world.node_role, "type": "EC2_LINUX", "kubernetesGroups": ["system:nodes"]}})


def all_addon_versions(world):
    """Asked for by version, by add-on, by both, or without any filter."""
    minors = sorted({world.frm, world.to} | ({world.frm - 1} if world.rng.random() < 0.3 else set()))
    how = world.rng.choice(["version", "version", "addon", "both", "all"])
    if how == "version":
        for minor in minors:
            world.call("describe_addon_versions", {"kubernetesVersion": f"1.{minor}"}, {"addons": [addon_versions(world, name, [minor]) for name in world.fits]})
    elif how == "all":
        world.call("describe_addon_versions", {}, {"addons": [addon_versions(world, name, minors) for name in world.fits]})
    for name in world.fits if how in ("addon", "both") else ():
        for some in ([minors] if how == "addon" else [[minor] for minor in minors]):
            asked = {"addonName": name, **({"kubernetesVersion": f"1.{some[0]}"} if how == "both" else {})}
            found = addon_versions(world, name, some)
            world.call("describe_addon_versions", asked, {"addons": [found] if found["addonVersions"] or how == "addon" else []})


def addon_versions(world, name, minors):
    fits, default = world.fits[name]
    return {"addonName": name, "type": "networking", "owner": "aws", "publisher": "eks",
            "addonVersions": [{"addonVersion": version, "architecture": ["amd64", "arm64"], "requiresConfiguration": False,
                               "compatibilities": [{"clusterVersion": f"1.{minor}", "platformVersions": ["*"], "defaultVersion": default.get(minor) == version} for minor in minors if minor in fits[version]]}
                              for version in fits if any(minor in fits[version] for minor in minors)]}


def ec2(world):
    ids = [subnet["SubnetId"] for subnet in world.subnets + world.more_subnets]
    gone = getattr(world, "gone_subnets", [])
    world.call("describe_subnets", by_ids(world, ids + gone, "SubnetIds", "subnet-id") if not gone else {"Filters": [{"Name": "subnet-id", "Values": ids + gone}]}, {"Subnets": world.subnets + world.more_subnets})
    groups = [group["GroupId"] for group in world.security_groups]
    world.call("describe_security_groups", by_ids(world, groups, "GroupIds", "group-id") if world.group_id in groups and not getattr(world, "not_asked_groups", False) else {"Filters": [{"Name": "group-id", "Values": [world.group_id]}]} if world.group_id not in groups else {"GroupIds": groups},
               {"SecurityGroups": world.security_groups})
    world.call("describe_auto_scaling_groups", {}, {"AutoScalingGroups": world.scaling_groups})
    world.call("describe_launch_templates", {}, {"LaunchTemplates": world.templates})
    extra = [{"InstanceId": node.instance, "InstanceType": node.type, "State": {"Code": 16, "Name": "running"}, "CpuOptions": {"CoreCount": 2, "ThreadsPerCore": 2}}
             for node in world.nodes if node.group is None and node.instance]
    world.call("describe_instances", {}, {"Reservations": [{"ReservationId": "r-0" + world.hexes(16), "OwnerId": ACCOUNT, "Instances": [one]} for one in world.instances + extra]})
    world.call("describe_volumes", {}, {"Volumes": world.volumes})


def others(world):
    for role in world.roles.values():
        world.call("get_role", {"RoleName": role["RoleName"]}, {"Role": role})
    if world.cluster_document.get("encryptionConfig"):
        asked = world.rng.choice([world.key, world.key.rsplit("/", 1)[1]])
        world.call("describe_key", {"KeyId": asked}, {"KeyMetadata": {"KeyId": world.key.rsplit("/", 1)[1], "Arn": world.key, "KeyState": getattr(world, "key_state", "Enabled"), "Enabled": True, "KeyUsage": "ENCRYPT_DECRYPT"}})
    provider = world.arn("iam", "oidc-provider/" + world.issuer.removeprefix("https://"))
    world.call("list_open_id_connect_providers", {}, {"OpenIDConnectProviderList": [{"Arn": provider}]})
    world.call("get_open_id_connect_provider", {"OpenIDConnectProviderArn": provider}, {"Url": world.issuer.removeprefix("https://"), "ClientIDList": ["sts.amazonaws.com"]})
    quotas = [{"ServiceCode": service, "QuotaCode": code, "QuotaName": code, "Value": float(world.quota[code]), "Adjustable": True} for code, (service, _) in QUOTAS.items()]
    if world.rng.random() < 0.7:
        for one in quotas:
            world.call("get_service_quota", {"ServiceCode": one["ServiceCode"], "QuotaCode": one["QuotaCode"]}, {"Quota": one})
    else:
        for service in sorted({service for service, _ in QUOTAS.values()}):
            world.call("list_service_quotas", {"ServiceCode": service}, {"Quotas": [one for one in quotas if one["ServiceCode"] == service]})
    path = AMI.format(version=f"1.{world.to}")
    names = [path] + world.invalid_parameters
    world.call("get_parameters", {"Names": names}, {"Parameters": [{"Name": name, "Type": "String", "Value": "ami-0" + world.hexes(16)} for name in names if name not in world.invalid_parameters],
                                                    "InvalidParameters": world.invalid_parameters})
    world.call("describe_alarms", {"StateValue": "ALARM"}, {"MetricAlarms": world.alarms, "CompositeAlarms": []})
    world.call("describe_load_balancers", {}, {"LoadBalancers": world.balancers})
    world.call("list_hosted_zones", {}, {"HostedZones": [{"Id": "/hostedzone/Z1", "Name": "example.com.", "CallerReference": "x", "Config": {"PrivateZone": False}}]})
    world.call("list_resource_record_sets", {"HostedZoneId": "Z1"}, {"ResourceRecordSets": world.records, "IsTruncated": False})
    world.metrics += ["# HELP apiserver_requested_deprecated_apis [STABLE] Gauge of deprecated APIs that have been requested",
                      "# TYPE apiserver_requested_deprecated_apis gauge",
                      'apiserver_request_total{code="200",group="apps",resource="deployments",scope="resource",subresource="",verb="GET",version="v1"} 112']
