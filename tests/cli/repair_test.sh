#!/usr/bin/env bash
# repair: it shows and changes nothing without an option; each of its ways out ends its attention.
. "$(dirname "$0")/lib.sh"
start_emulator
simple_config
run 0 init prod
good=$(sink_value prod)
run 0 repair prod
out_has 'Nothing here needs a repair'
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
run 0 repair prod
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
run 0 repair prod
take_way_out '--keep sink='
[ "$(sink_value prod)" = "$value" ] || fail "--keep sink did not keep the sink's value"
run 0 status --json
json ".targets[0].current == \"$id\""
run 0 run
[ "$(active_keys)" = "$id" ] || fail "the key before still works"
passed "a key set by hand: --keep sink"

printf 'IAM_API_KEY=somebody-elses-key-somebody-elses-key-123456\n' >"$T/sinks/prod.env"
run 3 repair prod --keep sink=file
error_is_whole
run 3 repair prod --keep sink=nosuch
err_has 'no sink nosuch'
error_is_whole
run 2 repair prod --keep everything
run 2 repair prod --keep state --new-key
usage_is_whole
run 0 repair prod --keep state
passed "a value that is no key of the identity is not kept"

state=$(ls "$T"/state/*.state)
cp "$state" "$T/old.state"
run 3 repair prod --new-key
err_has 'there is a good state'
error_is_whole
echo nonsense >"$state"
run 3 run
run 0 repair prod
take_way_out '--new-key'
run 0 run
run 0 status
out_has 'idle|grace'
passed "a damaged state: --new-key"

cp "$state" "$T/old.state"
run 0 rotate prod --wait=retired
run 0 run
cp "$T/old.state" "$state"
run 3 run
err_has 'went back in time'
error_is_whole
run 0 repair prod
take_way_out '--keep sink='
run 0 run
passed "a state from a backup"

host_id=other-host
simple_config
run 3 run
err_has 'another host'
error_is_whole
run 0 repair prod
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
run 0 repair prod
take_way_out '--drop-sink second'
run 0 run
silent
passed "a sink that is gone: --drop-sink"

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
