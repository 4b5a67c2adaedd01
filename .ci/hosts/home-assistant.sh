#!/usr/bin/env bash
# Prepares .tmp/hosts/home-assistant with the newest Home Assistant: on a CPython of Maven Central, as it wants a newer Python
# than machines have, else the newest that a Python of this machine can run. Its own requirements and those of what it sets
# up here, without what it never loads. May be run again.
set -euo pipefail
cd "$(dirname "$0")/../.."

home=$PWD/.tmp/hosts/home-assistant/python
cpython=org.bytedeco:cpython:3.14.3-1.5.13
python() { "$home/bin/python" "$@"; }
pip() { python -m pip --quiet --disable-pip-version-check "$@"; }

# A program that finds the libraries which came with it.
python_of_maven() {
  local system=linux-x86_64 own=$home/org/bytedeco/cpython
  [ "$(uname -sm)" = 'Linux x86_64' ] && command -v mvn >/dev/null && command -v python3 >/dev/null || return 1
  own=$own/$system
  mvn -q -B dependency:copy -Dartifact="$cpython:jar:$system" -DoutputDirectory="$home" >/dev/null 2>&1 || return 1
  python3 -m zipfile -e "$home"/cpython-*.jar "$home" || return 1
  rm "$home"/cpython-*.jar
  chmod +x "$own"/bin/python3.14
  mkdir "$home/bin"
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%s:%s exec %s "$@"\n' "'$own'" "'$own/lib'" "'$own/bin/python3.14'" >"$home/bin/python"
  chmod +x "$home/bin/python"
  python -c 'import ctypes, sqlite3, ssl' 2>/dev/null
}

python_of_machine() {
  local found newest=
  for found in python3 python3.1{2,3,4} "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[234].*/bin/python; do
    # Home Assistant understands triggers: and actions: from 2024.10 on, which wants Python 3.12.
    "$found" -c 'import sys, venv; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && newest=$found
  done
  [ -n "$newest" ] && "$newest" -m venv "$home"
}

requirements() {
  python - <<'PYTHON'
import json
from importlib import metadata

UNUSED = {"home-assistant-bluetooth", "standard-aifc", "standard-telnetlib", "uv"}
home_assistant = metadata.distribution("homeassistant")
for line in home_assistant.requires:
    if line.partition("=")[0].partition(">")[0].partition("<")[0].strip().lower() not in UNUSED:
        print(line)
# The cloud, which is tested, imports what has to do with cameras and speech.
known, open_ = set(), ["assist_pipeline", "bluetooth", "camera", "cloud", "frontend", "isal", "stream"]
while open_:
    name = open_.pop()
    if name not in known:
        known.add(name)
        path = home_assistant.locate_file(f"homeassistant/components/{name}/manifest.json")
        manifest = json.loads(path.read_text())
        print("\n".join(manifest.get("requirements", [])))
        open_ += manifest.get("dependencies", [])
PYTHON
}

prepare() {
  rm -rf "$home"
  mkdir -p "$home"
  "$1" || return 1
  export PIP_ROOT_USER_ACTION=ignore
  pip install --no-compile --no-deps homeassistant || return 1
  requirements >"$home/requirements.txt" || return 1
  # What was left out on purpose is complained of, but is no error.
  pip install --no-compile --prefer-binary -r "$home/requirements.txt" 2>&1 | grep -v 'which is not installed\|dependency resolver' || true
  python -c 'import homeassistant.bootstrap, hass_frontend' && touch "$home/ready"
}

if ! command -v shellcheck >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends shellcheck; } >/dev/null 2>&1 \
    || echo 'home-assistant: shellcheck cannot be installed; the test that asks it is skipped'
fi

if [ -e "$home/ready" ] || prepare python_of_maven || prepare python_of_machine; then
  echo "home-assistant: $(python -m homeassistant --version) on $(python --version)"
else
  rm -rf "$home"
  echo 'home-assistant: it cannot be installed, which wants Python 3.12 or newer; its tests are skipped'
fi
