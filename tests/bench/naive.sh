#!/usr/bin/env bash
# A key rotation as many do it: bash, curl and jq, one call after the other, nothing checked twice. For tests/bench/run.sh.
# Needs IAM, INGRESS, CA, MANAGEMENT (file), IAM_ID, ACCOUNT, KEYS (folder with `id` of the present key).
set -euo pipefail
call() { curl -sS --fail --noproxy '*' --cacert "$CA" "$@"; }
token() {
  call -d grant_type=urn:ibm:params:oauth:grant-type:apikey --data-urlencode "apikey@$1" "$IAM/identity/token" | jq -r .access_token
}
bearer=$(token "$MANAGEMENT")
answer=$(call -H "Authorization: Bearer $bearer" -H 'Content-Type: application/json' "$IAM/v1/apikeys" \
  -d "$(jq -n --arg iam "$IAM_ID" --arg account "$ACCOUNT" '{name: "naive", iam_id: $iam, account_id: $account}')")
new=$(jq -r .id <<<"$answer")
(umask 077 && jq -rj .apikey <<<"$answer" >"$KEYS/value")
sender=$(token "$KEYS/value")
call -H "Authorization: Bearer $sender" -H 'Content-Type: application/json' "$INGRESS/logs/v1/singles" \
  -d '[{"applicationName": "bench", "subsystemName": "probe", "severity": 3, "text": "test"}]' >/dev/null
(umask 077 && { printf IAM_API_KEY= && cat "$KEYS/value" && echo; } >"$KEYS/key.env.new" && mv "$KEYS/key.env.new" "$KEYS/key.env")
call -X DELETE -H "Authorization: Bearer $bearer" "$IAM/v1/apikeys/$(cat "$KEYS/id")"
echo "$new" >"$KEYS/id"
