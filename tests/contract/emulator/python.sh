#!/bin/sh
# Drives the emulator with the vendor's own Python SDK, over HTTPS. python.sh BUILD_DIR prints TAP.
# The packages live in a virtual environment outside the tree, one for each list of versions.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/contract/emulator/emulator.sh
. "$here/emulator.sh"
find_emulator "${1:?usage: python.sh BUILD_DIR}"
command -v python3 >/dev/null || cannot "python3 is not installed"

python3 -V >"${TMPDIR:-/tmp}/version.$$"
cache_folder emulator-python "$here/requirements.txt" "${TMPDIR:-/tmp}/version.$$"
rm -f "${TMPDIR:-/tmp}/version.$$"
if [ ! -e "$cache/done" ]; then
  rm -rf "$cache/venv"
  python3 -m venv "$cache/venv" >/dev/null || cannot "python3 has no venv (python3-venv)"
  "$cache/venv/bin/pip" --quiet --disable-pip-version-check install -r "$here/requirements.txt" ||
    cannot "the vendor's Python packages cannot be had"
  touch "$cache/done"
fi

start_emulator --imds-port 0
REQUESTS_CA_BUNDLE=$(field ca) "$cache/venv/bin/python" "$here/conformance.py" \
  "$(field https)" "$(field http)" "$(field imds)"
