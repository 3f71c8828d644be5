#!/bin/sh
# assess --from: trouble planted at random into healthy clusters is found, with its severity and on its object, and
# nothing else blocks.
# usage: EUA_BUILD=DIRECTORY tests/programs/planted.sh [--runs N] [--from SEED] [--only CHECK,…] [--keep]
set -u
build=${EUA_BUILD:?}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$here/planted.py" "$build/eks-upgrade-agent" "$work" "$@"
