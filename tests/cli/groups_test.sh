#!/usr/bin/env bash
# R3. Service IDs in groups: a list without group_id shows the default group alone. The keys are found all the same, no twin is made,
# and a list that hides keys is no evidence that there are none.
. "$(dirname "$0")/lib.sh"
start_emulator
group=ServiceIdGroup-aaaaaaaa-0000-4000-8000-00000000000a
seed "{\"groups\":[{\"id\":\"$group\",\"name\":\"senders\"}],\"service_ids\":[{\"id\":\"$sender_id\",\"group_id\":\"$group\"}]}" >/dev/null
service_ids() { control GET identities | jq '[.identities[] | select(.kind == "service_id" or (.id | startswith("ServiceId-")))] | length'; }
before=$(service_ids)

# --- by name: found in its group ---
config_of prod logs-agent
run 0 init prod --dry-run
out_lacks 'making service ID'
run 0 init prod
out_lacks 'made service ID'
[ "$(service_ids)" = "$before" ] || fail "a twin was made"
[ "$(active_keys | wc -l)" = 1 ] || fail "not one active key"
passed "R3: init finds a service ID in its group"

run 0 rotate prod --wait=retired
[ "$(all_keys | wc -l)" = 1 ] || fail "a key is left over"
run 0 keys prod --json
json '.targets[0].keys | length == 1'
json '.targets[0].all_shown and .targets[0].keys[0].role == "current"'
run 0 check prod
out_has '^ok .* rights'
passed "R3: a rotation in a group"

# What an abandoned attempt left behind bears our tag, of a generation that is over.
description=$(control GET keys | jq -c --arg i "iam-$sender_id" 'first(.keys[] | select(.iam_id == $i and .deleted)) | .description')
seed "{\"service_ids\":[{\"id\":\"$sender_id\",\"apikeys\":[{\"name\":\"left over\",\"description\":$description}]}]}" >/dev/null
[ "$(all_keys | wc -l)" = 2 ] || fail "there is no stray"
look_again prod
run 0 run prod
[ "$(all_keys | wc -l)" = 1 ] || fail "a stray is left"
passed "R3: what is left over in a group is deleted"

# --- by id ---
config_of prod "$sender_id"
rm -rf "$T/state"; mkdir -m 700 "$T/state"
run 3 run prod # the keys of the state that was lost are seen
err_has 'earlier state'
error_is_whole
run 0 repair prod --new-key
run 0 rotate prod
[ "$(active_keys | wc -l)" = 2 ] || fail "not the new key and that of the earlier state"
passed "R3: the keys of a lost state are seen in a group"

# --- a name that may be in a group that cannot be listed ---
config_of other nobody-knows
fault '{"match":{"path":"/v1/serviceid_groups"},"effect":{"status":403}}'
run 3 init other
err_has 'default group'
err_has 'write its id'
error_is_whole
[ "$(service_ids)" = "$before" ] || fail "a service ID was made"
no_faults
seed "{\"service_ids\":[{\"name\":\"twin\"},{\"name\":\"twin\",\"group_id\":\"$group\"}]}" >/dev/null
config_of other twin
run 2 init other
err_has '2 service IDs are named'
passed "R3: no service ID is made where one may be, and a name in two groups is told"

# --- a list that hides keys ---
config_of prod "$sender_id"
hidden() { fault '{"match":{"method":"GET","path":"/v1/apikey[s]"},"effect":{"status":200,"body":"{\"apikeys\":[]}"}}'; }
current=$(control GET keys | jq -r --arg v "$(sink_value prod | tr -d '\n' | sha256sum | cut -d' ' -f1)" '.keys[] | select(.value_sha256 == $v) | .id')
[ -n "$current" ] || fail "no current key"
hidden
n=$(all_keys | wc -l)
run 75 rotate prod --patience 1s
err_has "does not show $current"
err_has 'Consumers have a working key'
error_is_whole
[ "$(all_keys | wc -l)" = "$n" ] || fail "a key was made"
run 0 keys prod --json
json '.targets[0].all_shown == false'
err_has 'there may be more'
run 3 check prod
out_has '^FAIL .* keys .*IAM lists 0 keys and counts 2'
no_faults
run 0 rotate prod
passed "R3: nothing is begun by a list that hides the current key"

# Sinks that are empty, and no state: the count says that there is a key.
rm -rf "$T/state" "$T/sinks"/*; mkdir -m 700 "$T/state"
hidden
n=$(all_keys | wc -l)
run 4 init prod --patience 1s
err_has 'IAM lists 0 keys of .* and counts'
[ "$(all_keys | wc -l)" = "$n" ] || fail "a key was made"
no_faults
passed "R3: no first key by a list that hides keys"
