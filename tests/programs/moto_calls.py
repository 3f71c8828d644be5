"""What moto_walk.py asks: for each service how its world is made, then calls in order, each (operation, input). What a call
needs of the world's ids is in `made`. NOT_IN_MOTO names our rows that moto 5.2.5 does not have."""
import io
import json
import zipfile

NOT_IN_MOTO = {
    "eks": ["AssociateAccessPolicy", "AssociateEncryptionConfig", "AssociateIdentityProviderConfig", "CancelUpdate", "CreateAccessEntry",
            "CreateAddon", "CreatePodIdentityAssociation", "DeleteAccessEntry", "DeleteAddon", "DeletePodIdentityAssociation",
            "DescribeAccessEntry", "DescribeAddon", "DescribeAddonConfiguration", "DescribeAddonVersions", "DescribeCapability",
            "DescribeClusterVersions", "DescribeIdentityProviderConfig", "DescribeInsight", "DescribeInsightsRefresh",
            "DescribePodIdentityAssociation", "DescribeUpdate", "DisassociateAccessPolicy", "ListAccessEntries", "ListAccessPolicies",
            "ListAddons", "ListAssociatedAccessPolicies", "ListCapabilities", "ListIdentityProviderConfigs", "ListInsights",
            "ListPodIdentityAssociations", "ListUpdates", "StartInsightsRefresh", "UpdateAccessEntry", "UpdateAddon",
            "UpdateClusterVersion", "UpdateNodegroupVersion", "UpdatePodIdentityAssociation"],
    "ec2": ["DescribeCapacityReservations"],
    "autoscaling": ["CancelInstanceRefresh", "CompleteLifecycleAction", "DescribeInstanceRefreshes", "StartInstanceRefresh"],
    "route53": ["TestDNSAnswer"],
    "sts": ["DecodeAuthorizationMessage"],
    "iam": ["SimulatePrincipalPolicy"],
    "ssm": ["DescribeInstanceInformation"],
    "logs": ["StopQuery"],
    "bedrock-runtime": ["Converse"],
    "comprehend": ["BatchDetectEntities", "BatchDetectKeyPhrases", "BatchDetectSentiment", "DetectEntities"],
    "service-quotas": ["GetAWSDefaultServiceQuota", "ListServiceQuotas"],
    "sso": ["GetRoleCredentials"],
    "sso-oidc": ["CreateToken"],
}
ROLE = "arn:aws:iam::123456789012:role/eks"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                                                            "Action": "sts:AssumeRole"}]})
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "eks:*", "Resource": "*"}]})


def network(client):
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]["SubnetId"]
               for i, zone in enumerate("ab")]
    return {"vpc": vpc, "subnets": subnets, "group": ec2.create_security_group(GroupName="g", Description="d & <e>", VpcId=vpc)["GroupId"]}


def eks_calls(made):
    subnets = made["subnets"]
    cluster = {"name": "shop", "version": "1.33", "roleArn": ROLE, "resourcesVpcConfig": {"subnetIds": subnets}, "tags": {"team": "é & co"}}
    group = {"clusterName": "shop", "nodegroupName": "n1", "subnets": subnets, "nodeRole": ROLE, "scalingConfig": {"minSize": 1, "maxSize": 3,
             "desiredSize": 2}, "labels": {"a": "b"}, "taints": [{"key": "k", "value": "v", "effect": "NO_SCHEDULE"}]}
    profile = {"clusterName": "shop", "fargateProfileName": "f", "podExecutionRoleArn": ROLE, "selectors": [{"namespace": "x", "labels": {"l": "m"}}]}
    arn = "arn:aws:eks:us-east-1:123456789012:cluster/shop"
    return [("CreateCluster", cluster), ("CreateCluster", cluster), *[("CreateCluster", dict(cluster, name=f"c{i}")) for i in range(3)],
            ("DescribeCluster", {"name": "shop"}), ("DescribeCluster", {"name": "no-such"}), ("ListClusters", {}), ("ListClusters", {"maxResults": 1}),
            ("UpdateClusterConfig", {"name": "shop", "resourcesVpcConfig": {"endpointPrivateAccess": True}}),
            ("CreateNodegroup", group), ("CreateNodegroup", dict(group, clusterName="none")), ("DescribeNodegroup", {"clusterName": "shop",
             "nodegroupName": "n1"}), ("ListNodegroups", {"clusterName": "shop"}),
            ("UpdateNodegroupConfig", {"clusterName": "shop", "nodegroupName": "n1", "scalingConfig": {"minSize": 2, "maxSize": 4, "desiredSize": 2}}),
            ("CreateFargateProfile", profile), ("DescribeFargateProfile", {"clusterName": "shop", "fargateProfileName": "f"}),
            ("ListFargateProfiles", {"clusterName": "shop"}), ("TagResource", {"resourceArn": arn, "tags": {"x": "y"}}),
            ("ListTagsForResource", {"resourceArn": arn}), ("UntagResource", {"resourceArn": arn, "tagKeys": ["x", "team"]}),
            ("DescribeCluster", {"name": "shop"}), ("DeleteCluster", {"name": "shop"}),
            ("DeleteFargateProfile", {"clusterName": "shop", "fargateProfileName": "f"}),
            ("DeleteNodegroup", {"clusterName": "shop", "nodegroupName": "n1"}), ("DeleteNodegroup", {"clusterName": "shop", "nodegroupName": "n1"}),
            ("DeleteCluster", {"name": "shop"})]


