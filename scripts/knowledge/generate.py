#!/usr/bin/env python3
"""Writes src/knowledge/*_data.c from knowledge/*.tsv, and says what in the tables is older than the newest releases.

    scripts/knowledge/generate.py            writes the tables
    scripts/knowledge/generate.py --report   says what should be looked at by a person

The report compares the tables with each other and with today's date; it asks nobody.
"""
import collections
import datetime
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "src" / "knowledge"
SEVERITIES = ["critical", "high", "medium", "low", "info"]
HEAD = "/* Generated from knowledge/{} by scripts/knowledge/generate.py. */\n"


def table(name):
    lines = (ROOT / "knowledge" / name).read_text().split("\n")
    if lines.pop():
        sys.exit(f"knowledge/{name}: no newline at its end")
    header = lines[0].split("\t")
    rows = []
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        if len(cells) != len(header):
            sys.exit(f"knowledge/{name}:{number}: {len(cells)} columns, not {len(header)}")
        rows.append(dict(zip(header, cells)))
    return rows


def quoted(text):
    if not text:
        return "NULL"
    return '"' + "".join(c if c not in '"\\' else "\\" + c for c in text).replace("??", '?\\?') + '"'


def minor(version):
    match = re.fullmatch(r"1\.(\d+)", version)
    return int(match.group(1)) if match else 0


def milliseconds(day):
    if not day:
        return 0
    moment = datetime.datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=datetime.timezone.utc)
    return int(moment.timestamp()) * 1000


def write(name, text):
    path = OUT / name
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
        print(f"src/knowledge/{name}: written")


def apis():
    rows = table("k8s-api-lifecycle.tsv") + table("crd-lifecycle.tsv")
    for row in rows:
        row.setdefault("component", "")
        built_in = not row["component"]
        for column in ("introduced", "deprecated", "removed"):
            if built_in and row[column] and not re.fullmatch(r"1\.\d+", row[column]):
                sys.exit(f"{row['group']}/{row['version']} {row['kind']}: {column} is {row[column]!r}")
    rows.sort(key=lambda row: (row["group"], row["version"], row["kind"]))
    for one, other in zip(rows, rows[1:]):
        if all(one[c] == other[c] for c in ("group", "version", "kind")):
            sys.exit(f"{one['group']}/{one['version']} {one['kind']}: twice")
    return rows


def is_list(row, of_resource):
    return row["kind"].endswith("List") and any(other["kind"] == row["kind"][:-4] for other in of_resource)


def by_resource(rows):
    """Row numbers ordered by group, resource, version; of a kind and its list, the kind."""
    same = collections.defaultdict(list)
    for row in rows:
        if row["resource"]:
            same[row["group"], row["resource"], row["version"]].append(row)
    numbers = {id(row): number for number, row in enumerate(rows)}
    order = []
    for key in sorted(same):
        kinds = [row for row in same[key] if not is_list(row, same[key])]
        order.append(numbers[id(min(kinds, key=lambda row: (len(row["kind"]), row["kind"])))])
    return order


def write_lifecycle(rows):
    columns = ["group", "version", "kind", "resource", "introduced", "deprecated", "removed", "replacement_group",
               "replacement_version", "replacement_kind", "source", "component"]
    out = [HEAD.format("k8s-api-lifecycle.tsv and crd-lifecycle.tsv"), '#include "knowledge/lifecycle.h"\n',
           '#include "knowledge/knowledge_internal.h"\n\n', "const struct api_lifecycle knowledge_apis[] = {\n"]
    for row in rows:
        cells = [quoted(row[column]) for column in columns]
        cells[0] = cells[0] if row["group"] else '""'
        if row["replacement_version"] and not row["replacement_group"]:
            cells[columns.index("replacement_group")] = '""'
        out.append("\t{" + ", ".join(cells) + "},\n")
    out.append("};\nconst size_t knowledge_n_apis = sizeof knowledge_apis / sizeof knowledge_apis[0];\n\n")
    order = by_resource(rows)
    out.append("const unsigned short knowledge_by_resource[] = {\n")
    for at in range(0, len(order), 20):
        out.append("\t" + ", ".join(str(number) for number in order[at:at + 20]) + ",\n")
    out.append("};\nconst size_t knowledge_n_by_resource = sizeof knowledge_by_resource / sizeof knowledge_by_resource[0];\n")
    write("lifecycle_data.c", "".join(out))


