#!/bin/sh
# release-notes and assess --release-notes against a server that answers well and badly: copies, mirrors, hostile pages.
# usage: EUA_BUILD=DIRECTORY tests/programs/notes.sh
set -u
build=${EUA_BUILD:?}
agent=$build/eks-upgrade-agent
here=$(cd "$(dirname "$0")" && pwd)
. "$here/venv.sh"
need_python notes jsonschema || exit 0
work=$(mktemp -d)
. "$here/so.sh"
cp "$here"/../perception/notes/* "$work/"
cd "$work" || exit 1
: >mode
: >log
python3 "$here/notes_server.py" "$work" mode log >url &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
unset EUA_RELEASE_NOTES_MIRROR EUA_RELEASE_NOTES_CACHE EUA_CLUSTER
export XDG_CACHE_HOME="$work/cache" HOME="$work" NO_COLOR=1
i=0
until [ -s url ]; do
	i=$((i + 1))
	[ $i -lt 100 ] || { echo 'no server'; echo '0 passed, 1 failed'; exit 1; }
	sleep 0.1
done
url=$(cat url)

is() { # WHAT WANTED GOT
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not so: $1: wanted \"$2\", got \"$3\""
	fi
}
notes() { # ARGUMENTS…: from 1.33 to 1.34, by the mirror; JSON into notes.json, exit code into $code
	: >log
	timeout 100 "$agent" release-notes --from-version 1.33 --to 1.34 --mirror "$url" -o json "$@" >notes.json 2>said
	code=$?
}
source_of() { jq -r --arg n "$1" '.sources[] | select(.name == $n) | [.status, .copy // "none", .detail // ""] | join(" / ")' notes.json; }
facts() { jq "[.release_notes[] | select($1)] | length" notes.json; }

# ---- the good case
notes
is 'it ends well' 0 $code
is 'six sources are read' 6 "$(jq '[.sources[] | select(.status == "ok" and .copy == "fetched")] | length' notes.json)"
is 'a flag that goes is told' 1 "$(facts '.kind == "flag" and .name == "--shiny-socket" and .change == "removed" and .urgent')"
is 'with its sentence' 'Removed the `--shiny-socket` flag from `kubelet`.' \
	"$(jq -r '.release_notes[] | select(.name == "--shiny-socket") | .citations[0].sentence' notes.json)"
is 'and where people read it' 'https://github.com/kubernetes/kubernetes/blob/master/CHANGELOG/CHANGELOG-1.34.md#no-really-you-must-read-this-before-you-upgrade' \
	"$(jq -r '.release_notes[] | select(.name == "--shiny-socket") | .citations[0].url' notes.json)"
is 'other versions are not told' 0 "$(facts '.version != "1.34"')"
is 'every fact has a citation' 0 "$(facts '(.citations | length) == 0 or .citations[0].sentence == "" or (.citations[0].url | startswith("https://") | not)')"
so 'it is as the schema says' "$python" -m jsonschema -i notes.json "$here/../../docs/release-notes.schema.json"
cp notes.json first.json

# ---- conditional requests
notes
is 'nothing is sent twice' 6 "$(grep -c ' 304$' log)"
is 'the copies are the pages' 6 "$(jq '[.sources[] | select(.copy == "unchanged")] | length' notes.json)"
is 'and say the same' "$(jq -S .release_notes first.json | cksum)" "$(jq -S .release_notes notes.json | cksum)"
printf '\n- Removed the `--one-more` flag of the kubelet.\n' >>changelog.md
sed -i 's/^# v1.34.0-rc.0/# v1.34.2\n\n- Removed the `--one-more` flag of the kubelet.\n\n&/' changelog.md
notes
is 'a page that changed is read anew' 1 "$(facts '.name == "--one-more"')"
is 'copies are for their owner alone' 0 "$(find cache -type f ! -perm 600 | wc -l)"
is 'no half-written file stays' 0 "$(find cache -name '*.??????' -newer url -type f | grep -c 'XXXXXX' || true)"

# ---- trouble, with copies there
for case in '500:the server answered HTTP 500' '404:there is no such page (HTTP 404)' '403:the server answered HTTP 403' \
	'huge:larger than' 'endless:larger than' 'cut:' 'garbled:what came is not this page' 'gzip:' \
	'form:what came is not this page' 'away:it was redirected to 169.254.169.254' 'round:it was redirected again and again'; do
	what=${case%%:*} why=${case#*:}
	echo "CHANGELOG $what" >mode
	notes
	is "$what: it ends well" 0 $code
	case $(source_of kubernetes-changelog) in
	"ok / offline / offline copy of $(date -u +%Y-%m-%d): "*"$why"*) passed=$((passed + 1)) ;;
	*) failed=$((failed + 1)); echo "not so: $what: $(source_of kubernetes-changelog)" ;;
	esac
	is "$what: its copy is read" 1 "$(facts '.name == "--shiny-socket"')"
done
echo 'CHANGELOG slow' >mode
notes
is 'a slow page is waited for' 'ok / unchanged / ' "$(source_of kubernetes-changelog)"

# ---- offline, and without copies
: >mode
notes --offline
is 'offline asks nobody' 0 "$(wc -l <log)"
is 'offline reads the copies' 6 "$(jq '[.sources[] | select(.copy == "offline")] | length' notes.json)"
so 'and says so in words' sh -c "$agent release-notes --from-version 1.33 --to 1.34 --mirror $url --offline | grep -q 'offline.*offline copy of $(date -u +%Y)'"
rm -rf cache
notes --offline
is 'without copies it fails' 1 $code
so 'and says what to do' grep -q "without --offline once" said
echo 'CHANGELOG 500' >mode
notes
is 'one that is missing costs itself' 0 $code
is 'it has failed' 'failed / none / the server answered HTTP 500' "$(source_of kubernetes-changelog)"
is 'and was tried three times' 3 "$(grep -c 'CHANGELOG-1.34.md 500' log)"
echo '/ 404' >mode
rm -rf cache
notes
is 'with no source at all it fails' 1 $code
so 'and names the mirror' grep -q -- --mirror said
: >mode

# ---- hostile pages
echo 'versions-standard deep' >mode
notes
is 'nesting without end is cut' 1 "$(facts '.name == "--deep"')"
so 'and that is told' sh -c "jq -r '.sources[].detail // empty' notes.json | grep -q 'beyond was not read'"
echo 'versions-standard hostile' >mode
notes
is 'a hostile page is read' 1 "$(facts '.name == "--worse"')"
is 'its anchor is no markup' 0 "$(jq -r '.release_notes[].citations[].url' notes.json | grep -c '[<>" ]')"
is 'JSON holds no control characters' 0 "$(LC_ALL=C tr -d '\n' <notes.json | LC_ALL=C grep -c '[[:cntrl:]]')"
"$agent" release-notes --from-version 1.33 --to 1.34 --mirror "$url" -v >text 2>/dev/null
is 'text holds no escapes' 0 "$(tr -d '\n' <text | LC_ALL=C grep -c '[[:cntrl:]]')"
"$agent" release-notes --from-version 1.33 --to 1.34 --mirror "$url" -v -o markdown >markdown 2>/dev/null
is 'Markdown holds no HTML outside of code' 0 "$(sed 's/`` .* ``//g; s/`[^`]*`//g' markdown | grep -c '<script\|<img')"
is 'nor mentions' 0 "$(sed 's/`` .* ``//g; s/`[^`]*`//g' markdown | grep -c '@everyone')"
: >mode

# ---- an assessment
mkdir snapshot
cat >snapshot/meta.json <<'END'
{"cluster": "shop", "region": "us-east-1", "captured_at": "2026-11-01T10:00:00Z"}
END
data=$(printf '#!/bin/sh\n/etc/eks/bootstrap.sh shop --kubelet-extra-args "--shiny-socket=/run/x"\n' | base64 -w 0)
cat >snapshot/aws.json <<END
{"describe_cluster": [{"request": {"name": "shop"}, "response": {"cluster": {"name": "shop", "version": "1.33", "status": "ACTIVE"}}}],
 "describe_launch_template_versions": [{"request": {}, "response": {"LaunchTemplateVersions": [{"LaunchTemplateId": "lt-01", "LaunchTemplateData": {"UserData": "$data"}}]}}]}
END
cat >snapshot/kubernetes.json <<'END'
{"apiVersion": "v1", "kind": "List", "items": [
 {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "kube-proxy", "namespace": "kube-system"}, "spec": {"template": {"spec": {"containers": [
  {"name": "kube-proxy", "image": "example/kube-proxy:v1.33", "command": ["kube-proxy", "--legacy-mode=true"]}]}}}},
 {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "<b>web</b>", "namespace": "shop"}, "spec": {"template": {"spec": {"containers": [
  {"name": "web", "image": "nginx", "args": ["--legacy-mode", "--shiny-socket"]}]}}}},
 {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kubelet-config", "namespace": "kube-system"}, "data": {"kubelet": "featureGates:\n  LockedGate: true\n  GoneGateToo: true\n"}},
 {"apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "FlowSchema", "metadata": {"name": "ours", "managedFields": [
  {"manager": "helm", "operation": "Update", "apiVersion": "flowcontrol.apiserver.k8s.io/v1beta3", "time": "2026-01-01T00:00:00Z"}]}}]}
END
: >log
"$agent" assess --from snapshot --to 1.34 -o json >plain.json 2>err
is 'unasked, nobody is asked' 0 "$(wc -l <log)"
is 'unasked, nothing is told' null "$(jq .release_notes plain.json)"
assess() { timeout 100 "$agent" assess --from snapshot --to 1.34 --release-notes --mirror "$url" "$@" 2>err; }
assess -o json >assessed.json
touching() { jq -r --arg n "$1" '[.release_notes[] | select(.name == $n and .touches) | .objects[] | [.kind // "-", .namespace // "-", .name] | join(" ")] | join(", ")' assessed.json; }
is 'a flag of the component touches' 'DaemonSet kube-system kube-proxy' "$(touching --legacy-mode)"
is 'a flag in user data touches' 'LaunchTemplate - lt-01' "$(touching --shiny-socket)"
is 'a gate in configuration touches' 'ConfigMap kube-system kubelet-config' "$(touching LockedGate)"
is 'its namesake does not' '' "$(touching GoneGate)"
is 'a version that somebody writes touches' 'FlowSchema - ours' "$(touching flowcontrol.apiserver.k8s.io/v1beta3)"
is 'nothing else touches' 4 "$(jq '[.release_notes[] | select(.touches)] | length' assessed.json)"
is 'its sources stand among the others' 6 "$(jq '[.sources[] | select(.name | startswith("release notes: ")) | select(.status == "ok")] | length' assessed.json)"
is 'findings stay as they were' "$(jq -S .findings plain.json | cksum)" "$(jq -S .findings assessed.json | cksum)"
is 'and so does the exit' "$("$agent" assess --from snapshot --to 1.34 >out 2>err; echo $?)" "$(assess >out; echo $?)"
assess >text
so 'text has the section' grep -q 'What the notes say of what you run: .* 4 touch the cluster' text
so 'with the object' grep -q 'here: DaemonSet kube-system/kube-proxy (arguments of container' text
is 'an upgrade note that a touching fact quotes is not told twice' 1 "$(grep -c 'Removed the .--shiny-socket. flag' text)"
COLUMNS=60 assess >text
is 'at 60 columns it stays within them' 0 "$(sed -n '/What the notes say/,/shows them all/p' text | awk 'length($0) > 60' | wc -l)"
assess -o markdown >markdown
so 'Markdown has it' grep -q '### What the notes say of what you run' markdown
assess -o html >html
so 'HTML has it' grep -q '<h2>What the notes say of what you run</h2>' html
is 'HTML has nothing of the pages as markup' 0 "$(grep -c '<b>web' html)"
for format in sarif junit; do
	assess -o $format >format
	so "$format stays without it" sh -c "! grep -q shiny-socket format"
done
echo 'versions-standard hostile' >mode
assess -o html >html
is 'a hostile page is text in HTML' 0 "$(grep -c '<script>alert\|<img' html)"
rm -rf cache
echo '/ 500' >mode
assess -o json >assessed.json
is 'without any notes it is assessed' 0 "$(jq '.release_notes | length' assessed.json)"
is 'and told' 6 "$(jq '[.sources[] | select(.name | startswith("release notes: ")) | select(.status == "failed")] | length' assessed.json)"
: >mode
printf 'cluster: shop\ntarget_version: "1.34"\nrelease_notes: {enabled: true, mirror: %s, cache: %s/mine}\n' "$url" "$work" >c.yaml
"$agent" assess --config c.yaml --from snapshot -o json >assessed.json 2>err
so 'the configuration may ask for them' sh -c "jq -e '.release_notes | length > 10' assessed.json"
is 'and say where copies are' 6 "$(ls mine | wc -l)"

# ---- wrong words
for case in '2:--to 1.34 --from-version 1.34:there is no hop' '2:--to 1.34 --from-version x:no Kubernetes version' \
	'2:--to 1.34 --from-version 1.33 --mirror ftp://x:no http' '2:--from-version 1.33:no target version' \
	'2:--to 1.34 --from-version 1.10:too many'; do
	wanted=${case%%:*} rest=${case#*:}
	# shellcheck disable=SC2086
	"$agent" release-notes ${rest%:*} >out 2>said
	is "release-notes ${rest%:*}" "$wanted" $?
	so "says ${rest##*:}" grep -q "${rest##*:}" said
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