def ec2_setup(client):
    made, ec2 = network(client), client("ec2")
    made["image"] = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made["instances"] = [item["InstanceId"] for item in ec2.run_instances(
        ImageId=made["image"], MinCount=2, MaxCount=2, InstanceType="t3.micro", SubnetId=made["subnets"][0],
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "n & m"}]}])["Instances"]]
    ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)
    made["template"] = ec2.create_launch_template(LaunchTemplateName="lt", LaunchTemplateData={"InstanceType": "t3.micro"})[
        "LaunchTemplate"]["LaunchTemplateId"]
    ec2.create_network_interface(SubnetId=made["subnets"][1])
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_nat_gateway(SubnetId=made["subnets"][0], AllocationId=address)
    ec2.authorize_security_group_ingress(GroupId=made["group"], IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
                                                                               "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}]}])
    return made


def ec2_calls(made):
    by_vpc = {"Filters": [{"Name": "vpc-id", "Values": [made["vpc"]]}]}
    return [("DescribeAvailabilityZones", {}), ("DescribeRegions", {}), ("DescribeRegions", {"RegionNames": ["eu-west-1", "us-east-1"]}),
            ("DescribeVpcs", {"VpcIds": [made["vpc"]]}), ("DescribeSubnets", by_vpc), ("DescribeSubnets", {"SubnetIds": ["subnet-0"]}),
            ("DescribeSecurityGroups", by_vpc), ("DescribeSecurityGroupRules", {"Filters": [{"Name": "group-id", "Values": [made["group"]]}]}),
            ("DescribeInstances", {}), ("DescribeInstances", {"InstanceIds": made["instances"][:1]}), ("DescribeInstances", {"MaxResults": 5}),
            ("DescribeInstanceTypes", {"InstanceTypes": ["t3.micro", "m5.large"]}),
            ("DescribeInstanceTypeOfferings", {"LocationType": "availability-zone", "Filters": [{"Name": "instance-type", "Values": ["t3.micro"]}]}),
            ("DescribeImages", {"ImageIds": [made["image"]]}), ("DescribeLaunchTemplates", {}),
            ("CreateLaunchTemplateVersion", {"LaunchTemplateId": made["template"], "SourceVersion": "1", "VersionDescription": "two",
                                             "LaunchTemplateData": {"ImageId": made["image"], "UserData": "YWJj"}}),
            ("DescribeLaunchTemplateVersions", {"LaunchTemplateId": made["template"]}), ("DescribeNatGateways", {}),
            ("DescribeNetworkInterfaces", by_vpc), ("DescribeRouteTables", by_vpc), ("DescribeVolumes", {}),
            ("DescribeVpcAttribute", {"VpcId": made["vpc"], "Attribute": "enableDnsSupport"}), ("DescribeAccountAttributes", {}),
            ("CreateTags", {"Resources": [made["vpc"], *made["subnets"]], "Tags": [{"Key": "kubernetes.io/cluster/shop", "Value": "shared"}]}),
            ("DescribeVpcs", {"Filters": [{"Name": "tag:kubernetes.io/cluster/shop", "Values": ["shared", "owned"]}]}),
            ("TerminateInstances", {"InstanceIds": made["instances"]}), ("TerminateInstances", {"InstanceIds": ["i-00000000000000000"]})]


def autoscaling_setup(client):
    made, scaling = network(client), client("autoscaling")
    image = client("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    scaling.create_launch_configuration(LaunchConfigurationName="lc", ImageId=image, InstanceType="t3.micro")
    scaling.create_auto_scaling_group(AutoScalingGroupName="g", LaunchConfigurationName="lc", MinSize=1, MaxSize=4, DesiredCapacity=2,
                                      VPCZoneIdentifier=",".join(made["subnets"]), Tags=[{"Key": "a", "Value": "b", "PropagateAtLaunch": True}])
    scaling.put_lifecycle_hook(LifecycleHookName="h", AutoScalingGroupName="g", LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING")
    scaling.put_scaling_policy(AutoScalingGroupName="g", PolicyName="p", PolicyType="SimpleScaling", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1)
    scaling.put_scheduled_update_group_action(AutoScalingGroupName="g", ScheduledActionName="s", Recurrence="0 5 * * *", MinSize=1, MaxSize=2, DesiredCapacity=1)
    made["instance"] = scaling.describe_auto_scaling_instances()["AutoScalingInstances"][0]["InstanceId"]
    return made


def autoscaling_calls(made):
    return [("DescribeAutoScalingGroups", {}), ("DescribeAutoScalingGroups", {"AutoScalingGroupNames": ["g", "none"]}),
            ("DescribeAutoScalingInstances", {}), ("DescribeLifecycleHooks", {"AutoScalingGroupName": "g"}),
            ("DescribeScalingActivities", {"AutoScalingGroupName": "g"}), ("DescribePolicies", {"AutoScalingGroupName": "g"}),
            ("DescribeScheduledActions", {"AutoScalingGroupName": "g"}), ("SuspendProcesses", {"AutoScalingGroupName": "g", "ScalingProcesses": ["Launch"]}),
            ("DescribeAutoScalingGroups", {}), ("ResumeProcesses", {"AutoScalingGroupName": "g"}),
            ("UpdateAutoScalingGroup", {"AutoScalingGroupName": "g", "MaxSize": 6}), ("SetDesiredCapacity", {"AutoScalingGroupName": "g", "DesiredCapacity": 3}),
            ("TerminateInstanceInAutoScalingGroup", {"InstanceId": made["instance"], "ShouldDecrementDesiredCapacity": True})]


def elbv2_setup(client):
    made, elb = network(client), client("elbv2")
    made["lb"] = elb.create_load_balancer(Name="lb", Subnets=made["subnets"], SecurityGroups=[made["group"]], Tags=[{"Key": "a", "Value": "b"}])[
        "LoadBalancers"][0]["LoadBalancerArn"]
    made["groups"] = [elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=made["vpc"], TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
                      for name in ("blue", "green")]
    elb.register_targets(TargetGroupArn=made["groups"][0], Targets=[{"Id": "10.0.0.5", "Port": 80}])
    made["listener"] = elb.create_listener(LoadBalancerArn=made["lb"], Protocol="HTTP", Port=80, DefaultActions=[
        {"Type": "forward", "TargetGroupArn": made["groups"][0]}])["Listeners"][0]["ListenerArn"]
    made["rule"] = elb.create_rule(ListenerArn=made["listener"], Priority=10, Conditions=[{"Field": "path-pattern", "Values": ["/a/*"]}], Actions=[
        {"Type": "forward", "TargetGroupArn": made["groups"][0]}])["Rules"][0]["RuleArn"]
    return made


def elbv2_calls(made):
    weighted = [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": arn, "Weight": weight}
                                                                       for arn, weight in zip(made["groups"], (90, 10))]}}]
    return [("DescribeLoadBalancers", {}), ("DescribeLoadBalancers", {"Names": ["none"]}), ("DescribeLoadBalancers", {"PageSize": 1}),
            ("DescribeLoadBalancerAttributes", {"LoadBalancerArn": made["lb"]}), ("DescribeListeners", {"LoadBalancerArn": made["lb"]}),
            ("DescribeRules", {"ListenerArn": made["listener"]}), ("DescribeTargetGroups", {}), ("DescribeTargetGroups", {"LoadBalancerArn": made["lb"]}),
            ("DescribeTargetGroupAttributes", {"TargetGroupArn": made["groups"][0]}), ("DescribeTargetHealth", {"TargetGroupArn": made["groups"][0]}),
            ("DescribeTags", {"ResourceArns": [made["lb"]]}), ("DescribeAccountLimits", {}),
            ("ModifyListener", {"ListenerArn": made["listener"], "DefaultActions": weighted}), ("ModifyRule", {"RuleArn": made["rule"], "Actions": weighted}),
            ("DescribeRules", {"ListenerArn": made["listener"]}),
            ("ModifyLoadBalancerAttributes", {"LoadBalancerArn": made["lb"], "Attributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "30"}]})]


def route53_setup(client):
    route53 = client("route53")
    zones = [route53.create_hosted_zone(Name=f"{name}.example.com", CallerReference=name)["HostedZone"]["Id"].split("/")[-1] for name in ("a", "b", "c")]
    check = route53.create_health_check(CallerReference="h", HealthCheckConfig={"Type": "HTTPS", "FullyQualifiedDomainName": "x.example.com", "Port": 443})
    route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zones[0], AddTags=[{"Key": "k", "Value": "v"}])
    return {"zone": zones[0], "check": check["HealthCheck"]["Id"]}


def route53_calls(made):
    zone = made["zone"]
    weighted = [{"Action": "UPSERT", "ResourceRecordSet": {"Name": "shop.a.example.com", "Type": "CNAME", "TTL": 60, "SetIdentifier": side, "Weight": weight,
                 "ResourceRecords": [{"Value": f"{side}.elb.example.com"}]}} for side, weight in (("blue", 90), ("green", 10))]
    alias = [{"Action": "CREATE", "ResourceRecordSet": {"Name": "*.a.example.com", "Type": "A", "AliasTarget": {
        "HostedZoneId": "Z35SXDOTRQ7X7K", "DNSName": "lb.example.com", "EvaluateTargetHealth": True}}}]
    return [("ListHostedZones", {}), ("ListHostedZones", {"MaxItems": "1"}), ("ListHostedZonesByName", {}), ("ListHostedZonesByName", {"DNSName": "b.example.com"}),
            ("GetHostedZone", {"Id": zone}), ("GetHostedZone", {"Id": "/hostedzone/" + zone}), ("GetHostedZone", {"Id": "ZNONE"}),
            ("ChangeResourceRecordSets", {"HostedZoneId": zone, "ChangeBatch": {"Comment": "10 % <&>", "Changes": weighted}}),
            ("ChangeResourceRecordSets", {"HostedZoneId": zone, "ChangeBatch": {"Changes": alias}}),
            ("ChangeResourceRecordSets", {"HostedZoneId": zone, "ChangeBatch": {"Changes": alias}}),
            ("ListResourceRecordSets", {"HostedZoneId": zone}), ("ListResourceRecordSets", {"HostedZoneId": zone, "MaxItems": "2"}),
            ("GetChange", {"Id": "C2682N5HXP0BZ4"}), ("ListHealthChecks", {}), ("GetHealthCheck", {"HealthCheckId": made["check"]}),
            ("GetHealthCheckStatus", {"HealthCheckId": made["check"]}), ("ListTagsForResource", {"ResourceType": "hostedzone", "ResourceId": zone})]


def iam_setup(client):
    iam = client("iam")
    policy = iam.create_policy(PolicyName="p", PolicyDocument=POLICY)["Policy"]["Arn"]
    for i in range(3):
        iam.create_role(RoleName=f"r{i}", AssumeRolePolicyDocument=TRUST, Description="a & b", Tags=[{"Key": "k", "Value": "v"}])
    iam.attach_role_policy(RoleName="r0", PolicyArn=policy)
    iam.put_role_policy(RoleName="r0", PolicyName="inline", PolicyDocument=POLICY)
    iam.create_user(UserName="jane")
    iam.create_instance_profile(InstanceProfileName="ip")
    iam.add_role_to_instance_profile(InstanceProfileName="ip", RoleName="r0")
    return {"policy": policy}


def iam_calls(made):
    provider = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC"
    create = {"Url": "https://oidc.eks.us-east-1.amazonaws.com/id/ABC", "ClientIDList": ["sts.amazonaws.com"], "ThumbprintList": ["a" * 40]}
    return [("GetRole", {"RoleName": "r0"}), ("GetRole", {"RoleName": "none"}), ("ListRoles", {}), ("ListRoles", {"MaxItems": 1}),
            ("ListAttachedRolePolicies", {"RoleName": "r0"}), ("ListRolePolicies", {"RoleName": "r0"}),
            ("GetRolePolicy", {"RoleName": "r0", "PolicyName": "inline"}), ("GetPolicy", {"PolicyArn": made["policy"]}),
            ("GetPolicyVersion", {"PolicyArn": made["policy"], "VersionId": "v1"}), ("GetUser", {"UserName": "jane"}),
            ("GetInstanceProfile", {"InstanceProfileName": "ip"}), ("ListInstanceProfilesForRole", {"RoleName": "r0"}),
            ("CreateOpenIDConnectProvider", create), ("CreateOpenIDConnectProvider", create), ("GetOpenIDConnectProvider", {"OpenIDConnectProviderArn": provider}),
            ("ListOpenIDConnectProviders", {}), ("UpdateAssumeRolePolicy", {"RoleName": "r0", "PolicyDocument": TRUST}),
            ("GetRole", {"RoleName": "r0"}), ("DeleteOpenIDConnectProvider", {"OpenIDConnectProviderArn": provider})]


def sts_calls(_):
    role = {"RoleArn": ROLE, "RoleSessionName": "me"}
    return [("GetCallerIdentity", {}), ("AssumeRole", dict(role, DurationSeconds=900, ExternalId="outside")),
            ("AssumeRoleWithWebIdentity", dict(role, WebIdentityToken="t.o.k")), ("GetSessionToken", {"DurationSeconds": 900})]


def ssm_setup(client):
    ssm, made = client("ssm"), network(client)
    for i in range(12):
        ssm.put_parameter(Name=f"/shop/db/{i}", Value=f"v{i}", Type="String")
    ssm.put_parameter(Name="/secret", Value="s", Type="SecureString")
    image = client("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made["instance"] = client("ec2").run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    sent = ssm.send_command(InstanceIds=[made["instance"]], DocumentName="AWS-RunShellScript", Parameters={"commands": ["true"]})
    made["command"] = sent["Command"]["CommandId"]
    return made


def ssm_calls(made):
    return [("GetParameter", {"Name": "/shop/db/1"}), ("GetParameter", {"Name": "/secret"}), ("GetParameter", {"Name": "/secret", "WithDecryption": True}),
            ("GetParameter", {"Name": "/none"}), ("GetParameters", {"Names": ["/secret", "/none"]}),
            ("GetParametersByPath", {"Path": "/shop", "Recursive": True}), ("GetParametersByPath", {"Path": "/shop/db", "MaxResults": 3}),
            ("PutParameter", {"Name": "/new", "Value": "é\n\"q\" <&>", "Type": "String", "Overwrite": True}), ("GetParameter", {"Name": "/new"}),
            ("DeleteParameter", {"Name": "/new"}), ("DeleteParameter", {"Name": "/new"}),
            ("SendCommand", {"InstanceIds": [made["instance"]], "DocumentName": "AWS-RunShellScript", "Parameters": {"commands": ["uptime"]}}),
            ("GetCommandInvocation", {"CommandId": made["command"], "InstanceId": made["instance"]})]


def secrets_setup(client):
    secrets = client("secretsmanager")
    secrets.create_secret(Name="a", SecretString="{\"k\": \"v\"}", Description="d", Tags=[{"Key": "k", "Value": "v"}])
    secrets.create_secret(Name="b", SecretBinary=b"\x00\xff")
    return {}


def secrets_calls(_):
    return [("ListSecrets", {}), ("DescribeSecret", {"SecretId": "a"}), ("GetSecretValue", {"SecretId": "a"}), ("GetSecretValue", {"SecretId": "b"}),
            ("GetSecretValue", {"SecretId": "none"})]


def cloudwatch_setup(client):
    import datetime
    watch, start = client("cloudwatch"), datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    for i in range(10):
        watch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": i / 3, "Timestamp": start + datetime.timedelta(minutes=i),
                                                         "Dimensions": [{"Name": "d", "Value": "x"}]}])
    watch.put_metric_alarm(AlarmName="al", MetricName="m", Namespace="n", Period=60, EvaluationPeriods=2, Threshold=1.5,
                           ComparisonOperator="GreaterThanThreshold", Statistic="Sum")
    return {}


