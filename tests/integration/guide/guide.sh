#!/usr/bin/env bash
# The vendor's guide, "IAM API keys for ingestion", followed step by step, once with its commands and once with ours, as the same person in
# the same account: user and service ID, Sender, key, its file; then the links of the guide: list, update, lock, disable, delete. After
# each step the two have the same objects in IAM. Where ours does otherwise on purpose, the test says so and why.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../../cli/lib.sh"
person=IBMid-50PERSON001 helper=IBMid-50PERSON002
start_emulator
cp "$(dirname "$0")/ibmcloud" "$T/bin/ibmcloud"
export GUIDE_URL=$url GUIDE_CA=$ca GUIDE_ACCOUNT=$account GUIDE_HOME=$T/home
guide() { ibmcloud "$@" >"$T/out" 2>"$T/err" </dev/null || fail "ibmcloud $*"; }
# member FILTER: of the objects that the control interface shows.
keys_of() { control GET keys | jq -c --arg i "$1" '[.keys[] | select(.iam_id == $i and (.deleted | not))]'; }
key_named() { keys_of "$1" | jq -ec --arg n "$2" '[.[] | select(.name == $n)] | select(length == 1)[0]' || fail "not one key $2 of $1"; }
policies_of() { control GET policies | jq -c --arg i "$1" '[.policies[] | select(any(.subject.attributes[]; .value == $i))]'; }
roles_of() { policies_of "$1" | jq -c '[.[].control.grant.roles[].role_id] | unique'; }
where_of() { policies_of "$1" | jq -c '[.[].resource.attributes[].key] | unique'; }
# sends VALUE: does a test log arrive with the key?
sends() {
  local token
  token=$(curl -sS --cacert "$ca" "$url/identity/token" -d grant_type=urn:ibm:params:oauth:grant-type:apikey --data-urlencode "apikey=$1" | jq -r .access_token)
  [ "$(curl -sS --cacert "$ca" -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
    -d '[{"applicationName":"guide","subsystemName":"test","severity":3,"text":"hello"}]' "$url/instances/$guid/logs/v1/singles")" = 200 ]
}
same() { [ "$2" = "$3" ] || fail "$1: the guide has $2, we have $3"; }
# shape KEY: what must be alike of two keys.
shape() { jq -c '{iam_id, account_id: .account, disabled, locked, stored: (.store_value // false)}' <<<"$1"; }

for who in $person $helper; do
  seed "{\"users\":[{\"id\":\"$who\",\"name\":\"somebody\",\"owner\":true,\"apikeys\":[{\"name\":\"laptop\"}]}]}" >"$T/made-$who"
  jq -rj '.users[0].apikeys[0].apikey' "$T/made-$who" >"$T/$who.key"
done
cp "$T/$person.key" "$T/management.key"
targets() {
  head_of_config
  printf '  - name: of-user\n    instance: "%s"\n    user: me\n    key_name: logs-ingestion-2\n    sinks:\n' "$crn"
  printf '      - file: {path: %s/sinks/of-user.json, format: json}\n' "$T"
  printf '  - name: of-service\n    instance: "%s"\n    service_id: logs-svc-id-2\n    key_name: logs-ingestion-key-2\n    sinks:\n' "$crn"
  printf '      - file: {path: %s/sinks/of-service.json, format: json}\n' "$T"
}
targets >"$config"
value_of() { jq -rj '.. | objects | .apikey? // .api_key? // empty' "$1" | head -c 200; }

# --- the key of a user ---------------------------------------------------------------------------
guide login --apikey "@$T/$person.key"
run 0 check of-user
out_has "management credential is the user's, $person"
passed "log in: ours says who the management key is"

# The guide grants Sender in the whole account. Ours is for one instance: a stolen key sends nowhere else.
guide iam user-policy-create "$helper@example.com" --service-name logs --roles Sender
guide iam api-key-create logs-ingestion --output json
LOGS_INGESTION_APIKEY=$(jq -r .apikey "$T/out")
run 0 init of-user
same "the role" '["crn:v1:bluemix:public:logs::::serviceRole:Sender"]' "$(roles_of $helper | jq -c '[.[] | select(endswith(":Sender"))]')"
same "the role" '["crn:v1:bluemix:public:logs::::serviceRole:Sender"]' "$(roles_of $person | jq -c '[.[] | select(endswith(":Sender"))]')"
same "the user's key" "$(shape "$(key_named $person logs-ingestion)")" "$(shape "$(key_named $person logs-ingestion-2)")"
sends "$LOGS_INGESTION_APIKEY" || fail "the guide's key does not send"
sends "$(value_of "$T/sinks/of-user.json")" || fail "our key does not send"
passed "a user: Sender, and a key that sends"

