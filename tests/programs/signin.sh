#!/bin/sh
# Signing in, beside those whose files, variables and flags we take: botocore (which the aws command line is made of) and
# kubectl. Each odd profile and kubeconfig is given to both; both ask the same server, which tells whom it saw.
# usage: EUA_BUILD=DIRECTORY tests/programs/signin.sh [CASE…]
set -u
build=${EUA_BUILD:?}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/venv.sh"
need_python signin botocore || exit 0
for program in kubectl openssl; do
	command -v $program >/dev/null || {
		echo "signin: skipped: needs $program" >&2
		echo '0 passed, 0 failed, 1 skipped'
		exit 0
	}
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PYTHONDONTWRITEBYTECODE=1 "$python" "$here/signin.py" "$build/eks-upgrade-agent" "$work" "$@"
