#!/usr/bin/env bash
# Static analysis of the program's sources, as errors: analysis.sh gcc|cppcheck|tidy [FILE.c…]; analysis.sh --self-test TOOL.
# A file that a tool was content with is not looked at again until the tool, the way it is called, the file or anything that it includes
# has changed; which were, is kept in the cache folder.
# $GCC, $CPPCHECK and $CLANG_TIDY name other versions of the tools, as in CLANG_TIDY=clang-tidy-19. They must all be content:
# Debian 12 has gcc 12, cppcheck 2.10 and clang-tidy 14; Debian 13 has gcc 14, cppcheck 2.17 and clang-tidy 19.
#
# What is switched off gave false alarms here, and only that:
#   gcc       leak and null checks, which follow no ownership handed over by a pointer into an object (container_of);
#             uninitialised values, which it sees in a pointer copied by memcpy; from 14 on, descriptors that are handed over
#             in the same way, or are 0 to 2 by purpose
#   cppcheck  memleak, for the same reason; null checks of a loop condition that holds on entry
# gcc analyses at -O0: higher levels optimise away what it would find.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
flags=(-std=c11 -D_GNU_SOURCE "-I$top" '-DROTATOR_VERSION="0"' '-DROTATOR_BINDIR="bin"' '-DROTATOR_LIBEXECDIR="libexec"'
  '-DROTATOR_FULL_LIBEXECDIR="/usr/libexec"')
read -r -a more < <(pkg-config --cflags libcurl libcjson libcrypto yaml-0.1 libsecret-1 2>/dev/null)
flags+=(${more[@]+"${more[@]}"})

run_gcc() {
  "${GCC:-gcc}" "${flags[@]}" -O0 -fanalyzer -Werror -Wno-analyzer-malloc-leak \
    -Wno-analyzer-null-dereference -Wno-analyzer-null-argument -Wno-analyzer-possible-null-dereference \
    -Wno-analyzer-possible-null-argument \
    -Wno-analyzer-use-of-uninitialized-value -Wno-analyzer-fd-leak -Wno-analyzer-fd-use-without-check -c -o /dev/null "$1"
}

run_cppcheck() {
  "${CPPCHECK:-cppcheck}" -q --std=c11 -D_GNU_SOURCE "-I$top" --enable=warning,portability,performance --inline-suppr \
    --error-exitcode=3 --suppress=missingIncludeSystem --suppress=memleak --suppress=nullPointerRedundantCheck --suppress=preprocessorErrorDirective \
    --suppress=unmatchedSuppression --suppress=normalCheckLevelMaxBranches "$1"
}

run_tidy() {
  "${CLANG_TIDY:-clang-tidy}" --quiet "--config-file=$top/.clang-tidy" "$1" -- "${flags[@]}" \
    2> >(grep -v 'warnings\? generated\|^Suppressed\|^Use -header-filter' >&2)
}

cache=${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests/analysis

# keys TOOL FILE…: "KEY FILE" a line, where the key stands for all that the tool's answer depends on; "-" where that cannot be said.
keys() {
  local tool=$1 dir base text file key
  shift
  dir=$(mktemp -d)
  base=$({
    echo "$tool"
    case $tool in
      gcc) "${GCC:-gcc}" --version ;;
      cppcheck) "${CPPCHECK:-cppcheck}" --version ;;
      tidy) "${CLANG_TIDY:-clang-tidy}" --version ;;
    esac
    cat "$top/tests/lint/analysis.sh" "$top/.clang-tidy"
    echo "${flags[@]//"$top"/.}" # the same in every clone
  } | sha256sum)
  # One rule a line: "x.o: FILE.c HEADER…".
  "${GCC:-gcc}" "${flags[@]}" -M "$@" | sed -e ':a' -e '/\\$/{N;s/\\\n//;ba' -e '}' >"$dir/rules" || : >"$dir/rules"
  awk '{ for (i = 2; i <= NF; i++) if (!seen[$i]++) print $i }' "$dir/rules" | xargs -r -d '\n' sha256sum >"$dir/sums"
  awk 'NR == FNR { sum[$2] = $1; next }
    { text = ""; for (i = 2; i <= NF; i++) { if (!($i in sum)) next; text = text sum[$i] } print $2, text }' \
    "$dir/sums" "$dir/rules" >"$dir/texts"
  for file in "$@"; do
    key=-
    text=$(awk -v file="$file" '$1 == file { print $2 }' "$dir/texts")
    [ -z "$text" ] || key=$(printf '%s %s' "$base" "$text" | sha256sum)
    echo "${key%% *} $file"
  done
  rm -rf "$dir"
}

# look TOOL KEY FILE
look() {
  "run_$1" "$3" || return 1
  [ "$2" = - ] || : >"$cache/$2"
}

analyse() {
  local tool=$1 key file known=0 new=()
  shift
  mkdir -p "$cache"
  find "$cache" -type f -mtime +60 -delete
  while read -r key file; do
    if [ -e "$cache/$key" ]; then
      touch "$cache/$key"
      known=$((known + 1))
    else
      new+=("$tool" "$key" "$file")
    fi
  done < <(keys "$tool" "$@")
  echo "$tool: $# files, $known of them as they were when it was content with them"
  [ ${#new[@]} -eq 0 ] || printf '%s\0' "${new[@]}" | xargs -0 -P "$(nproc)" -n 3 "$top/tests/lint/analysis.sh" --look
}

self_test() {
  local dir
  dir=$(mktemp -d)
  case $1 in
    gcc) printf '#include <stdlib.h>\nvoid f(char *p, int n);\nvoid f(char *p, int n) { if (n) free(p); free(p); }\n' ;;
    cppcheck) printf 'int f(int i);\nint f(int i) { int a[4] = {0}; return i == 4 ? a[4] : a[0]; }\n' ;;
    tidy) printf 'int f(int i);\nint f(int i) { if (i == 1 || i == 1) return 1; return 0; }\n' ;;
  esac >"$dir/bad.c"
  printf 'int f(int i);\nint f(int i) { return i + 1; }\n' >"$dir/good.c"
  printf '#include "part.h"\nint f(int i);\nint f(int i) { return i + N; }\n' >"$dir/parted.c"
  echo '#define N 1' >"$dir/part.h"
  export XDG_CACHE_HOME=$dir
  cache=$dir/rotator-tests/analysis
  analyse "$1" "$dir/good.c" >/dev/null || { echo "finds what is not there"; exit 1; }
  analyse "$1" "$dir/good.c" | grep -q '1 files, 1 of them' || { echo "looks at the same file twice"; exit 1; }
  for _ in 1 2; do
    if analyse "$1" "$dir/bad.c" >/dev/null 2>&1; then
      echo "does not find what was planted"
      exit 1
    fi
  done
  analyse "$1" "$dir/parted.c" >/dev/null || { echo "finds what is not there"; exit 1; }
  echo '#define N 2' >"$dir/part.h"
  analyse "$1" "$dir/parted.c" | grep -q '1 files, 0 of them' || { echo "does not look again when a header has changed"; exit 1; }
  rm -rf "$dir"
}

if [ "$1" = --self-test ]; then
  self_test "$2"
  exit
fi
if [ "$1" = --look ]; then
  look "$2" "$3" "$4"
  exit
fi
tool=$1
shift
if [ $# -eq 0 ]; then
  mapfile -t sources < <(find "$top/rotator" "$top/backends" -name '*.c' | sort)
  set -- "${sources[@]}"
fi
analyse "$tool" "$@"
