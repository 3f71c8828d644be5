"""Assessments to print: one as a cluster gives it, one as files give it, one of many findings, one of hostile words."""
import random

EVIL = {  # each with a canary word that must be seen, and markup that must not work
    "escape": "ca0\x1b[31mred\x1b]0;title\x07",
    "csi": "ca1\u009b31mred",
    "bidi": "ca2\u202egnp.exe\u2066x",
    "unseen": "ca3\u200bzero\ufeffwidth\u00adsoft\U000e0041tag",
    "html": "ca4<script>alert(1)</script><img src=x onerror=alert(2)>\"'>",
    "attribute": "ca5' onmouseover='alert(3)' x=\" onfocus=alert(4) ",
    "link": "ca6[click](javascript:alert(5)) ![i](https://evil.example/i.png) <https://evil.example/>",
    "table": "ca7 | a | b |\n|---|---|\n| c | d |",
    "block": "ca8\n\n# heading\n\n- item\n\n```\ncode\n```\n> quote\n\n---\n",
    "inline": "ca9 `tick` ``two`` **bold** __bold__ ~~gone~~ \\ $x$ &amp; &#60;b&#62; {{ x }} {0}",
    "mention": "ca10 @octocat/team #123 octo/repo#4 https://evil.example/a www.evil.example a@evil.example GH-12",
    "cdata": "ca11 ]]> <![CDATA[ --> <!-- </failure> </testcase> &quot;",
    "xml": "ca12\x00\x01\x0b\x1f\ufffe\uffff",
    "newline": "ca13\r\nBLOCKER    FAKE-ID  not real\n\u2028\u2029\u0085next",
    "ticks": "ca14```` ` ``",
    "details": "ca15</details></summary></table></main></body></html>",
    "style": "ca16</style><style>*{display:none}</style>",
}


def evidence(source, detail=None, caller=None, last_seen=None, count=None):
    return {k: v for k, v in dict(source=source, detail=detail, caller=caller, last_seen=last_seen, count=count).items() if v is not None}


def finding(id, severity="HIGH", status="finding", evidence=(), **more):
    return {"id": id, "severity": severity, "status": status, "evidence": list(evidence), **more}


def obj(kind, namespace, name):
    return {k: v for k, v in dict(kind=kind, namespace=namespace, name=name).items() if v}


def document(findings, tool="assess", **more):
    names = ("BLOCKER", "HIGH", "MEDIUM", "LOW", "INFO")
    counts = {s.lower(): sum(f["severity"] == s and f["status"] == "finding" for f in findings) for s in names}
    counts.update({s: sum(f["status"] == s for f in findings) for s in ("unknown", "accepted")}, passed=200)
    ready = not any(f["severity"] == "BLOCKER" and f["status"] != "accepted" and not f.get("scope") for f in findings)
    return {"format": 1, "tool": tool, "target_version": "1.35", "ready": ready, "counts": counts, "sources": [],
            "findings": findings, **more}


