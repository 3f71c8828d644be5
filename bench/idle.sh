#!/bin/sh
# The memory of an agent that waits in the middle of an upgrade (Terraform runs) against a simulator door, beside curl
# waiting for an answer of the same door. What is shared with others (pages of libraries) is told apart from what is its
# own. Prints rows for scripts/dev/bench.sh.
build=$PWD/$1
work=$(mktemp -d)
door= agent= peer=
finish() {
	for process in $agent $peer $door; do kill "$process" 2>/dev/null; done
	wait 2>/dev/null
	rm -rf "$work"
}
trap finish EXIT INT TERM
mb() { # PID own|all
	awk -v what="$2" '/^Private/ { own += $2 } /^Rss/ { all = $2 } END { printf "%.1f", (what == "own" ? own : all) / 1024 }' "/proc/$1/smaps_rollup"
}
row() { # NAME OURS PEER GOAL
	ratio=$(echo "$2 $3" | awk '{ printf "%.2f", ($2 > 0 ? $1 / $2 : 0) }')
	[ "$4" = - ] && met=- || met=$(echo "$2" | awk '{ print ($1 <= 10 ? "yes" : "NO") }')
	printf '%-44s %14s %14s %8s  %-18s %s\n' "$1" "$2" "$3" "$ratio" "$4" "$met"
}

cp -r examples "$work"
cd "$work" || exit 1
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
"$build/eks-upgrade-agent" sim serve --cluster shop --listen 127.0.0.1:0 --kubeconfig-out kubeconfig --speed 1 -o json >door.json &
door=$!
while ! grep -q 127.0.0.1 door.json 2>/dev/null; do kill -0 $door || exit 1; sleep 0.1; done
url=$(grep -o 'http://127.0.0.1:[0-9]*' door.json | head -n 1)
"$build/eks-upgrade-agent" upgrade --yes --config examples/sim.yaml --endpoint-url "$url" --kubeconfig kubeconfig >upgrade.out 2>&1 &
agent=$!
token=$(sed -n 's/.*token: *//p' kubeconfig)
curl -sN -H "Authorization: Bearer $token" "$url/clusters/shop/api/v1/pods?watch=true&resourceVersion=0" >/dev/null 2>&1 &
peer=$!
sleep 6
row 'agent idle, its own memory (MB; peer curl)' "$(mb $agent own)" "$(mb $peer own)" '≤ 10 MB'
row '  with pages of shared libraries (MB)' "$(mb $agent all)" "$(mb $peer all)" -
