#!/usr/bin/env bash
# Every C file of the tree is laid out as clang-format would, with the .clang-format at its root. Versions disagree, so this
# is version 19, which Debian 12 and 13 both have. Without it nothing is looked at, and the test says that it could not run.
# To mend a finding: clang-format-19 -i FILE.
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"
command -v clang-format-19 >/dev/null || { echo "SKIP: clang-format-19 is missing"; exit 77; }

# One line a file, at its first difference; errors (of .clang-format, say) as they are.
look() {
  lint_find -name '*.[ch]' | xargs -r -d '\n' clang-format-19 --dry-run --style=file 2>&1 |
    awk -F: '/: warning: .*clang-format-violations/ {if (!seen[$1]++) print $1 ":" $2 ": clang-format-19 would change it"}
      /[Ee]rror/ && !/^ / {print}'
}

plant() {
  cp "$lint_top/.clang-format" .
  mkdir -p a/b build
  printf 'int good(void) {\n  return 1;\n}\n' | tee good.c good.h >a/b/good.c
  printf 'int bad(void)\n{\n  return 1;\n}\n' | tee bad.c >build/built.c
  printf '#include <z.h>\n#include <a.h>\n' >a/b/bad.h
}

expect() {
  echo 'bad.c:1: clang-format-19 would change it'
  echo 'a/b/bad.h:1: clang-format-19 would change it'
}

lint_main "$@"
