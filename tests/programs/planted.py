"""Trouble planted at random into healthy clusters, and looked for by `assess --from`: is what was planted found, with its
severity and on its object, and does nothing else block?

usage: planted.py AGENT DIRECTORY [--runs N] [--from SEED] [--only ID,…] [--plants N] [--base] [--keep] [--workers N]
       the last line is "N passed, N failed"; a seed passes when all of its plants are found and no blocker is false
"""
import argparse
import collections
import concurrent.futures
import json
import pathlib
import random
import shutil
import subprocess
import sys

from planted_base import healthy
from planted_near import by_other_hands, neighbours
from planted_render import render
from planted_world import CLUSTER
import planted_apis
import planted_around
import planted_compute
import planted_look
import planted_platform
import planted_workloads
import planted_table

SEVERITIES = ("BLOCKER", "HIGH", "MEDIUM", "LOW", "INFO")


def named(finding):
    thing = finding.get("object")
    if not thing:
        return CLUSTER
    if thing.get("kind"):
        return f"{thing['kind']}:{thing.get('namespace', '')}/{thing.get('name', '')}"
    if ":cluster/" in thing.get("arn", ""):
        return CLUSTER
    return "aws:" + (thing.get("arn") or thing.get("name") or "")


def assess(agent, world, folder):
    config = folder.with_suffix(".yaml")
    config.write_text(json.dumps({"cluster": world.cluster, "region": world.region, **world.config}))
    words = [agent, "assess", "--config", str(config), "--cluster", world.cluster, "--to", f"1.{world.to}", "--from", str(folder), "-o", "json"]
    if world.strategy:
        words += ["--strategy", world.strategy]
    run = subprocess.run(words, capture_output=True, text=True, timeout=120)
    if run.returncode not in (0, 10, 11, 12):
        raise RuntimeError(f"exit {run.returncode}: {run.stderr[-400:]} {run.stdout[-400:]}")
    return json.loads(run.stdout)


def plant(seed, only, count):
    """A cluster, with some of the plants that can grow in it."""
    rng = random.Random(f"plants {seed}")
    wanted = [one for one in planted_table.PLANTS if not only or one.check in only]
    chosen = []
    if only:
        chosen = rng.sample(wanted, min(len(wanted), max(1, count)))
    elif count:
        chosen = rng.sample(wanted, min(len(wanted), rng.randint(max(1, count // 2), count)))
    hop = planted_table.hop_for(rng, chosen)
    world = healthy(seed, hop)
    world.plant_rng = rng
    neighbours(world)
    if world.to < world.frm:
        planted_table.backwards(world)
    grown = []
    for one in chosen:
        if not one.fits(world):
            continue
        before = len(world.expected)
        if one.grow(world) is not False:
            grown.append(one)
        else:
            del world.expected[before:]
    render(world)
    by_other_hands(world)
    return world, grown


def one_seed(arguments):
    agent, directory, seed, only, count, keep = arguments
    folder = pathlib.Path(directory) / f"seed-{seed}"
    result = {"seed": seed, "missed": [], "false": [], "high": [], "found": [], "planted": [], "wrong": None}
    try:
        world, grown = plant(seed, only, count)
        result["planted"] = [one.name for one in grown]
        world.write(folder)
        judge(world, assess(agent, world, folder), result)
    except Exception as problem:  # noqa: BLE001: whatever it is, this seed failed, and says by what
        result["wrong"] = f"{type(problem).__name__}: {problem}"
    if not keep and not result["missed"] and not result["false"] and not result["wrong"]:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".yaml").unlink(missing_ok=True)
    return result


def judge(world, document, result):
    findings = [one for one in document["findings"] if one["status"] == "finding"]
    unknown = {one["id"]: one.get("reason", "") for one in document["findings"] if one["status"] == "unknown"}
    told = {(one["id"], named(one)): one for one in findings}
    explained = set()
    for check, severity, objects in world.expected:
        things = objects or [thing for other, thing in told if other == check]
        seen = [told[check, thing] for thing in things if (check, thing) in told]
        explained.update((check, thing) for thing in things)
        if any(one["severity"] == severity for one in seen):
            result["found"].append(check)
        else:
            others = [f"{named(one)} {one['severity']}" for one in findings if one["id"] == check]
            why = f"severity {seen[0]['severity']}" if seen else f"unknown: {unknown[check]}" if check in unknown else f"told instead: {others[:4]}"
            result["missed"].append(f"{check} {severity} {objects[0] if objects else 'anything'}: {why}")
    for check, objects in world.consequences:
        explained.update((check, thing) for thing in objects or [thing for other, thing in told if other == check])
    for key, one in told.items():
        if key not in explained and one["severity"] in ("BLOCKER", "HIGH"):
            result["false" if one["severity"] == "BLOCKER" else "high"].append(f"{one['id']} {key[1]}: {one['message']}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("agent")
    parser.add_argument("directory")
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--plants", type=int, default=14)
    parser.add_argument("--base", action="store_true", help="plant nothing")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    jobs = [(options.agent, options.directory, seed, options.only, 0 if options.base else options.plants, options.keep)
            for seed in range(options.first, options.first + options.runs)]
    with concurrent.futures.ProcessPoolExecutor(options.workers) as pool:
        results = list(pool.map(one_seed, jobs, chunksize=4))
    report(options, results)


def report(options, results):
    known = {line.split()[0] for line in subprocess.run([options.agent, "assess", "--list-checks"], capture_output=True, text=True, check=True).stdout.splitlines() if line}
    has = {one.check for one in planted_table.PLANTS}
    found = collections.Counter(check for one in results for check in one["found"])
    missed = [(one["seed"], text) for one in results for text in one["missed"]]
    wrong = [(one["seed"], one["wrong"]) for one in results if one["wrong"]]
    false = [(one["seed"], text) for one in results for text in one["false"]]
    high = collections.Counter(text.split()[0] for one in results for text in one["high"])
    for what, list_ in (("NOT FOUND", missed), ("FALSE BLOCKER", false), ("BROKEN", wrong)):
        for seed, text in list_[:60]:
            print(f"{what} seed {seed}: {text}"[:420], file=sys.stderr)
    print(f"checks with a plant ({len(has)}): {' '.join(sorted(has))}")
    print(f"checks without one ({len(known - has)}): {' '.join(sorted(known - has))}")
    if not options.base:
        never = sorted(has - set(found) - {text.split()[0] for _, text in missed})
        print(f"not planted this time ({len(never)}): {' '.join(never)}")
    for check, n in high.most_common():
        example = next(text for one in results for text in one["high"] if text.startswith(check + " "))
        print(f"HIGH and not planted: {n:4d} {example}"[:240])
    n, total = sum(found.values()), sum(found.values()) + len(missed)
    print(f"planted {total}, found {n} ({100 * n / max(1, total):.2f} %), false blockers {len(false)} in {len(results)} clusters, seeds {options.first}–{options.first + len(results) - 1}")
    bad = sum(bool(one["missed"] or one["false"] or one["wrong"]) for one in results)
    print(f"{len(results) - bad} passed, {bad} failed")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