def cloudwatch_calls(_):
    span = {"StartTime": "2026-01-01T00:00:00Z", "EndTime": "2026-01-01T01:00:00Z"}
    dimensions = [{"Name": "d", "Value": "x"}]
    query = {"Id": "q", "MetricStat": {"Metric": {"Namespace": "n", "MetricName": "m", "Dimensions": dimensions}, "Period": 60, "Stat": "Sum"}}
    return [("ListMetrics", {}), ("ListMetrics", {"Namespace": "none"}), ("DescribeAlarms", {}), ("DescribeAlarms", {"AlarmNames": ["al"]}),
            ("GetMetricData", dict(span, MetricDataQueries=[query])),
            ("GetMetricStatistics", dict(span, Namespace="n", MetricName="m", Dimensions=dimensions, Period=300, Statistics=["Sum", "Maximum"])),
            ("PutMetricData", {"Namespace": "n", "MetricData": [{"MetricName": "z", "Value": 1e21, "Unit": "Count/Second"}]}),
            ("PutMetricData", {"Namespace": "n", "MetricData": [{"MetricName": "z", "Values": [0.1, 1e-9], "Counts": [1, 2]}]}),
            ("ListMetrics", {"Namespace": "n"})]


def logs_setup(client):
    logs = client("logs")
    for name in ("/aws/eks/shop/cluster", "/aws/lambda/x"):
        logs.create_log_group(logGroupName=name, tags={"a": "b"})
        logs.create_log_stream(logGroupName=name, logStreamName="s")
    logs.put_log_events(logGroupName="/aws/lambda/x", logStreamName="s", logEvents=[{"timestamp": now() + i, "message": f"line {i} é \t\"q\""} for i in range(5)])
    return {"query": logs.start_query(logGroupName="/aws/lambda/x", startTime=0, endTime=2000000000, queryString="fields @message")["queryId"]}


