#!/bin/sh
# Every fuzz target of tests/fuzz for SECONDS each; says how many runs it made and stops at the first crash.
set -eu
seconds=$1
[ -f build-fuzz/build.ninja ] || CC=clang meson setup build-fuzz -Db_sanitize=address,undefined -Db_lundef=false -Dfuzz=true >/dev/null
ninja -C build-fuzz >/dev/null
for target in build-fuzz/tests/fuzz/fuzz_*; do
	[ -x "$target" ] && [ -f "$target" ] || continue
	name=$(basename "$target")
	corpus=build-fuzz/corpus/$name
	mkdir -p "$corpus"
	echo "== $name"
	"$target" -max_total_time="$seconds" -print_final_stats=1 -rss_limit_mb=2048 "$corpus" "tests/fuzz/corpus/$name" 2>&1 | grep -E 'stat::|cov:|ERROR|SUMMARY' | tail -n 6
done
