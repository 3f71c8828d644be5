"""What `scan` does with fields, templates, hostile input, its flags and its exit codes; one case a function.

usage: scan_cases.py AGENT DIRECTORY     prints failures; the last line is "N passed, N failed"
"""
import json
import os
import pathlib
import subprocess
import sys

AGENT, WORK = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
passed = failed = 0
PDB = "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata:\n  name: pdb\nspec: {selector: {matchLabels: {a: b}}}\n"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"


def check(name, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAILED {name}: {detail}"[:1200], file=sys.stderr)


def run(*arguments, stdin=None, cwd=None, output="json"):
    done = subprocess.run([AGENT, "scan", *arguments, "-o", output], input=stdin, capture_output=True, cwd=cwd, timeout=60)
    report = json.loads(done.stdout) if output == "json" and done.stdout else None
    return done.returncode, report, done.stderr.decode(errors="replace") + ("" if report else done.stdout.decode(errors="replace"))


def text(manifest, *arguments):
    return run("-", "--to", "1.36", *arguments, stdin=manifest.encode() if isinstance(manifest, str) else manifest)


def ids(report, status="finding"):
    return sorted((one["id"], one["severity"]) for one in report["findings"] if one["status"] == status)


def folder(name, files):
    root = WORK / name
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content.encode() if isinstance(content, str) else content)
    return root


# ---- fields ----

def pod(spec, kind="Pod", annotations=""):
    inner = {"Pod": "{spec: %s, %s}", "Deployment": "{spec: {template: {spec: %s, %s}}}",
             "CronJob": "{spec: {jobTemplate: {spec: {template: {spec: %s, %s}}}}}"}[kind]
    version = {"Pod": "v1", "Deployment": "apps/v1", "CronJob": "batch/v1"}[kind]
    body = inner % (spec, "metadata: {name: x, annotations: {%s}}" % annotations)
    return f"{{apiVersion: {version}, kind: {kind}, {body[1:]}"


VOLUME = "{volumes: [{name: v, %s}]}"
AFFINITY = ("{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: "
            "[{key: %s, operator: Exists}]}]}}}}")


def service(spec="", annotations=""):
    return f"{{apiVersion: v1, kind: Service, metadata: {{name: s, annotations: {{{annotations}}}}}, spec: {{{spec}}}}}"


def volume(body):
    return f"{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: p}}, spec: {{{body}}}}}"