def now():
    import time
    return int(time.time()) * 1000


def logs_calls(made):
    group = {"logGroupName": "/aws/lambda/x"}
    return [("DescribeLogGroups", {}), ("DescribeLogGroups", {"logGroupNamePrefix": "/aws/eks"}), ("DescribeLogGroups", {"limit": 1}),
            ("DescribeLogStreams", group), ("GetLogEvents", dict(group, logStreamName="s", startFromHead=True)), ("FilterLogEvents", group),
            ("FilterLogEvents", dict(group, filterPattern="3")), ("CreateLogGroup", {"logGroupName": "new"}), ("CreateLogGroup", {"logGroupName": "new"}),
            ("CreateLogStream", {"logGroupName": "new", "logStreamName": "t"}),
            ("PutLogEvents", {"logGroupName": "new", "logStreamName": "t", "logEvents": [{"timestamp": now(), "message": "m"}]}),
            ("StartQuery", dict(group, startTime=0, endTime=2000000000, queryString="fields @message")), ("GetQueryResults", {"queryId": made["query"]}),
            ("DescribeLogStreams", {"logGroupName": "none"})]


def events_calls(_):
    return [("PutRule", {"Name": "r", "ScheduleExpression": "rate(5 minutes)", "State": "ENABLED", "Description": "é"}),
            ("PutRule", {"Name": "p", "EventPattern": "{\"source\": [\"aws.eks\"]}"}), ("DescribeRule", {"Name": "r"}), ("DescribeRule", {"Name": "none"}),
            ("ListRules", {}), ("PutTargets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:f", "Input": "{}"}]}),
            ("ListTargetsByRule", {"Rule": "r"}), ("DescribeEventBus", {}), ("RemoveTargets", {"Rule": "r", "Ids": ["1"]}),
            ("PutEvents", {"Entries": [{"Source": "eua", "DetailType": "t", "Detail": "{\"a\": 1}", "Time": "2026-01-01T00:00:00Z"}]}),
            ("DeleteRule", {"Name": "r"}), ("DeleteRule", {"Name": "none"})]


