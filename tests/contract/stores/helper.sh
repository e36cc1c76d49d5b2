#!/usr/bin/env bash
# The tests that every store passes, on a helper program (rotator-store-helper(5)):
#
#   helper.sh PROGRAM      an absolute path
#
# Items whose names begin with "test-" are written to the helper's own store and are left there. The test program is built
# first where it is not there (ROTATOR_BUILD_DIR/dev, build/dev by default).
set -eu
[ $# = 1 ] || { sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2; }
cd "$(dirname "$0")/../../.."
build=${ROTATOR_BUILD_DIR:-$PWD/build}/dev
if [ ! -x "$build/tests/contract/stores/store_program" ]; then
  cmake --preset dev -B "$build" >/dev/null
  cmake --build "$build" --target store_program
fi
exec "$build/tests/contract/stores/store_program" helper "$1"
