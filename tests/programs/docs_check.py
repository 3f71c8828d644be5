"""Documents held against the program and the tree. Run by docs.sh."""
import json
import pathlib
import re
import subprocess
import sys

PROGRAM, MADE = sys.argv[1], pathlib.Path(sys.argv[2])
PAGES = [pathlib.Path("README.md"), pathlib.Path("CONTRIBUTING.md"), *sorted(pathlib.Path("docs").glob("*.md"))]
passed = failed = 0


def check(name, ok, detail=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f"not ok: {name}: {detail}")


def run(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True)


def check_generated():
    for made in sorted(MADE.iterdir()):
        check(f"docs/{made.name} is up to date", made.read_text() == (pathlib.Path("docs") / made.name).read_text(), "run ./dev docs")
    check("all of them were made", len(list(MADE.iterdir())) == 4, list(MADE.iterdir()))


def check_checks():
    """One heading a check, and what --explain says of it."""
    checks = json.loads(run("assess", "--list-checks", "-o", "json").stdout)
    text = pathlib.Path("docs/checks.md").read_text()
    for one in checks:
        check(f"checks.md has {one['id']}", text.count(f'### <a id="{one["id"]}"></a>{one["id"]}\n') == 1)
        told = run("assess", "--explain", one["id"])
        check(f"--explain {one['id']}", told.returncode == 0 and told.stdout.startswith(f"{one['id']}: {one['title']}\n"), told.stderr)
        check(f"{one['id']} says what to do", one["remedy"])
    listed = {line.split()[0] for line in run("assess", "--list-checks").stdout.splitlines()}
    check("text and JSON list the same", listed == {one["id"] for one in checks}, listed ^ {one["id"] for one in checks})


def prose(text):
    """Without code: in it brackets are no links."""
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    return re.sub(r"`[^`\n]*`", "", re.sub(r"(?m)^    .*$", "", text))


def anchors(path):
    text = path.read_text()
    named = set(re.findall(r'<a id="([^"]+)"', text))
    for title in re.findall(r"(?m)^#+ (.*)$", text):
        named.add(re.sub(r"[^\w\- ]", "", re.sub(r"<[^>]*>", "", title).lower()).replace(" ", "-"))
    return named


def check_links():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", prose(page.read_text())):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            to = page.parent / file if file else page
            check(f"{page}: link {target}", to.exists() and (not anchor or anchor in anchors(to)))


def flags_of(command):
    told = run(command, "--help")
    return set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", told.stdout)) if told.returncode == 0 else None


def check_commands():
    """Every "eks-upgrade-agent COMMAND --flags" that is shown as something to type."""
    known, seen = {}, 0
    for page in PAGES + sorted(pathlib.Path("examples").rglob("*.y*ml")):
        for line in page.read_text().splitlines():
            if page.suffix == ".md" and not line.startswith("    "):
                continue
            for shown in re.findall(r"eks-upgrade-agent ([a-z]+[^|;&>#]*)", line):
                words = shown.split()
                command = words[0]
                known.setdefault(command, flags_of(command))
                check(f"{page}: {shown.strip()}: a command", known[command] is not None)
                for flag in [w.split("=")[0] for w in words[1:] if re.match(r"--?[a-z]", w)]:
                    seen += 1
                    check(f"{page}: {shown.strip()}: {flag}", flag in (known[command] or ()), "no such flag")
    check("commands were found at all", seen > 10, seen)


def check_choices():
    """What --only, --except and what is compared with leave to be done; on a cluster with nothing in it."""
    folder = MADE / "seen"
    folder.mkdir()
    (folder / "meta.json").write_text('{"cluster": "shop", "region": "eu-west-1", "captured_at": "2026-11-25T00:00:00Z"}')
    (folder / "kubernetes.json").write_text('{"apiVersion": "v1", "kind": "List", "items": []}')
    (MADE / "plan.json").write_text('{"resource_changes": [{"address": "aws_eks_cluster.a", "type": "aws_eks_cluster", "change": {"actions": ["delete"]}}]}')
    (MADE / "nonsense.json").write_text("{}")
    look = ["assess", "--from", str(folder), "--to", "1.34", "-o", "json"]

    def done(*flags):
        told = run(*look, *flags)
        return {one["id"] for one in json.loads(told.stdout)["checks"]} if told.stdout else told.returncode

    listed = {line.split()[0] for line in run("assess", "--list-checks").stdout.splitlines()}
    given = {"BG-PARITY", "API-GIT", "IAC-DRIFT", "IAC-REPLACE", *(one for one in listed if one.startswith("POST-"))}
    wl = {one for one in listed if one.startswith("WL-")}
    check("all but what compares", done() == listed - given - {"RISK-UNUSED"}, done() ^ (listed - given))
    check("--only takes patterns", done("--only", "WL-*,CP-SG") == wl | {"CP-SG"})
    check("--except takes them away", done("--only", "WL-*", "--except", "WL-PDB-*") == {one for one in wl if not one.startswith("WL-PDB-")})
    check("--only of nothing is a mistake", done("--only", "WL-NOPE*") == 2)
    check("what compares needs something to compare with", done("--only", "POST-*") == 2)
    check("--before gives it", done("--only", "POST-*", "--before", str(folder)) == {one for one in listed if one.startswith("POST-")})
    plan = json.loads(run(*look, "--only", "IAC-REPLACE", "--terraform-plan", str(MADE / "plan.json")).stdout)
    check("--terraform-plan is judged", [one["severity"] for one in plan["findings"]] == ["BLOCKER"], plan["findings"])
    check("nonsense is no plan", done("--terraform-plan", str(MADE / "nonsense.json")) == 1)
    told = run("assess", "--explain", "wl-pdb-zeroo")
    check("the nearest id is named", told.returncode == 2 and '"WL-PDB-ZERO"?' in told.stderr, told.stderr)


check_generated()
check_checks()
check_links()
check_commands()
check_choices()
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
