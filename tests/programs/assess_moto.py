"""The AWS half of `assess` against moto: an account with known troubles, what is seen of it laid beside boto3's own
answers, and operations that moto does not have told as sources that failed.

usage: assess_moto.py AGENT DIRECTORY     prints failures; the last line is "N passed, N failed"
"""
import json
import os
import pathlib
import subprocess
import sys

import boto3
from botocore import xform_name
from moto.server import ThreadedMotoServer

from assess_tally import check, tell

AGENT, WORK = (pathlib.Path(one).resolve() for one in sys.argv[1:3])
WORK.mkdir(parents=True, exist_ok=True)
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
URL = "http://%s:%d" % server.get_host_and_port()


def client(service):
    return boto3.client(service, endpoint_url=URL, region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret")


def trust(service):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]})


# ---- the account

def roles(iam):
    """EKS may not assume the cluster's; the nodes' has a policy of its own and one that is written into it."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "eks:DescribeCluster", "Resource": "*"}]})
    made = [iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
            for name, service in (("shop-cluster", "lambda.amazonaws.com"), ("shop-nodes", "ec2.amazonaws.com"))]
    arn = iam.create_policy(PolicyName="nodes", PolicyDocument=policy)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="shop-nodes", PolicyArn=arn)
    iam.put_role_policy(RoleName="shop-nodes", PolicyName="extra", PolicyDocument=policy)
    return made


def network(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]["SubnetId"] for i, zone in enumerate("abc")]
    return vpc, subnets, ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]


def balancer(elb, vpc, subnets, group):
    made = elb.create_load_balancer(Name="web", Subnets=subnets[:2], SecurityGroups=[group])["LoadBalancers"][0]
    target = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=target, Targets=[{"Id": "10.0.0.5", "Port": 80}])
    elb.create_listener(LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": target}])
    return made


def records(route53, host):
    """One leads to the load balancer and is kept long by resolvers; one leads elsewhere."""
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    for name, value, ttl in (("shop", host, 3600), ("other", "elsewhere.example.net", 7200)):
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": {
            "Name": f"{name}.example.com", "Type": "CNAME", "TTL": ttl, "ResourceRecords": [{"Value": value}]}}]})


def instances(ec2, subnet):
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    template = ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData={"InstanceType": "m5.large", "ImageId": image})["LaunchTemplate"]["LaunchTemplateId"]
    for cluster, kind in (("shop", "t3.micro"), ("another", "c5.large")):
        ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType=kind, SubnetId=subnet,
                          TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": f"kubernetes.io/cluster/{cluster}", "Value": "owned"}]}])
    return template, image


def account():
    eks, ec2, kms = client("eks"), client("ec2"), client("kms")
    cluster_role, node_role = roles(client("iam"))
    vpc, subnets, group = network(ec2)
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.disable_key(KeyId=key.rsplit("/", 1)[1])  # moto knows it by its id alone
    eks.create_cluster(name="shop", version="1.33", roleArn=cluster_role, resourcesVpcConfig={"subnetIds": subnets, "securityGroupIds": [group]},
                       encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": key}}],
                       logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]})
    template, image = instances(ec2, subnets[0])
    eks.create_nodegroup(clusterName="shop", nodegroupName="general", subnets=subnets[:2], nodeRole=node_role, amiType="AL2023_x86_64_STANDARD",
                         scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 2}, launchTemplate={"id": template, "version": "1"})
    eks.create_fargate_profile(clusterName="shop", fargateProfileName="f", podExecutionRoleArn=node_role, selectors=[{"namespace": "x"}], subnets=subnets[:1])
    made = balancer(client("elbv2"), vpc, subnets, group)
    records(client("route53"), made["DNSName"])
    ec2.delete_subnet(SubnetId=subnets[2])
    client("logs").create_log_group(logGroupName="/aws/eks/shop/cluster")
    return {"key": key, "role": cluster_role, "gone": subnets[2], "image": image, "group": group}


# ---- what is said of it

def assess(*arguments):
    done = subprocess.run([AGENT, "assess", "--cluster", "shop", "--to", "1.34", "--region", "us-east-1", "--endpoint-url", URL, "--kubeconfig", WORK / "none",
                           "-o", "json", *arguments], capture_output=True, cwd=WORK, env={"PATH": os.environ["PATH"], "HOME": str(WORK), **KEYS}, timeout=240)
    return json.loads(done.stdout) if done.stdout.startswith(b"{\n") else {"sources": [], "findings": []}, done.stderr.decode(errors="replace")


def objects(report, identity):
    return {(one.get("object") or {}).get("arn") or (one.get("object") or {}).get("name") for one in report["findings"] if one["id"] == identity and one["status"] == "finding"}


HAS = """eks:DescribeCluster eks:ListNodegroups eks:DescribeNodegroup eks:ListFargateProfiles eks:DescribeFargateProfile eks:ListClusters
autoscaling:DescribeAutoScalingGroups ec2:DescribeInstances ec2:DescribeImages ec2:DescribeInstanceTypes ec2:DescribeLaunchTemplates
ec2:DescribeLaunchTemplateVersions ec2:DescribeSubnets ec2:DescribeSecurityGroups ec2:DescribeVolumes elasticloadbalancing:DescribeLoadBalancers
elasticloadbalancing:DescribeListeners elasticloadbalancing:DescribeTargetGroups elasticloadbalancing:DescribeTargetHealth
elasticloadbalancing:DescribeTargetGroupAttributes elasticloadbalancing:DescribeLoadBalancerAttributes iam:GetRole iam:ListAttachedRolePolicies
iam:ListRolePolicies iam:GetRolePolicy iam:GetPolicy iam:GetPolicyVersion iam:ListOpenIDConnectProviders kms:DescribeKey
route53:ListHostedZones route53:ListResourceRecordSets cloudwatch:DescribeAlarms logs:StartQuery logs:GetQueryResults""".split()
HAS_NOT = "eks:ListAddons eks:ListInsights eks:ListAccessEntries eks:ListPodIdentityAssociations eks:ListUpdates eks:DescribeClusterVersions".split()
NAMES = {"elasticloadbalancing": "elbv2"}


def sources(report, said):
    told = {one["name"]: one["status"] for one in report["sources"]}
    for name in HAS:
        check(f"moto has {name}", told.get(name) == "ok", f"{told.get(name)} {said}")
    for name in HAS_NOT:
        check(f"moto has no {name}: told", told.get(name) == "failed", str(told.get(name)))
    needs = {one["id"]: one["reason"] for one in report["findings"] if one["status"] == "unknown"}
    check("what needs them is unknown, and names them", "eks:ListInsights" in needs.get("INSIGHT-UPGRADE", "") and "eks:ListAddons" in needs.get("ADDON-HEALTH", ""), str(needs)[:600])
    check("and nothing that moto has is unknown", not {"CP-KMS", "CP-ROLE", "CP-SUBNETS", "CP-SG"} & set(needs), str(needs)[:600])


def troubles(report, made):
    check("a key that is disabled", objects(report, "CP-KMS") == {made["key"]}, str(objects(report, "CP-KMS")))
    check("a role that EKS may not assume", objects(report, "CP-ROLE") == {made["role"]}, str(objects(report, "CP-ROLE")))
    check("a subnet that is gone", objects(report, "CP-SUBNETS") == {made["gone"]}, str(objects(report, "CP-SUBNETS")))
    check("a security group that is there", not objects(report, "CP-SG") & {made["group"]}, str(objects(report, "CP-SG")))


def plain(value):
    """As both write it: times without their zone's form, and nothing that only boto3 adds."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if key not in ("ResponseMetadata", "NextToken", "Marker", "NextMarker", "nextToken", "IsTruncated", "MaxItems")}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if hasattr(value, "isoformat"):
        return value.strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, str) and len(value) >= 20 and value[4:5] == value[7:8] == "-" and value[10:11] == "T":
        return value[:16]
    return value


