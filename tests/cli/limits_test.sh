#!/usr/bin/env bash
# A fleet and an IAM that wants to be spared: what it asks of one request holds for all, and the configuration may ask as much.
. "$(dirname "$0")/lib.sh"
start_emulator
fleet=20 jobs=8
id_of() { printf 'ServiceId-bbbbbbbb-0000-4000-8000-%012d' "$1"; }
jq -n --argjson n $fleet --arg guid "$guid" '
  [range($n) | "ServiceId-bbbbbbbb-0000-4000-8000-" + ("000000000000" + tostring)[-12:]] as $ids |
  {service_ids: [$ids[] | {id: ., name: .}], roles: [$ids[] | {identity: ., role: "Sender", instance: $guid}]}' >"$T/seed.json"
curl -sS --fail-with-body "$http/_control/seed" -d "@$T/seed.json" >/dev/null || fail "seed"
# config_with LINE: with that line at the top.
config_with() {
  {
    head_of_config "probe_every: 0s" "rotate_every: 1s" | sed "s/^version: 1/&${1:+\\n$1}/"
    for ((i = 0; i < fleet; i++)); do target "agent-$i" "$(id_of $i)"; done
  } >"$config"
}
config_with ""
for ((i = 0; i < fleet; i++)); do run 0 init "agent-$i"; done
last() { control GET requests | jq .last; }
# iam_since N: IAM's part of the journal.
iam_since() { control GET "requests?since=$1" | jq '[.requests[] | select(.path | startswith("/identity/") or startswith("/v1/"))]'; }
keys_alive() {
  control GET keys | jq '[.keys[] | select((.deleted | not) and (.disabled | not)) | select(.iam_id | startswith("iam-ServiceId-bbbbbbbb"))] | length'
}
each_rotated() { # each_rotated STATUS…: of the answer of a run
  json '.exit == 0 and ([.targets[] | select(.exit == 0 and .changed)] | length) == '$fleet
  [ "$(keys_alive)" = $fleet ] || fail "$(keys_alive) keys are alive"
  rotator -c "$config" status --json >"$T/out"
  json '([.targets[] | select(.phase == "idle" and .working)] | length) == '$fleet
}

# --- a pause ---

sleep 1.1
before=$(last)
fault '{"match":{"path":"/v1/apikeys","after":2,"times":1},"effect":{"status":429,"headers":{"Retry-After":"2"}}}'
run 0 run --jobs $jobs --json --log-format json
[ "$(control GET faults | jq '.rules[0].fired')" = 1 ] || fail "no request was answered 429"
[ "$(grep -c 'asked for a pause of 2s (HTTP 429): all requests of this run to it wait' "$T/err")" = 1 ] || fail "the pause is not told once"
iam_since "$before" >"$T/iam"
no_faults
# Until the answer is there, each of the others may begin one more. Then nothing comes, until two seconds are over: without the gate,
# hundreds would.
jq -e --argjson jobs $jobs '
  (map(.status == 429) | index(true)) as $at | .[$at] as $busy |
  [.[$at + 1:][] | select(.time_ms < $busy.time_ms + 1900)] | length < 2 * $jobs and all(.time_ms < $busy.time_ms + 900)' \
  "$T/iam" >/dev/null || fail "IAM was asked while it wanted to be left alone"
each_rotated
passed "a pause that IAM asks of one request is kept by all, told once, and no rotation is lost"

# Longer than the run has patience: consumers have their key, and the next run goes on.
sleep 1.1
before=$(last)
fault '{"match":{"method":"POST","path":"/v1/apikeys","times":1},"effect":{"status":429,"headers":{"Retry-After":"40"}}}'
run 75 rotate agent-3 --jobs 1 --wait=published --patience 1s
err_has 'asked for a pause of 40s'
err_has 'nothing is to be mended: too much was asked in too short a time; the next run goes on by itself'
err_has 'Consumers have a working key'
error_is_whole
no_faults
[ "$(iam_since "$before" | jq '[.[] | select(.method == "POST" and .path == "/v1/apikeys" and .status != 429)] | length')" -le 1 ] ||
  fail "a create was sent again and again"
[ -n "$(sink_value agent-3)" ] || fail "the sink is empty"
run 0 run --json
[ "$(keys_alive)" = $fleet ] || fail "$(keys_alive) keys are alive"
passed "a pause longer than the patience: consumers have a key, and the next run goes on"

# --- a budget ---

config_with "limits: {iam_requests_per_minute: 19}"
run 2 run
err_has 'limits.iam_requests_per_minute is 0 \(as many as it takes\) or at least 20'
# Rotations of two processes that share a state directory. The state file says when all that was sent is paid for: nobody waits for that here.
config_with "limits: {iam_requests_per_minute: 1000}"
rm -f "$T"/state/*.requests
sleep 1.1
before=$(last)
rotator -c "$config" run --shard 0/2 --jobs $jobs >"$T/shard" 2>&1 &
shard=$!
rotator -c "$config" run --shard 1/2 --jobs $jobs >>"$T/shard" 2>&1 || fail "shard 1: $(cat "$T/shard")"
wait $shard || fail "shard 0: $(cat "$T/shard")"
iam_since "$before" >"$T/iam"
n=$(jq length "$T/iam")
[ "$n" -gt 290 ] || fail "$n requests are too few to show a pace: 250 go at once"
# Of N a quarter at once, and the others spread over the minute: (N - N/4) / 60 = 12.5 in each second.
jq -e '[.[].time_ms] as $t | [range(250; $t | length) | ($t[.] - $t[0]) * 12.5 / 1000 + 250 + 2 * 8 >= .] | all' "$T/iam" >/dev/null ||
  fail "faster than the budget"
[ "$(keys_alive)" = $fleet ] || fail "$(keys_alive) keys are alive"
passed "two processes share one budget, and no rotation is lost"

# Nothing is left of this minute: the file says so, as if others had sent it.
config_with "limits: {iam_requests_per_minute: 20}"
for file in "$T"/state/*.requests; do echo $(($(date +%s%3N) + 40000)) >"$file"; done
before=$(last)
run 75 rotate agent-5 --wait=published --patience 1s
err_has 'the requests of this minute are used up \(limits.iam_requests_per_minute: 20\), and this one was not sent'
err_has 'Consumers have a working key'
[ "$(iam_since "$before" | jq length)" = 0 ] || fail "something was sent"
config_with ""
error_is_whole
passed "where the budget ends a rotation, consumers have a key and it is said what comes next"
