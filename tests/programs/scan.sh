#!/bin/sh
# scan: labelled truth over every line of the life-cycle tables, and cases of fields, templates, hostile input, exits.
# usage: EUA_BUILD=DIRECTORY tests/programs/scan.sh [MINOR…]      MINOR: targets of the truth (default 37)
set -u
build=${EUA_BUILD:?}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
python3 "$here/scan_cases.py" "$build/eks-upgrade-agent" "$work/cases" >"$work/tally"
python3 "$here/scan_truth.py" "$build/eks-upgrade-agent" "$work/truth" "$@" >>"$work/tally"
awk '{ passed += $1; failed += $3 } END { if (NR < 2) failed++; printf "%d passed, %d failed\n", passed, failed; exit failed > 0 }' "$work/tally"
