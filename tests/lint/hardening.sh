#!/usr/bin/env bash
# What a release binary must have: hardening.sh BINARY. Position independent, fully bound and read-only relocations, no
# executable stack, stack protector, fortified calls, no RPATH. By readelf alone; --self-test builds a program without them.
set -u

look() {
  local dynamic headers symbols
  headers=$(readelf -W -h -l "$1") || exit 1
  dynamic=$(readelf -W -d "$1")
  symbols=$(readelf -W --dyn-syms "$1")
  grep -q 'Type: *DYN' <<<"$headers" && grep -q 'INTERP' <<<"$headers" || echo "not position independent"
  grep -q 'GNU_RELRO' <<<"$headers" || echo "relocations stay writable"
  grep -qE 'BIND_NOW|FLAGS.* NOW' <<<"$dynamic" || echo "not bound at start"
  grep -E 'GNU_STACK' <<<"$headers" | grep -q 'RWE' && echo "executable stack"
  grep -q '__stack_chk_fail' <<<"$symbols" || echo "no stack protector"
  grep -qE '__[a-z]+_chk@' <<<"$symbols" || echo "no fortified calls"
  grep -qE 'RPATH|RUNPATH' <<<"$dynamic" && echo "has a run path"
  return 0
}

self_test() {
  local dir found
  dir=$(mktemp -d)
  cd "$dir" || exit 1
  printf '#include <stdio.h>\nint main(int n, char **v) { char b[9]; sprintf(b, "%%s", v[n - 1]); return puts(b) < 0; }\n' >a.c
  gcc -w -no-pie -fno-stack-protector -U_FORTIFY_SOURCE -z norelro -z lazy -z execstack -Wl,-rpath,/x a.c -o bad
  gcc -w -O2 -pie -fPIE -fstack-protector-all -D_FORTIFY_SOURCE=2 -z relro -z now a.c -o good
  found=$(look ./bad | wc -l)
  cd / || exit 1
  if [ "$found" != 7 ] || [ -n "$(look "$dir/good")" ]; then
    echo "$found of 7 planted mistakes found; in the good one: $(look "$dir/good")"
    exit 1
  fi
  rm -rf "$dir"
  echo "7 planted mistakes"
}

if [ "$1" = --self-test ]; then
  self_test
else
  found=$(look "$1")
  [ -z "$found" ] || printf "$1: %s\n" "$found"
  [ -z "$found" ]
fi
