#!/usr/bin/env bash
# Where no root can be made, or programs of other machines cannot be run, the parts that need it say why, are skipped, and do not
# pass: with an unshare that a container would have, without debootstrap, without root.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
bad=0
mkdir "$work/bin" "$work/bare"
for program in bash dirname realpath id mktemp; do
  ln -s "$(command -v $program)" "$work/bare/$program"
done

printf '#!/bin/sh\n' >"$work/bin/debootstrap"
chmod 755 "$work/bin/debootstrap"

# refuses WORDS: in $work/bin, an unshare that fails when one of its words is among these.
refuses() {
  printf '#!/bin/bash\nfor word; do [[ " %s " != *" $word "* ]] || { echo "Operation not permitted" >&2; exit 1; }; done\nexec %s "$@"\n' \
    "$1" "$(command -v unshare)" >"$work/bin/unshare"
  chmod 755 "$work/bin/unshare"
}
# skips WHY COMMAND…
skips() {
  local why=$1 out status=0
  shift
  out=$("$@" 2>&1) || status=$?
  [ $status = 0 ] && [[ "$out" == "1..0 # SKIP "*"$why"* ]] && [ "$(wc -l <<<"$out")" = 1 ] && return
  echo "FAILED: $*: status $status, wanted a skip for '$why', said: $out"
  bad=1
}

skips "debootstrap is missing" env PATH="$work/bare" bash "$top/tests/distros/run.sh" trixie
refuses --mount
skips "a name space of mounts cannot be made" env PATH="$work/bin:$PATH" "$top/tests/distros/run.sh" trixie
skips "a name space of mounts cannot be made" env PATH="$work/bin:$PATH" "$top/tests/foreign/run.sh" s390x
refuses --user
skips "binfmt_misc cannot be mounted" env PATH="$work/bin:$PATH" "$top/tests/foreign/run.sh" --short s390x
if command -v runuser >/dev/null && runuser -u nobody -- test -r "$top/tests/distros/run.sh"; then
  skips "needs root" runuser -u nobody -- env PATH="$PATH" "$top/tests/distros/run.sh" trixie
fi
exit $bad