# change, severity, what has it, what has not
FIELDS = [
    ("service-topologykeys-removed", "MEDIUM", service("topologyKeys: [a]"), service("topologyKeys: []")),
    ("scaleio-volume-removed", "MEDIUM", pod(VOLUME % "scaleIO: {}"), pod(VOLUME % "emptyDir: {}")),
    ("cronjob-tz-rejected", "MEDIUM", "{apiVersion: batch/v1, kind: CronJob, spec: {schedule: 'TZ=UTC 1 * * * *'}}",
     "{apiVersion: batch/v1, kind: CronJob, spec: {schedule: '1 * * * *', timeZone: UTC}}"),
    ("ipfamilypolicy-required", "LOW", service("ipFamilies: [IPv4, IPv6]"), service("ipFamilies: [IPv4, IPv6], ipFamilyPolicy: RequireDualStack")),
    ("ipfamilypolicy-required", "LOW", service("clusterIPs: [10.0.0.1, 'fd00::1']"), service("ipFamilies: [IPv4]")),
    ("flexvolume-deprecated", "INFO", pod(VOLUME % "flexVolume: {driver: d}", "Deployment"), pod(VOLUME % "csi: {driver: d}", "Deployment")),
    ("docker-socket-mounts", "HIGH", pod(VOLUME % "hostPath: {path: /var/run/docker.sock}", "CronJob"),
     pod(VOLUME % "hostPath: {path: /run/containerd/containerd.sock}", "CronJob")),
    ("beta-node-labels", "LOW", pod("{nodeSelector: {beta.kubernetes.io/os: linux}}"), pod("{nodeSelector: {kubernetes.io/os: linux}}")),
    ("beta-node-labels", "LOW", pod(AFFINITY % "failure-domain.beta.kubernetes.io/zone", "Deployment"),
     pod(AFFINITY % "topology.kubernetes.io/zone", "Deployment")),
    ("ingress-class-annotation", "LOW",
     "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, annotations: {kubernetes.io/ingress.class: alb}}}",
     "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, annotations: {kubernetes.io/ingress.class: alb}}, spec: {ingressClassName: alb}}"),
    ("tolerate-unready-endpoints", "MEDIUM", service("", "service.alpha.kubernetes.io/tolerate-unready-endpoints: 'true'"),
     service("publishNotReadyAddresses: true", "service.alpha.kubernetes.io/tolerate-unready-endpoints: 'true'")),
    ("control-plane-label-master-removed", "LOW", pod("{tolerations: [{key: node-role.kubernetes.io/master}]}"),
     pod("{tolerations: [{key: node-role.kubernetes.io/control-plane}]}")),
    ("loadbalancerip-deprecated", "INFO", service("loadBalancerIP: 1.2.3.4"), service("loadBalancerIP: ''")),
    ("pdb-empty-selector", "HIGH", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: p}, spec: {selector: {}}}",
     "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: p}, spec: {selector: {matchLabels: {a: b}}}}"),
    ("intree-flocker-quobyte-storageos", "MEDIUM", volume("quobyte: {}"), volume("csi: {driver: x}")),
    ("seccomp-annotations-removed", "HIGH", pod("{}", "Deployment", "seccomp.security.alpha.kubernetes.io/pod: runtime/default"),
     pod("{securityContext: {seccompProfile: {type: RuntimeDefault}}}", "Deployment", "seccomp.security.alpha.kubernetes.io/pod: runtime/default")),
    ("glusterfs-removed", "MEDIUM", volume("glusterfs: {path: x}"), "{apiVersion: example.com/v1, kind: Store, spec: {glusterfs: {a: b}}}"),
    ("in-tree-aws-ebs-removed", "HIGH", volume("awsElasticBlockStore: {volumeID: v}"), volume("csi: {driver: ebs.csi.aws.com}")),
    ("grpc-appprotocol", "LOW", service("ports: [{port: 1, appProtocol: kubernetes.io/grpc}]"), service("ports: [{port: 1, appProtocol: grpc}]")),
    ("storage-class-beta-annotation", "INFO",
     "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c, annotations: {volume.beta.kubernetes.io/storage-class: gp2}}}",
     "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {storageClassName: gp2}}"),
    ("cephfs-removed", "HIGH", pod(VOLUME % "cephfs: {monitors: [a]}"), pod(VOLUME % "csi: {driver: cephfs.csi.ceph.com}")),
    ("rbd-removed", "HIGH", volume("rbd: {monitors: [a], image: i}"), volume("csi: {driver: rbd.csi.ceph.com}")),
    ("rbd-removed", "HIGH", "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: c}, provisioner: kubernetes.io/rbd}",
     "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: c}, provisioner: rbd.csi.ceph.com}"),
    ("apparmor-annotations-deprecated", "INFO", pod("{}", "Pod", "container.apparmor.security.beta.kubernetes.io/web: runtime/default"),
     pod("{}", "Pod", "container.apparmor.security/web: runtime/default")),
    ("mount-options-annotation", "INFO", "{apiVersion: v1, kind: PersistentVolume, metadata: {name: p, annotations: {volume.beta.kubernetes.io/mount-options: ro}}}",
     volume("mountOptions: [ro]")),
    ("eks-anonymous-auth", "HIGH",
     "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: b}, subjects: [{kind: Group, name: 'system:unauthenticated'}]}",
     "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: b}, subjects: [{kind: Group, name: 'system:authenticated'}]}"),
    ("enforce-mountable-secrets-deprecated", "INFO",
     "{apiVersion: v1, kind: ServiceAccount, metadata: {name: a, annotations: {kubernetes.io/enforce-mountable-secrets: 'true'}}}",
     "{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}"),
    ("gitrepo-volume-disabled", "HIGH", pod(VOLUME % "gitRepo: {repository: r}"), pod(VOLUME % "emptyDir: {}")),
    ("topology-mode-annotation-deprecated", "INFO", service("", "service.kubernetes.io/topology-mode: Auto"), service("trafficDistribution: PreferClose")),
    ("lease-locks-only", "MEDIUM", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, annotations: {control-plane.alpha.kubernetes.io/leader: x}}}",
     "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, annotations: {leader: x}}}"),
    ("externalips-deprecated", "MEDIUM", service("externalIPs: [1.2.3.4]"), service("externalIPs: []")),
    ("portworx-intree-removed", "MEDIUM", volume("portworxVolume: {volumeID: v}"), volume("csi: {driver: pxd.portworx.com}")),
    ("strict-ip-cidr", "HIGH",
     "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: n}, spec: {ingress: [{from: [{ipBlock: {cidr: 10.0.0.5/24}}]}]}}",
     "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: n}, spec: {ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24}}]}]}}"),
    ("strict-ip-cidr", "HIGH", service("loadBalancerSourceRanges: [010.0.0.0/8]"), service("loadBalancerSourceRanges: [10.0.0.0/8, 'fd00::/8']")),
    ("k8s-gcr-io-frozen", "MEDIUM", pod("{containers: [{name: a, image: k8s.gcr.io/pause:3.2}]}"),
     pod("{containers: [{name: a, image: registry.k8s.io/pause:3.2}]}")),
]


def fields():
    for change, severity, has, has_not in FIELDS:
        _, report, error = text(has)
        wanted = "BEH-REGISTRY" if change == "k8s-gcr-io-frozen" else "API-FIELD"
        found = [one for one in report["findings"] if change + " (" in one["evidence"][0]["detail"]]
        check(f"{change} is found", len(found) == 1 and len(report["findings"]) == 1 and (found[0]["id"], found[0]["severity"]) == (wanted, severity),
              f"{has}: {json.dumps(report['findings'])} {error}")
        _, report, _ = text(has_not)
        check(f"{change} is not found where it is not", not [one for one in report["findings"] if change in one["evidence"][0]["detail"]],
              f"{has_not}: {json.dumps(report['findings'])}")
    for target, wanted in (("1.28", "cronjob-tz-accepted"), ("1.29", "cronjob-tz-rejected")):
        _, report, _ = run("-", "--to", target, stdin=FIELDS[2][2].encode())
        check(f"the line of {target} holds", wanted in json.dumps(report) and len(report["findings"]) == 1, json.dumps(report["findings"]))
    _, report, _ = run("-", "--to", "1.30", stdin=pod(VOLUME % "gitRepo: {}").encode())
    check("a later line does not count yet", not ids(report), ids(report))
    _, report, _ = text("apiVersion: v1\nkind: List\nitems:\n- " + FIELDS[0][2] + "\n- " + FIELDS[0][3] + "\n- " + FIELDS[0][2] + "\n")
    check("facts belong to their own object", [one["line"] for one in report["findings"]] == [4, 6], json.dumps(report["findings"]))


# ---- templates ----

