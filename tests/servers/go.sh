# shellcheck shell=sh
# How a server is built from its Go module. Sourced by tests/servers/build.sh and tests/servers/kubernetes/build.sh.
#
#   lack NAME WHY         tells it and ends with status 77
#   want PROGRAM PACKAGE  installs the Debian package when the program is missing and that may be done
#   find_go               sets go to a compiler: Debian 12's own where it is there, as the modules are of its time
#   go_build WHAT DIR LOG OUTPUT PACKAGE…   builds in DIR; tells on standard error how far it is

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

find_go() {
  go=/usr/lib/go-1.19/bin/go
  [ -x "$go" ] && return 0
  go=$(command -v go) && return 0
  want /usr/lib/go-1.19/bin/go golang-go || true
  [ -x "$go" ] || go=$(command -v go)
}

# (-v names each package when it is compiled, "go: downloading" each module when it is fetched)
go_progress() {
  echo "$(grep -c '^go: downloading' "$1") modules fetched, $(grep -vc '^go: ' "$1") packages compiled"
}

go_build() (
  what=$1 log=$3 out=$4 began=$(date +%s) ticks=0
  cd "$2" || exit 1
  shift 4
  echo "$what: building, which takes some ten minutes, once" >&2
  CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly \
    nice -n 10 "$go" build -v -trimpath -ldflags='-s -w' -o "$out" "$@" >"$log" 2>&1 9>&- &
  pid=$!
  trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    ticks=$((ticks + 1))
    [ $((ticks % 30)) != 0 ] || echo "$what: after $(($(date +%s) - began)) s $(go_progress "$log")" >&2
  done
  wait "$pid" || { tail -n 20 "$log" >&2; exit 1; }
)
