#!/usr/bin/env bash
# Every shell script, by name or by first line, as shellcheck sees it. One that it was content with is not looked at again until it, the
# tool or a library has changed; which were, is kept in the cache folder.
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
checker=(shellcheck -x -P SCRIPTDIR -P . -f gcc -e "SC2015,SC2016,SC2034,SC2119,SC2120,SC2129,SC2317")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests/shell

# What all answers depend on: the tool, and whatever any script reads in.
common() {
  shellcheck --version
  echo "${checker[*]}"
  scripts | xargs -d '\n' sed -n -e 's/^ *# shellcheck source=//p' -e 's/^ *\. \([a-z/]*\.sh\)$/\1/p' | sort -u | while IFS= read -r f; do
    [ ! -f "$f" ] || cat "$f"
  done
}

# "KEY FILE" of each script that has not been found good as it is.
unknown() {
  local all f key
  all=$(common | sha256sum)
  scripts | sort -u | while IFS= read -r f; do
    key=$({ echo "$all $f"; cat "$f"; } | sha256sum)
    [ -e "$cache/${key%% *}" ] || printf '%s\n%s\n' "$cache/${key%% *}" "$f"
  done
}

look() {
  mkdir -p "$cache"
  find "$cache" -type f -mtime +60 -delete
  # shellcheck disable=SC2016
  unknown | xargs -r -d '\n' -P "$(nproc)" -n 2 bash -c '"${@:1:$#-2}" "${@: -1}" && : >"${@: -2:1}"' shell.sh "${checker[@]}"
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
