#!/usr/bin/env bash
# The helper of the manual page, as it stands there, keeps home and sink of a target through whole rotations, kills included:
# rotations.sh ROTATOR EMULATOR.
export ROTATOR=$1 EMULATOR=$2
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../../..
# shellcheck source=tests/cli/lib.sh
. "$top/tests/cli/lib.sh"
page=$top/backends/helper/rotator-store-helper.5
example() { awk -v nth="$1" -f "$here/page_examples.awk" "$page"; }

# The page's helper is the one that is shipped, but for comments.
example 1 >"$T/bin/helper-dir"
chmod 755 "$T/bin/helper-dir"
diff <(grep -v '^# ' "$top/contrib/examples/helper-dir" | sed 's/ # it fails .*//') "$T/bin/helper-dir" || fail "page and contrib differ"
example 2 >"$T/by-hand"
sh "$T/by-hand" >"$T/out" 2>"$T/err" || fail "the page's second example"
[ "$(sed -n 2p "$T/out" | tr -d ' ')" = '{' ] && grep -q '"value": "secret"' "$T/out" || fail "the page's second example"
passed "examples of rotator-store-helper(5)"

items=$HOME/.local/share/rotator-items
rm -f "$items"/*
start_emulator
{
  echo "helper: {program: $T/bin/helper-dir, timeout: 5s}"
  head_of_config
  printf '  - name: prod\n    instance: "%s"\n    service_id: %s\n' "$crn" "$sender_id"
  printf '    home: {helper: {item: state/prod}}\n    sinks: [helper: {item: logs/prod}]\n'
} >"$config"
consumer_works() {
  [ -s "$items/logs%prod" ] || fail "$1: nothing there"
  key_works "$1" "$(jq -j .value "$items/logs%prod")"
}

run 0 check
run 0 init prod
consumer_works "after init"
run 0 rotate prod --wait=retired
settle "after a rotation"
consumer_works "after a rotation"
[ "$(jq -r .key_id "$items/logs%prod")" = "$(active_keys)" ] || fail "the sink names another key"
passed "a rotation"

kill_rotations 0.05 0.15 0.3
passed "rotations that were killed"

chmod g+w "$T/bin/helper-dir"
run 3 check
out_has 'writable by others: chmod go-w'
chmod g-w "$T/bin/helper-dir"
mv "$items" "$items.away"
run 3 check
mv "$items.away" "$items"
run 0 check
passed "a helper that others can change, and one whose place is away"
