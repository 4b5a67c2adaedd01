#!/usr/bin/env bash
# Prepares .tmp/hosts/home-assistant/venv with the newest Home Assistant that a Python of this machine can run. Its own
# requirements without those that it never loads here, of which bluetooth would have to be compiled. May be run again.
set -euo pipefail
cd "$(dirname "$0")/../.."

home=.tmp/hosts/home-assistant/venv
pip() { "$home/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }

newest_python() {
  local found newest=
  for found in python3 python3.1{2,3,4} "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[234].*/bin/python; do
    # Home Assistant understands triggers: and actions: from 2024.10 on, which wants Python 3.12.
    "$found" -c 'import sys, venv; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && newest=$found
  done
  echo "$newest"
}

requirements() {
  "$home/bin/python" - <<'PYTHON'
import json
from importlib import metadata, resources

UNUSED = {"home-assistant-bluetooth", "httpx", "standard-aifc", "standard-telnetlib", "uv"}
for line in metadata.requires("homeassistant"):
    if line.partition("=")[0].partition(">")[0].partition("<")[0].strip().lower() not in UNUSED:
        print(line)
for name in ("frontend", "isal"):
    manifest = resources.files("homeassistant") / "components" / name / "manifest.json"
    print("\n".join(json.loads(manifest.read_text())["requirements"]))
PYTHON
}

prepare() {
  rm -rf "$home"
  "$1" -m venv "$home"
  pip install --no-compile --no-deps homeassistant
  requirements >"$home/requirements.txt"
  # What was left out on purpose is complained of, but is no error.
  pip install --no-compile --prefer-binary -r "$home/requirements.txt" 2>&1 | grep -v 'which is not installed\|dependency resolver' || true
  "$home/bin/python" -c 'import homeassistant.bootstrap, hass_frontend' && touch "$home/ready"
}

if ! command -v shellcheck >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends shellcheck; } >/dev/null 2>&1 \
    || echo 'home-assistant: shellcheck cannot be installed; the test that asks it is skipped'
fi

python=$(newest_python)
if [ -z "$python" ]; then
  echo 'home-assistant: no Python 3.12 or newer; its tests are skipped'
elif [ -e "$home/ready" ] || prepare "$python"; then
  echo "home-assistant: $("$home/bin/python" -m homeassistant --version) on $("$home/bin/python" --version)"
else
  rm -rf "$home"
  echo "home-assistant: it cannot be installed for $("$python" --version); its tests are skipped"
fi
