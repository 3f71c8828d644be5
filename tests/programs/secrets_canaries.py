"""Plants secrets that are known by sight in every place where a secret may stand, runs many commands that go well and
many that go wrong, and looks for them in everything that comes out: stdout, stderr, the journal, reports, state folders,
`ps`, and the environments of children (where only what stood in our own may stand).

usage: secrets_canaries.py AGENT WORK_DIRECTORY; ends with "N passed, N failed"
"""
import base64
import concurrent.futures
import gzip
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time

AGENT, WORK = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
PLANTED = {}


def canary(place):
    value = "KANARI" + place.replace("-", "").replace(" ", "")[:18] + "%08x" % (hash(place) & 0xffffffff) + "x7"
    PLANTED[place] = value
    return value


class Echo(http.server.BaseHTTPRequestHandler):
    """The most talkative of servers: its errors hold all that it was sent, as some of AWS's do."""
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode("utf-8", "replace")
        said = f"refused: {self.path} {dict(self.headers)} {body}"
        if self.path == "/clusters/shop":  # and leads to itself as the cluster
            return self.say(200, {"cluster": {"name": "shop", "endpoint": f"http://{self.headers['Host']}", "status": "ACTIVE", "version": "1.33"}})
        self.say(403, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
                       "__type": "SignatureDoesNotMatch", "message": said})

    def say(self, status, document):
        text = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_CONNECT = answer

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except OSError:  # the other side went away
            pass


def serve_echo():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


class Watch:
    """What `ps` would show, again and again."""

    def __init__(self):
        self.seen, self.end = set(), False
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self):
        own = str(os.getpid())
        while not self.end:
            for pid in filter(str.isdigit, os.listdir("/proc")):
                if pid == own:
                    continue
                try:
                    with open(f"/proc/{pid}/cmdline", "rb") as file:
                        self.seen.add(file.read())
                except OSError:
                    pass
            time.sleep(0.01)


class Test:
    def __init__(self):
        self.passed = self.failed = 0
        self.endings, self.running = {}, []
        self.pool = concurrent.futures.ThreadPoolExecutor(6)

    def hold(self, what, text, allowed=()):
        found = [place for place, value in PLANTED.items() if place not in allowed and
                 (value in text or base64.b64encode(value.encode()).decode().rstrip("=") in text)]
        found += ["a token for EKS"] if re.search("k8s-aws-v1[.][A-Za-z0-9]", text) else []
        self.passed, self.failed = self.passed + (not found), self.failed + bool(found)
        for place in found:
            at = text.find(PLANTED.get(place, "k8s-aws-v1."))
            print(f"FAILED {place} stands in {what}: …{text[max(0, at - 120):at + 40]!r}")

    def run(self, words, environment, stdin="", wait=False):
        """Quietly and talkatively; several commands at once, for most of their time is waiting."""
        for more in ([], ["-vv", "--log-format", "json"]):
            self.running.append((" ".join(words)[:90], self.pool.submit(
                subprocess.run, [AGENT, *words, *more], input=stdin, capture_output=True, text=True, env=environment, cwd=WORK, timeout=120)))
            if wait:
                self.settle()

    def settle(self):
        for name, started in self.running:
            done = started.result()
            self.hold(f"stdout of {name}", done.stdout)
            self.hold(f"stderr of {name}", done.stderr)
            self.endings[done.returncode] = self.endings.get(done.returncode, 0) + 1
        self.running = []


