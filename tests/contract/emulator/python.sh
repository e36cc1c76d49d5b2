#!/bin/sh
# Drives the emulator with the vendor's own Python SDK, over HTTPS. python.sh BUILD_DIR prints TAP.
# The packages live in a virtual environment outside the tree, one for each list of versions.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/contract/emulator/emulator.sh
. "$here/emulator.sh"
find_emulator "${1:?usage: python.sh BUILD_DIR}"
vendor_python
start_emulator --imds-port 0
REQUESTS_CA_BUNDLE=$(field ca) "$cache/venv/bin/python" -B "$here/conformance.py" \
  "$(field https)" "$(field http)" "$(field imds)"
