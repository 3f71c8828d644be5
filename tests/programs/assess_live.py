"""What `assess` sees of a live cluster: the simulator's doors, beside audit logs, manifests and other scanners.

usage: assess_live.py AGENT EXAMPLE.YAML DIRECTORY     prints failures; the last line is "N passed, N failed"
"""
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request

from assess_tally import check, tell

AGENT, EXAMPLE, WORK = (pathlib.Path(one).resolve() for one in sys.argv[1:4])
WORK.mkdir(parents=True, exist_ok=True)
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}

# The list of what a look gathers, each under the name of its source.
AWS = """eks:DescribeCluster eks:ListNodegroups eks:DescribeNodegroup eks:ListAddons eks:DescribeAddon eks:DescribeAddonVersions
eks:DescribeAddonConfiguration eks:ListFargateProfiles eks:ListAccessEntries eks:DescribeAccessEntry eks:ListPodIdentityAssociations
eks:DescribePodIdentityAssociation eks:ListInsights eks:DescribeInsight eks:ListUpdates eks:ListIdentityProviderConfigs eks:DescribeClusterVersions
autoscaling:DescribeAutoScalingGroups ec2:DescribeInstances ec2:DescribeImages ec2:DescribeInstanceTypes ec2:DescribeLaunchTemplates ec2:DescribeSubnets
ec2:DescribeSecurityGroups ec2:DescribeVolumes elasticloadbalancing:DescribeLoadBalancers elasticloadbalancing:DescribeListeners
elasticloadbalancing:DescribeTargetGroups elasticloadbalancing:DescribeTargetHealth elasticloadbalancing:DescribeTargetGroupAttributes
elasticloadbalancing:DescribeLoadBalancerAttributes servicequotas:GetServiceQuota iam:GetRole iam:ListAttachedRolePolicies iam:ListRolePolicies
iam:GetPolicy iam:GetPolicyVersion iam:ListOpenIDConnectProviders iam:GetOpenIDConnectProvider route53:ListHostedZones
route53:ListResourceRecordSets cloudwatch:DescribeAlarms ssm:GetParameters logs:StartQuery logs:GetQueryResults""".split()
KUBERNETES = """nodes pods deployments.apps statefulsets.apps daemonsets.apps replicasets.apps jobs.batch cronjobs.batch replicationcontrollers
poddisruptionbudgets.policy horizontalpodautoscalers.autoscaling validatingwebhookconfigurations.admissionregistration.k8s.io
mutatingwebhookconfigurations.admissionregistration.k8s.io customresourcedefinitions.apiextensions.k8s.io apiservices.apiregistration.k8s.io
storageclasses.storage.k8s.io csinodes.storage.k8s.io csidrivers.storage.k8s.io persistentvolumes persistentvolumeclaims ingresses.networking.k8s.io
networkpolicies.networking.k8s.io clusterroles.rbac.authorization.k8s.io clusterrolebindings.rbac.authorization.k8s.io
priorityclasses.scheduling.k8s.io leases.coordination.k8s.io secrets services endpointslices.discovery.k8s.io serviceaccounts
namespaces discovery readyz""".split()


