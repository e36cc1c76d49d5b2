#!/bin/sh
# A token of one emulator is nothing in another, though all sign with one key: two.sh BUILD_DIR
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/contract/emulator/emulator.sh disable=SC2154
. "$here/emulator.sh"
for program in curl jq; do
  command -v $program >/dev/null || cannot "$program is not installed"
done
find_emulator "$1"
start_emulator --demo --demo-key-file "${TMPDIR:-/tmp}/management.$$"
mv "${TMPDIR:-/tmp}/management.$$" "$work/key"
here_url=$(field http)
"$emulator" --dir "$work" --demo --demo-key-file "$work/other-key" --die-with-parent >"$work/other" &
other=$!
trap 'kill $other; end_emulator' EXIT
until [ -s "$work/other" ]; do sleep 0.05; done
other_url=$(jq -r .http "$work/other")

token() { # URL KEY-FILE
  curl -sS --data-urlencode "apikey@$2" -d grant_type=urn:ibm:params:oauth:grant-type:apikey "$1/identity/token" | jq -r .access_token
}
# What the list of service IDs answers to a token; the demo's identities have the same IDs in every emulator.
answer() { # URL TOKEN
  printf 'Authorization: Bearer %s\n' "$2" >"$work/header"
  curl -sS -o /dev/null -w '%{http_code}' -H "@$work/header" "$1/v1/serviceids?account_id=d3a0c0ffee00000000000000000000d3"
}
mine=$(token "$here_url" "$work/key") theirs=$(token "$other_url" "$work/other-key")
number=0 failed=0
is() { # NAME EXPECTED FOUND
  number=$((number + 1))
  [ "$2" = "$3" ] || { failed=1; echo "# $3, not $2"; printf 'not '; }
  echo "ok $number - $1"
}
is "a token works where it was given out" 200 "$(answer "$here_url" "$mine")"
is "and the other's there" 200 "$(answer "$other_url" "$theirs")"
is "the other's does not work here" 401 "$(answer "$here_url" "$theirs")"
is "nor ours there" 401 "$(answer "$other_url" "$mine")"
curl -sS -X POST "$here_url/_control/reset" >/dev/null
is "nor after a reset" 401 "$(answer "$here_url" "$mine")"
echo "1..$number"
exit $failed
