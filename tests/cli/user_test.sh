#!/usr/bin/env bash
# The key of a user in place of a service ID's: made, proven, published and retired by the user's own management key; the
# user's other keys are never touched; what only that user can do is told to everybody else.
. "$(dirname "$0")/lib.sh"
user=IBMid-50USER0001
other=IBMid-50USER0002
sender_id=$user # of active_keys and all_keys
active_keys() { control GET keys | jq -r --arg i "$user" '.keys[] | select(.iam_id == $i and (.deleted | not) and (.disabled | not)) | .id'; }
all_keys() { control GET keys | jq -r --arg i "$user" '.keys[] | select(.iam_id == $i and (.deleted | not)) | .id'; }

# a_user ID [ROLE…]: somebody with these roles on the instance and a key of the own, which becomes the management key; prints the key's id.
a_user() {
  local id=$1 made role
  shift
  made=$(seed "{\"users\":[{\"id\":\"$id\",\"name\":\"somebody\",\"apikeys\":[{\"name\":\"laptop\"}]}]}")
  for role in "$@"; do
    seed "{\"roles\":[{\"identity\":\"$id\",\"role\":\"$role\",\"service\":\"logs\",\"instance\":\"$guid\"}]}" >/dev/null
  done
  jq -r '.users[0].apikeys[0].apikey' <<<"$made" | tr -d '\n' >"$T/management.key"
  jq -r '.users[0].apikeys[0].id' <<<"$made"
}
start_again() {
  kill "$emulator_pid"
  wait "$emulator_pid" 2>/dev/null
  rm -rf "$T/state" "$T/ready" "$T/sinks"/*
  start_emulator
}
# config_of_user USER [LINE…]: the target prod, whose sink is no agent's.
config_of_user() {
  local of=$1
  shift
  {
    head_of_config
    printf '  - name: prod\n    instance: "%s"\n    user: %s\n' "$crn" "$of"
    printf '    sinks:\n      - file: {path: %s/sinks/prod.env, format: env, variable: LOGS_APIKEY}\n' "$T"
    [ $# -eq 0 ] || printf '    %s\n' "$@"
  } >"$config"
}
sink_value() { sed -n 's/^LOGS_APIKEY=//p' "$T/sinks/prod.env" | tr -d "'\""; }
key_of_sink() { control POST check-value "{\"value\":\"$(sink_value)\"}" | jq -r .key_id; }
last_create() { control GET keys | jq -r --arg i "$user" '[.keys[] | select(.iam_id == $i)] | last'; }

start_emulator
own=$(a_user $user Administrator)
config_of_user me

# --- the whole life ---
run 0 check prod
out_has "management credential is the user's, $user, whose own keys it can make"
out_has "can list the keys of user $user"
run 0 init prod --dry-run
out_has 'granting Sender'
err_has "the key will be one of user $user: whoever reads it can do all that this user can"
[ "$(all_keys)" = "$own" ] || fail "a dry run made something"
run 0 init prod
err_has 'whoever reads it can do all that this user can'
out_has 'granted Sender on instance'
control GET policies | jq -e --arg u "$user" '.policies[] | select(.subject.attributes[0].value == $u) |
  select(.control.grant.roles[0].role_id | endswith(":Sender"))' >/dev/null || fail "no policy of the user grants Sender"
[ "$(all_keys | wc -l)" = 2 ] || fail "not two keys: $(all_keys)"
first=$(key_of_sink)
control GET identities | jq -e '[.. | objects | select(.kind? == "service_id" and (.name | test("IBMid|me$")))] | length == 0' >/dev/null ||
  fail "a service ID was made"
run 0 init prod
err_lacks 'can do all that'
out_has 'set up already'
passed "init makes the first key of a user, grants Sender by a policy of the user, and warns once"

run 0 status prod
out_has "identity +user $user"
run 0 status prod --json
json ".targets[0].identity == {kind: \"user\", configured: \"me\", iam_id: \"$user\"}"
run 0 keys prod
out_has "all keys of user $user"
out_has "$first +current"
out_has "$own +unknown"
run 0 keys prod --json
json ".targets[0].identity.iam_id == \"$user\" and (.targets[0].keys | length) == 2"
passed "status and keys say which user"

run 0 rotate prod
second=$(key_of_sink)
[ "$second" != "$first" ] || fail "not rotated"
run 0 run prod
[ "$(all_keys | sort)" = "$(printf '%s\n' "$own" "$second" | sort)" ] || fail "left over: $(all_keys)"
[ "$(control GET keys | jq -r --arg k "$own" '.keys[] | select(.id == $k) | [.disabled, .locked, .name, .entity_tag[:2]] | join(" ")')" = "false false laptop 1-" ] ||
  fail "the user's own key was touched"
control GET requests | jq -e --arg k "$own" '[.requests[] | select(.method != "GET" and (.path | contains($k)))] | length == 0' >/dev/null ||
  fail "a request was about the user's own key"
passed "a rotation retires the old key, and leaves the user's other keys alone"

config_of_user $user
run 0 run prod
run 0 rotate prod
[ "$(key_of_sink)" != "$second" ] || fail "not rotated by the id"
passed "the user by the IAM id is the same target"

# A refusal of the list says nothing of whether the user is still there.
seed "{\"roles\":[{\"identity\":\"$user\",\"role\":\"Viewer\"}]}" >/dev/null # sees that no service ID is called so
fault '{"match":{"method":"GET","path":"/v1/apikeys","times":9},"effect":{"status":400}}'
run 3 status prod
err_has 'IAM refused'
err_lacks 'was deleted|NO working key'
no_faults
passed "a refused list is not taken for the user's end"

# --- places are shared with the user's own keys ---
seed "{\"users\":[{\"id\":\"$user\",\"apikeys\":$(jq -nc '[range(17) | {name: "k\(.)"}]')}]}" >/dev/null
before=$(all_keys)
run 3 check prod
out_has 'FAIL.*19 of 20 keys are in use and a rotation needs two places \(all keys of the user count'
rotator -c "$config" rotate prod >"$T/out" 2>"$T/err" </dev/null
status=$?
[ $status = 3 ] || [ $status = 75 ] || fail "a rotation without places: status $status"
err_has 'no two free places for keys'
[ "$(all_keys)" = "$before" ] || fail "keys of the user were touched"
passed "the user's other keys take places, and are never deleted to make some"

# --- the management key is somebody else's ---
start_again
a_user $user Administrator >/dev/null
config_of_user $user
run 0 init prod
a_user $other Administrator >/dev/null
run 3 check prod
out_has "FAIL.*user: $user, and the management key is one of $other"
out_has 'keys can be made by that user alone: put a key of that user where .management. reads it'
rm -f "$T/state/prod.run"
rotator -c "$config" rotate prod >"$T/out" 2>"$T/err" </dev/null
status=$?
[ $status = 3 ] || fail "somebody else's management key: status $status"
err_has "only the user $user can list, make and delete that user's keys, and the management key is one of $other"
err_has 'IAM ID does not match the token'
error_is_whole
err_lacks 'was deleted'
rm -rf "$T/state" "$T"/sinks/*
run 4 init prod
err_has "the management key is one of $other"
error_is_whole
passed "only that user makes that user's keys: check, init and a run name both"

start_again
config_of_user me
run 2 init prod # the management key is a service ID's
err_has 'user: me, and the management key is one of iam-ServiceId-'
err_has 'put a key of a user where .management. reads it, or let the target be of a service ID'
error_is_whole
run 3 check prod
out_has 'FAIL.*the management key is one of iam-ServiceId-'
run 0 init prod --print-policy
out_has '^USER_NAME=name@example.com$'
out_has "^ibmcloud iam user-policy-create \"\\\$USER_NAME\" --service-name logs --roles Sender --service-instance $guid$"
out_has 'ibmcloud iam api-key-create rotator --file'
out_lacks 'service-(policy|api-key|id)'
out_has '^ibmcloud login$'
config_of_user $user
run 0 init prod --print-policy --json
json '.targets[0].policies | length == 2'
json ".targets[0].commands[0].command | test(\"^USER_NAME=.*ibmUniqueId == .$user.[)]\")"
passed "a service ID's management key is refused for a user, and print-policy prints the way"

# --- rights ---
start_again
a_user $user >/dev/null # may grant nothing
config_of_user me
rotator -c "$config" init prod --patience=0s >"$T/out" 2>"$T/err" </dev/null
status=$?
[ $status != 0 ] || fail "init without Sender succeeded"
err_has 'Sender on the instance is not seen and could not be granted'
err_has "ibmcloud iam user-policy-create .*ibmUniqueId == \"$user\".* --service-name logs --roles Sender --service-instance $guid"
follow_next # user-policy-create, and a run
[ "$status" = 0 ] || fail "the command that is named did not help: $status"
run 0 init prod
out_has 'set up already'
passed "a user who cannot grant Sender gets the command for somebody who can"

start_again
a_user $user Sender >/dev/null
config_of_user me
for refusal in 403 400; do
  setting "{\"restrict_user_keys\":true,\"restricted_user_key_status\":$refusal}"
  rm -rf "$T/state" "$T"/sinks/*
  rotator -c "$config" init prod >"$T/out" 2>"$T/err" </dev/null
  status=$?
  [ $status = 3 ] || [ $status = 4 ] || fail "restricted ($refusal): status $status"
  err_has 'The account restricts who creates API keys of users'
  [ $refusal = 400 ] || err_has "needs role 'User API key creator' on IAM Identity"
  [ "$(all_keys | wc -l)" = 1 ] || fail "a key was made all the same"
done
seed "{\"roles\":[{\"identity\":\"$user\",\"role\":\"UserApiKeyCreator\"}]}" >/dev/null
rm -rf "$T/state" "$T"/sinks/*
run 0 init prod
passed "an account that restricts keys of users: what IAM said, and which role"

# --- configuration ---
rm -rf "$T/state" "$T"/sinks/*
{ head_of_config; target prod | sed "s/service_id: .*/user: $user/"; } >"$config"
run 2 check prod
out_has "user: the sink file is a logging agent's \(IAM_API_KEY\), and the key of a user can do all that the user can"
{ head_of_config; target prod | sed "s/service_id: .*/user: $user/"; echo '    accept_user_key: true'; } >"$config"
run 4 check prod # the key of the rotation before is nobody's now
out_lacks 'logging agent'
out_has "ok +prod +identity +the management credential is the user's"
config_of prod $user
run 2 check prod
out_has "service_id: a user; .*did you mean user: $user"
config_of_user ServiceId-aaaaaaaa-0000-4000-8000-000000000002
run 2 check prod
out_has 'user: a service ID; .*did you mean service_id: ServiceId-aaaaaaaa-0000-4000-8000-000000000002'
config_of_user me 'service_id: x'
run 2 check prod
out_has 'user: a target is of one identity'
passed "users and service IDs are told apart, and an agent's sink is refused"

# --- the same user under two names ---
config_of_user me
{
  cat "$config"
  printf '  - name: twin\n    instance: "%s"\n    user: %s\n' "$crn" "$user"
  printf '    sinks:\n      - file: {path: %s/sinks/twin.env, format: env, variable: LOGS_APIKEY}\n' "$T"
} >"$T/twins.yaml"
config=$T/twins.yaml
keys=$(all_keys)
run 4 init twin # nobody has a key there
err_has 'same identity on the same instance as target prod \(.*twins.yaml:[0-9]+\)'
error_is_whole
[ "$(all_keys)" = "$keys" ] || fail "a twin was set up"
[ ! -e "$T/sinks/twin.env" ] || fail "a twin has a key"
for name in prod twin; do
  rotator -c "$config" check $name >"$T/out" 2>"$T/err" </dev/null && fail "check passes over a twin"
  out_has "^FAIL +$name +identity +.*the same identity on the same instance as target"
done
config=$T/rotator.yaml
passed "two targets of one user are told apart by nobody, and refused"
