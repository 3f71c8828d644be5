#!/bin/sh
# Kill -9 at every outside call and every journal append of a run that completes and of one that is rolled back.
# --every N tries each N-th point (default 11, other points in turn by the day); --every 1 tries all.
every=11
[ "${1:-}" = --every ] && every=$2
memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}
work=$(mktemp -d "$memory/kill.XXXXXX")
. "$(dirname "$0")/processes.sh"
at_end 'rm -rf "$work"'
workers=$(nproc)
today=$(($(date +%s) / 86400 % every))
run() { # NAME [FAULT]
	name=$1
	shift
	for worker in $(seq 0 $((workers - 1))); do
		"$EUA_BUILD/tests/rehearsal/rehearsal_kill" "$work" $((1 + today + worker * every)) $((every * workers)) "$@" >"$work/$name.$worker" 2>&1 &
	done
	wait
	echo "$name: $(cat "$work/$name".* | awk '/passed, .* failed$/ { n += $1 + $3 } END { print n + 0 }') points"
	grep -h '^killed\|unkilled\|ended with' "$work/$name".* | head -n 20
}
run completed
run rolled-back 'green:5xx=8% after traffic=25%'
cat "$work"/*.[0-9]* | awk '/passed, .* failed$/ { passed += $1; failed += $3; n++ } END { if (n < 2 * '"$workers"') failed++; printf "%d passed, %d failed\n", passed, failed; exit failed > 0 }'
