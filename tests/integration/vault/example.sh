#!/usr/bin/env bash
# The example of backends/vault/README.md, as it stands there: example.sh ROTATOR EMULATOR.
# shellcheck source=tests/integration/vault/lib.sh
. "$(dirname "$0")/lib.sh"
readme=$top/backends/vault/README.md

# block LANGUAGE N: the N-th block of that language.
block() {
  awk -v lang="$1" -v want="$2" '$0 == "```" lang {n++; on = n == want; next} /^```/ {on = 0} on' "$readme"
}

sandbox_start "$emulator" "$work/demo"
vault_dev "$work/vault"
mkdir -p "$work/bin"
ln -s "$vault" "$work/bin/vault"
block sh 1 >steps.sh
[ -s steps.sh ] || fail "README.md has no first block"
PATH=$work/bin:$PATH bash -eu steps.sh >setup.log 2>&1 || { cat setup.log; fail "the example's setup"; }
[ "$(stat -c %a secret_id)" = 600 ] || fail "the secret id can be read by others"
passed "policy and AppRole are made as the example says"

{
  head_of_config
  block yaml 1 | sed "s|https://vault.example.com:8200|$VAULT_ADDR|; s|/etc/rotator/|$work/|g"
  echo "targets:"
  block yaml 2 | target edge
} >rotator.yaml
chmod 600 rotator.yaml
run 0 check edge
run 0 init edge
value=$(PATH=$work/bin:$PATH bash -eu -c "$(block sh 2)")
no_secrets "$value"
[ -n "$(id_of "$value")" ] || fail "the emulator does not know the key that consumers read"
[ "$(vault kv get -mount=secret -field=key_id logs/edge)" = "$(id_of "$value")" ] || fail "key_id is another key's"
passed "init publishes a working key, and 'vault kv get' shows it"

run 0 rotate edge --wait=retired
second=$(vault kv get -mount=secret -field=IAM_API_KEY logs/edge)
[ "$second" != "$value" ] || fail "the key was not changed"
[ "$(live_keys)" = 1 ] || fail "keys are left over"
no_secrets "$second"
passed "a rotation with the least policy"

vault kv get -mount=secret -format=json logs/edge >now.json
version=$(jq .data.metadata.version now.json)
[ "$version" -ge 2 ] || fail "no new version"
vault read -format=json secret/metadata/logs/edge |
  jq -e --argjson now "$version" '[.data.versions | to_entries[] | select((.key | tonumber) < $now) | .value.destroyed] | all' >/dev/null ||
  fail "old versions were not destroyed"
passed "versions with retired keys are destroyed"

[ "$(vault list -format=json auth/token/accessors | jq length)" -le 2 ] || fail "a token of a login outlived the run"
passed "tokens of the logins are revoked"

cat >read.hcl <<'HCL'
path "secret/data/logs/edge" { capabilities = ["read"] }
HCL
vault policy write reader read.hcl >/dev/null
reader=$(vault token create -policy=reader -field=token)
if /usr/bin/python3 -c 'import hvac' 2>/dev/null; then
  got=$(/usr/bin/python3 - "$VAULT_ADDR" "$reader" <<'PY'
import sys, hvac
c = hvac.Client(url=sys.argv[1], token=sys.argv[2])
print(c.secrets.kv.v2.read_secret_version(path="logs/edge", mount_point="secret")["data"]["data"]["IAM_API_KEY"])
PY
  )
  [ "$got" = "$second" ] || fail "hvac reads another value"
  passed "another client (hvac) reads the same value"
else
  echo "ok $((count += 1)) - another client # SKIP python3-hvac is not installed"
fi
VAULT_TOKEN=$reader vault kv get -mount=secret rotator/state/edge >/dev/null 2>&1 && fail "consumers can read the state"
passed "consumers cannot read the state"
echo "1..$count"
