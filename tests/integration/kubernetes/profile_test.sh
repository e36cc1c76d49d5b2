#!/usr/bin/env bash
# The shipped manifests without any secret of IBM Cloud: the pod is a trusted profile by a token that the real API server makes for IAM.
TOP=$(cd "$(dirname "$0")/../../.." && pwd)
# shellcheck source=tests/integration/kubernetes/lib.sh
. "$TOP/tests/integration/kubernetes/lib.sh"
start_emulator
profile=Profile-44444444-4444-4444-8444-444444444444
seed "{
  \"profiles\": [{\"id\": \"$profile\", \"account\": \"$account\", \"name\": \"rotator\", \"service_accounts\": [\"$space:rotator\"]}],
  \"roles\": [{\"identity\": \"$profile\", \"role\": \"Operator\", \"service_id\": \"$sender_id\"}]}" >/dev/null
rm "$T/management.key"

# --- the overlay that is shipped, as it is ---
must kubectl kustomize "$TOP/contrib/kubernetes/overlays/trusted-profile"
grep -qE 'rotator-management|apikey' "$T/out" && fail "the overlay speaks of a key"
sed -n 's/^    management: *//p' "$T/out" | grep -q '^{profile: ' || fail "the overlay's configuration names no profile"

# --- with the emulator in the place of IBM Cloud ---
management="{profile: {name: rotator, token_file: /run/secrets/iam/token}}"
components=shipped/components/trusted-profile
secret=no
install_rotator
k get secret rotator-management >/dev/null 2>&1 && fail "there is a Secret with a key of the rotator"
in_cluster 0 check
in_cluster 0 init prod-logs
first=$(secret_value logs-agent IAM_API_KEY)
accepted "$first" || fail "the first key does not work"
in_cluster 0 rotate prod-logs --wait=retired
second=$(secret_value logs-agent IAM_API_KEY)
[ "$second" != "$first" ] && accepted "$second" || fail "not rotated"
control GET requests | jq -e --arg p "iam-$profile" '[.requests[] | select((.path | startswith("/v1/apikeys")) and .method != "GET")] |
  length > 0 and all(.identity == $p)' >/dev/null || fail "somebody else changed keys"
passed "the pod rotates as a trusted profile, with no secret but the key that is rotated"

# --- the link is to one account of one namespace ---
seed "{\"profiles\": [{\"id\": \"$profile\", \"service_accounts\": [\"default:rotator\"]}]}" >/dev/null
name=$(job check)
run_pod_of "$name"
[ "$code" = 3 ] || fail "check of a pod that is not linked: exit code $code"
grep -q "link-namespace $space --link-name rotator" "$T/pod-$name.log" || fail "the link that is missing is not named: $(cat "$T/pod-$name.log")"
passed "a pod that is not linked is told which link it lacks"
