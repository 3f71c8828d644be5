#!/bin/sh
# The doors of `sim serve`, opened by unchanged clients: kubectl, aws, and the official Python client of Kubernetes.
# usage: EUA_BUILD=DIRECTORY tests/programs/doors.sh
set -u
build=${EUA_BUILD:?}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
passed=0 failed=0 skipped=0
server=

ok() { passed=$((passed + 1)); }
bad() { # NAME OUTPUT
	failed=$((failed + 1))
	printf 'FAILED %s\n%s\n' "$1" "$2" | head -30 >&2
}

# runs NAME COMMAND…: it ends well
runs() {
	name=$1
	shift
	if out=$("$@" 2>&1); then ok; else bad "$name" "$out"; fi
}

# says NAME PATTERN COMMAND…: it ends well and its output has a line that matches (extended expression)
says() {
	name=$1 pattern=$2
	shift 2
	out=$("$@" 2>&1)
	status=$?
	if [ $status -eq 0 ] && printf '%s\n' "$out" | grep -Eq -- "$pattern"; then ok; else bad "$name" "[exit $status, wanted /$pattern/] $out"; fi
}

# refuses NAME PATTERN COMMAND…: it ends badly and says why
refuses() {
	name=$1 pattern=$2
	shift 2
	out=$("$@" 2>&1)
	status=$?
	if [ $status -ne 0 ] && printf '%s\n' "$out" | grep -Eq -- "$pattern"; then ok; else bad "$name" "[exit $status, wanted /$pattern/] $out"; fi
}

# counts NAME NUMBER COMMAND…: so many lines
counts() {
	name=$1 number=$2
	shift 2
	n=$("$@" 2>"$work/err" | wc -l)
	if [ "$n" -eq "$number" ]; then ok; else bad "$name" "$n lines, wanted $number; $(cat "$work/err")"; fi
}

open_doors() { # PORT
	: >"$work/addresses"
	"$build/eks-upgrade-agent" sim serve --cluster small --listen "127.0.0.1:$1" --kubeconfig-out "$work/kubeconfig" --speed 20 \
		--state "$work/state" --seed 7 -o json >"$work/addresses" 2>"$work/server.err" &
	server=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ -s "$work/addresses" ] && break
		sleep 0.2
	done
	url=$(sed -n 's/.*"endpoint_url":"\([^"]*\)".*/\1/p' "$work/addresses")
	if [ -n "$url" ]; then ok; else bad "sim serve opens" "$(cat "$work/server.err")"; fi
}

close_doors() {
	[ -n "$server" ] || return 0
	kill "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	closed=$?
	server=
}

. "$here/processes.sh"
at_end 'rm -rf "$work"'

k() { kubectl --kubeconfig "$work/kubeconfig" --cache-dir "$work/cache" "$@"; }
a() { aws --endpoint-url "$url" --region us-east-1 --output text "$@"; }
export AWS_ACCESS_KEY_ID=AKIASIMULATED AWS_SECRET_ACCESS_KEY=simulated AWS_EC2_METADATA_DISABLED=true AWS_PAGER='' AWS_MAX_ATTEMPTS=2

manifest() { # IMAGE
	cat <<-END
	apiVersion: v1
	kind: Namespace
	metadata: {name: own}
	---
	apiVersion: apps/v1
	kind: Deployment
	metadata: {name: hello, namespace: own}
	spec:
	  replicas: 3
	  selector: {matchLabels: {app: hello}}
	  template:
	    metadata: {labels: {app: hello}}
	    spec:
	      containers: [{name: c, image: "$1", ports: [{containerPort: 80}]}]
	---
	apiVersion: policy/v1
	kind: PodDisruptionBudget
	metadata: {name: hello, namespace: own}
	spec: {minAvailable: 3, selector: {matchLabels: {app: hello}}}
	---
	apiVersion: v1
	kind: Service
	metadata: {name: hello, namespace: own}
	spec: {selector: {app: hello}, ports: [{port: 80}]}
	END
}

look_with_kubectl() {
	says 'kubectl version' 'Server Version: v1\.33\.' k version
	says 'readyz' '^ok$' k get --raw /readyz
	says 'livez by the whole path' '^ok$' k get --raw /clusters/shop/livez
	says 'nodes, wide' '^ip-10-0-.*Ready +<none> .* v1\.33\.[0-9]+-eks-[0-9a-f]+ +10\.0\..*Amazon Linux 2023.*containerd' k get nodes -o wide
	counts 'three nodes' 3 k get nodes --no-headers
	says 'nodes and pods at once' '^web +pod/web-[a-z0-9]+-[a-z0-9]+ +1/1 +Running +0 ' k get nodes,pods -A -o wide
	says 'a daemon on each node' '^aws-node +3 +3 +3 +3 +3 ' k -n kube-system get daemonsets
	says 'an ingress with its load balancer' '^web +alb .*elb\.amazonaws\.com' k -n web get ingress
	says 'label selector' '^pod/payments-redis-0$' k -n payments get pods -l app.kubernetes.io/name=payments-redis -o name
	says 'jsonpath' '^aws:///us-east-1[abc]/i-0' k get nodes -o 'jsonpath={.items[0].spec.providerID}'
	says 'describe node' 'eks.amazonaws.com/nodegroup=general' k describe nodes
	says 'describe pod' 'Controlled By: +StatefulSet/payments-redis' k -n payments describe pod payments-redis-0
	says 'logs' 'INFO request handled' k -n payments logs payments-redis-0 --tail=3
	says 'can-i' '^yes$' k auth can-i list pods
	says 'resources' '^poddisruptionbudgets +pdb +policy/v1 +true +PodDisruptionBudget' k api-resources
	says 'deprecated calls' 'apiserver_requested_deprecated_apis' k get --raw /metrics
	says 'custom resources' '^backups.velero.io ' k get crd
	refuses 'a pod that is not there' 'Error from server \(NotFound\): pods "nope" not found' k -n web get pod nope
	counts 'pages' "$(k get pods -A --no-headers 2>/dev/null | wc -l)" k get pods -A --no-headers --chunk-size=7
}

