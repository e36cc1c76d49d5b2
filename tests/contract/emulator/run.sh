#!/bin/sh
# Drives the emulator with the vendor's own Node SDK and with a check of its faults, over HTTP and
# HTTPS.
#   run.sh BUILD_DIR        BUILD_DIR holds ibmcloud-emulator somewhere below it
# Node modules live in a cache outside the tree, one per lock file. Prints TAP; fails on any failure.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/contract/emulator/emulator.sh
. "$here/emulator.sh"
find_emulator "${1:?usage: run.sh BUILD_DIR}"
vendor_node
start_emulator --imds-port 0
# A module finds its packages by where it lies, so the scripts run from a copy beside them.
cp "$here"/*.mjs "$work/"
ln -s "$cache/node_modules" "$work/node_modules"

status=0
count=0
for base in "$(field http)" "$(field https)"; do
  for script in conformance faults; do
    echo "# $script on $base"
    TAP_DONE=$count NODE_EXTRA_CA_CERTS=$(field ca) \
      node "$work/$script.mjs" "$base" "$(field http)" "$(field imds)" >"$work/tap" || status=1
    cat "$work/tap"
    count=$((count + $(grep -c '^\(not \)\{0,1\}ok ' "$work/tap" || true)))
  done
done
echo "1..$count"
exit $status
