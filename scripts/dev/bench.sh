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
mean_ms() { # TIMES PROGRAM…: milliseconds, the mean
	times=$1 start=$(date +%s%N)
	shift
	for _ in $(seq "$times"); do
		"$@" >/dev/null 2>&1
	done
	echo "$start $(date +%s%N) $times" | awk '{ printf "%.2f", ($2 - $1) / $3 / 1e6 }'
}
met() { # VALUE LIMIT at-most|at-least
	echo "$1 $2 $3" | awk '{ ok = $3 == "at-most" ? $1 <= $2 : $1 >= $2; print ok ? "yes" : "NO" }'
}
ratio() { echo "$1 $2" | awk '{ printf "%.2f", ($2 > 0 ? $1 / $2 : 0) }'; }

echo "machine: $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | sed 's/^ *//'), $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), $(uname -r)"
row name ours peer ratio goal met

start_up() { # NAME COMMAND…: beside curl --version
	name=$1
	shift
	set -- "$(mean_ms 50 "$@")" "$(mean_ms 50 curl --version)"
	row "$name (ms; peer curl --version)" "$1" "$2" "$(ratio "$1" "$2")" "≤ 1.5 × curl" "$(met "$(ratio "$1" "$2")" 1.5 at-most)"
}
start_up 'start-up, version' "$agent" version
"$build/bench/bench_records" "$work/records.db" 500
start_up 'status of 500 records' "$agent" status --journal "$work/records.db"
version=$(mean_ms 50 "$agent" version)
for peer in 'aws --version' 'terraform version'; do
	command -v "${peer%% *}" >/dev/null || continue
	theirs=$(mean_ms 5 env CHECKPOINT_DISABLE=1 $peer)
	row "version (ms; peer $peer)" "$version" "$theirs" "$(ratio "$version" "$theirs")" - -
done

if [ -x "$build/bench/bench_json" ]; then
	set -- $("$build/bench/bench_json")
	row "JSON list into structs (GB/s; peer yajl)" "$1" "$2" "$(ratio "$1" "$2")" "≥ 2 GB/s, ≥ 4 ×" \
		"$([ "$(met "$1" 2 at-least)$(met "$(ratio "$1" "$2")" 4 at-least)" = yesyes ] && echo yes || echo NO)"
fi
set -- $("$build/bench/bench_journal" "$work")
row "journal append (ms; peer write + fsync)" "$1" "$2" "$(ratio "$1" "$2")" "≤ 2 ×" "$(met "$(ratio "$1" "$2")" 2 at-most)"

rate=$("$build/bench/bench_rehearse" 100)
row "whole upgrades, 40 nodes, in one process (/s)" "$rate" "-" "-" "≥ 200" "$(met "$rate" 200 at-least)"

set -- $( { /usr/bin/time -f '%e %M' "$agent" rehearse --cluster large --seed 1 -o json >/dev/null; } 2>&1 | tail -n 1)
row "1000 nodes, 30,000 pods rehearsed (s)" "$1" "-" "-" "≤ 10 s" "$(met "$1" 10 at-most)"
row "  its memory (MB)" "$(($2 / 1024))" "-" "-" "≤ 200 MB" "$(met "$(($2 / 1024))" 200 at-most)"

strip -o "$work/stripped" "$agent"
size=$(stat -c %s "$work/stripped")
row "binary, stripped (MB)" "$(echo "$size" | awk '{ printf "%.2f", $1 / 1048576 }')" "-" "-" "≤ 5 MB" "$(met "$size" 5242880 at-most)"
for more in bench/*.sh; do
	[ -x "$more" ] && "$more" "$build" </dev/null
done
exit 0
