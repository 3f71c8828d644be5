#!/bin/sh
# Lists of pods from a static server, beside curl reading the same pages to nowhere; and from the API server of
# ../shared/tools/apiserver, where that is. Prints rows for scripts/dev/bench.sh.
build=$1
work=$(mktemp -d)
holder=
finish() {
	[ -z "$holder" ] || exec 9>&-
	[ -z "$api" ] || kill "$api" 2>/dev/null
	wait
	rm -rf "$work"
}
api=
trap finish EXIT INT TERM

row() { # NAME OURS PEER RATIO GOAL MET
	printf '%-44s %14s %14s %8s  %-18s %s\n' "$1" "$2" "$3" "$4" "$5" "$6"
}
at_most() { echo "$1 $2" | awk '{ print ($1 <= $2 ? "yes" : "NO") }'; }
ratio() { echo "$1 $2" | awk '{ printf "%.2f", ($2 > 0 ? $1 / $2 : 0) }'; }

open_static() { # PODS MIN MAX [ignore-limit]
	mkfifo "$work/hold"
	"$build/bench/bench_pods_server" "$@" <"$work/hold" >"$work/port" &
	exec 9>"$work/hold"
	holder=yes
	while [ ! -s "$work/port" ]; do sleep 0.1; done
	server=http://127.0.0.1:$(cat "$work/port")
	printf '%s\n' 'apiVersion: v1' 'kind: Config' 'current-context: a' 'contexts: [{name: a, context: {cluster: a, user: a}}]' \
		"clusters: [{name: a, cluster: {server: \"$server\"}}]" 'users: [{name: a, user: {token: t}}]' >"$work/kubeconfig"
	pages=$(($1 / 500))
	[ $# -lt 4 ] || pages=1
	page=0
	while [ $page -lt "$pages" ]; do
		printf 'url = %s/api/v1/pods?limit=500&continue=%s\noutput = /dev/null\n' "$server" $page
		page=$((page + 1))
	done >"$work/pages"
}
close_static() {
	exec 9>&-
	holder=
	wait
	rm -f "$work/hold" "$work/port"
}

# best NAMES COMMAND…: seconds of the best of five, and the most memory in MiB
best() {
	names=$1
	shift
	for _ in 1 2 3 4 5; do /usr/bin/time -f '%e %M' -a -o "$work/time" "$@" >"$names"; done
	sort -n "$work/time" | awk 'NR == 1 { s = $1 } $2 > m { m = $2 } END { printf "%s %.1f", s, m / 1024 }'
	rm -f "$work/time"
}
ours() { best "$work/names" "$build/eks-upgrade-agent" --kubeconfig "$work/kubeconfig" call kube list "$1"; }
theirs() { best /dev/null curl -sS -K "$work/pages"; }

from_static() { # NAME MEMORY SPEED PODS MIN MAX [ignore-limit]
	name=$1 memory=$2 speed=$3
	shift 3
	open_static "$@"
	set -- $(ours /api/v1/pods) $(theirs) "$(wc -l <"$work/names")" "$1"
	[ "$5" = "$6" ] || set -- 999 999 "$3" "$4"
	row "$name (s; peer curl)" "$1" "$3" "$(ratio "$1" "$3")" "≤ $speed × curl" "$(at_most "$(ratio "$1" "$3")" "$speed")"
	row "  its memory (MiB)" "$2" "$4" "$(ratio "$2" "$4")" "≤ $memory MiB" "$(at_most "$2" "$memory")"
	close_static
}

from_static 'list 30,000 pods, 5-9 KB, static' 16 2 30000 5000 9000
from_static '  the same, the server ignores limit' 16 2 30000 5000 9000 ignore-limit
from_static 'list 100,000 pods, 5-9 KB' 32 2 100000 5000 9000
from_static 'list 20,000 pods, 50 KB' 32 2 20000 50000 50000

# made_pages: every page's address of the list of all pods, as curl's -K reads them
made_pages() {
	value() { sed -n "s/^ *$1: *//p" "$work/kubeconfig" | tr -d '"' | head -n 1; }
	value certificate-authority-data | base64 -d >"$work/ca.pem"
	printf 'cacert = "%s"\nheader = "Authorization: Bearer %s"\n' "$work/ca.pem" "$(value token)" >"$work/pages"
	cp "$work/pages" "$work/access"
	next=
	while :; do
		page="$(value server)/api/v1/pods?limit=500${next:+&continue=$next}"
		printf 'url = "%s"\noutput = /dev/null\n' "$page" >>"$work/pages"
		curl -sS -K "$work/access" -o "$work/page" "$page" || exit 1
		next=$(head -c 4096 "$work/page" | grep -o '"continue": *"[^"]*"' | cut -d'"' -f4)
		[ -n "$next" ] || break
	done
}

here=$PWD/tests/programs
. "$here/apiserver_tool.sh"
if need_apiserver bench; then
	"$apiserver" --write-kubeconfig "$work/kubeconfig.new" --load-generated nodes=1000,pods=30000,namespaces=50 \
		--controllers=false >"$work/apiserver.log" 2>&1 &
	api=$!
	while [ ! -s "$work/kubeconfig.new" ] && kill -0 $api 2>/dev/null; do sleep 0.2; done
	mv "$work/kubeconfig.new" "$work/kubeconfig"
	made_pages
	set -- $(ours /api/v1/pods) $(theirs) "$(wc -l <"$work/names")"
	[ "$5" = 30000 ] || set -- 999 999 "$3" "$4"
	row 'list 30,000 pods, the server makes them (s; curl)' "$1" "$3" "$(ratio "$1" "$3")" "≤ 1.1 × curl" "$(at_most "$(ratio "$1" "$3")" 1.1)"
	row "  its memory (MiB)" "$2" "$4" "$(ratio "$2" "$4")" "≤ 16 MiB" "$(at_most "$2" 16)"
fi
