#!/usr/bin/env bash
# Prepares .tmp/hosts/soar/python3.X with splunk-soar-sdk for every Python from 3.9 to 3.13 that the machine has; without any
# new enough, Debian's own. Tests of a Python that is missing are reported as skipped. May be run again.
set -euo pipefail
cd "$(dirname "$0")/../.."

# The SDK 3 wants Python 3.13, its last 2 is for the others (requires-python of their releases).
sdk_for() { if [ "$1" = 3.13 ]; then echo splunk-soar-sdk==3.0.0; else echo splunk-soar-sdk==2.3.7; fi; }

find_python() {
  local found
  for found in "$(command -v "python$1" || true)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
    if [ -x "$found" ] && [ "$("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$1" ]; then
      echo "$found"
      return
    fi
  done
}

prepare() {
  local version=$1 python=$2 home=.tmp/hosts/soar/python$1
  "$home/bin/python" -c 'import soar_sdk, requests' 2>/dev/null && return
  rm -rf "$home"
  "$python" -m venv "$home" && "$home/bin/pip" install --quiet --disable-pip-version-check "$(sdk_for "$version")" && return
  rm -rf "$home"
  return 1
}

if [ -z "$(for v in 3.9 3.10 3.11 3.12 3.13; do find_python $v; done)" ] && command -v apt-get >/dev/null; then
  apt-get install --quiet --yes python3-venv >/dev/null || true
fi
for version in 3.9 3.10 3.11 3.12 3.13; do
  python=$(find_python $version)
  if [ -z "$python" ]; then
    echo "soar: no Python $version; its tests are skipped"
  elif prepare "$version" "$python"; then
    echo "soar: Python $version with $(sdk_for $version)"
  else
    echo "soar: $(sdk_for $version) cannot be installed for Python $version; its tests are skipped"
  fi
done
