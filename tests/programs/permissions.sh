#!/bin/sh
# What iam-policy prints allows every call that upgrades make, completed and rolled back; reading alone has no change in it.
agent=$EUA_BUILD/eks-upgrade-agent
work=$(mktemp -d)
. "$(dirname "$0")/processes.sh"
at_end 'rm -rf "$work"'
. "$(dirname "$0")/so.sh"
allowed() { "$agent" iam-policy "$1" | jq -r '.Statement[].Action[]' | sort -u; }

cd "$work" || exit 1
allowed upgrade >may
for seed in 1 2 3; do
	"$agent" rehearse --seed $seed -vv 2>>log >/dev/null
	"$agent" rehearse --seed $seed --fault 'green:5xx=8% after traffic=25%' -vv 2>>log >/dev/null
done
sed -n 's/.* debug aws: \([a-z0-9-]*:[A-Za-z0-9]*\): .*/\1/p' log | sort -u >asked
so "calls are told by -vv" grep -qx eks:DeleteCluster asked
so "an upgrade's policy allows all that is asked" sh -c 'comm -23 asked may | grep . && exit 1 || exit 0'
so "assess's policy only reads" sh -c "$(printf '! %s iam-policy | jq -r ".Statement[] | select(.Sid == \\"Look\\") | .Action[]" | grep -vE ":(Describe|List|Get)"' "$agent")"
so "an unknown word is refused" sh -c "$agent iam-policy all 2>&1 | grep -q 'assess or upgrade'"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
