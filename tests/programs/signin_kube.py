"""Kubeconfigs beside kubectl: whether they lead in, and as whom. Where we mean to differ the case says why: `lenient` is taken by us only,
`strict` is refused by us only."""
import json
import os
import subprocess

import signin_world as world

HEAD = "apiVersion: v1\nkind: Config\n"


def kubeconfig(user="{token: t}", server="@URL", cluster="", context="", head=HEAD, more="", current="c"):
    return (f"{head}current-context: {current}\ncontexts: [{{name: c, context: {{cluster: k, user: u{context}}}}}]\n"
            f"clusters: [{{name: k, cluster: {{server: \"{server}\", certificate-authority: @CA{cluster}}}}}]\nusers: [{{name: u, user: {user}}}]\n{more}")


def plugin(api="v1", mode=", interactiveMode: Never", command="./login", status='"token":"ex"', answers=None, script=None, user=""):
    """A kubeconfig and the program that it names."""
    said = f'{{"apiVersion":"client.authentication.k8s.io/{answers or api}","kind":"ExecCredential","status":{{{status}}}}}'
    return {"config": kubeconfig(f"{{{user}exec: {{apiVersion: client.authentication.k8s.io/{api}, command: {command}{mode}}}}}"),
            "login": "#!/bin/sh\n" + (script or f"echo '{said}'\n")}


ONE, TWO, THREE = kubeconfig("{token: a}"), kubeconfig("{token: b}"), kubeconfig("{token: b}", current="z")
CONTEXTS = "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
CLUSTERS = 'clusters: [{name: k, cluster: {server: "@URL", certificate-authority: @CA}}]\n'
JSON = json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
                   "clusters": [{"name": "k", "cluster": {"server": "@URL", "certificate-authority": "@CA"}}], "users": [{"name": "u", "user": {"token": "t"}}]})
TOKEN_FILE = kubeconfig("{tokenFile: tf}")
PRINTS = '{\\"apiVersion\\":\\"client.authentication.k8s.io/v1\\",\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":\\"%s\\"}}'
CASES = [
    ("plain", kubeconfig()), ("without a head", kubeconfig(head="")), ("JSON", JSON), ("a slash behind", kubeconfig(server="@URL/")),
    ("two slashes behind", kubeconfig(server="@URL//")), ("a password in the address", kubeconfig(server="https://me:pw@localhost:1")),
    ("a query in the address", kubeconfig(server="@URL/?a=b"), {"strict": "it would be lost"}),
    ("a token with a line end", kubeconfig('{token: "t\\n"}')), ("a number for a token", kubeconfig("{token: 123}")),
    ("a token with blanks", kubeconfig("{token: ' t '}"), {"strict": "no token has them"}),
    ("a password", kubeconfig("{username: me, password: pw}")), ("a name alone", kubeconfig("{username: me}")),
    ("no plain password", kubeconfig('{username: mé, password: "pä:ss"}')),
    ("token and password", kubeconfig("{token: t, username: me, password: pw}"), {"lenient": "the token goes before"}),
    ("token and token file", {"config": kubeconfig("{token: t, tokenFile: tf}"), "tf": "fromfile\n"}),
    ("a token file", {"config": TOKEN_FILE, "tf": "fromfile\n"}), ("blanks in a token file", {"config": TOKEN_FILE, "tf": "  fromfile  \n\n"}),
    ("a missing token file", {"config": TOKEN_FILE}), ("an empty token file", {"config": TOKEN_FILE, "tf": ""}),
    ("an absolute token file", {"config": kubeconfig("{tokenFile: @HOME/tf}"), "tf": "abs"}),
    ("as somebody else", kubeconfig('{token: t, as: bob, as-groups: [a, b], as-uid: "7", as-user-extra: {x: [p, q]}}')),
    ("a user who is not there", CONTEXTS + CLUSTERS), ("a cluster that is not there", CONTEXTS + "users: [{name: u, user: {token: t}}]\n"),
    ("a context that is not there", kubeconfig(current="d")), ("no context", kubeconfig(current='""')),
    ("a context by flag", kubeconfig(current="zz"), {"words": ["--context", "c"]}),
    ("unknown keys", kubeconfig("{token: t, foo: bar}", cluster=", foo: 1", more="zork: [1]\n")),
    ("extensions", kubeconfig(cluster=", extensions: [{name: x, extension: {a: b}}]", more="preferences: {}\nextensions: []\n")),
    ("two documents", kubeconfig() + "---\n" + kubeconfig("{token: second}")), ("a document's mark", "---\n" + kubeconfig()),
    ("a comment", "# hello\n" + kubeconfig()), ("a byte order mark", "\ufeff" + kubeconfig()), ("line ends of Windows", kubeconfig().replace("\n", "\r\n")),
    ("a tab", kubeconfig().replace("users:", "users:\t")), ("an anchor", "x: &u {token: anchored}\n" + kubeconfig("*u")),
    ("a merge", "x: &u {token: anchored}\n" + kubeconfig("{<<: *u}")), ("an empty file", ""), ("a word", "hello"), ("a list", "- a\n"),
    ("a torn file", "clusters: [{\n"), ("no text", "a\0b"), ("null for users", CONTEXTS + CLUSTERS + "users: null\n"),
    ("a key twice", kubeconfig("{token: t, token: t2}"), {"strict": "which one is meant?"}),
    ("a user twice", kubeconfig().replace("users: [", "users: [{name: u, user: {token: first}}, "), {"lenient": "the first stands"}),
    ("two files", {"a": ONE, "b": TWO}, {"paths": "a:b"}), ("two halves", {"a": CONTEXTS, "b": THREE}, {"paths": "a:b"}),
    ("the first is missing", {"b": TWO}, {"paths": "nope:b"}), ("all are missing", {}, {"paths": "nope"}), ("empty names", {"b": TWO}, {"paths": "::b:"}),
    ("one twice", {"b": TWO}, {"paths": "b:b"}), ("one is torn", {"a": "x: [", "b": TWO}, {"paths": "a:b"}), ("one is empty", {"a": "", "b": TWO}, {"paths": "a:b"}),
    ("the flag's is missing", {}, {"words": ["--kubeconfig", "@HOME/nope"]}),
    ("the flag goes before the variable", {"a": ONE, "b": TWO}, {"paths": "a", "words": ["--kubeconfig", "@HOME/b"]}),
    ("the one at home", {".kube/config": kubeconfig("{token: home}")}, {"paths": ""}), ("a folder", {"d/x": ""}, {"paths": "d"}),
    ("a plugin", plugin()), ("of v1beta1", plugin("v1beta1", "")), ("of v1alpha1", plugin("v1alpha1", "")), ("v1 without interactiveMode", plugin(mode="")),
    ("that must ask", plugin(mode=", interactiveMode: Always")), ("that answers in another version", plugin(answers="v1beta1")),
    ("by its whole path", plugin(command="@HOME/login")), ("from PATH", plugin(command="printf", mode=f', interactiveMode: Never, args: ["{PRINTS % "pp"}"]')),
    ("with words and variables", plugin(mode=', interactiveMode: Never, args: ["a b", "c"], env: [{name: X, value: "1 2"}]',
                                        script=f'echo "{PRINTS % "$1-$2-$X"}" | tr " " _\n')),
    ("that fails", plugin(script="echo no >&2; exit 1\n")), ("that prints nonsense", plugin(script="echo no\n")), ("that prints nothing", plugin(script=":\n")),
    ("that gives nothing", plugin(status="")), ("that gives an empty token", plugin(status='"token":""')),
    ("whose token has no end", plugin(status='"token":"ex","expirationTimestamp":null')),
    ("whose token has ended", plugin(status='"token":"ex","expirationTimestamp":"2020-01-01T00:00:00Z"')),
    ("whose token ends soon", plugin(status='"token":"ex","expirationTimestamp":"soon"')),
    ("beside a token", plugin(user="token: tt, ")), ("in YAML", plugin(script="printf 'apiVersion: client.authentication.k8s.io/v1\\nkind: ExecCredential\\nstatus: {token: yy}\\n'\n")),
    ("that talks on stderr", plugin(script=f'echo warn >&2; echo "{PRINTS % "ex"}"\n')), ("that is not there", plugin(command="./nope")),
    ("with nulls", plugin(mode=", interactiveMode: Never, env: null, args: null, provideClusterInfo: false, installHint: x")),
    ("that names no kind", plugin(script="echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"nk\"}}'\n")),
    ("half a certificate", plugin(status='"clientCertificateData":"x"')), ("no certificate", plugin(status='"clientCertificateData":"x","clientKeyData":"y"')),
    ("a way to sign in that is gone", kubeconfig("{auth-provider: {name: gcp}}")), ("a namespace", kubeconfig(context=", namespace: foo")),
    ("not to verify, but with a CA", kubeconfig(cluster=", insecure-skip-tls-verify: true")),
]


