#!/usr/bin/env bash
# keys: what each key of the identity is, and taking one out of the way, never the one in use.
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
passed "each key is named for what it is"

run 2 keys prod --delete "$current" --yes
err_has 'consumers use'
error_is_whole
run 2 keys prod --disable "$current" --yes
run 2 keys prod --delete ApiKey-nope --yes
err_has 'no such key'
error_is_whole
run 2 keys prod --delete "$old"
err_has 'give --yes'
err_lacks 'onsumers'
err_has '^  nothing was changed$' # looked it has, before it asked
err_has '^next: .* --yes$'
run 2 keys prod --delete "$old" --disable "$old" --yes
[ "$(all_keys | wc -l)" = 4 ] || fail "a key is gone"
passed "never the one in use, never without being asked"

run 0 keys prod --delete "$old" --yes
! all_keys | grep -qx "$old" || fail "the key was not deleted"
run 0 keys prod --disable "$person" --yes --json
json ".targets[0].disabled == \"$person\""
! active_keys | grep -qx "$person" || fail "the key was not disabled"
if command -v script >/dev/null; then
  printf 'y\n' | script -qec "rotator -c $config keys prod --delete $previous" /dev/null >"$T/out" 2>&1
  grep -q 'no way back' "$T/out" || fail "no warning for the previous key"
  ! all_keys | grep -qx "$previous" || fail "the previous key was not deleted"
fi
run 0 history prod
out_has 'deleted by hand'
passed "a key is taken out of the way when asked for"
