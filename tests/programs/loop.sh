#!/bin/sh
# The whole loop by real programs against the doors of the simulator: terraform and the aws client make Green, kill -9 in the
# middle of an apply, the same command again, approvals, status, report; then a second run that is rolled back by hand.
set -u
agent=$EUA_BUILD/eks-upgrade-agent
for program in terraform aws; do
	command -v $program >/dev/null || { echo "skipped: needs $program on PATH"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
done
work=$(mktemp -d)
. "$(dirname "$0")/so.sh"
. "$(dirname "$0")/processes.sh"
at_end 'rm -rf "$work"'
cp -r examples "$work/"
cd "$work" || exit 1
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_EC2_METADATA_DISABLED=true AWS_PAGER=

serve() { # SPEED
	"$agent" sim serve --cluster shop --listen 127.0.0.1:0 --kubeconfig-out kubeconfig --speed "$1" -o json >serve.json 2>serve.err &
	server=$!
	for i in $(seq 50); do
		[ -s serve.json ] && [ -s kubeconfig ] && break
		sleep 0.2
	done
	url=$(jq -r .endpoint_url serve.json)
	given="--config examples/sim.yaml --endpoint-url $url --kubeconfig kubeconfig"
}

is() { # JQ-FILTER: true of the status
	[ "$("$agent" status $given -o json | jq -r "$1")" = true ]
}

stop() {
	kill $server 2>/dev/null
	wait $server 2>/dev/null
	rm -rf kubeconfig serve.json .eks-upgrade-agent examples/terraform/green/.terraform* plan.json
}

serve 60
so "doctor finds what it needs" "$agent" doctor $given
so "and tells the tools' versions" sh -c "$agent doctor $given -o json | jq -e '.[] | select(.id == \"tool-terraform\") | .detail | test(\"^[0-9]+[.][0-9.]+, at /\")'"
so "a plan is made" "$agent" plan $given --out plan.json
so "what is seen is kept" "$agent" plan $given --snapshot state.json
"$agent" assess $given --to 1.34 --save assessed.json >>log 2>&1
"$agent" assess $given --to 1.34 --save assessed/ >>log 2>&1
for snapshot in state.json assessed.json assessed assessed/; do
	so "a rehearsal on $snapshot" sh -c "$agent rehearse --cluster $snapshot -o json | jq -e '.result == \"completed\"'"
done
jq '.target_version = "1.35"' plan.json >edited.json
so "a plan edited by hand is refused" sh -c "! $agent upgrade --yes $given edited.json"
"$agent" upgrade --yes $given plan.json >first.log 2>&1 &
upgrade=$!
for i in $(seq 600); do
	started_runs "create-cluster.*shop-134" && break
	sleep 0.1
done
kill -9 $upgrade
wait $upgrade 2>/dev/null
so "terraform outlives the agent" started_runs 'terraform.*apply'
so "the same command goes on and ends" "$agent" upgrade --yes $given plan.json
so "it is completed" is '.result == "completed" and .serving == "green"'
so "the prober lost nothing" is '.failed_requests == 0 and .requests > 100'
so "terraform ran once" sh -c "[ $(curl -s "$url/sim/truth" | jq '.effects["eks:CreateCluster shop-134"]') = 1 ]"
so "Blue is gone" sh -c "! aws --region us-east-1 --endpoint-url $url eks describe-cluster --name shop"
so "the chain holds" "$agent" verify $given
so "what is done cannot be rolled back" sh -c "$agent rollback --now $given 2>&1 | grep -q 'is completed: there is no way back'"
so "a report is written" "$agent" report $given --out report.html
so "the report is whole" grep -q '</html>' report.html
stop

serve 60
"$agent" upgrade --yes $given >second.log 2>&1 &
upgrade=$!
for i in $(seq 900); do
	is '.green_asked >= 25' 2>/dev/null && break
	sleep 0.2
done
kill -TERM $upgrade
wait $upgrade
so "stopped at a safe border" grep -q 'safe border' second.log
so "what lasts was told while it lasted" grep -q 'provision  .* runs  *~ ' second.log
so "rollback undoes it" "$agent" rollback --now $given
so "it is rolled back" is '.result == "rolled-back" and .serving == "blue"'
so "Green is gone" sh -c "! aws --region us-east-1 --endpoint-url $url eks describe-cluster --name shop-134"
so "the record is as it was" sh -c "[ $(curl -s "$url/sim/truth" | jq '[.records[] | select(.Weight)] | length') = 0 ]"
stop

# A terraform that was killed while it made the node groups knows of the cluster alone.
green() { # WORD
	CLUSTER=shop-134 VERSION=1.34 BLUE=shop REGION=us-east-1 URL=$url AWS_MAX_ATTEMPTS=1 examples/terraform/green/green.sh "$1"
}
serve 600
so "the example makes a cluster" green create-cluster
so "and its node groups" green create-node-groups
so "what cannot be asked is not taken for gone" sh -c "! CLUSTER=shop-134 REGION=us-east-1 URL=http://127.0.0.1:1 AWS_MAX_ATTEMPTS=1 examples/terraform/green/green.sh delete-cluster"
so "the cluster is removed with its node groups" green delete-cluster
so "it is gone" sh -c "! aws --region us-east-1 --endpoint-url $url eks describe-cluster --name shop-134"
so "and may be removed again" green delete-cluster
stop
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
