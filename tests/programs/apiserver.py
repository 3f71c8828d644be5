"""Our client against an API server made of Kubernetes' own libraries, beside kubectl on the same server.
usage: apiserver.py BUILD APISERVER [PART…]; the parts are the functions at the end."""
import json
import math
import random
import re
import subprocess
import sys
import threading
import time
from fractions import Fraction

import apiserver_networks
import apiserver_world as world
from apiserver_world import SPEAKER, Server, agent, bare, check, run, same, uid_of, wait_for, write

CM = "/api/v1/namespaces/team-00/configmaps"
DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "ours"}, "spec": {
    "replicas": 1, "selector": {"matchLabels": {"app": "own"}}, "template": {
        "metadata": {"labels": {"app": "own"}}, "spec": {"containers": [{"name": "c", "image": "a:1"}, {"name": "d", "image": "b:1"}]}}}}
VERBS = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]


def discovery(s):
    s.journal()
    out = s.speak("discover")
    asked = s.journal()
    same("discovery takes two requests", sorted(e["path"] for e in asked), ["/api", "/apis"])
    check("in the joined form", out.out.startswith("aggregated 1\n") and all("apidiscovery" in e["accept"] for e in asked), out)
    theirs = set()
    for line in s.kubectl("api-resources", "-o", "wide", "--no-headers").out.splitlines():
        words = line.split()
        verbs = next(w for w in words if "," in w and set(w.split(",")) <= set(VERBS) or w in VERBS)
        at = next(i for i, w in enumerate(words) if w in ("true", "false"))
        short = words[1] if at == 3 else ""
        bits = sum(1 << VERBS.index(v) for v in verbs.split(","))
        theirs.add((words[0], words[at - 1], words[at + 1], words[at] == "true", bits, short))
    ours = set()
    for line in out.out.splitlines()[1:]:
        name, version, kind, namespaced, verbs, *short = line.split()
        ours.add((name, version, kind, namespaced == "1", int(verbs), short[0] if short else ""))
    same("every resource that kubectl tells", theirs - ours, set())
    extra = {(o[0], o[1].split("/")[0]) for o in ours - theirs} - {(t[0], t[1].split("/")[0]) for t in theirs}
    same("and no other, but older versions", extra - {e for e in extra if "reviews" in e[0]}, set())
    words = ["deploy", "po", "pdb", "sts.apps", "deployments.v1.apps", "flowschemas", "Node", "nothing"]
    got = dict(line.split() for line in s.speak("named", *words).out.splitlines())
    same("words lead to paths", got, {
        "deploy": "/apis/apps/v1/namespaces/x/deployments/y", "po": "/api/v1/namespaces/x/pods/y",
        "pdb": "/apis/policy/v1/namespaces/x/poddisruptionbudgets/y", "sts.apps": "/apis/apps/v1/namespaces/x/statefulsets/y",
        "deployments.v1.apps": "/apis/apps/v1/namespaces/x/deployments/y",
        "flowschemas": "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/y", "Node": "/api/v1/nodes/y", "nothing": "-"})


