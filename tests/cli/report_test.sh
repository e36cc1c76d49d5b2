#!/usr/bin/env bash
# `report`: the page as a file, and what becomes of it where it cannot be written. How it looks is for tests/report.
. "$(dirname "$0")/lib.sh"
start_emulator
page=$T/page.html
page_has() { grep -Eq -- "$1" "$page" || fail "the page lacks: $1"; }
page_lacks() { ! grep -Eq -- "$1" "$page" || fail "the page has: $1"; }
# No value that is, or was, a key's.
values=()
keep_values() { values+=("$(tr -d '\n' <"$T/management.key")" "$(sink_value prod)"); }
page_has_no_secret() {
  local value
  for value in "${values[@]}"; do
    [ ${#value} -gt 20 ] || fail "no value to look for"
    ! grep -qF -- "$value" "$page" || fail "a key's value is in the page"
  done
}

simple_config "grace: 1h"
run 0 init prod
keep_values
run 0 rotate prod
keep_values
requests=$(requests_seen)
run 0 report --html "$page"
out_has '^.*/page.html: 1 target, 0 of them to look after$'
[ ! -s "$T/err" ] || fail "something was said of a target that is well"
[ "$(requests_seen)" = "$requests" ] || fail "somebody was asked"
[ "$(stat -c %a "$page")" = 644 ] || fail "mode $(stat -c %a "$page")"
page_has '^<!DOCTYPE html>'
[ "$(tail -n 1 "$page")" = '</main></body></html>' ] || fail "the page is not whole"
page_has "Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; script-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; form-action 'none'\""
page_lacks '(src|href)="?(https?:|//|data:)|@import|url\('
page_has 'Consumers have a working key: ApiKey-'
page_has '<svg class="life" .*role="img"'
page_has '<dt>grace ends</dt><dd><time datetime="20[0-9-]*T[0-9:]*Z">'
page_has_no_secret
# The policy names the style and the script that stand in the page.
for tag in style script; do
  digest=$(sed -n "/<$tag>/,/<\/$tag>/p" "$page" | sed "1s/.*<$tag>//; \$s/<\/$tag>.*//" | head -c -1 |
    openssl dgst -sha256 -binary | base64)
  grep -qF "$tag-src 'sha256-$digest'" "$page" || fail "the policy does not allow the page's $tag"
done
passed "a page of a target that is well"

# The same words as status has, and the same status.
for word in 'phase' 'old key' 'due' 'sinks' 'now' 'last run' 'identity'; do
  run 0 status --offline prod
  out_has "^  $word "
  page_has "<dt>$word</dt>"
done
run 0 report --json --html "$page"
json '.command == "report" and .exit == 0 and .targets[0].working == "yes"'
run 0 report --html - prod
[ "$(head -c 15 "$T/out")" = '<!DOCTYPE html>' ] || fail "standard output does not begin with the page"
[ "$(tail -n 1 "$T/out")" = '</main></body></html>' ] || fail "standard output does not end with the page"
(umask 077; run 0 report -q --html "$page") || exit 1
silent
[ "$(stat -c %a "$page")" = 600 ] || fail "the umask was not heeded: $(stat -c %a "$page")"
passed "words, forms and modes"

# Everything that somebody could write into it.
evil='<script>alert("1")</script> & '"'"'2'"'"' ]]> --> </style>'
evil_as_text='&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;2&#39; ]]&gt; --&gt; &lt;/style&gt;'
run 0 hold prod --reason "$evil"
{
  head_of_config
  target prod
  target never-yet '"nobody <b>&x"'
  target lost "$management_id"
  printf '  - {name: "a<i>&", instance: "%s", service_id: x, sinks: [{file: {path: %s/x}}]}\n' "$crn" "$T"
  printf '  - {name: odd, instance: "%s", service_id: x, rotate_every: "<u>", sinks: [{file: {path: %s/y}}]}\n' "$crn" "$T"
} >"$config"
run 4 report --html "$page"
error_is_whole
out_has '5 targets, 4 of them to look after$'
grep -qF "$evil_as_text</dd>" "$page" || fail "the reason is not in the page as it was written"
page_lacks '<script>alert|<b>&x|<i>&|<u>'
[ "$(grep -o '<script' "$page" | wc -l)" = 1 ] || fail "more scripts than ours"
page_has 'nobody &lt;b&gt;&amp;x'
page_has 'not set up</span>.*'
page_has "next: <code>rotator -c $config init never-yet</code>"
page_has "next: <code>rotator -c $config init lost</code>"
page_has "next: <code>rotator -c $config check --offline</code>"
page_has '<h3>odd</h3> <span class="badge">mistake in its configuration</span>'
page_has 'rotate_every: .*&lt;u&gt;'
page_has_no_secret
passed "names, reasons and mistakes stay text; who was never set up is told"

# It starts with the worst; what a person has to do is what status says.
run 0 resume prod
run 0 run prod
run 0 status --offline prod
out_has 'phase +at rest'
delete_by_hand "$(rotator -c "$config" status --offline --json prod | jq -r '.targets[0].current')"
look_again prod
fault '{"match":{"method":"POST","path":"/v1/apikeys"},"effect":{"status":403}}'
rotator -c "$config" run prod --patience 1s >"$T/out" 2>"$T/err" </dev/null
no_faults
rotator -c "$config" status --offline prod >"$T/status" 2>&1 </dev/null
run 4 report --html "$page"
first=$(grep -o '<h3>[^<]*</h3> <span class="badge">[^<]*' "$page" | head -n 1)
[ "$first" = '<h3>prod</h3> <span class="badge">no working key' ] || fail "first is $first"
page_has "<p>$(sed -n '1s/^prod: //p' "$T/status")</p>"
page_has "<p>next: <code>$(sed -n 's/^next: //p' "$T/status" | tail -n 1)</code></p>"
run 4 report --html "$page" prod
out_has '1 target, 1 of them'
page_lacks 'never-yet'
passed "the worst first, in the words of status"

# --- where it cannot be written ---

simple_config
good=$(cat "$page")
unwritten() { # STATUS TEXT PATH: it is told, nothing else is changed, and nothing is left
  run "$1" report --html "$3" prod
  err_has "the page was not written: .*$2"
  next_works
  [ -z "$(find "$T" -name '.*.tmp')" ] || fail "a temporary file was left"
}
is_wrong() { unwritten 4 "$@"; } # prod has no working key, and that outweighs the mistake
run 4 status --offline prod
# A path that is wrong is known before anything is looked at.
ln -s "$page" "$T/link.html"
unwritten 2 'link.html: is a symbolic link' "$T/link.html"
usage_is_whole
unwritten 2 'No such file or directory' "$T/missing/page.html"
unwritten 2 'is a directory' "$T/sinks"
unwritten 2 'does not name a file' "$T/"
: >"$T/plain"
unwritten 2 'plain/page.html' "$T/plain/page.html"
ln -s "$T/sinks" "$T/linked"
unwritten 2 'symbolic link' "$T/linked/page.html"
run 2 report
err_has "needs --html FILE"
usage_is_whole
run 2 report --html
usage_is_whole
run 2 report --html ''
usage_is_whole
run 2 report --html - --json
usage_is_whole
run 2 report --html "$page" nobody
[ "$(cat "$page")" = "$good" ] || fail "a page that could not be replaced was changed"
rotator -c "$config" report --html - >/dev/full 2>"$T/err" </dev/null
[ $? = 4 ] || fail "status of a full standard output"
err_has 'standard output'
passed "links, missing directories and mistakes"

if [ "$(id -u)" = 0 ] && mkdir "$T/disk" && mount -t tmpfs -o size=64k,mode=700 tmpfs "$T/disk" 2>/dev/null; then
  trap 'umount "$T/disk"; clean_up' EXIT
  echo before >"$T/disk/page.html"
  head -c 1000000 /dev/zero >"$T/disk/ballast" 2>/dev/null
  is_wrong 'No space left' "$T/disk/page.html"
  err_has 'what was there before stays'
  [ "$(cat "$T/disk/page.html")" = before ] || fail "the old page is gone"
  rm "$T/disk/ballast"
  run 4 report --html "$T/disk/page.html" prod
  grep -q '</html>' "$T/disk/page.html" || fail "it was not written though there is room"
  passed "a full disk"
fi
