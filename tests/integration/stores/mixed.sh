#!/usr/bin/env bash
# One key for consumers of three kinds: the home in Vault, sinks in Vault, in Kubernetes and in a file. Every client of theirs
# reads the same value, and it is the current key. mixed.sh ROTATOR EMULATOR, run by with_cluster.sh
# shellcheck source=tests/integration/stores/lib.sh
. "$(dirname "$0")/lib.sh"
stores_start
stores_config 0s

reader_token() {
  printf 'path "secret/data/logs/edge" { capabilities = ["read"] }\n' >reader.hcl
  vault policy write reader reader.hcl >/dev/null
  vault token create -policy=reader -field=token
}
reader=$(reader_token)
in_hvac() {
  /usr/bin/python3 - "$VAULT_ADDR" "$reader" <<'PY'
import sys, hvac
c = hvac.Client(url=sys.argv[1], token=sys.argv[2])
print(c.secrets.kv.v2.read_secret_version(path="logs/edge", mount_point="secret")["data"]["data"]["IAM_API_KEY"])
PY
}
have_hvac=
if /usr/bin/python3 -c 'import hvac' 2>/dev/null; then have_hvac=1; fi

# all_agree WHEN: sets value.
all_agree() {
  local who
  value=$(VAULT_TOKEN=$reader in_fleet)
  [ -n "$value" ] || fail "$1: Vault holds no key"
  for who in in_pods in_host ${have_hvac:+in_hvac}; do
    [ "$($who)" = "$value" ] || fail "$1: $who reads another value than 'vault kv get'"
  done
  accepted "$value" || fail "$1: IAM does not accept what consumers read"
  [ "$(id_of "$value")" = "$(current_id)" ] || fail "$1: consumers read another key than the current one"
  [ "$(vault kv get -mount=secret -field=key_id logs/edge)" = "$(current_id)" ] || fail "$1: key_id in Vault is another key's"
  [ "$(live_keys)" = 1 ] || fail "$1: $(live_keys) keys are there"
  no_secrets "$value"
}

run 0 check edge
for name in fleet pods host; do grep -q "sink $name" out || fail "check does not name the sink $name"; done
run 0 init edge
all_agree "after init"
first=$value
passed "init: three stores, one key"

for round in 1 2 3; do
  before=$value
  run 0 rotate edge --wait=retired
  all_agree "after rotation $round"
  [ "$value" != "$before" ] || fail "rotation $round did not change the key"
  if accepted "$before"; then fail "rotation $round: the old key still works"; fi
done
[ "$value" != "$first" ] || fail "the first key is back"
passed "three rotations: vault, kubectl${have_hvac:+, hvac} and the file show the same value each time, the current key"

run 0 status edge --json
jq -e '[.targets[0].sinks[] | select(.holds == "current key") | .name] == ["fleet", "pods", "host"]' out >/dev/null ||
  fail "status does not show each sink"
vault_versions=$(vault kv get -mount=secret -format=json logs/edge | jq .data.metadata.version)
run 0 run
[ "$(vault kv get -mount=secret -format=json logs/edge | jq .data.metadata.version)" = "$vault_versions" ] ||
  fail "a run with nothing to do wrote the secret"
passed "nothing is due: nothing is written"
[ -n "$have_hvac" ] || echo "ok $((count += 1)) - another client of Vault # SKIP python3-hvac is not installed"
echo "1..$count"
