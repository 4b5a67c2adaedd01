#!/usr/bin/env bash
# The Flogo command line into .tmp/flogo, and the modules of both generations of the engine into Go's cache, for
# test/hosts/flogo.slow.test.ts. Without Go or the modules: nothing, and what needs them is skipped. May be run again.
set -uo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
command -v go >/dev/null || { echo 'flogo: go is missing'; exit 0; }
mkdir -p .tmp/flogo

(cd test/hosts/flogo/cli && go build -o "$root/.tmp/flogo/flogo" github.com/project-flogo/cli/cmd/flogo) \
  >.tmp/flogo/install.log 2>&1 || echo "flogo: its command line could not be built (see $root/.tmp/flogo/install.log)"
for folder in integrations/flogo/twiliosms integrations/flogo/legacy/twiliosms test/hosts/flogo/legacy; do
  (cd "$folder" && go mod download) >>.tmp/flogo/install.log 2>&1 || echo "flogo: modules of $folder could not be had"
done
exit 0
