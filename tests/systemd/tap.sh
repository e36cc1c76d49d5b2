# shellcheck shell=bash
# What the scripts that run in the container share. They write TAP to /probe/SCRIPT.tap; what a command prints is shown when its
# case fails.
exec >"/probe/$(basename "$0" .sh).tap" 2>&1
n=0
# is NAME COMMAND…: one case.
is() {
  local name=$1 out
  shift
  n=$((n + 1))
  if out=$("$@" 2>&1); then
    echo "ok $n - $name"
  else
    echo "not ok $n - $name"
    printf '%s\n' "$out" | sed 's/^/#   /'
  fi
}
status_is() {  # status_is STATUS… -- COMMAND…
  local want='' out got
  while [ "$1" != -- ]; do
    want="$want $1 "
    shift
  done
  shift
  out=$("$@" 2>&1)
  got=$?
  echo "exit status $got: $out"
  [[ "$want" = *" $got "* ]]
}
eventually() {  # eventually SECONDS COMMAND…
  local tenths=$(($1 * 10))
  shift
  for _ in $(seq $tenths); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.1
  done
  "$@"
}
variable_of() { tr '\0' '\n' <"/proc/$(systemctl show "$1" -p MainPID --value)/environ" | sed -n "s/^$2=//p"; }
