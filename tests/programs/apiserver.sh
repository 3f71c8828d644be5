#!/bin/sh
# Our client against a real API server, beside kubectl on the same server: every verb, every fault, and the server's
# journal of what we asked.
# usage: EUA_BUILD=DIRECTORY tests/programs/apiserver.sh [PART…]
set -u
build=${EUA_BUILD:?}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/apiserver_tool.sh"
skipped() { # the server's sources come from beside the project, which a clone alone does not have
	echo '0 passed, 0 failed, 1 skipped'
	exit 0
}
command -v kubectl >/dev/null || { echo 'apiserver: skipped: needs kubectl' >&2; skipped; }
need_apiserver apiserver || skipped
. "$here/venv.sh"
need_python apiserver kubernetes || exit 0
PYTHONDONTWRITEBYTECODE=1 exec "$python" "$here/apiserver.py" "$build" "$apiserver" "$@"
