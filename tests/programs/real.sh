#!/bin/sh
# Real programs: terraform makes Green through the aws client; EKS, IAM and the users' records in Route 53 are moto's. What
# moto has not (Kubernetes, load balancers, metrics that follow the users, Argo CD) is the simulator's. One upgrade that is
# killed in the middle of an apply and asks a person before Blue is removed; one that finds Green sick and rolls back.
set -u
agent=$EUA_BUILD/eks-upgrade-agent
here=$(cd "$(dirname "$0")" && pwd)
build=$EUA_BUILD
for program in terraform aws; do
	command -v $program >/dev/null && continue
	[ -z "${CI:-}" ] || { echo "needs $program on PATH"; echo "0 passed, 1 failed"; exit 1; }
	echo "skipped: needs $program on PATH"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
done
. "$here/venv.sh"
. "$here/processes.sh"
. "$here/so.sh"
need_python real 'moto[server]' boto3 || exit 0
work=$(mktemp -d)
servers=
at_end 'rm -rf "$work"'
cp -r examples "$here/real" "$work/"
cd "$work" || exit 1
unset AWS_PROFILE AWS_ENDPOINT_URL EUA_BUILD
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_EC2_METADATA_DISABLED=true AWS_PAGER= AWS_DEFAULT_REGION=us-east-1

patiently() { # COMMAND…: until it is so, at most two minutes
	i=0
	until "$@" >/dev/null 2>&1; do
		i=$((i + 1))
		[ $i -lt 400 ] || return 1
		sleep 0.3
	done
}

truth() { # JQ-FILTER
	[ "$(curl -s "$sim/sim/truth" | jq -r "$1")" = true ]
}

status() { # JQ-FILTER
	[ "$("$agent" status -o json | jq -r "$1")" = true ]
}

record_sets() {
	aws route53 list-resource-record-sets --hosted-zone-id "$zone" \
		--query 'ResourceRecordSets[?Type==`A`].[SetIdentifier,Weight,AliasTarget.DNSName]' --output text
}

cluster_of_moto() { # NAME
	aws eks describe-cluster --name "$1" --query cluster.status --output text
}

