#!/usr/bin/env bash
# The Kubernetes login at a real Vault: tokens of real service accounts, which the real API server reviews for Vault. In the shipped
# pod with the component `vault`, and from outside for what Vault refuses and for what it only cannot find out.
TOP=$(cd "$(dirname "$0")/../../.." && pwd)
# shellcheck source=tests/servers/vault/lib.sh
. "$TOP/tests/servers/vault/lib.sh"
vault_binary
# shellcheck source=tests/integration/kubernetes/lib.sh
. "$TOP/tests/integration/kubernetes/lib.sh"
trap 'vault_stop KILL; clean_up' EXIT
rotator() { env -u VAULT_ADDR -u VAULT_TOKEN "$ROTATOR" "$@"; }
start_emulator
vault_dev "$T/vault" || fail "no Vault"

# --- Vault trusts the cluster ---
kubectl create namespace elsewhere >/dev/null
kubectl --namespace=elsewhere create serviceaccount rotator >/dev/null
kubectl --namespace=elsewhere create serviceaccount vault >/dev/null
may_review() { kubectl create clusterrolebinding vault --clusterrole=system:auth-delegator --serviceaccount=elsewhere:vault >/dev/null; }
may_review
(umask 077 && kubectl --namespace=elsewhere create token vault >"$T/reviewer")
trusts() { # trusts SERVER: where Vault has tokens reviewed
  vault write auth/kubernetes/config kubernetes_host="$1" kubernetes_ca_cert=@"$CLUSTER/ca.crt" \
    token_reviewer_jwt=@"$T/reviewer" >/dev/null || fail "Vault takes no configuration"
}
cat >"$T/all.hcl" <<'HCL'
path "secret/data/t/*"     { capabilities = ["create", "read", "update"] }
path "secret/metadata/t/*" { capabilities = ["read"] }
path "secret/destroy/t/*"  { capabilities = ["update"] }
HCL
vault policy write all "$T/all.hcl" >/dev/null
vault auth enable kubernetes >/dev/null
trusts "$CLUSTER_SERVER"
vault write auth/kubernetes/role/rotator bound_service_account_names=rotator bound_service_account_namespaces=$space \
  audience=vault token_policies=all token_ttl=5m >/dev/null
tokens() { vault list -format=json auth/token/accessors | jq length; }
in_vault() { vault kv get -mount=secret -field=api_key t/sink; }

# --- in the shipped pod, with the token of the component ---
kube_config() {
  cat <<END
version: 1
management: {file: /run/secrets/rotator/apikey}
state_dir: /run/rotator/state
ca_file: /etc/rotator/ca.pem
vault: {address: "$VAULT_ADDR", auth: {kubernetes: {role: rotator, token_file: /run/secrets/tokens/vault-token}}}
defaults:
  endpoints: {iam: "$url", ingress: "$url/instances/{guid}"}
  grace: 0s
  reload_within: 0s
  quarantine: 0s
  proof: {count: 1, span: 0s, absence_apart: 0s, propagation: 0s}
targets:
  - name: prod-logs
    instance: "$crn"
    service_id: $sender_id
    home: {vault: {mount: secret, path: t/state}}
    sinks:
      - vault: {mount: secret, path: t/sink}
END
}
install_rotator
before=$(tokens)
in_cluster 0 check
in_cluster 0 init prod-logs
first=$(in_vault)
accepted "$first" || fail "the key in Vault does not work"
in_cluster 0 rotate prod-logs --wait=retired
second=$(in_vault)
[ "$second" != "$first" ] && accepted "$second" || fail "not rotated"
[ "$(tokens)" = "$before" ] || fail "a token of a login is left over"
passed "in the shipped pod: check, init and rotate, by a token that the API server reviewed"

# --- from outside ---
{
  head_of_config "proof: {count: 1, span: 0s, absence_apart: 0s, propagation: 0s}" | grep -v '^targets:'
  cat <<END
vault: {address: "$VAULT_ADDR", auth: {kubernetes: {role: rotator, token_file: $T/token}}}
targets:
  - name: prod-logs
    instance: "$crn"
    service_id: $sender_id
    home: {vault: {mount: secret, path: t/state}}
    sinks:
      - vault: {mount: secret, path: t/sink}
END
} >"$config"
new_token() { # new_token NAMESPACE ACCOUNT AUDIENCE
  (umask 077 && kubectl --namespace="$1" create token "$2" ${3:+--audience="$3"} >"$T/token") || fail "no token"
}
k create serviceaccount other >/dev/null
new_token $space rotator vault
run 0 check prod-logs
run 0 rotate prod-logs --wait=retired
new_token $space rotator vault # as the kubelet does before it ends
run 0 run
passed "from outside the cluster too, and with the token that takes the first one's place"

# refused TEXT: Vault says no, in words; that is a person's matter at once.
refused() {
  run 3 run --patience 1s
  err_has "the login is refused"
  err_has "$1"
  if grep -qF "$(cat "$T/token")" "$T/out" "$T/err"; then fail "the token was printed"; fi
}
sed -i 's/role: rotator/role: rotatro/' "$config"
refused 'invalid role name .*rotatro'
sed -i 's/role: rotatro/role: rotator/' "$config"
new_token $space rotator
refused 'audience'
new_token $space other vault
refused 'service account name not authorized'
new_token elsewhere rotator vault
refused 'namespace not authorized'
passed "wrong role, audience, account and namespace are told as what they are"

# cannot_tell: Vault could not have the token reviewed, and says no more than "permission denied": that may pass.
cannot_tell() {
  run 75 rotate prod-logs --patience 1s
  err_has 'permission denied. Vault says so also when it cannot reach the Kubernetes API server'
  [ "$(in_vault)" = "$now" ] || fail "the sink was changed"
}
new_token $space rotator vault
now=$(in_vault)
trusts https://127.0.0.1:1
cannot_tell
trusts "$CLUSTER_SERVER"
kubectl delete clusterrolebinding vault >/dev/null
reviews() { kubectl auth can-i create tokenreviews.authentication.k8s.io --as=system:serviceaccount:elsewhere:vault; }
not_reviewing() { ! reviews; }
until_true 60 not_reviewing
cannot_tell
may_review
until_true 60 reviews
run 0 rotate prod-logs --wait=retired
[ "$(in_vault)" != "$now" ] || fail "not rotated"
passed "where Vault cannot ask the API server, it is waited out"
[ "$(tokens)" = "$before" ] || fail "a token of a login is left over"
