#!/bin/sh
# Contracts with others' code: every AWS call against botocore's models, our signatures against its signer, our retries,
# endpoints and configuration files against its own.
# usage: EUA_BUILD=DIRECTORY tests/programs/contract.sh [CASES_A_ROW] [SIGNATURES] [SEED]
set -u
build=${EUA_BUILD:?}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/venv.sh"
need_python contract botocore || exit 0
sum=$(mktemp)
trap 'rm -f "$sum"' EXIT
"$python" "$here/contract_wire.py" "$build/tests/aws_wire_speaker" "${1:-25}" "${2:-10000}" "${3:-1}" | tee "$sum.wire"
"$python" "$here/contract_rules.py" "$build/tests/aws_wire_speaker" "${3:-1}" | tee "$sum.rules"
"$python" "$here/../aws/vectors_sigv4.py" --check | tee "$sum.vectors"
cat "$sum.wire" "$sum.rules" "$sum.vectors" >"$sum"
rm -f "$sum.wire" "$sum.rules" "$sum.vectors"
awk '/^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3; parts++ }
	END { if (parts < 3) failed++; printf "%d passed, %d failed\n", passed, failed; exit failed > 0 }' "$sum"