# moto gets what the simulator's account has: Blue, a role of a service account, the users' record.
fill_moto() {
	role=arn:aws:iam::123456789012:role/eks
	aws eks create-cluster --name shop --kubernetes-version 1.33 --role-arn $role --resources-vpc-config subnetIds=subnet-a,subnet-b
	aws eks create-nodegroup --cluster-name shop --nodegroup-name general --subnets subnet-a --node-role $role
	issuer=$(aws eks describe-cluster --name shop --query cluster.identity.oidc.issuer --output text)
	issuer=${issuer#https://}
	aws iam create-role --role-name shop-cart --assume-role-policy-document "{\"Version\": \"2012-10-17\", \"Statement\": [{
		\"Effect\": \"Allow\", \"Action\": \"sts:AssumeRoleWithWebIdentity\",
		\"Principal\": {\"Federated\": \"arn:aws:iam::123456789012:oidc-provider/$issuer\"},
		\"Condition\": {\"StringEquals\": {\"$issuer:sub\": \"system:serviceaccount:cart:cart\"}}}]}"
	zone=$(aws route53 create-hosted-zone --name example.com --caller-reference 1 --query HostedZone.Id --output text)
	curl -s "$sim/sim/truth" | jq '{Changes: [.records[] | select(.Type == "A") | {Action: "CREATE", ResourceRecordSet: .}]}' >first.json
	aws route53 change-resource-record-sets --hosted-zone-id "$zone" --change-batch file://first.json
}

begin() { # SIM-SERVE-FLAGS…
	"$agent" sim serve --cluster small --listen 127.0.0.1:0 --kubeconfig-out kubeconfig --speed 60 -o json "$@" >serve.json 2>serve.err &
	servers=$!
	patiently grep -q '"kubeconfig"' serve.json
	sim=$(jq -r .endpoint_url serve.json)
	"$build/venv-programs/bin/python" "$here/real_moto.py" "$sim" -H 127.0.0.1 -p 0 >moto.log 2>&1 &
	servers="$servers $!"
	patiently grep -q 'Running on' moto.log
	export AWS_ENDPOINT_URL=$(sed -n 's/.*Running on \(http:[^ ]*\).*/\1/p' moto.log | head -n 1)
	export AWS_ENDPOINT_URL_CLOUDWATCH=$sim AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2=$sim
	fill_moto >>log 2>&1
	"$build/venv-programs/bin/python" "$here/real_users.py" "$AWS_ENDPOINT_URL" "$sim" example.com. >users.log 2>&1 &
	servers="$servers $!"
	cat >eks-upgrade-agent.yaml <<-END
		cluster: shop
		target_version: "1.34"
		region: us-east-1
		kubeconfig: kubeconfig
		clock_url: $sim/sim/clock
		lease_ttl: 10m
		terraform:
		  directory: real
		  state: .eks-upgrade-agent/green.tfstate
		  variables: { simulator: "$sim" }
		gitops: { argocd: { server: $sim/argocd } }
		traffic:
		  steps: [10, 50, 100]
		  interval: 5m
		  route53: { hosted_zone: example.com, records: [shop.example.com] }
		validation:
		  min_requests: 50
		  probe_interval: 15s
		  probes: [$sim/users/shop.example.com/health]
		bake: 5m
		approvals: [decommission]
	END
}

finish() {
	kill $servers 2>/dev/null
	wait $servers 2>/dev/null
	rm -rf kubeconfig serve.json moto.log .eks-upgrade-agent real/.terraform* plan.json
}

begin
so "a plan is made" "$agent" plan --out plan.json
"$agent" upgrade --yes plan.json >first.log 2>&1 &
upgrade=$!
patiently truth '[.clusters[].life] | index("CREATING") != null'
kill -9 $upgrade
wait $upgrade 2>/dev/null
so "terraform outlives the agent" pgrep -f "terraform -chdir=$work/real apply"
so "the same command goes on, up to the question" ended 4 sh -c "'$agent' upgrade --yes plan.json >held.log 2>&1"
so "it says that it waits" grep -q '^held after ' held.log
so "and what to type next" grep -q '^Next:  eks-upgrade-agent approve approve-decommission, then' held.log
so "so does the status" sh -c "'$agent' status | head -n 1 | grep -q '^held '"
so "all users are on Green before anything is removed" truth '.green_published == 100 and [.clusters[].name] == ["shop", "shop-134"]'
so "moto's Route 53 says so too" sh -c "[ \"\$(aws route53 list-resource-record-sets --hosted-zone-id $zone --query 'ResourceRecordSets[?SetIdentifier==\`blue\`].Weight' --output text)\" = 0 ]"
so "Blue stands" cluster_of_moto shop
so "a role trusts Green's issuer" sh -c "[ \$(aws iam get-role --role-name shop-cart --query 'length(Role.AssumeRolePolicyDocument.Statement)') = 2 ]"
so "a person says yes" "$agent" approve approve-decommission
so "it ends" ended 0 "$agent" upgrade --yes plan.json
so "it is completed" status '.result == "completed" and .serving == "green"'
so "the prober lost nothing" status '.failed_requests == 0 and .requests > 50'
so "Green was made once in EKS" sh -c "[ \$(grep -c 'POST /clusters HTTP' moto.log) = 2 ]"
so "and once where Kubernetes is" truth '.effects["eks:CreateCluster shop-134"] == 1'
so "Green serves from EKS" sh -c "[ \"\$(aws eks describe-cluster --name shop-134 --query cluster.version --output text)\" = 1.34 ]"
so "Blue is gone from EKS" sh -c "! aws eks describe-cluster --name shop"
so "one record is left" sh -c "[ \"\$(aws route53 list-resource-record-sets --hosted-zone-id $zone --query 'ResourceRecordSets[?Type==\`A\`].SetIdentifier' --output text)\" = green ]"
so "the chain holds" "$agent" verify
finish

begin --fault 'green:5xx=8% after traffic=50%'
record_sets >before.txt
so "a sick Green is left" ended 3 "$agent" upgrade --yes
so "it is rolled back, and says why" status '.result == "rolled-back" and .serving == "blue" and (.reason | test("error rate of Green"))'
so "Green is gone from EKS" sh -c "! aws eks describe-cluster --name shop-134"
so "and where Kubernetes was" truth '[.clusters[].name] == ["shop"]'
so "the role trusts only Blue's issuer" sh -c "[ \$(aws iam get-role --role-name shop-cart --query 'length(Role.AssumeRolePolicyDocument.Statement)') = 1 ]"
record_sets >after.txt
so "the record is as it was" cmp before.txt after.txt
so "a report is written" "$agent" report --out report.html
so "it names the reason" grep -q 'error rate of Green' report.html
finish
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
