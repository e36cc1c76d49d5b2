#!/usr/bin/env bash
# A Vault with storage and TLS that is sealed, stopped and killed in the middle of rotations: nothing is lost, and what a
# consumer reads works whenever it can be read. raft.sh ROTATOR EMULATOR
# shellcheck source=tests/integration/vault/lib.sh
. "$(dirname "$0")/lib.sh"
sandbox_start "$emulator" "$work/demo"
vault_raft "$work/vault"
(umask 077 && printf '%s\n' "$VAULT_TOKEN" >"$work/token")
config() {
  {
    head_of_config
    cat <<YAML
vault: {address: "$VAULT_ADDR", ca_file: $work/vault/ca.pem, auth: {token: {file: $work/token}}, timeout: 10s}
targets:
YAML
    target edge <<'YAML'
home: {vault: {mount: secret, path: rotator/state/edge}}
sinks:
  - vault: {mount: secret, path: logs/edge}
YAML
  } >"$work/rotator.yaml"
  chmod 600 "$work/rotator.yaml"
}
config
run 0 init edge
passed "init over TLS"
sink() { vault kv get -mount=secret -field=api_key logs/edge; }
works() {
  sink >value
  printf %s "$(cat value)" >value
  [ "$(sandbox_token value)" = 200 ] || fail "$1: the key that consumers read does not work"
  rm -f value
}
works "after init"

vault operator seal >/dev/null
run 75 rotate edge --patience 1s
err_has 'sealed'
vault_unseal "$work/vault"
works "unsealed"
before=$(sink)
run 0 rotate edge --wait=retired
[ "$(sink)" != "$before" ] || fail "not rotated after the seal"
works "rotated"
passed "sealed: it is said, and after unsealing the rotation goes on"

vault_stop TERM
run 75 rotate edge --patience 1s
vault_raft "$work/vault"
vault_unseal "$work/vault"
run 0 rotate edge --wait=retired
works "restarted"
passed "not there: nothing is lost"

# Killed at moments spread over a whole rotation.
for delay in 0.05 0.1 0.2 0.3 0.4 0.6 0.8 1.0; do
  before=$(sink)
  rotator_run rotate edge --wait=retired --patience 1s &
  job=$!
  sleep $delay
  vault_stop KILL
  wait $job || true
  vault_raft "$work/vault"
  vault_unseal "$work/vault"
  works "killed after $delay s"
  tries=0
  until rotator_run rotate edge --wait=retired; do
    tries=$((tries + 1))
    [ $tries -lt 20 ] || fail "killed after $delay s: it does not come to its end"
    sleep 1
  done
  works "killed after $delay s, and gone on"
  [ "$(sink)" != "$before" ] || fail "killed after $delay s: not rotated"
  [ "$(live_keys)" = 1 ] || fail "killed after $delay s: $(live_keys) keys are left"
done
passed "killed in the middle, eight times: the key works, and the rotation ends"
echo "1..$count"
