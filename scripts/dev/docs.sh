#!/bin/sh
# Documents that the program itself writes.
set -eu
build=$1
"$build/eks-upgrade-agent" config schema >docs/config.schema.json
echo "docs/config.schema.json"
