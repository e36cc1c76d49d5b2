# shellcheck shell=bash disable=SC2154
# What the tests of this folder share: the emulator, a Vault, a rotator configured for both. Sourced with the arguments
# ROTATOR EMULATOR. Ends with a line "N passed" when the script comes to its end.
set -euo pipefail
rotator=$(realpath "$1")
emulator=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
cd "$top"
# shellcheck source=contrib/sandbox.sh
. contrib/sandbox.sh
# shellcheck source=tests/servers/vault/lib.sh
. tests/servers/vault/lib.sh
vault_binary

work=$(mktemp -d)
trap 'vault_stop KILL; sandbox_stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"
count=0

passed() {
  count=$((count + 1))
  echo "ok $count - $*"
}
fail() {
  echo "not ok - $*"
  [ ! -s "$work/err" ] || sed 's/^/  # err: /' "$work/err"
  [ ! -s "$work/out" ] || sed 's/^/  # out: /' "$work/out"
  exit 1
}

# target NAME: a target's settings; its stores come from standard input.
head_of_config() {
  cat <<YAML
version: 1
management: {file: $sandbox/management.key}
state_dir: $sandbox/state
host_id: sandbox
ca_file: $sandbox/emulator/ca.pem
defaults:
  grace: 0s
  quarantine: 0s
  rotate_jitter: 0s
  proof: {count: 1, span: 0s, absence_apart: 1s}
YAML
}
target() {
  cat <<YAML
  - name: $1
    instance: "crn:v1:bluemix:public:logs:eu-de:a/$sandbox_account:$sandbox_instance::"
    service_id: logs-agent
    endpoints: {iam: "$sandbox_https", ingress: "$sandbox_https/instances/{guid}"}
YAML
  sed 's/^/    /'
}

# run STATUS ARGUMENT…: rotator with no more of Vault in its environment than the configuration says.
rotator_run() {
  env -u VAULT_ADDR -u VAULT_TOKEN -u VAULT_CACERT "$rotator" --config "$work/rotator.yaml" "$@" >"$work/out" 2>"$work/err"
}
run() {
  local want=$1 got=0
  shift
  rotator_run "$@" || got=$?
  [ "$got" = "$want" ] || fail "rotator $*: exit $got, not $want"
}
run_fails() { ! rotator_run "$@" || fail "rotator $*: exit 0"; }
err_has() { grep -q -- "$1" "$work/err" || fail "the error does not say '$1'"; }
live_keys() { sandbox_control GET keys | jq -r '[.keys[] | select(.name == "edge-ingestion" and .deleted == false)] | length'; }
# The id of the key with a value, as the emulator knows it.
id_of() {
  sandbox_control GET keys | jq -r --arg hash "$(printf %s "$1" | sha256sum | cut -d' ' -f1)" '.keys[] | select(.value_sha256 == $hash) | .id'
}
# Nothing of ours may have let a secret slip into a log or an answer.
no_secrets() {
  ! grep -qF -- "$1" "$work/out" "$work/err" || fail "a secret was printed"
}