CHOOSES = """{{- if .Capabilities.APIVersions.Has "policy/v1" }}
apiVersion: policy/v1
{{- else }}
apiVersion: policy/v1beta1
{{- end }}
kind: PodDisruptionBudget
metadata:
  name: {{ .Release.Name }}
"""
TEMPLATES = [
    ("a chart that chooses by itself is left alone", CHOOSES, [], []),
    ("both arms are dead", CHOOSES.replace("policy/v1\n", "policy/v1alpha1\n"), [("API-GIT", "HIGH"), ("API-GIT", "HIGH")], []),
    ("the same, in one value", "apiVersion: {{ if .Capabilities.APIVersions.Has \"policy/v1\" }}policy/v1{{ else }}policy/v1beta1{{ end }}\nkind: PodDisruptionBudget\n", [], []),
    ("ternary", "apiVersion: {{ ternary \"policy/v1\" \"policy/v1beta1\" .Values.new }}\nkind: PodDisruptionBudget\n", [], []),
    ("both of a ternary are dead", "apiVersion: {{ ternary \"policy/v1alpha1\" \"policy/v1beta1\" .Values.new }}\nkind: PodDisruptionBudget\n",
     [("API-GIT", "HIGH"), ("API-GIT", "HIGH")], []),
    ("whole documents in two arms", "{{ if .Capabilities.APIVersions.Has \"policy/v1\" }}\n" + PDB.replace("v1beta1", "v1") + "{{ else }}\n" + PDB + "{{ end }}\n", [], []),
    ("a guarded object", "{{- if semverCompare \"<1.25-0\" .Capabilities.KubeVersion.Version }}\n" + PDB + "{{- end }}\n", [("API-GIT", "LOW")], []),
    ("the user's own choice is no guard", "{{- if .Values.pdb.enabled }}\n" + PDB + "{{- end }}\n", [("API-GIT", "HIGH")], []),
    ("a version from elsewhere, of a kind that matters", "apiVersion: {{ include \"x.api\" . }}\nkind: Ingress\nmetadata: {name: a}\n", [], [("API-GIT", "HIGH")]),
    ("a version from elsewhere, of a kind that was never anything else", "apiVersion: {{ include \"x.api\" . }}\nkind: ConfigMap\nmetadata: {name: a}\n", [], []),
    ("a kind from elsewhere, of a version that matters", "apiVersion: apps/v1beta1\nkind: {{ .Values.kind }}\nmetadata: {name: a}\n", [], [("API-GIT", "HIGH")]),
    ("a kind from elsewhere, of a version that lives", "apiVersion: apps/v1\nkind: {{ .Values.kind }}\nmetadata: {name: a}\n", [], []),
    ("kinds in a value", "apiVersion: apps/v1beta2\nkind: {{ if .Values.daemon }}DaemonSet{{ else }}Deployment{{ end }}\nmetadata: {name: a}\n",
     [("API-GIT", "HIGH"), ("API-GIT", "HIGH")], []),
    ("pieces of a version", "apiVersion: apps/v1{{ if .Values.old }}beta1{{ end }}\nkind: Deployment\n", [], [("API-GIT", "HIGH")]),
    ("an action over several lines", "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata:\n  name: {{ include \"a\" (dict\n    \"b\" \"}}\" ) }}\n  # {{/* a\ncomment */}}\n",
     [("API-GIT", "HIGH")], []),
    ("no YAML even with its actions masked", PDB + "  {{ if .Values.a }}x: [{{ else }}y: {{ end }}\n z: \"\n", [("API-GIT", "HIGH")], []),
    ("a template without an end", PDB + "a: {{ .Values.x\n", [], [("API-GIT", "HIGH")]),
    ("alerts have braces, too", PDB + "# {{ $labels.pod }}\n", [("API-GIT", "HIGH")], []),
    ("the word kind of another arm makes no version live",
     "{{ if .Values.secret }}\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n{{ else }}\napiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: b}\n{{ end }}\n",
     [("API-GIT", "HIGH")], []),
    ("of a key that is written twice the last one holds", "apiVersion: v1\nkind: Deployment\napiVersion: extensions/v1beta1\nmetadata: {name: '{{ .Release.Name }}'}\n", [("API-GIT", "HIGH")], []),
    ("the same the other way round", "apiVersion: extensions/v1beta1\nkind: Deployment\napiVersion: apps/v1\nmetadata: {name: '{{ .Release.Name }}'}\n", [], []),
    ("a user's own version beside one that lives", "{{ if .Values.api }}\napiVersion: {{ .Values.api }}\n{{ else }}\napiVersion: policy/v1\n{{ end }}\nkind: PodDisruptionBudget\n", [], []),
    ("a version that is put together", "apiVersion: {{ printf \"%s/%s\" .Values.group \"v1\" }}\nkind: PodDisruptionBudget\n", [], [("API-GIT", "HIGH")]),
    ("an object behind what is defined for others", "{{- define \"box\" -}}\n        env:\n        - valueFrom: {fieldRef: {apiVersion: v1, fieldPath: a}}\n{{- end }}\n"
     + PDB.replace("name: pdb", "name: {{ .Release.Name }}"), [("API-GIT", "HIGH")], []),
    ("an object that is defined for others", "{{- define \"pdb\" -}}\n" + PDB + "{{- end }}\n" + CONFIG, [("API-GIT", "HIGH")], []),
    ("a list that is no YAML even with its actions masked", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n- apiVersion: extensions/v1beta1\n  kind: DaemonSet\n"
     "  metadata:\n    name: a\n{{ if .Values.a }}x: [{{ end }}\n z: \"\n", [("API-GIT", "HIGH")], []),
    ("what stands deeper than the object is none of its words", "  env:\n  - apiVersion: v1\n" + PDB + "{{ if .Values.a }}x: [{{ end }}\n", [("API-GIT", "HIGH")], []),
    ("a loop of Jinja's", "{% for x in names %}\n" + PDB.replace("name: pdb", "name: {{ x }}") + "{# not {{ this #}\n{% endfor %}\n", [("API-GIT", "HIGH")], []),
    ("a choice of Jinja's", "{% if kube_version is version('v1.25.0', '>=') %}\napiVersion: policy/v1\n{% else %}\napiVersion: policy/v1beta1\n{% endif %}\nkind: PodDisruptionBudget\n", [], []),
    ("an object that Jinja may leave out", "{% if kube_version < '1.25' %}\n" + PDB + "{% endif %}\n", [("API-GIT", "LOW")], []),
    ("a version by Jinja", "apiVersion: {% if a %}policy/v1{% else %}policy/v1beta1{% endif %}\nkind: PodDisruptionBudget\n", [], [("API-GIT", "HIGH")]),
    ("Jinja within JSON", '{"items": [{% for x in y %}\n{"a": "{{ x }}"}{% if not last %},{% endif %}{% endfor %}], "apiVersion": "extensions/v1beta1", "kind": "Deployment"}\n', [("API-GIT", "HIGH")], []),
    ("quotes within a string of JSON", PDB + "---\n{\"kind\": \"A\", \"apiVersion\": \"b/v1\", \"default\": \"{{ ternary \\\"x\\\" .Values.a }} {{ include \\\"y }}\"}\n", [("API-GIT", "HIGH")], []),
    ("values with templates in them", "tpl: |\n  {{- if .Values.a }}\n  a: b\n  {{- end }}\n  kind: c\nb: [*d, &d x]\n".replace("b: [*d, &d x]", "b: [&d x, *d]") + "---\n" + PDB, [("API-GIT", "HIGH")], []),
    ("a loop over documents", "{{- range .Values.names }}\n---\n" + PDB.replace("name: pdb", "name: {{ . }}") + "{{- end }}\n", [("API-GIT", "HIGH")], []),
]


