#!/usr/bin/env bash
# Every shell script, by name or by first line, as shellcheck sees it.
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

scripts() {
  lint_find -name '*.sh'
  # (completions are bash, too, and have neither)
  lint_find ! -name '*.*' | while IFS= read -r f; do
    head -c 64 "$f" | head -n 1 | tr -d '\0' | grep -qE '^#!.*\b(bash|sh)\b' && echo "$f"
  done
}

# Left out: matters of taste (A && B || C, $ in single quotes, functions called by a trap or given arguments only sometimes,
# several >>) and variables of a library that only its readers use.
look() {
  scripts | sort -u |
    xargs -r -d '\n' -P "$(nproc)" -n 8 shellcheck -x -P SCRIPTDIR -P . -f gcc -e SC2015,SC2016,SC2034,SC2119,SC2120,SC2129,SC2317
}

# shellcheck disable=SC2016
plant() {
  mkdir -p contrib
  printf '#!/bin/sh\necho "$1"\n' >good.sh
  printf '#!/bin/sh\nrm $1\n' >bad.sh
  printf '#!/usr/bin/env bash\ncd /x\n' >contrib/run
  printf 'rm $1\n' >contrib/text
}

expect() {
  echo 'bad.sh:2:4: note: Double quote'
  echo "contrib/run:2:1: warning: Use 'cd"
}

lint_main "$@"
