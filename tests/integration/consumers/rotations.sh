#!/bin/sh
# Senders on the vendor's own SDKs over three rotations at the default policy, in faked time: none of them loses a log. The
# program's hook ends them, as a unit's restart would, and they begin again with the key that their sink holds.
#
#   rotations.sh ROTATOR EMULATOR
#
# One that is not restarted goes along and must be seen to fail, or this could not. Go is not among them: its programs
# read the clock past the C library, so that it cannot be faked for an unmodified one.
set -eu
rotator=$(realpath "${1:?usage: rotations.sh ROTATOR EMULATOR}")
emulator=$(realpath "${2:?usage: rotations.sh ROTATOR EMULATOR}")
top=$(cd "$(dirname "$0")/../../.." && pwd)
here=$top/tests/contract/emulator
# shellcheck source=tests/contract/emulator/emulator.sh
. "$here/emulator.sh"
preload=$("$top/tests/faketime.sh" 2>/dev/null) || cannot "faketime is not installed"
vendor_node
node=$cache
vendor_python
python=$cache
vendor_java
java=$cache
find_emulator "$(dirname "$emulator")"
start_emulator --demo --demo-key-file "${TMPDIR:-/tmp}/management.$$"
mv "${TMPDIR:-/tmp}/management.$$" "$work/management.key"
cp "$top/tests/integration/consumers/consumer.mjs" "$work/"
ln -s "$node/node_modules" "$work/node_modules"
javac -d "$work" -cp "$java/lib/*" "$top/tests/integration/consumers/Consumer.java"
python3 "$top/tests/integration/consumers/rotations.py" --work "$work" --rotator "$rotator" --preload "$preload" \
  --http "$(field http)" --https "$(field https)" --ca "$(field ca)" \
  --consumer "python=$python/venv/bin/python $top/tests/integration/consumers/consumer.py" \
  --consumer "node=node $work/consumer.mjs" \
  --consumer "java=java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp $work:$java/lib/* Consumer"