def states_setup(client):
    states = client("stepfunctions")
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    machine = states.create_state_machine(name="m", definition=definition, roleArn=ROLE)["stateMachineArn"]
    return {"machine": machine, "run": states.start_execution(stateMachineArn=machine, name="e", input="{}")["executionArn"]}


def states_calls(made):
    machine = {"stateMachineArn": made["machine"]}
    return [("ListStateMachines", {}), ("DescribeStateMachine", machine), ("StartExecution", dict(machine, name="f", input="{\"a\": \"é\"}")),
            ("StartExecution", dict(machine, name="f", input="{\"a\": 2}")), ("ListExecutions", machine), ("DescribeExecution", {"executionArn": made["run"]}),
            ("GetExecutionHistory", {"executionArn": made["run"]}), ("StopExecution", {"executionArn": made["run"], "cause": "c"}),
            ("DescribeExecution", {"executionArn": made["run"]}), ("DescribeExecution", {"executionArn": made["run"] + "x"}),
            ("SendTaskSuccess", {"taskToken": "t", "output": "{}"}), ("SendTaskFailure", {"taskToken": "t", "error": "e", "cause": "c"}),
            ("SendTaskHeartbeat", {"taskToken": "t"})]


def lambda_setup(client):
    role = client("iam").create_role(RoleName="l", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(zipfile.ZipInfo("f.py"), "def handler(event, context):\n    return event\n")
    client("lambda").create_function(FunctionName="f", Runtime="python3.12", Role=role, Handler="f.handler", Code={"ZipFile": archive.getvalue()},
                                     Environment={"Variables": {"A": "b"}}, Timeout=9)
    return {}


def lambda_calls(_):
    return [("ListFunctions", {}), ("GetFunction", {"FunctionName": "f"}), ("GetFunctionConfiguration", {"FunctionName": "f"}),
            ("GetFunction", {"FunctionName": "none"}), ("Invoke", {"FunctionName": "none"})]


def dynamodb_calls(_):
    table = {"TableName": "t", "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
             "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"}],
             "BillingMode": "PAY_PER_REQUEST"}
    key = {"k": {"S": "a"}, "n": {"N": "1"}}
    item = dict(key, s={"S": "é"}, nul={"NULL": True}, b={"BOOL": False}, l={"L": [{"N": "3.5"}, {"S": ""}]}, m={"M": {"x": {"SS": ["p", "q"]}}},
                ns={"NS": ["1", "2"]})
    return [("CreateTable", table), ("DescribeTable", {"TableName": "t"}), ("PutItem", {"TableName": "t", "Item": item}),
            ("PutItem", {"TableName": "t", "Item": item, "ConditionExpression": "attribute_not_exists(k)"}), ("GetItem", {"TableName": "t", "Key": key}),
            ("GetItem", {"TableName": "t", "Key": dict(key, n={"N": "9"})}), *[("PutItem", {"TableName": "t", "Item": dict(key, n={"N": str(i)})})
                                                                               for i in range(2, 6)],
            ("Query", {"TableName": "t", "KeyConditionExpression": "k = :k", "ExpressionAttributeValues": {":k": {"S": "a"}}}),
            ("Query", {"TableName": "t", "KeyConditionExpression": "k = :k", "ExpressionAttributeValues": {":k": {"S": "a"}}, "Limit": 2}),
            ("Scan", {"TableName": "t"}), ("UpdateItem", {"TableName": "t", "Key": key, "UpdateExpression": "SET z = :z", "ReturnValues": "ALL_NEW",
                                                         "ExpressionAttributeValues": {":z": {"N": "7"}}}),
            ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "t", "Item": dict(key, n={"N": "8"})}},
                                                      {"Delete": {"TableName": "t", "Key": dict(key, n={"N": "2"})}}]}),
            ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "t", "Item": key, "ConditionExpression": "attribute_not_exists(k)"}}]}),
            ("DeleteItem", {"TableName": "t", "Key": key, "ReturnValues": "ALL_OLD"}), ("DescribeTable", {"TableName": "none"})]


