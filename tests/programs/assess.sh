#!/bin/sh
# assess, live: against the simulator's doors, with each answer taken away in turn, and its AWS part against moto.
# usage: EUA_BUILD=DIRECTORY tests/programs/assess.sh
set -u
build=${EUA_BUILD:?}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$here/assess_live.py" "$build/eks-upgrade-agent" "$here/../../examples/sim.yaml" "$work/live" >"$work/tally"
python3 "$here/assess_taken.py" "$build/eks-upgrade-agent" "$here/../../examples/sim.yaml" "$work/taken" >>"$work/tally"
. "$here/venv.sh"
if need_python assess 'moto[server]' boto3 >"$work/skipped"; then
	"$python" "$here/assess_moto.py" "$build/eks-upgrade-agent" "$work/moto" >>"$work/tally" 2>"$work/err"
	grep -v '^127.0.0.1 - - ' "$work/err" | tail -n 20 >&2
else
	echo "0 passed, 0 failed, 1 skipped" >>"$work/tally"
fi
awk '/passed, .* failed/ { passed += $1; failed += $3; skipped += $5; n++ } END { if (n < 3) failed++; printf "%d passed, %d failed%s\n", passed, failed, skipped ? ", " skipped " skipped" : ""; exit failed > 0 }' "$work/tally"
