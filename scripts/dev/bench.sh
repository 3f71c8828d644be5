#!/bin/sh
# Speed and size, each beside a peer in the same run: name, ours, peer, ratio, goal, met. Further lines: an executable
# bench/*.sh that prints lines of the same form.
set -u
build=$1
agent=$build/eks-upgrade-agent
work=$(mktemp -d "${PWD}/$build/bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

row() { # NAME OURS PEER RATIO GOAL MET
	printf '%-44s %14s %14s %8s  %-18s %s\n' "$1" "$2" "$3" "$4" "$5" "$6"
}
mean_ms() { # PROGRAM…: milliseconds, mean of 50
	start=$(date +%s%N)
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50; do
		"$@" >/dev/null 2>&1
	done
	echo "$start $(date +%s%N)" | awk '{ printf "%.2f", ($2 - $1) / 50e6 }'
}
met() { # VALUE LIMIT at-most|at-least
	echo "$1 $2 $3" | awk '{ ok = $3 == "at-most" ? $1 <= $2 : $1 >= $2; print ok ? "yes" : "NO" }'
}
ratio() { echo "$1 $2" | awk '{ printf "%.2f", ($2 > 0 ? $1 / $2 : 0) }'; }

echo "machine: $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | sed 's/^ *//'), $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), $(uname -r)"
row name ours peer ratio goal met

version=$(mean_ms "$agent" version) curl=$(mean_ms curl --version)
row "start-up, version (ms; peer curl --version)" "$version" "$curl" "$(ratio "$version" "$curl")" "≤ 1.5 × curl" "$(met "$(ratio "$version" "$curl")" 1.5 at-most)"

if [ -x "$build/bench/bench_json" ]; then
	set -- $("$build/bench/bench_json")
	row "JSON list into structs (GB/s; peer yajl)" "$1" "$2" "$(ratio "$1" "$2")" "≥ 2 GB/s, ≥ 4 ×" "$(met "$1" 2 at-least)"
fi
set -- $("$build/bench/bench_journal" "$work")
row "journal append (ms; peer write + fsync)" "$1" "$2" "$(ratio "$1" "$2")" "≤ 2 ×" "$(met "$(ratio "$1" "$2")" 2 at-most)"

start=$(date +%s%N)
for seed in 1 2 3 4 5 6 7 8 9 10; do "$agent" rehearse --seed $seed -o json >/dev/null; done
rate=$(echo "$start $(date +%s%N)" | awk '{ printf "%.1f", 10e9 / ($2 - $1) }')
row "whole upgrades, 40 nodes (a second, one core)" "$rate" "-" "-" "≥ 200" "$(met "$rate" 200 at-least)"

set -- $( { /usr/bin/time -f '%e %M' "$agent" rehearse --cluster large --seed 1 -o json >/dev/null; } 2>&1 | tail -n 1)
row "1000 nodes, 30,000 pods rehearsed (s)" "$1" "-" "-" "≤ 10 s" "$(met "$1" 10 at-most)"
row "  its memory (MB)" "$(($2 / 1024))" "-" "-" "≤ 200 MB" "$(met "$(($2 / 1024))" 200 at-most)"

strip -o "$work/stripped" "$agent"
size=$(stat -c %s "$work/stripped")
row "binary, stripped (MB)" "$(echo "$size" | awk '{ printf "%.2f", $1 / 1048576 }')" "-" "-" "≤ 5 MB" "$(met "$size" 5242880 at-most)"
for more in bench/*.sh; do
	[ -x "$more" ] && "$more" "$build"
done
exit 0
