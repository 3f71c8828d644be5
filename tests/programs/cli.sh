#!/bin/sh
# The command line itself: words, flags and formats of every command, completion, where each value of the configuration is
# from, and what people say to a run: heard, refused, or only tried (--dry-run).
# usage: EUA_BUILD=DIRECTORY tests/programs/cli.sh
set -u
agent=$EUA_BUILD/eks-upgrade-agent
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
. "$here/so.sh"
. "$here/processes.sh"
at_end 'rm -rf "$work"'
cp -r examples "$work/"
cd "$work" || exit 1
unset EUA_BUILD AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_URL NO_COLOR COLUMNS
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_EC2_METADATA_DISABLED=true HOME="$work"

says() { # WHAT CODE PATTERN ARGUMENTS…: the agent ends with CODE and says PATTERN
	what=$1 wanted=$2 pattern=$3
	shift 3
	timeout 60 setsid -w "$agent" "$@" >out 2>err </dev/null
	code=$?
	if [ $code -eq "$wanted" ] && grep -q -- "$pattern" out err; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not so: $what: exit $code (wanted $wanted), wanted words: $pattern"
		tail -n 6 out err
	fi
}

typed() { # WHAT CODE PATTERN COLUMNS WHEN KEYS ARGUMENTS…: as says(), on a terminal; leaves `screen`
	what=$1 wanted=$2 pattern=$3
	shift 3
	columns=$1 when=$2 keys=$3
	shift 3
	TERM=xterm python3 "$here/cli_terminal.py" "$columns" "$when" "$keys" "$agent" "$@" >screen 2>err
	code=$?
	if [ $code -eq "$wanted" ] && grep -q -- "$pattern" screen; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not so: $what: exit $code (wanted $wanted), wanted words: $pattern"
		tail -n 12 screen err
	fi
}

is() { # JQ-FILTER: true of the status
	"$agent" status $given -o json | jq -e "$1"
}

