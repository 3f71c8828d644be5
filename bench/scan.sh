#!/bin/sh
# scan of 10,000 mixed manifests beside `cat` of the same files; pluto, kubent and kubeconform where they are on PATH.
# Prints rows for scripts/dev/bench.sh.
build=$1
work=$(mktemp -d "${PWD}/$build/scan.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM

row() { # NAME OURS PEER RATIO GOAL MET
	printf '%-44s %14s %14s %8s  %-18s %s\n' "$1" "$2" "$3" "$4" "$5" "$6"
}
at_most() { echo "$1 $2" | awk '{ print ($1 <= $2 ? "yes" : "NO") }'; }
ratio() { echo "$1 $2" | awk '{ printf "%.2f", ($2 > 0 ? $1 / $2 : 0) }'; }

# best COMMAND…: seconds of the best of seven, and the most memory in MiB
best() {
	for _ in 1 2 3 4 5 6 7; do /usr/bin/time -q -f '%e %M' -a -o "$work/time" "$@" >/dev/null 2>&1; done
	sort -n "$work/time" | awk 'NR == 1 { s = $1 } $2 > m { m = $2 } END { printf "%s %.1f", s, m / 1024 }'
	rm -f "$work/time"
}

python3 bench/scan_tree.py "$work/tree" >"$work/size" || exit 1
find "$work/tree" -type f | sort >"$work/files"
cat >"$work/cat.sh" <<-END
	exec xargs cat <"$work/files"
END
set -- $(best "$build/eks-upgrade-agent" scan "$work/tree" --to 1.36 -o json) $(best sh "$work/cat.sh")
row "scan $(cat "$work/size") (s; peer cat)" "$1" "$3" "$(ratio "$1" "$3")" "≤ 1.5 × cat" "$(at_most "$(ratio "$1" "$3")" 1.5)"
row "  its memory (MiB)" "$2" "$4" "-" "≤ 16 MiB" "$(at_most "$2" 16)"
ours=$1
for peer in pluto kubent kubeconform; do
	if ! command -v $peer >/dev/null; then
		row "  beside $peer" "$ours" "-" "-" "not on PATH" "-"
		continue
	fi
	case $peer in
	pluto) set -- $(best pluto detect-files -d "$work/tree" -o json --target-versions k8s=v1.36.0) ;;
	kubent) set -- $(best kubent --cluster=false --helm3=false -f "$work/tree" -o json) ;;
	kubeconform) set -- $(best kubeconform -ignore-missing-schemas "$work/tree") ;;
	esac
	row "  beside $peer" "$ours" "$1" "$(ratio "$ours" "$1")" "faster" "$(at_most "$ours" "$1")"
done
