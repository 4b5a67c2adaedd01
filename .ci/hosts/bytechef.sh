#!/usr/bin/env bash
# GraalJS from Maven Central into .tmp/graaljs, for test/hosts/bytechef.slow.test.ts. Without Java or Maven: nothing, and
# that test is skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v java >/dev/null && command -v mvn >/dev/null || { echo 'bytechef: java or mvn is missing'; exit 0; }
mvn -q -B -f test/hosts/bytechef/pom.xml dependency:copy-dependencies -DoutputDirectory="$PWD/.tmp/graaljs"
