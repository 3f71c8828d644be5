#!/bin/sh
# Coverage of all tests, by line.
set -eu
[ -f build-cover/build.ninja ] || meson setup build-cover -Db_coverage=true -Doptimization=0 >/dev/null
ninja -C build-cover >/dev/null
scripts/dev/test.sh build-cover | tail -n 1
gcovr -r . --object-directory build-cover --filter 'src/' --exclude 'src/aws/operations_data.c' --print-summary build-cover | tail -n 25
