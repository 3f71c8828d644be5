#!/bin/sh
# Bad input, by the program: each gets a message (what failed, on what, and what to do), the exit code of its kind, and changes
# nothing or can be resumed.
set -u
agent=$EUA_BUILD/eks-upgrade-agent
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
. "$here/so.sh"
. "$here/processes.sh"
at_end 'umount "$work/small" 2>/dev/null; rm -rf "$work"'
cp -r examples "$work/"
cd "$work" || exit 1
unset EUA_BUILD AWS_PROFILE AWS_ENDPOINT_URL
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_EC2_METADATA_DISABLED=true AWS_PAGER=

gets() { # WHAT CODE PATTERN COMMAND…: ends with CODE, saying PATTERN (as a person reads it: no crash, no bare errno)
	what=$1 wanted=$2 pattern=$3
	shift 3
	timeout 120 "$@" >out 2>err
	code=$?
	if [ $code -eq "$wanted" ] && grep -q -- "$pattern" err out && ! grep -q 'errno\|Segmentation\|Sanitizer\|assert' err; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not so: $what: exit $code (wanted $wanted), wanted words: $pattern"
		tail -n 6 out err
	fi
}

patiently() { # COMMAND…
	i=0
	until "$@" >/dev/null 2>&1; do
		i=$((i + 1))
		[ $i -lt 200 ] || return 1
		sleep 0.1
	done
}

"$agent" sim serve --cluster small --listen 127.0.0.1:0 --kubeconfig-out kubeconfig --speed 600 -o json >serve.json 2>serve.err &
patiently grep -q kubeconfig serve.json
url=$(jq -r .endpoint_url serve.json)
door="--endpoint-url $url --kubeconfig kubeconfig"
given="--config examples/sim.yaml $door"
edited() { # SED-SCRIPT: examples/sim.yaml, changed
	sed "$1" examples/sim.yaml >edited.yaml
}
effects() { curl -s "$url/sim/truth" | jq -c .effects; }

mkdir no-module
edited 's#directory: examples/terraform/green#directory: no-module#'
gets "a Terraform module that is none" 1 'no-module" holds no module' "$agent" plan --config edited.yaml $door
edited 's#directory: examples/terraform/green#directory: nowhere#'
gets "a Terraform module that is not there" 1 'nowhere" cannot be read: no such file' "$agent" upgrade --yes --config edited.yaml $door
gets "a file that is no plan" 1 'it is no plan: make one' "$agent" upgrade --yes $given examples/sim.yaml
gets "a full disk behind stdout" 1 'cannot write all of it to stdout: no space left' sh -c "'$agent' version >/dev/full"
so "a reader that goes away is none of ours" sh -c "[ \"\$({ '$agent' config schema; echo \$? >code; } | true; cat code)\" = 0 ]"
so "nothing was changed" [ "$(effects)" = '{}' ]

# ---- calls that are only tried
before=$(effects)
so "a dry run of a call says what would be sent" sh -c "'$agent' call eks DeleteCluster '{\"name\": \"shop\"}' --yes --dry-run $door | jq -e '.dry_run and .operation == \"DeleteCluster\" and .input.name == \"shop\"'"
gets "a dry run of what could not be sent" 1 'unknown member "nam"' "$agent" call eks DeleteCluster '{"nam": "shop"}' --dry-run $door
so "and nothing is sent" [ "$(effects)" = "$before" ]
gets "a change without a word" 4 'repeat with --yes' "$agent" call eks DeleteCluster '{"name": "shop"}' $door
gets "no JSON" 1 'give one JSON document' "$agent" call eks DescribeCluster 'name=shop' $door
gets "no object" 1 'the input is no JSON object' "$agent" call eks ListClusters '[1]' $door
gets "a body that is none" 2 'the body of PATCH is a JSON object' "$agent" call kube PATCH /api/v1/namespaces/default '7' --yes $door

# ---- the configuration
edited 's/^  interval: 5m/  intervall: 5m/'
gets "an unknown key" 2 'edited.yaml:19:3: unknown key "traffic.intervall" (did you mean "traffic.interval"?)' "$agent" plan --config edited.yaml $door
edited 's/min_requests: 100/min_requests: many/'
gets "a wrong type" 2 'edited.yaml:22:3: validation.min_requests: not a whole number' "$agent" plan --config edited.yaml $door
edited 's/^bake: .*/bake: [1]/'
gets "a list for a word" 2 'edited.yaml:25:1: bake' "$agent" plan --config edited.yaml $door
edited 's/steps: .*/steps: [10, 60, 110]/'
gets "weights above all" 2 'traffic.steps\[2\]: 110' "$agent" plan --config edited.yaml $door
edited 's/steps: .*/steps: [10, 60]/'
gets "weights that do not add up" 2 'traffic.steps ends with 60, not with 100' "$agent" plan --config edited.yaml $door
edited 's/hosted_zone: example.com/hosted_zone: example.org/'
gets "a zone that is not there" 1 'no hosted zone "example.org"' "$agent" plan --config edited.yaml $door
edited 's/shop.example.com\]/shop2.example.com]/'
gets "a record that is not there" 1 'record "shop2.example.com" in zone "example.com"' "$agent" plan --config edited.yaml $door
printf 'cluster: [shop\n' >edited.yaml
gets "nonsense YAML" 2 'edited.yaml:2:1: ' "$agent" plan --config edited.yaml $door
head -c 200 /bin/sh >edited.yaml
gets "a program for a configuration" 2 'edited.yaml:1:' "$agent" plan --config edited.yaml $door
gets "a version too far" 1 'cannot go from 1.33 to 1.99: 66 minor versions at once' "$agent" plan $given --to 1.99
gets "a version backwards" 1 '1.30 is older, and Kubernetes does not go back' "$agent" plan $given --to 1.30
gets "the version that is" 1 'is at 1.33 already: 1.33 is no change' "$agent" plan $given --to 1.33
for version in latest 1.2 1 1.34.2 v1.34 1.34x 2.0 '' -1; do
	gets "a version \"$version\"" 2 'is no Kubernetes version' "$agent" plan $given --to "$version"