change_with_kubectl() {
	manifest nginx:1.27 >"$work/own.yaml"
	says 'apply makes' 'deployment.apps/hello created' k apply -f "$work/own.yaml"
	says 'pods come' 'successfully rolled out' k -n own rollout status deploy/hello --timeout=30s
	says 'wait' 'condition met' k -n own wait --for=condition=Available deploy/hello --timeout=10s
	says 'apply again changes nothing' 'deployment.apps/hello unchanged' k apply -f "$work/own.yaml"
	manifest nginx:1.28 >"$work/own.yaml"
	says 'apply changes' 'deployment.apps/hello configured' k apply -f "$work/own.yaml"
	says 'pods roll' 'successfully rolled out' k -n own rollout status deploy/hello --timeout=30s
	says 'with the new image' '^nginx:1.28$' k -n own get pods -l app=hello -o 'jsonpath={.items[0].spec.containers[0].image}'
	says 'diff' '^$' k diff -f "$work/own.yaml"
	says 'strategic patch' 'patched' k -n own patch deploy hello -p '{"spec":{"template":{"metadata":{"annotations":{"a":"b"}}}}}'
	says 'it rolls without a gap' 'successfully rolled out' k -n own rollout status deploy/hello --timeout=30s
	says 'json patch' 'patched' k -n own patch deploy hello --type=json -p '[{"op":"add","path":"/metadata/labels","value":{"x":"y"}}]'
	says 'label shows' '^hello +3/3' k -n own get deploy -l x=y
	refuses 'server-side apply tells conflicts' 'conflict with "kubectl-client-side-apply"' sh -c "sed s/1.28/1.29/ '$work/own.yaml' | kubectl --kubeconfig '$work/kubeconfig' apply --server-side -f -"
	says 'server-side apply, forced' 'deployment.apps/hello serverside-applied' sh -c "sed s/1.28/1.29/ '$work/own.yaml' | kubectl --kubeconfig '$work/kubeconfig' apply --server-side --force-conflicts -f -"
	says 'dry run' 'created \(server dry run\)' sh -c "kubectl create configmap settings -n own --from-literal=a=b --dry-run=client -o yaml | kubectl --kubeconfig '$work/kubeconfig' create --dry-run=server -f -"
	refuses 'leaves nothing' 'NotFound' k -n own get configmap settings
	runs 'scale' k -n own scale deploy/hello --replicas=4
	says 'and wait' 'condition met' k -n own wait --for=jsonpath='{.status.readyReplicas}'=4 deploy/hello --timeout=30s
}

drain_with_kubectl() {
	node=$(k -n payments get pod payments-redis-0 -o 'jsonpath={.spec.nodeName}')
	refuses 'drain is held by a budget' "Cannot evict pod as it would violate the pod's disruption budget" \
		k drain "$node" --ignore-daemonsets --delete-emptydir-data --force --timeout=6s
	says 'the node is cordoned' "^$node +Ready,SchedulingDisabled" k get nodes
	runs 'the budget gets room' k -n payments scale sts/payments-redis --replicas=2
	runs 'both pods are ready' k -n payments rollout status sts/payments-redis --timeout=30s
	says 'drain goes on' "node/$node drained" k drain "$node" --ignore-daemonsets --delete-emptydir-data --force --timeout=60s
	says 'only daemons are left' '^4$' sh -c "kubectl --kubeconfig '$work/kubeconfig' get pods -A --no-headers --field-selector spec.nodeName=$node,status.phase=Running | wc -l"
	says 'it was told in events' 'Stopping container' k get events -A
	says 'uncordon' 'uncordoned' k uncordon "$node"
	says 'a moved pod kept its name' '^payments-redis-0 +1/1 +Running' k -n payments get pods
}

