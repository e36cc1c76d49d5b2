#!/usr/bin/env bash
# The example of rotator-store-libsecret(5), as it stands there. To be run inside session.sh.
# shellcheck source=tests/integration/libsecret/lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/../../.." && pwd)
awk -v nth=1 -f "$top/tests/integration/helper/page_examples.awk" "$top/backends/libsecret/rotator-store-libsecret.5" >"$T/example"
sh -e "$T/example" >"$T/out" 2>"$T/err" || fail "the example"
printf '%s\n' '{"ok":true}{"value":"x1"}x1' | cmp -s - <(tr -d '\n' <"$T/out"; echo) || fail "the example says something else"
rotator-libsecret unlock || fail "unlocking what is not locked"
rotator-libsecret nonsense 2>"$T/err" && fail "an unknown verb is accepted"
echo '{}' | rotator-libsecret read | jq -e '.error.kind == "refused"' >"$T/out" || fail "a request of another version"
passed "example of rotator-store-libsecret(5)"
