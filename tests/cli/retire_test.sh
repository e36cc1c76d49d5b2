#!/usr/bin/env bash
# retire: ends a grace whose old key is still used; names who is cut off, asks, and never leaves out the proof. Locked keys.
. "$(dirname "$0")/lib.sh"
start_emulator
simple_config "grace: 1s" "on_still_used: stop" "alert_after: 0s"
run 4 retire prod --yes
err_has 'no state yet'
error_is_whole
run 0 init prod
run 3 retire prod --yes
err_has 'no old key in grace'
err_has 'nothing was changed'

# stuck NAME…: a rotation whose grace is over, and whose old key somebody used a moment ago.
stuck() {
  old=$(active_keys) old_value=$(sink_value prod)
  run 0 rotate prod
  new=$(active_keys | grep -vx "$old")
  sleep 2.1
  key_works "in grace" "$old_value"
  rotator -c "$config" run >"$T/out" 2>"$T/err"
}
stuck
run 3 run
err_has 'the old key is still in use'
err_has 'decide: who still uses it'
err_has "^next: rotator -c $config retire prod"
run 3 status
err_has "^next: rotator -c $config retire prod"
simple_config "grace: 1s" "on_still_used: stop" "alert_after: 1d"
run 0 status
out_has 'decide: who still uses it'
out_has "^ +rotator -c $config retire prod"
simple_config "grace: 1s" "on_still_used: stop" "alert_after: 0s"
run 2 retire prod
err_has 'give --yes'
out_has "old key $old: last used .* time"
out_has "new key $new: "
[ "$(active_keys | wc -l)" = 2 ] || fail "a key is gone without being asked"
passed "the end of a wait for a used key is named, and asked for"

run 0 hold prod
run 3 retire prod --yes
err_has 'a hold is on'
err_has "^next: rotator -c $config resume prod"
follow_next
fault "{\"match\":{\"path\":\"*/logs/v1/singles\"},\"effect\":{\"status\":403}}"
run 3 retire prod --yes
err_has 'the new key is not proven now'
no_faults
[ "$(active_keys | wc -l)" = 2 ] || fail "a key is gone though the new one was not proven"
run 0 retire prod --yes --reason "that host is gone" --json
json '.targets[0].phase | IN("retiring", "idle")'
run 0 run
[ "$(active_keys)" = "$new" ] || fail "the old key was not retired"
run 0 history prod
out_has "retire +.*$old"
grep -q "that host is gone" "$T/state/history/prod.jsonl" || fail "the reason is not in the history"
run 0 run
silent
passed "retired when asked for, after the proof, never under a hold"

# a rotation asked for meanwhile is not forgotten
stuck
run 3 rotate prod
before=$(sink_value prod)
run 0 retire prod --yes
rotator -c "$config" run >"$T/out" 2>"$T/err"
[ "$(active_keys | grep -cx "$old")" = 0 ] || fail "the old key was not retired"
simple_config
run 0 run
[ "$(sink_value prod)" != "$before" ] || fail "the rotation asked for did not follow"
settle "a rotation after a grace that was ended"
passed "a wish for another rotation stands"

simple_config "grace: 1s" "quarantine: 1s" "on_still_used: continue"
old=$(active_keys)
run 0 rotate prod
lock_key "$old"
sleep 2.1
run 3 run
err_has 'the old key is locked in IAM'
err_has "^next: ibmcloud iam service-api-key-unlock $old $sender_id --force && rotator -c $config run prod"
run 3 status
err_has "^next: ibmcloud iam service-api-key-unlock $old"
run 3 keys prod --delete "$old" --yes
err_has 'the key is locked in IAM'
err_has "^next: ibmcloud iam service-api-key-unlock $old $sender_id --force && rotator -c $config keys prod --delete $old --yes"
run 3 keys prod --disable "$old" --yes --json
json '.exit == 3 and .targets[0].attention and (.targets[0].next | startswith("ibmcloud iam service-api-key-unlock"))
  and .targets[0].working == "yes" and .targets[0].sinks[0].verdict == "working"'
run 3 run
follow_next
[ "$status" = 0 ] || fail "after the unlock: status $status"
simple_config
settle "the unlocked key"
passed "a locked key says so, and how to unlock it"
