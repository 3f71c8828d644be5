#!/bin/sh
# Seeds: random clusters and random faults, invariants after every tick. --runs N (default 400), --from SEED (default 1).
runs=400 from=1
while [ $# -gt 1 ]; do
	case $1 in
	--runs) runs=$2 ;;
	--from) from=$2 ;;
	*) echo "sim: no flag \"$1\": --runs N, --from SEED" >&2; exit 2 ;;
	esac
	shift 2
done
workers=$(nproc)
each=$(((runs + workers - 1) / workers))
out=$(mktemp -d)
. "$(dirname "$0")/processes.sh"
at_end 'rm -rf "$out"'
for worker in $(seq 0 $((workers - 1))); do
	"$EUA_BUILD/tests/rehearsal/rehearsal_seeds" $((from + worker * each)) "$each" >"$out/$worker" 2>&1 &
done
wait
grep -h '^seed\|rror' "$out"/* | head -n 50
cat "$out"/* | awk '/passed, .* failed$/ { passed += $1; failed += $3; n++ } END { if (n < '"$workers"') failed++; printf "%d passed, %d failed\n", passed, failed; exit failed > 0 }'