def reading(s):
    same("version", s.kube("GET", "/version").json, json.loads(s.kubectl("get", "--raw", "/version").out))
    same("readyz is text", s.kube("GET", "/readyz").out, "ok")
    pods = s.raw("/api/v1/pods")["items"]
    names = [f"{p['metadata']['namespace']}/{p['metadata']['name']}" for p in pods]
    s.journal()
    same("a whole list, in order", s.kube("list", "/api/v1/pods").out.split(), names)
    asked = s.journal()
    check("by one request of 500", len(asked) == 1 and asked[0]["query"] == "limit=500", asked)
    one = pods[0]["metadata"]
    path = f"/api/v1/namespaces/{one['namespace']}/pods/{one['name']}"
    same("one object", s.kube("GET", path).json, s.raw(path))
    same("selectors may be typed as they are", s.kube("list", "/api/v1/pods?labelSelector=k8s-app in (kube-dns,x)").out.split(),
         [n for n, p in zip(names, pods) if p["metadata"]["labels"].get("k8s-app") == "kube-dns"])
    got = s.speak("list", "/api/v1/pods", "metadata")
    check("metadata only", got.out.count(" metadata\n") == len(names) and " whole\n" not in got.out, got)
    check("and it was asked for", "PartialObjectMetadataList" in s.journal()[-1]["accept"])
    for kind, name in (("pods", "nope"), ("deployments", "nope"), ("nothings", "nope")):
        group = "/apis/apps/v1" if kind == "deployments" else "/api/v1"
        ours, theirs = s.kube("GET", f"{group}/namespaces/team-00/{kind}/{name}"), s.kubectl("-n", "team-00", "get", kind, name)
        check(f"{kind} not there", ours.code == 1 and ours.error["code"] == "NotFound", ours)
        if kind != "nothings":
            check("in kubectl's words", ours.error["message"] in theirs.err, (ours, theirs))
    ours = s.kube("list", "/api/v1/namespaces/team-00")
    check("what is no list is told", ours.code == 1 and "is no list but one Namespace" in ours.err, ours)
    got = s.speak("look", "/apis/flowcontrol.apiserver.k8s.io/v1beta3/flowschemas", "/api/v1/nodes", "/apis/flowcontrol.apiserver.k8s.io/v1beta3/flowschemas")
    warnings = json.loads(got.out.splitlines()[-1].split(" ", 1)[1])
    check("warnings are evidence", len(warnings) == 1 and warnings[0]["count"] == 2 and "v1beta3 FlowSchema is deprecated" in warnings[0]["text"], warnings)
    check("and told", "is deprecated" in s.kube("GET", "/apis/flowcontrol.apiserver.k8s.io/v1beta3/flowschemas").err)


def changing(s):
    s.journal()
    body = json.dumps({"metadata": {"name": "ours"}, "data": {"a": "1", "b": "2"}})
    got = s.kube("POST", CM, body)
    check("nothing is changed without --yes", got.code == 4 and "--yes" in got.err and not s.journal(), got)
    got = s.kube("POST", CM, body, "--dry-run")
    check("a dry run tells what would be", got.code == 0 and got.json["data"] == {"a": "1", "b": "2"}, got)
    same("and changes nothing", s.kube("GET", CM + "/ours").code, 1)
    made = s.kube("POST", CM, "-", "--yes", stdin=body)
    check("create", made.code == 0 and uid_of(made.json), made)
    same("as the server has it", s.raw(CM + "/ours"), made.json)
    got = s.kube("POST", CM, body, "--yes")
    check("create twice", got.code == 1 and got.error["code"] == "AlreadyExists" and got.error["http_status"] == 409, got)
    object_ = made.json
    object_["data"]["c"] = "3"
    check("update", s.kube("PUT", CM + "/ours", json.dumps(object_), "--yes").json["data"]["c"] == "3")
    got = s.kube("PUT", CM + "/ours", json.dumps(object_), "--yes")
    check("a late update loses", got.code == 1 and got.error["code"] == "Conflict" and "the object has been modified" in got.error["message"], got)
    patches(s)
    applies(s)
    deletes(s)