done
gets "a rehearsal too far" 2 '66 minor versions at once' "$agent" rehearse --cluster small --to 1.99
gets "a rehearsal to no version" 2 '"1.2" is no Kubernetes version' "$agent" rehearse --cluster small --to 1.2
gets "a cluster that is not there" 1 'No cluster found for name: nope' "$agent" plan $given --cluster nope
gets "a kubeconfig that is not there" 1 'cannot read "nope"' "$agent" plan $given --kubeconfig nope
gets "a context that is not there" 1 'none is called "nope"' "$agent" plan $given --context nope

gets "no credentials" 1 'no AWS credentials found: not in the environment' env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY "$agent" plan $given
so "which is told briefly" [ "$(wc -c <err)" -lt 500 ]
gets "no place for a report that nobody asked for" 0 'no report' sh -c "cd /proc && exec $agent rehearse --cluster small"
so "the rehearsal is told all the same" [ "$(grep -c '^completed after' out)" -eq 1 ]
so "a rehearsal ends at the first signal" sh -c "timeout --preserve-status -s INT 0.03 $agent rehearse --cluster large; [ \$? -eq 130 ]"

# ---- plans, snapshots, journals
so "a plan and a snapshot are made" "$agent" plan $given --out plan.json --snapshot snapshot.json
jq '.target_version = "1.35"' plan.json >edited.json
gets "a plan edited by hand" 1 'changed by hand' "$agent" upgrade --yes $given edited.json
gets "a plan for another cluster" 1 'is for cluster "shop", the configuration names "other"' "$agent" upgrade --yes $given --cluster other plan.json
jq '.format = 99' plan.json >edited.json
gets "a plan of a newer program" 1 'a plan of a newer format' "$agent" upgrade --yes $given edited.json
printf '{"nonsense' >edited.json
gets "nonsense for a plan" 1 'edited.json:1:' "$agent" upgrade --yes $given edited.json
gets "no yes and nobody to ask" 4 'repeat with --yes' "$agent" upgrade $given plan.json </dev/null
gets "a snapshot is rehearsed" 0 '"result": "completed"' "$agent" rehearse --cluster snapshot.json -o json
jq '.format = 99' snapshot.json >edited.json
gets "a snapshot of another format" 2 'a snapshot of format 99, this program reads format 1' "$agent" rehearse --cluster edited.json
gets "and no door opens on it" 2 'a snapshot of format 99' "$agent" sim serve --cluster edited.json
gets "an example that is none" 2 'no example cluster "huge"' "$agent" rehearse --cluster huge
gets "a fault that is none" 2 'did you mean "5xx"' "$agent" rehearse --fault green:6xx=1
python3 -c 'import sqlite3; c = sqlite3.connect("newer.db"); c.execute("pragma user_version=99"); c.execute("create table a(b)"); c.commit()'
gets "a journal of a newer program" 1 'use the newer eks-upgrade-agent' "$agent" status --journal newer.db
gets "nor is it written" 1 'use the newer eks-upgrade-agent' "$agent" upgrade --yes $given --journal newer.db plan.json
cp serve.json text.db
gets "a file that is no journal" 1 'is not a database' "$agent" status --journal text.db
gets "no journal" 1 'no journal at "none.db"' "$agent" status --journal none.db
so "nothing was changed by all that" [ "$(effects)" = '{}' ]

# ---- servers
: >mode
python3 "$here/badinput_server.py" "$url" mode >bad.out 2>bad.err &
patiently grep -q http bad.out
bad=$(cat bad.out)
sed "s|$url|$bad|" kubeconfig >bad.kubeconfig
through="--config examples/sim.yaml --endpoint-url $bad --kubeconfig bad.kubeconfig"
so "through the middle all is well" "$agent" plan $through --no-estimate
bad_answer() { # WHAT KIND PATH-PART PATTERN
	echo "$2 $3" >mode
	gets "$1" 1 "$4" "$agent" plan $through --no-estimate
}
bad_answer "nonsense JSON from EKS" json /clusters/shop 'error: '
bad_answer "a sign-in page instead of EKS" html /clusters/shop 'error: '
bad_answer "nonsense XML from Route 53" xml hostedzone 'Route 53\|route53\|record'
bad_answer "nonsense JSON from Kubernetes" json /api/v1/nodes 'error: '
bad_answer "an answer that is cut off" cut /clusters/shop 'error: '
bad_answer "4 GB from EKS" huge /clusters/shop 'larger\|bytes\|too'
bad_answer "an endless body from Kubernetes" endless /api/v1/nodes 'no plan without kubernetes /api/v1/nodes'
bad_answer "an endless body from Argo CD" endless /argocd/ 'larger\|bytes\|too'
: >mode
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other.example.com -addext subjectAltName=DNS:other.example.com \
	-keyout key.pem -out cert.pem >/dev/null 2>&1