def write(path, text, mode=0o600):
    full = os.path.join(WORK, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(full, mode)
    return full


def kubeconfig(server, user, more=""):
    return f"""apiVersion: v1
kind: Config
current-context: c
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
clusters: [{{name: c, cluster: {{server: "{server}"{more}}}}}]
users:
- name: u
  user: {user}
"""


def environments(echo, sim):
    """Every way to sign in to AWS, with its secrets planted: (name, variables)."""
    home = {"HOME": os.path.join(WORK, "home"), "PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1"}
    keys = f"aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {canary('file-secret-key')}\naws_session_token = {canary('file-session-token')}\n"
    write("home/.aws/credentials", "[default]\n" + keys)
    helper = write("home/bin/helper", "#!/bin/sh\ntr '\\0' '\\n' </proc/self/environ >>\"$HOME/../children-env\"\n"
                   f"echo '{{\"Version\": 1, \"AccessKeyId\": \"AKIDEXAMPLE\", \"SecretAccessKey\": \"{canary('process-secret-key')}\", "
                   f"\"SessionToken\": \"{canary('process-session-token')}\"}}'\n", 0o700)
    broken = write("home/bin/broken", f"#!/bin/sh\necho 'key {canary('broken-process-out')}' ; echo 'cannot do it' >&2; exit $1\n", 0o700)
    write("home/.aws/config", f"""[profile process]
credential_process = {helper} --for us
[profile broken]
credential_process = {broken} 3
[profile talks]
credential_process = {broken} 0
[profile role]
role_arn = arn:aws:iam::111122223333:role/x
source_profile = default
external_id = {canary('external-id')}
[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Admin
[sso-session corp]
sso_start_url = https://x.awsapps.com/start
sso_region = us-east-1
[profile web]
role_arn = arn:aws:iam::111122223333:role/x
web_identity_token_file = {write('home/web-token', canary('web-identity-token'))}
""")
    write("home/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json", json.dumps({
        "accessToken": canary("sso-access-token"), "expiresAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 300)),
        "refreshToken": canary("sso-refresh-token"), "clientId": "c", "clientSecret": canary("sso-client-secret"),
        "registrationExpiresAt": "2099-01-01T00:00:00Z"}))
    elsewhere = {f"AWS_ENDPOINT_URL_{name}": echo for name in ("SSO", "SSO_OIDC")}
    yield "environment", {**home, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": canary("env-secret-key"),
                          "AWS_SESSION_TOKEN": canary("env-session-token")}
    yield "file", home
    for profile in ("process", "broken", "talks", "role", "sso", "web"):
        yield profile, {**home, **elsewhere, "AWS_PROFILE": profile}
        yield profile + "-echo", {**home, **elsewhere, "AWS_PROFILE": profile, "AWS_ENDPOINT_URL_STS": echo}
    container = {**home, "HOME": os.path.join(WORK, "nobody"), "AWS_CONTAINER_CREDENTIALS_FULL_URI": echo + "/v1/credentials"}
    yield "container", {**container, "AWS_CONTAINER_AUTHORIZATION_TOKEN": canary("container-token")}
    yield "container-file", {**container, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": write("home/pod-token", canary("container-token-file"))}
    yield "container-broken-token", {**container, "AWS_CONTAINER_AUTHORIZATION_TOKEN": canary("container-token-lines") + "\nX: y"}


def kubeconfigs(echo, sim):
    exec_plugin = write("home/bin/plugin", "#!/bin/sh\ntr '\\0' '\\n' </proc/self/environ >>\"$HOME/../children-env\"\n"
                        f"echo '{{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": {{\"token\": \"{canary('plugin-token')}\"}}}}'\n", 0o700)
    garbage = write("home/bin/garbage", f"#!/bin/sh\necho 'token {canary('plugin-garbage')}'; echo 'cannot do it' >&2; exit $1\n", 0o700)
    plugin = "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: %s, args: [\"%s\"], env: [{name: E, value: %s}]}}"
    key = base64.b64encode(b"-----BEGIN PRIVATE KEY-----\n" + canary("client-key").encode() + b"\n-----END PRIVATE KEY-----\n").decode()
    for server in (echo, "https://127.0.0.1:1"):
        yield kubeconfig(server, "{token: %s}" % canary("kube-token"))
        yield kubeconfig(server, "{tokenFile: %s}" % write("home/kube-token", canary("kube-token-file")))
        yield kubeconfig(server, "{username: me, password: %s}" % canary("kube-password"))
        yield kubeconfig(server, plugin % (exec_plugin, "0", canary("plugin-env")))
        yield kubeconfig(server, plugin % (garbage, "0", PLANTED["plugin-env"]))
        yield kubeconfig(server, plugin % (garbage, "7", PLANTED["plugin-env"]))
        yield kubeconfig(server, "{client-certificate-data: %s, client-key-data: %s}" % (key, key))
        yield kubeconfig(server, "{client-key-data: \"%s!\"}" % canary("client-key-not-base64"))
        yield kubeconfig(server, "{token: \"%s\\nX: y\"}" % canary("kube-token-lines"))
        yield kubeconfig(server, "{token: %s" % canary("kube-token-broken-yaml"))
        yield kubeconfig(server, "{tokne: %s}" % canary("kube-token-unknown-key"))
        yield kubeconfig(server, "{token: [%s]}" % canary("kube-token-list"))
    yield kubeconfig(f"https://me:{canary('kube-server-password')}@127.0.0.1:1", "{token: t}")
    yield kubeconfig("https://127.0.0.1:1", "{token: t}", f', proxy-url: "http://me:{canary("kube-proxy-password")}@127.0.0.1:1"')


def in_cluster():
    """Objects of a cluster with secrets in the places where people have them: (path, object)."""
    def meta(name, **more):
        return {"name": name, "namespace": "planted", **more}
    release = base64.b64encode(gzip.compress(json.dumps({
        "name": "shop", "namespace": "planted", "version": 1, "info": {"status": "deployed"}, "config": {"password": canary("helm-value")},
        "chart": {"metadata": {"name": "shop", "version": "1.0.0"}, "values": {"token": canary("helm-default")}},
        "manifest": "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: old, namespace: planted}\n---\napiVersion: v1\nkind: Secret\n"
                    f"metadata: {{name: s, namespace: planted}}\nstringData: {{p: {canary('helm-manifest')}}}\n"}).encode())).decode()
    broken = base64.b64encode(canary("helm-broken").encode()).decode()
    data = lambda text: base64.b64encode(text.encode()).decode()
    pod = {"containers": [{"name": "c", "image": "a:1", "args": ["--key=" + canary("pod-argument")], "env": [{"name": "PASSWORD", "value": canary("pod-env")}]}]}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}},
                  "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod}}}
    applied = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"apiVersion": "extensions/v1beta1", "kind": "Deployment", "metadata": meta("d"),
               "spec": {"password": canary("last-applied")}})}
    core = "/api/v1/namespaces/planted"
    yield "/api/v1/namespaces", {"metadata": {"name": "planted"}}
    yield core + "/secrets", {"metadata": meta("s"), "type": "Opaque", "data": {"p": data(canary("secret-data"))}}
    yield core + "/secrets", {"metadata": meta("sh.helm.release.v1.shop.v1", labels={"owner": "helm", "name": "shop", "status": "deployed", "version": "1"}),
                              "type": "helm.sh/release.v1", "data": {"release": data(release)}}
    yield core + "/secrets", {"metadata": meta("sh.helm.release.v1.torn.v1", labels={"owner": "helm", "name": "torn", "status": "deployed", "version": "1"}),
                              "type": "helm.sh/release.v1", "data": {"release": data(broken)}}
    yield "/apis/apps/v1/namespaces/planted/deployments", {**deployment, "metadata": meta("d", annotations=applied)}


