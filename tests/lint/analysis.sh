#!/usr/bin/env bash
# Static analysis of the program's sources, as errors: analysis.sh gcc|cppcheck|tidy [FILE.c…]; analysis.sh --self-test TOOL.
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
read -r -a more < <(pkg-config --cflags libcurl libcjson libcrypto yaml-0.1 libsystemd libsecret-1 2>/dev/null)
flags+=(${more[@]+"${more[@]}"})

run_gcc() {
  printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -I{} "${GCC:-gcc}" "${flags[@]}" -O0 -fanalyzer -Werror -Wno-analyzer-malloc-leak \
    -Wno-analyzer-null-dereference -Wno-analyzer-null-argument -Wno-analyzer-possible-null-dereference \
    -Wno-analyzer-possible-null-argument \
    -Wno-analyzer-use-of-uninitialized-value -Wno-analyzer-fd-leak -Wno-analyzer-fd-use-without-check -c -o /dev/null {}
}

run_cppcheck() {
  "${CPPCHECK:-cppcheck}" -q -j "$(nproc)" --std=c11 -D_GNU_SOURCE "-I$top" --enable=warning,portability,performance --inline-suppr \
    --error-exitcode=3 --suppress=missingIncludeSystem --suppress=memleak --suppress=nullPointerRedundantCheck --suppress=preprocessorErrorDirective \
    --suppress=unmatchedSuppression --suppress=normalCheckLevelMaxBranches "$@"
}

run_tidy() {
  printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -I{} "${CLANG_TIDY:-clang-tidy}" --quiet "--config-file=$top/.clang-tidy" {} -- "${flags[@]}" \
    2> >(grep -v 'warnings\? generated\|^Suppressed\|^Use -header-filter' >&2)
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
  "run_$1" "$dir/good.c" || { echo "finds what is not there"; exit 1; }
  if "run_$1" "$dir/bad.c" >/dev/null 2>&1; then
    echo "does not find what was planted"
    exit 1
  fi
  rm -rf "$dir"
}

if [ "$1" = --self-test ]; then
  self_test "$2"
  exit
fi
tool=$1
shift
if [ $# -eq 0 ]; then
  mapfile -t sources < <(find "$top/rotator" "$top/backends" -name '*.c' | sort)
  set -- "${sources[@]}"
fi
"run_$tool" "$@"
