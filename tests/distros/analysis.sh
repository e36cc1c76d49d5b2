#!/usr/bin/env bash
# tests/lint/analysis.sh with the tools of other releases, as each generation finds other things: analysis.sh SUITE… (trixie has
# gcc 14, cppcheck 2.17 and clang-tidy 19). Prints TAP. Where no root can be made, the answer is "1..0 # SKIP".
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/distros/roots.sh
. "$top/tests/distros/roots.sh"

if reason=$(root_lack); then
  echo "1..0 # SKIP $reason"
  exit 0
fi
n=0 failures=0
# look NAME ARGUMENT…: of analysis.sh
look() {
  local name=$1 out
  shift
  n=$((n + 1))
  if out=$(root_run "$root" --bind "$top" /src -- /src/tests/lint/analysis.sh "$@" 2>&1 </dev/null); then
    echo "ok $n - $name"
  else
    echo "not ok $n - $name"
    printf '%s\n' "$out" | sed 's/^/# /'
    failures=$((failures + 1))
  fi
}

for suite in "$@"; do
  root_with "$suite" analysis gcc libc6-dev pkg-config libcurl4-openssl-dev libcjson-dev libssl-dev libyaml-dev \
    libsecret-1-dev cppcheck clang-tidy || exit 1
  for tool in gcc cppcheck tidy; do
    look "$suite: $tool can fail" --self-test $tool
    look "$suite: $tool" $tool
  done
done
echo "1..$n"
[ $failures = 0 ]
