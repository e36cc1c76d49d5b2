#!/usr/bin/env bash
# Whole rotations with IBM Cloud Secrets Manager as sink and as home: consumers read by an identity of their own; what check and
# init say of rights, locks and secrets that do not fit; lost answers; another writer.
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/secrets_lib.sh
. "$(dirname "$0")/secrets_lib.sh"
secrets_config >"$config"

run 3 check prod
out_has "service-policy-create .*--roles Writer --service-name secrets-manager --service-instance $sm"
grant "$management_id" SecretsReader
grant "$management_id" Reader
run 4 init prod
err_has 'the role is missing'
err_lacks 'management identity lacks'
error_is_whole
passed "a missing role is told with the line that grants it"

grant "$management_id" Writer
run 0 check prod
run 0 init prod
run 0 status prod
consumer_works 'after init'
secret_of logs arbitrary edge | jq -e --arg g "$group" '.secret_group_id == $g' >/dev/null || fail "another group"
first=$(secret_of logs arbitrary edge | jq -r .payload)
run 0 rotate prod
consumer_works 'after a rotation'
[ "$(secret_of logs arbitrary edge | jq -r .payload)" != "$first" ] || fail "the key is the old one"
[ "$(active_keys | wc -l)" = 1 ] || fail "two keys are alive"
id=$(secret_of logs arbitrary edge | jq -r .id)
as "$reader" GET "secrets/$id/versions/current" >"$T/version"
jq -e --arg k "$(active_keys)" '.version_custom_metadata.rotator_key_id == $k' "$T/version" >/dev/null || fail "no key id beside the value"
[ "$(versions edge)" = 2 ] || fail "$(versions edge) versions after one rotation"
grep -q "$(jq -r .payload "$T/version")" "$T"/out "$T"/err "$T"/state/history 2>/dev/null && fail "a value was printed"
passed "a whole rotation; one version each, with the key's id beside it"

# A lock on the version before: its consumer has not moved.
as "$owner" POST "secrets/$id/versions/previous/locks_bulk" '{"locks":[{"name":"agent-a"}]}' >/dev/null
settle 'before the lock'
run 3 check prod
out_has 'agent-a'
run 3 rotate prod
err_has 'agent-a'
[ "$(active_keys | wc -l)" = 1 ] || fail "a key was made that cannot be published"
consumer_works 'while it is locked'
as "$owner" DELETE "secrets/$id/versions/previous/locks_bulk" >/dev/null
run 0 run
[ "$(versions edge)" = 3 ] || fail "the wish was not fulfilled when the lock was gone"
passed "a locked previous version holds the rotation back before a key is made"

# The answer to the write of the sink is lost; the version is there.
fault "{\"match\":{\"method\":\"POST\",\"path\":\"/instances/$sm/api/v2/secrets/$id/versions\",\"times\":1},\"effect\":{\"lose_answer\":true}}"
run 0 rotate prod
no_faults
consumer_works 'a lost answer'
[ "$(versions edge)" = 4 ] || fail "$(versions edge) versions: the write was sent again"
passed "a lost answer is looked up, not repeated"

# A token that is not taken: another is got.
settle 'a lost answer'
fault "{\"match\":{\"path\":\"/instances/*\",\"times\":1},\"effect\":{\"status\":401}}"
run 0 check prod
no_faults
fault "{\"match\":{\"path\":\"/instances/*\"},\"effect\":{\"status\":401}}"
run 3 check prod
out_has 'network zone'
no_faults
passed "tokens are renewed; a refusal of every token is told"

# Somebody writes over it.
as "$owner" POST "secrets/$id/versions" '{"payload":"somebody-elses-value"}' >/dev/null
run 4 run
err_has 'edge holds no key'
[ "$(secret_of logs arbitrary edge | jq -r .payload)" = somebody-elses-value ] || fail "written over blindly"
run 0 repair prod --keep state
run 0 run
consumer_works 'after repair'
passed "a foreign value is told, and written over only when asked for"

# The secret is deleted by hand: made anew, under its name.
as "$owner" DELETE "secrets/$id" >/dev/null
run 0 run
consumer_works 'after it was deleted'
# A deadline would take the key away.
id=$(secret_of logs arbitrary edge | jq -r .id)
as "$owner" PATCH "secrets/$id/metadata" '{"expiration_date":"2040-01-01T00:00:00Z"}' >/dev/null
run 3 check prod
out_has 'expiration date'
out_has 'have a working key'
as "$owner" PATCH "secrets/$id/metadata" '{"expiration_date":null}' >/dev/null
run 0 check prod
passed "deleted and made anew; an expiration date is refused"

# A kv secret with fields of others, by an API key of the store's own, which is read anew.
key_of "$owner" >"$T/own.key"
chmod 600 "$T/own.key"
as "$owner" POST secrets '{"name":"edge","secret_type":"kv","data":{"team":"x","n":{"a":[1.5]}}}' >/dev/null
{ secrets_config "auth: {api_key: {file: $T/own.key}}"; } | sed 's/sinks:/sinks:\n      - ibm-secrets-manager: {type: kv, name: edge, fields: {value: IAM_API_KEY}}/' >"$config"
run 0 run
secret_of default kv edge >"$T/kv"
jq -e '.data.team == "x" and .data.n.a == [1.5] and (.data.api_key_id | startswith("ApiKey-"))' "$T/kv" >/dev/null || fail "fields: $(jq -c '.data | keys' "$T/kv")"
key_works 'kv' "$(jq -r .data.IAM_API_KEY "$T/kv")"
run 0 rotate prod
key_works 'kv, rotated' "$(secret_of default kv edge | jq -r .data.IAM_API_KEY)"
rm "$T/own.key"
run 3 check prod
out_has 'own.key'
passed "a kv secret keeps foreign fields; an API key of the store's own"
