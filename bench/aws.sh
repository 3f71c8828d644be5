#!/bin/sh
# 1000 EKS calls against a server of our own, beside boto3 and beside libcurl alone; signatures; the first call of a process.
# Prints rows for scripts/dev/bench.sh.
build=$1
bench=$build/bench/bench_aws
work=$(mktemp -d)
finish() {
	exec 9>&-
	wait
	rm -rf "$work"
}
trap finish EXIT INT TERM

row() { # NAME OURS PEER RATIO GOAL MET
	printf '%-44s %14s %14s %8s  %-18s %s\n' "$1" "$2" "$3" "$4" "$5" "$6"
}
at_most() { echo "$1 $2" | awk '{ print ($1 <= $2 ? "yes" : "NO") }'; }
at_least() { echo "$1 $2" | awk '{ print ($1 >= $2 ? "yes" : "NO") }'; }
ratio() { echo "$1 $2" | awk '{ printf "%.2f", ($2 > 0 ? $1 / $2 : 0) }'; }
best() { # FILE: the smallest number of it
	sort -n "$1" | head -n 1
}

mkfifo "$work/hold"
"$bench" serve <"$work/hold" >"$work/port" &
exec 9>"$work/hold"
while [ ! -s "$work/port" ]; do sleep 0.1; done
port=$(cat "$work/port")
for _ in 1 2 3 4 5 6 7; do
	"$bench" calls "$port" 1000 >>"$work/ours"
	"$bench" curl "$port" 1000 >>"$work/curl"
done
ours=$(best "$work/ours") curl=$(best "$work/curl")
here=$PWD/tests/programs
. "$here/venv.sh"
if need_python bench boto3 >/dev/null 2>&1; then
	boto3=$(AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b "$python" - "$port" <<-'END'
	import sys, time
	import boto3
	client = boto3.client("eks", endpoint_url="http://127.0.0.1:" + sys.argv[1], region_name="us-east-1")
	client.describe_cluster(name="shop")
	start = time.monotonic()
	for _ in range(1000):
	    client.describe_cluster(name="shop")
	print("%.3f" % (time.monotonic() - start))
	END
	)
	row "1000 EKS calls (s; peer boto3)" "$ours" "$boto3" "$(ratio "$boto3" "$ours")" "≥ 20 × faster" "$(at_least "$(ratio "$boto3" "$ours")" 20)"
fi
row "1000 EKS calls (s; peer bare libcurl)" "$ours" "$curl" "$(ratio "$ours" "$curl")" "≤ 1.5 × curl" "$(at_most "$(ratio "$ours" "$curl")" 1.5)"
signed=$("$bench" sign)
row "signatures (a second, one core)" "$signed" "-" "-" "≥ 150,000" "$(at_least "$signed" 150000)"

export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true HOME="$work"
for _ in 1 2 3 4 5 6 7 8 9 10; do
	start=$(date +%s%N)
	for _ in 1 2 3 4 5; do
		"$build/eks-upgrade-agent" call eks DescribeCluster '{"name":"shop"}' --endpoint-url "http://127.0.0.1:$port" >/dev/null
	done
	echo "$start $(date +%s%N)" | awk '{ printf "%.2f\n", ($2 - $1) / 5e6 }'
done >"$work/first"
first=$(best "$work/first")
row "first signed call from process start (ms)" "$first" "-" "-" "≤ 15 ms" "$(at_most "$first" 15)"