def templates():
    for name, manifest, found, unknown in TEMPLATES:
        _, report, error = text(manifest)
        check(f"template: {name}", (ids(report), ids(report, "unknown")) == (found, unknown), f"{json.dumps(report['findings'])} {error}")
    _, report, _ = text("{{ define \"a\" }}\n" + PDB + "{{ end }}\n---\n" + PDB + "---\n{{ define \"b\" }}\n" + PDB + "---\n" + PDB + "{{ end }}\n")
    places = sorted((one["line"], one["document"]) for one in report["findings"])
    check("template: places of what is defined", places == [(2, 1), (9, 1), (16, 2), (22, 3)], places)
    _, report, _ = text("apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata:\n  name: {{ .Release.Name }}-web\n  namespace: \"{{ .Release.Namespace }}\"\n")
    one = report["findings"][0]
    check("template: words as they are written", one["object"] == {"kind": "PodDisruptionBudget", "name": "{{ .Release.Name }}-web",
          "namespace": "{{ .Release.Namespace }}"} and one["evidence"][0]["detail"].startswith("read from a template"), json.dumps(one))


HELPER = """{{/* comment */}}
{{- define "app.pdb.apiVersion" -}}
{{- $v := include "app.version" . -}}
{{- if .Values.api -}}
{{- .Values.api -}}
{{- else if semverCompare ">=1.21-0" $v -}}
{{- print "policy/v1" -}}
{{- else -}}
{{- print "policy/v1beta1" -}}
{{- end -}}
{{- end -}}
{{ define "app.dead" }}policy/v1beta1{{ end }}
{{ define "app.again" }}{{ template "app.dead" . }}{{ end }}
{{ define "app.values" }}{{ .Values.api }}{{ end }}
{{ define "app.loop" }}{{ include "app.loop" . }}{{ include "app.loop" . }}{{ end }}
"""


def helpers():
    """Versions that helpers of other files give, whichever is read first."""
    def judged(name, files, found, unknown=()):
        root = folder("helpers-" + name.replace(" ", "-"), files)
        _, report, error = run(".", "--to", "1.36", cwd=root)
        told = sorted((one["file"], one.get("line"), one["severity"]) for one in report["findings"] if one["status"] == "finding")
        not_known = sorted(one["file"] for one in report["findings"] if one["status"] == "unknown")
        check(f"helpers: {name}", (told, not_known) == (sorted(found), sorted(unknown)), f"{json.dumps(report['findings'])} {error}")
        return report

    def uses(helper):
        return "# about\n" + PDB.replace("policy/v1beta1", '{{ include "%s" . }}' % helper)

    judged("one that chooses", {"a.yaml": uses("app.pdb.apiVersion"), "h.tpl": HELPER}, [])
    report = judged("one that is dead", {"a.yaml": uses("app.dead"), "z/b.yaml": uses("app.again"), "h.tpl": HELPER}, [("a.yaml", 2, "HIGH"), ("z/b.yaml", 2, "HIGH")])
    one = report["findings"][0]
    check("helpers: told as others are", (one["id"], one["api_version"], one["replacement"], one["object"]["name"], one.get("reason")) ==
          ("API-GIT", "policy/v1beta1", "policy/v1", "pdb", None) and 'include "app.dead"' in one["evidence"][0]["detail"], json.dumps(one))
    judged("ones that cannot be told", {"a.yaml": uses("app.values"), "b.yaml": uses("app.nowhere"), "c.yaml": uses("app.loop"), "h.tpl": HELPER}, [],
           ["a.yaml", "b.yaml", "c.yaml"])
    judged("the nearest holds", {"one/a.yaml": uses("x"), "one/h.tpl": '{{ define "x" }}policy/v1{{ end }}', "two/a.yaml": uses("x"),
                                 "two/h.tpl": '{{ define "x" }}policy/v1beta1{{ end }}'}, [("two/a.yaml", 2, "HIGH")])
    judged("a kind from elsewhere", {"a.yaml": uses("app.pdb.apiVersion").replace("PodDisruptionBudget", "{{ .Values.kind }}"),
                                     "b.yaml": uses("app.dead").replace("PodDisruptionBudget", "{{ .Values.kind }}"), "h.tpl": HELPER}, [], ["b.yaml"])
    judged("two in one value", {"a.yaml": 'apiVersion: {{ ternary (include "app.dead" .) (include "app.pdb.apiVersion" .) .Values.a }}\nkind: PodDisruptionBudget\n', "h.tpl": HELPER}, [])
    judged("only one version of two kinds", {"a.yaml": '{{ if .Values.a }}\napiVersion: {{ include "app.dead" . }}\n{{ end }}\nkind: {{ if .Values.b }}PodDisruptionBudget{{ else }}ConfigMap{{ end }}\n',
                                             "h.tpl": HELPER}, [("a.yaml", 2, "HIGH")])


