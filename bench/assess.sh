#!/bin/sh
# assess of 1,000 nodes and 30,000 pods: behind `sim serve`, beside curl fetching the same lists, and from the folder
# that --save wrote, beside cat of it; its parts apart; pluto and kubent where they are on PATH. Prints rows for
# scripts/dev/bench.sh.
build=$1
agent=$PWD/$build/eks-upgrade-agent
work=$(mktemp -d "$PWD/$build/assess.XXXXXX")
server= api= eks=
finish() {
	for one in $server $api $eks; do kill "$one" 2>/dev/null; done
	wait
	rm -rf "$work"
}
trap finish EXIT INT TERM

row() { # NAME OURS PEER RATIO GOAL MET
	printf '%-44s %14s %14s %8s  %-18s %s\n' "$1" "$2" "$3" "$4" "$5" "$6"
}
at_most() { echo "$1 $2" | awk '{ print ($1 <= $2 ? "yes" : "NO") }'; }
ratio() { echo "$1 $2" | awk '{ printf "%.2f", ($2 > 0 ? $1 / $2 : 0) }'; }

# turn NAME COMMAND…: one more run, its seconds and memory noted under the name
turn() {
	name=$1
	shift
	/usr/bin/time -q -f '%e %M' -a -o "$work/$name.time" "$@" >/dev/null 2>"$work/$name.err"
}
# best NAME: seconds of the best run, and the most memory in MiB
best() { sort -n "$work/$1.time" | awk 'NR == 1 { s = $1 } $2 > m { m = $2 } END { printf "%s %.1f", s, m / 1024 }'; }

open_world() {
	"$agent" sim serve --cluster large --kubeconfig-out "$work/kubeconfig" -o json >"$work/ready" &
	server=$!
	while [ ! -s "$work/ready" ] && kill -0 $server 2>/dev/null; do sleep 0.1; done
	url=$(grep -o '"endpoint_url": *"[^"]*"' "$work/ready" | cut -d'"' -f4)
	cluster=$url/clusters/shop
	[ -n "$url" ] || exit 1
}
# pages LIST: the addresses of its pages, as curl's -K reads them; the world stands still, so they stay good
pages() {
	next=
	while :; do
		page="$cluster$1?limit=500${next:+&continue=$next}"
		printf 'url = "%s"\noutput = /dev/null\n' "$page" >>"$work/pages"
		curl -s "$page" | head -c 4096 >"$work/head"
		next=$(grep -o '"continue": *"[^"]*"' "$work/head" | cut -d'"' -f4)
		[ -n "$next" ] || break
	done
}
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
open_world
live="--cluster shop --region us-east-1 --to 1.35 --endpoint-url $url --kubeconfig $work/kubeconfig -o json"
"$agent" assess $live --save "$work/saved/" >"$work/assessment" 2>&1
grep -q '"ready": ' "$work/assessment" || exit 1
set -- $("$build/bench/bench_assess" "$work/saved")
[ $# = 5 ] || exit 1
nodes=$1 pods=$2 reading=$3 drain=$4 checks=$5
for list in /api/v1/pods /api/v1/nodes /apis/apps/v1/deployments /apis/apps/v1/replicasets /apis/apps/v1/statefulsets \
	/apis/storage.k8s.io/v1/csinodes /apis/coordination.k8s.io/v1/leases /apis/discovery.k8s.io/v1/endpointslices \
	/api/v1/services /apis/policy/v1/poddisruptionbudgets; do
	pages $list
done
bytes=$(curl -fsS -K "$work/pages" -w '%{size_download}\n' | awk '{ n += $1 } END { printf "%.0f", n / 1e6 }')
for _ in 1 2 3 4 5; do # by turns, so that what else the machine does meets both
	turn curl curl -fsS -K "$work/pages"
	turn live "$agent" assess $live
	turn cat cat "$work/saved/kubernetes.json"
	turn saved "$agent" assess --from "$work/saved" --to 1.35 -o json
done
set -- $(best live) $(best curl)
row "assess $nodes nodes, $pods pods (s; peer curl, $bytes MB)" "$1" "$3" "$(ratio "$1" "$3")" "≤ 1.3 × curl" \
	"$(at_most "$(ratio "$1" "$3")" 1.3)"
row "  its memory (MiB)" "$2" "$4" "-" "≤ 32 MiB" "$(at_most "$2" 32)"
ours=$1
set -- $(best saved) $(best cat)
row "  from the saved folder (s; peer cat)" "$1" "$3" "$(ratio "$1" "$3")" "-" "-"
row "  its memory (MiB)" "$2" "$4" "-" "≤ 32 MiB" "$(at_most "$2" 32)"
row "  reading it (ms)" "$reading" "-" "-" "-" "-"
row "  drain prediction alone (ms)" "$drain" "-" "-" "< 1000 ms" "$(at_most "$drain" 999)"
row "  all checks but that (ms)" "$checks" "-" "-" "< 200 ms" "$(at_most "$checks" 199)"

# A server that makes its JSON takes most of the time: then it is asked no more than curl asks it.
here=$PWD/tests/programs
. "$here/apiserver_tool.sh"
if need_apiserver bench; then
	"$apiserver" --write-kubeconfig "$work/made" --load-generated nodes=1000,pods=30000,namespaces=50 --controllers=false \
		--audit "$work/journal" >"$work/apiserver.log" 2>&1 &
	api=$!
	while [ ! -s "$work/made" ] && kill -0 $api 2>/dev/null; do sleep 0.2; done
	python3 bench/assess_server.py eks "$work/made" >"$work/port" &
	eks=$!
	while [ ! -s "$work/port" ] && kill -0 $eks 2>/dev/null; do sleep 0.1; done
	made="--cluster shop --region us-east-1 --to 1.34 --endpoint-url http://127.0.0.1:$(cat "$work/port") --kubeconfig $work/made -o json"
	before=$(wc -l <"$work/journal")
	"$agent" assess $made >"$work/assessment" 2>&1
	sleep 1 # the journal is written a little later
	tail -n +$((before + 1)) "$work/journal" >"$work/asked"
	python3 bench/assess_server.py pages "$work/made" "$work/asked" "$work/ca.pem" >"$work/pages"
	for _ in 1 2 3; do
		turn made-curl curl -sS -K "$work/pages"
		turn made "$agent" assess $made
	done
	set -- $(best made) $(best made-curl)
	grep -q '"ready": ' "$work/assessment" || set -- 999 999 "$3" "$4"
	row "assess 30,000 pods, the server makes them (s; curl)" "$1" "$3" "$(ratio "$1" "$3")" "≤ 1.3 × curl" \
		"$(at_most "$(ratio "$1" "$3")" 1.3)"
	row "  its memory (MiB)" "$2" "$4" "-" "≤ 32 MiB" "$(at_most "$2" 32)"
	kill $api $eks
	wait $api $eks
	api= eks=
fi
for peer in pluto kubent; do
	if ! command -v $peer >/dev/null; then
		row "  beside $peer" "$ours" "-" "-" "not on PATH" "-"
		continue
	fi
	case $peer in
	pluto) turn pluto pluto detect-all-in-cluster --kubeconfig "$work/kubeconfig" -o json --target-versions k8s=v1.35.0 ;;
	kubent) turn kubent kubent --kubeconfig "$work/kubeconfig" --target-version 1.35.0 -o json ;;
	esac
	set -- $(best $peer)
	row "  beside $peer" "$ours" "$1" "$(ratio "$ours" "$1")" "faster" "$(at_most "$ours" "$1")"
done
