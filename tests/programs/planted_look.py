"""Plants of what the look knows of itself, of Terraform, and of what only releases and operators tell."""
from planted_table import claim, new_app, of_workload, plants
from planted_world import CLUSTER, aws_thing, named


def survey(world, **facts):
    world.meta.setdefault("survey", {}).update(facts)


@plants("SCAN-WRONG-CLUSTER")
def another_server(world):
    survey(world, server="https://" + world.hexes(32).upper() + f".gr7.{world.region}.eks.amazonaws.com")
    world.expect("SCAN-WRONG-CLUSTER", "BLOCKER", CLUSTER)


@plants("SCAN-WINDOW")
def no_time_for_it(world):
    world.config["maintenance"] = world.plant_rng.choice([
        {"freezes": [{"from": "2020-01-01", "to": "2100-01-01", "reason": "season"}]},
        {"windows": [{"schedule": "0 3 29 2 *", "duration": "1m"}]}])
    world.expect("SCAN-WINDOW", "BLOCKER", CLUSTER)


@plants("SCAN-CLOCK")
def clock_that_is_off(world):
    survey(world, clock_skew_ms=world.plant_rng.choice([-600000, 900000]))
    world.expect("SCAN-CLOCK", "HIGH")


@plants("SCAN-CREDS")
def credentials_that_end(world):
    survey(world, credentials_expire_at=world.ahead(minutes=world.plant_rng.randint(5, 40)))
    world.expect("SCAN-CREDS", "HIGH")


@plants("SCAN-TOOLS")
def program_that_is_missing(world):
    if not claim(world, "terraform"):
        return False
    world.config["terraform"] = {"directory": "infra"}
    survey(world, tools={"terraform": None, "newman": None})
    world.expect("SCAN-TOOLS", "BLOCKER")
    world.also("IAC-NO-ROLLBACK")


@plants("SCAN-LOCK")
def another_run(world):
    world.add("coordination.k8s.io/v1", "Lease", "eks-upgrade-agent", "kube-system", spec={"holderIdentity": "ann@laptop pid 7", "leaseDurationSeconds": 120, "renewTime": world.ago(seconds=20).replace("Z", ".000000Z")})
    world.keep_leases = True
    world.expect("SCAN-LOCK", "BLOCKER", named("Lease", "kube-system", "eks-upgrade-agent"))


@plants("IAC-STATE-LIES")
def state_of_another_version(world):
    survey(world, terraform_version=f"1.{world.frm - 1}")
    world.expect("IAC-STATE-LIES", "HIGH")


@plants("IAC-NO-ROLLBACK")
def cluster_of_terraform(world):
    if not claim(world, "terraform"):
        return False
    world.config["terraform"] = {"directory": "infra"}
    survey(world, tools={"terraform": "/usr/bin/terraform", "newman": "/usr/bin/newman"})
    world.expect("IAC-NO-ROLLBACK", "INFO")


@plants("IAC-DRIFT")
def plan_that_is_not_empty(world):
    if not claim(world, "terraform plan"):
        return False
    survey(world, terraform_plan={"resource_changes": [{"address": "aws_eks_addon.cni", "type": "aws_eks_addon", "change": {"actions": ["update"]}}]})
    world.expect("IAC-DRIFT", "HIGH")


@plants("IAC-REPLACE")
def plan_that_replaces(world):
    if not claim(world, "terraform plan"):
        return False
    survey(world, terraform_plan={"resource_changes": [{"address": "module.eks.aws_eks_node_group.a", "type": "aws_eks_node_group", "change": {"actions": ["delete", "create"]}}]})
    world.expect("IAC-REPLACE", "BLOCKER", aws_thing("module.eks.aws_eks_node_group.a"))
    world.also("IAC-DRIFT")


@plants("CMP-OPERATOR-MAX", hops=lambda frm, to: to >= 30)
def operator_with_a_maximum(world):
    ns, name = "operators", "tool.v1." + world.letters(3)
    world.definition("operators.coreos.com", "ClusterServiceVersion", "clusterserviceversions", (("v1alpha1", True, True),))
    world.add("operators.coreos.com/v1alpha1", "ClusterServiceVersion", name, ns, annotations={"olm.properties": '[{"type": "olm.maxOpenShiftVersion", "value": "4.%d"}]' % (world.to - 13 - 1)}, spec={"version": "1.0.0"}, status={"phase": "Succeeded"})
    world.expect("CMP-OPERATOR-MAX", "BLOCKER", named("ClusterServiceVersion", ns, name))


@plants("CMP-CHART-STALE")
def chart_of_years_ago(world):
    if not claim(world, "cert-manager"):
        return False
    ns = world.spaces[0]
    world.helm_release(ns, "cm", "cert-manager", "v1.6.1", "v1.6.1", manifest="---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cm\n")
    world.expect("CMP-CHART-STALE", "LOW", f"HelmRelease:{ns}/cm", named("Secret", ns, "sh.helm.release.v1.cm.v1"))


@plants("CMP-BRIDGE", hop=lambda rng: (29, 36))
def no_release_for_both_ends(world):
    if not claim(world, "cert-manager"):
        return False
    one = new_app(world, "Deployment", "cert-manager", "cert-manager", 2)
    one.containers[0]["image"] = "quay.io/jetstack/cert-manager-controller:v1.14.5"
    world.expect("CMP-BRIDGE", "HIGH", of_workload(one))
    world.expect("CMP-INCOMPATIBLE", "BLOCKER", of_workload(one))


@plants("RBK-FEATURE", hop=lambda rng: (29, 28))
def feature_of_the_present_version(world):
    if not claim(world, "auto mode"):
        return False
    world.cluster_document["computeConfig"] = {"enabled": True, "nodePools": ["general-purpose"], "nodeRoleArn": world.node_role}
    world.expect("RBK-FEATURE", "BLOCKER")
    world.also("AUTO-MODE", CLUSTER)


@plants("RBK-FIELD", hop=lambda rng: (33, 32))
def kind_of_the_present_version(world):
    name = "more-" + world.letters(3)
    world.add("networking.k8s.io/v1", "ServiceCIDR", name, spec={"cidrs": ["10.96.0.0/16"]})
    world.expect("RBK-FIELD", "HIGH", named("ServiceCIDR", "", name))
    world.also("API-ALPHA-BETA", named("ServiceCIDR", "", name))


@plants("BAK-RESTORE-VERSION", hop=lambda rng: (31, 32))
def backup_of_what_goes(world):
    if not claim(world, "backups"):
        return False
    world.backups[0]["metadata"]["annotations"] = {"velero.io/source-cluster-k8s-gitversion": "v1.28.15-eks-1"}
    world.add("flowcontrol.apiserver.k8s.io/v1", "FlowSchema", "mine", spec={"matchingPrecedence": 800, "priorityLevelConfiguration": {"name": "workload-low"}})
    world.expect("BAK-RESTORE-VERSION", "MEDIUM", named("Backup", "velero", world.backups[0]["metadata"]["name"]))
