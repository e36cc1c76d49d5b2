#!/usr/bin/env bash
# keys: what each key of the identity is, and what is done to one by hand: never what would cut off consumers, never without being
# asked, never to a key that rotator did not make unless that is said.
. "$(dirname "$0")/lib.sh"
start_emulator
seed "{\"service_ids\":[{\"id\":\"$sender_id\",\"apikeys\":[{\"name\":\"of a person\"},{\"name\":\"old one\",\"disabled\":true}]}]}" >/dev/null
simple_config "grace: 1h"
run 0 init prod
run 0 rotate prod
run 0 keys prod
out_has 'current +active'
out_has 'previous +active'
out_has 'unknown +active .*of a person'
out_has 'unknown +disabled .*old one'
run 0 keys prod --json
json '.targets[0].keys | length == 4'
json '[.targets[0].keys[] | select(.role == "current")] | length == 1'
current=$(jq -r '.targets[0].keys[] | select(.role == "current") | .id' "$T/out")
previous=$(jq -r '.targets[0].keys[] | select(.role == "previous") | .id' "$T/out")
person=$(jq -r '.targets[0].keys[] | select(.name == "of a person") | .id' "$T/out")
old=$(jq -r '.targets[0].keys[] | select(.name == "old one") | .id' "$T/out")
key() { control GET keys | jq -r --arg i "$1" '.keys[] | select(.id == $i) | .'"$2"; }
passed "each key is named for what it is"

run 2 keys prod --delete "$current" --yes
err_has 'consumers use'
error_is_whole
run 2 keys prod --disable "$current" --yes
run 2 keys prod --delete "$previous" --yes
err_has 'consumers may still use'
err_has 'rotator retire'
error_is_whole
run 2 keys prod --delete ApiKey-nope --yes
err_has 'no such key'
error_is_whole
run 2 keys prod --delete "$old" --yes
err_has 'did not make it.*--foreign'
run 2 keys prod --delete "$old" --foreign
err_has 'give --yes'
err_lacks 'onsumers'
err_has '^  nothing was changed$' # looked it has, before it asked
err_has '^next: .* --foreign prod --yes$|^next: .* --yes$'
[ "$(all_keys | wc -l)" = 4 ] || fail "a key is gone"
passed "never the one in use, never one of others by accident, never without being asked"

for mistake in "--delete $old --disable $old" "--rename $old" "--name x" "--description x" "--create x" "--file $T/x" "--overwrite" \
  "--foreign" "--create x --file x"; do
  # shellcheck disable=SC2086
  run 2 keys prod $mistake --yes
  usage_is_whole
done
passed "options that do not go together are told, and nothing is contacted"

run 0 keys prod --delete "$old" --foreign --yes
! all_keys | grep -qx "$old" || fail "the key was not deleted"
run 0 keys prod --disable "$person" --foreign --yes --json
json ".targets[0].disabled == \"$person\""
! active_keys | grep -qx "$person" || fail "the key was not disabled"
run 0 keys prod --enable "$person" --foreign --yes
active_keys | grep -qx "$person" || fail "the key was not enabled"
if command -v script >/dev/null; then
  printf 'n\n' | script -qec "rotator -c $config keys prod --disable $previous" /dev/null >"$T/out" 2>&1
  grep -q 'cut off until' "$T/out" || fail "no warning for the previous key"
  active_keys | grep -qx "$previous" || fail "the previous key was disabled though nobody said yes"
  printf 'y\n' | script -qec "rotator -c $config keys prod --disable $previous" /dev/null >"$T/out" 2>&1
  ! active_keys | grep -qx "$previous" || fail "the previous key was not disabled"
  run 0 keys prod --enable "$previous" --yes
  active_keys | grep -qx "$previous" || fail "the previous key did not come back"
fi
run 0 history prod
out_has 'deleted by hand'
out_has 'enabled by hand'
passed "a key is taken out of the way, and comes back, when asked for"

run 0 keys prod --describe "$person"
out_has 'name +of a person'
out_has 'role +unknown'
out_has 'entity tag +[0-9]'
run 0 keys prod --describe "$person" --json
json '.targets[0].keys[0] | .name == "of a person" and (.entity_tag | length > 5)'
run 2 keys prod --describe ApiKey-nope
err_has 'no such key'
management=$(control GET keys | jq -r --arg i "iam-$management_id" '.keys[] | select(.iam_id == $i) | .id')
run 2 keys prod --describe "$management" # of another identity
passed "one key in full"

# --- names ---
run 0 keys prod --rename "$current" --name 'edge, Berlin'
[ "$(key "$current" name)" = 'edge, Berlin' ] || fail "not renamed"
run 0 status prod
run 2 keys prod --rename "$current" --description mine
err_has 'by their description'
run 2 keys prod --rename "$person" --name x
run 0 keys prod --rename "$person" --name alice --description 'of Alice' --foreign
[ "$(key "$person" description)" = 'of Alice' ] || fail "no description"
fault '{"match":{"method":"PUT","path":"/v1/apikeys/*","times":1},"effect":{"status":412}}'
run 75 keys prod --rename "$person" --name bob --foreign
err_has 'somebody else changed the key meanwhile'
error_is_whole
no_faults
fault '{"match":{"method":"PUT","path":"/v1/apikeys/*","times":1},"effect":{"lose_answer":true}}'
run 0 keys prod --rename "$person" --name carol --foreign
no_faults
[ "$(key "$person" name)" = carol ] || fail "the lost answer was not looked up"
fault '{"match":{"method":"PUT","path":"/v1/apikeys/*"},"effect":{"drop_before":true}}'
run 75 keys prod --rename "$person" --name dave --foreign
err_has 'may still be done'
no_faults
[ "$(key "$person" name)" = carol ] || fail "renamed though nothing arrived"
passed "names; another hand, a lost answer and none are told apart"