# --- the key of a service ID -----------------------------------------------------------------------
guide iam service-id-create logs-svc-id --description 'Sends logs to Cloud Logs'
theirs=iam-$(cat "$T/out")
guide iam service-policy-create logs-svc-id --service-name logs --roles Sender
guide iam service-api-key-create logs-ingestion-key logs-svc-id --description 'Key for ingestion' --file "$T/guide-key.json"
run 0 init of-service
ours=$(control GET identities | jq -r 'first(.. | objects | select(.name? == "logs-svc-id-2")) | .iam_id')
same "the role" "$(roles_of "$theirs")" "$(roles_of "$ours")"
same "where, the guide's" '["accountId","serviceName"]' "$(where_of "$theirs")"
same "where, ours: one instance" '["accountId","serviceInstance","serviceName"]' "$(where_of "$ours")"
same "the key" "$(shape "$(key_named "$theirs" logs-ingestion-key)" | jq -c 'del(.iam_id)')" "$(shape "$(key_named "$ours" logs-ingestion-key-2)" | jq -c 'del(.iam_id)')"
[ -n "$(key_named "$ours" logs-ingestion-key-2 | jq -r '.description // ""')" ] || fail "our key has no description that it can be found by"
same "the mode of the file" "$(stat -c %a "$T/guide-key.json")" "$(stat -c %a "$T/sinks/of-service.json")"
sends "$(value_of "$T/guide-key.json")" || fail "the guide's key does not send"
sends "$(value_of "$T/sinks/of-service.json")" || fail "our key does not send"
passed "a service ID, its Sender, its key in a file"

# --- what the guide links to: keys by hand -----------------------------------------------------------
guide iam service-api-key-create by-hand logs-svc-id --description 'by hand' --file "$T/by-hand.json"
run 0 keys of-service --create by-hand --description 'by hand' --file "$T/by-hand-2.json"
same "the file's members" "$(jq -c 'del(.apikey, .uuid, .createdAt)' "$T/by-hand.json")" \
  "$(jq -c '{name, description, locked}' "$T/by-hand-2.json")"
sends "$(value_of "$T/by-hand-2.json")" || fail "the key made by hand does not send"
one=$(key_named "$theirs" by-hand | jq -r .id) two=$(key_named "$ours" by-hand | jq -r .id)
alike() { # alike WHAT FILTER
  same "$1" "$(keys_of "$theirs" | jq -c --arg i "$one" "[.[] | select(.id == \$i) | $2]")" "$(keys_of "$ours" | jq -c --arg i "$two" "[.[] | select(.id == \$i) | $2]")"
}
guide iam service-api-key-update "$one" --name renamed --description 'for the test bench'
run 0 keys of-service --rename "$two" --name renamed --description 'for the test bench' --foreign --yes
alike "after the update" '{name, description}'
guide iam service-api-key-lock "$one"; run 0 keys of-service --lock "$two" --foreign --yes; alike "locked" .locked
guide iam service-api-key-unlock "$one"; run 0 keys of-service --unlock "$two" --foreign --yes; alike "unlocked" .locked
guide iam service-api-key-disable "$one"; run 0 keys of-service --disable "$two" --foreign --yes; alike "disabled" .disabled
guide iam service-api-key-enable "$one"; run 0 keys of-service --enable "$two" --foreign --yes; alike "enabled" .disabled
guide iam service-api-keys logs-svc-id
cp "$T/out" "$T/listed"
run 0 keys of-service --json
same "the list of names" "$(jq -c '[.[].name | sub("-2$"; "")] | sort' "$T/listed")" "$(jq -c '[.targets[0].keys[].name | sub("-2$"; "")] | sort' "$T/out")"
guide iam service-api-key-delete "$one" --force
run 0 keys of-service --delete "$two" --foreign --yes
alike "deleted" .id
passed "update, lock, disable, list, delete"

# --- what the guide leaves open, and we do: the next key ------------------------------------------------
for target in of-user of-service; do
  before=$(value_of "$T/sinks/$target.json")
  run 0 rotate "$target" --reason 'ninety days are over'
  after=$(value_of "$T/sinks/$target.json")
  [ "$after" != "$before" ] && sends "$after" || fail "$target: not rotated"
done
sends "$LOGS_INGESTION_APIKEY" || fail "the person's other key was touched"
sends "$(cat "$T/$person.key")" || fail "the management key was touched"
passed "both are rotated, and the person's other keys are left alone"
