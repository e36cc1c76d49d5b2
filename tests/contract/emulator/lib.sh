# shellcheck shell=sh disable=SC2034
# What the vendor's clients share: an emulator of their own. Sourced with BUILD_DIR, below which it lies, as $1. $work is a
# folder that goes with the script.
build=${1:?"usage: $0 BUILD_DIR"}
emulator=$(find "$build" -name ibmcloud-emulator -type f -perm -u+x | head -n 1)
[ -n "$emulator" ] || { echo "Bail out! no ibmcloud-emulator below $build"; exit 1; }

work=$(mktemp -d)
pid=
# shellcheck disable=SC2317 # called by the trap
finish() {
  [ -z "$pid" ] || { kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; } || true
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

start_emulator() { # start_emulator ARGUMENTS…: returns when it answers
  tries=0
  mkdir "$work/emulator"
  "$emulator" --dir "$work/emulator" --ready-file "$work/ready" "$@" >/dev/null &
  pid=$!
  until [ -s "$work/ready" ]; do
    tries=$((tries + 1))
    if [ $tries -gt 200 ] || ! kill -0 "$pid" 2>/dev/null; then
      echo "Bail out! the emulator does not start"
      exit 1
    fi
    sleep 0.05
  done
}
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/ready"; } # field http|https|ca|imds: what it says of itself
