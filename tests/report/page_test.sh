#!/usr/bin/env bash
# The page of `rotator report` in headless Chromium: over a fleet in which there is everything that it can show, and over one of
# which something is wrong, so that it is known that the judges see.
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests/report-node-$(cksum <"$here/package-lock.json" | tr -d ' ')
chromium=$(command -v chromium) || { echo "SKIP: chromium is missing"; exit 77; }
command -v node npm >/dev/null || { echo "SKIP: node or npm is missing"; exit 77; }
# playwright-core and axe-core, at the versions pinned here.
if [ ! -e "$cache/done" ]; then
  mkdir -p "$cache"
  cp "$here/package.json" "$here/package-lock.json" "$cache/"
  (cd "$cache" && npm ci --no-audit --no-fund --ignore-scripts --silent) || { echo "SKIP: no playwright-core"; exit 77; }
  touch "$cache/done"
fi
# shellcheck source=tests/report/world.sh
. "$here/world.sh"
look() { NODE_MODULES=$cache/node_modules node "$here/look.mjs" "$chromium" "$@" 2>"$T/browser.err"; }

make_fleet
rot report --html "$T/page.html"
status=$?
[ $status = 4 ] || fail "report: status $status"
for words in 'no working key' 'needs a person' 'mistake in its configuration' 'trouble that may pass' 'not known' 'not set up' \
  'on hold' 'due' 'being rotated' 'in grace' 'well'; do
  grep -q "<a href=\"#g[0-9]*\">$words</a>" "$T/page.html" || fail "no target of the fleet is '$words'"
done
for shape in 'rect class="new"' 'rect class="cur"' 'rect class="old"' 'rect class="ahead"' 'class="flag"' 'class="ok"' 'class="no"' \
  'class="use"' 'class="end"'; do
  [ "$(grep -o "$shape" "$T/page.html" | wc -l)" -gt 1 ] || fail "in no time line there is: $shape"
done
passed "a fleet of which everything is known"

look "$T/page.html" ${ROTATOR_PICTURES:+"$ROTATOR_PICTURES"} | tee "$T/tap"
[ "${PIPESTATUS[0]}" = 0 ] || fail "the page: $(grep -c '^not ok' "$T/tap") findings; $(tail -n 3 "$T/browser.err")"

# Each judge, shown a page in which something is wrong, says so.
sed 's|<main>|<main><img src="http://127.0.0.1:9/x.png"><h3>too deep</h3><p><a href="#x" tabindex="-1"><svg width="3000" height="9"></svg></a>|
  s|<style>|<style>a:focus-visible{outline:0!important}p{color:#ddd!important}|
  s|aria-describedby="d|aria-describedby="x|' "$T/page.html" >"$T/spoiled.html"
! look "$T/spoiled.html" >"$T/tap" || fail "a spoiled page is found good"
for name in 'nothing sticks out: light, 360 px' 'axe finds nothing: light, 360 px' 'axe finds nothing: dark, 1440 px' \
  'the console is silent' 'headings go down' 'every picture has a name' 'the tab key reaches every control' 'in print nothing is cut off'; do
  grep -q "^not ok [0-9]* - $name" "$T/tap" || fail "not seen in a spoiled page: $name; $(cat "$T/tap" "$T/browser.err")"
done
passed "what is wrong is seen"
