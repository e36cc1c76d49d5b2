#!/usr/bin/env bash
# The program's tables, its --help, the manual pages, the completions and the schema agree: manual.sh ROTATOR [ROOT].
# What is made from the tables is compared with what is in the tree; between the marks of a manual page, line by line.
set -u
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

# part WHAT FILE: the text of FILE, or of its marked part in a manual page, is what --generate=WHAT prints.
part() {
  local have want
  if [ ! -f "$2" ]; then
    echo "$2 is not there"
    return
  fi
  want=$("$rotator" --generate="$1" </dev/null) || { echo "rotator --generate=$1 failed"; return; }
  case $2 in
    *.[1-8]) have=$(sed -n '/^\.\\" begin generated/,/^\.\\" end generated/p' "$2" | sed '1d;$d') ;;
    *) have=$(cat "$2") ;;
  esac
  [ "$have" = "$want" ] || diff <(printf '%s\n' "$have") <(printf '%s\n' "$want") | sed "s|^|$2: |" | head -n 20
}

look() {
  local command option
  part manual contrib/man/rotator.1
  part config-manual contrib/man/rotator.yaml.5
  part schema contrib/rotator.schema.json
  part completion contrib/completion/rotator.bash
  part completion-zsh contrib/completion/_rotator
  for command in $("$rotator" --help </dev/null | awk '/^Commands:/{on=1; next} /^$/{on=0} on{print $1}'); do
    "$rotator" "$command" --help </dev/null >/dev/null || echo "rotator $command --help failed"
    grep -q "^\.It Cm $command\b" contrib/man/rotator.1 || echo "contrib/man/rotator.1 does not name $command"
    for option in $("$rotator" "$command" --help </dev/null | grep -oE -- ' --[a-z-]+' | sort -u); do
      grep -qE "Fl Fl ${option#--}( |\$)" contrib/man/rotator.1 || echo "contrib/man/rotator.1 does not name $option"
    done
  done
}

# shellcheck disable=SC2016
plant() {
  mkdir -p contrib/man contrib/completion
  printf '#!/bin/sh\ncase $1 in\n--help) printf "Commands:\\n  run  x\\n\\n";; run) echo "  --json x";;\n' >stand-in
  printf -- '--generate=*) echo ".It Cm run"; echo ".It Fl Fl json";;\nesac\n' >>stand-in
  chmod +x stand-in
  printf '.\\" begin generated\n.It Cm run\n.It Fl Fl jsonn\n.\\" end generated\n' >contrib/man/rotator.1
  printf 'old\n' >contrib/rotator.schema.json
  printf '.It Cm run\n.It Fl Fl json\n' | tee contrib/completion/rotator.bash >contrib/completion/_rotator
  rotator=./stand-in
}

expect() {
  printf '%s\n' 'rotator.1: 2c2' 'rotator.1: < .It Fl Fl jsonn' 'rotator.1: ---' 'rotator.1: > .It Fl Fl json' \
    'contrib/man/rotator.yaml.5 is not there' 'schema.json: 1c1' 'schema.json: < old' 'schema.json: ---' \
    'schema.json: > .It Cm run' 'schema.json: > .It Fl Fl json' 'contrib/man/rotator.1 does not name --json'
}

[ "${1-}" = --self-test ] || { rotator=$(realpath "$1") && shift; }
lint_main "$@"
