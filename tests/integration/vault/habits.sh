#!/usr/bin/env bash
# What people and policies do to a Vault that is used all the same: versions that delete themselves, secret ids that are good for
# one login, an agent between. habits.sh ROTATOR EMULATOR
# shellcheck source=tests/integration/vault/lib.sh
. "$(dirname "$0")/lib.sh"
sandbox_start "$emulator" "$work/demo"
vault_dev "$work/vault"

cat >all.hcl <<'HCL'
path "secret/data/t/*"     { capabilities = ["create", "read", "update"] }
path "secret/metadata/t/*" { capabilities = ["read"] }
path "secret/destroy/t/*"  { capabilities = ["update"] }
path "secret/config"       { capabilities = ["read"] }
HCL
vault policy write all all.hcl >/dev/null
grep -v config all.hcl >less.hcl
vault policy write less less.hcl >/dev/null
new_token() { (umask 077 && vault token create -policy="$1" -field=token >"$work/token"); }

# config ADDRESS AUTH: one target `edge`, in secrets whose names end with $suffix.
suffix=
config() {
  {
    head_of_config
    printf 'vault: {address: "%s", auth: %s}\ntargets:\n' "$1" "$2"
    target edge <<YAML
home: {vault: {mount: secret, path: t/state$suffix}}
sinks:
  - vault: {mount: secret, path: t/sink$suffix}
YAML
  } >"$work/rotator.yaml"
  chmod 600 "$work/rotator.yaml"
}
by_token="{token: {file: $work/token}}"

# --- R6: versions that delete themselves ---
new_token all
config "$VAULT_ADDR" "$by_token"
vault write secret/config delete_version_after=1h >/dev/null
run_fails check edge
grep -q 'vault write secret/config delete_version_after=0s' out || fail "check does not say what to do"
new_token less
run_fails init edge --patience 1s
err_has 'vault kv undelete -mount=secret'
[ "$(live_keys)" = 0 ] || fail "a key was made for a state that will go"
vault write secret/config delete_version_after=0s >/dev/null
vault kv undelete -mount=secret -versions=1 t/state >/dev/null
run 0 init edge
passed "R6: a mount whose versions delete themselves is refused before a key exists"

version() { vault kv get -mount=secret -format=json "$1" | jq .data.metadata.version; }
n=$(version t/state)
vault kv delete -mount=secret t/state >/dev/null
run_fails run
err_has "vault kv undelete -mount=secret -versions=$n t/state"
vault kv undelete -mount=secret -versions="$n" t/state >/dev/null
run 0 run
[ "$(live_keys)" = 1 ] || fail "keys are left over"
passed "R6: a deleted state is called back, not begun anew"

# --- R7: a secret id that is good for one login ---
vault auth enable approle >/dev/null
vault write auth/approle/role/r token_policies=all token_ttl=5m secret_id_num_uses=1 >/dev/null
vault read -field=role_id auth/approle/role/r/role-id >role_id
secret_id() { (umask 077 && vault write -f -field=secret_id auth/approle/role/r/secret-id >"$work/secret_id"); }
logins() { grep -c '"path":"auth/approle/login"' audit | tr -d '\n'; }
vault audit enable file file_path="$work/audit" >/dev/null
config "$VAULT_ADDR" "{approle: {role_id_file: $work/role_id, secret_id: {file: $work/secret_id}}}"
secret_id
run 0 run
before=$(logins)
run_fails rotate edge --patience 5s
err_has 'the login is refused'
! grep -q 'policy' err || fail "a refused login is told as a missing policy"
[ $(($(logins) - before)) -le 2 ] || fail "a used-up secret id was sent more than once" # request and response are a line each
no_secrets "$(cat secret_id)"
secret_id
run 0 rotate edge --wait=retired
passed "R7: a used-up secret id is sent once, and the next one is good"

# --- R8: an agent with its own token in the place of every other ---
vault write auth/approle/role/agent token_policies=all token_ttl=10m >/dev/null
vault read -field=role_id auth/approle/role/agent/role-id >agent_role
(umask 077 && vault write -f -field=secret_id auth/approle/role/agent/secret-id >agent_secret)
port=$(vault_port)
cat >agent.hcl <<HCL
vault { address = "$VAULT_ADDR" }
auto_auth {
  method "approle" {
    config = { role_id_file_path = "$work/agent_role", secret_id_file_path = "$work/agent_secret",
               remove_secret_id_file_after_reading = false }
  }
  sink "file" { config = { path = "$work/agent_token" } }
}
cache { use_auto_auth_token = "force" }
listener "tcp" {
  address     = "127.0.0.1:$port"
  tls_disable = true
}
HCL
"$vault" agent -config=agent.hcl >agent.log 2>&1 </dev/null &
agent=$!
trap 'kill $agent 2>/dev/null || true; vault_stop KILL; sandbox_stop; rm -rf "$work"' EXIT
tries=0
until [ -s agent_token ] && curl -sf --noproxy '*' -o /dev/null "http://127.0.0.1:$port/v1/auth/token/lookup-self"; do
  tries=$((tries + 1))
  [ $tries -lt 300 ] || { cat agent.log; fail "the agent does not start"; }
  sleep 0.1
done
lives() { VAULT_TOKEN=$(cat agent_token) vault token lookup >/dev/null 2>&1 || fail "the agent's own token was ended"; }
sandbox_stop || true # another address is another sink: begun anew
rm -rf "$work/demo"
sandbox_start "$emulator" "$work/demo"
suffix=2
config "http://127.0.0.1:$port" "{approle: {role_id_file: $work/role_id, secret_id: {file: $work/secret_id}}}"
secret_id
run 0 init edge
lives
config "http://127.0.0.1:$port" listener
run 0 rotate edge --wait=retired
lives
passed "R8: through an agent's listener, with a login of ours and without one, the agent's token lives on"
kill "$agent"
wait "$agent" 2>/dev/null || true

# --- a namespace that the community edition passes over ---
new_token all
config "$VAULT_ADDR" "$by_token, namespace: team-a"
if vault status -format=json | jq -e '.version | test("ent")' >/dev/null; then
  echo "# an Enterprise server: namespaces are there"
else
  run_fails check edge
  grep -q "passes over the namespace 'team-a'" out || fail "check does not tell of the namespace"
  passed "a namespace that is passed over is told"
fi
echo "1..$count"