def write_calendar(rows):
    rows = sorted(rows, key=lambda row: minor(row["version"]))
    out = [HEAD.format("eks-calendar.tsv"), '#include "knowledge/calendar.h"\n\n',
           "const struct eks_release knowledge_releases[] = {\n"]
    for row in rows:
        days = [row[c] for c in ("upstream_release", "eks_release", "end_of_standard_support", "end_of_extended_support")]
        out.append("\t{" + ", ".join([quoted(row["version"]), str(minor(row["version"]))] +
                                     [f"{{{quoted(day)}, {milliseconds(day)}}}" for day in days] +
                                     [quoted(row["source"]), quoted(row["note"])]) + "},\n")
    out.append("};\nconst size_t knowledge_n_releases = sizeof knowledge_releases / sizeof knowledge_releases[0];\n")
    write("calendar_data.c", "".join(out))


def write_changes(rows):
    ids = collections.Counter(row["id"] for row in rows)
    twice = [one for one, n in ids.items() if n > 1]
    if twice:
        sys.exit(f"version-changes.tsv: twice: {', '.join(twice)}")
    rows = sorted(rows, key=lambda row: row["id"])
    out = [HEAD.format("version-changes.tsv"), '#include "knowledge/changes.h"\n\n',
           "const struct version_change knowledge_changes[] = {\n"]
    for row in rows:
        if row["version"] != "any" and not minor(row["version"]):
            sys.exit(f"version-changes.tsv: {row['id']}: version {row['version']!r}")
        out.append("\t{" + ", ".join([quoted(row["version"]), str(minor(row["version"])), quoted(row["id"]), quoted(row["title"]),
                                      quoted(row["what_breaks"]), quoted(row["detect"]),
                                      "CHANGE_" + row["severity"].upper(), quoted(row["source"])]) + "},\n")
    out.append("};\nconst size_t knowledge_n_changes = sizeof knowledge_changes / sizeof knowledge_changes[0];\n")
    write("changes_data.c", "".join(out))


def release_of(text):
    return [int(part) for part in text.split(".")]


def write_components(rows):
    rows = sorted(rows, key=lambda row: (row["component"], release_of(row["from"])))
    for one, other in zip(rows, rows[1:]):
        if one["component"] == other["component"] and (not one["below"] or release_of(one["below"]) > release_of(other["from"])):
            sys.exit(f"components.tsv: {one['component']} {one['from']} and {other['from']}: one release in two lines")
    out = [HEAD.format("components.tsv"), '#include "knowledge/components.h"\n\n',
           "const struct component_support knowledge_components[] = {\n"]
    for row in rows:
        if row["basis"] not in ("published", "inferred") or not row["source"]:
            sys.exit(f"components.tsv: {row['component']} {row['from']}: no basis or no source")
        out.append("\t{" + ", ".join([quoted(row["component"]), quoted(row["from"]), quoted(row["below"]),
                                      str(minor(row["kubernetes_min"])), str(minor(row["kubernetes_max"])),
                                      "true" if row["basis"] == "published" else "false", quoted(row["source"])]) + "},\n")
    out.append("};\nconst size_t knowledge_n_components = sizeof knowledge_components / sizeof knowledge_components[0];\n")
    write("components_data.c", "".join(out))


def newest(versions):
    def key(version):
        return [int(part) for part in re.findall(r"\d+", version)]
    named = [v for v in versions if v]
    # edge-24.8.1 is newer than stable-2.14.0: by its number, too.
    return max(named, key=key) if named else "none"


def days_between(one, other):
    return (datetime.date.fromisoformat(other) - datetime.date.fromisoformat(one)).days