class Door:
    """`sim serve`, open as long as the block."""

    def __init__(self, *arguments):
        self.kubeconfig = WORK / "kubeconfig"
        self.process = subprocess.Popen([AGENT, "sim", "serve", "--cluster", "shop", "--kubeconfig-out", self.kubeconfig, *arguments, "-o", "json"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.url = json.loads(self.process.stdout.readline())["endpoint_url"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def kube(self, method, path, body=None, kind="application/merge-patch+json", agent="test/1.0"):
        token = re.search(r"token: (\S+)", self.kubeconfig.read_text()).group(1)
        request = urllib.request.Request(f"{self.url}/clusters/shop{path}", method=method, data=json.dumps(body).encode() if body else None,
                                         headers={"authorization": f"Bearer {token}", "content-type": kind, "user-agent": agent})
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def assess(self, *arguments, example=True, **environment):
        config = ["--config", EXAMPLE] if example else ["--cluster", "shop", "--region", "us-east-1"]
        return run(*config, "--to", "1.34", "--endpoint-url", self.url, "--kubeconfig", self.kubeconfig, *arguments, **environment)


def run(*arguments, cwd=WORK, **environment):
    done = subprocess.run([AGENT, "assess", *arguments, "-o", "json"], capture_output=True, cwd=cwd, env={**os.environ, **KEYS, **environment}, timeout=120)
    report = json.loads(done.stdout) if done.stdout.startswith(b"{") else {"sources": [], "findings": [], "counts": {}}
    return done.returncode, report, done.stderr.decode(errors="replace") + ("" if report["sources"] else done.stdout.decode(errors="replace"))


def sources(report):
    return {one["name"]: (one["status"], one.get("detail") or "") for one in report["sources"]}


def of(report, identity, status="finding"):
    return [one for one in report["findings"] if one["id"] == identity and one["status"] == status]


def unknown(report):
    return {one["id"] for one in report["findings"] if one["status"] == "unknown"}


# ---- everything is looked at, and what could be known is known ----

def healthy():
    with Door() as door:
        for example in (True, False):
            code, report, said = door.assess(example=example, **{"HOME": str(WORK)})
            told = sources(report)
            for name in AWS + [f"kubernetes {one}" for one in KUBERNETES] + ["metrics"]:
                check(f"a source: {name}", told.get(name, ("",))[0] == "ok", f"{told.get(name)} {said}")
            check("nothing else failed", not {k: v for k, v in told.items() if v[0] not in ("ok", "skipped")}, str(told))
            check("nothing is unknown", not unknown(report), str(unknown(report)))
            check("the look itself found nothing but the clock", {one["id"] for one in report["findings"] if one["id"].startswith("SCAN-")} <= ({"SCAN-CLOCK"} - ({"SCAN-CLOCK"} if example else set())),
                  str([one for one in report["findings"] if one["id"].startswith("SCAN-")]))
            for identity in ("API-COVERAGE", "CP-AUDIT-OFF", "ADDON-IAM", "BG-SG-REFS", "BG-SUBNET-TAGS", "ADDON-CONFIG-SCHEMA"):
                check(f"of a cluster that is set up well: no {identity}", not of(report, identity), str(of(report, identity)))
        _, live, _ = door.assess("--save", f"{WORK}/saved/")
        _, folder, said = run("--config", EXAMPLE, "--endpoint-url", "http://127.0.0.1:1", "--from", f"{WORK}/saved", "--to", "1.34")
        check("a saved folder gives the same findings", live["findings"] == folder["findings"] and folder["findings"], said)
        check("and the same sources", sources(live) == sources(folder), str(set(sources(live).items()) ^ set(sources(folder).items())))
        for part in (WORK / "saved").iterdir():
            part.write_bytes(b"\xef\xbb\xbf" + part.read_bytes())
        _, marked, said = run("--config", EXAMPLE, "--endpoint-url", "http://127.0.0.1:1", "--from", f"{WORK}/saved", "--to", "1.34")
        check("so does one whose files begin with a mark of byte order", live["findings"] == marked["findings"], said)
        for part in (WORK / "saved").iterdir():
            part.write_bytes(part.read_bytes()[3:])
        os.mkfifo(WORK / "pipe")
        code, _, said = door.assess("--save", WORK / "pipe")
        check("a snapshot is not put in place of what is no file", code == 1 and "no file that" in said and (WORK / "pipe").is_fifo(), f"{code} {said}")
        aws = json.loads((WORK / "saved/aws.json").read_text())
        names = {name.split(":")[1] for name in AWS}
        snake = {re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower() for name in names}
        check("operations are named as botocore names them", snake <= set(aws), str(snake - set(aws)))
        check("each call has its request and response", all({"request", "response"} == set(call) for calls in aws.values() for call in calls), "")
        version = aws["describe_addon_configuration"][0]["request"]["addonVersion"]
        default = [one["addonVersion"] for call in aws["describe_addon_versions"] for addon in call["response"]["addons"] if addon["addonName"] == "coredns"
                   for one in addon["addonVersions"] for fit in one["compatibilities"] if fit["clusterVersion"] == "1.34" and fit["defaultVersion"]]
        check("an add-on's schema is that of the version for the target", version == default[0], f"{version} {default}")
        policy = json.loads(subprocess.run([AGENT, "iam-policy"], capture_output=True).stdout)
        allowed = {action for one in policy["Statement"] for action in one["Action"]}
        asked = {name for name in sources(live) if re.fullmatch("[a-z0-9]+:[A-Za-z]+", name)}
        check("iam-policy allows all that is asked", asked and asked <= allowed, str(asked - allowed))
        check("and reading alone, but for the search and the refresh", all(re.match("[a-z0-9]+:(Describe|List|Get)", one) for one in allowed
              - {"logs:StartQuery", "logs:StopQuery", "eks:StartInsightsRefresh"}), str(allowed))
        zones = [call["response"] for call in aws["list_resource_record_sets"]]
        check("of Route 53 there is what leads here", any("shop" in json.dumps(one) for one in zones), str(zones))


def denied():
    """What one service refuses is denied and costs the checks that need it; all others say what they said."""
    with Door() as door:
        _, whole, _ = door.assess()
    for service, source, lost in (("iam", "iam:GetRole", "CP-ROLE"), ("elbv2", "elasticloadbalancing:DescribeListeners", "EXP-"),
                                  ("ec2", "ec2:DescribeInstanceTypes", "CP-SUBNETS"), ("logs", "logs:GetQueryResults", ""),
                                  ("route53", "route53:ListHostedZones", "BG-TTL")):
        with Door("--fault", f"{service}:denied=100%") as door:
            code, report, said = door.assess()
        told = sources(report)
        prefix = source.split(":")[0] + ":"
        refused = {name: state for name, state in told.items() if name.startswith(prefix)}
        check(f"{service} denied: told", refused and all(state[0] in ("denied", "skipped") for state in refused.values()), f"{refused} {said}")
        check(f"{service} denied: nothing else is", not {k for k, v in told.items() if v[0] == "denied" and not k.startswith(prefix)}, str(told))
        check(f"{service} denied: what needs it is unknown, and only that", all(prefix in one["reason"] for one in report["findings"] if one["status"] == "unknown"),
              str([one["reason"] for one in report["findings"] if one["status"] == "unknown"]))
        if lost and lost != "EXP-":
            check(f"{service} denied: {lost} is unknown", lost in unknown(report), str(unknown(report)))
        ours = {one["id"] for one in report["findings"]} | {"SCAN-MISSING-RBAC", "API-COVERAGE"}
        check(f"{service} denied: the others say what they said", {one["id"] for one in whole["findings"]} - unknown(report) <= ours, "")
        check(f"{service} denied: the permission is named", any(source.split(":")[0] in (e["source"] + (e.get("detail") or "")) for one in of(report, "SCAN-MISSING-RBAC") for e in one["evidence"]),
              str(of(report, "SCAN-MISSING-RBAC")))


def refreshed():
    with Door("--speed", "120") as door:
        told = sources(door.assess()[1])
        check("insights are not refreshed unasked", "eks:StartInsightsRefresh" not in told, str(told))
        told = sources(door.assess("--refresh-insights")[1])
        check("insights are refreshed when asked", told.get("eks:StartInsightsRefresh") == told.get("eks:DescribeInsightsRefresh") == ("ok", ""), str(told))
    check("help says what it does", b"changes nothing else" in subprocess.run([AGENT, "assess", "--help"], capture_output=True).stdout)


# ---- the search of the audit log, by a service that is slow, fails, or finds something ----

class Logs(http.server.BaseHTTPRequestHandler):
    """CloudWatch Logs, which answers a search as the test says."""
    answers, asked = {}, []

    def do_POST(self):
        operation = self.headers["x-amz-target"].split(".")[1]
        body = self.rfile.read(int(self.headers["content-length"]))
        Logs.asked.append((operation, json.loads(body)))
        status, answer = Logs.answers.get(operation, (200, {"queryId": "q-1"} if operation == "StartQuery" else {"success": True}))
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def cell(row):
    return [{"field": name, "value": value} for name, value in row.items()]


VAP = {"objectRef.apiGroup": "admissionregistration.k8s.io", "objectRef.apiVersion": "v1beta1", "objectRef.resource": "validatingadmissionpolicies", "verb": "patch",
       "userAgent": "policy-sync/v2", "user.username": "system:serviceaccount:ops:sync", "annotations.k8s.io/deprecated": "true",
       "annotations.k8s.io/removed-release": "1.34", "n": "17", "last_seen": "2026-11-23T22:00:00.000000Z"}


def audit_search():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Logs)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Door("--speed", "0") as door:  # time stands still, but for who sleeps
        (WORK / "logs.yaml").write_text(f"cluster: shop\nregion: us-east-1\nclock_url: {door.url}/sim/clock\nkubeconfig: {door.kubeconfig}\n")

        def ask(*arguments, config="logs.yaml", **answers):
            Logs.answers, Logs.asked = answers, []
            return run("--config", WORK / config, "--to", "1.34", *arguments, AWS_ENDPOINT_URL=door.url,
                       AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=f"http://127.0.0.1:{server.server_port}")

        _, report, said = ask(GetQueryResults=(200, {"status": "Complete", "results": [cell(VAP)]}))
        found = of(report, "API-CALLER")
        seen = found[0]["evidence"][0] if found else {}
        check("a search names who calls, how often and when last", found and found[0]["severity"] == "BLOCKER" and (seen["caller"], seen["count"], seen["last_seen"])
              == ("policy-sync/v2", 17, "2026-11-23T22:00:00Z") and "system:serviceaccount:ops:sync" in seen["detail"], f"{found} {said}")
        started = Logs.asked[0][1]
        check("it searches the cluster's log, one day back", started["logGroupName"] == "/aws/eks/shop/cluster" and started["endTime"] - started["startTime"] == 86400
              and "kube-apiserver-audit" in started["queryString"], str(started))
        _, report, said = ask(GetQueryResults=(200, {"status": "Running", "results": []}))
        told = sources(report).get("logs:GetQueryResults", ("", ""))
        check("one that does not end is ended, and told", told[0] == "failed" and "within a minute" in told[1] and Logs.asked[-1][0] == "StopQuery", f"{told} {said}")
        check("and waited for without haste", 20 < sum(one[0] == "GetQueryResults" for one in Logs.asked) < 80, str(len(Logs.asked)))
        for status in ("Failed", "Cancelled", "Timeout"):
            _, report, _ = ask(GetQueryResults=(200, {"status": status, "results": []}))
            check(f"one that ends as {status} is told", sources(report)["logs:GetQueryResults"] == ("failed", f"the search ended as {status}"), str(sources(report).get("logs:GetQueryResults")))
        _, report, _ = ask(GetQueryResults=(200, {"status": "Complete", "results": [cell({**VAP, "userAgent": f"caller-{i}"}) for i in range(1000)]}))
        check("more callers than are told", "more callers" in sources(report)["logs:GetQueryResults"][1] and len(of(report, "API-CALLER")) == 1000, str(len(of(report, "API-CALLER"))))
        hostile = [[{"field": "n"}], "x", [{"value": "1"}], cell({**VAP, "n": "many", "last_seen": "yesterday"}), cell({"verb": "get"}), [{"field": "@message", "value": "{broken"}]]
        _, report, said = ask(GetQueryResults=(200, {"status": "Complete", "results": hostile}))
        check("rows that make no sense cost themselves", len(of(report, "API-CALLER")) == 1 or "logs:GetQueryResults" in said + str(sources(report)), said)
        for code in ("LimitExceededException", "ResourceNotFoundException"):
            _, report, _ = ask(StartQuery=(400, {"__type": code, "message": "no"}))
            check(f"a search that cannot begin: {code}", sources(report)["logs:StartQuery"][0] == sources(report)["logs:GetQueryResults"][0] == "failed"
                  and code in sources(report)["logs:StartQuery"][1], str(sources(report)))
        (WORK / "none.yaml").write_text((WORK / "logs.yaml").read_text() + "checks: { audit_log_hours: 0 }\n")
        _, report, _ = ask(config="none.yaml")
        check("no search where the configuration wants none", not Logs.asked and sources(report)["logs:StartQuery"][0] == "skipped", str(Logs.asked))
    server.shutdown()


def interrupted():
    """Ctrl-C ends the wait for EKS."""
    with Door() as door:
        agent = subprocess.Popen([AGENT, "assess", "--config", EXAMPLE, "--endpoint-url", door.url, "--kubeconfig", door.kubeconfig, "--refresh-insights"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=WORK, env={**os.environ, **KEYS})
        time.sleep(1.5)
        agent.send_signal(signal.SIGINT)
        try:
            code = agent.wait(timeout=20)
        except subprocess.TimeoutExpired:
            agent.kill()
            code = None
        check("an interrupt ends the wait for EKS", code is not None, agent.stderr.read().decode())


# ---- evidence that is given beside the cluster ----

def event(**more):
    return json.dumps({"kind": "Event", "apiVersion": "audit.k8s.io/v1", "stage": "ResponseComplete", "verb": "update", "userAgent": "policy-sync/v2",
                       "user": {"username": "system:serviceaccount:ops:sync"}, "requestReceivedTimestamp": "2026-11-23T20:00:00.000000Z",
                       "objectRef": {"resource": "validatingadmissionpolicies", "apiGroup": "admissionregistration.k8s.io", "apiVersion": "v1beta1"},
                       "annotations": {"k8s.io/deprecated": "true", "k8s.io/removed-release": "1.34"}, **more})


def audit_files():
    good = WORK / "audit.log"
    noise = event(annotations={}, objectRef={"resource": "pods", "apiVersion": "v1"})
    good.write_text("\n".join([noise] * 500 + [event()] * 40 + [event(stage="RequestReceived")] * 9 + [event(requestReceivedTimestamp="2026-11-23T22:00:00.000000Z")]) + "\n")
    with Door() as door:
        code, report, said = door.assess("--audit-log", good, "--save", f"{WORK}/audited/")
        found = of(report, "API-CALLER")
        check("an audit log names who calls", len(found) == 1 and found[0]["object"]["name"] == "policy-sync/v2" and found[0]["severity"] == "BLOCKER", f"{found} {said}")
        seen = [one for one in found[0]["evidence"] if one["source"] == "audit-log"] if found else []
        check("and how often, when last, and as whom", seen and seen[0]["count"] == 41 and seen[0]["last_seen"] == "2026-11-23T22:00:00Z"
              and "system:serviceaccount:ops:sync" in seen[0]["detail"], str(seen))
        check("as a source", sources(report).get("audit log file") == ("ok", ""), str(sources(report).get("audit log file")))
        _, again, _ = run("--config", EXAMPLE, "--endpoint-url", "http://127.0.0.1:1", "--from", f"{WORK}/audited", "--to", "1.34")
        check("it is in the saved folder", of(again, "API-CALLER") == found, str(of(again, "API-CALLER")))
        good.write_text("# no event\n" + event() + "\n{broken\n")
        _, report, _ = door.assess("--audit-log", good)
        check("lines that are no events are told, the others counted", sources(report)["audit log file"] == ("failed", "2 of 3 lines are no events")
              and of(report, "API-CALLER"), str(sources(report).get("audit log file")))
        for text in ("nothing here\n", '{"kind": "List"}\n'):
            good.write_text(text)
            code, _, said = door.assess("--audit-log", good)
            check("a file of another kind is a mistake", code == 2 and "no audit event" in said or code == 1 and "no audit event" in said, f"{code} {said}")
        code, _, said = door.assess("--audit-log", WORK / "absent")
        check("a file that is not there", code in (1, 2) and "absent" in said, f"{code} {said}")


PDB = "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: payments-redis-pdb}\nspec: {minAvailable: 1}\n"


def repository():
    root = WORK / "gitops"
    (root / "apps").mkdir(parents=True, exist_ok=True)
    (root / "apps/pdb.yaml").write_text(PDB)

    def git(*arguments):
        subprocess.run(["git", "-C", root, "-c", "user.name=Ada Lovelace", "-c", "user.email=ada@example.com", *arguments], check=True, capture_output=True,
                       env={**os.environ, "GIT_AUTHOR_DATE": "2026-03-01T10:00:00Z", "GIT_COMMITTER_DATE": "2026-03-01T10:00:00Z"})
    signer = WORK / "signer"  # signs anything, so that there is a signature that somebody might want to look at
    signer.write_text("#!/bin/sh\ncat >/dev/null\nprintf '\\n[GNUPG:] SIG_CREATED D 1 8 00 1 X\\n' >&2\n"
                      "printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nx\\n-----END PGP SIGNATURE-----\\n'\n")
    evil = WORK / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {WORK}/ran\n")
    for program in (signer, evil):
        program.chmod(0o755)
    git("init", "-q")
    git("add", ".")
    git("-c", f"gpg.program={signer}", "commit", "-qS", "-m", "budgets")
    for key, value in (("log.showSignature", "true"), ("gpg.program", evil), ("core.fsmonitor", evil), ("core.pager", evil), ("core.hooksPath", WORK)):
        git("config", key, value)
    (root / "apps/new.yaml").write_text(PDB.replace("payments-redis-pdb", "not-committed"))
    return root


def manifests():
    files, root = WORK / "files", repository()
    files.mkdir()
    (files / "job.yaml").write_text("apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: nightly, namespace: shop}\n")
    with Door() as door:
        applied = {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": '{"apiVersion":"policy/v1beta1","kind":"PodDisruptionBudget"}'}}}
        door.kube("PATCH", "/apis/policy/v1/namespaces/payments/poddisruptionbudgets/payments-redis-pdb", applied)
        code, report, said = door.assess("--manifests", files, "--manifests", root)
        found = {one["object"]["name"]: one for one in of(report, "API-GIT")}
        check("files and Git are scanned", set(found) == {"nightly", "payments-redis-pdb", "not-committed"} and code == 12, f"{found} {said}")
        check("a file is a file", found["nightly"]["evidence"][0]["source"] == "file" and found["nightly"]["line"] == 1, str(found["nightly"]))
        check("nothing that a repository's configuration names is run", not (WORK / "ran").exists())
        subprocess.run(["git", "-C", root, "log", "-1"], capture_output=True, check=False)
        check("which would have been, by git alone", (WORK / "ran").exists())
        git = found["payments-redis-pdb"]["evidence"][0]
        check("of what is in Git it is told who wrote it last, and when", (git["source"], git["caller"], git["last_seen"]) == ("git", "Ada Lovelace", "2026-03-01T10:00:00Z"), str(git))
        check("and nothing of what was never committed", found["not-committed"]["evidence"][0].get("caller") is None, str(found["not-committed"]))
        joined = [e for one in of(report, "API-LASTAPPLIED") for e in one["evidence"]]
        check("it is laid beside what runs", {one["source"] for one in joined} == {"last-applied", "git"}, str(joined))
        _, alone, _ = door.assess("--manifests", root, "--only", "API-GIT")
        check("it can be the only one", {one["id"] for one in alone["findings"]} == {"API-GIT"}, str(alone["findings"]))
        _, without, _ = door.assess("--manifests", root, "--except", "API-*,WL-*")
        check("or left out", without["findings"] and not {one["id"] for one in without["findings"] if one["id"][:3] in ("API", "WL-")}, "")
        _, none, _ = door.assess()
        check("nothing is said of manifests that nobody gave", not of(none, "API-GIT") and "files" not in sources(none), "")
        (root / "apps/broken.yaml").write_text("apiVersion: policy/v1beta1\nkind: [\n")
        _, broken, _ = door.assess("--manifests", root)
        check("a broken document is unknown, its neighbours are found", len(of(broken, "API-GIT")) == 2 and len(of(broken, "API-GIT", "unknown")) == 1, str(of(broken, "API-GIT")))
        code, _, said = door.assess("--manifests", WORK / "absent")
        check("manifests that are not there", code in (1, 2) and "absent" in said, f"{code} {said}")


# ---- other scanners on the cluster, played by stand-ins that print what their documentation shows ----

PLUTO = {"items": [{"name": "payments-redis-pdb", "namespace": "payments", "api": {"version": "policy/v1beta1", "kind": "PodDisruptionBudget",
                    "deprecated-in": "v1.21.0", "removed-in": "v1.25.0", "replacement-api": "policy/v1", "component": "k8s"}, "deprecated": True, "removed": True},
                   {"name": "web/web", "namespace": "shop", "api": {"version": "example.com/v1beta1", "kind": "Widget", "removed-in": "v1.30.0", "component": "k8s"},
                    "deprecated": True, "removed": True}], "target-versions": {"k8s": "v1.34.0"}}
KUBENT = [{"Name": "payments-redis-pdb", "Namespace": "payments", "Kind": "PodDisruptionBudget", "ApiVersion": "policy/v1beta1",
           "RuleSet": "Deprecated APIs removed in 1.25", "ReplaceWith": "policy/v1", "Since": "1.21.0"}]


def stand_in(name, version, report, status):
    tools = WORK / "tools"
    tools.mkdir(exist_ok=True)
    (tools / name).write_text(f"#!/bin/sh\necho \"$@\" >>{WORK}/{name}.calls\ncase \"$1\" in version|--version) {version};; *) cat <<'END'\n{report}\nEND\nexit {status};; esac\n")
    (tools / name).chmod(0o755)
    return {"PATH": f"{tools}:/usr/bin:/bin"}


def scanners():
    stand_in("pluto", "echo Version:5.24.0 Commit:dd5ec8c", json.dumps(PLUTO), 3)
    path = stand_in("kubent", "echo '6:00PM INF version 0.7.3 (git sha 57480c0)' >&2", json.dumps(KUBENT), 0)
    with Door() as door:
        applied = {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": '{"apiVersion":"policy/v1beta1","kind":"PodDisruptionBudget"}'}}}
        door.kube("PATCH", "/apis/policy/v1/namespaces/payments/poddisruptionbudgets/payments-redis-pdb", applied)
        _, report, said = door.assess("--with", "pluto,kubent", **path)
        told = [f"{one['name']} {one['status']} {one.get('detail')}" for one in report["sources"] if one["name"].startswith(("pluto", "kubent"))]
        check("pluto beside ours", any("pluto ok 5.24.0: 2 objects, 1 of them ours, too; 1 are its alone, 0 ours alone" in one for one in told), f"{told} {said}")
        check("kubent beside ours", any("kubent ok 0.7.3: 1 objects, 1 of them ours, too; 0 are its alone, 0 ours alone" in one for one in told), str(told))
        check("a difference is explained", any("Widget (1): there is no such API in our tables" in one for one in told), str(told))
        evidence = [e["source"] for one in of(report, "API-LASTAPPLIED") for e in one["evidence"]]
        check("what both have is more evidence", evidence == ["last-applied", "pluto", "kubent"], str(evidence))
        check("they look at the cluster that we look at", f"--kubeconfig {door.kubeconfig}" in (WORK / "pluto.calls").read_text()
              and f"-k {door.kubeconfig}" in (WORK / "kubent.calls").read_text(), (WORK / "pluto.calls").read_text())
        stand_in("pluto", "echo Version:5.24.0", "boom", 1)
        _, report, _ = door.assess("--with", "pluto", **path)
        check("one that fails is told, our report stands", sources(report)["pluto"][0] == "failed" and report["findings"], str(sources(report).get("pluto")))
        (WORK / "tools/pluto").unlink()
        _, report, _ = door.assess("--with", "pluto", **path)
        check("one that is absent is told", sources(report)["pluto"][0] == "skipped" and "not on PATH" in sources(report)["pluto"][1], str(sources(report).get("pluto")))
        code, _, said = door.assess("--with", "nobody")
        check("there are only two", code == 2 and "neither pluto nor kubent" in said, said)
    for flag in (["--with", "pluto"], ["--refresh-insights"], ["--save", "x/"]):
        code, _, said = run("--from", f"{WORK}/saved", "--to", "1.34", *flag)
        check(f"{flag[0]} is about the live cluster", code == 2 and "--from" in said, f"{code} {said}")


for case in (healthy, denied, refreshed, audit_search, interrupted, audit_files, manifests, scanners):
    case()
tell()
