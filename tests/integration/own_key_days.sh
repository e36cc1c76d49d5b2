#!/usr/bin/env bash
# Months of the rotator's own key as a target, from a timer: the job is started every 16 hours of faked time, about every
# fifth start is killed at some moment, and a sender's key rotates beside it. The key file must at all times hold a key that
# IAM takes, and no run after the first may need a person.
#
#   own_key_days.sh ROTATOR EMULATOR DAYS
set -euo pipefail
preload=$("$(dirname "$0")/../faketime.sh") || exit 77
rotator=$(realpath "$1")
emulator=$(realpath "$2")
days=$3
cd "$(dirname "$0")/../.."
. contrib/sandbox.sh

work=$(mktemp -d)
trap 'sandbox_stop; rm -rf "$work"' EXIT
RANDOM=4711
sandbox_start "$emulator" "$work/demo"
sandbox_config demo <<YAML
proof: {count: 2, span: 0s, absence_apart: 1s}
rotate_jitter: 0s
YAML
cat >>"$sandbox/rotator.yaml" <<YAML
  - name: own
    own_key: true
    account: $sandbox_account
    service_id: ServiceId-aaaaaaaa-0000-4000-8000-000000000001
    endpoints: {iam: "$sandbox_https"}
    rotate_every: 14d
    rotate_jitter: 0s
    proof: {count: 2, span: 0s, absence_apart: 1s}
YAML

now=0
at() {
  sandbox_control POST clock "{\"offset_s\": $now}" >/dev/null
  LD_PRELOAD=$preload FAKETIME="+${now}s" NO_FAKE_STAT=1 FAKETIME_DONT_FAKE_MONOTONIC=1 "$rotator" --config "$sandbox/rotator.yaml" "$@"
}
fail() {
  echo "FAIL at day $((now / 86400)): $*" >&2
  cat "$work/out" >&2 2>/dev/null || true
  exit 1
}
# The file holds a key that IAM takes, now.
check_file() {
  tr -d '\n' <"$sandbox/management.key" >"$work/held"
  [ "$(sandbox_token "$work/held")" = 200 ] || fail "the key file holds what IAM does not take"
}

at init demo >/dev/null
at init own >/dev/null
kills=0 runs=0
for ((now = 3600; now < days * 86400; now += 16 * 3600)); do
  runs=$((runs + 1))
  if [ $((RANDOM % 5)) = 0 ]; then
    at run >"$work/out" 2>&1 &
    sleep "0.0$((RANDOM % 10))"
    kill -9 $! 2>/dev/null && kills=$((kills + 1))
    wait $! 2>/dev/null || true
  else
    at run >"$work/out" 2>&1 || fail "run: exit $?"
  fi
  check_file
done
for _ in 1 2 3 4; do # what is under way ends
  now=$((now + 26 * 3600))
  at run >"$work/out" 2>&1 || fail "run: exit $?"
  check_file
done
rotations=$(at status own --json | jq -r '.targets[0].generation')
left=$(sandbox_control GET keys | jq '[.keys[] | select(.name == "own-management" and (.deleted | not))] | length')
[ "$left" -le 2 ] || fail "$left keys are left"
[ "$rotations" -ge $((days / 14 - 3)) ] || fail "only $rotations rotations in $days days"
at verify >"$work/out" 2>&1 || fail "verify: exit $?"
echo "$days days of the rotator's own key: $runs starts, $kills killed, $rotations rotations, never without a key"
