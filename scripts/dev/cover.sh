#!/bin/sh
# Coverage of src/ by line, generated tables apart: all unit tests, then the programs below on the instrumented binary.
# Long ones run with small counts, and none longer than ten minutes; left out are those that repeat the ways of others
# (real, moto, networks, planted, apiserver, loop) or build programs of their own (fuzz). What is ended by kill -9 or
# _exit() writes nothing down: that is as it is.
# usage: cover.sh [PROGRAM[:ARGUMENT…]…]      these instead of the ones below; the unit tests always
set -eu
cd "$(dirname "$0")/../.."
build=build-cover
goal=90
programs='cli badinput doors notes scan assess signin secrets formats:20 contract:1:20 drain:--runs:20 sim:--runs:20
kill:--every:401 install docs'
[ $# -eq 0 ] || programs=$*

export CC=gcc # what ccache keeps does not fit together: its notes are of another compilation than its objects
mkdir -p $build
{ [ -f $build/build.ninja ] || meson setup $build -Db_coverage=true -Doptimization=0; } >$build/build.log 2>&1 &&
	ninja -C $build >>$build/build.log 2>&1 || { tail -n 20 $build/build.log; exit 1; }
export EUA_TEST_SPEED=40 # virtual deadlines must leave room for what is not optimised
find $build -name '*.gcda' -delete
failed=0
for program in unit $programs; do
	began=$(date +%s)
	timeout 600 scripts/dev/test.sh $build $(echo "$program" | tr : ' ') >$build/cover.log 2>&1 || failed=$((failed + 1))
	printf '%-20s %4d s  %s\n' "$program" $(($(date +%s) - began)) "$(tail -n 1 $build/cover.log)"
done
gcovr -r . -j "$(nproc)" --object-directory $build --filter src/ --exclude '.*_data\.c' \
	--json-summary $build/coverage.json $build >$build/cover.log 2>&1 || { tail -n 20 $build/cover.log; exit 1; }
python3 scripts/dev/cover.py $build/coverage.json $goal || failed=$((failed + 1))
[ "$failed" -eq 0 ]
