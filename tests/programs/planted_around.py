"""Plants of GitOps, backups, a second cluster, the way back, and of what tells of harm."""
from planted_base import insight
from planted_platform import newer, on_fargate
from planted_table import app, claim, new_app, of_group, of_workload, plants
from planted_world import ACCOUNT, CLUSTER, aws_thing, named


# ---- GitOps

def application(world, sync="Synced", health="Healthy", policy=None):
    name = "app-" + world.letters(4)
    if not claim(world, "argocd"):
        pass
    for kind, plural in (("Application", "applications"),):
        world.definition("argoproj.io", kind, plural, (("v1alpha1", True, True),))
    world.add("argoproj.io/v1alpha1", "Application", name, "argocd",
              spec={"project": "default", "source": {"repoURL": "https://git.example.com/x.git", "path": name, "targetRevision": "HEAD"}, "destination": {"server": "https://kubernetes.default.svc", "namespace": name},
                    **({"syncPolicy": policy} if policy else {})},
              status={"sync": {"status": sync, "revision": "abc"}, "health": {"status": health}})
    return named("Application", "argocd", name)


@plants("GITOPS-SYNC")
def application_out_of_step(world):
    world.expect("GITOPS-SYNC", "MEDIUM", application(world, *world.plant_rng.choice([("OutOfSync", "Healthy"), ("Synced", "Degraded"), ("OutOfSync", "Degraded")])))


@plants("GITOPS-SYNC")
def kustomization_out_of_step(world):
    name, suspended = "flux-" + world.letters(4), world.plant_rng.random() < 0.5
    world.definition("kustomize.toolkit.fluxcd.io", "Kustomization", "kustomizations")
    world.add("kustomize.toolkit.fluxcd.io/v1", "Kustomization", name, "flux-system", spec={"interval": "10m", "path": "./x", "prune": True, "sourceRef": {"kind": "GitRepository", "name": "x"}, **({"suspend": True} if suspended else {})},
              status={"conditions": [{"type": "Ready", "status": "True" if suspended else "False", "reason": "ReconciliationFailed", "message": "x"}]})
    world.expect("GITOPS-SYNC", "MEDIUM", named("Kustomization", "flux-system", name))


@plants("GITOPS-REVERT")
def application_that_heals_itself(world):
    world.expect("GITOPS-REVERT", "HIGH", application(world, policy={"automated": {"prune": True, "selfHeal": True}}))


@plants("GITOPS-VERSION", hops=lambda frm, to: to >= 32)
def old_argocd(world):
    if not claim(world, "old argocd"):
        return False
    image = f"quay.io/argoproj/argocd:v{world.plant_rng.choice(['2.6.15', '2.9.3', '2.4.11'])}"
    for kind, name in (("Deployment", "argocd-repo-server"), ("Deployment", "argocd-server"), ("StatefulSet", "argocd-application-controller"))[:world.plant_rng.randint(2, 3)]:
        one = new_app(world, kind, "argocd-old", name, 2)
        one.containers[0]["image"] = image
    world.expect("GITOPS-VERSION", "MEDIUM", of_workload(one))


# ---- backups

def backups(world):
    return claim(world, "backups")


@plants("BAK-NONE")
def no_backup(world):
    if not backups(world):
        return False
    world.objects[:] = [one for one in world.objects if not one["apiVersion"].startswith("velero.io/")]
    world.apps = [one for one in world.apps if one.ns != "velero"]
    world.expect("BAK-NONE", "HIGH", CLUSTER)
    for check in ("BAK-STALE", "BAK-NO-VOLUMES", "BAK-UNTESTED"):
        world.also(check)


@plants("BAK-STALE")
def old_backup(world):
    if not backups(world):
        return False
    hours = world.plant_rng.randint(26, 200)
    for index, one in enumerate(world.backups):
        one["status"].update(startTimestamp=world.ago(hours=hours + 24 * index + 1), completionTimestamp=world.ago(hours=hours + 24 * index))
    world.index["Schedule", "velero", "daily"]["status"]["lastBackup"] = world.ago(hours=hours + 1)
    world.expect("BAK-STALE", "HIGH", CLUSTER, named("Backup", "velero", world.backups[0]["metadata"]["name"]), named("Schedule", "velero", "daily"))
    world.also("BAK-NO-VOLUMES")