def configurations(sim):
    base = open(os.path.join(WORK, "sim.yaml"), encoding="utf-8").read()
    argocd = "gitops:\n  argocd: { server: /argocd }\n"
    assert argocd in base
    yield base.replace(argocd, "gitops:\n  argocd: { server: /argocd, token: \"file:%s\" }\n" % write("home/argo-token", canary("argocd-token-file"))), {}
    yield base.replace(argocd, "gitops:\n  argocd: { server: /argocd, token: \"env:ARGO\" }\n"), {"ARGO": canary("argocd-token-env")}
    yield base.replace(argocd, "gitops:\n  argocd: { server: /argocd, token: %s }\n" % canary("argocd-token-literal")), {}
    yield base.replace(argocd, "gitops:\n  argocd: { server: /argocd, tokne: %s }\n" % canary("argocd-token-misspelt")), {}
    yield base.replace(argocd, "gitops:\n  argocd: { server: \"https://me:%s@127.0.0.1:1\" }\n" % canary("argocd-url-password")), {}
    yield base.replace("[/users/shop.example.com/health]", "[\"https://me:%s@127.0.0.1:1/health\"]" % canary("probe-url-password")), {}
    yield base, {"EUA_GITOPS_ARGOCD_TOKEN": canary("argocd-token-variable")}
    yield base, {"EUA_ENDPOINT_URL": "https://me:%s@127.0.0.1:1" % canary("endpoint-url-password")}
    yield base.replace("cluster: shop", "cluster: shop\nendpoint_url: \"https://me:%s@127.0.0.1:1\"" % canary("endpoint-url-password-file")), {}


