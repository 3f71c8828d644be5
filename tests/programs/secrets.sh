#!/bin/sh
# Secrets are planted everywhere; nothing that comes out may hold one.
# usage: EUA_BUILD=DIRECTORY tests/programs/secrets.sh
set -u
build=${EUA_BUILD:?}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
. "$here/processes.sh"
at_end 'rm -rf "$work"'
PYTHONHASHSEED=1 python3 "$here/secrets_canaries.py" "$build/eks-upgrade-agent" "$work"
