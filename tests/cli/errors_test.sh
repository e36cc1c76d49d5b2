#!/usr/bin/env bash
# What services and people do wrong, and what the program says: each error has its whole shape, and
# its last line is a command that runs.
. "$(dirname "$0")/lib.sh"
start_emulator
simple_config

# Follows the next commands until one says that all is well; at most five.
follow() {
  local command i
  for i in 1 2 3 4 5; do
    command=$(sed -n 's/^next: //p' "$T/err" | tail -n 1)
    [ -n "$command" ] || fail "no next command"
    sh -c "$command" >"$T/out" 2>"$T/err" </dev/null && return 0
  done
  fail "the next commands lead nowhere"
}

run 4 status --offline
err_has 'never set up, or its state was lost'
[ "$(tail -n 1 "$T/err")" = "next: rotator -c $config init prod" ] || fail "a run does not set it up"
run 0 check --offline
run 4 rotate prod
err_has 'never set up'
follow
run 0 run
passed "a target that was never set up: the next command sets it up"

# What only IAM knows is not said without it; the command that is named asks, and names the next.
mkdir "$T/lost" && mv "$T/state"/*.state "$T/lost" && mv "$T/sinks/prod.env" "$T/lost"
run 4 status --offline
err_has 'never set up, or its state was lost'
[ "$(tail -n 1 "$T/err")" = "next: rotator -c $config init prod" ] || fail "not to init"
run 4 init prod
err_has 'an earlier state made here'
[[ $(tail -n 1 "$T/err") = "next: rotator -c $config repair prod"* ]] || fail "init does not lead on"
mv "$T/lost"/*.state "$T/state" && mv "$T/lost/prod.env" "$T/sinks"
run 0 run
passed "offline, a state that was lost is not said to have never been"

value=$(sink_value prod)
fault '{"match":{"method":"POST","path":"/v1/apikeys"},"effect":{"status":400,"body":"{\"errors\":[{\"code\":\"invalid_request\",\"message\":\"No.\"}]}"}}'
run 3 rotate prod --patience 1s
err_has 'Consumers have a working key: ApiKey-'
err_has 'create'
error_is_whole
no_faults
run 0 run
run 0 run
[ "$(active_keys | wc -l)" = 1 ] || fail "keys are left over"
passed "IAM refuses to create"

fault '{"match":{"path":"/v1/*"},"effect":{"status":502,"body":"<html>Bad Gateway</html>","content_type":"text/html"}}'
run 75 rotate prod --patience 0s
err_has 'status 502'
err_lacks '<html>'
error_is_whole
no_faults
run 0 run
run 0 run
fault '{"match":{"path":"/identity/token"},"effect":{"status":429,"headers":{"Retry-After":"3600"}}}'
run 75 rotate prod --patience 0s
err_has 'status 429'
error_is_whole
no_faults
run 0 run
run 0 run
passed "an outage and a throttle are waited for"

# The instance takes logs no more from anybody: no verdict on the key, both keys live.
fault '{"match":{"path":"*/logs/v1/singles"},"effect":{"status":403}}'
run 75 rotate prod --patience 0s
err_has 'Sender'
error_is_whole
no_faults
run 0 verify prod
fault '{"match":{"path":"*/logs/v1/singles"},"effect":{"complaint":"1 line was dropped"}}'
run 75 rotate prod --patience 0s
error_is_whole
no_faults
run 0 rotate prod
run 0 run
run 0 run
[ "$(active_keys | wc -l)" = 1 ] || fail "keys are left over: $(active_keys)"
passed "an instance that takes no logs"

# Somebody deletes the current key: a new one takes its place at once.
before=$(sink_value prod)
run 0 keys prod --json
id=$(jq -r '.targets[0].keys[] | select(.role == "current") | .id' "$T/out")
delete_by_hand "$id"
rm -f "$T/state/prod.run"
run 0 run
[ "$(sink_value prod)" != "$before" ] || fail "the dead key was not replaced"
[ "$(active_keys | wc -l)" = 1 ] || fail "not one active key"
passed "a key that somebody deleted is replaced"

# A sender without Sender, and a granter that may not grant.
made=$(seed "{\"service_ids\":[{\"id\":\"ServiceId-dddddddd-0000-4000-8000-000000000001\",\"name\":\"keeper\",\"apikeys\":[{\"name\":\"keeper\"}]},{\"id\":\"ServiceId-dddddddd-0000-4000-8000-000000000002\",\"name\":\"mute\"}]}")
seed '{"roles":[{"identity":"ServiceId-dddddddd-0000-4000-8000-000000000001","role":"Operator"}]}' >/dev/null
cp "$T/management.key" "$T/good.key"
jq -r '.service_ids[0].apikeys[0].apikey' <<<"$made" >"$T/management.key"
config_of mute mute
run 4 init mute --patience 1s
err_has 'could not be granted'
err_has 'service-policy-create'
err_has 'lack.* Sender'
error_is_whole
cp "$T/good.key" "$T/management.key"
run 0 init mute
passed "no Sender and nobody to grant it: said with the command that grants it"

# Permissions of our own places.
simple_config
if [ "$(id -u)" = 0 ]; then
  chmod 777 "$T/state"
  run 3 rotate prod
  error_is_whole
  chmod 700 "$T/state"
  run 0 rotate prod
  passed "a state directory that others can write to is refused"
fi

# A command that has seen the sinks, and whose next try cannot even begin: it says what it saw, in each line.
simple_config
run 0 run
fault '{"match":{"path":"/identity/token"},"effect":{"status":503}}'
rotator -c "$config" rotate prod --patience 5m --json >"$T/out" 2>"$T/err" </dev/null &
rotation=$!
until_met
for lock in "$T"/state/*.lock; do
  rm "$lock"
  mkdir "$lock"
done
wait $rotation
status=$?
[ $status = 3 ] || fail "without a lock: status $status"
err_has 'open the lock'
err_has 'Consumers have a working key'
json '.targets[0].working == "yes" and .exit == 3'
rmdir "$T"/state/*.lock
no_faults
run 0 rotate prod
passed "a try that cannot begin forgets nothing"
