#!/bin/sh
# Calls over the worst of networks: whatever happens, what changes something is done once, not done, or told as unknown.
# usage: EUA_BUILD=DIRECTORY tests/programs/networks.sh [CALLS [SEED]]
set -u
build=${EUA_BUILD:?}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
. "$here/processes.sh"
at_end 'rm -rf "$work"'
python3 "$here/networks.py" "$build/tests/aws_caller" "$work" "$@"
