"""Labelled truth for `scan`: every line of the life-cycle tables that is dead at a target, written in every form that
manifests come in, must be found where it stands; the same written for the replacement must be silent.

usage: scan_truth.py AGENT DIRECTORY [TARGET…]     1.TARGET; prints failures; the last line is "N passed, N failed"
"""
import collections
import csv
import json
import pathlib
import subprocess
import sys

AGENT, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
passed = failed = 0


def check(name, good, detail=""):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {name}: {detail}"[:600], file=sys.stderr)


def table(name):
    with open(ROOT / "knowledge" / name) as lines:
        return [collections.defaultdict(str, row) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


def minor(version):
    return int(version[2:]) if version.startswith("1.") else 10 ** 6


def verdict(row, target):
    if row["component"]:
        return "removed" if row["removed"] else "deprecated" if row["deprecated"] else "live"
    if row["removed"] and minor(row["removed"]) <= target:
        return "removed"
    return "deprecated" if row["deprecated"] and minor(row["deprecated"]) <= target else "live"


ROWS = table("k8s-api-lifecycle.tsv") + table("crd-lifecycle.tsv")
BY_KEY = {(row["group"], row["version"], row["kind"]): row for row in ROWS}


def api_version(row):
    return (row["group"] + "/" if row["group"] else "") + row["version"]


def live_replacement(row, target):
    for _ in range(8):
        if not row or not row["replacement_version"]:
            return None
        row = BY_KEY.get((row["replacement_group"], row["replacement_version"], row["replacement_kind"] or row["kind"]))
        if row and verdict(row, target) == "live":
            return row
    return None


class Tree:
    """Files, and the truth about them: (file, line, document, apiVersion, kind, name)."""

    def __init__(self, folder):
        self.folder, self.truth = folder, []

    def put(self, name, text, encoding="utf-8"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return str(path)

    def expect(self, file, line, document, row, name):
        self.truth.append((file, line, document, api_version(row), row["kind"], name))


def block(row, name, indent=""):
    lines = [f"apiVersion: {api_version(row)}", f"kind: {row['kind']}", "metadata:", f"  name: {name}", "  namespace: shop",
             "  labels:", "    app: web", "spec:", "  text: |", "    apiVersion: apps/v1beta1", "    kind: Deployment",
             "  list:", "  - a: 1", "    b: [x, \"y\"]"]
    return "\n".join(indent + line for line in lines) + "\n"


def as_json(row, name):
    return {"apiVersion": api_version(row), "kind": row["kind"], "metadata": {"name": name}, "spec": {"a": ["b", {"c": 1}]}}


NEIGHBOUR = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: beside\ndata: {}\n"


def line_of(text, needle, nth=1):
    at = -1
    for _ in range(nth):
        at = text.index(needle, at + 1)
    return text.count("\n", 0, at) + 1


def plain(tree, row, name):
    tree.expect(tree.put(f"plain/{name}.yaml", block(row, name)), 1, 1, row, name)


def behind_a_header(tree, row, name):
    text = f"# Copyright\n#\n---\n# Source: chart/templates/{name}.yaml\n" + block(row, name)
    tree.expect(tree.put(f"rendered/{name}.yml", text), 5, 1, row, name)


def crlf(tree, row, name):
    tree.expect(tree.put(f"crlf/{name}.yaml", block(row, name).replace("\n", "\r\n")), 1, 1, row, name)


def other_order(tree, row, name):
    text = f"spec: {{}}\nmetadata: {{namespace: a, name: '{name}'}}\n\"kind\": \"{row['kind']}\"   # a comment\n'apiVersion': '{api_version(row)}'\n"
    tree.expect(tree.put(f"order/{name}.yaml", text), 4, 1, row, name)


def anchored(tree, row, name):
    text = f"x: &v {api_version(row)}\nkind: &k {row['kind']}\napiVersion: *v\nmetadata:\n  name: &n {name}\n  labels: {{app: *n}}\n"
    tree.expect(tree.put(f"anchors/{name}.yaml", text), None, 1, row, name)


def one_json(tree, row, name):
    tree.expect(tree.put(f"json/{name}.json", json.dumps(as_json(row, name), indent=2)), 2, 1, row, name)


def compact_json(tree, row, name):
    tree.expect(tree.put(f"json-compact/{name}.json", json.dumps(as_json(row, name), separators=(",", ":"))), 1, 1, row, name)


def escaped_json(tree, row, name):
    text = json.dumps(as_json(row, name), indent=1).replace("beta", "\\u0062eta").replace("alpha", "\\u0061lpha").replace("Endpoints", "Endpoint\\u0073")
    tree.expect(tree.put(f"json-escaped/{name}.json", text), 2, 1, row, name)


def raw_template(tree, row, name):
    text = ("{{- if .Values.enabled }}\n{{- $full := include \"chart.fullname\" . -}}\n" + block(row, "{{ .Release.Name }}-" + name)
            .replace("  labels:\n    app: web\n", "  labels: {{- include \"chart.labels\" . | nindent 4 }}\n    app: web\n")
            .replace("  list:\n", "  {{- with .Values.extra }}\n  {{- toYaml . | nindent 2 }}\n  {{- end }}\n  list:\n  {{- range $k, $v := .Values.map }}\n"
                     "  - {{ $k }}: {{ $v | quote }}\n  {{- end }}\n") + "{{- end }}\n")
    file = tree.put(f"chart/templates/{name}.yaml", text)
    tree.expect(file, line_of(text, "apiVersion: " + api_version(row)), 1, row, "{{ .Release.Name }}-" + name)


def kustomize_base(tree, row, name):
    tree.put(f"kustomize/{name}/base/kustomization.yaml", f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- {name}.yaml\n")
    tree.expect(tree.put(f"kustomize/{name}/base/{name}.yaml", block(row, name)), 1, 1, row, name)


def utf16(tree, row, name):
    tree.expect(tree.put(f"utf16/{name}.yaml", "\ufeff" + block(row, name), "utf-16-le"), 1, 1, row, name)


def with_bom(tree, row, name):
    tree.expect(tree.put(f"bom/{name}.yaml", "\ufeff" + block(row, name)), 1, 1, row, name)


SINGLE = [plain, behind_a_header, crlf, other_order, anchored, one_json, compact_json, escaped_json, raw_template, kustomize_base,
          utf16, with_bom]


def many_documents(tree, rows, name):
    parts = [block(row, f"{name}-{i}") for i, row in enumerate(rows)]
    text = NEIGHBOUR + "---\n" + "---\n".join(parts) + "---\n"
    file, line = tree.put(f"multi/{name}.yaml", text), NEIGHBOUR.count("\n") + 2
    for i, row in enumerate(rows):
        tree.expect(file, line, i + 2, row, f"{name}-{i}")
        line += parts[i].count("\n") + 1


def broken_neighbours(tree, rows, name):
    broken = ["apiVersion: v1\nkind: ConfigMap\n  bad: [x\n", "apiVersion: v1\nkind: \"Unclosed\n", "\tapiVersion: v1\n\tkind: A\n",
              "apiVersion: {\nkind: B\n", "{{ not: closed\napiVersion: v1\n".replace("{{", "[[")]
    text, document = "", 0
    for i, row in enumerate(rows):
        text += "---\n" + broken[i % len(broken)] + "---\n"
        document += 2
        tree.truth.append((str(tree.folder / f"broken/{name}.yaml"), text.count("\n") + 1, document, api_version(row), row["kind"], f"{name}-{i}"))
        text += block(row, f"{name}-{i}")
    tree.put(f"broken/{name}.yaml", text)


def yaml_list(tree, rows, name):
    text = "apiVersion: v1\nitems:\n"
    for i, row in enumerate(rows):
        item = block(row, f"{name}-{i}", "  ")
        tree.truth.append((str(tree.folder / f"list/{name}.yaml"), text.count("\n") + 1, 1, api_version(row), row["kind"], f"{name}-{i}"))
        text += "-" + item[1:]
    tree.put(f"list/{name}.yaml", text + "kind: List\n")


def json_list(tree, rows, name):
    text = json.dumps({"kind": "List", "apiVersion": "v1", "items": [as_json(row, f"{name}-{i}") for i, row in enumerate(rows)]}, indent=2)
    file = tree.put(f"list-json/{name}.json", text)
    for i, row in enumerate(rows):
        tree.expect(file, line_of(text, f'"name": "{name}-{i}"') - 3, 1, row, f"{name}-{i}")


def concatenated_json(tree, rows, name):
    file, text = str(tree.folder / f"concatenated/{name}.json"), ""
    for i, row in enumerate(rows):
        tree.truth.append((file, text.count("\n") + 2, i + 1, api_version(row), row["kind"], f"{name}-{i}"))
        text += json.dumps(as_json(row, f"{name}-{i}"), indent=2) + "\n"
    tree.put(f"concatenated/{name}.json", text)


MANY = [many_documents, broken_neighbours, yaml_list, json_list, concatenated_json]


def build(folder, rows, broken=True):
    tree = Tree(folder)
    for number, row in enumerate(rows):
        for form in SINGLE:
            form(tree, row, f"o{number}")
    for at in range(0, len(rows), 7):
        for form in MANY:
            if broken or form is not broken_neighbours:
                form(tree, rows[at:at + 7], f"m{at}")
    return tree


def scan(folder, target, *more):
    done = subprocess.run([AGENT, "scan", str(folder), "--to", f"1.{target}", "-o", "json", *more], capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout), done.stderr


def compare(target):
    rows = [row for row in ROWS if verdict(row, target) != "live"]
    tree = build(WORK / f"dead-{target}", rows)
    code, report, _ = scan(tree.folder, target)
    found = collections.defaultdict(list)
    for one in report["findings"]:
        if one["status"] == "finding" and one["id"] in ("API-GIT", "API-DEPRECATED"):
            name = one["object"].get("name")
            found[one["file"], one.get("document"), one["api_version"], one["object"]["kind"], name].append(one)
    wanted, wrong, misjudged = set(), collections.defaultdict(list), []
    for file, line, document, version, kind, name in tree.truth:
        key, form = (file, document, version, kind, name), pathlib.Path(file).relative_to(tree.folder).parts[0]
        wanted.add(key)
        hits = found.get(key, [])
        if len(hits) != 1 or line not in (None, hits[0].get("line")):
            wrong[form].append(f"{key}: found {len(hits)} times, line {hits[0].get('line') if hits else '-'}, wanted {line}")
        elif not well_told(hits[0], BY_KEY[version.rpartition("/")[0], version.rpartition("/")[2], kind], target):
            misjudged.append(json.dumps(hits[0]))
        wrong[form]  # a form without mistakes counts, too
    for form, mistakes in sorted(wrong.items()):
        check(f"1.{target}: every line found, written as {form}", not mistakes, f"{len(mistakes)} not: {mistakes[:2]}")
    check(f"1.{target}: what is told of each", not misjudged, f"{len(misjudged)} wrong: {misjudged[:1]}")
    extra = [key for key in found if key not in wanted]
    check(f"1.{target}: nothing else", not extra, f"{len(extra)}: {extra[:3]}")
    check(f"1.{target}: exit", code == 11, f"{code}")
    told = {(one["file"], one["document"]) for one in report["findings"] if one["status"] == "unknown"}
    broken = [(file, document - 1) for file, _, document, _, _, _ in tree.truth if "/broken/" in file]
    check(f"1.{target}: broken documents are told", told == set(broken), f"{len(told)} told, {len(set(broken))} broken: "
          f"{sorted(set(broken) - told)[:2]} {sorted(told - set(broken))[:2]}")
    return len(tree.truth)


def well_told(one, row, target):
    removed = verdict(row, target) == "removed"
    severity = ("MEDIUM" if row["component"] else "HIGH") if removed else "LOW"
    good = one["id"] == ("API-GIT" if removed else "API-DEPRECATED") and one["severity"] == severity
    good &= one.get("removed_in", "").endswith(row["removed"]) and one.get("deprecated_in", "").endswith(row["deprecated"])
    good &= bool(one.get("remedy")) and one["evidence"][0]["source"] == "file"
    good &= ("read from a template" in one["evidence"][0]["detail"]) == ("/templates/" in one["file"])
    new = live_replacement(row, target)
    return good and (new is None or one["replacement"].split(" ")[0] == api_version(new))


def silent(target):
    rows = []
    for row in ROWS:
        new = live_replacement(row, target) if verdict(row, target) != "live" else row
        if new:
            rows.append(new)
    tree = build(WORK / f"live-{target}", rows, broken=False)
    code, report, _ = scan(tree.folder, target)
    check(f"1.{target}: replacements are silent", code == 0 and not report["findings"] and report["ready"],
          f"exit {code}, {len(report['findings'])} findings: {json.dumps(report['findings'][:1])}")
    return len(tree.truth)


def main():
    targets = [int(target) for target in sys.argv[3:]] or [37]
    total = sum(compare(target) for target in targets)
    quiet = silent(targets[0])
    print(f"{total} labelled objects, {quiet} of replacement versions", file=sys.stderr)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
