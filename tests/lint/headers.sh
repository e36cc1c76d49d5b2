#!/usr/bin/env bash
# Each header of the program compiles alone, and has a guard named after its path.
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

look() {
  local flags
  read -r -a flags < <(pkg-config --cflags libcurl libcjson libcrypto yaml-0.1 libsecret-1 2>/dev/null)
  lint_find -name '*.h' \( -path './rotator/*' -o -path './backends/*' \) | while IFS= read -r h; do
    # As source rather than as header, so that gcc looks at unused and undeclared things the same way.
    printf '#include "%s"\n#include "%s"\n' "$h" "$h" |
      "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -I. ${flags[@]+"${flags[@]}"} -fsyntax-only -x c - 2>&1 |
      grep -m 1 'error' | sed "s|^|$h: does not compile alone: |"
    guard=$(tr 'a-z/.-' 'A-Z___' <<<"$h")
    grep -q "^#define $guard\$" "$h" || echo "$h:1: its guard is not $guard"
  done
}

plant() {
  mkdir -p rotator/base backends tests
  printf '#ifndef ROTATOR_BASE_GOOD_H\n#define ROTATOR_BASE_GOOD_H\n#include <stdint.h>\nuint8_t f(void);\n#endif\n' >rotator/base/good.h
  printf '#ifndef ROTATOR_BASE_BAD_H\n#define ROTATOR_BASE_BAD_H\nuint8_t f(void);\n#endif\n' >rotator/base/bad.h
  printf '#ifndef STORE_H\n#define STORE_H\nint f(void);\n#endif\n' >backends/store.h
}

expect() {
  echo 'rotator/base/bad.h: does not compile alone'
  echo 'backends/store.h:1: its guard is not BACKENDS_STORE_H'
}

lint_main "$@"
