#!/bin/sh
# Builds a real server for the tests from its Go module, once, into a cache outside the tree, and prints the program's path.
#
#   tests/servers/build.sh vault
#
# What is taken instead, in this order: the program that NAME_BIN names (VAULT_BIN), one of the programs on the PATH. Each
# server is a folder NAME/ with go.mod and go.sum (which pin all of it), tools.go (which imports its main package) and
# `server`, a file of assignments: version=, program= (the package), instead= (programs on the PATH that will do).
#
# Debian's golang-go (1.19) is the compiler; it is installed when it is missing and may be. A cold build takes some ten
# minutes on two cores; two callers share one. Exit status 77: there is no server and none could be built.
set -eu
name=${1:?usage: build.sh NAME}
here=$(cd "$(dirname "$0")" && pwd)
[ -f "$here/$name/server" ] || { echo "build.sh: there is no server $name" >&2; exit 2; }
version='' program='' instead=''
# shellcheck source=/dev/null
. "$here/$name/server"

lack() {
  echo "SKIP: no $name server: $*" >&2
  exit 77
}

given=$(printenv "$(printf '%s' "$name" | tr '[:lower:]-' '[:upper:]_')_BIN" || true)
if [ -n "$given" ]; then
  [ -x "$given" ] || lack "$given cannot be executed"
  echo "$given"
  exit 0
fi
for other in $instead; do
  command -v "$other" && exit 0
done

cache=${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests/$name-$version
binary=$cache/$name
[ ! -x "$binary" ] || { echo "$binary"; exit 0; }
mkdir -p "$cache" || lack "no cache at $cache"
exec 9>"$cache/lock"
flock 9
[ ! -x "$binary" ] || { echo "$binary"; exit 0; }

if [ ! -x /usr/lib/go-1.19/bin/go ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends golang-go >/dev/null 2>&1 || true
fi
go=/usr/lib/go-1.19/bin/go
[ -x "$go" ] || go=$(command -v go) || lack "golang-go is not installed"

echo "building $name $version, which takes some minutes" >&2
log=$cache/build.log
if ! (cd "$here/$name" && CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly \
  nice -n 10 "$go" build -trimpath -ldflags='-s -w' -o "$cache/$name.new" "$program") >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  lack "it could not be built"
fi
mv "$cache/$name.new" "$binary"
echo "$binary"