ask_with_aws() {
	says 'who am I' '^111122223333' a sts get-caller-identity --query Account
	says 'clusters' '^CLUSTERS[[:space:]]+shop$' a eks list-clusters
	says 'describe-cluster' "^ACTIVE[[:space:]]+1.33[[:space:]]+$url/clusters/shop" a eks describe-cluster --name shop --query 'cluster.[status,version,endpoint]'
	refuses 'a cluster that is not there' 'ResourceNotFoundException' a eks describe-cluster --name nope
	says 'node groups' 'general' a eks list-nodegroups --cluster-name shop
	says 'a node group' '^ACTIVE[[:space:]]+3' a eks describe-nodegroup --cluster-name shop --nodegroup-name general --query 'nodegroup.[status,scalingConfig.desiredSize]'
	says 'add-ons' 'coredns' a eks list-addons --cluster-name shop
	says 'zones' 'example.com.' a route53 list-hosted-zones-by-name --dns-name example.com --query 'HostedZones[].Name'
	zone=$(a route53 list-hosted-zones-by-name --dns-name example.com --query 'HostedZones[0].Id')
	says 'records' 'shop\.example\.com\.' a route53 list-resource-record-sets --hosted-zone-id "$zone" --query 'ResourceRecordSets[].Name'
	arn=$(a elbv2 describe-load-balancers --query 'LoadBalancers[0].LoadBalancerArn')
	says 'load balancers' 'loadbalancer/app/' echo "$arn"
	runs 'time passes' sleep 12
	now=$(sed -n 's/.*"now_ms": *\([0-9]*\).*/\1/p' <<-END
	$(curl -s "$url/sim/clock")
	END
	)
	start=$(date -u -d "@$((now / 1000 - 600))" +%Y-%m-%dT%H:%M:%SZ) end=$(date -u -d "@$((now / 1000))" +%Y-%m-%dT%H:%M:%SZ)
	queries="[{\"Id\":\"r\",\"MetricStat\":{\"Metric\":{\"Namespace\":\"AWS/ApplicationELB\",\"MetricName\":\"RequestCount\",\"Dimensions\":[{\"Name\":\"LoadBalancer\",\"Value\":\"${arn#*loadbalancer/}\"}]},\"Period\":60,\"Stat\":\"Sum\"}}]"
	says 'get-metric-data' '^[1-9][0-9]*' a cloudwatch get-metric-data --metric-data-queries "$queries" --start-time "$start" --end-time "$end" --query 'MetricDataResults[0].Values[0]'
	runs 'update-kubeconfig' a eks update-kubeconfig --name shop --kubeconfig "$work/eks-kubeconfig"
	counts 'and kubectl by it' 3 kubectl --kubeconfig "$work/eks-kubeconfig" get nodes --no-headers
}

ask_with_python() {
	. "$here/venv.sh"
	if ! need_python doors kubernetes >/dev/null; then
		echo 'doors: needs PyPI for the Python client' >&2
		skipped=$((skipped + 1))
		return
	fi
	result=$("$build/venv-programs/bin/python" "$here/doors_client.py" "$work/kubeconfig" 2>&1)
	good=$(printf '%s\n' "$result" | grep -c '^ok ')
	passed=$((passed + good))
	printf '%s\n' "$result" | grep -q '^done$' || bad 'the Python client' "$result"
	for line in $(printf '%s\n' "$result" | sed -n 's/^not ok //p' | tr ' ' '_'); do bad "Python: $line" "$result"; done
}

restart() {
	before=$(k -n own get deploy hello -o 'jsonpath={.metadata.uid} {.spec.replicas}')
	port=${url##*:}
	close_doors
	if [ "${closed:-1}" -eq 0 ]; then ok; else bad 'the doors close well' "exit ${closed:-?}: $(cat "$work/server.err")"; fi
	open_doors "$port"
	says 'the world went on' "^$before$" k -n own get deploy hello -o 'jsonpath={.metadata.uid} {.spec.replicas}'
	says 'and its controllers' 'deleted' k -n own delete pod -l app=hello --wait=true --timeout=60s
	says 'a namespace goes' 'namespace "own" deleted' k delete namespace own --timeout=60s
	refuses 'and is gone' 'NotFound' k get namespace own
	kill -9 "$server"
	wait "$server" 2>/dev/null
	server=
	open_doors 0
	counts 'another port, after kill -9' 3 k get nodes --no-headers
}

bad_doors() {
	refuses 'a foreign address' 'refused to listen' timeout 10 "$build/eks-upgrade-agent" sim serve --listen 0.0.0.0:0
	refuses 'a port in use' 'cannot listen' timeout 10 "$build/eks-upgrade-agent" sim serve --listen "127.0.0.1:${url##*:}"
	echo nonsense >"$work/broken"
	refuses 'a broken state' 'cannot take the world from' timeout 10 "$build/eks-upgrade-agent" sim serve --state "$work/broken"
	refuses 'a wrong speed' 'is not a number' timeout 10 "$build/eks-upgrade-agent" sim serve --speed fast
}

for program in kubectl aws curl; do
	command -v $program >/dev/null || {
		echo "doors: skipped, needs $program" >&2
		echo '0 passed, 0 failed, 1 skipped'
		exit 0
	}
done
open_doors 0
if [ -n "$url" ]; then
	look_with_kubectl
	change_with_kubectl
	drain_with_kubectl
	ask_with_aws
	ask_with_python
	restart
	bad_doors
fi
[ "$failed" -eq 0 ] || sed 's/^/sim serve said: /' "$work/server.err" >&2
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