def beside_boto3(report):
    aws = json.loads((WORK / "saved/aws.json").read_text())
    methods = {xform_name(name.split(":")[1]): NAMES.get(name.split(":")[0], name.split(":")[0]) for name in HAS if not name.startswith("logs:")}
    for name, service in methods.items():
        for call in aws.get(name, []):
            if name == "list_resource_record_sets":
                ours = [one["Name"] for one in call["response"]["ResourceRecordSets"]]
                check("of a zone that nobody named what leads here is kept", ours == ["shop.example.com."], str(ours))
                continue
            theirs = getattr(client(service), name)(**call["request"])
            a, b = plain(call["response"]), plain(theirs)
            check(f"{name} {call['request']} as boto3 has it", a == b, f"{json.dumps(a, sort_keys=True)[:600]} != {json.dumps(b, sort_keys=True, default=str)[:600]}")
    policy = json.loads(subprocess.run([AGENT, "iam-policy"], capture_output=True).stdout)
    allowed = {xform_name(action.split(":")[1]) for one in policy["Statement"] for action in one["Action"]}
    check("iam-policy allows all that is asked", set(aws) <= allowed, str(set(aws) - allowed))
    types = {one for call in aws["describe_instance_types"] for one in call["request"]["Filters"][0]["Values"]}
    check("types of this cluster, not of others", types >= {"t3.micro", "m5.large"} and "c5.large" not in types, str(types))
    check("a policy's words are told", "eks:DescribeCluster" in json.dumps(aws["get_policy_version"]) and "eks:DescribeCluster" in json.dumps(aws["get_role_policy"]), "")


made = account()
report, said = assess("--save", f"{WORK}/saved/")
sources(report, said)
troubles(report, made)
beside_boto3(report)
again = subprocess.run([AGENT, "assess", "--from", WORK / "saved", "--to", "1.34", "-o", "json"], capture_output=True, cwd=WORK)
short = [[(one["id"], one["status"], one.get("object"), one.get("message")) for one in findings] for findings in (report["findings"], json.loads(again.stdout)["findings"])]
check("a saved folder gives the same findings", short[0] == short[1] != [], str([one for one in short[0] + short[1] if (one in short[0]) != (one in short[1])]))
server.stop()
tell()