def answer(request):
    given = sorted((name.lower(), value) for name, value in request.headers.items() if name.lower() == "authorization" or name.lower().startswith("impersonate"))
    return 200, {"path": request.path, "given": given}


def run(only):
    certificate, key = world.WORK + "/tls.crt", world.WORK + "/tls.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "9", "-subj", "/CN=test",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    server = world.Server(answer, tls=(certificate, key))
    outcomes = {}
    fill = lambda text: text.replace("@URL", server.url).replace("@CA", certificate).replace("@HOME", world.HOME)
    for name, files, *more in CASES:
        if only and name not in only:
            continue
        more = more[0] if more else {}
        files = files if isinstance(files, dict) else {"config": files}
        world.home({path: fill(text) for path, text in files.items()})
        words = [fill(word) for word in more.get("words", [])]
        paths = more.get("paths", "config" if "config" in files else "")
        env = {"KUBECONFIG": ":".join(f"{world.HOME}/{path}" if path else "" for path in paths.split(":")) if paths else "", "AWS_EC2_METADATA_DISABLED": "true"}
        code, ours, said = world.agent(["call", "kube", "GET", "/x", *words], env)
        done = subprocess.run(["kubectl", "get", "--raw", "/x", *words], env={"PATH": os.environ["PATH"], "HOME": world.HOME, **env}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, cwd=world.WORK, timeout=120)
        refused = done.returncode != 0
        wanted = 0 if "lenient" in more else 1 if "strict" in more or refused else 0
        alike = code or refused or json.loads(ours) == json.loads(done.stdout)
        outcomes[refused] = outcomes.get(refused, 0) + 1
        meant = not ("lenient" in more and not refused) and not ("strict" in more and refused)
        world.check(f"kubernetes: {name}", code == wanted and alike and meant and (not code or "\ndo:" in said),
                    f"  ours {code} {ours}{said}  kubectl {done.returncode} {done.stdout}\n  {done.stderr}")
    if not only:
        world.check("kubernetes: both ways to end", outcomes[True] > 25 and outcomes[False] > 40, outcomes)
