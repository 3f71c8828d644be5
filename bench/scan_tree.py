"""Writes 10,000 mixed manifests of about 65 MB: live and dead API versions, YAML and JSON, several documents, lists, CRDs
with long descriptions, Helm templates. usage: scan_tree.py DIRECTORY"""
import csv
import json
import pathlib
import random
import sys

FILES, MEAN = 10000, 6500
ROOT = pathlib.Path(__file__).resolve().parent.parent
chance = random.Random(1)


def rows():
    for name in ("k8s-api-lifecycle.tsv", "crd-lifecycle.tsv"):
        with open(ROOT / "knowledge" / name) as lines:
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                yield (row["group"] + "/" if row["group"] else "") + row["version"], row["kind"]


ROWS = list(rows())
WORDS = "the of a resource field value this is used to specify which default when set version controller object must be".split()


def containers(indent, size):
    text, k = "", 0
    while len(text) < size:
        text += (f"- name: c-{k}\n  image: registry.example.com/team/app-{k}:1.2.{k}\n  env:\n  - name: DATABASE_URL\n"
                 f"    value: \"postgres://db.example.com:5432/app?x={k}\"\n  - name: TOKEN\n    valueFrom:\n      secretKeyRef:\n"
                 f"        name: secret-{k}\n        key: password\n  resources:\n    limits: {{cpu: 500m, memory: 512Mi}}\n"
                 "  readinessProbe:\n    httpGet:\n      path: /healthz\n      port: 8080\n").replace("\n", "\n" + " " * indent)
        k += 1
    return " " * indent + text.rstrip() + "\n"


def block(version, kind, name, size):
    return (f"apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: ns\n  labels:\n    app.kubernetes.io/name: web\n"
            f"spec:\n  replicas: 3\n  template:\n    spec:\n      containers:\n{containers(6, size)}")


def crd(name, size):
    text, k = f"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: {name}\nspec:\n  versions:\n  - name: v1beta1\n    schema:\n      properties:\n", 0
    while len(text) < size:
        words = " ".join(chance.choice(WORDS) for _ in range(24))
        text += f"        field{k}:\n          description: {words[:70].strip()}\n            {words[70:].strip() or 'more'}\n          type: string\n"
        k += 1
    return text


def one(number):
    version, kind = chance.choice(ROWS)
    size, form, name = int(chance.expovariate(1 / MEAN)) + 300, chance.random(), f"m{number}"
    if form < 0.15:
        spec = [{"name": f"c{k}", "image": "registry.example.com/a:1", "env": [{"name": "A", "value": "b"}]} for k in range(size // 180)]
        return "json", json.dumps({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}, indent=2)
    if form < 0.25:
        return "yaml", crd(name, size)
    if form < 0.4:
        return "yaml", "---\n".join(block(*chance.choice(ROWS), f"{name}-{k}", size // 4) for k in range(4))
    if form < 0.5:
        return "yaml", ("{{- if .Values.enabled }}\n" + block(version, kind, "{{ .Release.Name }}-web", size) + "{{- end }}\n")
    return "yaml", block(version, kind, name, size)


def main():
    root, total = pathlib.Path(sys.argv[1]), 0
    for number in range(FILES):
        suffix, text = one(number)
        folder = root / f"d{number % 100}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"m{number}.{suffix}").write_text(text)
        total += len(text)
    print(f"{FILES} files, {total / 1e6:.0f} MB")


main()
