#!/usr/bin/env bash
# Rotating by hand, going back, and what is said about the old key.
. "$(dirname "$0")/lib.sh"
start_emulator
simple_config "grace: 1h"
run 0 init prod
first=$(sink_value prod)
first_id=$(active_keys)

run 0 rotate prod --reason "quarterly"
out_has 'is published to 1 sink and proven'
out_has "the old key $first_id works until 20"
second=$(sink_value prod)
[ "$second" != "$first" ] || fail "the sink was not changed"
[ "$(active_keys | wc -l)" = 2 ] || fail "grace without two active keys"
run 0 history prod
out_has 'promote'
run 0 history prod --json
json '[.targets[0].entries[] | select(.reason == "quarterly")] | length > 0'
run 0 status prod
out_has 'grace'
out_has "old key +$first_id"
run 0 run
silent
passed "rotate publishes, proves, and says how long the old key works"

run 75 rotate prod
err_has 'moving to the new key'
error_is_whole
run 0 rollback prod --reason "new one looks bad"
[ "$(sink_value prod)" = "$first" ] || fail "rollback did not bring the old key back"
out_has "rolled back: $first_id is current again"
out_has 'the key that was given up, ApiKey-[-0-9a-f]+, is kept until 20'
out_lacks 'is published to'
run 0 status --json
json '.targets[0].current == "'"$first_id"'"'
passed "rollback brings the old key back"

run 0 rotate prod --compromised --reason "found in a paste"
out_has 'tokens that were made of the old key are valid until 20'
[ "$(sink_value prod)" != "$first" ] && [ "$(sink_value prod)" != "$second" ] || fail "not a new key"
run 0 run
[ "$(active_keys | wc -l)" = 1 ] || fail "old keys still work: $(active_keys)"
[ "$(all_keys | wc -l)" = 1 ] || fail "old keys are left over"
passed "compromised: the old keys are gone at once"

run 3 rollback prod
err_has 'no rotation is under way'
error_is_whole
passed "nothing to roll back is said"

run 0 rotate prod --grace 0s --wait=retired
run 0 run
[ "$(all_keys | wc -l)" = 1 ] || fail "the old key is left over"
passed "grace 0 and wait=retired end it in one go"

run 0 rotate prod --json --grace 0s
json '.command == "rotate" and .targets[0].exit == 0 and (.targets[0].current | startswith("ApiKey-"))'
run 0 rotate prod --quiet --grace 0s
silent
passed "json and quiet"

# --- busy ---
exec 9>"$(ls "$T"/state/*.lock)"
flock 9
run 5 rotate prod
err_has 'another run'
error_is_whole
run 5 hold prod
(sleep 1; flock -u 9) &
unlocker=$!
run 0 rotate prod --wait --grace 0s
wait $unlocker
passed "busy: exit 5, or waits"

# Another run takes the target over after ours has seen that consumers have no key: what was seen stands.
mv "$T/sinks/prod.env" "$T/kept"
fault '{"match":{"path":"/identity/token"},"effect":{"status":503}}'
rotator -c "$config" rotate prod --json >"$T/out" 2>"$T/err" </dev/null &
ours=$!
until_met
flock 9 # which its first tick lets go of
wait $ours && status=0 || status=$?
[ "$status" = 4 ] || fail "status $status, wanted 4"
json '.targets[0] | .end == "busy" and .exit == 4 and .working == "no" and (.current | startswith("ApiKey-"))'
flock -u 9
exec 9>&-
no_faults
mv "$T/kept" "$T/sinks/prod.env"
run 0 run
passed "busy after a look: exit 4 stands beside a key that does not work"

# --- what is not rotated is not said to be ---
made=$(seed '{"service_ids":[{"name":"adoptee","apikeys":[{"name":"by hand"}]},{"name":"slow"}]}')
seed "{\"roles\":[$(jq -r '.service_ids[].id' <<<"$made" |
  sed "s/.*/{\"identity\":\"&\",\"role\":\"Sender\",\"instance\":\"$guid\"}/" | paste -sd,)]}" >/dev/null
config_of adoptee adoptee
printf 'IAM_API_KEY=%s\n' "$(jq -r '.service_ids[0].apikeys[0].apikey' <<<"$made")" >"$T/sinks/adoptee.env"
chmod 600 "$T/sinks/adoptee.env"
before=$(sink_value adoptee)
run 75 rotate adoptee --patience 0s
[ "$(sink_value adoptee)" = "$before" ] || fail "adopted and rotated in one run"
err_has 'nothing was asked for'
error_is_whole
run 0 rotate adoptee
[ "$(sink_value adoptee)" != "$before" ] || fail "status 0, and the key was not rotated"
passed "a key that is only adopted is no rotation"

# --- no hidden limit (its end is looked at below) ---
{ head_of_config "grace: 33s" "on_still_used: continue"; target slow slow; } >"$T/slow.yaml"
rotator -c "$T/slow.yaml" init slow >"$T/out" 2>"$T/err" </dev/null || fail "init slow"
before=$(sink_value slow)
start=$SECONDS
rotator -c "$T/slow.yaml" rotate slow --wait=retired >"$T/slow.out" 2>"$T/slow.err" </dev/null &
waiting=$!
until [ "$(sink_value slow)" != "$before" ]; do sleep 0.1; done
( # other runs come and go, and are no reason to end
  for _ in $(seq 40); do
    rotator -c "$T/slow.yaml" run slow >/dev/null 2>&1
    sleep 0.2
  done
) &
others=$!

simple_config
run 0 run
fault '{"match":{"path":"*/logs/v1/singles"},"effect":{"status":503}}'
current=$(active_keys)
run 75 rotate prod --patience 0s
no_faults
run 0 rollback prod
out_has "rolled back: $current is current again"
run 0 run
[ "$(active_keys)" = "$current" ] || fail "the staged key is left over"
passed "a staged key is given up"
run 2 rotate
run 2 rotate prod --grace 5
err_has 'duration'
run 2 rotate prod --wait=never
err_has 'published\|retired'
usage_is_whole

wait $others
wait $waiting || fail "rotate --wait=retired ended with $?: $(cat "$T/slow.err")"
[ $((SECONDS - start)) -ge 33 ] || fail "rotate --wait=retired did not stay until the grace was over"
rotator -c "$T/slow.yaml" status slow --json | jq -e '.targets[0].phase == "idle"' >/dev/null ||
  fail "rotate --wait=retired ended before the old key was gone"
passed "wait=retired stays until then, whatever the grace"
