#!/usr/bin/env bash
# repair: it shows and changes nothing without an option; each of its ways out ends its attention.
. "$(dirname "$0")/lib.sh"
start_emulator
simple_config
run 0 init prod
good=$(sink_value prod)
run 0 repair prod
out_has 'Nothing here needs a repair'
! grep -q '^next:' "$T/out" || fail "a next command without a need"
run 0 repair prod --json
json '.targets[0].ways_out == []'
passed "nothing to repair"

# Each way out that is printed is run as it stands.
ways_out() { sed -n 's/^  \(rotator .*\)$/\1/p' "$T/out"; }
take_way_out() { # take_way_out PATTERN
  local command
  command=$(ways_out | grep -E -- "$1" | head -n 1)
  [ -n "$command" ] || fail "no way out like $1"
  $command >"$T/out" 2>"$T/err"
  status=$?
  [ $status = 0 ] || fail "$command: status $status"
}

printf 'IAM_API_KEY=somebody-elses-key-somebody-elses-key-123456\n' >"$T/sinks/prod.env"
run 4 run
err_has 'repair prod'
before=$(cat "$T/sinks/prod.env")
run 4 repair prod
[ "$(cat "$T/sinks/prod.env")" = "$before" ] || fail "repair without an option changed the sink"
out_has 'foreign value'
out_has "$(active_keys)"
take_way_out '--keep state'
[ "$(sink_value prod)" = "$good" ] || fail "--keep state did not write current"
run 0 run
passed "a foreign value: --keep state"

made=$(seed "{\"service_ids\":[{\"id\":\"$sender_id\",\"apikeys\":[{\"name\":\"by hand\"}]}]}")
value=$(jq -r '.service_ids[0].apikeys[0].apikey' <<<"$made")
id=$(jq -r '.service_ids[0].apikeys[0].id' <<<"$made")
printf 'IAM_API_KEY=%s\n' "$value" >"$T/sinks/prod.env"
run 4 run
run 4 repair prod
take_way_out '--keep sink='
[ "$(sink_value prod)" = "$value" ] || fail "--keep sink did not keep the sink's value"
run 0 status --json
json ".targets[0].current == \"$id\""
run 0 run
[ "$(active_keys)" = "$id" ] || fail "the key before still works"
passed "a key set by hand: --keep sink"

printf 'IAM_API_KEY=somebody-elses-key-somebody-elses-key-123456\n' >"$T/sinks/prod.env"
run 4 repair prod --keep sink=file
error_is_whole
run 3 repair prod --keep sink=nosuch
err_has 'no sink nosuch'
error_is_whole
run 2 repair prod --keep everything
run 2 repair prod --keep state --new-key
usage_is_whole
run 0 repair prod --keep state
passed "a value that is no key of the identity is not kept"

# --- only ways out that work are offered, and a foreign key is named ---
printf 'IAM_API_KEY=nobodys-key-nobodys-key-nobodys-key-12345678\n' >"$T/sinks/prod.env"
run 4 run
err_has 'no key that IAM knows'
run 0 repair prod
out_has 'IAM .*is no key that IAM knows'
out_lacks '--keep sink='
run 0 repair prod --json
json '.targets[0].ways_out | length == 1'
json '.targets[0].next | endswith("repair prod --keep state")'
run 0 repair prod
follow_next
[ "$status" = 0 ] || fail "the way out of garbage: $status"
foreign=$(seed '{"service_ids":[{"id":"ServiceId-dddddddd-0000-4000-8000-000000000001","name":"other","apikeys":[{"name":"payroll"}]}]}')
foreign_id=$(jq -r '.service_ids[0].apikeys[0].id' <<<"$foreign")
printf 'IAM_API_KEY=%s\n' "$(jq -r '.service_ids[0].apikeys[0].apikey' <<<"$foreign")" >"$T/sinks/prod.env"
run 4 run
err_has "$foreign_id \(payroll\), active, of iam-ServiceId-dddddddd"
run 0 repair prod
out_has "IAM .*$foreign_id \(payroll\), active, of iam-ServiceId-dddddddd"
out_lacks '--keep sink='
follow_next
run 0 run
silent
passed "garbage is not offered as a key, a foreign key is named"

