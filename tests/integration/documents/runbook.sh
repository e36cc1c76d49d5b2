#!/usr/bin/env bash
# Executes the runbook: runbook.sh ROTATOR EMULATOR. Every block of contrib/docs/runbook.md that begins with "```sh run" is a
# case of its own: a fresh emulator, a target that was set up, the situation that the block names ("```sh run dead"), and then
# its commands, line by line, by a shell. What must hold:
#   - a situation is one: before the block, `rotator status` or `repair` says that a person is needed, or what is wrong
#   - no command ends with an internal or usage error, and the last one ends well
#   - consumers have a key that IAM accepts, at the end of every block
#   - nothing that is printed contains the value of a key
# shellcheck disable=SC2317,SC2154
set -u
rotator=$(realpath "$1") emulator=$(realpath "$2")
top=$(cd "$(dirname "$0")/../../.." && pwd)
# shellcheck source=contrib/sandbox.sh
. "$top/contrib/sandbox.sh"
runbook=$top/contrib/docs/runbook.md

work=$(mktemp -d)
trap 'sandbox_stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir "$work/bin"
PATH=$work/bin:$PATH

cases=0 failed=0
result() {  # result ok|not-ok NAME
  cases=$((cases + 1))
  if [ "$1" = ok ]; then
    echo "ok $cases - $2"
  else
    echo "not ok $cases - $2"
    failed=1
  fi
}

key_file() { echo "$sandbox/keys/prod-logs.env"; }
current() { rotator status --json prod-logs | jq -r '.targets[0].current'; }

# A request to IAM as somebody with the management key: what a hand in the console would do.
by_hand() {
  curl -sS --cacert "$sandbox/emulator/ca.pem" --data-urlencode "apikey@$sandbox/management.key" \
    --data-urlencode 'grant_type=urn:ibm:params:oauth:grant-type:apikey' "$sandbox_https/identity/token" |
    jq -r '"Authorization: Bearer " + .access_token' >"$sandbox/header"
  curl -sS --fail-with-body --cacert "$sandbox/emulator/ca.pem" -H "@$sandbox/header" -X "$1" "$sandbox_https/$2"
}

# The situations that blocks name. Each fails unless something is wrong afterwards.
situation_none() { :; }
situation_dead() {
  by_hand DELETE "v1/apikeys/$(current)" >/dev/null && rotator repair prod-logs | grep -q 'not seen in IAM'
}
situation_foreign() {
  echo "IAM_API_KEY=somebodys-own-value-that-never-was-ours-0000" >"$(key_file)"
  needs_a_person foreign
}
situation_garbled() {
  head -c 80 /dev/zero >"$(key_file)"
  needs_a_person 'does not decode'
}
situation_restored() {
  cp -a "$sandbox/state" "$work/backup" && rotator rotate prod-logs --wait=retired >/dev/null 2>&1 && rotator run prod-logs >/dev/null 2>&1
  rm -rf "$sandbox/state" && mv "$work/backup" "$sandbox/state"
  ! rotator run prod-logs >"$work/status" 2>&1 && grep -q 'went back in time' "$work/status"
}
situation_lost() {
  rm -rf "$sandbox/state" && mkdir -m 700 "$sandbox/state"
  needs_a_person unclear
}
situation_host() {
  sed -i 's/^host_id: .*/host_id: the-new-host/' "$sandbox/rotator.yaml"
  needs_a_person other_host
}
needs_a_person() {
  local status
  rotator status prod-logs >"$work/status" 2>&1
  status=$?
  case $status in
    3 | 4) grep -q "$1" "$work/status" ;;
    *) return 1 ;;
  esac
}

set_up() {
  sandbox_stop
  rm -rf "$work/world"
  sandbox_start "$emulator" "$work/world" || exit 1
  sandbox_config prod-logs <<YAML
grace: 0s
quarantine: 0s
proof: {count: 1, span: 0s, absence_apart: 0s, propagation: 0s}
YAML
  printf '#!/bin/sh\nexec "%s" --config "%s" "$@"\n' "$rotator" "$sandbox/rotator.yaml" >"$work/bin/rotator"
  chmod +x "$work/bin/rotator"
  rotator init prod-logs >"$work/out" 2>&1 || { cat "$work/out"; echo "Bail out! init failed"; exit 1; }
  key_values
}

# The values of keys that have been in the world so far, one a line, for looking whether one was printed.
key_values() {
  {
    cat "$sandbox/management.key"
    echo
    sed -n 's/^IAM_API_KEY=//p' "$(key_file)" | tr -d "\"'"
  } >>"$work/values"
}

# run_block NAME SITUATION FILE
run_block() {
  local name=$1 situation=$2 line status=0 worst=0
  set_up
  if ! "situation_$situation"; then
    cat "$work/status"
    result not-ok "$name: the situation could not be made"
    return
  fi
  : >"$work/printed"
  while IFS= read -r line; do
    echo "# \$ $line"
    bash -c "$line" >"$work/out" 2>&1 </dev/null
    status=$?
    sed 's/^/#   /' "$work/out"
    cat "$work/out" >>"$work/printed"
    key_values
    case $status in
      0 | 3 | 4 | 75) ;;
      *) worst=$status; echo "# exit status $status" ;;
    esac
  done <"$3"
  if [ $worst != 0 ] || [ $status != 0 ]; then
    result not-ok "$name: the last command ended with $status, the worst with $worst"
  elif sed -n 's/^IAM_API_KEY=//p' "$(key_file)" | tr -d "\"'\n" >"$work/value" && [ "$(sandbox_token "$work/value")" != 200 ]; then
    result not-ok "$name: consumers have no working key"
  elif grep -v '^$' "$work/values" | grep -qFf - "$work/printed"; then
    result not-ok "$name: a key was printed"
  else
    result ok "$name"
  fi
}

awk -v dir="$work" '
  /^## / { heading = substr($0, 4) }
  /^```sh run/ { n++; on = 1; file = dir "/block-" n; print heading "\t" ($3 == "" ? "none" : $3) "\t" file; next }
  /^```/ { on = 0 }
  on { print > file }' "$runbook" >"$work/blocks"
while IFS=$'\t' read -r heading situation file; do
  run_block "$heading" "$situation" "$file"
done <"$work/blocks"
echo "1..$cases"
[ "$cases" -gt 0 ] || { echo "no blocks found"; exit 1; }
exit $failed