# ---- objects ----

def objects():
    cases = [
        ("a reference is no object", "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, spec: {scaleTargetRef: {apiVersion: apps/v1beta1, kind: Deployment, name: x}}}", 0),
        ("an object within another is one", "{apiVersion: template.openshift.io/v1, kind: Template, objects: [{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: x}}]}", 1),
        ("text is no object", CONFIG + "data:\n  a: |\n    apiVersion: apps/v1beta1\n    kind: Deployment\n", 0),
        ("nothing but a list", "- " + PDB.replace("\n", "\n  ")[:-2] + "\n", 1),
        ("a list of its own kind", "{apiVersion: apps/v1beta1, kind: DeploymentList, items: [{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: x}}]}", 2),
        ("an anchor's copy", "x: &x\n  apiVersion: policy/v1beta1\n  kind: PodDisruptionBudget\n<<: *x\nmetadata: {name: y}\n", 1),
        ("a line that goes on", 'apiVersion: "policy/v1\\\n  beta1"\nkind: PodDisruptionBudget\n', 1),
        ("CRs alone", PDB.replace("\n", "\r"), 1),
        ("a document that begins on its marker", "--- {apiVersion: policy/v1beta1, kind: PodDisruptionBudget}\n", 1),
        ("the end of a document", PDB + "...\n---\n" + PDB, 2),
        ("JSON beside JSON on one line", '{"apiVersion":"policy/v1beta1","kind":"PodDisruptionBudget"}{"apiVersion":"policy/v1beta1","kind":"PodDisruptionBudget"}', 2),
        ("a broken JSON document between good ones", '{"apiVersion":"policy/v1beta1",\n"kind":"PodDisruptionBudget"}\n{"apiVersion": "v1", \n"a"}}\n{"apiVersion":"policy/v1beta1","kind":"PodDisruptionBudget"}\n', 2),
    ]
    for name, manifest, n in cases:
        _, report, error = text(manifest)
        check(name, len(ids(report)) == n, f"{json.dumps(report['findings'])} {error}")


def texts():
    """Files that hold the words but are no manifests; and names."""
    heredoc = "cat <<EOF\n" + PDB + "EOF\n"
    root = folder("texts", {"run": "#!/bin/sh\nif x; then {{\n" + heredoc, "Makefile": "all:\n\t@echo 'apiVersion: policy/v1beta1' {{ x }} kind: [\n",
                            "README.md.gotmpl": "```yaml\n" + PDB + "```\n", "types.go.tmpl": "{{ .Values.x }}\n" + PDB, "app.yaml.patch": "--- a\n+++ b\n" + PDB})
    code, report, _ = run(".", "--to", "1.36", cwd=root)
    check("texts that are no manifests are silent", code == 0 and not report["findings"], json.dumps(report["findings"]))
    root = folder("texts-2", {"app": PDB + "x: [\n", "app.yaml.dist": PDB})
    _, report, _ = run(".", "--to", "1.36", cwd=root)
    check("a file without a suffix that is a broken manifest is told", (ids(report), ids(report, "unknown")) == ([("API-GIT", "HIGH")], [("API-GIT", "HIGH")]),
          json.dumps(report["findings"]))
    root = folder("overlaps", {"a b.yaml": PDB, "deep/c.yaml": PDB, "deep/d.txt": PDB, "deep/.git/e.yaml": PDB})
    for paths, files in ((["deep", "."], ["a b.yaml", "deep/c.yaml"]), ([".", "deep", "deep/c.yaml"], ["a b.yaml", "deep/c.yaml"]),
                         (["a b.yaml", "a b.yaml", "./a b.yaml", "."], ["a b.yaml", "deep/c.yaml"]),
                         (["deep", "deep/d.txt", "deep/.git"], ["deep/.git/e.yaml", "deep/c.yaml", "deep/d.txt"])):
        _, report, error = run(*paths, "--to", "1.36", cwd=root)
        check(f"each file once: {paths}", sorted(one["file"] for one in report["findings"]) == files, f"{json.dumps(report['findings'])} {error}")
    for name, start in (("a map", "  a: b\n"), ("text", '"a"\n')):
        _, report, _ = text("# one\n" + start + PDB)
        check(f"what follows {name} that is no part of it is told", [(one["status"], one["line"]) for one in report["findings"]] == [("unknown", 3)] and
              "at line 3, column 1" in report["findings"][0]["reason"], json.dumps(report["findings"]))
    for metadata, name in (("{generateName: a-, name: b}", "b"), ("{name: b, generateName: a-}", "b"), ("{generateName: a-}", "a-")):
        _, report, _ = text("{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: %s}" % metadata)
        check(f"the name of {metadata}", report["findings"][0]["object"]["name"] == name, json.dumps(report["findings"]))


# ---- hostile input ----

