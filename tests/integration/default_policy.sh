#!/usr/bin/env bash
# The default policy as it is in earnest: grace 24 h, quarantine 65 min, a rotation every 30 days. The scheduled job is run
# again and again; between runs the clocks of rotator (libfaketime) and emulator move on.
#
#   default_policy.sh ROTATOR EMULATOR
set -euo pipefail
preload=$("$(dirname "$0")/../faketime.sh") || exit 77
rotator=$(realpath "$1")
emulator=$(realpath "$2")
cd "$(dirname "$0")/../.."
. contrib/sandbox.sh

work=$(mktemp -d)
trap 'sandbox_stop; rm -rf "$work"' EXIT
sandbox_start "$emulator" "$work/demo"
sandbox_config demo <<YAML
proof: {count: 2, span: 0s, absence_apart: 1s}
rotate_jitter: 0s
YAML

# at HOURS COMMAND…: the command, that much later than the test began.
at() {
  local seconds=$(($1 * 60))
  shift
  sandbox_control POST clock "{\"offset_s\": $seconds}" >/dev/null
  LD_PRELOAD=$preload FAKETIME="+${seconds}s" NO_FAKE_STAT=1 FAKETIME_DONT_FAKE_MONOTONIC=1 "$rotator" --config "$sandbox/rotator.yaml" "$@"
}
# keys_are WHAT: "ID:STATE" of every key of the sender, current first.
state() { at "$1" status --json demo | jq -r '.targets[0] | .phase'; }
fail() {
  echo "FAIL: $*" >&2
  exit 1
}
expect() {
  local minutes=$1 phase=$2 live=$3 disabled=$4 keys
  at "$minutes" run || fail "run at +$minutes min: exit $?"
  [ "$(state "$minutes")" = "$phase" ] || fail "+$minutes min: phase $(state "$minutes"), not $phase"
  keys=$(sandbox_control GET keys | jq -r '[.keys[] | select(.name == "demo-ingestion" and .deleted == false) | .disabled] |
    "\(map(select(. == false)) | length) \(map(select(.)) | length)"')
  [ "$keys" = "$live $disabled" ] || fail "+$minutes min: live and disabled keys are $keys, not $live $disabled"
  echo "ok +$minutes min: $phase, $live live, $disabled disabled"
}
h=60 d=1440

at 0 init demo
expect 1 idle 1 0
expect $((29 * d)) idle 1 0
expect $((30 * d + 1)) grace 2 0          # due: made, proven, published
expect $((30 * d + 23 * h)) grace 2 0     # consumers have a day
expect $((31 * d + 2)) retiring 1 1       # beyond return: the old key is disabled
expect $((31 * d + 60)) retiring 1 1      # tokens of the old key may still live
expect $((31 * d + 70)) idle 1 0          # and now they don't: deleted
expect $((59 * d)) idle 1 0
expect $((60 * d + 2)) grace 2 0
echo "the default policy over $((60)) days: as the page says"