def shop():
    role = "arn:aws:iam::123456789012:role/ci"
    findings = [
        finding("WL-PDB-ZERO", "BLOCKER", title="A budget allows no disruption", object=obj("PodDisruptionBudget", "payments", "redis-pdb"),
                message="payments/redis-pdb allows 0 disruptions: 2 nodes cannot drain (ip-10-0-3-17, ip-10-0-4-9)",
                evidence=[evidence("kubernetes poddisruptionbudgets", "minAvailable=1, 1 pod ready")],
                remedy="kubectl -n payments scale sts/redis --replicas 2", page="https://kubernetes.io/docs/tasks/run-application/configure-pdb/"),
        finding("API-CALLED", "BLOCKER", title="An API version that goes away is still called", api_version="flowcontrol.apiserver.k8s.io/v1beta3",
                removed_in="1.32", deprecated_in="1.29", replacement="flowcontrol.apiserver.k8s.io/v1",
                message="flowcontrol.apiserver.k8s.io/v1beta3 is gone in 1.32 and is still asked for",
                evidence=[evidence("insights", None, "argo-cd-app-controller/v2.9", "2026-11-25T02:00:00Z", 214),
                          evidence("metrics", "apiserver_requested_deprecated_apis{group=\"flowcontrol.apiserver.k8s.io\"} 1")],
                remedy="update Argo CD to 2.12 or later, which asks for v1"),
        finding("SKEW-KUBELET", "MEDIUM", title="Nodes are older than the control plane", object=obj("", "", "ng-general"),
                message="node group ng-general runs kubelet 1.32, one minor behind", evidence=[evidence("eks:DescribeNodegroup", "version 1.32, 14 nodes")],
                remedy="aws eks update-nodegroup-version --cluster-name shop --nodegroup-name ng-general --kubernetes-version 1.33 --query 'update.{id: id, status: status}'"),
        finding("ADDON-NOT-LATEST", "LOW", title="An add-on could be newer", object={"arn": "arn:aws:eks:us-east-1:123456789012:addon/shop/coredns/5ec9a1a8-0e9f-4bb4-bb0f-3d3c8ef1c0de"},
                message="coredns v1.11.1-eksbuild.4, default for 1.33 is v1.12.1-eksbuild.2", evidence=[evidence("eks:DescribeAddon")]),
        finding("PATH-MULTI-HOP", "INFO", title="More than one hop", message="1.35 is two minors away: the plan makes 2 hops"),
        finding("ADDON-EKS-INCOMPATIBLE", "BLOCKER", "unknown", title="Add-on versions good for the target", remedy="grant eks:DescribeAddonVersions",
                reason=f"eks:DescribeAddonVersions denied for {role}"),
        finding("ADDON-NONE-FOR-TARGET", "BLOCKER", "unknown", title="Add-ons that end before the target", remedy="grant eks:DescribeAddonVersions",
                reason=f"eks:DescribeAddonVersions denied for {role}"),
        finding("CAP-QUOTA-EC2", "HIGH", "unknown", title="Room in the EC2 quota", remedy="grant servicequotas:GetServiceQuota",
                reason=f"servicequotas:GetServiceQuota denied for {role}"),
        finding("BG-SG-REF", "HIGH", title="A security group names the cluster's", scope="blue-green", object={"name": "sg-0f3c5d"},
                message="sg-0f3c5d (rds-orders) lets in only shop's node security group", remedy="add Green's node security group before traffic moves"),
        finding("RB-ADDON", "BLOCKER", title="An add-on version closes the way back", scope="rollback", object={"name": "vpc-cni"},
                message="vpc-cni v1.20 has no release for 1.32"),
        finding("WL-SINGLETON", "MEDIUM", "accepted", title="One replica", object=obj("Deployment", "legacy", "cron"), message="legacy/cron has one replica",
                owner="team-legacy", reason="night batch only", expires="2026-12-31T00:00:00Z"),
    ]
    sources = [{"name": "eks:DescribeCluster", "status": "ok"}, {"name": "kubernetes pods", "status": "ok"},
               {"name": "eks:DescribeAddonVersions", "status": "denied", "detail": f"AccessDeniedException: {role} may not"},
               {"name": "prometheus metrics", "status": "skipped", "detail": "no address given"}]
    checks = [{"id": i, "title": t} for i, t in (("CP-HEALTH", "Health of the control plane"), ("CP-ROLE", "The cluster's role"), ("WL-PDB-ZERO", "A budget allows no disruption"))]
    return document(findings, cluster="shop", region="us-east-1", current_version="1.33", snapshot_hash="7c1e" * 16,
                    captured_at="2026-11-25T05:00:00Z", sources=sources, duration_ms=1900, checks=checks)


def files():
    findings = [
        finding("API-REMOVED", "BLOCKER", title="An API version that the target does not serve", object=obj("CronJob", "batch", "nightly"),
                message="CronJob batch/nightly uses batch/v1beta1, gone in 1.25", file="deploy/cron jobs/nightly ü.yaml", line=12, document=2,
                api_version="batch/v1beta1", removed_in="1.25", deprecated_in="1.21", replacement="batch/v1",
                evidence=[evidence("file", "apiVersion: batch/v1beta1")], remedy="use batch/v1; no field changes"),
        finding("API-DEPRECATED", "LOW", title="An API version that will go", object=obj("Endpoints", "web", "db"), message="Endpoints are deprecated",
                file="deploy/db.yaml", line=1, document=1, api_version="v1", deprecated_in="1.33", replacement="discovery.k8s.io/v1 EndpointSlice"),
        finding("SCAN-UNREADABLE", "MEDIUM", "unknown", title="A file that could not be read", file="charts/x/templates/all.yaml", line=3,
                reason="kind stands in a template: {{ .Values.kind }}"),
        finding("API-REMOVED", "BLOCKER", title="An API version that the target does not serve", object=obj("Ingress", "web", "{{ .Release.Name }}-web"),
                message="Ingress web/{{ .Release.Name }}-web uses extensions/v1beta1, gone in 1.22", file="/abs/chart/templates/ingress.yaml", line=1, document=1,
                api_version="extensions/v1beta1", removed_in="1.22", replacement="networking.k8s.io/v1"),
    ]
    return document(findings, tool="scan", duration_ms=41)


