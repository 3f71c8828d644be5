"""Coverage by folder and the files with most lines that nothing runs, from gcovr's summary; exit 1 when below the goal.

usage: cover.py SUMMARY.json GOAL-IN-PERCENT
"""
import collections
import json
import sys

SHOWN = 25

with open(sys.argv[1], encoding="utf-8") as summary:
    report = json.load(summary)
goal = float(sys.argv[2])
folders = collections.defaultdict(lambda: [0, 0, 0])
for file in report["files"]:
    folder = folders[file["filename"].split("/")[1]]
    folder[0] += file["line_covered"]
    folder[1] += file["line_total"]
    folder[2] += 1


def row(name, covered, total, files):
    print(f"  {name:<14}{100 * covered / total:6.1f} %  {covered:6d} of {total:6d} lines, {files} files")


print("by folder:")
for name, counts in sorted(folders.items()):
    row(name, *counts)
print("most lines that nothing runs:")
for file in sorted(report["files"], key=lambda file: file["line_covered"] - file["line_total"])[:SHOWN]:
    print(f"  {file['line_total'] - file['line_covered']:6d}  {file['line_percent']:5.1f} %  {file['filename']}")
row("all", report["line_covered"], report["line_total"], len(report["files"]))
print(f"coverage: {report['line_percent']:.1f} % of lines, {report['function_percent']:.1f} % of functions"
      f" (goal: {goal:g} % of lines)")
sys.exit(report["line_percent"] < goal)
