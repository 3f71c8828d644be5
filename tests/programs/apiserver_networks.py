"""Ways in: kubeconfigs and proxies against the real server; and the simulated cluster beside it."""
import json
import os
import re
import select
import socket
import subprocess
import threading
import time

import apiserver_world as world
from apiserver_world import AGENT, Server, agent, check, run, same, write


def config(name, server, user="{token: none}", cluster="", context="test"):
    """A kubeconfig of one context; `cluster` is more of the cluster's entry, `user` the user's whole entry."""
    return write(name, f"""apiVersion: v1
kind: Config
current-context: {context}
contexts: [{{name: {context}, context: {{cluster: k, user: u}}}}]
clusters: [{{name: k, cluster: {{server: "{server}"{cluster}}}}}]
users: [{{name: u, user: {user}}}]
""")


def plugin(name, text):
    path = write(name, "#!/bin/sh\n" + text)
    os.chmod(path, 0o700)
    return path


class Proxy(threading.Thread):
    """CONNECT, and nothing else; counts."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.asked = []
        self.start()

    def run(self):
        while True:
            try:
                here, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(here,), daemon=True).start()

    def serve(self, here):
        head = b""
        while b"\r\n\r\n" not in head:
            head += here.recv(4096)
        target = head.split()[1].decode()
        self.asked.append((head.split()[0].decode(), target))
        there = socket.create_connection(("127.0.0.1", target.rsplit(":", 1)[1]))  # whatever it is called
        here.sendall(b"HTTP/1.1 200 fine\r\n\r\n")
        pairs = {here: there, there: here}
        while True:
            for one in select.select([here, there], [], [])[0]:
                data = one.recv(65536)
                if not data:
                    here.close()
                    there.close()
                    return
                pairs[one].sendall(data)


def version(path, *words, **env):
    return run(AGENT, "call", "kube", "GET", "/version", "--kubeconfig", path, "-o", "json", *words, **env)


def both(name, path, s, **env):
    """We and kubectl come in alike."""
    ours, theirs = version(path, **env), run("kubectl", "--kubeconfig", path, "get", "--raw", "/version", **env)
    check(name, ours.code == 0 and theirs.code == 0 and ours.json == json.loads(theirs.out), (ours, theirs))


def ways_in():
    s = Server("ways", load="nodes=1,pods=30,namespaces=1").ready()
    ca = f", certificate-authority-data: {s.ca}"
    token = f"{{token: {s.token}}}"
    signing_in(s, ca)
    certificates(s, ca, token)
    files(s, ca, token)
    proxies(s, ca, token)
    s.stop()


def signing_in(s, ca):
    write("token-file", s.token + "\n")
    both("a token file", config("by-file", s.url, "{tokenFile: token-file}", ca), s)
    for api in ("v1", "v1beta1"):
        answer = json.dumps({"apiVersion": f"client.authentication.k8s.io/{api}", "kind": "ExecCredential",
                             "status": {"token": s.token, "expirationTimestamp": "2126-01-01T00:00:00Z"}})
        plugin(f"login-{api}", f'printf "%s" "$KUBERNETES_EXEC_INFO" >"$WITNESS"\n[ "$1$SETTING" = ab ] && echo \'{answer}\'\n')
        entry = (f"{{exec: {{apiVersion: client.authentication.k8s.io/{api}, command: ./login-{api}, args: [a], env: [{{name: SETTING, value: b}}, "
                 f"{{name: WITNESS, value: {world.WORK}/witness}}], provideClusterInfo: true, interactiveMode: IfAvailable}}}}")
        path = config(f"exec-{api}", s.url, entry, ca)
        ours = version(path)
        told = json.load(open(f"{world.WORK}/witness"))
        check(f"a plugin of {api}", ours.code == 0, ours)
        theirs = run("kubectl", "--kubeconfig", path, "get", "--raw", "/version")
        kubectl_told = json.load(open(f"{world.WORK}/witness"))
        differ = difference(told, kubectl_told)  # kubectl writes what it does not know as null
        check("it is told what kubectl tells", theirs.code == 0 and told["spec"]["cluster"]["server"] == s.url and not differ, (differ, theirs))
    entry = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: %s, interactiveMode: %s, installHint: get it from example.com}}"
    got = version(config("exec-none", s.url, entry % ("no-such-program", "Never"), ca))
    check("a plugin that is not there", got.code == 1 and "exec-none:" in got.error["message"] and "no-such-program" in got.error["message"] and
          got.error["remedy"] == "get it from example.com", got)
    plugin("login-bad", "echo 'canary-secret: session expired' >&2; exit 3")
    got = version(config("exec-bad", s.url, entry % ("./login-bad", "Never"), ca))
    check("a plugin that fails says why", got.code == 1 and "status 3" in got.error["message"] and "session expired" in got.error["message"], got)
    got = version(config("exec-asks", s.url, entry % ("./login-bad", "Always"), ca))
    check("a plugin that must ask a person", got.code == 1 and "exec-asks:" in got.error["message"] and "a person" in got.error["message"] and got.error["remedy"], got)
    got = agent("call", "kube", "GET", "/api/v1/nodes", "--kubeconfig", config("no-token", s.url, "{}", ca), "-o", "json")
    check("nobody is nobody", got.code == 1 and got.error["http_status"] in (401, 403) and got.error["remedy"], got)
    got = version(config("bad-token", s.url, "{token: wrong}", ca))
    check("a refused token says how to mend it", got.code == 1 and got.error["http_status"] == 401 and "sign in again" in got.error["remedy"], got)
    check("and is not told", "wrong" not in got.err, got)


def certificates(s, ca, token):
    port = s.url.rsplit(":", 1)[1]
    both("by its name", config("by-name", f"https://localhost:{port}", token, ca), s)
    both("by another name", config("renamed", s.url, token, ca + ", tls-server-name: kubernetes.default.svc"), s)
    got = version(config("misnamed", s.url, token, ca + ", tls-server-name: example.com"))
    check("by a wrong name", got.code == 1 and got.error["class"] == "AUTH" and "certificate does not match" in got.error["remedy"], got)
    got = version(config("unknown-ca", s.url, token))
    check("an unknown authority", got.code == 1 and got.error["class"] == "AUTH" and not got.error["outcome_unknown"], got)
    path = config("insecure", s.url, token, ", insecure-skip-tls-verify: true")
    got = version(path)
    check("insecure is refused", got.code == 1 and "insecure-skip-tls-verify" in got.error["message"] and "--insecure" in got.error["remedy"], got)
    same("unless it is asked for", version(path, "--insecure").code, 0)


def files(s, ca, token):
    one = write("merged-1", "clusters: [{name: k, cluster: {server: 'https://127.0.0.1:1'}}]\ncontexts: [{name: other, context: {cluster: k, user: u}}, {name: test, context: {cluster: real, user: u}}]\n")
    two = write("merged-2", f"current-context: test\nclusters: [{{name: real, cluster: {{server: '{s.url}'{ca}}}}}, {{name: k, cluster: {{server: '{s.url}'}}}}]\nusers: [{{name: u, user: {token}}}]\n")
    paths = f"{one}:{world.WORK}/not-there:{two}"
    ours = agent("call", "kube", "GET", "/version", KUBECONFIG=paths)
    theirs = run("kubectl", "get", "--raw", "/version", KUBECONFIG=paths)
    check("several files are one", ours.code == 0 and theirs.code == 0, (ours, theirs))
    got = agent("call", "kube", "GET", "/version", "--context", "other", "-o", "json", KUBECONFIG=paths)
    check("the first to say something wins", got.code == 1 and "127.0.0.1:1" in got.error["message"], got)
    got = agent("call", "kube", "GET", "/version", "--context", "none", "-o", "json", KUBECONFIG=paths)
    check("a context that is not there", got.code == 1 and 'none is called "none"' in got.error["message"] and got.error["remedy"], got)
    os.makedirs(world.WORK + "/.kube", exist_ok=True)
    os.rename(config("home", s.url, token, ca), world.WORK + "/.kube/config")
    same("the one at home", agent("call", "kube", "GET", "/version").code, 0)
    os.unlink(world.WORK + "/.kube/config")
    got = agent("call", "kube", "GET", "/version")
    check("none at all", got.code == 1 and "--kubeconfig FILE" in got.err, got)


def proxies(s, ca, token):
    proxy = Proxy()
    host = s.url.split("//")[1]
    both("through the kubeconfig's proxy", config("proxied", s.url, token, f'{ca}, proxy-url: "{proxy.url}"'), s)
    same("which tunnels", set(proxy.asked), {("CONNECT", host)})
    named = host.replace("127.0.0.1", "api.cluster.test")
    path = config("by-environment", f"https://{named}", token, ca + ", tls-server-name: localhost")
    proxy.asked.clear()
    both("HTTPS_PROXY", path, s, HTTPS_PROXY=proxy.url)
    same("is asked for the name", proxy.asked, [("CONNECT", named)] * len(proxy.asked))
    proxy.asked.clear()
    ours = version(path, HTTPS_PROXY=proxy.url, NO_PROXY=".cluster.test")
    theirs = run("kubectl", "--kubeconfig", path, "get", "--raw", "/version", HTTPS_PROXY=proxy.url, NO_PROXY=".cluster.test")
    same("NO_PROXY", (ours.code, theirs.code, proxy.asked), (1, 1, []))
    for own in ("127.0.0.1", "localhost"):
        path = config("tunnel", f"https://{host.replace('127.0.0.1', own)}", token, ca)
        both(f"a tunnel's end at {own} needs no proxy", path, s, HTTPS_PROXY=proxy.url)
    same("and asks none", proxy.asked, [])
    got = version(config("dead-proxy", s.url, token, f'{ca}, proxy-url: "http://127.0.0.1:1"'))
    check("a proxy that is not there", got.code == 1 and s.url in got.error["message"] and not got.error["outcome_unknown"], got)
    proxy.listener.close()


# ---- the simulated cluster and the real server with the same objects

# What kubectl shows of each kind, as Kubernetes' own printers have it; a column written "+X" shows with -o wide only.
# The server for tests has few printers: where it lacks one, it is asked for the names only.
COLUMNS = {
    "namespaces": "NAME STATUS AGE", "nodes": "NAME STATUS ROLES AGE VERSION +INTERNAL-IP +EXTERNAL-IP +OS-IMAGE +KERNEL-VERSION +CONTAINER-RUNTIME",
    "pods": "NAME READY STATUS RESTARTS AGE +IP +NODE +NOMINATED_NODE +READINESS_GATES",
    "services": "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE +SELECTOR", "configmaps": "NAME DATA AGE", "secrets": "NAME TYPE DATA AGE",
    "serviceaccounts": "NAME SECRETS AGE", "persistentvolumes": "NAME CAPACITY ACCESS_MODES RECLAIM_POLICY STATUS CLAIM STORAGECLASS "
    "VOLUMEATTRIBUTESCLASS REASON AGE +VOLUMEMODE", "persistentvolumeclaims": "NAME STATUS VOLUME CAPACITY ACCESS_MODES STORAGECLASS "
    "VOLUMEATTRIBUTESCLASS AGE +VOLUMEMODE", "deployments": "NAME READY UP-TO-DATE AVAILABLE AGE +CONTAINERS +IMAGES +SELECTOR",
    "statefulsets": "NAME READY AGE +CONTAINERS +IMAGES", "daemonsets": "NAME DESIRED CURRENT READY UP-TO-DATE AVAILABLE NODE_SELECTOR AGE "
    "+CONTAINERS +IMAGES +SELECTOR", "replicasets": "NAME DESIRED CURRENT READY AGE +CONTAINERS +IMAGES +SELECTOR",
    "cronjobs": "NAME SCHEDULE TIMEZONE SUSPEND ACTIVE LAST_SCHEDULE AGE +CONTAINERS +IMAGES +SELECTOR",
    "poddisruptionbudgets": "NAME MIN_AVAILABLE MAX_UNAVAILABLE ALLOWED_DISRUPTIONS AGE", "ingresses": "NAME CLASS HOSTS ADDRESS PORTS AGE",
    "horizontalpodautoscalers": "NAME REFERENCE TARGETS MINPODS MAXPODS REPLICAS AGE", "storageclasses":
    "NAME PROVISIONER RECLAIMPOLICY VOLUMEBINDINGMODE ALLOWVOLUMEEXPANSION AGE", "priorityclasses": "NAME VALUE GLOBAL-DEFAULT AGE PREEMPTIONPOLICY",
    "leases": "NAME HOLDER AGE", "endpointslices": "NAME ADDRESSTYPE PORTS ENDPOINTS AGE", "csidrivers":
    "NAME ATTACHREQUIRED PODINFOONMOUNT STORAGECAPACITY TOKENREQUESTS REQUIRESREPUBLISH MODES AGE", "ingressclasses": "NAME CONTROLLER PARAMETERS AGE"}
ALONE = ("namespaces", "nodes", "persistentvolumes", "storageclasses", "priorityclasses", "csidrivers", "ingressclasses")
AGE = re.compile(r"(\d+[smhdy]){1,2}|<invalid>|<unknown>")


def heading(kind, wide):
    names = COLUMNS[kind].split() if wide else [c for c in COLUMNS[kind].split() if c[0] != "+"]
    return ([] if kind in ALONE else ["NAMESPACE"]) + [c.lstrip("+").replace("_", " ") for c in names]


def table(text):
    """Columns and rows by name; ages are alike whatever they are."""
    lines = text.splitlines()
    head = [(m.group(), m.start()) for m in re.finditer(r"\S+(?: \S+)*", lines[0])] if lines else []
    rows = {}
    for line in lines[1:]:
        cells = {name: line[at:head[i + 1][1] if i + 1 < len(head) else None].strip() for i, (name, at) in enumerate(head)}
        cells["AGE"] = "AGE" if AGE.fullmatch(cells.get("AGE", "")) else cells.get("AGE")
        rows[cells.get("NAMESPACE"), cells.get("NAME")] = cells
    return [name for name, _ in head], rows


def twins():
    simulated = f"{world.WORK}/simulated.kubeconfig"
    door = subprocess.Popen([AGENT, "sim", "serve", "--cluster", "small", "--listen", "127.0.0.1:0", "--kubeconfig-out", simulated, "--speed", "1", "--seed", "5"],
                            stdout=subprocess.DEVNULL, stderr=open(world.WORK + "/simulated.err", "w"), env=world.ENV, cwd=world.WORK)
    try:
        check("sim serve opens", world.wait_for(lambda: os.path.exists(simulated)))
        ask = lambda *words: run("kubectl", "--kubeconfig", simulated, "--cache-dir", world.WORK + "/simulated-cache", *words)
        everything = ask("get", ",".join(COLUMNS), "-A", "-o", "json", "--show-managed-fields")
        if not check("the simulated cluster is read whole", everything.code == 0 and len(everything.json["items"]) > 100, everything):
            return
        s = Server("twin", "--controllers=false", "--load", write("twin.json", everything.out), load=None).ready()
        compare_tables(ask, s)
        compare_words(ask, s)
        compare_python(simulated, s)
        s.stop()
    finally:
        same("sim serve stayed", (door.poll(), open(world.WORK + "/simulated.err").read()[-500:]), (None, ""))
        door.terminate()
        door.wait(20)


def compare_tables(ask, s):
    for kind in COLUMNS:
        for wide in (False, True):
            words = ["get", kind, "-A"] + (["-o", "wide"] if wide else [])
            ours, theirs = ask(*words), s.kubectl(*words)
            (shown, rows), (columns, real) = table(ours.out), table(theirs.out)
            same(f"columns of kubectl {' '.join(words)}", shown, heading(kind, wide))
            common = [] if kind == "replicasets" else [c for c in columns if c in shown]
            differ = [(key, c, row[c], real.get(key, {}).get(c)) for key, row in rows.items() for c in common if row[c] != real.get(key, {}).get(c)]
            check(f"rows of kubectl {' '.join(words)}", ours.code == theirs.code == 0 and rows and rows.keys() <= real.keys() and not differ, differ[:3])
            missing = [key for key in real.keys() - rows.keys() if not own(kind, *key)]
            same(f"and none is missing of {kind}", missing, [])


def own(kind, namespace, name):
    """What the real server makes for itself, and for each namespace."""
    return (namespace in ("default", "kube-system", "kube-public", "kube-node-lease") or name in ("kube-root-ca.crt", "default") or
            kind == "namespaces" and name in ("default", "kube-public", "kube-node-lease") or kind == "priorityclasses" and name.startswith("system-"))


def compare_words(ask, s):
    """Selectors, templates and errors: word for word."""
    commands = [
        ["get", "pods", "-A", "--sort-by=.metadata.name", "-o", "name"], ["get", "pods", "-A", "-l", "app.kubernetes.io/name in (web,payments-redis)", "-o", "name"],
        ["get", "pods", "-A", "--field-selector=status.phase=Running", "-o", "name"], ["get", "deploy", "-A", "-o", "jsonpath={.items[*].spec.replicas}"],
        ["get", "pods", "-A", "-o", "jsonpath={.items[*].metadata.labels}"], ["get", "nodes", "-o", "jsonpath={.items[*].spec.providerID}"],
        ["get", "pods", "-A", "--chunk-size=5", "-o", "name"], ["-n", "web", "get", "deploy", "nope"], ["get", "node", "nope"], ["get", "nothings"]]
    for words in commands:
        ours, theirs = ask(*words), s.kubectl(*words)
        same("kubectl " + " ".join(words), (ours.code, ours.out, ours.err), (theirs.code, theirs.out, theirs.err))


def compare_python(simulated, s):
    from kubernetes import client, config as kubeconfig

    def lists(path):
        api = kubeconfig.new_client_from_config(path)
        core, apps = client.CoreV1Api(api), client.AppsV1Api(api)
        calls = [core.list_node, core.list_pod_for_all_namespaces, core.list_service_for_all_namespaces, apps.list_deployment_for_all_namespaces,
                 apps.list_stateful_set_for_all_namespaces, apps.list_daemon_set_for_all_namespaces, client.PolicyV1Api(api).list_pod_disruption_budget_for_all_namespaces,
                 client.NetworkingV1Api(api).list_ingress_for_all_namespaces, client.AutoscalingV2Api(api).list_horizontal_pod_autoscaler_for_all_namespaces,
                 client.StorageV1Api(api).list_storage_class]
        out = {}
        for call in calls:
            items = [item.to_dict() for item in call().items]
            for item in items:
                for key in ("resource_version", "managed_fields", "self_link", "generation"):
                    item["metadata"].pop(key, None)
                for claim in item.get("spec", {}).get("volume_claim_templates") or []:
                    claim.pop("api_version"), claim.pop("kind")  # a cluster keeps them, the server for tests does not
            out[call.__name__] = {(i["metadata"].get("namespace"), i["metadata"]["name"]): i for i in items}
        return out
    one, two = lists(simulated), lists(s.kubeconfig)
    for name, things in one.items():
        differ = [key for key, thing in things.items() if two[name].get(key) != thing]
        check(f"the Python client: {name}", things and not differ, [(k, difference(things[k], two[name].get(k))) for k in differ[:2]])


def difference(a, b, path=""):
    if isinstance(a, dict) and isinstance(b, dict):
        return [d for k in sorted({*a, *b}) if a.get(k) != b.get(k) for d in difference(a.get(k), b.get(k), f"{path}.{k}")]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [d for i, (x, y) in enumerate(zip(a, b)) if x != y for d in difference(x, y, f"{path}[{i}]")]
    return [f"{path}: {str(a)[:80]} | {str(b)[:80]}"]
