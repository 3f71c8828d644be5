#!/bin/sh
# Every fuzz target of tests/fuzz for SECONDS each, or one by its name; says how many runs it made, a second, and what
# it covers. What it finds is kept in build-fuzz/corpus, crashes beside it; ends badly when there was one.
# usage: scripts/dev/fuzz.sh SECONDS [TARGET…]
set -eu
seconds=$1
shift
[ -f build-fuzz/build.ninja ] || CC=clang meson setup build-fuzz -Db_sanitize=address,undefined -Db_lundef=false -Dfuzz=true >/dev/null
[ $# -gt 0 ] || set -- $(sed -n 's/.*\[\(.*\)$/\1/; s/\].*//; s/[^a-z_]/ /g; /fuzz_/p' tests/fuzz/meson.build | tr ' ' '\n' | grep '^fuzz_[a-z]*$' | sort -u)
ninja -C build-fuzz $(printf 'tests/fuzz/%s ' "$@") >build-fuzz/log || { tail -n 20 build-fuzz/log >&2; exit 1; }
status=0
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export LSAN_OPTIONS=suppressions=tests/fuzz/leaks.txt:print_suppressions=0
for name in "$@"; do
	corpus=build-fuzz/corpus/$name
	mkdir -p "$corpus"
	log=build-fuzz/$name.log
	if "build-fuzz/tests/fuzz/$name" -max_total_time="$seconds" -print_final_stats=1 -rss_limit_mb=2048 -timeout=20 -max_len=16384 \
		-artifact_prefix="build-fuzz/$name-" "$corpus" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
		verdict=ok
	else
		verdict=CRASH status=1
		grep -E 'ERROR|SUMMARY|Test unit written|runtime error' "$log" >&2 || tail -n 5 "$log" >&2
	fi
	awk -v name="$name" -v verdict=$verdict '/ cov: / { for (i = 1; i < NF; i++) { if ($i == "cov:") cov = $(i + 1); if ($i == "ft:") ft = $(i + 1); if ($i == "corp:") corp = $(i + 1) } }
		/stat::number_of_executed_units/ { runs = $2 } /stat::average_exec_per_sec/ { rate = $2 }
		END { printf "%-16s %-6s %10d runs %8d/s   edges %d   features %d   corpus %s\n", name, verdict, runs, rate, cov, ft, corp }' "$log"
done
exit $status