def hostile():
    root = folder("hostile", {"good.yaml": PDB, "binary.yaml": b"\0\1\2" * 100 + PDB.encode(), "logo.png": b"\x89PNG\0" + PDB.encode(),
                              "empty.yaml": "", "space.yaml": " \n\n\t", ".git/config.yaml": PDB, "node_modules/a.yaml": PDB,
                              "sub/LICENSE": "This is apiVersion: prose: about: things\n", "sub/notes": PDB,
                              "broken.yaml": "apiVersion: policy/v1beta1\nkind: A\n  b: [\n", "prose.yaml": "docker.sock: [\n"})
    os.symlink(".", root / "loop")
    os.symlink("itself.yaml", root / "itself.yaml")
    os.symlink("nowhere.yaml", root / "dangling.yaml")
    os.symlink("good.yaml", root / "link.yaml")
    os.mkfifo(root / "pipe.yaml")
    with open(root / "huge.yaml", "wb") as huge:
        huge.truncate(1 << 30)
    code, report, error = run(str(root), "--to", "1.36")
    sources = {pathlib.Path(one["name"]).name: one["detail"] for one in report["sources"]}
    found = sorted(pathlib.Path(one["file"]).name for one in report["findings"] if one["status"] == "finding")
    check("hostile: what is good is found", found == ["good.yaml", "link.yaml", "notes"], f"{found} {error}")
    unknown = {pathlib.Path(one["file"]).name: one for one in report["findings"] if one["status"] == "unknown"}
    check("hostile: what is unknown is told", sorted(unknown) == ["broken.yaml", "huge.yaml"] and code == 11, f"{sorted(unknown)} {code}")
    check("hostile: line and column", unknown["broken.yaml"]["line"] == 2 and "at line 2, column 7" in unknown["broken.yaml"]["reason"], json.dumps(unknown.get("broken.yaml")))
    for name, detail in (("binary.yaml", "binary"), ("loop", "link to a folder"), ("itself.yaml", "leads to itself"), ("dangling.yaml", "nothing"),
                         ("pipe.yaml", "no regular file"), ("huge.yaml", "64 MiB"), ("prose.yaml", "prose.yaml:")):
        check(f"hostile: {name} is told", detail in sources.get(name, ""), json.dumps(sources))
    bomb = "apiVersion: policy/v1beta1\nkind: X\na0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{i}: &a{i} [{','.join(['*a%d' % (i - 1)] * 9)}]\n" for i in range(1, 12))
    for name, manifest in (("aliases", bomb), ("depth in braces", "apiVersion: policy/v1beta1\na: " + "[" * 100000), ("depth in blocks", "apiVersion: policy/v1beta1\n" + "".join(" " * i + "a:\n" for i in range(3000))),
                           ("bytes that are no text", b"apiVersion: policy/v1beta1\nkind: \xff\xfe\xfd\nx: \xc3\n"), ("itself", "apiVersion: policy/v1beta1\na: &a [*a]\n"),
                           ("one key", b"apiVersion: policy/v1beta1\n" + b"k" * 1000000), ("dashes", b"apiVersion: policy/v1beta1\nk:\n" + b"- " * 100000)):
        code, report, error = text(manifest)
        check(f"hostile: {name}", code in (0, 11) and report is not None, f"{code} {error}")
    name = "\x1b[31mred\x1b[0m<script>alert(1)</script>|`x`](y)\u202e\n"
    _, report, error = text(PDB.replace("name: pdb", "name: " + json.dumps(name)))
    check("hostile: a name", report["findings"][0]["object"]["name"].startswith("?[31mred") or "red" in report["findings"][0]["object"]["name"], error)
    for output in ("text", "markdown", "html", "sarif", "junit", "json"):
        done = subprocess.run([AGENT, "scan", "-", "-o", output, "--to", "1.36"], input=PDB.replace("name: pdb", "name: " + json.dumps(name)).encode(), capture_output=True)
        check(f"hostile: a name as {output}", done.returncode == 11 and b"\x1b[31m" not in done.stdout and b"\xe2\x80\xae" not in done.stdout
              and (output == "json" or b"<script>alert" not in done.stdout or output in ("text", "sarif", "markdown")), done.stdout[:300])
    lines = '{"apiVersion": "policy/v1beta1", ]}\n' * 100000  # each of them looked at once: within run()'s minute
    check("hostile: broken JSON by the line", text(lines)[0] == 11)
    many = text("---\n".join([PDB] * 60000))[1]
    check("hostile: more findings than anybody reads", len(many["findings"]) == 50000 and any("more than 50000" in one.get("detail", "") for one in many["sources"]), len(many["findings"]))


def unreadable():
    root = folder("unreadable", {"a/x.yaml": PDB, "b/y.yaml": PDB, "c.yaml": PDB})
    for path in (root / "a", root / "c.yaml"):
        path.chmod(0)
    command = [AGENT, "scan", str(root), "--to", "1.36", "-o", "json"]
    if os.getuid() == 0:
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
        for parent in [WORK, *WORK.parents]:
            if not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
    done = subprocess.run(command, capture_output=True)
    for path in (root / "a", root / "c.yaml"):
        path.chmod(0o755)
    report = json.loads(done.stdout) if done.stdout else {"sources": [], "findings": []}
    denied = sorted(pathlib.Path(one["name"]).name for one in report["sources"] if one["status"] == "denied")
    check("a folder and a file that may not be read are told, the rest is read", denied == ["a", "c.yaml"] and done.returncode == 11 and len(ids(report)) == 1,
          f"{denied} {done.returncode} {done.stderr[:300]}")