# ---- words and flags
says "nothing asked: the commands, and exit 2" 2 "^Commands:"
says "help, and exit 0" 0 '^Exit:' --help
commands=$("$agent" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p')
so "there are commands" [ "$(echo "$commands" | wc -l)" -ge 20 ]
for command in $commands; do
	says "help of $command" 0 "^eks-upgrade-agent $command" "$command" --help
	says "a flag that $command has not" 2 'unknown flag "--no-such-flag"' "$command" --no-such-flag
	says "a format that $command has not" 2 "unknown output format \"xml\" for $command\|$command needs" "$command" -o xml
done
says "a command misspelt" 2 'did you mean "status"' statu
says "a flag misspelt" 2 'did you mean "--output"' status --ouput json
says "a flag without its value" 2 'flag "--run" needs a value: ID' status --run
says "a value for a flag without one" 2 'flag "--yes" takes no value' status --yes=1
says "a value behind a letter that takes none" 2 'flag "--yes" takes no value' status -yes
says "a value behind its letter" 0 '"version"' version -ojson
says "a value behind an equals sign" 0 '"version"' version --output=json
says "flags before the command" 0 '"version"' -o json version
says "an argument too many" 2 'status: unexpected argument "extra"' status extra
says "an argument too few" 2 'approve needs STEP' approve
says "what only looks like a flag" 2 'config: unknown word "--run"' config -- --run
says "a way of talking that is none" 2 '"xml" is neither text nor json' status --log-format xml
says "a number that is none" 2 '"4x" is not a whole number from 0' rehearse --seed 4x
says "a number out of its range" 2 '"-1" is not a whole number from 0' rehearse --seed=-1
says "an error is JSON where JSON is asked for" 1 '"class":"NOT_FOUND"' status -o json --journal none.db
so "one object, on stderr" sh -c "! '$agent' status -o json --journal none.db 2>&1 >/dev/null | jq -e .error.message | grep -v 'no journal'"

# ---- completion
complete() { # WORD…: what bash would offer for the last of them
	"$agent" completion bash >completion.bash
	bash -c '. ./completion.bash; shift 0; COMP_WORDS=(eks-upgrade-agent "$@"); COMP_CWORD=$#; _eks_upgrade_agent; printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
so "bash completes commands" [ "$(complete st)" = status ]
so "and flags of the command" [ "$(complete status --ru)" = --run ]
so "and those of every command" [ "$(complete plan --kubec)" = --kubeconfig ]
so "zsh takes bash's" sh -c "'$agent' completion zsh | head -n 1 | grep -q bashcompinit"
so "fish knows every command" [ "$("$agent" completion fish | grep -c '__fish_use_subcommand -a')" -eq "$(echo "$commands" | wc -l)" ]
so "in lines whose quotes are closed" sh -c "'$agent' completion fish | sed 's/\\\\.//g' | awk -F\"'\" 'NF % 2 == 0 { open = 1 } END { exit open }'"
so "and which flags take a value" sh -c "'$agent' completion fish | grep -q \"seen_subcommand_from status' -l run -r\""
says "another shell" 2 'unknown shell "tcsh": bash, zsh or fish' completion tcsh

# ---- the configuration
cat >some.yaml <<'END'
cluster: from-file
bake: 7m
gitops: { argocd: { server: "https://argocd.example.com", token: env:ARGOCD_TOKEN } }
END
shown() { # PATH: "VALUE|ORIGIN" of `config show`
	EUA_REGION=eu-west-3 ARGOCD_TOKEN=canary "$agent" config show --config some.yaml --profile me -o json |
		jq -r ".[] | select(.path == \"$1\") | \"\(.value)|\(.origin)\""
}
so "a value of the file, and where it stands" [ "$(shown cluster)" = 'from-file|some.yaml:1:1' ]
so "a value of the environment" [ "$(shown region)" = 'eu-west-3|environment EUA_REGION' ]
so "a value of a flag" [ "$(shown profile)" = 'me|flag --profile' ]
so "a default" [ "$(shown validation.min_requests | sed 's/.*|//')" = default ]
so "no secret is shown" sh -c "! ARGOCD_TOKEN=canary '$agent' config show --config some.yaml | grep -q canary"
says "as text too" 0 '^bake  *7m.* # some.yaml:2:1' config show --config some.yaml
says "a good one is good" 0 'configuration of cluster "from-file" is good' config check --config some.yaml
says "and in JSON" 0 '"ok": true' config check --config some.yaml -o json
says "one without a cluster is not" 2 'no cluster is named' config check
says "a file that is not there" 1 'cannot read "none.yaml"' config check --config none.yaml
says "a word that is none" 2 'unknown word "chek": check, show or schema' config chek
so "the schema is one, of all of it" sh -c "'$agent' config schema | jq -e '.properties.cluster and .properties.traffic.properties.steps and .additionalProperties == false'"

# ---- doctor, with nothing there
mkdir -p bin empty
env -i PATH="$work/empty" HOME="$work" AWS_EC2_METADATA_DISABLED=true "$agent" doctor -o json >doctor.json 2>err
so "doctor fails when needs are not met" [ $? -eq 1 ]
so "doctor names each, and its mend" jq -e '[.[] | select(.ok == false and .optional == false) | select(.remedy)] | map(.id) | contains(["config", "tool-terraform", "credentials", "region"])' doctor.json
so "it does not guess" jq -e '.[] | select(.id == "kubernetes") | .ok == null' doctor.json

# ---- nobody answers
away="--cluster shop --to 1.34 --region us-east-1 --endpoint-url http://127.0.0.1:9"
says "neither AWS nor Kubernetes" 1 'nothing could be seen of cluster "shop": AWS: .*; Kubernetes: cannot read "none"' assess $away --kubeconfig none
so "nor the credentials for either" sh -c "! env -u AWS_ACCESS_KEY_ID '$agent' assess $away --kubeconfig none 2>&1 | grep -v 'no AWS credentials found\|^do:'"

# ---- a run
"$agent" sim serve --cluster small --listen 127.0.0.1:0 --kubeconfig-out kubeconfig --speed 60 -o json >serve.json 2>serve.err &
for i in $(seq 200); do
	[ -s serve.json ] && [ -s kubeconfig ] && break
	sleep 0.1
done
url=$(jq -r .endpoint_url serve.json)
printf '#!/bin/sh\nexec sleep 1000\n' >bin/terraform
chmod +x bin/terraform
sed "s|^  state: .*|  state: green.tfstate\n  binary: $work/bin/terraform|" examples/sim.yaml >run.yaml
given="--config run.yaml --endpoint-url $url --kubeconfig kubeconfig"
patient="$given --log-format json"
effects() { curl -s "$url/sim/truth" | jq -c .effects; }
stopped_when() { # JQ-FILTER: drives the run until the status says so, then stops it
	"$agent" upgrade --yes $patient >run.log 2>&1 &
	upgrade=$!
	for i in $(seq 200); do
		is "$1" >/dev/null 2>&1 && break
		sleep 0.1
	done
	kill -INT $upgrade
	wait $upgrade
}
# ---- calls of the Kubernetes API
ns=/api/v1/namespaces/default
label() { "$agent" call kube GET $ns $given | jq -r '.metadata.labels.team'; }
so "names are listed, a line each" [ "$("$agent" call kube list /api/v1/nodes $given | grep -c '^ip-')" -eq 3 ]
says "an object is shown" 0 '"name": "default"' call kube GET $ns $given
says "one that is not there" 1 'not found' call kube GET /api/v1/namespaces/none $given
says "a method that is none" 2 'a path begins with' call kube LOOK $ns $given
says "a path that is none" 2 'a path begins with' call kube GET api/v1 $given
says "a change needs a yes" 4 'PATCH changes something' call kube PATCH $ns '{}' $given
says "whatever stands in the query" 4 'PATCH changes something' call kube PATCH "$ns?fieldManager=dryRun=All" '{}' $given
says "to be tried only it needs none" 0 '"team": "core"' call kube PATCH "$ns?dryRun=All" '{"metadata": {"labels": {"team": "core"}}}' $given
says "nor with the flag" 0 '"team": "core"' call kube PATCH $ns '{"metadata": {"labels": {"team": "core"}}}' --dry-run $given
says "which tries, whatever is said beside it" 0 '"team": "core"' call kube PATCH "$ns?fieldManager=dryRun=x" '{"metadata": {"labels": {"team": "core"}}}' --dry-run --yes $given
so "nothing was changed by that" [ "$(label)" = null ]
says "a merge patch" 0 '"team": "core"' call kube PATCH $ns '{"metadata": {"labels": {"team": "core"}}}' --yes $given
says "a list is a JSON patch" 0 '"team": "shop"' call kube PATCH $ns '[{"op": "replace", "path": "/metadata/labels/team", "value": "shop"}]' --yes $given
so "both were done" [ "$(label)" = shop ]
says "a list as a merge patch" 2 'is a patch of --type json, not of --type merge' call kube PATCH $ns '[]' --type merge --yes $given
says "an object as a JSON patch" 2 'a JSON patch is a list' call kube PATCH $ns '{}' --type json --yes $given
says "a type that is none" 2 '"odd" is not merge, json, strategic or apply' call kube PATCH $ns '{}' --type odd --yes $given
says "what is made needs a body" 2 'POST needs a body' call kube POST /api/v1/namespaces --yes $given
so "from stdin too" sh -c "echo '{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"mine\"}}' | '$agent' call kube POST /api/v1/namespaces - --yes $given"
says "and removed" 0 'mine' call kube DELETE /api/v1/namespaces/mine --yes $given
says "an AWS call that is none" 2 'no call "eks Nothing"' call eks Nothing $given
says "a time that is none" 1 'StartTime is not a time' call cloudwatch GetMetricData '{"StartTime": 1e300, "EndTime": 5, "MetricDataQueries": []}' $given
so "all pages are joined" sh -c "'$agent' call eks ListClusters '{\"maxResults\": 1}' --all $given | jq -e '.clusters == [\"shop\"]'"

# ---- a code that only a person has
cat >aws.conf <<'END'
[profile base]
aws_access_key_id = test
aws_secret_access_key = test
[profile admin]
role_arn = arn:aws:iam::111122223333:role/admin
source_profile = base
mfa_serial = arn:aws:iam::111122223333:mfa/anna
region = us-east-1
END
as_admin="--profile admin --endpoint-url $url"
keys="$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY"
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
export AWS_CONFIG_FILE="$work/aws.conf"
HOME=$work/one says "nobody to ask" 1 'give it by --mfa-code' call sts GetCallerIdentity $as_admin
HOME=$work/two says "a code by flag" 0 '"Arn"' call sts GetCallerIdentity --mfa-code 123456 $as_admin
HOME=$work/three typed "a code is asked for" 0 '"Arn"' 80 'MFA code of .*/anna' 123456 call sts GetCallerIdentity $as_admin
so "and not shown as it is typed" sh -c "grep -q 'MFA code of' screen && ! grep -q 123456 screen"
unset AWS_CONFIG_FILE
export AWS_ACCESS_KEY_ID="${keys% *}" AWS_SECRET_ACCESS_KEY="${keys#* }"

# ---- release notes: from which version
notes="release-notes --to 1.34 --mirror http://127.0.0.1:9"
says "the cluster says from where" 1 'no source of release notes could be read' $notes --cluster shop --endpoint-url "$url" --region us-east-1
so "and nobody has to guess" sh -c "! '$agent' $notes --cluster shop --endpoint-url $url --region us-east-1 2>&1 | grep 'the last hop'"
says "which must be there" 1 'the version of "nope" is not known' $notes --cluster nope --endpoint-url "$url" --region us-east-1
says "without one it is the last hop, and that is told" 1 'the last hop, 1.33 to 1.34' $notes
says "a version that is none" 2 '"x" is no Kubernetes version' $notes --from-version x
says "no version at all" 2 'no target version' release-notes

# ---- the checks
says "only a check that is none" 2 'did you mean "WL-PDB-ZERO"' assess --only WL-PDB-ZER --to 1.34 $given
echo '{"planned_values": {}}' >none.json
says "what is no plan of Terraform's" 1 'is no plan of Terraform' assess --terraform-plan none.json --to 1.34 $given
says "a look before that is not there" 1 'cannot read the snapshot "none/"' assess --before none/ --to 1.34 $given
says "a check is explained" 0 '^  severity  BLOCKER' assess --explain WL-PDB-ZERO
says "in JSON" 0 '"id": "WL-PDB-ZERO"' assess --explain WL-PDB-ZERO -o json
says "one that is none, and the nearest" 2 'no check "wl-pdb-zro" (did you mean "WL-PDB-ZERO"?)' assess --explain wl-pdb-zro
so "the list is the same in JSON and in text" [ "$("$agent" assess --list-checks | wc -l)" -eq "$("$agent" assess --list-checks -o json | jq length)" ]

says "no run yet" 1 'no journal at\|the journal holds no run' status $given
says "a dry run of an upgrade" 0 'plan [0-9a-f]' upgrade --dry-run $given
says "has made none" 1 'no run' status $given
so "a plan is kept" "$agent" plan $given --no-estimate --out kept.json
sed 's/^terraform:/terraform:\n  variables: { team: core }/' run.yaml >other.yaml
says "a plan of another world is not executed" 1 'not what the plan was made for: provision-green differs' upgrade --yes kept.json --config other.yaml --endpoint-url $url --kubeconfig kubeconfig
says "a step is explained" 0 'undone by  terraform destroy' plan $given --no-estimate --explain provision-green
says "one that is none is not" 2 'the plan has no step "nope"' plan $given --no-estimate --explain nope
so "a plan goes to stdout" sh -c "'$agent' plan $given --no-estimate --out - | jq -e '.steps | length > 5'"
escape=$(printf '\033')
typed "a plan is coloured on a terminal" 0 "$escape\[32m+" 100 '' '' plan $given --no-estimate
NO_COLOR=1 typed "not where nobody wants that" 0 'next: eks-upgrade-agent plan' 100 '' '' plan $given --no-estimate
so "no escape is left" sh -c "! grep -q '$escape' screen"
typed "an upgrade asks on a terminal" 4 'No: nothing was done' 100 'y/N' n upgrade $given
so "and begins nothing when the answer is no" sh -c "! '$agent' status $given"
typed "one that may begin shows what runs" 4 'Stopped at a safe border' 60 '> Green.*of about' '^C' upgrade --yes $given
so "over and over, on the same rows" grep -q "$escape\[1A$escape\[J" screen
stopped_when '.steps[] | select(.id == "provision-green") | .state == "running"'
so "it stops at a safe border, and says so" grep -q 'Stopped at a safe border. Go on: eks-upgrade-agent upgrade' run.log
before=$(effects)
says "a pause is only tried" 0 'pause: would be noted for run' pause --dry-run $given
says "a pause is told as JSON" 0 '"noted": true' pause -o json $given
stopped_when '.result == "paused"'
so "the run takes it in" is '.result == "paused"'
says "which the screen tells" 0 '^paused' status $given
says "a resume, with a reason" 0 'resume: noted for run' resume --reason 'lunch is over' $given
says "a step that asks for no approval, and which do" 2 'are asked for by: approve-decommission' approve provision-green $given
says "a step that is none" 2 'has no step "nope"' approve nope $given
says "a rollback is only tried" 0 '^Roll back shop to Blue: ' rollback --dry-run $given
says "a rollback asks back" 4 'repeat with --yes' rollback $given
typed "on a terminal too" 4 'No: nothing was done' 100 'y/N' no rollback $given
typed "status on 60 columns" 0 'paused' 60 '' '' status $given
so "no step needs a second line" awk '/^  (ok|…|waits) / { n++; if (length($0) > 62) exit 1 } END { exit n < 10 }' screen
typed "watch begins each screen anew, and ends at once" 0 "$escape\[H$escape\[2J" 60 'provision' '^C' watch $given
so "nobody was asked in vain: nothing was done" [ "$(effects)" = "$before" ]
so "and it still goes on" is '.result == "paused" or .result == "running"'
"$agent" watch $given -o json --interval 100ms >watched 2>&1 &
watch=$!
says "a rollback that is asked for" 0 '"result":"rolled-back"' rollback --now --reason 'enough' -o json $given
cp out lines
so "each change of a step is a line of JSON, and the end" jq -es '([.[] | select(.step == "backup") | .state] | last) == "undone" and last.result == "rolled-back"' lines
wait $watch
so "watch ends with the run, and with its exit" [ $? -eq 3 ]
so "it told each change as a line" sh -c "jq -es 'length > 1 and .[-1].result == \"rolled-back\" and (.[-1].reason | test(\"enough\"))' watched"
says "a rollback of what is rolled back asks nothing, and is done" 0 'rolled-back after' rollback $given
for word in pause resume cancel 'approve approve-decommission'; do
	says "$word: it is over" 1 'has ended (rolled-back)' $word $given
done
says "a run that is none" 1 'no run "zz"' status --run zz $given

# ---- what happened
says "a report as Markdown" 0 '^# shop 1.33 → 1.34' report $given
so "as JSON, by the file's name" sh -c "'$agent' report $given --out r.json && jq -e '.result == \"rolled-back\"' r.json"
so "as HTML, by the file's name" sh -c "'$agent' report $given --out sub/r.html && grep -q '</html>' sub/r.html"
says "where nothing can be written" 1 'cannot make directory "/proc/none"' report $given --out /proc/none/r.html
says "the chain holds" 0 'chain verified' verify $given
says "and in JSON" 0 '"verified": true' verify -o json $given
says "of a run that is none" 1 'no run "zz"' verify --run zz $given
journal=$(find . -name journal.db)
python3 - "$journal" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for run, seq, bytes in db.execute("select run, seq, bytes from record where run not like '%/%'").fetchall():
    db.execute("update record set bytes = ? where run = ? and seq = ?", (bytes.replace(b"enough", b"plenty"), run, seq))
db.commit()
END
says "a word changed by hand" 1 'record' verify $given
says "and in JSON" 1 '"verified": false' verify -o json $given
"$agent" call eks UpdateClusterVersion '{"name": "shop", "version": "1.34"}' --yes $given >/dev/null
says "nor one of a cluster that is on the move" 1 'cannot be checked against the cluster as it is now: cluster "shop" is UPDATING' upgrade --yes --new kept.json $given
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
