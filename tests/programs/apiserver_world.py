"""The API server, kubectl and our programs as the tests of apiserver.py use them; and the count of what held."""
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

BUILD, APISERVER = sys.argv[1], sys.argv[2]
AGENT, SPEAKER = BUILD + "/eks-upgrade-agent", BUILD + "/tests/kube_kube_speaker"
WORK = tempfile.mkdtemp(prefix="apiserver-test-")
ENV = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "EUA_", "KUBE")) and "proxy" not in k.lower()}
ENV.update(HOME=WORK, SPEAKER_JOBS=WORK + "/jobs")
passed = failed = 0
servers = []


def check(name, truth, told=""):
    global passed, failed
    if truth:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {name}\n    {str(told)[:1500]}", flush=True)
    return bool(truth)


def same(name, ours, theirs):
    return check(name, ours == theirs, f"ours {ours!r}\n    theirs {theirs!r}")


def write(name, text):
    path = f"{WORK}/{name}"
    with open(path, "w") as f:
        f.write(text)
    return path


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def error(self):
        """What -o json tells of an error."""
        return json.loads(self.err.strip().splitlines()[-1])["error"]

    def __repr__(self):
        return f"exit {self.code}\n{self.out[-800:]}\n{self.err[-800:]}"


def run(*argv, stdin=None, timeout=120, **env):
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, env={**ENV, **env}, cwd=WORK, timeout=timeout)
    return Result(done.returncode, done.stdout, done.stderr)


def agent(*words, **more):
    return run(AGENT, *words, **more)


class Server:
    """One API server with its faults; `kubeconfig` leads to it, `journal` tells what it was asked."""

    def __init__(self, name, *flags, load="nodes=5,pods=60,namespaces=3"):
        self.kubeconfig, self.audit, self.name = f"{WORK}/{name}.kubeconfig", f"{WORK}/{name}.journal", name
        self.flags = [*flags, *(["--load-generated", load] if load else [])]
        self.seen = 0
        servers.append(self)
        self.start()

    def start(self):
        if os.path.exists(self.kubeconfig):
            os.unlink(self.kubeconfig)
        self.process = subprocess.Popen(
            [APISERVER, "--write-kubeconfig", self.kubeconfig, "--audit", self.audit, *self.flags],
            stdout=open(f"{WORK}/{self.name}.out", "w"), stderr=subprocess.STDOUT, env=ENV, cwd=WORK)

    def ready(self):
        for _ in range(1200):
            if os.path.exists(self.kubeconfig):
                break
            if self.process.poll() is not None:
                raise RuntimeError(f"the API server ended: {open(f'{WORK}/{self.name}.out').read()[-2000:]}")
            time.sleep(0.05)
        text = open(self.kubeconfig).read()
        part = lambda key: text.split(key + ": ")[1].split("\n")[0].strip()
        self.url, self.token, self.ca = part("server"), part("token"), part("certificate-authority-data")
        return self

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def kubectl(self, *words, **more):
        return run("kubectl", "--kubeconfig", self.kubeconfig, "--cache-dir", WORK + "/cache", *words, **more)

    def kube(self, *words, **more):
        return agent("call", "kube", "--kubeconfig", self.kubeconfig, *words, "-o", "json", **more)

    def speak(self, *words, **more):
        return run(SPEAKER, self.kubeconfig, *words, **more)

    def raw(self, path, accept="application/json", method="GET", body=None):
        """The server's own words, by nobody's client."""
        import base64
        context = ssl.create_default_context(cadata=base64.b64decode(self.ca).decode())
        request = urllib.request.Request(self.url + path, method=method, data=json.dumps(body).encode() if body else None, headers={
            "Authorization": "Bearer " + self.token, "Accept": accept, "Content-Type": "application/json", "User-Agent": "raw"})
        try:
            return json.load(urllib.request.urlopen(request, context=context))
        except urllib.error.HTTPError as error:
            return json.load(error)

    def journal(self):
        """What our programs asked since the last time, in order of their ends."""
        time.sleep(0.05)
        lines = open(self.audit).read().splitlines()
        new, self.seen = lines[self.seen:], len(lines)
        entries = [json.loads(line) for line in new]
        return [e for e in entries if e["userAgent"].startswith("eks-upgrade-agent")]


def uid_of(thing):
    return thing["metadata"]["uid"]


def bare(thing):
    """An object without what two makings of it differ in."""
    thing = json.loads(json.dumps(thing))
    for key in ("uid", "resourceVersion", "creationTimestamp", "managedFields", "name", "generation"):
        thing["metadata"].pop(key, None)
    return thing


def wait_for(what, seconds=20):
    for _ in range(seconds * 10):
        if what():
            return True
        time.sleep(0.1)
    return False


def finish():
    for server in servers:
        server.stop()
    shutil.rmtree(WORK, ignore_errors=True)
