#!/bin/sh
# Makes and removes Green through the aws client. Every word can be said again: what is there already is left alone, what is
# gone stays gone. Takes CLUSTER, VERSION, BLUE, REGION and URL from the environment.
set -eu

eks() {
	aws eks --region "$REGION" --output json ${URL:+--endpoint-url "$URL"} "$@"
}

# One value as text, empty when what is asked for is not there. No other refusal is taken for that: it is asked again, and
# told in the end.
field() { # JSON-PATH-AS-JMESPATH COMMAND…
	query=$1 tries=0
	shift
	until errors=$(eks "$@" --query "$query" --output text 2>&1 >&3); do
		case $errors in *ResourceNotFoundException*) return 0 ;; esac
		tries=$((tries + 1))
		[ $tries -lt 3 ] || { echo "$errors" >&2 && return 1; }
		sleep 2
	done
} 3>&1

# It is on its way out, or gone. What is in use otherwise is tried again by those who wait for its end.
remove() { # COMMAND…
	errors=$(eks "$@" 2>&1 >/dev/null) && return 0
	case $errors in *ResourceNotFoundException* | *ResourceInUseException*) return 0 ;; esac
	echo "$errors" >&2
	return 1
}

wait_until() { # WANTED QUERY COMMAND…
	wanted=$1
	shift
	i=0
	while :; do
		seen=$(field "$@") || return 1
		case $seen in
		"$wanted") return 0 ;;
		*FAILED) echo "it is $seen" >&2 && return 1 ;;
		esac
		i=$((i + 1))
		[ $i -lt 3600 ] || { echo "gave up waiting for $wanted, last seen: $seen" >&2 && return 1; }
		sleep 1
	done
}

create_cluster() {
	status=$(field cluster.status describe-cluster --name "$CLUSTER")
	if [ -z "$status" ]; then
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

# Said again now and then: one that was just being made refuses.
delete_node_groups() {
	i=0
	while :; do
		left=$(field 'nodegroups[]' list-nodegroups --cluster-name "$CLUSTER") || return 1
		[ -n "$left" ] || return 0
		for group in $left; do
			[ $((i % 20)) -ne 0 ] || remove delete-nodegroup --cluster-name "$CLUSTER" --nodegroup-name "$group"
		done
		i=$((i + 1))
		sleep 1
	done
}

# Its node groups first: a terraform that was killed while it made them knows of none.
delete_cluster() {
	delete_node_groups
	while :; do
		status=$(field cluster.status describe-cluster --name "$CLUSTER") || return 1
		[ -n "$status" ] || return 0
		[ "$status" = DELETING ] || remove delete-cluster --name "$CLUSTER"
		sleep 1
	done
}

case $1 in
create-cluster) create_cluster ;;
create-node-groups) create_node_groups ;;
delete-node-groups) delete_node_groups ;;
delete-cluster) delete_cluster ;;
*) echo "no word \"$1\"" >&2; exit 2 ;;
esac
