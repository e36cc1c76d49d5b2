#!/usr/bin/env bash
# Fails each system call of a writer of the file store, one at a time, and holds what the writer says against what is there.
#   file_store_errors.sh DRIVER
# "Written" must mean the new file, "certainly not written" the old one, and no temporary file may be left behind.
# shellcheck source=tests/fault/file_store_lib.sh
. "$(dirname "$0")/file_store_lib.sh" || exit 1

# judge EXIT-STATUS POINT
judge() {
  local found
  found=$(seen)
  case $1,$found in
    0,new) fine=$((fine + 1)) ;;
    2,old | 2,new) unsure=$((unsure + 1)) ;;
    0,old) complain "$2: said to be written, and is not" ;;
    *,old) failed=$((failed + 1)) ;;
    *) complain "$2: exit status $1, and the file is $found" ;;
  esac
  [ -z "$(find "$dir" -mindepth 1 ! -name key)" ] || complain "$2: left $(ls -A "$dir")"
}

run_case() {
  local before=$bad fine=0 failed=0 unsure=0 call k
  begin_case "$1" 0 sink
  list_points >"$work/points"
  while read -r call k; do
    case $call in mmap | munmap | mprotect | madvise | brk | futex | rt_sig*) continue ;; esac  # memory, not files
    reset
    under_strace -o /dev/null -e trace="$call" -e inject="$call:error=$2:when=$k"
    judge $? "$call $k: $2"
  done <"$work/points" 2>/dev/null
  if [ "$failed" = 0 ] || [ "$fine" = 0 ]; then
    complain "nothing failed, or nothing passed"
  fi
  [ "$bad" != "$before" ] || echo "ok $cases - $name: $fine written, $failed not written, $unsure not known"
}

run_case "input/output errors" EIO
run_case "no space" ENOSPC
run_case "no rights" EACCES
run_case "interruptions" EINTR
[ "$bad" = 0 ]
