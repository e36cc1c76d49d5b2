#!/usr/bin/env bash
# contrib/debian.sh beside an apt that is made up: what is installed, in which words a name is missed, what is left alone.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

# PROGRAM TEXT: a program of that name in $work/bin.
program() {
  printf '#!/bin/bash\n%s\n' "$2" >"$work/bin/$1"
  chmod +x "$work/bin/$1"
}
mkdir "$work/bin"
program dpkg-query 'case ${*: -1} in there) printf installed ;; gone) printf config-files ;; *) exit 1 ;; esac'
program apt-cache 'case ${*: -1} in new-14|gone|wanted) ;; *) exit 100 ;; esac'
program apt-get 'echo "$@" >>"$APT_LOG"; [ ! -e "$APT_BROKEN" ] || { echo "E: dpkg was interrupted"; exit 100; }'
program id 'echo 0'
export APT_LOG=$work/apt APT_BROKEN=$work/broken

# need_is STATUS INSTALLED SAID ITEM…
need_is() {
  local want=$1 installed=$2 said=$3 out status=0 got
  shift 3
  : >"$APT_LOG"
  out=$(PATH=$work/bin:$PATH bash -c '. "$0"; need "$@"' "$top/contrib/debian.sh" "$@" 2>&1) || status=$?
  got=$(sed -n 's/.* install .*--no-install-recommends //p' "$APT_LOG")
  if [ $status != "$want" ] || [ "$got" != "$installed" ] || [[ "$out" != *"$said"* ]]; then
    echo "FAILED: need $*: status $status, installed '$got', said: $out"
    bad=1
  fi
}

need_is 0 '' '' there bash=never
need_is 0 'wanted' 'missing: wanted' there wanted
need_is 0 'gone' 'missing: gone' gone
need_is 0 'new-14' 'missing' 'new-19|new-14'
need_is 0 '' '' 'new-19|there'
need_is 0 'wanted' 'missing: wanted' no-such-command=wanted
need_is 1 'wanted' 'no such package here' wanted nowhere
need_is 1 '' 'nowhere' nowhere
touch "$APT_BROKEN"
need_is 1 '' 'E: dpkg was interrupted' wanted
rm "$APT_BROKEN"
# Without a package manager the names are said, and the script goes on.
mkdir "$work/none"
ln -s "$(command -v bash)" "$work/none/bash"
out=$(PATH=$work/none bash -c '. "$0"; need wanted' "$top/contrib/debian.sh" 2>&1) || bad=1
[[ "$out" == *"by their Debian names: wanted"* ]] || { echo "FAILED: without apt it said: $out"; bad=1; }
exit $bad
