#!/bin/sh
# Drives the emulator with the vendor's own Python SDK of Secrets Manager, over HTTPS. secrets.sh BUILD_DIR prints TAP.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/contract/emulator/emulator.sh
. "$here/emulator.sh"
find_emulator "${1:?usage: secrets.sh BUILD_DIR}"
vendor_python
start_emulator
REQUESTS_CA_BUNDLE=$(field ca) "$cache/venv/bin/python" -B "$here/secrets_manager.py" "$(field https)" "$(field http)"
