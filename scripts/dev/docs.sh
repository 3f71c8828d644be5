#!/bin/sh
# Documents that the program itself writes.
# usage: docs.sh BUILD [DIRECTORY]     DIRECTORY: where to (default docs)
set -eu
build=$1 to=${2:-docs}
"$build/eks-upgrade-agent" config schema >"$to/config.schema.json"
"$build/tests/artifacts_assessment_speaker" | python3 -m json.tool --indent 1 >"$to/assessment.schema.json"
"$build/tests/artifacts_assessment_speaker" release-notes | python3 -m json.tool --indent 1 >"$to/release-notes.schema.json"
"$build/eks-upgrade-agent" assess --list-checks -o markdown >"$to/checks.md"
[ "$to" != docs ] || printf 'docs/%s\n' config.schema.json assessment.schema.json release-notes.schema.json checks.md
