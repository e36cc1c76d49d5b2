#!/usr/bin/env bash
# The command line: help, hints for misspelt words, statuses, and what is generated from its tables.
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)
plain() { # plain STATUS ARGUMENTS…: without a configuration
  local want=$1
  shift
  rotator "$@" >"$T/out" 2>"$T/err" </dev/null
  status=$?
  [ "$status" = "$want" ] || fail "rotator $*: status $status, wanted $want"
}

plain 0 --help
for command in init run rotate status check keys rollback hold resume repair forget history; do
  out_has "^  $command "
done
plain 0 --version
out_has '^rotator [0-9]+\.[0-9]+'
for command in init run rotate status check keys rollback hold resume repair forget history; do
  plain 0 "$command" --help
  out_has "^Usage: rotator $command"
  out_has '--config=FILE'
done
plain 0 rotate -h
out_has '--compromised'
out_lacks '--patience'
passed "help of each command"

plain 2
err_has 'no command given'
next_works
plain 2 rotat
err_has "did you mean 'rotate'"
plain 2 rotate --compromissed prod
err_has 'did you mean --compromised'
next_works
plain 2 status --wait prod
err_has "does not belong to 'status'"
plain 2 run --config
err_has 'needs FILE'
plain 2 run --json=yes
err_has 'takes no argument'
plain 2 run -x
err_has 'no option -x'
plain 2 run --jobs 0
plain 2 run --jobs 1000000
plain 2 rotate x --reason a --reason b
err_has 'given twice'
plain 2 init a b
err_has 'takes one target'
plain 2 "$(printf 'st\033[31matus')"
err_lacks "$(printf '\033')"
passed "mistakes are named, with the nearest right word"

plain 2 -c "$T/none.yaml" run
err_has 'there is no configuration'
next_works
plain 2 -c "$T" run
next_works
: >"$T/empty.yaml"
plain 2 -c "$T/empty.yaml" run
next_works
plain 2 run
err_has '/home/.config/rotator/rotator.yaml|/etc/rotator/rotator.yaml'
passed "a missing configuration"

plain 2 --generate=nothing
for what in schema config-manual manual completion completion-zsh; do
  plain 0 --generate=$what
  [ -s "$T/out" ] || fail "--generate=$what printed nothing"
done
plain 0 --generate=schema
jq -e . "$T/out" >/dev/null || fail "the schema is not JSON"
plain 0 --generate=manual
sed -n '/^\.\\" begin generated/,/^\.\\" end generated/p' "$top/contrib/man/rotator.1" | sed '1d;$d' >"$T/manual"
diff "$T/manual" "$T/out" >&2 || fail "rotator(1) is not what --generate=manual prints"
plain 0 --generate=completion
diff "$top/contrib/completion/rotator.bash" "$T/out" >&2 || fail "contrib/completion/rotator.bash is old"
bash -n "$T/out" || fail "the bash completion does not parse"
plain 0 --generate=completion-zsh
diff "$top/contrib/completion/_rotator" "$T/out" >&2 || fail "contrib/completion/_rotator is old"
passed "manual and completion are those of the option table"

if command -v mandoc >/dev/null; then
  mandoc -T lint -W warning "$top/contrib/man/rotator.1" >"$T/out" 2>&1 || fail "mandoc -T lint"
  [ ! -s "$T/out" ] || fail "mandoc -T lint says something"
  passed "rotator(1) is clean"
fi

start_emulator
simple_config
cat >"$T/complete.sh" <<'END'
source "$1"
complete_line() {
  read -ra COMP_WORDS <<<"$1"
  [[ $1 == *' ' ]] && COMP_WORDS+=("")
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  COMPREPLY=()
  _rotator
  printf '%s\n' "${COMPREPLY[@]}"
}
complete_line "$2"
END
completed() { bash "$T/complete.sh" "$top/contrib/completion/rotator.bash" "$1"; }
[ "$(completed 'rotator rot')" = rotate ] || fail "completion of a command"
completed 'rotator rotate --comp' | grep -qx -- --compromised || fail "completion of an option"
[ "$(completed "rotator -c $config status p")" = prod ] || fail "completion of a target"
[ "$(completed 'rotator --log-format j')" = json ] || fail "completion of a choice"
passed "completion completes"

# A pipe that closes, a disk that is full: no silent success.
run 0 init prod
rotator -c "$config" status --json >/dev/full 2>"$T/err"
[ $? = 1 ] || fail "a full disk looked like success"
rotator -c "$config" status --verbose 2>&1 | head -n 0
passed "output that cannot be written is a failure"
