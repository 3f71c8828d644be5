#!/bin/sh
# Every call of ours that moto has, beside the aws command line's answer to the same call in the same world.
# usage: EUA_BUILD=DIRECTORY tests/programs/moto.sh [SERVICE…]
set -u
build=${EUA_BUILD:?}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/venv.sh"
need_python moto 'moto[server]' boto3 || exit 0
packages=$python
environment=venv-awscli requirements=requirements-awscli.txt
need_python moto awscli || exit 0
cli=$python
work=$(mktemp -d)
. "$here/processes.sh"
at_end 'rm -rf "$work"'
"$packages" "$here/moto_walk.py" "$build/eks-upgrade-agent" "$cli" "$work" "$@" 2>"$work/err" || { grep -v '^127.0.0.1 - - ' "$work/err" | tail -n 5 >&2; exit 1; }