def shapes():
    """Ways to write a word that fewer people use: each says the same to Kubernetes."""
    for name, head in (("on the next line", "apiVersion:\n  policy/v1beta1\nkind:\n  PodDisruptionBudget"), ("folded", "apiVersion: policy/v1beta1\nkind: >-\n  PodDisruptionBudget"),
                       ("literal", "apiVersion: |-\n  policy/v1beta1\nkind: PodDisruptionBudget"), ("tagged", "apiVersion: !!str policy/v1beta1\nkind: !!str PodDisruptionBudget")):
        _, report, error = text(head + "\nmetadata:\n  name: pdb\n")
        check(f"shape: {name}", ids(report) == [("API-GIT", "HIGH")] and report["findings"][0]["object"] == {"kind": "PodDisruptionBudget", "name": "pdb"}, error)
    merged = """apiVersion: v1
kind: List
items:
- &one
  apiVersion: policy/v1beta1
  kind: PodDisruptionBudget
  metadata: &meta {name: first, namespace: shop}
- <<: *one
  metadata: {<<: *meta, name: second}
- metadata: {name: third}
  <<: [{apiVersion: policy/v1beta1}, *one]
- <<: *one
  apiVersion: policy/v1
"""
    _, report, error = text(merged)
    objects = [(one["object"].get("namespace"), one["object"]["name"]) for one in report["findings"]]
    check("shape: what a map says itself wins over what is merged", sorted(map(str, objects)) == sorted(map(str, [("shop", "first"), ("shop", "second"), (None, "third")])), f"{objects} {error}")
    bomb = "a: &a {" + ", ".join(f"k{i}: 1" for i in range(20000)) + "}\nb:\n  <<: *a\n" + "".join(f"  k{i}: 2\n" for i in range(20000)) + "apiVersion: policy/v1beta1\n"
    check("shape: a merge of much into much ends soon", text(bomb)[0] in (0, 11))


# ---- flags and exits ----

def exits():
    tz = "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {loadBalancerIP: 1.2.3.4}}"
    check("exit 0", text(CONFIG)[0] == 0)
    check("exit 10", text(tz)[0] == 10)
    check("exit 10: deprecated", run("-", "--to", "1.22", stdin=PDB.encode())[0] == 10)
    check("exit 11", text(PDB)[0] == 11)
    check("exit 0: before it was deprecated", run("-", "--to", "1.20", stdin=PDB.encode())[0] == 0)
    code, _, error = run("/nowhere/at/all", "--to", "1.36")
    check("exit 1: no such path", code == 1 and "/nowhere/at/all" in error, f"{code} {error}")
    for arguments in ((), ("-", "--to", "soon"), ("-", "--only", "API-NONSENSE"), ("-", "--output", "pdf")):
        done = subprocess.run([AGENT, "scan", *arguments], capture_output=True, stdin=subprocess.DEVNULL)
        check(f"exit 2: {arguments}", done.returncode == 2, f"{done.returncode} {done.stderr}")
    both = PDB + "---\n" + tz + "\n"
    check("--only", ids(text(both, "--only", "API-FIELD")[1]) == [("API-FIELD", "INFO")])
    check("--except", ids(text(both, "--except", "API-FIELD,API-DEPRECATED")[1]) == [("API-GIT", "HIGH")] and text(both, "--except", "API-GIT")[0] == 10)
    root = folder("two", {"a.yaml": PDB, "b/c.yaml": PDB})
    code, report, _ = run("a.yaml", "b", "--to", "1.36", cwd=root)
    check("several paths", [one["file"] for one in report["findings"]] == ["a.yaml", "b/c.yaml"], json.dumps(report["findings"]))
    code, report, _ = run(".", "--to", "1.36", cwd=root)
    check("the folder that we are in", [one["file"] for one in report["findings"]] == ["a.yaml", "b/c.yaml"], json.dumps(report["findings"]))
    check("the newest that EKS offers, when nothing is said", run(".", cwd=root)[1]["target_version"].startswith("1."))
    code, report, _ = run("-", "--to", "1.99", stdin=CONFIG.encode())
    check("beyond the tables", code == 11 and ids(report, "unknown") == [("API-GIT", "HIGH")] and "1.99" in report["findings"][0]["reason"]
          and any(one["name"] == "life cycles" for one in report["sources"]), json.dumps(report))
    twice = [run(str(root), "--to", "1.36")[1] for _ in "ab"]
    for report in twice:
        report.pop("duration_ms", None)
    check("the same input, the same output", twice[0]["findings"] and twice[0] == twice[1])


# ---- other scanners, played by stand-ins that print what their documentation shows ----

PLUTO = {"items": [
    {"name": "pdb", "filePath": "a.yaml", "api": {"version": "policy/v1beta1", "kind": "PodDisruptionBudget", "deprecated-in": "v1.21.0",
     "removed-in": "v1.25.0", "replacement-api": "policy/v1", "replacement-available-in": "v1.21.0", "component": "k8s"},
     "deprecated": True, "removed": True, "replacementAvailable": True},
    {"name": "f", "api": {"version": "flowcontrol.apiserver.k8s.io/v1beta1", "kind": "FlowControl", "deprecated-in": "v1.23.0", "removed-in": "v1.26.0",
     "component": "k8s"}, "deprecated": True, "removed": True},
    {"name": "r", "api": {"version": "resource.k8s.io/v1beta1", "kind": "ResourceClaim", "deprecated-in": "", "removed-in": "v1.36.0", "component": "k8s"},
     "deprecated": False, "removed": True},
    {"name": "s", "api": {"version": "flowcontrol.apiserver.k8s.io/v1beta1", "kind": "FlowSchema", "deprecated-in": "v1.23.0", "removed-in": "v1.29.0",
     "component": "k8s"}, "deprecated": True, "removed": True}], "target-versions": {"k8s": "v1.36.0"}}