# --- what does not decode is written over, knowingly, once ---
broken() { # broken WHAT: the sink as it is now
  cp "$T/sinks/prod.env" "$T/broken"
  run 4 run
  err_has 'does not decode'
  err_has "^next: rotator -c $config repair prod --keep state"
  cmp -s "$T/sinks/prod.env" "$T/broken" || fail "$1 was written over without being asked"
  run 4 repair prod
  out_has 'does not decode'
  follow_next
  [ "$status" = 0 ] || fail "the way out of $1: $status"
  [ "$(active_keys)" = "$(jq -r '.targets[0].current' <<<"$(rotator -c "$config" status --json)")" ] || fail "$1: current"
  key_works "$1" "$(sink_value prod)"
  run 0 run
  silent
}
head -c 60 /dev/zero >"$T/sinks/prod.env"
broken "a file of NUL bytes"
printf 'IAM_API_KEY=a\nIAM_API_KEY=b\n' >"$T/sinks/prod.env"
broken "the variable twice"
printf "IAM_API_KEY='abc\ndef'\n" >"$T/sinks/prod.env"
printf 'IAM_API_KEY=\x22abc\n' >"$T/sinks/prod.env"
broken "an open quote"
printf 'IAM_API_KEY=\x22abc\n' >"$T/sinks/prod.env"
run 4 run
run 0 repair prod --keep state
printf 'IAM_API_KEY=\x22abc\nOTHER=1\n' >"$T/sinks/prod.env" # somebody else's line: never ours to write over
run 3 run
err_has 'line 2 is not ours'
err_has 'mend what the store says'
run 3 repair prod --keep state
[ "$(tail -n 1 "$T/sinks/prod.env")" = OTHER=1 ] || fail "somebody else's line was written over"
rm "$T/sinks/prod.env"
run 0 run
passed "what does not decode: --keep state"

state=$(ls "$T"/state/*.state)
cp "$state" "$T/old.state"
run 3 repair prod --new-key
err_has 'there is a good state'
error_is_whole
echo nonsense >"$state"
run 3 run
run 3 repair prod
take_way_out '--new-key'
run 0 run
run 0 status
out_has 'at rest|grace'
passed "a damaged state: --new-key"

cp "$state" "$T/old.state"
run 0 rotate prod --wait=retired
run 0 run
cp "$T/old.state" "$state"
run 3 run
err_has 'went back in time'
error_is_whole
run 3 repair prod
take_way_out '--keep sink='
run 0 run
passed "a state from a backup"

host_id=other-host
simple_config
run 3 run
err_has 'another host'
err_has 'decide: does the other host no longer manage it'
err_has "^next: rotator -c $config repair prod --take-host"
run 3 repair prod
take_way_out '--take-host'
run 0 run
passed "another host: --take-host"

simple_config
sed -i "s|^    sinks:|    sinks:\n      - {name: second, file: {path: $T/sinks/second.env, format: raw}}|" "$config"
run 0 run
[ -s "$T/sinks/second.env" ] || fail "a new sink was not filled"
simple_config
run 3 run
err_has 'no longer configured'
error_is_whole
run 3 repair prod
take_way_out '--drop-sink second'
run 0 run
silent
passed "a sink that is gone: --drop-sink"

# --- a sink filled by hand counts; a rename is known by its place ---
cp -p "$T/sinks/prod.env" "$T/sinks/third.env"
with_third() { sed -i "s|^    sinks:|    sinks:\n      - {name: $1, file: {path: $T/sinks/third.env, format: env, variable: IAM_API_KEY}}|" "$config"; }
with_third third
run 0 run
simple_config
with_third renamed
run 3 repair prod --drop-sink third
err_has 'under another name \(renamed\)'
run 0 run
simple_config
run 3 run
err_has 'no longer configured'
run 0 repair prod
out_has 'drop-sink renamed'
follow_next
[ "$status" = 0 ] || fail "--drop-sink: $status"
run 0 run
silent
passed "a sink filled by hand, and a renamed one, are not forgotten"

# --- the configuration names another identity ---
seed '{"service_ids":[{"id":"ServiceId-cccccccc-0000-4000-8000-000000000001","name":"another"}]}' >/dev/null
seed "{\"roles\":[{\"identity\":\"ServiceId-cccccccc-0000-4000-8000-000000000001\",\"role\":\"Sender\",\"instance\":\"$guid\"}]}" >/dev/null
config_of prod another
run 3 run
err_has 'names another identity or instance'
error_is_whole
simple_config
run 0 run
{ head_of_config; target renamed | sed 's|sinks/renamed|sinks/prod|'; } >"$config"
run 0 run
[ ! -s "$T/out" ] || fail "something was done"
err_lacks '^next:'
passed "another identity is noticed; another name keeps the state"
