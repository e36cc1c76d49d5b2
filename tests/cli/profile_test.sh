#!/usr/bin/env bash
# Rotations by a rotator that has no key: as a trusted profile, by the token of a pod, by the metadata service of a virtual server, and by
# a key's identity that may nothing but become the profile. And what is said where it may not.
. "$(dirname "$0")/lib.sh"
start_emulator --imds-port 0
imds=$(jq -r .imds "$T/ready")
profile=Profile-44444444-4444-4444-8444-444444444444
other=Profile-55555555-5555-4555-8555-555555555555
guest=ServiceId-66666666-6666-4666-8666-666666666666
profile_crn=crn:v1:bluemix:public:iam-identity::a/$account::profile:$profile

# pod_token NAMESPACE NAME SERIAL: a service account's token, as far as anybody but IAM looks into it.
pod_token() {
  printf 'e30.%s.c2lnbmF0dXJlLW9mLWEtcG9k%s' \
    "$(printf '{"sub":"system:serviceaccount:%s:%s"}' "$1" "$2" | base64 -w0 | tr '+/' '-_' | tr -d =)" "$3"
}
first=$(pod_token ibm-observe rotator 1) second=$(pod_token ibm-observe rotator 2) stranger=$(pod_token default other 1)
guest_key=$(seed "{
  \"service_ids\": [{\"id\": \"$guest\", \"account\": \"$account\", \"name\": \"guest\", \"apikeys\": [{\"name\": \"g\"}]}],
  \"profiles\": [
    {\"id\": \"$profile\", \"account\": \"$account\", \"name\": \"rotator\", \"cr_tokens\": [\"$first\", \"$second\"], \"assumed_by\": [\"$guest\"]},
    {\"id\": \"$other\", \"account\": \"$account\", \"name\": \"other\", \"cr_tokens\": [], \"assumed_by\": [], \"metadata\": false}],
  \"roles\": [{\"identity\": \"$profile\", \"role\": \"Operator\", \"service_id\": \"$sender_id\"}]
}" | jq -r '.service_ids[0].apikeys[0].apikey')
[ ${#guest_key} -gt 30 ] || fail "no key for the guest"
(umask 077; printf '%s' "$guest_key" >"$T/guest.key")
rm "$T/management.key" # nobody has that one any more

# managed YAML: the configuration with that way to a token.
managed() {
  { head_of_config | sed "s|^management: .*|management: $1\nallow_plain_loopback: true|"; target prod; } >"$config"
}
# whole_rotation WAY: to the end, and all of it by the profile.
whole_rotation() {
  local before after
  before=$(active_keys)
  run 0 rotate prod
  settle "$1"
  after=$(active_keys)
  [ "$before" != "$after" ] || fail "$1: the key is the old one"
  key_works "$1" "$(sink_value prod)"
  # shellcheck disable=SC2016
  control GET requests | jq -e --arg p "iam-$profile" --arg s "iam-$sender_id" --argjson n "$seen" '
    [.requests[] | select(.seq > $n and (.path | startswith("/v1/apikeys")) and .method != "GET") | .identity] |
    length > 0 and all(. == $p)' >/dev/null || fail "$1: somebody else changed keys"
  run 0 check prod
  out_has "prod  exchange    the management credential is iam-$profile"
  out_lacks 'FAIL'
}
mark_requests() { seen=$(control GET requests | jq .last); }

# --- the token of a pod ---
mkdir "$T/pod"
put_token() { # as the kubelet does: a new directory, and a link that is replaced
  local dir
  dir=$(mktemp -d "$T/pod/..XXXXXX")
  chmod 755 "$dir"
  printf '%s' "$1" >"$dir/token"
  chmod 644 "$dir/token"
  ln -sfn "$(basename "$dir")" "$T/pod/..data"
  ln -sfn ..data/token "$T/pod/token"
}
put_token "$first"
managed "{profile: {id: $profile, token_file: $T/pod/token}}"
mark_requests
run 0 init prod
whole_rotation "a pod's token"
out_has "credential  no key: the token in $T/pod/token is system:serviceaccount:ibm-observe:rotator's, for trusted profile $profile"
passed "a pod rotates as a trusted profile"

put_token "$second"
managed "{profile: {name: rotator, token_file: $T/pod/token}}"
mark_requests
whole_rotation "the next token of the pod, the profile by name"
managed "{profile: {crn: \"$profile_crn\", token_file: $T/pod/token}}"
mark_requests
whole_rotation "the profile by CRN"
passed "by name and by CRN, with a token that was replaced"

# --- what is missing is named, with the command that adds it ---
before=$(sha256sum "$T"/sinks/*; all_keys)
put_token "$stranger"
run 3 check prod
out_has "FAIL .*exchange .*trusted profile $profile, system:serviceaccount:default:other of $T/pod/token: .*BXNIM0398E"
out_has "FAIL .*profile .*'$profile' has no link and no rule that fits the token, or there is no such profile"
out_has "ibmcloud iam trusted-profile-link-create '$profile' --name rotator --cr-type IKS_SA --link-crn CRN-OF-THE-CLUSTER --link-namespace default --link-name other"
run 3 rotate prod
err_has 'BXNIM0398E'
err_has 'ibmcloud iam trusted-profile-link-create'
error_is_whole
run 0 init prod --print-policy
out_has "ibmcloud iam trusted-profile-policy-create \"\\\$MANAGEMENT\" --service-name iam-identity --roles Operator"
out_has "ibmcloud iam trusted-profile-link-create \"\\\$MANAGEMENT\" --name rotator --cr-type IKS_SA .*--link-namespace default --link-name other"
out_lacks 'service-api-key-create'
put_token "a-token-that-names-nobody" # a job of Code Engine
run 3 check prod
out_has "ibmcloud iam trusted-profile-link-create '$profile' --name rotator --cr-type CE --link-crn CRN-OF-THE-PROJECT"
rm "$T/pod/token"
run 3 check prod
out_has "FAIL .*credential .*compute resource token: there is no $T/pod/token: .*audience iam"
put_token " "
run 3 check prod
out_has "FAIL .*credential .*is empty"
[ "$(sha256sum "$T"/sinks/*; all_keys)" = "$before" ] || fail "something was changed without a right to"
passed "a missing link is named, with its command"

# --- a virtual server ---
for version in 2022-03-01 2025-08-26; do
  managed "{profile: {id: $profile, metadata: \"$imds\", metadata_version: $version}}"
  mark_requests
  whole_rotation "the metadata service, $version"
  # shellcheck disable=SC2016
  control GET requests | jq -e --arg v "$version" '[.requests[].path | select(endswith("?version=" + $v))] | length >= 2' >/dev/null ||
    fail "the metadata service was not asked in version $version"
done
managed "{profile: {metadata: \"$imds\"}}"
mark_requests
whole_rotation "the default profile"
passed "a virtual server rotates as a trusted profile, in both versions"

managed "{profile: {id: $other, metadata: \"$imds\"}}"
run 3 check prod
out_has "FAIL .*exchange .*trusted profile $other: metadata service: .*profile_not_linked"
out_has "FAIL .*profile .*'$other' has no link to this virtual server.*ibmcloud iam trusted-profile-link-create '$other' --name rotator --cr-type VSI"
managed '{profile: {metadata: "http://127.0.0.1:1"}}'
run 75 check prod
out_has 'FAIL .*metadata service http://127.0.0.1:1 does not answer: it is switched off or set to https for this server'
out_lacks ' profile  .*has no link'
# A fleet does not wait for that anew with each target, and each is told why.
managed '{profile: {metadata: "http://127.0.0.1:1"}}'
for i in $(seq 40); do target "t$i" "name-$i"; done >>"$config"
began=$SECONDS
run 75 check --json --jobs 1
[ $((SECONDS - began)) -le 30 ] || fail "41 targets with a silent metadata service took $((SECONDS - began)) s"
json '(.targets | length) == 41 and all(.targets[]; .error.text | test("metadata service http://127.0.0.1:1 does not answer"))'
passed "a silent metadata service is waited for once, not once a target"
managed "{profile: {metadata: \"https://${imds#http://}\"}}"
# It answers in plain HTTP (3: that is certain), or ends the connection (75).
rotator -c "$config" check prod >"$T/out" 2>"$T/err" </dev/null
status=$?
[ $status = 3 ] || [ $status = 75 ] || fail "HTTP where HTTPS is configured: status $status"
out_has 'FAIL .*metadata service https://.* does not speak HTTPS, and nothing was sent: set the server to it'
managed "{profile: {id: $profile, metadata: \"$imds\"}}"
fault '{"match":{"path":"/instance_identity/*"},"effect":{"drop_before":true}}'
run 75 check prod
err_has 'does not answer'
error_is_whole
no_faults
passed "no answer is told from a profile that is not linked, and plain HTTP from HTTPS"

# --- a key that may nothing but become the profile ---
managed "{file: $T/guest.key, assume: {id: $profile}}"
mark_requests
whole_rotation "assumed by a service ID"
out_has "credential  the management credential can be read; its identity assumes trusted profile $profile"
managed "{file: $T/guest.key, assume: {name: rotator, account: $account}}"
mark_requests
whole_rotation "assumed by name"
managed "{file: $T/guest.key, assume: {id: $other}}"
run 3 check prod
out_has "FAIL .*exchange .*trusted profile $other, iam-$guest: .*BXNIM0398E"
out_has "ibmcloud iam trusted-profile-identity-create '$other' --id $guest --id-type SERVICEID"
run 0 init prod --print-policy
out_has "trusted-profile-identity-create \"\\\$MANAGEMENT\" --id .* --id-type SERVICEID"
out_has "service-api-key-create rotator rotator --file '$T/guest.key'"
grep -qF -- "$guest_key" "$T/out" "$T/err" && fail "the key was printed"
passed "a service ID assumes the profile"

# --- whoever looks for test logs may be a profile as well ---
reader=Profile-77777777-7777-4777-8777-777777777777
seed "{\"profiles\": [{\"id\": \"$reader\", \"account\": \"$account\", \"name\": \"reader\"}],
  \"roles\": [{\"identity\": \"$reader\", \"role\": \"Reader\", \"instance\": \"$guid\"}]}" >/dev/null
read_by() { # read_by YAML: test logs are looked for by that identity
  {
    head_of_config "endpoints: {iam: \"$url\", ingress: \"$url/instances/{guid}\", api: \"$url/instances/{guid}\"}" \
      "proof: {count: 2, span: 0s, absence_apart: 0s, propagation: 0s, arrival: {identity: $1, within: 5s, required: true}}" |
      sed "s|^management: .*|management: {file: $T/guest.key, assume: {id: $profile}}\nallow_plain_loopback: true|"
    target prod
  } >"$config"
  rm -f "$T"/state/*.queries
}
read_by "{profile: {id: $reader, metadata: \"$imds\"}}"
mark_requests
run 0 rotate prod
control GET requests | jq -e --arg i "iam-$reader" --argjson n "$seen" '[.requests[] | select(.seq > $n and (.path | endswith("/v1/query"))) |
  .identity] | length > 0 and all(. == $i)' >/dev/null || fail "somebody else looked for the test log"
read_by "{profile: {id: $other, metadata: \"$imds\"}}"
run 3 check prod
out_has "FAIL .*reader .*trusted profile $other: metadata service: .*profile_not_linked"
out_has "FAIL .*profile .*trusted-profile-link-create '$other' --name rotator --cr-type VSI"
out_lacks "trusted-profile-identity-create"
passed "the reader of test logs is a trusted profile"

# --- HTTPS, which a server may be set to ---
kill "$emulator_pid"; wait "$emulator_pid" 2>/dev/null
rm "$T/ready"
start_emulator --imds-port 0 --imds-tls
imds=$(jq -r .imds "$T/ready")
seed "{\"profiles\": [{\"id\": \"$profile\", \"account\": \"$account\", \"name\": \"rotator\"}],
  \"roles\": [{\"identity\": \"$profile\", \"role\": \"Operator\", \"service_id\": \"$sender_id\"}]}" >/dev/null
rm -rf "$T"/state/* "$T"/sinks/* "$T/management.key"
managed "{profile: {id: $profile, metadata: \"$imds\", metadata_version: 2025-08-26}}"
case $imds in https:*) ;; *) fail "the metadata service is at $imds" ;; esac
mark_requests
run 0 init prod
whole_rotation "the metadata service by HTTPS"
passed "by HTTPS"