def s3_setup(client):
    s3 = client("s3")
    for name in ("one", "two"):
        s3.create_bucket(Bucket=name)
    for i in range(5):
        s3.put_object(Bucket="one", Key=f"dir/k {i}+é", Body=b"body %d" % i, ContentType="text/plain", Metadata={"m": "v"})
    return {}


def s3_calls(_):
    return [("ListBuckets", {}), ("HeadBucket", {"Bucket": "one"}), ("ListObjectsV2", {"Bucket": "one"}), ("ListObjectsV2", {"Bucket": "one", "MaxKeys": 2}),
            ("ListObjectsV2", {"Bucket": "one", "Prefix": "d", "Delimiter": "/"}), ("ListObjectsV2", {"Bucket": "none"}),
            ("GetObject", {"Bucket": "one", "Key": "dir/k 1+é"}), ("GetObject", {"Bucket": "one", "Key": "none"}),
            ("GetObject", {"Bucket": "one", "Key": "dir/k 1+é", "Range": "bytes=1-2"}), ("HeadObject", {"Bucket": "one", "Key": "dir/k 2+é"}),
            ("PutObject", {"Bucket": "two", "Key": "a/b c", "ContentType": "x/y", "Metadata": {"k": "v"}}), ("HeadObject", {"Bucket": "two", "Key": "a/b c"}),
            ("DeleteObject", {"Bucket": "one", "Key": "dir/k 2+é"}), ("ListObjectsV2", {"Bucket": "one"})]