cat key.pem cert.pem >both.pem
python3 "$here/badinput_server.py" "$url" mode both.pem >tls.out 2>tls.err &
patiently grep -q https tls.out
gets "a certificate for somebody else" 1 'certificate' env AWS_CA_BUNDLE=cert.pem "$agent" plan --config examples/sim.yaml --endpoint-url "$(cat tls.out)" --kubeconfig kubeconfig
gets "a certificate from nobody known" 1 'certificate' env -u AWS_CA_BUNDLE "$agent" plan --config examples/sim.yaml --endpoint-url "$(cat tls.out)" --kubeconfig kubeconfig

# ---- terraform
program() { # NAME LINES
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod +x "$1"
	edited "s|^  state: .*|  state: green.tfstate\n  binary: $work/$1|"
}
edited "s|^  state: .*|  state: green.tfstate\n  binary: $work/absent|"
gets "no terraform" 3 'absent' "$agent" upgrade --yes --config edited.yaml $door --journal j1/journal.db
gets "and it says what to do" 0 'absent' "$agent" status --config edited.yaml $door --journal j1/journal.db
program hangs 'trap "" TERM; echo begun; while :; do sleep 1; done'
gets "terraform hangs and does not hear" 3 'terraform init' "$agent" upgrade --yes --config edited.yaml $door --journal j2/journal.db
program garbage 'head -c 100000 /dev/urandom; touch "$(echo "$@" | sed -n "s/.*-out=\([^ ]*\).*/\1/p")" 2>/dev/null; exit 0'
gets "terraform writes garbage" 3 'terraform show' "$agent" upgrade --yes --config edited.yaml $door --journal j3/journal.db
so "no terraform is left behind" sh -c "! pgrep -f '$work/hangs [-]chdir'"
so "nothing was made" [ "$(effects | jq 'with_entries(select(.key | test("velero|backup"; "i") | not)) | length')" = 0 ]

# ---- the disk
mkdir -p small
if mount -t tmpfs -o size=6m none small 2>/dev/null; then
	head -c 6200000 /dev/zero >small/filler
	program slow 'sleep 3; exit 1'
	gets "the disk is full" 1 'full\|disk' "$agent" upgrade --yes --config edited.yaml $door --journal small/journal.db
	rm small/filler
	gets "with room again it goes on" 3 'rolled-back\|Rolled\|terraform' "$agent" upgrade --yes --config edited.yaml $door --journal small/journal.db
	so "nothing was lost" "$agent" verify --journal small/journal.db
else
	echo "skipped: a small disk needs the right to mount"
fi
gets "a limit on the size of files" 1 'disk' sh -c "ulimit -f 80; exec $agent upgrade --yes $given --journal limited/journal.db"
mkdir -p locked && chmod 500 locked
[ "$(id -u)" -eq 0 ] || gets "a folder that cannot be written" 1 'cannot' "$agent" upgrade --yes $given --journal locked/journal.db

# ---- SIGTERM, whenever; a terminal that goes
program sleeps 'exec sleep 1000'
rm -rf j4
for started in "" nohup; do
	rm -rf j4
	$started "$agent" upgrade --yes --config edited.yaml $door --journal j4/journal.db >out 2>err &
	upgrade=$!
	sleep 2
	kill -HUP $upgrade
	sleep 1
	kill -0 $upgrade 2>/dev/null && lives=nohup || lives=
	kill -TERM $upgrade 2>/dev/null
	wait $upgrade
	code=$?
	so "a terminal that goes ends it at a safe border, but for nohup" [ $code -eq 4 -a "$lives" = "$started" ]
	"$agent" rollback --now --config edited.yaml $door --journal j4/journal.db >out 2>err
done
rm -rf j4
for delay in 0.05 0.1 0.2 0.3 0.5 0.8 1.2; do
	"$agent" upgrade --yes --config edited.yaml $door --journal j4/journal.db >out 2>err &
	upgrade=$!
	sleep $delay
	kill -TERM $upgrade 2>/dev/null
	wait $upgrade
	code=$?
	so "SIGTERM after $delay s leaves it resumable" [ $code -eq 4 -o $code -eq 3 -o $code -eq 1 -o $code -eq 143 ] # 143: before it had begun
done
gets "then it is rolled back" 0 'rolled-back' "$agent" rollback --now --config edited.yaml $door --journal j4/journal.db
so "the journal is whole" "$agent" verify --journal j4/journal.db
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
