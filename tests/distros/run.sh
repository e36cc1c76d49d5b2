#!/usr/bin/env bash
# What the README promises, in other releases than this machine's: run.sh SUITE… (bookworm, trixie, sid). In a minimal root of
# each, with nothing but what our own scripts install, runs contrib/quickstart.sh and the fast parts of tests/run.sh. On sid, the
# fast parts alone. Prints TAP, and at the end a table of place, part and cases passed. Where no root can be made or entered at
# all, the answer is "1..0 # SKIP".
#
# A root starts from nothing whenever the scripts that name packages have changed, and is kept until then, with what was built.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/distros/roots.sh
. "$top/tests/distros/roots.sh"
# shellcheck source=tests/distros/table.sh
. "$top/tests/distros/table.sh"
parts=(unit contract protocol cli fault)

if reason=$(root_lack); then
  echo "1..0 # SKIP $reason"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
table_begin place

# in_root LOG COMMAND…: the tree is at /src, to be read only; builds are the root's own.
in_root() {
  local log=$1
  shift
  root_run "$root" --bind "$top" /src -- env ROTATOR_BUILD_DIR=/build "$@" >"$log" 2>&1 </dev/null
}

quickstart() {
  local began=$SECONDS status=0
  in_root "$work/log" /src/contrib/quickstart.sh || status=1
  [ $status = 0 ] || sed 's/^/# /' "$work/log"
  report "$1" quickstart $((1 - status)) $((SECONDS - began)) $status
}

# The parts as tests/run.sh tells them: "---- PART  ok, 12 s: 34 passed". A part that is not told has failed.
fast_parts() {
  local part seconds passed status=0 ok
  in_root "$work/log" /src/tests/run.sh "${parts[@]}" || status=1
  [ $status = 0 ] || sed 's/^/# /' "$work/log"
  grep -h 'NOT RUN' "$work/log" | sed "s/^/# $1: /"
  for part in "${parts[@]}"; do
    read -r ok seconds passed < <(sed -n "s/^---- $part  *\(ok\|FAILED\), \([0-9]*\) s\(: \([0-9]*\) passed\)\{0,1\}.*/\1 \2 \4/p" "$work/log")
    [ "${ok-}" = ok ] && [ "${passed:-0}" -gt 0 ]
    report "$1" "$part" "${passed:-0}" "${seconds:--}" $?
    ok='' seconds='' passed=''
  done
  report "$1" "tests/run.sh" - - $status
}

for suite in "$@"; do
  key=$(cat "$top/contrib/debian.sh" "$top/contrib/quickstart.sh" "$top/tests/run.sh" "$top/tests/parts.sh" | cksum)
  if ! root_copy "$suite" fresh "$key"; then
    report "$suite" "a root" 0 - 1
    continue
  fi
  [ "$suite" = sid ] || quickstart "$suite"
  fast_parts "$suite"
done
table_end
