# shellcheck shell=bash
# What the fault tests of the file store share. Sourced with the path of file_store_driver as the script's first argument.
#
# A case is a kind of item and its settings. begin_case makes the files as they look before and after a write ($work/old,
# $work/new); list_points lists the system calls of the driver's turn, by name and count, as strace injects them; reset brings
# the directory back to where it was before the write.
set -u
driver=$1
command -v strace >/dev/null || { echo "SKIP: strace is missing"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/file-store-fault.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
# The leak checker wants ptrace for itself, which strace holds.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
dir=$work/dir
cases=0 bad=0
exec 3>&1  # where complaints go, whatever is redirected

complain() {
  bad=$((bad + 1))
  echo "not ok $cases - $name: $*" >&3
}

# put VALUE: one turn of the driver with the case's settings.
put() {
  "$driver" "$kind" "$dir/key" "$1" "${settings[@]}"
}

# begin_case NAME FIRST KIND [SETTING VALUE]…: FIRST 1: there is no old file.
begin_case() {
  name=$1 first=$2 kind=$3 settings=("${@:4}")
  cases=$((cases + 1))
  rm -rf "$dir"
  mkdir -m 0700 "$dir"
  if ! put b2xkIG9sZCBvbGQ || ! cp -p "$dir/key" "$work/old" ||
    ! put bmV3IG5ldyBuZXcgbmV3 || ! cp -p "$dir/key" "$work/new"; then
    complain "cannot write"
  fi
  cmp -s "$work/old" "$work/new" && complain "old and new are the same"
  [ "$first" = 0 ] || rm "$work/old"
}

reset() {
  rm -rf "$dir"
  mkdir -m 0700 "$dir"
  [ "$first" = 1 ] || cp -p "$work/old" "$dir/key"
}

# What a reader finds: old, new or torn.
seen() {
  if cmp -s "$dir/key" "$work/new"; then
    echo new
  elif [ -e "$work/old" ] && cmp -s "$dir/key" "$work/old"; then
    echo old
  elif [ ! -e "$work/old" ] && [ ! -e "$dir/key" ]; then
    echo old
  else
    echo torn
  fi
}

# under_strace OPTION… : writes the new value under strace.
under_strace() {
  strace -f "$@" -- "$driver" "$kind" "$dir/key" bmV3IG5ldyBuZXcgbmV3 "${settings[@]}"
}

# list_points: "CALL COUNT" lines of the turn in a clean run; $work/trace is the trace of all of it. Counts are of the
# whole run, as strace counts.
list_points() {
  reset
  under_strace -o "$work/trace" || complain "the clean run failed"
  [ "$(seen)" = new ] || complain "the clean run did not write"
  awk '{sub(/^[0-9]+ +/, "")} !/^[a-z_0-9]+\(/ {next} {sub(/\(.*/, ""); n[$1]++}
    $1 == "getppid" {inside = !inside; next} inside {print $1, n[$1]}' "$work/trace"
}