def comprehend_calls(_):
    text = {"Text": "some text", "LanguageCode": "en"}
    return [("DetectSentiment", text), ("DetectKeyPhrases", text), ("DetectPiiEntities", text), ("DetectSentiment", dict(text, LanguageCode="de"))]


def kms_setup(client):
    kms = client("kms")
    key = kms.create_key(Description="k")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/a", TargetKeyId=key)
    return {"key": key}


CALLS = {
    "eks": (network, eks_calls), "ec2": (ec2_setup, ec2_calls), "autoscaling": (autoscaling_setup, autoscaling_calls), "elbv2": (elbv2_setup, elbv2_calls),
    "route53": (route53_setup, route53_calls), "sts": (None, sts_calls), "iam": (iam_setup, iam_calls), "ssm": (ssm_setup, ssm_calls),
    "secretsmanager": (secrets_setup, secrets_calls), "cloudwatch": (cloudwatch_setup, cloudwatch_calls), "logs": (logs_setup, logs_calls),
    "events": (None, events_calls), "stepfunctions": (states_setup, states_calls), "lambda": (lambda_setup, lambda_calls),
    "dynamodb": (None, dynamodb_calls), "s3": (s3_setup, s3_calls), "comprehend": (None, comprehend_calls),
    "bedrock-runtime": (None, lambda _: [("InvokeModel", {"modelId": "anthropic.claude-3-sonnet-20240229-v1:0", "body": "e30="})]),
    "service-quotas": (None, lambda _: [("GetServiceQuota", {"ServiceCode": "vpc", "QuotaCode": "L-7E9ECCDB"}),
                                        ("GetServiceQuota", {"ServiceCode": "vpc", "QuotaCode": "L-0"}),
                                        ("ListAWSDefaultServiceQuotas", {"ServiceCode": "vpc"})]),
    "kms": (kms_setup, lambda made: [("DescribeKey", {"KeyId": made["key"]}), ("DescribeKey", {"KeyId": "alias/a"}), ("DescribeKey", {"KeyId": "none"}),
                                     ("ListAliases", {})]),
}
