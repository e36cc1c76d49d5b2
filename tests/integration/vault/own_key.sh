#!/usr/bin/env bash
# The rotator's own key in a real Vault, where `management` reads it, and home of its state: two rotators on two hosts rotate it in
# turns; a run that reads an old version of the secret ends nothing; hands in the secret are mended.
# own_key.sh ROTATOR EMULATOR
# shellcheck source=tests/integration/vault/lib.sh
. "$(dirname "$0")/lib.sh"
sandbox_start "$emulator" "$work/demo"
vault_dev "$work/vault"
cat >own.hcl <<'HCL'
path "secret/data/rotator/*"     { capabilities = ["create", "read", "update"] }
path "secret/metadata/rotator/*" { capabilities = ["read"] }
path "secret/destroy/rotator/*"  { capabilities = ["update"] }
HCL
vault policy write own own.hcl >/dev/null
(umask 077 && vault token create -policy=own -field=token >"$work/token")
tr -d '\n' <"$sandbox/management.key" | vault kv put -mount=secret rotator/management api_key=- >/dev/null
identity=ServiceId-aaaaaaaa-0000-4000-8000-000000000001

# on HOST: the configuration of that host; state and lock are its own, the state of the target is in Vault.
on() {
  mkdir -p "$work/$1"
  chmod 700 "$work/$1"
  {
    head_of_config | sed "s|^management: .*|management: {vault: {mount: secret, path: rotator/management}}|
      s|^state_dir: .*|state_dir: $work/$1|; s|^host_id: .*|host_id: $1|"
    printf 'vault: {address: "%s", auth: {token: {file: %s}}}\ntargets:\n' "$VAULT_ADDR" "$work/token"
    cat <<YAML
  - name: own
    own_key: true
    account: $sandbox_account
    service_id: $identity
    endpoints: {iam: "$sandbox_https"}
    home: {vault: {mount: secret, path: rotator/state}}
YAML
  } >"$work/rotator.yaml"
  chmod 600 "$work/rotator.yaml"
}
held() { vault kv get -mount=secret -field=api_key rotator/management; }
keys() { sandbox_control GET keys | jq -r --arg i "iam-$identity" '.keys[] | select(.iam_id == $i and (.deleted | not)) | .id'; }
serves() { # WHEN: what the secret holds is a live key
  held | tr -d '\n' >"$work/held"
  [ "$(sandbox_token "$work/held")" = 200 ] || fail "$1: IAM does not take what Vault holds"
}

on one
run 0 check own
run 0 init own
first=$(held)
run 0 rotate own
[ "$(held)" != "$first" ] || fail "nothing was published"
[ "$(keys | wc -l)" = 2 ] || fail "the run that published ended the old key"
serves "after publishing"
on two
run 0 run
[ "$(keys | wc -l)" = 1 ] || fail "the other host did not end the old key: $(keys)"
serves "after retiring"
passed "published by one host, let go by another"

for _ in 1 2 3; do
  run 0 rotate own
  serves "published"
  on one
  run 0 run
  serves "retired"
  run 0 rotate own
  on two
  run 0 run
done
[ "$(keys | wc -l)" = 1 ] || fail "left over: $(keys)"
passed "six more rotations in turns"

before=$(held)
vault kv patch -mount=secret rotator/management api_key="$first" >/dev/null # an old version, restored
run 0 run own --json
rm -f "$work"/two/*.run
run 0 run own
[ "$(held)" = "$before" ] || fail "an old value was not written over"
serves "mended"
passed "a restored old version is written over by the key that the state holds"

vault kv delete -mount=secret rotator/management >/dev/null
rm -f "$work"/two/*.run
run 0 run own
[ "$(held)" = "$before" ] || fail "a deleted secret was not made anew"
passed "a deleted secret is made anew"
echo "$count passed"
