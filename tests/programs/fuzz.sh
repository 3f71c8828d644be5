#!/bin/sh
# A short run of every fuzz target from its corpus; `./dev fuzz SECONDS` runs longer.
# usage: EUA_BUILD=DIRECTORY tests/programs/fuzz.sh [SECONDS]
set -u
cd "$(dirname "$0")/../.." || exit 1
if ! command -v clang >/dev/null; then
	if [ -n "${CI:-}" ]; then
		echo 'fuzz: needs clang and libclang-rt-14-dev'
		echo '0 passed, 1 failed'
		exit 1
	fi
	echo 'fuzz: skipped: needs clang and libclang-rt-14-dev'
	echo '0 passed, 0 failed, 1 skipped'
	exit 0
fi
scripts/dev/fuzz.sh "${1:-3}" | awk '{ print } $2 == "ok" { passed++ } $2 == "CRASH" { failed++ }
	END { if (passed + failed < 10) failed++; printf "%d passed, %d failed\n", passed, failed; exit failed > 0 }'