def patches(s):
    path = "/apis/apps/v1/namespaces/team-00/deployments"
    for name in ("ours", "theirs"):
        thing = json.loads(json.dumps(DEPLOYMENT))
        thing["metadata"]["name"] = name
        check("a deployment", s.kube("POST", path, json.dumps(thing), "--yes").code == 0)
    for kind, patch in (
            ("json", [{"op": "test", "path": "/spec/template/spec/containers/0/image", "value": "a:1"}, {"op": "add", "path": "/metadata/labels", "value": {"x": "y"}}]),
            ("merge", {"metadata": {"labels": {"x": None, "z": "1"}}}),
            ("strategic", {"spec": {"template": {"spec": {"containers": [{"name": "d", "image": "b:2"}]}}}}),
            ("merge", {"spec": {"template": {"spec": {"containers": [{"name": "e", "image": "c:1"}]}}}})):
        ours = s.kube("PATCH", path + "/ours", json.dumps(patch), "--type", kind, "--yes")
        theirs = s.kubectl("-n", "team-00", "patch", "deploy", "theirs", "--type", kind, "-p", json.dumps(patch), "-o", "json")
        if check(f"{kind} patch", ours.code == 0 and theirs.code == 0, (ours, theirs)):
            same(f"{kind} patch as kubectl's", bare(ours.json)["spec"], bare(theirs.json)["spec"])
            same("with its labels", ours.json["metadata"].get("labels"), theirs.json["metadata"].get("labels"))
    same("of each type", [e.get("contentType") for e in s.journal() if e["method"] == "PATCH"], [
        f"application/{t}+json" for t in ("json-patch", "merge-patch", "strategic-merge-patch", "merge-patch")])
    got = s.kube("PATCH", path + "/ours", '[{"op":"test","path":"/metadata/name","value":"x"}]', "--yes")
    check("a test that fails", got.code == 1 and got.error["http_status"] == 422, got)
    got = s.kube("PATCH", path + "/ours", "{}", "--type", "json", "--yes")
    check("a patch of the wrong form is wrong usage", got.code == 2 and "list of operations" in got.err, got)
    same("scale", s.kube("PATCH", path + "/ours/scale", '{"spec":{"replicas":3}}', "--yes").json["spec"]["replicas"], 3)
    bad = json.loads(json.dumps(DEPLOYMENT))
    bad["metadata"]["name"], bad["spec"]["template"]["metadata"]["labels"] = "A_b", {"app": "other"}
    ours = s.kube("POST", path, json.dumps(bad), "--yes")
    theirs = s.kubectl("-n", "team-00", "create", "-f", "-", stdin=json.dumps(bad))
    check("causes of what is invalid", ours.code == 1 and ours.error["code"] == "Invalid" and all(
        word in ours.error["message"] and word in theirs.err for word in ("metadata.name: Invalid value", "spec.template.metadata.labels")), (ours, theirs))
    for name in ("ours", "theirs"):
        s.kube("DELETE", f"{path}/{name}", "--yes")


