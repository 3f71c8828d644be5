#!/bin/sh
# Documents that the program itself writes.
set -eu
build=$1
"$build/eks-upgrade-agent" config schema >docs/config.schema.json
echo "docs/config.schema.json"
"$build/tests/artifacts_assessment_speaker" | python3 -m json.tool --indent 1 >docs/assessment.schema.json
echo "docs/assessment.schema.json"
