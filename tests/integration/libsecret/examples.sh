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

# Where `make install` puts things, the store finds its program by itself.
mkdir -p "$T/usr/bin" "$T/usr/libexec/rotator"
install -m 755 "$ROTATOR" "$T/usr/bin/rotator"
install -m 755 "$LIBSECRET" "$T/usr/libexec/rotator/rotator-libsecret"
echo x >"$T/management.key"
ca=/etc/ssl/certs/ca-certificates.crt url=https://127.0.0.1:1
keyring_config
sed -i '/^libsecret:/d' "$config"
"$T/usr/bin/rotator" -c "$config" check >"$T/out" 2>"$T/err"
out_has '^ok .* home .*libsecret item prod'
rm "$T/usr/libexec/rotator/rotator-libsecret"
"$T/usr/bin/rotator" -c "$config" check >"$T/out" 2>"$T/err"
out_has "home .*$T/usr/libexec/rotator/rotator-libsecret is not there"
passed "example of rotator-store-libsecret(5)"
