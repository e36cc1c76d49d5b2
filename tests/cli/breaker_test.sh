#!/usr/bin/env bash
# One fault does not go through a whole fleet: where the same step fails for many targets, no rotation begins any more in that run.
. "$(dirname "$0")/lib.sh"
start_emulator
fleet=15
id_of() { printf 'ServiceId-bbbbbbbb-0000-4000-8000-%012d' "$1"; }
jq -n --argjson n $fleet --arg guid "$guid" '
  [range($n) | "ServiceId-bbbbbbbb-0000-4000-8000-" + ("000000000000" + tostring)[-12:]] as $ids |
  {service_ids: [$ids[] | {id: ., name: .}], roles: [$ids[] | {identity: ., role: "Sender", instance: $guid}]}' >"$T/seed.json"
curl -sS --fail-with-body "$http/_control/seed" -d "@$T/seed.json" >/dev/null || fail "seed"
# config_with LINE: with that line at the top.
config_with() {
  head_of_config "probe_every: 0s" "rotate_every: 1s" | sed "s/^version: 1/&${1:+\\n$1}/"
  for ((i = 0; i < fleet; i++)); do target "agent-$i" "$(id_of $i)"; done
}
config_with "" >"$config"
for ((i = 0; i < fleet; i++)); do run 0 init "agent-$i"; done
begun() { control GET requests | jq '[.requests[] | select(.method == "POST" and .path == "/v1/apikeys")] | length'; }
refuse() { fault '{"match":{"method":"POST","path":"/v1/apikeys"},"effect":{"status":400,"body":"{\"errors\":[{\"code\":\"invalid_request\",\"message\":\"No.\"}]}"}}'; }

refuse
sleep 1.1
before=$(begun)
run 3 run --jobs 1 --patience 0s --json
[ $(($(begun) - before)) = 5 ] || fail "$(($(begun) - before)) rotations began"
json '([.targets[] | select(.why == "fleet_fails")] | length) == '$((fleet - 5))' and ([.targets[] | select(.exit == 3)] | length) == 5'
[ "$(grep -c 'this run began no new rotation for 10 more that are due' "$T/err")" = 1 ] || fail "not told once"
err_has 'the step .create. failed for 5 targets in the same way: .*invalid_request: No;'
passed "after five targets no rotation begins, and it is told once"

run 0 status agent-12 --json
json '.targets[0].phase == "idle" and .targets[0].working'
passed "those that were held back have their key"

# A person who asks is not held back; the dead key of a target neither.
sleep 1.1
before=$(begun)
run 3 rotate agent-12
[ $(($(begun) - before)) -ge 1 ] || fail "what a person asked for did not begin"
passed "what a person asks for begins"

no_faults
run 0 run
json_of() { rotator -c "$config" status --json; }
json_of >"$T/out"
json '[.targets[] | select(.phase != "idle")] == []'
[ "$(control GET keys | jq '[.keys[] | select(.state != "deleted" and (.disabled | not)) | select(.iam_id | startswith("iam-ServiceId-bbbbbbbb"))] | length')" = $fleet ] ||
  fail "not one active key for each target"
passed "the next run goes on when the fault is over"

refuse
config_with "breaker: {targets: 2, percent: 40}" >"$config"
sleep 1.1
before=$(begun)
run 3 run --jobs 1 --patience 0s
[ $(($(begun) - before)) = 6 ] || fail "$(($(begun) - before)) rotations began of 15, wanted 40 percent"
no_faults
run 0 run
refuse
config_with "breaker: {targets: 0}" >"$config"
sleep 1.1
before=$(begun)
run 3 run --jobs 1 --patience 0s
[ $(($(begun) - before)) = $fleet ] || fail "$(($(begun) - before)) rotations began with the breaker off"
err_lacks 'began no new rotation'
passed "the share, and off"
