#!/bin/sh
# Makes and removes Green through the aws client. Every word can be said again: what is there already is left alone, what is
# gone stays gone. Takes CLUSTER, VERSION, BLUE, REGION and URL from the environment.
set -eu

eks() {
	aws eks --region "$REGION" --output json ${URL:+--endpoint-url "$URL"} "$@"
}

field() { # JSON-PATH-AS-JMESPATH COMMAND…: one value as text, empty when there is none
	query=$1
	shift
	eks "$@" --query "$query" --output text 2>/dev/null || true
}

wait_until() { # WANTED QUERY COMMAND…
	wanted=$1
	shift
	i=0
	while [ "$(field "$@")" != "$wanted" ]; do
		i=$((i + 1))
		[ $i -lt 3600 ] || { echo "gave up waiting for $wanted" >&2; exit 1; }
		sleep 1
	done
}

create_cluster() {
	if [ -z "$(field cluster.status describe-cluster --name "$CLUSTER")" ]; then
		role=$(field cluster.roleArn describe-cluster --name "$BLUE")
		subnets=$(field 'cluster.resourcesVpcConfig.subnetIds[]' describe-cluster --name "$BLUE" | tr '\t' ',')
		eks create-cluster --name "$CLUSTER" --kubernetes-version "$VERSION" --role-arn "$role" \
			--resources-vpc-config "subnetIds=$subnets" --client-request-token "green-$CLUSTER" >/dev/null
	fi
	wait_until ACTIVE cluster.status describe-cluster --name "$CLUSTER"
}

# One look at each of Blue's gives all that its twin needs.
create_node_groups() {
	there=$(field 'nodegroups[]' list-nodegroups --cluster-name "$CLUSTER")
	what="join(' ', nodegroup.subnets), nodegroup.nodeRole, join(' ', nodegroup.instanceTypes)"
	for member in minSize maxSize desiredSize; do
		what="$what, to_string(nodegroup.scalingConfig.$member)"
	done
	for group in $(field 'nodegroups[]' list-nodegroups --cluster-name "$BLUE"); do
		case " $(echo $there) " in *" $group "*) continue ;; esac
		IFS='|' read -r subnets role types min max desired <<-END
			$(field "join('|', [$what])" describe-nodegroup --cluster-name "$BLUE" --nodegroup-name "$group")
		END
		eks create-nodegroup --cluster-name "$CLUSTER" --nodegroup-name "$group" \
			--subnets $subnets --node-role "$role" --instance-types $types \
			--scaling-config "minSize=$min,maxSize=$max,desiredSize=$desired" \
			--client-request-token "green-$CLUSTER-$group" >/dev/null
	done
	for group in $(field 'nodegroups[]' list-nodegroups --cluster-name "$CLUSTER"); do
		wait_until ACTIVE nodegroup.status describe-nodegroup --cluster-name "$CLUSTER" --nodegroup-name "$group"
	done
}

delete_node_groups() {
	for group in $(field 'nodegroups[]' list-nodegroups --cluster-name "$CLUSTER"); do
		eks delete-nodegroup --cluster-name "$CLUSTER" --nodegroup-name "$group" >/dev/null 2>&1 || true
	done
	wait_until '' 'nodegroups[]' list-nodegroups --cluster-name "$CLUSTER"
}

delete_cluster() {
	[ -n "$(field cluster.status describe-cluster --name "$CLUSTER")" ] || return 0
	eks delete-cluster --name "$CLUSTER" >/dev/null 2>&1 || true
	wait_until '' cluster.status describe-cluster --name "$CLUSTER"
}

case $1 in
create-cluster) create_cluster ;;
create-node-groups) create_node_groups ;;
delete-node-groups) delete_node_groups ;;
delete-cluster) delete_cluster ;;
*) echo "no word \"$1\"" >&2; exit 2 ;;
esac
