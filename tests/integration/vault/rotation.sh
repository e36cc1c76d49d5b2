#!/usr/bin/env bash
# Whole runs of the program against a Vault in memory: engines, logins, what hands do to a secret, what a wrong configuration
# is told. rotation.sh ROTATOR EMULATOR
# shellcheck source=tests/integration/vault/lib.sh
. "$(dirname "$0")/lib.sh"
sandbox_start "$emulator" "$work/demo"
printf 'listener "unix" {\n  address = "%s"\n}\n' "$work/vault.sock" >socket.hcl
vault_dev "$work/vault" -config="$work/socket.hcl"

cat >all.hcl <<'HCL'
path "secret/data/t/*"     { capabilities = ["create", "read", "update"] }
path "secret/metadata/t/*" { capabilities = ["read"] }
path "secret/destroy/t/*"  { capabilities = ["update"] }
path "kv1/t/*"             { capabilities = ["create", "read", "update"] }
HCL
vault policy write all all.hcl >/dev/null
new_token() { (umask 077 && vault token create -policy=all -field=token >"$work/token"); }
new_token

# config AUTH <STORES: one target `edge`; AUTH is the value of vault.auth.
config() {
  {
    head_of_config
    printf 'vault: {address: "%s", auth: %s}\ntargets:\n' "$VAULT_ADDR" "$1"
    target edge
  } >"$work/rotator.yaml"
  chmod 600 "$work/rotator.yaml"
}
by_token="{token: {file: $work/token}}"
fresh() { # another IBM Cloud, so that the next configuration begins anew
  sandbox_stop || true
  rm -rf "$work/demo"
  sandbox_start "$emulator" "$work/demo"
}
sink() { vault kv get -mount="${2-secret}" -field=api_key "$1"; }

# --- hands in the secret, KV version 2 ---
config "$by_token" <<'YAML'
home: {vault: {mount: secret, path: t/state}}
sinks:
  - vault: {mount: secret, path: t/sink, fields: {name: key_name, created: created}}
YAML
vault kv put -mount=secret t/sink team=platform note=keep >/dev/null
run 0 init edge
first=$(sink t/sink)
[ "$(vault kv get -mount=secret -field=team t/sink)" = platform ] || fail "a foreign field was lost"
[ "$(vault kv get -mount=secret -field=key_name t/sink)" = edge-ingestion ] || fail "no name"
vault kv patch -mount=secret t/sink later=1 >/dev/null
run 0 rotate edge --wait=retired
[ "$(vault kv get -mount=secret -field=later t/sink)" = 1 ] || fail "a field that was added later was lost"
[ "$(sink t/sink)" != "$first" ] || fail "not rotated"
passed "fields of other hands are kept"

now=$(sink t/sink)
vault kv delete -mount=secret t/sink >/dev/null
run 0 run
[ "$(sink t/sink)" = "$now" ] || fail "a deleted version was not followed by another"
vault kv destroy -mount=secret -versions="$(vault kv get -mount=secret -format=json t/sink | jq .data.metadata.version)" t/sink >/dev/null
run 0 run
[ "$(sink t/sink)" = "$now" ] || fail "a destroyed version was not followed by another"
passed "deleted and destroyed: the key is written again"

# Without any version it is made anew only after the longest life of a request, 90 s, which is not waited for here.
vault kv metadata delete -mount=secret t/sink >/dev/null
rotator_run run --patience 1s || true
! sink t/sink >/dev/null 2>&1 || fail "an absent secret was made at once"
vault kv put -mount=secret t/sink api_key="$now" >/dev/null
run 0 run
[ "$(sink t/sink)" = "$now" ] || fail "the key is not there"
passed "all versions gone: not written before a late write has had its time"

vault kv patch -mount=secret t/sink api_key=somebody-elses-key >/dev/null
run_fails run
err_has 'never was ours'
[ "$(sink t/sink)" = somebody-elses-key ] || fail "a foreign value was overwritten"
vault kv patch -mount=secret t/sink api_key="$now" >/dev/null
run 0 run
passed "a value of somebody else is never overwritten"

# --- tokens ---
vault token revoke "$(cat token)" >/dev/null
run_fails rotate edge --patience 1s
err_has 'HTTP 403'
[ "$(sink t/sink)" = "$now" ] || fail "the sink changed"
new_token
run 0 rotate edge --wait=retired
vault token lookup "$(cat token)" >/dev/null || fail "a token that was handed over was revoked"
passed "a token file is read anew, and its token is left alone at the end"

# --- a right that is missing ---
sed 's/^path "secret.destroy.*//' all.hcl >less.hcl
vault policy write all less.hcl >/dev/null
run_fails check edge
grep -q 'path "secret/destroy/t/sink" { capabilities = \["update"\] }' out err || fail "check does not name the missing line"
vault policy write all all.hcl >/dev/null
run 0 check edge
passed "check names the line that the policy lacks"

# --- wrong mount ---
now=$(sink t/sink)
config "$by_token" <<'YAML'
home: {vault: {mount: secret, path: t/state, kv_version: "1"}}
sinks:
  - vault: {mount: kv1, path: t/sink}
YAML
run_fails check edge
grep -q 'KV version 2: configure kv_version: 2' out err || fail "check does not tell the home's version"
grep -q 'KV version 1: configure kv_version: 1' out err || fail "check does not tell the sink's version"
[ "$(sink t/sink)" = "$now" ] || fail "something was changed"
config "$by_token" <<'YAML'
home: {vault: {mount: nowhere, path: t/state}}
sinks:
  - vault: {mount: secret, path: t/sink, kv_version: auto}