def applies(s):
    def thing(**data):
        return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": data})
    got = s.kube("PATCH", CM + "/applied", thing(a="1", b="2"), "--type", "apply", "--yes")
    manager = got.json["metadata"]["managedFields"][0]
    check("apply by our manager", manager["manager"] == "eks-upgrade-agent" and manager["operation"] == "Apply", got)
    got = s.kube("PATCH", CM + "/applied", thing(a="1"), "--type", "apply", "--yes")
    same("what is no longer applied goes", got.json["data"], {"a": "1"})
    check("another takes a field over", s.kubectl("-n", "team-00", "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=thing(a="9")).code == 0)
    got = s.kube("PATCH", CM + "/applied", thing(a="2"), "--type", "apply", "--yes")
    check("conflicts name manager and field", got.code == 1 and 'conflict with "kubectl"' in got.error["message"] and ".data.a" in got.error["message"], got)
    same("and are won by force", s.kube("PATCH", CM + "/applied", thing(a="2"), "--type", "apply", "--force", "--yes").json["data"], {"a": "2"})
    query = [e["query"] for e in s.journal() if e.get("contentType") == "application/apply-patch+yaml"]
    check("the manager is in each", query and all("fieldManager=eks-upgrade-agent" in q for q in query) and query[-1].endswith("force=true"), query)


def deletes(s):
    uid = uid_of(s.raw(CM + "/ours"))
    wrong = json.dumps({"preconditions": {"uid": "00000000-0000-4000-8000-000000000000"}})
    got = s.kube("DELETE", CM + "/ours", wrong, "--yes")
    check("another uid is not deleted", got.code == 1 and got.error["code"] == "Conflict" and "UID" in got.error["message"], got)
    check("a dry run of delete", s.kube("DELETE", CM + "/ours", "--dry-run").code == 0 and s.raw(CM + "/ours")["metadata"]["uid"] == uid)
    check("the right one is", s.kube("DELETE", CM + "/ours", json.dumps({"preconditions": {"uid": uid}}), "--yes").code == 0)
    same("and is gone", s.kube("GET", CM + "/ours").error["code"], "NotFound")
    review = json.dumps({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": {"verb": "list", "resource": "pods"}}})
    got = s.kube("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    check("a question needs no --yes", got.code == 0 and got.json["status"]["allowed"] is True, got)


def evictions(s):
    def pods(app):
        return [p for p in s.raw("/api/v1/namespaces/team-01/pods?labelSelector=app%3D" + app)["items"] if "deletionTimestamp" not in p["metadata"]]

    def ready(app, n):
        return wait_for(lambda: sum(any(c["type"] == "Ready" and c["status"] == "True" for c in p["status"].get("conditions", [])) for p in pods(app)) == n)
    for app, budgets in (("free", 0), ("held", 1), ("twice", 2)):
        thing = json.loads(json.dumps(DEPLOYMENT).replace('"own"', f'"{app}"').replace('"ours"', f'"{app}"'))
        thing["spec"]["replicas"] = 2
        s.raw("/apis/apps/v1/namespaces/team-01/deployments", method="POST", body=thing)
        for i in range(budgets):
            s.raw("/apis/policy/v1/namespaces/team-01/poddisruptionbudgets", method="POST", body={
                "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": f"{app}-{i}"},
                "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": app}}}})
    if not check("pods come up", all(ready(app, 2) for app in ("free", "held", "twice")), pods("free")):
        return
    pod = pods("free")[0]["metadata"]
    evict = lambda name, uid, *more: s.speak("evict", "team-01", name, uid, *more).out.strip()
    s.journal()
    same("an eviction of another pod by that name", evict(pod["name"], "00000000-0000-4000-8000-000000000000")[:5], "gone ")
    same("a dry run", evict(pod["name"], pod["uid"], "dry-run"), "evicted")
    check("evicts nobody", "deletionTimestamp" not in s.raw(f"/api/v1/namespaces/team-01/pods/{pod['name']}")["metadata"])
    same("the pod that is meant", evict(pod["name"], pod["uid"]), "evicted")
    check("is replaced", wait_for(lambda: pod["name"] not in [p["metadata"]["name"] for p in s.raw("/api/v1/namespaces/team-01/pods")["items"]]) and ready("free", 2))
    same("and then gone", evict(pod["name"], pod["uid"])[:5], "gone ")
    held = pods("held")[0]["metadata"]
    got = evict(held["name"], held["uid"])
    check("a budget blocks, with its numbers", got.startswith("blocked") and "held-0 needs 2 healthy pods and has 2" in got, got)
    twice = pods("twice")[0]["metadata"]
    got = evict(twice["name"], twice["uid"])
    check("two budgets block for good", got.startswith("blocked") and "more than one PodDisruptionBudget" in got, got)
    same("each was asked once", [e["code"] for e in s.journal()], [409, 201, 201, 404, 429, 500])


def watches(s):
    version = s.raw("/api/v1/namespaces/team-02/configmaps")["metadata"]["resourceVersion"]
    s.journal()
    watcher = subprocess.Popen([SPEAKER, s.kubeconfig, "watch", "/api/v1/namespaces/team-02/configmaps", version, "4000"],
                               stdout=subprocess.PIPE, text=True, env=world.ENV, cwd=world.WORK)
    time.sleep(0.5)
    where = "/api/v1/namespaces/team-02/configmaps"
    one, _ = [s.raw(where, method="POST", body={"metadata": {"name": name}}) for name in ("one", "two")]
    one["metadata"]["labels"] = {"a": "b"}
    s.raw(where + "/one", method="PUT", body=one)
    s.raw(where + "/two", method="DELETE")
    out = watcher.communicate(timeout=60)[0].splitlines()
    same("events in order", [line.rsplit(" ", 1)[0] for line in out if not line.startswith("until")],
         ["ADDED team-02/one", "ADDED team-02/two", "MODIFIED team-02/one", "DELETED team-02/two"])
    asked = s.journal()
    check("one request, with bookmarks and an end", len(asked) == 1 and "allowWatchBookmarks=true" in asked[0]["query"] and "timeoutSeconds=4" in asked[0]["query"], asked)
    got = s.speak("watch", "/api/v1/namespaces/team-02/configmaps", out[-1].split()[1], "500")
    check("it goes on where it ended", got.code == 0 and got.out.startswith("until"), got)


def survives_restarts():
    """A watch outlives its server; what happens then is told once."""
    import socket
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    s = Server("restarts", "--data-dir", world.WORK + "/data", "--port", str(port), "--token", "abc", load="nodes=1,pods=30,namespaces=1").ready()
    version = s.raw(CM)["metadata"]["resourceVersion"]
    watcher = subprocess.Popen([SPEAKER, s.kubeconfig, "watch", CM, version, "25000"], stdout=subprocess.PIPE, text=True, env=world.ENV, cwd=world.WORK)
    time.sleep(1)
    s.raw(CM, method="POST", body={"metadata": {"name": "before"}})
    s.stop()
    s.flags = [f for f in s.flags if f not in ("--load-generated", "nodes=1,pods=30,namespaces=1")]
    s.start()
    s.ready()
    s.raw(CM, method="POST", body={"metadata": {"name": "after"}})
    out = watcher.communicate(timeout=60)[0].splitlines()
    same("a watch outlives its server", [line.rsplit(" ", 1)[0] for line in out if not line.startswith("until")], ["ADDED team-00/before", "ADDED team-00/after"])
    s.stop()


def denied():
    write("deny", "list core secrets\n* apps deployments\n* apps deployments/scale\ncreate core pods/eviction\n")
    s = Server("denied", "--deny", world.WORK + "/deny", load="nodes=1,pods=30,namespaces=1").ready()
    got = s.kube("list", "/api/v1/secrets")
    check("a denied list says what to grant", got.code == 1 and got.error["code"] == "Forbidden" and
          'verb "list" on resource "secrets" of API group "" in the whole cluster' in got.error["remedy"], got)
    got = s.kube("PATCH", "/apis/apps/v1/namespaces/team-00/deployments/x/scale", "{}", "--yes")
    check("a denied patch too", 'verb "patch" on resource "deployments/scale" of API group "apps" in namespace "team-00"' in got.error["remedy"], got)
    got = s.speak("evict", "team-00", "x", "u")
    check("and a denied eviction", got.code == 1 and 'resource \\"pods/eviction\\"' in got.err, got)
    got = s.speak("look", "/api/v1/secrets", "/api/v1/nodes", "/apis/apps/v1/deployments")
    same("one that is denied costs itself", [line.split()[1] for line in got.out.splitlines()[:3]], ["secrets", "fine", "deployments.apps"])
    asked = s.journal()
    same("nothing denied is asked twice", len(asked), 6)
    s.stop()


SCALES = {"": 1, "n": Fraction(1, 10 ** 9), "u": Fraction(1, 10 ** 6), "m": Fraction(1, 1000), "k": 10 ** 3, "M": 10 ** 6, "G": 10 ** 9,
          "T": 10 ** 12, "P": 10 ** 15, "E": 10 ** 18, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50, "Ei": 1 << 60,
          "e3": 1000, "E-2": Fraction(1, 100), "e+5": 10 ** 5}


def nanos(text):
    """Of a quantity, rounded away from zero, as far as it goes."""
    number, sign, suffix = re.fullmatch(r"([-+]?[0-9.]*)((?:[eE][-+]?[0-9]+)?)([A-Za-z]*)", text).groups()
    scale = Fraction(10) ** int(sign[1:]) if sign else SCALES[suffix]
    value = Fraction(number.rstrip(".")) * scale * 10 ** 9
    rounded = math.ceil(value) if value > 0 else math.floor(value)
    most = (2 ** 63 - 1) * 10 ** 9 if suffix.endswith("i") else abs(rounded)  # where Kubernetes ends, of powers of two
    return max(-most, min(most, rounded))


def values(s):
    rng = random.Random(7)
    number = lambda: rng.choice([str(rng.randrange(0, 10 ** rng.randrange(1, 10))), f"{rng.randrange(0, 10 ** 6)}.{rng.randrange(0, 10 ** rng.randrange(1, 9)):0{rng.randrange(1, 9)}d}", f"{rng.randrange(0, 999)}."])
    texts = [rng.choice(["", "", "-", "+"]) + number() + rng.choice(list(SCALES)) for _ in range(600)]
    limit = s.raw("/api/v1/namespaces/team-00/limitranges?dryRun=All", method="POST", body={"metadata": {"name": "q"}, "spec": {"limits": [
        {"type": "Container", "max": {f"example.com/q{i}": t for i, t in enumerate(texts)}}]}})
    theirs = limit.get("spec", {}).get("limits", [{}])[0].get("max")
    if check("600 quantities by the server", theirs is not None, limit):
        theirs = [theirs[f"example.com/q{i}"] for i in range(len(texts))]
        ours = run(SPEAKER, "-", "values", stdin="".join(f"quantity {t}\n" for t in texts)).out.split()
        # the server keeps the text of what fits a machine word, and writes the rest anew, as we do
        same("what the server writes anew we write alike", [(t, o, n) for t, o, n in zip(texts, ours, theirs) if n not in (t, o)], [])
        check("some were", sum(t != n for t, n in zip(texts, theirs)) > 20)
        same("and all mean the same", [(t, o) for t, o in zip(texts, ours) if nanos(o) != nanos(t)], [])
    labels = [{k: rng.choice("abc1") for k in rng.sample(["x", "y", "z", "example.com/n"], rng.randrange(1, 5))} for _ in range(30)]
    for i, these in enumerate(labels):
        s.raw(CM, method="POST", body={"metadata": {"name": f"label-{i}", "labels": {**these, "own": "yes"}}})
    key = lambda: rng.choice(["x", "y", "z", "example.com/n"])
    some = lambda: ",".join(rng.sample("abc1", rng.randrange(1, 4)))
    parts = [lambda: f"{key()}={rng.choice('abc1')}", lambda: f"{key()}!={rng.choice('abc1')}", lambda: f"{key()} in ({some()})",
             lambda: f"{key()} notin ({some()})", key, lambda: "!" + key(), lambda: f"{key()}>0", lambda: f"{key()} == b", lambda: f"{key()}<2"]
    wrong = []
    for _ in range(60):
        selector = ",".join(rng.choice(parts)() for _ in range(rng.randrange(1, 4)))
        got = s.raw(CM + "?labelSelector=" + urlquote("own=yes," + selector))
        theirs = {m["metadata"]["name"] for m in got["items"]} if "items" in got else None
        lines = "".join(f"matches {selector}\t" + ",".join(f"{k}={v}" for k, v in {**l, 'own': 'yes'}.items()) + "\n" for l in labels)
        answers = run(SPEAKER, "-", "values", stdin=lines).out.split()
        ours = None if "wrong" in answers else {f"label-{i}" for i, a in enumerate(answers) if a == "yes"}
        if ours != theirs:
            wrong.append((selector, ours, theirs))
    same("60 selectors choose alike", wrong, [])
    s.kubectl("-n", "team-00", "delete", "configmap", "-l", "own=yes")


def ages():
    """What stands in kubectl's AGE column, for ages from a second to years."""
    rng, now = random.Random(3), time.time()
    seconds = [5, 59, 61, 119, 121, 600, 3599, 3601, 7199, 86399, 86401, 3 * 86400 - 60] + [int(10 ** rng.uniform(1, 8.5)) for _ in range(150)]
    documents = "\n---\n".join(json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
        "name": f"age-{i}", "namespace": "ages", "creationTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - s))}}) for i, s in enumerate(seconds))
    s = Server("ages", "--load", write("ages.yaml", documents), load=None).ready()
    before = time.time()
    out = s.kubectl("-n", "ages", "get", "configmaps", "--no-headers").out
    after = time.time()
    told = {line.split()[0]: line.split()[-1] for line in out.splitlines()}
    def ours(at):
        lines = "".join(f"age {int((at - int(now - s)) * 1000)}\n" for s in seconds)
        return run(SPEAKER, "-", "values", stdin=lines).out.split()
    early, late = ours(before - 1), ours(after)
    wrong = [(s, told.get(f"age-{i}"), early[i], late[i]) for i, s in enumerate(seconds) if told.get(f"age-{i}") not in (early[i], late[i], ours(before)[i])]
    same("ages as kubectl prints them", wrong, [])
    s.stop()


def urlquote(text):
    import urllib.parse
    return urllib.parse.quote(text)


def throttled():
    s = Server("throttled", "--throttle-every", "3", load="nodes=2,pods=1200,namespaces=2").ready()
    got = s.kube("list", "/api/v1/pods")
    same("a throttled list comes whole", len(set(got.out.split())), 1200)
    asked = s.journal()
    check("it was throttled, and each page read once", any(e["code"] == 429 for e in asked) and len([e for e in asked if e["code"] == 200]) == 3, asked)
    got = s.speak("create", CM, "many", "12")
    same("throttled changes are made", got.out.count(" done\n"), 12)
    made = [e for e in s.journal() if e["code"] == 201]
    same("once each", len(made), 12)
    s.stop()


def lost_replies():
    for name, flags, proto in (("lost2", [], "HTTP/2.0"), ("lost1", ["--http1"], "HTTP/1.1")):
        s = Server(name, "--drop-reply-every", "3", *flags, load="nodes=1,pods=30,namespaces=1").ready()
        got = s.speak("create", CM, "lost", "24")
        ends = [line.split()[1] for line in got.out.splitlines()]
        asked = s.journal()
        same(f"{proto}: each change is sent once", (len(asked), {e["proto"] for e in asked}), (24, {proto}))
        same("what was lost is unknown, the rest is done", (ends.count("unknown"), ends.count("done")), (8, 16))
        same("and all were made", len([m for m in s.raw(CM)["items"] if m["metadata"]["name"].startswith("lost-")]), 24)
        s.kube("DELETE", CM + "/lost-0", "--yes")
        got = s.kube("DELETE", CM + "/lost-1", "--yes")
        for i in range(2, 5):
            got = got if got.code else s.kube("DELETE", f"{CM}/lost-{i}", "--yes")
        check("an unknown outcome is told", got.code == 1 and got.error["outcome_unknown"] is True, got)
        s.stop()


def expired():
    s = Server("expired", "--expire-continue-after", "1", "--latency-ms", "700", load="nodes=2,pods=2600,namespaces=2").ready()
    got = s.speak("list", "/api/v1/pods")
    asked = s.journal()
    check("a list that expires for ever begins anew twice", got.code == 1 and got.out.count("restarted\n") == 2 and
          sum(e["code"] == 410 for e in asked) == 3 and "takes longer than the server keeps" in got.err, (got.err, asked))
    check("never without a limit", all("limit=500" in e["query"] for e in asked if e["verb"] == "list"), asked)
    got = s.kube("list", "/api/v1/namespaces")
    same("a short one comes through", set(got.out.split()) >= {"team-00", "team-01"}, True)
    time.sleep(2)
    got = s.speak("watch", CM, "1", "5000")
    check("an old version asks for a new list", got.code == 1 and '"code":"Expired"' in got.err, got)
    got = s.speak("follow", CM, "2500")
    check("following goes on", got.code == 0, got)
    s.stop()
    slow_once()


def slow_once():
    """One expiry in the middle, then calm: names are printed once each."""
    s = Server("once", "--expire-continue-after", "2", "--latency-ms", "350", load="nodes=2,pods=2600,namespaces=2").ready()
    got = s.kube("list", "/api/v1/pods")
    names = got.out.split()
    check("no name is printed twice, however often it begins anew", len(names) == len(set(names)) and (got.code != 0 or len(names) == 2600), (got.code, len(names)))
    s.stop()


def main():
    parts = sys.argv[3:]
    wanted = lambda name: not parts or name in parts
    try:
        shared = [discovery, reading, changing, evictions, watches, values]
        if any(wanted(part.__name__) for part in shared):
            s = Server("main").ready()
            for part in shared:
                if wanted(part.__name__):
                    part(s)
            s.stop()
        own = [denied, throttled, lost_replies, expired, ages, survives_restarts, apiserver_networks.ways_in, apiserver_networks.twins]
        threads = []
        for part in own:
            if wanted(part.__name__):
                threads.append(threading.Thread(target=guarded, args=(part,)))
        for group in (threads[i:i + 2] for i in range(0, len(threads), 2)):
            for thread in group:
                thread.start()
            for thread in group:
                thread.join()
    finally:
        world.finish()
    print(f"{world.passed} passed, {world.failed} failed")
    return world.failed > 0


def guarded(part):
    try:
        part()
    except Exception as error:
        import traceback
        check(part.__name__, False, traceback.format_exc())


if __name__ == "__main__":
    sys.exit(main())
