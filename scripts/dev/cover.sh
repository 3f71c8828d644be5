#!/bin/sh
# Coverage of src/ by line, generated tables apart: all unit tests, then the programs below on the instrumented binary.
# Long ones run with small counts; those that only repeat ways of others (contract, networks, moto, planted …) or build
# programs of their own (fuzz, install) are left out. What is killed by kill -9 writes nothing down: that is as it is.
# usage: cover.sh [PROGRAM…]      PROGRAM: these instead of the ones below; "unit" is always run
set -eu
cd "$(dirname "$0")/../.."
build=build-cover
goal=90
programs='assess badinput doors notes scan secrets signin loop kill:--every:401 sim:--runs:20 drain:--runs:20 docs'
[ $# -eq 0 ] || programs=$*

export CC=gcc # what ccache keeps does not fit together: its notes are of another compilation than its objects
[ -f $build/build.ninja ] || meson setup $build -Db_coverage=true -Doptimization=0 >/dev/null
ninja -C $build --quiet
find $build -name '*.gcda' -delete
failed=0
for program in unit $programs; do
	began=$(date +%s)
	scripts/dev/test.sh $build $(echo "$program" | tr : ' ') >$build/cover.log 2>&1 || failed=$((failed + 1))
	printf '%-24s %5d s  %s\n' "$program" $(($(date +%s) - began)) "$(tail -n 1 $build/cover.log)"
done
gcovr -r . -j "$(nproc)" --object-directory $build --filter src/ --exclude '.*_data\.c' \
	--json-summary $build/coverage.json $build >$build/cover.log 2>&1 || { tail -n 20 $build/cover.log; exit 1; }
python3 scripts/dev/cover.py $build/coverage.json $goal || failed=$((failed + 1))
[ "$failed" -eq 0 ]
