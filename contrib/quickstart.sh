#!/usr/bin/env bash
# From nothing to a rotated key in one command, on Debian 12 or 13: installs what is missing, builds, starts an emulator of IBM Cloud
# IAM and Cloud Logs on loopback, makes the first key, rotates it, and shows what happened. Nothing outside build/ is kept, and
# no account is needed.
#
#   contrib/quickstart.sh          the key goes into a file
#   contrib/quickstart.sh vault    key and state go into a real HashiCorp Vault, which is built from its module when there is none
#                                  (VAULT_BIN or one on the PATH is taken instead; building takes some ten minutes, once)
set -euo pipefail
store=${1:-file}
case $store in file|vault) ;; *) echo "usage: $0 [vault]" >&2; exit 2 ;; esac
cd "$(dirname "$0")/.."
. contrib/debian.sh
. contrib/sandbox.sh
# shellcheck source=tests/servers/vault/lib.sh
[ "$store" = file ] || . tests/servers/vault/lib.sh

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
  bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
else
  bold='' dim='' plain=''
fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
note() { printf '%s%s%s\n' "$dim" "$*" "$plain"; }
# What rotator says, with its steps as they happen: time, step, what was done.
run() {
  note "\$ rotator $*"
  "$rotator" --config "$sandbox/rotator.yaml" --verbose "$@" 2>&1 |
    sed -u -n "/^[0-9TZ:-]* debug /d; s/^[0-9-]*T\([0-9:]*\)Z [a-z]* demo \([a-z_]*\): /  \1  $bold\2$plain: /; p"
}

need cmake ninja-build gcc libc6-dev pkg-config libcurl4-openssl-dev libcjson-dev libssl-dev libyaml-dev \
  libmicrohttpd-dev libgnutls28-dev zlib1g-dev ca-certificates curl jq

build=${ROTATOR_BUILD_DIR:-build}/quickstart
say "Building (in $build; the first time takes a minute)"
mkdir -p "$build"
# The emulator is a part of the tests, and builds alone.
if ! { cmake -S . -B "$build/rotator" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DROTATOR_TESTS=OFF -DROTATOR_LIBSECRET=OFF &&
  cmake --build "$build/rotator" --target rotator &&
  cmake -S tests/emulator -B "$build/emulator" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo &&
  cmake --build "$build/emulator"; } >"$build/log" 2>&1; then
  tail -n 40 "$build/log" >&2
  exit 1
fi
rotator=$(realpath "$(find "$build/rotator" -name rotator -type f -perm -u+x)")
emulator=$(realpath "$build/emulator/ibmcloud-emulator")
"$rotator" --version

if [ "$store" = vault ]; then
  say "A Vault (from VAULT_BIN, the PATH, or built once into the cache)"
  [ -n "${vault_given-}" ] || need golang-go
  vault_binary build
fi

work=$(mktemp -d)
trap '[ "$store" = file ] || vault_stop KILL; sandbox_stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
sandbox_start "$emulator" "$work/demo"
say "An IBM Cloud on this machine: IAM and Cloud Logs at $sandbox_https"
# Grace and quarantine are a day and an hour in earnest; here nobody is to be waited for.
sandbox_config demo <<YAML
grace: 0s
quarantine: 0s
proof: {count: 3, span: 1s, absence_apart: 2s}
YAML
if [ "$store" = vault ]; then
  vault_dev "$work/vault"
  printf root >"$sandbox/vault-token"
  chmod 600 "$sandbox/vault-token"
  sed -i "s|^      - file: .*|      - vault: {mount: secret, path: logs/demo}|
    s|^targets:|vault: {address: \"$VAULT_ADDR\", auth: {token: {file: $sandbox/vault-token}}}\n&|" "$sandbox/rotator.yaml"
  echo '    home: {vault: {mount: secret, path: rotator/state/demo}}' >>"$sandbox/rotator.yaml"
fi
note "the configuration:"
sed -n '/^targets/,$s/^/  /p' "$sandbox/rotator.yaml"

# The key's value as a consumer reads it, into a file for curl; never shown.
if [ "$store" = vault ]; then
  place="secret/logs/demo in Vault"
  value_of() { vault kv get -mount=secret -field=api_key logs/demo | tr -d '\n' >"$1"; }
else
  place=$sandbox/keys/demo.env
  value_of() { sed -n 's/^IAM_API_KEY=//p' "$place" | tr -d "\"'\n" >"$1"; }
fi
# Which key is there: the emulator knows keys by the hash of their value.
id_in_store() {
  value_of "$sandbox/value"
  sandbox_control GET keys | jq -r --arg hash "$(sha256sum <"$sandbox/value" | cut -d' ' -f1)" \
    '.keys[] | select(.value_sha256 == $hash) | .id'
  rm -f "$sandbox/value"
}

say "1. The first key: made, proven, published where the agent reads it"
run init demo
old=$(id_in_store)
value_of "$sandbox/old-value"
note "$place now holds the key $old"

say "2. A rotation, asked for by a person"
run rotate demo --reason quickstart --wait=retired
new=$(id_in_store)
note "$place now holds the key $new"

say "3. What arrived in Cloud Logs: every proof of a key is a log line of its own"
sandbox_control GET logs | jq -r '"one of them, as it was sent: \(([.logs[] | select(.text.step == "settle")][-1].text) | tojson)",
  (.logs[] | "  \(.arrived_ms / 1000 | strftime("%H:%M:%S"))  sent with \(.key_id)  \(.text.step)  \(.text.nonce)")'

say "4. Does the old key still work? And the new one?"
value_of "$sandbox/new-value"
refused=$(sandbox_token "$sandbox/old-value")
accepted=$(sandbox_token "$sandbox/new-value")
printf 'old key %s: %s\nnew key %s: %s\n' "$old" "$refused" "$new" "$accepted"

say "5. How it stands"
run status demo
if [ "$store" = vault ]; then
  note "what Vault keeps of the sender's secret: versions that held the old key are destroyed"
  vault kv metadata get -mount=secret -format=json logs/demo |
    jq -r '.data.versions | to_entries[] | "version \(.key): \(if .value.destroyed then "destroyed" else "kept" end)"'
fi

case "$old $new $refused $accepted" in
  ApiKey-*\ ApiKey-*\ 400*\ 200) ;;
  *) echo "this is not how it should be" >&2; exit 1 ;;
esac
[ "$old" != "$new" ] || exit 1
say "Done; nothing is left running. How to go on: README.md"
