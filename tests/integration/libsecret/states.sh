#!/usr/bin/env bash
# What rotator-libsecret says where there is no keyring: none was ever made, nobody provides one, there is no bus.
set -u
: "${LIBSECRET:?path of rotator-libsecret}"
session=$(cd "$(dirname "$0")" && pwd)/session.sh
dir=$(mktemp -d "${TMPDIR:-/tmp}/states.XXXXXX")
trap 'rm -rf "$dir"' EXIT
for verb in read write check; do
  echo "echo '{\"version\":1,\"kind\":\"sink\",\"item\":\"a\",\"value\":\"x\"}' | timeout 20 '$LIBSECRET' $verb; echo"
done >"$dir/all-verbs"

# says KIND TEXT COMMAND…: the command's three answers are errors of that kind, with that text.
says() {
  local kind=$1 text=$2
  shift 2
  "$@" >"$dir/out" 2>"$dir/err"
  local status=$?
  if [ $status = 77 ]; then
    cat "$dir/out"
    exit 77
  fi
  jq -es --arg kind "$kind" --arg text "$text" 'map(select(.error)) | length == 3 and all(.error.kind == $kind and (.error.text | contains($text)))' \
    "$dir/out" >/dev/null && return
  echo "FAILED: $*: wanted $kind, $text"
  cat "$dir/out" "$dir/err"
  exit 1
}
export HOME=$dir XDG_RUNTIME_DIR=$dir
unset DBUS_SESSION_BUS_ADDRESS DISPLAY
says refused "there is no default keyring yet" env KEYRING=fresh "$session" sh "$dir/all-verbs"
says refused "there is no default keyring yet" env KEYRING=none "$session" sh "$dir/all-verbs"
says refused "nothing on this bus provides org.freedesktop.secrets" dbus-run-session --config-file "${session%/*}/bare-bus.xml" -- sh "$dir/all-verbs"
says refused "a system unit and cron have none" sh "$dir/all-verbs"
says unsent "does not answer" env DBUS_SESSION_BUS_ADDRESS=unix:path="$dir/nothing" sh "$dir/all-verbs"
says refused "SECRET_BACKEND" env SECRET_BACKEND=fiel sh "$dir/all-verbs"
says locked "the keyring is locked" "$session" sh -c "gdbus call --session --dest org.freedesktop.secrets --object-path \
  /org/freedesktop/secrets --method org.freedesktop.Secret.Service.Lock \"['/org/freedesktop/secrets/collection/login']\" >&2; . $dir/all-verbs"
echo "ok - seven ways to have no keyring"