@plants("BAK-STALE")
def failed_backups(world):
    if not backups(world):
        return False
    world.backups[0]["status"]["phase"] = world.plant_rng.choice(["Failed", "PartiallyFailed"])
    world.backups[1]["status"].update(startTimestamp=world.ago(hours=51), completionTimestamp=world.ago(hours=50))
    world.expect("BAK-STALE", "HIGH", CLUSTER, *(named("Backup", "velero", one["metadata"]["name"]) for one in world.backups), named("Schedule", "velero", "daily"))
    world.also("BAK-NO-VOLUMES")


@plants("BAK-STALE")
def no_place_for_backups(world):
    if not backups(world):
        return False
    world.index["BackupStorageLocation", "velero", "default"]["status"]["phase"] = "Unavailable"
    world.expect("BAK-STALE", "HIGH", named("BackupStorageLocation", "velero", "default"))


@plants("BAK-NO-VOLUMES")
def volume_in_no_backup(world):
    if not backups(world):
        return False
    one = app(world, "StatefulSet")
    if not one:
        return False
    others = [ns for ns in world.spaces if ns != one.ns]
    for backup in world.backups + [world.index["Schedule", "velero", "daily"]]:
        (backup["spec"].get("template") or backup["spec"])["includedNamespaces"] = others + ["kube-system"]
    for index in range(one.replicas):
        world.expect("BAK-NO-VOLUMES", "HIGH", named("PersistentVolumeClaim", one.ns, f"data-{one.name}-{index}"), named("Namespace", "", one.ns), of_workload(one))
    world.also("BAK-NO-VOLUMES")            # others of that namespace


@plants("BAK-UNTESTED")
def never_restored(world):
    if not backups(world):
        return False
    world.objects.remove(world.index["Restore", "velero", "drill"])
    world.expect("BAK-UNTESTED", "LOW", CLUSTER)


# ---- a second cluster

def record(world, name, **more):
    one = app(world, exposed=True)
    if not one:
        return None
    host = f"k8s-{one.ns}-{one.name}-1a2b3c.{world.region}.elb.amazonaws.com"
    made = {"Name": f"{name}.example.com.", "Type": "A", "AliasTarget": {"HostedZoneId": "Z35SXDOTRQ7X7K", "DNSName": f"dualstack.{host}.", "EvaluateTargetHealth": True}, **more}
    if made["Type"] == "CNAME":
        made.pop("AliasTarget")
        made.setdefault("ResourceRecords", [{"Value": host}])
    world.records.append(made)
    return aws_thing(f"{name}.example.com")


@plants("BG-RECORD-TYPE")
def plain_record(world):
    thing = record(world, "shop-" + world.letters(3))
    if not thing:
        return False
    world.expect("BG-RECORD-TYPE", "HIGH", thing)


@plants("BG-TTL")
def long_lived_record(world):
    thing = record(world, "slow-" + world.letters(3), Type="CNAME", TTL=world.plant_rng.choice([300, 3600]), Weight=100, SetIdentifier="blue", HealthCheckId=world.uuid())
    if not thing:
        return False
    world.expect("BG-TTL", "MEDIUM", thing)


@plants("BG-HEALTHCHECK")
def record_without_a_check(world):
    thing = record(world, "blind-" + world.letters(3), Type="CNAME", TTL=60, Weight=100, SetIdentifier="blue")
    if not thing:
        return False
    world.expect("BG-HEALTHCHECK", "MEDIUM", thing)


@plants("BG-EXTDNS-OWNER")
def records_of_nobody(world):
    if not claim(world, "external-dns"):
        return False
    one = new_app(world, "Deployment", "addons", "external-dns", 2)
    one.containers[0].update(image="registry.k8s.io/external-dns/external-dns:v0.19.0", args=["--source=ingress", "--provider=aws", "--registry=txt", "--policy=sync"] + world.plant_rng.choice([[], ["--txt-owner-id=default"]]))
    world.expect("BG-EXTDNS-OWNER", "BLOCKER", of_workload(one))


@plants("BG-IRSA")
def trust_that_is_full(world):
    ns, account = world.plant_rng.choice(world.spaces), "worker-" + world.letters(4)
    arn = world.identity_role(f"{world.cluster}-{account}", ns, account)
    statements = world.roles[arn]["AssumeRolePolicyDocument"]["Statement"]
    statements += [statements[0]] * 5
    world.add("v1", "ServiceAccount", account, ns, annotations={"eks.amazonaws.com/role-arn": arn})
    world.expect("BG-IRSA", "BLOCKER", aws_thing(arn), named("ServiceAccount", ns, account))