def main():
    test, watch, echo = Test(), Watch(), serve_echo()
    here = os.path.dirname(os.path.abspath(__file__))
    shutil.copy(os.path.join(here, "..", "..", "examples", "sim.yaml"), os.path.join(WORK, "sim.yaml"))
    shutil.copytree(os.path.join(here, "..", "..", "examples"), os.path.join(WORK, "examples"))
    server = subprocess.Popen([AGENT, "sim", "serve", "--cluster", "shop", "--listen", "127.0.0.1:0", "--kubeconfig-out", os.path.join(WORK, "kubeconfig"),
                               "--speed", "600", "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=WORK)
    sim = json.loads(server.stdout.readline())["endpoint_url"]
    calls = [["doctor", "--cluster", "shop"], ["call", "eks", "ListClusters"], ["call", "eks", "DescribeCluster", "{\"nam\": \"x\"}", "-o", "json"],
             ["call", "sts", "GetCallerIdentity", "-o", "json"], ["call", "s3", "ListBuckets"]]
    for name, variables in environments(echo, sim):
        for url in (sim, echo):
            for words in calls if name in ("environment", "role") else calls[:2]:
                test.run([*words, "--endpoint-url", url] if not name.endswith("-echo") else [*words], variables)
    plain = {"HOME": os.path.join(WORK, "home"), "PATH": os.environ["PATH"], "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
             "AWS_SECRET_ACCESS_KEY": "s", "AWS_EC2_METADATA_DISABLED": "true"}
    for text in kubeconfigs(echo, sim):
        path = write("planted/kubeconfig", text)
        for words in (["call", "kube", "GET", "/version"], ["call", "kube", "list", "/api/v1/pods", "-o", "json"], ["doctor"]):
            test.run([*words, "--kubeconfig", path, "--endpoint-url", sim], plain)
        test.settle()
    for proxy in ("https_proxy", "HTTPS_PROXY"):
        test.run(["call", "eks", "ListClusters"], {**plain, proxy: f"http://me:{canary('proxy-password')}@{echo[7:]}"})
        test.run(["call", "eks", "ListClusters"], {**plain, proxy: f"http://me:{PLANTED['proxy-password']}@127.0.0.1:1"})
    for url in (f"https://me:{canary('flag-url-password')}@127.0.0.1:1", f"http://me:{PLANTED['flag-url-password']}@127.0.0.1:1"):
        test.run(["call", "eks", "ListClusters"], {**plain, "AWS_ENDPOINT_URL": url})
    secret = canary("input-of-a-call")
    for given in ({"Nam": secret}, {"Name": [secret]}, {"Name": "/n", "Value": secret, "Type": "SecureString", "Tier": 3},
                  {"Name": "/n", "Value": secret + "+/=", "Type": "SecureString"}):
        for url in (sim, echo):
            test.run(["call", "ssm", "PutParameter", "-", "--yes", "--endpoint-url", url], plain, json.dumps(given))
    write("home/bad/credentials", f"[default]\naws_access_key_id = A\naws_secret_access_key {canary('malformed-file')}\n")
    test.run(["call", "eks", "ListClusters"], {**plain, "AWS_ACCESS_KEY_ID": "", "AWS_SHARED_CREDENTIALS_FILE": os.path.join(WORK, "home/bad/credentials")})
    terraform = write("home/bin/terraform", "#!/bin/sh\ntr '\\0' '\\n' </proc/self/environ >>\"$HOME/../children-env\"\nexit 1\n", 0o700)
    for words in (["call", "kube", "GET", "/version"], ["call", "kube", "list", "/api/v1/pods"], ["doctor"]):
        test.run([*words, "--cluster", "shop", "--endpoint-url", echo], {**plain, "AWS_SESSION_TOKEN": canary("token-within-a-token")})
    test.settle()
    for path, thing in in_cluster():
        made = subprocess.run([AGENT, "call", "kube", "POST", path, "-", "--yes", "--kubeconfig", os.path.join(WORK, "kubeconfig")], input=json.dumps(thing),
                              capture_output=True, text=True, env=plain, cwd=WORK, timeout=120)
        if made.returncode:
            test.failed += 1
            print(f"FAILED {path} could not be planted: {made.stderr}")
    for form in ("text", "json", "markdown", "html", "junit", "sarif"):
        test.run(["assess", "--cluster", "shop", "--to", "1.35", *(["--save", f"saved-{form}/" if form == "json" else f"saved-{form}.json"] if form in ("json", "text") else []), "--config", os.path.join(WORK, "sim.yaml"), "--kubeconfig", os.path.join(WORK, "kubeconfig"),
                  "--endpoint-url", sim, "-o", form], plain)
    test.settle()
    for number, (text, variables) in enumerate(configurations(sim)):
        path = write("planted/sim.yaml", text.replace("terraform:\n", f"terraform:\n  binary: {terraform}\n"))
        given = ["--config", path, "--kubeconfig", os.path.join(WORK, "kubeconfig"), "--journal", f"state{number}/journal.db"]
        if not any(name.startswith("EUA_ENDPOINT") for name in variables) and "endpoint_url" not in text:
            given += ["--endpoint-url", sim]
        for words in (["config", "check"], ["config", "show"], ["doctor"], ["assess"], ["plan"], ["upgrade", "--yes"], ["status", "-o", "json"],
                      ["report", "-o", "html"], ["report", "-o", "json"], ["report"], ["verify"]):
            if words[0] == "upgrade":
                done = subprocess.run([AGENT, *words, *given, "-vv"], capture_output=True, text=True, env={**plain, **variables}, cwd=WORK, timeout=120)
                test.hold("stdout of upgrade", done.stdout)
                test.hold("stderr of upgrade", done.stderr)
                test.endings[done.returncode] = test.endings.get(done.returncode, 0) + 1
            else:
                test.run([*words, *given], {**plain, **variables}, wait=True)
    server.terminate()
    watch.end = True
    watch.thread.join()
    test.hold("ps", b"\n".join(watch.seen).decode("utf-8", "replace"))
    for folder, _, files in os.walk(WORK):
        if folder.startswith((os.path.join(WORK, "home"), os.path.join(WORK, "planted"))):
            continue
        for name in files:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                text = file.read().decode("utf-8", "replace")
            # what a person put into our environment is in that of children; nothing else is
            allowed = ("env-secret-key", "env-session-token", "argocd-token-env", "argocd-token-variable", "container-token", "container-token-lines",
                       "proxy-password", "flag-url-password", "endpoint-url-password", "plugin-env") if name == "children-env" else ()
            if os.path.relpath(path, WORK).startswith("saved-"):  # what was seen, of which arguments of programs are a part
                allowed = ("pod-argument",)
            test.hold(os.path.relpath(path, WORK), text, allowed)
    ends = ", ".join(f"exit {code} {count} ×" for code, count in sorted(test.endings.items()))
    print(f"{len(PLANTED)} secrets planted; commands ended with {ends}")
    if not {0, 1} <= set(test.endings):
        test.failed += 1
        print("FAILED commands should end well and badly both")
    if not os.path.exists(os.path.join(WORK, "children-env")):
        test.failed += 1
        print("FAILED no child was started")
    print(f"{test.passed} passed, {test.failed} failed")
    sys.exit(test.failed > 0)


main()
