#!/usr/bin/env bash
# First set-up: what is there is found, what is missing is made, doing it again does nothing, and a
# key that is in the sink already is adopted and not rotated.
. "$(dirname "$0")/lib.sh"
start_emulator
simple_config

run 4 run prod
err_has 'Consumers have NO working key'
err_has 'never set up'
error_is_whole
passed "run before init asks for init"
rm -rf "$T/state" "$T/sinks/prod.env"
[ -z "$(all_keys)" ] || control POST reset >/dev/null

start_again() { # with an emulator that knows nothing of the test before
  kill "$emulator_pid"
  wait "$emulator_pid" 2>/dev/null
  rm -rf "$T/state" "$T/ready" "$T/sinks"/*
  start_emulator "$@"
}

start_again
simple_config
run 0 init prod --dry-run
out_has 'POST .*/v1/apikeys'
out_has 'writing the sink'
[ -z "$(all_keys)" ] || fail "a dry run made a key"
run 0 init prod --dry-run --json
json '.targets[0].plan | map(.row) | index("create")'
passed "a dry run says the steps and makes nothing"

run 0 init prod
out_has 'published and proven'
[ "$(active_keys | wc -l)" = 1 ] || fail "not one active key"
[ "${#T}" -gt 0 ] && [ -n "$(sink_value prod)" ] || fail "the sink is empty"
value=$(sink_value prod)
passed "init makes the first key"

run 0 init prod
out_has 'set up already'
[ "$(sink_value prod)" = "$value" ] || fail "a second init changed the key"
run 0 init prod --json
json '.command == "init" and .exit == 0 and .targets[0].working == "yes"'
passed "init again does nothing"

start_again
made=$(seed "{\"service_ids\":[{\"id\":\"$sender_id\",\"apikeys\":[{\"name\":\"by hand\"}]}]}")
value=$(jq -r '.service_ids[0].apikeys[0].apikey' <<<"$made")
id=$(jq -r '.service_ids[0].apikeys[0].id' <<<"$made")
printf 'IAM_API_KEY=%s\n' "$value" >"$T/sinks/prod.env"
chmod 600 "$T/sinks/prod.env"
simple_config
run 0 init prod
out_has "adopted $id"
out_has 'old and due'
[ "$(sink_value prod)" = "$value" ] || fail "the adopted key was rotated"
[ "$(active_keys)" = "$id" ] || fail "another key was made"
run 0 run prod
[ "$(sink_value prod)" = "$value" ] || fail "the adopted key was rotated by the next run"
passed "a key that is there is adopted"

# --- nothing is made for a name that is misspelt ---
start_again
made=$(seed "{\"service_ids\":[{\"name\":\"edge-agent\",\"apikeys\":[{\"name\":\"by hand\"}]},{\"name\":\"other-agent\"}]}")
value=$(jq -r '.service_ids[0].apikeys[0].apikey' <<<"$made")
id=$(jq -r '.service_ids[0].apikeys[0].id' <<<"$made")
owner=$(jq -r '.service_ids[0].id' <<<"$made")
account_is() { # as it was: no service ID, no policy, no key more
  control GET identities | jq -S 'del(.. | .requests?)' >"$T/account.now"
  control GET keys | jq -S '[.keys[] | {id, disabled, deleted}]' >>"$T/account.now"
  control GET requests | jq -r '.requests[] | select(.method == "POST") | .path' | grep -E 'serviceids|policies|apikeys' >>"$T/account.now"
  [ "${1-}" = remember ] && mv "$T/account.now" "$T/account.before" && return
  diff "$T/account.before" "$T/account.now" || fail "something was made in the account"
}
with_key() { # with_key VALUE: the sink holds it
  printf 'IAM_API_KEY=%s\n' "$1" >"$T/sinks/prod.env"
  chmod 600 "$T/sinks/prod.env"
}
account_is remember
for name in edge-agnet other-agent; do # one that is not there, one of somebody else
  with_key "$value"
  config_of prod $name
  for n in --dry-run --yes; do
    run 3 init prod ${n/--yes/}
    err_has 'Not known whether consumers have a working key'
    err_has "$T/sinks/prod.env holds $id 'by hand', an active key of service ID 'edge-agent' \($owner\)"
    err_has "nothing was made. Correct service_id '$name' \($config:[0-9]+\)"
    out_lacks 'steps'
    err_has '^next: .* init prod --dry-run$'
  done
  run 3 init prod --json
  json '.targets[0].exit == 3 and .targets[0].why == "value_not_ours"'
  with_key "$(tr 'A-Za-z' 'B-ZAb-za' <<<"$value")"
  run 4 init prod
  err_has 'holds a value that IAM knows no key for'
  error_is_whole
  mv "$T/sinks/prod.env" "$T/elsewhere.env" && ln -s "$T/elsewhere.env" "$T/sinks/prod.env"
  run 3 init prod
  err_has 'must not be used'
  err_has 'nothing was made'
  error_is_whole
  rm "$T/sinks/prod.env"
  account_is
done
rm -f "$T/sinks/prod.env"
passed "a misspelt service ID over a key file that is there: nothing is made, and it is said whose key it is"

start_again
config_of prod new-agent
run 0 init prod --dry-run
out_has 'making service ID new-agent'
out_has 'granting Sender'
run 0 init prod --dry-run --json
json '[.targets[0].plan[].row][:4] == ["service-id", "sender", "first", "create"]'
json '.targets[0].plan | all(.text and .request)'
run 0 init prod
out_has 'made service ID new-agent'
out_has 'granted Sender'
json_of_history() { rotator -c "$config" history prod --json | jq -r '.targets[0].entries[].what'; }
[ "$(json_of_history | head -n 4 | paste -sd' ')" = "init init first create" ] || fail "not done in the order of the plan: $(json_of_history)"
control GET identities | jq -e '.. | objects | select(.name? == "new-agent")' >/dev/null ||
  fail "the service ID was not made"
control GET identities | jq -r '.. | .description? // empty' | grep -Eq '\[rotator i=[0-9a-f]{8}\]' ||
  fail "its description bears no mark"
run 0 init prod
out_lacks 'made service ID'
passed "a missing service ID is made once, with Sender"

start_again
config_of prod lost-agent
fault '{"match":{"method":"POST","path":"/v1/serviceids","times":1},"effect":{"lose_answer":true}}'
run 0 init prod
[ "$(control GET identities | jq '[.. | objects | select(.name? == "lost-agent")] | length')" = 1 ] ||
  fail "a lost answer made a twin"
passed "a lost answer to the create makes no twin"

seed '{"service_ids":[{"name":"twin"},{"name":"twin"}]}' >/dev/null
config_of prod twin
rm -rf "$T/state"
run 2 init prod
err_has "2 service IDs are named 'twin'"
error_is_whole
run 2 run prod
error_is_whole
passed "two service IDs of one name are told apart by the person"

simple_config
run 0 init prod --print-policy
out_has "iam-identity --roles Operator --resource-type serviceid --resource $sender_id"
out_has "logs --roles Sender --service-instance $guid"
run 0 init prod --print-policy --json
json '.targets[0].policies | length >= 2'
passed "print-policy names the least rights"

run 2 init nowhere
err_has "there is no target 'nowhere'"
run 2 init prdo
err_has "did you mean 'prod'"
run 2 init
err_has "'init' needs a target"
usage_is_whole
passed "wrong targets are named"