@plants("BG-PODID")
def association_not_copied(world):
    ns, account = world.plant_rng.choice(world.spaces), "pod-" + world.letters(4)
    green = world.cluster + "-green"
    world.config["green"] = {"name": green}
    role = world.arn("iam", f"role/{world.cluster}-{account}")
    world.trust(role, {"Service": "pods.eks.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"])
    world.associations.append({"associationId": "a-" + world.letters(10), "associationArn": world.arn("eks", f"podidentityassociation/{world.cluster}/a-x"), "clusterName": world.cluster, "namespace": ns, "serviceAccount": account, "roleArn": role})
    world.add("v1", "ServiceAccount", account, ns)
    if claim(world, "green"):
        document = {"name": green, "arn": world.arn("eks", f"cluster/{green}"), "version": f"1.{world.to}", "status": "ACTIVE", "identity": {"oidc": {"issuer": f"https://oidc.eks.{world.region}.amazonaws.com/id/{world.hexes(32).upper()}"}}}
        place = world.plant_rng.choice([0, 1])
        world.finals.append(lambda: world.aws["list_pod_identity_associations"].insert(place, {"request": {"clusterName": green}, "response": {"associations": []}}))
        world.finals.append(lambda: world.aws["describe_cluster"].insert(place, {"request": {"name": green}, "response": {"cluster": document}}))
        world.also("BG-IRSA")
    world.expect("BG-PODID", "BLOCKER", named("ServiceAccount", ns, account))


