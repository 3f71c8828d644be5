#!/bin/sh
# Runs tests of a build directory and ends with "N passed, N failed". WHAT: nothing for all, "unit" for the C programs,
# a floor's name (base, codec …), or a script of tests/programs by its name.
set -u
build=$1
shift
export EUA_BUILD="$PWD/$build"
log=$build/test-results
mkdir -p "$log"
rm -f "$log"/*.tally

unit() { # FLOOR…
	meson test -C "$build" --no-rebuild --num-processes "$(nproc)" ${1:+--suite "$1"} --print-errorlogs >"$log/unit.log" 2>&1
	status=$?
	python3 scripts/dev/tally.py "$build/meson-logs/testlog.json" "$status" >"$log/unit-${1:-all}.tally" || cat "$log/unit.log"
	[ "$status" -eq 0 ] || sed -n '/FAIL\|not ok\|ERROR/p' "$log/unit.log" | head -n 80
}

. tests/programs/processes.sh
unset TEST_MARK # each script has its own

# What a script started and did not end: told, ended, and a failure of the script.
left_behind() { # NAME
	for patience in 1 2 3 4 5 6 7 8 9 10; do
		left=$(bearers "TEST_RUN=$TEST_RUN")
		[ -n "$left" ] || return 0
		sleep 0.3
	done
	echo "$1 left processes behind:"
	for pid in $left; do
		tr '\0' ' ' <"/proc/$pid/cmdline" | sed "s/^/  $pid /"
		echo
	done
	kill -9 $left
	echo "0 passed, 1 failed" >"$log/$1-left.tally"
}

program() { # SCRIPT ARGS…: prints its own lines, the last is "N passed, N failed[, N skipped]"
	name=$(basename "$1" .sh)
	shift
	echo "== $name"
	TEST_RUN=$name.$$.$(date +%s%N)
	TEST_RUN=$TEST_RUN "tests/programs/$name.sh" "$@" 2>&1 | tee "$log/$name.log"
	tail -n 1 "$log/$name.log" | grep -E '^[0-9]+ passed, [0-9]+ failed' >"$log/$name.tally" ||
		echo "0 passed, 1 failed" >"$log/$name.tally"
	left_behind "$name"
}

if [ $# -eq 0 ]; then
	unit
	for script in tests/programs/*.sh; do
		[ -x "$script" ] && program "$script"
	done
else
	what=$1
	shift
	if [ "$what" = unit ]; then
		unit
	elif [ -e "tests/programs/$what.sh" ]; then
		program "$what" "$@"
	elif [ -d "tests/$what" ]; then
		unit "$what"
	else
		echo "no tests called \"$what\"; there are: unit $(for s in tests/programs/*.sh; do [ -x "$s" ] && basename "$s" .sh; done | tr '\n' ' ')$(ls -d tests/*/ | xargs -n1 basename | tr '\n' ' ')" >&2
		exit 2
	fi
fi

cat "$log"/*.tally | awk '{ passed += $1; failed += $3; if ($6 ~ /skipped/) skipped += $5 }
	END { if (skipped) printf "%d skipped (each says what it needs)\n", skipped
	      printf "%d passed, %d failed\n", passed, failed; exit failed > 0 || passed == 0 }'
