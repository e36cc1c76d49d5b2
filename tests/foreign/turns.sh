#!/usr/bin/env bash
# Two programs for different machines on one state: each call of `rotator` is the other one's ($ROTATORS, two paths). Whole
# rotations, rotations that are killed on the way and taken up by the other one, a rotation that goes back.
turn=$(mktemp)
script=$(mktemp)
cat >"$script" <<END
#!/bin/bash
set -- "\$@"
programs=(${ROTATORS:?two paths})
n=\$(cat $turn)
echo \$((n + 1)) >$turn
exec "\${programs[n % 2]}" "\$@"
END
chmod 755 "$script"
echo 0 >"$turn"
ROTATOR=$script
. "$(dirname "$0")/../cli/lib.sh"
trap 'clean_up; rm -f "$turn" "$script"' EXIT

consumer_works() { key_works "$1" "$(sink_value prod)"; }

start_emulator
simple_config "grace: 1h"
run 0 init prod
consumer_works "set up by one machine"
for first in 0 1; do
  echo $first >"$turn"
  before=$(sink_value prod)
  run 0 rotate prod --reason "made by machine $first"
  [ "$(sink_value prod)" != "$before" ] || fail "the key was not rotated"
  run 0 status prod --json
  json '.targets[0] | .phase == "grace" and .working == "yes" and .keys.previous.key_id != null'
  run 0 run
  silent
  run 75 rotate prod
  run 0 rollback prod --reason "looks bad"
  [ "$(sink_value prod)" = "$before" ] || fail "it did not go back"
  run 0 history prod --json
  json '[.targets[0].entries[] | select(.what == "promote" and .reason == "made by machine '$first'")] | length == 1'
  simple_config
  settle "the other machine goes on"
  consumer_works "settled"
  simple_config "grace: 1h"
done
passed "a rotation, back, and its end: each step by the other machine"

simple_config
kill_rotations 0.2 0.4 0.8 1.2 1.6 2.4 3.2
passed "rotations that one machine began and was killed at, and the other one took up"
run 0 check prod
run 0 check prod
run 0 verify prod
[ "$(all_keys | wc -l)" = 1 ] || fail "keys are left over: $(all_keys)"
passed "both find all in order"
