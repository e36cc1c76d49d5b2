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
exec 9>&-
passed "busy: exit 5, or waits"

run 2 rotate
run 2 rotate prod --grace 5
err_has 'duration'
run 2 rotate prod --wait=never
err_has 'published\|retired'
usage_is_whole
