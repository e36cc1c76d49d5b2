#!/usr/bin/env bash
# Kills a writer of the file store before each system call that it makes, and looks at what is left.
#   file_store_kill.sh DRIVER
# After each kill a reader must find the whole old file or the whole new one, and after the next write nothing but the
# file may be in the directory. This is the death of a process, not of the machine: for the latter, the order of the calls
# that make a write durable is looked at in the trace.
# shellcheck source=tests/fault/file_store_lib.sh
. "$(dirname "$0")/file_store_lib.sh" || exit 1

# The file's bytes are on the disk before its name is, and the name before the write is said to be done.
check_order() {
  local order
  order=$(awk '{sub(/^[0-9]+ +/, "")} /^(write|fsync|rename[a-z0-9]*|getppid)\(/ {sub(/\(.*/, ""); printf "%s ", $1}' \
    "$work/trace")
  [[ $order =~ getppid\ write\ fsync\ rename[a-z0-9]*\ fsync\ getppid ]] ||
    complain "not write, fsync, rename, fsync, but: $order"
}

# look_at POINT: judges what a kill left, then writes once more.
look_at() {
  case $(seen) in
    old) old=$((old + 1)) ;;
    new) new=$((new + 1)) ;;
    *) complain "killed before $1: a reader sees neither the old file nor the new one" ;;
  esac
  [ "$(find "$dir" -mindepth 1 ! -name key)" = "" ] || left=$((left + 1))
  put bmV3IG5ldyBuZXcgbmV3 || complain "killed before $1: the next write fails"
  [ "$(seen)" = new ] || complain "killed before $1: the next write wrote something else"
  [ "$(ls -A "$dir")" = key ] || complain "killed before $1: the next write left $(ls -A "$dir")"
}

run_case() {
  local points=0 old=0 new=0 left=0 before=$bad call k
  begin_case "$@"
  list_points >"$work/points"
  check_order
  while read -r call k; do
    reset
    under_strace -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=$k"
    case $? in
      137) ;;
      0) continue ;;  # the loader or a sanitizer made fewer such calls this time
      *) complain "$call $k did not kill" ;;
    esac
    points=$((points + 1))
    look_at "$call $k"
  done <"$work/points" 2>/dev/null  # the shell's own "Killed" lines
  # A run that never came near the file has tested nothing.
  if [ "$old" = 0 ] || [ "$new" = 0 ] || [ "$left" = 0 ]; then
    complain "no kill between the first and the last step"
  fi
  [ "$bad" != "$before" ] ||
    echo "ok $cases - $name: $points points, $old old, $new new, $left with a temporary file"
}

run_case "raw over an old file" 0 sink
run_case "raw, the first file" 1 sink
run_case "env over an old file" 0 sink format env mode 0640
run_case "home over an old file" 0 home
[ "$bad" = 0 ]