def many(n=500, seed=1):
    chance = random.Random(seed)
    findings = []
    checks = [(f"WL-CHECK-{i:02d}", chance.choice(["BLOCKER", "HIGH", "HIGH", "MEDIUM", "MEDIUM", "LOW", "INFO"])) for i in range(25)]
    for i in range(n):
        id, severity = checks[min(int(chance.expovariate(0.25)), 24)]
        name = f"app-{i:03d}"
        same = id.endswith(("0", "5"))
        findings.append(finding(id, severity, title=f"What {id} looks for", object=obj("Deployment", f"team-{i % 7}", name),
                                message="has one replica" if same else f"team-{i % 7}/{name} has {i % 5} replicas and a budget of {i % 3}, which leaves no room for a drain",
                                evidence=[evidence("kubernetes deployments", f"replicas={i % 5}")] * (1 + i % 6),
                                remedy=f"kubectl -n team-{i % 7} scale deploy/{name} --replicas 3" if i % 2 else "give it a second replica"))
    for i in range(40):
        findings.append(finding(f"CAP-{i:02d}", "BLOCKER" if i < 3 else "HIGH", "unknown", title=f"Room of kind {i}", reason="kubernetes pods: forbidden for user \"ci\"",
                                remedy="grant list on pods"))
    return document(findings, cluster="big", current_version="1.34", captured_at="2026-11-25T05:00:00Z")


def note(word, kind="flag", url="https://kubernetes.io/blog/#a", touches=True, **more):
    return {"version": word, "kind": kind, "name": word, "change": "removed", "urgent": True, "touches": touches,
            "citations": [{"source": word, "url": url, "section": word, "sentence": word}],
            "objects": [{"kind": word, "namespace": word, "name": word, "how": word}] if touches else [], **more}


def hostile():
    findings = []
    for word in EVIL.values():
        findings.append(finding("WL-EVIL", "BLOCKER", title=word, object=obj(word, word, word), message=word, file=word, line=1, document=3, api_version=word,
                                removed_in=word, deprecated_in=word, replacement=word, evidence=[evidence(word, word, word, "2026-11-25T02:00:00Z", 3)],
                                remedy=word, page=word, scope=""))
        findings.append(finding(word, "HIGH", "unknown", title=word, reason=word, remedy=word))
        findings.append(finding("WL-OWNED", "LOW", "accepted", object=obj(word, word, word), owner=word, reason=word, expires="2027-01-01T00:00:00Z"))
        findings.append(finding("BG-EVIL", "LOW", scope=word, object={"arn": word}, remedy="kubectl " + word))
    word = EVIL["html"] + EVIL["escape"] + EVIL["link"]
    return document(findings, cluster=word, region=word, current_version=word, target_version=word, snapshot_hash=word,
                    sources=[{"name": w, "status": "denied", "detail": w} for w in EVIL.values()], checks=[{"id": w, "title": w} for w in EVIL.values()],
                    release_notes=[note(w, url=w, stage=w, component=w, value=w, replacement=w, effective_version=w) for w in EVIL.values()]
                    + [note(w, "urgent", touches=False) for w in EVIL.values()] + [note("1.34")])


def nothing():
    return document([], cluster="calm", current_version="1.34")


ALL = {"shop": shop, "files": files, "many": many, "hostile": hostile, "nothing": nothing}

if __name__ == "__main__":
    import json
    import sys
    json.dump(ALL[sys.argv[1]](), sys.stdout)
