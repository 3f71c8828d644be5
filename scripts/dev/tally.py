"""Counts the TAP lines in meson's log: one line "N passed, N failed[, N skipped]". A program that died counts as failed."""
import json
import re
import sys

passed = failed = skipped = 0
with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        test = json.loads(line)
        out = test.get("stdout", "")
        good = len(re.findall(r"^ok \d+(?!.*# SKIP)", out, re.M))
        skip = len(re.findall(r"^ok \d+.*# SKIP", out, re.M))
        bad = len(re.findall(r"^not ok ", out, re.M))
        if test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL") and not bad:
            bad = 1
        passed, failed, skipped = passed + good, failed + bad, skipped + skip
if sys.argv[2] != "0" and not failed:
    failed = 1
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed else 0)
