# shellcheck shell=bash disable=SC2154 # what lib.sh sets
# What the tests of the store for IBM Cloud Secrets Manager share: an instance with a group, somebody who may read values and
# somebody who may do all, and a target whose state and key are there. Sourced after lib.sh.
start_emulator
sm=99999999-2222-4333-8444-555555555555
group=5a3c0b7e-1111-4222-8333-9a9b9c9d9e9f
reader=ServiceId-aaaaaaaa-0000-4000-8000-000000000003
owner=ServiceId-aaaaaaaa-0000-4000-8000-000000000004
sm_crn="crn:v1:bluemix:public:secrets-manager:eu-de:a/$account:$sm::"
on="\"service\":\"secrets-manager\",\"instance\":\"$sm\""
grant() { # grant IDENTITY ROLE [MORE]: on the instance
  seed "{\"roles\":[{\"identity\":\"$1\",\"role\":\"$2\",$on${3+,$3}}]}" >/dev/null
}
made=$(seed "{\"secrets_managers\":[{\"guid\":\"$sm\",\"groups\":[{\"id\":\"$group\",\"name\":\"logs\"}]}],
  \"service_ids\":[{\"id\":\"$reader\",\"apikeys\":[{\"name\":\"r\"}]},{\"id\":\"$owner\",\"apikeys\":[{\"name\":\"o\"}]}]}")
key_of() { jq -rj --arg i "$1" '.service_ids[] | select(.id == $i) | .apikeys[0].apikey' <<<"$made"; }
grant "$reader" SecretsReader
grant "$owner" Manager

# as KEY_OF METHOD PATH [JSON]: a request to the instance by somebody else.
as() {
  local token
  token=$(curl -sS --cacert "$ca" "$url/identity/token" -d grant_type=urn:ibm:params:oauth:grant-type:apikey \
    --data-urlencode "apikey@"<(key_of "$1") | jq -r .access_token)
  curl -sS --cacert "$ca" -X "$2" -H "Authorization: Bearer $token" "$url/instances/$sm/api/v2/$3" \
    ${4+-H 'Content-Type: application/json' -d "$4"}
}
secret_of() { as "$reader" GET "secret_groups/$1/secret_types/$2/secrets/$3"; }
consumer_works() { # consumer_works WHEN: the key that a reader gets is taken by IAM
  key_works "$1" "$(secret_of logs arbitrary edge | jq -r .payload)"
}
versions() { control GET secrets | jq --arg n "$1" '.secrets[] | select(.name == $n) | .versions_total'; }
secrets_config() { # secrets_config [LINE_OF_THE_STORE…]
  head_of_config
  cat <<END
  - name: prod
    instance: "$crn"
    service_id: $sender_id
    home: {ibm-secrets-manager: {name: prod-state}}
    sinks:
      - ibm-secrets-manager: {group: logs, group_id: $group, name: edge}
ibm-secrets-manager:
  instance: "$sm_crn"
  endpoint: $url/instances/$sm
  ca_file: $ca
END
  [ $# -eq 0 ] || printf '  %s\n' "$@"
}
