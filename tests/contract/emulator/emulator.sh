# shellcheck shell=sh
# Sourced by the scripts beside it: one emulator for the time of the script.
#
#   . emulator.sh; find_emulator BUILD_DIR; start_emulator [OPTION…]
#
# Afterwards $work is a folder of the script's own and field NAME tells what the ready line says
# (https, http, ca, imds). The emulator ends with the script.

find_emulator() { # BUILD_DIR
  emulator=$(find "$1" -name ibmcloud-emulator -type f -perm -u+x | head -n 1)
  [ -n "$emulator" ] || { echo "Bail out! no ibmcloud-emulator below $1"; exit 1; }
}

# Says, in TAP, that nothing can be judged here and why. tests/run.sh --ci counts it as a failure.
cannot() {
  echo "1..0 # SKIP $*"
  exit 0
}

# cache_folder NAME FILE…: a folder outside the tree, one for each content of the files; sets $cache.
cache_folder() {
  name=$1
  shift
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests/$name-$(cat "$@" | cksum | tr -d ' ')
  mkdir -p "$cache"
}

# shellcheck disable=SC2317 # called by the trap
end_emulator() {
  [ -z "$pid" ] || { kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; } || true
  rm -rf "$work"
}

start_emulator() {
  work=$(mktemp -d)
  pid=
  trap end_emulator EXIT
  trap 'exit 1' INT TERM
  mkdir "$work/emulator"
  "$emulator" --dir "$work/emulator" --ready-file "$work/ready" "$@" >/dev/null &
  pid=$!
  tries=0
  until [ -s "$work/ready" ]; do
    tries=$((tries + 1))
    if [ $tries -gt 200 ] || ! kill -0 "$pid" 2>/dev/null; then
      echo "Bail out! the emulator does not start"
      exit 1
    fi
    sleep 0.05
  done
}

field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/ready"; }