@plants("BG-SG-REFS")
def database_that_knows_blue_only(world):
    one = "sg-0" + world.hexes(16)
    world.security_groups.append({"GroupId": one, "GroupName": "rds-orders", "VpcId": world.vpc, "Tags": [{"Key": "Name", "Value": "rds-orders"}],
                                  "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [], "UserIdGroupPairs": [{"GroupId": world.group_id, "UserId": ACCOUNT}]}]})
    world.expect("BG-SG-REFS", "BLOCKER", aws_thing(one))


@plants("BG-SUBNET-TAGS")
def subnet_without_tags(world):
    if not claim(world, "tags"):
        return False
    one = world.plant_rng.choice(world.subnets)
    one["Tags"] = [{"Key": "Name", "Value": "private"}]
    world.expect("BG-SUBNET-TAGS", "HIGH", aws_thing(one["SubnetId"]))


@plants("BG-LB-NAMES")
def balancer_with_a_name(world):
    one = app(world, exposed=True)
    if not one:
        return False
    one.annotations["alb.ingress.kubernetes.io/load-balancer-name"] = "shop-" + world.letters(4)
    world.expect("BG-LB-NAMES", "HIGH", named("Ingress", one.ns, one.name))


@plants("BG-CERT")
def certificate_by_hand(world):
    one = app(world, exposed=True)
    if not one:
        return False
    world.finals.append(lambda: world.index["Ingress", one.ns, one.name]["spec"].update(tls=[{"hosts": [f"{one.name}.example.com"], "secretName": one.name + "-tls"}]))
    world.expect("BG-CERT", "HIGH", named("Ingress", one.ns, one.name))


@plants("BG-SINGLETON")
def consumer_of_a_queue(world):
    one = app(world, exposed=False, autoscaler=None)
    if not one:
        return False
    world.definition("keda.sh", "ScaledObject", "scaledobjects", (("v1alpha1", True, True),))
    world.add("keda.sh/v1alpha1", "ScaledObject", one.name, one.ns, spec={"scaleTargetRef": {"name": one.name}, "triggers": [{"type": world.plant_rng.choice(["aws-sqs-queue", "kafka"]), "metadata": {}}]})
    world.expect("BG-SINGLETON", "HIGH", of_workload(one))


# ---- the way back

def back(rng):
    return newer(rng, -1, -1, 33, 36)


def lately(world, **ago):
    """The cluster was upgraded to its present version, lately."""
    if not claim(world, "update"):
        return False
    world.updates.append({"id": world.uuid(), "status": "Successful", "type": "VersionUpdate", "params": [{"type": "Version", "value": f"1.{world.frm}"}], "createdAt": world.ago(**(ago or {"days": 2})), "errors": []})
    return True


@plants("RBK-WINDOW", hop=back)
def too_late(world):
    lately(world, days=world.plant_rng.randint(8, 60))
    world.expect("RBK-WINDOW", "BLOCKER", CLUSTER)
    world.expect("PATH-DOWNGRADE", "BLOCKER", CLUSTER)


@plants("RBK-INSIGHT", hop=back)
def insight_against_it(world):
    if not claim(world, "insights"):
        return False
    lately(world)
    one = insight(world, "Incompatible API usage", "ROLLBACK_READINESS", world.plant_rng.choice(["ERROR", "UNKNOWN"]))
    world.insights.append(one)
    world.expect("RBK-INSIGHT", "BLOCKER", aws_thing(one["id"]))
    world.expect("PATH-DOWNGRADE", "BLOCKER", CLUSTER)


@plants("RBK-NODES", hop=back)
def nodes_went_already(world):
    lately(world)
    for one in world.groups:
        world.expect("RBK-NODES", "BLOCKER", *of_group(one))


@plants("RBK-FARGATE", hop=back)
def fargate_went_already(world):
    one = app(world, exposed=False, autoscaler=None)
    if not one:
        return False
    lately(world)
    on_fargate(world, one, world.frm)
    world.expect("RBK-FARGATE", "BLOCKER", of_workload(one))


@plants("RBK-ADDON", hop=back)
def addon_went_already(world):
    name = world.plant_rng.choice(["coredns", "vpc-cni"])
    if not claim(world, name):
        return False
    lately(world)
    fits, default = world.fits[name]
    installed = world.addons[name]["addonVersion"]
    fits[installed] = [minor for minor in fits[installed] if minor != world.to]
    default[world.to] = next(version for version in fits if world.to in fits[version])
    world.expect("RBK-ADDON", "HIGH", aws_thing(world.addons[name]["addonArn"]))


# ---- what would tell of harm, and the look itself

@plants("VERIFY-NO-METRICS")
def no_metrics(world):
    """Nothing is configured, nothing collects, and no load balancer counts."""
    if any(one.exposed and getattr(one, "claimed", False) for one in world.apps) or not claim(world, "exposure"):
        return False
    for one in world.apps:
        one.exposed = False
    world.config.setdefault("validation", {}).pop("metrics", None)
    world.expect("VERIFY-NO-METRICS", "HIGH", CLUSTER)


@plants("VERIFY-ALARM")
def alarm_that_rings(world):
    name = "errors-" + world.letters(4)
    arn = world.arn("cloudwatch", f"alarm:{name}")
    world.alarms.append({"AlarmName": name, "AlarmArn": arn, "StateValue": "ALARM", "StateReason": "Threshold Crossed", "MetricName": "HTTPCode_Target_5XX_Count", "Namespace": "AWS/ApplicationELB", "StateUpdatedTimestamp": world.ago(minutes=30)})
    world.expect("VERIFY-ALARM", "HIGH", aws_thing(arn), aws_thing(name))


@plants("VERIFY-NO-TEST")
def no_test(world):
    one = app(world, exposed=True)
    if not one:
        return False
    world.config.setdefault("validation", {}).pop("tests", None)
    world.config["traffic"] = {"route53": {"hosted_zone": "example.com", "records": [f"{one.name}.example.com"]}}
    world.expect("VERIFY-NO-TEST", "MEDIUM")


@plants("ENGINE-RULE-ERROR")
def nonsense(world):
    ns, name = world.plant_rng.choice(world.spaces), "broken-" + world.letters(4)
    world.add("apps/v1", "Deployment", name, ns, spec={"replicas": "many", "template": {"spec": {"containers": "none"}}})
    world.expect("ENGINE-RULE-ERROR", "HIGH")


@plants("SCAN-MISSING-RBAC")
def pods_denied(world):
    if not claim(world, "sources"):
        return False
    world.meta["sources"] = [{"name": "kubernetes networkpolicies.networking.k8s.io", "status": "denied", "detail": "networkpolicies.networking.k8s.io is forbidden"}]
    world.expect("SCAN-MISSING-RBAC", "HIGH")


@plants("SCAN-PARTIAL")
def half_a_list(world):
    if not claim(world, "sources"):
        return False
    world.meta["sources"] = [{"name": "kubernetes networkpolicies.networking.k8s.io", "status": "failed", "detail": "410 Gone: the continue token is too old"}]
    world.expect("SCAN-PARTIAL", "HIGH")