def report_releases(calendar, today, say):
    upstream = [row for row in calendar if row["upstream_release"]]
    last = max(upstream, key=lambda row: minor(row["version"]))
    before = sorted(upstream, key=lambda row: minor(row["version"]))[-6:]
    pace = days_between(before[0]["upstream_release"], before[-1]["upstream_release"]) / (len(before) - 1)
    age = days_between(last["upstream_release"], today)
    print(f"newest Kubernetes in the calendar: {last['version']} of {last['upstream_release']}, {age} days ago")
    if age > pace:
        say(f"eks-calendar.tsv: a newer Kubernetes than {last['version']} is due (one comes every {pace:.0f} days)")
    on_eks = [row for row in calendar if row["eks_release"]]
    eks = max(on_eks, key=lambda row: minor(row["version"]))
    both = [row for row in on_eks if row["upstream_release"]][-6:]
    lag = max(days_between(row["upstream_release"], row["eks_release"]) for row in both)
    print(f"newest EKS in the calendar: {eks['version']} of {eks['eks_release']}")
    for row in upstream:
        if minor(row["version"]) > minor(eks["version"]) and days_between(row["upstream_release"], today) > lag:
            say(f"eks-calendar.tsv: {row['version']} has no EKS day, though it is out for "
                f"{days_between(row['upstream_release'], today)} days (EKS took at most {lag} for the last {len(both)})")
    for row in on_eks:
        if minor(row["version"]) >= 21 and not row["end_of_extended_support"]:
            say(f"eks-calendar.tsv: {row['version']} is on EKS and has no end of extended support")
    return last["version"], eks["version"]


def report_components(components, eks, say):
    """Makers may simply not support it yet: a person has to look either way."""
    most = collections.defaultdict(int)
    for row in components:
        most[row["component"]] = max(most[row["component"]], minor(row["kubernetes_max"]) or 999)
    for component, last in sorted(most.items()):
        if last < minor(eks):
            say(f"components.tsv: no release of {component} is known to support more than 1.{last}; EKS has {eks}")


def report(rows, calendar, changes, components):
    found = []
    say = found.append
    today = datetime.date.today().isoformat()
    kubernetes, eks = report_releases(calendar, today, say)
    built_in = [row for row in rows if not row["component"]]
    known = newest([row["introduced"] for row in built_in])
    print(f"newest Kubernetes in k8s-api-lifecycle.tsv: {known} ({len(built_in)} lines)")
    if minor(known) < minor(kubernetes):
        say(f"k8s-api-lifecycle.tsv: knows nothing newer than {known}; {kubernetes} is out")
    by_version = collections.Counter(row["version"] for row in changes)
    for number in range(22, minor(kubernetes) + 1):
        if not by_version[f"1.{number}"]:
            say(f"version-changes.tsv: no line for 1.{number}")
    print(f"newest Kubernetes in version-changes.tsv: {newest([v for v in by_version if v != 'any'])} ({len(changes)} lines)")
    for row in changes:
        if minor(row["version"]) and minor(row["version"]) <= minor(kubernetes) and "not released yet" in row["source"]:
            say(f"version-changes.tsv: {row['id']} was written before {row['version']} came out: look again")
    report_components(components, eks, say)
    coming = collections.Counter(row["removed"] for row in built_in if minor(row["removed"]) > minor(kubernetes))
    for version in sorted(coming, key=minor):
        say(f"k8s-api-lifecycle.tsv: {coming[version]} removals in {version}, which is not out: such days have moved before")
    print(f"\ncomponents of crd-lifecycle.tsv ({len(rows) - len(built_in)} lines), with the newest release that a line names.\n"
          "The table has no days, so a component that changed no API since looks as old as one nobody looked at:")
    of = collections.defaultdict(list)
    for row in rows:
        if row["component"]:
            of[row["component"]] += [row["introduced"], row["deprecated"], row["removed"]]
    for at, component in enumerate(sorted(of)):
        print(f"  {component + ' ' + newest(of[component]):<44}", end="\n" if at % 3 == 2 or at == len(of) - 1 else "")
    print(f"\n{len(found)} to look at:" if found else "\nnothing is older than the newest releases")
    for line in found:
        print(f"  {line}")


def main():
    rows, calendar, changes = apis(), table("eks-calendar.tsv"), table("version-changes.tsv")
    if sys.argv[1:] == ["--report"]:
        report(rows, calendar, changes, table("components.tsv"))
        return
    write_lifecycle(rows)
    write_calendar(calendar)
    write_changes(changes)
    write_components(table("components.tsv"))


main()