# --- locks ---
run 2 keys prod --lock "$current"
err_has 'give --yes'
run 0 keys prod --lock "$current" --yes
[ "$(key "$current" locked)" = true ] || fail "not locked"
run 0 keys prod --lock "$current" --yes # already so
run 3 keys prod --rename "$current" --name other
err_has 'locked in IAM'
err_has '^next: ibmcloud iam service-api-key-unlock '
run 0 keys prod --unlock "$current" --yes
[ "$(key "$current" locked)" = false ] || fail "still locked"
run 0 keys prod --lock "$person" --foreign --yes
run 3 keys prod --delete "$person" --foreign --yes
follow_next
[ "$status" = 0 ] || fail "the next command ends with $status"
! all_keys | grep -qx "$person" || fail "unlocked, and not deleted"
passed "locks are hung and taken off; a locked key is told with what unlocks it"

# --- one more key ---
run 0 keys prod --create by-hand --file "$T/by-hand.json"
[ "$(stat -c %a "$T/by-hand.json")" = 600 ] || fail "mode $(stat -c %a "$T/by-hand.json")"
made=$(jq -r .id "$T/by-hand.json")
value=$(jq -r .apikey "$T/by-hand.json")
out_has "created $made"
! grep -qF "$value" "$T/out" "$T/err" "$T/state/history/"* "$T"/state/*.run || fail "the value is elsewhere, too"
[ "$(key "$made" token_endpoint)" = accepted ] || fail "the key does not work"
jq -e '.name == "by-hand" and (.description | test("by hand")) and .createdAt and .locked == false' "$T/by-hand.json" >/dev/null ||
  fail "the file's shape"
run 2 keys prod --create again --file "$T/by-hand.json"
err_has 'there already; --overwrite'
[ "$(jq -r .apikey "$T/by-hand.json")" = "$value" ] || fail "written over"
run 0 keys prod --create again --file "$T/by-hand.json" --overwrite --description 'for a test' --json
json ".targets[0].file == \"$T/by-hand.json\" and (.targets[0] | has(\"apikey\") | not)"
again=$(jq -r .id "$T/by-hand.json")
[ "$(key "$again" description)" = 'for a test' ] || fail "no description"
fault '{"match":{"method":"POST","path":"/v1/apikeys","times":1},"effect":{"lose_answer":true}}'
run 0 keys prod --create third --file "$T/third.json"
no_faults
third=$(jq -r .id "$T/third.json")
[ "$(key "$third" token_endpoint)" = accepted ] || fail "a lost answer: the key does not work"
before=$(all_keys | wc -l)
fault '{"match":{"method":"POST","path":"/v1/apikeys","times":1},"effect":{"drop_before":true}}'
run 75 keys prod --create fourth --file "$T/fourth.json"
err_has 'no such key is seen'
no_faults
[ ! -e "$T/fourth.json" ] && [ "$(all_keys | wc -l)" = "$before" ] || fail "something was made"
run 2 keys prod --create fifth --file "$T/nowhere/fifth.json"
err_has 'no file can be made'
mkdir "$T/taken.json"
run 2 keys prod --create sixth --file "$T/taken.json" --overwrite
rmdir "$T/taken.json"
mkdir "$T/open"
chmod 777 "$T/open"
run 2 keys prod --create seventh --file "$T/open/seventh.json"
rmdir "$T/open"
# Nothing can be written any more, but the key is made by then: it goes again. (The program's output goes through pipes.)
(
  trap '' XFSZ
  ulimit -f 0
  rotator -c "$config" keys prod --create eighth --file "$T/eighth.json" 2>&1 </dev/null
  echo "status $?"
) | cat >"$T/out"
out_has 'the key was deleted again, for its file could not be written'
out_has '^status [1-9]'
[ ! -e "$T/eighth.json" ] || fail "half a file"
[ "$(all_keys | wc -l)" = "$before" ] || fail "a key whose value is nowhere"
# Killed while the key is being made: nothing is left that anybody could use.
fault '{"match":{"method":"POST","path":"/v1/apikeys"},"effect":{"answer_delay_ms":20000}}'
rotator -c "$config" keys prod --create killed --file "$T/killed.json" >/dev/null 2>&1 </dev/null &
creating=$!
for _ in $(seq 200); do
  left=$(control GET keys | jq -r '.keys[] | select(.name == "killed") | .id')
  [ -z "$left" ] || break
  sleep 0.05
done
kill -9 $creating
wait $creating 2>/dev/null
no_faults
[ "$(key "${left:?no key was made}" token_endpoint)" = disabled ] || fail "a live key whose value is nowhere"
[ ! -e "$T/killed.json" ] || fail "a file of a key that does not live"
for id in "$made" "$again" "$third" "$left"; do
  run 0 keys prod --delete "$id" --foreign --yes
done
rm "$T"/*.json
passed "a key outside the rotation goes into a file, and nowhere else"

# --- the rotator's own key ---
cp "$config" "$T/kept.yaml"
config_of own "$management_id"
run 2 keys own --delete "$management" --foreign --yes
err_has 'rotator itself works with'
run 2 keys own --disable "$management" --foreign --yes
err_has 'rotator itself works with'
[ "$(key "$management" token_endpoint)" = accepted ] || fail "the management key is gone"
cp "$T/kept.yaml" "$config"
passed "the key that the rotator works with is left alone"

# --- the management of the target goes on ---
run 0 verify prod
run 0 run
run 0 keys prod
out_has 'current +active'
out_has 'previous +active'
passed "the rotation goes on as if nothing was"
