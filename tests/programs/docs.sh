#!/bin/sh
# What people read is true: documents that the program writes are up to date, links lead somewhere, and each command that
# is shown has the flags that it is shown with.
# usage: EUA_BUILD=DIRECTORY tests/programs/docs.sh
set -u
build=${EUA_BUILD:?}
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scripts/dev/docs.sh "$build" "$work" || echo "not ok: ./dev docs"
exec python3 "$here/docs_check.py" "$build/eks-upgrade-agent" "$work"
