#!/bin/sh
# Builds a real server for the tests from its Go module, once, into a cache outside the tree, and prints the program's path.
#
#   tests/servers/build.sh vault            how far it is, is told on standard error
#   tests/servers/build.sh --find vault     only if it is there: what tests ask, so that no test's time is spent on building
#   ROTATOR_SERVERS=newest …                the newest that builds, in the place of the usual one (go.sh)
#
# What is taken instead, in this order: the program that NAME_BIN names (VAULT_BIN), one of the programs on the PATH. Each
# server is a folder NAME/ (and NAME/newest/) with go.mod and go.sum (which pin all of it), tools.go (which imports its main
# package) and `server`, a file of assignments: those of go.sh, program= (the package), instead= (programs on the PATH that
# will do).
#
# Debian's golang-go is the compiler; it is installed when it is missing and may be. A cold build takes some ten
# minutes on two cores; two callers share one. Exit status 77: there is no server and none could be built.
set -eu
find=
[ "${1-}" != --find ] || { find=1; shift; }
name=${1:?usage: build.sh [--find] NAME}
servers=$(cd "$(dirname "$0")" && pwd)
[ -f "$servers/$name/server" ] || { echo "build.sh: there is no server $name" >&2; exit 2; }
# shellcheck source=tests/servers/go.sh
. "$servers/go.sh"
program='' instead=''
generation "$servers/$name"

given=$(printenv "$(printf '%s' "$name" | tr '[:lower:]-' '[:upper:]_')_BIN" || true)
if [ -n "$given" ]; then
  [ -x "$given" ] || lack "$name" "$given cannot be executed"
  echo "$given"
  exit 0
fi
for other in $instead; do
  command -v "$other" && exit 0
done

folder=$cache/$name-$version
binary=$folder/$name
[ ! -x "$binary" ] || { echo "$binary"; exit 0; }
[ -z "$find" ] || lack "$name" "it is not built (tests/servers/build.sh $name)"
mkdir -p "$folder" || lack "$name" "no cache at $folder"
exec 9>"$folder/lock"
flock -n 9 || { echo "$name: another build of it is under way" >&2; flock 9; }
[ ! -x "$binary" ] || { echo "$binary"; exit 0; }

find_go || lack "$name" "there is no Go ${least_go:-(golang-go is not installed)}"
go_build "$modules" "$folder/build.log" "$folder/$name.new" "$program" || lack "$name" "it could not be built"
mv "$folder/$name.new" "$binary"
echo "$binary"