YAML
run_fails check edge
grep -q "no mount 'nowhere'" out err || fail "check does not tell that there is no mount"
passed "a wrong version or mount is told, and nothing is lost"

# --- the rotator's own key ---
config "$by_token" <<'YAML'
home: {vault: {mount: secret, path: t/state}}
sinks:
  - vault: {mount: secret, path: t/sink, fields: {name: key_name, created: created}}
YAML
sed -i 's|^management: .*|management: {vault: {mount: secret, path: t/management, field: key}}|' rotator.yaml
run_fails rotate edge --patience 1s
err_has 'management credential'
vault kv put -mount=secret t/management key=@"$sandbox/management.key" >/dev/null
run 0 check edge
run 0 rotate edge --wait=retired
no_secrets "$(cat "$sandbox/management.key")"
passed "the rotator's own key is read from Vault"

# --- KV version 1 ---
fresh
config "$by_token" <<'YAML'
home: {vault: {mount: kv1, path: t/state, kv_version: "1"}}
sinks:
  - vault: {mount: kv1, path: t/sink, kv_version: "1"}
YAML
vault kv put -mount=kv1 t/sink team=platform >/dev/null
run 0 init edge
first=$(sink t/sink kv1)
run 0 rotate edge --wait=retired
[ "$(sink t/sink kv1)" != "$first" ] || fail "not rotated"
[ -n "$(id_of "$(sink t/sink kv1)")" ] || fail "the sink holds no key"
[ "$(vault kv get -mount=kv1 -field=team t/sink)" = platform ] || fail "a foreign field was lost"
passed "init and rotation with KV version 1"

# --- AppRole, wrapped ---
fresh
vault auth enable approle >/dev/null
vault write auth/approle/role/r token_policies=all token_ttl=5m secret_id_num_uses=3 >/dev/null
vault read -field=role_id auth/approle/role/r/role-id >role_id
wrap() { (umask 077 && vault write -f -wrap-ttl=300 -field=wrapping_token "$1" >"$work/wrapped"); }
config "{approle: {role: r, role_id_file: $work/role_id, secret_id: {file: $work/wrapped, wrapped: true}}}" <<'YAML'
home: {vault: {mount: secret, path: t/state2}}
sinks:
  - vault: {mount: secret, path: t/sink2}
YAML
wrap auth/approle/role/r/secret-id
run 0 init edge
passed "a wrapped secret id logs in"
run_fails run --patience 1s
err_has 'INTERCEPTED'
no_secrets "$(cat wrapped)"
passed "a second unwrapping is said loudly"
vault write auth/approle/role/other token_policies=all >/dev/null
wrap auth/approle/role/other/secret-id
run_fails run --patience 1s
err_has 'was NOT unwrapped'
vault unwrap -field=secret_id "$(cat wrapped)" >/dev/null || fail "it was unwrapped all the same"
passed "a wrapping token from elsewhere is not unwrapped"
wrap auth/approle/role/r/secret-id
run 0 rotate edge --wait=retired
passed "and a right one goes on"
[ "$(live_keys)" = 1 ] || fail "keys are left over"

# --- stopped ---
before=$(vault list -format=json auth/token/accessors | jq length)
wrap auth/approle/role/r/secret-id
sed -i 's/count: 1, span: 0s/count: 5, span: 30s/' rotator.yaml
rotator_run --verbose rotate edge &
job=$!
tries=0
until grep -q 'await' err; do
  tries=$((tries + 1))
  [ $tries -lt 100 ] || fail "it does not begin to prove"
  sleep 0.1
done
pkill -TERM -P $job
wait $job || true
[ "$(vault list -format=json auth/token/accessors | jq length)" = "$before" ] || fail "a stop leaves a token behind"
sed -i 's/count: 5, span: 30s/count: 1, span: 0s/' rotator.yaml
wrap auth/approle/role/r/secret-id
run 0 rotate edge --wait=retired
passed "stopped by a signal: the token of the login is revoked, and the next run goes on"

# --- the environment ---
sed -i "s|^vault: .*|vault: {}|" rotator.yaml
(umask 077; vault token create -policy=all -field=token >"$work/vault/.vault-token")
VAULT_NAMESPACE='' BAO_ADDR=$VAULT_ADDR HOME=$work/vault env -u VAULT_TOKEN "$rotator" --config rotator.yaml run 2>err ||
  fail "BAO_ADDR and ~/.vault-token are not taken"
VAULT_SKIP_VERIFY=true "$rotator" --config rotator.yaml run 2>err && fail "VAULT_SKIP_VERIFY was passed over"
err_has 'VAULT_SKIP_VERIFY'
passed "the environment of the command is taken where the configuration is silent"
# --- a socket ---
fresh
config "$by_token" <<'YAML'
home: {vault: {mount: secret, path: t/state3}}
sinks:
  - vault: {mount: secret, path: t/sink3}
YAML
sed -i "s|^vault: .*|vault: {address: \"unix://$work/vault.sock\", auth: $by_token}|" rotator.yaml
run 0 init edge
run 0 rotate edge --wait=retired
[ -n "$(id_of "$(sink t/sink3)")" ] || fail "the sink holds no key"
passed "over a Unix socket"
echo "1..$count"
