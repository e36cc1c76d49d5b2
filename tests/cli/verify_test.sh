#!/usr/bin/env bash
# verify, and what every command says of a key that no longer works: the same, whoever saw it first, and it is not forgotten.
. "$(dirname "$0")/lib.sh"
start_emulator
current() { rotator -c "$config" status --offline --json "$1" 2>/dev/null | jq -r '.targets[0].current'; }
# proven_ago SECONDS: the proofs that are kept are that much older.
proven_ago() {
  jq -c --argjson s "$1" '.evidence[].proven_s -= $s' "$T/state/prod.run" >"$T/record" && cat "$T/record" >"$T/state/prod.run"
}

# --- a target that was never set up ---
simple_config
run 4 verify prod
err_has 'NO working key: there is no key where consumers read it'
run 0 init prod
key=$(current prod)

# --- all is well ---
before=$(sha256sum "$T"/state/*.state "$T"/sinks/*)
run 0 verify prod
out_has "^prod: Consumers have a working key: $key"
out_has "^  file: working, proven [0-9TZ:-]+ \(verify\), $key"
run 0 verify prod --json
json '.targets[0] | .working == "yes" and .attention == false and .exit == 0 and .next == null'
json '.targets[0].sinks == [.targets[0].sinks[] | select(.verdict == "working" and .reason == null and .proven_by == "verify")]'
[ "$(sha256sum "$T"/state/*.state "$T"/sinks/*)" = "$before" ] || fail "verify changed something"
passed "a proof by hand says so, and changes nothing"

# --- Sender taken away: nothing but a proof shows it ---
no_sender() { fault '{"match":{"path":"*/logs/v1/singles"},"effect":{"status":403}}'; }
no_sender
run 0 run # proven a moment ago
run 4 verify prod
err_has '^prod: Consumers have NO working key: the instance refuses its logs: role Sender is missing, or this network is not let in$'
error_is_whole
for command in "status" "status --offline" "run" "check" "repair prod" "keys prod" "run --dry-run"; do
  # shellcheck disable=SC2086
  run 4 $command --json
  json '.targets[0].working == "no" and .targets[0].reason == "sender_missing"'
  json '.targets[0].attention == true'
done
run 4 hold prod
run 4 resume prod
no_faults
run 0 verify prod
for command in status run check "keys prod"; do
  # shellcheck disable=SC2086
  run 0 $command
done
passed "every command says what one saw, until a proof says otherwise"

# --- seen at rest, without anybody asking ---
simple_config "probe_every: 1m"
proven_ago 61
no_sender
run 4 run
err_has 'Sender'
no_faults
run 0 verify prod
simple_config "probe_every: 0"
proven_ago 8640000
no_sender
run 0 run
no_faults
passed "a run proves the key at rest every probe_every, and never when that is 0"

# --- the instance is gone ---
fault '{"match":{"path":"*/logs/v1/singles"},"effect":{"status":404}}'
run 4 verify
err_has 'the Cloud Logs instance is not there'
no_faults
run 0 verify prod

# --- an outage is not a dead key ---
fault '{"match":{"path":"*/logs/v1/singles"},"effect":{"status":503}}'
run 75 verify prod
err_has 'Not known whether consumers have a working key: the last proof of the key got no answer; last proven '
error_is_whole
no_faults
run 0 verify prod
passed "no answer is not known, and says when it was proven last"

# --- deleted in the console: the first look of anybody tells, and the next run mends it ---
proven_ago 120
simple_config
delete_by_hand "$key"
run 4 status
err_has 'NO working key: the key was deleted'
run 4 status --offline
err_has '^next: rotator .* run prod$'
run 0 run
run 0 status
[ "$(current prod)" != "$key" ] || fail "the dead key was not replaced"
passed "a deleted key is told by the first look and mended by the next run"