KUBENT = [{"Name": "pdb", "Namespace": "<undefined>", "Kind": "PodDisruptionBudget", "ApiVersion": "policy/v1beta1",
           "RuleSet": "Deprecated APIs removed in 1.25", "ReplaceWith": "policy/v1", "Since": "1.21.0"}]


def scanners():
    root = folder("scanners", {"a.yaml": PDB, "b.yaml": "apiVersion: flowcontrol.apiserver.k8s.io/v1beta1\nkind: FlowSchema\nmetadata: {name: s}\n",
                               "c.yaml": "apiVersion: policy/v1beta1\nkind: Eviction\nmetadata: {name: e}\n", "d.yaml": PDB.replace("name: pdb", "name: {{ .Release.Name }}"),
                               "e.yaml": "apiVersion: networking.k8s.io/v1beta1\nkind: Ingress\nmetadata: {name: only-ours}\n"})

    def play(with_what, pluto=None, kubent=None):
        tools = WORK / "tools"
        tools.mkdir(exist_ok=True)
        for name, body in (("pluto", pluto), ("kubent", kubent)):
            (tools / name).unlink(missing_ok=True)
            if body is not None:
                (tools / name).write_text("#!/bin/sh\n" + body)
                (tools / name).chmod(0o755)
        done = subprocess.run([AGENT, "scan", ".", "--to", "1.36", "--with", with_what, "-o", "json"], capture_output=True, cwd=root,
                              env={**os.environ, "PATH": f"{tools}:/usr/bin:/bin"})
        report = json.loads(done.stdout) if done.stdout else {"sources": [], "findings": []}
        return done.returncode, report, [(one["name"], one["status"], one["detail"]) for one in report["sources"][1:]]

    def say(version, report, status):
        return f"case \"$1\" in version|--version) {version};; *) cat <<'END'\n{report}\nEND\nexit {status};; esac\n"

    pluto = say("echo Version:5.24.0 Commit:dd5ec8c", json.dumps(PLUTO), 3)
    code, report, sources = play("pluto", pluto)
    told = " | ".join(" ".join(one) for one in sources)
    check("pluto: numbers", "pluto ok 5.24.0: 4 objects, 2 of them ours, too; 2 are its alone, 3 ours alone" in told and code == 11, told)
    for part in ("FlowControl (1): there is no such API", "FlowSchema (1): pluto says removed in 1.29; it is 1.26",
                 "Eviction (1): it is missing from pluto's table", "PodDisruptionBudget (1): pluto does not read templates", "Ingress (1): pluto has no such line"):
        check(f"pluto: a difference is explained: {part}", part in told, told)
    check("pluto: what it says of a version that lives longer", "resource.k8s.io/v1beta1 ResourceClaim" in told, told)
    both = [one for one in report["findings"] if one["file"] == "a.yaml"]
    check("pluto: more evidence", [one["source"] for one in both[0]["evidence"]] == ["file", "pluto"], json.dumps(both))
    kubent = say("echo '6:00PM INF version 0.7.3 (git sha 57480c0)' >&2", json.dumps(KUBENT), 0)
    _, report, sources = play("kubent,pluto", pluto, kubent)
    told = " | ".join(" ".join(one) for one in sources)
    check("kubent: numbers", "kubent ok 0.7.3: 1 objects, 1 of them ours, too; 0 are its alone, 4 ours alone" in told and "pluto ok" in told, told)
    both = [one for one in report["findings"] if one["file"] == "a.yaml"]
    check("both: more evidence", [one["source"] for one in both[0]["evidence"]] == ["file", "kubent", "pluto"], json.dumps(both))
    for name, version, nothing, status in (("pluto", "echo Version:5.24.0", '{"target-versions":{"k8s":"v1.36.0"}}', 0),
                                           ("pluto", "echo Version:4.0.0", "There were no resources found with known deprecated apiVersions.", 0),
                                           ("kubent", "echo version 0.7.3 >&2", "null", 0), ("kubent", "echo version 0.7.3 >&2", "[]", 0),
                                           ("kubent", "echo version 0.7.3 >&2", "", 0)):
        _, _, sources = play(name, **{name: say(version, nothing, status)})
        check(f"{name}: nothing found, as {nothing}", len(sources) >= 1 and sources[0][:2] == (name, "ok") and ": 0 objects" in sources[0][2], sources)
    for what, name, body, status, part in (
            ("absent", "pluto", None, "skipped", "not on PATH"), ("absent", "kubent", None, "skipped", "not on PATH"),
            ("nonsense", "pluto", say("echo Version:5.24.0", "{\"items\": 1}", 0), "failed", "something else"),
            ("cut off", "kubent", say("echo 0.7.3", '[{"Name": "x"', 0), "failed", "kubent"),
            ("no version of its own", "kubent", say("echo 0.7.3", '[{"Name": "x"}]', 0), "failed", "no ApiVersion"),
            ("an error", "pluto", say("echo Version:5.24.0", "boom: no such file", 1), "failed", "ended with 1: boom"),
            ("too old", "pluto", say("echo Version:3.5.4", "{}", 0), "failed", "too old")):
        code, report, sources = play(name, **{name: body})
        check(f"{name}: {what} is told, our report stands", sources and sources[0][:2] == (name, status) and part in sources[0][2] and code == 11
              and len(report["findings"]) == 5, f"{sources} {code}")
    for arguments in (("-", "--with", "pluto"), (".", "--with", "nobody")):
        done = subprocess.run([AGENT, "scan", *arguments], capture_output=True, stdin=subprocess.DEVNULL, cwd=root)
        check(f"exit 2: {arguments}", done.returncode == 2, done.stderr)


for case in (scanners, fields, templates, helpers, objects, texts, shapes, hostile, unreadable, exits):
    case()
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
